"""Entries of LDAP directories as accounts and groups: of OpenLDAP and its like, and of Active Directory.  Pure.

What an entry does not tell stays unknown (None or empty).  What it tells and cannot be is a fault: of the entry, where its
id or name cannot be read; of the one attribute otherwise, which then stays unknown.

Sources: RFC 4519, RFC 2798 (inetOrgPerson), RFC 2307 (posixAccount), RFC 4530 (entryUUID), the draft of the password policy
(draft-behera-ldap-password-policy), shadow(5), and for Active Directory
https://learn.microsoft.com/windows/win32/adschema/attributes-all and
https://learn.microsoft.com/troubleshoot/windows-server/active-directory/useraccountcontrol-manipulate-account-properties.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, TypeVar

from watchword.collect.directories import ldap_values as syntax
from watchword.collect.directories.ldap_settings import Flavour
from watchword.model.directory import AccountKind, DirectoryAccount, DirectoryFault
from watchword.model.people import DirectoryId

Value = TypeVar("Value")

LONGEST: Final = 1024
"""Characters of a name or address that are taken; more is a fault."""

DISABLED: Final = 0x2
LOCKED: Final = 0x10
"""In msDS-User-Account-Control-Computed only: userAccountControl itself no longer tells it."""
PASSWORD_NOT_REQUIRED: Final = 0x20
PASSWORD_NEVER_EXPIRES: Final = 0x10000
SMARTCARD_REQUIRED: Final = 0x40000
PASSWORD_EXPIRED: Final = 0x800000
"""In msDS-User-Account-Control-Computed only."""

_WORKLOADS: Final = frozenset(
    {"msds-groupmanagedserviceaccount", "msds-managedserviceaccount", "computer", "applicationprocess"}
)

ID: Final = {Flavour.OPENLDAP: "entryUUID", Flavour.ACTIVE_DIRECTORY: "objectGUID"}
"""The attribute that never changes."""

USER_NAMES: Final = {
    Flavour.OPENLDAP: ("uid",),
    Flavour.ACTIVE_DIRECTORY: ("sAMAccountName", "userPrincipalName"),
}
"""What people type when they sign in; the first names the account."""

USERS: Final = {
    Flavour.OPENLDAP: "(|(objectClass=person)(objectClass=posixAccount)(objectClass=account))",
    Flavour.ACTIVE_DIRECTORY: (
        "(|(&(objectCategory=person)(objectClass=user))(objectClass=msDS-GroupManagedServiceAccount))"
    ),
}
"""Filters of accounts."""

GROUPS: Final = {
    Flavour.OPENLDAP: "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))",
    Flavour.ACTIVE_DIRECTORY: "(objectClass=group)",
}
"""Filters of groups."""

USER_ATTRIBUTES: Final = {
    Flavour.OPENLDAP: tuple(
        "objectClass entryUUID uid cn displayName mail employeeNumber manager createTimestamp authTimestamp"
        " pwdLastSuccess pwdAccountLockedTime pwdChangedTime pwdReset shadowExpire shadowInactive shadowLastChange"
        " shadowMax nsAccountLock".split()
    ),
    Flavour.ACTIVE_DIRECTORY: tuple(
        "objectClass objectGUID sAMAccountName userPrincipalName cn displayName mail employeeNumber employeeID manager"
        " whenCreated userAccountControl msDS-User-Account-Control-Computed accountExpires lockoutTime"
        " lastLogonTimestamp pwdLastSet".split()
    ),
}
"""Attributes that are asked for: operational ones come only when named (RFC 4511 §4.5.1.8)."""

GROUP_ATTRIBUTES: Final = {
    Flavour.OPENLDAP: tuple("objectClass entryUUID cn displayName member uniqueMember memberUid".split()),
    Flavour.ACTIVE_DIRECTORY: tuple("objectClass objectGUID cn displayName member primaryGroupToken".split()),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it was read: values by attribute, whose name is in lower case and may have options after ``;``."""

    dn: str
    values: Mapping[str, tuple[bytes, ...]]


@dataclass(frozen=True, slots=True)
class AccountTold:
    """What an entry tells of an account; none where it cannot be believed.  ``manager`` is a DN.

    ``doubtful`` says that a time or flag by which an account may be closed was there and could not be read.
    """

    account: DirectoryAccount | None
    faults: tuple[DirectoryFault, ...] = ()
    manager: str = ""
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class GroupTold:
    """What an entry tells of a group: DNs and user names of members, and where a page of members ended.

    ``more_from`` is the number of the first member that Active Directory has kept back, ``rid`` the relative id under
    which accounts have the group as their primary one without being its ``member``.
    """

    subject: str
    display_name: str
    members: tuple[str, ...] = ()
    user_names: tuple[str, ...] = ()
    more_from: int | None = None
    rid: int | None = None
    faults: tuple[DirectoryFault, ...] = ()


@dataclass(slots=True)
class _Reading:
    """Reads values of one entry and gathers what is wrong with them."""

    entry: Entry
    faults: list[DirectoryFault] = field(default_factory=list)
    doubtful: bool = False

    def fault(self, what: str, remedy: str = "") -> None:
        """Note that something of the entry cannot be believed."""
        self.faults.append(DirectoryFault(shown(self.entry.dn), what, remedy))

    def text(self, name: str) -> str:
        """The first value of an attribute as text; empty where there is none."""
        values = self.entry.values.get(name.lower(), ())
        if not values:
            return ""
        try:
            text = values[0].decode()
        except UnicodeDecodeError:
            self.fault(f"{name} is not UTF-8", "correct the attribute in the directory")
            return ""
        if len(text) > LONGEST or "\0" in text:
            self.fault(
                f"{name} is longer than {LONGEST} characters or holds NUL", "correct it in the directory"
            )
            return ""
        return text

    def texts(self, name: str) -> tuple[str, ...]:
        """All values of an attribute as text; what is none is left away with a fault."""
        taken = []
        for value in self.entry.values.get(name.lower(), ()):
            try:
                taken.append(value.decode())
            except UnicodeDecodeError:
                self.fault(f"a value of {name} is not UTF-8", "correct the attribute in the directory")
        return tuple(taken)

    def parsed(self, name: str, parse: Callable[[str], Value]) -> Value | None:
        """An attribute in its syntax; None where there is none, or where it cannot be, which is a fault."""
        if not self.entry.values.get(name.lower()):
            return None
        text = self.text(name)
        try:
            if text:
                return parse(text)
        except ValueError as error:
            self.fault(f"{name} cannot be read: {error}", "correct the attribute in the directory")
        self.doubtful = True
        return None


def subject(entry: Entry, flavour: Flavour) -> str | DirectoryFault:
    """The unchanging id of an entry, or why it has none that can be believed."""
    name = ID[flavour]
    values = entry.values.get(name.lower(), ())
    if not values:
        return DirectoryFault(
            shown(entry.dn),
            f"it has no {name}",
            f"let the account that reads see {name}, or see why it is missing",
        )
    try:
        if flavour is Flavour.ACTIVE_DIRECTORY:
            return syntax.guid(values[0])
        return syntax.uuid(values[0].decode())
    except ValueError:
        return DirectoryFault(
            shown(entry.dn), f"its {name} cannot be read", "see what the directory holds there"
        )


def account(entry: Entry, directory: DirectoryId, flavour: Flavour) -> AccountTold:
    """The account that an entry is."""
    id_ = subject(entry, flavour)
    if isinstance(id_, DirectoryFault):
        return AccountTold(None, (id_,))
    reading = _Reading(entry)
    names = USER_NAMES[flavour]
    user_name = next(filter(None, map(reading.text, names)), "")
    if not user_name:
        reading.fault(f"it has no {' or '.join(names)}", "name it, or leave it out by user_filter")
        return AccountTold(None, tuple(reading.faults))
    made = DirectoryAccount(
        directory=directory,
        subject=id_,
        user_name=user_name,
        kind=_kind(entry),
        display_name=reading.text("displayName") or reading.text("cn"),
        mail=reading.text("mail"),
        employee_number=reading.text("employeeNumber") or reading.text("employeeID"),
    )
    filled = _active_directory if flavour is Flavour.ACTIVE_DIRECTORY else _openldap
    made = filled(made, reading)
    manager = reading.text("manager")
    return AccountTold(made, tuple(reading.faults), manager, reading.doubtful)


def group(entry: Entry, flavour: Flavour) -> GroupTold | DirectoryFault:
    """The group that an entry is."""
    id_ = subject(entry, flavour)
    if isinstance(id_, DirectoryFault):
        return id_
    reading = _Reading(entry)
    ranged, more_from = _ranged(reading)
    return GroupTold(
        subject=id_,
        display_name=reading.text("displayName") or reading.text("cn"),
        members=tuple(filter(None, (*reading.texts("member"), *reading.texts("uniqueMember"), *ranged))),
        user_names=reading.texts("memberUid"),
        more_from=more_from,
        rid=reading.parsed("primaryGroupToken", syntax.number),
        faults=tuple(reading.faults),
    )


def more_members(entry: Entry) -> tuple[tuple[str, ...], int | None]:
    """Members of one further page, and where the next begins; None after the last."""
    return _ranged(_Reading(entry))


def shown(dn: str) -> str:
    """A DN as it may stand in a message: on one line, and not endless."""
    return "".join(character if character.isprintable() else "�" for character in dn[:300])


_RANGE: Final = re.compile(r"member;range=(\d{1,9})-(\d{1,9}|\*)", re.ASCII)


def _ranged(reading: _Reading) -> tuple[tuple[str, ...], int | None]:
    """Members under ``member;range=0-1499`` ([MS-ADTS] §3.1.1.3.1.3.3), and where the next range begins."""
    for name in reading.entry.values:
        found = _RANGE.fullmatch(name)
        if found:
            last = found.group(2)
            return reading.texts(name), None if last == "*" else int(last) + 1
    return (), None


def _kind(entry: Entry) -> AccountKind:
    classes = {value.decode(errors="replace").lower() for value in entry.values.get("objectclass", ())}
    return AccountKind.WORKLOAD if classes & _WORKLOADS else AccountKind.USER


def _openldap(made: DirectoryAccount, reading: _Reading) -> DirectoryAccount:
    """What OpenLDAP and its like tell of an account's state."""
    more: dict[str, Any] = {"dn": reading.entry.dn}
    if reading.parsed("pwdReset", syntax.boolean):
        more["must_change_password"] = True
    closed = reading.parsed("nsAccountLock", syntax.boolean)
    return replace(
        made,
        enabled=None if closed is None else not closed,
        locked=True if reading.entry.values.get("pwdaccountlockedtime") else None,
        created=reading.parsed("createTimestamp", syntax.generalized_time),
        expires=_shadow_end(reading),
        last_sign_in=_latest(reading, "authTimestamp", "pwdLastSuccess"),
        password_changed=reading.parsed("pwdChangedTime", syntax.generalized_time),
        attributes=more,
    )


def _latest(reading: _Reading, *names: str) -> datetime | None:
    told = [reading.parsed(name, syntax.generalized_time) for name in names]
    return max(filter(None, told), default=None)


def _shadow_end(reading: _Reading) -> datetime | None:
    """When shadow(5) closes an account: on its day, or when its password has been over age for too long."""
    ends = reading.parsed("shadowExpire", syntax.day)
    days = [reading.parsed(f"shadow{name}", syntax.number) for name in ("LastChange", "Max", "Inactive")]
    if any(one is None or one < 0 for one in days):
        return ends
    try:
        over_age = syntax.day(str(sum(one or 0 for one in days)))
    except ValueError:
        return ends
    return min(filter(None, (ends, over_age)), default=None)


def _active_directory(made: DirectoryAccount, reading: _Reading) -> DirectoryAccount:
    """What Active Directory tells of an account's state."""
    control = reading.parsed("userAccountControl", syntax.number)
    computed = reading.parsed("msDS-User-Account-Control-Computed", syntax.number)
    password_set = reading.parsed("pwdLastSet", syntax.filetime)
    return replace(
        made,
        enabled=None if control is None else not control & DISABLED,
        locked=_locked(reading, computed),
        created=reading.parsed("whenCreated", syntax.generalized_time),
        expires=reading.parsed("accountExpires", syntax.filetime),
        last_sign_in=reading.parsed("lastLogonTimestamp", syntax.filetime),
        password_changed=password_set,
        attributes=_flags(reading, control or 0, computed or 0),
    )


def _locked(reading: _Reading, computed: int | None) -> bool | None:
    """Whether failed sign-ins have locked an account.

    The computed attribute knows the domain's lockout duration.  ``lockoutTime`` alone does not: it stays until the next
    sign-in, so that an account that it names may be open again.
    """
    if computed is not None:
        return bool(computed & LOCKED)
    if not reading.entry.values.get("lockouttime"):
        return False if reading.entry.values.get("useraccountcontrol") else None
    return reading.parsed("lockoutTime", _is_instant)


def _is_instant(text: str) -> bool:
    return syntax.filetime(text) is not None


def _flags(reading: _Reading, control: int, computed: int) -> dict[str, Any]:
    more: dict[str, Any] = {"dn": reading.entry.dn}
    if name := reading.text("userPrincipalName"):
        more["user_principal_name"] = name
    for flag, bit in (
        ("password_not_required", PASSWORD_NOT_REQUIRED),
        ("password_never_expires", PASSWORD_NEVER_EXPIRES),
        ("smartcard_required", SMARTCARD_REQUIRED),
    ):
        if control & bit:
            more[flag] = True
    if computed & PASSWORD_EXPIRED:
        more["password_expired"] = True
    if reading.entry.values.get("pwdlastset") == (b"0",):
        more["must_change_password"] = True
    return more
