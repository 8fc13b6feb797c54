"""DescribeSnapshots on the lab tells owners and readers apart."""

from collections.abc import Callable
from typing import Any

import pytest

Client = Callable[..., Any]
OWN, OTHER = "123456789012", "210987654321"


@pytest.fixture
def ec2(client: Client) -> Any:
    return client("ec2")


def snapshot(ec2: Any, name: str) -> str:
    volume = ec2.create_volume(Size=8, AvailabilityZone="us-east-1a")["VolumeId"]
    tags = [{"ResourceType": "snapshot", "Tags": [{"Key": "Name", "Value": name}]}]
    return str(ec2.create_snapshot(VolumeId=volume, TagSpecifications=tags)["SnapshotId"])


def open_to(ec2: Any, snapshot: str, **whom: Any) -> None:
    ec2.modify_snapshot_attribute(
        SnapshotId=snapshot, Attribute="createVolumePermission", OperationType="add", **whom
    )


def ids(ec2: Any, **params: Any) -> set[str]:
    return {one["SnapshotId"] for one in ec2.describe_snapshots(**params)["Snapshots"]}


def test_only_public_snapshots_can_be_restored_by_all(ec2: Any) -> None:
    private, public = snapshot(ec2, "private"), snapshot(ec2, "public")
    open_to(ec2, public, GroupNames=["all"])
    assert ids(ec2, OwnerIds=["self"]) >= {private, public}
    assert ids(ec2, OwnerIds=["self"], RestorableByUserIds=["all"]) == {public}


def test_a_snapshot_that_is_shared_with_an_account_is_not_public_but_visible_to_it(
    ec2: Any, client: Client
) -> None:
    shared, private = snapshot(ec2, "shared"), snapshot(ec2, "private")
    open_to(ec2, shared, UserIds=[OTHER])
    assert ids(ec2, OwnerIds=["self"], RestorableByUserIds=["all"]) == set()
    other = client("ec2", account=OTHER)
    assert ids(other, RestorableByUserIds=["self"]) == {shared}
    assert private not in ids(other)


def test_tags_and_owner_are_told(ec2: Any) -> None:
    made = snapshot(ec2, "nightly")
    (found,) = ec2.describe_snapshots(SnapshotIds=[made])["Snapshots"]
    assert (found["OwnerId"], found["State"]) == (OWN, "completed")
    assert found["Tags"] == [{"Key": "Name", "Value": "nightly"}]


def test_an_unknown_snapshot_is_refused(ec2: Any, refused: Callable[..., Any]) -> None:
    assert refused(ec2.describe_snapshots, SnapshotIds=["snap-00000000"]).code == "InvalidSnapshot.NotFound"
