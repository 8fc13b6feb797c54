"""What the audit log holds: entries, their personal fields, and the chain of their hashes.

A record's **leaf** is the canonical JSON ``{"entry":…,"previous":"…","sequence":n}`` in UTF-8; its hash is
SHA-256(0x00 ‖ leaf), which is also the leaf hash of the tree (RFC 6962 §2.1): one hash serves chain and tree.
``previous`` is the hash of the record before; the first record has the log's id there, 32 random bytes.  Sequences
begin with 1.

Personal fields never stand in a record.  In their place stands ``{"$committed":"…"}``, the SHA-256 of 32 random bytes
of salt and the field's canonical JSON.  Salt and value are handed back apart, to be kept where they can be erased: the
chain stays valid, and without the salt nobody can find the value by trying.  Actors, subjects and persons are opaque
ids, not names.  Nothing here draws salt, asks for the time, or keeps anything.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from watchword.clock import stamp
from watchword.store.audit.canonical import DEEPEST, LARGEST, canonical, parse
from watchword.store.audit.faults import EntryRefused

COMMITTED: Final = "$committed"
"""The key that stands in the place of a personal value."""

SALT: Final = 32
"""Bytes of salt for each personal value."""

LONGEST_ID: Final = 512
"""Characters of an actor, a subject, a person, a request or a session."""

LONGEST_WHY: Final = 4_000
"""Characters of a reason."""

LARGEST_ENTRY: Final = LARGEST - 1024
"""Bytes of an entry, so that a record with its hashes is canonical JSON, too."""

DEEPEST_STATE: Final = DEEPEST - 2
"""Objects and lists inside one another in ``before`` and ``after``, which lie in an entry, which lies in a record."""

_PERSON: Final = frozenset(
    {"name", "user_name", "login", "department", "title", "birthday", "employee_number"}
)
_PLACE: Final = frozenset({"address", "location", "city", "country", "device_name", "asn", "agent"})

PERSONAL: Final[Mapping[str, frozenset[str]]] = {
    "*": frozenset(
        {
            "display_name", "given_name", "family_name", "full_name", "mail", "email", "phone", "phone_number",
            "postal_address", "ip", "user_agent",
        }
    ),
    "account": _PERSON | {"user_name_key", "mail_key", "manager", "external_id", "attributes"},
    "factor": frozenset({"name", "agent"}),
    "person": _PERSON,
    "principal": _PERSON,
    "guest": _PERSON | {"company"},
    "directory": _PERSON,
    "device": _PLACE | {"serial_number"},
    "session": _PLACE,
    "sign_in": _PLACE | {"user_name", "login"},
}  # fmt: skip
"""Keys of ``before`` and ``after``, at any depth, whose values are committed to rather than written.

By the kind's first word (``person.created`` is ``person``); those of ``*`` are personal in every kind.
"""

_KIND: Final = re.compile(r"[a-z][a-z0-9_]{0,39}(\.[a-z][a-z0-9_]{0,39}){1,3}")
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of state: who did what to whom, and why.

    ``kind``: dotted words (``grant.approved``).   ``actor``, ``subject``: opaque ids.   ``at``: with a time zone.
    ``before`` and ``after``: what changed, as JSON without fractions; ``None`` where there was nothing.
    ``why``: for people; no personal data.   ``request``, ``session``: ids under which it happened.
    ``person``: whose personal fields these are, where it is not the subject; erasure goes by it.
    """

    kind: str
    actor: str
    subject: str
    at: datetime
    before: Mapping[str, object] | None = None
    after: Mapping[str, object] | None = None
    why: str = ""
    request: str = ""
    session: str = ""
    person: str = ""

    def owner(self) -> str:
        """Whose personal fields the entry has."""
        return self.person or self.subject


@dataclass(frozen=True, slots=True)
class Hidden:
    """A personal value that a record commits to: where it stands (JSON pointer, RFC 6901), salt, canonical JSON."""

    field: str
    salt: bytes
    value: str

    def commitment(self) -> str:
        """What stands in the record, in hexadecimal."""
        return hashlib.sha256(self.salt + self.value.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Sealed:
    """An entry as it goes into the log: canonical JSON, and the personal values that it commits to."""

    text: str
    values: tuple[Hidden, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the log. ``entry`` is canonical JSON; ``previous`` and ``hash`` are hexadecimal."""

    sequence: int
    entry: str
    previous: str
    hash: str

    @classmethod
    def after(cls, previous: str, sequence: int, entry: str) -> Record:
        """The record of an entry that follows the hash ``previous``."""
        return cls(sequence, entry, previous, hash_of(leaf_text(entry, previous, sequence)))

    def leaf(self) -> str:
        """The text whose hash is the record's."""
        return leaf_text(self.entry, self.previous, self.sequence)

    def sound(self) -> bool:
        """Whether the hash is that of the content."""
        return hash_of(self.leaf()) == self.hash

    def content(self) -> dict[str, Any]:
        """The entry's values.

        Raises:
            EntryRefused: it is not canonical JSON, or no object.
        """
        found = parse(self.entry)
        if not isinstance(found, dict):
            raise EntryRefused("the entry is not an object", where=f"record {self.sequence}")
        return found


def leaf_text(entry: str, previous: str, sequence: int) -> str:
    """The canonical JSON of a record without its own hash."""
    return f'{{"entry":{entry},"previous":"{previous}","sequence":{sequence}}}'


def hash_of(leaf: str) -> str:
    """The hash of a record in hexadecimal: RFC 6962's leaf hash."""
    return hashlib.sha256(b"\0" + leaf.encode()).hexdigest()


def seal(entry: Entry, salt: Callable[[], bytes]) -> Sealed:
    """The entry as canonical JSON, with commitments in the place of personal values.

    ``salt`` gives 32 fresh random bytes at each call.

    Raises:
        EntryRefused: an id, the kind, the time or a value has a form that has no place in the log.
    """
    _check(entry)
    words = PERSONAL["*"] | PERSONAL.get(entry.kind.split(".")[0], frozenset())
    hiding = _Hiding(words, salt, [])
    made: dict[str, object] = {
        "actor": entry.actor,
        "at": stamp(entry.at),
        "kind": entry.kind,
        "subject": entry.subject,
    }
    for key, state in (("before", entry.before), ("after", entry.after)):
        if state is not None:
            made[key] = hiding.walk(state, f"/{key}")
    for key in ("why", "request", "session", "person"):
        if getattr(entry, key):
            made[key] = getattr(entry, key)
    text = canonical(made)
    if len(text.encode()) > LARGEST_ENTRY:
        raise EntryRefused(f"an entry takes more than {LARGEST_ENTRY} bytes", where=entry.kind)
    return Sealed(text, tuple(hiding.hidden))


def _check(entry: Entry) -> None:
    if not _KIND.fullmatch(entry.kind):
        raise EntryRefused(
            f"{entry.kind[:80]!r} is no kind of entry", remedy="write words with dots: grant.approved"
        )
    for key in ("actor", "subject", "request", "session", "person"):
        value = getattr(entry, key)
        if not isinstance(value, str) or len(value) > LONGEST_ID or _UNPRINTABLE.search(value):
            raise EntryRefused(f"the {key} of an entry is not an id of at most {LONGEST_ID} characters")
    if not entry.actor or not entry.subject:
        raise EntryRefused("an entry needs an actor and a subject", where=entry.kind)
    if len(entry.why) > LONGEST_WHY:
        raise EntryRefused(f"a reason is longer than {LONGEST_WHY} characters", where=entry.kind)
    if entry.at.tzinfo is None:
        raise EntryRefused("the time of an entry has no time zone", where=entry.kind)


@dataclass(slots=True)
class _Hiding:
    """Puts commitments in the place of personal values, and keeps what they hide."""

    words: frozenset[str]
    salt: Callable[[], bytes]
    hidden: list[Hidden]

    def walk(self, value: object, path: str, depth: int = 0) -> object:
        """The value with commitments in it."""
        if depth > DEEPEST_STATE:
            raise EntryRefused(f"a value is nested more than {DEEPEST_STATE} deep", where=path[:80])
        if isinstance(value, list | tuple):
            return [self.walk(one, f"{path}/{place}", depth + 1) for place, one in enumerate(value)]
        if not isinstance(value, Mapping):
            return value
        if COMMITTED in value:
            raise EntryRefused(f"a key is called {COMMITTED}, which stands for personal values", where=path)
        return {key: self._field(key, one, path, depth) for key, one in value.items()}

    def _field(self, key: object, value: object, path: str, depth: int) -> object:
        below = f"{path}/{_escaped(key)}"
        if key not in self.words or value is None:
            return self.walk(value, below, depth + 1)
        if len(below) > LONGEST_ID:
            raise EntryRefused("a personal field lies too deep", where=below[:80])
        drawn = self.salt()
        if len(drawn) != SALT:
            raise EntryRefused(f"salt has {len(drawn)} bytes rather than {SALT}")
        kept = Hidden(below, drawn, canonical(value))
        self.hidden.append(kept)
        return {COMMITTED: kept.commitment()}


def _escaped(key: object) -> str:
    return str(key).replace("~", "~0").replace("/", "~1")


def commitments(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each personal field of an entry: where it stands, and the commitment in hexadecimal."""
    for key in ("before", "after"):
        if key in content:
            yield from _committed(content[key], f"/{key}")


def _committed(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        if set(value) == {COMMITTED}:
            yield path, str(value[COMMITTED])
            return
        for key, one in value.items():
            yield from _committed(one, f"{path}/{_escaped(key)}")
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from _committed(one, f"{path}/{place}")


def proves(content: Mapping[str, Any], kept: Hidden) -> bool:
    """Whether a personal value, with its salt, is what the record committed to at that place."""
    return dict(commitments(content)).get(kept.field) == kept.commitment()


def moment(text: str) -> datetime:
    """The instant of a record's ``at``.

    Raises:
        EntryRefused: it is not a time in UTC.
    """
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except (TypeError, ValueError) as error:
        raise EntryRefused(f"{text!r} is not a time in UTC") from error
