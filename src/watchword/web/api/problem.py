"""Errors of the API: ``application/problem+json`` (RFC 9457), for bad input, too, which is told by the place where it is.

Members beside those of the RFC: ``code`` (a word for programs, where there is something to do), ``request_id``, ``errors`` (bad
input: ``where`` and ``what``), ``permission``.  What was sent never comes back.
"""

from __future__ import annotations

from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from watchword.web.guard.errors import PROBLEM
from watchword.web.guard.statuses import Told

MOST_ERRORS: Final = 20


class BadField(BaseModel):
    """A place in the input, and what is wrong there."""

    where: str
    what: str


class Problem(BaseModel):
    """An error (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str | None = None
    code: str | None = None
    request_id: str
    permission: str | None = None
    errors: list[BadField] | None = None


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route declares of the errors that it may answer with."""
    content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    usual = (400, 401, 403, 408, 413, 414, 421, 429, 431, 500, 503)
    return {
        status: {"description": WORDS.get(status, "Error."), "content": content}
        for status in sorted({*usual, *statuses})
    }


WORDS: Final = {
    400: "The request cannot be read.",
    401: "Nobody has signed in, or identity must be proved again (`code` is `prove_again`).",
    403: "The caller may not do this.",
    404: "There is no such thing.",
    408: "The body did not come in time.",
    409: "It has been changed meanwhile, or cannot be done now.",
    413: "The body is too large.",
    414: "The address is too long.",
    415: "The body is not JSON.",
    421: "The server does not answer under this name.",
    422: "Something in the input is wrong; `errors` says where.",
    429: "Too many requests; `Retry-After` says when to try again.",
    431: "There are too many headers.",
    500: "Something went wrong here; the request's id helps to find it.",
    502: "A directory did not answer as it should.",
    503: "The database does not answer at present.",
}
"""What each status means here."""


def plain(error: Exception) -> Told:
    """What is told of an error of the framework: no such route, another method, a body that cannot be read."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    return Told(status, "", headers=headers)


def invalid(error: Exception) -> Told:
    """What is told of bad input: each place, never the value that stands there."""
    found = error.errors() if isinstance(error, RequestValidationError) else ()
    if any(one.get("type") == "json_invalid" for one in found):
        return Told(400, "the body is no JSON")
    told = [
        {"where": "/".join(str(part)[:60] for part in one["loc"])[:200], "what": str(one["msg"])[:200]}
        for one in found[:MOST_ERRORS]
    ]
    return Told(422, "something in the input is wrong", "invalid", more={"errors": told})
