"""What a web ACL of AWS WAF does: which of its rules act, and against what.

A rule acts if it blocks or challenges (Block, CAPTCHA, Challenge); rules that count do not.  A rule of the web ACL may
run a group of rules, managed by AWS or a vendor or written by the customer; a group acts unless it is overridden to
Count.  Rules inside And, Or and Not are looked into; what narrows a rule (scope-down) is not weighed.

Source: https://docs.aws.amazon.com/waf/latest/APIReference/API_Rule.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from watchword.model.evidence import EvidenceMissing
from watchword.model.resource import Document, Resource

_ACTING: Final = frozenset({"Block", "Captcha", "Challenge"})
_ADDRESS_LISTS: Final = {
    "AWSManagedRulesAnonymousIpList": "AnonymousIPList",
    "AWSManagedRulesAmazonIpReputationList": "AWSManagedIPReputationList",
}
"""AWS's groups that judge by address alone, each with the rule that makes it what it is.

Source: https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-ip-rep.html
"""
_FLOOD_GROUPS: Final = frozenset({"AWSManagedRulesAntiDDoSRuleSet"})
_NESTED: Final = (("AndStatement", "Statements"), ("OrStatement", "Statements"))
_FIREWALL_MANAGER: Final = ("PreProcessFirewallManagerRuleGroups", "PostProcessFirewallManagerRuleGroups")

Groups = Mapping[str, Resource]
"""The customer's own rule groups by ARN."""


def inspecting_groups(acl: Resource) -> tuple[str, ...]:
    """The names of the acting managed groups that look at the request itself, not only at its address."""
    return tuple(name for name in _managed(acl) if name not in _ADDRESS_LISTS | dict.fromkeys(_FLOOD_GROUPS))


def rate_rules(acl: Resource, groups: Groups) -> tuple[str, ...]:
    """The names of the acting rules that limit the rate of requests, and of AWS's group against floods.

    Raises:
        EvidenceMissing: none was seen, and a rule group that the web ACL runs was not read.
    """
    found = tuple(name for name in _managed(acl) if name in _FLOOD_GROUPS)
    return found + _named(acl, groups, "RateBasedStatement", surely=bool(found))


def origin_rules(acl: Resource, groups: Groups) -> tuple[str, ...]:
    """The names of the acting rules that stop or challenge by where a request comes from.

    AWS's lists of anonymous addresses and of addresses with a bad reputation count while the rule that makes them such
    acts; so do rules by country.

    Raises:
        EvidenceMissing: none was seen, and a rule group that the web ACL runs was not read.
    """
    found = tuple(name for name in _managed(acl) if name in _ADDRESS_LISTS)
    return found + _named(acl, groups, "GeoMatchStatement", surely=bool(found))


def admits_named_addresses_only(acl: Resource) -> bool:
    """Whether the web ACL blocks by default and every rule that allows asks for an address of an IP set."""
    if not acl.has("DefaultAction.Block"):
        return False
    allowing = [rule for rule in acl.items("Rules") if rule.has("Action.Allow")]
    return bool(allowing) and all(_demands_ip_set(rule.document("Statement")) for rule in allowing)


def _managed(acl: Resource) -> tuple[str, ...]:
    """The names of the managed groups that act."""
    rules = list(acl.items("Rules"))
    for field in _FIREWALL_MANAGER:
        rules += acl.items(field)
    names = []
    for rule in rules:
        group = _managed_group(rule)
        if group is not None and not rule.has("OverrideAction.Count") and _essence_acts(group):
            names.append(group.text("Name"))
    return tuple(dict.fromkeys(names))


def _managed_group(rule: Document) -> Document | None:
    path = "ManagedRuleGroupStatement"
    return rule.document(f"Statement.{path}", absent=None) or rule.document(
        f"FirewallManagerStatement.{path}", absent=None
    )


def _essence_acts(group: Document) -> bool:
    """Whether the rule that makes an address list what it is has not been set to count or allow."""
    essential = _ADDRESS_LISTS.get(group.text("Name"))
    if essential in {one.text("Name") for one in group.items("ExcludedRules")}:
        return False
    return all(
        _acts(override, "ActionToUse")
        for override in group.items("RuleActionOverrides")
        if override.text("Name") == essential
    )


def _acts(rule: Document, field: str) -> bool:
    return any(rule.has(f"{field}.{action}") for action in _ACTING)


def _named(acl: Resource, groups: Groups, kind: str, *, surely: bool) -> tuple[str, ...]:
    """The names of the acting rules with a statement of one kind, in the web ACL and the customer's groups."""
    names, unseen = [], []
    for rule in acl.items("Rules"):
        if _acts(rule, "Action") and _has(rule.document("Statement"), kind):
            names.append(rule.text("Name"))
        arn = rule.text("Statement.RuleGroupReferenceStatement.ARN", absent="")
        if arn and not rule.has("OverrideAction.Count"):
            group = groups.get(arn)
            if group is None:
                unseen.append(arn)
            else:
                names += _acting_in(group, rule.document("Statement.RuleGroupReferenceStatement"), kind)
    if unseen and not names and not surely:
        raise EvidenceMissing(f"the rule group {unseen[0]} of web ACL {acl.name} was not read")
    return tuple(names)


def _acting_in(group: Resource, reference: Document, kind: str) -> Iterator[str]:
    muted = {
        one.text("Name") for one in reference.items("RuleActionOverrides") if not _acts(one, "ActionToUse")
    } | {one.text("Name") for one in reference.items("ExcludedRules")}
    for rule in group.items("Rules"):
        if (
            rule.text("Name") not in muted
            and _acts(rule, "Action")
            and _has(rule.document("Statement"), kind)
        ):
            yield f"{group.name}/{rule.text('Name')}"


def _has(statement: Document, kind: str) -> bool:
    return statement.has(kind) or any(_has(one, kind) for one in _parts(statement))


def _parts(statement: Document) -> Iterable[Document]:
    for field, items in _NESTED:
        nested = statement.document(field, absent=None)
        if nested is not None:
            yield from nested.items(items)
    negated = statement.document("NotStatement.Statement", absent=None)
    if negated is not None:
        yield negated


def _demands_ip_set(statement: Document) -> bool:
    """Whether a statement holds only for addresses of an IP set: not negated, in every branch of an Or."""
    if statement.has("IPSetReferenceStatement"):
        return True
    both = statement.document("AndStatement", absent=None)
    if both is not None and any(map(_demands_ip_set, both.items("Statements"))):
        return True
    either = statement.document("OrStatement", absent=None)
    return either is not None and all(map(_demands_ip_set, either.items("Statements")))
