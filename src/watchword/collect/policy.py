"""The IAM policies that watchword itself needs to read: generated from the operations that the reads declare.

Nothing is granted beyond them, and nothing that changes anything, except that IAM is asked to prepare its credential
report (``iam:GenerateCredentialReport``).  As JSON, as a CloudFormation template for a StackSet, and as Terraform.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Final

from watchword.aws import Operation, service_model
from watchword.collect.reads import Read
from watchword.collect.tables import ENGINE_OPERATIONS, all_reads, family

SIZE: Final = 6_144
"""Characters of a managed policy, white space not counted.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

ROLE_NAME: Final = "watchword-read"

_PREFIXES: Final = {"cloudwatch": "cloudwatch", "apigatewayv2": "apigateway"}
"""IAM's prefix of a service where it is not the name with which requests are signed.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html"""


def actions(reads: Iterable[Read] | None = None) -> tuple[str, ...]:
    """All IAM actions that the reads (all of them by default) and the engine need, in order."""
    chosen = all_reads() if reads is None else tuple(reads)
    found = {action for read in chosen for _, needed in needs(read) for action in needed}
    found |= {action for operation in ENGINE_OPERATIONS for action in _default(operation)}
    return tuple(sorted(found))


def needs(read: Read) -> Iterator[tuple[Operation, tuple[str, ...]]]:
    """Each operation that a read calls, with the IAM actions that it needs."""
    operation = (read.api, read.operation)
    yield operation, read.actions or _default(operation)
    if read.prepare:
        yield (read.api, read.prepare), _default((read.api, read.prepare))
    for one in family(read):
        for detail in one.details:
            called = (detail.client or one.api, detail.operation)
            yield called, detail.actions or _default(called)


def documents(reads: Iterable[Read] | None = None) -> dict[str, dict[str, Any]]:
    """The policies by name, each small enough for a managed policy."""
    parts: list[list[str]] = [[]]
    for action in actions(reads):
        if _size([*parts[-1], action]) > SIZE:
            parts.append([])
        parts[-1].append(action)
    return {f"{ROLE_NAME}-{number}": _document(part) for number, part in enumerate(parts, 1)}


def as_json() -> str:
    """The policies as one JSON object, by name."""
    return json.dumps(documents(), indent=2) + "\n"


def as_cloudformation() -> str:
    """A template of the role with its policies, for a StackSet over all accounts."""
    policies = {
        _logical(name): {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"Description": "What watchword reads", "PolicyDocument": document},
        }
        for name, document in documents().items()
    }
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The role by which watchword reads this account. It changes nothing.",
        "Parameters": _PARAMETERS,
        "Resources": {**policies, "Role": _role([{"Ref": name} for name in policies])},
        "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}},
    }
    return json.dumps(template, indent=2) + "\n"


def as_terraform() -> str:
    """The role with its policies as Terraform; apply it in each account, e.g. with one provider each."""
    return _TERRAFORM_HEAD + "".join(
        _terraform_policy(name, document) for name, document in documents().items()
    )


_PARAMETERS: Final = {
    "TrustedAccountId": {
        "Type": "String",
        "AllowedPattern": r"\d{12}",
        "Description": "The account that watchword runs in",
    },
    "ExternalId": {
        "Type": "String",
        "MinLength": 8,
        "NoEcho": True,
        "Description": "The same text as external_id in watchword.toml",
    },
    "RoleName": {"Type": "String", "Default": ROLE_NAME, "Description": "role in watchword.toml"},
}


def _role(policies: Sequence[dict[str, str]]) -> dict[str, Any]:
    trusted = {"Fn::Sub": "arn:${AWS::Partition}:iam::${TrustedAccountId}:root"}
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": trusted},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}},
    }
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": {"Ref": "RoleName"},
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "ManagedPolicyArns": policies,
            "MaxSessionDuration": 3600,
        },
    }


@cache
def _default(operation: Operation) -> tuple[str, ...]:
    """``<prefix>:<operation>``: how IAM names most operations."""
    service, name = operation
    metadata = service_model(service).metadata
    prefix = _PREFIXES.get(service) or metadata.get("signingName") or metadata["endpointPrefix"]
    return (f"{prefix}:{name}",)


def _document(part: Sequence[str]) -> dict[str, Any]:
    statement = {"Sid": "WatchwordRead", "Effect": "Allow", "Action": list(part), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _size(part: Sequence[str]) -> int:
    return len(json.dumps(_document(part), separators=(",", ":")))


def _logical(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("-"))


def _terraform_policy(name: str, document: dict[str, Any]) -> str:
    label = name.replace("-", "_")
    body = json.dumps(document, indent=2)
    return f"""
resource "aws_iam_policy" "{label}" {{
  name   = "${{var.role_name}}-{name.rpartition("-")[2]}"
  policy = <<-POLICY
{body}
  POLICY
}}

resource "aws_iam_role_policy_attachment" "{label}" {{
  role       = aws_iam_role.watchword.name
  policy_arn = aws_iam_policy.{label}.arn
}}
"""


_TERRAFORM_HEAD: Final = f"""# The role by which watchword reads an account. It changes nothing.
variable "trusted_account_id" {{
  type        = string
  description = "The account that watchword runs in"
}}

variable "external_id" {{
  type        = string
  sensitive   = true
  description = "The same text as external_id in watchword.toml"
}}

variable "role_name" {{
  type        = string
  default     = "{ROLE_NAME}"
  description = "role in watchword.toml"
}}

data "aws_partition" "current" {{}}

resource "aws_iam_role" "watchword" {{
  name                 = var.role_name
  max_session_duration = 3600
  assume_role_policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{
      Effect    = "Allow"
      Principal = {{ AWS = "arn:${{data.aws_partition.current.partition}}:iam::${{var.trusted_account_id}}:root" }}
      Action    = "sts:AssumeRole"
      Condition = {{ StringEquals = {{ "sts:ExternalId" = var.external_id }} }}
    }}]
  }})
}}
"""
