"""Tables of factors and of their encrypted secrets; and the way from rows to values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, Table

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
from watchword.store.state.columns import METADATA, NAME, Instant, Json, Words
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
    Column("version", Integer, nullable=False),
)

FACTORS: Final = Machine(factors, "factor", "status", FACTOR_LIFE, FactorStatus)
"""Factors change through ``transition`` only."""


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
        version=row["version"],
    )


def secret_row(one: Secret) -> dict[str, Any]:
    """An encrypted secret as a row."""
    return {"id": one.id, "key": one.key, "ciphertext": one.ciphertext, "created": one.created}


def secret_of(row: Mapping[Any, Any]) -> Secret:
    """The encrypted secret of a row."""
    return Secret(SecretId(row["id"]), row["key"], bytes(row["ciphertext"]), row["created"])
