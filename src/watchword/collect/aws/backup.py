"""AWS Backup: vaults with their access policies and locks, plans with their selections, what is protected.

Recovery points are not listed: there are too many, and ``backup.protected_resources`` tells the last backup of each
resource.
"""

from __future__ import annotations

from typing import Final

from watchword.collect.reads import Detail, Read

READS: Final = (
    Read(
        table="backup.vaults",
        operation="ListBackupVaults",
        take="BackupVaultList[]",
        arn="{BackupVaultArn}",
        name="{BackupVaultName}",
        kind="AWS::Backup::BackupVault",
        details=(
            Detail(
                "Policy",
                "GetBackupVaultAccessPolicy",
                {"BackupVaultName": "{BackupVaultName}"},
                "Policy",
                none_when=("ResourceNotFoundException",),
                parse_json=True,
            ),
        ),
    ),
    Read(
        table="backup.plans",
        operation="ListBackupPlans",
        take="BackupPlansList[]",
        arn="{BackupPlanArn}",
        name="{BackupPlanName}",
        kind="AWS::Backup::BackupPlan",
        details=(Detail("Plan", "GetBackupPlan", {"BackupPlanId": "{BackupPlanId}"}, "BackupPlan"),),
    ),
    Read(
        table="backup.selections",
        operation="ListBackupSelections",
        over="backup.plans",
        params={"BackupPlanId": "{BackupPlanId}"},
        take="BackupSelectionsList[]",
        arn="arn:{partition}:backup:{region}:{account}:backup-plan:{BackupPlanId}/selection/{SelectionId}",
        name="{SelectionName}",
        kind="AWS::Backup::BackupSelection",
        details=(
            Detail(
                "Selection",
                "GetBackupSelection",
                {"BackupPlanId": "{BackupPlanId}", "SelectionId": "{SelectionId}"},
                "BackupSelection",
            ),
        ),
    ),
    Read(
        table="backup.protected_resources",
        operation="ListProtectedResources",
        take="Results[]",
        arn="{ResourceArn}",
        name="{ResourceName}",
        kind="AWS::Backup::ProtectedResource",
        tags="",
    ),
)
