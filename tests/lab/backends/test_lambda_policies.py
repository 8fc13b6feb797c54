"""Lambda over HTTP: policies of functions as AWS words them."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def functions(client: Callable[..., Any]) -> Any:
    trust = '{"Version": "2012-10-17", "Statement": []}'
    role = client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    made = client("lambda")
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("main.py", "")
    made.create_function(
        FunctionName="f", Runtime="python3.13", Role=role, Handler="main.x", Code={"ZipFile": code.getvalue()}
    )
    return made


def statements(functions: Any) -> list[dict[str, Any]]:
    return list(json.loads(functions.get_policy(FunctionName="f")["Policy"])["Statement"])


def test_the_authentication_of_a_url_is_a_condition(functions: Any) -> None:
    functions.add_permission(
        FunctionName="f",
        StatementId="url",
        Action="lambda:InvokeFunctionUrl",
        Principal="*",
        FunctionUrlAuthType="NONE",
    )
    (statement,) = statements(functions)
    assert statement["Condition"] == {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}
    assert "FunctionUrlAuthType" not in statement


def test_other_conditions_stay_as_they_were(functions: Any) -> None:
    functions.add_permission(
        FunctionName="f",
        StatementId="s3",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn="arn:aws:s3:::b",
    )
    (statement,) = statements(functions)
    assert statement["Principal"] == {"Service": "s3.amazonaws.com"}
    assert statement["Condition"] == {"ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"}}


def test_a_function_without_permissions_has_no_policy(functions: Any, refused: Callable[..., Any]) -> None:
    assert refused(functions.get_policy, FunctionName="f").code == "ResourceNotFoundException"
    assert refused(functions.get_policy, FunctionName="g").code == "ResourceNotFoundException"
