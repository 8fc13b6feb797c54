"""Configuration items made from the state of moto's services, in the schema of AWS Config.

Each lister gives the items of one resource type in an account and region; what Config would say of a property that
moto doesn't have is left out. What it does not do: relationships, history, or types outside `LISTERS`.
Schema: https://github.com/awslabs/aws-config-resource-schema
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from moto.rds.models import rds_backends
from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition

Item = dict[str, Any]
Lister = Callable[[str, str], Iterator[Item]]

# Types of which Config records one copy for the whole account, under the region "global".
GLOBAL = frozenset(("AWS::IAM::Role", "AWS::IAM::User"))


def _given(**members: Any) -> Item:
    return {name: value for name, value in members.items() if value is not None}


def _time(when: datetime | str | None) -> str | None:
    if isinstance(when, datetime):
        return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"
    return when


def _tags(pairs: Iterable[Mapping[str, str]]) -> list[Item]:
    found = [{name.lower(): value for name, value in pair.items()} for pair in pairs]
    return [{"key": t["key"], "value": t["value"], "tag": f"{t['key']}={t['value']}"} for t in found]


def _item(
    account: str,
    region: str,
    kind: str,
    identifier: str,
    configuration: Mapping[str, Any],
    *,
    arn: str,
    name: str | None = None,
    zone: str | None = None,
    created: datetime | str | None = None,
    tags: Iterable[Mapping[str, str]] = (),
) -> Item:
    return _given(
        version="1.3",
        accountId=account,
        awsRegion=region,
        resourceType=kind,
        resourceId=identifier,
        resourceName=name,
        arn=arn,
        availabilityZone=zone or ("Not Applicable" if region == "global" else "Multiple Availability Zones"),
        resourceCreationTime=_time(created),
        configurationItemCaptureTime=_time(created),
        configuration=dict(configuration),
        tags=_tags(tags),
        relationships=[],
    )


def _ec2_arn(account: str, region: str, path: str) -> str:
    return f"arn:{get_partition(region)}:ec2:{region}:{account}:{path}"


def _groups(groups: Iterable[Any]) -> list[Item]:
    return [{"groupId": group.id, "groupName": group.name} for group in groups]


def _instances(account: str, region: str) -> Iterator[Item]:
    for reservation in ec2_backends[account][region].reservations.values():
        for found in reservation.instances:
            profile = getattr(found.iam_instance_profile, "arn", None)
            configuration = _given(
                instanceId=found.id,
                instanceType=found.instance_type,
                imageId=found.image_id,
                keyName=found.key_name,
                launchTime=_time(found.launch_time),
                state={"code": found.state_code, "name": found.state},
                vpcId=found.vpc_id,
                subnetId=found.subnet_id,
                privateIpAddress=found.private_ip,
                publicIpAddress=found.public_ip,
                placement={"availabilityZone": found.availability_zone},
                securityGroups=_groups(found.security_groups),
                iamInstanceProfile={"arn": profile} if profile else None,
                metadataOptions={
                    "httpTokens": found.metadata_options.http_tokens,
                    "httpEndpoint": found.metadata_options.http_endpoint,
                },
            )
            yield _item(
                account,
                region,
                "AWS::EC2::Instance",
                found.id,
                configuration,
                arn=_ec2_arn(account, region, f"instance/{found.id}"),
                zone=found.availability_zone,
                created=found.launch_time,
                tags=found.get_tags(),
            )


def _vpcs(account: str, region: str) -> Iterator[Item]:
    for found in ec2_backends[account][region].vpcs.values():
        configuration = {
            "vpcId": found.id,
            "cidrBlock": found.cidr_block,
            "isDefault": found.is_default,
            "state": found.state,
            "instanceTenancy": found.instance_tenancy,
        }
        arn = _ec2_arn(account, region, f"vpc/{found.id}")
        yield _item(account, region, "AWS::EC2::VPC", found.id, configuration, arn=arn, tags=found.get_tags())


def _interfaces(account: str, region: str) -> Iterator[Item]:
    for found in ec2_backends[account][region].enis.values():
        association = _given(publicIp=found.public_ip)
        configuration = _given(
            networkInterfaceId=found.id,
            interfaceType=found.interface_type,
            description=found.description,
            status=found.status,
            macAddress=found.mac_address,
            privateIpAddress=found.private_ip_address,
            sourceDestCheck=found.source_dest_check,
            subnetId=found.subnet.id if found.subnet else None,
            vpcId=found.subnet.vpc_id if found.subnet else None,
            groups=_groups(found.group_set),
            attachment={"instanceId": found.instance.id} if found.instance else None,
            association=association or None,
        )
        arn = _ec2_arn(account, region, f"network-interface/{found.id}")
        zone = found.subnet.availability_zone if found.subnet else None
        yield _item(
            account,
            region,
            "AWS::EC2::NetworkInterface",
            found.id,
            configuration,
            arn=arn,
            zone=zone,
            tags=found.get_tags(),
        )


def _security_groups(account: str, region: str) -> Iterator[Item]:
    for groups in ec2_backends[account][region].groups.values():
        for found in groups.values():
            configuration = _given(
                groupId=found.id,
                groupName=found.name,
                description=found.description,
                vpcId=found.vpc_id,
                ownerId=account,
            )
            yield _item(
                account,
                region,
                "AWS::EC2::SecurityGroup",
                found.id,
                configuration,
                arn=_ec2_arn(account, region, f"security-group/{found.id}"),
                name=found.name,
                tags=found.get_tags(),
            )


def _buckets(account: str, region: str) -> Iterator[Item]:
    backend = s3_backends[account][get_partition(region)]
    for found in backend.buckets.values():
        if found.region_name == region:
            yield _item(
                account,
                region,
                "AWS::S3::Bucket",
                found.name,
                {"name": found.name, "creationDate": _time(found.creation_date)},
                arn=found.arn,
                name=found.name,
                zone="Regional",
                created=found.creation_date,
                tags=backend.tagger.list_tags_for_resource(found.arn)["Tags"],
            )


def _users(account: str, region: str) -> Iterator[Item]:
    backend = iam_backends[account][get_partition(region)]
    for found in backend.users.values():
        configuration = {
            "userName": found.name,
            "userId": found.id,
            "path": found.path,
            "arn": found.arn,
            "createDate": _time(found.create_date),
            "groupList": found.group_list,
            "attachedManagedPolicies": _policies(found.managed_policies.values()),
        }
        yield _item(
            account,
            "global",
            "AWS::IAM::User",
            found.id,
            configuration,
            arn=found.arn,
            name=found.name,
            created=found.create_date,
            tags=backend.tagger.list_tags_for_resource(found.arn)["Tags"],
        )


def _policies(policies: Iterable[Any]) -> list[Item]:
    return [{"policyName": policy.name, "policyArn": policy.arn} for policy in policies]


def _roles(account: str, region: str) -> Iterator[Item]:
    for found in iam_backends[account][get_partition(region)].roles.values():
        configuration = {
            "roleName": found.name,
            "roleId": found.id,
            "path": found.path,
            "arn": found.arn,
            "createDate": _time(found.create_date),
            "assumeRolePolicyDocument": found.assume_role_policy_document,
            "attachedManagedPolicies": _policies(found.managed_policies.values()),
        }
        yield _item(
            account,
            "global",
            "AWS::IAM::Role",
            found.id,
            configuration,
            arn=found.arn,
            name=found.name,
            created=found.create_date,
            tags=found.tags or (),
        )


def _functions(account: str, region: str) -> Iterator[Item]:
    for found in lambda_backends[account][region].list_functions():
        configuration = _given(
            functionName=found.function_name,
            functionArn=found.function_arn,
            runtime=found.run_time,
            role=found.role,
            handler=found.handler,
            timeout=found.timeout,
            memorySize=found.memory_size,
            packageType=found.package_type,
            lastModified=found.last_modified,
        )
        yield _item(
            account,
            region,
            "AWS::Lambda::Function",
            found.function_name,
            configuration,
            arn=found.function_arn,
            name=found.function_name,
            tags=({"key": key, "value": value} for key, value in found.tags.items()),
        )


def _databases(account: str, region: str) -> Iterator[Item]:
    for found in rds_backends[account][region].databases.values():
        configuration = _given(
            dBInstanceIdentifier=found.db_instance_identifier,
            dBInstanceClass=found.db_instance_class,
            engine=found.engine,
            engineVersion=found.engine_version,
            dBInstanceStatus=found.status,
            publiclyAccessible=bool(found.publicly_accessible),
            storageEncrypted=bool(found.storage_encrypted),
            multiAZ=bool(found.multi_az),
            deletionProtection=bool(found.deletion_protection),
        )
        yield _item(
            account,
            region,
            "AWS::RDS::DBInstance",
            found.dbi_resource_id,
            configuration,
            arn=found.db_instance_arn,
            name=found.db_instance_identifier,
            zone=found.availability_zone,
            created=found.instance_create_time,
            tags=found.tags,
        )


LISTERS: dict[str, Lister] = {
    "AWS::EC2::Instance": _instances,
    "AWS::EC2::NetworkInterface": _interfaces,
    "AWS::EC2::SecurityGroup": _security_groups,
    "AWS::EC2::VPC": _vpcs,
    "AWS::IAM::Role": _roles,
    "AWS::IAM::User": _users,
    "AWS::Lambda::Function": _functions,
    "AWS::RDS::DBInstance": _databases,
    "AWS::S3::Bucket": _buckets,
}
