"""Controls of the applications pillar; importing this package registers them."""

from __future__ import annotations

from watchword.controls.applications import apis, cross_account, resource_policies, sessions

__all__ = ["apis", "cross_account", "resource_policies", "sessions"]
