"""The reader against a real slapd: what it reads, in what pieces, and what it says when it cannot."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.collect.directories.slapd import (
    READER,
    SUFFIX,
    Slapd,
    certificates,
    folders,
    free_port,
    group,
    needs_slapd,
    person,
)
from watchword.collect.directories.ldap import LdapReader
from watchword.collect.directories.ldap_line import START_TLS
from watchword.collect.directories.ldap_settings import LdapSettings
from watchword.errors import (
    DirectoryDenied,
    DirectoryError,
    DirectoryUnreachable,
    DirectoryUntrusted,
)
from watchword.model.directory import DirectoryAccount, DirectoryGroup, DirectoryReader

# bonsai leaves the socket pair of a connection that failed to the garbage collector.
pytestmark = [needs_slapd, pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")]


def reader(slapd: Slapd, **changes: Any) -> LdapReader:
    return LdapReader(LdapSettings(**slapd.settings(**changes)))


def by_name(found: Iterator[DirectoryAccount]) -> dict[str, DirectoryAccount]:
    return {account.user_name: account for account in found}


def groups(found: Iterator[DirectoryGroup]) -> dict[str, DirectoryGroup]:
    return {one.display_name: one for one in found}


def test_it_is_a_reader_of_directories(company: Slapd) -> None:
    typed: DirectoryReader = reader(company)
    assert next(typed.accounts()).directory == "company"


@pytest.mark.parametrize("kind", ["ldaps", "starttls"])
def test_people_are_read_over_both_kinds_of_tls(company: Slapd, kind: str) -> None:
    urls = (company.tls_url if kind == "ldaps" else company.url,)
    found = by_name(reader(company, urls=urls).accounts())
    assert sorted(found) == ["alice", "bob", "csharp", "ended", "locked", "open", "resets"]
    alice = found["alice"]
    assert alice.display_name == "Alice Ångström"
    assert alice.employee_number == "00123"
    assert (alice.mail, alice.mail_verified) == ("alice@abc.example", None)
    assert alice.created is not None
    assert alice.created.tzinfo is not None
    assert (alice.enabled, alice.locked, alice.expires, alice.factors) == (None, None, None, None)


def test_states_of_accounts_are_read(company: Slapd) -> None:
    found = by_name(reader(company).accounts())
    assert found["locked"].locked is True
    assert found["ended"].expires is not None
    assert found["ended"].expires.isoformat() == "1970-01-02T00:00:00+00:00"
    assert found["resets"].attributes["must_change_password"] is True


def test_a_manager_is_named_by_id_whatever_the_spelling_of_the_dn(company: Slapd) -> None:
    found = by_name(reader(company).accounts())
    assert found["bob"].manager == found["alice"].subject


def test_groups_name_their_direct_members_by_id(company: Slapd) -> None:
    read = reader(company)
    people, found = by_name(read.accounts()), groups(read.groups())
    assert found["engineers"].accounts == (people["alice"].subject, people["csharp"].subject)
    assert found["everybody"].accounts == (people["bob"].subject,)
    assert found["everybody"].groups == (found["engineers"].subject,)
    assert found["unique"].accounts == (people["alice"].subject,)


def test_circles_of_groups_are_told_as_they_are(company: Slapd) -> None:
    found = groups(reader(company).groups())
    assert found["outer"].groups == (found["inner"].subject,)
    assert set(found["inner"].groups) == {found["outer"].subject, found["inner"].subject}


def test_user_names_of_unix_groups_are_found_whatever_their_case(company: Slapd) -> None:
    read = reader(company)
    people, found = by_name(read.accounts()), groups(read.groups())
    assert found["unix"].accounts == (people["alice"].subject, people["bob"].subject)


def test_members_who_are_nowhere_are_faults_with_their_names(company: Slapd) -> None:
    read = reader(company)
    list(read.groups())
    told = {fault.where.partition(",")[0]: fault.what for fault in read.faults}
    assert "uid=gone" in told["cn=everybody"]
    assert told["cn=unix"].endswith("nobody")
    assert set(told) == {"cn=everybody", "cn=unix"}


def test_groups_can_be_read_before_accounts(company: Slapd) -> None:
    assert groups(reader(company).groups()) == groups(reader(company).groups())


def test_filters_and_bases_narrow_what_is_read(company: Slapd) -> None:
    read = reader(
        company, user_filter="(uid=bob)", user_base=f"ou=people,{SUFFIX}", group_filter="(cn=everybody)"
    )
    assert list(by_name(read.accounts())) == ["bob"]
    assert list(groups(read.groups())) == ["everybody"]
    # Its group and its manager are no longer among what was read.
    assert {fault.what.partition(":")[0] for fault in read.faults} == {
        "its manager is no account that was read",
        "2 of its members are no account or group that was read",
    }


NAMES = [f"p{number:04d}" for number in range(3000)]


@contextmanager
def three_thousand(folder: Path, limits: str) -> Iterator[Slapd]:
    """A directory of 3,000 people in one group."""
    slapd = Slapd(folder, limits=limits)
    slapd.prepare([*folders(), *map(person, NAMES), group("all", NAMES)])
    try:
        slapd.start()
        yield slapd
    finally:
        slapd.stop()


def test_three_thousand_people_are_read_in_pages_whatever_one_page_may_hold(tmp_path: Path) -> None:
    # No answer may hold more than 200 entries; all pages together may.
    limits = f'limits dn.exact="{READER}" size.soft=200 size.hard=200 size.pr=150 size.prtotal=unlimited'
    with three_thousand(tmp_path / "many", limits) as slapd:
        read = reader(slapd, page_size=100)
        assert sorted(by_name(read.accounts())) == NAMES
        assert len(groups(read.groups())["all"].accounts) == 3000
        assert read.faults == []
        with pytest.raises(DirectoryError, match="more than 2999 entries"):
            list(reader(slapd, page_size=100, most_entries=2999).accounts())
        assert len(list(reader(slapd, page_size=100, most_entries=3000).accounts())) == 3000


def test_a_size_limit_of_the_server_is_an_error_and_never_a_shorter_list(tmp_path: Path) -> None:
    with (
        three_thousand(tmp_path / "many", "sizelimit 500") as slapd,
        pytest.raises(DirectoryDenied, match="size limit"),
    ):
        list(reader(slapd, page_size=100).accounts())


REFUSALS = {
    "wrong password": ({"bind_password": "wrong"}, DirectoryDenied, "Invalid credentials"),
    "unknown account": ({"bind_dn": f"cn=none,{SUFFIX}"}, DirectoryDenied, "Invalid credentials"),
    "no such base": ({"base_dn": "dc=nowhere"}, DirectoryDenied, "no such base"),
    "no such user base": ({"user_base": f"ou=none,{SUFFIX}"}, DirectoryDenied, "no such base"),
    "no account at all": ({"user_filter": "(uid=none)"}, DirectoryDenied, "shows no account"),
}


@pytest.mark.parametrize("case", sorted(REFUSALS))
def test_what_the_directory_refuses_is_an_error_with_remedy(company: Slapd, case: str) -> None:
    changes, kind, words = REFUSALS[case]
    with pytest.raises(kind, match=words) as caught:
        list(reader(company, **changes).accounts())
    assert company.tls_url in caught.value.where
    assert caught.value.remedy
    assert "reader-password" not in caught.value.diagnosis()


def test_an_account_that_may_not_read_is_told_so(company: Slapd) -> None:
    with pytest.raises(DirectoryDenied):
        list(
            reader(
                company, bind_dn=f"uid=alice,ou=people,{SUFFIX}", bind_password="alice-password"
            ).accounts()
        )


@pytest.mark.parametrize("kind", ["ldaps", "starttls"])
def test_another_authority_is_not_trusted(company: Slapd, tmp_path: Path, kind: str) -> None:
    other = certificates(tmp_path, called="somebody else")
    urls = (company.tls_url if kind == "ldaps" else company.url,)
    with pytest.raises(DirectoryUntrusted, match="certificate is not accepted"):
        list(reader(company, urls=urls, ca_file=str(other.ca)).accounts())


@pytest.mark.parametrize("kind", ["ldaps", "starttls"])
@pytest.mark.parametrize("wrong", ["ended", "name"])
def test_a_certificate_of_another_name_or_time_is_not_trusted(tmp_path: Path, wrong: str, kind: str) -> None:
    names = ("other.example",) if wrong == "name" else ("127.0.0.1",)
    with Slapd.started(tmp_path / "slapd", names=names, ended_certificate=wrong == "ended") as slapd:
        urls = (slapd.tls_url if kind == "ldaps" else slapd.url,)
        with pytest.raises(DirectoryUntrusted, match="IP address mismatch" if wrong == "name" else "expired"):
            list(reader(slapd, urls=urls).accounts())


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_the_name_in_the_address_is_the_one_that_is_verified(tmp_path: Path, name: str) -> None:
    with Slapd.started(tmp_path / "slapd", names=(name,)) as slapd:
        slapd.add(person("alice"))
        for asked in ("127.0.0.1", "localhost"):
            read = reader(slapd, urls=(f"ldaps://{asked}:{slapd.tls_port}",))
            if asked == name:
                assert len(list(read.accounts())) == 1
            else:
                with pytest.raises(DirectoryUntrusted, match="mismatch"):
                    list(read.accounts())


def test_a_file_of_authorities_that_holds_none_is_named(company: Slapd, tmp_path: Path) -> None:
    empty = tmp_path / "ca.pem"
    empty.write_text("no certificate")
    with pytest.raises(DirectoryUntrusted, match="holds no certificate") as caught:
        list(reader(company, ca_file=str(empty)).accounts())
    assert caught.value.where == str(empty)


def test_without_a_file_the_systems_authorities_are_asked(company: Slapd) -> None:
    with pytest.raises(DirectoryUntrusted, match="certificate is not accepted"):
        list(reader(company, ca_file="").accounts())


GARBAGE = {
    "text": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "length without end": bytes.fromhex("30847fffffff"),
    "length of lengths": bytes.fromhex("30ff") + b"\xff" * 64,
    "indefinite length": bytes.fromhex("3080020101"),
    "zeros": b"\0" * 64,
    "a bind that never was": bytes.fromhex("300c02016361070a010004000400"),
    "a short bind": bytes.fromhex("30070201016102 0a01".replace(" ", "")),
}


@pytest.mark.parametrize("case", sorted(GARBAGE))
def test_an_answer_that_is_no_ldap_is_an_error_in_time(company: Slapd, case: str) -> None:
    def answer(connection: socket.socket) -> None:
        if connection.recv(4096):
            connection.sendall(GARBAGE[case])
            connection.recv(4096)

    with listening(answer) as port, pytest.raises(DirectoryError):
        list(
            reader(
                company,
                urls=(f"ldap://127.0.0.1:{port}",),
                tls="none",
                allow_plain=True,
                connect_timeout=0.3,
            ).accounts()
        )


def test_a_server_without_tls_is_told_nothing(company: Slapd, tmp_path: Path) -> None:
    heard: list[bytes] = []
    with (
        listening(lambda connection: heard.append(connection.recv(4096))) as port,
        pytest.raises((DirectoryUnreachable, DirectoryUntrusted)),
    ):
        list(reader(company, urls=(f"ldap://127.0.0.1:{port}",), connect_timeout=0.5).accounts())
    assert all(READER.encode() not in one for one in heard)
    assert heard == [START_TLS]


REFUSED_TLS = bytes.fromhex("300c02010178070a0134040004 00".replace(" ", ""))


def test_a_server_that_refuses_starttls_is_not_trusted(company: Slapd) -> None:
    def refuse(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(REFUSED_TLS)
        connection.recv(4096)

    with listening(refuse) as port, pytest.raises(DirectoryUntrusted, match="StartTLS"):
        list(reader(company, urls=(f"ldap://127.0.0.1:{port}",)).accounts())


def test_a_server_that_is_down_is_unreachable(company: Slapd) -> None:
    with pytest.raises(DirectoryUnreachable, match="refused") as caught:
        list(reader(company, urls=(f"ldaps://127.0.0.1:{free_port()}",)).accounts())
    assert caught.value.remedy


def test_the_next_server_is_asked_where_one_is_down(company: Slapd) -> None:
    urls = (f"ldaps://127.0.0.1:{free_port()}", company.url)
    assert len(list(reader(company, urls=urls).accounts())) == 7


def test_the_next_server_is_not_asked_where_one_cannot_prove_itself(company: Slapd, tmp_path: Path) -> None:
    with (
        Slapd.started(tmp_path / "false", names=("other.example",)) as false,
        pytest.raises(DirectoryUntrusted),
    ):
        list(reader(company, urls=(false.tls_url, company.tls_url)).accounts())


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
def test_a_server_that_accepts_and_never_answers_is_given_up(company: Slapd, scheme: str) -> None:
    ticks = 0
    ended = threading.Event()

    def tick() -> None:
        nonlocal ticks
        while not ended.wait(0.01):
            ticks += 1

    clock = threading.Thread(target=tick)
    clock.start()
    try:
        with (
            listening(lambda connection: time.sleep(3)) as port,
            pytest.raises(DirectoryUnreachable, match=r"within 0\.5 s"),
        ):
            list(reader(company, urls=(f"{scheme}://127.0.0.1:{port}",), connect_timeout=0.5).accounts())
    finally:
        ended.set()
        clock.join()
    # Others could work meanwhile.
    assert ticks > 5


def test_a_server_that_ends_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    with Slapd.started(tmp_path / "slapd") as slapd:
        slapd.add(*(person(f"p{number}") for number in range(30)))
        found = reader(slapd, page_size=5, timeout=2).accounts()
        assert next(found).user_name == "p0"
        slapd.stop()
        with pytest.raises(DirectoryError):
            list(found)


def test_parts_on_other_servers_are_not_followed_and_told(tmp_path: Path) -> None:
    with Slapd.started(tmp_path / "slapd") as slapd:
        slapd.add(
            person("alice"),
            (
                f"ou=away,{SUFFIX}",
                {
                    "objectClass": ["referral", "extensibleObject"],
                    "ou": "away",
                    "ref": f"ldap://127.0.0.1:1/ou=away,{SUFFIX}",
                },
            ),
        )
        read = reader(slapd)
        assert list(by_name(read.accounts())) == ["alice"]
        assert [fault.where for fault in read.faults] == [f"ldap://127.0.0.1:1/ou=away,{SUFFIX}??sub"]
        away = reader(slapd, base_dn=f"ou=away,{SUFFIX}")
        with pytest.raises(DirectoryDenied):
            list(away.accounts())


@contextmanager
def listening(served: Any) -> Iterator[int]:
    """A socket that accepts; ``served`` is called with each connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threads: list[threading.Thread] = []

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    served(connection)

        threads.append(threading.Thread(target=accept, daemon=True))
        threads[0].start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
