"""Names that are markup, brought in by every door and looked at on every page: they are shown, and never more than text.

Doors: SCIM, a directory that is read, invitations, tokens, the browser's name, reasons, settings, an assessment.  Pages: all that
can be reached by following links from the first one, as an administrator and as the person with the evil name.
"""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

from tests.access.fakes import FakeDirectory, sync
from tests.report.fakes import assessment
from tests.web.hostile.wire import Wire, online, signed_in, with_passkey
from tests.web.hostile.wire import window as opened
from tests.web.house import NOW, house
from watchword.store.state.database import Database
from watchword.web.scim.bearer import digest

EVIL = "<ww-evil onload=x>\"'`</script></title></textarea>{{7*7}}${7*7}<!--"
LINK = "javascript:alert(1)//"
SECRET = "a-token-of-the-directory-okta-0123456789"
MOST_PAGES = 120
MOST_OF_A_KIND = 3


class Page(HTMLParser):
    """Everything in a page that could do something; what should not be there is in ``wrong``."""

    ADDRESSES = ("href", "src", "action", "formaction", "poster", "data", "hx-get", "hx-post", "xlink:href")

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.wrong: list[str] = []
        self.links: list[str] = []
        self._script = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag.startswith("ww-") or tag in {"iframe", "object", "embed", "base", "applet", "style"}:
            self.wrong.append(f"<{tag}>")
        if any(name.startswith("on") or name in {"style", "srcdoc"} for name in given):
            self.wrong.append(f"<{tag} {sorted(given)}>")
        if tag == "script" and "src" not in given and given.get("type") != "application/json":
            self.wrong.append("a script in the page")
        self._script = given.get("type", "") if tag == "script" else ""
        for name in self.ADDRESSES:
            address = given.get(name)
            if address is not None and not re.match(
                r"/(?!/)|[?#]|https://|otpauth://|data:image/|$", address
            ):
                self.wrong.append(f"{name}={address[:60]}")
        if tag == "a" and given.get("href", "").startswith("/"):
            self.links.append(given["href"])

    handle_startendtag = handle_starttag

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._script = ""

    def handle_data(self, data: str) -> None:
        if self._script == "application/json" and data.strip():
            json.loads(data)


@pytest.fixture(scope="module")
def evil(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """A server into which evil names have come by every door."""
    folder = tmp_path_factory.mktemp("markup")
    shutil.copy(furnished, folder / "state.sqlite")
    with Database.open(f"sqlite:///{folder}/state.sqlite") as database:
        made = house(database, folder, company=f"Company {EVIL}")
        scim = {"kind": "scim", "display": f"Okta {EVIL}", "token_sha256": [digest(SECRET)]}
        made.plane = replace(made.plane, directories={"okta": scim})
        made.app.state.banner = f"A banner {EVIL}"
        assessment(folder)
        with made.at_end, online(made) as wire:
            _by_scim(wire)
            _by_reading(database)
            _by_people(wire)
            yield wire


def _by_scim(wire: Wire) -> None:
    program = {"authorization": f"Bearer {SECRET}", "content-type": "application/scim+json"}
    for number, name in enumerate((EVIL, LINK)):
        user = {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": f"{name}{number}",
            "externalId": f"x{name}{number}",
            "displayName": f"Scim {name}",
            "profileUrl": name,
            "title": name,
            "emails": [{"value": f"{number}{name}@evil.example", "display": name}],
        }
        answer = wire.ask("POST", "/scim/v2/Users", program, json.dumps(user).encode())
        assert answer.status == 201, answer
        identifier = json.loads(answer.body)["id"]
        team = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": f"Team {name}"}
        team["members"] = [{"value": identifier}]  # type: ignore[assignment]
        assert wire.ask("POST", "/scim/v2/Groups", program, json.dumps(team).encode()).status == 201


def _by_reading(database: Database) -> None:
    corp = FakeDirectory("corp", settings={"display": f"Corp {EVIL}"})
    for number, name in enumerate((EVIL, LINK)):
        corp.add(f"s{number}{name}", user_name=f"ldap{number}{name}", display_name=f"Ldap {name}", mail=f"{number}{name}@abc.example", manager=name, last_sign_in=NOW - timedelta(days=400))  # fmt: skip
    corp.team(f"g{EVIL}", *(one.subject for one in corp.people))
    sync(database, corp)


def _by_people(wire: Wire) -> None:
    boss = signed_in(wire.home, "administrator")
    made = wire.form("/people/invite", {"display_name": f"Invited {EVIL}", "user_name": f"{EVIL}i"}, boss)
    assert made.status == 200, made
    assert not Page(made.text).wrong
    given = wire.form("/people/user/roles", {"role": "auditor", "why": f"why {EVIL}"}, boss)
    assert given.status == 303, given
    assert wire.form("/people/user/recovery", {"why": f"lost {EVIL}"}, boss).status == 303
    assert wire.form("/people/approver/suspend", {"why": f"left {EVIL}"}, boss).status == 303
    told = wire.form("/me/tokens", {"display": f"Program {EVIL}", "scope": "read", "days": "30"}, boss)
    assert told.status == 200, told
    assert not Page(told.text).wrong
    browser = opened(wire)
    device = with_passkey(wire, "administrator")
    wire.home.clock.wait(minutes=2)
    browser.look("/sign-in")
    form = browser.form("/sign-in/passkey")
    answer = device.get(form.options, wire.home.plane.settings.public_url)
    browser.send(
        "/sign-in/passkey", form.fields | {"credential": answer}, **{"user-agent": f"Browser {EVIL}"}
    )
    assert browser.session


def _crawl(wire: Wire, who: str) -> Iterator[tuple[str, str]]:
    """Every page that can be reached from the first one, a few of each kind."""
    mine = signed_in(wire.home, who, accept="text/html")
    wire.home.clock.wait(seconds=1)
    waiting, seen, kinds = deque(["/", "/me", *(f"/people/{who}?part={part}" for part in ("who", "factors", "groups", "access", "sessions", "history"))]), set[str](), Counter[str]()  # fmt: skip
    while waiting and len(seen) < MOST_PAGES:
        where = waiting.popleft()
        parts = where.partition("?")[0].strip("/").split("/")
        kind = f"{parts[0]}/{len(parts)}?{sorted(set(re.findall(r'[?&]([a-z_]+)=', where)))}"
        if where in seen or kinds[kind] >= MOST_OF_A_KIND or where.startswith("/static/"):
            continue
        seen.add(where)
        kinds[kind] += 1
        answer = wire.get(where, mine)
        assert answer.status < 500, (where, answer.status)
        if "text/html" in answer.get("content-type"):
            waiting.extend(unescape(one) for one in Page(answer.text).links)
            yield where, answer.text


@pytest.mark.parametrize("who", ["administrator", "user"])
def test_no_name_is_more_than_text_on_any_page(evil: Wire, who: str) -> None:
    seen = {where: Page(text).wrong for where, text in _crawl(evil, who)}
    assert {where: wrong for where, wrong in seen.items() if wrong} == {}
    places = {
        "/people",
        "/directories",
        "/findings",
        "/audit",
        "/me",
        "/settings",
        "/recovery",
        "/controls",
        "/estate",
    }
    if who == "administrator":
        assert places <= {where.partition("?")[0] for where in seen}
        assert len(seen) > 60


def test_names_are_shown_as_they_are_and_no_template_looks_into_them(evil: Wire) -> None:
    boss = signed_in(evil.home, "administrator", accept="text/html")
    shown = {
        "/people": "Ldap",
        "/directories": "Corp",
        "/recovery": "lost",
        "/me": "Program",
        "/people/user?part=access": "why",
        "/people/administrator?part=sessions": "Browser",
    }
    for where, word in shown.items():
        text = evil.get(where, boss).text
        assert f"{word} {EVIL[:8]}" not in text, where
        assert f"{word} &lt;ww-evil" in text, where
        assert "{{7*7}}${7*7}&lt;!--" in text, where


REFLECTED = [
    "/people?q={}", "/findings?q={}", "/findings?severity={}", "/findings?account={}", "/audit?kind={}", "/audit?since={}",
    "/audit?subject={}", "/people/{}", "/findings/{}", "/directories/{}", "/controls/{}", "/estate/{}/iam", "/me?done={}",
    "/people?done={}", "/nothing/{}", "/sign-in?next={}", "/enrol?token={}", "/bootstrap?token={}", "/prove-again?next={}",
    "/recover?token={}", "/people?page={}", "/paths?from={}", "/people?{}=x", "/identities?account={}",
    "/sign-in/oidc/callback?state={}&error={}&error_description={}", "/sign-in/saml/{}/metadata",
]  # fmt: skip


@pytest.mark.parametrize("place", REFLECTED)
def test_what_an_address_says_comes_back_as_text_at_most(evil: Wire, place: str) -> None:
    for who in (signed_in(evil.home, "administrator", accept="text/html"), {"accept": "text/html"}):
        for one in (
            EVIL,
            LINK,
            '"><svg/onload=x>',
            "' autofocus onfocus='x",
            "https://evil.example",
            "//evil.example",
        ):
            answer = evil.get(place.replace("{}", quote(one, safe="")), who)
            assert answer.status < 500
            where = answer.get("location")
            assert not where or (where.startswith("/") and not where.startswith("//"))
            if "text/html" in answer.get("content-type"):
                page = Page(answer.text)
                assert page.wrong == []
                assert not [link for link in page.links if unquote(link).startswith(("//", "/\\"))]
            else:
                assert answer.status in {303, 400, 404, 422}


def test_answers_for_programs_are_never_pages(evil: Wire) -> None:
    boss = signed_in(evil.home, "administrator", accept="text/html")
    for path in (
        "/api/v1/people?limit=100",
        f"/api/v1/people?q={quote(EVIL)}",
        f"/api/v1/{quote(EVIL)}",
        "/scim/v2/Users",
    ):
        answer = evil.get(path, boss)
        assert re.match(r"application/(problem\+|scim\+)?json", answer.get("content-type")), path
        assert answer.get("x-content-type-options") == "nosniff"
