"""Controls of the infrastructure pillar."""

from watchword.controls.infrastructure import (
    entry,
    functions,
    kubernetes,
    metadata,
    roles,
    scanning,
    secrets,
    sessions,
    sharing,
)

__all__ = [
    "entry",
    "functions",
    "kubernetes",
    "metadata",
    "roles",
    "scanning",
    "secrets",
    "sessions",
    "sharing",
]
