"""AWS Directory Service: directories with their settings of LDAPS, RADIUS and smart cards, and their trusts.

Source: https://docs.aws.amazon.com/directoryservice/latest/devguide/welcome.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from watchword.collect.reads import Detail, Read, Row

UNSUPPORTED: Final = ("UnsupportedOperationException",)
"""By this code Directory Service says that a directory of this type has no such setting."""

_ID: Final = {"DirectoryId": "{DirectoryId}"}


def directory_rows(item: Row) -> Iterable[Row]:
    """A directory without the secret that its RADIUS servers share."""
    owner = item.get("OwnerDirectoryDescription")
    shown = {**item, **({"OwnerDirectoryDescription": _without_secret(owner)} if owner else {})}
    yield _without_secret(shown)


def _without_secret(directory: Row) -> Row:
    settings = directory.get("RadiusSettings")
    if not settings:
        return directory
    kept = {key: value for key, value in settings.items() if key != "SharedSecret"}
    return {**directory, "RadiusSettings": kept}


def _is_microsofts(row: Row) -> bool:
    """Whether the directory is Managed Microsoft AD, the only type with settings."""
    return row.get("Type") == "MicrosoftAD"


READS: Final = (
    Read(
        table="ds.directories",
        operation="DescribeDirectories",
        take="DirectoryDescriptions[]",
        arn="arn:{partition}:ds:{region}:{account}:directory/{DirectoryId}",
        name="{Name}",
        kind="AWS::DirectoryService::Directory",
        transform=directory_rows,
        details=(
            Detail(
                key="LDAPS",
                operation="DescribeLDAPSSettings",
                params={**_ID, "Type": "Client"},
                take="LDAPSSettingsInfo",
                none_when=UNSUPPORTED,
                pages=True,
            ),
            Detail(
                key="ClientAuthentication",
                operation="DescribeClientAuthenticationSettings",
                params=_ID,
                take="ClientAuthenticationSettingsInfo",
                none_when=UNSUPPORTED,
                pages=True,
            ),
            Detail(
                key="Settings",
                operation="DescribeSettings",
                params=_ID,
                take="SettingEntries",
                none_when=UNSUPPORTED,
                when=_is_microsofts,
                pages=True,
            ),
            Detail(
                key="Tags",
                operation="ListTagsForResource",
                params={"ResourceId": "{DirectoryId}"},
                take="Tags",
                pages=True,
            ),
        ),
    ),
    Read(
        table="ds.trusts",
        operation="DescribeTrusts",
        take="Trusts[]",
        arn="arn:{partition}:ds:{region}:{account}:trust/{TrustId}",
        name="{RemoteDomainName}",
        kind="AWS::DirectoryService::Trust",
        none_when=UNSUPPORTED,
    ),
)
