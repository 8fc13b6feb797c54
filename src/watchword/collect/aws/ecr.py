"""Amazon ECR: repositories with their policies, and the registry's own settings.  Images themselves are not listed."""

from __future__ import annotations

import json
from collections.abc import Iterable

from watchword.collect.reads import Detail, Read, Row

_REGISTRY = "arn:{partition}:ecr:{region}:{account}:registry"


def _with_policy(row: Row) -> Iterable[Row]:
    """The registry's policy, parsed from its text."""
    return ({**row, "Policy": json.loads(row["policyText"])} if row.get("policyText") else row,)


READS: tuple[Read, ...] = (
    Read(
        "ecr.repositories",
        "DescribeRepositories",
        take="repositories[]",
        arn="{repositoryArn}",
        name="{repositoryName}",
        kind="AWS::ECR::Repository",
        params={"maxResults": 1000},
        tags="tags",
        details=(
            Detail(
                "Policy",
                "GetRepositoryPolicy",
                params={"repositoryName": "{repositoryName}"},
                take="policyText",
                parse_json=True,
                none_when=("RepositoryPolicyNotFoundException",),
            ),
            Detail(
                "LifecyclePolicy",
                "GetLifecyclePolicy",
                params={"repositoryName": "{repositoryName}"},
                take="lifecyclePolicyText",
                parse_json=True,
                none_when=("LifecyclePolicyNotFoundException",),
            ),
            Detail(
                "tags",
                "ListTagsForResource",
                params={"resourceArn": "{repositoryArn}"},
                take="tags[]",
            ),
        ),
    ),
    Read(
        "ecr.registry_scanning",
        "GetRegistryScanningConfiguration",
        arn=_REGISTRY,
        name="registry in {region}",
        kind="AWS::ECR::RegistryScanningConfiguration",
    ),
    Read(
        "ecr.registry_policy",
        "GetRegistryPolicy",
        arn=_REGISTRY,
        name="registry in {region}",
        kind="AWS::ECR::RegistryPolicy",
        none_when=("RegistryPolicyNotFoundException",),
        transform=_with_policy,
    ),
)
