"""IAM Identity Center: one for the organisation, run from an account of its own, with no standing administrators."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final

from watchword.analysis.iam.credentials import is_break_glass
from watchword.analysis.iam.permission_sets import (
    INSTANCES,
    ORGANIZATION,
    TABLES,
    Center,
    administration,
    center_of,
    instance_of,
    names_policies,
    session_length,
)
from watchword.controls.identity.administrators import JUST_IN_TIME
from watchword.controls.identity.rows import judge_each
from watchword.controls.registry import Per, control, gap, met, met_if, not_applicable, unknown
from watchword.model.evidence import Evidence, EvidenceMissing
from watchword.model.finding import Judgement, Subject
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView

ADMINISTRATOR_HOUR: Final = timedelta(hours=1)
"""How long a session of an administrative permission set may last."""
WORKING_DAY: Final = timedelta(hours=8)
"""How long any other session may last."""

_DELEGATED: Final = "organizations.delegated_administrators"
_SERVICE_ACCESS: Final = "organizations.service_access"
_PRINCIPAL: Final = "sso.amazonaws.com"

SECURITY_SERVICES: Final = frozenset(
    f"{name}.amazonaws.com"
    for name in (
        *("access-analyzer", "auditmanager", "cloudtrail", "config", "detective", "fms", "guardduty"),
        *("inspector2", "macie", "securityhub", "securitylake", "sso"),
    )
)
"""Services of security and identity that an organisation can delegate to a member account.

Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrate_services_list.html
"""


@control("ID-09", per=Per.ORGANIZATION, reads=(INSTANCES, ORGANIZATION, _DELEGATED))
def identity_center_is_the_organisations(view: AccountView) -> Judgement:
    """The organisation has its own instance of Identity Center, administered from a member account."""
    instance = instance_of(view)
    if instance is None:
        nothing = Evidence.of(INSTANCES, "organization", "Instances", [])
        return gap("the organisation has no instance of IAM Identity Center", nothing)
    shown = (instance.evidence("InstanceArn"), instance.evidence("Status"))
    status = instance.text("Status", absent="ACTIVE")
    if status != "ACTIVE":
        return gap(f"the organisation's instance of IAM Identity Center is {status}", *shown)
    admins = _administrators(view, _PRINCIPAL)
    names = ", ".join(row.name for row in admins)
    return met_if(
        bool(admins),
        f"the organisation's instance lives in {instance.region} and is administered from {names}",
        f"the organisation's instance in {instance.region} is administered from the management account alone",
        *shown,
        *(row.evidence("Services") for row in admins),
    )


@control(
    "ID-49",
    per=Per.ORGANIZATION,
    reads=(_SERVICE_ACCESS, _DELEGATED),
    about="services of security with access to the organisation",
)
def security_services_are_delegated(view: AccountView) -> Iterator[Judgement]:
    """Each service of security that the organisation uses is administered from a member account."""
    for row in view.rows(_SERVICE_ACCESS):
        service = row.text("ServicePrincipal")
        if service not in SECURITY_SERVICES:
            continue
        admins = _administrators(view, service)
        yield met_if(
            bool(admins),
            f"{service} is administered from {', '.join(one.name for one in admins)}",
            f"{service} is administered from the management account: no member account is delegated",
            row.evidence("ServicePrincipal"),
            *(one.evidence("Services") for one in admins),
            subject=row,
        )


def _administrators(view: AccountView, service: str) -> list[Resource]:
    return [
        row
        for row in view.rows(_DELEGATED)
        if any(one.text("ServicePrincipal") == service for one in row.items("Services"))
    ]


@control("ID-19", reads=(*TABLES, "iam.policies"), about="assignments of permission sets")
def nobody_is_assigned_administration_for_good(view: AccountView) -> Iterator[Judgement]:
    """No permission set that makes an administrator is assigned permanently, emergencies apart."""
    center = center_of(view)
    if center is None:
        return
    for row in center.assignments.get(view.account.id, ()):
        try:
            judged = _assignment(center, row, view)
        except EvidenceMissing as missing:
            judged = unknown(missing.what)
        yield replace(judged, subject=assignment_subject(center, row, view))


def _assignment(center: Center, row: Resource, view: AccountView) -> Judgement:
    permission_set = center.sets.get(row.text("PermissionSetArn"))
    if permission_set is None:
        return unknown(f"permission set {row.text('PermissionSetArn')} is not among those that were read")
    held = administration(center, permission_set, view)
    shown = (row.evidence("PrincipalId"), *rights_of(center, permission_set))
    if held is None:
        return met("the permission set does not make an administrator", *shown)
    by = ", ".join(held.by)
    if is_for_emergencies(center, permission_set, row, view):
        return not_applicable(f"makes an administrator by {by}, and is declared for emergencies", *shown)
    if held.until is not None and held.until - view.now <= JUST_IN_TIME:
        return met(f"makes an administrator by {by} only until {held.until:%Y-%m-%d %H:%M} UTC", *shown)
    until = "for good" if held.until is None else f"until {held.until:%Y-%m-%d}"
    return gap(f"makes an administrator {until} by {by}", *shown)


def is_for_emergencies(center: Center, permission_set: Resource, row: Resource, view: AccountView) -> bool:
    """Whether the permission set is declared or tagged as one for emergencies, or its user or group is declared."""
    if is_break_glass(permission_set, view):
        return True
    principal = center.principal(row)
    if principal is None:
        return False
    return is_break_glass(principal, view) or view.estate.is_break_glass(
        f"{view.account.id}/{principal.name}"
    )


def assignment_subject(center: Center, row: Resource, view: AccountView) -> Subject:
    """An assignment as people speak of it: ``ReadOnly for group auditors``."""
    permission_set = center.sets.get(row.text("PermissionSetArn"))
    principal = center.principals.get(row.text("PrincipalId"))
    what = permission_set.name if permission_set else row.text("PermissionSetArn")
    whom = principal.name if principal else row.text("PrincipalId")
    name = f"{what} for {row.text('PrincipalType').lower()} {whom}"
    return Subject(view.account.id, row.region, row.arn, row.kind, name)


def rights_of(center: Center, permission_set: Resource) -> tuple[Evidence, ...]:
    """What gives the permission set its rights."""
    own = (permission_set.evidence(path) for path in ("Name", "InlinePolicy", "PermissionsBoundary"))
    return (*own, *(row.evidence("Arn") for row in center.managed.get(permission_set.arn, ())))


@control("ID-24", per=Per.ORGANIZATION, reads=TABLES, about="permission sets")
def sessions_are_short(view: AccountView) -> Iterator[Judgement]:
    """Sessions of administrators last an hour at most, all others a working day."""
    center = center_of(view)
    if center is None:
        return

    def judge(row: Resource) -> Judgement:
        return _session(center, row, view)

    yield from judge_each(center.sets.values(), judge)


def _session(center: Center, row: Resource, view: AccountView) -> Judgement:
    length = session_length(row)
    shown = (row.evidence("SessionDuration"), *rights_of(center, row))
    said = f"its sessions last {_hours(length)}"
    if length <= ADMINISTRATOR_HOUR:
        return met(said, *shown)
    if length > WORKING_DAY:
        return gap(f"{said}, longer than a working day of {_hours(WORKING_DAY)}", *shown)
    if administration(center, row, view) is not None:
        return gap(f"{said}, and it makes an administrator, who gets {_hours(ADMINISTRATOR_HOUR)}", *shown)
    if names_policies(row):
        return unknown(f"{said}, and it names policies that differ from account to account", *shown)
    return met(f"{said}, and it does not make an administrator", *shown)


def _hours(length: timedelta) -> str:
    hours, minutes = divmod(int(length.total_seconds()) // 60, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
