"""What an assessment covers, in words: every page and the terminal say the same.

Reads the snapshot's manifest; knows of no format.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watchword import __version__
from watchword.model.resource import instant


def scope_lines(manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name and value of each line about what was read: when, by whom, from where, how long, how wide."""
    lines = [
        ("Snapshot", str(manifest.get("id", ""))),
        ("Read", _when(manifest)),
        ("Caller", str(manifest.get("caller") or "unknown")),
        ("Source", str(manifest.get("source", "unknown"))),
        ("Scope", ", ".join(_extent(manifest))),
        ("watchword", f"{__version__} (collected with {manifest.get('version', '?')})"),
    ]
    lines += [("Note", str(warning)) for warning in manifest.get("warnings", ())]
    return lines


def narrowed_words(manifest: Mapping[str, Any]) -> str:
    """How the user narrowed the scope, or ``""``; what lies outside is not assessed, never met."""
    asked = manifest.get("scope", {})
    named = (
        ("accounts", asked.get("accounts")),
        ("regions", asked.get("regions")),
        ("services", asked.get("services")),
    )
    parts = [f"only {kind} {', '.join(values)}" for kind, values in named if values]
    return f"Narrowed scope: {'; '.join(parts)}. What lies outside is not assessed." if parts else ""


def _extent(manifest: Mapping[str, Any]) -> list[str]:
    names = ("accounts", "regions", "services")
    counts = {name: manifest.get(name) for name in names}
    extent = [f"{len(value)} {name}" for name, value in counts.items() if isinstance(value, list | dict)]
    narrowed = narrowed_words(manifest)
    return [*extent, narrowed] if narrowed else extent


def _when(manifest: Mapping[str, Any]) -> str:
    """Beginning, end and length of the reading: ``2026-06-01 10:00:00 to 10:03:20 UTC (200 s)``."""
    started = instant(manifest.get("started") or 0)
    if not manifest.get("finished"):
        return f"{started:%Y-%m-%d %H:%M:%S} UTC, unfinished"
    finished = instant(manifest["finished"])
    end = f"{finished:%H:%M:%S}" if finished.date() == started.date() else f"{finished:%Y-%m-%d %H:%M:%S}"
    return f"{started:%Y-%m-%d %H:%M:%S} to {end} UTC ({(finished - started).total_seconds():.0f} s)"
