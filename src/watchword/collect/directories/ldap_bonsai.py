"""bonsai as we need it: a connection that waits without stopping the process, and names that it would refuse.

Imported by `watchword.collect.directories.ldap_connection` only, when a directory is to be reached.

* bonsai's blocking connection holds the interpreter's lock while it waits for the answer to a bind, so that a slow server
  would stop every thread.  `Waiting` uses its non-blocking form and waits for the socket itself.  What it speaks to is a
  `watchword.collect.directories.ldap_line.Line`, never a server.
* bonsai checks every DN that a server sends against a pattern that knows neither ``#`` nor ``=`` within a value, both legal
  (RFC 4514 §2.4); one such entry would end the reading of all.  Names from servers are taken as text here, and parsed by
  `watchword.collect.directories.ldap_names`.
"""

from __future__ import annotations

import re
import select
from time import monotonic
from typing import Final

from bonsai import LDAPDN, LDAPClient
from bonsai.errors import TimeoutError as LdapTimeout
from bonsai.ldapconnection import BaseLDAPConnection
from bonsai.utils import set_connect_async  # type: ignore[attr-defined]  # it does not say that it exports it

OPENING: Final = 0.001
"""Seconds between two looks at a connection that is being opened; its steps cannot all be waited for."""

SLICE: Final = 0.25
"""Seconds that are waited for the socket at most: what TLS has already read does not make it readable."""

# The socket stays one that does not block: of a large message libldap would wait for the rest, and for us, for ever.
set_connect_async(True)

LDAPDN._dnregex = re.compile(r"(?s).*\Z")


class Waiting(BaseLDAPConnection):
    """A connection whose operations take at most as long as they are told, other threads running meanwhile."""

    def __init__(self, client: LDAPClient) -> None:
        super().__init__(client, is_async=True)

    def _evaluate(self, msg_id: int, timeout: float | None = None) -> object:
        """The result of an operation.

        Raises:
            LdapTimeout: it has not come within ``timeout`` seconds.
        """
        ends = monotonic() + (timeout or 60.0)
        opening = self.closed
        while (result := self.get_result(msg_id)) is None:
            left = ends - monotonic()
            if left <= 0:
                raise LdapTimeout("Timed out.")
            pause = OPENING if opening else SLICE
            select.select([self.fileno()], [], [], min(pause, left))
        return result
