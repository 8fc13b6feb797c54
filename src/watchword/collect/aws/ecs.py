"""Amazon ECS: clusters, services, and the newest active revision of each task definition family.

Older revisions are not read (a family may have hundreds); values of containers' variables are replaced by fingerprints.
"""

from __future__ import annotations

from watchword.collect import redaction
from watchword.collect.reads import Detail, Read

READS: tuple[Read, ...] = (
    Read(
        "ecs.clusters",
        "ListClusters",
        take="clusterArns[]",
        scalar="clusterArn",
        arn="{clusterArn}",
        name="{clusterName}",
        kind="AWS::ECS::Cluster",
        tags="tags",
        details=(
            Detail(
                "",
                "DescribeClusters",
                params={"include": ["CONFIGURATIONS", "SETTINGS", "TAGS"]},
                take="clusters[]",
                batch=("clusters", 100, "clusterArn", "clusterArn"),
            ),
        ),
    ),
    Read(
        "ecs.services",
        "ListServices",
        take="serviceArns[]",
        scalar="serviceArn",
        arn="{serviceArn}",
        name="{serviceName}",
        kind="AWS::ECS::Service",
        over="ecs.clusters",
        params={"cluster": "{clusterArn}", "maxResults": 100},
        tags="tags",
        details=(
            Detail(
                "",
                "DescribeServices",
                params={"cluster": "{_parent}", "include": ["TAGS"]},
                take="services[]",
                batch=("services", 10, "serviceArn", "serviceArn"),
            ),
        ),
    ),
    Read(
        "ecs.task_definitions",
        "ListTaskDefinitionFamilies",
        take="families[]",
        scalar="family",
        arn="{taskDefinitionArn}",
        name="{family}",
        kind="AWS::ECS::TaskDefinition",
        params={"status": "ACTIVE"},
        tags="tags",
        details=(
            Detail(
                "",
                "DescribeTaskDefinition",
                params={"taskDefinition": "{family}"},
                take="taskDefinition",
                transform=redaction.task_definition,
            ),
        ),
    ),
)
