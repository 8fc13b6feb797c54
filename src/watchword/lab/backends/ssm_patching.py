"""Patch Manager: baselines, patch groups, and what scans found on machines.

What it does: completes moto's baselines with AWS's own ones, keeps patch groups, and counts the patches that the
estate lets a scan find by `report_patches`, since AWS has no operation for that. What it does not do: decide which
patches a baseline approves.
Reference: https://docs.aws.amazon.com/systems-manager/latest/userguide/patch-manager.html
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from moto.ssm.models import ssm_backends
from moto.ssm.responses import SimpleSystemManagerResponse
from moto.ssm.urls import url_paths
from moto.utilities.utils import load_resource

from watchword.lab.backends import registry
from watchword.lab.backends.call import Call, Refusal, conform
from watchword.lab.backends.criteria import strings, values_at
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.ssm_compliance import replace_items
from watchword.lab.backends.ssm_instances import ec2_tags, known_instance, ssm_tables, tables
from watchword.lab.backends.tables import Item, shared_members

# States of a patch by the member of InstancePatchState that counts them.
_COUNTERS = {
    "INSTALLED": "InstalledCount",
    "INSTALLED_OTHER": "InstalledOtherCount",
    "INSTALLED_PENDING_REBOOT": "InstalledPendingRebootCount",
    "INSTALLED_REJECTED": "InstalledRejectedCount",
    "MISSING": "MissingCount",
    "FAILED": "FailedCount",
    "NOT_APPLICABLE": "NotApplicableCount",
    "AVAILABLE_SECURITY_UPDATE": "AvailableSecurityUpdateCount",
}
_NON_COMPLIANT = ("MISSING", "FAILED", "INSTALLED_REJECTED", "INSTALLED_PENDING_REBOOT")
_SEVERITIES = {
    "Critical": "CRITICAL",
    "Important": "HIGH",
    "Medium": "MEDIUM",
    "Moderate": "MEDIUM",
    "Low": "LOW",
}

# What AWS calls its own baselines; the words are those of the operating system's name.
_OWN_NAMES = {
    "ALMA_LINUX": "AlmaLinux",
    "AMAZON_LINUX": "AmazonLinux",
    "AMAZON_LINUX_2": "AmazonLinux2",
    "AMAZON_LINUX_2022": "AmazonLinux2022",
    "AMAZON_LINUX_2023": "AmazonLinux2023",
    "CENTOS": "CentOS",
    "DEBIAN": "Debian",
    "MACOS": "MacOS",
    "ORACLE_LINUX": "OracleLinux",
    "RASPBIAN": "Raspbian",
    "REDHAT_ENTERPRISE_LINUX": "RedHat",
    "ROCKY_LINUX": "RockyLinux",
    "SUSE": "Suse",
    "UBUNTU": "Ubuntu",
    "WINDOWS": "",
}

# Most of AWS's own baselines approve after a week.
# https://docs.aws.amazon.com/systems-manager/latest/userguide/patch-manager-predefined-and-custom-patch-baselines.html
_OWN_RULES = {
    "PatchRules": [
        {
            "PatchFilterGroup": {
                "PatchFilters": [
                    {"Key": "CLASSIFICATION", "Values": ["Security"]},
                    {"Key": "SEVERITY", "Values": ["Critical", "Important"]},
                ]
            },
            "ComplianceLevel": "CRITICAL",
            "ApproveAfterDays": 7,
            "EnableNonSecurity": False,
        }
    ]
}

# Filters of DescribePatchGroups and of DescribeInstancePatches that are not called as the member they look at.
_FILTERS = {
    "NAME_PREFIX": "BaselineIdentity.BaselineName",
    "OPERATING_SYSTEM": "BaselineIdentity.OperatingSystem",
}


def report_patches(
    account: str,
    region: str,
    instance: str,
    patches: Sequence[Mapping[str, Any]],
    *,
    at: datetime | None = None,
    operation: str = "Scan",
    system: str = "AMAZON_LINUX_2023",
) -> None:
    """Let a scan (or an installation) find patches on a machine, as of `at` (UTC; now unless given).

    `patches` are AWS's PatchComplianceData: Title, KBId, Classification, Severity, State, InstalledTime. The patch
    group is the EC2 instance's tag "Patch Group" or "PatchGroup", the baseline that of the group for `system`.
    Compliance of type Patch follows. Raises AnswerError for patches of another form.
    """
    for patch in patches:
        conform("ssm", "PatchComplianceData", patch)
    state = ssm_tables[account][region]
    when = at or datetime.now(UTC)
    tags = ec2_tags(account, region, instance)
    group = tags.get("Patch Group", tags.get("PatchGroup", ""))
    counts = Counter(_COUNTERS[patch["State"]] for patch in patches)
    item = {
        "InstanceId": instance,
        "PatchGroup": group,
        "BaselineId": _baseline_for(account, region, group, system),
        **{counter: counts[counter] for counter in _COUNTERS.values()},
        **_non_compliant(patches),
        "UnreportedNotApplicableCount": 0,
        "OperationStartTime": when,
        "OperationEndTime": when,
        "Operation": operation,
    }
    conform("ssm", "InstancePatchState", item)
    state.table("patch states")[instance] = item
    state.table("patches")[instance] = {"patches": [dict(patch) for patch in patches]}
    resource = {"ResourceId": instance, "ResourceType": "ManagedInstance"}
    run = {"ExecutionTime": when, "ExecutionType": "Command"}
    replace_items(state, resource, "Patch", run, map(_compliance, patches))


def _non_compliant(patches: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    open_ones = [patch for patch in patches if patch["State"] in _NON_COMPLIANT]
    critical = sum(patch["Severity"] == "Critical" for patch in open_ones)
    security = sum(
        patch["Severity"] != "Critical" and "Security" in patch["Classification"] for patch in open_ones
    )
    return {
        "CriticalNonCompliantCount": critical,
        "SecurityNonCompliantCount": security,
        "OtherNonCompliantCount": len(open_ones) - critical - security,
    }


def _compliance(patch: Mapping[str, Any]) -> Item:
    return {
        "Id": patch["KBId"],
        "Title": patch["Title"],
        "Severity": _SEVERITIES.get(patch["Severity"], "UNSPECIFIED"),
        "Status": "NON_COMPLIANT" if patch["State"] in _NON_COMPLIANT else "COMPLIANT",
        "Details": {"PatchState": patch["State"], "Classification": patch["Classification"]},
    }


def _patch_states(call: Call) -> Item:
    states = tables(call).table("patch states")
    wanted = [states[key] for key in call.params["InstanceIds"] if key in states]
    return call.page("InstancePatchStates", wanted, 10)


def _patch_states_of_group(call: Call) -> Item:
    states = tables(call).table("patch states").values()
    wanted = [item for item in states if item["PatchGroup"] == call.params["PatchGroup"]]
    return call.page("InstancePatchStates", wanted, 10)


def _patches(call: Call) -> Item:
    instance = known_instance(call, call.params["InstanceId"])["InstanceId"]
    found = tables(call).table("patches").get(instance, {}).get("patches", [])
    filters = call.params.get("Filters", [])
    wanted = [
        patch
        for patch in found
        if all(set(strings(values_at(patch, each["Key"]))) & set(each["Values"]) for each in filters)
    ]
    return call.page("Patches", wanted, 10)


def _own_baselines(region: str) -> dict[str, str]:
    """AWS's own baselines of a region: operating system and id."""
    return {
        system: key for system, key in _every_own_baseline().get(region, {}).items() if system in _OWN_NAMES
    }


@cache
def _every_own_baseline() -> Mapping[str, Mapping[str, str]]:
    baselines: dict[str, dict[str, str]] = load_resource("ssm/resources/default_baselines.json")
    return baselines


def _default(account: str, region: str, system: str) -> str:
    """The id of the baseline for machines of no group; empty where AWS has none for the system."""
    chosen = ssm_tables[account][region].setting("default baselines")
    return str(chosen.get(system, _own_baselines(region).get(system, "")))


def _baseline_for(account: str, region: str, group: str, system: str) -> str:
    mapped = ssm_tables[account][region].table("patch groups").get(f"{system} {group}")
    return mapped["BaselineId"] if mapped else _default(account, region, system)


def _baselines(call: Call) -> dict[str, Item]:
    """Every baseline by id, AWS's own first, in the form of GetPatchBaseline."""
    own = {key: _own_baseline(system, key) for system, key in _own_baselines(call.region).items()}
    made = ssm_backends[call.account][call.region].baselines
    changes = tables(call).table("baselines")
    return own | {key: {**_made_baseline(item), **changes.get(key, {})} for key, item in made.items()}


def _own_baseline(system: str, key: str) -> Item:
    return {
        "BaselineId": key,
        "Name": f"AWS-{_OWN_NAMES[system]}DefaultPatchBaseline",
        "OperatingSystem": system,
        "ApprovalRules": _OWN_RULES,
        "ApprovedPatchesComplianceLevel": "UNSPECIFIED",
        "Description": f"Default Patch Baseline for {system} Provided by AWS.",
    }


def _made_baseline(baseline: Any) -> Item:
    """A baseline of moto, whose own form lacks what is not set."""
    renamed = {"BaselineName": "Name", "BaselineDescription": "Description"}
    members = {
        renamed.get(name, name): value for name, value in baseline.to_json().items() if value is not None
    }
    members.pop("DefaultBaseline")
    members.setdefault("OperatingSystem", "WINDOWS")
    members["GlobalFilters"] = {"PatchFilters": [], **members.get("GlobalFilters", {})}
    members["ApprovalRules"] = {"PatchRules": [], **members.get("ApprovalRules", {})}
    return members


def _baseline(call: Call) -> Item:
    baselines = _baselines(call)
    key = call.params["BaselineId"]
    if key not in baselines:
        raise Refusal("DoesNotExistException", f"Patch baseline {key} does not exist.")
    return baselines[key]


def _identity(call: Call, baseline: Item) -> Item:
    key, system = baseline["BaselineId"], baseline["OperatingSystem"]
    described = {"BaselineDescription": baseline["Description"]} if "Description" in baseline else {}
    return {
        "BaselineId": key,
        "BaselineName": baseline["Name"],
        "OperatingSystem": system,
        **described,
        "DefaultBaseline": _default(call.account, call.region, system) == key,
    }


def _describe_baselines(call: Call) -> Item:
    found = [_identity(call, baseline) for baseline in _baselines(call).values()]
    filters = call.params.get("Filters", [])
    return call.page(
        "BaselineIdentities", [item for item in found if all(_wanted(item, f) for f in filters)], 100
    )


def _wanted(identity: Item, wanted: Mapping[str, Any]) -> bool:
    values = wanted["Values"]
    match wanted["Key"]:
        case "NAME_PREFIX":
            return str(identity["BaselineName"]).startswith(tuple(values))
        case "OPERATING_SYSTEM":
            return identity["OperatingSystem"] in values
        case "OWNER":
            owner = "AWS" if identity["BaselineName"].startswith("AWS-") else "Self"
            return "All" in values or owner in values
    raise Refusal("ValidationException", f"Unknown filter {wanted['Key']}")


def _get_baseline(call: Call) -> Item:
    baseline = _baseline(call)
    mappings = tables(call).table("patch groups").values()
    groups = [each["PatchGroup"] for each in mappings if each["BaselineId"] == baseline["BaselineId"]]
    return {**baseline, "PatchGroups": groups}


def _update_baseline(call: Call) -> Item:
    baseline = _baseline(call)
    changes = shared_members(call, "GetPatchBaselineResult")
    tables(call).table("baselines").setdefault(baseline["BaselineId"], {}).update(changes)
    return _baseline(call)


def _get_default(call: Call) -> Item:
    system = call.params.get("OperatingSystem", "WINDOWS")
    return {"BaselineId": _default(call.account, call.region, system), "OperatingSystem": system}


def _register_default(call: Call) -> Item:
    baseline = _baseline(call)
    tables(call).setting("default baselines")[baseline["OperatingSystem"]] = baseline["BaselineId"]
    return {"BaselineId": baseline["BaselineId"]}


def _register_group(call: Call) -> Item:
    baseline, group = _baseline(call), call.params["PatchGroup"]
    key = f"{baseline['OperatingSystem']} {group}"
    mapped = tables(call).table("patch groups").get(key)
    if mapped and mapped["BaselineId"] != baseline["BaselineId"]:
        message = "Patch Group baseline already has a baseline registered for the operating system."
        raise Refusal("AlreadyExistsException", message)
    both = {"BaselineId": baseline["BaselineId"], "PatchGroup": group}
    tables(call).table("patch groups")[key] = both
    return both


def _deregister_group(call: Call) -> Item:
    baseline, group = _baseline(call), call.params["PatchGroup"]
    mappings = tables(call).table("patch groups")
    both = {"BaselineId": baseline["BaselineId"], "PatchGroup": group}
    if mappings.get(f"{baseline['OperatingSystem']} {group}") != both:
        raise Refusal("DoesNotExistException", "Patch Baseline to be retrieved does not exist.")
    del mappings[f"{baseline['OperatingSystem']} {group}"]
    return both


def _baseline_of_group(call: Call) -> Item:
    system, group = call.params.get("OperatingSystem", "WINDOWS"), call.params["PatchGroup"]
    key = _baseline_for(call.account, call.region, group, system)
    return {"BaselineId": key, "PatchGroup": group, "OperatingSystem": system}


def _describe_groups(call: Call) -> Item:
    baselines = _baselines(call)
    mappings = [
        {"PatchGroup": each["PatchGroup"], "BaselineIdentity": _identity(call, baselines[each["BaselineId"]])}
        for each in tables(call).table("patch groups").values()
        if each["BaselineId"] in baselines
    ]
    filters = call.params.get("Filters", [])
    return call.page("Mappings", [item for item in mappings if all(_mapped(item, f) for f in filters)], 100)


def _mapped(item: Item, wanted: Mapping[str, Any]) -> bool:
    values = strings(values_at(item, _FILTERS.get(wanted["Key"], wanted["Key"])))
    if wanted["Key"] == "NAME_PREFIX":
        return any(value.startswith(tuple(wanted["Values"])) for value in values)
    return bool(set(values) & set(wanted["Values"]))


def _group_state(call: Call) -> Item:
    group = call.params["PatchGroup"]
    states = [item for item in tables(call).table("patch states").values() if item["PatchGroup"] == group]

    def count(counter: str) -> int:
        return sum(item[counter] > 0 for item in states)

    kinds = (
        "Installed",
        "InstalledOther",
        "InstalledPendingReboot",
        "InstalledRejected",
        "Missing",
        "Failed",
    )
    more = ("NotApplicable", "UnreportedNotApplicable", "CriticalNonCompliant", "SecurityNonCompliant")
    each = {
        f"InstancesWith{kind}Patches": count(f"{kind}Count") for kind in (*kinds, *more, "OtherNonCompliant")
    }
    updates = count("AvailableSecurityUpdateCount")
    return {"Instances": len(states), **each, "InstancesWithAvailableSecurityUpdates": updates}


OPERATIONS: Mapping[str, Handler] = {
    "DescribeInstancePatchStates": _patch_states,
    "DescribeInstancePatchStatesForPatchGroup": _patch_states_of_group,
    "DescribeInstancePatches": _patches,
    "DescribePatchBaselines": _describe_baselines,
    "GetPatchBaseline": _get_baseline,
    "UpdatePatchBaseline": _update_baseline,
    "GetDefaultPatchBaseline": _get_default,
    "RegisterDefaultPatchBaseline": _register_default,
    "RegisterPatchBaselineForPatchGroup": _register_group,
    "DeregisterPatchBaselineForPatchGroup": _deregister_group,
    "GetPatchBaselineForPatchGroup": _baseline_of_group,
    "DescribePatchGroups": _describe_groups,
    "DescribePatchGroupState": _group_state,
}


def install() -> None:
    """Add the operations to moto's Systems Manager."""
    registry.extend(SimpleSystemManagerResponse, url_paths, OPERATIONS)
