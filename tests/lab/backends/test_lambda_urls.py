"""The URLs of Lambda functions over HTTP."""

import io
import zipfile
from collections.abc import Callable
from typing import Any


def package() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): return 1")
    return written.getvalue()


def test_the_url_of_a_function_is_listed(client: Callable[..., Any], refused: Callable[..., Any]) -> None:
    trust = '{"Version":"2012-10-17","Statement":[]}'
    role = client("iam").create_role(RoleName="app", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    functions = client("lambda")
    code = {"ZipFile": package()}
    functions.create_function(
        FunctionName="app", Runtime="python3.12", Role=role, Handler="app.handler", Code=code
    )
    assert functions.list_function_url_configs(FunctionName="app")["FunctionUrlConfigs"] == []
    functions.create_function_url_config(FunctionName="app", AuthType="NONE")
    (found,) = functions.list_function_url_configs(FunctionName="app")["FunctionUrlConfigs"]
    assert (found["AuthType"], found["InvokeMode"]) == ("NONE", "BUFFERED")
    assert found["FunctionUrl"] == functions.get_function_url_config(FunctionName="app")["FunctionUrl"]
    assert refused(functions.list_function_url_configs, FunctionName="x").code == "ResourceNotFoundException"
