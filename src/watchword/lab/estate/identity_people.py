"""Company ABC's IAM users and groups, in each state: people from before the identity provider, workloads, emergencies.

A plan only; ``identity`` builds it.  Ages are days before the seeding.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from watchword.lab.estate.company import DATA, DEV, MANAGEMENT, NETWORK, PROD, SANDBOX, SECURITY, LabAccount
from watchword.lab.estate.identity_policies import (
    ADMINISTRATOR,
    BILLING,
    EVERYTHING_BUT_IAM,
    IAM_ADMINISTRATION,
    OWN_CREDENTIALS,
    POWER_USER,
    READ_ONLY,
    UNTIL_TONIGHT,
    Inline,
    one_bucket,
)


@dataclass(frozen=True, slots=True)
class Key:
    """An access key, ``age`` days old, last used ``used`` days ago (``None``: never)."""

    age: int
    used: int | None = 0
    active: bool = True


@dataclass(frozen=True, slots=True)
class User:
    """An IAM user; ``signed_in`` days ago by password (``None``: never).  ``mfa``: ``virtual``, ``hardware`` or none.

    ``managed`` are names of AWS's policies (with path) or of the account's own; ``boundary`` one of the latter.
    """

    account: LabAccount
    name: str
    password: bool = False
    mfa: str = ""
    signed_in: int | None = None
    keys: tuple[Key, ...] = ()
    groups: tuple[str, ...] = ()
    managed: tuple[str, ...] = ()
    inline: tuple[Inline, ...] = ()
    boundary: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    age: int = 900


@dataclass(frozen=True, slots=True)
class Group:
    """An IAM group."""

    account: LabAccount
    name: str
    managed: tuple[str, ...] = ()
    inline: tuple[Inline, ...] = ()


def _person(account: LabAccount, name: str, mfa: str = "", **more: Any) -> User:
    return User(account, name, password=True, mfa=mfa, signed_in=3, **more)


def _emergency(name: str, mfa: str, tried: int | None) -> User:
    return User(
        MANAGEMENT,
        name,
        password=True,
        mfa=mfa,
        signed_in=tried,
        managed=(ADMINISTRATOR,),
        tags={"break-glass": "true", "owner": "security-team"},
    )


GROUPS_BEFORE: Final = (
    Group(MANAGEMENT, "Administrators", (ADMINISTRATOR,)),
    Group(MANAGEMENT, "BillingReaders", (BILLING,)),
    Group(PROD, "Developers", (READ_ONLY,), (OWN_CREDENTIALS,)),
    Group(PROD, "Operators", (POWER_USER,)),
    Group(DATA, "DataEngineers", inline=(EVERYTHING_BUT_IAM,)),
    Group(DEV, "Admins", (ADMINISTRATOR,)),
    Group(DEV, "Developers", (POWER_USER,), (OWN_CREDENTIALS,)),
)
GROUPS_AFTER: Final = (Group(MANAGEMENT, "BillingReaders", (BILLING,)),)

USERS_BEFORE: Final = (
    _emergency("break-glass-1", "hardware", 60),
    _emergency("break-glass-2", "virtual", None),
    _person(MANAGEMENT, "lena.vogt", "virtual", groups=("Administrators",), keys=(Key(200),)),
    User(MANAGEMENT, "billing-export", keys=(Key(40),), groups=("BillingReaders",)),
    User(SECURITY, "siem-forwarder", keys=(Key(400),), inline=(one_bucket("abc-security-findings"),)),
    User(NETWORK, "vpn-monitor", keys=(Key(75),), managed=(READ_ONLY,)),
    _person(PROD, "marta.kowalski", "hardware", groups=("Developers",)),
    _person(PROD, "jonas.weber", inline=(IAM_ADMINISTRATION,)),
    _person(PROD, "ravi.patel", "virtual", groups=("Operators",), keys=(Key(20),)),
    User(PROD, "deploy-bot", keys=(Key(500),), managed=("deploy-everything",)),
    User(
        PROD, "backup-agent", keys=(Key(420, 31, active=False), Key(30)), inline=(one_bucket("abc-backups"),)
    ),
    User(PROD, "shop-mailer", keys=(Key(120),), managed=("AmazonSESFullAccess",)),
    User(
        PROD, "payments-sftp", keys=(Key(800, 600, active=False),), inline=(one_bucket("abc-payments-inbox"),)
    ),
    _person(DATA, "sofia.rossi", groups=("DataEngineers",)),
    _person(DATA, "tom.becker", "virtual", groups=("DataEngineers",)),
    User(DATA, "etl-loader", keys=(Key(150), Key(151, active=False)), managed=("data-lake-writer",)),
    User(DATA, "tableau-reader", keys=(Key(10),), managed=("data-lake-reader",)),
    _person(DEV, "anna.schmidt", "virtual", groups=("Developers",)),
    _person(DEV, "ben.clarke", groups=("Developers",)),
    _person(DEV, "chen.wei", "virtual", groups=("Developers",), keys=(Key(300),)),
    _person(DEV, "dina.haddad", groups=("Admins",)),
    _person(DEV, "erik.larsen", "hardware", groups=("Developers",), inline=(UNTIL_TONIGHT,)),
    User(DEV, "ci-runner", keys=(Key(700),), managed=(ADMINISTRATOR,)),
    User(DEV, "load-tester", keys=(Key(5),), managed=(ADMINISTRATOR,), boundary="workload-boundary"),
    User(SANDBOX, "intern-2023", password=True, signed_in=800, managed=(POWER_USER,)),
    User(SANDBOX, "playground"),
)

USERS_AFTER: Final = (
    _emergency("break-glass-1", "hardware", 60),
    _emergency("break-glass-2", "hardware", 61),
    User(MANAGEMENT, "billing-export", keys=(Key(12),), groups=("BillingReaders",)),
    User(NETWORK, "vpn-monitor", keys=(Key(33),), managed=(READ_ONLY,)),
    User(PROD, "backup-agent", keys=(Key(30),), inline=(one_bucket("abc-backups"),)),
    User(DATA, "tableau-reader", keys=(Key(10),), managed=("data-lake-reader",)),
    User(DEV, "load-tester", keys=(Key(5),), managed=(ADMINISTRATOR,), boundary="workload-boundary"),
)
