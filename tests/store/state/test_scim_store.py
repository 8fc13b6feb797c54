"""SCIM resources in the database do as those in memory, leave one record each, and take effect at once."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event, func, insert, select, text

from tests.store.state.conftest import New
from tests.store.state.people import NOW, add, after, person
from tests.web.scim.memory import ACME, CALLER, OTHER, Memory, at, counted
from tests.web.scim.samples import group, patch, rich, user
from watchword.errors import DatabaseDenied, RowChanged, RowExists, RowMissing
from watchword.model.accounts import Account, AccountKey
from watchword.model.directory import AccountKind, DirectoryAccount
from watchword.model.people import Directory, DirectoryState, Group, GroupId, Identity, PrincipalId
from watchword.model.scim import Caller, Query, ScimKind, ScimRefused, Stored
from watchword.model.sessions import ApiToken, Session, SessionId, SessionState, TokenId, TokenState
from watchword.store.audit import journal
from watchword.store.state.accounts import ACCOUNTS, account_of, account_row, accounts
from watchword.store.state.batch import Batch
from watchword.store.state.database import Database
from watchword.store.state.people import (
    GROUPS,
    directories,
    directory_row,
    group_members,
    group_row,
    identities,
    identity_row,
)
from watchword.store.state.scim_effects import ScimChange, nothing
from watchword.store.state.scim_find import PAGE
from watchword.store.state.scim_store import SqlScimStore
from watchword.store.state.scim_values import account
from watchword.store.state.sessions import API_TOKENS, SESSIONS, api_tokens, session_row, sessions, token_row
from watchword.store.state.transition import Act, Journal, create
from watchword.web.scim.catalogue import ENTERPRISE_URN, TYPES, USERS
from watchword.web.scim.listing import Question, query
from watchword.web.scim.projection import Projection
from watchword.web.scim.service import Condition, ScimService, ScimStore

USER, GROUP = ScimKind.USER, ScimKind.GROUP
ANY = Condition()


def set_up(database: Database) -> None:
    with database.writing() as connection:
        for one in (ACME, OTHER):
            connection.execute(insert(directories), [directory_row(Directory(one, "scim", str(one)))])


@pytest.fixture
def store(database: Database) -> SqlScimStore:
    set_up(database)
    return SqlScimStore(Batch(database), nothing, counted())


@pytest.fixture
def service(store: SqlScimStore) -> ScimService:
    return ScimService(store)


def records(database: Database) -> list[dict[str, Any]]:
    with database.reading() as connection:
        return [json.loads(one.entry) for one in journal.read(connection)]


def change(path: str, value: Any, op: str = "replace") -> dict[str, Any]:
    return patch({"op": op, "path": path, "value": value})


def test_a_user_is_kept_with_what_others_ask_for(database: Database, service: ScimService) -> None:
    made = service.create(CALLER, USER, rich())
    with database.reading() as connection:
        kept = account_of(connection.execute(select(accounts)).mappings().one())
    assert (kept.id, kept.read.subject, kept.external_id) == (made.id, made.id, "701984")
    assert kept.read.user_name == "bjensen@acme.example"
    assert (kept.read.display_name, kept.read.mail) == ("Babs Jensen", "bjensen@acme.example")
    assert (kept.read.employee_number, kept.read.manager) == ("701984", "26118915")
    assert (kept.read.enabled, kept.read.kind) == (True, AccountKind.USER)
    assert (kept.first_seen, kept.last_seen, kept.read.mail_verified) == (NOW, NOW, None)


COLUMNS: list[tuple[dict[str, Any], str, str, str]] = [
    ({}, "u", "", "user"),
    ({"name": {"givenName": "Ada", "familyName": "L"}}, "Ada L", "", "user"),
    ({"name": {"formatted": "Dr Ada L", "givenName": "Ada"}}, "Dr Ada L", "", "user"),
    ({"emails": [{"value": "h@x", "type": "home"}, {"value": "w@x", "type": "Work"}]}, "u", "w@x", "user"),
    ({"emails": [{"value": "w@x", "type": "work"}, {"value": "p@x", "primary": True}]}, "u", "p@x", "user"),
    ({"emails": [{"value": "ΐ" * 1_000}]}, "u", "", "user"),
    ({"name": {"givenName": "a" * 1_000, "familyName": "b" * 1_000}}, "a" * 1_000 + " " + "b" * 999, "", "user"),
    ({"userType": "GUEST"}, "u", "", "guest"),
]  # fmt: skip


def test_columns_are_taken_from_the_document(database: Database, service: ScimService) -> None:
    for more, display, mail, kind in COLUMNS:
        made = service.create(CALLER, USER, user("u", **more))
        with database.reading() as connection:
            row = connection.execute(select(accounts).where(accounts.c.id == made.id)).mappings().one()
        read = account_of(row).read
        assert (read.display_name, read.mail, read.kind) == (display, mail, kind)
        service.delete(CALLER, USER, made.id, ANY)


def test_each_change_leaves_its_record_without_what_is_personal(
    database: Database, service: ScimService
) -> None:
    made = service.create(replace(CALLER, request="r-1"), USER, rich())
    service.patch(at(1), USER, made.id, change("active", False), ANY)
    tours = service.create(at(2), GROUP, group("Tours", made.id))
    service.delete(at(3), USER, made.id, ANY)
    found = records(database)
    assert [one["kind"] for one in found] == [
        "account.created", "account.amended", "group.created", "group.members_added",
        "account.gone", "group.amended", "group.members_removed",
    ]  # fmt: skip
    assert {one["actor"] for one in found} == {"directory:d-acme"}
    assert found[0]["request"] == "r-1"
    assert found[3]["after"] == {"members": [made.id]}
    assert found[1]["after"]["enabled"] is False
    for word in ("jensen", "Babs", "Tour Guide", "701984", "26118915"):
        assert word not in json.dumps(found)
    assert service.read(CALLER, GROUP, tours.id).version == 2


def sign_in(database: Database, store: SqlScimStore, subject: str, name: str = "p-1") -> None:
    """A principal with an account, an open session and an API token."""
    with database.writing() as connection:
        who = PrincipalId(name)
        connection.execute(insert(identities), [identity_row(Identity(ACME, subject, who, NOW))])
        one = Session(SessionId(f"s-{name}"), who, 2, (), NOW, NOW, after(60), "", "", SessionState.ACTIVE)
        create(connection, SESSIONS, session_row(one), Act(name, NOW))
        token = ApiToken(TokenId(f"t-{name}"), who, f"digest-{name}", "x", (), NOW, after(60))
        create(connection, API_TOKENS, token_row(token), Act(name, NOW))


def states(database: Database) -> tuple[list[str], list[str]]:
    with database.reading() as connection:
        return (
            sorted(connection.scalars(select(sessions.c.state))),
            sorted(connection.scalars(select(api_tokens.c.state))),
        )


ENDS: dict[str, Callable[[ScimService, str], object]] = {
    "deleted": lambda service, id_: service.delete(at(1), USER, id_, ANY),
    "patched": lambda service, id_: service.patch(
        at(1), USER, id_, change("active", "False", "Replace"), ANY
    ),
    "replaced": lambda service, id_: service.replace(at(1), USER, id_, user("u", active=False), ANY),
}


@pytest.mark.parametrize("how", sorted(ENDS))
def test_who_is_no_longer_active_has_no_session_and_no_token_left(
    database: Database, store: SqlScimStore, service: ScimService, how: str
) -> None:
    add(database, person("p-1"), person("p-2"))
    one, two = (service.create(CALLER, USER, user(name)) for name in ("u", "v"))
    sign_in(database, store, one.id)
    sign_in(database, store, two.id, "p-2")
    ENDS[how](service, one.id)
    assert states(database) == (
        [SessionState.ACTIVE, SessionState.REVOKED],
        [TokenState.ACTIVE, TokenState.REVOKED],
    )
    assert [one["subject"] for one in records(database)][-2:] == ["s-p-1", "t-p-1"]


def test_tokens_of_somebody_with_another_account_go_on_while_sessions_end(
    database: Database, store: SqlScimStore, service: ScimService
) -> None:
    add(database, person("p-1"))
    one = service.create(CALLER, USER, user("u"))
    two = service.create(Caller(OTHER, NOW), USER, user("u"))
    sign_in(database, store, one.id)
    with database.writing() as connection:
        connection.execute(
            insert(identities), [identity_row(Identity(OTHER, two.id, PrincipalId("p-1"), NOW))]
        )
    service.delete(at(1), USER, one.id, ANY)
    assert states(database) == ([SessionState.REVOKED], [TokenState.ACTIVE])
    service.delete(at(2, OTHER), USER, two.id, ANY)
    assert states(database) == ([SessionState.REVOKED], [TokenState.REVOKED])


def test_a_change_that_is_no_end_leaves_sessions(
    database: Database, store: SqlScimStore, service: ScimService
) -> None:
    add(database, person("p-1"))
    one = service.create(CALLER, USER, user("u"))
    sign_in(database, store, one.id)
    service.patch(at(1), USER, one.id, change("title", "x"), ANY)
    assert states(database) == ([SessionState.ACTIVE], [TokenState.ACTIVE])


def test_what_follows_is_told_and_undoes_the_change_if_it_fails(database: Database) -> None:
    set_up(database)
    told: list[ScimChange] = []

    def follow(_: Connection, what: ScimChange, __: Act, ___: Journal) -> None:
        told.append(what)
        if what.gone:
            raise DatabaseDenied("not today")

    service = ScimService(SqlScimStore(Batch(database), follow, counted()))
    one = service.create(CALLER, USER, user("u"))
    tours = service.create(CALLER, GROUP, group("Tours", one.id))
    service.patch(at(1), GROUP, tours.id, patch({"op": "remove", "path": "members"}), ANY)
    assert told == [
        ScimChange(ACME, USER, one.id, enabled=True),
        ScimChange(ACME, GROUP, tours.id, added=frozenset({one.id})),
        ScimChange(ACME, GROUP, tours.id, removed=frozenset({one.id})),
    ]
    before = len(records(database))
    with pytest.raises(DatabaseDenied):
        service.delete(at(2), USER, one.id, ANY)
    assert service.read(CALLER, USER, one.id).version == 1
    assert len(records(database)) == before


def test_a_disabled_directory_takes_no_change(database: Database, service: ScimService) -> None:
    one = service.create(CALLER, USER, user("u"))
    with database.writing() as connection:
        connection.execute(directories.update().values(state=DirectoryState.DISABLED.value))
    for attempt in (
        lambda: service.create(CALLER, USER, user("v")),
        lambda: service.patch(CALLER, USER, one.id, change("title", "x"), ANY),
        lambda: service.delete(CALLER, USER, one.id, ANY),
    ):
        with pytest.raises(ScimRefused) as refused:
            attempt()
        assert refused.value.status == 403


def test_a_deleted_user_is_kept_as_gone_and_the_name_is_free(
    database: Database, service: ScimService
) -> None:
    one = service.create(CALLER, USER, user("u"))
    service.delete(at(1), USER, one.id, ANY)
    again = service.create(at(2), USER, user("U"))
    assert again.id != one.id
    with database.reading() as connection:
        kept = {row.id: row.state for row in connection.execute(select(accounts.c.id, accounts.c.state))}
    assert kept == {one.id: "gone", again.id: "present"}
    assert service.find(CALLER, USER, Question(), "")["totalResults"] == 1


def test_compare_and_set_lets_one_of_many_through(
    database: Database, store: SqlScimStore, service: ScimService
) -> None:
    one = service.create(CALLER, USER, user("u"))
    together = threading.Barrier(6)

    def attempt(number: int) -> str:
        together.wait()
        try:
            store.replace(CALLER, USER, one, {"userName": "u", "title": str(number)})
        except RowChanged:
            return "outrun"
        return "done"

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(attempt, range(6))) == ["done"] + ["outrun"] * 5
    with pytest.raises(RowChanged):
        store.delete(CALLER, USER, one)


def test_of_many_who_take_one_name_at_once_one_gets_it(database: Database, service: ScimService) -> None:
    together = threading.Barrier(6)

    def attempt(number: int) -> int:
        together.wait()
        try:
            service.create(CALLER, USER, user("Ada" if number % 2 else "ADA"))
        except ScimRefused as refused:
            return refused.status
        return 201

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(attempt, range(6))) == [201] + [409] * 5


def test_another_directorys_rows_are_not_there(service: ScimService, store: SqlScimStore) -> None:
    one = service.create(CALLER, USER, user("u"))
    tours = service.create(CALLER, GROUP, group("Tours", one.id))
    stranger = Caller(OTHER, NOW)
    assert store.read(stranger, USER, one.id) is None
    assert store.find(stranger, Query(GROUP)).total == 0
    assert store.find(stranger, query(TYPES[USER], Question(f'id eq "{one.id}"'))).total == 0
    for attempt in (
        lambda: store.replace(stranger, USER, one, {"userName": "x"}),
        lambda: store.replace(stranger, GROUP, tours, {"displayName": "x"}),
        lambda: store.delete(stranger, USER, one),
        lambda: store.delete(stranger, GROUP, tours),
    ):
        with pytest.raises(RowMissing):
            attempt()


def test_a_kind_is_not_found_under_another(service: ScimService, store: SqlScimStore) -> None:
    one = service.create(CALLER, USER, user("u"))
    assert store.read(CALLER, GROUP, one.id) is None
    with pytest.raises(RowMissing):
        store.delete(CALLER, GROUP, one)


def test_what_no_column_can_hold_is_found_nowhere(store: SqlScimStore, service: ScimService) -> None:
    service.create(CALLER, USER, user("u"))
    service.create(CALLER, GROUP, group("Tours"))
    for path in ("id", "userName", "externalId", "groups.value", "displayName", "members.value"):
        kind = TYPES[GROUP if path in ("members.value", "displayName") else USER]
        for wrong in ("", "\0", "\ud800", "x" * 3_000, "nobody"):
            asked = query(kind, Question(f"{path} eq {json.dumps(wrong)}"))
            assert store.find(CALLER, asked).total == 0, (path, wrong)


def test_a_directory_larger_than_a_page_is_read_whole(database: Database, store: SqlScimStore) -> None:
    fill(database, PAGE + 10)
    asked = query(USERS, Question('title eq "even"', start=500, count=3))
    found = store.find(CALLER, asked)
    assert (found.total, [one.document["userName"] for one in found.resources]) == (
        505,
        ["u0998", "u1000", "u1002"],
    )
    ordered = store.find(CALLER, query(USERS, Question(sort_by="userName", descending=True, count=2)))
    assert (ordered.total, [one.document["userName"] for one in ordered.resources]) == (
        1010,
        ["u1009", "u1008"],
    )
    page = store.find(CALLER, Query(USER, start=1_008, count=5))
    assert (page.total, [one.document["userName"] for one in page.resources]) == (1010, ["u1008", "u1009"])


def fill(database: Database, count: int) -> None:
    """Many users, written past the audit."""
    rows = []
    for number in range(count):
        document = {"userName": f"u{number:04}", "title": "odd" if number % 2 else "even"}
        rows.append(account_row(account(f"id-{number:06}", ACME, document, NOW)))
    with database.writing() as connection:
        connection.execute(insert(accounts), rows)


INDEXED = {
    'userName eq "Ada"': "ix_accounts_directory_user_name_key",
    'externalId eq "7"': "ix_accounts_directory_external_id",
    'active eq true and userName eq "Ada"': "ix_accounts_directory_user_name_key",
}


@pytest.mark.parametrize("filter_", sorted(INDEXED))
def test_an_equality_is_answered_by_an_index(new: New, filter_: str) -> None:
    if new.kind != "sqlite":
        pytest.skip("PostgreSQL scans a table as small as a test's whatever the index")
    with Database.open(new()) as database:
        set_up(database)
        fill(database, 50)
        seen: list[str] = []

        @event.listens_for(database.engine, "before_cursor_execute")
        def noted(connection: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
            if "FROM accounts" in statement and "EXPLAIN" not in statement:
                plan = connection.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
                seen.append(str(plan))

        SqlScimStore(Batch(database)).find(CALLER, query(USERS, Question(filter_)))
    assert len(seen) == 1
    assert INDEXED[filter_] in seen[0]


# --- as in memory ------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["ada", "Ada", "bob", "Straße", "STRASSE", "eve"])
NUMBERS = st.integers(1, 8).map(lambda number: f"id-{number:04}")
USERS_SENT = st.builds(
    user,
    NAMES,
    active=st.sampled_from([True, False, "False", None]),
    externalId=st.sampled_from(["1", "2", "x"]),
    title=st.sampled_from(["", "Guide", "guide", "Ünï"]),
    **{ENTERPRISE_URN: st.sampled_from([{}, {"department": "Tours"}])},
)
GROUPS_SENT = st.builds(lambda name, members: group(name, *members), NAMES, st.lists(NUMBERS, max_size=3))
CHANGES = st.sampled_from(
    [
        change("active", False),
        change("title", "New"),
        change("externalId", None),
        patch({"op": "remove", "path": "title"}),
        change("displayName", "Renamed"),
        patch({"op": "remove", "path": "members"}),
        patch({"op": "remove", "path": 'members[value eq "id-0001"]'}),
        change("members", [{"value": "id-0002"}, {"value": "id-0003"}], "add"),
        change("members", [{"value": "id-0004"}]),
    ]
)
FILTERS = st.sampled_from(
    [
        "", 'userName eq "ADA"', 'userName eq "strasse"', 'externalId eq "X"', 'externalId eq "x"', 'id eq "id-0002"', 'id eq "ID-0002"',
        'active eq true and userName eq "ada"', 'userName eq "ada" or externalId eq "2"', 'not (userName eq "ada")',
        'displayName eq "ADA"', 'members eq "id-0001"', 'members[value eq "id-0001"]', 'members.value eq "id-0003" and id eq "id-0004"',
        'groups.value eq "id-0004"', 'groups.display eq "bob"', 'title pr', 'meta.lastModified gt "2026-03-01T12:00:03Z"',
        f'{ENTERPRISE_URN}:department eq "tours"', 'userName ne "ada"',
    ]
)  # fmt: skip
QUESTIONS = st.builds(
    Question,
    FILTERS,
    start=st.integers(-1, 4),
    count=st.integers(0, 3),
    sort_by=st.sampled_from(["", "userName", "displayName", "externalId", "title", "meta.created"]),
    descending=st.booleans(),
    projection=st.sampled_from(
        [Projection(), Projection(excluded=("members", "groups")), Projection(("userName",))]
    ),
)
KINDS = st.sampled_from(ScimKind)
STEPS = st.one_of(
    st.tuples(st.just("create"), st.just(USER), USERS_SENT),
    st.tuples(st.just("create"), st.just(GROUP), GROUPS_SENT),
    st.tuples(st.just("replace"), st.just(USER), NUMBERS, USERS_SENT),
    st.tuples(st.just("replace"), st.just(GROUP), NUMBERS, GROUPS_SENT),
    st.tuples(st.just("patch"), KINDS, NUMBERS, CHANGES),
    st.tuples(st.just("delete"), KINDS, NUMBERS),
    st.tuples(st.just("read"), KINDS, NUMBERS),
    st.tuples(st.just("find"), KINDS, QUESTIONS),
    st.tuples(st.just("search"), QUESTIONS.map(lambda one: replace(one, sort_by=""))),
)


def outcome(service: ScimService, caller: Caller, step: tuple[Any, ...]) -> object:
    """What a step gives, or how it is refused."""
    what, *rest = step
    more = {"replace": [ANY], "patch": [ANY], "delete": [ANY], "find": ["b"], "search": ["b"]}.get(what, [])
    try:
        return getattr(service, what)(caller, *rest, *more)
    except ScimRefused as refused:
        return (refused.status, refused.scim_type)


@settings(
    max_examples=30,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(STEPS, min_size=8, max_size=24))
def test_the_database_answers_as_the_memory_does(database: Database, steps: list[tuple[Any, ...]]) -> None:
    with database.writing() as connection:
        for table in ("group_members", "groups", "accounts", "directories"):
            connection.execute(text(f"DELETE FROM {table}"))
    set_up(database)
    ours, theirs = (
        ScimService(store) for store in (SqlScimStore(Batch(database), nothing, counted()), Memory())
    )
    for number, step in enumerate(steps):
        caller = at(number)
        assert outcome(ours, caller, step) == outcome(theirs, caller, step), step
    with database.reading() as connection:
        lost = select(func.count()).select_from(group_members).where(group_members.c.subject.not_in(
            select(accounts.c.id).where(accounts.c.state == "present").union(
                select(text("id")).select_from(text("groups")).where(text("state = 'present'"))
            )
        ))  # fmt: skip
        assert connection.scalar(lost) == 0


def checked(store: SqlScimStore) -> ScimStore:
    """That the store is what the service asks for is seen by the type checker."""
    return store


def test_a_taken_name_is_told_as_such(store: SqlScimStore) -> None:
    made: Stored = checked(store).create(CALLER, USER, {"userName": "ada"})
    with pytest.raises(RowExists):
        store.create(CALLER, USER, {"userName": "ADA"})
    assert store.replace(CALLER, USER, made, {"userName": "ADA"}).version == 2
    other = store.create(CALLER, USER, {"userName": "bob"})
    with pytest.raises(RowExists):
        store.replace(CALLER, USER, other, {"userName": "aDa"})
    assert store.replace(CALLER, USER, other, {"userName": "eve"}).version == 2


def test_what_did_not_come_by_scim_is_shown_by_its_columns(database: Database, store: SqlScimStore) -> None:
    read = DirectoryAccount(ACME, "s-1", "ada", display_name="Ada", mail="a@x", enabled=True)
    with database.writing() as connection:
        create(connection, ACCOUNTS, account_row(Account(AccountKey("a-1"), read, NOW, NOW)), Act("x", NOW))
        row = group_row(Group(GroupId("g-1"), ACME, "g-1", "Tours"))
        create(connection, GROUPS, row, Act("x", NOW))
    found = store.find(CALLER, query(USERS, Question('emails eq "A@x"')))
    shown = {
        "userName": "ada",
        "displayName": "Ada",
        "emails": [{"value": "a@x", "primary": True}],
        "active": True,
    }
    assert [one.document for one in found.resources] == [shown]
    assert [one.document for one in store.find(CALLER, Query(GROUP)).resources] == [{"displayName": "Tours"}]
    changed = ScimService(store).patch(at(1), USER, "a-1", change("displayName", "Ada L"), ANY)
    assert changed.document == {**shown, "displayName": "Ada L"}
