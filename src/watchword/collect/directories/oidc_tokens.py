"""Signed tokens of an OpenID provider: whose signature they bear, and whether what they claim may be believed here.

`signed` takes a token apart and verifies its signature (RFC 7515, RFC 7519) with the provider's keys (RFC 7517); the
``check_…`` functions each hold one claim to what is expected, and raise with the reason.  Nothing here is believed because
the token says so: algorithms are those of the settings, keys those of the provider, and a key that a token brings along
(``jwk``, ``jku``, ``x5c``, ``x5u``) is not looked at.
"""

from __future__ import annotations

import base64
import hashlib
import math
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from typing import TYPE_CHECKING, Any, Final

from watchword.collect.directories.outbound import JSON, Outbound
from watchword.errors import DirectoryError, DirectoryLying, DirectoryUnreachable, SignInRefused

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, OKPKey, RSAKey

    Key = RSAKey | ECKey | OKPKey

KEYS_OF: Final[Mapping[str, tuple[str, str]]] = {
    "RS256": ("RSA", ""),
    "RS384": ("RSA", ""),
    "RS512": ("RSA", ""),
    "PS256": ("RSA", ""),
    "PS384": ("RSA", ""),
    "PS512": ("RSA", ""),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "EdDSA": ("OKP", "Ed25519"),
    "Ed25519": ("OKP", "Ed25519"),
}
"""Algorithms that can be allowed, with the type and curve of their keys (RFC 7518 section 3.1, RFC 8037, RFC 9864).

``none`` and those with a shared key (``HS256`` …) cannot be: whoever knows the public key could sign with it."""

HASHES: Final[Mapping[str, str]] = {
    "256": "sha256",
    "384": "sha384",
    "512": "sha512",
    "DSA": "sha512",
    "519": "sha512",
}
"""Hash of ``at_hash`` by the end of the algorithm's name (OpenID Connect Core section 3.1.3.6); Ed25519 hashes with SHA-512."""

LONGEST_TOKEN: Final = 64 * 1024
"""Characters of a token."""
LONGEST_HEADER: Final = 16 * 1024
"""Bytes of its header; some providers put certificates there."""
LONGEST_KID: Final = 256

SMALLEST_RSA: Final = 2048
"""Bits (NIST SP 800-131A rev. 2)."""
MOST_KEYS: Final = 100
KEYS_LAST: Final = timedelta(hours=1)
"""How long a provider's keys are kept."""
KEYS_REST: Final = timedelta(seconds=60)
"""How long after asking for keys an unknown key is not asked for again."""

_PUBLIC: Final = ("kty", "n", "e", "crv", "x", "y")


@dataclass(frozen=True, slots=True)
class Token:
    """A token whose signature has been verified."""

    algorithm: str
    kind: str
    claims: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key of a provider and what it may be used for."""

    kid: str
    kind: str
    curve: str
    algorithm: str
    key: Key = field(repr=False)

    def fits(self, algorithm: str) -> bool:
        """Whether it can have signed with an algorithm."""
        return (self.kind, self.curve) == KEYS_OF[algorithm] and self.algorithm in {"", algorithm}


class KeyRing:
    """The keys of a provider: kept for `KEYS_LAST`, and asked for again when one is unknown.  Safe for threads.

    The provider is asked once in `KEYS_REST` at most, so that nobody makes us ask by inventing keys, nor wait for a provider that
    does not answer, one after another.
    """

    def __init__(self, http: Outbound) -> None:
        self._http = http
        self._lock = threading.Lock()
        self._url = ""
        self._keys: tuple[PublicKey, ...] = ()
        self._told: datetime | None = None
        self._asked: datetime | None = None

    def fitting(self, now: datetime, url: str, kid: str, algorithm: str) -> list[PublicKey]:
        """The keys with which a token of this key id and algorithm can have been signed; without an id, any that fits.

        Raises:
            DirectoryError: the provider does not tell its keys.
        """
        with self._lock:
            if self._url != url:
                self._url, self._keys, self._told, self._asked = url, (), None, None
            if not self._young(now):
                self._ask(now, url)
            found = _fitting(self._keys, kid, algorithm)
            if not found and self._renew(now, url):
                found = _fitting(self._keys, kid, algorithm)
            return found

    def renewed(self, now: datetime, url: str) -> bool:
        """Ask again, as no key was the right one; whether that was done: not too soon, and with success."""
        with self._lock:
            return self._renew(now, url)

    def _young(self, now: datetime) -> bool:
        """Whether the keys may be used; a clock that was set back must not keep them for longer."""
        return self._told is not None and abs(now - self._told) < KEYS_LAST

    def _rests(self, now: datetime) -> bool:
        return self._asked is not None and abs(now - self._asked) < KEYS_REST

    def _renew(self, now: datetime, url: str) -> bool:
        """Ask although the keys are young; where that fails, they stay."""
        if self._rests(now):
            return False
        try:
            self._ask(now, url)
        except DirectoryError:
            return False
        return True

    def _ask(self, now: datetime, url: str) -> None:
        if self._rests(now):
            raise DirectoryUnreachable(
                "the provider did not tell its keys a moment ago", where=url, remedy="try again in a minute"
            )
        self._asked = now
        self._keys = public_keys(self._http.get(url, accept=(JSON, "application/jwk-set+json")).object(), url)
        self._told = now


def public_keys(document: Mapping[str, Any], where: str) -> tuple[PublicKey, ...]:
    """The usable keys of a JWK Set (RFC 7517 section 5); those that we do not understand are left out.

    Raises:
        DirectoryLying: it is no JWK Set, or holds no usable key.
    """
    listed = document.get("keys")
    if not isinstance(listed, list) or len(listed) > MOST_KEYS:
        raise DirectoryLying("the provider's keys are no JWK Set", where=where)
    found = tuple(key for key in map(_public_key, listed) if key is not None)
    if not found:
        raise DirectoryLying("the provider tells no key that could verify a signature", where=where)
    return found


def _public_key(listed: Any) -> PublicKey | None:  # noqa: ANN401
    """One key, if it is one for signatures that we understand."""
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey, OKPKey, RSAKey
    from joserfc.util import base64_to_int

    if not isinstance(listed, Mapping) or listed.get("use", "sig") != "sig":
        return None
    operations = listed.get("key_ops", ["verify"])
    texts = {name: listed.get(name, "") for name in (*_PUBLIC, "kid", "alg")}
    if not all(isinstance(text, str) for text in texts.values()) or "verify" not in _several(operations):
        return None
    kinds: dict[str, type[RSAKey | ECKey | OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
    kind = kinds.get(texts["kty"])
    if kind is None:
        return None
    try:
        if kind is RSAKey and base64_to_int(texts["n"]).bit_length() < SMALLEST_RSA:
            return None
        key = kind.import_key({name: texts[name] for name in _PUBLIC if texts[name]})
        # Made here, so that a key that is none is left out now.
        key.public_key  # noqa: B018
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return PublicKey(texts["kid"], texts["kty"], texts["crv"], texts["alg"], key)


def _fitting(keys: Iterable[PublicKey], kid: str, algorithm: str) -> list[PublicKey]:
    return [key for key in keys if key.fits(algorithm) and (not kid or key.kid == kid)]


def signed(
    token: str, ring: KeyRing, url: str, *, now: datetime, algorithms: Sequence[str], kinds: Sequence[str]
) -> Token:
    """The token, if one of the provider's keys has signed it by one of the ``algorithms``.

    ``url`` is where the keys are told; ``kinds`` are values of ``typ`` that are taken, in lower case; ``""`` stands for
    none.

    Raises:
        SignInRefused: it is no such token; the reason is for the log.
        DirectoryError: the provider does not tell its keys.
    """
    header = _header(token)
    algorithm, kid, kind = header["alg"], header["kid"], header["typ"].lower().removeprefix("application/")
    if algorithm not in algorithms or algorithm not in KEYS_OF:
        raise SignInRefused("the token is signed by an algorithm that is not allowed")
    if kind not in kinds:
        raise SignInRefused("the token is of another kind")
    claims = _verified(token, ring.fitting(now, url, kid, algorithm), algorithm)
    if claims is None and not kid and ring.renewed(now, url):
        claims = _verified(token, ring.fitting(now, url, kid, algorithm), algorithm)
    if claims is None:
        raise SignInRefused("the token is not signed by a key of the provider")
    return Token(algorithm, kind, claims)


def _header(token: str) -> dict[str, str]:
    """``alg``, ``kid`` and ``typ`` of a token; the rest of its header is not used."""
    from joserfc.errors import JoseError
    from joserfc.util import json_b64decode

    if not token.isascii() or len(token) > LONGEST_TOKEN:
        raise SignInRefused("there is no token, or one that is too long")
    if token.count(".") == 4:
        raise SignInRefused("the token is encrypted, which is not supported; ask the provider to sign only")
    try:
        header = json_b64decode(token.partition(".")[0].encode())
        texts = {name: header.get(name, "") for name in ("alg", "kid", "typ")}
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError):
        raise SignInRefused("the token cannot be read") from None
    if token.count(".") != 2 or not all(isinstance(text, str) for text in texts.values()):
        raise SignInRefused("the token cannot be read")
    if "crit" in header or "b64" in header:
        raise SignInRefused("the token has an extension that is not known")
    if len(texts["kid"]) > LONGEST_KID:
        raise SignInRefused("the token's key id is too long")
    return texts


def _verified(token: str, keys: Iterable[PublicKey], algorithm: str) -> Mapping[str, Any] | None:
    """The claims, if one of the keys has signed them."""
    from joserfc import jwt
    from joserfc.errors import BadSignatureError, JoseError
    from joserfc.jws import JWSRegistry

    registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_header_length = LONGEST_HEADER
    for key in keys:
        try:
            claims = jwt.decode(token, key.key, algorithms=[algorithm], registry=registry).claims
        except BadSignatureError:
            continue
        except (JoseError, ValueError, TypeError, RecursionError):
            raise SignInRefused("the token cannot be read") from None
        return dict(claims)
    return None


def check_issuer(claims: Mapping[str, Any], issuer: str) -> None:
    """``iss`` is the provider, character by character.

    Raises:
        SignInRefused: it is not.
    """
    if claims.get("iss") != issuer:
        raise SignInRefused("the token is of another issuer")


def check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    """``aud`` holds us, and ``azp``, which several audiences need, is us (OpenID Connect Core section 3.1.3.7, 3 to 5).

    Raises:
        SignInRefused: the token is for others, or for others as well without saying that it was given to us.
    """
    audience = _several(claims.get("aud"))
    if client_id not in audience:
        raise SignInRefused("the token is for another client")
    party = claims.get("azp")
    if (party is None and len(audience) > 1) or (party is not None and party != client_id):
        raise SignInRefused("the token was given to another client")


def check_times(claims: Mapping[str, Any], now: datetime, skew: timedelta) -> datetime:
    """``exp`` and ``iat`` are there, and now lies between them and not before ``nbf``; returns ``exp``.

    Raises:
        SignInRefused: the token is over, not yet valid, or does not say.
    """
    expires, issued = instant(claims, "exp"), instant(claims, "iat")
    if expires is None or issued is None:
        raise SignInRefused("the token does not say when it was issued and when it is over")
    if now >= expires + skew:
        raise SignInRefused("the token is over")
    not_before = instant(claims, "nbf")
    if issued > now + skew or (not_before is not None and not_before > now + skew):
        raise SignInRefused("the token is of the future")
    return expires


def check_nonce(claims: Mapping[str, Any], nonce: str) -> None:
    """``nonce`` is the one that was sent, so that the token belongs to this sign-in.

    Raises:
        SignInRefused: it is another or none.
    """
    if not same(claims.get("nonce"), nonce):
        raise SignInRefused("the token belongs to another sign-in")


def check_hash(claims: Mapping[str, Any], access_token: str, algorithm: str) -> None:
    """``at_hash``, where it is there, is that of the access token (OpenID Connect Core section 3.1.3.8).

    Raises:
        SignInRefused: it is another's.
    """
    told = claims.get("at_hash")
    if told is None:
        return
    digest = hashlib.new(HASHES[algorithm[-3:]], access_token.encode()).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
    if not same(told, half):
        raise SignInRefused("the access token is not the one that the token was given with")


def check_age(
    claims: Mapping[str, Any], now: datetime, max_age: int | None, skew: timedelta
) -> datetime | None:
    """``auth_time`` is within the last ``max_age`` seconds, where one was asked for; returns it, where it is there.

    Raises:
        SignInRefused: it is longer ago, lies in the future, or is not told although it must be.
    """
    when = instant(claims, "auth_time")
    if when is not None and when > now + skew:
        raise SignInRefused("the sign-in at the provider lies in the future")
    if max_age is None:
        return when
    if when is None:
        raise SignInRefused("the provider does not say when the sign-in was, although it was asked")
    if now > when + timedelta(seconds=max_age) + skew:
        raise SignInRefused("the sign-in at the provider was too long ago")
    return when


def instant(claims: Mapping[str, Any], name: str) -> datetime | None:
    """A claim that is a NumericDate (RFC 7519 section 2); None where it is not there.

    Raises:
        SignInRefused: it is no time.
    """
    told = claims.get(name)
    if told is None:
        return None
    if isinstance(told, bool) or not isinstance(told, int | float) or not math.isfinite(told):
        raise SignInRefused(f"the token's {name} is no time")
    try:
        return datetime.fromtimestamp(told, UTC)
    except (ValueError, OverflowError, OSError):
        raise SignInRefused(f"the token's {name} is no time") from None


def same(told: Any, expected: str) -> bool:  # noqa: ANN401
    """Whether a value is a text that was expected, compared in constant time; nothing is ever the same as nothing."""
    return isinstance(told, str) and bool(expected) and compare_digest(_bytes(told), _bytes(expected))


def _bytes(text: str) -> bytes:
    """A text as bytes; JSON can hold halves of characters, which are like nothing else."""
    return text.encode("utf-8", "surrogatepass")


def _several(told: Any) -> list[str]:  # noqa: ANN401
    """A claim that is a text or a list of texts, as a list; empty where it is neither."""
    if isinstance(told, str):
        return [told]
    if isinstance(told, list) and all(isinstance(one, str) for one in told):
        return list(told)
    return []
