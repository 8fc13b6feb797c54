"""Detectors as AWS describes them: one in each account and region, with every feature and its state.

Moto keeps the features that it was given and answers those; AWS knows all of them, switches most on for a new
detector, and changes only the ones that an update names. The older `DataSources` say the same in other words.
https://docs.aws.amazon.com/guardduty/latest/APIReference/API_CreateDetector.html
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.guardduty.models import Detector, guardduty_backends

from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.guardduty.state import guardduty_states, stamp, state_of
from watchword.lab.backends.registry import Handler

# What a detector always reads while it is enabled.
FOUNDATION = ("CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS")

# The protection plans, and whether a new detector has them on.
# https://docs.aws.amazon.com/guardduty/latest/ug/guardduty-features-activation-model.html
PLANS = {
    "S3_DATA_EVENTS": "ENABLED",
    "EKS_AUDIT_LOGS": "ENABLED",
    "EBS_MALWARE_PROTECTION": "ENABLED",
    "RDS_LOGIN_EVENTS": "ENABLED",
    "LAMBDA_NETWORK_LOGS": "ENABLED",
    "EKS_RUNTIME_MONITORING": "DISABLED",
    "RUNTIME_MONITORING": "DISABLED",
}

# Parts of a plan, which are off until asked for.
PARTS = {
    "EKS_RUNTIME_MONITORING": ("EKS_ADDON_MANAGEMENT",),
    "RUNTIME_MONITORING": ("EKS_ADDON_MANAGEMENT", "ECS_FARGATE_AGENT_MANAGEMENT", "EC2_AGENT_MANAGEMENT"),
}


def wanted_features(params: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The features that a request names, be it as `Features` or as the older `DataSources`."""
    sources = params.get("DataSources", {})
    malware = sources.get("MalwareProtection", {}).get("ScanEc2InstanceWithFindings", {})
    switches = {
        "S3_DATA_EVENTS": sources.get("S3Logs", {}).get("Enable"),
        "EKS_AUDIT_LOGS": sources.get("Kubernetes", {}).get("AuditLogs", {}).get("Enable"),
        "EBS_MALWARE_PROTECTION": malware.get("EbsVolumes"),
    }
    named = [
        {"Name": name, "Status": "ENABLED" if on else "DISABLED"}
        for name, on in switches.items()
        if on is not None
    ]
    return [*named, *params.get("Features", [])]


def merge(
    old: Iterable[Mapping[str, Any]], changes: Iterable[Mapping[str, Any]], when: datetime
) -> list[dict[str, Any]]:
    """The features of `old` (those of a new detector if empty) with the changes, each with its time of change."""
    features = {feature["Name"]: dict(feature) for feature in old} or {
        name: _feature(name, status, when) for name, status in PLANS.items()
    }
    for change in changes:
        feature = features[change["Name"]]
        feature |= {"Status": change.get("Status", feature["Status"]), "UpdatedAt": when}
        parts = {part["Name"]: part for part in feature.get("AdditionalConfiguration", [])}
        for part in change.get("AdditionalConfiguration", []):
            parts[part["Name"]] = {**part, "UpdatedAt": when}
        if parts:
            feature["AdditionalConfiguration"] = list(parts.values())
    return list(features.values())


def _feature(name: str, status: str, when: datetime) -> dict[str, Any]:
    feature: dict[str, Any] = {"Name": name, "Status": status, "UpdatedAt": when}
    parts = [{"Name": part, "Status": "DISABLED", "UpdatedAt": when} for part in PARTS.get(name, ())]
    return feature | ({"AdditionalConfiguration": parts} if parts else {})


def data_sources(features: Iterable[Mapping[str, Any]], enabled: bool = True) -> dict[str, Any]:
    """The `DataSources` that say the same as the features; `enabled` is the detector's own state."""
    status = {feature["Name"]: {"Status": feature["Status"]} for feature in features}
    foundation = {"Status": "ENABLED" if enabled else "DISABLED"}
    return {
        "CloudTrail": foundation,
        "DNSLogs": foundation,
        "FlowLogs": foundation,
        "S3Logs": status["S3_DATA_EVENTS"],
        "Kubernetes": {"AuditLogs": status["EKS_AUDIT_LOGS"]},
        "MalwareProtection": {
            "ScanEc2InstanceWithFindings": {"EbsVolumes": status["EBS_MALWARE_PROTECTION"]}
        },
    }


def open_detector(account: str, region: str, params: Mapping[str, Any]) -> Detector:
    """A new detector in moto's backend, with the features of AWS's defaults and of `params`."""
    backend = guardduty_backends[account][region]
    detector_id = backend.create_detector(
        params.get("Enable", True),
        params.get("FindingPublishingFrequency", "SIX_HOURS"),
        {},
        params.get("Tags", {}),
        merge([], wanted_features(params), datetime.now(UTC)),
    )
    return backend.get_detector(detector_id)


def _create_detector(call: Call) -> dict[str, Any]:
    if guardduty_states[call.account][call.region].detector():
        raise Refusal(
            "BadRequestException",
            "The request is rejected because a detector already exists for the current account.",
        )
    return {"DetectorId": open_detector(call.account, call.region, call.params).id}


def _detector(call: Call) -> Detector:
    state_of(call)
    return guardduty_backends[call.account][call.region].get_detector(call.params["DetectorId"])


def _get_detector(call: Call) -> dict[str, Any]:
    detector = _detector(call)
    foundation = [
        {
            "Name": name,
            "Status": "ENABLED" if detector.enabled else "DISABLED",
            "UpdatedAt": detector.created_at,
        }
        for name in FOUNDATION
    ]
    return {
        "CreatedAt": stamp(detector.created_at),
        "UpdatedAt": stamp(detector.updated_at),
        "FindingPublishingFrequency": detector.finding_publish_freq,
        "ServiceRole": detector.service_role,
        "Status": "ENABLED" if detector.enabled else "DISABLED",
        "DataSources": data_sources(detector.features, detector.enabled),
        "Tags": detector.tags,
        "Features": [*foundation, *detector.features],
    }


def change_detector(detector: Detector, params: Mapping[str, Any]) -> None:
    """Apply what an update names, and leave the rest."""
    now = datetime.now(UTC)
    detector.enabled = params.get("Enable", detector.enabled)
    detector.finding_publish_freq = params.get("FindingPublishingFrequency", detector.finding_publish_freq)
    detector.features = merge(detector.features, wanted_features(params), now)
    detector.updated_at = now


def _update_detector(call: Call) -> None:
    change_detector(_detector(call), call.params)


def _delete_detector(call: Call) -> None:
    state_of(call).reset()
    guardduty_backends[call.account][call.region].delete_detector(call.params["DetectorId"])


OPERATIONS: dict[str, Handler] = {
    "CreateDetector": _create_detector,
    "GetDetector": _get_detector,
    "UpdateDetector": _update_detector,
    "DeleteDetector": _delete_detector,
}
