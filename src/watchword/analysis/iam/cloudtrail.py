"""Which IAM actions authorise an API operation, as CloudTrail records it or as an SDK names it.

Most operations are authorised by the action ``service:Operation``; ``operations.toml`` beside this module says where not.
The steps, in order, for every name that the service goes by:

1. The service: its event source or SDK name, looked up in the table, else taken as an IAM prefix.
2. The operation as named; then without the API version that some services append (``ListFunctions20150331``).
3. An entry of the table: no authorisation, or actions of another name.
4. The action ``service:Operation``, if there is one in the universe; where several prefixes of the service have it
   (S3 and its directory buckets), the resource decides, and any of them may be meant.
5. The verb of HTTP, for the services whose actions are verbs.
6. What AWS's own service reference says, if the universe was read from it.  It lists every action that *may* be asked
   for, so that one of them is the least that was needed.
7. A ``Batch…`` operation without an action of its own: the action of the single operation.  AWS documents it so for each
   such service that it documents (Batch, Deadline Cloud, Glue, Verified Permissions, VPC Lattice).
8. A service all of whose calls go past IAM.
9. Otherwise **unmapped**: no action is known, which is never a pass.

It does not look at a request's parameters.  Where these choose the action, ``any_of`` is true and all choices are given;
``versioned`` tells the action that S3 asks for where a version is named.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache, lru_cache
from importlib import resources
from typing import Any, Final

from watchword.analysis.iam.patterns import Matcher, matcher
from watchword.analysis.iam.universe import Universe

FILE: Final = "operations.toml"
_HOSTS: Final = (".amazonaws.com.cn", ".amazonaws.com", ".amazonaws.eu", ".aws.internal", ".api.aws")
"""Endings of event sources that say nothing about the service."""
_API_VERSION: Final = re.compile(r"(?:\d{8}|\d{4}_\d{2}_\d{2})(?:v\d+)?$")
"""The date of an API's version at the end of an operation: Lambda's and CloudFront's events have it."""
_SECTIONS: Final = ("services", "event_sources", "operations", "verbs")
_WORD: Final = re.compile(r"[A-Z][a-z]+")


class How(Enum):
    """How an operation was mapped."""

    DIRECT = "direct"
    """The action has the operation's name."""
    RENAMED = "renamed"
    """One action of another name."""
    SEVERAL = "several"
    """More than one action."""
    NO_AUTHORISATION = "no-authorisation"
    """No IAM policy of the caller decides it."""
    UNMAPPED = "unmapped"
    """Not known.  Never a pass."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """The actions that authorise an operation.

    ``any_of``: at least one of the actions is needed, and which depends on what the request says; otherwise all are.
    ``why`` says why no authorisation takes place.  ``presumed`` is set for the unmapped of a known service only: the
    action that AWS's naming would give, which is not in the universe.
    """

    actions: tuple[str, ...]
    how: How
    any_of: bool = False
    why: str = ""
    presumed: str = ""


@dataclass(frozen=True, slots=True)
class Exempt:
    """Operations of a service that no IAM policy decides."""

    why: str
    names: frozenset[str]
    patterns: tuple[Matcher, ...]
    all_else: bool

    def covers(self, operation: str) -> bool:
        """Whether the operation (lower case) is named, or fits a pattern."""
        return operation in self.names or any(fits(operation) for fits in self.patterns)


@dataclass(frozen=True, slots=True)
class Operations:
    """The table; all its keys are in lower case."""

    services: Mapping[str, tuple[str, ...]]
    event_sources: Mapping[str, tuple[str, ...]]
    """What CloudTrail calls otherwise than the SDKs do."""
    entries: Mapping[str, Mapping[str, tuple[tuple[str, ...], bool]]]
    verbs: Mapping[str, Mapping[str, str]]
    exempt: Mapping[str, tuple[Exempt, ...]] = field(default_factory=dict)


class OperationsError(ValueError):
    """The table of operations is not as it must be; the message names section and key."""


def action_of(event_source: str, event_name: str, universe: Universe) -> Mapped:
    """The actions that authorise what a CloudTrail record tells of.

    Args:
        event_source: as recorded: ``s3.amazonaws.com``.
        event_name: as recorded: ``ListObjects``, ``UpdateFunctionCode20150331v2``.
        universe: the actions there are.

    >>> from watchword.analysis.iam.universe import default
    >>> action_of("monitoring.amazonaws.com", "PutMetricAlarm", default()).actions
    ('cloudwatch:PutMetricAlarm',)
    """
    return _mapped(names_of_source(event_source), event_name, universe)


def action_of_operation(service: str, operation: str, universe: Universe) -> Mapped:
    """The actions that authorise an operation of an SDK.

    Args:
        service: any name that botocore has for it: client (``s3control``), endpoint prefix, signing name, service id
            (``Elastic Load Balancing v2``).  The client says most: several of them share a signing name.
        operation: ``PutPublicAccessBlock``.
        universe: the actions there are.
    """
    return _mapped(names_of(service), operation, universe)


def versioned(action: str, universe: Universe) -> str | None:
    """The action that S3 asks for instead where a request names a version: ``s3:GetObjectVersion`` for ``s3:GetObject``.

    ``None`` where there is no such action.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/security_iam_service-with-iam.html
    """
    prefix, _, name = action.partition(":")
    if not prefix.startswith("s3") or "Object" not in name or "ObjectVersion" in name:
        return None
    number = universe.index(f"{prefix}:{name.replace('Object', 'ObjectVersion', 1)}")
    return None if number is None else universe.names[number]


@lru_cache(maxsize=65_536)
def _mapped(names: tuple[str, ...], operation: str, universe: Universe) -> Mapped:
    for form in _forms(operation):
        found = next(_found(names, form, universe), None)
        if found is not None:
            return found
    for name in names:
        for exempt in operations().exempt.get(name, ()):
            if exempt.all_else:
                return Mapped((), How.NO_AUTHORISATION, why=exempt.why)
    known = next((name for name in names if _has(universe, name)), None)
    return Mapped((), How.UNMAPPED, presumed=f"{known}:{list(_forms(operation))[-1]}" if known else "")


def _has(universe: Universe, prefix: str) -> bool:
    lo, hi = universe.range_of_prefix(f"{prefix}:")
    return lo < hi


def names_of(service: str) -> tuple[str, ...]:
    """What to look a service's operations up under, in order; empty for one that is known and has no IAM prefix."""
    key = re.sub(r"\s+", "", service.lower())
    return operations().services.get(key, (key,))


def names_of_source(event_source: str) -> tuple[str, ...]:
    """As ``names_of``, for the event source of a CloudTrail record."""
    key = event_source.lower()
    for host in _HOSTS:
        key = key.removesuffix(host)
    return operations().event_sources.get(key) or names_of(key)


def _forms(operation: str) -> Iterator[str]:
    yield operation
    plain = _API_VERSION.sub("", operation)
    if plain and plain != operation:
        yield plain


def _found(names: tuple[str, ...], operation: str, universe: Universe) -> Iterator[Mapped]:
    """What steps 3 to 7 give, the first that gives something first."""
    yield from _listed(names, operation)
    yield from _of_same_name(names, operation, universe)
    word = _WORD.match(operation)
    for name in names:
        verb = operations().verbs.get(name, {}).get(word.group().lower()) if word else None
        if verb:
            yield _told((verb,), operation, any_of=False)
    for name in names:
        actions = universe.authorised_by(name, operation)
        if actions:
            yield _told(actions, operation, any_of=len(actions) > 1)
    if operation.startswith("Batch"):
        for found in _of_same_name(names, operation.removeprefix("Batch"), universe):
            yield Mapped(found.actions, How.RENAMED if len(found.actions) == 1 else found.how, found.any_of)


def _listed(names: tuple[str, ...], operation: str) -> Iterator[Mapped]:
    """Step 3: what the table says."""
    table, lower = operations(), operation.lower()
    for name in names:
        for exempt in table.exempt.get(name, ()):
            if exempt.covers(lower):
                yield Mapped((), How.NO_AUTHORISATION, why=exempt.why)
        if lower in table.entries.get(name, {}):
            actions, any_of = table.entries[name][lower]
            yield _told(actions, operation, any_of=any_of)


def _of_same_name(names: tuple[str, ...], operation: str, universe: Universe) -> Iterator[Mapped]:
    """Step 4: ``service:Operation``, of each prefix that has it."""
    numbers = [universe.index(f"{name}:{operation}") for name in names]
    same = tuple(universe.names[number] for number in numbers if number is not None)
    if same:
        yield _told(same, operation, any_of=len(same) > 1)


def _told(actions: tuple[str, ...], operation: str, *, any_of: bool) -> Mapped:
    if len(actions) > 1:
        return Mapped(actions, How.SEVERAL, any_of=any_of)
    same = actions[0].partition(":")[2].lower() == operation.lower()
    return Mapped(actions, How.DIRECT if same else How.RENAMED)


@cache
def operations() -> Operations:
    """The shipped table, read once."""
    text = resources.files("watchword.analysis.iam").joinpath(FILE).read_text(encoding="utf-8")
    return parse(text)


def parse(text: str) -> Operations:
    """The table in a TOML text.

    Raises:
        OperationsError: bad syntax, or a value that is not of its form.
    """
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise OperationsError(f"{FILE}: {error}") from error
    for section in _SECTIONS:
        if not isinstance(found.get(section), Mapping):
            raise OperationsError(f"{FILE}: the section {section} is missing")
    exempt: dict[str, list[Exempt]] = {}
    for number, entry in enumerate(found.get("no_authorisation", []), 1):
        exempt.setdefault(_service_of(entry, number), []).append(_exempt(entry, number))
    return Operations(
        services={key.lower(): _texts(value, f"services.{key}") for key, value in found["services"].items()},
        event_sources={
            key.lower(): _texts(value, f"event_sources.{key}")
            for key, value in found["event_sources"].items()
        },
        entries={
            service.lower(): {
                name.lower(): _entry(value, f"operations.{service}.{name}") for name, value in section.items()
            }
            for service, section in found["operations"].items()
        },
        verbs={
            service.lower(): {
                word.lower(): _texts([value], f"verbs.{service}.{word}")[0] for word, value in section.items()
            }
            for service, section in found["verbs"].items()
        },
        exempt={service: tuple(entries) for service, entries in exempt.items()},
    )


def _entry(value: Any, place: str) -> tuple[tuple[str, ...], bool]:  # noqa: ANN401
    """Actions, and whether one of them is enough."""
    if isinstance(value, Mapping):
        if set(value) != {"any"}:
            raise OperationsError(f"{FILE}: {place}: {{ any = […] }} is expected")
        return _texts(value["any"], place), True
    actions = _texts([value] if isinstance(value, str) else value, place)
    if not actions:
        raise OperationsError(f"{FILE}: {place}: no action is named")
    return actions, False


def _service_of(entry: Any, number: int) -> str:  # noqa: ANN401
    if not isinstance(entry, Mapping) or set(entry) != {"service", "why", "operations"} or not entry["why"]:
        raise OperationsError(f"{FILE}: no_authorisation {number}: service, why and operations are expected")
    return _texts([entry["service"]], f"no_authorisation {number}")[0].lower()


def _exempt(entry: Mapping[str, Any], number: int) -> Exempt:
    names = [name.lower() for name in _texts(entry["operations"], f"no_authorisation {number}")]
    return Exempt(
        why=entry["why"],
        names=frozenset(name for name in names if "*" not in name),
        patterns=tuple(matcher(name) for name in names if "*" in name and name != "*"),
        all_else=names == ["*"],
    )


def _texts(values: Any, place: str) -> tuple[str, ...]:  # noqa: ANN401
    if not isinstance(values, list) or not all(isinstance(one, str) and one for one in values):
        raise OperationsError(f"{FILE}: {place}: text, or a list of texts, is expected")
    return tuple(values)
