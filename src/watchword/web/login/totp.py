"""One-time passwords of an app (RFC 6238): SHA-1, six digits, 30 seconds, which is what apps do.

Pure: seeds and codes in, time steps out.  That a code is taken once only is the store's business (``factors.advance``), that
few are tried the throttles'.
"""

from __future__ import annotations

import base64
import hmac
import re
from datetime import datetime
from typing import Final

from watchword.web.login.tokens import Randomness

SEED_BYTES: Final = 20
"""160 bits, as RFC 4226 §4 R6 recommends and SHA-1 takes."""

STEP: Final = 30
"""Seconds of a time step (RFC 6238 §5.2)."""

WINDOW: Final = 1
"""Steps before and after the present one that are taken: clocks differ, people type slowly (RFC 6238 §5.2)."""

ATTEMPTS: Final = 5
"""Codes that may be tried in one flow."""

MOST: Final = 5
"""Apps of one person."""

_CODE: Final = re.compile(r"[0-9]{6}", re.ASCII)


def draw_seed(randomness: Randomness) -> bytes:
    """A new seed."""
    seed = randomness(SEED_BYTES)
    if len(seed) != SEED_BYTES:
        raise ValueError("the source of randomness gave too few bytes")
    return seed


def shown(seed: bytes) -> str:
    """A seed as people type it into an app: base32 in groups of four."""
    text = base64.b32encode(seed).decode()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def link(seed: bytes, user_name: str, issuer: str) -> str:
    """A seed as a link that apps open or read from a picture."""
    # https://github.com/google/google-authenticator/wiki/Key-Uri-Format
    import pyotp

    # A colon would end the issuer's part of the label.
    return pyotp.TOTP(base64.b32encode(seed).decode()).provisioning_uri(
        name=user_name.replace(":", " ") or "you", issuer_name=issuer.replace(":", " ")
    )


def step_of(seed: bytes, code: str, now: datetime, after: int) -> int | None:
    """The time step whose code this is, if it is near the present and after the last one taken; ``None`` otherwise.

    All steps are computed and compared whichever fits, so that time tells nothing.
    """
    import pyotp

    typed = code.strip().replace(" ", "")
    well_formed = _CODE.fullmatch(typed) is not None
    app = pyotp.TOTP(base64.b32encode(seed).decode(), interval=STEP)
    present = app.timecode(now)
    found: int | None = None
    for step in range(present - WINDOW, present + WINDOW + 1):
        same = hmac.compare_digest(app.generate_otp(max(step, 0)).encode(), typed.encode())
        if same and well_formed and step > after:
            found = step
    return found
