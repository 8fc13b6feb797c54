"""Systems Manager's view of machines: registrations, inventory and sessions.

What it does: keeps what agents would report; the estate registers machines by `register`, and their sessions by
`record_session`, since AWS has no operation for either. What it does not do: run commands or connect anyone.
Reference: https://docs.aws.amazon.com/systems-manager/latest/userguide/managed_instances.html
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.moto_api._internal import mock_random
from moto.ssm.responses import SimpleSystemManagerResponse
from moto.ssm.urls import url_paths

from watchword.lab.backends import registry
from watchword.lab.backends.call import Call, Refusal, conform
from watchword.lab.backends.criteria import strings, values_at
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.tables import Item, Tables, regional, shared_members, uuid

# The state of all extensions of Systems Manager, by account and region.
ssm_tables = regional("ssm")

# Filters of DescribeInstanceInformation that are not called as the member that they look at.
_INSTANCE_FILTERS = {
    "InstanceIds": "InstanceId",
    "PlatformTypes": "PlatformType",
    "ActivationIds": "ActivationId",
}

# How a comparison of inventory decides, by its type: the values of a machine against those asked for.
_COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "Equal": lambda has, asked: has == asked,
    "BeginWith": lambda has, asked: has.startswith(asked),
    "LessThan": lambda has, asked: has < asked,
    "GreaterThan": lambda has, asked: has > asked,
}


def tables(call: Call) -> Tables:
    """The tables of the account and region that a call concerns."""
    return ssm_tables[call.account][call.region]


def register(account: str, region: str, instance: str, **information: Any) -> None:
    """Let Systems Manager manage a machine ("i-…" or "mi-…"), or know more of it.

    `information` are members of AWS's InstanceInformation, for instance PlatformName="Ubuntu",
    PlatformVersion="20.04", PingStatus="ConnectionLost", LastPingDateTime=…; what is left out is that of an up-to-date
    Amazon Linux machine that is online. Raises AnswerError for members that AWS doesn't have.
    """
    now = datetime.now(UTC)
    item = {
        "InstanceId": instance,
        "PingStatus": "Online",
        "LastPingDateTime": now,
        "AgentVersion": "3.3.987.0",
        "IsLatestVersion": True,
        "PlatformType": "Linux",
        "PlatformName": "Amazon Linux",
        "PlatformVersion": "2023",
        "RegistrationDate": now - timedelta(days=30),
        "ResourceType": "EC2Instance" if instance.startswith("i-") else "ManagedInstance",
        "SourceId": instance,
        "SourceType": "AWS::EC2::Instance" if instance.startswith("i-") else "AWS::SSM::ManagedInstance",
        **information,
    }
    conform("ssm", "InstanceInformation", item)
    ssm_tables[account][region].table("instances")[instance] = item


def record_session(account: str, region: str, target: str, owner: str, **members: Any) -> str:
    """Add a session to the history; gives its id.

    `owner` is the ARN of whoever held it; `members` are members of AWS's Session, such as StartDate, EndDate,
    Reason, Status ("Terminated" unless given).
    """
    now = datetime.now(UTC)
    key = f"{owner.rsplit('/', 1)[-1]}-{mock_random.get_random_hex(17)}"
    item = {
        "SessionId": key,
        "Target": target,
        "Status": "Terminated",
        "StartDate": now - timedelta(minutes=30),
        "EndDate": now,
        "DocumentName": "SSM-SessionManagerRunShell",
        "Owner": owner,
        **members,
    }
    conform("ssm", "Session", item)
    ssm_tables[account][region].table("sessions")[key] = item
    return key


def known_instance(call: Call, instance: str) -> Item:
    """The registration of a machine, or InvalidInstanceId."""
    instances = tables(call).table("instances")
    if instance not in instances:
        raise Refusal("InvalidInstanceId", f"Instance {instance} is not managed by Systems Manager")
    return instances[instance]


def _describe_instances(call: Call) -> Item:
    old = [(each["key"], each["valueSet"]) for each in call.params.get("InstanceInformationFilterList", [])]
    new = [(each["Key"], each["Values"]) for each in call.params.get("Filters", [])]
    items = [item for item in tables(call).table("instances").values() if _passes(call, item, old + new)]
    return call.page("InstanceInformationList", items, 10)


def _passes(call: Call, item: Item, filters: Iterable[tuple[str, list[str]]]) -> bool:
    return all(set(_filtered_values(call, item, name)) & set(wanted) for name, wanted in filters)


def _filtered_values(call: Call, item: Item, name: str) -> list[str]:
    """What a filter of DescribeInstanceInformation looks at; tags are those of the EC2 instance."""
    if name.startswith("tag:"):
        value = ec2_tags(call.account, call.region, item["InstanceId"]).get(name.removeprefix("tag:"))
        return [] if value is None else [value]
    return strings(values_at(item, _INSTANCE_FILTERS.get(name, name)))


def ec2_tags(account: str, region: str, instance: str) -> dict[str, str]:
    """The tags of an EC2 instance; none for machines elsewhere."""
    from moto.ec2.models import ec2_backends

    found = ec2_backends[account][region].tags.get(instance, {})
    return dict(found)


def _connection_status(call: Call) -> Item:
    target = call.params["Target"]
    instance = tables(call).table("instances").get(target, {})
    online = instance.get("PingStatus") == "Online"
    return {"Target": target, "Status": "connected" if online else "notconnected"}


def _create_activation(call: Call) -> Item:
    key = uuid()
    expires = call.params.get("ExpirationDate") or datetime.now(UTC) + timedelta(days=1)
    tables(call).table("activations")[key] = {
        "RegistrationLimit": 1,
        **shared_members(call, "Activation"),
        "ActivationId": key,
        "RegistrationsCount": 0,
        "ExpirationDate": expires,
        "CreatedDate": datetime.now(UTC),
    }
    return {"ActivationId": key, "ActivationCode": mock_random.get_random_string(20)}


def _describe_activations(call: Call) -> Item:
    now = datetime.now(UTC)
    activations = tables(call).table("activations").values()
    return call.page(
        "ActivationList",
        [{**item, "Expired": item["ExpirationDate"].replace(tzinfo=UTC) <= now} for item in activations],
    )


def _delete_activation(call: Call) -> None:
    if tables(call).table("activations").pop(call.params["ActivationId"], None) is None:
        raise Refusal("InvalidActivation", "The activation is not valid")


def _inventory(call: Call, instance: str) -> dict[str, Item]:
    """A machine's inventory by type; what Systems Manager knows of the machine itself is always there."""
    gathered = dict(tables(call).table(f"inventory of {instance}"))
    information = tables(call).table("instances").get(instance)
    if information:
        gathered.setdefault("AWS:InstanceInformation", _own_inventory(information))
    return gathered


def _own_inventory(information: Item) -> Item:
    names = {"AgentVersion", "ComputerName", "InstanceId", "IpAddress", "PlatformName", "PlatformType"}
    content = {name: str(information[name]) for name in sorted(names) if name in information}
    content |= {"AgentType": "amazon-ssm-agent", "InstanceStatus": "Active", "ResourceType": "EC2Instance"}
    content["PlatformVersion"] = information["PlatformVersion"]
    captured = information["LastPingDateTime"].strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "TypeName": "AWS:InstanceInformation",
        "SchemaVersion": "1.0",
        "CaptureTime": captured,
        "Content": [content],
    }


def _put_inventory(call: Call) -> Item:
    instance = known_instance(call, call.params["InstanceId"])["InstanceId"]
    gathered = tables(call).table(f"inventory of {instance}")
    for item in call.params["Items"]:
        members = ("TypeName", "SchemaVersion", "CaptureTime", "ContentHash")
        kept = {name: item[name] for name in members if name in item}
        gathered[item["TypeName"]] = {**kept, "Content": item.get("Content", [])}
    return {"Message": f"Inventory was successfully put for resource {instance}"}


def _get_inventory(call: Call) -> Item:
    if call.params.get("Aggregators"):
        raise Refusal("InvalidAggregatorException", "The lab does not aggregate inventory")
    asked = [each["TypeName"] for each in call.params.get("ResultAttributes", [])] or [
        "AWS:InstanceInformation"
    ]
    filters = call.params.get("Filters", [])
    entities = []
    for instance in tables(call).table("instances"):
        gathered = _inventory(call, instance)
        if all(_inventory_passes(gathered, each) for each in filters):
            entities.append(
                {"Id": instance, "Data": {name: gathered[name] for name in asked if name in gathered}}
            )
    return call.page("Entities", entities)


def _inventory_passes(gathered: Mapping[str, Item], wanted: Mapping[str, Any]) -> bool:
    """A filter's key is the type and the attribute: "AWS:InstanceInformation.PlatformType"."""
    name, _, attribute = wanted["Key"].rpartition(".")
    content = gathered.get(name, {}).get("Content", [])
    return _entry_passes([entry[attribute] for entry in content if attribute in entry], wanted)


def _entry_passes(values: list[str], wanted: Mapping[str, Any]) -> bool:
    kind = wanted.get("Type", "Equal")
    if kind == "Exists":
        return bool(values)
    if kind == "NotEqual":
        return not set(values) & set(wanted["Values"])
    return any(_COMPARISONS[kind](value, asked) for value in values for asked in wanted["Values"])


def _list_entries(call: Call) -> Item:
    instance, name = call.params["InstanceId"], call.params["TypeName"]
    known_instance(call, instance)
    found = _inventory(call, instance).get(name, {})
    entries = [
        entry
        for entry in found.get("Content", [])
        if all(_entry_passes([entry.get(each["Key"], "")], each) for each in call.params.get("Filters", []))
    ]
    stamps = {key: found[key] for key in ("SchemaVersion", "CaptureTime") if key in found}
    return {"TypeName": name, "InstanceId": instance, **stamps, **call.page("Entries", entries)}


def _start_session(call: Call) -> Item:
    target = call.params["Target"]
    if tables(call).table("instances").get(target, {}).get("PingStatus") != "Online":
        raise Refusal("TargetNotConnected", f"{target} is not connected.")
    members = {"DocumentName": call.params["DocumentName"]} if "DocumentName" in call.params else {}
    members |= {"Reason": call.params["Reason"]} if "Reason" in call.params else {}
    owner = f"arn:{call.partition}:iam::{call.account}:user/lab"
    key = record_session(call.account, call.region, target, owner, Status="Connected", **members)
    del tables(call).table("sessions")[key]["EndDate"]
    address = f"wss://ssmmessages.{call.region}.amazonaws.com/v1/data-channel/{key}"
    return {"SessionId": key, "TokenValue": mock_random.get_random_string(40), "StreamUrl": address}


def _terminate_session(call: Call) -> Item:
    """AWS answers for unknown sessions as well."""
    key = call.params["SessionId"]
    session = tables(call).table("sessions").get(key)
    if session:
        session.update(Status="Terminated", EndDate=datetime.now(UTC))
    return {"SessionId": key}


def _describe_sessions(call: Call) -> Item:
    ended = call.params["State"] == "History"
    filters = call.params.get("Filters", [])
    sessions = [
        item
        for item in tables(call).table("sessions").values()
        if (item["Status"] in ("Terminated", "Failed")) == ended
        and all(_session_passes(item, f) for f in filters)
    ]
    return call.page("Sessions", sorted(sessions, key=lambda item: item["StartDate"], reverse=True))


def _session_passes(item: Item, wanted: Mapping[str, str]) -> bool:
    name, value = wanted["key"], wanted["value"]
    if name == "InvokedAfter":
        return bool(item["StartDate"] > _time(value))
    if name == "InvokedBefore":
        return bool(item["StartDate"] < _time(value))
    return value in strings(values_at(item, name))


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise Refusal("InvalidFilterKey", f"{text} is not a time of the form 2018-08-29T00:00:00Z") from error


OPERATIONS: Mapping[str, Handler] = {
    "DescribeInstanceInformation": _describe_instances,
    "GetConnectionStatus": _connection_status,
    "CreateActivation": _create_activation,
    "DescribeActivations": _describe_activations,
    "DeleteActivation": _delete_activation,
    "PutInventory": _put_inventory,
    "GetInventory": _get_inventory,
    "ListInventoryEntries": _list_entries,
    "StartSession": _start_session,
    "TerminateSession": _terminate_session,
    "DescribeSessions": _describe_sessions,
}


def install() -> None:
    """Add the operations to moto's Systems Manager."""
    registry.extend(SimpleSystemManagerResponse, url_paths, OPERATIONS)
