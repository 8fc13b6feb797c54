"""From where somebody comes, as far as a request tells it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from watchword.model.people import PrincipalId
from watchword.store.state.transition import Act

LONGEST_AGENT: Final = 400
"""Characters of ``User-Agent`` that are kept."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request's facts.

    ``address``: the client's IP address, as far as it can be trusted; ``agent``: what the browser calls itself; ``country``
    (ISO 3166-1 alpha-2) and ``asn`` of the address, ``""`` and 0 where not known; ``device``: the known device, or ``""``.
    """

    address: str
    agent: str = ""
    request_id: str = ""
    country: str = ""
    asn: int = 0
    device: str = ""

    def bounded(self) -> Arrival:
        """The same, fit to be kept: nothing too long, no character that cannot be seen."""
        return replace(
            self,
            address=_plain(self.address, 64),
            agent=_plain(self.agent, LONGEST_AGENT),
            request_id=_plain(self.request_id, 128),
            country=_plain(self.country, 2),
            device=_plain(self.device, 64),
        )


@dataclass(frozen=True, slots=True)
class Visit:
    """One request: from where, when, in which browser, and the randomness for what is drawn on its behalf.

    ``browser`` is the value of the browser's flow cookie, to which everything under way is bound; ``known`` that of its
    cookie of known devices; ``randomness`` gives so many bytes (``secrets.token_bytes``).
    """

    arrival: Arrival
    now: datetime
    randomness: Callable[[int], bytes] = field(repr=False)
    browser: str = field(default="", repr=False)
    known: str = field(default="", repr=False)

    def act(self, actor: PrincipalId | str, why: str, session: str = "") -> Act:
        """What somebody does in this request, for the audit."""
        return Act(actor, self.now, why=why, request=self.arrival.bounded().request_id, session=session)


def _plain(text: str, longest: int) -> str:
    return "".join(letter for letter in text[:longest] if letter.isprintable())
