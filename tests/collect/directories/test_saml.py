"""What is believed of a SAML identity provider: each step of the proof, broken on purpose by answers that are forged here.

Signatures are made by hand, with lxml's canonicalisation and the key, so that they can be anything.  Times stand still at
``NOW``.  Signature wrapping after Somorovsky et al., On Breaking SAML (USENIX Security 2012).
"""

from __future__ import annotations

import base64
import copy
import datetime as dt
import functools
import gzip
import hashlib
import hmac
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.collect.directories.providers import Pair
from watchword.collect.directories.saml import SamlProvider, SamlSettings, SamlSignIn
from watchword.errors import DirectoryUntrusted, SignInRefused

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
IDP, SP = "https://idp.abc.example/saml", "https://watchword.abc.example/saml"
ACS = "https://watchword.abc.example/sign-in/saml/acs"
ASKED = "_" + "a" * 64
OURS = Pair.made("provider", since=NOW - dt.timedelta(days=10), days=20)
NEXT = Pair.made("the provider's next", since=NOW - dt.timedelta(days=1), days=20)
STALE = Pair.made("the provider's last", since=NOW - dt.timedelta(days=20), days=10)
EVIL = Pair.made("somebody", since=NOW - dt.timedelta(days=10), days=20)

DS = "http://www.w3.org/2000/09/xmldsig#"
SAML, SAMLP = "urn:oasis:names:tc:SAML:2.0:assertion", "urn:oasis:names:tc:SAML:2.0:protocol"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = f"{DS}enveloped-signature"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
Element = Any


def at(seconds: float = 0) -> str:
    return (NOW + dt.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def answer(**more: str) -> Element:
    """A good Response, not yet signed; ``more`` replaces pieces of it."""
    pieces = {
        "response_attributes": f'Destination="{ACS}" InResponseTo="{ASKED}"',
        "response_issuer": f"<saml:Issuer>{IDP}</saml:Issuer>",
        "status": "urn:oasis:names:tc:SAML:2.0:status:Success",
        "issuer": f"<saml:Issuer>{IDP}</saml:Issuer>",
        "name_id": '<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">alice</saml:NameID>',
        "method": "urn:oasis:names:tc:SAML:2.0:cm:bearer",
        "confirmation": f'Recipient="{ACS}" InResponseTo="{ASKED}" NotOnOrAfter="{at(300)}"',
        "conditions": f'NotBefore="{at(-5)}" NotOnOrAfter="{at(300)}"',
        "audience": f"<saml:AudienceRestriction><saml:Audience>{SP}</saml:Audience></saml:AudienceRestriction>",
        "statement": f'AuthnInstant="{at(-60)}" SessionIndex="s1" SessionNotOnOrAfter="{at(3600)}"',
        "attributes": "",
        "version": "2.0",
        "id": "_assertion",
        **more,
    }
    return etree.fromstring(
        """<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"
 xmlns:xs="http://www.w3.org/2001/XMLSchema" ID="_response" Version="2.0" IssueInstant="2026-03-01T12:00:00Z" {response_attributes}>
{response_issuer}<samlp:Status><samlp:StatusCode Value="{status}"/></samlp:Status>
<saml:Assertion ID="{id}" Version="{version}" IssueInstant="2026-03-01T12:00:00Z">{issuer}
<saml:Subject>{name_id}<saml:SubjectConfirmation Method="{method}"><saml:SubjectConfirmationData {confirmation}/>
</saml:SubjectConfirmation></saml:Subject><saml:Conditions {conditions}>{audience}</saml:Conditions>
<saml:AuthnStatement {statement}><saml:AuthnContext><saml:AuthnContextClassRef>urn:strong</saml:AuthnContextClassRef>
</saml:AuthnContext></saml:AuthnStatement>{attributes}</saml:Assertion></samlp:Response>""".format(**pieces)
    )


def the(root: Element, name: str) -> Element:
    """The first element of that name in a document."""
    return next(root.iter(f"{{{SAML}}}{name}", f"{{{SAMLP}}}{name}", f"{{{DS}}}{name}"))


@functools.cache
def private(pair: Pair) -> rsa.RSAPrivateKey:
    key = load_pem_private_key(pair.key.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def sign(element: Element, pair: Pair = OURS, **how: Any) -> Element:
    """Put a signature into an element, after its Issuer; ``how`` says what is otherwise than it should be."""
    transforms = how.get("transforms", [ENVELOPED, how.get("c14n", EXCLUSIVE)])
    comments = how.get("c14n", EXCLUSIVE).endswith("WithComments")
    exclusive = how.get("c14n", EXCLUSIVE).startswith(EXCLUSIVE)

    def canonical(node: Element) -> bytes:
        alone = etree.fromstring(etree.tostring(node, with_tail=False))
        return bytes(etree.tostring(alone, method="c14n", exclusive=exclusive, with_comments=comments))

    digest = base64.b64encode(hashlib.new(how.get("hashed", "sha256"), canonical(element)).digest()).decode()
    uri = how.get("uri", f"#{element.get('ID')}")
    reference = f"""<ds:Reference URI="{uri}"><ds:Transforms>{"".join(f'<ds:Transform Algorithm="{one}"/>' for one in transforms)}
</ds:Transforms><ds:DigestMethod Algorithm="{how.get("digest", SHA256)}"/><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>"""
    signature = etree.fromstring(
        f"""<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>
<ds:CanonicalizationMethod Algorithm="{how.get("c14n", EXCLUSIVE)}"/><ds:SignatureMethod Algorithm="{how.get("method", RSA_SHA256)}"/>
{reference * how.get("references", 1)}</ds:SignedInfo><ds:SignatureValue/><ds:KeyInfo><ds:X509Data><ds:X509Certificate>
{"".join(pair.certificate.splitlines()[1:-1])}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></ds:Signature>"""
    )
    info = canonical(signature[0])
    if how.get("secret"):
        made = hmac.digest(how["secret"], info, "sha256")
    else:
        made = private(pair).sign(info, padding.PKCS1v15(), how.get("hash", hashes.SHA256()))
    signature[1].text = base64.b64encode(made).decode()
    issuer = element.find(f"{{{SAML}}}Issuer")
    element.insert(0 if issuer is None else element.index(issuer) + 1, signature)
    return element


def good(**more: str) -> Element:
    """A Response whose Assertion is signed."""
    root = answer(**more)
    sign(the(root, "Assertion"))
    return root


def posted(root: Element | bytes) -> str:
    return base64.b64encode(root if isinstance(root, bytes) else etree.tostring(root)).decode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("saml")


def told(folder: Path, *pairs: Pair, **more: Any) -> SamlSettings:
    names = "-".join(str(hash(pair)) for pair in pairs or (OURS,))
    file = folder / f"{names}.pem"
    file.write_text("".join(pair.certificate for pair in pairs or (OURS,)))
    given_ = {
        "directory": "saml",
        "entity_id": SP,
        "acs_url": ACS,
        "idp_entity_id": IDP,
        "sso_url": "https://idp.abc.example/sso",
        "certificate_file": str(file),
        **more,
    }
    return SamlSettings(**given_)


@pytest.fixture(scope="module")
def provider(folder: Path) -> SamlProvider:
    return SamlProvider(told(folder))


def finish(provider: SamlProvider, root: Element | bytes, now: dt.datetime = NOW) -> SamlSignIn:
    return provider.finish(now, posted(root), request_id=ASKED)


def refused(provider: SamlProvider, root: Element | bytes, words: str) -> None:
    with pytest.raises(SignInRefused, match=words) as caught:
        finish(provider, root)
    assert ASKED not in caught.value.diagnosis()


def both() -> Element:
    root = good()
    return sign(root)


@pytest.mark.parametrize("made", [good, lambda: sign(answer()), both], ids=["assertion", "response", "both"])
def test_a_good_answer_makes_an_account(provider: SamlProvider, made: Callable[[], Element]) -> None:
    found = finish(provider, made())
    assert (found.account.directory, found.account.subject, found.account.user_name) == (
        "saml",
        "alice",
        "alice",
    )
    assert (found.assertion_id, found.acr, found.session) == ("_assertion", "urn:strong", "s1")
    assert found.auth_time == NOW - dt.timedelta(seconds=60)
    assert found.expires == NOW + dt.timedelta(seconds=360)


def evil(root: Element, identity: str = "_evil") -> Element:
    """A copy of the signed assertion that speaks of somebody else, without signature."""
    made = copy.deepcopy(the(root, "Assertion"))
    for signature in made.findall(f"{{{DS}}}Signature"):
        made.remove(signature)
    made.set("ID", identity)
    for name_id in made.iter(f"{{{SAML}}}NameID"):
        name_id.text = "admin"
    return made


def xsw1(same: str) -> Element:
    """The signed Response within the signature of an evil one."""
    original = sign(answer())
    root = copy.deepcopy(original)
    root.set("ID", same or "_evil")
    the(root, "NameID").text = "admin"
    holder = (
        the(root, "Signature") if not same else etree.SubElement(the(root, "Signature"), f"{{{DS}}}Object")
    )
    bare = copy.deepcopy(original)
    bare.remove(the(bare, "Signature"))
    holder.append(bare)
    return root


def xsw2(same: str) -> Element:
    """The signed Response beside the signature of an evil one."""
    original = sign(answer())
    root = copy.deepcopy(original)
    root.set("ID", same or "_evil")
    the(root, "NameID").text = "admin"
    bare = copy.deepcopy(original)
    bare.remove(the(bare, "Signature"))
    root.insert(1, bare)
    return root


def xsw3(same: str) -> Element:
    """An evil Assertion before the signed one."""
    root = good()
    root.insert(list(root).index(the(root, "Assertion")), evil(root, same or "_evil"))
    return root


def xsw4(same: str) -> Element:
    """The signed Assertion within an evil one."""
    root = good()
    original = the(root, "Assertion")
    wrong = evil(root, same or "_evil")
    root.replace(original, wrong)
    wrong.append(original)
    return root


def xsw5(same: str) -> Element:
    """An evil Assertion bears the signature; the signed one stands at the end."""
    root = good()
    original = the(root, "Assertion")
    wrong = evil(root, same or "_evil")
    signature = the(original, "Signature")
    original.remove(signature)
    wrong.insert(1, signature)
    root.replace(original, wrong)
    root.append(original)
    return root


def xsw6(same: str) -> Element:
    """An evil Assertion bears the signature, within which the signed one stands."""
    root = good()
    original = the(root, "Assertion")
    wrong = evil(root, same or "_evil")
    signature = the(original, "Signature")
    original.remove(signature)
    wrong.insert(1, signature)
    root.replace(original, wrong)
    signature.append(original)
    return root


def xsw7(same: str) -> Element:
    """An evil Assertion among extensions, where schemas allow anything."""
    root = good()
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    extensions.append(evil(root, same or "_evil"))
    root.insert(1, extensions)
    return root


def xsw8(same: str) -> Element:
    """An evil Assertion bears the signature, in an object of which the signed one stands."""
    root = good()
    original = the(root, "Assertion")
    wrong = evil(root, same or "_evil")
    signature = the(original, "Signature")
    original.remove(signature)
    wrong.insert(1, signature)
    root.replace(original, wrong)
    etree.SubElement(signature, f"{{{DS}}}Object").append(original)
    return root


WRAPPINGS = [xsw1, xsw2, xsw3, xsw4, xsw5, xsw6, xsw7, xsw8]


@pytest.mark.parametrize(
    "same", ["", "_assertion", "_response"], ids=["another id", "id of the assertion", "of the response"]
)
@pytest.mark.parametrize("wrapping", WRAPPINGS, ids=lambda one: one.__name__)
def test_a_signature_that_is_wrapped_covers_nobody_else(
    provider: SamlProvider, wrapping: Callable[[str], Element], same: str
) -> None:
    refused(provider, wrapping(same), ".")


@settings(max_examples=150)
@given(st.data())
def test_whatever_is_moved_about_in_a_signed_answer_nobody_but_the_signed_person_comes_in(
    provider: SamlProvider, data: st.DataObject
) -> None:
    root = copy.deepcopy(data.draw(st.sampled_from(TEMPLATES)))
    for _ in range(data.draw(st.integers(1, 3))):
        nodes = [node for node in root.iter("*") if node is not root]
        made = data.draw(st.sampled_from(nodes))
        place = data.draw(
            st.sampled_from([node for node in root.iter("*") if made not in node.iterancestors()])
        )
        kind = data.draw(st.sampled_from(["evil", "move", "copy", "drop", "rename"]))
        identity = data.draw(st.sampled_from(["_assertion", "_response", "_evil"]))
        index = data.draw(st.integers(0, len(place)))
        if kind == "evil" and list(root.iter(f"{{{SAML}}}Assertion")):
            place.insert(index, evil(root, identity))
        elif kind == "move" and place is not made:
            place.insert(index, made)
        elif kind == "copy":
            place.insert(index, copy.deepcopy(made))
        elif kind == "drop":
            made.getparent().remove(made)
        else:
            for name_id in root.iter(f"{{{SAML}}}NameID"):
                name_id.text = "admin"
    try:
        found = finish(provider, root)
    except SignInRefused:
        return
    assert found.account.subject == "alice"


TEMPLATES = [good(), sign(answer()), both()]


@settings(max_examples=200)
@given(st.integers(0, 100_000), st.integers(1, 255), st.sampled_from([0, 1, 2]))
def test_an_answer_in_which_any_byte_is_another_is_of_the_same_person_or_none(
    provider: SamlProvider, place: int, change: int, which: int
) -> None:
    document = bytearray(etree.tostring(TEMPLATES[which]))
    document[place % len(document)] ^= change
    try:
        found = finish(provider, bytes(document))
    except SignInRefused:
        return
    assert (found.account.subject, found.acr, found.assertion_id) == ("alice", "urn:strong", "_assertion")


def altered() -> Element:
    root = good()
    the(root, "NameID").text = "admin"
    return root


def without_signature_value(text: str | None) -> Element:
    root = good()
    the(root, "SignatureValue").text = text
    return root


def empty_signature() -> Element:
    root = answer()
    the(root, "Assertion").insert(1, etree.Element(f"{{{DS}}}Signature"))
    return root


def signed(**how: Any) -> Element:
    root = answer()
    sign(the(root, "Assertion"), **how)
    return root


def half_broken() -> Element:
    """The Response is rightly signed, and within it the Assertion wrongly."""
    root = answer()
    sign(the(root, "Assertion"), EVIL)
    return sign(root)


def outer_broken() -> Element:
    root = good()
    return sign(root, EVIL)


def two_signatures() -> Element:
    root = good()
    assertion = the(root, "Assertion")
    assertion.insert(1, copy.deepcopy(the(assertion, "Signature")))
    return root


HMAC = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
SHA1 = f"{DS}sha1"
SIGNATURES: list[tuple[str, Callable[[], Element], str]] = [
    ("none", answer, "not signed"),
    ("an empty one", empty_signature, "does not refer to one thing"),
    ("no value", lambda: without_signature_value(None), "no pinned certificate"),
    ("an empty value", lambda: without_signature_value(""), "no pinned certificate"),
    ("a value that is none", lambda: without_signature_value("!"), "no pinned certificate"),
    ("another key, whose certificate it brings", lambda: signed(pair=EVIL), "no pinned certificate"),
    ("altered", altered, "no pinned certificate"),
    ("only the outer one is right", half_broken, "no pinned certificate"),
    ("only the inner one is right", outer_broken, "no pinned certificate"),
    ("two of one", two_signatures, "several Signature"),
    ("SHA-1", lambda: signed(method=f"{DS}rsa-sha1", hash=hashes.SHA1()), "algorithm that is not taken"),
    ("a digest of SHA-1", lambda: signed(digest=SHA1, hashed="sha1"), "algorithm that is not taken"),
    (
        "the certificate as shared key",
        lambda: signed(method=HMAC, secret=OURS.certificate.encode()),
        "not taken",
    ),
    ("two references", lambda: signed(references=2), "one thing"),
    ("no reference", lambda: signed(references=0), "one thing"),
    ("the whole document", lambda: signed(uri=""), "something else"),
    ("another element", lambda: signed(uri="#_response"), "something else"),
    ("an address", lambda: signed(uri="https://evil.example/"), "something else"),
    ("a pointer", lambda: signed(uri="#xpointer(/)"), "something else"),
    ("canonical with comments", lambda: signed(c14n=f"{EXCLUSIVE}WithComments"), "not taken"),
    (
        "canonical inclusively",
        lambda: signed(c14n="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
        "not taken",
    ),
    (
        "a path",
        lambda: signed(transforms=[ENVELOPED, "http://www.w3.org/TR/1999/REC-xpath-19991116", EXCLUSIVE]),
        "transf",
    ),
    (
        "a style sheet",
        lambda: signed(transforms=["http://www.w3.org/TR/1999/REC-xslt-19991116", EXCLUSIVE]),
        "transf",
    ),
    ("no transform", lambda: signed(transforms=[]), "transforms"),
    ("twice enveloped", lambda: signed(transforms=[ENVELOPED, ENVELOPED, EXCLUSIVE]), "transforms"),
]


@pytest.mark.parametrize(("name", "made", "words"), SIGNATURES, ids=[row[0] for row in SIGNATURES])
def test_4_what_is_not_signed_as_it_should_be_is_refused(
    provider: SamlProvider, name: str, made: Callable[[], Element], words: str
) -> None:
    refused(provider, made(), words)


def test_4_what_a_signature_says_about_its_key_is_not_looked_at(provider: SamlProvider) -> None:
    root = good()
    number = private(EVIL).public_key().public_numbers()
    modulus = base64.b64encode(number.n.to_bytes(256, "big")).decode()
    value = f"<RSAKeyValue><Modulus>{modulus}</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>"
    info = the(root, "KeyInfo")
    info.append(etree.fromstring(f'<KeyValue xmlns="{DS}">{value}</KeyValue>'))
    assert finish(provider, root).account.subject == "alice"
    info[0][0].text = "nonsense"
    assert finish(provider, root).account.subject == "alice"
    info.getparent().remove(info)
    assert finish(provider, root).account.subject == "alice"


def test_4_signatures_of_every_allowed_length_are_taken(provider: SamlProvider) -> None:
    for bits, kind in ((384, hashes.SHA384()), (512, hashes.SHA512())):
        method = f"http://www.w3.org/2001/04/xmldsig-more#rsa-sha{bits}"
        assert finish(provider, signed(method=method, hash=kind)).account.subject == "alice"


def test_4_each_pinned_certificate_is_good_while_it_is_valid(folder: Path) -> None:
    provider = SamlProvider(told(folder, STALE, OURS, NEXT))
    for pair in (OURS, NEXT):
        assert finish(provider, signed(pair=pair)).account.subject == "alice"
    refused(provider, signed(pair=STALE), "valid now")


SPLITS = ["al<!-- x -->ice", "<!-- x -->alice", "alice<!-- x -->"]


@pytest.mark.parametrize("made", [good, lambda **more: sign(answer(**more))], ids=["assertion", "response"])
@pytest.mark.parametrize("text", SPLITS)
def test_10_a_comment_cuts_nothing_off_a_name(
    provider: SamlProvider, made: Callable[..., Element], text: str
) -> None:
    document = etree.tostring(made()).replace(b">alice<", f">{text}<".encode())
    assert finish(provider, document).account.subject == "alice"
    longer = etree.tostring(made(name_id="<saml:NameID>alice.evil.example</saml:NameID>"))
    found = finish(provider, longer.replace(b"alice.evil", b"alice<!-- x -->.evil"))
    assert found.account.subject == "alice.evil.example"


NAMES: list[tuple[str, str, str]] = [
    ("no name", "", "whose it is"),
    ("an empty name", "<saml:NameID/>", "whose it is"),
    ("space", "<saml:NameID> </saml:NameID>", "whose it is"),
    ("something within", "<saml:NameID>ali<x/>ce</saml:NameID>", "within a text"),
    ("two names", "<saml:NameID>a</saml:NameID><saml:NameID>b</saml:NameID>", "several NameID"),
    ("encrypted", "<saml:EncryptedID/>", "whose it is"),
    ("a name that is too long", f"<saml:NameID>{'a' * 257}</saml:NameID>", "whose it is"),
    ("a name of two lines", "<saml:NameID>a&#10;b</saml:NameID>", "whose it is"),
    (
        "a name that changes",
        '<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient">x</saml:NameID>',
        "another each time",
    ),
]


@pytest.mark.parametrize(("name", "name_id", "words"), NAMES, ids=[row[0] for row in NAMES])
def test_10_a_name_that_is_none_is_refused(
    provider: SamlProvider, name: str, name_id: str, words: str
) -> None:
    refused(provider, good(name_id=name_id), words)


def confirmed(recipient: str = ACS, asked: str = ASKED, until: float = 300, more: str = "") -> str:
    return f'Recipient="{recipient}" InResponseTo="{asked}" NotOnOrAfter="{at(until)}" {more}'


def restricted(*audiences: str) -> str:
    inside = "".join(f"<saml:Audience>{one}</saml:Audience>" for one in audiences)
    return f"<saml:AudienceRestriction>{inside}</saml:AudienceRestriction>"


OTHER = "_" + "b" * 64
SIGNED: list[tuple[str, dict[str, str], str]] = [
    (
        "5 another destination",
        {"response_attributes": f'Destination="{ACS}/x" InResponseTo="{ASKED}"'},
        "another address",
    ),
    (
        "5 another request",
        {"response_attributes": f'Destination="{ACS}" InResponseTo="{OTHER}"'},
        "another request",
    ),
    ("5 no request", {"response_attributes": f'Destination="{ACS}"'}, "another request"),
    (
        "5 another issuer",
        {"response_issuer": "<saml:Issuer>https://evil.example</saml:Issuer>"},
        "another provider",
    ),
    ("6 another issuer", {"issuer": "<saml:Issuer>https://evil.example</saml:Issuer>"}, "another provider"),
    ("6 an issuer of two parts", {"issuer": f"<saml:Issuer>{IDP}<x/></saml:Issuer>"}, "within a text"),
    ("6 no issuer", {"issuer": ""}, "another provider"),
    ("6 two issuers", {"issuer": f"<saml:Issuer>{IDP}</saml:Issuer>" * 2}, "several Issuer"),
    (
        "6 an issuer of another form",
        {"issuer": f'<saml:Issuer Format="urn:x">{IDP}</saml:Issuer>'},
        "another provider",
    ),
    ("7 no bearer", {"method": "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"}, "no bearer"),
    ("7 another recipient", {"confirmation": confirmed(recipient=f"{ACS}/x")}, "another address"),
    (
        "7 no recipient",
        {"confirmation": f'InResponseTo="{ASKED}" NotOnOrAfter="{at(300)}"'},
        "another address",
    ),
    ("7 another request", {"confirmation": confirmed(asked=OTHER)}, "another request"),
    ("7 no request", {"confirmation": f'Recipient="{ACS}" NotOnOrAfter="{at(300)}"'}, "another request"),
    ("7 no end", {"confirmation": f'Recipient="{ACS}" InResponseTo="{ASKED}"'}, "until when"),
    ("7 over", {"confirmation": confirmed(until=-60)}, "over"),
    ("7 a beginning", {"confirmation": confirmed(more=f'NotBefore="{at(-60)}"')}, "NotBefore"),
    (
        "7 an end that is none",
        {"confirmation": f'Recipient="{ACS}" InResponseTo="{ASKED}" NotOnOrAfter="x"'},
        "no time",
    ),
    ("8 of the future", {"conditions": f'NotBefore="{at(61)}" NotOnOrAfter="{at(300)}"'}, "future"),
    ("8 over", {"conditions": f'NotBefore="{at(-600)}" NotOnOrAfter="{at(-60)}"'}, "over"),
    ("8 a time with a zone", {"conditions": 'NotOnOrAfter="2027-03-01T12:00:00+01:00"'}, "no time"),
    ("8 a day that is none", {"conditions": 'NotOnOrAfter="2027-02-30T12:00:00Z"'}, "no time"),
    ("8 another audience", {"audience": restricted("https://another.example")}, "another audience"),
    ("8 no audience", {"audience": ""}, "for whom"),
    ("8 an empty audience", {"audience": restricted()}, "another audience"),
    ("8 our name is a beginning", {"audience": restricted(f"{SP}/x")}, "another audience"),
    (
        "8 two audiences at once",
        {"audience": restricted(SP) + restricted("https://another.example")},
        "another audience",
    ),
    (
        "8 a condition of which we know nothing",
        {"audience": restricted(SP) + "<saml:Condition/>"},
        "not known",
    ),
    ("9 no time", {"statement": 'SessionIndex="s1"'}, "no time"),
    ("9 a proof in the future", {"statement": f'AuthnInstant="{at(61)}"'}, "future"),
    (
        "9 a session that is over",
        {"statement": f'AuthnInstant="{at(-60)}" SessionNotOnOrAfter="{at(-60)}"'},
        "session",
    ),
    ("an assertion of another version", {"version": "1.1"}, "SAML 2"),
]


@pytest.mark.parametrize(("name", "more", "words"), SIGNED, ids=[row[0] for row in SIGNED])
def test_a_signed_answer_is_refused_when_a_step_fails(
    provider: SamlProvider, name: str, more: dict[str, str], words: str
) -> None:
    for root in (good(**more), sign(answer(**more)), sign(good(**more))):
        refused(provider, root, words)


def test_5_an_answer_that_is_signed_as_a_whole_must_say_where_it_goes(provider: SamlProvider) -> None:
    attributes = f'InResponseTo="{ASKED}"'
    refused(provider, sign(answer(response_attributes=attributes)), "another address")
    assert finish(provider, good(response_attributes=attributes)).account.subject == "alice"


def test_9_the_proof_is_as_fresh_as_was_asked(provider: SamlProvider) -> None:
    # A minute ago, with clocks that may differ by a minute.
    for age, now in ((0, NOW), (60, NOW + dt.timedelta(seconds=60)), (None, NOW + dt.timedelta(seconds=200))):
        assert provider.finish(now, posted(good()), request_id=ASKED, max_age=age).account.subject == "alice"
    with pytest.raises(SignInRefused, match="too long ago"):
        provider.finish(NOW + dt.timedelta(seconds=1), posted(good()), request_id=ASKED, max_age=0)


def test_9_an_assertion_without_a_proof_is_refused(provider: SamlProvider) -> None:
    root = answer()
    statement = the(root, "AuthnStatement")
    statement.getparent().remove(statement)
    sign(the(root, "Assertion"))
    refused(provider, root, "does not tell of a proof")


@pytest.mark.parametrize(
    "more",
    [
        {"confirmation": confirmed(until=-59)},
        {"conditions": f'NotBefore="{at(60)}" NotOnOrAfter="{at(300)}"'},
        {"conditions": ""},
        {"conditions": 'NotOnOrAfter="2026-03-01T12:05:00.123456789Z"'},
        {"audience": restricted("https://another.example", SP)},
        {"audience": restricted(SP) + "<saml:OneTimeUse/>"},
        {"statement": f'AuthnInstant="{at(60)}"'},
        {"response_issuer": ""},
        {"name_id": "<saml:NameID> alice </saml:NameID>"},
    ],
    ids=str,
)
def test_an_answer_at_the_edge_of_what_is_allowed_is_taken(
    provider: SamlProvider, more: dict[str, str]
) -> None:
    assert finish(provider, good(**more)).account.subject == "alice"


def declared(dtd: str, name: str = "alice") -> bytes:
    document = etree.tostring(good()).replace(b">alice<", f">{name}<".encode())
    return f'<?xml version="1.0"?>{dtd}'.encode() + document


def laughs() -> bytes:
    entities = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    return declared(f"<!DOCTYPE x [{entities}]>", "&a9;")


def deflated() -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(b"<a>" + b" " * 50_000_000) + packer.flush()


def encrypted() -> Element:
    root = answer()
    assertion = the(root, "Assertion")
    root.replace(assertion, etree.Element(f"{{{SAML}}}EncryptedAssertion"))
    return root


def twice() -> Element:
    root = good()
    root.append(copy.deepcopy(the(root, "Assertion")))
    return root


def followed(tag: str = "") -> Element:
    """The signed assertion comes first, and another after it."""
    root = good()
    place = etree.SubElement(root, f"{{{SAMLP}}}{tag}") if tag else root
    place.append(evil(root))
    return root


def stray() -> Element:
    root = good()
    the(root, "Status").append(etree.Element(f"{{{DS}}}Signature"))
    return root


def failed() -> Element:
    root = answer(status="urn:oasis:names:tc:SAML:2.0:status:Requester")
    root.remove(the(root, "Assertion"))
    return root


DOCUMENTS: list[tuple[str, Callable[[], Element | bytes], str]] = [
    ("1 a bomb of entities", laughs, "DTD"),
    ("1 a file", lambda: declared('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>', "&e;"), "DTD"),
    ("1 an address", lambda: declared('<!DOCTYPE x SYSTEM "http://169.254.169.254/">'), "DTD"),
    ("1 a parameter", lambda: declared('<!DOCTYPE x [<!ENTITY % e SYSTEM "http://a.example/">%e;]>'), "DTD"),
    (
        "1 an entity that nobody knows",
        lambda: etree.tostring(good()).replace(b">alice<", b">&e;<"),
        "well-formed",
    ),
    ("1 another encoding", lambda: declared("<!DOCTYPE x>").decode().encode("utf-16"), "UTF-8"),
    (
        "1 an instruction",
        lambda: etree.tostring(good()).replace(b">alice<", b">ali<?x y?>ce<"),
        "instruction",
    ),
    (
        "1 a style sheet",
        lambda: b'<?xml-stylesheet href="x"?>' + etree.tostring(good()),
        "instruction",
    ),
    ("1 a bomb of deflate", deflated, "cannot be read"),
    ("1 packed", lambda: gzip.compress(etree.tostring(good())), "cannot be read"),
    ("1 huge", lambda: b"<a>" + b" " * 600_000 + b"</a>", "bytes|too long"),
    ("1 huge beyond words", lambda: b"<a>" + b" " * 6_000_000 + b"</a>", "too long"),
    ("1 deep", lambda: b"<a>" * 5000 + b"</a>" * 5000, "well-formed"),
    ("1 many", lambda: b"<a>" + b"<b/>" * 25_000 + b"</a>", "elements"),
    ("1 nothing", lambda: b"", "well-formed"),
    ("1 no XML", lambda: b"garbage", "well-formed"),
    ("1 NUL", lambda: etree.tostring(good()).replace(b"alice", b"al\0ice"), "well-formed"),
    ("2 another document", lambda: etree.Element("a"), "no Response"),
    ("2 an assertion only", lambda: the(good(), "Assertion"), "no Response"),
    ("2 encrypted", encrypted, "encrypted"),
    ("2 two assertions", twice, "id stands twice"),
    ("2 another assertion after it", followed, "one assertion"),
    ("2 another among extensions", lambda: followed("Extensions"), "one assertion"),
    ("2 a signature of nothing", stray, "where none may be"),
    ("3 refused", failed, "the provider refuses: Requester"),
    (
        "3 refused although there is an assertion",
        lambda: good(status="urn:x:Responder"),
        "refuses: Responder",
    ),
    ("3 a status that is no word", lambda: good(status="urn:x:&lt;b&gt;"), "without a reason"),
]


@pytest.mark.parametrize(("name", "made", "words"), DOCUMENTS, ids=[row[0] for row in DOCUMENTS])
def test_a_document_that_is_none_of_ours_is_refused(
    provider: SamlProvider, name: str, made: Callable[[], Element | bytes], words: str
) -> None:
    refused(provider, made(), words)


@pytest.mark.parametrize("text", ["", "!", "é", "YQ=", "YQ==YQ==", "YWxpY2U"], ids=repr)
def test_1_what_is_not_base64_is_refused(provider: SamlProvider, text: str) -> None:
    with pytest.raises(SignInRefused, match="cannot be read"):
        provider.finish(NOW, text, request_id=ASKED)


def test_1_base64_in_lines_is_taken(provider: SamlProvider) -> None:
    text = base64.encodebytes(etree.tostring(good())).decode().replace("\n", "\r\n")
    assert provider.finish(NOW, text, request_id=ASKED).account.subject == "alice"


@pytest.mark.parametrize("asked", ["", "_short", "a" * 65], ids=repr)
def test_an_answer_that_nobody_has_asked_for_is_refused(provider: SamlProvider, asked: str) -> None:
    root = good(
        response_attributes=f'Destination="{ACS}" InResponseTo="{asked}"', confirmation=confirmed(asked=asked)
    )
    with pytest.raises(SignInRefused, match="nobody has asked"):
        provider.finish(NOW, posted(root), request_id=asked)


def attribute(name: str, *values: str, friendly: str = "") -> str:
    inside = "".join(f"<saml:AttributeValue>{value}</saml:AttributeValue>" for value in values)
    return f'<saml:Attribute Name="{name}" FriendlyName="{friendly}">{inside}</saml:Attribute>'


def stated(*attributes: str) -> str:
    return f"<saml:AttributeStatement>{''.join(attributes)}</saml:AttributeStatement>"


CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims"


def test_attributes_become_an_account_whatever_the_provider_calls_them(folder: Path) -> None:
    made = stated(
        attribute(f"{CLAIMS}/upn", "alice@abc.example"),
        attribute("urn:oid:0.9.2342.19200300.100.1.3", "a.b@abc.example", "other@abc.example"),
        attribute("urn:oid:2.16.840.1.113730.3.1.3", "00123"),
        attribute("x", "Alice", friendly="displayName"),
        attribute("memberOf", "engineers", "", "<x/>", "a&#10;b", "on-call"),
    )
    account = finish(SamlProvider(told(folder)), good(attributes=made)).account
    assert (account.user_name, account.mail, account.employee_number, account.display_name) == (
        "alice@abc.example",
        "a.b@abc.example",
        "00123",
        "Alice",
    )
    assert (account.attributes, account.mail_verified) == ({"groups": ("engineers", "on-call")}, None)


def test_settings_say_which_attributes_are_meant(folder: Path) -> None:
    named = {"subject": "employeeId", "user_name": "login", "groups": "roles"}
    provider = SamlProvider(told(folder, attributes=named))
    transient = '<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient">x</saml:NameID>'
    made = [
        attribute("employeeId", "7"),
        attribute("login", "al"),
        attribute("uid", "no"),
        attribute("groups", "no"),
    ]
    account = finish(provider, good(name_id=transient, attributes=stated(*made))).account
    assert (account.subject, account.user_name, account.attributes) == ("7", "al", {})
    for wrong in (
        [],
        [attribute("employeeId")],
        [attribute("employeeId", "7", "8")],
        [attribute("employeeId", "7")] * 2,
    ):
        refused(provider, good(attributes=stated(*wrong)), "whose it is")


def test_a_name_of_an_attribute_wins_over_what_another_is_called_by_friends(folder: Path) -> None:
    made = stated(
        attribute("x", "mallory@abc.example", friendly="mail"), attribute("mail", "alice@abc.example")
    )
    assert finish(SamlProvider(told(folder)), good(attributes=made)).account.mail == "alice@abc.example"


@pytest.fixture
def ends(folder: Path) -> SamlProvider:
    certificate = "".join(OURS.certificate.splitlines()[1:-1])
    file = folder / "ends.xml"
    file.write_text(
        f"""<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{IDP}" validUntil="{at()}">
<IDPSSODescriptor protocolSupportEnumeration="{SAMLP}"><KeyDescriptor><KeyInfo xmlns="{DS}"><X509Data><X509Certificate>
{certificate}</X509Certificate></X509Data></KeyInfo></KeyDescriptor><SingleSignOnService
 Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.abc.example/sso"/></IDPSSODescriptor>
</EntityDescriptor>"""
    )
    return SamlProvider(SamlSettings("saml", SP, ACS, metadata_file=str(file)))  # type: ignore[arg-type]


def test_metadata_that_is_over_is_trusted_no_longer(ends: SamlProvider) -> None:
    before = NOW - dt.timedelta(seconds=1)
    assert ends.finish(before, posted(good()), request_id=ASKED).account.subject == "alice"
    with pytest.raises(DirectoryUntrusted, match="metadata is over"):
        ends.finish(NOW, posted(good()), request_id=ASKED)
    with pytest.raises(DirectoryUntrusted, match="metadata is over"):
        ends.begin(NOW, request_id=ASKED)
