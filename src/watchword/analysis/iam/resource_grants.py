"""What policies of resources grant to principals of their own account, whatever the principals' own policies say.

Within an account a resource's policy that names a user, a role or everybody grants alone (10.1, 10.2 of
docs/iam-evaluation.md); one that names the account only lets the account's own policies decide, and adds nothing to them,
and so does any policy across accounts (10.6).  Statements with the same principals and conditions are asked together,
once for each principal.  Sessions that are named by their own ARN are not seen: a snapshot shows no sessions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from watchword.analysis.iam.attached import BUCKETS, Carrier
from watchword.analysis.iam.bits import Bits
from watchword.analysis.iam.conditions import Question
from watchword.analysis.iam.expression import Values
from watchword.analysis.iam.policy_bits import ANY, PolicyBits, element_of, naming, questions_hold
from watchword.analysis.iam.principals import Named, Principal, PrincipalElement
from watchword.analysis.iam.statements import CompiledStatement

_SERVICES: Final = {
    "iam.roles": ("sts",),
    "efs.file_systems": ("elasticfilesystem",),
    "opensearch.domains": ("es",),
    "apigateway.rest_apis": ("execute-api",),
}
"""Services whose actions a table's policies are about, where the table's own name does not say it."""


class Granted(NamedTuple):
    """Sets of actions: granted by naming the principal directly, or its role; ``…surely`` on one resource at least."""

    directly: Bits = 0
    directly_surely: Bits = 0
    by_role: Bits = 0
    by_role_surely: Bits = 0


@dataclass(slots=True)
class _Group:
    """Allow statements of an account's resources that name the same principals under the same conditions."""

    element: PrincipalElement
    questions: tuple[Question, ...]
    perhaps: Bits = 0
    surely: Bits = 0


_Key = tuple[PrincipalElement, tuple[Question, ...]]


@dataclass(slots=True)
class AccountGrants:
    """The grants of one account's resources.  ``missing`` says of which the policy is not known."""

    bits: PolicyBits
    missing: list[str] = field(default_factory=list)
    _groups: dict[_Key, _Group] = field(default_factory=dict)
    _wide: list[_Group] = field(default_factory=list)
    _by_name: dict[str, list[_Group]] = field(default_factory=dict)

    def add(self, carrier: Carrier) -> None:
        """Take in one resource."""
        self.missing += carrier.missing
        if carrier.policy is None:
            return
        statements = carrier.policy.statements
        about = 0
        for service in services_of(carrier):
            about |= self.bits.actions.of_service(service)
        denied = 0
        for one in statements:
            if not one.allows:
                denied |= self.bits.actions_of(one)
        for one in statements:
            element = element_of(one) if one.allows else None
            if element is not None:
                actions = self.bits.actions_of(one) & about
                certain = not carrier.missing and _has_witness(one, carrier)
                self._add(element, one.questions, actions, actions & ~denied if certain else 0)

    def _add(
        self, element: PrincipalElement, questions: tuple[Question, ...], perhaps: Bits, surely: Bits
    ) -> None:
        group = self._groups.get((element, questions))
        if group is None:
            group = self._groups[element, questions] = _Group(element, questions)
            if element.everyone or element.is_exclusion or element.canonical:
                self._wide.append(group)
            else:
                for name in element.names:
                    self._by_name.setdefault(name, []).append(group)
        group.perhaps |= perhaps
        group.surely |= surely

    def granted(self, principal: Principal, known: Values, *, bounded: bool) -> Granted:
        """What the account's resources grant to one of its principals of whom ``known`` is known."""
        direct = direct_surely = role = role_surely = 0
        for group in self._naming(principal):
            named, certain = naming(group.element, principal, known, bounded=bounded)
            held = questions_hold(group.questions, known) if named >= Named.ROLE else False
            if held is False:
                continue
            surely = group.surely if held and certain else 0
            if named is Named.DIRECT:
                direct |= group.perhaps
                direct_surely |= surely
            else:
                role |= group.perhaps
                role_surely |= surely
        return Granted(direct, direct_surely, role, role_surely)

    def _naming(self, principal: Principal) -> Iterator[_Group]:
        yield from self._wide
        for name in (*principal.direct, *principal.roles):
            yield from self._by_name.get(name, ())


def grants_of(carriers: Iterable[Carrier], bits: PolicyBits) -> dict[str, AccountGrants]:
    """The grants of all resources, by account."""
    found: dict[str, AccountGrants] = {}
    for carrier in carriers:
        account = carrier.row.account
        if account not in found:
            found[account] = AccountGrants(bits)
        found[account].add(carrier)
    return found


def services_of(carrier: Carrier) -> tuple[str, ...]:
    """The services whose actions a resource's policy can be about."""
    return _SERVICES.get(carrier.row.table, (carrier.row.table.partition(".")[0],))


def _has_witness(statement: CompiledStatement, carrier: Carrier) -> bool:
    """Whether the statement certainly covers the resource, or something in it: its text fits its own pattern."""
    told = statement.statement
    if told.not_resources:
        return False
    if ANY in told.resources or not told.has_resources:
        return True
    inside = f"{carrier.arn}/"
    in_bucket = carrier.row.table == BUCKETS[0]
    return any(
        "${" not in one and (one == carrier.arn or (in_bucket and one.startswith(inside)))
        for one in told.resources
    )
