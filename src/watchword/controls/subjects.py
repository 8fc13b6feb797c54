"""For controls of an account whose subjects stand in several tables: none is lost for another's sake.

A hole in a table makes *unknown* for that service and region alone; everything else is judged (see ``sweep``).
"""

from __future__ import annotations

from collections.abc import Iterator

from watchword.controls.judge import region_subject
from watchword.controls.registry import unknown
from watchword.controls.sweep import RowRule, each
from watchword.model.finding import Judgement
from watchword.model.snapshot import AccountView


def judged(view: AccountView, table: str, rule: RowRule) -> Iterator[Judgement]:
    """What ``rule`` says of each row of the table in any region; *unknown* for the regions that were not read."""
    for hole in view.holes_of(table):
        yield unknown(hole.sentence(), subject=region_subject(view, hole.region, table))
    yield from each(view.readable(table), rule)
