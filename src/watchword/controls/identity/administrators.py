"""Administrators by standing rights: people who hold them for good, and roles that anybody may take without MFA."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from watchword.analysis.iam.admin import TABLES, Administration, Directory, parsed
from watchword.analysis.iam.credentials import is_break_glass
from watchword.analysis.iam.trust import Trust, asks_for_mfa, is_workload, trusts_of
from watchword.controls.identity.rows import judge_each
from watchword.controls.registry import control, gap, met, not_applicable
from watchword.model.evidence import Evidence
from watchword.model.finding import Judgement
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView
from watchword.model.verdict import Severity

JUST_IN_TIME: Final = timedelta(hours=24)
"""Administration that ends within this time is not standing."""

MFA_AGE: Final = 3_600
"""Seconds since which an administrator must have proved MFA at the latest."""


_RIGHTS: Final = (
    "AttachedManagedPolicies",
    "UserPolicyList",
    "GroupPolicyList",
    "RolePolicyList",
    "GroupList",
    "PermissionsBoundary",
)
"""Where the rows of users, groups and roles say what they may do."""


@control("ID-18", reads=TABLES, about="IAM users or groups")
def nobody_is_a_standing_administrator(view: AccountView) -> Iterator[Judgement]:
    """No user and no group has administrator rights for good."""
    directory = Directory.of(view)

    def judge(row: Resource) -> Judgement:
        shown = [row.evidence(path) for path in _RIGHTS if row.has(path)]
        found = directory.administration(row, view.now)
        if found is None:
            return met("its policies do not make it an administrator", *shown)
        by = ", ".join(found.by)
        if row.table == "iam.users" and is_break_glass(row, view):
            return not_applicable(f"is an administrator by {by}, and an emergency identity", *shown)
        if found.until is not None and found.until - view.now <= JUST_IN_TIME:
            return met(f"is an administrator by {by} only until {found.until:%Y-%m-%d %H:%M} UTC", *shown)
        return gap(f"is an administrator {_how_long(found)} by {by}", *shown)

    yield from judge_each(view.rows("iam.users"), judge)
    yield from judge_each(view.rows("iam.groups"), judge)


@control("ID-25", reads=TABLES, about="administrator roles that AWS principals may take")
def administrator_roles_ask_for_mfa(view: AccountView) -> Iterator[Judgement]:
    """A role with administrator rights is given to AWS principals only on MFA of the last hour."""
    directory = Directory.of(view)
    roles = {row.arn: row for row in view.rows("iam.roles")}

    def judge(row: Resource) -> Judgement | None:
        policy = parsed(row, "AssumeRolePolicyDocument")
        named = [trust for trust in trusts_of(policy, "sts:AssumeRole") if trust.names_aws]
        if not named or directory.administration(row, view.now) is None:
            return None
        shown = [row.evidence(path) for path in ("AssumeRolePolicyDocument", *_RIGHTS) if row.has(path)]
        lax = [trust for trust in named if not asks_for_mfa(policy, trust, MFA_AGE)]
        return _judge_trusts(lax, roles, shown)

    yield from judge_each(roles.values(), judge)


def _judge_trusts(lax: list[Trust], roles: Mapping[str, Resource], shown: list[Evidence]) -> Judgement:
    """The judgement of an administrator role of which the trusts ``lax`` do not ask for fresh MFA."""
    if not lax:
        return met(f"whoever takes the role has proved MFA within {MFA_AGE} seconds", *shown)
    if all(is_workload(arn, roles) for trust in lax for arn in trust.aws):
        return not_applicable("only workloads' roles of this account may take it; they have no MFA", *shown)
    who = ", ".join(dict.fromkeys(name for trust in lax for name in trust.names))
    because = f"{who} may take this administrator role without MFA of the last hour"
    if all(trust.names_roles_only for trust in lax):
        because += "; sessions of roles carry no proof of MFA"
        return gap(because, *shown, severity=Severity.MEDIUM)
    return gap(because, *shown)


def _how_long(found: Administration) -> str:
    return "for good" if found.until is None else f"until {found.until:%Y-%m-%d}"
