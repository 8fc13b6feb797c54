"""Dotted paths into AWS's answers, and templates over rows.  Pure.

A path is field names joined by dots; ``[]`` after a name flattens the list there (``Reservations[].Instances[]``).
A template is text with paths in braces (``arn:{partition}:ec2:{region}:{account}:instance/{InstanceId}``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

_FIELD = re.compile(r"\{([^{}]+)\}")


class FieldMissing(Exception):
    """A template names a field that the row lacks."""


def value_at(document: Any, path: str) -> Any:  # noqa: ANN401
    """What stands at ``path``: a list if the path has ``[]``, else the value, ``None`` where there is nothing."""
    if not path:
        return document
    found = list(_walk(document, _steps(path)))
    if "[]" in path:
        return found
    return found[0] if found else None


def items_at(answer: Mapping[str, Any], path: str) -> list[Any]:
    """The items at ``path``: of the list there, or the value itself; none where there is nothing."""
    found = value_at(answer, path)
    if found is None:
        return []
    return found if isinstance(found, list) else [found]


def fill(template: str, row: Mapping[str, Any], names: Mapping[str, Any]) -> str:
    """The template with the row's fields and ``names`` put in.

    Raises:
        FieldMissing: a field is not there, or is a list or an object.
    """
    return _FIELD.sub(lambda match: _text(match[1], row, names), template)


def fill_value(template: Any, row: Mapping[str, Any], names: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """A parameter from its template: exactly ``"{Field}"`` keeps the field's type; lists and objects are filled within.

    Raises:
        FieldMissing: a field is not there.
    """
    if isinstance(template, list | tuple):
        return [fill_value(one, row, names) for one in template]
    if isinstance(template, Mapping):
        return {key: fill_value(one, row, names) for key, one in template.items()}
    if not isinstance(template, str):
        return template
    whole = _FIELD.fullmatch(template)
    return _looked_up(whole[1], row, names) if whole else fill(template, row, names)


def fields_of(template: Any) -> Iterator[str]:  # noqa: ANN401
    """The paths that a template (or a list or object of templates) names."""
    if isinstance(template, list | tuple):
        for one in template:
            yield from fields_of(one)
    elif isinstance(template, Mapping):
        yield from fields_of(list(template.values()))
    elif isinstance(template, str):
        yield from _FIELD.findall(template)


@cache
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def _walk(document: Any, steps: tuple[str, ...]) -> Iterator[Any]:  # noqa: ANN401
    if not steps:
        yield document
        return
    name, rest = steps[0], steps[1:]
    found = document.get(name.removesuffix("[]")) if isinstance(document, Mapping) else None
    if found is None:
        return
    if not name.endswith("[]"):
        yield from _walk(found, rest)
        return
    for one in found.values() if isinstance(found, Mapping) else found:
        yield from _walk(one, rest)


def _looked_up(path: str, row: Mapping[str, Any], names: Mapping[str, Any]) -> Any:  # noqa: ANN401
    if path in names:
        return names[path]
    if "parent" in names and path.startswith("parent."):
        found = value_at(names["parent"], path.removeprefix("parent."))
    else:
        found = row[path] if path in row else value_at(row, path)
    if found is None:
        raise FieldMissing(path)
    return found


def _text(path: str, row: Mapping[str, Any], names: Mapping[str, Any]) -> str:
    found = _looked_up(path, row, names)
    if isinstance(found, list | Mapping):
        raise FieldMissing(f"{path} (it is no text)")
    return str(found)
