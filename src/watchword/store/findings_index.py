"""An index over the findings of one assessment, so that pages filter, sort and count without reading them all.

``<assessment>/findings.index`` is a SQLite file made from ``findings/*.ndjson``, which stay the truth: it can be deleted at
any time, and is made again where it is missing, of another format, or older than the findings.  It is written beside its
place and renamed.  Whole findings, with their evidence, are read from the lines that the index points to.

What it answers is exactly what a scan of all findings would answer (a test compares them).
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from enum import StrEnum
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
    """The index of one assessment; may be used by several threads, each call opens the file for itself."""

    def __init__(self, folder: AssessmentFolder) -> None:
        self.folder = folder
        self._path = folder.path / FILE

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

    def tally(self) -> Tally:
        """The counts from which the standing of the organisation follows."""
        made = Tally()
        for control, account, verdict, number in self._all(
            "SELECT c.id, a.id, verdict, sum(number) FROM cells JOIN controls c ON c.n = control "
            "JOIN accounts a ON a.n = account GROUP BY control, account, verdict"
        ):
            word = VERDICTS[verdict]
            made.verdicts.setdefault(control, Counter())[word] += number
            made.by_account.setdefault(account, Counter())[word] += number
            if word is Verdict.GAP:
                made.accounts.setdefault(control, Counter())[account] += number
        return made

    def page(self, query: FindingQuery) -> FindingPage:
        """The findings that are wanted, one page of them, and the counts around them."""
        with self._opened() as connection:
            wanted = _Wanted(connection, query)
            facets, total = wanted.facets()
            return FindingPage(tuple(wanted.rows()), total, facets)

    def find(self, identifier: str) -> Finding | None:
        """A finding with its evidence by its id; ``None`` where there is none.

        Raises:
            StoreError: its line cannot be read.
        """
        found = self._all(
            "SELECT f.name, start, length FROM texts JOIN files f ON f.n = file WHERE id = ? LIMIT 1",
            identifier,
        )
        for name, start, length in found:
            return self._line(name, start, length)
        return None

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
        return closing(sqlite3.connect(uri, uri=True, check_same_thread=False))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A query as SQL over one connection."""

    connection: sqlite3.Connection
    query: FindingQuery

    def rows(self) -> Iterator[FindingRow]:
        """One page in order; the texts are looked up for the page alone."""
        where, values = self._where(self._all_conditions())
        size = min(max(self.query.size, 1), LARGEST_PAGE)
        offset = (max(self.query.page, 1) - 1) * size
        sql = (
            f"SELECT position FROM findings {self._joined()} WHERE {where} "  # noqa: S608 - our own pieces
            f"ORDER BY {_ORDER[self.query.sort]} LIMIT {size} OFFSET {offset}"
        )
        for (position,) in self.connection.execute(sql, values).fetchall():
            yield _row(self.connection.execute(_ROW, (position,)).fetchone())

    def facets(self) -> tuple[Facets, int]:
        """Counts by each value, each without its own filter; and how many findings fit all filters."""
        cells, before = self._cells()
        parts, values = [], list(before)
        conditions = self._facet_conditions()
        for name in ("verdict", "severity", "account", "control", ""):
            where, more = self._where([one for key, one in conditions.items() if key != name])
            parts.append(f"SELECT '{name}', {name or '0'}, sum(number) FROM cells WHERE {where} GROUP BY 2")  # noqa: S608
            values += more
        counted: dict[str, dict[int, int]] = {}
        for name, value, number in self.connection.execute(f"{cells} {' UNION ALL '.join(parts)}", values):
            counted.setdefault(name, {})[value] = number
        return self._named(counted), counted.get("", {}).get(0, 0)

    def _named(self, counted: Mapping[str, Mapping[int, int]]) -> Facets:
        accounts = dict(self.connection.execute("SELECT n, id FROM accounts"))
        controls = dict(self.connection.execute("SELECT n, id FROM controls"))
        return Facets(
            {VERDICTS[key]: number for key, number in counted.get("verdict", {}).items()},
            {Severity(key): number for key, number in counted.get("severity", {}).items()},
            {AccountId(accounts[key]): number for key, number in counted.get("account", {}).items()},
            {ControlId(controls[key]): number for key, number in counted.get("control", {}).items()},
        )

    def _cells(self) -> tuple[str, list[object]]:
        """Where the counts come from: those that were counted when the index was made, or of what a search finds."""
        searched = self._search_conditions()
        if not searched:
            return "", []
        where, values = self._where(searched)
        return (
            "WITH cells AS MATERIALIZED (SELECT control, account, verdict, severity, count(*) AS number "  # noqa: S608
            f"FROM findings {self._joined()} WHERE {where} GROUP BY 1, 2, 3, 4)",
            values,
        )

    def _joined(self) -> str:
        joined = "JOIN texts USING (position)" if self.query.resource else ""
        return f"{joined} JOIN words USING (position)" if self.query.words else joined

    def _search_conditions(self) -> list[tuple[str, list[object]]]:
        words = self.query.words[:MOST_WORDS]
        found: list[tuple[str, list[object]]] = [("instr(search, ?)", [word.casefold()]) for word in words]
        if self.query.resource:
            found.append(("resource = ?", [self.query.resource]))
        return found

    def _facet_conditions(self) -> dict[str, tuple[str, list[object]]]:
        query = self.query
        found: dict[str, tuple[str, list[object]]] = {}
        if query.verdicts:
            found["verdict"] = _among("verdict", sorted(VERDICTS.index(one) for one in query.verdicts))
        if query.severities:
            found["severity"] = _among("severity", sorted(int(one) for one in query.severities))
        if query.account is not None:
            found["account"] = ("account = (SELECT n FROM accounts WHERE id = ?)", [query.account])
        if query.controls is not None:
            names = json.dumps(sorted(query.controls))
            found["control"] = (
                "control IN (SELECT n FROM controls WHERE id IN (SELECT value FROM json_each(?)))",
                [names],
            )
        return found

    def _all_conditions(self) -> list[tuple[str, list[object]]]:
        return [*self._facet_conditions().values(), *self._search_conditions()]

    @staticmethod
    def _where(conditions: Sequence[tuple[str, list[object]]]) -> tuple[str, list[object]]:
        if not conditions:
            return "1", []
        return " AND ".join(one for one, _ in conditions), [
            value for _, values in conditions for value in values
        ]


_ORDER: Final = {
    Sort.WORST: "position",
    Sort.CONTROL: "control, position",
    Sort.ACCOUNT: "account, position",
    Sort.RESOURCE: "by_name",
}
_ROW: Final = (
    "SELECT texts.id, c.id, verdict, severity, a.id, region, resource, kind, name, because FROM texts "
    "JOIN findings USING (position) JOIN controls c ON c.n = control JOIN accounts a ON a.n = account WHERE position = ?"
)


def _among(column: str, numbers: Sequence[int]) -> tuple[str, list[object]]:
    return f"{column} IN ({', '.join('?' * len(numbers))})", list(numbers)


def _row(found: Sequence[Any]) -> FindingRow:
    name, control, verdict, severity, account, *texts = found
    return FindingRow(
        name, ControlId(control), VERDICTS[verdict], Severity(severity), AccountId(account), *texts
    )
