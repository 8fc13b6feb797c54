"""JSON in one form only, so that equal values have equal bytes: RFC 8785, without its numbers.

https://www.rfc-editor.org/rfc/rfc8785

Numbers are whole and at most 2^53 − 1 away from zero, so that every reader keeps them; fractions, NaN and infinities are
refused rather than rounded.  Keys are in the order of their UTF-16 code units, text is UTF-8, and a lone surrogate, which
has no UTF-8, is refused.  Depth and size are bounded.  This is stricter than ``model.evidence.canonical``, which hashes
whatever AWS answers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from watchword.store.audit.faults import EntryRefused

DEEPEST: Final = 32
"""Objects and lists inside one another."""

LARGEST: Final = 256 * 1024
"""Bytes of one canonical text."""

WIDEST: Final = 2**53 - 1
"""The largest whole number that every JSON reader keeps exactly (RFC 7493 §2.2)."""


def canonical(value: object) -> str:
    """The one text of a value: mappings with text keys, lists, tuples, text, whole numbers, booleans, ``None``.

    Raises:
        EntryRefused: the value has another type, is too deep or too large, or has no UTF-8.
    """
    try:
        text = json.dumps(_ordered(value, 0), separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise EntryRefused(
            "a text holds a lone surrogate, which is no character", where=repr(value)[:80]
        ) from error
    if size > LARGEST:
        raise EntryRefused(f"a value takes {size} bytes as JSON; {LARGEST} are allowed")
    return text


def as_file(value: object) -> str:
    """A value for people to look at, with its keys in order: indented, and so not the canonical text.

    Raises:
        EntryRefused: it has no place in canonical JSON.
    """
    return json.dumps(_ordered(value, 0), indent=1, ensure_ascii=False) + "\n"


def _ordered(value: object, depth: int) -> object:
    """The value with its keys in order; plain types only."""
    if depth > DEEPEST:
        raise EntryRefused(f"a value is nested more than {DEEPEST} deep")
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        if abs(value) > WIDEST:
            raise EntryRefused(
                "a whole number is more than 2^53 - 1 away from zero", remedy="write it as text"
            )
        return int(value)
    if isinstance(value, list | tuple):
        return [_ordered(one, depth + 1) for one in value]
    if isinstance(value, Mapping):
        return {key: _ordered(value[key], depth + 1) for key in sorted(value, key=_place)}
    raise EntryRefused(
        f"a {type(value).__name__} has no place in the audit log",
        where=repr(value)[:80],
        remedy="write fractions, times and bytes as text",
    )


def _place(key: object) -> bytes:
    """Where a key stands among others: by UTF-16 code units (RFC 8785 §3.2.3)."""
    if not isinstance(key, str):
        raise EntryRefused(f"a key is a {type(key).__name__}, not text", where=repr(key)[:80])
    return key.encode("utf-16-be")


def parse(text: str) -> Any:  # noqa: ANN401
    """The value of a canonical text.

    Raises:
        EntryRefused: the text is not JSON, or not the canonical form of what it says (twice the same key, a fraction,
            spaces, another order).
    """
    if len(text) > LARGEST:
        raise EntryRefused(f"the text is longer than {LARGEST} characters")
    try:
        value = json.loads(text, parse_float=_refuse, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise EntryRefused(f"not JSON: {error}", where=text[:80]) from error
    if canonical(value) != text:
        raise EntryRefused("the JSON is not in its canonical form", where=text[:80])
    return value


def _refuse(number: str) -> NoReturn:
    raise ValueError(f"{number} is not a whole number")
