"""The file of the signing key: made once, readable by its owner only, never shown.

The private key is a PEM file (PKCS #8) with mode 0600; beside it, with ``.pub`` appended, lies the public key as 64
hexadecimal digits, to be handed to auditors.  A key that others could read is refused rather than used.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

from watchword.store.audit.faults import AuditError, KeyRefused
from watchword.store.audit.heads import one_of, public_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

LARGEST: Final = 16 * 1024
"""Bytes of a key's file."""


def load(path: Path) -> Ed25519PrivateKey:
    """The key of a file.

    Raises:
        KeyRefused: it is not there, is no plain file, is open to others, or holds no Ed25519 key.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(_private(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # Without the cause: nothing of a key's file is told.
        raise KeyRefused(
            "the file holds no signing key", where=str(path), remedy="name another file"
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyRefused("the key is not one of Ed25519", where=str(path), remedy="name another file")
    return key


def create(path: Path) -> Ed25519PrivateKey:
    """Make a key where there is no file yet.

    Raises:
        KeyRefused: there is one already, or it cannot be written.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path, text, 0o600)
        public = path.with_name(f"{path.name}.pub")
        public.unlink(missing_ok=True)
        _write(public, public_of(key).hex().encode() + b"\n", 0o644)
    except OSError as error:
        if path.is_file():
            raise KeyRefused("there is a signing key already", where=str(path)) from None
        raise KeyRefused(
            f"the signing key cannot be written: {error.strerror}",
            where=str(path),
            remedy="name another file with --signing-key",
        ) from error
    return key


def load_or_create(path: Path) -> Ed25519PrivateKey:
    """The key of a file, made now where there is none.

    Raises:
        KeyRefused: as ``load`` and ``create``.
    """
    try:
        return create(path) if not path.exists() else load(path)
    except KeyRefused:
        # Another process made it in the same instant.
        if path.exists():
            return load(path)
        raise


def next_of(path: Path) -> Path:
    """Where the key lies that is to follow the one of ``path``, until the log has announced it."""
    return path.with_name(f"{path.name}.next")


def succeed(path: Path) -> None:
    """Put the next key in the place of the present one, which is gone then.

    Raises:
        KeyRefused: it cannot be moved.
    """
    following = next_of(path)
    try:
        following.replace(path)
        following.with_name(f"{following.name}.pub").replace(path.with_name(f"{path.name}.pub"))
    except OSError as error:
        raise KeyRefused(
            f"the new key cannot be put in place: {error.strerror}",
            where=str(following),
            remedy="run `watchword audit rotate` again",
        ) from error


def public_keys(given: list[str]) -> frozenset[bytes]:
    """Public keys, each 64 hexadecimal digits or a file that holds them.

    Raises:
        AuditError: a file cannot be read.
        AuditDamaged: one is not a public key.
    """
    return one_of(_text(one) for one in given)


def _text(given: str) -> str:
    if len(given) == 64 and not Path(given).exists():
        return given
    try:
        with Path(given).open(encoding="ascii") as file:
            return file.read(LARGEST).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise AuditError(
            f"the public key cannot be read: {error}",
            where=given,
            remedy="name a file, or 64 hexadecimal digits",
        ) from error


def _private(path: Path) -> bytes:
    """The bytes of a file that only its owner can read."""
    try:
        place = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise KeyRefused(
            f"the signing key cannot be read: {error.strerror}",
            where=str(path),
            remedy="name it with --signing-key; `watchword audit head` makes the first one",
        ) from error
    try:
        _require_private(os.fstat(place), path)
        with os.fdopen(place, "rb", closefd=False) as file:
            return file.read(LARGEST)
    finally:
        os.close(place)


def _require_private(about: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(about.st_mode) or about.st_size > LARGEST:
        raise KeyRefused("the signing key is not a small plain file", where=str(path))
    if about.st_mode & 0o077 or about.st_uid not in {os.geteuid(), 0}:
        raise KeyRefused(
            "others can read or change the signing key",
            where=str(path),
            remedy=f"chmod 600 {path}; if others may have read it: watchword audit rotate",
        )


def _write(path: Path, text: bytes, mode: int) -> None:
    """Write a file that is not there yet, to the disk."""
    place = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(place, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(place)
