"""Controls of APIs: each method and route asks who is calling."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from watchword.analysis.iam.audience import Audience, Home
from watchword.analysis.iam.exposure import exposures, widest
from watchword.analysis.iam.policy import PolicyError, parse
from watchword.analysis.network.apis import closed_to_strangers, own_address_field
from watchword.controls.network.tables import judge_tables
from watchword.controls.registry import control, gap, met, not_applicable, unknown
from watchword.model.evidence import Evidence
from watchword.model.finding import Judgement
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView
from watchword.model.verdict import Severity

_NONE: Final = "NONE"
_PREFLIGHT: Final = "OPTIONS"


@control(
    "AP-07",
    reads=(
        "apigateway.rest_apis",
        "apigateway.resources",
        "apigateway.stages",
        "apigateway.domain_names",
        "apigatewayv2.apis",
        "apigatewayv2.routes",
        "apigatewayv2.stages",
        "apigatewayv2.domain_names",
        "organizations.organization",
        "organizations.accounts",
    ),
    about="deployed APIs",
)
def api_authorizer(view: AccountView) -> Iterator[Judgement]:
    """No method or route answers without asking who is calling, unless the API is declared public."""
    return judge_tables(view, {"apigateway.rest_apis": _rest_api, "apigatewayv2.apis": _http_api})


def _rest_api(api: Resource, view: AccountView) -> Judgement:
    if not _children("apigateway.stages", api, view):
        return not_applicable(f"API {api.name} is not deployed", api.evidence("id"))
    resources = _children("apigateway.resources", api, view)
    open_methods = [found for row in resources for found in _open_methods(row)]
    evidence = tuple(row.evidence("resourceMethods") for row in resources[:6])
    if not open_methods:
        return met(f"every method of API {api.name} asks who is calling", *evidence)
    return _open(api, view, open_methods, evidence)


def _open_methods(resource: Resource) -> Iterator[str]:
    methods = resource.document("resourceMethods", absent=None)
    for verb in methods.data if methods else ():
        if verb != _PREFLIGHT and resource.text(f"resourceMethods.{verb}.authorizationType") == _NONE:
            yield f"{verb} {resource.text('path')}"


def _http_api(api: Resource, view: AccountView) -> Judgement:
    if not _children("apigatewayv2.stages", api, view):
        return not_applicable(f"API {api.name} is not deployed", api.evidence("ApiId"))
    routes = _children("apigatewayv2.routes", api, view)
    is_web_socket = api.text("ProtocolType") == "WEBSOCKET"
    open_routes = [
        route.text("RouteKey")
        for route in routes
        if route.text("AuthorizationType", absent=_NONE) == _NONE
        and not route.text("RouteKey").startswith(_PREFLIGHT + " ")
        # A WebSocket's later routes are reached through the connection that $connect let in.
        and (not is_web_socket or route.text("RouteKey") == "$connect")
    ]
    evidence = tuple(route.evidence("AuthorizationType") for route in routes[:6])
    if is_web_socket and not any(route.text("RouteKey") == "$connect" for route in routes):
        open_routes.append("$connect (not defined)")
    if not open_routes:
        return met(f"every route of API {api.name} asks who is calling", *evidence)
    return _open(api, view, open_routes, evidence)


def _children(table: str, api: Resource, view: AccountView) -> list[Resource]:
    return [row for row in view.rows(table, api.region) if row.text("_parent") == api.arn]


def _open(
    api: Resource, view: AccountView, open_ones: list[str], evidence: tuple[Evidence, ...]
) -> Judgement:
    """The judgement of an API with methods or routes that ask nobody: something before them may."""
    about = f"API {api.name} answers {_few(open_ones)} without asking who is calling"
    if view.estate.is_public_by_intent(api.arn):
        return met(f"{about}, and is declared public", *evidence)
    closed = closed_to_strangers(api, view)
    if closed:
        return met(f"{about}, but {closed}", *evidence, api.evidence(own_address_field(api)))
    if "PRIVATE" in api.texts("endpointConfiguration.types"):
        return _behind_policy(api, view, about, evidence) or gap(
            f"{about}, to whoever reaches it in the network", *evidence, severity=Severity.MEDIUM
        )
    return _behind_policy(api, view, about, evidence) or gap(about, *evidence)


def _behind_policy(
    api: Resource, view: AccountView, about: str, evidence: tuple[Evidence, ...]
) -> Judgement | None:
    """What the API's resource policy makes of it; ``None`` where it has none or lets everybody in."""
    document = api.document("policy", absent=None)
    if document is None:
        return None
    evidence = (*evidence, api.evidence("policy"))
    try:
        found = widest(exposures(parse(document.data), Home.of(view, api.arn)))
    except PolicyError as error:
        return unknown(f"the policy of API {api.name} cannot be read: {error}", *evidence)
    if found is None or (found.audience < Audience.NETWORK and found.is_certain):
        return met(f"{about}, but its resource policy lets no unsigned request in", *evidence)
    if found.audience is Audience.NETWORK:
        because = f"{about}: its resource policy asks only from which network it is called"
        return gap(because, *evidence, severity=Severity.MEDIUM)
    return None


def _few(names: Iterable[str]) -> str:
    listed = sorted(names)
    more = f" and {len(listed) - 3} more" if len(listed) > 3 else ""
    return ", ".join(listed[:3]) + more
