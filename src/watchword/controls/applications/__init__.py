"""Controls of the applications pillar; importing this package registers them."""

from __future__ import annotations

from watchword.controls.applications import resource_policies

__all__ = ["resource_policies"]
