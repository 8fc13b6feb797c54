"""What a directory's page tells of its accounts is what the search over everything finds, no more and no less."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import pytest

from watchword.access.directories import synchronise
from watchword.access.orphans import of_directory, orphans
from watchword.analysis.people.orphans import Orphan
from watchword.lab.staff import directories
from watchword.model.login import Outcome
from watchword.model.people import Directory
from watchword.store.state import factor_store
from watchword.store.state.database import Database
from watchword.web.login.arrival import Arrival, Visit
from watchword.web.login.events import Happened, record

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture
def company(database: Database) -> Database:
    """Company ABC's directories, read."""
    for name, (kind, display, reader) in directories(NOW).items():
        synchronise(database, reader, Directory(name, kind.value, display, {"vouches_for_mail": True}), NOW)
    return database


def test_the_choice_for_a_page_leaves_nothing_out_that_the_whole_search_finds(company: Database) -> None:
    whole = list(orphans(company, NOW))
    seen = set()
    for name in directories(NOW):
        with company.reading() as connection:
            told = [found for _, found in of_directory(connection, name, NOW)]
        expected = [one for one in whole if one.directory == name]
        assert sorted(told, key=str) == sorted(expected, key=str)
        seen |= {one.what for one in told}
    assert seen == {Orphan.OF_NOBODY, Orphan.UNUSED, Orphan.USE_UNKNOWN}


def test_who_has_signed_in_here_lately_is_not_told_as_unused(company: Database) -> None:
    def unused() -> set[str]:
        with company.reading() as connection:
            return {
                found.name
                for _, found in of_directory(connection, "corp", NOW)
                if found.what is Orphan.UNUSED
            }

    assert "vera.sommer" in unused()
    with company.writing() as connection:
        vera = factor_store.by_user_name(connection, "corp", "vera.sommer")
        assert vera is not None
        visit = Visit(Arrival("192.0.2.7"), NOW - timedelta(days=2), secrets.token_bytes)
        record(connection, Happened(Outcome.SUCCESS, "signed_in", vera.id, "corp"), visit)
    assert "vera.sommer" not in unused()


def test_a_page_looks_at_so_many_accounts_only_and_at_those_of_nobody_first(company: Database) -> None:
    with company.reading() as connection:
        told = of_directory(connection, "partners", NOW, most=1)
    assert Orphan.OF_NOBODY in {found.what for _, found in told}
    assert len({found.of for _, found in told}) == 1
