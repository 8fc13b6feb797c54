"""Values of LDAP attributes: ids and times, each in the one form that the rest of the program knows.  Pure.

Every function raises ValueError where a value is not what its syntax says; none guesses.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

NEVER: Final = 0x7FFFFFFFFFFFFFFF
"""The FILETIME that means never, beside 0: https://learn.microsoft.com/windows/win32/adschema/a-accountexpires"""

LOCKED_FOR_GOOD: Final = "000001010000Z"
"""pwdAccountLockedTime of an account that only an administrator can unlock (draft-behera-ldap-password-policy §5.3.3)."""

_BEGUN: Final = datetime(1601, 1, 1, tzinfo=UTC)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TIME: Final = re.compile(r"(\d{8})(\d\d)(\d\d)?(\d\d)?(?:[.,](\d{1,9}))?(Z|[+-]\d\d(?:\d\d)?)", re.ASCII)
_NUMBER: Final = re.compile(r"-?\d{1,20}", re.ASCII)


def number(text: str) -> int:
    """An INTEGER of RFC 4517 §3.3.16, of at most 20 digits."""
    if not _NUMBER.fullmatch(text):
        raise ValueError("not a number")
    return int(text)


def guid(raw: bytes) -> str:
    """The text of an objectGUID: its first three fields are little-endian ([MS-DTYP] §2.3.4.2)."""
    if len(raw) != 16:
        raise ValueError(f"an objectGUID has 16 bytes, not {len(raw)}")
    return str(UUID(bytes_le=raw))


def uuid(text: str) -> str:
    """An entryUUID (RFC 4530 §2.1) in lower case."""
    if len(text) != 36:
        raise ValueError("an entryUUID has 36 characters")
    return str(UUID(text))


def generalized_time(text: str) -> datetime:
    """A GeneralizedTime (RFC 4517 §3.3.13) in UTC; what is smaller than a microsecond is cut."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError("not a GeneralizedTime")
    day, hour, minute, second, fraction, zone = found.groups()
    moment = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)
    hours, minutes, seconds = int(hour), int(minute or 0), int(second or 0)
    if hours > 23 or minutes > 59 or seconds > 60:
        raise ValueError("not a time of day")
    unit = 1 if second else 60 if minute else 3600
    part = timedelta(microseconds=int(fraction.ljust(9, "0")) * unit // 1000) if fraction else timedelta()
    away = (
        timedelta()
        if zone == "Z"
        else timedelta(hours=int(zone[:3]), minutes=int(zone[0] + (zone[3:] or "0")))
    )
    try:
        return moment + timedelta(hours=hours, minutes=minutes, seconds=seconds) + part - away
    except OverflowError:
        raise ValueError("a time that cannot be") from None


def filetime(text: str) -> datetime | None:
    """A FILETIME, 100 ns since 1601 in UTC ([MS-DTYP] §2.3.3); None for 0 and for what means never."""
    ticks = number(text)
    if ticks in {0, NEVER}:
        return None
    if ticks < 0:
        raise ValueError("a FILETIME before 1601")
    try:
        return _BEGUN + timedelta(microseconds=ticks // 10)
    except OverflowError:
        raise ValueError("a FILETIME after the year 9999") from None


def day(text: str) -> datetime | None:
    """The instant at which a day of shadow(5) begins, counted from 1970; None for -1, which means never."""
    days = number(text)
    if days == -1:
        return None
    try:
        return _EPOCH + timedelta(days=days)
    except OverflowError:
        raise ValueError("a day after the year 9999") from None


def boolean(text: str) -> bool:
    """A Boolean (RFC 4517 §3.3.3); servers also write it in lower case."""
    if text.upper() not in {"TRUE", "FALSE"}:
        raise ValueError("neither TRUE nor FALSE")
    return text.upper() == "TRUE"
