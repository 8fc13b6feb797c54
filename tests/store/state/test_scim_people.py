"""What an identity provider pushes takes effect for people at once: whose the account is, who may go on, who is in a group."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select

from tests.store.state.people import NOW, after
from tests.web.scim.memory import ACME, CALLER, OTHER, at, counted
from tests.web.scim.samples import group, patch, user
from watchword.model.people import Directory, PrincipalId, PrincipalStatus
from watchword.model.scim import ScimKind, Stored
from watchword.model.sessions import Session, SessionId, SessionState
from watchword.store.state.batch import Batch
from watchword.store.state.database import Database
from watchword.store.state.people import (
    PRINCIPALS,
    directories,
    directory_row,
    identities,
    memberships,
    principals,
)
from watchword.store.state.scim_store import SqlScimStore
from watchword.store.state.sessions import SESSIONS, session_row, sessions
from watchword.store.state.transition import Act, Move, create, transition
from watchword.web.scim.catalogue import ENTERPRISE_URN
from watchword.web.scim.service import Condition, ScimService

USER, GROUP = ScimKind.USER, ScimKind.GROUP
ANY = Condition()
ON, OFF = (patch({"op": "Replace", "path": "active", "value": value}) for value in ("True", "False"))


@pytest.fixture
def service(database: Database) -> ScimService:
    by_number = {"correlate": "employee_number"}
    with database.writing() as connection:
        rows = [directory_row(Directory(one, "scim", str(one), by_number)) for one in (ACME, OTHER)]
        connection.execute(insert(directories), rows)
    return ScimService(SqlScimStore(Batch(database), ids=counted()))


def owner(database: Database, one: Stored) -> tuple[str, PrincipalStatus]:
    """Whose an account is, and where they stand."""
    wanted = select(principals.c.id, principals.c.status).join(
        identities, identities.c.principal == principals.c.id
    )
    with database.reading() as connection:
        id_, status = connection.execute(wanted.where(identities.c.subject == one.id)).one()
    return id_, PrincipalStatus(status)


def inside(database: Database, one: Stored) -> set[str]:
    """The principals in a group."""
    with database.reading() as connection:
        return set(
            connection.scalars(select(memberships.c.principal).where(memberships.c.group_id == one.id))
        )


def numbered(name: str, number: str) -> dict[str, object]:
    return user(name, displayName=name, **{ENTERPRISE_URN: {"employeeNumber": number}})


def test_a_new_account_is_of_a_new_person(database: Database, service: ScimService) -> None:
    one, two = (service.create(CALLER, USER, user(name, displayName=name)) for name in ("ada", "bob"))
    assert owner(database, one)[1] is owner(database, two)[1] is PrincipalStatus.ACTIVE
    assert owner(database, one)[0] != owner(database, two)[0]


def test_who_is_switched_off_is_suspended_and_goes_on_when_switched_on(
    database: Database, service: ScimService
) -> None:
    one = service.create(CALLER, USER, user("ada"))
    who = owner(database, one)[0]
    with database.writing() as connection:
        made = Session(
            SessionId("s"), PrincipalId(who), 2, (), NOW, NOW, after(60), "", "", SessionState.ACTIVE
        )
        create(connection, SESSIONS, session_row(made), Act(who, NOW))
    service.patch(at(1), USER, one.id, OFF, ANY)
    assert owner(database, one) == (who, PrincipalStatus.SUSPENDED)
    with database.reading() as connection:
        assert connection.scalar(select(sessions.c.state)) == SessionState.REVOKED
    service.patch(at(2), USER, one.id, ON, ANY)
    assert owner(database, one) == (who, PrincipalStatus.ACTIVE)
    service.delete(at(3), USER, one.id, ANY)
    assert owner(database, one) == (who, PrincipalStatus.SUSPENDED)


def test_whom_a_person_has_suspended_no_provider_lets_go_on(database: Database, service: ScimService) -> None:
    one = service.create(CALLER, USER, user("ada"))
    who = owner(database, one)[0]
    with database.writing() as connection:
        transition(connection, Move(PRINCIPALS, who, 1, PrincipalStatus.SUSPENDED), Act("p-admin", NOW))
    service.patch(at(1), USER, one.id, OFF, ANY)
    service.patch(at(2), USER, one.id, ON, ANY)
    assert owner(database, one)[1] is PrincipalStatus.SUSPENDED


def test_one_person_in_two_directories_goes_on_with_the_other_account(
    database: Database, service: ScimService
) -> None:
    one = service.create(CALLER, USER, numbered("ada", "E-70012"))
    two = service.create(at(1, OTHER), USER, numbered("ada@other", "e-70012"))
    assert owner(database, one) == owner(database, two)
    service.delete(at(2), USER, one.id, ANY)
    assert owner(database, two)[1] is PrincipalStatus.ACTIVE
    service.patch(at(3, OTHER), USER, two.id, OFF, ANY)
    assert owner(database, two)[1] is PrincipalStatus.SUSPENDED


def test_who_is_in_a_group_within_a_group_is_in_both(database: Database, service: ScimService) -> None:
    ada, bob = (service.create(CALLER, USER, user(name, displayName=name)) for name in ("ada", "bob"))
    a, b = (owner(database, one)[0] for one in (ada, bob))
    inner = service.create(at(1), GROUP, group("inner", ada.id))
    outer = service.create(at(2), GROUP, group("outer", inner.id, bob.id))
    assert (inside(database, inner), inside(database, outer)) == ({a}, {a, b})
    service.patch(
        at(3), GROUP, inner.id, patch({"op": "remove", "path": f'members[value eq "{ada.id}"]'}), ANY
    )
    assert (inside(database, inner), inside(database, outer)) == (set(), {b})
    service.patch(
        at(4), GROUP, inner.id, patch({"op": "add", "path": "members", "value": [{"value": ada.id}]}), ANY
    )
    assert inside(database, outer) == {a, b}
    service.delete(at(5), USER, bob.id, ANY)
    assert inside(database, outer) == {a}
    service.delete(at(6), GROUP, inner.id, ANY)
    assert (inside(database, inner), inside(database, outer)) == (set(), set())


def test_who_gets_a_person_later_is_in_the_groups_then(database: Database, service: ScimService) -> None:
    ada = service.create(CALLER, USER, user("ada"))
    tours = service.create(at(1), GROUP, group("tours", ada.id))
    with database.writing() as connection:
        for table in (memberships, identities):
            connection.execute(table.delete())
    service.patch(at(2), USER, ada.id, patch({"op": "add", "path": "title", "value": "x"}), ANY)
    assert inside(database, tours) == {owner(database, ada)[0]}
