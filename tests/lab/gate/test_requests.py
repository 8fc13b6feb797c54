"""What a request must be allowed to do: action, resource and context of operations in every protocol."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.moto_api._internal.models import moto_api_backend
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends

from tests.lab.gate.wire_requests import environ_of
from watchword.lab import backends
from watchword.lab.gate.reading import Signer, read, signer_of
from watchword.lab.gate.requests import checks_of
from watchword.lab.gate.sessions import ANONYMOUS, Caller, Session

ACCOUNT = "111122223333"
OTHER = "444455556666"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ANN = Caller(
    "User",
    ACCOUNT,
    f"arn:aws:iam::{ACCOUNT}:user/team/ann",
    f"arn:aws:iam::{ACCOUNT}:user/team/ann",
    "AIDAANN",
)
IAM = f"arn:aws:iam::{ACCOUNT}"
R = f"eu-west-1:{ACCOUNT}"
EC2 = f"arn:aws:ec2:{R}"


@pytest.fixture(scope="module", autouse=True)
def estate() -> Iterator[dict[str, str]]:
    """What names alone do not tell: paths of users and roles, aliases, secrets, owners of buckets, tags."""
    backends.install()
    moto_api_backend.reset()
    iam: Any = iam_backends[ACCOUNT]["aws"]
    iam.create_user("us-east-1", "ann", "/team/", tags=[{"Key": "team", "Value": "blue"}])
    iam.create_role("deploy", "{}", "/ci/", None, "", [{"Key": "stage", "Value": "prod"}], 3600)
    iam.create_instance_profile("web", "/", [], [])
    iam.add_role_to_instance_profile("web", "deploy")
    kms: Any = kms_backends[ACCOUNT]["eu-west-1"]
    key = kms.create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "", [], "AWS_KMS")
    kms.create_alias(key.id, "alias/orders")
    secrets: Any = secretsmanager_backends[ACCOUNT]["eu-west-1"]
    secret = secrets.create_secret(
        "db", "x", None, None, [{"Key": "stage", "Value": "prod"}], None, None, [], False
    )
    made = json.loads(secret)["ARN"] if isinstance(secret, str) else secret.arn
    bucket: Any = s3_backends[OTHER]["aws"]
    bucket.create_bucket("theirs", "eu-west-1")
    mine: Any = s3_backends[ACCOUNT]["aws"]
    mine.create_bucket("mine", "eu-west-1")
    stored = mine.put_object("mine", "a.txt", b"x")
    mine.put_object_tagging(stored, {"classification": "restricted"})
    yield {"key": f"arn:aws:kms:{R}:key/{key.id}", "secret": made}
    moto_api_backend.reset()


def wanted(service: str, operation: str, caller: Caller = ANN, **params: Any) -> list[tuple[str, str]]:
    return [(check.action, check.target.arn) for check in asked_checks(service, operation, caller, **params)]


def asked_checks(
    service: str, operation: str, caller: Caller = ANN, *, key: str = "AKIATEST", **params: Any
) -> Any:
    environ = environ_of(service, operation, key=key, **params)
    asked = read(environ)
    assert asked is not None, f"{service} {operation} was not recognised"
    return checks_of(asked, environ, caller, NOW)


ROLE = f"{IAM}:role/ci/deploy"

# Service, operation, parameters, and the permissions on resources that it takes.
TABLE: list[tuple[str, str, dict[str, Any], list[tuple[str, str]]]] = [
    # query
    ("iam", "create_user", {"UserName": "bob"}, [("iam:CreateUser", f"{IAM}:user/bob")]),
    ("iam", "create_user", {"UserName": "bob", "Path": "/x/"}, [("iam:CreateUser", f"{IAM}:user/x/bob")]),
    (
        "iam",
        "create_user",
        {"UserName": "bob", "Tags": [{"Key": "a", "Value": "b"}]},
        [("iam:CreateUser", f"{IAM}:user/bob"), ("iam:TagUser", f"{IAM}:user/bob")],
    ),
    ("iam", "delete_user", {"UserName": "ann"}, [("iam:DeleteUser", f"{IAM}:user/team/ann")]),
    ("iam", "get_user", {}, [("iam:GetUser", f"{IAM}:user/team/ann")]),
    ("iam", "create_access_key", {}, [("iam:CreateAccessKey", f"{IAM}:user/team/ann")]),
    ("iam", "list_users", {}, [("iam:ListUsers", f"{IAM}:user/")]),
    ("iam", "list_roles", {"PathPrefix": "/ci/"}, [("iam:ListRoles", f"{IAM}:role/ci/")]),
    ("iam", "get_account_authorization_details", {}, [("iam:GetAccountAuthorizationDetails", "*")]),
    (
        "iam",
        "attach_user_policy",
        {"UserName": "ann", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
        [("iam:AttachUserPolicy", f"{IAM}:user/team/ann")],
    ),
    (
        "iam",
        "attach_role_policy",
        {"RoleName": "deploy", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
        [("iam:AttachRolePolicy", ROLE)],
    ),
    (
        "iam",
        "put_user_permissions_boundary",
        {"UserName": "ann", "PermissionsBoundary": f"{IAM}:policy/fence"},
        [("iam:PutUserPermissionsBoundary", f"{IAM}:user/team/ann")],
    ),
    (
        "iam",
        "add_user_to_group",
        {"GroupName": "g", "UserName": "ann"},
        [("iam:AddUserToGroup", f"{IAM}:group/g")],
    ),
    (
        "iam",
        "create_policy",
        {"PolicyName": "p", "PolicyDocument": "{}"},
        [("iam:CreatePolicy", f"{IAM}:policy/p")],
    ),
    (
        "iam",
        "create_policy_version",
        {"PolicyArn": f"{IAM}:policy/p", "PolicyDocument": "{}"},
        [("iam:CreatePolicyVersion", f"{IAM}:policy/p")],
    ),
    (
        "iam",
        "update_assume_role_policy",
        {"RoleName": "deploy", "PolicyDocument": "{}"},
        [("iam:UpdateAssumeRolePolicy", ROLE)],
    ),
    (
        "iam",
        "add_role_to_instance_profile",
        {"InstanceProfileName": "web", "RoleName": "deploy"},
        [("iam:AddRoleToInstanceProfile", f"{IAM}:instance-profile/web"), ("iam:PassRole", ROLE)],
    ),
    (
        "iam",
        "create_service_linked_role",
        {"AWSServiceName": "ecs.amazonaws.com"},
        [("iam:CreateServiceLinkedRole", f"{IAM}:role/aws-service-role/ecs.amazonaws.com/*")],
    ),
    (
        "iam",
        "create_open_id_connect_provider",
        {"Url": "https://token.example/x", "ThumbprintList": ["a" * 40]},
        [("iam:CreateOpenIDConnectProvider", f"{IAM}:oidc-provider/token.example/x")],
    ),
    ("sts", "get_caller_identity", {}, []),
    ("sts", "get_session_token", {}, []),
    ("sts", "assume_role", {"RoleArn": ROLE, "RoleSessionName": "ann"}, [("sts:AssumeRole", ROLE)]),
    (
        "sts",
        "assume_role",
        {
            "RoleArn": ROLE,
            "RoleSessionName": "ann",
            "SourceIdentity": "ann",
            "Tags": [{"Key": "a", "Value": "b"}],
        },
        [("sts:AssumeRole", ROLE), ("sts:TagSession", ROLE), ("sts:SetSourceIdentity", ROLE)],
    ),
    (
        "sts",
        "get_federation_token",
        {"Name": "bob"},
        [("sts:GetFederationToken", f"arn:aws:sts::{ACCOUNT}:federated-user/bob")],
    ),
    (
        "sns",
        "publish",
        {"TopicArn": f"arn:aws:sns:{R}:t", "Message": "x"},
        [("sns:Publish", f"arn:aws:sns:{R}:t")],
    ),
    ("sns", "create_topic", {"Name": "t"}, [("sns:CreateTopic", f"arn:aws:sns:{R}:t")]),
    ("sns", "list_topics", {}, [("sns:ListTopics", "*")]),
    (
        "cloudformation",
        "create_stack",
        {"StackName": "s", "TemplateBody": "{}", "RoleARN": ROLE},
        [("cloudformation:CreateStack", f"arn:aws:cloudformation:{R}:stack/s/*"), ("iam:PassRole", ROLE)],
    ),
    (
        "rds",
        "delete_db_instance",
        {"DBInstanceIdentifier": "db1"},
        [("rds:DeleteDBInstance", f"arn:aws:rds:{R}:db:db1")],
    ),
    (
        "rds",
        "modify_db_snapshot_attribute",
        {"DBSnapshotIdentifier": "s1", "AttributeName": "restore", "ValuesToAdd": ["all"]},
        [("rds:ModifyDBSnapshotAttribute", f"arn:aws:rds:{R}:snapshot:s1")],
    ),
    ("elbv2", "describe_load_balancers", {}, [("elasticloadbalancing:DescribeLoadBalancers", "*")]),
    (
        "elb",
        "delete_load_balancer",
        {"LoadBalancerName": "old"},
        [("elasticloadbalancing:DeleteLoadBalancer", f"arn:aws:elasticloadbalancing:{R}:loadbalancer/old")],
    ),
    (
        "cloudwatch",
        "delete_alarms",
        {"AlarmNames": ["a1"]},
        [("cloudwatch:DeleteAlarms", f"arn:aws:cloudwatch:{R}:alarm:a1")],
    ),
    (
        "autoscaling",
        "delete_auto_scaling_group",
        {"AutoScalingGroupName": "g"},
        [
            (
                "autoscaling:DeleteAutoScalingGroup",
                f"arn:aws:autoscaling:{R}:autoScalingGroup:*:autoScalingGroupName/g",
            )
        ],
    ),
    (
        "redshift",
        "delete_cluster",
        {"ClusterIdentifier": "c"},
        [("redshift:DeleteCluster", f"arn:aws:redshift:{R}:cluster:c")],
    ),
    # ec2
    ("ec2", "describe_instances", {"InstanceIds": ["i-0123"]}, [("ec2:DescribeInstances", "*")]),
    (
        "ec2",
        "terminate_instances",
        {"InstanceIds": ["i-0123", "i-0456"]},
        [
            ("ec2:TerminateInstances", f"{EC2}:instance/i-0123"),
            ("ec2:TerminateInstances", f"{EC2}:instance/i-0456"),
        ],
    ),
    (
        "ec2",
        "authorize_security_group_ingress",
        {"GroupId": "sg-0123", "CidrIp": "0.0.0.0/0", "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22},
        [("ec2:AuthorizeSecurityGroupIngress", f"{EC2}:security-group/sg-0123")],
    ),
    ("ec2", "create_vpc", {"CidrBlock": "10.0.0.0/16"}, [("ec2:CreateVpc", f"{EC2}:vpc/*")]),
    (
        "ec2",
        "create_subnet",
        {"VpcId": "vpc-0123", "CidrBlock": "10.0.0.0/24"},
        [("ec2:CreateSubnet", f"{EC2}:vpc/vpc-0123"), ("ec2:CreateSubnet", f"{EC2}:subnet/*")],
    ),
    (
        "ec2",
        "modify_snapshot_attribute",
        {"SnapshotId": "snap-0123", "Attribute": "createVolumePermission"},
        [("ec2:ModifySnapshotAttribute", "arn:aws:ec2:eu-west-1::snapshot/snap-0123")],
    ),
    (
        "ec2",
        "create_tags",
        {"Resources": ["i-0123"], "Tags": [{"Key": "a", "Value": "b"}]},
        [("ec2:CreateTags", f"{EC2}:instance/i-0123")],
    ),
    (
        "ec2",
        "run_instances",
        {
            "ImageId": "ami-0123",
            "MinCount": 1,
            "MaxCount": 1,
            "SubnetId": "subnet-0123",
            "KeyName": "k",
            "IamInstanceProfile": {"Name": "web"},
        },
        [
            ("ec2:RunInstances", "arn:aws:ec2:eu-west-1::image/ami-0123"),
            ("ec2:RunInstances", f"{EC2}:subnet/subnet-0123"),
            ("ec2:RunInstances", f"{EC2}:key-pair/k"),
            ("ec2:RunInstances", f"{EC2}:instance/*"),
            ("ec2:RunInstances", f"{EC2}:network-interface/*"),
            ("ec2:RunInstances", f"{EC2}:volume/*"),
            ("iam:PassRole", ROLE),
        ],
    ),
    (
        "ec2",
        "create_volume",
        {
            "AvailabilityZone": "eu-west-1a",
            "Size": 1,
            "TagSpecifications": [{"ResourceType": "volume", "Tags": [{"Key": "a", "Value": "b"}]}],
        },
        [("ec2:CreateVolume", f"{EC2}:volume/*"), ("ec2:CreateTags", f"{EC2}:volume/*")],
    ),
    (
        "ec2",
        "create_flow_logs",
        {
            "ResourceIds": ["vpc-0123"],
            "ResourceType": "VPC",
            "TrafficType": "ALL",
            "LogGroupName": "g",
            "DeliverLogsPermissionArn": ROLE,
        },
        [
            ("ec2:CreateFlowLogs", f"{EC2}:vpc/vpc-0123"),
            ("ec2:CreateFlowLogs", f"{EC2}:vpc-flow-log/*"),
            ("iam:PassRole", ROLE),
        ],
    ),
    # json
    ("organizations", "list_accounts", {}, [("organizations:ListAccounts", "*")]),
    ("dynamodb", "list_tables", {}, [("dynamodb:ListTables", "*")]),
    (
        "dynamodb",
        "get_item",
        {"TableName": "t", "Key": {"id": {"S": "1"}}},
        [("dynamodb:GetItem", f"arn:aws:dynamodb:{R}:table/t")],
    ),
    (
        "dynamodb",
        "query",
        {"TableName": "t", "IndexName": "i", "KeyConditionExpression": "a = b"},
        [("dynamodb:Query", f"arn:aws:dynamodb:{R}:table/t/index/i")],
    ),
    (
        "dynamodb",
        "batch_get_item",
        {"RequestItems": {"t": {"Keys": []}, "u": {"Keys": []}}},
        [
            ("dynamodb:BatchGetItem", f"arn:aws:dynamodb:{R}:table/t"),
            ("dynamodb:BatchGetItem", f"arn:aws:dynamodb:{R}:table/u"),
        ],
    ),
    (
        "dynamodb",
        "transact_write_items",
        {"TransactItems": [{"Delete": {"TableName": "t", "Key": {"id": {"S": "1"}}}}]},
        [("dynamodb:DeleteItem", f"arn:aws:dynamodb:{R}:table/t")],
    ),
    ("dynamodb", "execute_statement", {"Statement": "UPDATE t SET a=1"}, [("dynamodb:PartiQLUpdate", "*")]),
    (
        "kms",
        "schedule_key_deletion",
        {"KeyId": "0123-4567"},
        [("kms:ScheduleKeyDeletion", f"arn:aws:kms:{R}:key/0123-4567")],
    ),
    (
        "kms",
        "decrypt",
        {"CiphertextBlob": b"x" * 60, "KeyId": f"arn:aws:kms:eu-west-1:{OTHER}:key/9"},
        [("kms:Decrypt", f"arn:aws:kms:eu-west-1:{OTHER}:key/9")],
    ),
    ("kms", "list_keys", {}, [("kms:ListKeys", "*")]),
    ("secretsmanager", "get_secret_value", {"SecretId": "db"}, [("secretsmanager:GetSecretValue", "SECRET")]),
    (
        "secretsmanager",
        "create_secret",
        {"Name": "new", "SecretString": "x"},
        [("secretsmanager:CreateSecret", f"arn:aws:secretsmanager:{R}:secret:new-??????")],
    ),
    ("ssm", "get_parameter", {"Name": "/a/b"}, [("ssm:GetParameter", f"arn:aws:ssm:{R}:parameter/a/b")]),
    (
        "ssm",
        "get_parameters",
        {"Names": ["a", "/b"]},
        [
            ("ssm:GetParameters", f"arn:aws:ssm:{R}:parameter/a"),
            ("ssm:GetParameters", f"arn:aws:ssm:{R}:parameter/b"),
        ],
    ),
    (
        "ssm",
        "start_session",
        {"Target": "i-0123"},
        [("ssm:StartSession", f"{EC2}:instance/i-0123")],
    ),
    (
        "ssm",
        "send_command",
        {"DocumentName": "AWS-RunShellScript", "InstanceIds": ["i-0123"]},
        [
            ("ssm:SendCommand", f"{EC2}:instance/i-0123"),
            ("ssm:SendCommand", "arn:aws:ssm:eu-west-1::document/AWS-RunShellScript"),
        ],
    ),
    (
        "sqs",
        "send_message",
        {"QueueUrl": f"http://127.0.0.1:5000/{OTHER}/jobs", "MessageBody": "x"},
        [("sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{OTHER}:jobs")],
    ),
    (
        "sqs",
        "delete_message_batch",
        {"QueueUrl": f"http://127.0.0.1:5000/{ACCOUNT}/jobs", "Entries": []},
        [("sqs:DeleteMessage", f"arn:aws:sqs:{R}:jobs")],
    ),
    ("sqs", "create_queue", {"QueueName": "jobs"}, [("sqs:CreateQueue", f"arn:aws:sqs:{R}:jobs")]),
    (
        "logs",
        "describe_log_groups",
        {},
        [("logs:DescribeLogGroups", f"arn:aws:logs:{R}:log-group::log-stream:")],
    ),
    (
        "logs",
        "delete_log_group",
        {"logGroupName": "/aws/x"},
        [("logs:DeleteLogGroup", f"arn:aws:logs:{R}:log-group:/aws/x:log-stream:")],
    ),
    (
        "logs",
        "put_log_events",
        {"logGroupName": "g", "logStreamName": "s", "logEvents": []},
        [("logs:PutLogEvents", f"arn:aws:logs:{R}:log-group:g:log-stream:s")],
    ),
    (
        "ecr",
        "put_image",
        {"repositoryName": "app", "imageManifest": "{}"},
        [("ecr:PutImage", f"arn:aws:ecr:{R}:repository/app")],
    ),
    ("ecr", "get_authorization_token", {}, [("ecr:GetAuthorizationToken", "*")]),
    (
        "ecs",
        "register_task_definition",
        {"family": "web", "containerDefinitions": [], "taskRoleArn": ROLE},
        [
            ("ecs:RegisterTaskDefinition", f"arn:aws:ecs:{R}:task-definition/web:*"),
            ("iam:PassRole", ROLE),
        ],
    ),
    (
        "cloudtrail",
        "stop_logging",
        {"Name": "org"},
        [("cloudtrail:StopLogging", f"arn:aws:cloudtrail:{R}:trail/org")],
    ),
    (
        "stepfunctions",
        "create_state_machine",
        {"name": "m", "definition": "{}", "roleArn": ROLE},
        [("states:CreateStateMachine", f"arn:aws:states:{R}:stateMachine:m"), ("iam:PassRole", ROLE)],
    ),
    (
        "glue",
        "create_job",
        {"Name": "j", "Role": "deploy", "Command": {"Name": "glueetl"}},
        [("glue:CreateJob", f"arn:aws:glue:{R}:*/j"), ("iam:PassRole", ROLE)],
    ),
    (
        "codebuild",
        "start_build",
        {"projectName": "p"},
        [("codebuild:StartBuild", f"arn:aws:codebuild:{R}:project/p")],
    ),
    (
        "events",
        "put_rule",
        {"Name": "r", "ScheduleExpression": "rate(1 day)"},
        [("events:PutRule", f"arn:aws:events:{R}:rule/r")],
    ),
    (
        "kinesis",
        "put_record",
        {"StreamName": "s", "Data": b"x", "PartitionKey": "k"},
        [("kinesis:PutRecord", f"arn:aws:kinesis:{R}:stream/s")],
    ),
    (
        "config",
        "delete_config_rule",
        {"ConfigRuleName": "r"},
        [("config:DeleteConfigRule", f"arn:aws:config:{R}:config-rule/r")],
    ),
    (
        "sso-admin",
        "create_account_assignment",
        {
            "InstanceArn": "arn:aws:sso:::instance/ssoins-1",
            "PermissionSetArn": "arn:aws:sso:::permissionSet/ssoins-1/ps-1",
            "TargetType": "AWS_ACCOUNT",
            "TargetId": OTHER,
            "PrincipalType": "USER",
            "PrincipalId": "u-1",
        },
        [
            ("sso:CreateAccountAssignment", "arn:aws:sso:::instance/ssoins-1"),
            ("sso:CreateAccountAssignment", "arn:aws:sso:::permissionSet/ssoins-1/ps-1"),
            ("sso:CreateAccountAssignment", f"arn:aws:sso:::account/{OTHER}"),
        ],
    ),
    (
        "cognito-idp",
        "admin_delete_user",
        {"UserPoolId": "eu-west-1_x", "Username": "bob"},
        [("cognito-idp:AdminDeleteUser", f"arn:aws:cognito-idp:{R}:userpool/eu-west-1_x")],
    ),
    ("acm", "list_certificates", {}, [("acm:ListCertificates", "*")]),
    (
        "identitystore",
        "list_users",
        {"IdentityStoreId": "d-1"},
        [("identitystore:ListUsers", "arn:aws:identitystore:::user/*")],
    ),
    # rest-json
    ("lambda", "list_functions", {}, [("lambda:ListFunctions", "*")]),
    (
        "lambda",
        "invoke",
        {"FunctionName": "f"},
        [("lambda:InvokeFunction", f"arn:aws:lambda:{R}:function:f")],
    ),
    (
        "lambda",
        "invoke",
        {"FunctionName": f"{OTHER}:function:f", "Qualifier": "live"},
        [("lambda:InvokeFunction", f"arn:aws:lambda:eu-west-1:{OTHER}:function:f:live")],
    ),
    (
        "lambda",
        "create_function",
        {
            "FunctionName": "f",
            "Role": ROLE,
            "Code": {"ZipFile": b"x"},
            "Runtime": "python3.12",
            "Handler": "h",
        },
        [("lambda:CreateFunction", f"arn:aws:lambda:{R}:function:f"), ("iam:PassRole", ROLE)],
    ),
    (
        "eks",
        "create_cluster",
        {"name": "c", "roleArn": ROLE, "resourcesVpcConfig": {}},
        [("eks:CreateCluster", f"arn:aws:eks:{R}:cluster/c"), ("iam:PassRole", ROLE)],
    ),
    ("eks", "describe_cluster", {"name": "c"}, [("eks:DescribeCluster", f"arn:aws:eks:{R}:cluster/c")]),
    (
        "efs",
        "delete_file_system",
        {"FileSystemId": "fs-0123"},
        [("elasticfilesystem:DeleteFileSystem", f"arn:aws:elasticfilesystem:{R}:file-system/fs-0123")],
    ),
    (
        "guardduty",
        "delete_detector",
        {"DetectorId": "d1"},
        [("guardduty:DeleteDetector", f"arn:aws:guardduty:{R}:detector/d1")],
    ),
    ("apigateway", "get_rest_apis", {}, [("apigateway:GET", "arn:aws:apigateway:eu-west-1::/restapis")]),
    (
        "apigatewayv2",
        "delete_api",
        {"ApiId": "a1"},
        [("apigateway:DELETE", "arn:aws:apigateway:eu-west-1::/v2/apis/a1")],
    ),
    (
        "opensearch",
        "delete_domain",
        {"DomainName": "logs"},
        [("es:DeleteDomain", f"arn:aws:es:{R}:domain/logs")],
    ),
    (
        "backup",
        "delete_backup_vault",
        {"BackupVaultName": "v"},
        [("backup:DeleteBackupVault", f"arn:aws:backup:{R}:backup-vault:v")],
    ),
    ("macie2", "get_macie_session", {}, [("macie2:GetMacieSession", "*")]),
    ("accessanalyzer", "list_analyzers", {}, [("access-analyzer:ListAnalyzers", "*")]),
    # rest-xml
    ("s3", "list_buckets", {}, [("s3:ListAllMyBuckets", "arn:aws:s3:::*")]),
    ("s3", "create_bucket", {"Bucket": "new"}, [("s3:CreateBucket", "arn:aws:s3:::new")]),
    ("s3", "get_object", {"Bucket": "mine", "Key": "a/b c"}, [("s3:GetObject", "arn:aws:s3:::mine/a/b c")]),
    (
        "s3",
        "get_object",
        {"Bucket": "mine", "Key": "a", "VersionId": "v1"},
        [("s3:GetObjectVersion", "arn:aws:s3:::mine/a")],
    ),
    ("s3", "head_object", {"Bucket": "mine", "Key": "a"}, [("s3:GetObject", "arn:aws:s3:::mine/a")]),
    ("s3", "head_bucket", {"Bucket": "mine"}, [("s3:ListBucket", "arn:aws:s3:::mine")]),
    ("s3", "list_objects_v2", {"Bucket": "mine"}, [("s3:ListBucket", "arn:aws:s3:::mine")]),
    ("s3", "list_object_versions", {"Bucket": "mine"}, [("s3:ListBucketVersions", "arn:aws:s3:::mine")]),
    (
        "s3",
        "put_object",
        {"Bucket": "mine", "Key": "a", "Body": b"x", "ACL": "public-read", "Tagging": "k=v"},
        [
            ("s3:PutObject", "arn:aws:s3:::mine/a"),
            ("s3:PutObjectAcl", "arn:aws:s3:::mine/a"),
            ("s3:PutObjectTagging", "arn:aws:s3:::mine/a"),
        ],
    ),
    (
        "s3",
        "copy_object",
        {"Bucket": "mine", "Key": "b", "CopySource": {"Bucket": "theirs", "Key": "a", "VersionId": "v2"}},
        [("s3:PutObject", "arn:aws:s3:::mine/b"), ("s3:GetObjectVersion", "arn:aws:s3:::theirs/a")],
    ),
    (
        "s3",
        "delete_objects",
        {"Bucket": "mine", "Delete": {"Objects": [{"Key": "a"}, {"Key": "b", "VersionId": "v1"}]}},
        [("s3:DeleteObject", "arn:aws:s3:::mine/a"), ("s3:DeleteObjectVersion", "arn:aws:s3:::mine/b")],
    ),
    (
        "s3",
        "put_bucket_policy",
        {"Bucket": "mine", "Policy": "{}"},
        [("s3:PutBucketPolicy", "arn:aws:s3:::mine")],
    ),
    (
        "s3",
        "get_public_access_block",
        {"Bucket": "mine"},
        [("s3:GetBucketPublicAccessBlock", "arn:aws:s3:::mine")],
    ),
    (
        "s3",
        "create_multipart_upload",
        {"Bucket": "mine", "Key": "a"},
        [("s3:PutObject", "arn:aws:s3:::mine/a")],
    ),
    (
        "s3",
        "get_object_lock_configuration",
        {"Bucket": "mine"},
        [("s3:GetBucketObjectLockConfiguration", "arn:aws:s3:::mine")],
    ),
    (
        "s3control",
        "get_public_access_block",
        {"AccountId": ACCOUNT},
        [("s3:GetAccountPublicAccessBlock", "*")],
    ),
    ("route53", "list_hosted_zones", {}, [("route53:ListHostedZones", "*")]),
    (
        "route53",
        "change_resource_record_sets",
        {"HostedZoneId": "/hostedzone/Z1", "ChangeBatch": {"Changes": []}},
        [("route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z1")],
    ),
    (
        "cloudfront",
        "get_distribution",
        {"Id": "E1"},
        [("cloudfront:GetDistribution", f"arn:aws:cloudfront::{ACCOUNT}:distribution/E1")],
    ),
]


@pytest.mark.parametrize(
    ("service", "operation", "params", "expected"),
    TABLE,
    ids=[f"{number}-{row[0]}-{row[1]}" for number, row in enumerate(TABLE)],
)
def test_an_operation_takes_these_permissions_on_these_resources(
    estate: dict[str, str],
    service: str,
    operation: str,
    params: dict[str, Any],
    expected: list[tuple[str, str]],
) -> None:
    known = [(action, estate["secret"] if arn == "SECRET" else arn) for action, arn in expected]
    assert wanted(service, operation, **params) == known


def test_the_table_covers_every_protocol() -> None:
    assert len(TABLE) >= 80


def test_an_alias_stands_for_its_key(estate: dict[str, str]) -> None:
    [check] = asked_checks(
        "kms", "encrypt", KeyId="alias/orders", Plaintext=b"x", EncryptionContext={"a": "b"}
    )
    assert check.target.arn == estate["key"]
    assert check.context["kms:RequestAlias"] == "alias/orders"
    assert check.context["kms:EncryptionContext:a"] == "b"
    assert check.context["kms:CallerAccount"] == ACCOUNT


def test_a_bucket_belongs_to_the_account_that_made_it() -> None:
    [check] = asked_checks("s3", "get_object", Bucket="theirs", Key="k")
    assert check.target.account == OTHER
    assert check.context["aws:ResourceAccount"] == OTHER


def test_the_resource_that_no_request_tells_is_everything_and_said_so() -> None:
    [check] = asked_checks("sns", "unsubscribe", SubscriptionArn="arn:aws:sns:…")
    assert (check.target.arn, check.target.is_told) == ("*", False)


def test_what_is_authorised_on_everything_only_is_not_on_what_the_request_names(
    estate: dict[str, str],
) -> None:
    assert wanted("kms", "list_aliases", KeyId=estate["key"]) == [("kms:ListAliases", "*")]


@pytest.mark.parametrize(
    ("service", "operation", "params", "arn"),
    [
        ("amplify", "delete_app", {"appId": "d1"}, f"arn:aws:amplify:{R}:apps/d1"),
        ("transfer", "delete_server", {"ServerId": "s-1"}, f"arn:aws:transfer:{R}:server/s-1"),
        (
            "codecommit",
            "get_branch",
            {"repositoryName": "app", "branchName": "b"},
            f"arn:aws:codecommit:{R}:app",
        ),
        (
            "dms",
            "delete_endpoint",
            {"EndpointArn": f"arn:aws:dms:{R}:endpoint:E"},
            f"arn:aws:dms:{R}:endpoint:E",
        ),
        ("amplify", "list_apps", {}, "*"),
    ],
)
def test_services_without_a_table_name_their_resources_by_the_published_forms(
    service: str, operation: str, params: dict[str, Any], arn: str
) -> None:
    assert [check.target.arn for check in asked_checks(service, operation, **params)] == [arn]


def test_every_request_has_network_time_region_and_caller() -> None:
    [check] = asked_checks("ec2", "describe_vpcs")
    expected = {
        "aws:SourceIp": "192.0.2.7",
        "aws:CurrentTime": "2026-03-01T12:00:00Z",
        "aws:EpochTime": str(int(NOW.timestamp())),
        "aws:RequestedRegion": "eu-west-1",
        "aws:SecureTransport": "true",
        "aws:PrincipalArn": ANN.arn,
        "aws:PrincipalAccount": ACCOUNT,
        "aws:PrincipalType": "User",
        "aws:userid": "AIDAANN",
        "aws:username": "ann",
        "aws:PrincipalTag/team": "blue",
        "aws:ViaAWSService": "false",
    }
    assert expected.items() <= check.context.items()
    assert "Boto3" in check.context["aws:UserAgent"]
    assert "aws:MultiFactorAuthPresent" not in check.context


def test_services_without_regions_are_asked_in_us_east_1() -> None:
    [check] = asked_checks("iam", "list_users")
    assert check.context["aws:RequestedRegion"] == "us-east-1"


def test_a_session_tells_when_it_was_issued_its_mfa_and_where_it_comes_from() -> None:
    session = Session(
        key="ASIA1",
        kind="AssumedRole",
        account=ACCOUNT,
        principal=ROLE,
        name="bob",
        issued=NOW - timedelta(minutes=10),
        expires=NOW + timedelta(hours=1),
        tags={"project": "x"},
        source_identity="bob",
        mfa_at=NOW - timedelta(minutes=10),
        provider="arn:aws:iam::111122223333:saml-provider/idp",
        attributes={"saml:aud": "https://signin.aws.amazon.com/saml"},
    )
    caller = Caller("AssumedRole", ACCOUNT, "arn:…", ROLE, "AROA1:bob", "ASIA1", session)
    [check] = asked_checks("ec2", "describe_vpcs", caller)
    expected = {
        "aws:PrincipalArn": ROLE,
        "aws:PrincipalType": "AssumedRole",
        "aws:TokenIssueTime": "2026-03-01T11:50:00Z",
        "aws:MultiFactorAuthPresent": "true",
        "aws:MultiFactorAuthAge": "600",
        "aws:SourceIdentity": "bob",
        "aws:FederatedProvider": "arn:aws:iam::111122223333:saml-provider/idp",
        "aws:PrincipalTag/stage": "prod",
        "aws:PrincipalTag/project": "x",
        "saml:aud": "https://signin.aws.amazon.com/saml",
    }
    assert expected.items() <= check.context.items()
    assert "aws:username" not in check.context


def test_a_request_through_an_endpoint_has_no_public_address() -> None:
    environ = environ_of("ec2", "describe_vpcs") | {"HTTP_X_LAB_SOURCE_VPCE": "vpce-1,vpc-9"}
    asked = read(environ)
    assert asked is not None
    [check] = checks_of(asked, environ, ANN, NOW)
    assert check.context["aws:SourceVpce"] == "vpce-1"
    assert check.context["aws:SourceVpc"] == "vpc-9"
    assert "aws:SourceIp" not in check.context


CONTEXTS: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    (
        "s3",
        "list_objects_v2",
        {"Bucket": "mine", "Prefix": "a/", "Delimiter": "/"},
        {"s3:prefix": "a/", "s3:delimiter": "/"},
    ),
    (
        "s3",
        "get_object",
        {"Bucket": "mine", "Key": "a.txt"},
        {"s3:ExistingObjectTag/classification": "restricted"},
    ),
    (
        "s3",
        "put_object",
        {"Bucket": "mine", "Key": "b", "Body": b"", "ServerSideEncryption": "aws:kms", "Tagging": "k=v"},
        {
            "s3:x-amz-server-side-encryption": "aws:kms",
            "s3:RequestObjectTag/k": "v",
            "s3:RequestObjectTagKeys": ("k",),
        },
    ),
    ("s3", "put_bucket_acl", {"Bucket": "mine", "ACL": "public-read"}, {"s3:x-amz-acl": "public-read"}),
    (
        "sts",
        "assume_role",
        {
            "RoleArn": ROLE,
            "RoleSessionName": "s1",
            "ExternalId": "x9",
            "TransitiveTagKeys": ["a"],
            "Tags": [{"Key": "a", "Value": "b"}],
            "SourceIdentity": "me",
        },
        {
            "sts:ExternalId": "x9",
            "sts:RoleSessionName": "s1",
            "sts:TransitiveTagKeys": ("a",),
            "sts:SourceIdentity": "me",
            "aws:RequestTag/a": "b",
            "aws:TagKeys": ("a",),
            "iam:ResourceTag/stage": None,
            "aws:ResourceTag/stage": "prod",
        },
    ),
    (
        "iam",
        "attach_user_policy",
        {"UserName": "ann", "PolicyArn": "arn:aws:iam::aws:policy/X"},
        {"iam:PolicyARN": "arn:aws:iam::aws:policy/X", "iam:ResourceTag/team": "blue"},
    ),
    (
        "iam",
        "create_role",
        {"RoleName": "r", "AssumeRolePolicyDocument": "{}", "PermissionsBoundary": f"{IAM}:policy/b"},
        {"iam:PermissionsBoundary": f"{IAM}:policy/b"},
    ),
    (
        "iam",
        "create_service_linked_role",
        {"AWSServiceName": "ecs.amazonaws.com"},
        {"iam:AWSServiceName": "ecs.amazonaws.com"},
    ),
    (
        "ec2",
        "run_instances",
        {
            "ImageId": "ami-0123",
            "MinCount": 1,
            "MaxCount": 1,
            "InstanceType": "t3.micro",
            "MetadataOptions": {"HttpTokens": "required"},
        },
        {"ec2:InstanceType": "t3.micro", "ec2:MetadataHttpTokens": "required", "ec2:Region": "eu-west-1"},
    ),
    (
        "organizations",
        "enable_aws_service_access",
        {"ServicePrincipal": "sso.amazonaws.com"},
        {"organizations:ServicePrincipal": "sso.amazonaws.com"},
    ),
    (
        "secretsmanager",
        "get_secret_value",
        {"SecretId": "db"},
        {"aws:ResourceTag/stage": "prod", "secretsmanager:ResourceTag/stage": "prod"},
    ),
    (
        "lambda",
        "add_permission",
        {"FunctionName": "f", "StatementId": "s", "Action": "lambda:*", "Principal": "*"},
        {"lambda:Principal": "*"},
    ),
    (
        "sns",
        "subscribe",
        {"TopicArn": f"arn:aws:sns:{R}:t", "Protocol": "https", "Endpoint": "https://x"},
        {"sns:Protocol": "https"},
    ),
    ("ec2", "delete_tags", {"Resources": ["i-1"], "Tags": [{"Key": "a"}]}, {"aws:TagKeys": ("a",)}),
]


@pytest.mark.parametrize(("service", "operation", "params", "expected"), CONTEXTS)
def test_a_request_has_the_keys_of_its_service(
    service: str, operation: str, params: dict[str, Any], expected: dict[str, Any]
) -> None:
    context = asked_checks(service, operation, **params)[0].context
    assert {key: context.get(key) for key in expected} == expected


def test_a_passed_role_says_to_whom() -> None:
    checks = asked_checks(
        "ecs", "register_task_definition", family="w", containerDefinitions=[], executionRoleArn=ROLE
    )
    assert checks[-1].action == "iam:PassRole"
    assert checks[-1].context["iam:PassedToService"] == "ecs-tasks.amazonaws.com"


def test_reading_a_role_passes_none() -> None:
    assert "iam:PassRole" not in dict(wanted("iam", "get_role", RoleName="deploy"))


def test_a_sign_in_brings_its_claims_and_tags_into_the_trust() -> None:
    claims = {
        "iss": "https://token.example",
        "sub": "repo:abc/app",
        "aud": "sts.amazonaws.com",
        "https://aws.amazon.com/tags": {"principal_tags": {"team": ["blue"]}},
    }
    token = ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, claims, {})
    )
    checks = asked_checks(
        "sts",
        "assume_role_with_web_identity",
        ANONYMOUS,
        key="",
        RoleArn=ROLE,
        RoleSessionName="job",
        WebIdentityToken=token,
    )
    assert [check.action for check in checks] == ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]
    expected = {
        "token.example:sub": "repo:abc/app",
        "token.example:aud": "sts.amazonaws.com",
        "aws:FederatedProvider": f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.example",
        "aws:RequestTag/team": "blue",
        "aws:PrincipalType": "Anonymous",
    }
    assert expected.items() <= checks[0].context.items()


def test_a_presigned_url_is_signed() -> None:
    query = "X-Amz-Credential=AKIA1%2F20260101%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Signature=x"
    assert signer_of({"QUERY_STRING": query}) == Signer("AKIA1", "eu-west-1", "s3")


def test_what_no_operation_fits_is_not_guessed() -> None:
    environ = environ_of("iam", "list_users")
    environ["CONTENT_LENGTH"] = "0"
    environ["wsgi.input"].truncate(0)
    assert read(environ) is None


def test_the_body_is_still_there_after_reading() -> None:
    environ = environ_of("s3", "put_object", Bucket="mine", Key="k", Body=b"content")
    read(environ)
    assert b"content" in environ["wsgi.input"].read()
