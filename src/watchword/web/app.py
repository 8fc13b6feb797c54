"""The application: guards around sign-in, console, API and SCIM; it is not built unless each route says who may call it."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from watchword.web import health
from watchword.web.api import v1
from watchword.web.api.problem import invalid, plain
from watchword.web.authorise import require_declared
from watchword.web.caller import Callers
from watchword.web.control_plane import ControlPlane
from watchword.web.guard.asgi import App, Receive, Scope, Send
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
    app.state.metrics = counts
    app.state.caller_of = Callers(plane, Buckets(plane.settings.requests_a_minute))
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.include_router(health.router(plane, counts, alive))
    app.include_router(v1.router(plane))
    for module in FACES:
        _include(app, module, plane)
    _scim(app, plane)
    guard(app, plane, counts, form_origins(plane))
    require_declared(app.routes)
    return app


def form_origins(plane: ControlPlane) -> frozenset[str]:
    """Origins to which sign-ins are handed on by a form: those of the configured identity providers."""
    from urllib.parse import urlsplit

    found = set()
    for one in plane.directories.values():
        for key in ("issuer", "sso_url", "authorization_endpoint"):
            value = one.get(key) if hasattr(one, "get") else getattr(one, key, None)
            parts = urlsplit(value) if isinstance(value, str) else None
            if parts is not None and parts.scheme in {"http", "https"} and parts.netloc:
                found.add(f"{parts.scheme}://{parts.netloc}")
    return frozenset(found)


class Mounted:
    """An application of another kind below a path, which lets nobody in by itself; ``public`` says how."""

    def __init__(self, app: App, why: str) -> None:
        self.public = why
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on."""
        await self._app(scope, receive, send)


def _scim(app: FastAPI, plane: ControlPlane) -> None:
    from watchword.web.scim.routes import router
    from watchword.web.scim.settings import MOUNTED, door

    why = "lets identity providers in by their own bearer tokens, each for its own directory"
    app.mount(MOUNTED, Mounted(router(door(plane)), why))


def _include(app: FastAPI, module: str, plane: ControlPlane) -> None:
    """The routes of a face, where the module is there."""
    if find_spec(module) is not None:
        face: Any = import_module(module)
        app.include_router(face.router(plane))


async def _http_error(request: Request, error: Exception) -> Response:
    told = plain(error)
    return answer(request.scope, error, told, request.app.state.plane.clock())


async def _invalid(request: Request, error: Exception) -> Response:
    told = invalid(error)
    return answer(request.scope, error, told, request.app.state.plane.clock())
