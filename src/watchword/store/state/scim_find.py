"""Finding users and groups of a SCIM directory: by an index where the filter allows it, else page by page.

What an index finds is only a candidate: each must pass the question's own test as well.  A question that no index helps reads
the whole directory in one moment, and keeps of it the page that is asked for, or keys to sort by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, RowMapping, Select, Table, false, func, select

from watchword.model.people import DirectoryId, PresenceState
from watchword.model.scim import Compared, Every, Filter, Found, Operator, Query, ScimKind, Stored, fold
from watchword.store.state import people
from watchword.store.state.accounts import account_of, accounts
from watchword.store.state.columns import NAME
from watchword.store.state.people import group_members, groups
from watchword.store.state.scim_members import chunks, groups_of, members
from watchword.store.state.scim_values import group_of, user_of, user_of_columns

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""When a group was made that does not say so."""
PAGE: Final = 1_000
"""Rows that are read at a time."""

_OF_USERS: Final = (accounts.c.id, accounts.c.version, accounts.c.first_seen, accounts.c.attributes)
"""What a user is made of; the other columns repeat it for others."""


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

    @property
    def here(self) -> tuple[ColumnElement[bool], ...]:
        """The conditions on rows that are there."""
        table = self.table
        return table.c.directory == self.directory, table.c.state == PresenceState.PRESENT.value

    def rows(self, *where: ColumnElement[bool]) -> Select[Any]:
        """Rows that are there, in the order of ids, which is that of creation."""
        table = self.table
        columns = _OF_USERS if self.kind is ScimKind.USER else tuple(table.c)
        return select(*columns).where(*self.here, *where).order_by(table.c.id)

    def read(self, statement: Select[Any]) -> list[Stored]:
        """The resources of rows."""
        rows = self.connection.execute(statement).mappings().all()
        if self.kind is ScimKind.GROUP:
            return [self._group(row) for row in rows]
        inside = groups_of(self.connection, [row["id"] for row in rows]) if self.members else {}
        return [self._user(row, inside.get(row["id"], ())) for row in rows]

    def named(self, ids: Sequence[str]) -> tuple[Stored, ...]:
        """The resources of ids, in their order."""
        found = (one for some in chunks(ids) for one in self.read(self.rows(self.table.c.id.in_(some))))
        read = {one.id: one for one in found}
        return tuple(read[id_] for id_ in ids)

    def _user(self, row: RowMapping, inside: Sequence[Mapping[str, str]]) -> Stored:
        if "scim" in row["attributes"]:
            return user_of_columns(row, inside)
        whole = select(accounts).where(accounts.c.id == row["id"])
        return user_of(account_of(self.connection.execute(whole).mappings().one()), inside)

    def _group(self, row: RowMapping) -> Stored:
        one = people.group_of(row)
        return group_of(one, members(self.connection, one.id) if self.members else (), EPOCH)


def read_one(
    connection: Connection, directory: DirectoryId, kind: ScimKind, id_: str, *, with_members: bool = True
) -> Stored | None:
    """A resource, or ``None`` where the directory has none of that id."""
    place = _Place(connection, directory, kind, with_members)
    found = place.read(place.rows(_equal(place.table.c.id, id_)))
    return found[0] if found else None


def find(connection: Connection, directory: DirectoryId, query: Query) -> Found:
    """Resources that answer a question."""
    shown = _Place(connection, directory, query.kind, query.members)
    if query.filter is None and query.order is None:
        return _page(shown, query)
    compared = _Place(connection, directory, query.kind, query.compares_members)
    hits = (one for one in _candidates(compared, query.filter) if query.matches(one))
    total, wanted = _slice(hits, query) if query.order is None else _sorted(hits, query, query.order)
    return Found(total, shown.named(wanted))


def _page(place: _Place, query: Query) -> Found:
    counted = select(func.count()).select_from(place.table).where(*place.here)
    total = place.connection.scalar(counted) or 0
    if not query.count or query.start >= total:
        return Found(total)
    return Found(total, tuple(place.read(place.rows().limit(query.count).offset(query.start))))


def _slice(hits: Iterable[Stored], query: Query) -> tuple[int, list[str]]:
    """How many there are, and the ids of those on the page that is asked for."""
    total, kept = 0, []
    for one in hits:
        if query.start <= total < query.start + query.count:
            kept.append(one.id)
        total += 1
    return total, kept


def _sorted(hits: Iterable[Stored], query: Query, order: Callable[[Stored], Any]) -> tuple[int, list[str]]:
    """The same in an order; no more than keys are kept of all."""
    keys = [(order(one), one.id) for one in hits]
    keys.sort(key=lambda one: one[0], reverse=query.descending)
    return len(keys), [id_ for _, id_ in keys[query.start : query.start + query.count]]


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
    rows = place.connection.execute(select(groups.c.id, groups.c.display).where(*place.here))
    return [id_ for id_, display in rows if fold(display) == wanted]
