"""What follows, in the same transaction, from what an identity provider pushes: whose a new account is, who may go on, groups.

``follow`` is the ``OnChange`` of ``SqlScimStore``.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from watchword.model.scim import ScimKind
from watchword.store.state.linking import Linker
from watchword.store.state.membership import edges_of, flatten, flatten_around, groups_with
from watchword.store.state.people import identities
from watchword.store.state.scim_effects import ScimChange
from watchword.store.state.standing import settle
from watchword.store.state.transition import Act, Journal


def follow(connection: Connection, change: ScimChange, act: Act, append: Journal) -> None:
    """Do what follows from a change."""
    if change.kind is ScimKind.GROUP:
        if change.gone:
            edges = edges_of(connection, change.directory)
            flatten(connection, {**edges, change.id: []}, [change.id], act, append)
        flatten_around(connection, change.directory, {change.id}, act, append)
        return
    mine = (identities.c.directory == change.directory) & (identities.c.subject == change.id)
    principal = connection.scalar(select(identities.c.principal).where(mine))
    if principal is None and not change.gone:
        told = Linker.of(connection, change.directory).link(connection, [change.id], act, append)
        principal = next(iter(told.people), None)
    if principal is None:
        return
    settle(connection, {principal}, act, append)
    theirs = groups_with(connection, change.directory, [change.id])
    if theirs:
        flatten_around(connection, change.directory, theirs, act, append)
