"""Company ABC, built on the emulated AWS area by area."""

from __future__ import annotations

from importlib import import_module

from watchword.lab.estate.company import State

AREAS = (
    "organization",
    "guardrails",
    "vpc",
    "identity",
    "guests",
    "network",
    "infrastructure",
    "data",
    "logging",
)
"""The modules of this package that build, in the order in which they do."""


def seed(state: str, endpoint_url: str) -> None:
    """Build Company ABC in ``before`` or ``after`` at the lab's endpoint, which must be empty.

    Raises:
        ValueError: there is no such state.
    """
    from watchword.lab.estate.builder import Builder

    builder = Builder(State(state), endpoint_url)
    for area in AREAS:
        import_module(f"watchword.lab.estate.{area}").build(builder)
