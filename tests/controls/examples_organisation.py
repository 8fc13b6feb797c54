"""Examples of the controls of the organisation, Identity Center, guests, analyzers and directories."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.controls.builder import ACCOUNT, NOW, organization, view
from tests.controls.examples import example
from watchword.model.estate import Estate
from watchword.model.ids import AccountId, Region
from watchword.model.snapshot import Account, AccountView

MANAGEMENT = "999988887777"
OTHER = "222233334444"
ORG_ID = "o-abcdefghij"
ORG_ROW = {
    "_arn": f"arn:aws:organizations::{MANAGEMENT}:organization/{ORG_ID}",
    "Id": ORG_ID,
    "MasterAccountId": MANAGEMENT,
}
INSTANCE = "arn:aws:sso:::instance/ssoins-1"
MEMBER = Account(ACCOUNT, "prod", ou_ids=("r-root", "ou-work"), path=("Root", "Workloads"))
MASTER = Account(AccountId(MANAGEMENT), "management", ou_ids=("r-root",), is_management=True)
ESTATE = Estate(
    partners={AccountId("121212121212"): "auditor"},
    approved_regions=(Region("eu-west-1"), Region("us-east-1")),
    break_glass=(f"{ACCOUNT}/emergency", "organization/Rescue"),
    admin_roles=("Platform*",),
)

# Identity Center -------------------------------------------------------------------------------------------------


def instance(**changes: Any) -> dict[str, Any]:
    """The organisation's instance."""
    row = {"_arn": INSTANCE, "InstanceArn": INSTANCE, "OwnerAccountId": MANAGEMENT, "Status": "ACTIVE"}
    return {**row, **changes}


def delegated(*services: str, account: str = OTHER, name: str = "identity") -> dict[str, Any]:
    """A delegated administrator."""
    listed = [{"ServicePrincipal": f"{one}.amazonaws.com"} for one in services]
    return {
        "_arn": f"arn:aws:organizations::1:account/{account}",
        "_name": name,
        "Id": account,
        "Services": listed,
    }


def id09(*instances: dict[str, Any], admins: tuple[dict[str, Any], ...] = (), **more: Any) -> AccountView:
    """The organisation with these instances."""
    return organization(
        {
            "organizations.organization": [ORG_ROW],
            "eu-west-1:sso-admin.instances": instances,
            "us-east-1:sso-admin.instances": [],
            "organizations.delegated_administrators": admins,
        },
        **more,
    )


example("ID-09", "met", "an instance that is delegated", id09(instance(), admins=(delegated("sso"),)))
example("ID-09", "met", "an instance, and a region that was not read", id09(
    instance(), admins=(delegated("sso"),), denied=["eu-central-1:sso-admin.instances"]))  # fmt: skip
example("ID-09", "gap", "an instance that the management account runs", id09(instance()))
example("ID-09", "gap", "delegations of other services", id09(instance(), admins=(delegated("config"),)))
example("ID-09", "gap", "no instance in any region", id09(admins=(delegated("sso"),)))
example(
    "ID-09",
    "gap",
    "an instance of a single account",
    id09(instance(OwnerAccountId=OTHER), admins=(delegated("sso"),)),
)
example(
    "ID-09",
    "gap",
    "an instance that is going away",
    id09(instance(Status="DELETE_IN_PROGRESS"), admins=(delegated("sso"),)),
)
example(
    "ID-09",
    "unknown",
    "only the copy of an instance in another region",
    id09(instance(PrimaryRegion="ap-south-1"), admins=(delegated("sso"),)),
)
example("ID-09", "unknown", "no instance, and a region that was not read", id09(
    denied=["eu-central-1:sso-admin.instances"]))  # fmt: skip

ADMIN: dict[str, Any] = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
READ: dict[str, Any] = {
    "Statement": [{"Effect": "Allow", "Action": ["s3:Get*", "ec2:Describe*"], "Resource": "*"}]
}
POWER: dict[str, Any] = {
    "Statement": [{"Effect": "Allow", "NotAction": ["iam:*", "organizations:*"], "Resource": "*"}]
}
IAM_ALL: dict[str, Any] = {"Statement": [{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}]}


def until(hours: float) -> dict[str, Any]:
    """All rights for so many hours."""
    end = (NOW + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
    condition = {"DateLessThan": {"aws:CurrentTime": end}}
    return {"Statement": [{**ADMIN["Statement"][0], "Condition": condition}]}


SET = f"{INSTANCE}/ps-1"


def permission_set(name: str = "Set", **changes: Any) -> dict[str, Any]:
    """A permission set without policies."""
    return {"_arn": SET, "_name": name, "Name": name, **changes}


def managed(name: str, document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A managed policy of the permission set."""
    arn = f"arn:aws:iam::aws:policy/{name}"
    return {"_arn": f"{SET}/{arn}", "_name": name, "Arn": arn, "Document": document, **changes}


ASSIGNED: dict[str, Any] = {
    "_arn": f"{SET}/{ACCOUNT}/GROUP/g-1",
    "AccountId": ACCOUNT,
    "PermissionSetArn": SET,
    "PrincipalType": "GROUP",
    "PrincipalId": "g-1",
}
TEAM: dict[str, Any] = {"_arn": "arn:aws:identitystore:::group/g-1", "_name": "team", "GroupId": "g-1"}


def centre(
    chosen: dict[str, Any],
    *policies: dict[str, Any],
    assigned: tuple[dict[str, Any], ...] = (ASSIGNED,),
    group: dict[str, Any] = TEAM,
    denied: tuple[str, ...] = (),
) -> AccountView:
    """The organisation with one permission set, assigned once."""
    tables = {
        "sso-admin.instances": [instance()],
        "sso-admin.permission_sets": [chosen],
        "sso-admin.managed_policies": policies,
        "sso-admin.account_assignments": assigned,
        "sso-admin.users": [],
        "sso-admin.groups": [group],
    }
    read = {f"eu-west-1:{name}": rows for name, rows in tables.items() if name not in denied}
    return organization(
        {"organizations.organization": [ORG_ROW], **read}, denied=[f"eu-west-1:{name}" for name in denied]
    )


def id19(
    chosen: dict[str, Any],
    *policies: dict[str, Any],
    own: list[dict[str, Any]] | None = None,
    **more: Any,
) -> AccountView:
    """An account in which the permission set is assigned, with the account's own policies."""
    found = centre(chosen, *policies, **more)
    return view({"global:iam.policies": own or []}, account=MEMBER, organization=found, estate=ESTATE)


FULL: dict[str, Any] = managed("AdministratorAccess", ADMIN)
OWN_ADMIN: dict[str, Any] = {"_arn": f"arn:aws:iam::{ACCOUNT}:policy/ops/everything", "Document": ADMIN}
REFERENCE: dict[str, Any] = {"CustomerManagedPolicyReferences": [{"Name": "everything", "Path": "/ops/"}]}
BOUNDED: dict[str, Any] = {"PermissionsBoundary": {"CustomerManagedPolicyReference": {"Name": "limit"}}}
LIMIT: dict[str, Any] = {"_arn": f"arn:aws:iam::{ACCOUNT}:policy/limit", "Document": POWER}

example("ID-19", "met", "a set of reading", id19(permission_set(InlinePolicy=READ)))
example("ID-19", "met", "power without IAM", id19(permission_set(), managed("PowerUserAccess", POWER)))
example("ID-19", "met", "all rights until tonight", id19(permission_set(InlinePolicy=until(6))))
example("ID-19", "met", "all rights within a boundary that takes IAM away", id19(permission_set(**BOUNDED), FULL, own=[LIMIT]))  # fmt: skip
example("ID-19", "met", "a named policy that is harmless in this account", id19(
    permission_set(**REFERENCE), own=[{**OWN_ADMIN, "Document": READ}]))  # fmt: skip
example("ID-19", "gap", "AdministratorAccess for a group", id19(permission_set(), FULL))
example("ID-19", "gap", "two policies that make an administrator together", id19(
    permission_set(), managed("PowerUserAccess", POWER), managed("IAMFullAccess", IAM_ALL)))  # fmt: skip
example("ID-19", "gap", "all rights in line", id19(permission_set(InlinePolicy=ADMIN)))
example("ID-19", "gap", "all rights until next week", id19(permission_set(InlinePolicy=until(170))))
example("ID-19", "gap", "a named policy that is administrative here", id19(permission_set(**REFERENCE), own=[OWN_ADMIN]))  # fmt: skip
example(
    "ID-19",
    "gap",
    "a name that is declared administrative",
    id19(permission_set("PlatformTeam", InlinePolicy=READ)),
)
example("ID-19", "gap", "an administrator whose group was deleted", id19(
    permission_set(), FULL, group={**TEAM, "GroupId": "g-2"}))  # fmt: skip
example("ID-19", "not_applicable", "a set with the tag of emergencies", id19(
    permission_set("BreakGlass", _tags={"break-glass": "true"}), FULL))  # fmt: skip
example("ID-19", "not_applicable", "a set declared for emergencies", id19(permission_set("Rescue"), FULL))
example("ID-19", "not_applicable", "a group declared for emergencies in this account", id19(
    permission_set(), FULL, group={**TEAM, "_name": "emergency"}))  # fmt: skip
example("ID-19", "not_applicable", "nothing assigned in this account", id19(
    permission_set(), FULL, assigned=({**ASSIGNED, "AccountId": OTHER},)))  # fmt: skip
example("ID-19", "not_applicable", "an organisation without Identity Center", view(
    {"global:iam.policies": []}, account=MEMBER, organization=id09()))  # fmt: skip
example("ID-19", "unknown", "a named policy that is not there", id19(permission_set(**REFERENCE)))
example("ID-19", "unknown", "a policy that was not read", id19(permission_set(), managed("Mystery", {}, _holes={"Document": "denied"})))  # fmt: skip
example("ID-19", "unknown", "in-line policy denied", id19(permission_set(_holes={"InlinePolicy": "denied"})))
example("ID-19", "unknown", "assignments denied", id19(permission_set(), FULL, denied=("sso-admin.account_assignments",)))  # fmt: skip
example("ID-19", "unknown", "an administrator, and groups that were not read", id19(
    permission_set(), FULL, denied=("sso-admin.groups",)))  # fmt: skip
example("ID-19", "met", "a set of reading, and groups that were not read", id19(
    permission_set(InlinePolicy=READ), denied=("sso-admin.groups",)))  # fmt: skip
example("ID-19", "unknown", "a lone account", view({"global:iam.policies": []}))


def id24(duration: str | None, *policies: dict[str, Any], **changes: Any) -> AccountView:
    """The organisation with a permission set of this duration."""
    given = {"SessionDuration": duration} if duration else {}
    return centre(permission_set(**given, **changes), *policies)


example("ID-24", "met", "an hour for administrators", id24("PT1H", FULL))
example("ID-24", "met", "the default of one hour", id24(None, FULL))
example("ID-24", "met", "eight hours of reading", id24("PT8H", InlinePolicy=READ))
example("ID-24", "met", "half an hour of whatever a named policy allows", id24("PT30M", **REFERENCE))
example("ID-24", "gap", "two hours for administrators", id24("PT2H", FULL))
example("ID-24", "gap", "an hour and a minute for administrators", id24("PT1H1M", FULL))
example("ID-24", "gap", "twelve hours of reading", id24("PT12H", InlinePolicy=READ))
example("ID-24", "unknown", "four hours of whatever a named policy allows", id24("PT4H", **REFERENCE))
example("ID-24", "unknown", "duration denied", id24(None, FULL, _holes={"SessionDuration": "denied"}))
example("ID-24", "unknown", "no duration at all", id24("soon", FULL))
example("ID-24", "not_applicable", "no Identity Center", id09())


def id49(services: tuple[str, ...], *admins: dict[str, Any], **more: Any) -> AccountView:
    """The organisation with services that have access to it."""
    rows = [
        {"_arn": f"arn:{one}", "_name": one, "ServicePrincipal": f"{one}.amazonaws.com"} for one in services
    ]
    return organization(
        {"organizations.service_access": rows, "organizations.delegated_administrators": admins}, **more
    )


example("ID-49", "met,met", "all delegated", id49(("guardduty", "config"), delegated("guardduty", "config")))
example(
    "ID-49",
    "gap,met",
    "one left with the management account",
    id49(("guardduty", "sso"), delegated("guardduty")),
)
example("ID-49", "not_applicable", "services of other kinds alone", id49(("ram", "tagpolicies.tag")))
example("ID-49", "unknown", "delegations denied", organization(
    {"organizations.service_access": [{"_arn": "a", "ServicePrincipal": "guardduty.amazonaws.com"}]},
    denied=["organizations.delegated_administrators"]))  # fmt: skip

# Guardrails ------------------------------------------------------------------------------------------------------

BLINDING: dict[str, Any] = {
    "Effect": "Deny",
    "Action": [
        "organizations:LeaveOrganization",
        "cloudtrail:StopLogging",
        "cloudtrail:DeleteTrail",
        "guardduty:DeleteDetector",
        "guardduty:DisassociateFrom*",
        "config:StopConfigurationRecorder",
        "config:DeleteConfigurationRecorder",
        "securityhub:DisableSecurityHub",
        "securityhub:Disassociate*",
    ],
    "Resource": "*",
}
NO_ROOT: dict[str, Any] = {
    "Effect": "Deny",
    "Action": "*",
    "Resource": "*",
    "Condition": {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}},
}
REGIONS: dict[str, Any] = {
    "Effect": "Deny",
    "NotAction": ["iam:*", "organizations:*", "kms:*", "support:*"],
    "Resource": "*",
    "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-1"]}},
}
BASELINE = (BLINDING, NO_ROOT, REGIONS)


def sparing(
    pattern: str, statement: dict[str, Any] = BLINDING, operator: str = "ArnNotLike"
) -> dict[str, Any]:
    """A Deny that spares the roles of a pattern."""
    condition = {**statement.get("Condition", {}), operator: {"aws:PrincipalARN": pattern}}
    return {**statement, "Condition": condition}


def control_policy(*statements: dict[str, Any], target: str = "r-root", **changes: Any) -> dict[str, Any]:
    """A control policy attached to the root."""
    return {
        "_arn": f"arn:aws:organizations::{MANAGEMENT}:policy/{ORG_ID}/p-{target}",
        "_name": "rails",
        "Content": {"Version": "2012-10-17", "Statement": list(statements)},
        "Targets": [{"TargetId": target}],
        **changes,
    }


def railed(
    kind: str, *policies: dict[str, Any], on: bool = True, estate: Estate = ESTATE, account: Account = MEMBER
) -> AccountView:
    """An account under these control policies of a kind."""
    roots = [
        {"_arn": "r", "PolicyTypes": [{"Type": f"{kind}_CONTROL_POLICY", "Status": "ENABLED"}] if on else []}
    ]
    tables: dict[str, Any] = {
        "organizations.organization": [ORG_ROW],
        "organizations.roots": roots,
        f"organizations.{kind.lower()}_control_policies": policies,
    }
    return view({"iam.x": []}, account=account, organization=organization(tables), estate=estate)


def id47(*policies: dict[str, Any], **more: Any) -> AccountView:
    """An account under these service control policies."""
    return railed("SERVICE", *policies, **more)


OPEN_RAIL = control_policy({"Effect": "Allow", "Action": "*", "Resource": "*"}, target="r-root")
UNDECLARED = Estate()

example("ID-47", "met", "the baseline on the root", id47(control_policy(*BASELINE)))
example("ID-47", "met", "the baseline in parts, on root, unit and account", id47(
    control_policy(BLINDING), control_policy(NO_ROOT, target="ou-work"), control_policy(REGIONS, target=ACCOUNT)))  # fmt: skip
example("ID-47", "met", "a role by name is spared", id47(
    control_policy(sparing("arn:aws:iam::*:role/pipeline/Deployment*"), NO_ROOT, REGIONS)))  # fmt: skip
example("ID-47", "met", "a role by name is spared the regions", id47(control_policy(
    BLINDING, NO_ROOT, sparing("arn:aws:iam::*:role/Deployment", REGIONS, "StringNotLike"))))  # fmt: skip
example("ID-47", "met", "central sessions of root are spared", id47(control_policy(BLINDING, REGIONS, {
    **NO_ROOT, "Condition": {**NO_ROOT["Condition"], "Null": {"aws:AssumedRoot": "true"}}})))  # fmt: skip
example("ID-47", "met", "everything is denied, as in quarantine", id47(
    control_policy({"Effect": "Deny", "Action": "*", "Resource": "*"})))  # fmt: skip
example("ID-47", "met", "regions of the company's choice where none are declared", id47(
    control_policy(*BASELINE), estate=UNDECLARED))  # fmt: skip
example("ID-47", "not_applicable", "the management account", id47(control_policy(*BASELINE), account=MASTER))
example("ID-47", "gap", "everything is allowed", id47(OPEN_RAIL))
example("ID-47", "gap", "the baseline on another unit", id47(control_policy(*BASELINE, target="ou-other")))
example("ID-47", "gap", "any role is spared", id47(
    control_policy(sparing("arn:aws:iam::*:role/*"), NO_ROOT, REGIONS)))  # fmt: skip
example("ID-47", "gap", "whoever carries a tag is spared", id47(control_policy({
    **BLINDING, "Condition": {"StringNotEquals": {"aws:PrincipalTag/admin": "true"}}}, NO_ROOT, REGIONS)))  # fmt: skip
example("ID-47", "gap", "only a role is denied", id47(
    control_policy(sparing("arn:aws:iam::*:role/Intern", operator="ArnLike"), NO_ROOT, REGIONS)))  # fmt: skip
example("ID-47", "gap", "one trail alone is protected", id47(control_policy(
    {**BLINDING, "Resource": "arn:aws:cloudtrail:eu-west-1:1:trail/a"}, NO_ROOT, REGIONS)))  # fmt: skip
example("ID-47", "gap", "root of another account", id47(control_policy(BLINDING, REGIONS, {
    **NO_ROOT, "Condition": {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OTHER}:root"}}})))  # fmt: skip
example("ID-47", "gap", "root by a text that has no wildcards", id47(control_policy(BLINDING, REGIONS, {
    **NO_ROOT, "Condition": {"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}})))  # fmt: skip
example("ID-47", "gap", "more regions than are approved", id47(control_policy(BLINDING, NO_ROOT, {
    **REGIONS, "Condition": {"StringNotLike": {"aws:RequestedRegion": "eu-*"}}})))  # fmt: skip
example("ID-47", "gap", "any region where none are declared", id47(control_policy(BLINDING, NO_ROOT, {
    **REGIONS, "Condition": {"StringNotLike": {"aws:RequestedRegion": "*"}}}), estate=UNDECLARED))  # fmt: skip
example("ID-47", "gap", "only one service is kept to regions", id47(
    control_policy(BLINDING, NO_ROOT, {**REGIONS, "NotAction": ["ec2:*"]})))  # fmt: skip
example(
    "ID-47", "gap", "service control policies are not switched on", id47(control_policy(*BASELINE), on=False)
)
example("ID-47", "unknown", "content denied", id47(control_policy(*BASELINE, _holes={"Content": "denied"})))
example("ID-47", "unknown", "targets denied", id47(control_policy(*BASELINE, _holes={"Targets": "denied"})))
example("ID-47", "unknown", "the account's units are not known", id47(
    control_policy(*BASELINE), account=Account(ACCOUNT, "prod")))  # fmt: skip
example("ID-47", "unknown", "a lone account", view({"iam.x": []}))

OUTSIDERS: dict[str, Any] = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": ["s3:*", "sqs:*", "kms:*", "secretsmanager:*", "sts:AssumeRole"],
    "Resource": "*",
    "Condition": {
        "StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG_ID},
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    },
}


def outsiders(**conditions: dict[str, Any]) -> dict[str, Any]:
    """The perimeter with further conditions."""
    merged = {name: {**OUTSIDERS["Condition"].get(name, {}), **keys} for name, keys in conditions.items()}
    return {**OUTSIDERS, "Condition": {**OUTSIDERS["Condition"], **merged}}


def id48(*policies: dict[str, Any], **more: Any) -> AccountView:
    """An account under these resource control policies."""
    return railed("RESOURCE", *policies, **more)


example("ID-48", "met", "the perimeter on the root", id48(control_policy(OUTSIDERS)))
example("ID-48", "met", "the perimeter by the organisation of the resource", id48(control_policy(
    outsiders(StringNotEqualsIfExists={"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}))))  # fmt: skip
example("ID-48", "met", "a declared partner is spared", id48(control_policy(
    outsiders(StringNotEqualsIfExists={"aws:PrincipalAccount": "121212121212"}))))  # fmt: skip
example("ID-48", "met", "tagged resources are spared", id48(control_policy(
    outsiders(StringNotEqualsIfExists={"aws:ResourceTag/dp:exclude:identity": "true"}))))  # fmt: skip
example("ID-48", "not_applicable", "the management account", id48(control_policy(OUTSIDERS), account=MASTER))
example("ID-48", "gap", "everything is allowed", id48(OPEN_RAIL))
example("ID-48", "gap", "buckets alone", id48(control_policy({**OUTSIDERS, "Action": "s3:*"})))
example("ID-48", "gap", "reading alone", id48(control_policy({**OUTSIDERS, "Action": ["*:Get*", "kms:*"]})))
example("ID-48", "gap", "another organisation is spared", id48(control_policy(
    outsiders(StringNotEqualsIfExists={"aws:PrincipalOrgID": [ORG_ID, "o-zzzzzzzzzz"]}))))  # fmt: skip
example("ID-48", "gap", "an account that nobody declared is spared", id48(control_policy(
    outsiders(StringNotEqualsIfExists={"aws:PrincipalAccount": "131313131313"}))))  # fmt: skip
example("ID-48", "gap", "only without encryption", id48(control_policy(
    outsiders(Bool={"aws:SecureTransport": "false"}))))  # fmt: skip
example("ID-48", "gap", "only AWS services are denied", id48(control_policy({
    **OUTSIDERS, "Condition": {"Bool": {"aws:PrincipalIsAWSService": "true"}}})))  # fmt: skip
example("ID-48", "gap", "only the own principals are denied", id48(control_policy({
    **OUTSIDERS, "Condition": {"StringEquals": {"aws:PrincipalOrgID": ORG_ID}}})))  # fmt: skip
example("ID-48", "gap", "a list of organisations, which is true of none", id48(control_policy({
    **OUTSIDERS, "Condition": {"ForAnyValue:StringNotEquals": {"aws:PrincipalOrgID": ORG_ID}}})))  # fmt: skip
example("ID-48", "gap", "not switched on", id48(control_policy(OUTSIDERS), on=False))
example("ID-48", "unknown", "content denied", id48(control_policy(OUTSIDERS, _holes={"Content": "denied"})))

# Analyzers -------------------------------------------------------------------------------------------------------


def analyzer(kind: str, **changes: Any) -> dict[str, Any]:
    """An active analyzer."""
    return {
        "_arn": f"arn:aws:access-analyzer:eu-west-1:1:analyzer/{kind}",
        "type": kind,
        "status": "ACTIVE",
        **changes,
    }


def seen(
    *admins: dict[str, Any],
    account: Account = MEMBER,
    denied: tuple[str, ...] = (),
    alone: bool = False,
    findings: tuple[dict[str, Any], ...] = (),
    **analyzers: list[dict[str, Any]],
) -> AccountView:
    """An account with these analyzers in ``eu_west_1`` and ``us_east_1``."""
    tables = {f"{name.replace('_', '-')}:accessanalyzer.analyzers": rows for name, rows in analyzers.items()}
    tables["eu-west-1:accessanalyzer.findings"] = list(findings)
    org = organization({"organizations.delegated_administrators": admins})
    return view(tables, denied=denied, account=account, organization=None if alone else org)


HERE = delegated("access-analyzer", account=ACCOUNT, name="security")
THERE = delegated("access-analyzer")
WHOLE, UNUSED = analyzer("ORGANIZATION"), analyzer("ORGANIZATION_UNUSED_ACCESS")

example("ID-31", "met,met,met", "analyzers of the organisation everywhere", seen(
    HERE, eu_west_1=[WHOLE, UNUSED], us_east_1=[WHOLE]))  # fmt: skip
example("ID-31", "met,met", "the management account where nobody is delegated", seen(
    account=MASTER, eu_west_1=[WHOLE, UNUSED]))  # fmt: skip
example("ID-31", "met,met", "a lone account with its own", seen(
    alone=True, eu_west_1=[analyzer("ACCOUNT"), analyzer("ACCOUNT_UNUSED_ACCESS")]))  # fmt: skip
example("ID-31", "gap,met,met", "a region without", seen(HERE, eu_west_1=[WHOLE, UNUSED], us_east_1=[]))
example("ID-31", "gap,gap", "analyzers of the account alone", seen(HERE, eu_west_1=[analyzer("ACCOUNT")]))
example("ID-31", "gap,met", "an analyzer that is disabled", seen(
    HERE, eu_west_1=[analyzer("ORGANIZATION", status="DISABLED"), UNUSED]))  # fmt: skip
example("ID-31", "not_applicable", "another member", seen(THERE, eu_west_1=[]))
example("ID-31", "not_applicable", "the management account where somebody is delegated", seen(
    THERE, account=MASTER, eu_west_1=[]))  # fmt: skip
example("ID-31", "met,unknown,unknown", "a region that was not read", seen(
    HERE, eu_west_1=[WHOLE], denied=("us-east-1:accessanalyzer.analyzers",)))  # fmt: skip


def finding(days: float, kind: str = "ExternalAccess", **changes: Any) -> dict[str, Any]:
    """An active finding, so many days old."""
    return {
        "_arn": f"arn:aws:access-analyzer:eu-west-1:1:analyzer/o/finding/{days}{kind}",
        "resource": "arn:aws:s3:::shared",
        "resourceType": "AWS::S3::Bucket",
        "resourceOwnerAccount": OTHER,
        "createdAt": (NOW - timedelta(days=days)).isoformat(),
        "findingType": kind,
        **changes,
    }


example("ID-32", "met", "nothing is found", seen(HERE, eu_west_1=[WHOLE]))
example("ID-32", "met", "found last week", seen(HERE, eu_west_1=[WHOLE], findings=(finding(7),)))
example("ID-32", "gap,met", "found last week and last quarter", seen(
    HERE, eu_west_1=[WHOLE], findings=(finding(7), finding(90))))  # fmt: skip
example("ID-32", "met", "unused access is another matter", seen(
    HERE, eu_west_1=[WHOLE, UNUSED], findings=(finding(90, "UnusedPermission"),)))  # fmt: skip
example("ID-32", "gap", "a member's own analyzer", seen(
    THERE, eu_west_1=[analyzer("ACCOUNT")], findings=(finding(31),)))  # fmt: skip
example("ID-32", "not_applicable", "a member of an organisation that is analysed", seen(THERE, eu_west_1=[]))
example("ID-32", "unknown", "nothing looks", seen(HERE, eu_west_1=[]))
example("ID-32", "unknown", "findings denied", seen(
    HERE, eu_west_1=[WHOLE], denied=("eu-west-1:accessanalyzer.findings",)))  # fmt: skip
example("ID-32", "unknown", "a finding without a date", seen(
    HERE, eu_west_1=[WHOLE], findings=(finding(1, createdAt=None),)))  # fmt: skip

# Guests ----------------------------------------------------------------------------------------------------------


def pool(mode: str = "ON", **changes: Any) -> dict[str, Any]:
    """A user pool with MFA by app and threat protection that acts."""
    return {
        "_arn": "arn:aws:cognito-idp:eu-west-1:1:userpool/eu-west-1_a",
        "Id": "eu-west-1_a",
        "Factors": {"MfaConfiguration": mode, "SoftwareTokenMfaConfiguration": {"Enabled": True}},
        "UserPoolAddOns": {"AdvancedSecurityMode": "ENFORCED"},
        "Risk": risk(),
        **changes,
    }


def risk(
    medium: str = "MFA_REQUIRED", high: str = "BLOCK", stolen: str = "BLOCK", **changes: Any
) -> dict[str, Any]:
    """A risk configuration."""
    actions = {"MediumAction": {"EventAction": medium}, "HighAction": {"EventAction": high}}
    return {
        "CompromisedCredentialsRiskConfiguration": {"Actions": {"EventAction": stolen}},
        "AccountTakeoverRiskConfiguration": {"Actions": actions},
        **changes,
    }


def id37(found: dict[str, Any]) -> AccountView:
    """An account with one user pool."""
    return view({"cognito-idp.user_pools": [found]})


KEYS: dict[str, Any] = {
    "WebAuthnConfiguration": {"FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION"}
}
MESSAGES: dict[str, Any] = {"SmsMfaConfiguration": {"SmsConfiguration": {"SnsCallerArn": "x"}}}
example("ID-37", "met", "required, by app", id37(pool()))
example("ID-37", "met", "required, by passkey", id37(pool(Factors={"MfaConfiguration": "ON", **KEYS})))
example("ID-37", "gap", "optional", id37(pool("OPTIONAL")))
example("ID-37", "gap", "off", id37(pool("OFF")))
example(
    "ID-37", "gap", "required, by messages alone", id37(pool(Factors={"MfaConfiguration": "ON", **MESSAGES}))
)
example("ID-37", "gap", "passkeys as a single factor", id37(pool(
    Factors={"MfaConfiguration": "ON", "WebAuthnConfiguration": {"FactorConfiguration": "SINGLE_FACTOR"}})))  # fmt: skip
example("ID-37", "unknown", "factors denied", id37(pool(_holes={"Factors": "denied"})))
example("ID-37", "not_applicable", "no pools", view({"cognito-idp.user_pools": []}))


def id38(found: dict[str, Any], *clients: dict[str, Any], denied: tuple[str, ...] = ()) -> AccountView:
    """An account with one user pool and its clients."""
    tables: dict[str, Any] = {"cognito-idp.user_pools": [found]}
    return view(tables if denied else {**tables, "cognito-idp.user_pool_clients": clients}, denied=denied)


def client(configuration: dict[str, Any] | None, owner: str = "eu-west-1_a") -> dict[str, Any]:
    """A client of the pool."""
    return {"_arn": f"arn:client/{owner}", "UserPoolId": owner, "Risk": configuration}


AUDIT: dict[str, Any] = {"UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"}}
example("ID-38", "met", "enforced with answers", id38(pool(), client({})))
example("ID-38", "met", "MFA if configured, where it is required", id38(pool(Risk=risk("MFA_IF_CONFIGURED"))))
example("ID-38", "met", "a client that answers more strictly", id38(pool(), client(risk("BLOCK"))))
example(
    "ID-38", "met", "a lax client of another pool", id38(pool(), client(risk("NO_ACTION"), "eu-west-1_b"))
)
example("ID-38", "met", "a client with a list of addresses only", id38(
    pool(), client({"RiskExceptionConfiguration": {"SkippedIPRangeList": ["192.0.2.0/24"]}})))  # fmt: skip
example("ID-38", "gap", "off", id38(pool(UserPoolAddOns=None, Risk=None)))
example("ID-38", "gap", "watching only", id38(pool(**AUDIT)))
example("ID-38", "gap", "enforced without answers", id38(pool(Risk={})))
example(
    "ID-38",
    "gap",
    "MFA if configured, where it is optional",
    id38(pool("OPTIONAL", Risk=risk("MFA_IF_CONFIGURED"))),
)
example("ID-38", "gap", "stolen passwords let in", id38(pool(Risk=risk(stolen="NO_ACTION"))))
example("ID-38", "gap", "stolen passwords checked at sign-up only", id38(pool(Risk=risk(
    CompromisedCredentialsRiskConfiguration={"EventFilter": ["SIGN_UP"], "Actions": {"EventAction": "BLOCK"}}))))  # fmt: skip
example("ID-38", "gap", "a lax client", id38(pool(), client(risk(high="NO_ACTION"))))
example("ID-38", "gap", "every address excepted", id38(
    pool(Risk=risk(RiskExceptionConfiguration={"SkippedIPRangeList": ["0.0.0.0/0"]}))))  # fmt: skip
example("ID-38", "unknown", "risk denied", id38(pool(_holes={"Risk": "denied"})))
example("ID-38", "unknown", "clients denied", id38(pool(), denied=("cognito-idp.user_pool_clients",)))

STRANGER = f"arn:aws:iam::{ACCOUNT}:role/unauth"


def id40(allowed: bool, *actions: str, role: str | None = STRANGER, **changes: Any) -> AccountView:
    """An account with an identity pool whose role for strangers allows ``actions``."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    document = {"PolicyName": "p", "PolicyDocument": {"Statement": [statement]}}
    row = {"_arn": STRANGER, "_name": "unauth", "RolePolicyList": [document] if actions else [], **changes}
    roles = {"Roles": {"unauthenticated": role} if role else {"authenticated": "x"}}
    found = {"_arn": "arn:pool", "AllowUnauthenticatedIdentities": allowed, **roles}
    tables = {"global:iam.roles": [row], "global:iam.policies": [], "global:iam.groups": []}
    return view({"cognito-identity.identity_pools": [found], **tables})


example("ID-40", "met", "users who signed in only", id40(False, "s3:GetObject"))
example("ID-40", "met", "no role for strangers", id40(True, role=None))
example(
    "ID-40",
    "met",
    "telemetry only",
    id40(True, "rum:PutRumEvents", "mobileanalytics:PutEvents", "cognito-sync:*"),
)
example("ID-40", "met", "a role without any policy", id40(True))
example(
    "ID-40", "met", "a role that was deleted", id40(True, "s3:*", role=f"arn:aws:iam::{ACCOUNT}:role/gone")
)
example("ID-40", "gap", "reading of a bucket", id40(True, "rum:PutRumEvents", "s3:GetObject"))
example("ID-40", "gap", "all of a service that tells", id40(True, "rum:*"))
example("ID-40", "gap", "everything", id40(True, "*"))
example("ID-40", "unknown", "a managed policy that was not read", id40(
    True, AttachedManagedPolicies=[{"PolicyName": "x", "PolicyArn": "arn:aws:iam::aws:policy/x"}]))  # fmt: skip
example("ID-40", "unknown", "roles denied", view(
    {"cognito-identity.identity_pools": [{"_arn": "p", "AllowUnauthenticatedIdentities": True,
                                          "Roles": {"unauthenticated": STRANGER}}]},
    denied=["global:iam.roles"]))  # fmt: skip

# Directories -----------------------------------------------------------------------------------------------------


def directory(kind: str = "MicrosoftAD", **changes: Any) -> AccountView:
    """An account with a directory with LDAPS and RADIUS."""
    row = {"_arn": "arn:d", "Type": kind, "LDAPS": [{"LDAPSStatus": "Enabled"}], "RadiusStatus": "Completed"}
    return view({"ds.directories": [{**row, **changes}]})


CARDS = [{"Type": "SmartCard", "Status": "Enabled"}]
example("ID-11", "met", "LDAPS and RADIUS", directory())
example(
    "ID-11",
    "met",
    "LDAPS and smart cards",
    directory("ADConnector", RadiusStatus=None, ClientAuthentication=CARDS),
)
example(
    "ID-11", "not_applicable", "a directory of another account", directory("SharedMicrosoftAD", LDAPS=None)
)
example("ID-11", "not_applicable", "no directories", view({"ds.directories": []}))
example("ID-11", "gap", "no LDAPS", directory(LDAPS=[]))
example("ID-11", "gap", "LDAPS that failed", directory(LDAPS=[{"LDAPSStatus": "EnableFailed"}]))
example("ID-11", "gap", "no second factor", directory(RadiusStatus=None))
example("ID-11", "gap", "RADIUS that failed", directory(RadiusStatus="Failed"))
example("ID-11", "gap", "smart card or password", directory(
    RadiusStatus=None, ClientAuthentication=[{"Type": "SmartCardOrPassword", "Status": "Enabled"}]))  # fmt: skip
example("ID-11", "gap", "Simple AD", directory("SimpleAD", LDAPS=None, RadiusStatus=None))
example("ID-11", "unknown", "LDAPS denied", directory(_holes={"LDAPS": "denied"}))
