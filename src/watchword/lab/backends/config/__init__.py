"""What moto lacks of AWS Config: advanced queries, counts, and true states of recorders and channels.

Queries are answered from the state of moto's other services, so far as a recorder records it; moto's own
SelectResourceConfig, which hands out prepared results, is replaced.
"""

from moto.config.responses import ConfigResponse
from moto.config.urls import url_paths

from watchword.lab.backends import registry
from watchword.lab.backends.config import counts, queries, status

__all__ = ["install"]


def install() -> None:
    """Add the operations to moto's service."""
    operations = {**queries.OPERATIONS, **counts.OPERATIONS, **status.OPERATIONS}
    registry.extend(ConfigResponse, url_paths, operations)
