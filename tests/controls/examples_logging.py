"""Examples of the controls of logging, detection and recording."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.controls.builder import ACCOUNT, NOW, organization, view
from tests.controls.examples import example
from watchword.model.ids import AccountId
from watchword.model.snapshot import Account, AccountView

OWNER = "999988887777"
ORG = organization({"organizations.accounts": [{"Id": ACCOUNT}, {"Id": OWNER}]})
BASIC = {"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True}]}


def trail(owner: str = OWNER, **changes: Any) -> dict[str, Any]:
    """A trail as a member account of the organisation sees it."""
    arn = f"arn:aws:cloudtrail:eu-west-1:{owner}:trail/organization"
    return {
        "_arn": arn,
        "_name": "organization",
        "S3BucketName": "abc-trail",
        "IsMultiRegionTrail": True,
        "IncludeGlobalServiceEvents": True,
        "IsOrganizationTrail": True,
        "LogFileValidationEnabled": True,
        "KmsKeyId": "arn:aws:kms:eu-west-1:999988887777:key/1",
        "Status": {"IsLogging": True},
        "EventSelectors": BASIC,
        **changes,
    }


def lg01(*trails: dict[str, Any], org: AccountView | None = ORG) -> AccountView:
    """An account that sees these trails."""
    return view({"cloudtrail.trails": trails}, organization=org)


ADVANCED = {
    "AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}]
}
WRITES = {
    "AdvancedEventSelectors": [
        {
            "FieldSelectors": [
                {"Field": "eventCategory", "Equals": ["Management"]},
                {"Field": "readOnly", "Equals": ["false"]},
            ]
        }
    ]
}

example("LG-01", "met", "an organisation's trail that records everything", lg01(trail()))
example("LG-01", "met", "advanced selectors with all management events", lg01(trail(EventSelectors=ADVANCED)))
example(
    "LG-01",
    "met",
    "one good trail beside a bad one",
    lg01(trail(IsMultiRegionTrail=False), trail(_arn=trail()["_arn"] + "2")),
)
example(
    "LG-01", "met", "a lone account with a trail of its own", lg01(trail(IsOrganizationTrail=False), org=None)
)
example("LG-01", "gap", "no trail at all", lg01())
example("LG-01", "gap", "advanced selectors that record writes only", lg01(trail(EventSelectors=WRITES)))
example("LG-01", "gap", "a trail that is switched off", lg01(trail(Status={"IsLogging": False})))
example("LG-01", "gap", "a member's own trail", lg01(trail(IsOrganizationTrail=False)))
example("LG-01", "unknown", "trails denied", view(denied=["cloudtrail.trails"], organization=ORG))
example("LG-01", "unknown", "selectors denied", lg01(trail(_holes={"EventSelectors": "denied"})))


def bucket(**changes: Any) -> dict[str, Any]:
    """The bucket in which the trail is kept."""
    locked = {"ObjectLockEnabled": "Enabled"}
    return {
        "_arn": "arn:aws:s3:::abc-trail",
        "_name": "abc-trail",
        "ObjectLock": locked,
        "Policy": None,
        **changes,
    }


def lg02(trails: list[dict[str, Any]], buckets: list[dict[str, Any]], **more: Any) -> AccountView:
    """An account that sees trails and owns buckets."""
    return view({"cloudtrail.trails": trails, "global:s3.buckets": buckets}, **more)


DELETING = {
    "Statement": [
        {"Sid": "Tidy", "Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "s3:Delete*", "Resource": "*"}
    ]
}
WRITING = {
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudtrail.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": "arn:aws:s3:::abc-trail/*",
        }
    ]
}

example("LG-02", "met", "an own trail kept elsewhere", lg02([trail(ACCOUNT)], []))
example(
    "LG-02",
    "met",
    "a locked bucket that keeps another account's trail",
    lg02([trail()], [bucket(Policy=WRITING)]),
)
example("LG-02", "gap,met", "an own trail in an own, locked bucket", lg02([trail(ACCOUNT)], [bucket()]))
example("LG-02", "gap", "no validation", lg02([trail(ACCOUNT, LogFileValidationEnabled=False)], []))
example("LG-02", "gap", "no key", lg02([trail(ACCOUNT, KmsKeyId=None)], []))
example("LG-02", "gap", "no object lock", lg02([trail()], [bucket(ObjectLock=None)]))
example("LG-02", "gap", "a policy that lets objects be deleted", lg02([trail()], [bucket(Policy=DELETING)]))
example("LG-02", "not_applicable", "another account's trail, kept in a third", lg02([trail()], []))
example(
    "LG-02",
    "unknown",
    "the policy of the bucket denied",
    lg02([trail()], [bucket(_holes={"Policy": "denied"})]),
)
example("LG-02", "unknown", "trails denied", view({"global:s3.buckets": []}, denied=["cloudtrail.trails"]))
example(
    "LG-02",
    "unknown",
    "an own trail, buckets denied",
    view({"cloudtrail.trails": [trail(ACCOUNT)]}, denied=["global:s3.buckets"]),
)

DELEGATED = {
    "Id": ACCOUNT,
    "Services": [
        {"ServicePrincipal": f"{name}.amazonaws.com"} for name in ("guardduty", "securityhub", "config")
    ],
}
ADMIN = organization({"organizations.delegated_administrators": [DELEGATED]})
MEMBER = organization({"organizations.delegated_administrators": [{**DELEGATED, "Id": OWNER}]})
ON = {"_name": "guardduty", "Status": "ENABLED", "Organization": None}


def detectors(*rows: dict[str, Any], org: AccountView | None = MEMBER) -> AccountView:
    """An account with these detectors in its region."""
    return view({"guardduty.detectors": rows}, organization=org)


def enrolling(whom: str) -> dict[str, Any]:
    """The administrator's detector."""
    return {**ON, "Organization": {"AutoEnableOrganizationMembers": whom}}


example("LG-04", "met", "a detector in a member account", detectors(ON))
example("LG-04", "met", "an administrator that enrols all", detectors(enrolling("ALL"), org=ADMIN))
example("LG-04", "met", "a lone account", detectors(ON, org=None))
example(
    "LG-04", "gap", "an administrator that enrols new accounts only", detectors(enrolling("NEW"), org=ADMIN)
)
example("LG-04", "gap", "no detector", detectors())
example("LG-04", "gap", "a suspended detector", detectors({**ON, "Status": "DISABLED"}))
example("LG-04", "unknown", "detectors denied", view(denied=["guardduty.detectors"], organization=MEMBER))
example(
    "LG-04",
    "unknown",
    "delegations denied",
    detectors(ON, org=organization(denied=["organizations.delegated_administrators"])),
)


def found(hours: int, severity: float = 8.0, account: str = ACCOUNT) -> dict[str, Any]:
    """A finding of this age."""
    at = (NOW - timedelta(hours=hours)).isoformat()
    return {
        "_name": f"Stolen-{hours}",
        "AccountId": account,
        "Severity": severity,
        "Type": "Stolen",
        "CreatedAt": at,
    }


def lg05(*findings: dict[str, Any], **detector: Any) -> AccountView:
    """A region with a detector and findings."""
    return view({"guardduty.findings": findings, "guardduty.detectors": [{**ON, **detector}]})


example("LG-05", "met", "nothing open", lg05())
example("LG-05", "met", "open for three hours", lg05(found(3)))
example("LG-05", "met", "another account's old finding", lg05(found(90, account=OWNER)))
example("LG-05", "gap", "open for two days", lg05(found(48)))
example("LG-05", "gap,met", "one old, one new", lg05(found(48), found(1)))
example("LG-05", "met", "old but of middling severity", lg05(found(48, severity=5.0)))
example("LG-05", "unknown", "GuardDuty off", lg05(Status="DISABLED"))
example(
    "LG-05", "unknown", "findings denied", view({"guardduty.detectors": [ON]}, denied=["guardduty.findings"])
)

HUB = {"_name": "security-hub", "HubArn": "arn:aws:securityhub:eu-west-1:111122223333:hub/default"}
FSBP = {
    "StandardsArn": "arn:aws:securityhub:eu-west-1::standards/aws-foundational-security-best-practices/v/1.0.0",
    "StandardsStatus": "READY",
}


def lg06(
    hubs: list[Any], standards: list[Any], aggregators: list[Any], org: AccountView | None = MEMBER
) -> AccountView:
    """A region with Security Hub in some state."""
    tables = {
        "securityhub.hubs": hubs,
        "securityhub.standards": standards,
        "securityhub.finding_aggregators": aggregators,
    }
    return view(tables, organization=org)


def linking(mode: str) -> dict[str, Any]:
    """A finding aggregator."""
    return {"RegionLinkingMode": mode, "FindingAggregationRegion": "eu-west-1"}


example("LG-06", "met", "a member with the standard", lg06([HUB], [FSBP], []))
example(
    "LG-06",
    "met,met",
    "the administrator with all regions linked",
    lg06([HUB], [FSBP], [linking("ALL_REGIONS")], ADMIN),
)
example("LG-06", "gap,met", "the administrator without aggregator", lg06([HUB], [FSBP], [], ADMIN))
example("LG-06", "gap,met", "named regions only", lg06([HUB], [FSBP], [linking("SPECIFIED_REGIONS")], ADMIN))
example("LG-06", "gap", "no hub", lg06([], [], []))
example("LG-06", "gap", "a hub without the standard", lg06([HUB], [], []))
example("LG-06", "gap", "a standard that failed", lg06([HUB], [{**FSBP, "StandardsStatus": "FAILED"}], []))
example("LG-06", "unknown", "hub denied", view(denied=["securityhub.hubs"], organization=None))
example("LG-06", "unknown", "nothing collected", view({}))

RECORDER = {"name": "default", "recordingGroup": {"allSupported": True}}
RUNNING = {"name": "default", "recording": True, "lastStatus": "SUCCESS"}
CHANNEL = {"name": "default", "s3BucketName": "abc-config"}
WHOLE = {"OrganizationAggregationSource": {"AllAwsRegions": True}}


def lg07(
    recorder: dict[str, Any] | None = RECORDER,
    status: dict[str, Any] | None = RUNNING,
    channel: dict[str, Any] | None = CHANNEL,
    aggregators: tuple[dict[str, Any], ...] = (),
    org: AccountView | None = MEMBER,
    **more: Any,
) -> AccountView:
    """A region with Config in some state."""
    tables = {
        "config.recorders": [recorder] if recorder else [],
        "config.recorder_statuses": [status] if status else [],
        "config.delivery_channels": [channel] if channel else [],
        "config.aggregators": aggregators,
    }
    return view(tables, organization=org, **more)


example("LG-07", "met", "a member that records everything", lg07())
example("LG-07", "met,met", "the administrator with an aggregator", lg07(aggregators=(WHOLE,), org=ADMIN))
example("LG-07", "gap,met", "the administrator without aggregator", lg07(org=ADMIN))
example(
    "LG-07",
    "gap,met",
    "the management account, nothing delegated",
    lg07(
        org=organization({"organizations.delegated_administrators": []}),
        account=Account(AccountId(ACCOUNT), "management", is_management=True),
    ),
)
example("LG-07", "gap", "no recorder", lg07(recorder=None, status=None))
example("LG-07", "gap", "a recorder that is stopped", lg07(status={**RUNNING, "recording": False}))
example(
    "LG-07",
    "gap",
    "a recorder that fails",
    lg07(status={**RUNNING, "lastStatus": "FAILURE", "lastErrorCode": "NoSuchBucket"}),
)
example(
    "LG-07",
    "gap",
    "some types only",
    lg07(
        recorder={
            "name": "default",
            "recordingGroup": {"allSupported": False, "resourceTypes": ["AWS::EC2::VPC"]},
        }
    ),
)
example("LG-07", "gap", "nowhere to deliver", lg07(channel=None))
example("LG-07", "unknown", "recorders denied", view(denied=["config.recorders"]))
example("LG-07", "unknown", "nothing collected", view({}))
