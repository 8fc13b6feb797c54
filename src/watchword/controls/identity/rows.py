"""Judging several rows in a control that runs once an account, because its answer needs more than one table.

Does what the judge does for controls that run row by row: missing evidence of one row says nothing about the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from watchword.controls.registry import unknown
from watchword.model.evidence import EvidenceMissing
from watchword.model.finding import Judgement, Subject
from watchword.model.resource import Resource


def judge_each(
    rows: Iterable[Resource], judge: Callable[[Resource], Judgement | None]
) -> Iterator[Judgement]:
    """The judgement of each row that is in scope, about that row."""
    for row in rows:
        try:
            judged = judge(row)
        except EvidenceMissing as missing:
            judged = unknown(missing.what)
        if judged is not None:
            yield replace(judged, subject=judged.subject or Subject.of(row))


def days(seconds: float) -> str:
    """A span of time in whole days, in words: ``1 day``, ``37 days``."""
    number = int(seconds // 86_400)
    return f"{number} day" if number == 1 else f"{number} days"
