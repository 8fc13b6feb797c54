"""Network Firewall: policies and rule groups, and firewalls with the endpoints that routes point to.

What it does: adds policies, rule groups and resource policies; makes a VPC endpoint for each subnet of a firewall, as
AWS does, and tells of it in the firewall's status. What it does not do: filter anything, or count capacity used.
Reference: https://docs.aws.amazon.com/network-firewall/latest/developerguide/what-is-aws-network-firewall.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.ec2.models import ec2_backends
from moto.networkfirewall.models import networkfirewall_backends
from moto.networkfirewall.responses import NetworkFirewallResponse
from moto.networkfirewall.urls import url_paths

from watchword.lab.backends import registry
from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.tables import Item, Tables, regional, uuid

firewall_tables = regional("network-firewall")

# What a policy and a rule group are called in ARNs.
_POLICY, _GROUP = "FirewallPolicy", "RuleGroup"
_GROUP_PATHS = {"STATEFUL": "stateful-rulegroup", "STATELESS": "stateless-rulegroup"}


def _tables(call: Call) -> Tables:
    return firewall_tables[call.account][call.region]


def _arn(call: Call, path: str) -> str:
    return f"arn:{call.partition}:network-firewall:{call.region}:{call.account}:{path}"


def _create_firewall(call: Call) -> Item:
    given = call.params
    subnets = given.get("SubnetMappings", [])
    made = networkfirewall_backends[call.account][call.region].create_firewall(
        firewall_name=given["FirewallName"],
        firewall_policy_arn=given["FirewallPolicyArn"],
        vpc_id=given.get("VpcId", ""),
        subnet_mappings=subnets,
        delete_protection=given.get("DeleteProtection", False),
        subnet_change_protection=given.get("SubnetChangeProtection", False),
        firewall_policy_change_protection=given.get("FirewallPolicyChangeProtection", False),
        description=given.get("Description", ""),
        tags=given.get("Tags", []),
        encryption_configuration=given.get("EncryptionConfiguration", {"Type": "AWS_OWNED_KMS_KEY"}),
        enabled_analysis_types=given.get("EnabledAnalysisTypes", []),
    )
    states = dict(_attachment(call, made.vpc_id, mapping["SubnetId"]) for mapping in subnets)
    _tables(call).table("firewalls")[made.arn] = {"id": uuid(), "states": states}
    return {"Firewall": _described(call, made), "FirewallStatus": _status(call, made)}


def _attachment(call: Call, vpc: str, subnet: str) -> tuple[str, Item]:
    """The zone of a subnet, and the endpoint of the firewall in it."""
    backend = ec2_backends[call.account][call.region]
    zone = backend.get_subnet(subnet).availability_zone
    service = f"com.amazonaws.vpce.{call.region}.vpce-svc-networkfirewall"
    endpoint = backend.create_vpc_endpoint(vpc, service, "GatewayLoadBalancer", None, [], [subnet])
    return zone, {"Attachment": {"SubnetId": subnet, "EndpointId": endpoint.id, "Status": "READY"}}


def _described(call: Call, firewall: Any) -> Item:
    return {
        "FirewallName": firewall.firewall_name,
        "FirewallArn": firewall.arn,
        "FirewallPolicyArn": firewall.firewall_policy_arn,
        "VpcId": firewall.vpc_id,
        "SubnetMappings": firewall.subnet_mappings,
        "DeleteProtection": firewall.delete_protection,
        "SubnetChangeProtection": firewall.subnet_change_protection,
        "FirewallPolicyChangeProtection": firewall.firewall_policy_change_protection,
        "Description": firewall.description,
        "FirewallId": _tables(call).table("firewalls")[firewall.arn]["id"],
        "Tags": firewall.tags,
        "EncryptionConfiguration": firewall.encryption_configuration,
        "EnabledAnalysisTypes": firewall.enabled_analysis_types,
    }


def _status(call: Call, firewall: Any) -> Item:
    states = _tables(call).table("firewalls")[firewall.arn]["states"]
    return {"Status": "READY", "ConfigurationSyncStateSummary": "IN_SYNC", "SyncStates": states}


def _describe_firewall(call: Call) -> Item:
    wanted = (call.params.get("FirewallArn"), call.params.get("FirewallName"))
    firewalls = networkfirewall_backends[call.account][call.region].firewalls.values()
    found = next(
        (each for each in firewalls if each.arn == wanted[0] or each.firewall_name == wanted[1]), None
    )
    if found is None:
        raise Refusal("ResourceNotFoundException", "The firewall does not exist.")
    status = _status(call, found)
    return {"UpdateToken": found.update_token, "Firewall": _described(call, found), "FirewallStatus": status}


def _create_policy(call: Call) -> Item:
    name = call.params["FirewallPolicyName"]
    arn = _arn(call, f"firewall-policy/{name}")
    return _create(call, _POLICY, arn, call.params[_POLICY], {"FirewallPolicyStatus": "ACTIVE"})


def _create_group(call: Call) -> Item:
    name, kind = call.params["RuleGroupName"], call.params["Type"]
    if kind not in _GROUP_PATHS:
        raise Refusal("InvalidRequestException", f"The lab has no rule groups of type {kind}.")
    rules = call.params.get(_GROUP) or {"RulesSource": {"RulesString": call.params.get("Rules", "")}}
    more = {"RuleGroupStatus": "ACTIVE", "Type": kind, "Capacity": call.params["Capacity"]}
    return _create(call, _GROUP, _arn(call, f"{_GROUP_PATHS[kind]}/{name}"), rules, more)


def _create(call: Call, noun: str, arn: str, content: Item, more: Item) -> Item:
    if arn in _tables(call).table(noun):
        raise Refusal("InvalidRequestException", f"A resource with the ARN {arn} already exists.")
    described = {"Description": call.params["Description"]} if "Description" in call.params else {}
    response = {
        f"{noun}Name": call.params[f"{noun}Name"],
        f"{noun}Arn": arn,
        f"{noun}Id": uuid(),
        "Tags": call.params.get("Tags", []),
        "EncryptionConfiguration": call.params.get("EncryptionConfiguration", {"Type": "AWS_OWNED_KMS_KEY"}),
        "LastModifiedTime": datetime.now(UTC),
        **described,
        **more,
    }
    _tables(call).table(noun)[arn] = {"UpdateToken": uuid(), f"{noun}Response": response, noun: content}
    return _response(call, noun, arn)


def _response(call: Call, noun: str, arn: str) -> Item:
    kept = _tables(call).table(noun)[arn]
    return {name: kept[name] for name in ("UpdateToken", f"{noun}Response")}


def _found(call: Call, noun: str) -> str:
    """The ARN of what the call names by ARN or by name."""
    wanted = (call.params.get(f"{noun}Arn"), call.params.get(f"{noun}Name"))
    for arn, kept in _tables(call).table(noun).items():
        kind = kept[f"{noun}Response"].get("Type")
        named = kept[f"{noun}Response"][f"{noun}Name"] == wanted[1] and call.params.get("Type", kind) == kind
        if arn == wanted[0] or named:
            return arn
    raise Refusal("ResourceNotFoundException", f"The {noun} does not exist.")


def _describe(noun: str) -> Handler:
    def handle(call: Call) -> Item:
        arn = _found(call, noun)
        kept = _tables(call).table(noun)[arn]
        counted = {**kept[f"{noun}Response"], "NumberOfAssociations": _uses(call, noun, arn)}
        return {**kept, f"{noun}Response": counted}

    return handle


def _uses(call: Call, noun: str, arn: str) -> int:
    """How many firewalls use a policy, or policies a rule group."""
    if noun == _POLICY:
        firewalls = networkfirewall_backends[call.account][call.region].firewalls.values()
        return sum(firewall.firewall_policy_arn == arn for firewall in firewalls)
    policies = [kept[_POLICY] for kept in _tables(call).table(_POLICY).values()]
    lists = ("StatelessRuleGroupReferences", "StatefulRuleGroupReferences")
    return sum(
        any(each["ResourceArn"] == arn for kind in lists for each in policy.get(kind, []))
        for policy in policies
    )


def _update(noun: str) -> Handler:
    def handle(call: Call) -> Item:
        arn = _found(call, noun)
        kept = _tables(call).table(noun)[arn]
        if call.params["UpdateToken"] != kept["UpdateToken"]:
            raise Refusal("InvalidTokenException", "The token is not that of the last change.")
        content = call.params.get(noun) or {"RulesSource": {"RulesString": call.params.get("Rules", "")}}
        kept.update({"UpdateToken": uuid(), noun: content})
        kept[f"{noun}Response"]["LastModifiedTime"] = datetime.now(UTC)
        return _response(call, noun, arn)

    return handle


def _delete(noun: str) -> Handler:
    def handle(call: Call) -> Item:
        arn = _found(call, noun)
        if _uses(call, noun, arn):
            raise Refusal("InvalidOperationException", f"The {noun} is in use.")
        kept = _tables(call).table(noun).pop(arn)
        return {f"{noun}Response": {**kept[f"{noun}Response"], f"{noun}Status": "DELETING"}}

    return handle


def _list(noun: str, member: str) -> Handler:
    def handle(call: Call) -> Item:
        if call.params.get("Scope") == "MANAGED":
            return call.page(member, [], 100)
        kind = call.params.get("Type")
        found = [
            {"Name": kept[f"{noun}Response"][f"{noun}Name"], "Arn": arn}
            for arn, kept in _tables(call).table(noun).items()
            if kind in (None, kept[f"{noun}Response"].get("Type"))
        ]
        return call.page(member, found, 100)

    return handle


def _put_resource_policy(call: Call) -> None:
    _tables(call).table("resource policies")[call.params["ResourceArn"]] = {"Policy": call.params["Policy"]}


def _describe_resource_policy(call: Call) -> Item:
    found = _tables(call).table("resource policies").get(call.params["ResourceArn"])
    if found is None:
        raise Refusal("ResourceNotFoundException", "The resource has no policy.")
    return found


OPERATIONS: Mapping[str, Handler] = {
    "CreateFirewall": _create_firewall,
    "DescribeFirewall": _describe_firewall,
    "CreateFirewallPolicy": _create_policy,
    "DescribeFirewallPolicy": _describe(_POLICY),
    "UpdateFirewallPolicy": _update(_POLICY),
    "DeleteFirewallPolicy": _delete(_POLICY),
    "ListFirewallPolicies": _list(_POLICY, "FirewallPolicies"),
    "CreateRuleGroup": _create_group,
    "DescribeRuleGroup": _describe(_GROUP),
    "UpdateRuleGroup": _update(_GROUP),
    "DeleteRuleGroup": _delete(_GROUP),
    "ListRuleGroups": _list(_GROUP, "RuleGroups"),
    "PutResourcePolicy": _put_resource_policy,
    "DescribeResourcePolicy": _describe_resource_policy,
}


def install() -> None:
    """Add the operations to moto's Network Firewall."""
    registry.extend(NetworkFirewallResponse, url_paths, OPERATIONS, invalid="InvalidRequestException")
