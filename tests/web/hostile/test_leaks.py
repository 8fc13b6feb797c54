"""Secrets that are planted, used rightly and wrongly, and looked for wherever they must not be; and a log that nobody can forge."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from tests.web.hostile.test_forms import routes
from tests.web.hostile.wire import Wire, answers, online, signed_in, with_passkey
from tests.web.hostile.wire import window as opened
from tests.web.house import House, house
from tests.web.login.conftest import with_app
from watchword.model.people import PrincipalId
from watchword.store.state import people_store
from watchword.store.state.database import Database
from watchword.store.state.vault import Vault
from watchword.web.login import passwords
from watchword.web.login.pages_front import Parts
from watchword.web.scim.bearer import digest
from watchword.web.telemetry import lines

PASSWORD = "correct horse battery staple 4711"
SCIM = "scim-token-that-nobody-may-see-0123456789"
HOOK = "https://hooks.example/services/T0000/hook-s3cret"
BIND = "bind-passw0rd-of-the-directory"
KEY = bytes(range(100, 132))


@dataclass
class Planted:
    """A running server, its log as it is written, and every secret that was used."""

    wire: Wire
    log: io.StringIO
    secrets: dict[str, str]

    def found_in(self, text: str) -> list[str]:
        """Which secrets a text holds, as they are or in hexadecimal or base64."""
        return sorted(name for name, one in self.secrets.items() for form in _forms(one) if form in text)


def _forms(secret: str) -> list[str]:
    """A secret as it is, in hexadecimal, and in both base64 wherever it stands in what was encoded."""
    raw = secret.encode()
    found = [secret, raw.hex()]
    for shift, start in ((0, 0), (1, 2), (2, 3)):
        whole = (shift + len(raw)) % 3 == 0
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(bytes(shift) + raw).decode().rstrip("=")[start:]
            # What stands at the ends hangs on the bytes beside it.
            found.append(text if whole else text[:-1])
    return found


@pytest.fixture(scope="module")
def planted(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    folder = tmp_path_factory.mktemp("leaks")
    shutil.copy(furnished, folder / "state.sqlite")
    log = io.StringIO()
    with Database.open(f"sqlite:///{folder}/state.sqlite") as database:
        made = house(
            database, folder, passwords=True, heads_webhook=HOOK, trusted_proxies=(ip_network("127.0.0.0/8"),)
        )
        directories = {
            "okta": {"kind": "scim", "token_sha256": [digest(SCIM)]},
            "corp": {"kind": "ldap", "urls": ["ldaps://127.0.0.1:1"], "base_dn": "dc=abc", "bind_dn": "cn=r,dc=abc", "bind_password_env": "WW_BIND"},
        }  # fmt: skip
        os.environ["WW_BIND"] = BIND
        vault = Vault({"k1": KEY}, os.urandom)
        made.plane = replace(made.plane, told=lines(log), directories=directories, vault=vault)
        try:
            with made.at_end, online(made) as wire:
                yield Planted(wire, log, _used(wire, made))
        finally:
            del os.environ["WW_BIND"]


def _used(wire: Wire, home: House) -> dict[str, str]:
    """Use every kind of secret once; what they were."""
    plane, found = home.plane, {"scim": SCIM, "webhook": "hook-s3cret", "bind": BIND, "key": KEY.hex()}
    desk = Parts.of(plane, os.environ).desk
    with desk.database.reading() as connection:
        who = people_store.require(connection, PrincipalId("administrator"))
    device = with_passkey(wire, "administrator")
    home.clock.wait(minutes=2)
    from tests.web.login.conftest import Browser

    found["seed"] = with_app(desk, who, Browser(at=home.clock.at)).seed
    home.clock.wait(minutes=2)
    browser = opened(wire)
    browser.look("/sign-in")
    found["flow"] = browser.client.cookies["__Host-ww-flow"]
    browser.use(device, "/sign-in/passkey")
    found["session"] = browser.session
    found["known"] = browser.client.cookies["__Host-ww-known"]
    boss = signed_in(home, "administrator")
    found["csrf"] = boss["x-csrf-token"]
    wish = json.dumps({"display": "a", "scopes": ["read"]}).encode()
    made = wire.json("POST", "/api/v1/tokens", wish, boss | {"idempotency-key": "once-and-again"})
    found["token"] = json.loads(made.body)["token"]
    body = json.dumps({"name": "Eve", "user_name": "eve"}).encode()
    found["invitation"] = json.loads(wire.json("POST", "/api/v1/people", body, boss).body)["invitation"]
    _misused(wire, found)
    return found


def _misused(wire: Wire, found: dict[str, str]) -> None:
    """Send secrets where they do not belong, and in requests that fail."""
    wire.get(f"/enrol?token={found['invitation']}", {"accept": "text/html"})
    wire.get(f"/people?q={found['token']}", {"authorization": f"Bearer {found['token']}"})
    wire.get("/scim/v2/Users", {"authorization": f"Bearer {SCIM}"})
    wire.get(f"/api/v1/me?access_token={found['token']}", {"authorization": f"Basic {found['token']}"})
    browser = opened(wire)
    browser.look("/sign-in")
    fields = browser.form("/sign-in").fields
    for name in ("eve", "administrator", "nobody"):
        browser.send("/sign-in/password", fields | {"user_name": name, "password": PASSWORD})
        browser.send("/sign-in/password", fields | {"user_name": PASSWORD, "password": name})
    boss = signed_in(wire.home, "administrator", accept="text/html")
    for value in found.values():
        wire.get(f"/made-up/{value}?{value}={value}", boss)
        wire.json("POST", "/api/v1/roles", json.dumps({"principal": value, "role": value}).encode(), boss)
        wire.form("/people/user/roles", {"role": value, "why": "a good reason", "until": value}, boss)
        wire.ask(
            "GET", "/people", {"referer": f"https://watchword.example/enrol?token={value}", "user-agent": "a"}
        )
        wire.send(f"GET /{value} HTTP/1.1\r\nhost: {value}\r\nbad header\r\n\r\n".encode())


def test_no_secret_is_in_the_log(planted: Planted) -> None:
    told = planted.log.getvalue()
    assert told.count("\n") > 40
    assert planted.found_in(told) == []
    assert PASSWORD not in told


def test_no_secret_lies_in_the_database_as_it_is(planted: Planted) -> None:
    folder = planted.wire.home.plane.folder
    raw = b"".join(file.read_bytes() for file in sorted(folder.glob("state.sqlite*"))).decode("latin-1")
    # A name that was typed and may be a password is kept under its digest only.
    assert PASSWORD not in raw
    assert planted.found_in(raw) == []


def test_no_page_and_no_answer_shows_a_secret_after_it_was_shown_once(planted: Planted) -> None:
    boss = signed_in(planted.wire.home, "administrator", accept="text/html")
    mine = {boss["x-csrf-token"]}
    for _, path in routes(planted.wire, changing=False):
        text = planted.wire.get(path, boss).text
        shown = [name for name in planted.found_in(text) if planted.secrets[name] not in mine]
        assert shown == [], path
    assert "hooks.example" not in planted.wire.get("/settings", boss).text


def test_no_secret_is_in_what_the_parts_say_of_themselves(planted: Planted) -> None:
    home = planted.wire.home
    desk = Parts.of(home.plane, os.environ)
    assert planted.found_in(repr((home.plane, home.plane.settings, desk, home.plane.vault))) == []


def test_no_line_of_the_log_can_be_forged(planted: Planted) -> None:
    start = len(planted.log.getvalue())
    forged = '{"event": "request", "caller": "forged"}'
    for value in (
        f"a\n{forged}",
        f"a\r\n{forged}",
        f"a\u2028{forged}",
        "\x1b[2J\x1b]0;x\x07",
        '", "caller": "forged',
    ):
        for name in ("user-agent", "x-request-id", "x-forwarded-for", "referer", "accept"):
            raw = f"GET /people?a={forged.replace(' ', '')} HTTP/1.1\r\nhost: watchword.example\r\n{name}: ".encode()
            planted.wire.send(raw + value.encode() + b"\r\nconnection: close\r\n\r\n")
        raw = value.encode()
        planted.wire.send(
            b"GET /" + raw + b" HTTP/1.1\r\nhost: watchword.example\r\nconnection: close\r\n\r\n"
        )
        planted.wire.send(raw + b" / HTTP/1.1\r\nhost: watchword.example\r\nconnection: close\r\n\r\n")
    told = planted.log.getvalue()[start:]
    assert told
    assert told.isascii()
    assert "\x1b" not in told
    for line in told.splitlines():
        assert json.loads(line)["event"] in {"request", "error"}
        assert json.loads(line).get("caller", "") == ""


def test_what_is_counted_cannot_be_made_up_without_end(planted: Planted) -> None:
    home = planted.wire.home
    before = home.app.state.metrics.text().count(b"\n")
    for number in range(30):
        planted.wire.ask(f"METHOD{number}", f"/made-up/{number}")
        planted.wire.get(f"/people/{number}?{number}", {"user-agent": f"{number}"})
    assert home.app.state.metrics.text().count(b"\n") - before < 60


def test_an_error_that_nobody_has_foreseen_tells_nothing_of_the_inside(
    planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    from watchword.store.state import people_reader

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError(f"secret {planted.secrets['token']} in /srv/watchword/state.sqlite")

    boss = signed_in(planted.wire.home, "administrator", accept="text/html")
    monkeypatch.setattr(people_reader, "people", broken)
    answer = planted.wire.get("/people", boss)
    assert answer.status == 500
    for inside in (
        "RuntimeError",
        "Traceback",
        "/srv",
        ".py",
        "sqlite",
        "uvicorn",
        "python",
        planted.secrets["token"],
    ):
        assert inside.lower() not in answer.text.lower()
    told = json.loads(planted.log.getvalue().splitlines()[-2])
    assert (told["event"], told["kind"]) == ("error", "RuntimeError")
    assert planted.found_in(planted.log.getvalue()) == []
    assert answer.get("x-request-id") == told["request"]


def test_nothing_says_what_we_are_made_of(planted: Planted) -> None:
    raw = planted.wire.send(b"nonsense\r\n\r\n") + planted.wire.send(b"GET / HTTP/9.9\r\n\r\n")
    for one in [*answers(raw), planted.wire.get("/nothing"), planted.wire.get("/api/v1/nothing")]:
        assert not one.get("server")
        assert not one.get("x-powered-by")
        assert not re.search(
            r"uvicorn|starlette|fastapi|python|sqlalchemy", one.text + str(one.headers), re.I
        )


def test_a_name_that_nobody_has_costs_the_same_work_as_one_that_somebody_has(
    planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, wire = planted.wire.home, planted.wire
    counted: list[str] = []
    from argon2 import PasswordHasher

    honest = PasswordHasher.verify
    engine = home.plane.database.engine

    def written(_c: Any, _u: Any, statement: str, *_: Any) -> None:
        # What only reads an index takes a thousandth of an argon2; what writes waits for the disk.
        if statement.startswith(("INSERT", "UPDATE", "DELETE", "BEGIN IMMEDIATE")):
            counted.append(statement.split("(", maxsplit=1)[0].strip())

    event.listen(engine, "before_cursor_execute", written)
    monkeypatch.setattr(PasswordHasher, "verify", lambda *args: counted.append("argon2") or honest(*args))
    body = json.dumps({"name": "Known", "user_name": "known.name"}).encode()
    boss = signed_in(home, "administrator")
    assert wire.json("POST", "/api/v1/people", body, boss).status == 201
    work, pages = {}, {}
    for name in ("known.name", "unknown.name"):
        browser = opened(wire)
        browser.look("/sign-in")
        fields = browser.form("/sign-in").fields | {"directory": "local", "user_name": name}
        browser.send("/sign-in", fields)
        asked = browser.page.text
        counted.clear()
        browser.send(
            "/sign-in/password",
            browser.form("/sign-in/password").fields | {"password": "wrong " + name, "user_name": name},
        )
        work[name] = (list(counted), browser.page.status_code, sorted(browser.page.headers))
        pages[name] = [
            re.sub(r"[A-Za-z0-9_-]{20,}|(un)?known\.name|\d{2}:\d{2}", "", text)
            for text in (asked, browser.page.text)
        ]
    assert work["known.name"] == work["unknown.name"]
    assert work["known.name"][0].count("argon2") == 1
    event.remove(engine, "before_cursor_execute", written)
    assert pages["known.name"] == pages["unknown.name"]


def test_no_route_takes_an_address_that_we_would_ask(planted: Planted) -> None:
    description = json.loads(planted.wire.get("/api/v1/openapi.json").body)
    names = set(re.findall(r'"([a-z_]+)": \{[^{}]*"type": "string"', json.dumps(description)))
    assert names
    assert not [
        one for one in names if re.search(r"url|uri|host|webhook|metadata|issuer|endpoint|callback", one)
    ]
    boss = signed_in(planted.wire.home, "administrator")
    for path in ("/directories/corp/read", "/api/v1/directories/corp/sync", "/directories/okta/read"):
        answer = planted.wire.form(
            path, {"url": "http://169.254.169.254/latest/meta-data/", "metadata": "file:///etc/passwd"}, boss
        )
        assert answer.status < 500
        assert b"169.254" not in answer.body


def test_a_long_password_holds_nobody_up(planted: Planted) -> None:
    browser = opened(planted.wire)
    browser.look("/sign-in")
    fields = browser.form("/sign-in").fields
    answer = browser.send(
        "/sign-in/password", fields | {"user_name": "eve", "password": "ﬁ" * 50_000, "directory": "local"}
    )
    assert answer.status_code in {401, 429}
    assert passwords.verify(None, "a" * 100_000) is False
