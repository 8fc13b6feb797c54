"""Evidence that anybody checks without us: one record with its proof, or two heads with theirs.

An **evidence pack** holds the record's leaf as text (its bytes are what was hashed), the proof that it is in the tree,
the signed head and the public key; and, where asked for, personal values with their salts.  A **continuity pack** holds
two heads and the proof that the newer log only added to the older.

What a pack cannot tell is whose key it is: compare its id with one that you know, or pass that key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from watchword.store.audit.canonical import canonical, parse
from watchword.store.audit.documents import fields
from watchword.store.audit.faults import AuditDamaged, EntryRefused
from watchword.store.audit.heads import Head, genuine, key_id
from watchword.store.audit.merkle import continues, includes, leaf_hash
from watchword.store.audit.records import Hidden, Record, commitments, leaf_text

FORMAT: Final = "watchword-audit-pack/1"
"""The format of an evidence pack."""

CONTINUITY_FORMAT: Final = "watchword-audit-continuity/1"
"""The format of a continuity pack."""

OPENED_FORMAT: Final = "watchword-audit-value/1"
"""The format of a personal value in a pack."""

_FIELDS: Final = {"head": "object", "leaf": "text", "opened": "list", "path": "path", "public": "hash"}
_OPENED: Final = {"field": "text", "salt": "hash", "value": "text"}
_CONTINUITY: Final = {"new": "object", "old": "object", "path": "path", "public": "list"}


@dataclass(frozen=True, slots=True)
class Pack:
    """Evidence for one record. ``public`` is the key of the head's signature, 32 bytes."""

    record: Record
    path: tuple[bytes, ...]
    head: Head
    public: bytes
    opened: tuple[Hidden, ...] = ()

    def told(self) -> dict[str, object]:
        """The pack as a JSON object."""
        return {
            "format": FORMAT,
            "leaf": self.record.leaf(),
            "path": [one.hex() for one in self.path],
            "head": self.head.told(),
            "public": self.public.hex(),
            "opened": [
                {"format": OPENED_FORMAT, "field": one.field, "salt": one.salt.hex(), "value": one.value}
                for one in self.opened
            ],
        }

    @classmethod
    def of(cls, found: object) -> Pack:
        """The pack of a JSON object; nothing is proved by that.

        Raises:
            AuditDamaged: it is not one.
        """
        given = fields(found, FORMAT, _FIELDS)
        opened = (fields(one, OPENED_FORMAT, _OPENED) for one in given["opened"])
        return cls(
            _record(given["leaf"]),
            tuple(bytes.fromhex(one) for one in given["path"]),
            Head.of(given["head"]),
            bytes.fromhex(given["public"]),
            tuple(Hidden(one["field"], bytes.fromhex(one["salt"]), one["value"]) for one in opened),
        )

    def check(self, pinned: frozenset[bytes] = frozenset()) -> None:
        """Prove the record.

        1. The key is one of ``pinned``, if any are given.  Else the caller must know the key's id.
        2. The head is signed by it.
        3. The path leads from the record's leaf hash to the head's root, at the place that its sequence says.
        4. Each opened value is what the record committed to.

        Raises:
            AuditDamaged: a step fails; says which.
        """
        # 1.
        if pinned and self.public not in pinned:
            raise _fails(1, f"its key {key_id(self.public)} is not the one that you trust")
        # 2.
        if self.head.key != key_id(self.public) or not genuine(
            self.head.signature, self.public, self.head.signed()
        ):
            raise _fails(2, "its head is not signed by its key")
        # 3.
        leaf = leaf_hash(self.record.leaf().encode())
        root = bytes.fromhex(self.head.root)
        if not includes(leaf, self.record.sequence - 1, self.head.size, self.path, root):
            raise _fails(3, f"record {self.record.sequence} is not in the log that was signed")
        # 4.
        committed = dict(commitments(self.record.content()))
        for one in self.opened:
            if committed.get(one.field) != one.commitment():
                raise _fails(4, f"the value of {one.field} is not the one that was committed to")


@dataclass(frozen=True, slots=True)
class Continuity:
    """Proof that the log of ``new`` begins with that of ``old``; ``public`` are the keys of both signatures."""

    old: Head
    new: Head
    path: tuple[bytes, ...]
    public: tuple[bytes, ...]

    def told(self) -> dict[str, object]:
        """The pack as a JSON object."""
        return {
            "format": CONTINUITY_FORMAT,
            "old": self.old.told(),
            "new": self.new.told(),
            "path": [one.hex() for one in self.path],
            "public": [one.hex() for one in self.public],
        }

    @classmethod
    def of(cls, found: object) -> Continuity:
        """The pack of a JSON object; nothing is proved by that.

        Raises:
            AuditDamaged: it is not one.
        """
        given = fields(found, CONTINUITY_FORMAT, _CONTINUITY)
        try:
            public = tuple(bytes.fromhex(one) for one in given["public"])
        except (TypeError, ValueError) as error:
            raise AuditDamaged("a public key is not hexadecimal") from error
        path = tuple(bytes.fromhex(one) for one in given["path"])
        return cls(Head.of(given["old"]), Head.of(given["new"]), path, public)

    def check(self, pinned: frozenset[bytes] = frozenset()) -> None:
        """Prove that nothing before the old head was changed since.

        1. The keys are among ``pinned``, if any are given.
        2. Both heads are signed by keys of the pack, and are of one log.
        3. The path shows the old tree as the beginning of the new.

        Raises:
            AuditDamaged: a step fails; says which.
        """
        # 1.
        if pinned and not set(self.public) <= pinned:
            raise _fails(1, "its keys are not all ones that you trust")
        # 2.
        keys = {key_id(one): one for one in self.public}
        for head in (self.old, self.new):
            if head.key not in keys or not genuine(head.signature, keys[head.key], head.signed()):
                raise _fails(2, f"the head of {head.size} records is not signed by a key of the pack")
        if self.old.log != self.new.log:
            raise _fails(2, "the heads are of two logs")
        # 3.
        roots = bytes.fromhex(self.old.root), bytes.fromhex(self.new.root)
        if not continues(self.old.size, self.new.size, *roots, self.path):
            raise _fails(
                3,
                f"the first {self.old.size} records are not those that were signed: rewritten or rolled back",
            )


def packed(found: dict[str, Any]) -> Pack | Continuity:
    """The pack of either format.

    Raises:
        AuditDamaged: it is neither.
    """
    return Continuity.of(found) if found.get("format") == CONTINUITY_FORMAT else Pack.of(found)


def _record(leaf: str) -> Record:
    """The record of a leaf, whose hash is computed, not believed."""
    try:
        found = parse(leaf)
        entry, previous, sequence = canonical(found["entry"]), found["previous"], found["sequence"]
        if leaf_text(entry, previous, sequence) != leaf or not isinstance(found["entry"], dict):
            raise AuditDamaged("the pack's leaf is not that of a record")
    except (EntryRefused, TypeError, KeyError) as error:
        raise AuditDamaged(f"the pack's leaf is not that of a record: {error}") from error
    return Record.after(previous, sequence, entry)


def _fails(step: int, what: str) -> AuditDamaged:
    return AuditDamaged(f"the pack proves nothing: {what} (step {step})")
