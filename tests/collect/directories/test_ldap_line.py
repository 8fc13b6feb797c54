"""The line to a server: what libldap never meets.  Each way of stopping in the middle is one that stopped everything."""

from __future__ import annotations

import socket
import ssl
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.collect.directories.ldap_peer import Answer, Peer, Search, directory, tlv
from tests.collect.directories.slapd import Certificates, Slapd, certificates, needs_slapd
from watchword.collect.directories import ldap_line
from watchword.collect.directories.ldap import LdapReader
from watchword.collect.directories.ldap_connection import connect
from watchword.collect.directories.ldap_line import LARGEST_MESSAGE, Line, message_size
from watchword.collect.directories.ldap_settings import LdapSettings
from watchword.errors import DirectoryError, DirectoryUnreachable, DirectoryUntrusted

pytest.importorskip("bonsai", reason="bonsai is not installed")
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

BASE = "dc=abc,dc=example"

SIZES = [
    ("", 0),
    ("30", 0),
    ("3000", 2),
    ("307f", 129),
    ("3081", 0),
    ("308180", 131),
    ("30820100", 260),
    ("308201", 0),
    ("3084000000ff", 261),
    ("308403fffffa", LARGEST_MESSAGE),
    ("308403fffffb", -1),
    ("3084ffffffff", -1),
    ("3080", -1),
    ("308500000000ff", -1),
    ("30ff", -1),
    ("61", -1),
    ("00", -1),
    ("48545450", -1),
]


@pytest.mark.parametrize(("head", "size"), SIZES)
def test_a_message_tells_its_size_in_its_head(head: str, size: int) -> None:
    assert message_size(bytes.fromhex(head)) == size
    assert message_size(b"xy" + bytes.fromhex(head), 2) == size


@given(st.binary(max_size=70_000))
def test_a_message_is_as_long_as_it_is(body: bytes) -> None:
    whole = tlv(0x30, body)
    assert message_size(whole + b"0") == len(whole)
    assert all(message_size(whole[:length]) in {0, len(whole)} for length in range(7))


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """A certificate of this machine."""
    return certificates(tmp_path_factory.mktemp("tls"))


@contextmanager
def serving(served: Callable[[socket.socket], object]) -> Iterator[int]:
    """A server that treats each connection so, and keeps it."""
    kept: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                kept.append((connection, served(connection)))

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
    for connection, more in kept:  # type: ignore[misc]
        connection.close()
        if isinstance(more, socket.socket):
            more.close()


def settings(port: int, made: Certificates, scheme: str, **changes: Any) -> LdapSettings:
    return LdapSettings(
        **{
            "directory": "company",
            "urls": (f"{scheme}://127.0.0.1:{port}",),
            "base_dn": BASE,
            "bind_dn": f"cn=reader,{BASE}",
            "bind_password": "reader-password",
            "ca_file": str(made.ca),
            "connect_timeout": 0.4,
            "timeout": 0.4,
            **changes,
        }
    )


HALF = bytes.fromhex("3050020101")
PLAIN = {"tls": "none", "allow_plain": True}


def says(*pieces: bytes) -> Callable[[socket.socket, Certificates], object]:
    def serve(connection: socket.socket, tls: Certificates) -> object:
        connection.recv(4096)
        for piece in pieces:
            connection.sendall(piece)
        return None

    return serve


def half_message_in_tls(connection: socket.socket, tls: Certificates) -> object:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls.certificate, tls.key)
    secured = context.wrap_socket(connection, server_side=True)
    secured.recv(4096)
    secured.sendall(HALF)
    return secured


STOPS: dict[str, tuple[str, dict[str, Any], Callable[[socket.socket, Certificates], object]]] = {
    "after accepting": ("ldaps", {}, lambda connection, tls: None),
    "in the handshake": ("ldaps", {}, says(bytes.fromhex("16030300700200"))),
    "before the answer to StartTLS": ("ldap", {}, lambda connection, tls: None),
    "in the answer to StartTLS": ("ldap", {}, says(HALF)),
    "in the handshake after StartTLS": (
        "ldap",
        {},
        says(bytes.fromhex("300c02010178070a010004000400")),
    ),
    "in the answer to a bind": ("ldap", PLAIN, says(HALF)),
    "in the answer to a bind within TLS": ("ldaps", {}, half_message_in_tls),
    "in the head of a message": ("ldap", PLAIN, says(b"\x30")),
}


@pytest.mark.parametrize("case", sorted(STOPS))
def test_a_server_that_stops_is_given_up_and_others_work_meanwhile(case: str, tls: Certificates) -> None:
    scheme, changes, served = STOPS[case]
    ticks: list[int] = []
    ended = threading.Event()

    def tick() -> None:
        while not ended.wait(0.01):
            ticks.append(1)

    other = threading.Thread(target=tick)
    with serving(lambda connection: served(connection, tls)) as port:
        other.start()
        try:
            with pytest.raises(DirectoryUnreachable):
                connect(settings(port, tls, scheme, **changes))
        finally:
            ended.set()
            other.join()
    assert len(ticks) > 5


LIES = {
    "no message": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "too large": bytes.fromhex("30847fffffff"),
    "indefinite": bytes.fromhex("3080020101"),
}


@pytest.mark.parametrize("case", sorted(LIES))
def test_what_is_no_message_ends_the_line_at_once(case: str, tls: Certificates) -> None:
    # Not "has not answered in time": it is not waited for.
    with (
        serving(lambda connection: says(LIES[case])(connection, tls)) as port,
        pytest.raises(DirectoryUnreachable, match="cannot be reached"),
    ):
        connect(settings(port, tls, "ldap", **{**PLAIN, "connect_timeout": 20}))


def test_bytes_behind_the_answer_to_starttls_are_nobodys(tls: Certificates) -> None:
    # An attacker could write there what would be taken for the server's first words within TLS.
    answer = bytes.fromhex("300c02010178070a010004000400")
    with (
        serving(lambda connection: says(answer + answer)(connection, tls)) as port,
        pytest.raises(DirectoryUntrusted, match="StartTLS"),
    ):
        connect(settings(port, tls, "ldap"))


def test_nobody_else_reaches_the_line_and_nothing_stays_of_it(tls: Certificates) -> None:
    with serving(lambda connection: None) as port:
        line = Line(settings(port, tls, "ldap", **PLAIN), f"ldap://127.0.0.1:{port}")
        folder = line._folder
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        line.close()
        line.close()
        assert not folder.exists()


def test_the_folder_goes_as_soon_as_the_line_is_taken() -> None:
    with Peer(directory()).running() as peer, connect(LdapSettings(**peer.settings())) as connection:
        assert not connection._line._folder.exists()


def test_lines_end_with_their_connections() -> None:
    def lines() -> int:
        return sum(one.name == "ldap line" for one in threading.enumerate())

    before = lines()
    with Peer(directory(), lambda dn, password: (49, "no")).running() as peer:
        for _ in range(5):
            with pytest.raises(DirectoryError):
                connect(LdapSettings(**peer.settings()))
    with Peer(directory()).running() as peer:
        for _ in range(5):
            connect(LdapSettings(**peer.settings())).close()
    for _ in range(200):
        if lines() <= before:
            break
        time.sleep(0.01)
    assert lines() <= before


@pytest.mark.parametrize("folder", ["/tmp/Upper", "/tmp/" + "long/" * 30])
def test_a_folder_whose_path_an_address_cannot_hold_is_not_used(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: folder)
    made = ldap_line._folder()
    made.rmdir()
    assert str(made).startswith("/tmp/ldap-")


def test_a_message_of_megabytes_comes_through_whole() -> None:
    members = [f"uid=m{number:06d},{BASE}".encode() for number in range(100_000)]
    dn = f"cn=big,{BASE}"

    def big(asked: Search) -> Answer:
        return Answer([(dn, {"cn": [b"big"], "member": members})]) if asked.base == dn else Answer()

    with Peer(big).running() as peer, connect(LdapSettings(**peer.settings())) as connection:
        entry = connection.entry(dn, ("member",))
    assert entry is not None
    assert list(entry.values["member"]) == members


@needs_slapd
@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
def test_a_slow_line_is_slow_and_no_error(company: Slapd, scheme: str) -> None:
    """Every piece of a few bytes comes late; all of it comes."""

    def pump(source: socket.socket, target: socket.socket, pause: float) -> None:
        try:
            while piece := source.recv(700):
                time.sleep(pause)
                target.sendall(piece)
        except OSError:
            return

    def relay(connection: socket.socket) -> object:
        port = company.tls_port if scheme == "ldaps" else company.port
        server = socket.create_connection(("127.0.0.1", port))
        threading.Thread(target=pump, args=(connection, server, 0), daemon=True).start()
        threading.Thread(target=pump, args=(server, connection, 0.01), daemon=True).start()
        return server

    with serving(relay) as port:
        reader = LdapReader(LdapSettings(**company.settings(urls=(f"{scheme}://127.0.0.1:{port}",))))
        assert len(list(reader.accounts())) == 7


def test_paths_of_sockets_fit() -> None:
    made = ldap_line._folder()
    made.rmdir()
    assert len(str(made / "s")) < ldap_line.LONGEST_PATH
    assert isinstance(made, Path)
