"""Re-fetches the scripts of others that the console serves, and checks or writes their hashes.

``python scripts/vendor.py`` fetches each package of ``static/vendor/vendor.toml`` through npm, in the version that stands
there, and compares its files with what is kept.  ``--write`` takes what was fetched and writes the hashes anew: for a new
version, after changing it in ``vendor.toml``.  npm asks the registry that your machine is configured for.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "src/watchword/web/console/static/vendor"
LIST = FOLDER / "vendor.toml"


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch and compare, or fetch and write; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--write", action="store_true", help="take what was fetched, and write its hashes")
    write = parser.parse_args(arguments).write
    listed = tomllib.loads(LIST.read_text(encoding="utf-8"))["file"]
    differing = []
    with tempfile.TemporaryDirectory(prefix="watchword-vendor-") as name:
        for one in listed:
            for kept, fetched in fetch(one, Path(name)):
                if write:
                    shutil.copyfile(fetched, kept)
                elif not kept.is_file() or kept.read_bytes() != fetched.read_bytes():
                    differing.append(kept.name)
    if write:
        write_hashes(listed)
    print(
        f"differ from what npm has: {', '.join(differing)}" if differing else "all files are as npm has them"
    )
    return 1 if differing else 0


def fetch(one: dict[str, Any], scratch: Path) -> Iterator[tuple[Path, Path]]:
    """Fetch a package; gives its script and its licence: where each is kept, and what was fetched."""
    npm = shutil.which("npm", path=f"{ROOT / '.venv/bin'}:/usr/bin:/usr/local/bin") or "npm"
    packed = subprocess.run(
        [npm, "pack", "--silent", f"{one['name']}@{one['version']}"],
        cwd=scratch,
        check=True,
        capture_output=True,
        text=True,
    )
    folder = scratch / f"{one['name']}-{one['version']}"
    with tarfile.open(scratch / packed.stdout.split()[-1]) as archive:
        archive.extractall(folder, filter="data")
    yield FOLDER / one["path"], folder / "package" / one["source"]
    yield FOLDER / one["licence_file"], folder / "package" / "LICENSE"


def integrity(path: Path) -> str:
    """The hash of a file as it stands in ``integrity`` attributes (https://www.w3.org/TR/SRI/)."""
    return "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()


def write_hashes(listed: Sequence[dict[str, Any]]) -> None:
    """Write the hash of each file into the list, in the order of the files."""
    hashes = iter([integrity(FOLDER / one["path"]) for one in listed])
    text = LIST.read_text(encoding="utf-8")
    LIST.write_text(
        re.sub(r'(?m)^sha384 = ".*"$', lambda _: f'sha384 = "{next(hashes)}"', text), encoding="utf-8"
    )


if __name__ == "__main__":
    sys.exit(main())
