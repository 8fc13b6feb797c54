"""The tables of the audit log, for SQLite and PostgreSQL; nothing here reads or writes.

``metadata`` is the log's own.  A migration adds the tables in either way, and ``journal.append`` begins the log by itself
at the first entry::

    from watchword.store.audit.schema import TABLES, metadata
    metadata.create_all(connection)                            # only what is missing is made
    for table in TABLES: table.to_metadata(own_metadata)       # or copied into another MetaData

``audit_records``  the records; ``kind``, ``actor``, ``subject`` and ``at`` repeat the entry's for filters, and are verified
``audit_personal`` salt and value of personal fields: the only table from which rows are ever deleted
``audit_tiles``    nodes of the tree over 256 records each, so that proofs are quick; verified, and never trusted
``audit_chain``    one row: where the log ends; its lock puts writers in order

Hashes are hexadecimal text, the values of personal fields canonical JSON.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

metadata: Final = MetaData()
"""The tables of the audit log."""

RECORDS: Final = Table(
    "audit_records",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("entry", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("kind", String(200), nullable=False),
    Column("actor", String(512), nullable=False),
    Column("subject", String(512), nullable=False),
    Column("at", String(32), nullable=False),
    Index("audit_records_kind", "kind", "sequence"),
    Index("audit_records_actor", "actor", "sequence"),
    Index("audit_records_subject", "subject", "sequence"),
    Index("audit_records_at", "at", "sequence"),
)
"""The records, from 1 without gaps."""

PERSONAL_VALUES: Final = Table(
    "audit_personal",
    metadata,
    Column("sequence", BigInteger, ForeignKey(RECORDS.c.sequence), primary_key=True, autoincrement=False),
    Column("field", String(512), primary_key=True),
    Column("person", String(512), nullable=False),
    Column("salt", String(64), nullable=False),
    Column("value", Text, nullable=False),
    Index("audit_personal_person", "person"),
)
"""What records commit to; ``person`` is whose it is."""

TILES: Final = Table(
    "audit_tiles",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", String(64), nullable=False),
)
"""Node ``number`` lies over the records 256·number + 1 to 256·number + 256."""

CHAIN: Final = Table(
    "audit_chain",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
    Column("log", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("last", String(64), nullable=False),
    Column("frontier", Text, nullable=False),
)
"""``log``: the log's id. ``last``: hash of record ``size``, or the log's id. ``frontier``: see ``merkle.Frontier``."""

TABLES: Final = (RECORDS, PERSONAL_VALUES, TILES, CHAIN)
"""All tables, in the order in which they can be made."""
