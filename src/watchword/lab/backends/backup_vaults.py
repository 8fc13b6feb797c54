"""AWS Backup's policies of vaults, selections of plans and protected resources, which moto leaves out.

Nothing is backed up in the lab, so that no resource is protected and no plan selects any.
https://docs.aws.amazon.com/aws-backup/latest/devguide/API_Operations.html
"""

from collections.abc import Mapping
from typing import Any

from moto.backup.models import backup_backends
from moto.backup.responses import BackupResponse
from moto.backup.urls import url_paths
from moto.core.base_backend import BackendDict, BaseBackend

from watchword.lab.backends import registry
from watchword.lab.backends.call import Call, Refusal


class VaultPolicies(BaseBackend):
    """The access policies of one account's vaults in a region, as text by the vault's name."""

    def __init__(self, region_name: str, account_id: str) -> None:
        """See moto's `BaseBackend`."""
        super().__init__(region_name, account_id)
        self.policies: dict[str, str] = {}


vault_policies = BackendDict(VaultPolicies, "backup")


def install() -> None:
    """Add the operations; calling it again changes nothing."""
    registry.extend(BackupResponse, url_paths, _OPERATIONS)


def _vault(call: Call) -> str:
    name = str(
        call.params["backupVaultName"] if "backupVaultName" in call.params else call.params["BackupVaultName"]
    )
    if name not in backup_backends[call.account][call.region].vaults:
        raise Refusal("ResourceNotFoundException", f"Backup vault {name} not found.")
    return name


def _put(call: Call) -> None:
    vault_policies[call.account][call.region].policies[_vault(call)] = call.params["Policy"]


def _get(call: Call) -> Mapping[str, Any]:
    name = _vault(call)
    policy = vault_policies[call.account][call.region].policies.get(name)
    if policy is None:
        raise Refusal("ResourceNotFoundException", f"Backup vault {name} has no access policy.")
    return {
        "BackupVaultName": name,
        "BackupVaultArn": f"arn:{call.partition}:backup:{call.region}:{call.account}:backup-vault:{name}",
        "Policy": policy,
    }


def _delete(call: Call) -> None:
    vault_policies[call.account][call.region].policies.pop(_vault(call), None)


def _no_selections(call: Call) -> Mapping[str, Any]:
    return call.page("BackupSelectionsList", [])


def _nothing_protected(call: Call) -> Mapping[str, Any]:
    return call.page("Results", [])


_OPERATIONS = {
    "PutBackupVaultAccessPolicy": _put,
    "GetBackupVaultAccessPolicy": _get,
    "DeleteBackupVaultAccessPolicy": _delete,
    "ListBackupSelections": _no_selections,
    "ListProtectedResources": _nothing_protected,
}
