"""Making the index of an assessment's findings (see ``store.findings_index``, which asks it)."""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

from watchword.errors import StoreError, StoreFull
from watchword.model.verdict import Severity, Verdict
from watchword.store.assessments import AssessmentFolder

FILE: Final = "findings.index"
"""The name of the index in the folder of its assessment."""

FORMAT: Final = 1
"""Raised when the tables change; an index of another format is made again."""

VERDICTS: Final = (Verdict.GAP, Verdict.UNKNOWN, Verdict.MET, Verdict.NOT_APPLICABLE)
"""Verdicts in the order of pages; the index keeps their places in it."""

_SCHEMA: Final = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE about (format INTEGER, stamp TEXT);
CREATE TABLE controls (n INTEGER PRIMARY KEY, id TEXT);
CREATE TABLE accounts (n INTEGER PRIMARY KEY, id TEXT);
CREATE TABLE files (n INTEGER PRIMARY KEY, name TEXT);
-- Positions are the order "worst first".
CREATE TABLE findings (
  position INTEGER PRIMARY KEY, control INTEGER, account INTEGER, verdict INTEGER, severity INTEGER, by_name INTEGER
);
CREATE TABLE texts (
  position INTEGER PRIMARY KEY, id TEXT, region TEXT, resource TEXT, kind TEXT, name TEXT, because TEXT,
  file INTEGER, start INTEGER, length INTEGER
);
CREATE TABLE words (position INTEGER PRIMARY KEY, search TEXT);
CREATE TABLE cells (control INTEGER, account INTEGER, verdict INTEGER, severity INTEGER, number INTEGER);
"""
_INDEXES: Final = """
CREATE INDEX texts_id ON texts (id);
CREATE INDEX texts_resource ON texts (resource);
"""
_SEARCHED: Final = ("control", "account", "region", "resource", "resource_type", "resource_name", "because")


def stamp_of(folder: AssessmentFolder) -> str:
    """What tells one state of the findings' files from another: names, sizes, times of change."""
    told = ((one.name, one.stat()) for one in _files(folder))
    return json.dumps([[name, seen.st_size, seen.st_mtime_ns] for name, seen in told])


def build(folder: AssessmentFolder) -> Path:
    """Make the index and put it into its place; gives the file.

    Raises:
        StoreFull: no space is left.
        StoreError: the findings cannot be read, or the index cannot be written.
    """
    target = folder.path / FILE
    beside = target.with_name(f".{FILE}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        # Before reading: findings that change meanwhile make the index out of date, not wrong for good.
        stamp = stamp_of(folder)
        with closing(sqlite3.connect(beside, isolation_level=None)) as connection:
            connection.executescript(_SCHEMA)
            connection.execute("BEGIN")
            _fill(connection, folder)
            connection.execute("INSERT INTO about VALUES (?, ?)", (FORMAT, stamp))
            connection.execute("COMMIT")
            connection.executescript(_INDEXES)
        _settled(beside)
        beside.replace(target)
    except (OSError, sqlite3.Error, ValueError, KeyError) as error:
        raise _told(target, error) from error
    finally:
        with suppress(OSError):
            beside.unlink()
    return target


def _settled(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _told(path: Path, error: Exception) -> StoreError:
    full = "full" in str(error).lower() or getattr(error, "errno", None) == 28  # ENOSPC
    kind = StoreFull if full else StoreError
    return kind(
        f"the index of the findings cannot be made: {error}",
        where=str(path),
        remedy="see that there is space, that you may write there, and that the findings are whole",
    )


def _fill(connection: sqlite3.Connection, folder: AssessmentFolder) -> None:
    files = _files(folder)
    connection.executemany("INSERT INTO files VALUES (?, ?)", ((n, one.name) for n, one in enumerate(files)))
    found = list(_lines(files))
    controls = _numbered(connection, "controls", sorted({one["control"] for one in found}))
    # The organisation first, then by number: as the findings themselves are listed.
    accounts = _numbered(
        connection,
        "accounts",
        sorted({one["account"] for one in found}, key=lambda one: (one[:1].isdigit(), one)),
    )
    found.sort(key=_worst_first)
    names = sorted(range(len(found)), key=lambda at: (found[at]["resource_name"].casefold(), at))
    by_name = {position: place for place, position in enumerate(names)}
    coded = [
        (
            position,
            controls[one["control"]],
            accounts[one["account"]],
            VERDICTS.index(one["verdict"]),
            int(Severity[one["severity"].upper()]),
            by_name[position],
        )
        for position, one in enumerate(found)
    ]
    connection.executemany("INSERT INTO findings VALUES (?, ?, ?, ?, ?, ?)", coded)
    connection.executemany("INSERT INTO texts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", _texts(found))
    connection.executemany("INSERT INTO words VALUES (?, ?)", _words(found))
    cells = Counter(one[1:5] for one in coded)
    connection.executemany(
        "INSERT INTO cells VALUES (?, ?, ?, ?, ?)", ((*key, n) for key, n in cells.items())
    )


def _files(folder: AssessmentFolder) -> list[Path]:
    return sorted((folder.path / "findings").glob("*.ndjson"))


def _lines(files: Iterable[Path]) -> Iterator[dict[str, Any]]:
    """Findings without their evidence, each with where its line lies."""
    for number, path in enumerate(files):
        start = 0
        with path.open("rb") as lines:
            for line in lines:
                found = json.loads(line)
                del found["evidence"], found["missing"]
                yield found | {"file": number, "start": start, "length": len(line)}
                start += len(line)


def _numbered(connection: sqlite3.Connection, table: str, names: list[str]) -> Mapping[str, int]:
    connection.executemany(f"INSERT INTO {table} VALUES (?, ?)", enumerate(names))  # noqa: S608 - our own tables
    return {name: n for n, name in enumerate(names)}


def _worst_first(one: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        VERDICTS.index(one["verdict"]),
        -int(Severity[one["severity"].upper()]),
        *(one[key] for key in ("control", "account", "region", "resource", "id")),
    )


def _texts(found: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Any, ...]]:
    keys = (
        "id",
        "region",
        "resource",
        "resource_type",
        "resource_name",
        "because",
        "file",
        "start",
        "length",
    )
    for position, one in enumerate(found):
        yield (position, *(one[key] for key in keys))


def _words(found: Iterable[Mapping[str, Any]]) -> Iterator[tuple[int, str]]:
    for position, one in enumerate(found):
        yield position, "\n".join(one[key] for key in _SEARCHED).casefold()
