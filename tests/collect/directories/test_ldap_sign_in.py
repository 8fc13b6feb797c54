"""Signing in: each test names the step that it would break.  Against a real slapd, and a peer that shows what it was sent."""

from __future__ import annotations

import gc
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.collect.directories.ldap_peer import Answer, Peer, directory
from tests.collect.directories.slapd import SUFFIX, Slapd, folders, needs_slapd, person
from watchword.collect.directories import ldap_connection
from watchword.collect.directories.ldap import ACTIVE_DIRECTORY
from watchword.collect.directories.ldap_connection import LdapRefused, bind, connect
from watchword.collect.directories.ldap_names import equals
from watchword.collect.directories.ldap_settings import LdapSettings
from watchword.collect.directories.ldap_sign_in import LdapSignIn, reason
from watchword.errors import DirectoryDenied, DirectoryUnreachable, SignInRefused, WatchwordError

pytest.importorskip("bonsai", reason="bonsai is not installed")
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

BASE = "dc=abc,dc=example"
PASSWORD = "pässword of alice"


def sign_in(slapd: Slapd, **changes: Any) -> LdapSignIn:
    return LdapSignIn(LdapSettings(**slapd.settings(**changes)))


def refusal(checks: LdapSignIn, user_name: str, password: str) -> str:
    with pytest.raises(SignInRefused) as caught:
        checks.check(user_name, password)
    text = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caught.value.diagnosis()
    assert password == "" or len(password) < 5 or password not in text
    return caught.value.what


# --- against slapd ---


@needs_slapd
@pytest.mark.parametrize("kind", ["ldaps", "starttls"])
def test_the_right_password_gives_the_account(company: Slapd, kind: str) -> None:
    checks = sign_in(company, urls=(company.tls_url if kind == "ldaps" else company.url,))
    account = checks.check("alice", "alice-password")
    assert (account.user_name, account.employee_number) == ("alice", "00123")
    assert checks.check("ALICE", "alice-password").subject == account.subject
    assert checks.check("open", "open-password").user_name == "open"


REFUSED = {
    "wrong password": ("alice", "bob-password", "wrong password"),
    "no account": ("nobody", "alice-password", "no such account"),
    "no password in the directory": ("csharp", "x", "wrong password"),
    "locked": ("locked", "locked-password", "the account is locked"),
    "ended, which slapd does not mind": ("ended", "ended-password", "the account has expired"),
    "must change": ("resets", "resets-password", "the password must be changed first"),
    "several": ("alice", "alice-password", "several accounts have that name"),
    "by mail": ("alice@abc.example", "alice-password", "no such account"),
    "any": ("*", "alice-password", "no such account"),
    "prefix": ("alic*", "alice-password", "no such account"),
    "or": ("alice)(uid=*", "alice-password", "no such account"),
    "out of the filter": ("*))(|(uid=*", "alice-password", "no such account"),
    "NUL by escape": ("alice\\00", "alice-password", "no such account"),
    "escape": ("\\61lice", "alice-password", "no such account"),
    "DN": (f"uid=alice,ou=people,{SUFFIX}", "alice-password", "no such account"),
}


@needs_slapd
@pytest.mark.parametrize("case", sorted(REFUSED))
def test_nobody_else_gets_in_and_the_log_hears_why(company: Slapd, case: str) -> None:
    user_name, password, why = REFUSED[case]
    changes = {"user_name_attributes": ("uid", "objectClass")} if case == "several" else {}
    if case == "several":
        user_name = "inetOrgPerson"
    assert refusal(sign_in(company, **changes), user_name, password) == why


TYPED = {
    "empty password": ("alice", "", "an empty password"),
    "NUL alone": ("alice", "\0", "a password with NUL in it"),
    "NUL after the password": ("alice", "alice-password\0x", "a password with NUL in it"),
    "long password": ("alice", "é" * 513, "a password of more than 1024 bytes"),
    "password that is no text": ("alice", "\udcff", "a password that is no text"),
    "empty name": ("", "x", "a user name that is empty or longer than 256 characters"),
    "long name": ("a" * 257, "x", "a user name that is empty or longer than 256 characters"),
    "spaces": (" alice", "x", "a user name with spaces around it or characters that cannot be seen"),
    "line": ("alice\n", "x", "a user name with spaces around it or characters that cannot be seen"),
    "NUL name": ("alice\0", "x", "a user name with spaces around it or characters that cannot be seen"),
    "direction": ("ali\u202ece", "x", "a user name with spaces around it or characters that cannot be seen"),
}


@pytest.mark.parametrize("case", sorted(TYPED))
def test_step_1_refuses_what_cannot_be_before_anything_is_sent(case: str) -> None:
    user_name, password, why = TYPED[case]
    with Peer(directory()).running() as peer:
        assert refusal(LdapSignIn(LdapSettings(**peer.settings())), user_name, password) == why
        assert (peer.searches, peer.binds) == ([], [])


@needs_slapd
def test_the_trap_is_there_slapd_lets_an_empty_password_in_where_it_may(tmp_path: Path) -> None:
    # What step 1 protects from: bonsai itself takes the answer for a success.
    import bonsai

    slapd = Slapd(tmp_path / "slapd")
    slapd.prepare([*folders(), person("alice", password="alice-password")])
    configuration = slapd.folder / "slapd.conf"
    configuration.write_text("allow bind_anon_cred bind_anon_dn\n" + configuration.read_text())
    slapd.start()
    try:
        client = bonsai.LDAPClient(slapd.url)
        client.set_credentials("SIMPLE", f"uid=alice,ou=people,{SUFFIX}", "")
        assert client.connect(timeout=5).whoami() == "anonymous"
        assert refusal(sign_in(slapd), "alice", "") == "an empty password"
        for dn, password in ((f"uid=alice,ou=people,{SUFFIX}", ""), ("", "x"), ("", "")):
            with pytest.raises(LdapRefused, match="as nobody"):
                bind(LdapSettings(**slapd.settings()), slapd.tls_url, dn, password)
    finally:
        slapd.stop()


@needs_slapd
def test_three_wrong_passwords_lock_where_the_directory_says_so(tmp_path: Path) -> None:
    with Slapd.started(tmp_path / "slapd") as slapd:
        slapd.add(person("alice", password="alice-password"))
        checks = sign_in(slapd)
        assert checks.check("alice", "alice-password").locked is None
        told = [refusal(checks, "alice", "wrong-password") for _ in range(4)]
        # Step 4 reads after the bind: the third failure shows at once.
        assert told[:2] == ["wrong password", "wrong password"]
        assert told[2:] == ["wrong password; the account is locked", "the account is locked"]
        assert refusal(checks, "alice", "alice-password") == "the account is locked"
        slapd.modify(f"uid=alice,ou=people,{SUFFIX}", pwdAccountLockedTime=())
        assert checks.check("alice", "alice-password").user_name == "alice"


@needs_slapd
def test_a_lock_that_has_run_out_is_the_directorys_to_lift(tmp_path: Path) -> None:
    with Slapd.started(tmp_path / "slapd") as slapd:
        slapd.add(person("alice", password="alice-password"))
        slapd.modify(f"cn=policy,{SUFFIX}", pwdLockoutDuration="1")
        slapd.modify(f"uid=alice,ou=people,{SUFFIX}", pwdAccountLockedTime="20200101000000Z")
        # The bind succeeds and takes the lock away; an entry read before it would still have shown it.
        assert sign_in(slapd).check("alice", "alice-password").locked is None


@needs_slapd
def test_the_password_of_the_reading_account_being_wrong_is_no_refusal_of_the_person(company: Slapd) -> None:
    with pytest.raises(DirectoryDenied):
        sign_in(company, bind_password="wrong").check("alice", "alice-password")


@needs_slapd
def test_many_sign_in_at_once_and_each_gets_their_own_account(company: Slapd) -> None:
    checks = sign_in(company)
    people = ["alice", "bob", "open", "ended"] * 6

    def one(name: str) -> str:
        try:
            return checks.check(name, f"{name}-password").user_name
        except SignInRefused as refused:
            return refused.what

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(one, people))
    assert told == ["alice", "bob", "open", "the account has expired"] * 6


def open_files() -> int:
    """Files and sockets that this process has open."""
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))


@needs_slapd
def test_many_wrong_passwords_leave_nothing_open(company: Slapd) -> None:
    checks = sign_in(company)
    refusal(checks, "nobody", "wrong-password")
    before = open_files()
    for _ in range(20):
        refusal(checks, "nobody", "wrong-password")
    for _ in range(200):  # lines end in threads of their own
        if open_files() <= before:
            break
        time.sleep(0.01)
    assert open_files() <= before


# --- against a peer ---


def alice(**more: list[bytes]) -> tuple[str, dict[str, list[bytes]]]:
    return (
        f"CN=Alice,{BASE}",
        {
            "objectClass": [b"user"],
            "objectCategory": [b"person"],
            "sAMAccountName": [b"alice"],
            "objectGUID": [UUID(int=1).bytes_le],
            "userAccountControl": [b"512"],
            **more,
        },
    )


ROOT = {"supportedCapabilities": [ACTIVE_DIRECTORY]}


def lenient(dn: str, password: bytes) -> tuple[int, str]:
    """A server that lets everybody in who has the right password, whatever the state of the account."""
    return (0, "") if password in {b"reader-password", PASSWORD.encode()} else (49, "no")


STATES: list[tuple[dict[str, list[bytes]], str]] = [
    ({"userAccountControl": [b"514"]}, "the account is disabled"),
    ({"lockoutTime": [b"133500000000000000"]}, "the account is locked"),
    ({"msDS-User-Account-Control-Computed": [b"16"]}, "the account is locked"),
    ({"accountExpires": [b"133500000000000000"]}, "the account has expired"),
    ({"msDS-User-Account-Control-Computed": [b"8388608"]}, "the password has expired"),
    ({"pwdLastSet": [b"0"]}, "the password must be changed first"),
    ({"userAccountControl": [b"262656"]}, "the account signs in by smartcard only"),
    ({"userAccountControl": [b"?"]}, "userAccountControl cannot be read: not a number"),
    ({"objectGUID": []}, "it has no objectGUID"),
    (
        {"userAccountControl": [b"514"], "accountExpires": [b"1"]},
        "the account is disabled; the account has expired",
    ),
]


@pytest.mark.parametrize(("state", "why"), STATES, ids=lambda value: repr(value)[:60])
def test_step_4_refuses_a_closed_account_that_the_server_lets_in(
    state: dict[str, list[bytes]], why: str
) -> None:
    with Peer(directory(alice(**state), root=ROOT), lenient).running() as peer:
        checks = LdapSignIn(LdapSettings(**peer.settings()))
        assert refusal(checks, "alice", PASSWORD) == why
        # Its bind was made like any other: nobody can tell a closed account by the time it takes.
        assert [dn for dn, _ in peer.binds] == [f"cn=reader,{BASE}", f"CN=Alice,{BASE}"]


def test_an_open_account_gets_in_with_its_name_or_principal_name() -> None:
    one = alice(userPrincipalName=[b"alice@abc.example"], accountExpires=[b"0"])
    with Peer(directory(one, root=ROOT), lenient).running() as peer:
        checks = LdapSignIn(LdapSettings(**peer.settings()))
        for name in ("alice", "Alice@ABC.example"):
            assert checks.check(name, PASSWORD).subject == str(UUID(int=1))
        assert peer.binds[-1] == (f"CN=Alice,{BASE}", PASSWORD.encode())


def test_an_account_ends_at_its_instant() -> None:
    one = alice(accountExpires=[b"133500000000000000"])
    ends = datetime(2024, 1, 17, 21, 20, tzinfo=UTC)
    with Peer(directory(one, root=ROOT), lenient).running() as peer:
        given_ = LdapSettings(**peer.settings())
        assert LdapSignIn(given_, now=lambda: ends - timedelta(microseconds=1)).check("alice", PASSWORD)
        assert refusal(LdapSignIn(given_, now=lambda: ends), "alice", PASSWORD) == "the account has expired"


def test_step_3_binds_as_one_that_cannot_exist_where_there_is_none() -> None:
    with Peer(directory(alice(), root=ROOT), lenient).running() as peer:
        checks = LdapSignIn(LdapSettings(**peer.settings()))
        assert refusal(checks, "nobody", PASSWORD) == "no such account"
        assert refusal(checks, "nobody", PASSWORD) == "no such account"
        (_, first, _, second) = peer.binds
        assert first[0].startswith("cn=")
        assert first[0].endswith(f",{BASE}")
        assert first[0] != second[0]
        # The server let both in; being let in as nobody is not enough.
        assert first[1] == PASSWORD.encode()


def test_step_2_takes_one_entry_only() -> None:
    twin = (f"CN=Alice,OU=Other,{BASE}", alice(objectGUID=[UUID(int=2).bytes_le])[1])
    third = (f"CN=Alice,OU=Third,{BASE}", alice(objectGUID=[UUID(int=3).bytes_le])[1])
    honest = directory(alice(), twin, third, root=ROOT)
    with Peer(directory(alice(), twin, root=ROOT), lenient).running() as peer:
        checks = LdapSignIn(LdapSettings(**peer.settings()))
        assert refusal(checks, "alice", PASSWORD) == "several accounts have that name"

    def limited(asked: Any) -> Answer:
        told = honest(asked)
        return Answer(told.entries[:2], code=4) if len(told.entries) > 2 else told

    with Peer(limited, lenient).running() as peer:
        checks = LdapSignIn(LdapSettings(**peer.settings()))
        assert refusal(checks, "alice", PASSWORD) == "several accounts have that name"


def test_an_entry_without_a_name_is_never_bound_as() -> None:
    with Peer(directory(("", alice()[1]), root=ROOT), lenient).running() as peer:
        checks = LdapSignIn(LdapSettings(**peer.settings()))
        with pytest.raises(WatchwordError):
            checks.check("alice", PASSWORD)
        assert all(dn for dn, _ in peer.binds)


def test_an_account_that_goes_while_it_signs_in_is_refused() -> None:
    honest = directory(alice(), root=ROOT)
    with Peer(
        lambda asked: Answer() if asked.scope == 0 and asked.base else honest(asked), lenient
    ).running() as peer:
        checks = LdapSignIn(LdapSettings(**peer.settings()))
        assert refusal(checks, "alice", PASSWORD) == "the account has gone meanwhile"


def test_a_server_that_goes_silent_at_the_bind_lets_nobody_in() -> None:
    def stops(dn: str, password: bytes) -> tuple[int, str]:
        if "Alice" in dn:
            raise OSError
        return 0, ""

    with Peer(directory(alice(), root=ROOT), stops).running() as peer:
        checks = LdapSignIn(LdapSettings(**peer.settings(connect_timeout=0.5)))
        with pytest.raises(DirectoryUnreachable) as caught:
            checks.check("alice", PASSWORD)
        assert PASSWORD not in "".join(traceback.format_exception(caught.value))


WORDS = "80090308: LdapErr: DSID-0C09042F, comment: AcceptSecurityContext error, data {}, v2580"
CODES = {
    "525": "no such account",
    "52e": "wrong password",
    "530": "not permitted to sign in at this time",
    "531": "not permitted to sign in from here",
    "532": "the password has expired",
    "533": "the account is disabled",
    "701": "the account has expired",
    "773": "the password must be changed first",
    "775": "the account is locked",
    "999": "wrong password",
}


@pytest.mark.parametrize("code", sorted(CODES))
def test_the_words_of_active_directory_are_understood(code: str) -> None:
    def refuses(dn: str, password: bytes) -> tuple[int, str]:
        return (49, WORDS.format(code)) if "Alice" in dn else (0, "")

    with Peer(directory(alice(), root=ROOT), refuses).running() as peer:
        assert refusal(LdapSignIn(LdapSettings(**peer.settings())), "alice", PASSWORD) == CODES[code]


REASONS = [
    (49, "Invalid credentials", "wrong password"),
    (-201, "", "the account is locked"),
    (-200, "", "the password has expired"),
    (53, "unwilling", "the directory refuses the account"),
    (50, "data 533", "the directory refuses the account"),
]


@pytest.mark.parametrize(("code", "words", "why"), REASONS)
def test_a_result_code_is_a_reason(code: int, words: str, why: str) -> None:
    assert reason(LdapRefused("x", code=code, words=words)) == why


@pytest.fixture(scope="module")
def asked() -> Iterator[tuple[Peer, Any]]:
    """A peer and a connection to it."""
    with (
        Peer(lambda search: Answer(), lenient).running() as peer,
        connect(LdapSettings(**peer.settings())) as connection,
    ):
        yield peer, connection


@settings(max_examples=300, deadline=None)
@given(
    name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
    | st.sampled_from(sorted("*()\\&|!=<>~"))
)
def test_a_name_is_one_value_to_the_server_whatever_it_holds(asked: tuple[Peer, Any], name: str) -> None:
    peer, connection = asked
    filter_ = f"(&(objectClass=person)(|{equals('uid', name)}{equals('mail', name)}))"
    connection.search(BASE, filter_, ("uid",))
    assert peer.searches[-1].filter == (
        "and",
        ("=", "objectClass", b"person"),
        ("or", ("=", "uid", name.encode()), ("=", "mail", name.encode())),
    )


def test_no_error_of_a_connection_holds_a_password() -> None:
    with (
        Peer(directory(), lambda dn, password: (49, "bad " + "x" * 500)).running() as peer,
        pytest.raises(LdapRefused) as caught,
    ):
        connect(LdapSettings(**peer.settings()))
    text = caught.value.diagnosis() + "".join(traceback.format_exception(caught.value))
    assert "reader-password" not in text
    assert len(caught.value.what) < 300
    assert ldap_connection.LONGEST_WORDS == 200
