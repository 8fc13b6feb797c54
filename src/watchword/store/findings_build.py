"""Making the index of an assessment's findings (see ``store.findings_index``, which asks it)."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
"""Verdicts, worst first."""

_SCHEMA: Final = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE about (format INTEGER, stamp TEXT);
CREATE TABLE files (n INTEGER PRIMARY KEY, name TEXT);
-- Positions count in the order "worst first", from 0.
CREATE TABLE texts (
  position INTEGER PRIMARY KEY, id TEXT, control TEXT, verdict TEXT, severity TEXT, account TEXT, region TEXT,
  resource TEXT, kind TEXT, name TEXT, because TEXT, file INTEGER, start INTEGER, length INTEGER
);
CREATE TABLE words (position INTEGER PRIMARY KEY, search TEXT);
-- Bit p of the number (little-endian) is set where the finding at position p has the value.
CREATE TABLE sets (place INTEGER PRIMARY KEY, kind TEXT, value TEXT, bits BLOB);
-- Positions in another order, four bytes each (little-endian).
CREATE TABLE orders (name TEXT PRIMARY KEY, positions BLOB);
"""
_INDEXES: Final = """
CREATE INDEX texts_id ON texts (id);
CREATE INDEX texts_resource ON texts (resource);
"""
_KEPT: Final = (
    *("id", "control", "verdict", "severity", "account", "region"),
    *("resource", "resource_type", "resource_name", "because", "file", "start", "length"),
)
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
    found = sorted(_lines(files), key=_worst_first)
    marks = ", ".join("?" * (len(_KEPT) + 1))
    connection.executemany(f"INSERT INTO texts VALUES ({marks})", _texts(found))  # noqa: S608 - question marks
    connection.executemany("INSERT INTO words VALUES (?, ?)", _words(found))
    connection.executemany("INSERT INTO sets (kind, value, bits) VALUES (?, ?, ?)", _sets(found))
    connection.executemany("INSERT INTO orders VALUES (?, ?)", _orders(found))


def _sets(found: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str, bytes]]:
    for kind in ("verdict", "severity", "account", "control"):
        sets: dict[str, bytearray] = {}
        for position, one in enumerate(found):
            bits = sets.get(one[kind])
            if bits is None:
                bits = sets[one[kind]] = bytearray(len(found) // 8 + 1)
            bits[position >> 3] |= 1 << (position & 7)
        # The organisation first, then by number: as the findings themselves are listed.
        for value in sorted(sets, key=lambda one: (one[:1].isdigit(), one)):
            yield kind, value, bytes(sets[value])


def _orders(found: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, bytes]]:
    keys: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
        "control": lambda one: one["control"],
        "account": lambda one: (one["account"][:1].isdigit(), one["account"]),
        "resource": lambda one: one["resource_name"].casefold(),
    }
    for name, key in keys.items():
        # Sorting is stable: equals stay worst first.
        by = [key(one) for one in found]
        order = array("I", sorted(range(len(found)), key=by.__getitem__))
        if sys.byteorder == "big":
            order.byteswap()
        yield name, order.tobytes()


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


def _worst_first(one: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        VERDICTS.index(one["verdict"]),
        -int(Severity[one["severity"].upper()]),
        *(one[key] for key in ("control", "account", "region", "resource", "id")),
    )


def _texts(found: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Any, ...]]:
    for position, one in enumerate(found):
        yield (position, *(one[key] for key in _KEPT))


def _words(found: Iterable[Mapping[str, Any]]) -> Iterator[tuple[int, str]]:
    for position, one in enumerate(found):
        yield position, "\n".join(one[key] for key in _SEARCHED).casefold()
