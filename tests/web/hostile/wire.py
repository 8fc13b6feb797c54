"""The whole application behind its real server on loopback, and clients that send what no honest client would.

Nothing is patched: requests are bytes on a socket, and answers are read by a parser of a few lines of its own.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.web.house import ORIGIN, PASSKEY, House
from tests.web.login.authenticator import Authenticator
from tests.web.login.conftest import Browser
from tests.web.login.conftest import with_passkey as enrolled
from tests.web.login.window import Window
from watchword.model.people import PrincipalId
from watchword.pdp.presets import Strength
from watchword.store.state import people_store
from watchword.web.caller import FORMS
from watchword.web.guard.same_site import token as form_token
from watchword.web.login import sessions
from watchword.web.login.pages_front import Parts
from watchword.web.serve import server_of

HOST = ORIGIN.removeprefix("https://")
PATIENCE = 30.0
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    """One answer: its status, its headers in their order with names in small letters, its body."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    def get(self, name: str) -> str:
        return ", ".join(self.all(name))

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that it sets, with their values."""
        pairs = (one.partition(";")[0].partition("=") for one in self.all("set-cookie"))
        return {name: value for name, _, value in pairs}


@dataclass
class Wire:
    """A running server and the house behind it."""

    home: House
    port: int

    def send(self, *parts: bytes, wait: float = PATIENCE) -> bytes:
        """What comes back for raw bytes until the server closes the connection, or says nothing for so many seconds."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=wait) as one:
            with suppress(OSError):
                for part in parts:
                    one.sendall(part)
            got = b""
            with suppress(OSError):
                while piece := one.recv(65536):
                    got += piece
            return got

    def ask(
        self,
        method: str,
        target: str | bytes,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        lines: tuple[bytes, ...] = (),
    ) -> Answer:
        """One request under our name on a connection of its own; ``lines`` are header lines as they are sent."""
        raw = target if isinstance(target, bytes) else target.encode()
        given = {"host": HOST, **(headers or {})}
        if body or method in {"POST", "PUT", "PATCH"}:
            given.setdefault("content-length", str(len(body)))
        told = b"".join(f"{key}: {value}\r\n".encode("latin-1") for key, value in given.items())
        more = b"".join(line + b"\r\n" for line in lines)
        head = method.encode() + b" " + raw + b" HTTP/1.1\r\n" + told + more + b"connection: close\r\n\r\n"
        found = answers(self.send(head + body))
        assert len(found) == 1, found
        return found[0]

    def get(self, target: str | bytes, headers: Mapping[str, str] | None = None) -> Answer:
        return self.ask("GET", target, headers)

    def form(
        self, target: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a form."""
        body = urlencode(fields).encode()
        return self.ask("POST", target, {"content-type": FORM, **(headers or {})}, body)

    def json(self, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        return self.ask(method, target, {"content-type": "application/json", **headers}, body)


SAME = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}
"""What a browser says of a request that one of our own pages makes."""


def signed_in(home: House, who: str, strength: Strength = PASSKEY, **more: str) -> dict[str, str]:
    """The headers of a browser in which somebody has signed in, at one of our own pages."""
    cookie, _ = home.session(who, strength)
    return with_cookie(home, cookie) | more


def with_cookie(home: House, cookie: str) -> dict[str, str]:
    csrf = form_token(home.plane.vault.derived(FORMS)[0], cookie)
    return SAME | {"cookie": f"{sessions.COOKIE}={cookie}", "x-csrf-token": csrf}


def answers(raw: bytes) -> list[Answer]:
    """The answers of a connection, one after the other."""
    found = []
    while raw:
        head, sep, rest = raw.partition(b"\r\n\r\n")
        assert sep, raw
        first, *lines = head.decode("latin-1").split("\r\n")
        assert first.startswith("HTTP/1.1 "), first
        headers = [(key.lower(), value.strip()) for key, _, value in (line.partition(":") for line in lines)]
        told = dict(headers)
        status = int(first.split(" ")[1])
        if told.get("transfer-encoding") == "chunked":
            body, raw = _chunks(rest)
        else:
            length = 0 if status in {204, 304} else int(told.get("content-length", len(rest)))
            body, raw = rest[:length], rest[length:]
        found.append(Answer(status, headers, body))
    return found


def _chunks(rest: bytes) -> tuple[bytes, bytes]:
    body = b""
    while True:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        body, rest = body + rest[:length], rest[length + 2 :]
        if length == 0:
            return body, rest


@contextmanager
def online(home: House) -> Iterator[Wire]:
    """The house's application behind the real server."""
    # Named as TCP, since asyncio sends small answers without delay only then.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        server = server_of(home.app, home.plane.settings)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield Wire(home, listening.getsockname()[1])
        finally:
            server.should_exit = True
            server.force_exit = True
            thread.join(PATIENCE)


class Jar:
    """What a window asks through: the real server, and cookies kept as a browser keeps ``__Host-`` cookies."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.cookies: dict[str, str] = {}

    def get(self, path: str, headers: Mapping[str, str]) -> httpx.Response:
        return self._kept(self.wire.ask("GET", path, self._headers(headers)))

    def post(self, path: str, data: Mapping[str, str], headers: Mapping[str, str]) -> httpx.Response:
        return self._kept(self.wire.form(path, data, self._headers(headers)))

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        told = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {**headers, **({"cookie": told} if told else {})}

    def _kept(self, answer: Answer) -> httpx.Response:
        for line in answer.all("set-cookie"):
            assert line.endswith("; Path=/; Secure; HttpOnly; SameSite=Lax") or line.startswith(
                "ww_theme="
            ), line
        self.cookies |= answer.cookies
        self.cookies = {name: value for name, value in self.cookies.items() if value}
        return httpx.Response(answer.status, headers=answer.headers, content=answer.body)


def window(wire: Wire) -> Window:
    """A browser of its own."""
    return Window(Jar(wire))  # type: ignore[arg-type]


def with_passkey(wire: Wire, who: str) -> Authenticator:
    """A device with a passkey of somebody's."""
    desk = Parts.of(wire.home.plane, os.environ).desk
    with desk.database.reading() as connection:
        principal = people_store.require(connection, PrincipalId(who))
    return enrolled(desk, principal, Browser(at=wire.home.clock.at))


def state_of(wire: Wire, *but: str) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of the database, as they lie there; tables that are not looked at apart."""
    with sqlite3.connect(wire.home.plane.folder / "state.sqlite") as connection:
        names = [
            row[0]
            for row in connection.execute("select name from sqlite_master where type = 'table' order by name")
        ]
        return {
            name: connection.execute(f"select * from {name}").fetchall() for name in names if name not in but
        }
