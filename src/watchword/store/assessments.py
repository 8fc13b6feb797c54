"""Assessments on disk: the findings of each account, one JSON object a line, and what was judged.

``<store>/assessments/<id>/summary.json`` and ``findings/<account>.ndjson``.  A file is written beside its place,
flushed to disk and renamed, so that a crash leaves either the whole file or none.  Reading streams, account by account.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from watchword.errors import StoreError, StoreFull, WatchwordError
from watchword.model.evidence import Evidence, canonical
from watchword.model.finding import Finding, Subject
from watchword.model.ids import AccountId, ControlId, Region
from watchword.model.verdict import Confidence, Severity, Verdict


class NoSuchAssessment(WatchwordError):
    """There is no assessment with this id in the store."""


@dataclass(frozen=True, slots=True)
class AssessmentFolder:
    """The folder of one assessment."""

    path: Path

    @classmethod
    def create(cls, store: Path, name: str) -> AssessmentFolder:
        """Make (or empty) the folder of assessment ``name``.

        Raises:
            StoreError: it cannot be written.
        """
        folder = cls(store / "assessments" / name)
        try:
            (folder.path / "findings").mkdir(parents=True, exist_ok=True)
            for old in (folder.path / "findings").glob("*.ndjson"):
                old.unlink()
        except OSError as error:
            raise _not_written(folder.path, error) from error
        return folder

    @classmethod
    def open(cls, store: Path, name: str = "latest") -> AssessmentFolder:
        """The folder of assessment ``name``: its id, the id of its snapshot, ``latest`` or ``previous``.

        Raises:
            NoSuchAssessment: there is none.
        """
        known = assessments(store)
        if name in {"latest", "previous"} and len(known) > (name == "previous"):
            return cls(store / "assessments" / known[-1 if name == "latest" else -2])
        fitting = [one for one in known if name in {one, one.rpartition("-")[0]}]
        if not fitting:
            raise NoSuchAssessment(
                f"there is no assessment {name!r} in {store}",
                remedy=f"known: {', '.join(known[-5:]) or 'none yet; run `watchword assess`'}",
            )
        return cls(store / "assessments" / fitting[-1])

    @property
    def id(self) -> str:
        """The id of the assessment."""
        return self.path.name

    def write_account(self, account: AccountId, findings: Iterable[Finding]) -> None:
        """Keep the findings of an account (or of ``organization``), replacing what was there."""
        lines = "".join(canonical(to_json(finding)) + "\n" for finding in findings)
        write_whole(self.path / "findings" / f"{account}.ndjson", lines)

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        """Keep what was judged, by what, and how it came out; done last, so that a folder without it is unfinished."""
        write_whole(self.path / "summary.json", json.dumps(summary, indent=1, sort_keys=True) + "\n")

    def summary(self) -> dict[str, Any]:
        """What ``write_summary`` kept."""
        loaded: dict[str, Any] = json.loads((self.path / "summary.json").read_text(encoding="utf-8"))
        return loaded

    def findings(self, account: AccountId | None = None) -> Iterator[Finding]:
        """All findings (of one account), the organisation's first, then by account id."""
        files = sorted(
            (self.path / "findings").glob("*.ndjson"), key=lambda one: (one.stem[:1].isdigit(), one.stem)
        )
        for file in files:
            if account in {None, file.stem}:
                with file.open(encoding="utf-8") as lines:
                    yield from (from_json(json.loads(line)) for line in lines)


def assessments(store: Path) -> list[str]:
    """Ids of the finished assessments in the store, oldest first (ids begin with the snapshot's time)."""
    folder = store / "assessments"
    return sorted(one.parent.name for one in folder.glob("*/summary.json")) if folder.is_dir() else []


def to_json(finding: Finding) -> dict[str, Any]:
    """A finding as plain JSON; severities by their words."""
    return {
        "id": finding.id,
        "control": finding.control,
        "verdict": finding.verdict.value,
        "severity": finding.severity.word,
        "confidence": finding.confidence.value,
        "account": finding.subject.account,
        "region": finding.subject.region,
        "resource": finding.subject.arn,
        "resource_type": finding.subject.kind,
        "resource_name": finding.subject.name,
        "because": finding.because,
        "missing": list(finding.missing),
        "evidence": [asdict(piece) for piece in finding.evidence],
    }


def from_json(found: Mapping[str, Any]) -> Finding:
    """The finding that ``to_json`` wrote."""
    return Finding(
        control=ControlId(found["control"]),
        subject=Subject(
            AccountId(found["account"]),
            Region(found["region"]),
            found["resource"],
            found["resource_type"],
            found["resource_name"],
        ),
        verdict=Verdict(found["verdict"]),
        severity=Severity[found["severity"].upper()],
        confidence=Confidence(found["confidence"]),
        because=found["because"],
        evidence=tuple(Evidence(**piece) for piece in found["evidence"]),
        missing=tuple(found["missing"]),
    )


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader, or a crash, sees all of it or nothing.

    Raises:
        StoreFull: no space is left.
        StoreError: the file cannot be written.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise _not_written(path, error) from error


def _not_written(path: Path, error: OSError) -> StoreError:
    kind = StoreFull if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG} else StoreError
    return kind(
        f"the findings cannot be written: {error.strerror}",
        where=str(path),
        remedy="see that there is space and that you may write there, then: watchword assess --snapshot latest",
    )
