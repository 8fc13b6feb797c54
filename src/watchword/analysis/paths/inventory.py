"""What runs with roles, and the states that techniques require, as the snapshot's tables show them.

Only facts are gathered here: which instance has which role, who has a password, which instances Systems Manager knows.
What a table would have shown that was not read is kept as *missing*; tables that are not collected at all are named by
the techniques (``unseen``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from watchword.analysis.iam.permission_sets import Center, center_of
from watchword.model.evidence import EvidenceMissing
from watchword.model.ids import ORGANIZATION
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView

Roles = Callable[[Resource, "Inventory"], Iterator[tuple[str, str]]]
"""The roles of a row, each with the path of the field that names it."""

DEFAULT_REGION: Final = "us-east-1"
_TRIED: Final = 3
"""Regions that an actor would try, guardrails on regions being what they are."""


@dataclass(frozen=True, slots=True)
class Compute:
    """A row that runs with roles: ARNs of roles with the paths of the fields that name them."""

    row: Resource
    roles: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Inventory:
    """The facts of all accounts.

    ``compute`` by account and table; ``missing`` by account and table; ``reports`` are rows of the credential report by
    the user's ARN; ``managed`` are ids of instances that Systems Manager knows; ``console`` are (account, region) with
    the serial console on; ``center`` is Identity Center, ``services`` what is trusted in the organisation.
    """

    compute: dict[tuple[str, str], list[Compute]] = field(default_factory=lambda: defaultdict(list))
    missing: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    reports: dict[str, Resource] = field(default_factory=dict)
    managed: set[tuple[str, str]] = field(default_factory=set)
    console: set[tuple[str, str]] = field(default_factory=set)
    profiles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    rows: dict[str, Resource] = field(default_factory=dict)
    node_roles: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    regions: dict[str, str] = field(default_factory=dict)
    pools: list[Resource] = field(default_factory=list)
    stores: list[tuple[Resource, AccountView]] = field(default_factory=list)
    center: Center | None = None
    center_missing: tuple[str, ...] = ()
    features: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    delegated: set[tuple[str, str]] = field(default_factory=set)
    organization_missing: dict[str, tuple[str, ...]] = field(default_factory=dict)
    now: str = ""
    _tried: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, views: Iterable[AccountView]) -> Inventory:
        """The facts that the views show; the organisation's own view is passed over."""
        made = cls()
        organization: AccountView | None = None
        for view in views:
            if view.account.id == ORGANIZATION:
                organization = organization or view
                continue
            organization = organization or view.organization
            made.now = made.now or view.now.isoformat()
            made._take(view)
        if organization is not None:
            made._take_organization(organization)
        else:
            made.center_missing = ("the organisation was not read",)
        return made

    def region(self, account: str) -> str:
        """The region where most of the account's things are."""
        return self.tried_regions(account)[0]

    def tried_regions(self, account: str) -> tuple[str, ...]:
        """Regions in which an actor of the account would try: its own first, then those that most accounts use."""
        known = self._tried.get(account)
        if known is None:
            usual = [region for region, _ in Counter(self.regions.values()).most_common(_TRIED)]
            own = self.regions.get(account)
            every = dict.fromkeys((*((own,) if own else ()), *usual, DEFAULT_REGION))
            known = self._tried[account] = tuple(every)[:_TRIED]
        return known

    def _take(self, view: AccountView) -> None:
        account = str(view.account.id)
        counted = Counter(
            region for (table, region), rows in view.tables.items() for _ in rows if table in _WORKLOADS
        )
        counted.pop("global", None)  # type: ignore[call-overload]
        if counted:
            self.regions[account] = max(sorted(counted), key=lambda region: counted[region])
        for table in TABLES:
            if holes := view.holes_of(table):
                self.missing[(account, table)] = tuple(hole.sentence() for hole in holes[:3])
        self._take_facts(view, account)
        for table, roles in COMPUTE.items():
            for row in view.readable(table):
                self._take_compute(row, table, roles)

    def _take_facts(self, view: AccountView, account: str) -> None:
        for row in view.readable("iam.roles"):
            for profile in _tolerant(lambda row=row: row.items("InstanceProfileList")):  # type: ignore[misc]
                self.profiles[profile.text("Arn", "")] = (
                    *self.profiles.get(profile.text("Arn", ""), ()),
                    row.arn,
                )
        for row in view.readable("iam.credential_report"):
            self.reports[row.arn] = row
        self.managed |= {
            (account, row.text("InstanceId", "")) for row in view.readable("ssm.instance_information")
        }
        for row in view.readable("ec2.serial_console"):
            if row.flag("SerialConsoleAccessEnabled", False):
                self.console.add((account, row.region))
        for row in view.readable("ecs.task_definitions"):
            self.rows[row.arn] = row
        for row in view.readable("eks.nodegroups"):
            if role := row.text("nodeRole", ""):
                self.node_roles[row.text("_parent", "")].append((role, "nodeRole"))
        self.pools += view.readable("cognito-identity.identity_pools")

    def _take_compute(self, row: Resource, table: str, roles: Roles) -> None:
        key = (str(row.account), table)
        try:
            found = tuple((arn, path) for arn, path in roles(row, self) if arn)
        except EvidenceMissing as error:
            self.missing[key] = (*self.missing.get(key, ()), error.what)
            return
        found = tuple(one for one in found if ":role/aws-service-role/" not in one[0])
        if found or table == "eks.clusters":
            self.compute[key].append(Compute(row, found))

    def _take_organization(self, view: AccountView) -> None:
        try:
            self.center = center_of(view)
        except EvidenceMissing as error:
            self.center_missing = (error.what,)
        for name, table, read in (
            ("features", "iam.organizations_features", _features),
            ("services", "organizations.service_access", _services),
        ):
            try:
                setattr(self, name, frozenset(read(view.rows(table))))
            except EvidenceMissing as error:
                self.organization_missing[name] = (error.what,)
        for row in view.readable("organizations.delegated_administrators"):
            for service in row.items("Services"):
                self.delegated.add((row.text("Id", ""), service.text("ServicePrincipal", "")))


def _features(rows: Iterable[Resource]) -> Iterator[str]:
    for row in rows:
        yield from row.texts("EnabledFeatures")


def _services(rows: Iterable[Resource]) -> Iterator[str]:
    for row in rows:
        yield row.text("ServicePrincipal", "")


def _tolerant(read: Callable[[], tuple[Resource, ...]]) -> tuple[Resource, ...]:
    try:
        return read()
    except EvidenceMissing:
        return ()


# --- the roles of each table -------------------------------------------------------------------------------------------


def _profile(path: str) -> Roles:
    def roles(row: Resource, inventory: Inventory) -> Iterator[tuple[str, str]]:
        given = row.document(path, absent=None)
        if given is None:
            return
        arn, name = given.text("Arn", ""), given.text("Name", "")
        for profile, found in inventory.profiles.items():
            own = profile.split(":")[4:5] == [str(row.account)]
            if profile == arn or (own and name and profile.rpartition("/")[2] == name):
                yield from ((role, path) for role in found)

    return roles


def _configured(row: Resource, inventory: Inventory) -> Iterator[tuple[str, str]]:
    """A launch configuration names its profile by name or ARN."""
    given = row.text("IamInstanceProfile", "")
    for profile, found in inventory.profiles.items():
        own = profile.split(":")[4:5] == [str(row.account)]
        if given and (profile == given or (own and profile.rpartition("/")[2] == given)):
            yield from ((role, "IamInstanceProfile") for role in found)


def _at(path: str) -> Roles:
    def roles(row: Resource, _: Inventory) -> Iterator[tuple[str, str]]:
        yield row.text(path, ""), path

    return roles


def _service(row: Resource, inventory: Inventory) -> Iterator[tuple[str, str]]:
    definition = inventory.rows.get(row.text("taskDefinition", ""))
    if definition is not None:
        yield definition.text("taskRoleArn", ""), "taskDefinition"


def _cluster(row: Resource, inventory: Inventory) -> Iterator[tuple[str, str]]:
    yield from inventory.node_roles.get(row.arn, ())


def _anywhere(row: Resource, _: Inventory) -> Iterator[tuple[str, str]]:
    for arn in row.texts("roleArns"):
        yield arn, "roleArns"


COMPUTE: Final[Mapping[str, Roles]] = {
    "ec2.instances": _profile("IamInstanceProfile"),
    "ec2.launch_template_versions": _profile("LaunchTemplateData.IamInstanceProfile"),
    "autoscaling.launch_configurations": _configured,
    "lambda.functions": _at("Role"),
    "ecs.task_definitions": _at("taskRoleArn"),
    "ecs.services": _service,
    "eks.clusters": _cluster,
    "rolesanywhere.profiles": _anywhere,
}
"""The tables of what runs with roles."""

TABLES: Final = (
    *COMPUTE,
    *("iam.credential_report", "ssm.instance_information", "ec2.serial_console", "eks.nodegroups"),
    "cognito-identity.identity_pools",
)
"""The tables that are read here, beside those of ``Access``, Identity Center's and the organisation's."""

_WORKLOADS: Final = frozenset(COMPUTE) | {
    "sqs.queues",
    "sns.topics",
    "dynamodb.tables",
    "secretsmanager.secrets",
}
