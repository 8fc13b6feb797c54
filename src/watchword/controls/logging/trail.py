"""Controls of the audit trail: it records everything, everywhere, and nobody can rewrite it."""

from __future__ import annotations

from collections.abc import Iterator

from watchword.analysis.iam.policy import Policy, PolicyError, parse
from watchword.controls.registry import control, gap, met, unknown
from watchword.model.evidence import Evidence, EvidenceMissing
from watchword.model.finding import Judgement
from watchword.model.ids import Arn
from watchword.model.resource import Document, Resource
from watchword.model.snapshot import AccountView

_DESTROYING = ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:DeleteBucket", "s3:PutLifecycleConfiguration")
_ORGANIZATION_TABLES = ("organizations.accounts",)


@control("LG-01", reads=("cloudtrail.trails", *_ORGANIZATION_TABLES), about="trails")
def organization_trail(view: AccountView) -> Iterator[Judgement]:
    """The account is recorded by a trail of the organisation, in all regions, reads and writes, now."""
    trails = {trail.arn: trail for trail in view.rows("cloudtrail.trails")}
    if not trails:
        yield gap(
            "no trail records this account: management events are kept for 90 days only, and in no one place"
        )
        return
    faults: list[str] = []
    for trail in trails.values():
        found = _faults(trail, organization=view.organization is not None)
        if not found:
            yield met(f"trail {trail.name} records all regions, reads and writes, now", *_facts(trail))
            return
        faults.append(f"{trail.name} {', '.join(found)}")
    evidence = [piece for trail in trails.values() for piece in _facts(trail)]
    yield gap(f"no trail does all that is needed: {'; '.join(faults)}", *evidence[:12])


def _faults(trail: Resource, *, organization: bool) -> list[str]:
    checks = (
        (trail.flag("IsMultiRegionTrail"), "records one region only"),
        (trail.flag("IncludeGlobalServiceEvents"), "leaves out global services"),
        (trail.flag("Status.IsLogging"), "is switched off"),
        (records_management(trail), "does not record all management events"),
        (
            not organization or trail.flag("IsOrganizationTrail"),
            "is not the organisation's, so the account can stop it",
        ),
    )
    return [fault for holds, fault in checks if not holds]


def _facts(trail: Resource) -> tuple[Evidence, ...]:
    paths = ("IsMultiRegionTrail", "Status.IsLogging", "IsOrganizationTrail", "EventSelectors")
    return tuple(trail.evidence(path) for path in paths)


def records_management(trail: Resource) -> bool:
    """Whether a trail records management events, both reads and writes.

    Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html
    """
    selectors = trail.document("EventSelectors")
    basic = any(
        one.flag("IncludeManagementEvents", absent=False) and one.text("ReadWriteType", absent="") == "All"
        for one in selectors.items("EventSelectors")
    )
    return basic or any(_is_all_management(one) for one in selectors.items("AdvancedEventSelectors"))


def _is_all_management(selector: Document) -> bool:
    fields = {one.text("Field"): one for one in selector.items("FieldSelectors")}
    category = fields.get("eventCategory")
    return category is not None and "Management" in category.texts("Equals") and "readOnly" not in fields


@control(
    "LG-02",
    reads=("cloudtrail.trails", "s3.buckets"),
    about="trails of this account and buckets that keep trails",
)
def trail_integrity(view: AccountView) -> Iterator[Judgement]:
    """Log files are validated and encrypted, kept in another account, and cannot be deleted there."""
    trails = {trail.arn: trail for trail in view.readable("cloudtrail.trails")}
    for hole in view.holes_of("cloudtrail.trails"):
        yield unknown(hole.sentence())
    own = {bucket.name: bucket for bucket in view.readable("s3.buckets")}
    for trail in trails.values():
        if Arn.parse(trail.arn).account == view.account.id:
            yield _trail(view, trail, own)
    kept = {trail.text("S3BucketName", absent="") for trail in trails.values()}
    for name in sorted(kept & own.keys()):
        yield _bucket(own[name])


def _trail(view: AccountView, trail: Resource, own: dict[str, Resource]) -> Judgement:
    try:
        bucket = trail.text("S3BucketName")
        if bucket not in own:
            view.rows("s3.buckets")
        checks = (
            (trail.flag("LogFileValidationEnabled", absent=False), "its log files are not validated"),
            (trail.has("KmsKeyId"), "its log files are not encrypted with a key of your own"),
            (bucket not in own, f"its bucket {bucket} lies in the account that it records"),
        )
    except EvidenceMissing as missing:
        return unknown(missing.what, subject=trail)
    faults = [fault for holds, fault in checks if not holds]
    evidence = tuple(
        trail.evidence(path) for path in ("LogFileValidationEnabled", "KmsKeyId", "S3BucketName")
    )
    if faults:
        return gap(f"trail {trail.name}: {'; '.join(faults)}", *evidence, subject=trail)
    return met(
        f"trail {trail.name} is validated, encrypted, and kept in another account", *evidence, subject=trail
    )


def _bucket(bucket: Resource) -> Judgement:
    try:
        locked = bucket.text("ObjectLock.ObjectLockEnabled", absent="") == "Enabled"
        document = bucket.document("Policy", absent=None)
        policy = parse(document.data) if document is not None else None
    except EvidenceMissing as missing:
        return unknown(missing.what, subject=bucket)
    except PolicyError as error:
        return unknown(f"the policy of {bucket.name} cannot be read: {error}", subject=bucket)
    evidence = (bucket.evidence("ObjectLock"), bucket.evidence("Policy"))
    deleters = _grants_of_deletion(policy) if policy is not None else []
    if deleters:
        because = (
            f"the policy of log bucket {bucket.name} lets its objects be deleted ({', '.join(deleters)})"
        )
        return gap(because, *evidence, subject=bucket)
    if not locked:
        return gap(
            f"log bucket {bucket.name} has no object lock: what is in it can be deleted",
            *evidence,
            subject=bucket,
        )
    return met(
        f"log bucket {bucket.name} has object lock, and its policy lets nobody delete",
        *evidence,
        subject=bucket,
    )


def _grants_of_deletion(policy: Policy) -> list[str]:
    return [
        statement.label
        for statement in policy.allows
        if any(statement.covers_action(action) for action in _DESTROYING)
    ]
