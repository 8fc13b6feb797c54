"""What each page of the sign-in needs of a request: who came, in which browser, and the answer with its cookies.

A browser that comes is given a flow cookie of 256 random bits; whatever it begins is bound to that value, and so is the token
that its forms carry.  The cookie is given only by us and forgotten at the sign-in, as is everything that was under way: a
value that somebody has planted beforehand is worth nothing afterwards (session fixation).
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Final

from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from watchword.collect.directories import configured
from watchword.collect.directories.configured import Configured
from watchword.errors import DirectoryUnreachable, SignInRefused, SignInThrottled
from watchword.model.directory import DirectoryKind
from watchword.model.people import DirectoryId, DirectoryState
from watchword.pdp.presets import ProofKind
from watchword.store.state import directory_records
from watchword.web.caller import FORMS, Caller, arrival
from watchword.web.console.pages.frame import gate, page
from watchword.web.console.rendering import View
from watchword.web.control_plane import ControlPlane
from watchword.web.guard.asgi import cookies as sent
from watchword.web.guard.refused import Refused
from watchword.web.login import cookies, device_binding, locations, passwords, sessions
from watchword.web.login.arrival import Visit
from watchword.web.login.desk import Desk, Places, Policy
from watchword.web.login.known_devices import LASTS as KNOWN_LASTS
from watchword.web.login.passkeys import Site
from watchword.web.login.progress import Asked, SignedIn
from watchword.web.login.sign_in import SAME
from watchword.web.login.tokens import draw, is_formed
from watchword.web.login.under_way import LASTS

STEP: Final = "__Host-ww-step"
"""The cookie that names the flow between two proofs, and what is asked for; of use in the browser of the flow only."""

MOST_AT_ONCE: Final = 8
"""Passwords that one directory is asked about at the same time: a slow one does not hold up everything else."""

PATIENCE: Final = 3.0
"""Seconds that a sign-in waits for its turn."""

SECOND: Final = "/sign-in/second"

_LETTERS: Final = {"p": ProofKind.PASSKEY, "t": ProofKind.TOTP}


@dataclass(frozen=True, slots=True)
class Parts:
    """What the pages share in a process: where one signs in, and the directories by their ids."""

    plane: ControlPlane
    desk: Desk
    directories: Mapping[DirectoryId, Configured]
    turns: Mapping[DirectoryId, threading.BoundedSemaphore] = field(repr=False)
    places: Places | None = field(default=None, repr=False)
    """Where addresses are, if the settings name a table of them."""

    @classmethod
    def of(cls, plane: ControlPlane, environment: Mapping[str, str]) -> Parts:
        """The parts of a process.

        Raises:
            ConfigError: the settings of a directory, or a file that they name, are wrong.
        """
        found = configured.read(plane.directories, environment)
        settings = plane.settings
        policy = Policy(
            preset=plane.preset,
            trust={one.directory: one.trust for one in found.values()},
            passwords=settings.passwords,
            enrolment_window=timedelta(hours=settings.enrolment_hours),
        )
        site = Site.of(settings.public_url, settings.company)
        turns = {name: threading.BoundedSemaphore(MOST_AT_ONCE) for name in found}
        blocked = passwords.blocklist(settings.blocklist_file) if settings.blocklist_file else frozenset()
        places = plane.locations
        if places is None and settings.locations_file:
            places = locations.load(settings.locations_file)
        return cls(plane, Desk(plane.database, plane.vault, site, policy, blocked), found, turns, places)

    def with_kind(self, *kinds: DirectoryKind) -> list[Configured]:
        """The directories of some kinds with which one may sign in, by their names."""
        found = [one for one in self.directories.values() if one.kind in kinds and one.sign_in]
        return sorted(found, key=lambda one: one.display)

    def directory(self, name: str, kind: DirectoryKind) -> Configured:
        """A directory with which one may sign in.

        Raises:
            Refused: 404: there is no such one.
        """
        found = self.directories.get(DirectoryId(name))
        if found is None or found.kind is not kind or not found.sign_in or self.is_disabled(found.directory):
            raise Refused(404, "there is no such directory to sign in with")
        return found

    def is_disabled(self, directory: DirectoryId) -> bool:
        """Whether somebody has disabled a directory: then nobody signs in with it either."""
        with self.desk.database.reading() as connection:
            row = directory_records.get(connection, directory)
        return row is not None and row.state is DirectoryState.DISABLED

    @contextmanager
    def turn(self, directory: DirectoryId) -> Iterator[None]:
        """One of the few who may ask a directory at the same time.

        Raises:
            DirectoryUnreachable: too many wait for it.
        """
        if not self.turns[directory].acquire(timeout=PATIENCE):
            raise DirectoryUnreachable("too many wait for the directory", where=directory)
        try:
            yield
        finally:
            self.turns[directory].release()


@dataclass
class Front:
    """One request at the front desk."""

    parts: Parts
    request: Request
    drawn: str = field(default="", repr=False)
    """The flow cookie that this answer gives to the browser; empty where it has one."""
    wait: float = 0.0
    """Seconds that whoever was throttled is told to wait."""

    @cached_property
    def caller(self) -> Caller:
        """Who asks, as far as they have signed in."""
        found: Caller = self.request.app.state.caller_of(self.request)
        return found

    @cached_property
    def visit(self) -> Visit:
        """From where, when, and in which browser."""
        plane = self.parts.plane
        came = arrival(self.request.scope)
        places = self.parts.places
        country, asn = places.find(came.address) if places else ("", 0)
        came = replace(came, country=country, asn=asn)
        return Visit(came, plane.clock(), plane.randomness, self._browser(), self.cookie(cookies.KNOWN))

    def cookie(self, name: str) -> str:
        """The value of a cookie that came once; ``""`` otherwise."""
        found = sent(self.request.scope, name)
        return found[0] if len(found) == 1 else ""

    def _browser(self) -> str:
        """The flow cookie; on pages that are looked at, a browser without one is given one."""
        value = self.cookie(cookies.FLOW)
        if is_formed(value) or self.request.method != "GET":
            return value
        self.drawn = draw(self.parts.plane.randomness)
        return self.drawn

    @property
    def csrf(self) -> str:
        """What forms carry: the session's token where there is one, else the flow's."""
        if self.caller.session is not None:
            return self.caller.csrf
        keys = self.parts.plane.vault.derived(FORMS)
        return cookies.form_token(keys[0], self.visit.browser)

    def check(self, given: str) -> None:
        """See that a form comes from a page that this browser was given.

        Where there is a session the guard has done it on pages of its own; those of the sign-in take the flow's token or
        the session's.

        Raises:
            Refused: 403: it does not.
        """
        keys = self.parts.plane.vault.derived(FORMS)
        browser = self.visit.browser
        if is_formed(browser) and cookies.is_form_token(given, keys, browser):
            return
        if self.caller.session is not None and _same(self.caller.csrf, given):
            return
        raise Refused(403, "the form is too old, or of another browser: load the page again")

    def page(self, title: str, view: View, status: int = 200) -> Response:
        """A page for whoever has not signed in yet."""
        return self.dress(
            gate(self.request, self._nobody(), title, view, csrf=self._flow_token(), status=status)
        )

    def inside(self, title: str, view: View, status: int = 200) -> Response:
        """A page for whoever has signed in."""
        return self.dress(page(self.request, self.caller, title, "", view, status=status))

    def refused(self, error: SignInRefused) -> tuple[str, int]:
        """What somebody is told whose sign-in was refused, and the status: the same whatever the reason."""
        if isinstance(error, SignInThrottled):
            self.wait = error.seconds
            return f"Too many attempts. Wait {waiting(error.seconds)}, or use a passkey.", 429
        return SAME, 401

    def signed_in(self, result: SignedIn, target: str) -> Response:
        """Send on whoever has signed in, with a session that this browser did not have before."""
        answer = RedirectResponse(cookies.next_path(target), 303)
        _set(answer, cookies.set_cookie(cookies.SESSION, result.token))
        if result.known:
            _set(answer, cookies.set_cookie(cookies.KNOWN, result.known, lasts=KNOWN_LASTS))
        _set(answer, cookies.forget_cookie(cookies.FLOW))
        _set(answer, cookies.forget_cookie(STEP))
        self._to_device(answer, result)
        return answer

    def _to_device(self, answer: Response, result: SignedIn) -> None:
        """Ask the browser to bind the session to its device; where it is bound, keep it going under its new name."""
        desk, session = self.parts.desk, result.session
        if session.device_key:
            value = device_binding.bound_cookie(desk.vault, session.id, self.visit.now)
            lasts = device_binding.LASTS
            _set(answer, cookies.set_cookie(device_binding.COOKIE, value, lasts=lasts))
            return
        # Bound to the session's cookie, since that of flows is forgotten now.
        visit = replace(self.visit, browser=result.token)
        challenge = device_binding.challenge(desk, session.id, visit)
        answer.headers[device_binding.REGISTRATION] = device_binding.registration_header(challenge)

    def arrived(self, result: SignedIn | Asked, target: str) -> Response:
        """Go on after a proof: to where one wanted to go, or to the next proof."""
        if isinstance(result, SignedIn):
            self.leave("another sign-in in the same browser")
            return self.signed_in(result, target)
        answer = self.dress(RedirectResponse(cookies.with_next(SECOND, cookies.next_path(target)), 303))
        _set(answer, cookies.set_cookie(STEP, step_value(result), lasts=LASTS))
        return answer

    def leave(self, why: str) -> bool:
        """End the session of this browser, if there is one; whether there was."""
        session = self.caller.session
        if session is None:
            return False
        act = self.visit.act(session.principal, why, session.id)
        return sessions.sign_out(self.parts.plane.database, session, act)

    def dress(self, answer: Response) -> Response:
        """The answer with the flow cookie, where the browser is given one."""
        # The visit decides whether one is drawn.
        browser = self.visit.browser
        if self.drawn and browser == self.drawn:
            _set(answer, cookies.set_cookie(cookies.FLOW, self.drawn, lasts=cookies.FLOW_LASTS))
        if self.wait > 0:
            answer.headers["retry-after"] = str(math.ceil(self.wait))
        return answer

    def _flow_token(self) -> str:
        return cookies.form_token(self.parts.plane.vault.derived(FORMS)[0], self.visit.browser)

    def _nobody(self) -> Caller:
        """Who is shown on pages of the sign-in: nobody, also where a session goes on."""
        return replace(self.caller, principal=None, roles=frozenset(), session=None)


def step_value(asked: Asked) -> str:
    """What the browser keeps between two proofs."""
    letters = "".join(letter for letter, kind in _LETTERS.items() if kind in asked.kinds)
    return f"{asked.flow}.{letters}{'e' if asked.enrols else ''}"


def step_of(value: str) -> Asked | None:
    """What the browser has kept; what it says of kinds decides what is shown, never what is enough."""
    flow, _, letters = value.partition(".")
    if not is_formed(flow) or len(letters) > len(_LETTERS) + 1:
        return None
    kinds = frozenset(kind for letter, kind in _LETTERS.items() if letter in letters)
    return Asked(flow, kinds, "e" in letters) if kinds else None


def waiting(seconds: float) -> str:
    """How long to wait, in words, rounded up."""
    whole = max(1, -int(-seconds // 1))
    if whole < 100:
        return f"{whole} second{'' if whole == 1 else 's'}"
    return f"{-(-whole // 60)} minutes"


def parts_of(plane: ControlPlane) -> Parts:
    """The parts of a process, with secrets from its environment; the same for all pages of a process.

    Raises:
        ConfigError: the settings of a directory are wrong.
    """
    with _LOCK:
        if not _LAST or _LAST[0].plane is not plane:
            _LAST[:] = [Parts.of(plane, os.environ)]
        return _LAST[0]


_LOCK: Final = threading.Lock()
_LAST: Final[list[Parts]] = []


def front(request: Request) -> Front:
    """The front desk of a request; ``router`` of the pages has put its parts there."""
    return Front(request.state.sign_in, request)


AtFront = Annotated[Front, Depends(front)]


def _set(answer: Response, cookie: str) -> None:
    answer.headers.append("set-cookie", cookie)


def _same(ours: str, given: str) -> bool:
    import hmac

    return bool(ours) and hmac.compare_digest(ours.encode(), given.encode("utf-8", "surrogatepass"))
