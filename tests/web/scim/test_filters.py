"""The grammar of filters: what is read, how it binds, and at which character a wrong one is refused."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.model.scim import (
    AttributePath,
    Compared,
    Every,
    Filter,
    Negated,
    Operator,
    Present,
    ScimRefused,
    Some,
    Within,
)
from watchword.web.scim.filters import DEEPEST, LONGEST, MOST, PatchPath, parse, parse_attribute, parse_path

A, B, C = (Present(AttributePath(name)) for name in "abc")


def equal(path: str, value: object, sub: str = "", schema: str = "") -> Compared:
    return Compared(AttributePath(path, sub, schema), Operator.EQ, value)  # type: ignore[arg-type]


READ: dict[str, Filter] = {
    'userName eq "bjensen"': equal("userName", "bjensen"),
    'USERNAME Eq "bjensen"': equal("USERNAME", "bjensen"),
    'name.familyName co "O\'Malley"': Compared(
        AttributePath("name", "familyName"), Operator.CO, "O'Malley"
    ),
    'urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"': Compared(
        AttributePath("userName", "", "urn:ietf:params:scim:schemas:core:2.0:User"), Operator.SW, "J"
    ),
    'urn:x:2.0:User:manager.value eq "7"': equal("manager", "7", "value", "urn:x:2.0:User"),
    "title pr": Present(AttributePath("title")),
    "title PR": Present(AttributePath("title")),
    "active eq true": equal("active", True),
    "active eq False": equal("active", False),
    "title ne null": Compared(AttributePath("title"), Operator.NE, None),
    "n gt 12": Compared(AttributePath("n"), Operator.GT, 12),
    "n le -1.5e3": Compared(AttributePath("n"), Operator.LE, -1500.0),
    r'a eq "say \"hi\" \\ \u00e9"': equal("a", 'say "hi" \\ é'),
    'a eq "(x) and [y] or not"': equal("a", "(x) and [y] or not"),
    "a pr and b pr or c pr": Some((Every((A, B)), C)),
    "a pr or b pr and c pr": Some((A, Every((B, C)))),
    "(a pr or b pr) and c pr": Every((Some((A, B)), C)),
    "not (a pr) and b pr": Every((Negated(A), B)),
    "not(a pr or b pr)": Negated(Some((A, B))),
    "NOT (a pr) OR b pr AND c pr": Some((Negated(A), Every((B, C)))),
    "((a pr))": A,
    "not pr": Present(AttributePath("not")),
    'emails[type eq "work" and value co "@"]': Within(
        AttributePath("emails"), Every((equal("type", "work"), Compared(AttributePath("value"), Operator.CO, "@")))
    ),
    "a pr and emails[not (type pr) or value pr]": Every(
        (
            A,
            Within(
                AttributePath("emails"),
                Some((Negated(Present(AttributePath("type"))), Present(AttributePath("value")))),
            ),
        )
    ),
    'emails[type eq "work"].value eq "x"': Within(
        AttributePath("emails"), Every((equal("type", "work"), equal("value", "x")))
    ),
    'members[value eq "1"].$ref pr': Within(
        AttributePath("members"), Every((equal("value", "1"), Present(AttributePath("$ref"))))
    ),
}  # fmt: skip

WRONG = {
    "": 1,
    "   ": 4,
    "userName": 9,
    "userName eq": 12,
    "userName foo 1": 10,
    'userName eq "x': 13,
    "userName eq x": 13,
    'userName eq "x" "y"': 17,
    'userName eq "x" and': 20,
    "(a pr": 6,
    "a pr)": 5,
    "a pr or or b pr": 12,
    "not a pr": 5,
    "emails[type pr": 15,
    "emails[]": 8,
    "emails[a[b pr]]": 9,
    "emails.type[a pr]": 12,
    "emails[a pr].1x pr": 13,
    "1a pr": 1,
    "a..b pr": 1,
    "a.b.c pr": 1,
    "a eq 01": 6,
    "a eq .5": 6,
    "a eq 1e999": 6,
    "a eq [1]": 6,
    'a eq "\\x"': 6,
    'a eq "\x01"': 6,
    "a\u00a0pr": 2,
    "ä pr": 1,
    "http://x:a pr": 1,
    "a eq 'x'": 6,
}


@pytest.mark.parametrize("text", sorted(READ))
def test_a_filter_is_read_as_the_grammar_says(text: str) -> None:
    assert parse(text) == READ[text]


@pytest.mark.parametrize("text", sorted(WRONG))
def test_a_wrong_filter_is_refused_with_the_character_at_which_it_is_wrong(text: str) -> None:
    with pytest.raises(ScimRefused, match=rf", at character {WRONG[text]}$") as refused:
        parse(text)
    assert (refused.value.status, refused.value.scim_type) == (400, "invalidFilter")


def test_brackets_are_bounded() -> None:
    assert parse("(" * DEEPEST + "a pr" + ")" * DEEPEST) == A
    with pytest.raises(ScimRefused, match="brackets within brackets"):
        parse("(" * (DEEPEST + 1) + "a pr" + ")" * (DEEPEST + 1))
    with pytest.raises(ScimRefused, match="brackets within brackets"):
        parse("not (" * 1_000 + "a pr" + ")" * 1_000)


def test_comparisons_are_bounded() -> None:
    assert parse(" or ".join(["a pr"] * MOST))
    with pytest.raises(ScimRefused, match=f"more than {MOST} comparisons"):
        parse(" or ".join(["a pr"] * (MOST + 1)))


def test_length_is_bounded() -> None:
    fits = 'a eq "' + "x" * (LONGEST - 7) + '"'
    assert parse(fits)
    with pytest.raises(ScimRefused, match=f"longer than {LONGEST} characters"):
        parse(fits + " ")


def written(tree: Filter) -> str:
    """The text of a tree, with every parenthesis that it may need."""
    match tree:
        case Every(parts):
            return " and ".join(f"({written(one)})" for one in parts)
        case Some(parts):
            return " or ".join(f"({written(one)})" for one in parts)
        case Negated(part):
            return f"not ({written(part)})"
        case Within(path, part):
            return f"{path}[{written(part)}]"
        case Present(path):
            return f"{path} pr"
        case Compared(path, operator, value):
            return f"{path} {operator} {json.dumps(value)}"


PATHS = st.builds(
    AttributePath,
    st.sampled_from(["userName", "emails", "x-1", "a_b"]),
    st.sampled_from(["", "value", "$ref"]),
    st.sampled_from(["", "urn:a:2.0:User"]),
)
VALUES = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=8), st.booleans(), st.none(), st.integers(-9, 9)
)
TERMS = st.one_of(st.builds(Present, PATHS), st.builds(Compared, PATHS, st.sampled_from(Operator), VALUES))


def trees(leaves: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(Negated, inner),
            st.builds(Every, st.lists(inner, min_size=2, max_size=3).map(tuple)),
            st.builds(Some, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        ),
        max_leaves=6,
    )


@given(trees(st.one_of(TERMS, st.builds(Within, PATHS.filter(lambda one: not one.sub), trees(TERMS)))))
def test_what_is_written_in_full_is_read_as_the_same_tree(tree: Filter) -> None:
    assert parse(written(tree)) == tree


@given(st.text(st.sampled_from('ab.:[]()" $eqnotrpandu1\\\n'), max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ScimRefused):
        assert parse(written(parse(text))) == parse(text)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("members", PatchPath(AttributePath("members"))),
        ("name.familyName", PatchPath(AttributePath("name", "familyName"))),
        ('addresses[type eq "work"]', PatchPath(AttributePath("addresses"), equal("type", "work"))),
        ('members[value eq "2"].displayName', PatchPath(AttributePath("members", "displayName"), equal("value", "2"))),
        ("urn:x:2.0:User", PatchPath(AttributePath("User", "", "urn:x:2.0"))),
    ],
)  # fmt: skip
def test_a_path_of_an_operation_is_read(text: str, path: PatchPath) -> None:
    assert parse_path(text) == path


@pytest.mark.parametrize(
    "text", ["", "a b", "a[", "a[b pr", "a[b pr]c", "a.b[c pr]", "a[b pr] .c d", "[a pr]", 'a eq "b"']
)
def test_a_wrong_path_is_refused(text: str) -> None:
    with pytest.raises(ScimRefused) as refused:
        parse_path(text)
    assert refused.value.scim_type == "invalidPath"


def test_an_attribute_alone_is_read_or_not() -> None:
    assert parse_attribute("name.givenName") == AttributePath("name", "givenName")
    assert parse_attribute("name givenName") is None
