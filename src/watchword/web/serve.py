"""The process: a web server and a worker together, from settings to the last answer.

The server speaks HTTP/1.1 by h11, which is strict about what it takes; ``BoundedProtocol`` adds what uvicorn lacks, a time limit
for a request's head.  On SIGTERM no new request is taken, those under way are answered, and the worker ends after its job.
"""

from __future__ import annotations

import asyncio
import errno
import gc
import secrets
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from watchword import clock
from watchword.aws import AwsSettings
from watchword.errors import ConfigError, Forbidden, UsageError, WatchwordError
from watchword.model.estate import Estate
from watchword.store.state.database import Database
from watchword.store.state.vault import open_vault
from watchword.web.control_plane import ControlPlane, WebSettings
from watchword.web.telemetry import Metrics, lines

if TYPE_CHECKING:
    from fastapi import FastAPI
    from uvicorn import Config, Server

LARGEST_HEAD: Final = 32 * 1024
"""Bytes of a request's line and headers."""

HEAD_SECONDS: Final = 10.0
"""Within which a request's head must be there, from the connection's beginning."""

KEEP_ALIVE: Final = 5
MOST_CONNECTIONS: Final = 1_000
GRACE: Final = 20
"""Seconds that requests under way have, once the process is asked to end."""

KEY_FILE: Final = "watchword.key"
AUDIT_KEY: Final = "audit.key"


class PortTaken(WatchwordError):
    """Another process listens there already."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a process is started with.

    ``database`` is the state's address, ``folder`` that of snapshots and assessments; ``upgrade`` brings an older database up to
    date; ``environment`` may hold the vault's keys; ``banner`` is a sentence that stands on all pages.
    """

    settings: WebSettings
    database: str = field(repr=False)
    folder: Path = Path(".watchword")
    upgrade: bool = False
    directories: Mapping[str, Any] = field(default_factory=dict, repr=False)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    signing_key: Path | None = None
    aws: AwsSettings = field(default_factory=AwsSettings, repr=False)
    estate: Estate = field(default_factory=Estate, repr=False)
    banner: str = ""
    tell: Callable[[Mapping[str, Any]], None] = field(default_factory=lambda: lines(sys.stderr))


@contextmanager
def opened(setup: Setup) -> Iterator[ControlPlane]:
    """The parts of a process: the database, set up or brought up to date where it is ours alone, and the vault.

    Raises:
        DatabaseError: the database cannot be opened, or its schema is another.
        VaultError: there are no keys.
        ConfigError: the table of addresses cannot be read.
    """
    from watchword.web.login import locations

    with Database.open(setup.database, create=True, any_schema=True) as database:
        migrate(database, upgrade=setup.upgrade)
        key_file = setup.settings.secret_key_file or beside(database, KEY_FILE)
        vault = open_vault(key_file, secrets.token_bytes, setup.environment, make=not database.is_postgresql)
        yield ControlPlane(
            settings=setup.settings,
            database=database,
            folder=setup.folder,
            clock=clock.now,
            randomness=secrets.token_bytes,
            told=setup.tell,
            vault=vault,
            directories=setup.directories,
            locations=locations.of(setup.settings.locations_file),
            signing_key=setup.signing_key or beside(database, AUDIT_KEY),
            aws=setup.aws,
            estate=setup.estate,
        )


def migrate(database: Database, *, upgrade: bool) -> None:
    """Set an embedded database up, or bring it up to date; one that others may use only where that is asked.

    Raises:
        DatabaseMissing, DatabaseOlder, DatabaseNewer: the schema is another, and is left as it is.
    """
    from watchword.store.state.revision import REVISION, found_revision, require_current

    with database.reading() as connection:
        if found_revision(connection) == REVISION:
            return
        if database.is_postgresql and not upgrade:
            require_current(connection, str(database.address))
    from watchword.store.state.migrate import upgrade as bring_up

    bring_up(database)


def run(plane: ControlPlane, listening: socket.socket, setup: Setup) -> None:
    """Serve until the process is asked to end.

    Raises:
        ConfigError: the certificate or its key cannot be used.
    """
    from watchword.web.app import create_app
    from watchword.web.worker import Working, work_of

    metrics = Metrics()
    working = Working(plane, metrics, work_of(plane, setup.environment))
    app = create_app(plane, metrics, working.is_alive)
    app.state.banner = setup.banner
    server = server_of(app, plane.settings)
    gc.enable()
    gc.freeze()
    working.start()
    try:
        with _asked_to_end(server):
            server.run(sockets=[listening])
    finally:
        working.stop()


@contextmanager
def _asked_to_end(server: Server) -> Iterator[None]:
    """End in order on SIGTERM and SIGINT: uvicorn raises them again once it has ended, which would end us before the workers have."""

    def end(number: int, frame: object) -> None:  # noqa: ARG001
        server.should_exit = True

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {one: signal.signal(one, end) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def first_link(plane: ControlPlane) -> str:
    """The one-time link of the first administrator; empty where there is one who can sign in.

    Raises:
        DatabaseError: the database cannot be written.
    """
    from watchword.web.login import invitations
    from watchword.web.login.arrival import Arrival, Visit
    from watchword.web.login.desk import Desk, Policy
    from watchword.web.login.passkeys import Site

    web = plane.settings
    desk = Desk(
        plane.database, plane.vault, Site.of(web.public_url, web.company), Policy(preset=plane.preset)
    )
    visit = Visit(Arrival(""), plane.clock(), plane.randomness)
    if invitations.has_administrator(desk, visit):
        return ""
    try:
        return f"{web.public_url}/bootstrap?token={invitations.bootstrap(desk, visit)}"
    except Forbidden:
        # Somebody became one meanwhile.
        return ""


def server_of(app: FastAPI, settings: WebSettings) -> Server:
    """The server of an application."""
    from uvicorn import Config, Server

    config = Config(
        app,
        http=bounded_protocol(),
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
        h11_max_incomplete_event_size=LARGEST_HEAD,
    )
    _with_tls(config, settings)
    return Server(config)


def bounded_protocol(seconds: float = HEAD_SECONDS) -> type[asyncio.Protocol]:
    """HTTP/1.1 as uvicorn speaks it by h11, with a time limit for a request's head."""
    import h11
    from uvicorn.protocols.http.h11_impl import H11Protocol

    from watchword.web.line_ends import has_bare_line_feed

    class BoundedProtocol(H11Protocol):
        """Closes a connection on which no whole head has come in time; who sends byte by byte gains nothing."""

        _waiting: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._waiting = self.loop.call_later(seconds, self._give_up)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            idle = self.conn.their_state is h11.IDLE
            if not idle and self._waiting is not None:
                self._waiting.cancel()
                self._waiting = None
            elif idle and self._waiting is None and not self.transport.is_closing():
                # The beginning of another head on a connection that is kept.
                self._waiting = self.loop.call_later(seconds, self._give_up)

        def handle_events(self) -> None:
            # At the beginning of each request, one that came along with the one before included.
            if self.conn.their_state is h11.IDLE and has_bare_line_feed(self.conn.trailing_data[0]):
                self.send_400_response("Invalid HTTP request received.")
                return
            super().handle_events()

        def connection_lost(self, exc: Exception | None) -> None:
            if self._waiting is not None:
                self._waiting.cancel()
            super().connection_lost(exc)

        def _give_up(self) -> None:
            self._waiting = None
            if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
                self.transport.close()

    return BoundedProtocol


def listen(settings: WebSettings) -> socket.socket:
    """A socket that listens where the settings say.

    Raises:
        PortTaken: another process listens there.
        UsageError: the address is not this machine's, or may not be listened on.
    """
    where = f"{settings.bind}:{settings.port}"
    family = socket.AF_INET6 if ":" in settings.bind else socket.AF_INET
    # With the protocol named, asyncio sets TCP_NODELAY: an answer's body does not wait for the acknowledgement of its head.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((settings.bind, settings.port))
        made.listen(1024)
    except OSError as error:
        made.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(
                "another process listens there already", where=where, remedy="end it, or name another --port"
            ) from None
        raise UsageError(
            f"cannot listen: {error.strerror}", where=where, remedy="name an address of this machine"
        ) from None
    made.set_inheritable(True)
    return made


def tls_context(settings: WebSettings) -> ssl.SSLContext | None:
    """TLS as the settings say; ``None`` where a proxy brings it.

    Raises:
        ConfigError: only one of certificate and key is named, or they cannot be used.
    """
    certificate, key = settings.tls_certificate, settings.tls_key
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise ConfigError("tls_certificate and tls_key are needed both", where="[web]", remedy="name both")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # Without a password no prompt may hold the process up.
        context.load_cert_chain(certificate, key, password=lambda: "")
    except (OSError, ssl.SSLError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise ConfigError(
            f"the certificate or its key cannot be used: {why}",
            where=f"{certificate}, {key}",
            remedy="name PEM files that belong together, the key without a passphrase",
        ) from None
    context.set_alpn_protocols(["http/1.1"])
    return context


def _with_tls(config: Config, settings: WebSettings) -> None:
    context = tls_context(settings)
    if context is not None:
        config.load()
        config.ssl = context


def beside(database: Database, name: str) -> Path:
    """A file beside the database's, or in the working folder's ``.watchword``."""
    file = database.address.file
    return (Path(".watchword") if file is None else file.parent) / name
