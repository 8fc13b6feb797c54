"""Requests that no honest client sends, as bytes: each is refused before anything within sees it, and never read in two ways."""

from __future__ import annotations

import pytest

from tests.web.hostile.wire import FORM, HOST, Wire, answers, online, signed_in
from watchword.web import serve

LINE = b"GET /api/v1/me HTTP/1.1\r\n"
END = b"connection: close\r\n\r\n"
OURS = f"host: {HOST}\r\n".encode()

HOSTS = [
    ("none", LINE, {400}),
    ("empty", LINE + b"host:\r\n", {421}),
    ("another", LINE + b"host: evil.example\r\n", {421}),
    ("ours twice", LINE + OURS + OURS, {400, 421}),
    ("ours and another", LINE + OURS + b"host: evil.example\r\n", {400, 421}),
    ("another port", LINE + f"host: {HOST}:8443\r\n".encode(), {421}),
    ("with a name of a user", LINE + f"host: {HOST}@evil.example\r\n".encode(), {421}),
    ("as a part of another", LINE + f"host: {HOST}.evil.example\r\n".encode(), {421}),
    ("with a path", LINE + f"host: {HOST}/x\r\n".encode(), {421}),
    ("two in one line", LINE + f"host: {HOST}, evil.example\r\n".encode(), {421}),
    ("not ASCII", LINE + "host: wätchword.example\r\n".encode(), {400, 421}),
    ("folded", LINE + b"host:\r\n evil.example\r\n", {400, 421}),
    ("an address", LINE + b"host: 127.0.0.1\r\n", {421}),
    ("of another in an absolute address", b"GET https://evil.example/api/v1/me HTTP/1.1\r\n" + OURS, {404}),
    ("of the old protocol", b"GET /api/v1/me HTTP/1.0\r\n", {421}),
]


@pytest.mark.parametrize(("case", "head", "wanted"), HOSTS, ids=[one[0] for one in HOSTS])
def test_a_name_that_is_not_ours_alone_is_not_answered(
    wire: Wire, case: str, head: bytes, wanted: set[int]
) -> None:
    found = answers(wire.send(head + b"x-forwarded-host: evil.example\r\n" + END))
    assert [one.status for one in found] == [found[0].status]
    assert found[0].status in wanted
    assert b"evil" not in found[0].body
    assert "evil" not in str(found[0].headers)


def test_no_forwarding_header_moves_us_to_another_name_or_another_address(wire: Wire) -> None:
    forged = {
        "x-forwarded-host": "evil.example",
        "x-forwarded-for": "198.51.100.9",
        "x-forwarded-proto": "http",
        "x-forwarded-prefix": "/evil",
        "x-original-url": "/metrics",
        "x-rewrite-url": "/metrics",
        "forwarded": "for=198.51.100.9;host=evil.example;proto=http",
        "x-real-ip": "198.51.100.9",
        "x-request-id": "chosen-by-somebody",
    }
    answer = wire.get("/findings", forged)
    assert (answer.status, answer.get("location")) == (303, "/sign-in?next=%2Ffindings")
    assert answer.get("strict-transport-security")
    assert answer.get("x-request-id") != "chosen-by-somebody"
    told = [one for one in wire.home.told if one["event"] == "request"][-1]
    assert (told["address"], told["route"]) == ("127.0.0.1", "/findings")


SMUGGLED = [
    ("a length and chunks", b"content-length: 4\r\ntransfer-encoding: chunked\r\n", b"0\r\n\r\n"),
    ("chunks and a length", b"transfer-encoding: chunked\r\ncontent-length: 4\r\n", b"0\r\n\r\n"),
    ("two lengths", b"content-length: 0\r\ncontent-length: 44\r\n", b""),
    ("two lengths in one line", b"content-length: 0, 44\r\n", b""),
    ("a length with a sign", b"content-length: +4\r\n", b"abcd"),
    ("a length below nothing", b"content-length: -1\r\n", b""),
    ("a length in hexadecimal", b"content-length: 0x4\r\n", b"abcd"),
    ("a length with a blank within", b"content-length: 4 4\r\n", b"abcd"),
    ("a length beyond all numbers", b"content-length: " + b"9" * 40 + b"\r\n", b""),
    ("chunks, twice", b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n", b"0\r\n\r\n"),
    ("chunks and identity", b"transfer-encoding: chunked, identity\r\n", b"0\r\n\r\n"),
    ("chunks with a tab before them", b"transfer-encoding: \x0bchunked\r\n", b"0\r\n\r\n"),
    ("chunks with a blank before the colon", b"transfer-encoding : chunked\r\n", b"0\r\n\r\n"),
    ("chunks of another sort", b"transfer-encoding: xchunked\r\n", b"0\r\n\r\n"),
    ("a bare carriage return", b"x-a: b\rtransfer-encoding: chunked\r\n", b"0\r\n\r\n"),
    ("a chunk whose size has a sign", b"transfer-encoding: chunked\r\n", b"+0\r\n\r\n"),
    ("a chunk whose size has 0x", b"transfer-encoding: chunked\r\n", b"0x0\r\n\r\n"),
    ("a chunk that is no number", b"transfer-encoding: chunked\r\n", b"zz\r\n\r\n"),
    ("a chunk that is longer than it says", b"transfer-encoding: chunked\r\n", b"1\r\nabc\r\n0\r\n\r\n"),
    ("a chunk whose size is beyond all numbers", b"transfer-encoding: chunked\r\n", b"f" * 40 + b"\r\n"),
]  # fmt: skip
SECOND = b"GET /healthz HTTP/1.1\r\n" + OURS + b"x-smuggled: yes\r\n\r\n"


@pytest.mark.parametrize(("case", "lines", "body"), SMUGGLED, ids=[one[0] for one in SMUGGLED])
@pytest.mark.parametrize("path", ["/api/v1/tokens", "/sign-in/password"])
def test_a_second_request_within_one_is_never_answered(
    wire: Wire, path: str, case: str, lines: bytes, body: bytes
) -> None:
    head = f"POST {path} HTTP/1.1\r\n".encode() + OURS + lines + b"\r\n"
    found = answers(wire.send(head + body + SECOND, wait=8))
    # Either refused, and the connection closed; or read as RFC 9112 has it, and what follows is a request of its own.
    assert found[0].status in {400, 413, 501}, found[0]
    assert [one.status for one in found[1:]] == []


def test_what_is_read_in_one_way_only_keeps_its_connection(wire: Wire) -> None:
    head = b"POST /theme HTTP/1.1\r\n" + OURS + b"content-length: 0\r\n\r\n"
    last = SECOND.replace(b"x-smuggled: yes", b"connection: close")
    assert [one.status for one in answers(wire.send(head + last))] == [403, 200]


BARE = [
    ("in a header", b"x-a: b\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
    ("at the end of the head", b"content-length: 0\r\n\n"),
    ("as the end of all lines", b"x-a: b\ncontent-length: 0\n\n"),
]


@pytest.mark.parametrize(("case", "rest"), BARE, ids=[one[0] for one in BARE])
@pytest.mark.parametrize("size", [7, 10_000])
def test_a_line_feed_alone_ends_no_line(wire: Wire, case: str, rest: bytes, size: int) -> None:
    first = b"POST /theme HTTP/1.1\r\n" + OURS + b"content-length: 3\r\n\r\na\nb"
    raw = b"POST /theme HTTP/1.1\r\n" + OURS + rest + SECOND
    alone = answers(wire.send(*(raw[at : at + size] for at in range(0, len(raw), size))))
    assert [one.status for one in alone] == [400]
    # A body may hold what it likes; what follows it in the same piece is looked at again.
    assert [one.status for one in answers(wire.send(first + raw))] == [403, 400]


def test_a_folded_line_is_a_part_of_the_header_above_it_and_no_header(wire: Wire) -> None:
    head = b"POST /api/v1/tokens HTTP/1.1\r\n" + OURS + b"x-a: b\r\n transfer-encoding: chunked\r\n\r\n"
    last = SECOND.replace(b"x-smuggled: yes", b"connection: close")
    assert [one.status for one in answers(wire.send(head + last))] == [401, 200]


LARGE = [
    ("an address", b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\n" + OURS, {414, 400}),
    ("a query", b"GET /findings?q=" + b"a" * 9_000 + b" HTTP/1.1\r\n" + OURS, {414, 400}),
    ("a query of many names", b"GET /findings?" + b"a=1&" * 2_000 + b" HTTP/1.1\r\n" + OURS, {303}),
    ("a header", LINE + OURS + b"x-a: " + b"a" * 70_000 + b"\r\n", {431, 400}),
    ("headers", LINE + OURS + b"".join(b"x-%d: a\r\n" % number for number in range(200)), {431, 400}),
    ("cookies", LINE + OURS + b"cookie: " + b"a=b; " * 12_000 + b"\r\n", {431, 400}),
    ("a method", b"A" * 5_000 + b" / HTTP/1.1\r\n" + OURS, {400, 403, 405, 414}),
    ("a body", b"POST /api/v1/tokens HTTP/1.1\r\n" + OURS + b"content-length: 99999999\r\n", {413}),
]  # fmt: skip


@pytest.mark.parametrize(("case", "head", "wanted"), LARGE, ids=[one[0] for one in LARGE])
def test_what_is_too_large_is_refused(wire: Wire, case: str, head: bytes, wanted: set[int]) -> None:
    assert answers(wire.send(head + END))[0].status in wanted


def test_a_head_that_comes_byte_by_byte_holds_a_connection_no_longer_than_one_that_comes_at_once(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict = serve.bounded_protocol(0.2)
    monkeypatch.setattr(serve, "bounded_protocol", lambda: strict)
    with online(wire.home) as impatient:
        assert impatient.send(b"GET / HTTP/1.1\r\n", b"x-a: ", b"b") == b""
        assert impatient.send(b"") == b""
        # On a connection that was used already, too.
        first = LINE + OURS + b"\r\n"
        assert [one.status for one in answers(impatient.send(first + b"GET / HTTP/1.1\r\nx-a"))] == [401]


DEEP = [
    ("lists", b"[" * 400_000),
    ("lists that end", b"[" * 20_000 + b"]" * 20_000),
    ("objects", b'{"a":' * 100_000),
    ("a number", b'{"days":' + b"9" * 500_000 + b"}"),
    ("a number that is none", b'{"days": NaN, "display": "a", "scopes": ["read"]}'),
    ("a fraction", b'{"days": 1e999, "display": "a", "scopes": ["read"]}'),
    ("half a surrogate", b'{"display": "\\ud800", "scopes": ["read"]}'),
    ("NUL", b'{"display": "a\\u0000b", "scopes": ["read"]}'),
    ("no UTF-8", b'{"display": "\xff\xfe", "scopes": ["read"]}'),
    ("overlong", b'{"display": "\xc0\xaf", "scopes": ["read"]}'),
    ("a key twice", b'{"display": "a", "scopes": ["read"], "scopes": ["admin"]}'),
    ("nothing", b""),
    ("null", b"null"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "body"), DEEP, ids=[one[0] for one in DEEP])
@pytest.mark.parametrize("path", ["/api/v1/tokens", "/api/v1/people"])
def test_json_that_is_deep_or_strange_is_bad_input_and_no_error_of_ours(
    wire: Wire, path: str, case: str, body: bytes
) -> None:
    answer = wire.json("POST", path, body, signed_in(wire.home, "administrator"))
    assert answer.status in {400, 422}, answer
    assert answer.get("content-type") == "application/problem+json"


ODD = [b"\x00", b"%00", b"\xff", b"%ff", b"%c0%af", b"%E2%80%AE", b"..%2f..%2fetc%2fpasswd", b"%2e%2e", b"a" * 300, b"%ED%A0%80", b"'%22%3E%3Cscript%3E"]  # fmt: skip
PLACES = [b"/people/", b"/findings/", b"/controls/", b"/estate/", b"/directories/", b"/audit/", b"/static/", b"/api/v1/people/", b"/api/v1/findings/", b"/api/v1/controls/", b"/api/v1/audit/proof/", b"/sign-in/saml/", b"/"]  # fmt: skip


@pytest.mark.parametrize("odd", ODD, ids=[repr(one[:12]) for one in ODD])
def test_no_path_is_too_strange_to_be_answered_and_none_leads_to_a_file(wire: Wire, odd: bytes) -> None:
    me = signed_in(wire.home, "administrator", accept="text/html")
    for place in PLACES:
        answer = wire.get(place + odd, me)
        assert answer.status in {400, 404, 405, 422}, (place, answer)
        assert b"root:" not in answer.body
        assert b"<script>" not in answer.body.lower()


@pytest.mark.parametrize("odd", ODD, ids=[repr(one[:12]) for one in ODD])
def test_no_query_is_too_strange_to_be_answered(wire: Wire, odd: bytes) -> None:
    me = signed_in(wire.home, "administrator", accept="text/html")
    for place in (b"/people?q=", b"/findings?verdict=", b"/people?part=", b"/audit?since=", b"/people?page=", b"/sign-in?next=", b"/api/v1/people?after=", b"/api/v1/people?q=", b"/enrol?token="):  # fmt: skip
        answer = wire.get(place + odd, me)
        assert answer.status < 500, (place, answer)


METHODS = ["TRACE", "TRACK", "CONNECT", "DEBUG", "PROPFIND", "MOVE", "get", "PURGE"]


@pytest.mark.parametrize("method", METHODS)
def test_methods_that_nobody_needs_do_nothing_and_give_nothing_back(wire: Wire, method: str) -> None:
    me = signed_in(wire.home, "administrator")
    answer = wire.ask(method, "/people", {**me, "x-planted": "pl4nted"})
    assert answer.status in {400, 403, 405}
    assert "pl4nted" not in answer.text
    assert me["cookie"].partition("=")[2] not in answer.text


def test_no_header_or_field_makes_one_method_another(wire: Wire) -> None:
    me = signed_in(wire.home, "user")
    own = me["cookie"]
    for name in ("x-http-method-override", "x-http-method", "x-method-override"):
        for path in ("/sign-out", "/sign-out?_method=POST", "/me/sessions/end-others", "/theme"):
            assert wire.get(path, {**me, name: "POST"}).status in {303, 404, 405}
    assert wire.get("/api/v1/me", {"cookie": own}).status == 200
    # A form cannot become a DELETE, and a request to read cannot change.
    answer = wire.form("/api/v1/sessions/x", {"_method": "DELETE"}, me)
    assert answer.status in {404, 405}


def test_a_header_that_would_end_its_line_never_reaches_an_answer_or_the_log(wire: Wire) -> None:
    for value in (b"a\r\nx-planted: yes", b"a\nset-cookie: b=c", b"a\x00b"):
        found = answers(wire.send(LINE + OURS + b"user-agent: " + value + b"\r\n" + END))
        for one in found:
            assert not one.get("x-planted")
            assert one.status in {400, 401}
    for target in ("/findings%0d%0aset-cookie:%20a=b", "/findings?a=%0d%0aset-cookie:%20a=b", "/sign-in?next=/%0d%0aset-cookie:%20a=b"):  # fmt: skip
        answer = wire.get(target, {"accept": "text/html"})
        assert "a" not in answer.cookies
        assert "\n" not in answer.get("location")


def test_a_referer_or_a_length_that_cannot_be_is_no_error_of_ours(wire: Wire) -> None:
    strange = {
        "referer": "https://[",
        "origin": wire.home.plane.settings.public_url,
        "sec-fetch-site": "same-origin",
    }
    answer = wire.form("/people/user/suspend", {"why": "a reason"}, {**strange, "accept": "text/html"})
    assert (answer.status, answer.get("location")) == (303, "/sign-in")
    for media in ("multipart/form-data", "multipart/form-data; boundary=" + "x" * 300, "text/plain", "application/x-www-form-urlencoded; charset=utf-7", ";", ""):  # fmt: skip
        answer = wire.ask(
            "POST", "/sign-in/password", {**strange, "content-type": media}, b"--x\r\n\r\nuser_name=a"
        )
        assert answer.status in {400, 403, 413, 415, 422}, media


def test_a_form_of_many_fields_is_refused_or_read_within_its_bounds(wire: Wire) -> None:
    me = signed_in(wire.home, "user")
    del me["x-csrf-token"]
    body = b"&".join(b"a%d=1" % number for number in range(20_000))
    assert wire.ask("POST", "/theme", {**me, "content-type": FORM}, body).status in {400, 403}


@pytest.mark.parametrize("upgrade", ["websocket", "h2c", "HTTP/2.0", "TLS/1.0"])
def test_nobody_is_upgraded_to_another_protocol(wire: Wire, upgrade: str) -> None:
    asked = {
        "connection": "upgrade, close",
        "upgrade": upgrade,
        "sec-websocket-version": "13",
        "sec-websocket-key": "a" * 22 + "==",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in ({"host": HOST} | asked).items())
    for path in ("/", "/api/v1/me"):
        found = answers(wire.send(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode(), wait=8))
        assert [one.status for one in found] in ([303], [401], [400]), path
    assert wire.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").startswith(b"HTTP/1.1 4")


def test_who_asks_first_whether_to_send_is_told_no_where_it_is_too_much(wire: Wire) -> None:
    head = (
        b"POST /api/v1/tokens HTTP/1.1\r\n" + OURS + b"expect: 100-continue\r\ncontent-length: 99999999\r\n"
    )
    assert [one.status for one in answers(wire.send(head + END))] == [413]


def test_ranges_multiply_no_answer(wire: Wire) -> None:
    page = wire.get("/sign-in").text
    path = page.partition('href="/static/')[2].partition('"')[0]
    whole = wire.get(f"/static/{path}")
    ranged = wire.get(f"/static/{path}", {"range": "bytes=" + ",".join("0-" for _ in range(500))})
    assert len(ranged.body) <= len(whole.body)
