"""Reading one unit: the tables of a service in a region of an account, with their details.

Whatever fails becomes a hole at once: of the table, or of the one detail of the one row.  A unit always ends; it
never raises for what a source answers.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Any, Final

from watchword.collect.paths import FieldMissing, fill_value, value_at
from watchword.collect.reads import Detail, Read, Row
from watchword.collect.rows import (
    PARENT_KEY,
    Unreadable,
    arn_of,
    distinct,
    names_of,
    note_hole,
    region_of,
    resource_of,
    rows_of,
    taken,
)
from watchword.collect.shapes import answer_fields
from watchword.collect.source import Answer, Call, CallFailed, For, Source
from watchword.model.evidence import Hole, HoleReason
from watchword.model.ids import ORGANIZATION, AccountId, Region
from watchword.model.resource import Resource
from watchword.model.snapshot import UnitKey
from watchword.store.writer import UnitResult

PREPARE_ATTEMPTS: Final = 12
"""How often an operation that prepares an answer is asked until it says that it is complete."""
PREPARE_PAUSE: Final = 2.5
"""Seconds between two such questions.  A credential report takes seconds for a few users, minutes for thousands."""
_READY_STATES: Final = frozenset({"COMPLETE", "COMPLETED", "SUCCEEDED"})


class Stopped(Exception):
    """The collection is being ended; the unit is not finished and does not count."""


@dataclass(slots=True)
class UnitRun:
    """One unit while it is read: its reads, its source, and what was gathered so far.

    ``own_account`` is the account whose ARNs the organisation's tables bear: the caller's.
    """

    unit: UnitKey
    reads: Sequence[Read]
    source: Source
    partition: str
    own_account: AccountId
    stop: threading.Event = field(default_factory=threading.Event)
    executor: Executor | None = None
    pause: Callable[[float], None] = sleep
    holes: list[Hole] = field(default_factory=list)
    calls: int = 0
    _found: dict[str, list[Row]] = field(default_factory=dict)
    _parents: dict[str, Row] = field(default_factory=dict)
    _count: threading.Lock = field(default_factory=threading.Lock)

    def result(self) -> UnitResult:
        """Read everything.

        Raises:
            Stopped: the collection is being ended.
        """
        begun = monotonic()
        made: list[Resource] = []
        for read in self.reads:
            made += self._table(read)
        return UnitResult(
            self.unit, tuple(made), tuple(sorted(set(self.holes))), self.calls, monotonic() - begun
        )

    def _table(self, read: Read) -> list[Resource]:
        rows = self._rows(read)
        self._found[read.table] = rows
        for detail in read.details:
            self._detail(read, detail, rows)
        made: list[Resource] = []
        for row in rows:
            try:
                made.append(resource_of(read, self.unit, row, self._names(row)))
            except Unreadable as error:
                self._hole(read.table, HoleReason.MALFORMED, str(error))
        return distinct(made)

    def _rows(self, read: Read) -> list[Row]:
        if not read.over:
            return self._rows_of_call(read, fill_value(read.params, {}, self._names()), "")
        self._inherit_holes(read)
        parents = self._found.get(read.over, [])
        parent_read = next(one for one in self.reads if one.table == read.over)
        return [row for parent in parents for row in self._rows_over(read, parent_read, parent)]

    def _rows_over(self, read: Read, parent_read: Read, parent: Row) -> list[Row]:
        try:
            names = self._names(parent)
            arn = arn_of(parent_read, self.unit, parent, names)
            params = fill_value(read.params, parent, {**names, "_arn": arn})
        except (Unreadable, FieldMissing) as error:
            self._hole(read.table, HoleReason.MALFORMED, f"a row of {read.over} has no {error}")
            return []
        self._parents[arn] = parent
        where = region_of(parent_read, self.unit, parent)
        return self._rows_of_call(read, params, arn, where)

    def _rows_of_call(
        self, read: Read, params: Mapping[str, Any], parent: str, where: Region | None = None
    ) -> list[Row]:
        rows: list[Row] = []
        made_for = For.ROW if read.over else For.TABLE
        call = self._call(read.api, read.operation, params, where or self._region_of(read), made_for)
        try:
            if read.prepare:
                self._prepare(read)
            for page in self._pages(call):
                rows += rows_of(read, page, parent)
        except CallFailed as failed:
            if not failed.is_one_of(read.none_when):
                about = f" (over {parent})" if parent else ""
                self._hole(read.table, failed.reason, failed.said + about)
        except Unreadable as error:
            self._hole(read.table, HoleReason.MALFORMED, str(error))
        return rows

    def _region_of(self, read: Read) -> Region:
        """A table that is read once an account, by an API that lives in one region, is called there."""
        once = self.unit.region == "global" and read.regions
        return Region(read.regions[0]) if once else self.unit.region

    def _prepare(self, read: Read) -> None:
        call = self._call(read.api, read.prepare, {}, self._region_of(read))
        for _ in range(PREPARE_ATTEMPTS):
            if self._first(call).get("State", "COMPLETE") in _READY_STATES:
                return
            self.pause(PREPARE_PAUSE)
        raise CallFailed(HoleReason.ERROR, "NotReady", f"{read.prepare} did not complete in time")

    def _detail(self, read: Read, detail: Detail, rows: list[Row]) -> None:
        wanted = [row for row in rows if self._is_wanted(detail, row)]
        if detail.batch:
            parameter, size, mine, theirs = detail.batch
            for alike in _by_parent(wanted):
                for start in range(0, len(alike), size):
                    self._batch(read, detail, alike[start : start + size], (parameter, mine, theirs))
        elif self.executor is not None and len(wanted) > 1:
            list(self.executor.map(lambda row: self._complete(read, detail, row), wanted))
        else:
            for row in wanted:
                self._complete(read, detail, row)

    def _is_wanted(self, detail: Detail, row: Row) -> bool:
        if detail.when is None or detail.when(row):
            return True
        if detail.key:
            row.setdefault(detail.key, None)
        return False

    def _complete(self, read: Read, detail: Detail, row: Row) -> None:
        try:
            names = self._names(row)
            arn = arn_of(read, self.unit, row, names)
            params = fill_value(detail.params, row, {**names, "_arn": arn})
            where = region_of(read, self.unit, row) if read.region_field else self._region_of(read)
            call = self._call(detail.client or read.api, detail.operation, params, where, For.ROW)
            _keep(detail, row, self._answer_of(detail, call))
        except CallFailed as failed:
            if not failed.is_one_of(detail.none_when):
                self._missing(read, detail, row, failed.reason, failed.said)
            elif detail.key:
                row[detail.key] = None
        except FieldMissing as error:
            self._missing(read, detail, row, HoleReason.MALFORMED, f"the row has no {error}")
        except Unreadable as error:
            self._missing(read, detail, row, HoleReason.MALFORMED, str(error))

    def _answer_of(self, detail: Detail, call: Call) -> Any:  # noqa: ANN401
        if not detail.pages:
            return taken(detail, self._first(call))
        return [item for page in self._pages(call) for item in taken(detail, page) or ()]

    def _batch(self, read: Read, detail: Detail, rows: list[Row], by: tuple[str, str, str]) -> None:
        parameter, mine, theirs = by
        values = [value_at(row, mine) for row in rows]
        params = {**fill_value(detail.params, rows[0], self._names(rows[0])), parameter: values}
        service, where = detail.client or read.api, self._region_of(read)
        call = self._call(service, detail.operation, params, where, For.BATCH)
        try:
            found = {value_at(one, theirs): one for one in self._answer_of(detail, call) or ()}
        except (CallFailed, Unreadable) as error:
            reason = error.reason if isinstance(error, CallFailed) else HoleReason.MALFORMED
            if not (isinstance(error, CallFailed) and error.is_one_of(detail.none_when)):
                for row in rows:
                    self._missing(read, detail, row, reason, str(error))
            return
        for row, value in zip(rows, values, strict=True):
            _keep(detail, row, found.get(value))

    def _missing(self, read: Read, detail: Detail, row: Row, reason: HoleReason, said: str) -> None:
        """The answer of one detail is missing: note it in the row, and as a hole of the resource."""
        keys = (
            [detail.key]
            if detail.key
            else answer_fields(detail.client or read.api, detail.operation, detail.take)
        )
        for key in keys:
            note_hole(row, key, f"{reason.value}: {said}")
        try:
            resource = arn_of(read, self.unit, row, self._names(row))
        except Unreadable:
            resource = "?"
        self._hole(read.table, reason, f"{detail.operation}: {said}", resource)

    def _hole(self, table: str, reason: HoleReason, said: str, resource: str = "") -> None:
        unit = self.unit
        self.holes.append(Hole(unit.account, unit.region, unit.service, table, reason, said[:400], resource))

    def _inherit_holes(self, read: Read) -> None:
        for hole in [one for one in self.holes if one.table == read.over and not one.resource]:
            self._hole(read.table, hole.reason, f"{read.over} could not be read: {hole.detail}")

    def _names(self, row: Row | None = None) -> dict[str, str]:
        """What templates may name beside the row's own fields; for a child row, fields of its parent as well."""
        account = self.own_account if self.unit.account == ORGANIZATION else self.unit.account
        names = names_of(self.unit, self.partition, account)
        parent = self._parents.get(row[PARENT_KEY], {}) if row and PARENT_KEY in row else {}
        scalars = {
            f"parent.{key}": str(one) for key, one in parent.items() if isinstance(one, str | int | float)
        }
        return names | scalars

    def _call(
        self,
        service: str,
        operation: str,
        params: Mapping[str, Any],
        where: Region,
        made_for: For = For.TABLE,
    ) -> Call:
        return Call(self.unit.account, where, service, operation, params, made_for)

    def _pages(self, call: Call) -> Iterator[Answer]:
        pages = self.source.pages(call)
        while True:
            self._refuse_stopped()
            try:
                page = next(pages, None)
            except CallFailed:
                self._counted()
                raise
            if page is None:
                return
            self._counted()
            yield page

    def _first(self, call: Call) -> Answer:
        self._refuse_stopped()
        self._counted()
        return self.source.first(call)

    def _refuse_stopped(self) -> None:
        if self.stop.is_set():
            raise Stopped

    def _counted(self) -> None:
        with self._count:
            self.calls += 1


def _keep(detail: Detail, row: Row, found: Any) -> None:  # noqa: ANN401
    if detail.key:
        row[detail.key] = found
    elif isinstance(found, Mapping):
        row.update(found)


def _by_parent(rows: list[Row]) -> list[list[Row]]:
    """The rows, those of one parent together, in the order in which they came."""
    grouped: dict[str, list[Row]] = {}
    for row in rows:
        grouped.setdefault(row.get(PARENT_KEY, ""), []).append(row)
    return list(grouped.values())
