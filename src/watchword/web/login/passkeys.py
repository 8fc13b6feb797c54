"""Passkeys: what the browser is asked for, and what its answer must be (WebAuthn Level 3, https://www.w3.org/TR/webauthn-3/).

Pure but for what the arguments bring.  Registering (docs/sign-in.md, step 4) and signing in (step 5) are proofs in numbered
steps; the caller has spent the flow that holds the challenge before it calls, so no answer is ever looked at twice.

Attestation is neither asked for nor relied upon: any passkey will do that verifies its user and can be found without a
name.  ``none`` and ``packed`` statements are read, since browsers may leave the latter; others are refused, with the code
that would have to read them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from watchword.errors import SignInRefused
from watchword.model.factors import Factor
from watchword.model.people import Principal, PrincipalId
from watchword.web.login.tokens import b64, unb64

if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

LARGEST: Final = 64 * 1024
"""Characters of a browser's answer; a registration without attestation has about 1,000."""

SECONDS: Final = 300
"""How long a ceremony may take (WebAuthn L3 §15.1: 5 to 10 minutes where the user is verified)."""

LONGEST_ID: Final = 1023
"""Bytes of a credential's id."""

CHALLENGE_BYTES: Final = 32
"""WebAuthn L3 §13.4.3 asks for 16 at least."""

UNCOUNTED: Final = -(2**52)
"""Below 0 a factor's counter stands for a passkey that does not count: it rises by one a use, and any real count is above."""

MOST: Final = 20
"""Passkeys of one person."""


class PasskeyRefused(SignInRefused):
    """A passkey's answer is not what was asked for; ``what`` is for the log."""


@dataclass(frozen=True, slots=True)
class Site:
    """Our site, to which passkeys are bound: origin, relying party's id (the host), and the name that people see."""

    origin: str
    rp_id: str
    name: str

    @classmethod
    def of(cls, public_url: str, name: str) -> Site:
        """The site of the one address under which browsers come."""
        parts = urlsplit(public_url)
        return cls(f"{parts.scheme}://{parts.netloc}", parts.hostname or "", name)


@dataclass(frozen=True, slots=True)
class Registered:
    """A new passkey: its id, and what is kept of it."""

    handle: str
    public: Mapping[str, Any]
    counter: int


@dataclass(frozen=True, slots=True)
class Asserted:
    """A passkey that has signed.

    ``counter`` is what the factor's counter must rise to; ``None``: it has fallen, so there are two of the passkey, and the
    factor is to be suspended.  ``backed_up``: whether it is kept elsewhere, too, now.
    """

    counter: int | None
    backed_up: bool


def user_handle(principal: PrincipalId) -> bytes:
    """By what a passkey knows whose it is: 32 bytes that say nothing about the person (WebAuthn L3 §14.6.1)."""
    return hashlib.sha256(b"watchword user handle\0" + principal.encode()).digest()


def creation_options(
    site: Site, principal: Principal, user_name: str, challenge: bytes, existing: Iterable[Factor]
) -> str:
    """What ``navigator.credentials.create()`` is given, as JSON; passkeys in ``existing`` are not made twice."""
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers import structs

    options = generate_registration_options(
        rp_id=site.rp_id,
        rp_name=site.name,
        user_id=user_handle(principal.id),
        user_name=user_name or principal.display_name or "you",
        user_display_name=principal.display_name or user_name or "you",
        challenge=challenge,
        timeout=SECONDS * 1000,
        attestation=structs.AttestationConveyancePreference.NONE,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(existing),
        supported_pub_key_algs=_algorithms(),
    )
    return options_to_json(options)


def request_options(site: Site, challenge: bytes, allowed: Iterable[Factor] = ()) -> str:
    """What ``navigator.credentials.get()`` is given, as JSON; without ``allowed`` the browser offers what it finds."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers.structs import UserVerificationRequirement

    options = generate_authentication_options(
        rp_id=site.rp_id,
        challenge=challenge,
        timeout=SECONDS * 1000,
        allow_credentials=_descriptors(allowed),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def check_registration(site: Site, challenge: bytes, answer: str) -> Registered:
    """The passkey that a browser has made, if it has done as asked.

    Raises:
        PasskeyRefused: it has not; nothing of the answer is believed.
    """
    # 4.1 Form and size.
    given = _parsed(answer)
    # 4.2 Same site, same page: neither from a frame of another site.
    _check_client_data(given, "webauthn.create", site)
    # 4.3 to 4.6 Challenge, origin, relying party, presence and verification of the user, algorithm, statement.
    found = _guarded(lambda: _verified_registration(site, challenge, given))
    # 4.7 An id that is no longer than they may be (WebAuthn L3 §7.1 step 25).
    if len(found.credential_id) > LONGEST_ID:
        raise PasskeyRefused("a passkey's id that is too long")
    return Registered(
        handle=b64(found.credential_id),
        public={
            "public_key": b64(found.credential_public_key),
            "aaguid": found.aaguid,
            "backup_eligible": found.credential_device_type.value == "multi_device",
            "backed_up": found.credential_backed_up,
            "transports": _transports(given),
            "rp_id": site.rp_id,
        },
        # 0 from an authenticator that does not count, or has not yet.
        counter=found.sign_count or UNCOUNTED,
    )


def handle_of(answer: str) -> str:
    """The credential's id in a browser's answer, by which the factor is found; nothing else of it is believed yet.

    Raises:
        PasskeyRefused: the answer has no form, or no id.
    """
    handle = _parsed(answer).get("id")
    if not isinstance(handle, str) or not 1 <= len(handle) <= 2 * LONGEST_ID:
        raise PasskeyRefused("a passkey without id")
    return handle


def check_assertion(
    site: Site, challenge: bytes, factor: Factor, answer: str, *, named: bool = False
) -> Asserted:
    """What a passkey has signed, if it is ``factor`` that signed what was asked for.

    ``named``: the browser was told whose passkeys are allowed; only then may it leave out whose this is.

    Raises:
        PasskeyRefused: it is not; nothing of the answer is believed.
    """
    # 5.1 Form, size, and whose credential it says it is.
    given = _parsed(answer)
    if given.get("id") != factor.handle:
        raise PasskeyRefused("another passkey")
    # 5.2 Same site, same page.
    _check_client_data(given, "webauthn.get", site)
    # 5.3 Whose it is, by its own word.
    _check_user_handle(given, factor.principal, named)
    # 5.4 to 5.6 Challenge, origin, relying party, presence and verification of the user, signature.
    found = _guarded(lambda: _verified_assertion(site, challenge, factor, given))
    eligible = found.credential_device_type.value == "multi_device"
    # 5.7 What could not be copied when it was made cannot be now.
    if eligible != factor.public.get("backup_eligible"):
        raise PasskeyRefused("backup eligibility has changed")
    # 5.8 Whether there are two of it (WebAuthn L3 §7.2 step 22).
    return Asserted(_risen(factor.counter, found.new_sign_count), found.credential_backed_up)


def _risen(before: int, said: int) -> int | None:
    """To what a counter rises, by what the authenticator says; ``None`` where it has fallen or stands still."""
    if said == 0:
        return before + 1 if before < 0 else None
    return said if said > before else None


def _verified_registration(site: Site, challenge: bytes, given: Mapping[str, Any]) -> Any:  # noqa: ANN401
    from webauthn import verify_registration_response

    return verify_registration_response(
        credential=dict(given),
        expected_challenge=challenge,
        expected_rp_id=site.rp_id,
        expected_origin=site.origin,
        require_user_presence=True,
        require_user_verification=True,
        supported_pub_key_algs=_algorithms(),
    )


def _verified_assertion(site: Site, challenge: bytes, factor: Factor, given: Mapping[str, Any]) -> Any:  # noqa: ANN401
    from webauthn import verify_authentication_response

    return verify_authentication_response(
        credential=dict(given),
        expected_challenge=challenge,
        expected_rp_id=site.rp_id,
        expected_origin=site.origin,
        credential_public_key=unb64(str(factor.public.get("public_key", ""))),
        # Ours is judged in _risen: the library cannot tell a counter that counts from one that never has.
        credential_current_sign_count=-1,
        require_user_verification=True,
    )


def _guarded(verify: Callable[[], Any]) -> Any:  # noqa: ANN401
    """Run the library on what a stranger has sent: whatever it stumbles over is a refusal."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from webauthn.helpers.exceptions import WebAuthnException

    bad = (WebAuthnException, InvalidSignature, UnsupportedAlgorithm)
    odd = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, struct.error)
    try:
        return verify()
    except bad as error:
        raise PasskeyRefused(_told(error)) from None
    except odd:
        raise PasskeyRefused("a passkey's answer that cannot be read") from None


def _told(error: Exception) -> str:
    """Why the library refuses, without what a stranger has sent."""
    text = str(error)
    for known, told in _REASONS.items():
        if known in text:
            return told
    return f"refused: {type(error).__name__}"


_REASONS: Final = {
    "challenge": "another challenge",
    "client data origin": "another origin",
    "RP ID": "another relying party",
    "User verification": "the user was not verified",
    "User presence": "nobody was there",
    "User was not present": "nobody was there",
    "alg": "an algorithm that was not asked for",
    "client data type": "an answer to another question",
    "signature": "a wrong signature",
    "attestation type": "an attestation that is not read",
}
"""By words of the library's messages (webauthn 3.0)."""


def _parsed(answer: str) -> dict[str, Any]:
    if len(answer) > LARGEST:
        raise PasskeyRefused("a passkey's answer that is too large")
    try:
        given = json.loads(answer)
    except (ValueError, RecursionError):
        raise PasskeyRefused("a passkey's answer that is not JSON") from None
    if not isinstance(given, dict) or not isinstance(given.get("response"), dict):
        raise PasskeyRefused("a passkey's answer of another form")
    return given


def _check_client_data(given: Mapping[str, Any], kind: str, site: Site) -> None:
    """What the library leaves open: no frame of another site, one reading of the JSON only."""
    try:
        client = json.loads(unb64(str(given["response"].get("clientDataJSON"))), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise PasskeyRefused("client data that cannot be read") from None
    if not isinstance(client, dict) or client.get("type") != kind:
        raise PasskeyRefused("an answer to another question")
    if client.get("crossOrigin", False) is not False or "topOrigin" in client:
        raise PasskeyRefused("from within another site")
    if client.get("origin") != site.origin:
        raise PasskeyRefused("another origin")
    if kind == "webauthn.create":
        _check_statement(given)


def _check_statement(given: Mapping[str, Any]) -> None:
    from webauthn.helpers import parse_attestation_object
    from webauthn.helpers.structs import AttestationFormat

    statement = _guarded(
        lambda: parse_attestation_object(unb64(str(given["response"].get("attestationObject"))))
    )
    if statement.fmt not in {AttestationFormat.NONE, AttestationFormat.PACKED}:
        raise PasskeyRefused("an attestation that is not read")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _check_user_handle(given: Mapping[str, Any], principal: PrincipalId, named: bool) -> None:
    told = given["response"].get("userHandle")
    if told is None and named:
        return
    try:
        same = isinstance(told, str) and hmac.compare_digest(unb64(told.rstrip("=")), user_handle(principal))
    except ValueError:
        same = False
    if not same:
        raise PasskeyRefused("somebody else's passkey")


def _transports(given: Mapping[str, Any]) -> list[str]:
    from webauthn.helpers.structs import AuthenticatorTransport

    told = given["response"].get("transports")
    known = {one.value for one in AuthenticatorTransport}
    return sorted({one for one in told if isinstance(one, str)} & known) if isinstance(told, list) else []


def _algorithms() -> list[Any]:
    from webauthn.helpers.cose import COSEAlgorithmIdentifier as Cose

    # Ed25519 first, then P-256, then RSA for Windows Hello on old machines (WebAuthn L3 §5.4: these three).
    return [Cose.EDDSA, Cose.ECDSA_SHA_256, Cose.RSASSA_PKCS1_v1_5_SHA_256]


def _descriptors(factors: Iterable[Factor]) -> list[PublicKeyCredentialDescriptor]:
    from webauthn.helpers.structs import AuthenticatorTransport, PublicKeyCredentialDescriptor

    return [
        PublicKeyCredentialDescriptor(
            id=unb64(one.handle),
            transports=[AuthenticatorTransport(way) for way in one.public.get("transports", ())] or None,
        )
        for one in factors
    ]
