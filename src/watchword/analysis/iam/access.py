"""Who there is in an organisation and everything that limits each: identities, resources and control policies together.

``Access`` is built from the views of a snapshot, account by account, and gives the ``PolicySet`` for an identity and a
resource, whatever accounts they are of.  Evidence that is missing is kept with the identity or resource that lacks it, so
that an answer about it is *unknown* and names the hole.  What somebody may do is decided in ``evaluate``.

What this module does not see: sessions that are running, session policies, and identities outside the organisation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from watchword.analysis.iam.attached import CARRIERS, Carrier, carriers
from watchword.analysis.iam.compiled import CompiledPolicy, Library, PolicyKind
from watchword.analysis.iam.control_policies import ControlPolicies
from watchword.analysis.iam.permission_sets import SETS as PERMISSION_SETS
from watchword.analysis.iam.permission_sets import TABLES as CENTER_TABLES
from watchword.analysis.iam.permission_sets import Center, center_of, roles_of
from watchword.analysis.iam.policy import PolicyError
from watchword.analysis.iam.policy_set import Policies, PolicySet
from watchword.model.evidence import EvidenceMissing, Hole
from watchword.model.ids import ORGANIZATION, AccountId
from watchword.model.resource import Document, Resource
from watchword.model.snapshot import Account, AccountView

TABLES: Final = (
    *("iam.users", "iam.groups", "iam.roles", "iam.policies", "organizations.roots"),
    *("organizations.service_control_policies", "organizations.resource_control_policies"),
    *(table for table, _ in CARRIERS if table != "iam.roles"),
    "s3.account_public_access_block",
    *(table for table in CENTER_TABLES),
)
"""The tables that ``Access`` reads."""

_KINDS: Final = ("User", "Group", "Role")
_ROOMS: Final = {
    "elasticfilesystem": "efs",
    "es": "opensearch",
    "execute-api": "apigateway",
    "sts": "iam",
}
"""Services whose tables have another name than their ARNs say."""


_PART: Final = re.compile(
    r"(arn:[^:]+:s3:::[^/]+)/"  # an object of a bucket
    r"|(arn:[^:]+:s3:[^:]+:[^:]*:accesspoint/[^/]+)/"  # an object through an access point
    r"|(arn:[^:]+:es:[^:]*:[^:]*:domain/[^/]+)/"  # an index of a search domain
    r"|(arn:[^:]+:dynamodb:[^:]*:[^:]*:table/[^/]+)/index/"
    r"|(arn:[^:]+:lambda:[^:]*:[^:]*:function:[^:]+):"  # a version or an alias of a function
)
"""ARNs of what has no policy of its own, with the ARN of what has."""
_API: Final = re.compile(r"(arn:[^:]+):execute-api:([^:]*):[^:]*:([^/]+)")
_CATALOG: Final = re.compile(
    r"(arn:[^:]+:glue:[^:]*:[^:]*):(?:database|table|connection|userDefinedFunction)/"
)


def _whole(resource: str) -> str:
    """The ARN under which the policy stands that counts for a part; ``""`` where it is no part of anything known."""
    part = _PART.match(resource)
    if part is not None:
        return next(group for group in part.groups() if group)
    called = _API.match(resource)
    if called is not None:
        return f"{called[1]}:apigateway:{called[2]}::/restapis/{called[3]}"
    catalog = _CATALOG.match(resource)
    return f"{catalog[1]}:catalog" if catalog is not None else ""


class IdentityKind(StrEnum):
    """Kinds of identities of a snapshot."""

    USER = "user"
    ROLE = "role"
    GROUP = "group"
    """Not a principal: what its members have by it."""
    PERMISSION_SET = "permission set"
    """The role that a permission set of Identity Center becomes in an account, where IAM did not show that role."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A user, role, group or permission set of an account.

    ``policies`` are its own layers and its account's SCPs, without any resource; names of compiled policies tell where
    each comes from (``policy AdministratorAccess of group admins``).  ``trust`` is a role's trust policy.  ``missing``
    says what could not be read of it: if there is anything, what it may do is not known.
    """

    arn: str
    kind: IdentityKind
    account: AccountId
    name: str
    row: Resource
    policies: PolicySet
    trust: CompiledPolicy | None = None
    missing: tuple[str, ...] = ()

    @property
    def tags(self) -> Mapping[str, str]:
        """Its tags, which are ``aws:PrincipalTag/…`` of its requests."""
        return self.row.tags


@dataclass(frozen=True, slots=True)
class Access:
    """Identities, resources with policies, and accounts, by ARN and id."""

    identities: Mapping[str, Identity]
    carriers: Mapping[str, Carrier]
    accounts: Mapping[str, Account]
    organization_id: str
    missing: Mapping[str, Mapping[str, tuple[str, ...]]]
    """What was not read of each account, by table."""
    control: Mapping[str, ControlPolicies] = field(repr=False)
    """The control policies above each account."""

    @classmethod
    def of(cls, views: Iterable[AccountView], library: Library | None = None) -> Access:
        """Everything that the views show; views of the organisation itself are passed over."""
        building = _Building(Library() if library is None else library)
        for view in views:
            if view.account.id != ORGANIZATION:
                building.add(view)
        return building.access()

    def principals(self) -> Iterator[Identity]:
        """The identities that can make requests: all but groups."""
        return (one for one in self.identities.values() if one.kind is not IdentityKind.GROUP)

    def find(self, name: str) -> tuple[Identity, ...]:
        """Identities by ARN, by ``account/name`` (id or name of the account), or by name."""
        if name in self.identities:
            return (self.identities[name],)
        before, _, last = name.rpartition("/")
        return tuple(one for one in self.identities.values() if one.name == last and self._is_in(one, before))

    def _is_in(self, identity: Identity, account: str) -> bool:
        known = self.accounts.get(identity.account)
        return not account or account in {identity.account, known.name if known else ""}

    def policies(self, identity: Identity | None, resource: str, account: str = "") -> PolicySet:
        """The policies for an identity (``None``: somebody without any of the organisation's) and a resource.

        ``account`` is the resource's where neither its ARN nor the snapshot tells it.
        """
        return self.on(identity.policies if identity else PolicySet(), resource, account)

    def on(self, base: PolicySet, resource: str, account: str = "") -> PolicySet:
        """The policies of a principal's side (``base``) on a resource, with those of the resource's side."""
        carrier = self.carrier(resource)
        above = self.control.get(self.owner(resource) or account)
        return base.on(
            carrier.policy if carrier else None,
            above.rcps if above else None,
            carrier.public_access_block if carrier else None,
        )

    def carrier(self, resource: str) -> Carrier | None:
        """The resource whose policy counts for an ARN: itself, or what the ARN is a part of (the bucket of an object)."""
        found = self.carriers.get(resource)
        if found is None:
            return self.carriers.get(_whole(resource))
        return found

    def owner(self, resource: str) -> str:
        """The account that owns a resource: as the snapshot or the ARN tells; ``""`` where neither does."""
        carrier = self.carrier(resource)
        if carrier is not None:
            return carrier.row.account
        parts = resource.split(":", 5)
        return parts[4] if len(parts) == 6 and parts[4].isdigit() else ""

    def missing_of(self, identity: Identity | None, resource: str = "", account: str = "") -> tuple[str, ...]:
        """What is not known of the policies for an identity and a resource; empty where everything is.

        ``account`` is the resource's where neither its ARN nor the snapshot tells it.
        """
        found = list(identity.missing) if identity else []
        if resource and resource != "*":
            carrier, owner = self.carrier(resource), self.owner(resource)
            above = self.control.get(owner or account)
            found += carrier.missing if carrier else self._unread(resource, owner)
            found += above.rcps_missing if above else ()
        return tuple(dict.fromkeys(found))

    def _unread(self, resource: str, owner: str) -> tuple[str, ...]:
        """Tables in which the resource would stand and that were not read, of its account or, where not known, of all."""
        if owner and owner not in self.accounts:
            return (f"account {owner} is not in the snapshot: policies of its resources were not read",)
        service = resource.split(":", 3)[2] if resource.count(":") >= 3 else ""
        tables = [table for table, _ in CARRIERS if table.partition(".")[0] == _ROOMS.get(service, service)]
        accounts = [owner] if owner else list(self.accounts)
        return tuple(
            sentence
            for account in accounts
            for table in tables
            for sentence in self.missing.get(account, {}).get(table, ())
        )

    def unread_identities(self, account: str = "") -> tuple[str, ...]:
        """What was not read of users and roles, of an account or of all: principals may be there that are not seen."""
        accounts = [account] if account else list(self.accounts)
        return tuple(
            sentence
            for one in accounts
            for table in ("iam.users", "iam.roles")
            for sentence in self.missing.get(one, {}).get(table, ())
        )

    def context(self, identity: Identity) -> dict[str, str]:
        """The context keys of the identity's requests that the snapshot tells."""
        account = self.accounts.get(identity.account)
        known = {f"aws:PrincipalTag/{key}": value for key, value in identity.tags.items()}
        known["aws:PrincipalArn"] = identity.arn
        if self.organization_id:
            known["aws:PrincipalOrgID"] = self.organization_id
            if account and account.ou_ids:
                known["aws:PrincipalOrgPaths"] = "/".join((self.organization_id, *account.ou_ids, ""))
        return known


@dataclass(slots=True)
class _Building:
    """What is gathered of one account after the other."""

    shelf: Library
    identities: dict[str, Identity] = field(default_factory=dict)
    carriers: dict[str, Carrier] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    missing: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    control: dict[str, ControlPolicies] = field(default_factory=dict)
    organization_id: str = ""

    def access(self) -> Access:
        return Access(
            self.identities,
            self.carriers,
            self.accounts,
            self.organization_id,
            self.missing,
            self.control,
        )

    def add(self, view: AccountView) -> None:
        """Take in one account."""
        account = view.account.id
        self.accounts[account] = view.account
        self.organization_id = self.organization_id or _organization_of(view)
        control = ControlPolicies.of(view, self.shelf)
        self.control[account] = control
        self.carriers.update((one.arn, one) for one in carriers(view, self.shelf))
        made = _AccountIdentities(view, self.shelf, control)
        for identity in made.all():
            self.identities[identity.arn] = identity
        holes = {table: tuple(hole.sentence() for hole in _holes(view, table)) for table in TABLES}
        holes[PERMISSION_SETS] += tuple(made.missing)
        self.missing[account] = {table: found for table, found in holes.items() if found}


def _holes(view: AccountView, table: str) -> tuple[Hole, ...]:
    seen = view.organization if table.startswith(("organizations.", "sso-admin.")) else view
    return seen.holes_of(table) if seen is not None else ()


def _organization_of(view: AccountView) -> str:
    try:
        rows = view.of_organization().rows("organizations.organization")
        return rows[0].text("Id") if rows else ""
    except EvidenceMissing:
        return ""


@dataclass(slots=True)
class _AccountIdentities:
    """The identities of one account."""

    view: AccountView
    shelf: Library
    control: ControlPolicies
    groups: dict[str, Resource] = field(default_factory=dict)
    managed: dict[str, Resource] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    """What could not be read of permission sets, which then have no identity here."""

    def __post_init__(self) -> None:
        self.groups = {row.name: row for row in self.view.readable("iam.groups")}
        self.managed = {row.arn: row for row in self.view.readable("iam.policies")}

    def all(self) -> Iterator[Identity]:
        """Every identity whose table was read."""
        tables = (
            ("iam.users", IdentityKind.USER),
            ("iam.groups", IdentityKind.GROUP),
            ("iam.roles", IdentityKind.ROLE),
        )
        for table, kind in tables:
            for row in self.view.readable(table):
                yield self.identity(row, kind, self.managed)
        yield from self._permission_sets()

    def identity(self, row: Resource, kind: IdentityKind, managed: Mapping[str, Resource]) -> Identity:
        """The identity of a row, with what is missing of it."""
        gathered = _Gathered(self.shelf, managed)
        policies = tuple(gathered.own(row, ""))
        for name in gathered.texts(row, "GroupList"):
            group = self.groups.get(name)
            if group is None:
                gathered.missing.append(f"group {name} of {row.where} is not among the groups that were read")
            else:
                policies += tuple(gathered.own(group, f" of group {name}"))
        boundary = gathered.boundary(row)
        trust = gathered.document(row, "AssumeRolePolicyDocument", PolicyKind.RESOURCE, row.arn)
        return Identity(
            arn=row.arn,
            kind=kind,
            account=self.view.account.id,
            name=row.name,
            row=row,
            policies=PolicySet(identity=policies, boundary=boundary, scps=self.control.scps),
            trust=trust if kind is IdentityKind.ROLE else None,
            missing=(*gathered.missing, *self.control.scps_missing),
        )

    def _permission_sets(self) -> Iterator[Identity]:
        """The roles of assigned permission sets that IAM did not show (it shows them where they were provisioned)."""
        try:
            center = center_of(self.view)
        except EvidenceMissing:
            return  # a hole of its tables, which stands among those of the account
        if center is None:
            return
        shown = {row.name for row in self.view.readable("iam.roles")}
        try:
            for role, managed in _unshown(center, self.view, shown):
                yield self.identity(role, IdentityKind.PERMISSION_SET, {**self.managed, **managed})
        except EvidenceMissing as error:
            self.missing.append(error.what)


def _unshown(
    center: Center, view: AccountView, shown: set[str]
) -> Iterator[tuple[Resource, Mapping[str, Resource]]]:
    for role, managed in roles_of(center, view):
        prefix = f"AWSReservedSSO_{role.name}_"
        if not any(name.startswith(prefix) for name in shown):
            yield role, managed


@dataclass(slots=True)
class _Gathered:
    """The policies of an identity as they are found, and what could not be."""

    shelf: Library
    managed: Mapping[str, Resource]
    missing: list[str] = field(default_factory=list)

    def own(self, row: Resource, of: str) -> Iterator[CompiledPolicy]:
        """Inline and attached policies; ``of`` names the group, for people."""
        for kind in _KINDS:
            for inline in self._items(row, f"{kind}PolicyList"):
                name = f"inline policy {inline.text('PolicyName', '?')}{of}"
                found = self.document(inline, "PolicyDocument", PolicyKind.IDENTITY, name)
                if found is not None:
                    yield found
        for attached in self._items(row, "AttachedManagedPolicies"):
            name = f"policy {attached.text('PolicyName', '?')}{of}"
            found = self._attached(attached.text("PolicyArn", "?"), PolicyKind.IDENTITY, name)
            if found is not None:
                yield found

    def boundary(self, row: Resource) -> Policies | None:
        """The permissions boundary; an unread one is missing and allows nothing."""
        try:
            told = row.document("PermissionsBoundary", absent=None)
        except EvidenceMissing as error:
            self.missing.append(error.what)
            return ()
        if told is None or not told.data:
            return None
        arn = told.text("PermissionsBoundaryArn", "?")
        found = self._attached(arn, PolicyKind.BOUNDARY, f"permissions boundary {arn.rpartition('/')[2]}")
        return () if found is None else (found,)

    def document(self, row: Document, path: str, kind: PolicyKind, name: str) -> CompiledPolicy | None:
        """The policy at a path; ``None`` where there is none, or where it is missing."""
        try:
            found = row.document(path, absent=None)
            return self.shelf.compile(found.data, kind, name) if found is not None else None
        except EvidenceMissing as error:
            self.missing.append(error.what)
        except PolicyError as error:
            self.missing.append(f"{name} of {row.where}: {error}")
        return None

    def _attached(self, arn: str, kind: PolicyKind, name: str) -> CompiledPolicy | None:
        row = self.managed.get(arn)
        if row is None:
            self.missing.append(f"policy {arn} is in use and not among the policies that were read")
            return None
        return self.document(row, "Document", kind, name)

    def texts(self, row: Resource, path: str) -> tuple[str, ...]:
        """The texts at a path; none where they are missing."""
        try:
            return row.texts(path)
        except EvidenceMissing as error:
            self.missing.append(error.what)
            return ()

    def _items(self, row: Resource, path: str) -> tuple[Document, ...]:
        try:
            return row.items(path)
        except EvidenceMissing as error:
            self.missing.append(error.what)
            return ()
