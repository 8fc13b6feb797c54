"""Examples of the controls of identity: people, keys and emergency identities."""

from __future__ import annotations

from typing import Any

from tests.controls.builder import ACCOUNT, view
from tests.controls.examples import example
from tests.controls.iam import (
    EMERGENCY,
    FRESH,
    FRESH_MFA,
    MANAGEMENT,
    MEMBER,
    ORG,
    OTHERS_VIRTUAL,
    OWN,
    SIBLING,
    SIGNS_IN,
    Row,
    Rows,
    allow,
    may,
    people,
    report,
    reported,
    role,
    trust,
    user,
)
from watchword.model.estate import Estate
from watchword.model.snapshot import Account

# --- ID-05 -------------------------------------------------------------------------------------------------


example("ID-05", "met", "password and MFA", reported(report(**SIGNS_IN, mfa_active="true")))
example("ID-05", "gap", "password alone", reported(report(**SIGNS_IN)))
example(
    "ID-05",
    "gap,met",
    "two people",
    reported(report(**SIGNS_IN), report("bob", **SIGNS_IN, mfa_active="true"), report("ci")),
)
example("ID-05", "not_applicable", "nobody has a password", reported(report()))
example("ID-05", "unknown", "no report", view(denied=["global:iam.credential_report"]))
example(
    "ID-05",
    "met,unknown",
    "a row without the column",
    reported(report(**SIGNS_IN, mfa_active="true"), {"_arn": "x", "user": "bob"}),
)

# --- ID-08 -------------------------------------------------------------------------------------------------

example("ID-08", "gap", "a person", view(people(user(), reports=[report(**SIGNS_IN)])))
example(
    "ID-08", "met", "an emergency user by tag", view(people(user(**EMERGENCY), reports=[report(**SIGNS_IN)]))
)
example(
    "ID-08",
    "gap",
    "a tag that says no",
    view(people(user(_tags={"break-glass": "false"}), reports=[report(**SIGNS_IN)])),
)
example(
    "ID-08",
    "met",
    "an emergency user by declaration",
    view(people(user(), reports=[report(**SIGNS_IN)]), estate=Estate(break_glass=(f"{ACCOUNT}/al*",))),
)
example(
    "ID-08",
    "met",
    "only workloads have users",
    view(people(user("ci"), reports=[report("ci"), report("<root_account>")])),
)
example("ID-08", "met", "no users at all", view(people()))
example(
    "ID-08",
    "gap,gap,gap",
    "three emergency users are too many",
    view(people(*(user(n, **EMERGENCY) for n in "abc"), reports=[report(n, **SIGNS_IN) for n in "abc"])),
)
example(
    "ID-08", "unknown", "no report", view({"global:iam.users": []}, denied=["global:iam.credential_report"])
)

# --- ID-14 -------------------------------------------------------------------------------------------------

OLD = {"access_key_2_active": "true", "access_key_2_last_rotated": "2025-01-01T00:00:00+00:00"}
example("ID-14", "met", "a workload's fresh key", reported(report("ci", **FRESH)))
example("ID-14", "met", "no key", reported(report()))
example(
    "ID-14",
    "met",
    "an old key that is inactive",
    reported(report("ci", **(OLD | {"access_key_2_active": "false"}))),
)
example(
    "ID-14",
    "met",
    "exactly 90 days",
    reported(report("ci", access_key_1_active="true", access_key_1_last_rotated="2026-03-03T00:00:00+00:00")),
)
example("ID-14", "gap", "an old key beside a fresh one", reported(report("ci", **FRESH, **OLD)))
example("ID-14", "gap", "a person's fresh key", reported(report(**SIGNS_IN, **FRESH)))
example(
    "ID-14", "unknown", "an active key without a date", reported(report("ci", access_key_1_active="true"))
)
example("ID-14", "unknown", "no report", view(denied=["global:iam.credential_report"]))
example("ID-14", "not_applicable", "no users", reported())

# --- ID-45 -------------------------------------------------------------------------------------------------

TRIED = {**SIGNS_IN, "mfa_active": "true", "password_last_used": "2026-04-01T00:00:00+00:00"}


def rule(name: str = "alice", **more: Any) -> Row:
    pattern = f'{{"detail": {{"userIdentity": {{"arn": ["arn:aws:iam::{ACCOUNT}:user/{name}"]}}}}}}'
    return {"_arn": "rule", "State": "ENABLED", "EventPattern": pattern, "Targets": [{"Id": "page"}]} | more


FILTER = {
    "_arn": "f",
    "filterPattern": '{ $.userIdentity.userName = "alice" }',
    "metricTransformations": [{"metricName": "M", "metricNamespace": "N"}],
}
ALARM = {
    "_arn": "a",
    "Namespace": "N",
    "MetricName": "M",
    "ActionsEnabled": True,
    "AlarmActions": ["arn:aws:sns:x"],
}


def emergency(
    tables: Row,
    rules: list[Row] | None = None,
    devices: Rows = (),
    account: Account = MANAGEMENT,
    filters: Rows = (),
    alarms: Rows = (),
    above: Any = ORG,
    estate: Estate | None = None,
) -> Any:
    more = {
        "global:iam.virtual_mfa_devices": devices,
        "us-east-1:events.rules": [rule()] if rules is None else rules,
        "us-east-1:logs.metric_filters": filters,
        "us-east-1:cloudwatch.alarms": alarms,
    }
    return view(tables | more, account=account, organization=above, estate=estate)


def one(**columns: str) -> Row:
    return people(user(**EMERGENCY), reports=[report(**(TRIED | columns))])


example("ID-45", "met,met", "one user, ready", emergency(one()))
example(
    "ID-45",
    "met,met",
    "a metric filter with an alarm watches",
    emergency(one(), [], filters=[FILTER], alarms=[ALARM]),
)
example(
    "ID-45",
    "gap,met",
    "an alarm that wakes nobody",
    emergency(one(), [], filters=[FILTER], alarms=[ALARM | {"AlarmActions": []}]),
)
example("ID-45", "gap,met", "nobody watches", emergency(one(), []))
example("ID-45", "gap,met", "a rule that is off", emergency(one(), [rule(State="DISABLED")]))
example("ID-45", "gap,met", "a rule without a target", emergency(one(), [rule(Targets=[])]))
example(
    "ID-45", "gap,met", "a rule about somebody whose name begins alike", emergency(one(), [rule("alice-two")])
)
example("ID-45", "gap,met", "a virtual device", emergency(one(), devices=[OTHERS_VIRTUAL]))
example("ID-45", "gap,met", "no MFA", emergency(one(mfa_active="false")))
example("ID-45", "gap,met", "an access key", emergency(one(**FRESH)))
example("ID-45", "gap,met", "never tried out", emergency(one(password_last_used="no_information")))
example(
    "ID-45",
    "gap,met",
    "not tried out for a year",
    emergency(one(password_last_used="2025-06-01T00:00:00+00:00")),
)
example("ID-45", "gap", "nobody", emergency(people()))
example(
    "ID-45", "gap", "nobody in an account that stands alone", emergency(people(), account=MEMBER, above=None)
)
example("ID-45", "not_applicable", "a member account needs none", emergency(people(), account=MEMBER))
example(
    "ID-45",
    "not_applicable",
    "declared in another account",
    emergency(people(), estate=Estate(break_glass=(f"arn:aws:iam::{SIBLING}:user/bg-*",))),
)
example("ID-45", "met", "a member account may have one", emergency(one(), account=MEMBER))
_three = people(*(user(n, **EMERGENCY) for n in "abc"), reports=[report(n, **TRIED) for n in "abc"])
example("ID-45", "gap,met,met,met", "three are too many", emergency(_three, [rule(n) for n in "abc"]))
_bg = role(
    "bg",
    trust(allow(OWN, **FRESH_MFA)),
    may("*"),
    RoleLastUsed={"LastUsedDate": "2026-05-01T00:00:00Z"},
    **EMERGENCY,
)
example(
    "ID-45",
    "met,met",
    "a role",
    emergency(people(roles=[_bg]), [rule(EventPattern=f'{{"resources": ["{_bg["_arn"]}"]}}')]),
)
_lax = _bg | {"AssumeRolePolicyDocument": trust(allow(OWN))}
example(
    "ID-45",
    "gap,met",
    "a role without MFA",
    emergency(people(roles=[_lax]), [rule(EventPattern=f'{{"resources": ["{_bg["_arn"]}"]}}')]),
)
_unread = dict(one())
example(
    "ID-45",
    "met,unknown",
    "rules not read",
    view(
        _unread | {"global:iam.virtual_mfa_devices": []},
        denied=["us-east-1:events.rules", "us-east-1:logs.metric_filters", "us-east-1:cloudwatch.alarms"],
        account=MANAGEMENT,
    ),
)
example(
    "ID-45",
    "gap,met",
    "rules not read, but it has no MFA",
    view(
        dict(one(mfa_active="false")) | {"global:iam.virtual_mfa_devices": []},
        denied=["us-east-1:events.rules"],
        account=MANAGEMENT,
    ),
)
example("ID-45", "unknown", "users not read", view(denied=["global:iam.users"]))
