"""Examples of the controls of identity: administrators, wide policies and partners."""

from __future__ import annotations

from typing import Any

from tests.controls.builder import ACCOUNT, view
from tests.controls.examples import example
from tests.controls.iam import (
    ADMIN,
    BOUND,
    EMERGENCY,
    FRESH_MFA,
    MFA_ONLY,
    NO_IAM,
    ORG,
    OWN,
    PARTNER,
    SAML,
    SAML_ARN,
    SIBLING,
    STRANGER,
    Row,
    Rows,
    allow,
    attached,
    deny,
    group,
    may,
    people,
    policy,
    role,
    trust,
    user,
)
from watchword.model.estate import Estate
from watchword.model.ids import AccountId

# --- ID-18 -------------------------------------------------------------------------------------------------

BY_HAND = may(
    ["iam:Attach*", "iam:Put*", "iam:CreatePolicyVersion", "iam:UpdateAssumeRolePolicy"],
    f"arn:aws:iam::{ACCOUNT}:*",
)
LOOSE_BOUND = policy("loose", may("*"), deny("organizations:*"))
BOUNDARY = {
    "PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": BOUND["_arn"]}
}


def until(when: str, key: str = "aws:CurrentTime", operator: str = "DateLessThan") -> Row:
    return {operator: {key: when}}


def alone(*statements: Row, **more: Any) -> Any:
    return view(people(user("alice", *statements, **more), policies=[ADMIN, BOUND, LOOSE_BOUND]))


example("ID-18", "gap", "AdministratorAccess", alone(AttachedManagedPolicies=attached(ADMIN)))
example("ID-18", "gap", "iam:*", alone(may("iam:*")))
example("ID-18", "gap", "the powers one by one", alone(BY_HAND))
example(
    "ID-18",
    "gap",
    "the powers in two policies",
    alone(may(["iam:Attach*", "iam:Put*"]), may(["iam:Create*", "iam:Update*"])),
)
example(
    "ID-18",
    "gap",
    "everything but one bucket's end",
    alone({"Effect": "Allow", "NotAction": "s3:DeleteBucket", "Resource": "*"}),
)
example("ID-18", "gap", "only with MFA is still for good", alone(may("*", **MFA_ONLY)))
example(
    "ID-18",
    "gap",
    "a Deny that MFA lifts",
    alone(may("*"), deny("*", BoolIfExists={"aws:MultiFactorAuthPresent": "false"})),
)
example("ID-18", "gap", "a Deny of one power leaves the others", alone(may("*"), deny("iam:PutUserPolicy")))
example("ID-18", "gap", "until next year", alone(may("*", **until("2027-01-01T00:00:00Z"))))
example(
    "ID-18",
    "gap",
    "a boundary that leaves IAM",
    alone(may("*"), PermissionsBoundary={"PermissionsBoundaryArn": LOOSE_BOUND["_arn"]}),
)
example("ID-18", "met", "power user", alone(NO_IAM))
example(
    "ID-18",
    "met",
    "own credentials only",
    alone(may("iam:*", f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}")),
)
example("ID-18", "met", "roles of one path only", alone(may("iam:*", f"arn:aws:iam::{ACCOUNT}:role/app/*")))
example(
    "ID-18",
    "met",
    "only with a boundary on what is made",
    alone(may("iam:*", StringEquals={"iam:PermissionsBoundary": BOUND["_arn"]})),
)
example("ID-18", "met", "everything but IAM", alone(may("*"), deny("iam:*")))
example("ID-18", "met", "a boundary without IAM", alone(may("*"), **BOUNDARY))
example("ID-18", "met", "until tonight", alone(may("*", **until("2026-06-01T08:00:00Z"))))
example(
    "ID-18",
    "met",
    "until tonight, in seconds",
    alone(may("*", **until("1780300000", "aws:EpochTime", "NumericLessThan"))),
)
example(
    "ID-18",
    "met",
    "until tonight, by a Deny",
    alone(may("*"), deny("*", DateGreaterThan={"aws:CurrentTime": "2026-06-01T08:00:00Z"})),
)
example(
    "ID-18",
    "gap",
    "a Deny that is over tonight only delays it",
    alone(may("*"), deny("*", DateLessThan={"aws:CurrentTime": "2026-06-01T08:00:00Z"})),
)
example("ID-18", "met", "over since yesterday", alone(may("*", **until("2026-05-31T00:00:00Z"))))
example(
    "ID-18",
    "met",
    "not before next month",
    alone(may("*", DateGreaterThan={"aws:CurrentTime": "2026-07-01T00:00:00Z"})),
)
example("ID-18", "met", "a time that is none never holds", alone(may("*", **until("soon"))))
example("ID-18", "met", "no policies", alone())
example("ID-18", "not_applicable", "an emergency user", alone(may("*"), **EMERGENCY))
_admins = group("admins", AttachedManagedPolicies=attached(ADMIN))
example(
    "ID-18",
    "gap,gap,met",
    "a group of administrators, a member, and somebody else",
    view(people(user("alice", GroupList=["admins"]), user("bob"), groups=[_admins], policies=[ADMIN])),
)
example("ID-18", "not_applicable", "neither users nor groups", view(people()))
example(
    "ID-18",
    "unknown",
    "a policy that was not read",
    view(people(user(AttachedManagedPolicies=attached(ADMIN)))),
)
example("ID-18", "unknown", "a group that was not read", view(people(user(GroupList=["admins"]))))
example(
    "ID-18", "unknown,met", "a policy that is none", view(people(user("a", {"Effect": "Allow"}), user("b")))
)
example(
    "ID-18",
    "unknown",
    "policies not read",
    view({"global:iam.users": [], "global:iam.groups": []}, denied=["global:iam.policies"]),
)

# --- ID-25 -------------------------------------------------------------------------------------------------


def admin(*statements: Row, others: Rows = (), inline: Row | None = None) -> Any:
    made = role("admin", trust(*statements), inline or may("*"))
    return view(people(roles=[made, *others], policies=[ADMIN]))


def guard(**conditions: Row) -> Row:
    return {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole", "Condition": conditions}


OLD_DENIED = guard(NumericGreaterThanIfExists={"aws:MultiFactorAuthAge": "3600"})
example("ID-25", "met", "MFA of the last hour", admin(allow(OWN, **FRESH_MFA)))
example(
    "ID-25",
    "met",
    "the age alone needs MFA",
    admin(allow(OWN, NumericLessThan={"aws:MultiFactorAuthAge": "900"})),
)
example("ID-25", "met", "a Deny of old MFA and of none", admin(allow(OWN), OLD_DENIED))
example(
    "ID-25",
    "met",
    "a Deny of old MFA and another of none",
    admin(
        allow(OWN),
        guard(NumericGreaterThan={"aws:MultiFactorAuthAge": "3600"}),
        guard(BoolIfExists={"aws:MultiFactorAuthPresent": "false"}),
    ),
)
example("ID-25", "gap", "no condition", admin(allow(OWN)))
example("ID-25", "gap", "MFA of any age", admin(allow(OWN, **MFA_ONLY)))
example(
    "ID-25",
    "gap",
    "MFA of the last twelve hours",
    admin(allow(OWN, NumericLessThan={"aws:MultiFactorAuthAge": "43200"})),
)
example(
    "ID-25",
    "gap",
    "BoolIfExists lets access keys pass",
    admin(allow(OWN, BoolIfExists={"aws:MultiFactorAuthPresent": "true"})),
)
example(
    "ID-25",
    "gap",
    "a Deny that spares requests without the key",
    admin(allow(OWN), guard(NumericGreaterThan={"aws:MultiFactorAuthAge": "3600"})),
)
example(
    "ID-25",
    "gap",
    "one statement of two asks",
    admin(allow(OWN, **FRESH_MFA), allow({"AWS": f"arn:aws:iam::{SIBLING}:root"})),
)
example(
    "ID-25", "gap", "a role of another account", admin(allow({"AWS": f"arn:aws:iam::{SIBLING}:role/deploy"}))
)
example(
    "ID-25",
    "gap",
    "an age that need not be there",
    admin(allow(OWN, NumericLessThanEqualsIfExists={"aws:MultiFactorAuthAge": "3600"})),
)
example(
    "ID-25",
    "gap",
    "Denies of old MFA and of false MFA spare requests without the keys",
    admin(
        allow(OWN),
        guard(NumericGreaterThan={"aws:MultiFactorAuthAge": "3600"}),
        guard(Bool={"aws:MultiFactorAuthPresent": "false"}),
    ),
)
_lambda = role("lambda", trust(allow({"Service": "lambda.amazonaws.com"})))
_human = role("human", trust(allow({"Federated": SAML_ARN}, SAML)))
example(
    "ID-25",
    "not_applicable",
    "a workload of the own account",
    admin(allow({"AWS": _lambda["_arn"]}), others=[_lambda]),
)
example(
    "ID-25",
    "gap",
    "a person's role of the own account",
    admin(allow({"AWS": _human["_arn"]}), others=[_human]),
)
example(
    "ID-25",
    "not_applicable",
    "only services may take it",
    admin(allow({"Service": "codebuild.amazonaws.com"})),
)
example(
    "ID-25",
    "gap",
    "a workload and a person's role",
    admin(allow({"AWS": [_lambda["_arn"], _human["_arn"]]}), others=[_lambda, _human]),
)
example("ID-25", "not_applicable", "a deleted principal", admin(allow({"AWS": "AROAEXAMPLEEXAMPLE123"})))
example("ID-25", "not_applicable", "a role that is no administrator", admin(allow(OWN), inline=may("s3:*")))
example(
    "ID-25",
    "unknown",
    "its policy was not read",
    view(people(roles=[role("admin", trust(allow(OWN)), AttachedManagedPolicies=attached(ADMIN))])),
)
example(
    "ID-25",
    "unknown",
    "roles not read",
    view(
        {"global:iam.users": [], "global:iam.groups": [], "global:iam.policies": []},
        denied=["global:iam.roles"],
    ),
)

# --- ID-27 -------------------------------------------------------------------------------------------------


def written(*policies: Row, **more: Any) -> Any:
    return view(people(policies=list(policies), **more))


NARROW = policy("narrow", may(["s3:GetObject", "s3:*"], "arn:aws:s3:::shop/*"), may("ec2:*"))
example("ID-27", "met", "actions and resources are named", written(NARROW, ADMIN))
for _action, _resource in (
    ("*", "*"),
    ("*:*", "*"),
    ("*", "arn:aws:*"),
    (["s3:Get*", "*"], ["arn:aws:s3:::a", "*"]),
    ("**", "arn:*:*:*:*:*"),
):
    example("ID-27", "gap", f"{_action} on {_resource}", written(policy("wide", may(_action, _resource))))
example("ID-27", "gap", "with a condition", written(policy("wide", may("*", **MFA_ONLY))))
example("ID-27", "gap", "NotAction", written(policy("wide", NO_IAM)))
example(
    "ID-27",
    "gap",
    "NotAction on one bucket",
    written(policy("wide", NO_IAM | {"Resource": "arn:aws:s3:::a/*"})),
)
example("ID-27", "gap", "attached to nobody", written(policy("wide", may("*"), AttachmentCount=0)))
example(
    "ID-27",
    "gap",
    "everything with NotResource",
    written(policy("wide", {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::a"})),
)
example(
    "ID-27", "met", "every action on one bucket", written(policy("narrow", may("*", "arn:aws:s3:::shop/*")))
)
example("ID-27", "met", "NotAction that denies", written(policy("mfa", NO_IAM | {"Effect": "Deny"})))
example("ID-27", "not_applicable", "a boundary allows nothing", written(BOUND))
example("ID-27", "gap", "a boundary that is also attached", written(BOUND | {"AttachmentCount": 2}))
example("ID-27", "not_applicable", "AWS's own policies are not the customer's", written(ADMIN))
_wide = [user("a", may("*")), user("b", may("s3:GetObject", "arn:aws:s3:::a/*")), user("c")]
example("ID-27", "gap,met", "inline policies, one wide, one narrow, one user without", view(people(*_wide)))
example(
    "ID-27",
    "gap,gap",
    "inline policies of a group and a role",
    view(people(groups=[group("g", may("*"))], roles=[role("r", trust(), may("*"))])),
)
example("ID-27", "unknown", "a document that was not read", written({**NARROW, "Document": None}))
example("ID-27", "unknown", "policies not read", view(denied=["global:iam.policies"]))

# --- ID-29 -------------------------------------------------------------------------------------------------

PARTNERS = Estate(partners={AccountId(PARTNER): "the auditors"})
KNOWS = {"StringEquals": {"sts:ExternalId": "7f3a"}}


def trusted(*statements: Row, above: Any = ORG) -> Any:
    return view({"global:iam.roles": [role("r", trust(*statements))]}, organization=above, estate=PARTNERS)


def account(number: str, rest: str = "root") -> Row:
    return {"AWS": f"arn:aws:iam::{number}:{rest}"}


example("ID-29", "met", "a partner with an external id", trusted(allow(account(PARTNER), **KNOWS)))
example(
    "ID-29",
    "met",
    "a partner's role, and the organisation beside it",
    trusted(allow(account(PARTNER, "role/audit"), **KNOWS), allow(account(SIBLING))),
)
example("ID-29", "gap", "a partner without an external id", trusted(allow(account(PARTNER))))
example(
    "ID-29",
    "gap",
    "a partner with any external id",
    trusted(allow(account(PARTNER), StringLike={"sts:ExternalId": "*"})),
)
example(
    "ID-29",
    "gap",
    "a partner whose external id need not be there",
    trusted(allow(account(PARTNER), StringEqualsIfExists={"sts:ExternalId": "x"})),
)
example("ID-29", "gap", "a stranger with an external id", trusted(allow(account(STRANGER), **KNOWS)))
example("ID-29", "gap", "a stranger by number", trusted(allow({"AWS": STRANGER})))
example(
    "ID-29",
    "gap",
    "a partner and a stranger in one statement",
    trusted(allow({"AWS": [PARTNER, STRANGER]}, **KNOWS)),
)
example("ID-29", "gap", "everybody", trusted(allow("*")))
example("ID-29", "gap", "everybody who knows an external id", trusted(allow({"AWS": "*"}, **KNOWS)))
example(
    "ID-29",
    "gap",
    "everybody of another organisation",
    trusted(allow({"AWS": "*"}, StringEquals={"aws:PrincipalOrgID": "o-other12345"})),
)
example(
    "ID-29",
    "not_applicable",
    "everybody of the own organisation",
    trusted(allow({"AWS": "*"}, StringEquals={"aws:PrincipalOrgID": "o-abc1234567"})),
)
example(
    "ID-29",
    "met",
    "everybody, narrowed to a partner",
    trusted(allow({"AWS": "*"}, StringEquals={"aws:PrincipalAccount": PARTNER, "sts:ExternalId": "7f3a"})),
)
example(
    "ID-29",
    "not_applicable",
    "own account, organisation, service, provider",
    trusted(
        allow(OWN),
        allow(account(SIBLING)),
        allow({"Service": "ec2.amazonaws.com"}),
        allow({"Federated": SAML_ARN}, SAML),
    ),
)
example("ID-29", "not_applicable", "a deleted principal", trusted(allow({"AWS": "AROAEXAMPLEEXAMPLE123"})))
example("ID-29", "unknown", "the organisation was not read", trusted(allow(account(STRANGER)), above=None))
example("ID-29", "not_applicable", "the own account needs no organisation", trusted(allow(OWN), above=None))
example("ID-29", "unknown", "roles not read", view(denied=["global:iam.roles"], organization=ORG))
