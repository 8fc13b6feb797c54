"""Resources and messages as clients send them."""

from __future__ import annotations

from typing import Any

from watchword.web.scim.catalogue import ENTERPRISE_URN, GROUP_URN, USER_URN
from watchword.web.scim.patch import PATCH_URN


def user(user_name: str = "bjensen@acme.example", **more: Any) -> dict[str, Any]:
    return {"schemas": [USER_URN], "userName": user_name, **more}


def rich(user_name: str = "bjensen@acme.example", **more: Any) -> dict[str, Any]:
    return {
        "schemas": [USER_URN, ENTERPRISE_URN],
        "externalId": "701984",
        "userName": user_name,
        "name": {"formatted": "Ms. Barbara J Jensen", "familyName": "Jensen", "givenName": "Barbara"},
        "displayName": "Babs Jensen",
        "active": True,
        "title": "Tour Guide",
        "userType": "Employee",
        "emails": [
            {"value": "bjensen@acme.example", "type": "work", "primary": True},
            {"value": "babs@jensen.example", "type": "home"},
        ],
        "phoneNumbers": [{"value": "555-555-8377", "type": "work"}],
        ENTERPRISE_URN: {
            "employeeNumber": "701984",
            "department": "Tour Operations",
            "manager": {"value": "26118915"},
        },
        **more,
    }


def group(name: str = "Tour Guides", *members: str) -> dict[str, Any]:
    return {"schemas": [GROUP_URN], "displayName": name, "members": [{"value": one} for one in members]}


def patch(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"schemas": [PATCH_URN], "Operations": list(operations)}
