"""Signing in with a real SAML identity provider, from sending the browser there to the account that comes out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.collect.directories.providers import Pair, SamlServer
from watchword import clock
from watchword.collect.directories.outbound import Outbound, OutboundSettings
from watchword.collect.directories.saml import SamlProvider, SamlSettings, SamlSignIn, request_id
from watchword.collect.directories.saml_metadata import fetch
from watchword.errors import DirectoryLying, DirectoryUnreachable, SignInRefused

OURS = Pair.made("watchword")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SamlServer]:
    with SamlServer.started(tmp_path_factory.mktemp("saml")) as found:
        yield found


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SamlServer]:
    """One that signs both, and wants requests to be signed."""
    folder = tmp_path_factory.mktemp("strict")
    with SamlServer.started(folder, sign="both", request_certificate=OURS.certificate) as found:
        yield found


def round_trip(server: SamlServer, provider: SamlProvider, login: str = "alice", **more: Any) -> SamlSignIn:
    asked = request_id()
    url = provider.begin(clock.now(), request_id=asked, relay_state="kept", **more)
    form = server.sign_in(url, login)
    assert form["RelayState"] == "kept"
    return provider.finish(clock.now(), form["SAMLResponse"], request_id=asked)


def test_alice_signs_in_and_is_who_the_provider_says(server: SamlServer) -> None:
    found = round_trip(server, SamlProvider(SamlSettings(**server.settings())))
    account = found.account
    assert (account.directory, account.subject, account.user_name) == ("saml", "id-alice", "alice")
    assert (account.display_name, account.mail, account.mail_verified) == (
        "Alice Ångström",
        "alice@abc.example",
        None,
    )
    assert account.attributes == {"groups": ("engineers", "on-call")}
    assert found.acr == "urn:oasis:names:tc:SAML:2.0:ac:classes:TimeSyncToken"
    assert (found.amr, found.session) == ((), "_session_alice")
    assert found.auth_time is not None
    assert found.auth_time <= clock.now() < found.expires


def test_each_answer_has_an_id_of_its_own_by_which_a_second_showing_is_known(server: SamlServer) -> None:
    provider = SamlProvider(SamlSettings(**server.settings()))
    asked = request_id()
    form = server.sign_in(provider.begin(clock.now(), request_id=asked))
    first, again = (
        provider.finish(clock.now(), form["SAMLResponse"], request_id=asked).assertion_id for _ in range(2)
    )
    assert first == again != round_trip(server, provider, "bob").assertion_id


def test_an_answer_to_another_browser_is_refused(server: SamlServer) -> None:
    provider = SamlProvider(SamlSettings(**server.settings()))
    form = server.sign_in(provider.begin(clock.now(), request_id=request_id()))
    with pytest.raises(SignInRefused, match="another request"):
        provider.finish(clock.now(), form["SAMLResponse"], request_id=request_id())


def test_who_turns_back_at_the_provider_is_refused_with_its_word(server: SamlServer) -> None:
    with pytest.raises(SignInRefused, match="the provider refuses: Responder"):
        round_trip(server, SamlProvider(SamlSettings(**server.settings())), login="")


def test_requests_are_signed_and_both_signatures_are_verified_where_that_is_wanted(
    strict: SamlServer,
) -> None:
    provider = SamlProvider(SamlSettings(**strict.settings(signing_key=OURS.key)))
    assert round_trip(strict, provider, force=True, acr_values=("urn:strong",)).account.subject == "id-alice"


@pytest.mark.parametrize("key", ["", Pair.made("another").key], ids=["none", "another"])
def test_the_provider_itself_refuses_requests_that_are_not_signed_with_our_key(
    strict: SamlServer, key: str
) -> None:
    provider = SamlProvider(SamlSettings(**strict.settings(signing_key=key)))
    answer = httpx.get(provider.begin(clock.now(), request_id=request_id()))
    assert (answer.status_code, "ign" in answer.text) == (500, True)


def test_a_response_that_is_signed_as_a_whole_is_enough(tmp_path: Path) -> None:
    with SamlServer.started(tmp_path, sign="response") as server:
        assert (
            round_trip(server, SamlProvider(SamlSettings(**server.settings()))).account.user_name == "alice"
        )


def test_sha_1_is_refused_although_the_key_is_right(tmp_path: Path) -> None:
    with SamlServer.started(tmp_path, algorithm="rsa-sha1") as server:
        provider = SamlProvider(SamlSettings(**server.settings()))
        with pytest.raises(SignInRefused, match="algorithm that is not taken"):
            round_trip(server, provider)


def test_the_provider_is_known_by_the_metadata_that_it_tells(server: SamlServer, tmp_path: Path) -> None:
    url = server.url.replace("/sso", "/metadata")
    (tmp_path / "idp.xml").write_bytes(server.metadata())
    ours = {name: server.settings()[name] for name in ("directory", "entity_id", "acs_url", "allow_plain")}
    settings = SamlSettings(**ours, metadata_file=str(tmp_path / "idp.xml"))
    assert (settings.idp.entity_id, settings.idp.sso_url) == (server.entity_id, server.url)
    assert round_trip(server, SamlProvider(settings)).account.subject == "id-alice"
    http = Outbound(OutboundSettings(allow_plain=True))
    told, document = fetch(http, url)
    assert (told.entity_id, document) == (server.entity_id, server.metadata())
    with pytest.raises(DirectoryLying, match=r"no such SAML 2\.0 provider"):
        fetch(http, url, "https://another.example")
    with pytest.raises(DirectoryUnreachable, match="HTTP 400"):
        fetch(http, server.url)


def test_nobody_is_sent_to_an_address_that_the_browser_was_not_meant_for(server: SamlServer) -> None:
    provider = SamlProvider(SamlSettings(**server.settings()))
    url = provider.begin(clock.now(), request_id=request_id(), relay_state="/a?b=c&d=é")
    assert (
        urlsplit(url)._replace(query="").geturl(),
        urlsplit(url).query.split("&")[1],
    ) == (server.url, "RelayState=%2Fa%3Fb%3Dc%26d%3D%C3%A9")
