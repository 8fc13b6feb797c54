"""What moto lacks of Amazon GuardDuty: findings, members, the organisation's settings, and true detectors.

What it does not do: detect; the estate says by `GuardDutyState.add_finding` what was seen.
"""

from moto.guardduty import urls
from moto.guardduty.responses import GuardDutyResponse

from watchword.lab.backends import registry
from watchword.lab.backends.guardduty import detectors, findings, members
from watchword.lab.backends.guardduty.state import guardduty_states

__all__ = ["guardduty_states", "install"]


def install() -> None:
    """Add the operations to moto's service."""
    operations = {**detectors.OPERATIONS, **findings.OPERATIONS, **members.OPERATIONS}
    registry.extend(
        GuardDutyResponse,
        urls.url_paths,
        operations,
        invalid="BadRequestException",
        partial={"GetAdministratorAccount"},
    )
