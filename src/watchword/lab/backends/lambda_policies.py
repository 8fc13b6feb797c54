"""Lambda: the resource policy of a function as AWS words it.

What it does: moto keeps the authentication of a function's URL as an element that the IAM language does not have; here
it becomes the condition on lambda:FunctionUrlAuthType that AWS writes.  What it does not do: aliases and versions.
Reference: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
"""

import json
from collections.abc import Mapping
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.awslambda.responses import LambdaResponse
from moto.awslambda.urls import url_paths

from watchword.lab.backends import registry
from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.tables import Item

_MISPLACED = "FunctionUrlAuthType"


def _policy(call: Call) -> Item:
    name = call.params["FunctionName"]
    found: Any = lambda_backends[call.account][call.region].list_functions()
    function = next((each for each in found if name in {each.function_name, each.function_arn}), None)
    if function is None or not function.policy.statements:
        raise Refusal("ResourceNotFoundException", "The resource you requested does not exist.")
    statements = [worded(statement) for statement in function.policy.statements]
    document = {"Version": "2012-10-17", "Id": "default", "Statement": statements}
    return {"Policy": json.dumps(document), "RevisionId": function.policy.revision}


def worded(statement: Mapping[str, Any]) -> Item:
    """A statement of a function's policy as AWS writes it."""
    kept = {key: value for key, value in statement.items() if key != _MISPLACED}
    if _MISPLACED not in statement:
        return kept
    condition = {**kept.get("Condition", {})}
    equals = {**condition.get("StringEquals", {}), f"lambda:{_MISPLACED}": statement[_MISPLACED]}
    return {**kept, "Condition": {**condition, "StringEquals": equals}}


OPERATIONS: Mapping[str, Handler] = {"GetPolicy": _policy}


def install() -> None:
    """Replace the operation in moto's Lambda."""
    registry.extend(LambdaResponse, url_paths, OPERATIONS, invalid="InvalidParameterValueException")
