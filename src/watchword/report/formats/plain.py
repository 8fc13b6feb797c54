"""Plain formats: one JSON document, one JSON object a line, CSV.

The CSV is safe to open in a spreadsheet: a text that would be taken for a formula gets a leading apostrophe
(https://owasp.org/www-community/attacks/CSV_Injection).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from watchword.controls.standing import ControlStanding, Counts, Group, Standing
from watchword.model.verdict import Requirement
from watchword.report.assessment import Assessment, summary
from watchword.store.assessments import to_json

COLUMNS: Final = (
    "id",
    "control",
    "title",
    "verdict",
    "severity",
    "confidence",
    "pillar",
    "requirements",
    "account",
    "account_name",
    "region",
    "resource",
    "resource_type",
    "resource_name",
    "because",
    "fix",
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def json_text(assessment: Assessment) -> Iterator[str]:
    """The whole assessment as one JSON document: summary, standing, controls, holes, findings."""
    head = json.dumps(document_head(assessment), indent=1, sort_keys=True, ensure_ascii=False)
    yield head.removesuffix("\n}") + ',\n "findings": ['
    for index, finding in enumerate(assessment.findings()):
        yield (",\n  " if index else "\n  ") + json.dumps(
            to_json(finding), sort_keys=True, ensure_ascii=False
        )
    yield "\n ]\n}\n"


def document_head(assessment: Assessment) -> dict[str, Any]:
    """All of the JSON document but the findings."""
    standing = assessment.standing
    return {
        "assessment": summary(assessment),
        "accounts": [
            {
                "id": one.account.id,
                "name": one.account.name,
                "path": list(one.account.path),
                **_counts(one.counts),
            }
            for one in assessment.accounts
        ],
        "controls": {one.control.id: _control(one) for one in standing.controls},
        "requirements": {
            one.value: {"title": one.title, "not_judged": one.beyond, **_group(standing.requirements[one])}
            for one in Requirement
        },
        "pillars": _pillars(standing),
        "functions": _functions(standing),
        "next_steps": [
            {"control": step.standing.control.id, "gaps": step.reach, "score": round(step.score, 2)}
            for step in standing.next_steps
        ],
        "holes": [
            {
                "account": hole.account,
                "region": hole.region,
                "service": hole.service,
                "table": hole.table,
                "reason": hole.reason.value,
                "resource": hole.resource,
                "detail": hole.detail,
            }
            for hole in assessment.holes
        ],
    }


def ndjson(assessment: Assessment) -> Iterator[str]:
    """One finding a line."""
    for finding in assessment.findings():
        yield json.dumps(to_json(finding), sort_keys=True, ensure_ascii=False) + "\n"


def csv_lines(assessment: Assessment) -> Iterator[str]:
    """One finding a line after a heading; see ``COLUMNS``."""
    texts = {one.control.id: one.control.text for one in assessment.standing.controls}
    names = {one.account.id: one.account.name for one in assessment.accounts}
    yield csv_line(COLUMNS)
    for finding in assessment.findings():
        text = texts[finding.control]
        row = to_json(finding) | {
            "title": text.title,
            "pillar": text.pillar.value,
            "requirements": " ".join(one.value for one in text.requirements),
            "account_name": names.get(finding.subject.account, ""),
            "fix": text.fix.console,
        }
        yield csv_line(str(row[column]) for column in COLUMNS)


def csv_line(cells: Iterable[str]) -> str:
    """One line of CSV (RFC 4180), formulas disarmed."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(
        [f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells]
    )
    return line.getvalue()


def _control(one: ControlStanding) -> dict[str, Any]:
    text = one.control.text
    return {
        "title": text.title,
        "slug": text.slug,
        "verdict": one.verdict.value,
        "severity": text.severity.word,
        "pillar": text.pillar.value,
        "requirements": [requirement.value for requirement in text.requirements],
        "function": text.function.value,
        "stage": text.stage.word,
        "tenets": list(text.tenets),
        "origin": one.control.origin,
        "passes_when": text.passes_when,
        **_counts(one.counts),
    }


def _counts(counts: Counts) -> dict[str, int]:
    return {
        "met": counts.met,
        "gap": counts.gap,
        "unknown": counts.unknown,
        "not_applicable": counts.not_applicable,
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "verdict": group.verdicts.verdict.value,
        "controls": _counts(group.verdicts),
        "findings": _counts(group.subjects),
    }


def _pillars(standing: Standing) -> dict[str, Any]:
    return {
        pillar.value: _group(one.group)
        | {
            "lowest_stage": None if one.lowest is None else one.lowest.word,
            "median_stage": None if one.median is None else one.median.word,
        }
        for pillar, one in standing.pillars.items()
    }


def _functions(standing: Standing) -> dict[str, Any]:
    return {
        function.value: _group(one.group)
        | {
            "stage": None if one.stage is None else one.stage.word,
            "next_stage": None if one.next_stage is None else one.next_stage.word,
            "blocked_by": [blocking.control.id for blocking in one.blocked_by],
        }
        for function, one in standing.functions.items()
    }
