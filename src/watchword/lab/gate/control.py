"""The lab's own paths, by which tests and users steer it: faults and the clock.

What it does: GET, POST and DELETE `/watchword-lab/faults`, and POST `/watchword-lab/clock` (`{"advance_seconds": 3600}`).
What it does not do: answer anybody but this machine, or a web page: a POST must be JSON, which browsers do not send to
another origin unasked.
"""

import ipaddress
import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from watchword.clock import stamp
from watchword.lab.gate.clock import lab_clock
from watchword.lab.gate.faults import Fault, faults
from watchword.lab.gateway import Environ, StartResponse

FAULTS_PATH: Final = "/watchword-lab/faults"
CLOCK_PATH: Final = "/watchword-lab/clock"

# Bytes of a request that are read.
_LARGEST: Final = 65_536

# Seconds that the clock moves at most at a time: ten years.
_FURTHEST: Final = 315_360_000

Answer = tuple[HTTPStatus, Any]


def is_ours(environ: Environ) -> bool:
    """Whether a request is to one of the lab's own paths."""
    return environ.get("PATH_INFO") in {FAULTS_PATH, CLOCK_PATH}


def answer(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Do what a request to one of the lab's own paths asks."""
    status, told = _decide(environ)
    content = json.dumps(told).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
    start_response(f"{status.value} {status.phrase}", headers)
    return [content]


def _decide(environ: Environ) -> Answer:
    if not ipaddress.ip_address(environ.get("REMOTE_ADDR") or "127.0.0.1").is_loopback:
        return HTTPStatus.FORBIDDEN, {"error": "only this machine may ask"}
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    if method == "GET":
        return HTTPStatus.OK, faults().listed() if path == FAULTS_PATH else {"now": stamp(lab_clock().now())}
    if not environ.get("CONTENT_TYPE", "").startswith("application/json"):
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE, {"error": "Content-Type: application/json is expected"}
    if method == "DELETE" and path == FAULTS_PATH:
        faults().clear()
        return HTTPStatus.OK, []
    return _posted(environ, path) if method == "POST" else (HTTPStatus.METHOD_NOT_ALLOWED, {"error": method})


def _posted(environ: Environ, path: str) -> Answer:
    try:
        given = json.loads(environ["wsgi.input"].read(min(int(environ.get("CONTENT_LENGTH") or 0), _LARGEST)))
        if not isinstance(given, dict):
            raise ValueError("an object is expected")
        return _add_fault(given) if path == FAULTS_PATH else _move_clock(given)
    except ValueError as error:
        return HTTPStatus.BAD_REQUEST, {"error": str(error)}


def _add_fault(given: dict[str, Any]) -> Answer:
    fault = Fault.of(given)
    faults().add(fault)
    return HTTPStatus.CREATED, asdict(fault)


def _move_clock(given: dict[str, Any]) -> Answer:
    seconds = given.get("advance_seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not abs(seconds) <= _FURTHEST:
        raise ValueError(f"advance_seconds: a number of at most {_FURTHEST} is expected")
    lab_clock().advance(timedelta(seconds=seconds))
    return HTTPStatus.OK, {"now": stamp(lab_clock().now())}
