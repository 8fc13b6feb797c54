"""Signs somebody in with a user name and a password that an LDAP directory or an Active Directory holds.

In steps, each of which can only refuse:

1. What cannot be a user name or password is refused before anything is sent.  An empty password above all: a server answers
   a bind with a name and no password with success, as nobody (RFC 4513 §5.1.2).
2. The account that reads looks for the one entry that has the name, by a filter in which the name is a value and nothing else
   (RFC 4515 §3).
3. A second connection binds as the entry found, with the password.  Where none was found it binds as an entry that cannot
   exist, so that the two take alike.
4. The entry is read again, after the bind, since a server may lift a lock that has run out or count a failure: disabled,
   locked and expired accounts are refused although the server may have let them bind.

The caller tells whoever asks the same words for every refusal, limits attempts, and asks for a further factor.
What cannot be made alike from here: how long a server takes to compare a password with a slow hash.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final
from uuid import uuid4

from watchword import clock
from watchword.collect.directories import ldap_entries as entries
from watchword.collect.directories.ldap import flavour
from watchword.collect.directories.ldap_connection import (
    LdapConnection,
    LdapRefused,
    TooMany,
    bind,
    connect,
)
from watchword.collect.directories.ldap_entries import Entry
from watchword.collect.directories.ldap_names import equals, escape_dn
from watchword.collect.directories.ldap_settings import Flavour, LdapSettings
from watchword.errors import SignInRefused
from watchword.model.directory import DirectoryAccount

LONGEST_NAME: Final = 256
"""Characters of a user name."""

LONGEST_PASSWORD: Final = 1024
"""Bytes of a password in UTF-8."""

INVALID_CREDENTIALS: Final = 49
ACCOUNT_LOCKED: Final = -201
PASSWORD_EXPIRED: Final = -200
"""How bonsai tells what the password policy control says."""

WRONG_PASSWORD: Final = "wrong password"  # noqa: S105
_STATES: Final = {
    "525": "no such account",
    "52e": WRONG_PASSWORD,
    "530": "not permitted to sign in at this time",
    "531": "not permitted to sign in from here",
    "532": "the password has expired",
    "533": "the account is disabled",
    "701": "the account has expired",
    "773": "the password must be changed first",
    "775": "the account is locked",
}
"""Codes in Active Directory's words, ``data 533``: https://learn.microsoft.com/windows/win32/debug/system-error-codes"""
_DATA: Final = re.compile(r"AcceptSecurityContext error, data ([0-9a-f]{1,8})\b")


class LdapSignIn:
    """Checks user names and passwords against one directory."""

    def __init__(self, settings: LdapSettings, *, now: Callable[[], datetime] = clock.now) -> None:
        self.settings = settings
        self._now = now
        self._flavour = settings.flavour

    def check(self, user_name: str, password: str) -> DirectoryAccount:
        """The account whose name and password these are.

        Raises:
            SignInRefused: they are nobody's, or its owner may not sign in; the reason is for the log only, and holds
                neither name nor password.
            DirectoryError: the directory is down, slow, untrusted, or does not let the account that reads look.
        """
        _check_typed(user_name, password)
        with connect(self.settings) as connection:
            found, why = self._found(connection, user_name)
            refused = self._bind(connection.url, found, password)
            if found is None:
                raise SignInRefused(why, where=connection.url)
            again = connection.entry(found.dn, entries.USER_ATTRIBUTES[self._flavour])
        return self._judged(connection.url, found, again, refused)

    def _found(self, connection: LdapConnection, user_name: str) -> tuple[Entry | None, str]:
        """Step 2: the one entry of that name, or why there is none."""
        if self._flavour is Flavour.AUTO:
            self._flavour = flavour(connection)
        names = self.settings.user_name_attributes or entries.USER_NAMES[self._flavour]
        users = self.settings.user_filter or entries.USERS[self._flavour]
        filter_ = f"(&{users}(|{''.join(equals(name, user_name) for name in names)}))"
        attributes = entries.USER_ATTRIBUTES[self._flavour]
        try:
            found = connection.search(self.settings.user_base, filter_, attributes, most=2)
        except TooMany:
            return None, "several accounts have that name"
        if len(found) == 1:
            return found[0], ""
        return None, "several accounts have that name" if found else "no such account"

    def _bind(self, url: str, found: Entry | None, password: str) -> LdapRefused | None:
        """Step 3: bind as the entry, or as one that cannot exist; why the server refuses, None where it does not."""
        dn = found.dn if found else f"cn={escape_dn(uuid4().hex)},{self.settings.user_base}"
        try:
            bind(self.settings, url, dn, password).close()
        except LdapRefused as refused:
            return refused
        return None

    def _judged(
        self, url: str, found: Entry, again: Entry | None, refused: LdapRefused | None
    ) -> DirectoryAccount:
        """Step 4: the account, if the server and its state both let it in."""
        told = entries.account(again or found, self.settings.directory, self._flavour)
        reasons = [] if refused is None else [reason(refused)]
        if again is None:
            reasons.append("the account has gone meanwhile")
        if told.account is None or told.doubtful:
            reasons.extend(fault.what for fault in told.faults)
        if told.account is not None:
            reasons.extend(standing(told.account, self._now()))
        if reasons or told.account is None:
            raise SignInRefused("; ".join(dict.fromkeys(reasons)), where=url)
        return told.account


def _check_typed(user_name: str, password: str) -> None:
    """Step 1: refuse what no name or password can be."""
    if not user_name or len(user_name) > LONGEST_NAME:
        raise SignInRefused(f"a user name that is empty or longer than {LONGEST_NAME} characters")
    if user_name != user_name.strip() or not user_name.isprintable():
        raise SignInRefused("a user name with spaces around it or characters that cannot be seen")
    if not password:
        raise SignInRefused("an empty password")
    if "\0" in password:
        raise SignInRefused("a password with NUL in it")
    try:
        size = len(password.encode())
    except UnicodeEncodeError:
        raise SignInRefused("a password that is no text") from None
    if size > LONGEST_PASSWORD:
        raise SignInRefused(f"a password of more than {LONGEST_PASSWORD} bytes")


def reason(refused: LdapRefused) -> str:
    """Why a server has refused a bind, for the log."""
    if refused.code == ACCOUNT_LOCKED:
        return "the account is locked"
    if refused.code == PASSWORD_EXPIRED:
        return "the password has expired"
    told = _DATA.search(refused.words)
    if told:
        return _STATES.get(told.group(1), WRONG_PASSWORD)
    return WRONG_PASSWORD if refused.code == INVALID_CREDENTIALS else "the directory refuses the account"


def standing(account: DirectoryAccount, now: datetime) -> Iterable[str]:
    """Why an account may not sign in, whatever its password; nothing where it may."""
    if account.enabled is False:
        yield "the account is disabled"
    if account.locked:
        yield "the account is locked"
    if account.expires is not None and account.expires <= now:
        yield "the account has expired"
    if account.attributes.get("password_expired"):
        yield "the password has expired"
    if account.attributes.get("must_change_password"):
        yield "the password must be changed first"
    if account.attributes.get("smartcard_required"):
        yield "the account signs in by smartcard only"
