"""New factors and the end of old ones (docs/sign-in.md, steps 4, 6 and 7)."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.web.login.authenticator import Authenticator
from tests.web.login.conftest import (
    ORIGIN,
    App,
    Browser,
    account,
    both,
    by_passkey,
    policy,
    somebody,
    with_app,
    with_passkey,
)
from watchword.errors import Forbidden, RowMissing, SignInRefused
from watchword.model.factors import Factor, FactorId, FactorKind, FactorStatus
from watchword.model.people import Principal
from watchword.model.sessions import Session
from watchword.pdp.presets import PRESETS, ProofKind
from watchword.store.state import factor_store
from watchword.web.login import enrolment, first_factor, passkeys, sessions, sign_in, totp
from watchword.web.login.desk import Desk
from watchword.web.login.enrolment import Answer, Grounds, ProveAgain, Purpose
from watchword.web.login.passkeys import PasskeyRefused
from watchword.web.login.progress import Asked, SignedIn

OWN = Grounds(Purpose.SESSION)
AAL2 = PRESETS["aal2"]


def nothing(*ignored: Any) -> None:
    return None


def factors(desk: Desk, who: Principal) -> list[Factor]:
    with desk.database.reading() as connection:
        return list(factor_store.of_principal(connection, who.id))


def code_of(offer: enrolment.AppOffer, browser: Browser, steps: int = 0) -> str:
    return App(offer.seed.replace(" ", "")).code(browser.at, steps)


@both
def test_a_passkey_is_kept_with_its_name_and_without_its_secret(desk: Desk, browser: Browser) -> None:
    who = somebody(desk)
    with_passkey(desk, who, browser)
    (kept,) = factors(desk, who)
    assert (kept.kind, kept.status, kept.public["name"]) == (
        FactorKind.PASSKEY,
        FactorStatus.ACTIVE,
        "Laptop",
    )
    assert kept.secret is None


@both
def test_4_7_nobody_registers_a_passkey_that_somebody_has_or_ever_had(desk: Desk, browser: Browser) -> None:
    ada, bob = somebody(desk, "p-1"), somebody(desk, "p-2")
    device = with_passkey(desk, ada, browser)
    same = device.credentials[0].id
    offer = enrolment.offer_passkey(desk, bob, "bob", OWN, browser.visit())
    answer = Answer(offer.flow, Authenticator().create(offer.options, ORIGIN, id=same))
    with pytest.raises(PasskeyRefused, match="somebody's already"):
        enrolment.take_passkey(desk, answer, Purpose.SESSION, browser.visit(), nothing)
    assert not factors(desk, bob)
    with_passkey(desk, ada, browser)
    session = by_passkey(desk, device, browser).session
    enrolment.remove(desk, session, factors(desk, ada)[0].id, browser.visit())
    offer = enrolment.offer_passkey(desk, bob, "bob", OWN, browser.visit())
    answer = Answer(offer.flow, Authenticator().create(offer.options, ORIGIN, id=same))
    with pytest.raises(PasskeyRefused, match="somebody's already"):
        enrolment.take_passkey(desk, answer, Purpose.SESSION, browser.visit(), nothing)


def test_4_7_of_two_who_bring_the_same_passkey_at_once_one_keeps_it(desk: Desk, browser: Browser) -> None:
    people = [somebody(desk, f"p-{n}") for n in range(4)]
    answers = []
    for who in people:
        offer = enrolment.offer_passkey(desk, who, "x", OWN, browser.visit())
        answers.append(Answer(offer.flow, Authenticator().create(offer.options, ORIGIN, id=b"same" * 8)))
    won, start = [], threading.Barrier(4)

    def run(answer: Answer) -> None:
        visit = replace(browser.visit(), randomness=Browser().randomness)
        start.wait()
        try:
            enrolment.take_passkey(desk, answer, Purpose.SESSION, visit, nothing)
        except PasskeyRefused:
            return
        won.append(answer)

    threads = [threading.Thread(target=run, args=(one,)) for one in answers]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(won) == 1
    assert sum(len(factors(desk, who)) for who in people) == 1


def test_a_flow_for_one_purpose_cannot_be_finished_as_another(desk: Desk, browser: Browser) -> None:
    who = somebody(desk)
    offer = enrolment.offer_passkey(desk, who, "x", OWN, browser.visit())
    answer = Answer(offer.flow, Authenticator().create(offer.options, ORIGIN))
    with pytest.raises(SignInRefused, match="another purpose"):
        enrolment.take_passkey(desk, answer, Purpose.INVITATION, browser.visit(), nothing)
    app = enrolment.offer_totp(desk, who, "x", OWN, browser.visit())
    with pytest.raises(SignInRefused, match="another purpose"):
        enrolment.take_totp(
            desk, Answer(app.flow, code_of(app, browser)), Purpose.FIRST_PROOF, browser.visit(), nothing
        )
    assert not [one for one in factors(desk, who) if one.status is FactorStatus.ACTIVE]


@both
def test_what_follows_fails_and_nothing_is_kept(desk: Desk, browser: Browser) -> None:
    who = somebody(desk)

    def fail(*ignored: Any) -> None:
        raise Forbidden("no")

    offer = enrolment.offer_passkey(desk, who, "x", OWN, browser.visit())
    answer = Answer(offer.flow, Authenticator().create(offer.options, ORIGIN))
    with pytest.raises(Forbidden):
        enrolment.take_passkey(desk, answer, Purpose.SESSION, browser.visit(), fail)
    assert not factors(desk, who)


def test_there_is_an_end_to_passkeys_and_apps(
    desk: Desk, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = somebody(desk)
    monkeypatch.setattr(passkeys, "MOST", 1)
    monkeypatch.setattr(totp, "MOST", 1)
    with_passkey(desk, who, browser)
    with_app(desk, who, browser)
    with pytest.raises(SignInRefused, match="too many passkeys"):
        enrolment.offer_passkey(desk, who, "x", OWN, browser.visit())
    with pytest.raises(SignInRefused, match="too many apps"):
        enrolment.offer_totp(desk, who, "x", OWN, browser.visit())


@both
def test_7_1_an_app_counts_only_after_a_code_of_it(desk: Desk, browser: Browser) -> None:
    who = somebody(desk, user_name="ada")
    offer = enrolment.offer_totp(desk, who, "ada", OWN, browser.visit())
    assert [one.status for one in factors(desk, who)] == [FactorStatus.PENDING]
    with pytest.raises(SignInRefused, match="no_factor"):
        sign_in.check_ldap(desk, "corp", "ada", lambda: account("ada"), browser.visit())
    code = code_of(offer, browser)
    enrolment.take_totp(desk, Answer(offer.flow, code, "Phone"), Purpose.SESSION, browser.visit(), nothing)
    (kept,) = factors(desk, who)
    assert (kept.status, kept.public["name"]) == (FactorStatus.ACTIVE, "Phone")
    first = sign_in.check_ldap(desk, "corp", "ada", lambda: account("ada"), browser.visit())
    assert isinstance(first, Asked)
    # The code that has proved the app is spent.
    with pytest.raises(SignInRefused, match="replayed_code"):
        sign_in.prove_totp(desk, first.flow, code, browser.visit())


@both
def test_7_1_five_codes_may_be_tried_and_not_one_more(desk: Desk, browser: Browser) -> None:
    who = somebody(desk)
    offer = enrolment.offer_totp(desk, who, "ada", OWN, browser.visit())
    right = code_of(offer, browser)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for _ in range(totp.ATTEMPTS):
        with pytest.raises(SignInRefused, match="wrong code"):
            enrolment.take_totp(desk, Answer(offer.flow, wrong), Purpose.SESSION, browser.visit(), nothing)
    with pytest.raises(SignInRefused, match="too many codes"):
        enrolment.take_totp(desk, Answer(offer.flow, right), Purpose.SESSION, browser.visit(), nothing)


@both
def test_7_1_an_enrolment_that_is_not_finished_is_taken_away_with_its_seed(
    desk: Desk, browser: Browser
) -> None:
    who = somebody(desk)
    offer = enrolment.offer_totp(desk, who, "ada", OWN, browser.visit())
    assert enrolment.forget_pending(desk, browser.visit(60), who.id) == 0
    late = browser.visit(900)
    with pytest.raises(SignInRefused, match="no such flow"):
        enrolment.take_totp(desk, Answer(offer.flow, code_of(offer, browser)), Purpose.SESSION, late, nothing)
    other = somebody(desk, "p-2")
    assert enrolment.forget_pending(desk, browser.visit(), other.id) == 0
    assert enrolment.forget_pending(desk, browser.visit()) == 1
    (gone,) = factors(desk, who)
    assert (gone.status, gone.secret) == (FactorStatus.REMOVED, None)


def signed_in(desk: Desk, browser: Browser) -> tuple[Principal, Authenticator, Session]:
    who = somebody(desk, user_name="ada")
    device = with_passkey(desk, who, browser)
    return who, device, by_passkey(desk, device, browser).session


@pytest.mark.parametrize(
    ("methods", "seconds", "has_passkey", "may"),
    [
        (("hwk",), 0, True, True),
        (("hwk",), 899, True, True),
        (("hwk",), 900, True, False),
        (("hwk",), -1, True, False),
        (("pwd", "otp", "mfa"), 0, True, False),
        (("pwd", "otp", "mfa"), 0, False, True),
        (("pwd", "otp", "mfa"), 900, False, False),
    ],
)
def test_factors_are_changed_only_after_a_fresh_proof_and_by_a_passkey_where_there_is_one(
    sqlite_desk: Desk,
    browser: Browser,
    methods: tuple[str, ...],
    seconds: float,
    has_passkey: bool,
    may: bool,
) -> None:
    who, _, session = signed_in(sqlite_desk, browser)
    session = replace(session, methods=methods, authenticated=browser.at)
    visit = replace(browser.visit(), now=browser.at + timedelta(seconds=seconds))
    mine = factors(sqlite_desk, who) if has_passkey else []
    visit = replace(visit, now=(session.authenticated or visit.now) + timedelta(seconds=seconds))
    if may:
        enrolment.require_recent(session, mine, AAL2, visit)
    else:
        with pytest.raises(ProveAgain):
            enrolment.require_recent(session, mine, AAL2, visit)


@both
def test_the_last_factor_stays_and_others_go_with_their_sessions(desk: Desk, browser: Browser) -> None:
    who, device, session = signed_in(desk, browser)
    (first,) = factors(desk, who)
    with pytest.raises(Forbidden, match="last factor"):
        enrolment.remove(desk, session, first.id, browser.visit())
    other = with_passkey(desk, who, browser)
    elsewhere = by_passkey(desk, other, browser)
    app = with_app(desk, who, browser)
    browser.at -= timedelta(seconds=60)
    for one in factors(desk, who)[1:]:
        enrolment.remove(desk, session, one.id, browser.visit())
    assert app
    assert [one.status for one in factors(desk, who)] == [
        FactorStatus.ACTIVE,
        FactorStatus.REMOVED,
        FactorStatus.REMOVED,
    ]
    assert all(one.secret is None for one in factors(desk, who))
    assert sessions.resolve(desk.database, elsewhere.token, AAL2, browser.at) is None
    assert session.id in {one.id for one in sessions.own(desk.database, who.id, AAL2, browser.at)}
    with pytest.raises(SignInRefused, match="passkey_not_active"):
        by_passkey(desk, other, browser)
    assert by_passkey(desk, device, browser)


def test_no_factor_is_removed_without_a_fresh_proof(desk: Desk, browser: Browser) -> None:
    who, _, session = signed_in(desk, browser)
    with_passkey(desk, who, browser)
    with pytest.raises(ProveAgain):
        enrolment.remove(desk, session, factors(desk, who)[1].id, browser.visit(901))
    assert [one.status for one in factors(desk, who)] == [FactorStatus.ACTIVE] * 2


def test_of_two_who_remove_the_last_two_factors_at_once_one_fails(desk: Desk, browser: Browser) -> None:
    who, _, session = signed_in(desk, browser)
    with_passkey(desk, who, browser)
    start = threading.Barrier(2)
    failed: list[Exception] = []

    def run(factor: Factor) -> None:
        start.wait()
        try:
            enrolment.remove(desk, session, factor.id, browser.visit(0))
        except Exception as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in factors(desk, who)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(failed) == 1
    assert [one.status for one in factors(desk, who)].count(FactorStatus.ACTIVE) == 1


def test_nobody_touches_anothers_factor(desk: Desk, browser: Browser) -> None:
    _, _, session = signed_in(desk, browser)
    other = somebody(desk, "p-2")
    with_passkey(desk, other, browser)
    (theirs,) = factors(desk, other)
    for wanted in (theirs.id, FactorId("none")):
        with pytest.raises(RowMissing):
            enrolment.remove(desk, session, wanted, browser.visit())
        with pytest.raises(RowMissing):
            enrolment.rename(desk, session, wanted, "mine", browser.visit())


def test_a_factor_is_renamed_within_bounds(desk: Desk, browser: Browser) -> None:
    who, _, session = signed_in(desk, browser)
    (mine,) = factors(desk, who)
    for name, kept in (("  Blue\x00 key\n ", "Blue key"), ("x" * 200, "x" * 60), (" ", "x" * 60)):
        enrolment.rename(desk, session, mine.id, name, browser.visit())
        assert factors(desk, who)[0].public["name"] == kept


WINDOW = timedelta(days=1)


def first(desk: Desk, browser: Browser) -> Asked:
    result = sign_in.check_ldap(desk, "corp", "ada", lambda: account("ada"), browser.visit())
    assert isinstance(result, Asked)
    return result


@pytest.mark.parametrize("kind", ["passkey", "totp"])
@both
def test_6_who_is_new_may_enrol_within_the_companys_window(desk: Desk, browser: Browser, kind: str) -> None:
    who = somebody(desk, user_name="ada")
    open_ = policy(desk, enrolment_window=WINDOW)
    asked = first(open_, browser)
    assert (asked.enrols, asked.kinds) == (True, {ProofKind.PASSKEY, ProofKind.TOTP})
    if kind == "passkey":
        offer = first_factor.offer_passkey(open_, asked.flow, browser.visit())
        answer = Answer(offer.flow, Authenticator().create(offer.options, ORIGIN))
        result = first_factor.take_passkey(open_, answer, browser.visit())
    else:
        app = first_factor.offer_totp(open_, asked.flow, browser.visit())
        result = first_factor.take_totp(open_, Answer(app.flow, code_of(app, browser)), browser.visit())
    assert isinstance(result, SignedIn)
    assert (result.session.principal, result.session.assurance) == (who.id, 2)
    assert result.session.directory == "corp"


def test_6_under_level_3_only_what_reaches_it_may_be_enrolled(desk: Desk, browser: Browser) -> None:
    somebody(desk, user_name="ada")
    open_ = policy(desk, enrolment_window=WINDOW, preset=PRESETS["aal3"])
    with pytest.raises(SignInRefused, match="no_factor"):
        first(open_, browser)
    assert first(policy(open_, device_bound_is_aal3=True), browser).kinds == {ProofKind.PASSKEY}


@pytest.mark.parametrize("status", ["active", "removed", "suspended"])
def test_6_1_whoever_has_or_had_a_factor_never_enrols_on_a_first_proof(
    desk: Desk, browser: Browser, status: str
) -> None:
    who = somebody(desk, user_name="ada")
    open_ = policy(desk, enrolment_window=WINDOW)
    asked = first(open_, browser)
    device = with_passkey(desk, who, browser)
    if status != "active":
        with desk.database.writing() as connection:
            (mine,) = factor_store.of_principal(connection, who.id)
            factor_store.move(connection, mine, FactorStatus(status), browser.visit().act(who.id, "a test"))
        with pytest.raises(SignInRefused, match="no_factor"):
            first(open_, browser)
    else:
        assert not first(open_, browser).enrols
    assert device
    # The flow that was begun before leads nowhere either.
    with pytest.raises(SignInRefused, match="may not enrol"):
        first_factor.offer_passkey(open_, asked.flow, browser.visit())


def test_6_1_it_is_asked_again_when_the_factor_is_kept(desk: Desk, browser: Browser) -> None:
    who = somebody(desk, user_name="ada")
    open_ = policy(desk, enrolment_window=WINDOW)
    asked = first(open_, browser)
    offer = first_factor.offer_passkey(open_, asked.flow, browser.visit())
    with_passkey(desk, who, browser)
    answer = Answer(offer.flow, Authenticator().create(offer.options, ORIGIN))
    with pytest.raises(SignInRefused, match="may not enrol any more"):
        first_factor.take_passkey(open_, answer, browser.visit())
    assert len(factors(desk, who)) == 1


@pytest.mark.parametrize(("window", "after"), [(timedelta(0), 1), (WINDOW, 86_401)])
def test_6_2_outside_the_window_nobody_enrols_on_a_first_proof(
    desk: Desk, browser: Browser, window: timedelta, after: float
) -> None:
    somebody(desk, user_name="ada")
    browser.at += timedelta(seconds=after)
    with pytest.raises(SignInRefused, match="no_factor"):
        first(policy(desk, enrolment_window=window), browser)


def test_6_a_flow_that_asks_for_a_factor_does_not_enrol_one(desk: Desk, browser: Browser) -> None:
    who = somebody(desk, user_name="ada")
    with_app(desk, who, browser)
    asked = first(desk, browser)
    for offer in (first_factor.offer_passkey, first_factor.offer_totp):
        with pytest.raises(SignInRefused, match="may not enrol"):
            offer(policy(desk, enrolment_window=WINDOW), asked.flow, browser.visit())
