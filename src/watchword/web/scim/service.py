"""What clients can ask for, between HTTP and a store: values in, values out.

A request is done in these steps, and a refusal at any of them changes nothing:

1. What was sent is judged by the schema.
2. The resource is read; one of another directory is as if it were not there.
3. Its version must be one that the client names in ``If-Match``.
4. The new document is made: whole (PUT), or by operations (PATCH).
5. The store writes it where the version is still the one that was read.  Without ``If-Match`` a PATCH begins anew at 2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from watchword.errors import RowChanged, RowExists, RowMissing
from watchword.model.scim import Caller, Document, Found, Query, ScimKind, ScimRefused, Stored
from watchword.web.scim.catalogue import TYPES
from watchword.web.scim.listing import Question, answer, query
from watchword.web.scim.patch import applied, operations
from watchword.web.scim.projection import etag
from watchword.web.scim.resources import accepted, bare

T = TypeVar("T")

AGAIN: Final = 5
"""How often a change without ``If-Match`` is tried where others are quicker."""


class ScimStore(Protocol):
    """Keeps resources; each directory has its own, and sees no other's.

    Each change is one transaction, and takes effect at once: who is deleted or not active has no session left after it.
    Where a member of a group is not there, or the group would be in itself, it raises ``ScimRefused`` 400 ``invalidValue``.
    """

    def create(self, caller: Caller, kind: ScimKind, document: Document) -> Stored:
        """Keep a new resource.

        Raises:
            RowExists: another of the directory has its unique value.
        """

    def read(self, caller: Caller, kind: ScimKind, id_: str, *, members: bool = True) -> Stored | None:
        """A resource, with or without a group's members or a user's groups; ``None`` where it is not there."""

    def replace(self, caller: Caller, kind: ScimKind, before: Stored, document: Document) -> Stored:
        """Keep another document of a resource, where its version is still that of ``before``.

        Raises:
            RowMissing, RowChanged: it is gone, or another was quicker.
            RowExists: another of the directory has its unique value.
        """

    def delete(self, caller: Caller, kind: ScimKind, before: Stored) -> None:
        """Delete a resource where its version is still that of ``before``.

        Raises:
            RowMissing, RowChanged: it is gone, or another was quicker.
        """

    def find(self, caller: Caller, query: Query) -> Found:
        """Resources that answer a question."""


@dataclass(frozen=True, slots=True)
class Condition:
    """``If-Match`` and ``If-None-Match`` (RFC 9110 §13.1): entity tags, or ``*``.  Tags are compared weakly."""

    matches: tuple[str, ...] = ()
    none_matches: tuple[str, ...] = ()

    def require(self, stored: Stored) -> None:
        """See that a resource is one of those the client has seen.

        Raises:
            ScimRefused: 412: it is not.
        """
        if self.matches and not _named(stored, self.matches):
            raise ScimRefused(412, "the resource has been changed since it was read")

    def is_known(self, stored: Stored) -> bool:
        """Whether the client has the resource as it is."""
        return _named(stored, self.none_matches)


@dataclass(frozen=True, slots=True)
class ScimService:
    """All requests on users and groups."""

    store: ScimStore

    def create(self, caller: Caller, kind: ScimKind, body: object) -> Stored:
        """POST: a new resource; a user is active unless the client says otherwise.

        Raises:
            ScimRefused: it cannot be; 409 ``uniqueness``.
        """
        document = accepted(TYPES[kind], body)
        if kind is ScimKind.USER:
            document.setdefault("active", True)
        return _unique(lambda: self.store.create(caller, kind, document))

    def read(self, caller: Caller, kind: ScimKind, id_: str, *, members: bool = True) -> Stored:
        """GET: one resource.

        Raises:
            ScimRefused: 404.
        """
        found = self.store.read(caller, kind, id_, members=members)
        if found is None:
            raise _missing()
        return found

    def replace(self, caller: Caller, kind: ScimKind, id_: str, body: object, condition: Condition) -> Stored:
        """PUT: another document; whether a user is active stays as it was where the client does not say.

        Raises:
            ScimRefused: 404, 409, 412, or what was sent cannot be.
        """

        def changed(before: Stored) -> dict[str, Any]:
            document = accepted(TYPES[kind], body, before.document)
            if kind is ScimKind.USER and "active" in before.document:
                document.setdefault("active", before.document["active"])
            return document

        return self._change(caller, kind, id_, condition, changed)

    def patch(self, caller: Caller, kind: ScimKind, id_: str, body: object, condition: Condition) -> Stored:
        """PATCH: a document changed by operations.

        Raises:
            ScimRefused: 404, 409, 412, or what was sent cannot be.
        """
        each = operations(body)
        return self._change(
            caller, kind, id_, condition, lambda before: applied(TYPES[kind], before.document, each)
        )

    def delete(self, caller: Caller, kind: ScimKind, id_: str, condition: Condition) -> None:
        """DELETE.

        Raises:
            ScimRefused: 404, 412.
        """

        def attempt() -> None:
            before = self.read(caller, kind, id_, members=False)
            condition.require(before)
            self.store.delete(caller, kind, before)

        _insist(attempt, condition)

    def find(self, caller: Caller, kind: ScimKind, asked: Question, base: str) -> dict[str, Any]:
        """GET of a list, or a search within one kind.

        Raises:
            ScimRefused: the question is wrong.
        """
        return answer(self.store.find(caller, query(TYPES[kind], asked)), asked, base)

    def search(self, caller: Caller, asked: Question, base: str) -> dict[str, Any]:
        """A search within all kinds: users come first, then groups.

        Raises:
            ScimRefused: the question is wrong, or asks for an order, which kinds do not share.
        """
        if asked.sort_by:
            raise ScimRefused(
                400, "resources of several kinds are not sorted: search in one kind", scim_type="invalidValue"
            )
        total, resources = 0, tuple[Stored, ...]()
        questions = [query(kind, asked, lenient=True) for kind in TYPES.values()]
        for one in questions:
            rest = Query(
                one.kind,
                one.filter,
                one.matches,
                start=max(one.start - total, 0),
                count=one.count - len(resources),
                members=one.members,
                compares_members=one.compares_members,
            )
            found = self.store.find(caller, rest)
            total, resources = total + found.total, resources + found.resources
        return answer(Found(total, resources), asked, base)

    def _change(
        self,
        caller: Caller,
        kind: ScimKind,
        id_: str,
        condition: Condition,
        changed: Callable[[Stored], dict[str, Any]],
    ) -> Stored:
        def attempt() -> Stored:
            # 2.
            before = self.read(caller, kind, id_)
            # 3.
            condition.require(before)
            # 4.
            document = changed(before)
            if document == bare(TYPES[kind], before.document):
                return before
            # 5.
            return _unique(lambda: self.store.replace(caller, kind, before, document))

        return _insist(attempt, condition)


def _named(stored: Stored, tags: tuple[str, ...]) -> bool:
    ours = etag(stored).removeprefix("W/")
    return any(one == "*" or one.removeprefix("W/") == ours for one in tags)


def _missing() -> ScimRefused:
    return ScimRefused(404, "there is no such resource")


def _unique(write: Callable[[], Stored]) -> Stored:
    try:
        return write()
    except RowExists:
        raise ScimRefused(
            409, "another resource has this value, which must be unique", scim_type="uniqueness"
        ) from None


def _insist(attempt: Callable[[], T], condition: Condition) -> T:
    """Do a change; where another was quicker, do it anew, unless the client asked for the version that it saw."""
    for _ in range(1 if condition.matches and "*" not in condition.matches else AGAIN):
        try:
            return attempt()
        except RowMissing:
            raise _missing() from None
        except RowChanged:
            continue
    if condition.matches:
        raise ScimRefused(412, "the resource has been changed since it was read")
    raise ScimRefused(409, "others are changing this resource: try again")
