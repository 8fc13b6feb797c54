"""Reading one unit: what a read may say, and what becomes of it."""

from __future__ import annotations

import base64
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.collect.fakes import ACCOUNT, FakeSource, Scripted, denied, failure
from watchword.collect.reads import Detail, Read, Row, Where
from watchword.collect.source import Call, For
from watchword.collect.tables import in_order
from watchword.collect.units import PREPARE_PAUSES, Stopped, UnitRun
from watchword.model.evidence import EvidenceMissing, HoleReason
from watchword.model.ids import GLOBAL, ORGANIZATION, Region
from watchword.model.resource import Resource
from watchword.model.snapshot import UnitKey
from watchword.store.writer import UnitResult

HOME = Region("eu-west-1")
UNIT = UnitKey(ACCOUNT, HOME, "s3")


def read(
    reads: Read | list[Read],
    answers: dict[str, Scripted],
    unit: UnitKey = UNIT,
    pauses: list[float] | None = None,
) -> tuple[UnitResult, list[Call]]:
    source = FakeSource(answers)
    ordered = in_order([reads] if isinstance(reads, Read) else reads)
    waited = pauses.append if pauses is not None else (lambda _: None)
    run = UnitRun(unit, ordered, source, "aws", ACCOUNT, pause=waited)
    return run.result(), source.asked


def rows(result: UnitResult, table: str) -> list[Resource]:
    return [row for row in result.rows if row.table == table]


def names(*found: str) -> dict[str, Any]:
    return {"Buckets": [{"Name": name} for name in found]}


BUCKETS = Read(
    "s3.buckets", "ListBuckets", "Buckets[]", arn="arn:{partition}:s3:::{Name}", kind="AWS::S3::Bucket"
)


def with_details(*details: Detail) -> Read:
    from dataclasses import replace

    return replace(BUCKETS, details=details)


def test_a_row_has_arn_name_kind_and_place() -> None:
    result, _ = read(BUCKETS, {"ListBuckets": names("payroll")})
    (bucket,) = result.rows
    assert (bucket.arn, bucket.name, bucket.kind) == ("arn:aws:s3:::payroll", "payroll", "AWS::S3::Bucket")
    assert (bucket.account, bucket.region, bucket.table) == (ACCOUNT, HOME, "s3.buckets")


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        ([{"Key": "Name", "Value": "web-1"}], "web-1"),
        ([{"key": "Name", "value": "web-1"}], "web-1"),
        ([{"TagKey": "Name", "TagValue": "web-1"}], "web-1"),
        ([{"tagKey": "Name", "tagValue": "web-1"}], "web-1"),
        ({"Name": "web-1"}, "web-1"),
        ([{"Key": "Name"}], "i-1"),
        ([{"Key": "Other", "Value": "x"}], "i-1"),
        (None, "i-1"),
        ("strange", "i-1"),
    ],
)
def test_the_name_is_that_of_the_tag_or_the_end_of_the_arn(tags: object, name: str) -> None:
    one = Read("s3.things", "ListThings", "Things[]", arn="arn:{partition}:s3:{region}:{account}:thing/{Id}")
    result, _ = read(one, {"ListThings": {"Things": [{"Id": "i-1", "Tags": tags}]}})
    assert result.rows[0].name == name


def test_texts_become_rows_with_one_field() -> None:
    one = Read("sqs.queues", "ListQueues", "QueueUrls[]", scalar="QueueUrl", arn="{QueueUrl}")
    result, _ = read(one, {"ListQueues": {"QueueUrls": ["https://a", "https://b"]}})
    assert [row.data for row in result.rows] == [{"QueueUrl": "https://a"}, {"QueueUrl": "https://b"}]


def test_an_answer_without_a_path_is_one_row_with_an_arn_of_the_table() -> None:
    one = Read("iam.account_summary", "GetAccountSummary", where=Where.ACCOUNT)
    unit = UnitKey(ACCOUNT, GLOBAL, "iam")
    result, _ = read(one, {"GetAccountSummary": {"Users": 5, "ResponseMetadata": {"x": 1}}}, unit)
    assert result.rows[0].data == {"Users": 5}
    assert result.rows[0].arn == f"arn:aws:iam::{ACCOUNT}:account_summary"


def test_equal_rows_count_once_and_different_ones_of_one_arn_are_told_apart() -> None:
    one = Read("s3.things", "ListThings", "Things[]", arn="{Id}")
    things = [{"Id": "a", "n": 1}, {"Id": "a", "n": 1}, {"Id": "a", "n": 2}]
    result, _ = read(one, {"ListThings": [{"Things": things[:2]}, {"Things": things[2:]}]})
    assert [(row.arn, row.data["n"]) for row in result.rows] == [("a", 1), ("a#2", 2)]


def test_bytes_are_base64_as_the_cli_prints_them_before_any_transform() -> None:
    def decoded(row: Row) -> list[Row]:
        return [{"User": line} for line in base64.b64decode(row["Content"]).decode().split()]

    one = Read("iam.report", "GetReport", arn="{User}", transform=decoded)
    result, _ = read(one, {"GetReport": {"Content": b"alice bob"}})
    assert [row.name for row in result.rows] == ["alice", "bob"]


@pytest.mark.parametrize(
    "error", [ValueError("secret"), KeyError("secret"), TypeError("secret"), AttributeError()]
)
def test_a_transform_that_trips_makes_a_hole_without_its_words(error: Exception) -> None:
    def broken(_: Row) -> list[Row]:
        raise error

    one = Read("s3.things", "ListThings", "Things[]", arn="{Id}", transform=broken)
    result, _ = read(one, {"ListThings": {"Things": [{"Id": "a"}]}})
    assert [hole.reason for hole in result.holes] == [HoleReason.MALFORMED]
    assert "secret" not in result.holes[0].detail


def test_split_tables_are_filled_from_one_call_and_share_its_hole() -> None:
    split = Read(
        "s3.roles", "", "Roles[]", arn="{Name}", details=(Detail("Extra", "GetRole", {"N": "{Name}"}),)
    )
    one = Read("s3.users", "GetAll", "Users[]", arn="{Name}", splits=(split,))
    pages = [{"Users": [{"Name": "u1"}]}, {"Users": [{"Name": "u2"}], "Roles": [{"Name": "r1"}]}]
    result, asked = read(one, {"GetAll": pages, "GetRole": {"x": 1}})
    assert [row.name for row in rows(result, "s3.users")] == ["u1", "u2"]
    assert rows(result, "s3.roles")[0].data["Extra"] == {"x": 1}
    assert [call.operation for call in asked] == ["GetAll", "GetRole"]
    result, _ = read(one, {"GetAll": denied()})
    assert {hole.table for hole in result.holes} == {"s3.users", "s3.roles"}


def test_a_table_over_a_split_one_knows_its_parent() -> None:
    split = Read("s3.roles", "", "Roles[]", arn="arn:{Name}")
    one = Read("s3.users", "GetAll", "Users[]", arn="{Name}", splits=(split,))
    over = Read(
        "s3.keys",
        "ListKeys",
        "Keys[]",
        arn="{_parent}/{parent.Name}/{Id}",
        over="s3.roles",
        params={"N": "{Name}"},
    )
    result, _ = read([over, one], {"GetAll": {"Roles": [{"Name": "r"}]}, "ListKeys": {"Keys": [{"Id": "k"}]}})
    assert [row.arn for row in rows(result, "s3.keys")] == ["arn:r/r/k"]


def test_one_parent_that_cannot_be_read_over_leaves_the_table_unread() -> None:
    over = Read("s3.keys", "ListKeys", "Keys[]", arn="{Id}", over="s3.buckets", params={"Bucket": "{Name}"})

    def keys(call: Call) -> Any:
        return denied() if call.params["Bucket"] == "b" else {"Keys": [{"Id": call.params["Bucket"]}]}

    result, _ = read([BUCKETS, over], {"ListBuckets": names("a", "b", "c"), "ListKeys": keys})
    assert [row.arn for row in rows(result, "s3.keys")] == ["a", "c"]
    (hole,) = result.holes
    assert (hole.table, hole.resource) == ("s3.keys", "")
    assert "over arn:aws:s3:::b" in hole.detail


@pytest.mark.parametrize(
    ("wanted", "code", "message", "is_none"),
    [
        ("NoSuchPolicy", "NoSuchPolicy", "x", True),
        ("NoSuchPolicy", "NoSuch", "x", False),
        ("BadRequest: not enabled", "BadRequest", "Macie is not enabled here", True),
        ("BadRequest: not enabled", "BadRequest", "the name is bad", False),
    ],
)
def test_codes_that_mean_none_may_demand_words(wanted: str, code: str, message: str, is_none: bool) -> None:
    failed = failure(HoleReason.ERROR, code, message)
    one = with_details(Detail("Policy", "GetPolicy", {"Bucket": "{Name}"}, none_when=(wanted,)))
    result, _ = read(one, {"ListBuckets": names("a"), "GetPolicy": failed})
    assert (not result.holes) is is_none
    (bucket,) = result.rows
    if is_none:
        assert bucket.raw("Policy") is None
    else:
        with pytest.raises(EvidenceMissing):
            bucket.raw("Policy")


def test_a_detail_is_called_only_where_it_is_wanted() -> None:
    one = with_details(Detail("Lock", "GetLock", {"Bucket": "{Name}"}, when=lambda row: row["Name"] == "b"))
    result, asked = read(one, {"ListBuckets": names("a", "b"), "GetLock": {"On": True}})
    assert [row.data["Lock"] for row in result.rows] == [None, {"On": True}]
    assert [call.params for call in asked if call.operation == "GetLock"] == [{"Bucket": "b"}]


def test_a_policy_is_kept_parsed_and_a_broken_one_is_a_hole() -> None:
    one = with_details(Detail("Policy", "GetPolicy", {"Bucket": "{Name}"}, "Policy", parse_json=True))
    texts = {"a": '{"S": 1}', "b": "%7B%22S%22%3A2%7D", "c": "{", "d": ""}

    def policy(call: Call) -> Any:
        return {"Policy": texts[call.params["Bucket"]]}

    result, _ = read(one, {"ListBuckets": names(*texts), "GetPolicy": policy})
    found = {row.name: row for row in result.rows}
    assert (found["a"].raw("Policy"), found["b"].raw("Policy"), found["d"].raw("Policy")) == (
        {"S": 1},
        {"S": 2},
        None,
    )
    with pytest.raises(EvidenceMissing, match="not JSON"):
        found["c"].raw("Policy")


def test_pages_of_a_detail_are_joined() -> None:
    one = with_details(Detail("Grants", "ListGrants", {"Bucket": "{Name}"}, "Grants", pages=True))
    result, _ = read(
        one, {"ListBuckets": names("a"), "ListGrants": [{"Grants": [1, 2]}, {}, {"Grants": [3]}]}
    )
    assert result.rows[0].data["Grants"] == [1, 2, 3]


def test_a_transform_of_a_detail_sees_what_was_taken() -> None:
    one = with_details(
        Detail("Data", "GetData", {"Bucket": "{Name}"}, "Value", transform=lambda text: {"length": len(text)})
    )
    result, _ = read(one, {"ListBuckets": names("a"), "GetData": {"Value": "secret"}})
    assert result.rows[0].data["Data"] == {"length": 6}


def test_details_may_use_what_details_before_them_gave() -> None:
    one = with_details(
        Detail("", "GetLocation", {"Bucket": "{Name}"}),
        Detail("Key", "GetKey", {"Id": "{Place.Id}"}, "Id"),
    )
    result, _ = read(
        one,
        {
            "ListBuckets": names("a"),
            "GetLocation": {"Place": {"Id": 7}},
            "GetKey": lambda call: {"Id": call.params["Id"]},
        },
    )
    assert result.rows[0].data["Key"] == 7


def test_a_batch_is_one_call_for_several_rows_and_silence_about_a_row_is_null() -> None:
    one = with_details(
        Detail("State", "GetStates", {"x": "{account}"}, "States", batch=("Names", 2, "Name", "For"))
    )

    def states(call: Call) -> Any:
        return {"States": [{"For": name, "On": True} for name in call.params["Names"] if name != "c"]}

    result, asked = read(one, {"ListBuckets": names("a", "b", "c"), "GetStates": states})
    assert [row.data["State"] for row in result.rows] == [
        {"For": "a", "On": True},
        {"For": "b", "On": True},
        None,
    ]
    batches = [call for call in asked if call.operation == "GetStates"]
    assert [call.params for call in batches] == [
        {"x": ACCOUNT, "Names": ["a", "b"]},
        {"x": ACCOUNT, "Names": ["c"]},
    ]
    assert {call.made_for for call in batches} == {For.BATCH}


def test_a_batch_that_fails_makes_a_hole_of_each_of_its_rows() -> None:
    one = with_details(Detail("State", "GetStates", {}, "States", batch=("Names", 2, "Name", "For")))
    result, _ = read(one, {"ListBuckets": names("a", "b"), "GetStates": denied()})
    assert [hole.resource for hole in result.holes] == ["arn:aws:s3:::a", "arn:aws:s3:::b"]
    with pytest.raises(EvidenceMissing, match="AccessDenied"):
        result.rows[0].raw("State")


def test_rows_that_lie_in_another_region_are_asked_for_there() -> None:
    from dataclasses import replace

    detail = Detail("Policy", "GetPolicy", {"Bucket": "{Name}"})
    one = replace(BUCKETS, region_field="BucketRegion", where=Where.ACCOUNT, details=(detail,))
    buckets = {"Buckets": [{"Name": "a", "BucketRegion": "eu-central-1"}, {"Name": "b"}]}
    unit = UnitKey(ACCOUNT, GLOBAL, "s3")
    result, asked = read(one, {"ListBuckets": buckets, "GetPolicy": {}}, unit)
    assert [row.region for row in result.rows] == ["eu-central-1", "global"]
    assert [call.region for call in asked] == ["global", "eu-central-1", "global"]


def test_an_api_that_lives_in_one_region_is_called_there_for_the_account() -> None:
    one = Read(
        "cloudfront.acls", "ListAcls", "Acls[]", arn="{Id}", where=Where.ACCOUNT, regions=("us-east-1",)
    )
    result, asked = read(one, {"ListAcls": {"Acls": [{"Id": "a"}]}}, UnitKey(ACCOUNT, GLOBAL, "cloudfront"))
    assert asked[0].region == "us-east-1"
    assert result.rows[0].region == "global"


def test_the_organisations_rows_bear_the_callers_account_in_their_arns() -> None:
    one = Read("organizations.x", "ListX", "X[]", arn="arn:aws:x::{account}:{Id}", where=Where.ORGANIZATION)
    result, asked = read(one, {"ListX": {"X": [{"Id": "a"}]}}, UnitKey(ORGANIZATION, GLOBAL, "organizations"))
    assert result.rows[0].arn == f"arn:aws:x::{ACCOUNT}:a"
    assert result.rows[0].account == ORGANIZATION
    assert asked[0].account == ORGANIZATION


def test_an_answer_that_must_be_prepared_is_asked_for_when_it_is_ready() -> None:
    states = iter([{"State": "STARTED"}, {"State": "INPROGRESS"}, {"State": "COMPLETE"}])
    one = Read("iam.report", "GetReport", arn="{Id}", prepare="GenerateReport")
    pauses: list[float] = []
    result, asked = read(
        one, {"GenerateReport": lambda _: next(states), "GetReport": {"Id": "r"}}, pauses=pauses
    )
    assert [call.operation for call in asked] == ["GenerateReport"] * 3 + ["GetReport"]
    assert pauses == list(PREPARE_PAUSES[:2])
    assert len(result.rows) == 1


def test_an_answer_that_never_becomes_ready_is_a_hole() -> None:
    one = Read("iam.report", "GetReport", arn="{Id}", prepare="GenerateReport")
    result, asked = read(one, {"GenerateReport": {"State": "INPROGRESS"}, "GetReport": {"Id": "r"}})
    assert [hole.reason for hole in result.holes] == [HoleReason.ERROR]
    assert "GetReport" not in [call.operation for call in asked]


def test_a_detail_whose_parameter_the_row_lacks_is_a_hole_of_the_row() -> None:
    one = with_details(Detail("Key", "GetKey", {"Id": "{KeyId}"}))
    result, asked = read(one, {"ListBuckets": names("a")})
    assert result.holes[0].reason is HoleReason.MALFORMED
    assert "KeyId" in result.holes[0].detail
    assert [call.operation for call in asked] == ["ListBuckets"]


def test_several_details_at_once_give_the_same_as_one_after_the_other() -> None:
    one = with_details(
        Detail("A", "GetA", {"Bucket": "{Name}"}),
        Detail("B", "GetB", {"Bucket": "{Name}"}, none_when=("None",)),
    )

    def answer(call: Call) -> Any:
        return denied() if call.params["Bucket"] == "b7" else {"of": call.params["Bucket"]}

    answers: dict[str, Scripted] = {
        "ListBuckets": names(*(f"b{number}" for number in range(50))),
        "GetA": answer,
        "GetB": answer,
    }
    alone, _ = read(one, answers)
    with ThreadPoolExecutor(8) as pool:
        together = UnitRun(UNIT, (one,), FakeSource(answers), "aws", ACCOUNT, executor=pool).result()
    assert together.rows == alone.rows
    assert together.holes == alone.holes
    assert together.calls == alone.calls == 101


def test_a_unit_that_is_stopped_does_not_end_as_read() -> None:
    stop = threading.Event()

    def stopping(_: Call) -> Any:
        stop.set()
        return names("a")

    one = with_details(Detail("A", "GetA", {"Bucket": "{Name}"}))
    with pytest.raises(Stopped):
        UnitRun(UNIT, (one,), FakeSource({"ListBuckets": stopping}), "aws", ACCOUNT, stop).result()
