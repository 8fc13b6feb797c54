"""The console in a real browser: no complaint, no overflow, no violation that axe finds; by keyboard and without script."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.web.console.samples import pages
from tests.web.console.serving import serving

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
NAMES = sorted(pages())
# One page a template: the others differ in what they leave out.
TOLD = sorted({view.template: name for name, (_, view) in sorted(pages().items(), reverse=True)}.values())

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
def base() -> Iterator[str]:
    with serving() as address:
        yield address


@pytest.fixture(scope="module")
def axe() -> str:
    """The text of axe-core, which the node packages of the tests bring."""
    providers = pytest.importorskip(
        "tests.collect.directories.providers", reason="no node packages for tests yet"
    )
    path: Path = providers.node_modules() / "axe-core" / "axe.min.js"
    if not path.is_file():
        pytest.skip(f"axe-core is not among the node packages: {path}")
    return path.read_text(encoding="utf-8")


def opened(browser: Any, width: int = 1280, **more: Any) -> Any:
    """A page of a fresh context that gathers complaints of the browser and requests that leave the server."""
    context = browser.new_context(viewport={"width": width, "height": 800}, **more)
    page = context.new_page()
    page.complaints = []
    page.on(
        "console",
        lambda said: page.complaints.append(said.text) if said.type in {"error", "warning"} else None,
    )
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    return page


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_no_page_is_wider_than_the_screen_or_makes_the_browser_complain(
    browser: Any, base: str, width: int
) -> None:
    page = opened(browser, width)
    wide = {}
    for name in TOLD:
        page.goto(f"{base}/{name}")
        page.evaluate("document.querySelectorAll('main details').forEach(one => { one.open = true; })")
        if (found := page.evaluate("document.documentElement.scrollWidth")) > width:
            wide[name] = found
        assert page.complaints == [], name
    page.context.close()
    assert wide == {}


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_axe_finds_no_serious_violation(browser: Any, base: str, axe: str, width: int, scheme: str) -> None:
    # The policy would refuse the test's own script; what it holds pages to is tested elsewhere.
    page = opened(browser, width, color_scheme=scheme, bypass_csp=True)
    found = {}
    for name in TOLD:
        page.goto(f"{base}/{name}")
        page.evaluate("document.querySelectorAll('main details').forEach(one => { one.open = true; })")
        page.evaluate(axe)
        run = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        bad = [one for one in run["violations"] if one["impact"] in {"serious", "critical"}]
        if bad:
            found[name] = [(one["id"], one["nodes"][0]["html"][:200]) for one in bad]
    page.context.close()
    assert found == {}


def test_the_first_tab_stop_skips_to_the_content(browser: Any, base: str) -> None:
    page = opened(browser)
    page.goto(f"{base}/overview")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.context.close()


def test_on_a_phone_the_menu_opens_and_closes_by_keyboard(browser: Any, base: str) -> None:
    page = opened(browser, 360)
    page.goto(f"{base}/overview")
    link = page.locator("header nav a[href='/findings']")
    assert not link.is_visible()
    page.locator("details.drawer > summary").focus()
    page.keyboard.press("Enter")
    assert link.is_visible()
    page.keyboard.press("Escape")
    assert not link.is_visible()
    page.context.close()


def test_menus_and_questions_unfold_without_script(browser: Any, base: str) -> None:
    page = opened(browser, 360, java_script_enabled=False)
    page.goto(f"{base}/person-who")
    page.click("details.drawer > summary")
    assert page.locator("header nav a[href='/findings']").is_visible()
    page.click("summary:has-text('Suspend')")
    assert page.locator("button:has-text('Suspend now')").is_visible()
    page.goto(f"{base}/findings")
    assert page.locator("button:has-text('Filter')").is_visible()
    assert page.locator("[data-copy]:visible").count() == 0
    page.context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_chosen_theme_comes_before_the_systems(browser: Any, base: str, theme: str) -> None:
    page = opened(browser, color_scheme="light" if theme == "dark" else "dark")
    page.goto(f"{base}/overview")
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    bright = sum(int(part) for part in paper.removeprefix("rgb(").removesuffix(")").split(","))
    assert (bright < 200) == (theme == "dark")
    page.context.close()


def test_the_graph_can_be_moved_and_the_picture_stays_for_who_has_no_script(browser: Any, base: str) -> None:
    page = opened(browser)
    page.goto(f"{base}/paths")
    assert page.locator("#picture svg").is_visible()
    page.click("text=Show as a graph that can be moved")
    assert page.locator("#graph canvas").count() > 0
    assert not page.locator("#picture").is_visible()
    assert page.complaints == []
    page.context.close()


def test_a_filter_exchanges_the_results_alone_and_changes_the_address(browser: Any, base: str) -> None:
    page = opened(browser)
    page.goto(f"{base}/findings")
    page.evaluate("document.querySelector('form.filters').dataset.kept = 'yes'")
    page.locator("form.filters").evaluate(
        "one => { one.setAttribute('data-hx-get', '/findings-none'); htmx.process(one, true); }"
    )
    page.select_option("#f-verdict", "gap")
    page.wait_for_selector("#results :text('No finding fits')")
    assert page.evaluate("document.querySelector('form.filters').dataset.kept") == "yes"
    assert page.url.endswith("?verdict=gap")
    assert page.complaints == []
    page.context.close()


@pytest.mark.parametrize("name", ["overview", "finding"])
def test_paper_has_no_menus_and_cuts_nothing_off(browser: Any, base: str, name: str) -> None:
    page = opened(browser, 718)
    page.goto(f"{base}/{name}")
    page.emulate_media(media="print")
    assert not page.locator("header.top").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 718
    page.context.close()
