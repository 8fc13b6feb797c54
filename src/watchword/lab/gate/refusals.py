"""Refusals in AWS's own words and forms.

What it does: words why a caller is not authorised, and writes errors as each of AWS's protocols has them, so that any
client reads them as AWS's. What it does not do: decide.
Reference: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from xml.sax.saxutils import escape

from watchword.analysis.iam.evaluation import Decision, Evaluation
from watchword.lab.gate.reading import Asked
from watchword.lab.gate.requests import Check
from watchword.lab.gate.sessions import Caller, KeyRefused
from watchword.lab.gateway import StartResponse


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error answer: HTTP status, AWS's code, and the message."""

    status: int
    code: str
    message: str


# What AWS calls the layers of an evaluation.
_LAYERS: Final[Mapping[str, str]] = {
    "identity": "identity-based policy",
    "scp": "service control policy",
    "rcp": "resource control policy",
    "boundary": "permissions boundary",
    "session": "session policy",
    "resource": "resource-based policy",
    "endpoint": "VPC endpoint policy",
    "s3_public_access_block": "block public access setting",
}

# Codes of services that do not say what their protocol's others say.
_DENIED_CODES: Final[Mapping[str, str]] = {"ec2": "UnauthorizedOperation", "sns": "AuthorizationError"}

_JSON: Final = frozenset({"json", "rest-json"})


def denied(asked: Asked, caller: Caller, check: Check, evaluation: Evaluation) -> Refusal:
    """The refusal of a call, for the first check that is not allowed."""
    default = "AccessDeniedException" if asked.model.service_model.protocol in _JSON else "AccessDenied"
    code = _DENIED_CODES.get(asked.service, default)
    if asked.service == "s3" and caller.kind == "Anonymous":
        return Refusal(HTTPStatus.FORBIDDEN, code, "Access Denied")
    message = _message(asked, caller, check, evaluation)
    if asked.service == "ec2":
        message = f"You are not authorized to perform this operation. {message}"
    status = HTTPStatus.BAD_REQUEST if asked.model.service_model.protocol == "json" else HTTPStatus.FORBIDDEN
    return Refusal(status, code, message)


def _message(asked: Asked, caller: Caller, check: Check, evaluation: Evaluation) -> str:
    shown = f'"{check.target.arn}"' if asked.service == "s3" else check.target.arn
    return (
        f"User: {caller.arn} is not authorized to perform: {check.action} on resource: {shown} "
        f"{reason(check.action, evaluation)}"
    )


def reason(action: str, evaluation: Evaluation) -> str:
    """Why an action is refused, as AWS's messages end."""
    blockers = evaluation.blocked_by or ("identity",)
    if evaluation.decision is Decision.EXPLICITLY_DENIED:
        denying = [placed.policy.partition("[")[0].removesuffix("s") for placed in evaluation.deciding]
        layer = next((name for name in blockers if name in denying), blockers[0])
        return f"with an explicit deny in {_article(_LAYERS[layer])}"
    layer = "identity" if "identity" in blockers else blockers[0]
    return f"because no {_LAYERS[layer]} allows the {action} action"


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


# What services answer to keys that are none, and to expired ones, by protocol: status, code, message (None: STS's own).
_BAD_KEY: Final[Mapping[str, tuple[int, str, str | None]]] = {
    "ec2": (401, "AuthFailure", "AWS was not able to validate the provided access credentials"),
    "json": (400, "UnrecognizedClientException", None),
    "query": (403, "InvalidClientTokenId", None),
    "rest-json": (403, "UnrecognizedClientException", None),
    "rest-xml": (403, "InvalidClientTokenId", None),
    "s3": (403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."),
}
_EXPIRED: Final[Mapping[str, tuple[int, str, str | None]]] = {
    "ec2": (400, "RequestExpired", "Request has expired."),
    "json": (400, "ExpiredTokenException", None),
    "query": (403, "ExpiredToken", None),
    "rest-json": (403, "ExpiredTokenException", None),
    "rest-xml": (403, "ExpiredToken", None),
    "s3": (400, "ExpiredToken", "The provided token has expired."),
}


def unknown_key(asked: Asked, refused: KeyRefused) -> Refusal:
    """The refusal of an access key, as the asked service words it."""
    table = _EXPIRED if refused.code == "ExpiredToken" else _BAD_KEY
    protocol = "s3" if asked.service == "s3" else str(asked.model.service_model.protocol)
    status, code, message = table.get(protocol, table["query"])
    return Refusal(status, code, message or refused.message)


def send(asked: Asked, refusal: Refusal, start_response: StartResponse) -> Iterable[bytes]:
    """Answer a request with an error in the protocol of its service."""
    kind, body = _written(asked, refusal)
    content = body.encode()
    headers = [
        ("Content-Type", kind),
        ("Content-Length", str(len(content))),
        ("x-amzn-RequestId", "lab"),
        ("x-amzn-ErrorType", refusal.code),
    ]
    start_response(f"{refusal.status} {HTTPStatus(refusal.status).phrase}", headers)
    return [content]


def _written(asked: Asked, refusal: Refusal) -> tuple[str, str]:
    code, message = refusal.code, escape(refusal.message)
    if asked.model.service_model.protocol in _JSON:
        told = {"__type": code, "message": refusal.message, "Message": refusal.message}
        return "application/x-amz-json-1.1", json.dumps(told)
    error = f"<Code>{code}</Code><Message>{message}</Message>"
    if asked.service == "ec2":
        return (
            "text/xml",
            f"<Response><Errors><Error>{error}</Error></Errors><RequestID>lab</RequestID></Response>",
        )
    if asked.service == "s3":
        return "application/xml", f"<Error>{error}<RequestId>lab</RequestId><HostId>lab</HostId></Error>"
    fault = f"<Error><Type>Sender</Type>{error}</Error><RequestId>lab</RequestId>"
    return "text/xml", f"<ErrorResponse>{fault}</ErrorResponse>"
