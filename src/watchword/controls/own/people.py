"""People and guests: with what they sign in, who answers for them, whether they still come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from watchword.controls.registry import Per, Rule, gap, met, met_if, not_applicable, unknown
from watchword.model.finding import Judgement
from watchword.model.ids import ControlId
from watchword.model.snapshot import AccountView

ENOUGH: Final = 95
"""Percent of people with a passkey."""

STAYS_AWAY: Final = timedelta(days=45)
"""How long a guest may not come."""

_HOLDERS: Final = "watchword.role_holders"
_GUESTS: Final = "watchword.guests"
_SUMMARY: Final = "watchword.summary"

_POWERFUL: Final = frozenset({"administrator", "approver"})
_WEAKER: Final = {"totp": "an app", "password": "a password"}


def role_holders_have_passkeys(view: AccountView) -> Iterator[Judgement]:
    """Who has a role signs in with a passkey, and who has power with nothing weaker."""
    for row in view.rows(_HOLDERS):
        roles, factors = row.texts("Roles"), row.texts("Factors")
        named = ", ".join(roles)
        shown = (row.evidence("Roles"), row.evidence("Factors"))
        weaker = [said for kind, said in _WEAKER.items() if kind in factors]
        if "passkey" not in factors:
            yield gap(f"{named} without a passkey", *shown, subject=row)
        elif weaker and _POWERFUL.intersection(roles):
            yield gap(
                f"{named} with a passkey, and with {' and '.join(weaker)} beside it", *shown, subject=row
            )
        else:
            yield met(f"{named} with a passkey", *shown, subject=row)


def everybody_has_a_passkey(view: AccountView) -> Judgement:
    """At least 95 % of the active people have a passkey."""
    row = view.one(_SUMMARY)
    people, armed = int(row.number("Active")), int(row.number("ActiveWithPasskey"))
    shown = (row.evidence("Active"), row.evidence("ActiveWithPasskey"))
    if people == 0:
        return not_applicable("there are no active people", *shown)
    said = f"{armed} of {people} active people have a passkey"
    return met_if(armed * 100 >= people * ENOUGH, said, f"only {said}; {ENOUGH} % are asked for", *shown)


def guests_have_sponsors(view: AccountView) -> Iterator[Judgement]:
    """Each guest has an active sponsor and an end date ahead."""
    for row in view.rows(_GUESTS):
        shown = tuple(row.evidence(one) for one in ("Sponsor", "SponsorStatus", "EndDate"))
        faults = []
        sponsor = row.text("SponsorStatus", absent="not there")
        if sponsor != "active":
            faults.append(f"the sponsor is {sponsor}")
        if row.time("EndDate") <= row.time("AsOf"):
            faults.append("the end date is past")
        yield met_if(
            not faults, "an active sponsor, and an end date ahead", "; ".join(faults), *shown, subject=row
        )


def guests_come(view: AccountView) -> Iterator[Judgement]:
    """Each active guest has come within 45 days."""
    for row in view.rows(_GUESTS):
        shown = (row.evidence("LastUsed"), row.evidence("Created"))
        used, now = row.time("LastUsed", absent=None), row.time("AsOf")
        if row.text("Status") != "active":
            yield not_applicable(f"this guest is {row.text('Status')}", row.evidence("Status"), subject=row)
        elif used is not None:
            days = (now - used).days
            yield met_if(
                now - used < STAYS_AWAY,
                f"came {days} days ago",
                f"last came {days} days ago",
                *shown,
                subject=row,
            )
        elif now - row.time("Created") < STAYS_AWAY:
            yield met("is known for less than 45 days", *shown, subject=row)
        else:
            yield unknown("neither watchword nor a directory knows when they last came", *shown, subject=row)


RULES: Final = (
    Rule(ControlId("ID-06"), Per.ORGANIZATION, (_HOLDERS,), role_holders_have_passkeys, "people with a role"),
    Rule(ControlId("ID-07"), Per.ORGANIZATION, (_SUMMARY,), everybody_has_a_passkey, "active people"),
    Rule(ControlId("ID-33"), Per.ORGANIZATION, (_GUESTS,), guests_have_sponsors, "guests"),
    Rule(ControlId("ID-36"), Per.ORGANIZATION, (_GUESTS,), guests_come, "guests"),
)
"""The controls of this file."""
