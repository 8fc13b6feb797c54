"""Judging the rows of several tables in one control, region by region and row by row.

Does what the judge does for a control that runs over one table: a region that was not read is unknown, and missing
evidence of one row says nothing about the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from watchword.controls.judge import region_subject
from watchword.controls.registry import unknown
from watchword.model.evidence import EvidenceMissing
from watchword.model.finding import Judgement, Subject
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView

Judge = Callable[[Resource, AccountView], Judgement | None]
"""Judges one row; ``None`` where it is out of scope."""


def judge_tables(view: AccountView, judges: Mapping[str, Judge]) -> Iterator[Judgement]:
    """The judgements of all rows of the tables, each by its own judge, and *unknown* for regions not read."""
    for table, judge in judges.items():
        for hole in view.holes_of(table):
            yield unknown(hole.sentence(), subject=region_subject(view, hole.region, table))
        for row in view.readable(table):
            found = _judged(row, view, judge)
            if found is not None:
                yield replace(found, subject=found.subject or Subject.of(row))


def _judged(row: Resource, view: AccountView, judge: Judge) -> Judgement | None:
    try:
        return judge(row, view)
    except EvidenceMissing as missing:
        return unknown(missing.what)
