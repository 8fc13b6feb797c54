"""S3's ListBuckets with the region of each bucket, which moto leaves out.

What it does: answers as S3 does, region and ARN included.  What it does not do: pages; every bucket of the account is in
one answer.
Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.s3.responses import S3Response


def install() -> None:
    """Replace ListBuckets; calling it again changes nothing."""
    setattr(S3Response, _all_buckets.__name__.removeprefix("_"), _all_buckets)


def _all_buckets(response: S3Response) -> Any:
    response.data["Action"] = "ListAllMyBuckets"
    response._authenticate_and_authorize_s3_action()
    held = response.backend.list_buckets(
        prefix=response._get_param("prefix"),
        bucket_region=response._get_param("bucket-region"),
        max_buckets=response._get_param("max-buckets"),
    )
    response.data["Action"] = "ListBuckets"
    buckets = [
        {
            "Name": bucket.name,
            "CreationDate": bucket.creation_date_ISO8601,
            "BucketRegion": bucket.region_name,
            "BucketArn": bucket.arn,
        }
        for bucket in held
    ]
    owner = {"ID": "bcaf1ffd86f41161ca5fb16fd081034f", "DisplayName": "webfile"}
    return response.serialized(ActionResult({"Owner": owner, "Buckets": buckets}))
