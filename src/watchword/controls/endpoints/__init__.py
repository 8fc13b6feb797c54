"""Controls of the endpoints pillar."""

from watchword.controls.endpoints import patching, support

__all__ = ["patching", "support"]
