"""OpenSearch Service: domains with their access policies, five to a call."""

from __future__ import annotations

import json
from typing import Any, Final

from watchword.collect.reads import Detail, Read


def with_policy(domain: dict[str, Any]) -> dict[str, Any]:
    """The domain's status with its access policy parsed; AWS gives an empty text where there is none."""
    text = domain.get("AccessPolicies")
    return {**domain, "AccessPolicies": json.loads(text) if isinstance(text, str) and text else text or None}


def _with_policies(found: Any) -> Any:  # noqa: ANN401
    return [with_policy(one) for one in found]


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
                transform=_with_policies,
                actions=("es:DescribeDomains",),
            ),
            Detail("Tags", "ListTags", {"ARN": "{_arn}"}, "TagList", actions=("es:ListTags",)),
        ),
    ),
)
