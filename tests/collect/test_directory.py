"""Answers from a directory give the same rows as live ones, and what is missing or broken is told."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.collect.recorder import Recorder
from tests.collect.small import READS, populate, source
from tests.collect.stub import MANAGEMENT, PROD, StubAws, fails, says
from tests.collect.test_crash import everything
from watchword.collect.directory import DirectorySource
from watchword.collect.engine import Scope, collect
from watchword.collect.layout import candidates, kebab, values_of
from watchword.collect.reads import Detail, Read
from watchword.collect.source import Call, For
from watchword.errors import SourceError
from watchword.model.evidence import EvidenceMissing, HoleReason
from watchword.model.ids import AccountId, Region
from watchword.store.snapshots import Snapshot

HOME = Region("eu-west-1")
SHARED = Path(os.environ.get("WATCHWORD_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))


def recorded(stub: StubAws, tmp_path: Path) -> Path:
    populate(stub)
    collect(Recorder(source(stub), tmp_path / "answers"), Scope(), tmp_path, threads=4, reads=READS)
    return tmp_path / "answers"


def collected(folder: Path, store: Path, scope: Scope | None = None) -> Snapshot:
    return collect(DirectorySource(folder), scope or Scope(), store, threads=4, reads=READS)


def test_a_directory_of_the_same_answers_gives_the_same_rows_and_holes(stub: StubAws, tmp_path: Path) -> None:
    populate(stub)
    closed = f"{PROD}-eu-west-1-1"
    stub.on(
        "kms",
        "GetKeyPolicy",
        lambda asked: (
            fails("AccessDeniedException") if asked.params["KeyId"] == closed else says({"Policy": "{}"})
        ),
    )
    folder = tmp_path / "answers"
    live = collect(Recorder(source(stub), folder), Scope(), tmp_path / "live", threads=4, reads=READS)
    replayed = collected(folder, tmp_path / "replayed")
    assert everything(replayed) == everything(live)
    assert [one.label for one in replayed.accounts()] == [one.label for one in live.accounts()]
    assert replayed.view(AccountId(PROD)).account == live.view(AccountId(PROD)).account
    assert replayed.manifest["source"] == f"directory {folder}"
    assert replayed.manifest["caller"] == ""


def test_what_is_absent_is_a_hole_that_names_the_file(stub: StubAws, tmp_path: Path) -> None:
    folder = recorded(stub, tmp_path)
    (folder / PROD / "eu-west-1" / "secretsmanager" / "list-secrets.json").unlink()
    snapshot = collected(folder, tmp_path / "replayed")
    (hole,) = snapshot.holes()
    assert (hole.account, hole.table, hole.reason) == (PROD, "secretsmanager.secrets", HoleReason.ABSENT)
    assert "222222222222/eu-west-1/secretsmanager/list-secrets.json" in hole.detail


def test_an_absent_detail_is_a_hole_of_its_row_alone(stub: StubAws, tmp_path: Path) -> None:
    folder = recorded(stub, tmp_path)
    (folder / PROD / "eu-west-1" / "kms" / "get-key-policy" / f"{PROD}-eu-west-1-1,default.json").unlink()
    view = collected(folder, tmp_path / "replayed").view(AccountId(PROD))
    first, second, _ = view.rows("kms.keys")
    assert first.has("Policy")
    with pytest.raises(EvidenceMissing, match="absent"):
        second.has("Policy")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"SecretList": [\n  {"ARN": }\n]}', "list-secrets.json line 2 column 11"),
        (b"", "is empty; if the answer was empty, write {}"),
        (b"[]", "is no JSON object"),
        (b"\x80\x81\x82", "cannot be read"),
        (b'{"a":' * 100_000, "cannot be read"),
        (b"An error occurred (AccessDenied)", "line 1 column 1"),
    ],
    ids=["broken", "empty", "list", "not text", "too deep", "an error message"],
)
def test_a_broken_file_is_a_hole_with_its_place_and_the_rest_goes_on(
    stub: StubAws, tmp_path: Path, content: bytes, said: str
) -> None:
    folder = recorded(stub, tmp_path)
    (folder / PROD / "eu-west-1" / "secretsmanager" / "list-secrets.json").write_bytes(content)
    snapshot = collected(folder, tmp_path / "replayed")
    (hole,) = snapshot.holes()
    assert hole.reason is HoleReason.MALFORMED
    assert said in hole.detail
    assert len(snapshot.view(AccountId(PROD)).rows("kms.keys")) == 3


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_files_that_a_windows_shell_wrote_are_read(stub: StubAws, tmp_path: Path, encoding: str) -> None:
    folder = recorded(stub, tmp_path)
    path = folder / PROD / "eu-west-1" / "secretsmanager" / "list-secrets.json"
    path.write_text(path.read_text(), encoding=encoding)
    assert list(collected(folder, tmp_path / "replayed").holes()) == []


def test_a_link_that_leads_out_of_the_directory_is_not_read(stub: StubAws, tmp_path: Path) -> None:
    folder = recorded(stub, tmp_path)
    path = folder / PROD / "eu-west-1" / "secretsmanager" / "list-secrets.json"
    outside = tmp_path / "outside.json"
    path.rename(outside)
    path.symlink_to(outside)
    (hole,) = collected(folder, tmp_path / "replayed").holes()
    assert hole.reason is HoleReason.MALFORMED
    assert "leads out of the directory" in hole.detail


def test_a_link_within_the_directory_is_read(stub: StubAws, tmp_path: Path) -> None:
    folder = recorded(stub, tmp_path)
    path = folder / PROD / "eu-west-1" / "secretsmanager" / "list-secrets.json"
    path.rename(folder / "elsewhere.json")
    path.symlink_to(folder / "elsewhere.json")
    assert list(collected(folder, tmp_path / "replayed").holes()) == []


def test_a_file_beyond_the_limit_is_not_read(stub: StubAws, tmp_path: Path) -> None:
    folder = recorded(stub, tmp_path)
    path = folder / PROD / "eu-west-1" / "secretsmanager" / "list-secrets.json"
    path.write_text(json.dumps({"SecretList": [], "Padding": "x" * 10_000}))
    made = DirectorySource(folder, limit=9_000)
    (hole,) = collect(made, Scope(), tmp_path / "replayed", threads=4, reads=READS).holes()
    assert "larger than 9000 bytes" in hole.detail


def test_a_name_that_would_climb_out_of_the_directory_does_not(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text('{"Policy": "{}"}')
    folder = tmp_path / "answers"
    home = folder / PROD / "eu-west-1" / "kms"
    home.mkdir(parents=True)
    (home / "list-keys.json").write_text(
        '{"Keys": [{"KeyId": "../../../../../secret", "KeyArn": "arn:aws:kms:x"}]}'
    )
    snapshot = collected(folder, tmp_path / "store", Scope(services=("kms",)))
    (key,) = snapshot.view(AccountId(PROD)).rows("kms.keys")
    with pytest.raises(EvidenceMissing, match="absent"):
        key.has("Policy")


def test_without_the_organisations_answers_every_account_with_a_folder_is_read(
    stub: StubAws, tmp_path: Path
) -> None:
    import shutil

    folder = recorded(stub, tmp_path)
    shutil.rmtree(folder / "organization")
    snapshot = collected(folder, tmp_path / "replayed")
    assert [one.id for one in snapshot.accounts()] == [MANAGEMENT, PROD]
    assert snapshot.organization_view() is None


def test_an_account_of_the_organisation_without_a_folder_is_one_hole_a_unit(
    stub: StubAws, tmp_path: Path
) -> None:
    import shutil

    folder = recorded(stub, tmp_path)
    shutil.rmtree(folder / PROD)
    snapshot = collected(folder, tmp_path / "replayed")
    assert {(hole.service, hole.table, hole.reason) for hole in snapshot.holes(AccountId(PROD))} == {
        ("kms", "*", HoleReason.ABSENT),
        ("secretsmanager", "*", HoleReason.ABSENT),
    }


def test_a_folder_without_answers_is_refused_with_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no answers") as caught:
        DirectorySource(tmp_path)
    assert "<account>/<region>/<service>/<operation>.json" in caught.value.remedy
    with pytest.raises(SourceError, match="not a directory"):
        DirectorySource(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({"KeyId": "a/b c", "PolicyName": "default"}, "a%2Fb%20c,default"),
        ({"Bucket": "..", "MaxResults": 5}, "%2E%2E"),
        ({"Names": ["x", "y"]}, "%5B%22x%22%2C%22y%22%5D"),
        ({"MaxItems": 1000}, ""),
        ({}, ""),
    ],
)
def test_names_of_files_are_made_of_the_parameters(params: dict[str, object], name: str) -> None:
    assert values_of(params) == name


def test_a_long_name_is_replaced_by_its_hash() -> None:
    name = values_of({"Arn": "x" * 500})
    assert len(name) == 64
    assert name != values_of({"Arn": "x" * 501})


def test_a_call_of_a_row_never_falls_back_to_the_answer_for_all() -> None:
    call = Call(AccountId(PROD), HOME, "s3", "GetBucketPolicy", {"Bucket": "b"}, For.ROW)
    assert list(candidates(call)) == [
        f"{PROD}/eu-west-1/s3/get-bucket-policy/b.json",
        f"{PROD}/global/s3/get-bucket-policy/b.json",
    ]
    table = Call(AccountId(PROD), HOME, "wafv2", "ListWebACLs", {"Scope": "REGIONAL"})
    assert list(candidates(table)) == [
        f"{PROD}/eu-west-1/wafv2/list-web-acls/REGIONAL.json",
        f"{PROD}/eu-west-1/wafv2/list-web-acls.json",
    ]
    assert kebab("DescribeDBInstances") == "describe-db-instances"


NETWORK_READS = (
    Read("ec2.instances", "DescribeInstances", "Reservations[].Instances[]", arn="{InstanceId}"),
    Read("ec2.vpcs", "DescribeVpcs", "Vpcs[]", arn="{VpcId}"),
    Read("ec2.flow_logs", "DescribeFlowLogs", "FlowLogs[]", arn="{FlowLogId}"),
    Read(
        "elbv2.target_groups",
        "DescribeTargetGroups",
        "TargetGroups[]",
        arn="{TargetGroupArn}",
        details=(
            Detail(
                "Health",
                "DescribeTargetHealth",
                {"TargetGroupArn": "{TargetGroupArn}"},
                "TargetHealthDescriptions",
            ),
        ),
    ),
)


def by_key(folder: Path) -> None:
    group = "arn:aws:elasticloadbalancing:us-east-2:554773406868:targetgroup/a/1"
    health = [{"TargetGroupArn": group, "TargetHealthDescriptions": [{"TargetHealth": {"State": "healthy"}}]}]
    answers = {
        "Reservations": [
            {"Instances": [{"InstanceId": "i-1", "Placement": {"AvailabilityZone": "us-east-2b"}}]}
        ],
        "Vpcs": [{"VpcId": "vpc-1", "OwnerId": "554773406868"}],
        "TargetGroups": [{"TargetGroupArn": group}, {"TargetGroupArn": f"{group}2"}],
        "LoadBalancerTargetHealth": health,
    }
    folder.mkdir(parents=True)
    for name, content in answers.items():
        (folder / f"{name}.json").write_text(json.dumps({name: content}))


@pytest.mark.parametrize("place", ["", "accounts/554773406868/us-east-2"])
def test_files_named_after_the_answers_key_are_read(tmp_path: Path, place: str) -> None:
    by_key(tmp_path / "answers" / place)
    snapshot = collect(
        DirectorySource(tmp_path / "answers"), Scope(), tmp_path, threads=2, reads=NETWORK_READS
    )
    view = snapshot.view(AccountId("554773406868"))
    region = Region("us-east-2")
    assert [one.arn for one in view.rows("ec2.instances", region)] == ["i-1"]
    assert [one.arn for one in view.rows("ec2.vpcs", region)] == ["vpc-1"]
    first, second = view.rows("elbv2.target_groups", region)
    assert first.items("Health")[0].text("TargetHealth.State") == "healthy"
    with pytest.raises(EvidenceMissing, match="absent"):
        second.items("Health")
    with pytest.raises(EvidenceMissing, match="absent"):
        view.rows("ec2.flow_logs")


def test_answers_that_do_not_say_whose_they_are_belong_to_nobody_nowhere(tmp_path: Path) -> None:
    (tmp_path / "Vpcs.json").write_text('{"Vpcs": [{"VpcId": "vpc-1"}]}')
    snapshot = collect(DirectorySource(tmp_path), Scope(), tmp_path, threads=2, reads=NETWORK_READS)
    (account,) = snapshot.accounts()
    assert account.id == "000000000000"
    assert [one.region for one in snapshot.view(account.id).rows("ec2.vpcs")] == ["unknown"]


@pytest.mark.skipif(not (SHARED / "network").is_dir(), reason="the recorded estates are not here")
@pytest.mark.parametrize(
    "name", ["test-load-balancer", "test-nat-gateway", "test-subnet", "test-vpc-peering"]
)
def test_real_estates_are_read(tmp_path: Path, name: str) -> None:
    folder = SHARED / "network" / name
    snapshot = collect(DirectorySource(folder), Scope(), tmp_path, threads=2, reads=NETWORK_READS)
    view = snapshot.view(AccountId("554773406868"))
    assert len(view.rows("ec2.vpcs")) == len(json.loads((folder / "Vpcs.json").read_text())["Vpcs"])
    assert {row.region for row in view.rows("ec2.instances")} == {"us-east-2"}
