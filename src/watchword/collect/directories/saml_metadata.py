"""Metadata of SAML 2.0: what an identity provider says about itself, and what we say about ourselves.

https://docs.oasis-open.org/security/saml/v2.0/saml-metadata-2.0-os.pdf.  Metadata of a provider is as good as the way that it came:
a file that an administrator has put there, or an address asked over verified TLS.  Its certificates are pinned from then on.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from watchword.collect.directories.outbound import XML, Outbound
from watchword.collect.directories.saml_xml import METADATA, PROTOCOL, SIGNATURE, BadXml, parse
from watchword.errors import DirectoryLying, DirectoryUnreachable

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from lxml.etree import _Element as Element

REDIRECT: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
SAML2: Final = PROTOCOL.strip("{}")
MOST_BYTES: Final = 1024 * 1024

_INSTANT: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z?", re.ASCII)


@dataclass(frozen=True, slots=True)
class IdpMetadata:
    """An identity provider: its name, where people are sent, the certificates that it signs with, and until when that holds."""

    entity_id: str
    sso_url: str
    certificates: tuple[Certificate, ...] = field(repr=False)
    wants_signed_requests: bool = False
    valid_until: datetime | None = None


def read(document: bytes, entity_id: str = "") -> IdpMetadata:
    """The identity provider that metadata tells of; ``entity_id`` says which, where there are several.

    Raises:
        BadXml: it is no metadata, or of no such provider, or the provider does not take what we send.
    """
    root = parse(document, MOST_BYTES)
    entities = (
        [root]
        if root.tag == f"{METADATA}EntityDescriptor"
        else root.findall(f".//{METADATA}EntityDescriptor")
    )
    found = [
        (entity, role)
        for entity in entities
        if not entity_id or entity.get("entityID") == entity_id
        for role in entity.findall(f"{METADATA}IDPSSODescriptor")
        if SAML2 in str(role.get("protocolSupportEnumeration", "")).split()
    ]
    if len(found) != 1:
        several = "several providers are there; say which" if found else "there is no such SAML 2.0 provider"
        raise BadXml(several)
    entity, role = found[0]
    until = [instant(str(node.get("validUntil"))) for node in (root, entity, role) if node.get("validUntil")]
    return IdpMetadata(
        entity_id=_needed(entity.get("entityID"), "the provider has no name"),
        sso_url=_needed(_sso(role), "the provider does not take requests by redirection"),
        certificates=_certificates(role),
        wants_signed_requests=role.get("WantAuthnRequestsSigned") in {"true", "1"},
        valid_until=min(until) if until else None,
    )


def fetch(http: Outbound, url: str, entity_id: str = "") -> tuple[IdpMetadata, bytes]:
    """The metadata that an address tells, and the document itself, to be kept.

    Raises:
        DirectoryError: the address cannot be asked, or does not tell metadata.
    """
    answer = http.get(url, accept=XML)
    if answer.status != 200:
        raise DirectoryUnreachable(f"the metadata cannot be had (HTTP {answer.status})", where=url)
    try:
        return read(answer.body, entity_id), answer.body
    except BadXml as error:
        raise DirectoryLying(f"this is no metadata of the provider: {error}", where=url) from None


def certificates_of(pem: str) -> tuple[Certificate, ...]:
    """The certificates of a PEM text, in its order.

    Raises:
        ValueError: there is none, or one cannot be read.
    """
    from cryptography.x509 import load_pem_x509_certificates

    return tuple(load_pem_x509_certificates(pem.encode()))


def instant(text: str) -> datetime:
    """A time as SAML writes it: UTC (Core section 1.3.3), at most to the microsecond.

    Raises:
        BadXml: it is none.
    """
    found = _INSTANT.fullmatch(text.strip())
    try:
        if found:
            return datetime.fromisoformat(f"{found[1]}{(found[2] or '')[:7]}").replace(tzinfo=UTC)
    except ValueError:
        pass
    raise BadXml("a time cannot be read")


def ours(
    entity_id: str,
    acs_url: str,
    *,
    name_id_format: str = "",
    certificates: Sequence[Certificate] = (),
    signs: bool = False,
) -> bytes:
    """Our own metadata, to be given to the identity provider."""
    from lxml import etree

    spaces = {"md": METADATA.strip("{}"), "ds": SIGNATURE.strip("{}")}
    root = etree.Element(f"{METADATA}EntityDescriptor", {"entityID": entity_id}, nsmap=spaces)
    role = etree.SubElement(
        root,
        f"{METADATA}SPSSODescriptor",
        {
            "AuthnRequestsSigned": "true" if signs else "false",
            "WantAssertionsSigned": "true",
            "protocolSupportEnumeration": SAML2,
        },
    )
    for certificate in certificates:
        key = etree.SubElement(role, f"{METADATA}KeyDescriptor", {"use": "signing"})
        data = etree.SubElement(etree.SubElement(key, f"{SIGNATURE}KeyInfo"), f"{SIGNATURE}X509Data")
        etree.SubElement(data, f"{SIGNATURE}X509Certificate").text = _der(certificate)
    if name_id_format:
        etree.SubElement(role, f"{METADATA}NameIDFormat").text = name_id_format
    place = {"Binding": POST, "Location": acs_url, "index": "0", "isDefault": "true"}
    etree.SubElement(role, f"{METADATA}AssertionConsumerService", place)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _sso(role: Element) -> str:
    for service in role.findall(f"{METADATA}SingleSignOnService"):
        if service.get("Binding") == REDIRECT:
            return str(service.get("Location", ""))
    return ""


def _certificates(role: Element) -> tuple[Certificate, ...]:
    """Certificates that are for signing: those of other uses are left out."""
    from cryptography.x509 import load_der_x509_certificate

    found: list[Certificate] = []
    for key in role.findall(f"{METADATA}KeyDescriptor"):
        if key.get("use", "signing") != "signing":
            continue
        for node in key.iter(f"{SIGNATURE}X509Certificate"):
            try:
                found.append(load_der_x509_certificate(base64.b64decode("".join(str(node.text).split()))))
            except ValueError:
                raise BadXml("a certificate of the provider cannot be read") from None
    if not found:
        raise BadXml("the provider has no certificate")
    return tuple(found)


def _der(certificate: Certificate) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()


def _needed(text: str | None, otherwise: str) -> str:
    if not text:
        raise BadXml(otherwise)
    return str(text)
