"""EKS over HTTP: clusters with AWS's defaults, access entries, pod identities."""

from collections.abc import Callable
from typing import Any

import pytest

ROLE = "arn:aws:iam::123456789012:role/eks"
ADMIN = "arn:aws:iam::123456789012:role/team/admin"
CLUSTER_ADMIN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"


@pytest.fixture
def eks(client: Callable[..., Any]) -> Any:
    return client("eks")


@pytest.fixture
def subnet(client: Callable[..., Any]) -> str:
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return str(ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"])


def cluster_of(eks: Any, subnet: str, mode: str = "API", **more: Any) -> dict[str, Any]:
    network = {"subnetIds": [subnet]}
    access = {"authenticationMode": mode, "bootstrapClusterCreatorAdminPermissions": False}
    eks.create_cluster(name="c", roleArn=ROLE, resourcesVpcConfig=network, accessConfig=access, **more)
    return dict(eks.describe_cluster(name="c")["cluster"])


def test_a_cluster_begins_open_to_the_world_and_without_logs(eks: Any, subnet: str) -> None:
    cluster = cluster_of(eks, subnet)
    network = cluster["resourcesVpcConfig"]
    assert (network["endpointPublicAccess"], network["endpointPrivateAccess"]) == (True, False)
    assert network["publicAccessCidrs"] == ["0.0.0.0/0"]
    assert network["vpcId"].startswith("vpc-")
    (logs,) = cluster["logging"]["clusterLogging"]
    assert logs["enabled"] is False
    assert len(logs["types"]) == 5
    assert cluster["accessConfig"]["authenticationMode"] == "API"


def test_clusters_keep_encryption_logs_and_later_changes(eks: Any, subnet: str) -> None:
    encryption = [
        {"resources": ["secrets"], "provider": {"keyArn": "arn:aws:kms:us-east-1:123456789012:key/k"}}
    ]
    logging = {"clusterLogging": [{"types": ["audit"], "enabled": True}]}
    cluster = cluster_of(eks, subnet, encryptionConfig=encryption, logging=logging)
    assert cluster["encryptionConfig"] == encryption
    assert cluster["logging"]["clusterLogging"][0] == {"types": ["audit"], "enabled": True}

    private = {"endpointPublicAccess": False, "endpointPrivateAccess": True}
    eks.update_cluster_config(name="c", resourcesVpcConfig=private)
    eks.update_cluster_config(name="c", accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"})
    changed = eks.describe_cluster(name="c")["cluster"]
    assert changed["resourcesVpcConfig"]["endpointPublicAccess"] is False
    assert changed["resourcesVpcConfig"]["subnetIds"] == [subnet]
    assert changed["accessConfig"]["authenticationMode"] == "API_AND_CONFIG_MAP"


def test_a_cluster_needs_subnets_that_exist(eks: Any, refused: Callable[..., Any]) -> None:
    network = {"subnetIds": ["subnet-1"]}
    refusal = refused(eks.create_cluster, name="c", roleArn=ROLE, resourcesVpcConfig=network)
    assert refusal.code == "InvalidParameterException"


def test_access_entries_are_kept_with_their_policies(eks: Any, subnet: str) -> None:
    cluster_of(eks, subnet)
    both = {"clusterName": "c", "principalArn": ADMIN}
    made = eks.create_access_entry(**both, kubernetesGroups=["ops"])["accessEntry"]
    assert (made["type"], made["username"], made["kubernetesGroups"]) == ("STANDARD", ADMIN, ["ops"])
    assert eks.list_access_entries(clusterName="c")["accessEntries"] == [ADMIN]
    assert eks.describe_access_entry(**both)["accessEntry"] == made

    eks.associate_access_policy(**both, policyArn=CLUSTER_ADMIN, accessScope={"type": "cluster"})
    (policy,) = eks.list_associated_access_policies(**both)["associatedAccessPolicies"]
    assert (policy["policyArn"], policy["accessScope"]["type"]) == (CLUSTER_ADMIN, "cluster")
    assert eks.list_access_entries(clusterName="c", associatedPolicyArn=CLUSTER_ADMIN)["accessEntries"] == [
        ADMIN
    ]

    eks.disassociate_access_policy(**both, policyArn=CLUSTER_ADMIN)
    assert eks.list_associated_access_policies(**both)["associatedAccessPolicies"] == []
    eks.delete_access_entry(**both)
    assert eks.list_access_entries(clusterName="c")["accessEntries"] == []


def test_access_entries_need_a_cluster_that_takes_them(
    eks: Any, subnet: str, refused: Callable[..., Any]
) -> None:
    both = {"clusterName": "c", "principalArn": ADMIN}
    assert refused(eks.create_access_entry, **both).code == "ResourceNotFoundException"
    cluster_of(eks, subnet, mode="CONFIG_MAP")
    assert refused(eks.create_access_entry, **both).code == "InvalidRequestException"
    assert refused(eks.describe_access_entry, **both).code == "ResourceNotFoundException"


def test_an_entry_is_made_once(eks: Any, subnet: str, refused: Callable[..., Any]) -> None:
    cluster_of(eks, subnet)
    both = {"clusterName": "c", "principalArn": ADMIN}
    eks.create_access_entry(**both)
    assert refused(eks.create_access_entry, **both).code == "ResourceInUseException"


def test_unknown_access_policies_are_refused(eks: Any, subnet: str, refused: Callable[..., Any]) -> None:
    cluster_of(eks, subnet)
    both = {"clusterName": "c", "principalArn": ADMIN}
    eks.create_access_entry(**both)
    arn = "arn:aws:eks::aws:cluster-access-policy/Nothing"
    refusal = refused(eks.associate_access_policy, **both, policyArn=arn, accessScope={"type": "cluster"})
    assert refusal.code == "ResourceNotFoundException"
    assert CLUSTER_ADMIN in [policy["arn"] for policy in eks.list_access_policies()["accessPolicies"]]


def test_a_new_cluster_of_an_old_name_has_no_entries(eks: Any, subnet: str) -> None:
    cluster_of(eks, subnet)
    eks.create_access_entry(clusterName="c", principalArn=ADMIN)
    eks.delete_cluster(name="c")
    cluster_of(eks, subnet)
    assert eks.list_access_entries(clusterName="c")["accessEntries"] == []


def test_pod_identities_are_kept(eks: Any, subnet: str) -> None:
    cluster_of(eks, subnet)
    made = eks.create_pod_identity_association(
        clusterName="c", namespace="shop", serviceAccount="web", roleArn=ROLE
    )["association"]
    (found,) = eks.list_pod_identity_associations(clusterName="c", namespace="shop")["associations"]
    assert found["associationId"] == made["associationId"]
    detail = eks.describe_pod_identity_association(clusterName="c", associationId=made["associationId"])
    assert detail["association"]["roleArn"] == ROLE
    assert eks.list_addons(clusterName="c")["addons"] == []
