"""``/api/v1``: all resources, and the description of them (OpenAPI 3.1) at ``/api/v1/openapi.json``."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi
from starlette.responses import JSONResponse, Response

from watchword.web.api import directories, own, people, posture, recoveries, trust
from watchword.web.api.problem import Problem
from watchword.web.authorise import public
from watchword.web.control_plane import ControlPlane

PREFIX: Final = "/api/v1"

RESOURCES: Final = (own, posture, people, directories, recoveries, trust)
"""Modules with ``router(plane)``."""

SECURITY: Final[dict[str, Any]] = {
    "session": {"type": "apiKey", "in": "cookie", "name": "__Host-ww"},
    "token": {"type": "http", "scheme": "bearer", "bearerFormat": "ww_…"},
}

IDEMPOTENCY: Final[dict[str, Any]] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key with the same body is done once, and has the same answer for a day.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
"""What every POST takes (``watchword.web.api.idempotency``)."""


def router(plane: ControlPlane) -> APIRouter:
    """All routes of the API."""
    made = APIRouter(prefix=PREFIX)
    for one in RESOURCES:
        made.include_router(one.router(plane))
    described = cache(lambda: description(made))

    @made.get("/openapi.json", include_in_schema=False)
    @public("the description of the API; it holds nothing of the company's")
    def openapi() -> Response:
        return JSONResponse(described())

    return made


def description(routes: APIRouter) -> dict[str, Any]:
    """The description of the API."""
    from watchword import __version__

    made = get_openapi(
        title="watchword",
        version=__version__,
        openapi_version="3.1.0",
        description="The control plane's API: the same functions as console and command line.",
        routes=routes.routes,
    )
    parts = made.setdefault("components", {})
    parts["securitySchemes"] = SECURITY
    schemas = parts.setdefault("schemas", {})
    model = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= {**model.pop("$defs", {}), "Problem": model}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    made["security"] = [{"token": []}, {"session": []}]
    for operations in made["paths"].values():
        if "post" in operations:
            operations["post"].setdefault("parameters", []).append(IDEMPOTENCY)
    return made
