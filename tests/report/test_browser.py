"""The report in a real browser: offline, on a phone, by keyboard, without script, and what its script does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.report.fakes import assessment
from watchword.report.html import html

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no Chromium is installed (Debian: apt-get install chromium)"
    ),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("report")
    path: Path = folder / "report.html"
    path.write_text("".join(html(assessment(folder))), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def page(browser: Any, url: str) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.complaints = []
    opened.on("console", lambda said: opened.complaints.append(said.text) if said.type == "error" else None)
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.on(
        "request",
        lambda asked: opened.complaints.append(asked.url) if not asked.url.startswith("file:") else None,
    )
    opened.goto(url)
    yield opened
    context.close()


def test_it_opens_without_a_complaint_and_asks_for_nothing(page: Any) -> None:
    assert page.title().startswith("Zero Trust assessment")
    assert page.complaints == []


def test_a_number_of_the_matrix_leads_to_its_controls_and_on_to_the_evidence(page: Any) -> None:
    page.click('table.matrix a[href="#R10-infrastructure"]')
    assert page.locator("details#R10").get_attribute("open") is not None
    page.click('details#R10 a[href="#LG-01"]')
    control = page.locator("details#LG-01")
    assert control.get_attribute("open") is not None
    assert "no trail records this account" in control.inner_text()


def test_words_and_choices_filter_the_controls(page: Any) -> None:
    shown = page.locator("details.control:visible")
    assert shown.count() == 3
    page.fill("#f-text", "guardduty every")
    assert shown.count() == 1
    assert page.inner_text("#f-count") == "1 of 3 controls"
    page.fill("#f-text", "")
    page.select_option("#f-verdict", "gap")
    assert {one.get_attribute("data-verdict") for one in shown.all()} == {"gap"}


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_the_page_is_never_wider_than_the_screen(browser: Any, url: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})
    opened = context.new_page()
    opened.goto(url)
    opened.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    wide = opened.evaluate("document.documentElement.scrollWidth")
    context.close()
    assert wide <= width


def test_it_is_readable_without_script(browser: Any, url: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    opened = context.new_page()
    opened.goto(url)
    opened.click("details#LG-01 > summary")
    assert "no trail records this account" in opened.locator("details#LG-01").inner_text()
    assert opened.locator(".filters").is_hidden()
    context.close()


def test_the_first_tab_stop_skips_to_the_content(page: Any) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"


def test_every_field_and_picture_has_a_name(page: Any) -> None:
    nameless = page.evaluate(
        """[...document.querySelectorAll('input, select, svg')].filter(one =>
            !one.getAttribute('aria-label') && !one.querySelector('title')).length"""
    )
    assert nameless == 0


def test_paper_shows_what_was_folded(page: Any) -> None:
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("details.control:not([open])").count() == 0
    assert page.locator("nav").is_hidden()


def test_paper_cuts_nothing_off(browser: Any, url: str) -> None:
    a4 = {"width": 718, "height": 1000}
    context = browser.new_context(viewport=a4)
    opened = context.new_page()
    opened.goto(url)
    opened.emulate_media(media="print")
    cut = opened.evaluate("""[...document.querySelectorAll('.scroll')].filter(one => one.scrollWidth > one.clientWidth + 1
        && getComputedStyle(one).overflowX !== 'visible').length""")
    wide = opened.evaluate("document.querySelector('table.matrix').getBoundingClientRect().right")
    context.close()
    assert cut == 0
    assert wide <= a4["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast_in_both_schemes(page: Any, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    colours = page.evaluate(
        """['--ink', '--soft', '--met', '--gap', '--unknown', '--link'].map(name => [name,
            getComputedStyle(document.documentElement).getPropertyValue(name),
            getComputedStyle(document.documentElement).getPropertyValue('--paper')])"""
    )
    for name, ink, paper in colours:
        assert contrast(ink.strip(), paper.strip()) >= 4.5, name


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two hex colours (WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio)."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
