"""The truth about Company ABC: what must be found, control by control and resource by resource, in each state.

``truth.toml`` has one table a control; under ``before`` and ``after`` it lists subjects by verdict.  A subject is
``<account alias>/<region>/<name>``; ``{a,b}`` enumerates (``{prod,dev}/eu-west-1/web`` is two subjects), and nothing is
a wildcard.  ``compare`` tells what is false, missed or unstated; it does not collect or judge.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from watchword.lab.estate.company import ACCOUNTS, State
from watchword.model.finding import Finding
from watchword.model.ids import ORGANIZATION, ControlId
from watchword.model.verdict import Verdict

Truth = Mapping[tuple[ControlId, str], Verdict]
"""Verdict by control and subject."""

_BRACES = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """A subject of which something else is found than is true; ``None`` where nothing was expected or found."""

    control: ControlId
    subject: str
    expected: Verdict | None
    found: Verdict | None
    because: str = ""


def read_truth(document: Mapping[str, Any], state: State) -> Truth:
    """The truth of one state from the parsed TOML.

    Raises:
        ValueError: a subject is stated twice, or a verdict has an unknown name.
    """
    truth: dict[tuple[ControlId, str], Verdict] = {}
    for control, states in document.items():
        for word, patterns in states.get(state.value, {}).items():
            for subject in itertools.chain.from_iterable(map(expand, patterns)):
                key = (ControlId(control), subject)
                if key in truth:
                    raise ValueError(f"truth of {control}, {state.value}: {subject} is stated twice")
                truth[key] = Verdict(word)
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
    found = {(finding.control, subject_of(finding)): finding for finding in findings}
    differences = []
    for key in truth.keys() | found.keys():
        finding, expected = found.get(key), truth.get(key)
        seen = finding.verdict if finding else None
        if seen is not expected:
            differences.append(Difference(*key, expected, seen, finding.because if finding else ""))
    return sorted(differences, key=lambda one: (one.control, one.subject))
