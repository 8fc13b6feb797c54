"""Whom a bucket lets in: its policy, its ACL, its access points, and the switches that close them.

The facts behind DA-05 and DA-07, no verdicts.  A switch that could not be read is ``None``: neither on nor off.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from watchword.analysis.iam.audience import Audience, Home
from watchword.analysis.iam.exposure import Exposure, exposures
from watchword.analysis.iam.policy import PolicyError, parse
from watchword.model.evidence import Evidence, EvidenceMissing
from watchword.model.ids import GLOBAL
from watchword.model.resource import Document, Resource
from watchword.model.snapshot import AccountView

READS: Final = (
    "s3.account_public_access_block",
    "s3.access_points",
    "organizations.organization",
    "organizations.accounts",
)
"""The tables that are read beside ``s3.buckets``."""

LOG_DELIVERY: Final = "c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0"
"""The canonical user by which CloudFront writes its standard logs.

Source: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-s3-permissions.html
"""

_GROUPS: Final = {
    "http://acs.amazonaws.com/groups/global/AllUsers": Audience.ANONYMOUS,
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers": Audience.ANY_ACCOUNT,
}


@dataclass(frozen=True, slots=True)
class Opening:
    """Somebody is let in: who, by what (for people), surely or perhaps, and the evidence."""

    audience: Audience
    sentence: str
    is_certain: bool
    evidence: Evidence
    accounts: frozenset[str] = frozenset()

    @property
    def is_public(self) -> bool:
        """Whether everybody, or everybody with an AWS account, is let in."""
        return self.audience >= Audience.ANY_ACCOUNT


def openings(bucket: Resource, view: AccountView) -> Iterator[Opening]:
    """Whom the bucket lets in, beyond what its switches close; audiences inside the organisation included.

    Raises:
        EvidenceMissing: the policy, the ACL or an access point that counts could not be read.
    """
    closed = is_on(bucket, view, "RestrictPublicBuckets")
    found = policy_exposures(bucket, "Policy", view)
    yield from _surviving(bucket, "Policy", found, closed)
    if any("s3:dataaccesspoint" in words.lower() for one in found for words in one.narrowed_by):
        yield from _through_access_points(bucket, view)
    yield from _acl(bucket, is_on(bucket, view, "IgnorePublicAcls"))


def policy_exposures(row: Resource, path: str, view: AccountView) -> tuple[Exposure, ...]:
    """What the policy of a bucket or access point opens.

    Raises:
        EvidenceMissing: it could not be read, or is no policy.
    """
    document = row.document(path, absent=None)
    if document is None:
        return ()
    owner = (
        row.text("Acl.Owner.ID", absent="") if row.table == "s3.buckets" and _is_readable(row, "Acl") else ""
    )
    try:
        return exposures(parse(document.data), Home.of(view, row.arn, frozenset({owner} - {""})))
    except PolicyError as error:
        raise EvidenceMissing(f"the policy of {row.where} cannot be judged: {error}") from error


def is_on(row: Resource, view: AccountView, switch: str) -> bool | None:
    """Whether a switch of Block Public Access is on, for the row itself or for the account; ``None``: not known."""
    own, above = _own_switch(row, switch), _account_switch(view, switch)
    if own or above:
        return True
    return None if own is None or above is None else False


def _own_switch(row: Resource, switch: str) -> bool | None:
    try:
        block = row.document("PublicAccessBlock", absent=None)
        return block is not None and block.flag(switch, absent=False)
    except EvidenceMissing:
        return None


def _account_switch(view: AccountView, switch: str) -> bool | None:
    try:
        return any(
            row.flag(switch, absent=False) for row in view.rows("s3.account_public_access_block", GLOBAL)
        )
    except EvidenceMissing:
        return None


def _surviving(
    row: Resource, path: str, found: tuple[Exposure, ...], closed: bool | None
) -> Iterator[Opening]:
    for one in found:
        if one.is_public and closed:
            continue
        sure = one.is_certain and not (one.is_public and closed is None)
        names = one.accounts | one.organizations
        doubt = "" if closed is not None or not one.is_public else " (Block Public Access could not be read)"
        yield Opening(one.audience, f"{_whose(row)} {one.sentence}{doubt}", sure, row.evidence(path), names)


def _whose(row: Resource) -> str:
    return "the policy's" if row.table == "s3.buckets" else f"access point {row.name}:"


def _through_access_points(bucket: Resource, view: AccountView) -> Iterator[Opening]:
    for point in view.rows("s3.access_points", bucket.region):
        if point.text("Bucket", absent="") != bucket.name or point.text("NetworkOrigin", absent="") == "VPC":
            continue
        found = policy_exposures(point, "Policy", view)
        yield from _surviving(point, "Policy", found, is_on(point, view, "RestrictPublicBuckets"))


def _acl(bucket: Resource, ignored: bool | None) -> Iterator[Opening]:
    if not bucket.has("Acl"):
        return
    owner = bucket.text("Acl.Owner.ID", absent="")
    for grant in bucket.items("Acl.Grants"):
        found = _grant(grant, owner, ignored)
        if found is not None:
            audience, sentence, sure, names = found
            yield Opening(audience, sentence, sure, bucket.evidence("Acl"), names)


def _grant(
    grant: Document, owner: str, ignored: bool | None
) -> tuple[Audience, str, bool, frozenset[str]] | None:
    right = grant.text("Permission", absent="?")
    group = _GROUPS.get(grant.text("Grantee.URI", absent=""))
    if group is not None:
        if ignored:
            return None
        doubt = " (whether public ACLs are ignored could not be read)" if ignored is None else ""
        return group, f"the ACL gives {right} to {group.words}{doubt}", ignored is False, frozenset()
    user = grant.text("Grantee.ID", absent=owner)
    if user in {owner, LOG_DELIVERY}:
        return None
    return (
        Audience.NAMED_OUTSIDE,
        f"the ACL gives {right} to canonical user {user}, whose account is not known",
        False,
        frozenset({user}),
    )


def _is_readable(row: Resource, path: str) -> bool:
    try:
        row.has(path)
    except EvidenceMissing:
        return False
    return True
