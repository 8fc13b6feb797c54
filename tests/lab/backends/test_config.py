"""AWS Config on the lab: queries over what is recorded, counts, and states, asked through boto3."""

import json
from collections.abc import Callable
from typing import Any

import pytest

Client = Callable[..., Any]
Refusing = Callable[..., Any]

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/config"
EVERYTHING = {"allSupported": True, "includeGlobalResourceTypes": True}


@pytest.fixture
def record(client: Client) -> Callable[..., Any]:
    """record(account, region, **recordingGroup): starts a recorder, and gives the client."""

    def start(account: str = ACCOUNT, region: str = "us-east-1", **group: Any) -> Any:
        config = client("config", account=account, region=region)
        recorder = {"name": "default", "roleARN": ROLE, "recordingGroup": group or EVERYTHING}
        config.put_configuration_recorder(ConfigurationRecorder=recorder)
        config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "config-history"})
        config.start_configuration_recorder(ConfigurationRecorderName="default")
        return config

    return start


@pytest.fixture
def organisation(client: Client) -> str:
    """A second account of the organisation that this account manages."""
    organizations = client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    status = organizations.create_account(AccountName="dev", Email="dev@example.com")["CreateAccountStatus"]
    return str(status["AccountId"])


def rows(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [json.loads(row) for row in answer["Results"]]


def select(config: Any, expression: str) -> list[dict[str, Any]]:
    return rows(config.select_resource_config(Expression=expression))


def test_every_type_that_the_lab_knows_can_be_queried(client: Client, record: Any) -> None:
    config = record()
    ec2 = client("ec2")
    made = ec2.run_instances(ImageId="ami-12345678", InstanceType="t3.micro", MinCount=1, MaxCount=1)
    instance = made["Instances"][0]
    client("s3").create_bucket(Bucket="records")
    client("iam").create_user(UserName="jo", Tags=[{"Key": "team", "Value": "red"}])
    role = client("iam").create_role(RoleName="run", AssumeRolePolicyDocument="{}")["Role"]
    client("lambda").create_function(
        FunctionName="f", Role=role["Arn"], Handler="f.f", Runtime="python3.12", Code={"ZipFile": b"x"}
    )
    client("rds").create_db_instance(
        DBInstanceIdentifier="orders",
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        StorageEncrypted=True,
        AllocatedStorage=20,
        MasterUsername="admin1",
        MasterUserPassword="secret-1",
    )
    seen = {row["resourceType"] for row in select(config, "SELECT resourceType")}
    assert seen == {
        "AWS::EC2::Instance",
        "AWS::EC2::NetworkInterface",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::VPC",
        "AWS::IAM::Role",
        "AWS::IAM::User",
        "AWS::Lambda::Function",
        "AWS::RDS::DBInstance",
        "AWS::S3::Bucket",
    }
    [found] = select(
        config,
        "SELECT resourceId, arn, accountId, awsRegion, configuration.instanceType, configuration.vpcId "
        "WHERE resourceType = 'AWS::EC2::Instance'",
    )
    assert found == {
        "resourceId": instance["InstanceId"],
        "arn": f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/{instance['InstanceId']}",
        "accountId": ACCOUNT,
        "awsRegion": "us-east-1",
        "configuration": {"instanceType": "t3.micro", "vpcId": instance["VpcId"]},
    }
    assert select(config, "SELECT resourceName, awsRegion WHERE tags.tag = 'team=red'") == [
        {"resourceName": "jo", "awsRegion": "global"}
    ]
    [database] = select(config, "SELECT resourceName WHERE configuration.storageEncrypted = true")
    assert database == {"resourceName": "orders"}
    [interface] = select(
        config,
        "SELECT configuration.attachment.instanceId WHERE resourceType = 'AWS::EC2::NetworkInterface'",
    )
    assert interface["configuration"]["attachment"]["instanceId"] == instance["InstanceId"]


def test_the_fields_of_a_query_are_told(record: Any) -> None:
    answer = record().select_resource_config(
        Expression="SELECT resourceType, COUNT(*) WHERE resourceType = 'AWS::EC2::VPC' GROUP BY resourceType"
    )
    assert answer["QueryInfo"]["SelectFields"] == [{"Name": "resourceType"}, {"Name": "COUNT(*)"}]
    assert rows(answer) == [{"resourceType": "AWS::EC2::VPC", "COUNT(*)": 1}]


def test_nothing_is_seen_that_is_not_recorded(client: Client, record: Any) -> None:
    client("s3").create_bucket(Bucket="records")
    client("iam").create_user(UserName="jo")
    assert select(client("config"), "SELECT resourceId") == []
    config = record(resourceTypes=["AWS::S3::Bucket"], allSupported=False)
    assert select(config, "SELECT resourceId") == [{"resourceId": "records"}]
    config.stop_configuration_recorder(ConfigurationRecorderName="default")
    assert select(config, "SELECT resourceId") == []


def test_global_resources_are_recorded_on_request(client: Client, record: Any) -> None:
    client("iam").create_user(UserName="jo")
    config = record(allSupported=True, includeGlobalResourceTypes=False)
    assert select(config, "SELECT resourceId WHERE resourceType = 'AWS::IAM::User'") == []
    assert len(select(config, "SELECT resourceId WHERE resourceType = 'AWS::EC2::VPC'")) == 1


def test_excluded_types_are_not_recorded(client: Client, record: Any) -> None:
    client("s3").create_bucket(Bucket="records")
    config = record(
        allSupported=False,
        exclusionByResourceTypes={"resourceTypes": ["AWS::S3::Bucket"]},
        recordingStrategy={"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"},
    )
    kinds = {row["resourceType"] for row in select(config, "SELECT resourceType")}
    assert "AWS::EC2::VPC" in kinds
    assert "AWS::S3::Bucket" not in kinds


def test_a_query_beyond_the_lab_is_refused(client: Client, refused: Refusing) -> None:
    config = client("config")
    answer = refused(config.select_resource_config, Expression="SELECT resourceId ORDER BY resourceId")
    assert answer.code == "InvalidExpressionException"
    assert "ORDER" in answer.message


def test_rows_are_paged(client: Client, record: Any, refused: Refusing) -> None:
    for number in range(5):
        client("s3").create_bucket(Bucket=f"records-{number}")
    config = record()
    expression = "SELECT resourceId WHERE resourceType = 'AWS::S3::Bucket'"
    pages = config.get_paginator("select_resource_config").paginate(
        Expression=expression, PaginationConfig={"PageSize": 2}
    )
    assert [len(page["Results"]) for page in pages] == [2, 2, 1]
    bad = refused(config.select_resource_config, Expression=expression, NextToken="bogus")
    assert bad.code == "InvalidNextTokenException"


def test_missing_and_too_large_values_are_refused(client: Client, refused: Refusing) -> None:
    unchecked = client("config", unchecked=True)
    assert refused(unchecked.select_resource_config).code == "ValidationException"
    assert (
        refused(unchecked.select_resource_config, Expression="SELECT *", Limit=101).code
        == "ValidationException"
    )


def test_an_aggregator_over_the_organisation_sees_every_account_and_region(
    client: Client, record: Any, organisation: str
) -> None:
    record()
    record(account=organisation, region="eu-west-1")
    client("s3").create_bucket(Bucket="mine")
    client("iam", account=organisation).create_user(UserName="jo")
    config = client("config")
    config.put_configuration_aggregator(
        ConfigurationAggregatorName="all",
        OrganizationAggregationSource={"RoleArn": ROLE, "AllAwsRegions": True},
    )
    answer = config.select_aggregate_resource_config(
        ConfigurationAggregatorName="all",
        Expression="SELECT accountId, resourceName WHERE resourceType IN ('AWS::S3::Bucket', 'AWS::IAM::User')",
    )
    assert sorted(row["accountId"] + row["resourceName"] for row in rows(answer)) == sorted(
        [f"{ACCOUNT}mine", f"{organisation}jo"]
    )
    config.put_configuration_aggregator(
        ConfigurationAggregatorName="europe",
        OrganizationAggregationSource={"RoleArn": ROLE, "AwsRegions": ["eu-west-1"]},
    )
    europe = config.select_aggregate_resource_config(
        ConfigurationAggregatorName="europe", Expression="SELECT accountId GROUP BY accountId"
    )
    assert rows(europe) == [{"accountId": organisation}]
    counts = config.select_aggregate_resource_config(
        ConfigurationAggregatorName="all",
        Expression="SELECT awsRegion, COUNT(*) WHERE resourceType = 'AWS::EC2::VPC' GROUP BY awsRegion",
    )
    assert {row["awsRegion"]: row["COUNT(*)"] for row in rows(counts)} == {"us-east-1": 1, "eu-west-1": 1}


def test_a_global_resource_counts_once_however_many_regions_record_it(client: Client, record: Any) -> None:
    record()
    record(region="eu-west-1")
    client("iam").create_user(UserName="jo")
    config = client("config")
    sources = [{"AccountIds": [ACCOUNT], "AllAwsRegions": True}]
    config.put_configuration_aggregator(ConfigurationAggregatorName="own", AccountAggregationSources=sources)
    answer = config.select_aggregate_resource_config(
        ConfigurationAggregatorName="own", Expression="SELECT COUNT(*) WHERE resourceType = 'AWS::IAM::User'"
    )
    assert rows(answer) == [{"COUNT(*)": 1}]


def test_an_aggregator_over_accounts_sees_those_that_authorised_it(client: Client, record: Any) -> None:
    theirs = record(account="222222222222")
    record()
    config = client("config")
    config.put_configuration_aggregator(
        ConfigurationAggregatorName="two",
        AccountAggregationSources=[{"AccountIds": [ACCOUNT, "222222222222"], "AwsRegions": ["us-east-1"]}],
    )

    def accounts() -> set[str]:
        answer = config.select_aggregate_resource_config(
            ConfigurationAggregatorName="two", Expression="SELECT accountId"
        )
        return {row["accountId"] for row in rows(answer)}

    assert accounts() == {ACCOUNT}
    theirs.put_aggregation_authorization(AuthorizedAccountId=ACCOUNT, AuthorizedAwsRegion="us-east-1")
    assert accounts() == {ACCOUNT, "222222222222"}
    told = config.describe_configuration_aggregator_sources_status(ConfigurationAggregatorName="two")
    listed = told["AggregatedSourceStatusList"]
    assert [(item["SourceId"], item["AwsRegion"], item["SourceType"]) for item in listed] == [
        (ACCOUNT, "us-east-1", "ACCOUNT"),
        ("222222222222", "us-east-1", "ACCOUNT"),
    ]
    failed = config.describe_configuration_aggregator_sources_status(
        ConfigurationAggregatorName="two", UpdateStatus=["FAILED"]
    )
    assert failed["AggregatedSourceStatusList"] == []


def test_aggregators_are_described(client: Client, refused: Refusing) -> None:
    config = client("config")
    config.put_configuration_aggregator(
        ConfigurationAggregatorName="all",
        OrganizationAggregationSource={"RoleArn": ROLE, "AllAwsRegions": True},
    )
    [told] = config.describe_configuration_aggregators()["ConfigurationAggregators"]
    assert told["OrganizationAggregationSource"]["AllAwsRegions"] is True
    assert told["ConfigurationAggregatorArn"].startswith(
        f"arn:aws:config:us-east-1:{ACCOUNT}:config-aggregator/"
    )
    for operation, more in (
        (config.select_aggregate_resource_config, {"Expression": "SELECT *"}),
        (config.get_aggregate_discovered_resource_counts, {}),
        (config.describe_configuration_aggregator_sources_status, {}),
    ):
        answer = refused(operation, ConfigurationAggregatorName="none", **more)
        assert answer.code == "NoSuchConfigurationAggregatorException"


def test_recorded_resources_are_counted_by_type(client: Client, record: Any) -> None:
    for name in ("a-records", "b-records"):
        client("s3").create_bucket(Bucket=name)
    config = record()
    told = config.get_discovered_resource_counts(resourceTypes=["AWS::S3::Bucket", "AWS::EC2::VPC"])
    assert told["totalDiscoveredResources"] == 3
    assert told["resourceCounts"] == [
        {"resourceType": "AWS::S3::Bucket", "count": 2},
        {"resourceType": "AWS::EC2::VPC", "count": 1},
    ]
    first = config.get_discovered_resource_counts(limit=1)
    assert len(first["resourceCounts"]) == 1
    assert first["nextToken"]


def test_aggregated_resources_are_counted_by_account_region_or_type(
    client: Client, record: Any, organisation: str
) -> None:
    record()
    record(account=organisation)
    config = client("config")
    config.put_configuration_aggregator(
        ConfigurationAggregatorName="all",
        OrganizationAggregationSource={"RoleArn": ROLE, "AllAwsRegions": True},
    )
    by_account = config.get_aggregate_discovered_resource_counts(
        ConfigurationAggregatorName="all", Filters={"ResourceType": "AWS::EC2::VPC"}, GroupByKey="ACCOUNT_ID"
    )
    assert (by_account["TotalDiscoveredResources"], by_account["GroupByKey"]) == (2, "ACCOUNT_ID")
    assert {item["GroupName"]: item["ResourceCount"] for item in by_account["GroupedResourceCounts"]} == {
        ACCOUNT: 1,
        organisation: 1,
    }
    total = config.get_aggregate_discovered_resource_counts(
        ConfigurationAggregatorName="all", Filters={"AccountId": organisation, "Region": "us-east-1"}
    )
    assert total["TotalDiscoveredResources"] == 2, "the default VPC and its security group"
    assert "GroupedResourceCounts" not in total


def test_the_status_of_a_recorder_follows_its_starts_and_stops(
    client: Client, record: Any, refused: Refusing
) -> None:
    fresh = client("config", region="eu-west-1")
    assert fresh.describe_configuration_recorder_status()["ConfigurationRecordersStatus"] == []
    fresh.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": ROLE})
    [before] = fresh.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
    assert (before["recording"], before["lastStatus"]) == (False, "PENDING")
    assert "lastStartTime" not in before
    config = record()
    [running] = config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
    assert (running["name"], running["recording"], running["lastStatus"]) == ("default", True, "SUCCESS")
    config.stop_configuration_recorder(ConfigurationRecorderName="default")
    [stopped] = config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
    assert stopped["recording"] is False
    assert stopped["lastStopTime"] >= running["lastStartTime"]
    unknown = refused(config.describe_configuration_recorder_status, ConfigurationRecorderNames=["none"])
    assert unknown.code == "NoSuchConfigurationRecorderException"


def test_a_channel_without_its_bucket_fails(client: Client, record: Any, refused: Refusing) -> None:
    config = record()
    [told] = config.describe_delivery_channel_status()["DeliveryChannelsStatus"]
    assert told["configHistoryDeliveryInfo"]["lastStatus"] == "FAILURE"
    assert told["configHistoryDeliveryInfo"]["lastErrorCode"] == "NoSuchBucket"
    client("s3", account="222222222222").create_bucket(Bucket="config-history")
    [told] = config.describe_delivery_channel_status()["DeliveryChannelsStatus"]
    assert told["configHistoryDeliveryInfo"]["lastStatus"] == "SUCCESS"
    assert told["configStreamDeliveryInfo"]["lastStatus"] == "NOT_APPLICABLE"
    idle = client("config", region="eu-west-1")
    topic = client("sns", region="eu-west-1").create_topic(Name="config")["TopicArn"]
    idle.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": ROLE})
    idle.put_delivery_channel(
        DeliveryChannel={"name": "default", "s3BucketName": "config-history", "snsTopicARN": topic}
    )
    [before] = idle.describe_delivery_channel_status()["DeliveryChannelsStatus"]
    assert before["configHistoryDeliveryInfo"]["lastStatus"] == "NOT_APPLICABLE"
    assert before["configStreamDeliveryInfo"]["lastStatus"] == "NOT_APPLICABLE"
    idle.start_configuration_recorder(ConfigurationRecorderName="default")
    [after] = idle.describe_delivery_channel_status()["DeliveryChannelsStatus"]
    assert after["configStreamDeliveryInfo"]["lastStatus"] == "SUCCESS"
    unknown = refused(config.describe_delivery_channel_status, DeliveryChannelNames=["none"])
    assert unknown.code == "NoSuchDeliveryChannelException"
