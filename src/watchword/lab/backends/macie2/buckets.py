"""What Macie tells of the S3 buckets of a region, taken from moto's S3.

What it does not do: judge sharing with other accounts, replication or upload policies; those are UNKNOWN, which is
Macie's own word for what it could not evaluate. Statements with conditions are not counted as public.
https://docs.aws.amazon.com/macie/latest/APIReference/datasources-s3.html
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from moto.s3.models import ALL_USERS_GRANTEE, FakeBucket, FakeKey, PublicAccessBlock, s3_backends
from moto.s3control.models import s3control_backends

from watchword.lab.backends.call import Call, service_model
from watchword.lab.backends.criteria import known_path, ordered, satisfies, values_at
from watchword.lab.backends.macie2.members import watched_by
from watchword.lab.backends.macie2.state import macie2_states, state_of
from watchword.lab.backends.registry import Handler

# How Macie counts an object's encryption by S3's header of it.
_ENCRYPTION = {"AES256": "s3Managed", "aws:kms": "kmsManaged", "aws:kms:dsse": "kmsManaged"}

_READING, _WRITING = "s3:GetObject", "s3:PutObject"


def _block(found: PublicAccessBlock | None) -> dict[str, bool]:
    return {
        "blockPublicAcls": bool(found and found.block_public_acls),
        "blockPublicPolicy": bool(found and found.block_public_policy),
        "ignorePublicAcls": bool(found and found.ignore_public_acls),
        "restrictPublicBuckets": bool(found and found.restrict_public_buckets),
    }


def _list_of(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _open_statements(policy: bytes | str | None) -> Iterator[Mapping[str, Any]]:
    """The statements of a bucket policy that allow everybody something without a condition."""
    for statement in _list_of(json.loads(policy).get("Statement", []) if policy else []):
        principal = statement.get("Principal")
        names = _list_of(principal.get("AWS", [])) if isinstance(principal, dict) else [principal]
        if statement.get("Effect") == "Allow" and "Condition" not in statement and "*" in names:
            yield statement


def _policy_allows(policy: bytes | str | None, action: str) -> bool:
    patterns = [text for found in _open_statements(policy) for text in _list_of(found.get("Action", []))]
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


def _acl_allows(bucket: FakeBucket, permission: str) -> bool:
    grants = bucket.acl.grants if bucket.acl else []
    return any(
        ALL_USERS_GRANTEE in grant.grantees and {permission, "FULL_CONTROL"} & set(grant.permissions)
        for grant in grants
    )


def _public_access(bucket: FakeBucket, account_block: dict[str, bool]) -> dict[str, Any]:
    own = _block(bucket.public_access_block)
    acl = {
        "allowsPublicReadAccess": _acl_allows(bucket, "READ"),
        "allowsPublicWriteAccess": _acl_allows(bucket, "WRITE"),
    }
    policy = {
        "allowsPublicReadAccess": _policy_allows(bucket.policy, _READING),
        "allowsPublicWriteAccess": _policy_allows(bucket.policy, _WRITING),
    }
    by_acl = any(acl.values()) and not (own["ignorePublicAcls"] or account_block["ignorePublicAcls"])
    restricted = own["restrictPublicBuckets"] or account_block["restrictPublicBuckets"]
    by_policy = any(policy.values()) and not restricted
    return {
        "effectivePermission": "PUBLIC" if by_acl or by_policy else "NOT_PUBLIC",
        "permissionConfiguration": {
            "accountLevelPermissions": {"blockPublicAccess": account_block},
            "bucketLevelPermissions": {
                "accessControlList": acl,
                "blockPublicAccess": own,
                "bucketPolicy": policy,
            },
        },
    }


def _encryption(bucket: FakeBucket) -> dict[str, Any]:
    """The default encryption; S3 encrypts by itself since January 2023 where a bucket says nothing."""
    rules = _list_of((bucket.encryption or {}).get("Rule", []))
    default = rules[0].get("ApplyServerSideEncryptionByDefault", {}) if rules else {}
    key = {"kmsMasterKeyId": default["KMSMasterKeyID"]} if default.get("KMSMasterKeyID") else {}
    return {"type": default.get("SSEAlgorithm", "AES256"), **key}


def _describe(bucket: FakeBucket, monitored: bool, job: dict[str, Any]) -> dict[str, Any]:
    objects = [found for found in bucket.keys.values() if isinstance(found, FakeKey)]
    size = sum(found.size for found in objects)
    counts = Counter(_ENCRYPTION.get(found.encryption or "AES256", "unknown") for found in objects)
    kinds = ("customerManaged", "kmsManaged", "s3Managed", "unencrypted", "unknown")
    account_block = _block(s3control_backends[bucket.account_id][bucket.partition].public_access_block)
    tags = s3_backends[bucket.account_id][bucket.partition].tagger.list_tags_for_resource(bucket.arn)["Tags"]
    return {
        "accountId": bucket.account_id,
        "allowsUnencryptedObjectUploads": "UNKNOWN",
        "automatedDiscoveryMonitoringStatus": "MONITORED" if monitored else "NOT_MONITORED",
        "bucketArn": bucket.arn,
        "bucketCreatedAt": bucket.creation_date,
        "bucketName": bucket.name,
        "classifiableObjectCount": len(objects),
        "classifiableSizeInBytes": size,
        "jobDetails": job,
        "lastUpdated": datetime.now(UTC),
        "objectCount": len(objects),
        "objectCountByEncryptionType": {kind: counts[kind] for kind in kinds},
        "publicAccess": _public_access(bucket, account_block),
        "region": bucket.region_name,
        "serverSideEncryption": _encryption(bucket),
        "sharedAccess": "UNKNOWN",
        "sizeInBytes": size,
        "tags": [{"key": tag["Key"], "value": tag["Value"]} for tag in tags],
        "versioning": bucket.is_versioned,
    }


def _job_details(call: Call, bucket: FakeBucket) -> dict[str, Any]:
    naming = [
        job
        for job in macie2_states[call.account][call.region].jobs.values()
        for definition in job.request["s3JobDefinition"].get("bucketDefinitions", [])
        if definition["accountId"] == bucket.account_id and bucket.name in definition["buckets"]
    ]
    if not naming:
        return {"isDefinedInJob": "FALSE", "isMonitoredByJob": "FALSE"}
    scheduled = any(
        job.request["jobType"] == "SCHEDULED" and job.status not in ("CANCELLED", "USER_PAUSED")
        for job in naming
    )
    last = max(naming, key=lambda job: job.created)
    details: dict[str, Any] = {
        "isDefinedInJob": "TRUE",
        "isMonitoredByJob": "TRUE" if scheduled else "FALSE",
        "lastJobId": last.id,
    }
    return details | ({"lastJobRunTime": last.last_run} if last.last_run else {})


def _describe_buckets(call: Call) -> dict[str, Any]:
    state_of(call)
    criteria, sort = call.params.get("criteria", {}), call.params.get("sortCriteria", {})
    shape = service_model("macie2").shape_for("BucketMetadata")
    for path in criteria:
        if not known_path(shape, path):
            raise call.refuse(f"The request failed because {path} isn't a property of buckets.")
    described = [
        _describe(
            bucket,
            macie2_states[account][call.region].discovery.status == "ENABLED",
            _job_details(call, bucket),
        )
        for account in watched_by(call)
        for bucket in s3_backends[account][call.partition].buckets.values()
        if bucket.region_name == call.region
    ]
    found = [
        bucket
        for bucket in described
        if all(satisfies(values_at(bucket, path), criterion) for path, criterion in criteria.items())
    ]
    name = sort.get("attributeName", "bucketName")
    return call.page("buckets", ordered(found, name, sort.get("orderBy") == "DESC"))


OPERATIONS: dict[str, Handler] = {"DescribeBuckets": _describe_buckets}
