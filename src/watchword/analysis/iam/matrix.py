"""The access matrix: what every principal may do, over all actions there are, after everything that limits it.

A cell is a principal and an action; its answer is about all resources and contexts at once, as far as ``evaluate`` would
decide on the principal's side: identity policies, boundary, session policies, SCPs, RCPs.  What is known of a principal
(its ARN, tags, organisation) is known; every other context key is not.  "Evaluate" below means: the request on a resource
whose policy lets the principal's account decide (``{"AWS": account}`` may do all), which asks nothing of the
resource's side and adds nothing; resources that step 2.2 of docs/iam-evaluation.md protects are left aside.

- ``yes``: evaluate gives plain *Allowed* on every resource under the RCPs of the principal's account.
- ``some``: evaluate gives plain *Allowed* on one resource at least, such as the text of a pattern, or ``*``.
- ``conditional``: neither is certain, and ``no`` is not.
- ``no``: evaluate gives a denial on every resource of every account, in every context.
- ``unknown``: evidence of the principal is missing; the row names it.

``yes``, ``some`` and ``no`` are never wrong in this sense; ``conditional`` is what remains, and so may be too cautious:
where two limits must meet (Allow on bucket A, boundary on bucket B: in truth no; Allow on A, Deny on B: in truth some),
where several statements together leave nothing open, and where an RCP denies everything (other accounts have others).

``by_resource`` is kept apart: what policies of the account's own resources grant beyond that (see ``resource_grants``).
``who_can`` on one resource asks ``evaluate`` itself.  What services ask for besides (a role's trust, a key's policy,
whatever another account's resource says) a cell does not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from watchword.analysis.iam.access import Access, Identity, IdentityKind
from watchword.analysis.iam.bits import ActionBits, Bits, numbers
from watchword.analysis.iam.evaluate import evaluate
from watchword.analysis.iam.evaluation import Decision, Evaluation
from watchword.analysis.iam.matrix_row import GIVEN, Answer, Layers, Row, UnknownAction, number_of
from watchword.analysis.iam.matrix_rows import rows_of
from watchword.analysis.iam.policy_bits import ANY
from watchword.analysis.iam.request import ContextValue, Request
from watchword.analysis.iam.universe import Universe

__all__ = ["GIVEN", "Answer", "Layers", "Matrix", "Row", "UnknownAction", "Who"]

_ANSWERS: Final = {Decision.ALLOWED: Answer.YES, Decision.CONDITIONAL: Answer.CONDITIONAL}


@dataclass(frozen=True, slots=True)
class Who:
    """A principal that may do something.

    ``by`` says through what: ``identity``, ``resource``, or both, as far as it is known.  ``evaluation`` is there where
    one resource was asked about.
    """

    row: Row
    answer: Answer
    by: tuple[str, ...]
    missing: tuple[str, ...] = ()
    evaluation: Evaluation | None = None


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows of all principals, in the order in which they came; groups are no principals and have none."""

    rows: tuple[Row, ...]
    bits: ActionBits
    assumed: Mapping[str, ContextValue]
    _access: Access | None = field(repr=False)
    _by_arn: dict[str, Row] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(
        cls,
        identities: Iterable[Identity],
        universe: Universe,
        *,
        access: Access | None = None,
        assumed: Mapping[str, ContextValue] | None = None,
    ) -> Matrix:
        """The matrix of identities.

        With ``access`` the answers are after RCPs, know the organisation, and have the column ``by_resource``.
        ``assumed`` are context keys with values that all answers take for granted (``aws:RequestedRegion``).
        """
        bits = ActionBits(universe)
        given = dict(assumed or {})
        principals = [one for one in identities if one.kind is not IdentityKind.GROUP]
        return cls(tuple(rows_of(principals, bits, access, given)), bits, given, access)

    @classmethod
    def of_access(
        cls, access: Access, universe: Universe, assumed: Mapping[str, ContextValue] | None = None
    ) -> Matrix:
        """The matrix of all principals of an organisation."""
        return cls.of(access.principals(), universe, access=access, assumed=assumed)

    def __post_init__(self) -> None:
        self._by_arn.update((row.arn, row) for row in self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def can(self, principal: str) -> Row | None:
        """What a principal, by its ARN, may do; ``None`` if it is not in the matrix."""
        return self._by_arn.get(principal)

    def who_can(self, action: str, resource: str = ANY) -> tuple[Who, ...]:
        """The principals whose answer for an action is not ``no``, in the order of the rows.

        For one resource ``evaluate`` is asked, with the resource's policy and RCPs, about all that the bits do not rule
        out; answers then are ``yes``, ``conditional`` or ``unknown``.

        Raises:
            UnknownAction: the universe does not have the action.
            ValueError: one resource is asked about, and the matrix was made without ``access``.
        """
        number = number_of(self.bits.universe, action)
        if resource == ANY:
            return tuple(_who(row, 1 << number) for row in self.rows if _may(row, 1 << number))
        if self._access is None:
            raise ValueError("for one resource the matrix must be made with access")
        return tuple(self._who_on(self._access, self.bits.universe.names[number], 1 << number, resource))

    def _who_on(self, access: Access, action: str, bit: Bits, resource: str) -> Iterator[Who]:
        carrier = access.carrier(resource)
        policy = carrier.policy if carrier else None
        named = policy is not None and any(
            one.allows and one.covers(action.lower()) for one in policy.statements
        )
        owner = access.owner(resource)
        for row in self.rows:
            # A resource's policy grants alone within its account only; everywhere else the principal's side must allow.
            if row.missing or row.own.reach & bit or (named and row.account == owner):
                found = self._on(access, row, action, resource)
                if found is not None:
                    yield found

    def _on(self, access: Access, row: Row, action: str, resource: str) -> Who | None:
        identity = access.identities[row.arn]
        context = {**access.context(identity), **self.assumed}
        owner = access.owner(resource)
        asked = Request.of(row.arn, action, resource, owner, context, complete=False)
        rcp_services = self.bits.universe.rcp_services
        found = evaluate(asked, access.policies(identity, resource), rcp_services)
        missing = access.missing_of(identity, resource)
        if missing:
            return Who(row, Answer.UNKNOWN, (), missing, found)
        answer = _ANSWERS.get(found.decision)
        return Who(row, answer, _sources(found), (), found) if answer else None

    def counts(self) -> dict[Answer, int]:
        """How many cells have each answer."""
        return {answer: sum(row.count(answer) for row in self.rows) for answer in Answer}

    def cells(self) -> Iterator[dict[str, str]]:
        """Every cell whose answer is not ``no``, as a plain mapping, row by row.

        Keys: ``principal`` (ARN), ``account``, ``kind``, ``action``, ``access_level``, ``layer``, ``by`` (``identity`` or
        ``resource``; an action that both give has a cell for each).  An unknown row is one cell with action ``*``, layer
        ``unknown``, and in ``by`` what is missing.
        """
        levels = [self.bits.universe.access(number).word for number in range(len(self.bits.universe))]
        for row in self.rows:
            told = {"principal": row.arn, "account": str(row.account), "kind": row.kind.value}
            if row.missing:
                rest = {"layer": Answer.UNKNOWN.value, "by": "; ".join(row.missing)}
                yield {**told, "action": ANY, "access_level": ANY, **rest}
            for by, layers in (("identity", row.own), ("resource", row.by_resource)):
                for answer in GIVEN:
                    for number in numbers(layers.of(answer)):
                        action = {
                            "action": self.bits.universe.names[number],
                            "access_level": levels[number],
                        }
                        yield {**told, **action, "layer": answer.value, "by": by}


def _may(row: Row, bit: Bits) -> bool:
    return bool(row.missing or (row.own.reach | row.by_resource.reach) & bit)


def _who(row: Row, bit: Bits) -> Who:
    if row.missing:
        return Who(row, Answer.UNKNOWN, (), row.missing)
    answer = next(one for one in GIVEN if row.layers.of(one) & bit)
    both = (("identity", row.own), ("resource", row.by_resource))
    return Who(row, answer, tuple(by for by, layers in both if layers.reach & bit))


def _sources(found: Evaluation) -> tuple[str, ...]:
    """Through which of the two the evaluation allows, or may."""
    said = found.said
    both = (("identity", said.identity), ("resource", said.resource))
    return tuple(
        by
        for by, one in both
        if one and any(v is not False for v in (one.allow, one.by_role, one.by_account))
    )
