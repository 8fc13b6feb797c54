"""The only way to change a row that has a lifecycle: compare-and-set, with its audit record in the same transaction.

A move is made in five steps, and nothing of it is there unless all are:

1. The row is read.                                        ``RowMissing`` where there is none.
2. Its version must be the one that the caller saw.        ``RowChanged`` otherwise.
3. The table of states must allow the move.                ``IllegalMove`` otherwise.
4. The row is written where id and version still are so.   ``RowChanged`` if another was quicker.
5. The audit record is written.

The caller must say who acts and when, and must commit: nothing here does.  Whether the actor may do so is not judged here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Select, Update, bindparam, insert, select, update

from watchword.clock import stamp
from watchword.errors import RowChanged, RowMissing
from watchword.store.audit import journal
from watchword.store.audit.records import Entry
from watchword.store.state.machine import Machine

Journal = Callable[[Connection, Entry], object]
"""What writes an audit record in the caller's transaction."""

_FIXED: Final = frozenset({"id", "version"})


@dataclass(frozen=True, slots=True)
class Act:
    """Who does it, when, and why; ``request`` and ``session`` are ids under which it happens."""

    actor: str
    at: datetime
    why: str = ""
    request: str = ""
    session: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """A change of one row: to the state ``to`` (``None``: it stays in its state), and of other columns by ``values``.

    ``version`` is the row's version when the caller read it.
    """

    machine: Machine
    id: str
    version: int
    to: StrEnum | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row as the audit tells it: its id, whose personal data it holds, what was there, what is there now."""

    id: str
    person: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]


def create(
    connection: Connection,
    machine: Machine,
    row: Mapping[str, Any],
    act: Act,
    append: Journal = journal.append,
) -> None:
    """Write a new row, in a state in which it may begin, with its audit record.

    Raises:
        IllegalMove: it may not begin in that state.
        DatabaseError: by the end of the transaction: ``RowExists`` where there is such a row.
    """
    machine.life.check_first(machine.states(row[machine.column]))
    connection.execute(insert(machine.table).values(dict(row)))
    made = _Row(str(row["id"]), _person(machine, row), None, row)
    append(connection, _entry(machine, "created", made, act))


def create_many(
    connection: Connection,
    machine: Machine,
    rows: Sequence[Mapping[str, Any]],
    act: Act,
    append: Journal = journal.append,
) -> None:
    """Write new rows as ``create`` does, all by one statement, each with its audit record.

    Raises:
        IllegalMove: one may not begin in its state; none is written.
        DatabaseError: by the end of the transaction: ``RowExists`` where there is such a row.
    """
    for row in rows:
        machine.life.check_first(machine.states(row[machine.column]))
    if rows:
        connection.execute(insert(machine.table), [dict(row) for row in rows])
    for row in rows:
        append(
            connection,
            _entry(machine, "created", _Row(str(row["id"]), _person(machine, row), None, row), act),
        )


def transition(connection: Connection, move: Move, act: Act, append: Journal = journal.append) -> int:
    """Change a row, with its audit record, and give its new version.

    Raises:
        RowMissing, RowChanged: it is not there, or not as the caller saw it.
        IllegalMove: the state may not follow the one that it is in.
        ValueError: nothing would change, or a column that may not.
    """
    machine = move.machine
    changed = _changed(move)
    reading, writing = _statements(machine, tuple(sorted(changed)))
    # 1.
    row = connection.execute(reading, {"row_id": move.id}).mappings().first()
    if row is None:
        raise RowMissing(f"there is no such {machine.kind}", where=move.id, remedy="read anew what there is")
    # 2.
    if row["version"] != move.version:
        raise _outrun(move)
    # 3.
    if move.to is not None:
        machine.life.check(machine.states(row[machine.column]), move.to)
    # 4.
    same = {"row_id": move.id, "row_version": move.version, "version": move.version + 1}
    if connection.execute(writing, changed | same).rowcount != 1:
        raise _outrun(move)
    # 5.
    what = move.to.value if move.to is not None else "amended"
    before = {name: row[name] for name in changed}
    append(connection, _entry(machine, what, _Row(move.id, _person(machine, row), before, changed), act))
    return move.version + 1


def touch(connection: Connection, machine: Machine, row: str, **values: Any) -> None:  # noqa: ANN401
    """Note that something was seen or used again: columns that the machine names as such, without version or record.

    Raises:
        ValueError: another column.
        RowMissing: there is no such row.
    """
    if not values or not set(values) <= machine.unaudited:
        raise ValueError(f"of a {machine.kind} only {', '.join(sorted(machine.unaudited))} can be touched")
    table = machine.table
    if connection.execute(update(table).where(table.c.id == row).values(values)).rowcount != 1:
        raise RowMissing(f"there is no such {machine.kind}", where=row, remedy="read anew what there is")


def touch_many(connection: Connection, machine: Machine, rows: Sequence[str], **values: Any) -> None:  # noqa: ANN401
    """Note the same of many rows (at most some thousands) as ``touch`` does of one; those that are not there are left away.

    Raises:
        ValueError: a column that cannot be touched.
    """
    if not values or not set(values) <= machine.unaudited:
        raise ValueError(f"of a {machine.kind} only {', '.join(sorted(machine.unaudited))} can be touched")
    if rows:
        table = machine.table
        connection.execute(update(table).where(table.c.id.in_(rows)).values(values))


@cache
def _statements(machine: Machine, names: tuple[str, ...]) -> tuple[Select[Any], Update]:
    """How columns of a row are read and written; made once, since making a statement takes as long as running it."""
    table = machine.table
    wanted = sorted({*names, machine.column, "version", machine.person} - {""})
    ours = table.c.id == bindparam("row_id")
    reading = select(*(table.c[name] for name in wanted)).where(ours)
    values: dict[str, Any] = {name: bindparam(name) for name in (*names, "version")}
    return reading, update(table).where(ours, table.c.version == bindparam("row_version")).values(values)


def _person(machine: Machine, row: Mapping[Any, Any]) -> str:
    """Whose personal data a row holds; empty where it is nobody's."""
    return str(row[machine.person] or "") if machine.person else ""


def _changed(move: Move) -> dict[str, Any]:
    """The columns that a move writes, the version apart."""
    changed = dict(move.values)
    forbidden = set(changed) & {*_FIXED, move.machine.column}
    unknown = set(changed) - set(move.machine.table.c.keys())
    if forbidden or unknown:
        raise ValueError(
            f"a move of a {move.machine.kind} cannot write {', '.join(sorted(forbidden | unknown))}"
        )
    if move.to is not None:
        changed[move.machine.column] = move.to.value
    if not changed:
        raise ValueError(f"a move of a {move.machine.kind} that changes nothing")
    return changed


def _outrun(move: Move) -> RowChanged:
    return RowChanged(
        f"the {move.machine.kind} has been changed since version {move.version} was read",
        where=move.id,
        remedy="read it again, and decide anew",
    )


def _entry(machine: Machine, what: str, row: _Row, act: Act) -> Entry:
    return Entry(
        kind=f"{machine.kind}.{what}",
        actor=act.actor,
        subject=row.id,
        at=act.at,
        before=None if row.before is None else _told(row.before),
        after=_told(row.after),
        why=act.why,
        request=act.request,
        session=act.session,
        person="" if row.person == row.id else row.person,
    )


def _told(columns: Mapping[str, Any]) -> dict[str, object]:
    """Columns as JSON for the audit record: times as text in UTC."""
    return {name: stamp(one) if isinstance(one, datetime) else one for name, one in columns.items()}
