"""What stands before the emulator on the way in: which account is asked, and plain answers where moto has none.

What it does: names the account of each request, tells which lab this is, and turns an operation that moto lacks
into an AWS-style error with status 501, which AWS clients neither retry nor mistake for an empty answer.
What it does not do: authentication or authorisation; every signature is accepted, and what may be done is the `gate`'s.

Whose account a request concerns, in this order:

1. the header `x-moto-account-id`, where the client sends one;
2. the account that issued the access key (an IAM user's key, or credentials of sts:AssumeRole, which belong to the
   account of the role's ARN; the role need not exist);
3. an access key id that is itself twelve digits: the account with this number;
4. otherwise the management account of Company ABC, `MANAGEMENT_ACCOUNT`.
"""

import json
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from xml.sax.saxutils import escape

# The management account of Company ABC; requests with unknown credentials land here.
MANAGEMENT_ACCOUNT = "111111111111"

# GET here answers {"instance": …, "pid": …, "state": …}, so that a caller can tell its own lab from another server.
IDENTITY_PATH = "/watchword-lab"

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

_LOG = logging.getLogger(__name__)

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/[^/]*/([^/]*)/([^/]*)/aws4_request")
_ACCOUNT = re.compile(r"\d{12}")
_XML_SERVICES = frozenset({"s3", "s3-control", "route53", "cloudfront", "s3express"})


class NotEmulated(Exception):
    """The service that is asked has no backend here."""


class Gateway:
    """A WSGI application that wraps moto's `app`; `identity` is what `IDENTITY_PATH` answers."""

    def __init__(self, app: Application, identity: Mapping[str, object]) -> None:
        self._app = app
        self._identity = identity

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if environ.get("PATH_INFO") == IDENTITY_PATH:
            return _send(start_response, "200 OK", "application/json", json.dumps(dict(self._identity)))
        key, service = _signer(environ)
        environ.setdefault("HTTP_X_MOTO_ACCOUNT_ID", account_of(key))
        held = _Held(start_response)
        try:
            answer = self._app(environ, held)
        except (NotEmulated, NotImplementedError) as missing:
            return _refuse(environ, start_response, service, str(missing))
        except Exception as broken:  # noqa: BLE001 - a backend that breaks answers as a service of AWS that breaks
            _LOG.exception("an operation of %s broke", service)
            return _fail(environ, start_response, service, broken)
        if held.unknown_path():
            return _refuse(environ, start_response, service, "")
        held.release()
        return answer


class _Held:
    """A start_response that waits until the status is known to be the one to send."""

    def __init__(self, start_response: StartResponse) -> None:
        self._start = start_response
        self._status = ""
        self._headers: list[tuple[str, str]] = []

    def __call__(self, status: str, headers: list[tuple[str, str]], _exc_info: object = None) -> None:
        self._status, self._headers = status, headers

    def unknown_path(self) -> bool:
        """Whether moto has no route for the path; its HTML page says so, whereas AWS errors are XML or JSON."""
        kinds = [value for name, value in self._headers if name.lower() == "content-type"]
        return self._status.startswith("404") and any(kind.startswith("text/html") for kind in kinds)

    def release(self) -> None:
        """Send status and headers as moto gave them."""
        self._start(self._status, self._headers)


def account_of(key: str) -> str:
    """The account that requests with this access key id concern."""
    from moto.iam.models import iam_backends

    for account, backends in list(iam_backends.items()):
        if key in backends["aws"].access_keys:
            return account
    return key if _ACCOUNT.fullmatch(key) else MANAGEMENT_ACCOUNT


def _refuse(environ: Environ, start_response: StartResponse, service: str, reason: str) -> Iterable[bytes]:
    message = (
        f"The lab does not emulate this operation of {service or 'AWS'}: {reason or environ.get('PATH_INFO')}"
    )
    kind, body = _error(environ, service, "NotImplemented", message)
    return _send(start_response, "501 Not Implemented", kind, body)


def _fail(
    environ: Environ, start_response: StartResponse, service: str, broken: Exception
) -> Iterable[bytes]:
    message = f"The lab broke while it emulated {service or 'AWS'}: {type(broken).__name__}: {broken}"
    kind, body = _error(environ, service, "InternalFailure", message)
    return _send(start_response, "500 Internal Server Error", kind, body)


def _signer(environ: Environ) -> tuple[str, str]:
    """Access key id and service of a signed request; two empty strings of an unsigned one."""
    signed = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", ""))
    return (signed[1], signed[3]) if signed else ("", "")


def _error(environ: Environ, service: str, code: str, message: str) -> tuple[str, str]:
    """Content type and body of an error in the protocol that the client speaks."""
    error = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    if service == "ec2":
        return "text/xml", f"<Response><Errors>{error}</Errors><RequestID>lab</RequestID></Response>"
    if service == "s3":
        return "text/xml", error
    if service in _XML_SERVICES or "x-www-form-urlencoded" in environ.get("CONTENT_TYPE", ""):
        return "text/xml", f"<ErrorResponse>{error}<RequestId>lab</RequestId></ErrorResponse>"
    return "application/x-amz-json-1.1", json.dumps({"__type": code, "message": message})


def _send(start_response: StartResponse, status: str, kind: str, body: str) -> Iterable[bytes]:
    content = body.encode()
    headers = [("Content-Type", kind), ("Content-Length", str(len(content)))]
    start_response(status, headers)
    return [content]
