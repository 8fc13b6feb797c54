"""What a client sends, judged by the schema; what is shown of it; and that what we tell of ourselves is so."""

from __future__ import annotations

import contextlib
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web.scim.memory import NOW
from tests.web.scim.samples import group, rich, user
from watchword.model.scim import ScimKind, ScimRefused, Stored
from watchword.web.scim import discovery
from watchword.web.scim.catalogue import (
    COMMON,
    ENTERPRISE_URN,
    GROUP_URN,
    GROUPS,
    SCHEMAS,
    TYPES,
    USER_URN,
    USERS,
)
from watchword.web.scim.projection import Projection, shown, whole
from watchword.web.scim.resources import LONGEST_NAME, MOST_MEMBERS, accepted, bare, value_of
from watchword.web.scim.schemas import Attribute, Mutability, ResourceType, Returned, Schema, Type

BABS = Stored(ScimKind.USER, "2819c223", 3, NOW, NOW, accepted(USERS, rich()))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({}, {}),
        ({"TITLE": "x"}, {"title": "x"}),
        ({"title": None, "nickName": "", "emails": [], "name": {}}, {}),
        ({"emails": [{}, {"value": ""}]}, {}),
        ({"name": {"familyName": "J", "unknown": 1}}, {"name": {"familyName": "J"}}),
        ({"unknown": {"x": 1}, "password": "secret"}, {}),
        ({"id": "x", "meta": {"version": "x"}, "groups": [{"value": "g"}]}, {}),
        ({"active": "TRUE"}, {"active": True}),
        ({"active": False}, {"active": False}),
        ({"emails": {"value": "a"}}, {"emails": [{"value": "a"}]}),
        ({"emails": ["a", "b"]}, {"emails": [{"value": "a"}, {"value": "b"}]}),
        ({"emails": [{"value": "a"}, {"value": "a"}]}, {"emails": [{"value": "a"}]}),
        ({"emails": [{"value": "a", "primary": "True"}]}, {"emails": [{"value": "a", "primary": True}]}),
        ({"x509Certificates": [{"value": "AAAA"}]}, {"x509Certificates": [{"value": "AAAA"}]}),
        ({ENTERPRISE_URN.upper(): {"DEPARTMENT": "x"}}, {ENTERPRISE_URN: {"department": "x"}}),
        ({ENTERPRISE_URN: {"manager": {"value": "7", "displayName": "x"}}}, {ENTERPRISE_URN: {"manager": {"value": "7"}}}),
        ({"urn:unknown:Extension": {"x": 1}}, {}),
        ({"title": "two\nlines\tand ünïcödé 🙂"}, {"title": "two\nlines\tand ünïcödé 🙂"}),
    ],
)  # fmt: skip
def test_what_the_schema_knows_is_kept_as_it_spells_it(sent: dict[str, Any], kept: dict[str, Any]) -> None:
    assert accepted(USERS, user("u", **sent)) == {"userName": "u", **kept}


@pytest.mark.parametrize(
    "text",
    ["\0", "a\x07", "\x1b", "\x7f", "\ud800", "\ufffe", "a" * (LONGEST_NAME + 1)],
    ids=repr,
)
def test_a_text_that_cannot_be_kept_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ScimRefused) as refused:
        accepted(USERS, user(text))
    assert refused.value.scim_type == "invalidValue"
    assert text not in refused.value.what


def test_schemas_must_name_what_it_is_in_whatever_case() -> None:
    assert accepted(USERS, {"SCHEMAS": [USER_URN.upper()], "userName": "u"}) == {"userName": "u"}
    for schemas in ([], [GROUP_URN], [ENTERPRISE_URN], None, 7, [None]):
        with pytest.raises(ScimRefused, match="schemas must name"):
            accepted(USERS, {"schemas": schemas, "userName": "u"})


def test_a_member_needs_a_value() -> None:
    body = {
        "schemas": [GROUP_URN],
        "displayName": "g",
        "members": [{"display": "x", "$ref": "y", "type": "User"}],
    }
    with pytest.raises(ScimRefused, match="members must have value"):
        accepted(GROUPS, body)


def test_members_are_bounded_and_told_apart_by_value() -> None:
    twice = accepted(GROUPS, group("g", "1", "2", "1"))
    assert twice["members"] == [{"value": "1"}, {"value": "2"}]
    with pytest.raises(ScimRefused, match=f"more than {MOST_MEMBERS} values"):
        accepted(GROUPS, group("g", *(str(number) for number in range(MOST_MEMBERS + 1))))


NUMBERS = ResourceType(
    ScimKind.USER,
    "/Things",
    "",
    Schema(
        "urn:t:Thing",
        "Thing",
        "",
        (
            Attribute("count", Type.INTEGER),
            Attribute("share", Type.DECIMAL),
            Attribute("when", Type.DATE_TIME),
            Attribute("born", mutability=Mutability.IMMUTABLE),
            Attribute("secret", returned=Returned.NEVER),
            Attribute("rare", returned=Returned.REQUEST),
        ),
    ),
    COMMON,
)


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("count", 7, True), ("count", -(2**62), True), ("count", 2**63, False), ("count", 1.0, False), ("count", True, False), ("count", "7", False),
        ("share", 0.5, True), ("share", 1, True), ("share", float("inf"), False), ("share", "1", False),
        ("when", "2026-03-01T12:00:00Z", True), ("when", "2026-03-01", False), ("when", 7, False),
    ],
)  # fmt: skip
def test_values_are_of_their_type(name: str, value: Any, fits: bool) -> None:
    attribute = NUMBERS.attribute(name)
    assert attribute is not None
    if fits:
        assert value_of(attribute, value) == value
        return
    with pytest.raises(ScimRefused) as refused:
        value_of(attribute, value)
    assert refused.value.scim_type == "invalidValue"


def test_what_cannot_be_changed_is_not_replaced() -> None:
    body = {"schemas": ["urn:t:Thing"], "born": "a"}
    assert accepted(NUMBERS, body, {"born": "a"}) == {"born": "a"}
    assert accepted(NUMBERS, body, {}) == {"born": "a"}
    for other in ({**body, "born": "b"}, {"schemas": ["urn:t:Thing"]}):
        with pytest.raises(ScimRefused) as refused:
            accepted(NUMBERS, other, {"born": "a"})
        assert refused.value.scim_type == "mutability"


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["value", "type", "primary", "x"]), inner, max_size=3), max_leaves=8), st.sampled_from([one.name for one in USERS.attributes]))  # fmt: skip
def test_any_value_is_kept_soundly_or_refused(value: Any, name: str) -> None:
    body = {**user("u"), name: value}
    kept = None
    with contextlib.suppress(ScimRefused):
        kept = accepted(USERS, body)
    if kept is not None:
        assert accepted(USERS, {"schemas": [USER_URN], **kept}) == kept
        assert bare(USERS, kept) == kept


def names(document: Any, at: str = "") -> set[str]:
    """All paths of a document, lists passed over."""
    if isinstance(document, dict):
        return {at} | {path for name, value in document.items() for path in names(value, f"{at}/{name}")}
    if isinstance(document, list):
        return {at}.union(*(names(one, at) for one in document))
    return {at}


ALWAYS = {"", "/schemas", "/id"}


@pytest.mark.parametrize(
    ("asked", "more"),
    [
        ("userName", {"/userName"}),
        ("USERNAME, nothing,name.givenName", {"/userName", "/name", "/name/givenName"}),
        ("emails.value", {"/emails", "/emails/value"}),
        ("emails.value,emails", {"/emails", "/emails/value", "/emails/type", "/emails/primary"}),
        (f"{ENTERPRISE_URN}:manager.value", {f"/{ENTERPRISE_URN}", f"/{ENTERPRISE_URN}/manager", f"/{ENTERPRISE_URN}/manager/value"}),
        (f"{USER_URN}:title", {"/title"}),
        ("meta.location", {"/meta", "/meta/location"}),
        ("id", set()),
    ],
)  # fmt: skip
def test_only_what_is_named_is_shown(asked: str, more: set[str]) -> None:
    told = shown(BABS, "", Projection(attributes=tuple(one.strip() for one in asked.split(","))))
    assert names(told) == ALWAYS | more


@pytest.mark.parametrize(
    ("asked", "less"),
    [
        ("userName", {"/userName"}),
        ("name.givenName", {"/name/givenName"}),
        (ENTERPRISE_URN, {f"/{ENTERPRISE_URN}" + rest for rest in ("", "/department", "/employeeNumber", "/manager", "/manager/value", "/manager/$ref")}),
        (f"{ENTERPRISE_URN}:department", {f"/{ENTERPRISE_URN}/department"}),
        ("id,schemas", set()),
        ("nothing", set()),
    ],
)  # fmt: skip
def test_what_is_excluded_is_not_shown(asked: str, less: set[str]) -> None:
    told = shown(BABS, "", Projection(excluded=tuple(asked.split(","))))
    assert names(told) == names(whole(BABS)) - less


def test_the_whole_extension_is_shown_where_it_is_named() -> None:
    told = shown(BABS, "", Projection(attributes=(ENTERPRISE_URN,)))
    assert told[ENTERPRISE_URN] == whole(BABS)[ENTERPRISE_URN]
    assert set(told) == {"schemas", "id", ENTERPRISE_URN}


@given(
    st.lists(
        st.sampled_from(
            [str(path.name) for path in USERS.attributes]
            + ["emails.value", "name.familyName", "x", "a b", ""]
        ),
        max_size=4,
    )
)
def test_a_projection_shows_nothing_that_is_not_there_and_always_the_id(asked: list[str]) -> None:
    everything = names(whole(BABS))
    for wanted in (Projection(attributes=tuple(asked)), Projection(excluded=tuple(asked))):
        told = names(shown(BABS, "", wanted))
        assert ALWAYS <= told <= everything


def test_each_attribute_is_told_with_all_that_the_rfc_asks_for() -> None:
    def walk(each: list[dict[str, Any]]) -> Any:
        for one in each:
            yield one
            yield from walk(one.get("subAttributes", []))

    told = discovery.schemas("b")
    assert set(told) == set(SCHEMAS) == {USER_URN, GROUP_URN, ENTERPRISE_URN}
    for schema in told.values():
        for one in walk(schema["attributes"]):
            assert {
                "name",
                "type",
                "multiValued",
                "description",
                "required",
                "mutability",
                "returned",
            } <= set(one)
            assert ("subAttributes" in one) == (one["type"] == "complex")
            assert set(one["name"]) <= set(string.ascii_letters + string.digits + "$")
    assert "password" not in {one["name"] for one in told[USER_URN]["attributes"]}


def test_each_type_is_told_with_schemas_that_are_there() -> None:
    for name, one in discovery.resource_types("b").items():
        assert TYPES[ScimKind(name)].endpoint == one["endpoint"]
        assert {one["schema"], *(extension["schema"] for extension in one["schemaExtensions"])} <= set(
            SCHEMAS
        )
