"""How fast a directory of 200,000 people is brought into the state: rows a second, and whether memory stays flat.

``first``   every account is new: account, person, link, each with its audit record; then 2,000 groups with members within groups.
``again``   the same reading once more: nothing changes, nothing is recorded.
``change``  one account in a hundred is disabled: its person is suspended.

Rates are people a second of CPU, which neighbours on the machine disturb little.  The peer is the plain insertion of the same
number of rows of accounts, without judging, linking and recording, in the same run.  Peak memory is that of a process of its own for each size; flat means that ten times the people take less than
twice the memory.

Arguments: how many people (200,000).
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from watchword.access.directories import directory_of, synchronise
from watchword.model.accounts import Account, AccountKey
from watchword.model.directory import DirectoryAccount, DirectoryFault, DirectoryGroup
from watchword.model.people import DirectoryId
from watchword.store.state.accounts import account_row, accounts
from watchword.store.state.database import Database
from watchword.store.state.migrate import upgrade

PEOPLE = 200_000
GROUPS = 1_000
IN_GROUP = 200
NOW = datetime(2026, 3, 1, tzinfo=UTC)
TABLE = {"kind": "ldap", "authoritative": ["employee_number"]}


@dataclass
class Reader:
    """A directory that is made up as it is read."""

    people: int
    disabled: int = 0
    faults: list[DirectoryFault] = field(default_factory=list)

    def account(self, number: int) -> DirectoryAccount:
        """One person; every ``disabled``-th is disabled."""
        return DirectoryAccount(
            DirectoryId("corp"),
            f"{number:08x}-0000-4000-8000-000000000000",
            f"user{number}",
            display_name=f"Person Number {number}",
            mail=f"user{number}@example.com",
            employee_number=f"E{number:06}",
            enabled=not (self.disabled and number % self.disabled == 0),
            created=NOW - timedelta(days=500),
            attributes={"dn": f"uid=user{number},ou=people,dc=example,dc=com"},
        )

    def accounts(self) -> Iterator[DirectoryAccount]:
        """All of them."""
        return (self.account(number) for number in range(self.people))

    def groups(self) -> Iterator[DirectoryGroup]:
        """Groups of ten levels, each with people of its own."""
        for number in range(min(GROUPS, self.people // 10)):
            start = number * IN_GROUP
            inside = tuple(
                f"{one % self.people:08x}-0000-4000-8000-000000000000"
                for one in range(start, start + IN_GROUP)
            )
            inner = (f"g{number + 1}",) if number % 10 else ()
            yield DirectoryGroup(DirectoryId("corp"), f"g{number}", f"Group {number}", inside, inner)


def plain(database: Database, people: int) -> float:
    """Seconds of CPU to insert as many accounts, and nothing else."""
    reader = Reader(people)
    directory = DirectoryId("peer")
    from watchword.store.state.people import DIRECTORIES, directory_row
    from watchword.store.state.transition import Act, create

    with database.writing() as connection:
        create(connection, DIRECTORIES, directory_row(directory_of("peer", TABLE)), Act("bench", NOW))
    started = time.process_time()
    for first in range(0, people, 1_000):
        rows = []
        for number in range(first, min(first + 1_000, people)):
            made = Account(AccountKey(f"peer{number}"), reader.account(number), NOW, NOW)
            rows.append(account_row(made) | {"directory": directory})
        with database.writing() as connection:
            connection.execute(insert(accounts), rows)
    return time.process_time() - started


def measure(people: int, answer: multiprocessing.Queue[dict[str, float]]) -> None:
    """All figures for one size, in a process of its own."""
    told: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="ww-bench-") as folder:
        url = f"sqlite:///{Path(folder) / 'state.sqlite'}"
        with Database.open(url, create=True, any_schema=True) as database:
            upgrade(database)
            for name, days, disabled in (("first", 0, 0), ("again", 1, 0), ("change", 2, 100)):
                started = time.process_time()
                done = synchronise(
                    database,
                    Reader(people, disabled),
                    directory_of("corp", TABLE),
                    NOW + timedelta(days=days),
                )
                told[name] = time.process_time() - started
                print(f"  {people} people, {name}: {told[name]:.1f} s {dict(done.counts)}", file=sys.stderr)
            told["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            told["plain"] = plain(database, people)
    answer.put(told)


def run(people: int) -> dict[str, float]:
    """The figures for one size."""
    context = multiprocessing.get_context("spawn")
    answer: multiprocessing.Queue[dict[str, float]] = context.Queue()
    process = context.Process(target=measure, args=(people, answer))
    process.start()
    told = answer.get()
    process.join()
    return told


def main(people: int = PEOPLE) -> None:
    """Measure, and print."""
    small, large = run(people // 10), run(people)
    peer = people / large["plain"]
    for name in ("first", "again", "change"):
        rate = people / large[name]
        print(
            f"{name}: {rate:,.0f} people a CPU second; plain insertion {peer:,.0f} rows, ratio {rate / peer:.2f}"
        )
    ratio = large["memory"] / small["memory"]
    print(
        f"memory: {large['memory']:.0f} MiB, {small['memory']:.0f} MiB for a tenth, ratio {ratio:.2f} (limit 2)"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE)
