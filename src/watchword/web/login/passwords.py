"""Passwords of our own directory, where the company has any: kept as argon2id hashes, refused where everybody would guess them.

Rules are those of NIST SP 800-63B-4 §3.1.1.2: length, a list of what is refused, no rules of composition, no end by time.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from watchword.errors import ConfigError, SignInThrottled, UsageError
from watchword.web.login.tokens import Randomness

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST: Final = 15
"""Characters where a password may be the only factor (SP 800-63B-4 §3.1.1.2 a)."""

SHORTEST_WITH_SECOND: Final = 8
"""Characters where another factor is always asked for (same place)."""

LONGEST: Final = 256
"""Characters; 63B-4 asks to take 64 at least."""

MEMORY: Final = 19 * 1024
PASSES: Final = 2
LANES: Final = 1
"""KiB, passes and lanes of argon2id (OWASP Password Storage Cheat Sheet: m=19456, t=2, p=1; RFC 9106)."""

AT_ONCE: Final = 4
"""Hashes that are computed at the same time by one process: bounds memory, which is what an attacker would go for."""

WAIT: Final = 5.0
"""Seconds that an attempt waits for its turn."""

_TURNS: Final = threading.BoundedSemaphore(AT_ONCE)

LARGEST_LIST: Final = 64 * 1024 * 1024
"""Bytes of a file of refused passwords."""

_SHA1: Final = re.compile(r"([0-9A-Fa-f]{40})(:[0-9]+)?")


class PasswordRefused(UsageError):
    """Somebody has chosen a password that cannot be; ``what`` is for them."""


def normalised(password: str) -> str:
    """A password as it is hashed: NFKC, so that keyboards agree (63B-4 §3.1.1.2; RFC 8265 has NFC, which 63B-4 allows)."""
    return unicodedata.normalize("NFKC", password)


def check_new(
    password: str, words: Iterable[str], blocked: frozenset[str], *, has_second: bool = True
) -> None:
    """See that somebody may have a password.

    ``words``: the company's, the product's and the person's own names; ``blocked``: what ``blocklist`` has read.

    Raises:
        PasswordRefused: it is too short or long, or among the first that anybody would try.
    """
    text = normalised(password)
    shortest = SHORTEST_WITH_SECOND if has_second else SHORTEST
    if not shortest <= len(text) <= LONGEST:
        raise PasswordRefused(f"a password has {shortest} to {LONGEST} characters", remedy="choose another")
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise PasswordRefused("a password with characters that cannot be", remedy="choose another")
    if _is_guessed(text, words, blocked):
        raise PasswordRefused("this password is too easy to guess", remedy="choose several words by chance")


def _is_guessed(text: str, words: Iterable[str], blocked: frozenset[str]) -> bool:
    """Whether a password is on a list, or is a word of the context or of the list with little around it."""
    folded = text.casefold()
    if folded in blocked or folded in commonest() or _sha1(text) in blocked or len(set(folded)) < 4:
        return True
    # What stands around a word is no letter in disguise: "!!passw0rd!!" is "passw0rd".
    core = re.sub(r"[\W\d_]+", "", _unleet(folded.strip("!$@")))
    near = {core, re.sub(r"[\W\d_]+", "", folded)}
    context = {re.sub(r"[\W\d_]+", "", word.casefold()) for name in words for word in (name, *name.split())}
    context = {word for word in context if len(word) >= 3}
    if near & (commonest() | context | {""}):
        return True
    # What is left when the context's words are taken away has to be a password by itself.
    rest = folded
    for word in sorted(context, key=len, reverse=True):
        rest = rest.replace(word, "")
    return len(rest) < len(folded) and len(rest) < SHORTEST_WITH_SECOND - 2


def _unleet(text: str) -> str:
    return text.translate(str.maketrans("01345$@!7", "oleassait"))


@cache
def commonest() -> frozenset[str]:
    """The passwords that the program knows to be common: our own list of words, years, rows of keys."""
    text = files("watchword.web.login").joinpath("commonest.txt").read_text("utf-8")
    return frozenset(
        line.strip().casefold() for line in text.splitlines() if line and not line.startswith("#")
    )


def blocklist(path: Path) -> frozenset[str]:
    """A company's own list: one password a line, or one SHA-1 in hexadecimal, with a count after a colon or without.

    Raises:
        ConfigError: it cannot be read, or is too large.
    """
    try:
        if path.stat().st_size > LARGEST_LIST:
            raise ConfigError(
                f"the list of refused passwords is larger than {LARGEST_LIST} bytes",
                where=f"{path}: login.blocklist_file",
                remedy="keep the commonest",
            )
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError as error:
        raise ConfigError(
            f"the list of refused passwords cannot be read: {error.strerror}",
            where=f"{path}: login.blocklist_file",
            remedy="see that the file is there, and that you may read it",
        ) from None
    return frozenset(_line(line) for line in lines if line.strip())


def _line(line: str) -> str:
    match = _SHA1.fullmatch(line.strip())
    return match[1].casefold() if match else normalised(line.strip("\r\n")).casefold()


def _sha1(text: str) -> str:
    import hashlib

    # Not for secrecy: it is how published lists of breached passwords are written.
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def hashed(password: str, randomness: Randomness) -> bytes:
    """The hash of a password, as it is kept (in the vault).

    Raises:
        SignInThrottled: too many are computed at once.
    """
    with _turn():
        return _hasher().hash(normalised(password), salt=randomness(16)).encode()


def verify(kept: bytes | None, password: str) -> bool:
    """Whether a password is the one of a hash; ``None``: nobody's, for which the same work is done.

    Raises:
        SignInThrottled: too many are computed at once.
    """
    from argon2.exceptions import InvalidHashError, VerificationError

    text = normalised(password)
    possible = bool(text) and len(text) <= LONGEST and not any("\ud800" <= one <= "\udfff" for one in text)
    same: bool = False
    with _turn():
        try:
            # Work is done even where the answer is plain, so that time does not tell which names there are.
            same = _hasher().verify((kept or _nobodys()).decode(), text if possible else "-")
        except (VerificationError, InvalidHashError):
            same = False
    return same and possible and kept is not None


def is_outdated(kept: bytes) -> bool:
    """Whether a hash was made with other parameters than today's, and is to be made anew at the next sign-in."""
    return _hasher().check_needs_rehash(kept.decode())


@contextmanager
def _turn() -> Iterator[None]:
    if not _TURNS.acquire(timeout=WAIT):
        raise SignInThrottled("too many passwords are being checked at once", seconds=WAIT)
    try:
        yield
    finally:
        _TURNS.release()


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY, parallelism=LANES, hash_len=32, salt_len=16)


@cache
def _nobodys() -> bytes:
    """The hash of no password: what a name that nobody has is checked against."""
    import secrets

    return _hasher().hash(secrets.token_hex(32)).encode()
