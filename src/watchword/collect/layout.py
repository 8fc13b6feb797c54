"""How answers lie in a directory: the names of files.  Pure.

The layout of the AWS CLI's answers (what ``aws … > file`` gives)::

    <account>/<region or global>/<service>/<operation>.json              one answer; the CLI joins pages
    <account>/<region or global>/<service>/<operation>/<values>.json     of one resource
    organization/global/organizations/list-accounts.json                 the organisation's own answers

``<service>`` is the CLI's (botocore's) name, ``<operation>`` is in kebab case (``describe-db-instances``).  ``<values>``
are the values of the call's parameters in the order in which the read gives them, URL-quoted (nothing is safe, dots
that would lead elsewhere included) and joined by commas; parameters that only size pages do not count, lists and
objects stand as JSON, and a name of more than 200 characters is replaced by its SHA-256.  A call for a batch of
resources has one file, without values.  The answer about a resource of a global list (a bucket) lies in the resource's
region or under ``global``.  An error is kept as ``{"Error": {"Code": "NoSuchBucketPolicy"}}``.

A second layout has files named after the key of the answer, ``Reservations.json`` for describe-instances, in the
directory itself or under ``accounts/<account>/<region>/``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from watchword.collect.source import Call, For
from watchword.model.ids import GLOBAL

PAGE_SIZES: Final = frozenset(
    {
        "MaxResults",
        "maxResults",
        "MaxItems",
        "maxItems",
        "MaxRecords",
        "Limit",
        "limit",
        "PageSize",
        "pageSize",
    }
    | {"MaxBuckets", "MaxKeys"}
)
"""Parameters that only size pages."""

LONGEST: Final = 200

BY_KEY: Final = frozenset({"ec2", "elbv2"})
"""Services of which answers may lie under the name of their key."""

KEYED_BY_RESOURCE: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("elbv2", "DescribeListeners"): ("LoadBalancerListeners", "LoadBalancerArn"),
    ("elbv2", "DescribeLoadBalancerAttributes"): ("LoadBalancerAttributes", "LoadBalancerArn"),
    ("elbv2", "DescribeTargetHealth"): ("LoadBalancerTargetHealth", "TargetGroupArn"),
    ("ec2", "SearchTransitGatewayRoutes"): ("TransitGatewayStaticRoutes", "TransitGatewayRouteTableId"),
}
"""Answers for one resource that lie together in one file: its name, and the parameter that tells them apart."""


def kebab(operation: str) -> str:
    """The operation as the AWS CLI spells it: ``DescribeDBInstances`` is ``describe-db-instances``."""
    from botocore import xform_name

    return str(xform_name(operation, "-"))


def candidates(call: Call) -> Iterator[str]:
    """The paths under which the answer to a call may lie, the most exact first."""
    values = values_of(call.params)
    for where in dict.fromkeys((call.region, GLOBAL if call.made_for is For.ROW else call.region)):
        base = f"{call.account}/{where}/{call.service}/{kebab(call.operation)}"
        if values and call.made_for is not For.BATCH:
            yield f"{base}/{values}.json"
        if call.made_for is not For.ROW or not values:
            yield f"{base}.json"


def values_of(params: Mapping[str, Any]) -> str:
    """The part of a file's name that stands for the values of the parameters; empty where there are none."""
    texts = [_quoted(value) for name, value in params.items() if name not in PAGE_SIZES]
    name = ",".join(texts)
    return name if len(name) <= LONGEST else hashlib.sha256(name.encode()).hexdigest()


def _quoted(value: Any) -> str:  # noqa: ANN401
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))
    quoted = quote(text, safe="")
    return quoted.replace(".", "%2E") if set(quoted) <= {"."} else quoted
