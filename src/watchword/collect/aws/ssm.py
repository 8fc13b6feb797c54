"""AWS Systems Manager: managed nodes with their patch states, inventory, patch policy, documents, parameters, settings.

Values of parameters are not read: names, types and keys are enough to judge them, and the auditor's role has no business
with the values.
"""

from __future__ import annotations

from collections.abc import Iterable

from watchword.collect import redaction
from watchword.collect.reads import Detail, Read, Row

_ARN = "arn:{partition}:ssm:{region}:{account}:"
_INVENTORY = "AWS::SSM::Inventory"


def _own_baseline(row: Row) -> bool:
    """Baselines of AWS have an ARN for an id."""
    return not str(row.get("BaselineId", "")).startswith("arn:")


def _with_path(row: Row) -> Iterable[Row]:
    """A parameter with its name as ARNs have it: with a slash in front, which names outside a hierarchy lack."""
    return ({**row, "_path": "/" + str(row["Name"]).removeprefix("/")},)


def _setting(table: str, setting: str) -> Read:
    return Read(
        table,
        "GetServiceSetting",
        take="ServiceSetting",
        arn="{ARN}",
        name="{SettingId}",
        kind="AWS::SSM::ServiceSetting",
        params={"SettingId": setting},
        none_when=("ServiceSettingNotFound",),
    )


READS: tuple[Read, ...] = (
    Read(
        "ssm.instance_information",
        "DescribeInstanceInformation",
        take="InstanceInformationList[]",
        arn=_ARN + "managed-instance/{InstanceId}",
        name="{InstanceId}",
        kind="AWS::SSM::ManagedInstance",
        params={"MaxResults": 50},
        details=(
            Detail(
                "PatchState",
                "DescribeInstancePatchStates",
                take="InstancePatchStates[]",
                batch=("InstanceIds", 50, "InstanceId", "InstanceId"),
            ),
        ),
    ),
    Read(
        # Without result attributes: AWS:InstanceInformation, which names the operating system.
        "ssm.inventory",
        "GetInventory",
        take="Entities[]",
        arn=_ARN + "managed-instance-inventory/{Id}",
        name="{Id}",
        kind=_INVENTORY,
        params={"MaxResults": 50},
    ),
    Read(
        "ssm.inventory_applications",
        "GetInventory",
        take="Entities[]",
        arn=_ARN + "managed-instance-inventory/{Id}",
        name="{Id}",
        kind=_INVENTORY,
        params={"MaxResults": 50, "ResultAttributes": [{"TypeName": "AWS:Application"}]},
    ),
    Read(
        "ssm.patch_baselines",
        "DescribePatchBaselines",
        take="BaselineIdentities[]",
        arn=_ARN + "patchbaseline/{BaselineId}",
        name="{BaselineName}",
        kind="AWS::SSM::PatchBaseline",
        params={"MaxResults": 100},
        details=(
            Detail("Baseline", "GetPatchBaseline", params={"BaselineId": "{BaselineId}"}, when=_own_baseline),
        ),
    ),
    Read(
        "ssm.patch_groups",
        "DescribePatchGroups",
        take="Mappings[]",
        arn=_ARN + "patchgroup/{PatchGroup}/{BaselineIdentity.BaselineId}",
        name="{PatchGroup}",
        kind="AWS::SSM::PatchGroup",
        params={"MaxResults": 100},
    ),
    Read(
        "ssm.associations",
        "ListAssociations",
        take="Associations[]",
        arn=_ARN + "association/{AssociationId}",
        name="{AssociationId}",
        kind="AWS::SSM::Association",
        params={"MaxResults": 50},
    ),
    Read(
        "ssm.maintenance_windows",
        "DescribeMaintenanceWindows",
        take="WindowIdentities[]",
        arn=_ARN + "maintenancewindow/{WindowId}",
        name="{Name}",
        kind="AWS::SSM::MaintenanceWindow",
        params={"MaxResults": 50},
    ),
    Read(
        "ssm.documents",
        "ListDocuments",
        take="DocumentIdentifiers[]",
        arn=_ARN + "document/{Name}",
        name="{Name}",
        kind="AWS::SSM::Document",
        params={"Filters": [{"Key": "Owner", "Values": ["Self"]}], "MaxResults": 50},
        details=(
            Detail(
                "SharedWith",
                "DescribeDocumentPermission",
                params={"Name": "{Name}", "PermissionType": "Share"},
                take="AccountIds",
                pages=True,
            ),
        ),
    ),
    Read(
        # The document in which Session Manager keeps the region's preferences; there is none before they are first saved.
        # https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-configure-preferences-cli.html
        "ssm.session_preferences",
        "GetDocument",
        arn=_ARN + "document/{Name}",
        name="{Name}",
        kind="AWS::SSM::Document",
        params={"Name": "SSM-SessionManagerRunShell", "DocumentFormat": "JSON"},
        none_when=("InvalidDocument",),
        transform=redaction.session_preferences,
    ),
    Read(
        "ssm.parameters",
        "DescribeParameters",
        take="Parameters[]",
        arn=_ARN + "parameter{_path}",
        name="{Name}",
        kind="AWS::SSM::Parameter",
        params={"MaxResults": 50},
        transform=_with_path,
    ),
    Read(
        "ssm.resource_compliance",
        "ListResourceComplianceSummaries",
        take="ResourceComplianceSummaryItems[]",
        arn=_ARN + "compliance/{ComplianceType}/{ResourceId}",
        name="{ComplianceType} of {ResourceId}",
        kind="AWS::SSM::ResourceCompliance",
        params={"MaxResults": 50},
    ),
    _setting("ssm.public_sharing_setting", "/ssm/documents/console/public-sharing-permission"),
    _setting("ssm.default_host_management", "/ssm/managed-instance/default-ec2-instance-management-role"),
)
