"""Measuring a command as a whole process, and telling a figure beside its limit and its peer."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """What a command cost: CPU seconds (user and system), peak resident megabytes, wall seconds; and what it printed."""

    cpu: float
    megabytes: float
    seconds: float
    output: str


def run(command: list[str], environment: dict[str, str], folder: Path) -> Run:
    """Run a command to its end and ask the kernel what it cost.

    Raises:
        RuntimeError: it failed; its last words are in the message.
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        begun = time.perf_counter()
        child = subprocess.Popen(command, env=kept | environment, stdout=out, stderr=err, cwd=folder)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - begun
        out.seek(0)
        err.seek(0)
        if child.returncode:
            raise RuntimeError(f"{' '.join(command)} ended with {child.returncode}: {err.read()[-2000:]}")
        return Run(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, seconds, out.read())


def line(what: str, figure: float, limit: float, peer: float | None = None) -> str:
    """A figure, its share of the limit, and how often it goes into the peer's."""
    shown = f"{figure:,.0f}" if figure >= 100 else f"{figure:.2f}"
    told = f"  {what:<24} {shown:>10}   limit {limit:g}: {figure / limit:4.0%}"
    return told if peer is None else f"{told}   peer {peer:g}: {peer / figure:.1f} times as much"
