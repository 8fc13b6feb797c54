"""Finding users and groups of a SCIM directory: by an index where the filter allows it, else page by page.

What an index finds is only a candidate: each must pass the question's own test as well.  A question that no index helps reads
the whole directory in one moment, and keeps of it the page that is asked for, or keys to sort by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Select, Table, false, func, select

from watchword.model.people import DirectoryId, PresenceState
from watchword.model.scim import Compared, Every, Filter, Found, Operator, Query, ScimKind, Stored, fold
from watchword.store.state import people
from watchword.store.state.accounts import account_of, accounts
from watchword.store.state.columns import NAME
from watchword.store.state.people import group_members, groups
from watchword.store.state.scim_members import chunks, groups_of, members
from watchword.store.state.scim_values import group_of, user_of

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""When a group was made that does not say so."""
PAGE: Final = 1_000
"""Rows that are read at a time."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Resources of one kind of one directory, in one read transaction."""

    connection: Connection
    directory: DirectoryId
    kind: ScimKind
    members: bool = True

    @property
    def table(self) -> Table:
        return accounts if self.kind is ScimKind.USER else groups

    def rows(self, *where: ColumnElement[bool]) -> Select[Any]:
        """Rows that are there, in the order of ids, which is that of creation."""
        table = self.table
        present = table.c.state == PresenceState.PRESENT.value
        return select(table).where(table.c.directory == self.directory, present, *where).order_by(table.c.id)

    def read(self, statement: Select[Any]) -> list[Stored]:
        """The resources of rows."""
        rows = self.connection.execute(statement).mappings().all()
        if self.kind is ScimKind.GROUP:
            return [self._group(row) for row in rows]
        inside = groups_of(self.connection, [row["id"] for row in rows])
        return [user_of(account_of(row), inside.get(row["id"], ())) for row in rows]

    def _group(self, row: Any) -> Stored:  # noqa: ANN401
        one = people.group_of(row)
        listed = members(self.connection, one.id) if self.members else ()
        return group_of(one, listed, EPOCH)


def read_one(
    connection: Connection, directory: DirectoryId, kind: ScimKind, id_: str, *, with_members: bool = True
) -> Stored | None:
    """A resource, or ``None`` where the directory has none of that id."""
    place = _Place(connection, directory, kind, with_members)
    found = place.read(place.rows(_equal(place.table.c.id, id_)))
    return found[0] if found else None


def find(connection: Connection, directory: DirectoryId, query: Query) -> Found:
    """Resources that answer a question."""
    place = _Place(connection, directory, query.kind, query.members)
    if query.filter is None and query.order is None:
        return _page(place, query)
    hits = (one for one in _candidates(place, query.filter) if query.matches(one))
    if query.order is None:
        return _slice(hits, query)
    return _sorted(place, hits, query, query.order)


def _page(place: _Place, query: Query) -> Found:
    statement = place.rows()
    total = (
        place.connection.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
    )
    if not query.count or query.start >= total:
        return Found(total)
    return Found(total, tuple(place.read(statement.limit(query.count).offset(query.start))))


def _slice(hits: Iterable[Stored], query: Query) -> Found:
    total, kept = 0, []
    for one in hits:
        if query.start <= total < query.start + query.count:
            kept.append(one)
        total += 1
    return Found(total, tuple(kept))


def _sorted(place: _Place, hits: Iterable[Stored], query: Query, order: Callable[[Stored], Any]) -> Found:
    """The page that is asked for, read anew, so that no more than keys are kept of the others."""
    keys = [(order(one), one.id) for one in hits]
    keys.sort(key=lambda one: one[0], reverse=query.descending)
    wanted = [id_ for _, id_ in keys[query.start : query.start + query.count]]
    read = {
        one.id: one for some in chunks(wanted) for one in place.read(place.rows(place.table.c.id.in_(some)))
    }
    return Found(len(keys), tuple(read[id_] for id_ in wanted))


def _candidates(place: _Place, filter_: Filter | None) -> Iterator[Stored]:
    """All resources that can pass a filter, in the order of ids."""
    narrowed = _narrowed(place, filter_)
    if narrowed is not None:
        yield from place.read(place.rows(narrowed))
        return
    last = ""
    while rows := place.read(place.rows(place.table.c.id > last).limit(PAGE)):
        yield from rows
        last = rows[-1].id


def _narrowed(place: _Place, filter_: Filter | None) -> ColumnElement[bool] | None:
    """The condition on an index to which a filter leads; ``None`` where it leads to none."""
    if isinstance(filter_, Every):
        found = (_narrowed(place, part) for part in filter_.parts)
        return next((one for one in found if one is not None), None)
    if not isinstance(filter_, Compared) or filter_.operator is not Operator.EQ or filter_.path.schema:
        return None
    value, name = filter_.value, (filter_.path.name, filter_.path.sub or "value")
    if not isinstance(value, str):
        return None
    return _indexed(place, name, value)


def _indexed(place: _Place, name: tuple[str, str], value: str) -> ColumnElement[bool] | None:
    ids = place.table.c.id
    match (place.kind, *name):
        case (_, "id", _):
            return _equal(ids, value)
        case (_, "externalId", _):
            return _equal(place.table.c.external_id, value)
        case (ScimKind.USER, "userName", _):
            return _equal(accounts.c.user_name_key, fold(value))
        case (ScimKind.USER, "groups", "value"):
            return ids.in_(select(group_members.c.subject).where(_equal(group_members.c.group_id, value)))
        case (ScimKind.GROUP, "members", "value"):
            return ids.in_(select(group_members.c.group_id).where(_equal(group_members.c.subject, value)))
        case (ScimKind.GROUP, "displayName", _):
            return ids.in_(_displayed(place, value))
    return None


def _equal(column: Column[Any], value: str) -> ColumnElement[bool]:
    """Equality with a column of words; what it cannot hold is in no row."""
    longest = getattr(column.type, "length", None) or NAME
    unsound = "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value)
    return false() if unsound or len(value) > longest else column == value


def _displayed(place: _Place, value: str) -> list[str]:
    """Ids of the groups of that name in whatever case, found by reading names only."""
    wanted = fold(value)
    here = (groups.c.directory == place.directory, groups.c.state == PresenceState.PRESENT.value)
    rows = place.connection.execute(select(groups.c.id, groups.c.display).where(*here))
    return [id_ for id_, display in rows if fold(display) == wanted]
