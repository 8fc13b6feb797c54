"""Company ABC: its audit trail, its record of configuration, its detection.

Before: two trails of single accounts, recorders and detectors here and there.  After: one trail of the organisation in
a locked bucket of the log archive, and everything on in every account and region.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from watchword.lab.backends.guardduty.state import guardduty_states
from watchword.lab.estate.builder import Builder
from watchword.lab.estate.company import (
    ACCOUNTS,
    DATA,
    DEV,
    HOME,
    LOG_ARCHIVE,
    MANAGEMENT,
    PROD,
    REGIONS,
    SECURITY,
    LabAccount,
)

_STOLEN_KEYS: Final = "UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS"
_MINING: Final = "CryptoCurrency:EC2/BitcoinTool.B!DNS"
_CONFIG_ROLE: Final = "aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"


def build(lab: Builder) -> None:
    """Build trails, recorders, detectors, hubs, and what GuardDuty has found."""
    (_trails_after if lab.after else _trails_before)(lab)
    (_everything_on if lab.after else _here_and_there)(lab)
    _found_by_guardduty(lab)


def _trails_before(lab: Builder) -> None:
    _bucket(lab, MANAGEMENT, "abc-management-trail")
    trails = lab.client("cloudtrail", MANAGEMENT)
    trails.create_trail(Name="company", S3BucketName="abc-management-trail", IsMultiRegionTrail=True)
    trails.start_logging(Name="company")
    _bucket(lab, LOG_ARCHIVE, "abc-prod-trail")
    trails = lab.client("cloudtrail", PROD)
    trails.create_trail(
        Name="prod",
        S3BucketName="abc-prod-trail",
        EnableLogFileValidation=True,
        KmsKeyId=_log_key(lab),
    )
    orders = {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::abc-orders/"]}
    trails.put_event_selectors(
        TrailName="prod",
        EventSelectors=[
            {"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True},
            {"ReadWriteType": "All", "IncludeManagementEvents": False, "DataResources": [orders]},
        ],
    )
    trails.start_logging(Name="prod")


def _trails_after(lab: Builder) -> None:
    _bucket(lab, LOG_ARCHIVE, "abc-organization-trail", locked=True)
    trails = lab.client("cloudtrail", MANAGEMENT)
    trails.create_trail(
        Name="organization",
        S3BucketName="abc-organization-trail",
        IsMultiRegionTrail=True,
        IsOrganizationTrail=True,
        EnableLogFileValidation=True,
        KmsKeyId=_log_key(lab),
    )
    trails.put_event_selectors(TrailName="organization", AdvancedEventSelectors=_selectors())
    trails.start_logging(Name="organization")


def _selectors() -> list[dict[str, Any]]:
    """All management events, and the data events of the kinds that hold sensitive data."""
    selectors = [
        {"Name": "management", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}
    ]
    for kind in ("AWS::S3::Object", "AWS::DynamoDB::Table", "AWS::Lambda::Function"):
        fields = [
            {"Field": "eventCategory", "Equals": ["Data"]},
            {"Field": "resources.type", "Equals": [kind]},
        ]
        selectors.append({"Name": kind, "FieldSelectors": fields})
    return selectors


def _log_key(lab: Builder) -> str:
    """The log archive's key, usable by CloudTrail and managed by its own account."""
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Administration",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{LOG_ARCHIVE.id}:role/KeyAdministrator"},
                "Action": [
                    "kms:Create*",
                    "kms:Describe*",
                    "kms:Enable*",
                    "kms:Put*",
                    "kms:ScheduleKeyDeletion",
                ],
                "Resource": "*",
            },
            {
                "Sid": "Trail",
                "Effect": "Allow",
                "Principal": {"Service": "cloudtrail.amazonaws.com"},
                "Action": ["kms:GenerateDataKey*", "kms:DescribeKey"],
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:SourceAccount": [MANAGEMENT.id, PROD.id]}},
            },
        ],
    }
    client = lab.client("kms", LOG_ARCHIVE)
    key = client.create_key(Policy=json.dumps(policy), Description="audit trail")["KeyMetadata"]
    client.create_alias(AliasName="alias/audit-trail", TargetKeyId=key["KeyId"])
    client.enable_key_rotation(KeyId=key["KeyId"])
    return str(key["Arn"])


def _bucket(lab: Builder, account: LabAccount, name: str, *, locked: bool = False) -> None:
    client = lab.client("s3", account)
    client.create_bucket(
        Bucket=name,
        CreateBucketConfiguration={"LocationConstraint": HOME},
        ObjectLockEnabledForBucket=locked,
        ObjectOwnership="BucketOwnerEnforced",
    )
    blocked = dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
    )
    client.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=blocked)
    statement = {
        "Sid": "Delivery",
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{name}/AWSLogs/*",
        "Condition": {"StringEquals": {"aws:SourceAccount": [MANAGEMENT.id, PROD.id]}},
    }
    client.put_bucket_policy(
        Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    tags = [{"Key": "data-classification", "Value": "internal"}, {"Key": "owner", "Value": "security-team"}]
    client.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags})
    if locked:
        rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 365}}
        configuration = {"ObjectLockEnabled": "Enabled", "Rule": rule}
        client.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=configuration)


def _here_and_there(lab: Builder) -> None:
    for account in (MANAGEMENT, PROD, DATA, SECURITY):
        _detector(lab, account, HOME)
    suspended = _detector(lab, DEV, HOME)
    lab.client("guardduty", DEV).update_detector(DetectorId=suspended, Enable=False)
    _enrol(lab, HOME, "NEW")
    _hub(lab, SECURITY, HOME, standard=True)
    _hub(lab, PROD, HOME, standard=False)
    lab.client("securityhub", SECURITY).create_finding_aggregator(
        RegionLinkingMode="SPECIFIED_REGIONS", Regions=["us-east-1"]
    )
    for account in (PROD, SECURITY):
        _recorder(lab, account, HOME)
    _recorder(lab, DATA, HOME, types=["AWS::RDS::DBInstance", "AWS::S3::Bucket"])
    _recorder(lab, MANAGEMENT, HOME, running=False)


def _everything_on(lab: Builder) -> None:
    for region in REGIONS:
        for account in ACCOUNTS:
            _detector(lab, account, region)
            _hub(lab, account, region, standard=True)
            _recorder(lab, account, region)
        _enrol(lab, region, "ALL")
    lab.client("securityhub", SECURITY).create_finding_aggregator(RegionLinkingMode="ALL_REGIONS")
    role = f"arn:aws:iam::{SECURITY.id}:role/{_CONFIG_ROLE}"
    lab.client("config", SECURITY).put_configuration_aggregator(
        ConfigurationAggregatorName="organization",
        OrganizationAggregationSource={"RoleArn": role, "AllAwsRegions": True},
    )


def _detector(lab: Builder, account: LabAccount, region: str) -> str:
    made = lab.client("guardduty", account, region).create_detector(
        Enable=True, Features=[{"Name": "S3_DATA_EVENTS", "Status": "ENABLED"}]
    )
    return lab.remember("detector", account, region, "guardduty", made["DetectorId"])


def _enrol(lab: Builder, region: str, whom: str) -> None:
    lab.client("guardduty", MANAGEMENT, region).enable_organization_admin_account(AdminAccountId=SECURITY.id)
    lab.client("guardduty", SECURITY, region).update_organization_configuration(
        DetectorId=lab.ref("detector", SECURITY, region, "guardduty"), AutoEnableOrganizationMembers=whom
    )


def _hub(lab: Builder, account: LabAccount, region: str, *, standard: bool) -> None:
    client = lab.client("securityhub", account, region)
    client.enable_security_hub(EnableDefaultStandards=False)
    if standard:
        arn = f"arn:aws:securityhub:{region}::standards/aws-foundational-security-best-practices/v/1.0.0"
        client.batch_enable_standards(StandardsSubscriptionRequests=[{"StandardsArn": arn}])


def _recorder(
    lab: Builder, account: LabAccount, region: str, *, types: list[str] | None = None, running: bool = True
) -> None:
    client = lab.client("config", account, region)
    group: dict[str, Any] = {"allSupported": True, "includeGlobalResourceTypes": region == HOME}
    if types:
        group = {"allSupported": False, "includeGlobalResourceTypes": False, "resourceTypes": types}
    role = f"arn:aws:iam::{account.id}:role/{_CONFIG_ROLE}"
    client.put_configuration_recorder(
        ConfigurationRecorder={"name": "default", "roleARN": role, "recordingGroup": group}
    )
    client.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "abc-config"})
    if running:
        client.start_configuration_recorder(ConfigurationRecorderName="default")


def _found_by_guardduty(lab: Builder) -> None:
    """Stolen keys that nobody looked at for two days, and mining that was seen this afternoon."""
    _finding(lab, PROD, _STOLEN_KEYS, hours=50, archived=lab.after)
    _finding(lab, DATA, _MINING, hours=3, archived=lab.after)


def _finding(lab: Builder, account: LabAccount, kind: str, *, hours: int, archived: bool) -> None:
    at = datetime.now(UTC) - timedelta(hours=hours)
    state = guardduty_states[account.id][HOME]
    resource = {"ResourceType": "Instance", "InstanceDetails": {"InstanceId": "i-0abc0abc0abc0abc0"}}
    told = {"Type": kind, "Severity": 8.0, "Title": kind, "Description": kind, "Resource": resource}
    name = state.add_finding(told, at)
    if archived:
        detector = lab.ref("detector", account, HOME, "guardduty")
        lab.client("guardduty", account).archive_findings(DetectorId=detector, FindingIds=[name])
