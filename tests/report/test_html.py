"""The HTML report: self-contained, escaped, and every number leads somewhere."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.report.fakes import MANIFEST, NASTY, assessment
from watchword.controls.standing import Counts
from watchword.model.verdict import Requirement
from watchword.report import html as page
from watchword.report.charts import stacked_bar

VOID = {"meta", "input", "br", "link", "img", "rect", "hr"}


class Reader(HTMLParser):
    """Gathers ids, links and sources, and checks that tags are closed."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.open: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.ids += [value for value in (values.get("id"),) if value]
        self.links += [value for value in (values.get("href"),) if value]
        self.sources += [value for value in (values.get("src"),) if value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"{tag} at {self.getpos()}")


@pytest.fixture
def text(tmp_path: Path) -> str:
    return "".join(page.html(assessment(tmp_path)))


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    return reader


def test_every_link_inside_leads_to_something(text: str) -> None:
    reader = read(text)
    inside = {link[1:] for link in reader.links if link.startswith("#")}
    assert inside <= set(reader.ids)
    assert {one.value for one in Requirement} <= inside
    assert len(reader.ids) == len(set(reader.ids))


def test_tags_are_closed_in_order(text: str) -> None:
    reader = read(text)
    assert (reader.wrong, reader.open) == ([], [])


def test_nothing_is_loaded_from_elsewhere(text: str) -> None:
    reader = read(text)
    assert reader.sources == []
    assert "<link" not in text
    assert "@import" not in text
    assert "default-src 'none'" in text


def test_what_resources_are_called_is_escaped(text: str) -> None:
    assert NASTY not in text
    assert "&lt;script&gt;alert" in text


def test_requirements_that_nothing_speaks_of_are_not_assessed(text: str) -> None:
    assert "No control of this catalogue speaks of it yet" in text


def test_a_narrowed_scope_is_said_at_top_and_bottom(tmp_path: Path) -> None:
    manifest = MANIFEST | {"scope": {"accounts": [], "regions": ["eu-west-1"], "services": []}}
    text = "".join(page.html(assessment(tmp_path, manifest=manifest)))
    assert text.count("Narrowed scope: only regions eu-west-1. What lies outside is not assessed.") >= 3


def test_findings_beyond_the_limit_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = assessment(tmp_path)
    monkeypatch.setattr(page, "SHOWN", dict.fromkeys(page.SHOWN, 0))
    section = next(one for one in page.sections(made) if one.standing.control.id == "LG-04")
    assert (section.findings, section.hidden) == ((), 2)
    assert "2 more findings are not shown here" in "".join(page.html(made))


def test_a_bar_says_in_words_what_it_shows() -> None:
    bar = stacked_bar(Counts(met=3, gap=1), 4, "R1 & more")
    assert "<title>R1 &amp; more: 1 gaps, 0 unknown, 3 met</title>" in bar
    assert bar.count("<rect") == 2
