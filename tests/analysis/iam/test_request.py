"""A request is made of plain values, checked, and completed by what AWS always adds (steps 1.2 and 1.3)."""

from __future__ import annotations

from typing import Any

import pytest

from watchword.analysis.iam.principals import PrincipalError
from watchword.analysis.iam.request import Request, RequestError, texts_of, with_absent_keys

A, B = "111122223333", "444455556666"
ANN = f"arn:aws:iam::{A}:user/ann"


@pytest.mark.parametrize(
    ("who", "resource", "told", "owner", "same"),
    [
        (ANN, f"arn:aws:sqs:eu-west-1:{B}:q", "", B, False),
        (ANN, f"arn:aws:sqs:eu-west-1:{A}:q", "", A, True),
        (ANN, "arn:aws:s3:::b/k", "", A, True),
        (ANN, "arn:aws:s3:::b/k", B, B, False),
        (ANN, f"arn:aws:sqs:eu-west-1:{A}:q", B, B, False),
        (ANN, "*", "", A, True),
        (ANN, "arn:aws:iam::aws:policy/ReadOnlyAccess", "", A, True),
        (ANN, f"urn:x:{B}", "", A, True),
        ("*", "arn:aws:s3:::b", "", "", False),
        ("*", "arn:aws:s3:::b", A, A, False),
        ("service:sns.amazonaws.com", f"arn:aws:sqs:eu-west-1:{A}:q", "", A, False),
    ],
)
def test_step_1_2_the_owner_is_told_or_stands_in_the_arn_or_is_the_principals_account(
    who: str, resource: str, told: str, owner: str, same: bool
) -> None:
    found = Request.of(who, "s3:GetObject", resource, told)
    assert (found.account, found.is_same_account) == (owner, same)
    assert found.known.get("aws:resourceaccount") == ((owner,) if owner else None)


def test_step_1_3_what_is_given_goes_before_what_aws_adds() -> None:
    found = Request.of(ANN, "s3:GetObject", context={"AWS:PrincipalArn": "x", "aws:SourceIp": "192.0.2.1"})
    assert found.known["aws:principalarn"] == ("x",)
    assert found.known["aws:sourceip"] == ("192.0.2.1",)
    assert found.known["aws:username"] == ("ann",)
    assert found.given == {"aws:principalarn": ("x",), "aws:sourceip": ("192.0.2.1",)}


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("a", ("a",)),
        ("", ("",)),
        (None, ()),
        ([], ()),
        (["a", "b"], ("a", "b")),
        (("a",), ("a",)),
        (True, ("true",)),
        (False, ("false",)),
        (12, ("12",)),
        (0.5, ("0.5",)),
        ([1, True, "x"], ("1", "true", "x")),
    ],
)
def test_values_of_a_key_become_texts(value: Any, texts: tuple[str, ...]) -> None:
    assert texts_of("k", value) == texts
    assert Request.of(ANN, "s3:GetObject", context={"K": value}).given == {"k": texts}


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"action": "GetObject"}, "action"),
        ({"action": ""}, "action"),
        ({"action": "s3:"}, "action"),
        ({"action": ":GetObject"}, "action"),
        ({"action": "s3:Get Object"}, "action"),
        ({"action": "s3:GetObject\n"}, "action"),
        ({"action": "s3:Get*"}, "action"),
        ({"action": "s3:Get?bject"}, "action"),
        ({"action": "s3:" + "x" * 9_000}, "action"),
        ({"resource": ""}, "resource"),
        ({"resource": "x" * 9_000}, "resource"),
        ({"context": {"aws:x": {}}}, "context/aws:x"),
        ({"context": {"aws:x": [None]}}, "context/aws:x"),
        ({"context": {"aws:x": [["a"]]}}, "context/aws:x"),
        ({"context": {"aws:X": "a", "aws:x": "b"}}, "context"),
    ],
)
def test_what_is_malformed_is_refused_with_its_field(arguments: dict[str, Any], field: str) -> None:
    with pytest.raises(RequestError) as error:
        Request.of(ANN, **{"action": "s3:GetObject", **arguments})
    assert error.value.field == field
    assert str(error.value).startswith(f"{field}: ")
    assert len(str(error.value)) < 300


def test_a_principal_that_is_none_is_refused() -> None:
    with pytest.raises(PrincipalError):
        Request.of("ann", "s3:GetObject")


def test_keys_that_are_not_given_are_absent_or_not_known() -> None:
    assert Request.of(ANN, "s3:GetObject").missing == ()
    assert Request.of(ANN, "s3:GetObject", complete=False).missing is None
    assert Request.of(ANN, "S3:GetObject").service == "s3"


ASKED = frozenset(
    (
        *("aws:principalorgid", "aws:principaltag/team", "aws:username", "aws:multifactorauthpresent"),
        *("aws:multifactorauthage", "aws:tokenissuetime", "aws:federatedprovider", "aws:sourceidentity"),
        *("aws:sourceip", "aws:sourcevpce", "s3:prefix"),
    )
)


@pytest.mark.parametrize("who", ["*", "service:sns.amazonaws.com", "federated:accounts.google.com"])
def test_step_1_3_whoever_has_no_identity_lacks_the_keys_of_one(who: str) -> None:
    known = with_absent_keys(Request.of(who, "s3:GetObject", complete=False), ASKED)
    absent = {key for key, values in known.items() if values == ()}
    assert absent == {key for key in ASKED if not key.startswith(("aws:sourceip", "aws:sourcevpce", "s3:"))}


def test_step_1_3_a_key_that_is_given_is_there_for_them_too() -> None:
    told = Request.of("*", "s3:GetObject", context={"aws:PrincipalOrgID": "o-1"}, complete=False)
    assert with_absent_keys(told, ASKED)["aws:principalorgid"] == ("o-1",)


def test_step_1_3_whoever_has_an_identity_may_have_all_keys() -> None:
    told = Request.of(ANN, "s3:GetObject", complete=False)
    assert with_absent_keys(told, ASKED) == told.known
