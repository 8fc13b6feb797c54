"""Fetching the service reference from a server on this machine: what is taken, and what is refused."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from watchword.collect.service_reference import FetchFailed, Limits, fetch


@dataclass
class Served:
    """A server that answers by path; ``asked`` are the paths with the headers of each request."""

    url: str
    answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def list_url(self) -> str:
        return f"{self.url}/v1/service-list.json"

    def gives(self, path: str, body: bytes, code: int = 200, **headers: str) -> None:
        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(code)
            for name, value in headers.items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)

        self.answers[path] = answer

    def lists(self, *services: str, host: str | None = None) -> None:
        rows = [{"service": one, "url": f"{host or self.url}/v1/{one}/{one}.json"} for one in services]
        self.gives("/v1/service-list.json", json.dumps(rows).encode())

    def tells(self, service: str) -> None:
        self.gives(f"/v1/{service}/{service}.json", json.dumps({"Name": service}).encode())


@pytest.fixture
def server() -> Iterator[Served]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append((self.path, dict(self.headers)))
            answer = served.answers.get(self.path)
            if answer is None:
                self.send_error(404)
            else:
                answer(self)

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    served = Served(f"http://127.0.0.1:{http.server_address[1]}")
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield served
    http.shutdown()
    http.server_close()
    thread.join()


def test_every_service_of_the_list_is_fetched_and_progress_is_told(server: Served) -> None:
    names = [f"service-{number}" for number in range(20)]
    server.lists(*names)
    for name in names:
        server.tells(name)
    told: list[tuple[int, int]] = []
    found = fetch(server.list_url, progress=lambda done, of: told.append((done, of)))
    assert found == {name: {"Name": name} for name in names}
    assert told == [(number, 20) for number in range(1, 21)]


def test_no_credentials_or_cookies_are_sent(server: Served) -> None:
    server.lists("s3")
    server.tells("s3")
    fetch(server.list_url)
    for _, headers in server.asked:
        assert not {"authorization", "cookie", "x-amz-date"} & {name.lower() for name in headers}


def test_a_redirect_on_the_same_host_is_followed(server: Served) -> None:
    server.lists("s3")
    server.gives("/v1/s3/s3.json", b"", 302, Location="/elsewhere.json")
    server.gives("/elsewhere.json", b'{"Name": "s3"}')
    assert fetch(server.list_url) == {"s3": {"Name": "s3"}}


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("http://127.0.0.2:9/x", "another host"),
        ("https://127.0.0.1:9/x", "another host"),
        ("http://localhost:9/", "another host"),
        ("//127.0.0.2/x", "another host"),
        ("file:///etc/passwd", "302"),
    ],
)
def test_a_redirect_to_another_host_is_refused(server: Served, target: str, message: str) -> None:
    server.lists("s3")
    server.gives("/v1/s3/s3.json", b"", 302, Location=target)
    with pytest.raises(FetchFailed, match=message):
        fetch(server.list_url)
    assert [path for path, _ in server.asked] == ["/v1/service-list.json", "/v1/s3/s3.json"]


def test_a_redirect_in_a_circle_ends(server: Served) -> None:
    server.gives("/v1/service-list.json", b"", 302, Location="/v1/service-list.json")
    with pytest.raises(FetchFailed, match="302"):
        fetch(server.list_url)


@pytest.mark.parametrize(
    "url",
    [
        "http://servicereference.us-east-1.amazonaws.com/v1/service-list.json",
        "http://127.0.0.1.example.com/",
        "http://10.0.0.1/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "https://",
        "https://user:word@example.com/",
        "https://[::1",
        "service-list.json",
        "",
    ],
)
def test_an_address_that_is_not_https_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(FetchFailed):
        fetch(url)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>", "not JSON"),
        (b"\xff\xfe\xfa", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"{}", "not a JSON array"),
        (b"[]", "not a JSON array"),
        (b"[1]", "without a service's name"),
        (b'[{"service": "s3"}]', "without a service's name"),
        (b'[{"service": "../s3", "url": "x"}]', "without a service's name"),
        (b'[{"service": "s3", "url": "https://example.com/s3.json"}]', "on another host"),
        (b'[{"service": "s3", "url": "file:///etc/passwd"}]', "on another host"),
    ],
)
def test_a_list_that_is_not_one_is_refused(server: Served, body: bytes, message: str) -> None:
    server.gives("/v1/service-list.json", body)
    with pytest.raises(FetchFailed, match=message) as told:
        fetch(server.list_url)
    assert server.list_url in told.value.diagnosis()


def test_a_service_whose_document_is_missing_is_named_and_nothing_is_given(server: Served) -> None:
    server.lists("s3", "gone")
    server.tells("s3")
    with pytest.raises(FetchFailed, match="404") as told:
        fetch(server.list_url)
    assert "/v1/gone/gone.json" in told.value.diagnosis()


def test_answers_are_bounded_in_size_and_number(server: Served) -> None:
    server.lists("s3", "ec2")
    server.gives("/v1/s3/s3.json", b'"' + b"x" * 200_000 + b'"')
    server.tells("ec2")
    with pytest.raises(FetchFailed, match="too large"):
        fetch(server.list_url, Limits(document_bytes=100_000))
    with pytest.raises(FetchFailed, match="too large"):
        fetch(server.list_url, Limits(all_bytes=100_000))
    with pytest.raises(FetchFailed, match="more than 1 services"):
        fetch(server.list_url, Limits(services=1))


def test_who_does_not_answer_or_answers_drop_by_drop_is_left_in_time(server: Served) -> None:
    ended = threading.Event()

    def silent(handler: BaseHTTPRequestHandler) -> None:
        ended.wait(10)

    def dripping(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(300):
            handler.wfile.write(b" ")
            time.sleep(0.01)

    try:
        server.answers["/v1/service-list.json"] = silent
        with pytest.raises(FetchFailed, match="timed out"):
            fetch(server.list_url, Limits(answer_seconds=0.2))
        server.answers["/v1/service-list.json"] = dripping
        with pytest.raises(FetchFailed, match="longer than"):
            fetch(server.list_url, Limits(all_seconds=0.2))
    finally:
        ended.set()


def test_an_answer_that_breaks_off_is_no_answer(server: Served) -> None:
    def broken(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"[")

    server.answers["/v1/service-list.json"] = broken
    with pytest.raises(FetchFailed):
        fetch(server.list_url)


def test_nobody_there_is_told_with_what_to_do_next() -> None:
    with pytest.raises(FetchFailed, match="no answer") as told:
        fetch("http://127.0.0.1:9/v1/service-list.json", Limits(answer_seconds=2))
    assert "--from FOLDER" in told.value.diagnosis()
