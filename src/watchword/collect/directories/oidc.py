"""Signs people in with an OpenID provider: sends them there, and believes what it says about them when they come back.

The authorization code flow with PKCE (OpenID Connect Core 1.0 section 3.1, RFC 6749, RFC 7636, RFC 9700).  Nothing is kept here
but what the provider says about itself.  What `finish` proves is told there; the caller

* makes ``state``, ``nonce`` and ``verifier`` anew for each sign-in, from at least 256 random bits each, keeps them bound
  to the browser that it sends away, and forgets them with the first answer, right or wrong;
* decides what the provider's ``amr`` and ``acr`` are worth, whose account it is, and whether that person may come in;
* refuses a logout token whose id it has seen.
"""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Any, Final
from urllib.parse import quote_plus

from watchword.collect.directories import oidc_tokens as tokens
from watchword.collect.directories.oidc_claims import account, texts
from watchword.collect.directories.oidc_settings import OidcSettings
from watchword.collect.directories.oidc_tokens import KeyRing, Token, same
from watchword.collect.directories.outbound import Answer, Outbound
from watchword.errors import (
    DirectoryDenied,
    DirectoryError,
    DirectoryLying,
    DirectoryUnreachable,
    DirectoryUntrusted,
    SignInRefused,
)
from watchword.model.directory import DirectoryAccount

WELL_KNOWN: Final = "/.well-known/openid-configuration"
"""OpenID Connect Discovery 1.0 section 4."""
METADATA_LASTS: Final = timedelta(hours=1)
METADATA_RESTS: Final = timedelta(seconds=10)
"""How long a failure is told again: people who come meanwhile do not wait one after another for a provider that is silent."""

LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
"""OpenID Connect Back-Channel Logout 1.0 section 2.4."""
LOGOUT_KINDS: Final = ("logout+jwt", "jwt", "")
ID_KINDS: Final = ("jwt", "")

ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
"""RFC 7523 section 2.2."""
ASSERTION_LASTS: Final = 60
"""Seconds."""
ALGORITHM_OF: Final[Mapping[str, str]] = {
    "P-256": "ES256",
    "P-384": "ES384",
    "P-521": "ES512",
    "Ed25519": "EdDSA",
}

VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")
"""RFC 7636 section 4.1."""
LONGEST_CODE: Final = 4096
LONGEST_ACCESS_TOKEN: Final = 16 * 1024
LONGEST_WORD: Final = 80
"""Characters of a provider's error code that are told."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a provider says about itself (OpenID Connect Discovery 1.0 section 3), as far as it is used."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    client_auth: tuple[str, ...] = ("client_secret_basic",)
    algorithms: tuple[str, ...] = ("RS256",)
    tells_issuer: bool = False
    """Answers to the browser bear ``iss`` (RFC 9207)."""


@dataclass(frozen=True, slots=True)
class OidcSignIn:
    """What a provider has said of somebody who has signed in there.

    ``sub`` and ``session`` (its ``sid``) are what a logout token will name.  ``amr`` and ``acr`` are its words on how, ``auth_time`` on
    when; empty or None where it does not tell.  ``claims`` are those of the ID token, with those of the userinfo endpoint that it
    lacks.  ``id_token`` is to be shown to the provider when signing out.
    """

    account: DirectoryAccount
    sub: str
    session: str
    amr: tuple[str, ...]
    acr: str
    auth_time: datetime | None
    expires: datetime
    claims: Mapping[str, Any] = field(repr=False)
    id_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OidcLogout:
    """A provider's word that somebody (``sub``), or one session (``session``, its ``sid``), or both, is signed out.

    ``token_id`` (``jti``) is to be remembered until ``expires``, so that the token is taken once.
    """

    sub: str
    session: str
    token_id: str
    expires: datetime


class OidcProvider:
    """One OpenID provider.  Safe for threads; ``http`` is for tests."""

    def __init__(self, settings: OidcSettings, http: Outbound | None = None) -> None:
        self.settings = settings
        self._http = http or Outbound(settings.outbound())
        self._ring = KeyRing(self._http)
        self._lock = threading.Lock()
        self._found: tuple[datetime, Metadata] | None = None
        self._failed: tuple[datetime, DirectoryError] | None = None

    def discover(self, now: datetime) -> Metadata:
        """What the provider says about itself, at most `METADATA_LASTS` old.

        Raises:
            DirectoryError: it cannot be reached, is another than the settings name, or cannot do what is needed.
        """
        with self._lock:
            if self._found is not None and abs(now - self._found[0]) < METADATA_LASTS:
                return self._found[1]
            if self._failed is not None and abs(now - self._failed[0]) < METADATA_RESTS:
                last = self._failed[1]
                # Anew: an error that is raised twice drags along where it came from the first time.
                raise type(last)(last.what, where=last.where, remedy=last.remedy)
            try:
                metadata = self._metadata(self._http.get(self.settings.issuer.removesuffix("/") + WELL_KNOWN))
            except DirectoryError as error:
                self._found, self._failed = None, (now, error)
                raise
            self._found, self._failed = (now, metadata), None
            return metadata

    def begin(
        self,
        now: datetime,
        *,
        state: str,
        nonce: str,
        verifier: str,
        prompt: str = "",
        max_age: int | None = None,
        acr_values: Sequence[str] = (),
        login_hint: str = "",
    ) -> str:
        """The address to which the browser is sent.

        ``max_age`` and ``acr_values`` replace what the settings ask for; give the same ``max_age`` to `finish`.

        Raises:
            ValueError: ``state``, ``nonce`` or ``verifier`` are too short to be unknown to others.
            DirectoryError: see `discover`.
        """
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        if len(state) < 22 or len(nonce) < 22 or not VERIFIER.fullmatch(verifier):
            raise ValueError("state and nonce need 22 characters at least, the verifier 43 to 128 (RFC 7636)")
        age = self.settings.max_age if max_age is None else max_age
        more = {
            "nonce": nonce,
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
            "prompt": prompt or None,
            "max_age": None if age is None else str(age),
            "acr_values": " ".join(acr_values or self.settings.ask_acr) or None,
            "login_hint": login_hint or None,
        }
        url: str = prepare_grant_uri(
            self.discover(now).authorization_endpoint,
            client_id=self.settings.client_id,
            response_type="code",
            redirect_uri=self.settings.redirect_uri,
            scope=self.settings.scopes,
            state=state,
            **more,
        )
        return url

    def finish(
        self,
        now: datetime,
        parameters: Mapping[str, str] | Sequence[tuple[str, str]],
        *,
        state: str,
        nonce: str,
        verifier: str,
        max_age: int | None = None,
    ) -> OidcSignIn:
        """What the provider says of the person with whom the browser has come back.

        ``parameters`` are those of the address that it came back to; ``state``, ``nonce`` and ``verifier`` those that were made for
        this browser.  Each step can only refuse:

        1. No parameter comes twice (RFC 6749 section 3.1).
        2. ``state`` is the one of this browser, compared in constant time.
        3. ``iss`` is the provider, where it comes or the provider has said that it will (RFC 9207): an answer of another
           provider, mixed up, is not taken to this one.
        4. The answer is a code, and no error.
        5. The code is turned into tokens at the provider's token endpoint, over verified TLS, with our own proof and the verifier:
           a code that was stolen or planted is worth nothing.
        6. The ID token is signed by a key of the provider, by an algorithm that the settings allow.
        7. ``iss`` of the token is the provider, exactly.
        8. ``aud`` holds us; ``azp`` is us, where it is there or there are several audiences.
        9. The token is not over, and not of the future, but for the clocks' difference.
        10. ``nonce`` is the one of this browser.
        11. ``at_hash``, where it is there, is that of the access token.
        12. ``auth_time`` is within ``max_age`` of now, where that was asked for.
        13. ``sub`` is there, and that of the userinfo endpoint is the same (section 5.3.2).

        Raises:
            SignInRefused: a step failed; the reason is for the log.
            DirectoryError: the provider cannot be reached or trusted, or does not accept us as its client.
        """
        metadata = self.discover(now)
        code = self._code(metadata, parameters, state)  # 1, 2, 3, 4
        id_token, access_token = self._exchanged(now, metadata, code, verifier)  # 5
        token = self._signed(now, metadata, id_token, ID_KINDS)  # 6
        claims = token.claims
        tokens.check_issuer(claims, self.settings.issuer)  # 7
        tokens.check_audience(claims, self.settings.client_id)  # 8
        expires = tokens.check_times(claims, now, self.settings.skew)  # 9
        tokens.check_nonce(claims, nonce)  # 10
        tokens.check_hash(claims, access_token, token.algorithm)  # 11
        age = self.settings.max_age if max_age is None else max_age
        auth_time = tokens.check_age(claims, now, age, self.settings.skew)  # 12
        sub = _subject(claims)
        told = self._told(metadata, access_token, sub)  # 13
        return OidcSignIn(
            account=account(self.settings, claims, told, auth_time),
            sub=sub,
            session=_text(claims, "sid"),
            amr=texts(claims.get("amr")),
            acr=_text(claims, "acr"),
            auth_time=auth_time,
            expires=expires,
            claims={**told, **claims},
            id_token=id_token,
        )

    def logout(self, now: datetime, logout_token: str) -> OidcLogout:
        """Whom or which session the provider says to be signed out (OpenID Connect Back-Channel Logout 1.0 section 2.6).

        1. The token is signed by a key of the provider, by an allowed algorithm, and is no token of another kind.
        2. ``iss`` is the provider, ``aud`` holds us.
        3. It is not over, and not of the future.
        4. ``sub`` or ``sid`` says who.
        5. ``events`` says that it is a logout.
        6. There is no ``nonce``, so that an ID token cannot pass for one.
        7. ``jti`` is there; that it was not seen before is for the caller to see.

        Raises:
            SignInRefused: a step failed; the reason is for the log.
            DirectoryError: the provider cannot be reached or trusted.
        """
        claims = self._signed(now, self.discover(now), logout_token, LOGOUT_KINDS).claims  # 1
        tokens.check_issuer(claims, self.settings.issuer)  # 2
        tokens.check_audience(
            {"aud": claims.get("aud"), "azp": self.settings.client_id}, self.settings.client_id
        )
        expires = tokens.check_times(claims, now, self.settings.skew)  # 3
        sub, session = _text(claims, "sub"), _text(claims, "sid")
        if not sub and not session:  # 4
            raise SignInRefused("the logout token names nobody")
        events = claims.get("events")
        if not isinstance(events, Mapping) or not isinstance(events.get(LOGOUT_EVENT), Mapping):  # 5
            raise SignInRefused("the token is about something else than a logout")
        if "nonce" in claims:  # 6
            raise SignInRefused("the logout token has a nonce, so it is none")
        token_id = _text(claims, "jti")
        if not token_id:  # 7
            raise SignInRefused("the logout token has no id")
        return OidcLogout(sub, session, token_id, expires + self.settings.skew)

    def sign_out_url(self, now: datetime, *, id_token: str, back_to: str = "", state: str = "") -> str:
        """Where the browser is sent to sign out at the provider as well; empty where it has no such place.

        OpenID Connect RP-Initiated Logout 1.0 section 2.

        Raises:
            DirectoryError: see `discover`.
        """
        from authlib.common.urls import add_params_to_uri

        endpoint = self.discover(now).end_session_endpoint
        if not endpoint:
            return ""
        told = {"id_token_hint": id_token, "client_id": self.settings.client_id, "state": state}
        told["post_logout_redirect_uri"] = back_to
        url: str = add_params_to_uri(endpoint, [(name, value) for name, value in told.items() if value])
        return url

    def _metadata(self, answer: Answer) -> Metadata:
        """What the provider says about itself, checked."""
        if answer.status != 200:
            raise DirectoryUnreachable(
                f"the provider does not tell about itself (HTTP {answer.status})",
                where=answer.url,
                remedy="correct issuer",
            )
        told = answer.object()
        if told.get("issuer") != self.settings.issuer:
            raise DirectoryUntrusted(
                "the provider calls itself otherwise than issuer says",
                where=answer.url,
                remedy="issuer must be the same character by character, a last / included",
            )
        auth = texts(told.get("token_endpoint_auth_methods_supported")) or ("client_secret_basic",)
        found = Metadata(
            authorization_endpoint=self._endpoint(told, "authorization_endpoint"),
            token_endpoint=self._endpoint(told, "token_endpoint"),
            jwks_uri=self._endpoint(told, "jwks_uri"),
            userinfo_endpoint=self._endpoint(told, "userinfo_endpoint", needed=False),
            end_session_endpoint=self._endpoint(told, "end_session_endpoint", needed=False),
            client_auth=auth,
            algorithms=texts(told.get("id_token_signing_alg_values_supported")) or ("RS256",),
            tells_issuer=told.get("authorization_response_iss_parameter_supported") is True,
        )
        self._check_able(told, found, answer.url)
        return found

    def _endpoint(self, told: Mapping[str, Any], name: str, *, needed: bool = True) -> str:
        url = told.get(name)
        if url is None and not needed:
            return ""
        if not isinstance(url, str):
            raise DirectoryLying(f"the provider does not tell its {name}", where=self.settings.issuer)
        try:
            return self._http.check(url)
        except DirectoryUntrusted as error:
            raise DirectoryUntrusted(
                f"the provider's {name}: {error.what}", where=self.settings.issuer
            ) from None

    def _check_able(self, told: Mapping[str, Any], found: Metadata, where: str) -> None:
        """See that the provider can do what is going to be asked."""
        if "code" not in texts(told.get("response_types_supported")):
            raise DirectoryUntrusted("the provider does not know the authorization code flow", where=where)
        methods = told.get("code_challenge_methods_supported")
        if methods is not None and "S256" not in texts(methods):
            raise DirectoryUntrusted("the provider does not know PKCE with S256", where=where)
        if not set(found.algorithms) & set(self.settings.algorithms):
            raise DirectoryUntrusted(
                "the provider signs by no algorithm that is allowed",
                where=where,
                remedy=f"it offers {', '.join(found.algorithms)[:LONGEST_WORD]}",
            )

    def _code(
        self, metadata: Metadata, parameters: Mapping[str, str] | Sequence[tuple[str, str]], state: str
    ) -> str:
        """Steps 1 to 4: the code that the browser brings."""
        pairs = list(parameters.items()) if isinstance(parameters, Mapping) else list(parameters)
        told = dict(pairs)
        if len(told) != len(pairs):  # 1
            raise SignInRefused("a parameter comes twice")
        if not same(told.get("state"), state):  # 2
            raise SignInRefused("the answer belongs to another sign-in")
        issuer = told.get("iss")
        if issuer != self.settings.issuer and (issuer is not None or metadata.tells_issuer):  # 3
            raise SignInRefused("the answer is of another provider")
        if "error" in told:  # 4
            raise SignInRefused(f"the provider refuses: {_word(told['error'])}")
        code = told.get("code", "")
        if not code or len(code) > LONGEST_CODE:
            raise SignInRefused("the answer holds no code")
        return code

    def _exchanged(self, now: datetime, metadata: Metadata, code: str, verifier: str) -> tuple[str, str]:
        """Step 5: ID token and access token for a code."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.settings.redirect_uri,
            "code_verifier": verifier,
        }
        proof, headers = self._proof(now, metadata)
        answer = self._http.post(metadata.token_endpoint, {**form, **proof}, headers=headers)
        if answer.status != 200:
            raise _refusal(answer)
        told = answer.object()
        kind, access = told.get("token_type"), told.get("access_token")
        if not isinstance(kind, str) or kind.lower() != "bearer":
            raise DirectoryLying("the provider gives no bearer token", where=answer.url)
        if not isinstance(access, str) or not access.isascii() or not 0 < len(access) <= LONGEST_ACCESS_TOKEN:
            raise DirectoryLying("the provider gives no access token", where=answer.url)
        id_token = told.get("id_token")
        if not isinstance(id_token, str):
            raise DirectoryLying("the provider gives no ID token", where=answer.url)
        return id_token, access

    def _proof(self, now: datetime, metadata: Metadata) -> tuple[dict[str, str], dict[str, str]]:
        """What proves to the token endpoint who we are: fields of the form, headers."""
        settings = self.settings
        if settings.client_key:
            return {
                "client_assertion_type": ASSERTION,
                "client_assertion": self._assertion(now, metadata),
            }, {}
        if not settings.client_secret:
            return {"client_id": settings.client_id}, {}
        if "client_secret_basic" in metadata.client_auth or "client_secret_post" not in metadata.client_auth:
            # Both are encoded as in forms before they are joined (RFC 6749 section 2.3.1).
            pair = f"{quote_plus(settings.client_id)}:{quote_plus(settings.client_secret)}"
            return {}, {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        return {"client_id": settings.client_id, "client_secret": settings.client_secret}, {}

    def _assertion(self, now: datetime, metadata: Metadata) -> str:
        """A token of ours, signed with our key, that is good for one question (RFC 7523 section 3)."""
        from joserfc import jwt

        key = self.settings.key()
        algorithm = ALGORITHM_OF.get(str(key.get("crv", "")), "RS256")
        header = {"alg": algorithm}
        if self.settings.client_key_id:
            header["kid"] = self.settings.client_key_id
        to_issuer = self.settings.assertion_audience == "issuer"
        claims = {
            "iss": self.settings.client_id,
            "sub": self.settings.client_id,
            "aud": self.settings.issuer if to_issuer else metadata.token_endpoint,
            "jti": token_urlsafe(24),
            "iat": int(now.timestamp()),
            "exp": int(now.timestamp()) + ASSERTION_LASTS,
        }
        return jwt.encode(header, claims, key, algorithms=[algorithm])

    def _signed(self, now: datetime, metadata: Metadata, token: str, kinds: Sequence[str]) -> Token:
        return tokens.signed(
            token,
            self._ring,
            metadata.jwks_uri,
            now=now,
            algorithms=self.settings.algorithms,
            kinds=kinds,
        )

    def _told(self, metadata: Metadata, access_token: str, sub: str) -> Mapping[str, Any]:
        """Step 13: what the userinfo endpoint says of the same person; empty where there is no such endpoint."""
        if not metadata.userinfo_endpoint:
            return {}
        answer = self._http.get(metadata.userinfo_endpoint, bearer=access_token)
        if answer.status != 200:
            raise DirectoryUnreachable(
                f"the provider does not tell about the person (HTTP {answer.status})", where=answer.url
            )
        told = answer.object()
        if not same(told.get("sub"), sub):
            raise SignInRefused("the provider tells about another person than the token")
        return told


def _subject(claims: Mapping[str, Any]) -> str:
    """``sub``: at most 255 characters of ASCII (OpenID Connect Core section 2)."""
    sub = claims.get("sub")
    if not isinstance(sub, str) or not 0 < len(sub) <= 255 or not sub.isascii() or not sub.isprintable():
        raise SignInRefused("the token does not say whose it is")
    return sub


def _text(claims: Mapping[str, Any], name: str) -> str:
    told = claims.get(name)
    return told if isinstance(told, str) and len(told) <= 1024 else ""


def _word(text: Any) -> str:  # noqa: ANN401
    """An error code as it may stand in a log."""
    known = isinstance(text, str) and text.isascii() and text.replace("_", "").isalnum()
    return text[:LONGEST_WORD] if known else "an error that cannot be told"


def _refusal(answer: Answer) -> DirectoryDenied | SignInRefused | DirectoryUnreachable:
    """What the token endpoint says in refusing (RFC 6749 section 5.2): about us, or about the code."""
    try:
        word = _word(answer.object().get("error"))
    except DirectoryLying:
        word = ""
    if answer.status == 401 or word in {"invalid_client", "unauthorized_client"}:
        return DirectoryDenied(
            "the provider does not accept us as its client",
            where=answer.url,
            remedy="correct client_id and its secret or key, and how the provider expects them",
        )
    if answer.status >= 500 or not word:
        return DirectoryUnreachable(
            f"the provider cannot give tokens (HTTP {answer.status})", where=answer.url
        )
    return SignInRefused(f"the provider gives no tokens: {word}", where=answer.url)
