"""Macie's findings: listed by criteria, read, and made up as samples.

What it does not do: suppression rules, statistics and export.
"""

from collections.abc import Iterator
from typing import Any

from watchword.lab.backends.call import Call, service_model
from watchword.lab.backends.criteria import known_path, ordered, satisfies, values_at
from watchword.lab.backends.macie2.members import watched_by
from watchword.lab.backends.macie2.state import macie2_states, state_of
from watchword.lab.backends.registry import Handler

# The severity of each type of finding, as the samples have it.
# https://docs.aws.amazon.com/macie/latest/user/findings-severity.html
SEVERITIES = {
    "SensitiveData:S3Object/Multiple": "High",
    "SensitiveData:S3Object/Financial": "High",
    "SensitiveData:S3Object/Personal": "High",
    "SensitiveData:S3Object/Credentials": "High",
    "SensitiveData:S3Object/CustomIdentifier": "Medium",
    "Policy:IAMUser/S3BucketPublic": "High",
    "Policy:IAMUser/S3BucketSharedExternally": "High",
    "Policy:IAMUser/S3BucketReplicatedExternally": "High",
    "Policy:IAMUser/S3BucketEncryptionDisabled": "Low",
    "Policy:IAMUser/S3BlockPublicAccessDisabled": "High",
    "Policy:IAMUser/S3BucketSharedWithCloudFront": "Medium",
}

SCORES = {"Low": 1, "Medium": 2, "High": 3}


def _visible(call: Call) -> Iterator[dict[str, Any]]:
    state_of(call)
    for account in watched_by(call):
        yield from macie2_states[account][call.region].findings.values()


def _list_findings(call: Call) -> dict[str, Any]:
    criteria = call.params.get("findingCriteria", {}).get("criterion", {})
    sort = call.params.get("sortCriteria", {})
    shape = service_model("macie2").shape_for("Finding")
    for path in [*criteria, *([sort["attributeName"]] if "attributeName" in sort else [])]:
        if not known_path(shape, path):
            raise call.refuse(f"The request failed because {path} isn't a field of findings.")
    found = [
        finding
        for finding in _visible(call)
        if all(satisfies(values_at(finding, path), criterion) for path, criterion in criteria.items())
    ]
    found = ordered(found, sort.get("attributeName", ""), sort.get("orderBy") == "DESC")
    return call.page("findingIds", [finding["id"] for finding in found])


def _get_findings(call: Call) -> dict[str, Any]:
    visible = {finding["id"]: finding for finding in _visible(call)}
    found = [visible[finding_id] for finding_id in call.params["findingIds"] if finding_id in visible]
    sort = call.params.get("sortCriteria", {})
    return {"findings": ordered(found, sort.get("attributeName", ""), sort.get("orderBy") == "DESC")}


def _create_sample_findings(call: Call) -> None:
    state = state_of(call)
    for kind in call.params.get("findingTypes") or SEVERITIES:
        state.add_finding(_sample(kind))


def _sample(kind: str) -> dict[str, Any]:
    bucket = {"name": "macie-sample-finding-bucket", "arn": "arn:aws:s3:::macie-sample-finding-bucket"}
    affected: dict[str, Any] = {"s3Bucket": bucket}
    if kind.startswith("SensitiveData:"):
        affected["s3Object"] = {"bucketArn": bucket["arn"], "key": "macie-sample-finding-object.csv"}
    severity = SEVERITIES[kind]
    return {
        "type": kind,
        "sample": True,
        "title": f"[SAMPLE] {kind}",
        "description": "A sample finding, made by CreateSampleFindings.",
        "severity": {"description": severity, "score": SCORES[severity]},
        "resourcesAffected": affected,
    }


OPERATIONS: dict[str, Handler] = {
    "ListFindings": _list_findings,
    "GetFindings": _get_findings,
    "CreateSampleFindings": _create_sample_findings,
}
