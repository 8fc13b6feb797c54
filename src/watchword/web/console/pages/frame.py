"""From a request and its caller to a page: the frame, the theme, and what was done just before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import HTMLResponse, RedirectResponse

from watchword.errors import UsageError
from watchword.model.roles import PERMISSIONS, Permission
from watchword.web.caller import Caller
from watchword.web.console.look.links import safe_href, with_query
from watchword.web.console.rendering import View, render
from watchword.web.console.views import shell

if TYPE_CHECKING:
    from fastapi import Request

THEME_COOKIE: Final = "ww_theme"
"""The cookie of the chosen colours; it holds one of three words, and nothing about anybody."""

PLACES: Final[Mapping[str, Permission]] = {
    "overview": Permission.POSTURE_READ,
    "findings": Permission.POSTURE_READ,
    "controls": Permission.POSTURE_READ,
    "paths": Permission.POSTURE_READ,
    "estate": Permission.POSTURE_READ,
    "identities": Permission.POSTURE_READ,
    "people": Permission.PEOPLE_READ,
    "directories": Permission.DIRECTORIES_READ,
    "recovery": Permission.RECOVERY_APPROVE,
    "audit": Permission.AUDIT_READ,
    "settings": Permission.SETTINGS_READ,
}
"""What each place of the navigation asks for; the places that somebody may not see are not shown to them."""

DONE: Final[Mapping[str, str]] = {
    "activated": "They may sign in again.",
    "asked": "Asked; two other people decide.",
    "approved": "Your approval is kept.",
    "changed": "Changed.",
    "ended": "Ended, for good.",
    "factor-added": "You can sign in with it from now on.",
    "factor-removed": "You can no longer sign in with it.",
    "given": "The role is given.",
    "linked": "The account is theirs now.",
    "not-linked": "They stay apart.",
    "password-kept": "It holds from your next sign-in on; all your other sessions are over.",
    "queued": "The directory is being read; look again in a moment.",
    "rejected": "Rejected; nothing was changed.",
    "role-ended": "The role is taken away.",
    "session-ended": "The session is over.",
    "sessions-ended": "The sessions are over.",
    "suspended": "Suspended: sessions and tokens are over.",
    "token-revoked": "The token is refused from now on.",
}
"""Words of ``?done=``: what was done before the browser was sent on.  Nothing else of an address is shown as a sentence."""


def page(
    request: Request,
    caller: Caller,
    title: str,
    active: str,
    view: View,
    *,
    crumbs: Sequence[tuple[str, str]] = (),
    status: int = 200,
) -> HTMLResponse:
    """A page for somebody who has signed in; never kept by browsers or proxies."""
    framed = shell.Shell(
        title,
        caller.now,
        active,
        caller_of(caller),
        shell.navigation(lambda place: may(caller, PLACES[place])),
        tuple(shell.Crumb(label, href) for label, href in crumbs),
        tuple(_done(request)),
        theme_of(request),
        caller.csrf,
        _path(request),
        str(getattr(request.app.state, "banner", "")),
        caller.request_id,
    )
    return HTMLResponse(render(framed, view), status, {"cache-control": "no-store"})


def gate(
    request: Request, caller: Caller, title: str, view: View, *, csrf: str = "", status: int = 200
) -> HTMLResponse:
    """A page for somebody who has not signed in; ``csrf`` is what its forms carry."""
    framed = shell.Shell(
        title,
        caller.now,
        csrf=csrf or caller.csrf,
        theme=theme_of(request),
        path=_path(request),
        banner=str(getattr(request.app.state, "banner", "")),
        request=caller.request_id,
    )
    return HTMLResponse(render(framed, view), status, {"cache-control": "no-store"})


def caller_of(caller: Caller) -> shell.Caller | None:
    """Who is signed in, as the frame shows them."""
    if caller.principal is None:
        return None
    name = caller.principal.display_name or caller.principal.id
    level = caller.session.assurance if caller.session else 1
    return shell.Caller(name, tuple(sorted(role.value for role in caller.roles)), level)


def may(caller: Caller, permission: Permission) -> bool:
    """Whether a role of the caller holds a permission: what to show.  What is allowed, ``authorise`` decides."""
    return any(permission in PERMISSIONS[role] for role in caller.roles)


def theme_of(request: Request) -> shell.Theme:
    """The chosen colours."""
    said = request.cookies.get(THEME_COOKIE, "")
    return next((one for one in shell.Theme if one.value == said), shell.Theme.AUTO)


def back(path: str, done: str = "", **query: str) -> RedirectResponse:
    """Sends the browser on after something was done (303, so that loading again does not do it again)."""
    inside = path if path.startswith("/") and safe_href(path) != "#" else "/"
    return RedirectResponse(with_query(inside, {**query, "done": done}), 303)


def reason(why: str) -> str:
    """Why something is done, as it goes into the audit log.

    Raises:
        UsageError: it is missing, or too long.
    """
    told = " ".join(why.split())
    if not 3 <= len(told) <= 400 or not told.isprintable():
        raise UsageError("a reason of 3 to 400 characters is needed", remedy="go back and give one")
    return told


def day(text: str) -> datetime | None:
    """The beginning of a day in UTC; ``None`` where none is named.

    Raises:
        UsageError: it is no day.
    """
    if not text:
        return None
    with suppress(ValueError):
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    raise UsageError(f"{text[:20]!r} is no day: something like 2026-11-26 is expected")


def query_of(request: Request) -> dict[str, str]:
    """The query of an address: of several values with one name the last."""
    return {name: value for name, value in request.query_params.multi_items() if "\x00" not in value}


def _done(request: Request) -> list[shell.Notice]:
    words = DONE.get(request.query_params.get("done", ""))
    return [shell.Notice(words, shell.Tone.OK)] if words else []


def _path(request: Request) -> str:
    """The address of the page within the console; forms send it back, and it is checked again then."""
    query: Any = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path
