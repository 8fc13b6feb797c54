"""Reads XML that strangers send, and gives back only what a pinned certificate has signed.

`parse` takes no DTD, no entity, no processing instruction, no encoding but UTF-8, and nothing large.  `signed_only` verifies the
signature of one element and returns what was signed, read anew from the signed bytes: what stands around it, what a comment
cut apart and what the signature itself brings along never reaches the caller.

Needs the extra ``[saml]``; nothing of it is loaded before it is needed.  XML Signature: https://www.w3.org/TR/xmldsig-core1/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from importlib.util import find_spec
from itertools import chain
from typing import TYPE_CHECKING, Final

from watchword.errors import SignInRefused, UsageError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from lxml.etree import _Element as Element

ASSERTION: Final = "{urn:oasis:names:tc:SAML:2.0:assertion}"
PROTOCOL: Final = "{urn:oasis:names:tc:SAML:2.0:protocol}"
METADATA: Final = "{urn:oasis:names:tc:SAML:2.0:metadata}"
SIGNATURE: Final = "{http://www.w3.org/2000/09/xmldsig#}"
ENCRYPTION: Final = "{http://www.w3.org/2001/04/xmlenc#}"

MOST_BYTES: Final = 512 * 1024
"""Bytes of a document."""
MOST_ELEMENTS: Final = 20_000

EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
"""Exclusive canonicalisation without comments."""
ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
METHODS: Final = frozenset(
    f"http://www.w3.org/2001/04/xmldsig-more#{kind}-sha{bits}"
    for kind in ("rsa", "ecdsa")
    for bits in (256, 384, 512)
) | {f"http://www.w3.org/2007/05/xmldsig-more#sha{bits}-rsa-MGF1" for bits in (256, 384, 512)}
"""Signature algorithms that are taken.  None with SHA-1, none with a shared key."""
DIGESTS: Final = frozenset(
    {
        "http://www.w3.org/2001/04/xmlenc#sha256",
        "http://www.w3.org/2001/04/xmldsig-more#sha384",
        "http://www.w3.org/2001/04/xmlenc#sha512",
    }
)
"""Digest algorithms that are taken."""


class BadXml(ValueError):
    """A document is none that we read; the text says why and holds none of it."""


def require() -> None:
    """See that the libraries are there.

    Raises:
        UsageError: the extra is not installed.
    """
    if find_spec("lxml") is None or find_spec("signxml") is None:
        raise UsageError(
            "SAML needs signxml and lxml", remedy="install the extra [saml]: pip install 'watchword[saml]'"
        )


def parse(document: bytes, most: int = MOST_BYTES) -> Element:
    """The root of a document.

    Raises:
        BadXml: it is too large, no XML in UTF-8, or holds what no document of ours needs.
        UsageError: the extra is not installed.
    """
    require()
    from lxml import etree

    if len(document) > most:
        raise BadXml(f"the document has more than {most} bytes")
    try:
        text = document.decode("utf-8")
    except UnicodeDecodeError:
        raise BadXml("the document is not UTF-8") from None
    # Looked for in the text, before a parser has begun: entities of attributes are expanded whatever it is told.
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise BadXml("the document has a DTD")
    # The encoding given here wins over the one that the document names.
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, encoding="utf-8"
    )
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise BadXml("the document is not well-formed XML") from None
    if root.getroottree().docinfo.doctype:
        raise BadXml("the document has a DTD")
    for count, node in enumerate(chain(root.itersiblings(preceding=True), root.itersiblings(), root.iter())):
        if count >= MOST_ELEMENTS:
            raise BadXml(f"the document has more than {MOST_ELEMENTS} elements")
        if not isinstance(node.tag, str) and node.tag is not etree.Comment:
            raise BadXml("the document has a processing instruction or an entity")
    return root


def text_of(element: Element | None) -> str:
    """The text of an element that holds nothing but text, without space around it; empty where there is no element.

    Raises:
        SignInRefused: something stands within the text: whoever takes the part before it reads another name.
    """
    if element is None:
        return ""
    if len(element):
        raise SignInRefused("something stands within a text of the assertion")
    return str(element.text or "").strip()


def only(parent: Element, tag: str) -> Element | None:
    """The one child of that name; None where there is none.

    Raises:
        SignInRefused: there are several.
    """
    found = parent.findall(tag)
    if len(found) > 1:
        raise SignInRefused(f"there are several {tag.partition('}')[2]}")
    return found[0] if found else None


def signed_only(element: Element, certificates: Sequence[Certificate], now: datetime) -> Element:
    """What one of the certificates has signed as the whole of an element: a copy, read from the signed bytes.

    1. The element's signature is its own child, and the only one.
    2. It refers to one thing, which is the element, by its ID.
    3. Its transforms are the enveloped signature and exclusive canonicalisation, its algorithms of those that are taken, and it
       holds no objects.
    4. What it says about its key (KeyInfo) is thrown away.
    5. One of the pinned certificates, valid now, verifies signature and digest.
    6. What comes back is an element of the same name and ID.

    Raises:
        SignInRefused: a step failed; the reason is for the log.
    """
    from lxml import etree

    copy = etree.fromstring(etree.tostring(element, with_tail=False))
    signature = only(copy, f"{SIGNATURE}Signature")  # 1
    if signature is None:
        raise SignInRefused("it is not signed")
    _check_shape(signature, copy.get("ID") or "")  # 2, 3
    for info in signature.findall(f"{SIGNATURE}KeyInfo"):  # 4
        signature.remove(info)
    signed = _verified(etree.tostring(copy), certificates, now)  # 5
    if signed.tag != element.tag or signed.get("ID") != element.get("ID"):  # 6
        raise SignInRefused("the signature covers something else")
    return signed


def _check_shape(signature: Element, identity: str) -> None:
    """Steps 2 and 3 of `signed_only`: nothing is verified yet; what is of another shape is not looked at."""
    tags = [child.tag for child in signature.iterchildren("*")]
    if any(tag.partition("}")[2] not in {"SignedInfo", "SignatureValue", "KeyInfo"} for tag in tags):
        raise SignInRefused("the signature holds objects")
    info = only(signature, f"{SIGNATURE}SignedInfo")
    if info is None or [child.tag for child in info.iterchildren("*")] != [
        f"{SIGNATURE}{name}" for name in ("CanonicalizationMethod", "SignatureMethod", "Reference")
    ]:
        raise SignInRefused("the signature does not refer to one thing")
    canonical, method, reference = info.iterchildren("*")
    if not identity or reference.get("URI") != f"#{identity}":
        raise SignInRefused("the signature covers something else")
    if canonical.get("Algorithm") != EXCLUSIVE or method.get("Algorithm") not in METHODS:
        raise SignInRefused("the signature is made by an algorithm that is not taken")
    digest = only(reference, f"{SIGNATURE}DigestMethod")
    if digest is None or digest.get("Algorithm") not in DIGESTS:
        raise SignInRefused("the digest is made by an algorithm that is not taken")
    if list(_transforms(reference)) != [ENVELOPED, EXCLUSIVE]:
        raise SignInRefused("the signature transforms what it signs")


def _transforms(reference: Element) -> Iterator[str]:
    for transforms in reference.findall(f"{SIGNATURE}Transforms"):
        for transform in transforms.iterchildren("*"):
            yield str(transform.get("Algorithm"))


def _verified(document: bytes, certificates: Sequence[Certificate], now: datetime) -> Element:
    """Step 5 of `signed_only`."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from lxml import etree
    from signxml.algorithms import DigestAlgorithm, SignatureMethod
    from signxml.exceptions import SignXMLException
    from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

    expected = SignatureConfiguration(
        require_x509=True,
        location="./",
        expect_references=1,
        signature_methods=frozenset(SignatureMethod(method) for method in METHODS),
        digest_algorithms=frozenset(DigestAlgorithm(digest) for digest in DIGESTS),
        verification_time=now,
    )
    for certificate in certificates:
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            continue
        try:
            found = XMLVerifier().verify(
                document, x509_cert=certificate, expect_config=expected, id_attribute="ID"
            )
        except (
            SignXMLException,
            UnsupportedAlgorithm,
            etree.LxmlError,
            ValueError,
            TypeError,
            AttributeError,
            AssertionError,
        ):
            continue
        if isinstance(found, VerifyResult) and found.signed_xml is not None:
            return found.signed_xml
    raise SignInRefused("no pinned certificate that is valid now has signed it")
