"""What is there between the first word and the sign-in: flows, one-time invitations, recoveries, sign-in events.

None of the values holds what a browser sends: only SHA-256 digests of it.  Times are UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NewType

from watchword.model.lifecycle import Lifecycle
from watchword.model.people import PrincipalId

FlowId = NewType("FlowId", str)
"""SHA-256 (hex) of the opaque value in the browser's flow cookie or of the protocol's ``state``."""

InvitationId = NewType("InvitationId", str)
RecoveryId = NewType("RecoveryId", str)
SignInId = NewType("SignInId", str)


class FlowKind(StrEnum):
    """What is under way."""

    SIGN_IN = "sign_in"
    """Somebody has proved something, and not yet enough."""
    PASSKEY_SIGN_IN = "passkey_sign_in"
    PASSKEY_ENROLMENT = "passkey_enrolment"
    TOTP_ENROLMENT = "totp_enrolment"
    OIDC = "oidc"
    SAML = "saml"
    DEVICE = "device"
    """A browser is being bound to its device's key."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Something under way; spent once, and worthless from ``expires`` on."""

    id: FlowId
    kind: FlowKind
    created: datetime
    expires: datetime
    principal: PrincipalId | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    spent: datetime | None = None


class Purpose(StrEnum):
    """What a one-time invitation lets its holder do."""

    BOOTSTRAP = "bootstrap"
    """Become the first administrator."""
    ENROLMENT = "enrolment"
    """Register the first factor."""
    RECOVERY = "recovery"
    """Register new factors in the place of lost ones."""


class InvitationState(StrEnum):
    """Where an invitation stands."""

    OPEN = "open"
    USED = "used"
    REVOKED = "revoked"


INVITATION_LIFE: Final = Lifecycle(
    of="invitation",
    first=frozenset({InvitationState.OPEN}),
    moves={InvitationState.OPEN: frozenset({InvitationState.USED, InvitationState.REVOKED})},
)
"""open → used or revoked; an expired one is known by its time."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """A one-time token; ``digest`` is the SHA-256 (hex) of what its holder shows, which is not kept."""

    id: InvitationId
    purpose: Purpose
    digest: str
    created_by: str
    created: datetime
    expires: datetime
    principal: PrincipalId | None = None
    state: InvitationState = InvitationState.OPEN
    version: int = 1


class RecoveryState(StrEnum):
    """Where a recovery stands."""

    REQUESTED = "requested"
    APPROVED_ONCE = "approved_once"
    APPROVED = "approved"
    USED = "used"
    REJECTED = "rejected"
    EXPIRED = "expired"


RECOVERY_LIFE: Final = Lifecycle(
    of="recovery",
    first=frozenset({RecoveryState.REQUESTED}),
    moves={
        RecoveryState.REQUESTED: frozenset(
            {RecoveryState.APPROVED_ONCE, RecoveryState.REJECTED, RecoveryState.EXPIRED}
        ),
        RecoveryState.APPROVED_ONCE: frozenset(
            {RecoveryState.APPROVED, RecoveryState.REJECTED, RecoveryState.EXPIRED}
        ),
        RecoveryState.APPROVED: frozenset(
            {RecoveryState.USED, RecoveryState.REJECTED, RecoveryState.EXPIRED}
        ),
    },
)
"""requested → approved once → approved → used; rejected or expired from anywhere before that."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """New factors for somebody who has lost theirs: two people approve, neither of whom is that person or each other."""

    id: RecoveryId
    principal: PrincipalId
    reason: str
    requested_by: str
    created: datetime
    expires: datetime
    first_approver: PrincipalId | None = None
    second_approver: PrincipalId | None = None
    invitation: InvitationId | None = None
    state: RecoveryState = RecoveryState.REQUESTED
    version: int = 1


class Outcome(StrEnum):
    """How an attempt to sign in came out."""

    SUCCESS = "success"
    FAILURE = "failure"
    CONTINUED = "continued"
    """One factor was right, and another is asked for."""
    THROTTLED = "throttled"


@dataclass(frozen=True, slots=True)
class SignIn:
    """An attempt to sign in or to prove one's identity again.

    ``reason`` is for the log (``wrong_password``, ``replayed_code``, ``unknown_account``).  ``methods`` are values of
    ``amr`` (RFC 8176).  ``asn`` 0 and ``country`` ``""``: not known.
    """

    id: SignInId
    at: datetime
    outcome: Outcome
    reason: str
    principal: PrincipalId | None
    directory: str
    methods: tuple[str, ...]
    assurance: int
    address: str
    country: str = ""
    asn: int = 0
    agent: str = ""
    device: str = ""
    session: str = ""
    request: str = ""
