"""Whose is an account that nobody has been told of?  Pure: accounts in, judgement out.

Two accounts are of one person only where both directories vouch for the same key and say so, or where a person decides.
Everything else is a proposal at most.  The judgement is made in eight steps; tests name the step that they break:

1. An account that has a principal keeps it, whatever has changed; what contradicts it is told (``contradictions``).
2. Texts are compared case folded in form NFKC; what says nothing (``N/A``, ``0000``) is never compared.  Texts that only look
   alike are never the same, and are told.
3. A key that two accounts of one directory share says nothing there: it is told, and nobody is linked or proposed by it.
4. **Linked** is an account to the one principal that accounts of the same kind in other directories have under the same value
   of the key for which both directories vouch.  If that key leads to several principals, nobody is linked: it is told.
5. A user and a guest, a person and a program are never one: the same key on both is told.
6. **Proposed** is an account to principals of other directories with the same verified mail address, else with the same user
   name; else to the only one with the same display name.
7. A guest for whom nobody answers gets no principal: it is told.
8. Any other account gets a new principal.  It is **held back** until a person has decided where step 4 was ambiguous, where
   step 6 found a mail address or user name, or where the key leads to somebody who has ended.

A directory vouches for one key at most, so that "the same person" is an equivalence: in whatever order directories are read,
the same accounts share a principal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from watchword.analysis.people.likeness import disguise, key, tells_apart
from watchword.model.directory import AccountKind, DirectoryFault
from watchword.model.people import DirectoryId, PrincipalId


class Rule(StrEnum):
    """Why an account is of a principal, or may be."""

    CORRELATED = "L1-correlated"
    """Both directories vouch for the key, and its values are the same."""
    DECIDED = "L2-decided"
    """A person has said so."""
    MAIL = "P1-verified-mail"
    USER_NAME = "P2-user-name"
    DISPLAY_NAME = "P3-display-name"
    AMBIGUOUS = "P4-ambiguous-key"
    """The key for which both directories vouch leads to several principals."""
    NEW = "N1-new"
    """Nobody else's: a principal of its own."""


class Key(StrEnum):
    """A key for which a directory may vouch."""

    EMPLOYEE_NUMBER = "employee_number"
    MAIL = "mail"
    """Where the address is verified."""
    USER_NAME = "user_name"


MOST_PROPOSALS: Final = 10
"""Proposals of one account; who could be of more principals is told as a fault beside."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the settings say of a directory: for which key it vouches, and whether its mail addresses count as verified."""

    correlate: Key | None = None
    vouches_for_mail: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """An account as far as linking goes.

    ``principal`` is whose it is (``None``: not yet told), ``ended`` that this principal has ended, ``sponsored`` that somebody
    answers for a guest until a date.
    """

    directory: DirectoryId
    subject: str
    kind: AccountKind = AccountKind.USER
    user_name: str = ""
    display_name: str = ""
    mail: str = ""
    mail_verified: bool | None = None
    employee_number: str = ""
    principal: PrincipalId | None = None
    ended: bool = False
    sponsored: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be done with an account.

    ``link``: it is of this principal.  ``new``: it gets a principal, which is held back if ``held``.  Neither: it gets none.
    """

    link: PrincipalId | None = None
    new: bool = False
    held: bool = False
    proposals: tuple[tuple[PrincipalId, Rule], ...] = ()
    faults: tuple[DirectoryFault, ...] = ()


Standings = Mapping[DirectoryId, Standing]


def judge(account: Known, others: Iterable[Known], standings: Standings) -> Judgement:
    """Whose an account is.

    ``others`` are accounts that are there, of any directory; those that share no key with it are without effect.
    """
    # 1.
    if account.principal is not None:
        return Judgement(link=account.principal)
    beside = _Beside(
        account, [one for one in others if _name(one) != _name(account)], standings, faults=_Faults()
    )
    beside.tell_lookalikes()
    peers = beside.peers()
    whose = _principals(one for one in peers if not one.ended)
    if len(whose) == 1:
        return Judgement(link=whose[0], faults=beside.faults.told(account))
    if len(whose) > 1:
        beside.faults.add(f"the key for which its directory vouches leads to {len(whose)} principals")
    proposed = [(one, Rule.AMBIGUOUS) for one in whose] or beside.proposals()
    held = any(rule is not Rule.DISPLAY_NAME for _, rule in proposed)
    # 7.
    if account.kind is AccountKind.GUEST and not account.sponsored:
        beside.faults.add("a guest without sponsor and end date", "name a sponsor: watchword people sponsor")
        return Judgement(faults=beside.faults.told(account))
    # 8.
    if not held and any(one.ended for one in peers):
        held = True
        beside.faults.add(
            "the person whom its key names has ended", "decide: resume the account as somebody new, or end it"
        )
    if len(proposed) > MOST_PROPOSALS:
        beside.faults.add(
            f"it could be of {len(proposed)} principals, of which {MOST_PROPOSALS} are proposed"
        )
    return Judgement(None, True, held, tuple(proposed[:MOST_PROPOSALS]), beside.faults.told(account))


def contradictions(
    account: Known, others: Iterable[Known], standings: Standings
) -> tuple[DirectoryFault, ...]:
    """What contradicts that a linked account is of its principal: step 1's faults.

    The key for which its directory vouches leads to another principal, or another account of the principal has another value.
    """
    standing = standings.get(account.directory, Standing())
    value = _value(account, standing)
    if account.principal is None or not value:
        return ()
    beside = _Beside(account, [one for one in others if _name(one) != _name(account)], standings, _Faults())
    elsewhere = _principals(one for one in beside.peers() if one.principal != account.principal)
    if elsewhere:
        beside.faults.add("it is of one principal, and its key leads to another", "unlink it, or link both")
    for one in beside.others:
        theirs = _value(one, standings.get(one.directory, Standing())) if beside.is_family(one) else ""
        if one.principal == account.principal and theirs and theirs != value:
            beside.faults.add(
                f"its key differs from that of the account in {one.directory} that is of the same principal",
                "unlink one of them, or correct the key",
            )
    return beside.faults.told(account)


@dataclass(slots=True)
class Index:
    """Accounts by all that they can be compared by, so that each is beside those only that share something with it."""

    _by: dict[tuple[str, str], dict[tuple[str, str], Known]] = field(default_factory=dict)

    def add(self, one: Known) -> None:
        """Take an account in; one that is there already is replaced."""
        for token in _tokens(one):
            self._by.setdefault(token, {})[_name(one)] = one

    def beside(self, one: Known) -> list[Known]:
        """The accounts that share something with an account, itself apart."""
        found: dict[tuple[str, str], Known] = {}
        for token in _tokens(one):
            found |= self._by.get(token, {})
        found.pop(_name(one), None)
        return list(found.values())


@dataclass(slots=True)
class _Faults:
    """Faults of one account, each once."""

    found: dict[str, str] = field(default_factory=dict)

    def add(self, what: str, remedy: str = "see both entries, and decide whose the account is") -> None:
        self.found.setdefault(what, remedy)

    def told(self, account: Known) -> tuple[DirectoryFault, ...]:
        where = f"account {account.subject}"
        return tuple(DirectoryFault(where, what, remedy) for what, remedy in self.found.items())


@dataclass(slots=True)
class _Beside:
    """An account beside all others."""

    account: Known
    others: Sequence[Known]
    standings: Standings
    faults: _Faults

    def standing(self, one: Known) -> Standing:
        return self.standings.get(one.directory, Standing())

    def is_family(self, one: Known) -> bool:
        """Whether another directory vouches for the same key."""
        mine = self.standing(self.account).correlate
        return (
            mine is not None
            and one.directory != self.account.directory
            and self.standing(one).correlate is mine
        )

    def peers(self) -> list[Known]:
        """3. to 5.: accounts that are of the same person by the key for which both directories vouch."""
        value = _value(self.account, self.standing(self.account))
        if not value:
            return []
        same = [one for one in self.others if _value(one, self.standing(one)) == value]
        family = [one for one in same if self.is_family(one)]
        if any(one.directory == self.account.directory for one in same):
            if family:
                self.faults.add("another account of the directory has the same key, so that it says nothing")
            return []
        often = Counter(one.directory for one in family)
        if any(count > 1 for count in often.values()):
            self.faults.add("accounts of another directory share the same key, so that it says nothing there")
        unique = [one for one in family if often[one.directory] == 1]
        return self.of_one_kind(unique)

    def proposals(self) -> list[tuple[PrincipalId, Rule]]:
        """6.: principals whose it may be, by the strongest likeness that there is."""
        for rule, of in ((Rule.MAIL, self.verified_mail), (Rule.USER_NAME, _user_name)):
            found = self.alike(of)
            if found:
                return [(one, rule) for one in found]
        named = self.alike(_display_name)
        return [(named[0], Rule.DISPLAY_NAME)] if len(named) == 1 else []

    def alike(self, of: Callable[[Known], str]) -> list[PrincipalId]:
        """Principals of other directories' accounts with the same value, where it is no collision."""
        value = of(self.account)
        if not value:
            return []
        same = [one for one in self.others if of(one) == value]
        away = [one for one in same if one.directory != self.account.directory]
        often = Counter(one.directory for one in away)
        if of is not _display_name:
            if away and len(same) > len(away):
                self.faults.add("another account of the directory has the same address or name")
                return []
            if any(count > 1 for count in often.values()):
                self.faults.add("accounts of another directory share its address or name")
            away = [one for one in away if often[one.directory] == 1]
        elif len(same) > len(away):
            return []
        return _principals(one for one in self.of_one_kind(away) if not one.ended)

    def of_one_kind(self, found: list[Known]) -> list[Known]:
        """5."""
        if any(one.kind is not self.account.kind for one in found):
            self.faults.add("an account of another kind (user, guest, workload) has the same key")
        return [one for one in found if one.kind is self.account.kind]

    def verified_mail(self, one: Known) -> str:
        return verified_mail(one, self.standing(one))

    def tell_lookalikes(self) -> None:
        """2.: texts that differ and look alike."""
        for what, of in (("mail address", _mail), ("user name", _user_name)):
            mine = of(self.account)
            if mine and any(_is_disguise(mine, of(one)) for one in self.others):
                self.faults.add(
                    f"its {what} only looks like that of another account, and is not the same",
                    "see whether somebody means to pass for somebody else",
                )


def verified_mail(one: Known, standing: Standing) -> str:
    """The mail address in the form in which it is compared, if the directory vouches for it; else empty."""
    verified = one.mail_verified is True or (one.mail_verified is None and standing.vouches_for_mail)
    return key(one.mail) if verified and "@" in one.mail else ""


def _value(one: Known, standing: Standing) -> str:
    """The value of the key for which an account's directory vouches; empty where there is none that tells people apart."""
    if standing.correlate is Key.EMPLOYEE_NUMBER:
        return key(one.employee_number) if tells_apart(one.employee_number) else ""
    if standing.correlate is Key.MAIL:
        return verified_mail(one, standing)
    return _user_name(one) if standing.correlate is Key.USER_NAME else ""


def _tokens(one: Known) -> Iterator[tuple[str, str]]:
    """What an account is found by: numbers, addresses and names as they are compared, and as they look."""
    for kind, text in (("number", one.employee_number), ("mail", one.mail), ("user", one.user_name)):
        if text:
            yield kind, key(text)
            yield f"{kind} looks", disguise(text)
    if one.display_name:
        yield "display", key(one.display_name)


def _user_name(one: Known) -> str:
    return key(one.user_name) if tells_apart(one.user_name) else ""


def _display_name(one: Known) -> str:
    return key(one.display_name) if tells_apart(one.display_name) else ""


def _mail(one: Known) -> str:
    return key(one.mail)


def _is_disguise(mine: str, theirs: str) -> bool:
    return bool(theirs) and mine != theirs and disguise(mine) == disguise(theirs)


def _name(one: Known) -> tuple[str, str]:
    return one.directory, one.subject


def _principals(found: Iterable[Known]) -> list[PrincipalId]:
    """Whose accounts are, each once, in a fixed order."""
    return sorted(set(_told(found)))


def _told(found: Iterable[Known]) -> Iterator[PrincipalId]:
    return (one.principal for one in found if one.principal is not None)
