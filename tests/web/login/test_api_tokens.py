"""Tokens of programs (docs/sign-in.md, step 11)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.store.state.people import ACT
from tests.web.login.conftest import Browser, both, somebody
from watchword.errors import RowMissing, UsageError
from watchword.model.lifecycle import IllegalMove
from watchword.model.people import PrincipalId, PrincipalStatus
from watchword.store.state import session_store
from watchword.store.state.people import PRINCIPALS
from watchword.store.state.transition import Move, transition
from watchword.web.login import api_tokens
from watchword.web.login.api_tokens import Issued, Wish, is_formed, issue, resolve, revoke
from watchword.web.login.desk import Desk

WISH = Wish("robot", ("write", "read", "read"), timedelta(days=30))


def made(desk: Desk, browser: Browser, wish: Wish = WISH) -> Issued:
    return issue(desk.database, somebody(desk).id, wish, browser.visit())


def test_a_token_is_found_by_its_secret_which_is_not_kept(desk: Desk, browser: Browser) -> None:
    one = made(desk, browser)
    assert one.secret.startswith("ww_")
    assert one.secret not in repr(one)
    found = resolve(desk.database, one.secret, browser.at)
    assert found is not None
    token, principal = found
    assert (token.id, token.scopes, principal.id) == (one.token.id, ("read", "write"), "p-1")
    assert one.secret not in repr(found)
    assert resolve(desk.database, one.token.digest, browser.at) is None


@pytest.mark.parametrize("at", [0, 2, 3, 20, 45, 46, 51])
def test_a_mistyped_token_is_refused_by_its_checksum(at: int) -> None:
    secret = api_tokens.form("A" * 43)
    assert is_formed(secret)
    changed = secret[:at] + ("B" if secret[at] != "B" else "C") + secret[at + 1 :]
    assert not is_formed(changed)
    for other in ("", secret[:-1], secret + "A", secret + "\n", "ww_" + "ä" * 49):
        assert not is_formed(other)


@both
def test_a_token_ends_by_time_by_its_owner_and_with_its_owner(desk: Desk, browser: Browser) -> None:
    one = made(desk, browser)
    assert resolve(desk.database, one.secret, browser.at + timedelta(days=30)) is None
    with pytest.raises(RowMissing):
        revoke(desk.database, one.token.id, ACT, of=PrincipalId("p-2"))
    with desk.database.writing() as connection:
        transition(connection, Move(PRINCIPALS, "p-1", 1, PrincipalStatus.SUSPENDED), ACT)
    assert resolve(desk.database, one.secret, browser.at) is None
    with desk.database.writing() as connection:
        transition(connection, Move(PRINCIPALS, "p-1", 2, PrincipalStatus.ACTIVE), ACT)
    assert resolve(desk.database, one.secret, browser.at) is not None
    revoke(desk.database, one.token.id, ACT, of=PrincipalId("p-1"))
    assert resolve(desk.database, one.secret, browser.at) is None
    with pytest.raises(IllegalMove):
        revoke(desk.database, one.token.id, ACT)


@pytest.mark.parametrize(
    "wish",
    [
        Wish("", ("read",), timedelta(days=1)),
        Wish("x", (), timedelta(days=1)),
        Wish("x", ("admin",), timedelta(days=1)),
        Wish("x", ("read", "scim:"), timedelta(days=1)),
        Wish("x", ("scim:a b",), timedelta(days=1)),
        Wish("x", ("read\n",), timedelta(days=1)),
        Wish("x", ("read",), timedelta(0)),
        Wish("x", ("read",), timedelta(days=366)),
    ],
)
def test_a_token_that_cannot_be_is_refused(desk: Desk, browser: Browser, wish: Wish) -> None:
    with pytest.raises(UsageError):
        made(desk, browser, wish)


def test_there_is_an_end_to_tokens(desk: Desk, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_tokens, "MOST", 2)
    who = somebody(desk).id
    for _ in range(2):
        issue(desk.database, who, WISH, browser.visit())
    with pytest.raises(UsageError, match="already"):
        issue(desk.database, who, WISH, browser.visit())
    with desk.database.reading() as connection:
        assert len(session_store.tokens_of(connection, who)) == 2
    assert issue(desk.database, who, WISH, browser.visit(86400 * 31))


@both
def test_when_a_token_was_used_is_written_now_and_then(desk: Desk, browser: Browser) -> None:
    one = made(desk, browser)
    for seconds, seen in ((0, 0), (59, 0), (60, 60)):
        resolve(desk.database, one.secret, browser.at + timedelta(seconds=seconds))
        with desk.database.reading() as connection:
            kept = session_store.get_token(connection, one.token.id)
        assert kept is not None
        assert kept.last_used == browser.at + timedelta(seconds=seen)
