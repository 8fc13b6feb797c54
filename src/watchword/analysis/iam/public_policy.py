"""Whether a bucket's policy is public as S3 itself sees it, which is what its public access block goes by.

S3 looks at the text of a policy, not at what it lets in; the rule is step 9.5 of docs/iam-evaluation.md.  Whom a policy
really lets in is in ``exposure``.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html ("The meaning of
public")
"""

from __future__ import annotations

import ipaddress
from typing import Final

from watchword.analysis.iam.compiled import CompiledPolicy
from watchword.analysis.iam.policy import Condition, Effect, Principals, Qualifier, Statement

_CONFINING_OPERATORS: Final = frozenset(
    ("StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike")
)
_CONFINING_KEYS: Final = frozenset(
    (
        *("aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount"),
        *("aws:userid", "aws:principalorgid", "s3:dataaccesspointarn", "s3:dataaccesspointaccount"),
    )
)
_WIDEST_V4, _WIDEST_V6 = 8, 32
"""Shortest prefixes of ranges that S3 takes as confined."""


def is_public(policy: CompiledPolicy, *, of_access_point: bool = False) -> bool:
    """Whether S3 calls the policy public; ``of_access_point``: it is an access point's, not a bucket's."""
    return any(
        one.statement.effect is Effect.ALLOW and _is_public(one.statement, of_access_point)
        for one in policy.statements
    )


def _is_public(statement: Statement, of_access_point: bool) -> bool:
    return not _is_fixed(statement) and not any(
        _confines(one, of_access_point) for one in statement.conditions
    )


def _is_fixed(statement: Statement) -> bool:
    """Whether the statement names its principals one by one; one without principals names nobody."""
    if statement.not_principals is not None:
        return False
    named = statement.principals or Principals()
    listed = (*named.aws, *named.service, *named.canonical)
    return not named.everyone and not named.federated and not any(set(one) & set("*?") for one in listed)


def _confines(condition: Condition, of_access_point: bool) -> bool:
    if condition.if_exists or condition.qualifier is Qualifier.FOR_ALL_VALUES or not condition.values:
        return False
    if condition.operator == "IpAddress":
        return condition.name == "aws:sourceip" and all(_is_narrow(one) for one in condition.values)
    if condition.operator not in _CONFINING_OPERATORS or condition.name not in _CONFINING_KEYS:
        return False
    # The name of an access point may be a wildcard in a bucket's policy, as long as its account is fixed.
    free_name = condition.name == "s3:dataaccesspointarn" and not of_access_point
    return all(_is_constant(_before_name(one) if free_name else one) for one in condition.values)


def _before_name(arn: str) -> str:
    return arn.partition(":accesspoint/")[0]


def _is_constant(value: str) -> bool:
    return not set(value) & set("*?") and "${" not in value


def _is_narrow(text: str) -> bool:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return network.prefixlen >= (_WIDEST_V4 if network.version == 4 else _WIDEST_V6)
