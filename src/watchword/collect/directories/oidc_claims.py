"""From the claims of an OpenID provider to an account of a directory (OpenID Connect Core 1.0 section 5.1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from watchword.collect.directories.oidc_settings import OidcSettings
from watchword.errors import SignInRefused
from watchword.model.directory import DirectoryAccount

LONGEST_TEXT: Final = 512
"""Characters of a claim; more is no name or address."""
MOST_GROUPS: Final = 2000


def account(
    settings: OidcSettings, claims: Mapping[str, Any], told: Mapping[str, Any], auth_time: datetime | None
) -> DirectoryAccount:
    """The account of which an ID token (``claims``) speaks; ``told`` by the userinfo endpoint fills what it lacks.

    The subject is taken from the signed token only.  Names of groups are in ``attributes["groups"]``, where the provider
    tells them all; they are missing where it does not.

    Raises:
        SignInRefused: the claim that is the account's id is missing, or cannot be one.
    """
    subject = claims.get(settings.subject_claim)
    if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isprintable():
        raise SignInRefused(f"the token does not say whose it is: {settings.subject_claim} is missing")
    every = {**told, **claims}
    mail = text(every, "email")
    return DirectoryAccount(
        directory=settings.directory,
        subject=subject,
        user_name=text(every, "preferred_username") or mail or subject,
        display_name=text(every, "name") or _joined(every),
        mail=mail,
        # An address of one answer must not be vouched for by the other.
        mail_verified=verified(claims if text(claims, "email") else told) if mail else None,
        last_sign_in=auth_time,
        attributes=_groups(settings, every),
    )


def verified(claims: Mapping[str, Any]) -> bool | None:
    """Whether the provider vouches for the address; None where it does not tell.  Some write it as a text."""
    told = claims.get("email_verified")
    if told is None:
        return None
    return told is True or told == "true"


def text(claims: Mapping[str, Any], name: str) -> str:
    """A claim that is a short text, without what cannot be shown; empty where it is none."""
    told = claims.get(name)
    if not isinstance(told, str) or len(told) > LONGEST_TEXT or not told.isprintable():
        return ""
    return told.strip()


def texts(told: Any) -> tuple[str, ...]:  # noqa: ANN401
    """A list of short texts, or one of them; empty where it is neither."""
    listed = [told] if isinstance(told, str) else told
    if not isinstance(listed, list) or len(listed) > MOST_GROUPS:
        return ()
    fine = all(isinstance(one, str) and len(one) <= LONGEST_TEXT and one.isprintable() for one in listed)
    return tuple(listed) if fine else ()


def _joined(claims: Mapping[str, Any]) -> str:
    return " ".join(part for part in (text(claims, "given_name"), text(claims, "family_name")) if part)


def _groups(settings: OidcSettings, claims: Mapping[str, Any]) -> dict[str, Any]:
    """Names of groups.  A provider that has too many of them names another place (section 5.6.2), which is not asked."""
    told = claims.get(settings.groups_claim) if settings.groups_claim else None
    elsewhere = claims.get("_claim_names")
    if told is None or (isinstance(elsewhere, Mapping) and settings.groups_claim in elsewhere):
        return {}
    groups = texts(told)
    return {"groups": groups} if groups or told == [] else {}
