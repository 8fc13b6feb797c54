"""Paths into answers, and templates over rows."""

from __future__ import annotations

from typing import Any

import pytest

from watchword.collect.paths import FieldMissing, fields_of, fill, fill_value, items_at, value_at

ANSWER = {
    "Reservations": [{"Instances": [{"Id": 1}, {"Id": 2}]}, {}, {"Instances": [{"Id": 3}]}],
    "Account": {"Name": "prod"},
    "ByName": {"a": {"Id": 4}, "b": {"Id": 5}},
    "Empty": None,
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("Reservations[].Instances[].Id", [1, 2, 3]),
        ("Reservations[].Missing[]", []),
        ("Account.Name", "prod"),
        ("Account.Missing", None),
        ("Missing.Name", None),
        ("ByName[].Id", [4, 5]),
        ("Empty", None),
        ("Empty[]", []),
    ],
)
def test_a_path_gives_the_value_or_the_flattened_list(path: str, value: Any) -> None:
    assert value_at(ANSWER, path) == value


@pytest.mark.parametrize(
    ("path", "items"),
    [
        ("Account", [{"Name": "prod"}]),
        ("Missing", []),
        ("", [ANSWER]),
        ("Reservations[].Instances[].Id", [1, 2, 3]),
    ],
)
def test_items_are_always_a_list(path: str, items: list[Any]) -> None:
    assert items_at(ANSWER, path) == items


def test_a_template_is_filled_from_the_row_the_row_above_and_the_names() -> None:
    names = {"account": "1", "parent": {"Id": "p", "Tags": {"x": "y"}}, "_parent": "arn"}
    row = {"Id": "r", "account": "not this one", "Endpoint": {"Port": 5432}}
    text = "{account}/{parent.Id}/{parent.Tags.x}/{Id}/{Endpoint.Port}/{_parent}"
    assert fill(text, row, names) == "1/p/y/r/5432/arn"


def test_a_field_whose_name_has_dots_is_found_as_it_is() -> None:
    assert fill("{a.b}", {"a.b": "whole"}, {}) == "whole"


def test_braces_in_a_value_are_not_filled_again() -> None:
    assert fill_value({"Name": "{Name}"}, {"Name": "{Secret}", "Secret": "x"}, {}) == {"Name": "{Secret}"}


def test_a_template_of_one_field_keeps_its_type_at_any_depth() -> None:
    template = {"Ids": ["{Id}"], "Filter": [{"Key": "vpc", "Values": ["{Vpc}", "x-{Vpc}"]}], "Max": 5}
    assert fill_value(template, {"Id": 7, "Vpc": "v"}, {}) == {
        "Ids": [7],
        "Filter": [{"Key": "vpc", "Values": ["v", "x-v"]}],
        "Max": 5,
    }


@pytest.mark.parametrize("row", [{}, {"Id": None}, {"Id": ["a"]}, {"Id": {"x": 1}}])
def test_a_field_that_is_missing_or_no_text_is_told(row: dict[str, Any]) -> None:
    with pytest.raises(FieldMissing, match="Id"):
        fill("x-{Id}", row, {})


def test_the_fields_of_a_template_are_found_at_any_depth() -> None:
    assert list(fields_of({"a": ["{x}", {"b": "{y.z}-{w}"}], "c": 5})) == ["x", "y.z", "w"]
