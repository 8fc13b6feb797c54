"""Collecting Company ABC: what it costs, that a replay gives the same, and that resources are named as AWS names them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.collect.recorder import Recorder
from tests.collect.test_crash import everything
from watchword.aws import AwsSettings
from watchword.collect.directory import DirectorySource
from watchword.collect.engine import Scope, collect, live_source
from watchword.lab import server
from watchword.lab.estate.company import PROD, REGIONS
from watchword.model.ids import Region
from watchword.store.snapshots import Snapshot

pytestmark = pytest.mark.heavy

SERVICES = ("cloudtrail", "ec2", "guardduty", "iam", "kms", "lambda", "rds", "s3")
TWO = (Region("eu-central-1"), Region("eu-west-1"))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a lab in a process of its own, with the company as it was before."""
    folder = tmp_path_factory.mktemp("lab")
    started = server.start_detached(folder, state="before")
    yield started.endpoint_url
    server.stop(folder)


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that has ended: its exit code, the most memory that it held (MiB), what it said on standard error."""

    code: int
    most: float
    said: str


def ran(*words: str) -> Ran:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WATCHWORD_")}
    command = [sys.executable, "-m", "watchword", *words]
    process = subprocess.Popen(
        command, env=kept, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    most = 0.0
    while process.poll() is None:
        most = max(most, held(process.pid))
        time.sleep(0.02)
    assert process.stderr is not None
    return Ran(process.returncode, most, process.stderr.read())


def held(pid: int) -> float:
    """The most memory that a process held so far, in MiB; 0 where it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_one_account_in_two_regions_takes_three_hundred_calls_and_150_megabytes(
    lab: str, credentials: None, tmp_path: Path
) -> None:
    scope = ("--accounts", PROD.id, "--regions", ",".join(TWO), "--services", ",".join(SERVICES))
    done = ran("assess", "--endpoint-url", lab, "--store", str(tmp_path), *scope)
    assert done.code == 0, done.said
    assert done.most <= 150
    assert Snapshot.open(tmp_path).totals()[1] <= 300


def test_a_replay_of_the_companys_answers_gives_the_same_snapshot(
    lab: str, credentials: None, tmp_path: Path
) -> None:
    scope = Scope(accounts=("prod", "data"), regions=TWO)
    source = live_source(AwsSettings(endpoint_url=lab, region="eu-west-1"))
    live = collect(Recorder(source, tmp_path / "answers"), scope, tmp_path / "live")
    replayed = collect(DirectorySource(tmp_path / "answers"), scope, tmp_path / "replayed")
    found, expected = everything(replayed), everything(live)
    assert found["rows"] == expected["rows"]
    assert [row for row in found["rows"] if "rds" in str(row)]
    assert {(hole.table, hole.resource) for hole in replayed.holes()} == {
        (hole.table, hole.resource) for hole in live.holes()
    }


def test_every_row_has_an_arn_of_its_own_and_a_name(lab: str, credentials: None, tmp_path: Path) -> None:
    source = live_source(AwsSettings(endpoint_url=lab, region="eu-west-1"))
    snapshot = collect(source, Scope(regions=tuple(Region(one) for one in REGIONS)), tmp_path)
    for planned in snapshot.planned():
        seen: set[tuple[str, str, str]] = set()
        for key, row in snapshot.rows(planned.account.id):
            place = (row.table, key.region, row.arn)
            assert place not in seen
            assert "#" not in row.arn, f"several rows of {row.table} have the ARN {row.arn}"
            assert "{" not in row.arn
            assert row.name
            seen.add(place)
