"""DNS Firewall over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def resolver(client: Callable[..., Any]) -> Any:
    return client("route53resolver")


@pytest.fixture
def group(resolver: Any) -> str:
    made = resolver.create_firewall_rule_group(CreatorRequestId="1", Name="egress")
    return str(made["FirewallRuleGroup"]["Id"])


@pytest.fixture
def domains(resolver: Any) -> str:
    made = resolver.create_firewall_domain_list(CreatorRequestId="2", Name="bad")
    return str(made["FirewallDomainList"]["Id"])


def test_domain_lists_are_added_to_cut_and_replaced(resolver: Any, domains: str) -> None:
    def listed() -> list[str]:
        return list(resolver.list_firewall_domains(FirewallDomainListId=domains)["Domains"])

    def update(operation: str, *names: str) -> None:
        resolver.update_firewall_domains(
            FirewallDomainListId=domains, Operation=operation, Domains=list(names)
        )

    update("ADD", "a.example.", "b.example.", "a.example.")
    assert listed() == ["a.example.", "b.example."]
    update("REMOVE", "a.example.")
    assert listed() == ["b.example."]
    update("REPLACE", "c.example.")
    assert listed() == ["c.example."]
    found = resolver.get_firewall_domain_list(FirewallDomainListId=domains)["FirewallDomainList"]
    assert (found["DomainCount"], found["Name"]) == (1, "bad")


def test_rules_are_listed_by_priority(
    resolver: Any, group: str, domains: str, refused: Callable[..., Any]
) -> None:
    rule = {"CreatorRequestId": "3", "FirewallRuleGroupId": group, "FirewallDomainListId": domains}
    resolver.create_firewall_rule(**rule, Priority=20, Action="ALERT", Name="watch")
    resolver.create_firewall_rule(**rule, Priority=10, Action="BLOCK", BlockResponse="NXDOMAIN", Name="block")
    rules = resolver.list_firewall_rules(FirewallRuleGroupId=group)["FirewallRules"]
    assert [(each["Priority"], each["Action"]) for each in rules] == [(10, "BLOCK"), (20, "ALERT")]
    assert resolver.get_firewall_rule_group(FirewallRuleGroupId=group)["FirewallRuleGroup"]["RuleCount"] == 2
    again = refused(resolver.create_firewall_rule, **rule, Priority=10, Action="ALLOW", Name="again")
    assert again.code == "ValidationException"


def test_rule_groups_are_associated_with_vpcs(
    resolver: Any, group: str, client: Callable[..., Any], refused: Callable[..., Any]
) -> None:
    vpc = client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    wanted = {
        "CreatorRequestId": "4",
        "FirewallRuleGroupId": group,
        "VpcId": vpc,
        "Priority": 101,
        "Name": "x",
    }
    made = resolver.associate_firewall_rule_group(**wanted)["FirewallRuleGroupAssociation"]
    (found,) = resolver.list_firewall_rule_group_associations(VpcId=vpc)["FirewallRuleGroupAssociations"]
    assert found == made
    assert (found["Status"], found["MutationProtection"]) == ("COMPLETE", "DISABLED")
    assert refused(resolver.associate_firewall_rule_group, **wanted).code == "ConflictException"
    assert refused(resolver.delete_firewall_rule_group, FirewallRuleGroupId=group).code == "ConflictException"
    resolver.disassociate_firewall_rule_group(FirewallRuleGroupAssociationId=made["Id"])
    assert resolver.list_firewall_rule_group_associations()["FirewallRuleGroupAssociations"] == []
    resolver.delete_firewall_rule_group(FirewallRuleGroupId=group)
    assert resolver.list_firewall_rule_groups()["FirewallRuleGroups"] == []


def test_vpcs_fail_closed_until_someone_chooses_otherwise(
    resolver: Any, client: Callable[..., Any], refused: Callable[..., Any]
) -> None:
    vpc = client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]

    def state() -> str:
        found = resolver.list_firewall_configs()["FirewallConfigs"]
        return next(str(each["FirewallFailOpen"]) for each in found if each["ResourceId"] == vpc)

    assert state() == "DISABLED"
    resolver.update_firewall_config(ResourceId=vpc, FirewallFailOpen="ENABLED")
    assert state() == "ENABLED"
    unknown = refused(resolver.get_firewall_config, ResourceId="vpc-1")
    assert unknown.code == "ResourceNotFoundException"
