"""Who may do what in watchword itself: roles, permissions, and the table of one in the other.

The table is the only policy of console and API.  It judges roles; whose thing it is, and how strongly and recently the
caller has signed in, is judged beside it in ``watchword.pdp.console``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NewType

from watchword.model.lifecycle import Lifecycle
from watchword.model.people import PrincipalId

AssignmentId = NewType("AssignmentId", str)


class Role(StrEnum):
    """What somebody is in watchword."""

    ADMINISTRATOR = "administrator"
    APPROVER = "approver"
    AUDITOR = "auditor"
    """Reads everything and changes nothing."""
    USER = "user"
    """Every active person of the company; not assigned, but known by the kind of principal."""
    GUEST = "guest"
    """Every active guest; not assigned, but known by the kind of principal."""


ASSIGNABLE: Final = frozenset({Role.ADMINISTRATOR, Role.APPROVER, Role.AUDITOR})
"""The roles that somebody is given; the others follow from who one is."""


class Permission(StrEnum):
    """One thing that a route of console or API lets its caller do."""

    OWN_ACCOUNT = "own-account"
    """See and change one's own factors, sessions and tokens."""
    POSTURE_READ = "posture.read"
    """Overview, findings, controls, the estate, escalation paths."""
    PEOPLE_READ = "people.read"
    PEOPLE_CHANGE = "people.change"
    """Invite, suspend, end people; decide whose account it is."""
    SESSIONS_REVOKE = "sessions.revoke"
    ROLES_CHANGE = "roles.change"
    DIRECTORIES_READ = "directories.read"
    DIRECTORIES_CHANGE = "directories.change"
    """Read a directory anew, now."""
    RECOVERY_REQUEST = "recovery.request"
    """Ask, for somebody who has lost their factors, for new ones."""
    RECOVERY_APPROVE = "recovery.approve"
    AUDIT_READ = "audit.read"
    SIGN_INS_READ = "sign-ins.read"
    SETTINGS_READ = "settings.read"
    METRICS_READ = "metrics.read"


_READS: Final = frozenset(
    {
        Permission.POSTURE_READ,
        Permission.PEOPLE_READ,
        Permission.DIRECTORIES_READ,
        Permission.AUDIT_READ,
        Permission.SIGN_INS_READ,
        Permission.SETTINGS_READ,
        Permission.METRICS_READ,
    }
)

PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = {
    Role.ADMINISTRATOR: _READS
    | {
        Permission.OWN_ACCOUNT,
        Permission.PEOPLE_CHANGE,
        Permission.SESSIONS_REVOKE,
        Permission.ROLES_CHANGE,
        Permission.DIRECTORIES_CHANGE,
        Permission.RECOVERY_REQUEST,
        Permission.RECOVERY_APPROVE,
    },
    Role.APPROVER: frozenset(
        {
            Permission.OWN_ACCOUNT,
            Permission.POSTURE_READ,
            Permission.PEOPLE_READ,
            Permission.RECOVERY_APPROVE,
        }
    ),
    Role.AUDITOR: _READS | {Permission.OWN_ACCOUNT},
    Role.USER: frozenset({Permission.OWN_ACCOUNT}),
    Role.GUEST: frozenset({Permission.OWN_ACCOUNT}),
}
"""What each role may; who has several roles may what any of them may."""

SENSITIVE: Final = frozenset(
    {
        Permission.PEOPLE_CHANGE,
        Permission.SESSIONS_REVOKE,
        Permission.ROLES_CHANGE,
        Permission.DIRECTORIES_CHANGE,
        Permission.RECOVERY_REQUEST,
        Permission.RECOVERY_APPROVE,
    }
)
"""Asks for a sign-in that is fresh and resists phishing, whoever asks."""

CHANGES: Final = SENSITIVE | {Permission.OWN_ACCOUNT}
"""Permissions under which something is changed; a token whose scope is to read has none of them."""


class AssignmentStatus(StrEnum):
    """Where an assignment of a role stands."""

    ACTIVE = "active"
    ENDED = "ended"


ASSIGNMENT_LIFE: Final = Lifecycle(
    of="role assignment",
    first=frozenset({AssignmentStatus.ACTIVE}),
    moves={AssignmentStatus.ACTIVE: frozenset({AssignmentStatus.ENDED})},
)
"""active → ended."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """That a principal has a role, given by ``granted_by``; from ``until`` on it counts no longer, ended or not."""

    id: AssignmentId
    principal: PrincipalId
    role: Role
    granted_by: str
    reason: str
    created: datetime
    until: datetime | None = None
    status: AssignmentStatus = AssignmentStatus.ACTIVE
    ended: datetime | None = None
    version: int = 1

    def __post_init__(self) -> None:
        """Refuse a role that nobody is given.

        Raises:
            ValueError: the role follows from who one is.
        """
        if self.role not in ASSIGNABLE:
            raise ValueError(f"nobody is given the role {self.role}: it follows from who one is")
