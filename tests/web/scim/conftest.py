"""A real server on loopback, in front of a store in memory."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount, Router

from tests.web.scim.memory import ACME, NOW, OTHER, Memory
from watchword.web.scim.bearer import Digests, digest
from watchword.web.scim.routes import Door, router
from watchword.web.scim.service import ScimService, ScimStore

TOKEN = "acme-token-0123456789abcdef"
STRANGER = "other-token-0123456789abcdef"
BASE = "https://watchword.example/scim/v2"
TOKENS = Digests({digest(TOKEN): ACME, digest(STRANGER): OTHER})


def door(store: ScimStore, **more: Any) -> Door:
    return Door(ScimService(store), more.pop("authenticate", TOKENS), lambda: NOW, BASE, **more)


@contextmanager
def serving(door: Door | Router) -> Iterator[str]:
    """The address of a server that answers through a door while the block runs."""
    routes = door if isinstance(door, Router) else router(door)
    app = Starlette(routes=[Mount("/scim/v2", app=routes)])
    # Named as TCP, since asyncio sends small answers without delay only then.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/scim/v2"
        finally:
            server.should_exit = True
            thread.join()


def client(address: str, token: str = TOKEN) -> httpx.Client:
    return httpx.Client(
        base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=20, trust_env=False
    )


@pytest.fixture(scope="module")
def switch() -> dict[str, ScimStore]:
    return {}


@pytest.fixture(scope="module")
def address(switch: dict[str, ScimStore]) -> Iterator[str]:
    """One server for a module; its store is changed by each test."""

    class Switched:
        def __getattr__(self, name: str) -> Any:
            return getattr(switch["store"], name)

    with serving(door(Switched())) as found:  # type: ignore[arg-type]
        yield found


@pytest.fixture
def store(switch: dict[str, ScimStore]) -> Memory:
    """An empty store, which the server uses from now on."""
    made = Memory()
    switch["store"] = made
    return made


@pytest.fixture
def http(address: str, store: Memory) -> Iterator[httpx.Client]:
    """A client of the directory ACME."""
    with client(address) as opened:
        yield opened
