"""Secrets of the state, encrypted with keys that lie outside of it: seeds of one-time passwords, hashes of passwords.

Keys are entries ``id:key``, the key being 32 bytes in base64url, separated by white space or commas; lines that begin
with ``#`` are left out.  They come from a file that only its owner can read, or from the environment.  **The last one
encrypts**, all decrypt: to rotate, ``rotate`` the file, restart, ``reseal``, then take the old key away.

A ciphertext is AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce before it; the secret's id is authenticated with it, so
that no row can be put in another's place.  What is encrypted, and what else is derived for, each has a key of its own by HKDF
(RFC 5869).
"""

from __future__ import annotations

import os
import re
import stat
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from watchword.errors import VaultError
from watchword.model.factors import Secret, SecretId
from watchword.store.state.factors import secret_of, secret_row, secrets

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
LARGEST_FILE: Final = 16 * 1024
"""Bytes of a file of keys."""
VARIABLE: Final = "WATCHWORD_SECRET_KEYS"
"""The environment variable that may hold the keys; it comes before the file."""

_ENTRY: Final = re.compile(r"([a-z0-9]{1,32}):([A-Za-z0-9_-]{43})=?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Vault:
    """The keys, the newest last; safe for threads."""

    keys: Mapping[str, bytes] = field(repr=False)
    randomness: Callable[[int], bytes] = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a vault that could not encrypt.

        Raises:
            VaultError: there is no key, or one is not 32 bytes long.
        """
        if not self.keys or any(len(key) != KEY_BYTES for key in self.keys.values()):
            raise VaultError(
                "the vault needs at least one key of 32 bytes", remedy="watchword serve makes one"
            )

    @property
    def newest(self) -> str:
        """The id of the key that encrypts."""
        return list(self.keys)[-1]

    def seal(self, secret: SecretId, plain: bytes, at: datetime) -> Secret:
        """A secret, encrypted with the newest key."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = self.randomness(NONCE_BYTES)
        if len(nonce) != NONCE_BYTES:
            raise VaultError("the source of randomness gave too few bytes")
        cipher = AESGCM(_derived(self.keys[self.newest], "encrypt secrets"))
        return Secret(secret, self.newest, nonce + cipher.encrypt(nonce, plain, _bound(secret)), at)

    def open(self, secret: Secret) -> bytes:
        """What is in a secret.

        Raises:
            VaultError: its key is not here, or it has been changed or put in another's place.
        """
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key = self.keys.get(secret.key)
        if key is None:
            raise VaultError(
                f"a secret was encrypted with key {secret.key}, which is not here",
                where=secret.id,
                remedy="give back the key to [web] secret_key_file",
            )
        nonce, ciphertext = secret.ciphertext[:NONCE_BYTES], secret.ciphertext[NONCE_BYTES:]
        try:
            return AESGCM(_derived(key, "encrypt secrets")).decrypt(nonce, ciphertext, _bound(secret.id))
        except (InvalidTag, ValueError):
            raise VaultError(
                "a secret has been changed, or is another's", where=secret.id, remedy="restore the database"
            ) from None

    def derived(self, purpose: str) -> tuple[bytes, ...]:
        """Keys of 32 bytes for another purpose, the newest first: sign with the first, accept all."""
        return tuple(_derived(key, purpose) for key in reversed(list(self.keys.values())))


def parse(text: str, where: str) -> dict[str, bytes]:
    """Keys as they are written, in their order.

    Raises:
        VaultError: an entry has another form, or an id stands there twice; never with what was written.
    """
    found: dict[str, bytes] = {}
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for number, entry in enumerate(re.split(r"[\s,]+", " ".join(lines).strip()), 1):
        match = _ENTRY.fullmatch(entry)
        if match is None or match[1] in found:
            raise VaultError(
                f"entry {number} is no key, or its id was used before",
                where=where,
                remedy="write id:key, the key being 32 bytes in base64url",
            )
        found[match[1]] = urlsafe_b64decode(match[2] + "=")
    return found


def load(path: Path) -> dict[str, bytes]:
    """Keys of a file.

    Raises:
        VaultError: it is not there, is no plain file, is open to others, is too large, or holds no keys.
    """
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_FILE:
                raise VaultError("this is no file of keys", where=str(path))
            if status.st_mode & 0o077:
                raise VaultError(
                    "others can read the file of keys", where=str(path), remedy=f"chmod 600 {path}"
                )
            text = file.read(LARGEST_FILE).decode("ascii")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise VaultError(f"the file of keys cannot be read: {why}", where=str(path)) from None
    return parse(text, str(path))


def create(path: Path, randomness: Callable[[int], bytes]) -> dict[str, bytes]:
    """Make a file with one new key where there is none.

    Raises:
        VaultError: there is one already, or it cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path, _new_entry(randomness), os.O_EXCL)
    except OSError as error:
        raise VaultError(f"the file of keys cannot be made: {error.strerror}", where=str(path)) from None
    return load(path)


def rotate(path: Path, randomness: Callable[[int], bytes]) -> dict[str, bytes]:
    """Add a new key, which encrypts from now on, to a file; the file is replaced whole.

    Raises:
        VaultError: the file cannot be read or written.
    """
    keys = load(path)
    lines = [f"{name}:{urlsafe_b64encode(key).rstrip(b'=').decode()}\n" for name, key in keys.items()]
    draft = path.with_name(f"{path.name}.new")
    try:
        _write(draft, "".join(lines) + _new_entry(randomness), os.O_TRUNC)
        draft.replace(path)
    except OSError as error:
        raise VaultError(f"the file of keys cannot be written: {error.strerror}", where=str(path)) from None
    return load(path)


def open_vault(
    path: Path, randomness: Callable[[int], bytes], environment: Mapping[str, str], *, make: bool = False
) -> Vault:
    """The vault of the environment's keys, else of a file, which is made where there is none if ``make``.

    Raises:
        VaultError: there are no keys, or they cannot be read.
    """
    if environment.get(VARIABLE):
        return Vault(parse(environment[VARIABLE], VARIABLE), randomness)
    if make and not path.exists():
        try:
            return Vault(create(path, randomness), randomness)
        except VaultError:
            # Another process may have been quicker; whatever else is wrong, reading it tells.
            return Vault(load(path), randomness)
    return Vault(load(path), randomness)


def put(connection: Connection, vault: Vault, secret: SecretId, plain: bytes, at: datetime) -> None:
    """Keep a new secret."""
    connection.execute(insert(secrets).values(secret_row(vault.seal(secret, plain, at))))


def get(connection: Connection, vault: Vault, secret: SecretId | None) -> bytes:
    """What is in a secret of the database.

    Raises:
        VaultError: it is not there, or cannot be read.
    """
    row = connection.execute(select(secrets).where(secrets.c.id == secret)).mappings().first()
    if row is None:
        raise VaultError("a factor's secret is gone", where=secret or "", remedy="remove the factor")
    return vault.open(secret_of(row))


def replace(connection: Connection, vault: Vault, secret: SecretId, plain: bytes, at: datetime) -> None:
    """Keep something else under a secret's id."""
    row = secret_row(vault.seal(secret, plain, at))
    connection.execute(update(secrets).where(secrets.c.id == secret).values(row))


def forget(connection: Connection, secret: SecretId) -> None:
    """Delete a secret; nothing may point to it any more."""
    connection.execute(delete(secrets).where(secrets.c.id == secret))


def reseal(connection: Connection, vault: Vault, most: int = 500) -> int:
    """Encrypt secrets of older keys with the newest; how many there were, at most ``most``.

    Raises:
        VaultError: one cannot be read.
    """
    older = select(secrets).where(secrets.c.key != vault.newest).order_by(secrets.c.id).limit(most)
    found = [secret_of(row) for row in connection.execute(older).mappings()]
    for one in found:
        fresh = vault.seal(one.id, vault.open(one), one.created)
        same = update(secrets).where(secrets.c.id == one.id, secrets.c.ciphertext == one.ciphertext)
        connection.execute(same.values(secret_row(fresh)))
    return len(found)


def _bound(secret: str) -> bytes:
    return b"watchword secret\0" + secret.encode()


@cache
def _derived(key: bytes, purpose: str) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"watchword {purpose}".encode()).derive(key)


def _new_entry(randomness: Callable[[int], bytes]) -> str:
    drawn = randomness(4 + KEY_BYTES)
    return f"k{drawn[:4].hex()}:{urlsafe_b64encode(drawn[4:]).rstrip(b'=').decode()}\n"


def _write(path: Path, text: str, flags: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | flags, 0o600), "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
