"""The page of attack paths: all that the paths have, escaped, bounded; in a real browser on a phone and without script."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.report.attack_fakes import sample_page
from watchword.report.attack_graph import AttackGraph
from watchword.report.attack_page import SHOWN_PATHS, AttackPage, PathStep, PathView, attack_page

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
needs_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium is installed (Debian: apt-get install chromium)"
)


def test_each_step_is_told_with_statement_condition_and_remedy() -> None:
    text = attack_page(sample_page())
    for part in (
        "Take the role (sts:AssumeRole)",
        "statement 2 of policy developer-extra",
        "aws:MultiFactorAuthPresent Bool true",
        "iam.policies of 222233334444: AccessDenied",
        "Name the one role that deploys in the trust policy",
        "And 143 more paths",
    ):
        assert part in text


def test_hostile_names_stay_text() -> None:
    hostile = "<script>alert(1)</script>\"'"
    path = PathView(
        hostile, hostile, (PathStep(hostile, hostile, hostile, (hostile,), hostile, hostile, (hostile,)),)
    )
    page = AttackPage(AttackGraph((), (), hostile, hostile, notes=(hostile,)), (path,), not_seen=(hostile,))
    assert "<script" not in attack_page(page)


def test_paths_beyond_the_first_are_counted() -> None:
    page = sample_page()
    many = replace(page, paths=page.paths * SHOWN_PATHS, more=7)
    text = attack_page(many)
    assert text.count('<details class="path"') == SHOWN_PATHS
    assert f"And {SHOWN_PATHS + 7} more paths" in text


def test_a_page_without_paths_says_so_and_what_was_not_seen() -> None:
    text = attack_page(AttackPage(AttackGraph((), (), "No path"), (), not_seen=("iam.roles",)))
    assert "No path was found. What was not seen, below, may hide some." in text
    assert "iam.roles" in text


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("attack") / "paths.html"
    path.write_text(attack_page(sample_page()), encoding="utf-8")
    return path.as_uri()


@pytest.mark.browser
@needs_browser
@pytest.mark.parametrize("width", [360, 500, 1280])
def test_the_page_is_never_wider_than_the_screen(browser: Any, url: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, java_script_enabled=True)
    opened = context.new_page()
    opened.goto(url)
    wide = opened.evaluate("document.documentElement.scrollWidth")
    picture = opened.evaluate("document.querySelector('.picture svg').getBoundingClientRect().width")
    context.close()
    assert wide <= width
    assert picture >= 1232


@pytest.mark.browser
@needs_browser
def test_names_and_labels_as_the_browser_draws_them_stay_inside_and_apart(browser: Any, url: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    opened.goto(url)
    outside = opened.evaluate("""[...document.querySelectorAll('svg.ww g')].flatMap(group => {
        const box = group.querySelector('rect').getBoundingClientRect();
        return [...group.querySelectorAll('text')].filter(one => one.getBoundingClientRect().right > box.right)
            .map(one => one.textContent); })""")
    overlapping = opened.evaluate("""(() => {
        const spots = [...document.querySelectorAll('svg.ww text.edge')].map(one => one.getBoundingClientRect());
        return spots.filter((a, i) => spots.some((b, j) => j > i && a.left < b.right && b.left < a.right
            && a.top + 2 < b.bottom && b.top + 2 < a.bottom)).length; })()""")
    smallest = opened.evaluate("""Math.min(...[...document.querySelectorAll('svg.ww text')]
        .map(one => parseFloat(getComputedStyle(one).fontSize)))""")
    context.close()
    assert outside == []
    assert overlapping == 0
    assert smallest >= 11


@pytest.mark.browser
@needs_browser
def test_paper_shows_the_paths_that_are_folded_on_the_screen(browser: Any, tmp_path: Path) -> None:
    page = sample_page()
    path = tmp_path / "paths.html"
    path.write_text(attack_page(replace(page, paths=page.paths * 4)), encoding="utf-8")
    context = browser.new_context()
    opened = context.new_page()
    opened.goto(path.as_uri())
    last = "document.querySelector('details.path:last-of-type ol').checkVisibility()"
    assert opened.locator("details.path[open]").count() == 3
    assert opened.evaluate(last) is False
    opened.emulate_media(media="print")
    assert opened.evaluate(last) is True
    context.close()
