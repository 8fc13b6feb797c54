"""SARIF 2.1.0, for code-scanning views: a rule a control, a result a finding; met findings are left out.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from watchword import __version__
from watchword.controls.registry import Control
from watchword.model.finding import Finding
from watchword.model.verdict import Severity, Verdict
from watchword.report.assessment import Assessment

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVEL: Final = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}
_SCORE: Final = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.0"}
"""``security-severity`` of a rule, the scale by which code-scanning views sort."""


def sarif(assessment: Assessment) -> Iterator[str]:
    """The gaps and unknowns as one SARIF log."""
    controls = [one.control for one in assessment.standing.controls]
    places = {control.id: index for index, control in enumerate(controls)}
    driver = {"name": "watchword", "version": __version__, "rules": [_rule(control) for control in controls]}
    tool = json.dumps({"driver": driver}, sort_keys=True, ensure_ascii=False)
    yield f'{{"$schema": "{SCHEMA}", "version": "2.1.0", "runs": [{{"tool": {tool}, "results": ['
    separator = "\n"
    for finding in assessment.findings():
        if finding.verdict in {Verdict.GAP, Verdict.UNKNOWN}:
            yield separator + json.dumps(
                result(finding, places[finding.control]), sort_keys=True, ensure_ascii=False
            )
            separator = ",\n"
    yield "\n]}]}\n"


def result(finding: Finding, rule_index: int) -> dict[str, Any]:
    """One finding as a result: a gap is a failure, an unknown is open to review."""
    is_gap = finding.verdict is Verdict.GAP
    where = finding.subject
    return {
        "ruleId": finding.control,
        "ruleIndex": rule_index,
        "kind": "fail" if is_gap else "review",
        "level": _LEVEL[finding.severity] if is_gap else "none",
        "message": {"text": f"{where.name} ({where.account}/{where.region}): {finding.because}"},
        "locations": [
            {"logicalLocations": [{"name": where.name, "fullyQualifiedName": where.arn, "kind": "resource"}]}
        ],
        "partialFingerprints": {"watchwordFinding/v1": finding.id},
    }


def _rule(control: Control) -> dict[str, Any]:
    text = control.text
    tags = ["security", text.pillar.value, *(one.value for one in text.requirements)]
    return {
        "id": control.id,
        "name": text.slug,
        "shortDescription": {"text": text.title},
        "fullDescription": {"text": text.why},
        "help": {"text": text.fix.console},
        "helpUri": text.references[0],
        "defaultConfiguration": {"level": _LEVEL[text.severity]},
        "properties": {"tags": tags, "security-severity": _SCORE[text.severity]},
    }
