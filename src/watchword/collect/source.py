"""What the engine reads from: live AWS, or a directory of answers.  Both implement ``Source``.

A source answers calls page by page, or raises ``CallFailed`` with the reason; it does not know tables or rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from watchword.aws import Caller
from watchword.model.evidence import HoleReason
from watchword.model.ids import AccountId, Region

Answer = Mapping[str, Any]
"""A page of an answer: a JSON object, as AWS's own tools print it."""


class For(StrEnum):
    """What a call is made for; it decides under which name a directory keeps the answer."""

    TABLE = "table"
    """A table of a unit: once."""
    ROW = "row"
    """One row: its detail, or a table that is read over it."""
    BATCH = "batch"
    """A detail of several rows at once."""


@dataclass(frozen=True, slots=True)
class Call:
    """One operation with its parameters, in an account (``organization``: the caller's) and region (or ``global``)."""

    account: AccountId
    region: Region
    service: str
    operation: str
    params: Mapping[str, Any] = field(default_factory=dict)
    made_for: For = For.TABLE

    def __str__(self) -> str:
        return f"{self.service}:{self.operation} in {self.account}/{self.region}"


class CallFailed(Exception):
    """A call that gave no answer: why, AWS's error code (may be empty), and a sentence without secrets."""

    def __init__(self, reason: HoleReason, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}" if code else message)
        self.reason = reason
        self.code = code
        self.message = message

    def is_among(self, none_when: tuple[str, ...]) -> bool:
        """Whether the error is one of those by which AWS says that there is none: ``Code``, or ``Code: words``."""
        for wanted in none_when:
            code, _, words = wanted.partition(":")
            if code == self.code and words.strip() in self.message:
                return True
        return False

    @property
    def said(self) -> str:
        """Code and message, for the detail of a hole (300 characters at most)."""
        return ": ".join(part for part in (self.code, self.message) if part)[:300]

    def is_one_of(self, stated: Iterable[str]) -> bool:
        """Whether a read states this failure: by its code, or by ``code: words`` where the message has these words."""
        for one in stated:
            code, _, words = one.partition(": ")
            if code == self.code and words.lower() in self.message.lower():
                return True
        return False


class Source(Protocol):
    """Where answers come from.  Implementations are safe for threads."""

    @property
    def kind(self) -> str:
        """``live`` or ``directory``, and where: for the manifest."""

    def caller(self) -> Caller:
        """Who asks."""

    def alone(self) -> tuple[AccountId, ...]:
        """The accounts that can be read where the organisation's cannot be listed."""

    def pages(self, call: Call) -> Iterator[Answer]:
        """The answer, page by page to its end.

        Raises:
            CallFailed: there is none; pages given before stand.
        """

    def first(self, call: Call) -> Answer:
        """The answer to one call, whatever pages follow.

        Raises:
            CallFailed: there is none.
        """

    def enter(self, account: AccountId) -> None:
        """Make ready to read an account (assume its role).

        Raises:
            CallFailed: it cannot be read at all.
        """

    def regions(self, account: AccountId) -> tuple[tuple[Region, ...], tuple[Region, ...]]:
        """The regions that are enabled for the account, and those that are not.

        Raises:
            CallFailed: AWS did not say.
        """


def told_regions(answer: Answer) -> tuple[tuple[Region, ...], tuple[Region, ...]]:
    """The regions that an answer to DescribeRegions names: enabled for the account, and not.

    Raises:
        CallFailed: the answer has not the form that AWS documents.
    """
    try:
        told = {
            Region(one["RegionName"]): one.get("OptInStatus") != "not-opted-in" for one in answer["Regions"]
        }
    except (LookupError, TypeError, AttributeError) as error:
        raise CallFailed(HoleReason.MALFORMED, "", "DescribeRegions gave no list of regions") from error
    return (
        tuple(sorted(name for name, enabled in told.items() if enabled)),
        tuple(sorted(name for name, enabled in told.items() if not enabled)),
    )
