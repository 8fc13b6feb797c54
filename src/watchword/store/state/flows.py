"""What is under way: begun once, spent exactly once, in one browser only.

A flow's id is the SHA-256 of the opaque value that its holder shows, so whoever reads the table cannot go on with it.  It is
bound to a browser by the digest of the browser's cookie in ``data["browser"]``.  Nothing here decides what a flow is for.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select, update

from watchword.model.login import Flow, FlowId, FlowKind
from watchword.store.state.login import flow_of, flow_row, flows, seen_once

BROWSER: Final = "browser"
"""The key of ``data`` under which the digest of the browser's cookie lies."""


def start(connection: Connection, flow: Flow) -> None:
    """Begin a flow.

    Raises:
        RowExists: by the end of the transaction: its value was drawn before.
    """
    connection.execute(insert(flows).values(flow_row(flow)))


def look(connection: Connection, flow: FlowId, kind: FlowKind, browser: str, now: datetime) -> Flow | None:
    """A flow that may still be spent by the browser whose cookie's digest this is; ``None`` otherwise."""
    row = connection.execute(select(flows).where(flows.c.id == flow)).mappings().first()
    if row is None:
        return None
    found = flow_of(row)
    lives = found.kind is kind and found.spent is None and found.created <= now < found.expires
    return found if lives and _is_of(found, browser) else None


def spend(connection: Connection, flow: FlowId, kind: FlowKind, browser: str, now: datetime) -> Flow | None:
    """A flow, if it can be spent now, and none but this caller has spent it."""
    found = look(connection, flow, kind, browser, now)
    if found is None:
        return None
    mine = update(flows).where(flows.c.id == flow, flows.c.spent.is_(None), flows.c.expires > now)
    spent = connection.execute(mine.values(spent=now)).rowcount == 1
    return replace(found, spent=now) if spent else None


def amend(connection: Connection, flow: Flow, data: Mapping[str, Any], principal: str | None = None) -> bool:
    """Keep other data with a flow that is not spent, where its data is still what the caller saw.

    The browser to which it is bound stays.
    """
    kept = {**data, BROWSER: flow.data.get(BROWSER, "")}
    same = (flows.c.id == flow.id) & flows.c.spent.is_(None) & (flows.c.data == dict(flow.data))
    writing = update(flows).where(same).values(data=kept, principal=principal or flow.principal)
    return connection.execute(writing).rowcount == 1


def purge(connection: Connection, now: datetime) -> int:
    """Forget flows and ids seen once whose time is over; how many there were."""
    gone = connection.execute(delete(flows).where(flows.c.expires <= now)).rowcount
    return gone + connection.execute(delete(seen_once).where(seen_once.c.expires <= now)).rowcount


def first_time(connection: Connection, key: str, expires: datetime) -> bool:
    """Whether something is shown for the first time; of several who ask at once, one is told so."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as insert_or_leave
    else:
        from sqlalchemy.dialects.sqlite import insert as insert_or_leave  # type: ignore[assignment]
    put = insert_or_leave(seen_once).values(key=key, expires=expires).on_conflict_do_nothing()
    return connection.execute(put.returning(seen_once.c.key)).first() is not None


def _is_of(flow: Flow, browser: str) -> bool:
    bound = flow.data.get(BROWSER)
    return isinstance(bound, str) and bool(bound) and hmac.compare_digest(bound, browser)
