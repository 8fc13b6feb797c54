"""What a request must be allowed to do: every permission, on every resource, in its context.

What it does: joins action, resource and context into checks, all of which must be allowed; adds what AWS asks besides
(the source of a copy, tags set on creation, passed roles). What it does not do: decide.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs, unquote

from watchword.lab.backends.sign_in import SignIn, from_assertion, from_token
from watchword.lab.gate import context, tags
from watchword.lab.gate.actions import actions_of, versioned
from watchword.lab.gate.arns import Target, targets_of
from watchword.lab.gate.arns_iam import is_on_oneself
from watchword.lab.gate.arns_s3 import owner_of
from watchword.lab.gate.passing import passed_roles
from watchword.lab.gate.reading import Asked
from watchword.lab.gate.sessions import Caller
from watchword.lab.gateway import Environ


@dataclass(frozen=True, slots=True)
class Check:
    """One question to the evaluator: may the caller do `action` on `target` in this context?"""

    action: str
    target: Target
    context: Mapping[str, context.Value]


def checks_of(asked: Asked, environ: Environ, caller: Caller, now: datetime) -> tuple[Check, ...]:
    """Everything that a request must be allowed to do, the operation's own permission first."""
    base = context.of_request(asked, environ, caller, now) | _signing_in(asked)
    base["kms:CallerAccount"] = caller.account
    found = [*_own(asked, caller), *_besides(asked, caller)]
    return tuple(
        Check(action, target, {**base, **context.of_target(asked, action, target), **more})
        for action, target, more in found
    )


Wanted = tuple[str, Target, Mapping[str, context.Value]]


def _own(asked: Asked, caller: Caller) -> Iterator[Wanted]:
    for action in actions_of(asked):
        for target in targets_of(asked, action, caller.account):
            oneself = not target.is_told and caller.kind == "User" and is_on_oneself(action)
            yield action, Target(caller.arn, caller.account) if oneself else target, {}


def _besides(asked: Asked, caller: Caller) -> Iterator[Wanted]:
    yield from _copied(asked, caller)
    yield from _carried(asked, caller)
    yield from _tagged(asked, caller)
    for passed in passed_roles(asked, caller.account):
        owner = passed.role.split(":")[4]
        yield "iam:PassRole", Target(passed.role, owner), {"iam:PassedToService": passed.service}


def _carried(asked: Asked, caller: Caller) -> Iterator[Wanted]:
    """What a sign-in or a chain of roles carries into a session takes the permissions of setting it.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
    """
    if not asked.operation.startswith("AssumeRole"):
        return
    found, behind = signed_in(asked), caller.session
    tags_come = bool(found is not None and found.tags)
    identity_comes = bool(found.source_identity if found is not None else behind and behind.source_identity)
    if behind is not None and behind.transitive and not asked.params.get("Tags"):
        tags_come = True
    for target in targets_of(asked, "sts:AssumeRole", caller.account):
        if tags_come:
            yield "sts:TagSession", target, {}
        if identity_comes and "SourceIdentity" not in asked.params:
            yield "sts:SetSourceIdentity", target, {}


def _copied(asked: Asked, caller: Caller) -> Iterator[Wanted]:
    """A copy reads its source: bucket/key, perhaps with a version."""
    given = asked.params.get("CopySource")
    if asked.service != "s3" or not given:
        return
    source = given if isinstance(given, str) else _joined(given)
    path, _, query = source.partition("?")
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    version = parse_qs(query).get("versionId", [None])[0]
    target = Target(f"arn:aws:s3:::{bucket}/{key}", owner_of(bucket) or caller.account)
    yield versioned("s3:GetObject", version), target, {}


def _joined(given: Mapping[str, Any]) -> str:
    version = f"?versionId={given['VersionId']}" if "VersionId" in given else ""
    return f"{given.get('Bucket', '')}/{given.get('Key', '')}{version}"


# What tags on creation take, by the operation's service.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html#access_tags_control-requests
_TAGGING: Final[Mapping[str, str]] = {
    "dynamodb": "dynamodb:TagResource",
    "ecr": "ecr:TagResource",
    "ecs": "ecs:TagResource",
    "eks": "eks:TagResource",
    "kms": "kms:TagResource",
    "lambda": "lambda:TagResource",
    "logs": "logs:TagResource",
    "rds": "rds:AddTagsToResource",
    "secretsmanager": "secretsmanager:TagResource",
    "sns": "sns:TagResource",
    "sqs": "sqs:TagQueue",
    "stepfunctions": "states:TagResource",
}


def _tagged(asked: Asked, caller: Caller) -> Iterator[Wanted]:
    """Tags that are set on what a request makes take a permission of their own."""
    if not asked.operation.startswith(("Create", "Run", "Allocate", "Copy", "Import", "Request")):
        return
    if asked.operation == "CreateTags" or not tags.requested(asked):
        return
    action = _tag_action(asked)
    if action is not None:
        for target in targets_of(asked, action, caller.account):
            if asked.service != "ec2" or target.arn.endswith("/*"):
                yield action, target, {}


def _tag_action(asked: Asked) -> str | None:
    match asked.service:
        case "ec2":
            return "ec2:CreateTags"
        case "iam":
            return f"iam:Tag{asked.operation.removeprefix('Create')}"
        case other:
            return _TAGGING.get(other)


def signed_in(asked: Asked) -> SignIn | None:
    """The sign-in at an identity provider that a request for a role session brings; None where it brings none.

    Raises Refusal where an assertion is not readable.
    """
    given = asked.params
    match asked.operation:
        case "AssumeRoleWithSAML":
            return from_assertion(given.get("SAMLAssertion", ""), given.get("PrincipalArn", ""))
        case "AssumeRoleWithWebIdentity" if given.get("RoleArn", "").count(":") >= _ARN_COLONS:
            return from_token(given.get("WebIdentityToken", ""), given["RoleArn"], given.get("ProviderId"))
        case _:
            return None


_ARN_COLONS: Final = 5


def _signing_in(asked: Asked) -> dict[str, context.Value]:
    """What a trust policy can ask of a sign-in: the provider's keys, and the tags that it brings; a code of MFA."""
    found = signed_in(asked) if asked.service == "sts" else None
    if found is None:
        with_code = asked.operation == "AssumeRole" and {"SerialNumber", "TokenCode"} <= asked.params.keys()
        return {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "0"} if with_code else {}
    keys: dict[str, context.Value] = dict(found.attributes)
    if found.provider:
        keys["aws:FederatedProvider"] = found.provider
    if found.source_identity:
        keys["sts:SourceIdentity"] = found.source_identity
    if found.tags:
        keys |= {f"aws:RequestTag/{key}": value for key, value in found.tags.items()}
        keys["aws:TagKeys"] = tuple(found.tags)
    return keys
