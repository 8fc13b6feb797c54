"""Controls that judge watchword's own records: people, guests, factors, directories.

They are joined to the others only where the database of these records is named, since an assessment without it would say nothing of
them but *unknown*.  All run once, for the organisation, over the tables ``watchword.…``.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from watchword.controls.own import directories, people
from watchword.controls.registry import Control
from watchword.controls.text import parse


@cache
def own_controls() -> tuple[Control, ...]:
    """All controls of our own records, by id.

    Raises:
        TextError: a text is not as it must be.
    """
    folder = resources.files("watchword.controls.own") / "texts"
    found = []
    for rule in sorted((*people.RULES, *directories.RULES), key=lambda one: one.id):
        name = f"{rule.id}.toml"
        found.append(Control(rule, parse((folder / name).read_text(encoding="utf-8"), name)))
    return tuple(found)
