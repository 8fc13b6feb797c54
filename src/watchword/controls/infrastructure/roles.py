"""What runs with roles: nothing that the internet reaches carries the rights of an administrator, or a way to them.

Whether the internet reaches it is judged simply: a machine by its public address, route and security groups, a task by its
public address and security groups, a function by its URL and its policy.  Load balancers before a machine or a task are
not followed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from watchword.analysis.iam.audience import Home
from watchword.analysis.iam.exposure import exposures
from watchword.analysis.iam.policy import Policy, PolicyError, parse
from watchword.analysis.network.subnets import routing_of
from watchword.analysis.paths.edges import Edge, Node, NodeKind
from watchword.controls.access import listed
from watchword.controls.escalation import READS, Escalation, escalation_of, evidence_of, steps
from watchword.controls.network.exposure import opened_by
from watchword.controls.registry import control, gap, met, unknown
from watchword.model.evidence import Evidence, EvidenceMissing
from watchword.model.finding import Judgement, Subject
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView
from watchword.model.verdict import Severity

COMPUTE: Final = (
    "ec2.instances",
    "ec2.launch_template_versions",
    "autoscaling.launch_configurations",
    "lambda.functions",
    "ecs.services",
    "ecs.task_definitions",
    "eks.clusters",
)
"""Tables of what runs with a role."""

_CALLERS: Final = ("apigateway.amazonaws.com", "elasticloadbalancing.amazonaws.com")
"""Services that call a function for whoever calls them."""

_NETWORK: Final = ("ec2.route_tables", "ec2.security_groups", "ec2.prefix_lists", "ec2.subnets")


@control(
    "IN-06",
    reads=(*READS, *_NETWORK, "organizations.accounts"),
    about="machines, functions, containers or clusters that run with a role",
)
def what_runs_carries_no_administration(view: AccountView) -> Iterator[Judgement]:
    """Nothing that runs with a role is an administrator, and nothing that the internet reaches can become one."""
    escalation = escalation_of(view)
    rows = {row.arn: row for table in COMPUTE for row in view.readable(table)}
    for node in escalation.graph.nodes.values():
        row = rows.get(node.id)
        if row is not None and node.kind is NodeKind.COMPUTE:
            judged = _judge(node, row, escalation, view)
            if judged is not None:
                yield judged
    for table in COMPUTE:
        yield from (unknown(hole.sentence()) for hole in view.holes_of(table))


def _judge(node: Node, row: Resource, escalation: Escalation, view: AccountView) -> Judgement | None:
    carried = [edge for edge in escalation.graph.outgoing.get(node.id, ()) if edge.technique == "runs-as"]
    if not carried:
        return None
    shown = tuple(
        one for edge in carried for stage in edge.stages for hold in stage if (one := hold.evidence())
    )
    subject = Subject.of(row)
    worst = _worst(carried, escalation)
    if worst is None:
        missing = [one for edge in carried for one in _missing(edge, escalation)]
        if missing:
            because = f"whether its role is or becomes an administrator is not known: {listed(missing)}"
            return unknown(because, *shown, subject=subject)
        names = ", ".join(escalation.graph.nodes[edge.target].label for edge in carried)
        return met(f"its {names} neither is an administrator nor can become one", *shown, subject=subject)
    return _of_power(worst, row, shown, escalation, view)


def _of_power(
    worst: Edge, row: Resource, shown: tuple[Evidence, ...], escalation: Escalation, view: AccountView
) -> Judgement:
    """The judgement of what runs with a role that is an administrator or can become one."""
    role = escalation.graph.nodes[worst.target]
    path = escalation.path(role.id, escalation.administrations)
    proof = (*shown, *(evidence_of(path) if path is not None else ()))
    said = f"its {role.label} is an administrator"
    if not role.is_admin and path is not None:
        said = f"its {role.label} can become an administrator: {steps(escalation, path)}"
    subject = Subject.of(row)
    try:
        exposed = _exposed(row, view)
    except EvidenceMissing as missing:
        if not role.is_admin:
            because = f"{said}; whether the internet reaches it is not known: {missing.what}"
            return unknown(because, *proof, subject=subject)
        exposed = ""
    if exposed:
        return gap(f"{exposed}, and {said}", *proof, subject=subject)
    if role.is_admin:
        return gap(f"{said}", *proof, subject=subject, severity=Severity.MEDIUM)
    return met(f"{said} (see ID-26), but the internet does not reach it", *proof, subject=subject)


def _worst(carried: list[Edge], escalation: Escalation) -> Edge | None:
    """The role that administers, or else one that is known to become an administrator."""
    nodes = escalation.graph.nodes
    goals = escalation.administrations
    admin = next((edge for edge in carried if nodes[edge.target].is_admin), None)
    return admin or next((edge for edge in carried if escalation.path(edge.target, goals) is not None), None)


def _missing(edge: Edge, escalation: Escalation) -> tuple[str, ...]:
    node = escalation.graph.nodes[edge.target]
    if escalation.identity(node.id) is None:
        return (*edge.unknown, *node.missing)
    perhaps = escalation.perhaps(node.id, escalation.administrations)
    return (*edge.unknown, *perhaps.unknown) if perhaps is not None else ()


# --- the internet --------------------------------------------------------------------------------------------------------


def _exposed(row: Resource, view: AccountView) -> str:
    """How the internet reaches it, in words; empty where it does not.

    Raises:
        EvidenceMissing: what decides it was not read.
    """
    judge = _EXPOSED.get(row.table)
    return judge(row, view) if judge is not None else ""


def _machine(row: Resource, view: AccountView) -> str:
    if row.text("State.Name") != "running":
        return ""
    routing = None
    for interface in row.items("NetworkInterfaces"):
        address = interface.text("Association.PublicIp", absent="")
        if not address and not interface.items("Ipv6Addresses"):
            continue
        groups = [group.text("GroupId") for group in interface.items("Groups")]
        opened = opened_by(groups, row, view)
        routing = routing or routing_of(view, row.region)
        if opened and routing.is_public(interface.text("SubnetId"), interface.text("VpcId")):
            return f"the internet reaches it ({opened[0]})"
    return ""


def _task(row: Resource, view: AccountView) -> str:
    network = row.document("networkConfiguration.awsvpcConfiguration", absent=None)
    if network is None or network.text("assignPublicIp", absent="DISABLED") != "ENABLED":
        return ""
    opened = opened_by(network.texts("securityGroups"), row, view)
    return f"the internet reaches it ({opened[0]})" if opened else ""


def _function(row: Resource, view: AccountView) -> str:
    if any(one.text("AuthType") == "NONE" for one in row.items("UrlConfigs")):
        return "its URL asks for no authentication"
    document = row.raw("Policy")
    if document is None:
        return ""
    try:
        policy = parse(document)
    except PolicyError as error:
        raise EvidenceMissing(f"Policy of {row.where} cannot be read: {error}") from error
    if any(one.is_public for one in exposures(policy, Home.of(view, row.arn))):
        return "its policy lets everybody call it"
    return _called(policy)


def _called(policy: Policy) -> str:
    for statement in policy.allows:
        services = statement.principals.service if statement.principals is not None else ()
        if any(one in _CALLERS for one in services):
            return "an API or a load balancer calls it"
    return ""


_EXPOSED: Final[Mapping[str, Callable[[Resource, AccountView], str]]] = {
    "ec2.instances": _machine,
    "ecs.services": _task,
    "lambda.functions": _function,
}
"""How exposure is judged, by table; what has no entry is nothing that runs by itself."""
