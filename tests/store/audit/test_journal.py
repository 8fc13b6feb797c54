"""The log in SQLite and PostgreSQL: gap-free, in the caller's transaction, read page by page."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine, delete, func, select

from tests.store.audit.logs import NOON, engine_of, entry, filled
from watchword.store.audit import journal
from watchword.store.audit.faults import AuditDamaged, EntryRefused, RecordMissing
from watchword.store.audit.journal import (
    Filter,
    append,
    append_many,
    chain_of,
    find,
    personal,
    range_roots,
    read,
    record,
)
from watchword.store.audit.merkle import Growing, includes, inclusion
from watchword.store.audit.records import Record, proves
from watchword.store.audit.schema import CHAIN, PERSONAL_VALUES, RECORDS, TILES


def assert_whole(engine: Engine, size: int) -> None:
    """Every record follows the one before, from 1 on, and the chain's row says the same."""
    with engine.begin() as connection:
        chain = chain_of(connection)
        assert chain is not None
        last, tree = chain.log, Growing()
        for sequence, found in enumerate(read(connection), 1):
            assert found == Record.after(last, sequence, found.entry)
            last = found.hash
            tree.add(bytes.fromhex(found.hash))
        assert (chain.size, chain.last, chain.frontier) == (size, last, tree.frontier())


def test_entries_are_numbered_from_one_and_read_back_in_order(engine: Engine) -> None:
    with engine.begin() as connection:
        assert append(connection, entry(1)) == 1
        assert append(connection, entry(2)) == 2
        assert append_many(connection, [entry(3), entry(4)]) == range(3, 5)
        assert append_many(connection, []) == range(0)
    assert_whole(engine, 4)
    with engine.begin() as connection:
        assert [one.content()["subject"] for one in read(connection, 2, 3)] == ["grant/2", "grant/3"]


def test_a_rolled_back_entry_leaves_nothing_and_no_gap(engine: Engine) -> None:
    with engine.begin() as connection:
        append(connection, entry(1))
    with engine.connect() as connection, connection.begin() as begun:
        assert append(connection, entry(2)) == 2
        begun.rollback()
    with engine.begin() as connection:
        assert append(connection, entry(3)) == 2
    assert_whole(engine, 2)


def test_an_entry_that_is_refused_writes_none_of_its_batch(engine: Engine) -> None:
    with engine.begin() as connection, pytest.raises(EntryRefused):
        append_many(connection, [entry(1), entry(2, after={"share": 0.5})])
    with engine.begin() as connection:
        assert append(connection, entry(3)) == 1


def test_a_log_that_has_not_begun_has_no_end(engine: Engine) -> None:
    with engine.begin() as connection:
        assert chain_of(connection) is None
        assert list(read(connection)) == []
        journal.begin(connection)
        chain = chain_of(connection)
        journal.begin(connection)
        assert chain == chain_of(connection)
        assert chain is not None
        assert (chain.size, chain.last) == (0, chain.log)


def test_two_logs_never_have_the_same_id(engine: Engine, sqlite: Engine) -> None:
    ids = set()
    for one in (engine, sqlite):
        with one.begin() as connection:
            journal.begin(connection)
            ids.add(connection.execute(select(CHAIN.c.log)).scalar_one())
    assert len(ids) == 2


def test_a_log_whose_end_was_deleted_does_not_begin_again(engine: Engine) -> None:
    filled(engine, 2)
    with engine.begin() as connection:
        connection.execute(delete(CHAIN))
    with pytest.raises(AuditDamaged, match="is gone"), engine.begin() as connection:
        append(connection, entry(3))


def test_a_broken_end_is_told_and_nothing_is_written(engine: Engine) -> None:
    filled(engine, 3)
    with engine.begin() as connection:
        connection.execute(CHAIN.update().values(frontier="00"))
    with pytest.raises(AuditDamaged, match="broken"), engine.begin() as connection:
        append(connection, entry(4))
    with engine.begin() as connection:
        assert connection.execute(select(func.count()).select_from(RECORDS)).scalar_one() == 3


def test_personal_values_stand_beside_the_record_only_and_are_proved_by_it(engine: Engine) -> None:
    with engine.begin() as connection:
        append(connection, entry(1))
        found = record(connection, 1)
        kept = personal(connection, 1)
        owners = connection.execute(select(PERSONAL_VALUES.c.person)).scalars().all()
    assert "person1@example.com" not in found.leaf()
    assert [(one.field, one.value) for one in kept] == [("/after/mail", '"person1@example.com"')]
    assert all(proves(found.content(), one) for one in kept)
    assert owners == ["grant/1"]


def test_the_same_value_is_committed_to_differently_each_time(engine: Engine) -> None:
    with engine.begin() as connection:
        append_many(connection, [entry(1), entry(1)])
        first, second = (one.content()["after"]["mail"] for one in read(connection))
    assert first != second


def test_a_record_that_is_not_there_is_told(engine: Engine) -> None:
    with engine.begin() as connection, pytest.raises(RecordMissing, match="no record 7"):
        record(connection, 7)


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        (Filter(), [1, 2, 3, 4, 5, 6]),
        (Filter(kind="grant.approved"), [1, 2, 3, 4, 5]),
        (Filter(kind="person.*"), [6]),
        (Filter(kind="per%.*"), []),
        (Filter(actor="principal/1"), [1, 4]),
        (Filter(subject="grant/3"), [3]),
        (Filter(since=NOON + timedelta(seconds=2), until=NOON + timedelta(seconds=4)), [2, 3]),
        (Filter(kind="grant.*", actor="principal/0"), [3]),
    ],
)
def test_records_are_found_by_kind_actor_subject_and_time(
    engine: Engine, which: Filter, expected: list[int]
) -> None:
    filled(engine, 5)
    with engine.begin() as connection:
        append(connection, entry(6, kind="person.created"))
        assert [one.sequence for one in find(connection, which)] == expected


def test_reading_goes_over_pages_without_losing_or_repeating(engine: Engine) -> None:
    size = journal.PAGE + 3
    filled(engine, size)
    with engine.begin() as connection:
        assert [one.sequence for one in read(connection)] == list(range(1, size + 1))
        assert [one.sequence for one in read(connection, journal.PAGE, size - 1)] == list(
            range(journal.PAGE, size)
        )


@pytest.mark.parametrize("size", [1, 255, 256, 257, 700])
def test_proofs_from_stored_tiles_are_those_over_all_hashes(engine: Engine, size: int) -> None:
    filled(engine, size)
    with engine.begin() as connection:
        chain = chain_of(connection)
        assert chain is not None
        assert connection.execute(select(func.count()).select_from(TILES)).scalar_one() == size // 256
        for sequence in {1, size // 2 + 1, size}:
            leaf = bytes.fromhex(record(connection, sequence).hash)
            path = inclusion(sequence - 1, size, range_roots(connection))
            assert includes(leaf, sequence - 1, size, path, chain.frontier.root())


def test_missing_tiles_give_an_error_rather_than_a_wrong_proof(engine: Engine) -> None:
    filled(engine, 600)
    with engine.begin() as connection:
        connection.execute(delete(TILES))
        with pytest.raises(AuditDamaged, match="nodes"):
            inclusion(0, 600, range_roots(connection))


def test_threads_that_append_at_once_make_one_chain_without_gaps(engine: Engine) -> None:
    given: list[int] = []

    def work() -> None:
        for number in range(10):
            with engine.begin() as connection:
                given.append(append(connection, entry(number)))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(given) == list(range(1, 41))
    assert_whole(engine, 40)


APPENDER = """
import sys
from tests.store.audit.logs import engine_of, entry
from watchword.store.audit.journal import append_many
engine = engine_of(sys.argv[1])
for number in range(int(sys.argv[2])):
    with engine.begin() as connection:
        done = append_many(connection, [entry(number), entry(number)])
    print(done[-1], flush=True)
"""


def appender(url: str, times: int) -> subprocess.Popen[str]:
    """A process that appends two records at a time, and tells the last sequence after each commit."""
    command = [sys.executable, "-c", APPENDER, url, str(times)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_processes_that_append_at_once_make_one_chain_without_gaps(engine: Engine, url: str) -> None:
    running = [appender(url, 15) for _ in range(3)]
    given = [int(line) for one in running for line in one.communicate()[0].split()]
    assert [one.returncode for one in running] == [0, 0, 0]
    assert sorted(given) == list(range(2, 91, 2))
    assert_whole(engine, 90)


def test_a_process_killed_while_it_appends_leaves_a_whole_chain(engine: Engine, url: str) -> None:
    told = 0
    for after in (1, 4, 9):
        running = appender(url, 100_000)
        assert running.stdout is not None
        for _ in range(after):
            told = int(running.stdout.readline())
        os.kill(running.pid, signal.SIGKILL)
        rest, _ = running.communicate()
        told = max([told, *(int(line) for line in rest.split("\n") if line)])
        again = engine_of(url)
        with again.begin() as connection:
            chain = chain_of(connection)
        again.dispose()
        assert chain is not None
        # What was told as committed is there; the batch that was under way may be there, but whole.
        assert chain.size in {told, told + 2}
        assert_whole(engine, chain.size)
