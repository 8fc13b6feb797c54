"""Controls of keys: not everybody's, and those who manage a key do not use it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from watchword.analysis.iam.audience import Audience, Home
from watchword.analysis.iam.exposure import Exposure, exposures
from watchword.analysis.iam.policy import Policy, PolicyError, parse
from watchword.controls.registry import control, gap, met, unknown
from watchword.model.evidence import EvidenceMissing
from watchword.model.finding import Judgement
from watchword.model.ids import AccountId
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView
from watchword.model.verdict import Severity

MANAGES: Final = ("kms:PutKeyPolicy", "kms:ScheduleKeyDeletion")
"""Who may do either has the key in hand.  https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html"""
USES: Final = ("kms:Decrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom")
"""Who may do any of these reads the data, or writes it so that only the key's users can."""


@control(
    "DA-10",
    each="kms.keys",
    reads=("organizations.organization", "organizations.accounts"),
    about="customer-managed keys",
)
def key_policy(row: Resource, view: AccountView) -> Judgement | None:
    """The key's policy lets in neither everybody nor strangers, and parts managing from using."""
    if row.text("KeyManager") != "CUSTOMER" or row.text("KeyState", absent="") == "PendingDeletion":
        return None
    policy = _policy(row)
    found = exposures(policy, Home.of(view, row.arn))
    evidence = row.evidence("Policy")
    strange = [one for one in found if _is_strange(one, view)]
    sure = [one for one in strange if one.is_certain]
    if sure:
        return gap("; ".join(one.sentence for one in sure), evidence)
    if strange:
        return unknown("; ".join(one.sentence for one in strange), evidence)
    both = sorted(_managing_users(policy, view.account.id))
    if both:
        return gap(f"may both manage and use the key: {', '.join(both)}", evidence, severity=Severity.MEDIUM)
    return met("known principals only, and none of them both manages and uses the key", evidence)


def _policy(row: Resource) -> Policy:
    try:
        return parse(row.document("Policy").data)
    except PolicyError as error:
        raise EvidenceMissing(f"the policy of {row.where} cannot be judged: {error}") from error


def _is_strange(one: Exposure, view: AccountView) -> bool:
    if one.is_public or one.audience is Audience.NETWORK:
        return True
    names = {AccountId(name) for name in one.accounts | one.organizations}
    return bool(names - set(view.estate.partners))


def _managing_users(policy: Policy, account: AccountId) -> Iterator[str]:
    """Principals that the policy itself lets both manage and use; the account's root only delegates to IAM."""
    managing: set[str] = set()
    using: set[str] = set()
    for statement in policy.allows:
        named = set(statement.principals.aws if statement.principals else ()) - {
            f"arn:aws:iam::{account}:root",
            account,
        }
        if any(statement.covers_action(action) for action in MANAGES):
            managing |= named
        if any(statement.covers_action(action) for action in USES):
            using |= named
    yield from managing & using
