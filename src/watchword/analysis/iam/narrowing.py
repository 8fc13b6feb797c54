"""What a condition of a policy demands of the caller.

``demanded`` answers it for an Allow (who gets through), ``escaped`` for a Deny (who is not caught).  A key that is not
known gives ``Demand.UNKNOWN``: no guess is made either way.  This module judges no statement (see ``exposure``).

Keys: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from watchword.analysis.iam.audience import SELF, Demand, Home, Requirement
from watchword.analysis.iam.policy import Condition, Statement

_ACCOUNT: Final = re.compile(r"\d{12}")
_PINNED_SUBJECT: Final = re.compile(r"[A-Za-z_]+:[^:/*?]+[:/]")
"""The part before the first wildcard of a token's subject that names a tenant: ``repo:acme/``, ``organization:acme:``."""

_NOT_ABOUT_WHO: Final = (
    *(
        "aws:securetransport",
        "aws:referer",
        "aws:useragent",
        "aws:requestedregion",
        "aws:resourcetag/",
        "aws:requesttag/",
    ),
    *("aws:tagkeys", "aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths", "aws:vpcsourceip"),
    *(
        "s3:",
        "kms:",
        "ecr:",
        "secretsmanager:",
        "dynamodb:",
        "elasticfilesystem:",
        "glue:",
        "backup:",
        "sns:protocol",
    ),
    *("sts:externalid", "sts:rolesessionname", "sts:sourceidentity", "sts:transitivetagkeys", "saml:"),
)
"""Beginnings of keys that say what may be done or how, or that the caller chooses freely.

``aws:Referer`` and ``aws:UserAgent`` are headers that anybody can send; ``aws:VpcSourceIp`` holds in everybody's VPC.
"""

_SIGNED: Final = (
    *(
        "aws:principaltag/",
        "aws:multifactorauthpresent",
        "aws:multifactorauthage",
        "aws:viaawsservice",
        "aws:calledvia",
    ),
    *(
        "aws:username",
        "aws:federatedprovider",
        "aws:sourceidentity",
        "aws:principalaccount",
        "aws:principalarn",
    ),
    *("aws:principalorgid", "aws:principalorgpaths"),
)
"""Beginnings of keys that only signed requests have, and that every account can fill as it likes, or wildcarded."""

_NEVER_MISSING: Final = frozenset({"aws:principalaccount"})
"""Keys that every request has, unsigned ones too (``anonymous``)."""

_TENANT_CLAIMS: Final = frozenset(
    ("repository", "repository_id", "repository_owner", "repository_owner_id", "enterprise", "enterprise_id")
) | frozenset(("namespace_id", "namespace_path", "project_id", "project_path", "organization_id"))
_COGNITO: Final = "cognito-identity.amazonaws.com"

_WIDEST_V4, _NARROW_V4, _WIDEST_V6 = 8, 16, 32
# Ranges broader than /8 (IPv4) and /32 (IPv6) count as public in S3's own definition:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html


def demanded(condition: Condition, statement: Statement, home: Home) -> Requirement:
    """What the condition of an Allow demands: whoever cannot fulfil it is not let through."""
    found = _demanded(condition, statement, home)
    return replace(found, condition=str(condition))


def escaped(condition: Condition, statement: Statement, home: Home) -> Requirement:
    """What one must fulfil in order not to be caught by the condition of a Deny."""
    return replace(_escaped(condition, statement, home), condition=f"not ({condition})")


def _demanded(condition: Condition, statement: Statement, home: Home) -> Requirement:
    if not condition.is_known:
        return Requirement(Demand.UNKNOWN)
    if condition.operator == "Null":
        return _demanded_presence(condition)
    if _leaves_the_unsigned_out(condition):
        return Requirement(Demand.SIGNED)
    if condition.is_negated:
        return (
            _excluded(condition, home) if _is_about_who(condition, statement) else Requirement(Demand.NOTHING)
        )
    found = _positive(condition, statement, home)
    can_lack = condition.holds_without_key and condition.name not in _NEVER_MISSING
    loose = can_lack and found.demand not in {Demand.NOTHING, Demand.UNKNOWN}
    return Requirement(Demand.LOOSE) if loose else found


def _escaped(condition: Condition, statement: Statement, home: Home) -> Requirement:
    if not condition.is_known:
        return Requirement(Demand.UNKNOWN)
    if condition.operator == "Null":
        absent = condition.values == ("true",)
        if condition.name in _NEVER_MISSING:
            return Requirement(Demand.NOTHING if absent else Demand.NEVER)
        return _present(condition) if absent else Requirement(Demand.LOOSE)
    if condition.operator == "Bool":
        return _escaped_flag(condition, statement, home)
    if not _is_about_who(condition, statement):
        return Requirement(Demand.NOTHING)
    if not condition.is_negated:
        single = condition.name == "aws:principalarn"
        return Requirement(Demand.NOTHING) if single else _excluded(condition, home)
    if not condition.holds_without_key:
        return Requirement(Demand.LOOSE)
    return _positive(_positively(condition), statement, home)


def _demanded_presence(condition: Condition) -> Requirement:
    present = condition.values == ("false",)
    if condition.name in _NEVER_MISSING:
        return Requirement(Demand.NOTHING if present else Demand.NEVER)
    return _present(condition) if present else Requirement(Demand.LOOSE)


def _leaves_the_unsigned_out(condition: Condition) -> bool:
    """Whether the condition asks for another account than ``anonymous``, the word for unsigned requests."""
    return (
        condition.name == "aws:principalaccount"
        and condition.operator in {"StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike"}
        and "anonymous" in condition.values
    )


def _escaped_flag(condition: Condition, statement: Statement, home: Home) -> Requirement:
    opposite = "false" if condition.values == ("true",) else "true"
    found = _positive(replace(condition, values=(opposite,), if_exists=False), statement, home)
    if condition.holds_without_key:
        return found
    # Without IfExists a request that lacks the key is not caught; this key all signed requests have.
    if condition.name == "aws:principalisawsservice" and found.demand is Demand.SERVICE:
        return replace(found, demand=Demand.UNSIGNED_OR_SERVICE)
    return Requirement(Demand.NOTHING)


def _positively(condition: Condition) -> Condition:
    operator = "IpAddress" if condition.operator == "NotIpAddress" else condition.operator.replace("Not", "")
    return replace(condition, operator=operator, if_exists=False)


def _is_about_who(condition: Condition, statement: Statement) -> bool:
    found = _positive(_positively(condition), statement, Home(""))
    return found.demand is not Demand.NOTHING


def _excluded(condition: Condition, home: Home) -> Requirement:
    """All but the named: narrows only where whole accounts are named."""
    if condition.name in {"aws:principalaccount", "kms:calleraccount", "aws:sourceowner"}:
        named = frozenset(_resolved(value, home) for value in condition.values)
        if all(_ACCOUNT.fullmatch(name) for name in named):
            return Requirement(Demand.NOT_ACCOUNTS, named)
    return Requirement(Demand.LOOSE)


def _present(condition: Condition) -> Requirement:
    if condition.name.startswith(_SIGNED):
        return Requirement(Demand.SIGNED)
    return Requirement(Demand.LOOSE)


def _positive(condition: Condition, statement: Statement, home: Home) -> Requirement:
    claim = _claim(condition, statement)
    if claim:
        return _federated(claim, condition, statement)
    reader = _READERS.get(condition.name)
    if reader:
        return reader(condition, home)
    if condition.name.startswith(_NOT_ABOUT_WHO):
        return Requirement(Demand.NOTHING)
    if condition.name.startswith(_SIGNED):
        return Requirement(Demand.SIGNED)
    return Requirement(Demand.UNKNOWN)


# --- readers of single keys ------------------------------------------------------------------------------------------


def _resolved(value: str, home: Home) -> str:
    own = {"${aws:resourceaccount}": home.account, "${aws:resourceorgid}": SELF}
    return own.get(value.lower(), value)


def _values(condition: Condition, home: Home) -> tuple[str, ...]:
    """The values that can match at all: in ``StringEquals`` a value with a wildcard equals no real id."""
    values = (_resolved(value, home) for value in condition.values)
    wild = condition.takes_wildcards
    return tuple(value for value in values if wild or not ("*" in value or "?" in value))


def _named(
    condition: Condition, home: Home, demand: Demand, name: Callable[[str], str | None]
) -> Requirement:
    """The demand with the names that the values hold; a value that names nobody leaves everyone who is signed in."""
    values = _values(condition, home)
    names = [name(value) for value in values]
    if any("${" in value for value in values):
        return Requirement(Demand.UNKNOWN)
    if not names:
        return Requirement(Demand.NEVER)
    found = frozenset(one for one in names if one is not None)
    return Requirement(Demand.SIGNED) if None in names else Requirement(demand, found)


def _account(value: str) -> str | None:
    return value if _ACCOUNT.fullmatch(value) else None


def _organization(value: str) -> str | None:
    first = value.partition("/")[0]
    return None if "*" in first or "?" in first else first


def _account_of_arn(value: str) -> str | None:
    parts = value.split(":", 5)
    return _account(parts[4]) if len(parts) == 6 else None


def _source(value: str) -> str | None:
    """The account of a source's ARN; ``""`` where ARNs of the service have none but a name is given (S3)."""
    parts = value.split(":", 5)
    if len(parts) == 6 and not parts[4] and parts[5] and parts[5][0] not in "*?":
        return ""
    return _account_of_arn(value)


def _principal_arn(condition: Condition, home: Home) -> Requirement:
    found = _named(condition, home, Demand.ACCOUNTS, _account_of_arn)
    # In StringLike a wildcard spans colons, and the path of a role may hold colons.
    spanning = condition.operator == "StringLike" and any(
        "*" in ":".join(value.split(":")[:4]) for value in condition.values
    )
    return replace(found, certain=not spanning)


def _source_arn(condition: Condition, home: Home) -> Requirement:
    found = _named(condition, home, Demand.SOURCE, _source)
    # A beginning of a bucket's name can be registered by everybody.
    open_name = any(
        _source(value) == "" and "*" in value.split(":", 5)[5].split("/")[0] for value in condition.values
    )
    return replace(found, certain=not open_name)


def _user_id(condition: Condition, home: Home) -> Requirement:
    found = _named(condition, home, Demand.ACCOUNTS, _account)
    return found if found.demand is Demand.ACCOUNTS else Requirement(Demand.SIGNED, certain=False)


def _network_name(condition: Condition, home: Home) -> Requirement:
    values = _values(condition, home)
    if not values:
        return Requirement(Demand.NEVER)
    named = not any("*" in value or "?" in value for value in values)
    return Requirement(Demand.NETWORK if named else Demand.NOTHING)


def _source_ip(condition: Condition, home: Home) -> Requirement:  # noqa: ARG001
    try:
        networks = [ipaddress.ip_network(value, strict=False) for value in condition.values]
    except ValueError:
        return Requirement(Demand.UNKNOWN)
    # aws:SourceIp is the public address of the caller; private ranges never stand there.
    public = [one for one in networks if not one.is_private or one.prefixlen == 0]
    v4 = ipaddress.collapse_addresses(one for one in public if isinstance(one, ipaddress.IPv4Network))
    v6 = ipaddress.collapse_addresses(one for one in public if isinstance(one, ipaddress.IPv6Network))
    widest_v4 = min((one.prefixlen for one in v4), default=32)
    widest_v6 = min((one.prefixlen for one in v6), default=128)
    if widest_v4 < _WIDEST_V4 or widest_v6 < _WIDEST_V6:
        return Requirement(Demand.NOTHING)
    return Requirement(Demand.NETWORK if widest_v4 >= _NARROW_V4 else Demand.UNKNOWN)


def _is_service(condition: Condition, home: Home) -> Requirement:  # noqa: ARG001
    return Requirement(Demand.SERVICE if condition.values == ("true",) else Demand.NOTHING)


def _service_name(condition: Condition, home: Home) -> Requirement:  # noqa: ARG001
    return Requirement(Demand.SERVICE)


def _function_url(condition: Condition, home: Home) -> Requirement:  # noqa: ARG001
    return Requirement(Demand.SIGNED if condition.values == ("AWS_IAM",) else Demand.NOTHING)


def _via_function_url(condition: Condition, home: Home) -> Requirement:  # noqa: ARG001
    # Such a statement gives nothing without a second one for lambda:InvokeFunctionUrl, which says who:
    # https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
    return Requirement(Demand.NEVER if condition.values == ("true",) else Demand.NOTHING)


def _access_point_origin(condition: Condition, home: Home) -> Requirement:  # noqa: ARG001
    return Requirement(Demand.NETWORK if condition.values == ("VPC",) else Demand.NOTHING)


def _mount_target(condition: Condition, home: Home) -> Requirement:  # noqa: ARG001
    return Requirement(Demand.NETWORK if condition.values == ("true",) else Demand.NOTHING)


def _by(demand: Demand, name: Callable[[str], str | None]) -> Callable[[Condition, Home], Requirement]:
    return lambda condition, home: _named(condition, home, demand, name)


_READERS: Final[dict[str, Callable[[Condition, Home], Requirement]]] = {
    "aws:principalaccount": _by(Demand.ACCOUNTS, _account),
    "kms:calleraccount": _by(Demand.ACCOUNTS, _account),
    "aws:sourceowner": _by(Demand.ACCOUNTS, _account),
    "aws:principalarn": _principal_arn,
    "aws:userid": _user_id,
    "aws:principalorgid": _by(Demand.ORGANIZATIONS, _organization),
    "aws:principalorgpaths": _by(Demand.ORGANIZATIONS, _organization),
    "aws:sourceaccount": _by(Demand.SOURCE, _account),
    "aws:sourcearn": _source_arn,
    "aws:sourceorgid": _by(Demand.SOURCE_ORGANIZATIONS, _organization),
    "aws:sourceorgpaths": _by(Demand.SOURCE_ORGANIZATIONS, _organization),
    "aws:sourcevpce": _network_name,
    "aws:sourcevpc": _network_name,
    "aws:sourcevpcarn": _network_name,
    "aws:vpceaccount": _network_name,
    "aws:vpceorgid": _network_name,
    "aws:vpceorgpaths": _by(Demand.NETWORK, _organization),
    "aws:sourceip": _source_ip,
    "aws:principalisawsservice": _is_service,
    "aws:principalservicename": _service_name,
    "aws:principalservicenameslist": _service_name,
    "s3:dataaccesspointaccount": _by(Demand.DELEGATED, _account),
    "s3:dataaccesspointarn": _by(Demand.DELEGATED, _account_of_arn),
    "s3:accesspointnetworkorigin": _access_point_origin,
    "elasticfilesystem:accessedviamounttarget": _mount_target,
    "lambda:functionurlauthtype": _function_url,
    "lambda:invokedviafunctionurl": _via_function_url,
}


# --- claims of identity providers ------------------------------------------------------------------------------------


def _claim(condition: Condition, statement: Statement) -> str:
    """The claim that the key names, where the key is one of a provider that the statement trusts; else ``""``."""
    provider, colon, claim = condition.name.rpartition(":")
    trusted = statement.principals.federated if statement.principals else ()
    hosts = {one.rpartition(":oidc-provider/")[2].lower() for one in trusted}
    return claim if colon and provider in hosts else ""


def _federated(claim: str, condition: Condition, statement: Statement) -> Requirement:
    if condition.name.startswith(f"{_COGNITO}:"):
        return _cognito(claim, statement)
    if claim in _TENANT_CLAIMS:
        pinned = all("*" not in value for value in condition.values)
    elif claim == "sub":
        pinned = all(_is_pinned(value) for value in condition.values)
    else:
        # Everybody can ask a shared provider for a token with any audience.
        pinned = False
    return Requirement(Demand.SUBJECT if pinned else Demand.NOTHING)


def _is_pinned(subject: str) -> bool:
    beginning = re.split(r"[*?]", subject, maxsplit=1)[0]
    return beginning == subject or bool(_PINNED_SUBJECT.match(beginning))


def _cognito(claim: str, statement: Statement) -> Requirement:
    """An identity pool (``aud``) serves signed-in users, and, where it is so set, everybody (``amr``)."""
    pool = f"{_COGNITO}:aud"
    pinned = any(
        one.name == pool and not one.holds_without_key and "*" not in "".join(one.values)
        for one in statement.conditions
    )
    modes = {value for one in statement.conditions if one.name == f"{_COGNITO}:amr" for value in one.values}
    if claim == "amr":
        signed_in = pinned and "unauthenticated" not in modes and not any("*" in mode for mode in modes)
        return Requirement(Demand.SUBJECT if signed_in else Demand.NOTHING)
    return Requirement(Demand.UNKNOWN if pinned and not modes else Demand.NOTHING)
