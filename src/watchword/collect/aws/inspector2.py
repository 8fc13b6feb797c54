"""Amazon Inspector: what it scans, what it could not scan, and the findings that must be fixed.

Only active findings of severity critical and high are read: the others are many and nothing is judged by them.
"""

from __future__ import annotations

from watchword.collect.reads import Read

_ARN = "arn:{partition}:inspector2:{region}:{account}:"
_EQUAL = "EQUALS"

READS: tuple[Read, ...] = (
    Read(
        # Without account ids: the calling account's own status.
        "inspector2.account_status",
        "BatchGetAccountStatus",
        take="accounts[]",
        arn=_ARN + "account/{accountId}",
        name="Inspector in {region}",
        kind="AWS::::Region",
    ),
    Read(
        "inspector2.findings",
        "ListFindings",
        take="findings[]",
        arn="{findingArn}",
        name="{title}",
        kind="AWS::InspectorV2::Finding",
        params={
            "filterCriteria": {
                "awsAccountId": [{"comparison": _EQUAL, "value": "{account}"}],
                "findingStatus": [{"comparison": _EQUAL, "value": "ACTIVE"}],
                "severity": [
                    {"comparison": _EQUAL, "value": "CRITICAL"},
                    {"comparison": _EQUAL, "value": "HIGH"},
                ],
            },
            "maxResults": 100,
        },
        tags="",
    ),
    Read(
        "inspector2.coverage",
        "ListCoverage",
        take="coveredResources[]",
        arn=_ARN + "coverage/{resourceType}/{resourceId}",
        name="{resourceId}",
        kind="AWS::InspectorV2::CoveredResource",
        params={
            "filterCriteria": {"accountId": [{"comparison": _EQUAL, "value": "{account}"}]},
            "maxResults": 200,
        },
        tags="",
    ),
    Read(
        # AWS answers this to the organisation's delegated administrator of Inspector only; others are refused, as is a
        # role without the permission: an empty table therefore says nothing but that it was not to be had.
        "inspector2.organization_configuration",
        "DescribeOrganizationConfiguration",
        arn=_ARN + "organization-configuration",
        name="Inspector for the organisation in {region}",
        kind="AWS::::Region",
        none_when=("AccessDeniedException",),
    ),
)
