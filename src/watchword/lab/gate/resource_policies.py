"""The policy of a resource: whom it lets in by itself.

What it does: finds the policy of a bucket, queue, topic, key, secret, function, repository, table, domain, file system,
event bus, vault, or role (its trust policy). What it does not do: policies of resources that no service of the lab
keeps; such a resource has none here, as in AWS for most types.
Reference: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from moto.awslambda.models import lambda_backends
from moto.dynamodb.models import dynamodb_backends
from moto.ec2.models import ec2_backends
from moto.ecr.models import ecr_backends
from moto.efs.models import efs_backends
from moto.kms.models import kms_backends
from moto.s3.models import s3_backends
from moto.s3control.models import s3control_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from watchword.lab.backends.lambda_policies import worded
from watchword.lab.gate.arns import Target
from watchword.lab.gate.policies import Document
from watchword.lab.gate.sessions import role_of

Finder = Callable[[str, str, str], Any]


def policy_of(action: str, target: Target) -> Document | None:
    """The policy of a resource; None where it has none, or does not exist."""
    parts = target.arn.split(":", 5)
    if len(parts) < 6:
        return None
    find = _SERVICES.get("trust" if action.startswith("sts:") else parts[2])
    if find is None:
        return None
    with suppress(KeyError, AttributeError, IndexError):
        text = find(parts[4] or target.account, parts[3], parts[5])
        if text:
            return Document(target.arn, text if isinstance(text, str) else json.dumps(text))
    return None


def restricts_public_buckets(target: Target) -> bool:
    """Whether S3's block of public access restricts a bucket with a public policy, by bucket or by account.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
    """
    if not target.account or not target.arn.startswith("arn:aws:s3:::"):
        return False
    bucket = s3_backends[target.account]["aws"].buckets.get(_bucket(target.arn))
    blocks = [
        bucket.public_access_block if bucket is not None else None,
        s3control_backends[target.account]["aws"].public_access_block,
    ]
    return any(str(getattr(block, "restrict_public_buckets", "")).lower() == "true" for block in blocks)


def endpoint_policy(endpoint: str) -> Document | None:
    """The policy of a VPC endpoint, wherever it is; None where it has AWS's own, or there is none of this id."""
    for account in list(ec2_backends.values()):
        for backend in list(account.values()):
            found = backend.vpc_end_points.get(endpoint)
            if found is not None and found.policy_document:
                return Document(endpoint, str(found.policy_document))
    return None


def is_managed_by_aws(target: Target) -> bool:
    """Whether the target is a KMS key of AWS's own in the account, which RCPs do not touch."""
    parts = target.arn.split(":", 5)
    if not target.arn.startswith("arn:aws:kms:") or len(parts) < 6:
        return False
    key = kms_backends[parts[4] or target.account][parts[3]].keys.get(parts[5].removeprefix("key/"))
    return getattr(key, "key_manager", "CUSTOMER") == "AWS"


def _bucket(arn: str) -> str:
    return arn.rpartition(":")[2].partition("/")[0]


def _s3(account: str, _region: str, rest: str) -> Any:
    if rest.startswith("accesspoint/"):
        return s3control_backends[account]["aws"].access_points[account][rest.split("/")[1]].policy
    policy = s3_backends[account]["aws"].buckets[rest.partition("/")[0]].policy
    return policy.decode() if isinstance(policy, bytes) else policy


def _sqs(account: str, region: str, rest: str) -> Any:
    return sqs_backends[account][region].queues[rest].policy


def _sns(account: str, region: str, rest: str) -> Any:
    topic = rest.partition(":")[0]
    return sns_backends[account][region].topics[f"arn:aws:sns:{region}:{account}:{topic}"].policy


def _kms(account: str, region: str, rest: str) -> Any:
    return kms_backends[account][region].keys[rest.removeprefix("key/")].policy


def _secret(account: str, region: str, rest: str) -> Any:
    arn = f"arn:aws:secretsmanager:{region}:{account}:{rest}"
    secrets = secretsmanager_backends[account][region].secrets.values()
    return next((getattr(secret, "policy", None) for secret in secrets if secret.arn == arn), None)


def _lambda(account: str, region: str, rest: str) -> Any:
    """A function's policy is a list of statements that AddPermission made."""
    name = rest.split(":")[1]
    functions: Any = lambda_backends[account][region].list_functions()
    found = next((each for each in functions if each.function_name == name), None)
    statements = [worded(statement) for statement in found.policy.statements] if found is not None else []
    return {"Version": "2012-10-17", "Statement": statements} if statements else None


def _ecr(account: str, region: str, rest: str) -> Any:
    return ecr_backends[account][region].repositories[rest.removeprefix("repository/")].policy


def _efs(account: str, region: str, rest: str) -> Any:
    return (
        efs_backends[account][region].file_systems_by_id[rest.removeprefix("file-system/")].file_system_policy
    )


def _dynamodb(account: str, region: str, rest: str) -> Any:
    return getattr(dynamodb_backends[account][region].tables[rest.split("/")[1]], "policy", None)


def _trust(account: str, _region: str, rest: str) -> Any:
    role = role_of(account, rest.rpartition("/")[2]) if rest.startswith("role/") else None
    return role.assume_role_policy_document if role is not None else None


_SERVICES: Final[Mapping[str, Finder]] = {
    "dynamodb": _dynamodb,
    "ecr": _ecr,
    "elasticfilesystem": _efs,
    "kms": _kms,
    "lambda": _lambda,
    "s3": _s3,
    "secretsmanager": _secret,
    "sns": _sns,
    "sqs": _sqs,
    "trust": _trust,
}
