"""S3: buckets with everything that decides who may use them, access points, the account's public access block.

Objects are not listed.  ``GetBucketPolicyStatus`` is not asked: the policy itself is judged.

Calls: seven or eight a bucket, of which object lock only where versioning was ever on (it needs it) and ACL only where
ACLs count at all.
"""

from __future__ import annotations

from typing import Final

from watchword.collect.reads import Detail, Read, Row, Where

_BUCKET: Final = {"Bucket": "{Name}"}


def _is_versioned(row: Row) -> bool:
    """Whether versioning was ever on; where that could not be read, object lock is asked for all the same."""
    versioning = row.get("Versioning")
    return versioning is None or bool(versioning.get("Status"))


def _has_acls(row: Row) -> bool:
    """ACLs count unless the bucket's owner owns every object; where ownership is not known, the ACL is read."""
    rules = (row.get("OwnershipControls") or {}).get("Rules") or ()
    return not any(rule.get("ObjectOwnership") == "BucketOwnerEnforced" for rule in rules)


READS: Final = (
    Read(
        table="s3.buckets",
        operation="ListBuckets",
        # S3 tells the region of a bucket only where the request has a parameter.
        params={"MaxBuckets": 1000},
        take="Buckets[]",
        arn="arn:{partition}:s3:::{Name}",
        name="{Name}",
        kind="AWS::S3::Bucket",
        where=Where.ACCOUNT,
        region_field="BucketRegion",
        actions=("s3:ListAllMyBuckets",),
        details=(
            Detail("Tags", "GetBucketTagging", _BUCKET, "TagSet", none_when=("NoSuchTagSet",)),
            Detail(
                "Policy",
                "GetBucketPolicy",
                _BUCKET,
                "Policy",
                none_when=("NoSuchBucketPolicy",),
                parse_json=True,
            ),
            Detail(
                "PublicAccessBlock",
                "GetPublicAccessBlock",
                _BUCKET,
                "PublicAccessBlockConfiguration",
                none_when=("NoSuchPublicAccessBlockConfiguration",),
                actions=("s3:GetBucketPublicAccessBlock",),
            ),
            Detail(
                "OwnershipControls",
                "GetBucketOwnershipControls",
                _BUCKET,
                "OwnershipControls",
                none_when=("OwnershipControlsNotFoundError",),
            ),
            Detail("Acl", "GetBucketAcl", _BUCKET, when=_has_acls),
            Detail(
                "Encryption",
                "GetBucketEncryption",
                _BUCKET,
                "ServerSideEncryptionConfiguration",
                none_when=("ServerSideEncryptionConfigurationNotFoundError",),
                actions=("s3:GetEncryptionConfiguration",),
            ),
            Detail("Versioning", "GetBucketVersioning", _BUCKET),
            Detail(
                "ObjectLock",
                "GetObjectLockConfiguration",
                _BUCKET,
                "ObjectLockConfiguration",
                none_when=("ObjectLockConfigurationNotFoundError",),
                when=_is_versioned,
                actions=("s3:GetBucketObjectLockConfiguration",),
            ),
            Detail("Logging", "GetBucketLogging", _BUCKET, "LoggingEnabled"),
        ),
    ),
    Read(
        table="s3.account_public_access_block",
        operation="GetPublicAccessBlock",
        client="s3control",
        params={"AccountId": "{account}"},
        take="PublicAccessBlockConfiguration",
        arn="arn:{partition}:s3:::account-public-access-block",
        name="{account}",
        kind="AWS::S3::AccountPublicAccessBlock",
        where=Where.ACCOUNT,
        none_when=("NoSuchPublicAccessBlockConfiguration",),
        actions=("s3:GetAccountPublicAccessBlock",),
    ),
    Read(
        table="s3.access_points",
        operation="ListAccessPoints",
        client="s3control",
        params={"AccountId": "{account}"},
        take="AccessPointList[]",
        arn="{AccessPointArn}",
        name="{Name}",
        kind="AWS::S3::AccessPoint",
        actions=("s3:ListAccessPoints",),
        details=(
            Detail(
                "Policy",
                "GetAccessPointPolicy",
                {"AccountId": "{account}", "Name": "{Name}"},
                "Policy",
                none_when=("NoSuchAccessPointPolicy",),
                parse_json=True,
                actions=("s3:GetAccessPointPolicy",),
            ),
            Detail(
                "PublicAccessBlock",
                "GetAccessPoint",
                {"AccountId": "{account}", "Name": "{Name}"},
                "PublicAccessBlockConfiguration",
                actions=("s3:GetAccessPoint",),
            ),
        ),
    ),
)
