"""The work beside requests: what comes back by itself does what it should, once, and tells of what fails."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.web.house import NOW, House
from watchword.errors import DirectoryUnreachable
from watchword.model.leases import JobId, NewJob
from watchword.model.login import Outcome
from watchword.model.people import DirectoryId
from watchword.model.sessions import SessionState
from watchword.store.audit.heads import Head
from watchword.store.state import leases, pages
from watchword.store.state.worker import Hold, Reconciler
from watchword.web.login.arrival import Arrival, Visit
from watchword.web.login.events import Happened, record
from watchword.web.queue import SYNC, ask_for_sync
from watchword.web.telemetry import Metrics
from watchword.web.worker import Work, Working, held, work_of


def do(home: House, name: str) -> None:
    """One turn of a piece of work."""
    work = work_of(home.plane, ENVIRONMENT)
    one = {**work.quick, **work.slow}[name]
    assert isinstance(one, Reconciler)
    with home.plane.database.writing() as connection:
        leases.enqueue(connection, NewJob(name, "a test", home.clock()), JobId(f"j-{name}"), home.clock())
        claim = leases.Claim("w", frozenset({name}), timedelta(seconds=60))
        lease = leases.claim(connection, claim, home.clock())[0]
    one.handler(Hold(home.plane.database, lease, home.clock, timedelta(seconds=60)))


def test_sessions_past_their_end_are_written_down_as_over(home: House) -> None:
    _, session = home.session("user")
    home.clock.wait(hours=25)
    do(home, "expire-sessions")
    with home.plane.database.reading() as connection:
        found = pages.known_sessions(connection, (), 10, principal="user")
    assert [(one.id, one.state) for one in found] == [(session.id, SessionState.EXPIRED)]


def test_guests_past_their_end_are_ended(home: House) -> None:
    home.clock.at = NOW + timedelta(days=90)
    do(home, "end-guests")
    with home.plane.database.reading() as connection:
        assert [one.id for one in pages.people(connection, (), 10, status="ended")] == ["guest"]


def test_answers_are_forgotten_after_a_day(home: House) -> None:
    user = home.browser("user")
    wish = {"display": "x", "scopes": ["read"]}
    assert user.post("/api/v1/tokens", json=wish, headers={"idempotency-key": "k"}).status_code == 201
    home.clock.wait(hours=25)
    do(home, "purge")
    with home.plane.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM idempotent_answers").scalar() == 0


def test_events_of_the_sign_in_are_forgotten_when_they_are_old_and_kept_where_that_is_asked(
    own_home: House,
) -> None:
    own_home.browser("user")

    def left() -> int:
        with own_home.plane.database.reading() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM sign_ins").scalar() or 0)

    with own_home.plane.database.writing() as connection:
        happened = Happened(Outcome.FAILURE, "wrong_password")
        record(connection, happened, Visit(Arrival("192.0.2.7"), own_home.clock(), os.urandom))
    before = left()
    assert before
    own_home.clock.wait(days=399)
    do(own_home, "purge")
    assert left() == before
    own_home.clock.wait(days=2)
    do(own_home, "purge")
    assert left() == 0


def test_recoveries_that_nobody_uses_end(home: House) -> None:
    administrator = home.browser("administrator")
    administrator.post("/api/v1/recoveries", json={"principal": "user", "reason": "a test"})
    home.clock.wait(days=4)
    do(home, "expire-recoveries")
    with home.plane.database.reading() as connection:
        assert [one.state.value for one in pages.known_recoveries(connection, (), 10)] == ["expired"]


def test_heads_are_taken_away_when_the_log_has_grown_and_only_forward(
    own_home: House, tmp_path: Path
) -> None:
    target = tmp_path / "kept" / "head.json"
    plane = replace(own_home.plane, settings=replace(own_home.plane.settings, heads_file=target))
    home = House(plane, own_home.clock, own_home.told)
    do(home, "export-heads")
    first = Head.parse(target.read_text())
    assert plane.signing_key.exists()
    home.session("user")
    own_home.clock.wait(seconds=61)
    do(home, "export-heads")
    second = Head.parse(target.read_text())
    assert second.size > first.size
    assert second.log == first.log


def test_a_directory_is_asked_for_once_a_minute_however_often(home: House) -> None:
    asked = [ask_for_sync(home.plane.database, DirectoryId("corp"), "user", home.visit()) for _ in range(3)]
    assert [one.is_new for one in asked] == [True, False, False]
    home.clock.wait(minutes=1)
    assert ask_for_sync(home.plane.database, DirectoryId("corp"), "user", home.visit()).is_new


LDAP = {
    "kind": "ldap",
    "urls": ["ldaps://127.0.0.1:1"],
    "base_dn": "dc=example,dc=com",
    "bind_dn": "cn=reader,dc=example,dc=com",
    "bind_password_env": "READER",
}
ENVIRONMENT = {"READER": "a password"}


@pytest.fixture
def with_directory(own_home: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """A process with a directory that is down."""
    monkeypatch.setenv("READER", ENVIRONMENT["READER"])
    plane = replace(own_home.plane, directories={"corp": LDAP})
    return House(plane, own_home.clock, own_home.told)


def test_a_directory_that_is_down_is_told_where_people_look_and_holds_up_nothing(
    with_directory: House,
) -> None:
    pytest.importorskip("bonsai")
    with pytest.raises(DirectoryUnreachable):
        do(with_directory, "read-directory corp")
    told = with_directory.browser("auditor").get("/api/v1/directories").json()["items"]
    assert [(one["id"], bool(one["last_error"]), one["last_sync"]) for one in told] == [("corp", True, None)]
    assert with_directory.browser("administrator").post("/api/v1/directories/corp/sync").status_code == 202
    with_directory.at_end.close()


def test_a_job_is_held_while_it_takes_longer_than_its_lease(home: House) -> None:
    with home.plane.database.writing() as connection:
        leases.enqueue(connection, NewJob(SYNC, "k", NOW), JobId("j-1"), NOW)
        lease = leases.claim(connection, leases.Claim("w", frozenset({SYNC}), timedelta(seconds=0.3)), NOW)[0]
    hold = Hold(home.plane.database, lease, home.clock, timedelta(seconds=0.3))
    seen = threading.Event()
    with held(hold):
        home.clock.wait(seconds=10)
        while hold.lease.until == lease.until:
            seen.wait(0.01)
    assert hold.lease.until > lease.until


def test_workers_work_until_they_are_stopped_and_one_failure_stops_no_other(home: House) -> None:
    done, failed = threading.Event(), threading.Event()

    def fail(_: Hold) -> None:
        failed.set()
        raise RuntimeError("a test")

    work = Work(
        {
            "fails": Reconciler(timedelta(hours=1), fail),
            "works": Reconciler(timedelta(hours=1), lambda _: done.set()),
        }
    )
    metrics = Metrics()
    working = Working(home.plane, metrics, work)
    assert not working.is_alive()
    working.start()
    assert done.wait(30)
    assert failed.wait(30)
    assert working.is_alive()
    working.stop()
    assert not working.is_alive()
    text = metrics.text().decode()
    assert 'watchword_jobs_total{ending="done",name="works"}' in text
    assert [one["ending"] for one in home.told if one["event"] == "job"] == ["retried"]
