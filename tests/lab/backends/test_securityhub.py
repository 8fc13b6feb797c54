"""Security Hub on the lab: the hub, standards, aggregators, members and findings, asked through boto3."""

from collections.abc import Callable
from typing import Any

import pytest

Client = Callable[..., Any]
Refusing = Callable[..., Any]

ACCOUNT = "123456789012"
FSBP = "arn:aws:securityhub:us-east-1::standards/aws-foundational-security-best-practices/v/1.0.0"
CIS_1_2 = "arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0"
NIST = "arn:aws:securityhub:us-east-1::standards/nist-800-53/v/5.0.0"
PRODUCT = f"arn:aws:securityhub:us-east-1:{ACCOUNT}:product/{ACCOUNT}/default"


@pytest.fixture
def hub(client: Client) -> Any:
    made = client("securityhub")
    made.enable_security_hub()
    return made


@pytest.fixture
def dev(client: Client) -> str:
    """A second account of the organisation that this account manages."""
    organizations = client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    status = organizations.create_account(AccountName="dev", Email="dev@example.com")["CreateAccountStatus"]
    return str(status["AccountId"])


def finding(name: str, account: str = ACCOUNT, region: str = "us-east-1", **more: Any) -> dict[str, Any]:
    return {
        "SchemaVersion": "2018-10-08",
        "Id": name,
        "ProductArn": f"arn:aws:securityhub:{region}:{account}:product/{account}/default",
        "GeneratorId": "generator",
        "AwsAccountId": account,
        "Types": ["Software and Configuration Checks"],
        "CreatedAt": "2026-01-01T00:00:00Z",
        "UpdatedAt": "2026-03-01T00:00:00Z",
        "Severity": {"Label": "HIGH"},
        "Title": f"Finding {name}",
        "Description": "Something is wrong.",
        "Resources": [{"Type": "AwsS3Bucket", "Id": f"arn:aws:s3:::{name}"}],
    } | more


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("describe_hub", {}),
        ("disable_security_hub", {}),
        ("update_security_hub_configuration", {"AutoEnableControls": False}),
        ("describe_standards", {}),
        ("get_enabled_standards", {}),
        ("batch_enable_standards", {"StandardsSubscriptionRequests": [{"StandardsArn": FSBP}]}),
        ("batch_disable_standards", {"StandardsSubscriptionArns": ["arn:aws:x"]}),
        ("list_finding_aggregators", {}),
        ("create_finding_aggregator", {"RegionLinkingMode": "ALL_REGIONS"}),
        ("get_finding_aggregator", {"FindingAggregatorArn": "arn:aws:x"}),
        ("list_enabled_products_for_import", {}),
        ("list_members", {}),
        ("get_findings", {}),
        ("batch_import_findings", {"Findings": [finding("a")]}),
    ],
)
def test_nothing_is_answered_before_the_hub_is_enabled(
    client: Client, refused: Refusing, operation: str, parameters: dict[str, Any]
) -> None:
    answer = refused(getattr(client("securityhub"), operation), **parameters)
    assert (answer.code, answer.status) == ("InvalidAccessException", 401)
    assert answer.message == f"Account {ACCOUNT} is not subscribed to AWS Security Hub"


def test_an_enabled_hub_is_described_and_configured(hub: Any, refused: Refusing) -> None:
    arn = f"arn:aws:securityhub:us-east-1:{ACCOUNT}:hub/default"
    before = hub.describe_hub(HubArn=arn)
    assert (before["HubArn"], before["AutoEnableControls"], before["ControlFindingGenerator"]) == (
        arn,
        True,
        "SECURITY_CONTROL",
    )
    hub.update_security_hub_configuration(
        AutoEnableControls=False, ControlFindingGenerator="STANDARD_CONTROL"
    )
    after = hub.describe_hub()
    assert (after["AutoEnableControls"], after["ControlFindingGenerator"]) == (False, "STANDARD_CONTROL")
    assert refused(hub.describe_hub, HubArn=arn + "x").code == "ResourceNotFoundException"
    assert refused(hub.enable_security_hub).code == "ResourceConflictException"


def test_a_disabled_hub_forgets_its_settings(hub: Any, refused: Refusing) -> None:
    hub.batch_enable_standards(StandardsSubscriptionRequests=[{"StandardsArn": NIST}])
    hub.disable_security_hub()
    assert refused(hub.describe_hub).code == "InvalidAccessException"
    hub.enable_security_hub(EnableDefaultStandards=False)
    assert hub.get_enabled_standards()["StandardsSubscriptions"] == []


def test_a_new_hub_has_the_default_standards(hub: Any) -> None:
    enabled = hub.get_enabled_standards()["StandardsSubscriptions"]
    assert {item["StandardsArn"] for item in enabled} == {FSBP, CIS_1_2}
    assert {item["StandardsStatus"] for item in enabled} == {"READY"}
    known = {item["StandardsArn"]: item["EnabledByDefault"] for item in hub.describe_standards()["Standards"]}
    assert (known[FSBP], known[CIS_1_2], known[NIST]) == (True, True, False)


def test_standards_are_paged(hub: Any) -> None:
    pages = list(hub.get_paginator("describe_standards").paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["Standards"]) for page in pages] == [3, 3, 3, 1]


def test_standards_are_switched_on_and_off(hub: Any, refused: Refusing) -> None:
    requests = [{"StandardsArn": NIST, "StandardsInput": {"a": "b"}}]
    [made] = hub.batch_enable_standards(StandardsSubscriptionRequests=requests)["StandardsSubscriptions"]
    subscription = f"arn:aws:securityhub:us-east-1:{ACCOUNT}:subscription/nist-800-53/v/5.0.0"
    assert (made["StandardsSubscriptionArn"], made["StandardsStatus"]) == (subscription, "PENDING")
    [read] = hub.get_enabled_standards(StandardsSubscriptionArns=[subscription])["StandardsSubscriptions"]
    assert (read["StandardsStatus"], read["StandardsInput"]) == ("READY", {"a": "b"})
    [gone] = hub.batch_disable_standards(StandardsSubscriptionArns=[subscription])["StandardsSubscriptions"]
    assert gone["StandardsStatus"] == "DELETING"
    assert hub.get_enabled_standards(StandardsSubscriptionArns=[subscription])["StandardsSubscriptions"] == []
    again = refused(hub.batch_disable_standards, StandardsSubscriptionArns=[subscription])
    assert again.code == "InvalidInputException"


def test_an_unknown_standard_switches_nothing_on(hub: Any, refused: Refusing) -> None:
    requests = [{"StandardsArn": NIST}, {"StandardsArn": NIST + "x"}]
    answer = refused(hub.batch_enable_standards, StandardsSubscriptionRequests=requests)
    assert answer.code == "InvalidInputException"
    assert len(hub.get_enabled_standards()["StandardsSubscriptions"]) == 2


def test_missing_values_are_refused(hub: Any, client: Client, refused: Refusing) -> None:
    answer = refused(client("securityhub", unchecked=True).create_finding_aggregator)
    assert (answer.code, "RegionLinkingMode" in answer.message) == ("InvalidInputException", True)


def test_an_aggregator_is_known_in_every_region_and_changed_at_home(
    hub: Any, client: Client, refused: Refusing
) -> None:
    made = hub.create_finding_aggregator(RegionLinkingMode="SPECIFIED_REGIONS", Regions=["eu-west-1"])
    assert (made["FindingAggregationRegion"], made["Regions"]) == ("us-east-1", ["eu-west-1"])
    arn = made["FindingAggregatorArn"]
    there = client("securityhub", region="eu-west-1")
    there.enable_security_hub()
    assert there.list_finding_aggregators()["FindingAggregators"] == [{"FindingAggregatorArn": arn}]
    assert there.get_finding_aggregator(FindingAggregatorArn=arn)["RegionLinkingMode"] == "SPECIFIED_REGIONS"
    change = {"FindingAggregatorArn": arn, "RegionLinkingMode": "ALL_REGIONS"}
    assert refused(there.update_finding_aggregator, **change).code == "InvalidInputException"
    assert "Regions" not in hub.update_finding_aggregator(**change)
    assert (
        refused(there.create_finding_aggregator, RegionLinkingMode="ALL_REGIONS").code
        == "InvalidInputException"
    )
    hub.delete_finding_aggregator(FindingAggregatorArn=arn)
    assert hub.list_finding_aggregators()["FindingAggregators"] == []
    assert refused(hub.get_finding_aggregator, FindingAggregatorArn=arn).code == "ResourceNotFoundException"


@pytest.mark.parametrize(
    "parameters",
    [
        {"RegionLinkingMode": "SPECIFIED_REGIONS"},
        {"RegionLinkingMode": "ALL_REGIONS", "Regions": ["eu-west-1"]},
        {"RegionLinkingMode": "EVERYWHERE"},
    ],
)
def test_modes_and_regions_of_an_aggregator_must_fit(
    hub: Any, refused: Refusing, parameters: dict[str, Any]
) -> None:
    assert refused(hub.create_finding_aggregator, **parameters).code == "InvalidInputException"


def test_a_member_account_cannot_make_an_aggregator(
    hub: Any, client: Client, dev: str, refused: Refusing
) -> None:
    hub.create_members(AccountDetails=[{"AccountId": dev, "Email": "dev@example.com"}])
    answer = refused(
        client("securityhub", account=dev).create_finding_aggregator, RegionLinkingMode="ALL_REGIONS"
    )
    assert (answer.code, "member account" in answer.message) == ("InvalidInputException", True)


def test_services_of_aws_are_connected_and_others_on_request(hub: Any, refused: Refusing) -> None:
    before = hub.list_enabled_products_for_import()["ProductSubscriptions"]
    assert f"arn:aws:securityhub:us-east-1:{ACCOUNT}:product-subscription/aws/guardduty" in before
    vendor = "arn:aws:securityhub:us-east-1:555555555555:product/acme/scanner"
    made = hub.enable_import_findings_for_product(ProductArn=vendor)["ProductSubscriptionArn"]
    assert made == f"arn:aws:securityhub:us-east-1:{ACCOUNT}:product-subscription/acme/scanner"
    assert (
        refused(hub.enable_import_findings_for_product, ProductArn=vendor).code == "ResourceConflictException"
    )
    assert refused(hub.enable_import_findings_for_product, ProductArn="x").code == "InvalidInputException"
    assert made in hub.list_enabled_products_for_import()["ProductSubscriptions"]
    hub.disable_import_findings_for_product(ProductSubscriptionArn=made)
    assert hub.list_enabled_products_for_import()["ProductSubscriptions"] == before
    gone = refused(hub.disable_import_findings_for_product, ProductSubscriptionArn=made)
    assert gone.code == "ResourceNotFoundException"


def test_accounts_of_the_organisation_are_enabled_members_and_others_are_not(
    hub: Any, client: Client, dev: str
) -> None:
    details = [{"AccountId": dev, "Email": "dev@example.com"}, {"AccountId": "999999999999"}]
    assert hub.create_members(AccountDetails=details)["UnprocessedAccounts"] == []
    [member] = hub.list_members()["Members"]
    assert (member["AccountId"], member["MemberStatus"], member["AdministratorId"]) == (
        dev,
        "Enabled",
        ACCOUNT,
    )
    everyone = hub.list_members(OnlyAssociated=False)["Members"]
    assert [item["MemberStatus"] for item in everyone] == ["Enabled", "Created"]
    assert client("securityhub", account=dev).get_enabled_standards()["StandardsSubscriptions"] == []
    got = hub.get_members(AccountIds=[dev, "111111111111"])
    assert [item["AccountId"] for item in got["Members"]] == [dev]
    assert [item["AccountId"] for item in got["UnprocessedAccounts"]] == ["111111111111"]
    again = hub.create_members(AccountDetails=details)["UnprocessedAccounts"]
    assert len(again) == 2


def test_the_organisations_administrator_is_listed_and_configures_it(
    hub: Any, client: Client, dev: str, refused: Refusing
) -> None:
    assert hub.list_organization_admin_accounts()["AdminAccounts"] == []
    assert refused(hub.describe_organization_configuration).code == "AccessDeniedException"
    hub.enable_organization_admin_account(AdminAccountId=dev)
    assert hub.list_organization_admin_accounts()["AdminAccounts"] == [
        {"AccountId": dev, "Status": "ENABLED"}
    ]
    theirs = client("securityhub", account=dev)
    theirs.enable_security_hub()
    theirs.update_organization_configuration(AutoEnable=True, AutoEnableStandards="NONE")
    told = theirs.describe_organization_configuration()
    assert (told["AutoEnable"], told["AutoEnableStandards"]) == (True, "NONE")
    assert told["OrganizationConfiguration"]["ConfigurationType"] == "LOCAL"


def test_imported_findings_are_completed(hub: Any) -> None:
    answer = hub.batch_import_findings(Findings=[finding("a"), finding("b", Severity={"Normalized": 95})])
    assert (answer["SuccessCount"], answer["FailedCount"]) == (2, 0)
    first, second = hub.get_findings()["Findings"]
    assert (first["Severity"]["Normalized"], second["Severity"]["Label"]) == (70, "CRITICAL")
    assert (first["RecordState"], first["Workflow"], first["Region"]) == (
        "ACTIVE",
        {"Status": "NEW"},
        "us-east-1",
    )


def test_malformed_findings_fail_alone(client: Client, hub: Any) -> None:
    broken = finding("b")
    del broken["Title"]
    foreign = finding("c", AwsAccountId="999999999999")
    unchecked = client("securityhub", unchecked=True)
    answer = unchecked.batch_import_findings(Findings=[finding("a"), broken, foreign])
    assert (answer["SuccessCount"], answer["FailedCount"]) == (1, 2)
    assert [item["Id"] for item in answer["FailedFindings"]] == ["b", "c"]
    assert "Title" in answer["FailedFindings"][0]["ErrorMessage"]
    assert [item["Id"] for item in hub.get_findings()["Findings"]] == ["a"]


LOW = finding(
    "low",
    Severity={"Label": "LOW"},
    Compliance={"Status": "PASSED", "SecurityControlId": "S3.1"},
    UpdatedAt="2025-01-01T00:00:00Z",
    ProductFields={"team": "red"},
)
HIGH = finding(
    "high", Compliance={"Status": "FAILED", "SecurityControlId": "IAM.6"}, Confidence=90, Sample=True
)
GONE = finding("gone", RecordState="ARCHIVED", Resources=[{"Type": "AwsEc2Instance", "Id": "i-1"}])


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, {"low", "high", "gone"}),
        ({"SeverityLabel": [{"Value": "HIGH", "Comparison": "EQUALS"}]}, {"high", "gone"}),
        (
            {
                "SeverityLabel": [
                    {"Value": "LOW", "Comparison": "EQUALS"},
                    {"Value": "HIGH", "Comparison": "EQUALS"},
                ]
            },
            {"low", "high", "gone"},
        ),
        ({"RecordState": [{"Value": "ARCHIVED", "Comparison": "NOT_EQUALS"}]}, {"low", "high"}),
        ({"ComplianceStatus": [{"Value": "FAILED", "Comparison": "EQUALS"}]}, {"high"}),
        ({"ComplianceSecurityControlId": [{"Value": "S3", "Comparison": "PREFIX"}]}, {"low"}),
        (
            {"ComplianceSecurityControlId": [{"Value": "S3", "Comparison": "PREFIX_NOT_EQUALS"}]},
            {"high", "gone"},
        ),
        ({"ResourceType": [{"Value": "Instance", "Comparison": "CONTAINS"}]}, {"gone"}),
        ({"ResourceType": [{"Value": "Instance", "Comparison": "NOT_CONTAINS"}]}, {"low", "high"}),
        ({"Title": [{"Value": "HIGH", "Comparison": "CONTAINS_WORD"}]}, {"high"}),
        ({"SeverityNormalized": [{"Gte": 40}]}, {"high", "gone"}),
        ({"SeverityNormalized": [{"Lt": 40}]}, {"low"}),
        ({"Confidence": [{"Eq": 90}]}, {"high"}),
        ({"UpdatedAt": [{"Start": "2026-01-01T00:00:00Z", "End": "2026-12-31T00:00:00Z"}]}, {"high", "gone"}),
        ({"UpdatedAt": [{"Start": "2026-01-01T00:00:00Z"}]}, {"high", "gone"}),
        ({"UpdatedAt": [{"End": "2026-01-01T00:00:00Z"}]}, {"low"}),
        ({"UpdatedAt": [{"DateRange": {"Value": 100_000, "Unit": "DAYS"}}]}, {"low", "high", "gone"}),
        ({"ProductFields": [{"Key": "team", "Value": "red", "Comparison": "EQUALS"}]}, {"low"}),
        ({"ProductFields": [{"Key": "team", "Value": "red", "Comparison": "NOT_EQUALS"}]}, {"high", "gone"}),
        ({"Sample": [{"Value": True}]}, {"high"}),
        ({"WorkflowStatus": [{"Value": "NEW", "Comparison": "EQUALS"}], "Confidence": [{"Gt": 95}]}, set()),
    ],
)
def test_findings_are_filtered(hub: Any, filters: dict[str, Any], expected: set[str]) -> None:
    hub.batch_import_findings(Findings=[LOW, HIGH, GONE])
    assert {item["Id"] for item in hub.get_findings(Filters=filters)["Findings"]} == expected


def test_a_filter_that_the_lab_lacks_is_refused_and_not_ignored(hub: Any, refused: Refusing) -> None:
    filters = {"NetworkSourceDomain": [{"Value": "x", "Comparison": "EQUALS"}]}
    assert refused(hub.get_findings, Filters=filters).code == "InvalidInputException"


def test_findings_are_sorted_and_paged(hub: Any) -> None:
    hub.batch_import_findings(Findings=[LOW, HIGH, GONE])
    pages = hub.get_paginator("get_findings").paginate(
        SortCriteria=[
            {"Field": "SeverityNormalized", "SortOrder": "desc"},
            {"Field": "Id", "SortOrder": "asc"},
        ],
        PaginationConfig={"PageSize": 2},
    )
    assert [[item["Id"] for item in page["Findings"]] for page in pages] == [["gone", "high"], ["low"]]


def test_what_a_customer_sets_survives_the_next_import(hub: Any) -> None:
    hub.batch_import_findings(Findings=[finding("a")])
    identifier = {"Id": "a", "ProductArn": PRODUCT}
    answer = hub.batch_update_findings(
        FindingIdentifiers=[identifier, {"Id": "b", "ProductArn": PRODUCT}],
        Workflow={"Status": "SUPPRESSED"},
        Note={"Text": "accepted", "UpdatedBy": "jo"},
        Severity={"Label": "LOW"},
    )
    assert answer["ProcessedFindings"] == [identifier]
    assert [item["ErrorCode"] for item in answer["UnprocessedFindings"]] == ["FindingNotFound"]
    assert hub.get_findings()["Findings"][0]["Severity"]["Normalized"] == 1
    hub.batch_import_findings(Findings=[finding("a", Title="again")])
    [read] = hub.get_findings()["Findings"]
    assert (read["Title"], read["Workflow"]["Status"], read["Note"]["Text"]) == (
        "again",
        "SUPPRESSED",
        "accepted",
    )


def test_an_administrator_sees_members_and_the_home_region_sees_linked_ones(
    hub: Any, client: Client, dev: str
) -> None:
    hub.create_members(AccountDetails=[{"AccountId": dev, "Email": "dev@example.com"}])
    client("securityhub", account=dev).batch_import_findings(Findings=[finding("theirs", account=dev)])
    there = client("securityhub", region="eu-west-1")
    there.enable_security_hub()
    there.batch_import_findings(Findings=[finding("europe", region="eu-west-1")])
    assert [item["Id"] for item in hub.get_findings()["Findings"]] == ["theirs"]
    hub.create_finding_aggregator(RegionLinkingMode="ALL_REGIONS_EXCEPT_SPECIFIED", Regions=["eu-west-2"])
    assert [item["Id"] for item in hub.get_findings()["Findings"]] == ["europe", "theirs"]
    assert [item["Id"] for item in there.get_findings()["Findings"]] == ["europe"]
    arn = hub.list_finding_aggregators()["FindingAggregators"][0]["FindingAggregatorArn"]
    hub.update_finding_aggregator(
        FindingAggregatorArn=arn, RegionLinkingMode="SPECIFIED_REGIONS", Regions=["eu-west-1"]
    )
    assert [item["Id"] for item in hub.get_findings()["Findings"]] == ["europe", "theirs"]
    hub.update_finding_aggregator(FindingAggregatorArn=arn, RegionLinkingMode="NO_REGIONS")
    assert [item["Id"] for item in hub.get_findings()["Findings"]] == ["theirs"]
