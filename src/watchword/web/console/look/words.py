"""How values are told on pages: verdicts, times, numbers, sizes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final

from watchword.model.verdict import Verdict

VERDICTS: Final = {
    Verdict.GAP: "gap",
    Verdict.UNKNOWN: "unknown",
    Verdict.MET: "met",
    Verdict.NOT_APPLICABLE: "not applicable",
}
"""Verdicts in the order of pages, with their words."""

_STEPS: Final = (
    (timedelta(minutes=1), timedelta(seconds=1), "second"),
    (timedelta(hours=1), timedelta(minutes=1), "minute"),
    (timedelta(days=2), timedelta(hours=1), "hour"),
    (timedelta(days=60), timedelta(days=1), "day"),
    (timedelta(days=730), timedelta(days=30), "month"),
)


def moment(instant: datetime | None) -> str:
    """An instant to the minute in UTC, ``never`` where there is none."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if instant else "never"


def machine(instant: datetime) -> str:
    """An instant for the ``datetime`` attribute: ISO 8601 in UTC."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def ago(instant: datetime | None, now: datetime) -> str:
    """How long ago, or how long until: ``3 hours ago``, ``in 12 days``, ``never``."""
    if instant is None:
        return "never"
    length = abs(now - instant)
    told = _length(length)
    if told is None:
        return "just now" if instant <= now else "now"
    return f"{told} ago" if instant <= now else f"in {told}"


def _length(length: timedelta) -> str | None:
    if length < timedelta(seconds=10):
        return None
    for limit, unit, word in _STEPS:
        if length < limit:
            return many(length // unit, word)
    return many(length // timedelta(days=365), "year")


def many(number: int, one: str, several: str = "") -> str:
    """A number with its noun: ``1 gap``, ``1,204 gaps``."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def figure(number: int) -> str:
    """A whole number with thousands apart."""
    return f"{number:,}"


def plain(value: object) -> str:
    """A word of an enumeration or any text for people: underscores are spaces."""
    text = value.value if isinstance(value, Enum) else value
    return str(text).replace("_", " ")


def in_fours(secret: str) -> str:
    """A secret that somebody types, in groups of four."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def cut(text: str, most: int) -> str:
    """The text, or its beginning with an ellipsis."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
