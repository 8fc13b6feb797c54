"""What Inspector covers: moto's instances, functions and repositories, as far as their scans are switched on.

An instance is covered while Systems Manager reaches it, as with AWS's agent-based scanning; container images and
code repositories are not listed one by one.
https://docs.aws.amazon.com/inspector/latest/user/assessing-coverage.html
"""

from collections.abc import Iterator
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.ec2.models import ec2_backends
from moto.ecr.models import ecr_backends

from watchword.lab.backends.call import Call
from watchword.lab.backends.inspector2.filters import matching
from watchword.lab.backends.inspector2.state import inspector2_states, watched_by
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.ssm_instances import ssm_tables

PATHS = {
    "accountId": "accountId",
    "resourceId": "resourceId",
    "resourceType": "resourceType",
    "scanType": "scanType",
    "scanStatusCode": "scanStatus.statusCode",
    "scanStatusReason": "scanStatus.reason",
    "lastScannedAt": "lastScannedAt",
    "ec2InstanceTags": "resourceMetadata.ec2.tags",
    "ecrRepositoryName": "resourceMetadata.ecrRepository.name",
    "lambdaFunctionName": "resourceMetadata.lambdaFunction.functionName",
}

_COVERED = {"statusCode": "ACTIVE", "reason": "SUCCESSFUL"}


def _instances(account: str, region: str) -> Iterator[dict[str, Any]]:
    managed = ssm_tables[account][region].table("instances")
    for reservation in ec2_backends[account][region].reservations.values():
        for instance in reservation.instances:
            if instance.state == "terminated":
                continue
            information = managed.get(instance.id, {})
            online = information.get("PingStatus") == "Online"
            reason = "UNMANAGED_EC2_INSTANCE" if not online else "SUCCESSFUL"
            reason = "EC2_INSTANCE_STOPPED" if instance.state == "stopped" else reason
            covered = {
                "resourceType": "AWS_EC2_INSTANCE",
                "resourceId": instance.id,
                "accountId": account,
                "scanType": "PACKAGE",
                "scanMode": "EC2_SSM_AGENT_BASED",
                "scanStatus": {
                    "statusCode": "ACTIVE" if reason == "SUCCESSFUL" else "INACTIVE",
                    "reason": reason,
                },
                "resourceMetadata": {
                    "ec2": {
                        "amiId": instance.image_id,
                        "platform": "WINDOWS" if instance.platform == "windows" else "LINUX",
                        "tags": {tag["key"]: tag["value"] for tag in instance.get_tags()},
                    }
                },
            }
            if reason == "SUCCESSFUL":
                covered["lastScannedAt"] = information["LastPingDateTime"]
            yield covered


def _functions(account: str, region: str) -> Iterator[dict[str, Any]]:
    for function in lambda_backends[account][region].list_functions():
        yield {
            "resourceType": "AWS_LAMBDA_FUNCTION",
            "resourceId": function.function_arn,
            "accountId": account,
            "scanType": "PACKAGE",
            "scanStatus": _COVERED,
            "resourceMetadata": {"lambdaFunction": {"functionName": function.function_name}},
        }


def _repositories(account: str, region: str) -> Iterator[dict[str, Any]]:
    for repository in ecr_backends[account][region].repositories.values():
        yield {
            "resourceType": "AWS_ECR_REPOSITORY",
            "resourceId": repository.arn,
            "accountId": account,
            "scanType": "PACKAGE",
            "scanStatus": _COVERED,
            "resourceMetadata": {
                "ecrRepository": {"name": repository.name, "scanFrequency": "CONTINUOUS_SCAN"}
            },
        }


_LISTERS = {"EC2": _instances, "LAMBDA": _functions, "ECR": _repositories}


def _list_coverage(call: Call) -> dict[str, Any]:
    covered = [
        resource
        for account in watched_by(call.account, call.region)
        for scan, lister in _LISTERS.items()
        if scan in inspector2_states[account][call.region].scans
        for resource in lister(account, call.region)
    ]
    found = matching(call, covered, call.params.get("filterCriteria", {}), PATHS)
    return call.page("coveredResources", found, default=200)


OPERATIONS: dict[str, Handler] = {"ListCoverage": _list_coverage}
