"""Heads of requests whose lines end as RFC 9112 has it, and in no other way.

A server may take a line feed alone for the end of a line (RFC 9112 section 2.2), and h11 does.  A proxy in front that takes it
for a part of a header's value would see another request than we do, and whoever sends it could hide one request in another.
No client that means well sends one.
"""

from __future__ import annotations

import re
from typing import Final

_END: Final = b"\r\n\r\n"
_BARE: Final = re.compile(rb"(?<!\r)\n")


def has_bare_line_feed(received: bytes) -> bool:
    """Whether a line feed without a carriage return stands in the head with which ``received`` begins; the body is not looked at."""
    end = received.find(_END)
    return _BARE.search(received, 0, len(received) if end < 0 else end) is not None
