"""Answers that are kept: one of several who come at once takes the place, and what died gives it free after a while."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from tests.store.state.people import NOW, after
from watchword.store.state import answers
from watchword.store.state.answers import IN_FLIGHT, KEPT, STALE, Answer
from watchword.store.state.database import Database

DONE = Answer("r", 201, {"location": "/x"}, "a body")


def begin(database: Database, seconds: float = 0, request: str = "r") -> Answer | None:
    with database.writing() as connection:
        return answers.begin(connection, "k", request, after(seconds))


def finish(database: Database, answer: Answer = DONE) -> bool:
    with database.writing() as connection:
        return answers.finish(connection, "k", answer)


def test_the_first_takes_the_place_and_the_next_sees_it_in_flight_and_then_the_answer(
    database: Database,
) -> None:
    assert begin(database) is None
    assert begin(database) == Answer("r", IN_FLIGHT)
    assert finish(database)
    assert begin(database, request="another") == DONE


def test_an_answer_is_kept_once_and_for_its_own_request(database: Database) -> None:
    begin(database)
    assert not finish(database, Answer("another", 200))
    assert finish(database)
    assert not finish(database, Answer("r", 500))
    assert begin(database) == DONE


def test_what_was_abandoned_may_come_again(database: Database) -> None:
    begin(database)
    with database.writing() as connection:
        answers.abandon(connection, "k", "another")
    assert begin(database) is not None
    with database.writing() as connection:
        answers.abandon(connection, "k", "r")
    assert begin(database) is None


def test_an_answer_that_is_there_cannot_be_abandoned(database: Database) -> None:
    begin(database)
    finish(database)
    with database.writing() as connection:
        answers.abandon(connection, "k", "r")
    assert begin(database) == DONE


def test_what_died_in_flight_gives_the_place_free_and_not_a_moment_sooner(database: Database) -> None:
    begin(database)
    assert begin(database, STALE.total_seconds() - 0.001) == Answer("r", IN_FLIGHT)
    assert begin(database, STALE.total_seconds()) is None


def test_answers_are_forgotten_when_their_time_is_over(database: Database) -> None:
    begin(database)
    finish(database)
    with database.writing() as connection:
        assert answers.purge(connection, NOW + KEPT - timedelta(seconds=1)) == 0
    assert begin(database, KEPT.total_seconds()) is None
    with database.writing() as connection:
        assert answers.purge(connection, NOW + 3 * KEPT) == 1


def test_of_many_at_once_one_takes_the_place(database: Database) -> None:
    barrier = threading.Barrier(6)

    def take(_: int) -> bool:
        barrier.wait()
        return begin(database) is None

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(take, range(6))) == 1
