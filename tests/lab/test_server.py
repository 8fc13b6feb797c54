"""The lab's server: on loopback only, one per directory, ended only by whoever can prove that it is theirs."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.sts.responses import TokenResponse

from watchword.lab import server
from watchword.lab.gateway import IDENTITY_PATH, MANAGEMENT_ACCOUNT
from watchword.lab.server import AlreadyRunning, Lab, LabError, LabProcess, NotOurs, StartFailed


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab.in_process() as running:
        yield running


def aws(service: str, endpoint_url: str, key: str = "anything", **more: Any) -> Any:
    config = Config(retries={"total_max_attempts": 1})
    build: Any = boto3.client
    return build(
        service,
        endpoint_url=endpoint_url,
        region_name="eu-west-1",
        aws_access_key_id=key,
        aws_secret_access_key="anything",
        config=config,
        **more,
    )


def account_seen_by(endpoint_url: str, key: str, **more: Any) -> str:
    return str(aws("sts", endpoint_url, key, **more).get_caller_identity()["Account"])


def test_it_answers_aws_clients_on_loopback(lab: Lab) -> None:
    assert lab.endpoint_url.startswith("http://127.0.0.1:")
    assert aws("ec2", lab.endpoint_url).describe_vpcs()["Vpcs"][0]["IsDefault"]


def test_unknown_credentials_belong_to_the_management_account(lab: Lab) -> None:
    assert account_seen_by(lab.endpoint_url, "AKIAUNKNOWNUNKNOWN00") == MANAGEMENT_ACCOUNT


def test_an_assumed_role_chooses_its_account(lab: Lab) -> None:
    role = {"RoleArn": "arn:aws:iam::222222222222:role/audit", "RoleSessionName": "lab"}
    given = aws("sts", lab.endpoint_url).assume_role(**role)["Credentials"]
    seen = account_seen_by(lab.endpoint_url, given["AccessKeyId"], aws_session_token=given["SessionToken"])
    assert seen == "222222222222"


def test_the_key_of_an_iam_user_chooses_the_account_of_the_user(lab: Lab) -> None:
    iam = aws("iam", lab.endpoint_url, "333333333333")
    iam.create_user(UserName="robot")
    key = iam.create_access_key(UserName="robot")["AccessKey"]["AccessKeyId"]
    assert account_seen_by(lab.endpoint_url, key) == "333333333333"


def test_accounts_do_not_see_each_others_resources(lab: Lab) -> None:
    aws("iam", lab.endpoint_url, "333333333333").create_user(UserName="robot")
    assert aws("iam", lab.endpoint_url, "444444444444").list_users()["Users"] == []


def test_managed_policies_of_aws_can_be_attached(lab: Lab) -> None:
    iam = aws("iam", lab.endpoint_url)
    iam.create_user(UserName="admin")
    iam.attach_user_policy(UserName="admin", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    assert iam.list_attached_user_policies(UserName="admin")["AttachedPolicies"]


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        pytest.param("ec2", "describe_ipams", {}, id="ec2 protocol"),
        pytest.param("sns", "get_data_protection_policy", {"ResourceArn": "x"}, id="query protocol"),
        pytest.param("ssm", "list_nodes", {}, id="json protocol"),
        pytest.param("amplify", "list_apps", {}, id="a service without a backend"),
        pytest.param("cloudfront", "list_streaming_distributions", {}, id="rest-xml protocol"),
        pytest.param("eks", "list_insights", {"clusterName": "c"}, id="rest-json protocol"),
    ],
)
def test_an_operation_that_is_not_emulated_says_so(
    lab: Lab, service: str, operation: str, arguments: dict[str, str]
) -> None:
    client = aws(service, lab.endpoint_url)
    with pytest.raises(ClientError) as caught:
        getattr(client, operation)(**arguments)
    assert caught.value.response["Error"]["Code"] == "NotImplemented"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "does not emulate" in caught.value.response["Error"]["Message"]


def test_a_backend_that_breaks_says_so_as_aws_would(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError("no such thing")

    monkeypatch.setattr(TokenResponse, "get_caller_identity", broken)
    with pytest.raises(ClientError) as caught:
        account_seen_by(lab.endpoint_url, "anything")
    assert caught.value.response["Error"]["Code"] == "InternalFailure"
    assert "ZeroDivisionError: no such thing" in caught.value.response["Error"]["Message"]


def test_a_connection_stays_open_for_the_next_request(lab: Lab) -> None:
    with closing(HTTPConnection("127.0.0.1", lab.port)) as connection:
        for _ in range(3):
            connection.request("GET", IDENTITY_PATH)
            opened = connection.sock
            answer = connection.getresponse()
            assert answer.getheader("Connection") == "keep-alive"
            assert json.load(answer)["pid"] == os.getpid()
            assert connection.sock is opened is not None


def test_bodies_arrive_whole_in_one_piece_in_chunks_and_large(lab: Lab) -> None:
    s3 = aws("s3", lab.endpoint_url)
    bucket = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    s3.create_bucket(Bucket="bodies", **bucket)
    large = os.urandom(3_000_000)
    s3.put_object(Bucket="bodies", Key="large", Body=large)
    assert s3.get_object(Bucket="bodies", Key="large")["Body"].read() == large
    assert s3.head_object(Bucket="bodies", Key="large")["ContentLength"] == len(large)
    with closing(HTTPConnection("127.0.0.1", lab.port)) as connection:
        signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=x/20260101/eu-west-1/s3/aws4_request"}
        connection.request("PUT", "/bodies/chunks", iter([b"one,", b"two"]), signed, encode_chunked=True)
        assert connection.getresponse().read() == b""
        connection.request("GET", "/bodies/chunks", headers=signed)
        assert connection.getresponse().read() == b"one,two"


def test_open_connections_end_with_the_lab() -> None:
    with Lab.in_process() as lab:
        connection = HTTPConnection("127.0.0.1", lab.port)
        connection.request("GET", IDENTITY_PATH)
        connection.getresponse().read()
    with closing(connection):
        assert answer_of(connection) == "none"


def answer_of(connection: HTTPConnection) -> str:
    try:
        connection.request("GET", IDENTITY_PATH)
        return connection.getresponse().read().decode()
    except (HTTPException, OSError):
        return "none"


def test_a_new_lab_starts_empty_and_repeats_its_ids() -> None:
    made = []
    for _ in range(2):
        with Lab.in_process() as lab:
            ec2 = aws("ec2", lab.endpoint_url)
            ec2.create_vpc(CidrBlock="10.0.0.0/16")
            made.append([vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]])
    assert made[0] == made[1]
    assert len(made[0]) == 2


def test_nothing_listens_after_the_block() -> None:
    with Lab.in_process() as lab:
        port = lab.port
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", ""])
def test_other_addresses_than_loopback_are_refused(host: str) -> None:
    with pytest.raises(LabError, match="does not listen on"), Lab.in_process(host=host):
        pass


def test_an_unknown_state_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="no state 'sideways'"):
        server.start_detached(tmp_path / "lab", state="sideways")
    assert not (tmp_path / "lab").exists()


def test_a_port_in_use_is_refused_with_its_number(lab: Lab) -> None:
    with pytest.raises(LabError, match=f"Port {lab.port} is in use"), Lab.in_process(port=lab.port):
        pass


@pytest.fixture
def detached(tmp_path: Path) -> Iterator[tuple[Path, LabProcess]]:
    process = server.start_detached(tmp_path, state=None)
    yield tmp_path, process
    server.stop(tmp_path)


def test_a_detached_lab_runs_is_found_and_ends(detached: tuple[Path, LabProcess]) -> None:
    directory, process = detached
    assert server.status(directory) == process
    assert account_seen_by(process.endpoint_url, "anything") == MANAGEMENT_ACCOUNT
    assert os.getsid(process.pid) == process.pid

    with pytest.raises(AlreadyRunning, match=process.endpoint_url):
        server.start_detached(directory, state=None)

    assert server.stop(directory)
    assert server.status(directory) is None
    assert not (directory / "lab.json").exists()
    assert not server.stop(directory)
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def test_a_record_of_a_lab_that_died_is_stale(tmp_path: Path, free_port: int) -> None:
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    record(tmp_path, LabProcess(int(gone.stdout), free_port, "before", "a1"))
    assert server.status(tmp_path) is None
    assert not server.stop(tmp_path)
    assert not (tmp_path / "lab.json").exists()


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def test_another_process_under_the_recorded_pid_is_not_touched(
    tmp_path: Path, lab: Lab, bystander: subprocess.Popen[bytes]
) -> None:
    record(tmp_path, LabProcess(bystander.pid, lab.port, "before", "a1"))
    assert server.status(tmp_path) is None
    with pytest.raises(NotOurs, match=str(bystander.pid)):
        server.stop(tmp_path)
    assert bystander.poll() is None
    assert (tmp_path / "lab.json").exists()


def test_the_right_instance_under_another_pid_is_not_touched(
    tmp_path: Path, lab: Lab, bystander: subprocess.Popen[bytes]
) -> None:
    with urlopen(f"{lab.endpoint_url}{IDENTITY_PATH}") as answer:
        identity = json.load(answer)
    assert identity == {"pid": os.getpid(), "state": None, "instance": identity["instance"]}
    record(tmp_path, LabProcess(bystander.pid, lab.port, None, identity["instance"]))
    with pytest.raises(NotOurs):
        server.stop(tmp_path)
    assert bystander.poll() is None


@pytest.mark.parametrize("content", ["", "[]", "{", '{"pid": 1}'])
def test_a_damaged_record_counts_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "lab.json").write_text(content)
    assert server.status(tmp_path) is None
    assert not server.stop(tmp_path)


def test_a_server_that_dies_shows_the_end_of_its_log(tmp_path: Path, lab: Lab) -> None:
    with pytest.raises(StartFailed, match=f"Port {lab.port} is in use") as caught:
        server.start_detached(tmp_path, port=lab.port, state=None)
    assert str(tmp_path / "lab.log") in caught.value.diagnosis()
    assert not (tmp_path / "lab.json").exists()


def test_a_server_that_is_too_slow_is_ended(tmp_path: Path) -> None:
    with pytest.raises(StartFailed, match="not ready after 0 seconds"):
        server.start_detached(tmp_path, state=None, ready_within=0)
    assert server.status(tmp_path) is None


def test_a_detached_lab_cannot_see_the_users_aws_settings() -> None:
    mine = {"AWS_PROFILE": "production", "AWS_SECRET_ACCESS_KEY": "x", "PATH": "/bin"}
    given = server._child_environment(mine)
    assert given["PATH"] == "/bin"
    assert not {"AWS_PROFILE", "AWS_SECRET_ACCESS_KEY"} & given.keys()
    assert given["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def record(directory: Path, process: LabProcess) -> None:
    fields = {"pid": process.pid, "port": process.port, "state": process.state, "instance": process.instance}
    (directory / "lab.json").write_text(json.dumps(fields))
