"""A control over the rows of several tables of one region: each row is judged for itself.

A row whose evidence has a hole becomes *unknown* and does not stop the others; a table that was not read makes the
region's own finding *unknown* beside the rows of the tables that were.  Nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from watchword.controls.registry import unknown
from watchword.model.evidence import EvidenceMissing
from watchword.model.finding import Judgement, Subject
from watchword.model.ids import Region
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView

RowRule = Callable[[Resource], Judgement | None]
"""Judges one row; ``None`` for a row outside the scope."""


def sweep(view: AccountView, region: Region, rules: Mapping[str, RowRule]) -> Iterator[Judgement]:
    """The judgements of all rows of the tables in ``rules``, each by its table's rule, with the row as subject."""
    for table, rule in rules.items():
        try:
            rows = view.rows(table, region)
        except EvidenceMissing as missing:
            yield unknown(missing.what)
            continue
        yield from each(rows, rule)


def each(rows: Iterable[Resource], rule: RowRule) -> Iterator[Judgement]:
    """The judgements of the rows; a row whose evidence is missing becomes unknown."""
    for row in rows:
        try:
            judgement = rule(row)
        except EvidenceMissing as missing:
            judgement = unknown(missing.what)
        if judgement is not None:
            yield judgement if judgement.subject else replace(judgement, subject=Subject.of(row))
