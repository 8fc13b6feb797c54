"""Directories: connected, read lately, and every account in them somebody's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from watchword.controls.registry import Per, Rule, gap, met, met_if, not_applicable
from watchword.model.finding import Judgement
from watchword.model.ids import ControlId
from watchword.model.snapshot import AccountView

LATELY: Final = timedelta(hours=24)
"""How old the last whole reading of a directory may be."""

READ: Final = frozenset({"ldap", "cognito", "identity-center"})
"""Kinds that are read; people of the others come by signing in, are pushed to us, or are ours."""

_DIRECTORIES: Final = "watchword.directories"
_ORPHANS: Final = "watchword.orphans"


def directories_are_read(view: AccountView) -> Iterator[Judgement]:
    """Each directory was read whole within a day."""
    for row in view.rows(_DIRECTORIES):
        kind, state = row.text("Kind"), row.text("State")
        if kind not in READ or state != "enabled":
            why = f"it is {state}" if state != "enabled" else f"a directory of the kind {kind} is not read"
            yield not_applicable(why, row.evidence("Kind"), row.evidence("State"), subject=row)
            continue
        shown = tuple(row.evidence(one) for one in ("LastSync", "LastAttempt", "LastError"))
        error, read = row.text("LastError", absent=""), row.time("LastSync", absent=None)
        if error:
            yield gap(f"it could not be read the last time ({error})", *shown, subject=row)
        elif read is None:
            yield gap("it was never read whole", *shown, subject=row)
        else:
            age = row.time("AsOf") - read
            hours = f"{age.total_seconds() / 3600:.0f} hours ago"
            yield met_if(
                age < LATELY,
                f"it was read whole {hours}",
                f"it was last read whole {hours}",
                *shown,
                subject=row,
            )


def accounts_have_people(view: AccountView) -> Iterator[Judgement]:
    """No account is without a person, and no person without an account."""
    orphans = view.rows(_ORPHANS)
    if not orphans:
        summary = view.rows("watchword.summary")
        yield met(
            "every account has a person, and every person an account",
            *(row.evidence(one) for row in summary for one in ("Accounts", "People")),
        )
    for row in orphans:
        yield gap(f"{row.text('What')}: {row.text('Because')}", row.evidence("What"), subject=row)


RULES: Final = (
    Rule(
        ControlId("ID-10"), Per.ORGANIZATION, (_DIRECTORIES,), directories_are_read, "directories of people"
    ),
    Rule(
        ControlId("ID-12"),
        Per.ORGANIZATION,
        (_ORPHANS, "watchword.summary"),
        accounts_have_people,
        "accounts of directories",
    ),
)
"""The controls of this file."""
