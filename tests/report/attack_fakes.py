"""A made-up organisation under attack: some forty identities and stores in seven accounts, some sixty ways."""

from __future__ import annotations

from dataclasses import replace

from watchword.report.attack_model import AttackGraph, Choke, EdgeStyle, GraphEdge, GraphNode, Place
from watchword.report.attack_page import AttackPage, PathStep, PathView, Reach

ACCOUNTS = {
    "m": ("100000000001", "management"),
    "p": ("222233334444", "shop-production"),
    "d": ("333344445555", "data-platform"),
    "c": ("444455556666", "ci-cd"),
    "s": ("555566667777", "security-tooling"),
    "x": ("666677778888", "sandbox"),
    "l": ("777788889999", "log-archive"),
}

STARTS = """
ann person x ann.berger; bob person x bob.okafor; cem person x cem.yilmaz; dia person x dia.lindqvist; eve person p eve.contractor
fay person p fay.on-call; gus person d gus.analyst; hal person d hal.analyst; ida person d ida.analyst; old person m legacy-admin-2019
net globe - Internet; gha partner - GitHub Actions: abc/shop; msp partner - Northwind Managed Services; gst guest - q.ramirez@agency.example
cron function p nightly-export; ec2 machine p bastion-eu-central-1a; web machine p storefront-asg-i-0a1b2c3d
"""
STEPS = """
dev role x DeveloperAccess; sbx role x sandbox-lambda-runtime; dep role c github-deployer; bld role c codebuild-project-builder
cdk role p cdk-hnb659fds-cfn-exec-role-222233334444-eu-central-1; dpp role p deploy-to-production; onc role p OnCallEngineer
lam function p order-webhook; lrl role p order-webhook-role; ins role p bastion-instance-profile; srv role p storefront-task-role
anl role d AnalystNotebook; glu role d AWSGlueServiceRole-etl; ntb machine d notebook-analytics; aud role s SecurityAudit-ReadWrite
brk role m OrganizationAccountAccessRole; ssm role p AutomationServiceRole; mspr role m northwind-support
"""
CROWNS = """
ap crown p Admin of shop-production; ad crown d Admin of data-platform; am crown m Admin of management
cust bucket d abc-customer-master; pay database p payments-ledger; sec key p prod/stripe-api-key; trail bucket l abc-org-cloudtrail-archive
"""
EDGES = """
ann dev sign in; bob dev sign in; cem dev sign in; dia dev sign in; gus anl sign in; hal anl sign in; ida anl sign in; fay onc sign in
eve onc sign in ~ aws:MultiFactorAuthPresent is true; old am iam:* on *; old brk AssumeRole; gha dep OIDC trust ~ token.actions.githubusercontent.com:sub is like repo:abc/shop:*
gha bld OIDC trust ?; msp mspr AssumeRole ~ sts:ExternalId is nw-4711; gst anl sign in ~ aws:SourceIp is in 198.51.100.0/24
net lam function URL; net web open port 443; cron lrl runs as; ec2 ins runs as; web srv runs as; fay ec2 SSM session
dev sbx PassRole + Lambda; dev dep AssumeRole !1; sbx dep UpdateAssumeRole; dep cdk AssumeRole !1; dep dpp AssumeRole !1; bld dep AssumeRole
bld cdk PassRole + CFN ~ iam:PassedToService is cloudformation.amazonaws.com; lam lrl runs as; lrl dpp AssumeRole ?; onc ins SSM session; onc ssm PassRole + SSM
ins srv PassRole + EC2; ins dpp AssumeRole ~ aws:SourceVpc is vpc-0abc; srv pay rds-data:*; srv sec GetSecretValue; anl ntb start notebook; ntb glu PassRole + Glue
glu ad PutRolePolicy !2; glu cust s3:GetObject; anl cust s3:GetObject ~ aws:PrincipalTag/project is customer-360; cdk ap iam:* on * ; dpp ap AttachRolePolicy !3; ssm ap CreatePolicyVersion
dpp sec GetSecretValue; lrl pay rds-data:*; brk am AssumeRole; brk ap AssumeRole; brk ad AssumeRole
mspr brk AssumeRole ~ aws:SourceIp is in 203.0.113.0/24; mspr aud AssumeRole; aud trail DeleteObject; aud ad PutRolePolicy ?; ssm srv PassRole + SSM
sbx dev UpdateAssumeRole; aud glu AssumeRole
"""


def sample() -> AttackGraph:
    """The graph."""
    nodes = [
        *_nodes(STARTS, Place.START),
        *_nodes(STEPS, Place.STEP),
        *_nodes(CROWNS, Place.CROWN),
    ]
    ids = {one.id for one in nodes}
    edges = [_edge(text, ids) for text in _texts(EDGES)]
    return AttackGraph(
        tuple(nodes),
        tuple(edges),
        "17 identities can become administrator of 3 accounts; cutting 3 statements removes 24 of 31 paths",
        "Company ABC, seven accounts, snapshot of 2026-11-26 18:02 UTC. Shortest paths after SCPs, boundaries and conditions.",
        (
            Choke(
                1,
                "statement AssumeDeployers of role github-deployer",
                14,
                31,
                "Narrow the trust to repo:abc/shop:ref:refs/heads/main.",
            ),
            Choke(
                2,
                "iam:PutRolePolicy in policy glue-etl-inline",
                6,
                31,
                "Glue needs no IAM write; remove the statement.",
            ),
            Choke(3, "iam:AttachRolePolicy in policy deploy-production", 4, 31),
        ),
        ("And 143 more paths from 37 identities.",),
    )


def _texts(block: str) -> list[str]:
    return [one.strip() for line in block.strip().splitlines() for one in line.split(";") if one.strip()]


def _nodes(block: str, place: Place) -> list[GraphNode]:
    found = []
    for text in _texts(block):
        name, kind, account, label = text.split(" ", 3)
        number, called = ACCOUNTS.get(account, ("", ""))
        found.append(GraphNode(name, kind, label, place, number, called))
    return found


def _edge(text: str, ids: set[str]) -> GraphEdge:
    source, target, label = text.split(" ", 2)
    assert {source, target} <= ids
    label, _, condition = label.partition(" ~ ")
    style = EdgeStyle.CONDITIONAL if condition else EdgeStyle.PLAIN
    if label.endswith(" ?"):
        style, label = EdgeStyle.UNKNOWN, label.removesuffix(" ?")
    label, _, choke = label.partition(" !")
    return GraphEdge(source, target, label.strip(), style, condition, int(choke or 0))


def sample_page() -> AttackPage:
    """The page of the graph, with two of its paths."""
    deploy = PathStep(
        "role DeveloperAccess (sandbox 666677778888)",
        "role github-deployer (ci-cd 444455556666)",
        "Take the role (sts:AssumeRole)",
        (
            "statement 'AssumeDeployers' of role github-deployer's trust policy",
            "statement 2 of policy developer-extra",
        ),
        fix="Name the one role that deploys in the trust policy, and require sts:ExternalId.",
        chokes=(1,),
    )
    sign_in = PathStep(
        "person eve.contractor",
        "role OnCallEngineer (shop-production 222233334444)",
        "Has the permission set by assignment",
        condition="aws:MultiFactorAuthPresent Bool true",
    )
    unread = PathStep(
        "role OnCallEngineer",
        "Admin of shop-production",
        "What it may do was not read",
        missing=("iam.policies of 222233334444: AccessDenied",),
    )
    paths = (
        PathView("ann.berger and 3 more", "Admin of shop-production", (deploy, replace(deploy, chokes=()))),
        PathView("eve.contractor", "Admin of shop-production", (sign_in, unread)),
    )
    reach = tuple(
        Reach(f"role number-{n}-with-a-long-name", "sandbox 666677778888", n % 4, n % 7, n * 3)
        for n in range(12)
    )
    scope = (("snapshot", "2026-11-26 18:02 UTC"), ("accounts", "7 of 7"))
    return AttackPage(
        sample(),
        paths,
        reach,
        scope,
        143,
        ("sessions that are running", "roles of the sandbox: AccessDenied"),
    )
