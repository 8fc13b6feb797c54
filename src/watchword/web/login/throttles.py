"""Which attempts are counted where (docs/sign-in.md, step 3).

An attempt from a browser that is known for the person is counted there and nowhere else; any other is counted for the
network it comes from, for the person, and for both together.  A passkey cannot be guessed, so it is counted for the network only.
Names never stand in a key, only digests of them.
"""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address
from typing import Final

from watchword.store.state.throttling import Gate, Rate
from watchword.web.login.tokens import digest

ADDRESS: Final = Rate(burst=60, interval=timedelta(seconds=10))
"""Of one network: enough for an office behind one address."""

PAIR: Final = Rate(burst=5, interval=timedelta(minutes=1), patience=5)
"""Of one network for one person."""

IDENTITY: Final = Rate(burst=10, interval=timedelta(minutes=1), patience=10)
"""Of all strange networks together for one person: bounds guessing, from however many addresses.

SP 800-63B-4 §3.2.2 allows 100 failures in a row; here the hundredth comes after more than a day.
"""

KNOWN: Final = Rate(burst=10, interval=timedelta(seconds=30), patience=10, longest=timedelta(minutes=15))
"""Of one known browser for one person."""


def network(address: str) -> str:
    """The network that counts as one: /24 of IPv4, /64 of IPv6, which is what one subscriber has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    kept = 24 if mapped.version == 4 else 64
    bits = mapped.max_prefixlen - kept
    return f"{type(mapped)(int(mapped) >> bits << bits)}/{kept}"


def guessing(what: str, identity: str, address: str, device: str) -> tuple[Gate, ...]:
    """Gates of an attempt at what can be guessed.

    ``what`` is tried (``password``, ``totp``); ``identity``: the person's id, or what was typed where nobody has that name.
    """
    who = digest(f"{what}\0{identity}")
    if device:
        return (Gate(f"known:{who}:{device}", KNOWN),)
    near = network(address)
    return (
        Gate(f"address:{near}", ADDRESS),
        Gate(f"pair:{who}:{near}", PAIR),
        Gate(f"identity:{who}", IDENTITY),
    )


def signing(address: str) -> tuple[Gate, ...]:
    """Gates of an attempt at what cannot be guessed."""
    return (Gate(f"passkey:{network(address)}", ADDRESS),)
