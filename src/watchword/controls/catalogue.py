"""The catalogue: every control of the product, its rule joined to its texts.

The texts are TOML files of the package (``controls/texts/ID-05.toml``), part of the program like its code; reading
them is the only file access of this room.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module, resources

from watchword.controls.registry import Control, registered
from watchword.controls.text import ControlText, TextError, parse
from watchword.model.ids import ControlId

MODULES = ("identity", "infrastructure", "network", "applications", "endpoints", "data", "logging")
"""The packages of controls, one a pillar, and the assume-breach controls that cut across them."""


class UnknownControl(LookupError):
    """There is no control with this id; the message lists the closest ones."""


@cache
def catalogue() -> tuple[Control, ...]:
    """All controls of the product, by id.

    Raises:
        TextError: a rule has no text, or a text no rule.
    """
    for module in MODULES:
        import_module(f"watchword.controls.{module}")
    rules, texts = registered(), _texts()
    lonely = sorted(set(rules) ^ set(texts))
    if lonely:
        raise TextError(f"controls with a rule or a text only: {', '.join(lonely)}")
    return tuple(Control(rules[name], texts[name]) for name in sorted(rules))


def find(name: str, among: Iterable[Control] | None = None) -> Control:
    """The control with the id ``name`` (any case), or its slug.

    Raises:
        UnknownControl: there is none.
    """
    known = tuple(among) if among is not None else catalogue()
    for control in known:
        if name.upper() == control.id or name.lower() == control.text.slug:
            return control
    near = [control.id for control in known if control.id[:2] == name.upper()[:2]] or [c.id for c in known]
    raise UnknownControl(f"there is no control {name!r}; known are for example {', '.join(near[:12])}")


def _texts() -> dict[ControlId, ControlText]:
    folder = resources.files("watchword.controls") / "texts"
    found: dict[ControlId, ControlText] = {}
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".toml"):
            text = parse(entry.read_text(encoding="utf-8"), entry.name)
            if entry.name != f"{text.id}.toml":
                raise TextError(
                    f"{entry.name}: holds the text of {text.id}; the file must be called {text.id}.toml"
                )
            found[text.id] = text
    return found
