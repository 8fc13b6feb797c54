"""Controls of the data pillar; importing this package registers them."""

from __future__ import annotations

from watchword.controls.data import buckets, classification, encryption, events, keys, readers

__all__ = ["buckets", "classification", "encryption", "events", "keys", "readers"]
