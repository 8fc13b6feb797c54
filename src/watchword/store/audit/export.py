"""The log as files: lines of JSON that verify by themselves, and heads.

An export has one line a record, ``{"entry":…,"hash":"…","previous":"…","sequence":n}``, canonical JSON in UTF-8.  Each
record is verified before its line is written.  An export that was interrupted, or has grown old, is continued: what is
there is verified first, and a line without an end is cut off.  A head is written whole or not at all, and never over one
that it does not continue.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from sqlalchemy import Connection

from watchword.errors import UsageError
from watchword.store.audit.documents import LARGEST
from watchword.store.audit.faults import AuditDamaged, AuditError
from watchword.store.audit.follow import Follower
from watchword.store.audit.heads import Head
from watchword.store.audit.journal import chain_of, read
from watchword.store.audit.records import Record
from watchword.store.audit.verify import Tell, line_groups

LINES: Final = 2_000
"""Records that are verified and written at once."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export holds now: records, how many of them are new, the hash of the last."""

    size: int
    new: int
    last: str


def line_of(record: Record) -> bytes:
    """A record as a line of an export, without its end."""
    fields = f'"hash":"{record.hash}","previous":"{record.previous}","sequence":{record.sequence}'
    return f'{{"entry":{record.entry},{fields}}}'.encode()


def export(connection: Connection, path: Path, tell: Tell | None = None) -> Exported:
    """Write the log to a file, or continue it there, inside a reading transaction of the caller.

    Raises:
        AuditDamaged: a record does not verify, or what the file holds is not this log's beginning; no line of that is
            written.
        UsageError: the file cannot be written.
    """
    follower = Follower()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _open(path) as file:
            end = _resume(path, follower)
            _require_same(connection, follower, path)
            file.truncate(end)
            file.seek(end)
            before = follower.size
            _continue(connection, follower, file, tell)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise _unwritable(path, error) from error
    return Exported(follower.size, follower.size - before, follower.last)


def _open(path: Path) -> IO[bytes]:
    place = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    return os.fdopen(place, "r+b")


def _resume(path: Path, follower: Follower) -> int:
    """Follow what is in the file; where its last whole line ends."""
    end = 0
    for lines in line_groups(path):
        follower.lines(lines.whole)
        if follower.fault is not None or lines.long:
            said = follower.fault.sentence() if follower.fault else "a line is too long"
            raise AuditDamaged(
                f"the file is not a sound export, and was left as it is: {said}",
                where=str(path),
                remedy="name another file",
            )
        end += sum(map(len, lines.whole)) + len(lines.whole)
    return end


def _require_same(connection: Connection, follower: Follower, path: Path) -> None:
    """See that the file's last record is the log's."""
    if not follower.size:
        return
    same = next(read(connection, follower.size, follower.size), None)
    if same is None or same.hash != follower.last:
        raise AuditDamaged(
            f"record {follower.size} of the file is not that of the log: another log, rewritten, or rolled back",
            where=str(path),
            remedy="keep the file; name another one to export to",
        )


def _continue(connection: Connection, follower: Follower, file: IO[bytes], tell: Tell | None) -> None:
    batch: list[bytes] = []
    for record in read(connection, follower.size + 1):
        batch.append(line_of(record))
        if len(batch) == LINES:
            _put(follower, file, batch, tell)
            batch = []
    _put(follower, file, batch, tell)
    chain = chain_of(connection)
    if chain is not None and (chain.size, chain.last) != (follower.size, follower.last or chain.log):
        raise AuditDamaged(
            f"record {follower.size + 1} is missing: the log should end with record {chain.size}",
            remedy="what is sound has been written; restore the database",
        )


def _put(follower: Follower, file: IO[bytes], batch: list[bytes], tell: Tell | None) -> None:
    """Verify lines, and write those that are sound."""
    before = follower.size
    follower.lines(batch)
    follower.tree.tiles.clear()
    file.writelines(line + b"\n" for line in batch[: follower.size - before])
    if follower.fault is not None:
        raise AuditDamaged(
            f"the audit log does not verify: {follower.fault.sentence()}",
            remedy="the records before it have been written; keep the database as it is",
        )
    if tell is not None:
        tell(follower.size)


def read_text(path: Path) -> str:
    """The text of a head or a pack.

    Raises:
        AuditError: it cannot be read.
        AuditDamaged: it is not UTF-8, or too large.
    """
    try:
        with path.open("rb") as file:
            found = file.read(LARGEST + 1)
    except OSError as error:
        raise AuditError(
            f"the file cannot be read: {error.strerror}", where=str(path), remedy="name another"
        ) from error
    if len(found) > LARGEST:
        raise AuditDamaged(f"the file is larger than {LARGEST} bytes", where=str(path))
    try:
        return found.decode()
    except UnicodeDecodeError as error:
        raise AuditDamaged("the file is not UTF-8", where=str(path)) from error


def write_head(path: Path, head: Head) -> None:
    """Write a head whole, in the place of an older one of the same log.

    Whether the log continues the older one is the caller's to prove (``signing.continuity``).

    Raises:
        AuditDamaged: what is there is no head, or one of another or a longer log; it is left as it is.
        UsageError: the file cannot be written.
    """
    if path.exists():
        old = Head.parse(read_text(path))
        if old.log != head.log or old.size > head.size:
            raise AuditDamaged(
                f"the head that is there ({old.size} records) is not one that this ({head.size} records) continues",
                where=str(path),
                remedy="verify the log against it; write the new head elsewhere",
            )
    write_text(path, head.text())


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all, to the disk.

    Raises:
        UsageError: it cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"cannot write {path}: {error.strerror}",
        remedy="name a file in a folder that you may write to, with space left",
    )
