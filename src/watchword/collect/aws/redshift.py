"""Redshift: clusters with their audit logging, subnet groups, manual snapshots and whom they are shared with."""

from __future__ import annotations

from typing import Final

from watchword.collect.reads import Detail, Read

READS: Final = (
    Read(
        table="redshift.clusters",
        operation="DescribeClusters",
        take="Clusters[]",
        arn="arn:{partition}:redshift:{region}:{account}:cluster:{ClusterIdentifier}",
        name="{ClusterIdentifier}",
        kind="AWS::Redshift::Cluster",
        details=(Detail("Logging", "DescribeLoggingStatus", {"ClusterIdentifier": "{ClusterIdentifier}"}),),
    ),
    Read(
        table="redshift.subnet_groups",
        operation="DescribeClusterSubnetGroups",
        take="ClusterSubnetGroups[]",
        arn="arn:{partition}:redshift:{region}:{account}:subnetgroup:{ClusterSubnetGroupName}",
        name="{ClusterSubnetGroupName}",
        kind="AWS::Redshift::ClusterSubnetGroup",
    ),
    Read(
        table="redshift.snapshots",
        operation="DescribeClusterSnapshots",
        params={"SnapshotType": "manual"},
        take="Snapshots[]",
        arn="arn:{partition}:redshift:{region}:{account}:snapshot:{ClusterIdentifier}/{SnapshotIdentifier}",
        name="{SnapshotIdentifier}",
        kind="AWS::Redshift::Snapshot",
    ),
)
