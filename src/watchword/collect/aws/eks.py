"""Amazon EKS: clusters, node groups, and who is let into a cluster by access entries.

Rights inside a cluster (RBAC, the ``aws-auth`` ConfigMap) are Kubernetes objects and are not read.
"""

from __future__ import annotations

from watchword.collect.reads import Detail, Read

READS: tuple[Read, ...] = (
    Read(
        "eks.clusters",
        "ListClusters",
        take="clusters[]",
        scalar="name",
        arn="{arn}",
        name="{name}",
        kind="AWS::EKS::Cluster",
        params={"maxResults": 100},
        tags="tags",
        details=(Detail("", "DescribeCluster", params={"name": "{name}"}, take="cluster"),),
    ),
    Read(
        "eks.nodegroups",
        "ListNodegroups",
        take="nodegroups[]",
        scalar="nodegroupName",
        arn="{nodegroupArn}",
        name="{nodegroupName}",
        kind="AWS::EKS::Nodegroup",
        over="eks.clusters",
        params={"clusterName": "{name}", "maxResults": 100},
        tags="tags",
        details=(
            Detail(
                "",
                "DescribeNodegroup",
                params={"clusterName": "{parent.name}", "nodegroupName": "{nodegroupName}"},
                take="nodegroup",
            ),
        ),
    ),
    Read(
        # A cluster whose authentication mode is CONFIG_MAP has no access entries, and says so with an error.
        "eks.access_entries",
        "ListAccessEntries",
        take="accessEntries[]",
        scalar="principalArn",
        arn="{accessEntryArn}",
        name="{principalArn}",
        kind="AWS::EKS::AccessEntry",
        over="eks.clusters",
        params={"clusterName": "{name}", "maxResults": 100},
        none_when=("InvalidRequestException",),
        tags="tags",
        details=(
            Detail(
                "",
                "DescribeAccessEntry",
                params={"clusterName": "{parent.name}", "principalArn": "{principalArn}"},
                take="accessEntry",
            ),
            Detail(
                "associatedAccessPolicies",
                "ListAssociatedAccessPolicies",
                params={"clusterName": "{parent.name}", "principalArn": "{principalArn}"},
                take="associatedAccessPolicies[]",
                pages=True,
            ),
        ),
    ),
)
