"""Writing a snapshot so that a crash at any point loses no finished unit and leaves no half one.

A finished unit is appended to its account's file and flushed to disk; only then one transaction of the status file
makes it count.  Whatever lies in a file beyond the last unit that counts is cut off when writing goes on.  A unit that
is read again (``--resume``) is appended anew; when its account is complete, the file is rewritten without the old
members under another name, and the status is turned over to it in one transaction.

One process writes to a snapshot at a time: the file ``lock`` is held (flock) as long as the writer is open.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

from watchword.clock import stamp
from watchword.errors import SnapshotLocked, StoreError, StoreFull
from watchword.model.evidence import Hole, HoleReason
from watchword.model.ids import AccountId
from watchword.model.resource import Resource
from watchword.model.snapshot import UnitKey
from watchword.store.lines import pack
from watchword.store.plan import PlannedAccount
from watchword.store.status import State, StatusFile, UnitStatus

TRANSIENT: Final = frozenset({HoleReason.THROTTLED, HoleReason.UNREACHABLE, HoleReason.NOT_ASSUMED})
"""Reasons that may be gone the next time; units with such holes are read again on resume."""

MANIFEST: Final = "manifest.json"
STATUS: Final = "status.sqlite"
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class UnitResult:
    """What was read of a unit: rows, holes, the calls it took and the seconds."""

    key: UnitKey
    rows: tuple[Resource, ...]
    holes: tuple[Hole, ...]
    calls: int = 0
    seconds: float = 0.0

    @property
    def state(self) -> State:
        """``PARTIAL`` where something may be there the next time."""
        return State.PARTIAL if any(hole.reason in TRANSIENT for hole in self.holes) else State.DONE


class SnapshotWriter:
    """The one who writes to a snapshot; made by ``create`` or ``resume``, to be closed (or used in ``with``)."""

    def __init__(self, folder: Path, lock: int, status: StatusFile, manifest: dict[str, Any]) -> None:
        self.folder = folder
        self.manifest = manifest
        self._lock = lock
        self._status = status
        self._ends = status.ends()
        self._stale: set[AccountId] = set()

    @classmethod
    def create(
        cls,
        store: Path,
        started: datetime,
        manifest: Mapping[str, Any],
        accounts: Sequence[PlannedAccount],
        units: Iterable[UnitKey],
    ) -> SnapshotWriter:
        """Begin a snapshot; ``manifest`` gets ``id``, ``started`` and ``finished``.

        Raises:
            StoreFull: no space is left.
            StoreError: the store's folder cannot be written.
        """
        with _told(store):
            folder = _new_folder(store / "snapshots", started)
            lock = _lock(folder)
            written = {"id": folder.name, "started": stamp(started), "finished": None, **manifest}
            try:
                status = StatusFile.create(folder / STATUS, accounts, units)
                _write_whole(folder / MANIFEST, json.dumps(written, indent=1) + "\n")
            except (OSError, StoreError):
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)
                raise
            return cls(folder, lock, status, written)

    @classmethod
    def resume(cls, folder: Path) -> SnapshotWriter:
        """Go on with a snapshot: what is finished stays, unfinished tails of files are cut off.

        Raises:
            SnapshotLocked: another process is writing to it.
            SnapshotDamaged: its status cannot be read.
        """
        with _told(folder):
            lock = _lock(folder)
            try:
                manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
                made = cls(folder, lock, StatusFile(folder / STATUS, writing=True), manifest)
                made._cut_tails()
            except (OSError, StoreError):
                os.close(lock)
                raise
            return made

    @property
    def id(self) -> str:
        """The snapshot's id."""
        return self.folder.name

    def pending(self, account: AccountId, services: Container[str] | None = None) -> list[UnitKey]:
        """The units of an account that are to be read, or to be read again (only those of ``services``)."""
        return [
            unit.key
            for unit in self._status.units(account)
            if unit.state is not State.DONE and (services is None or unit.key.service in services)
        ]

    def pending_counts(self, services: Container[str] | None = None) -> dict[AccountId, int]:
        """How many such units each account has; accounts without any are left out."""
        return self._status.pending_counts(services)

    def record(self, results: Sequence[UnitResult]) -> None:
        """Keep finished units; when this returns, they outlive a crash.

        Raises:
            StoreFull: no space is left; nothing of these units counts, and the snapshot can be resumed.
        """
        with _told(self.folder):
            placed: list[UnitStatus] = []
            for account in dict.fromkeys(result.key.account for result in results):
                placed += self._append(account, [one for one in results if one.key.account == account])
            self._status.record(placed, (hole for result in results for hole in result.holes))

    def complete(self, account: AccountId) -> None:
        """An account is complete: rewrite its file if units of it were read twice."""
        if account in self._stale:
            with _told(self.folder):
                self._rewrite(account)
            self._stale.discard(account)

    def finish(self, finished: datetime, **more: object) -> None:
        """All is read: say so in the manifest, with ``more`` that was learnt on the way."""
        self.manifest |= {"finished": stamp(finished), **more}
        with _told(self.folder):
            _write_whole(self.folder / MANIFEST, json.dumps(self.manifest, indent=1) + "\n")

    def close(self) -> None:
        """Let go of the snapshot."""
        try:
            self._status.close(settled=True)
        finally:
            os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _append(self, account: AccountId, results: Sequence[UnitResult]) -> list[UnitStatus]:
        name = self._file_of(account)
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        start = self._ends.get(name, 0)
        placed = []
        with path.open("ab") as file:
            file.truncate(start)
            for result in results:
                member = pack(result.key, result.rows)
                file.write(member)
                placed.append(_placed(result, name, start, len(member)))
                start += len(member)
            file.flush()
            os.fsync(file.fileno())
        if not self._ends.get(name):
            _flush_folder(path.parent)
        self._ends[name] = start
        return placed

    def _file_of(self, account: AccountId) -> str:
        """The account's file: the newest generation that counts."""
        prefix = f"data/account={account}/rows-"
        known = sorted(name for name in self._ends if name.startswith(prefix))
        return known[-1] if known else f"{prefix}0.ndjson.gz"

    def _cut_tails(self) -> None:
        """Remove what does not count: bytes beyond the last unit, files of no unit; note accounts with old members."""
        for path in sorted((self.folder / "data").glob("account=*/*")):
            name = path.relative_to(self.folder).as_posix()
            if name not in self._ends:
                path.unlink()
                continue
            os.truncate(path, self._ends[name])
        living: dict[AccountId, int] = {}
        for unit in self._status.units():
            living[unit.key.account] = living.get(unit.key.account, 0) + unit.length
            if unit.state is State.PARTIAL:
                self._stale.add(unit.key.account)
        self._stale |= {one for one, size in living.items() if size < self._ends.get(self._file_of(one), 0)}

    def _rewrite(self, account: AccountId) -> None:
        old = self._file_of(account)
        generation = int(old.rpartition("rows-")[2].partition(".")[0]) + 1
        new = f"data/account={account}/rows-{generation:03}.ndjson.gz"
        moved, start = [], 0
        with (self.folder / old).open("rb") as source, (self.folder / new).open("wb") as target:
            for unit in self._status.units(account):
                if unit.state is not State.PLANNED:
                    source.seek(unit.start)
                    target.write(source.read(unit.length))
                    moved.append(replace(unit, file=new, start=start))
                    start += unit.length
            target.flush()
            os.fsync(target.fileno())
        _flush_folder((self.folder / new).parent)
        self._status.record(moved, tuple(self._status.holes(account)))
        self._ends = {name: end for name, end in self._ends.items() if name != old} | {new: start}
        (self.folder / old).unlink()


def _placed(result: UnitResult, name: str, start: int, length: int) -> UnitStatus:
    measured = (len(result.rows), result.calls, round(result.seconds, 6))
    return UnitStatus(result.key, result.state, *measured, name, start, length)


def _new_folder(parent: Path, started: datetime) -> Path:
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # The fraction of the second in four hex digits: names are in the order of beginnings also within a second.
    fraction = started.microsecond * 0x10000 // 1_000_000
    while True:
        folder = parent / f"{started:%Y%m%dT%H%M%SZ}-{fraction:04x}"
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            fraction += 1
            continue
        return folder


def _lock(folder: Path) -> int:
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        raise SnapshotLocked(
            f"snapshot {folder.name} is being written by another process",
            where=str(folder),
            remedy="wait until it ends, or collect into a new snapshot (without --resume)",
        ) from error
    return handle


def _write_whole(path: Path, text: str) -> None:
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _told(where: Path) -> Iterator[None]:
    """Turn the system's errors into the store's."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StoreFull(
                f"no space is left for the snapshot: {error.strerror}",
                where=str(where),
                remedy="free some space there, then continue with: watchword collect --resume",
            ) from error
        raise StoreError(
            f"the snapshot store cannot be written: {error.strerror}",
            where=str(error.filename or where),
            remedy="check that the folder exists and that you may write to it, or name another with --store",
        ) from error
