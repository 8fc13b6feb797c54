"""Renewing the signing key, so that a kill at any step leaves one key that signs.

1. The new key is written beside the present one.
2. The log announces it, signed by the present one; from the commit on only the new one can sign.
3. The new key takes the present one's place.

After a kill between 1 and 2 the present key still signs, and the next renewal takes up the new key that lies there; after
one between 2 and 3 the next renewal finishes the third step.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from watchword.store.audit.faults import KeyRefused
from watchword.store.audit.heads import KEY_KIND, key_id, public_of
from watchword.store.audit.journal import Filter, find
from watchword.store.audit.keys import create, load, next_of, succeed
from watchword.store.audit.signing import announced, introduce, rotate

Writing = Callable[[], AbstractContextManager[Connection]]
"""Opens a write transaction."""


def renew(writing: Writing, path: Path, *, actor: str, at: datetime, why: str, lost: bool = False) -> str:
    """Put a new key in the place of the one in ``path``; the new key's id.

    Raises:
        KeyRefused: the present key is not the log's, or a file cannot be read or written.
        AuditError: the log has announced no key yet.
    """
    following = next_of(path)
    # 1.
    new = load(following) if following.exists() else create(following)
    identity = key_id(public_of(new))
    # 2.
    with writing() as connection:
        if not announced(connection).known:
            raise KeyRefused(
                "the log has announced no key yet", remedy="`watchword audit head` makes the first one"
            )
        wanted = Filter(kind=KEY_KIND, subject=f"key/{identity}")
        if next(find(connection, wanted), None) is None:
            if lost:
                introduce(connection, new, actor=actor, at=at, lost=True)
            else:
                rotate(connection, load(path), new, actor=actor, at=at, why=why)
    # 3.
    succeed(path)
    return identity
