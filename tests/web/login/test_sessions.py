"""Sessions: what a cookie is worth at each instant (docs/sign-in.md, step 8), against a model that knows nothing of the code."""

from __future__ import annotations

import itertools
import os
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.store.state.people import ACT, NOW, add, person
from tests.web.login.conftest import Browser, both
from watchword.errors import SignInRefused
from watchword.model.people import Principal, PrincipalKind, PrincipalStatus
from watchword.model.sessions import Session, SessionId, SessionState
from watchword.pdp.presets import PRESETS, Strength
from watchword.store.state import session_store
from watchword.store.state.database import Database
from watchword.store.state.people import PRINCIPALS
from watchword.store.state.transition import Act, Move, create, transition
from watchword.web.login import sessions
from watchword.web.login.arrival import Arrival, Visit
from watchword.web.login.sessions import Grounds, Issued
from watchword.web.login.tokens import digest, draw, is_formed

AAL2 = PRESETS["aal2"]
STRONG = Grounds(Strength(2, ("hwk", "user", "mfa")))


def visit(at: datetime = NOW, **arrival: Any) -> Visit:
    return Visit(Arrival(**({"address": "192.0.2.1"} | arrival)), at, os.urandom)


def begin(
    database: Database, who: Principal, at: datetime = NOW, preset: str = "aal2", level: int = 2
) -> Issued:
    grounds = Grounds(Strength(level, ("hwk",)))
    with database.writing() as connection:
        return sessions.issue(connection, who.id, grounds, PRESETS[preset], visit(at))


def state(database: Database, one: Issued) -> tuple[SessionState, datetime | None]:
    with database.reading() as connection:
        held = session_store.find(connection, one.session.id)
    assert held is not None
    return held.session.state, held.session.ended


@pytest.fixture
def who(database: Database) -> Principal:
    one = person()
    add(database, one)
    return one


def later(**of: float) -> datetime:
    return NOW + timedelta(**of)


@both
def test_a_session_is_found_by_its_token_and_kept_by_its_digest(database: Database, who: Principal) -> None:
    one = begin(database, who)
    assert is_formed(one.token)
    assert one.session.id == digest(one.token)
    held = sessions.resolve(database, one.token, AAL2, NOW)
    assert held is not None
    assert (held.session, held.principal) == (one.session, who)
    assert one.token not in repr(one)


@pytest.mark.parametrize(
    "token", ["", "x", "ä" * 43, "A" * 42, "A" * 44, "A" * 43, "A" * 42 + "\n", "A" * 100_000]
)
def test_8_1_8_2_what_is_no_token_of_ours_is_nobodys(database: Database, who: Principal, token: str) -> None:
    begin(database, who)
    assert sessions.resolve(database, token, AAL2, NOW) is None


def test_8_1_the_sessions_id_is_no_token(database: Database, who: Principal) -> None:
    assert sessions.resolve(database, begin(database, who).session.id, AAL2, NOW) is None


@pytest.mark.parametrize("seconds", [3600, 3601, 86_400])
def test_8_4_an_idle_session_is_over_and_written_down_so(
    database: Database, who: Principal, seconds: float
) -> None:
    one = begin(database, who)
    assert sessions.resolve(database, one.token, AAL2, later(seconds=seconds)) is None
    assert state(database, one) == (SessionState.EXPIRED, later(seconds=seconds))
    # Not even a clock that is set back brings it to life.
    assert sessions.resolve(database, one.token, AAL2, NOW) is None


def test_8_4_a_session_in_use_ends_at_its_absolute_end(database: Database, who: Principal) -> None:
    one = begin(database, who)
    for minutes in range(59, 24 * 60, 59):
        assert sessions.resolve(database, one.token, AAL2, later(minutes=minutes)) is not None
    assert sessions.resolve(database, one.token, AAL2, later(hours=24)) is None


def test_8_4_a_session_from_the_future_is_over(database: Database, who: Principal) -> None:
    one = begin(database, who)
    assert sessions.resolve(database, one.token, AAL2, later(seconds=-59)) is not None
    assert sessions.resolve(database, one.token, AAL2, later(seconds=-61)) is None
    assert state(database, one)[0] is SessionState.EXPIRED


@pytest.mark.parametrize(("began", "now", "after"), [("aal1", "aal2", 3600), ("aal2", "aal1", 3600)])
def test_8_4_the_stricter_of_the_limits_then_and_now_holds(
    database: Database, who: Principal, began: str, now: str, after: float
) -> None:
    one = begin(database, who, preset=began)
    assert sessions.resolve(database, one.token, PRESETS[now], later(seconds=after - 1)) is not None
    other = begin(database, who, preset=began)
    assert sessions.resolve(database, other.token, PRESETS[now], later(seconds=after)) is None


def test_8_5_a_session_weaker_than_is_asked_now_is_revoked(database: Database, who: Principal) -> None:
    one = begin(database, who, preset="aal1", level=1)
    assert sessions.resolve(database, one.token, PRESETS["aal1"], NOW) is not None
    assert sessions.resolve(database, one.token, AAL2, NOW) is None
    assert state(database, one)[0] is SessionState.REVOKED


@both
def test_8_6_who_is_suspended_is_refused_at_the_next_request_and_the_session_stays_over(
    database: Database, who: Principal
) -> None:
    one = begin(database, who)
    with database.writing() as connection:
        transition(connection, Move(PRINCIPALS, who.id, 1, PrincipalStatus.SUSPENDED), ACT)
    assert sessions.resolve(database, one.token, AAL2, NOW) is None
    with database.writing() as connection:
        transition(connection, Move(PRINCIPALS, who.id, 2, PrincipalStatus.ACTIVE), ACT)
    assert sessions.resolve(database, one.token, AAL2, NOW) is None


def test_8_6_a_guest_is_refused_from_their_end_date_on(database: Database, who: Principal) -> None:
    guest = replace(
        person("g-1"),
        kind=PrincipalKind.GUEST,
        sponsor=who.id,
        end_date=later(minutes=5),
        display_name="Guest",
    )
    add(database, guest)
    one = begin(database, guest)
    assert sessions.resolve(database, one.token, AAL2, later(minutes=4)) is not None
    assert sessions.resolve(database, one.token, AAL2, later(minutes=5)) is None
    with pytest.raises(SignInRefused):
        begin(database, guest, later(minutes=5))


def test_8_7_a_bound_session_needs_its_device(database: Database, who: Principal) -> None:
    one = begin(database, who)
    with database.writing() as connection:
        session_store.amend(connection, one.session, ACT, device_key='{"kty":"EC"}')
    assert sessions.resolve(database, one.token, AAL2, NOW) is None
    assert sessions.resolve(database, one.token, AAL2, NOW, lambda _: False) is None
    held = sessions.resolve(database, one.token, AAL2, NOW, lambda session: bool(session.device_key))
    assert held is not None


def test_a_session_cannot_begin_on_less_than_is_asked(database: Database, who: Principal) -> None:
    with pytest.raises(SignInRefused, match="not as strong"):
        begin(database, who, level=1)


@both
def test_that_a_session_was_seen_is_written_now_and_then(database: Database, who: Principal) -> None:
    one = begin(database, who)
    for seconds, seen in ((29, 0), (30, 30), (45, 30), (60, 60)):
        sessions.resolve(database, one.token, AAL2, later(seconds=seconds))
        (mine,) = sessions.own(database, who.id, AAL2, NOW)
        assert mine.last_seen == later(seconds=seen)


@both
def test_8_9_everybody_sees_and_ends_their_own(database: Database, who: Principal) -> None:
    other = person("p-2")
    add(database, other)
    one, two, theirs = begin(database, who), begin(database, who), begin(database, other)
    assert {each.id for each in sessions.own(database, who.id, AAL2, NOW)} == {one.session.id, two.session.id}
    assert not sessions.revoke(database, theirs.session.id, ACT, of=who.id)
    assert not sessions.revoke(database, SessionId("none"), ACT, of=who.id)
    assert sessions.revoke(database, one.session.id, ACT, of=who.id)
    assert not sessions.revoke(database, one.session.id, ACT, of=who.id)
    assert sessions.resolve(database, one.token, AAL2, NOW) is None
    assert sessions.sign_out(database, two.session, ACT)
    assert not sessions.sign_out(database, two.session, ACT)
    assert sessions.resolve(database, theirs.token, AAL2, NOW) is not None


@both
def test_ending_all_leaves_the_one_that_is_named(database: Database, who: Principal) -> None:
    many = [begin(database, who) for _ in range(4)]
    assert sessions.revoke_all(database, who.id, ACT, but=many[2].session.id) == 3
    alive = [sessions.resolve(database, one.token, AAL2, NOW) is not None for one in many]
    assert alive == [False, False, True, False]


@both
def test_what_is_past_its_end_is_written_down_without_a_request(database: Database, who: Principal) -> None:
    old, new = begin(database, who), begin(database, who, later(hours=1))
    assert sessions.expire(database, later(hours=24)) == 1
    assert state(database, old)[0] is SessionState.EXPIRED
    assert state(database, new)[0] is SessionState.ACTIVE
    assert sessions.expire(database, later(hours=24)) == 0


def test_8_8_of_two_who_rotate_at_once_one_does(database: Database, who: Principal) -> None:
    one = begin(database, who)
    won: list[Issued] = []
    start = threading.Barrier(4)

    def run() -> None:
        start.wait()
        try:
            with database.writing() as connection:
                made = sessions.rotate(connection, one.session, STRONG, visit(later(seconds=1)))
        except Exception:  # noqa: BLE001
            return
        won.append(made)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(won) == 1
    assert len(sessions.own(database, who.id, AAL2, later(seconds=1))) == 1


def test_what_a_browser_says_of_itself_is_cut_and_cleaned(database: Database, who: Principal) -> None:
    nasty = visit(agent="x\r\nSet-Cookie: a\x00" + "y" * 1000, address="192.0.2.1" * 50, country="DEU")
    with database.writing() as connection:
        one = sessions.issue(connection, who.id, STRONG, AAL2, nasty)
    assert one.session.agent.startswith("xSet-Cookie: ay")
    assert len(one.session.agent) <= 400
    assert len(one.session.address) <= 64
    assert one.session.country == "DE"


_NAMES = itertools.count()


class Sessions(RuleBasedStateMachine):
    """Several sessions of two people, against a list of what each should be."""

    database: Database
    tokens = Bundle("tokens")

    @initialize()
    def start(self) -> None:
        self.now = NOW
        self.people = [person(f"q-{next(_NAMES)}") for _ in range(2)]
        with self.database.writing() as connection:
            for one in self.people:
                from watchword.store.state.people import principal_row

                create(connection, PRINCIPALS, principal_row(one), ACT)
        self.suspended = [False, False]
        self.versions = [1, 1]
        self.alive: dict[str, dict[str, Any]] = {}
        self.issued: dict[str, Issued] = {}

    @rule(target=tokens, whose=st.integers(0, 1))
    def sign_in(self, whose: int) -> str:
        try:
            made = begin(self.database, self.people[whose], self.now)
        except SignInRefused:
            assert self.suspended[whose]
            return "A" * 43
        assert not self.suspended[whose]
        self.issued[made.token] = made
        self.alive[made.token] = {"whose": whose, "end": self.now + timedelta(hours=24), "seen": self.now}
        return made.token

    @rule(minutes=st.sampled_from([0, 1, 30, 59, 61, 600]))
    def pass_time(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(token=tokens)
    def request(self, token: str) -> None:
        held = sessions.resolve(self.database, token, AAL2, self.now)
        assert (held is not None) == self._should(token)
        if held is None:
            self.alive.pop(token, None)
            return
        one = self.alive[token]
        assert held.principal.id == self.people[one["whose"]].id
        if self.now - one["seen"] >= timedelta(seconds=30):
            one["seen"] = self.now

    @rule(token=tokens)
    def revoke(self, token: str) -> None:
        if token in self.issued:
            sessions.revoke(self.database, self.issued[token].session.id, replace(ACT, at=self.now))
        self.alive.pop(token, None)

    @rule(target=tokens, token=tokens)
    def prove_again(self, token: str) -> str:
        held = sessions.resolve(self.database, token, AAL2, self.now)
        assert (held is not None) == self._should(token)
        gone = self.alive.pop(token, None)
        if held is None or gone is None:
            return token
        with self.database.writing() as connection:
            made = sessions.rotate(connection, held.session, STRONG, visit(self.now))
        self.issued[made.token] = made
        self.alive[made.token] = gone | {"seen": self.now}
        return made.token

    @rule(whose=st.integers(0, 1))
    def sign_out_everywhere(self, whose: int) -> None:
        sessions.revoke_all(self.database, self.people[whose].id, replace(ACT, at=self.now))
        self.alive = {token: one for token, one in self.alive.items() if one["whose"] != whose}

    @rule(whose=st.integers(0, 1))
    def suspend_or_resume(self, whose: int) -> None:
        to = PrincipalStatus.ACTIVE if self.suspended[whose] else PrincipalStatus.SUSPENDED
        with self.database.writing() as connection:
            move = Move(PRINCIPALS, self.people[whose].id, self.versions[whose], to)
            self.versions[whose] = transition(connection, move, Act("p-admin", self.now))
        self.suspended[whose] = not self.suspended[whose]

    @rule()
    def reconcile(self) -> None:
        sessions.expire(self.database, self.now)

    @invariant()
    def nobody_has_a_session_too_many(self) -> None:
        if not hasattr(self, "people"):
            return
        for whose, one in enumerate(self.people):
            own = sessions.own(self.database, one.id, AAL2, self.now)
            should = {
                self.issued[token].session.id
                for token, known in self.alive.items()
                if known["whose"] == whose and self._in_time(known)
            }
            assert {each.id for each in own} == should

    def _in_time(self, one: dict[str, Any]) -> bool:
        return bool(self.now < one["end"] and self.now - one["seen"] < timedelta(hours=1))

    def _should(self, token: str) -> bool:
        one = self.alive.get(token)
        return one is not None and self._in_time(one) and not self.suspended[one["whose"]]


@both
def test_whatever_happens_in_whatever_order_a_session_is_worth_what_the_model_says(
    database: Database,
) -> None:
    class Here(Sessions):
        pass

    Here.database = database
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=checks
        ),
    )


def test_a_drawn_token_has_the_form_of_one_and_no_two_are_alike() -> None:
    drawn = {draw(os.urandom) for _ in range(100)}
    assert len(drawn) == 100
    assert all(is_formed(one) for one in drawn)
    with pytest.raises(ValueError, match="bytes"):
        draw(lambda count: b"short")


def test_a_session_of_another_state_than_active_is_never_listed(database: Database, who: Principal) -> None:
    one = begin(database, who)
    session: Session = one.session
    sessions.sign_out(database, session, ACT)
    assert not sessions.own(database, who.id, AAL2, NOW)
    assert Browser().cookie
