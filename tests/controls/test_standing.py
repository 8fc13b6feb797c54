"""Standing: counts, stages, and what to do next, against a slow and plain reading of the rules."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tests.controls.test_judge import text
from watchword.controls.registry import Control, Per, Rule, met
from watchword.controls.standing import Counts, Standing, Tally, score, standing
from watchword.model.finding import Finding, Subject
from watchword.model.ids import AccountId, ControlId, Region
from watchword.model.verdict import Confidence, Pillar, Requirement, Severity, Stage, Verdict, ZtmmFunction

FUNCTION = ZtmmFunction.NET_SEGMENTATION


def control(name: str, stage: str = "initial", **changes: str) -> Control:
    """A control of network segmentation at a stage."""
    rule = Rule(ControlId(name), Per.ACCOUNT, ("ec2.vpcs",), lambda _: met("x"), "things")
    return Control(rule, text(id=f'"{name}"', stage=f'"{stage}"', **changes))


def finding(name: str, verdict: Verdict, resource: str = "x", account: str = "111122223333") -> Finding:
    """A finding of a control."""
    subject = Subject(AccountId(account), Region("eu-west-1"), f"arn:{resource}", "X", resource)
    return Finding(ControlId(name), subject, verdict, Severity.HIGH, Confidence.HIGH, "because")


def stand(controls: list[Control], findings: list[Finding]) -> Standing:
    """The standing after these findings."""
    tally = Tally()
    tally.add(findings)
    return standing(controls, tally)


def test_a_gap_weighs_more_than_an_unknown_and_that_more_than_met() -> None:
    assert Counts(met=9, gap=1).verdict is Verdict.GAP
    assert Counts(met=9, unknown=1).verdict is Verdict.UNKNOWN
    assert Counts(met=1, not_applicable=9).verdict is Verdict.MET
    assert Counts().verdict is Verdict.NOT_APPLICABLE


def test_unknown_never_counts_as_met() -> None:
    stood = stand([control("T-1")], [finding("T-1", Verdict.MET, "a"), finding("T-1", Verdict.UNKNOWN, "b")])
    assert stood.functions[FUNCTION].stage is Stage.TRADITIONAL
    assert [one.control.id for one in stood.functions[FUNCTION].blocked_by] == ["T-1"]


def test_a_failure_leaves_the_function_below_its_stage() -> None:
    controls = [control("T-1", "initial"), control("T-2", "advanced"), control("T-3", "optimal")]
    found = [finding("T-1", Verdict.MET), finding("T-2", Verdict.GAP), finding("T-3", Verdict.MET)]
    function = stand(controls, found).functions[FUNCTION]
    assert (function.stage, function.next_stage) == (Stage.INITIAL, Stage.ADVANCED)
    assert [one.control.id for one in function.blocked_by] == ["T-2"]


def test_a_function_that_nothing_speaks_of_is_not_assessed() -> None:
    stood = stand([control("T-1")], [])
    assert stood.functions[FUNCTION].stage is None
    assert stood.functions[ZtmmFunction.DATA_ACCESS].stage is None
    assert stood.pillars[Pillar.NETWORK].lowest is None


def test_what_is_next_goes_by_severity_reach_and_effort() -> None:
    easy = control("T-1", severity='"critical"', effort='"low"')
    hard = control("T-2", severity='"critical"', effort='"high"')
    small = control("T-3", severity='"low"', effort='"low"')
    gaps = [finding(name, Verdict.GAP) for name in ("T-1", "T-2")]
    many = [finding("T-3", Verdict.GAP, f"r{index}") for index in range(100)]
    stood = stand([small, hard, easy], gaps + many)
    assert [step.standing.control.id for step in stood.next_steps] == ["T-1", "T-2", "T-3"]
    assert [step.reach for step in stood.next_steps] == [1, 1, 100]


def test_the_matrix_holds_a_control_wherever_its_requirement_and_pillar_meet() -> None:
    stood = stand([control("T-1", requirements='["R9", "R5"]')], [finding("T-1", Verdict.GAP)])
    filled = {cell for cell, group in stood.matrix.items() if group.controls}
    assert filled == {(Requirement.R9, Pillar.NETWORK), (Requirement.R5, Pillar.NETWORK)}
    assert stood.requirements[Requirement.R5].verdicts == Counts(gap=1)


def test_accounts_with_gaps_are_named() -> None:
    found = [
        finding("T-1", Verdict.GAP, "a", "222222222222"),
        finding("T-1", Verdict.MET, "b", "333333333333"),
    ]
    assert stand([control("T-1")], found).controls[0].accounts_with_gaps == ("222222222222",)


STAGES = ("initial", "advanced", "optimal")
OUTCOME = st.sampled_from([Verdict.MET, Verdict.GAP, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE])


@given(st.lists(st.tuples(st.sampled_from(STAGES), st.lists(OUTCOME, max_size=3)), max_size=6))
def test_stages_agree_with_a_plain_reading_of_the_rules(shape: list[tuple[str, list[Verdict]]]) -> None:
    controls = [control(f"T-{index}", stage) for index, (stage, _) in enumerate(shape)]
    found = [
        finding(f"T-{index}", verdict, f"r{row}")
        for index, (_, verdicts) in enumerate(shape)
        for row, verdict in enumerate(verdicts)
    ]
    assert stand(controls, found).functions[FUNCTION].stage == naive_stage(shape)


def naive_stage(shape: list[tuple[str, list[Verdict]]]) -> Stage | None:
    """Walk up the stages, one by one, until something fails."""
    in_scope = [(Stage[stage.upper()], set(v) - {Verdict.NOT_APPLICABLE}) for stage, v in shape]
    in_scope = [(stage, verdicts) for stage, verdicts in in_scope if verdicts]
    if not in_scope:
        return None
    reached = Stage.TRADITIONAL
    for stage in (Stage.INITIAL, Stage.ADVANCED, Stage.OPTIMAL):
        here = [verdicts for at, verdicts in in_scope if at is stage]
        if any(verdicts != {Verdict.MET} for verdicts in here):
            return reached
        if here:
            reached = stage
    return reached


@given(st.sampled_from(list(Severity)), st.integers(1, 10**6), st.integers(1, 3))
def test_more_severity_or_reach_raises_the_score_and_more_effort_lowers_it(
    severity: Severity, reach: int, effort: int
) -> None:
    here = score(severity, reach, effort)
    assert score(severity, reach + 1, effort) > here
    assert severity is Severity.CRITICAL or score(Severity(severity + 1), reach, effort) > here
    assert effort == 3 or score(severity, reach, effort + 1) < here


def test_a_tally_counts_the_same_in_one_go_or_in_pieces() -> None:
    found = [finding("T-1", verdict, f"r{index}") for index, verdict in enumerate(list(Verdict) * 3)]
    whole, pieces = Tally(), Tally()
    whole.add(found)
    for one in found:
        pieces.add([one])
    assert whole.verdicts == pieces.verdicts == {"T-1": Counter(dict.fromkeys(Verdict, 3))}
