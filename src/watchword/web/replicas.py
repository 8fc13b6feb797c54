"""Several processes behind one socket: each is a whole server of its own, and one that dies is replaced.

Nothing is shared but the socket and the database, so this is the same as several machines behind a balancer.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Final

MOST_DEATHS: Final = 10
"""Processes that are replaced; a program that cannot run ends rather than being begun for ever."""


_ENDING: Final = (signal.SIGTERM, signal.SIGINT)


class Replicas:
    """Begins processes, replaces those that die, and ends all of them when asked to."""

    def __init__(self, count: int, serve: Callable[[], None]) -> None:
        self._serve = serve
        self._count = count
        self._pids: set[int] = set()
        self._ending = False

    def run(self) -> int:
        """Go on until asked to end by SIGTERM or SIGINT; the exit code: 0, or 1 where processes kept dying.

        Must be called before any thread is begun: the processes are forks of this one.
        """
        before = {one: signal.signal(one, self._end) for one in _ENDING}
        try:
            for _ in range(self._count):
                self._begin()
            return self._wait()
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    def _begin(self) -> None:
        # Signals wait meanwhile: one that met the new process while it still had our handlers would be lost, and with it our end.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
        pid = os.fork()
        if pid:
            self._pids.add(pid)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            if self._ending:
                _ask_to_end(pid)
            return
        code = 1
        try:
            for one in _ENDING:
                signal.signal(one, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            self._serve()
            code = 0
        finally:
            os._exit(code)

    def _wait(self) -> int:
        deaths = 0
        while self._pids:
            pid, status = os.wait()
            self._pids.discard(pid)
            if self._ending:
                continue
            deaths += 1
            if deaths > MOST_DEATHS or os.waitstatus_to_exitcode(status) == 0:
                self._end(signal.SIGTERM, None)
            else:
                self._begin()
        return 1 if deaths > MOST_DEATHS else 0

    def _end(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self._ending = True
        for pid in self._pids:
            _ask_to_end(pid)


def _ask_to_end(pid: int) -> None:
    # It may have ended a moment ago, and nobody has noted it yet.
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
