"""PATCH: the RFC's rules, the dialects of large identity providers, and what must hold for any operation."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.web.scim.samples import group, patch, rich, user
from watchword.model.scim import ScimRefused
from watchword.web.scim.catalogue import ENTERPRISE_URN, GROUPS, USER_URN, USERS
from watchword.web.scim.patch import MOST, applied, operations
from watchword.web.scim.resources import MOST_VALUES, accepted
from watchword.web.scim.schemas import ResourceType

BABS = accepted(USERS, rich())
TOURS = {
    "displayName": "Tours",
    "members": [
        {"value": "1", "type": "User", "display": "Ada"},
        {"value": "2", "type": "User", "display": "Bob"},
    ],
}
WORK = {"value": "bjensen@acme.example", "type": "work", "primary": True}
HOME = {"value": "babs@jensen.example", "type": "home"}
EXTENSION = {"employeeNumber": "701984", "department": "Tour Operations", "manager": {"value": "26118915"}}


def done(document: dict[str, Any], *each: dict[str, Any], kind: ResourceType = USERS) -> dict[str, Any]:
    return applied(kind, document, operations(patch(*each)))


def op(name: str, path: str | None = None, *value: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"op": name}
    if path is not None:
        made["path"] = path
    return made | ({"value": value[0]} if value else {})


def but(**changes: Any) -> dict[str, Any]:
    """Babs with other attributes; ``None``: without."""
    return {name: value for name, value in (BABS | changes).items() if value is not None}


USER_CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "add to a plain attribute": (op("add", "nickName", "Babs"), but(nickName="Babs")),
    "add in place of a value": (op("add", "title", "Guide"), but(title="Guide")),
    "add a sub-attribute": (op("add", "name.middleName", "J"), but(name={**BABS["name"], "middleName": "J"})),
    "add to a complex attribute keeps the others": (
        op("add", "name", {"middleName": "J"}), but(name={**BABS["name"], "middleName": "J"})),
    "add a complex attribute that was not there": (
        op("add", "addresses", [{"locality": "Rome"}]), but(addresses=[{"locality": "Rome"}])),
    "add one value to several": (op("add", "emails", {"value": "x@y"}), but(emails=[WORK, HOME, {"value": "x@y"}])),
    "add values that are there already": (op("add", "emails", [HOME, WORK]), but()),
    "add a primary value": (
        op("add", "emails", [{"value": "x@y", "primary": True}]),
        but(emails=[{**WORK, "primary": False}, HOME, {"value": "x@y", "primary": True}])),
    "add without a path": (
        op("add", None, {"nickName": "B", "emails": [{"value": "x@y"}]}),
        but(nickName="B", emails=[WORK, HOME, {"value": "x@y"}])),
    "add to values in a filter": (
        op("add", 'emails[type eq "home"]', {"display": "Babs"}), but(emails=[WORK, {**HOME, "display": "Babs"}])),
    "add where no value passes makes one": (
        op("add", 'emails[type eq "other"].value', "x@y"), but(emails=[WORK, HOME, {"type": "other", "value": "x@y"}])),
    "add where none passes two equalities": (
        op("add", 'phoneNumbers[type eq "fax" and primary eq true]', {"value": "1"}),
        but(phoneNumbers=[*BABS["phoneNumbers"], {"value": "1", "type": "fax", "primary": True}])),
    "add a sub-attribute of all values": (
        op("add", "emails.display", "B"), but(emails=[{**WORK, "display": "B"}, {**HOME, "display": "B"}])),
    "add a sub-attribute where there are no values": (op("add", "ims.value", "x"), but(ims=[{"value": "x"}])),
    "replace a sub-attribute by a wrapped nothing where there are no values": (
        op("replace", "ims.type", {"value": ""}), but()),
    "add a wrapped value where no value passes": (
        op("add", 'emails[type eq "other"].value', [{"value": "x@y"}]),
        but(emails=[WORK, HOME, {"type": "other", "value": "x@y"}])),
    "replace a plain attribute": (op("replace", "title", "Guide"), but(title="Guide")),
    "replace what is not there adds": (op("replace", "nickName", "B"), but(nickName="B")),
    "replace in a complex attribute keeps what is not said": (
        op("replace", "name", {"familyName": "Lee"}), but(name={**BABS["name"], "familyName": "Lee"})),
    "replace with null within a complex attribute": (
        op("replace", "name", {"familyName": None}), but(name={k: v for k, v in BABS["name"].items() if k != "familyName"})),
    "replace a complex attribute by null": (op("replace", "name", None), but(name=None)),
    "replace all values": (op("replace", "emails", [{"value": "x@y"}]), but(emails=[{"value": "x@y"}])),
    "replace all values by none": (op("replace", "emails", []), but(emails=None)),
    "replace values in a filter": (
        op("replace", 'emails[type eq "home"]', {"value": "x@y", "type": "other"}),
        but(emails=[WORK, {"value": "x@y", "type": "other"}])),
    "replace a sub-attribute of values in a filter": (
        op("replace", 'emails[type eq "home"].value', "x@y"), but(emails=[WORK, {**HOME, "value": "x@y"}])),
    "replace who is primary": (
        op("replace", 'emails[type eq "home"].primary', True), but(emails=[{**WORK, "primary": False}, {**HOME, "primary": True}])),
    "replace a value that stays primary": (
        op("replace", 'emails[primary eq true].value', "x@y"), but(emails=[{**WORK, "value": "x@y"}, HOME])),
    "replace an attribute of the extension": (
        op("replace", f"{ENTERPRISE_URN}:department", "Law"), but(**{ENTERPRISE_URN: {**EXTENSION, "department": "Law"}})),
    "replace within the extension keeps the others": (
        op("replace", ENTERPRISE_URN, {"department": "Law"}), but(**{ENTERPRISE_URN: {**EXTENSION, "department": "Law"}})),
    "replace the manager": (
        op("replace", f"{ENTERPRISE_URN}:manager.value", "7"), but(**{ENTERPRISE_URN: {**EXTENSION, "manager": {"value": "7"}}})),
    "replace with the core's URN in the path": (op("replace", f"{USER_URN}:title", "Guide"), but(title="Guide")),
    "replace in whatever case": (op("REPLACE", "NAME.FAMILYNAME", "Lee"), but(name={**BABS["name"], "familyName": "Lee"})),
    "remove a plain attribute": (op("remove", "title"), but(title=None)),
    "remove a sub-attribute": (op("remove", "name.formatted"), but(name={"familyName": "Jensen", "givenName": "Barbara"})),
    "remove all values": (op("remove", "emails"), but(emails=None)),
    "remove values in a filter": (op("remove", 'emails[type eq "home"]'), but(emails=[WORK])),
    "remove a sub-attribute of values in a filter": (
        op("remove", "emails[primary eq true].primary"), but(emails=[{"value": WORK["value"], "type": "work"}, HOME])),
    "remove what is not there": (op("remove", "nickName"), but()),
    "remove values of which there are none": (op("remove", 'emails[type eq "other"]'), but()),
    "remove the extension": (op("remove", ENTERPRISE_URN), but(**{ENTERPRISE_URN: None})),
    "remove the last of the extension": (
        op("remove", f"{ENTERPRISE_URN}:manager"),
        but(**{ENTERPRISE_URN: {"employeeNumber": "701984", "department": "Tour Operations"}})),
    "the dialect: booleans as texts": (op("Replace", "active", "False"), but(active=False)),
    "the dialect: a boolean within a list": (op("Replace", "active", [{"value": "False"}]), but(active=False)),
    "the dialect: a wrapped value": (op("Add", "displayName", [{"$ref": None, "value": "B"}]), but(displayName="B")),
    "the dialect: the manager as a text": (
        op("Add", f"{ENTERPRISE_URN}:manager", "7"), but(**{ENTERPRISE_URN: {**EXTENSION, "manager": {"value": "7"}}})),
    "the dialect: the manager as an empty text": (
        op("Replace", f"{ENTERPRISE_URN}:manager", ""),
        but(**{ENTERPRISE_URN: {"employeeNumber": "701984", "department": "Tour Operations"}})),
    "the dialect: the manager wrapped": (
        op("Add", f"{ENTERPRISE_URN}:manager", [{"$ref": None, "value": "7"}]),
        but(**{ENTERPRISE_URN: {**EXTENSION, "manager": {"value": "7"}}})),
    "the dialect: keys that are paths": (
        op("replace", None, {
            "name.familyName": "Lee", 'emails[type eq "work"].value': "x@y", f"{ENTERPRISE_URN}:department": "Law", "active": "True",
            f"{USER_URN}:title": "Guide"}),
        but(name={**BABS["name"], "familyName": "Lee"}, emails=[{**WORK, "value": "x@y"}, HOME], title="Guide",
            **{ENTERPRISE_URN: {**EXTENSION, "department": "Law"}})),
    "the dialect: the extension as an object": (
        op("add", None, {ENTERPRISE_URN: {"division": "D"}}), but(**{ENTERPRISE_URN: {**EXTENSION, "division": "D"}})),
    "the dialect: what is read-only or unknown among the keys": (
        op("replace", None, {"id": "x", "meta": {}, "schemas": [], "password": "secret", "groups": [], "title": "Guide"}), but(title="Guide")),
    "the dialect: deactivation": (op("replace", None, {"active": False}), but(active=False)),
}  # fmt: skip

GROUP_CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "add a member": (op("add", "members", [{"value": "3"}]), ["1", "2", "3"]),
    "add a member who is there": (op("add", "members", [{"value": "2", "display": "Other"}]), ["1", "2"]),
    "add the same twice": (op("add", "members", [{"value": "3"}, {"value": "3"}]), ["1", "2", "3"]),
    "add one that is no list": (op("Add", "members", {"value": "3"}), ["1", "2", "3"]),
    "replace members": (op("replace", "members", [{"value": "2"}, {"value": "3"}]), ["2", "3"]),
    "remove members": (op("remove", "members"), []),
    "remove one by a filter": (op("remove", 'members[value eq "1"]'), ["2"]),
    "remove one by its name": (op("remove", 'members[display eq "bob"]'), ["1"]),
    "remove one of none": (op("remove", 'members[value eq "9"]'), ["1", "2"]),
    "the dialect: remove with values": (op("Remove", "members", [{"value": "1"}, {"value": "9"}]), ["2"]),
    "the dialect: remove with one value": (op("Remove", "members", {"value": "2"}), ["1"]),
    "the dialect: remove with an empty list": (op("remove", "members", []), []),
    "the dialect: rename with the id": (op("replace", None, {"id": "x", "displayName": "Tours"}), ["1", "2"]),
}  # fmt: skip

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown attribute": (op("add", "nothing", "x"), "invalidPath"),
    "an unknown sub-attribute": (op("add", "name.nothing", "x"), "invalidPath"),
    "an unknown schema": (op("add", "urn:x:title", "x"), "invalidPath"),
    "a path that cannot be read": (op("add", "emails[", "x"), "invalidPath"),
    "a filter on one value": (op("add", 'name[familyName eq "x"]', {}), "invalidPath"),
    "an unknown attribute in a filter": (op("remove", 'emails[nothing eq "x"]'), "invalidFilter"),
    "remove without a path": (op("remove"), "noTarget"),
    "replace where no value passes": (op("replace", 'emails[type eq "other"].value', "x"), "noTarget"),
    "add where the filter does not say what": (op("add", "emails[type pr and primary ne true and value co \"zzz\"].display", "x"), "noTarget"),
    "the id": (op("replace", "id", "x"), "mutability"),
    "the meta": (op("remove", "meta"), "mutability"),
    "the groups": (op("add", "groups", [{"value": "g"}]), "mutability"),
    "a read-only sub-attribute": (op("replace", f"{ENTERPRISE_URN}:manager.displayName", "x"), "mutability"),
    "remove what is required": (op("remove", "userName"), "mutability"),
    "null for what is required": (op("replace", "userName", None), "invalidValue"),
    "another type": (op("replace", "title", 7), "invalidValue"),
    "a boolean that is none": (op("replace", "active", "yes"), "invalidValue"),
    "a list for one value": (op("replace", "title", ["a", "b"]), "invalidValue"),
    "two primary values": (
        op("add", "emails", [{"value": "a", "primary": True}, {"value": "b", "primary": True}]), "invalidValue"),
    "no value": (op("add", "title"), "invalidValue"),
    "no path and no object": (op("add", None, "x"), "invalidValue"),
    "an unknown operation": (op("copy", "title", "x"), "invalidSyntax"),
    "no operation": ({"path": "title"}, "invalidSyntax"),
    "a path that is no text": ({"op": "add", "path": 7, "value": 1}, "invalidPath"),
    "too many values": (op("add", "emails", [{"value": str(n)} for n in range(MOST_VALUES)]), "invalidValue"),
    "nothing for values in a filter": (op("replace", 'emails[type eq "home"]', {}), "invalidValue"),
}  # fmt: skip


@pytest.mark.parametrize("case", sorted(USER_CASES))
def test_a_user_is_changed(case: str) -> None:
    operation, after = USER_CASES[case]
    assert done(BABS, operation) == after


@pytest.mark.parametrize("case", sorted(GROUP_CASES))
def test_members_are_changed(case: str) -> None:
    operation, after = GROUP_CASES[case]
    found = done(TOURS, operation, kind=GROUPS)
    assert [one["value"] for one in found.get("members", [])] == after


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_an_operation_is_refused(case: str) -> None:
    operation, scim_type = REFUSED[case]
    before = copy.deepcopy(BABS)
    with pytest.raises(ScimRefused) as refused:
        done(BABS, op("replace", "title", "changed"), operation)
    assert (refused.value.status, refused.value.scim_type) == (400, scim_type)
    assert before == BABS


def test_a_member_is_not_made_by_its_value_alone() -> None:
    with pytest.raises(ScimRefused) as refused:
        done({"displayName": "Empty"}, op("add", "members.value", "3"), kind=GROUPS)
    assert refused.value.scim_type == "mutability"


@pytest.mark.parametrize(
    "operation",
    [
        op("replace", 'members[value eq "1"].value', "3"),
        op("replace", 'members[value eq "1"]', {"value": "3"}),
        op("add", "members.value", "3"),
        op("replace", 'members[value eq "1"].type', "Group"),
    ],
)
def test_a_member_is_not_made_into_another(operation: dict[str, Any]) -> None:
    with pytest.raises(ScimRefused) as refused:
        done(TOURS, operation, kind=GROUPS)
    assert refused.value.scim_type == "mutability"


@pytest.mark.parametrize(
    "body",
    [
        None, [], "x", {}, {"schemas": []}, {"Operations": [op("add", "title", "x")]}, patch(), patch(*[op("remove", "title")] * (MOST + 1)),
        {**patch(), "Operations": "x"}, {**patch(), "Operations": ["x"]}, {**patch(), "Operations": [[]]},
    ],
)  # fmt: skip
def test_a_body_that_is_no_patch_is_refused(body: Any) -> None:
    with pytest.raises(ScimRefused):
        operations(body)


def test_names_of_a_message_are_read_in_whatever_case() -> None:
    body = {"SCHEMAS": patch()["schemas"], "operations": [{"OP": "Add", "Path": "title", "VALUE": "x"}]}
    assert applied(USERS, BABS, operations(body))["title"] == "x"


def test_operations_are_done_one_after_the_other() -> None:
    found = done(
        BABS,
        op("remove", "emails"),
        op("add", "emails", [HOME]),
        op("replace", 'emails[type eq "home"].type', "work"),
    )
    assert found["emails"] == [{**HOME, "type": "work"}]


# --- what holds for any operation -------------------------------------------------------------------------------

TEXTS = st.sampled_from(["a", "b", "Work", "work", "home", ""])
EMAIL = st.fixed_dictionaries(
    {"value": TEXTS}, optional={"type": TEXTS, "primary": st.sampled_from([True, False, "True", None])}
)
DOCUMENTS = (
    st.fixed_dictionaries(
        {"schemas": st.just([USER_URN]), "userName": st.just("u")},
        optional={
            "title": TEXTS,
            "active": st.booleans(),
            "name": st.fixed_dictionaries({}, optional={"givenName": TEXTS, "familyName": TEXTS}),
            "emails": st.lists(st.fixed_dictionaries({"value": TEXTS}, optional={"type": TEXTS}), max_size=4),
            ENTERPRISE_URN: st.fixed_dictionaries({}, optional={"department": TEXTS, "manager": TEXTS.map(lambda one: {"value": one})}),
        },
    )
    .map(lambda body: accepted(USERS, body))
)  # fmt: skip
PATHS = st.sampled_from(
    ["title", "active", "name", "name.givenName", "emails", "emails.type", 'emails[type eq "work"]', 'emails[type eq "work"].value',
     'emails[value sw "a"].primary', f"{ENTERPRISE_URN}:department", f"{ENTERPRISE_URN}:manager", ENTERPRISE_URN, "userName", "id"]
)  # fmt: skip
VALUES = st.one_of(
    TEXTS, st.booleans(), st.none(), st.lists(EMAIL, max_size=2), EMAIL, st.just({"givenName": "x"}), st.just({"department": "y"})
)  # fmt: skip
OPERATIONS = st.builds(op, st.sampled_from(["add", "replace", "Remove"]), PATHS, VALUES)


def attempted(document: dict[str, Any], *each: dict[str, Any]) -> dict[str, Any] | None:
    try:
        return done(document, *each)
    except ScimRefused:
        return None


@given(DOCUMENTS, st.lists(OPERATIONS, min_size=1, max_size=4))
def test_all_is_done_or_nothing_and_what_is_kept_is_sound(
    document: dict[str, Any], each: list[dict[str, Any]]
) -> None:
    before = copy.deepcopy(document)
    after = attempted(document, *each)
    assert document == before
    if after is not None:
        assert accepted(USERS, {"schemas": [USER_URN], **after}) == after


@given(DOCUMENTS, PATHS.filter(lambda path: "[" not in path), VALUES)
def test_a_replacement_twice_is_one(document: dict[str, Any], path: str, value: Any) -> None:
    once = attempted(document, op("replace", path, value))
    assume(once is not None)
    assert done(once, op("replace", path, value)) == once  # type: ignore[arg-type]


@given(DOCUMENTS, st.lists(EMAIL, min_size=1, max_size=2))
def test_an_addition_twice_is_one(document: dict[str, Any], value: Any) -> None:
    once = attempted(document, op("add", "emails", value))
    assume(once is not None)
    assert done(once, op("add", "emails", value)) == once  # type: ignore[arg-type]


@given(
    DOCUMENTS,
    st.sampled_from(["nickName", "name.middleName", f"{ENTERPRISE_URN}:division", "ims"]),
    TEXTS.filter(bool),
)
def test_what_is_added_and_removed_leaves_no_trace(document: dict[str, Any], path: str, value: str) -> None:
    assert done(document, op("add", path, value), op("remove", path)) == document


@given(DOCUMENTS)
def test_a_value_that_is_added_and_removed_by_a_filter_leaves_no_trace(document: dict[str, Any]) -> None:
    added = op("add", "emails", [{"value": "new@x", "type": "new"}])
    assert done(document, added, op("remove", 'emails[value eq "new@x"]')) == document


@given(st.sets(st.integers(0, 6)), st.sets(st.integers(0, 6)))
def test_members_are_a_set(before: set[int], more: set[int]) -> None:
    def body(ids: set[int]) -> list[dict[str, str]]:
        return [{"value": str(one)} for one in sorted(ids)]

    document = accepted(GROUPS, group("g", *(str(one) for one in sorted(before))))
    added = done(document, op("add", "members", body(more)), kind=GROUPS)
    assert {one["value"] for one in added.get("members", [])} == {str(one) for one in before | more}
    removed = done(added, op("remove", "members", body(more) or [{"value": "x"}]), kind=GROUPS)
    assert {one["value"] for one in removed.get("members", [])} == {str(one) for one in before - more}


def test_a_user_that_says_nothing_new_is_the_same() -> None:
    assert accepted(USERS, user("u")) == {"userName": "u"}
