"""Controls of the infrastructure pillar."""

from watchword.controls.infrastructure import (
    functions,
    kubernetes,
    metadata,
    scanning,
    secrets,
    sessions,
    sharing,
)

__all__ = ["functions", "kubernetes", "metadata", "scanning", "secrets", "sessions", "sharing"]
