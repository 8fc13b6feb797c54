"""Invitations and recoveries (docs/sign-in.md, steps 9 and 10)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.store.state.people import ACT, NOW, add, person
from tests.web.login.authenticator import Authenticator
from tests.web.login.conftest import (
    ORIGIN,
    App,
    Browser,
    account,
    both,
    by_passkey,
    somebody,
    with_app,
    with_passkey,
)
from watchword.errors import Forbidden, RowChanged, RowMissing, SignInRefused, UsageError, WatchwordError
from watchword.model.factors import FactorStatus
from watchword.model.lifecycle import IllegalMove
from watchword.model.login import Purpose, RecoveryId, RecoveryState
from watchword.model.people import Principal, PrincipalId, PrincipalStatus
from watchword.model.roles import Assignment, AssignmentId, AssignmentStatus, Role
from watchword.pdp.presets import PRESETS, Strength
from watchword.store.state import factor_store, recovery_store
from watchword.store.state import invitations as kept
from watchword.store.state.people import PRINCIPALS
from watchword.store.state.roles import ASSIGNMENTS, assignment_row
from watchword.store.state.transition import Move, create, transition
from watchword.web.login import api_tokens, invitations, recovery, sessions, sign_in
from watchword.web.login.desk import Desk
from watchword.web.login.enrolment import Answer
from watchword.web.login.progress import Asked

AAL2 = PRESETS["aal2"]


def invite(desk: Desk, who: Principal, browser: Browser, purpose: Purpose = Purpose.ENROLMENT) -> str:
    with desk.database.writing() as connection:
        visit = browser.visit()
        return kept.invite(connection, purpose, who.id, visit.act("p-admin", "new"), visit.randomness).token


def accept(desk: Desk, token: str, browser: Browser, name: str = "", **faults: Any) -> Any:
    offer = invitations.offer_passkey(desk, token, name, browser.visit())
    device = Authenticator()
    answer = Answer(offer.flow, device.create(offer.options, ORIGIN, **faults))
    return invitations.take_passkey(desk, answer, browser.visit()), device


def give(desk: Desk, who: Principal, role: Role) -> None:
    with desk.database.writing() as connection:
        row = Assignment(AssignmentId(f"g-{who.id}-{role}"), who.id, role, "p-0", "a test", NOW)
        create(connection, ASSIGNMENTS, assignment_row(row), ACT)


def end_role(desk: Desk, who: Principal, role: Role) -> None:
    with desk.database.writing() as connection:
        move = Move(ASSIGNMENTS, f"g-{who.id}-{role}", 1, AssignmentStatus.ENDED)
        transition(connection, move, ACT)


def at_once(count: int, run: Callable[[int], Any]) -> list[Any]:
    """What each of several threads gets: a value, or the error that was raised."""
    start, results = threading.Barrier(count), [None] * count

    def go(number: int) -> None:
        start.wait()
        try:
            results[number] = run(number)
        except (WatchwordError, IllegalMove) as error:
            results[number] = error

    threads = [threading.Thread(target=go, args=(n,)) for n in range(count)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return results


def good(results: list[Any]) -> list[Any]:
    return [one for one in results if not isinstance(one, Exception)]


@both
def test_9_1_the_first_administrator_comes_by_a_one_time_token(desk: Desk, browser: Browser) -> None:
    assert not invitations.has_administrator(desk, browser.visit())
    token = invitations.bootstrap(desk, browser.visit())
    welcome = invitations.look(desk, token, browser.visit())
    assert (welcome.purpose, welcome.principal, welcome.may_be_app) == (Purpose.BOOTSTRAP, None, False)
    signed_in, device = accept(desk, token, browser, "  Ada\x00 Lovelace ")
    held = sessions.resolve(desk.database, signed_in.token, AAL2, browser.at)
    assert held is not None
    assert held.principal.display_name == "Ada Lovelace"
    with desk.database.reading() as connection:
        assert kept.administrators(connection, browser.at) == [held.principal.id]
    assert by_passkey(desk, device, browser).session.principal == held.principal.id
    for attempt in (
        lambda: invitations.look(desk, token, browser.visit()),
        lambda: invitations.bootstrap(desk, browser.visit()),
        lambda: accept(desk, token, browser, "Eve"),
    ):
        with pytest.raises((SignInRefused, Forbidden)):
            attempt()


@both
def test_9_1_a_new_token_voids_the_one_before_and_each_ends_after_an_hour(
    desk: Desk, browser: Browser
) -> None:
    old = invitations.bootstrap(desk, browser.visit())
    new = invitations.bootstrap(desk, browser.visit())
    with pytest.raises(SignInRefused):
        invitations.look(desk, old, browser.visit())
    assert invitations.look(desk, new, browser.visit(3590))
    with pytest.raises(SignInRefused):
        invitations.look(desk, new, browser.visit(10))


def test_9_1_a_browser_that_breaks_down_spends_nothing(desk: Desk, browser: Browser) -> None:
    token = invitations.bootstrap(desk, browser.visit())
    with pytest.raises(SignInRefused):
        accept(desk, token, browser, "Ada", without=4)
    with desk.database.reading() as connection:
        assert not kept.administrators(connection, browser.at)
    assert accept(desk, token, Browser(at=browser.at), "Ada")


def test_9_1_a_token_is_worth_nothing_once_somebody_administrates(desk: Desk, browser: Browser) -> None:
    offer = invitations.offer_passkey(
        desk, invitations.bootstrap(desk, browser.visit()), "Eve", browser.visit()
    )
    who = somebody(desk)
    give(desk, who, Role.ADMINISTRATOR)
    with_passkey(desk, who, browser)
    answer = Answer(offer.flow, Authenticator().create(offer.options, ORIGIN))
    with pytest.raises(Forbidden, match="already"):
        invitations.take_passkey(desk, answer, browser.visit())
    with desk.database.reading() as connection:
        assert kept.administrators(connection, browser.at) == [who.id]


def test_9_1_a_first_administrator_has_a_name(desk: Desk, browser: Browser) -> None:
    token = invitations.bootstrap(desk, browser.visit())
    with pytest.raises(SignInRefused, match="without a name"):
        invitations.offer_passkey(desk, token, " \n", browser.visit())
    with pytest.raises(SignInRefused, match="app alone"):
        invitations.offer_totp(desk, token, "ada", browser.visit())


def test_9_4_of_many_who_use_a_token_at_once_one_becomes_administrator(desk: Desk, browser: Browser) -> None:
    token = invitations.bootstrap(desk, browser.visit())
    browsers = [Browser(at=browser.at) for _ in range(4)]
    results = at_once(4, lambda n: accept(desk, token, browsers[n], f"Person {n}"))
    assert len(good(results)) == 1
    with desk.database.reading() as connection:
        assert len(kept.administrators(connection, browser.at)) == 1


def test_9_1_of_tokens_that_are_drawn_at_once_one_leads_to_an_administrator(
    desk: Desk, browser: Browser
) -> None:
    browsers = [Browser(at=browser.at) for _ in range(3)]
    tokens = good(at_once(3, lambda n: invitations.bootstrap(desk, browsers[n].visit())))
    results = at_once(len(tokens), lambda n: accept(desk, tokens[n], browsers[n], f"Person {n}"))
    assert len(good(results)) == 1


@both
def test_9_1_an_administrator_without_factor_is_none(desk: Desk, browser: Browser) -> None:
    who = somebody(desk)
    give(desk, who, Role.ADMINISTRATOR)
    assert invitations.bootstrap(desk, browser.visit())
    with_passkey(desk, who, browser)
    with pytest.raises(Forbidden, match="already"):
        invitations.bootstrap(desk, browser.visit())
    with desk.database.writing() as connection:
        transition(connection, Move(PRINCIPALS, who.id, 1, PrincipalStatus.SUSPENDED), ACT)
    assert invitations.bootstrap(desk, browser.visit())


@both
def test_9_2_an_invited_person_becomes_active_with_their_first_passkey(desk: Desk, browser: Browser) -> None:
    who = person(status=PrincipalStatus.INVITED)
    add(desk.database, who)
    token = invite(desk, who, browser)
    welcome = invitations.look(desk, token, browser.visit())
    assert (welcome.purpose, welcome.principal) == (Purpose.ENROLMENT, who)
    signed_in, device = accept(desk, token, browser)
    assert signed_in.session.principal == who.id
    assert by_passkey(desk, device, browser)
    with pytest.raises(SignInRefused):
        accept(desk, token, browser)


@both
def test_9_2_an_app_will_do_for_whoever_has_a_directory(desk: Desk, browser: Browser) -> None:
    ada, bob = somebody(desk, "p-1", "ada"), somebody(desk, "p-2")
    token = invite(desk, ada, browser)
    offer = invitations.offer_totp(desk, token, "ada", browser.visit())
    app = App(offer.seed.replace(" ", ""))
    invitations.take_totp(desk, Answer(offer.flow, app.code(browser.at)), browser.visit())
    first = sign_in.check_ldap(desk, "corp", "ada", lambda: account("ada"), browser.visit(60))
    assert isinstance(first, Asked)
    assert sign_in.prove_totp(desk, first.flow, app.code(browser.at), browser.visit())
    with pytest.raises(SignInRefused, match="app alone"):
        invitations.offer_totp(desk, invite(desk, bob, browser), "bob", browser.visit())


def test_9_2_an_enrolment_is_for_a_first_factor_only(desk: Desk, browser: Browser) -> None:
    who = somebody(desk)
    early = invite(desk, who, browser)
    offer = invitations.offer_passkey(desk, early, "", browser.visit())
    with_passkey(desk, who, browser)
    with pytest.raises(SignInRefused, match="there was one"):
        invitations.look(desk, early, browser.visit())
    answer = Answer(offer.flow, Authenticator().create(offer.options, ORIGIN))
    with pytest.raises(SignInRefused, match="there was one"):
        invitations.take_passkey(desk, answer, browser.visit())


@pytest.mark.parametrize("status", [PrincipalStatus.SUSPENDED, PrincipalStatus.ENDED])
def test_9_2_who_may_not_come_cannot_enrol(desk: Desk, browser: Browser, status: PrincipalStatus) -> None:
    who = somebody(desk)
    token = invite(desk, who, browser)
    offer = invitations.offer_passkey(desk, token, "", browser.visit())
    with desk.database.writing() as connection:
        transition(connection, Move(PRINCIPALS, who.id, 1, status), ACT)
    with pytest.raises(SignInRefused, match="may not come"):
        invitations.look(desk, token, browser.visit())
    answer = Answer(offer.flow, Authenticator().create(offer.options, ORIGIN))
    with pytest.raises(SignInRefused, match="may not come"):
        invitations.take_passkey(desk, answer, browser.visit())


def test_9_4_an_invitation_that_was_voided_meanwhile_is_worth_nothing(desk: Desk, browser: Browser) -> None:
    who = somebody(desk)
    offer = invitations.offer_passkey(desk, invite(desk, who, browser), "", browser.visit())
    invite(desk, who, browser)
    answer = Answer(offer.flow, Authenticator().create(offer.options, ORIGIN))
    with pytest.raises(SignInRefused, match="not open"):
        invitations.take_passkey(desk, answer, browser.visit())


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "\ud800", "a\0b"])
def test_9_what_is_no_token_is_refused(desk: Desk, browser: Browser, token: str) -> None:
    with pytest.raises(SignInRefused):
        invitations.look(desk, token, browser.visit())


class Office:
    """A person who has lost everything, and those who may help."""

    def __init__(self, desk: Desk, browser: Browser, prefix: str = "p") -> None:
        self.desk, self.browser = desk, browser
        self.lost = somebody(desk, f"{prefix}-lost", f"{prefix}-lost")
        self.admin = somebody(desk, f"{prefix}-admin")
        self.one = somebody(desk, f"{prefix}-one")
        self.two = somebody(desk, f"{prefix}-two")
        self.user = somebody(desk, f"{prefix}-user")
        give(desk, self.admin, Role.ADMINISTRATOR)
        give(desk, self.one, Role.APPROVER)
        give(desk, self.two, Role.APPROVER)

    def request(self, by: Principal | None = None) -> RecoveryId:
        who = (by or self.admin).id
        return recovery.request(self.desk, self.lost.id, "telephone lost", who, self.browser.visit()).id

    def approve(self, what: RecoveryId, by: Principal) -> recovery.Approved:
        return recovery.approve(self.desk, what, by.id, self.browser.visit())

    def state(self, what: RecoveryId) -> RecoveryState:
        with self.desk.database.reading() as connection:
            found = recovery_store.get(connection, what)
        assert found is not None
        return found.state


@pytest.fixture
def office(desk: Desk, browser: Browser) -> Office:
    return Office(desk, browser)


@both
def test_10_two_approve_and_everything_before_ends(office: Office) -> None:
    desk, browser = office.desk, office.browser
    old = with_passkey(desk, office.lost, browser)
    app = with_app(desk, office.lost, browser)
    before = by_passkey(desk, old, browser)
    wish = api_tokens.Wish("robot", ("read",), timedelta(days=1))
    robot = api_tokens.issue(desk.database, office.lost.id, wish, browser.visit())
    with desk.database.writing() as connection:
        # One that rests on an identity provider's word alone, and on no factor of ours.
        grounds = sessions.Grounds(Strength(2, ("fed", "mfa")))
        elsewhere = sessions.issue(connection, office.lost.id, grounds, AAL2, browser.visit())
    what = office.request()
    once = office.approve(what, office.one)
    assert (once.token, once.recovery.state) == ("", RecoveryState.APPROVED_ONCE)
    # Nothing has changed for the person until it is used.
    assert by_passkey(desk, old, browser)
    twice = office.approve(what, office.admin)
    assert twice.recovery.state is RecoveryState.APPROVED
    assert twice.token not in repr(twice)
    signed_in, new = accept(desk, twice.token, browser)
    assert signed_in.session.principal == office.lost.id
    assert office.state(what) is RecoveryState.USED
    assert sessions.resolve(desk.database, signed_in.token, AAL2, browser.at) is not None
    assert sessions.resolve(desk.database, before.token, AAL2, browser.at) is None
    assert sessions.resolve(desk.database, elsewhere.token, AAL2, browser.at) is None
    assert api_tokens.resolve(desk.database, robot.secret, browser.at) is None
    with pytest.raises(SignInRefused, match="passkey_not_active"):
        by_passkey(desk, old, browser)
    assert by_passkey(desk, new, browser)
    with desk.database.reading() as connection:
        mine = factor_store.of_principal(connection, office.lost.id)
    assert [one.status for one in mine].count(FactorStatus.ACTIVE) == 1
    assert app


def test_10_2_nobody_approves_twice_or_for_themselves_or_without_the_role(office: Office) -> None:
    give(office.desk, office.lost, Role.ADMINISTRATOR)
    what = office.request()
    for who, reason in ((office.lost, "their own"), (office.user, "recovery.approve")):
        with pytest.raises(Forbidden, match=reason):
            office.approve(what, who)
    office.approve(what, office.one)
    with pytest.raises(Forbidden, match="already"):
        office.approve(what, office.one)
    with pytest.raises(Forbidden, match="their own"):
        office.approve(what, office.lost)
    assert office.approve(what, office.two).token


def test_10_2_who_approved_first_must_still_be_somebody_who_may(office: Office) -> None:
    what = office.request()
    office.approve(what, office.one)
    end_role(office.desk, office.one, Role.APPROVER)
    with pytest.raises(Forbidden):
        office.approve(what, office.two)


def test_10_2_two_approvals_by_one_person_at_once_count_once(office: Office) -> None:
    what = office.request()
    visits = [Browser(at=office.browser.at).visit() for _ in range(3)]
    results = at_once(3, lambda n: recovery.approve(office.desk, what, office.one.id, visits[n]))
    assert len(good(results)) == 1
    assert office.state(what) is RecoveryState.APPROVED_ONCE


def test_10_1_only_an_administrator_asks_and_one_recovery_is_under_way(office: Office) -> None:
    for who in (office.user, office.one, office.lost):
        with pytest.raises(Forbidden):
            office.request(who)
    office.request()
    with pytest.raises(Forbidden, match="under way"):
        office.request()
    office.browser.at += recovery.LASTS
    again = office.request()
    assert office.state(again) is RecoveryState.REQUESTED


@pytest.mark.parametrize("reason", ["", " \n\0", "x" * 501])
def test_10_1_a_recovery_has_a_reason(office: Office, reason: str) -> None:
    with pytest.raises(UsageError):
        recovery.request(office.desk, office.lost.id, reason, office.admin.id, office.browser.visit())


def test_10_1_for_whoever_may_not_sign_in_nobody_asks(office: Office) -> None:
    with office.desk.database.writing() as connection:
        transition(connection, Move(PRINCIPALS, office.lost.id, 1, PrincipalStatus.SUSPENDED), ACT)
    with pytest.raises(Forbidden, match="may not sign in"):
        office.request()
    with pytest.raises(Forbidden, match="may not sign in"):
        recovery.request(office.desk, PrincipalId("none"), "x", office.admin.id, office.browser.visit())


@both
def test_10_5_a_recovery_that_is_rejected_or_late_is_worth_nothing(office: Office) -> None:
    what = office.request()
    office.approve(what, office.one)
    token = office.approve(what, office.two).token
    recovery.reject(office.desk, what, office.browser.visit().act(office.admin.id, "it was not them"))
    with pytest.raises(SignInRefused):
        invitations.look(office.desk, token, office.browser.visit())
    with pytest.raises(IllegalMove):
        recovery.reject(office.desk, what, ACT)
    with pytest.raises(RowMissing):
        recovery.reject(office.desk, RecoveryId("none"), ACT)
    with pytest.raises(RowMissing):
        office.approve(RecoveryId("none"), office.one)
    late = office.request()
    office.approve(late, office.one)
    office.browser.at += recovery.LASTS
    with pytest.raises(Forbidden, match="does not wait"):
        office.approve(late, office.two)
    assert recovery.expire(office.desk, office.browser.visit()) == 1
    assert office.state(late) is RecoveryState.EXPIRED


@both
def test_10_4_a_recovery_that_is_rejected_while_it_is_used_is_one_or_the_other(office: Office) -> None:
    what = office.request()
    office.approve(what, office.one)
    token = office.approve(what, office.two).token
    act = office.browser.visit().act(office.admin.id, "stop")
    other = Browser(at=office.browser.at)
    used, rejected = at_once(
        2,
        lambda n: (
            accept(office.desk, token, other) if n == 0 else recovery.reject(office.desk, what, act) or "done"
        ),
    )
    assert isinstance(used, Exception) != isinstance(rejected, Exception)
    final = RecoveryState.REJECTED if isinstance(used, Exception) else RecoveryState.USED
    assert office.state(what) is final
    assert RowChanged


class Recoveries(RuleBasedStateMachine):
    """Everybody asks, approves and rejects in any order: a token appears only when two who may have vouched."""

    desk: Desk
    number = 0

    @initialize()
    def start(self) -> None:
        Recoveries.number += 1
        self.office = Office(self.desk, Browser(), f"m{Recoveries.number}")
        give(self.desk, self.office.lost, Role.APPROVER)
        self.people = [
            self.office.lost,
            self.office.admin,
            self.office.one,
            self.office.two,
            self.office.user,
        ]
        self.may = {1, 2, 3}
        self.what: RecoveryId | None = None
        self.vouched: list[int] = []

    @rule(who=st.integers(0, 4))
    def ask(self, who: int) -> None:
        try:
            made = self.office.request(self.people[who])
        except Forbidden:
            assert who != 1 or self.what is not None
            return
        assert who == 1
        assert self.what is None
        self.what, self.vouched = made, []

    @rule(who=st.integers(0, 4))
    def approve(self, who: int) -> None:
        if self.what is None:
            return
        try:
            result = self.office.approve(self.what, self.people[who])
        except Forbidden:
            assert who not in self.may or who in self.vouched or len(self.vouched) == 2
            return
        assert who in self.may
        assert who not in self.vouched
        self.vouched.append(who)
        assert bool(result.token) == (len(self.vouched) == 2)

    @rule()
    def reject(self) -> None:
        if self.what is not None:
            recovery.reject(self.desk, self.what, ACT)
            self.what = None


def test_10_whoever_does_what_in_whatever_order_two_must_vouch(sqlite_desk: Desk) -> None:
    class Here(Recoveries):
        desk = sqlite_desk

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=10,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
