"""What moto lacks of Amazon Macie: a true session, findings, jobs, buckets, members and automated discovery.

What it does not do: read objects; the estate says by `MacieState.add_finding` what was found and by
`MacieState.finish_job` when a job has run.
"""

from moto.macie2 import urls
from moto.macie2.responses import MacieResponse

from watchword.lab.backends import registry
from watchword.lab.backends.macie2 import buckets, findings, jobs, members, session
from watchword.lab.backends.macie2.state import macie2_states

__all__ = ["install", "macie2_states"]


def install() -> None:
    """Add the operations to moto's service."""
    rooms = (session, members, findings, jobs, buckets)
    operations = {name: handler for room in rooms for name, handler in room.OPERATIONS.items()}
    registry.extend(MacieResponse, urls.url_paths, operations)
