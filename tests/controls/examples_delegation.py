"""Examples of ID-23, ID-28, ID-30, ID-46 and AP-18: grants that end, idle permissions, deputies, delegates, strangers."""

from __future__ import annotations

from typing import Any

from tests.controls.accounts import above, account
from tests.controls.builder import ACCOUNT, view
from tests.controls.examples import example
from tests.controls.examples_organisation import (
    ADMIN as EVERYTHING,
)
from tests.controls.examples_organisation import (
    ESTATE,
    READ,
    centre,
    managed,
    permission_set,
    until,
)
from tests.controls.examples_organisation import MEMBER as ASSESSED
from tests.controls.examples_resource_policies import policies, queue, send
from tests.controls.iam import (
    ADMIN,
    EMERGENCY,
    OWN,
    Row,
    allow,
    attached,
    deny,
    group,
    may,
    policy,
    report,
    role,
    trust,
    user,
)
from watchword.analysis.iam.attached import POLICIES
from watchword.model.estate import Estate
from watchword.model.ids import AccountId

# --- ID-46 -----------------------------------------------------------------------------------------------------------

MAKING = ["iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"]
APPS = f"arn:aws:iam::{ACCOUNT}:role/app-*"
LIMIT = f"arn:aws:iam::{ACCOUNT}:policy/limit"


def bound(value: str = LIMIT, operator: str = "StringEquals") -> dict[str, Row]:
    return {operator: {"iam:PermissionsBoundary": value}}


def delegate(*statements: Row, **more: Any) -> Any:
    return account(iam__users=[user("ann", *statements)], **more)


example("ID-46", "met", "only with the boundary", delegate(may(MAKING, APPS, **bound())))
example("ID-46", "gap", "without a boundary", delegate(may(MAKING, APPS)))
example("ID-46", "gap", "without a boundary, on any role", delegate(may("iam:CreateRole")))
example("ID-46", "gap", "with any boundary", delegate(may(MAKING, APPS, **bound("*", "StringLike"))))
example(
    "ID-46",
    "gap",
    "one action of three without",
    delegate(may(MAKING[:2], APPS, **bound()), may(MAKING[2:], APPS)),
)
example(
    "ID-46",
    "gap",
    "a boundary that need not be there",
    delegate(may(MAKING, APPS, **bound(operator="StringEqualsIfExists"))),
)
example("ID-46", "met", "a Deny of what has no boundary", delegate(
    may(MAKING, APPS), deny(MAKING, **bound(operator="StringNotEquals"))))  # fmt: skip
example(
    "ID-46",
    "gap",
    "anything to the own user",
    delegate(may("iam:*", f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}")),
)
example(
    "ID-46",
    "gap",
    "users, by a role",
    account(iam__roles=[role("hr", trust(allow(OWN)), may("iam:CreateUser"))]),
)
example(
    "ID-46",
    "not_applicable",
    "a guardrail on the root",
    delegate(may(MAKING), organization=above(deny("iam:*"))),
)
example("ID-46", "not_applicable", "administrators are others' business", delegate(may("iam:*")))
example(
    "ID-46",
    "not_applicable",
    "an emergency user",
    account(iam__users=[user("rescue", may(MAKING), **EMERGENCY)]),
)
example("ID-46", "not_applicable", "reading", delegate(may(["iam:Get*", "iam:List*"])))
example("ID-46", "not_applicable", "nobody", account())
example("ID-46", "met,gap", "one with, one without", account(
    iam__users=[user("ann", may(MAKING, APPS, **bound())), user("bob", may(MAKING, APPS))]))  # fmt: skip
example("ID-46", "unknown", "a policy that was not read", account(
    iam__users=[user("ann", AttachedManagedPolicies=attached(ADMIN))]))  # fmt: skip
example("ID-46", "unknown", "guardrails that were not read", delegate(
    may(MAKING, APPS), organization=above(denied=("organizations.service_control_policies",))))  # fmt: skip
example("ID-46", "unknown", "roles that were not read", account(denied=("iam.roles",)))

# --- ID-23 -----------------------------------------------------------------------------------------------------------

TONIGHT = {"DateLessThan": {"aws:CurrentTime": "2026-06-01T18:00:00Z"}}


def granted(chosen: Row | None = None, *sets: Row, people: tuple[Row, ...] = (), **more: Any) -> Any:
    tables = {"global:iam.users": list(people), "global:iam.groups": more.pop("groups", [])}
    tables |= {"global:iam.roles": more.pop("roles", []), "global:iam.policies": [ADMIN]}
    found = centre(chosen or permission_set(InlinePolicy=READ), *sets, **more)
    return view(tables, account=ASSESSED, organization=found, estate=ESTATE)


FULL = managed("AdministratorAccess", EVERYTHING)
example("ID-23", "met", "all rights until tonight", granted(permission_set(InlinePolicy=until(6))))
example(
    "ID-23",
    "met",
    "all rights until next week end by themselves, too",
    granted(permission_set(InlinePolicy=until(170))),
)
example("ID-23", "gap", "AdministratorAccess", granted(permission_set(), FULL))
example(
    "ID-23",
    "gap",
    "one policy that ends beside one that does not",
    granted(permission_set(InlinePolicy=until(6)), FULL),
)
example("ID-23", "not_applicable", "a set of reading", granted())
example("ID-23", "not_applicable", "a set for emergencies", granted(permission_set("Rescue"), FULL))
example("ID-23", "met", "a user until tonight", granted(people=(user("ann", may("*", **TONIGHT)),)))
example("ID-23", "not_applicable", "a user for good", granted(people=(user("ann", may("*")),)))
example(
    "ID-23",
    "not_applicable",
    "an emergency user",
    granted(people=(user("rescue", may("*", **TONIGHT), **EMERGENCY),)),
)
example("ID-23", "met,met", "a role and a group until tonight", granted(
    roles=[role("ops", trust(allow(OWN)), may("*", **TONIGHT))], groups=[group("admins", may("*", **TONIGHT))]))  # fmt: skip
example(
    "ID-23",
    "unknown",
    "assignments denied",
    granted(permission_set(), FULL, denied=("sso-admin.account_assignments",)),
)
example("ID-23", "unknown", "a policy that was not read", granted(
    people=(user("ann", AttachedManagedPolicies=attached(policy("x"))),)))  # fmt: skip

# --- ID-28 -----------------------------------------------------------------------------------------------------------

ONE = may("s3:GetObject", "arn:aws:s3:::a/*")
OLD = "2024-01-01T00:00:00+00:00"


def last(when: str, **more: Any) -> Row:
    return {"RoleLastUsed": {"LastUsedDate": when} if when else {}, "CreateDate": OLD, **more}


def idle(*roles: Row, users: tuple[Row, ...] = (), reports: list[Row] | None = None, **more: Any) -> Any:
    tables: dict[str, Any] = {"global:iam.roles": list(roles), "global:iam.users": list(users)}
    if reports is not None:
        tables["global:iam.credential_report"] = reports
    return view({**tables, **more.pop("tables", {})}, **more)


def taken(when: str, **more: Any) -> Any:
    return idle(role("app", trust(allow(OWN)), ONE, **last(when, **more)))


def signed(**columns: str) -> Any:
    found = report("ann", user_creation_time=OLD, **columns)
    return idle(users=(user("ann", ONE),), reports=[found])


example("ID-28", "met", "taken last week", taken("2026-05-25T00:00:00Z"))
example("ID-28", "met", "taken ninety days ago", taken("2026-03-03T00:00:00Z"))
example("ID-28", "gap", "taken ninety-one days ago", taken("2026-03-02T00:00:00Z"))
example("ID-28", "gap", "never taken since 2024", taken(""))
example("ID-28", "met", "never taken, and new", taken("", CreateDate="2026-05-01T00:00:00Z"))
example("ID-28", "met", "a user who signs in", signed(password_last_used="2026-05-30T00:00:00+00:00"))
example("ID-28", "met", "a user with one key in use", signed(
    access_key_1_last_used_date="2024-02-01T00:00:00+00:00", access_key_2_last_used_date="2026-05-01T00:00:00+00:00"))  # fmt: skip
example("ID-28", "gap", "a user who left", signed(password_last_used="2025-05-30T00:00:00+00:00"))
example("ID-28", "gap", "a user who never came", signed())
example("ID-28", "not_applicable", "an emergency role", taken("", **EMERGENCY))
example(
    "ID-28", "not_applicable", "a role without permissions", idle(role("app", trust(allow(OWN)), **last("")))
)
example("ID-28", "not_applicable", "a service-linked role", idle(
    role("aws-service-role/x.amazonaws.com/AWSServiceRoleForX", trust(), ONE, **last(""))))  # fmt: skip
example("ID-28", "gap", "what Access Analyzer found unused", idle(tables={"accessanalyzer.findings": [
    {"_name": "arn:x", "findingType": "UnusedPermission", "resource": "arn:x"}]}))  # fmt: skip
example("ID-28", "not_applicable", "what Access Analyzer found open is ID-32's", idle(tables={"accessanalyzer.findings": [
    {"_name": "arn:x", "findingType": "ExternalAccess", "resource": "arn:x"}]}))  # fmt: skip
example("ID-28", "unknown", "the last use of a role was not read", idle(role("app", trust(allow(OWN)), ONE)))
example("ID-28", "unknown", "the credential report was not read", idle(
    users=(user("ann", ONE),), denied=["global:iam.credential_report"]))  # fmt: skip
example(
    "ID-28", "unknown", "a user whom the report does not know", idle(users=(user("ann", ONE),), reports=[])
)

# --- ID-30 -----------------------------------------------------------------------------------------------------------

HOME = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
ABROAD = {"StringEquals": {"aws:SourceAccount": "999988887777"}}
EVENTS = {"Service": "events.amazonaws.com"}


def served(*roles: Row, **tables: Any) -> Any:
    found: dict[str, Any] = {table: [] for table, _ in POLICIES} | {"s3.buckets": []}
    found |= {name.replace("__", "."): rows for name, rows in tables.items()}
    return view({"global:iam.roles": list(roles), **found}, organization=above())


def tasks(name: str = "ecs-tasks", **conditions: Row) -> Row:
    return role("app", trust(allow({"Service": f"{name}.amazonaws.com"}, **conditions)))


example(
    "ID-30", "gap", "a queue for a service on behalf of anybody", served(sqs__queues=[queue(send(EVENTS))])
)
example(
    "ID-30",
    "met",
    "a queue for a service on behalf of the own account",
    served(sqs__queues=[queue(send(EVENTS, HOME))]),
)
example("ID-30", "met", "a queue for a service on behalf of the organisation", served(
    sqs__queues=[queue(send(EVENTS, {"StringEquals": {"aws:SourceOrgID": "o-abc1234567"}}))]))  # fmt: skip
example(
    "ID-30",
    "gap",
    "a queue for a service on behalf of a stranger",
    served(sqs__queues=[queue(send(EVENTS, ABROAD))]),
)
example("ID-30", "gap", "a source with a wildcard for its account", served(
    sqs__queues=[queue(send(EVENTS, {"ArnLike": {"aws:SourceArn": "arn:aws:events:*:*:rule/*"}}))]))  # fmt: skip
example("ID-30", "unknown", "a source that need not be told", served(
    sqs__queues=[queue(send(EVENTS, {"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}}))]))  # fmt: skip
example("ID-30", "met", "a Deny of other sources", served(sqs__queues=[queue(
    send(EVENTS), send("*", {"StringNotEquals": {"aws:SourceAccount": ACCOUNT}}, Effect="Deny"))]))  # fmt: skip
example("ID-30", "met", "everybody, if on behalf of a topic of the account", served(sqs__queues=[queue(
    send("*", {"ArnEquals": {"aws:SourceArn": f"arn:aws:sns:eu-west-1:{ACCOUNT}:t"}}))]))  # fmt: skip
example("ID-30", "not_applicable", "a queue for an account", served(sqs__queues=[queue(send(OWN))]))
example("ID-30", "gap", "a bucket", served(s3__buckets=[{"_name": "b", "_arn": "arn:aws:s3:::b", "Policy": trust(
    allow({"Service": "logging.s3.amazonaws.com"}, "s3:PutObject") | {"Resource": "arn:aws:s3:::b/*"})}]))  # fmt: skip
example("ID-30", "not_applicable", "load balancers' log accounts tell no source", served(s3__buckets=[{"_name": "b", "_arn": "arn:aws:s3:::b", "Policy": trust(
    allow({"AWS": "arn:aws:iam::156460612806:root"}, "s3:PutObject") | {"Resource": "arn:aws:s3:::b/*"})}]))  # fmt: skip
example("ID-30", "gap", "a role whose service asks for a source", served(tasks()))
example("ID-30", "met", "a role whose service asks for a source, with one", served(tasks(**HOME)))
example("ID-30", "not_applicable", "roles of EC2 and Lambda", served(tasks("ec2"), tasks("lambda")))
example("ID-30", "unknown", "a condition that nobody knows", served(
    sqs__queues=[queue(send(EVENTS, {"StringEquals": {"acme:x": "y"}}))]))  # fmt: skip
example(
    "ID-30",
    "unknown",
    "a policy that was not read",
    served(sqs__queues=[{"_name": "q", "_holes": {"Attributes": "denied"}}]),
)

# --- AP-18 -----------------------------------------------------------------------------------------------------------

STRANGER, FRIEND, SISTER = "999988887777", "121212121212", "444455556666"
DECLARED = Estate(partners={AccountId(FRIEND): "auditors"})


def root(number: str) -> Row:
    return {"AWS": f"arn:aws:iam::{number}:root"}


def shared(*statements: Row) -> Any:
    return policies(sqs__queues=[queue(*statements)], estate=DECLARED)


OTHERS = {"StringEquals": {"aws:PrincipalOrgID": "o-other12345"}}
example("AP-18", "gap", "a stranger", shared(send(root(STRANGER))))
example("AP-18", "gap", "a stranger and a partner", shared(send({"AWS": [STRANGER, FRIEND]})))
example("AP-18", "met", "a partner", shared(send(root(FRIEND))))
example(
    "AP-18", "met", "the own account and one of the organisation", shared(send({"AWS": [ACCOUNT, SISTER]}))
)
example(
    "AP-18",
    "met",
    "everybody of a partner's account",
    shared(send("*", {"StringEquals": {"aws:PrincipalAccount": FRIEND}})),
)
example("AP-18", "gap", "everybody of another organisation", shared(send("*", OTHERS)))
example("AP-18", "met", "a stranger who must be of the own organisation", shared(
    send(root(STRANGER), {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}})))  # fmt: skip
example("AP-18", "met", "a stranger whom a Deny keeps out", shared(
    send(root(STRANGER)), send("*", {"StringNotEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}, Effect="Deny")))  # fmt: skip
example("AP-18", "not_applicable", "everybody is AP-16's", shared(send()))
example("AP-18", "gap", "everybody, and a stranger by name", shared(send(), send(root(STRANGER))))
example("AP-18", "met", "a deleted principal", shared(send({"AWS": "AIDAEXAMPLEEXAMPLE123"})))
example("AP-18", "not_applicable", "no policy", shared())
example(
    "AP-18",
    "unknown",
    "a condition that nobody knows",
    shared(send(root(STRANGER), {"StringEquals": {"acme:x": "y"}})),
)
example("AP-18", "unknown", "a policy that was not read", policies(
    sqs__queues=[{"_name": "q", "_holes": {"Attributes": "denied"}}]))  # fmt: skip
example("AP-18", "unknown", "queues that were not read", policies(("sqs.queues",)))
