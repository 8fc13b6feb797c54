"""Formats in which findings leave: JSON, CSV, NDJSON, OCSF, ASFF, SARIF.

Each format is a function from an assessment to pieces of text, so that an organisation's findings stream through it.
The instant in every record is that at which the snapshot was finished: the same assessment gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from watchword.report.assessment import Assessment
from watchword.report.formats.asff import asff
from watchword.report.formats.ocsf import ocsf
from watchword.report.formats.plain import csv_lines, json_text, ndjson
from watchword.report.formats.sarif import sarif


@dataclass(frozen=True, slots=True)
class Format:
    """A format: the file name that an assessment gets in it, and the function that gives its text piece by piece."""

    file: str
    pieces: Callable[[Assessment], Iterator[str]]


FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        "json": Format("assessment.json", json_text),
        "ndjson": Format("findings.ndjson", ndjson),
        "csv": Format("findings.csv", csv_lines),
        "ocsf": Format("findings.ocsf.json", ocsf),
        "asff": Format("findings.asff.json", asff),
        "sarif": Format("findings.sarif", sarif),
    }
)
"""All formats by the word that ``--format`` takes."""
