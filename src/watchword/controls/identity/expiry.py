"""Control of grants that end by themselves: what makes an administrator for a time carries its end in AWS.

A grant whose end only somebody else knows (a ticket, a job that takes it away) lasts as long as that somebody fails.  Judged
are assignments of IAM Identity Center, which are how people get administration, and every user, group and role whose
policies make an administrator.  Those of IAM that hold it for good are ID-18's and ID-25's business.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from watchword.analysis.iam.admin import TABLES as DIRECTORY_TABLES
from watchword.analysis.iam.admin import Administration, Directory
from watchword.analysis.iam.credentials import is_break_glass
from watchword.analysis.iam.permission_sets import TABLES, Center, administration, center_of
from watchword.controls.identity.center import assignment_subject, is_for_emergencies, rights_of
from watchword.controls.identity.rows import judge_each
from watchword.controls.registry import control, gap, met, not_applicable, unknown
from watchword.model.evidence import EvidenceMissing
from watchword.model.finding import Judgement
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView

_RIGHTS = ("AttachedManagedPolicies", "UserPolicyList", "GroupPolicyList", "RolePolicyList", "GroupList")
_PRINCIPALS = ("iam.users", "iam.groups", "iam.roles")


@control("ID-23", reads=(*DIRECTORY_TABLES, *TABLES), about="grants of administration")
def grants_end_by_themselves(view: AccountView) -> Iterator[Judgement]:
    """Administration that is given for a time ends by a condition in AWS itself."""
    directory = Directory.of(view)
    for table in _PRINCIPALS:
        yield from judge_each(view.rows(table), lambda row: _principal(row, directory, view))
    if view.organization is not None:
        yield from _assignments(view)


def _principal(row: Resource, directory: Directory, view: AccountView) -> Judgement | None:
    found = directory.administration(row, view.now)
    if found is None:
        return None
    shown = [row.evidence(path) for path in _RIGHTS if row.has(path)]
    by = ", ".join(found.by)
    if is_break_glass(row, view):
        return not_applicable(f"is an administrator by {by}, and an emergency identity", *shown)
    if found.until is None:
        return not_applicable(f"is an administrator by {by} for good, which is no grant for a time", *shown)
    return met(_ends(found), *shown)


def _assignments(view: AccountView) -> Iterator[Judgement]:
    try:
        center = center_of(view)
    except EvidenceMissing as missing:
        yield unknown(missing.what)
        return
    if center is None:
        return
    for row in center.assignments.get(view.account.id, ()):
        try:
            judged = _assignment(center, row, view)
        except EvidenceMissing as missing:
            judged = unknown(missing.what)
        if judged is not None:
            yield replace(judged, subject=assignment_subject(center, row, view))


def _assignment(center: Center, row: Resource, view: AccountView) -> Judgement | None:
    permission_set = center.sets.get(row.text("PermissionSetArn"))
    if permission_set is None:
        return unknown(f"permission set {row.text('PermissionSetArn')} is not among those that were read")
    found = administration(center, permission_set, view)
    if found is None:
        return None
    shown = (row.evidence("PrincipalId"), *rights_of(center, permission_set))
    by = ", ".join(found.by)
    if is_for_emergencies(center, permission_set, row, view):
        return not_applicable(f"makes an administrator by {by}, and is declared for emergencies", *shown)
    if found.until is None:
        return gap(f"makes an administrator by {by}, and nothing in AWS ends it", *shown)
    return met(_ends(found), *shown)


def _ends(found: Administration) -> str:
    return f"administration by {', '.join(found.by)} ends by itself at {found.until:%Y-%m-%d %H:%M} UTC"
