"""The HTTP client of the directories: where it does not go, what it does not take, and how long it waits."""

from __future__ import annotations

import datetime as dt
import gzip
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Any, ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from watchword.collect.directories.outbound import Outbound, OutboundSettings, refusal
from watchword.errors import DirectoryError, DirectoryLying, DirectoryUnreachable, DirectoryUntrusted

HOST = "id.abc.example"
PLAIN = OutboundSettings(allow_plain=True, timeout=5)


class Handler(BaseHTTPRequestHandler):
    """Answers as the path says."""

    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[tuple[str, dict[str, str], bytes]]] = []

    left = threading.Event()
    """Set when a client has gone away before the answer was over."""

    def do_GET(self) -> None:
        """Answer."""
        length = int(self.headers.get("content-length", 0))
        type(self).seen.append(
            (self.path, {k.lower(): v for k, v in self.headers.items()}, self.rfile.read(length))
        )
        getattr(self, self.path[1:].partition("?")[0])()

    do_POST = do_GET  # noqa: N815

    def told(
        self, body: bytes, kind: str = "application/json; charset=utf-8", status: int = 200, **more: str
    ) -> None:
        self.send_response(status)
        for name, value in {"content-type": kind, "content-length": str(len(body)), **more}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def good(self) -> None:
        self.told(b'{"a": 1}')

    def html(self) -> None:
        self.told(b"<html>", "text/html")

    def array(self) -> None:
        self.told(b"[1]")

    def broken(self) -> None:
        self.told(b"{")

    def deep(self) -> None:
        self.told(b"[" * 200_000)

    def failing(self) -> None:
        self.told(b"no", "text/plain", 503)

    def away(self) -> None:
        self.told(b"{}", status=302, location="http://127.0.0.1:1/")

    def packed(self) -> None:
        self.told(gzip.compress(b"{}"), content_encoding="gzip")

    def large(self) -> None:
        self.told(b'"' + b"a" * (1024 * 1024) + b'"')

    def just(self) -> None:
        self.told(b'"' + b"a" * (1024 * 1024 - 2) + b'"')

    def endless(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self.slowly(lambda: b"10000\r\n" + b"a" * 0x10000 + b"\r\n", 0)

    def trickling(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        self.slowly(lambda: b"x-a: b\r\n", 0.05)

    def dripping(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "100000")
        self.end_headers()
        self.slowly(lambda: b" ", 0.05)

    def silent(self) -> None:
        self.slowly(lambda: b"", 0.05)

    def cut(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "100")
        self.end_headers()
        self.wfile.write(b"{}")
        self.close_connection = True

    def garbage(self) -> None:
        self.wfile.write(b"\x00\x01 this is another protocol\r\n\r\n")
        self.close_connection = True

    def slowly(self, piece: Callable[[], bytes], pause: float) -> None:
        """Go on until the other side has enough; no test waits for the end of it."""
        self.close_connection = True
        ends = time.monotonic() + 20
        while time.monotonic() < ends:
            try:
                self.wfile.write(piece())
                self.wfile.flush()
            except OSError:
                type(self).left.set()
                return
            if pause and self.server.over.wait(pause):  # type: ignore[attr-defined]
                return

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.over = threading.Event()  # type: ignore[attr-defined]
    # A client that turns away at the certificate is no error of the server's.
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.over.set()  # type: ignore[attr-defined]
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def plain() -> Iterator[str]:
    with serving() as port:
        yield f"http://127.0.0.1:{port}"


def certificate(folder: Path, *names: str, days: int = 30) -> ssl.SSLContext:
    """A server's context with a certificate for names, which stands in ``folder/ca.pem``."""
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    start = dt.datetime.now(dt.UTC) - dt.timedelta(days=60)
    made = (
        x509.CertificateBuilder(named, named, key.public_key(), x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=60 + days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(exist_ok=True)
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context


class Names:
    """A resolver that says one thing first and another ever after."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


ADDRESSES = [
    # address, refused unless private is meant, refused always, refused without TLS
    ("93.184.215.14", False, False, True),
    ("2606:4700::1111", False, False, True),
    ("127.0.0.1", True, False, False),
    ("127.8.8.8", True, False, False),
    ("::1", True, False, False),
    ("10.0.0.1", True, False, True),
    ("172.16.0.1", True, False, True),
    ("192.168.1.1", True, False, True),
    ("100.64.0.1", True, False, True),
    ("fd12:3456::1", True, False, True),
    ("192.0.2.1", True, False, True),
    ("169.254.169.254", True, True, True),
    ("169.254.170.2", True, True, True),
    ("169.254.1.1", True, True, True),
    ("fd00:ec2::254", True, True, True),
    ("fd20:ce::254", True, True, True),
    ("fe80::1", True, True, True),
    ("100.100.100.200", True, True, True),
    ("0.0.0.0", True, True, True),
    ("::", True, True, True),
    ("224.0.0.1", True, True, True),
    ("ff02::1", True, True, True),
    ("255.255.255.255", True, True, True),
    ("240.0.0.1", True, True, True),
    ("::ffff:127.0.0.1", True, True, True),
    ("::ffff:93.184.215.14", True, True, True),
    ("2001:0:4136:e378:8000:63bf:3fff:fdd2", True, True, True),
    ("64:ff9b::5db8:d70e", False, False, True),
    ("64:ff9b::a00:1", True, False, True),
    ("64:ff9b::a9fe:a9fe", True, True, True),
    ("2002:a9fe:a9fe::1", True, True, True),
    ("2002:7f00:1::1", True, False, False),
]


@pytest.mark.parametrize(("text", "unless", "always", "plain"), ADDRESSES, ids=[row[0] for row in ADDRESSES])
def test_addresses_are_refused_by_what_they_are(text: str, unless: bool, always: bool, plain: bool) -> None:
    found = ip_address(text)
    assert bool(refusal(found, private=False)) is unless
    assert bool(refusal(found, private=True)) is always
    assert bool(refusal(found, private=True, plain=True)) is plain


@given(st.ip_addresses())
def test_whatever_is_not_global_is_refused_and_nothing_becomes_freer_by_being_written_otherwise(
    address: IPv4Address | IPv6Address,
) -> None:
    why = refusal(address, private=False)
    assert why or address.is_global
    assert why or not refusal(address, private=True)
    if isinstance(address, IPv4Address):
        assert refusal(IPv6Address(f"::ffff:{address}"), private=True)
        assert bool(refusal(IPv6Address(f"64:ff9b::{address}"), private=False)) is bool(why)


URLS = [
    ("https://id.abc.example", True),
    ("https://id.abc.example:8443/a/b?c=d", True),
    ("https://[2606:4700::1111]/", True),
    ("http://127.0.0.1:8080/", True),
    ("http://localhost/", True),
    ("http://[::1]:1/", True),
    ("http://id.abc.example/", False),
    ("http://127.0.0.1.abc.example/", False),
    ("http://localhost.abc.example/", False),
    ("ftp://id.abc.example/", False),
    ("file:///etc/passwd", False),
    ("gopher://127.0.0.1/", False),
    ("https://", False),
    ("", False),
    ("//id.abc.example", False),
    ("https://user@id.abc.example/", False),
    ("https://user:secret@id.abc.example/", False),
    ("https://id.abc.example/#x", False),
    ("https://id.abc.example#@evil.example/", False),
    ("https://id.abc.example\\@evil.example/", False),
    ("https://id.abc.example/\r\nHost: evil", False),
    ("https://id.abc.example/ x", False),
    ("https://id.abc.example:0/", False),
    ("https://id.abc.example:99999/", False),
    ("https://id.abc.example:x/", False),
    ("https://bücher.example/", False),
    ("https://[::1/", False),
    ("https://id.abc.example/" + "a" * 4096, False),
]


@pytest.mark.parametrize(("url", "good"), URLS, ids=range(len(URLS)))
def test_addresses_to_ask_are_of_one_form(url: str, good: bool) -> None:
    client = Outbound(PLAIN, resolve=Names([]))
    if good:
        assert client.check(url) == url
        return
    with pytest.raises(DirectoryUntrusted) as caught:
        client.get(url)
    assert "secret" not in caught.value.diagnosis()


def test_without_the_setting_nothing_is_asked_without_tls() -> None:
    with pytest.raises(DirectoryUntrusted, match="only https"):
        Outbound().check("http://127.0.0.1/")


def test_a_good_answer_is_taken_and_the_question_is_as_it_should_be(plain: str) -> None:
    Handler.seen.clear()
    answer = Outbound(PLAIN).get(f"{plain}/good?x=1", bearer="token")
    assert (answer.status, answer.kind, answer.object()) == (200, "application/json", {"a": 1})
    (path, headers, _) = Handler.seen.pop()
    assert (path, headers["authorization"], headers["accept-encoding"], headers["host"]) == (
        "/good?x=1",
        "Bearer token",
        "identity",
        plain.removeprefix("http://"),
    )
    Outbound(PLAIN).post(f"{plain}/good", {"a": "ä &"}, headers={"authorization": "Basic x", "host": "evil"})
    (_, headers, body) = Handler.seen.pop()
    assert (headers["host"], body) == (plain.removeprefix("http://"), b"a=%C3%A4+%26")


BAD_ANSWERS: list[tuple[str, type[DirectoryError], str]] = [
    ("html", DirectoryLying, "is not application/json"),
    ("away", DirectoryUntrusted, "leads elsewhere"),
    ("packed", DirectoryLying, "compressed"),
    ("large", DirectoryLying, "more than 1048576 bytes"),
    ("endless", DirectoryLying, "more than 1048576 bytes"),
    ("cut", DirectoryUnreachable, "breaks off"),
    ("garbage", DirectoryUnreachable, "breaks off"),
    ("array", DirectoryLying, "not a JSON object"),
    ("broken", DirectoryLying, "not JSON"),
    ("deep", DirectoryLying, "not JSON"),
]


@pytest.mark.parametrize(("path", "kind", "words"), BAD_ANSWERS, ids=[row[0] for row in BAD_ANSWERS])
def test_answers_that_are_none_are_refused(
    plain: str, path: str, kind: type[DirectoryError], words: str
) -> None:
    with pytest.raises(kind, match=words) as caught:
        Outbound(PLAIN).get(f"{plain}/{path}", bearer="planted-secret").object()
    assert "planted-secret" not in caught.value.diagnosis()
    assert caught.value.__cause__ is None


def test_an_answer_of_the_largest_size_and_one_of_failure_are_taken(plain: str) -> None:
    assert len(Outbound(PLAIN).get(f"{plain}/just").json()) == 1024 * 1024 - 2
    assert Outbound(PLAIN).get(f"{plain}/failing").status == 503


@pytest.mark.parametrize("path", ["dripping", "silent", "trickling"])
def test_an_answer_that_takes_too_long_is_given_up_however_it_comes(plain: str, path: str) -> None:
    client = Outbound(OutboundSettings(allow_plain=True, timeout=0.4))
    Handler.left.clear()
    with pytest.raises(DirectoryUnreachable, match="in time"):
        client.get(f"{plain}/{path}")
    # The host would have gone on: it was not waited for.
    assert path == "silent" or Handler.left.wait(10)


def test_a_closed_port_is_told(plain: str) -> None:
    with pytest.raises(DirectoryUnreachable, match="cannot be reached"):
        Outbound(PLAIN).get("http://127.0.0.1:9/")


def test_proxies_of_the_environment_are_not_used(plain: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert Outbound(PLAIN).get(f"{plain}/good").status == 200


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["10.0.0.1"], ["93.184.215.14", "127.0.0.1"], ["169.254.169.254"]], ids=str
)
def test_a_public_name_that_leads_inside_is_refused_before_anything_is_sent(addresses: list[str]) -> None:
    with pytest.raises(DirectoryUntrusted, match=r"id\.abc\.example is at"):
        Outbound(resolve=Names(addresses)).get(f"https://{HOST}/good")


def test_a_private_host_that_is_named_may_still_not_be_where_credentials_are() -> None:
    settings = OutboundSettings(allow_private=(HOST.upper(),))
    with pytest.raises(DirectoryUntrusted, match="hand out credentials"):
        Outbound(settings, resolve=Names(["169.254.169.254"])).get(f"https://{HOST}/")
    with pytest.raises(DirectoryUntrusted, match="this machine"):
        Outbound(settings, resolve=Names(["127.0.0.1"])).get("https://another.abc.example/")


def test_loopback_by_name_without_tls_must_be_loopback() -> None:
    with pytest.raises(DirectoryUntrusted, match="without TLS"):
        Outbound(PLAIN, resolve=Names(["10.0.0.1"])).get("http://localhost/")


@pytest.mark.parametrize("answer", [[], ["nonsense"]], ids=str)
def test_a_name_without_addresses_is_told(answer: list[str]) -> None:
    with pytest.raises(DirectoryUnreachable, match="no address"):
        Outbound(resolve=Names(answer)).get(f"https://{HOST}/")


def test_the_connection_goes_to_the_address_that_was_checked_and_tls_proves_the_name(tmp_path: Path) -> None:
    context = certificate(tmp_path, HOST)
    names: list[str | None] = []
    context.sni_callback = lambda _, name, __: names.append(name)
    settings = OutboundSettings(allow_private=(HOST,), ca_file=str(tmp_path / "ca.pem"))
    with serving(context) as port:
        Handler.seen.clear()
        # Asked a second time, the name would lead to where credentials are.
        resolve = Names(["127.0.0.1"], ["169.254.169.254"])
        assert Outbound(settings, resolve=resolve).get(f"https://{HOST}:{port}/good").object() == {"a": 1}
    assert (names, resolve.asked) == ([HOST], [HOST])
    assert Handler.seen[0][1]["host"] == f"{HOST}:{port}"


def test_a_second_address_is_tried_where_the_first_does_not_answer(tmp_path: Path) -> None:
    context = certificate(tmp_path, HOST)
    settings = OutboundSettings(allow_private=(HOST,), ca_file=str(tmp_path / "ca.pem"))
    with serving(context) as port:
        client = Outbound(settings, resolve=Names(["127.0.0.2", "127.0.0.1"]))
        assert client.get(f"https://{HOST}:{port}/good").status == 200


@pytest.mark.parametrize(
    ("names", "days", "trusted", "words"),
    [
        (("other.abc.example",), 30, True, "not valid for"),
        ((HOST,), 30, False, "self-signed|self signed"),
        ((HOST,), -30, True, "expired"),
    ],
    ids=["another name", "another authority", "expired"],
)
def test_a_certificate_that_proves_nothing_is_refused(
    tmp_path: Path, names: tuple[str, ...], days: int, trusted: bool, words: str
) -> None:
    context = certificate(tmp_path / "server", *names, days=days)
    certificate(tmp_path / "else", HOST)
    authority = tmp_path / ("server" if trusted else "else") / "ca.pem"
    settings = OutboundSettings(allow_private=(HOST,), ca_file=str(authority))
    with serving(context) as port, pytest.raises(DirectoryUntrusted, match=words):
        Outbound(settings, resolve=Names(["127.0.0.1"])).get(f"https://{HOST}:{port}/good")


def test_a_server_without_tls_is_told(plain: str) -> None:
    settings = OutboundSettings(allow_private=("127.0.0.1",))
    with pytest.raises((DirectoryUntrusted, DirectoryUnreachable)):
        Outbound(settings).get(plain.replace("http:", "https:") + "/good")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"allow_private": ("https://x",)}, "allow_private"),
        ({"allow_private": ("*.abc.example",)}, "allow_private"),
        ({"allow_private": ("",)}, "allow_private"),
        ({"ca_file": "/nowhere.pem"}, "ca_file"),
        ({"timeout": 0}, "timeout"),
        ({"connect_timeout": 1000}, "timeout"),
    ],
    ids=str,
)
def test_settings_that_cannot_be_are_refused(more: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        OutboundSettings(**more)


def test_authorities_that_are_none_are_told(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nonsense")
    settings = OutboundSettings(ca_file=str(tmp_path / "ca.pem"), allow_private=(HOST,))
    with pytest.raises(DirectoryUntrusted, match="authorities"):
        Outbound(settings, resolve=Names(["127.0.0.1"])).get(f"https://{HOST}/")
