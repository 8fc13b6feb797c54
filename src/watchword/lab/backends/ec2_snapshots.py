"""EBS snapshots by owner and by who may restore them, which moto does not tell apart.

What it does: answers DescribeSnapshots for owners and users that are asked for, over every account of the lab.
What it does not do: copy, tier or lock a snapshot; moto keeps snapshots and their permissions.
Reference: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSnapshots.html
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.responses import EC2Response
from moto.ec2.urls import url_paths

from watchword.lab.backends import registry
from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.ec2_items import filtered
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.tables import Item, tags_list


def _describe(call: Call) -> Item:
    ids = call.params.get("SnapshotIds", [])
    visible = [one for one in _snapshots(call) if _may_see(call, one)]
    unknown = set(ids) - {one.id for one in visible}
    if unknown:
        raise Refusal("InvalidSnapshot.NotFound", f"The snapshot '{min(unknown)}' does not exist.")
    wanted = [
        one
        for one in visible
        if (not ids or one.id in ids)
        and _owned(call, one, call.params.get("OwnerIds", []))
        and _restorable(call, one, call.params.get("RestorableByUserIds", []))
    ]
    return call.page("Snapshots", filtered(call, [_described(one) for one in wanted]), 1000)


def _snapshots(call: Call) -> Iterator[Any]:
    for backends in list(ec2_backends.values()):
        yield from list(backends[call.region].snapshots.values())


def _may_see(call: Call, snapshot: Any) -> bool:
    return snapshot.owner_id == call.account or _shared_with(snapshot, call.account) or _is_public(snapshot)


def _owned(call: Call, snapshot: Any, owners: Sequence[str]) -> bool:
    names = {call.account if owner == "self" else owner for owner in owners}
    return not names or snapshot.owner_id in names


def _restorable(call: Call, snapshot: Any, users: Sequence[str]) -> bool:
    """Who may make volumes: ``all`` means those that are public, ``self`` those of or for the caller."""
    if not users:
        return True
    names = [call.account if user == "self" else user for user in users]
    return any(_is_public(snapshot) if name == "all" else _open_to(snapshot, name) for name in names)


def _open_to(snapshot: Any, account: str) -> bool:
    return snapshot.owner_id == account or _shared_with(snapshot, account)


def _shared_with(snapshot: Any, account: str) -> bool:
    return account in snapshot.create_volume_permission_userids


def _is_public(snapshot: Any) -> bool:
    return "all" in snapshot.create_volume_permission_groups


def _described(snapshot: Any) -> Item:
    key = {"KmsKeyId": snapshot.kms_key_id} if snapshot.kms_key_id else {}
    tags = {tag["key"]: tag["value"] for tag in snapshot.get_tags()}
    return {
        "SnapshotId": snapshot.id,
        "VolumeId": snapshot.volume.id,
        "VolumeSize": int(snapshot.volume.size),
        "OwnerId": snapshot.owner_id,
        "Description": snapshot.description or "",
        "StartTime": snapshot.start_time,
        "State": snapshot.status,
        "Progress": "100%",
        "Encrypted": bool(snapshot.encrypted),
        "StorageTier": snapshot.storage_tier,
        "Tags": tags_list(tags),
        **key,
    }


OPERATIONS: Mapping[str, Handler] = {"DescribeSnapshots": _describe}


def install() -> None:
    """Replace moto's DescribeSnapshots."""
    registry.extend(EC2Response, url_paths, OPERATIONS, invalid="InvalidParameterValue")
