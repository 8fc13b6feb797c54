"""The examples of docs/iam-simulate.md are what the command answers, and the page names every field."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.commands.conftest import Cli
from watchword.analysis.iam.evaluation import BLOCKERS, Decision
from watchword.analysis.iam.simulate import _BLOCK, _DEFINITION, _QUESTION
from watchword.analysis.iam.statements import Part

PAGE = (Path(__file__).parents[2] / "docs" / "iam-simulate.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```jsonl in\n(.*?)```\n```jsonl out\n(.*?)```", PAGE, re.DOTALL)


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) == PAGE.count("```jsonl in") == PAGE.count("```jsonl out") >= 3


@pytest.mark.parametrize(("asked", "answered"), EXAMPLES)
def test_an_example_is_what_the_command_answers(cli: Cli, tmp_path: Path, asked: str, answered: str) -> None:
    (tmp_path / "asked.jsonl").write_text(asked, encoding="utf-8")
    ended = cli("iam", "simulate", tmp_path / "asked.jsonl")
    found = [json.loads(line) for line in ended.out.splitlines()]
    assert found == [json.loads(line) for line in answered.splitlines()]
    assert ended.code == (1 if any("error" in one for one in found) else 0)


def test_every_field_and_word_stands_on_the_page() -> None:
    words = {
        *_DEFINITION,
        *_QUESTION,
        *_BLOCK,
        *BLOCKERS,
        *(one.value for one in (*Decision, *Part)),
        "--trace",
    }
    assert {one for one in words if f"`{one}`" not in PAGE} == set()
