"""Throttles: bounded whatever the attacker does, exact against a naive reading of the definition, and right under races."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store.state.people import NOW, after
from watchword.store.state import throttling
from watchword.store.state.database import Database
from watchword.store.state.throttling import Gate, Rate

MINUTE = timedelta(minutes=1)
SLOW = Rate(3, MINUTE)
GROWS = Rate(4, MINUTE, patience=3, longest=timedelta(minutes=10))


def admit(database: Database, *gates: Gate, at: float = 0) -> timedelta:
    with database.writing() as connection:
        return throttling.admit(connection, gates, after(at))


def test_a_burst_passes_and_then_one_an_interval(database: Database) -> None:
    gate = Gate("k", SLOW)
    waits = [admit(database, gate).total_seconds() for _ in range(4)]
    assert waits == [0, 0, 0, 60]
    assert admit(database, gate, at=59).total_seconds() == 1
    assert admit(database, gate, at=60).total_seconds() == 0
    assert admit(database, gate, at=60).total_seconds() == 60


def test_attempts_that_are_held_up_do_not_lengthen_the_wait(database: Database) -> None:
    gate = Gate("k", SLOW)
    for _ in range(50):
        admit(database, gate)
    assert admit(database, gate, at=60).total_seconds() == 0


def test_all_gates_let_in_or_none_counts(database: Database) -> None:
    full, free = Gate("full", Rate(1, MINUTE)), Gate("free", Rate(1, MINUTE))
    assert not admit(database, full)
    assert admit(database, full, free)
    assert not admit(database, free)


def test_a_clock_that_was_ahead_locks_nobody_out_for_longer_than_the_longest_wait(database: Database) -> None:
    day = 86_400.0
    for gate in (Gate("plain", SLOW), Gate("grows", GROWS)):
        for _ in range(20):
            admit(database, gate, at=day)
        wait = admit(database, gate, at=0).total_seconds()
        assert 0 < wait <= (600 if gate.rate.patience else 60)
        # The wait passes, however often it is asked for meanwhile.
        assert admit(database, gate, at=wait / 2).total_seconds() == pytest.approx(wait / 2)
        assert admit(database, gate, at=wait).total_seconds() == 0


@given(st.lists(st.tuples(st.integers(0, 2_000), st.booleans()), max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
def test_by_a_clock_that_goes_forward_nothing_is_ever_brought_back(steps: list[tuple[int, bool]]) -> None:
    """The rule against clocks never helps who only tries often: in memory, as the definition has it."""
    arrival, failures, now = 0.0, 0, 0.0
    for pause, success in steps:
        now += pause
        assert arrival <= now + GROWS.furthest.total_seconds()
        begin = max(arrival, now)
        if begin - now > GROWS.tolerance.total_seconds():
            continue
        arrival, failures = begin + GROWS.interval_after(failures).total_seconds(), failures + 1
        if success:
            arrival = max(arrival - GROWS.interval_after(failures - 1).total_seconds(), now)
            failures = max(failures - 1, 0) // 2


def test_keys_have_nothing_to_do_with_each_other(database: Database) -> None:
    for _ in range(10):
        admit(database, Gate("one", SLOW))
    assert not admit(database, Gate("other", SLOW))


def test_failures_in_a_row_double_the_interval_up_to_the_longest() -> None:
    minutes = [GROWS.interval_after(failures).total_seconds() / 60 for failures in (0, 2, 3, 6, 9, 12, 300)]
    assert minutes == [1, 1, 2, 4, 8, 10, 10]


def test_a_success_takes_back_its_attempt_and_half_of_the_failures(database: Database) -> None:
    gate = Gate("k", SLOW)
    for _ in range(20):
        assert not admit(database, gate)
        with database.writing() as connection:
            throttling.forgive(connection, (gate,), NOW)


def test_what_is_cleared_or_old_is_forgotten(database: Database) -> None:
    gate = Gate("k", Rate(1, MINUTE))
    admit(database, gate)
    with database.writing() as connection:
        throttling.clear(connection, ["k"])
    assert not admit(database, gate)
    with database.writing() as connection:
        assert throttling.purge(connection, NOW + timedelta(days=29)) == 0
        assert throttling.purge(connection, NOW + timedelta(days=31)) == 1


def test_of_many_at_once_no_more_pass_than_the_burst(database: Database) -> None:
    passed: list[bool] = []
    start = threading.Barrier(8)

    def run() -> None:
        start.wait()
        gates = Gate("a", SLOW), Gate("b", Rate(100, MINUTE))
        passed.extend(not admit(database, *gates) for _ in range(3))

    threads = [threading.Thread(target=run) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(passed) == SLOW.burst
    assert len(passed) == 24


class Naive:
    """The same rule, written down as the definition has it, in seconds and in memory."""

    def __init__(self, rate: Rate) -> None:
        self.rate, self.tat, self.failures = rate, 0.0, 0

    def attempt(self, at: float) -> bool:
        step = self.rate.interval.total_seconds()
        base = step
        if self.rate.patience:
            for _ in range(self.failures // self.rate.patience):
                step = min(step * 2, self.rate.longest.total_seconds())
        if max(self.tat, at) - at > base * (self.rate.burst - 1):
            return False
        self.tat, self.failures = max(self.tat, at) + step, self.failures + 1
        return True


gaps = st.lists(st.integers(0, 400), min_size=1, max_size=25)


@pytest.mark.parametrize("rate", [SLOW, GROWS], ids=["steady", "growing"])
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(gaps=gaps)
def test_an_independent_reading_of_the_definition_agrees(
    database: Database, rate: Rate, gaps: list[int]
) -> None:
    naive, at = Naive(rate), 0.0
    with database.writing() as connection:
        throttling.clear(connection, ["k"])
        for gap in gaps:
            at += gap
            let_in = not throttling.admit(connection, (Gate("k", rate),), after(at))
            assert let_in == naive.attempt(at)


@given(
    st.integers(1, 6),
    st.integers(1, 90),
    st.integers(0, 4),
    st.lists(st.integers(0, 300), min_size=1, max_size=80),
)
def test_no_pattern_of_attempts_passes_more_than_the_bound(
    burst: int, interval: int, patience: int, gaps: list[int]
) -> None:
    rate = Rate(burst, timedelta(seconds=interval), patience, timedelta(minutes=5))
    naive, at, passed = Naive(rate), 0.0, []
    for gap in gaps:
        at += gap
        if naive.attempt(at):
            passed.append(at)
    if passed:
        assert len(passed) <= rate.most_within(timedelta(seconds=passed[-1] - passed[0]))


def test_the_bound_is_reached_by_whoever_never_pauses() -> None:
    naive = Naive(GROWS)
    passed = sum(naive.attempt(float(second)) for second in range(3600))
    assert passed in {GROWS.most_within(timedelta(hours=1)), GROWS.most_within(timedelta(hours=1)) - 1}
