"""What a running process is made of: settings, database, folders, clock and randomness, in one value that is handed down.

Nothing here reads the world; ``watchword.web.serve`` and tests put the parts together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from watchword.aws import AwsSettings
from watchword.model.estate import Estate
from watchword.pdp.presets import PRESETS, Preset
from watchword.store.state.database import Database
from watchword.store.state.vault import Vault


@dataclass(frozen=True, slots=True)
class WebSettings:
    """``[web]`` of the settings.

    ``public_url`` is the one origin under which browsers come (scheme, host, port, no path); forwarding headers count only
    from ``trusted_proxies``.  ``preset`` names the time limits of sessions; ``enrolment_hours``: see ``Policy.enrolment_window``.  ``metrics_from_loopback``: programs on this machine
    may read ``/metrics`` without a token.  ``sync_minutes``: how often directories are read.  ``heads_file`` and
    ``heads_webhook``: where signed heads of the audit log go.  ``sign_in_days``: how long
    events of the sign-in are kept (0: for ever).  Sizes in bytes, times in seconds.
    """

    public_url: str = "http://localhost:8440"
    bind: str = "127.0.0.1"
    port: int = 8440
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    preset: str = "aal2"
    company: str = "Company"
    largest_body: int = 1024 * 1024
    body_seconds: float = 20.0
    requests_a_minute: int = 600
    secret_key_file: Path | None = None
    locations_file: Path | None = None
    blocklist_file: Path | None = None
    passwords: bool = False
    enrolment_hours: int = 0
    sign_in_days: int = 400
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    metrics_from_loopback: bool = False
    sync_minutes: int = 30
    heads_file: Path | None = None
    heads_webhook: str = field(default="", repr=False)

    @property
    def host(self) -> str:
        """The host that browsers name, without port: the relying party's id of passkeys."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def is_secure(self) -> bool:
        """Whether browsers come by TLS."""
        return self.public_url.startswith("https://")


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """The parts of a process; ``folder`` holds snapshots and assessments.

    ``vault`` holds the keys that lie outside the database; ``directories`` are settings by the directory's id; ``told`` takes
    each line of the structured log, a mapping without secrets; ``signing_key`` is the file of the key that signs heads of the
    audit log, ``aws`` how AWS is reached, where directories are read from there, ``estate`` what the settings declare of it.
    """

    settings: WebSettings
    database: Database
    folder: Path
    clock: Callable[[], datetime]
    randomness: Callable[[int], bytes]
    told: Callable[[Mapping[str, Any]], None]
    vault: Vault = field(repr=False)
    directories: Mapping[str, Any] = field(default_factory=dict, repr=False)
    locations: Any = field(default=None, repr=False)
    signing_key: Path = Path(".watchword/audit.key")
    aws: AwsSettings = field(default_factory=AwsSettings, repr=False)
    estate: Estate = field(default_factory=Estate, repr=False)

    @property
    def preset(self) -> Preset:
        """The time limits of sessions, and the least level at which people sign in."""
        return PRESETS[self.settings.preset]
