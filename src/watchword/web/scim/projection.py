"""A resource as it is shown: with ``schemas``, ``id`` and ``meta``, and only what was asked for (RFC 7644 §3.9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from watchword.clock import stamp
from watchword.model.scim import ScimKind, ScimRefused, Stored
from watchword.web.scim.catalogue import ENTERPRISE_URN, TYPES
from watchword.web.scim.filters import parse_attribute
from watchword.web.scim.schemas import Attribute, ResourceType, Returned, Target, Type

MOST_NAMES: Final = 100
"""Attributes that may be named in one request."""


@dataclass(frozen=True, slots=True)
class Projection:
    """Which attributes are wanted: only ``attributes``, or all but ``excluded``; names as the client wrote them.

    Raises:
        ScimRefused: 400 ``invalidValue``: both are given, or too many names.
    """

    attributes: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if self.attributes and self.excluded:
            raise _wrong("attributes and excludedAttributes cannot stand together")
        if len(self.attributes) + len(self.excluded) > MOST_NAMES:
            raise _wrong(f"more than {MOST_NAMES} attributes are named")

    def wants(self, kind: ResourceType, name: str) -> bool:
        """Whether anything of an attribute of the core is wanted."""
        only = _targets(kind, self.attributes)
        out = _targets(kind, self.excluded)
        named = any(name == one.attribute.name for one in only)
        return named or (not self.attributes and Target("", _of(kind, name)) not in out)


def etag(stored: Stored) -> str:
    """The weak entity tag of a resource (RFC 7644 §3.14)."""
    return f'W/"{stored.version}"'


def location(kind: ScimKind, id_: str, base: str) -> str:
    """The address of a resource; ``base`` is the address of ``/scim/v2`` without a slash at its end."""
    return f"{base}{TYPES[kind].endpoint}/{quote(id_, safe='')}"


def whole(stored: Stored, base: str = "") -> dict[str, Any]:
    """All of a resource as a client may see it; without ``base`` addresses are relative."""
    kind = TYPES[stored.kind]
    extensions = [one.id for one in kind.extensions if stored.document.get(one.id)]
    shown = {
        "schemas": [kind.schema.id, *extensions],
        "id": stored.id,
        **stored.document,
        "meta": {
            "resourceType": kind.kind.value,
            "created": stamp(stored.created),
            "lastModified": stamp(stored.changed),
            "location": location(stored.kind, stored.id, base),
            "version": etag(stored),
        },
    }
    _refer(shown, base)
    return shown


def shown(stored: Stored, base: str, wanted: Projection) -> dict[str, Any]:
    """A resource as it is sent: what is always returned, and what is wanted of the rest."""
    kind = TYPES[stored.kind]
    only, out = _targets(kind, wanted.attributes), _targets(kind, wanted.excluded)
    kept: dict[str, Any] = {}
    document = whole(stored, base)
    for attribute in kind.attributes:
        if attribute.name not in document:
            continue
        value = document[attribute.name]
        if any(attribute.name == extension.id for extension in kind.extensions):
            value = _held(attribute, value, only, out, named=bool(wanted.attributes))
        else:
            value = _cut(
                attribute, value, [one for one in only if not one.holder], out, bool(wanted.attributes)
            )
        if value not in (None, {}, []):
            kept[attribute.name] = value
    return kept


def _held(
    extension: Attribute, value: Mapping[str, Any], only: list[Target], out: list[Target], *, named: bool
) -> dict[str, Any] | None:
    """What is wanted of an extension: all of it where it is named itself."""
    if Target("", extension) in out:
        return None
    ours = [one for one in only if one.holder == extension.name]
    if Target("", extension) in only:
        named = False
    without = [one for one in out if one.holder == extension.name]
    cut = {
        one.name: _cut(one, value[one.name], ours, without, named)
        for one in extension.sub
        if one.name in value
    }
    return {name: one for name, one in cut.items() if one is not None}


def _cut(attribute: Attribute, value: Any, only: Iterable[Target], out: Iterable[Target], named: bool) -> Any:  # noqa: ANN401
    """What is wanted of an attribute's value; ``None`` for nothing."""
    if attribute.returned is Returned.ALWAYS:
        return value
    ours = [one for one in only if one.attribute is attribute]
    without = [one for one in out if one.attribute is attribute]
    if (
        attribute.returned is Returned.NEVER
        or any(one.sub is None for one in without)
        or (not ours and (named or attribute.returned is Returned.REQUEST))
    ):
        return None
    if attribute.type is not Type.COMPLEX:
        return value
    subs = _subs(attribute, ours) - {one.sub.name for one in without if one.sub is not None}
    if isinstance(value, Mapping):
        return {name: one for name, one in value.items() if name in subs}
    return [{name: one for name, one in item.items() if name in subs} for item in value]


def _subs(attribute: Attribute, ours: list[Target]) -> set[str]:
    """The sub-attributes that are wanted: those named, or all where the attribute itself is."""
    named = {one.sub.name for one in ours if one.sub is not None}
    if not ours or any(one.sub is None for one in ours):
        return {one.name for one in attribute.sub}
    return named


def _targets(kind: ResourceType, names: Iterable[str]) -> list[Target]:
    """Where names lead; those that lead nowhere are left out."""
    paths = (parse_attribute(name) for name in names)
    return [target for path in paths if path is not None and (target := kind.resolve(path)) is not None]


def _of(kind: ResourceType, name: str) -> Attribute:
    found = kind.attribute(name)
    if found is None:
        raise KeyError(name)
    return found


def _refer(document: dict[str, Any], base: str) -> None:
    """Add the addresses of what a resource refers to."""
    for name, usual in (("members", ScimKind.USER), ("groups", ScimKind.GROUP)):
        if name in document:
            document[name] = [_with_address(one, usual, base) for one in document[name]]
    extension = document.get(ENTERPRISE_URN)
    if isinstance(extension, Mapping) and "manager" in extension:
        manager = {
            **extension["manager"],
            "$ref": location(ScimKind.USER, extension["manager"]["value"], base),
        }
        document[ENTERPRISE_URN] = {**extension, "manager": manager}


def _with_address(one: Mapping[str, Any], usual: ScimKind, base: str) -> dict[str, Any]:
    kind = ScimKind.GROUP if one.get("type") == "Group" else usual
    return {**one, "$ref": location(kind, one["value"], base)}


def _wrong(what: str) -> ScimRefused:
    return ScimRefused(400, what, scim_type="invalidValue")
