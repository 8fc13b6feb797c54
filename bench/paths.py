"""How fast the escalation graph is built and searched, beside its limits.

The organisation is made up: five accounts, 5,000 roles and users between them with twelve managed policies, inline policies of
their own for every tenth, a boundary for a third, SCPs on three levels with a guardrail on regions.  A hundredth of the
principals have powers that a technique needs.  Limits are CPU seconds: 2 for the edges of all techniques over all
principals (policies being compiled), 0.3 for what is reached over 200,000 edges.
"""

from __future__ import annotations

import gc
import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from bench._measured import line
from watchword.analysis.iam.access import Access
from watchword.analysis.paths.edges import Edge, Node, NodeKind
from watchword.analysis.paths.graph import EscalationGraph
from watchword.analysis.paths.search import closure, escalations
from watchword.analysis.paths.techniques import techniques
from watchword.model.ids import GLOBAL, ORGANIZATION, AccountId, Region
from watchword.model.resource import Resource
from watchword.model.snapshot import Account, AccountView, UnitKey

T = TypeVar("T")

PRINCIPALS: Final = 5_000
ACCOUNTS: Final = 5
EDGES: Final = 200_000
ESCALATION_LIMIT: Final = 2.0
CLOSURE_LIMIT: Final = 0.3
NOW: Final = datetime(2026, 6, 1, tzinfo=UTC)
FULL: Final = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    """A policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(actions: list[str] | str, resources: str = "*") -> dict[str, Any]:
    """A statement that allows."""
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def row(table: str, account: str, kind: str, name: str, data: dict[str, Any]) -> Resource:
    """A row of IAM."""
    arn = f"arn:aws:iam::{account}:{kind}/{name}"
    return Resource(
        where=f"{table} {arn}",
        data={"Arn": arn, **data},
        account=AccountId(account),
        region=GLOBAL,
        table=table,
        kind="AWS::IAM::Thing",
        arn=arn,
        name=name,
    )


def managed(account: str) -> list[Resource]:
    """Twelve policies as companies have them: readers, developers, deployers, and some that are dangerous."""
    services = "s3 ec2 sqs sns dynamodb lambda logs ecr".split()
    found = {
        f"read-{one}": document(allow([f"{one}:Get*", f"{one}:List*", f"{one}:Describe*"]))
        for one in services
    }
    found["developers"] = document(
        {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*", "sts:*"], "Resource": "*"}
    )
    found["deployers"] = document(
        allow(["lambda:*", "ecs:*", "cloudformation:*"]),
        allow("iam:PassRole", f"arn:aws:iam::{account}:role/service-*"),
    )
    found["boundary"] = document(
        FULL, {"Effect": "Deny", "Action": ["iam:*", "organizations:*"], "Resource": "*"}
    )
    found["everything"] = document(FULL)
    found["helpdesk"] = document(allow(["iam:CreateLoginProfile", "iam:UpdateLoginProfile"]))
    return [row("iam.policies", account, "policy", name, {"Document": text}) for name, text in found.items()]


def principal(chance: random.Random, account: str, number: int) -> tuple[str, Resource]:
    """A role or user: most read, some develop, few deploy."""
    dice = chance.random()
    names = [f"read-{chance.choice('s3 ec2 sqs sns dynamodb lambda logs ecr'.split())}" for _ in range(2)]
    names += ["developers"] if dice < 0.2 else []
    # A twentieth of what services run with may do everything, so that some who deploy escalate.
    names += ["everything"] if number % 400 == 1 else []
    names += ["deployers"] if dice < 0.01 else ["helpdesk"] if dice > 0.999 else []
    attached = [
        {"PolicyName": one, "PolicyArn": f"arn:aws:iam::{account}:policy/{one}"}
        for one in dict.fromkeys(names)
    ]
    own = document(allow("s3:GetObject", f"arn:aws:s3:::own-{number}/*"))
    inline = [{"PolicyName": "own", "PolicyDocument": own}] if number % 10 == 0 else []
    data: dict[str, Any] = {"AttachedManagedPolicies": attached}
    if number % 3 == 0:
        data["PermissionsBoundary"] = {"PermissionsBoundaryArn": f"arn:aws:iam::{account}:policy/boundary"}
    if number % 4 == 0:
        return "iam.users", row(
            "iam.users", account, "user", f"user-{number}", data | {"UserPolicyList": inline}
        )
    service = chance.choice(["lambda", "ec2", "ecs-tasks", "glue", "states", "cloudformation"])
    trusting = {"Service": f"{service}.amazonaws.com"}
    if number % 50 == 1:
        trusting = {"AWS": f"arn:aws:iam::{account}:root"}
    data |= {
        "AssumeRolePolicyDocument": document(
            {"Effect": "Allow", "Principal": trusting, "Action": "sts:AssumeRole"}
        ),
        "RolePolicyList": inline,
        "InstanceProfileList": [],
    }
    prefix = "service" if number % 20 == 1 else "role"
    return "iam.roles", row("iam.roles", account, "role", f"{prefix}-{number}", data)


def organization() -> AccountView:
    """The organisation's own answers: SCPs on three levels."""
    regions = {
        "Sid": "Regions",
        "Effect": "Deny",
        "NotAction": ["iam:*", "organizations:*", "sts:*", "support:*"],
        "Resource": "*",
        "Condition": {
            "StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-1"]},
            "ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/automation-*"},
        },
    }
    contents = {
        "full": (document(FULL), ["r-1", "ou-1", *map(number, range(ACCOUNTS))]),
        "regions": (document(regions), ["r-1"]),
        "leaving": (
            document({"Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"}),
            ["ou-1"],
        ),
    }
    policies = tuple(
        Resource(
            where=name,
            data={"Content": content, "Targets": [{"TargetId": one} for one in targets]},
            account=ORGANIZATION,
            region=GLOBAL,
            table="organizations.service_control_policies",
            kind="AWS::Organizations::Policy",
            arn=f"arn:aws:organizations::1:policy/{name}",
            name=name,
        )
        for name, (content, targets) in contents.items()
    )
    root = Resource(
        where="root",
        data={"Id": "r-1", "PolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]},
        account=ORGANIZATION,
        region=GLOBAL,
        table="organizations.roots",
        kind="AWS::Organizations::Root",
        arn="arn:aws:organizations::1:root/r-1",
        name="r-1",
    )
    tables = {
        ("organizations.service_control_policies", GLOBAL): policies,
        ("organizations.resource_control_policies", GLOBAL): (),
        ("organizations.roots", GLOBAL): (root,),
    }
    unit = UnitKey(ORGANIZATION, GLOBAL, "organizations")
    return AccountView(Account(ORGANIZATION), NOW, frozenset({unit}), (), tables)  # type: ignore[arg-type]


def number(index: int) -> str:
    """An account's id."""
    return f"{100_000_000_000 + index}"


def views() -> list[AccountView]:
    """The accounts."""
    chance = random.Random(7)
    whole = organization()
    found = []
    for index in range(ACCOUNTS):
        account = number(index)
        tables: dict[tuple[str, Region], tuple[Resource, ...]] = {}
        gathered: dict[str, list[Resource]] = {"iam.users": [], "iam.roles": [], "iam.groups": []}
        for one in range(PRINCIPALS // ACCOUNTS):
            table, made = principal(chance, account, one)
            gathered[table].append(made)
        gathered["iam.policies"] = managed(account)
        for table, rows in gathered.items():
            tables[(table, GLOBAL)] = tuple(rows)
        who = Account(AccountId(account), f"a{index}", ou_ids=("r-1", "ou-1"), is_management=False)
        units = frozenset({UnitKey(who.id, GLOBAL, "iam")})
        found.append(AccountView(who, NOW, units, (), tables, organization=whole))
    return found


def web() -> EscalationGraph:
    """A graph of 5,000 nodes and 200,000 edges."""
    chance = random.Random(11)
    names = [f"arn:aws:iam::1:role/r{one}" for one in range(PRINCIPALS)]
    nodes = {one: Node(one, NodeKind.ROLE, one) for one in names}
    edges = (
        Edge(chance.choice(names), chance.choice(names), "sts-assume-role", cost=chance.randint(1, 5))
        for _ in range(EDGES)
    )
    return EscalationGraph(nodes, tuple(edges))


def timed(what: Callable[[], T]) -> tuple[float, T]:
    """CPU seconds and the value of a call."""
    gc.collect()
    begun = time.process_time()
    value = what()
    return time.process_time() - begun, value


def main() -> int:
    """Print the figures; 1 where one is over its limit."""
    count = len(techniques())
    seen = views()
    access = Access.of(seen)
    built, graph = timed(lambda: EscalationGraph.of(access, seen))
    big = web()
    _ = big.outgoing, big.incoming
    reached, _ = timed(lambda: closure(big, (next(iter(big.nodes)),)))
    found, paths = timed(lambda: escalations(graph))
    print(
        f"{len(access.identities):,} principals, {count} techniques, {len(graph.edges):,} edges, {len(paths):,} escalate"
    )
    print(line("escalation, CPU s", built, ESCALATION_LIMIT))
    print(line("closure of 200,000, s", reached, CLOSURE_LIMIT))
    print(line("escalations told, s", found, CLOSURE_LIMIT))
    return 0 if built <= ESCALATION_LIMIT and reached <= CLOSURE_LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
