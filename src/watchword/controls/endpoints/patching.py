"""Controls of patching: machines are scanned for missing patches, and none is missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from watchword.controls.registry import Per, control, gap, met, unknown
from watchword.controls.sweep import each
from watchword.model.finding import Judgement
from watchword.model.ids import Region
from watchword.model.resource import Document, Resource
from watchword.model.snapshot import AccountView

_NODES: Final = "ssm.instance_information"
_INSTANCES: Final = "ec2.instances"

SCAN_WITHIN: Final = timedelta(days=7)
"""How old the last scan for missing patches may be."""

_COUNTS: Final = {
    "CriticalNonCompliantCount": "critical",
    "SecurityNonCompliantCount": "security-related",
    "MissingCount": "missing",
    "FailedCount": "failed",
    "InstalledPendingRebootCount": "waiting for a reboot",
}
"""Fields of a patch state that must be zero, and what they count.

Source: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_InstancePatchState.html
"""


@control("EP-06", per=Per.REGION, reads=(_NODES, _INSTANCES), about="machines")
def servers_are_patched(view: AccountView, region: Region) -> Iterator[Judgement]:
    """Every machine was scanned within a week and lacks no patch that its baseline approves."""
    machines = {row.text("InstanceId"): row for row in view.rows(_INSTANCES, region)}
    nodes = {row.text("InstanceId"): row for row in view.rows(_NODES, region)}
    yield from each(nodes.values(), lambda row: _node(row, machines.get(row.text("InstanceId")), view))
    for name, row in machines.items():
        if name not in nodes and row.text("State.Name") == "running":
            yield unknown(
                "Systems Manager does not manage the machine, so nobody knows which patches it lacks",
                row.evidence("State.Name"),
                subject=row,
            )


def _node(row: Resource, machine: Resource | None, view: AccountView) -> Judgement | None:
    if machine is not None and machine.text("State.Name") != "running":
        return None
    subject = machine or row
    facts = row.evidence("PatchState")
    state = row.document("PatchState", absent=None)
    if state is None:
        return gap("the machine was never scanned for missing patches", facts, subject=subject)
    scanned = state.time("OperationEndTime")
    days = (view.now - scanned).days
    lacking = _lacking(state)
    if lacking:
        return gap(
            f"patches that its baseline approves: {', '.join(lacking)} (scan {days} days ago)",
            facts,
            subject=subject,
        )
    if view.now - scanned > SCAN_WITHIN:
        return gap(f"the last scan for missing patches was {days} days ago", facts, subject=subject)
    return met(f"no approved patch is missing, scanned {days} days ago", facts, subject=subject)


def _lacking(state: Document) -> list[str]:
    """What is not zero, in words; AWS leaves out counts that it does not know of."""
    counts = {words: int(state.number(field, absent=0)) for field, words in _COUNTS.items()}
    return [f"{count} {words}" for words, count in counts.items() if count]
