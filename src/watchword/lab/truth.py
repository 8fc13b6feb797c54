"""The truth about Company ABC: what must be found, control by control and resource by resource, in each state.

``truth.toml`` has one table a control; under ``before`` and ``after`` it lists subjects by verdict.  A subject is
``<account alias>/<region>/<name>``; ``{a,b}`` enumerates (``{prod,dev}/eu-west-1/web`` is two subjects), `` x2`` behind a
name says that two resources are called so (each VPC's security group ``default``), and nothing is a wildcard.
``compare`` tells what is false, missed or unstated; it does not collect or judge.
"""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from watchword.lab.estate.company import ACCOUNTS, State
from watchword.model.finding import Finding
from watchword.model.ids import ORGANIZATION, ControlId
from watchword.model.verdict import Verdict

Verdicts = tuple[Verdict, ...]
"""Verdicts of the resources of one name, sorted; mostly one."""

Truth = Mapping[tuple[ControlId, str], Verdicts]
"""Verdicts by control and subject."""

_BRACES = re.compile(r"\{([^{}]*)\}")
_TIMES = re.compile(r" x(\d+)$")


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """A subject of which something else is found than is true; empty where nothing was expected or found."""

    control: ControlId
    subject: str
    expected: Verdicts
    found: Verdicts
    because: str = ""


def truth_of(state: State) -> Truth:
    """The truth of one state, as ``truth.toml`` of this package states it."""
    text = (resources.files("watchword.lab") / "truth.toml").read_text(encoding="utf-8")
    return read_truth(tomllib.loads(text), state)


def read_truth(document: Mapping[str, Any], state: State) -> Truth:
    """The truth of one state from the parsed TOML.

    Raises:
        ValueError: a subject is stated twice for one verdict, or a verdict has an unknown name.
    """
    truth: dict[tuple[ControlId, str], Verdicts] = {}
    for control, states in document.items():
        for word, patterns in states.get(state.value, {}).items():
            stated: set[str] = set()
            for pattern in itertools.chain.from_iterable(map(expand, patterns)):
                times = _TIMES.search(pattern)
                subject = _TIMES.sub("", pattern)
                if subject in stated:
                    raise ValueError(
                        f"truth of {control}, {state.value}: {subject} is stated twice; write x2 behind it"
                    )
                stated.add(subject)
                key = (ControlId(control), subject)
                verdicts = (Verdict(word),) * (int(times[1]) if times else 1)
                truth[key] = tuple(sorted(truth.get(key, ()) + verdicts))
    return truth


def expand(pattern: str) -> Iterator[str]:
    """Every subject that a pattern with ``{a,b}`` enumerates."""
    parts = _BRACES.split(pattern)
    choices = [part.split(",") if index % 2 else [part] for index, part in enumerate(parts)]
    return ("".join(combination) for combination in itertools.product(*choices))


def subject_of(finding: Finding) -> str:
    """The subject of a finding as the truth names it."""
    aliases = {account.id: account.alias for account in ACCOUNTS} | {ORGANIZATION: "organization"}
    where = finding.subject
    return f"{aliases.get(where.account, where.account)}/{where.region}/{where.name}"


def compare(truth: Truth, findings: Iterable[Finding]) -> list[Difference]:
    """All differences between the truth and what was found, for the controls that occur in either."""
    found: dict[tuple[ControlId, str], list[Finding]] = {}
    for finding in findings:
        found.setdefault((finding.control, subject_of(finding)), []).append(finding)
    differences = []
    for key in truth.keys() | found.keys():
        several = found.get(key, [])
        seen = tuple(sorted(finding.verdict for finding in several))
        if seen != truth.get(key, ()):
            because = "; ".join(finding.because for finding in several)
            differences.append(Difference(*key, truth.get(key, ()), seen, because))
    return sorted(differences)
