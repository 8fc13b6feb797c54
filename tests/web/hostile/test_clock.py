"""A clock that jumps, forward and back, while people are signed in: nothing lasts longer than it was to, and work goes on."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from tests.web.hostile.wire import Wire, signed_in, with_passkey
from tests.web.hostile.wire import window as opened
from tests.web.house import APP
from watchword.store.state.worker import Reconciler
from watchword.web.telemetry import Metrics
from watchword.web.worker import Work, Working

DAY = timedelta(days=1)


@pytest.fixture
def at(wire: Wire) -> Iterator[datetime]:
    """The right time, to which the clock comes back after the test."""
    right = wire.home.clock.at
    yield right
    wire.home.clock.at = right + timedelta(hours=1)


JUMPS = [timedelta(seconds=-90), timedelta(hours=-2), -40 * DAY, timedelta(hours=2), 2 * DAY, 400 * DAY]


@pytest.mark.parametrize("jump", JUMPS, ids=str)
def test_a_session_ends_when_it_was_to_or_sooner_whatever_the_clock_did(
    wire: Wire, at: datetime, jump: timedelta
) -> None:
    mine = signed_in(wire.home, "user")
    assert wire.get("/api/v1/me", mine).status == 200
    wire.home.clock.at = at + jump
    during = wire.get("/api/v1/me", mine).status
    assert during == (200 if jump == timedelta(0) else during)
    wire.home.clock.at = at + timedelta(minutes=5)
    after = wire.get("/api/v1/me", mine).status
    # Once told that it is over it stays so; a clock that comes back brings nothing back.
    assert after == during or during == 200
    for minutes in range(10, 24 * 60 + 10, 50):
        wire.home.clock.at = at + timedelta(minutes=minutes)
        wire.get("/api/v1/me", mine)
    wire.home.clock.at = at + DAY
    assert wire.get("/api/v1/me", mine).status == 401


@pytest.mark.parametrize("ahead", [timedelta(hours=3), 300 * DAY], ids=str)
def test_what_began_while_the_clock_was_ahead_does_not_last_beyond_it(
    wire: Wire, at: datetime, ahead: timedelta
) -> None:
    wire.home.clock.at = at + ahead
    mine, program = signed_in(wire.home, "user"), wire.home.program("auditor", "read").headers
    browser = opened(wire)
    browser.look("/sign-in")
    fields = browser.form("/sign-in/passkey").fields
    device = with_passkey(wire, "user")
    answer = device.get(browser.form("/sign-in/passkey").options, wire.home.plane.settings.public_url)
    assert wire.get("/api/v1/me", mine).status == 200
    assert wire.get("/api/v1/people", program).status == 200
    wire.home.clock.at = at
    assert wire.get("/api/v1/me", mine).status == 401
    assert wire.get("/api/v1/people", program).status == 401
    browser.send("/sign-in/passkey", fields | {"credential": answer})
    assert (browser.page.status_code, browser.session) == (401, "")


def test_a_proof_from_the_future_is_not_a_fresh_one(wire: Wire, at: datetime) -> None:
    wire.home.clock.at = at + timedelta(seconds=50)
    boss = signed_in(wire.home, "administrator")
    wire.home.clock.at = at
    body = json.dumps({"principal": "user", "role": "auditor", "reason": "a good reason"}).encode()
    assert wire.json("POST", "/api/v1/roles", body, boss).status == 401
    weak = signed_in(wire.home, "administrator", APP)
    assert wire.json("POST", "/api/v1/roles", body, weak).status == 401


def test_work_that_comes_back_goes_on_after_the_clock_was_a_year_ahead(wire: Wire, at: datetime) -> None:
    turns: list[datetime] = []
    came = threading.Event()

    def work(_: object) -> None:
        turns.append(wire.home.clock())
        came.set()

    made = Work({"hostile-clock": Reconciler(timedelta(minutes=1), work)})
    for right in (at + 365 * DAY, at):
        wire.home.clock.at = right
        working = Working(wire.home.plane, Metrics(), made)
        came.clear()
        working.start()
        # What was noted for the next year is brought back to within the quarter of an hour.
        for _ in range(200):
            wire.home.clock.wait(minutes=1)
            if came.wait(0.05):
                break
        assert came.is_set(), "no work was done once the clock was right again"
        working.stop()
    assert turns[-1] < at + DAY


def test_a_clock_that_was_ahead_keeps_nobody_out_until_then(wire: Wire, at: datetime) -> None:
    device = with_passkey(wire, "approver")
    wire.home.clock.at = at + 30 * DAY
    for _ in range(70):
        stranger = opened(wire)
        stranger.look("/sign-in")
        stranger.send("/sign-in/passkey", stranger.form("/sign-in/passkey").fields | {"credential": "{}"})
    assert stranger.page.status_code == 429
    wire.home.clock.at = at + timedelta(minutes=3)
    owner = opened(wire)
    owner.look("/sign-in")
    owner.use(device, "/sign-in/passkey")
    wire.home.clock.wait(minutes=1)
    owner.look("/sign-in")
    owner.use(device, "/sign-in/passkey")
    assert owner.session
