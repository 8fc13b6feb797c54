"""A browser without a screen: pages as a person sees them, forms as they are sent, cookies as they are kept; over the whole app."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx

with warnings.catch_warnings():
    # It wants a successor of httpx that this project does not have.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

from tests.web.login.conftest import KEYS, NOW, ORIGIN
from watchword.store.state.database import Database
from watchword.store.state.vault import Vault
from watchword.web.app import create_app
from watchword.web.control_plane import ControlPlane, WebSettings


@dataclass
class Clock:
    """The time of a process, as a test turns it."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at

    def turn(self, **by: float) -> None:
        self.at += timedelta(**by)


def plane_of(database: Database, folder: Path, clock: Callable[[], datetime], **more: Any) -> ControlPlane:
    """A process on a database."""
    settings = {"public_url": ORIGIN, "company": "Company ABC", "requests_a_minute": 100_000}
    return ControlPlane(
        settings=WebSettings(**(settings | more.pop("settings", {}))),
        database=database,
        folder=folder,
        clock=clock,
        randomness=os.urandom,
        told=more.pop("told", lambda _line: None),
        vault=Vault(KEYS, os.urandom),
        **more,
    )


class Switch:
    """Stands for a part of a process, and can be turned to another: to build the application takes longer than most tests."""

    def __init__(self, now: Any) -> None:
        self.now = now

    def __getattr__(self, name: str) -> Any:
        return getattr(self.now, name)

    def __call__(self, *given: Any) -> Any:
        return self.now(*given)


_PARTS = ("database", "clock", "told")
_APPS: dict[str, tuple[Any, dict[str, Switch]]] = {}


def app_of(plane: ControlPlane) -> Any:
    """An application on the parts of a process; built once for the same settings."""
    key = repr((plane.settings, sorted(plane.directories.items())))
    if key not in _APPS:
        switches = {name: Switch(getattr(plane, name)) for name in _PARTS}
        _APPS[key] = (create_app(replace(plane, **switches)), switches)
    app, switches = _APPS[key]
    for name, switch in switches.items():
        switch.now = getattr(plane, name)
    return app


@dataclass
class Form:
    """A form of a page: where it leads, and its fields as they stand."""

    action: str
    fields: dict[str, str]
    options: str = ""
    """The island of a passkey's ceremony, where it is one."""


@dataclass
class Window:
    """One browser window; ``page`` is the last answer."""

    client: TestClient
    page: httpx.Response = field(init=False)

    @classmethod
    def on(cls, plane: ControlPlane, address: str = "192.0.2.7") -> Window:
        return cls(
            TestClient(
                app_of(plane),
                base_url=ORIGIN,
                follow_redirects=False,
                raise_server_exceptions=False,
                client=(address, 50_000),
            )
        )

    def another(self, address: str = "192.0.2.7") -> Window:
        """Another browser on the same process."""
        return Window(
            TestClient(
                self.client.app,
                base_url=ORIGIN,
                follow_redirects=False,
                raise_server_exceptions=False,
                client=(address, 50_000),
            )
        )

    def look(self, path: str, **headers: str) -> httpx.Response:
        """Open a page, as by a link or the address bar."""
        self.page = self.client.get(path, headers={"accept": "text/html", **headers})
        return self.page

    def follow(self) -> httpx.Response:
        """Go where the last answer leads, as long as it leads within our own site."""
        for _ in range(5):
            where = self.page.headers.get("location", "")
            if self.page.status_code not in {302, 303, 307} or not where.startswith(("/", ORIGIN)):
                break
            self.look(where)
        return self.page

    def send(self, path: str, fields: dict[str, str], **headers: str) -> httpx.Response:
        """Send fields as a form of our own pages does."""
        sent = {"accept": "text/html", "origin": ORIGIN, "sec-fetch-site": "same-origin", **headers}
        self.page = self.client.post(path, data=fields, headers={k: v for k, v in sent.items() if v})
        return self.page

    def forms(self) -> list[Form]:
        """The forms of the page."""
        return [_form(text) for text in re.findall(r"<form.*?</form>", self.page.text, re.DOTALL)]

    def form(self, action: str) -> Form:
        """The form that leads to an address."""
        found = [one for one in self.forms() if one.action == action]
        assert found, (
            action,
            [one.action for one in self.forms()],
            self.page.status_code,
            self.page.text[-1500:],
        )
        return found[0]

    def submit(self, action: str, **values: str) -> httpx.Response:
        """Fill in a form of the page and send it."""
        return self.send(action, self.form(action).fields | values)

    def use(self, device: Any, action: str, ceremony: str = "get", **values: str) -> httpx.Response:
        """Go through the ceremony of a passkey that the page asks for."""
        form = self.form(action)
        answer = getattr(device, ceremony)(form.options, ORIGIN)
        return self.send(action, form.fields | {"credential": answer} | values)

    @property
    def session(self) -> str:
        """The cookie of the session; empty where there is none."""
        return self.client.cookies.get("__Host-ww", "") or ""

    @property
    def words(self) -> str:
        """The words of the page."""
        text = re.sub(r"<script.*?</script>|<svg.*?</svg>", " ", self.page.text, flags=re.DOTALL)
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def _form(text: str) -> Form:
    action = re.search(r'<form[^>]*\baction="([^"]*)"', text)
    fields = {}
    for tag in re.findall(r"<(?:input|textarea)[^>]*>", text):
        name, value = re.search(r'\bname="([^"]*)"', tag), re.search(r'\bvalue="([^"]*)"', tag)
        if name:
            fields[unescape(name[1])] = unescape(value[1]) if value else ""
    island = re.search(r'<script type="application/json" class="options">(.*?)</script>', text, re.DOTALL)
    return Form(unescape(action[1]) if action else "", fields, island[1] if island else "")
