"""Inspector on the lab: states of accounts, members, findings and coverage, asked through boto3."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from watchword.lab.backends.call import AnswerError

Client = Callable[..., Any]
Refusing = Callable[..., Any]

ACCOUNT = "123456789012"
DEV = "222222222222"
FOREIGN = "999999999999"


@pytest.fixture
def inspector(client: Client) -> Any:
    return client("inspector2")


def add(account: str = ACCOUNT, **more: Any) -> str:
    from watchword.lab.backends.inspector2 import inspector2_states

    at = more.pop("at", None)
    finding = {
        "type": "PACKAGE_VULNERABILITY",
        "severity": "HIGH",
        "title": "CVE-2026-0001 - openssl",
        "description": "A flaw in openssl.",
        "remediation": {"recommendation": {"text": "Update openssl."}},
        "resources": [{"type": "AWS_EC2_INSTANCE", "id": "i-1", "tags": {"stage": "prod"}}],
    }
    return inspector2_states[account]["us-east-1"].add_finding(finding | more, at)


def test_an_account_without_inspector_is_disabled(inspector: Any) -> None:
    answer = inspector.batch_get_account_status()
    [account] = answer["accounts"]
    assert (account["accountId"], account["state"]["status"]) == (ACCOUNT, "DISABLED")
    assert account["resourceState"]["ec2"]["status"] == "DISABLED"
    assert answer["failedAccounts"] == []


def test_scans_are_switched_on_and_off(inspector: Any) -> None:
    [enabled] = inspector.enable(resourceTypes=["EC2", "LAMBDA"])["accounts"]
    assert (enabled["status"], enabled["resourceStatus"]["ec2"]) == ("ENABLED", "ENABLED")
    assert enabled["resourceStatus"]["ecr"] == "DISABLED"
    inspector.disable(resourceTypes=["EC2"])
    [told] = inspector.batch_get_account_status(accountIds=[ACCOUNT])["accounts"]
    states = {name: state["status"] for name, state in told["resourceState"].items()}
    assert (states["ec2"], states["lambda"], told["state"]["status"]) == ("DISABLED", "ENABLED", "ENABLED")
    inspector.disable()
    [told] = inspector.batch_get_account_status()["accounts"]
    assert told["state"]["status"] == "DISABLED"


def test_regions_are_switched_one_by_one(inspector: Any, client: Client) -> None:
    inspector.enable(resourceTypes=["EC2"])
    [elsewhere] = client("inspector2", region="eu-west-1").batch_get_account_status()["accounts"]
    assert elsewhere["state"]["status"] == "DISABLED"


def test_an_administrator_switches_members_on_and_nobody_else(inspector: Any, client: Client) -> None:
    inspector.associate_member(accountId=DEV)
    answer = inspector.enable(accountIds=[DEV, FOREIGN], resourceTypes=["ECR"])
    assert [account["accountId"] for account in answer["accounts"]] == [DEV]
    assert [(item["accountId"], item["errorCode"]) for item in answer["failedAccounts"]] == [
        (FOREIGN, "ACCESS_DENIED")
    ]
    theirs = client("inspector2", account=DEV)
    [own] = theirs.batch_get_account_status()["accounts"]
    assert own["resourceState"]["ecr"]["status"] == "ENABLED"
    assert theirs.batch_get_account_status(accountIds=[ACCOUNT])["failedAccounts"][0]["accountId"] == ACCOUNT


def test_missing_and_unknown_values_are_refused(client: Client, refused: Refusing) -> None:
    unchecked = client("inspector2", unchecked=True)
    answer = refused(unchecked.enable)
    assert (answer.code, answer.response["reason"]) == ("ValidationException", "FIELD_VALIDATION_FAILED")
    assert refused(unchecked.enable, resourceTypes=["TOASTER"]).code == "ValidationException"
    assert refused(unchecked.list_findings, nextToken="bogus").code == "ValidationException"


def test_members_are_listed_read_and_let_go(inspector: Any, client: Client, refused: Refusing) -> None:
    inspector.associate_member(accountId=DEV)
    [member] = inspector.list_members()["members"]
    assert (member["accountId"], member["relationshipStatus"], member["delegatedAdminAccountId"]) == (
        DEV,
        "ENABLED",
        ACCOUNT,
    )
    assert isinstance(member["updatedAt"], datetime)
    admin = client("inspector2", account=DEV).get_delegated_admin_account()["delegatedAdmin"]
    assert admin == {"accountId": ACCOUNT, "relationshipStatus": "ENABLED"}
    inspector.disassociate_member(accountId=DEV)
    assert inspector.list_members()["members"] == []
    assert inspector.list_members(onlyAssociated=False)["members"][0]["relationshipStatus"] == "DISABLED"
    assert refused(inspector.get_member, accountId=FOREIGN).code == "ResourceNotFoundException"
    assert refused(inspector.disassociate_member, accountId=FOREIGN).code == "ValidationException"
    assert refused(inspector.get_delegated_admin_account).code == "ResourceNotFoundException"


def test_members_are_paged(inspector: Any) -> None:
    for number in range(3):
        inspector.associate_member(accountId=f"{number}" * 12)
    pages = inspector.get_paginator("list_members").paginate(PaginationConfig={"PageSize": 2})
    assert [len(page["members"]) for page in pages] == [2, 1]


def test_only_the_delegated_administrator_configures_the_organisation(
    inspector: Any, client: Client, refused: Refusing
) -> None:
    assert refused(inspector.describe_organization_configuration).code == "AccessDeniedException"
    inspector.enable_delegated_admin_account(delegatedAdminAccountId=DEV)
    told = inspector.get_delegated_admin_account()["delegatedAdmin"]
    assert told == {"accountId": DEV, "relationshipStatus": "ENABLED"}
    theirs = client("inspector2", account=DEV)
    assert theirs.describe_organization_configuration()["autoEnable"]["ec2"] is False
    theirs.update_organization_configuration(autoEnable={"ec2": True, "ecr": False, "codeRepository": True})
    told = theirs.describe_organization_configuration()
    assert (told["autoEnable"]["ec2"], told["autoEnable"]["codeRepository"]) == (True, True)
    assert told["maxAccountLimitReached"] is False
    assert refused(inspector.describe_organization_configuration).code == "AccessDeniedException"


def test_a_finding_is_filled_in(inspector: Any) -> None:
    when = datetime(2026, 3, 1, tzinfo=UTC)
    arn = add(at=when)
    [told] = inspector.list_findings()["findings"]
    assert (told["findingArn"], told["status"], told["awsAccountId"]) == (arn, "ACTIVE", ACCOUNT)
    assert told["firstObservedAt"] == when
    assert told["resources"][0]["tags"] == {"stage": "prod"}


def test_a_finding_of_another_form_is_refused_when_it_is_added() -> None:
    with pytest.raises(AnswerError, match="sevrity"):
        add(sevrity="HIGH")


MARCH = datetime(2026, 3, 1, tzinfo=UTC)


def text(value: str, comparison: str = "EQUALS") -> list[dict[str, str]]:
    return [{"comparison": comparison, "value": value}]


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        ({}, {"high", "critical", "closed"}),
        ({"severity": text("CRITICAL")}, {"critical"}),
        ({"severity": text("CRITICAL") + text("HIGH")}, {"high", "critical", "closed"}),
        ({"severity": text("CRITICAL", "NOT_EQUALS")}, {"high", "closed"}),
        ({"findingStatus": text("ACTIVE")}, {"high", "critical"}),
        ({"title": text("CVE-2026", "PREFIX")}, {"high", "closed"}),
        ({"resourceType": text("AWS_LAMBDA_FUNCTION")}, {"critical"}),
        ({"resourceTags": [{"comparison": "EQUALS", "key": "stage", "value": "prod"}]}, {"high", "closed"}),
        ({"resourceTags": [{"comparison": "EQUALS", "key": "stage", "value": "dev"}]}, set()),
        ({"inspectorScore": [{"lowerInclusive": 9.0, "upperInclusive": 10.0}]}, {"critical"}),
        ({"lastObservedAt": [{"startInclusive": MARCH}]}, {"high", "critical"}),
        ({"lastObservedAt": [{"endInclusive": MARCH}]}, {"closed"}),
        ({"exploitAvailable": text("YES")}, {"critical"}),
        ({"severity": text("HIGH"), "findingStatus": text("CLOSED")}, {"closed"}),
    ],
)
def test_findings_are_listed_by_criteria(
    inspector: Any, criteria: dict[str, Any], expected: set[str]
) -> None:
    april = datetime(2026, 4, 1, tzinfo=UTC)
    function = {"type": "AWS_LAMBDA_FUNCTION", "id": "arn:aws:lambda:us-east-1:1:function:f"}
    names = {
        add(at=april): "high",
        add(
            severity="CRITICAL",
            title="Code injection",
            inspectorScore=9.8,
            exploitAvailable="YES",
            resources=[function],
            at=april,
        ): "critical",
        add(status="CLOSED", at=datetime(2025, 1, 1, tzinfo=UTC)): "closed",
    }
    found = inspector.list_findings(filterCriteria=criteria)["findings"]
    assert {names[item["findingArn"]] for item in found} == expected


def test_a_criterion_that_the_lab_lacks_is_refused_and_not_ignored(inspector: Any, refused: Refusing) -> None:
    answer = refused(inspector.list_findings, filterCriteria={"cloudProvider": text("AZURE")})
    assert answer.code == "ValidationException"


def test_findings_are_sorted_by_severity_or_score_and_paged(inspector: Any) -> None:
    severities = ["LOW", "CRITICAL", "MEDIUM"]
    for score, severity in enumerate(severities):
        add(severity=severity, inspectorScore=float(10 - score))
    pages = inspector.get_paginator("list_findings").paginate(
        sortCriteria={"field": "SEVERITY", "sortOrder": "DESC"}, PaginationConfig={"PageSize": 2}
    )
    listed = [[item["severity"] for item in page["findings"]] for page in pages]
    assert listed == [["CRITICAL", "MEDIUM"], ["LOW"]]
    by_score = inspector.list_findings(sortCriteria={"field": "INSPECTOR_SCORE", "sortOrder": "ASC"})
    assert [item["inspectorScore"] for item in by_score["findings"]] == [8.0, 9.0, 10.0]


def test_the_administrator_sees_the_findings_of_its_members(inspector: Any) -> None:
    inspector.associate_member(accountId=DEV)
    arn = add(account=DEV)
    assert [item["findingArn"] for item in inspector.list_findings()["findings"]] == [arn]
    inspector.disassociate_member(accountId=DEV)
    assert inspector.list_findings()["findings"] == []


def test_coverage_tells_which_machines_are_out_of_reach(inspector: Any, client: Client) -> None:
    from watchword.lab.backends.ssm_instances import register

    ec2 = client("ec2")
    made = ec2.run_instances(ImageId="ami-12345678", MinCount=3, MaxCount=3)["Instances"]
    reached, unmanaged, stopped = (item["InstanceId"] for item in made)
    ec2.stop_instances(InstanceIds=[stopped])
    when = datetime(2026, 3, 1, tzinfo=UTC)
    register(ACCOUNT, "us-east-1", reached, LastPingDateTime=when)
    assert inspector.list_coverage()["coveredResources"] == []
    inspector.enable(resourceTypes=["EC2"])
    covered = {item["resourceId"]: item for item in inspector.list_coverage()["coveredResources"]}
    assert covered[reached]["scanStatus"] == {"statusCode": "ACTIVE", "reason": "SUCCESSFUL"}
    assert covered[reached]["lastScannedAt"] == when
    assert covered[reached]["resourceMetadata"]["ec2"]["platform"] == "LINUX"
    assert covered[unmanaged]["scanStatus"] == {"statusCode": "INACTIVE", "reason": "UNMANAGED_EC2_INSTANCE"}
    assert covered[stopped]["scanStatus"]["reason"] == "EC2_INSTANCE_STOPPED"
    active = inspector.list_coverage(filterCriteria={"scanStatusCode": text("ACTIVE")})
    assert [item["resourceId"] for item in active["coveredResources"]] == [reached]


def test_coverage_lists_functions_and_repositories(inspector: Any, client: Client) -> None:
    role = client("iam").create_role(RoleName="run", AssumeRolePolicyDocument="{}", Path="/")["Role"]["Arn"]
    client("lambda").create_function(
        FunctionName="f", Role=role, Handler="f.f", Runtime="python3.12", Code={"ZipFile": b"x"}
    )
    client("ecr").create_repository(repositoryName="web")
    inspector.enable(resourceTypes=["LAMBDA", "ECR"])
    covered = inspector.list_coverage()["coveredResources"]
    assert {item["resourceType"] for item in covered} == {"AWS_LAMBDA_FUNCTION", "AWS_ECR_REPOSITORY"}
    named = inspector.list_coverage(filterCriteria={"ecrRepositoryName": text("web")})["coveredResources"]
    assert [item["resourceMetadata"]["ecrRepository"]["name"] for item in named] == ["web"]
