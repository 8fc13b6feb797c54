"""What we can, told to clients: ServiceProviderConfig, ResourceTypes and Schemas (RFC 7643 §5–7, RFC 7644 §4)."""

from __future__ import annotations

from typing import Any, Final

from watchword.web.scim.bodies import LARGEST
from watchword.web.scim.catalogue import SCHEMAS, TYPES
from watchword.web.scim.listing import LIST_URN, MOST
from watchword.web.scim.schemas import Attribute, ResourceType, Schema, Type

CONFIG_URN: Final = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
TYPE_URN: Final = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
SCHEMA_URN: Final = "urn:ietf:params:scim:schemas:core:2.0:Schema"


def service_provider_config(base: str) -> dict[str, Any]:
    """What of the protocol is there."""
    return {
        "schemas": [CONFIG_URN],
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": LARGEST},
        "filter": {"supported": True, "maxResults": MOST},
        "changePassword": {"supported": False},
        "sort": {"supported": True},
        "etag": {"supported": True},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Bearer token",
                "description": "A token of the directory, made by an administrator.",
                "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
                "primary": True,
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{base}/ServiceProviderConfig"},
    }


def resource_types(base: str) -> dict[str, dict[str, Any]]:
    """All types of resources, by id."""
    return {one.kind.value: _resource_type(one, base) for one in TYPES.values()}


def schemas(base: str) -> dict[str, dict[str, Any]]:
    """All schemas, by URN."""
    return {one.id: _schema(one, base) for one in SCHEMAS.values()}


def listed(each: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """All of them in one answer."""
    return {
        "schemas": [LIST_URN],
        "totalResults": len(each),
        "startIndex": 1,
        "itemsPerPage": len(each),
        "Resources": list(each.values()),
    }


def _resource_type(one: ResourceType, base: str) -> dict[str, Any]:
    name = one.kind.value
    return {
        "schemas": [TYPE_URN],
        "id": name,
        "name": name,
        "endpoint": one.endpoint,
        "description": one.description,
        "schema": one.schema.id,
        "schemaExtensions": [{"schema": extension.id, "required": False} for extension in one.extensions],
        "meta": {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/{name}"},
    }


def _schema(one: Schema, base: str) -> dict[str, Any]:
    return {
        "schemas": [SCHEMA_URN],
        "id": one.id,
        "name": one.name,
        "description": one.description,
        "attributes": [_attribute(attribute) for attribute in one.attributes],
        "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{one.id}"},
    }


def _attribute(one: Attribute) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": one.name,
        "type": one.type.value,
        "multiValued": one.multi,
        "description": one.description,
        "required": one.required,
        "mutability": one.mutability.value,
        "returned": one.returned.value,
    }
    if one.type is Type.COMPLEX:
        return {**told, "subAttributes": [_attribute(child) for child in one.sub]}
    told |= {"caseExact": one.case_exact, "uniqueness": "server" if one.unique else "none"}
    if one.suggested:
        told["canonicalValues"] = list(one.suggested)
    if one.refers:
        told["referenceTypes"] = list(one.refers)
    return told
