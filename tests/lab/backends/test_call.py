"""Requests and answers of emulated operations, judged by botocore's models."""

from typing import Any

import pytest

from watchword.lab.backends.call import (
    AnswerError,
    Call,
    Refusal,
    check_answer,
    check_parameters,
    conform,
    service_model,
    violations,
)


def call(operation: str, service: str = "guardduty", **params: Any) -> Call:
    model = service_model(service).operation_model(operation)
    invalid = "BadRequestException" if service == "guardduty" else "ValidationException"
    return Call("111111111111", "eu-west-1", "aws", model, params, invalid)


def walk(operation: str, items: list[str], size: int, **more: Any) -> list[list[str]]:
    """All pages of a listing, as a client would ask for them."""
    pages, token = [], None
    while True:
        params = {"MaxResults": size, **({"NextToken": token} if token else {}), **more}
        page = call(operation, **params).page("FindingIds", items)
        pages.append(page["FindingIds"])
        token = page.get("NextToken")
        if token is None:
            return pages


@pytest.mark.parametrize(
    ("count", "size", "expected"),
    [(0, 2, [[]]), (2, 2, [["0", "1"]]), (3, 2, [["0", "1"], ["2"]]), (4, 1, [["0"], ["1"], ["2"], ["3"]])],
)
def test_pages_hold_every_item_once(count: int, size: int, expected: list[list[str]]) -> None:
    assert walk("ListFindings", [str(number) for number in range(count)], size) == expected


def test_a_page_has_the_default_size_where_none_is_asked_for() -> None:
    page = call("ListFindings").page("FindingIds", ["a", "b", "c"], default=2)
    assert page["FindingIds"] == ["a", "b"]


@pytest.mark.parametrize("token", ["x", "====", "TGlzdE1lbWJlcnM6Mg==", "TGlzdEZpbmRpbmdzOngx", "é"])
def test_a_token_of_another_operation_or_of_nobody_is_refused(token: str) -> None:
    with pytest.raises(Refusal, match="nextToken") as caught:
        call("ListFindings", NextToken=token).page("FindingIds", [])
    assert caught.value.code == "BadRequestException"


def test_a_service_with_an_error_for_tokens_gives_that() -> None:
    with pytest.raises(Refusal) as caught:
        call("SelectResourceConfig", "config", NextToken="x").page("Results", [])
    assert caught.value.code == "InvalidNextTokenException"


@pytest.mark.parametrize(
    ("operation", "params", "expected"),
    [
        ("ListFindings", {"DetectorId": "d"}, []),
        (
            "ListFindings",
            {},
            ["Value null at 'DetectorId' failed to satisfy constraint: Member must not be null"],
        ),
        (
            "ListFindings",
            {"DetectorId": "d", "MaxResults": 51},
            [
                "Value '51' at 'MaxResults' failed to satisfy constraint: "
                "Member must have value less than or equal to 50"
            ],
        ),
        (
            "GetMembers",
            {"DetectorId": "d", "AccountIds": ["1"]},
            [
                "Value '1' at 'AccountIds.1.member' failed to satisfy constraint: "
                "Member must have length greater than or equal to 12"
            ],
        ),
        (
            "CreateMembers",
            {"DetectorId": "d", "AccountDetails": [{"AccountId": "1" * 12}]},
            [
                "Value null at 'AccountDetails.1.member.Email' failed to satisfy constraint: "
                "Member must not be null"
            ],
        ),
        (
            "ListFindings",
            {"DetectorId": "d", "SortCriteria": {"OrderBy": "UP"}},
            [
                "Value 'UP' at 'SortCriteria.OrderBy' failed to satisfy constraint: "
                "Member must satisfy enum value set: [ASC, DESC]"
            ],
        ),
        (
            "ListFindings",
            {"DetectorId": "d", "FindingCriteria": {"Criterion": {"type": {"Matches": ["x"] * 6}}}},
            [
                "Value '['x', 'x', 'x', 'x', 'x', 'x']' at 'FindingCriteria.Criterion.type.Matches' failed to "
                "satisfy constraint: Member must have length less than or equal to 5"
            ],
        ),
    ],
)
def test_constraints_are_worded_as_aws_words_them(
    operation: str, params: dict[str, Any], expected: list[str]
) -> None:
    shape = service_model("guardduty").operation_model(operation).input_shape
    assert list(violations(shape, params)) == expected


def test_bad_parameters_are_refused_together_with_their_number() -> None:
    with pytest.raises(Refusal, match=r"^BadRequestException: 2 validation errors detected: "):
        check_parameters(call("GetMembers"))
    with pytest.raises(Refusal, match="1 validation error detected: "):
        check_parameters(call("GetMembers", DetectorId="d"))


def test_the_reason_of_a_refusal_is_spelt_as_the_service_spells_it() -> None:
    assert call("GetAnalyzer", "accessanalyzer").refuse("no").reason == "fieldValidationFailed"
    assert call("Enable", "inspector2").refuse("no").reason == "FIELD_VALIDATION_FAILED"
    assert not hasattr(call("GetMembers").refuse("no"), "reason")


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ({"FindingIds": ["a"]}, None),
        ({}, "FindingIds"),
        ({"FindingIds": ["a"], "NexToken": "x"}, "NexToken"),
        ({"FindingIds": "a"}, "FindingIds"),
        ({"FindingIds": ["a"], "NextToken": None}, "NextToken"),
    ],
)
def test_an_answer_must_have_the_form_of_the_output(answer: dict[str, Any], fault: str | None) -> None:
    if fault is None:
        check_answer(call("ListFindings"), answer)
    else:
        with pytest.raises(AnswerError, match=fault):
            check_answer(call("ListFindings"), answer)


def test_a_partial_answer_may_lack_members_but_not_invent_any() -> None:
    check_answer(call("ListFindings"), {}, partial=True)
    with pytest.raises(AnswerError, match="NexToken"):
        check_answer(call("ListFindings"), {"NexToken": "x"}, partial=True)


def test_an_operation_without_output_may_not_answer() -> None:
    silent = call("DeleteAnalyzer", "accessanalyzer", analyzerName="a")
    check_answer(silent, {})
    with pytest.raises(AnswerError, match="has no output"):
        check_answer(silent, {"arn": "x"})


def test_values_are_judged_by_named_shapes() -> None:
    conform("macie2", "Severity", {"score": 3, "description": "High"})
    with pytest.raises(AnswerError, match=r"macie2 Severity: .*score"):
        conform("macie2", "Severity", {"score": "3"})
