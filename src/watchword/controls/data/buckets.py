"""Controls of buckets: nobody is let in by accident, from nowhere outside the organisation."""

from __future__ import annotations

from typing import Final

from watchword.analysis.data.sensitivity import is_sensitive, label_of
from watchword.controls.data.openness import READS, Opening, is_on, openings
from watchword.controls.registry import Per, control, gap, met, unknown
from watchword.model.evidence import Evidence
from watchword.model.finding import Judgement
from watchword.model.ids import GLOBAL, AccountId
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView

SWITCHES: Final = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
"""The four switches of Block Public Access."""


@control("DA-04", reads=("s3.account_public_access_block",), per=Per.ACCOUNT)
def account_block(view: AccountView) -> Judgement:
    """All four switches of the account's Block Public Access are on."""
    rows = view.rows("s3.account_public_access_block", GLOBAL)
    if not rows:
        return gap("the account has no Block Public Access settings at all")
    row = rows[0]
    evidence = [row.evidence(switch) for switch in SWITCHES]
    off = [switch for switch in SWITCHES if not row.flag(switch, absent=False)]
    if off:
        return gap(f"off for the account: {', '.join(off)}", *evidence)
    return met("all four switches of Block Public Access are on for the account", *evidence)


@control("DA-05", each="s3.buckets", reads=(*READS, "macie2.findings"), about="buckets")
def public_bucket(row: Resource, view: AccountView) -> Judgement:
    """Nobody outside reaches the bucket without being known, unless it is declared public."""
    if is_on(row, view, "RestrictPublicBuckets") and is_on(row, view, "IgnorePublicAcls"):
        return met("Block Public Access closes public policies and ACLs", row.evidence("PublicAccessBlock"))
    found = [one for one in openings(row, view) if one.is_public]
    sure = [one for one in found if one.is_certain]
    if sure:
        return _public(row, view, sure)
    if found:
        return unknown(_sentences(found), *_evidence(found))
    return met(
        "neither policy nor ACL nor access point opens the bucket to the public", row.evidence("Policy")
    )


def _public(row: Resource, view: AccountView, found: list[Opening]) -> Judgement:
    if not view.estate.is_public_by_intent(row.arn):
        return gap(_sentences(found), *_evidence(found))
    if is_sensitive(row, view):
        label = label_of(row, view)
        return gap(f"declared public although it holds {label} data: {_sentences(found)}", *_evidence(found))
    return met("public, and declared to be", *_evidence(found))


@control("DA-07", each="s3.buckets", reads=READS, about="buckets")
def cross_account(row: Resource, view: AccountView) -> Judgement:
    """Outside the organisation only declared partners reach the bucket."""
    outside = [one for one in openings(row, view) if _is_stranger(one, row, view)]
    sure = [one for one in outside if one.is_certain]
    if sure:
        return gap(_sentences(sure), *_evidence(sure))
    if outside:
        return unknown(_sentences(outside), *_evidence(outside))
    return met("nobody outside the organisation but declared partners is let in", row.evidence("Policy"))


def _is_stranger(one: Opening, row: Resource, view: AccountView) -> bool:
    if one.is_public:
        return not view.estate.is_public_by_intent(row.arn)
    return bool({AccountId(name) for name in one.accounts} - set(view.estate.partners))


def _sentences(found: list[Opening]) -> str:
    return "; ".join(dict.fromkeys(one.sentence for one in found))


def _evidence(found: list[Opening]) -> list[Evidence]:
    return list(dict.fromkeys(one.evidence for one in found))
