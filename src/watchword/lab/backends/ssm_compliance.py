"""Systems Manager's compliance items, State Manager's associations and the service's settings.

What it does: keeps what is put, and counts it as AWS counts it. What it does not do: run an association.
Reference: https://docs.aws.amazon.com/systems-manager/latest/userguide/compliance-about.html
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.ssm.responses import SimpleSystemManagerResponse
from moto.ssm.urls import url_paths

from watchword.lab.backends import registry
from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.criteria import strings, values_at
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.ssm_instances import tables
from watchword.lab.backends.tables import Item, Tables, only, shared_members, uuid

_SEVERITIES = ("CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNSPECIFIED")

# The settings that exist, with the value that they have where nobody changed it.
# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetServiceSetting.html
_SETTINGS = {
    "/ssm/appmanager/appmanager-enabled": "True",
    "/ssm/automation/customer-script-log-destination": "",
    "/ssm/automation/customer-script-log-group-name": "",
    "/ssm/automation/enable-adaptive-concurrency": "False",
    "/ssm/documents/console/public-sharing-permission": "Enable",
    "/ssm/managed-instance/activation-tier": "standard",
    "/ssm/managed-instance/default-ec2-instance-management-role": "$None",
    "/ssm/opsinsights/opscenter": "Disabled",
    "/ssm/parameter-store/default-parameter-tier": "Standard",
    "/ssm/parameter-store/high-throughput-enabled": "false",
}

_COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "EQUAL": lambda has, asked: has == asked,
    "NOT_EQUAL": lambda has, asked: has != asked,
    "BEGIN_WITH": lambda has, asked: has.startswith(asked),
    "LESS_THAN": lambda has, asked: has < asked,
    "GREATER_THAN": lambda has, asked: has > asked,
}

# Filters of associations that are not called as the member that they look at.
_ASSOCIATION_FILTERS = {"AssociationStatusName": "Overview.Status"}


def replace_items(
    state: Tables, resource: Mapping[str, str], kind: str, run: Item, items: Iterable[Item]
) -> None:
    """Replace what is known of one kind of compliance of one resource.

    `resource` has the members ResourceId and ResourceType, `run` is an ExecutionSummary, `items` are entries of
    PutComplianceItems.
    """
    key = f"{resource['ResourceType']} {resource['ResourceId']} {kind}"
    state.table("compliance")[key] = {
        "ComplianceType": kind,
        **resource,
        "ExecutionSummary": run,
        "Items": [dict(item) for item in items],
    }


def _put_items(call: Call) -> None:
    resource = {name: call.params[name] for name in ("ResourceId", "ResourceType")}
    kind, run = call.params["ComplianceType"], call.params["ExecutionSummary"]
    if not kind.startswith(("Custom:", "Association", "Patch")):
        raise Refusal(
            "InvalidItemContentException", "The compliance type must be Association, Patch or Custom:…"
        )
    replace_items(tables(call), resource, kind, run, call.params["Items"])


def _list_items(call: Call) -> Item:
    ids, kinds = call.params.get("ResourceIds"), call.params.get("ResourceTypes")
    items = [
        {**{name: group[name] for name in group if name != "Items"}, **item}
        for group in tables(call).table("compliance").values()
        if (not ids or group["ResourceId"] in ids) and (not kinds or group["ResourceType"] in kinds)
        for item in group["Items"]
    ]
    return call.page("ComplianceItems", [item for item in items if _passes(call, item)])


def _passes(call: Call, item: Item) -> bool:
    """Compliance filters: several values of one filter are alternatives."""
    return all(
        any(
            _COMPARISONS[each.get("Type", "EQUAL")](has, asked)
            for has in strings(values_at(item, each["Key"]))
            for asked in each["Values"]
        )
        for each in call.params.get("Filters", [])
    )


def _counted(items: Iterable[Item]) -> Item:
    """The two summaries of a set of items, each with its counts by severity."""
    found = list(items)
    good = [item["Severity"] for item in found if item["Status"] == "COMPLIANT"]
    bad = [item["Severity"] for item in found if item["Status"] == "NON_COMPLIANT"]
    return {
        "CompliantSummary": {"CompliantCount": len(good), "SeveritySummary": _by_severity(good)},
        "NonCompliantSummary": {"NonCompliantCount": len(bad), "SeveritySummary": _by_severity(bad)},
    }


def _by_severity(severities: Iterable[str]) -> dict[str, int]:
    counts = Counter(severities)
    return {f"{name.capitalize()}Count": counts[name] for name in _SEVERITIES}


def _resource_summaries(call: Call) -> Item:
    summaries = [_resource_summary(group) for group in tables(call).table("compliance").values()]
    return call.page("ResourceComplianceSummaryItems", [each for each in summaries if _passes(call, each)])


def _resource_summary(group: Item) -> Item:
    bad = [item["Severity"] for item in group["Items"] if item["Status"] == "NON_COMPLIANT"]
    return {
        **{name: group[name] for name in group if name != "Items"},
        "Status": "NON_COMPLIANT" if bad else "COMPLIANT",
        "OverallSeverity": min(bad, key=_SEVERITIES.index, default="UNSPECIFIED"),
        **_counted(group["Items"]),
    }


def _summaries(call: Call) -> Item:
    """Here one resource counts once, by its overall state, and not each of its items."""
    groups: dict[str, list[Item]] = {}
    for group in tables(call).table("compliance").values():
        summary = _resource_summary(group)
        overall = {"Status": summary["Status"], "Severity": summary["OverallSeverity"]}
        groups.setdefault(group["ComplianceType"], []).append(overall)
    summaries = [{"ComplianceType": kind, **_counted(items)} for kind, items in groups.items()]
    return call.page("ComplianceSummaryItems", [each for each in summaries if _passes(call, each)])


def _create_association(call: Call) -> Item:
    key, now = uuid(), datetime.now(UTC)
    item = {
        "DocumentVersion": "$DEFAULT",
        **shared_members(call, "AssociationDescription"),
        "AssociationId": key,
        "AssociationVersion": "1",
        "Date": now,
        "LastUpdateAssociationDate": now,
        "Overview": {"Status": "Success", "DetailedStatus": "Success"},
        "LastExecutionDate": now,
        "LastSuccessfulExecutionDate": now,
    }
    tables(call).table("associations")[key] = item
    return {"AssociationDescription": item}


def _association(call: Call) -> Item:
    """The association with the id that a call gives, or with the document and machine that it names."""
    asked = {name: call.params.get(name) for name in ("Name", "InstanceId")}
    for key, item in tables(call).table("associations").items():
        named = asked["Name"] and all(item.get(name) == value for name, value in asked.items())
        if key == call.params.get("AssociationId") or named:
            return item
    raise Refusal("AssociationDoesNotExist", "The specified association does not exist.")


def _describe_association(call: Call) -> Item:
    return {"AssociationDescription": _association(call)}


def _delete_association(call: Call) -> None:
    del tables(call).table("associations")[_association(call)["AssociationId"]]


def _list_associations(call: Call) -> Item:
    filters = call.params.get("AssociationFilterList", [])
    return call.page(
        "Associations",
        [
            only(call, "Association", item)
            for item in tables(call).table("associations").values()
            if all(_association_passes(item, each) for each in filters)
        ],
    )


def _association_passes(item: Item, wanted: Mapping[str, str]) -> bool:
    name, value = wanted["key"], wanted["value"]
    return value in strings(values_at(item, _ASSOCIATION_FILTERS.get(name, name)))


def _setting(call: Call) -> Item:
    key = call.params["SettingId"]
    key = key[key.index("/ssm/") :] if "/ssm/" in key else key
    if key not in _SETTINGS:
        raise Refusal("ServiceSettingNotFound", f"The service setting {key} was not found.")
    arn = f"arn:{call.partition}:ssm:{call.region}:{call.account}:servicesetting{key}"
    begin: dict[str, Any] = {
        "SettingId": key,
        "SettingValue": _SETTINGS[key],
        "ARN": arn,
        "Status": "Default",
    }
    begin |= {"LastModifiedDate": datetime.now(UTC), "LastModifiedUser": "System"}
    return tables(call).table("service settings").setdefault(key, begin)


def _get_setting(call: Call) -> Item:
    return {"ServiceSetting": _setting(call)}


def _update_setting(call: Call) -> None:
    user = f"arn:{call.partition}:iam::{call.account}:user/lab"
    changed = {"SettingValue": call.params["SettingValue"], "Status": "Customized"}
    _setting(call).update(changed, LastModifiedDate=datetime.now(UTC), LastModifiedUser=user)


def _reset_setting(call: Call) -> Item:
    tables(call).table("service settings").pop(_setting(call)["SettingId"])
    return {"ServiceSetting": _setting(call)}


OPERATIONS: Mapping[str, Handler] = {
    "PutComplianceItems": _put_items,
    "ListComplianceItems": _list_items,
    "ListResourceComplianceSummaries": _resource_summaries,
    "ListComplianceSummaries": _summaries,
    "CreateAssociation": _create_association,
    "DescribeAssociation": _describe_association,
    "DeleteAssociation": _delete_association,
    "ListAssociations": _list_associations,
    "GetServiceSetting": _get_setting,
    "UpdateServiceSetting": _update_setting,
    "ResetServiceSetting": _reset_setting,
}


def install() -> None:
    """Add the operations to moto's Systems Manager."""
    registry.extend(SimpleSystemManagerResponse, url_paths, OPERATIONS)
