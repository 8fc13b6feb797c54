"""Company ABC: its organisation: accounts under organisational units, and who administers which service.

Runs first, since every other area acts in these accounts.  Guardrails are built in ``guardrails``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from moto.organizations import utils
from moto.organizations.models import organizations_backends

from watchword.lab.estate.builder import Builder
from watchword.lab.estate.company import ACCOUNTS, IDENTITY, MANAGEMENT, SECURITY, UNITS, LabAccount

SECURITY_SERVICES: Final = (
    "guardduty.amazonaws.com",
    "securityhub.amazonaws.com",
    "config.amazonaws.com",
    "access-analyzer.amazonaws.com",
    "macie.amazonaws.com",
    "inspector2.amazonaws.com",
)
"""Services that the security account administers."""


def build(lab: Builder) -> None:
    """Make the organisation, its units and accounts, and delegate the security services."""
    client = lab.client("organizations", MANAGEMENT)
    client.create_organization(FeatureSet="ALL")
    root = client.list_roots()["Roots"][0]["Id"]
    lab.remember("ou", MANAGEMENT, "global", "Root", root)
    for name in UNITS:
        made = client.create_organizational_unit(ParentId=root, Name=name)["OrganizationalUnit"]["Id"]
        lab.remember("ou", MANAGEMENT, "global", name, made)
    _name_management()
    for account in ACCOUNTS[1:]:
        _create(lab, client, root, account)
    _delegate(lab, client)


def _create(lab: Builder, client: Any, root: str, account: LabAccount) -> None:
    with _next_account_id(account.id):
        client.create_account(
            Email=f"aws+{account.alias}@abc.example",
            AccountName=account.alias,
            Tags=[{"Key": "owner", "Value": f"{account.alias}-team"}],
        )
    unit = lab.ref("ou", MANAGEMENT, "global", account.ou)
    client.move_account(AccountId=account.id, SourceParentId=root, DestinationParentId=unit)


def _delegate(lab: Builder, client: Any) -> None:
    delegations = [(SECURITY, service) for service in SECURITY_SERVICES]
    if lab.after:
        delegations.append((IDENTITY, "sso.amazonaws.com"))
    for account, service in delegations:
        client.enable_aws_service_access(ServicePrincipal=service)
        client.register_delegated_administrator(AccountId=account.id, ServicePrincipal=service)


def _name_management() -> None:
    """Moto calls the management account ``master``; the company calls it by its alias."""
    own = organizations_backends[MANAGEMENT.id]["aws"].accounts[0]
    own.name, own.email = MANAGEMENT.alias, f"aws+{MANAGEMENT.alias}@abc.example"


@contextmanager
def _next_account_id(wanted: str) -> Iterator[None]:
    """Let the next account that moto makes have an id of our choice, where AWS would draw one."""
    drawn = utils.make_random_account_id
    utils.make_random_account_id = lambda: wanted
    try:
        yield
    finally:
        utils.make_random_account_id = drawn
