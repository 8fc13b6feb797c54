"""Text in pictures: how wide it is, how it is shortened and broken, and how it is written as SVG.

A picture made without a browser must know how much room a text takes.  Widths here are those of the common sans-serif
faces with some to spare, so that a text fits whatever face the reader has.  Nothing is drawn here but text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import Final

_NARROW: Final = frozenset("iljtfrI.,:;'|!()[]/\\ -`·")
_WIDE: Final = frozenset("mwMW@%→⇒—…")
_SPARE: Final = 1.06
"""Faces differ: what is measured is made this much wider."""
_BOLD: Final = 1.06
_BREAKS: Final = re.compile(r"(?<=[-_/.:@ ])|(?<=[a-z0-9])(?=[A-Z])")
"""Where a name may be broken: after its separators, and before a capital that follows a small letter."""
_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 cannot hold, or nobody can see (https://www.w3.org/TR/xml/#charsets)."""


def clean(text: str) -> str:
    """The text on one line, with U+FFFD for each character that XML cannot hold."""
    return _UNPRINTABLE.sub("\ufffd", text).replace("\n", " ").replace("\r", " ").replace("\t", " ")


def xml(text: str) -> str:
    """The text for an element or an attribute of XML: clean and escaped."""
    return escape(clean(text))


def width(text: str, size: float, *, bold: bool = False) -> float:
    """How wide a text is at most, in the unit of ``size`` (the height of the letters)."""
    units = sum(_units(letter) for letter in text)
    return units * size * _SPARE * (_BOLD if bold else 1.0)


def _units(letter: str) -> float:
    if letter in _NARROW:
        return 0.31
    if letter in _WIDE:
        return 0.88
    if letter.isupper():
        return 0.69
    # What is not printable will be drawn as U+FFFD, which is as wide as a Chinese character.
    return 0.54 if ord(letter) < 0x2E80 and letter.isprintable() else 1.05


def shortened(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """The text, with its middle left out where it is wider than ``room``."""
    if width(text, size, bold=bold) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if width(_with(text, middle), size, bold=bold) <= room:
            low = middle
        else:
            high = middle - 1
    return _with(text, low)


def _with(text: str, letters: int) -> str:
    """The text with only so many letters: more of its beginning than of its end."""
    tail = letters * 2 // 5
    return f"{text[: letters - tail].rstrip()}…{text[len(text) - tail :].lstrip() if tail else ''}"


def broken(text: str, room: float, size: float, lines: int, *, bold: bool = False) -> list[str]:
    """The text on at most ``lines`` lines, broken where names may be; what does not fit is shortened in the middle."""
    found: list[str] = []
    line = ""
    pieces = [piece for piece in _BREAKS.split(text) if piece]
    for index, piece in enumerate(pieces):
        if not line or width((line + piece).rstrip(), size, bold=bold) <= room:
            line += piece
            continue
        if len(found) == lines - 1:
            line += "".join(pieces[index:])
            break
        found.append(line.rstrip())
        line = piece
    found.append(line.rstrip())
    return [shortened(one, room, size, bold=bold) for one in found]


def wrapped(text: str, room: float, size: float, *, bold: bool = False) -> list[str]:
    """Prose on as many lines as it needs, broken between words; a word that is wider than a line is broken as a name."""
    found: list[str] = []
    line = ""
    for word in _pieces(text, room, size, bold=bold):
        tried = f"{line} {word}" if line else word
        if line and width(tried, size, bold=bold) > room:
            found.append(line)
            line = word
        else:
            line = tried
    return [*found, line] if line else found


def clipped(lines: list[str], most: int) -> list[str]:
    """At most so many lines; the last ends with an ellipsis where there were more."""
    return lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1]} …"]


def _pieces(text: str, room: float, size: float, *, bold: bool) -> Iterator[str]:
    for word in text.split():
        if width(word, size, bold=bold) <= room:
            yield word
        else:
            yield from broken(word, room, size, 99, bold=bold)


def written(text: str, x: float, y: float, style: str, title: str = "") -> str:
    """A text with its base line at ``y``; ``title`` is shown on pointing, where it says more."""
    more = f"<title>{xml(title)}</title>" if title and title != text else ""
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}">{more}{xml(text)}</text>'
