"""IAM Identity Center as the organisation's answers show it: its instance, permission sets, assignments, principals.

Says which permission sets make an administrator of an account, by the same computation as for roles (see ``admin``):
a permission set becomes a role in each account that it is assigned in, with its policies and its boundary.  Policies
that a permission set only names are looked up in the account.

What this module does not do: groups within groups, and sessions that are already running.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any, Final

from watchword.analysis.iam.admin import Administration, Directory
from watchword.analysis.iam.remembered import Remembered
from watchword.model.evidence import EvidenceMissing
from watchword.model.ids import GLOBAL, Arn
from watchword.model.resource import Document, Resource
from watchword.model.snapshot import AccountView

INSTANCES: Final = "sso-admin.instances"
SETS: Final = "sso-admin.permission_sets"
MANAGED: Final = "sso-admin.managed_policies"
ASSIGNMENTS: Final = "sso-admin.account_assignments"
USERS: Final = "sso-admin.users"
GROUPS: Final = "sso-admin.groups"
ORGANIZATION: Final = "organizations.organization"
TABLES: Final = (ASSIGNMENTS, INSTANCES, SETS, MANAGED, USERS, GROUPS, ORGANIZATION)
"""The tables that ``center_of`` reads."""

_DURATION: Final = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?")


@dataclass(frozen=True, slots=True)
class Center:
    """The organisation's instance of Identity Center, with its tables of the region that it lives in.

    ``sets`` by ARN, ``managed`` policies by the ARN of their set, ``assignments`` by account, ``principals`` by id as
    far as they were read.
    """

    organization: AccountView
    instance: Resource
    sets: Mapping[str, Resource]
    managed: Mapping[str, tuple[Resource, ...]]
    assignments: Mapping[str, tuple[Resource, ...]]
    principals: Mapping[str, Resource]

    def principal(self, assignment: Resource) -> Resource | None:
        """The user or group of an assignment; ``None`` where it was deleted.

        Raises:
            EvidenceMissing: it was not found, and users or groups were not read.
        """
        found = self.principals.get(assignment.text("PrincipalId"))
        if found is None:
            is_user = assignment.text("PrincipalType") == "USER"
            self.organization.rows(USERS if is_user else GROUPS, self.instance.region)
        return found


_REMEMBERED: Final[Remembered[Center | None]] = Remembered()


def instance_of(view: AccountView) -> Resource | None:
    """The row of the organisation's instance in its primary region; ``None`` where the organisation has none.

    Raises:
        EvidenceMissing: none was found, and some region, the primary one, or the organisation itself was not read.
    """
    organization = view.of_organization()
    found = organization.rows(ORGANIZATION)
    management = found[0].text("MasterAccountId") if found else ""
    own = [row for row in organization.readable(INSTANCES) if row.text("OwnerAccountId") == management]
    for row in own:
        if row.text("PrimaryRegion", row.region) == row.region:
            return row
    organization.rows(INSTANCES)
    if own:
        raise EvidenceMissing(f"the instance's primary region {own[0].text('PrimaryRegion')} was not read")
    return None


def center_of(view: AccountView) -> Center | None:
    """The organisation's Identity Center; ``None`` where it has none.

    Raises:
        EvidenceMissing: the instance, its permission sets, their managed policies or its assignments were not read.
    """
    return _REMEMBERED.of(view.of_organization(), _read)


def administration(center: Center, permission_set: Resource, view: AccountView) -> Administration | None:
    """Whether, until when and by which policies a permission set makes an administrator of the account of ``view``.

    In the organisation's own view the policies that the set only names, which lie in the accounts, are left out.

    Raises:
        EvidenceMissing: a policy of the set was not read, or the account's policies were not.
    """
    account = view.account.id
    if any(fnmatchcase(permission_set.name, pattern) for pattern in view.estate.admin_roles):
        return Administration(None, ("its name, which is declared to be administrative",))
    named = _references(permission_set) if account.isdigit() else ()
    managed = center.managed.get(permission_set.arn, ())
    policies = {row.text("Arn"): row for row in managed}
    if named or permission_set.has("PermissionsBoundary"):
        policies |= {row.arn: row for row in _policies(view)}
    role = _as_role(permission_set, managed, named, account if account.isdigit() else "000000000000")
    return Directory({}, policies).administration(role, view.now)


def roles_of(center: Center, view: AccountView) -> Iterator[tuple[Resource, Mapping[str, Resource]]]:
    """The role that each permission set assigned in the account becomes there, and the managed policies of the set by ARN.

    Raises:
        EvidenceMissing: a field of an assignment or of a set was not read.
    """
    account = view.account.id
    assigned = {one.text("PermissionSetArn") for one in center.assignments.get(account, ())}
    for arn, permission_set in center.sets.items():
        if arn in assigned:
            managed = center.managed.get(arn, ())
            role = _as_role(permission_set, managed, _references(permission_set), account)
            yield role, {row.text("Arn"): row for row in managed}


def names_policies(permission_set: Resource) -> bool:
    """Whether the set names policies whose contents differ from account to account.

    Raises:
        EvidenceMissing: that was not read.
    """
    return bool(_references(permission_set))


def session_length(permission_set: Resource) -> timedelta:
    """How long a session of the set lasts; one hour where none is set.

    Source: https://docs.aws.amazon.com/singlesignon/latest/userguide/howtosessionduration.html

    Raises:
        EvidenceMissing: it was not read or is no duration.
    """
    text = permission_set.text("SessionDuration", absent="PT1H")
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()):
        raise EvidenceMissing(f"SessionDuration of {permission_set.where} is no duration: {text}")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _read(organization: AccountView) -> Center | None:
    instance = instance_of(organization)
    if instance is None:
        return None
    where = instance.region
    managed: dict[str, list[Resource]] = {}
    for row in organization.rows(MANAGED, where):
        managed.setdefault(row.arn.removesuffix(f"/{row.text('Arn')}"), []).append(row)
    assignments: dict[str, list[Resource]] = {}
    for row in organization.rows(ASSIGNMENTS, where):
        assignments.setdefault(row.text("AccountId"), []).append(row)
    return Center(
        organization,
        instance,
        {row.arn: row for row in organization.rows(SETS, where)},
        {arn: tuple(rows) for arn, rows in managed.items()},
        {account: tuple(rows) for account, rows in assignments.items()},
        dict(_principals(organization)),
    )


def _principals(organization: AccountView) -> Iterator[tuple[str, Resource]]:
    for table, field in ((USERS, "UserId"), (GROUPS, "GroupId")):
        for row in organization.readable(table):
            yield row.text(field), row


def _policies(view: AccountView) -> tuple[Resource, ...]:
    return view.rows("iam.policies", GLOBAL) if view.account.id.isdigit() else ()


def _references(permission_set: Resource) -> tuple[Document, ...]:
    return permission_set.items("CustomerManagedPolicyReferences")


def _as_role(
    permission_set: Resource, managed: tuple[Resource, ...], named: tuple[Document, ...], account: str
) -> Resource:
    """The role that the set becomes in an account, as IAM would show it."""
    partition = Arn.parse(permission_set.arn).partition
    own = [_own(one, partition, account) for one in named]
    attached = [{"PolicyName": row.name, "PolicyArn": row.text("Arn")} for row in managed]
    data: dict[str, Any] = {
        "AttachedManagedPolicies": attached
        + [{"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in own]
    }
    inline = permission_set.document("InlinePolicy", absent=None)
    if inline is not None:
        data["RolePolicyList"] = [
            {"PolicyName": "of the permission set", "PolicyDocument": dict(inline.data)}
        ]
    boundary = permission_set.document("PermissionsBoundary", absent=None)
    if boundary is not None:
        custom = boundary.document("CustomerManagedPolicyReference", absent=None)
        arn = _own(custom, partition, account) if custom else boundary.text("ManagedPolicyArn")
        data["PermissionsBoundary"] = {"PermissionsBoundaryArn": arn}
    return Resource(
        where=permission_set.where,
        data=data,
        account=permission_set.account,
        region=GLOBAL,
        table="iam.roles",
        kind="AWS::IAM::Role",
        arn=f"arn:{partition}:iam::{account}:role/aws-reserved/sso.amazonaws.com/{permission_set.name}",
        name=permission_set.name,
    )


def _own(reference: Document, partition: str, account: str) -> str:
    path = reference.text("Path", absent="/")
    return f"arn:{partition}:iam::{account}:policy{path}{reference.text('Name')}"
