"""The log in the database: append inside the caller's transaction, read in bounded memory.

``append`` is called in the transaction that changes what the entry tells of, so that both are there or neither.  The first
statement updates the chain's only row: that takes its lock on PostgreSQL and the write lock on SQLite, so appenders go
one after another, and sequences have no gaps, a rolled-back one being given again.  The lock is held until the caller
commits: append last.  Who has many changes at hand commits them together (``append_many``): one lock, one flush.

Where PostgreSQL is asked for REPEATABLE READ or stricter, a concurrent append raises a serialization failure, and where
SQLite's transaction began as a reading one, "database is locked": the caller tries again.

Nothing here commits, opens a database, or asks for the time.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, insert, select, update

from watchword.clock import stamp
from watchword.store.audit.faults import AuditDamaged, RecordMissing
from watchword.store.audit.merkle import TILE, Frontier, Growing, RangeRoot
from watchword.store.audit.records import SALT, Entry, Hidden, Record, Sealed, seal
from watchword.store.audit.schema import CHAIN, PERSONAL_VALUES, RECORDS, TILES

PAGE: Final = 5_000
"""Records that are in memory at once when the log is read."""

_OF_RECORD: Final = (RECORDS.c.sequence, RECORDS.c.entry, RECORDS.c.previous, RECORDS.c.hash)


@dataclass(frozen=True, slots=True)
class Chain:
    """Where the log ends: its id, the hash of its last record (the id where there is none), and the tree's frontier."""

    log: str
    last: str
    frontier: Frontier

    @property
    def size(self) -> int:
        """How many records there are, which is the sequence of the last."""
        return self.frontier.size


@dataclass(frozen=True, slots=True)
class Filter:
    """Which records are wanted: ``""`` and ``None`` mean any. ``kind`` may be ``grant.*``; ``until`` is exclusive."""

    kind: str = ""
    actor: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None


def append(connection: Connection, entry: Entry) -> int:
    """Write one entry in the caller's transaction, and give its sequence.

    Raises:
        EntryRefused: the entry has a form that has no place in the log; nothing was written.
        AuditDamaged: the chain's row is missing or broken.
    """
    return append_many(connection, (entry,))[-1]


def append_many(connection: Connection, entries: Sequence[Entry]) -> range:
    """Write entries in the caller's transaction, in order, and give their sequences.

    Raises:
        EntryRefused: an entry has a form that has no place in the log; none was written.
        AuditDamaged: the chain's row is missing or broken.
    """
    sealed = [seal(entry, _salt) for entry in entries]
    if not sealed:
        return range(0)
    chain = _reserve(connection, len(sealed))
    tree, last, records = Growing(chain.frontier), chain.last, []
    for sequence, one in enumerate(sealed, chain.size + 1):
        record = Record.after(last, sequence, one.text)
        tree.add(bytes.fromhex(record.hash))
        records.append(record)
        last = record.hash
    connection.execute(insert(RECORDS), [_row(*pair) for pair in zip(records, entries, strict=True)])
    personal = [row for three in zip(records, entries, sealed, strict=True) for row in _personal(*three)]
    if personal:
        connection.execute(insert(PERSONAL_VALUES), personal)
    if tree.tiles:
        connection.execute(
            insert(TILES), [{"number": number, "hash": node.hex()} for number, node in tree.tiles]
        )
    connection.execute(update(CHAIN).where(CHAIN.c.id == 1).values(last=last, frontier=tree.frontier().hex()))
    return range(chain.size + 1, tree.size + 1)


def begin(connection: Connection) -> None:
    """Begin the log where it has not begun: its id is drawn. ``append`` does so by itself.

    Raises:
        AuditDamaged: there are records, but the chain's row is gone.
    """
    log = secrets.token_bytes(SALT).hex()
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as insert_or_leave
    else:
        from sqlalchemy.dialects.sqlite import insert as insert_or_leave  # type: ignore[assignment]
    row = {"id": 1, "log": log, "size": 0, "last": log, "frontier": ""}
    put = insert_or_leave(CHAIN).values(row).on_conflict_do_nothing().returning(CHAIN.c.id)
    made = connection.execute(put).first() is not None
    # Looked at after the insertion, which waits for whoever begins the log at the same time.
    if made and connection.execute(select(RECORDS.c.sequence).limit(1)).first() is not None:
        raise AuditDamaged(
            "the audit log has records, but the row that says where it ends is gone",
            where="table audit_chain",
            remedy="restore the database; then `watchword audit verify --against` an exported head",
        )


def chain_of(connection: Connection) -> Chain | None:
    """Where the log ends; ``None`` where it has not begun.

    Raises:
        AuditDamaged: the row is broken.
    """
    row = connection.execute(select(CHAIN).where(CHAIN.c.id == 1)).first()
    return None if row is None else _chain(row, row.size)


def read(connection: Connection, first: int = 1, last: int | None = None) -> Iterator[Record]:
    """The records from ``first`` to ``last`` (inclusive; to the end where ``None``) in order, a page in memory at a time.

    Records are given as they stand, without being verified.
    """
    wanted = select(*_OF_RECORD) if last is None else select(*_OF_RECORD).where(RECORDS.c.sequence <= last)
    for rows in pages(connection, wanted, first):
        for row in rows:
            yield _record(row)


def pages(connection: Connection, wanted: Select[Any], first: int = 1) -> Iterator[Sequence[Row[Any]]]:
    """Rows of a selection from ``audit_records``, whose first column is the sequence, page by page in order.

    Each page is a statement of its own: no cursor stays open, and writers are not held up.
    """
    ordered = wanted.order_by(RECORDS.c.sequence).limit(PAGE)
    while rows := connection.execute(ordered.where(RECORDS.c.sequence >= first)).all():
        yield rows
        first = rows[-1][0] + 1


def find(connection: Connection, which: Filter, first: int = 1) -> Iterator[Record]:
    """The records that a filter wants, from ``first`` on, in order."""
    for rows in pages(connection, _wanted(which), first):
        for row in rows:
            yield _record(row)


def latest(connection: Connection, which: Filter, count: int) -> list[Record]:
    """The newest ``count`` records that a filter wants, in order."""
    newest = _wanted(which).order_by(RECORDS.c.sequence.desc()).limit(count)
    return [_record(row) for row in reversed(connection.execute(newest).all())]


def newest(connection: Connection, which: Filter, count: int, before: int | None = None) -> list[Record]:
    """The newest ``count`` records that a filter wants, the newest first; only those before the sequence ``before``."""
    wanted = _wanted(which) if before is None else _wanted(which).where(RECORDS.c.sequence < before)
    return [
        _record(row) for row in connection.execute(wanted.order_by(RECORDS.c.sequence.desc()).limit(count))
    ]


def _wanted(which: Filter) -> Select[Any]:
    wanted: Select[Any] = select(*_OF_RECORD)
    for column, value in ((RECORDS.c.actor, which.actor), (RECORDS.c.subject, which.subject)):
        wanted = wanted.where(column == value) if value else wanted
    if which.kind.endswith(".*"):
        wanted = wanted.where(RECORDS.c.kind.startswith(which.kind[:-1], autoescape=True))
    elif which.kind:
        wanted = wanted.where(RECORDS.c.kind == which.kind)
    if which.since is not None:
        wanted = wanted.where(RECORDS.c.at >= stamp(which.since))
    if which.until is not None:
        wanted = wanted.where(RECORDS.c.at < stamp(which.until))
    return wanted


def record(connection: Connection, sequence: int) -> Record:
    """One record.

    Raises:
        RecordMissing: there is no such record.
    """
    row = connection.execute(select(*_OF_RECORD).where(RECORDS.c.sequence == sequence)).first()
    if row is None:
        raise RecordMissing(
            f"the audit log has no record {sequence}", remedy="`watchword audit show` lists them"
        )
    return _record(row)


def personal(connection: Connection, sequence: int) -> tuple[Hidden, ...]:
    """The personal values of a record that have not been erased."""
    table = PERSONAL_VALUES.c
    wanted = (
        select(table.field, table.salt, table.value).where(table.sequence == sequence).order_by(table.field)
    )
    return tuple(Hidden(row.field, bytes.fromhex(row.salt), row.value) for row in connection.execute(wanted))


def range_roots(connection: Connection) -> RangeRoot:
    """Roots of ranges of the stored log, from tiles and the hashes beside them; ranges begin at multiples of their size.

    What is stored is not verified: check a proof before it is handed out.
    """

    def root(start: int, size: int) -> bytes:
        tree, full = Growing(), size // TILE if start % TILE == 0 else 0
        tiles = select(TILES.c.hash).where(
            TILES.c.number >= start // TILE, TILES.c.number < start // TILE + full
        )
        for node in connection.execute(tiles.order_by(TILES.c.number)).scalars():
            tree.add_tile(bytes.fromhex(node))
        if tree.size != full * TILE:
            raise AuditDamaged("nodes of the audit log's tree are missing", where="table audit_tiles")
        hashes = select(RECORDS.c.hash).where(RECORDS.c.sequence.between(start + tree.size + 1, start + size))
        for leaf in connection.execute(hashes.order_by(RECORDS.c.sequence)).scalars():
            tree.add(bytes.fromhex(leaf))
        return tree.root()

    return root


def _salt() -> bytes:
    return secrets.token_bytes(SALT)


def _reserve(connection: Connection, count: int) -> Chain:
    """Take the chain's lock and ``count`` sequences; the chain as it was before."""
    more = update(CHAIN).where(CHAIN.c.id == 1).values(size=CHAIN.c.size + count)
    taken = more.returning(CHAIN.c.log, CHAIN.c.size, CHAIN.c.last, CHAIN.c.frontier)
    row = connection.execute(taken).first()
    if row is None:
        begin(connection)
        row = connection.execute(taken).first()
    if row is None:
        raise AuditDamaged("the audit log could not be begun", where="table audit_chain")
    return _chain(row, row.size - count)


def _record(row: Any) -> Record:  # noqa: ANN401
    return Record(row.sequence, row.entry, row.previous, row.hash)


def _chain(row: Row[Any], size: int) -> Chain:
    try:
        return Chain(row.log, row.last, Frontier.of_hex(size, row.frontier))
    except ValueError as error:
        raise AuditDamaged(
            f"the row that says where the audit log ends is broken: {error}",
            where="table audit_chain",
            remedy="run `watchword audit verify`, and restore the database",
        ) from error


def _row(record: Record, entry: Entry) -> dict[str, object]:
    of_record = {
        "sequence": record.sequence,
        "entry": record.entry,
        "previous": record.previous,
        "hash": record.hash,
    }
    return of_record | {
        "kind": entry.kind,
        "actor": entry.actor,
        "subject": entry.subject,
        "at": stamp(entry.at),
    }


def _personal(record: Record, entry: Entry, sealed: Sealed) -> Iterator[dict[str, object]]:
    for one in sealed.values:
        kept = {"field": one.field, "salt": one.salt.hex(), "value": one.value}
        yield {"sequence": record.sequence, "person": entry.owner()} | kept
