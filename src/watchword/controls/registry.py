"""Controls as values, and the ``@control`` decorator that makes one of a function.

A control judges either each row of a table (``each=``), or once per account, per region of an account, or per
organisation (``per=``).  It names the tables that it reads; reading another raises, so that the declared evidence is
the evidence.  Nothing is judged here (see ``judge``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, TypeVar

from watchword.controls.text import ControlText
from watchword.model.evidence import Evidence
from watchword.model.finding import Judgement, Subject
from watchword.model.ids import ControlId, control_id
from watchword.model.resource import Resource
from watchword.model.verdict import Confidence, Severity, Verdict

Judged = Judgement | Iterable[Judgement] | None
"""What a control function returns: one judgement, several, or ``None`` for a row outside its scope."""

F = TypeVar("F", bound=Callable[..., Judged])


class Per(StrEnum):
    """What a control function is run for."""

    RESOURCE = "resource"
    REGION = "region"
    ACCOUNT = "account"
    ORGANIZATION = "organization"


@dataclass(frozen=True, slots=True)
class Rule:
    """The judging half of a control: when it runs, what it reads, the function.

    The function's arguments: ``(row, view)`` per resource, ``(view, region)`` per region, ``(view)`` otherwise.
    ``scope_words`` names what it is about, for the finding that says that there is none (``"running instances"``).
    """

    id: ControlId
    per: Per
    reads: tuple[str, ...]
    function: Callable[..., Judged]
    scope_words: str

    @property
    def each(self) -> str:
        """The table whose rows (or whose regions) the rule runs over: the first that it reads."""
        return self.reads[0]


OWN: Final = "watchword"
"""The origin of the catalogue's controls."""


@dataclass(frozen=True, slots=True)
class Control:
    """A rule with its texts.  ``origin`` is ``watchword`` or the plug-in or file that it came from."""

    rule: Rule
    text: ControlText
    origin: str = OWN

    @property
    def id(self) -> ControlId:
        """The id of the control."""
        return self.rule.id


class DuplicateControl(ValueError):
    """Two controls have one id."""


_RULES: Final[dict[ControlId, Rule]] = {}


def control(
    name: str, *, reads: tuple[str, ...] = (), each: str = "", per: Per = Per.ACCOUNT, about: str = ""
) -> Callable[[F], F]:
    """Register the decorated function as the rule of control ``name``.

    Give ``each=TABLE`` for a rule that runs for each row (further tables in ``reads``), or ``per=`` and ``reads=``.
    ``about`` names what is in scope, for the finding that says that there is nothing.

    Raises:
        DuplicateControl: the id is taken.
        ValueError: the id is malformed, or no table is named.
    """
    tables = (each, *reads) if each else reads
    if not tables:
        raise ValueError(f"control {name}: name the tables that it reads (each= or reads=)")

    def register(function: F) -> F:
        rule = Rule(
            control_id(name), Per.RESOURCE if each else per, tables, function, about or _words(tables[0])
        )
        if rule.id in _RULES:
            raise DuplicateControl(f"control {name} is registered twice: {function.__module__}")
        _RULES[rule.id] = rule
        return function

    return register


def registered() -> Mapping[ControlId, Rule]:
    """All rules registered so far, by id (importing a module of controls registers them)."""
    return MappingProxyType(_RULES)


def met(because: str, *evidence: Evidence, subject: Resource | Subject | None = None) -> Judgement:
    """The requirement holds for the subject, and this is why."""
    return _judgement(Verdict.MET, because, evidence, subject)


def gap(
    because: str,
    *evidence: Evidence,
    subject: Resource | Subject | None = None,
    confidence: Confidence = Confidence.HIGH,
    severity: Severity | None = None,
) -> Judgement:
    """The requirement does not hold for the subject, and this is why."""
    return _judgement(Verdict.GAP, because, evidence, subject, confidence=confidence, severity=severity)


def unknown(because: str, *evidence: Evidence, subject: Resource | Subject | None = None) -> Judgement:
    """It cannot be said: ``because`` names the evidence that is missing."""
    return _judgement(Verdict.UNKNOWN, because, evidence, subject)


def not_applicable(because: str, *evidence: Evidence, subject: Resource | Subject | None = None) -> Judgement:
    """The control does not concern the subject, and this is why."""
    return _judgement(Verdict.NOT_APPLICABLE, because, evidence, subject)


def met_if(
    holds: bool, because: str, otherwise: str, *evidence: Evidence, subject: Resource | Subject | None = None
) -> Judgement:
    """``met(because)`` where ``holds``, else ``gap(otherwise)``."""
    made = met if holds else gap
    return made(because if holds else otherwise, *evidence, subject=subject)


def _judgement(
    verdict: Verdict,
    because: str,
    evidence: tuple[Evidence, ...],
    subject: Resource | Subject | None,
    **more: Any,  # noqa: ANN401
) -> Judgement:
    about = Subject.of(subject) if isinstance(subject, Resource) else subject
    return Judgement(verdict, because, evidence, about, **more)


def _words(table: str) -> str:
    return table.partition(".")[2].replace("_", " ")
