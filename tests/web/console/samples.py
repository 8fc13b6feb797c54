"""A sample of every page, for the tests that look at all of them; and a finder of words that must be escaped."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any

from watchword.controls.catalogue import catalogue
from watchword.controls.standing import Counts, Tally, standing
from watchword.model.evidence import Evidence
from watchword.model.finding import Finding, Subject
from watchword.model.ids import AccountId, ControlId, Region
from watchword.model.verdict import Confidence, Severity, Verdict
from watchword.store.findings_index import Facets, FindingPage, FindingRow
from watchword.web.console.views import errors, findings, overview, sign_in
from watchword.web.console.views.shell import Caller, Crumb, Notice, Shell, Tone, navigation

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
NAMES = {AccountId("111122223333"): "prod", AccountId("444455556666"): "dev"}
Page = tuple[Shell, Any]


def shell(title: str = "Sample", active: str = "", **more: Any) -> Shell:
    """What surrounds a page of somebody who may everything."""
    given: dict[str, Any] = {
        "caller": Caller("Ada Lovelace", ("administrator", "user"), 2),
        "nav": navigation(lambda _: True),
        "csrf": "a-token-of-the-form",
        "path": "/findings?verdict=gap",
        "request": "req-0123",
    }
    return Shell(title, NOW, active, **{**given, **more})


def outside(title: str = "Sign in") -> Shell:
    """What surrounds a page of somebody who has not signed in."""
    return Shell(title, NOW, csrf="a-token-of-the-form", path="/sign-in")


def row(number: int = 1, control: str = "ID-05", verdict: Verdict = Verdict.GAP) -> FindingRow:
    return FindingRow(
        f"{number:020x}",
        ControlId(control),
        verdict,
        Severity.HIGH,
        AccountId("111122223333"),
        "eu-west-1",
        f"arn:aws:iam::111122223333:user/user-{number}",
        "AWS::IAM::User",
        f"user-{number}",
        "the user has console access without a second factor",
    )


def finding() -> Finding:
    subject = Subject(
        AccountId("111122223333"),
        Region("global"),
        "arn:aws:iam::111122223333:user/ada",
        "AWS::IAM::User",
        "ada",
    )
    evidence = (
        Evidence.of("iam.users", subject.arn, "MFADevices", []),
        Evidence.of("account", "", "", {"a": 1}),
    )
    return Finding(
        ControlId("ID-05"),
        subject,
        Verdict.GAP,
        Severity.HIGH,
        Confidence.HIGH,
        "the user has console access without a second factor",
        evidence,
        ("iam.login_profiles",),
    )


@cache
def tally() -> Tally:
    """Counts for every control, drawn without chance."""
    made = Tally()
    from collections import Counter

    for number, control in enumerate(catalogue()):
        counts = (
            number * 7 % 11 * (number % 3 == 0),
            number % 5 * (number % 4 == 0),
            number * 3 % 40,
            number % 2,
        )
        order = (Verdict.GAP, Verdict.UNKNOWN, Verdict.MET, Verdict.NOT_APPLICABLE)
        made.verdicts[control.id] = Counter(dict(zip(order, counts, strict=True)))
        made.accounts[control.id] = Counter({AccountId("111122223333"): counts[0]} if counts[0] else {})
        mine = made.by_account.setdefault(list(NAMES)[number % 2], Counter())
        mine.update(dict(zip(order, counts, strict=True)))
    return made


def pasts() -> list[overview.Past]:
    each = [one.id for one in catalogue()]
    return [
        overview.Past(
            f"2026110{at}T000000Z-abcd-0123456789ab",
            NOW - timedelta(days=9 - at),
            {
                Verdict.GAP: 90 - 5 * at,
                Verdict.UNKNOWN: 40,
                Verdict.MET: 900 + at,
                Verdict.NOT_APPLICABLE: 10,
            },
            {one: Verdict.GAP if (number + at) % 4 == 0 else Verdict.MET for number, one in enumerate(each)},
        )
        for at in range(1, 7)
    ]


def overview_page() -> Any:
    by_account = {one: Counts.of(counter) for one, counter in tally().by_account.items()}
    return overview.overview_view(
        standing(catalogue(), tally()),
        pasts(),
        by_account,
        NAMES,
        {"denied": 12, "out_of_scope": 3},
        narrowed="Narrowed scope: only regions eu-west-1. What lies outside is not assessed.",
    )


def findings_page(query: Mapping[str, str] | None = None, lines: int = 25, total: int = 1_312) -> Any:
    facets = Facets(
        {Verdict.GAP: 312, Verdict.MET: 1_000},
        {Severity.HIGH: 1_000, Severity.LOW: 312},
        {AccountId("111122223333"): 1_312},
        {ControlId("ID-05"): 1_312},
    )
    rows = tuple(row(number, verdict=list(Verdict)[number % 4]) for number in range(1, lines + 1))
    ask = findings.ask_of(query or {})
    return findings.findings_view(ask, FindingPage(rows, total, facets), catalogue(), NAMES, "20261101")


def finding_page() -> Any:
    control = next(one for one in catalogue() if one.id == "ID-05")
    history = (("20261101", Verdict.GAP), ("20261001", Verdict.MET), ("20260901", None))
    return findings.finding_view(finding(), control, NAMES, history, "20261101")


OPTIONS = {"challenge": "AAAA", "rp": {"id": "localhost", "name": "</script><b>"}, "allowCredentials": []}


def island(ceremony: str = "get", *, conditional: bool = False) -> sign_in.PasskeyIsland:
    return sign_in.PasskeyIsland.of(OPTIONS, ceremony, "/sign-in/passkey", conditional=conditional)


def _inside() -> Iterator[tuple[str, Page]]:
    notices = (Notice("Saved.", Tone.OK), Notice("It runs late.", Tone.WARNING, "Look at the worker."))
    yield (
        "overview",
        (shell("Overview", "overview", notices=notices, banner="Company ABC, on the lab"), overview_page()),
    )
    yield "overview-empty", (shell("Overview", "overview"), overview.nothing_assessed())
    yield "findings", (shell("Findings", "findings"), findings_page())
    filtered = {"verdict": "gap", "q": "user", "requirement": "R1", "page": "3", "account": "111122223333"}
    yield "findings-filtered", (shell("Findings", "findings"), findings_page(filtered))
    yield "findings-none", (shell("Findings", "findings"), findings_page({"q": "nothing"}, 0, 0))
    yield "findings-beyond", (shell("Findings", "findings"), findings_page({"page": "99"}, 0))
    yield "findings-empty", (shell("Findings", "findings"), findings.no_findings())
    crumbs = (Crumb("Findings", "/findings"),)
    yield "finding", (shell("Finding", "findings", crumbs=crumbs), finding_page())
    yield "finding-plain", (shell("Finding"), findings.finding_view(finding(), None, {}))
    for status in (403, 404, 429, 500, 503):
        yield f"error-{status}", (shell("Error"), errors.error_view(status, "req-0123"))


def _outside() -> Iterator[tuple[str, Page]]:
    federated = (sign_in.Federated("entra", "Entra ID", "/sign-in/oidc"),)
    full = sign_in.IdentifyView(
        "/sign-in", "The user name or password is wrong.", "Company ABC", island(conditional=True), federated
    )
    yield "sign-in", (outside(), full)
    yield "sign-in-plain", (outside(), sign_in.IdentifyView("/sign-in", fields=(("flow", "abc"),)))
    yield (
        "password",
        (outside("Password"), sign_in.PasswordView("/sign-in/password", "ada", "LDAP", "Wrong.")),
    )
    yield "code", (outside("Code"), sign_in.CodeView("/sign-in/code", "Wrong code.", island()))
    why = "To suspend somebody, prove that it is you."
    yield "passkey", (outside("Passkey"), sign_in.PasskeyView(island(), why=why, other="/sign-in/code"))
    enrol = sign_in.EnrolPasskeyView(island("create"), "laptop", first=True, totp_href="/me/totp")
    yield "enrol-passkey", (outside("Passkey"), enrol)
    address = "otpauth://totp/watchword:ada?secret=JBSWY3DPEHPK3PXP&issuer=watchword"
    totp = sign_in.EnrolTotpView("/me/totp", "JBSWY3DPEHPK3PXP", address, "Wrong code.")
    yield "enrol-totp", (outside("Authenticator app"), totp)
    yield "recovery-codes", (outside("Recovery codes"), sign_in.RecoveryCodesView(("abcd-efgh", "ijkl-mnop")))
    welcome = sign_in.WelcomeView("/welcome", "bootstrap", expires=NOW + timedelta(hours=1), asks_name=True)
    yield "welcome", (outside("Welcome"), welcome)
    yield "welcome-recovery", (outside("Welcome"), sign_in.WelcomeView("/welcome", "recovery", "Ada"))
    away = sign_in.AwayView("Company login", "https://id.example/authorize?state=a&nonce=b", by_itself=False)
    yield "away", (outside("Company login"), away)
    yield "onward", (outside("Signing you in"), sign_in.OnwardView("/sign-in/saml/finish", by_itself=False))
    yield "signed-out", (outside("Signed out"), sign_in.SignedOutView(2))
    yield "error-outside", (outside("Error"), errors.error_view(404, "req-0123", signed_in=False))


@cache
def pages() -> Mapping[str, Page]:
    """All samples by name."""
    from tests.web.console import estate_samples, people_samples

    others = (*estate_samples.views(), *people_samples.views())
    framed = ((name, (shell(name.capitalize(), place), view)) for name, place, view in others)
    return dict((*_inside(), *_outside(), *framed))


def with_texts(value: Any, change: Callable[[str], str]) -> Any:
    """The value with each text within it changed, however deep; enumerations, times and numbers stay."""
    if isinstance(value, Enum) or value is None:
        return value
    if isinstance(value, str):
        return change(value)
    if isinstance(value, tuple | list):
        return type(value)(with_texts(one, change) for one in value)
    if isinstance(value, Mapping):
        return {key: with_texts(one, change) for key, one in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = (one.name for one in dataclasses.fields(value) if one.init)
        return dataclasses.replace(
            value, **{name: with_texts(getattr(value, name), change) for name in fields}
        )
    return value
