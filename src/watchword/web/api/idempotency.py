"""``Idempotency-Key``: a POST that is sent again is not done again (draft-ietf-httpapi-idempotency-key-header).

1. The key is a caller's own: the same text of another caller is another key, and so is the same text at another address.
2. The same key with the same body has the same answer, with ``Idempotent-Replayed: true``; with another body it is refused (422);
   while the first is being answered, too (409).
3. Only what was done, or refused for its content, is kept: after an error of ours, or a refusal of the caller, the same request
   may come again.
4. Ids and secrets of what a request makes are drawn from its key (``randomness_of``), so where the process died after the change and
   before the answer was kept, the second attempt meets the same row and makes no other.

Answers are kept encrypted for a day, since they may hold a token that is shown once.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from watchword.errors import DatabaseError, VaultError
from watchword.model.factors import Secret, SecretId
from watchword.store.state import answers
from watchword.store.state.answers import Answer
from watchword.web.control_plane import ControlPlane
from watchword.web.guard.asgi import App, Message, Receive, Scope, Send, facts, is_http, path, values
from watchword.web.guard.refused import Refused

HEADER: Final = "idempotency-key"
REPLAYED: Final = "idempotent-replayed"
PURPOSE: Final = "ids of repeated requests"
NOT_KEPT: Final = frozenset({401, 403, 408, 429})
"""Answers that say nothing of the request itself, beside those of 500 and above."""

KEPT_HEADERS: Final = frozenset({"content-type", "location", "link"})

_FORM: Final = re.compile(r"[\x21-\x7e]{1,255}")
_SEED: Final = "randomness"


@dataclass(frozen=True, slots=True)
class Idempotency:
    """Answers repeated requests to the API from what is kept."""

    app: App
    plane: ControlPlane

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from what is kept, or hand the request on and keep the answer."""
        if not is_http(scope) or scope["method"] != "POST" or not path(scope).startswith("/api/"):
            await self.app(scope, receive, send)
            return
        given = values(scope, HEADER.encode())
        if not given:
            await self.app(scope, receive, send)
            return
        key = given[0].decode("latin-1")
        if len(given) > 1 or not _FORM.fullmatch(key):
            raise Refused(422, "Idempotency-Key must stand once and be 1 to 255 visible characters")
        caller = await run_in_threadpool(scope["app"].state.caller_of, Request(scope))
        if not caller.actor:
            await self.app(scope, receive, send)
            return
        place = _Place(self.plane, _digest(caller.actor, path(scope), key), _body_digest(scope))
        before = await run_in_threadpool(place.begin)
        if before is not None:
            await place.replayed(before)(scope, receive, send)
            return
        facts(scope)[_SEED] = seeded(self.plane, place.key)
        await self._kept(place, scope, receive, send)

    async def _kept(self, place: _Place, scope: Scope, receive: Receive, send: Send) -> None:
        answer = _Heard(send)
        try:
            await self.app(scope, receive, answer)
        except BaseException:
            # Nothing was answered; whatever was done is met again by its id.
            await run_in_threadpool(place.abandon)
            raise
        if answer.status >= 500 or answer.status in NOT_KEPT:
            await run_in_threadpool(place.abandon)
        else:
            await run_in_threadpool(place.finish, answer)
        await answer.end()


class _Heard:
    """Listens to an answer and holds its end back until it is kept, so that who has the answer finds it kept."""

    def __init__(self, send: Send) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self._send = send
        self._held: list[Message] = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            told = (
                (key.decode("latin-1").lower(), value.decode("latin-1")) for key, value in message["headers"]
            )
            self.headers = {key: value for key, value in told if key in KEPT_HEADERS}
        else:
            self.body += message.get("body", b"")
        self._held.append(message)

    async def end(self) -> None:
        """Send the answer."""
        for message in self._held:
            await self._send(message)


@dataclass(frozen=True, slots=True)
class _Place:
    """The place of one answer."""

    plane: ControlPlane
    key: str
    request: str

    def begin(self) -> Answer | None:
        with self.plane.database.writing() as connection:
            return answers.begin(connection, self.key, self.request, self.plane.clock())

    def finish(self, heard: _Heard) -> None:
        sealed = self.plane.vault.seal(self._secret, bytes(heard.body), self.plane.clock())
        body = f"{sealed.key}:{b64encode(sealed.ciphertext).decode()}"
        kept = Answer(self.request, heard.status, heard.headers, body)
        with self.plane.database.writing() as connection:
            answers.finish(connection, self.key, kept)

    def abandon(self) -> None:
        try:
            with self.plane.database.writing() as connection:
                answers.abandon(connection, self.key, self.request)
        except DatabaseError:
            # It stays in flight until it is stale: the same request may then come again.
            return

    def replayed(self, before: Answer) -> Response:
        """The answer that is kept.

        Raises:
            Refused: 422: of another request; 409: it is being answered, or cannot be read any more.
        """
        if not hmac.compare_digest(before.request, self.request):
            raise Refused(422, "this Idempotency-Key was used with another body")
        if before.status == answers.IN_FLIGHT:
            raise Refused(409, "the same request is being answered", {"retry-after": "2"})
        key, _, text = before.body.partition(":")
        try:
            body = self.plane.vault.open(Secret(self._secret, key, b64decode(text), self.plane.clock()))
        except (VaultError, ValueError):
            raise Refused(409, "the request was done, and its answer is no longer kept") from None
        return Response(body, before.status, {**before.headers, REPLAYED: "true"})

    @property
    def _secret(self) -> SecretId:
        return SecretId(f"answer-{self.key}")


def seeded(plane: ControlPlane, key: str) -> Callable[[int], bytes]:
    """Randomness that is the same for the same key, and unknown to whoever has not the vault's key."""
    root, drawn = plane.vault.derived(PURPOSE)[-1], 0

    def bytes_of(count: int) -> bytes:
        nonlocal drawn
        made = b""
        while len(made) < count:
            drawn += 1
            made += hmac.new(root, f"{key}\0{drawn}".encode(), hashlib.sha256).digest()
        return made[:count]

    return bytes_of


def randomness_of(request: Request) -> Callable[[int], bytes]:
    """The randomness for what a request makes: the process's, or that of its idempotency key."""
    plane: ControlPlane = request.app.state.plane
    found: Callable[[int], bytes] = facts(request.scope).get(_SEED, plane.randomness)
    return found


def _digest(actor: str, where: str, key: str) -> str:
    return hashlib.sha256(json.dumps([actor, where, key]).encode()).hexdigest()


def _body_digest(scope: Scope) -> str:
    return hashlib.sha256(facts(scope).get("body", b"") + b"\0" + scope["query_string"]).hexdigest()
