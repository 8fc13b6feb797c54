"""When the certificates end with which a SAML identity provider signs.

Takes SAML 2.0 metadata as text and walks the DER of each certificate as far as its validity.  It verifies no signature
and no chain: AWS does not either, it compares keys.

Sources: SAML metadata §2.4.1.1 (KeyDescriptor), RFC 5280 §4.1.2.5 (Validity).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

_KEY: Final = re.compile(
    r"<(?:[\w.-]+:)?KeyDescriptor\b([^>]*)>(.*?)</(?:[\w.-]+:)?KeyDescriptor\s*>", re.DOTALL
)
_CERTIFICATE: Final = re.compile(
    r"<(?:[\w.-]+:)?X509Certificate\b[^>]*>([^<]*)</(?:[\w.-]+:)?X509Certificate\s*>"
)
_FOR_ENCRYPTION: Final = re.compile(r"""\buse\s*=\s*["']encryption["']""")

_SEQUENCE, _UTC_TIME, _GENERALIZED_TIME, _VERSION = 0x30, 0x17, 0x18, 0xA0


class CertificateError(ValueError):
    """A certificate is not Base64 of DER as RFC 5280 has it."""


def signing_certificates_end(metadata: str) -> tuple[datetime, ...]:
    """When each signing certificate in the metadata of an identity provider ends (UTC), in the order found.

    Raises:
        CertificateError: one of them cannot be read.
    """
    return tuple(
        not_after(_der(found))
        for attributes, key in _KEY.findall(metadata)
        if not _FOR_ENCRYPTION.search(attributes)
        for found in _CERTIFICATE.findall(key)
    )


def not_after(der: bytes) -> datetime:
    """The end of validity of an X.509 certificate, in UTC.

    Raises:
        CertificateError: the bytes are no certificate.
    """
    try:
        _, certificate = next(_elements(der))
        _, signed = next(_elements(certificate))
        fields = [field for field in _elements(signed) if field[0] != _VERSION]
        kind, validity = fields[3]
        (_, _), (time_kind, end) = _elements(validity)
    except (StopIteration, IndexError, ValueError) as error:
        raise CertificateError("it is not an X.509 certificate") from error
    if kind != _SEQUENCE:
        raise CertificateError("its validity is not where RFC 5280 has it")
    return _time(time_kind, end)


def _der(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        raise CertificateError("it is not Base64") from error


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each DER element in ``data``."""
    position = 0
    while position < len(data):
        tag, length, position = data[position], data[position + 1], position + 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[position : position + size], "big")
            position += size
        if position + length > len(data):
            raise ValueError("an element is longer than its surroundings")
        yield tag, data[position : position + length]
        position += length


def _time(kind: int, content: bytes) -> datetime:
    """UTCTime has two digits of the year: 50 to 99 are of the last century (RFC 5280 §4.1.2.5.1)."""
    text = content.decode("ascii", "replace")
    if kind == _UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    elif kind != _GENERALIZED_TIME:
        raise CertificateError("its end is no time")
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise CertificateError(f"its end {text!r} is no time") from error
