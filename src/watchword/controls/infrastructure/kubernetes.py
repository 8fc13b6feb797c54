"""Controls of Amazon EKS: who can speak to a cluster's API, and who is its administrator."""

from __future__ import annotations

from typing import Final

from watchword.controls.infrastructure.entry import is_wide
from watchword.controls.registry import control, gap, met
from watchword.model.finding import Judgement
from watchword.model.resource import Resource, instant
from watchword.model.snapshot import AccountView
from watchword.model.verdict import Confidence

_CLUSTERS: Final = "eks.clusters"
_ENTRIES: Final = "eks.access_entries"

ADMIN_POLICIES: Final = frozenset({"AmazonEKSClusterAdminPolicy", "AmazonEKSAdminPolicy"})
"""Access policies that, at cluster scope, give all rights or the right to give oneself more.

Source: https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
"""

DEADLINE_TAG: Final = "watchword:deadline"
"""Tag of an access entry that was granted for a time: the instant (ISO 8601) at which it ends."""


@control("IN-07", each=_CLUSTERS, about="EKS clusters")
def api_endpoint_limited(row: Resource, view: AccountView) -> Judgement:  # noqa: ARG001
    """The Kubernetes API is private, or public for named networks only."""
    facts = row.evidence("resourcesVpcConfig")
    if not row.flag("resourcesVpcConfig.endpointPublicAccess"):
        return met("the Kubernetes API is reachable from inside the VPC only", facts)
    cidrs = row.texts("resourcesVpcConfig.publicAccessCidrs")
    wide = [cidr for cidr in cidrs if is_wide(cidr, 6 if ":" in cidr else 4)]
    if wide or not cidrs:
        return gap(f"the Kubernetes API is public for {', '.join(wide) or 'every address'}", facts)
    return met(f"the Kubernetes API is public for {', '.join(cidrs)} only", facts)


@control("IN-08", each=_CLUSTERS, reads=(_ENTRIES,), about="EKS clusters")
def no_standing_cluster_admin(row: Resource, view: AccountView) -> Judgement:
    """Access is by access entries alone, and no person holds cluster administration without an end."""
    mode = row.text("accessConfig.authenticationMode", absent="CONFIG_MAP")
    facts = row.evidence("accessConfig")
    if mode != "API":
        return gap(
            f"authentication mode is {mode}: the aws-auth ConfigMap inside the cluster can let anyone in, unseen by AWS",
            facts,
        )
    entries = [one for one in view.rows(_ENTRIES, row.region) if one.text("clusterName") == row.text("name")]
    standing = [one for one in entries if _is_person(one) and _is_admin(one) and not _ends(one, view)]
    proof = tuple(one.evidence("associatedAccessPolicies") for one in standing)
    if not standing:
        return met(
            f"access entries alone decide, and none of {len(entries)} gives a person standing administration",
            facts,
        )
    names = ", ".join(sorted(one.text("principalArn").rpartition("/")[2] or "root" for one in standing))
    sure = any(":user/" in one.text("principalArn") for one in standing)
    return gap(
        f"standing cluster administration for {names}",
        facts,
        *proof,
        confidence=Confidence.HIGH if sure else Confidence.MEDIUM,
    )


def _is_person(entry: Resource) -> bool:
    """Whether the principal is one that people act as: a user, the root user, a role of Identity Center."""
    arn = entry.text("principalArn")
    return ":user/" in arn or arn.endswith(":root") or ":role/aws-reserved/sso.amazonaws.com/" in arn


def _is_admin(entry: Resource) -> bool:
    if "system:masters" in entry.texts("kubernetesGroups"):
        return True
    return any(
        policy.text("policyArn").rpartition("/")[2] in ADMIN_POLICIES
        and policy.text("accessScope.type") == "cluster"
        for policy in entry.items("associatedAccessPolicies")
    )


def _ends(entry: Resource, view: AccountView) -> bool:
    """Whether the entry was granted for a time that is not over."""
    deadline = entry.tags.get(DEADLINE_TAG, "")
    try:
        return bool(deadline) and instant(deadline) > view.now
    except ValueError:
        return False
