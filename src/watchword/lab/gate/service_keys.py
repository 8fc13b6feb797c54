"""Condition keys that only one service has.

What it does: gives the keys of STS, IAM, S3, KMS, EC2, Organizations, Lambda, SNS, DynamoDB and Secrets Manager that a
request determines. What it does not do: all 2,500 keys there are; one that is not here is absent.
Reference: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from watchword.lab.gate import tags
from watchword.lab.gate.arns import Target
from watchword.lab.gate.reading import Asked
from watchword.lab.gate.sessions import role_of, user_of
from watchword.lab.gate.state import key_of_alias

Keys = Iterator[tuple[str, str | tuple[str, ...]]]


def service_keys(asked: Asked, action: str, target: Target) -> Keys:
    """The keys of the action's service."""
    find = _SERVICES.get(action.partition(":")[0])
    if find is not None:
        yield from find(asked, action, target)


def _present(asked: Asked, members: Mapping[str, str]) -> Keys:
    """Keys that repeat a member of the request."""
    for member, key in members.items():
        value = asked.params.get(member)
        if value is not None:
            yield key, _text(value)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _sts(asked: Asked, _action: str, _target: Target) -> Keys:
    """Also the keys of a sign-in, which the trust policy asks before there is a session."""
    members = {
        "ExternalId": "sts:ExternalId",
        "RoleSessionName": "sts:RoleSessionName",
        "SourceIdentity": "sts:SourceIdentity",
        "DurationSeconds": "sts:DurationSeconds",
    }
    yield from _present(asked, members)
    transitive = asked.params.get("TransitiveTagKeys")
    if transitive:
        yield "sts:TransitiveTagKeys", tuple(transitive)


def _iam(asked: Asked, _action: str, target: Target) -> Keys:
    """iam:PermissionsBoundary is the boundary that is set, or else the one that the changed user or role has."""
    members = {"PolicyArn": "iam:PolicyARN", "AWSServiceName": "iam:AWSServiceName"}
    yield from _present(asked, members)
    boundary = asked.params.get("PermissionsBoundary") or _boundary_of(target)
    if boundary:
        yield "iam:PermissionsBoundary", boundary


def _boundary_of(target: Target) -> str | None:
    kind, _, name = target.arn.rpartition(":")[2].partition("/")
    find = {"user": user_of, "role": role_of}.get(kind)
    found = find(target.account, name.rpartition("/")[2]) if find is not None else None
    boundary = getattr(found, "permissions_boundary", None)
    return boundary["PermissionsBoundaryArn"] if boundary else None


def _s3(asked: Asked, action: str, target: Target) -> Keys:
    """The keys of lists and of writes, x-amz headers, and the tags of objects and buckets.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html
    """
    members = {
        "Prefix": "s3:prefix",
        "Delimiter": "s3:delimiter",
        "MaxKeys": "s3:max-keys",
        "VersionId": "s3:VersionId",
    }
    yield from _present(asked, members)
    for name in _S3_HEADERS:
        if name in asked.headers:
            yield f"s3:{name}", asked.headers[name]
    constraint = asked.params.get("CreateBucketConfiguration", {}).get("LocationConstraint")
    if constraint:
        yield "s3:LocationConstraint", constraint
    yield "s3:authType", "REST-HEADER" if "authorization" in asked.headers else "REST-QUERY-STRING"
    yield "s3:signatureversion", "AWS4-HMAC-SHA256"
    yield from _s3_tags(asked, action, target)


_S3_HEADERS: Final = (
    "x-amz-acl",
    "x-amz-content-sha256",
    "x-amz-copy-source",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
    "x-amz-metadata-directive",
    "x-amz-object-ownership",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-customer-algorithm",
    "x-amz-storage-class",
    "x-amz-website-redirect-location",
)


def _s3_tags(asked: Asked, action: str, target: Target) -> Keys:
    bucket, _, key = target.arn.removeprefix("arn:aws:s3:::").partition("/")
    if not target.arn.startswith("arn:aws:s3:::"):
        return
    if key:
        version = asked.params.get("VersionId") if asked.params.get("Key") == key else None
        for name, value in tags.of_object(bucket, key, version).items():
            yield f"s3:ExistingObjectTag/{name}", value
    if "Tagging" in action or action == "s3:PutObject":
        wanted = tags.requested(asked)
        for name, value in wanted.items():
            yield f"s3:RequestObjectTag/{name}", value
        if wanted:
            yield "s3:RequestObjectTagKeys", tuple(wanted)


def _kms(asked: Asked, _action: str, target: Target) -> Keys:
    """Encryption context, the alias that was named, grants."""
    named = asked.params.get("KeyId", "")
    alias = named[named.index("alias/") :] if "alias/" in named else asked.params.get("AliasName", "")
    if alias and key_of_alias(target.account, asked.region, alias):
        yield "kms:RequestAlias", alias
    context = asked.params.get("EncryptionContext") or {}
    for key, value in context.items():
        yield f"kms:EncryptionContext:{key}", value
    if context:
        yield "kms:EncryptionContextKeys", tuple(context)
    operations = asked.params.get("Operations")
    if operations:
        yield "kms:GrantOperations", tuple(operations)
    members = {
        "GranteePrincipal": "kms:GranteePrincipal",
        "RetiringPrincipal": "kms:RetiringPrincipal",
        "KeySpec": "kms:KeySpec",
        "KeyUsage": "kms:KeyUsage",
        "MultiRegion": "kms:MultiRegion",
        "PendingWindowInDays": "kms:ScheduleKeyDeletionPendingWindowInDays",
        "BypassPolicyLockoutSafetyCheck": "kms:BypassPolicyLockoutSafetyCheck",
    }
    yield from _present(asked, members)


def _ec2(asked: Asked, action: str, _target: Target) -> Keys:
    """Also ec2:CreateAction, which the tags on creation are asked with."""
    yield "ec2:Region", asked.region
    members = {
        "InstanceType": "ec2:InstanceType",
        "AvailabilityZone": "ec2:AvailabilityZone",
        "Tenancy": "ec2:Tenancy",
        "VolumeType": "ec2:VolumeType",
        "Encrypted": "ec2:Encrypted",
        "VpcId": "ec2:VpcID",
    }
    yield from _present(asked, members)
    options = asked.params.get("MetadataOptions", {})
    if "HttpTokens" in options:
        yield "ec2:MetadataHttpTokens", options["HttpTokens"]
    profile = asked.params.get("IamInstanceProfile", {}).get("Arn")
    if profile:
        yield "ec2:InstanceProfile", profile
    if action == "ec2:CreateTags" and asked.operation != "CreateTags":
        yield "ec2:CreateAction", asked.operation


def _organizations(asked: Asked, _action: str, _target: Target) -> Keys:
    members = {"ServicePrincipal": "organizations:ServicePrincipal", "PolicyType": "organizations:PolicyType"}
    yield from _present(asked, {**members, "Type": "organizations:PolicyType"})


def _lambda(asked: Asked, _action: str, target: Target) -> Keys:
    if ":function:" in target.arn:
        yield "lambda:FunctionArn", target.arn
    members = {
        "Principal": "lambda:Principal",
        "FunctionUrlAuthType": "lambda:FunctionUrlAuthType",
        "AuthType": "lambda:FunctionUrlAuthType",
    }
    yield from _present(asked, members)


def _sns(asked: Asked, _action: str, _target: Target) -> Keys:
    yield from _present(asked, {"Protocol": "sns:Protocol", "Endpoint": "sns:Endpoint"})


def _dynamodb(asked: Asked, _action: str, _target: Target) -> Keys:
    """Leading keys of the items that are named."""
    yield from _present(asked, {"Select": "dynamodb:Select", "ReturnValues": "dynamodb:ReturnValues"})
    attributes = asked.params.get("AttributesToGet")
    if attributes:
        yield "dynamodb:Attributes", tuple(attributes)


def _secrets(asked: Asked, _action: str, target: Target) -> Keys:
    if target.is_told:
        yield "secretsmanager:SecretId", target.arn
    members = {
        "VersionStage": "secretsmanager:VersionStage",
        "Name": "secretsmanager:Name",
        "BlockPublicPolicy": "secretsmanager:BlockPublicPolicy",
        "ForceDeleteWithoutRecovery": "secretsmanager:ForceDeleteWithoutRecovery",
        "RecoveryWindowInDays": "secretsmanager:RecoveryWindowInDays",
    }
    yield from _present(asked, members)


_SERVICES: Final[Mapping[str, Callable[[Asked, str, Target], Keys]]] = {
    "dynamodb": _dynamodb,
    "ec2": _ec2,
    "iam": _iam,
    "kms": _kms,
    "lambda": _lambda,
    "organizations": _organizations,
    "s3": _s3,
    "secretsmanager": _secrets,
    "sns": _sns,
    "sts": _sts,
}
