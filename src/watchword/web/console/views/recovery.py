"""Recoveries: new factors for somebody who has lost theirs, which two others approve."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from watchword.model.login import RECOVERY_LIFE, Recovery, RecoveryState
from watchword.model.people import PrincipalId
from watchword.web.console.look import links
from watchword.web.console.look.words import plain

_TONES: Final = {
    RecoveryState.REQUESTED: "warning",
    RecoveryState.APPROVED_ONCE: "warning",
    RecoveryState.APPROVED: "ok",
    RecoveryState.REJECTED: "bad",
}


@dataclass(frozen=True, slots=True)
class RecoveryLine:
    """A recovery: for whom, why, who has approved; ``may_not`` says why the caller cannot decide, empty where they can."""

    id: str
    person: str
    href: str
    reason: str
    requested_by: str
    created: datetime
    expires: datetime
    state: str
    tone: str
    approvals: tuple[str, ...]
    is_open: bool
    may_not: str
    version: int


@dataclass(frozen=True, slots=True)
class RecoveriesView:
    """The recoveries that wait, and those that are over."""

    template: ClassVar[str] = "recovery.html.j2"
    open: tuple[RecoveryLine, ...]
    over: tuple[RecoveryLine, ...]
    may_decide: bool = False


def recovery_line(
    one: Recovery, names: Mapping[str, str], now: datetime, caller: PrincipalId | None
) -> RecoveryLine:
    """A recovery in the list; ``names`` are those of people by id."""
    over = RECOVERY_LIFE.is_final(one.state) or now >= one.expires
    expired = over and not RECOVERY_LIFE.is_final(one.state)
    approvers = tuple(who for who in (one.first_approver, one.second_approver) if who is not None)
    return RecoveryLine(
        one.id,
        names.get(one.principal, one.principal),
        links.at(links.PEOPLE, one.principal),
        one.reason,
        names.get(one.requested_by, one.requested_by),
        one.created,
        one.expires,
        "expired" if expired else plain(one.state),
        "off" if over else _TONES.get(one.state, "off"),
        tuple(names.get(who, who) for who in approvers),
        not over,
        _may_not(one, caller, approvers),
        one.version,
    )


def _may_not(one: Recovery, caller: PrincipalId | None, approvers: tuple[PrincipalId, ...]) -> str:
    """Why the caller cannot approve; whether they may, is decided where it is done."""
    if caller == one.principal:
        return "It is yours: others decide."
    if caller in approvers:
        return "You have approved; somebody else must, too."
    return "It is approved." if one.state is RecoveryState.APPROVED else ""


def recoveries_view(lines: Iterable[RecoveryLine], *, may_decide: bool = False) -> RecoveriesView:
    """The page."""
    several = tuple(lines)
    return RecoveriesView(
        tuple(one for one in several if one.is_open),
        tuple(one for one in several if not one.is_open),
        may_decide,
    )
