"""Texts of controls: what is wrong with one is said with its file and key."""

from __future__ import annotations

import pytest

from tests.controls.test_judge import TEXT
from watchword.controls.catalogue import UnknownControl, catalogue, find
from watchword.controls.text import TextError, parse
from watchword.model.verdict import Level, Pillar, Requirement, Severity, Stage, ZtmmFunction


def test_a_whole_text_is_read_into_its_frames() -> None:
    found = parse(TEXT, "TEST-1.toml")
    assert (found.severity, found.pillar, found.stage) == (Severity.HIGH, Pillar.NETWORK, Stage.INITIAL)
    assert (found.requirements, found.function) == ((Requirement.R9,), ZtmmFunction.NET_SEGMENTATION)
    assert (found.user_impact, found.effort, found.tenets) == (Level.LOW, Level.MEDIUM, (2,))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('slug = "test"', "", r"TEST-1.toml: key 'slug' is missing"),
        ('title = "A test"', "title = 3", r"key 'title' must be a str"),
        ('title = "A test"', 'title = ""', r"key 'title' is empty"),
        (
            'severity = "high"',
            'severity = "huge"',
            r"severity: 'huge' is none of low, medium, high, critical",
        ),
        ('pillar = "network"', 'pillar = "cloud"', r"pillar: 'cloud' is none of identity"),
        ('requirements = ["R9"]', 'requirements = ["R12"]', r"requirements: 'R12'"),
        ("tenets = [2]", "tenets = [8]", r"tenets: 8 is none of 1 to 7"),
        ('id = "TEST-1"', 'id = "nonsense"', r"id: 'nonsense' is not a control id"),
        ("[fix]", 'colour = "red"\n[fix]', r"unknown key 'colour'"),
        ('cli = "aws"', "", r"\[fix\]: key 'cli' is missing"),
        ('slug = "test"', "slug = ", r"TEST-1.toml: .*line 3"),
    ],
)
def test_a_wrong_text_names_file_and_key(old: str, new: str, said: str) -> None:
    assert old in TEXT
    with pytest.raises(TextError, match=said):
        parse(TEXT.replace(old, new), "TEST-1.toml")


def test_the_catalogue_joins_every_rule_to_its_text() -> None:
    known = catalogue()
    assert [one.id for one in known] == sorted(one.id for one in known)
    assert all(one.text.id == one.rule.id for one in known)


def test_every_pillar_and_requirement_is_spoken_of_by_at_least_two_controls() -> None:
    for pillar in Pillar:
        assert sum(one.text.pillar is pillar for one in catalogue()) >= 2, pillar
    for requirement in Requirement:
        assert sum(requirement in one.text.requirements for one in catalogue()) >= 2, requirement


def test_slugs_are_unique() -> None:
    slugs = [one.text.slug for one in catalogue()]
    assert len(slugs) == len(set(slugs))


def test_a_control_is_found_by_id_in_any_case_or_by_slug() -> None:
    assert find("lg-01").id == find("organization-trail").id == "LG-01"


def test_an_unknown_control_is_told_with_its_neighbours() -> None:
    with pytest.raises(UnknownControl, match=r"no control 'LG-99'.*LG-01"):
        find("LG-99")


@pytest.mark.parametrize("control", catalogue(), ids=lambda control: control.id)
def test_every_text_says_enough(control) -> None:
    text = control.text
    assert len(text.why) >= 150, "why"
    assert len(text.passes_when) >= 60, "passes_when"
    assert "aws " in text.fix.cli, "cli"
    assert "resource" in text.fix.terraform or "data " in text.fix.terraform, "terraform"
    assert all(url.startswith("https://") for url in text.references)
