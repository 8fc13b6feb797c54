"""Variables are found, filled in, and leave what is not a variable as it is (step 7)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.analysis.iam.expression import Values
from watchword.analysis.iam.patterns import Wild, matcher_of
from watchword.analysis.iam.variables import Template, Unresolved, template_of

KNOWN: Values = {
    "aws:username": ("ann",),
    "aws:wild": ("a*?${x}",),
    "aws:several": ("a", "b"),
    "aws:none": (),
    "aws:empty": ("",),
    "aws:principaltag/cost center": ("42",),
}


def template(text: str, *, wild: bool = True) -> Template:
    found = template_of(text, wild=wild)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "text",
    [
        *("", "plain", "a*b?", "$", "${", "${}", "${aws:username", "$aws:username}", "{aws:username}"),
        *("${ }", "${,'x'}", "${a,x}", "${a,'x}", "${a,'x'", "${a*b}", "$ {aws:username}", "${'x'}", "${**}"),
    ],
)
def test_text_that_only_looks_like_a_variable_is_plain(text: str) -> None:
    assert template_of(text, wild=True) is None
    assert template_of(text, wild=False) is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("${aws:username}", ("ann",)),
        ("${AWS:UserName}", ("ann",)),
        ("${ aws:username }", ("ann",)),
        ("home/${aws:username}/*", ("home/", "ann", "/", Wild.ANY)),
        ("${aws:wild}", ("a*?${x}",)),
        ("${aws:principaltag/Cost Center}", ("42",)),
        ("${*}${?}${$}", ("*", "?", "$")),
        ("*${*}", (Wild.ANY, "*")),
        ("${aws:none, 'all'}", ("all",)),
        ("${aws:none,'all'}", ("all",)),
        ("${aws:none , 'a*b' }", ("a*b",)),
        ("${aws:nowhere, 'x${y}'}", ("x${y}",)),
        ("a${aws:none, ''}b", ("a", "b")),
        ("a${aws:empty}b", ("a", "b")),
        ("${aws:username, 'default'}", ("ann",)),
        ("${aws:username}${aws:username}", ("ann", "ann")),
        ("${${aws:username}}", ("${", "ann", "}")),
    ],
)
def test_a_variable_is_filled_in_and_what_comes_from_it_is_plain_text(
    text: str, parts: tuple[object, ...]
) -> None:
    assert template(text).resolve(KNOWN, ()) == parts


@pytest.mark.parametrize("text", ["${aws:none}", "${aws:nowhere}", "x${aws:several}", "${aws:several, 'x'}"])
def test_a_variable_without_one_value_and_default_matches_nothing(text: str) -> None:
    assert template(text).resolve(KNOWN, ()) is Unresolved.ABSENT


@pytest.mark.parametrize(
    "text", ["${aws:nowhere}", "${aws:nowhere, 'default'}", "${aws:username}${aws:nowhere}"]
)
def test_a_variable_whose_key_is_not_known_is_not_resolved(text: str) -> None:
    assert template(text).resolve(KNOWN, None) is Unresolved.UNKNOWN


def test_where_wildcards_are_plain_they_stay_text() -> None:
    assert template("*${aws:username}?", wild=False).resolve(KNOWN, ()) == ("*", "ann", "?")


def test_a_template_tells_its_keys_in_lower_case() -> None:
    assert template("${aws:UserName}/${*}/${s3:Prefix, 'x'}").keys() == {"aws:username", "s3:prefix"}


@given(st.text("ab*?${}", max_size=8), st.text("ab/", max_size=8))
def test_a_value_never_matches_anything_but_itself(value: str, text: str) -> None:
    parts = template("x/${aws:username}").resolve({"aws:username": (value,)}, ())
    assert isinstance(parts, tuple)
    assert matcher_of(parts)(f"x/{text}") is (value == text)
    assert matcher_of(parts)(f"x/{value}")


@pytest.mark.parametrize(
    "text", ["${" + " " * 20_000, "${a" + " " * 20_000, "${a," + " " * 20_000, "${" * 20_000]
)
def test_what_goes_on_without_end_is_read_in_a_time_that_is_no_power_of_its_length(text: str) -> None:
    # With parts of the pattern that can share white space, this would take hours.
    assert template_of(text, wild=True) is None
