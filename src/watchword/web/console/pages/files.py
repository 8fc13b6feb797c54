"""Style sheets and scripts, and the choice of colours: what everybody may ask, signed in or not."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from watchword.errors import RowMissing
from watchword.web.authorise import public
from watchword.web.console.look.assets import PREFIX, by_url
from watchword.web.console.pages.frame import THEME_COOKIE, back
from watchword.web.console.views.shell import Theme

YEAR = 365 * 24 * 3600

router = APIRouter(include_in_schema=False)


@router.api_route(PREFIX + "{name}", methods=["GET", "HEAD"])
@public("style sheets and scripts are the same for everybody and hold nothing of anybody")
def static_file(request: Request, name: str) -> Response:
    """A file by its name, which changes with its content."""
    asset = by_url().get(PREFIX + name)
    if asset is None:
        raise RowMissing("there is no such file")
    headers = asset.headers()
    body = asset.body
    if "gzip" in request.headers.get("accept-encoding", ""):
        body, headers = asset.packed, headers | {"content-encoding": "gzip"}
    return Response(body, headers=headers)


@router.post("/theme")
@public("colours are chosen before signing in, too, and are kept by the browser alone")
def choose_theme(
    request: Request, theme: Annotated[str, Form()] = "", back_to: Annotated[str, Form(alias="back")] = "/"
) -> RedirectResponse:
    """Keep the choice of colours in a cookie, and go back to where one was."""
    answer = back(back_to)
    if theme in set(Theme) - {Theme.AUTO}:
        secure = request.url.scheme == "https"
        answer.set_cookie(THEME_COOKIE, theme, YEAR, path="/", secure=secure, httponly=True, samesite="lax")
    else:
        answer.delete_cookie(THEME_COOKIE, path="/")
    return answer
