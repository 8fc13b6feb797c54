"""S3's resources: buckets, objects, access points.

What it does: names what an S3 action of a request concerns, and the account that owns a bucket. What it does not do:
read the copy's source, which `requests` does.
"""

from collections.abc import Iterator
from typing import Final

from moto.s3.models import s3_backends

from watchword.lab.gate.actions import deleted_objects, versioned
from watchword.lab.gate.reading import Asked

# Actions on a bucket whose names do not begin with what `_is_on_object` takes for one on objects.
_ON_BUCKET: Final = frozenset({"s3:GetBucketObjectLockConfiguration", "s3:PutBucketObjectLockConfiguration"})


def owner_of(bucket: str) -> str | None:
    """The account that made a bucket; None where there is none."""
    found = s3_backends.bucket_accounts.get(bucket)
    return str(found[1]) if found else None


def arns(asked: Asked, action: str, _account: str) -> Iterator[str]:
    """The bucket or the object; of DeleteObjects every object."""
    bucket = asked.params.get("Bucket")
    if not bucket:
        yield "arn:aws:s3:::*"
        return
    base = bucket if bucket.startswith("arn:") else f"arn:aws:s3:::{bucket}"
    if asked.operation == "DeleteObjects":
        for each in deleted_objects(asked):
            if versioned("s3:DeleteObject", each.get("VersionId")) == action:
                yield f"{base}/{each['Key']}"
    elif "Key" in asked.params and action not in _ON_BUCKET:
        yield f"{base}/{asked.params['Key']}"
    else:
        yield base


def control_arns(asked: Asked, _action: str, account: str) -> Iterator[str]:
    """Access points by name; what concerns the whole account is on `*`."""
    owner = asked.params.get("AccountId", account)
    if "Bucket" in asked.params:
        yield f"arn:aws:s3:::{asked.params['Bucket']}"
    elif "Name" in asked.params and "AccessPoint" in asked.operation:
        yield f"arn:aws:s3:{asked.region}:{owner}:accesspoint/{asked.params['Name']}"
