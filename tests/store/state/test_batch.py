"""Group commit: everybody's change is made once or told as refused, however many share a transaction."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, insert

from tests.store.state.people import ACT, add, found, person, suspend
from tests.store.state.test_transition import records
from watchword.errors import DatabaseError, DatabaseLocked, RowChanged, RowExists
from watchword.model.people import PrincipalStatus
from watchword.store.state.batch import Batch
from watchword.store.state.database import Database, Limits
from watchword.store.state.people import PRINCIPALS, principal_row
from watchword.store.state.schema import meta
from watchword.store.state.transition import Journal, create, transition

PEOPLE = 40


def suspending(number: int) -> Callable[[Connection, Journal], int]:
    return lambda connection, append: transition(connection, suspend(f"p-{number}"), ACT, append)


def test_the_changes_of_many_threads_are_all_made_each_with_one_record(database: Database) -> None:
    batch = Batch(database)
    add(database, *(person(f"p-{number}") for number in range(PEOPLE)))
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda n: batch.run(suspending(n)), range(PEOPLE))) == [2] * PEOPLE
    assert {found(database, f"p-{n}").status for n in range(PEOPLE)} == {PrincipalStatus.SUSPENDED}
    kinds = [one["kind"] for one in records(database)]
    assert kinds.count("principal.suspended") == PEOPLE


def test_of_many_who_make_the_same_change_one_succeeds_and_the_others_are_told(database: Database) -> None:
    batch = Batch(database)
    add(database, person("p-0"))

    def attempt(_: int) -> str:
        try:
            return str(batch.run(suspending(0)))
        except RowChanged:
            return "changed"

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(attempt, range(24)))
    assert sorted(outcomes) == ["2"] + ["changed"] * 23
    assert len(records(database)) == 2


def test_a_change_that_fails_takes_no_other_with_it(database: Database) -> None:
    """All are held back until they stand in one queue, so that they share a transaction."""
    batch = Batch(database)
    begun, release = threading.Event(), threading.Event()

    def holding(connection: Connection, append: Journal) -> None:
        begun.set()
        release.wait()

    def adding(name: str) -> Callable[[Connection, Journal], None]:
        return lambda connection, append: create(
            connection, PRINCIPALS, principal_row(person(name)), ACT, append
        )

    def attempt(name: str) -> str:
        try:
            batch.run(adding(name))
        except RowExists:
            return "exists"
        return "made"

    add(database, person("p-there"))
    with ThreadPoolExecutor(8) as threads:
        first = threads.submit(batch.run, holding)
        begun.wait()
        names = ["p-a", "p-there", "p-b", "p-there", "p-c"]
        others = [threads.submit(attempt, name) for name in names]
        while len(batch._queue) < len(names):
            threading.Event().wait(0.001)
        release.set()
        first.result()
        outcomes = [one.result() for one in others]
    assert outcomes == ["made", "exists", "made", "exists", "made"]
    assert {one["subject"] for one in records(database)} == {"p-there", "p-a", "p-b", "p-c"}


def test_a_change_whose_record_is_refused_fails_alone_and_is_undone(database: Database) -> None:
    batch = Batch(database)

    def unfit(connection: Connection, append: Journal) -> None:
        create(connection, PRINCIPALS, principal_row(person("p-x")), type(ACT)("", ACT.at), append)

    with pytest.raises(Exception, match="actor"):
        batch.run(unfit)
    add(database, person("p-x"))


def test_when_the_database_is_held_by_another_everybody_of_the_group_is_told(
    database: Database, url: str
) -> None:
    if database.is_postgresql:
        pytest.skip("PostgreSQL lets several write at once")
    limits = Limits(lock=0.1)
    with Database.open(url, limits=limits) as other, database.writing() as held:
        held.execute(insert(meta).values(name="a", value="b"))
        batch = Batch(other)

        def attempt(number: int) -> type[BaseException] | None:
            try:
                batch.run(suspending(number))
            except DatabaseError as error:
                return type(error)
            return None

        with ThreadPoolExecutor(4) as threads:
            assert set(threads.map(attempt, range(8))) == {DatabaseLocked}


def test_an_interrupt_of_the_leader_frees_those_who_wait(database: Database) -> None:
    batch = Batch(database)

    def interrupted(connection: Connection, append: Journal) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        batch.run(interrupted)
    add(database, person("p-0"))
    assert batch.run(suspending(0)) == 2


@pytest.mark.parametrize("most", [1, 3])
def test_a_group_never_holds_more_than_it_may(database: Database, most: int) -> None:
    batch = Batch(database, most=most)
    add(database, *(person(f"p-{number}") for number in range(12)))
    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(lambda n: batch.run(suspending(n)), range(12))) == [2] * 12
