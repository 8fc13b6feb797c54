"""Whose keys one begins with: an administrator who is there, or one that is made; in this process and in another."""

from pathlib import Path
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from tests.lab.gate.enforcing import session_keys
from tests.lab.gate.refused import refused
from watchword.lab import commands, server
from watchword.lab.gate.administrator import administrator
from watchword.lab.gate.state import iam_of
from watchword.lab.gateway import MANAGEMENT_ACCOUNT
from watchword.lab.server import Keys, Lab

POLICY = "arn:aws:iam::aws:policy/AdministratorAccess"


def client(service: str, endpoint_url: str, key: str, secret: str = "x", token: str | None = None) -> Any:
    build: Any = boto3.client
    return build(
        service,
        endpoint_url=endpoint_url,
        region_name="eu-west-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
    )


@pytest.fixture
def running() -> Any:
    with Lab.in_process() as lab:
        yield lab


def person(name: str, *, through_group: bool = False) -> Any:
    iam: Any = iam_of(MANAGEMENT_ACCOUNT)
    user = iam.create_user("us-east-1", name)
    if through_group:
        iam.create_group("admins")
        iam.attach_group_policy(POLICY, "admins")
        iam.add_user_to_group("admins", name)
    else:
        iam.attach_user_policy(POLICY, name)
    return user, iam.create_access_key(name)


@pytest.mark.parametrize("through_group", [False, True])
def test_an_administrator_with_an_active_key_is_found(running: Lab, through_group: bool) -> None:
    user, key = person("ann", through_group=through_group)
    assert administrator() == Keys(user.arn, key.access_key_id, key.secret_access_key, None)
    assert set(iam_of(MANAGEMENT_ACCOUNT).users) == {"ann"}


def test_one_is_made_where_no_key_is_active_or_a_boundary_limits(running: Lab) -> None:
    _, key = person("inactive")
    key.status = "Inactive"
    user, _ = person("bounded")
    user.permissions_boundary = {"PermissionsBoundaryArn": POLICY}
    made = administrator()
    assert made.user == f"arn:aws:iam::{MANAGEMENT_ACCOUNT}:user/lab-administrator"
    assert made.mfa_serial is not None


def test_a_lab_of_its_own_process_enforces_and_tells_the_keys(tmp_path: Path) -> None:
    process = server.start_detached(tmp_path, state=None, enforce=True)
    try:
        assert process.administrator is not None
        assert server.status(tmp_path) == process
        url, key = process.endpoint_url, process.administrator.access_key_id
        assert client("sts", url, key).get_caller_identity()["Arn"] == process.administrator.user
        assert refused(client("iam", url, "lab").list_users)[0] == "InvalidClientTokenId"
    finally:
        server.stop(tmp_path)


def test_the_command_starts_the_company_enforcing_and_prints_what_one_needs(tmp_path: Path) -> None:
    ran = CliRunner().invoke(commands.app, ["up", "--enforce", "--state-dir", str(tmp_path)])
    try:
        process = server.status(tmp_path)
        assert process is not None
        keys = process.administrator
        assert keys is not None
        assert keys.mfa_serial is not None
        for told in (keys.user, keys.access_key_id, keys.secret_access_key, keys.mfa_serial):
            assert told in ran.output

        # The hardened accounts of the company ask for MFA; the printed device gives it.
        sts = client("sts", process.endpoint_url, keys.access_key_id)
        role = {
            "RoleArn": "arn:aws:iam::222222222222:role/OrganizationAccountAccessRole",
            "RoleSessionName": "me",
        }
        assert refused(sts.assume_role, **role)[0] == "AccessDenied"
        fresh = session_keys(sts.get_session_token(SerialNumber=keys.mfa_serial, TokenCode="123456"))
        inside = session_keys(client("sts", process.endpoint_url, *fresh).assume_role(**role))
        client("iam", process.endpoint_url, *inside).list_roles()
    finally:
        server.stop(tmp_path)
