"""Filters on resources: a table of the RFC's own kinds of questions, and an oracle that judges in another way."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web.scim.memory import NOW
from tests.web.scim.samples import rich
from watchword.model.scim import (
    AttributePath,
    Compared,
    Every,
    Filter,
    Negated,
    Operator,
    Present,
    ScimKind,
    ScimRefused,
    Some,
    Stored,
    Within,
)
from watchword.web.scim.catalogue import COMMON, ENTERPRISE_URN, GROUPS, TYPES, USER_URN, USERS
from watchword.web.scim.filters import parse
from watchword.web.scim.matching import instant, is_empty, matcher, spelt
from watchword.web.scim.projection import whole
from watchword.web.scim.resources import accepted
from watchword.web.scim.schemas import Attribute, ResourceType, Schema, Type

BABS = whole(
    Stored(ScimKind.USER, "2819c223", 3, NOW, NOW + timedelta(days=1), accepted(USERS, rich(active=False)))
)
NOBODY = whole(Stored(ScimKind.USER, "0", 1, NOW, NOW, {"userName": "nobody"}))


def passes(text: str, document: Any = BABS) -> bool:
    return matcher(parse(text), USERS.resolve)(document)


PASSED = [
    'userName eq "BJENSEN@acme.example"',
    'USERNAME sw "bjen"',
    'userName ew ".EXAMPLE"',
    'userName co "@acme"',
    'name.familyName co "ense"',
    'NAME.FAMILYNAME eq "jensen"',
    f'{USER_URN}:userName sw "b"',
    f'{USER_URN.upper()}:name.givenName eq "barbara"',
    f'{ENTERPRISE_URN}:department eq "tour operations"',
    f'{ENTERPRISE_URN}:manager.value eq "26118915"',
    f'{ENTERPRISE_URN}:manager eq "26118915"',
    f"{ENTERPRISE_URN}:manager pr",
    f"{ENTERPRISE_URN} pr",
    'externalId eq "701984"',
    'id eq "2819c223"',
    'id ne "x"',
    "title pr",
    "active pr",
    "active eq false",
    'active eq "False"',
    "active ne true",
    'title pr and userType eq "employee"',
    'title pr or userType eq "Intern"',
    'not (userType eq "Intern")',
    'userType eq "Employee" and (emails co "jensen.example" or emails.value co "nowhere")',
    'userType ne "Employee" and not (emails co "x") or title pr',
    'emails[type eq "work" and value co "@acme.example"]',
    'emails[type eq "home"].value sw "babs@"',
    "emails[primary eq true] and not (emails[primary eq true and type eq \"home\"])",
    'emails[not (type eq "work")]',
    'emails.type ne "work"',
    'emails eq "BABS@jensen.example"',
    'schemas eq "urn:ietf:params:scim:schemas:core:2.0:User"',
    'meta.resourceType eq "User"',
    'meta.version eq "W/\\"3\\""',
    'meta.lastModified gt "2026-03-01T12:00:01Z"',
    'meta.lastModified ge "2026-03-02T13:00:00.123456+01:00"',
    'meta.lastModified lt "2026-03-02T12:00:00.123457Z"',
    'meta.created eq "2026-03-01T12:00:00.123456Z"',
    'userName gt "bj" and userName lt "BK"',
    "nickName eq null",
    "title ne null",
    'nickName ne "x"',
    'ims.value ne "x"',
    "not (nickName pr)",
    "phoneNumbers[type pr]",
]  # fmt: skip

FAILED = [
    'externalId eq "x"',
    'id eq "2819C223"',
    'meta.resourceType eq "user"',
    "active eq true",
    "nickName pr",
    'nickName eq ""',
    'nickName sw ""',
    "title eq null",
    'emails[type eq "work" and value co "jensen.example"]',
    'emails[type eq "other"].value pr',
    'phoneNumbers.type ne "work"',
    f"{ENTERPRISE_URN}:division pr",
    'not (title pr or nickName pr)',
    'meta.created gt "2026-03-01T12:00:00.123456Z"',
    'userName gt "bk"',
]  # fmt: skip

REFUSED = [
    'nothing eq "x"',
    'name.nothing eq "x"',
    'urn:x:userName eq "x"',
    f"{ENTERPRISE_URN}:userName pr",
    'emails[nothing eq "x"]',
    'emails[emails.type eq "x"]',
    'emails.type.x eq "x"',
    'title[value eq "x"]',
    'name eq "x"',
    "userName eq 7",
    "userName gt true",
    "active gt false",
    'active eq "maybe"',
    "active co true",
    "active eq 1",
    'meta.created gt "yesterday"',
    'meta.created eq "2026-03-01"',
    'meta.created sw "2026-03-01T00:00:00Z"',
    "meta.created gt 5",
    "title gt null",
    'x509Certificates gt "AA=="',
    'x509Certificates co "AA=="',
    "addresses eq \"x\"",
]  # fmt: skip


@pytest.mark.parametrize("text", PASSED)
def test_a_resource_passes(text: str) -> None:
    assert passes(text)


@pytest.mark.parametrize("text", FAILED)
def test_a_resource_does_not_pass(text: str) -> None:
    assert not passes(text)


@pytest.mark.parametrize("text", REFUSED)
def test_a_comparison_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(ScimRefused) as refused:
        passes(text)
    assert (refused.value.status, refused.value.scim_type) == (400, "invalidFilter")


def test_where_several_kinds_are_searched_an_unknown_attribute_has_no_value() -> None:
    def lenient(text: str) -> bool:
        return matcher(parse(text), GROUPS.resolve, lenient=True)({"displayName": "Tours"})

    assert not lenient('userName eq "x"')
    assert not lenient("userName pr")
    assert not lenient('emails[type eq "x"]')
    assert lenient('userName ne "x"')
    assert lenient("userName eq null")
    assert lenient('userName eq "x" or displayName eq "tours"')


def test_paths_are_spelt_as_the_schema_does() -> None:
    tree = parse(
        f'not (USERNAME eq "x") and EMAILS[TYPE pr] or {ENTERPRISE_URN.upper()}:MANAGER.VALUE pr or x pr'
    )
    told = spelt(tree, USERS.resolve)
    assert told == Some(
        (
            Every(
                (
                    Negated(Compared(AttributePath("userName"), Operator.EQ, "x")),
                    Within(AttributePath("emails"), Present(AttributePath("TYPE"))),
                )
            ),
            Present(AttributePath("manager", "value", ENTERPRISE_URN)),
            Present(AttributePath("x")),
        )
    )


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2026-03-01T12:00:00Z", "2026-03-01T13:00:00+01:00"),
        ("2026-03-01T12:00:00", "2026-03-01T12:00:00Z"),
        ("2026-03-01T12:00:00.5Z", "2026-03-01T12:00:00.500000Z"),
    ],
)
def test_a_time_is_an_instant(text: str, same: str) -> None:
    assert instant(text) == instant(same) is not None


def test_a_time_without_a_zone_is_in_utc_wherever_the_machine_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert instant("2026-03-01T12:00:00") == datetime(2026, 3, 1, 12, tzinfo=UTC)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "text", ["", "2026-03-01", "12:00", "2026-13-01T12:00:00Z", "0001-01-01T00:00:00+14:00", "now"]
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert instant(text) is None


@pytest.mark.parametrize(
    ("value", "empty"),
    [(None, True), ("", True), ([], True), ({}, True), ([{}], True), ({"a": ""}, True), ([None, ""], True),
     (False, False), (0, False), ("x", False), ([{"a": False}], False)],
)  # fmt: skip
def test_what_is_empty(value: Any, empty: bool) -> None:
    assert is_empty(value) is empty


# --- an oracle ------------------------------------------------------------------------------------------------

THING = ResourceType(
    ScimKind.USER,
    "/Things",
    "",
    Schema(
        "urn:t:Thing",
        "Thing",
        "",
        (
            Attribute("soft"),
            Attribute("hard", case_exact=True),
            Attribute("count", Type.INTEGER),
            Attribute("share", Type.DECIMAL),
            Attribute("on", Type.BOOLEAN),
            Attribute("when", Type.DATE_TIME),
            Attribute("words", multi=True),
            Attribute("one", Type.COMPLEX, sub=(Attribute("soft"), Attribute("on", Type.BOOLEAN))),
            Attribute(
                "many",
                Type.COMPLEX,
                multi=True,
                sub=(
                    Attribute("value"),
                    Attribute("hard", case_exact=True),
                    Attribute("count", Type.INTEGER),
                ),
            ),
        ),
    ),
    (),
    (Schema("urn:t:More", "More", "", (Attribute("soft"),)),),
)
TEXTS = st.sampled_from(["", "a", "A", "ab", "AB", "b", "ß", "ss", "é"])
TIMES = st.sampled_from(
    [
        "2026-01-01T00:00:00Z",
        "2026-01-01T01:00:00+01:00",
        "2026-01-01T00:00:00.1Z",
        "2025-12-31T23:00:00-01:00",
    ]
)
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "soft": TEXTS, "hard": TEXTS, "value": TEXTS, "words": TEXTS, "count": st.integers(-1, 1), "on": st.booleans(),
    "share": st.sampled_from([-0.5, 0, 0.5, 1]), "when": TIMES,
}  # fmt: skip


def some(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=values)


THINGS = some(
    **{name: KINDS[name] for name in ("soft", "hard", "count", "share", "on", "when")},
    words=st.lists(TEXTS, max_size=3),
    one=some(soft=TEXTS, on=st.booleans()),
    many=st.lists(some(value=TEXTS, hard=TEXTS, count=st.integers(-1, 1)), max_size=3),
).flatmap(
    lambda thing: st.sampled_from(
        [thing, {**thing, "urn:t:More": {"soft": "a"}}, {**thing, "urn:t:More": {}}]
    )
)

TEXT_OPERATORS = tuple(Operator)
ORDERED = (Operator.EQ, Operator.NE, Operator.GT, Operator.GE, Operator.LT, Operator.LE)
SAME = (Operator.EQ, Operator.NE)
LEAVES = [("soft", "", ""), ("hard", "", ""), ("count", "", ""), ("share", "", ""), ("on", "", ""), ("when", "", ""), ("words", "", ""),
          ("one", "soft", ""), ("one", "on", ""), ("many", "", ""), ("many", "value", ""), ("many", "hard", ""), ("many", "count", ""),
          ("soft", "", "urn:t:More"), ("SOFT", "", "urn:t:Thing")]  # fmt: skip


def terms(leaves: list[tuple[str, str, str]]) -> st.SearchStrategy[Filter]:
    made: list[st.SearchStrategy[Filter]] = []
    for name, sub, schema in leaves:
        path = AttributePath(name, sub, schema)
        kind = (sub or ("value" if name == "many" else name)).lower()
        how = SAME if kind == "on" else ORDERED if kind in ("count", "share", "when") else TEXT_OPERATORS
        made.append(st.builds(Compared, st.just(path), st.sampled_from(how), KINDS[kind]))
        made.append(st.builds(Compared, st.just(path), st.sampled_from(SAME), st.none()))
        made.append(st.just(Present(path)))
    return st.one_of(made)


def trees(leaves: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(Negated, inner),
            st.builds(Every, st.lists(inner, min_size=2, max_size=3).map(tuple)),
            st.builds(Some, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        ),
        max_leaves=5,
    )


INNER = trees(terms([("value", "", ""), ("hard", "", ""), ("count", "", "")]))
FILTERS = trees(st.one_of(terms(LEAVES), st.builds(Within, st.just(AttributePath("many")), INNER), st.just(Present(AttributePath("many")))))  # fmt: skip


def flat(thing: Any, at: str = "") -> list[tuple[str, Any]]:
    """Every value of a thing with the path at which it stands, by walking the JSON without a schema."""
    if isinstance(thing, dict):
        return [pair for name, value in thing.items() for pair in flat(value, f"{at}/{name.lower()}")]
    if isinstance(thing, list):
        return [pair for value in thing for pair in flat(value, at)]
    return [] if thing is None else [(at, thing)]


def judged(tree: Filter, thing: dict[str, Any]) -> bool:
    """The oracle: walks the values instead of the schema, and takes texts apart by hand."""
    if isinstance(tree, Every):
        return False not in [judged(part, thing) for part in tree.parts]
    if isinstance(tree, Some):
        return True in [judged(part, thing) for part in tree.parts]
    if isinstance(tree, Negated):
        return judged(tree.part, thing) is False
    if isinstance(tree, Within):
        return sum(judged(tree.part, one) for one in thing.get(tree.path.name, [])) > 0
    name, sub = tree.path.name.lower(), tree.path.sub
    if name == "many" and not sub and isinstance(tree, Compared) and tree.value is not None:
        sub = "value"
    at = ("/urn:t:more" if tree.path.schema == "urn:t:More" else "") + f"/{name}" + (f"/{sub}" if sub else "")
    values = [value for path, value in flat(thing) if path == at or path.startswith(f"{at}/")]
    if isinstance(tree, Present) or tree.value is None:
        there = [value for value in values if value != ""] != []
        return there if isinstance(tree, Present) or tree.operator is Operator.NE else not there
    if not values:
        return tree.operator is Operator.NE
    return any(compared(tree.operator, plain(at, value), plain(at, tree.value)) for value in values)


def plain(at: str, value: Any) -> Any:
    if at == "/when":
        return datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp()
    if isinstance(value, str) and not at.endswith("hard"):
        return value.replace("ß", "ss").lower()
    return value


def compared(how: Operator, left: Any, right: Any) -> bool:
    if how is Operator.CO:
        return any(left[start : start + len(right)] == right for start in range(len(left) + 1))
    if how is Operator.SW:
        return bool(left[: len(right)] == right)
    if how is Operator.EW:
        return bool(left[len(left) - len(right) :] == right) and len(right) <= len(left)
    order = (left > right) - (left < right)
    return (
        order in {"eq": (0,), "ne": (-1, 1), "gt": (1,), "ge": (0, 1), "lt": (-1,), "le": (-1, 0)}[how.value]
    )


@given(FILTERS, THINGS)
def test_the_oracle_judges_the_same(tree: Filter, thing: dict[str, Any]) -> None:
    assert matcher(tree, THING.resolve)(thing) == judged(tree, thing)


@given(FILTERS, THINGS)
def test_spelling_changes_no_answer(tree: Filter, thing: dict[str, Any]) -> None:
    assert matcher(spelt(tree, THING.resolve), THING.resolve)(thing) == matcher(tree, THING.resolve)(thing)


def test_every_attribute_can_be_found_by_its_path() -> None:
    for kind in TYPES.values():
        for attribute in (*COMMON, *kind.schema.attributes):
            assert kind.resolve(AttributePath(attribute.name.upper())).attribute is attribute  # type: ignore[union-attr]
            for child in attribute.sub:
                target = kind.resolve(AttributePath(attribute.name, child.name, kind.schema.id))
                assert target is not None
                assert target.leaf is child
    assert json.dumps(BABS)
