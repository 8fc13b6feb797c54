"""How fast the audit log is written, verified and proved, beside its limit and the bare work of the same run.

200,000 records of some 450 bytes in SQLite, written 500 to a transaction.  Limits: 1,000 records written and 100,000 verified a
second.  The bare work is what no verifier can do without: reading the same bytes and hashing each record twice (its leaf, its
share of the tree).  Rates are records a CPU second of one thread.
"""

from __future__ import annotations

import hashlib
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from watchword.store.audit.export import export
from watchword.store.audit.journal import append, append_many
from watchword.store.audit.records import Entry
from watchword.store.audit.signing import introduce, pack
from watchword.store.audit.verify import verify, verify_file
from watchword.store.state.database import Database
from watchword.store.state.migrate import upgrade

T = TypeVar("T")

RECORDS: Final = 200_000
GROUP: Final = 500
ALONE: Final = 500
PROOFS: Final = 50
WRITTEN_LIMIT: Final = 1_000
VERIFIED_LIMIT: Final = 100_000
NOW: Final = datetime(2026, 6, 1, tzinfo=UTC)


def entry(number: int) -> Entry:
    """An entry as a grant leaves it, with one personal field in ten."""
    after: dict[str, object] = {"state": "approved", "deadline": "2026-06-01T18:00:00Z", "level": 2}
    if number % 10 == 0:
        after["mail"] = f"person{number}@example.com"
    return Entry(
        "grant.approved", f"principal/{number % 997}", f"grant/{number}", NOON_OF[number % 2], {"state": "pending"},
        after, "ticket OPS-4711, agreed with the owner", f"request/{number}", f"session/{number % 31}",
    )  # fmt: skip


NOON_OF: Final = (NOW, NOW.replace(hour=12))


def timed(work: Callable[[], T], clock: Callable[[], float] = time.process_time) -> tuple[float, T]:
    """Seconds that work takes, and what it gives."""
    begun = clock()
    found = work()
    return clock() - begun, found


def told(
    what: str, count: int, seconds: float, limit: float | None = None, bare: float | None = None
) -> None:
    """Print a rate, how often it goes into its limit, and its share of the bare work's."""
    rate = count / seconds
    of_limit = f"   limit {limit:g}: {rate / limit:.1f} times it" if limit else ""
    of_bare = f"   {bare / seconds:4.0%} of the bare work's" if bare else ""
    print(f"  {what:<34} {rate:>10,.0f}/s{of_limit}{of_bare}")


def bare_file(path: Path) -> int:
    """Read an export and hash each line, and 64 bytes beside it."""
    count = 0
    with path.open("rb") as file:
        for line in file:
            hashlib.sha256(hashlib.sha256(line).digest() * 2).digest()
            count += 1
    return count


def bare_rows(path: Path) -> int:
    """Read the rows with the driver alone and hash each, and 64 bytes beside it."""
    count = 0
    columns = "sequence, entry, previous, hash, kind, actor, subject, at"
    for row in sqlite3.connect(path).execute(f"SELECT {columns} FROM audit_records ORDER BY sequence"):
        hashlib.sha256(hashlib.sha256(row[1].encode()).digest() * 2).digest()
        count += 1
    return count


def written(database: Database) -> None:
    """Write all records: some each in its transaction, the rest in groups."""

    def alone() -> None:
        for number in range(ALONE):
            with database.writing() as connection:
                append(connection, entry(number))

    def grouped() -> None:
        for start in range(ALONE, RECORDS, GROUP):
            with database.writing() as connection:
                append_many(connection, [entry(number) for number in range(start, start + GROUP)])

    told("written, each flushed (wall)", ALONE, timed(alone, time.perf_counter)[0])
    told(
        f"written, {GROUP} a flush (wall)",
        RECORDS - ALONE,
        timed(grouped, time.perf_counter)[0],
        WRITTEN_LIMIT,
    )


def main() -> int:
    """Measure; 1 where verifying an export is slower than its limit."""
    with tempfile.TemporaryDirectory() as folder:
        file, lines = Path(folder) / "state.sqlite", Path(folder) / "audit.jsonl"
        with Database.open(f"sqlite:///{file}", create=True, any_schema=True) as database:
            upgrade(database)
            print(f"{RECORDS:,} records")
            written(database)
            with database.reading() as connection:
                seconds, made = timed(lambda: export(connection, lines))
                told(f"exported, {lines.stat().st_size // made.size} bytes each", made.size, seconds)
            least, count = timed(lambda: bare_file(lines))
            from_file, found = timed(lambda: verify_file(lines).require())
            assert found.size == count == RECORDS
            told("verified from an export", count, from_file, VERIFIED_LIMIT, least)
            least, count = timed(lambda: bare_rows(file))
            with database.reading() as connection:
                seconds, stored = timed(lambda: verify(connection).require())
            assert stored == found
            told("verified from SQLite", count, seconds, VERIFIED_LIMIT, least)
            key = Ed25519PrivateKey.generate()
            with database.writing() as connection:
                introduce(connection, key, actor="bench", at=NOW)
            with database.reading() as connection:
                picked = range(1, RECORDS, RECORDS // PROOFS)
                work = [lambda one=one: pack(connection, one, key, NOW, opened=True) for one in picked]
                told("proved, packs", len(work), timed(lambda: [one() for one in work])[0])
    return 0 if RECORDS / from_file >= VERIFIED_LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
