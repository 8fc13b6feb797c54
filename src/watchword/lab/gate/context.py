"""The context of a request: what conditions of policies can ask.

What it does: gives the global keys, the keys of STS, IAM, S3, KMS, EC2 and others that a request determines, and the
caller's own. What it does not do: keys that AWS alone knows (aws:CalledVia of services that call on one's behalf); a key
that is not given is absent, as AWS leaves it out.
Reference: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from watchword.lab.gate import tags
from watchword.lab.gate.arns import Target
from watchword.lab.gate.reading import Asked
from watchword.lab.gate.service_keys import service_keys
from watchword.lab.gate.sessions import Caller
from watchword.lab.gate.state import organization_of
from watchword.lab.gateway import Environ

Value = str | tuple[str, ...]
Context = Mapping[str, Value]

# A request with this header came through the VPC endpoint that it names (the VPC after a comma); for tests.
ENDPOINT_HEADER: Final = "HTTP_X_LAB_SOURCE_VPCE"

# A request with this header came from this address; for tests.
ADDRESS_HEADER: Final = "HTTP_X_LAB_SOURCE_IP"

# Services without regions, whose requests are to us-east-1 whatever the client thinks.
_WORLDWIDE: Final = frozenset(
    "iam organizations cloudfront route53 account support budgets ce shield globalaccelerator wafv2-global".split()
)


def region_of(asked: Asked) -> str:
    """The region of aws:RequestedRegion."""
    return "us-east-1" if asked.service in _WORLDWIDE else asked.region


def of_request(asked: Asked, environ: Environ, caller: Caller, now: datetime) -> dict[str, Value]:
    """What holds for the request whatever the resource: network, time, caller, tags of the request."""
    return {
        **dict(_network(asked, environ)),
        "aws:CurrentTime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:EpochTime": str(int(now.timestamp())),
        "aws:RequestedRegion": region_of(asked),
        "aws:PrincipalIsAWSService": "false",
        "aws:ViaAWSService": "false",
        **of_caller(caller, now),
        **dict(_tags(asked)),
    }


def _network(asked: Asked, environ: Environ) -> Iterator[tuple[str, Value]]:
    """A request through an endpoint has the VPC's address and no public one.

    The lab speaks plain HTTP on loopback and answers as if it spoke TLS, as AWS's endpoints do.
    """
    endpoint, _, vpc = environ.get(ENDPOINT_HEADER, "").partition(",")
    address = environ.get(ADDRESS_HEADER) or environ.get("REMOTE_ADDR", "127.0.0.1")
    if endpoint:
        yield "aws:SourceVpce", endpoint
        yield "aws:VpcSourceIp", address
        if vpc:
            yield "aws:SourceVpc", vpc
    else:
        yield "aws:SourceIp", address
    yield "aws:SecureTransport", environ.get("HTTP_X_LAB_SECURE_TRANSPORT", "true")
    if "user-agent" in asked.headers:
        yield "aws:UserAgent", asked.headers["user-agent"]
    if "referer" in asked.headers:
        yield "aws:Referer", asked.headers["referer"]


def of_caller(caller: Caller, now: datetime) -> dict[str, Value]:
    """What the caller's identity and session say."""
    if caller.kind == "Anonymous":
        return {"aws:PrincipalType": "Anonymous", "aws:userid": "anonymous"}
    found: dict[str, Value] = {
        "aws:PrincipalArn": caller.principal,
        "aws:PrincipalAccount": caller.account,
        "aws:PrincipalType": "Account" if caller.kind == "Root" else caller.kind,
        "aws:userid": caller.userid,
    }
    if caller.kind == "User":
        found["aws:username"] = caller.name
    organization = organization_of(caller.account)
    if organization is not None:
        found["aws:PrincipalOrgID"] = organization.id
        found["aws:PrincipalOrgPaths"] = (organization.path_of(caller.account),)
        found["aws:PrincipalOrgMasterAccountId"] = organization.management_account
    for key, value in tags.of_caller(caller).items():
        found[f"aws:PrincipalTag/{key}"] = value
    return found | dict(_session(caller, now))


def _session(caller: Caller, now: datetime) -> Iterator[tuple[str, Value]]:
    """Long-term keys know nothing of MFA: the key is absent there, not false."""
    session = caller.session
    if session is None:
        return
    yield "aws:TokenIssueTime", session.issued.strftime("%Y-%m-%dT%H:%M:%SZ")
    yield "aws:MultiFactorAuthPresent", "true" if session.mfa_at else "false"
    if session.mfa_at is not None:
        yield "aws:MultiFactorAuthAge", str(int((now - session.mfa_at).total_seconds()))
    if session.source_identity is not None:
        yield "aws:SourceIdentity", session.source_identity
    if session.provider is not None:
        yield "aws:FederatedProvider", session.provider
    yield from session.attributes.items()


def _tags(asked: Asked) -> Iterator[tuple[str, Value]]:
    for key, value in tags.requested(asked).items():
        yield f"aws:RequestTag/{key}", value
    keys = tags.keys_of_request(asked)
    if keys:
        yield "aws:TagKeys", keys


def of_target(asked: Asked, action: str, target: Target) -> dict[str, Value]:
    """What the resource adds: whose it is, its tags, and the service's own keys."""
    found: dict[str, Value] = {}
    if target.account:
        found["aws:ResourceAccount"] = target.account
        organization = organization_of(target.account)
        if organization is not None:
            found["aws:ResourceOrgID"] = organization.id
            found["aws:ResourceOrgPaths"] = (organization.path_of(target.account),)
    for key, value in _tags_of(target, asked).items():
        found[f"aws:ResourceTag/{key}"] = value
        prefix = action.partition(":")[0]
        if prefix in _OWN_TAG_KEYS:
            found[f"{prefix}:ResourceTag/{key}"] = value
    return found | dict(service_keys(asked, action, target))


# Services that have a key of their own for the tags of a resource besides the global one.
_OWN_TAG_KEYS: Final = frozenset(
    {"ec2", "ecs", "eks", "elasticloadbalancing", "iam", "secretsmanager", "ssm"}
)


def _tags_of(target: Target, asked: Asked) -> Mapping[str, Any]:
    return tags.of_target(target, asked.region) if target.is_told else {}
