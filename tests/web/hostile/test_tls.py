"""TLS as the process itself serves it: what it refuses to speak, and what it says of itself."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.collect.directories.slapd import Certificates, certificates
from tests.web.hostile.wire import HOST, Wire, answers, online
from tests.web.house import house
from watchword.errors import ConfigError
from watchword.store.state.database import Database
from watchword.web.serve import tls_context


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("tls"), (HOST,))


@pytest.fixture(scope="module")
def secure(furnished: Path, made: Certificates) -> Iterator[Wire]:
    """A server that brings TLS itself."""
    with Database.open(f"sqlite:///{furnished}") as database:
        home = house(database, made.ca.parent, tls_certificate=made.certificate, tls_key=made.key)
        with home.at_end, online(home) as wire:
            yield wire


def context(made: Certificates) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(made.ca))


def spoken(wire: Wire, client: ssl.SSLContext) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", wire.port), timeout=20)
    try:
        return client.wrap_socket(plain, server_hostname=HOST)
    except BaseException:
        plain.close()
        raise


def test_who_checks_the_name_is_answered_by_http_1_1_only(secure: Wire, made: Certificates) -> None:
    client = context(made)
    client.set_alpn_protocols(["h2", "http/1.1"])
    with spoken(secure, client) as line:
        assert (line.version(), line.selected_alpn_protocol()) == ("TLSv1.3", "http/1.1")
        line.sendall(f"GET /healthz HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\n\r\n".encode())
        got = b""
        while piece := line.recv(65536):
            got += piece
    assert [one.status for one in answers(got)] == [200]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_versions_are_not_spoken(secure: Wire, made: Certificates, version: ssl.TLSVersion) -> None:
    client = context(made)
    client.minimum_version = client.maximum_version = version
    with pytest.raises((ssl.SSLError, OSError)), spoken(secure, client):
        pass


def test_a_request_without_tls_is_answered_by_nothing_that_could_be_read(secure: Wire) -> None:
    assert b"HTTP/" not in secure.send(f"GET /healthz HTTP/1.1\r\nhost: {HOST}\r\n\r\n".encode(), wait=10)


def test_files_that_do_not_belong_together_are_told_without_what_is_in_them(
    secure: Wire, made: Certificates, tmp_path: Path
) -> None:
    other = certificates(tmp_path / "other", (HOST,))
    settings = secure.home.plane.settings
    (tmp_path / "empty.pem").write_text("")
    (tmp_path / "locked.pem").write_text(
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n"
    )
    for key in (
        other.key,
        tmp_path / "empty.pem",
        tmp_path / "locked.pem",
        tmp_path / "gone.pem",
        made.certificate,
    ):
        with pytest.raises(ConfigError, match="cannot be used") as told:
            tls_context(replace(settings, tls_key=key))
        assert "BEGIN" not in told.value.diagnosis()
        assert key.name in told.value.where
