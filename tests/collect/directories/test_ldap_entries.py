"""Entries as accounts and groups, in tables: what each attribute says, and what is said of one that cannot be."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.collect.directories import ldap_entries as entries
from watchword.collect.directories.ldap_entries import Entry
from watchword.collect.directories.ldap_settings import Flavour
from watchword.model.directory import AccountKind, DirectoryAccount, DirectoryFault
from watchword.model.people import DirectoryId

COMPANY = DirectoryId("company")
ID = UUID(int=5)


def openldap(**more: str | bytes | list[bytes]) -> Entry:
    return entry({"entryuuid": str(ID), "uid": "alice", **more})


def active_directory(**more: str | bytes | list[bytes]) -> Entry:
    named = {name.replace("_", "-"): value for name, value in more.items()}
    return entry({"objectguid": ID.bytes_le, "samaccountname": "alice", **named})


def entry(values: dict[str, Any]) -> Entry:
    raw = {}
    for name, value in values.items():
        several = value if isinstance(value, list) else [value]
        raw[name.lower()] = tuple(one.encode() if isinstance(one, str) else one for one in several)
    return Entry("uid=alice,dc=abc", raw)


def told(one: Entry, flavour: Flavour) -> DirectoryAccount:
    read = entries.account(one, COMPANY, flavour)
    assert read.account is not None
    assert (read.faults, read.doubtful) == ((), False)
    return read.account


def shown(value: object) -> object:
    return value.isoformat() if hasattr(value, "isoformat") else value


OPENLDAP: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {},
        {"subject": str(ID), "user_name": "alice", "kind": AccountKind.USER, "display_name": "", "mail": ""},
    ),
    ({}, {"enabled": None, "locked": None, "expires": None, "created": None, "last_sign_in": None}),
    ({"cn": "A"}, {"display_name": "A"}),
    ({"cn": "A", "displayName": "B"}, {"display_name": "B"}),
    ({"uid": ["a", "b"]}, {"user_name": "a"}),
    ({"employeeNumber": "0012"}, {"employee_number": "0012"}),
    ({"pwdAccountLockedTime": "000001010000Z"}, {"locked": True}),
    ({"pwdAccountLockedTime": "20240131120000Z"}, {"locked": True}),
    ({"pwdAccountLockedTime": "garbled"}, {"locked": True}),
    ({"pwdChangedTime": "20240131120000Z"}, {"password_changed": "2024-01-31T12:00:00+00:00"}),
    ({"createTimestamp": "20240131120000Z"}, {"created": "2024-01-31T12:00:00+00:00"}),
    ({"authTimestamp": "20240131120000Z"}, {"last_sign_in": "2024-01-31T12:00:00+00:00"}),
    (
        {"authTimestamp": "20240131120000Z", "pwdLastSuccess": "20250131120000.5Z"},
        {"last_sign_in": "2025-01-31T12:00:00.500000+00:00"},
    ),
    ({"shadowExpire": "-1"}, {"expires": None}),
    ({"shadowExpire": "0"}, {"expires": "1970-01-01T00:00:00+00:00"}),
    ({"shadowExpire": "19753"}, {"expires": "2024-01-31T00:00:00+00:00"}),
    (
        {"shadowLastChange": "19700", "shadowMax": "50", "shadowInactive": "3"},
        {"expires": "2024-01-31T00:00:00+00:00"},
    ),
    ({"shadowLastChange": "19700", "shadowMax": "50"}, {"expires": None}),
    ({"shadowLastChange": "19700", "shadowMax": "50", "shadowInactive": "-1"}, {"expires": None}),
    (
        {"shadowLastChange": "19700", "shadowMax": "99", "shadowInactive": "3", "shadowExpire": "19753"},
        {"expires": "2024-01-31T00:00:00+00:00"},
    ),
    ({"nsAccountLock": "true"}, {"enabled": False}),
    ({"nsAccountLock": "FALSE"}, {"enabled": True}),
    ({"pwdReset": "TRUE"}, {"attributes": {"dn": "uid=alice,dc=abc", "must_change_password": True}}),
    ({"objectClass": ["top", "applicationProcess"]}, {"kind": AccountKind.WORKLOAD}),
]

AD: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"subject": str(ID), "user_name": "alice", "enabled": None, "locked": None}),
    ({"userAccountControl": "512"}, {"enabled": True, "locked": False}),
    ({"userAccountControl": "514"}, {"enabled": False}),
    ({"userAccountControl": "-2147483646"}, {"enabled": False}),
    # Bit 0x10 of userAccountControl itself is history; only the computed one tells a lock.
    ({"userAccountControl": "528"}, {"locked": False}),
    ({"userAccountControl": "512", "msDS_User_Account_Control_Computed": "16"}, {"locked": True}),
    (
        {"lockoutTime": "133500000000000000", "msDS_User_Account_Control_Computed": "0"},
        {"locked": False},
    ),
    ({"lockoutTime": "133500000000000000"}, {"locked": True}),
    ({"lockoutTime": "0"}, {"locked": False}),
    ({"accountExpires": "0"}, {"expires": None}),
    ({"accountExpires": "9223372036854775807"}, {"expires": None}),
    ({"accountExpires": "133500000000000000"}, {"expires": "2024-01-17T21:20:00+00:00"}),
    ({"lastLogonTimestamp": "133500000000000000"}, {"last_sign_in": "2024-01-17T21:20:00+00:00"}),
    ({"pwdLastSet": "133500000000000000"}, {"password_changed": "2024-01-17T21:20:00+00:00"}),
    ({"whenCreated": "20240131120000.0Z"}, {"created": "2024-01-31T12:00:00+00:00"}),
    ({"employeeID": "7"}, {"employee_number": "7"}),
    ({"employeeID": "7", "employeeNumber": "8"}, {"employee_number": "8"}),
    ({"samaccountname": [], "userPrincipalName": "a@abc"}, {"user_name": "a@abc"}),
    ({"objectClass": ["user", "computer"]}, {"kind": AccountKind.WORKLOAD}),
    ({"objectClass": ["user", "msDS-GroupManagedServiceAccount"]}, {"kind": AccountKind.WORKLOAD}),
]

FLAGS: list[tuple[dict[str, Any], list[str]]] = [
    ({"userAccountControl": "512"}, []),
    ({"userAccountControl": str(0x10000)}, ["password_never_expires"]),
    ({"userAccountControl": str(0x40000)}, ["smartcard_required"]),
    ({"userAccountControl": str(0x20)}, ["password_not_required"]),
    ({"msDS_User_Account_Control_Computed": str(0x800000)}, ["password_expired"]),
    ({"userAccountControl": str(0x800000)}, []),
    ({"pwdLastSet": "0"}, ["must_change_password"]),
    ({"pwdLastSet": "133500000000000000"}, []),
    ({"userPrincipalName": "alice@abc"}, ["user_principal_name"]),
]


@pytest.mark.parametrize(("given_", "expected"), OPENLDAP, ids=lambda value: repr(value)[:60])
def test_openldap_tells_of_an_account(given_: dict[str, Any], expected: dict[str, Any]) -> None:
    account = told(openldap(**given_), Flavour.OPENLDAP)
    assert {name: shown(getattr(account, name)) for name in expected} == expected


@pytest.mark.parametrize(("given_", "expected"), AD, ids=lambda value: repr(value)[:60])
def test_active_directory_tells_of_an_account(given_: dict[str, Any], expected: dict[str, Any]) -> None:
    account = told(active_directory(**given_), Flavour.ACTIVE_DIRECTORY)
    assert {name: shown(getattr(account, name)) for name in expected} == expected


@pytest.mark.parametrize(("given_", "expected"), FLAGS, ids=lambda value: repr(value)[:60])
def test_active_directory_tells_of_flags(given_: dict[str, Any], expected: list[str]) -> None:
    account = told(active_directory(**given_), Flavour.ACTIVE_DIRECTORY)
    assert sorted(set(account.attributes) - {"dn"}) == expected


DOUBTFUL = [
    (Flavour.OPENLDAP, {"shadowExpire": "soon"}, "shadowExpire cannot be read"),
    (Flavour.OPENLDAP, {"nsAccountLock": "perhaps"}, "nsAccountLock cannot be read"),
    (Flavour.OPENLDAP, {"nsAccountLock": b"\xff"}, "nsAccountLock is not UTF-8"),
    (Flavour.OPENLDAP, {"pwdReset": "x"}, "pwdReset cannot be read"),
    (Flavour.OPENLDAP, {"nsAccountLock": b""}, ""),
    (Flavour.ACTIVE_DIRECTORY, {"userAccountControl": "x"}, "userAccountControl cannot be read"),
    (Flavour.ACTIVE_DIRECTORY, {"accountExpires": "-7"}, "accountExpires cannot be read"),
    (Flavour.ACTIVE_DIRECTORY, {"lockoutTime": "9" * 21}, "lockoutTime cannot be read"),
]


@pytest.mark.parametrize(("flavour", "given_", "words"), DOUBTFUL, ids=lambda value: repr(value)[:60])
def test_a_state_that_cannot_be_read_is_doubtful_and_stays_unknown(
    flavour: Flavour, given_: dict[str, Any], words: str
) -> None:
    one = openldap(**given_) if flavour is Flavour.OPENLDAP else active_directory(**given_)
    read = entries.account(one, COMPANY, flavour)
    assert read.doubtful
    assert read.account is not None
    assert (read.account.enabled, read.account.expires) == (None, None)
    assert words in "".join(fault.what for fault in read.faults)


COSMETIC = [{"mail": b"\xff"}, {"displayName": "x" * 5000}, {"cn": "a\0b"}]


@pytest.mark.parametrize("given_", COSMETIC, ids=lambda value: repr(value)[:40])
def test_a_name_that_cannot_be_read_is_a_fault_and_no_doubt(given_: dict[str, Any]) -> None:
    read = entries.account(openldap(**given_), COMPANY, Flavour.OPENLDAP)
    assert len(read.faults) == 1
    assert not read.doubtful


WITHOUT = [
    (Flavour.OPENLDAP, openldap(entryuuid=[])),
    (Flavour.OPENLDAP, openldap(entryuuid="x")),
    (Flavour.OPENLDAP, openldap(entryuuid=b"\xff" * 36)),
    (Flavour.OPENLDAP, openldap(uid=[])),
    (Flavour.OPENLDAP, openldap(uid=b"\xff")),
    (Flavour.ACTIVE_DIRECTORY, active_directory(objectguid=b"short")),
    (Flavour.ACTIVE_DIRECTORY, active_directory(samaccountname=[])),
]


@pytest.mark.parametrize(("flavour", "one"), WITHOUT)
def test_an_entry_without_id_or_name_is_no_account(flavour: Flavour, one: Entry) -> None:
    read = entries.account(one, COMPANY, flavour)
    assert read.account is None
    assert read.faults
    assert all(fault.where == one.dn and fault.remedy for fault in read.faults)


def test_a_group_has_members_by_name_and_by_user_name() -> None:
    one = openldap(cn="g", member=[b"uid=a", b"", b"\xff"], uniqueMember=[b"uid=b"], memberUid=[b"c"])
    read = entries.group(one, Flavour.OPENLDAP)
    assert not isinstance(read, DirectoryFault)
    assert (read.members, read.user_names, read.more_from, read.rid) == (
        ("uid=a", "uid=b"),
        ("c",),
        None,
        None,
    )
    assert [fault.what for fault in read.faults] == ["a value of member is not UTF-8"]


RANGES = [
    ("member;range=0-1499", 1500),
    ("member;range=1500-*", None),
    ("member;range=0-0", 1),
    ("member;range=x-*", None),
    ("member;range=-1-5", None),
]


@pytest.mark.parametrize(("name", "following"), RANGES)
def test_a_range_tells_where_the_next_begins(name: str, following: int | None) -> None:
    one = entry({"objectguid": ID.bytes_le, "cn": "g", name: "CN=a"})
    read = entries.group(one, Flavour.ACTIVE_DIRECTORY)
    assert not isinstance(read, DirectoryFault)
    assert read.more_from == following
    assert entries.more_members(one)[1] == following


@given(
    st.sampled_from(sorted(entries.ID)),
    st.dictionaries(
        st.sampled_from(
            sorted({name.lower() for names in entries.USER_ATTRIBUTES.values() for name in names})
        ),
        st.lists(st.binary(max_size=20) | st.integers().map(lambda one: str(one).encode()), max_size=3).map(
            tuple
        ),
    ),
)
def test_whatever_stands_in_an_entry_is_told_or_a_fault(
    flavour: Flavour, values: dict[str, tuple[bytes, ...]]
) -> None:
    values |= {"entryuuid": (str(ID).encode(),), "objectguid": (ID.bytes_le,)}
    read = entries.account(Entry("cn=x", values), COMPANY, flavour)
    assert read.account is not None or read.faults
    told_group = entries.group(Entry("cn=x", values), flavour)
    assert not isinstance(told_group, DirectoryFault)
