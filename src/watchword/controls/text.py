"""The texts of a control: title, why, how to fix, mappings; parsed from TOML and checked field by field.

Reads no files: the text of the TOML is an argument, its name is for error messages only.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeVar

from watchword.model.ids import ControlId, control_id
from watchword.model.verdict import TENETS, Level, Pillar, Requirement, Severity, Stage, ZtmmFunction

E = TypeVar("E", bound=Enum)


class TextError(ValueError):
    """A control's TOML is not as it must be; the message names file, line or key, and the remedy."""


@dataclass(frozen=True, slots=True)
class Fix:
    """How to close the gap: in the console, by the AWS CLI, by Terraform."""

    console: str
    cli: str
    terraform: str


@dataclass(frozen=True, slots=True)
class ControlText:
    """What a person reads of a control, and where it stands in the frames."""

    id: ControlId
    slug: str
    title: str
    severity: Severity
    pillar: Pillar
    requirements: tuple[Requirement, ...]
    function: ZtmmFunction
    stage: Stage
    tenets: tuple[int, ...]
    user_impact: Level
    effort: Level
    passes_when: str
    why: str
    fix: Fix
    references: tuple[str, ...]


_REQUIRED: Final = {
    "id": str,
    "slug": str,
    "title": str,
    "severity": str,
    "pillar": str,
    "requirements": list,
    "function": str,
    "stage": str,
    "tenets": list,
    "user_impact": str,
    "effort": str,
    "passes_when": str,
    "why": str,
    "fix": dict,
    "references": list,
}


def parse(text: str, name: str) -> ControlText:
    """Parse one control's TOML.

    Raises:
        TextError: bad syntax (with line), a missing, unknown or mistyped key, a value outside its frame.
    """
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TextError(f"{name}: {error}") from error
    return from_mapping(found, name)


def from_mapping(found: Mapping[str, Any], name: str) -> ControlText:
    """Check the keys of a parsed control text; ``name`` is the file, for messages.

    Raises:
        TextError: as for ``parse``.
    """
    _check_keys(found, _REQUIRED, name)
    _check_keys(found["fix"], {"console": str, "cli": str, "terraform": str}, f"{name}: [fix]")
    return ControlText(
        id=_id(found["id"], name),
        slug=found["slug"],
        title=found["title"].strip(),
        severity=_by_name(Severity, found["severity"], f"{name}: severity"),
        pillar=_by_value(Pillar, found["pillar"], f"{name}: pillar"),
        requirements=tuple(
            _by_value(Requirement, one, f"{name}: requirements") for one in found["requirements"]
        ),
        function=_by_value(ZtmmFunction, found["function"], f"{name}: function"),
        stage=_by_name(Stage, found["stage"], f"{name}: stage"),
        tenets=tuple(_tenet(one, name) for one in found["tenets"]),
        user_impact=_by_name(Level, found["user_impact"], f"{name}: user_impact"),
        effort=_by_name(Level, found["effort"], f"{name}: effort"),
        passes_when=found["passes_when"].strip(),
        why=found["why"].strip(),
        fix=Fix(**{key: value.strip() for key, value in found["fix"].items()}),
        references=tuple(found["references"]),
    )


def _check_keys(found: Mapping[str, Any], required: Mapping[str, type], name: str) -> None:
    for key, kind in required.items():
        if key not in found:
            raise TextError(f"{name}: key {key!r} is missing")
        if not isinstance(found[key], kind):
            raise TextError(f"{name}: key {key!r} must be a {kind.__name__}, not {type(found[key]).__name__}")
        if not found[key]:
            raise TextError(f"{name}: key {key!r} is empty")
    unknown = sorted(set(found) - set(required))
    if unknown:
        raise TextError(f"{name}: unknown key {unknown[0]!r}; known are {', '.join(required)}")


def _id(text: str, name: str) -> ControlId:
    try:
        return control_id(text)
    except ValueError as error:
        raise TextError(f"{name}: id: {error}") from error


def _by_name(kind: type[E], word: object, place: str) -> E:
    for member in kind:
        if member.name.lower() == word:
            return member
    raise TextError(f"{place}: {word!r} is none of {', '.join(member.name.lower() for member in kind)}")


def _by_value(kind: type[E], word: object, place: str) -> E:
    for member in kind:
        if member.value == word:
            return member
    raise TextError(f"{place}: {word!r} is none of {', '.join(str(member.value) for member in kind)}")


def _tenet(number: object, name: str) -> int:
    if isinstance(number, int) and number in TENETS:
        return number
    raise TextError(f"{name}: tenets: {number!r} is none of 1 to 7")
