"""Our own records, read from a made database and judged: exactly the gaps that were made, and no others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.access.fakes import NOW, FakeDirectory, guest, later, owner, owners, sync
from tests.access.test_people import act, arm, put
from tests.store.state.conftest import database, new, postgresql, servers, url
from watchword.access import people, roles
from watchword.collect.own_records import digest_of, own_view
from watchword.controls.judge import judge
from watchword.controls.own import own_controls
from watchword.model.people import PrincipalId, PrincipalKind
from watchword.model.roles import Role
from watchword.store.state import directory_records
from watchword.store.state.database import Database

__all__ = ["database", "new", "postgresql", "servers", "url"]


def made(database: Database) -> dict[str, str]:
    """A company with known gaps: names of the things that are wrong, by control and subject."""
    corp = FakeDirectory()
    for name in ("admin", "plain", "left", "sponsor", "away"):
        corp.add(name, last_sign_in=NOW)
    corp.add(**guest("fine", "sponsor") | {"last_sign_in": later(-1), "created": later(-300)})
    corp.add(**guest("lost", "away") | {"last_sign_in": later(-50), "created": later(-300)})
    corp.add(**guest("stray") | {"last_sign_in": NOW})
    sync(database, corp)
    ids = {name: owner(database, f"corp/{name}").id for name in ("admin", "plain", "left", "away", "lost")}
    arm(database, ids["admin"])
    roles.assign(database, ids["admin"], Role.ADMINISTRATOR, act())
    roles.assign(database, ids["plain"], Role.AUDITOR, act())
    people.end(database, ids["left"], act())
    people.suspend(database, ids["away"], act())
    put(database, "p-nowhere")
    pool = FakeDirectory("pool", "cognito").add("one", last_sign_in=NOW)
    sync(database, pool, later(-2))
    with database.writing() as connection:
        directory_records.failed(connection, "pool", NOW, "it is down")
    return ids


def found(database: Database) -> dict[str, set[tuple[str, str]]]:
    findings = judge(own_view(database, NOW), own_controls())
    told: dict[str, set[tuple[str, str]]] = {}
    for one in findings:
        told.setdefault(one.control, set()).add((one.verdict.value, one.subject.name))
    return told


def account_id(database: Database, subject: str) -> str:
    from sqlalchemy import select

    from watchword.store.state.accounts import accounts

    with database.reading() as connection:
        return str(connection.scalar(select(accounts.c.id).where(accounts.c.subject == subject)))


def test_exactly_the_gaps_that_were_made_are_found(database: Database) -> None:
    ids = made(database)
    fine = owners(database)["corp/fine"]
    assert found(database) == {
        "ID-06": {("met", ids["admin"]), ("gap", ids["plain"])},
        "ID-07": {("gap", "organisation")},
        "ID-10": {("met", "corp"), ("gap", "pool")},
        "ID-12": {
            ("gap", account_id(database, "stray")),
            ("gap", account_id(database, "left")),
            ("gap", "p-nowhere"),
        },
        "ID-33": {("met", fine), ("gap", ids["lost"])},
        "ID-36": {("met", fine), ("gap", ids["lost"])},
    }


def test_an_empty_database_is_not_said_to_be_in_order(database: Database) -> None:
    assert {control: {verdict for verdict, _ in told} for control, told in found(database).items()} == {
        "ID-06": {"not_applicable"},
        "ID-07": {"not_applicable"},
        "ID-10": {"not_applicable"},
        "ID-12": {"met"},
        "ID-33": {"not_applicable"},
        "ID-36": {"not_applicable"},
    }


def test_rows_hold_no_name_and_the_digest_changes_with_what_is_recorded_only(database: Database) -> None:
    made(database)
    view = own_view(database, NOW)
    text = json.dumps([dict(row.data) for rows in view.tables.values() for row in rows])
    assert "Person" not in text
    assert "admin@" not in text
    assert digest_of(own_view(database, later(0.01))) == digest_of(view)
    put(database, "p-g", kind=PrincipalKind.GUEST, sponsor=PrincipalId("p-nowhere"), end_date=later(3))
    assert digest_of(own_view(database, NOW)) != digest_of(view)


@pytest.mark.parametrize("named", [True, False], ids=["with --database", "without"])
def test_an_assessment_judges_our_own_records_where_their_database_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    from tests.commands.answers import organisation
    from tests.commands.conftest import in_process

    monkeypatch.chdir(tmp_path)
    url = f"sqlite:///{tmp_path / 'state.sqlite'}"
    assert in_process("db", "upgrade", "--database", url).code == 0
    answers = organisation(tmp_path / "answers")
    arguments = ["assess", "--from-directory", str(answers), "-o", str(tmp_path / "out")]
    ended = in_process(*arguments, *(["--database", url] if named else []))
    assert ended.code == 0, ended.err
    assert ("judged with --database only" in ended.err) is not named
    told = "".join(one.read_text() for one in sorted((tmp_path / "out").glob("*.ndjson")))
    assert ('"ID-12"' in told) is named
