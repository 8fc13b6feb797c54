"""CloudTrail of an organisation, asked over HTTP by boto3."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

MANAGEMENT, MEMBER, STRANGER = "123456789012", "210987654321", "345678901234"


def client(endpoint: str, service: str, account: str, region: str = "eu-west-1") -> Any:
    base = {
        "region_name": region,
        "endpoint_url": endpoint,
        "aws_access_key_id": account,
        "aws_secret_access_key": "lab",
    }
    sts = boto3.client("sts", **base)
    given = sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/lab", RoleSessionName="lab")["Credentials"]
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )


@pytest.fixture
def member(lab_endpoint: str) -> str:
    """An organisation with one trail, whose bucket lies in the member account; the member's id."""
    organizations = client(lab_endpoint, "organizations", MANAGEMENT)
    organizations.create_organization(FeatureSet="ALL")
    made = organizations.create_account(Email="member@example.com", AccountName="member")[
        "CreateAccountStatus"
    ]["AccountId"]
    client(lab_endpoint, "s3", made, "us-east-1").create_bucket(Bucket="kept-elsewhere")
    trails = client(lab_endpoint, "cloudtrail", MANAGEMENT)
    trails.create_trail(
        Name="organization", S3BucketName="kept-elsewhere", IsMultiRegionTrail=True, IsOrganizationTrail=True
    )
    trails.start_logging(Name="organization")
    return str(made)


def test_a_member_sees_the_organisations_trail_with_status_and_selectors(
    lab_endpoint: str, member: str
) -> None:
    trails = client(lab_endpoint, "cloudtrail", member, "eu-central-1")
    (found,) = trails.describe_trails()["trailList"]
    assert (found["IsOrganizationTrail"], found["HomeRegion"]) == (True, "eu-west-1")
    assert trails.get_trail_status(Name=found["TrailARN"])["IsLogging"] is True
    assert (
        trails.get_event_selectors(TrailName=found["TrailARN"])["EventSelectors"][0]["ReadWriteType"] == "All"
    )
    assert trails.describe_trails(includeShadowTrails=False)["trailList"] == []


@pytest.mark.usefixtures("member")
def test_a_stranger_does_not_see_it(lab_endpoint: str) -> None:
    assert client(lab_endpoint, "cloudtrail", STRANGER).describe_trails()["trailList"] == []


def test_a_trail_needs_a_bucket_that_exists(lab_endpoint: str) -> None:
    trails = client(lab_endpoint, "cloudtrail", MANAGEMENT)
    with pytest.raises(trails.exceptions.S3BucketDoesNotExistException):
        trails.create_trail(Name="lonely", S3BucketName="no-such-bucket")
