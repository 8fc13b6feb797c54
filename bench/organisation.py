"""An organisation of 20 and one of 200 accounts, 4 regions, 11 services: does the cost of a unit or the memory grow?

The peers hold a whole account, or the whole run, in memory; here memory must not depend on the number of accounts, and
the CPU time of a unit (account, region, service) must stay what it is.  The organisation is played by a server in a
process of its own, whose cost is not counted.  The third figure is how early the first gap is told with ``--stream``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench._measured import Run, line, run
from bench._stub import REGIONS, SERVICES, organisation
from watchword.model.evidence import HoleReason
from watchword.store.snapshots import Snapshot

SMALL, LARGE = 20, 200
LIMIT = {"peak MB": 400.0, "ratio": 1.25, "first": 0.25}
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_REGION": REGIONS[1]}


@dataclass(frozen=True)
class Measured:
    """What an assessment cost, and how much it read."""

    cost: Run
    accounts: int
    units: int
    calls: int
    rows: int
    unseen: int


def command(endpoint: str, store: Path) -> list[str]:
    scope = ["--services", ",".join(SERVICES), "--store", str(store)]
    return [sys.executable, "-m", "watchword", "assess", "--endpoint-url", endpoint, *scope]


def measure(accounts: int, folder: Path) -> Measured:
    """Assess an organisation of so many accounts in a process of its own."""
    store = folder / f"store-{accounts}"
    with organisation(accounts) as endpoint:
        cost = run(command(endpoint, store), ENVIRONMENT, folder)
    snapshot = Snapshot.open(store)
    rows, calls, _ = snapshot.totals()
    unseen = sum(hole.reason is not HoleReason.OUT_OF_SCOPE for hole in snapshot.holes())
    assert len(snapshot.accounts()) == accounts, "not every account was read"
    assert rows > accounts * 100, f"only {rows} rows were read"
    return Measured(cost, accounts, sum(snapshot.counts().values()), calls, rows, unseen)


def first_gap(accounts: int, folder: Path) -> tuple[float, float]:
    """Seconds to the first gap that is told, and to the end of the collection."""
    store = folder / "store-stream"
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")} | ENVIRONMENT
    with organisation(accounts) as endpoint:
        begun = time.time()
        streamed = [*command(endpoint, store), "--stream"]
        with subprocess.Popen(streamed, stdout=subprocess.PIPE, text=True, env=kept, cwd=folder) as child:
            assert child.stdout is not None
            first = child.stdout.readline()
            told = time.time() - begun
            child.stdout.read()
    assert '"verdict": "gap"' in first, f"no gap was told, but {first!r}"
    finished = Snapshot.open(store).manifest["finished"]
    from watchword.model.resource import instant

    return told, instant(finished).timestamp() - begun


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="watchword-bench-") as name:
        folder = Path(name)
        small, large = measure(SMALL, folder), measure(LARGE, folder)
        told, finished = first_gap(LARGE, folder)
    print(
        f"an organisation of {SMALL} and of {LARGE} accounts, {len(REGIONS)} regions, {len(SERVICES)} services"
    )
    for one in (small, large):
        print(
            f"  {one.accounts} accounts: {one.units} units, {one.calls} calls, {one.rows} rows, {one.unseen} holes"
        )
        print(line("peak MB", one.cost.megabytes, LIMIT["peak MB"]))
        print(
            f"  {'CPU-s':<24} {one.cost.cpu:>10.1f}   {1000 * one.cost.cpu / one.units:.1f} ms a unit, {one.cost.seconds:.0f} s"
        )
    print(line(f"peak MB {LARGE}/{SMALL}", large.cost.megabytes / small.cost.megabytes, LIMIT["ratio"]))
    unit = (large.cost.cpu / large.units) / (small.cost.cpu / small.units)
    print(line(f"CPU a unit {LARGE}/{SMALL}", unit, LIMIT["ratio"]))
    print(line("first gap / end", told / finished, LIMIT["first"]))
    print(
        f"(--stream: the first gap after {told:.1f} s, the end of the collection after {finished:.1f} s; {os.cpu_count()} cores)"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
