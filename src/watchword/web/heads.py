"""Signed heads of the audit log, for the API and the worker: made with the process's signing key, taken to where it is configured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from watchword.store.audit.export import read_text, write_head
from watchword.store.audit.heads import Head
from watchword.store.audit.journal import chain_of
from watchword.store.audit.keys import load, load_or_create
from watchword.store.audit.packs import Pack
from watchword.store.audit.signing import announced, continuity, introduce, pack, sign_head
from watchword.web.control_plane import ControlPlane

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from watchword.store.state.worker import Hold

ACTOR = "watchword"
"""Who signs when nobody in particular asks for it."""


def signed_head(plane: ControlPlane) -> Head:
    """The signed head of the log as it is.

    Raises:
        AuditError: the log has not begun, or the key is missing or not the one that the log announced.
    """
    key = load(plane.signing_key)
    with plane.database.reading() as connection:
        return sign_head(connection, key, plane.clock())


def proof(plane: ControlPlane, sequence: int) -> Pack:
    """The evidence for one record, without its personal values.

    Raises:
        RecordMissing: there is no such record.
        AuditError: the log does not prove it, or the key is missing or not the one that the log announced.
    """
    key = load(plane.signing_key)
    with plane.database.reading() as connection:
        return pack(connection, sequence, key, plane.clock(), opened=False)


def signer(plane: ControlPlane) -> Ed25519PrivateKey:
    """The signing key; made, and announced in the log, where the log has none yet.

    Raises:
        AuditError: the key is missing though the log has announced one, or cannot be made.
    """
    with plane.database.reading() as connection:
        known = bool(announced(connection).known)
    key = load(plane.signing_key) if known else load_or_create(plane.signing_key)
    if not known:
        with plane.database.writing() as connection:
            introduce(connection, key, actor=ACTOR, at=plane.clock())
    return key


class Heads:
    """Takes signed heads to where the settings say, whenever the log has grown."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self._sent = -1

    def export(self, hold: Hold) -> None:
        """Sign the head of the log as it is, and take it away.

        Raises:
            WatchwordError: the key cannot be used, or the head could not be taken away; it is tried again.
        """
        web = self._plane.settings
        if web.heads_file is None and not web.heads_webhook:
            return
        with self._plane.database.reading() as connection:
            chain = chain_of(connection)
        if chain is None or chain.frontier.size == self._sent:
            return
        key = signer(self._plane)
        with self._plane.database.reading() as connection:
            head = sign_head(connection, key, hold.clock())
        if web.heads_file is not None:
            self._to_file(web.heads_file, key)
        if web.heads_webhook:
            from watchword.enforce.audit_heads import to_webhook

            to_webhook(web.heads_webhook, head)
        self._sent = head.size

    def _to_file(self, path: Path, key: Ed25519PrivateKey) -> None:
        """Put a new head in the place of the older one, only where the log provably continues that."""
        now = self._plane.clock()
        with self._plane.database.reading() as connection:
            if path.exists():
                head = continuity(connection, Head.parse(read_text(path)), key, now).new
            else:
                head = sign_head(connection, key, now)
        write_head(path, head)
