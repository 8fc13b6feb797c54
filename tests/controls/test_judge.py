"""The judge's steps, each broken on purpose; see the numbered list in ``controls.judge``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.controls.builder import ACCOUNT, HOME, organization, view
from watchword.controls.judge import judge, judge_one
from watchword.controls.registry import (
    Control,
    DuplicateControl,
    Per,
    Rule,
    control,
    gap,
    met,
    met_if,
    not_applicable,
    unknown,
)
from watchword.controls.text import ControlText, parse
from watchword.model.finding import Finding, Subject
from watchword.model.ids import ControlId
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView, UndeclaredRead
from watchword.model.verdict import Severity, Verdict

TEXT = """
id = "TEST-1"
slug = "test"
title = "A test"
severity = "high"
pillar = "network"
requirements = ["R9"]
function = "Networks.Network Segmentation"
stage = "initial"
tenets = [2]
user_impact = "low"
effort = "medium"
passes_when = "It passes."
why = "Because."
references = ["https://example.com"]
[fix]
console = "Click."
cli = "aws"
terraform = "resource"
"""


def text(**changes: str) -> ControlText:
    """A control's text, with some values changed."""
    wanted = TEXT
    for key, value in changes.items():
        wanted = "\n".join(
            f"{key} = {value}" if line.startswith(f"{key} =") else line for line in wanted.splitlines()
        )
    return parse(wanted, "TEST-1.toml")


def made(
    function: Callable[..., Any], *, per: Per = Per.RESOURCE, reads: tuple[str, ...] = ("ec2.instances",)
) -> Control:
    """A control of a function."""
    return Control(Rule(ControlId("TEST-1"), per, reads, function, "instances"), text())


def is_good(row: Resource, _: AccountView) -> Any:
    """Met where the row says so."""
    return met_if(row.flag("Good"), "it is good", "it is bad", row.evidence("Good"))


def words(findings: list[Finding]) -> list[tuple[str, str]]:
    """Name and verdict of each finding."""
    return [(one.subject.name, one.verdict.value) for one in findings]


def test_every_row_gets_a_finding_with_its_evidence() -> None:
    rows = [{"_name": "a", "Good": True}, {"_name": "b", "Good": False}]
    findings = judge_one(view({"ec2.instances": rows}), made(is_good))
    assert words(findings) == [("a", "met"), ("b", "gap")]
    assert [one.evidence[0].value for one in findings] == ["true", "false"]


def test_step_1_a_table_that_is_not_declared_cannot_be_read() -> None:
    def reads_another(_: Resource, seen: AccountView) -> Any:
        return met(str(seen.rows("iam.users")))

    with pytest.raises(UndeclaredRead, match=r"iam\.users"):
        judge_one(view({"ec2.instances": [{}], "iam.users": []}), made(reads_another))


def test_step_1_holds_for_the_organisations_tables_too() -> None:
    def reads_another(seen: AccountView) -> Any:
        return met(str(seen.of_organization().rows("organizations.roots")))

    seen = view({"ec2.instances": []}, organization=organization({"organizations.roots": []}))
    with pytest.raises(UndeclaredRead):
        judge_one(seen, made(reads_another, per=Per.ACCOUNT))


def test_step_2_a_region_that_was_not_read_is_unknown_beside_those_that_were() -> None:
    seen = view({"ec2.instances": [{"_name": "a", "Good": True}]}, denied=["us-east-1:ec2.instances"])
    assert sorted(words(judge_one(seen, made(is_good)))) == [("a", "met"), ("ec2 in us-east-1", "unknown")]


def test_step_2_nothing_collected_at_all_is_unknown() -> None:
    (finding,) = judge_one(view(), made(is_good))
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.missing


@pytest.mark.parametrize("per", [Per.ACCOUNT, Per.REGION])
def test_step_3_a_control_without_rows_runs_once_for_its_subject(per: Per) -> None:
    findings = judge_one(view({"ec2.instances": [{}, {"_name": "y"}]}), made(lambda *_: met("seen"), per=per))
    assert [one.verdict for one in findings] == [Verdict.MET]


def test_step_3_a_row_outside_the_scope_gives_nothing() -> None:
    def only_good(row: Resource, _: AccountView) -> Any:
        return met("good") if row.flag("Good") else None

    findings = judge_one(
        view({"ec2.instances": [{"_name": "a", "Good": True}, {"_name": "b", "Good": False}]}),
        made(only_good),
    )
    assert words(findings) == [("a", "met")]


def test_step_4_missing_evidence_makes_the_row_unknown_and_spares_the_others() -> None:
    rows = [{"_name": "a"}, {"_name": "b", "Good": True}, {"_name": "c", "_holes": {"Good": "denied"}}]
    findings = judge_one(view({"ec2.instances": rows}), made(is_good))
    assert words(findings) == [("a", "unknown"), ("b", "met"), ("c", "unknown")]
    assert "Good" in findings[0].missing[0]
    assert "denied" in findings[2].missing[0]


def test_step_4_what_was_said_before_the_evidence_ended_is_kept() -> None:
    def says_then_lacks(seen: AccountView) -> Any:
        yield gap("one gap", subject=Subject(seen.account.id, HOME, "arn:x", "X", "x"))
        seen.rows("ec2.images")

    seen = view({"ec2.instances": []}, denied=["ec2.images"])
    findings = judge_one(seen, made(says_then_lacks, per=Per.ACCOUNT, reads=("ec2.instances", "ec2.images")))
    assert sorted(words(findings)) == [("test", "unknown"), ("x", "gap")]


def test_step_5_a_control_that_breaks_is_unknown_and_names_its_error() -> None:
    def breaks(row: Resource, _: AccountView) -> Any:
        return met(str(1 / 0)) if row.name == "a" else met("fine")

    findings = judge_one(view({"ec2.instances": [{"_name": "a"}, {"_name": "b"}]}), made(breaks))
    assert words(findings) == [("a", "unknown"), ("b", "met")]
    assert "ZeroDivisionError" in findings[0].because


def test_step_6_nothing_in_scope_is_said_to_be_not_applicable() -> None:
    (finding,) = judge_one(view({"ec2.instances": []}), made(is_good))
    assert (finding.verdict, finding.because) == (Verdict.NOT_APPLICABLE, "there are no instances")


def test_step_7_several_judgements_of_one_subject_become_the_worst() -> None:
    def several(row: Resource, _: AccountView) -> Any:
        yield met("fine")
        yield gap("port 22", row.evidence("Port"))
        yield gap("port 3389", row.evidence("Port"), severity=Severity.CRITICAL)
        yield unknown("who knows")
        yield not_applicable("no")

    (finding,) = judge_one(view({"ec2.instances": [{"_name": "a", "Port": 1}]}), made(several))
    assert (finding.verdict, finding.because) == (Verdict.GAP, "port 22; port 3389")
    assert finding.severity is Severity.CRITICAL
    assert len(finding.evidence) == 1


def test_step_8_what_rests_on_nothing_points_at_what_was_read() -> None:
    (finding,) = judge_one(view({"ec2.instances": []}), made(lambda _: met("there is none"), per=Per.ACCOUNT))
    (piece,) = finding.evidence
    assert (piece.table, piece.path, piece.value) == ("ec2.instances", "rows read", "0")


def test_step_8_met_without_any_evidence_is_unknown() -> None:
    seen = view({}, denied=["ec2.instances"])
    (finding,) = judge_one(seen, made(lambda _: met("trust me"), per=Per.ACCOUNT))
    assert finding.verdict is Verdict.UNKNOWN
    assert "gave no evidence for: trust me" in finding.missing[0]


def test_controls_of_the_organisation_judge_the_organisation_only() -> None:
    once = made(lambda _: met("seen"), per=Per.ORGANIZATION, reads=("organizations.roots",))
    seen = organization({"organizations.roots": [{}]})
    assert [one.subject.name for one in judge_one(seen, once)] == ["organisation"]
    assert judge_one(view({"ec2.instances": []}), once) == []
    assert judge_one(seen, made(is_good)) == []


def test_findings_are_in_the_order_of_their_sort_keys_whatever_the_order_of_rows() -> None:
    rows = [{"_name": name, "Good": True} for name in "cab"]
    findings = judge(view({"ec2.instances": rows}), [made(is_good)])
    assert [one.subject.name for one in findings] == ["a", "b", "c"]


@given(st.lists(st.sampled_from([True, False, None, "broken"]), max_size=12))
def test_silence_is_impossible(kinds: list[object]) -> None:
    rows = [
        {"_name": f"r{index}", **({} if kind is None else {"Good": kind})} for index, kind in enumerate(kinds)
    ]
    findings = judge_one(view({"ec2.instances": rows}), made(is_good))
    wanted = {True: "met", False: "gap", None: "unknown", "broken": "unknown"}
    assert words(findings) == [(f"r{index}", wanted[kind]) for index, kind in enumerate(kinds)] or not kinds
    assert len(findings) == max(1, len(kinds))


def test_an_id_cannot_be_registered_twice() -> None:
    control("TEST-77", each="ec2.instances")(is_good)
    with pytest.raises(DuplicateControl):
        control("TEST-77", each="ec2.instances")(is_good)
    from watchword.controls import registry

    del registry._RULES[ControlId("TEST-77")]


def test_a_control_must_name_what_it_reads() -> None:
    with pytest.raises(ValueError, match="name the tables"):
        control("TEST-78")


def test_the_id_of_a_finding_depends_on_control_and_subject_alone() -> None:
    bad = judge_one(view({"ec2.instances": [{"_name": "a", "Good": False}]}), made(is_good))[0]
    good = judge_one(view({"ec2.instances": [{"_name": "a", "Good": True, "More": 1}]}), made(is_good))[0]
    assert bad.id == good.id
    other = judge_one(view({"ec2.instances": [{"_name": "b", "Good": True}]}), made(is_good))[0]
    assert other.id != good.id
    assert good.subject.account == ACCOUNT
