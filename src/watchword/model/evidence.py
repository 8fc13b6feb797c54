"""What was seen, and what could not be seen.

A **Hole** is a place where evidence should be and is not, with the reason.  ``EvidenceMissing`` is how pure code says
that it met a hole: the judge turns it into the verdict *unknown*.  Nothing here collects or judges.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum

from watchword.model.ids import AccountId, Region


class HoleReason(StrEnum):
    """Why evidence is missing."""

    DENIED = "denied"
    """AWS refused: AccessDenied, UnauthorizedOperation, an explicit deny of a service control policy."""
    THROTTLED = "throttled"
    """Still throttled after the limiter had slowed down and the retries were used up."""
    NOT_IMPLEMENTED = "not_implemented"
    """The endpoint does not know the operation (an emulator, an old region)."""
    UNREACHABLE = "unreachable"
    """Time-out, reset, no such host, TLS failure."""
    MALFORMED = "malformed"
    """The answer could not be read: HTML from a proxy, broken JSON, a missing field that AWS always gives."""
    NOT_ASSUMED = "not_assumed"
    """The account's role could not be assumed."""
    OUT_OF_SCOPE = "out_of_scope"
    """The user narrowed accounts, regions or services: not assessed."""
    ABSENT = "absent"
    """No file for it in the directory that was read."""
    NOT_COLLECTED = "not_collected"
    """The collection ended before this was reached."""
    ERROR = "error"
    """AWS answered with another error; its code stands in the detail."""


@dataclass(frozen=True, slots=True, order=True)
class Hole:
    """One place without evidence.

    ``table`` is the table of the snapshot (``ec2.instances``) or ``*`` for the whole unit, ``resource`` the resource
    whose detail is missing or ``""`` for the whole table, ``detail`` a sentence for a person (never a secret).
    """

    account: AccountId
    region: Region
    service: str
    table: str
    reason: HoleReason
    detail: str = ""
    resource: str = ""

    def sentence(self) -> str:
        """The hole in words: what could not be read, where, and why."""
        what = self.table if self.table != "*" else self.service
        whose = f" of {self.resource}" if self.resource else ""
        why = self.reason.value.replace("_", " ")
        detail = f": {self.detail}" if self.detail else ""
        return f"{what}{whose} in {self.account}/{self.region} not read ({why}{detail})"


class EvidenceMissing(Exception):
    """Pure code needs evidence that is not there.

    ``what`` names the missing evidence for a person; ``holes`` are the holes behind it, where known.
    """

    def __init__(self, what: str, holes: tuple[Hole, ...] = ()) -> None:
        super().__init__(what)
        self.what = what
        self.holes = holes


@dataclass(frozen=True, slots=True)
class Evidence:
    """A pointer into the snapshot and what stood there.

    ``table`` and ``resource`` say where, ``path`` which field (dotted), ``value`` the JSON text of what was found
    (cut at 2,000 characters), ``digest`` the SHA-256 of the whole canonical JSON (hex).
    """

    table: str
    resource: str
    path: str
    value: str
    digest: str

    LIMIT = 2_000

    @classmethod
    def of(cls, table: str, resource: str, path: str, value: object) -> Evidence:
        """Point at ``value`` and hash its canonical JSON (sorted keys, no spaces)."""
        text = canonical(value)
        digest = hashlib.sha256(text.encode()).hexdigest()
        shown = text if len(text) <= cls.LIMIT else text[: cls.LIMIT] + "…"
        return cls(table, resource, path, shown, digest)


def canonical(value: object) -> str:
    """JSON with sorted keys and no spaces, so that equal values have equal text and equal hashes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
