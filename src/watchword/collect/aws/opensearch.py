"""OpenSearch Service: domains with their access policies, five to a call."""

from __future__ import annotations

from typing import Any, Final

from watchword.collect.reads import Detail, Read
from watchword.collect.rows import parsed


def with_policies(domains: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The domains' states with their access policies parsed."""
    return [{**domain, "AccessPolicies": parsed(domain.get("AccessPolicies"))} for domain in domains]


READS: Final = (
    Read(
        table="opensearch.domains",
        operation="ListDomainNames",
        take="DomainNames[]",
        arn="arn:{partition}:es:{region}:{account}:domain/{DomainName}",
        name="{DomainName}",
        kind="AWS::OpenSearchService::Domain",
        actions=("es:ListDomainNames",),
        details=(
            Detail(
                "",
                "DescribeDomains",
                take="DomainStatusList",
                batch=("DomainNames", 5, "DomainName", "DomainName"),
                transform=with_policies,
                actions=("es:DescribeDomains",),
            ),
            Detail("Tags", "ListTags", {"ARN": "{_arn}"}, "TagList", actions=("es:ListTags",)),
        ),
    ),
)
