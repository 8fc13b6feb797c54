"""What people do with people: find, invite, suspend, resume and end them; decide whose an account is.

Every function is one transaction with its audit records.  ``Act`` says who does it, when and why; whether they may is judged
before (``watchword.pdp.console``).  Two things are refused whoever asks: to leave watchword without an administrator who could
sign in, and to suspend or end somebody without saying why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from watchword.errors import Forbidden, RowExists, UsageError
from watchword.model.accounts import Account, AccountKey
from watchword.model.directory import DirectoryAccount, DirectoryKind
from watchword.model.factors import Factor
from watchword.model.login import Purpose, SignIn
from watchword.model.people import (
    Directory,
    DirectoryId,
    Group,
    Principal,
    PrincipalId,
    PrincipalKind,
    PrincipalStatus,
)
from watchword.model.roles import Assignment, Role
from watchword.model.sessions import ApiToken, Session
from watchword.store.audit import journal
from watchword.store.state import (
    directory_records,
    factor_store,
    invitations,
    links,
    people_store,
    role_store,
    session_store,
    sign_ins,
)
from watchword.store.state.accounts import ACCOUNTS, account_row
from watchword.store.state.connection import Connection
from watchword.store.state.database import Database
from watchword.store.state.people_store import Happened, Search
from watchword.store.state.scim_values import new_id
from watchword.store.state.standing import end_access
from watchword.store.state.transition import Act, create

Randomness = Callable[[int], bytes]

LOCAL: Final = Directory(DirectoryId("local"), DirectoryKind.LOCAL.value, "People whom we invite")
"""The directory of people whom administrators invite."""

LONGEST_NAME: Final = 200
LONGEST_MAIL: Final = 320


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody new, and the one-time token with which they register their first factor: shown once, not kept."""

    principal: Principal
    account: Account
    token: str
    until: datetime

    def __repr__(self) -> str:
        """Without the token."""
        return f"Invited({self.principal.id}, until {self.until})"


@dataclass(frozen=True, slots=True)
class Identity:
    """Everything about one principal, as it was at one moment.

    ``factors`` are public parts only, those that were removed too; ``sessions`` and ``tokens`` those that are active;
    ``history`` is what the audit log says of them and their accounts, the newest first, not verified.
    """

    principal: Principal
    accounts: tuple[Account, ...]
    factors: tuple[Factor, ...]
    groups: tuple[Group, ...]
    roles: tuple[Assignment, ...]
    sessions: tuple[Session, ...]
    tokens: tuple[ApiToken, ...]
    sign_ins: tuple[SignIn, ...]
    guests: tuple[Principal, ...]
    history: tuple[Happened, ...]


def find(database: Database, which: Search) -> Sequence[Principal]:
    """People by id, a page at a time: the next begins after the last id."""
    with database.reading() as connection:
        return people_store.find(connection, which)


def identity(database: Database, id_: str) -> Identity:
    """Everything about one principal.

    Raises:
        RowMissing: there is nobody.
    """
    with database.reading() as connection:
        one = people_store.require(connection, id_)
        owned = people_store.accounts_of(connection, one.id)
        about = [one.id, *(account.id for account in owned)]
        return Identity(
            principal=one,
            accounts=tuple(owned),
            factors=tuple(factor_store.of_principal(connection, one.id)),
            groups=tuple(people_store.groups_of(connection, one.id)),
            roles=tuple(role_store.every(connection, principal=one.id, active=False)),
            sessions=tuple(session_store.of_principal(connection, one.id)),
            tokens=tuple(session_store.tokens_of(connection, one.id)),
            sign_ins=tuple(sign_ins.read(connection, sign_ins.Wanted(principal=one.id), 50)),
            guests=tuple(people_store.guests_of(connection, one.id)),
            history=tuple(people_store.history(connection, about)),
        )


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Who is to be invited: the name for people, the name to type, and the address if there is one."""

    name: str
    user_name: str
    mail: str = ""

    def __post_init__(self) -> None:
        """Refuse what nobody is called by.

        Raises:
            UsageError: a name is missing, too long or holds what cannot be printed, or the address is none.
        """
        for what, text, most in (
            ("name", self.name, LONGEST_NAME),
            ("user name", self.user_name, LONGEST_NAME),
        ):
            if not text.strip() or len(text) > most or not text.isprintable():
                raise UsageError(f"a {what} of 1 to {most} printable characters is expected")
        if self.mail and (
            not 3 <= len(self.mail) <= LONGEST_MAIL
            or not self.mail.isprintable()
            or not all(self.mail.rpartition("@")[::2])
        ):
            raise UsageError("the mail address is none: something like anna@example.com is expected")


def invite(database: Database, who: Newcomer, act: Act, randomness: Randomness) -> Invited:
    """Invite a person of the company, who registers a factor with the token and is active from then on.

    Raises:
        RowExists: somebody whom we invited has this user name.
    """
    return admit(database, who, act, randomness)


def admit(
    database: Database,
    who: Newcomer,
    act: Act,
    randomness: Randomness,
    *,
    sponsor: PrincipalId | None = None,
    end_date: datetime | None = None,
) -> Invited:
    """Invite a person, or a guest where there is a sponsor; guests come by ``watchword.access.guests``.

    Raises:
        RowExists: somebody whom we invited has this user name.
    """
    guest = sponsor is not None
    kind = PrincipalKind.GUEST if guest else PrincipalKind.USER
    made = Principal(
        PrincipalId(f"p-{new_id(act.at)}"), kind, who.name, PrincipalStatus.INVITED, act.at, sponsor, end_date
    )
    with database.writing() as connection:
        directory_records.ensure(connection, LOCAL, act)
        links.lock(connection, LOCAL.id)
        if people_store.user_name_taken(connection, LOCAL.id, who.user_name):
            raise RowExists("somebody whom we invited has this user name", where=who.user_name)
        people_store.add(connection, made, act)
        account = _account(who, made, act)
        create(connection, ACCOUNTS, account_row(account), act)
        links.link(connection, account, made.id, "N1-new", act)
        drawn = invitations.invite(connection, Purpose.ENROLMENT, made.id, act, randomness)
    return Invited(made, account, drawn.token, drawn.invitation.expires)


def _account(who: Newcomer, principal: Principal, act: Act) -> Account:
    from watchword.model.directory import AccountKind

    id_ = new_id(act.at)
    read = DirectoryAccount(
        LOCAL.id,
        id_,
        who.user_name,
        AccountKind(principal.kind.value),
        who.name,
        who.mail,
        enabled=True,
        created=act.at,
        expires=principal.end_date,
    )
    return Account(AccountKey(id_), read, act.at, act.at)


def invite_again(database: Database, id_: str, act: Act, randomness: Randomness) -> tuple[str, datetime]:
    """A new token for somebody who is invited and has not come; those before are void.

    Raises:
        Forbidden: they are not invited, or wait for a decision whose account theirs is.
    """
    with database.writing() as connection:
        one = people_store.require(connection, id_)
        if one.status is not PrincipalStatus.INVITED:
            raise Forbidden("only who is invited can be invited again", where=one.id)
        if links.open_proposals_of(connection, one.id):
            raise Forbidden(
                "whose account this is has not been decided",
                where=one.id,
                remedy="watchword people proposals",
            )
        drawn = invitations.invite(connection, Purpose.ENROLMENT, one.id, act, randomness)
        return drawn.token, drawn.invitation.expires


def suspend(database: Database, id_: str, act: Act) -> int:
    """Suspend somebody until a person resumes them: how many sessions and tokens ended.

    Raises:
        UsageError: no reason is given.
        Forbidden: they are the last administrator who can sign in.
        IllegalMove: they are neither active nor suspended.
    """
    require_reason(act)
    with administered(database, act) as connection:
        one = people_store.require(connection, id_)
        if one.status is PrincipalStatus.SUSPENDED:
            people_store.hold(connection, one, act)
        else:
            people_store.move(connection, one, PrincipalStatus.SUSPENDED, act)
        return end_access(connection, one.id, act, journal.append)


def resume(database: Database, id_: str, act: Act) -> None:
    """Let somebody go on who was suspended.

    Raises:
        Forbidden: every directory that knows them says that they may not, or a guest's time is over.
        IllegalMove: they are not suspended.
    """
    with database.writing() as connection:
        one = people_store.require(connection, id_)
        if one.end_date is not None and one.end_date <= act.at:
            raise Forbidden("this guest's time is over", where=one.id, remedy="extend it first")
        owned = people_store.accounts_of(connection, one.id)
        if owned and not any(links.is_usable(account, act.at) for account in owned):
            raise Forbidden(
                "no directory has a usable account of theirs any more",
                where=one.id,
                remedy="enable the account in its directory, and read that",
            )
        people_store.move(connection, one, PrincipalStatus.ACTIVE, act)


def end(database: Database, id_: str, act: Act) -> int:
    """End somebody for good: sessions, tokens, factors, roles, invitations; how many sessions and tokens ended.

    Raises:
        UsageError: no reason is given.
        Forbidden: they are the last administrator who can sign in.
        IllegalMove: they have ended.
    """
    require_reason(act)
    with administered(database, act) as connection:
        one = people_store.require(connection, id_)
        return end_within(connection, one, act)


def end_within(connection: Connection, one: Principal, act: Act) -> int:
    """End somebody in the caller's transaction, with their roles and the account that we gave them."""
    count = people_store.end(connection, one, act)
    for assignment in role_store.every(connection, principal=one.id):
        role_store.end(connection, assignment, act)
    links.close_local(connection, LOCAL.id, one.id, act)
    return count


@contextmanager
def administered(database: Database, act: Act) -> Iterator[Connection]:
    """A transaction that is undone if it leaves nobody who could administrate.

    Raises:
        Forbidden: it would.
    """
    with database.writing() as connection:
        before = _administrators(connection, act.at)
        yield connection
        # The audit records that were written let one writer in at a time: of two administrators who end each other at once, the
        # second sees the first.
        after = _administrators(connection, act.at)
        if any(had and not has for had, has in zip(before, after, strict=True)):
            raise Forbidden(
                "this would leave no administrator who can sign in",
                remedy="make somebody else an administrator first: watchword roles assign",
            )


def _administrators(connection: Connection, now: datetime) -> tuple[bool, bool]:
    """Whether there is an administrator, and one who can sign in."""
    return (
        bool(role_store.holders(connection, Role.ADMINISTRATOR, now)),
        bool(invitations.administrators(connection, now)),
    )


def require_reason(act: Act) -> None:
    """See that somebody says why.

    Raises:
        UsageError: they do not.
    """
    if not act.why.strip():
        raise UsageError("a reason is needed: it goes into the audit log", remedy="say why, without names")
