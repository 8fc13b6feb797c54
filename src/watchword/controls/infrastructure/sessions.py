"""Controls of Session Manager: what is done in a session on a machine is written down."""

from __future__ import annotations

from typing import Final

from watchword.controls.registry import Per, control, gap, met, not_applicable
from watchword.model.evidence import Evidence
from watchword.model.finding import Judgement
from watchword.model.ids import Region
from watchword.model.resource import Document
from watchword.model.snapshot import AccountView

_PREFERENCES: Final = "ssm.session_preferences"
_DESTINATIONS: Final = {
    "S3 bucket": ("s3BucketName", "s3EncryptionEnabled"),
    "log group": ("cloudWatchLogGroupName", "cloudWatchEncryptionEnabled"),
}
"""Where Session Manager can write transcripts: (field that names it, flag that refuses an unencrypted one).

Source: https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-schema.html
"""


@control(
    "IN-03",
    per=Per.REGION,
    reads=(_PREFERENCES, "ssm.instance_information"),
    about="regions with managed nodes",
)
def sessions_are_logged(view: AccountView, region: Region) -> Judgement:
    """Session Manager writes transcripts to an S3 bucket or log group and insists on encryption."""
    nodes = view.rows("ssm.instance_information", region)
    if not nodes:
        nothing = Evidence.of("ssm.instance_information", f"{view.account.id}/{region}", "InstanceId", [])
        return not_applicable(
            f"Systems Manager manages no node in {region}, so there are no sessions", nothing
        )
    rows = view.rows(_PREFERENCES, region)
    if not rows:
        default = Evidence.of(_PREFERENCES, f"{view.account.id}/{region}", "Content", None)
        return gap(
            f"Session Manager has its default preferences in {region}: sessions on {len(nodes)} nodes are logged nowhere",
            default,
        )
    inputs = rows[0].document("Content").document("inputs")
    facts = tuple(
        rows[0].evidence(f"Content.inputs.{name}") for pair in _DESTINATIONS.values() for name in pair
    )
    return _judged(inputs, region, facts)


def _judged(inputs: Document, region: Region, facts: tuple[Evidence, ...]) -> Judgement:
    used = {what: inputs.text(name, absent="") for what, (name, _) in _DESTINATIONS.items()}
    open_ones = [
        f"{what} {used[what]}"
        for what, (_, flag) in _DESTINATIONS.items()
        if used[what] and not inputs.flag(flag, absent=False)
    ]
    written = [f"{what} {name}" for what, name in used.items() if name]
    if not written:
        return gap(f"sessions in {region} are logged nowhere: neither S3 bucket nor log group is set", *facts)
    if open_ones:
        return gap(
            f"session logs in {region} go to {' and '.join(open_ones)} without insisting on encryption",
            *facts,
        )
    return met(f"sessions in {region} are logged, encrypted, to {' and '.join(written)}", *facts)
