"""Signed heads of the audit log, taken where watchword's own administrators cannot reach them.

To S3: one object a head, never overwritten by us, under Object Lock until a date.  In mode COMPLIANCE nobody can delete
or change it before, the account's root user included.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html

To a webhook: the head as the body of one POST; its own signature covers it, so the receiver checks it with the public
key.  Only https, to a server whose certificate is valid, or http on this machine; redirects are not followed; one
attempt, bounded in time and size, without credentials.

Nothing here signs, or reads the log.
"""

from __future__ import annotations

import ipaddress
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from watchword.aws import AnswerMalformed, Aws, AwsSettings
from watchword.errors import CredentialsError, UsageError, WatchwordError
from watchword.model.ids import ORGANIZATION, Region
from watchword.store.audit.heads import Head

WRITES: Final = frozenset({("s3", "PutObject")})
"""The operations of AWS that are called here."""

TIMEOUT: Final = 10.0
"""Seconds that a webhook may take to be connected, and for each step of its answer."""

LARGEST_ANSWER: Final = 64 * 1024
"""Bytes of a webhook's answer that are read."""

LONGEST: Final = timedelta(days=36_500)
"""Object Lock keeps an object for at most 100 years.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html"""


class HeadNotSent(WatchwordError):
    """A head could not be taken to where it was to go."""


class LockMode(StrEnum):
    """How S3 keeps an object: against everybody, or against all who may not bypass it."""

    COMPLIANCE = "COMPLIANCE"
    GOVERNANCE = "GOVERNANCE"


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where heads go in S3: ``prefix`` ends in ``/`` or is empty."""

    name: str
    prefix: str = ""

    @classmethod
    def parse(cls, url: str) -> Bucket:
        """The bucket of ``s3://bucket/prefix``.

        Raises:
            UsageError: it is not such an address.
        """
        parts = urlsplit(url)
        if parts.scheme != "s3" or not parts.netloc or parts.query or parts.fragment:
            raise UsageError(f"{url!r} is not the address of a bucket", remedy="write s3://bucket/prefix")
        prefix = parts.path.strip("/")
        return cls(parts.netloc, f"{prefix}/" if prefix else "")

    def key(self, head: Head) -> str:
        """The key of a head: by log and size, so that keys sort as the log grew."""
        return f"{self.prefix}{head.log[:16]}/{head.size:016d}-{head.time}.json"


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a head lies in S3."""

    bucket: str
    key: str
    version: str
    until: datetime


def to_s3(  # noqa: PLR0917
    settings: AwsSettings, bucket: Bucket, head: Head, until: datetime, mode: LockMode, now: datetime
) -> Kept:
    """Put a head into a bucket that has Object Lock, kept until ``until``.

    Raises:
        UsageError: the date is past, or beyond what S3 allows.
        HeadNotSent: S3 refused, or could not be reached.
        CredentialsError: there are no credentials, or AWS does not accept them.
    """
    if not now < until <= now + LONGEST:
        raise UsageError("a head is kept until a time to come, within 100 years", remedy="give --keep-days")
    params: Mapping[str, Any] = {
        "Bucket": bucket.name,
        "Key": bucket.key(head),
        "Body": head.text().encode(),
        "ContentType": "application/json",
        "ObjectLockMode": mode.value,
        "ObjectLockRetainUntilDate": until,
        "ChecksumAlgorithm": "SHA256",
        # A head that is there already is not put a second time.
        "IfNoneMatch": "*",
    }
    answer = _put(Aws(settings, WRITES), params, f"s3://{bucket.name}/{bucket.key(head)}")
    version = str(answer.get("VersionId") or "")
    if not version:
        # Object Lock needs versions: without one, the bucket did not lock what it took.
        raise HeadNotSent(
            "the bucket took the head but keeps no versions, so nothing holds it",
            where=f"s3://{bucket.name}",
            remedy="name a bucket that was made with Object Lock",
        )
    return Kept(bucket.name, bucket.key(head), version, until)


def _put(aws: Aws, params: Mapping[str, Any], where: str) -> dict[str, Any]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return aws.call(ORGANIZATION, Region(aws.home_region()), "s3", "PutObject", params)
    except CredentialsError:
        raise
    except (BotoCoreError, ClientError, AnswerMalformed) as error:
        raise HeadNotSent(
            f"S3 did not take the head: {error}",
            where=where,
            remedy="the bucket needs Object Lock, and you s3:PutObject and s3:PutObjectRetention",
        ) from error


def to_webhook(url: str, head: Head) -> int:
    """Post a head to an address; the status of the answer, which is one of success.

    Raises:
        UsageError: the address is neither https nor on this machine.
        HeadNotSent: the server did not take it.
    """
    parts = _checked(url)
    body = head.text().encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "watchword",
        "X-Watchword-Key": head.key,
        "X-Watchword-Size": str(head.size),
    }
    connection = _connection(parts)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, headers)
        return _taken(connection.getresponse(), parts)
    except (OSError, HTTPException) as error:
        raise HeadNotSent(
            f"the webhook did not answer: {type(error).__name__}: {error}",
            where=_shown(parts),
            remedy="try again later",
        ) from error
    finally:
        connection.close()


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError(
            f"the webhook's address cannot be: {error}", remedy="write https://host/path"
        ) from error
    plain = not parts.username and not parts.password and not parts.fragment and port != 0
    if not parts.hostname or not plain or any(one <= " " or one > "~" for one in url):
        raise UsageError("the webhook's address is not a plain one", remedy="write https://host/path")
    if parts.scheme == "https" or (parts.scheme == "http" and _here(parts.hostname)):
        return parts
    raise UsageError(
        f"a head is sent over https only, or over http on this machine, not to {parts.scheme}://{parts.hostname}",
        remedy="write https://host/path",
    )


def _here(host: str) -> bool:
    """Whether a host is this machine by its very address; a name could lead elsewhere."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _connection(parts: SplitResult) -> HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "http":
        return HTTPConnection(host, parts.port, timeout=TIMEOUT)
    return HTTPSConnection(host, parts.port, timeout=TIMEOUT, context=ssl.create_default_context())


def _taken(answer: HTTPResponse, parts: SplitResult) -> int:
    answer.read(LARGEST_ANSWER)
    if not 200 <= answer.status < 300:
        raise HeadNotSent(
            f"the webhook answered with {answer.status}",
            where=_shown(parts),
            remedy="redirects are not followed: name the address itself"
            if 300 <= answer.status < 400
            else "",
        )
    return answer.status


def _shown(parts: SplitResult) -> str:
    """The address without its query, which may hold a token."""
    return json.dumps(f"{parts.scheme}://{parts.netloc}{parts.path}")[1:-1]
