"""Controls of the identity pillar; importing this package registers them."""

from __future__ import annotations

from watchword.controls.identity import (
    administrators,
    break_glass,
    federation,
    partners,
    policies,
    root,
    users,
)

__all__ = ["administrators", "break_glass", "federation", "partners", "policies", "root", "users"]
