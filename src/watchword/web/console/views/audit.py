"""The audit log: its records newest first, what verifying it said, and one record whole."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from watchword.model.resource import instant
from watchword.store.audit.records import COMMITTED, Hidden, Record
from watchword.store.audit.verify import Verified
from watchword.web.console.look import links
from watchword.web.console.look.words import plain
from watchword.web.console.views.lists import Chip, FilterBar, Select
from watchword.web.console.views.people import TimelineEntry

SIZE: Final = 50
FIELDS: Final = ("kind", "actor", "subject", "since", "until")
"""Filters in the address; beside them ``before``: records before this one, since the log only grows at its end."""


@dataclass(frozen=True, slots=True)
class RecordLine:
    """A record in the list: what, by whom, of whom."""

    number: int
    href: str
    at: datetime
    kind: str
    actor: str
    actor_name: str
    subject: str
    subject_name: str
    why: str


@dataclass(frozen=True, slots=True)
class LogState:
    """What is known of the log as a whole; ``verified`` is ``None`` where this process has not verified it since it began."""

    size: int
    last: str
    verified: Verified | None = None
    verified_at: datetime | None = None

    @property
    def word(self) -> str:
        """The state in words."""
        if self.verified is None:
            return "not verified yet"
        return "does not verify" if self.verified.fault else "verified"

    @property
    def tone(self) -> str:
        """The tone of the state."""
        if self.verified is None:
            return "warning"
        return "bad" if self.verified.fault else "ok"

    @property
    def fault(self) -> str:
        """What is wrong, empty where nothing is known to be."""
        found = self.verified.fault if self.verified else None
        return found.sentence() if found else ""


@dataclass(frozen=True, slots=True)
class AuditView:
    """The list."""

    template: ClassVar[str] = "audit.html.j2"
    state: LogState
    filters: FilterBar
    since: str
    until: str
    records: tuple[RecordLine, ...]
    older: str = ""
    newest: str = ""


@dataclass(frozen=True, slots=True)
class RecordView:
    """One record: its parts, personal values where they were not erased, and its place in the chain."""

    template: ClassVar[str] = "audit_record.html.j2"
    line: RecordLine
    before: str
    after: str
    request: str
    session: str
    personal: tuple[tuple[str, str], ...]
    committed: int
    hash: str
    previous: str
    is_sound: bool
    older: str
    newer: str


def record_line(record: Record, names: Mapping[str, str]) -> RecordLine:
    """A record in the list; ``names`` are those of people by id."""
    entry: dict[str, Any] = json.loads(record.entry)
    actor, subject = str(entry.get("actor", "")), str(entry.get("subject", ""))
    return RecordLine(
        record.sequence,
        links.at(links.AUDIT, str(record.sequence)),
        instant(entry["at"]),
        str(entry.get("kind", "")),
        actor,
        names.get(actor, actor),
        subject,
        names.get(subject, subject),
        str(entry.get("why", "")),
    )


def audit_view(
    state: LogState, records: Iterable[Record], query: Mapping[str, str], names: Mapping[str, str]
) -> AuditView:
    """One page of records, newest first."""
    told = {name: query.get(name, "")[:200] for name in FIELDS}
    lines = tuple(record_line(one, names) for one in records)
    gone = tuple(
        Chip(f"{name}: {value}", links.with_query(links.AUDIT, {**told, name: ""}))
        for name, value in told.items()
        if value
    )
    older = lines[-1].number if len(lines) >= SIZE else 0
    return AuditView(
        state,
        FilterBar(links.AUDIT, _texts(told), chips=gone),
        told["since"],
        told["until"],
        lines,
        links.with_query(links.AUDIT, {**told, "before": str(older)}) if older > 1 else "",
        links.with_query(links.AUDIT, told) if query.get("before") else "",
    )


def _texts(told: Mapping[str, str]) -> tuple[Select, ...]:
    """Filters that are texts: a select without choices carries its value as the words of ``any``."""
    words = {"kind": "Kind", "actor": "By", "subject": "Of"}
    return tuple(Select(name, word, (), told[name]) for name, word in words.items())


def record_view(
    record: Record, personal: Iterable[Hidden], names: Mapping[str, str], size: int
) -> RecordView:
    """One record; ``size`` is how many records the log has."""
    entry: dict[str, Any] = json.loads(record.entry)
    known = tuple((one.field, one.value) for one in personal)
    return RecordView(
        record_line(record, names),
        _pretty(entry.get("before")),
        _pretty(entry.get("after")),
        str(entry.get("request", "")),
        str(entry.get("session", "")),
        known,
        record.entry.count(f'"{COMMITTED}"') - len(known),
        record.hash,
        record.previous,
        record.sound(),
        links.at(links.AUDIT, str(record.sequence - 1)) if record.sequence > 1 else "",
        links.at(links.AUDIT, str(record.sequence + 1)) if record.sequence < size else "",
    )


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) if value is not None else ""


def people_in(records: Iterable[Record]) -> set[str]:
    """The ids of whom the records speak, which may be people."""
    entries = (json.loads(one.entry) for one in records)
    return {str(entry.get(key, "")) for entry in entries for key in ("actor", "subject")} - {""}


_TONES: Final = {
    "suspended": "bad",
    "ended": "bad",
    "revoked": "bad",
    "refused": "bad",
    "activated": "ok",
    "created": "ok",
}


def history(records: Iterable[Record], names: Mapping[str, str]) -> tuple[TimelineEntry, ...]:
    """Records as what happened to somebody."""
    lines = (record_line(one, names) for one in records)
    return tuple(
        TimelineEntry(
            one.at,
            plain(one.kind.replace(".", " ")),
            f"by {one.actor_name}{f': {one.why}' if one.why else ''}",
            _TONES.get(one.kind.rpartition(".")[2], ""),
            one.href,
            one.number,
        )
        for one in lines
    )
