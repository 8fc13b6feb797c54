"""Company ABC: Macie, and what it found.

Before: on by itself in data, on without discovery in prod, nowhere else.  After: the security account administers it
for everybody, in every region.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from watchword.lab.backends.macie2.state import macie2_states
from watchword.lab.estate.builder import Builder
from watchword.lab.estate.company import (
    ACCOUNTS,
    DATA,
    DEV,
    HOME,
    MANAGEMENT,
    PROD,
    REGIONS,
    SECURITY,
    LabAccount,
)

_FOUND: Final = (
    (DATA, "abc-lake-raw", "SensitiveData:S3Object/Personal", "Medium", 2),
    (DEV, "abc-dev-testdata", "SensitiveData:S3Object/Financial", "High", 3),
)
"""Account, bucket, type, severity in words and as a number."""


def build(lab: Builder) -> None:
    """Switch Macie on where it is on, and let it find what it finds."""
    if lab.after:
        for region in REGIONS:
            _administered(lab, region)
    else:
        for account in (DATA, PROD, DEV):
            lab.client("macie2", account).enable_macie(status="ENABLED")
        lab.client("macie2", DATA).update_automated_discovery_configuration(status="ENABLED")
    for account, bucket, kind, words, number in _FOUND:
        _find(account, bucket, kind, words, number)


def _administered(lab: Builder, region: str) -> None:
    lab.client("macie2", SECURITY, region).enable_macie(status="ENABLED")
    lab.client("macie2", MANAGEMENT, region).enable_organization_admin_account(adminAccountId=SECURITY.id)
    client = lab.client("macie2", SECURITY, region)
    client.update_organization_configuration(autoEnable=True)
    client.update_automated_discovery_configuration(status="ENABLED", autoEnableOrganizationMembers="ALL")
    for account in ACCOUNTS:
        if account != SECURITY:
            client.create_member(
                account={"accountId": account.id, "email": f"aws+{account.alias}@abc.example"}
            )


def _find(account: LabAccount, bucket: str, kind: str, words: str, number: int) -> None:
    arn = f"arn:aws:s3:::{bucket}"
    finding = {
        "type": kind,
        "title": f"The S3 object in {bucket} contains sensitive data",
        "description": "The object contains more than one type of sensitive data.",
        "severity": {"description": words, "score": number},
        "resourcesAffected": {
            "s3Bucket": {"arn": arn, "name": bucket},
            "s3Object": {
                "bucketArn": arn,
                "key": "export/2025/part-0001.csv",
                "path": f"{bucket}/export/2025/part-0001.csv",
            },
        },
    }
    macie2_states[account.id][HOME].add_finding(finding, datetime.now(UTC) - timedelta(days=5))
