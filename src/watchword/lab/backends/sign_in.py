"""What a SAML assertion or a web identity token says of who signs in.

What it does: reads name, tags, source identity and the context keys of the sign-in. What it does not do: verify a
signature, an issuer or an audience: the lab has no identity provider whose keys it could know.
Reference: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import xmltodict

from watchword.lab.backends.call import Refusal

_SAML = "https://aws.amazon.com/SAML/Attributes/"
_TAGS = "https://aws.amazon.com/tags"
_SOURCE_IDENTITY = "https://aws.amazon.com/source_identity"

# A token or assertion of more characters is not read: STS takes 100,000 of an assertion.
_LONGEST = 100_000


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who asks for a role session: session name, tags, source identity, provider, and context keys of the sign-in."""

    name: str
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive: frozenset[str] = frozenset()
    source_identity: str | None = None
    duration: int | None = None
    provider: str | None = None
    subject: str | None = None
    audience: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


def from_assertion(encoded: str, provider: str) -> SignIn:
    """The sign-in of a SAML response in base64; `provider` is the ARN of the SAML provider.

    Raises Refusal (InvalidIdentityToken) where it is not one.
    """
    values = dict(_attributes(encoded))
    name = values.get(f"{_SAML}RoleSessionName", [""])[0]
    tags = {
        key.removeprefix(f"{_SAML}PrincipalTag:"): found[0]
        for key, found in values.items()
        if key.startswith(f"{_SAML}PrincipalTag:")
    }
    duration = values.get(f"{_SAML}SessionDuration", [""])[0]
    return SignIn(
        name=name,
        tags=tags,
        transitive=frozenset(values.get(f"{_SAML}TransitiveTagKeys", ())),
        source_identity=values.get(f"{_SAML}SourceIdentity", [None])[0],
        duration=int(duration) if duration.isdecimal() else None,
        provider=provider,
        attributes={"saml:aud": "https://signin.aws.amazon.com/saml", "saml:sub_type": "persistent"},
    )


def _attributes(encoded: str) -> Iterator[tuple[str, list[Any]]]:
    try:
        text = base64.b64decode(encoded[:_LONGEST]).decode()
        spaces = {
            "urn:oasis:names:tc:SAML:2.0:protocol": "samlp",
            "urn:oasis:names:tc:SAML:2.0:assertion": "saml",
        }
        read: Any = xmltodict.parse(
            text, force_cdata=True, process_namespaces=True, namespaces=spaces, namespace_separator="|"
        )
        statement = read["samlp|Response"]["saml|Assertion"]["saml|AttributeStatement"]
        for attribute in _listed(statement["saml|Attribute"]):
            values = [value["#text"] for value in _listed(attribute["saml|AttributeValue"])]
            yield attribute["@Name"], values
    except (binascii.Error, UnicodeDecodeError, xmltodict.expat.ExpatError, KeyError, TypeError) as error:
        raise Refusal("InvalidIdentityToken", "Response is not a readable SAML assertion") from error


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def from_token(token: str, role: str, provider: str | None) -> SignIn:
    """The sign-in of a web identity token: the claims of a JSON web token; nothing of an opaque one.

    `role` is the ARN that is asked for, in whose account the provider lives; `provider` names an OAuth 2.0 provider of
    an opaque token.
    """
    claims = _claims(token)
    issuer = str(claims.get("iss", provider or ""))
    host = (urlsplit(issuer).netloc + urlsplit(issuer).path if "//" in issuer else issuer).rstrip("/")
    audience = _first(claims.get("azp") or claims.get("aud"))
    told = claims.get(_TAGS)
    tagging: Mapping[str, Any] = told if isinstance(told, dict) else {}
    return SignIn(
        name="",
        tags={key: str(_first(value)) for key, value in dict(tagging.get("principal_tags") or {}).items()},
        transitive=frozenset(tagging.get("transitive_tag_keys") or ()),
        source_identity=claims.get(_SOURCE_IDENTITY),
        provider=f"arn:aws:iam::{role.split(':')[4]}:oidc-provider/{host}" if host else None,
        subject=claims.get("sub"),
        audience=audience,
        attributes=_keys(host, claims, audience),
    )


def _claims(token: str) -> dict[str, Any]:
    parts = token[:_LONGEST].split(".")
    try:
        read = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def _keys(host: str, claims: Mapping[str, Any], audience: str | None) -> dict[str, str]:
    """The provider's context keys: its audience, subject and every plain claim."""
    plain = {name: str(value) for name, value in claims.items() if isinstance(value, str | int)}
    if audience is not None:
        plain["aud"] = audience
    return {f"{host}:{name}": value for name, value in plain.items()}


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value
