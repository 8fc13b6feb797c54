"""What ``truth.toml`` states, before anything is built: form, completeness, and that the comparison sees differences."""

from __future__ import annotations

import pytest

from tests.controls.test_standing import finding
from watchword.controls.catalogue import catalogue
from watchword.lab.estate.company import State
from watchword.lab.truth import Difference, compare, expand, read_truth, truth_of
from watchword.model.ids import ControlId
from watchword.model.verdict import Verdict

CONTROLS = [control.id for control in catalogue()]
ONE_SUBJECT_OR_ALL_OR_NOTHING = {"ID-09", "LG-01"}
"""One organisation has one Identity Center; a trail of the organisation records all accounts or none."""


def verdicts(control: str, state: State) -> set[Verdict]:
    """All verdicts stated of a control."""
    return {
        verdict for (name, _), several in truth_of(state).items() if name == control for verdict in several
    }


@pytest.mark.parametrize("control", CONTROLS)
def test_before_has_a_flaw_and_after_has_none(control: str) -> None:
    assert Verdict.GAP in verdicts(control, State.BEFORE)
    assert verdicts(control, State.AFTER) <= {Verdict.MET, Verdict.NOT_APPLICABLE}
    assert Verdict.MET in verdicts(control, State.AFTER)


@pytest.mark.parametrize("control", [one for one in CONTROLS if one not in ONE_SUBJECT_OR_ALL_OR_NOTHING])
def test_before_has_good_practice_beside_the_flaws(control: str) -> None:
    assert Verdict.MET in verdicts(control, State.BEFORE)


@pytest.mark.parametrize("state", State)
def test_nothing_is_stated_of_a_control_that_does_not_exist(state: State) -> None:
    assert {control for control, _ in truth_of(state)} <= set(CONTROLS)


def test_braces_enumerate() -> None:
    assert list(expand("{a,b}/r/{x,y}")) == ["a/r/x", "a/r/y", "b/r/x", "b/r/y"]
    assert list(expand("a/r/x")) == ["a/r/x"]


def test_a_subject_stated_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="stated twice"):
        read_truth({"T-1": {"before": {"met": ["a/r/x", "{a,b}/r/x"]}}}, State.BEFORE)


def test_two_resources_of_one_name_are_stated_by_their_number() -> None:
    truth = read_truth(
        {"T-1": {"before": {"met": ["{a,b}/r/default x2"], "gap": ["a/r/default"]}}}, State.BEFORE
    )
    assert truth[(ControlId("T-1"), "a/r/default")] == (Verdict.GAP, Verdict.MET, Verdict.MET)
    assert truth[(ControlId("T-1"), "b/r/default")] == (Verdict.MET, Verdict.MET)


def test_false_missed_and_unstated_findings_are_differences() -> None:
    prod, data = "prod/eu-west-1/a", "data/eu-west-1/a"
    truth = {(ControlId("T-1"), prod): (Verdict.MET,), (ControlId("T-1"), data): (Verdict.GAP,)}
    found = [
        finding("T-1", Verdict.GAP, "a", "666666666666"),
        finding("T-2", Verdict.MET, "b", "666666666666"),
    ]
    assert compare(truth, found) == [
        Difference(ControlId("T-1"), data, (Verdict.GAP,), ()),
        Difference(ControlId("T-1"), prod, (Verdict.MET,), (Verdict.GAP,), "because"),
        Difference(ControlId("T-2"), "prod/eu-west-1/b", (), (Verdict.MET,), "because"),
    ]


def test_a_second_resource_of_the_name_is_a_difference() -> None:
    truth = {(ControlId("T-1"), "prod/eu-west-1/a"): (Verdict.MET,)}
    found = [finding("T-1", Verdict.MET, "a", "666666666666")] * 2
    assert [one.found for one in compare(truth, found)] == [(Verdict.MET, Verdict.MET)]
