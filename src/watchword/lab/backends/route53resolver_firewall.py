"""Route 53 Resolver's DNS Firewall: domain lists, rule groups, their rules and associations, and what fails open.

What it does: keeps them. What it does not do: resolve a name, or know AWS's own domain lists.
Reference: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.ec2.models import ec2_backends
from moto.route53resolver.responses import Route53ResolverResponse
from moto.route53resolver.urls import url_paths

from watchword.lab.backends import registry
from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.tables import Item, Tables, hex_id, only, regional, shared_members

resolver_tables = regional("route53resolver")

_GROUP, _LIST, _ASSOCIATION = "FirewallRuleGroup", "FirewallDomainList", "FirewallRuleGroupAssociation"
_PREFIXES = {_GROUP: "rslvr-frg", _LIST: "rslvr-fdl", _ASSOCIATION: "rslvr-frgassoc"}
_PATHS = {
    _GROUP: "firewall-rule-group",
    _LIST: "firewall-domain-list",
    _ASSOCIATION: "firewall-rule-group-association",
}


def _tables(call: Call) -> Tables:
    return resolver_tables[call.account][call.region]


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _keep(call: Call, noun: str, **members: Any) -> Item:
    key = hex_id(_PREFIXES[noun])
    item = {
        **shared_members(call, noun),
        "Id": key,
        "Arn": f"arn:{call.partition}:route53resolver:{call.region}:{call.account}:{_PATHS[noun]}/{key}",
        "Status": "COMPLETE",
        "CreationTime": _now(),
        "ModificationTime": _now(),
        **members,
    }
    _tables(call).table(noun)[key] = item
    return {noun: item}


def _one(call: Call, noun: str) -> Item:
    key = call.params[f"{noun}Id"]
    found = _tables(call).table(noun).get(key)
    if found is None:
        raise Refusal("ResourceNotFoundException", f"[RSLVR-02025] Can't find the resource with ID '{key}'.")
    return found


def _get(noun: str) -> Handler:
    return lambda call: {noun: _one(call, noun)}


def _list(noun: str, shape: str) -> Handler:
    def handle(call: Call) -> Item:
        found = [only(call, shape, item) for item in _tables(call).table(noun).values()]
        return call.page(f"{noun}s", found, 100)

    return handle


def _create_group(call: Call) -> Item:
    return _keep(call, _GROUP, RuleCount=0, OwnerId=call.account, ShareStatus="NOT_SHARED")


def _delete_group(call: Call) -> Item:
    group = _one(call, _GROUP)
    if any(each["FirewallRuleGroupId"] == group["Id"] for each in _tables(call).table(_ASSOCIATION).values()):
        raise Refusal("ConflictException", f"The rule group {group['Id']} is associated with a VPC.")
    return {_GROUP: {**_tables(call).table(_GROUP).pop(group["Id"]), "Status": "DELETING"}}


def _create_list(call: Call) -> Item:
    return _keep(call, _LIST, DomainCount=0)


def _domains(call: Call) -> list[str]:
    kept: list[str] = _tables(call).table("domains").setdefault(_one(call, _LIST)["Id"], {"all": []})["all"]
    return kept


def _update_domains(call: Call) -> Item:
    domains, given = _domains(call), call.params["Domains"]
    kept = {
        "ADD": [*domains, *given],
        "REMOVE": [domain for domain in domains if domain not in given],
        "REPLACE": given,
    }[call.params["Operation"]]
    domains[:] = dict.fromkeys(kept)
    item = _one(call, _LIST)
    item.update(DomainCount=len(domains), ModificationTime=_now())
    return {"Id": item["Id"], "Name": item["Name"], "Status": "COMPLETE"}


def _list_domains(call: Call) -> Item:
    return call.page("Domains", _domains(call), 100)


def _rules(call: Call) -> dict[str, Item]:
    return _tables(call).table(f"rules of {_one(call, _GROUP)['Id']}")


def _create_rule(call: Call) -> Item:
    rules = _rules(call)
    if "FirewallDomainListId" in call.params:
        _one(call, _LIST)
    if any(rule["Priority"] == call.params["Priority"] for rule in rules.values()):
        raise Refusal("ValidationException", "The priority is in use by another rule of the group.")
    rule = {**shared_members(call, "FirewallRule"), "CreationTime": _now(), "ModificationTime": _now()}
    rules[hex_id("rule")] = rule
    _one(call, _GROUP)["RuleCount"] = len(rules)
    return {"FirewallRule": rule}


def _list_rules(call: Call) -> Item:
    asked = {name: call.params[name] for name in ("Priority", "Action") if name in call.params}
    found = [rule for rule in _rules(call).values() if asked.items() <= rule.items()]
    return call.page("FirewallRules", sorted(found, key=lambda rule: rule["Priority"]), 100)


def _associate(call: Call) -> Item:
    group, vpc = _one(call, _GROUP)["Id"], _vpc(call, call.params["VpcId"])
    for each in _tables(call).table(_ASSOCIATION).values():
        if (each["FirewallRuleGroupId"], each["VpcId"]) == (group, vpc):
            raise Refusal("ConflictException", "The rule group is associated with the VPC already.")
    return _keep(call, _ASSOCIATION, MutationProtection=call.params.get("MutationProtection", "DISABLED"))


def _vpc(call: Call, key: str) -> str:
    if key not in ec2_backends[call.account][call.region].vpcs:
        raise Refusal("ResourceNotFoundException", f"[RSLVR-02025] Can't find the resource with ID '{key}'.")
    return key


def _disassociate(call: Call) -> Item:
    key = _one(call, _ASSOCIATION)["Id"]
    return {_ASSOCIATION: {**_tables(call).table(_ASSOCIATION).pop(key), "Status": "DELETING"}}


def _list_associations(call: Call) -> Item:
    names = ("FirewallRuleGroupId", "VpcId", "Priority", "Status")
    asked = {name: call.params[name] for name in names if name in call.params}
    found = [each for each in _tables(call).table(_ASSOCIATION).values() if asked.items() <= each.items()]
    return call.page(f"{_ASSOCIATION}s", found, 100)


def _configuration(call: Call, vpc: str) -> Item:
    """What happens in a VPC while DNS Firewall doesn't answer: queries are blocked unless someone chose otherwise."""
    fresh = {
        "Id": hex_id("rslvr-fc"),
        "ResourceId": vpc,
        "OwnerId": call.account,
        "FirewallFailOpen": "DISABLED",
    }
    return _tables(call).table("configurations").setdefault(vpc, fresh)


def _get_configuration(call: Call) -> Item:
    return {"FirewallConfig": _configuration(call, _vpc(call, call.params["ResourceId"]))}


def _update_configuration(call: Call) -> Item:
    _configuration(call, _vpc(call, call.params["ResourceId"]))["FirewallFailOpen"] = call.params[
        "FirewallFailOpen"
    ]
    return _get_configuration(call)


def _list_configurations(call: Call) -> Item:
    vpcs = ec2_backends[call.account][call.region].vpcs
    return call.page("FirewallConfigs", [_configuration(call, vpc) for vpc in vpcs], 100)


OPERATIONS: Mapping[str, Handler] = {
    "CreateFirewallDomainList": _create_list,
    "GetFirewallDomainList": _get(_LIST),
    "ListFirewallDomainLists": _list(_LIST, "FirewallDomainListMetadata"),
    "UpdateFirewallDomains": _update_domains,
    "ListFirewallDomains": _list_domains,
    "CreateFirewallRuleGroup": _create_group,
    "GetFirewallRuleGroup": _get(_GROUP),
    "DeleteFirewallRuleGroup": _delete_group,
    "ListFirewallRuleGroups": _list(_GROUP, "FirewallRuleGroupMetadata"),
    "CreateFirewallRule": _create_rule,
    "ListFirewallRules": _list_rules,
    "AssociateFirewallRuleGroup": _associate,
    "DisassociateFirewallRuleGroup": _disassociate,
    "GetFirewallRuleGroupAssociation": _get(_ASSOCIATION),
    "ListFirewallRuleGroupAssociations": _list_associations,
    "GetFirewallConfig": _get_configuration,
    "UpdateFirewallConfig": _update_configuration,
    "ListFirewallConfigs": _list_configurations,
}


def install() -> None:
    """Add the operations to moto's Route 53 Resolver."""
    registry.extend(Route53ResolverResponse, url_paths, OPERATIONS)
