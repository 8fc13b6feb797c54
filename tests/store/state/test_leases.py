"""Jobs and leases: exactly one worker at a time, whoever dies, pauses or comes back."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete, func, select

from tests.store.state.conftest import New
from tests.store.state.people import NOW, after
from watchword.clock import now
from watchword.errors import LeaseLost
from watchword.model.leases import Job, JobId, JobState, Lease, NewJob
from watchword.store.state import leases
from watchword.store.state.database import Database
from watchword.store.state.jobs import jobs
from watchword.store.state.leases import Claim

MINUTE = timedelta(minutes=1)


def enqueue(database: Database, job: str, at: float = 0, name: str = "mail", key: str = "") -> bool:
    with database.writing() as connection:
        new = NewJob(name, key or job, after(at), {"to": job})
        return leases.enqueue(connection, new, JobId(job), NOW)


def claim(database: Database, worker: str = "w-1", at: float = 0, most: int = 1) -> tuple[Lease, ...]:
    with database.writing() as connection:
        return leases.claim(connection, Claim(worker, frozenset({"mail"}), MINUTE, most), after(at))


def stands(database: Database, job: str) -> Job:
    with database.reading() as connection:
        found = leases.job(connection, JobId(job))
    assert found is not None
    return found


def test_a_job_is_claimed_once_and_finished(database: Database) -> None:
    assert enqueue(database, "j")
    (lease,) = claim(database)
    assert (lease.payload, lease.fencing, lease.attempts, lease.until) == ({"to": "j"}, 1, 1, after(60))
    assert claim(database, "w-2") == ()
    with database.writing() as connection:
        leases.finish(connection, lease, after(1))
    job = stands(database, "j")
    assert (job.state, job.due, job.finished) == (JobState.FINISHED, None, after(1))
    assert claim(database, at=10_000) == ()


def test_a_job_with_the_name_and_key_of_another_is_not_enqueued_again_even_when_that_is_over(
    database: Database,
) -> None:
    assert enqueue(database, "j-1", key="same")
    assert not enqueue(database, "j-2", key="same")
    (lease,) = claim(database)
    with database.writing() as connection:
        leases.finish(connection, lease, NOW)
    assert not enqueue(database, "j-3", key="same")
    assert enqueue(database, "j-4", key="same", name="other")


@pytest.mark.parametrize(("name", "key"), [("", "k"), ("n", ""), ("n" * 201, "k"), ("n", "k" * 201)])
def test_a_job_without_name_or_key_is_refused(database: Database, name: str, key: str) -> None:
    with pytest.raises(ValueError, match="characters"), database.writing() as connection:
        leases.enqueue(connection, NewJob(name, key, NOW), JobId("j"), NOW)


def test_jobs_come_when_they_are_due_longest_due_first_and_only_of_the_wished_names(
    database: Database,
) -> None:
    for job, at in (("late", 30), ("early", 10), ("future", 90)):
        enqueue(database, job, at)
    enqueue(database, "foreign", 0, name="other")
    assert [one.job for one in claim(database, at=60)] == ["early"]
    assert [one.job for one in claim(database, at=60, most=9)] == ["late"]


def test_a_job_whose_worker_died_is_taken_over_at_the_end_of_its_lease_and_not_before(
    database: Database,
) -> None:
    enqueue(database, "j")
    (dead,) = claim(database, "w-1")
    assert claim(database, "w-2", at=59.999) == ()
    (heir,) = claim(database, "w-2", at=60)
    assert (heir.fencing, heir.attempts) == (2, 2)
    steps = (
        lambda connection: leases.finish(connection, dead, after(61)),
        lambda connection: leases.renew(connection, dead, after(61), MINUTE),
        lambda connection: leases.fail(connection, dead, after(61), "x", None),
        lambda connection: leases.again(connection, dead, after(61)),
        lambda connection: leases.require(connection, dead),
    )
    for step in steps:
        with pytest.raises(LeaseLost), database.writing() as connection:
            step(connection)
    job = stands(database, "j")
    assert (job.state, job.claimed_by, job.fencing) == (JobState.CLAIMED, "w-2", 2)


def test_a_worker_that_claims_its_own_job_again_has_overtaken_itself(database: Database) -> None:
    enqueue(database, "j")
    (old,) = claim(database, "w-1")
    (fresh,) = claim(database, "w-1", at=60)
    with pytest.raises(LeaseLost), database.writing() as connection:
        leases.finish(connection, old, after(61))
    with database.writing() as connection:
        leases.finish(connection, fresh, after(61))


def test_a_renewed_lease_lasts_from_the_renewal_on(database: Database) -> None:
    enqueue(database, "j")
    (lease,) = claim(database)
    with database.writing() as connection:
        assert leases.renew(connection, lease, after(50), MINUTE).until == after(110)
    assert claim(database, "w-2", at=109) == ()
    assert len(claim(database, "w-2", at=110)) == 1


def test_a_failed_job_comes_back_when_it_is_told_to_or_is_given_up(database: Database) -> None:
    enqueue(database, "j")
    (first,) = claim(database)
    with database.writing() as connection:
        leases.fail(connection, first, after(1), "no\0 mail" + "x" * 5_000, after(20))
    assert stands(database, "j").last_error.startswith("no mail")
    assert claim(database, at=19) == ()
    (second,) = claim(database, at=20)
    assert second.attempts == 2
    with database.writing() as connection:
        leases.fail(connection, second, after(21), "still no", None)
    assert (stands(database, "j").state, stands(database, "j").last_error) == (JobState.GIVEN_UP, "still no")
    assert claim(database, at=10_000) == ()


def test_work_that_comes_back_counts_its_attempts_anew(database: Database) -> None:
    enqueue(database, "j")
    (lease,) = claim(database)
    with database.writing() as connection:
        leases.again(connection, lease, after(30))
    (later,) = claim(database, at=30)
    assert (later.attempts, later.fencing) == (1, 2)


def test_old_finished_jobs_are_forgotten_and_no_others(database: Database) -> None:
    for job in ("done", "given-up", "waiting"):
        enqueue(database, job)
    done, given_up = claim(database, most=2)
    with database.writing() as connection:
        leases.finish(connection, done, after(1))
        leases.fail(connection, given_up, after(1), "x", None)
        assert leases.forget(connection, after(1)) == 0
        assert leases.forget(connection, after(2)) == 1
    with database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(jobs)).scalar_one() == 2


def work(url: str, worker: str, total: int, told: Any) -> None:
    """A process: claim and finish until all jobs are over."""
    done = []
    with Database.open(url) as database:
        while True:
            with database.writing() as connection:
                taken = leases.claim(connection, Claim(worker, frozenset({"mail"}), MINUTE, 5), now())
            for lease in taken:
                with database.writing() as connection:
                    leases.finish(connection, lease, now())
                done.append(lease.job)
            if not taken:
                with database.reading() as connection:
                    over = connection.execute(
                        select(func.count()).select_from(jobs).where(jobs.c.state == "finished")
                    ).scalar_one()
                if over == total:
                    break
    told.put((worker, done))


@pytest.mark.heavy
def test_four_processes_do_four_hundred_jobs_exactly_once(url: str) -> None:
    total = 400
    with Database.open(url) as database, database.writing() as connection:
        for number in range(total):
            leases.enqueue(connection, NewJob("mail", f"k-{number}", NOW), JobId(f"j-{number}"), NOW)
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    workers = [context.Process(target=work, args=(url, f"w-{n}", total, told)) for n in range(4)]
    for one in workers:
        one.start()
    results = dict(told.get(timeout=120) for _ in workers)
    for one in workers:
        one.join()
    assert Counter(job for done in results.values() for job in done) == Counter(
        f"j-{number}" for number in range(total)
    )
    with Database.open(url) as database, database.reading() as connection:
        assert set(connection.execute(select(jobs.c.fencing)).scalars()) == {1}


@dataclass
class Expected:
    """A job as the naive model knows it."""

    state: str = "waiting"
    due: float = 0
    owner: str = ""
    fencing: int = 0
    attempts: int = 0


class Leases(RuleBasedStateMachine):
    """Random histories of workers that claim, pause, die, finish and fail, beside a dictionary that does the same."""

    database: Database

    @initialize()
    def empty(self) -> None:
        with self.database.writing() as connection:
            connection.execute(delete(jobs))
        self.time = 0.0
        self.model: dict[str, Expected] = {}
        self.held: list[Lease] = []

    @rule(job=st.sampled_from("abc"), wait=st.sampled_from([0, 30, 90]))
    def enqueue(self, job: str, wait: float) -> None:
        new = job not in self.model
        with self.database.writing() as connection:
            made = leases.enqueue(connection, NewJob("mail", job, after(self.time + wait)), JobId(job), NOW)
        assert made == new
        if new:
            self.model[job] = Expected(due=self.time + wait)

    @rule(seconds=st.sampled_from([1, 30, 60, 200]))
    def pass_time(self, seconds: float) -> None:
        self.time += seconds

    @rule(worker=st.sampled_from(["w-1", "w-2"]), most=st.integers(1, 3))
    def claim(self, worker: str, most: int) -> None:
        open_ = [
            (one.due, job)
            for job, one in self.model.items()
            if one.state in {"waiting", "claimed"} and one.due <= self.time
        ]
        expected = sorted(job for _, job in sorted(open_)[:most])
        taken = claim(self.database, worker, self.time, most)
        assert [one.job for one in taken] == expected
        for lease in taken:
            one = self.model[lease.job]
            one.state, one.owner, one.due = "claimed", worker, self.time + 60
            one.fencing += 1
            one.attempts += 1
            assert (lease.fencing, lease.attempts) == (one.fencing, one.attempts)
        self.held += taken

    @rule(pick=st.integers(0, 20), what=st.sampled_from(["finish", "renew", "retry", "give up", "again"]))
    def end(self, pick: int, what: str) -> None:
        if not self.held:
            return
        lease = self.held[pick % len(self.held)]
        one = self.model[lease.job]
        holds = (one.state, one.owner, one.fencing) == ("claimed", lease.worker, lease.fencing)
        at = after(self.time)
        try:
            with self.database.writing() as connection:
                if what == "finish":
                    leases.finish(connection, lease, at)
                elif what == "renew":
                    leases.renew(connection, lease, at, MINUTE)
                elif what == "again":
                    leases.again(connection, lease, after(self.time + 10))
                else:
                    leases.fail(connection, lease, at, "x", after(self.time + 5) if what == "retry" else None)
        except LeaseLost:
            assert not holds
            return
        assert holds
        if what == "finish":
            one.state = "finished"
        elif what == "give up":
            one.state = "given_up"
        elif what == "renew":
            one.due = self.time + 60
        else:
            one.state, one.due = "waiting", self.time + (5 if what == "retry" else 10)
            one.attempts = one.attempts if what == "retry" else 0

    @invariant()
    def agrees(self) -> None:
        for job, one in getattr(self, "model", {}).items():
            found = stands(self.database, job)
            assert (found.state.value, found.fencing, found.attempts) == (
                one.state,
                one.fencing,
                one.attempts,
            )


def test_any_history_of_workers_agrees_with_a_dictionary(new: New) -> None:
    with Database.open(new()) as opened:

        class Here(Leases):
            database = opened

        run_state_machine_as_test(
            Here,
            settings=settings(
                max_examples=30,
                stateful_step_count=25,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
