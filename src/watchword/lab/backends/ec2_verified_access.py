"""AWS Verified Access: instances, trust providers, groups, endpoints, their Cedar policies and access logs.

What it does: keeps them as EC2 does, with the ties between them (an endpoint belongs to a group, a group to an
instance; deletion is refused while something hangs on). What it does not do: evaluate a policy or admit anyone.
Reference: https://docs.aws.amazon.com/verified-access/latest/ug/what-is-verified-access.html
"""

from collections.abc import Mapping
from typing import Any

from moto.ec2.responses import EC2Response
from moto.ec2.urls import url_paths

from watchword.lab.backends import registry
from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.ec2_items import found, listed, now_text, tables, tags
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.tables import Item, hex_id, shared_members

_INSTANCE = "VerifiedAccessInstance"
_PROVIDER = "VerifiedAccessTrustProvider"
_GROUP = "VerifiedAccessGroup"
_ENDPOINT = "VerifiedAccessEndpoint"
_PREFIXES = {_INSTANCE: "vai", _PROVIDER: "vatp", _GROUP: "vagr", _ENDPOINT: "vae"}
_LOG_TARGETS = ("S3", "CloudWatchLogs", "KinesisDataFirehose")


def _table(call: Call, noun: str) -> dict[str, Item]:
    return tables(call).table(noun)


def _one(call: Call, noun: str) -> Item:
    """The thing that the call names by its id."""
    return found(_table(call, noun), call.params[f"{noun}Id"], noun)


def _keep(call: Call, noun: str, **members: Any) -> Item:
    """A new thing with the members of the input that describe it."""
    key = hex_id(_PREFIXES[noun])
    stamps = {"CreationTime": now_text(), "LastUpdatedTime": now_text()}
    item = {f"{noun}Id": key, **_described(call, noun), **stamps, "Tags": tags(call), **members}
    _table(call, noun)[key] = item
    return item


def _described(call: Call, noun: str) -> Item:
    """The members of the input that describe the thing; the input has a name where the answer has a domain."""
    members = shared_members(call, noun)
    if "CidrEndpointsCustomSubDomain" in members:
        name = members["CidrEndpointsCustomSubDomain"]
        members["CidrEndpointsCustomSubDomain"] = {"SubDomain": name, "Nameservers": []}
    return members


def _change(item: Item, changes: Mapping[str, Any]) -> Item:
    item.update(changes, LastUpdatedTime=now_text())
    return item


def _encryption(call: Call) -> Item:
    return dict(call.params.get("SseSpecification") or {"CustomerManagedKeyEnabled": False})


def _open(item: Item) -> Item:
    """A trust provider as answers show it: without the secret that it shares with the identity provider."""
    hidden = ("OidcOptions", "NativeApplicationOidcOptions")
    shown = {
        name: {k: v for k, v in item[name].items() if k != "ClientSecret"} for name in hidden if name in item
    }
    return {**item, **shown}


def _create_instance(call: Call) -> Item:
    fips = call.params.get("FIPSEnabled", False)
    return {_INSTANCE: _keep(call, _INSTANCE, VerifiedAccessTrustProviders=[], FipsEnabled=fips)}


def _create_provider(call: Call) -> Item:
    kind = call.params["TrustProviderType"]
    needed = {"user": "UserTrustProviderType", "device": "DeviceTrustProviderType"}[kind]
    if needed not in call.params:
        raise Refusal("MissingParameter", f"{needed} is required for a trust provider of type {kind}")
    return {_PROVIDER: _open(_keep(call, _PROVIDER, SseSpecification=_encryption(call)))}


def _create_group(call: Call) -> Item:
    _one(call, _INSTANCE)
    item = _keep(call, _GROUP, Owner=call.account, SseSpecification=_encryption(call))
    key = item["VerifiedAccessGroupId"]
    where = f"arn:{call.partition}:ec2:{call.region}:{call.account}"
    item["VerifiedAccessGroupArn"] = f"{where}:verified-access-group/{key}"
    _set_policy(call, _GROUP, key)
    return {_GROUP: item}


def _create_endpoint(call: Call) -> Item:
    group = _one(call, _GROUP)
    item = _keep(
        call,
        _ENDPOINT,
        VerifiedAccessInstanceId=group["VerifiedAccessInstanceId"],
        Status={"Code": "active"},
        SseSpecification=_encryption(call),
    )
    key = item["VerifiedAccessEndpointId"]
    prefix = call.params.get("EndpointDomainPrefix", "edge")
    owner = group["VerifiedAccessInstanceId"]
    item["EndpointDomain"] = (
        f"{prefix}.{key.replace('-', '_')}.{owner}.prod.verified-access.{call.region}.amazonaws.com"
    )
    _set_policy(call, _ENDPOINT, key)
    return {_ENDPOINT: item}


def _attach(call: Call) -> Item:
    instance, provider = _one(call, _INSTANCE), _one(call, _PROVIDER)
    attached = instance["VerifiedAccessTrustProviders"]
    if any(
        each["VerifiedAccessTrustProviderId"] == provider["VerifiedAccessTrustProviderId"]
        for each in attached
    ):
        raise Refusal("InvalidParameterValue", "The trust provider is already attached to the instance")
    condensed = ("VerifiedAccessTrustProviderId", "Description", "TrustProviderType")
    kinds = ("UserTrustProviderType", "DeviceTrustProviderType")
    attached.append({name: provider[name] for name in condensed + kinds if name in provider})
    return {_PROVIDER: _open(provider), _INSTANCE: _change(instance, {})}


def _detach(call: Call) -> Item:
    instance, provider = _one(call, _INSTANCE), _one(call, _PROVIDER)
    key = provider["VerifiedAccessTrustProviderId"]
    attached = instance["VerifiedAccessTrustProviders"]
    kept = [each for each in attached if each["VerifiedAccessTrustProviderId"] != key]
    if len(kept) == len(attached):
        raise Refusal("InvalidParameterValue", "The trust provider is not attached to the instance")
    return {_PROVIDER: _open(provider), _INSTANCE: _change(instance, {"VerifiedAccessTrustProviders": kept})}


def _modify(noun: str) -> Handler:
    def handle(call: Call) -> Item:
        item = _one(call, noun)
        for owner in (_INSTANCE, _GROUP):
            if owner != noun and f"{owner}Id" in call.params:
                _one(call, owner)
        changes = {name: _merged(item.get(name), value) for name, value in _described(call, noun).items()}
        return {noun: _open(_change(item, changes))}

    return handle


def _merged(old: object, new: object) -> object:
    """Options that a Modify operation doesn't name stay as they were."""
    return {**old, **new} if isinstance(old, dict) and isinstance(new, dict) else new


def _delete(noun: str, dependant: str = "") -> Handler:
    def handle(call: Call) -> Item:
        item = _one(call, noun)
        key = item[f"{noun}Id"]
        users = (
            [each for each in _table(call, dependant).values() if _uses(each, noun, key)] if dependant else []
        )
        if users:
            raise Refusal("DependencyViolation", f"The {noun} '{key}' is in use by a {dependant}")
        del _table(call, noun)[key]
        return {noun: _open(item)}

    return handle


def _uses(item: Item, noun: str, key: str) -> bool:
    attached = item.get("VerifiedAccessTrustProviders", [])
    return item.get(f"{noun}Id") == key or any(each.get(f"{noun}Id") == key for each in attached)


def _describe(noun: str, *owners: str) -> Handler:
    def handle(call: Call) -> Item:
        asked = {f"{owner}Id": call.params[f"{owner}Id"] for owner in owners if f"{owner}Id" in call.params}
        table = {
            key: _open(item)
            for key, item in _table(call, noun).items()
            if all(item[name] == value for name, value in asked.items())
        }
        return listed(call, f"{noun}s", table, f"{noun}Ids", noun)

    return handle


def _set_policy(call: Call, noun: str, key: str) -> Item:
    """Without a statement of ours, a policy counts from the moment that there is one."""
    policy = tables(call).table(f"{noun}Policy").setdefault(key, {"PolicyEnabled": False})
    if "PolicyDocument" in call.params:
        policy["PolicyDocument"] = call.params["PolicyDocument"]
        policy["PolicyEnabled"] = True
    if "PolicyEnabled" in call.params:
        policy["PolicyEnabled"] = call.params["PolicyEnabled"]
    if not policy["PolicyEnabled"]:
        policy.pop("PolicyDocument", None)
    return policy


def _get_policy(noun: str) -> Handler:
    return lambda call: tables(call).table(f"{noun}Policy")[_one(call, noun)[f"{noun}Id"]]


def _modify_policy(noun: str) -> Handler:
    def handle(call: Call) -> Item:
        item = _one(call, noun)
        if "SseSpecification" in call.params:
            _change(item, {"SseSpecification": _encryption(call)})
        policy = _set_policy(call, noun, item[f"{noun}Id"])
        return {**policy, "SseSpecification": item["SseSpecification"]}

    return handle


def _logging(call: Call, key: str) -> Item:
    off = {target: {"Enabled": False} for target in _LOG_TARGETS}
    fresh = {"VerifiedAccessInstanceId": key, "AccessLogs": {**off, "LogVersion": "ocsf-1.0.0-rc.2"}}
    return tables(call).table("VerifiedAccessLogging").setdefault(key, fresh)


def _modify_logging(call: Call) -> Item:
    configuration = _logging(call, _one(call, _INSTANCE)["VerifiedAccessInstanceId"])
    wanted = dict(call.params["AccessLogs"])
    for target in _LOG_TARGETS:
        if wanted.get(target, {}).get("Enabled"):
            wanted[target] = {**wanted[target], "DeliveryStatus": {"Code": "success"}}
    configuration["AccessLogs"].update(wanted)
    return {"LoggingConfiguration": configuration}


def _describe_logging(call: Call) -> Item:
    instances = _table(call, _INSTANCE)
    table = {key: _logging(call, key) for key in instances}
    return listed(call, "LoggingConfigurations", table, f"{_INSTANCE}Ids", _INSTANCE)


OPERATIONS: Mapping[str, Handler] = {
    "CreateVerifiedAccessInstance": _create_instance,
    "DescribeVerifiedAccessInstances": _describe(_INSTANCE),
    "ModifyVerifiedAccessInstance": _modify(_INSTANCE),
    "DeleteVerifiedAccessInstance": _delete(_INSTANCE, _GROUP),
    "CreateVerifiedAccessTrustProvider": _create_provider,
    "DescribeVerifiedAccessTrustProviders": _describe(_PROVIDER),
    "ModifyVerifiedAccessTrustProvider": _modify(_PROVIDER),
    "DeleteVerifiedAccessTrustProvider": _delete(_PROVIDER, _INSTANCE),
    "AttachVerifiedAccessTrustProvider": _attach,
    "DetachVerifiedAccessTrustProvider": _detach,
    "CreateVerifiedAccessGroup": _create_group,
    "DescribeVerifiedAccessGroups": _describe(_GROUP, _INSTANCE),
    "ModifyVerifiedAccessGroup": _modify(_GROUP),
    "DeleteVerifiedAccessGroup": _delete(_GROUP, _ENDPOINT),
    "GetVerifiedAccessGroupPolicy": _get_policy(_GROUP),
    "ModifyVerifiedAccessGroupPolicy": _modify_policy(_GROUP),
    "CreateVerifiedAccessEndpoint": _create_endpoint,
    "DescribeVerifiedAccessEndpoints": _describe(_ENDPOINT, _INSTANCE, _GROUP),
    "ModifyVerifiedAccessEndpoint": _modify(_ENDPOINT),
    "DeleteVerifiedAccessEndpoint": _delete(_ENDPOINT),
    "GetVerifiedAccessEndpointPolicy": _get_policy(_ENDPOINT),
    "ModifyVerifiedAccessEndpointPolicy": _modify_policy(_ENDPOINT),
    "ModifyVerifiedAccessInstanceLoggingConfiguration": _modify_logging,
    "DescribeVerifiedAccessInstanceLoggingConfigurations": _describe_logging,
}


def install() -> None:
    """Add the operations to moto's EC2."""
    registry.extend(EC2Response, url_paths, OPERATIONS, invalid="InvalidParameterValue")
