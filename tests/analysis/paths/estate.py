"""A small estate in which every technique can be tried: one account, an actor, and whatever the technique is done to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.controls.builder import ACCOUNT, organization, view
from tests.controls.iam import allow, deny, group, may, role, trust, user
from watchword.analysis.iam.access import Access
from watchword.analysis.paths.edges import Edge
from watchword.analysis.paths.graph import EscalationGraph
from watchword.analysis.paths.techniques import Gives, Target, Technique
from watchword.model.estate import Estate
from watchword.model.snapshot import Account, AccountView

Row = dict[str, Any]

ORGANIZATION_ID = "o-abc1234567"
MEMBER = "222233334444"
OTHER = "other.amazonaws.com"
PROFILE = f"arn:aws:iam::{ACCOUNT}:instance-profile/target"
TARGET = f"arn:aws:iam::{ACCOUNT}:role/target"
VICTIM = f"arn:aws:iam::{ACCOUNT}:user/victim"
SAML = f"arn:aws:iam::{ACCOUNT}:saml-provider/Corporate"
FULL = may("*")
INSTANCE = "arn:aws:sso:::instance/ssoins-1"
SET = "arn:aws:sso:::permissionSet/ssoins-1/ps-1"
POWERS = ["iam:Attach*", "iam:Put*Policy", "iam:UpdateAssumeRolePolicy", "iam:CreatePolicyVersion"]


def graph_of(
    *views: AccountView, catalogue: tuple[Technique, ...] | None = None, estate: Estate | None = None
) -> EscalationGraph:
    """The graph of views."""
    return EscalationGraph.of(Access.of(views), views, estate=estate, catalogue=catalogue)


def control_policies(*contents: Row) -> list[Row]:
    """SCPs on the account."""
    return [
        {
            "_arn": f"arn:aws:organizations::1:policy/p-{number}",
            "_name": f"p-{number}",
            "Content": trust(content),
            "Targets": [{"TargetId": target} for target in ("r-1", str(ACCOUNT))],
        }
        for number, content in enumerate(contents)
    ]


def company(*scps: Row, center: bool = False, **tables: Any) -> AccountView:
    """The organisation; with SCPs if any are given, with Identity Center if asked for."""
    kinds = [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}] if scps else []
    found: dict[str, Sequence[Mapping[str, Any]]] = {
        "organizations.roots": [{"_arn": "r-1", "Id": "r-1", "PolicyTypes": kinds}],
        "organizations.service_control_policies": control_policies(FULL, *scps) if scps else [],
        "organizations.resource_control_policies": [],
        "organizations.organization": [{"Id": ORGANIZATION_ID, "MasterAccountId": str(ACCOUNT)}],
        "organizations.delegated_administrators": [],
        "organizations.service_access": [
            {"_arn": one, "ServicePrincipal": one}
            for one in ("member.org.stacksets.cloudformation.amazonaws.com", "account.amazonaws.com")
        ],
        "iam.organizations_features": [{"_arn": "f", "EnabledFeatures": ["RootSessions"]}],
    }
    if center:
        found |= identity_center()
    return organization({**found, **tables})


def identity_center(assigned: Sequence[Row] = ()) -> dict[str, Sequence[Mapping[str, Any]]]:
    """Identity Center with one permission set ``Crew``, one person and one group."""
    where = "eu-west-1:sso-admin."
    return {
        f"{where}instances": [
            {
                "_arn": INSTANCE,
                "_region": "eu-west-1",
                "InstanceArn": INSTANCE,
                "OwnerAccountId": str(ACCOUNT),
                "PrimaryRegion": "eu-west-1",
            }
        ],
        f"{where}permission_sets": [{"_arn": SET, "_name": "Crew", "Name": "Crew"}],
        f"{where}managed_policies": [],
        f"{where}account_assignments": assigned
        or [
            {
                "_arn": "a-1",
                "AccountId": str(ACCOUNT),
                "PermissionSetArn": SET,
                "PrincipalType": "GROUP",
                "PrincipalId": "g-1",
            }
        ],
        f"{where}users": [{"_arn": "u-1", "_name": "ann", "UserId": "u-1", "UserName": "ann"}],
        f"{where}groups": [
            {"_arn": "g-1", "_name": "crew", "GroupId": "g-1", "DisplayName": "crew", "Members": ["u-1"]}
        ],
    }


def an_actor(technique: Technique, *statements: Row, boundary: Row | None) -> tuple[str, Row]:
    """The one who acts: the table's noun, and the row."""
    more: Row = {}
    if boundary is not None:
        more["PermissionsBoundary"] = {"PermissionsBoundaryArn": f"arn:aws:iam::{ACCOUNT}:policy/boundary"}
    own = {"PolicyName": "own", "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/own"}
    more["AttachedManagedPolicies"] = [own]
    if technique.target in {Target.OWN_PERMISSION_SET} or technique.requires == "person":
        name = "AWSReservedSSO_Crew_0123456789abcdef"
        made = role(name, trust(), *statements, **more)
        return "role", made
    if technique.actor == "role":
        return "role", role("actor", trust(), *statements, **more)
    return "user", user("actor", *statements, GroupList=["own-group"], **more)


def actor_of(technique: Technique) -> str:
    """The ARN of the one who acts."""
    if technique.target is Target.OWN_PERMISSION_SET or technique.requires == "person":
        return f"arn:aws:iam::{ACCOUNT}:role/AWSReservedSSO_Crew_0123456789abcdef"
    return f"arn:aws:iam::{ACCOUNT}:{'role' if technique.actor == 'role' else 'user'}/actor"


def permissions(technique: Technique, without: str = "", resource: str = "*") -> list[Row]:
    """What the actor has: exactly what is needed, and nothing of ``without``."""
    if technique.gives in {Gives.UNBOUNDED, Gives.UNDENIED}:
        denied = [deny(POWERS)] if technique.gives is Gives.UNDENIED else []
        denied = [] if technique.requires == "attached-deny" else denied
        return [may("*"), *denied, *([deny(without)] if without else [])]
    return [may(action, resource) for action in technique.needs if action != without]


def tables(technique: Technique, actor: tuple[str, Row], *, trusts: str = "", boundary: Row | None) -> Row:
    """The tables of the account: the actor, and one target of each kind."""
    kind, row = actor
    service = trusts or (technique.trust[0] if technique.trust else "ec2.amazonaws.com")
    profile = [] if technique.requires == "no-instance-profile" else [{"Arn": PROFILE}]
    target = role(
        "target",
        _trust(service, technique),
        InstanceProfileList=profile,
        AttachedManagedPolicies=_own_policy("target"),
    )
    victim = user("victim", AttachedManagedPolicies=_own_policy("target"))
    keys = {"free-key-slot": "N/A", "no-free-key-slot": "2026-01-01"}.get(technique.requires, "N/A")
    report = {
        "_arn": VICTIM,
        "password_enabled": "true" if technique.requires == "password" else "false",
        "access_key_1_last_rotated": "2026-01-01",
        "access_key_2_last_rotated": keys,
    }
    found: Row = {
        "global:iam.users": [victim, *([row] if kind == "user" else [])],
        "global:iam.groups": [group("own-group"), group("crew")],
        "global:iam.roles": [target, *([row] if kind == "role" else [])],
        "global:iam.policies": [
            _policy("own", *([deny(POWERS)] if technique.requires == "attached-deny" else [may("s3:List*")])),
            _policy("target", may("s3:List*")),
            _policy("boundary", *([boundary] if boundary else [may("*")])),
        ],
        "global:iam.credential_report": [report],
        "ssm.instance_information": [{"_arn": "mi", "InstanceId": "i-1"}],
        "ec2.serial_console": [{"_arn": "sc", "SerialConsoleAccessEnabled": True}],
        "eks.nodegroups": [{"_arn": "ng", "nodeRole": TARGET, "_parent": _CLUSTER}],
    }
    if technique.table:
        found[technique.table] = [_COMPUTE[technique.table]]
    if technique.table == "ecs.services":
        found["ecs.task_definitions"] = [_COMPUTE["ecs.task_definitions"]]
    return found


def _trust(service: str, technique: Technique) -> Row:
    if technique.target is Target.FEDERATED_ROLE:
        provider = SAML if service == "saml" else "arn:aws:iam::999999999999:saml-provider/Elsewhere"
        return trust(allow({"Federated": provider}, "sts:AssumeRoleWithSAML"))
    if technique.target is Target.ASSUMABLE_ROLE:
        return trust(allow({"AWS": actor_of(technique)} if service != OTHER else {"Service": OTHER}))
    if service.startswith("federated:"):
        provider = service.removeprefix("federated:")
        return trust(allow({"Federated": provider}, "sts:AssumeRoleWithWebIdentity"))
    return trust(allow({"Service": service}))


def _policy(name: str, *statements: Row) -> Row:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/{name}"
    versions = [{"VersionId": "v1"}, {"VersionId": "v2"}]
    return {
        "_arn": arn,
        "_name": name,
        "Arn": arn,
        "Document": trust(*statements),
        "PolicyVersionList": versions,
    }


def _own_policy(name: str) -> list[Row]:
    return [{"PolicyName": name, "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/{name}"}]


_CLUSTER = f"arn:aws:eks:eu-west-1:{ACCOUNT}:cluster/one"
_DEFINITION = f"arn:aws:ecs:eu-west-1:{ACCOUNT}:task-definition/one:1"
_COMPUTE: dict[str, Row] = {
    "ec2.instances": {
        "_arn": f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-1",
        "InstanceId": "i-1",
        "State": {"Name": "running"},
        "IamInstanceProfile": {"Arn": PROFILE},
    },
    "ec2.launch_template_versions": {
        "_arn": f"arn:aws:ec2:eu-west-1:{ACCOUNT}:launch-template/lt-1",
        "LaunchTemplateData": {"IamInstanceProfile": {"Name": "target"}},
    },
    "lambda.functions": {"_arn": f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:one", "Role": TARGET},
    "ecs.task_definitions": {"_arn": _DEFINITION, "taskRoleArn": TARGET},
    "ecs.services": {
        "_arn": f"arn:aws:ecs:eu-west-1:{ACCOUNT}:service/main/one",
        "_parent": f"arn:aws:ecs:eu-west-1:{ACCOUNT}:cluster/main",
        "taskDefinition": _DEFINITION,
        "enableExecuteCommand": True,
    },
    "eks.clusters": {"_arn": _CLUSTER, "_name": "one", "name": "one"},
    "rolesanywhere.profiles": {
        "_arn": f"arn:aws:rolesanywhere:eu-west-1:{ACCOUNT}:profile/p-1",
        "roleArns": [TARGET],
    },
}


def tried(
    technique: Technique,
    *statements: Row,
    trusts: str = "",
    boundary: Row | None = None,
    scps: Sequence[Row] = (),
    without: str = "",
    change: Row | None = None,
    organized: Row | None = None,
) -> tuple[Edge, ...]:
    """The edges that the technique gives the actor, in the estate of ``tables`` with ``change`` laid over.

    ``organized`` is laid over the organisation's tables.
    """
    if technique.gives is Gives.UNBOUNDED and boundary is None:
        boundary = may([one for one in [*technique.needs, "s3:*"] if one != without])
    own = statements or tuple(permissions(technique, without))
    made = tables(technique, an_actor(technique, *own, boundary=boundary), trusts=trusts, boundary=boundary)
    # SCPs do not limit the management account, from which the directory's techniques work; then Identity Center is delegated.
    account = Account(ACCOUNT, "one", is_management=not scps, ou_ids=("r-1",))
    delegated: Row = {}
    if scps:
        services = ["sso.amazonaws.com", "member.org.stacksets.cloudformation.amazonaws.com"]
        services += ["iam.amazonaws.com", "account.amazonaws.com", ""]
        delegated["organizations.delegated_administrators"] = [
            {"_arn": "d", "Id": str(ACCOUNT), "Services": [{"ServicePrincipal": one} for one in services]}
        ]
    whole = company(*scps, center=True, **delegated, **(organized or {}))
    first = view(made | (change or {}), account=account, organization=whole)
    member = view({"global:iam.users": []}, account=Account(MEMBER, "two"), organization=whole)  # type: ignore[arg-type]
    found = graph_of(first, member, catalogue=(technique,))
    actor = actor_of(technique)
    return tuple(edge for edge in found.edges if edge.source == actor and edge.technique == technique.id)
