"""Controls of the network pillar; importing this package registers them."""

from __future__ import annotations

from watchword.controls.network import entries, exposure, guards, segmentation

__all__ = ["entries", "exposure", "guards", "segmentation"]
