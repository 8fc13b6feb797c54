"""Controls of encryption at rest: nothing is stored in the clear, and what is sensitive under keys of the company's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from watchword.analysis.data.sensitivity import is_sensitive, label_of
from watchword.controls.data.stores import KEYED, Store, customer_managed, is_cluster_member
from watchword.controls.registry import control, gap, met, met_if
from watchword.controls.subjects import judged
from watchword.model.finding import Judgement
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView
from watchword.model.verdict import Severity


@control(
    "DA-08",
    reads=(*(store.table for store in KEYED), "kms.keys", "kms.aliases", "macie2.findings"),
    about="stores with sensitive data",
)
def own_keys(view: AccountView) -> Iterator[Judgement]:
    """Sensitive stores are encrypted with customer-managed keys."""
    for store in KEYED:
        yield from judged(view, store.table, partial(_own_key, store=store, view=view))


def _own_key(row: Resource, store: Store, view: AccountView) -> Judgement | None:
    if is_cluster_member(row) or not is_sensitive(row, view):
        return None
    label, key, evidence = label_of(row, view), store.key(row), row.evidence(store.path)
    if key is None:
        return gap(f"holds {label} data, and not encrypted at all", evidence)
    if not key:
        return gap(f"holds {label} data, and encrypted with a key of AWS's, not of the company's", evidence)
    return met_if(
        customer_managed(key, view),
        f"holds {label} data, and encrypted with the customer-managed key {key}",
        f"holds {label} data, and encrypted with {key}, which is no customer-managed key of this account",
        evidence,
    )


Encrypted = Callable[[Resource], bool]


def _flag(path: str) -> Encrypted:
    return lambda row: row.flag(path, absent=False)


def _topic(row: Resource) -> bool:
    return bool(row.document("Attributes").text("KmsMasterKeyId", absent=""))


def _queue(row: Resource) -> bool:
    attributes = row.document("Attributes")
    own = attributes.flag("SqsManagedSseEnabled", absent=False)
    return own or bool(attributes.text("KmsMasterKeyId", absent=""))


def _is_automatic(row: Resource) -> bool:
    """Snapshots that the service makes are as encrypted as what they are of, which has its own row."""
    return row.text("SnapshotType", absent="manual") != "manual"


_STORES: Final[tuple[tuple[str, Encrypted, str], ...]] = (
    ("rds.instances", _flag("StorageEncrypted"), "StorageEncrypted"),
    ("rds.clusters", _flag("StorageEncrypted"), "StorageEncrypted"),
    ("rds.snapshots", _flag("Encrypted"), "Encrypted"),
    ("rds.cluster_snapshots", _flag("StorageEncrypted"), "StorageEncrypted"),
    ("redshift.clusters", _flag("Encrypted"), "Encrypted"),
    ("opensearch.domains", _flag("EncryptionAtRestOptions.Enabled"), "EncryptionAtRestOptions"),
    ("efs.file_systems", _flag("Encrypted"), "Encrypted"),
    ("elasticache.replication_groups", _flag("AtRestEncryptionEnabled"), "AtRestEncryptionEnabled"),
    ("ec2.volumes", _flag("Encrypted"), "Encrypted"),
    ("ec2.ebs_defaults", _flag("EbsEncryptionByDefault"), "EbsEncryptionByDefault"),
)
_IN_TRANSIT: Final[tuple[tuple[str, Encrypted, str], ...]] = (
    ("sns.topics", _topic, "Attributes.KmsMasterKeyId"),
    ("sqs.queues", _queue, "Attributes.SqsManagedSseEnabled"),
)


@control(
    "DA-09", reads=tuple(table for table, *_ in _STORES + _IN_TRANSIT), about="stores that may be unencrypted"
)
def encrypted(view: AccountView) -> Iterator[Judgement]:
    """Whatever can be stored unencrypted is encrypted, and new EBS volumes are by default."""
    for table, is_encrypted, path in _STORES:
        yield from judged(view, table, _rule(is_encrypted, path, None))
    for table, is_encrypted, path in _IN_TRANSIT:
        # Messages lie there for minutes to days, so that the gap weighs less.
        yield from judged(view, table, _rule(is_encrypted, path, Severity.MEDIUM))


def _rule(
    is_encrypted: Encrypted, path: str, severity: Severity | None
) -> Callable[[Resource], Judgement | None]:
    def rule(row: Resource) -> Judgement | None:
        if is_cluster_member(row) or _is_automatic(row):
            return None
        if is_encrypted(row):
            return met("encrypted at rest", row.evidence(path))
        if row.table == "ec2.ebs_defaults":
            return gap("new EBS volumes are not encrypted by default in this region", row.evidence(path))
        return gap("not encrypted at rest", row.evidence(path), severity=severity)

    return rule
