"""How an OpenID provider is reached and what is asked of it; checked before anything is sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from watchword.collect.directories.oidc_tokens import KEYS_OF, SMALLEST_RSA
from watchword.collect.directories.outbound import Outbound, OutboundSettings, is_loopback
from watchword.errors import DirectoryUntrusted
from watchword.model.people import DirectoryId

if TYPE_CHECKING:
    from joserfc.jwk import ECKey, OKPKey, RSAKey

ALGORITHMS: Final = tuple(KEYS_OF)
"""Algorithms that are allowed unless the settings say otherwise: all that can be."""

LONGEST_SKEW: Final = 300
"""Seconds."""

CURVES: Final = frozenset({"secp256r1", "secp384r1", "secp521r1"})
AUDIENCES: Final = ("issuer", "token_endpoint")


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """One OpenID provider and the client that we are to it.

    ``redirect_uri`` is where the provider sends people back to.  We prove who we are by ``client_secret``, by ``client_key`` (PEM;
    ``private_key_jwt``, RFC 7523), or, as a public client, by PKCE only.  ``client_key_id`` is the ``kid`` under which the
    provider knows the key; ``assertion_audience`` what a token signed with it is for: ``issuer``, or ``token_endpoint``, which some
    providers want.  ``ask_acr``: values of ``acr`` that are asked for, best first; ``max_age``: seconds after which the
    provider has to ask for the proof again.  ``subject_claim`` is the claim of the ID token that is the account's unchanging id;
    ``groups_claim`` the one with the names of its groups.  ``clock_skew``: seconds.

    Raises:
        ValueError: a setting cannot be; the text begins with its name and never holds a secret.
    """

    directory: DirectoryId
    issuer: str
    client_id: str
    redirect_uri: str
    client_secret: str = field(default="", repr=False)
    client_key: str = field(default="", repr=False)
    client_key_id: str = ""
    assertion_audience: str = "issuer"
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    ask_acr: tuple[str, ...] = ()
    max_age: int | None = None
    subject_claim: str = "sub"
    groups_claim: str = "groups"
    clock_skew: int = 60
    algorithms: tuple[str, ...] = ALGORITHMS
    ca_file: str = ""
    allow_plain: bool = False
    allow_private: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check every setting."""
        for name in ("scopes", "ask_acr", "algorithms", "allow_private"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        for name in ("directory", "client_id", "subject_claim"):
            if not getattr(self, name) or not str(getattr(self, name)).isprintable():
                raise ValueError(f"{name}: it is needed")
        self._check_addresses()
        self._check_client()
        self._check_words()

    @property
    def skew(self) -> timedelta:
        """How far the provider's clock may be from ours."""
        return timedelta(seconds=self.clock_skew)

    def outbound(self) -> OutboundSettings:
        """Where the HTTP client may go for this provider."""
        return OutboundSettings(
            allow_plain=self.allow_plain, allow_private=self.allow_private, ca_file=self.ca_file
        )

    def key(self) -> RSAKey | ECKey | OKPKey:
        """The key that ``client_key`` holds.

        Raises:
            ValueError: it holds none that can sign.
        """
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
        from joserfc.jwk import ECKey, OKPKey, RSAKey

        try:
            found = load_pem_private_key(self.client_key.encode(), None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise ValueError("client_key: a private key in PEM, without password, is expected") from None
        if isinstance(found, rsa.RSAPrivateKey) and found.key_size >= SMALLEST_RSA:
            return RSAKey.import_key(found)
        if isinstance(found, ec.EllipticCurvePrivateKey) and found.curve.name in CURVES:
            return ECKey.import_key(found)
        if isinstance(found, ed25519.Ed25519PrivateKey):
            return OKPKey.import_key(found)
        raise ValueError("client_key: RSA of 2048 bits or more, NIST's curves or Ed25519 are expected")

    def _check_addresses(self) -> None:
        try:
            checker = Outbound(self.outbound())
        except ValueError as error:
            raise ValueError(str(error)) from None
        try:
            checker.check(self.issuer)
        except DirectoryUntrusted as error:
            raise ValueError(f"issuer: {error.what}") from None
        if "?" in self.issuer:
            raise ValueError(
                "issuer: an address without a query is expected (OpenID Connect Discovery section 3)"
            )
        parts = urlsplit(self.redirect_uri)
        plain = parts.scheme == "http" and self.allow_plain and is_loopback(parts.hostname or "")
        if not parts.hostname or not (parts.scheme == "https" or plain) or "#" in self.redirect_uri:
            raise ValueError("redirect_uri: an address of ours that begins with https:// is expected")

    def _check_client(self) -> None:
        if self.client_secret and self.client_key:
            raise ValueError("client_secret: there is also client_key; only one of them can be")
        if self.client_key:
            self.key()
        if self.assertion_audience not in AUDIENCES:
            raise ValueError(f"assertion_audience: {' or '.join(AUDIENCES)} is expected")

    def _check_words(self) -> None:
        if "openid" not in self.scopes:
            raise ValueError("scopes: openid is needed")
        for name in ("scopes", "ask_acr"):
            if any(
                not one or not one.isascii() or not one.isprintable() or " " in one
                for one in getattr(self, name)
            ):
                raise ValueError(f"{name}: words without spaces are expected")
        wrong = [one for one in self.algorithms if one not in KEYS_OF]
        if wrong or not self.algorithms:
            raise ValueError(f"algorithms: some of {', '.join(KEYS_OF)} are expected")
        if self.max_age is not None and self.max_age < 0:
            raise ValueError("max_age: a number of seconds is expected")
        if not 0 <= self.clock_skew <= LONGEST_SKEW:
            raise ValueError(f"clock_skew: a number of seconds from 0 to {LONGEST_SKEW} is expected")
