"""Fetches AWS's service reference: a list of services, and one JSON document a service.

Only a user who asks for it by name makes watchword come here; nothing else does.  What the documents say is judged by
``analysis.iam.reference``.

    WatchwordError
    └── FetchFailed     an address is refused, does not answer in time, answers too much, or something else than JSON

What is promised, whoever answers: ``https`` only (``http`` for this machine itself); the documents come from the host of
the list, and no redirect leads to another; every answer, their number and the whole time are bounded; no credentials
are sent.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/service-reference.html
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage
from ipaddress import ip_address
from typing import IO, Any, Final
from urllib import request
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, urlsplit

from watchword.errors import WatchwordError

SERVICE_LIST: Final = "https://servicereference.us-east-1.amazonaws.com/v1/service-list.json"
"""Where AWS publishes the list of services."""
MOST_SERVICES: Final = 2_000
"""Four times as many as there are."""
MOST_BYTES: Final = 32 * 1024 * 1024
"""Of one document, several times the largest."""
MOST_BYTES_IN_ALL: Final = 512 * 1024 * 1024
ANSWER_SECONDS: Final = 20.0
"""Without a byte from the other side."""
ALL_SECONDS: Final = 600.0
WORKERS: Final = 8
_CHUNK: Final = 64 * 1024
_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,64}")

Progress = Callable[[int, int], None]
"""Told after each document: how many have come, of how many."""


class FetchFailed(WatchwordError):
    """The service reference could not be fetched."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is waited for and taken; seconds and bytes."""

    answer_seconds: float = ANSWER_SECONDS
    all_seconds: float = ALL_SECONDS
    document_bytes: int = MOST_BYTES
    all_bytes: int = MOST_BYTES_IN_ALL
    services: int = MOST_SERVICES


def fetch(
    url: str = SERVICE_LIST, limits: Limits | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Every service's document, parsed, by the service's name.

    Raises:
        FetchFailed: an address is refused, or an answer is none, late, too large, or not as it should be.
    """
    fetching = _Fetching(_accepted(url), limits or Limits())
    wanted = _services(fetching.json(url), fetching, url)
    found: dict[str, Any] = {}
    with ThreadPoolExecutor(WORKERS) as workers:
        waiting = {workers.submit(fetching.json, address): name for name, address in wanted.items()}
        try:
            for done in as_completed(waiting):
                found[waiting[done]] = done.result()
                if progress:
                    progress(len(found), len(wanted))
        except BaseException:
            _give_up(waiting)
            raise
    return found


def _give_up(waiting: Iterable[Future[Any]]) -> None:
    for one in waiting:
        one.cancel()


def _services(found: Any, fetching: _Fetching, url: str) -> dict[str, str]:  # noqa: ANN401
    """Each service's address, by name, in the list's order."""
    if not isinstance(found, list) or not found:
        raise _failed("the list of services is not a JSON array with services in it", url)
    if len(found) > fetching.limits.services:
        raise _failed(f"the list names more than {fetching.limits.services} services", url)
    wanted: dict[str, str] = {}
    for row in found:
        name, address = (row.get("service"), row.get("url")) if isinstance(row, dict) else (None, None)
        if not isinstance(name, str) or not _NAME.fullmatch(name) or not isinstance(address, str):
            raise _failed("the list has an entry without a service's name and address", url)
        if _origin(urlsplit(address)) != fetching.origin:
            raise _failed(f"the document of {name} is said to lie on another host: {address:.200}", url)
        wanted[name] = address
    return wanted


class _Fetching:
    """One fetch: the host that it stays with, and what is left of time and bytes."""

    def __init__(self, parts: SplitResult, limits: Limits) -> None:
        self.origin = _origin(parts)
        self.limits = limits
        self._end = time.monotonic() + limits.all_seconds
        self._bytes = 0
        # A proxy is for the way out, not for this machine itself.
        proxies = request.ProxyHandler({}) if parts.scheme == "http" else request.ProxyHandler()
        self._opener = request.OpenerDirector()
        for handler in (
            proxies, request.HTTPHandler(), request.HTTPSHandler(), request.HTTPDefaultErrorHandler(),
            request.HTTPErrorProcessor(), _SameHost(self.origin),
        ):  # fmt: skip
            self._opener.add_handler(handler)

    def json(self, url: str) -> Any:  # noqa: ANN401
        """The parsed document at an address of the host."""
        try:
            return json.loads(self._read(url))
        except (ValueError, RecursionError) as error:
            raise _failed(f"the answer is not JSON: {error}", url) from error

    def _read(self, url: str) -> bytes:
        asked = request.Request(url, headers={"User-Agent": "watchword", "Accept": "application/json"})  # noqa: S310 - see _accepted
        try:
            with self._opener.open(asked, timeout=self.limits.answer_seconds) as answer:
                return self._whole(answer, url)
        except HTTPError as error:
            raise _failed(f"the answer is {error.code} {error.reason}", url) from error
        except URLError as error:
            raise _failed(f"no answer: {error.reason}", url) from error
        except (OSError, HTTPException) as error:
            raise _failed(f"the answer broke off: {error}", url) from error

    def _whole(self, answer: Any, url: str) -> bytes:  # noqa: ANN401
        """The answer's bytes; whoever sends them drop by drop runs out of time."""
        pieces: list[bytes] = []
        size = 0
        while piece := answer.read1(_CHUNK):
            pieces.append(piece)
            size += len(piece)
            self._bytes += len(piece)
            if size > self.limits.document_bytes or self._bytes > self.limits.all_bytes:
                raise _failed(f"the answer is too large: more than {size} bytes", url)
            if time.monotonic() > self._end:
                raise _failed(f"it takes longer than {self.limits.all_seconds:.0f} seconds", url)
        return b"".join(pieces)


class _SameHost(request.HTTPRedirectHandler):
    """Follows a redirect to the same host only."""

    def __init__(self, origin: tuple[str, str, int]) -> None:
        self.origin = origin

    def redirect_request(  # noqa: PLR0917 - as urllib calls it
        self,
        req: request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> request.Request | None:
        """The request to follow.

        Raises:
            FetchFailed: it leads elsewhere.
        """
        if _origin(urlsplit(newurl)) != self.origin:
            raise _failed(f"it is redirected to another host: {newurl:.200}", req.full_url)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _accepted(url: str) -> SplitResult:
    """The address in parts.

    Raises:
        FetchFailed: it is neither of https nor of http on this machine, or has a user or password in it.
    """
    try:
        parts = urlsplit(url)
        _origin(parts)
    except ValueError as error:
        raise _failed(f"that is not an address: {error}", url) from error
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        raise _failed("only https is spoken with other machines", url)
    if not parts.hostname or parts.username is not None or parts.password is not None:
        raise _failed("an address with a host, and without a user or password, is expected", url)
    return parts


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return (
        parts.scheme,
        (parts.hostname or "").lower(),
        parts.port or (443 if parts.scheme == "https" else 80),
    )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _failed(what: str, url: str) -> FetchFailed:
    return FetchFailed(
        f"cannot fetch the service reference: {what}",
        where=url[:300],
        remedy="try again later, or read the data from a folder: watchword data refresh --from FOLDER",
    )
