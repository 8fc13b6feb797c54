"""The judge: runs controls over the view of an account and makes a finding of every subject in scope.

Steps, for each control and account:

1. The view is narrowed to the tables that the control names; to read another raises ``UndeclaredRead``
   (a plug-in that does so gets *unknown*, as in step 5).
2. Where the table that the control runs over was not read in a region, that region gets *unknown*.
3. The control function runs for each row, region, or once; what it returns becomes findings.
4. ``EvidenceMissing`` raised by it makes *unknown* for the subject at hand.
5. Any other error of a control makes *unknown* for the subject, with the error's name: a broken control never looks
   like a pass, and never stops the others.
6. Where steps 2 to 5 gave nothing, one *not applicable* for the account says what there is none of.
7. Several judgements of one subject become one finding with the worst verdict (gap, unknown, met, not applicable).
8. What rests on there being nothing (no user, no trail) points at no row; its evidence is how many rows were read of each
   table.  A *met* for which not even that can be said becomes *unknown*.

The judge is pure: the same view gives the same findings in the same order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from watchword.controls.registry import OWN, Control, Judged, Per
from watchword.model.evidence import Evidence, EvidenceMissing
from watchword.model.finding import Finding, Judgement, Subject
from watchword.model.ids import GLOBAL, ORGANIZATION, Region
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView, UndeclaredRead
from watchword.model.verdict import Confidence, Verdict

_WORST_FIRST = (Verdict.GAP, Verdict.UNKNOWN, Verdict.MET, Verdict.NOT_APPLICABLE)


def judge(view: AccountView, controls: Iterable[Control]) -> list[Finding]:
    """Findings of all ``controls`` for one account (or the organisation), in the order of ``Finding.sort_key``."""
    found = [finding for control in controls for finding in judge_one(view, control)]
    return sorted(found, key=lambda finding: finding.sort_key)


def judge_one(view: AccountView, control: Control) -> list[Finding]:
    """Findings of one control for one account; none where the control is not for this kind of view."""
    if (control.rule.per is Per.ORGANIZATION) != (view.account.id == ORGANIZATION):
        return []
    judged = list(_judgements(view, control))
    if not judged:
        about = control.rule.scope_words
        judged = [(account_subject(view), Judgement(Verdict.NOT_APPLICABLE, f"there are no {about}"))]
    by_subject: dict[Subject, list[Judgement]] = {}
    for subject, judgement in judged:
        by_subject.setdefault(judgement.subject or subject, []).append(judgement)
    return [
        _with_evidence(_finding(control, subject, several), view, control)
        for subject, several in by_subject.items()
    ]


def account_subject(view: AccountView) -> Subject:
    """The account itself (or the organisation) as a subject."""
    account = view.account
    if account.id == ORGANIZATION:
        return Subject(
            account.id, GLOBAL, "arn:aws:organizations:::organization", "AWS::::Organization", "organisation"
        )
    return Subject(
        account.id, GLOBAL, f"arn:aws:iam::{account.id}:root", "AWS::::Account", account.name or account.id
    )


def region_subject(view: AccountView, region: Region, table: str) -> Subject:
    """A region of the account, as far as the service of ``table`` goes, as a subject."""
    service = table.partition(".")[0]
    arn = f"arn:aws:{service}:{'' if region == GLOBAL else region}:{view.account.id}:*"
    return Subject(view.account.id, region, arn, "AWS::::Region", f"{service} in {region}")


def _judgements(view: AccountView, control: Control) -> Iterator[tuple[Subject, Judgement]]:
    rule = control.rule
    narrow = narrowed(view, rule.reads)
    if rule.per is Per.RESOURCE:
        yield from _unread_regions(view, rule.each)
        for row in narrow.readable(rule.each):
            yield from _run(control, Subject.of(row), row, narrow)
    elif rule.per is Per.REGION:
        if not view.regions_of(rule.each):
            yield from _unread_regions(view, rule.each)
        for region in view.regions_of(rule.each):
            yield from _run(control, region_subject(view, region, rule.each), narrow, region)
    else:
        yield from _run(control, account_subject(view), narrow)


def _unread_regions(view: AccountView, table: str) -> Iterator[tuple[Subject, Judgement]]:
    by_region: dict[Region, list[str]] = {}
    for hole in view.holes_of(table):
        by_region.setdefault(hole.region, []).append(hole.sentence())
    for region, sentences in by_region.items():
        yield region_subject(view, region, table), Judgement(Verdict.UNKNOWN, "; ".join(sentences))


def _run(
    control: Control, subject: Subject, *arguments: Resource | AccountView | Region
) -> Iterator[tuple[Subject, Judgement]]:
    try:
        for judgement in _several(control.rule.function(*arguments)):
            yield subject, judgement
    except EvidenceMissing as missing:
        yield subject, Judgement(Verdict.UNKNOWN, missing.what)
    except UndeclaredRead as error:
        # A mistake of ours must be seen at once; one of a plug-in must not end the assessment of its user.
        if control.origin == OWN:
            raise
        because = f"control {control.id} failed: {error}"
        yield subject, Judgement(Verdict.UNKNOWN, because, confidence=Confidence.LOW)
    # A control may come from a user's plug-in; whatever it raises must not hide what the others say.
    except Exception as error:  # noqa: BLE001
        because = f"control {control.id} failed: {type(error).__name__}: {error}"
        yield subject, Judgement(Verdict.UNKNOWN, because, confidence=Confidence.LOW)


def _several(judged: Judged) -> Iterable[Judgement]:
    if judged is None:
        return ()
    return (judged,) if isinstance(judged, Judgement) else judged


def _with_evidence(finding: Finding, view: AccountView, control: Control) -> Finding:
    """Step 8."""
    if finding.evidence or finding.verdict not in {Verdict.MET, Verdict.GAP}:
        return finding
    counted = tuple(_rows_read(view, control.rule.reads))
    if not counted and finding.verdict is Verdict.MET:
        because = f"control {control.id} gave no evidence for: {finding.because}"
        return replace(finding, verdict=Verdict.UNKNOWN, because=because, missing=(because,))
    return replace(finding, evidence=counted)


def _rows_read(view: AccountView, tables: tuple[str, ...]) -> Iterator[Evidence]:
    """How many rows each table has that was read in full, of the account or else of the organisation."""
    for table in tables:
        seen = view.organization if view.organization and table.startswith("organizations.") else view
        if not seen.holes_of(table):
            yield Evidence.of(table, seen.account.id, "rows read", len(seen.rows(table)))


def _finding(control: Control, subject: Subject, several: list[Judgement]) -> Finding:
    worst = min(several, key=lambda judgement: _WORST_FIRST.index(judgement.verdict))
    same = [judgement for judgement in several if judgement.verdict is worst.verdict]
    because = "; ".join(dict.fromkeys(judgement.because for judgement in same))
    return Finding(
        control=control.id,
        subject=subject,
        verdict=worst.verdict,
        severity=max(judgement.severity or control.text.severity for judgement in same),
        confidence=worst.confidence,
        because=because,
        evidence=tuple(dict.fromkeys(piece for judgement in same for piece in judgement.evidence)),
        missing=(because,) if worst.verdict is Verdict.UNKNOWN else (),
    )


def narrowed(view: AccountView, reads: tuple[str, ...]) -> AccountView:
    """The view with only the tables named in ``reads`` (the same for the organisation's)."""
    names = frozenset(reads)
    organization = narrowed(view.organization, reads) if view.organization else None
    return replace(view, declared=names, organization=organization)
