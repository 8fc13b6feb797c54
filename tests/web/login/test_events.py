"""Sign-in events: kept, read in pages, told to other tools (docs/sign-in.md, step 13)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.store.state.people import NOW, after
from tests.web.login.conftest import Browser, both
from watchword.model.login import Outcome, SignIn
from watchword.model.people import PrincipalId
from watchword.store.state import sign_ins
from watchword.store.state.sign_ins import Wanted
from watchword.web.login import events
from watchword.web.login.desk import Desk
from watchword.web.login.events import Happened, ocsf, record, record_quietly

ADA, BOB = PrincipalId("p-ada"), PrincipalId("p-bob")


def told(desk: Desk, browser: Browser, *happened: Happened) -> list[SignIn]:
    with desk.database.writing() as connection:
        return [record(connection, one, browser.visit(1)) for one in happened]


def read(desk: Desk, wanted: Wanted | None = None, most: int = 100) -> list[SignIn]:
    with desk.database.reading() as connection:
        return list(sign_ins.read(connection, wanted or Wanted(), most))


@both
def test_events_are_read_newest_first_and_by_what_is_wanted(desk: Desk, browser: Browser) -> None:
    kept = told(
        desk,
        browser,
        Happened(Outcome.SUCCESS, "signed_in", ADA, "corp", ("hwk",), 2, "s-1", "d-1"),
        Happened(Outcome.FAILURE, "wrong_code", BOB),
        Happened(Outcome.FAILURE, "unknown_account"),
    )
    assert read(desk) == kept[::-1]
    assert read(desk, Wanted(principal=ADA)) == kept[:1]
    assert read(desk, Wanted(outcome=Outcome.FAILURE)) == kept[:0:-1]
    assert read(desk, Wanted(since=kept[1].at)) == kept[:0:-1]
    with desk.database.reading() as connection:
        assert sign_ins.counts(connection, NOW) == {Outcome.SUCCESS: 1, Outcome.FAILURE: 2}


@both
def test_pages_hold_every_event_once_though_times_are_the_same(desk: Desk, browser: Browser) -> None:
    with desk.database.writing() as connection:
        for _ in range(7):
            record(connection, Happened(Outcome.FAILURE, "x"), browser.visit(0))
    seen: list[SignIn] = []
    before = None
    while page := read(desk, Wanted(before=before), 3):
        seen += page
        before = (page[-1].at, page[-1].id)
    assert len(seen) == len({one.id for one in seen}) == 7
    assert seen == read(desk)


@both
def test_a_flood_becomes_one_event_a_minute(desk: Desk, browser: Browser) -> None:
    with desk.database.writing() as connection:
        for seconds in (0, 1, 30, 60, 61):
            visit = replace(browser.visit(), now=after(seconds))
            record_quietly(connection, "key", Happened(Outcome.THROTTLED, "throttled"), visit)
            record_quietly(connection, "other", Happened(Outcome.THROTTLED, "throttled"), visit)
    assert len(read(desk)) == 4


@both
def test_old_events_are_forgotten(desk: Desk, browser: Browser) -> None:
    told(desk, browser, Happened(Outcome.FAILURE, "old"), Happened(Outcome.FAILURE, "new"))
    with desk.database.writing() as connection:
        assert sign_ins.purge(connection, after(2)) == 1
    assert [one.reason for one in read(desk)] == ["new"]


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(Outcome.SUCCESS, 1), (Outcome.CONTINUED, 1), (Outcome.FAILURE, 2), (Outcome.THROTTLED, 2)],
)
def test_an_event_is_told_as_an_ocsf_authentication(
    sqlite_desk: Desk, browser: Browser, outcome: Outcome, status: int
) -> None:
    happened = Happened(outcome, "why", ADA, "corp", ("pwd", "otp", "mfa"), 2, "s-1", "d-1")
    visit = browser.visit()
    visit = replace(visit, arrival=replace(visit.arrival, country="DE", asn=64500))
    with sqlite_desk.database.writing() as connection:
        event = record(connection, happened, visit)
    one = ocsf(event, version="0.1.0")
    assert (one["class_uid"], one["category_uid"], one["activity_id"], one["type_uid"]) == (
        3002,
        3,
        1,
        300201,
    )
    assert one["type_uid"] == one["class_uid"] * 100 + one["activity_id"]
    assert (one["status_id"], one["is_mfa"], one["user"]["uid"]) == (status, True, ADA)
    assert one["time"] == int(event.at.timestamp() * 1000)
    assert one["src_endpoint"] == {
        "ip": browser.address,
        "location": {"country": "DE"},
        "autonomous_system": {"number": 64500},
    }
    assert one["session"]["uid"] == "s-1"
    assert one["metadata"]["product"]["version"] == "0.1.0"


def test_what_is_not_known_is_left_out(sqlite_desk: Desk, browser: Browser) -> None:
    visit = browser.visit()
    visit = replace(visit, arrival=replace(visit.arrival, agent=""))
    with sqlite_desk.database.writing() as connection:
        one = ocsf(record(connection, Happened(Outcome.FAILURE, "unknown_account"), visit))
    assert one["src_endpoint"] == {"ip": browser.address}
    assert "session" not in one
    assert "http_request" not in one
    assert one["user"] == {"uid": "", "type_id": 0}
    assert events.OCSF_VERSION
