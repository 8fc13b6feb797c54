"""Users, groups and the enterprise extension as data: RFC 7643 §3.1, §4, §8.7.

Passwords are not in it: whoever is provisioned signs in at their identity provider, and a password that a client sends is
dropped unread, as any attribute that is not here.
"""

from __future__ import annotations

from typing import Final

from watchword.model.scim import ScimKind
from watchword.web.scim.schemas import Attribute, Mutability, ResourceType, Returned, Schema, Type

USER_URN: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_URN: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_URN: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

_READ: Final = Mutability.READ_ONLY


def _text(name: str, description: str = "") -> Attribute:
    return Attribute(name, description=description)


def _several(
    name: str, description: str, *usual: str, type_: Type = Type.STRING, display: bool = True
) -> Attribute:
    """A multi-valued attribute with the sub-attributes of RFC 7643 §2.4."""
    value = Attribute("value", type_, "The value itself.", case_exact=type_ is not Type.STRING)
    shown = (Attribute("display", description="The value for people."),) if display else ()
    return Attribute(
        name,
        Type.COMPLEX,
        description,
        sub=(
            value,
            *shown,
            Attribute("type", description="What it is for.", suggested=usual),
            Attribute("primary", Type.BOOLEAN, "The one to use first; at most one value has it."),
        ),
        multi=True,
    )


COMMON: Final = (
    Attribute(
        "schemas",
        Type.REFERENCE,
        "URNs of the schemas that the resource has values of.",
        multi=True,
        case_exact=True,
        mutability=_READ,
        returned=Returned.ALWAYS,
    ),
    Attribute(
        "id",
        description="Our id of the resource; it never changes.",
        case_exact=True,
        mutability=_READ,
        returned=Returned.ALWAYS,
        unique=True,
    ),
    Attribute("externalId", description="The client's own id of the resource.", case_exact=True),
    Attribute(
        "meta",
        Type.COMPLEX,
        "About the resource itself.",
        mutability=_READ,
        sub=(
            Attribute("resourceType", case_exact=True, mutability=_READ),
            Attribute("created", Type.DATE_TIME, mutability=_READ),
            Attribute("lastModified", Type.DATE_TIME, mutability=_READ),
            Attribute("location", Type.REFERENCE, case_exact=True, mutability=_READ),
            Attribute("version", case_exact=True, mutability=_READ),
        ),
    ),
)
"""Attributes of every resource, RFC 7643 §3.1."""

_NAME: Final = Attribute(
    "name",
    Type.COMPLEX,
    "The parts of the person's name.",
    sub=(
        _text("formatted", "The whole name for people."),
        _text("familyName"),
        _text("givenName"),
        _text("middleName"),
        _text("honorificPrefix"),
        _text("honorificSuffix"),
    ),
)

_ADDRESSES: Final = Attribute(
    "addresses",
    Type.COMPLEX,
    "Postal addresses.",
    multi=True,
    sub=(
        _text("formatted", "The whole address for people."),
        _text("streetAddress"),
        _text("locality"),
        _text("region"),
        _text("postalCode"),
        _text("country", "ISO 3166-1 alpha-2."),
        Attribute("type", description="What it is for.", suggested=("work", "home", "other")),
        Attribute("primary", Type.BOOLEAN, "The one to use first; at most one value has it."),
    ),
)

_GROUPS: Final = Attribute(
    "groups",
    Type.COMPLEX,
    "Groups that the user is directly in; change them at the groups.",
    multi=True,
    mutability=_READ,
    sub=(
        Attribute("value", description="The group's id.", case_exact=True, mutability=_READ),
        Attribute("$ref", Type.REFERENCE, case_exact=True, mutability=_READ, refers=("Group",)),
        Attribute("display", mutability=_READ),
        Attribute("type", mutability=_READ, suggested=("direct",)),
    ),
)

USER: Final = Schema(
    USER_URN,
    "User",
    "An account of a person.",
    (
        Attribute("userName", description="What the person types; unique.", required=True, unique=True),
        _NAME,
        _text("displayName", "The name for people."),
        _text("nickName"),
        Attribute("profileUrl", Type.REFERENCE, case_exact=True, refers=("external",)),
        _text("title"),
        _text("userType", "Of what kind the person is: Employee, Contractor, Guest."),
        _text("preferredLanguage"),
        _text("locale"),
        _text("timezone"),
        Attribute("active", Type.BOOLEAN, "Whether the account may be used; false takes effect at once."),
        _several("emails", "Mail addresses.", "work", "home", "other"),
        _several("phoneNumbers", "Telephone numbers.", "work", "home", "mobile", "fax", "pager", "other"),
        _several("ims", "Addresses of instant messaging."),
        _several("photos", "Addresses of pictures.", "photo", "thumbnail", type_=Type.REFERENCE),
        _ADDRESSES,
        _GROUPS,
        _several("entitlements", "What the person is entitled to, in the client's words."),
        _several("roles", "What the person is, in the client's words; gives no role here."),
        _several("x509Certificates", "Certificates, base64 of DER.", type_=Type.BINARY),
    ),
)
"""RFC 7643 §4.1, without ``password``."""

_MANAGER: Final = Attribute(
    "manager",
    Type.COMPLEX,
    "Who leads the person.",
    sub=(
        Attribute("value", description="The id of the manager's user.", case_exact=True),
        Attribute("$ref", Type.REFERENCE, case_exact=True, mutability=_READ, refers=("User",)),
        Attribute("displayName", mutability=_READ),
    ),
)

ENTERPRISE: Final = Schema(
    ENTERPRISE_URN,
    "EnterpriseUser",
    "What organisations know of their people.",
    (
        _text("employeeNumber"),
        _text("costCenter"),
        _text("organization"),
        _text("division"),
        _text("department"),
        _MANAGER,
    ),
)
"""RFC 7643 §4.3."""

_MEMBERS: Final = Attribute(
    "members",
    Type.COMPLEX,
    "Who is directly in the group.",
    multi=True,
    sub=(
        Attribute(
            "value",
            description="The id of a user or a group.",
            required=True,
            case_exact=True,
            mutability=Mutability.IMMUTABLE,
        ),
        Attribute("$ref", Type.REFERENCE, case_exact=True, mutability=_READ, refers=("User", "Group")),
        Attribute("type", description="User or Group.", mutability=_READ, suggested=("User", "Group")),
        Attribute("display", mutability=_READ),
    ),
)

GROUP: Final = Schema(
    GROUP_URN,
    "Group",
    "A group of people and groups.",
    (Attribute("displayName", description="The name for people.", required=True), _MEMBERS),
)
"""RFC 7643 §4.2; ``$ref``, ``type`` and ``display`` of members are ours to tell."""

USERS: Final = ResourceType(ScimKind.USER, "/Users", USER.description, USER, COMMON, (ENTERPRISE,))
GROUPS: Final = ResourceType(ScimKind.GROUP, "/Groups", GROUP.description, GROUP, COMMON)
TYPES: Final = {one.kind: one for one in (USERS, GROUPS)}
"""All types of resources by their kind."""
RELATIONS: Final = {ScimKind.USER: "groups", ScimKind.GROUP: "members"}
"""The attribute that says who is in which group, by the kind of resource; it may be large."""
SCHEMAS: Final = {one.id: one for one in (USER, GROUP, ENTERPRISE)}
"""All schemas by URN."""
