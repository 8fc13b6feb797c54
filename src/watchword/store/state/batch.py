"""Group commit: many small changes from several threads share one transaction and one flush to disk.

A change is a function of the connection and of the journal that it must hand on to ``transition``::

    batch.run(lambda connection, journal: transition(connection, move, act, journal))

Whoever comes first leads: it takes what has gathered meanwhile, makes all of it in one write transaction, writes the audit
records together, commits, and tells everybody how theirs went.  ``run`` comes back only after the commit, so what it
returned is on disk.  Where one change raises, all is undone and made again, each in a savepoint of its own, so that only
that one fails: **a change may be called twice**, and must do nothing but what its connection undoes.

There is no thread of its own and nothing to close.  Changes of one batch see each other in the order in which they came.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from watchword.errors import DatabaseError
from watchword.store.audit import journal
from watchword.store.audit.records import Entry
from watchword.store.state.database import Database
from watchword.store.state.faults import fault
from watchword.store.state.transition import Journal

T = TypeVar("T")

Change = Callable[[Connection, Journal], T]
"""What is to be done; its result goes to the caller of ``run``."""

MOST: Final = 500
"""Changes of one transaction: bounds how long the writer's place is held, and how much is undone if it fails."""


GATHER: Final = 0.001
"""Seconds that a leader waits for others, where the group before was larger: a flush to disk takes as long."""


@dataclass(slots=True)
class _Waiting(Generic[T]):
    """A change and how it went."""

    change: Change[T]
    value: T | None = None
    error: BaseException | None = None
    over: bool = False
    turn: threading.Event = field(default_factory=threading.Event)
    """Set when it is over, or when its thread is to lead."""


class _Refused(Exception):
    """A change of the group raised: the group must be made one by one."""


@dataclass(slots=True)
class Batch:
    """The way for changes of many threads into one database."""

    database: Database
    most: int = MOST
    append_many: Callable[[Connection, Sequence[Entry]], object] = journal.append_many
    _queue: deque[_Waiting[Any]] = field(default_factory=deque)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _led: bool = False
    _gathered: int = 0

    def run(self, change: Change[T]) -> T:
        """Make one change, and come back when it is on disk.

        Raises:
            DatabaseError: the database refused it, or the whole group; it was not made.
            Exception: what ``change`` raised; it was not made.
        """
        mine: _Waiting[T] = _Waiting(change)
        with self._guard:
            self._queue.append(mine)
            leads, self._led = not self._led, True
        if not leads:
            mine.turn.wait()
        if not mine.over:
            self._lead_until(mine)
        if mine.error is not None:
            raise mine.error
        return mine.value  # type: ignore[return-value]

    def _lead_until(self, mine: _Waiting[Any]) -> None:
        """Lead until one's own change is over, which those before it may fill a group of; then hand over."""
        try:
            while not mine.over:
                self._lead()
        finally:
            with self._guard:
                self._led = bool(self._queue)
                if self._queue:
                    self._queue[0].turn.set()

    def _lead(self) -> None:
        """Make the changes at the head of the queue in one transaction."""
        if len(self._queue) < self._gathered:
            # Those whose changes have just been made are about to bring the next.
            time.sleep(GATHER)
        group = [self._queue.popleft() for _ in range(min(self.most, len(self._queue)))]
        self._gathered = len(group)
        try:
            try:
                self._together(group)
            except _Refused:
                self._one_by_one(group)
        except BaseException as error:
            # Even an interrupt: the others must not wait for ever for a leader who is gone.
            for one in group:
                one.error = one.error or _apart(error)
            if not isinstance(error, DatabaseError):
                raise
        finally:
            for one in group:
                one.over = True
                one.turn.set()

    def _together(self, group: list[_Waiting[Any]]) -> None:
        with self.database.writing() as connection:
            entries: list[Entry] = []

            def note(_: Connection, entry: Entry) -> None:
                entries.append(entry)

            try:
                for one in group:
                    one.value = one.change(connection, note)
                self.append_many(connection, entries)
            except Exception as error:
                raise _Refused from error

    def _one_by_one(self, group: list[_Waiting[Any]]) -> None:
        with self.database.writing() as connection:
            for one in group:
                self._alone(connection, one)

    def _alone(self, connection: Connection, one: _Waiting[Any]) -> None:
        """Make one change in a savepoint; an error is its own, unless the connection is gone."""
        try:
            with connection.begin_nested():
                one.value = one.change(connection, self._append)
        except SQLAlchemyError as error:
            if connection.invalidated or connection.closed:
                raise
            one.error = fault(error, str(self.database.address))
        except Exception as error:  # noqa: BLE001 - it is handed to the thread whose change it is
            one.error = error

    def _append(self, connection: Connection, entry: Entry) -> None:
        self.append_many(connection, (entry,))


def _apart(error: BaseException) -> BaseException:
    """The error for each of several threads: raised by many at once, one value would mix their tracebacks."""
    if isinstance(error, DatabaseError):
        return type(error)(error.what, where=error.where, remedy=error.remedy)
    return DatabaseError(
        "the transaction that this change shared with others was interrupted",
        remedy="nothing was changed: try again",
    )
