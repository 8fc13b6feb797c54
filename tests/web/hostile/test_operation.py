"""What goes wrong beneath a process that serves: its database, its disk, its directories, its own end; it says so, and recovers."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.collect.directories.ldap_peer import Peer, directory
from tests.collect.directories.test_ldap_peer import person
from tests.web.hostile.wire import Wire, online, signed_in
from tests.web.house import house
from tests.web.login.authenticator import Authenticator
from tests.web.login.window import Window
from tests.web.serving import Served, ended, serving
from watchword.store.state.database import Database, Limits
from watchword.store.state.revision import REVISION
from watchword.store.state.worker import Ending
from watchword.web.telemetry import Metrics
from watchword.web.worker import Working, work_of


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A process of its own on an embedded database."""
    with serving(tmp_path_factory.mktemp("operation")) as running:
        yield running


def state(served: Served) -> Path:
    return served.log.parent / ".watchword" / "state.sqlite"


def parts(served: Served) -> tuple[int, dict[str, bool]]:
    status, body = served.ask("GET", "/readyz")
    return status, json.loads(body)["parts"]


def writes(served: Served) -> int:
    """The status of a request that must write: the first page of the sign-in keeps a challenge."""
    return served.ask("GET", "/sign-in", {"accept": "text/html"})[0]


def test_a_database_that_somebody_holds_is_told_as_busy_and_is_used_again_afterwards(served: Served) -> None:
    with sqlite3.connect(state(served), isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert served.ask("GET", "/healthz")[0] == 200
        assert parts(served)[0] == 200
        status, body = served.ask("GET", "/sign-in", {"accept": "application/json"})
        other.execute("ROLLBACK")
    assert status == 503
    assert b"sqlite" not in body
    assert writes(served) == 200


def test_a_disk_that_is_full_is_told_and_used_again_when_there_is_space(served: Served) -> None:
    files = state(served).parent.glob("state.sqlite*")
    largest = max(file.stat().st_size for file in [*files, served.log]) + 4096
    pid, before = served.process.pid, resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest, before[1]))
    try:
        # Until what is left of the log of writes is used up.
        until = time.monotonic() + 60
        while (status := writes(served)) == 200 and time.monotonic() < until:
            pass
        assert status == 503
        assert served.ask("GET", "/healthz")[0] == 200
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
    assert writes(served) == 200
    with sqlite3.connect(state(served)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("found", ["0001", "9999"])
def test_a_schema_of_another_program_makes_the_process_unready_until_it_is_right(
    served: Served, found: str
) -> None:
    def put(revision: str) -> None:
        with sqlite3.connect(state(served)) as database:
            name = next(
                row[0]
                for row in database.execute("SELECT name FROM sqlite_master WHERE name LIKE '%version%'")
            )
            column = database.execute(f"PRAGMA table_info({name})").fetchone()[1]
            assert database.execute(f"UPDATE {name} SET {column} = ?", (revision,)).rowcount == 1

    put(found)
    try:
        status, told = parts(served)
    finally:
        put(REVISION)
    assert (status, told["database"], told["schema"]) == (503, True, False)
    assert parts(served)[0] == 200


def test_a_table_that_is_gone_is_no_answer_with_the_inside_in_it(served: Served) -> None:
    with sqlite3.connect(state(served)) as database:
        database.execute("ALTER TABLE flows RENAME TO flows_elsewhere")
    try:
        status, body = served.ask("GET", "/sign-in", {"accept": "text/html"})
    finally:
        with sqlite3.connect(state(served)) as database:
            database.execute("ALTER TABLE flows_elsewhere RENAME TO flows")
    assert (status, b"flows" in body, b"sqlite" in body.lower()) == (503, False, False)
    assert writes(served) == 200


def test_nothing_of_all_that_was_a_traceback(served: Served) -> None:
    assert "Traceback" not in served.said()
    for line in served.said().splitlines():
        assert not line.startswith("{") or json.loads(line)["event"]


BROKEN = [
    ("[web\nport = 1\n", "watchword.toml", "line 1"),
    ("[web]\n\nlargest_body = -1\n", "web.largest_body", "watchword.toml:3"),
]


@pytest.mark.parametrize(("config", "where", "more"), BROKEN, ids=[one[1] for one in BROKEN])
def test_settings_that_are_broken_are_told_by_file_line_and_key_and_nothing_begins(
    tmp_path: Path, config: str, where: str, more: str
) -> None:
    code, said = ended(tmp_path, config=config)
    assert (code, "Traceback" in said) == (2, False), said
    assert where in said
    assert more in said
    assert not (tmp_path / ".watchword").exists()


def test_a_process_killed_while_somebody_enrols_leaves_them_enrolled_or_not_and_never_half(
    tmp_path: Path,
) -> None:
    """The link of the first administrator stays good, or they are one who can sign in; the log is whole."""
    for number, delay in enumerate((0.0, 0.02)):
        folder = tmp_path / str(number)
        folder.mkdir()
        with serving(folder) as running:
            link = re.search(r"http://localhost:\d+(/bootstrap\?token=\S+)", running.said())
            assert link
            window, device = Window(Direct(running)), Authenticator()  # type: ignore[arg-type]
            killer = threading.Timer(delay, lambda one=running: one.process.send_signal(signal.SIGKILL))
            window.look(link[1])
            window.submit("/enrol", display_name="Ada Lovelace")
            window.follow()
            form = window.form("/enrol/passkey")
            answer = device.create(form.options, f"http://localhost:{running.port}")
            killer.start()
            with suppress(OSError):
                window.send(
                    "/enrol/passkey",
                    form.fields | {"credential": answer, "name": "Laptop"},
                    origin=f"http://localhost:{running.port}",
                )
            killer.join()
            running.process.wait(60)
        _is_whole(folder)


def _is_whole(folder: Path) -> None:
    """People, roles, factors and the invitation all say the same: there is an administrator, or there is none."""
    with (
        Database.open(f"sqlite:///{folder}/.watchword/state.sqlite") as opened,
        opened.reading() as connection,
    ):
        count = {
            table: connection.exec_driver_sql(f"SELECT count(*) FROM {table} WHERE {where}").scalar()
            for table, where in (
                ("principals", "status = 'active'"),
                ("role_assignments", "role = 'administrator'"),
                ("factors", "status = 'active'"),
                ("invitations", "state = 'used'"),
            )
        }
        assert set(count.values()) in ({0}, {1}), count
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


class Direct:
    """What a window asks a process through, with cookies kept."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.cookies: dict[str, str] = {}

    def get(self, path: str, headers: dict[str, str]) -> object:
        return self._ask("GET", path, headers)

    def post(self, path: str, data: dict[str, str], headers: dict[str, str]) -> object:
        from urllib.parse import urlencode

        origin = f"http://localhost:{self.served.port}"
        media = {"content-type": "application/x-www-form-urlencoded", "origin": origin}
        return self._ask("POST", path, {**headers, **media}, urlencode(data).encode())

    def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> object:
        import httpx

        address = f"http://127.0.0.1:{self.served.port}{path}"
        told = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        given = {**headers, "host": f"localhost:{self.served.port}", **({"cookie": told} if told else {})}
        try:
            answer = httpx.request(method, address, headers=given, content=body, trust_env=False, timeout=30)
        except httpx.TransportError as error:
            raise OSError(str(error)) from error
        for line in answer.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer


ADA = person("ada", 1)


@contextmanager
def _says(words: bytes) -> Iterator[str]:
    """The address of a server that says the same to whoever comes, or nothing, and listens to nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        open_: list[socket.socket] = []

        def serve() -> None:
            with suppress(OSError):
                while True:
                    one, _ = listening.accept()
                    open_.append(one)
                    one.sendall(words)

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            for one in open_:
                one.close()


def _table(url: str, **more: object) -> dict[str, object]:
    given = {
        "kind": "ldap",
        "urls": [url],
        "base_dn": "dc=abc,dc=example",
        "bind_dn": "cn=r,dc=abc,dc=example",
    }
    return given | {"bind_password_env": "WW_READER", "tls": "none", "allow_plain": True, "connect_timeout": 0.5, "timeout": 0.5} | more  # fmt: skip


@pytest.fixture
def company(furnished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """A server and directories of which one is sound; the others are down, silent, without the certificate that is asked for."""
    pytest.importorskip("bonsai")
    monkeypatch.setenv("WW_READER", "reader-password")
    shutil.copy(furnished, tmp_path / "state.sqlite")
    refuses = Peer(directory(ADA), bind=lambda *_: (49, "no"))
    with (
        Peer(directory(ADA)).running() as sound,
        refuses.running(),
        _says(b"") as silent,
        _says(b"HTTP/1.1 400 No\r\n\r\n") as lies,
    ):
        tables = {
            "sound": _table(sound.url),
            "closed": _table("ldap://127.0.0.1:1"),
            "silent": _table(f"ldap://{silent}"),
            "lies": _table(f"ldap://{lies}"),
            "refuses": _table(refuses.url),
            "plain": _table(f"ldaps://{lies}", tls="ldaps", allow_plain=False),
        }
        with Database.open(f"sqlite:///{tmp_path}/state.sqlite", limits=Limits(lock=10)) as database:
            made = house(database, tmp_path)
            made.plane = replace(made.plane, directories=tables)
            with made.at_end, online(made) as wire:
                yield wire


def test_directories_that_fail_are_told_where_people_look_and_the_sound_one_is_read(company: Wire) -> None:
    home, metrics = company.home, Metrics()
    working = Working(home.plane, metrics, work_of(home.plane, os.environ))
    boss = signed_in(home, "administrator")
    working.start()
    try:
        found = _read(company, boss)
    finally:
        working.stop()
    assert found["sound"]["last_error"] == ""
    assert found["sound"]["counts"]
    for name in ("closed", "silent", "lies", "refuses", "plain"):
        assert found[name]["last_error"], name
        assert found[name]["last_sync"] is None
        assert "reader-password" not in found[name]["last_error"]
    page = company.get("/directories", {**boss, "accept": "text/html"}).text
    assert all(name in page for name in found)
    # Whatever directories do, what comes back by itself is done.
    text = metrics.text().decode()
    for name in ("expire-sessions", "end-guests", "purge", "read-directory sound"):
        assert re.search(rf'watchword_jobs_total{{ending="{Ending.DONE}",name="{name}"}} [1-9]', text), name


def _read(company: Wire, boss: dict[str, str]) -> dict[str, dict[str, object]]:
    """What the API tells of the directories once each was tried."""
    until = time.monotonic() + 60
    while True:
        items = json.loads(company.get("/api/v1/directories", boss).body)["items"]
        found = {one["id"]: one for one in items}
        if len(found) == 6 and all(one["last_error"] or one["last_sync"] for one in items):
            return found
        assert time.monotonic() < until, found
        time.sleep(0.05)
