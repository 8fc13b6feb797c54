"""Between what an identity provider pushes and what is kept of it: accounts and groups of a SCIM directory.

The id that we give a resource is its ``subject`` too: it never changes, and the client knows no better one.  The whole document
stands in ``attributes`` under ``scim``, when it was last changed under ``changed``; columns hold what others ask for.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from watchword.clock import stamp
from watchword.model.accounts import Account, AccountKey
from watchword.model.directory import AccountKind, DirectoryAccount
from watchword.model.people import DirectoryId, Group, GroupId
from watchword.model.scim import Document, ScimKind, Stored, fold
from watchword.store.state.columns import PROSE

ENTERPRISE: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
"""The URN under which a user's document has the enterprise extension (RFC 7643 §4.3)."""


LONGEST_MAIL: Final = 320
"""Characters of a mail address (RFC 3696 with its erratum); a longer one is kept in the document only."""


def new_id(at: datetime) -> str:
    """A new id: 48 bits of the time in milliseconds, so that the order of ids is that of creation, and 80 random bits."""
    return f"{int(at.timestamp() * 1000):012x}{secrets.token_hex(10)}"


def account(id_: str, directory: DirectoryId, document: Document, at: datetime) -> Account:
    """The account of a new user."""
    return Account(
        id=AccountKey(id_),
        read=_read(id_, directory, document, at),
        first_seen=at,
        last_seen=at,
        external_id=document.get("externalId", ""),
    )


def account_changed(one: Account, document: Document, at: datetime) -> Account:
    """An account with another document."""
    return Account(
        id=one.id,
        read=_read(one.id, one.read.directory, document, at),
        first_seen=one.first_seen,
        last_seen=at,
        external_id=document.get("externalId", ""),
        version=one.version,
    )


def user_of(one: Account, groups: Sequence[Mapping[str, str]] = ()) -> Stored:
    """A user as clients know it, with the groups that it is directly in."""
    attributes = {"scim": _told(one.read), **one.read.attributes}
    row = {"id": one.id, "version": one.version, "first_seen": one.first_seen, "attributes": attributes}
    return user_of_columns(row, groups)


def user_of_columns(row: Mapping[Any, Any], groups: Sequence[Mapping[str, str]] = ()) -> Stored:
    """A user of the columns ``id``, ``version``, ``first_seen`` and ``attributes``, where these have its document."""
    attributes = row["attributes"]
    document = dict(attributes["scim"])
    if groups:
        document["groups"] = [dict(each) for each in groups]
    changed = attributes.get("changed")
    at = datetime.fromisoformat(changed) if isinstance(changed, str) else row["first_seen"]
    return Stored(ScimKind.USER, row["id"], row["version"], row["first_seen"], at, document)


def group(id_: str, directory: DirectoryId, document: Document, at: datetime) -> Group:
    """A new group, without its members."""
    return Group(
        id=GroupId(id_),
        directory=directory,
        subject=id_,
        display=document["displayName"],
        external_id=document.get("externalId", ""),
        attributes={"scim": _without_members(document)},
        first_seen=at,
        changed=at,
    )


def group_of(one: Group, members: Sequence[Mapping[str, str]], at: datetime) -> Stored:
    """A group as clients know it; ``at`` is when it was made where that is not known."""
    document = dict(one.attributes.get("scim") or {"displayName": one.display})
    if members:
        document["members"] = [dict(each) for each in members]
    created = one.first_seen or at
    return Stored(ScimKind.GROUP, one.id, one.version, created, one.changed or created, document)


def member_ids(document: Document) -> frozenset[str]:
    """The ids of a group's members."""
    return frozenset(one["value"] for one in document.get("members", ()))


def _without_members(document: Document) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "members"}


def _read(id_: str, directory: DirectoryId, document: Document, at: datetime) -> DirectoryAccount:
    extension = document.get(ENTERPRISE, {})
    return DirectoryAccount(
        directory=directory,
        subject=id_,
        user_name=document["userName"],
        kind=_kind(document),
        display_name=_display(document),
        mail=_mail(document),
        employee_number=extension.get("employeeNumber", ""),
        enabled=document.get("active"),
        manager=extension.get("manager", {}).get("value", ""),
        attributes={"scim": dict(document), "changed": stamp(at)},
    )


def _kind(document: Document) -> AccountKind:
    return AccountKind.GUEST if fold(document.get("userType", "")) == "guest" else AccountKind.USER


def _display(document: Document) -> str:
    """The name for people: the displayed one, else the parts of the name, else the user name."""
    name = document.get("name", {})
    parts = " ".join(name[one] for one in ("givenName", "familyName") if one in name)
    said = document.get("displayName") or name.get("formatted") or parts or document["userName"]
    return str(said)[:PROSE]


def _mail(document: Document) -> str:
    """The primary address, else the first for work, else the first."""
    each = [one for one in document.get("emails", ()) if 0 < len(one.get("value", "")) <= LONGEST_MAIL]
    each.sort(key=lambda one: (one.get("primary") is not True, fold(one.get("type", "")) != "work"))
    return str(each[0]["value"]) if each else ""


def _told(read: DirectoryAccount) -> dict[str, Any]:
    """A document for an account that did not come by SCIM."""
    told: dict[str, Any] = {"userName": read.user_name}
    if read.display_name:
        told["displayName"] = read.display_name
    if read.mail:
        told["emails"] = [{"value": read.mail, "primary": True}]
    if read.enabled is not None:
        told["active"] = read.enabled
    return told
