"""How our backends become part of moto, without a change to moto's files.

What it does: adds operations to a service that moto has (`extend`), or a whole service (`add_service`), with URL
patterns taken from botocore's models. What it does not do: hold state, or decide what an operation answers.
"""

import re
import sys
from collections.abc import Callable, Collection, Iterable, Mapping, MutableMapping
from types import ModuleType
from typing import Any

from moto import backend_index
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import camelcase_to_underscores

from watchword.lab.backends.call import Call, check_answer, check_parameters, read_call, service_model

# Answers one operation: the members of its output under AWS's names; None or {} where it has none.
Handler = Callable[[Call], Mapping[str, Any] | None]
UrlPaths = MutableMapping[str, Callable[..., Any]]

_OURS: dict[str, set[str]] = {}


def extend(
    response: type[BaseResponse],
    url_paths: UrlPaths,
    operations: Mapping[str, Handler],
    *,
    invalid: str = "ValidationException",
    unchecked: Collection[str] = (),
    partial: Collection[str] = (),
) -> None:
    """Add operations to a response class of moto, or replace its own by ours.

    `operations` maps AWS's operation names ("ListFindings") to handlers; `url_paths` is the dictionary of the
    service's `urls` module, which receives the paths of the operations; `invalid` is the error code that the
    service gives for bad parameters. `unchecked` names operations that judge their parameters themselves, and
    `partial` those in whose answers AWS leaves out members that its model demands. Raises KeyError for an
    operation that botocore doesn't know.
    """
    service = response().boto3_service_name
    for operation, handler in operations.items():
        if operation not in service_model(service).operation_names:
            raise KeyError(f"{service} has no operation {operation}")
        answer = _answering(handler, partial=operation in partial, checked=operation not in unchecked)
        setattr(response, camelcase_to_underscores(operation), _method(operation, invalid, answer))
    for path in paths(service, operations):
        url_paths.setdefault(path, response.dispatch)
    _OURS.setdefault(service, set()).update(operations)


def ours() -> Mapping[str, frozenset[str]]:
    """The operations that are ours by now, by boto3's service name; a new service's once it is first used."""
    return {service: frozenset(operations) for service, operations in _OURS.items()}


def paths(service: str, operations: Iterable[str]) -> tuple[str, ...]:
    """The URL patterns, in moto's notation, of operations of a service: "{0}/detector/(?P<detectorId>[^/]+)$"."""
    model = service_model(service)
    uris = (model.operation_model(operation).http["requestUri"] for operation in operations)
    return tuple(dict.fromkeys(_pattern(uri) for uri in uris))


def add_service(package: ModuleType, service: str, host: str) -> None:
    """Make a package of ours known to moto as `moto.<service>`.

    `host` is the service's name in AWS's host names and in request signatures ("access-analyzer").
    """
    sys.modules.setdefault(f"moto.{service}", package)
    entry = (service, re.compile(rf"https?://{re.escape(host)}\.(.+)\.amazonaws\.com"))
    if entry not in backend_index.backend_url_patterns:
        # In front, and in place: moto takes the first pattern that matches, and its servers share this list.
        backend_index.backend_url_patterns.insert(0, entry)


def _answering(handler: Handler, *, partial: bool, checked: bool) -> Callable[[Call], Mapping[str, Any]]:
    def answer(call: Call) -> Mapping[str, Any]:
        if checked:
            check_parameters(call)
        answered = handler(call) or {}
        check_answer(call, answered, partial)
        return answered

    return answer


def _method(
    operation: str, invalid: str, answer: Callable[[Call], Mapping[str, Any]]
) -> Callable[[BaseResponse], ActionResult]:
    def respond(response: BaseResponse) -> ActionResult:
        return ActionResult(answer(read_call(response, operation, invalid)))

    return respond


def _pattern(uri: str) -> str:
    path = uri.partition("?")[0]
    return "{0}" + "/".join(_segment(part, path.endswith(part)) for part in path.split("/")) + "$"


def _segment(part: str, last: bool) -> str:
    """A label that ends the path matches slashes as well: ARNs stand there."""
    if not part.startswith("{"):
        return part
    name = re.sub(r"\W", "_", part.strip("{}+"))
    return f"(?P<{name}>{'.+' if last or part.endswith('+}') else '[^/]+'})"
