"""What all tests of backends ask: how was this call refused?"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError


@dataclass(frozen=True, slots=True)
class Refused:
    """An error answer: AWS's code, the message, the HTTP status and the whole response."""

    code: str
    message: str
    status: int
    response: dict[str, Any]


@pytest.fixture
def refused() -> Callable[..., Refused]:
    """refused(operation, **parameters): calls, expects an error answer, and gives it."""

    def call(operation: Callable[..., Any], **parameters: Any) -> Refused:
        with pytest.raises(ClientError) as caught:
            operation(**parameters)
        response: dict[str, Any] = dict(caught.value.response)
        error = response["Error"]
        status = response["ResponseMetadata"]["HTTPStatusCode"]
        return Refused(error["Code"], error["Message"], status, response)

    return call
