"""Icons of the console, as SVG path data on 16 by 16, drawn in lines; kinds of things are those of ``report.icons``."""

from __future__ import annotations

from typing import Final

from watchword.report.icons import ICONS

SYMBOLS: Final = {
    **ICONS,
    # Verdicts and severities: each has a shape of its own, so that colour tells nothing alone.
    "met": "M8 1.8a6.2 6.2 0 1 0 0 12.4a6.2 6.2 0 1 0 0 -12.4zM5 8.2l2.1 2.1l4 -4.4",
    "gap": "M5.4 1.8h5.2l3.6 3.6v5.2l-3.6 3.6h-5.2l-3.6 -3.6v-5.2zM5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4",
    "unknown": "M8 1.4l6.6 6.6l-6.6 6.6l-6.6 -6.6zM6.3 6.6a1.7 1.7 0 1 1 2.5 1.5c-.6 .3 -.8 .6 -.8 1.2M8 11.1v.1",
    "not_applicable": "M3 8h10",
    "critical": "M3.5 8.6l4.5 -4l4.5 4M3.5 12.2l4.5 -4l4.5 4",
    "high": "M3.5 10l4.5 -4l4.5 4",
    "medium": "M3.5 6.5h9M3.5 9.8h9",
    "low": "M3.5 6l4.5 4l4.5 -4",
    # Places.
    "overview": "M2 2.5h5v5h-5zM9 2.5h5v3h-5zM9 7.5h5v6h-5zM2 9.5h5v4h-5z",
    "findings": "M3.5 14.2v-12M3.5 2.8h8.7l-1.8 3l1.8 3h-8.7",
    "controls": "M5.8 4h8M5.8 8h8M5.8 12h8M2 3.8l.8 .8l1.3 -1.5M2 7.8l.8 .8l1.3 -1.5M2 11.8l.8 .8l1.3 -1.5",
    "paths": "M3.6 2a1.6 1.6 0 1 0 0 3.2a1.6 1.6 0 1 0 0 -3.2zM12.4 6.4a1.6 1.6 0 1 0 0 3.2a1.6 1.6 0 1 0 0 -3.2z"
    "M3.6 10.8a1.6 1.6 0 1 0 0 3.2a1.6 1.6 0 1 0 0 -3.2zM5.1 4.3l5.8 3M5.1 11.8l5.8 -3",
    "estate": "M1.8 14v-7.5h5v7.5M6.8 14v-12h7.4v12M1 14h14M9.2 5h.1M11.8 5h.1M9.2 8h.1M11.8 8h.1M9.2 11h.1M11.8 11h.1",
    "directories": "M3 2.2h9.2v11.6h-9.2zM12.2 5h1.6M12.2 8h1.6M12.2 11h1.6M7.6 5a1.4 1.4 0 1 0 0 2.8a1.4 1.4 0 1 0 0 -2.8z"
    "M5 11.4c.2 -1.5 1.2 -2.2 2.6 -2.2s2.4 .7 2.6 2.2",
    "audit": "M6.6 9.4l2.8 -2.8M7.4 4.8l1.5 -1.5a2.7 2.7 0 0 1 3.8 3.8l-1.5 1.5M8.6 11.2l-1.5 1.5a2.7 2.7 0 0 1 -3.8 -3.8l1.5 -1.5",
    "settings": "M2 4.5h6.5M12 4.5h2M2 11.5h2M7.5 11.5h6.5M10.2 2.8a1.7 1.7 0 1 0 0 3.4a1.7 1.7 0 1 0 0 -3.4z"
    "M5.8 9.8a1.7 1.7 0 1 0 0 3.4a1.7 1.7 0 1 0 0 -3.4z",
    "recovery": "M8 1.8a6.2 6.2 0 1 0 0 12.4a6.2 6.2 0 1 0 0 -12.4zM8 5.6a2.4 2.4 0 1 0 0 4.8a2.4 2.4 0 1 0 0 -4.8z"
    "M3.6 3.6l2.7 2.7M9.7 9.7l2.7 2.7M12.4 3.6l-2.7 2.7M6.3 9.7l-2.7 2.7",
    # Doing.
    "menu": "M2 4h12M2 8h12M2 12h12",
    "search": "M7 2a5 5 0 1 0 0 10a5 5 0 1 0 0 -10zM10.6 10.6l3.4 3.4",
    "copy": "M5.5 5.5h8v8h-8zM2.5 10.5v-8h8",
    "down": "M3.5 6l4.5 4.5l4.5 -4.5",
    "next": "M6 3.5l4.5 4.5l-4.5 4.5",
    "previous": "M10 3.5l-4.5 4.5l4.5 4.5",
    "out": "M6 2.2h-3.5v11.6h3.5M6.5 8h7.5M11 5l3 3l-3 3",
    "sun": "M8 5a3 3 0 1 0 0 6a3 3 0 1 0 0 -6zM8 1v1.6M8 13.4v1.6M1 8h1.6M13.4 8h1.6M3 3l1.2 1.2M11.8 11.8l1.2 1.2M3 13l1.2 -1.2M11.8 4.2l1.2 -1.2",
    "moon": "M13.6 9.8a6 6 0 0 1 -7.4 -7.4a6 6 0 1 0 7.4 7.4z",
    "screen": "M1.8 2.8h12.4v8.4h-12.4zM5.5 14h5M8 11.2v2.8",
    "passkey": "M6 2.4a2.6 2.6 0 1 0 0 5.2a2.6 2.6 0 1 0 0 -5.2zM1.4 13.6c0 -2.9 2 -4.4 4.6 -4.4c.7 0 1.4 .1 2 .3"
    "M11.8 7.2a2.1 2.1 0 0 0 -.8 4v2.6l.8 .8l1 -1l-.6 -.7l.6 -.7v-1a2.1 2.1 0 0 0 -1 -4z",
    "clock": "M8 1.8a6.2 6.2 0 1 0 0 12.4a6.2 6.2 0 1 0 0 -12.4zM8 4.4v3.8l2.6 1.6",
    "info": "M8 1.8a6.2 6.2 0 1 0 0 12.4a6.2 6.2 0 1 0 0 -12.4zM8 7.2v4M8 4.8v.1",
    "warning": "M8 2l6.4 11.6h-12.8zM8 6.4v3.6M8 11.8v.1",
    "ok": "M3 8.4l3.4 3.4l6.6 -7.4",
    "empty": "M2 9.5l2.2 -6h7.6l2.2 6v4h-12zM2 9.5h3.6l1 1.8h2.8l1 -1.8h3.6",
}  # fmt: skip
"""By name; pages refer to them by ``#i-<name>`` in a sheet of symbols that each page carries."""
