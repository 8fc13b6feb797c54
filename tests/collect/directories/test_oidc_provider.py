"""Signing in with a real OpenID provider, from sending the browser there to the account that comes out, and out again."""

from __future__ import annotations

import queue
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from tests.collect.directories.providers import PEOPLE, OidcServer
from watchword import clock
from watchword.collect.directories.oidc import OidcProvider, OidcSignIn
from watchword.collect.directories.oidc_settings import OidcSettings
from watchword.errors import DirectoryDenied, DirectoryUntrusted, SignInRefused


@dataclass
class Flow:
    """What a caller keeps for a browser."""

    state: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    def kept(self) -> dict[str, str]:
        return {"state": self.state, "nonce": self.nonce, "verifier": self.verifier}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcServer]:
    with OidcServer.started(tmp_path_factory.mktemp("oidc")) as found:
        yield found


def round_trip(
    server: OidcServer,
    provider: OidcProvider,
    login: str = "alice",
    browser: httpx.Client | None = None,
    **more: Any,
) -> OidcSignIn:
    flow = Flow()
    url = provider.begin(clock.now(), **flow.kept(), **more)
    age = {"max_age": more["max_age"]} if "max_age" in more else {}
    return provider.finish(clock.now(), server.sign_in(url, login, browser=browser), **flow.kept(), **age)


def test_alice_signs_in_and_is_who_the_provider_says(server: OidcServer) -> None:
    found = round_trip(server, OidcProvider(OidcSettings(**server.settings())))
    account = found.account
    assert (account.directory, account.subject, account.user_name) == ("idp", "alice", "alice")
    assert (account.display_name, account.mail, account.mail_verified) == (
        "Alice Ångström",
        "alice@abc.example",
        True,
    )
    assert account.attributes == {"groups": ("engineers", "on-call")}
    assert (found.amr, found.acr) == (tuple(PEOPLE["alice"].amr), "urn:abc:strong")
    assert found.auth_time is not None


def test_bob_has_no_second_factor_and_no_verified_address_and_that_is_told(server: OidcServer) -> None:
    found = round_trip(server, OidcProvider(OidcSettings(**server.settings())), "bob")
    assert (found.amr, found.acr, found.account.mail_verified) == (("pwd",), "", False)


def test_the_provider_tells_its_issuer_in_the_answer_and_it_is_checked(server: OidcServer) -> None:
    provider = OidcProvider(OidcSettings(**server.settings()))
    assert provider.discover(clock.now()).tells_issuer
    flow = Flow()
    told = server.sign_in(provider.begin(clock.now(), **flow.kept()))
    assert told["iss"] == server.issuer
    with pytest.raises(SignInRefused, match="another provider"):
        provider.finish(clock.now(), {**told, "iss": "https://evil.example"}, **flow.kept())


def test_a_code_is_good_once_and_with_its_verifier_only(server: OidcServer) -> None:
    provider = OidcProvider(OidcSettings(**server.settings()))
    flow, other = Flow(), Flow()
    told = server.sign_in(provider.begin(clock.now(), **flow.kept()))
    with pytest.raises(SignInRefused, match="invalid_grant"):
        provider.finish(clock.now(), told, state=flow.state, nonce=flow.nonce, verifier=other.verifier)
    told = server.sign_in(provider.begin(clock.now(), **flow.kept()))
    assert provider.finish(clock.now(), told, **flow.kept()).sub == "alice"
    with pytest.raises(SignInRefused, match="invalid_grant"):
        provider.finish(clock.now(), told, **flow.kept())


def test_a_code_of_another_browser_is_refused_by_its_nonce(server: OidcServer) -> None:
    provider = OidcProvider(OidcSettings(**server.settings()))
    mine, theirs = Flow(), Flow()
    told = server.sign_in(provider.begin(clock.now(), **theirs.kept()))
    with pytest.raises(SignInRefused, match="another sign-in"):
        provider.finish(clock.now(), told, **mine.kept())
    planted = {**told, "state": mine.state}
    with pytest.raises(SignInRefused, match="another sign-in"):
        provider.finish(clock.now(), planted, state=mine.state, nonce=mine.nonce, verifier=theirs.verifier)


def test_who_turns_back_at_the_provider_is_refused_with_its_word(server: OidcServer) -> None:
    with pytest.raises(SignInRefused, match="access_denied"):
        round_trip(server, OidcProvider(OidcSettings(**server.settings())), login="")


def test_who_is_signed_in_at_the_provider_is_asked_again_when_we_want_it_fresh(server: OidcServer) -> None:
    provider = OidcProvider(OidcSettings(**server.settings()))
    with httpx.Client() as browser:
        first = round_trip(server, provider, browser=browser)
        # Without a password: the provider knows the browser.
        through = round_trip(server, provider, browser=browser, login="nobody")
        assert (through.sub, through.auth_time) == ("alice", first.auth_time)
        again = round_trip(server, provider, browser=browser, prompt="login", max_age=0)
    assert first.auth_time is not None
    assert again.auth_time is not None
    assert again.auth_time >= first.auth_time


def test_a_provider_that_does_not_accept_us_is_told_apart_from_a_person_who_may_not(
    server: OidcServer,
) -> None:
    provider = OidcProvider(OidcSettings(**server.settings(client_secret="planted-secret")))
    with pytest.raises(DirectoryDenied, match="accept us") as caught:
        round_trip(server, provider)
    assert "planted-secret" not in caught.value.diagnosis()


def test_an_issuer_that_is_not_the_same_to_the_letter_is_refused(server: OidcServer) -> None:
    provider = OidcProvider(OidcSettings(**server.settings(issuer=f"{server.issuer}/")))
    with pytest.raises(DirectoryUntrusted, match="calls itself otherwise"):
        provider.discover(clock.now())


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ECKey.generate_key("P-256", {"kid": "ours"}), "ES256"),
        (OKPKey.generate_key("Ed25519", {"kid": "ours"}), "EdDSA"),
        (RSAKey.generate_key(2048, {"kid": "ours"}), "RS256"),
    ],
    ids=["ES256", "EdDSA", "RS256"],
)
def test_we_may_prove_who_we_are_by_a_key_and_the_provider_may_put_all_into_its_token(
    tmp_path: Path, key: Any, algorithm: str
) -> None:
    client = {
        "client_secret": None,
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": algorithm,
        "jwks": {"keys": [key.as_dict(private=False)]},
    }
    pem = key.as_pem(private=True).decode()
    with OidcServer.started(tmp_path, client=client, conform=False, userinfo=False) as server:
        settings = OidcSettings(**server.settings(client_key=pem, client_key_id="ours"))
        found = round_trip(server, OidcProvider(settings))
    assert (found.account.mail, found.account.attributes) == (
        "alice@abc.example",
        {"groups": ("engineers", "on-call")},
    )


class _Listener(BaseHTTPRequestHandler):
    heard: queue.Queue[str]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        self.heard.put(parse_qs(body)["logout_token"][0])
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def listening() -> Iterator[tuple[str, queue.Queue[str]]]:
    """An address of ours for back-channel logout, and what comes there."""
    heard: queue.Queue[str] = queue.Queue()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Listener", (_Listener,), {"heard": heard}))
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/back-channel", heard
    finally:
        server.shutdown()
        server.server_close()


def test_who_signs_out_at_the_provider_is_signed_out_here_by_its_token(tmp_path: Path) -> None:
    with listening() as (uri, heard), OidcServer.started(tmp_path, backchannel_logout_uri=uri) as server:
        provider = OidcProvider(OidcSettings(**server.settings()))
        with httpx.Client() as browser:
            flow = Flow()
            url = provider.begin(clock.now(), **flow.kept())
            found = provider.finish(clock.now(), server.sign_in(url, browser=browser), **flow.kept())
            assert found.session
            server.sign_out(browser, provider.sign_out_url(clock.now(), id_token=found.id_token))
        token = heard.get(timeout=10)
        notice = provider.logout(clock.now(), token)
    assert (notice.sub, notice.session) == (found.sub, found.session)
    assert notice.token_id
    assert notice.expires > clock.now()
