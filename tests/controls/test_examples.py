"""Every control gives what its examples say, and has an example of each verdict that matters."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from tests.controls.examples import EXAMPLES, Example
from watchword.controls.catalogue import catalogue, find
from watchword.controls.judge import judge_one

for _file in sorted(Path(__file__).parent.glob("examples_*.py")):
    import_module(f"tests.controls.{_file.stem}")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example.control}: {example.title}")
def test_control_judges_its_example_as_stated(example: Example) -> None:
    findings = judge_one(example.view, find(example.control))
    said = [(finding.verdict, finding.subject.name, finding.because) for finding in findings]
    assert tuple(sorted(verdict for verdict, _, _ in said)) == example.verdicts, said
    assert not any(" failed: " in because for _, _, because in said), said
    assert all(finding.evidence for finding in findings if finding.verdict in {"met", "gap"}), said


@pytest.mark.parametrize("control", catalogue(), ids=lambda control: control.id)
def test_every_control_has_a_met_a_gap_and_an_unknown_example(control) -> None:
    shown = {verdict for one in EXAMPLES if one.control == control.id for verdict in one.verdicts}
    assert {"met", "gap", "unknown"} <= shown
