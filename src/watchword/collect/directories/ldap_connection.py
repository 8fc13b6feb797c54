"""A connection to an LDAP server: bound, its searches page by page, its errors told to a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from watchword.collect.directories.ldap_entries import GROUP_ATTRIBUTES, USER_ATTRIBUTES, Entry
from watchword.collect.directories.ldap_line import Line, unreachable
from watchword.collect.directories.ldap_settings import LdapSettings
from watchword.errors import (
    DirectoryDenied,
    DirectoryError,
    DirectoryLying,
    DirectoryUnreachable,
    UsageError,
)

if TYPE_CHECKING:
    from bonsai import LDAPClient, LDAPError

    from watchword.collect.directories.ldap_bonsai import Waiting

RAW: Final = frozenset(
    name.lower()
    for several in (*USER_ATTRIBUTES.values(), *GROUP_ATTRIBUTES.values())
    for name in (*several, "primaryGroupID", "supportedCapabilities")
)
"""Every attribute that is ever asked for."""

BASE: Final = 0
SUBTREE: Final = 2

SIZE_LIMIT: Final = 4
TIME_LIMITS: Final = frozenset({3, 11})
"""timeLimitExceeded, adminLimitExceeded."""
DENIALS: Final = frozenset({7, 8, 13, 48, 49, 50, 53})
"""authMethodNotSupported, strongerAuthRequired, confidentialityRequired, inappropriateAuthentication, invalidCredentials,
insufficientAccessRights, unwillingToPerform (RFC 4511 appendix A.2)."""
LONGEST_WORDS: Final = 200
"""Characters of a server's words that are told."""

UNREADABLE: Final = (ValueError, TypeError, SystemError, MemoryError)
"""What bonsai raises where an answer cannot be taken apart: a name that is no text, a reference that is no address."""

MOST_EMPTY_PAGES: Final = 100
"""Pages without an entry, one after another; a server may give some while it looks for the next entry."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A part of the tree that lies on other servers; it is not followed."""

    url: str


class LdapConnection:
    """A bound connection to one of a directory's servers; ``with`` closes it."""

    def __init__(self, raw: Waiting, line: Line, url: str, settings: LdapSettings) -> None:
        self._raw = raw
        self._line = line
        self.url = url
        self._settings = settings

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection; more than once does no harm."""
        if not self._raw.closed:
            self._raw.close()
        self._line.close()

    def entry(self, dn: str, attributes: tuple[str, ...]) -> Entry | None:
        """One entry; None where there is none, or none that we may see.

        Raises:
            DirectoryError: the server is down, slow, or refuses.
        """
        found = self.search(dn, "(objectClass=*)", attributes, scope=BASE)
        return found[0] if found else None

    def search(
        self, base: str, filter_: str, attributes: tuple[str, ...], *, scope: int = SUBTREE, most: int = 2
    ) -> list[Entry]:
        """At most ``most`` entries in one answer; `TooMany` where there are more.

        Raises:
            TooMany: there are more entries than ``most``.
            DirectoryError: the server is down, slow, or refuses.
        """
        from bonsai import LDAPError

        try:
            answer = self._raw.search(base, scope, filter_, list(attributes), self._settings.timeout, most)
        except LDAPError as error:
            if error.code == SIZE_LIMIT:
                raise TooMany(f"more than {most} entries fit", where=self.url) from None
            raise told(error, self.url) from None
        except UNREADABLE:
            raise _unread(self.url) from None
        return [entry for entry in map(_taken, answer) if isinstance(entry, Entry)]

    def pages(self, base: str, filter_: str, attributes: tuple[str, ...]) -> Iterator[Entry | Elsewhere]:
        """All entries below a DN, read in pages (RFC 2696), in the server's order.

        Raises:
            DirectoryError: the server is down, slow, refuses, or has more entries than the settings allow.
        """
        from bonsai import LDAPError

        seen, empty = 0, 0
        try:
            page = self._raw.paged_search(
                base,
                SUBTREE,
                filter_,
                list(attributes),
                self._settings.timeout,
                page_size=self._settings.page_size,
            )
            while True:
                empty += 1
                for item in page:
                    seen, empty = seen + 1, 0
                    if seen > self._settings.most_entries:
                        raise self._too_many()
                    yield _taken(item)
                message = page.acquire_next_page()
                if message is None:
                    return
                if empty > MOST_EMPTY_PAGES:
                    raise DirectoryLying("its pages are empty and do not end", where=self.url)
                page = self._raw._evaluate(message, self._settings.timeout)
        except LDAPError as error:
            raise told(error, self.url) from None
        except UNREADABLE:
            raise _unread(self.url) from None

    def _too_many(self) -> DirectoryError:
        return DirectoryError(
            f"the directory has more than {self._settings.most_entries} entries below {self._settings.base_dn}",
            where=self.url,
            remedy="narrow the base or the filter, or raise most_entries",
        )


class TooMany(DirectoryError):
    """More entries fit than were asked for."""


def connect(settings: LdapSettings) -> LdapConnection:
    """Reach the first server that answers, and bind as the account that reads.

    Raises:
        DirectoryError: no server can be used; the last one's error where there are several.  A server that does not
            accept our credentials, or cannot prove who it is, ends the search: another would not make it right.
        UsageError: bonsai is not installed.
    """
    last: DirectoryError | None = None
    for url in settings.urls:
        try:
            return bind(settings, url, settings.bind_dn, settings.bind_password)
        except DirectoryUnreachable as error:
            last = error
    assert last is not None  # noqa: S101 - settings have at least one address
    raise last


def bind(settings: LdapSettings, url: str, dn: str, password: str) -> LdapConnection:
    """Open a connection to one server as somebody.

    Raises:
        DirectoryError: it is down, slow, untrusted, or refuses; `LdapRefused` where it does not accept who we are.
        UsageError: bonsai is not installed.
    """
    if not dn or not password:
        raise LdapRefused("a bind without a name or a password would be one as nobody", where=url)
    client = _client(settings, dn, password)
    from bonsai import LDAPError

    line = Line(settings, url)
    try:
        client.set_url(line.address)
        raw, _ = client.connect(is_async=True, timeout=settings.connect_timeout)
    except LDAPError as error:
        line.close()
        raise told(error, url) from None
    except UNREADABLE:
        line.close()
        raise _unread(url) from None
    return LdapConnection(raw, line, url, settings)


class LdapRefused(DirectoryDenied):
    """The server does not accept who we are; ``code`` is its result code, ``words`` what it says."""

    def __init__(
        self, what: str, *, where: str = "", remedy: str = "", code: int = 0, words: str = ""
    ) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.code = code
        self.words = words


def _client(settings: LdapSettings, dn: str, password: str) -> LDAPClient:
    try:
        from bonsai import LDAPClient

        from watchword.collect.directories.ldap_bonsai import Waiting
    except ImportError:
        raise UsageError(
            "reading LDAP directories needs bonsai, which is not installed",
            remedy="install watchword[ldap]; building it needs OpenLDAP's headers (libldap-dev)",
        ) from None
    client = LDAPClient()
    # As bytes: bonsai would make numbers and truth values of what looks like them, and lose how they were written.
    client.set_raw_attributes(list(RAW | {name.lower() for name in settings.user_name_attributes}))
    client.set_credentials("SIMPLE", dn, password)
    client.set_password_policy(True)
    client.set_ignore_referrals(False)
    client.set_server_chase_referrals(False)
    client.set_auto_page_acquire(False)
    client.set_async_connection_class(Waiting)
    return client


def _taken(item: object) -> Entry | Elsewhere:
    """An entry of bonsai as ours; a reference to another server as `Elsewhere`."""
    from bonsai import LDAPEntry, LDAPReference

    if isinstance(item, LDAPEntry):
        values = {name.lower(): tuple(map(_bytes, told)) for name, told in item.items() if name != "dn"}
        return Entry(str(item.dn), values)
    return Elsewhere(str(item.references[0]) if isinstance(item, LDAPReference) and item.references else "")


def _bytes(value: object) -> bytes:
    """A value as it came: bytes of those asked for as such, text of ranges of members."""
    return bytes(value) if isinstance(value, bytes | bytearray) else str(value).encode()


def told(error: LDAPError, url: str) -> DirectoryError:
    """The error of watchword for an error of bonsai.  Its words are the server's; ours hold no name and no password."""
    from bonsai import errors

    code, words = int(error.code), _words(error)
    if isinstance(error, errors.PasswordPolicyError):
        return LdapRefused(f"the directory refuses: {words}", where=url, code=code, words=words)
    if isinstance(error, errors.TimeoutError) or code in TIME_LIMITS:
        return DirectoryUnreachable(
            "the directory has not answered in time", where=url, remedy="try again, or raise timeout"
        )
    if isinstance(error, errors.ConnectionError | errors.ClosedConnection):
        return unreachable(url, words or "the connection has ended")
    if code == SIZE_LIMIT:
        return DirectoryDenied(
            "the directory gives no more entries to the account that reads than its size limit",
            where=url,
            remedy="lift the limit for it (OpenLDAP: limits … size.prtotal=unlimited); nothing is taken in parts",
        )
    if code in DENIALS:
        return LdapRefused(
            f"the directory refuses: {words}",
            where=url,
            remedy="correct bind_dn and bind_password, or give that account the right to read",
            code=code,
            words=words,
        )
    return DirectoryError(f"the directory answers with error {code}: {words}", where=url)


def _unread(url: str) -> DirectoryLying:
    return DirectoryLying(
        "an answer of the directory cannot be read: a name that is no text, or a reference that is no address",
        where=url,
        remedy="see with another client which entry it is, and correct it",
    )


def _words(error: LDAPError) -> str:
    """What a server says, on one line."""
    text = str(error.args[0]) if error.args else type(error).__name__
    return "".join(one if one.isprintable() else " " for one in text[:LONGEST_WORDS]).strip()
