"""Macie on the lab: session, discovery, members, findings, jobs and buckets, asked through boto3."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from moto.s3control.models import s3control_backends

from watchword.lab.backends.call import AnswerError

Client = Callable[..., Any]
Refusing = Callable[..., Any]

ACCOUNT = "123456789012"
BUCKETS = {"bucketDefinitions": [{"accountId": ACCOUNT, "buckets": ["records"]}]}
JOB = {"clientToken": "one", "jobType": "ONE_TIME", "name": "weekly", "s3JobDefinition": BUCKETS}


@pytest.fixture
def macie(client: Client) -> Any:
    made = client("macie2")
    made.enable_macie()
    return made


@pytest.fixture
def dev(client: Client) -> str:
    """A second account of the organisation that this account manages."""
    organizations = client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    status = organizations.create_account(AccountName="dev", Email="dev@example.com")["CreateAccountStatus"]
    return str(status["AccountId"])


def state(account: str = ACCOUNT) -> Any:
    from watchword.lab.backends.macie2 import macie2_states

    return macie2_states[account]["us-east-1"]


def add(account: str = ACCOUNT, bucket: str = "records", score: int = 3, **more: Any) -> str:
    at = more.pop("at", None)
    finding = {
        "type": "SensitiveData:S3Object/Personal",
        "severity": {"score": score, "description": ["Low", "Medium", "High"][score - 1]},
        "title": "Passport numbers",
        "description": "An object holds passport numbers.",
        "resourcesAffected": {
            "s3Bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
            "s3Object": {"key": "people.csv", "bucketArn": f"arn:aws:s3:::{bucket}"},
        },
    }
    return str(state(account).add_finding(finding | more, at))


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("get_macie_session", {}),
        ("update_macie_session", {"status": "PAUSED"}),
        ("disable_macie", {}),
        ("list_findings", {}),
        ("get_findings", {"findingIds": ["x"]}),
        ("create_sample_findings", {}),
        ("get_automated_discovery_configuration", {}),
        ("update_automated_discovery_configuration", {"status": "ENABLED"}),
        ("describe_organization_configuration", {}),
        ("list_classification_jobs", {}),
        ("create_classification_job", JOB),
        ("describe_classification_job", {"jobId": "x"}),
        ("describe_buckets", {}),
        ("list_members", {}),
        ("get_administrator_account", {}),
    ],
)
def test_nothing_is_answered_before_macie_is_enabled(
    client: Client, refused: Refusing, operation: str, parameters: dict[str, Any]
) -> None:
    answer = refused(getattr(client("macie2"), operation), **parameters)
    assert (answer.code, answer.status) == ("AccessDeniedException", 403)
    assert answer.message == "Macie is not enabled."


def test_a_session_is_opened_changed_and_closed(client: Client, refused: Refusing) -> None:
    macie = client("macie2")
    macie.enable_macie(findingPublishingFrequency="ONE_HOUR")
    assert refused(macie.enable_macie).code == "ConflictException"
    macie.update_macie_session(status="PAUSED")
    told = macie.get_macie_session()
    assert (told["status"], told["findingPublishingFrequency"]) == ("PAUSED", "ONE_HOUR")
    assert told["updatedAt"] >= told["createdAt"]
    assert told["serviceRole"].endswith("AWSServiceRoleForAmazonMacie")
    macie.disable_macie()
    assert refused(macie.get_macie_session).code == "AccessDeniedException"


def test_a_disabled_macie_forgets_its_findings(macie: Any) -> None:
    add()
    macie.disable_macie()
    macie.enable_macie()
    assert macie.list_findings()["findingIds"] == []


def test_automated_discovery_remembers_when_it_changed(macie: Any) -> None:
    before = macie.get_automated_discovery_configuration()
    assert before["status"] == "DISABLED"
    assert "firstEnabledAt" not in before
    macie.update_automated_discovery_configuration(status="ENABLED")
    on = macie.get_automated_discovery_configuration()
    assert on["status"] == "ENABLED"
    assert on["classificationScopeId"] == before["classificationScopeId"]
    macie.update_automated_discovery_configuration(status="DISABLED")
    off = macie.get_automated_discovery_configuration()
    assert (off["status"], off["firstEnabledAt"]) == ("DISABLED", on["firstEnabledAt"])
    assert off["disabledAt"] >= on["firstEnabledAt"]


def test_missing_and_unknown_values_are_refused(client: Client, macie: Any, refused: Refusing) -> None:
    unchecked = client("macie2", unchecked=True)
    assert refused(unchecked.get_findings).code == "ValidationException"
    assert (
        refused(macie.update_automated_discovery_configuration, status="MAYBE").code == "ValidationException"
    )


def test_a_finding_is_filled_in_and_read_back(macie: Any) -> None:
    when = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
    finding = add(at=when)
    [told] = macie.get_findings(findingIds=[finding, "nothing"])["findings"]
    assert (told["createdAt"], told["category"], told["archived"]) == (when, "CLASSIFICATION", False)
    assert (told["accountId"], told["severity"]["description"]) == (ACCOUNT, "High")
    assert told["resourcesAffected"]["s3Object"]["key"] == "people.csv"


def test_a_finding_of_another_form_is_refused_when_it_is_added(macie: Any) -> None:
    with pytest.raises(AnswerError, match="tilte"):
        add(tilte="x")
    with pytest.raises(AnswerError, match="severity"):
        state().add_finding({"type": "Policy:IAMUser/S3BucketPublic"})


MARCH = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("criterion", "expected"),
    [
        ({}, {"high", "low", "old"}),
        ({"severity.description": {"eq": ["High"]}}, {"high"}),
        ({"severity.score": {"gte": 2}}, {"high", "old"}),
        ({"severity.score": {"lt": 2}}, {"low"}),
        ({"archived": {"eq": ["false"]}}, {"high", "low"}),
        ({"createdAt": {"gte": MARCH}}, {"high", "low"}),
        ({"createdAt": {"lt": MARCH}}, {"old"}),
        ({"resourcesAffected.s3Bucket.name": {"neq": ["records"]}}, {"low"}),
        ({"category": {"eq": ["POLICY"]}}, {"low"}),
        ({"severity.description": {"eq": ["High"]}, "archived": {"eq": ["true"]}}, set()),
    ],
)
def test_findings_are_listed_by_every_criterion(
    macie: Any, criterion: dict[str, Any], expected: set[str]
) -> None:
    april = datetime(2026, 4, 1, tzinfo=UTC)
    names = {
        add(at=april): "high",
        add(bucket="open", score=1, type="Policy:IAMUser/S3BucketPublic", at=april): "low",
        add(score=2, archived=True, at=datetime(2025, 1, 1, tzinfo=UTC)): "old",
    }
    answer = macie.list_findings(findingCriteria={"criterion": criterion})
    assert {names[finding] for finding in answer["findingIds"]} == expected


def test_a_criterion_that_no_finding_can_have_is_refused(macie: Any, refused: Refusing) -> None:
    answer = refused(macie.list_findings, findingCriteria={"criterion": {"colour": {"eq": ["red"]}}})
    assert answer.code == "ValidationException"
    assert (
        refused(macie.list_findings, sortCriteria={"attributeName": "colour"}).code == "ValidationException"
    )


def test_findings_are_sorted_and_paged(macie: Any) -> None:
    by_score = {score: add(score=score) for score in (2, 3, 1)}
    pages = macie.get_paginator("list_findings").paginate(
        sortCriteria={"attributeName": "severity.score", "orderBy": "DESC"}, PaginationConfig={"PageSize": 2}
    )
    assert [page["findingIds"] for page in pages] == [[by_score[3], by_score[2]], [by_score[1]]]


def test_samples_of_every_type_or_of_the_wanted_ones_are_made(macie: Any) -> None:
    macie.create_sample_findings(findingTypes=["Policy:IAMUser/S3BucketPublic"])
    [first] = macie.get_findings(findingIds=macie.list_findings()["findingIds"])["findings"]
    assert (first["type"], first["category"], first["sample"]) == (
        "Policy:IAMUser/S3BucketPublic",
        "POLICY",
        True,
    )
    macie.create_sample_findings()
    assert len(macie.list_findings()["findingIds"]) == 12


def test_accounts_of_the_organisation_are_enabled_members_and_others_are_not(
    macie: Any, client: Client, dev: str, refused: Refusing
) -> None:
    made = macie.create_member(account={"accountId": dev, "email": "dev@example.com"})
    assert made["arn"] == f"arn:aws:macie2:us-east-1:{ACCOUNT}:member/{dev}"
    macie.create_member(account={"accountId": "999999999999", "email": "x@example.com"})
    [member] = macie.list_members()["members"]
    assert (member["accountId"], member["email"], member["relationshipStatus"]) == (
        dev,
        "dev@example.com",
        "Enabled",
    )
    assert len(macie.list_members(onlyAssociated="false")["members"]) == 2
    assert macie.get_member(id="999999999999")["relationshipStatus"] == "Created"
    assert refused(macie.get_member, id="111111111111").code == "ResourceNotFoundException"
    again = refused(macie.create_member, account={"accountId": dev, "email": "dev@example.com"})
    assert again.code == "ConflictException"
    theirs = client("macie2", account=dev)
    assert theirs.get_administrator_account()["administrator"]["accountId"] == ACCOUNT
    assert refused(theirs.disable_macie).code == "ValidationException"
    assert "administrator" not in macie.get_administrator_account()


def test_the_administrator_sees_the_findings_and_buckets_of_its_members(
    macie: Any, client: Client, dev: str
) -> None:
    macie.create_member(account={"accountId": dev, "email": "dev@example.com"})
    client("s3", account=dev).create_bucket(Bucket="theirs")
    finding = add(account=dev)
    assert macie.list_findings()["findingIds"] == [finding]
    [bucket] = macie.describe_buckets()["buckets"]
    assert (bucket["bucketName"], bucket["accountId"]) == ("theirs", dev)


def test_only_the_delegated_administrator_configures_the_organisation(
    macie: Any, dev: str, refused: Refusing
) -> None:
    assert refused(macie.describe_organization_configuration).code == "AccessDeniedException"
    macie.enable_organization_admin_account(adminAccountId=ACCOUNT)
    assert macie.describe_organization_configuration()["autoEnable"] is False
    macie.update_organization_configuration(autoEnable=True)
    assert macie.describe_organization_configuration()["autoEnable"] is True
    macie.update_automated_discovery_configuration(status="ENABLED", autoEnableOrganizationMembers="ALL")
    assert macie.get_automated_discovery_configuration()["autoEnableOrganizationMembers"] == "ALL"


def test_a_job_is_described_with_what_it_was_made_from(macie: Any, client: Client) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="records")
    s3.put_object(Bucket="records", Key="people.csv", Body=b"a,b")
    made = macie.create_classification_job(**JOB, samplingPercentage=50, tags={"stage": "prod"})
    told = macie.describe_classification_job(jobId=made["jobId"])
    assert (told["jobArn"], told["jobStatus"], told["jobType"]) == (made["jobArn"], "RUNNING", "ONE_TIME")
    assert (told["samplingPercentage"], told["tags"]) == (50, {"stage": "prod"})
    assert told["s3JobDefinition"] == BUCKETS
    assert told["statistics"] == {"approximateNumberOfObjectsToProcess": 1.0, "numberOfRuns": 0.0}
    when = datetime(2026, 3, 1, tzinfo=UTC)
    state().finish_job(made["jobId"], when)
    done = macie.describe_classification_job(jobId=made["jobId"])
    assert (done["jobStatus"], done["lastRunTime"], done["statistics"]["numberOfRuns"]) == (
        "COMPLETE",
        when,
        1.0,
    )


def test_the_same_client_token_makes_one_job(macie: Any) -> None:
    assert macie.create_classification_job(**JOB)["jobId"] == macie.create_classification_job(**JOB)["jobId"]
    assert len(macie.list_classification_jobs()["items"]) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"jobType": "SCHEDULED"},
        {"scheduleFrequency": {"dailySchedule": {}}},
        {"s3JobDefinition": {}},
        {"managedDataIdentifierSelector": "INCLUDE"},
        {"managedDataIdentifierIds": ["AWS_CREDENTIALS"]},
    ],
)
def test_a_job_that_contradicts_itself_is_refused(
    macie: Any, refused: Refusing, change: dict[str, Any]
) -> None:
    assert refused(macie.create_classification_job, **(JOB | change)).code == "ValidationException"


def test_an_unknown_job_is_not_found(macie: Any, refused: Refusing) -> None:
    answer = refused(macie.describe_classification_job, jobId="nothing")
    assert (answer.code, answer.status) == ("ResourceNotFoundException", 404)


def test_a_job_can_be_paused_resumed_and_cancelled_but_not_completed(macie: Any, refused: Refusing) -> None:
    job = macie.create_classification_job(**JOB)["jobId"]
    for status in ("USER_PAUSED", "RUNNING", "CANCELLED"):
        macie.update_classification_job(jobId=job, jobStatus=status)
        assert macie.describe_classification_job(jobId=job)["jobStatus"] == status
    for status in ("RUNNING", "COMPLETE"):
        answer = refused(macie.update_classification_job, jobId=job, jobStatus=status)
        assert answer.code == "ValidationException"


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        ({}, ["daily", "once"]),
        ({"includes": [{"key": "jobType", "comparator": "EQ", "values": ["SCHEDULED"]}]}, ["daily"]),
        ({"excludes": [{"key": "jobType", "comparator": "EQ", "values": ["SCHEDULED"]}]}, ["once"]),
        ({"includes": [{"key": "name", "comparator": "STARTS_WITH", "values": ["on"]}]}, ["once"]),
        ({"includes": [{"key": "name", "comparator": "NE", "values": ["once"]}]}, ["daily"]),
        ({"includes": [{"key": "jobStatus", "values": ["IDLE", "PAUSED"]}]}, ["daily"]),
        ({"includes": [{"key": "createdAt", "comparator": "LT", "values": ["2020-01-01T00:00:00Z"]}]}, []),
    ],
)
def test_jobs_are_listed_by_criteria(macie: Any, criteria: dict[str, Any], expected: list[str]) -> None:
    macie.create_classification_job(**(JOB | {"name": "once"}))
    schedule = {"jobType": "SCHEDULED", "scheduleFrequency": {"dailySchedule": {}}, "clientToken": "two"}
    macie.create_classification_job(**(JOB | {"name": "daily"} | schedule))
    sort = {"attributeName": "name", "orderBy": "ASC"}
    items = macie.list_classification_jobs(filterCriteria=criteria, sortCriteria=sort)["items"]
    assert [item["name"] for item in items] == expected


def test_buckets_are_told_as_s3_holds_them(macie: Any, client: Client) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="records")
    s3.put_bucket_versioning(Bucket="records", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_tagging(Bucket="records", Tagging={"TagSet": [{"Key": "data", "Value": "personal"}]})
    encryption = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/records"}
    s3.put_bucket_encryption(
        Bucket="records",
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": encryption}]},
    )
    s3.put_object(Bucket="records", Key="a.csv", Body=b"12345", ServerSideEncryption="AES256")
    s3.put_object(Bucket="records", Key="b.csv", Body=b"123", ServerSideEncryption="aws:kms")
    job = macie.create_classification_job(**JOB)["jobId"]
    client("s3", region="eu-west-1").create_bucket(
        Bucket="elsewhere", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    [bucket] = macie.describe_buckets()["buckets"]
    assert (bucket["bucketName"], bucket["region"], bucket["versioning"]) == ("records", "us-east-1", True)
    assert (bucket["objectCount"], bucket["sizeInBytes"]) == (2, 8)
    assert bucket["objectCountByEncryptionType"]["s3Managed"] == 1
    assert bucket["objectCountByEncryptionType"]["kmsManaged"] == 1
    assert bucket["serverSideEncryption"] == {"type": "aws:kms", "kmsMasterKeyId": "alias/records"}
    assert bucket["tags"] == [{"key": "data", "value": "personal"}]
    assert bucket["jobDetails"] == {"isDefinedInJob": "TRUE", "isMonitoredByJob": "FALSE", "lastJobId": job}
    assert bucket["publicAccess"]["effectivePermission"] == "NOT_PUBLIC"
    assert bucket["automatedDiscoveryMonitoringStatus"] == "NOT_MONITORED"
    assert bucket["sharedAccess"] == "UNKNOWN"


def test_a_bucket_is_monitored_while_one_scheduled_job_names_it(macie: Any, client: Client) -> None:
    client("s3").create_bucket(Bucket="records")
    macie.create_classification_job(**JOB)
    schedule = {"jobType": "SCHEDULED", "scheduleFrequency": {"dailySchedule": {}}, "clientToken": "two"}
    job = macie.create_classification_job(**(JOB | schedule))["jobId"]
    [bucket] = macie.describe_buckets()["buckets"]
    assert bucket["jobDetails"] == {"isDefinedInJob": "TRUE", "isMonitoredByJob": "TRUE", "lastJobId": job}
    macie.update_classification_job(jobId=job, jobStatus="CANCELLED")
    [bucket] = macie.describe_buckets()["buckets"]
    assert bucket["jobDetails"]["isMonitoredByJob"] == "FALSE"


def public_policy(bucket: str, **more: Any) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:Get*",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement | more]})


@pytest.mark.parametrize(
    ("policy", "block", "expected"),
    [
        ({}, {}, "PUBLIC"),
        ({"Principal": {"AWS": ["*"]}}, {}, "PUBLIC"),
        ({}, {"RestrictPublicBuckets": True}, "NOT_PUBLIC"),
        ({}, {"BlockPublicAcls": True}, "PUBLIC"),
        ({"Effect": "Deny"}, {}, "NOT_PUBLIC"),
        ({"Principal": {"AWS": "arn:aws:iam::999999999999:root"}}, {}, "NOT_PUBLIC"),
        ({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}, {}, "NOT_PUBLIC"),
    ],
)
def test_a_bucket_is_public_by_its_policy_unless_blocked(
    macie: Any, client: Client, policy: dict[str, Any], block: dict[str, bool], expected: str
) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="open")
    s3.put_bucket_policy(Bucket="open", Policy=public_policy("open", **policy))
    if block:
        s3.put_public_access_block(Bucket="open", PublicAccessBlockConfiguration=block)
    [bucket] = macie.describe_buckets()["buckets"]
    assert bucket["publicAccess"]["effectivePermission"] == expected


def test_a_bucket_is_public_by_its_acl_unless_the_account_ignores_acls(macie: Any, client: Client) -> None:
    client("s3").create_bucket(Bucket="open")
    client("s3").put_bucket_acl(Bucket="open", ACL="public-read")
    [bucket] = macie.describe_buckets()["buckets"]
    acl = bucket["publicAccess"]["permissionConfiguration"]["bucketLevelPermissions"]["accessControlList"]
    assert acl == {"allowsPublicReadAccess": True, "allowsPublicWriteAccess": False}
    assert bucket["publicAccess"]["effectivePermission"] == "PUBLIC"
    # boto3 would put the account id in front of the host name, and 123456789012.127.0.0.1 is no address.
    s3control_backends[ACCOUNT]["aws"].put_public_access_block(ACCOUNT, {"IgnorePublicAcls": True})
    [bucket] = macie.describe_buckets()["buckets"]
    assert bucket["publicAccess"]["effectivePermission"] == "NOT_PUBLIC"


def test_buckets_are_chosen_sorted_and_paged(macie: Any, client: Client, refused: Refusing) -> None:
    for name in ("log-a", "log-b", "data-c"):
        client("s3").create_bucket(Bucket=name)
    chosen = macie.describe_buckets(criteria={"bucketName": {"prefix": "log"}})["buckets"]
    assert [bucket["bucketName"] for bucket in chosen] == ["log-a", "log-b"]
    pages = macie.get_paginator("describe_buckets").paginate(
        sortCriteria={"attributeName": "bucketName", "orderBy": "DESC"}, PaginationConfig={"PageSize": 2}
    )
    names = [[bucket["bucketName"] for bucket in page["buckets"]] for page in pages]
    assert names == [["log-b", "log-a"], ["data-c"]]
    assert refused(macie.describe_buckets, criteria={"colour": {"eq": ["x"]}}).code == "ValidationException"
