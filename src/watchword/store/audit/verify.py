"""Verifying the whole log, from the database or from an export, in bounded memory.

The steps are those of ``follow``; of the database also: the row that says where the log ends, the kept nodes of the tree,
the columns beside entries, and every personal value that is still there against its commitment.  That a personal value is
not there any more is no fault: it may have been erased.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, select

from watchword.store.audit.faults import AuditDamaged, AuditError
from watchword.store.audit.follow import LONGEST_LINE, Fault, Follower, heads_of_one_log
from watchword.store.audit.heads import Head
from watchword.store.audit.journal import PAGE, chain_of, pages
from watchword.store.audit.records import Hidden, proves
from watchword.store.audit.schema import PERSONAL_VALUES, RECORDS, TILES

CHUNK: Final = 1 << 20
"""Bytes that are read at once."""

Tell = Callable[[int], None]
"""Is told how many records have been verified, once a page or chunk."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found. ``size`` records are sound; ``fault`` says what is wrong after them, ``None``: nothing.

    ``log``, ``last``, ``root``: hexadecimal, of the sound part.  ``heads``: how many agreed with it.
    ``keys``: ids of the keys that are vouched for.
    """

    log: str
    size: int
    last: str
    root: str
    heads: int
    keys: tuple[str, ...]
    fault: Fault | None = None

    def require(self) -> Verified:
        """Itself, where nothing is wrong.

        Raises:
            AuditDamaged: something is; names the first bad record.
        """
        if self.fault is not None:
            raise AuditDamaged(
                f"the audit log does not verify: {self.fault.sentence()}",
                where=f"the {self.size} records before it are sound",
                remedy="compare with an export and a backup; keep both as they are",
            )
        return self


def verify(
    connection: Connection,
    heads: Sequence[Head] = (),
    pinned: frozenset[bytes] = frozenset(),
    tell: Tell | None = None,
) -> Verified:
    """Verify the log in the database, inside a reading transaction of the caller.

    ``pinned``: public keys that are trusted beforehand; without any, the log's first key is.
    """
    heads_of_one_log(heads)
    follower = Follower(heads, pinned)
    columns = RECORDS.c
    wanted = select(
        columns.sequence, columns.entry, columns.previous, columns.hash,
        columns.kind, columns.actor, columns.subject, columns.at,
    )  # fmt: skip
    for rows in pages(connection, wanted):
        follower.rows(rows)
        _tiles(connection, follower)
        if follower.fault is not None:
            break
        _told(tell, follower)
    if follower.fault is None:
        follower.fault = _end(connection, follower)
    follower.finish()
    if follower.fault is None:
        follower.fault = _personal(connection)
    return _result(follower, len(heads))


def verify_file(
    path: Path, heads: Sequence[Head] = (), pinned: frozenset[bytes] = frozenset(), tell: Tell | None = None
) -> Verified:
    """Verify an export.

    Raises:
        AuditError: the file cannot be read.
    """
    heads_of_one_log(heads)
    follower = Follower(heads, pinned)
    for lines in line_groups(path):
        follower.lines(lines.whole)
        follower.tree.tiles.clear()
        if follower.fault is None and lines.rest:
            what = "is longer than a record may be" if lines.long else "is cut off: its line does not end"
            follower.fault = Fault(follower.size + 1, what)
        if follower.fault is not None:
            break
        _told(tell, follower)
    follower.finish()
    return _result(follower, len(heads))


@dataclass(frozen=True, slots=True)
class Lines:
    """Whole lines of a file without their ends; at the end of the file, what is left without one."""

    whole: list[bytes]
    rest: bytes = b""
    long: bool = False


def line_groups(path: Path) -> Iterator[Lines]:
    """The lines of a file, a chunk at a time, a line being no longer than a record may be.

    Raises:
        AuditError: the file cannot be read.
    """
    rest = b""
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                *whole, rest = (rest + chunk).split(b"\n")
                if len(rest) > LONGEST_LINE:
                    yield Lines(whole, rest[:80], long=True)
                    return
                yield Lines(whole)
    except OSError as error:
        raise AuditError(
            f"the export cannot be read: {error.strerror}", where=str(path), remedy="name another file"
        ) from error
    if rest:
        yield Lines([], rest)


def _told(tell: Tell | None, follower: Follower) -> None:
    if tell is not None:
        tell(follower.size)


def _tiles(connection: Connection, follower: Follower) -> None:
    """Compare the kept nodes with those that were computed since the last page."""
    computed = [(number, node.hex()) for number, node in follower.tree.tiles]
    follower.tree.tiles.clear()
    if not computed or follower.fault is not None:
        return
    between = TILES.c.number.between(computed[0][0], computed[-1][0])
    kept = dict(connection.execute(select(TILES.c.number, TILES.c.hash).where(between)).all())
    for number, node in computed:
        if kept.get(number) != node:
            what = "the kept node of the tree over the 256 records from here was changed or is missing"
            follower.fault = Fault(number * 256 + 1, what)
            return


def _end(connection: Connection, follower: Follower) -> Fault | None:
    """Compare the row that says where the log ends."""
    try:
        chain = chain_of(connection)
    except AuditDamaged as error:
        return Fault(0, error.what)
    if chain is None:
        return Fault(0, "the row that says where the log ends is gone") if follower.size else None
    if chain.size > follower.size:
        return Fault(follower.size + 1, f"missing: records up to {chain.size} were written")
    if not follower.size:
        follower.log = follower.last = chain.log
    here = follower.log, follower.last, follower.tree.frontier()
    if (chain.log, chain.last, chain.frontier) != here:
        return Fault(follower.size, "the row that says where the log ends does not fit the last record")
    stray = connection.execute(select(TILES.c.number).where(TILES.c.number >= follower.size // 256)).first()
    return None if stray is None else Fault(0, "a node of the tree is kept for records that are not there")


def _personal(connection: Connection) -> Fault | None:
    """Compare every personal value with its commitment, in the order of records."""
    table = PERSONAL_VALUES.c
    joined = select(
        RECORDS.c.sequence, RECORDS.c.entry, table.field, table.salt, table.value, table.person
    ).join_from(PERSONAL_VALUES, RECORDS)
    after = (0, "")
    while rows := connection.execute(_beyond(joined, after)).all():
        for row in rows:
            if not _committed(row):
                return Fault(
                    row.sequence, f"the personal value of {row.field} is not the one that was committed to"
                )
        after = rows[-1].sequence, rows[-1].field
    return None


def _beyond(joined: Any, after: tuple[int, str]) -> Any:  # noqa: ANN401
    """The next page of personal values after a record and field."""
    table = PERSONAL_VALUES.c
    same = (table.sequence == after[0]) & (table.field > after[1])
    later = joined.where((table.sequence > after[0]) | same)
    return later.order_by(table.sequence, table.field).limit(PAGE)


def _committed(row: Any) -> bool:  # noqa: ANN401
    """Whether a value is what its record, which has been verified, committed to, for the person that it says."""
    try:
        content = json.loads(row.entry)
        kept = Hidden(row.field, bytes.fromhex(row.salt), row.value)
        return proves(content, kept) and row.person == (content.get("person") or content.get("subject"))
    except (ValueError, RecursionError, AttributeError):
        return False


def _result(follower: Follower, heads: int) -> Verified:
    return Verified(
        log=follower.log,
        size=follower.size,
        last=follower.last,
        root=follower.tree.root().hex(),
        heads=heads if follower.fault is None else 0,
        keys=tuple(sorted(follower.keys.known)),
        fault=follower.fault,
    )
