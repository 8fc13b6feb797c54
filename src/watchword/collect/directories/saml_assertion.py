"""Judges an assertion whose signature has been verified: steps 6 to 10 of `saml.SamlProvider.finish`.

Core: https://docs.oasis-open.org/security/saml/v2.0/saml-core-2.0-os.pdf.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from watchword.collect.directories.saml_metadata import instant
from watchword.collect.directories.saml_settings import ATTRIBUTES, SamlSettings
from watchword.collect.directories.saml_xml import ASSERTION, BadXml, only, text_of
from watchword.errors import SignInRefused
from watchword.model.directory import DirectoryAccount

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

BEARER: Final = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
ENTITY: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
TRANSIENT: Final = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
CONDITIONS: Final = frozenset(
    f"{ASSERTION}{name}" for name in ("AudienceRestriction", "OneTimeUse", "ProxyRestriction")
)
"""Conditions that we know; another may be one that does not hold (Core section 2.5.1.1)."""

LONGEST_ID: Final = 256
LONGEST_TEXT: Final = 512
MOST_GROUPS: Final = 2000


@dataclass(frozen=True, slots=True)
class SamlSignIn:
    """What a provider has said of somebody who has signed in there.

    ``assertion_id`` is to be remembered until ``expires``, so that the assertion is taken once.  ``acr`` is the AuthnContextClassRef, ``auth_time``
    when they proved who they are there.  ``session`` is the provider's SessionIndex.
    """

    assertion_id: str
    expires: datetime
    account: DirectoryAccount
    acr: str
    auth_time: datetime | None
    session: str = ""
    amr: tuple[str, ...] = field(default=())
    """Always empty: SAML has no such thing."""


def sign_in(
    settings: SamlSettings, assertion: Element, now: datetime, request_id: str, max_age: int | None
) -> SamlSignIn:
    """What a signed assertion says of somebody.

    Raises:
        SignInRefused: a step failed; the reason is for the log.
    """
    identity = assertion.get("ID") or ""
    if assertion.get("Version") != "2.0" or not 0 < len(identity) <= LONGEST_ID:
        raise SignInRefused("the assertion is none of SAML 2.0")
    check_issuer(settings, assertion, needed=True)  # 6
    subject = only(assertion, f"{ASSERTION}Subject")
    if subject is None:
        raise SignInRefused("the assertion does not say whose it is")
    confirmed = _confirmed(settings, subject, now, request_id)  # 7
    until = _conditions(settings, assertion, now)  # 8
    acr, auth_time, session = _statement(settings, assertion, now, max_age)  # 9
    told = attributes(assertion)
    return SamlSignIn(
        assertion_id=identity,
        expires=max(confirmed, until or confirmed) + settings.skew,
        account=_account(settings, subject, told, auth_time),  # 10
        acr=acr,
        auth_time=auth_time,
        session=session,
    )


def check_issuer(settings: SamlSettings, element: Element, *, needed: bool) -> None:
    """Step 6: the issuer is the provider, exactly; ``needed``: it must be there.

    Raises:
        SignInRefused: it is another.
    """
    issuer = only(element, f"{ASSERTION}Issuer")
    if issuer is None and not needed:
        return
    if text_of(issuer) != settings.idp.entity_id or (
        issuer is not None and issuer.get("Format", ENTITY) != ENTITY
    ):
        raise SignInRefused("the answer is of another provider")


def _confirmed(settings: SamlSettings, subject: Element, now: datetime, request_id: str) -> datetime:
    """Step 7: until when the bearer is confirmed; one confirmation that holds is enough."""
    reasons = ["no bearer is confirmed"]
    for confirmation in subject.findall(f"{ASSERTION}SubjectConfirmation"):
        if confirmation.get("Method") != BEARER:
            continue
        data = only(confirmation, f"{ASSERTION}SubjectConfirmationData")
        until = _time(data, "NotOnOrAfter")
        if data is None or until is None:
            reasons.append("the confirmation does not say until when")
        elif data.get("Recipient") != settings.acs_url:
            reasons.append("the assertion is for another address")
        elif data.get("InResponseTo") != request_id:
            reasons.append("the assertion belongs to another request")
        elif data.get("NotBefore") is not None:
            reasons.append("the confirmation has a NotBefore")
        elif now >= until + settings.skew:
            reasons.append("the confirmation is over")
        else:
            return until
    raise SignInRefused(reasons[-1])


def _conditions(settings: SamlSettings, assertion: Element, now: datetime) -> datetime | None:
    """Step 8: until when the conditions hold, where they say so."""
    conditions = only(assertion, f"{ASSERTION}Conditions")
    if conditions is None:
        raise SignInRefused("the assertion has no conditions")
    if any(child.tag not in CONDITIONS for child in conditions.iterchildren("*")):
        raise SignInRefused("the assertion has a condition that is not known")
    since, until = _time(conditions, "NotBefore"), _time(conditions, "NotOnOrAfter")
    if since is not None and now < since - settings.skew:
        raise SignInRefused("the assertion is of the future")
    if until is not None and now >= until + settings.skew:
        raise SignInRefused("the assertion is over")
    restrictions = conditions.findall(f"{ASSERTION}AudienceRestriction")
    for restriction in restrictions:
        if settings.entity_id not in [text_of(one) for one in restriction.findall(f"{ASSERTION}Audience")]:
            raise SignInRefused("the assertion is for another audience")
    if not restrictions:
        raise SignInRefused("the assertion does not say for whom it is")
    return until


def _statement(
    settings: SamlSettings, assertion: Element, now: datetime, max_age: int | None
) -> tuple[str, datetime, str]:
    """Step 9: class of the proof, its time, the provider's session."""
    statement = only(assertion, f"{ASSERTION}AuthnStatement")
    if statement is None:
        raise SignInRefused("the assertion does not tell of a proof")
    when, over = _time(statement, "AuthnInstant"), _time(statement, "SessionNotOnOrAfter")
    if when is None or when > now + settings.skew:
        raise SignInRefused("the proof at the provider has no time, or one of the future")
    if max_age is not None and now > when + timedelta(seconds=max_age) + settings.skew:
        raise SignInRefused("the proof at the provider was too long ago")
    if over is not None and now >= over + settings.skew:
        raise SignInRefused("the session at the provider is over")
    context = only(statement, f"{ASSERTION}AuthnContext")
    acr = "" if context is None else text_of(only(context, f"{ASSERTION}AuthnContextClassRef"))
    return acr[:LONGEST_TEXT], when, str(statement.get("SessionIndex", ""))[:LONGEST_ID]


def attributes(assertion: Element) -> Mapping[str, tuple[str, ...]]:
    """Texts of the assertion's attributes, by name and by friendly name where no attribute has that name.

    A value that is no plain text, or cannot be shown, is left out.
    """
    named: dict[str, tuple[str, ...]] = {}
    friendly: dict[str, tuple[str, ...]] = {}
    for attribute in assertion.iterfind(f"{ASSERTION}AttributeStatement/{ASSERTION}Attribute"):
        values = [
            node for node in attribute.findall(f"{ASSERTION}AttributeValue")[:MOST_GROUPS] if not len(node)
        ]
        texts = [str(node.text or "").strip() for node in values]
        shown = tuple(text for text in texts if text and text.isprintable() and len(text) <= LONGEST_TEXT)
        for names, name in ((named, attribute.get("Name")), (friendly, attribute.get("FriendlyName"))):
            if name:
                names[str(name)] = names.get(str(name), ()) + shown
    return {**friendly, **named}


def _account(
    settings: SamlSettings, subject: Element, told: Mapping[str, tuple[str, ...]], auth_time: datetime
) -> DirectoryAccount:
    """Step 10: the account of which the assertion speaks."""
    name_id = only(subject, f"{ASSERTION}NameID")
    name = text_of(name_id)
    wanted = settings.attributes.get("subject")
    chosen = told.get(wanted, ()) if wanted else (name,)
    if wanted is None and name_id is not None and name_id.get("Format") == TRANSIENT:
        raise SignInRefused(
            "the name in the assertion is another each time; ask the provider for a persistent one"
        )
    if len(chosen) != 1 or not chosen[0].isprintable() or not 0 < len(chosen[0]) <= LONGEST_ID:
        raise SignInRefused("the assertion does not say whose it is")
    found = {key: _looked_up(settings, key, told) for key in ATTRIBUTES}
    mail = _first(found["mail"])
    return DirectoryAccount(
        directory=settings.directory,
        subject=chosen[0],
        user_name=_first(found["user_name"]) or mail or chosen[0],
        display_name=_first(found["display_name"]),
        mail=mail,
        employee_number=_first(found["employee_number"]),
        last_sign_in=auth_time,
        attributes={"groups": found["groups"]} if found["groups"] else {},
    )


def _looked_up(settings: SamlSettings, key: str, told: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    chosen = settings.attributes.get(key)
    for name in (chosen,) if chosen else ATTRIBUTES[key]:
        if told.get(name):
            return told[name]
    return ()


def _first(texts: tuple[str, ...]) -> str:
    return texts[0] if texts else ""


def _time(element: Element | None, name: str) -> datetime | None:
    """A time that stands in an attribute; None where it does not."""
    told = None if element is None else element.get(name)
    if told is None:
        return None
    try:
        return instant(str(told))
    except BadXml:
        raise SignInRefused(f"the assertion's {name} is no time") from None
