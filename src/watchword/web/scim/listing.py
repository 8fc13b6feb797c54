"""Questions for lists: from parameters to a ``Query``, and from what was found to a ``ListResponse`` (RFC 7644 §3.4.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from watchword.model.scim import Found, Query, ScimRefused, Stored, fold
from watchword.web.scim.catalogue import RELATIONS
from watchword.web.scim.filters import parse, parse_attribute
from watchword.web.scim.matching import comparable, matcher, spelt
from watchword.web.scim.projection import Projection, shown, whole
from watchword.web.scim.resources import said_schemas
from watchword.web.scim.schemas import Attribute, ResourceType, Target, Type

LIST_URN: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
SEARCH_URN: Final = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
USUAL: Final = 100
"""Resources of a page where the client does not say how many."""
MOST: Final = 200
"""Resources of a page at most; ``filter.maxResults``."""
FARTHEST: Final = 1_000_000_000
"""The greatest number that is taken at its word."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a client asks for; ``start`` counts from 1."""

    filter: str = ""
    start: int = 1
    count: int = USUAL
    sort_by: str = ""
    descending: bool = False
    projection: Projection = field(default_factory=Projection)


def from_parameters(parameters: Mapping[str, str]) -> Question:
    """The question of a GET.

    Raises:
        ScimRefused: 400 ``invalidValue``: a number is none, or an order that is not known.
    """
    return _question(
        parameters,
        {name: tuple(_listed(parameters.get(name, ""))) for name in ("attributes", "excludedAttributes")},
    )


def from_search(body: object) -> Question:
    """The question of a POST to ``/.search`` (RFC 7644 §3.4.3).

    Raises:
        ScimRefused: 400 ``invalidSyntax`` or ``invalidValue``.
    """
    if not isinstance(body, Mapping):
        raise ScimRefused(400, "the body is no JSON object", scim_type="invalidSyntax")
    said_schemas(body, SEARCH_URN)
    named: dict[str, tuple[str, ...]] = {}
    for name in ("attributes", "excludedAttributes"):
        value = body.get(name) or []
        each = _listed(value) if isinstance(value, str) else value
        if not isinstance(each, list) or not all(isinstance(one, str) for one in each):
            raise _wrong(f"{name} must be a list of texts")
        named[name] = tuple(each)
    return _question(body, named)


def query(kind: ResourceType, asked: Question, *, lenient: bool = False) -> Query:
    """The question as the store answers it.

    Raises:
        ScimRefused: 400 ``invalidFilter``, ``invalidPath``: the filter, or what to sort by, is wrong.
    """
    tree = parse(asked.filter) if asked.filter.strip() else None
    return Query(
        kind=kind.kind,
        filter=None if tree is None else spelt(tree, kind.resolve),
        matches=_anything if tree is None else _matches(asked, matcher(tree, kind.resolve, lenient=lenient)),
        start=max(asked.start, 1) - 1,
        count=min(max(asked.count, 0), MOST),
        order=_order(kind, asked.sort_by) if asked.sort_by else None,
        descending=asked.descending,
        members=asked.projection.wants(kind, RELATIONS[kind.kind]),
        compares_members=_mentions(asked, RELATIONS[kind.kind]),
    )


def answer(found: Found, asked: Question, base: str) -> dict[str, Any]:
    """The ``ListResponse``."""
    resources = [shown(one, base, asked.projection) for one in found.resources]
    made: dict[str, Any] = {
        "schemas": [LIST_URN],
        "totalResults": found.total,
        "startIndex": max(asked.start, 1),
        "itemsPerPage": len(resources),
    }
    return {**made, "Resources": resources} if resources or asked.count > 0 else made


def _mentions(asked: Question, name: str) -> bool:
    """Whether an attribute may stand in the filter or the order."""
    return name in fold(asked.filter) or name in fold(asked.sort_by)


def _anything(_: Stored) -> bool:
    return True


def _matches(asked: Question, test: Callable[[Mapping[str, Any]], bool]) -> Callable[[Stored], bool]:
    """The test of resources; what we add to a document is worked out only where the filter may look at it."""
    if any(_mentions(asked, name) for name in ("meta", "schemas", "$ref")):
        return lambda stored: test(whole(stored))
    return lambda stored: test({"id": stored.id, **stored.document})


def _question(given: Mapping[str, Any], named: Mapping[str, tuple[str, ...]]) -> Question:
    order = given.get("sortOrder") or "ascending"
    if order not in ("ascending", "descending"):
        raise _wrong("sortOrder is ascending or descending")
    texts = {name: given.get(name) or "" for name in ("filter", "sortBy")}
    if not all(isinstance(one, str) for one in texts.values()):
        raise _wrong("filter and sortBy are texts")
    return Question(
        filter=texts["filter"],
        start=_number(given, "startIndex", 1),
        count=_number(given, "count", USUAL),
        sort_by=texts["sortBy"],
        descending=order == "descending",
        projection=Projection(named["attributes"], named["excludedAttributes"]),
    )


def _number(given: Mapping[str, Any], name: str, usual: int) -> int:
    value = given.get(name)
    if value is None or value == "":
        return usual
    if (
        isinstance(value, str)
        and len(value) <= 10
        and value.removeprefix("-").isdecimal()
        and value.isascii()
    ):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > FARTHEST:
        raise _wrong(f"{name} is no number up to {FARTHEST}")
    return value


def _listed(text: str) -> list[str]:
    return [one for part in text.split(",") if (one := part.strip())]


def _order(kind: ResourceType, by: str) -> Callable[[Stored], Any]:
    """What resources are sorted by: those without a value come last, and first in descending order."""
    path = parse_attribute(by) if len(by) <= 300 else None
    target = None if path is None else kind.resolve(path)
    if target is None:
        raise ScimRefused(400, "there is no such attribute to sort by", scim_type="invalidPath")
    target = _sortable(target)

    def order(stored: Stored) -> tuple[bool, Any]:
        value = comparable(target.leaf, _first(target, whole(stored)))
        return (value is None, 0 if value is None else value)

    return order


def _sortable(target: Target) -> Target:
    """Complex attributes are sorted by their ``value`` (RFC 7644 §3.4.2.3)."""
    value: Attribute | None = target.leaf
    if target.leaf.type is Type.COMPLEX:
        value = target.attribute.child("value") if target.sub is None else None
        target = Target(target.holder, target.attribute, value)
    if value is None:
        raise ScimRefused(400, "this attribute cannot be sorted by", scim_type="invalidPath")
    return target


def _first(target: Target, document: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """The primary value of a multi-valued attribute, else the first."""
    whole_values = list(Target(target.holder, target.attribute).values(document))
    whole_values.sort(key=lambda one: not (isinstance(one, Mapping) and one.get("primary") is True))
    if not whole_values:
        return None
    first = whole_values[0]
    return first.get(target.sub.name) if target.sub is not None and isinstance(first, Mapping) else first


def _wrong(what: str) -> ScimRefused:
    return ScimRefused(400, what, scim_type="invalidValue")
