"""How long `watchword serve` takes from the start of the process until it is ready, and how many requests it answers.

    ./dev run python bench/serve.py [--runs 5] [--seconds 5]

The figure to hold is a cold start within 3 seconds, on an embedded database: new (it is set up) and kept.  Modules are compiled
once before, as they are in an installed program.  Beside it stands how long
Python itself takes to start and to import the framework alone, measured in the same run, since that is what no code of ours changes.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

LIMIT = 3.0
"""Seconds."""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


COMPILED = tempfile.TemporaryDirectory()
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"} | {
    "PYTHONPYCACHEPREFIX": COMPILED.name
}


def start(folder: Path, port: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "watchword", "serve", "--port", str(port)],
        cwd=folder,
        env={**ENVIRONMENT, "WATCHWORD_DATABASE": f"sqlite:///{folder}/state.sqlite"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def until_ready(folder: Path) -> tuple[float, float]:
    """Seconds from the start of the process until ``/readyz`` says 200, and seconds of CPU that it has taken by then."""
    port, begun = free_port(), time.perf_counter()
    process = start(folder, port)
    try:
        while time.perf_counter() - begun < 60:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=60) as answer:
                    if answer.status == 200:
                        return time.perf_counter() - begun, cpu(process.pid)
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.01)
        raise SystemExit("it did not become ready")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def cpu(pid: int) -> float:
    """Seconds of CPU that a process has taken, all its threads together (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def importing(what: str) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import {what}"], check=True, env=ENVIRONMENT)
    return time.perf_counter() - begun


def requests_a_second(folder: Path, seconds: float) -> float:
    """Answers of ``/healthz`` on one kept connection: what the guards cost, since the route does nothing."""
    import http.client

    port = free_port()
    process = start(folder, port)
    try:
        for _ in range(600):
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                connection.connect()
                break
            except OSError:
                time.sleep(0.05)
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        count, begun = 0, time.perf_counter()
        while time.perf_counter() - begun < seconds:
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            count += 1
        return count / (time.perf_counter() - begun)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--runs", type=int, default=5)
    given.add_argument("--seconds", type=float, default=5.0)
    asked = given.parse_args()
    new, kept, bare, frame = [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        until_ready(Path(folder))
    for _ in range(asked.runs):
        with tempfile.TemporaryDirectory() as folder:
            new.append(until_ready(Path(folder)))
            kept.append(until_ready(Path(folder)))
        bare.append(importing("sys"))
        frame.append(importing("fastapi, sqlalchemy, uvicorn"))
    for name, found in (
        ("ready, on a new database", [one[0] for one in new]),
        ("ready, on a kept database", [one[0] for one in kept]),
        ("  CPU of it, on a kept database", [one[1] for one in kept]),
        ("python alone", bare),
        ("importing fastapi, sqlalchemy, uvicorn", frame),
    ):
        print(
            f"{name:<40} median {statistics.median(found):.2f} s, best {min(found):.2f} s, worst {max(found):.2f} s"
        )
    print(
        f"median on a kept database / limit of {LIMIT:.0f} s: {statistics.median(one[0] for one in kept) / LIMIT:.2f}"
    )
    with tempfile.TemporaryDirectory() as folder:
        print(
            f"answers of /healthz on one connection: {requests_a_second(Path(folder), asked.seconds):.0f} a second"
        )


if __name__ == "__main__":
    main()
