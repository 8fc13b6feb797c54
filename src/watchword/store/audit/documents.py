"""JSON documents that come from outside: heads, packs.  Read strictly, or refused with what is wrong.

Each has a ``format``; every field is known, there, and of its form.  No key stands twice, and a document has at most
``LARGEST`` characters.  Nothing here opens a file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from watchword.store.audit.faults import AuditDamaged

LARGEST: Final = 2 * 1024 * 1024
"""Characters of a document."""

MOST_STEPS: Final = 128
"""Hashes of a proof; a log of 2^64 records needs 65."""

_HASH: Final = re.compile(r"[0-9a-f]{64}")
_SIGNATURE: Final = re.compile(r"[0-9a-f]{128}")
_KEY: Final = re.compile(r"[0-9a-f]{32}")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def document(text: str) -> dict[str, Any]:
    """The object of a text.

    Raises:
        AuditDamaged: it is too long, not JSON, no object, or holds a key twice or a fraction.
    """
    if len(text) > LARGEST:
        raise AuditDamaged(f"a document of more than {LARGEST} characters is not read")
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_float=_whole, parse_constant=_whole)
    except (ValueError, RecursionError) as error:
        raise AuditDamaged(f"the document is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise AuditDamaged("the document is not a JSON object")
    return found


def fields(found: object, form: str, forms: Mapping[str, str]) -> dict[str, Any]:
    """The fields of an object, each in the form that it must have (see ``_FORMS``).

    Raises:
        AuditDamaged: the object has another format, lacks a field, has one too many, or one of another form.
    """
    if not isinstance(found, Mapping):
        raise AuditDamaged(f"an object of {form} was expected")
    if found.get("format") != form:
        raise AuditDamaged(f"the format is {str(found.get('format'))[:80]!r} rather than {form!r}")
    if set(found) != {"format", *forms}:
        raise AuditDamaged(f"{form} has exactly the fields format, {', '.join(forms)}")
    for name, kind in forms.items():
        if not _fits(found[name], kind):
            raise AuditDamaged(f"{name} is not {_FORMS[kind]}", where=form)
    return {name: found[name] for name in forms}


def _fits(value: object, kind: str) -> bool:
    if kind == "size":
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53
    if kind in {"object", "list"}:
        return isinstance(value, dict if kind == "object" else list)
    if kind == "path":
        return (
            isinstance(value, list)
            and len(value) <= MOST_STEPS
            and all(isinstance(one, str) and _HASH.fullmatch(one) for one in value)
        )
    if not isinstance(value, str):
        return False
    pattern = {"hash": _HASH, "signature": _SIGNATURE, "key": _KEY, "time": _TIME}.get(kind)
    return pattern is None or pattern.fullmatch(value) is not None


_FORMS: Final = {
    "size": "a whole number of records",
    "object": "an object",
    "list": "a list",
    "path": f"a list of at most {MOST_STEPS} hashes",
    "hash": "64 hexadecimal digits",
    "signature": "128 hexadecimal digits",
    "key": "32 hexadecimal digits",
    "time": "a time like 2026-11-26T12:00:00.000000Z",
    "text": "text",
}
"""What is expected, by form."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice")
    return made


def _whole(number: str) -> int:
    raise ValueError(f"{number[:40]} is not a whole number")
