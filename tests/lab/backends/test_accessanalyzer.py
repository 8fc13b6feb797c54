"""IAM Access Analyzer on the lab, asked through boto3."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from watchword.lab.backends.call import AnswerError

Client = Callable[..., Any]
Refusing = Callable[..., Any]

ACCOUNT = "123456789012"
PUBLIC = {"externalAccessDetails": {"isPublic": True, "principal": {"AWS": "*"}, "condition": {}}}
SHARED = {
    "externalAccessDetails": {
        "isPublic": False,
        "principal": {"AWS": "210987654321"},
        "condition": {"aws:PrincipalOrgID": "o-example"},
        "action": ["s3:GetObject", "s3:ListBucket"],
    }
}


@pytest.fixture
def analyzer(client: Client) -> Any:
    made = client("accessanalyzer")
    made.create_analyzer(analyzerName="outside", type="ACCOUNT", tags={"owner": "security"})
    return made


def arn(name: str = "outside") -> str:
    return f"arn:aws:access-analyzer:us-east-1:{ACCOUNT}:analyzer/{name}"


def add(resource: str, details: dict[str, Any], name: str = "outside", **more: Any) -> str:
    from watchword.lab.backends.accessanalyzer import accessanalyzer_backends

    backend = accessanalyzer_backends[ACCOUNT]["us-east-1"]
    return backend.add_finding(name, resource, "AWS::S3::Bucket", [details], **more)


def test_a_new_analyzer_is_described_and_listed(analyzer: Any) -> None:
    one = analyzer.get_analyzer(analyzerName="outside")["analyzer"]
    assert (one["arn"], one["type"], one["status"]) == (arn(), "ACCOUNT", "ACTIVE")
    assert one["tags"] == {"owner": "security"}
    assert isinstance(one["createdAt"], datetime)
    assert analyzer.list_analyzers()["analyzers"] == [one]


def test_analyzers_are_listed_by_type_and_page_by_page(analyzer: Any) -> None:
    for number in range(4):
        analyzer.create_analyzer(analyzerName=f"unused{number}", type="ACCOUNT_UNUSED_ACCESS")
    pages = list(analyzer.get_paginator("list_analyzers").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["analyzers"]) for page in pages] == [2, 2, 1]
    assert len(analyzer.list_analyzers(type="ACCOUNT_UNUSED_ACCESS")["analyzers"]) == 4


def test_an_analyzer_belongs_to_one_account_and_region(analyzer: Any, client: Client) -> None:
    assert client("accessanalyzer", region="eu-west-1").list_analyzers()["analyzers"] == []
    assert client("accessanalyzer", account="111111111111").list_analyzers()["analyzers"] == []


def test_a_reset_leaves_no_analyzer_1(analyzer: Any) -> None:
    assert len(analyzer.list_analyzers()["analyzers"]) == 1


def test_a_reset_leaves_no_analyzer_2(client: Client) -> None:
    assert client("accessanalyzer").list_analyzers()["analyzers"] == []


def test_a_name_in_use_is_a_conflict(analyzer: Any, refused: Refusing) -> None:
    answer = refused(analyzer.create_analyzer, analyzerName="outside", type="ACCOUNT")
    assert (answer.code, answer.status) == ("ConflictException", 409)
    assert answer.response["resourceType"] == "Analyzer"


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("get_analyzer", {"analyzerName": "nobody"}),
        ("delete_analyzer", {"analyzerName": "nobody"}),
        ("list_findings", {"analyzerArn": arn("nobody")}),
        ("list_findings_v2", {"analyzerArn": arn("nobody")}),
        ("list_tags_for_resource", {"resourceArn": arn("nobody")}),
    ],
)
def test_an_unknown_analyzer_is_not_found(
    analyzer: Any, refused: Refusing, operation: str, parameters: dict[str, str]
) -> None:
    answer = refused(getattr(analyzer, operation), **parameters)
    assert (answer.code, answer.status) == ("ResourceNotFoundException", 404)


def test_missing_and_unknown_values_are_refused_as_aws_words_it(client: Client, refused: Refusing) -> None:
    answer = refused(client("accessanalyzer", unchecked=True).create_analyzer, type="ROUND")
    assert (answer.code, answer.response["reason"]) == ("ValidationException", "fieldValidationFailed")
    assert answer.message.startswith("2 validation errors detected: Value null at 'analyzerName'")


def test_a_deleted_analyzer_is_gone(analyzer: Any) -> None:
    analyzer.delete_analyzer(analyzerName="outside")
    assert analyzer.list_analyzers()["analyzers"] == []


def test_the_configuration_of_an_analyzer_can_be_changed(analyzer: Any) -> None:
    ninety = {"unusedAccess": {"unusedAccessAge": 90}}
    analyzer.create_analyzer(analyzerName="unused", type="ACCOUNT_UNUSED_ACCESS", configuration=ninety)
    assert analyzer.get_analyzer(analyzerName="unused")["analyzer"]["configuration"] == ninety
    thirty = {"unusedAccess": {"unusedAccessAge": 30}}
    assert analyzer.update_analyzer(analyzerName="unused", configuration=thirty)["configuration"] == thirty
    assert analyzer.get_analyzer(analyzerName="unused")["analyzer"]["configuration"] == thirty


def test_tags_are_added_listed_and_removed(analyzer: Any) -> None:
    analyzer.tag_resource(resourceArn=arn(), tags={"stage": "prod", "team": "a"})
    analyzer.untag_resource(resourceArn=arn(), tagKeys=["team", "owner"])
    assert analyzer.list_tags_for_resource(resourceArn=arn())["tags"] == {"stage": "prod"}


def test_a_finding_is_told_by_both_versions_of_the_api(analyzer: Any) -> None:
    when = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
    finding = add("arn:aws:s3:::open", SHARED, at=when)
    [summary] = analyzer.list_findings_v2(analyzerArn=arn())["findings"]
    assert summary["id"] == finding
    assert (summary["createdAt"], summary["status"]) == (when, "ACTIVE")
    assert (summary["findingType"], summary["resourceOwnerAccount"]) == ("ExternalAccess", ACCOUNT)
    whole = analyzer.get_finding_v2(analyzerArn=arn(), id=finding)
    assert whole["findingDetails"] == [SHARED]
    [old] = analyzer.list_findings(analyzerArn=arn())["findings"]
    assert old["principal"] == {"AWS": "210987654321"}
    assert old["condition"] == {"aws:PrincipalOrgID": "o-example"}
    assert analyzer.get_finding(analyzerArn=arn(), id=finding)["finding"] == old


def test_an_unknown_finding_is_not_found(analyzer: Any, refused: Refusing) -> None:
    for operation in (analyzer.get_finding_v2, analyzer.get_finding):
        assert refused(operation, analyzerArn=arn(), id="no").code == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, ["open", "shared"]),
        ({"isPublic": {"eq": ["true"]}}, ["open"]),
        ({"isPublic": {"neq": ["true"]}}, ["shared"]),
        ({"resource": {"contains": [":::sha", "zzz"]}}, ["shared"]),
        ({"principal.AWS": {"eq": ["210987654321"]}}, ["shared"]),
        ({"condition.aws:PrincipalOrgID": {"exists": True}}, ["shared"]),
        ({"condition.aws:PrincipalOrgID": {"exists": False}}, ["open"]),
        ({"status": {"eq": ["ARCHIVED"]}}, []),
        ({"action": {"eq": ["s3:GetObject"]}}, ["shared"]),
        ({"resource": {"contains": [":::"], "neq": ["arn:aws:s3:::open"]}}, ["shared"]),
        ({"isPublic": {"eq": ["true"]}, "resource": {"contains": ["sha"]}}, []),
    ],
)
def test_findings_are_filtered_by_every_criterion(
    analyzer: Any, wanted: dict[str, Any], expected: list[str]
) -> None:
    add("arn:aws:s3:::open", PUBLIC)
    add("arn:aws:s3:::shared", SHARED)
    answer = analyzer.list_findings_v2(analyzerArn=arn(), filter=wanted)["findings"]
    assert [item["resource"].removeprefix("arn:aws:s3:::") for item in answer] == expected


def test_a_filter_that_aws_does_not_have_is_refused(analyzer: Any, refused: Refusing) -> None:
    answer = refused(analyzer.list_findings_v2, analyzerArn=arn(), filter={"colour": {"eq": ["red"]}})
    assert answer.code == "ValidationException"


def test_findings_are_sorted_and_paged(analyzer: Any) -> None:
    for name in "bca":
        add(f"arn:aws:s3:::{name}", PUBLIC)
    pages = analyzer.get_paginator("list_findings_v2").paginate(
        analyzerArn=arn(),
        sort={"attributeName": "resource", "orderBy": "DESC"},
        PaginationConfig={"PageSize": 2},
    )
    names = [[finding["resource"][-1] for finding in page["findings"]] for page in pages]
    assert names == [["c", "b"], ["a"]]


def test_a_token_that_was_never_given_out_is_refused(analyzer: Any, refused: Refusing) -> None:
    answer = refused(analyzer.list_findings_v2, analyzerArn=arn(), nextToken="bogus")
    assert answer.code == "ValidationException"


def test_unused_access_is_not_shown_by_the_first_version(analyzer: Any, refused: Refusing) -> None:
    analyzer.create_analyzer(analyzerName="unused", type="ACCOUNT_UNUSED_ACCESS")
    last = datetime(2026, 1, 1, tzinfo=UTC)
    add(
        "arn:aws:iam::1:role/old",
        {"unusedIamRoleDetails": {"lastAccessed": last}},
        "unused",
        kind="UnusedIAMRole",
    )
    [finding] = analyzer.list_findings_v2(analyzerArn=arn("unused"))["findings"]
    assert finding["findingType"] == "UnusedIAMRole"
    assert refused(analyzer.list_findings, analyzerArn=arn("unused")).code == "ValidationException"


def test_findings_are_archived_by_id_or_by_resource(analyzer: Any, refused: Refusing) -> None:
    first, _second = add("arn:aws:s3:::a", PUBLIC), add("arn:aws:s3:::b", PUBLIC)
    analyzer.update_findings(analyzerArn=arn(), ids=[first], status="ARCHIVED")
    analyzer.update_findings(analyzerArn=arn(), resourceArn="arn:aws:s3:::b", status="ARCHIVED")
    states = {item["status"] for item in analyzer.list_findings_v2(analyzerArn=arn())["findings"]}
    assert states == {"ARCHIVED"}
    assert refused(analyzer.update_findings, analyzerArn=arn(), status="ACTIVE").code == "ValidationException"


def test_one_unknown_id_leaves_every_finding_as_it_was(analyzer: Any, refused: Refusing) -> None:
    first = add("arn:aws:s3:::a", PUBLIC)
    answer = refused(analyzer.update_findings, analyzerArn=arn(), ids=[first, "no"], status="ARCHIVED")
    assert answer.code == "ResourceNotFoundException"
    assert analyzer.get_finding_v2(analyzerArn=arn(), id=first)["status"] == "ACTIVE"


def test_an_archive_rule_archives_what_comes_later_and_the_rest_when_applied(analyzer: Any) -> None:
    before = add("arn:aws:s3:::website", PUBLIC)
    rule = {"resource": {"eq": ["arn:aws:s3:::website"]}}
    analyzer.create_archive_rule(analyzerName="outside", ruleName="website", filter=rule)
    assert analyzer.get_finding_v2(analyzerArn=arn(), id=before)["status"] == "ACTIVE"
    other = add("arn:aws:s3:::other", PUBLIC)
    analyzer.apply_archive_rule(analyzerArn=arn(), ruleName="website")
    assert analyzer.get_finding_v2(analyzerArn=arn(), id=before)["status"] == "ARCHIVED"
    after = add("arn:aws:s3:::website", PUBLIC)
    assert analyzer.get_finding_v2(analyzerArn=arn(), id=after)["status"] == "ARCHIVED"
    assert analyzer.get_finding_v2(analyzerArn=arn(), id=other)["status"] == "ACTIVE"


def test_archive_rules_are_kept_listed_changed_and_deleted(analyzer: Any, refused: Refusing) -> None:
    rule = {"isPublic": {"eq": ["true"]}}
    analyzer.create_analyzer(
        analyzerName="more", type="ACCOUNT", archiveRules=[{"ruleName": "first", "filter": rule}]
    )
    [listed] = analyzer.list_archive_rules(analyzerName="more")["archiveRules"]
    assert (listed["ruleName"], listed["filter"]) == ("first", rule)
    changed = {"isPublic": {"eq": ["false"]}}
    analyzer.update_archive_rule(analyzerName="more", ruleName="first", filter=changed)
    got = analyzer.get_archive_rule(analyzerName="more", ruleName="first")["archiveRule"]
    assert (got["filter"], got["createdAt"]) == (changed, listed["createdAt"])
    first = {"analyzerName": "more", "ruleName": "first"}
    assert refused(analyzer.create_archive_rule, **first, filter=rule).code == "ConflictException"
    analyzer.delete_archive_rule(**first)
    assert refused(analyzer.delete_archive_rule, **first).code == "ResourceNotFoundException"


def test_a_finding_of_another_form_is_refused_when_it_is_added(analyzer: Any) -> None:
    with pytest.raises(AnswerError, match="isPubic"):
        add("arn:aws:s3:::a", {"externalAccessDetails": {"isPubic": True, "condition": {}}})
