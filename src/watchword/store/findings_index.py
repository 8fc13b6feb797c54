"""An index over the findings of one assessment, so that pages filter, sort and count without reading them all.

``<assessment>/findings.index`` is a SQLite file made from ``findings/*.ndjson``, which stay the truth: it can be deleted at
any time, and is made again where it is missing, of another format, or older than the findings.  It is written beside its
place and renamed.  Whole findings, with their evidence, are read from the lines that the index points to.

For each control, account, verdict and severity it holds the set of its findings as one number whose bits are positions in
the order *worst first*: filters are ``&``, counts are ``bit_count``, both of which take microseconds for 100,000 findings.
Searches for words scan the texts, and remember what they found.  What it answers is exactly what a scan of all findings
would answer (a test compares them).
"""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property, lru_cache
from itertools import compress, islice
from typing import Any, Final

from watchword.controls.standing import Tally
from watchword.errors import StoreError
from watchword.model.finding import Finding
from watchword.model.ids import AccountId, ControlId
from watchword.model.verdict import Severity, Verdict
from watchword.store.assessments import AssessmentFolder, from_json
from watchword.store.findings_build import FILE, FORMAT, VERDICTS, build, stamp_of

MOST_WORDS: Final = 8
"""Words of a search that are looked for; further ones are ignored."""

LARGEST_PAGE: Final = 200

REMEMBERED: Final = 128
"""Words whose findings an index remembers: an eighth of a byte for each finding and word."""


class Sort(StrEnum):
    """In which order findings come; within equals: worst first."""

    WORST = "worst"
    """Gaps, unknowns, met, not applicable; within each the most severe first, then by control and subject."""
    CONTROL = "control"
    ACCOUNT = "account"
    RESOURCE = "resource"


@dataclass(frozen=True, slots=True)
class FindingQuery:
    """Which findings are wanted; ``None`` and empty mean: whichever.

    ``words``: each must be part of the finding's control, account, region, ARN, kind, name or reason, in any case.
    ``resource`` is an ARN.  Pages are counted from 1.
    """

    controls: frozenset[ControlId] | None = None
    verdicts: frozenset[Verdict] = frozenset()
    severities: frozenset[Severity] = frozenset()
    account: AccountId | None = None
    resource: str = ""
    words: tuple[str, ...] = ()
    sort: Sort = Sort.WORST
    page: int = 1
    size: int = 25


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding without its evidence."""

    id: str
    control: ControlId
    verdict: Verdict
    severity: Severity
    account: AccountId
    region: str
    resource: str
    kind: str
    name: str
    because: str


@dataclass(frozen=True, slots=True)
class Facets:
    """How many findings there would be of each value if that filter alone were changed."""

    verdicts: Mapping[Verdict, int] = field(default_factory=dict)
    severities: Mapping[Severity, int] = field(default_factory=dict)
    accounts: Mapping[AccountId, int] = field(default_factory=dict)
    controls: Mapping[ControlId, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FindingPage:
    """A page of findings, how many there are in all, and the facets."""

    rows: tuple[FindingRow, ...]
    total: int
    facets: Facets


class FindingsIndex:
    """The index of one assessment; may be used by several threads.  Keep it: what it has read it remembers."""

    def __init__(self, folder: AssessmentFolder) -> None:
        self.folder = folder
        self._path = folder.path / FILE
        self._remembered = lru_cache(REMEMBERED)(self._search)
        self._searching = threading.Lock()

    @classmethod
    def open(cls, folder: AssessmentFolder) -> FindingsIndex:
        """The index of an assessment, made if it is missing or does not fit the findings.

        Raises:
            StoreError: the findings cannot be read, or the index cannot be written.
        """
        made = cls(folder)
        if not made.is_current():
            build(folder)
        return made

    def is_current(self) -> bool:
        """Whether the index is there, in the present format, and made of the findings that are there."""
        with suppress(sqlite3.Error, OSError), self._opened() as connection:
            kept = connection.execute("SELECT format, stamp FROM about").fetchone()
            return bool(kept == (FORMAT, stamp_of(self.folder)))
        return False

    @cached_property
    def tally(self) -> Tally:
        """The counts from which the standing of the organisation follows; not to be changed."""
        sets, made = self._sets, Tally()
        for verdict in VERDICTS:
            mine = sets.verdicts.get(verdict, 0)
            for control, others in sets.controls.items():
                _count(made.verdicts, control, verdict, mine & others)
            for account, others in sets.accounts.items():
                _count(made.by_account, account, verdict, mine & others)
        gaps = sets.verdicts.get(Verdict.GAP, 0)
        for control, others in sets.controls.items():
            if mine := gaps & others:
                for account, there in sets.accounts.items():
                    _count(made.accounts, control, account, mine & there)
        return made

    def page(self, query: FindingQuery) -> FindingPage:
        """The findings that are wanted, one page of them, and the counts around them."""
        sets = self._sets
        searched = sets.all
        for word in query.words[:MOST_WORDS]:
            searched &= self._fitting("instr(search, ?)", word.casefold())
        if query.resource:
            searched &= self._fitting("resource = ?", query.resource)
        chosen = _chosen(sets, query)
        wanted = searched
        for one in chosen.values():
            wanted &= one
        size = min(max(query.size, 1), LARGEST_PAGE)
        positions = sets.positions(wanted, query.sort, (max(query.page, 1) - 1) * size, size)
        return FindingPage(self._rows(positions), wanted.bit_count(), _facets(sets, searched, chosen))

    def find(self, identifier: str) -> Finding | None:
        """A finding with its evidence by its id; ``None`` where there is none.

        Raises:
            StoreError: its line cannot be read, or is of another finding by now.
        """
        found = self._all(
            "SELECT f.name, start, length FROM texts JOIN files f ON f.n = file WHERE id = ? LIMIT 1",
            identifier,
        )
        for name, start, length in found:
            whole = self._line(name, start, length)
            if whole.id != identifier:
                raise StoreError(
                    "the findings have changed since their index was made",
                    where=str(self.folder.path),
                    remedy="ask again",
                )
            return whole
        return None

    @cached_property
    def _sets(self) -> _Sets:
        sets = {(kind, value): int.from_bytes(bits, "little") for kind, value, bits in self._all(_SETS)}
        orders = {}
        for name, positions in self._all("SELECT name, positions FROM orders"):
            orders[Sort(name)] = array("I", positions)
            if sys.byteorder == "big":
                orders[Sort(name)].byteswap()
        return _Sets.of(sets, orders)

    def _fitting(self, condition: str, value: str) -> int:
        # One scan at a time: who asks the same a moment later finds it remembered.
        with self._searching:
            return self._remembered(condition, value)

    def _search(self, condition: str, value: str) -> int:
        """The set of findings whose texts fit, as a number of bits."""
        found = bytearray(self._sets.size // 8 + 1)
        sql = f"SELECT position FROM {'words' if 'search' in condition else 'texts'} WHERE {condition}"  # noqa: S608 - ours
        for (position,) in self._all(sql, value):
            found[position >> 3] |= 1 << (position & 7)
        return int.from_bytes(found, "little")

    def _rows(self, positions: Iterable[int]) -> tuple[FindingRow, ...]:
        with self._opened() as connection:
            return tuple(_row(connection.execute(_ROW, (one,)).fetchone()) for one in positions)

    def _line(self, name: str, start: int, length: int) -> Finding:
        path = self.folder.path / "findings" / name
        try:
            with path.open("rb") as file:
                file.seek(start)
                return from_json(json.loads(file.read(length)))
        except (OSError, ValueError, KeyError) as error:
            raise StoreError(
                f"the finding cannot be read: {error}", where=str(path), remedy="judge the snapshot again"
            ) from error

    def _all(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self._opened() as connection:
            return connection.execute(sql, values).fetchall()

    def _opened(self) -> closing[sqlite3.Connection]:
        # Immutable: a file is never changed after it was renamed into its place.
        uri = f"{self._path.resolve().as_uri()}?mode=ro&immutable=1"
        connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        connection.execute(f"PRAGMA mmap_size = {1 << 30}")
        return closing(connection)


@dataclass(frozen=True, slots=True)
class _Sets:
    """The sets of findings as numbers of bits, and the orders other than worst first as positions."""

    size: int
    verdicts: Mapping[Verdict, int]
    severities: Mapping[Severity, int]
    accounts: Mapping[AccountId, int]
    controls: Mapping[ControlId, int]
    orders: Mapping[Sort, array[int]]

    @classmethod
    def of(cls, sets: Mapping[tuple[str, str], int], orders: Mapping[Sort, array[int]]) -> _Sets:
        """From what the file holds."""

        def those(wanted: str) -> dict[str, int]:
            return {value: bits for (kind, value), bits in sets.items() if kind == wanted}

        verdicts = {Verdict(value): bits for value, bits in those("verdict").items()}
        return cls(
            sum(one.bit_count() for one in verdicts.values()),
            verdicts,
            {Severity[value.upper()]: bits for value, bits in those("severity").items()},
            {AccountId(value): bits for value, bits in those("account").items()},
            {ControlId(value): bits for value, bits in those("control").items()},
            orders,
        )

    @property
    def all(self) -> int:
        """All findings."""
        return (1 << self.size) - 1

    def positions(self, wanted: int, sort: Sort, first: int, size: int) -> list[int]:
        """The positions of one page of the wanted ones, in an order."""
        order: Sequence[int] = range(self.size) if sort is Sort.WORST else self.orders[sort]
        # One character a finding: what lies at which position.
        signs = format(wanted, f"0{self.size}b")[::-1] if self.size else ""
        if sort is Sort.WORST:
            kept: Iterator[int] = compress(order, map("1".__eq__, signs))
        else:
            kept = (one for one in order if signs[one] == "1")
        return list(islice(kept, first, first + size))


def _count(into: dict[Any, Counter[Any]], key: object, value: object, bits: int) -> None:
    if bits:
        into.setdefault(key, Counter())[value] = bits.bit_count()


def _chosen(sets: _Sets, query: FindingQuery) -> dict[str, int]:
    """The set that each filter leaves; a filter that is not set is not there."""
    found: dict[str, int] = {}
    if query.verdicts:
        found["verdicts"] = _union(sets.verdicts, query.verdicts)
    if query.severities:
        found["severities"] = _union(sets.severities, query.severities)
    if query.account is not None:
        found["accounts"] = sets.accounts.get(query.account, 0)
    if query.controls is not None:
        found["controls"] = _union(sets.controls, query.controls)
    return found


def _union(sets: Mapping[Any, int], values: Iterable[object]) -> int:
    found = 0
    for one in values:
        found |= sets.get(one, 0)
    return found


def _facets(sets: _Sets, searched: int, chosen: Mapping[str, int]) -> Facets:
    """Counts by each value, each without its own filter; values that nothing has are left out."""
    counted: dict[str, dict[Any, int]] = {}
    for name in ("verdicts", "severities", "accounts", "controls"):
        rest = searched
        for other, bits in chosen.items():
            rest &= bits if other != name else searched
        numbers = ((value, (rest & bits).bit_count()) for value, bits in getattr(sets, name).items())
        counted[name] = {value: number for value, number in numbers if number}
    return Facets(**counted)


_SETS: Final = "SELECT kind, value, bits FROM sets ORDER BY place"
_ROW: Final = "SELECT id, control, verdict, severity, account, region, resource, kind, name, because FROM texts WHERE position = ?"


def _row(found: Sequence[Any]) -> FindingRow:
    name, control, verdict, severity, account, *texts = found
    return FindingRow(
        name, ControlId(control), Verdict(verdict), Severity[severity.upper()], AccountId(account), *texts
    )
