"""The worker: claims jobs that are due, hands each to its handler, and goes on until it is told to stop.

A handler gets the job's ``Hold``.  What it changes, it changes in one transaction that begins with ``hold.require``; work
that takes longer than the lease calls ``hold.renew`` between its steps.  A handler that returns has finished its job; one
that raises has failed: the job comes back after a pause, and is given up after the last attempt.  A job whose worker dies
is taken over by another at the end of its lease, so **a handler may run twice** and looks at what is there rather than at
what it remembers (level-triggered).

A ``Reconciler`` is a job that never ends: it comes back ``every`` so often, in one worker at a time.

This loop is one of the three places with a catch-all handler: one job's error must not stop the others.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection

from watchword.errors import DatabaseError, LeaseLost, WatchwordError
from watchword.model.leases import Backoff, JobId, Lease, NewJob
from watchword.store.state import leases
from watchword.store.state.database import Database

SET_BACK: Final = timedelta(seconds=5)
"""By how much a clock may be corrected without anything being looked at."""

KEY: Final = "standing"
"""The key of a reconciler's only job."""


@dataclass(slots=True)
class Hold:
    """A worker's hold on a job while its handler runs."""

    database: Database
    lease: Lease
    clock: Callable[[], datetime]
    time: timedelta

    def renew(self) -> None:
        """Hold the job for another whole lease.

        Raises:
            LeaseLost: another worker has taken it over; stop.
        """
        with self.database.writing() as connection:
            self.lease = leases.renew(connection, self.lease, self.clock(), self.time)

    def require(self, connection: Connection) -> None:
        """See that the job is ours until this transaction commits.

        Raises:
            LeaseLost: another worker has taken it over; stop.
        """
        leases.require(connection, self.lease)


Handler = Callable[[Hold], None]
"""Does a job; returns where it is done, raises where it failed."""


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Work that comes back: ``every`` so often, compare what should be with what is, and act on the difference."""

    every: timedelta
    handler: Handler


class Ending(StrEnum):
    """How a job ended this time."""

    DONE = "done"
    RETRIED = "retried"
    GIVEN_UP = "given_up"
    LOST = "lost"
    """Another worker has taken it over."""
    UNREACHED = "unreached"
    """The database could not be reached; no job was taken, or its end could not be noted."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a worker did: how one job ended, and the error where there was one."""

    ending: Ending
    job: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker of one process; ``name`` is unlike any other's, ``jitter`` gives numbers from 0 to 1, ``new_id`` new ids."""

    database: Database
    name: str
    handlers: Mapping[str, Handler | Reconciler]
    clock: Callable[[], datetime]
    jitter: Callable[[], float]
    new_id: Callable[[], str]
    report: Callable[[Report], None]
    backoff: Backoff = field(default_factory=Backoff)
    lease: timedelta = timedelta(seconds=60)

    def run(self, stop: threading.Event, idle: float = 1.0) -> None:
        """Work until ``stop`` is set; where nothing is due, look again after ``idle`` seconds."""
        latest = self.clock()
        while not stop.is_set():
            latest = self._after(latest)
            if not self.attempt():
                stop.wait(idle)

    def _after(self, latest: datetime) -> datetime:
        """The time now; where the clock was set back, what comes back by itself is brought back, too."""
        now = self.clock()
        if now >= latest - SET_BACK:
            return now
        try:
            self.prepare()
        except DatabaseError as error:
            self.report(Report(Ending.UNREACHED, error=str(error)))
            return latest
        return now

    def attempt(self) -> bool:
        """Do one job if one is due; whether there was one."""
        try:
            lease = self._claim()
        except DatabaseError as error:
            self.report(Report(Ending.UNREACHED, error=str(error)))
            return False
        if lease is not None:
            self.report(self._do(lease))
        return lease is not None

    def prepare(self) -> None:
        """See that each reconciler's job is there, and due no later than it may be; done by every worker as it starts.

        A job that was noted while a clock was ahead would otherwise not come back before that time.

        Raises:
            DatabaseError: the database cannot be written.
        """
        at = self.clock()
        with self.database.writing() as connection:
            for name, one in self.handlers.items():
                if isinstance(one, Reconciler):
                    leases.enqueue(connection, NewJob(name, KEY, at), JobId(self.new_id()), at)
                    most = max(one.every, self.backoff.most, self.lease)
                    leases.bring_back(connection, name, KEY, at + most)

    def _claim(self) -> Lease | None:
        wish = leases.Claim(self.name, frozenset(self.handlers), self.lease)
        with self.database.writing() as connection:
            taken = leases.claim(connection, wish, self.clock())
        return taken[0] if taken else None

    def _do(self, lease: Lease) -> Report:
        hold = Hold(self.database, lease, self.clock, self.lease)
        told = f"{lease.name} {lease.key}"
        try:
            one = self.handlers[lease.name]
            if lease.attempts > self.backoff.attempts and not isinstance(one, Reconciler):
                # Nobody has noted how the last attempt ended: it took its worker with it.
                return self._failed(hold, f"its worker died {lease.attempts - 1} times", told)
            (one.handler if isinstance(one, Reconciler) else one)(hold)
            self._finished(hold, one)
        except LeaseLost as error:
            return Report(Ending.LOST, told, str(error))
        except Exception as error:  # noqa: BLE001 - one job's error must not stop the others
            words = str(error) if isinstance(error, WatchwordError) else f"{type(error).__name__}: {error}"
            return self._failed(hold, words, told)
        return Report(Ending.DONE, told)

    def _finished(self, hold: Hold, one: Handler | Reconciler) -> None:
        at = self.clock()
        with self.database.writing() as connection:
            if isinstance(one, Reconciler):
                leases.again(connection, hold.lease, at + one.every)
            else:
                leases.finish(connection, hold.lease, at)

    def _failed(self, hold: Hold, words: str, told: str) -> Report:
        at, lease = self.clock(), hold.lease
        pause = self.backoff.pause(lease.attempts, self.jitter())
        if pause is None and isinstance(self.handlers[lease.name], Reconciler):
            # A reconciler is never given up: what it should put right does not go away.
            pause = self.backoff.most
        try:
            with self.database.writing() as connection:
                leases.fail(connection, lease, at, words, None if pause is None else at + pause)
        except LeaseLost as error:
            return Report(Ending.LOST, told, str(error))
        except DatabaseError as error:
            return Report(Ending.UNREACHED, told, f"{words}; and then: {error}")
        return Report(Ending.GIVEN_UP if pause is None else Ending.RETRIED, told, words)


@contextmanager
def stopped_by_signals(
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
) -> Iterator[threading.Event]:
    """An event that is set when the process is asked to end; the handlers that were there come back afterwards."""
    stop = threading.Event()
    before = {one: signal.signal(one, lambda *_: stop.set()) for one in signals}
    try:
        yield stop
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
