"""Controls of the identity pillar; importing this package registers them."""

from __future__ import annotations

from watchword.controls.identity import (
    administrators,
    analyzers,
    break_glass,
    center,
    delegates,
    deputies,
    directories,
    escalations,
    expiry,
    federation,
    guardrails,
    guests,
    partners,
    policies,
    root,
    unused,
    users,
)

__all__ = [
    "administrators",
    "analyzers",
    "break_glass",
    "center",
    "delegates",
    "deputies",
    "directories",
    "escalations",
    "expiry",
    "federation",
    "guardrails",
    "guests",
    "partners",
    "policies",
    "root",
    "unused",
    "users",
]
