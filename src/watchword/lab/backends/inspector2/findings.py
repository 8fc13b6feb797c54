"""Inspector's findings, listed by criteria and sorted; an administrator sees those of its members."""

from typing import Any

from watchword.lab.backends.call import Call
from watchword.lab.backends.criteria import ordered
from watchword.lab.backends.inspector2.filters import matching
from watchword.lab.backends.inspector2.state import inspector2_states, watched_by
from watchword.lab.backends.registry import Handler

_EC2 = "resources.details.awsEc2Instance"
_ECR = "resources.details.awsEcrContainerImage"
_LAMBDA = "resources.details.awsLambdaFunction"
_PACKAGE = "packageVulnerabilityDetails"
_CODE = "codeVulnerabilityDetails"

# Where the criteria stand in a finding.
PATHS = {
    "findingArn": "findingArn",
    "awsAccountId": "awsAccountId",
    "findingType": "type",
    "severity": "severity",
    "firstObservedAt": "firstObservedAt",
    "lastObservedAt": "lastObservedAt",
    "updatedAt": "updatedAt",
    "findingStatus": "status",
    "title": "title",
    "inspectorScore": "inspectorScore",
    "epssScore": "epss.score",
    "fixAvailable": "fixAvailable",
    "exploitAvailable": "exploitAvailable",
    "resourceType": "resources.type",
    "resourceId": "resources.id",
    "resourceTags": "resources.tags",
    "ec2InstanceImageId": f"{_EC2}.imageId",
    "ec2InstanceVpcId": f"{_EC2}.vpcId",
    "ec2InstanceSubnetId": f"{_EC2}.subnetId",
    "ecrImagePushedAt": f"{_ECR}.pushedAt",
    "ecrImageArchitecture": f"{_ECR}.architecture",
    "ecrImageRegistry": f"{_ECR}.registry",
    "ecrImageRepositoryName": f"{_ECR}.repositoryName",
    "ecrImageTags": f"{_ECR}.imageTags",
    "ecrImageHash": f"{_ECR}.imageHash",
    "lambdaFunctionName": f"{_LAMBDA}.functionName",
    "lambdaFunctionRuntime": f"{_LAMBDA}.runtime",
    "lambdaFunctionLayers": f"{_LAMBDA}.layers",
    "lambdaFunctionLastModifiedAt": f"{_LAMBDA}.lastModifiedAt",
    "lambdaFunctionExecutionRoleArn": f"{_LAMBDA}.executionRoleArn",
    "networkProtocol": "networkReachabilityDetails.protocol",
    "componentId": "networkReachabilityDetails.networkPath.steps.componentId",
    "componentType": "networkReachabilityDetails.networkPath.steps.componentType",
    "vulnerabilityId": f"{_PACKAGE}.vulnerabilityId",
    "vulnerabilitySource": f"{_PACKAGE}.source",
    "vendorSeverity": f"{_PACKAGE}.vendorSeverity",
    "relatedVulnerabilities": f"{_PACKAGE}.relatedVulnerabilities",
    "codeVulnerabilityDetectorName": f"{_CODE}.detectorName",
    "codeVulnerabilityDetectorTags": f"{_CODE}.detectorTags",
    "codeVulnerabilityFilePath": f"{_CODE}.filePath.filePath",
}

# Severities from the least.
SEVERITIES = ("UNTRIAGED", "INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL")

# Which criterion's path a field for sorting means, where it isn't called the same in upper case.
_SORTED_BY = {
    "AWS_ACCOUNT_ID": "awsAccountId",
    "FINDING_TYPE": "findingType",
    "FIRST_OBSERVED_AT": "firstObservedAt",
    "LAST_OBSERVED_AT": "lastObservedAt",
    "FINDING_STATUS": "findingStatus",
    "RESOURCE_TYPE": "resourceType",
    "ECR_IMAGE_PUSHED_AT": "ecrImagePushedAt",
    "ECR_IMAGE_REPOSITORY_NAME": "ecrImageRepositoryName",
    "ECR_IMAGE_REGISTRY": "ecrImageRegistry",
    "NETWORK_PROTOCOL": "networkProtocol",
    "COMPONENT_TYPE": "componentType",
    "VULNERABILITY_ID": "vulnerabilityId",
    "VULNERABILITY_SOURCE": "vulnerabilitySource",
    "INSPECTOR_SCORE": "inspectorScore",
    "VENDOR_SEVERITY": "vendorSeverity",
    "EPSS_SCORE": "epssScore",
}


def _sorted(call: Call, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rule = call.params.get("sortCriteria")
    if not rule:
        return found
    descending = rule["sortOrder"] == "DESC"
    if rule["field"] == "SEVERITY":
        return sorted(found, key=lambda finding: SEVERITIES.index(finding["severity"]), reverse=descending)
    return ordered(found, PATHS[_SORTED_BY[rule["field"]]], descending)


def _list_findings(call: Call) -> dict[str, Any]:
    visible = [
        finding
        for account in watched_by(call.account, call.region)
        for finding in inspector2_states[account][call.region].findings.values()
    ]
    found = matching(call, visible, call.params.get("filterCriteria", {}), PATHS)
    return call.page("findings", _sorted(call, found), default=100)


OPERATIONS: dict[str, Handler] = {"ListFindings": _list_findings}
