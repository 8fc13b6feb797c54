"""The words of SCIM 2.0 that the web and the store share: resources as they are kept, filters as values, questions.

Filters are trees over attribute paths (RFC 7644 §3.4.2.2).  Nothing here parses or judges them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from watchword.errors import WatchwordError
from watchword.model.people import DirectoryId

Json = Any
"""A JSON value as Python has it."""

Document = Mapping[str, Json]
"""A resource's attributes by their names as the schema spells them, without ``schemas``, ``id`` and ``meta``."""


class ScimRefused(WatchwordError):
    """A request of a provisioning client cannot be done: HTTP ``status`` and ``scim_type`` of RFC 7644 §3.12."""

    def __init__(self, status: int, what: str, *, scim_type: str = "", where: str = "") -> None:
        super().__init__(what, where=where)
        self.status = status
        self.scim_type = scim_type


class ScimKind(StrEnum):
    """What a resource is; the value is the name of its resource type."""

    USER = "User"
    GROUP = "Group"


class Operator(StrEnum):
    """How an attribute is compared with a value."""

    EQ = "eq"
    NE = "ne"
    CO = "co"
    SW = "sw"
    EW = "ew"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"


@dataclass(frozen=True, slots=True)
class AttributePath:
    """``schema:name.sub``; ``schema`` and ``sub`` may be empty.  Names are compared without regard to case."""

    name: str
    sub: str = ""
    schema: str = ""

    def __str__(self) -> str:
        """As it is written in a filter."""
        return (f"{self.schema}:" if self.schema else "") + self.name + (f".{self.sub}" if self.sub else "")


@dataclass(frozen=True, slots=True)
class Compared:
    """``path operator value``; ``None`` is the JSON null."""

    path: AttributePath
    operator: Operator
    value: str | bool | int | float | None


@dataclass(frozen=True, slots=True)
class Present:
    """``path pr``: it has a value that is not empty."""

    path: AttributePath


@dataclass(frozen=True, slots=True)
class Every:
    """All parts hold (``and``)."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """One part holds at least (``or``)."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Negated:
    """The part does not hold (``not``)."""

    part: Filter


@dataclass(frozen=True, slots=True)
class Within:
    """``path[part]``: the part holds for one and the same value of a multi-valued attribute."""

    path: AttributePath
    part: Filter


Filter = Compared | Present | Every | Some | Negated | Within


@dataclass(frozen=True, slots=True)
class Caller:
    """The directory for which a client speaks, when, and the id of its request."""

    directory: DirectoryId
    at: datetime
    request: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """A resource as it is kept.

    ``version`` grows with each change.  ``document`` holds also what only the store knows: a user's ``groups``, and
    ``type`` and ``display`` of a group's members.
    """

    kind: ScimKind
    id: str
    version: int
    created: datetime
    changed: datetime
    document: Document


@dataclass(frozen=True, slots=True)
class Query:
    """A question for resources of one kind.

    ``filter`` (``None``: all) has names as the schema spells them, for stores that can use an index; whatever they find
    must pass ``matches``.  ``order`` gives what a resource is sorted by (``None``: the order of creation); who has equal
    keys comes in the order of ids.  ``start`` counts from 0.  ``members`` says whether groups are wanted with their members
    and users with their groups, ``compares_members`` whether ``matches`` or ``order`` look at those.
    """

    kind: ScimKind
    filter: Filter | None = None
    matches: Callable[[Stored], bool] = field(default=lambda _: True)
    start: int = 0
    count: int = 100
    order: Callable[[Stored], Any] | None = None
    descending: bool = False
    members: bool = True
    compares_members: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """How many resources answer a question, and those of the wanted page."""

    total: int
    resources: tuple[Stored, ...] = ()


def fold(text: str) -> str:
    """The form in which texts are compared where case does not count (``caseExact`` false)."""
    return text.casefold()
