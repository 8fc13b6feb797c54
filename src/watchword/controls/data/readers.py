"""Control of who can read sensitive data: nobody from outside, no guest, and no more principals than can be answered for.

Stores are the buckets, secrets and tables that bear a sensitive label.  Who can read one is asked of the evaluator, with
everything that limits: the policies of the principal, its boundary, SCPs, the store's policy, RCPs, S3's public access
block, and the policy of the customer's key that the store is encrypted with.  Counted is who can read any of the store;
principals whose policies name a part of it only are not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from watchword.analysis.data.sensitivity import MACIE_TABLE, is_sensitive, label_of
from watchword.analysis.iam.ask import Answer, ask, who_is
from watchword.analysis.iam.audience import Audience, Home
from watchword.analysis.iam.exposure import Exposure, exposures, widest
from watchword.analysis.iam.policy import PolicyError, action_matches, parse
from watchword.analysis.iam.trust import COGNITO
from watchword.controls.access import (
    NAMED,
    READS,
    Able,
    Asking,
    access_of,
    is_denied,
    is_emergency,
    listed,
    unseen,
)
from watchword.controls.data.stores import BUCKETS, SECRETS, TABLES, Store
from watchword.controls.registry import control, gap, met, unknown
from watchword.controls.subjects import judged
from watchword.model.evidence import EvidenceMissing
from watchword.model.finding import Judgement
from watchword.model.ids import AccountId
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView
from watchword.model.verdict import Severity

MOST_READERS: Final = 10
"""How many principals may read a sensitive store; the text of DA-14 says so too."""

_READING: Final = {
    BUCKETS.table: (BUCKETS, "s3:GetObject", "/*", "s3"),
    SECRETS.table: (SECRETS, "secretsmanager:GetSecretValue", "", "secretsmanager"),
    TABLES.table: (TABLES, "dynamodb:Scan", "", "dynamodb"),
}
"""Of each table of stores: how its key is told, the action that reads, what follows the ARN, and the service's name."""

_STRANGER: Final = "arn:aws:iam::000000000000:role/stranger"
"""Somebody with an AWS account of which nothing is known."""
_ANYWHERE: Final = {"aws:PrincipalOrgID": "o-0000000000", "aws:PrincipalOrgPaths": "o-0000000000/r-0000/"}


_Caller = tuple[str, dict[str, str], str, str]
"""A principal that stands for an audience, its context, what it is called, and its kind."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is read: the store's row, the action and resource, and the customer's key that must decrypt (``""``: none)."""

    row: Resource
    action: str
    resource: str
    key: str
    via: str

    @property
    def decrypting(self) -> dict[str, str]:
        """The context of the decryption on the reader's behalf."""
        return {"kms:ViaService": self.via, "kms:CallerAccount": self.row.account}


@dataclass(slots=True)
class Readers:
    """Who can read a store: ``principals`` of its account, others in words, ``doubts`` about what is not known."""

    principals: list[Able] = field(default_factory=list)
    partners: list[str] = field(default_factory=list)
    outsiders: list[str] = field(default_factory=list)
    crowds: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    everybody: bool = False


@control(
    "DA-14",
    reads=tuple(dict.fromkeys((*READS, "kms.aliases", MACIE_TABLE, "organizations.accounts"))),
    about="sensitive buckets, secrets or tables",
)
def few_can_read_sensitive_data(view: AccountView) -> Iterator[Judgement]:
    """Nobody outside, no guest, and at most ten principals can read a sensitive store."""
    for table in _READING:
        yield from judged(view, table, partial(_judge, view=view))


def _judge(row: Resource, view: AccountView) -> Judgement | None:
    if not is_sensitive(row, view):
        return None
    asking = access_of(view)
    target = _target(row, view)
    found = _readers(asking, target, view)
    label = label_of(row, view)
    shown = (piece for one in found.principals[:NAMED] for piece in one.evidence)
    evidence = [row.evidence("Policy"), *shown]
    faults = [*found.outsiders, *found.crowds, *_guests(asking, found.principals, view)]
    count = len(found.principals) + len(found.partners)
    if count > MOST_READERS:
        faults.append(f"{count} principals can read it, more than {MOST_READERS}: {_named(found)}")
    if faults:
        return gap(f"{label} data: {'; '.join(faults)}", *evidence, severity=_severity(found, faults, count))
    if found.doubts:
        return unknown(f"{label} data: {listed(found.doubts)}", row.evidence("Policy"))
    return met(_few(found, label or ""), *evidence)


def _named(found: Readers) -> str:
    """The first readers with what lets them, and how many more there are."""
    names = [one.sentence for one in found.principals[:NAMED]] + found.partners
    more = len(found.principals) - NAMED
    return "; ".join(names) + (f" and {more} more" if more > 0 else "")


def _few(found: Readers, label: str) -> str:
    names = [one.identity.name for one in found.principals] + found.partners
    who = f"{len(names)} can read it: {listed(names, MOST_READERS)}" if names else "no principal can read it"
    return f"{label} data: {who}"


def _severity(found: Readers, faults: list[str], count: int) -> Severity | None:
    if found.everybody:
        return Severity.CRITICAL
    return Severity.MEDIUM if count > MOST_READERS and len(faults) == 1 else None


def _readers(asking: Asking, target: Target, view: AccountView) -> Readers:
    found = Readers(doubts=list(unseen(view)))
    for one in asking.able(target.action, target.resource, view):
        if is_emergency(one.identity, view):
            continue
        if target.key:
            decrypts = asking.ask(one.identity, "kms:Decrypt", target.key, view, target.decrypting)
            if decrypts is None:
                continue
            found.doubts += decrypts.answer.missing
        if one.is_known:
            found.principals.append(one)
        found.doubts += [f"{one.identity.name}: {what}" for what in one.answer.missing]
    _from_elsewhere(asking, target, view, found)
    return found


# --- from other accounts ---------------------------------------------------------------------------------------------


def _from_elsewhere(asking: Asking, target: Target, view: AccountView, found: Readers) -> None:
    """Whom the store's policy lets in from other accounts, as far as nothing else denies it."""
    decrypting = _decrypting(asking, target, view)
    for one in _opened(target.row, view):
        if _is_reading(one, target.action):
            for caller in _callers(one, decrypting, view):
                _from_outside(asking, target, view, one, caller, found)
    found.outsiders = list(dict.fromkeys(found.outsiders))
    found.partners = list(dict.fromkeys(found.partners))


def _from_outside(  # noqa: PLR0917
    asking: Asking, target: Target, view: AccountView, one: Exposure, caller: _Caller, found: Readers
) -> None:
    """Note the caller among the readers, unless something denies it the store or the key."""
    arn, context, words, kind = caller
    answers = _answers(asking, arn, target, {**_asked(target, view), **context})
    if any(is_denied(answer, asking.access) for answer in answers):
        return
    missing = [what for answer in answers for what in answer.missing]
    if missing or not one.is_certain:
        found.doubts += missing or [f"perhaps {one.sentence}"]
    elif kind == "partner":
        found.partners.append(words)
    elif kind == "organisation":
        found.crowds.append(f"{one.sentence}, and with them the whole organisation")
    else:
        found.outsiders.append(one.sentence if kind == "everybody" else f"{words}: {one.sentence}")
        found.everybody = found.everybody or kind == "everybody"


def _decrypting(asking: Asking, target: Target, view: AccountView) -> frozenset[str]:
    """The outside accounts that the key's policy lets decrypt by name."""
    key = asking.access.carrier(target.key) if target.key else None
    doors = _opened(key.row, view) if key else ()
    return frozenset(account for one in doors if _is_reading(one, "kms:Decrypt") for account in one.accounts)


def _opened(row: Resource, view: AccountView) -> tuple[Exposure, ...]:
    document = row.document("Policy", absent=None)
    if document is None:
        return ()
    try:
        return exposures(parse(document.data), Home.of(view, row.arn))
    except PolicyError as error:
        raise EvidenceMissing(f"Policy of {row.where} is not of the IAM language: {error}") from error


def _is_reading(one: Exposure, action: str) -> bool:
    excluded = [name.removeprefix("not ") for name in one.actions if name.startswith("not ")]
    if excluded:
        return not any(action_matches(name, action) for name in excluded)
    return any(action_matches(name, action) for name in one.actions)


def _callers(one: Exposure, decrypting: frozenset[str], view: AccountView) -> Iterator[_Caller]:
    """Who stands for an audience; ``decrypting`` are outside accounts that the key's policy lets in by name."""
    if one.is_public:
        yield "*", {}, "everybody", "everybody"
        yield _STRANGER, _ANYWHERE, "every AWS account", "everybody"
        yield from _accounts(decrypting, view)
    elif one.audience is Audience.NAMED_OUTSIDE:
        yield from _accounts(one.accounts, view)
        for organization in sorted(one.organizations):
            yield _STRANGER, {"aws:PrincipalOrgID": organization}, organization, "outsider"
    elif one.audience is Audience.ORGANIZATION:
        home = Home.of(view)
        sibling = next((each for each in sorted(home.accounts or ()) if each != view.account.id), "")
        if sibling:
            own = {"aws:PrincipalOrgID": home.organization}
            yield f"arn:aws:iam::{sibling}:role/any", own, "the organisation", "organisation"


def _accounts(accounts: frozenset[str], view: AccountView) -> Iterator[_Caller]:
    for account in sorted(accounts):
        if account.isdigit() and len(account) == 12:
            partner = view.estate.partners.get(AccountId(account))
            words = f"partner {partner} ({account})" if partner else account
            yield f"arn:aws:iam::{account}:root", _ANYWHERE, words, "partner" if partner else "outsider"


def _answers(asking: Asking, caller: str, target: Target, context: dict[str, str]) -> list[Answer]:
    who = who_is(asking.access, caller)
    access = asking.access
    found = [ask(access, who, target.action, target.resource, context, account=target.row.account)]
    if target.key:
        found.append(ask(access, who, "kms:Decrypt", target.key, {**context, **target.decrypting}))
    return found


def _asked(target: Target, view: AccountView) -> dict[str, str]:
    return {"aws:CurrentTime": f"{view.now:%Y-%m-%dT%H:%M:%SZ}", "aws:RequestedRegion": target.row.region}


# --- guests ----------------------------------------------------------------------------------------------------------


def _guests(asking: Asking, principals: list[Able], view: AccountView) -> Iterator[str]:
    """Readers that are roles which guests or strangers can take."""
    for one in principals:
        doors = asking.doors(one.identity, view)
        top = widest([door for door in doors if _is_for_guests(door, view)])
        if top is not None:
            yield f"role {one.identity.name} can read it, whose trust's {top.sentence}"


def _is_for_guests(door: Exposure, view: AccountView) -> bool:
    if any(COGNITO in provider for provider in door.providers):
        return True
    if not door.is_certain:
        return False
    strangers = {AccountId(name) for name in door.accounts} - set(view.estate.partners)
    outside = door.audience is Audience.NAMED_OUTSIDE and bool(strangers or door.organizations)
    return door.is_public or outside


# --- the store and its key -------------------------------------------------------------------------------------------


def _target(row: Resource, view: AccountView) -> Target:
    store, action, rest, service = _READING[row.table]
    key = _key(store, row, view)
    return Target(row, action, row.arn + rest, key, f"{service}.{row.region}.amazonaws.com")


def _key(store: Store, row: Resource, view: AccountView) -> str:
    """The ARN of the customer's key of this account that encrypts the store; ``""`` where another key does, or none.

    Raises:
        EvidenceMissing: how the store is encrypted, the keys or their aliases were not read.
    """
    name = (store.key(row) or "").rpartition(":")[2]
    if name.startswith("alias/"):
        aliases = (one for one in view.rows("kms.aliases", row.region) if one.text("AliasName") == name)
        name = next((one.text("TargetKeyId", absent="") for one in aliases), "")
    wanted = name.removeprefix("key/")
    if not wanted:
        return ""
    keys = (one for one in view.rows("kms.keys", row.region) if one.text("KeyId") == wanted)
    return next((one.arn for one in keys if one.text("KeyManager") == "CUSTOMER"), "")
