"""Heads to a bucket with Object Lock, played by the lab, and to a webhook on this machine."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from watchword.aws import AwsSettings
from watchword.enforce.audit_heads import Bucket, HeadNotSent, LockMode, to_s3, to_webhook
from watchword.errors import ReadGuardError, UsageError
from watchword.store.audit.heads import Head, genuine, public_of, sign

KEY = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
NOW = datetime.now(UTC).replace(microsecond=0)
HEAD = sign(Head("ab" * 32, 17, "cd" * 32, "ef" * 32, "2026-11-26T12:00:00.000000Z", ""), KEY)
YEAR = timedelta(days=365)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """The lab's S3 on a loopback port."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of it, and made-up credentials for watchword."""
    for name, value in (
        ("ACCESS_KEY_ID", "x"),
        ("SECRET_ACCESS_KEY", "x"),
        ("EC2_METADATA_DISABLED", "true"),
    ):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return boto3.client("s3", region_name="us-east-1", endpoint_url=endpoint)


def settings(endpoint: str) -> AwsSettings:
    return AwsSettings(region="us-east-1", endpoint_url=endpoint)


def test_a_head_lies_in_s3_whole_and_locked_until_the_date(s3: Any, endpoint: str) -> None:
    s3.create_bucket(Bucket="heads", ObjectLockEnabledForBucket=True)
    kept = to_s3(settings(endpoint), Bucket("heads", "a/"), HEAD, NOW + YEAR, LockMode.COMPLIANCE, NOW)
    assert kept.key == f"a/{'ab' * 8}/0000000000000017-2026-11-26T12:00:00.000000Z.json"
    found = s3.get_object(Bucket="heads", Key=kept.key)
    assert Head.parse(found["Body"].read().decode()) == HEAD
    assert (found["ObjectLockMode"], found["ObjectLockRetainUntilDate"]) == ("COMPLIANCE", NOW + YEAR)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket="heads", Key=kept.key, VersionId=kept.version)


def test_governance_is_what_it_is_asked_for(s3: Any, endpoint: str) -> None:
    s3.create_bucket(Bucket="governed", ObjectLockEnabledForBucket=True)
    kept = to_s3(settings(endpoint), Bucket("governed"), HEAD, NOW + YEAR, LockMode.GOVERNANCE, NOW)
    assert s3.head_object(Bucket="governed", Key=kept.key)["ObjectLockMode"] == "GOVERNANCE"


def test_a_bucket_that_locks_nothing_is_told_rather_than_trusted(s3: Any, endpoint: str) -> None:
    s3.create_bucket(Bucket="plain")
    with pytest.raises(HeadNotSent, match="missing ObjectLock"):
        to_s3(settings(endpoint), Bucket("plain"), HEAD, NOW + YEAR, LockMode.COMPLIANCE, NOW)


def test_a_bucket_that_is_not_there_is_told(s3: Any, endpoint: str) -> None:
    with pytest.raises(HeadNotSent, match="NoSuchBucket") as raised:
        to_s3(settings(endpoint), Bucket("nowhere"), HEAD, NOW + YEAR, LockMode.COMPLIANCE, NOW)
    assert "s3://nowhere/" in raised.value.diagnosis()


def test_an_endpoint_that_does_not_answer_is_told(s3: Any) -> None:
    with pytest.raises(HeadNotSent, match="connect"):
        to_s3(settings("http://127.0.0.1:9"), Bucket("heads"), HEAD, NOW + YEAR, LockMode.COMPLIANCE, NOW)


@pytest.mark.parametrize("until", [NOW, NOW - YEAR, NOW + 101 * YEAR])
def test_a_date_that_s3_would_not_keep_is_refused_before_anything_is_sent(until: datetime) -> None:
    with pytest.raises(UsageError, match="within 100 years"):
        to_s3(settings("http://127.0.0.1:9"), Bucket("heads"), HEAD, until, LockMode.COMPLIANCE, NOW)


def test_only_the_one_write_can_be_called(s3: Any, endpoint: str) -> None:
    from watchword.aws import Aws
    from watchword.enforce.audit_heads import WRITES
    from watchword.model.ids import ORGANIZATION, Region

    with pytest.raises(ReadGuardError):
        Aws(settings(endpoint), WRITES).call(
            ORGANIZATION, Region("us-east-1"), "s3", "DeleteObject", {"Bucket": "heads", "Key": "x"}
        )


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("s3://b", Bucket("b")),
        ("s3://b/", Bucket("b")),
        ("s3://b/x/y/", Bucket("b", "x/y/")),
        ("s3://b/x", Bucket("b", "x/")),
    ],
)
def test_buckets_are_named_by_addresses(url: str, expected: Bucket) -> None:
    assert Bucket.parse(url) == expected


@pytest.mark.parametrize("url", ["s3://", "s3:///x", "https://b/x", "b/x", "s3://b/x?y", "s3://b/x#y", ""])
def test_what_names_no_bucket_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        Bucket.parse(url)


@dataclass
class Hook:
    """A webhook that remembers what it was sent and answers as it is told."""

    status: int = 204
    body: bytes = b""
    seen: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    port: int = 0


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.seen.append((self.path, dict(self.headers), body))
            self.send_response(made.status)
            self.send_header("Location", f"http://127.0.0.1:{made.port}/elsewhere")
            self.send_header("Content-Length", str(len(made.body)))
            self.end_headers()
            self.wfile.write(made.body)

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


def test_a_webhook_is_given_the_head_whose_signature_covers_the_body(hook: Hook) -> None:
    assert to_webhook(f"http://127.0.0.1:{hook.port}/heads?token=secret", HEAD) == 204
    ((path, headers, body),) = hook.seen
    assert path == "/heads?token=secret"
    assert (headers["Content-Type"], headers["X-Watchword-Size"]) == ("application/json", "17")
    taken = Head.parse(body.decode())
    assert genuine(taken.signature, public_of(KEY), taken.signed())


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 404, 500, 503])
def test_an_answer_that_is_no_success_is_a_failure_and_redirects_are_not_followed(
    hook: Hook, status: int
) -> None:
    hook.status = status
    with pytest.raises(HeadNotSent, match=str(status)) as raised:
        to_webhook(f"http://127.0.0.1:{hook.port}/?token=secret", HEAD)
    assert len(hook.seen) == 1
    assert "secret" not in raised.value.diagnosis()


def test_a_huge_answer_is_not_read_to_its_end(hook: Hook) -> None:
    hook.status, hook.body = 200, b"x" * 30_000_000
    assert to_webhook(f"http://127.0.0.1:{hook.port}/", HEAD) == 200


def test_a_server_that_is_not_there_or_speaks_no_http_is_told() -> None:
    import socket

    with pytest.raises(HeadNotSent, match="did not answer"):
        to_webhook("http://127.0.0.1:9/", HEAD)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            connection.sendall(b"not http at all\r\n\r\n")
            connection.close()

        threading.Thread(target=answer).start()
        with pytest.raises(HeadNotSent):
            to_webhook(f"http://127.0.0.1:{server.getsockname()[1]}/", HEAD)


def test_a_server_without_tls_is_not_spoken_to_in_the_clear(hook: Hook) -> None:
    with pytest.raises(HeadNotSent):
        to_webhook(f"https://127.0.0.1:{hook.port}/", HEAD)
    assert hook.seen == []


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "http://localhost/", "http://10.0.0.1/", "http://127.0.0.1.example.com/",
        "http://2130706433/", "ftp://127.0.0.1/", "https://user:pass@example.com/", "https:///x", "https://", "",
        "https://example.com:99999/", "https://example.com:0/", "https://example.com/ x", "https://example.com/\r\nX: y",
        "https://[::1", "https://example.com/#x", "file:///etc/passwd", "https://exämple.com/",
    ],
)  # fmt: skip
def test_addresses_that_are_not_https_or_this_machine_are_refused_unsent(url: str) -> None:
    with pytest.raises(UsageError):
        to_webhook(url, HEAD)
