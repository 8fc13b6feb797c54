"""What changed between two assessments, one row a kind of change."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.controls.test_standing import finding
from watchword.model.finding import Finding
from watchword.model.verdict import Severity, Verdict
from watchword.report.diff import Change, Delta, diff

MET, GAP, UNKNOWN, NONE = Verdict.MET, Verdict.GAP, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (None, GAP, Change.NEW),
        (MET, GAP, Change.NEW),
        (NONE, GAP, Change.NEW),
        (GAP, MET, Change.FIXED),
        (GAP, NONE, Change.FIXED),
        (GAP, None, Change.GONE),
        (GAP, UNKNOWN, Change.LOST),
        (MET, UNKNOWN, Change.LOST),
        (UNKNOWN, GAP, Change.CHANGED),
        (UNKNOWN, MET, Change.CHANGED),
        (GAP, GAP, Change.OPEN),
        (MET, MET, None),
        (None, MET, None),
        (MET, None, None),
        (UNKNOWN, UNKNOWN, None),
        (NONE, UNKNOWN, None),
        (MET, NONE, None),
    ],
)
def test_each_move_has_its_name(before: Verdict | None, after: Verdict | None, change: Change | None) -> None:
    old = [finding("T-1", before)] if before else []
    new = [finding("T-1", after)] if after else []
    assert [one.change for one in diff(old, new)] == ([change] if change else [])


def test_a_gap_for_another_reason_or_of_another_severity_is_changed() -> None:
    was = finding("T-1", GAP)
    for now in (replace(was, because="another"), replace(was, severity=Severity.CRITICAL)):
        assert [one.change for one in diff([was], [now])] == [Change.CHANGED]


def test_the_worst_come_first_within_a_kind() -> None:
    low = replace(finding("T-1", GAP, "a"), severity=Severity.LOW)
    high = replace(finding("T-2", GAP, "b"), severity=Severity.CRITICAL)
    assert [one.finding.control for one in diff([], [low, high])] == ["T-2", "T-1"]


def test_a_delta_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        _ = Delta(Change.NEW, None, None).finding


FINDINGS = st.lists(
    st.builds(
        finding, st.sampled_from(["T-1", "T-2"]), st.sampled_from(list(Verdict)), st.sampled_from("abc")
    ),
    unique_by=lambda one: one.id,
)


@given(FINDINGS)
def test_an_assessment_differs_from_itself_in_nothing(found: list[Finding]) -> None:
    assert {one.change for one in diff(found, found)} <= {Change.OPEN}


@given(FINDINGS, FINDINGS)
def test_every_gap_of_either_side_is_accounted_for(before: list[Finding], after: list[Finding]) -> None:
    told = {one.finding.id for one in diff(before, after)}
    assert {one.id for one in (*before, *after) if one.verdict is GAP} <= told
