"""What a client sends, judged by the schema: the document that may be kept, or why not.

Attributes that the schema does not have and those that only we write are dropped (RFC 7644 §3.3, §3.5.1).  Null, an empty list
and an empty text are no value.  Two dialects are understood: booleans as the texts "True" and "False", and a single value
where a list belongs.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Mapping
from typing import Any, Final

from watchword.model.scim import Document, ScimRefused, fold
from watchword.web.scim.matching import instant, is_empty
from watchword.web.scim.schemas import Attribute, Mutability, ResourceType, Type

LONGEST_TEXT: Final = 1_000
"""Characters of a text."""
LONGEST_NAME: Final = 200
"""Characters of a text by which resources are found: ids, and what is unique."""
LONGEST_BINARY: Final = 16_384
"""Characters of base64."""
MOST_VALUES: Final = 100
"""Values of a multi-valued attribute."""
MOST_MEMBERS: Final = 50_000
"""Members of a group."""
LARGEST: Final = 100 * 1024
"""Bytes of a resource as JSON, its members apart; the audit log takes no more than 256 KiB."""

_UNSOUND: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""What no text may hold: control characters, and halves of surrogate pairs."""
_NAMES: Final = frozenset({"id", "externalId", "userName", "employeeNumber"})
_MEMBERS: Final = "members"


def accepted(kind: ResourceType, body: object, before: Document | None = None) -> dict[str, Any]:
    """The document of a resource as a client sent it, to be kept in place of ``before`` (``None``: it is new).

    Raises:
        ScimRefused: 400 ``invalidSyntax``, ``invalidValue`` or ``mutability``; the message names the attribute.
    """
    if not isinstance(body, Mapping):
        raise ScimRefused(400, "the body is no JSON object", scim_type="invalidSyntax")
    said_schemas(body, kind.schema.id)
    made = _complex(kind.attributes, body, "")
    for attribute in kind.attributes:
        old = (before or {}).get(attribute.name)
        fixed = attribute.mutability is Mutability.IMMUTABLE and old is not None
        if fixed and made.get(attribute.name) != old:
            raise ScimRefused(400, f"{attribute.name} cannot be changed", scim_type="mutability")
    return settled(kind, made)


def said_schemas(body: Mapping[str, Any], wanted: str) -> None:
    """See that a message says of which schema it is.

    Raises:
        ScimRefused: 400 ``invalidValue``: it does not.
    """
    said = next((value for name, value in body.items() if fold(name) == "schemas"), None)
    each = said if isinstance(said, list) else [said]
    if fold(wanted) not in [fold(one) for one in each if isinstance(one, str)]:
        raise ScimRefused(400, f"schemas must name {wanted}", scim_type="invalidValue")


def settled(kind: ResourceType, document: Mapping[str, Any]) -> dict[str, Any]:
    """A document as it may be kept: what clients can write, complete and within bounds.

    Raises:
        ScimRefused: 400 ``invalidValue``: something required is missing, too much, or primary twice; 413: too large.
    """
    kept = bare(kind, document)
    for attribute in kind.attributes:
        value = kept.get(attribute.name)
        _check(attribute, value, attribute.name)
        if attribute.type is Type.COMPLEX and not attribute.multi and isinstance(value, Mapping):
            for one in attribute.sub:
                _check(one, value.get(one.name), f"{attribute.name}.{one.name}")
    text = json.dumps({name: one for name, one in kept.items() if name != _MEMBERS}, ensure_ascii=False)
    if len(text.encode()) > LARGEST:
        raise ScimRefused(413, f"the resource is larger than {LARGEST} bytes")
    return kept


def bare(kind: ResourceType, document: Mapping[str, Any]) -> dict[str, Any]:
    """A document without what clients cannot write, and without empty values."""
    return _bare(kind.attributes, document)


def value_of(attribute: Attribute, raw: Any, where: str = "") -> Any:  # noqa: ANN401
    """A value as it is kept, of the attribute's type; ``None`` where it is empty.  A list for a multi-valued attribute.

    Raises:
        ScimRefused: 400 ``invalidValue``: it is not of that type, or too long.
    """
    where = where or attribute.name
    if is_empty(raw) and not isinstance(raw, bool):
        return None
    if not attribute.multi:
        return single_value(attribute, raw, where)
    each = raw if isinstance(raw, list) else [raw]
    if len(each) > _most(attribute):
        raise _wrong(where, f"has more than {_most(attribute)} values")
    made = [single_value(attribute, one, where) for one in each if not is_empty(one)]
    return distinct(attribute, [one for one in made if not is_empty(one)])


def single_value(attribute: Attribute, raw: Any, where: str) -> Any:  # noqa: ANN401
    """One value of an attribute.

    Raises:
        ScimRefused: 400 ``invalidValue``: it is not of the attribute's type, or too long.
    """
    if attribute.type is Type.COMPLEX:
        return _whole(attribute, raw, where)
    if attribute.type is Type.BOOLEAN:
        return _boolean(raw, where)
    if attribute.type in (Type.INTEGER, Type.DECIMAL):
        return _number(attribute, raw, where)
    if not isinstance(raw, str):
        raise _wrong(where, f"must be a text of type {attribute.type}")
    return _text(attribute, raw, where)


def distinct(attribute: Attribute, values: list[Any]) -> list[Any]:
    """Values without those that are there before: by ``value`` where that cannot be changed, else as a whole."""
    first: dict[str, Any] = {}
    for one in values:
        first.setdefault(identity(attribute, one), one)
    return list(first.values())


def identity(attribute: Attribute, value: Any) -> str:  # noqa: ANN401
    """What tells one value of a multi-valued attribute from another."""
    child = attribute.child("value")
    if child is not None and child.mutability is Mutability.IMMUTABLE:
        return str(value.get("value"))
    return json.dumps(value, sort_keys=True)


def _most(attribute: Attribute) -> int:
    return MOST_MEMBERS if attribute.name == _MEMBERS else MOST_VALUES


def _wrong(where: str, what: str) -> ScimRefused:
    return ScimRefused(400, f"{where[:200]} {what}", scim_type="invalidValue")


def _complex(attributes: tuple[Attribute, ...], raw: Mapping[str, Any], where: str) -> dict[str, Any]:
    """What the schema knows of an object."""
    given = {fold(name): value for name, value in raw.items()}
    made: dict[str, Any] = {}
    for one in attributes:
        if one.read_only or fold(one.name) not in given:
            continue
        value = value_of(one, given[fold(one.name)], f"{where}{one.name}")
        if not is_empty(value):
            made[one.name] = value
    return made


def _whole(attribute: Attribute, raw: Any, where: str) -> dict[str, Any]:  # noqa: ANN401
    if isinstance(raw, str) and attribute.child("value") is not None:
        # Some clients write the value alone.
        raw = {"value": raw}
    if not isinstance(raw, Mapping):
        raise _wrong(where, "must be an object")
    made = _complex(attribute.sub, raw, f"{where}.")
    missing = [one.name for one in attribute.sub if one.required and one.name not in made]
    if missing:
        raise _wrong(where, f"must have {missing[0]}")
    return made


def _boolean(raw: Any, where: str) -> bool:  # noqa: ANN401
    if isinstance(raw, str) and fold(raw) in ("true", "false"):
        return fold(raw) == "true"
    if not isinstance(raw, bool):
        raise _wrong(where, "must be true or false")
    return raw


def _number(attribute: Attribute, raw: Any, where: str) -> int | float:  # noqa: ANN401
    whole = isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) < 2**63
    decimal = isinstance(raw, float) and math.isfinite(raw) and attribute.type is Type.DECIMAL
    if not (whole or decimal):
        raise _wrong(where, f"must be a number of type {attribute.type}")
    return raw  # type: ignore[no-any-return]


def _text(attribute: Attribute, raw: str, where: str) -> str:
    longest = LONGEST_NAME if attribute.unique or attribute.name in _NAMES else LONGEST_TEXT
    longest = LONGEST_BINARY if attribute.type is Type.BINARY else longest
    if len(raw) > longest:
        raise _wrong(where, f"is longer than {longest} characters")
    if _UNSOUND.search(raw):
        raise _wrong(where, "holds characters that no text may hold")
    if attribute.type is Type.DATE_TIME and instant(raw) is None:
        raise _wrong(where, "is no time such as 2026-03-01T12:00:00Z")
    if attribute.type is Type.BINARY and not _is_base64(raw):
        raise _wrong(where, "is no base64")
    return raw


def _is_base64(raw: str) -> bool:
    try:
        base64.b64decode(raw, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _bare(attributes: tuple[Attribute, ...], document: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for one in attributes:
        value = document.get(one.name)
        if one.read_only or value is None:
            continue
        if one.type is Type.COMPLEX:
            each = [_bare(one.sub, item) for item in (value if one.multi else [value])]
            value = each if one.multi else each[0]
        if not is_empty(value):
            kept[one.name] = value
    return kept


def _check(attribute: Attribute, value: Any, where: str) -> None:  # noqa: ANN401
    """See that what is required is there, that there are not too many values, and at most one is primary."""
    if attribute.required and is_empty(value):
        raise _wrong(where, "is required")
    if not attribute.multi or not isinstance(value, list):
        return
    if len(value) > _most(attribute):
        raise _wrong(where, f"has more than {_most(attribute)} values")
    if sum(1 for one in value if isinstance(one, Mapping) and one.get("primary") is True) > 1:
        raise _wrong(where, "has more than one primary value")
