"""What is answered when something goes wrong: as ``application/problem+json`` (RFC 9457) to programs, as a page to people.

``Errors`` is one of the three places with a catch-all handler: an error that nobody has foreseen is told to the log, with its
place in our code, and to whoever asked only by the request's id.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlsplit

from starlette.responses import HTMLResponse, RedirectResponse, Response

from watchword.web.authorise import NotAllowed
from watchword.web.guard.asgi import App, Message, Receive, Scope, Send, facts, is_http, only, path, values
from watchword.web.guard.refused import Refused
from watchword.web.guard.statuses import Told, told_of

PROBLEM: Final = "application/problem+json"
PROGRAMS: Final = ("/api/", "/scim/", "/metrics", "/healthz", "/readyz", "/static/")
"""Beginnings of the paths that programs ask."""

Tell = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Errors:
    """Answers every error that comes out of the application."""

    app: App
    clock: Callable[[], datetime]
    tell: Tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on; answer the error where there is one."""
        if not is_http(scope):
            await self.app(scope, receive, send)
            return
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except Exception as error:  # noqa: BLE001 - the web's one catch-all: nothing of the inside may get out
            told = told_of(error)
            if told.status >= 500:
                self.tell(_inside(error, scope))
            if not begun:
                await answer(scope, error, told, self.clock())(scope, receive, send)


def answer(scope: Scope, error: Exception, told: Told, now: datetime) -> Response:
    """The answer to an error, for whoever asked."""
    if not wants_page(scope):
        return problem(told, request_id(scope))
    if isinstance(error, NotAllowed) and told.status == 401:
        return _sent_on(scope, error)
    return page(scope, told, now)


def problem(told: Told, request: str) -> Response:
    """An error for programs."""
    body: dict[str, Any] = {"type": "about:blank", "title": told.title, "status": told.status}
    if told.detail:
        body["detail"] = told.detail
    if told.code:
        body["code"] = told.code
    body |= {"request_id": request, **told.more}
    return Response(json.dumps(body, ensure_ascii=False), told.status, dict(told.headers), media_type=PROBLEM)


def page(scope: Scope, told: Told, now: datetime) -> Response:
    """An error for people."""
    from watchword.web.console.rendering import render
    from watchword.web.console.views.errors import error_view
    from watchword.web.console.views.shell import Shell

    request = request_id(scope)
    view = error_view(told.status, request, _sentence(told.detail) if told.status < 500 else "")
    return HTMLResponse(
        render(Shell(view.title, now, request=request), view), told.status, dict(told.headers)
    )


def wants_page(scope: Scope) -> bool:
    """Whether a person asked: by the path, and by what the browser takes."""
    if path(scope).startswith(PROGRAMS):
        return False
    takes = b",".join(values(scope, b"accept")).lower()
    return b"json" not in takes or b"text/html" in takes


def request_id(scope: Scope) -> str:
    """The request's id."""
    return str(facts(scope).get("request_id", ""))


def next_of(scope: Scope) -> str:
    """Where to come back to after signing in: the page that was asked for, or the one whose form was sent.

    Only a path of our own, never an address (``watchword.web.login.cookies.next_path``, which the sign-in asks again).
    """
    from watchword.web.login.cookies import next_path

    if scope["method"] == "GET":
        query = scope.get("query_string", b"").decode("latin-1")
        asked = quote(path(scope), safe="/-._~") + (f"?{query}" if query else "")
    else:
        asked = _referring_page(scope)
    return next_path(asked)


def _referring_page(scope: Scope) -> str:
    """The page of ours whose form was sent; the first page where the browser says nothing, or nothing that can be."""
    try:
        parts = urlsplit(only(scope, b"referer") or "")
    except ValueError:
        return "/"
    same = parts.netloc == (only(scope, b"host") or "")
    return (parts.path + (f"?{parts.query}" if parts.query else "")) if same else "/"


def _sent_on(scope: Scope, error: NotAllowed) -> Response:
    """To the sign-in, or to a proof of identity, and back."""
    from watchword.web.login.cookies import with_next

    where = "/sign-in" if error.must_sign_in else "/prove-again"
    target = with_next(where, next_of(scope))
    if only(scope, b"hx-request") == "true":
        # Followed by script, the page would come into the midst of another.
        return Response(status_code=200, headers={"hx-redirect": target})
    return RedirectResponse(target, 303)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


def _inside(error: Exception, scope: Scope) -> dict[str, Any]:
    """An error for the log: its kind and where it arose, without values, which may be somebody's."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    cause = getattr(error, "status", None) if isinstance(error, Refused) else None
    return {
        "event": "error",
        "request": request_id(scope),
        "kind": type(error).__name__,
        "what": getattr(error, "what", "")[:300],
        "at": [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames],
    } | ({"status": cause} if cause else {})


def _short(file: str) -> str:
    return "/".join(file.replace("\\", "/").split("/")[-3:])
