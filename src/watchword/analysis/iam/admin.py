"""Who is an administrator of an account, computed from policies and not from names.

The question is answered in numbered steps for a user, a group or a role:

1. All its identity policies are gathered: inline, attached, and for a user those of its groups.
2. An Allow counts unless a condition limits *what* may be done: conditions on the session (MFA, network, organisation,
   principal) limit when and from where an administrator is one, not whether.  Conditions on the time are evaluated.
3. The principal *claims* administration if the counted Allows give every power of ``POWERS`` on any target: to write
   the permissions of every user, group, role and policy, and the trust of every role.  ``Action *`` on ``Resource *``
   does, and so does ``iam:*``.
4. A power *remains* if the permissions boundary allows it too and no Deny without a condition takes it away.
5. An administrator is who claims administration and has at least one power remaining: each of them suffices to get all
   others.  It ends when the last remaining power does, by conditions on the time.

Not considered: service and resource control policies, session policies, and paths by which somebody with fewer rights
could become an administrator (PassRole to a service, one single of the powers).

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from watchword.analysis.iam.policy import Condition, Policy, PolicyError, Statement, parse
from watchword.model.evidence import EvidenceMissing
from watchword.model.resource import Document, Resource, instant
from watchword.model.snapshot import AccountView

TABLES: Final = ("iam.users", "iam.groups", "iam.roles", "iam.policies")
"""The tables that ``Directory.of`` reads."""

POWERS: Final = (
    ("iam:AttachUserPolicy", "user"),
    ("iam:PutUserPolicy", "user"),
    ("iam:AttachGroupPolicy", "group"),
    ("iam:PutGroupPolicy", "group"),
    ("iam:AttachRolePolicy", "role"),
    ("iam:PutRolePolicy", "role"),
    ("iam:UpdateAssumeRolePolicy", "role"),
    ("iam:CreatePolicyVersion", "policy"),
)
"""The actions by which permissions are given, and the kind of what they are done to."""

SESSION_KEYS: Final = frozenset(
    "aws:multifactorauthpresent aws:multifactorauthage aws:sourceip aws:vpcsourceip aws:sourcevpc aws:sourcevpce"
    " aws:sourcevpcarn aws:vpceorgid aws:vpceaccount aws:vpceorgpaths aws:principalorgid aws:principalorgpaths"
    " aws:principalaccount aws:principalarn aws:principaltype aws:userid aws:username aws:securetransport"
    " aws:useragent aws:referer aws:requestedregion aws:tokenissuetime aws:federatedprovider aws:sourceidentity"
    " aws:viaawsservice aws:calledvia aws:calledviafirst aws:calledvialast aws:ec2instancesourcevpc"
    " aws:ec2instancesourceprivateipv4 ec2:roledelivery".split()
)
"""Condition keys, lower case, that tell of the session and the request's way, not of what is done to what."""

_ANY_NAME: Final = "+=,.@+"
"""A name that IAM allows and nobody gives: who may do something to it may do it to all."""
_FOREVER: Final = datetime.max.replace(tzinfo=UTC)
_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_CLOCK: Final = frozenset({"aws:currenttime", "aws:epochtime"})


@dataclass(frozen=True, slots=True)
class Grant:
    """A policy that a principal has.  ``origin`` says how, in words: ``policy AdministratorAccess of group admins``."""

    origin: str
    policy: Policy


@dataclass(frozen=True, slots=True)
class Administration:
    """That somebody is an administrator: ``until`` when (``None``: for good), ``by`` which policies, in words."""

    until: datetime | None
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Directory:
    """The principals and managed policies of an account, by ARN (groups by name: users list them so)."""

    groups: Mapping[str, Resource]
    policies: Mapping[str, Resource]
    _parsed: dict[str, Policy] = field(default_factory=dict)

    @classmethod
    def of(cls, view: AccountView) -> Directory:
        """The directory of an account.

        Raises:
            EvidenceMissing: its groups or policies were not read.
        """
        groups = {row.text("GroupName"): row for row in view.rows("iam.groups")}
        return cls(groups, {row.arn: row for row in view.rows("iam.policies")})

    def grants(self, principal: Resource) -> tuple[Grant, ...]:
        """Step 1: everything that gives ``principal`` (a row of users, groups or roles) permissions.

        Raises:
            EvidenceMissing: a policy or group that it names was not read, or a policy is not of the IAM language.
        """
        own = list(self._own(principal, ""))
        for name in principal.texts("GroupList"):
            if name not in self.groups:
                raise EvidenceMissing(
                    f"group {name} of {principal.where} is not among the groups that were read"
                )
            own += self._own(self.groups[name], f" of group {name}")
        return tuple(own)

    def boundary(self, principal: Resource) -> Policy | None:
        """The principal's permissions boundary; ``None`` where it has none.

        Raises:
            EvidenceMissing: it was not read, or is not of the IAM language.
        """
        found = principal.document("PermissionsBoundary", absent=None)
        if found is None or not found.data:
            return None
        return self._managed(found.text("PermissionsBoundaryArn"))

    def administration(self, principal: Resource, now: datetime) -> Administration | None:
        """Steps 1 to 5 at the instant ``now``; ``None`` where ``principal`` is no administrator.

        Raises:
            EvidenceMissing: as for ``grants`` and ``boundary``.
        """
        grants = self.grants(principal)
        targets = list(_targets(principal.arn))
        claimed = [_given_until((grant.policy for grant in grants), *target, now) for target in targets]
        if any(until <= now for until in claimed):
            return None
        left = max(
            self._left(principal, grants, target, until, now)
            for target, until in zip(targets, claimed, strict=True)
        )
        if left <= now:
            return None
        return Administration(None if left == _FOREVER else left, _origins(grants, targets, now))

    def _left(
        self,
        principal: Resource,
        grants: tuple[Grant, ...],
        target: tuple[str, str],
        until: datetime,
        now: datetime,
    ) -> datetime:
        """Step 4: until when one power remains."""
        policies = [grant.policy for grant in grants]
        boundary = self.boundary(principal)
        if boundary is not None:
            until = min(until, _given_until((boundary,), *target, now))
            policies.append(boundary)
        return min([until, *(_denied_from(policy, *target, now) for policy in policies)])

    def _own(self, principal: Resource, of: str) -> Iterator[Grant]:
        for kind in ("User", "Group", "Role"):
            for inline in principal.items(f"{kind}PolicyList"):
                name = inline.text("PolicyName")
                yield Grant(f"inline policy {name}{of}", parsed(inline, "PolicyDocument"))
        for attached in principal.items("AttachedManagedPolicies"):
            yield Grant(
                f"policy {attached.text('PolicyName')}{of}", self._managed(attached.text("PolicyArn"))
            )

    def _managed(self, arn: str) -> Policy:
        if arn not in self._parsed:
            row = self.policies.get(arn)
            if row is None:
                raise EvidenceMissing(f"policy {arn} is in use and not among the policies that were read")
            self._parsed[arn] = parsed(row, "Document")
        return self._parsed[arn]


def parsed(row: Document, path: str) -> Policy:
    """The policy at ``path`` of a row.

    Raises:
        EvidenceMissing: it is not there, or not of the IAM language.
    """
    try:
        return parse(row.document(path).data)
    except PolicyError as error:
        raise EvidenceMissing(f"{path} of {row.where}: {error}") from error


def counts_until(statement: Statement, now: datetime) -> datetime | None:
    """Step 2: until when an Allow counts; ``None`` if it limits what may be done, or is over, or has not begun."""
    end = _FOREVER
    for condition in statement.conditions:
        if condition.name in _CLOCK:
            start, stop = _window(condition)
            if start > now:
                return None
            end = min(end, stop)
        elif condition.name not in SESSION_KEYS and not condition.name.startswith("aws:principaltag/"):
            return None
    return end if end > now else None


def _given_until(policies: Iterable[Policy], action: str, resource: str, now: datetime) -> datetime:
    ends = (
        counts_until(statement, now)
        for policy in policies
        for statement in policy.allows
        if statement.covers_action(action) and statement.covers_resource(resource)
    )
    return max((end for end in ends if end is not None), default=_NEVER)


def _denied_from(policy: Policy, action: str, resource: str, now: datetime) -> datetime:
    covering = (
        deny for deny in policy.denies if deny.covers_action(action) and deny.covers_resource(resource)
    )
    return min((_begins(deny, now) for deny in covering), default=_FOREVER)


def _begins(deny: Statement, now: datetime) -> datetime:
    """From when a Deny takes the power for good; never if a condition other than on the time may spare somebody."""
    begin = now
    for condition in deny.conditions:
        if condition.name not in _CLOCK:
            return _FOREVER
        start, stop = _window(condition)
        if stop != _FOREVER:
            return _FOREVER
        begin = max(begin, start)
    return begin


def _window(condition: Condition) -> tuple[datetime, datetime]:
    """The time in which a condition on the clock holds; one that cannot be read never does."""
    try:
        values = [_instant(value) for value in condition.values]
    except ValueError:
        return _FOREVER, _NEVER
    if "LessThan" in condition.operator and values:
        return _NEVER, max(values)
    if "GreaterThan" in condition.operator and values:
        return min(values), _FOREVER
    return _FOREVER, _NEVER


def _instant(text: str) -> datetime:
    return instant(float(text)) if text.replace(".", "", 1).isdigit() else instant(text)


def _targets(arn: str) -> Iterator[tuple[str, str]]:
    _, partition, _, _, account, _ = arn.split(":", 5)
    for action, kind in POWERS:
        yield action, f"arn:{partition}:iam::{account}:{kind}/{_ANY_NAME}"


def _origins(grants: Iterable[Grant], targets: list[tuple[str, str]], now: datetime) -> tuple[str, ...]:
    """The policies that give a power, those that give all of them alone before the others."""
    given = [
        (grant.origin, sum(_given_until((grant.policy,), *target, now) > now for target in targets))
        for grant in grants
    ]
    whole = tuple(origin for origin, count in given if count == len(targets))
    return whole or tuple(origin for origin, count in given if count)
