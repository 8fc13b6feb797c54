"""From the text of a filter to its tree: the grammar of RFC 7644 §3.4.2.2, bounded in length, depth and size.

Operators, ``and``, ``or``, ``not``, ``pr``, ``true``, ``false`` and ``null`` are read in whatever case.  ``not`` binds closest,
then ``and``, then ``or``.  Beyond the grammar ``path[filter].sub op value`` is read, which clients write: it means
``path[(filter) and sub op value]``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from watchword.model.scim import (
    AttributePath,
    Compared,
    Every,
    Filter,
    Negated,
    Operator,
    Present,
    ScimRefused,
    Some,
    Within,
)

LONGEST: Final = 8_192
"""Characters of a filter."""
DEEPEST: Final = 20
"""Brackets within brackets."""
MOST: Final = 200
"""Comparisons of one filter."""

_TOKEN: Final = re.compile(r'[ \t]*([()\[\]]|"(?:[^"\\\x00-\x1f]|\\.)*"|[^\s()\[\]"]+)')
_NAME: Final = r"[A-Za-z$][A-Za-z0-9_$-]*"
_PATH: Final = re.compile(rf"(?:(urn:[A-Za-z0-9._:-]+):)?({_NAME})(?:\.({_NAME}))?", re.IGNORECASE)
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?")
_WORDS: Final = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class PatchPath:
    """The path of a PATCH operation: an attribute path, of whose values only those within a filter are meant."""

    path: AttributePath
    within: Filter | None = None


def parse(text: str) -> Filter:
    """The tree of a filter.

    Raises:
        ScimRefused: 400 ``invalidFilter``; the message tells at which character, counted from 1.
    """
    reader = _Reader(text, "invalidFilter")
    found = reader.either(0)
    reader.end()
    return found


def parse_path(text: str) -> PatchPath:
    """The path of a PATCH operation, RFC 7644 §3.5.2: ``attribute``, ``attribute.sub``, ``attribute[filter].sub``.

    Raises:
        ScimRefused: 400 ``invalidPath``; the message tells at which character, counted from 1.
    """
    reader = _Reader(text, "invalidPath")
    found = reader.patch_path()
    reader.end()
    return found


def parse_attribute(text: str) -> AttributePath | None:
    """An attribute path alone, or ``None`` where the text is none."""
    match = _PATH.fullmatch(text)
    return None if match is None else AttributePath(match[2], match[3] or "", match[1] or "")


class _Reader:
    """Reads tokens one after the other; each method reads one rule of the grammar."""

    def __init__(self, text: str, scim_type: str) -> None:
        self.scim_type = scim_type
        self.terms = 0
        self.place = 0
        if len(text) > LONGEST:
            raise ScimRefused(400, f"longer than {LONGEST} characters", scim_type=scim_type)
        self.tokens = self._split(text)

    def _split(self, text: str) -> list[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        at = 0
        while text[at:].strip(" \t"):
            match = _TOKEN.match(text, at)
            if match is None:
                raise self.refuse("this cannot be read", len(text) - len(text[at:].lstrip(" \t")))
            found.append((match[1], match.start(1)))
            at = match.end()
        return [*found, ("", len(text))]

    def refuse(self, what: str, at: int | None = None) -> ScimRefused:
        """The error at the next token, or at a character."""
        where = self.tokens[self.place][1] if at is None else at
        return ScimRefused(400, f"{what}, at character {where + 1}", scim_type=self.scim_type)

    def peek(self) -> str:
        """The next token; empty at the end."""
        return self.tokens[self.place][0]

    def take(self) -> str:
        """Read the next token."""
        token = self.peek()
        if token:
            self.place += 1
        return token

    def takes(self, word: str) -> bool:
        """Read the next token if it is this word."""
        if self.peek().lower() != word:
            return False
        self.place += 1
        return True

    def expect(self, sign: str) -> None:
        """Read this sign, which must be there."""
        if not self.takes(sign):
            raise self.refuse(f"“{sign}” is missing")

    def end(self) -> None:
        """See that all has been read."""
        if self.peek():
            raise self.refuse("the end was expected")

    def either(self, depth: int, *, inside: bool = False) -> Filter:
        """Terms between ``or``."""
        parts = [self.both(depth, inside)]
        while self.takes("or"):
            parts.append(self.both(depth, inside))
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def both(self, depth: int, inside: bool) -> Filter:
        """Terms between ``and``."""
        parts = [self.term(depth, inside)]
        while self.takes("and"):
            parts.append(self.term(depth, inside))
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def term(self, depth: int, inside: bool) -> Filter:
        """A filter in parentheses, its negation, or what begins with an attribute."""
        if depth > DEEPEST:
            raise self.refuse(f"more than {DEEPEST} brackets within brackets")
        following = self.tokens[min(self.place + 1, len(self.tokens) - 1)][0]
        negated = following == "(" and self.takes("not")
        if not self.takes("("):
            return self.expression(depth, inside)
        found = self.either(depth + 1, inside=inside)
        self.expect(")")
        return Negated(found) if negated else found

    def expression(self, depth: int, inside: bool) -> Filter:
        """``path pr``, ``path op value``, ``path[filter]``, ``path[filter].sub op value``."""
        path = self.attribute()
        if self.peek() != "[":
            return self.comparison(path)
        if inside or path.sub:
            raise self.refuse("no brackets can stand here")
        self.take()
        part = self.either(depth + 1, inside=True)
        self.expect("]")
        sub = self.sub_attribute()
        return Within(path, Every((part, self.comparison(AttributePath(sub)))) if sub else part)

    def comparison(self, path: AttributePath) -> Filter:
        """What follows a path: ``pr``, or an operator and a value."""
        self.terms += 1
        if self.terms > MOST:
            raise self.refuse(f"more than {MOST} comparisons")
        if self.takes("pr"):
            return Present(path)
        try:
            operator = Operator(self.peek().lower())
        except ValueError:
            raise self.refuse("one of eq, ne, co, sw, ew, gt, ge, lt, le, pr was expected") from None
        self.take()
        return Compared(path, operator, self.value())

    def attribute(self) -> AttributePath:
        """An attribute path."""
        found = parse_attribute(self.peek())
        if found is None:
            raise self.refuse("an attribute was expected")
        self.take()
        return found

    def sub_attribute(self) -> str:
        """The sub-attribute after a closing bracket, without its dot; empty where there is none."""
        token = self.peek()
        if not token.startswith("."):
            return ""
        if not re.fullmatch(_NAME, token[1:]):
            raise self.refuse("a sub-attribute was expected")
        return self.take()[1:]

    def value(self) -> str | bool | int | float | None:
        """A JSON value: text, number, true, false, null."""
        token = self.peek()
        if token.startswith('"'):
            try:
                text = str(json.loads(token))
            except ValueError:
                raise self.refuse("this is no JSON text") from None
            self.take()
            return text
        if token.lower() in _WORDS:
            return _WORDS[self.take().lower()]
        if _NUMBER.fullmatch(token):
            return json.loads(self.take())  # type: ignore[no-any-return]
        raise self.refuse("a value was expected: a text in quotes, a number, true, false or null")

    def patch_path(self) -> PatchPath:
        """The path of a PATCH operation."""
        path = self.attribute()
        if not self.takes("["):
            return PatchPath(path)
        if path.sub:
            raise self.refuse("no brackets can stand here")
        within = self.either(1, inside=True)
        self.expect("]")
        return PatchPath(AttributePath(path.name, self.sub_attribute(), path.schema), within)
