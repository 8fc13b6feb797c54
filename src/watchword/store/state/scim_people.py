"""What a change that an identity provider pushes means for people, in the same transaction.

- An account of nobody is judged by the linking rules as soon as it comes or changes.
- Who has no usable account left is suspended; whom a directory had suspended goes on when an account of theirs is enabled again.
- Who is in a group, directly or through groups within it, is worked out anew for the groups that a change concerns.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from watchword.model.scim import ScimKind
from watchword.store.state.linking import Linker
from watchword.store.state.membership import flatten_around, groups_with
from watchword.store.state.people import identities
from watchword.store.state.scim_effects import ScimChange
from watchword.store.state.standing import settle
from watchword.store.state.transition import Act, Journal


def follow(connection: Connection, change: ScimChange, act: Act, append: Journal) -> None:
    """Do for people what follows from a change."""
    if change.kind is ScimKind.GROUP:
        if change.gone or change.added or change.removed:
            flatten_around(connection, change.directory, {change.id}, act, append)
        return
    mine = (identities.c.directory == change.directory) & (identities.c.subject == change.id)
    principal = connection.scalar(select(identities.c.principal).where(mine))
    if principal is not None:
        settle(connection, {principal}, act, append)
    elif not change.gone:
        _link(connection, change, act, append)


def _link(connection: Connection, change: ScimChange, act: Act, append: Journal) -> None:
    """Judge whose an account is that is of nobody yet; who has it now is in its groups."""
    told = Linker.of(connection, change.directory).link(connection, [change.id], act, append)
    inside = groups_with(connection, change.directory, [change.id]) if told.people else set()
    if inside:
        flatten_around(connection, change.directory, inside, act, append)
