"""Company ABC's people: what its directories say, as readers that the product's own reading takes.

Three directories: ``corp``, the on-premises one, with nested groups; ``partners``, an identity provider of guests; ``saas``, where some
staff have a second account.  All that the rules of linking, orphans and stale accounts speak of is among them once: a leaver who
is disabled in one directory only, an account that has not been used for months, one whose last use is not told, a guest without a
sponsor, two accounts that look like one person's.  Ages are days before the reading; nothing is random.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from watchword.model.directory import (
    AccountKind,
    DirectoryAccount,
    DirectoryFault,
    DirectoryGroup,
    DirectoryKind,
)
from watchword.model.people import DirectoryId

CORP: Final = DirectoryId("corp")
PARTNERS: Final = DirectoryId("partners")
SAAS: Final = DirectoryId("saas")


@dataclass(frozen=True, slots=True)
class Person:
    """An account of the plan; ``used`` days ago (``None``: the directory does not tell, -1: never)."""

    name: str
    team: str
    used: int | None = 1
    enabled: bool = True
    locked: bool = False
    kind: AccountKind = AccountKind.USER
    age: int = 700
    manager: str = ""
    mail: str = ""
    number: str = ""


def _staff(team: str, manager: str, *names: str) -> Iterator[Person]:
    yield from (Person(name, team, used=1 + place % 9, manager=manager) for place, name in enumerate(names))


CORP_PEOPLE: Final = (
    Person("lena.vogt", "security"),
    *_staff("security", "lena.vogt", "dina.haddad", "chen.wei", "ravi.patel"),
    Person("marta.kowalski", "platform"),
    *_staff("platform", "marta.kowalski", "jonas.weber", "erik.larsen", "oskar.lind", "yuki.tanaka"),
    Person("sofia.rossi", "data"),
    *_staff("data", "sofia.rossi", "tom.becker", "nadia.hussein", "liam.obrien"),
    Person("ben.clarke", "shop"),
    *_staff(
        "shop", "ben.clarke", "anna.schmidt", "carla.mendes", "felix.braun", "grace.okafor", "hugo.petit"
    ),
    *_staff("finance", "", "irene.costa", "karel.novak", "maya.singh"),
    Person("paul.ender", "finance", used=190, enabled=False, age=2_400),
    Person("vera.sommer", "shop", used=240, age=1_900),
    Person("zoe.winter", "data", used=-1, age=45),
    Person("omar.farouk", "finance", used=12, locked=True),
    Person("walt.stone", "shop", used=None),
    Person("svc-backup", "services", used=1, kind=AccountKind.WORKLOAD),
    Person("svc-printing", "services", used=400, kind=AccountKind.WORKLOAD, age=3_000),
)
SAAS_PEOPLE: Final = (
    *(
        Person(name, "crm", used=4, mail=f"{name}@abc.example")
        for name in ("anna.schmidt", "carla.mendes", "paul.ender")
    ),
    Person("b.clarke", "crm", used=30, mail="ben.clarke@abc.example"),
    Person("demo.account", "crm", used=300, mail="demo@abc.example"),
)
PARTNERS_PEOPLE: Final = (
    Person(
        "gus.meyer",
        "auditing-firm",
        used=6,
        kind=AccountKind.GUEST,
        mail="gus.meyer@auditors.example",
        age=80,
    ),
    Person(
        "pia.roth", "logistics", used=95, kind=AccountKind.GUEST, mail="pia.roth@logistics.example", age=300
    ),
    Person(
        "quinn.hale",
        "logistics",
        used=-1,
        kind=AccountKind.GUEST,
        mail="quinn.hale@logistics.example",
        age=50,
    ),
)

NESTED: Final = {
    "everybody": ("engineering", "security", "finance", "shop"),
    "engineering": ("platform", "data"),
}
"""Groups within groups of the on-premises directory."""


@dataclass(slots=True)
class StaffReader:
    """Reads one directory of Company ABC as it is at ``now``."""

    directory: DirectoryId
    people: tuple[Person, ...]
    now: datetime
    nested: dict[str, tuple[str, ...]] = field(default_factory=dict)
    tells_factors: bool = False
    faults: list[DirectoryFault] = field(default_factory=list)

    def accounts(self) -> Iterator[DirectoryAccount]:
        """All accounts."""
        for number, person in enumerate(self.people, 1):
            yield self._account(number, person)

    def groups(self) -> Iterator[DirectoryGroup]:
        """Each team is a group; those of ``nested`` have groups in them."""
        teams = sorted({person.team for person in self.people} | set(self.nested))
        for team in teams:
            members = tuple(self._subject(person.name) for person in self.people if person.team == team)
            inside = tuple(f"group-{one}" for one in self.nested.get(team, ()))
            yield DirectoryGroup(self.directory, f"group-{team}", team, members, inside)

    def _account(self, number: int, person: Person) -> DirectoryAccount:
        shown = (
            person.name.replace(".", " ").title() if person.kind is not AccountKind.WORKLOAD else person.name
        )
        used = None if person.used is None or person.used < 0 else self.now - timedelta(days=person.used)
        is_person = person.kind is not AccountKind.WORKLOAD
        return DirectoryAccount(
            directory=self.directory,
            subject=self._subject(person.name),
            user_name=person.name,
            kind=person.kind,
            display_name=shown,
            mail=person.mail or (f"{person.name}@abc.example" if is_person else ""),
            mail_verified=True,
            employee_number=f"{1000 + number}" if self.directory == CORP and is_person else "",
            enabled=person.enabled,
            locked=person.locked,
            created=self.now - timedelta(days=person.age),
            last_sign_in=used,
            password_changed=self.now - timedelta(days=min(person.age, 60 + 7 * number)),
            factors=("totp",) if self.tells_factors and number % 3 else () if self.tells_factors else None,
            manager=self._subject(person.manager) if person.manager else "",
            attributes={"never_signed_in": True} if person.used == -1 else {},
        )

    def _subject(self, name: str) -> str:
        return f"{self.directory}-{name}"


def directories(now: datetime) -> dict[DirectoryId, tuple[DirectoryKind, str, StaffReader]]:
    """The directories: of what kind each plays to be, what it is called, and its reader."""
    return {
        CORP: (
            DirectoryKind.LDAP,
            "Company ABC, on premises",
            StaffReader(CORP, CORP_PEOPLE, now, dict(NESTED)),
        ),
        PARTNERS: (
            DirectoryKind.OIDC,
            "Partners and auditors",
            StaffReader(PARTNERS, PARTNERS_PEOPLE, now, tells_factors=True),
        ),
        SAAS: (
            DirectoryKind.SCIM,
            "Customer relations (SaaS)",
            StaffReader(SAAS, SAAS_PEOPLE, now, tells_factors=True),
        ),
    }
