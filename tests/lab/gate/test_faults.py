"""Faults on demand: throttling, conflicts, failures, late visibility, through the lab's own paths."""

import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.lab.gate.enforcing import Enforcing, allow, document
from tests.lab.gate.refused import refused
from watchword.lab.gate.control import CLOCK_PATH, FAULTS_PATH, answer
from watchword.lab.gate.faults import Fault
from watchword.lab.server import Lab


def ask(
    lab: Enforcing, method: str, path: str = FAULTS_PATH, body: Any = None, kind: str = "application/json"
) -> Any:
    connection = HTTPConnection(urlsplit(lab.endpoint_url).netloc)
    text = json.dumps(body) if body is not None else ""
    connection.request(method, path, text, {"Content-Type": kind})
    given = connection.getresponse()
    read = json.loads(given.read())
    connection.close()
    return given.status, read


@pytest.mark.parametrize(
    ("service", "operation", "kind", "code"),
    [
        ("iam", "list_users", "throttling", "Throttling"),
        ("ec2", "describe_vpcs", "throttling", "RequestLimitExceeded"),
        ("dynamodb", "list_tables", "throttling", "ThrottlingException"),
        ("organizations", "list_accounts", "throttling", "TooManyRequestsException"),
        ("s3", "list_buckets", "throttling", "SlowDown"),
        ("iam", "list_users", "conflict", "ConcurrentModification"),
        ("sso-admin", "list_instances", "conflict", "ConflictException"),
        ("s3", "list_buckets", "failure", "InternalError"),
        ("lambda", "list_functions", "failure", "InternalFailure"),
    ],
)
def test_a_fault_hits_as_many_calls_as_asked_in_the_services_own_form(
    lab: Enforcing, service: str, operation: str, kind: str, code: str
) -> None:
    if service == "organizations":
        lab.client(service).create_organization(FeatureSet="ALL")
    assert ask(lab, "POST", body={"operation": f"{service}:*", "kind": kind, "count": 2})[0] == 201
    call = getattr(lab.client(service), operation)
    assert [refused(call)[0] for _ in range(2)] == [code, code]
    call()


def test_a_fault_hits_its_operation_alone(lab: Enforcing) -> None:
    ask(lab, "POST", body={"operation": "iam:CreateUser", "kind": "throttling"})
    lab.client("iam").list_users()
    assert refused(lab.client("iam").create_user, UserName="bob")[0] == "Throttling"


def test_faults_work_in_a_lab_that_does_not_enforce() -> None:
    with Lab.in_process() as running:
        from watchword.lab.gate.faults import faults

        faults().add(Fault("sts:GetCallerIdentity", "failure"))
        import boto3

        from tests.lab.gate.refused import refused as refusal

        build: Any = boto3.client
        sts = build(
            "sts",
            endpoint_url=running.endpoint_url,
            region_name="eu-west-1",
            aws_access_key_id="lab",
            aws_secret_access_key="lab",
            config=boto3.session.Config(retries={"total_max_attempts": 1}),
        )
        assert refusal(sts.get_caller_identity)[0] == "InternalFailure"
        sts.get_caller_identity()


def test_faults_are_listed_and_cleared(lab: Enforcing) -> None:
    ask(lab, "POST", body={"operation": "iam:*", "kind": "failure", "count": 3})
    refused(lab.client("iam").list_users)
    assert [(each["operation"], each["count"]) for each in ask(lab, "GET")[1]] == [("iam:*", 2)]
    assert ask(lab, "DELETE")[1] == []
    lab.client("iam").list_users()


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"kind": "slow"}, "operation"),
        ({"operation": "iam:*", "kind": "explode"}, "kind"),
        ({"operation": "iam:*", "kind": "slow", "seconds": 3_600}, "seconds"),
        ({"operation": "iam:*", "kind": "slow", "count": -1}, "count"),
        ({"operation": "iam:*", "kind": "delay", "calls": True}, "calls"),
        ({"operation": "iam:*", "kind": "slow", "often": 1}, "often"),
        ([], "object"),
    ],
)
def test_a_fault_that_is_none_is_refused_with_the_member(lab: Enforcing, body: Any, named: str) -> None:
    status, told = ask(lab, "POST", body=body)
    assert (status, named in told["error"]) == (400, True)


def test_a_web_page_cannot_ask(lab: Enforcing) -> None:
    body = {"operation": "iam:*", "kind": "failure"}
    assert ask(lab, "POST", body=body, kind="text/plain")[0] == 415


def test_another_machine_cannot_ask() -> None:
    began: list[str] = []
    environ = {"REMOTE_ADDR": "192.0.2.1", "REQUEST_METHOD": "GET", "PATH_INFO": FAULTS_PATH}
    b"".join(answer(environ, lambda status, _: began.append(status)))
    assert began == ["403 Forbidden"]


def test_the_clock_moves_on_when_asked(lab: Enforcing) -> None:
    before = ask(lab, "GET", CLOCK_PATH)[1]["now"]
    after = ask(lab, "POST", CLOCK_PATH, {"advance_seconds": 86_400})[1]["now"]
    assert before[:10] < after[:10]
    assert ask(lab, "POST", CLOCK_PATH, {"advance_seconds": "much"})[0] == 400


def fenced(lab: Enforcing, **fault: Any) -> Any:
    """A user whose boundary is attached by a write that becomes visible late; a client of the user's."""
    iam = lab.client("iam")
    fence = iam.create_policy(PolicyName="fence", PolicyDocument=document(allow("s3:*")))["Policy"]["Arn"]
    keys = lab.user("ann", allow("iam:ListUsers"))
    body = {"operation": "iam:PutUserPermissionsBoundary", "kind": "delay", **fault}
    assert ask(lab, "POST", body=body)[0] == 201
    iam.put_user_permissions_boundary(UserName="ann", PermissionsBoundary=fence)
    return lab.client("iam", keys)


def test_a_delayed_write_is_seen_after_as_many_decisions(lab: Enforcing) -> None:
    ann = fenced(lab, calls=3)
    for _ in range(3):
        ann.list_users()
    assert "permissions boundary" in refused(ann.list_users)[1]


def test_a_delayed_write_is_seen_after_its_seconds(lab: Enforcing) -> None:
    ann = fenced(lab, seconds=30)
    for _ in range(5):
        ann.list_users()
    ask(lab, "POST", CLOCK_PATH, {"advance_seconds": 31})
    assert "permissions boundary" in refused(ann.list_users)[1]


def test_the_writer_reads_the_new_state_at_once(lab: Enforcing) -> None:
    fenced(lab, seconds=30)
    found = lab.client("iam").get_account_authorization_details(Filter=["User"])["UserDetailList"]
    assert any("PermissionsBoundary" in user for user in found)


def test_a_user_that_is_not_yet_seen_can_do_nothing(lab: Enforcing) -> None:
    ask(lab, "POST", body={"operation": "iam:CreateUser", "kind": "delay", "seconds": 30})
    keys = lab.user("new", allow("*"))
    assert refused(lab.client("iam", keys).list_users)[0] == "AccessDenied"
    ask(lab, "POST", CLOCK_PATH, {"advance_seconds": 31})
    lab.client("iam", keys).list_users()


def test_a_slow_call_is_answered(lab: Enforcing) -> None:
    ask(lab, "POST", body={"operation": "iam:ListUsers", "kind": "slow", "seconds": 0.01})
    lab.client("iam").list_users()
    assert ask(lab, "GET")[1] == []
