"""Emergency identities: few, strong, watched and tried out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from watchword.analysis.iam.admin import parsed
from watchword.analysis.iam.credentials import active_keys, is_break_glass, moment, virtual_device_owners
from watchword.analysis.iam.trust import asks_for_mfa, trusts_of
from watchword.controls.identity.rows import days, judge_each
from watchword.controls.registry import control, gap, met, met_if, not_applicable
from watchword.model.evidence import EvidenceMissing
from watchword.model.finding import Judgement
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView

TRIED_WITHIN: Final = timedelta(days=180)
"""How long ago an emergency identity may have been used last: a drill counts."""

LIMIT: Final = 2
"""How many emergency identities there may be."""

_MFA_AGE: Final = 3_600


@control(
    "ID-45",
    reads=(
        "iam.users",
        "iam.roles",
        "iam.credential_report",
        "iam.virtual_mfa_devices",
        "events.rules",
        "logs.metric_filters",
        "cloudwatch.alarms",
    ),
    about="emergency identities",
)
def emergency_identities_are_ready(view: AccountView) -> Iterator[Judgement]:
    """One or two emergency identities, each with strong MFA, watched, and tried out within half a year."""
    users = [row for row in view.rows("iam.users") if is_break_glass(row, view)]
    roles = [row for row in view.rows("iam.roles") if is_break_glass(row, view)]
    yield from _number(view, len(users) + len(roles))
    yield from judge_each(users, lambda row: _judge(row, view, _user_faults))
    yield from judge_each(roles, lambda row: _judge(row, view, _role_faults))


def _number(view: AccountView, number: int) -> Iterator[Judgement]:
    """Whether there are enough and not too many; only the management account, or one that stands alone, needs them."""
    needs = view.account.is_management or view.organization is None
    elsewhere = [pattern for pattern in view.estate.break_glass if view.account.id not in pattern]
    if number > LIMIT:
        yield gap(f"the account has {number} emergency identities; {LIMIT} are enough")
    elif number and needs:
        yield met(f"the account has {number} emergency {'identity' if number == 1 else 'identities'}")
    elif needs and elsewhere:
        yield not_applicable(f"the emergency identities are declared elsewhere: {', '.join(elsewhere)}")
    elif needs:
        yield gap("nobody could act if the identity provider or IAM Identity Center failed")


def _judge(
    row: Resource, view: AccountView, faults_of: Callable[[Resource, AccountView], Iterator[str]]
) -> Judgement:
    faults = list(faults_of(row, view))
    try:
        if not _is_watched(row, view):
            faults.append("no rule or alarm of the account tells of its use")
    except EvidenceMissing:
        if not faults:
            raise
    shown = (row.evidence("Tags"), row.evidence("Arn"))
    because = "it has strong MFA, its use is announced, and it was tried out within half a year"
    return met_if(not faults, because, "; ".join(faults), *shown)


def _user_faults(row: Resource, view: AccountView) -> Iterator[str]:
    report = next((one for one in view.rows("iam.credential_report") if one.arn == row.arn), None)
    if report is None:
        raise EvidenceMissing(f"{row.where} is not in the credential report")
    if not report.flag("mfa_active"):
        yield "it has no MFA device"
    elif row.arn in virtual_device_owners(view):
        yield "its MFA device is virtual"
    if active_keys(report):
        yield "it has an access key, which needs no MFA"
    yield from _untried(moment(report, "password_last_used"), view)


def _role_faults(row: Resource, view: AccountView) -> Iterator[str]:
    policy = parsed(row, "AssumeRolePolicyDocument")
    named = [trust for trust in trusts_of(policy, "sts:AssumeRole") if trust.names_aws]
    if any(not asks_for_mfa(policy, trust, _MFA_AGE) for trust in named):
        yield "it can be taken without MFA of the last hour"
    yield from _untried(row.time("RoleLastUsed.LastUsedDate", absent=None), view)


def _untried(used: datetime | None, view: AccountView) -> Iterator[str]:
    if used is None:
        yield "it was never tried out"
    elif view.now - used > TRIED_WITHIN:
        yield f"it was last used {days((view.now - used).total_seconds())} ago, not tried out since"


def _is_watched(row: Resource, view: AccountView) -> bool:
    """Whether an enabled rule with a target, or an alarm with an action, is about the identity.

    Raises:
        EvidenceMissing: none was found, and not everything was read.
    """
    names = (row.arn, row.name)
    if any(_rule_names(rule, names) for rule in view.readable("events.rules")):
        return True
    alarmed = {
        (alarm.text("Namespace", absent=""), alarm.text("MetricName", absent=""))
        for alarm in view.readable("cloudwatch.alarms")
        if alarm.flag("ActionsEnabled", absent=False) and alarm.texts("AlarmActions")
    }
    for metric in view.readable("logs.metric_filters"):
        if any(name in metric.text("filterPattern", absent="") for name in names) and any(
            (one.text("metricNamespace"), one.text("metricName")) in alarmed
            for one in metric.items("metricTransformations")
        ):
            return True
    for table in ("events.rules", "cloudwatch.alarms", "logs.metric_filters"):
        view.rows(table)
    return False


def _rule_names(rule: Resource, names: tuple[str, ...]) -> bool:
    """Whether the rule is on, has a target, and its pattern has one of the names as a whole value."""
    if not rule.text("State", absent="").startswith("ENABLED") or not rule.items("Targets"):
        return False
    pattern = rule.document("EventPattern", absent=None)
    return pattern is not None and any(f'"{name}"' in json.dumps(dict(pattern.data)) for name in names)
