"""The workers of a process: what comes back by itself, and jobs that people ask for.

Each piece of work looks at what is there and acts on the difference, so it may run twice, and in any process; one worker of all
processes does it at a time.  Reading directories has a worker of its own, so that a slow one holds up nothing else.
"""

from __future__ import annotations

import os
import random
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from watchword.access import guests
from watchword.access.directories import READ, directory_of, reader_of, synchronise
from watchword.collect.directories import configured
from watchword.errors import DatabaseError, RowMissing
from watchword.model.people import DirectoryId
from watchword.store.state import answers, flows, sign_ins, throttling
from watchword.store.state.worker import Ending, Handler, Hold, Reconciler, Report, Worker
from watchword.web.control_plane import ControlPlane
from watchword.web.heads import Heads
from watchword.web.login import enrolment, recovery, sessions
from watchword.web.login.arrival import Arrival, Visit
from watchword.web.login.desk import Desk, Policy
from watchword.web.login.passkeys import Site
from watchword.web.queue import SYNC
from watchword.web.telemetry import Metrics

PATIENCE: Final = 15.0
"""Seconds that workers have to end their jobs, once the process is to end."""

LEASE: Final = timedelta(seconds=60)

ACTOR: Final = "watchword"
"""Who does what comes back by itself, as the audit log tells it."""

Handlers = Mapping[str, Handler | Reconciler]


@dataclass(frozen=True, slots=True)
class Work:
    """All that is done beside requests: ``quick`` in one worker, ``slow`` (other servers are asked) in another."""

    quick: Handlers
    slow: Handlers = field(default_factory=dict)


def work_of(plane: ControlPlane, environment: Mapping[str, str]) -> Work:
    """The work of a process.

    Raises:
        ConfigError: the settings of a directory are wrong.
    """
    found = configured.read(plane.directories, environment)
    reads = {name: one for name, one in found.items() if one.kind in READ}
    every = timedelta(minutes=plane.settings.sync_minutes)
    slow: dict[str, Handler | Reconciler] = {
        f"read-directory {name}": Reconciler(every, _reading(plane, reads, name)) for name in sorted(reads)
    }
    if plane.directories:
        slow[SYNC] = _asked(plane, reads)
    return Work(_quick(plane), slow | {"export-heads": Reconciler(timedelta(minutes=1), Heads(plane).export)})


def _quick(plane: ControlPlane) -> Handlers:
    web = plane.settings
    site = Site.of(web.public_url, web.company)
    desk = Desk(plane.database, plane.vault, site, Policy(preset=plane.preset))

    def expire_sessions(hold: Hold) -> None:
        # Until then they are refused all the same: only what is told of them lags.
        while sessions.expire(plane.database, hold.clock()):
            hold.renew()

    def expire_recoveries(hold: Hold) -> None:
        recovery.expire(desk, Visit(Arrival(""), hold.clock(), plane.randomness))

    def end_guests(hold: Hold) -> None:
        while guests.end_overdue(plane.database, hold.clock(), ACTOR):
            hold.renew()

    def forget_pending(hold: Hold) -> None:
        visit = Visit(Arrival(""), hold.clock(), plane.randomness)
        while enrolment.forget_pending(desk, visit):
            hold.renew()

    def purge(hold: Hold) -> None:
        _purge(hold, timedelta(days=plane.settings.sign_in_days))

    minute = timedelta(minutes=1)
    return {
        "purge": Reconciler(5 * minute, purge),
        "forget-pending": Reconciler(5 * minute, forget_pending),
        "expire-sessions": Reconciler(minute, expire_sessions),
        "expire-recoveries": Reconciler(5 * minute, expire_recoveries),
        "end-guests": Reconciler(minute, end_guests),
    }


def _purge(hold: Hold, keep: timedelta) -> None:
    """Forget what is under way no more: flows, ids seen once, throttles, answers to repeated requests; and old sign-ins.

    Sign-ins are kept for the time ``keep``; for ever where it is zero.
    """
    now = hold.clock()
    with hold.database.writing() as connection:
        hold.require(connection)
        flows.purge(connection, now)
        answers.purge(connection, now)
        throttling.purge(connection, now)
        if keep:
            sign_ins.purge(connection, now - keep)


def _reading(
    plane: ControlPlane, reads: Mapping[DirectoryId, configured.Configured], name: DirectoryId
) -> Handler:
    def read(hold: Hold) -> None:
        with held(hold):
            directory = directory_of(name, plane.directories[name])
            synchronise(plane.database, reader_of(reads[name], plane.aws), directory, hold.clock())

    return read


def _asked(plane: ControlPlane, reads: Mapping[DirectoryId, configured.Configured]) -> Handler:
    def read(hold: Hold) -> None:
        name = DirectoryId(str(hold.lease.payload.get("directory", "")))
        if name not in reads:
            raise RowMissing("this directory is not one that we read", where=name)
        _reading(plane, reads, name)(hold)

    return read


@contextmanager
def held(hold: Hold) -> Iterator[None]:
    """Hold a job for as long as the block takes.

    Where the lease is lost the block goes on: what it changes is sound whoever does it, and its end is not noted twice.
    """
    over = threading.Event()

    def renew() -> None:
        while not over.wait(hold.time.total_seconds() / 3):
            try:
                hold.renew()
            except DatabaseError:
                # Lost, or not reached: the next attempt, or the job's end, tells which.
                continue

    thread = threading.Thread(target=renew, name="watchword-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


class Working:
    """The workers of one process, each in a thread of its own."""

    def __init__(self, plane: ControlPlane, metrics: Metrics, work: Work) -> None:
        self._plane = plane
        self._metrics = metrics
        self._stop = threading.Event()
        several = (("quick", work.quick), ("slow", work.slow))
        self._threads = [
            threading.Thread(
                target=self._run, args=(self._worker(name, does),), name=f"ww-{name}", daemon=True
            )
            for name, does in several
            if does
        ]

    def start(self) -> None:
        """Begin to work."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after the jobs that are being done; one that takes too long is left to another worker."""
        self._stop.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(PATIENCE)

    def is_alive(self) -> bool:
        """Whether all workers run."""
        return all(thread.is_alive() for thread in self._threads)

    def _worker(self, name: str, does: Handlers) -> Worker:
        plane = self._plane
        return Worker(
            database=plane.database,
            name=f"{socket.gethostname()[:60]}-{os.getpid()}-{name}-{plane.randomness(4).hex()}",
            handlers=does,
            clock=plane.clock,
            jitter=random.SystemRandom().random,
            new_id=self._new_id,
            report=self._reported,
            lease=LEASE,
        )

    def _new_id(self) -> str:
        return f"job-{self._plane.randomness(12).hex()}"

    def _run(self, worker: Worker) -> None:
        while not self._stop.is_set():
            try:
                worker.prepare()
                break
            except DatabaseError as error:
                self._reported(Report(Ending.UNREACHED, error=type(error).__name__))
                self._stop.wait(2)
        worker.run(self._stop)

    def _reported(self, report: Report) -> None:
        name = report.job.rpartition(" ")[0]
        self._metrics.jobs.labels(name, report.ending.value).inc()
        if report.ending is not Ending.DONE:
            told = {"job": report.job, "ending": report.ending.value, "error": report.error[:300]}
            self._plane.told({"event": "job", **told})
