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


@dataclass(frozen=True, slots=True)
class Directory:
    """A source of people and groups; ``settings`` hold no secret."""

    id: DirectoryId
    kind: str
    display: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    last_sync: datetime | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A group of a directory; ``subject`` is the directory's own id of it."""

    id: GroupId
    directory: DirectoryId
    subject: str
    display: str


@dataclass(frozen=True, slots=True)
class Membership:
    """That a principal is in a group, directly or through groups within it."""

    group: GroupId
    principal: PrincipalId
