"""Network Firewall over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def firewall(client: Callable[..., Any]) -> Any:
    return client("network-firewall")


def policy_of(firewall: Any, *groups: str) -> str:
    policy = {
        "StatelessDefaultActions": ["aws:forward_to_sfe"],
        "StatelessFragmentDefaultActions": ["aws:forward_to_sfe"],
        "StatefulRuleGroupReferences": [{"ResourceArn": arn} for arn in groups],
    }
    made = firewall.create_firewall_policy(FirewallPolicyName="egress", FirewallPolicy=policy)
    return str(made["FirewallPolicyResponse"]["FirewallPolicyArn"])


def group_of(firewall: Any, name: str = "domains") -> str:
    source = {"Targets": [".example.com"], "TargetTypes": ["TLS_SNI"], "GeneratedRulesType": "ALLOWLIST"}
    made = firewall.create_rule_group(
        RuleGroupName=name,
        Type="STATEFUL",
        Capacity=100,
        RuleGroup={"RulesSource": {"RulesSourceList": source}},
    )
    return str(made["RuleGroupResponse"]["RuleGroupArn"])


def test_policies_and_rule_groups_are_kept_and_counted(firewall: Any, refused: Callable[..., Any]) -> None:
    group = group_of(firewall)
    policy = policy_of(firewall, group)
    found = firewall.describe_firewall_policy(FirewallPolicyArn=policy)
    assert found["FirewallPolicy"]["StatefulRuleGroupReferences"] == [{"ResourceArn": group}]
    assert found["FirewallPolicyResponse"]["NumberOfAssociations"] == 0
    rules = firewall.describe_rule_group(RuleGroupName="domains", Type="STATEFUL")
    assert rules["RuleGroup"]["RulesSource"]["RulesSourceList"]["Targets"] == [".example.com"]
    assert rules["RuleGroupResponse"]["NumberOfAssociations"] == 1
    assert refused(firewall.delete_rule_group, RuleGroupArn=group).code == "InvalidOperationException"
    assert firewall.list_firewall_policies()["FirewallPolicies"] == [{"Name": "egress", "Arn": policy}]
    assert [each["Arn"] for each in firewall.list_rule_groups()["RuleGroups"]] == [group]


def test_rules_are_changed_with_the_last_token_alone(firewall: Any, refused: Callable[..., Any]) -> None:
    group = group_of(firewall)
    token = firewall.describe_rule_group(RuleGroupArn=group)["UpdateToken"]
    rules = "drop tcp any any -> any any (sid:1;)"
    firewall.update_rule_group(RuleGroupArn=group, UpdateToken=token, Rules=rules)
    assert (
        firewall.describe_rule_group(RuleGroupArn=group)["RuleGroup"]["RulesSource"]["RulesString"] == rules
    )
    stale = refused(firewall.update_rule_group, RuleGroupArn=group, UpdateToken=token, Rules=rules)
    assert stale.code == "InvalidTokenException"


def test_a_firewall_has_an_endpoint_in_each_subnet(firewall: Any, client: Callable[..., Any]) -> None:
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="us-east-1a")["Subnet"][
        "SubnetId"
    ]
    policy = policy_of(firewall)
    firewall.create_firewall(
        FirewallName="egress", FirewallPolicyArn=policy, VpcId=vpc, SubnetMappings=[{"SubnetId": subnet}]
    )
    found = firewall.describe_firewall(FirewallName="egress")
    assert (found["Firewall"]["VpcId"], found["Firewall"]["FirewallPolicyArn"]) == (vpc, policy)
    assert found["FirewallStatus"]["Status"] == "READY"
    attachment = found["FirewallStatus"]["SyncStates"]["us-east-1a"]["Attachment"]
    assert attachment["SubnetId"] == subnet
    (endpoint,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[attachment["EndpointId"]])["VpcEndpoints"]
    assert (endpoint["VpcEndpointType"], endpoint["VpcId"]) == ("GatewayLoadBalancer", vpc)
    associated = firewall.describe_firewall_policy(FirewallPolicyArn=policy)["FirewallPolicyResponse"]
    assert associated["NumberOfAssociations"] == 1


def test_resource_policies_are_kept(firewall: Any, refused: Callable[..., Any]) -> None:
    group = group_of(firewall)
    assert refused(firewall.describe_resource_policy, ResourceArn=group).code == "ResourceNotFoundException"
    firewall.put_resource_policy(ResourceArn=group, Policy="{}")
    assert firewall.describe_resource_policy(ResourceArn=group)["Policy"] == "{}"


def test_what_does_not_exist_is_not_found(firewall: Any, refused: Callable[..., Any]) -> None:
    assert (
        refused(firewall.describe_firewall_policy, FirewallPolicyName="x").code == "ResourceNotFoundException"
    )
    assert refused(firewall.describe_firewall, FirewallName="x").code == "ResourceNotFoundException"
