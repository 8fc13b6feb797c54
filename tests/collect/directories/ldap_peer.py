"""A directory that says what a test tells it to: it speaks LDAP (RFC 4511) on a socket and has no honesty of its own.

What no slapd can be made to say comes from here: Active Directory's ranges and words, ids that two entries claim, bytes
that are no text, answers that stop half-way or never end.  What it was asked is kept, decoded anew from the bytes, so
that tests see what a server sees.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

PAGED = b"1.2.840.113556.1.4.319"

Attributes = Mapping[str, Sequence[bytes]]


def tlv(tag: int, *content: bytes) -> bytes:
    """One BER element."""
    body = b"".join(content)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def integer(value: int, tag: int = 2) -> bytes:
    """A BER INTEGER or ENUMERATED."""
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def split(data: bytes) -> list[tuple[int, bytes]]:
    """The elements that stand one after another."""
    found = []
    while data:
        tag, size, start = data[0], data[1], 2
        if size & 0x80:
            start = 2 + (size & 0x7F)
            size = int.from_bytes(data[2:start], "big")
        found.append((tag, data[start : start + size]))
        data = data[start + size :]
    return found


@dataclass(frozen=True)
class Search:
    """A search as it came."""

    base: str
    scope: int
    filter: tuple[Any, ...]
    attributes: tuple[str, ...]
    page: int = 0
    cookie: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What is said to a search: entries, references, a result code, and the cookie of a page."""

    entries: Sequence[tuple[str, Attributes]] = ()
    references: Sequence[str] = ()
    code: int = 0
    words: str = ""
    cookie: bytes = b""
    silent: bool = False
    """Say nothing, and keep the connection."""
    cut: bool = False
    """End the connection after the entries."""


def read_filter(tag: int, body: bytes) -> tuple[Any, ...]:
    """A filter as a tree: ("and", …), ("or", …), ("not", …), ("=", name, value), ("present", name), ("other", tag)."""
    if tag in {0xA0, 0xA1, 0xA2}:
        return ({0xA0: "and", 0xA1: "or", 0xA2: "not"}[tag], *(read_filter(*one) for one in split(body)))
    if tag == 0xA3:
        (_, name), (_, value) = split(body)
        return ("=", name.decode(), value)
    if tag == 0x87:
        return ("present", body.decode())
    return ("other", tag, body)


def fits(tree: tuple[Any, ...], attributes: Attributes) -> bool:
    """Whether a filter lets an entry through; values are compared without case."""
    kind, *rest = tree
    known = {name.lower(): [value.lower() for value in values] for name, values in attributes.items()}
    if kind in {"and", "or"}:
        return (all if kind == "and" else any)(fits(one, attributes) for one in rest)
    if kind == "not":
        return not fits(rest[0], attributes)
    if kind == "=":
        return rest[1].lower() in known.get(rest[0].lower(), [])
    return kind == "present" and rest[0].lower() in known


@dataclass
class Peer:
    """The server; ``search`` and ``bind`` say what it answers."""

    search: Callable[[Search], Answer]
    bind: Callable[[str, bytes], tuple[int, str]] = lambda dn, password: (0, "")
    searches: list[Search] = field(default_factory=list)
    binds: list[tuple[str, bytes]] = field(default_factory=list)
    url: str = ""

    @contextmanager
    def running(self) -> Iterator[Peer]:
        """Serve on a port of loopback until the end."""
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.url = f"ldap://127.0.0.1:{listening.getsockname()[1]}"
            self._open: list[socket.socket] = []
            threading.Thread(target=self._accept, args=(listening,), daemon=True).start()
            try:
                yield self
            finally:
                listening.shutdown(socket.SHUT_RDWR)
                for one in self._open:
                    one.close()

    def settings(self, **changes: Any) -> dict[str, Any]:
        """What `LdapSettings` needs to read it."""
        return {
            "directory": "company",
            "urls": (self.url,),
            "base_dn": "dc=abc,dc=example",
            "bind_dn": "cn=reader,dc=abc,dc=example",
            "bind_password": "reader-password",
            "tls": "none",
            "allow_plain": True,
            "connect_timeout": 5,
            "timeout": 5,
            **changes,
        }

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        waiting = b""
        try:
            while True:
                data = connection.recv(65536)
                if not data:
                    return
                waiting += data
                while (size := _whole(waiting)) and size <= len(waiting):
                    message, waiting = waiting[:size], waiting[size:]
                    if not self._answer(connection, message):
                        connection.close()
                        return
        except OSError:
            return

    def _answer(self, connection: socket.socket, message: bytes) -> bool:
        [(_, body)] = split(message)
        (_, raw_id), (tag, request), *rest = split(body)
        id_ = int.from_bytes(raw_id, "big")
        if tag == 0x60:
            _, (_, dn), (_, password) = split(request)
            self.binds.append((dn.decode(), password))
            code, words = self.bind(dn.decode(), password)
            connection.sendall(_message(id_, _result(0x61, code, words)))
        elif tag == 0x63:
            return self._searched(connection, id_, request, dict(rest).get(0xA0, b""))
        return tag != 0x42

    def _searched(self, connection: socket.socket, id_: int, request: bytes, controls: bytes) -> bool:
        (_, base), (_, scope), _, _, _, _, filter_, (_, attributes) = split(request)
        page, cookie = 0, b""
        for _, control in split(controls):
            parts = [value for _, value in split(control)]
            if parts[0] == PAGED:
                [(_, inner)] = split(parts[-1])
                (_, size), (_, cookie) = split(inner)
                page = int.from_bytes(size, "big")
        asked = Search(
            base.decode(),
            scope[0],
            read_filter(*filter_),
            tuple(name.decode() for _, name in split(attributes)),
            page,
            cookie,
        )
        self.searches.append(asked)
        answer = self.search(asked)
        for dn, values in answer.entries:
            wanted = {name.lower() for name in asked.attributes}
            shown = {
                name: told
                for name, told in values.items()
                if name.lower() in wanted or name.partition(";range=")[1]
            }
            connection.sendall(_message(id_, _entry(dn, shown)))
        for reference in answer.references:
            connection.sendall(_message(id_, tlv(0x73, tlv(4, reference.encode()))))
        if answer.silent:
            return True
        if answer.cut:
            return False
        control = b""
        if page:
            value = tlv(0x30, integer(0), tlv(4, answer.cookie))
            control = tlv(0xA0, tlv(0x30, tlv(4, PAGED), tlv(4, value)))
        connection.sendall(_message(id_, _result(0x65, answer.code, answer.words), control))
        return True


def _whole(data: bytes) -> int:
    """How long the first message is; 0 while that cannot be told."""
    if len(data) < 2:
        return 0
    if not data[1] & 0x80:
        return 2 + data[1]
    start = 2 + (data[1] & 0x7F)
    return start + int.from_bytes(data[2:start], "big") if len(data) >= start else 0


def _message(id_: int, operation: bytes, controls: bytes = b"") -> bytes:
    return tlv(0x30, integer(id_), operation, controls)


def _result(tag: int, code: int, words: str) -> bytes:
    return tlv(tag, integer(code, 0x0A), tlv(4), tlv(4, words.encode()))


def _entry(dn: str, attributes: Attributes) -> bytes:
    listed = [
        tlv(0x30, tlv(4, name.encode()), tlv(0x31, *(tlv(4, value) for value in values)))
        for name, values in attributes.items()
    ]
    return tlv(0x64, tlv(4, dn.encode("utf-8", "surrogateescape")), tlv(0x30, *listed))


def directory(*entries: tuple[str, Attributes], root: Attributes | None = None) -> Callable[[Search], Answer]:
    """Answers as an honest directory of these entries would, all in one page."""

    def answer(asked: Search) -> Answer:
        if not asked.base:
            return Answer([("", root or {"supportedLDAPVersion": [b"3"]})])
        if asked.scope == 0:
            own = [one for one in entries if one[0] == asked.base]
            return Answer(own or [(asked.base, {"objectClass": [b"top"]})])
        return Answer([one for one in entries if fits(asked.filter, one[1])])

    return answer
