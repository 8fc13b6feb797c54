"""Controls of the record of data access: who read which object or item of what is sensitive."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from watchword.analysis.data.sensitivity import is_sensitive, label_of
from watchword.controls.registry import control, gap, met
from watchword.controls.subjects import judged
from watchword.model.evidence import EvidenceMissing
from watchword.model.finding import Judgement
from watchword.model.resource import Document, Resource
from watchword.model.snapshot import AccountView

_TYPES = {"s3.buckets": "AWS::S3::Object", "dynamodb.tables": "AWS::DynamoDB::Table"}
_BOTH = frozenset({"reads", "writes"})


@control(
    "DA-15",
    reads=("cloudtrail.trails", "s3.buckets", "dynamodb.tables", "macie2.findings"),
    about="buckets and tables with sensitive data",
)
def data_events(view: AccountView) -> Iterator[Judgement]:
    """Reads and writes of every sensitive bucket and table are recorded by a trail."""
    for table in _TYPES:
        yield from judged(view, table, partial(_recorded, view=view))


def _recorded(row: Resource, view: AccountView) -> Judgement | None:
    if not is_sensitive(row, view):
        return None
    label, seen = label_of(row, view), frozenset[str]()
    missing: list[str] = []
    for trail in {one.arn: one for one in view.readable("cloudtrail.trails")}.values():
        try:
            seen |= recorded_by(trail, row)
        except EvidenceMissing as error:
            missing.append(error.what)
            continue
        if seen >= _BOTH:
            return met(f"holds {label} data; trail {trail.name} records it", trail.evidence("EventSelectors"))
    if missing:
        raise EvidenceMissing("; ".join(missing))
    view.rows("cloudtrail.trails")
    left = " and ".join(sorted(_BOTH - seen))
    return gap(f"holds {label} data, and no running trail records its {left}", row.evidence("Name"))


def recorded_by(trail: Resource, row: Resource) -> frozenset[str]:
    """Which of ``reads`` and ``writes`` of all objects (or items) of the row the trail records now."""
    reaches = trail.flag("IsMultiRegionTrail", absent=False) or trail.region == row.region
    if not reaches or not trail.flag("Status.IsLogging", absent=False):
        return frozenset()
    selectors = trail.document("EventSelectors")
    found: frozenset[str] = frozenset()
    for one in selectors.items("EventSelectors"):
        found |= _basic(one, row)
    for one in selectors.items("AdvancedEventSelectors"):
        found |= _advanced(one, row)
    return found


def _basic(selector: Document, row: Resource) -> frozenset[str]:
    """What a basic selector records of the row.

    Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DataResource.html
    """
    for resource in selector.items("DataResources"):
        if resource.text("Type") == _TYPES[row.table] and any(
            _reaches(value, row) for value in resource.texts("Values")
        ):
            return _kinds(selector.text("ReadWriteType", absent="All"))
    return frozenset()


def _reaches(value: str, row: Resource) -> bool:
    service = "arn:aws:s3" if row.table == "s3.buckets" else "arn:aws:dynamodb"
    return value in {service, f"{service}:::", row.arn, f"{row.arn}/"} and not (
        row.table == "s3.buckets" and value == row.arn
    )


def _kinds(word: str) -> frozenset[str]:
    return {"All": _BOTH, "ReadOnly": frozenset({"reads"}), "WriteOnly": frozenset({"writes"})}.get(
        word, frozenset()
    )


def _advanced(selector: Document, row: Resource) -> frozenset[str]:
    """What an advanced selector records of the row.

    Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html
    """
    kinds = _BOTH
    types: set[str] = set()
    for one in selector.items("FieldSelectors"):
        field = one.text("Field")
        if field == "resources.type":
            types = set(one.texts("Equals"))
        elif field == "readOnly":
            kinds = frozenset({"reads" if "true" in one.texts("Equals") else "writes"})
        elif field == "resources.ARN":
            kinds = kinds if _selects(one, row) else frozenset()
        elif field != "eventCategory":
            # By name of event, source or caller: only a part is recorded.
            return frozenset()
    return kinds if _TYPES[row.table] in types else frozenset()


def _selects(field: Document, row: Resource) -> bool:
    everything = f"{row.arn}/" if row.table == "s3.buckets" else row.arn
    wanted = [everything.startswith(value) for value in field.texts("StartsWith")]
    wanted += [value == row.arn and row.table != "s3.buckets" for value in field.texts("Equals")]
    unwanted = [
        value.startswith(everything) or everything.startswith(value)
        for operator in ("NotStartsWith", "NotEquals")
        for value in field.texts(operator)
    ]
    if field.texts("EndsWith") or field.texts("NotEndsWith"):
        return False
    return (any(wanted) if wanted else bool(unwanted)) and not any(unwanted)
