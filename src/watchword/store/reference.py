"""The table of IAM actions that commands use: the user's own, where it is sound and newer than the shipped one.

It lies as one file in the user's data folder (``WATCHWORD_DATA``, else ``~/.local/share/watchword``).  A table that is
damaged, older or no table at all is passed over, with a note that says so; it never stops a command.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from watchword.analysis.iam.actions import Reference
from watchword.analysis.iam.universe import FILE, TableUnsound, Universe, default
from watchword.analysis.iam.universe_table import pack
from watchword.errors import StoreError, UsageError

VARIABLE: Final = "WATCHWORD_DATA"
MOST_BYTES: Final = 64 * 1024 * 1024
LEAST_SHARE: Final = 0.8
"""A new table with fewer actions than this share of the shipped one's is taken for a part of what it should be."""


@dataclass(frozen=True, slots=True)
class Current:
    """The table in use; ``path`` is ``None`` for the shipped one, ``note`` says what was passed over and why."""

    universe: Universe
    path: Path | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a new table; ``path`` is ``None`` where nothing was written because it is not newer."""

    universe: Universe
    path: Path | None
    added: tuple[str, ...]
    gone: tuple[str, ...]


def folder(environment: Mapping[str, str] | None = None) -> Path:
    """The user's data folder, which need not be there; below the present folder for who has no home."""
    found = (os.environ if environment is None else environment).get(VARIABLE)
    if found:
        return Path(found)
    with suppress(RuntimeError):
        return Path("~/.local/share/watchword").expanduser()
    return Path(".watchword") / "data"


def universe() -> Universe:
    """The actions there are, for whoever wants no more than that."""
    return current().universe


def current(data: Path | None = None) -> Current:
    """The table in use, and what was passed over for it; ``data`` is the user's folder."""
    shipped = default()
    path = (folder() if data is None else data) / FILE
    try:
        own = _read(path)
    except FileNotFoundError:
        return Current(shipped, None)
    except (OSError, TableUnsound) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        return Current(
            shipped, None, f"{path} is passed over: {why}; write it anew with: watchword data refresh"
        )
    if not _is_newer(own.updated, own.version, shipped):
        return Current(shipped, None, f"{path} is passed over: the shipped table is as new or newer")
    return Current(own, path)


def keep(reference: Reference, data: Path, *, allow_smaller: bool = False) -> Kept:
    """Write a new table into the user's data folder, if it is newer than the shipped one.

    Raises:
        UsageError: it has far fewer actions than the shipped one, so that it seems to be a part.
        StoreError: it cannot be written.
    """
    shipped = default()
    packed = pack(reference)
    new = Universe.of_bytes(packed)
    before = set(current(data).universe.names)
    added = tuple(name for name in new.names if name not in before)
    gone = tuple(sorted(before.difference(new.names)))
    if not _is_newer(new.updated, new.version, shipped):
        return Kept(new, None, added, gone)
    if len(new) < LEAST_SHARE * len(shipped) and not allow_smaller:
        raise UsageError(
            f"the new table has {len(new)} actions, the shipped one {len(shipped)}: it seems to be a part",
            remedy="look at the source; if it is right, say --allow-smaller",
        )
    return Kept(new, _write(data / FILE, packed), added, gone)


def _is_newer(updated: str, version: str, shipped: Universe) -> bool:
    return updated >= shipped.updated and version != shipped.version


def _read(path: Path) -> Universe:
    """The table in a file, all of it unpacked once, so that no damage shows later."""
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise TableUnsound(f"it is larger than {MOST_BYTES} bytes")
    found = Universe.of_bytes(data)
    found.check()
    return found


def _write(path: Path, data: bytes) -> Path:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise StoreError(
            f"cannot write {path}: {error.strerror}",
            remedy=f"name a folder that you may write to, by --data or {VARIABLE}",
        ) from error
    return path
