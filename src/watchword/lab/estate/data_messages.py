"""Company ABC: its topics, queues, secrets, event buses, backup vaults and the catalogue, each with its policy."""

from __future__ import annotations

from typing import Any

from watchword.lab.estate.builder import Builder
from watchword.lab.estate.company import (
    DATA,
    DEV,
    HOME,
    LOG_ARCHIVE,
    PARTNER_LOGISTICS,
    PROD,
    LabAccount,
)
from watchword.lab.estate.data_policies import (
    EVERYBODY,
    Statement,
    allow,
    equals,
    of_organization,
    policy,
    role,
    root,
    service,
)


def build(lab: Builder) -> None:
    """Make what carries messages and keeps secrets."""
    _topics(lab)
    _queues(lab)
    _secrets(lab)
    _bus(lab)
    _vaults(lab)
    _catalogue(lab)


def _topics(lab: Builder) -> None:
    owner = equals("AWS:SourceOwner", PROD.id)
    orders = _arn("sns", PROD, "order-events")
    _topic(
        lab,
        PROD,
        "order-events",
        allow("Default", {"AWS": EVERYBODY}, "SNS:Publish", orders, owner),
        key="alias/orders",
    )
    source = equals("aws:SourceAccount", PROD.id) if lab.after else None
    alarms = allow("Alarms", service("cloudwatch"), "SNS:Publish", _arn("sns", PROD, "alarms"), source)
    _topic(lab, PROD, "alarms", alarms, key="alias/orders" if lab.after else "")
    condition = of_organization(lab) if lab.after else None
    ready = allow(
        "Subscribe",
        {"AWS": EVERYBODY},
        ["SNS:Subscribe", "SNS:Receive"],
        _arn("sns", DATA, "exports-ready"),
        condition,
    )
    _topic(lab, DATA, "exports-ready", ready, key="alias/lake")


def _topic(lab: Builder, account: LabAccount, name: str, statement: Statement, key: str) -> None:
    attributes = {"Policy": policy(statement)} | ({"KmsMasterKeyId": key} if key else {})
    lab.client("sns", account).create_topic(Name=name, Attributes=attributes)


def _queues(lab: Builder) -> None:
    send = "sqs:SendMessage"
    source = {"ArnEquals": {"aws:SourceArn": _arn("sns", PROD, "order-events")}}
    _queue(
        lab,
        PROD,
        "orders-incoming",
        allow("Topic", EVERYBODY, send, _arn("sqs", PROD, "orders-incoming"), source),
    )
    returned = _arn("sqs", PROD, "returns")
    condition = of_organization(lab) if lab.after else None
    _queue(lab, PROD, "returns", allow("Send", EVERYBODY, send, returned, condition))
    uploads = equals("aws:SourceAccount", DATA.id) | {
        "ArnLike": {"aws:SourceArn": "arn:aws:s3:::abc-lake-raw"}
    }
    _queue(
        lab,
        DATA,
        "lake-uploads",
        allow("Bucket", service("s3"), send, _arn("sqs", DATA, "lake-uploads"), uploads),
    )
    _queue(lab, DEV, "jobs", None, encrypted=lab.after)


def _queue(
    lab: Builder, account: LabAccount, name: str, statement: Statement | None, *, encrypted: bool = True
) -> None:
    attributes = {"SqsManagedSseEnabled": "true" if encrypted else "false"}
    if statement:
        attributes["Policy"] = policy(statement)
    lab.client("sqs", account).create_queue(QueueName=name, Attributes=attributes)


def _secrets(lab: Builder) -> None:
    _secret(lab, PROD, "payroll/db", "payroll", "restricted")
    _secret(lab, PROD, "orders/api", "orders" if lab.after else "", "confidential")
    reader = allow("Own", role(PROD, "payroll-app"), "secretsmanager:GetSecretValue")
    _resource_policy(lab, PROD, "payroll/db", reader)
    _secret(lab, DATA, "partners/sftp", "lake", "confidential")
    whom: Any = root(PARTNER_LOGISTICS) if lab.after else EVERYBODY
    _resource_policy(lab, DATA, "partners/sftp", allow("Fetch", whom, "secretsmanager:GetSecretValue"))
    _secret(lab, DEV, "ci/token", "", "internal")


def _secret(lab: Builder, account: LabAccount, name: str, key: str, label: str) -> None:
    more: dict[str, Any] = {"KmsKeyId": lab.ref("key", account, HOME, key)} if key else {}
    lab.client("secretsmanager", account).create_secret(
        Name=name,
        SecretString="made-up",
        Tags=[
            {"Key": "data-classification", "Value": label},
            {"Key": "owner", "Value": f"{account.alias}-team"},
        ],
        **more,
    )


def _resource_policy(lab: Builder, account: LabAccount, name: str, statement: Statement) -> None:
    lab.client("secretsmanager", account).put_resource_policy(SecretId=name, ResourcePolicy=policy(statement))


def _bus(lab: Builder) -> None:
    """Events of the whole organisation flow to prod's bus."""
    client = lab.client("events", PROD)
    made = client.create_event_bus(Name="company")["EventBusArn"]
    statement = allow("Organization", EVERYBODY, "events:PutEvents", made, of_organization(lab))
    client.put_permission(EventBusName="company", Policy=policy(statement))


def _vaults(lab: Builder) -> None:
    lab.client("backup", DATA).create_backup_vault(
        BackupVaultName="daily", EncryptionKeyArn=lab.ref("key", DATA, HOME, "lake")
    )
    client = lab.client("backup", LOG_ARCHIVE)
    client.create_backup_vault(BackupVaultName="copies")
    client.put_backup_vault_lock_configuration(
        BackupVaultName="copies", MinRetentionDays=30, MaxRetentionDays=400
    )
    copying = allow("Copies", EVERYBODY, "backup:CopyIntoBackupVault", condition=of_organization(lab))
    client.put_backup_vault_access_policy(BackupVaultName="copies", Policy=policy(copying))


def _catalogue(lab: Builder) -> None:
    resource = f"arn:aws:glue:{HOME}:{DATA.id}:*"
    statement = allow("Organization", {"AWS": EVERYBODY}, "glue:Get*", resource, of_organization(lab))
    lab.client("glue", DATA).put_resource_policy(PolicyInJson=policy(statement))


def _arn(kind: str, account: LabAccount, name: str) -> str:
    return f"arn:aws:{kind}:{HOME}:{account.id}:{name}"
