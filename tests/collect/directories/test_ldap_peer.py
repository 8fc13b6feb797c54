"""The reader against directories that lie, break off, keep back, or are Active Directory."""

from __future__ import annotations

import dataclasses
import sys
import threading
from collections.abc import Callable
from uuid import UUID

import pytest

from tests.collect.directories.ldap_peer import Answer, Attributes, Peer, Search, directory
from watchword.collect.directories.ldap import ACTIVE_DIRECTORY, MOST_FAULTS, LdapReader
from watchword.collect.directories.ldap_connection import connect
from watchword.collect.directories.ldap_settings import Flavour, LdapSettings
from watchword.collect.directories.ldap_sign_in import LdapSignIn
from watchword.errors import (
    DirectoryDenied,
    DirectoryError,
    DirectoryLying,
    DirectoryUnreachable,
    UsageError,
)
from watchword.model.directory import AccountKind, DirectoryAccount, DirectoryGroup

pytest.importorskip("bonsai", reason="bonsai is not installed")
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

BASE = "dc=abc,dc=example"
ROOT = {"supportedCapabilities": [ACTIVE_DIRECTORY]}


def id_of(number: int) -> str:
    return str(UUID(int=number))


def person(name: str, number: int, **more: list[bytes]) -> tuple[str, Attributes]:
    return (
        f"uid={name},{BASE}",
        {
            "objectClass": [b"person"],
            "uid": [name.encode()],
            "entryUUID": [id_of(number).encode()],
            **more,
        },
    )


def group(name: str, number: int, *members: str) -> tuple[str, Attributes]:
    return (
        f"cn={name},{BASE}",
        {
            "objectClass": [b"groupOfNames"],
            "cn": [name.encode()],
            "entryUUID": [id_of(number).encode()],
            "member": [member.encode() for member in members],
        },
    )


def ad(name: str, number: int, kind: str = "user", **more: list[bytes]) -> tuple[str, Attributes]:
    return (
        f"CN={name},{BASE}",
        {
            "objectClass": [b"top", kind.encode()],
            "objectCategory": [b"person" if kind == "user" else kind.encode()],
            "cn": [name.encode()],
            "sAMAccountName": [name.encode()],
            "objectGUID": [UUID(int=number).bytes_le],
            **more,
        },
    )


def read(
    answers: Callable[[Search], Answer], **changes: object
) -> tuple[LdapReader, list[DirectoryAccount], list[DirectoryGroup]]:
    with Peer(answers).running() as peer:
        reader = LdapReader(LdapSettings(**peer.settings(**changes)))
        return reader, list(reader.accounts()), list(reader.groups())


def test_of_two_entries_with_one_id_neither_is_believed() -> None:
    reader, accounts, groups = read(
        directory(
            person("honest", 1),
            person("one", 7),
            person("two", 7),
            group("all", 9, f"uid=honest,{BASE}", f"uid=one,{BASE}"),
        )
    )
    assert [account.user_name for account in accounts] == ["honest"]
    assert groups[0].accounts == (id_of(1),)
    told = [fault for fault in reader.faults if "none of them is believed" in fault.what]
    assert [fault.where for fault in told] == [f"uid=one,{BASE}", f"uid=two,{BASE}"]


def test_who_is_not_believed_is_in_no_group_and_nobodys_manager() -> None:
    unix = (
        f"cn=unix,{BASE}",
        {
            "objectClass": [b"posixGroup"],
            "cn": [b"unix"],
            "entryUUID": [id_of(20).encode()],
            "memberUid": [b"one", b"honest"],
        },
    )
    reader, accounts, groups = read(
        directory(
            person("honest", 1, manager=[f"uid=one,{BASE}".encode()]),
            person("one", 7),
            person("two", 7),
            group("twin", 8),
            group("double", 8),
            group("all", 9, f"cn=twin,{BASE}", f"uid=two,{BASE}", f"uid=honest,{BASE}"),
            unix,
        )
    )
    assert [account.manager for account in accounts] == [""]
    assert {one.display_name: (one.accounts, one.groups) for one in groups} == {
        "all": ((id_of(1),), ()),
        "unix": ((id_of(1),), ()),
    }
    assert any("2 of its members" in fault.what for fault in reader.faults)


def test_a_user_name_that_two_accounts_have_is_no_member() -> None:
    unix = {
        "objectClass": [b"posixGroup"],
        "cn": [b"unix"],
        "entryUUID": [id_of(20).encode()],
        "memberUid": [b"twin", b"alice"],
    }
    other = (f"uid=twin,ou=other,{BASE}", person("Twin", 2)[1])
    reader, accounts, [group_] = read(
        directory(person("twin", 1), other, person("alice", 3), (f"cn=unix,{BASE}", unix))
    )
    assert len(accounts) == 3
    assert group_.accounts == (id_of(3),)
    assert reader.faults[0].what.endswith("read: twin")


def test_an_account_that_is_not_believed_has_no_primary_group() -> None:
    _, _, [admins] = read(
        directory(
            ad("one", 7, primaryGroupID=[b"512"]),
            ad("two", 7, primaryGroupID=[b"512"]),
            ad("alice", 1, primaryGroupID=[b"512"]),
            ad("Domain Admins", 3, kind="group", primaryGroupToken=[b"512"]),
            root=ROOT,
        )
    )
    assert admins.accounts == (id_of(1),)


def test_an_account_and_a_group_with_one_id_are_not_believed_either() -> None:
    reader, accounts, groups = read(
        directory(person("honest", 1), person("one", 7), group("all", 7, f"uid=honest,{BASE}"))
    )
    assert [account.user_name for account in accounts] == ["honest"]
    assert groups == []
    assert len(reader.faults) == 2


def test_of_two_entries_with_one_name_neither_is_believed() -> None:
    twin = (f"UID = Honest , {BASE}", person("x", 8)[1])
    _, accounts, _ = read(directory(person("honest", 1), twin, person("other", 2)))
    assert [account.user_name for account in accounts] == ["other"]


def test_entries_without_id_or_name_are_faults_and_the_rest_is_read() -> None:
    dn, values = person("nameless", 3)
    reader, accounts, _ = read(
        directory(
            (f"uid=idless,{BASE}", {"objectClass": [b"person"], "uid": [b"idless"]}),
            (dn, {name: value for name, value in values.items() if name != "uid"}),
            person("wrong", 4, entryUUID=[b"not-an-id"]),
            person("alice", 1),
        )
    )
    assert [account.user_name for account in accounts] == ["alice"]
    assert {fault.where.partition(",")[0]: fault.what for fault in reader.faults} == {
        "uid=idless": "it has no entryUUID",
        "uid=nameless": "it has no uid",
        "uid=wrong": "its entryUUID cannot be read",
    }


def test_bytes_that_are_no_text_are_faults_of_their_attribute() -> None:
    reader, [alice], _ = read(directory(person("alice", 1, mail=[b"\xff\xfe"], displayName=[b"Alice"])))
    assert (alice.mail, alice.display_name) == ("", "Alice")
    assert [fault.what for fault in reader.faults] == ["mail is not UTF-8"]


@pytest.mark.parametrize("text", ["TRUE", "FALSE", "12", "00123", "-7", "1_000", "٣"])
def test_a_value_is_what_was_written_whatever_it_looks_like(text: str) -> None:
    raw = [text.encode()]
    _, [alice], _ = read(directory(person("alice", 1, uid=raw, displayName=raw, employeeNumber=raw)))
    assert (alice.user_name, alice.display_name, alice.employee_number) == (text, text, text)


@pytest.mark.parametrize(
    "name", ["C# Dev", "a\\=b", "x\\,y", "#1", "Ünï\\+", "two  spaces", 'q\\"uote', "a=b", "no\\5c"]
)
def test_any_legal_name_is_read(name: str) -> None:
    entry = (f"cn={name},{BASE}", person("x", 1)[1])
    reader, accounts, groups = read(directory(entry, group("g", 2, f"CN={name}, {BASE}")))
    assert len(accounts) == 1
    assert groups[0].accounts == (id_of(1),)
    assert reader.faults == []


def test_a_name_that_is_none_ends_nothing() -> None:
    reader, accounts, _ = read(directory(("no name at all", person("x", 1)[1]), person("alice", 2)))
    assert [account.user_name for account in accounts] == ["x", "alice"]
    assert "is no DN" in reader.faults[0].what


def paged(answers: list[Answer]) -> Callable[[Search], Answer]:
    """Says these pages to each paged search, and what an honest directory says to the rest."""
    honest = directory()
    left: list[Answer] = []

    def answer(asked: Search) -> Answer:
        if not asked.page:
            return honest(asked)
        if not asked.cookie:
            left[:] = answers
        return left.pop(0)

    return answer


def test_pages_that_are_empty_and_do_not_end_are_a_lie() -> None:
    def endless(asked: Search) -> Answer:
        return Answer(cookie=b"more") if asked.page else directory()(asked)

    with pytest.raises(DirectoryLying, match="do not end"):
        read(endless)


def test_pages_that_repeat_without_end_are_stopped_at_the_limit() -> None:
    def endless(asked: Search) -> Answer:
        return Answer([person("alice", 1)], cookie=b"more") if asked.page else directory()(asked)

    with pytest.raises(DirectoryError, match="more than 50 entries"):
        read(endless, most_entries=50)


BREAKS = {
    "cut": (Answer([person("a", 1)], cut=True), DirectoryUnreachable),
    "silent": (Answer([person("a", 1)], silent=True), DirectoryUnreachable),
    "busy": (Answer([person("a", 1)], code=51, words="busy"), DirectoryError),
    "time": (Answer([person("a", 1)], code=3, words="took too long"), DirectoryUnreachable),
    "admin": (Answer([person("a", 1)], code=11, words="too much"), DirectoryUnreachable),
    "size": (Answer([person("a", 1)], code=4, words="enough"), DirectoryDenied),
    "denied": (Answer([person("a", 1)], code=50, words="no"), DirectoryDenied),
    "unknown": (Answer([person("a", 1)], code=80, words="internal\nerror"), DirectoryError),
}


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("case", sorted(BREAKS))
def test_an_answer_that_breaks_off_is_an_error_and_never_a_shorter_list(case: str, place: int) -> None:
    broken, kind = BREAKS[case]
    pages = [Answer([person("b", 2)], cookie=b"more"), broken] if place else [broken]
    with pytest.raises(kind) as caught:
        read(paged(pages), timeout=0.3)
    assert "\n" not in caught.value.what


def test_others_work_while_a_server_thinks_about_a_bind() -> None:
    ticks: list[int] = []
    ended = threading.Event()

    def slow(dn: str, password: bytes) -> tuple[int, str]:
        ended.wait(0.4)
        return 49, "no"

    def tick() -> None:
        while not ended.wait(0.01):
            ticks.append(1)

    with Peer(directory(), slow).running() as peer:
        other = threading.Thread(target=tick)
        other.start()
        try:
            with pytest.raises(DirectoryDenied):
                connect(LdapSettings(**peer.settings()))
        finally:
            ended.set()
            other.join()
    # bonsai's own blocking connection lets nobody else in: one tick at most.
    assert len(ticks) > 5


def test_a_server_that_never_answers_a_bind_is_given_up() -> None:
    def never(dn: str, password: bytes) -> tuple[int, str]:
        threading.Event().wait(2)
        return 0, ""

    with (
        Peer(directory(), never).running() as peer,
        pytest.raises(DirectoryUnreachable, match="not answered in time"),
    ):
        connect(LdapSettings(**peer.settings(connect_timeout=0.3)))


def test_where_bonsai_is_missing_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bonsai", None)
    with Peer(directory()).running() as peer:
        with pytest.raises(UsageError, match="not installed") as caught:
            connect(LdapSettings(**peer.settings()))
        assert "watchword[ldap]" in caught.value.remedy
        assert peer.binds == []


UNREADABLE = {
    "reference": Answer([person("a", 1)], references=["gopher://x"]),
    "name that is no text": Answer([("cn=\udcff,dc=abc", person("a", 1)[1])]),
}


@pytest.mark.parametrize("case", sorted(UNREADABLE))
def test_what_bonsai_cannot_take_apart_is_a_lie(case: str) -> None:
    with pytest.raises(DirectoryLying, match="cannot be read") as caught:
        read(paged([UNREADABLE[case]]))
    assert caught.value.remedy


def test_a_sign_in_that_bonsai_cannot_take_apart_is_a_lie() -> None:
    honest = directory(person("a", 1))

    def answer(asked: Search) -> Answer:
        return UNREADABLE["name that is no text"] if asked.scope else honest(asked)

    with Peer(answer).running() as peer, pytest.raises(DirectoryLying):
        LdapSignIn(LdapSettings(**peer.settings())).check("a", "password")


def test_faults_are_bounded() -> None:
    people = [person(f"p{number}", number + 1, mail=[b"\xff"]) for number in range(MOST_FAULTS + 50)]
    reader, accounts, _ = read(directory(*people))
    assert len(accounts) == len(people)
    assert len(reader.faults) == MOST_FAULTS + 1
    assert "more than" in reader.faults[-1].what


ALICE = ad(
    "alice",
    1,
    userAccountControl=[b"66050"],
    accountExpires=[b"9223372036854775807"],
    lastLogonTimestamp=[b"133500000000000000"],
    userPrincipalName=[b"alice@abc.example"],
    primaryGroupID=[b"512"],
    employeeID=[b"007"],
    **{"msDS-User-Account-Control-Computed": [b"16"]},
)


def test_active_directory_is_recognised_and_read() -> None:
    reader, accounts, groups = read(
        directory(
            ALICE,
            ad("svc$", 2, kind="msDS-GroupManagedServiceAccount", userAccountControl=[b"4096"]),
            ad(
                "Domain Admins",
                3,
                kind="group",
                primaryGroupToken=[b"512"],
                member=[f"CN=svc$,{BASE}".encode()],
            ),
            root=ROOT,
        )
    )
    alice, service = accounts
    assert alice.subject == id_of(1)
    assert (alice.user_name, alice.employee_number) == ("alice", "007")
    assert (alice.enabled, alice.locked, alice.expires) == (False, True, None)
    assert alice.attributes["password_never_expires"] is True
    assert service.kind is AccountKind.WORKLOAD
    # A primary group has its people without naming them: who looks at member alone misses an administrator.
    assert groups[0].accounts == (service.subject, alice.subject)
    assert reader.faults == []


def ranges(size: int, step: int, *, stuck: bool = False, gone: bool = False) -> Callable[[Search], Answer]:
    """A domain whose one group has ``size`` members and gives ``step`` of them at a time."""
    people = [ad(f"p{number}", number + 1) for number in range(size)]
    names = [dn.encode() for dn, _ in people]
    dn, own = ad("big", 10_000, kind="group")
    honest = directory(*people, (dn, own), root=ROOT)

    def answer(asked: Search) -> Answer:
        wanted = [name for name in asked.attributes if name.startswith("member")]
        if not wanted or (asked.scope == 0 and asked.base != dn):
            return honest(asked)
        if gone and "=" in wanted[0]:
            return Answer([(dn, own)])
        begin = int(wanted[0].partition("=")[2].partition("-")[0] or "0")
        end = begin + step
        last = "*" if end >= size else str(end - 1)
        if stuck and begin:
            begin, end, last = 0, step, str(step - 1)
        shown = {f"member;range={begin}-{last}": names[begin:end]}
        return Answer([(dn, {**own, "member": [], **shown})])

    return answer


@pytest.mark.parametrize(("size", "step"), [(25, 10), (20, 10), (9, 10), (10, 10), (1, 1)])
def test_members_that_active_directory_keeps_back_are_asked_for(size: int, step: int) -> None:
    reader, _, [big] = read(ranges(size, step))
    assert big.accounts == tuple(id_of(number + 1) for number in range(size))
    assert reader.faults == []


@pytest.mark.parametrize("how", ["stuck", "gone"])
def test_ranges_that_do_not_come_to_their_end_are_a_fault(how: str) -> None:
    reader, _, [big] = read(ranges(25, 10, **{how: True}))
    assert len(big.accounts) == 10
    assert "up to number 10 only" in reader.faults[0].what


def test_the_parts_that_every_domain_refers_to_are_no_faults() -> None:
    honest = directory(ALICE, root=ROOT)
    parts = [
        f"ldap://ForestDnsZones.abc.example/DC=ForestDnsZones,{BASE}",
        f"ldap://DomainDnsZones.abc.example/DC=DomainDnsZones,{BASE}",
        f"ldap://abc.example/CN=Configuration,{BASE}",
        f"ldap://child.abc.example/DC=child,{BASE}",
    ]

    def answer(asked: Search) -> Answer:
        told = honest(asked)
        return dataclasses.replace(told, references=parts) if asked.page else told

    reader, accounts, _ = read(answer)
    assert len(accounts) == 1
    assert [fault.where for fault in reader.faults] == [f"ldap://child.abc.example:389/DC=child,{BASE}"]


def test_the_flavour_of_the_settings_stands_before_what_the_root_says() -> None:
    _, accounts, _ = read(directory(ALICE), flavour=Flavour.ACTIVE_DIRECTORY)
    assert accounts[0].user_name == "alice"
