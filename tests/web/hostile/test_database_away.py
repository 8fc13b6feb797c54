"""A PostgreSQL server that goes away beneath a process that serves, and comes back: nobody restarts anything."""

from __future__ import annotations

import json
import os
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.store.state.conftest import postgresql, servers  # noqa: F401
from tests.web.hostile.wire import Wire, online, signed_in
from tests.web.house import furnish, house
from watchword.store.state.database import Database, Limits
from watchword.web.telemetry import Metrics
from watchword.web.worker import Working, work_of

NAME = ".s.PGSQL.5432"


class Relay:
    """A socket in front of the server's, which a test takes away with everything that goes through it."""

    def __init__(self, folder: Path, to: Path) -> None:
        self.path, self.to = folder / NAME, to
        self._open: list[socket.socket] = []
        self._listening: socket.socket | None = None

    def up(self) -> None:
        made = socket.socket(socket.AF_UNIX)
        made.bind(str(self.path))
        made.listen(64)
        self._listening = made
        threading.Thread(target=self._accept, args=(made,), daemon=True).start()

    def down(self) -> None:
        self.path.unlink(missing_ok=True)
        for one in [self._listening, *self._open]:
            if one is not None:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()
        self._listening = None
        self._open.clear()

    def _accept(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                here, _ = listening.accept()
                there = socket.socket(socket.AF_UNIX)
                there.connect(str(self.to))
                self._open += [here, there]
                for pair in ((here, there), (there, here)):
                    threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def relayed(servers: Any, tmp_path: Path) -> Iterator[tuple[Wire, Relay]]:  # noqa: F811
    """A server of ours on PostgreSQL, behind a relay."""
    url = servers.new("postgresql", f"away-{os.getpid()}-{time.monotonic_ns()}")
    host = url.partition("host=")[2]
    # Short, since the path of a socket has 107 bytes at most.
    with tempfile.TemporaryDirectory(prefix="ww-away-") as folder:
        relay = Relay(Path(folder), Path(host) / NAME)
        relay.up()
        with Database.open(url.replace(host, folder), limits=Limits(connect=2)) as database:
            furnish(database)
            made = house(database, tmp_path)
            with made.at_end, online(made) as wire:
                yield wire, relay
        relay.down()


def test_a_server_that_goes_away_is_told_as_such_and_is_used_again_when_it_is_back(
    relayed: tuple[Wire, Relay],
) -> None:
    wire, relay = relayed
    boss, metrics = signed_in(wire.home, "administrator"), Metrics()
    working = Working(wire.home.plane, metrics, work_of(wire.home.plane, {}))
    working.start()
    try:
        assert wire.get("/api/v1/people", boss).status == 200
        relay.down()
        for path in ("/api/v1/people", "/people", "/sign-in"):
            answer = wire.get(path, {**boss, "accept": "text/html"})
            assert (answer.status, bool(answer.get("retry-after"))) == (503, True), path
            assert "PGSQL" not in answer.text
            assert "psycopg" not in answer.text
        assert wire.get("/healthz").status == 200
        ready = wire.get("/readyz")
        assert (ready.status, json.loads(ready.body)["parts"]["database"]) == (503, False)
        relay.up()
        assert wire.get("/readyz").status == 200
        assert wire.get("/api/v1/people", boss).status == 200
        assert wire.json("POST", "/api/v1/people/user/suspend", b'{"reason": "a test"}', boss).status == 200
        assert working.is_alive()
    finally:
        working.stop()
    # The operator's log says what it was; it is no error that nobody has foreseen.
    told = [one for one in wire.home.told if one["event"] == "error"]
    assert {one["kind"] for one in told} == {"DatabaseUnreachable"}
