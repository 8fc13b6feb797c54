"""The action universe: every IAM action there is, numbered, with what AWS publishes about each.

Actions are in order of their lower-case names, so that all that a pattern like ``s3:Get*`` covers is one range of
numbers; sets of actions are sets of numbers.  Names are known at once; a service's details are unpacked when first
asked for.  What is not in the table is not known: ``find`` gives ``None``, never a guess.

``default()`` is the table that the package ships; users may have a newer one (``store.reference``).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources

from watchword.analysis.iam import universe_table
from watchword.analysis.iam.actions import (
    AccessLevel,
    Action,
    ActionResource,
    Reference,
    ResourceType,
    ServiceFacts,
)
from watchword.analysis.iam.patterns import matcher
from watchword.analysis.iam.universe_table import Table, TableUnsound

__all__ = [
    "AccessLevel", "Action", "ActionResource", "Reference", "ResourceType", "ServiceFacts", "TableUnsound", "Universe",
    "default",
]  # fmt: skip

FILE = "universe.jsonl.gz"
"""The shipped table, beside this module."""


class Universe:
    """All actions of a table.  Never changes; what is unpacked late is remembered."""

    __slots__ = ("_facts", "_keys", "_lines", "_lower", "_numbers", "_starts", "_table", "names")

    names: tuple[str, ...]
    """Every action in AWS's spelling, in order of the lower-case name."""

    def __init__(self, table: Table) -> None:
        head = table.head
        self._table = table
        self.names = head.names
        self._lower = [name.lower() for name in head.names]
        self._numbers = {name: number for number, name in enumerate(self._lower)}
        self._starts: dict[str, tuple[int, int, int]] = {}
        start = 0
        for place, (prefix, count) in enumerate(zip(head.services, head.counts, strict=True)):
            self._starts[prefix.lower()] = (place, start, start + count)
            start += count
        self._lines: Sequence[bytes] | None = None
        self._keys: _Keys | None = None
        self._facts: dict[str, ServiceFacts] = {}

    @classmethod
    def of_bytes(cls, data: bytes) -> Universe:
        """The universe in a table's bytes.

        Raises:
            TableUnsound: they are not a sound table.
        """
        return cls(universe_table.unpack(data))

    @classmethod
    def of(cls, reference: Reference) -> Universe:
        """The universe of a reference."""
        return cls.of_bytes(universe_table.pack(reference))

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, action: object) -> bool:
        return isinstance(action, str) and action.lower() in self._numbers

    def __repr__(self) -> str:
        return f"Universe({self.source} {self.version}: {len(self)} actions of {len(self.services)} services)"

    @property
    def source(self) -> str:
        """Who published the facts."""
        return self._table.head.source

    @property
    def version(self) -> str:
        """The source's own version."""
        return self._table.head.version

    @property
    def updated(self) -> str:
        """The day (ISO 8601, UTC) of the facts."""
        return self._table.head.updated

    @property
    def services(self) -> tuple[str, ...]:
        """The prefixes of all services, in order."""
        return self._table.head.services

    @property
    def rcp_services(self) -> frozenset[str]:
        """Prefixes of the services on which resource control policies have an effect."""
        return self._table.head.rcp_services

    def index(self, action: str) -> int | None:
        """The number of an action, whatever its case; ``None`` if there is no such action."""
        return self._numbers.get(action.lower())

    def access(self, number: int) -> AccessLevel:
        """The access level of an action by its number; unpacks nothing."""
        return AccessLevel(self._table.head.access[number])

    def range_of_prefix(self, prefix_lower: str) -> tuple[int, int]:
        """The numbers ``lo <= n < hi`` of the actions whose lower-case names begin so; empty if ``lo == hi``."""
        lo = bisect_left(self._lower, prefix_lower)
        return lo, bisect_left(self._lower, prefix_lower + "\U0010ffff", lo=lo)

    def matching(self, pattern: str) -> Iterable[int]:
        """The numbers of the actions that a pattern (``*``, ``?``; case does not count) covers, ascending.

        >>> [default().names[n] for n in default().matching("sts:assumerolewith*")]
        ['sts:AssumeRoleWithSAML', 'sts:AssumeRoleWithWebIdentity']
        """
        wanted = pattern.lower()
        wild = [place for place in (wanted.find("*"), wanted.find("?")) if place >= 0]
        if not wild:
            number = self._numbers.get(wanted)
            return () if number is None else (number,)
        lo, hi = self.range_of_prefix(wanted[: min(wild)])
        if wanted.find("*") == len(wanted) - 1 and "?" not in wanted:
            return range(lo, hi)
        fits, lower = matcher(wanted), self._lower
        return [number for number in range(lo, hi) if fits(lower[number])]

    def find(self, action: str) -> Action | None:
        """What is known of an action, whatever the case of its name; ``None`` if there is no such action."""
        number = self.index(action)
        if number is None:
            return None
        prefix = self.names[number].partition(":")[0].lower()
        facts = self.service(prefix)
        return facts.actions[number - self._starts[prefix][1]] if facts else None

    def service(self, prefix: str) -> ServiceFacts | None:
        """All that is known of a service by its prefix (``s3``); ``None`` if there is no such service.

        Raises:
            TableUnsound: the table is damaged where it tells of the service.
        """
        lower = prefix.lower()
        if lower not in self._facts:
            if lower not in self._starts:
                return None
            place, start, end = self._starts[lower]
            head = self._table.head
            self._facts[lower] = universe_table.service(
                self._details()[place], head.services[place], self.names[start:end], head.access[start:end]
            )
        return self._facts[lower]

    def resource_type(self, service: str, type: str) -> ResourceType | None:  # noqa: A002 - AWS's noun
        """A type of resource of a service; ``None`` if there is no such."""
        facts = self.service(service)
        wanted = type.lower()
        return (
            next((one for one in facts.resource_types if one.type.lower() == wanted), None) if facts else None
        )

    def authorised_by(self, service: str, operation: str) -> tuple[str, ...]:
        """The actions that AWS says authorise an operation; empty where the table's source does not tell."""
        facts = self.service(service)
        if facts is None or not facts.operations:
            return ()
        wanted = operation.lower()
        return next((found for name, found in facts.operations.items() if name.lower() == wanted), ())

    def condition_key_type(self, key: str) -> str | None:
        """The type of a condition key's values (``String``, ``ArrayOfString``, ``Bool``, ``ARN``, ``Numeric``, ``Date``…).

        Case does not count, and ``aws:ResourceTag/team`` is found by ``aws:ResourceTag/${TagKey}``; ``None`` if there
        is no such key.
        """
        if self._keys is None:
            self._keys = _Keys(universe_table.condition_keys(self._table))
        return self._keys.type_of(key.lower())

    def reference(self) -> Reference:
        """Everything in the table, unpacked.

        Raises:
            TableUnsound: the table is damaged.
        """
        universe_table.condition_keys(self._table)
        found = tuple(facts for facts in map(self.service, self.services) if facts)
        return Reference(self.source, self.version, self.updated, found, self.rcp_services)

    def check(self) -> None:
        """Unpack everything, line by line, so that damage shows now and not later; nothing is remembered.

        Raises:
            TableUnsound: the table is damaged.
        """
        universe_table.condition_keys(self._table)
        universe_table.lines_of(self._table)

    def _details(self) -> Sequence[bytes]:
        if self._lines is None:
            self._lines = universe_table.lines_of(self._table)
        return self._lines


_VARIABLE = re.compile(r"\$\{[^}]*\}|<[^>]*>")


class _Keys:
    """Types of condition keys: by name, and by the beginning of those that end in a part of one's own."""

    __slots__ = ("_exact", "_forms")

    def __init__(self, types: Mapping[str, str]) -> None:
        self._exact: dict[str, str] = {}
        self._forms: list[tuple[str, str, str]] = []
        for key, kind in types.items():
            # Most of AWS's pages write ${TagKey}, some of S3's and EC2's write <key>.
            found = _VARIABLE.search(key.lower())
            if found:
                self._forms.append((key[: found.start()].lower(), key[found.end() :].lower(), kind))
            else:
                self._exact[key.lower()] = kind
        self._forms.sort(key=lambda form: -len(form[0]) - len(form[1]))

    def type_of(self, lower: str) -> str | None:
        """The type; of several forms that fit, the one with the most fixed text counts."""
        if lower in self._exact:
            return self._exact[lower]
        for begin, end, kind in self._forms:
            if len(lower) > len(begin) + len(end) and lower.startswith(begin) and lower.endswith(end):
                return kind
        return None


@cache
def default() -> Universe:
    """The shipped table, read once."""
    folder = resources.files("watchword.analysis.iam")
    return Universe.of_bytes(folder.joinpath(FILE).read_bytes())
