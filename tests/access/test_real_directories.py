"""Real peers through the whole way: a slapd whose people come, nest, leave; a user pool and an identity store of the lab."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.access.fakes import NOW, later, members, owner, people, records, states
from tests.collect.directories.slapd import SUFFIX, Slapd, group, group_dn, needs_slapd, person
from tests.collect.directories.test_aws_readers import cognito, pool
from tests.lab.conftest import client, lab_endpoint, lab_server
from watchword.access.directories import directory_of, reader_of, synchronise
from watchword.aws import AwsSettings
from watchword.collect.directories.configured import read
from watchword.collect.directories.ldap import LdapReader
from watchword.collect.directories.ldap_settings import LdapSettings
from watchword.errors import DirectoryError, UsageError
from watchword.model.people import PrincipalStatus
from watchword.store.state import directory_records
from watchword.store.state.database import Database

__all__ = ["client", "lab_endpoint", "lab_server"]

TABLE = {"kind": "ldap"}


def by_user(database: Database, user_name: str) -> str:
    from sqlalchemy import select

    from watchword.store.state.accounts import accounts

    with database.reading() as connection:
        return str(connection.scalar(select(accounts.c.subject).where(accounts.c.user_name == user_name)))


@needs_slapd
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_people_of_a_real_slapd_come_nest_and_leave(database: Database, tmp_path: Path) -> None:
    outer = group("all", [group_dn("team")])
    inner = group("team", [f"uid={name},ou=people,{SUFFIX}" for name in ("anna", "bert")] + [group_dn("all")])
    with Slapd.started(tmp_path / "slapd") as slapd:
        slapd.add(person("anna"), person("bert"), person("cleo"), outer, inner)

        def reading() -> LdapReader:
            return LdapReader(LdapSettings(**slapd.settings()))

        corp = directory_of(LdapSettings(**slapd.settings()).directory, TABLE)
        told = synchronise(database, reading(), corp, NOW)
        assert (told.counts["accounts"], told.counts["groups"]) == (3, 2)
        before = len(records(database))
        synchronise(database, reading(), corp, later(1))
        assert len(records(database)) == before
        anna, bert = by_user(database, "anna"), by_user(database, "bert")
        (all_id,) = {one.subject for one in reading().groups() if one.display_name == "all"}
        assert members(database, all_id) == {anna, bert}
        slapd.remove(f"uid=bert,ou=people,{SUFFIX}")
        told = synchronise(database, reading(), corp, later(2))
        assert (told.counts["gone"], told.suspended) == (1, 1)
        assert states(database)[bert] == "gone"
        assert owner(database, f"{corp.id}/{bert}").status is PrincipalStatus.SUSPENDED
        assert members(database, all_id) == {anna}
    with pytest.raises(DirectoryError):
        synchronise(database, reading(), corp, later(3))
    with database.reading() as connection:
        row = directory_records.require(connection, corp.id)
    assert row.last_sync == later(2)
    assert row.last_error
    assert owner(database, f"{corp.id}/{anna}").status is PrincipalStatus.ACTIVE


def test_guests_of_a_real_user_pool_wait_for_a_sponsor(
    database: Database, client: Callable[..., Any], lab_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    reader = cognito(
        AwsSettings(endpoint_url=lab_endpoint, region="us-east-1"),
        pool(client("cognito-idp")),
        people="guest",
    )
    told = synchronise(database, reader, directory_of("pool", {"kind": "cognito"}), NOW)
    assert (told.counts["accounts"], told.counts["without principal"]) == (2, 2)
    assert people(database) == {}
    assert {one.what for one in told.faults} == {"a guest without sponsor and end date"}


def test_directories_that_are_not_read_say_how_their_people_come() -> None:
    tables = {
        "saas": {"kind": "scim", "token_sha256": ["a" * 64]},
        "login": {"kind": "oidc", "issuer": "https://login.example.com", "client_id": "x"},
    }
    found = read(tables, {})
    for name, how in (("saas", "pushes"), ("login", "signing in")):
        with pytest.raises(UsageError, match=how):
            reader_of(found[name], AwsSettings())  # type: ignore[index]
