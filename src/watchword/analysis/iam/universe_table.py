"""The file that holds all IAM actions: what is in it, byte for byte.

Three gzip members one after another (RFC 1952 §2.2), so that ``zcat`` shows them and each can be unpacked alone:

1. the head, a JSON object: source, version, day, services with their number of actions, services that heed resource
   control policies, the names of all actions in order, and one letter of access level an action;
2. condition keys of all services with their types, a JSON object;
3. one line of JSON a service: its strings, resource types, and per action its resource types, keys, dependent actions.

Starting needs the first only.  Equal references give equal bytes.  ``unpack`` trusts nothing: sizes are bounded, names
must be in order, lengths must agree.  Nothing here opens a file.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from watchword.analysis.iam.actions import (
    AccessLevel,
    Action,
    ActionResource,
    Reference,
    ResourceType,
    ServiceFacts,
)
from watchword.analysis.iam.global_keys import GLOBAL_KEYS

FORMAT: Final = 1
"""Raised when a reader of before could misread what is written now."""
MOST_BYTES: Final = 64 * 1024 * 1024
"""Of one member, unpacked: twenty times what all of AWS takes today."""
MOST_ACTIONS: Final = 500_000
_GZIP: Final = 31
"""zlib's window of 2**15 with gzip's header (which it writes without a time)."""


class TableUnsound(ValueError):
    """The bytes are not a table of actions, or not a whole one."""


@dataclass(frozen=True, slots=True)
class Head:
    """What is known without unpacking more."""

    source: str
    version: str
    updated: str
    services: tuple[str, ...]
    counts: tuple[int, ...]
    rcp_services: frozenset[str]
    access: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A file's head, and its other members as they are."""

    head: Head
    keys: bytes
    details: bytes


def pack(reference: Reference) -> bytes:
    """The file of a reference."""
    services = sorted(reference.services, key=lambda one: f"{one.prefix}:".lower())
    actions = [_ordered(one.actions) for one in services]
    flat = [action for group in actions for action in group]
    head = {
        "format": FORMAT,
        "source": reference.source,
        "version": reference.version,
        "updated": reference.updated,
        "services": [one.prefix for one in services],
        "counts": [len(group) for group in actions],
        "rcp_services": sorted(reference.rcp_services),
        "access": "".join(action.access.value for action in flat),
        "names": "\n".join(action.name for action in flat),
    }
    lines = "\n".join(_compact(_encoded(one, group)) for one, group in zip(services, actions, strict=True))
    texts = (_compact(head), _compact(_types(services)), lines)
    return b"".join(_member(text + "\n") for text in texts)


def unpack(data: bytes) -> Table:
    """The table in a file's bytes.

    Raises:
        TableUnsound: they are not such a file, are cut off, or contradict themselves.
    """
    text, rest = _first_member(data)
    head = _head(_parsed(text))
    keys = _length_of_member(rest)
    return Table(head=head, keys=rest[:keys], details=rest[keys:])


def condition_keys(table: Table) -> Mapping[str, str]:
    """Every condition key with its type.

    Raises:
        TableUnsound: the member is damaged.
    """
    found = _parsed(_only_member(table.keys))
    if not isinstance(found, dict):
        raise TableUnsound("its condition keys are not a JSON object")
    return {str(key): str(kind) for key, kind in found.items()}


def lines_of(table: Table) -> tuple[bytes, ...]:
    """The line of each service, in order of ``head.services``.

    Raises:
        TableUnsound: the member is damaged, or lines are missing.
    """
    lines = tuple(_only_member(table.details).split(b"\n")[:-1])
    if len(lines) != len(table.head.services):
        raise TableUnsound(f"it names {len(table.head.services)} services and tells of {len(lines)}")
    return lines


def service(line: bytes, prefix: str, names: Sequence[str], access: str) -> ServiceFacts:
    """One service's facts; ``names`` and ``access`` are its part of the head's.

    Raises:
        TableUnsound: the line is not one of a service with so many actions.
    """
    found = _parsed(line)
    try:
        strings, rows = found["strings"], found["actions"]
        actions = tuple(
            _action(prefix, name, level, row, strings)
            for name, level, row in zip(names, access, rows, strict=True)
        )
        return ServiceFacts(
            prefix=prefix,
            actions=actions,
            resource_types=tuple(
                ResourceType(prefix, strings[kind], tuple(arns), _named(keys, strings))
                for kind, arns, keys in found["types"]
            ),
            condition_keys={strings[key]: kind for key, kind in found["keys"]},
            operations={name: tuple(allowing) for name, allowing in found.get("operations", {}).items()},
        )
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise TableUnsound(f"what it tells of {prefix} does not agree with its head: {error}") from error


def _action(prefix: str, name: str, level: str, row: Any, strings: Sequence[str]) -> Action:  # noqa: ANN401
    resources, keys, dependent = row
    return Action(
        name=name,
        service=prefix,
        access=AccessLevel(level),
        resources=tuple(
            ActionResource(strings[kind], bool(required), _named(own, strings))
            for kind, required, own in resources
        ),
        condition_keys=_named(keys, strings),
        dependent_actions=_named(dependent, strings),
    )


def _named(numbers: Iterable[int], strings: Sequence[str]) -> tuple[str, ...]:
    return tuple(strings[number] for number in numbers)


def _encoded(facts: ServiceFacts, actions: Sequence[Action]) -> dict[str, Any]:
    """A service as JSON; names are left out, and what repeats stands once in ``strings``."""
    strings = sorted(_strings_of(facts))
    number = {text: place for place, text in enumerate(strings)}

    def numbers(texts: Iterable[str]) -> list[int]:
        return [number[text] for text in texts]

    encoded: dict[str, Any] = {
        "strings": strings,
        "types": [
            [number[one.type], list(one.arn_templates), numbers(one.condition_keys)]
            for one in sorted(facts.resource_types, key=lambda one: one.type)
        ],
        "keys": [[number[key], kind] for key, kind in sorted(facts.condition_keys.items())],
        "actions": [
            [
                [
                    [number[one.type], int(one.required), numbers(one.condition_keys)]
                    for one in action.resources
                ],
                numbers(action.condition_keys),
                numbers(action.dependent_actions),
            ]
            for action in actions
        ],
    }
    if facts.operations:
        encoded["operations"] = {name: list(facts.operations[name]) for name in sorted(facts.operations)}
    return encoded


def _strings_of(facts: ServiceFacts) -> set[str]:
    found = set(facts.condition_keys)
    for kind in facts.resource_types:
        found.update((kind.type, *kind.condition_keys))
    for action in facts.actions:
        found.update((*action.condition_keys, *action.dependent_actions))
        for row in action.resources:
            found.update((row.type, *row.condition_keys))
    return found


def _types(services: Iterable[ServiceFacts]) -> dict[str, str]:
    """Keys with types, in lower-case order; where services differ, the one whose own key it is counts."""
    found: dict[str, str] = dict(GLOBAL_KEYS)
    spelled = {key.lower(): key for key in found}
    for facts in services:
        for key, kind in facts.condition_keys.items():
            known = spelled.setdefault(key.lower(), key)
            if kind and (known not in found or key.lower().startswith(f"{facts.prefix.lower()}:")):
                found[known] = kind
    return {key: found[key] for key in sorted(found, key=str.lower)}


def _ordered(actions: Iterable[Action]) -> list[Action]:
    return sorted(actions, key=lambda one: one.name.lower())


def _compact(found: Any) -> str:  # noqa: ANN401
    return json.dumps(found, separators=(",", ":"), ensure_ascii=True)


def _member(text: str) -> bytes:
    packing = zlib.compressobj(9, zlib.DEFLATED, _GZIP)
    return packing.compress(text.encode()) + packing.flush()


def _first_member(data: bytes) -> tuple[bytes, bytes]:
    """The text of the first member, and what follows it."""
    unpacking = zlib.decompressobj(_GZIP)
    try:
        text = unpacking.decompress(data, MOST_BYTES)
    except zlib.error as error:
        raise TableUnsound(f"it is damaged or no such table: {error}") from error
    if not unpacking.eof:
        raise TableUnsound("it is cut off" if not unpacking.unconsumed_tail else "it is too large")
    return text, unpacking.unused_data


def _length_of_member(data: bytes) -> int:
    _, rest = _first_member(data)
    return len(data) - len(rest)


def _only_member(data: bytes) -> bytes:
    text, rest = _first_member(data)
    if rest:
        raise TableUnsound("something follows its end")
    return text


def _parsed(text: bytes) -> Any:  # noqa: ANN401
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TableUnsound(f"it holds something that is not JSON: {error}") from error


def _head(found: Any) -> Head:  # noqa: ANN401
    """The head, checked against itself."""
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise TableUnsound(f"it is not of format {FORMAT}")
    try:
        head = Head(
            source=str(found["source"]),
            version=str(found["version"]),
            updated=str(found["updated"]),
            services=tuple(map(str, found["services"])),
            counts=tuple(map(int, found["counts"])),
            rcp_services=frozenset(map(str, found["rcp_services"])),
            access=str(found["access"]),
            names=tuple(str(found["names"]).split("\n")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise TableUnsound(f"its head lacks something or has it in another form: {error}") from error
    _check(head)
    return head


def _check(head: Head) -> None:
    lower = [name.lower() for name in head.names]
    if not 0 < len(lower) <= MOST_ACTIONS or any(a >= b for a, b in pairwise(lower)):
        raise TableUnsound("its actions are not in order")
    if len(head.access) != len(lower) or not set(head.access) <= {one.value for one in AccessLevel}:
        raise TableUnsound("its access levels do not agree with its actions")
    start = 0
    for prefix, count in zip(head.services, head.counts, strict=False):
        for name in lower[start : start + 1] + lower[start + count - 1 : start + count]:
            if not name.startswith(f"{prefix.lower()}:"):
                raise TableUnsound(f"{name} stands among the actions of {prefix}")
        start += count
    if start != len(lower) or len(head.services) != len(head.counts):
        raise TableUnsound("its numbers of actions do not add up")
