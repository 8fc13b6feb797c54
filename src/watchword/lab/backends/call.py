"""One request to an emulated AWS operation, read and checked by botocore's own service model.

What it does: turns a request that moto received into a `Call` (parameters parsed by the operation's input shape,
constraints checked as AWS checks them), and checks answers against the output shape before they leave.
What it does not do: authentication, authorisation, or the operation itself.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast
from urllib.parse import parse_qsl

from botocore.model import ListShape, MapShape, Shape, StructureShape
from botocore.validate import ParamValidator
from moto.core.exceptions import ServiceException
from moto.core.model import OperationModel, ServiceModel
from moto.core.parse import PROTOCOL_PARSERS, RequestDict
from moto.core.responses import BaseResponse
from moto.core.utils import get_service_model
from werkzeug.datastructures import MultiDict


class AnswerError(RuntimeError):
    """A value of the lab does not have the form that AWS documents; the message names the member."""


class Refusal(ServiceException):
    """An error answer of AWS: `code` as the service documents it, and the other members of the error's shape.

    A class of our own, because moto looks for the service of an exception in the module that defines it.
    """

    def __init__(self, code: str, message: str, **members: object) -> None:
        super().__init__(code, message)
        for name, value in members.items():
            setattr(self, name, value)


@cache
def service_model(service: str) -> ServiceModel:
    """Botocore's model of a service, by boto3's service name ("guardduty")."""
    return get_service_model(service)


def conform(service: str, shape: str, value: object) -> None:
    """Raise `AnswerError` unless `value` has the form of the named shape of a service's model.

    Unknown members, missing required members and wrong types are all refused, so that a misspelt key cannot
    vanish silently on its way to the client.
    """
    _conform(f"{service} {shape}", service_model(service).shape_for(shape), value)


# What the services call the size of a page.
_SIZES = ("maxresults", "limit", "pagesize")

# AWS's own answers are shorter than its models allow: a root user's id has 12 digits, a machine no patch group.
_BOUNDS = ("Invalid length for parameter", "Invalid value for parameter")


def _conform(what: str, shape: Shape, value: object, partial: bool = False) -> None:
    report = ParamValidator().validate(cast("Mapping[str, Any]", value), shape)
    faults = report.generate_report().splitlines() if report.has_errors() else []
    tolerated = (*_BOUNDS, "Missing required parameter") if partial else _BOUNDS
    faults = [fault for fault in faults if not fault.startswith(tolerated)]
    if faults:
        raise AnswerError(f"{what}: {'; '.join(faults)}")


@dataclass(frozen=True, slots=True)
class Call:
    """A request: who asked which operation with what.

    `account` and `region` select the state; `params` holds the input members under AWS's names, absent members
    left out; `invalid` is the service's error code for bad input.
    """

    account: str
    region: str
    partition: str
    model: OperationModel
    params: Mapping[str, Any]
    invalid: str

    def refuse(self, message: str) -> Refusal:
        """The exception to raise for bad input."""
        return _refusal(self.model, self.invalid, message)

    def page(self, key: str, items: Sequence[Any], default: int = 50) -> dict[str, Any]:
        """One page of `items` under the output member `key`, with the next token where more follow.

        The members for token and page size are found in the input shape, since AWS spells them in several ways.
        Raises the service's bad-input error for a token that the operation didn't give out.
        """
        token_name = _member(self.model.input_shape, "nexttoken")
        start = self._start(self.params.get(token_name, ""))
        sizes = (size for name, size in self.params.items() if name.lower() in _SIZES)
        stop = start + (next(sizes, 0) or default)
        page: dict[str, Any] = {key: list(items[start:stop])}
        if stop < len(items):
            page[_member(self.model.output_shape, "nexttoken")] = self._token(stop)
        return page

    def _token(self, offset: int) -> str:
        return base64.urlsafe_b64encode(f"{self.model.name}:{offset}".encode()).decode()

    def _start(self, token: str) -> int:
        if not token:
            return 0
        try:
            name, _, offset = base64.urlsafe_b64decode(token).decode().partition(":")
        except ValueError:  # not base64, not UTF-8, or not even ASCII
            name = offset = ""
        if name != self.model.name or not offset.isdigit():
            raise self._bad_token()
        return int(offset)

    def _bad_token(self) -> Refusal:
        codes = (shape.name for shape in self.model.error_shapes if shape.name.startswith("InvalidNextToken"))
        return _refusal(self.model, next(codes, self.invalid), "The nextToken provided is invalid.")


def _refusal(model: OperationModel, code: str, message: str) -> Refusal:
    """The error with the `reason` that newer services add to it, spelt as the service spells it."""
    shape = next((shape for shape in model.error_shapes if shape.name == code), None)
    reason = shape.members.get("reason") if isinstance(shape, StructureShape) else None
    reasons = reason.metadata.get("enum", []) if reason else []
    fitting = [text for text in reasons if text.replace("_", "").lower() == "fieldvalidationfailed"]
    return Refusal(code, message, **({"reason": fitting[0]} if fitting else {}))


def _member(shape: Shape | None, *names: str) -> str:
    members = shape.members if isinstance(shape, StructureShape) else {}
    return next((name for name in members if name.lower() in names), "")


def read_call(response: BaseResponse, operation: str, invalid: str) -> Call:
    """The `Call` in a request that moto is about to answer, its parameters not yet checked."""
    model = service_model(response.boto3_service_name).operation_model(operation)
    params = _parse(response, model)
    return Call(response.current_account, response.region, response.partition, model, params, invalid)


def check_parameters(call: Call) -> None:
    """Raise the service's error for bad input where parameters break the constraints of the input shape."""
    shape = call.model.input_shape
    failures = list(violations(shape, call.params)) if shape else []
    if failures:
        count = f"{len(failures)} validation error{'s' * (len(failures) > 1)} detected: "
        raise call.refuse(count + "; ".join(failures))


def check_answer(call: Call, answer: Mapping[str, Any], partial: bool = False) -> None:
    """Raise `AnswerError` where an answer doesn't have the form of the operation's output.

    `partial` lets members that the model demands be absent.
    """
    if call.model.output_shape is not None:
        _conform(call.model.name, call.model.output_shape, answer, partial)
    elif answer:
        raise AnswerError(f"{call.model.name}: the operation has no output, but got {sorted(answer)}")


def _parse(response: BaseResponse, model: OperationModel) -> dict[str, Any]:
    if model.input_shape is None:
        return {}
    protocol = response.determine_response_protocol(model.service_model)
    parser = PROTOCOL_PARSERS[protocol](model, map_type=dict)
    request: RequestDict = {
        "method": response.method,
        "values": _values(response, protocol),
        "headers": response.headers,
        "body": response.body,
        "url_path": response.path,
        "url_params": response.uri_match,
    }
    parsed: dict[str, Any] = parser.parse(request)
    return {name: value for name, value in parsed.items() if value is not None}


def _values(response: BaseResponse, protocol: str) -> MultiDict[str, str]:
    if protocol in ("query", "ec2"):
        return MultiDict((key, value) for key, values in response.querystring.items() for value in values)
    return MultiDict(parse_qsl(response.parsed_url.query, keep_blank_values=True))


def violations(shape: Shape, value: Any, path: str = "") -> Iterator[str]:
    """What AWS would reject in a parsed parameter: missing members, lengths, ranges, unknown enum values.

    Patterns are not checked: the models write them in another dialect of regular expressions.
    """
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        yield from _structure_violations(shape, value, path)
    elif isinstance(shape, ListShape) and isinstance(value, list):
        yield from _bounds(shape, len(value), value, path, "length")
        for number, item in enumerate(value, 1):
            yield from violations(shape.member, item, f"{path}.{number}.member")
    elif isinstance(shape, MapShape) and isinstance(value, Mapping):
        yield from _bounds(shape, len(value), value, path, "length")
        for key, item in value.items():
            yield from violations(shape.value, item, f"{path}.{key}")
    else:
        yield from _scalar_violations(shape, value, path)


def _structure_violations(shape: StructureShape, value: Mapping[str, Any], path: str) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield _violation(f"{path}.{name}", None, "Member must not be null")
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from violations(member, value[name], f"{path}.{name}")


def _scalar_violations(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if isinstance(value, str):
        yield from _bounds(shape, len(value), value, path, "length")
        enum = shape.metadata.get("enum", [])
        if enum and value not in enum:
            yield _violation(path, value, f"Member must satisfy enum value set: [{', '.join(enum)}]")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _bounds(shape, value, value, path, "value")


def _bounds(shape: Shape, size: float, value: object, path: str, measure: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield _violation(path, value, f"Member must have {measure} greater than or equal to {low}")
    if high is not None and size > high:
        yield _violation(path, value, f"Member must have {measure} less than or equal to {high}")


def _violation(path: str, value: object, rule: str) -> str:
    shown = "null" if value is None else f"'{value}'"
    return f"Value {shown} at '{path.removeprefix('.')}' failed to satisfy constraint: {rule}"
