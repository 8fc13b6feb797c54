"""What people do with people: each refusal, and that what ends ends whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from tests.access.fakes import NOW, FakeDirectory, guest, kinds, later, members, owner, people, sync
from watchword.access import accounts, guests, roles
from watchword.access import people as room
from watchword.errors import Forbidden, RowExists, RowMissing, UsageError, WatchwordError
from watchword.model.accounts import ProposalState
from watchword.model.factors import Factor, FactorId, FactorKind, FactorStatus, Secret, SecretId
from watchword.model.lifecycle import IllegalMove
from watchword.model.people import Principal, PrincipalId, PrincipalKind, PrincipalStatus
from watchword.model.roles import Role
from watchword.model.sessions import ApiToken, Session, SessionId, TokenId
from watchword.store.state import factor_store, people_store, session_store
from watchword.store.state.database import Database
from watchword.store.state.factors import secret_row, secrets
from watchword.store.state.invitations import by_token
from watchword.store.state.people_store import Search
from watchword.store.state.transition import Act

BY = Act("p-admin", NOW, "a test")


def randomness(count: int) -> bytes:
    randomness.calls += 1  # type: ignore[attr-defined]
    return randomness.calls.to_bytes(count, "big")  # type: ignore[attr-defined]


randomness.calls = 0  # type: ignore[attr-defined]


def act(by: str = "p-admin", days: float = 0, why: str = "a test") -> Act:
    return Act(by, later(days), why)


def put(database: Database, name: str, **values: Any) -> Principal:
    told: dict[str, Any] = {"kind": PrincipalKind.USER, "status": PrincipalStatus.ACTIVE} | values
    made = Principal(PrincipalId(name), told.pop("kind"), f"Person {name}", told.pop("status"), NOW, **told)
    with database.writing() as connection:
        people_store.add(connection, made, BY)
    return made


def arm(database: Database, name: str) -> None:
    """Give somebody a factor with a secret, a session and a token."""
    with database.writing() as connection:
        secret = Secret(SecretId(f"sec-{name}"), "k", b"x", NOW)
        connection.execute(secrets.insert().values(secret_row(secret)))
        mine = Factor(
            FactorId(f"f-{name}"),
            PrincipalId(name),
            FactorKind.PASSKEY,
            FactorStatus.ACTIVE,
            NOW,
            secret=secret.id,
            handle=f"h-{name}",
        )
        factor_store.add(connection, mine, BY)
        session_store.add(
            connection, Session(SessionId(f"s-{name}"), PrincipalId(name), 2, (), NOW, NOW, later(1)), BY
        )
        token = ApiToken(TokenId(f"t-{name}"), PrincipalId(name), f"d-{name}", "x", (), NOW, later(9))
        session_store.add_token(connection, token, BY)


def administrator(database: Database, name: str) -> None:
    put(database, name)
    arm(database, name)
    roles.assign(database, name, Role.ADMINISTRATOR, act("cli:uid-0"))


def status(database: Database, name: str) -> str:
    return people(database)[name].status.value


def test_an_invited_person_has_an_account_of_ours_and_a_token_that_is_found(database: Database) -> None:
    made = room.invite(database, room.Newcomer("Anna", "anna", "anna@example.com"), BY, randomness)
    assert made.token not in repr(made)
    told = room.identity(database, made.principal.id)
    assert told.principal.status is PrincipalStatus.INVITED
    assert [one.read.user_name for one in told.accounts] == ["anna"]
    with database.reading() as connection:
        found = by_token(connection, made.token, NOW)
    assert found is not None
    assert found.principal == made.principal.id


@pytest.mark.parametrize("again", ["anna", "ANNA", "ａｎｎａ"])
def test_a_user_name_is_given_once_in_any_case_and_form(database: Database, again: str) -> None:
    room.invite(database, room.Newcomer("Anna", "anna"), BY, randomness)
    with pytest.raises(RowExists):
        room.invite(database, room.Newcomer("Another", again), BY, randomness)
    assert len(people(database)) == 1


@pytest.mark.parametrize(
    ("name", "user", "mail"),
    [
        ("", "a", ""),
        ("A", " ", ""),
        ("A\n", "a", ""),
        ("A", "a", "nobody"),
        ("A", "a" * 201, ""),
        ("A", "a", "@x"),
    ],
)
def test_nobody_is_invited_under_what_is_no_name(name: str, user: str, mail: str) -> None:
    with pytest.raises(UsageError):
        room.Newcomer(name, user, mail)


def test_who_is_suspended_has_no_session_and_no_token_left(database: Database) -> None:
    put(database, "p-1")
    arm(database, "p-1")
    assert room.suspend(database, "p-1", BY) == 2
    told = room.identity(database, "p-1")
    assert (told.principal.status, told.sessions) == (PrincipalStatus.SUSPENDED, ())
    room.resume(database, "p-1", act())
    assert status(database, "p-1") == "active"


def test_who_has_ended_keeps_nothing_and_does_not_come_back(database: Database) -> None:
    put(database, "p-1")
    arm(database, "p-1")
    assignment = roles.assign(database, "p-1", Role.AUDITOR, BY)
    room.end(database, "p-1", act())
    told = room.identity(database, "p-1")
    assert {one.status for one in told.factors} == {FactorStatus.REMOVED}
    assert told.sessions == ()
    assert not roles.every(database, principal="p-1")
    assert [one.id for one in told.roles] == [assignment.id]
    with database.reading() as connection:
        assert connection.execute(select(secrets)).first() is None
    for again in (room.resume, room.suspend, room.end):
        with pytest.raises(IllegalMove):
            again(database, "p-1", act())


def test_the_end_of_somebody_leaves_one_record_of_each_thing(database: Database) -> None:
    put(database, "p-1")
    arm(database, "p-1")
    before = len(kinds(database))
    room.end(database, "p-1", act())
    assert Counter(kinds(database, before)) == {
        "principal.ended": 1,
        "session.revoked": 1,
        "api_token.revoked": 1,
        "factor.removed": 1,
    }


@pytest.mark.parametrize("deed", [room.suspend, room.end], ids=["suspend", "end"])
def test_the_last_administrator_stays(database: Database, deed: Callable[..., object]) -> None:
    administrator(database, "p-1")
    administrator(database, "p-2")
    deed(database, "p-1", act("p-2"))
    before = len(kinds(database))
    with pytest.raises(Forbidden, match="no administrator"):
        deed(database, "p-2", act("p-2"))
    assert (status(database, "p-2"), len(kinds(database))) == ("active", before)


def test_an_administrator_without_a_factor_does_not_count_as_one_who_can_sign_in(database: Database) -> None:
    administrator(database, "p-1")
    put(database, "p-2")
    roles.assign(database, "p-2", Role.ADMINISTRATOR, BY)
    with pytest.raises(Forbidden, match="no administrator"):
        room.suspend(database, "p-1", act("p-2"))


def test_the_last_administrators_role_cannot_be_ended(database: Database) -> None:
    administrator(database, "p-1")
    (held,) = roles.every(database)
    with pytest.raises(Forbidden, match="no administrator"):
        roles.end(database, held.id, act("p-1"))
    administrator(database, "p-2")
    roles.end(database, held.id, act("p-2"))
    with pytest.raises(IllegalMove):
        roles.end(database, held.id, act("p-2"))


def refused_assignments(
    database: Database,
) -> list[tuple[type[WatchwordError], str, Role, Act, float | None]]:
    put(database, "p-user")
    put(database, "p-gone", status=PrincipalStatus.ACTIVE)
    room.end(database, "p-gone", act())
    put(database, "p-program", kind=PrincipalKind.WORKLOAD)
    put(database, "p-guest", kind=PrincipalKind.GUEST, sponsor=PrincipalId("p-user"), end_date=later(30))
    roles.assign(database, "p-program", Role.AUDITOR, act())
    return [
        (Forbidden, "p-user", Role.ADMINISTRATOR, act("p-user"), None),
        (Forbidden, "p-guest", Role.AUDITOR, act(), None),
        (Forbidden, "p-program", Role.APPROVER, act(), None),
        (Forbidden, "p-gone", Role.AUDITOR, act(), None),
        (RowExists, "p-program", Role.AUDITOR, act(), None),
        (UsageError, "p-user", Role.USER, act(), None),
        (UsageError, "p-user", Role.AUDITOR, act(why=" "), None),
        (UsageError, "p-user", Role.AUDITOR, act(), -1),
        (RowMissing, "p-nobody", Role.AUDITOR, act(), None),
    ]


def test_a_role_is_refused_to_whom_it_may_not_be_given(database: Database) -> None:
    for error, to, role, by, days in refused_assignments(database):
        with pytest.raises(error):
            roles.assign(database, to, role, by, None if days is None else later(days))
    assert len(roles.every(database)) == 1


def test_a_guest_needs_an_active_sponsor_and_an_end_within_a_year(database: Database) -> None:
    put(database, "p-1")
    put(database, "p-2")
    room.suspend(database, "p-2", act())
    who = room.Newcomer("Gus", "gus")
    for error, sponsor, days in (
        (Forbidden, "p-2", 30),
        (Forbidden, "nobody", 30),
        (UsageError, "p-1", 0),
        (UsageError, "p-1", 367),
        (UsageError, "p-1", -1),
    ):
        with pytest.raises(error):
            guests.invite(database, who, guests.Stay(sponsor, later(days)), BY, randomness)
    made = guests.invite(database, who, guests.Stay("p-1", later(366)), BY, randomness)
    assert (made.principal.kind, made.principal.sponsor) == (PrincipalKind.GUEST, "p-1")
    with pytest.raises(Forbidden):
        guests.invite(
            database, room.Newcomer("H", "h"), guests.Stay(made.principal.id, later(3)), BY, randomness
        )


def test_a_guest_is_extended_by_others_only_and_while_somebody_answers(database: Database) -> None:
    put(database, "p-1")
    put(database, "p-2")
    made = guests.invite(
        database, room.Newcomer("Gus", "gus"), guests.Stay("p-1", later(30)), BY, randomness
    ).principal.id
    with pytest.raises(Forbidden, match="themselves"):
        guests.extend(database, made, later(60), act(made))
    room.suspend(database, "p-1", act())
    with pytest.raises(Forbidden, match="sponsor"):
        guests.extend(database, made, later(60), act())
    guests.extend(database, made, later(60), act(), sponsor="p-2")
    assert (people(database)[made].end_date, people(database)[made].sponsor) == (later(60), "p-2")
    with pytest.raises(Forbidden, match="only a guest"):
        guests.extend(database, "p-2", later(60), act())


def test_guests_whose_time_is_over_end_and_no_others(database: Database) -> None:
    put(database, "p-1")
    for number, days in enumerate((10, 20)):
        put(
            database,
            f"p-g{number}",
            kind=PrincipalKind.GUEST,
            sponsor=PrincipalId("p-1"),
            end_date=later(days),
        )
        arm(database, f"p-g{number}")
    assert guests.end_overdue(database, later(10)) == 1
    assert [status(database, one) for one in ("p-g0", "p-g1", "p-1")] == ["ended", "active", "active"]
    assert guests.end_overdue(database, later(10)) == 0


def test_a_guests_account_is_adopted_by_a_sponsor(database: Database) -> None:
    put(database, "p-1")
    one = FakeDirectory().add("s0").add(**guest("g1")).team("visitors", "g1")
    sync(database, one)
    stay = guests.Stay("p-1", later(60))
    made = guests.adopt(database, "corp", "g1", stay, act())
    assert (made.kind, made.sponsor, members(database, "visitors")) == (PrincipalKind.GUEST, "p-1", {"g1"})
    for subject in ("g1", "s0"):
        with pytest.raises(Forbidden):
            guests.adopt(database, "corp", subject, stay, act())
    assert sync(database, one, later(1)).faults == ()


def two_directories(database: Database) -> str:
    """Two accounts with one user name in two directories; the id of the proposal."""
    sync(database, FakeDirectory().add("s1", user_name="anna"))
    sync(database, FakeDirectory("shop", "oidc").add("t1", user_name="Anna").team("buyers", "t1"))
    (proposal,) = accounts.proposals(database)
    return proposal.id


def test_an_accepted_proposal_moves_the_account_and_ends_what_was_held_back(database: Database) -> None:
    proposal = two_directories(database)
    held = owner(database, "shop/t1")
    assert held.status is PrincipalStatus.INVITED
    accounts.accept(database, proposal, act())
    assert owner(database, "shop/t1") == owner(database, "corp/s1")
    assert people(database)[held.id].status is PrincipalStatus.ENDED
    assert members(database, "buyers") <= {"s1", "t1"}
    with pytest.raises(IllegalMove):
        accounts.reject(database, proposal, act())


def test_a_rejected_proposal_lets_the_newcomer_be_active_and_is_not_made_again(database: Database) -> None:
    proposal = two_directories(database)
    assert accounts.reject(database, proposal, act())
    assert owner(database, "shop/t1").status is PrincipalStatus.ACTIVE
    sync(database, FakeDirectory("shop", "oidc").add("t1", user_name="Anna"), later(1))
    assert accounts.proposals(database) == []
    assert [one.state for one in accounts.proposals(database, state=None)] == [ProposalState.REJECTED]


def test_nobody_decides_about_their_own_accounts(database: Database) -> None:
    proposal = two_directories(database)
    for name in ("corp/s1", "shop/t1"):
        own = act(owner(database, name).id)
        for deed in (accounts.accept, accounts.reject):
            with pytest.raises(Forbidden, match="their own"):
                deed(database, proposal, own)
        with pytest.raises(Forbidden, match="their own"):
            accounts.link(database, "shop", "t1", owner(database, "corp/s1").id, own)


def test_an_account_is_linked_and_split_by_hand(database: Database) -> None:
    two_directories(database)
    first = owner(database, "corp/s1")
    accounts.link(database, "shop", "t1", first.id, act())
    assert {one.read.subject for one in room.identity(database, first.id).accounts} == {"s1", "t1"}
    made = accounts.unlink(database, "shop", "t1", act())
    assert (made.status, owner(database, "shop/t1").id) == (PrincipalStatus.INVITED, made.id)
    with pytest.raises(Forbidden, match="only account"):
        accounts.unlink(database, "shop", "t1", act())
    accounts.confirm(database, made.id, act())
    assert status(database, made.id) == "active"


def test_who_is_moved_loses_their_sessions(database: Database) -> None:
    two_directories(database)
    first = owner(database, "corp/s1").id
    accounts.link(database, "shop", "t1", first, act())
    arm(database, first)
    accounts.unlink(database, "shop", "t1", act())
    assert room.identity(database, first).sessions == ()


def test_a_user_and_a_guest_are_never_one_even_by_hand(database: Database) -> None:
    sync(database, FakeDirectory().add("s1").add(**guest("g1", "s1")))
    with pytest.raises(Forbidden, match="cannot be that of a user"):
        accounts.link(database, "corp", "g1", owner(database, "corp/s1").id, act())


def test_a_directory_does_not_resume_whom_a_person_wants_suspended_too(database: Database) -> None:
    one = FakeDirectory().add("s1")
    sync(database, one)
    one.set("s1", enabled=False)
    sync(database, one, later(1))
    room.suspend(database, owner(database, "corp/s1").id, act(days=1))
    one.set("s1", enabled=True)
    sync(database, one, later(2))
    assert owner(database, "corp/s1").status is PrincipalStatus.SUSPENDED
    room.resume(database, owner(database, "corp/s1").id, act(days=3))
    assert owner(database, "corp/s1").status is PrincipalStatus.ACTIVE


def test_nobody_is_resumed_whom_no_directory_lets_in(database: Database) -> None:
    one = FakeDirectory().add("s1")
    sync(database, one)
    one.set("s1", enabled=False)
    sync(database, one, later(1))
    with pytest.raises(Forbidden, match="usable account"):
        room.resume(database, owner(database, "corp/s1").id, act(days=1))


def test_people_are_found_by_name_user_name_and_address_page_by_page(database: Database) -> None:
    one = FakeDirectory()
    for number in range(5):
        one.add(
            f"s{number}", user_name=f"u{number}", mail=f"M{number}@Example.com", display_name=f"Änne {number}"
        )
    sync(database, one)
    for words, count in (("m3@ex", 1), ("U2", 1), ("nne", 5), ("%", 0), ("nobody", 0)):
        assert len(room.find(database, Search(words=words))) == count
    seen: list[str] = []
    while page := room.find(database, Search(after=seen[-1] if seen else "", most=2, directory="corp")):
        seen += [one.id for one in page]
    assert seen == sorted(people(database))


def test_everything_about_somebody_is_in_one_value(database: Database) -> None:
    sync(database, FakeDirectory().add("s1").team("staff", "s1"))
    id_ = owner(database, "corp/s1").id
    arm(database, id_)
    told = room.identity(database, id_)
    assert [one.display for one in told.groups] == ["Staff"]
    assert (len(told.factors), len(told.sessions), len(told.tokens)) == (1, 1, 1)
    assert {"principal.created", "account.created", "account.linked"} <= {one.kind for one in told.history}
    with pytest.raises(RowMissing):
        room.identity(database, "p-nobody")
