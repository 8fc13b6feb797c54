"""Guests: the directories that the company keeps for people of its own choosing, in Amazon Cognito."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from watchword.analysis.iam.admin import Directory
from watchword.analysis.iam.policy import includes
from watchword.controls.registry import control, gap, met, met_if
from watchword.model.finding import Judgement
from watchword.model.resource import Document, Resource
from watchword.model.snapshot import AccountView

_CLIENTS: Final = "cognito-idp.user_pool_clients"

HARMLESS: Final = (
    "rum:PutRumEvents",
    "mobileanalytics:PutEvents",
    "mobiletargeting:PutEvents",
    "mobiletargeting:UpdateEndpoint",
    "cognito-sync:*",
    "geo:GetMap*",
    "geo-maps:Get*",
)
"""What somebody who did not sign in may do: tell of himself, keep settings of his own, look at a map."""


@control("ID-37", each="cognito-idp.user_pools", about="Cognito user pools")
def guests_need_a_second_factor(row: Resource, view: AccountView) -> Judgement:  # noqa: ARG001
    """Multi-factor authentication is required, by an app or a passkey and not by messages alone."""
    factors = row.document("Factors")
    mode = factors.text("MfaConfiguration", absent="OFF")
    shown = row.evidence("Factors")
    if mode != "ON":
        said = "is left to each user" if mode == "OPTIONAL" else "is off"
        return gap(f"multi-factor authentication {said} ({mode})", shown)
    strong = list(_strong(factors))
    return met_if(
        bool(strong),
        f"multi-factor authentication is required, by {' or '.join(strong)}",
        "multi-factor authentication is required, but only by codes in messages, which can be intercepted",
        shown,
    )


def _strong(factors: Document) -> Iterator[str]:
    if factors.flag("SoftwareTokenMfaConfiguration.Enabled", absent=False):
        yield "an authenticator app"
    if factors.text("WebAuthnConfiguration.FactorConfiguration", absent="") == (
        "MULTI_FACTOR_WITH_USER_VERIFICATION"
    ):
        yield "a passkey"


@control("ID-38", each="cognito-idp.user_pools", reads=(_CLIENTS,), about="Cognito user pools")
def risky_sign_ins_are_answered(row: Resource, view: AccountView) -> Judgement:
    """Threat protection is enforced, stops stolen passwords and challenges suspicious sign-ins, for each client."""
    mode = row.text("UserPoolAddOns.AdvancedSecurityMode", absent="OFF")
    shown = [row.evidence("UserPoolAddOns"), row.evidence("Risk")]
    if mode != "ENFORCED":
        said = "only watches" if mode == "AUDIT" else "is off"
        return gap(f"threat protection {said} ({mode})", *shown)
    required = row.text("Factors.MfaConfiguration", absent="OFF") == "ON"
    own = row.document("Risk", absent=None)
    faults = list(_faults(own, None, "", required=required))
    for client in view.rows(_CLIENTS, row.region):
        risk = client.document("Risk", absent=None) if client.text("UserPoolId") == row.text("Id") else None
        if risk is not None and risk.data:
            faults += _faults(risk, own, f" for client {client.name}", required=required)
            shown.append(client.evidence("Risk"))
    because = "threat protection blocks stolen passwords and answers sign-ins of medium and high risk"
    return met_if(not faults, because, "; ".join(faults), *shown)


def _faults(risk: Document | None, default: Document | None, whose: str, *, required: bool) -> Iterator[str]:
    """What a configuration lets through; parts that a client's lacks are the pool's."""
    stolen = _part("CompromisedCredentialsRiskConfiguration", risk, default)
    if stolen is None or stolen.text("Actions.EventAction", absent="NO_ACTION") != "BLOCK":
        yield f"stolen passwords are let in{whose}"
    elif (events := stolen.texts("EventFilter")) and "SIGN_IN" not in events:
        yield f"stolen passwords are let in at sign-in{whose}: only {', '.join(events)} is checked"
    takeover = _part("AccountTakeoverRiskConfiguration", risk, default)
    enough = {"BLOCK", "MFA_REQUIRED"} | ({"MFA_IF_CONFIGURED"} if required else set())
    for level in ("Medium", "High"):
        action = takeover.text(f"Actions.{level}Action.EventAction", absent="NO_ACTION") if takeover else ""
        if action not in enough:
            yield f"sign-ins of {level.lower()} risk meet {action or 'NO_ACTION'}{whose}"
    skipped = _part("RiskExceptionConfiguration", risk, default)
    if skipped is not None and any(one.endswith("/0") for one in skipped.texts("SkippedIPRangeList")):
        yield f"every address is excepted{whose}"


def _part(name: str, risk: Document | None, default: Document | None) -> Document | None:
    for one in (risk, default):
        found = one.document(name, absent=None) if one is not None else None
        if found is not None:
            return found
    return None


@control(
    "ID-40",
    each="cognito-identity.identity_pools",
    reads=("iam.roles", "iam.policies", "iam.groups"),
    about="Cognito identity pools",
)
def strangers_get_no_credentials(row: Resource, view: AccountView) -> Judgement:
    """Nobody who did not sign in gets AWS credentials, or they open no data."""
    shown = [row.evidence("AllowUnauthenticatedIdentities"), row.evidence("Roles")]
    if not row.flag("AllowUnauthenticatedIdentities"):
        return met("only users who signed in get credentials", *shown)
    arn = row.text("Roles.unauthenticated", absent=None)
    if arn is None:
        return met("identities without sign-in are allowed, but no role is given to them", *shown)
    role = next((one for one in view.rows("iam.roles") if one.arn == arn), None)
    name = arn.rpartition("/")[2]
    if role is None:
        return met(f"the role {name} for identities without sign-in does not exist", *shown)
    opened = sorted(_opened(Directory.of(view), role))
    shown += [role.evidence("AttachedManagedPolicies"), role.evidence("RolePolicyList")]
    return met_if(
        not opened,
        f"identities without sign-in get role {name}, which opens no data",
        f"everybody gets credentials of role {name} without signing in: {', '.join(opened[:6])}",
        *shown,
    )


def _opened(directory: Directory, role: Resource) -> set[str]:
    """The actions, as written, that a role allows beyond the harmless ones."""
    allows = (allow for grant in directory.grants(role) for allow in grant.policy.allows)
    return {
        action
        for allow in allows
        for action in (*allow.actions, *(f"all but {one}" for one in allow.not_actions))
        if not any(includes(harmless.lower(), action.lower()) for harmless in HARMLESS)
    }
