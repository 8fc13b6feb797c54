"""Company ABC: its databases, tables, warehouse, search domains, file systems and caches, and what EBS does by default."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from moto.ec2.models import ec2_backends

from watchword.lab.estate.builder import Builder
from watchword.lab.estate.company import ACCOUNTS, DATA, DEV, HOME, PROD, REGIONS, SECURITY, LabAccount
from watchword.lab.estate.data_policies import EVERYBODY, allow, of_organization, policy

_PASSWORD: Final = "not-a-real-password"
_CUSTOMERS: Final = {"data-classification": "confidential", "owner": "orders-team@abc.example"}


@dataclass(frozen=True, slots=True)
class Database:
    """One RDS database: in the subnet group and security group of these names; unencrypted where ``key`` is ``None``."""

    account: LabAccount
    name: str
    subnets: str
    group: str
    key: str | None
    tags: dict[str, str] = field(default_factory=dict)
    engine: str = "postgres"
    version: str = "17.6"
    public: bool = False


def build(lab: Builder) -> None:
    """Make everything that stores data and is no bucket."""
    _subnet_groups(lab)
    for database in _databases(lab):
        _database(lab, database)
    _cluster(lab)
    _snapshots(lab)
    _tables(lab)
    _warehouse(lab)
    _domains(lab)
    _file_systems(lab)
    _cache(lab)
    _volumes(lab)


def _subnet_groups(lab: Builder) -> None:
    for account, name, tier in (
        (PROD, "app-data", "app-data"),
        (PROD, "vault", "vault-private"),
        (DEV, "dev", "dev-private"),
    ):
        lab.client("rds", account).create_db_subnet_group(
            DBSubnetGroupName=name,
            DBSubnetGroupDescription=f"Databases in {tier}",
            SubnetIds=[lab.ref("subnet", account, HOME, f"{tier}-{zone}") for zone in "ab"],
        )


def _databases(lab: Builder) -> Iterator[Database]:
    after = lab.after
    vault = ("vault", "vault-vault-database") if after else ("app-data", "app-database")
    payroll = {"data-classification": "restricted", "owner": "payroll@abc.example"}
    yield Database(PROD, "payroll-db", *vault, "payroll" if after else "aws/rds", payroll)
    yield Database(PROD, "orders-db", *vault, "orders", _CUSTOMERS)
    reporting = {"data-classification": "internal", "owner": "finance@abc.example"}
    yield Database(
        PROD,
        "reporting-db",
        "app-data",
        "app-database",
        "orders" if after else None,
        reporting,
        version="17.6" if after else "12.22",
        public=not after,
    )
    untagged = {"data-classification": "internal", "owner": "dev-team@abc.example"} if after else {}
    yield Database(
        DEV,
        "dev-db",
        "dev",
        "dev-database",
        "dev-shared" if after else None,
        untagged,
        engine="mysql",
        version="8.4.6" if after else "5.7.44",
    )


def _database(lab: Builder, one: Database) -> None:
    storage: dict[str, Any] = {"StorageEncrypted": False}
    if one.key is not None:
        storage = {"StorageEncrypted": True, "KmsKeyId": lab.ref("key", one.account, HOME, one.key)}
    lab.client("rds", one.account).create_db_instance(
        DBInstanceIdentifier=one.name,
        DBInstanceClass="db.t4g.medium",
        Engine=one.engine,
        EngineVersion=one.version,
        AllocatedStorage=50,
        MasterUsername="master",
        MasterUserPassword=_PASSWORD,
        DBSubnetGroupName=one.subnets,
        VpcSecurityGroupIds=[lab.ref("sg", one.account, HOME, one.group)],
        PubliclyAccessible=one.public,
        BackupRetentionPeriod=7,
        Tags=_tags(one.tags),
        **storage,
    )


def _cluster(lab: Builder) -> None:
    client = lab.client("rds", PROD)
    vault = lab.after
    client.create_db_cluster(
        DBClusterIdentifier="customers",
        Engine="aurora-postgresql",
        EngineVersion="16.9",
        MasterUsername="master",
        MasterUserPassword=_PASSWORD,
        DBSubnetGroupName="vault" if vault else "app-data",
        VpcSecurityGroupIds=[lab.ref("sg", PROD, HOME, "vault-vault-database" if vault else "app-database")],
        StorageEncrypted=True,
        KmsKeyId=lab.ref("key", PROD, HOME, "orders"),
        Tags=_tags(_CUSTOMERS),
    )
    client.create_db_instance(
        DBInstanceIdentifier="customers-1",
        DBInstanceClass="db.r6g.large",
        Engine="aurora-postgresql",
        DBClusterIdentifier="customers",
        PubliclyAccessible=False,
        Tags=_tags(_CUSTOMERS),
    )


def _snapshots(lab: Builder) -> None:
    """One by hand of each of two databases; that of an unencrypted database is unencrypted."""
    client = lab.client("rds", PROD)
    for database, name in (("orders-db", "orders-before-migration"), ("reporting-db", "reporting-2025")):
        client.create_db_snapshot(DBInstanceIdentifier=database, DBSnapshotIdentifier=name)


def _tables(lab: Builder) -> None:
    owner = "orders-team@abc.example"
    _table(lab, PROD, "sessions", "internal", "web-team@abc.example")
    _table(lab, PROD, "customer-index", "confidential", owner, key="orders")
    _table(lab, PROD, "payments", "restricted", owner, key="payroll" if lab.after else "")
    _table(lab, DATA, "consents", "confidential", "data-platform@abc.example", key="lake")
    _table(lab, DEV, "feature-flags", "internal" if lab.after else "", "dev-team@abc.example")


def _table(lab: Builder, account: LabAccount, name: str, label: str, owner: str, *, key: str = "") -> None:
    sse: dict[str, Any] = {}
    if key:
        sse = {
            "SSESpecification": {
                "Enabled": True,
                "SSEType": "KMS",
                "KMSMasterKeyId": lab.ref("key", account, HOME, key),
            }
        }
    lab.client("dynamodb", account).create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=_tags({"data-classification": label, "owner": owner}),
        **sse,
    )


def _warehouse(lab: Builder) -> None:
    client = lab.client("redshift", DATA)
    tier = "data-private" if lab.after else "data-public"
    client.create_cluster_subnet_group(
        ClusterSubnetGroupName="warehouse",
        Description="The warehouse",
        SubnetIds=[lab.ref("subnet", DATA, HOME, f"{tier}-{zone}") for zone in "ab"],
    )
    storage: dict[str, Any] = {"Encrypted": False}
    if lab.after:
        storage = {"Encrypted": True, "KmsKeyId": lab.ref("key", DATA, HOME, "lake")}
    client.create_cluster(
        ClusterIdentifier="warehouse",
        NodeType="ra3.xlplus",
        NumberOfNodes=2,
        MasterUsername="master",
        MasterUserPassword=_PASSWORD,
        ClusterSubnetGroupName="warehouse",
        VpcSecurityGroupIds=[lab.ref("sg", DATA, HOME, "data-warehouse")],
        PubliclyAccessible=not lab.after,
        Tags=_tags({"data-classification": "confidential", "owner": "data-platform@abc.example"}),
        **storage,
    )


def _domains(lab: Builder) -> None:
    """The catalogue stands inside the VPC, so that its open policy harms nobody; the logs' domain stood outside."""
    inside = {
        "SubnetIds": [lab.ref("subnet", PROD, HOME, "app-app-a")],
        "SecurityGroupIds": [lab.ref("sg", PROD, HOME, "app-app")],
    }
    catalogue = {"data-classification": "internal", "owner": "web-team@abc.example"}
    _domain(lab, PROD, "catalogue", catalogue, {}, encrypted=True, VPCOptions=inside)
    logs = {"data-classification": "confidential", "owner": "data-platform@abc.example"}
    condition = of_organization(lab) if lab.after else {}
    more: dict[str, Any] = {}
    if lab.after:
        more["VPCOptions"] = {
            "SubnetIds": [lab.ref("subnet", DATA, HOME, "data-private-a")],
            "SecurityGroupIds": [lab.ref("sg", DATA, HOME, "data-search")],
        }
    _domain(lab, DATA, "app-logs", logs, condition, encrypted=lab.after, **more)


def _domain(
    lab: Builder,
    account: LabAccount,
    name: str,
    tags: dict[str, str],
    condition: dict[str, Any],
    *,
    encrypted: bool,
    **more: Any,
) -> None:
    arn = f"arn:aws:es:{HOME}:{account.id}:domain/{name}"
    at_rest: dict[str, Any] = {"Enabled": encrypted}
    if encrypted:
        at_rest["KmsKeyId"] = lab.ref("key", account, HOME, "orders" if account == PROD else "lake")
    lab.client("opensearch", account).create_domain(
        DomainName=name,
        EngineVersion="OpenSearch_2.19",
        ClusterConfig={"InstanceType": "r6g.large.search", "InstanceCount": 1},
        AccessPolicies=policy(allow("Use", {"AWS": EVERYBODY}, "es:*", f"{arn}/*", condition or None)),
        EncryptionAtRestOptions=at_rest,
        NodeToNodeEncryptionOptions={"Enabled": True},
        DomainEndpointOptions={"EnforceHTTPS": True, "TLSSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10"},
        TagList=_tags(tags),
        **more,
    )


def _file_systems(lab: Builder) -> None:
    shared = {"Name": "shared-files", "data-classification": "confidential", "owner": "finance@abc.example"}
    made = _file_system(lab, PROD, shared, "orders", tier="app-data", group="app-app")
    clients = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
    lab.client("efs", PROD).put_file_system_policy(
        FileSystemId=made, Policy=policy(allow("Clients", {"AWS": EVERYBODY}, clients))
    )
    builds = {"Name": "builds"} | (
        {"data-classification": "internal", "owner": "dev-team@abc.example"} if lab.after else {}
    )
    _file_system(
        lab, DEV, builds, "dev-shared" if lab.after else None, tier="dev-private", group="dev-build-agents"
    )


def _file_system(
    lab: Builder, account: LabAccount, tags: dict[str, str], key: str | None, *, tier: str, group: str
) -> str:
    client = lab.client("efs", account)
    storage: dict[str, Any] = {"Encrypted": False}
    if key is not None:
        storage = {"Encrypted": True, "KmsKeyId": lab.ref("key", account, HOME, key)}
    made = str(
        client.create_file_system(CreationToken=tags["Name"], Tags=_tags(tags), **storage)["FileSystemId"]
    )
    client.create_mount_target(
        FileSystemId=made,
        SubnetId=lab.ref("subnet", account, HOME, f"{tier}-a"),
        SecurityGroups=[lab.ref("sg", account, HOME, group)],
    )
    return made


def _cache(lab: Builder) -> None:
    lab.client("elasticache", PROD).create_replication_group(
        ReplicationGroupId="web-sessions",
        ReplicationGroupDescription="Sessions of the web shop",
        Engine="redis",
        CacheNodeType="cache.t4g.small",
        AtRestEncryptionEnabled=True,
        TransitEncryptionEnabled=True,
    )


def _volumes(lab: Builder) -> None:
    """EBS encrypts by default in prod and security from the beginning, everywhere afterwards.

    Moto stores the default and does not follow it, and names no volumes: both are done here for the volumes of the
    instances that stand already.
    """
    for account in ACCOUNTS:
        for region in REGIONS:
            default = lab.after or (account in {PROD, SECURITY} and region == HOME)
            if default:
                lab.client("ec2", account, region).enable_ebs_encryption_by_default()
            _follow_default(account, region, encrypted=default)


def _follow_default(account: LabAccount, region: str, *, encrypted: bool) -> None:
    backend = ec2_backends[account.id][region]
    names = {one.id: one for reservation in backend.reservations.values() for one in reservation.instances}
    for volume in backend.volumes.values():
        instance = names.get(volume.attachment.instance.id) if volume.attachment else None
        tags = {tag["key"]: tag["value"] for tag in instance.get_tags()} if instance else {}
        if "Name" in tags and not any(tag["key"] == "Name" for tag in volume.get_tags()):
            volume.add_tags({"Name": f"{tags['Name']}-root"})
        volume.encrypted = volume.encrypted or encrypted


def _tags(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items() if value]
