"""Who may ask for access: people, guests, workloads and services, and the directories that know them.

One person in several directories is one principal with several identities.  Times are UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NewType

from watchword.model.lifecycle import Lifecycle

PrincipalId = NewType("PrincipalId", str)
"""Our own id of a principal; it never changes and is never given again."""

DirectoryId = NewType("DirectoryId", str)
GroupId = NewType("GroupId", str)


class PrincipalKind(StrEnum):
    """What a principal is."""

    USER = "user"
    GUEST = "guest"
    """From outside: has a sponsor and an end date."""
    WORKLOAD = "workload"
    """A program with an identity of its own."""
    SERVICE = "service"
    """A part of watchword itself."""


class PrincipalStatus(StrEnum):
    """Where a principal stands."""

    INVITED = "invited"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


PRINCIPAL_LIFE: Final = Lifecycle(
    of="principal",
    first=frozenset({PrincipalStatus.INVITED, PrincipalStatus.ACTIVE}),
    moves={
        PrincipalStatus.INVITED: frozenset({PrincipalStatus.ACTIVE, PrincipalStatus.ENDED}),
        PrincipalStatus.ACTIVE: frozenset({PrincipalStatus.SUSPENDED, PrincipalStatus.ENDED}),
        PrincipalStatus.SUSPENDED: frozenset({PrincipalStatus.ACTIVE, PrincipalStatus.ENDED}),
    },
)
"""invited → active ⇄ suspended → ended; who has ended stays so, and comes back as another principal."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody or something that may ask for access; ``end_date`` is the instant from which it may not."""

    id: PrincipalId
    kind: PrincipalKind
    display_name: str
    status: PrincipalStatus
    created: datetime
    sponsor: PrincipalId | None = None
    end_date: datetime | None = None
    version: int = 1

    def __post_init__(self) -> None:
        """Refuse a guest for whom nobody answers.

        Raises:
            ValueError: a guest without sponsor or end date, or somebody who is their own sponsor.
        """
        if self.kind is PrincipalKind.GUEST and (self.sponsor is None or self.end_date is None):
            raise ValueError("a guest needs a sponsor and an end date")
        if self.sponsor == self.id:
            raise ValueError("nobody is their own sponsor")


@dataclass(frozen=True, slots=True)
class Identity:
    """A principal as one directory knows it; ``subject`` is the directory's own unchanging id of it."""

    directory: DirectoryId
    subject: str
    principal: PrincipalId
    linked: datetime


class DirectoryState(StrEnum):
    """Whether a directory is read."""

    ENABLED = "enabled"
    DISABLED = "disabled"


DIRECTORY_LIFE: Final = Lifecycle(
    of="directory",
    first=frozenset({DirectoryState.ENABLED}),
    moves={
        DirectoryState.ENABLED: frozenset({DirectoryState.DISABLED}),
        DirectoryState.DISABLED: frozenset({DirectoryState.ENABLED}),
    },
)
"""enabled ⇄ disabled."""


@dataclass(frozen=True, slots=True)
class Directory:
    """A source of people and groups; ``settings`` hold no secret.

    ``last_sync`` is when it was last read whole, ``last_attempt`` when that was last tried; ``last_error`` says why the last
    attempt failed (empty: it did not), ``faults`` what of it could not be believed, ``counts`` how much there was.
    """

    id: DirectoryId
    kind: str
    display: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    last_sync: datetime | None = None
    last_attempt: datetime | None = None
    last_error: str = ""
    faults: tuple[Mapping[str, str], ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    state: DirectoryState = DirectoryState.ENABLED
    version: int = 1


class PresenceState(StrEnum):
    """Whether a directory still has an account or a group."""

    PRESENT = "present"
    GONE = "gone"


PRESENCE_LIFE: Final = Lifecycle(
    of="entry of a directory",
    first=frozenset({PresenceState.PRESENT}),
    moves={
        PresenceState.PRESENT: frozenset({PresenceState.GONE}),
        PresenceState.GONE: frozenset({PresenceState.PRESENT}),
    },
)
"""present ⇄ gone."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group of a directory; ``subject`` is the directory's own id of it."""

    id: GroupId
    directory: DirectoryId
    subject: str
    display: str
    external_id: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    first_seen: datetime | None = None
    changed: datetime | None = None
    state: PresenceState = PresenceState.PRESENT
    version: int = 1


@dataclass(frozen=True, slots=True)
class Membership:
    """That a principal is in a group, directly or through groups within it."""

    group: GroupId
    principal: PrincipalId
