"""What EC2 does by itself where a client says nothing, and moto forgets.

What it does: encrypts new volumes and starts new instances by the defaults of the region; leaves metadata options that
a change doesn't name as they were; gives interface endpoints an address in their subnet and a security group.
What it does not do: change what exists when a default changes, as AWS does neither.
Reference: https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html
"""

from collections.abc import Callable, Mapping
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.models.elastic_block_store import EBSBackend
from moto.ec2.models.instances import InstanceBackend
from moto.ec2.models.vpcs import VPCBackend
from moto.ec2.responses import EC2Response
from moto.ec2.urls import url_paths
from moto.ec2.utils import random_private_ip

from watchword.lab.backends import registry
from watchword.lab.backends.around import around
from watchword.lab.backends.call import Call
from watchword.lab.backends.ec2_items import ec2_tables
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.tables import Item

# A metadata option, and what moto calls it.
_OPTIONS = {
    "HttpTokens": "http_tokens",
    "HttpPutResponseHopLimit": "http_put_response_hop_limit",
    "HttpEndpoint": "http_endpoint",
    "HttpProtocolIpv6": "http_protocol_ipv6",
    "InstanceMetadataTags": "instance_metadata_tags",
}


def _modify_options(call: Call) -> Item:
    instance: Any = ec2_backends[call.account][call.region].get_instance(call.params["InstanceId"])
    options = instance.metadata_options
    for name, attribute in _OPTIONS.items():
        if name in call.params:
            setattr(options, attribute, call.params[name])
    shown = {name: getattr(options, attribute) for name, attribute in _OPTIONS.items()}
    return {"InstanceId": instance.id, "InstanceMetadataOptions": {"State": "pending", **shown}}


def _setting(backend: Any, name: str) -> Mapping[str, Any]:
    return ec2_tables[backend.account_id][backend.region_name].setting(name)


def _create_volume(own: Callable[..., Any], backend: Any, *arguments: Any, **named: Any) -> Any:
    if backend.ebs_encryption_by_default and not named.get("snapshot_id"):
        named["encrypted"] = True
        key = _setting(backend, "ebs key").get("value", "")
        if key.startswith("arn:") and not named.get("kms_key_id"):
            named["kms_key_id"] = key
    return own(backend, *arguments, **named)


def _run_instances(own: Callable[..., Any], backend: Any, *arguments: Any, **named: Any) -> Any:
    defaults = {
        name: value
        for name, value in _setting(backend, "InstanceMetadataDefaults").items()
        if name in _OPTIONS
    }
    template = named.get("launch_template")
    if defaults and not template:
        named["metadata_options"] = defaults | dict(named.get("metadata_options") or {})
    return own(backend, *arguments, **named)


def _create_endpoint(own: Callable[..., Any], backend: Any, *arguments: Any, **named: Any) -> Any:
    endpoint = own(backend, *arguments, **named)
    endpoint.vpc_endpoint_type = endpoint.vpc_endpoint_type or "Gateway"
    if endpoint.vpc_endpoint_type == "Interface":
        if not endpoint.security_group_ids:
            endpoint.security_group_ids = [backend.get_default_security_group(endpoint.vpc_id).id]
        for key in endpoint.network_interface_ids:
            _place(backend, endpoint, backend.enis[key])
    return endpoint


def _place(backend: Any, endpoint: Any, interface: Any) -> None:
    """Moto draws the address from anywhere and gives the interface the default group."""
    address = random_private_ip(interface.subnet.cidr_block)
    interface.private_ip_address = address
    interface.private_ip_addresses = [{"Primary": True, "PrivateIpAddress": address}]
    interface._group_set = [backend.get_security_group_from_id(key) for key in endpoint.security_group_ids]
    interface.description = f"VPC Endpoint Interface {endpoint.id}"
    interface.interface_type = "vpc_endpoint"
    interface.requester_managed = True


OPERATIONS: Mapping[str, Handler] = {"ModifyInstanceMetadataOptions": _modify_options}


def install() -> None:
    """Mend moto's EC2."""
    registry.extend(EC2Response, url_paths, OPERATIONS, invalid="InvalidParameterValue")
    around(EBSBackend, "create_volume", _create_volume)
    around(InstanceBackend, "run_instances", _run_instances)
    around(VPCBackend, "create_vpc_endpoint", _create_endpoint)
