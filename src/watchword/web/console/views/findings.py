"""Findings: the list with its filters, and one finding with its evidence and remedy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Final, TypeVar

from watchword.controls.registry import Control
from watchword.model.finding import Finding
from watchword.model.ids import ORGANIZATION, AccountId, ControlId
from watchword.model.verdict import Pillar, Requirement, Severity, Verdict
from watchword.store.findings_index import Facets, FindingPage, FindingQuery, FindingRow, Sort
from watchword.web.console.look import links
from watchword.web.console.look.words import VERDICTS, cut
from watchword.web.console.views.lists import Column, FilterBar, Pager, Select, chips, pager, select

E = TypeVar("E", bound=Enum)

SIZE: Final = 25
LONGEST_TEXT: Final = 200
"""Characters of a search that are read."""

FARTHEST_PAGE: Final = 100_000

FIELDS: Final = (
    "requirement",
    "pillar",
    "severity",
    "verdict",
    "account",
    "control",
    "resource",
    "q",
    "sort",
)
"""Names in the address, in their order there; beside them ``page``."""


@dataclass(frozen=True, slots=True)
class FindingAsk:
    """What somebody asks of the list, as it stands in the address; what cannot be is left out."""

    requirement: Requirement | None = None
    pillar: Pillar | None = None
    severity: Severity | None = None
    verdict: Verdict | None = None
    account: str = ""
    control: str = ""
    resource: str = ""
    text: str = ""
    sort: Sort = Sort.WORST
    page: int = 1

    def as_query(self) -> dict[str, str]:
        """The address' query, without the page."""
        return {
            "requirement": self.requirement.value if self.requirement else "",
            "pillar": self.pillar.value if self.pillar else "",
            "severity": self.severity.word if self.severity else "",
            "verdict": self.verdict.value if self.verdict else "",
            "account": self.account,
            "control": self.control,
            "resource": self.resource,
            "q": self.text,
            "sort": "" if self.sort is Sort.WORST else self.sort.value,
        }


@dataclass(frozen=True, slots=True)
class FindingLine:
    """A finding in a list."""

    href: str
    verdict: Verdict
    severity: Severity
    control: str
    control_title: str
    name: str
    kind: str
    account: str
    region: str
    because: str


@dataclass(frozen=True, slots=True)
class FindingsView:
    """The list: what is filtered, the findings of the page, where they stand among all."""

    template: ClassVar[str] = "findings.html.j2"
    filters: FilterBar
    lines: tuple[FindingLine, ...]
    pager: Pager
    columns: tuple[Column, ...]
    assessment: str = ""
    exists: bool = True
    """``False`` where nothing was assessed yet."""


@dataclass(frozen=True, slots=True)
class EvidencePiece:
    """A pointer into the snapshot: table and resource, which field, what stood there, the SHA-256 of it."""

    table: str
    resource: str
    path: str
    value: str
    digest: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class FindingView:
    """One finding: what, where, why, on what evidence, and what to do."""

    template: ClassVar[str] = "finding.html.j2"
    id: str
    verdict: Verdict
    severity: Severity
    confidence: str
    because: str
    control: str
    control_title: str
    why: str
    passes_when: str
    fix: tuple[tuple[str, str], ...]
    references: tuple[str, ...]
    requirements: tuple[tuple[str, str], ...]
    pillar: str
    name: str
    arn: str
    kind: str
    account: str
    account_label: str
    region: str
    evidence: tuple[EvidencePiece, ...]
    missing: tuple[str, ...]
    history: tuple[tuple[str, Verdict | None], ...] = ()
    """Assessments, newest first, with the verdict there; ``None``: the subject was not there."""


def ask_of(query: Mapping[str, str]) -> FindingAsk:
    """What an address asks; values that cannot be are as if they were not there."""
    text = " ".join(query.get("q", "")[:LONGEST_TEXT].split())
    return FindingAsk(
        requirement=_one(Requirement, query.get("requirement", "")),
        pillar=_one(Pillar, query.get("pillar", "")),
        severity=next((one for one in Severity if one.word == query.get("severity")), None),
        verdict=_one(Verdict, query.get("verdict", "")),
        account=query.get("account", "")[:40],
        control=query.get("control", "")[:40],
        resource=query.get("resource", "")[:2_048],
        text=text,
        sort=_one(Sort, query.get("sort", "")) or Sort.WORST,
        page=page_of(query),
    )


def page_of(query: Mapping[str, str]) -> int:
    """The page that an address asks for; 1 where it is no number from 1 on."""
    said = query.get("page", "")
    number = int(said) if said.isascii() and said.isdigit() and len(said) < 9 else 1
    return min(max(number, 1), FARTHEST_PAGE)


def _one(kind: type[E], word: str) -> E | None:
    return next((one for one in kind if one.value == word), None)


def query_of(ask: FindingAsk, controls: Iterable[Control]) -> FindingQuery:
    """The question to the index: requirement, pillar and control become the controls that they name."""
    chosen = None
    if ask.requirement or ask.pillar:
        chosen = frozenset(one.id for one in controls if _fits(one, ask))
    elif ask.control:
        # Also one that is not in the catalogue: a control of a plug-in, or of the user's own in SQL.
        chosen = frozenset({ControlId(ask.control)})
    return FindingQuery(
        controls=chosen,
        verdicts=frozenset({ask.verdict} if ask.verdict else ()),
        severities=frozenset({ask.severity} if ask.severity else ()),
        account=AccountId(ask.account) if ask.account else None,
        resource=ask.resource,
        words=tuple(ask.text.split()),
        sort=ask.sort,
        page=ask.page,
        size=SIZE,
    )


def _fits(control: Control, ask: FindingAsk) -> bool:
    text = control.text
    return (
        (ask.requirement is None or ask.requirement in text.requirements)
        and (ask.pillar is None or text.pillar is ask.pillar)
        and (not ask.control or control.id == ask.control)
    )


def findings_view(
    ask: FindingAsk,
    found: FindingPage,
    controls: Sequence[Control],
    names: Mapping[AccountId, str],
    assessment: str = "",
) -> FindingsView:
    """The list as a page shows it; ``names`` are those of the accounts."""
    titles = {one.id: one.text.title for one in controls}
    query = ask.as_query()
    return FindingsView(
        filters=_filters(ask, found, controls, names),
        lines=tuple(_line(one, titles, names) for one in found.rows),
        pager=pager(links.FINDINGS, query, found.total, ask.page, SIZE),
        columns=_columns(ask),
        assessment=assessment,
    )


def no_findings() -> FindingsView:
    """The list before anything was assessed."""
    return FindingsView(
        FilterBar(links.FINDINGS), (), pager(links.FINDINGS, {}, 0, 1, SIZE), (), exists=False
    )


def _line(row: FindingRow, titles: Mapping[ControlId, str], names: Mapping[AccountId, str]) -> FindingLine:
    return FindingLine(
        links.at(links.FINDINGS, row.id),
        row.verdict,
        row.severity,
        row.control,
        titles.get(row.control, ""),
        row.name,
        row.kind,
        label_of(row.account, names),
        row.region,
        row.because,
    )


def label_of(account: str, names: Mapping[AccountId, str]) -> str:
    """What people call an account: its name, or its id where it has none."""
    if account == ORGANIZATION:
        return "the organisation"
    return names.get(AccountId(account), "") or account


def _filters(
    ask: FindingAsk, found: FindingPage, controls: Sequence[Control], names: Mapping[AccountId, str]
) -> FilterBar:
    query = ask.as_query()
    selects = (*_of_findings(query, found.facets), *_of_places(query, found.facets, controls, names))
    kept = tuple((name, query[name]) for name in ("resource", "sort") if query[name])
    gone = chips(links.FINDINGS, query, selects, ask.text)
    return FilterBar(links.FINDINGS, selects, ask.text, "Search findings", kept, gone)


def _of_findings(query: Mapping[str, str], facets: Facets) -> Iterator[Select]:
    verdicts = {one.value: number for one, number in facets.verdicts.items()}
    words = ((one.value, word) for one, word in VERDICTS.items())
    yield select("verdict", "Verdict", words, query["verdict"], numbers=verdicts)
    severities = {one.word: number for one, number in facets.severities.items()}
    steps = ((one.word, one.word) for one in reversed(Severity))
    yield select("severity", "Severity", steps, query["severity"], numbers=severities)
    required = ((one.value, f"{one.value} {cut(one.title, 60)}") for one in Requirement)
    yield select("requirement", "Requirement", required, query["requirement"])
    yield select("pillar", "Pillar", ((one.value, one.value) for one in Pillar), query["pillar"])


def _of_places(
    query: Mapping[str, str], facets: Facets, controls: Sequence[Control], names: Mapping[AccountId, str]
) -> Iterator[Select]:
    named = [
        (str(one), f"{names[one]} ({one})" if names.get(one) else label_of(one, names))
        for one in facets.accounts
    ]
    named.sort(key=lambda one: one[1].casefold())
    numbers = {str(one): number for one, number in facets.accounts.items()}
    yield select("account", "Account", named, query["account"], numbers=numbers)
    counted = {str(one): number for one, number in facets.controls.items()}
    titles = {one.id: f"{one.id} {cut(one.text.title, 60)}" for one in controls}
    listed = sorted({*facets.controls, *(one for one in titles if one == query["control"])})
    titled = [(str(one), titles.get(one, one)) for one in listed]
    yield select("control", "Control", titled, query["control"], numbers=counted)


def _columns(ask: FindingAsk) -> tuple[Column, ...]:
    named = (
        ("Verdict", Sort.WORST),
        ("Finding", None),
        ("Control", Sort.CONTROL),
        ("Resource", Sort.RESOURCE),
        ("Account", Sort.ACCOUNT),
    )
    query = ask.as_query()
    return tuple(
        Column(
            label,
            links.with_query(links.FINDINGS, {**query, "sort": "" if sort is Sort.WORST else sort.value})
            if sort
            else "",
            ask.sort is sort,
        )
        for label, sort in named
    )


def finding_view(
    finding: Finding,
    control: Control | None,
    names: Mapping[AccountId, str],
    history: Sequence[tuple[str, Verdict | None]] = (),
    snapshot: str = "",
) -> FindingView:
    """One finding; ``control`` is ``None`` where the control that made it is no longer there."""
    subject, text = finding.subject, control.text if control else None
    return FindingView(
        id=finding.id,
        verdict=finding.verdict,
        severity=finding.severity,
        confidence=finding.confidence.value,
        because=finding.because,
        control=finding.control,
        control_title=text.title if text else "",
        why=text.why if text else "",
        passes_when=text.passes_when if text else "",
        fix=(
            (
                ("In the console", text.fix.console),
                ("AWS CLI", text.fix.cli),
                ("Terraform", text.fix.terraform),
            )
            if text
            else ()
        ),
        references=text.references if text else (),
        requirements=tuple((one.value, one.title) for one in text.requirements) if text else (),
        pillar=text.pillar.value if text else "",
        name=subject.name,
        arn=subject.arn,
        kind=subject.kind,
        account=subject.account,
        account_label=label_of(subject.account, names),
        region=subject.region,
        evidence=tuple(
            EvidencePiece(
                one.table,
                one.resource,
                one.path,
                one.value,
                one.digest,
                _evidence_href(subject.account, one.table, one.resource, snapshot),
            )
            for one in finding.evidence
        ),
        missing=finding.missing,
        history=tuple(history),
    )


def _evidence_href(account: str, table: str, resource: str, snapshot: str) -> str:
    """Where the row lies in the estate; empty where evidence is no row."""
    if not snapshot or not resource or "." not in table:
        return ""
    return links.at(links.ESTATE, account, table.partition(".")[0], "resource", arn=resource, table=table)
