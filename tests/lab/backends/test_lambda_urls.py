"""ListFunctionUrlConfigs on the lab."""

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

Client = Callable[..., Any]


@pytest.fixture
def functions(client: Client) -> Any:
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = client("iam").create_role(RoleName="runtime", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", "def handle(event, context): return event")
    made = client("lambda")
    made.create_function(
        FunctionName="pay",
        Runtime="python3.13",
        Role=role,
        Handler="main.handle",
        Code={"ZipFile": packed.getvalue()},
    )
    return made


def test_a_function_without_url_has_an_empty_list(functions: Any) -> None:
    assert functions.list_function_url_configs(FunctionName="pay")["FunctionUrlConfigs"] == []


def test_a_functions_url_is_listed_with_its_authentication(functions: Any) -> None:
    functions.create_function_url_config(FunctionName="pay", AuthType="NONE")
    (found,) = functions.list_function_url_configs(FunctionName="pay")["FunctionUrlConfigs"]
    assert found["AuthType"] == "NONE"
    assert found["FunctionArn"].endswith(":function:pay")


def test_an_unknown_function_is_refused(functions: Any, refused: Callable[..., Any]) -> None:
    assert refused(functions.list_function_url_configs, FunctionName="x").code == "ResourceNotFoundException"
