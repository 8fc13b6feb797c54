"""The application: guards around sign-in, console, API and SCIM; it is not built unless each route says who may call it."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from watchword.web import health
from watchword.web.api import v1
from watchword.web.api.problem import invalid, plain
from watchword.web.authorise import require_declared
from watchword.web.caller import Callers
from watchword.web.console.posture import Posture
from watchword.web.control_plane import ControlPlane
from watchword.web.guard.chain import guard
from watchword.web.guard.errors import answer
from watchword.web.guard.rate import Buckets
from watchword.web.telemetry import Metrics

if TYPE_CHECKING:
    from watchword.web.health import Alive

FACES: Final = (
    "watchword.web.login.pages",
    "watchword.web.login.federation",
    "watchword.web.login.device_pages",
    "watchword.web.console.pages",
    "watchword.web.scim.door",
)
"""Modules with ``router(plane)``, whose routes are part of the application where the module is there."""


def create_app(plane: ControlPlane, metrics: Metrics | None = None, alive: Alive | None = None) -> FastAPI:
    """The whole application of a process.

    ``alive`` says whether the process's worker runs, for ``/readyz``.

    Raises:
        ValueError: a route names no permission and does not say why it is public.
    """
    counts = metrics or Metrics()
    app = FastAPI(title="watchword", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.state.plane = plane
    app.state.posture = Posture(plane.folder, plane.estate)
    app.state.metrics = counts
    app.state.caller_of = Callers(plane, Buckets(plane.settings.requests_a_minute))
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.include_router(health.router(plane, counts, alive))
    app.include_router(v1.router(plane))
    for module in FACES:
        _include(app, module, plane)
    guard(app, plane, counts)
    require_declared(app.routes)
    return app


def _include(app: FastAPI, module: str, plane: ControlPlane) -> None:
    """The routes of a face, where the module is there; those of another kind than FastAPI's stand below the face's ``PATH``."""
    if find_spec(module) is None:
        return
    face: Any = import_module(module)
    router = face.router(plane)
    if isinstance(router, APIRouter):
        app.include_router(router)
    else:
        app.mount(face.PATH, router)


async def _http_error(request: Request, error: Exception) -> Response:
    told = plain(error)
    return answer(request.scope, error, told, request.app.state.plane.clock())


async def _invalid(request: Request, error: Exception) -> Response:
    told = invalid(error)
    return answer(request.scope, error, told, request.app.state.plane.clock())
