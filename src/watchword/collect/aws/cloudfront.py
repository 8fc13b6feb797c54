"""CloudFront: distributions with tags and logging, and the controls by which they reach private origins.

Headers that a distribution adds for its origins often hold a secret that the two share: their values are replaced by
fingerprints before anything is written.  A distribution is called by its Name tag, or else by its id.
"""

from __future__ import annotations

from collections.abc import Iterable

from watchword.analysis.data import secrets
from watchword.collect.reads import Detail, Read, Row, Where

_ARN = "arn:{partition}:cloudfront::{account}:"


def _distribution(row: Row) -> Iterable[Row]:
    """A distribution without the values of its origins' headers."""
    origins = row.get("Origins") or {}
    return ({**row, "Origins": {**origins, "Items": [_origin(one) for one in origins.get("Items") or []]}},)


def _origin(found: Row) -> Row:
    headers = (found.get("CustomHeaders") or {}).get("Items")
    if not headers:
        return found
    values = secrets.redacted({str(one["HeaderName"]): str(one["HeaderValue"]) for one in headers})
    kept = [{"HeaderName": name, "HeaderValue": value} for name, value in values.items()]
    return {**found, "CustomHeaders": {"Quantity": len(kept), "Items": kept}}


READS: tuple[Read, ...] = (
    Read(
        "cloudfront.distributions",
        "ListDistributions",
        take="DistributionList.Items[]",
        arn="{ARN}",
        kind="AWS::CloudFront::Distribution",
        where=Where.ACCOUNT,
        transform=_distribution,
        details=(
            Detail(
                "Tags",
                "ListTagsForResource",
                params={"Resource": "{ARN}"},
                take="Tags.Items",
            ),
            Detail(
                "Logging", "GetDistributionConfig", params={"Id": "{Id}"}, take="DistributionConfig.Logging"
            ),
        ),
    ),
    Read(
        "cloudfront.origin_access_controls",
        "ListOriginAccessControls",
        take="OriginAccessControlList.Items[]",
        arn=_ARN + "origin-access-control/{Id}",
        name="{Name}",
        kind="AWS::CloudFront::OriginAccessControl",
        where=Where.ACCOUNT,
    ),
)
