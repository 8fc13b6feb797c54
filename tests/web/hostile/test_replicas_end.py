"""Processes that are asked to end at the worst moment end, and so does the one that began them."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from watchword.web.replicas import MOST_DEATHS, Replicas

# Later Pythons warn of forks beside threads, of which the tests' own process has some; what is forked here does next to nothing.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_a_process_that_is_asked_to_end_as_soon_as_it_is_there_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served, fork = tmp_path / "served", os.fork

    def forked() -> int:
        pid = fork()
        if pid == 0:
            os.kill(os.getpid(), signal.SIGTERM)
        return pid

    monkeypatch.setattr(os, "fork", forked)
    # Each dies before it serves; so many that it is given up.
    assert Replicas(1, served.touch).run() == 1
    assert not served.exists()


def test_one_that_has_ended_already_keeps_the_others_from_nothing() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    made = Replicas(1, lambda: None)
    made._pids.add(pid)
    made._end(signal.SIGTERM, None)
    assert made._ending


def test_a_program_that_cannot_run_is_not_begun_for_ever() -> None:
    begun: list[int] = []

    class Counted(Replicas):
        def _begin(self) -> None:
            begun.append(1)
            super()._begin()

    def broken() -> None:
        os._exit(3)

    assert Counted(1, broken).run() == 1
    assert len(begun) == MOST_DEATHS + 1
