"""Lambda: the list of a function's URLs.

What it does: lists the one URL that moto keeps for a function. What it does not do: know URLs of aliases.
Reference: https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctionUrlConfigs.html
"""

from collections.abc import Mapping
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.awslambda.responses import LambdaResponse
from moto.awslambda.urls import url_paths

from watchword.lab.backends import registry
from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.tables import Item


def _urls(call: Call) -> Item:
    name = call.params["FunctionName"]
    found: Any = lambda_backends[call.account][call.region].list_functions()
    function = next((each for each in found if name in (each.function_name, each.function_arn)), None)
    if function is None:
        raise Refusal("ResourceNotFoundException", f"Function not found: {name}")
    shown = [_described(function.url_config)] if function.url_config else []
    return {"FunctionUrlConfigs": shown}


def _described(configuration: Any) -> Item:
    known = {name: value for name, value in configuration.to_dict().items() if value is not None}
    return {**known, "InvokeMode": configuration.config.get("InvokeMode") or "BUFFERED"}


OPERATIONS: Mapping[str, Handler] = {"ListFunctionUrlConfigs": _urls}


def install() -> None:
    """Add the operation to moto's Lambda."""
    registry.extend(LambdaResponse, url_paths, OPERATIONS, invalid="InvalidParameterValueException")
