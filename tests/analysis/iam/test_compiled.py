"""Policies of each kind hold what their kind may hold; all else is refused with its place; equal ones are compiled once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from watchword.analysis.iam.compiled import Library, PolicyKind, compile_policy
from watchword.analysis.iam.policy import PolicyError, parse

KINDS = tuple(PolicyKind)
WITH_PRINCIPALS = {PolicyKind.RESOURCE, PolicyKind.RESOURCE_CONTROL, PolicyKind.ENDPOINT}
PLAIN: dict[str, Any] = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}


def document(**more: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [PLAIN, PLAIN | more]}


def pointer(found: Any, kind: PolicyKind) -> str | None:
    try:
        compile_policy(found, kind)
    except PolicyError as error:
        return error.pointer
    return None


@pytest.mark.parametrize("kind", KINDS)
def test_a_plain_policy_is_of_every_kind(kind: PolicyKind) -> None:
    compiled = compile_policy(document(), kind, "name")
    assert (compiled.kind, compiled.name, len(compiled.statements)) == (kind, "name", 2)
    assert not compiled.is_empty
    assert compile_policy({"Statement": []}, kind).is_empty


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("found", "place"),
    [
        (document() | {"Version": "2012-10-18"}, "/Version"),
        (document() | {"Version": "2008-10-16"}, "/Version"),
        (document() | {"Comment": "x"}, "/Comment"),
        (document(Note="x"), "/Statement/1/Note"),
        (document(**{"a/b~c": 1}), "/Statement/1/a~1b~0c"),
        (document(Condition={"StringResembles": {"k": "v"}}), "/Statement/1/Condition/StringResembles"),
        (
            document(Condition={"ForAnyValue:StringResemblesIfExists": {"k": "v"}}),
            "/Statement/1/Condition/ForAnyValue:StringResemblesIfExists",
        ),
        (document(Condition={"a/b": {"k": "v"}}), "/Statement/1/Condition/a~1b"),
        (document(Condition={"ForSomeValues:StringEquals": {"k": "v"}}), "/Statement/1/Condition/ForSomeValues:StringEquals"),
        (document(Condition={"NullIfExists": {"k": "true"}}), "/Statement/1/Condition/NullIfExists"),
        (document(Condition={"ForAllValues:Null": {"k": "true"}}), "/Statement/1/Condition/ForAllValues:Null"),
        (document(Effect="allow"), "/Statement/1/Effect"),
        (document(Effect=["Allow"]), "/Statement/1/Effect"),
        (document(NotAction="x"), "/Statement/1/NotAction"),
        (document(NotResource="x"), "/Statement/1/NotResource"),
        (document(Action=None), "/Statement/1/Action/0"),
        (document(Resource=[{}]), "/Statement/1/Resource/0"),
        (document(Sid=1), "/Statement/1/Sid"),
        ("[1]", ""),
        ("", ""),
        ('{"Statement": NaN}', ""),
        ('{"Statement": [], "Statement": []}', ""),
        ('{"Statement": ' + "9" * 5_000 + "}", ""),
        ("[" * 100_000, ""),
    ],
    ids=lambda one: str(one)[:60],
)  # fmt: skip
def test_what_no_policy_may_hold_is_refused_with_its_place(kind: PolicyKind, found: Any, place: str) -> None:
    assert pointer(found, kind) == place


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("element", ["Principal", "NotPrincipal"])
def test_principals_stand_in_policies_of_resources_endpoints_and_rcps_alone(
    kind: PolicyKind, element: str
) -> None:
    expected = None if kind in WITH_PRINCIPALS else f"/Statement/1/{element}"
    assert pointer(document(**{element: "*"}), kind) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_only_a_resources_own_policy_may_leave_the_resource_out(kind: PolicyKind) -> None:
    without = {"Statement": [{"Effect": "Allow", "Action": "s3:*"}]}
    assert pointer(without, kind) == (None if kind is PolicyKind.RESOURCE else "/Statement/0/Resource")


@pytest.mark.parametrize("kind", KINDS)
def test_every_operator_with_its_qualifiers_is_taken(kind: PolicyKind) -> None:
    operators = ["StringEqualsIfExists", "ForAllValues:stringlike", "foranyvalue:ArnLikeIfExists", "Null"]
    assert pointer(document(Condition={key: {"k": "true"} for key in operators}), kind) is None


def test_the_first_fault_is_told() -> None:
    found = {"Version": "1", "Comment": "x", "Statement": [PLAIN | {"Note": 1}]}
    assert pointer(found, PolicyKind.IDENTITY) == "/Version"


def test_a_kind_that_there_is_not_is_no_kind() -> None:
    with pytest.raises(ValueError, match="nothing"):
        compile_policy(document(), "nothing")


def test_text_json_and_a_parsed_policy_compile_to_the_same() -> None:
    found = [compile_policy(one, "scp") for one in (document(), json.dumps(document()), parse(document()))]
    assert found[0] == found[1] == found[2]


def test_variables_are_of_the_newer_version_alone() -> None:
    written = {"Statement": [{**PLAIN, "Resource": "${aws:username}"}]}
    newer = compile_policy(written | {"Version": "2012-10-17"}, "identity")
    older = compile_policy(written, "identity")
    assert newer.statements[0].keys == {"aws:username"}
    assert older.statements[0].keys == frozenset()


def test_a_library_compiles_equal_documents_once() -> None:
    library = Library()
    first = library.compile({"Statement": [PLAIN], "Version": "2012-10-17"}, "identity", "a")
    assert (
        library.compile({"Version": "2012-10-17", "Statement": [dict(PLAIN)]}, PolicyKind.IDENTITY, "a")
        is first
    )
    assert len(library) == 1
    for another in (
        library.compile({"Version": "2012-10-17", "Statement": [PLAIN]}, "identity", "b"),
        library.compile({"Version": "2012-10-17", "Statement": [PLAIN]}, "boundary", "a"),
        library.compile({"Version": "2008-10-17", "Statement": [PLAIN]}, "identity", "a"),
    ):
        assert another is not first
    assert len(library) == 4


def test_a_library_remembers_no_policy_that_was_refused() -> None:
    library = Library()
    for _ in range(2):
        with pytest.raises(PolicyError):
            library.compile({"Statement": [{}]}, "identity")
    assert len(library) == 0


def test_a_document_with_halves_of_surrogate_pairs_is_remembered_like_any_other() -> None:
    library = Library()
    odd = {"Statement": [PLAIN | {"Sid": "\ud800"}]}
    assert library.compile(odd, "identity") is library.compile(odd, "identity")
