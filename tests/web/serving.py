"""Real processes of ``watchword serve`` on loopback, for tests of what only a whole process shows."""

from __future__ import annotations

import atexit
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PATIENCE = 60.0


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Served:
    """A running process."""

    port: int
    process: subprocess.Popen[str]
    log: Path

    def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> tuple[int, bytes]:
        """Status and body of an answer, under the public name."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(
                method, path, body or None, {"host": f"localhost:{self.port}", **(headers or {})}
            )
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def send(self, *parts: bytes, pause: float = 0.0) -> bytes:
        """What comes back for raw bytes, until the server closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as one:
            for part in parts:
                try:
                    one.sendall(part)
                except OSError:
                    break
                time.sleep(pause)
            got = b""
            with suppress(ConnectionError):
                while piece := one.recv(65536):
                    got += piece
            return got

    def said(self) -> str:
        """Everything that the process has written."""
        return self.log.read_text()

    def end(self, by: int = signal.SIGTERM) -> int:
        """Ask it to end; its exit code."""
        self.process.send_signal(by)
        return self.process.wait(PATIENCE)


@cache
def compiled() -> str:
    """The folder of compiled modules of all processes of this run."""
    folder = tempfile.mkdtemp(prefix="ww-compiled-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@contextmanager
def serving(folder: Path, *options: str, config: str = "", **environment: str) -> Iterator[Served]:
    """A process in a folder, ready to be asked."""
    port = free_port()
    process, log = begin(folder, "--port", str(port), *options, config=config, **environment)
    served = Served(port, process, log)
    try:
        _wait(served)
        yield served
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(PATIENCE)


def begin(
    folder: Path, *options: str, config: str = "", **environment: str
) -> tuple[subprocess.Popen[str], Path]:
    """Begin a process, without waiting for anything."""
    log = folder / "log"
    if config:
        (folder / "watchword.toml").write_text(config)
    left_out = ("WATCHWORD_", "PYTHONDONTWRITEBYTECODE")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(left_out)}
    # As an installed program has it: compiled once, not at each start.
    kept["PYTHONPYCACHEPREFIX"] = compiled()
    with log.open("a") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "watchword", "serve", *options],
            cwd=folder,
            env=kept | environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
        )
    return process, log


def ended(folder: Path, *options: str, config: str = "", **environment: str) -> tuple[int, str]:
    """Exit code and words of a process that ends by itself."""
    process, log = begin(folder, *options, config=config, **environment)
    try:
        return process.wait(PATIENCE), log.read_text()
    finally:
        process.kill()


def _wait(served: Served) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if served.process.poll() is not None:
            raise AssertionError(f"it ended with {served.process.returncode}: {served.said()}")
        try:
            if served.ask("GET", "/readyz")[0] == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"it did not become ready: {served.said()}")
