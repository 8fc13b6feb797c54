"""Kill -9 at any point: what was told as done is there, what is there is whole, and work that was begun is taken over."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from tests.store.state.conftest import New
from tests.store.state.people import ACT, add, after, person
from tests.store.state.test_leases import claim, enqueue, stands
from tests.store.state.test_transition import records
from watchword.model.leases import JobState
from watchword.model.people import PrincipalStatus
from watchword.store.audit import journal
from watchword.store.state import leases
from watchword.store.state.database import Database
from watchword.store.state.migrate import require_unchanged
from watchword.store.state.people import PRINCIPALS, principals
from watchword.store.state.transition import Move, transition

MOVING = """
import itertools, sys, threading
from tests.store.state.people import ACT
from watchword.model.people import PrincipalStatus as S
from watchword.store.state.batch import Batch
from watchword.store.state.database import Database
from watchword.store.state.people import PRINCIPALS
from watchword.store.state.transition import Move, transition

batch = Batch(Database.open(sys.argv[1]))
lock = threading.Lock()

def move(number, states=(S.SUSPENDED, S.ACTIVE)):
    for version in itertools.count(int(sys.argv[2 + number])):
        to = states[(version - 1) % 2]
        which = Move(PRINCIPALS, f"p-{number}", version, to)
        new = batch.run(lambda connection, journal: transition(connection, which, ACT, journal))
        with lock:
            print(number, new, flush=True)

for number in range(len(sys.argv) - 2):
    threading.Thread(target=move, args=(number,)).start()
"""


def versions(database: Database) -> dict[str, int]:
    with database.reading() as connection:
        rows = connection.execute(
            select(principals.c.id, principals.c.version).order_by(principals.c.id)
        ).all()
    return {row.id: row.version for row in rows}


def wait_for_the_dead(database: Database) -> None:
    """A server may still be committing what a client asked for before it was killed."""
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )
    while database.is_postgresql:
        with database.reading() as connection:
            if connection.execute(others).scalar_one() == 0:
                return


@pytest.mark.heavy
def test_a_process_that_is_killed_while_it_writes_leaves_no_half_change_and_loses_none(url: str) -> None:
    """Killed after a random number of lines, twelve times over the same database."""
    draw = random.Random(7)
    with Database.open(url) as database:
        add(database, *(person(f"p-{number}") for number in range(6)))
    told = {f"p-{number}": 1 for number in range(6)}
    for _ in range(12):
        start = [str(one) for one in told.values()]
        child = subprocess.Popen(
            [sys.executable, "-c", MOVING, url, *start], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        for _ in range(draw.randint(1, 60)):
            number, version = child.stdout.readline().split()
            told[f"p-{number}"] = int(version)
        child.kill()
        for line in child.stdout.read().splitlines():
            if len(parts := line.split()) == 2:
                told[f"p-{parts[0]}"] = int(parts[1])
        assert child.wait() == -signal.SIGKILL
        with Database.open(url) as database:
            wait_for_the_dead(database)
            there = versions(database)
            kinds = Counter(one["subject"] for one in records(database))
        assert all(there[name] >= version for name, version in told.items())
        assert kinds == there, "each version has one record"
        told = there


STEPS = ["before the row", "after the row", "after the record", "before the commit"]


def die_at(url: str, step: str) -> None:
    """In a child: make a move and be killed at a step."""

    def killed(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    with Database.open(url) as database, database.writing() as connection:
        move = Move(PRINCIPALS, "p-1", 1, PrincipalStatus.SUSPENDED)
        if step == "before the row":
            killed()
        if step == "after the row":
            transition(connection, move, ACT, killed)
        transition(connection, move, ACT, journal.append)
        if step == "after the record":
            killed()
        connection.execute(text("SELECT 1"))
        killed()


@pytest.mark.parametrize("step", STEPS)
def test_a_move_whose_process_is_killed_was_never_made(url: str, step: str) -> None:
    with Database.open(url) as database:
        add(database, person())
    code = "import sys; from tests.store.state.test_crash import die_at; die_at(sys.argv[1], sys.argv[2])"
    assert subprocess.run([sys.executable, "-c", code, url, step], check=False).returncode == -signal.SIGKILL
    with Database.open(url) as database:
        assert versions(database) == {"p-1": 1}
        assert len(records(database)) == 1
        require_unchanged(database)
        with database.writing() as connection:
            # Nothing holds the row, the log or the writer's place any longer.
            transition(connection, Move(PRINCIPALS, "p-1", 1, PrincipalStatus.SUSPENDED), ACT)


CLAIMING = """
import os, signal, sys
from tests.store.state.test_leases import claim
from watchword.store.state.database import Database
lease = claim(Database.open(sys.argv[1]), "doomed")
print(lease[0].job, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_job_whose_worker_is_killed_is_done_by_another_after_its_lease(url: str) -> None:
    with Database.open(url) as database:
        enqueue(database, "j")
        child = subprocess.run(
            [sys.executable, "-c", CLAIMING, url], capture_output=True, text=True, check=False
        )
        assert (child.returncode, child.stdout) == (-signal.SIGKILL, "j\n")
        assert claim(database, "w-2", at=59) == ()
        (lease,) = claim(database, "w-2", at=60)
        with database.writing() as connection:
            leases.finish(connection, lease, after(61))
        assert (stands(database, "j").state, stands(database, "j").fencing) == (JobState.FINISHED, 2)


def test_a_lease_is_at_least_as_long_as_it_was_asked_for(new: New) -> None:
    with Database.open(new()) as database:
        enqueue(database, "j")
        (lease,) = claim(database, at=10)
        assert lease.until - after(10) == timedelta(minutes=1)
