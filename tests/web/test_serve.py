"""``watchword serve`` as a process: what a client meets that is too large or too slow, and how it begins and ends."""

from __future__ import annotations

import json
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from uvicorn import Config, Server

from tests.web.serving import Served, ended, free_port, serving
from watchword.web.serve import bounded_protocol

CONFIG = "[web]\nlargest_body = 2048\nbody_seconds = 1\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One process for all tests that only ask."""
    with serving(tmp_path_factory.mktemp("served"), config=CONFIG) as running:
        yield running


def request(served: Served, *lines: str, body: bytes = b"") -> bytes:
    head = "\r\n".join(lines) + "\r\n\r\n"
    return served.send(head.encode() + body)


def head(served: Served, path: str = "/api/v1/tokens", method: str = "POST") -> tuple[str, str]:
    return f"{method} {path} HTTP/1.1", f"Host: localhost:{served.port}"


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def test_it_is_ready_and_says_how_the_first_administrator_comes_in(served: Served) -> None:
    assert json.loads(served.ask("GET", "/readyz")[1])["parts"] == {
        "database": True,
        "schema": True,
        "worker": True,
    }
    link = re.search(r"http://localhost:\d+(/bootstrap\?token=[A-Za-z0-9_-]{43})\n", served.said())
    assert link
    assert served.ask("GET", link[1])[0] == 200


def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes(served: Served) -> None:
    answer = request(served, *head(served), "Content-Length: 2049")
    assert status(answer) == 413
    assert b"connection: close" in answer.lower()


def test_a_body_in_chunks_is_cut_where_it_becomes_too_large(served: Served) -> None:
    chunk = b"400\r\n" + b"x" * 1024 + b"\r\n"
    assert status(request(served, *head(served), "Transfer-Encoding: chunked", body=chunk * 3)) == 413


def test_a_body_that_comes_too_slowly_is_cut_off(served: Served) -> None:
    first = "\r\n".join((*head(served), "Content-Length: 100")) + "\r\n\r\n"
    assert status(served.send(first.encode(), b"x", b"y")) == 408


SMUGGLED = [
    ("two lengths", ("Content-Length: 5", "Content-Length: 6"), b"hello"),
    ("a length and chunks", ("Content-Length: 5", "Transfer-Encoding: chunked"), b"0\r\n\r\n"),
    ("chunks of another kind", ("Transfer-Encoding: gzip, chunked",), b"0\r\n\r\n"),
    ("a chunk's length that is none", ("Transfer-Encoding: chunked",), b"zz\r\nhello\r\n0\r\n\r\n"),
    ("a space before the colon", ("Content-Length : 5",), b"hello"),
    ("two hosts", ("Host: evil.example",), b""),
    ("a line feed in a header", ("X-A: b\nHost: evil.example",), b""),
    ("a NUL in a header", ("X-A: b\0c",), b""),
]


@pytest.mark.parametrize(("case", "lines", "body"), SMUGGLED, ids=[one[0] for one in SMUGGLED])
def test_what_could_be_read_in_two_ways_is_refused(
    served: Served, case: str, lines: tuple[str, ...], body: bytes
) -> None:
    assert status(request(served, *head(served), *lines, "Connection: close", body=body)) in {400, 421, 501}


def test_lines_and_headers_are_bounded(served: Served) -> None:
    assert status(request(served, *head(served, "/" + "a" * 20_000, "GET"), "Connection: close")) in {
        400,
        414,
    }
    assert status(
        request(served, *head(served, "/", "GET"), "X-A: " + "b" * 100_000, "Connection: close")
    ) in {400, 431}
    many = [f"X-{number}: 1" for number in range(150)]
    assert status(request(served, *head(served, "/", "GET"), *many, "Connection: close")) == 431


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "TRACK", "BREW"])
def test_methods_that_nobody_needs_do_nothing(served: Served, method: str) -> None:
    answer = request(served, *head(served, "/", method), "X-Secret: s3cret", "Connection: close")
    assert status(answer) in {400, 403, 405}
    assert b"s3cret" not in answer


def test_an_address_with_a_host_in_it_leads_nowhere_else(served: Served) -> None:
    answer = request(served, *head(served, "http://evil.example/api/v1/me", "GET"), "Connection: close")
    assert status(answer) == 404


@pytest.mark.parametrize(
    "path",
    ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd", "/%00"],
)
def test_no_path_leads_out_of_the_static_files(served: Served, path: str) -> None:
    assert served.ask("GET", path)[0] in {400, 404}


def test_after_a_kill_the_next_process_goes_on_and_ends_in_order_when_asked_to(tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        assert running.end(signal.SIGKILL) == -signal.SIGKILL
    with serving(tmp_path) as running:
        assert running.end(signal.SIGTERM) == 0
    said = running.said()
    assert "Traceback" not in said
    assert all(json.loads(line)["event"] for line in said.splitlines() if line.startswith("{"))


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        code, said = ended(tmp_path, "--port", str(one.getsockname()[1]))
    assert (code, "another process listens there already" in said, "Traceback" in said) == (1, True, False)
    assert not (tmp_path / ".watchword").exists()


WRONG = [
    ("a certificate alone", '[web]\ntls_certificate = "c.pem"\n', 2, "needed both"),
    (
        "files that are not there",
        '[web]\ntls_certificate = "c.pem"\ntls_key = "k.pem"\n',
        2,
        "cannot be used",
    ),
    ("a key that is unknown", "[web]\nprot = 1\n", 2, "prot"),
    ("plain HTTP for others", '[web]\npublic_url = "http://watchword.example"\n', 2, "localhost only"),
    (
        "a database that is elsewhere",
        '[state]\nurl = "postgresql://nobody@127.0.0.1:1/none"\n',
        1,
        "does not answer",
    ),
    ("a directory that is wrong", '[directories.corp]\nkind = "ldap"\n', 2, "directories.corp"),
]


@pytest.mark.parametrize(("case", "config", "exit_code", "words"), WRONG, ids=[one[0] for one in WRONG])
def test_what_is_wrong_is_told_in_words_and_by_the_exit_code(
    tmp_path: Path, case: str, config: str, exit_code: int, words: str
) -> None:
    code, said = ended(tmp_path, "--port", str(free_port()), config=config)
    assert (code, "Traceback" in said) == (exit_code, False), said
    assert words in said


def test_several_processes_serve_one_socket_and_one_that_dies_is_replaced(tmp_path: Path) -> None:
    import os

    with serving(tmp_path, "--workers", "2") as running:

        def children() -> set[int]:
            found = Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children").read_text()
            return {int(one) for one in found.split()}

        before = children()
        assert len(before) == 2
        os.kill(min(before), signal.SIGKILL)
        while len(children() - before) < 1:
            time.sleep(0.05)
        assert running.ask("GET", "/healthz")[0] == 200
        assert running.end() == 0


async def always_ok(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def impatient() -> Iterator[int]:
    """The port of a server that gives a request's head a quarter of a second."""
    config = Config(
        always_ok,
        http=bounded_protocol(0.25),
        ws="none",
        lifespan="off",
        log_config=None,
        timeout_keep_alive=30,
    )
    server = Server(config)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def closed(one: socket.socket) -> bytes:
    """What comes until the server closes."""
    one.settimeout(30)
    got = b""
    while piece := one.recv(4096):
        got += piece
    return got


@pytest.mark.parametrize("before", [b"", HEAD], ids=["the first request", "the second on a connection"])
def test_a_head_that_comes_byte_by_byte_is_given_up(impatient: int, before: bytes) -> None:
    with socket.create_connection(("127.0.0.1", impatient)) as one:
        one.sendall(before + HEAD[:5])
        for letter in HEAD[5:-1]:
            time.sleep(0.03)
            try:
                one.sendall(bytes([letter]))
            except OSError:
                break
        assert closed(one).count(b"200 OK") == bool(before)


def test_a_connection_on_which_nothing_comes_is_given_up(impatient: int) -> None:
    with socket.create_connection(("127.0.0.1", impatient)) as one:
        assert closed(one) == b""


def test_who_is_quick_keeps_the_connection(impatient: int) -> None:
    with socket.create_connection(("127.0.0.1", impatient)) as one:
        for _ in range(3):
            one.sendall(HEAD)
            got = b""
            while not got.endswith(b"ok"):
                piece = one.recv(4096)
                assert piece, "the server closed the connection"
                got += piece
            time.sleep(0.4)
