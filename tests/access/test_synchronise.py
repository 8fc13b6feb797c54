"""A directory brought into the tables: what is new, changed, gone, believed and not believed."""

from __future__ import annotations

import itertools
import threading
from collections import Counter

import pytest
from sqlalchemy import select

from tests.access.fakes import (
    NOW,
    FakeDirectory,
    kinds,
    later,
    members,
    owner,
    owners,
    people,
    records,
    states,
    sync,
    together,
)
from tests.store.state.conftest import New
from watchword.errors import DirectoryError, DirectoryUnreachable, UsageError
from watchword.model.directory import DirectoryFault, DirectoryGroup
from watchword.model.people import DirectoryId, DirectoryState, PrincipalStatus
from watchword.model.sessions import Session, SessionId
from watchword.store.state import directory_records
from watchword.store.state.database import Database
from watchword.store.state.people import DIRECTORIES, PRINCIPALS
from watchword.store.state.session_store import add as add_session
from watchword.store.state.sessions import sessions
from watchword.store.state.transition import Act, Move, transition

ACT = Act("p-admin", NOW)


def corp(count: int = 3) -> FakeDirectory:
    made = FakeDirectory()
    for number in range(count):
        made.add(f"s{number}")
    return made


def sign_in(database: Database, account: str) -> str:
    id_ = f"session-{account}"
    made = Session(SessionId(id_), owner(database, account).id, 2, (), NOW, NOW, later(1))
    with database.writing() as connection:
        add_session(connection, made, ACT)
    return id_


def session_state(database: Database, id_: str) -> str:
    with database.reading() as connection:
        return str(connection.scalar(select(sessions.c.state).where(sessions.c.id == id_)))


def test_each_new_account_gets_a_principal_of_its_own(database: Database) -> None:
    told = sync(database, corp())
    assert told.counts == {"accounts": 3, "groups": 0, "created": 3, "new": 3}
    assert len(set(owners(database).values())) == 3
    assert {one.status for one in people(database).values()} == {PrincipalStatus.ACTIVE}
    assert Counter(kinds(database)) == {
        "directory.created": 1,
        "account.created": 3,
        "principal.created": 3,
        "account.linked": 3,
    }


def test_the_same_reading_twice_changes_nothing_and_leaves_no_record(database: Database) -> None:
    one = corp().team("staff", "s0", "s1", groups=("all",)).team("all", "s2", groups=("staff",))
    sync(database, one)
    before = len(records(database))
    told = sync(database, one, later(1))
    assert len(records(database)) == before
    assert set(told.counts) == {"accounts", "groups"}


def test_a_reading_that_breaks_off_changes_nothing_and_is_told(database: Database) -> None:
    one = corp()
    sync(database, one)
    one.set("s0", display_name="Another")
    one.breaks_after = 2
    before = len(records(database))
    with pytest.raises(DirectoryUnreachable):
        sync(database, one, later(1))
    assert len(records(database)) == before
    with database.reading() as connection:
        row = directory_records.require(connection, "corp")
    assert (row.last_sync, row.last_attempt, row.last_error) == (NOW, later(1), "it is down")


def test_who_is_gone_is_suspended_and_their_session_revoked(database: Database) -> None:
    one = corp()
    sync(database, one)
    session = sign_in(database, "corp/s1")
    one.drop("s1")
    told = sync(database, one, later(1))
    assert (told.counts["gone"], told.suspended, told.ended) == (1, 1, 1)
    assert owner(database, "corp/s1").status is PrincipalStatus.SUSPENDED
    assert session_state(database, session) == "revoked"
    assert states(database) == {"s0": "present", "s1": "gone", "s2": "present"}


def test_a_disabled_account_ends_the_session_of_its_person(database: Database) -> None:
    one = corp()
    sync(database, one)
    session = sign_in(database, "corp/s1")
    one.set("s1", enabled=False)
    sync(database, one, later(1))
    assert owner(database, "corp/s1").status is PrincipalStatus.SUSPENDED
    assert session_state(database, session) == "revoked"


def test_an_account_that_comes_to_its_end_suspends_its_person_though_nothing_else_changed(
    database: Database,
) -> None:
    one = corp()
    one.set("s1", expires=later(2))
    sync(database, one)
    session = sign_in(database, "corp/s1")
    assert sync(database, one, later(1)).suspended == 0
    assert sync(database, one, later(2)).suspended == 1
    assert session_state(database, session) == "revoked"
    assert sync(database, one, later(3)).suspended == 0
    one.set("s1", expires=None)
    assert sync(database, one, later(4)).resumed == 1


def test_a_locked_account_suspends_nobody_since_anybody_can_lock_it(database: Database) -> None:
    one = corp()
    sync(database, one)
    session = sign_in(database, "corp/s1")
    one.set("s1", locked=True)
    sync(database, one, later(1))
    assert owner(database, "corp/s1").status is PrincipalStatus.ACTIVE
    assert session_state(database, session) == "active"


def test_who_comes_back_enabled_goes_on(database: Database) -> None:
    one = corp()
    sync(database, one)
    one.set("s1", enabled=False)
    sync(database, one, later(1))
    one.set("s1", enabled=True)
    assert sync(database, one, later(2)).resumed == 1
    assert owner(database, "corp/s1").status is PrincipalStatus.ACTIVE


def test_who_comes_back_stays_suspended_until_the_directory_says_enabled(database: Database) -> None:
    one = corp()
    sync(database, one)
    one.drop("s1")
    sync(database, one, later(1))
    one.add("s1", enabled=None)
    sync(database, one, later(2))
    assert owner(database, "corp/s1").status is PrincipalStatus.SUSPENDED


def test_whom_a_person_has_suspended_no_directory_resumes(database: Database) -> None:
    one = corp()
    sync(database, one)
    held = owner(database, "corp/s1")
    with database.writing() as connection:
        transition(connection, Move(PRINCIPALS, held.id, held.version, PrincipalStatus.SUSPENDED), ACT)
    one.set("s1", enabled=False)
    sync(database, one, later(1))
    one.set("s1", enabled=True)
    sync(database, one, later(2))
    assert owner(database, "corp/s1").status is PrincipalStatus.SUSPENDED


def test_who_has_another_usable_account_is_not_suspended_but_signs_in_again(database: Database) -> None:
    one = corp()
    two = FakeDirectory("shop", "oidc", {"authoritative": ["employee_number"]})
    one.settings = {"authoritative": ["employee_number"]}
    one.set("s1", employee_number="E17")
    two.add("t1", employee_number="e17")
    sync(database, one)
    sync(database, two)
    session = sign_in(database, "corp/s1")
    one.set("s1", enabled=False)
    sync(database, one, later(1))
    assert owner(database, "corp/s1").status is PrincipalStatus.ACTIVE
    assert session_state(database, session) == "revoked"


def test_a_directory_that_lost_more_than_half_is_not_believed_unless_forced(database: Database) -> None:
    one = corp(20).team("staff", "s0", "s19")
    sync(database, one)
    one.drop(*(f"s{number}" for number in range(9, 20)))
    one.team("staff", "s0")
    told = sync(database, one, later(1))
    assert (told.believed, told.counts.get("gone")) == (False, None)
    assert "nothing is marked gone" in told.faults[0].what
    assert set(states(database).values()) == {"present"}
    assert members(database, "staff") == {"s0", "s19"}
    assert sync(database, one, later(2), force=True).counts["gone"] == 11
    assert members(database, "staff") == {"s0"}


def test_an_empty_directory_is_refused(database: Database) -> None:
    one = corp(2)
    sync(database, one)
    one.drop("s0", "s1")
    with pytest.raises(DirectoryError, match="no account at all"):
        sync(database, one, later(1))
    assert set(states(database).values()) == {"present"}


def test_an_id_that_comes_twice_is_not_believed_and_the_account_stays_as_it_was(database: Database) -> None:
    one = corp()
    sync(database, one)
    fake = FakeDirectory().add("s1", display_name="Impostor", enabled=False)
    one.people = [*fake.people, *one.people, *FakeDirectory().add("new").add("new").people]
    told = sync(database, one, later(1))
    assert [fault.where for fault in told.faults] == ["account new", "account s1"]
    assert "more than once" in told.faults[0].what
    assert "new" not in states(database)
    assert (owner(database, "corp/s1").display_name, states(database)["s1"]) == ("Person s1", "present")
    assert owner(database, "corp/s1").status is PrincipalStatus.ACTIVE


def test_an_account_that_could_not_be_read_is_not_gone(database: Database) -> None:
    one = corp()
    one.set("s1", attributes={"dn": "uid=s1,dc=example"})
    sync(database, one)
    one.drop("s1", "s2")
    one.faults = [DirectoryFault("uid=s1,dc=example", "it has no uid")]
    sync(database, one, later(1))
    assert states(database) == {"s0": "present", "s1": "present", "s2": "gone"}


def test_what_cannot_be_kept_is_told_and_the_rest_goes_on(database: Database) -> None:
    one = corp(1).add("s1", display_name="x" * 3_000).add("a\nb").add("s2", attributes={"height": 1.5})
    one.add("s3", mail="a\0b")
    told = sync(database, one)
    assert told.counts["created"] == 1
    assert len(told.faults) == 4


def test_a_guest_without_sponsor_gets_no_principal_and_is_told(database: Database) -> None:
    from tests.access.fakes import guest

    one = corp(1).add(**guest("g1")).add(**guest("g2", "s0")).add(**guest("g3", "s0", days=None))
    one.add(**guest("g4", "s0", days=800)).add(**guest("g5", "g2"))
    told = sync(database, one)
    assert set(owners(database)) == {"corp/s0", "corp/g2"}
    assert owner(database, "corp/g2").sponsor == owner(database, "corp/s0").id
    assert sorted(one.where for one in told.faults) == [f"account g{number}" for number in (1, 3, 4, 5)]


def test_a_disabled_directory_is_not_read(database: Database) -> None:
    one = corp()
    sync(database, one)
    with database.writing() as connection:
        transition(connection, Move(DIRECTORIES, "corp", 1, DirectoryState.DISABLED), ACT)
    with pytest.raises(DirectoryError, match="disabled"):
        sync(database, one, later(1))


def test_a_directory_that_becomes_another_kind_is_refused(database: Database) -> None:
    one = corp()
    sync(database, one)
    one.kind = "saml"
    with pytest.raises(UsageError, match="was ldap"):
        sync(database, one)


def test_members_through_groups_and_circles_are_counted_once(database: Database) -> None:
    one = corp(4).team("a", "s0", groups=("b",)).team("b", "s1", groups=("c",)).team("c", "s2", groups=("a",))
    one.team("d", "s3", groups=("d",)).team("e", groups=("c", "nowhere"))
    told = sync(database, one)
    for name in "abce":
        assert members(database, name) == {"s0", "s1", "s2"}
    assert members(database, "d") == {"s3"}
    assert sorted(one.what for one in told.faults) == [
        "3 groups are within each other",
        "the group is within itself",
    ]


def test_who_leaves_an_inner_group_leaves_the_outer_one_with_a_record(database: Database) -> None:
    one = corp().team("outer", groups=("inner",)).team("inner", "s0", "s1")
    sync(database, one)
    start = len(records(database))
    one.team("inner", "s0")
    sync(database, one, later(1))
    assert members(database, "outer") == {"s0"}
    gone = owner(database, "corp/s1").id
    changes = [one for one in records(database)[start:] if one["kind"] == "group.members_changed"]
    assert [one["after"] for one in changes] == [{"added": [], "removed": [gone]}] * 2


def test_a_group_that_is_gone_has_no_members_and_comes_back(database: Database) -> None:
    one = corp().team("outer", groups=("inner",)).team("inner", "s0")
    sync(database, one)
    inner = one.teams.pop()
    one.team("outer")
    sync(database, one, later(1))
    assert members(database, "inner") == members(database, "outer") == set()
    one.teams.append(inner)
    sync(database, one, later(2))
    assert members(database, "inner") == {"s0"}


def test_a_large_group_is_told_in_records_of_five_hundred(database: Database) -> None:
    one = corp(1_201)
    one.teams.append(
        DirectoryGroup(DirectoryId("corp"), "all", "All", tuple(f"s{number}" for number in range(1_201)))
    )
    sync(database, one)
    sizes = [len(r["after"]["added"]) for r in records(database) if r["kind"] == "group.members_changed"]
    assert sizes == [500, 500, 201]


def test_a_kill_between_batches_is_made_good_by_the_next_reading(database: Database) -> None:
    one = corp(5).team("staff", "s0", "s4")

    class Killed(BaseException):
        pass

    drawn = iter(range(100))

    def ids(at: object) -> str:
        number = next(drawn)
        if number == 8:
            raise Killed
        return f"{number:04}"

    with pytest.raises(Killed):
        sync(database, one, ids=ids)
    told = sync(database, one, later(1))
    assert told.counts["accounts"] == 5
    assert len(owners(database)) == 5
    assert members(database, "staff") == {"s0", "s4"}
    assert Counter(kinds(database))["account.created"] == 5


def test_memberships_that_a_kill_left_undone_are_worked_out_next_time(database: Database) -> None:
    one = corp(2).team("staff", "s0", "s1")
    sync(database, one)
    from watchword.store.state.people import memberships
    from watchword.store.state.transition import touch

    with database.writing() as connection:
        connection.execute(memberships.delete())
        touch(connection, DIRECTORIES, "corp", counts={"unfinished": 1})
    sync(database, one, later(1))
    assert members(database, "staff") == {"s0", "s1"}


def test_of_two_directories_that_are_read_at_once_everybody_is_one(url: str) -> None:
    both = {"authoritative": ["employee_number"]}
    readers = [FakeDirectory(name, "ldap", both) for name in ("a", "b")]
    for reader in readers:
        for number in range(60):
            reader.add(f"{reader.name}{number}", employee_number=f"E1{number:03}")
    start, failed = threading.Barrier(2), []

    def read(reader: FakeDirectory) -> None:
        with Database.open(url) as mine:
            start.wait()
            try:
                sync(mine, reader)
            except Exception as error:  # noqa: BLE001 - told below
                failed.append(error)

    threads = [threading.Thread(target=read, args=(one,)) for one in readers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with Database.open(url) as database:
        assert together(database) == {frozenset({f"a/a{number}", f"b/b{number}"}) for number in range(60)}


def test_readings_are_linked_alike_in_whatever_order_directories_come(new: New) -> None:
    def company() -> list[FakeDirectory]:
        vouched = {"authoritative": ["employee_number"]}
        a, b, c = (FakeDirectory(name, "ldap", dict(vouched)) for name in "abc")
        a.add("1", employee_number="E11").add("2", employee_number="E22").add("3", employee_number="E33")
        b.add("1", employee_number="e11").add("2", employee_number="E22").add("4", employee_number="E22")
        c.add("1", employee_number="Ｅ11").add("3", employee_number="E33").add("5", user_name="2")
        return [a, b, c]

    found = []
    for number, order in enumerate(itertools.permutations(range(3))):
        with Database.open(new(f"order{number}")) as database:
            for place in order:
                sync(database, company()[place])
            found.append(together(database))
    assert all(one == found[0] for one in found)
    assert frozenset({"a/1", "b/1", "c/1"}) in found[0]
    assert frozenset({"a/2"}) in found[0]
