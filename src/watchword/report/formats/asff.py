"""AWS Security Finding Format, ready for Security Hub's BatchImportFindings, as a JSON array with one object a line.

Texts are cut at the limits that the format sets.  Findings about the organisation are the management account's.
Not-applicable findings are left out: Security Hub has no such status.
Source: https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format-syntax.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from watchword import __version__
from watchword.controls.text import ControlText
from watchword.model.finding import Finding
from watchword.model.ids import GLOBAL, ORGANIZATION, AccountId
from watchword.model.resource import instant
from watchword.model.verdict import Verdict
from watchword.report.assessment import Assessment

_STATUS: Final = {Verdict.MET: "PASSED", Verdict.GAP: "FAILED", Verdict.UNKNOWN: "NOT_AVAILABLE"}
_TYPE: Final = "Software and Configuration Checks/AWS Security Best Practices"
_HOME: Final = "us-east-1"
"""Region under which findings about global services are kept."""


def asff(assessment: Assessment) -> Iterator[str]:
    """The findings as ASFF, in order."""
    texts = {one.control.id: one.control.text for one in assessment.standing.controls}
    management = next((one.account.id for one in assessment.accounts if one.account.is_management), None)
    fallback = management or next(
        (a.account.id for a in assessment.accounts if a.account.id != ORGANIZATION), None
    )
    at = assessment.manifest.get("finished") or assessment.manifest.get("started")
    stamp = instant(at or 0).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    yield "["
    separator = "\n"
    for finding in assessment.findings():
        if finding.verdict in _STATUS:
            made = security_finding(
                finding, texts[finding.control], stamp, fallback or AccountId("000000000000")
            )
            yield separator + json.dumps(made, sort_keys=True, ensure_ascii=False)
            separator = ",\n"
    yield "\n]\n"


def security_finding(
    finding: Finding, text: ControlText, stamp: str, management: AccountId
) -> dict[str, Any]:
    """One finding in the format; ``stamp`` is an ISO 8601 instant with ``Z``."""
    account = management if finding.subject.account == ORGANIZATION else finding.subject.account
    region = _HOME if finding.subject.region == GLOBAL else finding.subject.region
    severity = finding.severity.name if finding.verdict is Verdict.GAP else "INFORMATIONAL"
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"watchword/{finding.id}",
        "ProductArn": f"arn:aws:securityhub:{region}:{account}:product/{account}/default",
        "ProductName": "watchword",
        "CompanyName": "watchword",
        "GeneratorId": f"watchword/{finding.control}",
        "AwsAccountId": account,
        "Region": region,
        "Types": [_TYPE],
        "CreatedAt": stamp,
        "UpdatedAt": stamp,
        "Severity": {"Label": severity},
        "Title": _cut(f"{finding.control} {text.title}", 256),
        "Description": _cut(finding.because, 1024),
        "Remediation": {"Recommendation": {"Text": _cut(text.fix.console, 512), "Url": text.references[0]}},
        "Resources": [
            {
                "Type": _type(finding),
                "Id": _cut(finding.subject.arn, 512),
                "Partition": "aws",
                "Region": region,
            }
        ],
        "Compliance": {
            "Status": _STATUS[finding.verdict],
            "SecurityControlId": finding.control,
            "RelatedRequirements": [f"watchword {one.value}" for one in text.requirements],
        },
        "Workflow": {"Status": "RESOLVED" if finding.verdict is Verdict.MET else "NEW"},
        "RecordState": "ACTIVE",
        "ProductFields": {"watchword/version": __version__, "watchword/pillar": text.pillar.value},
    }


def _type(finding: Finding) -> str:
    """The resource type as the format writes it: ``AwsEc2Instance`` for ``AWS::EC2::Instance``."""
    parts = finding.subject.kind.split("::")
    if len(parts) != 3 or not all(parts):
        return "AwsAccount" if finding.subject.kind == "AWS::::Account" else "Other"
    service = parts[1] if parts[1] != parts[1].upper() else parts[1].title()
    return f"Aws{service}{parts[2]}"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
