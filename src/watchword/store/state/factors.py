"""Tables of factors and of their encrypted secrets; and the way from rows to values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Connection, ForeignKey, Integer, LargeBinary, Table, update

from watchword.model.factors import (
    FACTOR_LIFE,
    Factor,
    FactorId,
    FactorKind,
    FactorStatus,
    Secret,
    SecretId,
)
from watchword.model.people import PrincipalId
from watchword.store.state.columns import METADATA, NAME, PROSE, Instant, Json, Words
from watchword.store.state.machine import Machine

secrets: Final = Table(
    "secrets",
    METADATA,
    Column("id", Words(NAME), primary_key=True),
    Column("key", Words(NAME), nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("created", Instant, nullable=False),
)
"""Ciphertexts only, apart from the rows that are listed and shown."""

factors: Final = Table(
    "factors",
    METADATA,
    Column("id", Words(NAME), primary_key=True),
    Column("principal", Words(NAME), ForeignKey("principals.id"), nullable=False, index=True),
    Column("kind", Words(NAME), nullable=False),
    Column("status", Words(NAME), nullable=False),
    Column("public", Json, nullable=False),
    Column("secret", Words(NAME), ForeignKey("secrets.id")),
    Column("created", Instant, nullable=False),
    Column("last_used", Instant),
    Column("handle", Words(PROSE), nullable=False, server_default="", index=True),
    Column("counter", BigInteger, nullable=False, server_default="0"),
    Column("version", Integer, nullable=False),
)

FACTORS: Final = Machine(
    factors,
    "factor",
    "status",
    FACTOR_LIFE,
    FactorStatus,
    unaudited=frozenset({"last_used", "counter"}),
)
"""Factors change through ``transition`` only; that one was used is no change of state, and goes by ``advance``."""


def factor_row(one: Factor) -> dict[str, Any]:
    """A factor as a row."""
    return {
        "id": one.id,
        "principal": one.principal,
        "kind": one.kind.value,
        "status": one.status.value,
        "public": dict(one.public),
        "secret": one.secret,
        "created": one.created,
        "last_used": one.last_used,
        "handle": one.handle,
        "counter": one.counter,
        "version": one.version,
    }


def factor_of(row: Mapping[Any, Any]) -> Factor:
    """The factor of a row."""
    return Factor(
        id=FactorId(row["id"]),
        principal=PrincipalId(row["principal"]),
        kind=FactorKind(row["kind"]),
        status=FactorStatus(row["status"]),
        created=row["created"],
        public=row["public"],
        secret=None if row["secret"] is None else SecretId(row["secret"]),
        last_used=row["last_used"],
        handle=row["handle"],
        counter=row["counter"],
        version=row["version"],
    )


def advance(connection: Connection, factor: FactorId, counter: int, at: datetime) -> bool:
    """Note that an active factor was used, if its counter rises to ``counter``: one of several who try at once gets ``True``.

    A passkey that does not count says 0 each time (WebAuthn Level 3, §6.1.1); its caller passes the counter that is there
    plus one, and sees to the replay by the challenge.
    """
    mine = (factors.c.id == factor) & (factors.c.status == FactorStatus.ACTIVE.value)
    rising = update(factors).where(mine, factors.c.counter < counter).values(counter=counter, last_used=at)
    return connection.execute(rising).rowcount == 1


def secret_row(one: Secret) -> dict[str, Any]:
    """An encrypted secret as a row."""
    return {"id": one.id, "key": one.key, "ciphertext": one.ciphertext, "created": one.created}


def secret_of(row: Mapping[Any, Any]) -> Secret:
    """The encrypted secret of a row."""
    return Secret(SecretId(row["id"]), row["key"], bytes(row["ciphertext"]), row["created"])
