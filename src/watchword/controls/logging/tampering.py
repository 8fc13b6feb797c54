"""Control of tampering: nobody but emergency identities can stop or delete what records.

Asks the evaluator, with all policies of each principal, its boundary, the organisation's SCPs and the policies of bucket
and key.  Root users are not judged here (ID-01 to ID-04), nor principals of other accounts (LG-02).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from watchword.analysis.iam.access import Identity
from watchword.analysis.iam.policy import Policy, PolicyError, parse
from watchword.controls.access import READS, Able, Asking, access_of, is_emergency, listed, unseen
from watchword.controls.registry import control, gap, met, not_applicable, unknown
from watchword.model.evidence import EvidenceMissing
from watchword.model.finding import Judgement
from watchword.model.ids import Arn
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView

_TRAILS: Final = "cloudtrail.trails"
_BUCKETS: Final = "s3.buckets"
_KEYS: Final = "kms.keys"
_CHANNELS: Final = "config.delivery_channels"

_BY_TABLE: Final = {
    _TRAILS: (
        *("cloudtrail:StopLogging", "cloudtrail:DeleteTrail", "cloudtrail:UpdateTrail"),
        "cloudtrail:PutEventSelectors",
    ),
    "guardduty.detectors": (
        *("guardduty:DeleteDetector", "guardduty:UpdateDetector"),
        *("guardduty:DisassociateFromAdministratorAccount", "guardduty:DisassociateFromMasterAccount"),
    ),
    "config.recorders": ("config:StopConfigurationRecorder", "config:DeleteConfigurationRecorder"),
    _CHANNELS: ("config:DeleteDeliveryChannel",),
    "securityhub.hubs": ("securityhub:DisableSecurityHub",),
}
"""What stops or blinds each recorder.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

_OF_BUCKET: Final = ("s3:PutBucketPolicy", "s3:DeleteBucketPolicy")
_UNLOCKED: Final = ("s3:DeleteBucket", "s3:PutLifecycleConfiguration")
_OF_OBJECTS: Final = ("s3:DeleteObject", "s3:DeleteObjectVersion")
_OF_KEY: Final = ("kms:ScheduleKeyDeletion", "kms:DisableKey")
_WRITERS: Final = frozenset({"cloudtrail.amazonaws.com", "config.amazonaws.com"})


@dataclass(frozen=True, slots=True)
class Recorder:
    """Something that records, and each action that would end it, with the resource that the action is on."""

    row: Resource
    ends: tuple[tuple[str, str], ...]


@control(
    "LG-12",
    reads=(*READS, *(table for table in _BY_TABLE if table not in READS)),
    about="trails, detectors, recorders, hubs and log buckets",
)
def nobody_can_tamper(view: AccountView) -> Iterator[Judgement]:
    """No principal outside the emergency identities can stop or delete what records."""
    recorders, doubts = _recorders(view)
    if not recorders and not doubts:
        yield not_applicable("the account has nothing that records: see LG-01, LG-04, LG-06 and LG-07")
        return
    doubts += unseen(view)
    found = list(_tamperers(recorders, view))
    evidence = [
        piece
        for one, recorder, _ in found
        for piece in (*one.evidence, recorder.row.evidence(_name_field(recorder.row)))
    ]
    sure = [_words(*one) for one in found if one[0].is_known]
    if sure:
        yield gap(listed(sure), *dict.fromkeys(evidence))
    doubts += [f"{one.identity.name}: {what}" for one, _, _ in found for what in one.answer.missing]
    if doubts:
        yield unknown(listed(doubts))
    if not found and not doubts:
        shown = [recorder.row.evidence(_name_field(recorder.row)) for recorder in recorders]
        yield met(f"none but emergency identities can stop or delete {_kinds(recorders)}", *shown[:12])


def _tamperers(recorders: list[Recorder], view: AccountView) -> Iterator[tuple[Able, Recorder, str]]:
    """The principals that can end a recorder, each with the first recorder and action found."""
    asking = access_of(view)
    for identity in asking.principals():
        if not is_emergency(identity, view):
            found = _first(asking, identity, recorders, view)
            if found is not None:
                yield found


def _first(
    asking: Asking, identity: Identity, recorders: list[Recorder], view: AccountView
) -> tuple[Able, Recorder, str] | None:
    perhaps: tuple[Able, Recorder, str] | None = None
    for recorder in recorders:
        for action, resource in recorder.ends:
            able = asking.ask(identity, action, resource, view)
            if able is not None and able.is_known:
                return able, recorder, action
            if able is not None and perhaps is None:
                perhaps = (able, recorder, action)
    return perhaps


def _words(one: Able, recorder: Recorder, action: str) -> str:
    return f"{one.sentence} can {action} on {recorder.row.table.partition('.')[2][:-1].replace('_', ' ')} {recorder.row.name}"


def _kinds(recorders: list[Recorder]) -> str:
    kinds = dict.fromkeys(one.row.table.partition(".")[2].replace("_", " ") for one in recorders)
    return ", ".join(kinds)


# --- what records ----------------------------------------------------------------------------------------------------


def _recorders(view: AccountView) -> tuple[list[Recorder], list[str]]:
    """What records in the account, and what could not be read of it."""
    found: list[Recorder] = []
    doubts: list[str] = []
    for table, actions in _BY_TABLE.items():
        doubts += [hole.sentence() for hole in view.holes_of(table)]
        found += [
            Recorder(row, tuple((action, row.arn) for action in actions))
            for row in {row.arn: row for row in view.readable(table)}.values()
            if Arn.parse(row.arn).account == view.account.id
        ]
    buckets, keys = _names(view, "S3BucketName", "s3BucketName"), _names(view, "KmsKeyId", "")
    for table, kept, ends in ((_BUCKETS, buckets, _ends_of_bucket), (_KEYS, keys, _ends_of_key)):
        doubts += [hole.sentence() for hole in view.holes_of(table)]
        found += _keepers(view, table, kept, ends, doubts)
    return found, doubts


def _names(view: AccountView, of_trail: str, of_channel: str) -> frozenset[str]:
    """Names, ids and ARNs that trails and delivery channels give for their bucket or key."""
    rows = [(row, of_trail) for row in view.readable(_TRAILS)]
    rows += [(row, of_channel) for row in view.readable(_CHANNELS) if of_channel]
    return frozenset(row.text(path, absent="") for row, path in rows) - {""}


def _keepers(
    view: AccountView,
    table: str,
    kept: frozenset[str],
    ends: Callable[[Resource], Iterator[tuple[str, str]]],
    doubts: list[str],
) -> Iterator[Recorder]:
    """Buckets (or keys) that recorders name, or whose policy lets recorders write."""
    for row in view.readable(table):
        try:
            if kept & {row.name, row.arn} or _takes_records(row):
                yield Recorder(row, tuple(ends(row)))
        except EvidenceMissing as missing:
            doubts.append(missing.what)


def _takes_records(row: Resource) -> bool:
    document = row.document("Policy", absent=None)
    if document is None:
        return False
    try:
        policy: Policy = parse(document.data)
    except PolicyError as error:
        raise EvidenceMissing(f"Policy of {row.where} is not of the IAM language: {error}") from error
    action = "s3:PutObject" if row.table == _BUCKETS else "kms:GenerateDataKey"
    return any(
        one.principals is not None and _WRITERS & set(one.principals.service) and one.covers_action(action)
        for one in policy.allows
    )


def _ends_of_bucket(row: Resource) -> Iterator[tuple[str, str]]:
    yield from ((action, row.arn) for action in _OF_BUCKET)
    # Under object lock nothing that was recorded can be deleted before its time, nor the bucket that holds it.
    if row.text("ObjectLock.ObjectLockEnabled", absent="") != "Enabled":
        yield from ((action, row.arn) for action in _UNLOCKED)
        yield from ((action, f"{row.arn}/*") for action in _OF_OBJECTS)


def _ends_of_key(row: Resource) -> Iterator[tuple[str, str]]:
    yield from ((action, row.arn) for action in _OF_KEY)


def _name_field(row: Resource) -> str:
    for path in ("Name", "DetectorId", "name", "HubArn", "KeyId"):
        if row.data.get(path):
            return path
    return "Policy"
