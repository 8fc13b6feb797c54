"""The one way to change a row: each test names the step that it breaks."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from tests.store.state.people import ACT, NOW, add, after, found, person, suspend
from watchword.errors import RowChanged, RowExists, RowMissing
from watchword.model.accounts import Account, AccountKey, LinkProposal, ProposalId, ProposalState
from watchword.model.directory import AccountKind, DirectoryAccount
from watchword.model.factors import Factor, FactorId, FactorKind, FactorStatus, Secret, SecretId
from watchword.model.lifecycle import IllegalMove
from watchword.model.login import (
    Flow,
    FlowId,
    FlowKind,
    Invitation,
    InvitationId,
    InvitationState,
    Outcome,
    Purpose,
    Recovery,
    RecoveryId,
    RecoveryState,
    SignIn,
    SignInId,
)
from watchword.model.people import (
    Directory,
    DirectoryId,
    DirectoryState,
    Group,
    GroupId,
    Identity,
    Membership,
    PresenceState,
    Principal,
    PrincipalId,
    PrincipalKind,
    PrincipalStatus,
)
from watchword.model.roles import Assignment, AssignmentId, AssignmentStatus, Role
from watchword.model.sessions import ApiToken, Session, SessionId, SessionState, TokenId, TokenState
from watchword.store.audit import journal
from watchword.store.audit.records import Entry
from watchword.store.state import accounts, factors, login, people, roles, schema, sessions
from watchword.store.state.database import Database
from watchword.store.state.machine import Machine
from watchword.store.state.people import PRINCIPALS, principal_row
from watchword.store.state.transition import Move, create, touch, transition

SOURCE = Path(schema.__file__).parent


def records(database: Database) -> list[dict[str, Any]]:
    with database.reading() as connection:
        return [json.loads(one.entry) for one in journal.read(connection)]


def move(database: Database, which: Move) -> int:
    with database.writing() as connection:
        return transition(connection, which, ACT)


def refused(connection: Connection, entry: Entry) -> None:
    raise OSError("no audit today")


def test_a_move_changes_state_and_version_and_leaves_one_record(database: Database) -> None:
    add(database, person())
    assert move(database, suspend()) == 2
    assert (found(database).status, found(database).version) == (PrincipalStatus.SUSPENDED, 2)
    created, moved = records(database)
    assert created["kind"] == "principal.created"
    assert "$committed" in created["after"]["display_name"]
    assert moved == {
        "actor": "p-admin",
        "at": "2026-03-01T12:00:00.123456Z",
        "kind": "principal.suspended",
        "subject": "p-1",
        "before": {"status": "active"},
        "after": {"status": "suspended"},
        "why": "a test",
    }


def test_step_1_a_row_that_is_not_there_is_missing(database: Database) -> None:
    with pytest.raises(RowMissing):
        move(database, suspend("p-none"))
    assert records(database) == []


@pytest.mark.parametrize("version", [0, 2, 99])
def test_step_2_a_version_that_the_row_no_longer_has_is_refused(database: Database, version: int) -> None:
    add(database, person())
    with pytest.raises(RowChanged):
        move(database, suspend(version=version))
    assert found(database) == person()
    assert len(records(database)) == 1


def test_step_3_a_move_that_the_table_of_states_does_not_have_is_refused(database: Database) -> None:
    add(database, person())
    move(database, Move(PRINCIPALS, "p-1", 1, PrincipalStatus.ENDED))
    with pytest.raises(IllegalMove):
        move(database, Move(PRINCIPALS, "p-1", 2, PrincipalStatus.ACTIVE))
    assert found(database).status is PrincipalStatus.ENDED
    assert len(records(database)) == 2


def test_step_4_of_two_who_read_the_same_version_one_wins(database: Database) -> None:
    """On PostgreSQL both read before either writes; SQLite lets the second begin only after the first."""
    add(database, person())
    outcomes: list[object] = []
    if not database.is_postgresql:
        move(database, suspend())
        with pytest.raises(RowChanged):
            move(database, suspend())
        return
    barrier = threading.Barrier(2)

    def one() -> None:
        try:
            with database.writing() as connection:
                connection.execute(select(people.principals)).all()
                barrier.wait()
                outcomes.append(transition(connection, suspend(), ACT))
        except RowChanged:
            outcomes.append("changed")

    threads = [threading.Thread(target=one) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(map(str, outcomes)) == ["2", "changed"]
    assert found(database).version == 2
    assert len(records(database)) == 2


def test_step_5_without_its_record_nothing_is_changed(database: Database) -> None:
    add(database, person())
    with pytest.raises(OSError, match="no audit"), database.writing() as connection:
        transition(connection, suspend(), ACT, refused)
    assert found(database) == person()
    with pytest.raises(OSError, match="no audit"), database.writing() as connection:
        create(connection, PRINCIPALS, principal_row(person("p-2")), ACT, refused)
    assert len(records(database)) == 1


def test_other_columns_change_with_a_version_and_a_record_too(database: Database) -> None:
    add(database, person())
    end = NOW + timedelta(days=30)
    move(database, Move(PRINCIPALS, "p-1", 1, values={"end_date": end, "display_name": "Other"}))
    assert (found(database).end_date, found(database).display_name, found(database).version) == (
        end,
        "Other",
        2,
    )
    record = records(database)[1]
    assert record["kind"] == "principal.amended"
    assert record["before"]["end_date"] is None
    assert record["after"]["end_date"] == "2026-03-31T12:00:00.123456Z"


@pytest.mark.parametrize(
    "values", [{}, {"id": "p-2"}, {"version": 7}, {"status": "ended"}, {"no_such": 1}], ids=str
)
def test_a_move_cannot_write_id_version_state_or_nothing(database: Database, values: dict[str, Any]) -> None:
    add(database, person())
    with pytest.raises(ValueError, match=r"cannot write|changes nothing"):
        move(database, Move(PRINCIPALS, "p-1", 1, values=values))


def test_a_row_that_begins_in_a_later_state_or_is_there_already_is_refused(database: Database) -> None:
    with pytest.raises(IllegalMove):
        add(database, person(status=PrincipalStatus.ENDED))
    add(database, person())
    with pytest.raises(RowExists):
        add(database, person())
    assert len(records(database)) == 1


def test_a_record_says_whose_personal_data_it_holds(database: Database) -> None:
    add(database, person())
    with database.writing() as connection:
        create(connection, sessions.SESSIONS, sessions.session_row(session()), ACT)
    assert records(database)[1]["person"] == "p-1"
    assert "$committed" in records(database)[1]["after"]["address"]


def session() -> Session:
    return Session(
        SessionId("a" * 64),
        PrincipalId("p-1"),
        2,
        (FactorId("f-1"),),
        NOW,
        NOW,
        after(3600),
        device="d-1",
        address="192.0.2.7",
    )


def test_a_touch_leaves_version_and_log_alone_and_reaches_only_what_the_machine_names(
    database: Database,
) -> None:
    add(database, person())
    with database.writing() as connection:
        create(connection, sessions.SESSIONS, sessions.session_row(session()), ACT)
        touch(connection, sessions.SESSIONS, session().id, last_seen=after(60))
        row = connection.execute(select(sessions.sessions)).mappings().one()
        assert (row["last_seen"], row["version"]) == (after(60), 1)
        with pytest.raises(ValueError, match="last_seen"):
            touch(connection, sessions.SESSIONS, session().id, assurance=3)
        with pytest.raises(RowMissing):
            touch(connection, sessions.SESSIONS, "none", last_seen=after(60))
    assert len(records(database)) == 2


CASES: list[tuple[Any, Callable[[Any], dict[str, Any]], Callable[[Any], Any], Any]] = [
    (people.directories, people.directory_row, people.directory_of,
     Directory(DirectoryId("d"), "oidc", "Entra", {"issuer": "https://x", "n": 1}, NOW)),
    (people.identities, people.identity_row, people.identity_of,
     Identity(DirectoryId("d"), "s-1", PrincipalId("p-1"), NOW)),
    (people.groups, people.group_row, people.group_of, Group(GroupId("g"), DirectoryId("d"), "s", "Staff")),
    (people.memberships, people.membership_row, people.membership_of,
     Membership(GroupId("g"), PrincipalId("p-1"))),
    (people.principals, people.principal_row, people.principal_of,
     Principal(PrincipalId("p-9"), PrincipalKind.GUEST, "Gäst 🗝", PrincipalStatus.INVITED, NOW,
               PrincipalId("p-1"), after(9), 3)),
    (factors.secrets, factors.secret_row, factors.secret_of, Secret(SecretId("c"), "k", b"\0\xff", NOW)),
    (factors.factors, factors.factor_row, factors.factor_of,
     Factor(FactorId("f"), PrincipalId("p-1"), FactorKind.TOTP, FactorStatus.ACTIVE, NOW, {"a": [1]},
            SecretId("c"), NOW)),
    (people.directories, people.directory_row, people.directory_of,
     Directory(DirectoryId("e"), "scim", "E", {}, NOW, after(1), "it is down", ({"where": "x", "what": "y"},),
               {"accounts": 7}, DirectoryState.DISABLED, 4)),
    (accounts.accounts, accounts.account_row, accounts.account_of,
     Account(AccountKey("a"), DirectoryAccount(DirectoryId("d"), "s-1", "ann", AccountKind.GUEST, "Ann Ä", "ann@x.example",
             True, "17", False, None, NOW, after(1), after(2), after(3), ("totp",), "s-2", {"o": [1]}), NOW, after(4),
             "ext", after(5), PresenceState.GONE, 2)),
    (accounts.link_proposals, accounts.proposal_row, accounts.proposal_of,
     LinkProposal(ProposalId("l"), DirectoryId("d"), "s-1", PrincipalId("p-1"), "same mail", NOW, "p-2",
                  ProposalState.REJECTED, 2)),
    (roles.assignments, roles.assignment_row, roles.assignment_of,
     Assignment(AssignmentId("r"), PrincipalId("p-1"), Role.AUDITOR, "p-2", "audit", NOW, after(1),
                AssignmentStatus.ENDED, after(2), 2)),
    (login.flows, login.flow_row, login.flow_of,
     Flow(FlowId("f"), FlowKind.OIDC, NOW, after(1), PrincipalId("p-1"), {"n": 1}, after(2))),
    (login.invitations, login.invitation_row, login.invitation_of,
     Invitation(InvitationId("i"), Purpose.RECOVERY, "d" * 64, "p-2", NOW, after(1), PrincipalId("p-1"),
                InvitationState.USED, 2)),
    (login.recoveries, login.recovery_row, login.recovery_of,
     Recovery(RecoveryId("y"), PrincipalId("p-1"), "lost", "p-2", NOW, after(1), PrincipalId("p-1"), PrincipalId("p-1"),
              InvitationId("i"), RecoveryState.APPROVED, 3)),
    (login.sign_ins, login.sign_in_row, login.sign_in_of,
     SignIn(SignInId("z"), NOW, Outcome.FAILURE, "wrong_code", PrincipalId("p-1"), "d", ("pwd", "otp"), 2, "192.0.2.7", "NL",
            64496, "agent", "dev", "s", "r")),
    (sessions.sessions, sessions.session_row, sessions.session_of,
     replace(session(), id=SessionId("e" * 64), authenticated=NOW, methods=("pwd", "otp"), preset="aal2", directory="d",
             agent="a", country="NL", asn=64496, device_key="{}", rotated_to=SessionId("f" * 64))),
    (factors.factors, factors.factor_row, factors.factor_of,
     Factor(FactorId("g"), PrincipalId("p-1"), FactorKind.PASSKEY, FactorStatus.ACTIVE, NOW, {}, None, NOW, "cred", 12)),
    (sessions.sessions, sessions.session_row, sessions.session_of, session()),
    (sessions.api_tokens, sessions.token_row, sessions.token_of,
     ApiToken(TokenId("t"), PrincipalId("p-1"), "d" * 64, "CI", ("read",), NOW, after(9), NOW)),
]  # fmt: skip


def test_every_value_comes_back_from_its_row_as_it_was(database: Database) -> None:
    add(database, person())
    for table, to_row, _, value in CASES:
        with database.writing() as connection:
            connection.execute(table.insert().values(to_row(value)))
    for table, _, of, value in CASES:
        with database.reading() as connection:
            rows = connection.execute(select(table)).mappings().all()
        assert value in [of(row) for row in rows]


def test_machines_name_columns_that_are_there() -> None:
    for machine in schema.MACHINES.values():
        columns = set(machine.table.c.keys())
        assert ({"id", "version", machine.column, machine.person} - {""}) | machine.unaudited <= columns
        assert {*machine.life.first, *machine.life.moves} <= set(machine.states)
    with_versions = {name for name, table in schema.METADATA.tables.items() if "version" in table.c}
    assert {machine.table.name for machine in schema.MACHINES.values()} == with_versions


def test_rows_that_have_a_lifecycle_are_written_by_transitions_only() -> None:
    theirs = "|".join(machine.table.name for machine in schema.MACHINES.values()) + "|assignments"
    writing = re.compile(
        rf"\b(?:insert|update|delete)\((?:{theirs})\)|\b(?:{theirs})\.(?:insert|update|delete)\("
    )
    writers = {one.name: writing.findall(one.read_text()) for one in SOURCE.glob("*.py")}
    # That a factor was used is no change of state: it goes by the factor's counter or version, a compare-and-set of its own.
    used = ["update(factors)"]
    assert {name: found for name, found in writers.items() if found} == {
        "factors.py": used,
        "factor_store.py": used,
    }


def test_a_final_state_can_be_amended_so_that_personal_data_can_be_erased(database: Database) -> None:
    add(database, person())
    move(database, Move(PRINCIPALS, "p-1", 1, PrincipalStatus.ENDED))
    move(database, Move(PRINCIPALS, "p-1", 2, values={"display_name": "erased"}))
    assert found(database).display_name == "erased"


COME_BACK = frozenset({"directory", "group", "account"})
"""What a directory has may be gone and come back for ever."""


@pytest.mark.parametrize("machine", schema.MACHINES.values(), ids=lambda one: one.kind)
def test_every_machine_has_a_first_and_a_final_state(machine: Machine) -> None:
    assert machine.life.first
    if machine.kind not in COME_BACK:
        assert any(machine.life.is_final(state) for state in machine.states)


def test_a_session_and_a_token_end_for_good(database: Database) -> None:
    add(database, person())
    token = CASES[-1][3]
    with database.writing() as connection:
        create(connection, sessions.SESSIONS, sessions.session_row(session()), ACT)
        create(connection, sessions.API_TOKENS, sessions.token_row(token), ACT)
    over = Move(sessions.SESSIONS, session().id, 1, SessionState.REVOKED, {"ended": NOW})
    move(database, over)
    move(database, Move(sessions.API_TOKENS, token.id, 1, TokenState.REVOKED))
    for which in (over, Move(sessions.API_TOKENS, token.id, 1, TokenState.REVOKED)):
        with pytest.raises(RowChanged):
            move(database, which)
    with database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(sessions.sessions)).scalar_one() == 1
