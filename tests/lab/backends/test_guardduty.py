"""GuardDuty on the lab: true detectors, findings, members and the organisation's settings, asked through boto3."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

Client = Callable[..., Any]
Refusing = Callable[..., Any]

ADMIN = "123456789012"
FOREIGN = "999999999999"


@pytest.fixture
def guardduty(client: Client) -> Any:
    return client("guardduty")


@pytest.fixture
def detector(guardduty: Any) -> str:
    return str(guardduty.create_detector(Enable=True)["DetectorId"])


@pytest.fixture
def organisation(client: Client) -> tuple[str, str]:
    """The management account (which administers GuardDuty) and one member account."""
    organizations = client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    status = organizations.create_account(AccountName="dev", Email="dev@example.com")["CreateAccountStatus"]
    client("guardduty").enable_organization_admin_account(AdminAccountId=ADMIN)
    return ADMIN, status["AccountId"]


def add(account: str = ADMIN, **more: Any) -> str:
    from watchword.lab.backends.guardduty import guardduty_states

    finding = {
        "Type": "Recon:IAMUser/TorIPCaller",
        "Severity": 5.0,
        "Title": "Asked through Tor",
        "Description": "An API was called from a Tor exit node.",
        "Resource": {"ResourceType": "AccessKey", "AccessKeyDetails": {"UserName": "jo"}},
    }
    at = more.pop("at", None)
    return guardduty_states[account]["us-east-1"].add_finding(finding | more, at)


def features(answer: dict[str, Any]) -> dict[str, str]:
    return {feature["Name"]: feature["Status"] for feature in answer["Features"]}


def test_a_new_detector_has_every_plan_that_aws_switches_on(guardduty: Any, detector: str) -> None:
    answer = guardduty.get_detector(DetectorId=detector)
    states = features(answer)
    assert states["CLOUD_TRAIL"] == states["S3_DATA_EVENTS"] == states["RDS_LOGIN_EVENTS"] == "ENABLED"
    assert states["RUNTIME_MONITORING"] == "DISABLED"
    assert answer["DataSources"]["FlowLogs"] == {"Status": "ENABLED"}
    assert (answer["Status"], answer["FindingPublishingFrequency"]) == ("ENABLED", "SIX_HOURS")


def test_features_survive_creation_reading_and_partial_updates(guardduty: Any) -> None:
    made = guardduty.create_detector(
        Enable=True,
        Tags={"stage": "prod"},
        FindingPublishingFrequency="FIFTEEN_MINUTES",
        Features=[
            {"Name": "S3_DATA_EVENTS", "Status": "DISABLED"},
            {
                "Name": "RUNTIME_MONITORING",
                "Status": "ENABLED",
                "AdditionalConfiguration": [{"Name": "EC2_AGENT_MANAGEMENT", "Status": "ENABLED"}],
            },
        ],
    )["DetectorId"]
    guardduty.update_detector(DetectorId=made, Features=[{"Name": "EKS_AUDIT_LOGS", "Status": "DISABLED"}])
    answer = guardduty.get_detector(DetectorId=made)
    states = features(answer)
    assert (states["S3_DATA_EVENTS"], states["EKS_AUDIT_LOGS"], states["LAMBDA_NETWORK_LOGS"]) == (
        "DISABLED",
        "DISABLED",
        "ENABLED",
    )
    [runtime] = [item for item in answer["Features"] if item["Name"] == "RUNTIME_MONITORING"]
    parts = {part["Name"]: part["Status"] for part in runtime["AdditionalConfiguration"]}
    assert (parts["EC2_AGENT_MANAGEMENT"], parts["EKS_ADDON_MANAGEMENT"]) == ("ENABLED", "DISABLED")
    assert isinstance(runtime["UpdatedAt"], datetime)
    assert answer["DataSources"]["Kubernetes"]["AuditLogs"]["Status"] == "DISABLED"
    assert (answer["Tags"], answer["FindingPublishingFrequency"]) == ({"stage": "prod"}, "FIFTEEN_MINUTES")


def test_the_older_data_sources_switch_the_same_features(guardduty: Any, detector: str) -> None:
    guardduty.update_detector(DetectorId=detector, DataSources={"S3Logs": {"Enable": False}}, Enable=False)
    answer = guardduty.get_detector(DetectorId=detector)
    assert features(answer)["S3_DATA_EVENTS"] == "DISABLED"
    assert features(answer)["EKS_AUDIT_LOGS"] == "ENABLED"
    assert (answer["Status"], features(answer)["DNS_LOGS"]) == ("DISABLED", "DISABLED")


def test_the_older_data_sources_switch_features_on_as_well(guardduty: Any) -> None:
    off = [{"Name": "EBS_MALWARE_PROTECTION", "Status": "DISABLED"}]
    made = guardduty.create_detector(Enable=True, Features=off)["DetectorId"]
    scan = {"ScanEc2InstanceWithFindings": {"EbsVolumes": True}}
    guardduty.update_detector(DetectorId=made, DataSources={"MalwareProtection": scan})
    assert features(guardduty.get_detector(DetectorId=made))["EBS_MALWARE_PROTECTION"] == "ENABLED"


def test_an_account_has_one_detector_in_a_region(guardduty: Any, detector: str, refused: Refusing) -> None:
    assert refused(guardduty.create_detector, Enable=True).code == "BadRequestException"
    assert guardduty.list_detectors()["DetectorIds"] == [detector]


def test_deleting_the_detector_takes_its_findings_along(guardduty: Any, detector: str) -> None:
    add()
    guardduty.delete_detector(DetectorId=detector)
    again = guardduty.create_detector(Enable=True)["DetectorId"]
    assert guardduty.list_findings(DetectorId=again)["FindingIds"] == []


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("get_detector", {}),
        ("update_detector", {"Enable": True}),
        ("delete_detector", {}),
        ("list_findings", {}),
        ("get_findings", {"FindingIds": ["x"]}),
        ("archive_findings", {"FindingIds": ["x"]}),
        ("create_sample_findings", {}),
        ("list_members", {}),
        ("get_members", {"AccountIds": [FOREIGN]}),
        ("get_member_detectors", {"AccountIds": [FOREIGN]}),
        ("create_members", {"AccountDetails": [{"AccountId": FOREIGN, "Email": "a@example.com"}]}),
        ("get_administrator_account", {}),
        ("describe_organization_configuration", {}),
        ("update_organization_configuration", {"AutoEnable": True}),
    ],
)
def test_an_unknown_detector_is_a_bad_request(
    guardduty: Any, detector: str, refused: Refusing, operation: str, parameters: dict[str, Any]
) -> None:
    answer = refused(getattr(guardduty, operation), DetectorId="0" * 32, **parameters)
    assert (answer.code, answer.status) == ("BadRequestException", 400)
    assert "not owned by the current account" in answer.message


def test_missing_values_are_refused(client: Client, detector: str, refused: Refusing) -> None:
    unchecked = client("guardduty", unchecked=True)
    answer = refused(unchecked.get_findings, DetectorId=detector)
    assert answer.code == "BadRequestException"
    assert "FindingIds" in answer.message


def test_a_finding_is_filled_in_and_read_back(guardduty: Any, detector: str) -> None:
    when = datetime(2026, 3, 1, 8, 30, 0, 250_000, tzinfo=UTC)
    finding = add(at=when)
    [answer] = guardduty.get_findings(DetectorId=detector, FindingIds=[finding])["Findings"]
    assert answer["Arn"] == f"arn:aws:guardduty:us-east-1:{ADMIN}:detector/{detector}/finding/{finding}"
    assert (answer["CreatedAt"], answer["AccountId"], answer["Severity"]) == (
        "2026-03-01T08:30:00.250Z",
        ADMIN,
        5.0,
    )
    assert answer["Service"]["Archived"] is False
    assert answer["Resource"]["AccessKeyDetails"]["UserName"] == "jo"


def test_unknown_ids_are_left_out_of_the_answer(guardduty: Any, detector: str) -> None:
    assert guardduty.get_findings(DetectorId=detector, FindingIds=["nothing"])["Findings"] == []


MARCH = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("criterion", "expected"),
    [
        ({}, {"low", "high", "old"}),
        ({"severity": {"Gte": 7}}, {"high"}),
        ({"severity": {"GreaterThanOrEqual": 2, "LessThan": 8}}, {"low", "old"}),
        ({"severity": {"Eq": ["8"]}}, {"high"}),
        ({"service.archived": {"Eq": ["false"]}}, {"low", "high"}),
        ({"service.archived": {"Equals": ["true"]}}, {"old"}),
        ({"type": {"Eq": ["Recon:IAMUser/TorIPCaller"]}}, {"low", "old"}),
        ({"type": {"NotEquals": ["Recon:IAMUser/TorIPCaller"]}}, {"high"}),
        ({"type": {"Matches": ["*:IAMUser/Tor*"]}}, {"low", "old"}),
        ({"type": {"NotMatches": ["*:IAMUser/Tor*"]}}, {"high"}),
        ({"updatedAt": {"Gte": MARCH}}, {"low", "high"}),
        ({"updatedAt": {"LessThan": MARCH}}, {"old"}),
        ({"resource.accessKeyDetails.userName": {"Eq": ["jo"]}}, {"low", "old"}),
        (
            {"service.action.networkConnectionAction.remoteIpDetails.ipAddressV4": {"Eq": ["198.51.100.7"]}},
            {"high"},
        ),
        ({"severity": {"Gte": 7}, "service.archived": {"Eq": ["true"]}}, set()),
    ],
)
def test_findings_are_listed_by_every_criterion(
    guardduty: Any, detector: str, criterion: dict[str, Any], expected: set[str]
) -> None:
    remote = {"NetworkConnectionAction": {"RemoteIpDetails": {"IpAddressV4": "198.51.100.7"}}}
    april = datetime(2026, 4, 1, tzinfo=UTC)
    names = {
        add(Severity=2, at=april): "low",
        add(
            Type="Backdoor:EC2/C&CActivity.B!DNS",
            Severity=8,
            Resource={"ResourceType": "Instance"},
            Service={"Action": remote},
            at=april,
        ): "high",
        add(Service={"Archived": True}, at=datetime(2025, 1, 1, tzinfo=UTC)): "old",
    }
    answer = guardduty.list_findings(DetectorId=detector, FindingCriteria={"Criterion": criterion})
    assert {names[finding] for finding in answer["FindingIds"]} == expected


def test_a_criterion_that_no_finding_can_have_is_refused(
    guardduty: Any, detector: str, refused: Refusing
) -> None:
    criteria = {"Criterion": {"severty": {"Gte": 7}}}
    answer = refused(guardduty.list_findings, DetectorId=detector, FindingCriteria=criteria)
    assert answer.code == "BadRequestException"


def test_findings_are_sorted_and_paged(guardduty: Any, detector: str) -> None:
    by_severity = {severity: add(Severity=severity) for severity in (5, 8, 2, 10)}
    pages = guardduty.get_paginator("list_findings").paginate(
        DetectorId=detector,
        SortCriteria={"AttributeName": "severity", "OrderBy": "DESC"},
        PaginationConfig={"PageSize": 3},
    )
    listed = [page["FindingIds"] for page in pages]
    assert listed == [[by_severity[10], by_severity[8], by_severity[5]], [by_severity[2]]]


def test_findings_are_archived_and_brought_back(guardduty: Any, detector: str) -> None:
    finding = add()
    guardduty.archive_findings(DetectorId=detector, FindingIds=[finding])
    read = lambda: guardduty.get_findings(DetectorId=detector, FindingIds=[finding])["Findings"][0]  # noqa: E731
    assert read()["Service"]["Archived"] is True
    guardduty.unarchive_findings(DetectorId=detector, FindingIds=[finding])
    assert read()["Service"]["Archived"] is False


def test_samples_are_made_of_the_types_that_are_asked_for(
    guardduty: Any, detector: str, refused: Refusing
) -> None:
    wanted = ["Exfiltration:S3/AnomalousBehavior", "CryptoCurrency:EC2/BitcoinTool.B!DNS"]
    guardduty.create_sample_findings(DetectorId=detector, FindingTypes=wanted)
    ids = guardduty.list_findings(DetectorId=detector)["FindingIds"]
    found = guardduty.get_findings(DetectorId=detector, FindingIds=ids)["Findings"]
    assert [item["Type"] for item in found] == wanted
    assert all(item["Title"].startswith("[SAMPLE]") for item in found)
    assert found[0]["Resource"]["S3BucketDetails"][0]["Name"] == "GeneratedFindingS3Bucket"
    unknown = refused(guardduty.create_sample_findings, DetectorId=detector, FindingTypes=["Nonsense:EC2/X"])
    assert unknown.code == "BadRequestException"


def test_samples_of_all_types_are_made_where_none_is_named(guardduty: Any, detector: str) -> None:
    guardduty.create_sample_findings(DetectorId=detector)
    assert len(guardduty.list_findings(DetectorId=detector)["FindingIds"]) >= 20


def test_an_account_of_the_organisation_becomes_an_enabled_member_with_a_detector(
    guardduty: Any, detector: str, organisation: tuple[str, str], client: Client
) -> None:
    _, dev = organisation
    details = [{"AccountId": dev, "Email": "dev@example.com"}]
    assert guardduty.create_members(DetectorId=detector, AccountDetails=details)["UnprocessedAccounts"] == []
    [member] = guardduty.list_members(DetectorId=detector)["Members"]
    assert (member["AccountId"], member["RelationshipStatus"], member["AdministratorId"]) == (
        dev,
        "Enabled",
        ADMIN,
    )
    theirs = client("guardduty", account=dev)
    assert theirs.list_detectors()["DetectorIds"] == [member["DetectorId"]]
    administrator = theirs.get_administrator_account(DetectorId=member["DetectorId"])["Administrator"]
    assert (administrator["AccountId"], administrator["RelationshipStatus"]) == (ADMIN, "Enabled")
    again = guardduty.create_members(DetectorId=detector, AccountDetails=details)["UnprocessedAccounts"]
    assert again[0]["AccountId"] == dev


def test_a_foreign_account_is_created_but_not_associated(
    guardduty: Any, detector: str, client: Client
) -> None:
    client("guardduty", account=FOREIGN).create_detector(Enable=True)
    details = [{"AccountId": FOREIGN, "Email": "x@example.com"}]
    guardduty.create_members(DetectorId=detector, AccountDetails=details)
    assert guardduty.list_members(DetectorId=detector)["Members"] == []
    [member] = guardduty.list_members(DetectorId=detector, OnlyAssociated="false")["Members"]
    assert member["RelationshipStatus"] == "Created"
    assert "DetectorId" not in member
    answer = guardduty.get_members(DetectorId=detector, AccountIds=[FOREIGN, "111111111111"])
    assert [item["AccountId"] for item in answer["Members"]] == [FOREIGN]
    assert [item["AccountId"] for item in answer["UnprocessedAccounts"]] == ["111111111111"]
    guardduty.delete_members(DetectorId=detector, AccountIds=[FOREIGN])
    assert guardduty.list_members(DetectorId=detector, OnlyAssociated="false")["Members"] == []


def test_the_administrator_sees_and_archives_the_findings_of_its_members(
    guardduty: Any, detector: str, organisation: tuple[str, str], client: Client
) -> None:
    _, dev = organisation
    guardduty.create_members(
        DetectorId=detector, AccountDetails=[{"AccountId": dev, "Email": "d@example.com"}]
    )
    finding = add(account=dev)
    assert guardduty.list_findings(DetectorId=detector)["FindingIds"] == [finding]
    guardduty.archive_findings(DetectorId=detector, FindingIds=[finding])
    theirs = client("guardduty", account=dev)
    own = theirs.list_detectors()["DetectorIds"][0]
    [seen] = theirs.get_findings(DetectorId=own, FindingIds=[finding])["Findings"]
    assert (seen["AccountId"], seen["Service"]["Archived"]) == (dev, True)


def test_the_features_of_members_are_told_and_changed(
    guardduty: Any, detector: str, organisation: tuple[str, str]
) -> None:
    _, dev = organisation
    guardduty.create_members(
        DetectorId=detector, AccountDetails=[{"AccountId": dev, "Email": "d@example.com"}]
    )
    guardduty.update_member_detectors(
        DetectorId=detector, AccountIds=[dev], Features=[{"Name": "S3_DATA_EVENTS", "Status": "DISABLED"}]
    )
    answer = guardduty.get_member_detectors(DetectorId=detector, AccountIds=[dev, FOREIGN])
    [told] = answer["MemberDataSourceConfigurations"]
    assert (told["AccountId"], features(told)["S3_DATA_EVENTS"]) == (dev, "DISABLED")
    assert told["DataSources"]["S3Logs"]["Status"] == "DISABLED"
    assert [item["AccountId"] for item in answer["UnprocessedAccounts"]] == [FOREIGN]


def test_an_account_without_administrator_has_an_empty_answer(guardduty: Any, detector: str) -> None:
    assert "Administrator" not in guardduty.get_administrator_account(DetectorId=detector)


def test_only_the_delegated_administrator_reads_the_organisations_settings(
    guardduty: Any, detector: str, refused: Refusing
) -> None:
    answer = refused(guardduty.describe_organization_configuration, DetectorId=detector)
    assert (answer.code, "AWS Organization" in answer.message) == ("BadRequestException", True)


def test_the_organisations_settings_are_kept(
    guardduty: Any, detector: str, organisation: tuple[str, str], refused: Refusing
) -> None:
    before = guardduty.describe_organization_configuration(DetectorId=detector)
    assert (before["AutoEnable"], before["AutoEnableOrganizationMembers"]) == (False, "NONE")
    guardduty.update_organization_configuration(
        DetectorId=detector,
        AutoEnableOrganizationMembers="ALL",
        Features=[{"Name": "S3_DATA_EVENTS", "AutoEnable": "ALL"}],
    )
    after = guardduty.describe_organization_configuration(DetectorId=detector)
    plans = {feature["Name"]: feature["AutoEnable"] for feature in after["Features"]}
    assert (after["AutoEnable"], after["AutoEnableOrganizationMembers"]) == (True, "ALL")
    assert (plans["S3_DATA_EVENTS"], plans["EKS_AUDIT_LOGS"]) == ("ALL", "NONE")
    assert after["DataSources"]["S3Logs"]["AutoEnable"] is True
    answer = refused(guardduty.update_organization_configuration, DetectorId=detector)
    assert answer.code == "BadRequestException"


def test_the_older_switch_for_the_organisation_means_new_accounts(
    guardduty: Any, detector: str, organisation: tuple[str, str]
) -> None:
    guardduty.update_organization_configuration(
        DetectorId=detector, AutoEnable=True, DataSources={"Kubernetes": {"AuditLogs": {"AutoEnable": True}}}
    )
    after = guardduty.describe_organization_configuration(DetectorId=detector)
    plans = {feature["Name"]: feature["AutoEnable"] for feature in after["Features"]}
    assert (after["AutoEnableOrganizationMembers"], plans["EKS_AUDIT_LOGS"]) == ("NEW", "NEW")
