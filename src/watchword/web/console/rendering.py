"""From a page's view to HTML.

Every text is escaped (Jinja2's autoescape, and no template lifts it), a missing value is an error rather than an empty
place, and no page carries a script or a style of its own: ``POLICY`` is what the browser holds it to.
"""

from __future__ import annotations

import json
from functools import cache
from typing import ClassVar, Final, Protocol

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from watchword.model.verdict import Pillar, Requirement, Stage
from watchword.web.console.look import links, pictures, words
from watchword.web.console.look.assets import assets
from watchword.web.console.look.icons import SYMBOLS
from watchword.web.console.views.shell import Shell

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
"""The content security policy of every page (https://www.w3.org/TR/CSP3/)."""

HTMX: Final = {
    # Its style sheet is part of ours.
    "includeIndicatorCSS": False,
    # Going back loads the page anew: what it shows may have changed, or may no longer be seen.
    "history": "reload",
    "mode": "same-origin",
    "defaultTimeout": 20_000,
    # No extension is loaded; none can be put in.
    "extensions": "none",
}
"""Settings of htmx, which it reads from the page's head; its code is never made from text, which ``POLICY`` forbids."""


class View(Protocol):
    """What a page shows; ``template`` is the file that shows it."""

    template: ClassVar[str]


def render(shell: Shell, view: View) -> str:
    """The page as HTML: what surrounds every page, and the view in its midst."""
    return environment().get_template(view.template).render(shell=shell, view=view)


@cache
def environment() -> Environment:
    """The templates with what they may call."""
    made = Environment(
        loader=PackageLoader("watchword.web.console", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "moment": words.moment,
        "machine": words.machine,
        "figure": words.figure,
        "plain": words.plain,
        "fours": words.in_fours,
        "cut": words.cut,
        "href": links.safe_href,
        "island": island,
    }
    made.globals |= {
        "asset": assets(),
        "links": links,
        "at": links.at,
        "ago": words.ago,
        "many": words.many,
        "verdicts": words.VERDICTS,
        "pictures": pictures,
        "pillars": tuple(Pillar),
        "requirements": tuple(Requirement),
        "stages": tuple(Stage),
        "symbols": _symbols(),
        "htmx": HTMX,
    }
    return made


def island(text: str) -> Markup:
    """JSON text as it may stand within ``<script type="application/json">``: nothing in it ends the element.

    Raises:
        ValueError: it is no JSON.
    """
    json.loads(text)
    # Within JSON these letters stand in strings only, where the escapes mean the same.
    for letter, escape in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(letter, escape)
    return Markup(text)  # noqa: S704 - as said above


def _symbols() -> Markup:
    """The sheet of icons: each a symbol that the page's icons refer to."""
    parts = (
        f'<symbol id="i-{name}" viewBox="0 0 16 16"><path d="{path}"/></symbol>'
        for name, path in SYMBOLS.items()
    )
    return Markup("".join(parts))  # noqa: S704 - our own paths
