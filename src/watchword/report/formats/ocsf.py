"""OCSF Compliance Findings (class 2003), schema 1.3.0, as a JSON array with one object a line.

Source: https://schema.ocsf.io/1.3.0/classes/compliance_finding
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from watchword import __version__
from watchword.controls.text import ControlText
from watchword.model.finding import Finding
from watchword.model.resource import instant
from watchword.model.verdict import Confidence, Severity, Verdict
from watchword.report.assessment import Assessment

_SEVERITY: Final = {Severity.LOW: 2, Severity.MEDIUM: 3, Severity.HIGH: 4, Severity.CRITICAL: 5}
_STATUS: Final = {
    Verdict.MET: (1, "Pass"),
    Verdict.GAP: (3, "Fail"),
    Verdict.UNKNOWN: (0, "Unknown"),
    Verdict.NOT_APPLICABLE: (99, "Not Applicable"),
}
_CONFIDENCE: Final = {Confidence.LOW: 1, Confidence.MEDIUM: 2, Confidence.HIGH: 3}
_AWS_ACCOUNT: Final = 10
"""``account.type_id`` of an AWS account."""


def ocsf(assessment: Assessment) -> Iterator[str]:
    """The findings as OCSF, in order."""
    texts = {one.control.id: one.control.text for one in assessment.standing.controls}
    names = {one.account.id: one.account.name for one in assessment.accounts}
    at = milliseconds(assessment)
    yield "["
    for index, finding in enumerate(assessment.findings()):
        made = compliance_finding(finding, texts[finding.control], at, names.get(finding.subject.account, ""))
        yield (",\n" if index else "\n") + json.dumps(made, sort_keys=True, ensure_ascii=False)
    yield "\n]\n"


def milliseconds(assessment: Assessment) -> int:
    """The instant of the assessment in milliseconds since 1970: when the snapshot was finished (or begun)."""
    at = assessment.manifest.get("finished") or assessment.manifest.get("started")
    return int(instant(at).timestamp() * 1000) if at else 0


def compliance_finding(finding: Finding, text: ControlText, at: int, account_name: str) -> dict[str, Any]:
    """One finding as a Compliance Finding; ``at`` in milliseconds since 1970."""
    status_id, status = _STATUS[finding.verdict]
    severity = _SEVERITY[finding.severity] if finding.verdict is Verdict.GAP else 1
    return {
        "activity_id": 1,
        "activity_name": "Create",
        "category_name": "Findings",
        "category_uid": 2,
        "class_name": "Compliance Finding",
        "class_uid": 2003,
        "type_name": "Compliance Finding: Create",
        "type_uid": 200301,
        "time": at,
        "severity": finding.severity.word.title() if severity > 1 else "Informational",
        "severity_id": severity,
        "confidence": finding.confidence.value.title(),
        "confidence_id": _CONFIDENCE[finding.confidence],
        "status": "New",
        "status_id": 1,
        "message": finding.because,
        "metadata": _metadata(),
        "cloud": _cloud(finding, account_name),
        "compliance": {
            "control": finding.control,
            "requirements": [one.value for one in text.requirements],
            "standards": ["CISA Zero Trust Maturity Model 2.0", "NIST SP 800-207"],
            "status": status,
            "status_id": status_id,
            "status_detail": "; ".join(finding.missing) or finding.because,
        },
        "finding_info": {
            "uid": finding.id,
            "title": text.title,
            "desc": text.why,
            "types": [text.function.value],
            "created_time": at,
        },
        "remediation": {"desc": text.fix.console, "references": list(text.references)},
        "resources": [_resource(finding)],
        "unmapped": {
            "evidence": [
                {"table": one.table, "path": one.path, "sha256": one.digest} for one in finding.evidence
            ]
        },
    }


def _metadata() -> dict[str, Any]:
    product = {"name": "watchword", "vendor_name": "watchword", "version": __version__}
    return {"version": "1.3.0", "profiles": ["cloud"], "product": product}


def _cloud(finding: Finding, account_name: str) -> dict[str, Any]:
    account: dict[str, Any] = {"uid": finding.subject.account, "type": "AWS Account", "type_id": _AWS_ACCOUNT}
    if account_name:
        account["name"] = account_name
    return {"provider": "AWS", "account": account, "region": finding.subject.region}


def _resource(finding: Finding) -> dict[str, Any]:
    where = finding.subject
    return {
        "uid": where.arn,
        "name": where.name,
        "type": where.kind,
        "region": where.region,
        "cloud_partition": "aws",
    }
