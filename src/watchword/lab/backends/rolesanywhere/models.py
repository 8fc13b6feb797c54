"""The trust anchors, profiles and revocation lists of one account and region.

Reference: https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/Welcome.html
"""

from moto.core.base_backend import BackendDict

from watchword.lab.backends.tables import Tables


class RolesAnywhereBackend(Tables):
    """Tables, under a name of their own: moto finds a service's URLs beside the class of its state."""


rolesanywhere_backends = BackendDict(RolesAnywhereBackend, "rolesanywhere")
