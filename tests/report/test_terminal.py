"""The terminal's summary, at the widths that people have."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from tests.controls.test_standing import finding
from tests.report.fakes import assessment
from watchword.model.verdict import Requirement, Verdict
from watchword.report.diff import diff
from watchword.report.terminal import show, show_diff


def shown(tmp_path: Path, width: int) -> str:
    out = io.StringIO()
    show(assessment(tmp_path), Console(file=out, width=width, highlight=False))
    return out.getvalue()


@pytest.mark.parametrize("width", [80, 120, 200])
def test_no_line_is_wider_than_the_terminal(tmp_path: Path, width: int) -> None:
    assert max(len(line.rstrip()) for line in shown(tmp_path, width).splitlines()) <= width


def test_the_matrix_has_a_row_for_each_requirement(tmp_path: Path) -> None:
    lines = shown(tmp_path, 200).splitlines()
    for one in Requirement:
        assert any(line.split()[:1] == [one.value] for line in lines)


def test_gaps_unknowns_and_holes_are_told_by_sign_and_word(tmp_path: Path) -> None:
    text = shown(tmp_path, 160)
    for said in (
        "✗",
        "?",
        "✓",
        "no trail records this account",
        "Not seen: 2 denied, 1 throttled",
        "Do this next",
    ):
        assert said in text


def test_a_diff_counts_every_kind_and_lists_what_moved() -> None:
    out = io.StringIO()
    deltas = diff(
        [finding("T-1", Verdict.GAP, "a")],
        [finding("T-1", Verdict.MET, "a"), finding("T-1", Verdict.GAP, "b")],
    )
    show_diff(deltas, Console(file=out, width=120, highlight=False))
    assert "+ 1 new" in out.getvalue()
    assert "✓ 1 fixed" in out.getvalue()


def test_a_long_diff_is_cut_and_says_so() -> None:
    out = io.StringIO()
    deltas = diff([], [finding("T-1", Verdict.GAP, f"r{index}") for index in range(50)])
    show_diff(deltas, Console(file=out, width=120, highlight=False), most=10)
    assert "and 40 more" in out.getvalue()
