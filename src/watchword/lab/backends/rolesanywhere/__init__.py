"""IAM Roles Anywhere, a service that moto lacks: trust anchors, profiles, revocation lists and tags.

What it does not do: give credentials for a certificate; nobody is ever seen, so that there are no subjects.
"""

import sys

from watchword.lab.backends import registry
from watchword.lab.backends.rolesanywhere.models import rolesanywhere_backends

__all__ = ["install", "rolesanywhere_backends"]


def install() -> None:
    """Make the service known to moto."""
    registry.add_service(sys.modules[__name__], "rolesanywhere", "rolesanywhere")
