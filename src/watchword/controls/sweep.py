"""A control over the rows of several tables of one region: each row is judged for itself.

A row whose evidence has a hole becomes *unknown* and does not stop the others; a table that was not read makes the
region's own finding *unknown* beside the rows of the tables that were.  Nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from watchword.controls.registry import unknown
from watchword.model.evidence import EvidenceMissing
from watchword.model.finding import Judgement, Subject
from watchword.model.ids import Region
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView

RowRule = Callable[[Resource], Judgement | None]
"""Judges one row; ``None`` for a row outside the scope."""


@dataclass(slots=True)
class Lookup:
    """Rows of one region by a field that names them, for controls that join tables; each table is gone through once.

    Nothing is read before it is asked for, so that a row that needs no other table is judged without it.
    """

    view: AccountView
    region: Region
    _known: dict[tuple[str, str], dict[str, Resource]] = field(default_factory=dict)

    def rows(self, table: str) -> tuple[Resource, ...]:
        """The rows of the table in the region.

        Raises:
            EvidenceMissing: it was not read.
        """
        return self.view.rows(table, self.region)

    def find(self, table: str, key: str, name: str) -> Resource | None:
        """The row whose field ``key`` is ``name``; ``None`` where there is none.

        Raises:
            EvidenceMissing: the table was not read, or a row lacks the field.
        """
        if (table, key) not in self._known:
            self._known[(table, key)] = {row.text(key): row for row in self.rows(table)}
        return self._known[(table, key)].get(name)


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
