"""Controls of sessions: how long an application believes that a person is still who they were."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from watchword.analysis.data.sensitivity import is_sensitive
from watchword.controls.network.tables import judge_tables
from watchword.controls.registry import control, gap, met
from watchword.model.evidence import EvidenceMissing
from watchword.model.finding import Judgement
from watchword.model.resource import Document, Resource
from watchword.model.snapshot import AccountView

_UNITS: Final = {"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400}
LIMIT: Final = 3_600
"""Seconds for which an application may believe a person without asking anew."""
SENSITIVE_LIMIT: Final = 900
"""The same for a sensitive application."""
_DEFAULT_TOKEN: Final = 3_600
"""Seconds that Cognito's access tokens are valid where nothing is configured.
https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html"""
_DEFAULT_SESSION: Final = 604_800
"""Seconds that an Application Load Balancer keeps a session where nothing is configured: seven days.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html"""
_AUTHENTICATING: Final = ("AuthenticateOidcConfig", "AuthenticateCognitoConfig")


@control(
    "AP-13",
    reads=(
        "cognito-idp.user_pool_clients",
        "cognito-idp.user_pools",
        "elbv2.listeners",
        "elbv2.rules",
        "elbv2.load_balancers",
    ),
    about="app clients of Cognito and load balancers that sign people in",
)
def session_lifetime(view: AccountView) -> Iterator[Judgement]:
    """Access tokens and load balancers' sessions end within the hour, sensitive ones within a quarter of it."""
    return judge_tables(view, {"cognito-idp.user_pool_clients": _client, "elbv2.listeners": _listener})


def _client(client: Resource, view: AccountView) -> Judgement:
    seconds = _token_seconds(client)
    sensitive = _is_sensitive_pool(client, view)
    faults = _faults(seconds, sensitive)
    is_machine = set(client.texts("AllowedOAuthFlows")) == {"client_credentials"}
    if not is_machine and not client.flag("EnableTokenRevocation", absent=False):
        faults.append("its refresh tokens cannot be revoked")
    evidence = tuple(
        client.evidence(path)
        for path in ("AccessTokenValidity", "TokenValidityUnits", "EnableTokenRevocation")
    )
    about = f"app client {client.name}{' of a sensitive pool' if sensitive else ''}"
    if faults:
        return gap(f"{about}: {'; '.join(faults)}", *evidence)
    return met(f"{about} has access tokens of {_span(seconds)}, and its sessions can be ended", *evidence)


def _token_seconds(client: Resource) -> int:
    """For how long an access token of the client is valid; Cognito's default unit of it is the hour."""
    number = client.number("AccessTokenValidity", absent=0)
    unit = client.text("TokenValidityUnits.AccessToken", absent="hours")
    return int(number * _UNITS[unit]) if number else _DEFAULT_TOKEN


def _is_sensitive_pool(client: Resource, view: AccountView) -> bool:
    name = client.text("UserPoolId")
    for pool in view.rows("cognito-idp.user_pools", client.region):
        if pool.text("Id") == name:
            return is_sensitive(pool, view)
    raise EvidenceMissing(f"the user pool {name} of app client {client.name} was not seen")


def _listener(listener: Resource, view: AccountView) -> Judgement | None:
    """A listener with its rules; ``None`` where none of them signs people in."""
    rules = [row for row in view.rows("elbv2.rules", listener.region) if row.text("_parent") == listener.arn]
    actions = [*listener.items("DefaultActions"), *(one for row in rules for one in row.items("Actions"))]
    found = [seconds for action in actions if (seconds := _session_seconds(action)) is not None]
    if not found:
        return None
    sensitive = _is_sensitive_balancer(listener, view)
    about = f"listener {listener.name}{' of a sensitive application' if sensitive else ''}"
    evidence = (listener.evidence("DefaultActions"), *(row.evidence("Actions") for row in rules[:6]))
    faults = _faults(max(found), sensitive, "session")
    if faults:
        return gap(f"{about}: {'; '.join(faults)}", *evidence)
    return met(f"{about} signs people in anew after {_span(max(found))}", *evidence)


def _session_seconds(action: Document) -> int | None:
    """For how long the action believes a sign-in; ``None`` where it signs nobody in."""
    for field in _AUTHENTICATING:
        if action.has(field):
            return int(action.number(f"{field}.SessionTimeout", absent=_DEFAULT_SESSION))
    return None


def _is_sensitive_balancer(listener: Resource, view: AccountView) -> bool:
    balancer = view.find("elbv2.load_balancers", listener.text("LoadBalancerArn"))
    if balancer is None:
        raise EvidenceMissing(f"the load balancer of listener {listener.name} was not seen")
    return is_sensitive(balancer, view)


def _faults(seconds: int, sensitive: bool, noun: str = "access token") -> list[str]:
    limit = SENSITIVE_LIMIT if sensitive else LIMIT
    if seconds <= limit:
        return []
    return [f"its {noun}s last {_span(seconds)}, at most {_span(limit)} is wanted"]


def _span(seconds: int) -> str:
    for unit, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= unit and seconds % unit == 0:
            number = seconds // unit
            return f"{number} {name}" if number == 1 else f"{number} {name}s"
    return f"{seconds} seconds"
