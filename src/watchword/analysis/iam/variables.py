"""Policy variables: ``${key}``, ``${key, 'default'}`` and the escapes ``${*}``, ``${?}``, ``${$}``.

A text of a policy becomes a ``Template`` if it holds a variable; resolved against a context it gives the parts of a
pattern, in which what came from the context is plain text.  Which texts may hold variables is decided by
who asks (policies of version 2012-10-17; resources and values of String and Arn operators).

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final, TypeVar

from watchword.analysis.iam.expression import Values
from watchword.analysis.iam.patterns import Part, parts_of

# The name of a key begins and ends with something else than white space, so that no two parts can take the same space:
# a text of nothing but spaces after ${ would else cost the cube of its length.
_REMEMBERED: Final = 1_024
"""Values for which a template is remembered, compiled; then all are forgotten."""

_VARIABLE: Final = re.compile(
    r"\$\{(?:([*?$])|\s*([^\s${},'*?](?:[^${},'*?]*[^\s${},'*?])?)\s*(?:,\s*'([^']*)'\s*)?)\}"
)


class Unresolved(Enum):
    """Why a template has no parts."""

    ABSENT = "absent"
    """A key is absent from the request, or has several values, and there is no default."""
    UNKNOWN = "unknown"
    """A key is not known."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A key (lower case) whose value is put in, and what is put in where there is none (``None``: nothing can be)."""

    key: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """A text with variables: wildcards, literal texts, and variables."""

    pieces: tuple[Part | Variable, ...]

    def keys(self) -> frozenset[str]:
        """The keys that it takes values from, in lower case."""
        return frozenset(piece.key for piece in self.pieces if isinstance(piece, Variable))

    def resolve(self, known: Values, missing: tuple[str, ...] | None) -> tuple[Part, ...] | Unresolved:
        """The parts of the pattern; ``missing`` is what a key that is not in ``known`` has: nothing, or not known."""
        parts: list[Part] = []
        for piece in self.pieces:
            if isinstance(piece, Variable):
                found = known.get(piece.key, missing)
                if found is None:
                    return Unresolved.UNKNOWN
                if len(found) > 1 or (not found and piece.default is None):
                    return Unresolved.ABSENT
                value = found[0] if found else piece.default
                if value:
                    parts.append(value)
            else:
                parts.append(piece)
        return tuple(parts)


Compiled = TypeVar("Compiled")
Resolve = Callable[[Values, tuple[str, ...] | None], Compiled | Unresolved]


def resolver(template: Template, compiled: Callable[[tuple[Part, ...]], Compiled]) -> Resolve[Compiled]:
    """The template resolved and compiled, remembered by the values of its keys: most requests bring the same again."""
    keys = tuple(sorted(template.keys()))
    remembered: dict[tuple[tuple[str, ...] | None, ...], Compiled | Unresolved] = {}

    def resolve(known: Values, missing: tuple[str, ...] | None) -> Compiled | Unresolved:
        values = tuple([known.get(key, missing) for key in keys])
        found = remembered.get(values)
        if found is None:
            parts = template.resolve(known, missing)
            found = compiled(parts) if isinstance(parts, tuple) else parts
            if len(remembered) >= _REMEMBERED:
                remembered.clear()
            remembered[values] = found
        return found

    return resolve


@lru_cache(maxsize=16_384)
def template_of(text: str, *, wild: bool) -> Template | None:
    """The template that a policy's text is; ``None`` where it holds no variable and no escape.

    >>> template_of("home/${aws:username}/*", wild=True).resolve({"aws:username": ("a*",)}, ())
    ('home/', 'a*', '/', <Wild.ANY: '*'>)
    """
    if "${" not in text:
        return None
    return Template(tuple(_pieces(text, wild))) if _VARIABLE.search(text) else None


def _pieces(text: str, wild: bool) -> Iterator[Part | Variable]:
    place = 0
    for found in _VARIABLE.finditer(text):
        yield from _own(text[place : found.start()], wild)
        escaped, key, default = found.groups()
        yield escaped or Variable(key.lower(), default)
        place = found.end()
    yield from _own(text[place:], wild)


def _own(text: str, wild: bool) -> tuple[Part, ...]:
    """The policy's own text, in which ``*`` and ``?`` may be wildcards."""
    if not text:
        return ()
    return parts_of(text) if wild else (text,)
