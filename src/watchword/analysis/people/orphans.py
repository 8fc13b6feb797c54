"""Accounts and people for whom nobody answers, or whom nobody uses.  Pure: what is known comes in, findings go out.

===  ==========================================================================================================
O1   an account that is of nobody
O2   an account that is enabled although its person has ended
O3   a guest whose sponsor has ended or is suspended
O4   a guest past the end date who has not ended
S1   an account that has not been used for ``Limits.unused`` (90 days)
S2   an account that has never been used, ``Limits.unused`` after it was made
S3   an account of which its directory does not tell when it was last used: *unknown*, not fine
O5   a user of AWS (IAM, Identity Center) that corresponds to no person
O6   a person without any account that is there
O7   a person with a role who has no factor that resists phishing
===  ==========================================================================================================

What a finding rests on stands in ``evidence``, in words and ids that are no secret.  The last sign-in that counts is the later
one of what the directory says and what we saw ourselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from watchword.analysis.people.likeness import key
from watchword.model.accounts import Account
from watchword.model.directory import AccountKind
from watchword.model.people import PresenceState, Principal, PrincipalId, PrincipalKind, PrincipalStatus


class Orphan(StrEnum):
    """What is wrong."""

    OF_NOBODY = "O1-of-nobody"
    PERSON_ENDED = "O2-person-ended"
    SPONSOR_GONE = "O3-sponsor-gone"
    GUEST_OVERDUE = "O4-guest-overdue"
    UNUSED = "S1-unused"
    NEVER_USED = "S2-never-used"
    USE_UNKNOWN = "S3-use-unknown"
    AWS_USER_OF_NOBODY = "O5-aws-user-of-nobody"
    WITHOUT_ACCOUNT = "O6-without-account"
    ROLE_WITHOUT_PASSKEY = "O7-role-without-passkey"


@dataclass(frozen=True, slots=True)
class OrphanFinding:
    """What is wrong with what; ``of`` is an account's, a principal's or an AWS user's id, ``principal`` whose it is."""

    what: Orphan
    of: str
    name: str
    because: str
    principal: str = ""
    directory: str = ""
    evidence: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limits:
    """From when on an account counts as unused."""

    unused: timedelta = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Owned:
    """An account, whose it is, and when its person was last seen to sign in with it by ourselves."""

    account: Account
    owner: Principal | None = None
    seen: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A principal with what is known beside: accounts that are there, roles in force, whether a passkey is registered."""

    principal: Principal
    accounts: int = 0
    roles: tuple[str, ...] = ()
    has_passkey: bool = False
    sponsor: Principal | None = None
    factors: tuple[str, ...] = ()
    """Kinds of active factors."""


@dataclass(frozen=True, slots=True)
class AwsUser:
    """A user of IAM or Identity Center as a snapshot has it: its ARN, its name, its mail address or tag of an owner."""

    arn: str
    name: str
    mail: str = ""
    subject: str = ""
    """Identity Center's id of it."""


STANDS: Final = frozenset({PrincipalStatus.INVITED, PrincipalStatus.ACTIVE})


def of_account(one: Owned, now: datetime, limits: Limits = Limits()) -> Iterator[OrphanFinding]:
    """O1, O2, S1 to S3 of one account; an account that is gone has none, a disabled one no S."""
    read, owner = one.account.read, one.owner
    if one.account.state is PresenceState.GONE:
        return
    if owner is None:
        why = (
            "a guest without sponsor" if read.kind is AccountKind.GUEST else "no linking rule has run over it"
        )
        yield _account(Orphan.OF_NOBODY, one, why)
    elif owner.status is PrincipalStatus.ENDED and read.enabled is not False:
        said = "enabled" if read.enabled else "not told to be disabled"
        yield _account(Orphan.PERSON_ENDED, one, f"its person has ended, and it is {said}")
    if read.enabled is not False:
        yield from _use(one, now, limits)


def _use(one: Owned, now: datetime, limits: Limits) -> Iterator[OrphanFinding]:
    read = one.account.read
    used = max((at for at in (read.last_sign_in, one.seen) if at is not None), default=None)
    if used is not None:
        if now - used >= limits.unused:
            days = (now - used).days
            yield _account(Orphan.UNUSED, one, f"last used {days} days ago", last_used=used.isoformat())
        return
    made = read.created or one.account.first_seen
    if read.attributes.get("never_signed_in") is True:
        if now - made >= limits.unused:
            days = (now - made).days
            yield _account(
                Orphan.NEVER_USED, one, f"made {days} days ago and never used", made=made.isoformat()
            )
    elif now - made >= limits.unused:
        yield _account(Orphan.USE_UNKNOWN, one, "its directory does not tell when it was last used")


def of_person(one: Person, now: datetime) -> Iterator[OrphanFinding]:
    """O3, O4, O6, O7 of one principal; who has ended has none."""
    who = one.principal
    if who.status is PrincipalStatus.ENDED:
        return
    if who.kind is PrincipalKind.GUEST:
        yield from _guest(one, now)
    if one.accounts == 0 and who.kind is not PrincipalKind.SERVICE and who.status in STANDS:
        yield _person(Orphan.WITHOUT_ACCOUNT, one, "no directory has an account of theirs")
    if one.roles and not one.has_passkey and who.status is PrincipalStatus.ACTIVE:
        named = ", ".join(sorted(one.roles))
        yield _person(Orphan.ROLE_WITHOUT_PASSKEY, one, f"{named}, and no passkey", roles=named)


def _guest(one: Person, now: datetime) -> Iterator[OrphanFinding]:
    who, sponsor = one.principal, one.sponsor
    if sponsor is None or sponsor.status in {PrincipalStatus.SUSPENDED, PrincipalStatus.ENDED}:
        said = "is not there" if sponsor is None else f"is {sponsor.status.value}"
        yield _person(Orphan.SPONSOR_GONE, one, f"the sponsor {said}", sponsor=who.sponsor or "")
    if who.end_date is not None and who.end_date <= now:
        ended = who.end_date.isoformat()
        yield _person(
            Orphan.GUEST_OVERDUE,
            one,
            f"the end date was {(now - who.end_date).days} days ago",
            end_date=ended,
        )


def of_aws(users: Iterable[AwsUser], accounts: Sequence[Account]) -> Iterator[OrphanFinding]:
    """O5: users of AWS whose id, name and address no account of a person has that is there."""
    there = [one for one in accounts if one.state is PresenceState.PRESENT]
    subjects = {one.read.subject for one in there}
    names = {key(one.read.user_name) for one in there} | {key(one.read.mail) for one in there}
    names.discard("")
    for user in users:
        known = user.subject in subjects or key(user.name) in names or (key(user.mail) in names)
        if not known:
            because = "no account of a directory has its name or address"
            yield OrphanFinding(
                Orphan.AWS_USER_OF_NOBODY, user.arn, user.name, because, evidence={"arn": user.arn}
            )


def _account(what: Orphan, one: Owned, because: str, **evidence: str) -> OrphanFinding:
    read = one.account.read
    owner = one.owner.id if one.owner is not None else PrincipalId("")
    told = {"account": one.account.id, "enabled": str(read.enabled), **evidence}
    return OrphanFinding(what, one.account.id, read.user_name, because, owner, read.directory, told)


def _person(what: Orphan, one: Person, because: str, **evidence: str) -> OrphanFinding:
    who = one.principal
    told = {"principal": who.id, "status": who.status.value, **evidence}
    return OrphanFinding(what, who.id, who.display_name, because, who.id, "", told)
