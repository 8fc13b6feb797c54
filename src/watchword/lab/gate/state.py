"""What the gate asks of the emulator's state: it reads, and changes nothing.

What it does: finds IAM's, KMS's, Secrets Manager's and Organizations' things by name or id. What it does not do: judge
what it finds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from moto.iam.models import IAMBackend, iam_backends
from moto.kms.models import kms_backends
from moto.organizations.models import organizations_backends
from moto.secretsmanager.models import secretsmanager_backends


def iam_of(account: str) -> IAMBackend:
    """The IAM of an account."""
    return iam_backends[account]["aws"]


def key_of_alias(account: str, region: str, alias: str) -> str | None:
    """The id of the key that an alias ("alias/orders") stands for."""
    found: str | None = kms_backends[account][region].get_key_id_from_alias(alias)
    return found


def secret_arn(account: str, region: str, name: str) -> str | None:
    """The whole ARN of a secret that is told by name, or by an ARN with or without its last characters."""
    owner = name.split(":")[4] if name.startswith("arn:") else account
    for secret in list(secretsmanager_backends[owner][region].secrets.values()):
        arn = str(secret.arn)
        if name in {arn, arn[:-7], getattr(secret, "name", None)}:
            return arn
    return None


@dataclass(frozen=True, slots=True)
class Organization:
    """The organisation that an account is in, by its management account's state."""

    backend: Any

    @property
    def id(self) -> str:
        """The id, "o-…"."""
        return str(self.backend.org.id)

    @property
    def management_account(self) -> str:
        """The account that no SCP or RCP touches."""
        return str(self.backend.org.master_account_id)

    def thing(self, name: str) -> Any:
        """The account, organisational unit or root of an id; None where there is none."""
        return next((thing for thing in [*self.backend.accounts, *self.backend.ou] if thing.id == name), None)

    def arn_of(self, name: str) -> str | None:
        """The ARN of an account, organisational unit, root or policy."""
        found = self.thing(name)
        if found is None:
            found = next((policy for policy in self.backend.policies if policy.id == name), None)
        return str(found.arn) if found is not None else None

    def line_of(self, account: str) -> list[Any]:
        """The root, the organisational units down to the account, and the account itself."""
        line = list(self._upwards(account))
        return line[::-1]

    def path_of(self, account: str) -> str:
        """The value of aws:PrincipalOrgPaths: "o-…/r-…/ou-…/"."""
        return "/".join([self.id, *(thing.id for thing in self.line_of(account)[:-1]), ""])

    def _upwards(self, account: str) -> Iterator[Any]:
        thing = self.thing(account)
        while thing is not None:
            yield thing
            above = getattr(thing, "parent_id", None)
            thing = self.thing(above) if above else None


def organization_of(account: str) -> Organization | None:
    """The organisation of an account; None where it is in none."""
    if not account:
        return None
    manager = organizations_backends.master_accounts.get(account, (account, "aws"))
    backend = organizations_backends[manager[0]][manager[1]]
    found = Organization(backend) if backend.org is not None else None
    return found if found is not None and found.thing(account) is not None else None
