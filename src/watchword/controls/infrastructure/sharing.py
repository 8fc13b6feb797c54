"""Controls of images and snapshots: a copy of a disk is not for everybody."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from watchword.controls.registry import Per, control, gap, met, met_if
from watchword.controls.sweep import RowRule, sweep
from watchword.model.evidence import Evidence, EvidenceMissing
from watchword.model.finding import Judgement
from watchword.model.ids import Region
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView

_IMAGES: Final = "ec2.images"
_SNAPSHOTS: Final = "ec2.snapshots"
_PUBLIC: Final = "ec2.public_snapshots"
_IMAGE_GUARD: Final = "ec2.image_public_access"
_SNAPSHOT_GUARD: Final = "ec2.snapshot_public_access"
_DB_SNAPSHOTS: Final = "rds.snapshots"
_CLUSTER_SNAPSHOTS: Final = "rds.cluster_snapshots"


@control(
    "IN-13",
    per=Per.REGION,
    reads=(
        _IMAGES,
        _SNAPSHOTS,
        _PUBLIC,
        _IMAGE_GUARD,
        _SNAPSHOT_GUARD,
        _DB_SNAPSHOTS,
        _CLUSTER_SNAPSHOTS,
    ),
    about="images and snapshots",
)
def no_public_copies(view: AccountView, region: Region) -> Iterator[Judgement]:
    """No image or snapshot is public, and the region refuses to make one so."""
    rules: dict[str, RowRule] = {
        _IMAGES: partial(_image, view=view),
        _SNAPSHOTS: partial(_snapshot, view=view, region=region),
        _DB_SNAPSHOTS: partial(_database_snapshot, view=view),
        _CLUSTER_SNAPSHOTS: partial(_database_snapshot, view=view),
    }
    yield from sweep(view, region, rules)
    yield _guard(view, region)


def _image(row: Resource, *, view: AccountView) -> Judgement:
    facts = row.evidence("Public")
    if not row.flag("Public"):
        return met("the image is not public", facts)
    if view.estate.is_public_by_intent(row.arn):
        return met("the image is declared to be for everybody", facts)
    return gap("every AWS account can start machines from the image and read its disks", facts)


def _snapshot(row: Resource, *, view: AccountView, region: Region) -> Judgement:
    name = row.text("SnapshotId")
    shared = {one.text("SnapshotId") for one in view.rows(_PUBLIC, region)}
    facts = Evidence.of(_PUBLIC, row.arn, "SnapshotId", name if name in shared else None)
    if name not in shared:
        return met("the snapshot is not public", facts)
    if view.estate.is_public_by_intent(row.arn):
        return met("the snapshot is declared to be for everybody", facts)
    if _one(view, _SNAPSHOT_GUARD, region).text("State") == "block-all-sharing":
        return met(
            f"the snapshot is shared with all, which {region} overrides: all public sharing is blocked", facts
        )
    return gap("every AWS account can make a volume of the snapshot and read it", facts)


def _database_snapshot(row: Resource, *, view: AccountView) -> Judgement | None:
    if row.text("SnapshotType") != "manual":
        return None
    facts = row.evidence("Attributes")
    restore = [one for one in row.items("Attributes") if one.text("AttributeName") == "restore"]
    public = any("all" in one.texts("AttributeValues") for one in restore)
    if public and view.estate.is_public_by_intent(row.arn):
        return met("the database snapshot is declared to be for everybody", facts)
    return met_if(
        not public,
        "the database snapshot is not public",
        "every AWS account can restore the database from the snapshot",
        facts,
    )


def _guard(view: AccountView, region: Region) -> Judgement:
    image, snapshot = _one(view, _IMAGE_GUARD, region), _one(view, _SNAPSHOT_GUARD, region)
    states = {"images": image.text("ImageBlockPublicAccessState"), "snapshots": snapshot.text("State")}
    open_ones = [what for what, state in states.items() if state == "unblocked"]
    return met_if(
        not open_ones,
        f"{region} refuses to make images and snapshots public",
        f"{region} does not refuse to make {' and '.join(open_ones)} public",
        image.evidence("ImageBlockPublicAccessState"),
        snapshot.evidence("State"),
    )


def _one(view: AccountView, table: str, region: Region) -> Resource:
    rows = view.rows(table, region)
    if not rows:
        raise EvidenceMissing(f"{table} of {region} is missing")
    return rows[0]
