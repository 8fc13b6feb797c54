"""The policies that apply to a request, as the lab's accounts hold them.

What it does: gathers a caller's identity policies (inline, attached, of groups), boundary, session policies, the SCPs of
each level from the root to the account, the RCPs of the resource's account, and the resource's own policy. What it does
not do: read or judge a document; it hands on names and texts.
Reference: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from watchword.lab.gate.sessions import Caller, role_of, user_of
from watchword.lab.gate.state import iam_of, organization_of


@dataclass(frozen=True, slots=True)
class Document:
    """A policy as text: `name` is its ARN, or says where it stands ("inline policy X of group Y")."""

    name: str
    text: str


# Levels from the root to the account, each with its policies.
Levels = tuple[tuple[Document, ...], ...]


@dataclass(frozen=True, slots=True)
class Held:
    """What limits a caller of its own: identity policies, boundary, session policies (None: no limit by a session)."""

    identity: tuple[Document, ...] = ()
    boundary: Document | None = None
    session: tuple[Document, ...] | None = None


# What an administrator without limits holds.
ADMINISTRATOR: Final = Document(
    "arn:aws:iam::aws:policy/AdministratorAccess",
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}',
)


def of_user(account: str, name: str) -> Held:
    """A user's own policies and those of the user's groups."""
    user = user_of(account, name)
    if user is None:
        return Held()
    groups = iam_of(account).get_groups_for_user(name)
    documents = [*_of(user, account), *(document for group in groups for document in _of(group, account))]
    return Held(tuple(documents), _boundary(user, account))


def of_role(account: str, name: str) -> Held:
    """A role's policies, those of roles that Identity Center made included."""
    role = role_of(account, name)
    return Held(tuple(_of(role, account)), _boundary(role, account)) if role is not None else Held()


def _of(holder: Any, account: str) -> Iterator[Document]:
    for name, text in list(holder.policies.items()):
        yield Document(f"{holder.arn} {name}", text if isinstance(text, str) else json.dumps(text))
    for arn in list(holder.managed_policies):
        yield from _managed(arn, account)


def _managed(arn: str, account: str) -> Iterator[Document]:
    policy = iam_of(account).managed_policies.get(arn)
    if policy is not None:
        yield Document(arn, _current(policy))


def _current(policy: Any) -> str:
    """The text of the version that is in force."""
    versions = (version.document for version in policy.versions if version.is_default)
    return str(next(versions, _NOTHING))


# What stands in for a boundary or session policy whose text is gone: it allows nothing.
_NOTHING: Final = '{"Version": "2012-10-17", "Statement": []}'


def _boundary(holder: Any, account: str) -> Document | None:
    bound = getattr(holder, "permissions_boundary", None)
    if not bound:
        return None
    arn = bound["PermissionsBoundaryArn"]
    return next(_managed(arn, account), Document(arn, _NOTHING))


def of_session(caller: Caller) -> tuple[Document, ...] | None:
    """Session policies; a federated user without any can do nothing of the user's.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
    """
    session = caller.session
    if session is None:
        return None
    if not session.is_limited:
        return (Document("no session policy", _NOTHING),) if caller.kind == "FederatedUser" else None
    inline = [Document("session policy", text) for text in session.policies]
    managed = [next(_managed(arn, caller.account), Document(arn, _NOTHING)) for arn in session.policy_arns]
    return (*inline, *managed)


def service_control(account: str) -> Levels | None:
    """The SCPs over an account; None outside an organisation and in the management account, which none touches."""
    return _levels(account, "SERVICE_CONTROL_POLICY")


def resource_control(account: str) -> Levels | None:
    """The RCPs over an account's resources; None where there is no organisation, or in its management account."""
    levels = _levels(account, "RESOURCE_CONTROL_POLICY")
    if levels is None:
        return None
    # Every level has the policy that allows everything; nobody can take it away.
    return tuple(
        (_EVERY_RESOURCE, *(one for one in level if one.text != _EVERY_RESOURCE.text)) for level in levels
    )


_EVERY_RESOURCE: Final = Document(
    "RCPFullAWSAccess",
    json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
        }
    ),
)


def _levels(account: str, kind: str) -> Levels | None:
    organization = organization_of(account)
    if organization is None or organization.management_account == account:
        return None
    return tuple(tuple(_attached(thing.attached_policies, kind)) for thing in organization.line_of(account))


def _attached(policies: Iterable[Any], kind: str) -> Iterator[Document]:
    for policy in policies:
        if policy.type == kind:
            yield Document(f"{policy.name} ({policy.id})", str(policy.content))
