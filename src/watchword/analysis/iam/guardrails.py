"""What the organisation's control policies deny in an account, for certain.

Takes the service or resource control policies that reach an account through its organisational units, and says whether
they deny an action whatever else is allowed.  A Deny under conditions counts only if each condition is one that the
question accepts; all others might spare the very caller that matters, and are named.

What this module does not do: the Allow side of control policies (an account without ``FullAWSAccess`` may be denied
more), and whether anybody has permissions in the first place.

Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from watchword.analysis.iam.admin import parsed
from watchword.analysis.iam.policy import Condition, Statement, matches
from watchword.analysis.iam.remembered import Remembered
from watchword.model.evidence import EvidenceMissing
from watchword.model.ids import Arn
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView

ROOTS: Final = "organizations.roots"
SERVICE_CONTROL: Final = "organizations.service_control_policies"
RESOURCE_CONTROL: Final = "organizations.resource_control_policies"

Accepts = Callable[[Condition], bool]
"""Whether a condition of a Deny leaves the Deny standing for the callers that the question is about."""

_NAMED_ROLE: Final = re.compile(r"arn:[^:]+:iam::[^:]*:role/(.+/)?[A-Za-z0-9][^/]*")


@dataclass(frozen=True, slots=True)
class Denial:
    """An answer: ``by`` the policies that deny, or, where it is empty, ``hindered`` by these conditions, in words."""

    by: tuple[Resource, ...] = ()
    hindered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Guardrails:
    """The control policies of one kind that reach an account, with their Deny statements."""

    policies: tuple[Resource, ...]
    denies: tuple[tuple[Resource, Statement], ...]

    @classmethod
    def of(cls, view: AccountView, table: str) -> Guardrails:
        """The policies of ``table`` (one of the two above) attached to the account, to a unit above it, or to the root.

        Raises:
            EvidenceMissing: policies, targets, roots or the account's place in the organisation are not known.
        """
        if not view.account.ou_ids:
            raise EvidenceMissing(f"the organisational units above account {view.account.id} were not read")
        attached = attached_by_target(view, table)
        above = (*view.account.ou_ids, view.account.id)
        found = tuple({row.arn: row for target in above for row in attached.get(target, ())}.values())
        denies = tuple((row, deny) for row in found for deny in parsed(row, "Content").denies)
        return cls(found, denies)

    def denial(self, action: str, resource: str, accepts: Accepts) -> Denial:
        """Whether ``action`` on ``resource`` is denied under no conditions but such as are accepted."""
        covering = [
            (row, deny)
            for row, deny in self.denies
            if deny.covers_action(action) and deny.covers_resource(resource)
        ]
        by = tuple(row for row, deny in covering if all(accepts(one) for one in deny.conditions))
        strange = (str(one) for _, deny in covering for one in deny.conditions if not accepts(one))
        return Denial(by, () if by else tuple(dict.fromkeys(strange)))


_Attached = Mapping[str, tuple[Resource, ...]]
"""Policies by the id of what they are attached to."""

_REMEMBERED: Final[dict[str, Remembered[_Attached]]] = {
    SERVICE_CONTROL: Remembered(),
    RESOURCE_CONTROL: Remembered(),
}


def attached_by_target(view: AccountView, table: str) -> _Attached:
    """The control policies of ``table`` by the id of the root, unit or account that they are attached to.

    Raises:
        EvidenceMissing: they were not read, or the organisation was not.
    """
    organization = view.of_organization()
    rows = organization.rows(table)
    return _REMEMBERED[table].of(organization, lambda _: _attached(rows))


def _attached(rows: Iterable[Resource]) -> _Attached:
    found: dict[str, list[Resource]] = {}
    for row in rows:
        for target in row.items("Targets"):
            found.setdefault(target.text("TargetId"), []).append(row)
    return {target: tuple(policies) for target, policies in found.items()}


def is_switched_on(view: AccountView, kind: str) -> bool:
    """Whether the organisation's root has control policies of ``kind`` (``SERVICE_CONTROL_POLICY``) switched on.

    Raises:
        EvidenceMissing: the roots were not read.
    """
    return any(
        one.text("Type") == kind and one.text("Status") == "ENABLED"
        for root in view.of_organization().rows(ROOTS)
        for one in root.items("PolicyTypes")
    )


def spares_named_roles(condition: Condition) -> bool:
    """Whether a condition on a Deny spares nobody but roles that it names (and AWS's own services).

    A name may end in a wildcard (``role/Deployment*``); a value that begins a role's name with one names nobody.
    """
    if condition.name == "aws:principalisawsservice":
        return condition.operator == "Bool" and _are_all(condition, "false")
    is_plain = condition.name == "aws:principalarn" and condition.is_negated and not condition.qualifier
    return is_plain and all(_NAMED_ROLE.fullmatch(value) for value in condition.values)


def is_of_root(condition: Condition, account: str, partition: str) -> bool:
    """Whether a condition holds for the account's root user when it signs in itself.

    The short sessions of root that the management account takes centrally (``aws:AssumedRoot``) may be spared.
    """
    if condition.name == "aws:assumedroot":
        wanted = {"Null": "true", "Bool": "false"}.get(condition.operator, "")
        return _are_all(condition, wanted) and (condition.operator == "Null" or condition.if_exists)
    root = f"arn:{partition}:iam::{account}:root"
    return condition.name == "aws:principalarn" and not condition.is_negated and fits(condition, root)


def keeps_to_regions(condition: Condition, approved: Iterable[str]) -> bool:
    """Whether a condition on a Deny holds in every region but some of ``approved`` (any, where that is empty)."""
    if condition.name != "aws:requestedregion" or not condition.is_negated or condition.qualifier:
        return False
    allowed, known = set(condition.values), set(approved)
    return bool(allowed) and (
        allowed <= known if known else not any(set(one) <= set("*?") for one in allowed)
    )


def fits(condition: Condition, text: str) -> bool:
    """Whether one of the condition's values is ``text`` or, where the operator takes wildcards, fits it."""
    return any(matches(one, text) if condition.takes_wildcards else one == text for one in condition.values)


def partition_of(rows: Iterable[Resource]) -> str:
    """The partition in which the policies lie; ``aws`` where there are none."""
    return next((Arn.parse(row.arn).partition for row in rows), "aws")


def _are_all(condition: Condition, value: str) -> bool:
    return bool(condition.values) and all(one.lower() == value for one in condition.values)
