"""What the security services ask of moto's AWS Organizations: who belongs together.

It reads moto's state and changes nothing.
"""

from moto.organizations.exceptions import AWSOrganizationsNotInUseException
from moto.organizations.models import organizations_backends


def organisation_id(account: str, partition: str = "aws") -> str | None:
    """The id of the organisation that an account is in, or None."""
    try:
        described = organizations_backends[account][partition].describe_organization()
    except AWSOrganizationsNotInUseException:
        return None
    found: str = described["Organization"]["Id"]
    return found


def same_organisation(one: str, other: str, partition: str = "aws") -> bool:
    """Whether two accounts are in one organisation; False where either is in none."""
    found = organisation_id(one, partition)
    return found is not None and found == organisation_id(other, partition)
