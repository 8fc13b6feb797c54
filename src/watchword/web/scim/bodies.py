"""From the bytes of a body to JSON: bounded in size and depth, without what could be read in two ways."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final, NoReturn

from watchword.model.scim import ScimRefused

LARGEST: Final = 1024 * 1024
"""Bytes of a body."""
DEEPEST: Final = 12
"""Objects and lists within one another; users and groups need six."""


def parsed(raw: bytes) -> Any:  # noqa: ANN401
    """The JSON value of a body.

    Raises:
        ScimRefused: 413: it is too large; 400 ``invalidSyntax``: it is no JSON (RFC 8259), too deep, not UTF-8, says an
            attribute twice, or has numbers that JSON has not.
    """
    if len(raw) > LARGEST:
        raise too_large()
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant)
    except ScimRefused:
        raise
    except RecursionError:
        raise _refused("it is too deep") from None
    except ValueError:
        # Of the decoder's words none are repeated: they may hold what was sent.
        raise _refused("it is no JSON in UTF-8") from None
    _see_depth(value)
    return value


def too_large() -> ScimRefused:
    """The error for a body that is too large."""
    return ScimRefused(413, f"the body is larger than {LARGEST} bytes")


def _refused(what: str) -> ScimRefused:
    return ScimRefused(400, f"the body cannot be read: {what}", scim_type="invalidSyntax")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; names of attributes are the same in whatever case (RFC 7643 §2.1)."""
    if len({name.casefold() for name, _ in pairs}) != len(pairs):
        raise _refused("an attribute stands in it twice")
    return dict(pairs)


def _constant(name: str) -> NoReturn:
    raise _refused(f"{name} is no number")


def _see_depth(value: Any) -> None:  # noqa: ANN401
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        level = [child for one in level for child in _children(one)]
        if not level:
            return
    if any(isinstance(one, dict | list) for one in level):
        raise _refused(f"more than {DEEPEST} objects and lists stand within one another")


def _children(value: Any) -> Iterable[Any]:  # noqa: ANN401
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
