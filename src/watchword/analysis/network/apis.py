"""Who reaches an API of API Gateway at all, before any authorizer is asked.

A REST API or an HTTP API answers at an address of its own (``execute-api``) unless that is switched off, and at custom
domains; a custom domain may demand a certificate of its clients (mutual TLS).

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mutual-tls.html
"""

from __future__ import annotations

from collections.abc import Iterator

from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView

DOMAINS = ("apigateway.domain_names", "apigatewayv2.domain_names")
"""What must be read to use ``closed_to_strangers``."""


def own_address_field(api: Resource) -> str:
    """The field of a row of an API that says whether its own address is off."""
    return "disableExecuteApiEndpoint" if api.table == "apigateway.rest_apis" else "DisableExecuteApiEndpoint"


def closed_to_strangers(api: Resource, view: AccountView) -> str:
    """Why only clients with a certificate reach an API of API Gateway; empty where others can.

    The API's own address must be off, and each custom domain that leads to it demand a client's certificate.

    Raises:
        EvidenceMissing: the domain names of the region were not read.
    """
    is_rest = api.table == "apigateway.rest_apis"
    if not api.flag(own_address_field(api), absent=False):
        return ""
    domains = list(_domains(api, view, is_rest=is_rest))
    if not domains:
        return "its own address is off and no domain leads to it"
    trust = "mutualTlsAuthentication.truststoreUri" if is_rest else "MutualTlsAuthentication.TruststoreUri"
    if all(domain.has(trust) for domain in domains):
        return "its own address is off and its domains demand a client's certificate"
    return ""


def _domains(api: Resource, view: AccountView, *, is_rest: bool) -> Iterator[Resource]:
    if is_rest:
        for domain in view.rows("apigateway.domain_names", api.region):
            if any(one.text("restApiId") == api.text("id") for one in domain.items("basePathMappings")):
                yield domain
        return
    for domain in view.rows("apigatewayv2.domain_names", api.region):
        if any(one.text("ApiId") == api.text("ApiId") for one in domain.items("ApiMappings")):
            yield domain
