"""When two names, addresses or numbers are the same, and when they only look so.

Texts are the same if their NFKC forms, case folded, are (Unicode Standard Annex #15; ``str.casefold``).  Texts that differ but
look alike, such as a Cyrillic *а* for a Latin *a*, are never the same: ``disguise`` finds them so that they can be told.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

# After case folding.  A selection of Unicode Technical Standard #39's confusables: whole letters that common fonts draw
# like a Latin one.  Accents are left alone: é is no disguise of e.
_LOOKALIKES: Final = str.maketrans(
    "аеіјорсухѕԁԛԝһӏвкмнт" + "αβγεικνορτυχωϲϳ" + "օոսհ" + "ıɡɑ",
    "aeijopcyxsdqwhlbkmht" + "abyeikvoptuxwcj" + "onuh" + "iga",
)


@lru_cache(maxsize=4096)
def key(text: str) -> str:
    """The form in which texts are compared; empty for what says nothing."""
    if text.isascii():
        return text.strip().lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()


@lru_cache(maxsize=4096)
def disguise(text: str) -> str:
    """What a text could be taken for: its key with lookalikes as Latin letters, and without what cannot be seen."""
    plain = key(text)
    if plain.isascii():
        return plain
    visible = "".join(letter for letter in plain if unicodedata.category(letter) != "Cf")
    return visible.translate(_LOOKALIKES)


_SAYS_NOTHING: Final = frozenset(
    {"", "na", "nil", "none", "null", "unknown", "tbd", "todo", "test", "default", "undefined", "external"}
)


def tells_apart(value: str) -> bool:
    """Whether a number or name can mean one person: ``N/A``, ``0000`` and ``-`` cannot."""
    letters = "".join(letter for letter in key(value) if letter.isalnum())
    return letters not in _SAYS_NOTHING and len(letters) > 1 and len(set(letters)) > 1
