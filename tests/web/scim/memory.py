"""A ``ScimStore`` in memory that keeps every promise of the interface, and a caller for it."""

from __future__ import annotations

import copy
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from watchword.errors import RowChanged, RowExists, RowMissing
from watchword.model.people import DirectoryId
from watchword.model.scim import Caller, Document, Found, Query, ScimKind, ScimRefused, Stored, fold

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
ACME = DirectoryId("d-acme")
OTHER = DirectoryId("d-other")
CALLER = Caller(ACME, NOW)


def at(seconds: float, directory: DirectoryId = ACME) -> Caller:
    return Caller(directory, NOW + timedelta(seconds=seconds))


def counted() -> Callable[[datetime], str]:
    """Gives ids whose order is that of creation."""
    numbers = itertools.count(1)
    return lambda _: f"id-{next(numbers):04}"


@dataclass
class Memory:
    """Resources by directory, kind and id; members and groups are worked out when they are read."""

    kept: dict[tuple[str, ScimKind, str], Stored] = field(default_factory=dict)
    guard: Any = field(default_factory=threading.RLock)
    ids: Any = field(default_factory=counted)

    def create(self, caller: Caller, kind: ScimKind, document: Document) -> Stored:
        with self.guard:
            id_ = self.ids(caller.at)
            self._judge(caller, kind, id_, document)
            made = Stored(kind, id_, 1, caller.at, caller.at, copy.deepcopy(dict(document)))
            self.kept[caller.directory, kind, id_] = made
            return self._full(caller, made, True)

    def read(self, caller: Caller, kind: ScimKind, id_: str, *, members: bool = True) -> Stored | None:
        with self.guard:
            found = self.kept.get((caller.directory, kind, id_))
            return None if found is None else self._full(caller, found, members)

    def replace(self, caller: Caller, kind: ScimKind, before: Stored, document: Document) -> Stored:
        with self.guard:
            old = self._same(caller, kind, before)
            self._judge(caller, kind, before.id, document)
            made = replace(
                old, version=old.version + 1, changed=caller.at, document=copy.deepcopy(dict(document))
            )
            self.kept[caller.directory, kind, before.id] = made
            return self._full(caller, made, True)

    def delete(self, caller: Caller, kind: ScimKind, before: Stored) -> None:
        with self.guard:
            self._same(caller, kind, before)
            del self.kept[caller.directory, kind, before.id]
            for key, one in self.kept.items():
                inside = one.document.get("members", [])
                rest = [member for member in inside if member["value"] != before.id]
                if len(rest) < len(inside):
                    document = {**one.document, "members": rest}
                    self.kept[key] = replace(
                        one, version=one.version + 1, changed=caller.at, document=document
                    )

    def find(self, caller: Caller, query: Query) -> Found:
        with self.guard:
            ours = [
                self._full(caller, one, True)
                for (directory, kind, _), one in self.kept.items()
                if directory == caller.directory and kind is query.kind
            ]
        hits = [one for one in ours if query.matches(one)]
        if query.order is not None:
            hits.sort(key=lambda one: one.id)
            hits.sort(key=query.order, reverse=query.descending)
        page = hits[query.start : query.start + query.count]
        return Found(len(hits), tuple(one if query.members else _without(one) for one in page))

    def _same(self, caller: Caller, kind: ScimKind, before: Stored) -> Stored:
        old = self.kept.get((caller.directory, kind, before.id))
        if old is None:
            raise RowMissing("gone")
        if old.version != before.version:
            raise RowChanged("changed")
        return old

    def _judge(self, caller: Caller, kind: ScimKind, id_: str, document: Document) -> None:
        for (directory, other, known), one in self.kept.items():
            if (
                kind is ScimKind.USER
                and (directory, other) == (caller.directory, kind)
                and known != id_
                and fold(one.document["userName"]) == fold(document["userName"])
            ):
                raise RowExists("taken")
        for member in document.get("members", []):
            if self._kind(caller, member["value"]) is None:
                raise ScimRefused(400, "there is no such member", scim_type="invalidValue")
            if self._reaches(caller, member["value"], id_):
                raise ScimRefused(400, "a group cannot be within itself", scim_type="invalidValue")

    def _reaches(self, caller: Caller, inner: str, outer: str) -> bool:
        there = self.kept.get((caller.directory, ScimKind.GROUP, inner))
        below = () if there is None else there.document.get("members", ())
        return inner == outer or any(self._reaches(caller, one["value"], outer) for one in below)

    def _kind(self, caller: Caller, id_: str) -> ScimKind | None:
        return next((kind for kind in ScimKind if (caller.directory, kind, id_) in self.kept), None)

    def _full(self, caller: Caller, stored: Stored, members: bool) -> Stored:
        document = copy.deepcopy(dict(stored.document))
        if not document.get("members"):
            document.pop("members", None)
        for one in document.get("members", []):
            kind = self._kind(caller, one["value"])
            if kind is not None:
                there = self.kept[caller.directory, kind, one["value"]].document
                one |= {"type": kind.value, "display": there.get("displayName") or there.get("userName")}
        if "members" in document:
            document["members"].sort(key=lambda one: (one["type"] == "Group", one["value"]))
        groups = [
            {"value": one.id, "display": one.document["displayName"], "type": "direct"}
            for (directory, kind, _), one in self.kept.items()
            if (directory, kind) == (caller.directory, ScimKind.GROUP)
            and any(member["value"] == stored.id for member in one.document.get("members", []))
        ]
        if groups and stored.kind is ScimKind.USER:
            document["groups"] = groups
        made = replace(stored, document=document)
        return made if members else _without(made)


def _without(stored: Stored) -> Stored:
    kept = {name: value for name, value in stored.document.items() if name not in ("members", "groups")}
    return replace(stored, document=kept)
