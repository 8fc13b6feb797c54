"""Company ABC: its guardrails: what no account may do, and whom no account may let in.

Before: some attempts on single units.  After: one baseline and one perimeter, on the root.
"""

from __future__ import annotations

import json
from typing import Any, Final

from watchword.lab.estate.builder import Builder
from watchword.lab.estate.company import LOG_ARCHIVE, MANAGEMENT, PARTNER_AUDITOR, REGIONS

Statement = dict[str, Any]

_SERVICE: Final = "SERVICE_CONTROL_POLICY"
_RESOURCE: Final = "RESOURCE_CONTROL_POLICY"

_LEAVING: Final = ("organizations:LeaveOrganization",)
_TRAILS: Final = ("cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:UpdateTrail")
_DETECTION: Final = (
    "guardduty:DeleteDetector",
    "guardduty:Disassociate*",
    "guardduty:UpdateDetector",
    "config:DeleteConfigurationRecorder",
    "config:DeleteDeliveryChannel",
    "config:StopConfigurationRecorder",
    "securityhub:DisableSecurityHub",
    "securityhub:Disassociate*",
)
_ENDING_LOGS: Final = (
    "s3:DeleteBucket",
    "s3:DeleteBucketPolicy",
    "s3:PutBucketPolicy",
    "s3:PutLifecycleConfiguration",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "kms:ScheduleKeyDeletion",
    "kms:DisableKey",
)
_EVERYWHERE: Final = (
    "account:*",
    "budgets:*",
    "ce:*",
    "cloudfront:*",
    "iam:*",
    "organizations:*",
    "route53:*",
    "sts:*",
    "support:*",
    "wafv2:*",
)
_AUTOMATION: Final = "arn:aws:iam::*:role/stacksets-exec-*"


def build(lab: Builder) -> None:
    """Switch control policies on, make them, and attach them."""
    client = lab.client("organizations", MANAGEMENT)
    root = lab.ref("ou", MANAGEMENT, "global", "Root")
    for kind in (_SERVICE, _RESOURCE):
        client.enable_policy_type(RootId=root, PolicyType=kind)
    baseline = [*_protection(), _no_root(), _regions()]
    if lab.after:
        _attach(client, _SERVICE, "baseline", baseline, root)
        _attach(client, _SERVICE, "protect-log-archive", [_kept_logs()], LOG_ARCHIVE.id)
        _attach(client, _RESOURCE, "data-perimeter", [_perimeter(client)], root)
        return
    unit = {name: lab.ref("ou", MANAGEMENT, "global", name) for name in ("Security", "Workloads", "Sandbox")}
    _attach(client, _SERVICE, "security-baseline", baseline, unit["Security"])
    _attach(client, _SERVICE, "protect-trails", [_deny([*_LEAVING, *_TRAILS], "Trails")], unit["Workloads"])
    _attach(client, _SERVICE, "sandbox-experiment", [_tagged()], unit["Sandbox"])
    _attach(client, _RESOURCE, "log-perimeter", [_perimeter(client)], LOG_ARCHIVE.id)
    buckets = {**_perimeter(client), "Sid": "Buckets", "Action": "s3:*"}
    _attach(client, _RESOURCE, "bucket-perimeter", [buckets], unit["Workloads"])


def _attach(client: Any, kind: str, name: str, statements: list[Statement], target: str) -> None:
    content = json.dumps({"Version": "2012-10-17", "Statement": statements})
    made = client.create_policy(Type=kind, Name=name, Description=f"Company ABC: {name}", Content=content)
    client.attach_policy(PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=target)


def _deny(actions: list[str], sid: str) -> Statement:
    return {"Sid": sid, "Effect": "Deny", "Action": actions, "Resource": "*"}


def _protection() -> list[Statement]:
    """Nobody leaves or stops a trail; detection is changed by the automation alone."""
    spared = {"ArnNotLike": {"aws:PrincipalArn": _AUTOMATION}}
    return [
        _deny([*_LEAVING, *_TRAILS], "LeavingAndTrails"),
        {**_deny([*_DETECTION], "Detection"), "Condition": spared},
    ]


def _kept_logs() -> Statement:
    """What was recorded, and the key that it is encrypted with, are out of everybody's reach."""
    bucket = "arn:aws:s3:::abc-organization-trail"
    return {
        "Sid": "KeptLogs",
        "Effect": "Deny",
        "Action": list(_ENDING_LOGS),
        "Resource": [bucket, f"{bucket}/*", f"arn:aws:kms:*:{LOG_ARCHIVE.id}:key/*"],
        "Condition": {"ArnNotLike": {"aws:PrincipalArn": _AUTOMATION}},
    }


def _no_root() -> Statement:
    condition = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}, "Null": {"aws:AssumedRoot": "true"}}
    return {**_deny(["*"], "RootUser"), "Condition": condition}


def _regions() -> Statement:
    return {
        "Sid": "Regions",
        "Effect": "Deny",
        "NotAction": list(_EVERYWHERE),
        "Resource": "*",
        "Condition": {
            "StringNotEquals": {"aws:RequestedRegion": list(REGIONS)},
            "ArnNotLike": {"aws:PrincipalArn": _AUTOMATION},
        },
    }


def _tagged() -> Statement:
    """An experiment: whoever carries a tag may do everything, and anybody can get the tag."""
    everything = _deny([*_LEAVING, *_TRAILS, *_DETECTION], "UnlessTrusted")
    return {**everything, "Condition": {"StringNotEquals": {"aws:PrincipalTag/trusted": "yes"}}}


def _perimeter(client: Any) -> Statement:
    organization = client.describe_organization()["Organization"]["Id"]
    return {
        "Sid": "OwnOrganization",
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["s3:*", "sqs:*", "kms:*", "secretsmanager:*", "sts:AssumeRole"],
        "Resource": "*",
        "Condition": {
            "StringNotEqualsIfExists": {
                "aws:PrincipalOrgID": organization,
                "aws:PrincipalAccount": [PARTNER_AUDITOR],
            },
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        },
    }
