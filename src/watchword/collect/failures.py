"""Why a call failed, in the words of holes.  The one place that reads botocore's errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from watchword.aws import AnswerMalformed
from watchword.collect.source import CallFailed
from watchword.errors import CredentialsError, ReadGuardError
from watchword.model.evidence import HoleReason

THROTTLED: Final = frozenset(
    {
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
        "TooManyRequestsException", "RequestLimitExceeded", "BandwidthLimitExceeded", "SlowDown",
        "ProvisionedThroughputExceededException", "PriorRequestNotComplete", "TransactionInProgressException",
        "EC2ThrottledException", "RateExceeded",
    }
)  # fmt: skip
"""Codes by which AWS says "slower".
https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html"""

DENIED: Final = frozenset(
    {
        "AccessDenied", "AccessDeniedException", "AccessDeniedForDependencyException", "AuthorizationError",
        "AuthorizationErrorException", "AuthFailure", "UnauthorizedOperation", "UnauthorizedException", "Forbidden",
        "ForbiddenException", "NotAuthorized", "NotAuthorizedException", "UnrecognizedClient",
        "UnrecognizedClientException", "InvalidClientTokenId", "InvalidClientToken", "InvalidAccessKeyId",
        "InvalidToken", "ExpiredToken", "ExpiredTokenException", "SignatureDoesNotMatch", "InvalidSignatureException",
        "MissingAuthenticationToken", "IncompleteSignature", "OptInRequired", "403", "AllAccessDisabled",
    }
)  # fmt: skip
"""Codes by which AWS says "not you" (the common errors of its services, EC2's AuthFailure, S3's codes)."""

NOT_IMPLEMENTED: Final = frozenset(
    {
        "NotImplemented", "NotImplementedException", "UnknownOperation", "UnknownOperationException", "InvalidAction",
        "UnsupportedOperation", "501",
    }
)  # fmt: skip

SERVER_TROUBLE: Final = frozenset(
    {
        "InternalError", "InternalFailure", "InternalServerError", "InternalServiceError", "InternalServerException",
        "ServiceUnavailable", "ServiceUnavailableException", "Unavailable", "RequestTimeout",
        "RequestTimeoutException", "ServiceException", "500", "502", "503", "504",
    }
)  # fmt: skip
"""Codes of trouble on AWS's side that may be gone at the next attempt."""

_HTML: Final = ("<!doctype", "<html")


def explained(error: Exception) -> CallFailed:
    """The failure of a call in the words of holes, from any error of botocore's or of ours."""
    from botocore import exceptions as trouble
    from botocore.parsers import ResponseParserError

    if isinstance(error, CallFailed):
        return error
    if isinstance(error, trouble.ClientError):
        return _of_answer(error.response)
    if isinstance(error, ResponseParserError):
        # Its words are not told: they quote the answer, which may hold credentials.
        return CallFailed(HoleReason.MALFORMED, "", "the answer could not be parsed")
    if isinstance(error, AnswerMalformed):
        return CallFailed(HoleReason.MALFORMED, "", _short(error))
    if isinstance(
        error, trouble.HTTPClientError | trouble.ConnectionError | trouble.IncompleteReadError | OSError
    ):
        return CallFailed(HoleReason.UNREACHABLE, type(error).__name__, _short(error))
    if isinstance(error, CredentialsError | trouble.NoCredentialsError | trouble.CredentialRetrievalError):
        return CallFailed(HoleReason.DENIED, type(error).__name__, _short(error))
    if isinstance(error, ReadGuardError):
        return CallFailed(HoleReason.ERROR, "ReadGuard", _short(error))
    return CallFailed(HoleReason.ERROR, type(error).__name__, _short(error))


def expected() -> tuple[type[Exception], ...]:
    """The errors that a call may raise and that are made into holes; any other is a mistake of ours and is raised."""
    from botocore import exceptions as trouble
    from botocore.parsers import ResponseParserError

    ours = (AnswerMalformed, CredentialsError, ReadGuardError)
    return (trouble.BotoCoreError, trouble.ClientError, ResponseParserError, OSError, *ours)


def _of_answer(response: Mapping[str, Any]) -> CallFailed:
    error = response.get("Error", {})
    code, message = str(error.get("Code", "")), str(error.get("Message", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return CallFailed(reason_of(code, message, status), code, message)


def reason_of(code: str, message: str, status: int) -> HoleReason:
    """The reason behind an error of AWS: its code, message and HTTP status (0 where unknown)."""
    plain = code.removeprefix("Client.").removeprefix("Server.")
    said = message.lower()
    if plain in NOT_IMPLEMENTED or status == 501 or (status == 404 and "not yet implemented" in said):
        return HoleReason.NOT_IMPLEMENTED
    if any(mark in said or mark in code.lower() for mark in _HTML):
        return HoleReason.MALFORMED
    if plain in THROTTLED or status == 429:
        return HoleReason.THROTTLED
    if plain in DENIED or (status in {401, 403} and not plain):
        return HoleReason.DENIED
    return HoleReason.UNREACHABLE if plain in SERVER_TROUBLE or status >= 500 else HoleReason.ERROR


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
