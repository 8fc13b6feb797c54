"""Control of resource policies that let named accounts or organisations outside in.

Whom everybody's doors let in is AP-16's business, buckets are DA-07's, and trusts of roles ID-29's.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from watchword.analysis.iam.attached import POLICIES
from watchword.analysis.iam.audience import Audience, Home
from watchword.analysis.iam.exposure import Exposure, exposures
from watchword.analysis.iam.policy import PolicyError, parse
from watchword.controls.applications.resource_policies import is_private
from watchword.controls.registry import control, gap, met, not_applicable, unknown
from watchword.controls.subjects import judged
from watchword.model.evidence import EvidenceMissing
from watchword.model.finding import Judgement
from watchword.model.ids import AccountId
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView


@control(
    "AP-18",
    reads=(*(table for table, _ in POLICIES), "organizations.organization", "organizations.accounts"),
    about="resource policies",
)
def only_partners_from_outside(view: AccountView) -> Iterator[Judgement]:
    """Outside the organisation, resource policies let declared partners in alone."""
    for table, path in POLICIES:
        yield from judged(view, table, partial(_judge, path=path, view=view))


def _judge(row: Resource, path: str, view: AccountView) -> Judgement | None:
    document = row.document(path, absent=None)
    if document is None or (row.table == "apigateway.rest_apis" and not is_private(row)):
        return None
    try:
        found = exposures(parse(document.data), Home.of(view, row.arn))
    except PolicyError as error:
        raise EvidenceMissing(f"{path} of {row.where} cannot be judged: {error}") from error
    evidence = row.evidence(path)
    strangers = [(one, names) for one in found if (names := _strangers(one, view))]
    sure = [_words(one, names) for one, names in strangers if one.is_certain]
    if sure:
        return gap("; ".join(sure), evidence)
    if strangers:
        return unknown("; ".join(f"perhaps {_words(one, names)}" for one, names in strangers), evidence)
    if any(one.is_public for one in found):
        return not_applicable("the policy lets in everybody rather than named accounts: see AP-16", evidence)
    partners = _partners(found, view)
    whom = f"declared partners: {', '.join(partners)}" if partners else "nobody"
    return met(f"from outside the organisation the policy lets in {whom}", evidence)


def _strangers(one: Exposure, view: AccountView) -> tuple[str, ...]:
    """The outside accounts, organisations or principals of the exposure that nobody declared."""
    if one.audience is not Audience.NAMED_OUTSIDE:
        return ()
    declared = {str(account) for account in view.estate.partners}
    return tuple(sorted((one.accounts - declared) | one.organizations))


def _words(one: Exposure, strangers: tuple[str, ...]) -> str:
    who = "is no declared partner" if len(strangers) == 1 else "are no declared partners"
    return f"{one.sentence}; {', '.join(strangers)} {who}"


def _partners(found: tuple[Exposure, ...], view: AccountView) -> list[str]:
    named = {account for one in found if one.audience is Audience.NAMED_OUTSIDE for account in one.accounts}
    return sorted(view.estate.partners.get(AccountId(name), name) for name in named)
