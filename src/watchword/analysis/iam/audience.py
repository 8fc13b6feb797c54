"""Who may stand behind a request, as sets that only ever shrink.

A ``Who`` is a set of callers: an audience, and where known its accounts, organisations, services and providers.  A
``Requirement`` is what a condition asks of the caller; ``restrict`` gives the part of the set that can fulfil it.  The
sets are upper bounds: a ``Who`` that is not ``certain`` may be smaller in truth, never larger.

This module does not read policies (see ``narrowing`` for conditions and ``exposure`` for statements).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from typing import Final

from watchword.model.evidence import EvidenceMissing
from watchword.model.ids import AccountId
from watchword.model.snapshot import AccountView


class Audience(IntEnum):
    """Kinds of callers, narrowest first: the numbers order."""

    OWN_ACCOUNT = 1
    """Principals of the account that owns the resource."""
    BOUND_SERVICE = 2
    """An AWS service on behalf of a named source (``aws:SourceArn``, ``aws:SourceAccount``, ``aws:SourceOrgID``)."""
    ORGANIZATION = 3
    """Principals of the own organisation."""
    SERVICE = 4
    """An AWS service on behalf of anyone, or of a named source outside the organisation (then ``accounts`` has it)."""
    FEDERATED = 5
    """Users of a named identity provider."""
    NAMED_OUTSIDE = 6
    """Principals of named accounts or organisations outside the own organisation."""
    NETWORK = 7
    """Whoever comes from a named VPC, endpoint or address range, signed in or not."""
    ANY_ACCOUNT = 8
    """Everybody who has any AWS account."""
    ANONYMOUS = 9
    """Everybody."""

    @property
    def words(self) -> str:
        """The audience in words for people."""
        return _WORDS[self]


_WORDS = {
    Audience.OWN_ACCOUNT: "its own account",
    Audience.BOUND_SERVICE: "an AWS service on behalf of a named source",
    Audience.ORGANIZATION: "the organisation",
    Audience.SERVICE: "an AWS service",
    Audience.FEDERATED: "users of a named identity provider",
    Audience.NAMED_OUTSIDE: "named accounts outside the organisation",
    Audience.NETWORK: "whoever comes from a named network",
    Audience.ANY_ACCOUNT: "every AWS account",
    Audience.ANONYMOUS: "everybody",
}
_OPEN = frozenset({Audience.ANONYMOUS, Audience.ANY_ACCOUNT, Audience.NETWORK})

SELF = "self"
"""Stands among names of organisations for the own one, whose id may not be known (``${aws:ResourceOrgID}``)."""


@dataclass(frozen=True, slots=True)
class Home:
    """The own side: whose resource it is.

    ``organization`` is the id (``o-…``) or ``""`` where it is not known or the account stands alone; ``accounts`` are
    the ids of the organisation's accounts (of an account that stands alone: its own), ``None`` where not known; ``canonical_users`` are canonical user
    ids of own accounts (S3); ``resource`` is the ARN of the resource that carries the policy, where known.
    """

    account: str
    organization: str = ""
    accounts: frozenset[AccountId] | None = None
    canonical_users: frozenset[str] = frozenset()
    resource: str = ""

    @classmethod
    def of(cls, view: AccountView, resource: str = "", canonical_users: frozenset[str] = frozenset()) -> Home:
        """The own side of a view; reads ``organizations.organization`` and ``organizations.accounts``.

        Where the organisation was not read, it is unknown, and what depends on it will not be certain.
        """
        try:
            above = view.of_organization()
            rows = above.rows("organizations.organization")
            organization = rows[0].text("Id") if rows else ""
            accounts = _accounts_of(above) | {view.account.id}
        except EvidenceMissing:
            return cls(view.account.id, "", None, canonical_users, resource)
        return cls(view.account.id, organization, accounts, canonical_users, resource)

    def is_member(self, account: str) -> bool | None:
        """Whether the account is of the own organisation; ``None`` where its accounts are not known."""
        if account == self.account:
            return True
        return None if self.accounts is None else account in self.accounts


_Accounts = tuple[object, frozenset[AccountId]]
_LAST: Final[list[_Accounts]] = []
"""The tables of the organisation that was asked for last, with its accounts: one organisation is asked for thousands of
times in a run, and may have thousands of accounts."""


def _accounts_of(organization: AccountView) -> frozenset[AccountId]:
    known = next((accounts for tables, accounts in _LAST if tables is organization.tables), None)
    if known is None:
        known = organization.organization_accounts()
        _LAST[:] = [(organization.tables, known)]
    return known


@dataclass(frozen=True, slots=True)
class Who:
    """A set of callers.

    ``accounts`` and ``organizations`` are those outside that are named (``BOUND_SERVICE``, ``SERVICE``: the sources),
    ``services`` service principals, ``providers`` identity providers.  ``narrowed_by`` are the conditions that made the
    set smaller, in words.  ``certain`` is false where a condition could not be judged.
    """

    audience: Audience
    accounts: frozenset[str] = frozenset()
    organizations: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset()
    narrowed_by: tuple[str, ...] = ()
    certain: bool = True

    def doubted(self) -> Who:
        """The same set, but perhaps smaller in truth."""
        return replace(self, certain=False)


class Demand(StrEnum):
    """What a condition asks of the caller."""

    NOTHING = "nothing"
    """It is not about who (encryption in transit, prefixes, tags of the resource), or everybody can fulfil it."""
    UNKNOWN = "unknown"
    """It cannot be told whom it lets through."""
    NEVER = "never"
    """No request fulfils it."""
    SIGNED = "signed"
    """The caller is signed in, in whatever account."""
    ACCOUNTS = "accounts"
    """The caller is of one of ``names``."""
    NOT_ACCOUNTS = "not_accounts"
    """The caller is of none of ``names``."""
    ORGANIZATIONS = "organizations"
    """The caller's account is in one of the organisations ``names``."""
    NETWORK = "network"
    """The request comes from a named network."""
    SOURCE = "source"
    """An AWS service calls on behalf of one of the accounts ``names`` (``""``: a named resource of unknown account)."""
    SOURCE_ORGANIZATIONS = "source_organizations"
    """An AWS service calls on behalf of one of the organisations ``names``."""
    SERVICE = "service"
    """The caller is an AWS service."""
    UNSIGNED_OR_SERVICE = "unsigned_or_service"
    """The caller is an AWS service, or does not sign at all."""
    SUBJECT = "subject"
    """The identity provider vouches for a named subject or tenant."""
    DELEGATED = "delegated"
    """The request comes through an access point of one of the accounts ``names``, whose own policy then decides."""
    LOOSE = "loose"
    """Whoever lacks the key gets through: no narrower for the widest audiences, not certain for named callers."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """A demand with its names, and the condition that it comes from."""

    demand: Demand
    names: frozenset[str] = frozenset()
    condition: str = ""
    certain: bool = field(default=True)


def restrict(who: Who, requirement: Requirement, home: Home) -> tuple[Who, ...]:
    """The part of ``who`` that can fulfil the requirement; empty where nobody can."""
    if requirement.demand is Demand.NOTHING:
        return (who,)
    if requirement.demand is Demand.NEVER:
        return ()
    parts = tuple(_PARTS.get(requirement.demand, _unknown)(who, requirement, home))
    if requirement.demand is Demand.LOOSE:
        # Who lacks the key gets through, so that nothing was narrowed where the audience is that wide.
        return tuple(part if part == who else _noted(part, requirement) for part in parts)
    return tuple(_noted(part, requirement) for part in parts)


def _noted(who: Who, requirement: Requirement) -> Who:
    if requirement.condition in who.narrowed_by:
        return replace(who, certain=who.certain and requirement.certain)
    by = (*who.narrowed_by, requirement.condition) if requirement.condition else who.narrowed_by
    return replace(who, narrowed_by=by, certain=who.certain and requirement.certain)


def _unknown(who: Who, requirement: Requirement, home: Home) -> Iterator[Who]:  # noqa: ARG001
    yield who.doubted()


def _signed(who: Who, requirement: Requirement, home: Home) -> Iterator[Who]:  # noqa: ARG001
    yield replace(who, audience=Audience.ANY_ACCOUNT) if who.audience is Audience.ANONYMOUS else who


def _in_accounts(who: Who, requirement: Requirement, home: Home) -> Iterator[Who]:
    names = requirement.names
    if who.audience in _OPEN:
        yield from named(names, home, who)
    elif who.audience is Audience.OWN_ACCOUNT:
        if home.account in names:
            yield who
    elif who.audience is Audience.ORGANIZATION:
        if any(home.is_member(name) is not False for name in names):
            yield who
    elif _has_known_accounts(who):
        if who.accounts & names:
            yield replace(who, accounts=who.accounts & names)
    else:
        # Services and federated users have no account; a foreign organisation's accounts are not known.
        yield who.doubted()


def _has_known_accounts(who: Who) -> bool:
    """Whether the accounts are all that there is to it; canonical users, for one, have accounts that are not known."""
    outside = who.audience is Audience.NAMED_OUTSIDE and not who.organizations
    return outside and bool(who.accounts) and all(account.isdigit() for account in who.accounts)


def _not_in_accounts(who: Who, requirement: Requirement, home: Home) -> Iterator[Who]:
    names = requirement.names
    if _has_known_accounts(who):
        if who.accounts - names:
            yield replace(who, accounts=who.accounts - names)
    elif who.audience is not Audience.OWN_ACCOUNT or home.account not in names:
        yield who


def _in_organizations(who: Who, requirement: Requirement, home: Home) -> Iterator[Who]:
    foreign = requirement.names - {home.organization, SELF}
    own = len(foreign) < len(requirement.names)
    if who.audience in _OPEN:
        if own:
            yield replace(who, audience=Audience.ORGANIZATION)
        if foreign:
            outside = replace(who, audience=Audience.NAMED_OUTSIDE, organizations=frozenset(foreign))
            yield outside if home.organization else outside.doubted()
    elif who.audience in {Audience.OWN_ACCOUNT, Audience.ORGANIZATION}:
        if own or not home.organization:
            yield who if home.organization else who.doubted()
    elif who.audience is Audience.NAMED_OUTSIDE:
        yield from _outside_in_organizations(who, frozenset(foreign), home)
    else:
        yield who.doubted()


def _outside_in_organizations(who: Who, foreign: frozenset[str], home: Home) -> Iterator[Who]:
    if who.organizations and home.organization:
        both = who.organizations & foreign
        if both:
            yield replace(who, organizations=both)
    elif foreign or home.accounts is None or not home.organization:
        # Which accounts a foreign organisation has is not known, nor, perhaps, those of the own.
        yield who.doubted()


def _from_network(who: Who, requirement: Requirement, home: Home) -> Iterator[Who]:  # noqa: ARG001
    wide = who.audience in {Audience.ANONYMOUS, Audience.ANY_ACCOUNT}
    yield replace(who, audience=Audience.NETWORK) if wide else who


def _for_source(who: Who, requirement: Requirement, home: Home) -> Iterator[Who]:
    if who.audience in _OPEN | {Audience.SERVICE}:
        yield from _sources(who, requirement.names, home)
    else:
        # A service acts under its own principal; that the named principals ever carry a source is not to be expected.
        yield who if who.audience is Audience.BOUND_SERVICE else who.doubted()


def _sources(who: Who, names: frozenset[str], home: Home) -> Iterator[Who]:
    known = who.accounts if who.audience is Audience.SERVICE else frozenset()
    names = names & known if known else names
    outside = frozenset(name for name in names if name and home.is_member(name) is not True)
    if names - outside:
        yield replace(who, audience=Audience.BOUND_SERVICE, accounts=frozenset())
    if outside:
        abroad = replace(who, audience=Audience.SERVICE, accounts=outside)
        yield abroad if home.accounts is not None else abroad.doubted()


def _for_source_organization(who: Who, requirement: Requirement, home: Home) -> Iterator[Who]:
    if who.audience not in _OPEN | {Audience.SERVICE}:
        yield who if who.audience is Audience.BOUND_SERVICE else who.doubted()
        return
    foreign = requirement.names - {home.organization, SELF}
    if len(foreign) < len(requirement.names):
        yield replace(who, audience=Audience.BOUND_SERVICE, accounts=frozenset())
    if foreign:
        abroad = replace(who, audience=Audience.SERVICE, organizations=frozenset(foreign))
        yield abroad if home.organization else abroad.doubted()


def _is_service(who: Who, requirement: Requirement, home: Home) -> Iterator[Who]:  # noqa: ARG001
    if who.audience in _OPEN:
        yield replace(who, audience=Audience.SERVICE)
    elif who.audience in {Audience.SERVICE, Audience.BOUND_SERVICE}:
        yield who


def _is_unsigned_or_service(who: Who, requirement: Requirement, home: Home) -> Iterator[Who]:
    if who.audience in {Audience.ANONYMOUS, Audience.NETWORK}:
        yield who
    else:
        yield from _is_service(who, requirement, home)


def _has_subject(who: Who, requirement: Requirement, home: Home) -> Iterator[Who]:  # noqa: ARG001
    if who.providers:
        yield replace(who, audience=Audience.FEDERATED)
    else:
        yield who.doubted()


def _through_access_point(who: Who, requirement: Requirement, home: Home) -> Iterator[Who]:
    if who.audience in _OPEN:
        yield from named(requirement.names, home, who)
    else:
        yield who


def _loose(who: Who, requirement: Requirement, home: Home) -> Iterator[Who]:  # noqa: ARG001
    yield who if who.audience >= Audience.ANY_ACCOUNT else who.doubted()


_PARTS = {
    Demand.SIGNED: _signed,
    Demand.ACCOUNTS: _in_accounts,
    Demand.NOT_ACCOUNTS: _not_in_accounts,
    Demand.ORGANIZATIONS: _in_organizations,
    Demand.NETWORK: _from_network,
    Demand.SOURCE: _for_source,
    Demand.SOURCE_ORGANIZATIONS: _for_source_organization,
    Demand.SERVICE: _is_service,
    Demand.UNSIGNED_OR_SERVICE: _is_unsigned_or_service,
    Demand.SUBJECT: _has_subject,
    Demand.DELEGATED: _through_access_point,
    Demand.LOOSE: _loose,
}


def named(accounts: frozenset[str], home: Home, who: Who) -> Iterator[Who]:
    """``who`` narrowed to the principals of ``accounts``: the own one, others of the organisation, those outside."""
    outside = frozenset(account for account in accounts if not home.is_member(account))
    if home.account in accounts:
        yield replace(who, audience=Audience.OWN_ACCOUNT, accounts=frozenset())
    if accounts - outside - {home.account}:
        yield replace(who, audience=Audience.ORGANIZATION, accounts=frozenset())
    if outside:
        abroad = replace(who, audience=Audience.NAMED_OUTSIDE, accounts=outside)
        yield abroad if home.accounts is not None else abroad.doubted()


def merged(parts: Iterable[Who]) -> tuple[Who, ...]:
    """One set for each audience and certainty, with the names of all, narrowest first."""
    found: dict[tuple[Audience, bool, tuple[str, ...], bool], Who] = {}
    for one in parts:
        key = (one.audience, one.certain, one.narrowed_by, bool(one.accounts or one.organizations))
        other = found.get(key)
        found[key] = _union(other, one) if other else one
    return tuple(found[key] for key in sorted(found))


def _union(one: Who, other: Who) -> Who:
    return replace(
        one,
        accounts=one.accounts | other.accounts,
        organizations=one.organizations | other.organizations,
        services=one.services | other.services,
        providers=one.providers | other.providers,
    )
