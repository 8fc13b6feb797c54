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
    Names,
    Unreadable,
    arn_of,
    distinct,
    names_of,
    note_hole,
    region_of,
    resource_of,
    rows_of,
    taken,
    transformed,
)
from watchword.collect.shapes import answer_fields
from watchword.collect.source import Answer, Call, CallFailed, For, Source
from watchword.collect.tables import family
from watchword.model.evidence import Hole, HoleReason
from watchword.model.ids import GLOBAL, ORGANIZATION, AccountId, Region
from watchword.model.resource import Resource
from watchword.model.snapshot import UnitKey
from watchword.store.writer import UnitResult

PREPARE_PAUSES: Final = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0)
"""Seconds to wait between the questions whether an answer is prepared.

A credential report takes seconds for a few users, a minute for thousands."""
_READY_STATES: Final = frozenset({"COMPLETE", "COMPLETED", "SUCCEEDED"})


class Stopped(Exception):
    """The collection is being ended; the unit is not finished and does not count."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A row while it is being completed, the names that its templates may use, and where its details are called."""

    row: Row
    names: Names
    where: Region


@dataclass(slots=True)
class UnitRun:
    """One unit while it is read: its reads (parents first), its source, and what was gathered so far.

    ``own_account`` is the account whose ARNs the organisation's tables bear: the caller's.  Details of several rows are
    called at once where there is an ``executor``.  Lists of the kinds in ``empty`` are not asked for (see
    ``collect.pruning``).
    """

    unit: UnitKey
    reads: Sequence[Read]
    source: Source
    partition: str
    own_account: AccountId
    stop: threading.Event = field(default_factory=threading.Event)
    executor: Executor | None = None
    empty: frozenset[str] = frozenset()
    pause: Callable[[float], None] = sleep
    holes: list[Hole] = field(default_factory=list)
    calls: int = 0
    _found: dict[str, list[_Found]] = field(default_factory=dict)
    _count: threading.Lock = field(default_factory=threading.Lock)

    def result(self) -> UnitResult:
        """Read everything.

        Raises:
            Stopped: the collection is being ended.
        """
        begun = monotonic()
        made = [row for read in self.reads for row in self._tables(read)]
        holes = tuple(sorted(set(self.holes)))
        return UnitResult(self.unit, tuple(made), holes, self.calls, monotonic() - begun)

    def _tables(self, read: Read) -> Iterator[Resource]:
        """The rows of a read's table and of those that are split from its answers."""
        members = family(read)
        for one in members:
            self._found[one.table] = []
        if not self.empty.issuperset(one.kind for one in members):
            for params, names, where in self._questions(read):
                self._ask(members, params, names, where)
        for one in members:
            for detail in one.details:
                self._detail(one, detail, self._found[one.table])
            yield from distinct(self._resources(one))

    def _resources(self, read: Read) -> Iterator[Resource]:
        for found in self._found[read.table]:
            try:
                yield resource_of(read, self.unit, found.row, found.names)
            except Unreadable as error:
                self._hole(read.table, HoleReason.MALFORMED, str(error))

    def _questions(self, read: Read) -> Iterator[tuple[Mapping[str, Any], Names, Region]]:
        """The parameters of each call of the read's operation, the names for its rows, and where it is called."""
        names = self._names()
        if not read.over:
            yield fill_value(read.params, {}, names), names, self._region_of(read)
            return
        self._inherit_holes(read)
        parents = self._found.get(read.over, [])
        above = next(one for main in self.reads for one in family(main) if one.table == read.over)
        for parent in parents:
            try:
                arn = arn_of(above, self.unit, parent.row, parent.names)
                params = fill_value(read.params, parent.row, {**parent.names, "_arn": arn})
            except (Unreadable, FieldMissing) as error:
                self._hole(read.table, HoleReason.MALFORMED, f"a row of {read.over}: {error}")
                continue
            yield params, {**names, "parent": parent.row, "_parent": arn}, parent.where

    def _ask(self, members: tuple[Read, ...], params: Mapping[str, Any], names: Names, where: Region) -> None:
        read = members[0]
        call = Call(
            self.unit.account, where, read.api, read.operation, params, For.ROW if read.over else For.TABLE
        )
        try:
            if read.prepare:
                self._prepare(read)
            for page in self._pages(call):
                for one in members:
                    self._take(one, page, names)
        except CallFailed as failed:
            if not failed.is_among(read.none_when):
                about = f" (over {names['_parent']})" if "_parent" in names else ""
                for one in members:
                    self._hole(one.table, failed.reason, failed.said + about)

    def _take(self, read: Read, page: Answer, names: Names) -> None:
        try:
            for row in rows_of(read, page, str(names.get("_parent", ""))):
                where = region_of(read, self.unit, row) if read.region_field else self._region_of(read)
                self._found[read.table].append(_Found(row, names, where))
        except Unreadable as error:
            self._hole(read.table, HoleReason.MALFORMED, str(error))

    def _region_of(self, read: Read) -> Region:
        """A table that is read once an account, by an API that lives in one region, is called there."""
        once = self.unit.region == GLOBAL and read.regions
        return Region(read.regions[0]) if once else self.unit.region

    def _prepare(self, read: Read) -> None:
        call = Call(self.unit.account, self._region_of(read), read.api, read.prepare)
        for seconds in PREPARE_PAUSES:
            if self._first(call).get("State", "COMPLETE") in _READY_STATES:
                return
            self.pause(seconds)
        raise CallFailed(HoleReason.ERROR, "NotReady", f"{read.prepare} did not complete in time")

    def _detail(self, read: Read, detail: Detail, rows: list[_Found]) -> None:
        wanted = [found for found in rows if _is_wanted(detail, found.row)]
        if detail.batch:
            for batch in _batches(wanted, _batch_of(detail)[1]):
                self._batch(read, detail, batch)
        elif self.executor is not None and len(wanted) > 1:
            list(self.executor.map(lambda found: self._complete(read, detail, found), wanted))
        else:
            for found in wanted:
                self._complete(read, detail, found)

    def _complete(self, read: Read, detail: Detail, found: _Found) -> None:
        try:
            params = fill_value(detail.params, found.row, self._names_so_far(read, found))
            service = detail.client or read.api
            call = Call(self.unit.account, found.where, service, detail.operation, params, For.ROW)
            _keep(detail, found.row, transformed(detail, self._answer_of(detail, call)))
        except CallFailed as failed:
            if not failed.is_among(detail.none_when):
                self._missing(read, detail, found, failed.reason, failed.said)
            elif detail.key:
                found.row[detail.key] = None
        except FieldMissing as error:
            self._missing(read, detail, found, HoleReason.MALFORMED, f"the row has no {error}")
        except Unreadable as error:
            self._missing(read, detail, found, HoleReason.MALFORMED, str(error))

    def _names_so_far(self, read: Read, found: _Found) -> Names:
        """The row's names with its ARN; without it where a detail has yet to give the fields of which it is made."""
        try:
            return {**found.names, "_arn": arn_of(read, self.unit, found.row, found.names)}
        except Unreadable:
            return found.names

    def _answer_of(self, detail: Detail, call: Call) -> Any:  # noqa: ANN401
        if not detail.pages:
            return taken(detail, self._first(call))
        return [item for page in self._pages(call) for item in taken(detail, page) or ()]

    def _batch(self, read: Read, detail: Detail, rows: list[_Found]) -> None:
        """One call for several rows; of a row that the answer does not speak of, there is nothing (null)."""
        try:
            answers = self._batch_answers(read, detail, rows)
        except (CallFailed, Unreadable, FieldMissing) as error:
            if isinstance(error, CallFailed) and error.is_among(detail.none_when):
                answers = {}
            else:
                reason = error.reason if isinstance(error, CallFailed) else HoleReason.MALFORMED
                for found in rows:
                    self._missing(read, detail, found, reason, str(error))
                return
        for found in rows:
            _keep(detail, found.row, answers.get(_batch_value(detail, found)))

    def _batch_answers(self, read: Read, detail: Detail, rows: list[_Found]) -> dict[Any, Any]:
        parameter, _, _, theirs = _batch_of(detail)
        params = {
            **fill_value(detail.params, {}, rows[0].names),
            parameter: [_batch_value(detail, found) for found in rows],
        }
        service = detail.client or read.api
        call = Call(self.unit.account, rows[0].where, service, detail.operation, params, For.BATCH)
        found = transformed(detail, self._answer_of(detail, call))
        return {value_at(one, theirs): one for one in found or ()}

    def _missing(self, read: Read, detail: Detail, found: _Found, reason: HoleReason, said: str) -> None:
        """The answer of one detail is missing: note it in the row, and as a hole of the resource."""
        service = detail.client or read.api
        keys = [detail.key] if detail.key else answer_fields(service, detail.operation, detail.take)
        for key in keys:
            if key not in found.row:
                note_hole(found.row, key, f"{reason.value}: {said}")
        try:
            resource = arn_of(read, self.unit, found.row, found.names)
        except Unreadable:
            resource = "?"
        self._hole(read.table, reason, f"{detail.operation}: {said}", resource)

    def _hole(self, table: str, reason: HoleReason, said: str, resource: str = "") -> None:
        unit = self.unit
        self.holes.append(Hole(unit.account, unit.region, unit.service, table, reason, said[:400], resource))

    def _inherit_holes(self, read: Read) -> None:
        for hole in [one for one in self.holes if one.table == read.over and not one.resource]:
            for one in family(read):
                self._hole(one.table, hole.reason, f"{read.over} could not be read: {hole.detail}")

    def _names(self) -> Names:
        account = self.own_account if self.unit.account == ORGANIZATION else self.unit.account
        return names_of(self.unit, self.partition, account)

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


def _is_wanted(detail: Detail, row: Row) -> bool:
    """Whether the detail is called for the row; if not, its field is null."""
    if detail.when is None or detail.when(row):
        return True
    if detail.key:
        row.setdefault(detail.key, None)
    return False


def _batches(rows: Sequence[_Found], size: int) -> Iterator[list[_Found]]:
    """The rows in batches that share parent and region."""
    together: dict[tuple[str, Region], list[_Found]] = {}
    for found in rows:
        together.setdefault((str(found.names.get("_parent", "")), found.where), []).append(found)
    for group in together.values():
        for start in range(0, len(group), size):
            yield group[start : start + size]


def _batch_of(detail: Detail) -> tuple[str, int, str, str]:
    if detail.batch is None:
        raise ValueError(f"{detail.operation} is not called for batches")
    return detail.batch


def _batch_value(detail: Detail, found: _Found) -> Any:  # noqa: ANN401
    """What stands for a row in the parameter of a batch."""
    return value_at(found.row, _batch_of(detail)[2])


def _keep(detail: Detail, row: Row, found: Any) -> None:  # noqa: ANN401
    if detail.key:
        row[detail.key] = found
    elif isinstance(found, Mapping):
        row.update(found)
