"""The index over findings: whatever is asked, it answers what a scan of all findings would answer."""

from __future__ import annotations

import json
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchword.controls.standing import Tally
from watchword.errors import StoreError
from watchword.model.evidence import Evidence
from watchword.model.finding import Finding, Subject
from watchword.model.ids import AccountId, ControlId, Region
from watchword.model.verdict import Confidence, Severity, Verdict
from watchword.store import findings_build
from watchword.store.assessments import AssessmentFolder
from watchword.store.findings_build import FILE, build
from watchword.store.findings_index import LARGEST_PAGE, FindingQuery, FindingsIndex, Sort

ACCOUNTS = ["organization", "111122223333", "444455556666"]
CONTROLS = ["ID-01", "ID-02", "NW-01", "DA-07"]
NAMES = ["web", "Web-2", "straße", "ＷＩＤＥ", "a%b_c", "O'Brien", ""]


def finding(account: str, control: str, name: str, verdict: Verdict, **more: Any) -> Finding:
    number = more.get("number", 0)
    arn = more.get("arn", f"arn:aws:ec2:eu-west-1:{account}:thing/{name}/{number}")
    subject = Subject(AccountId(account), Region("eu-west-1"), arn, "AWS::EC2::Instance", name)
    return Finding(
        ControlId(control),
        subject,
        verdict,
        more.get("severity", Severity.HIGH),
        Confidence.HIGH,
        more.get("because", "port 22 is open"),
        (Evidence.of("ec2.instances", arn, "Port", 22),),
    )


@st.composite
def several(draw: st.DrawFn) -> list[Finding]:
    each = st.builds(
        finding,
        st.sampled_from(ACCOUNTS),
        st.sampled_from(CONTROLS),
        st.sampled_from(NAMES),
        st.sampled_from(list(Verdict)),
        number=st.integers(0, 30),
        severity=st.sampled_from(list(Severity)),
        because=st.sampled_from(
            ["port 22 is open", "PORT 443 is fine", "öffentlich erreichbar", "50% of it"]
        ),
    )
    found = draw(st.lists(each, max_size=40))
    return list({one.id: one for one in found}.values())


queries = st.builds(
    FindingQuery,
    controls=st.none() | st.frozensets(st.sampled_from([*CONTROLS, "XX-99"]).map(ControlId)),
    verdicts=st.frozensets(st.sampled_from(list(Verdict))),
    severities=st.frozensets(st.sampled_from(list(Severity))),
    account=st.none() | st.sampled_from([*ACCOUNTS, "999999999999"]).map(AccountId),
    words=st.lists(
        st.sampled_from(
            ["web", "WEB", "strasse", "%", "_", "'", "port", "id-0", "öff", "wide", "ＷＩＤＥ", "zebra"]
        ),
        max_size=3,
    ).map(tuple),
    sort=st.sampled_from(list(Sort)),
    page=st.integers(1, 4),
    size=st.integers(1, 12),
)


def stored(findings: Iterable[Finding], folder: Path) -> AssessmentFolder:
    made = AssessmentFolder.create(folder, "20261126T000000Z-abcd-0123456789ab")
    by_account: dict[str, list[Finding]] = {}
    for one in findings:
        by_account.setdefault(one.subject.account, []).append(one)
    for account, mine in by_account.items():
        made.write_account(AccountId(account), mine)
    made.write_summary({"id": made.id})
    return made


# --- the oracle: a scan, written as the words of the documentation ---------------------------------------------------


def text_of(one: Finding) -> str:
    where = one.subject
    return "\n".join(
        (one.control, where.account, where.region, where.arn, where.kind, where.name, one.because)
    ).casefold()


def worst(one: Finding) -> tuple[Any, ...]:
    order = [Verdict.GAP, Verdict.UNKNOWN, Verdict.MET, Verdict.NOT_APPLICABLE]
    where = one.subject
    return (
        order.index(one.verdict),
        -one.severity,
        one.control,
        where.account,
        where.region,
        where.arn,
        one.id,
    )


SORTS: dict[Sort, Callable[[Finding], Any]] = {
    Sort.WORST: lambda one: (),
    Sort.CONTROL: lambda one: one.control,
    Sort.ACCOUNT: lambda one: (one.subject.account != "organization", one.subject.account),
    Sort.RESOURCE: lambda one: one.subject.name.casefold(),
}


def fitting(findings: Iterable[Finding], query: FindingQuery, but: str = "") -> Iterator[Finding]:
    for one in findings:
        if query.controls is not None and but != "controls" and one.control not in query.controls:
            continue
        if query.verdicts and but != "verdicts" and one.verdict not in query.verdicts:
            continue
        if query.severities and but != "severities" and one.severity not in query.severities:
            continue
        if query.account is not None and but != "account" and one.subject.account != query.account:
            continue
        if query.resource and one.subject.arn != query.resource:
            continue
        if all(word.casefold() in text_of(one) for word in query.words):
            yield one


def check(index: FindingsIndex, findings: list[Finding], query: FindingQuery) -> None:
    found = index.page(query)
    wanted = sorted(sorted(fitting(findings, query), key=worst), key=SORTS[query.sort])
    first = (query.page - 1) * query.size
    assert [row.id for row in found.rows] == [one.id for one in wanted[first : first + query.size]]
    assert found.total == len(wanted)
    told = found.facets
    assert told.verdicts == Counter(one.verdict for one in fitting(findings, query, "verdicts"))
    assert told.severities == Counter(one.severity for one in fitting(findings, query, "severities"))
    assert told.accounts == Counter(one.subject.account for one in fitting(findings, query, "account"))
    assert told.controls == Counter(one.control for one in fitting(findings, query, "controls"))


@settings(max_examples=40, deadline=None)
@given(several(), st.lists(queries, min_size=1, max_size=8))
def test_it_answers_what_a_scan_would_answer(findings: list[Finding], asked: list[FindingQuery]) -> None:
    with tempfile.TemporaryDirectory() as name:
        index = FindingsIndex.open(stored(findings, Path(name)))
        for query in asked:
            check(index, findings, query)
        for one in findings[:2]:
            check(index, findings, replace(asked[0], resource=one.subject.arn))


@settings(max_examples=25, deadline=None)
@given(several())
def test_its_tally_is_that_of_the_findings_one_by_one(findings: list[Finding]) -> None:
    slow = Tally()
    slow.add(findings)
    with tempfile.TemporaryDirectory() as name:
        index = FindingsIndex.open(stored(findings, Path(name)))
        assert index.tally == slow


@pytest.fixture
def ten(tmp_path: Path) -> AssessmentFolder:
    return stored(
        (finding(ACCOUNTS[1], "ID-01", "web", Verdict.GAP, number=at) for at in range(10)), tmp_path
    )


def test_a_finding_comes_back_whole_with_its_evidence(ten: AssessmentFolder) -> None:
    index = FindingsIndex.open(ten)
    for one in ten.findings():
        assert index.find(one.id) == one
    assert index.find("0" * 20) is None


def test_an_empty_assessment_has_an_empty_index(tmp_path: Path) -> None:
    found = FindingsIndex.open(stored((), tmp_path)).page(FindingQuery(words=("web",), sort=Sort.RESOURCE))
    assert (found.rows, found.total) == ((), 0)


def test_a_page_is_never_larger_than_it_may_be_and_never_before_the_first(ten: AssessmentFolder) -> None:
    index = FindingsIndex.open(ten)
    assert len(index.page(FindingQuery(size=LARGEST_PAGE * 10, page=-3)).rows) == 10
    assert len(index.page(FindingQuery(size=0)).rows) == 1


def test_what_is_there_and_fits_is_not_made_again(ten: AssessmentFolder) -> None:
    FindingsIndex.open(ten)
    before = (ten.path / FILE).stat().st_mtime_ns
    FindingsIndex.open(ten)
    assert (ten.path / FILE).stat().st_mtime_ns == before


@pytest.mark.parametrize("what", ["missing", "findings changed", "damaged", "empty", "another format"])
def test_an_index_that_does_not_fit_is_made_again(
    ten: AssessmentFolder, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    FindingsIndex.open(ten)
    path = ten.path / FILE
    if what == "missing":
        path.unlink()
    elif what == "findings changed":
        ten.write_account(AccountId(ACCOUNTS[2]), [finding(ACCOUNTS[2], "NW-01", "new", Verdict.MET)])
    elif what == "damaged":
        path.write_bytes(b"this is no database" * 500)
    elif what == "empty":
        path.write_bytes(b"")
    else:
        monkeypatch.setattr("watchword.store.findings_index.FORMAT", 2)
        assert not FindingsIndex(ten).is_current()
        return
    found = FindingsIndex.open(ten).page(FindingQuery())
    assert found.total == (11 if what == "findings changed" else 10)


def test_findings_that_are_broken_are_told_with_their_place(ten: AssessmentFolder) -> None:
    (ten.path / "findings" / "111122223333.ndjson").write_text("{broken\n")
    with pytest.raises(StoreError) as told:
        FindingsIndex.open(ten)
    assert str(ten.path) in told.value.where
    assert "findings are whole" in told.value.remedy


def test_a_failed_making_leaves_nothing_behind_and_the_old_index_in_place(
    ten: AssessmentFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(ten)
    before = (ten.path / FILE).read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(findings_build, "_fill", full)
    with pytest.raises(StoreError):
        build(ten)
    assert (ten.path / FILE).read_bytes() == before
    assert [one.name for one in ten.path.iterdir() if one.name.startswith(f".{FILE}")] == []


def test_a_line_that_changed_under_the_index_is_an_error_and_not_another_finding(
    ten: AssessmentFolder,
) -> None:
    index = FindingsIndex.open(ten)
    identifier = next(ten.findings()).id
    path = ten.path / "findings" / "111122223333.ndjson"
    lines = path.read_text().splitlines(keepends=True)
    for text in ("x" * 20_000, "".join(reversed(lines))):
        path.write_text(text)
        with pytest.raises(StoreError):
            index.find(identifier)


def test_many_threads_ask_one_index_at_once(ten: AssessmentFolder) -> None:
    index = FindingsIndex.open(ten)
    told: list[int] = []

    def ask() -> None:
        told.extend([index.page(FindingQuery(words=(word,))).total for word in ("web", "port", "zebra") * 5])

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert told == [10, 10, 0] * 30


def test_the_index_holds_no_evidence(ten: AssessmentFolder) -> None:
    FindingsIndex.open(ten)
    secret = json.dumps("MetadataOptions-of-the-evidence").strip('"')
    ten.write_account(
        AccountId(ACCOUNTS[2]),
        [
            replace(
                finding(ACCOUNTS[2], "ID-01", "x", Verdict.GAP),
                evidence=(Evidence.of("t", "r", "p", secret),),
            )
        ],
    )
    FindingsIndex.open(ten)
    assert secret.encode() not in (ten.path / FILE).read_bytes()
