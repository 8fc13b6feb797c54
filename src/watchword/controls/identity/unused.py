"""Control of permissions that nobody uses: roles and users idle for three months, and what Access Analyzer found unused.

When a role was last taken stands in its row, when a user last signed in or used a key in the credential report.  What
Access Analyzer found unused is judged in the account whose analyzer found it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from watchword.analysis.iam.credentials import is_break_glass, moment
from watchword.controls.identity.rows import days, judge_each
from watchword.controls.registry import control, gap, met_if, not_applicable
from watchword.model.evidence import Evidence, EvidenceMissing
from watchword.model.finding import Judgement
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView

IDLE: Final = timedelta(days=90)
"""How long permissions may go unused."""

_REPORT: Final = "iam.credential_report"
_FINDINGS: Final = "accessanalyzer.findings"
_RIGHTS: Final = ("AttachedManagedPolicies", "UserPolicyList", "RolePolicyList", "GroupList")
_USES: Final = ("password_last_used", "access_key_1_last_used_date", "access_key_2_last_used_date")
_SERVICE_LINKED: Final = ":role/aws-service-role/"


@control(
    "ID-28",
    reads=("iam.roles", "iam.users", _REPORT, _FINDINGS),
    about="roles or users with permissions",
)
def permissions_are_used(view: AccountView) -> Iterator[Judgement]:
    """No role and no user has permissions that were not used for 90 days."""
    reported = {row.text("arn"): row for row in view.readable(_REPORT)}
    yield from judge_each(view.rows("iam.roles"), lambda row: _role(row, view))
    yield from judge_each(view.rows("iam.users"), lambda row: _user(row, reported, view))
    yield from judge_each(view.readable(_FINDINGS), _found)


def _role(row: Resource, view: AccountView) -> Judgement | None:
    if _SERVICE_LINKED in row.arn or not _has_rights(row):
        return None
    if is_break_glass(row, view):
        return not_applicable("is an emergency identity, which is meant to be idle")
    # AWS tells of every role when it was last taken, with nothing in it where it never was.
    used = row.document("RoleLastUsed").time("LastUsedDate", absent=None)
    return _judged(row, used, row.time("CreateDate"), row.evidence("RoleLastUsed"), view)


def _user(row: Resource, reported: Mapping[str, Resource], view: AccountView) -> Judgement | None:
    if not _has_rights(row):
        return None
    if is_break_glass(row, view):
        return not_applicable("is an emergency identity, which is meant to be idle")
    report = reported.get(row.arn)
    if report is None:
        view.rows(_REPORT)
        raise EvidenceMissing(f"the credential report of {view.account.id} has no row of {row.name}")
    uses = [when for when in (moment(report, column) for column in _USES) if when is not None]
    last = max(uses, default=None)
    column = next((one for one in _USES if moment(report, one) == last), _USES[0])
    created = moment(report, "user_creation_time")
    return _judged(row, last, created, report.evidence(column), view)


def _judged(
    row: Resource, used: datetime | None, created: datetime | None, use: Evidence, view: AccountView
) -> Judgement:
    shown = (use, *(row.evidence(one) for one in _RIGHTS if row.has(one)))
    if used is not None:
        idle = view.now - used
        said = f"was last used {days(idle.total_seconds())} ago"
        return met_if(idle <= IDLE, said, f"{said}, and keeps its permissions", *shown)
    if created is None:
        raise EvidenceMissing(f"{row.where} was never used, and when it was made was not read")
    age = view.now - created
    said = f"was made {days(age.total_seconds())} ago and never used"
    return met_if(age <= IDLE, said, f"{said}, and keeps its permissions", *shown)


def _has_rights(row: Resource) -> bool:
    return any(row.raw(path) for path in _RIGHTS)


def _found(row: Resource) -> Judgement | None:
    kind = row.text("findingType", absent="")
    if not kind.startswith("Unused"):
        return None
    what = {"UnusedPermission": "permissions", "UnusedIAMRole": "a role"}.get(kind, "credentials")
    because = f"Access Analyzer found {what} of {row.text('resource')} unused"
    return gap(because, row.evidence("findingType"), row.evidence("resource"))
