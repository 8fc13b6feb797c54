"""How an LDAP directory or an Active Directory is reached: what may be set, and what is refused before anything is sent.

A password never crosses a network that has not proved who it is: addresses are ``ldaps://``, or ``ldap://`` with
StartTLS; certificates and names are always verified.  Nothing here opens a connection or loads a library.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from watchword.collect.directories.ldap_names import Dn, parse_dn
from watchword.model.people import DirectoryId

MOST_ENTRIES: Final = 500_000
"""Accounts, or groups, that are read of one directory unless told otherwise."""

LARGEST_PAGE: Final = 1000
"""Entries that a page may hold: what Active Directory's MaxPageSize allows unless changed."""


class Tls(StrEnum):
    """How a connection is protected."""

    LDAPS = "ldaps"
    """TLS from the first byte."""
    STARTTLS = "starttls"
    """TLS by RFC 4511 §4.14, before anything else is said."""
    NONE = "none"
    """Not at all: on loopback only, and only where ``allow_plain`` is set."""


class Flavour(StrEnum):
    """Whose attributes a directory has."""

    AUTO = "auto"
    """Ask the directory itself: Active Directory says so in its root entry."""
    OPENLDAP = "openldap"
    """RFC 4519, RFC 2307, RFC 2798 and OpenLDAP's password policy; entryUUID (RFC 4530) is the id."""
    ACTIVE_DIRECTORY = "active-directory"
    """objectGUID is the id."""


@dataclass(frozen=True, slots=True)
class LdapSettings:
    """How one directory is read, and how its people sign in.

    ``urls`` are servers of the same directory, tried in order.  ``user_filter`` and ``group_filter`` (RFC 4515) and
    ``user_name_attributes`` replace what the flavour says; bases are DNs below ``base_dn`` and default to it.
    Seconds: ``connect_timeout`` for reaching a server with TLS and bind, ``timeout`` for each answer.

    Raises:
        ValueError: a setting cannot be; the text names it, and never holds the password.
    """

    directory: DirectoryId
    urls: tuple[str, ...]
    base_dn: str
    bind_dn: str
    bind_password: str = field(repr=False)
    tls: Tls | None = None
    ca_file: str = ""
    user_base: str = ""
    group_base: str = ""
    user_filter: str = ""
    group_filter: str = ""
    user_name_attributes: tuple[str, ...] = ()
    flavour: Flavour = Flavour.AUTO
    page_size: int = 500
    connect_timeout: float = 10.0
    timeout: float = 60.0
    most_entries: int = MOST_ENTRIES
    allow_plain: bool = False

    def __post_init__(self) -> None:
        """Check every setting; what is taken is what will be used."""
        if not self.directory:
            raise ValueError("directory: an id is needed")
        self._take_kinds()
        object.__setattr__(self, "urls", tuple(self.urls))
        if not self.urls:
            raise ValueError("urls: at least one server is needed, for example ldaps://ldap.example.com")
        for url in self.urls:
            self._check_url(url)
        self._check_names()
        self._check_bind()
        for name in ("user_filter", "group_filter"):
            _check_filter(name, getattr(self, name))
        _check_range("page_size", self.page_size, 1, LARGEST_PAGE)
        _check_range("most_entries", self.most_entries, 1, 5_000_000)
        _check_range("connect_timeout", self.connect_timeout, 0.1, 300)
        _check_range("timeout", self.timeout, 0.1, 3600)
        if self.ca_file and not Path(self.ca_file).is_file():
            raise ValueError(f"ca_file: there is no file {self.ca_file}")

    def protection(self, url: str) -> Tls:
        """How a connection to one of ``urls`` is protected."""
        if url.startswith("ldaps://"):
            return Tls.LDAPS
        return Tls.NONE if self.tls is Tls.NONE else Tls.STARTTLS

    def _take_kinds(self) -> None:
        """Words of a file of settings as what they stand for; one that was only alike must not pass for another."""
        try:
            object.__setattr__(self, "tls", None if self.tls is None else Tls(self.tls))
        except ValueError:
            raise ValueError(f"tls: {' or '.join(Tls)} is expected") from None
        try:
            object.__setattr__(self, "flavour", Flavour(self.flavour))
        except ValueError:
            raise ValueError(f"flavour: {' or '.join(Flavour)} is expected") from None

    def _check_url(self, url: str) -> None:
        host = address(url)[0]
        secure = url.startswith("ldaps://")
        if secure and self.tls not in {None, Tls.LDAPS}:
            raise ValueError(f"tls: {self.tls} does not go with {url}; leave it away")
        if not secure and self.tls is Tls.LDAPS:
            raise ValueError(f"tls: ldaps needs an address that begins with ldaps://, not {url}")
        if self.tls is Tls.NONE and not (self.allow_plain and _is_loopback(host)):
            raise ValueError(
                f"tls: none would send passwords in the clear to {url}; it is for tests on loopback, with allow_plain"
            )

    def _check_names(self) -> None:
        base = _checked_dn("base_dn", self.base_dn)
        if not base:
            raise ValueError("base_dn: the DN below which the directory is read is needed")
        for name in ("user_base", "group_base"):
            dn = _checked_dn(name, getattr(self, name))
            if dn and dn[-len(base) :] != base:
                raise ValueError(f"{name}: it does not lie below base_dn")
            object.__setattr__(self, name, getattr(self, name) or self.base_dn)
        for attribute in self.user_name_attributes:
            if not attribute.replace("-", "").isalnum() or not attribute.isascii():
                raise ValueError("user_name_attributes: names of attributes are expected, such as uid")

    def _check_bind(self) -> None:
        if "@" not in self.bind_dn and "\\" not in self.bind_dn:
            _checked_dn("bind_dn", self.bind_dn)
        if not self.bind_dn or "\0" in self.bind_dn:
            raise ValueError("bind_dn: the account that may read is needed")
        if not self.bind_password or "\0" in self.bind_password:
            raise ValueError(
                "bind_password: an empty password would read as nobody (RFC 4513 section 5.1.2), and none may hold NUL"
            )


def address(url: str) -> tuple[str, int]:
    """Host and port of a server's address.

    Raises:
        ValueError: it is not ``ldap://host[:port]`` or ``ldaps://host[:port]``; never repeats a password in it.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("urls: this is no address of a server") from None
    if parts.scheme not in {"ldap", "ldaps"} or not host:
        raise ValueError("urls: ldaps://host, ldaps://host:port or ldap://host is expected")
    if parts.username is not None or parts.password is not None:
        raise ValueError(
            f"urls: {host} comes with a user or password, which belong into bind_dn and bind_password"
        )
    if parts.path not in {"", "/"} or parts.query or parts.fragment or not host.isascii():
        raise ValueError(f"urls: only host and port are expected in the address of {host}")
    return host, port or (636 if parts.scheme == "ldaps" else 389)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _checked_dn(name: str, dn: str) -> Dn:
    try:
        return parse_dn(dn)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _check_filter(name: str, text: str) -> None:
    """Refuse a filter whose parentheses do not close: it would swallow what we put beside it."""
    depth = 0
    for position, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth < 1 and position < len(text) - 1:
            raise ValueError(f"{name}: one filter in parentheses is expected (RFC 4515)")
    if depth or "\0" in text or (text and not text.startswith("(")):
        raise ValueError(f"{name}: one filter in parentheses is expected (RFC 4515)")


def _check_range(name: str, value: float, least: float, most: float) -> None:
    if isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"{name}: a number from {least:g} to {most:g} is expected")
