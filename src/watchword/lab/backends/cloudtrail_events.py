"""CloudTrail's event history: what was recorded in the last 90 days, looked up by one attribute.

What it does: keeps the records that the lab gives it by `record`, and answers LookupEvents from them. What it does not
do: watch the calls to the lab, write records to the buckets of trails, or know Insights events.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.cloudtrail.responses import CloudTrailResponse
from moto.cloudtrail.urls import url_paths
from moto.core.base_backend import BackendDict, BaseBackend

from watchword.lab.backends import registry
from watchword.lab.backends.call import AnswerError, Call, Refusal
from watchword.lab.backends.registry import Handler

# How long the event history reaches back.
HISTORY = timedelta(days=90)

# What a record must say, to be found and told.
NEEDED = ("eventID", "eventName", "eventSource", "eventTime", "userIdentity", "readOnly")


class EventHistory(BaseBackend):
    """The records of one account and region, as CloudTrail writes them, by event id."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.records: dict[str, dict[str, Any]] = {}

    def record(self, event: Mapping[str, Any]) -> None:
        """Add a record in CloudTrail's own form; one with the same eventID is replaced.

        Raises `AnswerError` where it lacks one of `NEEDED`, or its eventTime isn't "2026-03-01T08:30:00Z".
        """
        missing = [name for name in NEEDED if name not in event]
        if missing:
            raise AnswerError(f"CloudTrail record: missing {', '.join(missing)}")
        _time(event)
        self.records[str(event["eventID"])] = dict(event)


event_histories = BackendDict(EventHistory, "cloudtrail")


def _time(event: Mapping[str, Any]) -> datetime:
    try:
        return datetime.strptime(event["eventTime"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise AnswerError(f"CloudTrail record {event['eventID']}: eventTime: {error}") from error


def _username(event: Mapping[str, Any]) -> str | None:
    """The user's name, or the session's for a role."""
    identity = event["userIdentity"]
    if "userName" in identity:
        return str(identity["userName"])
    name = str(identity.get("arn", "")).rpartition("/")[2]
    return name or identity.get("invokedBy")


def _resources(event: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {"ResourceType": resource["type"], "ResourceName": resource["ARN"]}
        for resource in event.get("resources") or []
        if "type" in resource and "ARN" in resource
    ]


def _describe(event: Mapping[str, Any]) -> dict[str, Any]:
    described = {
        "EventId": event["eventID"],
        "EventName": event["eventName"],
        "ReadOnly": str(bool(event["readOnly"])).lower(),
        "EventTime": _time(event),
        "EventSource": event["eventSource"],
        "AccessKeyId": event["userIdentity"].get("accessKeyId"),
        "Username": _username(event),
        "Resources": _resources(event),
        "CloudTrailEvent": json.dumps(event, separators=(",", ":")),
    }
    return {name: value for name, value in described.items() if value is not None}


def _has(described: Mapping[str, Any], attribute: Mapping[str, str]) -> bool:
    key, wanted = attribute["AttributeKey"], attribute["AttributeValue"]
    if key in ("ResourceType", "ResourceName"):
        return any(resource[key] == wanted for resource in described["Resources"])
    return described.get(key) == wanted


def _interval(call: Call, now: datetime) -> tuple[datetime, datetime]:
    """The times asked for, no earlier than the history; the request's own have no zone and are in UTC."""
    start, end = call.params.get("StartTime"), call.params.get("EndTime")
    if start and end and end < start:
        raise Refusal("InvalidTimeRangeException", "The start time must be before the end time.")
    oldest = now - HISTORY
    first = max(start.replace(tzinfo=UTC), oldest) if start else oldest
    return first, end.replace(tzinfo=UTC) if end else now


def _lookup_events(call: Call) -> dict[str, Any]:
    attributes = call.params.get("LookupAttributes", [])
    if len(attributes) > 1:
        raise Refusal("InvalidLookupAttributesException", "Only one lookup attribute can be specified.")
    if call.params.get("EventCategory") == "insight":
        return {"Events": []}
    first, last = _interval(call, datetime.now(UTC))
    records = event_histories[call.account][call.region].records.values()
    found = [
        described
        for described in (_describe(event) for event in records if event.get("managementEvent", True))
        if first <= described["EventTime"] <= last and all(_has(described, item) for item in attributes)
    ]
    found.sort(key=lambda event: event["EventTime"], reverse=True)
    return call.page("Events", found)


OPERATIONS: dict[str, Handler] = {"LookupEvents": _lookup_events}


def install() -> None:
    """Add the operation to moto's service."""
    registry.extend(CloudTrailResponse, url_paths, OPERATIONS, invalid="InvalidLookupAttributesException")
