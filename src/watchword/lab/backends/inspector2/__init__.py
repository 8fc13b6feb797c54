"""What moto lacks of Amazon Inspector: states by account, findings by criteria, coverage, an administrator's view.

What it does not do: scan; the estate says by `InspectorState.add_finding` what is vulnerable.
"""

from moto.inspector2 import urls
from moto.inspector2.responses import Inspector2Response

from watchword.lab.backends import registry
from watchword.lab.backends.inspector2 import accounts, coverage, findings, members
from watchword.lab.backends.inspector2.state import inspector2_states

__all__ = ["inspector2_states", "install"]


def install() -> None:
    """Add the operations to moto's service."""
    rooms = (accounts, members, findings, coverage)
    operations = {name: handler for room in rooms for name, handler in room.OPERATIONS.items()}
    registry.extend(Inspector2Response, urls.url_paths, operations, partial={"BatchGetAccountStatus"})
