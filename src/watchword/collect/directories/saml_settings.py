"""How a SAML 2.0 identity provider is trusted and what we are to it; checked before anybody is sent there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from watchword.collect.directories import saml_metadata
from watchword.collect.directories.outbound import Outbound, OutboundSettings, is_loopback
from watchword.collect.directories.saml_metadata import IdpMetadata
from watchword.collect.directories.saml_xml import BadXml
from watchword.errors import DirectoryUntrusted
from watchword.model.people import DirectoryId

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate

LONGEST_SKEW: Final = 300
"""Seconds."""
SMALLEST_RSA: Final = 2048
"""Bits."""
PERSISTENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"

_CLAIMS: Final = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"
ATTRIBUTES: Final[Mapping[str, tuple[str, ...]]] = {
    "subject": (),
    "user_name": ("uid", "urn:oid:0.9.2342.19200300.100.1.1", f"{_CLAIMS}/upn", f"{_CLAIMS}/name"),
    "display_name": (
        "displayName",
        "urn:oid:2.16.840.1.113730.3.1.241",
        "http://schemas.microsoft.com/identity/claims/displayname",
        "cn",
    ),
    "mail": ("mail", "email", "urn:oid:0.9.2342.19200300.100.1.3", f"{_CLAIMS}/emailaddress"),
    "employee_number": ("employeeNumber", "urn:oid:2.16.840.1.113730.3.1.3"),
    "groups": (
        "groups",
        "memberOf",
        "isMemberOf",
        "urn:oid:1.3.6.1.4.1.5923.1.5.1.1",
        "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups",
        "http://schemas.xmlsoap.org/claims/Group",
    ),
}
"""Names under which providers tell what we want to know, in the order in which they are looked for.

``subject`` is the NameID unless an attribute is named for it.  Object identifiers: RFC 4519, RFC 4524, eduMember."""


@dataclass(frozen=True, slots=True)
class SamlSettings:
    """One identity provider and the service provider that we are to it.

    The provider is told by ``metadata_file`` (with ``idp_entity_id``, where several stand in it), or by ``idp_entity_id``, ``sso_url`` and
    ``certificate_file`` (PEM; several while the provider changes them).  ``entity_id`` is our name, ``acs_url`` where the provider
    sends people back to.  ``signing_key`` (PEM) signs our requests; a certificate in the same text is told in our metadata.
    ``attributes`` replaces names of `ATTRIBUTES`.  ``clock_skew``: seconds.

    Raises:
        ValueError: a setting cannot be; the text begins with its name and never holds a secret.
        UsageError: the extra is not installed.
    """

    directory: DirectoryId
    entity_id: str
    acs_url: str
    metadata_file: str = ""
    idp_entity_id: str = ""
    sso_url: str = ""
    certificate_file: str = ""
    signing_key: str = field(default="", repr=False)
    attributes: Mapping[str, str] = field(default_factory=dict)
    name_id_format: str = PERSISTENT
    ask_acr: tuple[str, ...] = ()
    clock_skew: int = 60
    allow_plain: bool = False
    idp: IdpMetadata = field(init=False)

    def __post_init__(self) -> None:
        """Check every setting, and read what the files say."""
        object.__setattr__(self, "ask_acr", tuple(self.ask_acr))
        for name in ("directory", "entity_id"):
            if not getattr(self, name) or not str(getattr(self, name)).isprintable():
                raise ValueError(f"{name}: it is needed")
        if not 0 <= self.clock_skew <= LONGEST_SKEW:
            raise ValueError(f"clock_skew: a number of seconds from 0 to {LONGEST_SKEW} is expected")
        unknown = set(self.attributes) - set(ATTRIBUTES)
        if unknown:
            raise ValueError(f"attributes: some of {', '.join(ATTRIBUTES)} are expected")
        self._check_acs()
        object.__setattr__(self, "idp", self._idp())
        self._check_idp()
        if self.signing_key:
            self.key()
        elif self.idp.wants_signed_requests:
            raise ValueError("signing_key: the provider wants requests that are signed")

    @property
    def skew(self) -> timedelta:
        """How far the provider's clock may be from ours."""
        return timedelta(seconds=self.clock_skew)

    def key(self) -> RSAPrivateKey | EllipticCurvePrivateKey:
        """The key that signs our requests.

        Raises:
            ValueError: there is none that can.
        """
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            found = load_pem_private_key(self.signing_key.encode(), None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise ValueError("signing_key: a private key in PEM, without password, is expected") from None
        if not isinstance(found, RSAPrivateKey | EllipticCurvePrivateKey):
            raise ValueError("signing_key: a key for RSA or ECDSA is expected")
        return found

    def certificates(self) -> tuple[Certificate, ...]:
        """Our own certificates, to be told in our metadata."""
        if "BEGIN CERTIFICATE" not in self.signing_key:
            return ()
        try:
            return saml_metadata.certificates_of(self.signing_key)
        except ValueError:
            raise ValueError("signing_key: its certificate cannot be read") from None

    def _check_acs(self) -> None:
        parts = urlsplit(self.acs_url)
        plain = parts.scheme == "http" and self.allow_plain and is_loopback(parts.hostname or "")
        if not parts.hostname or not (parts.scheme == "https" or plain) or "#" in self.acs_url:
            raise ValueError("acs_url: an address of ours that begins with https:// is expected")

    def _idp(self) -> IdpMetadata:
        if self.metadata_file:
            if self.sso_url or self.certificate_file:
                raise ValueError("metadata_file: it tells sso_url and certificates; leave those away")
            try:
                return saml_metadata.read(_content("metadata_file", self.metadata_file), self.idp_entity_id)
            except BadXml as error:
                raise ValueError(f"metadata_file: {error}") from None
        for name in ("idp_entity_id", "sso_url", "certificate_file"):
            if not getattr(self, name):
                raise ValueError(f"{name}: it is needed, or metadata_file")
        try:
            pem = _content("certificate_file", self.certificate_file).decode("ascii")
            certificates = saml_metadata.certificates_of(pem)
        except (BadXml, ValueError):
            raise ValueError("certificate_file: certificates in PEM are expected") from None
        return IdpMetadata(self.idp_entity_id, self.sso_url, certificates)

    def _check_idp(self) -> None:
        from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

        where = "metadata_file" if self.metadata_file else "sso_url"
        try:
            Outbound(OutboundSettings(allow_plain=self.allow_plain)).check(self.idp.sso_url)
        except DirectoryUntrusted as error:
            raise ValueError(f"{where}: {error.what}") from None
        where = "metadata_file" if self.metadata_file else "certificate_file"
        for certificate in self.idp.certificates:
            key = certificate.public_key()
            strong = isinstance(key, RSAPublicKey) and key.key_size >= SMALLEST_RSA
            if not strong and not isinstance(key, EllipticCurvePublicKey):
                raise ValueError(f"{where}: a certificate has a key that is too short or of another kind")


def _content(name: str, path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            content = file.read(saml_metadata.MOST_BYTES + 1)
    except OSError:
        raise ValueError(f"{name}: {path} cannot be read") from None
    if len(content) > saml_metadata.MOST_BYTES:
        raise ValueError(f"{name}: {path} is too large")
    return content
