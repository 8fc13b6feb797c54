"""Signs people in with a SAML 2.0 identity provider: sends them there, and believes the assertion that they bring back.

The Web Browser SSO profile with HTTP-Redirect to the provider and HTTP-POST back (Profiles section 4.1,
https://docs.oasis-open.org/security/saml/v2.0/saml-profiles-2.0-os.pdf; Core and Bindings beside it).  Answers that nobody asked for
(IdP-initiated), encrypted assertions, artifacts and logout are not supported.  What `finish` proves is told there; the caller

* makes the request's id anew for each sign-in (`request_id`), keeps it bound to the browser, and forgets it with the first answer;
* refuses an assertion whose id it has seen, and remembers ids until ``expires``;
* decides what the provider's ``acr`` is worth, whose account it is, and whether that person may come in.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from watchword.clock import stamp
from watchword.collect.directories import saml_assertion as assertions
from watchword.collect.directories import saml_metadata
from watchword.collect.directories.saml_assertion import SamlSignIn
from watchword.collect.directories.saml_metadata import POST
from watchword.collect.directories.saml_settings import SamlSettings
from watchword.collect.directories.saml_xml import (
    ASSERTION,
    ENCRYPTION,
    MOST_BYTES,
    PROTOCOL,
    SIGNATURE,
    BadXml,
    only,
    parse,
    require,
    signed_only,
)
from watchword.errors import DirectoryUntrusted, SignInRefused

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

__all__ = ["SamlProvider", "SamlSettings", "SamlSignIn", "request_id"]

SUCCESS: Final = "urn:oasis:names:tc:SAML:2.0:status:Success"
REQUEST_ID: Final = re.compile(r"_[A-Za-z0-9]{32,128}")
LONGEST_RELAY_STATE: Final = 80
"""Bytes (Bindings section 3.4.3)."""
LONGEST_WORD: Final = 80


class SamlProvider:
    """One identity provider.  Safe for threads."""

    def __init__(self, settings: SamlSettings) -> None:
        require()
        self.settings = settings

    def begin(
        self,
        now: datetime,
        *,
        request_id: str,
        relay_state: str = "",
        force: bool = False,
        acr_values: Sequence[str] = (),
    ) -> str:
        """The address to which the browser is sent: an AuthnRequest (Core section 3.4.1) by HTTP-Redirect.

        ``force`` asks for the proof anew (ForceAuthn); ``acr_values`` replace what the settings ask for.

        Raises:
            ValueError: ``request_id`` is none of `request_id`, or ``relay_state`` is longer than 80 bytes.
            DirectoryUntrusted: the provider's metadata is over.
        """
        self._check_metadata(now)
        if not REQUEST_ID.fullmatch(request_id) or len(relay_state.encode()) > LONGEST_RELAY_STATE:
            raise ValueError(
                "a request id of request_id(), and at most 80 bytes of relay state, are expected"
            )
        document = self._request(now, request_id, force=force, acr=acr_values or self.settings.ask_acr)
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        packed = packer.compress(document) + packer.flush()
        query = f"SAMLRequest={quote(base64.b64encode(packed), safe='')}"
        if relay_state:
            query += f"&RelayState={quote(relay_state, safe='')}"
        if self.settings.signing_key:
            query += self._signature(query)
        url = self.settings.idp.sso_url
        return f"{url}{'&' if '?' in url else '?'}{query}"

    def finish(
        self, now: datetime, response: str, *, request_id: str, max_age: int | None = None
    ) -> SamlSignIn:
        """What the provider says of the person whose browser has posted ``response`` (the form's SAMLResponse).

        ``request_id`` is that of the request for this browser; ``max_age``: seconds within which the proof must lie, where
        `begin` asked for it anew.  Each step can only refuse:

        1. It is base64 of a bounded document of UTF-8, which has no DTD, entity or processing instruction.  Nothing is ever
           unpacked.
        2. It is one Response with one Assertion as its child, in the clear; no id stands twice; signatures stand only where they
           may: in the Response, in the Assertion.
        3. The provider says that the sign-in has succeeded.
        4. Each signature that is there covers the whole of the element in which it stands and is made with one of the pinned
           certificates (`saml_xml.signed_only`), and the Assertion is covered.  From here on, only what was signed is
           looked at, as it was signed.
        5. The Response is of this provider, for us (Destination), and answers our request (InResponseTo).
        6. The Assertion is of this provider (Issuer).
        7. Its bearer is confirmed: for our address (Recipient), for our request (InResponseTo), in time (NotOnOrAfter), and without
           NotBefore (Profiles section 4.1.4.2).
        8. Its conditions are known, hold now, and name us as audience.
        9. It tells of a proof (AuthnStatement), within ``max_age`` of now, whose session is not over.
        10. It names whose it is, in one text without anything in it.

        Raises:
            SignInRefused: a step failed; the reason is for the log.
            DirectoryUntrusted: the provider's metadata is over.
        """
        self._check_metadata(now)
        if not REQUEST_ID.fullmatch(request_id):
            raise SignInRefused("nobody has asked for this answer")
        root = _document(response)  # 1
        assertion = _shape(root)  # 2
        _check_status(root)  # 3
        root, assertion, covered = self._signed(now, root, assertion)  # 4
        self._check_response(root, request_id, covered=covered)  # 5
        return assertions.sign_in(self.settings, assertion, now, request_id, max_age)  # 6, 7, 8, 9, 10

    def metadata(self) -> bytes:
        """Our own metadata (XML), to be given to the provider."""
        settings = self.settings
        return saml_metadata.ours(
            settings.entity_id,
            settings.acs_url,
            name_id_format=settings.name_id_format,
            certificates=settings.certificates(),
            signs=bool(settings.signing_key),
        )

    def _check_metadata(self, now: datetime) -> None:
        until = self.settings.idp.valid_until
        if until is not None and now >= until:
            raise DirectoryUntrusted(
                "the provider's metadata is over",
                where=self.settings.metadata_file,
                remedy="take a new one from the provider",
            )

    def _request(self, now: datetime, request_id: str, *, force: bool, acr: Sequence[str]) -> bytes:
        from lxml import etree

        settings = self.settings
        told = {
            "ID": request_id,
            "Version": "2.0",
            "IssueInstant": f"{stamp(now)[:19]}Z",
            "Destination": settings.idp.sso_url,
            "AssertionConsumerServiceURL": settings.acs_url,
            "ProtocolBinding": POST,
        }
        if force:
            told["ForceAuthn"] = "true"
        spaces = {"samlp": PROTOCOL.strip("{}"), "saml": ASSERTION.strip("{}")}
        root = etree.Element(f"{PROTOCOL}AuthnRequest", told, nsmap=spaces)
        etree.SubElement(root, f"{ASSERTION}Issuer").text = settings.entity_id
        if settings.name_id_format:
            policy = {"Format": settings.name_id_format, "AllowCreate": "true"}
            etree.SubElement(root, f"{PROTOCOL}NameIDPolicy", policy)
        if acr:
            asked = etree.SubElement(root, f"{PROTOCOL}RequestedAuthnContext", {"Comparison": "exact"})
            for one in acr:
                etree.SubElement(asked, f"{ASSERTION}AuthnContextClassRef").text = one
        return bytes(etree.tostring(root))

    def _signature(self, query: str) -> str:
        """Signature of a query (Bindings section 3.4.4.1): over the very bytes that are sent."""
        from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
        from cryptography.hazmat.primitives.hashes import SHA256

        key = self.settings.key()
        kind = "rsa" if isinstance(key, rsa.RSAPrivateKey) else "ecdsa"
        signed = f"{query}&SigAlg={quote(f'http://www.w3.org/2001/04/xmldsig-more#{kind}-sha256', safe='')}"
        if isinstance(key, rsa.RSAPrivateKey):
            made = key.sign(signed.encode(), padding.PKCS1v15(), SHA256())
        else:
            made = key.sign(signed.encode(), ec.ECDSA(SHA256()))
        return f"{signed[len(query) :]}&Signature={quote(base64.b64encode(made), safe='')}"

    def _signed(self, now: datetime, root: Element, assertion: Element) -> tuple[Element, Element, bool]:
        """Step 4: Response and Assertion as they were signed, and whether that is so of the Response, too."""
        certificates = self.settings.idp.certificates
        covered = root.find(f"{SIGNATURE}Signature") is not None
        if covered:
            root = signed_only(root, certificates, now)
            assertion = _shape(root)
        if not covered or assertion.find(f"{SIGNATURE}Signature") is not None:
            assertion = signed_only(assertion, certificates, now)
        return root, assertion, covered

    def _check_response(self, root: Element, request_id: str, *, covered: bool) -> None:
        """Step 5.  Where only the Assertion is signed, this is a help for the honest: step 7 is the proof."""
        assertions.check_issuer(self.settings, root, needed=False)
        destination = root.get("Destination")
        if destination != self.settings.acs_url and (destination is not None or covered):
            raise SignInRefused("the answer is for another address")
        if root.get("InResponseTo") != request_id:
            raise SignInRefused("the answer belongs to another request")


def request_id() -> str:
    """An id for a request: 256 random bits, in the form that XML wants of ids."""
    return f"_{secrets.token_hex(32)}"


def _document(response: str) -> Element:
    """Step 1."""
    if len(response) > MOST_BYTES * 4 // 3 + 4096:
        raise SignInRefused("the answer is too long")
    try:
        return parse(base64.b64decode("".join(response.split()), validate=True))
    except (binascii.Error, ValueError) as error:
        why = str(error) if isinstance(error, BadXml) else "it is not base64"
        raise SignInRefused(f"the answer cannot be read: {why}") from None


def _shape(root: Element) -> Element:
    """Step 2: the one Assertion."""
    if root.tag != f"{PROTOCOL}Response" or root.get("Version") != "2.0":
        raise SignInRefused("the answer is no Response of SAML 2.0")
    if next(root.iter(f"{ASSERTION}EncryptedAssertion", f"{ENCRYPTION}EncryptedData"), None) is not None:
        raise SignInRefused(
            "the assertion is encrypted, which is not supported; ask the provider to sign only"
        )
    ids = [
        value
        for node in root.iter("*")
        for name, value in node.attrib.items()
        if name.rpartition("}")[2].lower() == "id"
    ]
    if len(ids) != len(set(ids)):
        raise SignInRefused("an id stands twice in the answer")
    every = list(root.iter(f"{ASSERTION}Assertion"))
    if not every and _status(root) != SUCCESS:
        _check_status(root)
    if len(every) != 1 or every[0].getparent() is not root:
        raise SignInRefused("the answer does not hold one assertion")
    for signature in root.iter(f"{SIGNATURE}Signature"):
        if signature.getparent() is not root and signature.getparent() is not every[0]:
            raise SignInRefused("a signature stands where none may be")
    return every[0]


def _status(root: Element) -> str:
    status = only(root, f"{PROTOCOL}Status")
    code = None if status is None else only(status, f"{PROTOCOL}StatusCode")
    return "" if code is None else str(code.get("Value", ""))


def _check_status(root: Element) -> None:
    """Step 3."""
    found = _status(root)
    if found != SUCCESS:
        word = found.rpartition(":")[2][:LONGEST_WORD]
        told = word if word.isascii() and word.isalnum() else "without a reason that can be told"
        raise SignInRefused(f"the provider refuses: {told}")
