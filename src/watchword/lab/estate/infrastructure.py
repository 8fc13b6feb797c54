"""Company ABC: its machines, functions, containers and clusters, and how they are watched over.

Machines are planned in ``machines``, the rest of what runs in ``workloads``; here stand images and snapshots, launch
templates, parameters, the settings of regions, Session Manager and Inspector.
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from watchword.lab.backends.inspector2 import inspector2_states
from watchword.lab.estate import machines, workloads
from watchword.lab.estate.builder import Builder
from watchword.lab.estate.company import (
    ACCOUNTS,
    DEV,
    HOME,
    IDENTITY,
    LOG_ARCHIVE,
    MANAGEMENT,
    NETWORK,
    PROD,
    REGIONS,
    SECURITY,
    LabAccount,
)
from watchword.lab.estate.vpc_plan import FRANKFURT

_SCANS: Final = ("EC2", "ECR", "LAMBDA")
_GUARDED_EARLY: Final = (SECURITY, LOG_ARCHIVE)
_SESSION_BUCKET: Final = "abc-session-transcripts"

_EXPLOITED: Final = frozenset({"CVE-2024-6387", "CVE-2024-38063", "CVE-2024-3094"})
"""Vulnerabilities for which exploits are public."""

_LEAKING_START: Final = (
    "#!/bin/bash\nexport LICENSE_API_KEY=9f86d081884c7d659a2feaa0c55ad015\n/opt/web/start\n"
)
_PLAIN_START: Final = "#!/bin/bash\n/opt/web/start --config ssm:/shop/web\n"


def build(lab: Builder) -> None:
    """Build this area of the company."""
    machines.build(lab)
    workloads.build(lab)
    _copies(lab)
    _templates(lab)
    _parameters(lab)
    _regions(lab)
    _sessions(lab)
    _inspector(lab)


# --- images and snapshots ---------------------------------------------------------------------------------------------


def _copies(lab: Builder) -> None:
    """Golden images and snapshots; in ``before`` one of each is public."""
    _image(lab, PROD, "web-golden", public=False)
    _image(lab, DEV, "build-agent-base", public=not lab.after)
    _snapshot(lab, PROD, "orders-disk-before-migration", public=False)
    _snapshot(lab, DEV, "test-data-copy", public=not lab.after)


def _image(lab: Builder, account: LabAccount, name: str, *, public: bool) -> None:
    ec2 = lab.client("ec2", account)
    image = ec2.register_image(
        Name=name, Architecture="x86_64", RootDeviceName="/dev/xvda", VirtualizationType="hvm"
    )
    _name_snapshots(ec2, image["ImageId"], name)
    if public:
        ec2.modify_image_attribute(ImageId=image["ImageId"], LaunchPermission={"Add": [{"Group": "all"}]})


def _name_snapshots(ec2: Any, image: str, name: str) -> None:
    """Call the snapshots behind an image after it."""
    mappings = ec2.describe_images(ImageIds=[image])["Images"][0]["BlockDeviceMappings"]
    snapshots = [one["Ebs"]["SnapshotId"] for one in mappings if "SnapshotId" in one.get("Ebs", {})]
    if snapshots:
        ec2.create_tags(Resources=snapshots, Tags=[{"Key": "Name", "Value": f"{name}-root"}])


def _snapshot(lab: Builder, account: LabAccount, name: str, *, public: bool) -> None:
    ec2 = lab.client("ec2", account)
    volume = ec2.create_volume(
        Size=20, AvailabilityZone=f"{HOME}a", Encrypted=True, TagSpecifications=_named("volume", name)
    )
    made = ec2.create_snapshot(VolumeId=volume["VolumeId"], TagSpecifications=_named("snapshot", name))
    if public:
        ec2.modify_snapshot_attribute(
            SnapshotId=made["SnapshotId"],
            Attribute="createVolumePermission",
            OperationType="add",
            GroupNames=["all"],
        )


def _named(kind: str, name: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}]


# --- what machines are started from, and parameters -------------------------------------------------------------------


def _templates(lab: Builder) -> None:
    demands = {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    web: dict[str, Any] = {"InstanceType": "t3.medium", "UserData": _encoded(_LEAKING_START)}
    if lab.after:
        web |= {"UserData": _encoded(_PLAIN_START), "MetadataOptions": demands}
    _template(lab, PROD, "web", web)
    _template(lab, DEV, "build-agent", {"InstanceType": "t3.large", "MetadataOptions": demands})
    if not lab.after:
        lab.client("autoscaling", DEV).create_launch_configuration(
            LaunchConfigurationName="legacy-workers", ImageId=machines.IMAGE, InstanceType="t3.small"
        )


def _template(lab: Builder, account: LabAccount, name: str, data: dict[str, Any]) -> None:
    lab.client("ec2", account).create_launch_template(
        LaunchTemplateName=name, LaunchTemplateData={"ImageId": machines.IMAGE, **data}
    )


def _encoded(script: str) -> str:
    return base64.b64encode(script.encode()).decode()


def _parameters(lab: Builder) -> None:
    client = lab.client("ssm", PROD)
    for name, value, secure in (
        ("/payroll/db-password", "Winter2024!payroll", lab.after),
        ("/shop/carrier-token", "6dd1f0a57c9e4b3f8a2b1c0d9e8f7a6b", True),
        ("/shop/log-level", "info", False),
    ):
        client.put_parameter(Name=name, Value=value, Type="SecureString" if secure else "String")


# --- settings of regions ----------------------------------------------------------------------------------------------


def _regions(lab: Builder) -> None:
    """Sharing is blocked in a few places before the programme, and everywhere after it."""
    for account in ACCOUNTS:
        for region in REGIONS:
            early = account in _GUARDED_EARLY or (account is PROD and region == HOME)
            ec2 = lab.client("ec2", account, region)
            if lab.after or early:
                ec2.enable_image_block_public_access(ImageBlockPublicAccessState="block-new-sharing")
                ec2.enable_snapshot_block_public_access(
                    State="block-all-sharing" if lab.after else "block-new-sharing"
                )
            if lab.after:
                ec2.modify_instance_metadata_defaults(HttpTokens="required", HttpPutResponseHopLimit=1)


def _sessions(lab: Builder) -> None:
    """Session transcripts: complete after the programme; before it, some go nowhere and some lie open."""
    bucket = {"s3BucketName": _SESSION_BUCKET, "s3KeyPrefix": "sessions", "s3EncryptionEnabled": True}
    group = {"cloudWatchLogGroupName": "/ssm/sessions", "cloudWatchEncryptionEnabled": True}
    _preferences(lab, PROD, HOME, bucket)
    _preferences(lab, NETWORK, HOME, group)
    if lab.after:
        _preferences(lab, PROD, FRANKFURT, bucket)
        _preferences(lab, IDENTITY, HOME, bucket)
        _preferences(lab, DEV, HOME, bucket)
    else:
        _preferences(lab, DEV, HOME, {**bucket, "s3EncryptionEnabled": False})


def _preferences(lab: Builder, account: LabAccount, region: str, inputs: dict[str, Any]) -> None:
    content = {
        "schemaVersion": "1.0",
        "description": "Session preferences",
        "sessionType": "Standard_Stream",
        "inputs": {"s3BucketName": "", "cloudWatchLogGroupName": "", "idleSessionTimeout": "20", **inputs},
    }
    lab.client("ssm", account, region).create_document(
        Name="SSM-SessionManagerRunShell",
        DocumentType="Session",
        DocumentFormat="JSON",
        Content=json.dumps(content),
    )


# --- Inspector --------------------------------------------------------------------------------------------------------


def _inspector(lab: Builder) -> None:
    """Who scans what, and what was found."""
    for region in REGIONS:
        management = lab.client("inspector2", MANAGEMENT, region)
        management.enable_delegated_admin_account(delegatedAdminAccountId=SECURITY.id)
        complete = lab.after or region == HOME
        lab.client("inspector2", SECURITY, region).update_organization_configuration(
            autoEnable={"ec2": True, "ecr": complete, "lambda": complete}
        )
    for account, region, scans in _scans(lab.after):
        lab.client("inspector2", account, region).enable(accountIds=[account.id], resourceTypes=list(scans))
    _findings(lab)


def _scans(after: bool) -> list[tuple[LabAccount, str, tuple[str, ...]]]:
    if after:
        return [(account, region, _SCANS) for account in ACCOUNTS for region in REGIONS]
    return [
        (PROD, HOME, _SCANS),
        (PROD, FRANKFURT, ("EC2",)),
        (SECURITY, HOME, _SCANS),
        (IDENTITY, HOME, ("EC2",)),
    ]


def _findings(lab: Builder) -> None:
    """Before: a critical one for six weeks, an exploited one for three, and fresh ones; after: fresh ones only."""
    fresh = timedelta(days=4)
    _found(lab, "web-1", "CVE-2026-21441 - urllib3", "CRITICAL", fresh)
    _found(lab, "orders-1", "CVE-2025-9230 - openssl-libs", "HIGH", timedelta(days=60))
    if not lab.after:
        _found(lab, "payroll-app", "CVE-2024-38063 - Windows TCP/IP", "CRITICAL", timedelta(days=43))
        _found(lab, "batch-1", "CVE-2024-6387 - openssh-server", "HIGH", timedelta(days=22))
        _found_in_image(lab, timedelta(days=31))


def _found(lab: Builder, machine: str, title: str, severity: str, age: timedelta) -> None:
    """A finding on a machine of prod."""
    resource = {"type": "AWS_EC2_INSTANCE", "id": lab.ref("instance", PROD, HOME, machine)}
    _add(resource, title, severity, age)


def _found_in_image(lab: Builder, age: timedelta) -> None:
    repository = lab.ref("repository", PROD, HOME, "shop/frontend")
    digest = "sha256:4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce"
    image = {"type": "AWS_ECR_CONTAINER_IMAGE", "id": f"{repository}/{digest}"}
    _add(image, "CVE-2024-3094 - xz-utils", "CRITICAL", age)


def _add(resource: dict[str, str], title: str, severity: str, age: timedelta) -> None:
    finding = {
        "type": "PACKAGE_VULNERABILITY",
        "severity": severity,
        "title": title,
        "description": f"{title}: a vulnerable version is installed.",
        "remediation": {"recommendation": {"text": "Update the package."}},
        "resources": [resource],
        "fixAvailable": "YES",
        "exploitAvailable": "YES" if title.split(maxsplit=1)[0] in _EXPLOITED else "NO",
    }
    inspector2_states[PROD.id][HOME].add_finding(finding, datetime.now(UTC) - age)
