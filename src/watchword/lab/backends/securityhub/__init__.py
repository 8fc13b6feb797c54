"""What moto lacks of AWS Security Hub: standards, aggregators, product imports, filtered findings, true members.

What it does not do: run controls; findings come from BatchImportFindings. Of the automation that AWS adds (insights,
automation rules, central configuration policies) nothing is emulated.
"""

from moto.securityhub import urls
from moto.securityhub.responses import SecurityHubResponse

from watchword.lab.backends import registry
from watchword.lab.backends.securityhub import aggregators, findings, hub, members, standards
from watchword.lab.backends.securityhub.state import securityhub_states

__all__ = ["install", "securityhub_states"]


def install() -> None:
    """Add the operations to moto's service."""
    rooms = (hub, standards, aggregators, members, findings)
    operations = {name: handler for room in rooms for name, handler in room.OPERATIONS.items()}
    registry.extend(
        SecurityHubResponse,
        urls.url_paths,
        operations,
        invalid="InvalidInputException",
        unchecked={"BatchImportFindings"},
    )
