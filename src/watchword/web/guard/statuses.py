"""Which status an error has, and what of it may be told: a table.

What is told is the error's own sentence where it is meant for whoever asked; where it speaks of our inside, only the status is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from watchword import errors
from watchword.model.lifecycle import IllegalMove
from watchword.store.assessments import NoSuchAssessment
from watchword.store.audit import faults as audit
from watchword.web.authorise import NotAllowed
from watchword.web.guard.refused import Refused

BUSY: Final = {"retry-after": "5"}


@dataclass(frozen=True, slots=True)
class Told:
    """What whoever asked is told: the status, a sentence (may be empty), a word for programs, headers, further members."""

    status: int
    detail: str = ""
    code: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The status in words."""
        return HTTPStatus(self.status).phrase


_TABLE: Final[Mapping[type[Exception], tuple[int, bool]]] = {
    errors.RowMissing: (404, True),
    errors.RowExists: (409, True),
    errors.RowChanged: (409, True),
    errors.LeaseLost: (409, True),
    errors.DatabaseUnreachable: (503, False),
    errors.DatabaseLocked: (503, False),
    errors.DatabaseFull: (503, False),
    errors.DatabaseDenied: (503, False),
    errors.DatabaseMissing: (503, False),
    errors.DatabaseOlder: (503, False),
    errors.DatabaseNewer: (503, False),
    errors.DatabaseDiffers: (503, False),
    errors.SnapshotMissing: (404, True),
    errors.SnapshotLocked: (503, False),
    errors.StoreError: (503, False),
    errors.DirectoryError: (502, False),
    errors.ConfigError: (500, False),
    errors.UsageError: (400, True),
    errors.SignInRefused: (403, False),
    errors.Forbidden: (403, True),
    audit.RecordMissing: (404, True),
    audit.AuditDamaged: (500, False),
    audit.EntryRefused: (400, False),
    audit.AuditError: (409, False),
    NoSuchAssessment: (404, True),
    IllegalMove: (409, True),
}
"""Status of each kind of error, and whether its sentence may be told; the nearest class counts, others are 500 and silent."""


def told_of(error: Exception) -> Told:
    """What is told of an error."""
    if isinstance(error, Refused):
        return Told(error.status, error.what, headers=error.headers)
    if isinstance(error, NotAllowed):
        return not_allowed(error)
    if isinstance(error, errors.SignInThrottled):
        return Told(429, headers={"retry-after": str(max(1, math.ceil(error.seconds)))})
    for kind in type(error).__mro__:
        if kind in _TABLE:
            status, may_be_told = _TABLE[kind]
            return Told(status, str(error) if may_be_told else "", headers=BUSY if status == 503 else {})
    return Told(500)


def not_allowed(error: NotAllowed) -> Told:
    """401 where signing in, or proving oneself again, would help (RFC 6750 §3, RFC 9470 §3); 403 where nothing would."""
    if error.must_sign_in:
        return Told(401, error.what, "sign_in", {"www-authenticate": 'Bearer realm="watchword"'})
    more = {"permission": error.permission.value}
    if error.must_prove_again:
        asks = 'Bearer error="insufficient_user_authentication", acr_values="phr", max_age=900'
        return Told(401, error.what, "prove_again", {"www-authenticate": asks}, more)
    return Told(403, error.what, "not_allowed", more=more)
