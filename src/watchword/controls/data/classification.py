"""Controls of what is known of the data: labels on every store, and Macie looking into the buckets."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from watchword.analysis.data.sensitivity import LABEL_TAG, LABELS, OWNER_TAG, declared_label, tag_of
from watchword.controls.data.stores import LABELLED, is_cluster_member
from watchword.controls.registry import Per, control, gap, met, not_applicable
from watchword.controls.subjects import judged
from watchword.model.finding import Judgement
from watchword.model.ids import Region
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView


@control("DA-01", reads=tuple(store.table for store in LABELLED), about="data stores")
def classification(view: AccountView) -> Iterator[Judgement]:
    """Every data store says how sensitive it is, and who answers for it."""
    for store in LABELLED:
        yield from judged(view, store.table, partial(_labelled, view=view))


def _labelled(row: Resource, view: AccountView) -> Judgement | None:
    if is_cluster_member(row):
        return None
    row.has("Tags")
    label, owner = declared_label(row, view), tag_of(row.tags, OWNER_TAG)
    faults = []
    if label is None:
        faults.append(f"no {LABEL_TAG} tag")
    elif label not in LABELS:
        faults.append(f"{LABEL_TAG} is {label!r}, which is none of {', '.join(LABELS)}")
    if owner is None:
        faults.append(f"no {OWNER_TAG} tag")
    evidence = row.evidence("TagList" if row.table.startswith("rds.") else "Tags")
    if faults:
        return gap(f"{' and '.join(faults)}", evidence)
    return met(f"labelled {label}; {owner} answers for it", evidence)


@control(
    "DA-02",
    reads=("macie2.session", "macie2.automated_discovery", "macie2.administrator", "s3.buckets"),
    per=Per.REGION,
    about="regions in which Macie exists",
)
def macie(view: AccountView, region: Region) -> Judgement:
    """Macie looks into the buckets of the region, by itself and continuously."""
    buckets = [row for row in view.rows("s3.buckets") if row.region == region]
    sessions = view.rows("macie2.session", region)
    if not buckets:
        return not_applicable("the account has no buckets in this region")
    if not sessions:
        return gap(
            f"Macie is off, and {_count(buckets)} {'is' if len(buckets) == 1 else 'are'} not looked into"
        )
    session = sessions[0]
    if session.text("status") != "ENABLED":
        return gap(f"Macie is {session.text('status').lower()}", session.evidence("status"))
    return _discovery(view, region, session)


def _discovery(view: AccountView, region: Region, session: Resource) -> Judgement:
    administrator = next(iter(view.rows("macie2.administrator", region)), None)
    if administrator is not None and administrator.text("relationshipStatus", absent="") == "Enabled":
        who = administrator.text("accountId")
        return met(
            f"Macie is on, administered by {who}, where automated discovery is judged",
            session.evidence("status"),
        )
    found = next(iter(view.rows("macie2.automated_discovery", region)), None)
    if found is None or found.text("status", absent="DISABLED") != "ENABLED":
        where = session if found is None else found
        return gap(
            "Macie is on, but automated discovery is off, so no content is looked at",
            where.evidence("status"),
        )
    members = found.text("autoEnableOrganizationMembers", absent=None)
    if members == "NONE":
        return gap(
            "automated discovery is on here, but for none of the organisation's other accounts",
            found.evidence("autoEnableOrganizationMembers"),
        )
    return met("Macie is on and discovers by itself", session.evidence("status"), found.evidence("status"))


def _count(buckets: list[Resource]) -> str:
    return "one bucket" if len(buckets) == 1 else f"{len(buckets)} buckets"
