"""Company ABC: its identity."""

from __future__ import annotations

from watchword.lab.estate.builder import Builder


def build(lab: Builder) -> None:
    """Build this area of the company."""
