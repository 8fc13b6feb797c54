"""What boto3 would send for a call, as the environ that a WSGI application gets."""

import io
from contextlib import suppress
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
from botocore import UNSIGNED
from botocore.config import Config


class Caught(Exception):
    """The request is made, and shall not leave."""


def environ_of(service: str, operation: str, *, key: str = "AKIATEST", **params: Any) -> dict[str, Any]:
    """The environ of a call; an empty `key` signs nothing."""
    caught: list[Any] = []

    def catch(request: Any, **_: Any) -> None:
        caught.append(request)
        raise Caught

    config = Config(s3={"addressing_style": "path"}, parameter_validation=False)
    if not key:
        config = config.merge(Config(signature_version=UNSIGNED))
    build: Any = boto3.client
    client = build(
        service,
        region_name="eu-west-1",
        endpoint_url="http://127.0.0.1:5000",
        aws_access_key_id=key,
        aws_secret_access_key="secret",
        config=config,
    )
    client.meta.events.register("before-send", catch)
    with suppress(Caught):
        getattr(client, operation)(**params)
    return _environ(caught[0])


def _environ(request: Any) -> dict[str, Any]:
    url = urlsplit(request.url)
    body = request.body.read() if hasattr(request.body, "read") else request.body or b""
    body = body.encode() if isinstance(body, str) else body
    environ = {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": unquote(url.path),
        "RAW_URI": url.path + (f"?{url.query}" if url.query else ""),
        "QUERY_STRING": url.query,
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": url.netloc,
        "REMOTE_ADDR": "192.0.2.7",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "5000",
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
    }
    for name, value in request.headers.items():
        text = value.decode() if isinstance(value, bytes) else value
        plain = name.upper().replace("-", "_")
        environ[plain if plain == "CONTENT_TYPE" else f"HTTP_{plain}"] = text
    return environ
