"""EKS: who may enter a cluster, and the settings of clusters that moto forgets.

What it does: keeps access entries with their policies and pod identity associations; gives clusters AWS's defaults
for access, endpoints and logs. What it does not do: run Kubernetes, or make an access entry for a cluster's creator.
Reference: https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.ec2.models import ec2_backends
from moto.eks.models import eks_backends
from moto.eks.responses import EKSResponse
from moto.eks.urls import url_paths

from watchword.lab.backends import registry
from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.tables import Item, hex_id, only, regional, shared_members, uuid

eks_tables = regional("eks")

_POLICIES = (
    "AmazonEKSAdminPolicy",
    "AmazonEKSAdminViewPolicy",
    "AmazonEKSAutoNodePolicy",
    "AmazonEKSClusterAdminPolicy",
    "AmazonEKSEditPolicy",
    "AmazonEKSViewPolicy",
)

# Settings of a cluster that moto does not keep; they lie in a table of ours.
_EXTRAS = (
    "accessConfig",
    "upgradePolicy",
    "zonalShiftConfig",
    "computeConfig",
    "storageConfig",
    "deletionProtection",
)

_LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")


def _create_cluster(call: Call) -> Item:
    given = call.params
    cluster = eks_backends[call.account][call.region].create_cluster(
        name=given["name"],
        role_arn=given["roleArn"],
        resources_vpc_config=_network(call, given["resourcesVpcConfig"]),
        version=given.get("version"),
        kubernetes_network_config=given.get("kubernetesNetworkConfig"),
        logging=_logging(given.get("logging", {})),
        client_request_token=given.get("clientRequestToken"),
        tags=given.get("tags"),
        encryption_config=given.get("encryptionConfig"),
    )
    access = {"bootstrapClusterCreatorAdminPermissions": True, "authenticationMode": "CONFIG_MAP"}
    extras = {name: given[name] for name in _EXTRAS if name in given}
    extras["accessConfig"] = access | given.get("accessConfig", {})
    _forget(call, cluster.name)
    _extras(call, cluster.name).update(extras)
    return {"cluster": _described(call, cluster)}


def _forget(call: Call, cluster: str) -> None:
    """Drop what belonged to a deleted cluster of the same name."""
    state = eks_tables[call.account][call.region]
    _extras(call, cluster).clear()
    for principal in state.table(f"entries of {cluster}"):
        state.table(f"policies {principal} of {cluster}").clear()
    state.table(f"entries of {cluster}").clear()
    state.table(f"pod identities of {cluster}").clear()


def _extras(call: Call, cluster: str) -> Item:
    return eks_tables[call.account][call.region].table("clusters").setdefault(cluster, {})


def _network(call: Call, given: Mapping[str, Any]) -> Item:
    """The network of a cluster with AWS's defaults: its endpoint is open to the world."""
    network = {
        "endpointPublicAccess": True,
        "endpointPrivateAccess": False,
        "securityGroupIds": [],
        **given,
        "clusterSecurityGroupId": hex_id("sg"),
    }
    if network["endpointPublicAccess"]:
        network.setdefault("publicAccessCidrs", ["0.0.0.0/0"])
    known = {
        subnet.id: subnet.vpc_id for subnet in ec2_backends[call.account][call.region].describe_subnets()
    }
    for subnet in given.get("subnetIds", []):
        if subnet not in known:
            raise Refusal("InvalidParameterException", f"The subnet ID '{subnet}' does not exist")
        network["vpcId"] = known[subnet]
    return network


def _logging(given: Mapping[str, Any]) -> Item:
    """Which logs are on and which off: every kind is named."""
    groups = given.get("clusterLogging", [])
    on = [kind for group in groups if group.get("enabled") for kind in group.get("types", [])]
    off = [kind for kind in _LOG_TYPES if kind not in on]
    shown = [{"types": kinds, "enabled": state} for kinds, state in ((on, True), (off, False)) if kinds]
    return {"clusterLogging": shown}


def _described(call: Call, cluster: Any) -> Item:
    return {
        "name": cluster.name,
        "arn": cluster.arn,
        "createdAt": cluster.created_at,
        "version": cluster.version,
        "endpoint": cluster.endpoint,
        "roleArn": cluster.role_arn,
        "resourcesVpcConfig": cluster.resources_vpc_config,
        "kubernetesNetworkConfig": {"ipFamily": "ipv4", **cluster.kubernetes_network_config},
        "logging": cluster.logging,
        "identity": cluster.identity,
        "status": cluster.status,
        "certificateAuthority": cluster.certificate_authority,
        "platformVersion": cluster.platformVersion,
        "tags": cluster.tags or {},
        "encryptionConfig": cluster.encryption_config or [],
        **_extras(call, cluster.name),
    }


def _cluster(call: Call, name: str) -> Any:
    cluster = eks_backends[call.account][call.region].clusters.get(name)
    if cluster is None:
        raise Refusal("ResourceNotFoundException", f"No cluster found for name: {name}.", clusterName=name)
    return cluster


def _describe_cluster(call: Call) -> Item:
    return {"cluster": _described(call, _cluster(call, call.params["name"]))}


def _update_config(call: Call) -> Item:
    cluster = _cluster(call, call.params["name"])
    kind = "ConfigUpdate"
    if "resourcesVpcConfig" in call.params:
        kind = "EndpointAccessUpdate"
        cluster.resources_vpc_config = {**cluster.resources_vpc_config, **call.params["resourcesVpcConfig"]}
    if "logging" in call.params:
        kind = "LoggingUpdate"
        cluster.logging = _logging(call.params["logging"])
    extras = _extras(call, cluster.name)
    for name in _EXTRAS:
        if name in call.params:
            extras[name] = _merged(extras.get(name), call.params[name])
    update = {
        "id": uuid(),
        "status": "Successful",
        "type": kind,
        "params": [],
        "createdAt": datetime.now(UTC),
    }
    return {"update": {**update, "errors": []}}


def _merged(old: object, new: object) -> object:
    return {**old, **new} if isinstance(old, dict) and isinstance(new, dict) else new


def _parts(call: Call, kind: str) -> dict[str, Item]:
    """The access entries, or other things, of the cluster that a call names."""
    cluster = _cluster(call, call.params["clusterName"])
    return eks_tables[call.account][call.region].table(f"{kind} of {cluster.name}")


def _create_entry(call: Call) -> Item:
    entries, principal = _parts(call, "entries"), call.params["principalArn"]
    if _extras(call, call.params["clusterName"])["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
        message = "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP]."
        raise Refusal("InvalidRequestException", message)
    if principal in entries:
        raise Refusal("ResourceInUseException", "The specified access entry resource is already in use.")
    account, kind, name = principal.split(":")[4], *_kind_and_name(principal)
    arn = f"arn:{call.partition}:eks:{call.region}:{call.account}:access-entry"
    now = datetime.now(UTC)
    entries[principal] = {
        "kubernetesGroups": [],
        "type": "STANDARD",
        "username": principal,
        "tags": {},
        **shared_members(call, "AccessEntry"),
        "accessEntryArn": f"{arn}/{call.params['clusterName']}/{kind}/{account}/{name}/{uuid()}",
        "createdAt": now,
        "modifiedAt": now,
    }
    return {"accessEntry": entries[principal]}


def _kind_and_name(principal: str) -> tuple[str, str]:
    kind, _, name = principal.split(":", 5)[5].partition("/")
    return kind, name.rsplit("/", 1)[-1]


def _entry(call: Call) -> Item:
    principal = call.params["principalArn"]
    entry = _parts(call, "entries").get(principal)
    if entry is None:
        message = f"The specified principalArn could not be found: {principal}"
        raise Refusal("ResourceNotFoundException", message)
    return entry


def _describe_entry(call: Call) -> Item:
    return {"accessEntry": _entry(call)}


def _update_entry(call: Call) -> Item:
    _entry(call).update(shared_members(call, "AccessEntry"), modifiedAt=datetime.now(UTC))
    return _describe_entry(call)


def _delete_entry(call: Call) -> None:
    principal = _entry(call)["principalArn"]
    del _parts(call, "entries")[principal]
    _parts(call, f"policies {principal}").clear()


def _list_entries(call: Call) -> Item:
    wanted = call.params.get("associatedPolicyArn")
    found = [
        principal
        for principal in _parts(call, "entries")
        if not wanted or wanted in _parts(call, f"policies {principal}")
    ]
    return call.page("accessEntries", found, 100)


def _policies(call: Call) -> dict[str, Item]:
    """The access policies of the entry that a call names."""
    return _parts(call, f"policies {_entry(call)['principalArn']}")


def _associate(call: Call) -> Item:
    arn = call.params["policyArn"]
    if arn.rsplit("/", 1)[-1] not in _POLICIES:
        raise Refusal("ResourceNotFoundException", f"The specified policyArn could not be found: {arn}")
    now = datetime.now(UTC)
    policies = _policies(call)
    since = policies.get(arn, {}).get("associatedAt", now)
    scope = {"namespaces": [], **call.params["accessScope"]}
    policies[arn] = {"policyArn": arn, "accessScope": scope, "associatedAt": since, "modifiedAt": now}
    both = {name: call.params[name] for name in ("clusterName", "principalArn")}
    return {**both, "associatedAccessPolicy": policies[arn]}


def _disassociate(call: Call) -> None:
    if _policies(call).pop(call.params["policyArn"], None) is None:
        message = f"The policy {call.params['policyArn']} is not associated with the access entry."
        raise Refusal("ResourceNotFoundException", message)


def _list_associated(call: Call) -> Item:
    both = {name: call.params[name] for name in ("clusterName", "principalArn")}
    return {**both, **call.page("associatedAccessPolicies", list(_policies(call).values()), 100)}


def _list_policies(call: Call) -> Item:
    arn = f"arn:{call.partition}:eks::aws:cluster-access-policy"
    return call.page("accessPolicies", [{"name": name, "arn": f"{arn}/{name}"} for name in _POLICIES], 100)


def _create_association(call: Call) -> Item:
    associations, key = _parts(call, "pod identities"), hex_id("a")
    arn = f"arn:{call.partition}:eks:{call.region}:{call.account}:podidentityassociation/{call.params['clusterName']}/{key}"
    now = datetime.now(UTC)
    associations[key] = {
        "tags": {},
        **shared_members(call, "PodIdentityAssociation"),
        "associationArn": arn,
        "associationId": key,
        "createdAt": now,
        "modifiedAt": now,
    }
    return {"association": associations[key]}


def _list_associations(call: Call) -> Item:
    asked = {name: call.params[name] for name in ("namespace", "serviceAccount") if name in call.params}
    found = [
        only(call, "PodIdentityAssociationSummary", item)
        for item in _parts(call, "pod identities").values()
        if all(item[name] == value for name, value in asked.items())
    ]
    return call.page("associations", found, 100)


def _association(call: Call) -> Item:
    key = call.params["associationId"]
    found = _parts(call, "pod identities").get(key)
    if found is None:
        raise Refusal("ResourceNotFoundException", f"The association {key} could not be found.")
    return found


def _describe_association(call: Call) -> Item:
    return {"association": _association(call)}


def _delete_association(call: Call) -> Item:
    association = _association(call)
    del _parts(call, "pod identities")[association["associationId"]]
    return {"association": association}


def _none_of(member: str) -> Handler:
    """A list that stays empty: the lab's clusters have none of the kind, as there is no way to make one."""

    def handle(call: Call) -> Item:
        _cluster(call, call.params["clusterName"])
        return call.page(member, [], 100)

    return handle


OPERATIONS: Mapping[str, Handler] = {
    "CreateCluster": _create_cluster,
    "DescribeCluster": _describe_cluster,
    "UpdateClusterConfig": _update_config,
    "CreateAccessEntry": _create_entry,
    "DescribeAccessEntry": _describe_entry,
    "UpdateAccessEntry": _update_entry,
    "DeleteAccessEntry": _delete_entry,
    "ListAccessEntries": _list_entries,
    "AssociateAccessPolicy": _associate,
    "DisassociateAccessPolicy": _disassociate,
    "ListAssociatedAccessPolicies": _list_associated,
    "ListAccessPolicies": _list_policies,
    "CreatePodIdentityAssociation": _create_association,
    "DescribePodIdentityAssociation": _describe_association,
    "DeletePodIdentityAssociation": _delete_association,
    "ListPodIdentityAssociations": _list_associations,
    "ListAddons": _none_of("addons"),
    "ListIdentityProviderConfigs": _none_of("identityProviderConfigs"),
}


def install() -> None:
    """Add the operations to moto's EKS; the ARNs of principals have slashes, also amid a path."""
    registry.extend(EKSResponse, url_paths, OPERATIONS, invalid="InvalidParameterException")
    # Moto looks for the region anywhere in the URL, and the ARN of an Identity Center role has "sso.amazonaws.com" in it.
    EKSResponse.region_regex = re.compile(r"^https?://[^/]*\.(?P<region>[^./]+)\.amazonaws\.com")
    entry = "{0}/clusters/(?P<clusterName>[^/]+)/access-entries/(?P<principalArn>.+)"
    for tail in ("/access-policies$", "/access-policies/(?P<policyArn>.+)$"):
        url_paths.setdefault(entry + tail, EKSResponse.dispatch)
