"""Each error of AWS, of the network and of ours has its reason, and tells no secret."""

from __future__ import annotations

from typing import Any

import pytest
from botocore import exceptions as trouble
from botocore.parsers import ResponseParserError

from watchword.aws import AnswerMalformed
from watchword.collect.failures import expected, explained, reason_of
from watchword.collect.source import CallFailed
from watchword.errors import CredentialsError, ReadGuardError
from watchword.model.evidence import HoleReason

URL = "https://kms.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (trouble.EndpointConnectionError(endpoint_url=URL, error="refused"), HoleReason.UNREACHABLE),
        (trouble.ConnectTimeoutError(endpoint_url=URL, error="x"), HoleReason.UNREACHABLE),
        (trouble.ReadTimeoutError(endpoint_url=URL, error="x"), HoleReason.UNREACHABLE),
        (trouble.ConnectionClosedError(endpoint_url=URL, error="x"), HoleReason.UNREACHABLE),
        (trouble.SSLError(endpoint_url=URL, error="certificate verify failed"), HoleReason.UNREACHABLE),
        (trouble.ProxyConnectionError(proxy_url=URL, error="x"), HoleReason.UNREACHABLE),
        (trouble.IncompleteReadError(actual_bytes=1, expected_bytes=2), HoleReason.UNREACHABLE),
        (ConnectionResetError("reset"), HoleReason.UNREACHABLE),
        (trouble.NoCredentialsError(), HoleReason.DENIED),
        (CredentialsError("none"), HoleReason.DENIED),
        (ReadGuardError("stopped"), HoleReason.ERROR),
        (AnswerMalformed("a page"), HoleReason.MALFORMED),
        (
            ResponseParserError("Unable to parse: <SecretAccessKey>abc</SecretAccessKey>"),
            HoleReason.MALFORMED,
        ),
        (trouble.ParamValidationError(report="bad"), HoleReason.ERROR),
        (CallFailed(HoleReason.ABSENT, "", "no file"), HoleReason.ABSENT),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_has_its_reason(error: Exception, reason: HoleReason) -> None:
    assert isinstance(error, (*expected(), CallFailed))
    failed = explained(error)
    assert failed.reason is reason
    assert "SecretAccessKey" not in failed.said
    assert failed.said


@pytest.mark.parametrize(
    ("code", "message", "status", "reason"),
    [
        ("Client.RequestLimitExceeded", "", 503, HoleReason.THROTTLED),
        ("TooManyRequestsException", "", 429, HoleReason.THROTTLED),
        ("Whatever", "", 429, HoleReason.THROTTLED),
        ("Client.UnauthorizedOperation", "", 403, HoleReason.DENIED),
        ("AuthFailure", "", 401, HoleReason.DENIED),
        ("ExpiredToken", "", 400, HoleReason.DENIED),
        ("403", "Forbidden", 403, HoleReason.DENIED),
        ("", "", 403, HoleReason.DENIED),
        ("InvalidAction", "", 400, HoleReason.NOT_IMPLEMENTED),
        ("404", "Not yet implemented", 404, HoleReason.NOT_IMPLEMENTED),
        ("", "<html>", 404, HoleReason.MALFORMED),
        ("404", "Not Found", 404, HoleReason.ERROR),
        ("InternalError", "", 500, HoleReason.UNREACHABLE),
        ("Strange", "", 502, HoleReason.UNREACHABLE),
        ("ValidationException", "", 400, HoleReason.ERROR),
    ],
)
def test_a_code_of_aws_has_its_reason(code: str, message: str, status: int, reason: HoleReason) -> None:
    assert reason_of(code, message, status) is reason


def test_what_is_said_is_code_and_message_and_not_too_long() -> None:
    told: Any = {
        "Error": {"Code": "AccessDenied", "Message": "x" * 1000},
        "ResponseMetadata": {"HTTPStatusCode": 403},
    }
    said = explained(trouble.ClientError(told, "ListKeys")).said
    assert said.startswith("AccessDenied: xxx")
    assert len(said) == 300


def test_a_mistake_of_ours_is_not_among_the_expected() -> None:
    assert not issubclass(ZeroDivisionError, expected())
    assert not issubclass(AttributeError, expected())
