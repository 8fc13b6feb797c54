"""Small snapshots for the tests of the store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from watchword.model.evidence import Hole
from watchword.model.ids import AccountId, Region
from watchword.model.resource import Resource
from watchword.model.snapshot import Account, UnitKey
from watchword.store.plan import PlannedAccount, TableMap
from watchword.store.writer import SnapshotWriter, UnitResult

STARTED = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)
HOME = Region("eu-west-1")
PROD = AccountId("222222222222")
DEV = AccountId("333333333333")
TABLES = TableMap({"ec2.instances": "region", "s3.buckets": "account", "s3.access_points": "region"})


def unit(account: AccountId = PROD, region: Region = HOME, service: str = "ec2") -> UnitKey:
    return UnitKey(account, region, service)


def row(key: UnitKey, number: int = 0, table: str = "ec2.instances", **data: object) -> Resource:
    arn = f"arn:aws:{key.service}:{key.region}:{key.account}:thing/{number}"
    return Resource(
        where=f"{table} {arn}",
        data={"Number": number, **data},
        account=key.account,
        region=key.region,
        table=table,
        kind="AWS::EC2::Instance",
        arn=arn,
        name=f"thing-{number}",
        tags={"number": str(number)},
    )


def result(key: UnitKey, count: int = 2, holes: Iterable[Hole] = (), **data: object) -> UnitResult:
    return UnitResult(key, tuple(row(key, number, **data) for number in range(count)), tuple(holes), 3, 0.5)


def begun(store: Path, units: Sequence[UnitKey], started: datetime = STARTED) -> SnapshotWriter:
    accounts = [
        PlannedAccount(Account(one, f"name-{one[:1]}"), (HOME,), (Region("us-east-1"),))
        for one in dict.fromkeys(unit.account for unit in units)
    ]
    manifest = {
        "services": ["ec2"],
        "warnings": [],
        "tables": dict(TABLES.scopes),
        "only": {},
        "caller_account": PROD,
    }
    return SnapshotWriter.create(store, started, manifest, accounts, units)
