"""The operations of IAM Roles Anywhere, from a request to the members of its answer."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import BaseResponse

from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.rolesanywhere.models import RolesAnywhereBackend, rolesanywhere_backends
from watchword.lab.backends.tables import Item, shared_members, uuid

# The nouns of the service: in members of answers, in ARNs, and the shape that describes one.
_NOUNS = {"trustAnchor": "trust-anchor", "profile": "profile", "crl": "crl"}
_SHAPES = {"trustAnchor": "TrustAnchorDetail", "profile": "ProfileDetail", "crl": "CrlDetail"}

# When AWS warns of certificates that expire, unless somebody chose otherwise.
_NOTIFICATIONS = [
    {
        "event": event,
        "enabled": True,
        "threshold": 45,
        "channel": "ALL",
        "configuredBy": "rolesanywhere.amazonaws.com",
    }
    for event in ("CA_CERTIFICATE_EXPIRY", "END_ENTITY_CERTIFICATE_EXPIRY")
]


class RolesAnywhereResponse(BaseResponse):
    """Moto's entry for the service; its methods are put in by `registry.extend`."""

    def __init__(self) -> None:
        super().__init__(service_name="rolesanywhere")


def _backend(call: Call) -> RolesAnywhereBackend:
    return rolesanywhere_backends[call.account][call.region]


def _keep(call: Call, noun: str, **members: Any) -> Item:
    key, now = uuid(), datetime.now(UTC)
    arn = f"arn:{call.partition}:rolesanywhere:{call.region}:{call.account}:{_NOUNS[noun]}/{key}"
    item = {
        "enabled": False,
        **shared_members(call, _SHAPES[noun]),
        f"{noun}Id": key,
        f"{noun}Arn": arn,
        "createdAt": now,
        "updatedAt": now,
        **members,
    }
    _backend(call).table(noun)[key] = item
    _backend(call).table("tags")[arn] = {tag["key"]: tag["value"] for tag in call.params.get("tags", [])}
    return {noun: item}


def _one(call: Call, noun: str) -> Item:
    key = call.params[f"{noun}Id"]
    found = _backend(call).table(noun).get(key)
    if found is None:
        raise Refusal("ResourceNotFoundException", f"{_NOUNS[noun]} with id {key} not found")
    return found


def _create_anchor(call: Call) -> Item:
    given = [{**each, "configuredBy": call.account} for each in call.params.get("notificationSettings", [])]
    chosen = {each["event"] for each in given}
    notifications = given + [each for each in _NOTIFICATIONS if each["event"] not in chosen]
    return _keep(call, "trustAnchor", notificationSettings=notifications)


def _create_profile(call: Call) -> Item:
    given = call.params
    return _keep(
        call,
        "profile",
        durationSeconds=given.get("durationSeconds", 3600),
        requireInstanceProperties=given.get("requireInstanceProperties", False),
        acceptRoleSessionName=given.get("acceptRoleSessionName", False),
        managedPolicyArns=given.get("managedPolicyArns", []),
        createdBy=f"arn:{call.partition}:iam::{call.account}:root",
    )


def _import_list(call: Call) -> Item:
    return _keep(call, "crl")


def _get(noun: str) -> Handler:
    return lambda call: {noun: _one(call, noun)}


def _list(noun: str) -> Handler:
    return lambda call: call.page(f"{noun}s", list(_backend(call).table(noun).values()))


def _switch(noun: str, on: bool) -> Handler:
    def handle(call: Call) -> Item:
        item = _one(call, noun)
        item.update(enabled=on, updatedAt=datetime.now(UTC))
        return {noun: item}

    return handle


def _update(noun: str) -> Handler:
    def handle(call: Call) -> Item:
        item = _one(call, noun)
        item.update(shared_members(call, _SHAPES[noun]), updatedAt=datetime.now(UTC))
        return {noun: item}

    return handle


def _delete(noun: str) -> Handler:
    def handle(call: Call) -> Item:
        item = _one(call, noun)
        del _backend(call).table(noun)[item[f"{noun}Id"]]
        return {noun: item}

    return handle


def _list_subjects(call: Call) -> Item:
    return call.page("subjects", [])


def _tags(call: Call) -> Item:
    tags = _backend(call).table("tags")
    arn = call.params["resourceArn"]
    if arn not in tags:
        raise Refusal("ResourceNotFoundException", f"Resource {arn} not found")
    return tags[arn]


def _tag(call: Call) -> None:
    _tags(call).update({tag["key"]: tag["value"] for tag in call.params["tags"]})


def _untag(call: Call) -> None:
    for key in call.params["tagKeys"]:
        _tags(call).pop(key, None)


def _list_tags(call: Call) -> Item:
    return {"tags": [{"key": key, "value": value} for key, value in _tags(call).items()]}


OPERATIONS: Mapping[str, Handler] = {
    "CreateTrustAnchor": _create_anchor,
    "GetTrustAnchor": _get("trustAnchor"),
    "ListTrustAnchors": _list("trustAnchor"),
    "UpdateTrustAnchor": _update("trustAnchor"),
    "EnableTrustAnchor": _switch("trustAnchor", on=True),
    "DisableTrustAnchor": _switch("trustAnchor", on=False),
    "DeleteTrustAnchor": _delete("trustAnchor"),
    "CreateProfile": _create_profile,
    "GetProfile": _get("profile"),
    "ListProfiles": _list("profile"),
    "UpdateProfile": _update("profile"),
    "EnableProfile": _switch("profile", on=True),
    "DisableProfile": _switch("profile", on=False),
    "DeleteProfile": _delete("profile"),
    "ImportCrl": _import_list,
    "GetCrl": _get("crl"),
    "ListCrls": _list("crl"),
    "EnableCrl": _switch("crl", on=True),
    "DisableCrl": _switch("crl", on=False),
    "DeleteCrl": _delete("crl"),
    "ListSubjects": _list_subjects,
    "TagResource": _tag,
    "UntagResource": _untag,
    "ListTagsForResource": _list_tags,
}
