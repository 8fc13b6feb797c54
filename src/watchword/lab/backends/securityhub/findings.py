"""Findings in the AWS Security Finding Format: imported, filtered, sorted, updated.

An administrator sees the findings of its enabled members; the home region of an aggregator those of the regions
that it links. What it does not do: filters outside `PATHS` are refused rather than ignored.
https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.securityhub.models import Finding, securityhub_backends

from watchword.lab.backends.call import Call, service_model, violations
from watchword.lab.backends.criteria import ordered, strings, values_at
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.securityhub.state import hub_of, state_of

# The lowest normalised severity of each label, lowest first.
# https://docs.aws.amazon.com/securityhub/latest/userguide/asff-required-attributes.html
LABELS = {"INFORMATIONAL": 0, "LOW": 1, "MEDIUM": 40, "HIGH": 70, "CRITICAL": 90}

# Fields that a customer sets by BatchUpdateFindings and a later import does not overwrite.
CUSTOMERS = ("Note", "UserDefinedFields", "VerificationState", "Workflow")

# What filters may name: the field of `AwsSecurityFindingFilters` and where it stands in a finding.
PATHS = {
    **{
        name: name
        for name in (
            "ProductArn AwsAccountId Id GeneratorId Region FirstObservedAt LastObservedAt CreatedAt UpdatedAt "
            "Confidence Criticality Title Description SourceUrl ProductFields ProductName CompanyName "
            "UserDefinedFields VerificationState WorkflowState RecordState Sample AwsAccountName"
        ).split()
    },
    "Type": "Types",
    "SeverityProduct": "Severity.Product",
    "SeverityNormalized": "Severity.Normalized",
    "SeverityLabel": "Severity.Label",
    "RecommendationText": "Remediation.Recommendation.Text",
    "ResourceType": "Resources.Type",
    "ResourceId": "Resources.Id",
    "ResourcePartition": "Resources.Partition",
    "ResourceRegion": "Resources.Region",
    "ResourceTags": "Resources.Tags",
    "ComplianceStatus": "Compliance.Status",
    "ComplianceSecurityControlId": "Compliance.SecurityControlId",
    "ComplianceAssociatedStandardsId": "Compliance.AssociatedStandards.StandardsId",
    "WorkflowStatus": "Workflow.Status",
    "RelatedFindingsProductArn": "RelatedFindings.ProductArn",
    "RelatedFindingsId": "RelatedFindings.Id",
    "NoteText": "Note.Text",
    "NoteUpdatedAt": "Note.UpdatedAt",
    "NoteUpdatedBy": "Note.UpdatedBy",
    "VulnerabilitiesExploitAvailable": "Vulnerabilities.ExploitAvailable",
    "VulnerabilitiesFixAvailable": "Vulnerabilities.FixAvailable",
}


def severity(given: Mapping[str, Any]) -> dict[str, Any]:
    """A severity with both its label and its normalised number, each made from the other where it lacks."""
    if "Label" in given:
        return {"Normalized": LABELS[given["Label"]], **given}
    number = given.get("Normalized", 0)
    return {
        **given,
        "Normalized": number,
        "Label": [label for label, low in LABELS.items() if number >= low][-1],
    }


def _batch_import_findings(call: Call) -> dict[str, Any]:
    state_of(call)
    shape = service_model("securityhub").shape_for("AwsSecurityFinding")
    failed = []
    for finding in call.params.get("Findings", []):
        failures = list(violations(shape, finding))
        if not failures and finding["AwsAccountId"] != call.account:
            failures = [f"Value '{finding['AwsAccountId']}' at 'AwsAccountId' is not the caller's account"]
        if failures:
            message = f"Finding does not adhere to Amazon Finding Format. {'; '.join(failures)}"
            identifier = finding.get("Id", "")
            failed.append({"Id": identifier, "ErrorCode": "InvalidInput", "ErrorMessage": message})
        else:
            _keep(call, finding)
    succeeded = len(call.params.get("Findings", [])) - len(failed)
    return {"FailedCount": len(failed), "SuccessCount": succeeded, "FailedFindings": failed}


def _keep(call: Call, finding: Mapping[str, Any]) -> None:
    findings: list[Finding] = hub_of(call.account, call.region).findings
    fresh = {
        "Region": call.region,
        "ProductName": finding["ProductArn"].rpartition("/")[2],
        "RecordState": "ACTIVE",
        "Workflow": {"Status": "NEW"},
        "WorkflowState": "NEW",
        **finding,
        "Severity": severity(finding.get("Severity", {})),
    }
    for old in findings:
        if (old.id, old.data["ProductArn"]) == (finding["Id"], finding["ProductArn"]):
            kept = {name: old.data[name] for name in CUSTOMERS if name in old.data}
            old.data = fresh | kept
            return
    findings.append(Finding(finding["Id"], fresh))


def _visible(call: Call) -> Iterator[Finding]:
    state = state_of(call)
    own = hub_of(call.account, call.region)
    watched = [a for a, member in own.members.items() if member["MemberStatus"] == "Enabled"]
    for account in (call.account, *watched):
        for region, backend in securityhub_backends[account].items():
            if region == call.region or (state.aggregator and state.aggregator.links(region)):
                yield from backend.findings


def _get_findings(call: Call) -> dict[str, Any]:
    filters = call.params.get("Filters", {})
    for name in filters:
        if name not in PATHS:
            raise call.refuse(f"The lab can't filter findings by {name}.")
    now = datetime.now(UTC)
    found = [finding.data for finding in _visible(call) if _matches(finding.data, filters, now)]
    for rule in reversed(call.params.get("SortCriteria", [])):
        path = PATHS.get(rule["Field"], rule["Field"])
        found = ordered(found, path, rule.get("SortOrder") == "desc")
    return call.page("Findings", found, default=100)


def _matches(finding: Mapping[str, Any], filters: Mapping[str, list[Any]], now: datetime) -> bool:
    return all(_satisfies(values_at(finding, PATHS[name]), rules, now) for name, rules in filters.items())


def _satisfies(values: list[Any], rules: list[Mapping[str, Any]], now: datetime) -> bool:
    """Rules that demand something are alternatives; rules that exclude must all hold."""
    demands = [rule for rule in rules if not _excludes(rule)]
    excluded = any(_rule_holds(values, _turned(rule), now) for rule in rules if _excludes(rule))
    return not excluded and (not demands or any(_rule_holds(values, rule, now) for rule in demands))


def _excludes(rule: Mapping[str, Any]) -> bool:
    return "NOT_" in rule.get("Comparison", "")


def _turned(rule: Mapping[str, Any]) -> dict[str, Any]:
    """The opposite of a rule that excludes: NOT_EQUALS becomes EQUALS, PREFIX_NOT_EQUALS becomes PREFIX."""
    positive = (
        "PREFIX" if rule["Comparison"] == "PREFIX_NOT_EQUALS" else rule["Comparison"].removeprefix("NOT_")
    )
    return {**rule, "Comparison": positive}


def _rule_holds(values: list[Any], rule: Mapping[str, Any], now: datetime) -> bool:
    if "Key" in rule:
        return any(_text_holds(str(value.get(rule["Key"], "")), rule) for value in values)
    if "Comparison" in rule:
        return any(_text_holds(text, rule) for text in strings(values))
    if "Value" in rule:
        return bool(rule["Value"] in values)
    if "DateRange" in rule or "Start" in rule or "End" in rule:
        return any(_time_holds(datetime.fromisoformat(text), rule, now) for text in strings(values))
    return any(_number_holds(float(value), rule) for value in values)


def _text_holds(text: str, rule: Mapping[str, Any]) -> bool:
    wanted: str = rule["Value"]
    if rule["Comparison"] == "EQUALS":
        return text == wanted
    if rule["Comparison"] == "PREFIX":
        return text.startswith(wanted)
    if rule["Comparison"] == "CONTAINS_WORD":
        return wanted.lower() in text.lower().split()
    return wanted in text


def _time_holds(when: datetime, rule: Mapping[str, Any], now: datetime) -> bool:
    if "DateRange" in rule:
        recent = when >= now - timedelta(days=rule["DateRange"]["Value"])
        return bool(recent == (rule["DateRange"].get("Comparison", "WITHIN") == "WITHIN"))
    after = "Start" not in rule or when >= datetime.fromisoformat(rule["Start"])
    return after and ("End" not in rule or when <= datetime.fromisoformat(rule["End"]))


def _number_holds(number: float, rule: Mapping[str, float]) -> bool:
    return all(
        (
            number == rule.get("Eq", number),
            number >= rule.get("Gte", number),
            number <= rule.get("Lte", number),
            "Gt" not in rule or number > rule["Gt"],
            "Lt" not in rule or number < rule["Lt"],
        )
    )


def _batch_update_findings(call: Call) -> dict[str, Any]:
    visible = {(finding.id, finding.data["ProductArn"]): finding for finding in _visible(call)}
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    processed, unprocessed = [], []
    for identifier in call.params["FindingIdentifiers"]:
        finding = visible.get((identifier["Id"], identifier["ProductArn"]))
        if finding is None:
            error = {"ErrorCode": "FindingNotFound", "ErrorMessage": "Finding Not Found"}
            unprocessed.append({"FindingIdentifier": identifier, **error})
        else:
            finding.data = {**finding.data, **_changes(call.params, now), "UpdatedAt": now}
            processed.append(identifier)
    return {"ProcessedFindings": processed, "UnprocessedFindings": unprocessed}


def _changes(params: Mapping[str, Any], now: str) -> dict[str, Any]:
    changes = {name: value for name, value in params.items() if name != "FindingIdentifiers"}
    if "Note" in changes:
        changes["Note"] = {**changes["Note"], "UpdatedAt": now}
    if "Severity" in changes:
        changes["Severity"] = severity(changes["Severity"])
    return changes


OPERATIONS: dict[str, Handler] = {
    "BatchImportFindings": _batch_import_findings,
    "BatchUpdateFindings": _batch_update_findings,
    "GetFindings": _get_findings,
}
