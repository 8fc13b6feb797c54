"""AWS Backup over HTTP: policies of vaults, and that nothing is backed up."""

from collections.abc import Callable
from typing import Any

import pytest

POLICY = '{"Version": "2012-10-17", "Statement": []}'


@pytest.fixture
def backup(client: Callable[..., Any]) -> Any:
    made = client("backup")
    made.create_backup_vault(BackupVaultName="daily")
    return made


def test_a_policy_that_was_put_is_got_until_it_is_deleted(backup: Any, refused: Callable[..., Any]) -> None:
    assert (
        refused(backup.get_backup_vault_access_policy, BackupVaultName="daily").code
        == "ResourceNotFoundException"
    )
    backup.put_backup_vault_access_policy(BackupVaultName="daily", Policy=POLICY)
    found = backup.get_backup_vault_access_policy(BackupVaultName="daily")
    assert found["Policy"] == POLICY
    assert found["BackupVaultArn"].endswith(":backup-vault:daily")
    backup.delete_backup_vault_access_policy(BackupVaultName="daily")
    assert (
        refused(backup.get_backup_vault_access_policy, BackupVaultName="daily").code
        == "ResourceNotFoundException"
    )


def test_a_vault_that_is_not_there_has_no_policy_to_put(backup: Any, refused: Callable[..., Any]) -> None:
    refusal = refused(backup.put_backup_vault_access_policy, BackupVaultName="none", Policy=POLICY)
    assert refusal.code == "ResourceNotFoundException"


def test_policies_are_kept_per_account(
    backup: Any, client: Callable[..., Any], refused: Callable[..., Any]
) -> None:
    backup.put_backup_vault_access_policy(BackupVaultName="daily", Policy=POLICY)
    other = client("backup", account="999988887777")
    assert (
        refused(other.get_backup_vault_access_policy, BackupVaultName="daily").code
        == "ResourceNotFoundException"
    )


def test_nothing_is_protected_and_no_plan_selects_anything(backup: Any) -> None:
    rule = {"RuleName": "r", "TargetBackupVaultName": "daily"}
    plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": "p", "Rules": [rule]})["BackupPlanId"]
    assert backup.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"] == []
    assert backup.list_protected_resources()["Results"] == []
