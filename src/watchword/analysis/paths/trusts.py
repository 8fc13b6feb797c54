"""Who may take a role: edges from trust policies, both sides evaluated, and where those from outside begin.

For every statement of a trust policy that allows taking the role, whomever it names is asked for: identities of the
snapshot (with their own policies, SCPs and the role's RCPs), whole accounts inside and outside, everybody, identity
providers.  For somebody outside, their own side is taken to allow it: they decide on that themselves.

Services are not drawn: what they run with a role is (``runs-as``), and techniques ask what a role trusts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from watchword.analysis.iam.access import Access, Identity
from watchword.analysis.iam.compiled import compile_policy
from watchword.analysis.iam.evaluate import evaluate
from watchword.analysis.iam.expression import Value
from watchword.analysis.iam.layers import Placed, Said
from watchword.analysis.iam.policy import Principals
from watchword.analysis.iam.policy_set import PolicySet
from watchword.analysis.iam.principals import PrincipalError
from watchword.analysis.iam.request import ContextValue, Request
from watchword.analysis.paths.actors import Actor, Actors
from watchword.analysis.paths.edges import (
    ANY_ACCOUNT,
    UNKNOWN,
    Edge,
    Hold,
    Node,
    NodeKind,
)
from watchword.analysis.paths.holds import Holds
from watchword.analysis.paths.inventory import Inventory
from watchword.model.estate import Estate

PATH: Final = "AssumeRolePolicyDocument"
ASSUME: Final = "sts:AssumeRole"
SAML: Final = "sts:AssumeRoleWithSAML"
WEB: Final = "sts:AssumeRoleWithWebIdentity"
COGNITO: Final = "cognito-identity.amazonaws.com"
_STRANGER: Final = "000000000000"
_SOMEBODY: Final = "+anybody"
_PRINCIPAL_KEYS: Final = (
    *("aws:principalarn", "aws:username", "aws:userid", "aws:principaltag", "aws:principaltype"),
)
_OTHERS: Final = "another organisation"
_OPEN: Final = PolicySet(
    identity=(compile_policy({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}, "identity"),)
)
"""The side of somebody outside, who allows themselves everything."""


@dataclass(frozen=True, slots=True)
class Named:
    """Whom the statements of a trust policy name that allow an action."""

    everyone: bool = False
    accounts: frozenset[str] = frozenset()
    arns: frozenset[str] = frozenset()
    federated: tuple[str, ...] = ()
    services: frozenset[str] = frozenset()


def named(role: Identity, action: str) -> Named:
    """Whom a role's trust policy names for an action; ``NotPrincipal`` names everybody."""
    everyone = False
    accounts: set[str] = set()
    arns: set[str] = set()
    federated: dict[str, None] = {}
    services: set[str] = set()
    for statement in role.trust.statements if role.trust else ():
        if not statement.allows or not statement.covers(action.lower()):
            continue
        told = statement.statement
        listed = told.principals or Principals(everyone=told.not_principals is not None)
        everyone = everyone or listed.everyone
        for one in listed.aws:
            account = one if one.isdigit() else one.split(":")[4] if one.endswith(":root") else ""
            (accounts if account else arns).add(account or one)
        federated.update(dict.fromkeys(listed.federated))
        services.update(listed.service)
    return Named(everyone, frozenset(accounts), frozenset(arns), tuple(federated), frozenset(services))


@dataclass(slots=True)
class Trusts:
    """Makes the edges to roles.  ``nodes`` are those of outsiders, as they are found."""

    access: Access
    actors: Actors
    holds: Holds
    inventory: Inventory
    estate: Estate
    by_account: Mapping[str, list[Actor]]
    nodes: dict[str, Node] = field(default_factory=dict)
    _apart: dict[str, bool] = field(default_factory=dict)
    _named: dict[tuple[str, str], Named] = field(default_factory=dict)

    def edges(self, role: Identity) -> Iterator[Edge]:
        """Every edge to a role: from identities, from outside, from providers."""
        if role.trust is None:
            missing = self.access.missing_of(None, role.arn) or role.missing
            if missing:
                self.nodes.setdefault(UNKNOWN, Node(UNKNOWN, NodeKind.UNKNOWN, "whoever was not read"))
                yield Edge(UNKNOWN, role.arn, "sts-assume-role", unknown=missing)
            return
        whom = self.whom(role)
        yield from self._inside(role, whom)
        yield from self._outside(role, whom)
        for action, technique in (
            (SAML, "sts-assume-role-with-saml"),
            (WEB, "sts-assume-role-with-web-identity"),
        ):
            for provider in self.whom(role, action).federated:
                yield from self._federated(role, provider, action, technique)

    # --- inside the organisation ---------------------------------------------------------------------------------------

    def _inside(self, role: Identity, whom: Named) -> Iterator[Edge]:
        bit = self.actors.alphabet.mask(frozenset({ASSUME.lower()}))
        listed = {arn for arn in whom.arns if arn in self.access.identities}
        listed |= {role_of_session(arn) for arn in whom.arns}
        for account, actors in self.by_account.items():
            own = account == str(role.account)
            whole = whom.everyone or account in whom.accounts
            if not whole and not any(f":{account}:" in arn for arn in listed):
                continue
            for actor in actors:
                is_listed = bool(listed) and (actor.identity.arn in listed or self._is_short(actor, listed))
                # Named directly in the same account, nobody needs a permission of their own.
                may = bool(actor.may & bit) or (own and (is_listed or whom.everyone))
                if may and (whole or is_listed) and actor.identity.arn != role.arn:
                    yield from self.taking(actor, role)

    def _is_short(self, actor: Actor, listed: set[str]) -> bool:
        """Sessions' ARNs do not tell the role's path."""
        arn = actor.identity.arn
        return f"{arn.partition(':role/')[0]}:role/{actor.identity.name}" in listed

    def taking(self, actor: Actor, role: Identity) -> Iterator[Edge]:
        """The edge of an actor that takes a role, if it may."""
        given = {"aws:RequestedRegion": self.inventory.region(actor.account)}
        key = actor.identity.arn if self._tells_apart(role) else "class"
        answer = self.actors.ask(actor, ASSUME, role.arn, given=given, key=key)
        if answer.value is False:
            return
        stages: tuple[tuple[Hold, ...], ...] = (self.holds.of_resource(role.row, PATH, answer.theirs),)
        if answer.needs_own:
            stages += (self.holds.of_identity(actor.identity, answer.own),)
        yield Edge(
            actor.identity.arn,
            role.arn,
            "sts-assume-role",
            answer.value,
            tuple(stage for stage in stages if stage),
            unknown_of(self.access, role),
        )

    def whom(self, role: Identity, action: str = ASSUME) -> Named:
        """``named``, remembered."""
        key = (role.arn, action)
        known = self._named.get(key)
        if known is None:
            known = self._named[key] = named(role, action)
        return known

    def _tells_apart(self, role: Identity) -> bool:
        """Whether the trust policy, or an RCP, asks for more of the principal than its account."""
        known = self._apart.get(role.arn)
        if known is None:
            policies = self.access.policies(None, role.arn)
            asks = any(key.startswith(_PRINCIPAL_KEYS) for key in policies.keys)
            known = self._apart[role.arn] = asks or bool(self.whom(role).arns)
        return known

    # --- outside --------------------------------------------------------------------------------------------------------

    def _outside(self, role: Identity, whom: Named) -> Iterator[Edge]:
        if whom.everyone:
            arn = f"arn:aws:iam::{_STRANGER}:user/{_SOMEBODY}"
            yield from self._stranger(role, arn, Node(ANY_ACCOUNT, NodeKind.ANY_ACCOUNT, "any AWS account"))
        for account in sorted(whom.accounts):
            if account not in self.access.accounts:
                arn = f"arn:aws:iam::{account}:user/{_SOMEBODY}"
                yield from self._stranger(role, arn, self._outsider(account))
        for arn in sorted(whom.arns):
            parts = arn.split(":")
            if len(parts) >= 6 and parts[4] not in self.access.accounts:
                yield from self._stranger(role, arn, self._outsider(parts[4]))

    def _outsider(self, account: str) -> Node:
        partners = {str(number): name for number, name in self.estate.partners.items()}
        label = f"{partners[account]} ({account})" if account in partners else f"account {account}"
        return Node(f"outside:{account}", NodeKind.OUTSIDE, label, account)

    def _stranger(self, role: Identity, arn: str, node: Node) -> Iterator[Edge]:
        own = self.access.policies(None, role.arn)
        policies = _OPEN.on(own.resource, own.rcps, own.public_access_block)
        context: dict[str, ContextValue] = {
            "aws:PrincipalOrgID": _OTHERS,
            "aws:PrincipalOrgPaths": _OTHERS,
            "aws:CurrentTime": self.inventory.now or None,
        }
        try:
            request = Request.of(arn, ASSUME, role.arn, str(role.account), context, complete=False)
        except PrincipalError:
            return
        evaluation = evaluate(request, policies)
        yield from self._made(role, node, "sts-assume-role", evaluation.allowed_if, evaluation.said.resource)

    def _federated(self, role: Identity, provider: str, action: str, technique: str) -> Iterator[Edge]:
        if ":saml-provider/AWSSSO_" in provider:
            return  # Identity Center's own: its people and their assignments are drawn (see ``directory``)
        if provider == COGNITO:
            return  # guests: see ``guests``
        context: dict[str, ContextValue] = {"aws:CurrentTime": self.inventory.now or None}
        answer = self._of_provider(role, provider, action, context)
        label = provider.partition("-provider/")[2] or provider
        account = provider.split(":")[4] if provider.startswith("arn:") else ""
        node = Node(f"federated:{provider}", NodeKind.FEDERATED, f"whoever {label} vouches for", account)
        yield from self._made(role, node, technique, *answer)

    def _of_provider(
        self, role: Identity, provider: str, action: str, context: Mapping[str, ContextValue]
    ) -> tuple[Value, object]:
        principal = f"federated:{provider}"
        request = Request.of(principal, action, role.arn, str(role.account), context, complete=False)
        evaluation = evaluate(request, self.access.policies(None, role.arn))
        return evaluation.allowed_if, evaluation.said.resource

    def _made(self, role: Identity, node: Node, technique: str, value: Value, said: object) -> Iterator[Edge]:
        if value is False:
            return
        self.nodes.setdefault(node.id, node)
        stages = (self.holds.of_resource(role.row, PATH, allowing(said)),)
        yield Edge(node.id, role.arn, technique, value, stages, unknown_of(self.access, role))

    # --- guests of identity pools ----------------------------------------------------------------------------------------

    def guests(self) -> Iterator[Edge]:
        """Edges from identity pools to their roles; anybody is the guest where no sign-in is asked for."""
        for pool in self.inventory.pools:
            given = pool.document("Roles", absent=None)
            for way in ("authenticated", "unauthenticated"):
                role = self.access.identities.get(given.text(way, "") if given else "")
                if role is None or role.trust is None:
                    continue
                if way == "unauthenticated" and not pool.flag("AllowUnauthenticatedIdentities", False):
                    continue
                yield from self._guest(role, pool.text("IdentityPoolId", ""), pool.name, way)

    def _guest(self, role: Identity, pool: str, name: str, way: str) -> Iterator[Edge]:
        context: dict[str, ContextValue] = {
            f"{COGNITO}:aud": pool,
            f"{COGNITO}:amr": [way],
            "aws:CurrentTime": self.inventory.now or None,
        }
        node = Node(f"guest:{pool}", NodeKind.GUEST, f"guests of {name}", str(role.account))
        if way == "unauthenticated":
            node = Node("internet", NodeKind.INTERNET, "the internet")
        yield from self._made(role, node, "guest-sign-in", *self._of_provider(role, COGNITO, WEB, context))

    # --- services --------------------------------------------------------------------------------------------------------

    def by_service(self, role: Identity, service: str) -> Value:
        """Whether a service of the role's own account may take the role."""
        context: dict[str, ContextValue] = {
            "aws:SourceAccount": str(role.account),
            "aws:SourceOrgID": self.access.organization_id or None,
            "aws:CurrentTime": self.inventory.now or None,
        }
        if service.startswith("federated:"):
            return self._of_provider(role, service.removeprefix("federated:"), WEB, context)[0]
        principal = f"service:{service}"
        request = Request.of(principal, ASSUME, role.arn, str(role.account), context, complete=False)
        return evaluate(request, self.access.policies(None, role.arn)).allowed_if


def allowing(said: object) -> tuple[Placed, ...]:
    """The statements of a layer that allow, or may."""
    if not isinstance(said, Said):
        return ()
    return tuple(
        placed
        for placed, outcome in zip(said.layer.placed, said.outcomes, strict=True)
        if placed.statement.allows and outcome.value is not False
    )


def unknown_of(access: Access, role: Identity) -> tuple[str, ...]:
    """What is not known of a role's own policy and the RCPs on it."""
    return access.missing_of(None, role.arn)


def role_of_session(arn: str) -> str:
    """The role's ARN of a session's (without its path, which the session's does not tell); others are given back."""
    parts = arn.split(":", 5)
    if len(parts) == 6 and parts[2] == "sts" and parts[5].startswith("assumed-role/"):
        return f"arn:{parts[1]}:iam::{parts[4]}:role/{parts[5].split('/')[1]}"
    return arn
