"""The worker of a process: what comes back by itself, and jobs that people ask for.

Each piece of work looks at what is there and acts on the difference, so it may run twice, and in any process.  One worker of all
processes does it at a time.  A worker that dies is replaced by a new one of its thread; ``is_alive`` says when none is left.
"""

from __future__ import annotations

import os
import random
import socket
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from watchword.errors import DatabaseError
from watchword.store.state import answers, flows
from watchword.store.state.worker import Ending, Handler, Hold, Reconciler, Report, Worker
from watchword.web.control_plane import ControlPlane
from watchword.web.login import sessions
from watchword.web.telemetry import Metrics

PATIENCE: Final = 15.0
"""Seconds that the worker has to end its job, once the process is to end."""

PURGE: Final = "purge"
EXPIRE_SESSIONS: Final = "expire-sessions"
SYNC: Final = "sync-directory"
"""Jobs by their names; the key of ``sync-directory`` begins with the directory's id."""


class Working:
    """The worker of one process, in a thread of its own."""

    def __init__(self, plane: ControlPlane, metrics: Metrics) -> None:
        self._plane = plane
        self._metrics = metrics
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to work."""
        self._thread = threading.Thread(target=self._run, name="watchword-worker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the job that is being done; one that takes too long is left to another worker."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(PATIENCE)

    def is_alive(self) -> bool:
        """Whether the worker runs."""
        return self._thread is not None and self._thread.is_alive()

    def worker(self) -> Worker:
        """The worker, with all its handlers."""
        plane = self._plane
        return Worker(
            database=plane.database,
            name=f"{socket.gethostname()[:60]}-{os.getpid()}-{plane.randomness(4).hex()}",
            handlers=handlers(),
            clock=plane.clock,
            jitter=random.SystemRandom().random,
            new_id=lambda: f"job-{plane.randomness(12).hex()}",
            report=self._reported,
        )

    def _run(self) -> None:
        worker = self.worker()
        while not self._stop.is_set():
            try:
                worker.prepare()
                break
            except DatabaseError as error:
                self._reported(Report(Ending.UNREACHED, error=type(error).__name__))
                self._stop.wait(2)
        worker.run(self._stop)

    def _reported(self, report: Report) -> None:
        name = report.job.partition(" ")[0]
        self._metrics.jobs.labels(name, report.ending.value).inc()
        if report.ending is not Ending.DONE:
            line = {
                "event": "job",
                "job": report.job,
                "ending": report.ending.value,
                "error": report.error[:300],
            }
            self._plane.told(line)


def handlers() -> Mapping[str, Handler | Reconciler]:
    """All work by its name."""
    return {
        PURGE: Reconciler(timedelta(minutes=5), _purge),
        EXPIRE_SESSIONS: Reconciler(timedelta(minutes=1), _expire_sessions),
    }


def _purge(hold: Hold) -> None:
    """Forget what is under way no more: flows, ids seen once, answers to repeated requests."""
    now = hold.clock()
    with hold.database.writing() as connection:
        hold.require(connection)
        flows.purge(connection, now)
        answers.purge(connection, now)


def _expire_sessions(hold: Hold) -> None:
    """Write down as over the sessions whose time is up; until then they are refused all the same."""
    while sessions.expire(hold.database, hold.clock()):
        hold.renew()
