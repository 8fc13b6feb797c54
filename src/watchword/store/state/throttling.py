"""How often something may be tried: the generic cell rate algorithm (ITU-T I.371) on rows that all replicas share.

Each key has a theoretical arrival time.  An attempt is let in if that time lies at most ``burst - 1`` intervals ahead, and
moves it on by one interval; with every ``patience`` failures in a row the step by which it moves doubles, up to ``longest``.
So there is a delay, and never a lock; and the number of attempts in any stretch of time has a bound, ``Rate.most_within``.

An attempt is counted before it is looked at, so many at once are no way around.  ``forgive`` takes back what a success
shows to have been no attack.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, delete, select, update

from watchword.store.state.login import throttles

REMEMBERED: Final = timedelta(days=30)
"""How long failures are remembered after the last attempt; else whoever waits would begin anew."""


@dataclass(frozen=True, slots=True)
class Rate:
    """``burst`` attempts at once, then one an ``interval``; doubled with every ``patience`` failures in a row (0: never)."""

    burst: int
    interval: timedelta
    patience: int = 0
    longest: timedelta = timedelta(hours=1)

    @property
    def tolerance(self) -> timedelta:
        """How far ahead the theoretical arrival time may lie when an attempt is let in."""
        return self.interval * (self.burst - 1)

    @property
    def furthest(self) -> timedelta:
        """How far ahead the theoretical arrival time can ever lie, by a clock that only goes forward."""
        return self.tolerance + (max(self.interval, self.longest) if self.patience else self.interval)

    def interval_after(self, failures: int) -> timedelta:
        """How long one attempt counts after so many failures in a row."""
        if self.patience == 0:
            return self.interval
        grown: timedelta = self.interval * (1 << min(failures // self.patience, 20))
        return max(self.interval, min(self.longest, grown))

    def most_within(self, stretch: timedelta) -> int:
        """How many attempts can be let in at most within a stretch of time, none of them forgiven."""
        # Where an attempt is let in the theoretical time moves on by at least one interval; it begins at or after the
        # stretch, and the last one is let in up to burst - 1 intervals early.
        count, moved = 0, timedelta(0)
        while moved <= stretch + self.tolerance:
            moved += self.interval_after(count)
            count += 1
        return count


@dataclass(frozen=True, slots=True)
class Gate:
    """A key and its rate; the key is a digest or an address's prefix, never a name."""

    key: str
    rate: Rate


def admit(connection: Connection, gates: Sequence[Gate], now: datetime) -> timedelta:
    """Count an attempt at all gates if each of them lets it in; else count it at none, and say how long to wait.

    Zero: it is let in.  In the order of keys, so that two who pass the same gates cannot hold each other up.
    """
    wait, moves = timedelta(0), []
    for gate in sorted(gates, key=lambda one: one.key):
        arrival, failures = _locked(connection, gate.key, now)
        interval = gate.rate.interval_after(failures)
        begin = max(_possible(connection, gate, arrival, now), now)
        wait = max(wait, begin - now - gate.rate.tolerance)
        moves.append((gate.key, begin + interval, failures + 1))
    if wait > timedelta(0):
        return wait
    for key, arrival, failures in moves:
        values = {"arrival": arrival, "failures": failures, "expires": arrival + REMEMBERED}
        connection.execute(update(throttles).where(throttles.c.key == key).values(values))
    return timedelta(0)


def _possible(connection: Connection, gate: Gate, arrival: datetime, now: datetime) -> datetime:
    """The theoretical arrival time; one that only a clock explains that was ahead is brought back, lest it lock somebody out.

    It is kept as it is then, also where the attempt is held up: it must not go on before the clock for ever.
    """
    latest = now + gate.rate.furthest
    if arrival <= latest:
        return arrival
    connection.execute(update(throttles).where(throttles.c.key == gate.key).values(arrival=latest))
    return latest


def forgive(connection: Connection, gates: Sequence[Gate], now: datetime) -> None:
    """Take back one attempt at each gate, and half of the failures: it was a success.

    Not all of them, since the one who succeeds need not be the one who failed.
    """
    for gate in sorted(gates, key=lambda one: one.key):
        arrival, failures = _locked(connection, gate.key, now)
        back = arrival - gate.rate.interval_after(max(failures - 1, 0))
        values = {"arrival": max(back, now), "failures": max(failures - 1, 0) // 2}
        connection.execute(update(throttles).where(throttles.c.key == gate.key).values(values))


def clear(connection: Connection, keys: Sequence[str]) -> None:
    """Forget everything of some keys."""
    connection.execute(delete(throttles).where(throttles.c.key.in_(list(keys))))


def purge(connection: Connection, now: datetime) -> int:
    """Forget keys that have not been seen for long; how many there were."""
    return connection.execute(delete(throttles).where(throttles.c.expires <= now)).rowcount


def _locked(connection: Connection, key: str, now: datetime) -> tuple[datetime, int]:
    """A key's arrival time and failures; its row is made where there is none, and is ours until the transaction ends."""
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as insert_or_leave
    else:
        from sqlalchemy.dialects.sqlite import insert as insert_or_leave  # type: ignore[assignment]
    fresh = {"key": key, "arrival": now, "failures": 0, "expires": now + timedelta(days=1)}
    connection.execute(insert_or_leave(throttles).values(fresh).on_conflict_do_nothing())
    row = (
        connection.execute(select(throttles).where(throttles.c.key == key).with_for_update())
        .mappings()
        .first()
    )
    return (now, 0) if row is None else (row["arrival"], row["failures"])
