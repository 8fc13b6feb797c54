"""Every page: whole HTML, escaped, without scripts and styles of its own, and named for those who do not see it."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from tests.web.console.samples import pages, shell, with_texts
from watchword.web.console.look.assets import assets, by_url
from watchword.web.console.rendering import POLICY, environment, island, render
from watchword.web.console.views.sign_in import PasskeyIsland

VOID = {"meta", "input", "br", "link", "img", "hr"}
NASTY = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&lt;{{ 7*7 }}"


class Reader(HTMLParser):
    """Gathers elements with their attributes, and checks that tags are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"{tag} at {self.getpos()}")

    def of(self, *tags: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.elements if tag in tags]


NAMES = sorted(pages())


def read(name: str) -> Reader:
    return Reader(render(*pages()[name]))


def test_every_template_has_a_sample() -> None:
    shown = {view.template for _, view in pages().values()}
    parts = {f"{one}.html.j2" for one in ("base", "parts", "passkeys", "holdings", "proposals")}
    assert set(environment().list_templates()) == shown | parts


@pytest.mark.parametrize("name", NAMES)
def test_tags_are_closed_in_order(name: str) -> None:
    reader = read(name)
    assert (reader.wrong, reader.open) == ([], [])


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_a_language_a_title_one_heading_and_one_main_part(name: str) -> None:
    reader = read(name)
    assert reader.of("html")[0]["lang"] == "en"
    assert len(re.findall(r"<title>[^<]+ · watchword</title>", render(*pages()[name]))) == 1
    assert len(reader.of("h1")) == 1
    assert len(reader.of("main")) == 1


@pytest.mark.parametrize("name", NAMES)
def test_ids_are_there_once_and_what_refers_to_one_finds_it(name: str) -> None:
    reader = read(name)
    ids = [values["id"] for _, values in reader.elements if "id" in values]
    assert len(ids) == len(set(ids))
    inside = {
        values["href"][1:] for values in reader.of("a", "use") if values.get("href", "").startswith("#")
    }
    named = {
        word
        for _, values in reader.elements
        for key in ("for", "aria-labelledby", "aria-describedby")
        for word in values.get(key, "").split()
    }
    assert inside | named <= set(ids)


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_no_script_style_or_handler_of_its_own(name: str) -> None:
    reader = read(name)
    own = [one for one in reader.of("script") if "src" not in one and one.get("type") != "application/json"]
    assert own == []
    assert reader.of("style") == []
    attributes = {key for _, values in reader.elements for key in values}
    assert not {one for one in attributes if one.startswith(("on", "hx-on")) or one == "style"}


@pytest.mark.parametrize("name", NAMES)
def test_scripts_and_sheets_are_ours_and_held_to_their_hashes(name: str) -> None:
    known = by_url()
    for values in read(name).of("script", "link"):
        address = values.get("src") or values.get("href")
        if address is None or values.get("rel") == "icon":
            continue
        assert values["integrity"] == known[address].integrity


@pytest.mark.parametrize("name", NAMES)
def test_every_field_has_a_label(name: str) -> None:
    text = render(*pages()[name])
    reader = Reader(text)
    labelled = {values.get("for") for values in reader.of("label")}
    for values in reader.of("input", "select", "textarea"):
        if values.get("type") == "hidden":
            continue
        wrapped = re.search(rf'<label[^>]*>[^<]*(?:<input[^>]*>\s*)?<[^>]*name="{values["name"]}"', text)
        assert values.get("id") in labelled or values.get("aria-label") or wrapped, values


@pytest.mark.parametrize("name", NAMES)
def test_every_form_that_changes_something_carries_the_token(name: str) -> None:
    text = render(*pages()[name])
    for form in re.findall(r"<form\b.*?</form>", text, re.DOTALL):
        if 'method="post"' in form:
            assert 'name="csrf" value="a-token-of-the-form"' in form


@pytest.mark.parametrize("name", NAMES)
def test_texts_of_the_world_come_out_escaped(name: str) -> None:
    kept = {
        "get",
        "create",
        "auto",
        "gap",
        "ok",
        "info",
        "warning",
        "bad",
        "off",
        "bootstrap",
        "recovery",
        "enrolment",
    }
    icons = set(re.findall(r'id="i-([a-z_]+)"', render(shell(), pages()["error-404"][1])))

    def ending_in(more: str) -> Callable[[str], str]:
        return lambda text: text if not text or text in kept | icons or text.startswith("{") else text + more

    clean, dirty = (
        Reader(render(*with_texts(pages()[name], ending_in(more)))) for more in ("harmless", NASTY)
    )
    assert [tag for tag, _ in dirty.elements] == [tag for tag, _ in clean.elements]
    assert [sorted(values) for _, values in dirty.elements] == [
        sorted(values) for _, values in clean.elements
    ]


@pytest.mark.parametrize("name", NAMES)
def test_no_address_runs_a_script_or_leaves_by_accident(name: str) -> None:
    def changed(text: str) -> str:
        return "javascript:alert(1)" if text.startswith(("/", "https:", "otpauth:", "?")) else text

    def elsewhere(text: str) -> str:
        return "//evil.example/x" if text.startswith("/") else text

    for change in (changed, elsewhere):
        reader = Reader(render(*with_texts(pages()[name], change)))
        for values in reader.of("a", "form", "link", "script", "img"):
            for key in ("href", "action", "src", "data-hx-get"):
                assert not values.get(key, "").startswith(("javascript:", "//"))


def test_an_island_holds_any_json_and_never_ends_its_element() -> None:
    made = PasskeyIsland.of({"name": "</script><!--", "more": "&amp;"}, "get", "/x")
    told = island(made.options)
    assert not re.search("[<>&]", told)
    import json

    assert json.loads(told) == {"name": "</script><!--", "more": "&amp;"}


def test_an_island_refuses_what_is_no_json() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        island("alert(1)")


def test_a_ceremony_is_create_or_get() -> None:
    with pytest.raises(ValueError, match="ceremony"):
        PasskeyIsland.of({}, "steal", "/x")


def test_the_policy_lets_no_inline_script_or_style_run() -> None:
    assert "unsafe" not in POLICY
    assert "default-src 'none'" in POLICY


def test_files_are_named_by_their_content_and_may_be_kept_for_ever() -> None:
    for one in assets().values():
        assert re.fullmatch(r"/static/[a-z.]+\.[0-9a-f]{12}\.(css|js|svg)", one.url)
        assert "immutable" in one.headers()["cache-control"]
