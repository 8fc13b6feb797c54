"""Roles that accounts outside the organisation may take."""

from __future__ import annotations

from collections.abc import Iterator

from watchword.analysis.iam.admin import parsed
from watchword.analysis.iam.audience import Audience, Home
from watchword.analysis.iam.exposure import Exposure, exposures
from watchword.analysis.iam.policy import Policy
from watchword.analysis.iam.trust import Trust, trusts_of
from watchword.controls.identity.rows import judge_each
from watchword.controls.registry import control, gap, met, unknown
from watchword.model.finding import Judgement
from watchword.model.ids import AccountId
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView
from watchword.model.verdict import Severity


@control(
    "ID-29",
    reads=("iam.roles", "organizations.organization", "organizations.accounts"),
    about="roles that outside accounts may take",
)
def outside_trust_is_declared(view: AccountView) -> Iterator[Judgement]:
    """Every outside account that may take a role is a declared partner and must know an external id."""
    home = Home.of(view)

    def judge(row: Resource) -> Judgement | None:
        policy = parsed(row, "AssumeRolePolicyDocument")
        said = list(_said(policy, home, view))
        shown = row.evidence("AssumeRolePolicyDocument")
        faults = [because for because, certain in said if because and certain]
        if faults:
            everybody = any("everybody" in fault for fault in faults)
            return gap("; ".join(faults), shown, severity=Severity.CRITICAL if everybody else None)
        doubts = [because for because, certain in said if because and not certain]
        if doubts:
            return unknown("; ".join(doubts), shown)
        if not said:
            return None
        return met("only declared partners may take the role, and they must know an external id", shown)

    yield from judge_each(view.rows("iam.roles"), judge)


def _said(policy: Policy, home: Home, view: AccountView) -> Iterator[tuple[str, bool]]:
    """Of each outside audience what is wrong with it (``""``: nothing), and whether that is certain."""
    for trust in trusts_of(policy, "sts:AssumeRole"):
        if not trust.names_aws:
            continue
        for found in exposures(Policy((trust.statement, *policy.denies)), home):
            if not found.services and not found.providers:
                yield from _of_exposure(found, trust, home, view)


def _of_exposure(found: Exposure, trust: Trust, home: Home, view: AccountView) -> Iterator[tuple[str, bool]]:
    label = trust.statement.label
    if found.is_public:
        perhaps = "" if found.is_certain else "perhaps "
        yield f"{label} {perhaps}lets everybody who has an AWS account take the role", found.is_certain
    elif found.audience is Audience.NETWORK:
        yield f"{label} lets everybody in a named network take the role", found.is_certain
    for organization in sorted(found.organizations):
        yield f"{label} lets the whole outside organisation {organization} take the role", True
    for account in sorted(found.accounts):
        yield from _of_account(account, trust, home, view)


def _of_account(account: str, trust: Trust, home: Home, view: AccountView) -> Iterator[tuple[str, bool]]:
    label = trust.statement.label
    if not (account.isdigit() and len(account) == 12):
        yield f"{label} names {account}, of which it cannot be told whose it is", False
        return
    if home.is_member(account) is None:
        view.organization_accounts()  # says what is missing, so that the verdict is unknown
    partner = view.estate.partners.get(AccountId(account))
    if partner is None:
        yield f"{label} lets {account} take the role, an outside account that is no declared partner", True
    elif not trust.asks_for_external_id:
        yield f"{label} lets {partner} ({account}) take the role without an external id", True
    else:
        yield "", True
