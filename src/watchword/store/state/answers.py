"""Answers to requests with an idempotency key: kept, so that the same request again has the same answer and does nothing.

1. ``begin`` puts a place for the answer, or says who was there before: one of several who come at once wins.
2. The request does what it does.
3. ``finish`` keeps the answer; ``abandon`` takes the place away where nothing was done.

A place whose process died stays in flight until ``STALE`` has passed; then the next request may try again.  What the request
changes is protected from being done twice by its own compare-and-set, as without a key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete, select, update

from watchword.store.state.login import answers

KEPT: Final = timedelta(hours=24)
"""How long an answer is kept."""

STALE: Final = timedelta(minutes=2)
"""After which a request that has no answer counts as dead."""

IN_FLIGHT: Final = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is kept; ``status`` 0: the request is still being answered.

    ``request`` is the digest of the request's body.
    """

    request: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = field(default="", repr=False)


def begin(connection: Connection, key: str, request: str, now: datetime) -> Answer | None:
    """Take the place of an answer; ``None``: it is ours, go on.  Otherwise what is there: an answer, or one in flight."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as insert_or_leave
    else:
        from sqlalchemy.dialects.sqlite import insert as insert_or_leave  # type: ignore[assignment]
    over = (answers.c.expires <= now) | ((answers.c.status == IN_FLIGHT) & (answers.c.created <= now - STALE))
    connection.execute(delete(answers).where(answers.c.key == key, over))
    row: dict[str, Any] = {"key": key, "request": request, "status": IN_FLIGHT, "headers": {}, "body": ""}
    put = insert_or_leave(answers).values(row | {"created": now, "expires": now + KEPT})
    mine = connection.execute(put.on_conflict_do_nothing().returning(answers.c.key)).first()
    return None if mine is not None else look(connection, key)


def look(connection: Connection, key: str) -> Answer | None:
    """The answer of a key."""
    row = connection.execute(select(answers).where(answers.c.key == key)).mappings().first()
    return None if row is None else Answer(row["request"], row["status"], row["headers"], row["body"])


def finish(connection: Connection, key: str, answer: Answer) -> bool:
    """Keep the answer; whether the place was still ours."""
    mine = (answers.c.key == key) & (answers.c.status == IN_FLIGHT) & (answers.c.request == answer.request)
    kept = {"status": answer.status, "headers": dict(answer.headers), "body": answer.body}
    return connection.execute(update(answers).where(mine).values(kept)).rowcount == 1


def abandon(connection: Connection, key: str, request: str) -> None:
    """Take the place away: nothing was done, and the same request may come again."""
    mine = (answers.c.key == key) & (answers.c.status == IN_FLIGHT) & (answers.c.request == request)
    connection.execute(delete(answers).where(mine))


def purge(connection: Connection, now: datetime) -> int:
    """Forget answers whose time is over; how many there were."""
    return connection.execute(delete(answers).where(answers.c.expires <= now)).rowcount
