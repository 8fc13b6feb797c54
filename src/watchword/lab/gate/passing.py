"""Roles that a request hands to a service: iam:PassRole, which AWS asks besides the operation's own permission.

What it does: finds the roles in a request, instance profiles' included, and the service that gets each. What it does not
do: follow a launch template or a stack to roles that another request wrote there.
Reference: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from watchword.lab.gate.reading import Asked
from watchword.lab.gate.sessions import role_of
from watchword.lab.gate.state import iam_of

# Who gets the role, where it is not the service's own name before ".amazonaws.com".
_RECEIVERS: Final[Mapping[str, str]] = {
    "bedrock-agent": "bedrock",
    "ecs": "ecs-tasks",
    "efs": "elasticfilesystem",
    "emr": "elasticmapreduce",
    "kinesisanalyticsv2": "kinesisanalytics",
    "opensearch": "es",
    "s3control": "s3",
    "stepfunctions": "states",
}

# Receivers that depend on the member which holds the role.
_BY_MEMBER: Final[Mapping[tuple[str, str], str]] = {
    ("cloudtrail", "CloudWatchLogsRoleArn"): "cloudtrail.amazonaws.com",
    ("ec2", "DeliverLogsPermissionArn"): "vpc-flow-logs.amazonaws.com",
    ("ecs", "executionRoleArn"): "ecs-tasks.amazonaws.com",
    ("ecs", "role"): "ecs.amazonaws.com",
    ("rds", "MonitoringRoleArn"): "monitoring.rds.amazonaws.com",
}

# Members that hold a role, by ARN or by name.
_ROLE_MEMBER = re.compile(r"(.*role(arn)?s?|DeliverLogsPermissionArn|IamRole)", re.IGNORECASE)
_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")

# Services that take a role's name where others take its ARN.
_BY_NAME: Final = frozenset({"glue", "codebuild", "emr", "ssm"})

# Services whose requests name roles without giving them to anybody.
_NOT_PASSING: Final = frozenset(
    {"iam", "sts", "accessanalyzer", "organizations", "config-aggregate", "eks-auth"}
)
_READING = re.compile(r"(Get|List|Describe|Search|Batch(Get|Describe)|Delete|Tag|Untag)")


@dataclass(frozen=True, slots=True)
class Passed:
    """A role by its ARN, and the service principal that it is given to."""

    role: str
    service: str


def passed_roles(asked: Asked, account: str) -> tuple[Passed, ...]:
    """The roles that a request hands to services, each once."""
    if asked.operation == "AddRoleToInstanceProfile":
        return (Passed(_role_arn(asked.params.get("RoleName", ""), account), "ec2.amazonaws.com"),)
    if asked.service in _NOT_PASSING or _READING.match(asked.operation):
        return ()
    found = [*_in_profile(asked, account), *_in_members(asked, asked.params, account)]
    return tuple(dict.fromkeys(found))


def _in_members(asked: Asked, given: Any, account: str, depth: int = 0) -> Iterator[Passed]:
    """Roles at any depth that AWS's own shapes reach."""
    if depth > _DEEPEST:
        return
    if isinstance(given, list):
        for inner in given:
            yield from _in_members(asked, inner, account, depth + 1)
    if isinstance(given, Mapping):
        for member, value in given.items():
            if isinstance(value, str) and _ROLE_MEMBER.fullmatch(str(member)):
                yield from _passed(asked, str(member), value, account)
            else:
                yield from _in_members(asked, value, account, depth + 1)


_DEEPEST: Final = 12


def _passed(asked: Asked, member: str, value: str, account: str) -> Iterator[Passed]:
    by_name = asked.service in _BY_NAME and value and "/" not in value
    if _ROLE_ARN.fullmatch(value) or by_name:
        yield Passed(_role_arn(value, account), _receiver(asked.service, member))


def _receiver(service: str, member: str) -> str:
    name = _RECEIVERS.get(service, service)
    return _BY_MEMBER.get((service, member), f"{name}.amazonaws.com")


def _role_arn(value: str, account: str) -> str:
    if value.startswith("arn:"):
        return value
    role = role_of(account, value)
    return str(role.arn) if role is not None else f"arn:aws:iam::{account}:role/{value}"


def _in_profile(asked: Asked, account: str) -> Iterator[Passed]:
    """The role of the instance profile that a machine is to have."""
    given = asked.params.get("IamInstanceProfile")
    if not given:
        return
    name = given if isinstance(given, str) else given.get("Name") or given.get("Arn", "")
    for profile in iam_of(account).instance_profiles.values():
        if name in {profile.name, profile.arn}:
            yield from (Passed(str(role.arn), "ec2.amazonaws.com") for role in profile.roles)
