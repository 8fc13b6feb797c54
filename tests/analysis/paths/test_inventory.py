"""What runs with roles, and where an actor would try."""

from __future__ import annotations

from typing import Any

from tests.controls.builder import ACCOUNT, view
from tests.controls.iam import role, trust
from watchword.analysis.paths.inventory import Inventory
from watchword.model.ids import AccountId, Region
from watchword.model.snapshot import Account

DEPLOY = f"arn:aws:iam::{ACCOUNT}:role/deploy"
PROFILE = f"arn:aws:iam::{ACCOUNT}:instance-profile/deploy"
ROLES = {"global:iam.roles": [role("deploy", trust(), InstanceProfileList=[{"Arn": PROFILE}])]}


def inventory(table: str, row: Any, **more: Any) -> Inventory:
    return Inventory.of([view({**ROLES, table: [{"_arn": f"{table}-1", **row}], **more})])


def roles_of(found: Inventory, table: str) -> list[str]:
    return [arn for one in found.compute[(str(ACCOUNT), table)] for arn, _ in one.roles]


def test_an_instance_has_the_role_of_its_profile() -> None:
    found = inventory("ec2.instances", {"IamInstanceProfile": {"Arn": PROFILE}})
    assert roles_of(found, "ec2.instances") == [DEPLOY]


def test_a_launch_configuration_names_its_profile_by_name() -> None:
    found = inventory("autoscaling.launch_configurations", {"IamInstanceProfile": "deploy"})
    assert roles_of(found, "autoscaling.launch_configurations") == [DEPLOY]


def test_a_service_has_the_role_of_its_task_definition() -> None:
    definition = [{"_arn": "d-1", "taskRoleArn": DEPLOY}]
    found = inventory("ecs.services", {"taskDefinition": "d-1"}, **{"ecs.task_definitions": definition})
    assert roles_of(found, "ecs.services") == [DEPLOY]


def test_what_runs_without_a_role_is_left_out() -> None:
    assert roles_of(inventory("ec2.instances", {}), "ec2.instances") == []


def test_a_service_linked_role_is_nobody_s_to_have() -> None:
    linked = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/lambda.amazonaws.com/x"
    assert roles_of(inventory("lambda.functions", {"Role": linked}), "lambda.functions") == []


def test_a_field_that_was_not_read_is_missing() -> None:
    found = inventory("lambda.functions", {"_holes": {"Role": "denied"}})
    assert "Role" in found.missing[(str(ACCOUNT), "lambda.functions")][-1]


def test_the_own_region_is_tried_first_and_then_those_that_are_usual() -> None:
    queue = {"sqs.queues": [{"_arn": "q"}]}
    usual = [
        "eu-west-1",
        "eu-west-1",
        "eu-central-1",
        "eu-central-1",
        "eu-north-1",
        "eu-north-1",
        "eu-south-1",
    ]
    views = [
        view(queue, region=Region(region), account=Account(AccountId(f"{number:012}")))
        for number, region in enumerate(usual, 1)
    ]
    found = Inventory.of(views)
    assert found.tried_regions("000000000007") == ("eu-south-1", "eu-west-1", "eu-central-1")
    assert found.region("000000000099") == "eu-west-1"
