"""Directory Service: smart cards, domain controllers, data access and topics of directories, and hushed secrets.

What it does: adds what moto lacks, keeps the secret of RADIUS servers out of answers, and lets LDAPS be enabled
again. What it does not do: run a directory.
Reference: https://docs.aws.amazon.com/directoryservice/latest/admin-guide/what_is.html
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from moto.ds.models import Directory, ds_backends
from moto.ds.responses import DirectoryServiceResponse
from moto.ds.urls import url_paths
from moto.ec2.models import ec2_backends

from watchword.lab.backends import registry
from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.tables import Item, Tables, regional, shared_members

ds_tables = regional("ds")


def _tables(call: Call) -> Tables:
    return ds_tables[call.account][call.region]


def _directory(call: Call, missing: str = "DirectoryDoesNotExistException") -> Directory:
    key = call.params["DirectoryId"]
    found = ds_backends[call.account][call.region].directories.get(key)
    if found is None:
        raise Refusal(missing, f"Directory {key} does not exist")
    return found


def _microsoft(call: Call) -> Directory:
    """The directory, if it is one of those that know smart cards and data access."""
    directory = _directory(call)
    if directory.directory_type not in ("MicrosoftAD", "ADConnector"):
        raise Refusal(
            "UnsupportedOperationException", "The operation is not supported for this directory type."
        )
    return directory


def _enable_radius(call: Call) -> None:
    directory = _directory(call, "EntityDoesNotExistException")
    if directory.radius_settings and call.model.name == "EnableRadius":
        raise Refusal("EntityAlreadyExistsException", "RADIUS is already enabled for the directory")
    kept = {name: value for name, value in call.params["RadiusSettings"].items() if name != "SharedSecret"}
    directory.enable_radius(kept)


def _enable_ldaps(call: Call) -> None:
    directory = _microsoft(call)
    if any(setting.ldaps_status == "Enabled" for setting in directory.ldaps_settings_info):
        raise Refusal("InvalidLDAPSStatusException", "LDAPS is already enabled for the directory")
    directory.ldaps_settings_info.clear()
    directory.enable_ldaps(enable=True)


def _switch_cards(status: str) -> Handler:
    def handle(call: Call) -> None:
        kinds = _tables(call).table(f"client authentication of {_microsoft(call).directory_id}")
        kind, now = call.params["Type"], datetime.now(UTC)
        if kinds.get(kind, {"Status": "Disabled"})["Status"] == status:
            message = f"Client authentication is already {status.lower()}."
            raise Refusal("InvalidClientAuthStatusException", message)
        kinds[kind] = {"Type": kind, "Status": status, "LastUpdatedDateTime": now}

    return handle


def _describe_cards(call: Call) -> Item:
    wanted = call.params.get("Type")
    kinds = _tables(call).table(f"client authentication of {_microsoft(call).directory_id}").values()
    return call.page(
        "ClientAuthenticationSettingsInfo", [each for each in kinds if wanted in (None, each["Type"])]
    )


def _switch_data_access(status: str) -> Handler:
    def handle(call: Call) -> None:
        _tables(call).table("data access")[_microsoft(call).directory_id] = {"DataAccessStatus": status}

    return handle


def _describe_data_access(call: Call) -> Item:
    key = _microsoft(call).directory_id
    return _tables(call).table("data access").get(key, {"DataAccessStatus": "Disabled"})


def _describe_controllers(call: Call) -> Item:
    directory = _directory(call, "EntityDoesNotExistException")
    if directory.directory_type != "MicrosoftAD":
        raise Refusal(
            "UnsupportedOperationException", "The operation is not supported for this directory type."
        )
    return call.page("DomainControllers", list(_controllers(call, directory)))


def _controllers(call: Call, directory: Directory) -> Iterator[Item]:
    """A managed directory has a controller in each of its two subnets."""
    settings = directory.vpc_settings or {"SubnetIds": []}
    for number, (subnet, address) in enumerate(
        zip(settings["SubnetIds"], directory.subnet_ips, strict=False)
    ):
        zone = ec2_backends[call.account][call.region].get_subnet(subnet).availability_zone
        yield {
            "DirectoryId": directory.directory_id,
            "DomainControllerId": f"dc-{directory.directory_id.removeprefix('d-')}{number}",
            "DnsIpAddr": address,
            "VpcId": settings["VpcId"],
            "SubnetId": subnet,
            "AvailabilityZone": zone,
            "Status": "Active",
            "LaunchTime": directory.launch_time,
            "StatusLastUpdatedDateTime": directory.stage_last_updated_date_time,
        }


def _register_topic(call: Call) -> None:
    directory, topic = _directory(call, "EntityDoesNotExistException"), call.params["TopicName"]
    _tables(call).table("topics")[f"{directory.directory_id} {topic}"] = {
        "DirectoryId": directory.directory_id,
        "TopicName": topic,
        "TopicArn": f"arn:{call.partition}:sns:{call.region}:{call.account}:{topic}",
        "CreatedDateTime": datetime.now(UTC),
        "Status": "Registered",
    }


def _deregister_topic(call: Call) -> None:
    directory = _directory(call, "EntityDoesNotExistException")
    _tables(call).table("topics").pop(f"{directory.directory_id} {call.params['TopicName']}", None)


def _describe_topics(call: Call) -> Item:
    directory, names = call.params.get("DirectoryId"), call.params.get("TopicNames")
    return {
        "EventTopics": [
            topic
            for topic in _tables(call).table("topics").values()
            if directory in (None, topic["DirectoryId"]) and (not names or topic["TopicName"] in names)
        ]
    }


def _create_forwarder(call: Call) -> None:
    directory = _directory(call, "EntityDoesNotExistException")
    forwarders = _tables(call).table(f"forwarders of {directory.directory_id}")
    name = call.params["RemoteDomainName"]
    if name in forwarders:
        raise Refusal("EntityAlreadyExistsException", f"A forwarder for {name} exists already")
    forwarders[name] = {"ReplicationScope": "Domain", **shared_members(call, "ConditionalForwarder")}


def _describe_forwarders(call: Call) -> Item:
    directory = _directory(call, "EntityDoesNotExistException")
    names = call.params.get("RemoteDomainNames")
    found = _tables(call).table(f"forwarders of {directory.directory_id}").items()
    return {"ConditionalForwarders": [item for name, item in found if not names or name in names]}


OPERATIONS: Mapping[str, Handler] = {
    "EnableRadius": _enable_radius,
    "UpdateRadius": _enable_radius,
    "EnableLDAPS": _enable_ldaps,
    "EnableClientAuthentication": _switch_cards("Enabled"),
    "DisableClientAuthentication": _switch_cards("Disabled"),
    "DescribeClientAuthenticationSettings": _describe_cards,
    "EnableDirectoryDataAccess": _switch_data_access("Enabled"),
    "DisableDirectoryDataAccess": _switch_data_access("Disabled"),
    "DescribeDirectoryDataAccess": _describe_data_access,
    "DescribeDomainControllers": _describe_controllers,
    "RegisterEventTopic": _register_topic,
    "DeregisterEventTopic": _deregister_topic,
    "DescribeEventTopics": _describe_topics,
    "CreateConditionalForwarder": _create_forwarder,
    "DescribeConditionalForwarders": _describe_forwarders,
}


def install() -> None:
    """Add the operations to moto's Directory Service."""
    registry.extend(DirectoryServiceResponse, url_paths, OPERATIONS, invalid="InvalidParameterException")
