"""Where data lies: the tables whose rows hold data, and how each row says that it is encrypted and by which key.

Members of an Aurora, DocumentDB or Neptune cluster are left out: the cluster stands for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView

Reader = Callable[[Resource], str | None]
"""The key of a row: ARN, id or alias; ``""`` where a key of AWS's is used, ``None`` where nothing is encrypted."""


@dataclass(frozen=True, slots=True)
class Store:
    """A table of stores.  ``key`` reads the encryption key of a row, ``path`` is where it stands, for evidence."""

    table: str
    key: Reader
    path: str


def _bucket_key(row: Resource) -> str | None:
    # S3 encrypts every new object with keys of its own where nothing else is set, since January 2023.
    for rule in row.items("Encryption.Rules"):
        default = rule.document("ApplyServerSideEncryptionByDefault", absent=None)
        if default is not None and default.text("SSEAlgorithm", absent="").startswith("aws:kms"):
            return default.text("KMSMasterKeyID", absent="")
    return ""


def _flagged(flag: str, key: str) -> Reader:
    def read(row: Resource) -> str | None:
        return row.text(key, absent="") if row.flag(flag, absent=False) else None

    return read


def _table_key(row: Resource) -> str | None:
    # DynamoDB encrypts every table; without a description, by a key that AWS owns.
    if row.text("SSEDescription.Status", absent="") not in {"ENABLED", "UPDATING"}:
        return ""
    return row.text("SSEDescription.KMSMasterKeyArn", absent="")


def _secret_key(row: Resource) -> str | None:
    return row.text("KmsKeyId", absent="")


BUCKETS: Final = Store("s3.buckets", _bucket_key, "Encryption")
DATABASES: Final = Store("rds.instances", _flagged("StorageEncrypted", "KmsKeyId"), "KmsKeyId")
CLUSTERS: Final = Store("rds.clusters", _flagged("StorageEncrypted", "KmsKeyId"), "KmsKeyId")
TABLES: Final = Store("dynamodb.tables", _table_key, "SSEDescription")
WAREHOUSES: Final = Store("redshift.clusters", _flagged("Encrypted", "KmsKeyId"), "KmsKeyId")
DOMAINS: Final = Store(
    "opensearch.domains",
    _flagged("EncryptionAtRestOptions.Enabled", "EncryptionAtRestOptions.KmsKeyId"),
    "EncryptionAtRestOptions",
)
FILE_SYSTEMS: Final = Store("efs.file_systems", _flagged("Encrypted", "KmsKeyId"), "KmsKeyId")
VOLUMES: Final = Store("ec2.volumes", _flagged("Encrypted", "KmsKeyId"), "KmsKeyId")
SECRETS: Final = Store("secretsmanager.secrets", _secret_key, "KmsKeyId")

LABELLED: Final = (BUCKETS, DATABASES, CLUSTERS, TABLES, WAREHOUSES, DOMAINS, FILE_SYSTEMS)
"""The stores that must bear a label."""
KEYED: Final = (*LABELLED, VOLUMES, SECRETS)
"""The stores whose key can be chosen."""


def is_cluster_member(row: Resource) -> bool:
    """Whether the database belongs to a cluster, which has its own row."""
    return row.table == "rds.instances" and row.has("DBClusterIdentifier")


def customer_managed(key: str, view: AccountView) -> bool:
    """Whether the company manages the key; ``key`` is an ARN, an id or an alias (with or without ARN).

    A key of another account cannot be AWS-managed: those serve their own account only.

    Raises:
        EvidenceMissing: the keys were not read, or the key's description was not.
    """
    parts = key.split(":", 5)
    if len(parts) == 6 and parts[4] != view.account.id:
        return True
    name = parts[-1]
    if name.startswith("alias/aws/"):
        return False
    if name.startswith("alias/"):
        name = next((row.text("TargetKeyId") for row in _aliases(view, name)), "")
    wanted = name.removeprefix("key/")
    found = next((row for row in view.readable("kms.keys") if row.text("KeyId") == wanted), None)
    if found is None:
        view.rows("kms.keys")
        return False
    return found.text("KeyManager") == "CUSTOMER"


def _aliases(view: AccountView, name: str) -> Iterator[Resource]:
    return (row for row in view.rows("kms.aliases") if row.text("AliasName") == name)
