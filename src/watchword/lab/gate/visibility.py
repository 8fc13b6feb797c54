"""Writes that are not yet seen: policies as they were before a delayed write.

What it does: remembers the policies of all users and roles of an account when a delayed write comes, and gives them
instead of the present ones until the delay is over. What it does not do: delay anything but the gate's own view.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from watchword.lab.gate.faults import Fault
from watchword.lab.gate.policies import Held, of_role, of_user
from watchword.lab.gate.sessions import role_of
from watchword.lab.gate.state import iam_of


@dataclass(slots=True)
class _View:
    """An account as it was; until an instant, or for a number of decisions (whichever is given, the longer of both)."""

    users: Mapping[str, Held]
    roles: Mapping[str, Held]
    trusts: Mapping[str, str]
    until: datetime
    left: int

    def is_over(self, now: datetime) -> bool:
        return now >= self.until and self.left <= 0


class Visibility:
    """What the gate sees of each account; one for each gate."""

    def __init__(self) -> None:
        """Begin with the present everywhere."""
        self._views: dict[str, _View] = {}
        self._lock = threading.Lock()

    def freeze(self, account: str, fault: Fault, now: datetime) -> None:
        """See an account as it is at this moment for as long as the fault says; an earlier view stays."""
        with self._lock:
            if account in self._views:
                return
            iam = iam_of(account)
            roles = [role.name for role in list(iam.roles.values())]
            self._views[account] = _View(
                {name: of_user(account, name) for name in list(iam.users)},
                {name: of_role(account, name) for name in roles},
                {name: str(role_of(account, name).assume_role_policy_document) for name in roles},
                now + timedelta(seconds=fault.seconds),
                fault.calls,
            )

    def move_on(self, now: datetime) -> None:
        """Forget the views whose delay is over; called before each decision."""
        if self._views:
            with self._lock:
                for account in [account for account, view in self._views.items() if view.is_over(now)]:
                    del self._views[account]

    def count(self, account: str) -> None:
        """One decision about a caller of the account has been made."""
        with self._lock:
            if account in self._views:
                self._views[account].left -= 1

    def user(self, account: str, name: str) -> Held:
        """The policies of a user as they are seen now; none of one that is too new."""
        view = self._views.get(account)
        return view.users.get(name, Held()) if view is not None else of_user(account, name)

    def role(self, account: str, name: str) -> Held:
        """The policies of a role as they are seen now."""
        view = self._views.get(account)
        return view.roles.get(name, Held()) if view is not None else of_role(account, name)

    def trust(self, account: str, name: str) -> str | None:
        """The trust policy of a role as it was; None where the present one counts."""
        view = self._views.get(account)
        return view.trusts.get(name, "") if view is not None else None
