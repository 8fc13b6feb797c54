"""The files that browsers keep: style sheets and scripts, named by their content.

A name carries the beginning of the file's SHA-256, so a browser may keep the file for ever and a new version has a new
name.  ``integrity`` is the SHA-384 that stands in the page (https://www.w3.org/TR/SRI/).  Files are part of the package
and are read once.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Final

from watchword.report.canvas import picture_css

FOREVER: Final = "public, max-age=31536000, immutable"
"""What is said to browsers and proxies of a file whose name changes with its content (RFC 8246)."""

PREFIX: Final = "/static/"

_MEDIA: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_FILES: Final = (
    "console.css",
    "graph.css",
    "console.js",
    "onward.js",
    "passkeys.js",
    "graph.js",
    "favicon.svg",
    "vendor/htmx.min.js",
    "vendor/cytoscape.min.js",
)


@dataclass(frozen=True, slots=True)
class Asset:
    """A file: its name in the package, its address, media type, SHA-384 for the page, content, and content by gzip."""

    name: str
    url: str
    media: str
    integrity: str
    body: bytes
    packed: bytes

    def headers(self) -> dict[str, str]:
        """What is said of it to the browser, whichever content is sent."""
        return {
            "content-type": self.media,
            "cache-control": FOREVER,
            "vary": "accept-encoding",
            "x-content-type-options": "nosniff",
        }


@cache
def assets() -> Mapping[str, Asset]:
    """All files by their names in the package (``console.css``)."""
    folder = resources.files("watchword.web.console") / "static"
    found = {name: _asset(name, (folder / name).read_bytes()) for name in _FILES}
    # The sheet of the report's pictures, which the console shows, too.
    found["picture.css"] = _asset("picture.css", picture_css().encode())
    return MappingProxyType(found)


@cache
def by_url() -> Mapping[str, Asset]:
    """All files by their addresses (``/static/console.0123456789ab.css``); there are no others."""
    return MappingProxyType({one.url: one for one in assets().values()})


def _asset(name: str, body: bytes) -> Asset:
    path = PurePosixPath(name)
    digest = hashlib.sha256(body).hexdigest()[:12]
    return Asset(
        name=name,
        url=f"{PREFIX}{path.stem}.{digest}{path.suffix}",
        media=_MEDIA[path.suffix],
        integrity="sha384-" + base64.b64encode(hashlib.sha384(body).digest()).decode(),
        body=body,
        packed=gzip.compress(body, 6, mtime=0),
    )
