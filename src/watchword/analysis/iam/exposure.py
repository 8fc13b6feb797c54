"""Who outside may use what a resource policy or a trust policy opens: the answer, statement by statement.

For every Allow, in this order:

1. Its principals make sets of callers (``audience.Who``).  A service that refuses unsigned requests turns everybody
   into every AWS account.
2. Each condition keeps the part of each set that can fulfil it.
3. Each Deny that covers the action and the resource keeps the part that it does not catch.
4. What remains is an ``Exposure``.  It is ``CERTAIN``, or ``CONDITIONAL`` where a condition could not be judged: then
   the audience is an upper bound, and neither public nor private may be claimed.

What this module does not do: identity policies, boundaries, service and resource control policies, whether single
principals exist, and the switches of services beside the policy (S3 Block Public Access, endpoints inside a VPC).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from watchword.analysis.iam.audience import Audience, Demand, Home, Requirement, Who, merged, named, restrict
from watchword.analysis.iam.narrowing import demanded, escaped
from watchword.analysis.iam.policy import Policy, Principals, Statement, includes, matches

SIGNED_ONLY: Final = frozenset(
    (
        "kms",
        "sts",
        "secretsmanager",
        "ecr",
        "backup",
        "events",
        "glue",
        "iam",
        "dynamodb",
        "kinesis",
        "ssm",
        "codeartifact",
    )
)
"""Services that answer no unsigned request, so that their ``*`` means every AWS account."""

SHARED_PROVIDERS: Final = frozenset(
    (
        "token.actions.githubusercontent.com",
        "gitlab.com",
        "app.terraform.io",
        "accounts.google.com",
        "www.amazon.com",
    )
) | frozenset(
    ("graph.facebook.com", "cognito-identity.amazonaws.com", "agent.buildkite.com", "oidc.vercel.com")
)
"""Identity providers of which everybody can be a user: only claims tell the company's users from the rest."""

ELB_LOG_ACCOUNTS: Final = (
    frozenset(
        (
            "127311923021",
            "033677994240",
            "027434742980",
            "797873946194",
            "098369216593",
            "754344448648",
            "589379963580",
        )
    )
    | frozenset(
        (
            "718504428378",
            "383597477331",
            "600734575887",
            "114774131450",
            "783225319266",
            "582318560864",
            "985666609251",
        )
    )
    | frozenset(
        (
            "054676820928",
            "156460612806",
            "652711504416",
            "635631232127",
            "009996457667",
            "897822967062",
            "076674570225",
        )
    )
    | frozenset(("507241528517",))
)
"""AWS's own accounts from which load balancers write access logs, one a region.

Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
"""

_DELETED: Final = ("AIDA", "AROA", "AGPA", "ANPA", "ASIA")
"""A principal that was deleted stands in the policy as its unique id, and lets nobody in."""


class Certainty(StrEnum):
    """Whether an exposure is exactly so."""

    CERTAIN = "certain"
    CONDITIONAL = "conditional"
    """At most so: a condition could not be judged."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """What one Allow opens to one audience.

    ``statement`` counts from 0; ``actions`` are as written (``not …`` for NotAction); ``accounts`` and
    ``organizations`` are the outside ones that are named; ``narrowed_by`` are the conditions that decided, in words,
    and ``moot`` those of the statement that do not say who.
    """

    statement: int
    sid: str
    audience: Audience
    certainty: Certainty
    actions: tuple[str, ...]
    accounts: frozenset[str] = frozenset()
    organizations: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset()
    narrowed_by: tuple[str, ...] = ()
    moot: tuple[str, ...] = ()

    @property
    def is_certain(self) -> bool:
        """Whether the audience is exactly so."""
        return self.certainty is Certainty.CERTAIN

    @property
    def is_public(self) -> bool:
        """Whether everybody, or everybody with any AWS account, is the audience (at most, if conditional)."""
        return self.audience >= Audience.ANY_ACCOUNT

    @property
    def is_outside(self) -> bool:
        """Whether anyone outside the organisation is in the audience, be it named or behind a service."""
        return (
            self.is_public
            or self.audience is Audience.NAMED_OUTSIDE
            or bool(self.accounts or self.organizations)
        )

    @property
    def sentence(self) -> str:
        """The exposure in words: ``statement 'Read' lets everybody do s3:GetObject``."""
        label = f"statement {self.sid!r}" if self.sid else f"statement {self.statement + 1}"
        who = ", ".join(sorted(self.accounts | self.organizations | self.services)) or self.audience.words
        some = ", ".join(self.actions[:3]) + (", …" if len(self.actions) > 3 else "")
        perhaps = "" if self.is_certain else "perhaps "
        left = f" (narrowed by {'; '.join(self.narrowed_by)})" if self.narrowed_by else ""
        moot = f" ({'; '.join(self.moot)} does not narrow who)" if self.moot and self.is_public else ""
        return f"{label} {perhaps}lets {who} do {some}{left}{moot}"


def exposures(policy: Policy, home: Home) -> tuple[Exposure, ...]:
    """Everything that the policy opens, in the order of its statements, narrowest audience first."""
    return tuple(_exposure(one, who) for one in policy.allows for who in _audiences(one, policy, home))


def widest(found: Iterable[Exposure]) -> Exposure | None:
    """The exposure with the widest audience, a certain one before a conditional one; ``None`` where there is none."""
    return max(found, key=lambda one: (one.audience, one.is_certain), default=None)


def _exposure(statement: Statement, who: Who) -> Exposure:
    return Exposure(
        statement=statement.index,
        sid=statement.sid,
        audience=who.audience,
        certainty=Certainty.CERTAIN if who.certain else Certainty.CONDITIONAL,
        actions=statement.actions or tuple(f"not {action}" for action in statement.not_actions),
        accounts=who.accounts,
        organizations=who.organizations,
        services=who.services,
        providers=who.providers,
        narrowed_by=who.narrowed_by,
        moot=tuple(word for word in map(str, statement.conditions) if word not in who.narrowed_by),
    )


def _audiences(statement: Statement, policy: Policy, home: Home) -> tuple[Who, ...]:
    allowed = list(_named(statement, home))
    for condition in statement.conditions:
        asked = demanded(condition, statement, home)
        allowed = [part for who in allowed for part in restrict(who, asked, home)]
    if statement.unknown:
        allowed = [who.doubted() for who in allowed]
    left: list[Who] = []
    for denies in _denies_by_cell(statement, policy, home):
        left += _undenied(merged(allowed), denies, home)
    return merged(left)


# --- step 1: principals ----------------------------------------------------------------------------------------------


def _named(statement: Statement, home: Home) -> Iterator[Who]:
    if statement.not_principals is not None:
        yield Who(_everyone(statement))
    principals = statement.principals
    if principals is None:
        return
    if principals.everyone:
        yield Who(_everyone(statement))
    yield from _aws(principals.aws, home)
    if principals.service:
        yield Who(Audience.SERVICE, services=frozenset(principals.service))
    for provider in principals.federated:
        yield Who(_provider_audience(provider), providers=frozenset((provider,)))
    for user in principals.canonical:
        own = user in home.canonical_users
        yield (
            Who(Audience.OWN_ACCOUNT)
            if own
            else Who(Audience.NAMED_OUTSIDE, frozenset((user,)), certain=False)
        )


def _everyone(statement: Statement) -> Audience:
    actions = [action.lower() for action in statement.actions]
    if actions and all(action.startswith("elasticfilesystem:client") for action in actions):
        # NFS clients reach a file system through its mount targets only, which stand in a VPC.
        return Audience.NETWORK
    signed = actions and all(_is_signed_only(action) for action in actions)
    return Audience.ANY_ACCOUNT if signed else Audience.ANONYMOUS


def _is_signed_only(action: str) -> bool:
    if action.startswith("lambda:"):
        return not matches(action, "lambda:invokefunctionurl")
    unsigned = {"sts:assumerolewithsaml", "sts:assumerolewithwebidentity"}
    return action.partition(":")[0] in SIGNED_ONLY and not any(matches(action, one) for one in unsigned)


def _aws(principals: tuple[str, ...], home: Home) -> Iterator[Who]:
    accounts: set[str] = set()
    for principal in principals:
        account = _account_of(principal)
        if "user/CloudFront Origin Access Identity" in principal:
            yield Who(Audience.BOUND_SERVICE, services=frozenset((principal.rpartition("/")[2],)))
        elif account in ELB_LOG_ACCOUNTS:
            yield Who(Audience.SERVICE, services=frozenset(("elasticloadbalancing.amazonaws.com",)))
        elif account.isdigit():
            accounts.add(account)
        elif account == "*":
            yield Who(Audience.ANY_ACCOUNT)
        elif not principal.startswith(_DELETED):
            yield Who(Audience.NAMED_OUTSIDE, frozenset((principal,)), certain=False)
    yield from named(frozenset(accounts), home, Who(Audience.ANY_ACCOUNT))


def _account_of(principal: str) -> str:
    if principal.isdigit() and len(principal) == 12:
        return principal
    parts = principal.split(":", 5)
    return parts[4] if len(parts) == 6 else ""


def _provider_audience(provider: str) -> Audience:
    host = provider.rpartition(":oidc-provider/")[2].partition("/")[0].lower()
    return Audience.ANONYMOUS if host in SHARED_PROVIDERS else Audience.FEDERATED


# --- step 3: denies --------------------------------------------------------------------------------------------------

_OF_BUCKET: Final = ("s3:getbucket", "s3:putbucket", "s3:listbucket")

_Ways = tuple[Requirement, ...]
"""The ways round one Deny: who fulfils one of them is not caught."""


def _denies_by_cell(statement: Statement, policy: Policy, home: Home) -> frozenset[tuple[_Ways, ...]]:
    """For each action and resource of the Allow the denies that cover it, each as the ways round it."""
    ways = [(deny, tuple(_ways_round(deny, home))) for deny in policy.denies]
    closing = [(deny, way) for deny, way in ways if not any(one.demand is Demand.NOTHING for one in way)]
    resources = list(_resources(statement, home))
    cells = [(action, resource) for action in statement.actions or ("",) for resource in resources]
    return frozenset(
        tuple(way for deny, way in closing if _covers(deny, action, resource, statement))
        for action, resource in [cell for cell in cells if _can_meet(*cell)] or cells
    )


def _can_meet(action: str, resource: str) -> bool:
    """Whether S3 has the action for the resource: objects have a slash in their ARN, buckets have none."""
    plain = "*" not in action and "?" not in action and "*" not in resource.partition("/")[0]
    if not (
        plain and action.lower().startswith("s3:") and resource.startswith("arn:") and ":s3:::" in resource
    ):
        return True
    words = action.lower()
    of_object = ("object" in words or "multipartupload" in words) and not words.startswith(_OF_BUCKET)
    return of_object == ("/" in resource)


def _resources(statement: Statement, home: Home) -> Iterator[str]:
    if not statement.resources or not home.resource:
        yield from statement.resources or ("",)
        return
    own = (home.resource, f"{home.resource}/*") if ":s3:" in home.resource else (home.resource,)
    for pattern in statement.resources:
        yield from (one for one in own) if all(includes(pattern, one) for one in own) else (pattern,)


def _covers(deny: Statement, action: str, resource: str, allow: Statement) -> bool:
    return _covers_action(deny, action, allow) and _covers_resource(deny, resource)


def _covers_action(deny: Statement, action: str, allow: Statement) -> bool:
    if "*" in deny.actions:
        return True
    if not action or deny.not_actions:
        return bool(deny.not_actions) and _excepts_nothing_of(deny.not_actions, action, allow)
    return any(includes(pattern.lower(), action.lower()) for pattern in deny.actions)


def _excepts_nothing_of(excepted: tuple[str, ...], action: str, allow: Statement) -> bool:
    if not action:
        return set(excepted) <= set(allow.not_actions)
    # Plain to see only where the action is spelled out; a pattern may overlap what is excepted.
    return (
        "*" not in action
        and "?" not in action
        and not any(matches(one.lower(), action.lower()) for one in excepted)
    )


def _covers_resource(deny: Statement, resource: str) -> bool:
    if deny.not_resources:
        return False
    return (
        not deny.resources
        or "*" in deny.resources
        or any(includes(one, resource) for one in deny.resources if resource)
    )


def _ways_round(deny: Statement, home: Home) -> Iterator[Requirement]:
    for condition in deny.conditions:
        yield escaped(condition, deny, home)
    if deny.not_principals is not None:
        yield from _unnamed(deny.not_principals)
    elif deny.principals is not None and not deny.principals.everyone:
        whole = frozenset(_whole_accounts(deny.principals))
        yield Requirement(Demand.NOT_ACCOUNTS, whole, deny.label) if whole else Requirement(Demand.NOTHING)
    elif not deny.conditions:
        yield Requirement(Demand.NEVER, condition=deny.label)


def _unnamed(principals: Principals) -> Iterator[Requirement]:
    accounts = frozenset(filter(str.isdigit, map(_account_of, principals.aws)))
    yield Requirement(Demand.ACCOUNTS, accounts, "Deny with NotPrincipal")
    if principals.service:
        yield Requirement(Demand.SERVICE, condition="Deny with NotPrincipal")
    if principals.everyone or principals.federated or principals.canonical:
        yield Requirement(Demand.NOTHING)


def _whole_accounts(principals: Principals) -> Iterator[str]:
    for principal in principals.aws:
        if principal.isdigit() or principal.endswith(":root"):
            yield _account_of(principal)


def _undenied(allowed: tuple[Who, ...], denies: tuple[_Ways, ...], home: Home) -> list[Who]:
    left = list(allowed)
    for ways in denies:
        left = list(merged(part for who in left for way in ways for part in restrict(who, way, home)))
    return left
