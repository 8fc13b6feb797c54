"""Heads and packs made from the log in the database: who may sign, what is signed.

A head says what the log's own row says, without verifying the log first: signing is cheap, and done often.  What was signed
is compared with all records by ``verify``.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from watchword.clock import stamp
from watchword.store.audit.faults import AuditDamaged, AuditError, KeyRefused
from watchword.store.audit.heads import KEY_KIND, Head, Keys, announcement, key_id, public_of, sign
from watchword.store.audit.journal import (
    Chain,
    Filter,
    append,
    begin,
    chain_of,
    find,
    personal,
    range_roots,
    record,
)
from watchword.store.audit.merkle import consistency, inclusion
from watchword.store.audit.packs import Continuity, Pack

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def announced(connection: Connection, pinned: frozenset[bytes] = frozenset()) -> Keys:
    """The keys that the log vouches for, from its first or from ``pinned`` ones on.

    Raises:
        AuditDamaged: an announcement is wrong.
    """
    chain = chain_of(connection)
    keys = Keys(chain.log if chain else "", pinned)
    for one in find(connection, Filter(kind=KEY_KIND)):
        what = keys.learn(one.sequence, one.content())
        if what:
            raise AuditDamaged(f"record {one.sequence} {what}", remedy="run `watchword audit verify`")
    return keys


def introduce(
    connection: Connection, key: Ed25519PrivateKey, *, actor: str, at: datetime, lost: bool = False
) -> bool:
    """Announce the log's first key, in a writing transaction; whether that was needed.

    ``lost``: the key before is lost, so this one vouches for itself; auditors must be told of it, and pin it.

    Raises:
        KeyRefused: the log has announced another key.
    """
    begin(connection)
    keys = announced(connection)
    if keys.known and not lost:
        _require_current(connection, key)
        return False
    why = "the key before is lost" if keys.known else "the log's first key"
    append(connection, announcement(keys.log, key, None, actor=actor, at=at, why=why))
    return True


def rotate(
    connection: Connection,
    old: Ed25519PrivateKey,
    new: Ed25519PrivateKey,
    *,
    actor: str,
    at: datetime,
    why: str,
) -> int:
    """Announce a new key by the present one, in a writing transaction; the sequence of the record.

    Raises:
        KeyRefused: ``old`` is not the key that the log announced last.
    """
    _require_current(connection, old)
    return append(connection, announcement(_chain(connection).log, new, old, actor=actor, at=at, why=why))


def sign_head(connection: Connection, key: Ed25519PrivateKey, at: datetime) -> Head:
    """The signed head of the log as it is.

    Raises:
        KeyRefused: the key is not the one that the log announced last.
    """
    _require_current(connection, key)
    chain = _chain(connection)
    unsigned = Head(chain.log, chain.size, chain.frontier.root().hex(), chain.last, stamp(at), "")
    return sign(unsigned, key)


def pack(
    connection: Connection, sequence: int, key: Ed25519PrivateKey, at: datetime, *, opened: bool
) -> Pack:
    """Evidence for one record, proved before it is given; ``opened``: with its personal values.

    Raises:
        RecordMissing: there is no such record.
        AuditDamaged: the log does not prove it.
    """
    found = record(connection, sequence)
    head = sign_head(connection, key, at)
    path = inclusion(sequence - 1, head.size, range_roots(connection)) if sequence <= head.size else ()
    made = Pack(found, path, head, public_of(key), personal(connection, sequence) if opened else ())
    made.check()
    return made


def continuity(connection: Connection, old: Head, key: Ed25519PrivateKey, at: datetime) -> Continuity:
    """Proof that the log only grew since a head, proved before it is given.

    Raises:
        AuditDamaged: it did not, or the head is of another log or key.
    """
    keys, new = announced(connection), sign_head(connection, key, at)
    if old.size > new.size:
        raise AuditDamaged(
            f"the log has {new.size} records, and had {old.size} on {old.time}: cut off or rolled back",
            remedy="restore the database, and keep this one for the inquiry",
        )
    doubt = keys.doubt(old)
    if doubt:
        raise AuditDamaged(f"the head of {old.size} records {doubt}")
    path = consistency(old.size, new.size, range_roots(connection))
    made = Continuity(old, new, path, tuple({keys.known[old.key], public_of(key)}))
    made.check()
    return made


def _require_current(connection: Connection, key: Ed25519PrivateKey) -> None:
    """See that the log has announced a key, and none to follow it."""
    public = public_of(key)
    mine = key_id(public)
    stands = next(find(connection, Filter(kind=KEY_KIND, subject=f"key/{mine}")), None)
    if stands is None or mine in announced(connection, frozenset({public})).retired:
        said = "is not one that the log announced" if stands is None else "has been followed by another"
        raise KeyRefused(
            f"the signing key {mine} {said}",
            remedy="name the announced key with --signing-key; `watchword audit rotate` announces another",
        )


def _chain(connection: Connection) -> Chain:
    found = chain_of(connection)
    if found is None:
        raise AuditError(
            "the audit log has not begun", remedy="there is nothing to sign before its first record"
        )
    return found
