"""Settings and metadata of SAML, and what the browser is sent with."""

from __future__ import annotations

import base64
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree

from tests.collect.directories.providers import Pair
from watchword.collect.directories import saml_metadata
from watchword.collect.directories.saml import SamlProvider, SamlSettings, request_id
from watchword.collect.directories.saml_xml import BadXml

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
IDP = Pair.made("provider")
OURS = Pair.made("watchword")
SMALL = Pair.made("small", bits=1024)
NAMES = {
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "p": "urn:oasis:names:tc:SAML:2.0:protocol",
    "a": "urn:oasis:names:tc:SAML:2.0:assertion",
}
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"


def der(pair: Pair) -> str:
    return "".join(pair.certificate.splitlines()[1:-1])


def entity(
    name: str = "https://idp.abc.example", role: str = "", keys: str | None = None, **more: str
) -> str:
    told = {
        "binding": REDIRECT,
        "location": "https://idp.abc.example/sso",
        "protocol": NAMES["p"],
        "until": "",
        **more,
    }
    held = f"<KeyDescriptor><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{der(IDP)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>"
    return f"""<EntityDescriptor xmlns="{NAMES["md"]}" xmlns:ds="{NAMES["ds"]}" entityID="{name}" {told["until"]}>
<IDPSSODescriptor protocolSupportEnumeration="{told["protocol"]}" {role}>{held if keys is None else keys}
<SingleSignOnService Binding="{told["binding"]}" Location="{told["location"]}"/></IDPSSODescriptor></EntityDescriptor>"""


def several(*entities: str) -> str:
    return f'<EntitiesDescriptor xmlns="{NAMES["md"]}">{"".join(entities)}</EntitiesDescriptor>'


@pytest.fixture
def good(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "idp.pem").write_text(IDP.certificate)
    return {
        "directory": "saml",
        "entity_id": "https://watchword.abc.example/saml",
        "acs_url": "https://watchword.abc.example/acs",
        "idp_entity_id": "https://idp.abc.example",
        "sso_url": "https://idp.abc.example/sso?tenant=1",
        "certificate_file": str(tmp_path / "idp.pem"),
    }


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("no directory", {"directory": ""}, "directory"),
    ("no name of ours", {"entity_id": ""}, "entity_id"),
    ("to us without TLS", {"acs_url": "http://watchword.abc.example/acs"}, "acs_url"),
    ("to loopback without TLS", {"acs_url": "http://localhost/acs"}, "acs_url"),
    ("to them without TLS", {"sso_url": "http://idp.abc.example/sso"}, "sso_url"),
    ("to a script", {"sso_url": "javascript:alert(1)"}, "sso_url"),
    ("no provider", {"idp_entity_id": ""}, "idp_entity_id"),
    ("no address", {"sso_url": ""}, "sso_url"),
    ("no certificate", {"certificate_file": ""}, "certificate_file"),
    ("a certificate that is not there", {"certificate_file": "/nowhere.pem"}, "certificate_file"),
    ("a certificate that is none", {"certificate_file": "{none}"}, "certificate_file"),
    ("a certificate with a short key", {"certificate_file": "{small}"}, "certificate_file"),
    ("metadata and more", {"metadata_file": "{none}"}, "metadata_file"),
    ("a clock that is far off", {"clock_skew": 301}, "clock_skew"),
    ("an attribute of which we know nothing", {"attributes": {"shoe": "size"}}, "attributes"),
    ("a key that is none", {"signing_key": "planted-secret"}, "signing_key"),
]


@pytest.mark.parametrize(("name", "more", "setting"), WRONG, ids=[row[0] for row in WRONG])
def test_settings_that_cannot_be_are_refused_by_name(
    good: dict[str, Any], tmp_path: Path, name: str, more: dict[str, Any], setting: str
) -> None:
    (tmp_path / "none").write_text("nonsense")
    (tmp_path / "small").write_text(SMALL.certificate)
    filled = {
        key: str(tmp_path / value.strip("{}"))
        if str(value).startswith("{") and isinstance(value, str)
        else value
        for key, value in more.items()
    }
    with pytest.raises(ValueError, match=f"^{setting}: ") as caught:
        SamlSettings(**{**good, **filled})
    assert "planted-secret" not in str(caught.value)


def test_the_key_is_not_shown(good: dict[str, Any]) -> None:
    assert "PRIVATE" not in repr(SamlSettings(**good, signing_key=OURS.key))


METADATA: list[tuple[str, str, str]] = [
    ("no XML", "nonsense", "well-formed"),
    ("a DTD", f"<!DOCTYPE x>{entity()}", "DTD"),
    ("something else", "<a/>", "no such"),
    ("none", several(), "no such"),
    ("two", several(entity(), entity("https://other")), "several"),
    ("two of one name", several(entity(), entity()), "several"),
    ("of SAML 1", entity(protocol="urn:oasis:names:tc:SAML:1.1:protocol"), "no such"),
    ("by post only", entity(binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"), "redirection"),
    ("no key", entity(keys=""), "no certificate"),
    ("a key for encryption", entity(keys='<KeyDescriptor use="encryption"/>'), "no certificate"),
    ("a certificate that is none", entity().replace(der(IDP), "AAAA"), "cannot be read"),
    ("an end that is none", entity(until='validUntil="soon"'), "time"),
    ("no name", entity(""), "no name"),
]


@pytest.mark.parametrize(("name", "document", "words"), METADATA, ids=[row[0] for row in METADATA])
def test_metadata_that_is_none_is_refused(
    good: dict[str, Any], tmp_path: Path, name: str, document: str, words: str
) -> None:
    with pytest.raises(BadXml, match=words):
        saml_metadata.read(document.encode())
    (tmp_path / "idp.xml").write_text(document)
    ours = {name: good[name] for name in ("directory", "entity_id", "acs_url")}
    with pytest.raises(ValueError, match=f"^metadata_file: .*{words}"):
        SamlSettings(**ours, metadata_file=str(tmp_path / "idp.xml"))


def test_one_of_several_is_chosen_by_name_and_the_earliest_end_counts() -> None:
    document = several(entity("https://other"), entity(until='validUntil="2027-01-01T00:00:00Z"'))
    document = document.replace(
        "<EntitiesDescriptor ", '<EntitiesDescriptor validUntil="2026-06-01T00:00:00Z" '
    )
    found = saml_metadata.read(document.encode(), "https://idp.abc.example")
    assert (found.entity_id, found.sso_url) == ("https://idp.abc.example", "https://idp.abc.example/sso")
    assert (found.valid_until, len(found.certificates)) == (datetime(2026, 6, 1, tzinfo=UTC), 1)


def test_a_provider_that_wants_signed_requests_gets_them(good: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "idp.xml").write_text(entity(role='WantAuthnRequestsSigned="true"'))
    ours = {name: good[name] for name in ("directory", "entity_id", "acs_url")}
    with pytest.raises(ValueError, match=r"^signing_key: "):
        SamlSettings(**ours, metadata_file=str(tmp_path / "idp.xml"))
    assert SamlSettings(**ours, metadata_file=str(tmp_path / "idp.xml"), signing_key=OURS.key).idp


def test_our_metadata_tell_what_a_provider_needs_and_no_key(good: dict[str, Any]) -> None:
    settings = SamlSettings(**good, signing_key=OURS.key + OURS.certificate)
    document = SamlProvider(settings).metadata()
    root = etree.fromstring(document)
    assert root.get("entityID") == good["entity_id"]
    (role,) = root.findall("md:SPSSODescriptor", NAMES)
    assert (role.get("AuthnRequestsSigned"), role.get("WantAssertionsSigned")) == ("true", "true")
    (place,) = role.findall("md:AssertionConsumerService", NAMES)
    assert (place.get("Location"), place.get("Binding")) == (good["acs_url"], saml_metadata.POST)
    assert role.findtext(".//ds:X509Certificate", namespaces=NAMES) == der(OURS)
    assert b"PRIVATE" not in document
    assert b"X509" not in SamlProvider(SamlSettings(**good)).metadata()


def asked(url: str) -> Any:
    packed = base64.b64decode(parse_qs(urlsplit(url).query)["SAMLRequest"][0])
    return etree.fromstring(zlib.decompress(packed, wbits=-15))


def test_the_browser_is_sent_with_a_request_that_binds_the_answer_to_it(good: dict[str, Any]) -> None:
    provider = SamlProvider(SamlSettings(**good, ask_acr=("urn:a",)))
    identity = request_id()
    url = provider.begin(NOW, request_id=identity, relay_state="/x?y=ü&z", force=True)
    assert url.startswith("https://idp.abc.example/sso?tenant=1&SAMLRequest=")
    assert parse_qs(urlsplit(url).query)["RelayState"] == ["/x?y=ü&z"]
    root = asked(url)
    assert dict(root.attrib) == {
        "ID": identity,
        "Version": "2.0",
        "IssueInstant": "2026-03-01T12:00:00Z",
        "Destination": good["sso_url"],
        "AssertionConsumerServiceURL": good["acs_url"],
        "ProtocolBinding": saml_metadata.POST,
        "ForceAuthn": "true",
    }
    assert root.findtext("a:Issuer", namespaces=NAMES) == good["entity_id"]
    assert root.findtext("p:RequestedAuthnContext/a:AuthnContextClassRef", namespaces=NAMES) == "urn:a"
    assert root.find("p:NameIDPolicy", NAMES).get("Format").endswith(":persistent")
    plain = asked(SamlProvider(SamlSettings(**good, name_id_format="")).begin(NOW, request_id=identity))
    assert [child.tag.partition("}")[2] for child in plain] == ["Issuer"]


@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
def test_the_signature_of_a_request_covers_what_is_sent(good: dict[str, Any], kind: str) -> None:
    pem = OURS.key
    if kind == "ecdsa":
        made = ec.generate_private_key(ec.SECP256R1())
        pem = made.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
    provider = SamlProvider(SamlSettings(**good, signing_key=pem))
    query = urlsplit(provider.begin(NOW, request_id=request_id(), relay_state="a b")).query
    signed, _, signature = query.removeprefix("tenant=1&").partition("&Signature=")
    raw = base64.b64decode(unquote(signature))
    key = load_pem_private_key(pem.encode(), None)
    assert f"%23{kind}-sha256" in signed
    if isinstance(key, rsa.RSAPrivateKey):
        key.public_key().verify(raw, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    else:
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        key.public_key().verify(raw, signed.encode(), ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize(
    "given",
    [
        {"request_id": "_short"},
        {"request_id": "1" * 65},
        {"request_id": "_" + "a" * 64, "relay_state": "ü" * 41},
    ],
)
def test_requests_that_could_be_guessed_or_do_not_fit_are_not_sent(
    good: dict[str, Any], given: dict[str, str]
) -> None:
    with pytest.raises(ValueError, match="80 bytes"):
        SamlProvider(SamlSettings(**good)).begin(NOW, **given)


def test_ids_of_requests_are_never_the_same() -> None:
    assert len({request_id() for _ in range(100)}) == 100
