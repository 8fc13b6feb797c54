"""Signed heads: how long the log is, and the root over all of it, signed with Ed25519 (RFC 8032).

A head is one JSON object in canonical form::

    {"format": "watchword-audit-head/1", "key": "…", "last": "…", "log": "…", "root": "…", "signature": "…",
     "size": 17, "time": "2026-11-26T12:00:00.000000Z"}

``log``: the log's id.  ``last``: hash of record ``size``.  ``key``: the first 32 digits of the SHA-256 of the public key.
The signature is over the canonical JSON of all other fields; ``format`` keeps it apart from all else that a key signs.

Keys announce themselves in the log (``audit.key``): the first by its own signature, each later one by that of the key
before, which is retired by it: it cannot sign a head that holds its successor.  Whoever knows one key of the chain can
check all later ones.  Nothing here reads a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from watchword.store.audit.canonical import canonical
from watchword.store.audit.documents import document, fields
from watchword.store.audit.faults import AuditDamaged, EntryRefused
from watchword.store.audit.records import Entry

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FORMAT: Final = "watchword-audit-head/1"
"""The format of a head."""

KEY_FORMAT: Final = "watchword-audit-key/1"
"""The format of what announces a key."""

KEY_KIND: Final = "audit.key"
"""The kind of the records that announce keys."""

_FIELDS: Final = {
    "key": "key", "last": "hash", "log": "hash", "root": "hash", "signature": "signature", "size": "size", "time": "time",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Head:
    """A signed head; hashes, key id and signature in hexadecimal, ``time`` as it stands in files."""

    log: str
    size: int
    root: str
    last: str
    time: str
    key: str
    signature: str = ""

    def signed(self) -> bytes:
        """What the signature is over."""
        return canonical({key: value for key, value in self.told().items() if key != "signature"}).encode()

    def told(self) -> dict[str, object]:
        """The head as a JSON object."""
        return {"format": FORMAT} | {name: getattr(self, name) for name in _FIELDS}

    def text(self) -> str:
        """The head as a file holds it: canonical JSON and a line's end."""
        return canonical(self.told()) + "\n"

    @classmethod
    def of(cls, found: object) -> Head:
        """The head of a JSON object.

        Raises:
            AuditDamaged: it is not one; its signature is not looked at.
        """
        return cls(**fields(found, FORMAT, _FIELDS))

    @classmethod
    def parse(cls, text: str) -> Head:
        """The head of a text.

        Raises:
            AuditDamaged: it is not one; its signature is not looked at.
        """
        return cls.of(document(text))


def key_id(public: bytes) -> str:
    """What a public key (32 bytes) is called."""
    return sha256(public).hexdigest()[:32]


def public_of(key: Ed25519PrivateKey) -> bytes:
    """The public half of a key, 32 bytes."""
    return key.public_key().public_bytes_raw()


def sign(head: Head, key: Ed25519PrivateKey) -> Head:
    """The head, signed; its key id becomes that of the key."""
    named = replace(head, key=key_id(public_of(key)), signature="")
    return replace(named, signature=key.sign(named.signed()).hex())


def genuine(signature: str, public: bytes, message: bytes) -> bool:
    """Whether a signature (hexadecimal) is that of a public key over a message."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def announcement(
    log: str,
    key: Ed25519PrivateKey,
    before: Ed25519PrivateKey | None,
    *,
    actor: str,
    at: datetime,
    why: str = "",
) -> Entry:
    """The entry that announces a key: signed by the key before, or by itself where there is none."""
    public = public_of(key)
    previous = key_id(public_of(before)) if before else ""
    after = {
        "public": public.hex(),
        "previous": previous,
        "signature": (before or key).sign(_announced(log, public, previous)).hex(),
    }
    return Entry(KEY_KIND, actor, f"key/{key_id(public)}", at, after=after, why=why)


def _announced(log: str, public: bytes, previous: str) -> bytes:
    told = {"format": KEY_FORMAT, "log": log, "previous": previous, "public": public.hex()}
    return canonical(told).encode()


@dataclass(slots=True)
class Keys:
    """The keys that may have signed heads of a log, learnt from its records in order.

    ``pinned`` are public keys that the auditor trusts beforehand; without any, the log's first key is taken on trust.
    ``known`` are public keys by id, ``retired`` the sequence at which a key was followed by another.
    """

    log: str
    pinned: frozenset[bytes] = frozenset()
    known: dict[str, bytes] = field(default_factory=dict)
    retired: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.known.update((key_id(one), one) for one in self.pinned)

    def learn(self, sequence: int, content: Mapping[str, Any]) -> str:
        """Take the announcement of a record; what is wrong with it, ``""`` where nothing is.

        One that is self-signed while other keys are known is not believed, and no fault: its key was pinned, or is
        strange to whoever checks a head of it.
        """
        after = content.get("after")
        try:
            public, previous = bytes.fromhex(after["public"]), after["previous"]  # type: ignore[index]
            signature = after["signature"]  # type: ignore[index]
            message = _announced(self.log, public, previous)
            signer = self.known.get(previous) if previous else public
        except (TypeError, KeyError, ValueError, EntryRefused):
            return "announces a key in a form that is none"
        if signer is None:
            return (
                ""
                if self.pinned
                else f"announces a key by one that was never announced, {str(previous)[:32]}"
            )
        if not genuine(signature, signer, message):
            return "announces a key by a signature that is not of the key before"
        if previous:
            self.retired.setdefault(previous, sequence)
        if previous or not self.known:
            self.known[key_id(public)] = public
        return ""

    def doubt(self, head: Head) -> str:
        """Why a head's signature is not to be believed; ``""`` where it is."""
        public = self.known.get(head.key)
        if public is None:
            return f"is signed by key {head.key}, which neither the log nor you vouch for"
        if not genuine(head.signature, public, head.signed()):
            return "bears a signature that is not that of its key"
        if head.size >= self.retired.get(head.key, head.size + 1):
            return f"is signed by key {head.key}, which had been retired by record {self.retired[head.key]}"
        return ""


def one_of(keys: Iterable[str]) -> frozenset[bytes]:
    """Public keys from their hexadecimal texts.

    Raises:
        AuditDamaged: one is not the public key of Ed25519.
    """
    try:
        made = frozenset(bytes.fromhex(one) for one in keys)
    except ValueError as error:
        raise AuditDamaged(f"not a public key: {error}") from error
    if any(len(one) != 32 for one in made):
        raise AuditDamaged("a public key of Ed25519 has 64 hexadecimal digits")
    return made
