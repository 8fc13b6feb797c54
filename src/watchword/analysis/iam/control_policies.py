"""The service and resource control policies of each level above an account, as a snapshot shows them.

Levels go from the root over the organisational units to the account itself.  In the management account neither kind has an
effect, nor where the root has the kind switched off.  What control policies deny for certain is in ``guardrails``.

Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from watchword.analysis.iam.compiled import CompiledPolicy, Library, PolicyKind
from watchword.analysis.iam.guardrails import (
    RESOURCE_CONTROL,
    SERVICE_CONTROL,
    attached_by_target,
    is_switched_on,
)
from watchword.analysis.iam.policy import PolicyError
from watchword.analysis.iam.policy_set import Policies
from watchword.model.evidence import EvidenceMissing
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView

_TYPES: Final = {SERVICE_CONTROL: "SERVICE_CONTROL_POLICY", RESOURCE_CONTROL: "RESOURCE_CONTROL_POLICY"}
_KINDS: Final = {SERVICE_CONTROL: PolicyKind.SERVICE_CONTROL, RESOURCE_CONTROL: PolicyKind.RESOURCE_CONTROL}


@dataclass(frozen=True, slots=True)
class ControlPolicies:
    """The levels of both kinds, root first, account last; ``None`` where the kind has no effect.

    What could not be read is told in ``scps_missing`` and ``rcps_missing``; then the levels are ``None`` too.
    """

    scps: tuple[Policies, ...] | None = None
    rcps: tuple[Policies, ...] | None = None
    scps_missing: tuple[str, ...] = ()
    rcps_missing: tuple[str, ...] = ()

    @classmethod
    def of(cls, view: AccountView, library: Library) -> ControlPolicies:
        """The control policies above the account of a view.

        An account that was read alone, outside any organisation's answers, may be a member all the same: both kinds are
        missing then.
        """
        scps, scps_missing = _known(view, SERVICE_CONTROL, library)
        rcps, rcps_missing = _known(view, RESOURCE_CONTROL, library)
        return cls(scps, rcps, scps_missing, rcps_missing)


def _known(
    view: AccountView, table: str, library: Library
) -> tuple[tuple[Policies, ...] | None, tuple[str, ...]]:
    try:
        return _levels(view, table, library), ()
    except EvidenceMissing as missing:
        return None, (missing.what,)


def _levels(view: AccountView, table: str, library: Library) -> tuple[Policies, ...] | None:
    if view.account.is_management or not is_switched_on(view, _TYPES[table]):
        return None
    if not view.account.ou_ids:
        raise EvidenceMissing(f"the organisational units above account {view.account.id} were not read")
    attached: Mapping[str, tuple[Resource, ...]] = attached_by_target(view, table)
    levels = (*view.account.ou_ids, view.account.id)
    return tuple(
        tuple(_compiled(row, _KINDS[table], library) for row in attached.get(level, ())) for level in levels
    )


def _compiled(row: Resource, kind: PolicyKind, library: Library) -> CompiledPolicy:
    try:
        return library.compile(
            row.document("Content").data, kind, f"{row.name} ({row.arn.rpartition('/')[2]})"
        )
    except PolicyError as error:
        raise EvidenceMissing(f"Content of {row.where} is not of the IAM language: {error}") from error
