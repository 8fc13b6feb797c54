"""Small gaps of moto that are mended, each seen over HTTP; and things that real controls read, which moto keeps."""

import json
from collections.abc import Callable
from typing import Any

import pytest

TABLE: dict[str, Any] = {
    "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
PUBLIC = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
    }
)


@pytest.fixture
def subnets(client: Callable[..., Any]) -> list[str]:
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    zones = enumerate(("us-east-1a", "us-east-1b"))
    return [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for n, zone in zones
    ]


def vpc_of(client: Callable[..., Any], subnet: str) -> str:
    return str(client("ec2").describe_subnets(SubnetIds=[subnet])["Subnets"][0]["VpcId"])


def test_plain_selectors_of_a_trail_replace_advanced_ones(client: Callable[..., Any]) -> None:
    client("s3").create_bucket(Bucket="trail-logs")
    trails = client("cloudtrail")
    trails.create_trail(Name="main", S3BucketName="trail-logs")
    fields = [{"Field": "eventCategory", "Equals": ["Data"]}]
    trails.put_event_selectors(
        TrailName="main", AdvancedEventSelectors=[{"Name": "s3", "FieldSelectors": fields}]
    )
    found = trails.get_event_selectors(TrailName="main")
    assert found["AdvancedEventSelectors"][0]["FieldSelectors"] == fields
    assert not found.get("EventSelectors")

    resources = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}]
    plain = [{"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": resources}]
    trails.put_event_selectors(TrailName="main", EventSelectors=plain)
    found = trails.get_event_selectors(TrailName="main")
    assert found["EventSelectors"][0]["DataResources"] == resources
    assert not found.get("AdvancedEventSelectors")


def test_only_listeners_with_tls_have_a_security_policy(
    client: Callable[..., Any], subnets: list[str]
) -> None:
    balancers = client("elbv2")
    made = balancers.create_load_balancer(Name="web", Subnets=subnets, Type="application")
    balancer = made["LoadBalancers"][0]["LoadBalancerArn"]
    certificate = client("acm").request_certificate(DomainName="web.example.com")["CertificateArn"]
    oidc = {
        "Issuer": "https://idp.example.com",
        "AuthorizationEndpoint": "https://idp.example.com/a",
        "TokenEndpoint": "https://idp.example.com/t",
        "UserInfoEndpoint": "https://idp.example.com/u",
        "ClientId": "c",
        "ClientSecret": "s",
        "SessionTimeout": 900,
        "OnUnauthenticatedRequest": "authenticate",
    }
    fixed = {"Type": "fixed-response", "Order": 2, "FixedResponseConfig": {"StatusCode": "200"}}
    balancers.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTPS",
        Port=443,
        SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[{"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": oidc}, fixed],
    )
    balancers.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[fixed])
    found = {
        each["Port"]: each for each in balancers.describe_listeners(LoadBalancerArn=balancer)["Listeners"]
    }
    assert found[443]["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    assert found[443]["DefaultActions"][0]["AuthenticateOidcConfig"]["SessionTimeout"] == 900
    assert "SslPolicy" not in found[80]


def test_a_search_domain_tells_its_vpc(client: Callable[..., Any], subnets: list[str]) -> None:
    search = client("opensearch")
    search.create_domain(
        DomainName="logs",
        VPCOptions={"SubnetIds": subnets, "SecurityGroupIds": ["sg-1"]},
        EncryptionAtRestOptions={"Enabled": True},
    )
    (found,) = search.describe_domains(DomainNames=["logs"])["DomainStatusList"]
    assert found["VPCOptions"]["VPCId"] == vpc_of(client, subnets[0])
    assert found["VPCOptions"]["AvailabilityZones"] == ["us-east-1a", "us-east-1b"]
    assert found["VPCOptions"]["SecurityGroupIds"] == ["sg-1"]
    assert found["EncryptionAtRestOptions"]["Enabled"] is True


def test_a_redshift_cluster_tells_its_vpc(client: Callable[..., Any], subnets: list[str]) -> None:
    redshift = client("redshift")
    redshift.create_cluster_subnet_group(ClusterSubnetGroupName="g", Description="d", SubnetIds=subnets)
    redshift.create_cluster(
        ClusterIdentifier="dw",
        NodeType="ra3.xlplus",
        MasterUsername="a",
        MasterUserPassword="Passw0rd!",
        PubliclyAccessible=True,
        Encrypted=True,
        ClusterSubnetGroupName="g",
    )
    (found,) = redshift.describe_clusters()["Clusters"]
    assert found["VpcId"] == vpc_of(client, subnets[0])
    assert (found["PubliclyAccessible"], found["Encrypted"]) == (True, True)


def test_a_bucket_is_always_encrypted(client: Callable[..., Any]) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="plain-bucket")

    def encryption() -> Any:
        (rule,) = s3.get_bucket_encryption(Bucket="plain-bucket")["ServerSideEncryptionConfiguration"][
            "Rules"
        ]
        return rule["ApplyServerSideEncryptionByDefault"]

    assert encryption() == {"SSEAlgorithm": "AES256"}
    chosen = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "arn:aws:kms:us-east-1:123456789012:key/k"}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": chosen}]}
    s3.put_bucket_encryption(Bucket="plain-bucket", ServerSideEncryptionConfiguration=rules)
    assert encryption() == chosen


def test_authorizers_of_an_http_api_are_listed(
    client: Callable[..., Any], refused: Callable[..., Any]
) -> None:
    apis = client("apigatewayv2")
    api = apis.create_api(Name="a", ProtocolType="HTTP")["ApiId"]
    assert apis.get_authorizers(ApiId=api)["Items"] == []
    jwt = {"Audience": ["a"], "Issuer": "https://idp.example.com"}
    made = apis.create_authorizer(
        ApiId=api,
        Name="idp",
        AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration=jwt,
    )
    (found,) = apis.get_authorizers(ApiId=api)["Items"]
    assert (found["AuthorizerId"], found["JwtConfiguration"]) == (made["AuthorizerId"], jwt)
    assert refused(apis.get_authorizers, ApiId="none").code == "NotFoundException"


def test_databases_keep_what_controls_read(client: Callable[..., Any]) -> None:
    rds = client("rds")
    rds.create_db_instance(
        DBInstanceIdentifier="db",
        Engine="postgres",
        EngineVersion="16.3",
        DBInstanceClass="db.t3.micro",
        AllocatedStorage=20,
        MasterUsername="a",
        MasterUserPassword="passw0rd!!",
        PubliclyAccessible=True,
        StorageEncrypted=False,
        DeletionProtection=True,
    )
    (found,) = rds.describe_db_instances()["DBInstances"]
    assert (found["PubliclyAccessible"], found["StorageEncrypted"], found["EngineVersion"]) == (
        True,
        False,
        "16.3",
    )
    rds.create_db_snapshot(DBInstanceIdentifier="db", DBSnapshotIdentifier="s")
    rds.modify_db_snapshot_attribute(DBSnapshotIdentifier="s", AttributeName="restore", ValuesToAdd=["all"])
    attributes = rds.describe_db_snapshot_attributes(DBSnapshotIdentifier="s")["DBSnapshotAttributesResult"]
    assert attributes["DBSnapshotAttributes"][0]["AttributeValues"] == ["all"]

    tables = client("dynamodb")
    tables.create_table(TableName="tab", SSESpecification={"Enabled": True, "SSEType": "KMS"}, **TABLE)
    table = tables.describe_table(TableName="tab")["Table"]
    assert table["SSEDescription"]["Status"] == "ENABLED"
    tables.put_resource_policy(ResourceArn=table["TableArn"], Policy=PUBLIC)
    assert json.loads(tables.get_resource_policy(ResourceArn=table["TableArn"])["Policy"]) == json.loads(
        PUBLIC
    )


def test_keys_messages_and_files_keep_their_policies(client: Callable[..., Any]) -> None:
    keys = client("kms")
    key = keys.create_key(Policy=PUBLIC)["KeyMetadata"]["Arn"]
    assert json.loads(keys.get_key_policy(KeyId=key, PolicyName="default")["Policy"]) == json.loads(PUBLIC)
    grantee = "arn:aws:iam::999999999999:root"
    keys.create_grant(KeyId=key, GranteePrincipal=grantee, Operations=["Decrypt"])
    assert keys.list_grants(KeyId=key)["Grants"][0]["GranteePrincipal"] == grantee

    queues = client("sqs")
    url = queues.create_queue(QueueName="q", Attributes={"Policy": PUBLIC})["QueueUrl"]
    shown = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert json.loads(shown["Policy"]) == json.loads(PUBLIC)

    topics = client("sns")
    topic = topics.create_topic(Name="t", Attributes={"Policy": PUBLIC, "KmsMasterKeyId": key})["TopicArn"]
    attributes = topics.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (json.loads(attributes["Policy"]), attributes["KmsMasterKeyId"]) == (json.loads(PUBLIC), key)

    secrets = client("secretsmanager")
    secret = secrets.create_secret(Name="s", SecretString="x")["ARN"]
    secrets.put_resource_policy(SecretId=secret, ResourcePolicy=PUBLIC)
    assert json.loads(secrets.get_resource_policy(SecretId=secret)["ResourcePolicy"]) == json.loads(PUBLIC)

    files = client("efs")
    system = files.create_file_system(CreationToken="t", Encrypted=True)["FileSystemId"]
    files.put_file_system_policy(FileSystemId=system, Policy=PUBLIC)
    assert json.loads(files.describe_file_system_policy(FileSystemId=system)["Policy"]) == json.loads(PUBLIC)

    images = client("ecr")
    images.create_repository(repositoryName="repo", imageTagMutability="IMMUTABLE")
    images.set_repository_policy(repositoryName="repo", policyText=PUBLIC)
    assert json.loads(images.get_repository_policy(repositoryName="repo")["policyText"]) == json.loads(PUBLIC)
    images.put_registry_scanning_configuration(scanType="ENHANCED", rules=[])
    assert images.get_registry_scanning_configuration()["scanningConfiguration"]["scanType"] == "ENHANCED"


def test_a_web_acl_is_found_by_load_balancer_api_and_user_pool(
    client: Callable[..., Any], subnets: list[str]
) -> None:
    firewall = client("wafv2")
    seen = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"}
    acl = firewall.create_web_acl(
        Name="w", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=seen
    )
    balancer = client("elbv2").create_load_balancer(Name="web", Subnets=subnets)["LoadBalancers"][0][
        "LoadBalancerArn"
    ]
    pool = client("cognito-idp").create_user_pool(PoolName="p")["UserPool"]["Arn"]
    api = client("apigateway").create_rest_api(name="a")["id"]
    stage = f"arn:aws:apigateway:us-east-1::/restapis/{api}/stages/prod"
    client("apigateway").put_method(
        restApiId=api,
        resourceId=client("apigateway").get_resources(restApiId=api)["items"][0]["id"],
        httpMethod="GET",
        authorizationType="NONE",
    )
    client("apigateway").put_integration(
        restApiId=api,
        resourceId=client("apigateway").get_resources(restApiId=api)["items"][0]["id"],
        httpMethod="GET",
        type="MOCK",
    )
    client("apigateway").create_deployment(restApiId=api, stageName="prod")
    for arn in (balancer, pool, stage):
        firewall.associate_web_acl(WebACLArn=acl["Summary"]["ARN"], ResourceArn=arn)
        assert firewall.get_web_acl_for_resource(ResourceArn=arn)["WebACL"]["Name"] == "w"
