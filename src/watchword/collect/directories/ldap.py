"""Reads the accounts and groups of an LDAP directory or an Active Directory, page by page.

Two searches are made of each kind.  The first takes ids only: it finds ids that two entries claim, of which neither is
believed, and tells which DN is whose, so that members and managers can be named by id.  The second takes the rest and
yields as it reads.  What stays in memory is the index of the first: some 0.3 kB an entry, whatever an entry holds.

Groups name their direct members; groups within groups, and circles of them, are for whoever reads them.
References to other servers are not followed, and each is a fault: what lies there is not seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from watchword.collect.directories import ldap_entries as entries
from watchword.collect.directories.ldap_connection import Elsewhere, LdapConnection, connect
from watchword.collect.directories.ldap_entries import Entry, GroupTold
from watchword.collect.directories.ldap_names import dn_key
from watchword.collect.directories.ldap_settings import Flavour, LdapSettings
from watchword.errors import DirectoryDenied
from watchword.model.directory import DirectoryAccount, DirectoryFault, DirectoryGroup

MOST_FAULTS: Final = 1000
"""Faults that are kept; a last one tells that there are more."""

ACTIVE_DIRECTORY: Final = b"1.2.840.113556.1.4.800"
"""The capability by which Active Directory says what it is ([MS-ADTS] §3.1.1.3.4.1.1)."""

_OWN_PARTS: Final = ("dc=forestdnszones,", "dc=domaindnszones,", "cn=configuration,")
"""Parts to which every domain of Active Directory refers, and which hold no people."""


@dataclass(slots=True)
class Index:
    """Whose a DN is, by `dn_key`; ids as sixteen bytes."""

    accounts: dict[bytes, bytes] = field(default_factory=dict)
    groups: dict[bytes, bytes] = field(default_factory=dict)
    doubles: set[bytes] = field(default_factory=set)
    """Ids that two entries claim, and ids of entries that share a DN."""
    primary: dict[int, list[bytes]] = field(default_factory=dict)
    """Accounts by the relative id of their primary group, of which they are no ``member``."""
    _claimed: dict[bytes, bytes] = field(default_factory=dict)

    def add(self, into: dict[bytes, bytes], dn: str, subject: str) -> None:
        """Take an entry in.

        Raises:
            ValueError: its DN is none.
        """
        key, id_ = dn_key(dn), UUID(subject).bytes
        if self._claimed.setdefault(id_, key) != key:
            self.doubles.add(id_)
        before = into.setdefault(key, id_)
        if before != id_:
            self.doubles.update((before, id_))

    def close(self) -> None:
        """Forget what was needed while reading only, and whom nobody may believe."""
        self._claimed = {}
        for known in (self.accounts, self.groups):
            for key in [key for key, id_ in known.items() if id_ in self.doubles]:
                del known[key]


class LdapReader:
    """Reads one directory as `watchword.model.directory.DirectoryReader` tells.

    ``faults`` gathers what could not be believed while accounts or groups are taken.
    """

    def __init__(self, settings: LdapSettings) -> None:
        self.settings = settings
        self.faults: list[DirectoryFault] = []
        self._flavour = settings.flavour
        self._index: Index | None = None
        self._by_user_name: dict[str, bytes | None] | None = None

    def accounts(self) -> Iterator[DirectoryAccount]:
        """All accounts.

        Raises:
            DirectoryError: the directory is down, slow, refuses us, shows no account, or its certificate is wrong.
        """
        with connect(self.settings) as connection:
            index = self._indexed(connection)
            attributes = entries.USER_ATTRIBUTES[self._flavour]
            for entry in self._entries(connection, self.settings.user_base, self._users, attributes):
                made = self._account(entry, index)
                if made is not None:
                    yield made

    def groups(self) -> Iterator[DirectoryGroup]:
        """All groups, each with the accounts and groups that are directly in it.

        Raises:
            DirectoryError: the directory is down, slow, refuses us, shows no account, or its certificate is wrong.
        """
        with connect(self.settings) as connection:
            index = self._indexed(connection)
            attributes = entries.GROUP_ATTRIBUTES[self._flavour]
            for entry in self._entries(connection, self.settings.group_base, self._groups, attributes):
                told = entries.group(entry, self._flavour)
                if isinstance(told, DirectoryFault):
                    self._fault(told)
                elif self._believed(told.subject, entry, index):
                    yield self._group(connection, entry, told, index)

    @property
    def _users(self) -> str:
        return self.settings.user_filter or entries.USERS[self._flavour]

    @property
    def _groups(self) -> str:
        return self.settings.group_filter or entries.GROUPS[self._flavour]

    def _account(self, entry: Entry, index: Index) -> DirectoryAccount | None:
        told = entries.account(entry, self.settings.directory, self._flavour)
        for fault in told.faults:
            self._fault(fault)
        if told.account is None or not self._believed(told.account.subject, entry, index):
            return None
        manager = self._found(index.accounts, told.manager)
        if told.manager and manager is None:
            self._fault(DirectoryFault(entries.shown(entry.dn), "its manager is no account that was read"))
        return replace(told.account, manager=_text(manager)) if manager else told.account

    def _group(
        self, connection: LdapConnection, entry: Entry, told: GroupTold, index: Index
    ) -> DirectoryGroup:
        """The group with all its members by their ids, in the directory's order, each once."""
        for fault in told.faults:
            self._fault(fault)
        accounts: dict[bytes, None] = {}
        groups: dict[bytes, None] = {}
        nowhere: list[str] = []
        for dn in self._members(connection, entry, told):
            account, group = self._found(index.accounts, dn), self._found(index.groups, dn)
            if account is not None:
                accounts[account] = None
            if group is not None:
                groups[group] = None
            if account is None and group is None:
                nowhere.append(dn)
        for name in told.user_names:
            named = self._named(connection, name)
            if named is None:
                nowhere.append(name)
            else:
                accounts[named] = None
        if told.rid is not None:
            accounts.update(dict.fromkeys(index.primary.get(told.rid, ())))
        self._missed(entry, nowhere)
        return DirectoryGroup(
            self.settings.directory,
            told.subject,
            told.display_name,
            tuple(_text(id_) for id_ in accounts if id_ not in index.doubles),
            tuple(map(_text, groups)),
        )

    def _members(self, connection: LdapConnection, entry: Entry, told: GroupTold) -> Iterator[str]:
        """DNs of members; those that Active Directory keeps back are asked for, range by range."""
        yield from told.members
        begin, taken = told.more_from, len(told.members)
        while begin is not None:
            more = connection.entry(entry.dn, (f"member;range={begin}-*",))
            members, following = entries.more_members(more) if more else ((), None)
            taken += len(members)
            stuck = not members or (following is not None and following <= begin)
            if stuck or taken > self.settings.most_entries:
                self._fault(
                    DirectoryFault(
                        entries.shown(entry.dn),
                        f"its members could be read up to number {begin} only",
                        "read again; the group may have changed meanwhile",
                    )
                )
                return
            yield from members
            begin = following

    def _missed(self, entry: Entry, nowhere: list[str]) -> None:
        if nowhere:
            some = "; ".join(map(entries.shown, nowhere[:3])) + (" …" if len(nowhere) > 3 else "")
            self._fault(
                DirectoryFault(
                    entries.shown(entry.dn),
                    f"{len(nowhere)} of its members are no account or group that was read: {some}",
                    "remove them, or widen the bases and filters",
                )
            )

    def _found(self, known: dict[bytes, bytes], dn: str) -> bytes | None:
        try:
            return known.get(dn_key(dn)) if dn else None
        except ValueError:
            return None

    def _named(self, connection: LdapConnection, name: str) -> bytes | None:
        """The account of a user name in ``memberUid``; None where there is none, or several."""
        if self._by_user_name is None:
            self._by_user_name = {}
            for entry in self._entries(
                connection, self.settings.user_base, self._users, ("uid", "entryUUID"), loud=False
            ):
                told = entries.subject(entry, self._flavour)
                for raw in entry.values.get("uid", ()) if isinstance(told, str) else ():
                    key = raw.decode(errors="replace").casefold()
                    self._by_user_name[key] = None if key in self._by_user_name else UUID(str(told)).bytes
        return self._by_user_name.get(name.casefold())

    def _believed(self, subject: str, entry: Entry, index: Index) -> bool:
        if UUID(subject).bytes not in index.doubles:
            return True
        self._fault(
            DirectoryFault(
                entries.shown(entry.dn),
                f"another entry has its id {subject} or its name; none of them is believed",
                "see in the directory which of them is right",
            )
        )
        return False

    def _indexed(self, connection: LdapConnection) -> Index:
        """The index, made by the first who needs it."""
        if self._flavour is Flavour.AUTO:
            self._flavour = flavour(connection)
        if self._index is None:
            for base in dict.fromkeys(
                (self.settings.base_dn, self.settings.user_base, self.settings.group_base)
            ):
                _see(connection, base)
            self._index = self._made(connection)
        return self._index

    def _made(self, connection: LdapConnection) -> Index:
        index = Index()
        id_ = entries.ID[self._flavour]
        for entry in self._entries(
            connection, self.settings.user_base, self._users, (id_, "primaryGroupID"), loud=False
        ):
            self._take(index, index.accounts, entry)
        if not index.accounts:
            raise DirectoryDenied(
                "the directory shows no account to the account that reads",
                where=f"{connection.url} {self.settings.user_base}",
                remedy="give it the right to read people and their ids, or correct user_base and user_filter",
            )
        for entry in self._entries(connection, self.settings.group_base, self._groups, (id_,), loud=False):
            self._take(index, index.groups, entry)
        index.close()
        return index

    def _take(self, index: Index, into: dict[bytes, bytes], entry: Entry) -> None:
        subject = entries.subject(entry, self._flavour)
        if isinstance(subject, DirectoryFault):
            return  # told by the second search
        try:
            index.add(into, entry.dn, subject)
        except ValueError as error:
            self._fault(DirectoryFault(entries.shown(entry.dn), f"its name is no DN: {error}"))
            return
        for raw in entry.values.get("primarygroupid", ()):
            if raw.isdigit() and len(raw) <= 10:
                index.primary.setdefault(int(raw), []).append(UUID(subject).bytes)

    def _entries(
        self,
        connection: LdapConnection,
        base: str,
        filter_: str,
        attributes: tuple[str, ...],
        *,
        loud: bool = True,
    ) -> Iterator[Entry]:
        """Entries of all pages; references elsewhere are faults, told once."""
        for item in connection.pages(base, filter_, attributes):
            if isinstance(item, Entry):
                yield item
            elif loud and not _own_part(item):
                self._elsewhere(item)

    def _elsewhere(self, item: Elsewhere) -> None:
        fault = DirectoryFault(
            entries.shown(item.url),
            "a part of the directory lies on another server, which is not asked",
            "read that server as a directory of its own",
        )
        if fault not in self.faults[:MOST_FAULTS]:
            self._fault(fault)

    def _fault(self, fault: DirectoryFault) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(fault)
        elif len(self.faults) == MOST_FAULTS:
            self.faults.append(
                DirectoryFault("", f"there are more than {MOST_FAULTS} faults; the rest is not told")
            )


def flavour(connection: LdapConnection) -> Flavour:
    """Whose attributes a server has, as its root entry says.

    Raises:
        DirectoryError: the server is down, slow, or refuses.
    """
    root = connection.entry("", ("supportedCapabilities",))
    told = root.values.get("supportedcapabilities", ()) if root else ()
    return Flavour.ACTIVE_DIRECTORY if ACTIVE_DIRECTORY in told else Flavour.OPENLDAP


def _see(connection: LdapConnection, base: str) -> None:
    """Refuse a base that is not there: libldap would tell an empty directory."""
    if connection.entry(base, ("objectClass",)) is None:
        raise DirectoryDenied(
            "there is no such base, or the account that reads may not see it",
            where=f"{connection.url} {base}",
            remedy="correct base_dn, user_base or group_base, or give the account the right to read",
        )


def _own_part(item: Elsewhere) -> bool:
    return item.url.rpartition("://")[2].partition("/")[2].lower().startswith(_OWN_PARTS)


def _text(id_: bytes | None) -> str:
    return str(UUID(bytes=id_)) if id_ else ""
