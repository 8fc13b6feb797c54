"""ElastiCache: replication groups and clusters with their encryption and authentication; tags are not read."""

from __future__ import annotations

from typing import Final

from watchword.collect.reads import Read

READS: Final = (
    Read(
        table="elasticache.replication_groups",
        operation="DescribeReplicationGroups",
        take="ReplicationGroups[]",
        arn="{ARN}",
        name="{ReplicationGroupId}",
        kind="AWS::ElastiCache::ReplicationGroup",
    ),
    Read(
        table="elasticache.clusters",
        operation="DescribeCacheClusters",
        take="CacheClusters[]",
        arn="{ARN}",
        name="{CacheClusterId}",
        kind="AWS::ElastiCache::CacheCluster",
    ),
)
