"""Signing in, from the first proof to the session; the names say which step of docs/sign-in.md each test breaks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.store.state.people import ACT
from tests.web.login.authenticator import Authenticator
from tests.web.login.conftest import (
    ORIGIN,
    App,
    Browser,
    account,
    both,
    by_passkey,
    in_directory,
    policy,
    somebody,
    with_app,
    with_passkey,
)
from watchword.errors import RowChanged, SignInRefused, SignInThrottled
from watchword.model.factors import FactorKind, FactorStatus
from watchword.model.lifecycle import IllegalMove
from watchword.model.login import Outcome, SignIn
from watchword.model.people import DirectoryState, PresenceState, Principal, PrincipalStatus
from watchword.pdp.presets import PRESETS, ProofKind, Trust
from watchword.store.state import factor_store, session_store, sign_ins
from watchword.store.state.accounts import ACCOUNTS
from watchword.store.state.people import DIRECTORIES, PRINCIPALS
from watchword.store.state.sign_ins import Wanted
from watchword.store.state.transition import Move, transition
from watchword.web.login import enrolment, own_password, sessions, sign_in
from watchword.web.login.desk import LOCAL, Desk
from watchword.web.login.progress import Asked, SignedIn, Word

AAL2 = PRESETS["aal2"]


def events(desk: Desk) -> list[SignIn]:
    with desk.database.reading() as connection:
        return list(reversed(sign_ins.read(connection, Wanted())))


def last(desk: Desk) -> tuple[Outcome, str]:
    event = events(desk)[-1]
    return event.outcome, event.reason


def by_ldap(desk: Desk, browser: Browser, name: str = "ada") -> sign_in.Result:
    return sign_in.check_ldap(desk, "corp", name, lambda: account(name), browser.visit())


def asked(result: sign_in.Result) -> Asked:
    assert isinstance(result, Asked), result
    return result


def suspend(desk: Desk, who: Principal) -> None:
    with desk.database.writing() as connection:
        transition(connection, Move(PRINCIPALS, who.id, who.version, PrincipalStatus.SUSPENDED), ACT)


def refuser() -> Any:
    raise SignInRefused("wrong password")


@both
def test_a_passkey_alone_signs_in_without_a_name(desk: Desk, browser: Browser) -> None:
    who = somebody(desk)
    device = with_passkey(desk, who, browser)
    result = by_passkey(desk, device, browser)
    held = sessions.resolve(desk.database, result.token, AAL2, browser.at)
    assert held is not None
    assert held.principal == who
    assert held.session.assurance == 2
    assert held.session.methods == ("hwk", "user", "mfa")
    assert held.session.device.startswith("d-")
    event = events(desk)[-1]
    assert (event.outcome, event.principal, event.session) == (Outcome.SUCCESS, who.id, held.session.id)
    assert (event.address, event.agent, event.methods) == (browser.address, "Browser/1", held.session.methods)


@both
def test_ldap_and_an_app_sign_in_together(desk: Desk, browser: Browser) -> None:
    app = with_app(desk, somebody(desk, user_name="ada"), browser)
    first = asked(by_ldap(desk, browser))
    assert (first.kinds, first.enrols) == ({ProofKind.TOTP}, False)
    result = browser.keep(sign_in.prove_totp(desk, first.flow, app.code(browser.at), browser.visit()))
    assert result.session.methods == ("pwd", "otp", "mfa")
    assert (result.session.directory, result.session.assurance) == ("corp", 2)
    assert [one.outcome for one in events(desk)] == [Outcome.CONTINUED, Outcome.SUCCESS]


@both
def test_1_5_a_passkey_may_be_the_second_proof_and_is_of_that_person_only(
    desk: Desk, browser: Browser
) -> None:
    ada, bob = somebody(desk, "p-1", "ada"), somebody(desk, "p-2", "bob")
    mine, other = with_passkey(desk, ada, browser), with_passkey(desk, bob, browser)
    first = asked(by_ldap(desk, browser))
    offer = sign_in.offer_passkey(desk, browser.visit(), first.flow)
    with pytest.raises(SignInRefused, match="somebody else"):
        sign_in.prove_passkey(
            desk,
            offer.flow,
            other.get(offer.options, ORIGIN, credential=other.credentials[0]),
            browser.visit(),
        )
    offer = sign_in.offer_passkey(desk, browser.visit(), first.flow)
    result = sign_in.prove_passkey(desk, offer.flow, mine.get(offer.options, ORIGIN), browser.visit())
    assert isinstance(result, SignedIn)
    assert result.session.principal == ada.id
    assert result.session.methods[:1] == ("pwd",)


@pytest.mark.parametrize(("acr", "signs_in"), [("urn:mfa", True), ("urn:other", False), ("", False)])
def test_1_4_an_identity_providers_word_is_enough_only_where_the_settings_say_so(
    desk: Desk, browser: Browser, acr: str, signs_in: bool
) -> None:
    with_app(desk, somebody(desk, user_name="ada", directory="idp"), browser)
    trusting = policy(desk, trust={"idp": Trust({"urn:mfa": 2})})
    result = sign_in.prove_federated(trusting, Word("idp", "uid-ada", acr, ("hwk",)), browser.visit())
    assert isinstance(result, SignedIn) is signs_in
    if isinstance(result, SignedIn):
        assert result.session.methods == ("fed", "mfa")


def test_1_2_an_account_leads_to_a_person_by_its_link_only(desk: Desk, browser: Browser) -> None:
    with_app(desk, somebody(desk, user_name="ada"), browser)
    for word in (Word("idp", "uid-ada"), Word("corp", "ada"), Word("corp", "UID-ADA")):
        with pytest.raises(SignInRefused, match="unknown_account"):
            sign_in.prove_federated(desk, word, browser.visit())
    with pytest.raises(SignInRefused, match="unknown_account"):
        sign_in.check_ldap(desk, "corp", "ada", lambda: account("ada", subject="new"), browser.visit())


@pytest.mark.parametrize("closed", ["gone", "disabled", "directory"])
@both
def test_1_2_a_door_that_was_closed_lets_nobody_in(desk: Desk, browser: Browser, closed: str) -> None:
    with_app(desk, somebody(desk, user_name="ada"), browser)
    assert asked(by_ldap(desk, browser))
    moves = {
        "gone": Move(ACCOUNTS, "a-corp-ada", 1, PresenceState.GONE),
        "disabled": Move(ACCOUNTS, "a-corp-ada", 1, None, {"enabled": False}),
        "directory": Move(DIRECTORIES, "corp", 1, DirectoryState.DISABLED),
    }
    with desk.database.writing() as connection:
        transition(connection, moves[closed], ACT)
    for attempt in (
        lambda: by_ldap(desk, browser),
        lambda: sign_in.prove_federated(desk, Word("corp", "uid-ada"), browser.visit()),
    ):
        with pytest.raises(SignInRefused, match="unknown_account"):
            attempt()


@pytest.mark.parametrize("how", ["passkey", "ldap", "totp", "federated"])
def test_1_3_who_may_not_come_is_refused_whatever_they_prove(desk: Desk, browser: Browser, how: str) -> None:
    who = somebody(desk, user_name="ada")
    device, app = with_passkey(desk, who, browser), with_app(desk, who, browser)
    first = asked(by_ldap(desk, browser))
    suspend(desk, who)
    attempts: dict[str, Callable[[], Any]] = {
        "passkey": lambda: by_passkey(desk, device, browser),
        "ldap": lambda: by_ldap(desk, browser),
        "totp": lambda: sign_in.prove_totp(desk, first.flow, app.code(browser.at), browser.visit()),
        "federated": lambda: sign_in.prove_federated(desk, Word("corp", "uid-ada"), browser.visit()),
    }
    with pytest.raises(SignInRefused, match="not_active"):
        attempts[how]()
    assert last(desk) == (Outcome.FAILURE, "not_active")


def test_1_7_a_first_proof_alone_leads_nowhere_where_there_is_no_factor(desk: Desk, browser: Browser) -> None:
    somebody(desk, user_name="ada")
    with pytest.raises(SignInRefused, match="no_factor"):
        by_ldap(desk, browser)


def test_1_5_under_level_3_only_what_reaches_it_is_asked_for(desk: Desk, browser: Browser) -> None:
    who = somebody(desk, user_name="ada")
    with_app(desk, who, browser)
    strict = policy(desk, preset=PRESETS["aal3"], device_bound_is_aal3=True)
    with pytest.raises(SignInRefused, match="no_factor"):
        by_ldap(strict, browser)
    synced = with_passkey(desk, who, browser, Authenticator(synced=True))
    with pytest.raises(SignInRefused, match="no_factor"):
        by_passkey(strict, synced, browser)
    bound = with_passkey(desk, who, browser)
    assert asked(by_ldap(strict, browser)).kinds == {ProofKind.PASSKEY}
    assert by_passkey(strict, bound, browser).session.assurance == 3


def test_under_level_1_a_first_proof_is_enough(desk: Desk, browser: Browser) -> None:
    somebody(desk, user_name="ada")
    result = by_ldap(policy(desk, preset=PRESETS["aal1"]), browser)
    assert isinstance(result, SignedIn)
    assert result.session.preset == "aal1"


@both
def test_5_an_assertion_cannot_be_replayed(desk: Desk, browser: Browser) -> None:
    device = with_passkey(desk, somebody(desk), browser)
    offer = sign_in.offer_passkey(desk, browser.visit())
    answer = device.get(offer.options, ORIGIN)
    sign_in.prove_passkey(desk, offer.flow, answer, browser.visit())
    with pytest.raises(SignInRefused, match="no such flow"):
        sign_in.prove_passkey(desk, offer.flow, answer, browser.visit())
    fresh = sign_in.offer_passkey(desk, browser.visit())
    with pytest.raises(SignInRefused, match="another challenge"):
        sign_in.prove_passkey(desk, fresh.flow, answer, browser.visit())


def test_5_a_wrong_answer_spends_the_challenge(desk: Desk, browser: Browser) -> None:
    device = with_passkey(desk, somebody(desk), browser)
    offer = sign_in.offer_passkey(desk, browser.visit())
    with pytest.raises(SignInRefused):
        sign_in.prove_passkey(desk, offer.flow, device.get(offer.options, ORIGIN, without=4), browser.visit())
    with pytest.raises(SignInRefused, match="no such flow"):
        sign_in.prove_passkey(desk, offer.flow, device.get(offer.options, ORIGIN), browser.visit())


def test_5_another_browser_cannot_finish_what_was_begun_here(desk: Desk, browser: Browser) -> None:
    device = with_passkey(desk, somebody(desk, user_name="ada"), browser)
    app = with_app(desk, somebody(desk, "p-2", "bob"), browser)
    offer = sign_in.offer_passkey(desk, browser.visit())
    first = asked(by_ldap(desk, browser, "bob"))
    other = Browser(at=browser.at)
    with pytest.raises(SignInRefused, match="no such flow"):
        sign_in.prove_passkey(desk, offer.flow, device.get(offer.options, ORIGIN), other.visit())
    with pytest.raises(SignInRefused, match="no such flow"):
        sign_in.prove_totp(desk, first.flow, app.code(other.at), other.visit())


@both
def test_5_8_a_passkey_whose_counter_falls_is_suspended_and_stays_so(desk: Desk, browser: Browser) -> None:
    who = somebody(desk)
    device = with_passkey(desk, who, browser)
    by_passkey(desk, device, browser)
    with pytest.raises(SignInRefused, match="counter_fell"):
        by_passkey(desk, device, browser, count=1)
    assert last(desk) == (Outcome.FAILURE, "counter_fell")
    with pytest.raises(SignInRefused, match="passkey_not_active"):
        by_passkey(desk, device, browser)
    with desk.database.reading() as connection:
        (factor,) = factor_store.of_principal(connection, who.id)
    assert factor.status is FactorStatus.SUSPENDED


@pytest.mark.parametrize("counts", [True, False])
def test_a_passkey_signs_in_again_and_again(desk: Desk, browser: Browser, counts: bool) -> None:
    device = with_passkey(desk, somebody(desk), browser, Authenticator(counts=counts, synced=not counts))
    assert {by_passkey(desk, device, browser).session.principal for _ in range(3)} == {"p-1"}


@both
def test_5_7_that_a_passkey_is_backed_up_now_is_written_down(desk: Desk, browser: Browser) -> None:
    who = somebody(desk)
    device = with_passkey(desk, who, browser, Authenticator(synced=True))
    by_passkey(desk, device, browser, without=0x10)
    with desk.database.reading() as connection:
        (factor,) = factor_store.of_principal(connection, who.id)
    assert factor.public["backed_up"] is False
    assert factor.public["name"] == "Laptop"


@both
def test_7_2_a_code_is_taken_once_in_whatever_browser(desk: Desk, browser: Browser) -> None:
    app = with_app(desk, somebody(desk, user_name="ada"), browser)
    other = Browser(address="198.51.100.9", at=browser.at)
    here, there = asked(by_ldap(desk, browser)), asked(by_ldap(desk, other))
    code = app.code(browser.at)
    sign_in.prove_totp(desk, here.flow, code, browser.visit())
    with pytest.raises(SignInRefused, match="replayed_code"):
        sign_in.prove_totp(desk, there.flow, code, other.visit())
    with pytest.raises(SignInRefused, match="replayed_code"):
        sign_in.prove_totp(desk, there.flow, app.code(browser.at, -1), other.visit())
    assert sign_in.prove_totp(desk, there.flow, app.code(browser.at, 1), other.visit())


def test_7_2_of_many_who_bring_a_code_at_once_one_signs_in(desk: Desk, browser: Browser) -> None:
    app = with_app(desk, somebody(desk, user_name="ada"), browser)
    code = app.code(browser.at)
    # Each from a network of its own, so that no throttle helps.
    browsers = [Browser(address=f"198.51.{n}.1", at=browser.at) for n in range(5)]
    flows = [asked(by_ldap(desk, one)).flow for one in browsers]
    won: list[Any] = []
    start = threading.Barrier(5)

    def run(one: Browser, flow: str) -> None:
        start.wait()
        try:
            won.append(sign_in.prove_totp(desk, flow, code, one.visit()))
        except SignInRefused:
            return

    threads = [threading.Thread(target=run, args=pair) for pair in zip(browsers, flows, strict=True)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(won) == 1


def test_a_wrong_code_may_be_followed_by_a_right_one(desk: Desk, browser: Browser) -> None:
    app = with_app(desk, somebody(desk, user_name="ada"), browser)
    first = asked(by_ldap(desk, browser))
    for wrong in ("", "000000" if app.code(browser.at) != "000000" else "000001", "１２３４５６", "12345678"):
        with pytest.raises(SignInRefused, match="wrong_code"):
            sign_in.prove_totp(desk, first.flow, wrong, browser.visit())
    assert sign_in.prove_totp(desk, first.flow, app.code(browser.at), browser.visit())


def test_a_flow_of_a_first_proof_ends_after_minutes_and_with_its_use(desk: Desk, browser: Browser) -> None:
    app = with_app(desk, somebody(desk, user_name="ada"), browser)
    first = asked(by_ldap(desk, browser))
    with pytest.raises(SignInRefused, match="no such flow"):
        sign_in.prove_totp(desk, first.flow, app.code(browser.at), browser.visit(600))
    first = asked(by_ldap(desk, browser))
    sign_in.prove_totp(desk, first.flow, app.code(browser.at), browser.visit())
    with pytest.raises(SignInRefused, match="no such flow"):
        sign_in.prove_totp(desk, first.flow, app.code(browser.at, 1), browser.visit(30))


@both
def test_3_2_who_knows_the_password_only_is_held_up_and_the_owner_is_not(
    desk: Desk, browser: Browser
) -> None:
    who = somebody(desk, user_name="ada")
    device, app = with_passkey(desk, who, browser), with_app(desk, who, browser)
    first = asked(by_ldap(desk, browser))
    browser.keep(sign_in.prove_totp(desk, first.flow, app.code(browser.at), browser.visit()))
    attackers = [Browser(address=f"203.0.{n}.1", at=browser.at) for n in range(12)]
    waits = [_wait(desk, attacker) for attacker in attackers for _ in range(3)]
    held_up = sum(wait > 0 for wait in waits)
    assert held_up == 36 - 10
    # The owner, in the browser that is known, is not held up; nor is a passkey anywhere.
    again = asked(by_ldap(desk, browser))
    browser.at += timedelta(seconds=60)
    assert browser.keep(sign_in.prove_totp(desk, again.flow, app.code(browser.at), browser.visit()))
    assert by_passkey(desk, device, Browser(address="203.0.1.1", at=browser.at))
    assert last(desk)[0] is Outcome.SUCCESS
    assert len([one for one in events(desk) if one.outcome is Outcome.THROTTLED]) == 1


def _wait(desk: Desk, attacker: Browser) -> float:
    """Seconds for which an attempt with a wrong password is held up; 0: it was looked at."""
    try:
        sign_in.check_ldap(desk, "corp", "ada", refuser, attacker.visit())
    except SignInThrottled as error:
        return error.seconds
    except SignInRefused:
        return 0
    raise AssertionError("a wrong password has signed somebody in")


def with_password(
    desk: Desk, who: Principal, browser: Browser, password: str = "four words by chance"
) -> None:
    in_directory(desk, who, "ada", LOCAL)
    session = by_passkey(desk, with_passkey(desk, who, browser), browser).session
    own_password.choose(desk, session, password, "ada", browser.visit())
    browser.known = ""


@both
def test_7_3_a_password_and_an_app_sign_in_together(desk: Desk, browser: Browser) -> None:
    who = somebody(desk)
    with_password(desk, who, browser)
    app = with_app(desk, who, browser)
    first = asked(sign_in.prove_password(desk, " ADA ", "four words by chance", browser.visit()))
    assert first.kinds == {ProofKind.TOTP, ProofKind.PASSKEY}
    result = browser.keep(sign_in.prove_totp(desk, first.flow, app.code(browser.at), browser.visit()))
    assert result.session.directory == "local"
    assert len(result.session.factors) == 2


@pytest.mark.parametrize(
    ("name", "password", "reason"),
    [
        ("ada", "four words by chanc", "wrong_password"),
        ("ada", "", "wrong_password"),
        ("bob", "four words by chance", "unknown_account"),
        ("", "four words by chance", "unknown_account"),
        ("a\0da", "four words by chance", "unknown_account"),
        ("\ud800", "\ud800", "unknown_account"),
        ("ada", "x" * 5000, "wrong_password"),
    ],
)
def test_1_2_a_wrong_name_and_a_wrong_password_are_told_alike_and_cost_alike(
    sqlite_desk: Desk,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    password: str,
    reason: str,
) -> None:
    desk = sqlite_desk
    with_password(desk, somebody(desk), browser)
    from argon2 import PasswordHasher

    hashes: list[str] = []
    plain = PasswordHasher.verify

    def counted(self: PasswordHasher, kept: str, given: str) -> bool:
        hashes.append(kept)
        return plain(self, kept, given)

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    with pytest.raises(SignInRefused, match=reason) as refused:
        sign_in.prove_password(desk, name, password, browser.visit())
    assert len(hashes) == 1
    assert password not in refused.value.diagnosis() or not password
    assert last(desk) == (Outcome.FAILURE, reason)


def test_7_3_a_password_that_is_changed_while_it_is_checked_signs_nobody_in(
    desk: Desk, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from watchword.web.login import passwords

    who = somebody(desk)
    with_password(desk, who, browser)
    session = by_passkey(desk, with_passkey(desk, who, browser), browser).session
    verify = passwords.verify

    def changed_meanwhile(kept: bytes | None, password: str) -> bool:
        right = verify(kept, password)
        own_password.choose(desk, session, "another long password", "ada", browser.visit())
        return right

    monkeypatch.setattr(passwords, "verify", changed_meanwhile)
    with pytest.raises(SignInRefused, match="factor_changed"):
        sign_in.prove_password(desk, "ada", "four words by chance", browser.visit())


def test_7_3_where_passwords_are_off_the_right_one_is_wrong(desk: Desk, browser: Browser) -> None:
    with_password(desk, somebody(desk), browser)
    with pytest.raises(SignInRefused, match="wrong_password"):
        sign_in.prove_password(policy(desk, passwords=False), "ada", "four words by chance", browser.visit())


def test_7_4_a_password_is_hashed_anew_when_parameters_change(
    desk: Desk, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from argon2 import PasswordHasher

    from watchword.store.state import vault
    from watchword.web.login import passwords

    who = somebody(desk)
    with_password(desk, who, browser)
    monkeypatch.setattr(passwords, "_hasher", lambda: PasswordHasher(2, 20_000, 1))
    assert asked(sign_in.prove_password(desk, "ada", "four words by chance", browser.visit()))
    with desk.database.reading() as connection:
        (factor,) = factor_store.active(connection, who.id, FactorKind.PASSWORD)
        assert b"m=20000" in vault.get(connection, desk.vault, factor.secret)
    assert asked(sign_in.prove_password(desk, "ada", "four words by chance", browser.visit()))


@both
def test_another_password_ends_the_old_one_and_other_sessions(desk: Desk, browser: Browser) -> None:
    who = somebody(desk)
    with_password(desk, who, browser)
    device = with_passkey(desk, who, browser)
    elsewhere, here = by_passkey(desk, device, browser), by_passkey(desk, device, browser)
    own_password.choose(desk, here.session, "another long password", "ada", browser.visit())
    assert sessions.resolve(desk.database, elsewhere.token, AAL2, browser.at) is None
    assert sessions.resolve(desk.database, here.token, AAL2, browser.at) is not None
    with pytest.raises(SignInRefused):
        sign_in.prove_password(desk, "ada", "four words by chance", browser.visit())
    assert asked(sign_in.prove_password(desk, "ada", "another long password", browser.visit()))
    with pytest.raises(enrolment.ProveAgain):
        own_password.choose(desk, here.session, "yet another password", "ada", browser.visit(901))


@both
def test_8_8_proving_again_rotates_the_session(desk: Desk, browser: Browser) -> None:
    who = somebody(desk, user_name="ada")
    app, device = with_app(desk, who, browser), with_passkey(desk, who, browser)
    first = asked(by_ldap(desk, browser))
    weak = browser.keep(sign_in.prove_totp(desk, first.flow, app.code(browser.at), browser.visit()))
    offer = sign_in.offer_again(desk, weak.session, browser.visit(1000))
    strong = sign_in.again_passkey(
        desk, weak.session, offer.flow, device.get(offer.options, ORIGIN), browser.visit()
    )
    assert strong.token != weak.token
    assert strong.session.authenticated == browser.at
    assert strong.session.absolute_end == weak.session.absolute_end
    assert strong.session.methods == ("hwk", "user", "mfa")
    assert sessions.resolve(desk.database, weak.token, AAL2, browser.at) is None
    assert sessions.resolve(desk.database, strong.token, AAL2, browser.at) is not None
    # A code afterwards is a weaker proof: what was proved by the passkey is not carried over as fresh.
    later = sign_in.again_totp(desk, strong.session, app.code(browser.at), browser.visit())
    assert later.session.methods == ("otp",)
    assert later.session.assurance == 2


def test_8_8_another_sessions_flow_proves_nothing(desk: Desk, browser: Browser) -> None:
    device = with_passkey(desk, somebody(desk), browser)
    one, other = by_passkey(desk, device, browser), by_passkey(desk, device, browser)
    offer = sign_in.offer_again(desk, one.session, browser.visit())
    with pytest.raises(SignInRefused, match="another_session"):
        sign_in.again_passkey(
            desk, other.session, offer.flow, device.get(offer.options, ORIGIN), browser.visit()
        )
    plain = sign_in.offer_passkey(desk, browser.visit())
    with pytest.raises(SignInRefused, match="another purpose"):
        sign_in.again_passkey(
            desk, one.session, plain.flow, device.get(plain.options, ORIGIN), browser.visit()
        )
    again = sign_in.offer_again(desk, one.session, browser.visit())
    with pytest.raises(SignInRefused, match="another purpose"):
        sign_in.prove_passkey(desk, again.flow, device.get(again.options, ORIGIN), browser.visit())


def test_8_8_a_session_that_is_over_cannot_be_proved_again(desk: Desk, browser: Browser) -> None:
    device = with_passkey(desk, somebody(desk), browser)
    one = by_passkey(desk, device, browser)
    offer = sign_in.offer_again(desk, one.session, browser.visit())
    sessions.revoke(desk.database, one.session.id, ACT)
    with pytest.raises((IllegalMove, RowChanged)):
        sign_in.again_passkey(
            desk, one.session, offer.flow, device.get(offer.options, ORIGIN), browser.visit()
        )
    with desk.database.reading() as connection:
        assert not session_store.of_principal(connection, one.session.principal)


def test_a_browser_without_flow_cookie_begins_nothing(desk: Desk) -> None:
    bare = replace(Browser().visit(), browser="")
    with pytest.raises(SignInRefused, match="flow cookie"):
        sign_in.offer_passkey(desk, bare)


def test_no_secret_is_ever_shown(desk: Desk, browser: Browser) -> None:
    who = somebody(desk, user_name="ada")
    app, device = with_app(desk, who, browser), with_passkey(desk, who, browser)
    first = asked(by_ldap(desk, browser))
    result = by_passkey(desk, device, browser)
    shown = repr((first, result, browser.visit(), desk, events(desk)))
    for secret in (first.flow, result.token, browser.known, browser.cookie, app.seed):
        assert secret not in shown


def test_the_app_of_the_tests_is_the_one_of_the_standard() -> None:
    # RFC 6238, appendix B, of which six digits.
    import base64
    from datetime import UTC, datetime

    seed = base64.b32encode(b"12345678901234567890").decode()
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        assert App(seed).code(datetime.fromtimestamp(seconds, UTC)) == code
