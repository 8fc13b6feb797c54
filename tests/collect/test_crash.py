"""Whatever ends a collection, nothing finished is lost and nothing half done counts."""

from __future__ import annotations

import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.collect.small import READS, populate, source
from tests.collect.stub import MANAGEMENT, PROD, Asked, Said, StubAws, accounts, says
from watchword.collect.engine import Scope, collect, resume
from watchword.errors import SnapshotLocked, StoreFull
from watchword.model.ids import AccountId
from watchword.store.snapshots import Snapshot, snapshot_ids
from watchword.store.status import State

MANY = [(f"{number:012}", f"team-{number}") for number in range(1, 13)]

COLLECT = """
import signal
import sys
from pathlib import Path
# Who runs the tests in the background of a shell without job control has SIGINT ignored, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
from tests.collect.small import READS, source_at
from watchword.collect.engine import Scope, collect, resume
store = Path(sys.argv[2])
made = source_at(sys.argv[1])
if len(sys.argv) > 3:
    resume(made, store, threads=4, reads=READS)
else:
    collect(made, Scope(), store, threads=4, reads=READS)
"""


def started(stub: StubAws, store: Path, *more: str) -> subprocess.Popen[bytes]:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", COLLECT, stub.url, str(store), *more]
    return subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def everything(snapshot: Snapshot) -> dict[str, list[object]]:
    """All rows and holes of a snapshot, in an order that does not depend on when they were read."""
    rows = [
        (key, row.arn, row.table, dict(row.data), dict(row.tags))
        for one in snapshot.planned()
        for key, row in snapshot.rows(one.account.id)
    ]
    return {"rows": sorted(rows, key=str), "holes": sorted(snapshot.holes())}


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.002)
    assert condition()


@pytest.mark.parametrize("seed", range(6))
def test_killed_at_any_point_and_resumed_it_is_the_same_snapshot(
    stub: StubAws, tmp_path: Path, seed: int
) -> None:
    populate(stub, keys=4)
    stub.on("organizations", "ListAccounts", accounts((MANAGEMENT, "management"), *MANY))
    whole = everything(collect(source(stub), Scope(), tmp_path / "whole", threads=4, reads=READS))
    store = tmp_path / "killed"
    chance = random.Random(seed)
    before = len(stub.asked)
    process = started(stub, store)
    point = before + chance.randrange(45, 240)
    while process.poll() is None and len(stub.asked) < point:
        time.sleep(0.001)
    time.sleep(chance.random() / 50)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    wait_until(lambda: bool(snapshot_ids(store)) or len(stub.asked) < point)
    kept = {unit.key for unit in Snapshot.open(store).units() if unit.state is State.DONE}
    asked = len(stub.asked)
    again = resume(source(stub), store, threads=4, reads=READS)
    assert everything(again) == whole
    regional = {(key.account, key.service) for key in kept}
    read_again = {
        (one.account, one.service) for one in stub.asked[asked:] if one.service in {"kms", "secretsmanager"}
    }
    assert not regional & read_again


def test_ended_by_the_user_it_says_how_to_go_on(stub: StubAws, tmp_path: Path) -> None:
    # So many that much is left to read by the time that the signal arrives.
    populate(stub, keys=40)
    stub.on("organizations", "ListAccounts", accounts((MANAGEMENT, "management"), *MANY))
    whole = everything(collect(source(stub), Scope(), tmp_path / "whole", threads=4, reads=READS))
    store, before = tmp_path / "ended", len(stub.asked)
    process = started(stub, store)
    wait_until(lambda: len(stub.asked) > before + 120)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode != 0
    assert b"CollectInterrupted" in told
    snapshot = Snapshot.open(store)
    assert not snapshot.is_finished
    assert snapshot.counts()[State.PLANNED] > 0
    assert everything(resume(source(stub), store, threads=4, reads=READS)) == whole


def test_two_collections_into_one_store_do_not_touch_each_other(stub: StubAws, tmp_path: Path) -> None:
    populate(stub)
    both = [started(stub, tmp_path) for _ in range(2)]
    for process in both:
        process.communicate(timeout=60)
    assert [process.returncode for process in both] == [0, 0]
    first, second = (Snapshot.open(tmp_path, one) for one in snapshot_ids(tmp_path))
    assert everything(first) == everything(second)
    assert len(first.view(AccountId(PROD)).rows("kms.keys")) == 3


def test_a_snapshot_that_is_being_collected_cannot_be_resumed_by_another(
    stub: StubAws, tmp_path: Path
) -> None:
    populate(stub, keys=4)
    stub.on("organizations", "ListAccounts", accounts((MANAGEMENT, "management"), *MANY))
    process = started(stub, tmp_path)
    try:
        wait_until(lambda: "ListKeys" in stub.counts())
        with pytest.raises(SnapshotLocked):
            resume(source(stub), tmp_path, threads=4, reads=READS)
    finally:
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert Snapshot.open(tmp_path).is_finished


@pytest.fixture
def largest_file() -> Iterator[Callable[[int], None]]:
    """Lets no file of this process grow beyond some bytes, which is how a full disk looks to a writer."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def noise(asked: Asked) -> Said:
    """A description that does not compress, the same at each call."""
    generator = random.Random(f"{asked.account}{asked.params['KeyId']}")
    return says({"KeyMetadata": {"Description": generator.randbytes(3000).hex()}})


def test_a_store_that_runs_full_says_so_and_can_be_resumed(
    stub: StubAws, tmp_path: Path, largest_file: Callable[[int], None]
) -> None:
    populate(stub, keys=30)
    stub.on("kms", "DescribeKey", noise)
    whole = everything(collect(source(stub), Scope(), tmp_path / "whole", threads=4, reads=READS))
    store = tmp_path / "full"
    largest_file(64 * 1024)
    with pytest.raises(StoreFull) as caught:
        collect(source(stub), Scope(), store, threads=4, reads=READS)
    assert caught.value.exit_code == 1
    assert "--resume" in caught.value.remedy
    snapshot = Snapshot.open(store)
    assert not snapshot.is_finished
    assert all(unit.length == 0 for unit in snapshot.units() if unit.state is State.PLANNED)
    largest_file(resource.RLIM_INFINITY)
    assert everything(resume(source(stub), store, threads=4, reads=READS)) == whole


def test_a_store_that_is_full_from_the_start_leaves_nothing_behind(
    stub: StubAws, tmp_path: Path, largest_file: Callable[[int], None]
) -> None:
    populate(stub)
    largest_file(100)
    with pytest.raises(StoreFull):
        collect(source(stub), Scope(), tmp_path, threads=4, reads=READS)
    assert list((tmp_path / "snapshots").iterdir()) == []
