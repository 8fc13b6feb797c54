"""Step 1: only requests under the configured name are answered (RFC 9110 §7.4: 421 otherwise).

So no link, redirect or cookie can be made for a name that somebody else chose (host header injection, DNS rebinding).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from watchword.web.guard.asgi import App, Receive, Scope, Send, facts, is_http, only, path
from watchword.web.guard.refused import CLOSE, Refused

PROBES: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""What may be asked from this machine under any name: probes and collectors go by address."""

_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Hosts:
    """Refuses requests under a name that is not ours."""

    app: App
    public_url: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through if its one ``Host`` is that of the public address."""
        if is_http(scope) and not (path(scope) in PROBES and facts(scope).get("local_peer")):
            host = only(scope, b"host")
            if host is None or not is_ours(host, self.public_url):
                raise Refused(421, "this server does not answer under that name", CLOSE)
        await self.app(scope, receive, send)


def is_ours(host: str, public_url: str) -> bool:
    """Whether a ``Host`` header names the public address: host in any case, port written or usual."""
    wanted = urlsplit(public_url)
    usual = _PORTS[wanted.scheme]
    try:
        asked = urlsplit(f"//{host}")
        port = asked.port
    except ValueError:
        return False
    plain = asked.netloc == host and not asked.username and asked.password is None and "@" not in host
    return plain and asked.hostname == wanted.hostname and (port or usual) == (wanted.port or usual)
