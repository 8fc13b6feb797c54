"""Wildcard patterns of the IAM language: ``*`` any characters, ``?`` exactly one; everything else stands for itself.

A pattern is compiled once into a function of a text.  Matching is linear whatever the pattern (``*a*a*a*…`` too): the
pieces between stars are looked for from left to right, each at its leftmost place, and no choice is ever taken back.
That is exact: if a match exists, one exists with every piece as far left as possible.

This module knows nothing of ARNs, actions or variables (see ``statements``); case counts here.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import Enum
from functools import lru_cache

Matcher = Callable[[str], bool]
"""Whether a text fits."""


class Wild(Enum):
    """The two wildcards, as they stand among the literal texts of a pattern that is taken apart."""

    ANY = "*"
    ONE = "?"

    # Enum's own hash is a Python function, and parts are hashed for every request.
    __hash__ = object.__hash__


Part = str | Wild
"""A literal text, or a wildcard."""


def parts_of(pattern: str) -> tuple[Part, ...]:
    """The pattern taken apart; literal texts are never empty."""
    found = re.split(r"([*?])", pattern)
    return tuple(Wild(piece) if piece in {"*", "?"} else piece for piece in found if piece)


@lru_cache(maxsize=65_536)
def matcher(pattern: str) -> Matcher:
    """The compiled pattern.

    >>> matcher("arn:aws:s3:::logs-*/2026/?")("arn:aws:s3:::logs-eu/x/2026/7")
    True
    """
    if "*" not in pattern and "?" not in pattern:
        return pattern.__eq__
    if "?" not in pattern:
        first = pattern.find("*")
        if first == len(pattern) - 1:
            return _everything if first == 0 else _starts(pattern[:-1])
    return matcher_of(parts_of(pattern))


def matcher_of(parts: Sequence[Part]) -> Matcher:
    """The compiled form of parts, whose literal texts may hold ``*`` and ``?`` as plain characters."""
    pieces = _pieces(parts)
    if len(pieces) == 1:
        return _whole(pieces[0])
    head, *middle, tail = pieces
    if not middle and not head and not tail:
        return _everything
    return _starred(head, [piece for piece in middle if piece], tail)


@lru_cache(maxsize=16_384)
def resolved_matcher(parts: tuple[Part, ...]) -> Matcher:
    """As ``matcher_of``, remembered: variables mostly have the same values again."""
    return matcher_of(parts)


def fits(pattern: str, text: str) -> bool:
    """Whether ``text`` fits ``pattern``."""
    return matcher(pattern)(text)


def any_of(patterns: Sequence[str]) -> Matcher:
    """Whether a text fits one of the patterns; exact ones are looked up in a set."""
    if len(patterns) == 1:
        return matcher(patterns[0])
    exact = frozenset(one for one in patterns if "*" not in one and "?" not in one)
    wild = [matcher(one) for one in patterns if one not in exact]
    if not wild:
        return exact.__contains__
    if _everything in wild:
        return _everything
    return first_of([exact.__contains__, *wild] if exact else wild)


def first_of(matchers: Sequence[Matcher]) -> Matcher:
    """Whether a text fits one of the matchers."""
    if len(matchers) == 1:
        return matchers[0]
    listed = tuple(matchers)

    def one_fits(text: str) -> bool:
        for fitting in listed:  # noqa: SIM110 - a generator costs more than the matching itself
            if fitting(text):
                return True
        return False

    return one_fits


def _everything(_: str) -> bool:
    return True


def _starts(prefix: str) -> Matcher:
    def starts(text: str) -> bool:
        return text.startswith(prefix)

    return starts


_Piece = tuple[Part, ...]


def _pieces(parts: Sequence[Part]) -> list[_Piece]:
    """What stands between stars, in order; neighbouring stars give empty pieces."""
    pieces: list[list[Part]] = [[]]
    for part in parts:
        if part is Wild.ANY:
            pieces.append([])
        else:
            pieces[-1].append(part)
    return [tuple(piece) for piece in pieces]


def _length(piece: _Piece) -> int:
    return sum(1 if isinstance(part, Wild) else len(part) for part in piece)


def _pattern(piece: _Piece) -> re.Pattern[str]:
    """The piece as a regular expression; it has no star, so each attempt costs its length at most."""
    return re.compile(
        "".join("." if isinstance(part, Wild) else re.escape(part) for part in piece), re.DOTALL
    )


def _is_plain(piece: _Piece) -> bool:
    return all(isinstance(part, str) for part in piece)


def _text(piece: _Piece) -> str:
    return "".join(part for part in piece if isinstance(part, str))


def _whole(piece: _Piece) -> Matcher:
    if _is_plain(piece):
        return _text(piece).__eq__
    whole = _pattern(piece)

    def equals(text: str) -> bool:
        return whole.fullmatch(text) is not None

    return equals


_Finder = Callable[[str, int, int], int]
"""Where the first occurrence in ``text[start:end]`` ends; -1 where there is none."""


def _finder(piece: _Piece) -> _Finder:
    if _is_plain(piece):
        wanted = _text(piece)
        size = len(wanted)

        def find(text: str, start: int, end: int) -> int:
            place = text.find(wanted, start, end)
            return place if place < 0 else place + size

        return find
    pattern = _pattern(piece)

    def search(text: str, start: int, end: int) -> int:
        found = pattern.search(text, start, end)
        return found.end() if found else -1

    return search


def _starred(head: _Piece, middle: list[_Piece], tail: _Piece) -> Matcher:
    """Head at the beginning, tail at the end, the middle pieces between them in order, each as far left as it can be."""
    begins, ends = _anchored(head), _anchored(tail)
    before, after = _length(head), _length(tail)
    finders = tuple(_finder(piece) for piece in middle)
    least = before + after

    def starred(text: str) -> bool:
        end = len(text) - after
        if len(text) < least or not begins(text, 0) or not ends(text, end):
            return False
        place = before
        for find in finders:
            place = find(text, place, end)
            if place < 0:
                return False
        return True

    return starred


def _anchored(piece: _Piece) -> Callable[[str, int], bool]:
    """Whether the piece stands at a place of the text."""
    if _is_plain(piece):
        wanted = _text(piece)

        def stands(text: str, place: int) -> bool:
            return text.startswith(wanted, place)

        return stands
    pattern = _pattern(piece)

    def fits_at(text: str, place: int) -> bool:
        return pattern.match(text, place) is not None

    return fits_at
