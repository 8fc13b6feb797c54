"""Real identity providers of our own, on loopback: an OpenID provider (npm ``oidc-provider``) and a SAML one (npm ``samlp``).

    with OidcServer.started(folder, redirect_uris=["http://localhost:8000/sign-in/oidc/callback"]) as provider:
        settings = OidcSettings(**provider.settings())

Their login form has the fields ``login`` and ``password`` and the buttons Continue and Cancel; a test drives it with a browser,
or with `OidcServer.sign_in` by plain HTTP.  Accounts and what the provider says of them are given to the constructor.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hashlib
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from joserfc.jwk import RSAKey
from lxml import html

HERE = Path(__file__).parent / "node"
KEPT = Path(__file__).parents[3] / ".dev" / "node"
PATIENCE = 30.0
"""Seconds for a provider to start."""

PAUSE = 900.0
"""Seconds after which packages that could not be fetched are tried again."""

_missing = ""


def node_modules() -> Path:
    """The installed node packages: those of ``node/package-lock.json``, fetched once for all tests of this machine.

    Skips the test that asks, with the reason, where they cannot be had.
    """
    global _missing  # noqa: PLW0603
    if _missing:
        pytest.skip(_missing)
    lock = (HERE / "package-lock.json").read_bytes()
    folder = KEPT / hashlib.sha256(lock).hexdigest()[:16]
    done = folder / "done"
    if done.is_file():
        return folder / "node_modules"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        failed = folder / "failed"
        # The other workers of this run are told at once what one of them has found out.
        if failed.is_file() and time.time() - failed.stat().st_mtime < PAUSE:
            _missing = failed.read_text()
        elif not done.is_file():
            _missing = _installed(folder)
        if _missing:
            failed.write_text(_missing)
            pytest.skip(_missing)
        done.touch()
    return folder / "node_modules"


def _installed(folder: Path) -> str:
    """Install the packages into a folder; why that is not possible, empty where it was."""
    npm = _tool("npm")
    if npm is None:
        return "npm is not installed"
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(HERE / name, folder / name)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress"]
    try:
        done = subprocess.run(
            command, check=False, cwd=folder, env=_environment(), capture_output=True, text=True, timeout=180
        )
    except subprocess.TimeoutExpired:
        return "npm could not fetch the node packages in three minutes"
    if done.returncode:
        codes = [line for line in done.stderr.splitlines() if " code E" in line]
        return f"npm could not fetch the node packages: {' '.join(codes)[:200] or 'see npm ci in ' + str(folder)}"
    return ""


def _tool(name: str) -> str | None:
    return shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}


@contextmanager
def _running(script: str, told: Mapping[str, Any], folder: Path) -> Iterator[int]:
    """A script of ``node/``, told its settings; yields the port on which it listens."""
    modules = node_modules()
    node = _tool("node")
    if node is None:
        pytest.skip("node is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    settings, log = folder / "settings.json", folder / "log"
    settings.write_text(json.dumps(told))
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [node, str(HERE / script), str(modules), str(settings)],
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        try:
            yield _port(process, log)
        finally:
            process.terminate()
            process.wait(10)
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    assert process.stdout is not None
    ready = select.select([process.stdout], [], [], PATIENCE)[0]
    line = process.stdout.readline().decode() if ready else ""
    if not line.startswith("ready "):
        raise RuntimeError(f"the provider did not start:\n{log.read_text()[-2000:]}")
    return int(line.split()[1])


@dataclass(frozen=True)
class Person:
    """An account of a provider: what its owner types, and what the provider says of it."""

    password: str = "secret"
    claims: Mapping[str, Any] = field(default_factory=dict)
    acr: str = ""
    amr: Sequence[str] = ("pwd",)


PEOPLE: Mapping[str, Person] = {
    "alice": Person(
        claims={
            "name": "Alice Ångström",
            "preferred_username": "alice",
            "email": "alice@abc.example",
            "email_verified": True,
            "groups": ["engineers", "on-call"],
        },
        acr="urn:abc:strong",
        amr=("pwd", "otp", "mfa"),
    ),
    "bob": Person(
        claims={
            "name": "Bob",
            "preferred_username": "bob",
            "email": "bob@abc.example",
            "email_verified": False,
        }
    ),
}
"""Alice, who has a second factor at the provider, and Bob, who has none.  Their password is ``secret``."""

CLIENT_ID = "watchword"
CLIENT_SECRET = "a secret: with % and + and /=&"


def _logout(uri: str) -> dict[str, Any]:
    return {"backchannel_logout_uri": uri, "backchannel_logout_session_required": True} if uri else {}


@dataclass(frozen=True)
class OidcServer:
    """A running OpenID provider."""

    issuer: str
    redirect_uris: Sequence[str]
    client_secret: str
    client_id: str = CLIENT_ID

    @classmethod
    @contextmanager
    def started(
        cls,
        folder: Path,
        *,
        redirect_uris: Sequence[str] = ("http://localhost:4711/sign-in/oidc/callback",),
        people: Mapping[str, Person] = PEOPLE,
        client: Mapping[str, Any] | None = None,
        port: int = 0,
        conform: bool = True,
        userinfo: bool = True,
        lies: Mapping[str, Any] | None = None,
        signing_key: RSAKey | None = None,
        backchannel_logout_uri: str = "",
        post_logout_redirect_uris: Sequence[str] = (),
    ) -> Iterator[OidcServer]:
        """Start one; its files stand in ``folder``.

        ``client`` replaces metadata of our client (RFC 7591 section 2); ``conform=False`` puts all claims into the ID token;
        ``lies`` are claims that it says of everybody; ``port`` 0 is any that is free.
        """
        key = signing_key or RSAKey.generate_key(2048, {"kid": "first", "use": "sig", "alg": "RS256"})
        ours: dict[str, Any] = {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "redirect_uris": list(redirect_uris),
            "response_types": ["code"],
            "grant_types": ["authorization_code"],
            "post_logout_redirect_uris": list(post_logout_redirect_uris),
            **_logout(backchannel_logout_uri),
            **(client or {}),
        }
        told = {
            "port": port,
            "clients": [{name: value for name, value in ours.items() if value is not None}],
            "jwks": {"keys": [key.as_dict(private=True)]},
            "acr_values": sorted({person.acr for person in people.values() if person.acr}),
            "accounts": {
                name: {
                    "password": person.password,
                    "claims": dict(person.claims),
                    "acr": person.acr,
                    "amr": list(person.amr),
                }
                for name, person in people.items()
            },
            "conform": conform,
            "userinfo": userinfo,
            "lies": dict(lies or {}),
        }
        with _running("oidc.mjs", told, folder) as found:
            yield cls(
                f"http://127.0.0.1:{found}", redirect_uris, ours.get("client_secret") or "", ours["client_id"]
            )

    def settings(self, **more: Any) -> dict[str, Any]:
        """Arguments of ``OidcSettings`` with which the provider accepts us."""
        return {
            "directory": "idp",
            "issuer": self.issuer,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "redirect_uri": self.redirect_uris[0],
            "allow_plain": True,
            **more,
        }

    def sign_in(
        self, url: str, login: str = "alice", password: str = "secret", *, browser: httpx.Client | None = None
    ) -> dict[str, str]:
        """What a person does in a browser that was sent to ``url``: sign in, or go through where they are signed in.

        Returns the parameters with which the browser comes back to us; ``login`` empty presses Cancel.  ``browser`` keeps
        its cookies, and is left open.
        """
        if browser is not None:
            return self._driven(browser, url, login, password)
        with httpx.Client() as client:
            return self._driven(client, url, login, password)

    def sign_out(self, browser: httpx.Client, url: str) -> None:
        """What a person does in a browser that was sent to ``url`` to sign out: say yes."""
        answer = browser.get(url)
        form = html.fromstring(answer.text).forms[0]
        told = {name: value for name, value in form.form_values() if isinstance(value, str)}
        answer = browser.post(str(form.action), data={**told, "logout": "yes"})
        assert answer.status_code in {200, 302, 303}, answer.text

    def _driven(self, client: httpx.Client, url: str, login: str, password: str) -> dict[str, str]:
        for _ in range(12):
            answer = client.get(url)
            if answer.status_code == 200 and "/interaction/" in url:
                form = {"login": login, "password": password} if login else {"cancel": "1"}
                answer = client.post(url, data=form)
            if answer.status_code not in {302, 303}:
                raise AssertionError(f"{answer.status_code} at {url}: {answer.text[:500]}")
            url = urljoin(url, answer.headers["location"])
            if any(url.startswith(f"{ours}?") for ours in self.redirect_uris):
                return dict(parse_qsl(urlsplit(url).query))
        raise AssertionError(f"the provider leads in circles, at last to {url}")


@dataclass(frozen=True)
class Pair:
    """A private key and a certificate for it, both PEM."""

    key: str
    certificate: str

    @classmethod
    def made(cls, name: str, *, since: dt.datetime | None = None, days: int = 30, bits: int = 2048) -> Pair:
        """A new pair, valid from ``since`` (yesterday) for ``days``."""
        key = rsa.generate_private_key(65537, bits)
        start = since or dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
        named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = x509.CertificateBuilder(named, named, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(start).not_valid_after(start + dt.timedelta(days=days))
        certificate = builder.sign(key, hashes.SHA256())
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return cls(private.decode(), certificate.public_bytes(serialization.Encoding.PEM).decode())


SAML_PEOPLE: Mapping[str, Person] = {
    "alice": Person(
        claims={
            "uid": "alice",
            "displayName": "Alice Ångström",
            "mail": "alice@abc.example",
            "groups": ["engineers", "on-call"],
        },
        acr="urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken",
    ),
    "bob": Person(
        claims={"uid": "bob", "displayName": "Bob", "mail": "bob@abc.example"},
        acr="urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
    ),
}
"""Alice, who has a token at the provider, and Bob, who has a password.  Their password is ``secret``."""


@dataclass(frozen=True)
class SamlServer:
    """A running SAML identity provider."""

    url: str
    entity_id: str
    folder: Path
    pair: Pair
    sp_entity_id: str
    acs_url: str

    @classmethod
    @contextmanager
    def started(
        cls,
        folder: Path,
        *,
        sp_entity_id: str = "https://watchword.abc.example/saml",
        acs_url: str = "http://localhost:4711/sign-in/saml/acs",
        people: Mapping[str, Person] = SAML_PEOPLE,
        sign: str = "assertion",
        request_certificate: str = "",
        algorithm: str = "rsa-sha256",
        pair: Pair | None = None,
        port: int = 0,
    ) -> Iterator[SamlServer]:
        """Start one; its files stand in ``folder``.

        ``sign``: ``assertion``, ``response`` or ``both``; ``request_certificate`` (PEM): requests must be signed with its key.
        Subjects of accounts are ``id-NAME``; their claims become attributes.
        """
        made = pair or Pair.made("identity provider")
        entity_id = "https://idp.abc.example/saml"
        told = {
            "port": port,
            "key": made.key,
            "cert": made.certificate,
            "issuer": entity_id,
            "acs_url": acs_url,
            "sign": sign,
            "request_cert": request_certificate,
            "algorithm": algorithm,
            "accounts": {
                name: {"password": person.password, "claims": dict(person.claims), "acr": person.acr}
                for name, person in people.items()
            },
        }
        with _running("saml.mjs", told, folder) as found:
            yield cls(f"http://127.0.0.1:{found}/sso", entity_id, folder, made, sp_entity_id, acs_url)

    def settings(self, **more: Any) -> dict[str, Any]:
        """Arguments of ``SamlSettings`` with which the provider accepts us."""
        certificate = self.folder / "idp.pem"
        certificate.write_text(self.pair.certificate)
        return {
            "directory": "saml",
            "entity_id": self.sp_entity_id,
            "acs_url": self.acs_url,
            "idp_entity_id": self.entity_id,
            "sso_url": self.url,
            "certificate_file": str(certificate),
            "allow_plain": True,
            **more,
        }

    def metadata(self) -> bytes:
        """What the provider tells about itself."""
        return httpx.get(urljoin(self.url, "/metadata")).raise_for_status().content

    def sign_in(self, url: str, login: str = "alice", password: str = "secret") -> dict[str, str]:
        """What a person does in a browser that was sent to ``url``; returns the form that the browser then posts to us."""
        with httpx.Client() as client:
            answer = client.get(url)
            assert answer.status_code == 200, answer.text
            form = {"login": login, "password": password} if login else {"cancel": "1"}
            answer = client.post(url, data=form)
        assert answer.status_code == 200, answer.text
        posted = html.fromstring(answer.text).forms[0]
        assert posted.action == self.acs_url
        return {name: value for name, value in posted.form_values() if isinstance(value, str)}
