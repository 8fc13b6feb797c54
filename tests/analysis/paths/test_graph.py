"""The graph: who takes which role, from inside and outside; administrators; what was not read."""

from __future__ import annotations

from typing import Any

import pytest

from tests.analysis.paths.estate import (
    MEMBER,
    ORGANIZATION_ID,
    company,
    graph_of,
)
from tests.controls.builder import ACCOUNT, view
from tests.controls.iam import ADMIN, allow, attached, deny, group, may, policy, role, trust, user
from watchword.analysis.iam.access import Access
from watchword.analysis.iam.actions import Reference
from watchword.analysis.iam.expression import keys_of, words
from watchword.analysis.iam.universe import Universe, default
from watchword.analysis.paths.blast import choke_points, radius
from watchword.analysis.paths.edges import (
    ANY_ACCOUNT,
    INTERNET,
    ORGANIZATION,
    STRUCTURES,
    UNKNOWN,
    Edge,
    HoldKind,
    NodeKind,
    account_node,
)
from watchword.analysis.paths.graph import EscalationGraph
from watchword.analysis.paths.search import escalations, paths
from watchword.analysis.paths.techniques import techniques
from watchword.model.estate import Estate
from watchword.model.evidence import Evidence
from watchword.model.ids import AccountId
from watchword.model.snapshot import Account, AccountView

Row = dict[str, Any]
ANN = f"arn:aws:iam::{ACCOUNT}:user/ann"
PARTNER = "121212121212"


def iam(
    *rows: Row, account: Account | None = None, organization: AccountView | None = None, **more: Any
) -> AccountView:
    """An account's identities, told apart by their ARNs."""

    def of(kind: str) -> list[Row]:
        return [one for one in rows if f":{kind}/" in one["_arn"]]

    tables = {
        "global:iam.users": of("user"),
        "global:iam.groups": of("group"),
        "global:iam.roles": of("role"),
        "global:iam.policies": [*of("policy"), *more.pop("policies", [])],
    }
    estate = more.pop("estate", None)
    given = account or Account(ACCOUNT, "one", ou_ids=("r-1",))
    return view(tables | more, account=given, organization=organization or company(), estate=estate)


def graph(*rows: Row, **more: Any) -> EscalationGraph:
    return graph_of(iam(*rows, **more))


def between(found: EscalationGraph, source: str, target: str) -> tuple[Edge, ...]:
    return tuple(one for one in found.edges if (one.source, one.target) == (source, target))


def arn_of(kind: str, name: str, account: str = str(ACCOUNT)) -> str:
    return f"arn:aws:iam::{account}:{kind}/{name}"


def in_member(row: Row) -> Row:
    """The same identity in the other account."""
    return {
        key: value.replace(str(ACCOUNT), MEMBER) if key in {"_arn", "Arn"} else value
        for key, value in row.items()
    }


DEPLOY = arn_of("role", "deploy")
ROOT = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}

# --- taking roles within an account --------------------------------------------------------------------------------------


def test_a_role_that_trusts_its_account_is_taken_by_who_may_take_it() -> None:
    found = graph(
        user("ann", may("sts:AssumeRole", DEPLOY)),
        user("bob", may("s3:*")),
        role("deploy", trust(allow(ROOT))),
    )
    (edge,) = between(found, ANN, DEPLOY)
    assert (edge.technique, edge.condition, edge.unknown) == ("sts-assume-role", True, ())
    assert not between(found, arn_of("user", "bob"), DEPLOY)


def test_a_role_that_names_a_user_of_its_account_is_taken_without_a_permission() -> None:
    found = graph(user("ann"), user("bob"), role("deploy", trust(allow({"AWS": ANN}))))
    (edge,) = between(found, ANN, DEPLOY)
    assert [[hold.kind for hold in stage] for stage in edge.stages] == [[HoldKind.TRUST]]
    assert not between(found, arn_of("user", "bob"), DEPLOY)


def test_a_permission_alone_takes_no_role() -> None:
    found = graph(user("ann", may("sts:*")), role("deploy", trust(allow({"Service": "ec2.amazonaws.com"}))))
    assert not between(found, ANN, DEPLOY)


def test_a_boundary_without_sts_takes_no_role_of_the_account() -> None:
    bounded = user(
        "ann", may("sts:*"), PermissionsBoundary={"PermissionsBoundaryArn": arn_of("policy", "limit")}
    )
    found = graph(bounded, role("deploy", trust(allow(ROOT))), policy("limit", may("s3:*")))
    assert not between(found, ANN, DEPLOY)


def test_the_condition_of_a_trust_is_kept() -> None:
    mfa = allow(ROOT, Bool={"aws:MultiFactorAuthPresent": "true"})
    (edge,) = between(graph(user("ann", may("sts:*")), role("deploy", trust(mfa))), ANN, DEPLOY)
    assert words(edge.condition) == "aws:MultiFactorAuthPresent Bool true"


@pytest.mark.parametrize(
    ("trusted", "reached"),
    [
        (ROOT, True),
        ({"Service": "ec2.amazonaws.com"}, False),
        ({"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/Corporate"}, False),
    ],
)
def test_only_sessions_that_somebody_with_mfa_can_open_prove_it(trusted: Row, reached: bool) -> None:
    mfa = allow(ROOT, Bool={"aws:MultiFactorAuthPresent": "true"})
    action = "sts:AssumeRoleWithSAML" if "Federated" in trusted else "sts:AssumeRole"
    robot = role("robot", trust(allow(trusted, action)), may("sts:AssumeRole"))
    found = graph(robot, role("deploy", trust(mfa)))
    assert bool(between(found, arn_of("role", "robot"), DEPLOY)) is reached


def test_a_tag_that_a_trust_asks_for_is_compared_for_each_user() -> None:
    tagged = allow(ROOT, StringEquals={"aws:PrincipalTag/team": "blue"})
    blue = user("ann", may("sts:*"), _tags={"team": "blue"})
    red = user("bob", may("sts:*"), _tags={"team": "red"})
    found = graph(blue, red, role("deploy", trust(tagged)))
    assert between(found, ANN, DEPLOY)[0].condition is True
    assert not between(found, arn_of("user", "bob"), DEPLOY)


def test_policies_with_the_user_s_name_in_them_are_asked_for_each_user() -> None:
    own = may("iam:PutUserPolicy", f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}")
    shared = policy("self", own)
    found = graph(
        user("ann", AttachedManagedPolicies=attached(shared)),
        user("bob", AttachedManagedPolicies=attached(shared)),
        shared,
    )
    for name in ("ann", "bob"):
        assert [
            one.technique for one in between(found, arn_of("user", name), account_node(str(ACCOUNT)))
        ] == ["iam-put-user-policy"]


def test_cyclic_trusts_are_drawn_and_gone_through_once() -> None:
    one = role("one", trust(allow({"AWS": arn_of("role", "two")})), may("sts:AssumeRole"))
    two = role("two", trust(allow({"AWS": arn_of("role", "one")})), may("sts:AssumeRole"))
    found = graph(one, two)
    assert between(found, arn_of("role", "one"), arn_of("role", "two"))
    assert len(paths(found, arn_of("role", "one"), arn_of("role", "two"))) == 1


# --- across accounts -----------------------------------------------------------------------------------------------------


def across(statement: Row, *own: Row) -> EscalationGraph:
    whole = company()
    home = iam(user("ann", *own), organization=whole)
    away = in_member(role("deploy", trust(statement)))
    other = Account(AccountId(MEMBER), "two", ou_ids=("r-1",))
    return graph_of(home, iam(away, account=other, organization=whole))


AWAY = arn_of("role", "deploy", MEMBER)


@pytest.mark.parametrize("named", [ROOT, {"AWS": ANN}, {"AWS": str(ACCOUNT)}, "*"])
def test_both_accounts_must_allow_it(named: Any) -> None:
    assert between(across(allow(named), may("sts:AssumeRole", AWAY)), ANN, AWAY)
    assert not between(across(allow(named)), ANN, AWAY)


def test_the_organisation_s_own_id_lets_its_accounts_in_and_nobody_else() -> None:
    org = allow("*", StringEquals={"aws:PrincipalOrgID": ORGANIZATION_ID})
    found = across(org, may("sts:AssumeRole"))
    assert between(found, ANN, AWAY)[0].condition is True
    assert not between(found, ANY_ACCOUNT, AWAY)


def test_an_edge_across_accounts_is_held_by_the_trust_and_by_the_permission() -> None:
    (edge,) = between(across(allow(ROOT), may("sts:AssumeRole")), ANN, AWAY)
    assert [stage[0].kind for stage in edge.stages] == [HoldKind.TRUST, HoldKind.STATEMENT]
    assert [one.resource for one in edge.evidence if isinstance(one, Evidence)] == [AWAY, ANN]


# --- from outside --------------------------------------------------------------------------------------------------------


def outside(statement: Row, **more: Any) -> list[tuple[str, str]]:
    found = graph(role("deploy", trust(statement)), **more)
    return [
        (one.source, words(one.condition))
        for one in found.edges
        if one.target == DEPLOY and one.source[:4] != "acco"
    ]


def test_everybody_with_an_account_is_a_start() -> None:
    assert outside(allow("*")) == [(ANY_ACCOUNT, "always")]


def test_an_external_id_is_a_condition() -> None:
    found = outside(allow({"AWS": PARTNER}, StringEquals={"sts:ExternalId": "x"}))
    assert found == [(f"outside:{PARTNER}", "sts:ExternalId StringEquals x")]


def test_a_role_of_another_account_is_its_account_s_start() -> None:
    arn = f"arn:aws:iam::{PARTNER}:role/robot"
    assert outside(allow({"AWS": arn})) == [(f"outside:{PARTNER}", "always")]


def test_a_declared_partner_is_called_by_its_name() -> None:
    estate = Estate(partners={AccountId(PARTNER): "Logistics"})
    found = graph_of(iam(role("deploy", trust(allow({"AWS": PARTNER}))), estate=estate))
    assert found.nodes[f"outside:{PARTNER}"].label == f"Logistics ({PARTNER})"


def test_whoever_a_provider_vouches_for_is_a_start() -> None:
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/ci.example"
    found = outside(
        allow(
            {"Federated": provider},
            "sts:AssumeRoleWithWebIdentity",
            StringLike={"ci.example:sub": "repo:x/*"},
        )
    )
    assert found == [(f"federated:{provider}", "ci.example:sub StringLike repo:x/*")]


def test_services_are_no_start() -> None:
    assert outside(allow({"Service": "lambda.amazonaws.com"})) == []


def pool(unauthenticated: bool) -> list[Row]:
    way = "unauthenticated" if unauthenticated else "authenticated"
    arn = f"arn:aws:cognito-identity:eu-west-1:{ACCOUNT}:identitypool/p-1"
    settings: Row = {"IdentityPoolId": "p-1", "AllowUnauthenticatedIdentities": unauthenticated}
    return [{"_arn": arn, "_name": "shop", **settings, "Roles": {way: DEPLOY}}]


COGNITO = {"Federated": "cognito-identity.amazonaws.com"}


@pytest.mark.parametrize(("unauthenticated", "start"), [(True, INTERNET), (False, "guest:p-1")])
def test_guests_of_an_identity_pool_have_its_role(unauthenticated: bool, start: str) -> None:
    way = "unauthenticated" if unauthenticated else "authenticated"
    wanted = {"cognito-identity.amazonaws.com:aud": "p-1"}
    amr = {"ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": way}}
    statement = allow(COGNITO, "sts:AssumeRoleWithWebIdentity", StringEquals=wanted, **amr)
    tables = {"cognito-identity.identity_pools": pool(unauthenticated)}
    assert outside(statement, **tables) == [(start, "always")]
    wanted["cognito-identity.amazonaws.com:aud"] = "another"
    assert outside(statement, **tables) == []


# --- administrators ------------------------------------------------------------------------------------------------------


def is_admin(row: Row, *more: Row, scps: tuple[Row, ...] = (), estate: Estate | None = None) -> Any:
    whole = company(*scps)
    found = graph_of(iam(row, *more, policies=[ADMIN], organization=whole), estate=estate)
    return found.nodes[row["_arn"]].admin_if


FULLY = attached(ADMIN)


def test_who_may_do_everything_administers() -> None:
    assert is_admin(user("ann", AttachedManagedPolicies=FULLY)) is True


def test_a_member_of_the_administrators_group_administers() -> None:
    admins = group("admins", AttachedManagedPolicies=FULLY)
    assert is_admin(user("ann", GroupList=["admins"]), admins) is True


def test_a_control_policy_that_takes_every_power_ends_it() -> None:
    row = user("ann", AttachedManagedPolicies=FULLY)
    assert is_admin(row, scps=(deny("iam:*"),)) is False
    assert is_admin(row, scps=(deny("iam:CreateUser"),)) is True


def test_a_boundary_that_takes_every_power_ends_it() -> None:
    limit = policy("limit", may("*"), deny("iam:*"))
    bounded = {"PermissionsBoundaryArn": limit["_arn"]}
    assert is_admin(user("ann", AttachedManagedPolicies=FULLY, PermissionsBoundary=bounded), limit) is False


def test_one_of_the_powers_is_no_administration_but_a_technique() -> None:
    found = graph(user("ann", may("iam:PutUserPolicy")))
    assert not found.nodes[ANN].is_admin
    assert [path.edges[-1].technique for path in escalations(found)] == ["iam-put-user-policy"]


def test_administration_on_a_condition_keeps_it() -> None:
    found = is_admin(user("ann", may("*", IpAddress={"aws:SourceIp": "198.51.100.0/24"})))
    assert words(found) == "aws:SourceIp IpAddress 198.51.100.0/24"


def test_a_grant_that_is_over_is_none() -> None:
    over = may("*", DateLessThan={"aws:CurrentTime": "2026-05-31T00:00:00Z"})
    still = may("*", DateLessThan={"aws:CurrentTime": "2026-06-02T00:00:00Z"})
    assert is_admin(user("ann", over)) is False
    assert is_admin(user("ann", still)) is True


def test_a_declared_name_administers() -> None:
    assert is_admin(user("ann"), estate=Estate(admin_roles=("an*",))) is True


def test_administration_leads_to_everybody_in_the_account_and_from_management_to_the_organisation() -> None:
    account = Account(ACCOUNT, "one", is_management=True)
    found = graph(user("ann", AttachedManagedPolicies=FULLY), user("bob"), policies=[ADMIN], account=account)
    reached = radius(found, ANN)
    assert arn_of("user", "bob") in reached.identities
    assert reached.organization
    member = graph(user("ann", AttachedManagedPolicies=FULLY), policies=[ADMIN])
    assert not radius(member, ANN).organization


def test_raising_a_bounded_role_gives_what_its_boundary_leaves() -> None:
    limit = policy("limit", may("s3:*"))
    bounded = {"PermissionsBoundaryArn": limit["_arn"]}
    mine = [may("iam:PutRolePolicy"), may("iam:UpdateAssumeRolePolicy")]
    loose = graph(user("ann", *mine), role("deploy", trust(allow(ROOT))))
    tight = graph(user("ann", *mine), role("deploy", trust(allow(ROOT)), PermissionsBoundary=bounded), limit)
    node = account_node(str(ACCOUNT))
    assert {one.technique for one in between(loose, ANN, node)} == {"iam-put-role-policy-update-trust"}
    assert not between(tight, ANN, node)


# --- names that the actor chooses ----------------------------------------------------------------------------------------


def passing(*statements: Row) -> tuple[Edge, ...]:
    target = role("deploy", trust(allow({"Service": "lambda.amazonaws.com"})))
    return between(graph(user("ann", may("iam:PassRole"), *statements), target), ANN, DEPLOY)


@pytest.mark.parametrize(("account", "reached"), [(str(ACCOUNT), True), (PARTNER, False)])
def test_the_conditions_under_which_a_role_trusts_a_service_count(account: str, reached: bool) -> None:
    confined = allow({"Service": "lambda.amazonaws.com"}, StringEquals={"aws:SourceAccount": account})
    ann = user("ann", may(["iam:PassRole", "lambda:*"]))
    edges = between(graph(ann, role("deploy", trust(confined))), ANN, DEPLOY)
    assert bool(edges) is reached
    assert all(edge.condition is True for edge in edges)


def test_a_role_that_denies_the_service_is_not_reached() -> None:
    lambdas = allow({"Service": "lambda.amazonaws.com"})
    denied = trust(lambdas, {**lambdas, "Effect": "Deny"})
    assert not between(
        graph(user("ann", may(["iam:PassRole", "lambda:*"])), role("deploy", denied)), ANN, DEPLOY
    )


def test_a_name_is_chosen_that_the_policy_allows() -> None:
    own = f"arn:aws:lambda:*:{ACCOUNT}:function:dev-*"
    (edge,) = (
        one
        for one in passing(may(["lambda:CreateFunction", "lambda:InvokeFunction"], own))
        if one.technique == "lambda-create-invoke"
    )
    assert edge.via.endswith(":function:dev-x")


def test_two_actions_must_be_allowed_on_the_same_name() -> None:
    one, two = (f"arn:aws:lambda:*:{ACCOUNT}:function:{name}-*" for name in ("dev", "test"))
    edges = passing(may("lambda:CreateFunction", one), may("lambda:InvokeFunction", two))
    assert "lambda-create-invoke" not in {edge.technique for edge in edges}


def test_the_conditions_of_all_actions_are_kept() -> None:
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    office = {"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}}
    first, second = may("lambda:CreateFunction", **mfa), may("lambda:InvokeFunction", **office)
    keys = {"aws:multifactorauthpresent", "aws:sourceip"}
    (edge,) = passing(first, second)
    assert keys_of(edge.condition) == keys
    trust_of_role = may("iam:UpdateAssumeRolePolicy", "*", **mfa)
    found = graph(user("ann", trust_of_role, may("iam:PutRolePolicy", **office)), role("deploy", trust()))
    (raising,) = between(found, ANN, account_node(str(ACCOUNT)))
    assert keys_of(raising.condition) == keys


def test_a_region_is_tried_that_the_guardrail_leaves() -> None:
    regions = {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1"]}}
    scp = {"Effect": "Deny", "NotAction": ["iam:*"], "Resource": "*", "Condition": regions}
    target = role("deploy", trust(allow({"Service": "lambda.amazonaws.com"})))
    ann = user("ann", may(["iam:PassRole", "lambda:*"]))
    queue = [{"_arn": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q"}]
    whole = company(scp)
    found = graph_of(iam(ann, target, organization=whole, **{"sqs.queues": queue}))
    assert between(found, ANN, DEPLOY)[0].condition is True


def test_a_role_that_is_made_only_with_a_boundary_is_no_escalation() -> None:
    only = {"StringEquals": {"iam:PermissionsBoundary": arn_of("policy", "limit")}}
    rest = may(["iam:AttachRolePolicy", "iam:PutRolePolicy"], arn_of("role", "app-*"), **only)
    limited = may("iam:CreateRole", "*", **only)
    assert not escalations(graph(user("ann", limited, rest)))
    free = may(["iam:CreateRole", "iam:PutRolePolicy"], arn_of("role", "app-*"))
    assert escalations(graph(user("ann", free)))


# --- stores --------------------------------------------------------------------------------------------------------------

BUCKET = "arn:aws:s3:::vault"


def stores(*rows: Row, label: str = "restricted", **bucket: Any) -> EscalationGraph:
    made = {"_arn": BUCKET, "_name": "vault", "_tags": {"data-classification": label}} | bucket
    return graph(*rows, **{"global:s3.buckets": [made], "global:s3.account_public_access_block": []})


def test_who_may_read_a_sensitive_store_is_told_and_of_others_nothing() -> None:
    reader, writer = user("ann", may("s3:GetObject", f"{BUCKET}/*")), user("bob", may("s3:PutObject"))
    found = stores(reader, writer)
    assert found.nodes[BUCKET].sensitivity == "restricted"
    assert radius(found, ANN).stores == (BUCKET,)
    assert radius(found, arn_of("user", "bob")).stores == ()
    assert BUCKET not in stores(reader, label="internal").nodes


def test_a_bucket_s_policy_lets_in_and_keeps_out() -> None:
    opened = trust({**allow("*", "s3:GetObject"), "Resource": f"{BUCKET}/*"})
    assert between(stores(Policy=opened), INTERNET, BUCKET)
    closed = trust({**allow("*", "s3:*"), "Effect": "Deny", "Resource": f"{BUCKET}/*"})
    reader = user("ann", may("s3:GetObject", f"{BUCKET}/*"))
    assert not between(stores(reader, Policy=closed), ANN, BUCKET)


# --- what runs with roles, people ----------------------------------------------------------------------------------------


def test_what_runs_with_a_role_leads_to_it() -> None:
    arn = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f"
    function = [{"_arn": arn, "_name": "f", "Role": DEPLOY}]
    found = graph(role("deploy", trust()), **{"lambda.functions": function})
    (edge,) = between(found, arn, DEPLOY)
    assert (edge.technique, edge.cost) == ("runs-as", 0)
    assert found.nodes[arn].kind is NodeKind.COMPUTE


def test_people_lead_to_the_permission_sets_of_their_groups() -> None:
    whole = company(center=True)
    crew = role("AWSReservedSSO_Crew_0123456789abcdef", trust())
    found = graph_of(iam(crew, organization=whole))
    assert radius(found, "person:u-1").identities == (crew["_arn"],)
    assert found.nodes["people:g-1"].label == "crew"


def test_an_assignment_is_a_hold() -> None:
    whole = company(center=True)
    crew = role("AWSReservedSSO_Crew_0123456789abcdef", trust(), AttachedManagedPolicies=FULLY)
    found = graph_of(iam(crew, organization=whole, policies=[ADMIN]))
    cut = choke_points(found, ["people:g-1"], [account_node(str(ACCOUNT))])
    assert cut.cut is not None
    assert len(cut.cut) == 1
    assert {one.hold.kind for one in cut.ranking} == {HoldKind.ASSIGNMENT, HoldKind.ATTACHMENT}


# --- holds ---------------------------------------------------------------------------------------------------------------


def test_a_customer_s_policy_is_one_hold_and_aws_s_one_for_each_attachment() -> None:
    own = policy("powerful", may("iam:PutUserPolicy"))
    aws = policy("IAMFullAccess", may("iam:PutUserPolicy"), _arn="arn:aws:iam::aws:policy/IAMFullAccess")
    names, node = ("ann", "bob"), account_node(str(ACCOUNT))
    starts = [arn_of("user", name) for name in names]
    for shared, count in ((own, 1), (aws, 2)):
        users = [user(name, AttachedManagedPolicies=attached(shared)) for name in names]
        found = choke_points(graph(*users, shared), starts, [node])
        assert found.cut is not None
        assert len(found.cut) == count


# --- holes ---------------------------------------------------------------------------------------------------------------


def test_an_identity_whose_policy_was_not_read_may_be_an_administrator() -> None:
    found = graph(user("ann", AttachedManagedPolicies=attached(ADMIN)))
    (edge,) = between(found, ANN, account_node(str(ACCOUNT)))
    assert edge.is_unknown
    assert "AdministratorAccess" in edge.unknown[0]
    assert not escalations(found)
    assert escalations(found, unknown=True)
    assert radius(found, ANN).perhaps


def test_a_trust_that_was_not_read_is_told() -> None:
    row = role("deploy", trust()) | {"_holes": {"AssumeRolePolicyDocument": "denied"}}
    (edge,) = between(graph(row), UNKNOWN, DEPLOY)
    assert edge.is_unknown


def test_tables_that_were_not_read_are_noted() -> None:
    whole = company()
    ann = user("ann", may("lambda:*"))
    tables = {
        "global:iam.users": [ann],
        "global:iam.groups": [],
        "global:iam.roles": [],
        "global:iam.policies": [],
    }
    account = Account(ACCOUNT, "one", ou_ids=("r-1",))
    found = graph_of(view(tables, denied=["lambda.functions"], account=account, organization=whole))
    assert any("lambda.functions" in sentence for _, sentence in found.notes)


def test_inventories_that_are_not_collected_are_noted_with_the_roles_perhaps_reached() -> None:
    build = role("deploy", trust(allow({"Service": "codebuild.amazonaws.com"})))
    found = graph(user("ann", may("codebuild:StartBuild")), build)
    assert (str(ACCOUNT), "not seen: CodeBuild projects") in found.notes
    assert DEPLOY not in radius(found, ANN).identities
    assert DEPLOY in radius(found, ANN).perhaps


def test_a_technique_whose_actions_the_table_does_not_know_is_noted() -> None:
    rows = iam(user("ann"))

    whole = default().reference()
    less = tuple(one for one in whole.services if one.prefix != "apprunner")
    universe = Universe.of(Reference(whole.source, whole.version, whole.updated, less, whole.rcp_services))
    found = EscalationGraph.of(Access.of([rows]), [rows], universe)
    assert ("", "not in the table of actions: technique apprunner-create-service") in found.notes


def test_the_same_snapshot_gives_the_same_graph() -> None:
    rows = (user("ann", may("iam:*", arn_of("user", "*"))), user("bob"), role("deploy", trust(allow(ROOT))))
    assert graph(*rows).edges == graph(*rows).edges


def test_every_edge_s_ends_are_nodes_and_its_technique_is_known() -> None:
    known = {one.id for one in techniques()} | set(STRUCTURES)
    account = Account(ACCOUNT, "one", is_management=True)
    found = graph(
        user("ann", may(["iam:P*", "lambda:*", "sso:*", "codebuild:*"])),
        role("deploy", trust(allow(ROOT), allow({"Service": "lambda.amazonaws.com"}))),
        account=account,
        organization=company(center=True),
    )
    assert {one.technique for one in found.edges} <= known
    assert all(end in found.nodes for one in found.edges for end in one[:2])
    assert ORGANIZATION in found.nodes
    assert all(one.json() for one in (*found.edges, *found.nodes.values()))


def test_shared_answers_are_those_that_each_would_get() -> None:
    """Users with the same policies share answers; limits of one must not limit the other."""
    shared = policy("shared", may(["iam:PassRole", "lambda:*"]))
    limit = policy("limit", may("*"), deny("iam:PassRole", DEPLOY))
    loose = user("ann", AttachedManagedPolicies=attached(shared))
    tight = user(
        "bob",
        AttachedManagedPolicies=attached(shared),
        PermissionsBoundary={"PermissionsBoundaryArn": limit["_arn"]},
    )
    target = role("deploy", trust(allow({"Service": "lambda.amazonaws.com"})))
    found = graph(loose, tight, target, shared, limit)
    assert between(found, ANN, DEPLOY)
    assert not between(found, arn_of("user", "bob"), DEPLOY)


def test_a_policy_with_the_user_s_name_in_a_resource_is_asked_for_each_user() -> None:
    shared = policy(
        "own", may("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/${{aws:username}}"), may("lambda:*")
    )
    lambdas = trust(allow({"Service": "lambda.amazonaws.com"}))
    rows = [role("ann", lambdas), role("bob", lambdas)]
    users = [user(name, AttachedManagedPolicies=attached(shared)) for name in ("ann", "bob")]
    found = graph(*users, *rows, shared)
    for name, other in (("ann", "bob"), ("bob", "ann")):
        assert between(found, arn_of("user", name), arn_of("role", name))
        assert not between(found, arn_of("user", name), arn_of("role", other))


def test_users_of_one_class_have_holds_of_their_own() -> None:
    """Policies about other things differ; the statement is each user's own all the same."""
    shared = policy("shared", may("iam:PutUserPolicy"))
    more = policy("more", may("s3:List*"))
    found = graph(
        user("ann", AttachedManagedPolicies=attached(shared)),
        user("bob", AttachedManagedPolicies=attached(more, shared)),
        shared,
        more,
    )
    for name in ("ann", "bob"):
        (edge, *_) = between(found, arn_of("user", name), account_node(str(ACCOUNT)))
        assert [hold.where for stage in edge.stages for hold in stage] == [shared["_arn"]]
