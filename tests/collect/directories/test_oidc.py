"""What is believed of an OpenID provider: each step of the proof, broken on purpose by a provider that is forged here.

Times stand still at ``NOW``; the forged provider answers over real HTTP on loopback.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from watchword.collect.directories.oidc import LOGOUT_EVENT, OidcProvider, OidcSignIn
from watchword.collect.directories.oidc_settings import OidcSettings
from watchword.collect.directories.oidc_tokens import KeyRing, PublicKey, public_keys, same, signed
from watchword.errors import (
    DirectoryDenied,
    DirectoryError,
    DirectoryLying,
    DirectoryUnreachable,
    DirectoryUntrusted,
    SignInRefused,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
STATE, NONCE, VERIFIER = "s" * 43, "n" * 43, "v" * 43
ACCESS = "an-access-token"
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
OTHER = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
CURVE = ECKey.generate_key("P-256", {"kid": "ec", "use": "sig", "alg": "ES256"})
LONGER = ECKey.generate_key("P-384", {"kid": "longer"})
EDWARDS = OKPKey.generate_key("Ed25519", {"kid": "ed", "use": "sig"})


def at(seconds: float = 0) -> int:
    return int((NOW + timedelta(seconds=seconds)).timestamp())


def forge(header: Any, claims: Any, key: Any) -> str:
    """A token with any header; ``key`` is one of joserfc's, or the bytes of a shared one."""
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims))
    signed = b".".join(parts)
    if isinstance(key, bytes):
        made = hmac.digest(key, signed, "sha256")
    else:
        made = JWSRegistry.algorithms[header["alg"]].sign(signed, key)
    return b".".join((signed, base64.urlsafe_b64encode(made).rstrip(b"="))).decode()


class Forger:
    """A provider that says what a test wants."""

    def __init__(self) -> None:
        handler = type("Handler", (_Handler,), {"forger": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.issuer = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.reset()

    def reset(self) -> None:
        self.asked: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.metadata: dict[str, Any] = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize?tenant=1",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["plain", "S256"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "ES384", "EdDSA"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }
        self.keys: Any = {"keys": [key.as_dict(private=False) for key in (KEY, CURVE, LONGER, EDWARDS)]}
        self.token: Any = {"access_token": ACCESS, "token_type": "Bearer", "id_token": self.signed()}
        self.userinfo: Any = {"sub": "alice", "email": "alice@abc.example", "email_verified": True}
        self.status: dict[str, int] = {}

    def claims(self, **more: Any) -> dict[str, Any]:
        """Claims of a good ID token; None takes one away."""
        good = {
            "iss": self.issuer,
            "aud": "watchword",
            "sub": "alice",
            "iat": at(),
            "exp": at(300),
            "nonce": NONCE,
            "amr": ["pwd", "otp"],
            "acr": "urn:abc:strong",
            "name": "Alice",
            **more,
        }
        return {name: value for name, value in good.items() if value is not None}

    def signed(
        self,
        key: Any = KEY,
        header: Mapping[str, Any] | None = None,
        claims: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> str:
        head = {"alg": "RS256", "kid": "one", "typ": "JWT", **(header or {})}
        head = {name: value for name, value in head.items() if value is not None}
        return forge(head, self.claims(**more) if claims is None else claims, key)

    def tells(self, **more: Any) -> None:
        """Let the next ID token differ in claims."""
        self.token["id_token"] = self.signed(**more)

    def answer(self, path: str) -> Any:
        return {
            "/.well-known/openid-configuration": self.metadata,
            "/keys": self.keys,
            "/token": self.token,
            "/userinfo": self.userinfo,
        }[path]

    def count(self, path: str) -> int:
        return sum(1 for asked, _, _ in self.asked if asked == path)


class _Handler(BaseHTTPRequestHandler):
    forger: Forger

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.forger.asked.append((self.path, headers, dict(parse_qsl(body))))
        told = json.dumps(self.forger.answer(self.path)).encode()
        self.send_response(self.forger.status.get(self.path, 200))
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def forged() -> Iterator[Forger]:
    forger = Forger()
    yield forger
    forger.server.shutdown()
    forger.server.server_close()


@pytest.fixture
def forger(forged: Forger) -> Forger:
    forged.reset()
    return forged


def settings(forger: Forger, **more: Any) -> OidcSettings:
    given: dict[str, Any] = {
        "directory": "idp",
        "issuer": forger.issuer,
        "client_id": "watchword",
        "client_secret": "planted-secret",
        "redirect_uri": "https://watchword.abc.example/sign-in/oidc/callback",
        "allow_plain": True,
        **more,
    }
    return OidcSettings(**given)


def finish(
    forger: Forger,
    parameters: Any = None,
    provider: OidcProvider | None = None,
    now: datetime = NOW,
    **more: Any,
) -> OidcSignIn:
    given = {"max_age": more.pop("asked_age")} if "asked_age" in more else {}
    found = provider or OidcProvider(settings(forger, **more))
    told = {"state": STATE, "code": "a-code"} if parameters is None else parameters
    return found.finish(now, told, state=STATE, nonce=NONCE, verifier=VERIFIER, **given)


def refused(forger: Forger, words: str, **more: Any) -> None:
    """The sign-in is refused for that reason, which holds no secret."""
    with pytest.raises(SignInRefused, match=words) as caught:
        finish(forger, **more)
    for secret in ("planted-secret", STATE, NONCE, VERIFIER, ACCESS, "a-code"):
        assert secret not in caught.value.diagnosis()


def test_a_good_answer_makes_an_account(forger: Forger) -> None:
    found = finish(forger)
    assert (found.account.subject, found.account.mail, found.account.mail_verified) == (
        "alice",
        "alice@abc.example",
        True,
    )
    assert (found.sub, found.amr, found.acr) == ("alice", ("pwd", "otp"), "urn:abc:strong")
    assert found.expires == NOW + timedelta(seconds=300)
    assert "eyJ" not in repr(found)
    (_, headers, form) = next(one for one in forger.asked if one[0] == "/token")
    assert form == {
        "grant_type": "authorization_code",
        "code": "a-code",
        "redirect_uri": "https://watchword.abc.example/sign-in/oidc/callback",
        "code_verifier": VERIFIER,
    }
    assert base64.b64decode(headers["authorization"].removeprefix("Basic ")) == b"watchword:planted-secret"


PARAMETERS: list[tuple[str, Any, str]] = [
    ("1 a parameter twice", [("state", STATE), ("code", "a"), ("code", "b")], "twice"),
    ("1 the state twice", [("state", STATE), ("state", STATE), ("code", "a")], "twice"),
    ("2 no state", {"code": "a"}, "another sign-in"),
    ("2 another state", {"state": "t" * 43, "code": "a"}, "another sign-in"),
    ("2 an empty state", {"state": "", "code": "a"}, "another sign-in"),
    ("2 half a character", {"state": "\ud800", "code": "a"}, "another sign-in"),
    ("2 another state with an error", {"state": "t" * 43, "error": "access_denied"}, "another sign-in"),
    ("3 another issuer", {"state": STATE, "code": "a", "iss": "https://evil.example"}, "another provider"),
    (
        "3 another issuer's error",
        {"state": STATE, "error": "x", "iss": "https://evil.example"},
        "another provider",
    ),
    ("4 an error", {"state": STATE, "error": "access_denied", "code": "a"}, "refuses: access_denied"),
    ("4 an error that is no word", {"state": STATE, "error": "<b>\n"}, "cannot be told"),
    ("4 no code", {"state": STATE}, "no code"),
    ("4 an empty code", {"state": STATE, "code": ""}, "no code"),
    ("4 a huge code", {"state": STATE, "code": "a" * 4097}, "no code"),
]


@pytest.mark.parametrize(("name", "told", "words"), PARAMETERS, ids=[row[0] for row in PARAMETERS])
def test_what_the_browser_brings_is_checked_before_the_provider_is_asked(
    forger: Forger, name: str, told: Any, words: str
) -> None:
    refused(forger, words, parameters=told)
    assert forger.count("/token") == 0


def test_the_issuer_must_come_where_the_provider_has_said_so(forger: Forger) -> None:
    forger.metadata["authorization_response_iss_parameter_supported"] = True
    refused(forger, "another provider")
    assert finish(forger, {"state": STATE, "code": "a-code", "iss": forger.issuer}).sub == "alice"


TOKEN_ANSWERS: list[tuple[str, int, Any, type[Exception], str]] = [
    ("the code is refused", 400, {"error": "invalid_grant"}, SignInRefused, "invalid_grant"),
    ("we are refused", 401, {"error": "invalid_client"}, DirectoryDenied, "accept us"),
    ("we are refused in other words", 400, {"error": "unauthorized_client"}, DirectoryDenied, "accept us"),
    ("it is broken", 500, {"error": "invalid_grant"}, DirectoryUnreachable, "HTTP 500"),
    ("it says nothing", 400, [], DirectoryUnreachable, "HTTP 400"),
    ("it leads elsewhere", 302, {}, DirectoryUntrusted, "elsewhere"),
    ("a list", 200, [], DirectoryLying, "not a JSON object"),
    ("another kind of token", 200, {"token_type": "mac"}, DirectoryLying, "bearer"),
    ("no access token", 200, {"access_token": None}, DirectoryLying, "no access token"),
    ("a huge access token", 200, {"access_token": "a" * 20_000}, DirectoryLying, "no access token"),
    ("an access token that is none", 200, {"access_token": "\ud800"}, DirectoryLying, "no access token"),
    ("no ID token", 200, {"id_token": None}, DirectoryLying, "no ID token"),
]


@pytest.mark.parametrize(
    ("name", "status", "told", "kind", "words"), TOKEN_ANSWERS, ids=[r[0] for r in TOKEN_ANSWERS]
)
def test_5_the_token_endpoint_is_not_believed_when_it_says_something_else(
    forger: Forger, name: str, status: int, told: Any, kind: type[Exception], words: str
) -> None:
    forger.status["/token"] = status
    forger.token = {**forger.token, **told} if isinstance(told, dict) else told
    with pytest.raises(kind, match=words):
        finish(forger)


def public_pem() -> bytes:
    return KEY.as_pem(private=False)


def unsigned(forger: Forger, alg: str) -> str:
    parts = ({"alg": alg, "typ": "JWT"}, forger.claims())
    head, body = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    return f"{head}.{body}."


def shared_key(forger: Forger, secret: bytes) -> str:
    """A token whose shared key is what everybody knows."""
    return forger.signed(secret, {"alg": "HS256"})


def swapped(forger: Forger) -> str:
    """The header and signature of one token around the claims of another."""
    head, _, signature = forger.signed().split(".")
    return f"{head}.{forger.signed(sub='admin').split('.')[1]}.{signature}"


SIGNATURES: list[tuple[str, Any, str]] = [
    ("alg none", lambda f: unsigned(f, "none"), "not allowed"),
    ("alg None", lambda f: unsigned(f, "None"), "not allowed"),
    ("no alg", lambda f: unsigned(f, ""), "not allowed"),
    ("a shared key that is the public one", lambda f: shared_key(f, public_pem()), "not allowed"),
    ("a shared key that is the client's secret", lambda f: shared_key(f, b"planted-secret"), "not allowed"),
    ("another key with the same id", lambda f: f.signed(OTHER), "not signed by"),
    ("an unknown key", lambda f: f.signed(OTHER, {"kid": "two"}), "not signed by"),
    ("another key without id", lambda f: f.signed(OTHER, {"kid": None}), "not signed by"),
    (
        "the key that it brings",
        lambda f: f.signed(OTHER, {"jwk": OTHER.as_dict(private=False)}),
        "not signed by",
    ),
    ("the key of another algorithm", lambda f: f.signed(CURVE, {"alg": "ES256"}), "not signed by"),
    (
        "the key of another curve",
        lambda f: f.signed(b"x", {"alg": "ES256", "kid": "longer"}),
        "not signed by",
    ),
    ("no signature", lambda f: f.signed().rpartition(".")[0] + ".", "not signed by|cannot be read"),
    ("another's claims", swapped, "not signed by"),
    ("of another kind", lambda f: f.signed(header={"typ": "at+jwt"}), "another kind"),
    ("a logout token", lambda f: f.signed(header={"typ": "logout+jwt"}), "another kind"),
    (
        "an extension that must be understood",
        lambda f: f.signed(header={"crit": ["x"], "x": 1}),
        "extension",
    ),
    ("claims that are not encoded", lambda f: f.signed(header={"b64": False}), "extension"),
    ("a huge key id", lambda f: f.signed(header={"kid": "k" * 300}), "too long"),
    ("a key id that is no text", lambda f: f.signed(header={"kid": 7}), "cannot be read"),
    ("encrypted", lambda _: "a.b.c.d.e", "encrypted"),
    ("garbage", lambda _: "garbage", "cannot be read"),
    ("dots", lambda _: "..", "cannot be read"),
    ("empty", lambda _: "", "cannot be read|no token"),
    ("not ASCII", lambda _: "é.é.é", "no token"),
    ("huge", lambda _: "a" * 70_000, "too long"),
    ("claims that are a list", lambda f: f.signed(claims=[1]), "cannot be read"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("name", "token", "words"), SIGNATURES, ids=[row[0] for row in SIGNATURES])
def test_6_a_token_that_the_provider_has_not_signed_is_refused(
    forger: Forger, name: str, token: Any, words: str
) -> None:
    forger.token["id_token"] = token(forger)
    refused(forger, words)


class FixedKeys(KeyRing):
    """A provider's keys without a provider."""

    def __init__(self, document: Any) -> None:
        self.found = public_keys(document, "")

    def fitting(self, now: datetime, url: str, kid: str, algorithm: str) -> list[PublicKey]:
        return [key for key in self.found if key.fits(algorithm) and kid in {"", key.kid}]

    def renewed(self, now: datetime, url: str) -> bool:
        return False


RING = FixedKeys({"keys": [KEY.as_dict(private=False)]})
GOOD = forge({"alg": "RS256", "kid": "one", "typ": "JWT"}, {"sub": "alice"}, KEY)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.+/="


def test_6_the_token_that_the_next_test_breaks_is_good() -> None:
    found = signed(GOOD, RING, "", now=NOW, algorithms=["RS256"], kinds=["jwt"])
    assert found.claims == {"sub": "alice"}


@given(st.integers(0, len(GOOD) - 1), st.sampled_from(LETTERS))
def test_6_a_token_is_refused_when_any_character_of_it_is_another(place: int, other: str) -> None:
    assume(GOOD[place] != other)
    changed = GOOD[:place] + other + GOOD[place + 1 :]
    with pytest.raises(SignInRefused):
        signed(changed, RING, "", now=NOW, algorithms=["RS256"], kinds=["jwt"])


@pytest.mark.parametrize(
    ("key", "algorithm"), [(KEY, "RS256"), (KEY, "PS384"), (CURVE, "ES256"), (EDWARDS, "EdDSA")]
)
def test_6_every_allowed_kind_of_key_is_taken_with_and_without_its_id(
    forger: Forger, key: Any, algorithm: str
) -> None:
    for kid in (key.kid, None):
        forger.tells(key=key, header={"alg": algorithm, "kid": kid})
        assert finish(forger).sub == "alice"
    allowed = tuple(one for one in ("RS256", "ES384") if one != algorithm)
    refused(forger, "not allowed", algorithms=allowed)


TIMES = 60
CLAIMS: list[tuple[str, dict[str, Any], str]] = [
    ("7 another issuer", {"iss": "https://evil.example"}, "another issuer"),
    ("7 an issuer that is longer", {"iss": "{issuer}/"}, "another issuer"),
    ("7 no issuer", {"iss": None}, "another issuer"),
    ("7 a list of issuers", {"iss": ["{issuer}"]}, "another issuer"),
    ("8 another audience", {"aud": "another"}, "another client"),
    ("8 no audience", {"aud": None}, "another client"),
    ("8 an audience that is none", {"aud": {"watchword": 1}}, "another client"),
    ("8 a list with something else", {"aud": ["watchword", 7]}, "another client"),
    ("8 several audiences", {"aud": ["watchword", "another"]}, "given to another"),
    ("8 given to another", {"azp": "another"}, "given to another"),
    ("8 several, given to another", {"aud": ["watchword", "another"], "azp": "another"}, "given to another"),
    ("9 over", {"exp": at(-TIMES)}, "over"),
    ("9 no end", {"exp": None}, "does not say when"),
    ("9 no beginning", {"iat": None}, "does not say when"),
    ("9 an end that is no time", {"exp": "never"}, "no time"),
    ("9 an end that is true", {"exp": True}, "no time"),
    ("9 an end without end", {"exp": float("inf")}, "no time"),
    ("9 an end that is no number", {"exp": float("nan")}, "no time"),
    ("9 an end beyond the calendar", {"exp": 10**18}, "no time"),
    ("9 made in the future", {"iat": at(TIMES + 1)}, "future"),
    ("9 good in the future", {"nbf": at(TIMES + 1)}, "future"),
    ("10 another nonce", {"nonce": "m" * 43}, "another sign-in"),
    ("10 no nonce", {"nonce": None}, "another sign-in"),
    ("10 an empty nonce", {"nonce": ""}, "another sign-in"),
    ("10 a list of nonces", {"nonce": [NONCE]}, "another sign-in"),
    ("11 the hash of another", {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, "access token is not the one"),
    ("11 a hash that is none", {"at_hash": 7}, "access token is not the one"),
    ("12 in the future", {"auth_time": at(TIMES + 1)}, "future"),
    ("12 no time", {"auth_time": "yesterday"}, "no time"),
    ("13 nobody", {"sub": None}, "whose it is"),
    ("13 an empty name", {"sub": ""}, "whose it is"),
    ("13 a number", {"sub": 7}, "whose it is"),
    ("13 a name with an end of line", {"sub": "alice\n"}, "whose it is"),
    ("13 a name that is too long", {"sub": "a" * 256}, "whose it is"),
    ("13 another person", {"sub": "bob"}, "another person"),
]


@pytest.mark.parametrize(("name", "claims", "words"), CLAIMS, ids=[row[0] for row in CLAIMS])
def test_a_signed_token_is_refused_when_a_claim_does_not_hold(
    forger: Forger, name: str, claims: dict[str, Any], words: str
) -> None:
    filled = {key: _filled(value, forger.issuer) for key, value in claims.items()}
    forger.tells(**filled)
    refused(forger, words)


def _filled(value: Any, issuer: str) -> Any:
    if isinstance(value, str):
        return value.replace("{issuer}", issuer)
    return [_filled(one, issuer) for one in value] if isinstance(value, list) else value


def half(text: str, name: str = "sha256") -> str:
    digest = hashlib.new(name, text.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["watchword"]},
        {"aud": ["watchword", "another"], "azp": "watchword"},
        {"exp": at(-TIMES + 1)},
        {"iat": at(TIMES), "nbf": at(TIMES)},
        {"exp": at(300) + 0.5},
        {"at_hash": half(ACCESS)},
        {"auth_time": at(-100_000)},
    ],
    ids=str,
)
def test_a_claim_at_the_edge_of_what_is_allowed_is_taken(forger: Forger, claims: dict[str, Any]) -> None:
    forger.tells(**claims)
    assert finish(forger).sub == "alice"


@pytest.mark.parametrize(
    ("key", "algorithm", "hashed"),
    [(KEY, "RS512", "sha512"), (KEY, "PS384", "sha384"), (EDWARDS, "EdDSA", "sha512")],
)
def test_11_the_hash_is_of_the_length_of_the_algorithm(
    forger: Forger, key: Any, algorithm: str, hashed: str
) -> None:
    forger.tells(key=key, header={"alg": algorithm, "kid": key.kid}, at_hash=half(ACCESS, hashed))
    assert finish(forger).sub == "alice"


@pytest.mark.parametrize(
    ("auth_time", "of_settings", "asked", "words"),
    [
        (None, 600, None, "although it was asked"),
        (at(-661), 600, None, "too long ago"),
        (at(-659), 600, None, ""),
        (at(-61), 600, 0, "too long ago"),
        (at(-59), 600, 0, ""),
        (at(-661), None, 600, "too long ago"),
        (None, None, None, ""),
    ],
    ids=str,
)
def test_12_the_proof_at_the_provider_is_as_fresh_as_was_asked(
    forger: Forger, auth_time: int | None, of_settings: int | None, asked: int | None, words: str
) -> None:
    forger.tells(auth_time=auth_time)
    more = {"max_age": of_settings, **({} if asked is None else {"asked_age": asked})}
    if words:
        refused(forger, words, **more)
    else:
        found = finish(forger, **more).auth_time
        assert found == (None if auth_time is None else datetime.fromtimestamp(auth_time, UTC))


@pytest.mark.parametrize(
    ("told", "status", "kind", "words"),
    [
        ({"sub": "bob"}, 200, SignInRefused, "another person"),
        ({}, 200, SignInRefused, "another person"),
        ({"sub": "alice"}, 403, DirectoryUnreachable, "HTTP 403"),
        ([], 200, DirectoryLying, "not a JSON object"),
    ],
    ids=str,
)
def test_13_the_userinfo_endpoint_must_speak_of_the_same_person(
    forger: Forger, told: Any, status: int, kind: type[Exception], words: str
) -> None:
    forger.userinfo, forger.status["/userinfo"] = told, status
    with pytest.raises(kind, match=words):
        finish(forger)


def test_13_without_a_userinfo_endpoint_the_token_is_enough(forger: Forger) -> None:
    del forger.metadata["userinfo_endpoint"]
    assert finish(forger).account.display_name == "Alice"
    assert forger.count("/userinfo") == 0


def test_what_is_signed_wins_over_what_is_only_told(forger: Forger) -> None:
    forger.userinfo = {"sub": "alice", "name": "Mallory", "acr": "urn:abc:best", "amr": ["hwk"], "nonce": "x"}
    found = finish(forger)
    assert (found.account.display_name, found.acr, found.amr) == ("Alice", "urn:abc:strong", ("pwd", "otp"))
    assert (found.claims["name"], found.claims["nonce"]) == ("Alice", NONCE)
    forger.tells(acr=None, amr=None, sid=None)
    assert (finish(forger).acr, finish(forger).amr) == ("", ())


def test_keys_that_were_changed_are_asked_for_once_and_then_not_for_a_while(forger: Forger) -> None:
    provider = OidcProvider(settings(forger))
    assert finish(forger, provider=provider).sub == "alice"
    new = RSAKey.generate_key(2048, {"kid": "new"})
    forger.tells(key=new, header={"kid": "new"})
    for _ in range(3):
        refused(forger, "not signed by", provider=provider, now=NOW + timedelta(seconds=59))
    assert forger.count("/keys") == 1
    forger.keys = {"keys": [new.as_dict(private=False)]}
    assert finish(forger, provider=provider, now=NOW + timedelta(seconds=60)).sub == "alice"
    assert forger.count("/keys") == 2
    forger.tells()
    refused(forger, "not signed by", provider=provider, now=NOW + timedelta(seconds=61))
    assert forger.count("/keys") == 2


def test_keys_without_ids_that_were_changed_are_asked_for_as_well(forger: Forger) -> None:
    provider = OidcProvider(settings(forger))
    forger.tells(header={"kid": None})
    assert finish(forger, provider=provider).sub == "alice"
    new = RSAKey.generate_key(2048, {"kid": ""})
    forger.keys = {"keys": [{**new.as_dict(private=False), "kid": ""}]}
    forger.tells(key=new, header={"kid": None})
    refused(forger, "not signed by", provider=provider)
    assert finish(forger, provider=provider, now=NOW + timedelta(seconds=61)).sub == "alice"


def test_keys_are_kept_for_an_hour_and_no_longer_although_a_clock_was_set_back(forger: Forger) -> None:
    provider = OidcProvider(settings(forger))
    forger.tells(exp=at(100_000))
    for minutes, expected in ((0, 1), (59, 1), (60, 2), (0, 3)):
        finish(forger, provider=provider, now=NOW + timedelta(minutes=minutes))
        assert (forger.count("/keys"), forger.count("/.well-known/openid-configuration")) == (
            expected,
            expected,
        )


def test_a_provider_that_does_not_tell_its_keys_is_not_asked_by_everybody(forger: Forger) -> None:
    provider = OidcProvider(settings(forger))
    forger.status["/keys"] = 200
    good, forger.keys = forger.keys, []
    with pytest.raises(DirectoryLying):
        finish(forger, provider=provider)
    with pytest.raises(DirectoryUnreachable, match="a moment ago"):
        finish(forger, provider=provider)
    assert forger.count("/keys") == 1
    forger.keys = good
    assert finish(forger, provider=provider, now=NOW + timedelta(seconds=60)).sub == "alice"


SMALL = {**KEY.as_dict(private=False), "n": base64.urlsafe_b64encode(b"\xc5" * 128).rstrip(b"=").decode()}


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [SMALL],
        [{**KEY.as_dict(private=False), "use": "enc"}],
        [{**KEY.as_dict(private=False), "key_ops": ["encrypt"]}],
        [{"kty": "oct", "k": "c2VjcmV0", "kid": "one"}],
        [{"kty": "RSA", "n": "!", "e": "AQAB"}],
        [{"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"}],
        [{"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA"}],
        [7],
        [{"kty": 7}],
        [KEY.as_dict(private=False)] * 101,
    ],
    ids=range(11),
)
def test_keys_that_are_none_are_not_used(forger: Forger, keys: list[Any]) -> None:
    forger.keys = {"keys": keys}
    with pytest.raises(DirectoryLying):
        finish(forger)
    forger.keys = {"keys": [*keys[:3], KEY.as_dict(private=False)]}
    assert finish(forger).sub == "alice"


METADATA: list[tuple[str, dict[str, Any], type[DirectoryError], str]] = [
    ("another issuer", {"issuer": "https://evil.example"}, DirectoryUntrusted, "calls itself otherwise"),
    ("an issuer that is longer", {"issuer": "{issuer}/"}, DirectoryUntrusted, "calls itself otherwise"),
    ("no issuer", {"issuer": None}, DirectoryUntrusted, "calls itself otherwise"),
    ("keys without TLS", {"jwks_uri": "http://id.abc.example/keys"}, DirectoryUntrusted, "jwks_uri"),
    ("tokens of a file", {"token_endpoint": "file:///etc/passwd"}, DirectoryUntrusted, "token_endpoint"),
    (
        "a script",
        {"authorization_endpoint": "javascript:alert(1)"},
        DirectoryUntrusted,
        "authorization_endpoint",
    ),
    ("a password", {"userinfo_endpoint": "https://a:b@id.example/"}, DirectoryUntrusted, "userinfo_endpoint"),
    ("no token endpoint", {"token_endpoint": None}, DirectoryLying, "token_endpoint"),
    ("keys that are no address", {"jwks_uri": 7}, DirectoryLying, "jwks_uri"),
    ("no code flow", {"response_types_supported": ["id_token"]}, DirectoryUntrusted, "authorization code"),
    ("PKCE in the clear", {"code_challenge_methods_supported": ["plain"]}, DirectoryUntrusted, "PKCE"),
    (
        "no algorithm",
        {"id_token_signing_alg_values_supported": ["none", "HS256"]},
        DirectoryUntrusted,
        "algorithm",
    ),
]


@pytest.mark.parametrize(("name", "told", "kind", "words"), METADATA, ids=[row[0] for row in METADATA])
def test_a_provider_that_says_something_wrong_about_itself_is_not_used(
    forger: Forger, name: str, told: dict[str, Any], kind: type[DirectoryError], words: str
) -> None:
    forger.metadata.update({key: _filled(value, forger.issuer) for key, value in told.items()})
    with pytest.raises(kind, match=words):
        OidcProvider(settings(forger)).begin(NOW, state=STATE, nonce=NONCE, verifier=VERIFIER)


def test_keys_of_a_provider_in_the_internet_are_not_fetched_from_inside(forger: Forger) -> None:
    forger.metadata["jwks_uri"] = "https://127.0.0.1/keys"
    with pytest.raises(DirectoryUntrusted, match="this machine"):
        finish(forger)


def test_a_provider_that_failed_is_asked_again_after_a_moment_and_not_by_everybody(forger: Forger) -> None:
    provider = OidcProvider(settings(forger))
    forger.status["/.well-known/openid-configuration"] = 404
    errors = []
    for seconds in (0, 9):
        with pytest.raises(DirectoryUnreachable, match="HTTP 404") as caught:
            provider.discover(NOW + timedelta(seconds=seconds))
        errors.append(caught.value)
    assert errors[0] is not errors[1]
    assert errors[0].diagnosis() == errors[1].diagnosis()
    assert forger.count("/.well-known/openid-configuration") == 1
    forger.status.clear()
    assert provider.discover(NOW + timedelta(seconds=10)).token_endpoint == f"{forger.issuer}/token"


def test_known_keys_stay_good_while_the_provider_does_not_answer_about_unknown_ones(forger: Forger) -> None:
    provider = OidcProvider(settings(forger))
    finish(forger, provider=provider)
    forger.status["/keys"] = 302
    forger.tells(key=OTHER, header={"kid": "two"})
    refused(forger, "not signed by", provider=provider, now=NOW + timedelta(seconds=61))
    forger.tells()
    assert finish(forger, provider=provider, now=NOW + timedelta(seconds=62)).sub == "alice"
    assert forger.count("/keys") == 2


@pytest.mark.parametrize(
    ("told", "expected", "alike"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("", "", False),
        (None, "", False),
        (7, "7", False),
        ("é", "é", True),
    ],
    ids=str,
)
def test_nothing_is_never_the_same_as_nothing(told: Any, expected: str, alike: bool) -> None:
    assert same(told, expected) is alike


def test_the_browser_is_sent_with_all_that_binds_the_answer_to_it(forger: Forger) -> None:
    provider = OidcProvider(settings(forger, ask_acr=("urn:a", "urn:b"), max_age=600))
    url = provider.begin(NOW, state=STATE, nonce=NONCE, verifier=VERIFIER, prompt="login", login_hint="alice")
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    assert url.startswith(f"{forger.issuer}/authorize?")
    assert parse_qs(urlsplit(url).query) == {
        "tenant": ["1"],
        "response_type": ["code"],
        "client_id": ["watchword"],
        "redirect_uri": ["https://watchword.abc.example/sign-in/oidc/callback"],
        "scope": ["openid profile email"],
        "state": [STATE],
        "nonce": [NONCE],
        "code_challenge": [challenge],
        "code_challenge_method": ["S256"],
        "prompt": ["login"],
        "max_age": ["600"],
        "acr_values": ["urn:a urn:b"],
        "login_hint": ["alice"],
    }
    again = provider.begin(NOW, state=STATE, nonce=NONCE, verifier=VERIFIER, max_age=0, acr_values=("urn:c",))
    asked = parse_qs(urlsplit(again).query)
    assert (asked["max_age"], asked["acr_values"]) == (["0"], ["urn:c"])
    assert VERIFIER not in url


@pytest.mark.parametrize(
    "given",
    [
        {"state": "short"},
        {"nonce": "short"},
        {"verifier": "v" * 42},
        {"verifier": "v" * 129},
        {"verifier": "+" * 43},
    ],
)
def test_values_that_could_be_guessed_are_not_sent(forger: Forger, given: dict[str, str]) -> None:
    good = {"state": STATE, "nonce": NONCE, "verifier": VERIFIER}
    with pytest.raises(ValueError, match="22 characters"):
        OidcProvider(settings(forger)).begin(NOW, **{**good, **given})


@pytest.mark.parametrize(
    ("methods", "more", "expected"),
    [
        (None, {"client_secret": "a:b %/ü"}, "Basic"),
        (["client_secret_post"], {"client_secret": "a:b %/ü"}, "form"),
        (["client_secret_post", "client_secret_basic"], {"client_secret": "x"}, "Basic"),
        (["none"], {"client_secret": ""}, "none"),
    ],
    ids=str,
)
def test_we_prove_who_we_are_in_the_way_that_the_provider_knows(
    forger: Forger, methods: Any, more: dict[str, str], expected: str
) -> None:
    forger.metadata["token_endpoint_auth_methods_supported"] = methods
    finish(forger, **more)
    (_, headers, form) = next(one for one in forger.asked if one[0] == "/token")
    sent = {name: form.get(name, "") for name in ("client_id", "client_secret")}
    if expected == "Basic":
        name, _, secret = (
            base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode().partition(":")
        )
        assert (name, secret) == ("watchword", "a%3Ab+%25%2F%C3%BC" if methods is None else "x")
    else:
        assert "authorization" not in headers
        assert sent == {"client_id": "watchword", "client_secret": more["client_secret"]}


@pytest.mark.parametrize(("key", "algorithm"), [(KEY, "RS256"), (CURVE, "ES256"), (EDWARDS, "EdDSA")])
@pytest.mark.parametrize("audience", ["issuer", "token_endpoint"])
def test_our_own_token_proves_us_for_a_minute_at_one_place(
    forger: Forger, key: Any, algorithm: str, audience: str
) -> None:
    given = {"client_secret": "", "client_key": key.as_pem(private=True).decode(), "client_key_id": "ours"}
    for _ in range(2):
        finish(forger, **given, assertion_audience=audience)
    forms = [form for path, _, form in forger.asked if path == "/token"]
    found = [jwt.decode(form["client_assertion"], key, algorithms=[algorithm]) for form in forms]
    assert found[0].header == {"alg": algorithm, "kid": "ours", "typ": "JWT"}
    assert found[0].claims["jti"] != found[1].claims["jti"]
    place = forger.issuer if audience == "issuer" else f"{forger.issuer}/token"
    assert {name: found[0].claims[name] for name in ("iss", "sub", "aud", "iat", "exp")} == {
        "iss": "watchword",
        "sub": "watchword",
        "aud": place,
        "iat": at(),
        "exp": at(60),
    }


def logout_claims(forger: Forger, **more: Any) -> dict[str, Any]:
    good = {
        "iss": forger.issuer,
        "aud": "watchword",
        "iat": at(),
        "exp": at(120),
        "jti": "a-token",
        "sub": "alice",
        "sid": "a-session",
        "events": {LOGOUT_EVENT: {}},
        **more,
    }
    return {name: value for name, value in good.items() if value is not None}


@pytest.mark.parametrize("kind", ["logout+jwt", "LOGOUT+JWT", "application/logout+jwt", "JWT", None])
@pytest.mark.parametrize("more", [{}, {"sub": None}, {"sid": None}], ids=str)
def test_a_logout_token_says_who_is_signed_out(
    forger: Forger, kind: str | None, more: dict[str, Any]
) -> None:
    token = forger.signed(header={"typ": kind}, claims=logout_claims(forger, **more))
    found = OidcProvider(settings(forger)).logout(NOW, token)
    expected = {"sub": "alice", "sid": "a-session", **more}
    assert (found.sub, found.session) == (expected["sub"] or "", expected["sid"] or "")
    assert (found.token_id, found.expires) == ("a-token", NOW + timedelta(seconds=180))


LOGOUTS: list[tuple[str, dict[str, Any], str]] = [
    ("2 another issuer", {"iss": "https://evil.example"}, "another issuer"),
    ("2 another audience", {"aud": "another"}, "another client"),
    ("3 over", {"exp": at(-60)}, "over"),
    ("3 without end", {"exp": None}, "does not say when"),
    ("3 of the future", {"iat": at(61)}, "future"),
    ("4 nobody", {"sub": None, "sid": None}, "names nobody"),
    ("4 a list", {"sub": ["alice"], "sid": None}, "names nobody"),
    ("5 no event", {"events": None}, "something else"),
    ("5 another event", {"events": {"http://x": {}}}, "something else"),
    ("5 an event without form", {"events": {LOGOUT_EVENT: True}}, "something else"),
    ("5 events in a list", {"events": [LOGOUT_EVENT]}, "something else"),
    ("6 a nonce", {"nonce": NONCE}, "nonce"),
    ("6 an empty nonce", {"nonce": ""}, "nonce"),
    ("7 no id", {"jti": None}, "no id"),
]


@pytest.mark.parametrize(("name", "more", "words"), LOGOUTS, ids=[row[0] for row in LOGOUTS])
def test_a_logout_token_is_refused_when_a_step_fails(
    forger: Forger, name: str, more: dict[str, Any], words: str
) -> None:
    token = forger.signed(header={"typ": "logout+jwt"}, claims=logout_claims(forger, **more))
    with pytest.raises(SignInRefused, match=words):
        OidcProvider(settings(forger)).logout(NOW, token)


@pytest.mark.parametrize(
    ("token", "words"),
    [
        (lambda f: f.signed(), "something else"),
        (lambda f: f.signed(header={"typ": "at+jwt"}, claims=logout_claims(f)), "another kind"),
        (lambda f: f.signed(OTHER, claims=logout_claims(f)), "not signed by"),
        (lambda f: unsigned(f, "none"), "not allowed"),
        (lambda _: "", "cannot be read"),
    ],
    ids=["an ID token", "an access token", "another key", "unsigned", "empty"],
)
def test_1_nothing_else_passes_for_a_logout_token(forger: Forger, token: Any, words: str) -> None:
    with pytest.raises(SignInRefused, match=words):
        OidcProvider(settings(forger)).logout(NOW, token(forger))


def test_signing_out_at_the_provider_is_offered_where_it_has_a_place_for_it(forger: Forger) -> None:
    assert OidcProvider(settings(forger)).sign_out_url(NOW, id_token="x") == ""
    forger.metadata["end_session_endpoint"] = f"{forger.issuer}/end?a=b"
    url = OidcProvider(settings(forger)).sign_out_url(NOW, id_token="x", back_to="https://w.example/")
    assert parse_qs(urlsplit(url).query) == {
        "a": ["b"],
        "id_token_hint": ["x"],
        "client_id": ["watchword"],
        "post_logout_redirect_uri": ["https://w.example/"],
    }
