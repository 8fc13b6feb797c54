"""Samples of pages about people, directories, the audit log, one's own account."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.web.console.samples import NOW
from watchword.model.accounts import LinkProposal, ProposalId
from watchword.model.directory import DirectoryAccount
from watchword.model.factors import Factor, FactorId, FactorKind, FactorStatus
from watchword.model.login import Outcome, Recovery, RecoveryId, RecoveryState, SignIn, SignInId
from watchword.model.people import (
    Directory,
    DirectoryId,
    DirectoryState,
    Principal,
    PrincipalId,
    PrincipalKind,
    PrincipalStatus,
)
from watchword.model.roles import Assignment, AssignmentId, Role
from watchword.model.sessions import ApiToken, Session, SessionId, SessionState, TokenId
from watchword.store.audit.canonical import canonical
from watchword.store.audit.follow import Fault
from watchword.store.audit.records import Hidden, Record
from watchword.store.audit.verify import Verified
from watchword.web.console.views import account, audit, directories, holdings, people, recovery

DAY = timedelta(days=1)
ADA = Principal(
    PrincipalId("p-ada"), PrincipalKind.USER, "Ada Lovelace", PrincipalStatus.ACTIVE, NOW - 90 * DAY
)
GUEST = Principal(
    PrincipalId("p-guest"),
    PrincipalKind.GUEST,
    "Grace Hopper",
    PrincipalStatus.ACTIVE,
    NOW - 20 * DAY,
    ADA.id,
    NOW + 9 * DAY,
)
NAMES = {str(ADA.id): ADA.display_name, str(GUEST.id): GUEST.display_name, "p-3": "Edsger"}
LDAP = DirectoryId("corp")


def factors() -> tuple[holdings.FactorLine, ...]:
    each = (
        (FactorKind.PASSKEY, FactorStatus.ACTIVE, {"name": "work laptop"}),
        (FactorKind.TOTP, FactorStatus.SUSPENDED, {}),
        (FactorKind.RECOVERY, FactorStatus.REMOVED, {"name": 3}),
    )
    return tuple(
        holdings.factor_line(
            Factor(FactorId(f"f-{number}"), ADA.id, kind, status, NOW - 30 * DAY, public, last_used=NOW - DAY)
        )
        for number, (kind, status, public) in enumerate(each)
    )


def session(number: int, **more: Any) -> Session:
    given: dict[str, Any] = {
        "address": "192.0.2.7",
        "country": "NL",
        "asn": 64496,
        "agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "methods": ("hwk", "user"),
    }
    begun = NOW - timedelta(hours=number)
    return Session(
        *(SessionId(f"{number:064x}"), ADA.id, 2, (FactorId("f-0"),), begun, begun, NOW + timedelta(hours=9)),
        **{**given, **more},
    )


def sessions() -> tuple[holdings.SessionLine, ...]:
    each = (
        session(1),
        session(2, device_key="{}", agent=""),
        session(3, state=SessionState.REVOKED),
        replace(session(20), absolute_end=NOW - timedelta(hours=1)),
    )
    return tuple(holdings.session_line(one, NOW, each[0].id) for one in each)


def tokens() -> tuple[holdings.TokenLine, ...]:
    lengths = (3 * DAY, 60 * DAY, -DAY)
    return tuple(
        holdings.token_line(
            ApiToken(
                TokenId(f"t-{at}"), ADA.id, "0" * 64, f"pipeline {at}", ("read",), NOW - 5 * DAY, NOW + one
            ),
            NOW,
        )
        for at, one in enumerate(lengths)
    )


def roles() -> tuple[holdings.RoleLine, ...]:
    given = Assignment(
        AssignmentId("a-1"), ADA.id, Role.AUDITOR, str(GUEST.id), "yearly audit", NOW - DAY, NOW + DAY
    )
    over = replace(given, id=AssignmentId("a-2"), until=NOW - timedelta(hours=1))
    return tuple(holdings.role_line(one, NOW, NAMES) for one in (given, over))


def read_account(**more: Any) -> DirectoryAccount:
    return DirectoryAccount(LDAP, "subject-1", "ada", display_name="Ada", mail="ada@abc.example", **more)


def accounts() -> tuple[holdings.AccountOf, ...]:
    each = (
        read_account(enabled=True, last_sign_in=NOW - DAY, factors=("totp",)),
        read_account(enabled=False),
        read_account(enabled=True, locked=True, factors=()),
        read_account(),
    )
    return tuple(holdings.account_of(one, {LDAP: "Corporate LDAP"}) for one in each)


def sign_ins() -> tuple[holdings.SignInLine, ...]:
    return tuple(
        holdings.sign_in_line(
            SignIn(SignInId(f"s-{one}"), NOW, one, "wrong_code", ADA.id, LDAP, ("pwd",), 1, "192.0.2.7", "NL")
        )
        for one in Outcome
    )


def record(sequence: int = 7, kind: str = "principal.suspended") -> Record:
    entry = {
        "actor": "p-ada",
        "after": {"status": "suspended", "display_name": {"$committed": "ab" * 32}},
        "at": "2026-11-26T11:00:00.000000Z",
        "before": {"status": "active"},
        "kind": kind,
        "request": "req-1",
        "session": "",
        "subject": "p-guest",
        "why": "left the company",
    }
    return Record.after("0" * 64, sequence, canonical(entry))


def log_state(*, fault: bool = False) -> audit.LogState:
    found = Verified("1" * 64, 7, "3" * 64, "2" * 64, 1, (), Fault(8, "the hash differs") if fault else None)
    return audit.LogState(7, "3" * 64, found, NOW)


def directory(**more: Any) -> Directory:
    given: dict[str, Any] = {
        "last_sync": NOW - timedelta(hours=2),
        "last_attempt": NOW,
        "counts": {"accounts": 1_204, "groups": 1},
        "settings": {"url": "ldaps://ldap.abc.example", "base_dn": "dc=abc"},
    }
    return Directory(LDAP, "ldap", "Corporate LDAP", **{**given, **more})


def proposals() -> tuple[directories.ProposalLine, ...]:
    one = LinkProposal(
        ProposalId("l-1"), LDAP, "subject-9", ADA.id, "the same verified mail address", NOW - DAY
    )
    named = {(str(LDAP), "subject-9"): "ada.l"}
    return (directories.proposal_line(one, NAMES, named, {LDAP: "Corporate LDAP"}),)


def recovery_lines() -> Iterator[recovery.RecoveryLine]:
    asked = Recovery(RecoveryId("r-1"), GUEST.id, "lost the phone", str(ADA.id), NOW - DAY, NOW + DAY)
    yield recovery.recovery_line(asked, NAMES, NOW, PrincipalId("p-3"))
    once = replace(asked, id=RecoveryId("r-2"), state=RecoveryState.APPROVED_ONCE, first_approver=ADA.id)
    yield recovery.recovery_line(once, NAMES, NOW, ADA.id)
    yield recovery.recovery_line(replace(asked, id=RecoveryId("r-3")), NAMES, NOW, GUEST.id)
    yield recovery.recovery_line(replace(once, state=RecoveryState.REJECTED), NAMES, NOW, None)
    yield recovery.recovery_line(replace(asked, expires=NOW - timedelta(1)), NAMES, NOW, None)


def person(part: str) -> people.PersonView:
    numbers = {"factors": 3, "sessions": 4, "groups": 0}
    framed = people.person_view(GUEST, part, numbers, ADA)
    return replace(
        framed,
        accounts=accounts(),
        factors=factors(),
        groups=(("admins", "Corporate LDAP"),),
        roles=roles(),
        sessions=sessions(),
        tokens=tokens(),
        sign_ins=sign_ins(),
        history=audit.history([record(), record(3, "session.created")], NAMES),
        deeds=tuple(people.deeds(GUEST)),
        may_give_roles=True,
        may_end_sessions=True,
    )


def known() -> tuple[people.Known, ...]:
    return (
        people.Known(
            ADA, frozenset({Role.ADMINISTRATOR}), "passkey, authenticator app", "ada@abc.example", NOW - DAY
        ),
        people.Known(GUEST, frozenset({Role.GUEST}), "authenticator app"),
        people.Known(replace(ADA, id=PrincipalId("p-4"), status=PrincipalStatus.SUSPENDED)),
        people.Known(replace(ADA, id=PrincipalId("p-5")), frozenset({Role.AUDITOR}), "authenticator app"),
        people.Known(replace(ADA, id=PrincipalId("p-6"))),
        people.Known(replace(GUEST, end_date=NOW - DAY)),
    )


def views() -> Iterator[tuple[str, str, Any]]:
    """Name, place in the navigation, view."""
    yield "people", "people", people.people_view(known(), 620, {"kind": "user"}, NOW, may_invite=True)
    yield "people-none", "people", people.people_view((), 0, {"q": "zz"}, NOW)
    yield "people-empty", "people", people.people_view((), 0, {}, NOW)
    for part, _ in people.PARTS:
        yield f"person-{part}", "people", person(part)
    yield "person-bare", "people", people.person_view(ADA, "nonsense", {})
    for part in ("groups", "access", "sessions", "history", "factors"):
        yield f"person-{part}-none", "people", people.person_view(ADA, part, {})
    yield (
        "directories",
        "directories",
        directories.DirectoriesView(
            (
                directories.directory_line(directory(), NOW),
                directories.directory_line(
                    directory(last_error="the server does not answer within 10 s"), NOW
                ),
                directories.directory_line(directory(state=DirectoryState.DISABLED), NOW),
                directories.directory_line(directory(last_sync=None), NOW),
                directories.directory_line(
                    directory(last_sync=NOW - 3 * DAY, faults=({"where": "x", "what": "y"},)), NOW
                ),
            ),
            proposals(),
            may_change=True,
            may_link=True,
        ),
    )
    yield "directories-empty", "directories", directories.DirectoriesView(())
    loose = tuple(directories.loose(read_account(enabled=None), "no principal has it", {}) for _ in range(3))
    faults = ({"where": "cn=x,dc=abc", "what": "two entries with one id", "remedy": "correct one"},)
    full = directories.directory_view(
        directory(faults=faults, last_error="refused"), NOW, loose, loose, proposals()
    )
    yield "directory", "directories", replace(full, may_change=True, may_link=True, more_stale=3)
    yield "directory-plain", "directories", directories.directory_view(directory(), NOW)
    records = [record(at) for at in range(60, 10, -1)]
    yield (
        "audit",
        "audit",
        audit.audit_view(log_state(), records, {"kind": "principal.*", "before": "61"}, NAMES),
    )
    yield "audit-empty", "audit", audit.audit_view(audit.LogState(0, ""), (), {}, {})
    yield "audit-bad", "audit", audit.audit_view(log_state(fault=True), [record()], {}, NAMES)
    hidden = (Hidden("/after/display_name", b"salt", json.dumps("Grace")),)
    yield "audit-record", "audit", audit.record_view(record(), hidden, NAMES, 8)
    yield "audit-record-erased", "audit", audit.record_view(replace(record(1), hash="0" * 64), (), NAMES, 1)
    yield "recovery", "recovery", recovery.recoveries_view(recovery_lines(), may_decide=True)
    yield "recovery-empty", "recovery", recovery.recoveries_view(())
    yield (
        "me",
        "",
        account.MeView(
            "Ada Lovelace",
            factors(),
            sessions(),
            tokens(),
            roles(),
            accounts(),
            sign_ins(),
            ("read", "write"),
        ),
    )
    refused = account.ChoosePasswordView("/me/password", "ada", 8, "Choose another.")
    yield "choose-password", "", refused
    yield "me-bare", "", account.MeView("Ada", (), (), may_have_tokens=False)
    yield (
        "new-token",
        "",
        account.NewTokenView("pipeline", "ww_0123456789abcdef0123456789abcdef", "read", NOW + DAY),
    )
    yield (
        "invited",
        "people",
        account.InvitedView("Ada", "https://ww.abc.example/welcome#t", NOW + DAY, "/people/p-ada"),
    )
    group = account.SettingsGroup("Web", (("web.port", "8440", "where it listens"), ("web.company", "", "")))
    yield "settings", "settings", account.SettingsView("watchword.toml", "0.1.0", (group,))
    yield "settings-defaults", "settings", account.SettingsView("", "0.1.0", ())
