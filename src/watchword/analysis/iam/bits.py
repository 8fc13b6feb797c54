"""Sets of actions as whole numbers: bit n is the action with number n of the universe.

The universe is in order of names, so that ``s3:Get*`` is one run of ones; unions, differences and counts of sets are
single operations of Python's integers.  This module knows actions only, nothing of statements (see ``policy_bits``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from watchword.analysis.iam.actions import AccessLevel
from watchword.analysis.iam.universe import Universe

Bits = int
"""A set of actions."""


class ActionBits:
    """The sets of actions that patterns, services and access levels stand for; each pattern is looked up once."""

    __slots__ = ("__dict__", "_patterns", "every", "universe")

    universe: Universe
    every: Bits
    """All actions there are."""

    def __init__(self, universe: Universe) -> None:
        self.universe = universe
        self.every = run(0, len(universe))
        self._patterns: dict[str, Bits] = {}

    def of(self, patterns: Iterable[str]) -> Bits:
        """The actions that one of the patterns covers.

        >>> from watchword.analysis.iam.universe import default
        >>> ActionBits(default()).of(["sts:AssumeRoleWith*", "sts:GetCallerIdentity"]).bit_count()
        3
        """
        found = 0
        for pattern in patterns:
            bits = self._patterns.get(pattern)
            if bits is None:
                bits = self._patterns[pattern] = self._of_pattern(pattern)
            found |= bits
        return found

    def covered(self, actions: Sequence[str], not_actions: Sequence[str]) -> Bits:
        """The actions that a statement is about (4.1 of docs/iam-evaluation.md)."""
        return self.every & ~self.of(not_actions) if not_actions else self.of(actions)

    def of_numbers(self, numbers: Iterable[int]) -> Bits:
        """The actions with these numbers."""
        packed = bytearray(len(self.universe) // 8 + 1)
        for number in numbers:
            packed[number >> 3] |= 1 << (number & 7)
        return int.from_bytes(packed, "little")

    def of_service(self, prefix: str) -> Bits:
        """The actions of a service by its prefix; none where there is no such."""
        lo, hi = self.services.get(prefix.lower(), (0, 0))
        return run(lo, hi)

    def of_level(self, level: AccessLevel) -> Bits:
        """The actions of an access level."""
        return self._levels[level]

    def names(self, bits: Bits) -> Iterator[str]:
        """The names of the actions in a set, in order."""
        names = self.universe.names
        return (names[number] for number in numbers(bits))

    def by_service(self, bits: Bits) -> dict[str, int]:
        """How many actions of a set each service has; services without any are left out."""
        counted = {
            prefix: ((bits >> lo) & run(0, hi - lo)).bit_count() for prefix, (lo, hi) in self.services.items()
        }
        return {prefix: count for prefix, count in counted.items() if count}

    def by_level(self, bits: Bits) -> dict[AccessLevel, int]:
        """How many actions of a set each access level has."""
        return {level: (bits & of_level).bit_count() for level, of_level in self._levels.items()}

    def ranges(self, bits: Bits) -> tuple[str, ...]:
        """A set as people read it: ``*``, ``s3:*``, ``iam:Put*`` where all that the pattern covers is in it, else names.

        Every action of the set is covered, and no other; patterns are for services and first words of names.

        >>> from watchword.analysis.iam.universe import default
        >>> bits = ActionBits(default())
        >>> bits.ranges(bits.of(["sts:*", "s3:GetObjectTorrent", "iam:PutUser*"]))
        ('iam:PutUserPermissionsBoundary', 'iam:PutUserPolicy', 's3:GetObjectTorrent', 'sts:*')
        """
        if bits == self.every:
            return ("*",)
        return tuple(
            text
            for prefix, (lo, hi) in self.services.items()
            if (bits >> lo) & run(0, hi - lo)
            for text in self._ranges_of(prefix, lo, hi, bits)
        )

    @cached_property
    def services(self) -> dict[str, tuple[int, int]]:
        """The numbers ``lo <= n < hi`` of each service's actions, in order."""
        return {prefix: self.universe.range_of_prefix(f"{prefix}:") for prefix in self.universe.services}

    @cached_property
    def _levels(self) -> dict[AccessLevel, Bits]:
        numbered: dict[AccessLevel, list[int]] = {level: [] for level in AccessLevel}
        for number in range(len(self.universe)):
            numbered[self.universe.access(number)].append(number)
        return {level: self.of_numbers(found) for level, found in numbered.items()}

    def _of_pattern(self, pattern: str) -> Bits:
        if "*" not in pattern and "?" not in pattern:
            number = self.universe.index(pattern)
            return 0 if number is None else 1 << number
        found = self.universe.matching(pattern)
        return run(found.start, found.stop) if isinstance(found, range) else self.of_numbers(found)

    def _ranges_of(self, prefix: str, lo: int, hi: int, bits: Bits) -> Iterator[str]:
        if _holds(bits, lo, hi):
            yield f"{prefix}:*"
            return
        names, number = self.universe.names, lo
        while number < hi:
            if not bits >> number & 1:
                number += 1
                continue
            word = f"{prefix}:{_first_word(names[number].partition(':')[2])}"
            start, end = self.universe.range_of_prefix(word.lower())
            if start == number and end - start > 1 and _holds(bits, start, end):
                yield f"{word}*"
                number = end
            else:
                yield names[number]
                number += 1


def run(lo: int, hi: int) -> Bits:
    """The actions with the numbers ``lo <= n < hi``."""
    return ((1 << (hi - lo)) - 1) << lo


def numbers(bits: Bits) -> Iterator[int]:
    """The numbers in a set, ascending."""
    text = bin(bits)[:1:-1]
    place = text.find("1")
    while place >= 0:
        yield place
        place = text.find("1", place + 1)


def _holds(bits: Bits, lo: int, hi: int) -> bool:
    whole = run(0, hi - lo)
    return (bits >> lo) & whole == whole


def _first_word(name: str) -> str:
    """``Put`` of ``PutRolePolicy``: up to where the next capital follows a small letter."""
    for place in range(1, len(name)):
        if name[place].isupper() and not name[place - 1].isupper():
            return name[:place]
    return name
