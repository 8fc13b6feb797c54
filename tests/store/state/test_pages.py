"""Pages of rows: in any size they are the whole list in its order, on both databases, as a naive sort has it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.store.state.people import ACT, NOW, add, person
from watchword.model.login import Outcome, SignIn, SignInId
from watchword.model.people import PrincipalId, PrincipalStatus
from watchword.store.state import pages, sign_ins
from watchword.store.state.database import Database

NAMES = ("a", "B", "b", "c-1", "c-10", "c-2", "z", "Z")


def sign_in(number: int) -> SignIn:
    """Three at each instant, so that time alone does not tell them apart."""
    outcome = Outcome.SUCCESS if number % 2 else Outcome.FAILURE
    at = NOW + timedelta(seconds=number // 3)
    return SignIn(SignInId(f"s-{number:02}"), at, outcome, "", PrincipalId("a"), "", (), 1, "192.0.2.1")


@pytest.fixture
def filled(database: Database) -> Database:
    add(database, *(person(name) for name in NAMES))
    with database.writing() as connection:
        for number in range(20):
            sign_ins.write(connection, sign_in(number))
    return database


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_people_come_each_once_whatever_the_size(filled: Database, size: int) -> None:
    found: list[str] = []
    after: tuple[str, ...] = ()
    with filled.reading() as connection:
        while rows := pages.people(connection, after, size):
            assert len(rows) <= size
            found += [one.id for one in rows]
            after = (rows[-1].id,)
    assert sorted(found) == sorted(NAMES)
    assert len(found) == len(set(found))


@pytest.mark.parametrize("size", [1, 2, 5, 50])
def test_the_newest_come_first_and_equal_times_are_told_apart(filled: Database, size: int) -> None:
    wanted = [
        one.id for one in sorted(map(sign_in, range(20)), key=lambda one: (one.at, one.id), reverse=True)
    ]
    found: list[str] = []
    after: pages.After = ()
    with filled.reading() as connection:
        while rows := pages.known_sign_ins(connection, after, size):
            found += [one.id for one in rows]
            after = (rows[-1].at, rows[-1].id)
    assert found == wanted


def test_filters_leave_what_fits_and_nothing_else(filled: Database) -> None:
    with filled.reading() as connection:
        failed = pages.known_sign_ins(connection, (), 50, outcome="failure")
        assert {one.outcome for one in failed} == {Outcome.FAILURE}
        assert len(failed) == 10
        assert [one.id for one in pages.people(connection, (), 50, words="PERSON C-")] == [
            "c-1",
            "c-10",
            "c-2",
        ]
        assert pages.people(connection, (), 50, words="%") == []
        assert pages.people(connection, (), 50, words="_") == []
        assert len(pages.people(connection, (), 50, status=PrincipalStatus.ACTIVE.value)) == len(NAMES)
        assert pages.people(connection, (), 50, kind="guest") == []


def test_records_are_the_newest_first_by_kind_actor_and_subject(filled: Database) -> None:
    add(filled, person("later"))
    with filled.reading() as connection:
        every = pages.records(connection, (), 50)
        assert [one.sequence for one in every] == list(range(len(NAMES) + 1, 0, -1))
        assert [one.sequence for one in pages.records(connection, (3,), 50)] == [2, 1]
        assert len(pages.records(connection, (), 50, kind="principal.*")) == len(every)
        assert len(pages.records(connection, (), 50, subject="later", actor=ACT.actor)) == 1
        assert pages.records(connection, (), 50, kind="principal.ended") == []


def test_no_page_is_larger_than_the_most_that_is_given(filled: Database) -> None:
    with filled.reading() as connection:
        assert len(pages.people(connection, (), 10**9)) == len(NAMES)
