"""Company ABC's machines in each state: what runs where, how it is reached, patched and started.

A plan with its builder; ``infrastructure`` calls it.  Kept for later areas: ``instance/<account>/<region>/<name>``.
Root volumes are encrypted and called ``<name>-root``, since volumes are another area's subject.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from watchword.lab.backends.ssm_instances import register
from watchword.lab.backends.ssm_patching import report_patches
from watchword.lab.estate.builder import Builder
from watchword.lab.estate.company import DEV, HOME, IDENTITY, NETWORK, PROD, SANDBOX, LabAccount
from watchword.lab.estate.vpc_plan import FRANKFURT

IMAGE: Final = "ami-0abc2024000000001"
"""The public image of the vendor from which machines are started that have no golden image."""

_PUBLIC_KEY: Final = (
    b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE7cVRgNlbhaYZTW8T9PyGlyr1rTqAaZQW8fOKu6SPyj ops@abc.example"
)
_SYSTEMS: Final = {
    "Amazon Linux": "AMAZON_LINUX_2023",
    "Ubuntu": "UBUNTU",
    "Microsoft Windows Server 2012 R2 Standard": "WINDOWS",
    "Microsoft Windows Server 2022 Datacenter": "WINDOWS",
}
_AL2023: Final = ("Amazon Linux", "2023")
_UBUNTU_18: Final = ("Ubuntu", "18.04")
_UBUNTU_24: Final = ("Ubuntu", "24.04")
_WINDOWS_2012: Final = ("Microsoft Windows Server 2012 R2 Standard", "6.3.9600")
_WINDOWS_2022: Final = ("Microsoft Windows Server 2022 Datacenter", "10.0.20348")

_PLAIN_START: Final = "#!/bin/bash\ndnf install -y amazon-cloudwatch-agent\nsystemctl enable --now shop\n"
_LEAKING_START: Final = (
    "#!/bin/bash\n"
    "export REPORT_DB_PASSWORD='Winter2024!payroll'\n"
    "aws s3 cp s3://abc-batch/run.sh /opt/run.sh && bash /opt/run.sh\n"
)


@dataclass(frozen=True, slots=True)
class Machine:
    """One EC2 instance.

    ``system``: platform and version as its agent reports them, ``None``: not managed by Systems Manager.
    ``scanned``: days since the last patch scan, ``None``: never; ``missing``: patches that it found missing.
    """

    account: LabAccount
    name: str
    subnet: str
    group: str
    region: str = HOME
    public: bool = False
    system: tuple[str, str] | None = _AL2023
    scanned: int | None = 1
    missing: int = 0
    tokens: str = "required"
    hops: int = 1
    key: str = ""
    start: str = ""
    role: str = ""
    stopped: bool = False
    size: str = "t3.medium"


def machines(after: bool) -> tuple[Machine, ...]:
    """All machines of a state."""
    return (*_KEPT, *(_MENDED if after else _FLAWED))


_KEPT: Final = (
    Machine(PROD, "web-1", "app-app-a", "app-web", role="shop-web", start=_PLAIN_START),
    Machine(PROD, "orders-1", "app-app-b", "app-app", key="ops-2021"),
    Machine(PROD, "standby-1", "standby-app-a", "standby-standby-app", region=FRANKFURT),
    Machine(NETWORK, "resolver-1", "shared-private-a", "shared-shared-app", size="t3.small"),
    Machine(IDENTITY, "directory-sync-1", "directory-private-a", "directory-directory", system=_WINDOWS_2022),
    Machine(DEV, "build-2", "dev-private-a", "dev-web"),
)
"""Good practice from the beginning."""

_FLAWED: Final = (
    Machine(
        PROD,
        "bastion",
        "app-public-a",
        "app-bastion",
        public=True,
        system=None,
        tokens="optional",
        key="ops-2021",
    ),
    Machine(PROD, "web-2", "app-app-b", "app-web", role="shop-web", hops=2, start=_PLAIN_START),
    Machine(PROD, "payroll-app", "app-app-a", "app-app", system=_WINDOWS_2012, missing=7, size="m5.large"),
    Machine(PROD, "batch-1", "app-app-a", "app-app", scanned=20, start=_LEAKING_START),
    Machine(PROD, "reports-old", "app-app-b", "app-app", tokens="optional", stopped=True),
    Machine(
        DEV,
        "dev-web-1",
        "dev-public-a",
        "dev-open-for-tests",
        public=True,
        system=_UBUNTU_18,
        scanned=None,
        tokens="optional",
        key="developers",
        role="dev-web",
    ),
    Machine(DEV, "build-1", "dev-public-b", "dev-build-agents", public=True, key="developers"),
    Machine(
        SANDBOX,
        "experiment-1",
        "sandbox-public-a",
        "sandbox-experiments",
        public=True,
        system=None,
        tokens="optional",
        key="experiments",
    ),
)

_MENDED: Final = (
    Machine(PROD, "web-2", "app-app-b", "app-web", role="shop-web", start=_PLAIN_START),
    Machine(PROD, "payroll-app", "app-app-a", "app-app", system=_WINDOWS_2022, size="m5.large"),
    Machine(PROD, "batch-1", "app-app-a", "app-app", start=_PLAIN_START),
    Machine(DEV, "dev-web-1", "dev-private-b", "dev-web", system=_UBUNTU_24, role="dev-web"),
    Machine(DEV, "build-1", "dev-private-b", "dev-build-agents"),
)


def build(lab: Builder) -> None:
    """Start the machines, and let Systems Manager know of those that it manages."""
    plan = machines(lab.after)
    for account, region, key in sorted(
        {(one.account, one.region, one.key) for one in plan if one.key}, key=str
    ):
        lab.client("ec2", account, region).import_key_pair(KeyName=key, PublicKeyMaterial=_PUBLIC_KEY)
    for machine in plan:
        instance = _start(lab, machine)
        if machine.system:
            _manage(machine, instance)


def _start(lab: Builder, machine: Machine) -> str:
    ec2 = lab.client("ec2", machine.account, machine.region)
    network = {
        "DeviceIndex": 0,
        "SubnetId": lab.ref("subnet", machine.account, machine.region, machine.subnet),
        "Groups": [lab.ref("sg", machine.account, machine.region, machine.group)],
        "AssociatePublicIpAddress": machine.public,
    }
    made = ec2.run_instances(
        ImageId=IMAGE,
        InstanceType=machine.size,
        MinCount=1,
        MaxCount=1,
        NetworkInterfaces=[network],
        MetadataOptions={
            "HttpTokens": machine.tokens,
            "HttpPutResponseHopLimit": machine.hops,
            "HttpEndpoint": "enabled",
        },
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 16, "Encrypted": True}}],
        TagSpecifications=_tags(machine),
        **_options(lab, machine),
    )
    instance = str(made["Instances"][0]["InstanceId"])
    _name_volumes(ec2, instance, machine)
    if machine.stopped:
        ec2.stop_instances(InstanceIds=[instance])
    return lab.remember("instance", machine.account, machine.region, machine.name, instance)


def _options(lab: Builder, machine: Machine) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if machine.key:
        options["KeyName"] = machine.key
    if machine.start:
        options["UserData"] = machine.start
    if machine.role:
        profile = lab.ref("instance-profile", machine.account, "global", machine.role)
        options["IamInstanceProfile"] = {"Arn": profile}
    return options


def _tags(machine: Machine) -> list[dict[str, Any]]:
    tags = {"Name": machine.name, "owner": f"{machine.account.alias}-team"}
    return [
        {"ResourceType": "instance", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
    ]


def _name_volumes(ec2: Any, instance: str, machine: Machine) -> None:
    attached = [{"Name": "attachment.instance-id", "Values": [instance]}]
    volumes = [one["VolumeId"] for one in ec2.describe_volumes(Filters=attached)["Volumes"]]
    if volumes:
        ec2.create_tags(Resources=volumes, Tags=[{"Key": "Name", "Value": f"{machine.name}-root"}])


def _manage(machine: Machine, instance: str) -> None:
    """What the agent of the machine reports: its system, and the patches that a scan found."""
    platform, version = machine.system or _AL2023
    windows = platform.startswith("Microsoft")
    register(
        machine.account.id,
        machine.region,
        instance,
        ComputerName=f"{machine.name}.abc.internal",
        PlatformName=platform,
        PlatformVersion=version,
        PlatformType="Windows" if windows else "Linux",
        PingStatus="ConnectionLost" if machine.stopped else "Online",
    )
    if machine.scanned is not None:
        report_patches(
            machine.account.id,
            machine.region,
            instance,
            _patches(machine, windows),
            at=datetime.now(UTC) - timedelta(days=machine.scanned),
            system=_SYSTEMS[platform],
        )


def _patches(machine: Machine, windows: bool) -> list[dict[str, Any]]:
    installed = datetime.now(UTC) - timedelta(days=40)
    states = ["INSTALLED"] * 20 + ["MISSING"] * machine.missing
    return [
        {
            "Title": f"Security update {number}",
            "KBId": f"KB50{number:05d}" if windows else f"openssl-libs.x86_64:1:3.0.{number}",
            "Classification": "SecurityUpdates" if windows else "Security",
            "Severity": "Critical" if state == "MISSING" else "Important",
            "State": state,
            "InstalledTime": installed,
        }
        for number, state in enumerate(states)
    ]
