"""The one door to AWS: whose credentials, which operations, which host."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.collect.conftest import credentials
from tests.collect.stub import MANAGEMENT, PROD, Asked, Said, StubAws, fails, says, stub_aws, xml_error
from watchword import aws as aws_module
from watchword.aws import AnswerMalformed, Aws, AwsSettings, Operation
from watchword.clock import now
from watchword.errors import CredentialsError, ReadGuardError
from watchword.model.ids import GLOBAL, ORGANIZATION, AccountId, Region

__all__ = ["credentials"]

HOME = Region("eu-west-1")
ALLOWED = frozenset({("kms", "ListKeys"), ("s3control", "GetPublicAccessBlock"), ("kms", "DescribeKey")})


@pytest.fixture
def stub(credentials: None) -> Iterator[StubAws]:
    with stub_aws() as made:
        made.on("kms", "ListKeys", lambda asked: says({"Keys": [{"KeyId": asked.account}]}))
        yield made


def door(stub: StubAws, seen: list[Operation] | None = None, **settings: object) -> Aws:
    told = {"endpoint_url": stub.url, "region": HOME, "read_timeout": 5.0, **settings}
    return Aws(AwsSettings(**told), ALLOWED, seen.append if seen is not None else None)  # type: ignore[arg-type]


def keys(made: Aws, account: str, region: Region = HOME) -> list[str]:
    return [key["KeyId"] for key in made.call(AccountId(account), region, "kms", "ListKeys", {})["Keys"]]


def test_one_client_serves_all_accounts_with_their_own_credentials(stub: StubAws) -> None:
    made = door(stub)
    wanted = [f"{number:012}" for number in range(1, 60)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda one: keys(made, one), wanted * 3))
    assert found == [[one] for one in wanted * 3]
    assert stub.counts()["AssumeRole"] == len(wanted)
    assert len(made._clients) == 2


def test_the_own_account_and_the_organisation_use_the_callers_credentials(stub: StubAws) -> None:
    made = door(stub)
    assert made.whoami().account == MANAGEMENT
    assert keys(made, MANAGEMENT) == [MANAGEMENT]
    assert keys(made, ORGANIZATION) == [MANAGEMENT]
    assert stub.counts()["AssumeRole"] == 0


def test_the_identity_is_asked_for_once(stub: StubAws) -> None:
    made = door(stub)
    assert made.whoami() is made.whoami()
    assert stub.counts()["GetCallerIdentity"] == 1


def test_an_operation_that_is_not_declared_is_stopped_before_it_is_sent(stub: StubAws) -> None:
    made = door(stub)
    made.whoami()
    before = len(stub.asked)
    with pytest.raises(ReadGuardError, match="kms:ScheduleKeyDeletion"):
        made.call(AccountId(MANAGEMENT), HOME, "kms", "ScheduleKeyDeletion", {"KeyId": "k"})
    assert len(stub.asked) == before


def test_whoever_listens_is_told_of_every_operation_that_is_sent(stub: StubAws) -> None:
    seen: list[Operation] = []
    keys(door(stub, seen), PROD)
    assert seen == [("sts", "GetCallerIdentity"), ("sts", "AssumeRole"), ("kms", "ListKeys")]


@pytest.mark.parametrize(
    ("role", "arn"),
    [
        ("Audit", f"arn:aws:iam::{PROD}:role/Audit"),
        ("path/Audit", f"arn:aws:iam::{PROD}:role/path/Audit"),
        ("arn:{partition}:iam::{account}:role/x-{account}", f"arn:aws:iam::{PROD}:role/x-{PROD}"),
    ],
)
def test_the_role_of_an_account_is_a_name_or_a_template(stub: StubAws, role: str, arn: str) -> None:
    keys(door(stub, role=role, external_id="said-before"), PROD)
    (asked,) = [one for one in stub.asked if one.operation == "AssumeRole"]
    assert asked.params["RoleArn"] == arn
    assert asked.params["ExternalId"] == "said-before"


def test_a_first_role_is_assumed_before_all_others(stub: StubAws) -> None:
    made = door(stub, role_arn=f"arn:aws:iam::{PROD}:role/reader")
    assert made.whoami().account == PROD
    assert keys(made, PROD) == [PROD]
    keys(made, "333333333333")
    assumed = [
        (one.account, one.params["RoleArn"].split(":")[4])
        for one in stub.asked
        if one.operation == "AssumeRole"
    ]
    assert assumed == [(MANAGEMENT, PROD), (PROD, "333333333333")]


def test_credentials_are_renewed_before_they_expire(stub: StubAws) -> None:
    soon = (now() + timedelta(minutes=4)).strftime("%Y-%m-%dT%H:%M:%SZ")
    good = stub.scripts["sts", "AssumeRole"]

    def short(asked: Asked) -> Said:
        said = good(asked)
        return Said(said.body.replace("2099-01-01T00:00:00Z", soon), kind=said.kind)

    stub.on("sts", "AssumeRole", short)
    made = door(stub)
    keys(made, PROD)
    keys(made, PROD)
    assert stub.counts()["AssumeRole"] == 2


def test_a_role_that_is_refused_is_not_asked_for_again(stub: StubAws) -> None:
    stub.on("sts", "AssumeRole", xml_error("AccessDenied", 403))
    made = door(stub)
    for _ in range(3):
        with pytest.raises(ClientError, match="AccessDenied"):
            keys(made, PROD)
    assert stub.counts()["AssumeRole"] == 1


def test_a_role_that_was_throttled_is_asked_for_again(stub: StubAws) -> None:
    good = stub.scripts["sts", "AssumeRole"]
    stub.on("sts", "AssumeRole", lambda asked: good(asked) if asked.before else xml_error("Throttling", 400))
    made = door(stub)
    with pytest.raises(ClientError, match="Throttling"):
        keys(made, PROD)
    assert keys(made, PROD) == [PROD]


def test_without_credentials_it_says_what_to_do(stub: StubAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(CredentialsError, match="no AWS credentials") as caught:
        door(stub).whoami()
    assert "aws configure" in caught.value.remedy


def test_a_profile_that_is_not_there_is_told(stub: StubAws) -> None:
    with pytest.raises(CredentialsError, match="nobody") as caught:
        door(stub, profile="nobody").whoami()
    assert "--profile" in caught.value.remedy


def test_an_endpoint_of_the_environment_and_a_region_are_honoured(
    stub: StubAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", stub.url)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    made = Aws(AwsSettings(), ALLOWED)
    assert made.whoami().account == MANAGEMENT
    assert made.home_region() == "eu-central-1"
    assert made.endpoint_url == stub.url
    assert {one.region for one in stub.asked} == {"eu-central-1"}


def test_a_profile_names_region_and_credentials(
    stub: StubAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile audit]\nregion = eu-south-1\naws_access_key_id = AKIAX\naws_secret_access_key = s\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    made = door(stub, profile="audit", region="")
    made.whoami()
    assert stub.asked[0].region == "eu-south-1"


def test_a_redirection_to_another_host_is_not_followed(stub: StubAws) -> None:
    with stub_aws() as other:
        stub.on("kms", "ListKeys", Said("", 307, headers={"Location": other.url}))
        with pytest.raises(ClientError):
            keys(door(stub), MANAGEMENT)
        assert other.asked == []


def test_the_account_does_not_become_part_of_another_endpoints_host(stub: StubAws) -> None:
    made = door(stub)
    with pytest.raises((ClientError, AnswerMalformed)):
        made.call(AccountId(MANAGEMENT), HOME, "s3control", "GetPublicAccessBlock", {"AccountId": MANAGEMENT})
    client = made.client("s3control", HOME)
    assert client.meta.endpoint_url == stub.url


@pytest.mark.parametrize(
    ("host", "target", "stays"),
    [
        ("s3.eu-west-1.amazonaws.com", "https://bucket.s3.eu-west-1.amazonaws.com/x", True),
        ("s3.eu-west-1.amazonaws.com", "https://s3.us-east-1.amazonaws.com/x", True),
        ("s3.eu-west-1.amazonaws.com", "https://evil.example/amazonaws.com", False),
        ("s3.eu-west-1.amazonaws.com", "https://amazonaws.com.evil.example/", False),
        ("s3.eu-west-1.amazonaws.com", "https://evilamazonaws.com/", False),
        ("ec2.cn-north-1.amazonaws.com.cn", "https://evil.com.cn/", False),
        ("127.0.0.1:5000", "http://127.0.0.1:5000/x", True),
        ("127.0.0.1:5000", "http://127.0.0.1:5001/x", False),
        ("127.0.0.1:5000", "https://s3.amazonaws.com/", False),
    ],
)
def test_requests_stay_with_aws_or_at_the_one_endpoint(host: str, target: str, stays: bool) -> None:
    class Request:
        url = target

    check = aws_module._stay_at(host)
    if stays:
        check(Request())
    else:
        with pytest.raises(ReadGuardError, match="was not sent"):
            check(Request())


def test_global_services_are_called_in_the_partitions_home(stub: StubAws) -> None:
    keys(door(stub), MANAGEMENT, GLOBAL)
    assert [one.region for one in stub.asked if one.operation == "ListKeys"] == ["us-east-1"]


def test_times_stay_as_they_stand_in_the_answer(stub: StubAws) -> None:
    stub.on("kms", "DescribeKey", says({"KeyMetadata": {"KeyId": "k", "CreationDate": 1.5}}))
    answer = door(stub).call(AccountId(MANAGEMENT), HOME, "kms", "DescribeKey", {"KeyId": "k"})
    assert answer["KeyMetadata"]["CreationDate"] == 1.5


def test_an_error_tells_no_secret(stub: StubAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret-key")
    stub.on("sts", "GetCallerIdentity", fails("InvalidClientTokenId", 403))
    with pytest.raises(CredentialsError) as caught:
        door(stub).whoami()
    assert "very-secret-key" not in caught.value.diagnosis()
