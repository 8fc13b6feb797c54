"""What signing in needs of the process: database, vault, site, policy; one value that is handed down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol

from watchword.model.people import DirectoryId
from watchword.pdp.presets import PRESETS, Preset, Trust
from watchword.store.state.database import Database
from watchword.store.state.vault import Vault
from watchword.web.login.passkeys import Site

LOCAL: Final = DirectoryId("local")
"""Our own directory: people who are in no other, and the only one whose passwords we hold."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the company asks of who signs in.

    ``preset``: least level and time limits.  ``trust``: what directories' words are worth, by directory; who is not there is
    believed at level 1.  ``passwords``: whether our own directory has any.  ``enrolment_window``: how long after they appear
    people may register their first factor with a first proof alone (zero: never; they need an invitation).
    """

    preset: Preset = PRESETS["aal2"]
    device_bound_is_aal3: bool = False
    trust: Mapping[str, Trust] = field(default_factory=dict)
    passwords: bool = False
    enrolment_window: timedelta = timedelta(0)


class Places(Protocol):
    """Where addresses are."""

    def find(self, address: str) -> tuple[str, int]:
        """Country (ISO 3166-1 alpha-2) and number of the network (ASN) of an address; ``""`` and 0 where not known."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where people sign in."""

    database: Database
    vault: Vault = field(repr=False)
    site: Site
    policy: Policy = Policy()
    blocked: frozenset[str] = field(default=frozenset(), repr=False)
    """Passwords that are refused, beside those that the program ships (see ``blocklist``)."""
