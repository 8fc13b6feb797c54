"""People with whom a newcomer signs in to Company ABC: one of each role, by a password and a code of an app.

``settle`` makes them once, by the product's own functions: they are invited as anybody would be, the guest with a sponsor and an end
date, and roles are given with a reason.  Only their factors are put there by hand, as nobody is there to register them.  What they
type stands in a file of the lab (readable by its owner only): drawn at random, since a lab's console is a console, too.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from watchword.errors import WatchwordError
from watchword.lab.staff import directories
from watchword.model.factors import Factor, FactorId, FactorKind, FactorStatus, SecretId
from watchword.model.people import Directory, Principal, PrincipalStatus
from watchword.model.roles import ASSIGNABLE, Role
from watchword.store.state import factor_store, people_store, vault
from watchword.store.state.transition import Act

if TYPE_CHECKING:
    from watchword.web.control_plane import ControlPlane

ACTOR: Final = "lab"
WHY: Final = "the lab is set up"
FILE: Final = "people.json"
STAY: Final = timedelta(days=90)


class LabPeopleMissing(WatchwordError):
    """There is no file that says what the lab's people type."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Somebody of the lab; ``password`` and ``seed`` (base32) are made up and worth nothing elsewhere."""

    user_name: str
    name: str
    role: str
    password: str = field(repr=False)
    seed: str = field(repr=False)

    def code(self, now: datetime) -> str:
        """The code that their app shows."""
        import pyotp

        return pyotp.TOTP(self.seed).at(now)


CAST: Final = (
    ("ada", "Ada Brandt", Role.ADMINISTRATOR),
    ("emil", "Emil Sørensen", Role.ADMINISTRATOR),
    ("priya", "Priya Raman", Role.APPROVER),
    ("aurel", "Aurel Ionescu", Role.AUDITOR),
    ("uma", "Uma Lindqvist", Role.USER),
    ("gino", "Gino Ferrara", Role.GUEST),
)
"""Name to type, name, role; two administrators, since one alone can neither be recovered nor end."""


def settle(plane: ControlPlane, folder: Path) -> tuple[Sample, ...]:
    """Let Company ABC's people be there: its directories are read, and the cast can sign in; done before: nothing changes.

    Raises:
        DatabaseError: the database refuses.
        LabPeopleMissing: the people are there, and the file that says what they type is not.
    """
    missing = [one for one in CAST if _known(plane, one[0]) is None]
    if not missing:
        return load(folder)
    now = plane.clock()
    read_directories(plane, now)
    # The file first: after a crash in between, the next start goes on with what stands in it.
    if len(missing) == len(CAST) or not (folder / FILE).exists():
        _save(folder, tuple(_drawn(plane, user_name, name, role) for user_name, name, role in CAST))
    cast = load(folder)
    _admit(plane, cast, now)
    return cast


def load(folder: Path) -> tuple[Sample, ...]:
    """What the lab's people type.

    Raises:
        LabPeopleMissing: there is no such file, or it is broken.
    """
    path = folder / FILE
    try:
        return tuple(Sample(**one) for one in json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise LabPeopleMissing(
            f"nothing says what the lab's people type: {error}",
            where=str(path),
            remedy=f"remove {folder}, and start `watchword serve --lab` again",
        ) from error


def read_directories(plane: ControlPlane, now: datetime) -> None:
    """Read the three directories of Company ABC, as the worker would."""
    from watchword.access.directories import synchronise

    for name, (kind, display, reader) in directories(now).items():
        settings = {"correlate": "", "vouches_for_mail": True}
        synchronise(plane.database, reader, Directory(name, kind.value, display, settings), now, actor=ACTOR)


def _known(plane: ControlPlane, user_name: str) -> Principal | None:
    """Somebody of the cast who can sign in."""
    with plane.database.reading() as connection:
        found = factor_store.by_user_name(connection, "local", user_name)
        ready = found is not None and bool(factor_store.of_principal(connection, found.id))
        return found if ready else None


def _drawn(plane: ControlPlane, user_name: str, name: str, role: Role) -> Sample:
    letters = base64.b32encode(plane.randomness(15)).decode().lower()
    password = "-".join(letters[at : at + 6] for at in range(0, 24, 6))
    return Sample(user_name, name, role.value, password, base64.b32encode(plane.randomness(20)).decode())


def _save(folder: Path, cast: Sequence[Sample]) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / FILE
    text = json.dumps([asdict(one) for one in cast], indent=1, ensure_ascii=False)
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text + "\n")


def _admit(plane: ControlPlane, cast: Sequence[Sample], now: datetime) -> None:
    act = Act(ACTOR, now, why=WHY)
    sponsor = ""
    for one in cast:
        who = _known(plane, one.user_name) or _equipped(plane, one, sponsor, act)
        if one.role == Role.USER:
            sponsor = who.id


def _equipped(plane: ControlPlane, one: Sample, sponsor: str, act: Act) -> Principal:
    """Invite somebody of the cast, give them their role, and then what they sign in with."""
    from watchword.access import guests, people, roles

    with plane.database.reading() as connection:
        found = factor_store.by_user_name(connection, "local", one.user_name)
    if found is None:
        who = people.Newcomer(one.name, one.user_name, f"{one.user_name}@abc.example")
        if one.role == Role.GUEST:
            stay = guests.Stay(sponsor, act.at + STAY)
            found = guests.invite(plane.database, who, stay, act, plane.randomness).principal
        else:
            found = people.invite(plane.database, who, act, plane.randomness).principal
    if one.role in ASSIGNABLE and not roles.every(plane.database, principal=found.id):
        roles.assign(plane.database, found.id, Role(one.role), act)
    _equip(plane, one, found, act)
    return found


def _equip(plane: ControlPlane, one: Sample, who: Principal, act: Act) -> None:
    """Give somebody a password and an app, and let them be active."""
    from watchword.web.login import passwords
    from watchword.web.login.tokens import draw_id

    plain = {
        FactorKind.PASSWORD: ("Password", passwords.hashed(one.password, plane.randomness)),
        FactorKind.TOTP: ("Authenticator app", base64.b32decode(one.seed)),
    }
    with plane.database.writing() as connection:
        for kind, (name, secret) in plain.items():
            id_ = SecretId(draw_id("s", plane.randomness))
            vault.put(connection, plane.vault, id_, secret, act.at)
            factor = Factor(
                id=FactorId(draw_id("f", plane.randomness)),
                principal=who.id,
                kind=kind,
                status=FactorStatus.ACTIVE,
                created=act.at,
                public={"name": name},
                secret=id_,
            )
            factor_store.add(connection, factor, act)
        current = people_store.require(connection, who.id)
        people_store.move(connection, current, PrincipalStatus.ACTIVE, act)
