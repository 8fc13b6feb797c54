"""AWS Organizations: services that can have a delegated administrator, which moto knows only in part.

Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_integrated-services-list.html
"""

from moto.organizations.models import FakeDelegatedAdministrator

_DELEGABLE = (
    "account.amazonaws.com",
    "auditmanager.amazonaws.com",
    "backup.amazonaws.com",
    "cloudtrail.amazonaws.com",
    "config.amazonaws.com",
    "detective.amazonaws.com",
    "fms.amazonaws.com",
    "iam.amazonaws.com",
    "inspector2.amazonaws.com",
    "securityhub.amazonaws.com",
    "securitylake.amazonaws.com",
    "sso.amazonaws.com",
)


def install() -> None:
    """Let these services be delegated; calling it again changes nothing."""
    known = FakeDelegatedAdministrator.SUPPORTED_SERVICES
    known.extend(service for service in _DELEGABLE if service not in known)
