"""GuardDuty: detectors with the organisation's settings, members, and open findings of high severity."""

from __future__ import annotations

from typing import Final

from watchword.collect.reads import Detail, Read

NOT_ADMINISTRATOR: Final = ("BadRequestException",)
"""By this code GuardDuty says that the account is not the organisation's delegated administrator."""

HIGH: Final = 7.0
"""Findings from this severity on are read (7.0 to 8.9 high, 9.0 and above critical).

Source: https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings-severity.html
"""


_OPEN_AND_HIGH: Final = {
    "Criterion": {
        "service.archived": {"Equals": ["false"]},
        "severity": {"GreaterThanOrEqual": int(HIGH)},
    }
}

READS: Final = (
    Read(
        table="guardduty.detectors",
        operation="ListDetectors",
        take="DetectorIds[]",
        scalar="DetectorId",
        arn="arn:{partition}:guardduty:{region}:{account}:detector/{DetectorId}",
        name="guardduty",
        kind="AWS::GuardDuty::Detector",
        details=(
            Detail(key="", operation="GetDetector", params={"DetectorId": "{DetectorId}"}),
            Detail(
                key="Organization",
                operation="DescribeOrganizationConfiguration",
                params={"DetectorId": "{DetectorId}"},
                none_when=NOT_ADMINISTRATOR,
            ),
            Detail(
                key="Members",
                operation="ListMembers",
                params={"DetectorId": "{DetectorId}", "OnlyAssociated": "false"},
                take="Members",
                pages=True,
            ),
        ),
    ),
    Read(
        table="guardduty.findings",
        operation="ListFindings",
        over="guardduty.detectors",
        params={"DetectorId": "{DetectorId}", "FindingCriteria": _OPEN_AND_HIGH},
        take="FindingIds[]",
        scalar="Id",
        arn="arn:{partition}:guardduty:{region}:{account}:detector/{parent.DetectorId}/finding/{Id}",
        name="{Type}",
        kind="AWS::GuardDuty::Finding",
        details=(
            Detail(
                key="",
                operation="GetFindings",
                params={"DetectorId": "{parent.DetectorId}"},
                take="Findings",
                batch=("FindingIds", 50, "Id", "Id"),
            ),
        ),
    ),
)
