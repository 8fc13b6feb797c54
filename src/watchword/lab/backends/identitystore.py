"""The Identity Store: seen by delegated administrators, and users and groups that change.

What it does: finds a store by its id, whichever account owns it, for its owner and for the account to which
sso.amazonaws.com is delegated; adds UpdateUser and UpdateGroup. What it does not do: know extensions of users.
Reference: https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/welcome.html
"""

from collections.abc import Mapping
from typing import Any

from moto.identitystore.models import IdentityStoreBackend, identitystore_backends
from moto.identitystore.responses import IdentityStoreResponse
from moto.identitystore.urls import url_paths
from moto.ssoadmin.models import ssoadmin_backends

from watchword.lab.backends import registry
from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.sso_admin import owner_of
from watchword.lab.backends.tables import Item

# Attributes that consist of several; a path goes into them with a dot.
_PARTS = {"name": "Name"}


def _owner(account: str, partition: str, region: str, store: str) -> str:
    """The account that has the store; the caller's own where the store is of no instance that it may use."""
    owner = owner_of(account, partition, region)
    known = {instance.identity_store_id for instance in ssoadmin_backends[owner][region].instances}
    return owner if store in known else account


def _backend_of(response: IdentityStoreResponse) -> IdentityStoreBackend:
    store = str(response._get_param("IdentityStoreId"))
    owner = _owner(response.current_account, response.partition, response.region, store)
    return identitystore_backends[owner][response.region]


def _store(call: Call) -> Any:
    key = call.params["IdentityStoreId"]
    owner = _owner(call.account, call.partition, call.region, key)
    stores = identitystore_backends[owner][call.region].identity_stores
    if key not in stores:
        raise Refusal("ResourceNotFoundException", "IDENTITY_STORE not found.", ResourceType="IDENTITY_STORE")
    return stores[key]


def _changed(thing: Any, operations: list[Item]) -> Any:
    """A user or group after the operations, each of which sets an attribute or, without a value, removes it."""
    for operation in operations:
        path, value = operation["AttributePath"], operation.get("AttributeValue")
        outer, _, inner = path.partition(".")
        member = outer[:1].upper() + outer[1:]
        if member not in thing._fields:
            raise Refusal("ValidationException", f"The attribute {path} cannot be changed.")
        if inner and outer in _PARTS:
            value = getattr(thing, member)._replace(**{inner[:1].upper() + inner[1:]: value})
        elif outer in _PARTS:
            value = type(getattr(thing, member)).from_dict(_titled(value))
        thing = thing._replace(**{member: _titled(value)})
    return thing


def _titled(value: Any) -> Any:
    """Values come with names such as "value" and "primary"; the store keeps "Value" and "Primary"."""
    if isinstance(value, list):
        return [_titled(item) for item in value]
    if isinstance(value, dict):
        return {name[:1].upper() + name[1:]: item for name, item in value.items()}
    return value


def _update(kind: str) -> Handler:
    def handle(call: Call) -> Item:
        things = getattr(_store(call), f"{kind.lower()}s")
        key = call.params[f"{kind}Id"]
        if key not in things:
            raise Refusal(
                "ResourceNotFoundException", f"{kind.upper()} not found.", ResourceType=kind.upper()
            )
        things[key] = _changed(things[key], call.params["Operations"])
        store = call.params["IdentityStoreId"]
        arn = f"arn:{call.partition}:identitystore:::{kind.lower()}/{key}"
        return {"IdentityStoreId": store, f"{kind}Id": key, f"{kind}Arn": arn, "Revision": "1"}

    return handle


OPERATIONS: Mapping[str, Handler] = {"UpdateUser": _update("User"), "UpdateGroup": _update("Group")}


def install() -> None:
    """Add the operations and the view of delegated administrators to moto's Identity Store."""
    registry.extend(IdentityStoreResponse, url_paths, OPERATIONS)
    responses: Any = IdentityStoreResponse
    responses.identitystore_backend = property(_backend_of)
