"""Glue: the policy of the Data Catalog and how it is encrypted.  Databases and tables are not listed."""

from __future__ import annotations

from typing import Any, Final

from watchword.collect.reads import Read
from watchword.collect.rows import parsed

_CATALOG: Final = "arn:{partition}:glue:{region}:{account}:catalog"


def _with_policy(row: dict[str, Any]) -> list[dict[str, Any]]:
    text = row.get("PolicyInJson")
    return [{**row, "PolicyInJson": parsed(text)}] if text else []


READS: Final = (
    Read(
        table="glue.resource_policy",
        operation="GetResourcePolicy",
        arn=_CATALOG,
        name="Data Catalog in {region}",
        kind="AWS::Glue::ResourcePolicy",
        none_when=("EntityNotFoundException",),
        transform=_with_policy,
        tags="",
    ),
    Read(
        table="glue.catalog_encryption",
        operation="GetDataCatalogEncryptionSettings",
        take="DataCatalogEncryptionSettings",
        arn=_CATALOG,
        name="Data Catalog in {region}",
        kind="AWS::Glue::DataCatalogEncryptionSettings",
        tags="",
    ),
)
