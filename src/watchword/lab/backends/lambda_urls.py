"""The URLs of a Lambda function in one list, which moto lacks: it keeps one for the function and none for aliases.

What it does not do: create or call a URL; moto does the former.
Reference: https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctionUrlConfigs.html
"""

from collections.abc import Mapping

from moto.awslambda.models import lambda_backends
from moto.awslambda.responses import LambdaResponse
from moto.awslambda.urls import url_paths

from watchword.lab.backends import registry
from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.tables import Item


def _list(call: Call) -> Item:
    name = call.params["FunctionName"]
    backend = lambda_backends[call.account][call.region]
    functions = [one for one in backend.list_functions() if name in {one.function_name, one.function_arn}]
    if not functions:
        raise Refusal("ResourceNotFoundException", f"Function not found: {name}")
    found = functions[0].url_config
    listed = [_described(found.to_dict())] if found else []
    return call.page("FunctionUrlConfigs", listed)


def _described(url: Item) -> Item:
    """Moto's form without what is not set, and with AWS's word for the mode."""
    kept = {name: value for name, value in url.items() if value is not None}
    return {**kept, "InvokeMode": str(kept.get("InvokeMode", "BUFFERED")).upper()}


OPERATIONS: Mapping[str, Handler] = {"ListFunctionUrlConfigs": _list}


def install() -> None:
    """Add the operation to moto's Lambda."""
    registry.extend(LambdaResponse, url_paths, OPERATIONS, invalid="InvalidParameterValueException")
