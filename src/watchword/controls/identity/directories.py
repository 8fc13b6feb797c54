"""Directories from the company's own rooms: passwords travel encrypted, and are not enough."""

from __future__ import annotations

from collections.abc import Iterator

from watchword.controls.registry import control, met_if, not_applicable
from watchword.model.finding import Judgement
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView


@control("ID-11", each="ds.directories", about="directories of AWS Directory Service")
def directories_encrypt_and_ask_twice(row: Resource, view: AccountView) -> Judgement:  # noqa: ARG001
    """LDAP is encrypted on the client side, and sign-ins need a second factor."""
    kind = row.text("Type")
    if kind == "SharedMicrosoftAD":
        owner = row.text("OwnerDirectoryDescription.AccountId", absent="another account")
        return not_applicable(f"the directory is shared by {owner}, where it is judged", row.evidence("Type"))
    shown = tuple(row.evidence(path) for path in ("Type", "LDAPS", "RadiusStatus", "ClientAuthentication"))
    faults = list(_faults(row))
    if faults and kind == "SimpleAD":
        faults.append("Simple AD can do neither: Managed Microsoft AD and AD Connector can")
    because = "LDAPS is enabled, and sign-ins need a second factor or a smart card"
    return met_if(not faults, because, "; ".join(faults), *shown)


def _faults(row: Resource) -> Iterator[str]:
    statuses = [one.text("LDAPSStatus") for one in row.items("LDAPS")]
    if "Enabled" not in statuses:
        said = f" ({', '.join(statuses)})" if statuses else ""
        yield f"client-side LDAPS is not enabled{said}: LDAP goes over the network in the clear"
    radius = row.text("RadiusStatus", absent="none")
    cards = any(
        one.text("Type") == "SmartCard" and one.text("Status") == "Enabled"
        for one in row.items("ClientAuthentication")
    )
    if radius != "Completed" and not cards:
        yield f"a password suffices to sign in: no second factor by RADIUS (status {radius}), no smart cards"
