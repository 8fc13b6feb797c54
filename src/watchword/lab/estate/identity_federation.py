"""Company ABC's identity providers: SAML with signing certificates of several ages, OpenID Connect issuers."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from watchword.lab.estate.builder import Builder
from watchword.lab.estate.company import DATA, DEV, IDENTITY, MANAGEMENT, NETWORK, PROD, LabAccount
from watchword.lab.estate.identity_roles import EKS, GITHUB, SSO_PROVIDER, TERRAFORM

_STS: Final = "sts.amazonaws.com"
_ISSUERS: Final[tuple[tuple[LabAccount, str, tuple[str, ...]], ...]] = (
    (PROD, GITHUB, (_STS,)),
    (PROD, EKS, (_STS,)),
    (DEV, GITHUB, (_STS, "https://github.com/abc-corp")),
    (NETWORK, TERRAFORM, ("aws.workload.identity",)),
)


def build(lab: Builder) -> None:
    """Make the providers.  The old ADFS's certificate is about to end; it is gone once the programme is done."""
    saml = [(IDENTITY, "Okta", 400), *((one, SSO_PROVIDER, 1_500) for one in (PROD, DATA, DEV))]
    if not lab.after:
        saml.append((MANAGEMENT, "CorporateADFS", 12))
    now = datetime.now(UTC)
    for account, name, days in saml:
        document = metadata(name, now - timedelta(days=300), now + timedelta(days=days))
        lab.client("iam", account).create_saml_provider(Name=name, SAMLMetadataDocument=document)
    for account, issuer, audiences in _ISSUERS:
        lab.client("iam", account).create_open_id_connect_provider(
            Url=f"https://{issuer}", ClientIDList=list(audiences), ThumbprintList=["a" * 40]
        )


def metadata(name: str, begins: datetime, ends: datetime) -> str:
    """SAML metadata of an identity provider with one signing certificate, valid from ``begins`` to ``ends``."""
    encoded = base64.b64encode(certificate(name, begins, ends)).decode()
    host = f"https://{name.lower().replace('_', '-')}.abc.example"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{host}/saml">\n'
        '  <md:IDPSSODescriptor WantAuthnRequestsSigned="false"'
        ' protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">\n'
        '    <md:KeyDescriptor use="signing">\n'
        '      <ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>\n'
        f"        <ds:X509Certificate>{encoded}</ds:X509Certificate>\n"
        "      </ds:X509Data></ds:KeyInfo>\n    </md:KeyDescriptor>\n"
        "    <md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>\n"
        '    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"'
        f' Location="{host}/sso/post"/>\n'
        '    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"'
        f' Location="{host}/sso/redirect"/>\n'
        "  </md:IDPSSODescriptor>\n</md:EntityDescriptor>\n"
    )


def certificate(name: str, begins: datetime, ends: datetime) -> bytes:
    """A self-signed certificate, in DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.DER)
