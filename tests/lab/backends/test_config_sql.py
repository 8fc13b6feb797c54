"""The subset of AWS Config's query language: what it answers, and that it refuses everything else."""

from typing import Any

import pytest

from watchword.lab.backends.config.sql import SCALARS, NotUnderstood, parse

ITEMS: list[dict[str, Any]] = [
    {
        "accountId": "111111111111",
        "awsRegion": "us-east-1",
        "resourceType": "AWS::EC2::Instance",
        "resourceId": "i-1",
        "configuration": {
            "instanceType": "t3.micro",
            "state": {"code": 16, "name": "running"},
            "ebsOptimized": True,
            "securityGroups": [{"groupId": "sg-1", "groupName": "web"}, {"groupId": "sg-2"}],
        },
        "tags": [{"key": "stage", "value": "prod", "tag": "stage=prod"}],
    },
    {
        "accountId": "222222222222",
        "awsRegion": "eu-west-1",
        "resourceType": "AWS::EC2::Instance",
        "resourceId": "i-2",
        "configuration": {
            "instanceType": "m5.large",
            "state": {"code": 80, "name": "stopped"},
            "ebsOptimized": False,
            "securityGroups": [],
        },
        "tags": [],
    },
    {
        "accountId": "222222222222",
        "awsRegion": "global",
        "resourceType": "AWS::IAM::User",
        "resourceId": "AIDA1",
        "resourceName": "o'brien",
        "configuration": {"userName": "o'brien"},
        "tags": [],
    },
]


def run(expression: str) -> list[dict[str, Any]]:
    return parse(expression).run(ITEMS)


def ids(where: str) -> list[str]:
    return [row["resourceId"] for row in run(f"SELECT resourceId WHERE {where}")]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("resourceType = 'AWS::EC2::Instance'", ["i-1", "i-2"]),
        ("resourceType='AWS::EC2::Instance' AND awsRegion='eu-west-1'", ["i-2"]),
        ("resourceType = 'aws::ec2::instance'", []),
        ("accountId IN ('111111111111', '333333333333')", ["i-1"]),
        ("resourceType LIKE 'AWS::IAM%'", ["AIDA1"]),
        ("resourceType LIKE '%'", ["i-1", "i-2", "AIDA1"]),
        ("resourceName = 'o''brien'", ["AIDA1"]),
        ("configuration.state.name = 'running'", ["i-1"]),
        ("configuration.state.code = 16", ["i-1"]),
        ("configuration.state.code IN (16, 80)", ["i-1", "i-2"]),
        ("configuration.state.code = '16'", []),
        ("configuration.ebsOptimized = true", ["i-1"]),
        ("configuration.ebsOptimized = false", ["i-2"]),
        ("configuration.ebsOptimized = 1", []),
        ("configuration.securityGroups.groupId = 'sg-2'", ["i-1"]),
        ("configuration.securityGroups.groupId LIKE 'sg-1%'", ["i-1"]),
        ("tags.tag = 'stage=prod'", ["i-1"]),
        ("tags.key = 'stage' and tags.value like 'pr%'", ["i-1"]),
        ("configuration.nothing = 'x'", []),
        ("configuration = 'x'", []),
    ],
)
def test_conditions_choose_items(where: str, expected: list[str]) -> None:
    assert ids(where) == expected


def test_rows_keep_the_shape_of_nested_properties() -> None:
    expression = """
        select resourceId, configuration.instanceType, configuration.state.name,
               configuration.securityGroups.groupId, configuration.securityGroups.groupName
        where resourceId = 'i-1';
    """
    assert run(expression) == [
        {
            "resourceId": "i-1",
            "configuration": {
                "instanceType": "t3.micro",
                "state": {"name": "running"},
                "securityGroups": [{"groupId": "sg-1", "groupName": "web"}, {"groupId": "sg-2"}],
            },
        }
    ]


def test_absent_properties_are_left_out_of_a_row() -> None:
    assert run("SELECT resourceId, resourceName WHERE resourceId = 'i-1'") == [{"resourceId": "i-1"}]
    groups = run("SELECT configuration.securityGroups.groupName WHERE resourceId = 'i-1'")
    assert groups == [{"configuration": {"securityGroups": [{"groupName": "web"}]}}]


def test_a_star_means_the_scalar_properties() -> None:
    assert parse("SELECT *").fields == SCALARS
    [row] = run("SELECT * WHERE resourceId = 'AIDA1'")
    assert row == {name: ITEMS[2][name] for name in SCALARS if name in ITEMS[2]}


def test_everything_is_counted_in_one_row() -> None:
    assert run("SELECT COUNT(*)") == [{"COUNT(*)": 3}]
    assert run("SELECT count( * ) WHERE accountId = 'nobody'") == [{"COUNT(*)": 0}]


def test_groups_are_counted_one_by_one() -> None:
    assert run("SELECT resourceType, COUNT(*) GROUP BY resourceType") == [
        {"resourceType": "AWS::EC2::Instance", "COUNT(*)": 2},
        {"resourceType": "AWS::IAM::User", "COUNT(*)": 1},
    ]
    assert run(
        "SELECT accountId, resourceType, COUNT(*) WHERE accountId = '222222222222' GROUP BY accountId, resourceType"
    ) == [
        {"accountId": "222222222222", "resourceType": "AWS::EC2::Instance", "COUNT(*)": 1},
        {"accountId": "222222222222", "resourceType": "AWS::IAM::User", "COUNT(*)": 1},
    ]
    assert run("SELECT COUNT(*) WHERE accountId = 'nobody' GROUP BY resourceType") == []


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "SELECT",
        "SELECT resourceId,",
        "SELECT resourceId FROM resources",
        "SELECT colour",
        "SELECT 'resourceId'",
        "SELECT 5",
        "SELECT resourceId WHERE",
        "SELECT resourceId WHERE resourceType",
        "SELECT resourceId WHERE resourceType = ",
        "SELECT resourceId WHERE resourceType = AWS",
        "SELECT resourceId WHERE resourceType = 'unclosed",
        "SELECT resourceId WHERE colour = 'red'",
        "SELECT resourceId WHERE resourceType = 'a' OR resourceType = 'b'",
        "SELECT resourceId WHERE NOT resourceType = 'a'",
        "SELECT resourceId WHERE resourceType <> 'a'",
        "SELECT resourceId WHERE configuration.state.code > 1",
        "SELECT resourceId WHERE configuration.state.code BETWEEN 1 AND 2",
        "SELECT resourceId WHERE resourceType IN 'a'",
        "SELECT resourceId WHERE resourceType IN ('a'",
        "SELECT resourceId WHERE resourceType LIKE '%Instance'",
        "SELECT resourceId WHERE resourceType LIKE 'AWS::EC2'",
        "SELECT resourceId WHERE resourceType LIKE 'A_S%'",
        "SELECT resourceId WHERE resourceType LIKE 1",
        "SELECT resourceId ORDER BY resourceId",
        "SELECT resourceId GROUP BY resourceType",
        "SELECT resourceId, COUNT(*)",
        "SELECT SUM(configuration.state.code)",
        "SELECT COUNT(resourceId)",
        "SELECT DISTINCT resourceType",
        "SELECT resourceId LIMIT 3",
        "SELECT resourceId; SELECT resourceId",
        "DELETE resourceId",
    ],
)
def test_whatever_else_is_asked_is_refused(expression: str) -> None:
    with pytest.raises(NotUnderstood):
        parse(expression)


def test_a_refusal_says_where() -> None:
    with pytest.raises(NotUnderstood, match="unexpected '<> 'a'' at position 38"):
        parse("SELECT resourceId WHERE resourceType <> 'a'")
