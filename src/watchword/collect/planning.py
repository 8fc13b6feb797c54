"""What to collect: the accounts of the organisation, the regions of each, the services; narrowed as the user asked.

Steps:

1. Who asks (sts:GetCallerIdentity).
2. The organisation's accounts, if the caller may list them (management or delegated administrator account); else only
   the caller's own account, with a warning that says so.
3. Accounts that are not active are left out, with a warning; then the user's choice of accounts.
4. The role of each account is assumed and its enabled regions are asked for; an account whose role cannot be assumed
   stays in the plan, so that its holes can be told.
5. Regions that are not enabled are left out (there is nothing in them); regions that the user left out are kept as such.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, Final

from watchword.aws import Caller
from watchword.collect.paths import items_at
from watchword.collect.source import Call, CallFailed, For, Source
from watchword.errors import UsageError
from watchword.model.evidence import HoleReason
from watchword.model.ids import GLOBAL, ORGANIZATION, AccountId, Region
from watchword.model.snapshot import Account
from watchword.store.plan import PlannedAccount

_DEPTH: Final = 6
"""Organisational units nest at most five deep below the root.
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html"""


DEFAULT_REGIONS: Final = tuple(
    Region(one)
    for one in (
        "ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-southeast-1 ap-southeast-2 ca-central-1 "
        "eu-central-1 eu-north-1 eu-west-1 eu-west-2 eu-west-3 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2"
    ).split()
)
"""The regions that are enabled in every account.
https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html"""

_Path = tuple[tuple[str, ...], tuple[str, ...]]
"""Names and ids of the organisational units above an account, the root first."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What the user wants to have assessed; empty means all.

    ``accounts``: ids, names, or patterns of names (``prod-*``).   ``organization``: the whole organisation, or the
    caller's own account only; ``None``: as the caller may.   ``trust_config_counts``: leave lists away of which AWS
    Config has counted that they are empty (see ``collect.pruning``).
    """

    accounts: tuple[str, ...] = ()
    regions: tuple[Region, ...] = ()
    services: tuple[str, ...] = ()
    organization: bool | None = None
    trust_config_counts: bool = False

    def to_json(self) -> dict[str, Any]:
        """The scope as it stands in the manifest."""
        return {
            "accounts": list(self.accounts),
            "regions": list(self.regions),
            "services": list(self.services),
            "organization": self.organization,
            "trust_config_counts": self.trust_config_counts,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """What is going to be collected.

    ``refused``: accounts that cannot be entered, and why.   ``excluded``: accounts that the user left out.
    """

    caller: Caller
    accounts: tuple[PlannedAccount, ...]
    services: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    refused: Mapping[AccountId, CallFailed] = field(default_factory=dict)
    excluded: tuple[Account, ...] = ()


def make_plan(source: Source, scope: Scope, known: Sequence[str], threads: int) -> Plan:
    """The plan for a scope; ``known`` are the services that can be read.

    Raises:
        UsageError: the scope names an account, a region or a service that does not exist.
        CredentialsError: the caller is not known to AWS.
    """
    services = _chosen_services(scope, known)
    caller = source.caller()
    listed = _accounts(source, caller, scope)
    active = [one for one in listed.accounts if one.status == "ACTIVE"]
    warnings = list(listed.warnings)
    warnings += [
        f"account {one.label} is {one.status.lower()} and is not read"
        for one in listed.accounts
        if one not in active
    ]
    chosen = _chosen_accounts(scope, active)
    entered = _with_regions(source, caller, chosen, threads)
    planned, warnings = entered.planned, warnings + entered.warnings
    _refuse_unknown_regions(scope, planned)
    if listed.is_organization:
        planned.append(_organization(planned, caller))
    narrowed = tuple(_narrowed(one, scope) for one in planned)
    left_out = tuple(one for one in active if one not in chosen)
    return Plan(caller, narrowed, services, tuple(warnings), entered.refused, left_out)


def _chosen_services(scope: Scope, known: Sequence[str]) -> tuple[str, ...]:
    unknown = [one for one in scope.services if one not in known]
    if unknown:
        raise UsageError(
            f"there is no service {', '.join(unknown)} to collect", remedy=f"choose from: {', '.join(known)}"
        )
    return tuple(one for one in known if not scope.services or one in scope.services)


@dataclass(frozen=True, slots=True)
class _Listed:
    """The accounts that can be read, whether they are the organisation's, and what has to be said about them."""

    accounts: tuple[Account, ...]
    is_organization: bool
    warnings: tuple[str, ...] = ()


def _accounts(source: Source, caller: Caller, scope: Scope) -> _Listed:
    if scope.organization is False:
        alone = (Account(caller.account),)
        return _Listed(alone, False, (f"only account {caller.account} is read, as asked",))
    try:
        found = list(_listed(source))
    except CallFailed as failed:
        if scope.organization:
            raise UsageError(
                f"the organisation's accounts could not be listed: {failed.said}",
                where=caller.arn,
                remedy="use the management account or a delegated administrator, or leave --org away",
            ) from failed
        return _alone(source, failed)
    paths, warnings = _paths(source)
    management = _management_account(source)
    placed = tuple(_placed(one, paths.get(one.id, ((), ())), management) for one in found)
    return _Listed(placed, True, warnings)


def _alone(source: Source, failed: CallFailed) -> _Listed:
    alone = tuple(Account(one) for one in source.alone())
    said = (
        f"only {', '.join(one.id for one in alone)} read: the organisation's accounts could not be listed "
        f"({failed.said}); the management account or a delegated administrator may list them"
    )
    return _Listed(alone, False, (said,))


def _placed(account: Account, path: _Path, management: str) -> Account:
    return replace(account, path=path[0], ou_ids=path[1], is_management=account.id == management)


def _listed(source: Source) -> Iterator[Account]:
    for one in _all(source, "ListAccounts", "Accounts"):
        # AWS replaces the field Status by State.
        # https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html
        status = _text(one, "State", "") or _text(one, "Status", "ACTIVE")
        yield Account(AccountId(_text(one, "Id")), _text(one, "Name", ""), _text(one, "Email", ""), status)


def _management_account(source: Source) -> str:
    try:
        found = source.first(_organizations("DescribeOrganization")).get("Organization")
        return _text(found, "MasterAccountId", "") if isinstance(found, Mapping) else ""
    except CallFailed:
        return ""


def _paths(source: Source) -> tuple[dict[AccountId, _Path], tuple[str, ...]]:
    """The chain of organisational units above each account: names and ids."""
    found: dict[AccountId, _Path] = {}
    try:
        for root in _all(source, "ListRoots", "Roots"):
            _descend(source, ((_text(root, "Name", "Root"),), (_text(root, "Id"),)), found, 0)
    except CallFailed as failed:
        return found, (f"the organisational units could not be read ({failed.said})",)
    return found, ()


def _descend(source: Source, path: _Path, found: dict[AccountId, _Path], depth: int) -> None:
    parent = {"ParentId": path[1][-1]}
    for account in _all(source, "ListAccountsForParent", "Accounts", parent):
        found[AccountId(_text(account, "Id"))] = path
    if depth >= _DEPTH:
        return
    for unit in _all(source, "ListOrganizationalUnitsForParent", "OrganizationalUnits", parent):
        below = ((*path[0], _text(unit, "Name")), (*path[1], _text(unit, "Id")))
        _descend(source, below, found, depth + 1)


def _all(
    source: Source, operation: str, key: str, params: Mapping[str, str] | None = None
) -> Iterator[Mapping[str, Any]]:
    for page in source.pages(_organizations(operation, params)):
        for item in items_at(page, key):
            if not isinstance(item, Mapping):
                raise CallFailed(HoleReason.MALFORMED, "", f"{operation} gave no list of {key}")
            yield item


def _text(found: Mapping[str, Any], name: str, absent: str | None = None) -> str:
    value = found.get(name, absent)
    if not isinstance(value, str):
        raise CallFailed(HoleReason.MALFORMED, "", f"an answer of AWS Organizations has no {name}")
    return value


def _organizations(operation: str, params: Mapping[str, str] | None = None) -> Call:
    made_for = For.ROW if params else For.TABLE
    return Call(ORGANIZATION, GLOBAL, "organizations", operation, params or {}, made_for)


def _chosen_accounts(scope: Scope, active: Sequence[Account]) -> list[Account]:
    for wanted in scope.accounts:
        if not any(_fits(one, wanted) for one in active):
            names = ", ".join(one.label for one in active[:12])
            raise UsageError(
                f"there is no active account {wanted!r}", remedy=f"accounts that can be read: {names}"
            )
    return [
        one for one in active if not scope.accounts or any(_fits(one, wanted) for wanted in scope.accounts)
    ]


def _fits(account: Account, wanted: str) -> bool:
    return wanted == account.id or fnmatchcase(account.name, wanted)


@dataclass(slots=True)
class _Entered:
    """The accounts with their regions; those that cannot be entered, and why; what has to be said."""

    planned: list[PlannedAccount] = field(default_factory=list)
    refused: dict[AccountId, CallFailed] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def _with_regions(source: Source, caller: Caller, accounts: Sequence[Account], threads: int) -> _Entered:
    """Each account with its enabled regions; those of which AWS does not say get the caller's."""
    made = _Entered()
    try:
        own, _ = source.regions(caller.account)
    except CallFailed as failed:
        own = DEFAULT_REGIONS
        made.warnings.append(
            f"the enabled regions could not be read ({failed.said}): AWS's default ones are taken"
        )
    with ThreadPoolExecutor(max(1, threads), "watchword-plan") as pool:
        entered = list(pool.map(lambda one: _enter(source, caller, one, own), accounts))
    for account, outcome in zip(accounts, entered, strict=True):
        if not isinstance(outcome, CallFailed):
            made.planned.append(PlannedAccount(account, outcome))
            continue
        made.planned.append(PlannedAccount(account, own))
        if outcome.reason in {HoleReason.NOT_ASSUMED, HoleReason.ABSENT}:
            made.refused[account.id] = outcome
        made.warnings.append(f"account {account.label}: {outcome.said}")
    return made


def _enter(
    source: Source, caller: Caller, account: Account, own: tuple[Region, ...]
) -> tuple[Region, ...] | CallFailed:
    if account.id == caller.account:
        return own
    try:
        source.enter(account.id)
        return source.regions(account.id)[0]
    except CallFailed as failed:
        return failed


def _refuse_unknown_regions(scope: Scope, planned: Sequence[PlannedAccount]) -> None:
    enabled = {region for one in planned for region in one.regions}
    unknown = [region for region in scope.regions if region not in enabled and region != GLOBAL]
    if unknown and enabled:
        raise UsageError(
            f"region {', '.join(unknown)} is not enabled in any account that is read",
            remedy=f"enabled are: {', '.join(sorted(enabled))}",
        )


def _organization(planned: Sequence[PlannedAccount], caller: Caller) -> PlannedAccount:
    """The organisation as a pseudo account, in the caller's regions."""
    regions = next((one.regions for one in planned if one.account.id == caller.account), ())
    everywhere = regions or tuple(sorted({region for one in planned for region in one.regions}))
    return PlannedAccount(Account(ORGANIZATION, "organisation"), everywhere)


def _narrowed(planned: PlannedAccount, scope: Scope) -> PlannedAccount:
    if not scope.regions:
        return planned
    kept = tuple(one for one in planned.regions if one in scope.regions)
    excluded = tuple(one for one in planned.regions if one not in scope.regions)
    return replace(planned, regions=kept, excluded=excluded)
