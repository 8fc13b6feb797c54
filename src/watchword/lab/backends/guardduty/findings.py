"""GuardDuty's findings: listed by criteria, read, archived, and made up as samples.

What it does not do: feedback, export, and statistics. An administrator sees the findings of its enabled members.
"""

from collections.abc import Iterator
from typing import Any

from watchword.lab.backends.call import Call, service_model
from watchword.lab.backends.criteria import known_path, ordered, satisfies, values_at
from watchword.lab.backends.guardduty.state import GuardDutyState, guardduty_states, state_of
from watchword.lab.backends.registry import Handler

# Types of findings that samples can be made of, with their severity: a choice out of
# https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-types-active.html
SAMPLES = {
    "Backdoor:EC2/C&CActivity.B!DNS": 8,
    "CredentialAccess:IAMUser/AnomalousBehavior": 5,
    "CryptoCurrency:EC2/BitcoinTool.B!DNS": 8,
    "Discovery:S3/TorIPCaller": 5,
    "Exfiltration:IAMUser/AnomalousBehavior": 8,
    "Exfiltration:S3/AnomalousBehavior": 8,
    "Impact:IAMUser/AnomalousBehavior": 8,
    "Persistence:IAMUser/AnomalousBehavior": 5,
    "Policy:IAMUser/RootCredentialUsage": 2,
    "Policy:S3/BucketAnonymousAccessGranted": 8,
    "Policy:S3/BucketBlockPublicAccessDisabled": 2,
    "PrivilegeEscalation:IAMUser/AnomalousBehavior": 5,
    "Recon:IAMUser/TorIPCaller": 5,
    "Stealth:IAMUser/CloudTrailLoggingDisabled": 2,
    "Stealth:S3/ServerAccessLoggingDisabled": 2,
    "Trojan:EC2/DNSDataExfiltration": 8,
    "UnauthorizedAccess:EC2/MetadataDNSRebind": 8,
    "UnauthorizedAccess:EC2/SSHBruteForce": 2,
    "UnauthorizedAccess:IAMUser/ConsoleLoginSuccess.B": 5,
    "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS": 8,
}

_SAMPLE_RESOURCES: dict[str, dict[str, Any]] = {
    "IAMUser": {
        "ResourceType": "AccessKey",
        "AccessKeyDetails": {
            "AccessKeyId": "GeneratedFindingAccessKeyId",
            "PrincipalId": "GeneratedFindingPrincipalId",
            "UserName": "GeneratedFindingUserName",
            "UserType": "IAMUser",
        },
    },
    "EC2": {"ResourceType": "Instance", "InstanceDetails": {"InstanceId": "i-99999999"}},
    "S3": {
        "ResourceType": "S3Bucket",
        "S3BucketDetails": [
            {"Name": "GeneratedFindingS3Bucket", "Arn": "arn:aws:s3:::GeneratedFindingS3Bucket"}
        ],
    },
}


def _visible(call: Call) -> Iterator[tuple[GuardDutyState, dict[str, Any]]]:
    """The findings that the caller sees, each with the state that keeps it."""
    own = state_of(call)
    watched = [m.account for m in own.members.values() if m.relationship == "Enabled"]
    for state in (own, *(guardduty_states[account][call.region] for account in watched)):
        for finding in state.findings.values():
            yield state, finding


def _list_findings(call: Call) -> dict[str, Any]:
    criteria = call.params.get("FindingCriteria", {}).get("Criterion", {})
    shape = service_model("guardduty").shape_for("Finding")
    for path in criteria:
        if not known_path(shape, path) and not path.startswith("service.additionalInfo."):
            raise call.refuse(f"The request is rejected because the criterion {path} is not supported.")
    found = [
        finding
        for _, finding in _visible(call)
        if all(satisfies(values_at(finding, path), criterion) for path, criterion in criteria.items())
    ]
    sort = call.params.get("SortCriteria", {})
    found = ordered(found, sort.get("AttributeName", ""), sort.get("OrderBy") == "DESC")
    return call.page("FindingIds", [finding["Id"] for finding in found])


def _get_findings(call: Call) -> dict[str, Any]:
    visible = {finding["Id"]: finding for _, finding in _visible(call)}
    found = [visible[finding_id] for finding_id in call.params["FindingIds"] if finding_id in visible]
    sort = call.params.get("SortCriteria", {})
    return {"Findings": ordered(found, sort.get("AttributeName", ""), sort.get("OrderBy") == "DESC")}


def _set_archived(call: Call, archived: bool) -> None:
    for state, finding in list(_visible(call)):
        if finding["Id"] in call.params["FindingIds"]:
            service = {**finding["Service"], "Archived": archived}
            state.findings[finding["Id"]] = {**finding, "Service": service}


def _archive_findings(call: Call) -> None:
    _set_archived(call, True)


def _unarchive_findings(call: Call) -> None:
    _set_archived(call, False)


def _create_sample_findings(call: Call) -> None:
    state = state_of(call)
    types = call.params.get("FindingTypes") or list(SAMPLES)
    for kind in types:
        if kind not in SAMPLES:
            raise call.refuse(
                "The request is rejected because the parameter findingTypes has an invalid value."
            )
    for kind in types:
        state.add_finding(_sample(kind))


def _sample(kind: str) -> dict[str, Any]:
    target = kind.partition(":")[2].partition("/")[0]
    return {
        "Type": kind,
        "Severity": SAMPLES[kind],
        "Title": f"[SAMPLE] {kind}",
        "Description": "A sample finding, made by CreateSampleFindings.",
        "Resource": _SAMPLE_RESOURCES[target],
        "Service": {"AdditionalInfo": {"Value": '{"sample":true}', "Type": "default"}},
    }


OPERATIONS: dict[str, Handler] = {
    "ListFindings": _list_findings,
    "GetFindings": _get_findings,
    "ArchiveFindings": _archive_findings,
    "UnarchiveFindings": _unarchive_findings,
    "CreateSampleFindings": _create_sample_findings,
}
