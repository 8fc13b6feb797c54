"""From an operation of AWS to the IAM actions that it takes.

What it does: asks `analysis.iam.cloudtrail` which permissions an operation takes, and decides by the request's parameters
where these choose: versions of objects, ACLs and tags that a write sets, items of a transaction. What it does not do: say
on which resources, or name the permissions of services that AWS calls on one's behalf. Where a choice is not known,
all actions are asked: the gate rather refuses.
Reference: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from watchword.analysis.iam.cloudtrail import How, action_of_operation, names_of
from watchword.analysis.iam.cloudtrail import versioned as version_of
from watchword.analysis.iam.universe import default
from watchword.lab.gate.reading import Asked

_LOG = logging.getLogger(__name__)

# HTTP methods are API Gateway's permissions. https://docs.aws.amazon.com/apigateway/latest/developerguide/permissions.html
_GATEWAYS: Final = frozenset({"apigateway", "apigatewayv2"})

# What the parts of a transaction's items take.
_TRANSACTED: Final[Mapping[str, str]] = {
    "ConditionCheck": "dynamodb:ConditionCheckItem",
    "Delete": "dynamodb:DeleteItem",
    "Get": "dynamodb:GetItem",
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
}


def actions_of(asked: Asked) -> tuple[str, ...]:
    """The permissions that the operation itself takes: "s3:GetObjectVersion"; none where AWS asks for none.

    CopyObject's is `s3:PutObject` for the target; what it needs on the source is told by `requests`.
    """
    special = _SPECIAL.get(asked.service)
    chosen = tuple(dict.fromkeys(special(asked))) if special is not None else ()
    return chosen or _mapped(asked)


def _mapped(asked: Asked) -> tuple[str, ...]:
    """By the operation's name; one that nobody knows takes a permission of its own name, which only wildcards give."""
    found = action_of_operation(asked.service, asked.operation, default())
    if found.how is How.UNMAPPED:
        action = found.presumed or f"{_prefix(asked.service)}:{asked.operation}"
        _LOG.warning("no IAM action is known for %s %s; asked for %s", asked.service, asked.operation, action)
        return (action,)
    own = tuple(action for action in found.actions if action.startswith(f"{_prefix(asked.service)}:"))
    return own if found.any_of and own else found.actions


def _prefix(service: str) -> str:
    return next(iter(names_of(service)), service)


def versioned(action: str, version: str | None) -> str:
    """The S3 action that is asked instead where the request names a version of the object."""
    return (version_of(action, default()) if version and version != "null" else None) or action


def _s3(asked: Asked) -> Iterator[str]:
    """Besides its own permission a write takes one for everything that it sets beyond the content."""
    if asked.operation == "DeleteObjects":
        yield from (versioned("s3:DeleteObject", each.get("VersionId")) for each in deleted_objects(asked))
        return
    own = [
        action for action in _mapped(asked) if action != "s3:GetObject" or "CopySource" not in asked.params
    ]
    yield from (versioned(action, asked.params.get("VersionId")) for action in own)
    if "s3:PutObject" in own:
        yield from _more_of_put(asked)
    if asked.operation == "GetObjectAttributes":
        yield versioned("s3:GetObject", asked.params.get("VersionId"))
    if asked.operation == "CreateBucket" and _grants(asked):
        yield "s3:PutBucketAcl"


def deleted_objects(asked: Asked) -> list[Mapping[str, Any]]:
    """The objects of a DeleteObjects."""
    return list(asked.params.get("Delete", {}).get("Objects", ()))


def _more_of_put(asked: Asked) -> Iterable[str]:
    also = {
        "s3:PutObjectAcl": _grants(asked),
        "s3:PutObjectTagging": "Tagging" in asked.params,
        "s3:PutObjectRetention": "ObjectLockMode" in asked.params,
        "s3:PutObjectLegalHold": "ObjectLockLegalHoldStatus" in asked.params,
    }
    return (action for action, needed in also.items() if needed)


def _grants(asked: Asked) -> bool:
    """Whether the request sets an ACL other than the owner's own."""
    canned = asked.params.get("ACL", "private")
    return canned != "private" or any(name.startswith("Grant") for name in asked.params)


def _sts(asked: Asked) -> Iterator[str]:
    """Tags and source identity take a permission of their own, of the caller and in the role's trust policy."""
    yield from _mapped(asked)
    if asked.params.get("Tags"):
        yield "sts:TagSession"
    if "SourceIdentity" in asked.params:
        yield "sts:SetSourceIdentity"


def _dynamodb(asked: Asked) -> Iterator[str]:
    """Of transactions and PartiQL what each part does."""
    for item in asked.params.get("TransactItems", ()):
        yield from (_TRANSACTED[part] for part in item if part in _TRANSACTED)
    statements = [asked.params.get("Statement"), *(each.get("Statement") for each in _statements(asked))]
    for statement in statements:
        verb = str(statement or "").strip().partition(" ")[0].capitalize()
        if verb in {"Select", "Insert", "Update", "Delete"}:
            yield f"dynamodb:PartiQL{verb}"


def _statements(asked: Asked) -> list[Mapping[str, Any]]:
    return list(asked.params.get("Statements") or asked.params.get("TransactStatements") or ())


def _gateway(asked: Asked) -> Iterator[str]:
    yield f"apigateway:{asked.method}"


_SPECIAL: Final[Mapping[str, Callable[[Asked], Iterator[str]]]] = {
    "apigateway": _gateway,
    "apigatewayv2": _gateway,
    "dynamodb": _dynamodb,
    "s3": _s3,
    "sts": _sts,
}
