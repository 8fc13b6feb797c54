"""Makes the rows of the access matrix: the layers of each principal's policies put together, equal ones once.

Meanings of the answers are in ``matrix``, what single layers say in ``policy_bits``.  Layers meet like this: everywhere
where all allow everywhere; somewhere where one of them allows only somewhere and all others everywhere (its
resource is the witness; of two such layers nobody knows whether they meet); perhaps where all perhaps allow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import NamedTuple

from watchword.analysis.iam.access import Access, Identity
from watchword.analysis.iam.attached import CARRIERS
from watchword.analysis.iam.bits import ActionBits, Bits
from watchword.analysis.iam.expression import Values
from watchword.analysis.iam.matrix_row import NOTHING, Layers, Row
from watchword.analysis.iam.policy_bits import SILENT, Drawing, Outcome, PolicyBits, Says, joined
from watchword.analysis.iam.policy_set import Policies
from watchword.analysis.iam.principals import Principal
from watchword.analysis.iam.request import ContextValue, texts_of
from watchword.analysis.iam.resource_grants import AccountGrants, Granted, grants_of

_ALWAYS = "sts:GetCallerIdentity"
_NEVER_GUARDED = "kms:RetireGrant"


def rows_of(
    identities: Sequence[Identity],
    bits: ActionBits,
    access: Access | None,
    assumed: Mapping[str, ContextValue],
) -> Iterator[Row]:
    """The rows of principals, in their order."""
    known = [_known(one, access, assumed) for one in identities]
    keys = frozenset().union(*known)
    guarded = bits.of(f"{service}:*" for service in bits.universe.rcp_services) & ~bits.of([_NEVER_GUARDED])
    by = PolicyBits(bits, keys, guarded, _single(identities))
    making = _Making(by, access, grants_of(access.carriers.values(), by) if access else {})
    for identity, context in zip(identities, known, strict=True):
        yield making.row(identity, context)


def _single(identities: Sequence[Identity]) -> frozenset[int]:
    """Ids of the policies that one principal only has."""
    counted = Counter([id(policy) for one in identities for policy in one.policies.identity])
    return frozenset([key for key, count in counted.items() if count == 1])


def _known(identity: Identity, access: Access | None, assumed: Mapping[str, ContextValue]) -> Values:
    """The context keys that are known of all requests of a principal, on whatever resource."""
    told: Mapping[str, ContextValue] = (
        access.context(identity)
        if access
        else {f"aws:PrincipalTag/{key}": value for key, value in identity.tags.items()}
    )
    known = dict(Principal.parse(identity.arn).known)
    for given in (told, assumed):
        known.update((key.lower(), texts_of(key, value)) for key, value in given.items())
    return known


def meet(one: Says, other: Says) -> Says:
    """What two layers say that must both allow."""
    return Says(
        one.everywhere & other.everywhere,
        (one.somewhere & other.everywhere) | (one.everywhere & other.somewhere),
        one.perhaps & other.perhaps,
        one.denied | other.denied,
        one.may_be_denied | other.may_be_denied,
        one.denied_by_name | other.denied_by_name,
    )


def layers_of(says: Says, always: Bits = 0) -> Layers:
    """The answers of all layers together; ``always`` are actions that no policy can deny."""
    denied = says.any_denied
    spared = says.everywhere & says.denied_by_name & ~(says.denied | says.may_be_denied)
    yes = says.everywhere & ~denied | always
    some = (says.somewhere & ~denied | spared) & ~yes
    return Layers(yes, some, says.perhaps & ~says.denied & ~yes & ~some)


class _Asked(NamedTuple):
    """Identity policies as one principal has them; equal keys say the same."""

    key: tuple[object, ...]
    drawings: tuple[tuple[Drawing, tuple[Outcome, ...]], ...]


@dataclass(slots=True)
class _Making:
    """What is shared between rows."""

    by: PolicyBits
    access: Access | None
    grants: Mapping[str, AccountGrants]
    _everything: Says = SILENT
    _always: Bits = 0
    _gates: dict[tuple[int, ...], Says] = field(default_factory=dict)
    _rows: dict[tuple[tuple[object, ...], int, int], Layers] = field(default_factory=dict)
    _kept: dict[Says, Says] = field(default_factory=dict)

    def __post_init__(self) -> None:
        every = self.by.actions.every
        self._everything = Says(every, every, every)
        self._always = self.by.actions.of([_ALWAYS])

    def row(self, identity: Identity, known: Values) -> Row:
        """The row of one principal."""
        own = by_resource = NOTHING
        if not identity.missing:
            principal = Principal.parse(identity.arn)
            limits, gate = self._limits(identity, known), self._gate(identity, principal, known)
            asked = self._asked(identity.policies.identity, known)
            own = self._own(asked, limits, gate)
            by_resource = self._by_resource(identity, principal, known, (asked, limits, gate))
        return Row(
            identity.arn,
            identity.kind,
            identity.account,
            identity.name,
            own,
            by_resource,
            identity.missing,
            self._unread(identity),
            self.by.actions,
        )

    def _asked(self, policies: Policies, known: Values) -> _Asked:
        """The identity policies with the answers of this principal."""
        drawings = [self.by.policy(one) for one in policies]
        outcomes = [self.by.outcomes(one, known) for one in drawings]
        key = tuple([(id(one), told) for one, told in zip(policies, outcomes, strict=True)])
        return _Asked(key, tuple(zip(drawings, outcomes, strict=True)))

    def _said(self, asked: _Asked) -> Says:
        return joined([self.by.answered(*one) for one in asked.drawings])

    def _own(self, asked: _Asked, limits: Says, gate: Says) -> Layers:
        key = (asked.key, id(limits), id(gate))
        found = self._rows.get(key)
        if found is None:
            met = meet(self._said(asked), self._met((limits, gate)))
            found = self._rows[key] = layers_of(met, self._always)
        return found

    def _limits(self, identity: Identity, known: Values) -> Says:
        """Boundary and session policies."""
        layers = [one for one in (identity.policies.boundary, identity.policies.session) if one is not None]
        return self._met([self.by.asked(self.by.layer(one), known) for one in layers])

    def _gate(self, identity: Identity, principal: Principal, known: Values) -> Says:
        """SCPs and RCPs, which service-linked roles are free of (3.2, 3.3)."""
        if principal.is_service_linked:
            return self._everything
        levels = identity.policies.scps or ()
        said = [self.by.asked(self.by.layer(level), known) for level in levels]
        rcps, missing = self._rcps_of(identity)
        if missing:
            said.append(self._keep(Says(*self._everything[:3], may_be_denied=self.by.rcp_actions)))
        elif rcps:
            bounded = identity.policies.boundary is not None
            policies = [one for level in rcps for one in level]
            denied = self.by.guardrail(policies, principal, known, bounded=bounded)
            said.append(self._keep(Says(*self._everything[:3], *denied[3:])))
        return self._met(said)

    def _met(self, said: Sequence[Says]) -> Says:
        key = tuple([id(one) for one in said])
        found = self._gates.get(key)
        if found is None:
            limiting = [one for one in said if one is not self._everything] or [self._everything]
            found = self._gates[key] = reduce(meet, limiting)
        return found

    def _keep(self, says: Says) -> Says:
        return self._kept.setdefault(says, says)

    def _rcps_of(self, identity: Identity) -> tuple[tuple[Policies, ...], tuple[str, ...]]:
        """The RCPs of the principal's own account, and what of them was not read."""
        if self.access is None:
            return identity.policies.rcps or (), ()
        above = self.access.control.get(identity.account)
        return (above.rcps or (), above.rcps_missing) if above else ((), ())

    def _unread(self, identity: Identity) -> tuple[str, ...]:
        """What of the resource's side was not read."""
        if self.access is None:
            return ()
        grants = self.grants.get(identity.account)
        tables = self.access.missing.get(identity.account, {})
        found = [sentence for table, _ in CARRIERS for sentence in tables.get(table, ())]
        found += grants.missing if grants else ()
        found += self._rcps_of(identity)[1]
        return tuple(dict.fromkeys(found))

    def _by_resource(
        self, identity: Identity, principal: Principal, known: Values, says: tuple[_Asked, Says, Says]
    ) -> Layers:
        """10.1, 10.2: named directly, boundary and session policies do not limit by silence; by its role, they do."""
        grants = self.grants.get(identity.account)
        granted = (
            grants.granted(principal, known, bounded=identity.policies.boundary is not None)
            if grants
            else None
        )
        if granted is None or not (granted.directly or granted.by_role):
            return NOTHING
        return _by_grant(granted, self._said(says[0]), *says[1:])


def _by_grant(granted: Granted, asked: Says, limits: Says, gate: Says) -> Layers:
    denied = asked.any_denied | limits.any_denied | gate.any_denied
    never = asked.denied | limits.denied | gate.denied
    surely = granted.directly_surely | granted.by_role_surely & limits.everywhere
    perhaps = granted.directly | granted.by_role & limits.perhaps
    some = surely & gate.everywhere & ~denied
    return Layers(0, some, perhaps & gate.perhaps & ~never & ~some)
