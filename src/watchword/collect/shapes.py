"""What botocore's models say of AWS's answers: the fields at a path, and how operations page.

Nothing is called.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from watchword.aws import pagination, service_model

_TOKENS: Final = (
    ("NextToken", "NextToken"),
    ("nextToken", "nextToken"),
    ("NextMarker", "NextMarker"),
    ("NextMarker", "Marker"),
    ("nextMarker", "marker"),
    ("Marker", "Marker"),
    ("position", "position"),
    ("NextPageToken", "NextPageToken"),
    ("nextPageToken", "nextPageToken"),
    ("PaginationToken", "PaginationToken"),
    ("paginationToken", "paginationToken"),
)
"""Pairs of (field of the answer, parameter) by which operations page that botocore has no paginator for."""


@dataclass(frozen=True, slots=True)
class Paging:
    """How an operation pages: paths of the tokens in an answer, the parameters that take them, the flag for more."""

    answers: tuple[str, ...]
    params: tuple[str, ...]
    more: str = ""


class ShapeMissing(Exception):
    """The service model has no such service, operation, or field."""


def operation_model(service: str, operation: str) -> Any:  # noqa: ANN401
    """Botocore's model of an operation.

    Raises:
        ShapeMissing: there is none.
    """
    model = service_model(service)
    if operation not in model.operation_names:
        raise ShapeMissing(f"{service} has no operation {operation}")
    return model.operation_model(operation)


def paging(service: str, operation: str) -> Paging | None:
    """How the operation pages; ``None`` where it gives its whole answer at once."""
    known = pagination(service).get(operation)
    if known:
        return Paging(
            _texts(known["output_token"]), _texts(known["input_token"]), known.get("more_results", "")
        )
    model = operation_model(service, operation)
    asked = _members(model.input_shape)
    for path, given in _places(model.output_shape):
        for one, other in _TOKENS:
            if one in given and other in asked:
                return Paging((path + one,), (other,))
    return None


def answer_fields(service: str, operation: str, take: str) -> tuple[str, ...]:
    """The names of the fields of what stands at ``take`` in the operation's answer."""
    shape = shape_at(operation_model(service, operation).output_shape, take)
    return tuple(_members(shape))


def shape_at(shape: Any, path: str) -> Any:  # noqa: ANN401
    """The shape at a dotted path, of the elements where the path ends in a list.

    Raises:
        ShapeMissing: there is no such field.
    """
    for step in path.split(".") if path else ():
        name, flattened = step.removesuffix("[]"), step.endswith("[]")
        members = _members(shape)
        if name not in members:
            raise ShapeMissing(f"no field {name} (of {path}); there are {', '.join(members) or 'none'}")
        shape = members[name]
        if flattened:
            shape = _element(shape, path)
    return _element(shape, path) if shape is not None and shape.type_name == "list" else shape


def _element(shape: Any, path: str) -> Any:  # noqa: ANN401
    if shape.type_name == "list":
        return shape.member
    if shape.type_name == "map":
        return shape.value
    raise ShapeMissing(f"{path} is no list but {shape.type_name}")


def _places(shape: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:  # noqa: ANN401
    """Where tokens may stand in an answer: at its top, or (CloudFront) in a structure below."""
    top = _members(shape)
    yield "", top
    for name, member in top.items():
        if member.type_name == "structure":
            yield f"{name}.", _members(member)


def _members(shape: Any) -> Mapping[str, Any]:  # noqa: ANN401
    if shape is None or shape.type_name != "structure":
        return {}
    found: Mapping[str, Any] = shape.members
    return found


def _texts(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
