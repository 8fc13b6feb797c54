"""Controls of logging, detection and response, which cut across the pillars; importing this package registers them."""

from __future__ import annotations

from watchword.controls.logging import contacts, detection, recording, tampering, trail

__all__ = ["contacts", "detection", "recording", "tampering", "trail"]
