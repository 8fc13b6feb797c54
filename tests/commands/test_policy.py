"""``policy readonly``: the rights that watchword needs, in three forms."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.commands.conftest import Cli
from watchword.collect.policy import actions


def test_as_json_it_is_policies_with_every_action_and_nothing_else(cli: Cli) -> None:
    documents = json.loads(cli("policy", "readonly").out)
    statements = [one for document in documents.values() for one in document["Statement"]]
    assert sorted(action for one in statements for action in one["Action"]) == list(actions())
    assert {one["Effect"] for one in statements} == {"Allow"}


def test_as_cloudformation_it_is_a_template_of_a_role_for_a_stack_set(cli: Cli) -> None:
    template = json.loads(cli("policy", "readonly", "--as", "cloudformation").out)
    assert set(template["Parameters"]) == {"TrustedAccountId", "ExternalId", "RoleName"}
    role = template["Resources"]["Role"]["Properties"]
    trust = role["AssumeRolePolicyDocument"]["Statement"][0]
    assert trust["Condition"] == {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}}
    policies = {name: one for name, one in template["Resources"].items() if name != "Role"}
    assert role["ManagedPolicyArns"] == [{"Ref": name} for name in policies]
    documents = [one["Properties"]["PolicyDocument"] for one in policies.values()]
    granted = [action for one in documents for action in one["Statement"][0]["Action"]]
    assert sorted(granted) == list(actions())


def test_as_terraform_it_has_the_role_and_every_action(cli: Cli) -> None:
    text = cli("policy", "readonly", "--as", "terraform").out
    assert 'resource "aws_iam_role"' in text
    assert set(re.findall(r'"([a-z0-9-]+:[A-Z]\w+)"', text)) >= set(actions())
    assert text.count("{") == text.count("}")


def test_it_is_written_whole_to_a_file(cli: Cli, tmp_path: Path) -> None:
    ended = cli("policy", "readonly", "-o", tmp_path / "policy.json")
    assert (ended.code, ended.out) == (0, "")
    assert (tmp_path / "policy.json").read_text() == cli("policy", "readonly").out
    assert [one.name for one in tmp_path.iterdir()] == ["policy.json"]


def test_another_form_is_refused_with_the_choices(cli: Cli) -> None:
    ended = cli("policy", "readonly", "--as", "pulumi")
    assert ended.code == 2
    assert "terraform" in ended.err
