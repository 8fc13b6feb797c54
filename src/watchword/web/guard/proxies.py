"""Where a request comes from, when proxies stand in between.

Forwarding headers count only where the peer of the connection is a configured proxy.  Of ``X-Forwarded-For`` the right-most
address that is no such proxy is taken: whatever stands left of it, the client could have written itself.  Where ``Forwarded``
(RFC 7239) is there too it must tell the same address, since a proxy that writes one of both hands the other on as it came;
otherwise the proxy's own address is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from watchword.web.guard.asgi import App, Receive, Scope, Send, facts, is_http, values

Networks = Sequence[IPv4Network | IPv6Network]
Ip = IPv4Address | IPv6Address

MOST_HOPS: Final = 30
"""Addresses of a forwarding header that are looked at, from the right."""

_FOR: Final = re.compile(r'(?:^|;)\s*for\s*=\s*("[^"]*"|[^;,\s]+)', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Proxies:
    """Finds out the client's address and scheme, and says whether the peer is one of our proxies."""

    app: App
    trusted: Networks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Put ``address``, ``secure``, ``trusted_peer`` and ``local_peer`` into the request's facts; the scheme is the browser's."""
        if is_http(scope):
            peer = _ip((scope.get("client") or ("",))[0])
            found = facts(scope)
            trusted = peer is not None and _within(peer, self.trusted)
            client = _client(scope, self.trusted) if trusted else None
            found["address"] = str(client or peer or "")
            found["trusted_peer"] = trusted
            found["local_peer"] = peer is not None and peer.is_loopback and not _is_forwarded(scope)
            if trusted and _proto(scope) == "https":
                scope["scheme"] = "https"
            found["secure"] = scope.get("scheme") == "https"
        await self.app(scope, receive, send)


def client_of(forwarded_for: str, trusted: Networks) -> Ip | None:
    """The right-most address of ``X-Forwarded-For`` that is no proxy of ours; ``None`` where there is none to be believed."""
    return _first_strange(reversed(forwarded_for.split(",")[-MOST_HOPS:]), trusted)


def client_of_forwarded(forwarded: str, trusted: Networks) -> Ip | None:
    """The same of ``Forwarded``."""
    hops = [_FOR.search(element) for element in forwarded.split(",")[-MOST_HOPS:]]
    return _first_strange((found[1].strip('"') if found else "" for found in reversed(hops)), trusted)


def _first_strange(hops: Iterable[str], trusted: Networks) -> Ip | None:
    for hop in hops:
        found = _ip(_without_port(hop.strip()))
        if found is None:
            # What cannot be read ends what can be believed: further left everything may be made up.
            return None
        if not _within(found, trusted):
            return found
    return None


def _client(scope: Scope, trusted: Networks) -> Ip | None:
    told = [
        read(b",".join(found).decode("latin-1"), trusted)
        for found, read in (
            (values(scope, b"x-forwarded-for"), client_of),
            (values(scope, b"forwarded"), client_of_forwarded),
        )
        if found
    ]
    return told[0] if told and all(one == told[0] for one in told) else None


def _proto(scope: Scope) -> str:
    """The scheme that our proxy was asked by: the right-most one that is told."""
    found = values(scope, b"x-forwarded-proto")
    return found[-1].decode("latin-1").rpartition(",")[2].strip().lower() if found else ""


def _is_forwarded(scope: Scope) -> bool:
    return bool(values(scope, b"x-forwarded-for") or values(scope, b"forwarded"))


def _without_port(text: str) -> str:
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def _ip(text: str) -> Ip | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    # ::ffff:192.0.2.1 is 192.0.2.1 on a socket that takes both.
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _within(address: Ip, networks: Networks) -> bool:
    return any(address in network for network in networks)
