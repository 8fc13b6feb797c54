"""AWS Config's counts are believed only where everything speaks for them, and only where asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.collect.fakes import ACCOUNT, FakeSource, Scripted, denied
from watchword.collect.engine import Scope, collect
from watchword.collect.pruning import RECORDED_EVERYWHERE, ConfigCounts
from watchword.collect.reads import Read
from watchword.collect.tables import all_reads, family
from watchword.model.ids import GLOBAL, Region

HOME = Region("eu-west-1")
NOW = datetime(2026, 6, 1, tzinfo=UTC)

RECORDER: dict[str, Any] = {"name": "default", "recordingGroup": {"allSupported": True}}
STATUS = {"recording": True, "lastStatus": "SUCCESS", "lastStartTime": "2026-05-01T00:00:00Z"}
COUNTS = [{"resourceType": "AWS::EC2::VPC", "count": 1}, {"resourceType": "AWS::EC2::Instance", "count": 0}]


def answers(**changed: Scripted) -> dict[str, Scripted]:
    return {
        "DescribeConfigurationRecorders": {"ConfigurationRecorders": [RECORDER]},
        "DescribeConfigurationRecorderStatus": {"ConfigurationRecordersStatus": [STATUS]},
        "GetDiscoveredResourceCounts": [{"resourceCounts": [one]} for one in COUNTS],
        **changed,
    }


def counts(**changed: Scripted) -> ConfigCounts:
    return ConfigCounts(FakeSource(answers(**changed)), lambda: NOW)


def test_a_settled_recorder_of_everything_is_believed_about_the_types_that_it_records_everywhere() -> None:
    made = counts()
    assert made.empty_kinds(ACCOUNT, HOME) == RECORDED_EVERYWHERE - {"AWS::EC2::VPC"}
    assert made.believed() == [f"{ACCOUNT}/eu-west-1"]


def recorder(**group: object) -> Scripted:
    return {"ConfigurationRecorders": [{"recordingGroup": {"allSupported": True, **group}}]}


def status(**changed: object) -> Scripted:
    return {"ConfigurationRecordersStatus": [{**STATUS, **changed}]}


@pytest.mark.parametrize(
    "changed",
    [
        {"DescribeConfigurationRecorders": {"ConfigurationRecorders": []}},
        {"DescribeConfigurationRecorders": {"ConfigurationRecorders": [{"name": "no group"}]}},
        {"DescribeConfigurationRecorders": denied()},
        {"DescribeConfigurationRecorders": recorder(allSupported=False)},
        {
            "DescribeConfigurationRecorders": recorder(
                exclusionByResourceTypes={"resourceTypes": ["AWS::EC2::VPC"]}
            )
        },
        {
            "DescribeConfigurationRecorders": recorder(
                recordingStrategy={"useOnly": "INCLUSION_BY_RESOURCE_TYPES"}
            )
        },
        {"DescribeConfigurationRecorderStatus": status(recording=False)},
        {"DescribeConfigurationRecorderStatus": status(lastStatus="FAILURE")},
        {"DescribeConfigurationRecorderStatus": status(lastStartTime="2026-05-31T12:00:00Z")},
        {"DescribeConfigurationRecorderStatus": status(lastStartTime="yesterday")},
        {"DescribeConfigurationRecorderStatus": {"ConfigurationRecordersStatus": []}},
        {"DescribeConfigurationRecorderStatus": denied()},
        {"GetDiscoveredResourceCounts": {"resourceCounts": []}},
        {"GetDiscoveredResourceCounts": {"resourceCounts": [{"resourceType": "AWS::EC2::VPC"}]}},
        {"GetDiscoveredResourceCounts": {}},
        {"GetDiscoveredResourceCounts": denied()},
    ],
)
def test_otherwise_nothing_is_left_away(changed: dict[str, Scripted]) -> None:
    made = counts(**changed)
    assert made.empty_kinds(ACCOUNT, HOME) == frozenset()
    assert made.believed() == []


def test_config_is_asked_once_for_each_region() -> None:
    made = counts()
    for _ in range(3):
        made.empty_kinds(ACCOUNT, HOME)
    assert made.empty_kinds(ACCOUNT, GLOBAL) == frozenset()
    assert isinstance(made.source, FakeSource)
    assert [call.operation for call in made.source.asked] == list(answers())


READS = [
    Read("ec2.instances", "DescribeInstances", "Things[]", arn="{Id}", kind="AWS::EC2::Instance"),
    Read("ec2.vpcs", "DescribeVpcs", "Things[]", arn="{Id}", kind="AWS::EC2::VPC"),
    Read("ec2.images", "DescribeImages", "Things[]", arn="{Id}", kind="AWS::EC2::Image"),
    Read(
        "ec2.marks",
        "DescribeMarks",
        "Things[]",
        arn="{_parent}",
        kind="x",
        over="ec2.instances",
        params={"I": "{Id}"},
    ),
]


@pytest.mark.parametrize("trusted", [True, False])
def test_empty_lists_are_left_away_only_where_asked(tmp_path: Path, trusted: bool) -> None:
    things = {"Things": [{"Id": "i-1"}]}
    listed: dict[str, Scripted] = {read.operation: things for read in READS}
    source = FakeSource(answers(**listed))
    snapshot = collect(source, Scope(trust_config_counts=trusted), tmp_path, reads=READS)
    asked = {call.operation for call in source.asked if call.service == "ec2"}
    view = snapshot.view(ACCOUNT)
    if trusted:
        assert asked == {"DescribeVpcs", "DescribeImages"}
        assert view.rows("ec2.instances") == ()
        assert snapshot.manifest["counted_by_config"] == [f"{ACCOUNT}/eu-west-1"]
    else:
        assert asked == set(listed)
        assert len(view.rows("ec2.instances")) == 1
        assert snapshot.manifest["counted_by_config"] == []
    assert len(view.rows("ec2.vpcs")) == 1


def test_no_security_service_is_ever_left_away() -> None:
    kept = {
        "guardduty",
        "securityhub",
        "cloudtrail",
        "config",
        "macie2",
        "inspector2",
        "accessanalyzer",
        "iam",
        "kms",
    }
    for read in all_reads():
        for member in family(read):
            if member.service in kept:
                assert member.kind not in RECORDED_EVERYWHERE
