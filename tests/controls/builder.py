"""Builds views of accounts from plain dictionaries, for the examples of controls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from watchword.model.estate import Estate
from watchword.model.evidence import Hole, HoleReason
from watchword.model.ids import GLOBAL, ORGANIZATION, AccountId, Region
from watchword.model.resource import Resource
from watchword.model.snapshot import Account, AccountView, UnitKey

ACCOUNT = AccountId("111122223333")
HOME = Region("eu-west-1")
NOW = datetime(2026, 6, 1, tzinfo=UTC)

_KEPT = frozenset({"_holes", "_parent"})
"""Fields of rows that the collector itself puts there."""

Rows = Sequence[Mapping[str, Any]]


def resource(
    table: str, data: Mapping[str, Any], account: AccountId = ACCOUNT, region: Region = HOME
) -> Resource:
    """A row; ``_arn``, ``_name``, ``_tags``, ``_region``, ``_kind`` in the data say what the collector would."""
    arn = data.get("_arn", f"arn:aws:{table.partition('.')[0]}:{region}:{account}:{data.get('_name', 'x')}")
    return Resource(
        where=f"{table} {arn}",
        data={key: value for key, value in data.items() if key in _KEPT or not key.startswith("_")},
        account=account,
        region=Region(data.get("_region", region)),
        table=table,
        kind=data.get("_kind", "AWS::Test::Thing"),
        arn=arn,
        name=data.get("_name", arn.rpartition(":")[2]),
        tags=data.get("_tags", {}),
    )


def view(
    tables: Mapping[str, Rows] | None = None,
    *,
    denied: Sequence[str] = (),
    region: Region = HOME,
    account: Account | None = None,
    estate: Estate | None = None,
    organization: AccountView | None = None,
) -> AccountView:
    """The view of one account in which ``tables`` were read (in ``region``, or in ``global`` if the table is named
    ``global:iam.users``) and the tables in ``denied`` could not be."""
    who = account or Account(ACCOUNT, "test")
    read: dict[tuple[str, Region], tuple[Resource, ...]] = {}
    for key, rows in (tables or {}).items():
        table, where = _place(key, region)
        read[(table, where)] = tuple(resource(table, row, who.id, where) for row in rows)
    holes = [
        Hole(who.id, where, table.partition(".")[0], table, HoleReason.DENIED, "AccessDenied")
        for table, where in (_place(key, region) for key in denied)
    ]
    units = {UnitKey(who.id, where, table.partition(".")[0]) for table, where in read}
    return AccountView(who, NOW, frozenset(units), tuple(holes), read, estate or Estate(), organization)


def organization(tables: Mapping[str, Rows] | None = None, *, denied: Sequence[str] = ()) -> AccountView:
    """The view of the organisation's own answers; tables are global unless named ``eu-west-1:sso-admin.instances``."""
    return view(tables, denied=denied, region=GLOBAL, account=Account(ORGANIZATION, "organisation"))


def _place(key: str, region: Region) -> tuple[str, Region]:
    where, colon, table = key.rpartition(":")
    return (table, Region(where) if colon else region)
