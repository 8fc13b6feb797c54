"""SCIM over HTTP: the door ``/scim/v2`` (RFC 7644).

Nothing of a request but its headers is read before the bearer token has been accepted.  Bodies are bounded in size and time,
answers are never cached, and every refusal is an error of RFC 7644 §3.12.  Work on the store is done in threads.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, Router

from watchword.errors import DatabaseError, DatabaseLocked, DatabaseUnreachable
from watchword.model.scim import Caller, ScimKind, ScimRefused, Stored
from watchword.web.authorise import public
from watchword.web.scim import discovery
from watchword.web.scim.bearer import Authenticate, token_of
from watchword.web.scim.bodies import LARGEST, parsed, too_large
from watchword.web.scim.catalogue import RELATIONS, TYPES
from watchword.web.scim.listing import Question, from_parameters, from_search
from watchword.web.scim.projection import Projection, etag, location, shown
from watchword.web.scim.service import Condition, ScimService

MEDIA: Final = "application/scim+json"
ERROR_URN: Final = "urn:ietf:params:scim:api:messages:2.0:Error"
PATIENCE: Final = 30.0
"""Seconds in which a body must have come."""

_TAKEN: Final = frozenset({MEDIA, "application/json"})
_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,200}")
_TAG: Final = re.compile(r'\s*(\*|(?:W/)?"[\x21\x23-\x7e]{0,200}")\s*(?:,|$)')
_PARAMETERS: Final = (
    "attributes",
    "excludedAttributes",
    "filter",
    "startIndex",
    "count",
    "sortBy",
    "sortOrder",
)

T = TypeVar("T")
Handler = Callable[["Asked"], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Door:
    """What the routes need: the service, who a token speaks for, the time, and our own address.

    ``base`` is the address of ``/scim/v2`` as clients reach it, without a slash at its end; it is a setting and never taken
    from a request's headers.
    """

    service: ScimService
    authenticate: Authenticate
    clock: Callable[[], datetime]
    base: str
    patience: float = PATIENCE


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose token has been accepted; ``kind`` is that of the resources at its path."""

    door: Door
    request: Request
    caller: Caller
    kind: ScimKind

    @property
    def id(self) -> str:
        """The id in the path.

        Raises:
            ScimRefused: 404: no id looks so.
        """
        found = str(self.request.path_params["id"])
        if not _ID.fullmatch(found):
            raise ScimRefused(404, "there is no such resource")
        return found

    def parameters(self) -> dict[str, str]:
        """The parameters of the query that mean something here.

        Raises:
            ScimRefused: 400 ``invalidValue``: one stands twice.
        """
        query = self.request.query_params
        for name in _PARAMETERS:
            if len(query.getlist(name)) > 1:
                raise ScimRefused(400, f"{name} stands twice", scim_type="invalidValue")
        return {name: query[name] for name in _PARAMETERS if name in query}

    def question(self) -> Question:
        """The question in the parameters."""
        return from_parameters(self.parameters())

    def condition(self) -> Condition:
        """The conditions in the headers."""
        headers = self.request.headers
        return Condition(_tags(headers.getlist("if-match")), _tags(headers.getlist("if-none-match")))

    async def body(self) -> Any:  # noqa: ANN401
        """The JSON of the body.

        Raises:
            ScimRefused: 400, 408, 413, 415.
        """
        return parsed(await _read(self.request, self.door.patience))

    async def work(self, do: Callable[[], T]) -> T:
        """Do something that may wait for the database."""
        return await run_in_threadpool(do)


def router(door: Door) -> Router:
    """The routes, to be mounted at ``/scim/v2``."""
    routes = [
        _route(door, "/ServiceProviderConfig", GET=_config),
        _route(door, "/ResourceTypes", GET=_types),
        _route(door, "/ResourceTypes/{id}", GET=_type),
        _route(door, "/Schemas", GET=_schemas),
        _route(door, "/Schemas/{id}", GET=_schema),
        _route(door, "/", GET=_everywhere),
        _route(door, "/.search", POST=_everywhere),
        _route(door, "/Bulk", POST=_not_there),
        _route(
            door, "/Me", GET=_not_there, POST=_not_there, PUT=_not_there, PATCH=_not_there, DELETE=_not_there
        ),
    ]
    for one in TYPES.values():
        path, kind = one.endpoint, one.kind
        routes += [
            _route(door, path, kind, GET=_list, POST=_create),
            _route(door, f"{path}/.search", kind, POST=_list),
            _route(door, path + "/{id}", kind, GET=_get, PUT=_put, PATCH=_patch, DELETE=_delete),
        ]
    return Router(routes, redirect_slashes=False, default=_Nowhere(door))


class _Nowhere:
    """Answers what no route takes: 401 without a token, else 404."""

    def __init__(self, door: Door) -> None:
        self.endpoint = _guarded(door, {}, ScimKind.USER)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401
        response = await self.endpoint(Request(scope, receive, send))
        await response(scope, receive, send)


def _route(door: Door, path: str, kind: ScimKind = ScimKind.USER, **handlers: Handler) -> Route:
    """A route with all its methods; others are answered by 405 after the token has been accepted."""
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    endpoint = public("a token of the directory is asked for by the door itself")(
        _guarded(door, handlers, kind)
    )
    return Route(path, endpoint, methods=methods)


def _guarded(
    door: Door, handlers: Mapping[str, Handler], kind: ScimKind
) -> Callable[[Request], Awaitable[Response]]:
    """A handler behind the token, whose refusals are answers."""

    async def answered(request: Request) -> Response:
        try:
            caller = await _caller(door, request)
            if not handlers:
                raise ScimRefused(404, "there is nothing here")
            handler = handlers.get("GET" if request.method == "HEAD" else request.method)
            if handler is None:
                refused = ScimRefused(405, f"{request.method} cannot be done here")
                return _error(refused, {"Allow": ", ".join(sorted(handlers))})
            return await handler(Asked(door, request, caller, kind))
        except ScimRefused as refused:
            return _error(refused)
        except (DatabaseLocked, DatabaseUnreachable):
            return _error(ScimRefused(503, "the service is busy: try again"), {"Retry-After": "5"})
        except DatabaseError:
            return _error(ScimRefused(500, "the request could not be done"))

    return answered


async def _caller(door: Door, request: Request) -> Caller:
    """For which directory the request is made.

    Raises:
        ScimRefused: 401.
    """
    token = token_of(request.headers.raw)
    directory = None if token is None else await run_in_threadpool(door.authenticate, token)
    if directory is None:
        raise ScimRefused(401, "a bearer token that is valid is needed")
    return Caller(directory, door.clock(), str(getattr(request.state, "request_id", "")))


async def _read(request: Request, patience: float) -> bytes:
    """The bytes of a body, as many as are taken.

    Raises:
        ScimRefused: 415: another type or encoding; 413: too large; 408: too slow.
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in _TAKEN:
        raise ScimRefused(415, f"the body must be {MEDIA}")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise ScimRefused(415, "the body must not be compressed")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and (len(length) > 12 or int(length) > LARGEST):
        raise too_large()
    raw = bytearray()
    try:
        async with asyncio.timeout(patience):
            async for part in request.stream():
                raw += part
                if len(raw) > LARGEST:
                    raise too_large()
    except TimeoutError:
        raise ScimRefused(408, "the body did not come in time") from None
    except ClientDisconnect:
        raise ScimRefused(400, "the body did not come whole") from None
    return bytes(raw)


def _tags(lines: list[str]) -> tuple[str, ...]:
    """The entity tags of a header.

    Raises:
        ScimRefused: 400: they are none.
    """
    tags: list[str] = []
    for line in lines:
        at = 0
        while at < len(line):
            match = _TAG.match(line, at)
            if match is None:
                raise ScimRefused(400, "an entity tag cannot be read", scim_type="invalidSyntax")
            tags.append(match[1])
            at = match.end()
    return tuple(tags)


def _answer(
    status: int, body: Mapping[str, Any] | None, headers: Mapping[str, str] | None = None
) -> Response:
    content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    safe = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **(headers or {})}
    return Response(content, status, safe, media_type=None if body is None else MEDIA)


def _error(refused: ScimRefused, headers: Mapping[str, str] | None = None) -> Response:
    body = {"schemas": [ERROR_URN], "status": str(refused.status), "detail": refused.what}
    if refused.scim_type:
        body["scimType"] = refused.scim_type
    asks = {"WWW-Authenticate": 'Bearer realm="scim"'} if refused.status == 401 else {}
    return _answer(refused.status, body, {**asks, **(headers or {})})


def _one(asked: Asked, stored: Stored, status: int = 200) -> Response:
    """One resource as an answer."""
    wanted = asked.question().projection
    headers = {"ETag": etag(stored), "Location": location(stored.kind, stored.id, asked.door.base)}
    return _answer(status, shown(stored, asked.door.base, wanted), headers)


async def _create(asked: Asked) -> Response:
    asked.question()
    body = await asked.body()
    made = await asked.work(lambda: asked.door.service.create(asked.caller, asked.kind, body))
    return _one(asked, made, 201)


async def _get(asked: Asked) -> Response:
    wanted: Projection = asked.question().projection
    members = wanted.wants(TYPES[asked.kind], RELATIONS[asked.kind])
    condition, id_ = asked.condition(), asked.id
    found = await asked.work(lambda: asked.door.service.read(asked.caller, asked.kind, id_, members=members))
    if condition.is_known(found):
        return _answer(304, None, {"ETag": etag(found)})
    return _one(asked, found)


async def _put(asked: Asked) -> Response:
    asked.question()
    body, condition, id_ = await asked.body(), asked.condition(), asked.id
    made = await asked.work(
        lambda: asked.door.service.replace(asked.caller, asked.kind, id_, body, condition)
    )
    return _one(asked, made)


async def _patch(asked: Asked) -> Response:
    asked.question()
    body, condition, id_ = await asked.body(), asked.condition(), asked.id
    made = await asked.work(lambda: asked.door.service.patch(asked.caller, asked.kind, id_, body, condition))
    return _one(asked, made)


async def _delete(asked: Asked) -> Response:
    condition, id_ = asked.condition(), asked.id
    await asked.work(lambda: asked.door.service.delete(asked.caller, asked.kind, id_, condition))
    return _answer(204, None)


async def _list(asked: Asked) -> Response:
    question = asked.question() if asked.request.method == "GET" else from_search(await asked.body())
    found = await asked.work(
        lambda: asked.door.service.find(asked.caller, asked.kind, question, asked.door.base)
    )
    return _answer(200, found)


async def _everywhere(asked: Asked) -> Response:
    question = asked.question() if asked.request.method == "GET" else from_search(await asked.body())
    found = await asked.work(lambda: asked.door.service.search(asked.caller, question, asked.door.base))
    return _answer(200, found)


async def _not_there(asked: Asked) -> Response:
    raise ScimRefused(501, f"{asked.request.url.path.rpartition('/')[2]} is not there")


async def _config(asked: Asked) -> Response:
    return _answer(200, discovery.service_provider_config(asked.door.base))


async def _types(asked: Asked) -> Response:
    return _all(asked, discovery.resource_types(asked.door.base))


async def _type(asked: Asked) -> Response:
    return _known(asked, discovery.resource_types(asked.door.base))


async def _schemas(asked: Asked) -> Response:
    return _all(asked, discovery.schemas(asked.door.base))


async def _schema(asked: Asked) -> Response:
    return _known(asked, discovery.schemas(asked.door.base))


def _all(asked: Asked, each: dict[str, dict[str, Any]]) -> Response:
    if "filter" in asked.parameters():
        # RFC 7644 §4: discovery is not filtered.
        raise ScimRefused(403, "this list is not filtered")
    return _answer(200, discovery.listed(each))


def _known(asked: Asked, each: dict[str, dict[str, Any]]) -> Response:
    found = each.get(str(asked.request.path_params["id"]))
    if found is None:
        raise ScimRefused(404, "there is nothing here")
    return _answer(200, found)
