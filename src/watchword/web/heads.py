"""Signed heads of the audit log, for the API and the worker: made with the process's signing key, taken to where it is configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from watchword.store.audit.heads import Head
from watchword.store.audit.keys import load, load_or_create
from watchword.store.audit.packs import Pack
from watchword.store.audit.signing import announced, introduce, pack, sign_head
from watchword.web.control_plane import ControlPlane

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

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
