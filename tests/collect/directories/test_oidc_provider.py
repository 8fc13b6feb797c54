"""Signing in with a real OpenID provider, from sending the browser there to the account that comes out."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.collect.directories.providers import PEOPLE, OidcServer
from watchword import clock
from watchword.collect.directories.oidc import OidcProvider, OidcSignIn
from watchword.collect.directories.oidc_settings import OidcSettings


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


def round_trip(server: OidcServer, provider: OidcProvider, login: str = "alice", **more: Any) -> OidcSignIn:
    flow = Flow()
    url = provider.begin(clock.now(), **flow.kept(), **more)
    return provider.finish(clock.now(), server.sign_in(url, login), **flow.kept())


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
