"""The worker: every job ends as it should, whatever its handler does, and a signal stops it between two jobs."""

from __future__ import annotations

import itertools
import os
import signal
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from tests.store.state.people import after
from tests.store.state.test_leases import claim, enqueue, stands
from watchword.errors import LeaseLost, UsageError
from watchword.model.leases import Backoff, JobState
from watchword.store.state.database import Database
from watchword.store.state.worker import (
    Ending,
    Handler,
    Hold,
    Reconciler,
    Report,
    Worker,
    stopped_by_signals,
)


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> datetime:
        return after(self.seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


Make = Callable[[Mapping[str, Handler | Reconciler]], Worker]


@pytest.fixture
def make(database: Database, clock: Clock) -> Make:
    """Makes a worker whose reports gather in ``worker.report.__self__``."""

    def made(handlers: Mapping[str, Handler | Reconciler]) -> Worker:
        reports: list[Report] = []
        numbers = itertools.count()
        backoff = Backoff(timedelta(seconds=10), 2, timedelta(minutes=5), attempts=3)
        return Worker(
            database,
            "w-1",
            handlers,
            clock,
            lambda: 0.0,
            lambda: f"id-{next(numbers)}",
            reports.append,
            backoff,
        )

    return made


def endings(worker: Worker) -> list[Ending]:
    return [one.ending for one in worker.report.__self__]  # type: ignore[attr-defined]


def test_a_job_that_is_due_is_done_and_then_there_is_none(make: Make, database: Database) -> None:
    done: list[str] = []
    worker = make({"mail": lambda hold: done.append(hold.lease.key)})
    enqueue(database, "j")
    enqueue(database, "foreign", name="other")
    assert [worker.attempt(), worker.attempt()] == [True, False]
    assert (done, stands(database, "j").state) == (["j"], JobState.FINISHED)
    assert endings(worker) == [Ending.DONE]


def test_a_handler_that_raises_is_tried_again_after_growing_pauses_and_then_given_up(
    make: Make, database: Database, clock: Clock
) -> None:
    def fails(hold: Hold) -> None:
        raise UsageError("no such mailbox", remedy="make one")

    worker = make({"mail": fails})
    enqueue(database, "j")
    for pause, ending in ((10, Ending.RETRIED), (20, Ending.RETRIED), (0, Ending.GIVEN_UP)):
        assert worker.attempt()
        assert endings(worker)[-1] is ending
        if pause:
            clock.seconds += pause - 0.001
            assert not worker.attempt()
            clock.seconds += 0.001
    assert stands(database, "j").state is JobState.GIVEN_UP
    assert stands(database, "j").last_error == "no such mailbox"


def test_an_error_that_nobody_expected_stops_neither_worker_nor_the_next_job(
    make: Make, database: Database
) -> None:
    def odd(hold: Hold) -> None:
        if hold.lease.key == "bad":
            raise ZeroDivisionError("by zero")

    worker = make({"mail": odd})
    enqueue(database, "bad")
    enqueue(database, "good")
    assert [worker.attempt(), worker.attempt()] == [True, True]
    assert endings(worker) == [Ending.RETRIED, Ending.DONE]
    assert stands(database, "bad").last_error == "ZeroDivisionError: by zero"


def test_a_job_that_kills_its_workers_is_given_up_without_being_run_again(
    make: Make, database: Database, clock: Clock
) -> None:
    enqueue(database, "j")
    for _ in range(3):
        assert claim(database, "doomed", clock.seconds)
        clock.seconds += 60
    worker = make({"mail": lambda hold: pytest.fail("it was run")})
    assert worker.attempt()
    assert endings(worker) == [Ending.GIVEN_UP]
    assert "died 3 times" in stands(database, "j").last_error


def test_a_worker_that_was_overtaken_is_told_and_changes_nothing(
    make: Make, database: Database, clock: Clock
) -> None:
    def slow(hold: Hold) -> None:
        clock.seconds += 61
        assert claim(database, "w-2", clock.seconds)

    worker = make({"mail": slow})
    enqueue(database, "j")
    worker.attempt()
    assert endings(worker) == [Ending.LOST]
    assert (stands(database, "j").claimed_by, stands(database, "j").state) == ("w-2", JobState.CLAIMED)


def test_a_worker_that_renews_is_not_overtaken(make: Make, database: Database, clock: Clock) -> None:
    def steady(hold: Hold) -> None:
        for _ in range(5):
            clock.seconds += 50
            assert claim(database, "w-2", clock.seconds) == ()
            hold.renew()
        with database.writing() as connection:
            hold.require(connection)

    worker = make({"mail": steady})
    enqueue(database, "j")
    worker.attempt()
    assert endings(worker) == [Ending.DONE]


def test_what_a_handler_writes_after_it_was_overtaken_is_undone(
    make: Make, database: Database, clock: Clock
) -> None:
    def late(hold: Hold) -> None:
        clock.seconds += 61
        claim(database, "w-2", clock.seconds)
        with database.writing() as connection:
            connection.execute(text("INSERT INTO meta VALUES ('late', 'write')"))
            hold.require(connection)

    worker = make({"mail": late})
    enqueue(database, "j")
    worker.attempt()
    assert endings(worker) == [Ending.LOST]
    with database.reading() as connection:
        assert connection.execute(text("SELECT * FROM meta")).all() == []


def test_a_reconciler_comes_back_and_is_never_given_up(make: Make, database: Database, clock: Clock) -> None:
    runs: list[float] = []

    def reconcile(hold: Hold) -> None:
        runs.append(clock.seconds)
        if len(runs) in {2, 3, 4, 5, 6}:
            raise OSError("AWS is away")

    worker = make({"drift": Reconciler(timedelta(seconds=30), reconcile)})
    worker.prepare()
    worker.prepare()
    for _ in range(400):
        worker.attempt()
        clock.seconds += 5
    assert runs[:4] == [0, 30, 40, 60]
    assert len(runs) > 8
    assert Ending.GIVEN_UP not in endings(worker)
    assert endings(worker)[-1] is Ending.DONE


def test_a_database_that_is_away_is_reported_and_asked_again(make: Make, database: Database) -> None:
    worker = make({"mail": lambda hold: None})
    enqueue(database, "j")
    with database.writing() as connection:
        connection.execute(text("ALTER TABLE jobs RENAME TO gone"))
    assert not worker.attempt()
    with database.writing() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO jobs"))
    assert worker.attempt()
    assert endings(worker) == [Ending.UNREACHED, Ending.DONE]


def test_a_signal_lets_the_job_in_hand_end_and_then_stops_the_worker(make: Make, database: Database) -> None:
    def asked(hold: Hold) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    worker = make({"mail": asked})
    enqueue(database, "j-1")
    enqueue(database, "j-2")
    with stopped_by_signals() as stop:
        worker.run(stop)
    assert signal.getsignal(signal.SIGTERM) is before
    assert endings(worker) == [Ending.DONE]
    assert stands(database, "j-2").state is JobState.WAITING


def test_a_worker_without_work_waits_until_it_is_stopped(make: Make) -> None:
    worker = make({"mail": lambda hold: None})
    stop = threading.Event()
    thread = threading.Thread(target=worker.run, args=(stop, 60))
    thread.start()
    stop.set()
    thread.join(timeout=30)
    assert not thread.is_alive()


def test_lease_lost_says_which_job(make: Make, database: Database, clock: Clock) -> None:
    enqueue(database, "j")
    (lease,) = claim(database)
    clock.seconds = 61
    claim(database, "w-2", 61)
    hold = Hold(database, lease, clock, timedelta(minutes=1))
    with pytest.raises(LeaseLost, match="mail") as lost:
        hold.renew()
    assert "job j" in lost.value.diagnosis()


@pytest.mark.parametrize("restarted", [False, True])
def test_work_that_comes_back_goes_on_where_the_clock_was_ahead_and_is_right_again(
    make: Make, clock: Clock, restarted: bool
) -> None:
    turns, stop = [], threading.Event()

    def turn(_: Hold) -> None:
        turns.append(clock.seconds)
        if clock.seconds < 1_000:
            stop.set()

    handlers = {"look": Reconciler(timedelta(minutes=10), turn)}
    clock.seconds = 30_000_000
    worker = make(handlers)
    worker.prepare()
    worker.attempt()
    clock.seconds = 0
    if restarted:
        worker = make(handlers)
        worker.prepare()
    else:
        # As the loop finds it: it was ahead a moment ago.
        worker._after(after(30_000_000))
    worker.attempt()
    assert turns == [30_000_000]
    clock.seconds = 601
    worker.run(stop, idle=0.01)
    assert turns == [30_000_000, 601]


def test_a_clock_that_is_corrected_by_seconds_changes_nothing(make: Make, clock: Clock) -> None:
    worker = make({"look": Reconciler(timedelta(minutes=10), lambda _: None)})
    assert worker._after(after(3)) == after(0)
    assert endings(worker) == []
