"""RDS with Aurora, DocumentDB and Neptune (one API): databases, snapshots and whom they are shared with, proxies.

Automatic snapshots cannot be shared, so their attributes are not asked for.
"""

from __future__ import annotations

from typing import Final

from watchword.collect.reads import Detail, Read, Row


def _is_manual(row: Row) -> bool:
    return row.get("SnapshotType") == "manual"


READS: Final = (
    Read(
        table="rds.instances",
        operation="DescribeDBInstances",
        take="DBInstances[]",
        arn="{DBInstanceArn}",
        name="{DBInstanceIdentifier}",
        kind="AWS::RDS::DBInstance",
        tags="TagList",
    ),
    Read(
        table="rds.clusters",
        operation="DescribeDBClusters",
        take="DBClusters[]",
        arn="{DBClusterArn}",
        name="{DBClusterIdentifier}",
        kind="AWS::RDS::DBCluster",
        tags="TagList",
    ),
    Read(
        table="rds.snapshots",
        operation="DescribeDBSnapshots",
        take="DBSnapshots[]",
        arn="{DBSnapshotArn}",
        name="{DBSnapshotIdentifier}",
        kind="AWS::RDS::DBSnapshot",
        tags="TagList",
        details=(
            Detail(
                "Attributes",
                "DescribeDBSnapshotAttributes",
                {"DBSnapshotIdentifier": "{DBSnapshotIdentifier}"},
                "DBSnapshotAttributesResult.DBSnapshotAttributes",
                when=_is_manual,
            ),
        ),
    ),
    Read(
        table="rds.cluster_snapshots",
        operation="DescribeDBClusterSnapshots",
        take="DBClusterSnapshots[]",
        arn="{DBClusterSnapshotArn}",
        name="{DBClusterSnapshotIdentifier}",
        kind="AWS::RDS::DBClusterSnapshot",
        tags="TagList",
        details=(
            Detail(
                "Attributes",
                "DescribeDBClusterSnapshotAttributes",
                {"DBClusterSnapshotIdentifier": "{DBClusterSnapshotIdentifier}"},
                "DBClusterSnapshotAttributesResult.DBClusterSnapshotAttributes",
                when=_is_manual,
            ),
        ),
    ),
    Read(
        table="rds.subnet_groups",
        operation="DescribeDBSubnetGroups",
        take="DBSubnetGroups[]",
        arn="{DBSubnetGroupArn}",
        name="{DBSubnetGroupName}",
        kind="AWS::RDS::DBSubnetGroup",
    ),
    Read(
        table="rds.proxies",
        operation="DescribeDBProxies",
        take="DBProxies[]",
        arn="{DBProxyArn}",
        name="{DBProxyName}",
        kind="AWS::RDS::DBProxy",
    ),
)
