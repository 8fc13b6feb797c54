"""Examples of the controls of infrastructure and endpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.controls.builder import ACCOUNT, organization, view
from tests.controls.examples import example
from watchword.model.estate import Estate
from watchword.model.snapshot import AccountView

EC2 = "arn:aws:ec2:eu-west-1:111122223333"
EMPTY: dict[str, list[Any]] = {}


def instance(name: str = "web-1", state: str = "running", **more: Any) -> dict[str, Any]:
    return {
        "_arn": f"{EC2}:instance/i-{name}",
        "_name": name,
        "InstanceId": f"i-{name}",
        "State": {"Name": state},
        "UserData": None,
        "PlatformDetails": "Linux/UNIX",
        **more,
    }


# --- IN-03 session logging --------------------------------------------------------------------------------------------


def sessions(inputs: Mapping[str, Any] | None, nodes: int = 1, **more: Any) -> AccountView:
    rows = [{"_name": f"mi-{index}", "InstanceId": f"i-{index}"} for index in range(nodes)]
    preferences = (
        [] if inputs is None else [{"_name": "SSM-SessionManagerRunShell", "Content": {"inputs": inputs}}]
    )
    return view({"ssm.instance_information": rows, "ssm.session_preferences": preferences}, **more)


S3 = {"s3BucketName": "logs", "s3EncryptionEnabled": True}
example(
    "IN-03",
    "met",
    "transcripts go to a bucket that must be encrypted",
    sessions({**S3, "cloudWatchLogGroupName": ""}),
)
example(
    "IN-03",
    "met",
    "transcripts go to a log group that must be encrypted",
    sessions({"s3BucketName": "", "cloudWatchLogGroupName": "ssm", "cloudWatchEncryptionEnabled": True}),
)
example("IN-03", "gap", "preferences were never saved", sessions(None))
example(
    "IN-03", "gap", "no destination is named", sessions({"s3BucketName": "", "s3EncryptionEnabled": True})
)
example(
    "IN-03",
    "gap",
    "the bucket may be unencrypted",
    sessions({"s3BucketName": "logs", "s3EncryptionEnabled": False}),
)
example(
    "IN-03",
    "gap",
    "one of two destinations may be unencrypted",
    sessions({**S3, "cloudWatchLogGroupName": "ssm", "cloudWatchEncryptionEnabled": False}),
)
example("IN-03", "gap", "a bucket without a word on encryption", sessions({"s3BucketName": "logs"}))
example("IN-03", "not_applicable", "no node is managed in the region", sessions(None, nodes=0))
example("IN-03", "unknown", "preferences were not read", sessions(S3, denied=["ssm.session_preferences"]))
example(
    "IN-03",
    "unknown",
    "the document has no inputs",
    view(
        {
            "ssm.instance_information": [{"InstanceId": "i-1"}],
            "ssm.session_preferences": [{"Content": {"schemaVersion": "1.0"}}],
        }
    ),
)

# --- IN-05 IMDSv2 -----------------------------------------------------------------------------------------------------

V2 = {"HttpTokens": "required", "HttpPutResponseHopLimit": 1, "HttpEndpoint": "enabled"}
V1 = {"HttpTokens": "optional", "HttpPutResponseHopLimit": 1, "HttpEndpoint": "enabled"}


def metadata(
    instances: Sequence[Mapping[str, Any]] = (),
    templates: Sequence[Mapping[str, Any]] = (),
    configurations: Sequence[Mapping[str, Any]] = (),
    default: str = "",
    **more: Any,
) -> AccountView:
    account_level = {"HttpTokens": default} if default else {}
    return view(
        {
            "ec2.instances": instances,
            "ec2.launch_template_versions": templates,
            "autoscaling.launch_configurations": configurations,
            "ec2.instance_metadata_defaults": [{"AccountLevel": account_level}],
        },
        **more,
    )


def template(options: Mapping[str, Any] | None) -> dict[str, Any]:
    data = {"ImageId": "ami-1"} if options is None else {"ImageId": "ami-1", "MetadataOptions": options}
    return {"_name": "web", "_arn": f"{EC2}:launch-template/lt-1", "LaunchTemplateData": data}


example("IN-05", "met", "an instance demands tokens", metadata([instance(MetadataOptions=V2)]))
example("IN-05", "gap", "tokens are optional", metadata([instance(MetadataOptions=V1)]))
example(
    "IN-05",
    "met",
    "the service is off",
    metadata([instance(MetadataOptions={**V1, "HttpEndpoint": "disabled"})]),
)
example(
    "IN-05",
    "gap",
    "answers travel two hops",
    metadata([instance(MetadataOptions={**V2, "HttpPutResponseHopLimit": 2})]),
)
example(
    "IN-05", "gap", "a stopped instance counts", metadata([instance(state="stopped", MetadataOptions=V1)])
)
example(
    "IN-05",
    "not_applicable",
    "a terminated instance does not count",
    metadata([instance(state="terminated", MetadataOptions=V1)]),
)
example("IN-05", "gap", "a template allows version 1", metadata(templates=[template(V1)]))
example(
    "IN-05",
    "met",
    "a template demands tokens and leaves the hops",
    metadata(templates=[template({"HttpTokens": "required"})]),
)
example("IN-05", "gap", "a template says nothing, nor does the region", metadata(templates=[template(None)]))
example(
    "IN-05",
    "met",
    "a template leaves it to the region's default",
    metadata(templates=[template(None)], default="required"),
)
example(
    "IN-05",
    "gap",
    "the region's default allows version 1",
    metadata(templates=[template(None)], default="optional"),
)
example(
    "IN-05",
    "gap,met",
    "a launch configuration says nothing, another demands tokens",
    metadata(configurations=[{"_name": "old"}, {"_name": "new", "MetadataOptions": V2}], default="required"),
)
example(
    "IN-05",
    "met,unknown",
    "templates were not read, instances were",
    metadata([instance(MetadataOptions=V2)], denied=["ec2.launch_template_versions"]),
)
example("IN-05", "unknown", "an instance has no metadata options", metadata([instance()]))
example(
    "IN-05",
    "gap,unknown",
    "one instance without options does not hide the other",
    metadata([instance("a"), instance("b", MetadataOptions=V1)]),
)

# --- IN-07, IN-08 Kubernetes ------------------------------------------------------------------------------------------

CLUSTER_ARN = "arn:aws:eks:eu-west-1:111122223333:cluster/shop"


def cluster(
    public: bool = False, cidrs: Sequence[str] = (), mode: str = "API", **more: Any
) -> dict[str, Any]:
    return {
        "_arn": CLUSTER_ARN,
        "_name": "shop",
        "name": "shop",
        "version": "1.34",
        "resourcesVpcConfig": {"endpointPublicAccess": public, "publicAccessCidrs": list(cidrs)},
        "accessConfig": {"authenticationMode": mode},
        **more,
    }


def clusters(*rows: Mapping[str, Any], entries: Sequence[Mapping[str, Any]] = (), **more: Any) -> AccountView:
    return view({"eks.clusters": rows, "eks.access_entries": entries}, **more)


example("IN-07", "met", "the endpoint is private", clusters(cluster()))
example("IN-07", "gap", "the endpoint is open to the world", clusters(cluster(True, ["0.0.0.0/0"])))
example(
    "IN-07",
    "gap",
    "one of two networks is the IPv6 world",
    clusters(cluster(True, ["203.0.113.0/24", "::/0"])),
)
example("IN-07", "gap", "half of the internet is no limit", clusters(cluster(True, ["128.0.0.0/1"])))
example("IN-07", "met", "the endpoint is limited to an office", clusters(cluster(True, ["203.0.113.0/24"])))
example("IN-07", "gap", "public without any list is public for all", clusters(cluster(True, [])))
example("IN-07", "unknown", "the cluster could not be described", clusters({"_name": "shop", "name": "shop"}))
example("IN-07", "unknown", "clusters were not read", view({}, denied=["eks.clusters"]))
example("IN-07", "not_applicable", "there is no cluster", clusters())


def entry(
    principal: str, policy: str = "AmazonEKSClusterAdminPolicy", scope: str = "cluster", **more: Any
) -> dict[str, Any]:
    return {
        "_name": principal,
        "clusterName": "shop",
        "principalArn": f"arn:aws:iam::{ACCOUNT}:{principal}",
        "kubernetesGroups": [],
        "associatedAccessPolicies": [
            {
                "policyArn": f"arn:aws:eks::aws:cluster-access-policy/{policy}",
                "accessScope": {"type": scope, "namespaces": []},
            }
        ],
        **more,
    }


SSO = "role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_0123456789abcdef"
example(
    "IN-08",
    "met",
    "API mode and a pipeline as administrator",
    clusters(cluster(), entries=[entry("role/deployer")]),
)
example("IN-08", "gap", "the ConfigMap may still decide", clusters(cluster(mode="API_AND_CONFIG_MAP")))
example("IN-08", "gap", "a cluster that never heard of access entries", clusters(cluster(accessConfig={})))
example(
    "IN-08", "gap", "a user is administrator for ever", clusters(cluster(), entries=[entry("user/carol")])
)
example("IN-08", "gap", "a role of Identity Center is", clusters(cluster(), entries=[entry(SSO)]))
example(
    "IN-08",
    "met",
    "granted until tonight",
    clusters(cluster(), entries=[entry("user/carol", _tags={"watchword:deadline": "2026-06-01T17:00:00Z"})]),
)
example(
    "IN-08",
    "gap",
    "granted until yesterday, and still there",
    clusters(cluster(), entries=[entry("user/carol", _tags={"watchword:deadline": "2026-05-31T17:00:00Z"})]),
)
example(
    "IN-08",
    "gap",
    "a deadline that is no time is none",
    clusters(cluster(), entries=[entry("user/carol", _tags={"watchword:deadline": "soon"})]),
)
example(
    "IN-08",
    "met",
    "people have namespaces and views only",
    clusters(
        cluster(),
        entries=[
            entry("user/dora", policy="AmazonEKSAdminPolicy", scope="namespace"),
            entry(SSO, policy="AmazonEKSViewPolicy"),
        ],
    ),
)
example(
    "IN-08",
    "gap",
    "system:masters is administration too",
    clusters(
        cluster(),
        entries=[entry("user/carol", kubernetesGroups=["system:masters"], associatedAccessPolicies=[])],
    ),
)
example(
    "IN-08",
    "met",
    "another cluster's entries are not this one's",
    clusters(cluster(), entries=[entry("user/carol", clusterName="other")]),
)
ADMIN_AND_VIEW = entry("user/carol")
ADMIN_AND_VIEW["associatedAccessPolicies"] += entry("user/carol", policy="AmazonEKSViewPolicy")[
    "associatedAccessPolicies"
]
example("IN-08", "gap", "a view beside the administration", clusters(cluster(), entries=[ADMIN_AND_VIEW]))
example("IN-08", "unknown", "entries were not read", clusters(cluster(), denied=["eks.access_entries"]))
example(
    "IN-08",
    "unknown",
    "the policies of an entry were not read",
    clusters(
        cluster(),
        entries=[entry("user/carol", _holes={"associatedAccessPolicies": "denied: AccessDenied"})],
    ),
)

# --- IN-11 Lambda functions -------------------------------------------------------------------------------------------

FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:pay"


def function(
    urls: Sequence[str] = (), statement: Mapping[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    policy = None if statement is None else {"Version": "2012-10-17", "Statement": [statement]}
    return {
        "_arn": FUNCTION,
        "_name": "pay",
        "FunctionName": "pay",
        "Runtime": "python3.13",
        "UrlConfigs": [{"AuthType": one, "FunctionArn": FUNCTION} for one in urls],
        "Policy": policy,
        **more,
    }


def allow(principal: Any, action: str = "lambda:InvokeFunction", **condition: Any) -> dict[str, Any]:
    made = {"Sid": "s", "Effect": "Allow", "Principal": principal, "Action": action, "Resource": FUNCTION}
    return {**made, "Condition": condition} if condition else made


ORGANIZATION = organization(
    {
        "organizations.organization": [{"Id": "o-abcdefghij"}],
        "organizations.accounts": [{"Id": ACCOUNT}],
        "organizations.delegated_administrators": [],
    }
)
PUBLIC_URL = allow("*", "lambda:InvokeFunctionUrl", StringEquals={"lambda:FunctionUrlAuthType": "NONE"})


def functions(*rows: Mapping[str, Any], **more: Any) -> AccountView:
    return view({"lambda.functions": rows}, organization=more.pop("organization", ORGANIZATION), **more)


API_SOURCE = {"AWS:SourceArn": "arn:aws:execute-api:eu-west-1:111122223333:api/*"}
example("IN-11", "met", "no URL and no policy", functions(function()))
example("IN-11", "met", "the URL demands signatures", functions(function(["AWS_IAM"])))
example("IN-11", "gap", "the URL asks for nothing", functions(function(["NONE"], PUBLIC_URL)))
example("IN-11", "gap", "the URL of an alias asks for nothing", functions(function(["AWS_IAM", "NONE"])))
example("IN-11", "gap", "the policy lets every account in", functions(function(statement=allow("*"))))
example("IN-11", "gap", "so does a star as AWS principal", functions(function(statement=allow({"AWS": "*"}))))
example(
    "IN-11",
    "met",
    "the API's own calls only",
    functions(function(statement=allow({"Service": "apigateway.amazonaws.com"}, ArnLike=API_SOURCE))),
)
example(
    "IN-11",
    "met",
    "a star for the organisation's principals only",
    functions(function(statement=allow("*", StringEquals={"aws:PrincipalOrgID": "o-abcdefghij"}))),
)
example(
    "IN-11",
    "met",
    "another account by name is no business of this control",
    functions(function(statement=allow({"AWS": "arn:aws:iam::444455556666:root"}))),
)
example(
    "IN-11",
    "met",
    "declared to be public",
    functions(function(["NONE"], PUBLIC_URL), estate=Estate(public=(FUNCTION,))),
)
example(
    "IN-11",
    "unknown",
    "the URLs were not read",
    functions(function(_holes={"UrlConfigs": "denied: AccessDenied"})),
)
example(
    "IN-11",
    "unknown",
    "the policy was not read",
    functions(function(["AWS_IAM"], _holes={"Policy": "throttled"})),
)
example(
    "IN-11",
    "gap",
    "an open URL needs no policy to be a gap",
    functions(function(["NONE"], _holes={"Policy": "throttled"})),
)
example("IN-11", "unknown", "a policy that is none", functions(function(Policy={"Version": "2012-10-17"})))

# --- IN-13 public images and snapshots --------------------------------------------------------------------------------


def sharing(
    images: Sequence[Mapping[str, Any]] = (),
    snapshots: Sequence[str] = (),
    public: Sequence[str] = (),
    databases: Sequence[Mapping[str, Any]] = (),
    image_guard: str = "block-new-sharing",
    snapshot_guard: str = "block-new-sharing",
    **more: Any,
) -> AccountView:
    def row(name: str) -> dict[str, Any]:
        return {"_arn": f"arn:aws:ec2:eu-west-1::snapshot/{name}", "_name": name, "SnapshotId": name}

    return view(
        {
            "ec2.images": images,
            "ec2.snapshots": [row(name) for name in snapshots],
            "ec2.public_snapshots": [row(name) for name in public],
            "ec2.image_public_access": [{"ImageBlockPublicAccessState": image_guard}],
            "ec2.snapshot_public_access": [{"State": snapshot_guard}],
            "rds.snapshots": databases,
        },
        **more,
    )


def image(public: bool) -> dict[str, Any]:
    return {
        "_name": "base",
        "_arn": "arn:aws:ec2:eu-west-1::image/ami-1",
        "ImageId": "ami-1",
        "Public": public,
    }


def db_snapshot(values: Sequence[str], kind: str = "manual") -> dict[str, Any]:
    attributes = [{"AttributeName": "restore", "AttributeValues": list(values)}]
    return {"_name": "db-1", "SnapshotType": kind, "Attributes": attributes}


example("IN-13", "met", "nothing is there and sharing is blocked", sharing())
example("IN-13", "gap", "sharing is not blocked for snapshots", sharing(snapshot_guard="unblocked"))
example("IN-13", "gap", "sharing is not blocked for images", sharing(image_guard="unblocked"))
example("IN-13", "met,met,met", "image and snapshot are private", sharing([image(False)], ["snap-1"]))
example("IN-13", "gap,met", "an image is public", sharing([image(True)]))
example(
    "IN-13", "gap,met,met", "one of two snapshots is public", sharing((), ["snap-1", "snap-2"], ["snap-2"])
)
example(
    "IN-13",
    "met,met",
    "the region overrides a snapshot's public attribute",
    sharing((), ["snap-1"], ["snap-1"], snapshot_guard="block-all-sharing"),
)
example(
    "IN-13",
    "met,met",
    "an image is declared to be public",
    sharing([image(True)], estate=Estate(public=("arn:aws:ec2:*::image/ami-1",))),
)
example("IN-13", "gap,met", "a database snapshot is public", sharing(databases=[db_snapshot(["all"])]))
example(
    "IN-13",
    "met,met",
    "a database snapshot is shared with an account",
    sharing(databases=[db_snapshot(["444455556666"])]),
)
example(
    "IN-13", "met", "automatic snapshots cannot be shared", sharing(databases=[db_snapshot([], "automated")])
)
example(
    "IN-13",
    "met,unknown",
    "which snapshots are public was not read",
    sharing((), ["snap-1"], denied=["ec2.public_snapshots"]),
)
example(
    "IN-13",
    "met,unknown",
    "the block's state was not read",
    sharing([image(False)], denied=["ec2.image_public_access"]),
)
example(
    "IN-13",
    "met,unknown",
    "a database snapshot's attributes were not read",
    sharing(databases=[{"_name": "db", "SnapshotType": "manual", "_holes": {"Attributes": "denied"}}]),
)

example(
    "IN-13",
    "met,met",
    "a database snapshot that says nothing of sharing is private",
    sharing(databases=[{"_name": "db", "SnapshotType": "manual"}]),
)

# --- IN-15, IN-16 Inspector -------------------------------------------------------------------------------------------

ON = {"status": "ENABLED"}
ALL_ON = {"ec2": ON, "ecr": ON, "lambda": ON}
ADMINISTRATOR = organization(
    {
        "organizations.delegated_administrators": [
            {"Id": ACCOUNT, "Services": [{"ServicePrincipal": "inspector2.amazonaws.com"}]}
        ]
    }
)


def inspector(
    state: Mapping[str, Any], auto: Mapping[str, bool] | None = None, instances: int = 1, **more: Any
) -> AccountView:
    return view(
        {
            "inspector2.account_status": [{"accountId": ACCOUNT, "resourceState": state}],
            "inspector2.organization_configuration": [] if auto is None else [{"autoEnable": auto}],
            "ec2.instances": [instance(f"web-{index}") for index in range(instances)],
            "lambda.functions": [],
            "ecr.repositories": [],
        },
        organization=more.pop("organization", ORGANIZATION),
        **more,
    )


AUTO = {"ec2": True, "ecr": True, "lambda": True}
example("IN-15", "met", "all three scans are on", inspector(ALL_ON))
example(
    "IN-15",
    "gap",
    "functions are not scanned",
    inspector({"ec2": ON, "ecr": ON, "lambda": {"status": "DISABLED"}}),
)
example("IN-15", "gap", "a kind that the answer leaves out is off", inspector({"ec2": ON, "ecr": ON}))
example("IN-15", "not_applicable", "there is nothing to scan", inspector({}, instances=0))
example(
    "IN-15",
    "met",
    "the administrator enrols new accounts",
    inspector(ALL_ON, AUTO, organization=ADMINISTRATOR),
)
example(
    "IN-15",
    "gap",
    "the administrator forgets images of new accounts",
    inspector(ALL_ON, {**AUTO, "ecr": False}, organization=ADMINISTRATOR),
)
example(
    "IN-15",
    "gap",
    "the administrator's enrolment counts where nothing runs",
    inspector({}, {**AUTO, "ec2": False}, instances=0, organization=ADMINISTRATOR),
)
example(
    "IN-15",
    "gap",
    "what the enrolment leaves out is off",
    inspector(ALL_ON, {"ec2": True}, organization=ADMINISTRATOR),
)
example("IN-15", "unknown", "the enrolment was not to be had", inspector(ALL_ON, organization=ADMINISTRATOR))
example("IN-15", "met", "a single account without organisation", inspector(ALL_ON, organization=None))
example(
    "IN-15", "unknown", "the status was not read", inspector(ALL_ON, denied=["inspector2.account_status"])
)


def vulnerability(
    days: int, severity: str = "CRITICAL", resource: str = "i-web-1", **more: Any
) -> dict[str, Any]:
    day = f"2026-05-{31 - days + 1:02d}" if days <= 31 else "2026-01-01"
    return {
        "_name": "CVE-2026-0001 - openssl",
        "title": "CVE-2026-0001 - openssl",
        "type": "PACKAGE_VULNERABILITY",
        "status": "ACTIVE",
        "severity": severity,
        "firstObservedAt": f"{day}T00:00:00Z",
        "resources": [{"id": resource, "type": "AWS_EC2_INSTANCE"}],
        **more,
    }


def covered(
    resource: str = "i-web-1", code: str = "ACTIVE", reason: str = "SUCCESSFUL", **more: Any
) -> dict[str, Any]:
    return {
        "_name": resource,
        "_arn": f"arn:aws:inspector2:eu-west-1:111122223333:coverage/{resource}",
        "resourceId": resource,
        "resourceType": "AWS_EC2_INSTANCE",
        "scanType": "PACKAGE",
        "scanStatus": {"statusCode": code, "reason": reason},
        **more,
    }


def vulnerable(
    coverage: Sequence[Mapping[str, Any]],
    findings: Sequence[Mapping[str, Any]] = (),
    functions: Sequence[Mapping[str, Any]] = (),
    **more: Any,
) -> AccountView:
    return view(
        {
            "inspector2.coverage": coverage,
            "inspector2.findings": findings,
            "ec2.instances": [instance()] if more.pop("machine", True) else [],
            "lambda.functions": functions,
        },
        **more,
    )


REPOSITORY = "arn:aws:ecr:eu-west-1:111122223333:repository/shop/sha256:0123456789abcdef"
IMAGE = covered(
    REPOSITORY, resourceType="AWS_ECR_CONTAINER_IMAGE", resourceMetadata={"ecrImage": {"tags": ["v7"]}}
)
example("IN-16", "met", "the machine is clean", vulnerable([covered()]))
example("IN-16", "gap", "critical for thirty days", vulnerable([covered()], [vulnerability(30)]))
example("IN-16", "met", "critical since a week", vulnerable([covered()], [vulnerability(7)]))
example("IN-16", "met", "exactly fifteen days are within", vulnerable([covered()], [vulnerability(15)]))
example("IN-16", "gap", "sixteen are not", vulnerable([covered()], [vulnerability(16)]))
example(
    "IN-16",
    "met",
    "high without an exploit",
    vulnerable([covered()], [vulnerability(30, "HIGH", exploitAvailable="NO")]),
)
example(
    "IN-16",
    "gap",
    "high with an exploit",
    vulnerable([covered()], [vulnerability(30, "HIGH", exploitAvailable="YES")]),
)
example("IN-16", "met", "a closed finding", vulnerable([covered()], [vulnerability(30, status="CLOSED")]))
example(
    "IN-16",
    "met",
    "an open port is another control",
    vulnerable([covered()], [vulnerability(30, type="NETWORK_REACHABILITY")]),
)
example(
    "IN-16", "gap", "no fix is no excuse", vulnerable([covered()], [vulnerability(30, fixAvailable="NO")])
)
example("IN-16", "unknown", "the machine is not covered", vulnerable([]))
example(
    "IN-16",
    "unknown",
    "the machine cannot be scanned",
    vulnerable([covered(code="INACTIVE", reason="NO_INVENTORY")]),
)
example(
    "IN-16",
    "not_applicable",
    "a stopped machine",
    vulnerable([covered("i-old", "INACTIVE", "EC2_INSTANCE_STOPPED")], machine=False),
)
example(
    "IN-16",
    "gap,met",
    "an image in the registry",
    vulnerable([covered(), IMAGE], [vulnerability(30, resource=REPOSITORY)]),
)
example(
    "IN-16",
    "gap,met",
    "a function is known under its latest version",
    vulnerable(
        [covered(), covered(f"{FUNCTION}:$LATEST", resourceType="AWS_LAMBDA_FUNCTION")],
        [vulnerability(30, resource=f"{FUNCTION}:$LATEST")],
        [function()],
    ),
)
example(
    "IN-16",
    "met",
    "a repository is no workload",
    vulnerable([covered(), covered("arn:r", resourceType="AWS_ECR_REPOSITORY")]),
)
example(
    "IN-16",
    "met",
    "scans of the network are another matter",
    vulnerable([covered(), covered("i-net", "INACTIVE", scanType="NETWORK")]),
)
CONTAINER = function(PackageType="Image")
example(
    "IN-16",
    "met",
    "an image as function is scanned in the registry",
    vulnerable([covered()], (), [CONTAINER]),
)
example("IN-16", "met,unknown", "a function that is not covered", vulnerable([covered()], (), [function()]))
example(
    "IN-16",
    "gap,met",
    "a finding of what is not listed as covered",
    vulnerable([covered()], [vulnerability(30, resource="i-gone")]),
)
example("IN-16", "unknown", "findings were not read", vulnerable([covered()], denied=["inspector2.findings"]))

# --- IN-18 secrets in code --------------------------------------------------------------------------------------------


def form(kind: str | None = None) -> dict[str, Any]:
    return {"kind": kind, "sha256": "01234567", "length": 12}


def script(*kinds: str, readable: bool = True) -> dict[str, Any]:
    found = [{"name": "DB_PASSWORD", "kind": kind, "sha256": "01234567", "length": 12} for kind in kinds]
    return {"length": 90, "sha256": "89abcdef", "readable": readable, "secrets": found}


def code(denied: Sequence[str] = (), **tables: Sequence[Mapping[str, Any]]) -> AccountView:
    names = {
        "functions": "lambda.functions",
        "tasks": "ecs.task_definitions",
        "instances": "ec2.instances",
        "templates": "ec2.launch_template_versions",
        "configurations": "autoscaling.launch_configurations",
        "parameters": "ssm.parameters",
    }
    return view({table: tables.get(name, []) for name, table in names.items()}, denied=denied)


def variables(**forms: Any) -> dict[str, Any]:
    return {"_name": "pay", "_arn": FUNCTION, "Environment": {"Variables": forms}}


def task(environment: Sequence[Mapping[str, Any]] = (), **more: Any) -> dict[str, Any]:
    return {
        "_name": "shop",
        "containerDefinitions": [{"name": "app", "environment": list(environment), **more}],
    }


example("IN-18", "met", "a function's variables are harmless", code(functions=[variables(LOG_LEVEL=form())]))
example(
    "IN-18",
    "gap",
    "a function has a password",
    code(functions=[variables(LOG_LEVEL=form(), DB_PASSWORD=form("password"))]),
)
example("IN-18", "met", "a function has no variables", code(functions=[{"_name": "pay"}]))
example(
    "IN-18",
    "unknown",
    "a function's variables could not be decrypted",
    code(functions=[{"_name": "pay", "Environment": {"Error": {"ErrorCode": "AccessDenied"}}}]),
)
example(
    "IN-18",
    "unknown",
    "variables that are no fingerprints are not judged",
    code(functions=[variables(DB_PASSWORD="plain")]),
)
example(
    "IN-18", "gap", "a container has a token", code(tasks=[task([{"name": "TOKEN", "value": form("token")}])])
)
example(
    "IN-18", "gap", "a container is started with a password", code(tasks=[task(command=script("password"))])
)
example(
    "IN-18",
    "met",
    "a container takes its secrets by reference",
    code(tasks=[task([{"name": "LEVEL", "value": form()}])]),
)
example(
    "IN-18",
    "gap,met",
    "one start script holds a key",
    code(instances=[instance("a", UserData=script("AWS access key")), instance("b")]),
)
example(
    "IN-18",
    "unknown",
    "a start script that is no text",
    code(instances=[instance(UserData=script(readable=False))]),
)
example(
    "IN-18",
    "unknown",
    "a start script that was not read",
    code(instances=[instance(_holes={"UserData": "denied"})]),
)
example(
    "IN-18",
    "gap,gap",
    "templates and configurations count",
    code(
        templates=[{"_name": "web", "LaunchTemplateData": {"UserData": script("password")}}],
        configurations=[{"_name": "old", "UserData": script("token")}],
    ),
)


def parameter(name: str, kind: str) -> dict[str, Any]:
    return {"_name": name, "Name": name, "Type": kind}


example(
    "IN-18",
    "gap",
    "a password as plain parameter",
    code(parameters=[parameter("/pay/db-password", "String")]),
)
example("IN-18", "gap", "a list of tokens", code(parameters=[parameter("api-token", "StringList")]))
example(
    "IN-18",
    "met",
    "a token that is encrypted",
    code(parameters=[parameter("/pay/api-token", "SecureString")]),
)
example(
    "IN-18",
    "not_applicable",
    "a parameter that is no credential",
    code(parameters=[parameter("/log-level", "String")]),
)
example(
    "IN-18",
    "met,unknown",
    "task definitions were not read",
    code(["ecs.task_definitions"], functions=[variables()]),
)

# --- EP-06 patches ----------------------------------------------------------------------------------------------------


def node(name: str = "web-1", state: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "_name": f"i-{name}",
        "InstanceId": f"i-{name}",
        "PlatformName": "Amazon Linux",
        "PlatformVersion": "2023",
        "PatchState": state,
        **more,
    }


def scanned(day: str = "2026-05-30", **counts: int) -> dict[str, Any]:
    return {"OperationEndTime": f"{day}T03:00:00Z", "MissingCount": 0, "FailedCount": 0, **counts}


def patches(
    *nodes: Mapping[str, Any], instances: Sequence[Mapping[str, Any]] = (), **more: Any
) -> AccountView:
    return view({"ssm.instance_information": nodes, "ec2.instances": instances}, **more)


example("EP-06", "met", "scanned and complete", patches(node(state=scanned()), instances=[instance()]))
example("EP-06", "gap", "patches are missing", patches(node(state=scanned(MissingCount=3))))
example("EP-06", "gap", "a patch failed", patches(node(state=scanned(FailedCount=1))))
example(
    "EP-06", "gap", "a patch waits for a reboot", patches(node(state=scanned(InstalledPendingRebootCount=1)))
)
example(
    "EP-06",
    "gap",
    "a critical patch is not compliant",
    patches(node(state=scanned(CriticalNonCompliantCount=1))),
)
example("EP-06", "gap", "the scan is two weeks old", patches(node(state=scanned("2026-05-17"))))
example("EP-06", "gap", "never scanned", patches(node()))
example("EP-06", "unknown", "a running machine that nobody manages", patches(instances=[instance()]))
example(
    "EP-06",
    "not_applicable",
    "a stopped machine",
    patches(node(state=scanned("2025-01-01")), instances=[instance(state="stopped")]),
)
example("EP-06", "met", "a server of the own data centre", patches(node("mi-1", scanned())))
example("EP-06", "unknown", "the patch state was not read", patches(node(_holes={"PatchState": "throttled"})))
example("EP-06", "unknown", "nodes were not read", patches(denied=["ssm.instance_information"]))

# --- EP-08 ends of support --------------------------------------------------------------------------------------------


def software(
    nodes: Sequence[Mapping[str, Any]] = (),
    instances: Sequence[Mapping[str, Any]] = (),
    runtimes: Sequence[str] = (),
    eks: Sequence[str] = (),
    databases: Sequence[Mapping[str, Any]] = (),
    **more: Any,
) -> AccountView:
    return view(
        {
            "ssm.instance_information": nodes,
            "ec2.instances": instances,
            "lambda.functions": [{"_name": one, "Runtime": one} for one in runtimes],
            "eks.clusters": [{"_name": f"c{one}", "version": one} for one in eks],
            "rds.instances": databases,
        },
        **more,
    )


def system(platform: str, version: str) -> dict[str, Any]:
    return node(PlatformName=platform, PlatformVersion=version)


def database(engine: str, version: str, **more: Any) -> dict[str, Any]:
    return {"_name": "db", "Engine": engine, "EngineVersion": version, **more}


example("EP-08", "gap,met", "an old and a new runtime", software(runtimes=["python3.8", "python3.13"]))
example("EP-08", "unknown", "a runtime that is not in the table", software(runtimes=["cobol85"]))
example("EP-08", "met", "Amazon Linux 2023", software([node()], [instance()]))
example(
    "EP-08", "gap", "Amazon Linux 1 is not taken for 2", software([system("Amazon Linux AMI", "2018.03")])
)
example("EP-08", "met", "Amazon Linux 2 until its last month", software([system("Amazon Linux", "2")]))
example("EP-08", "gap", "Ubuntu 18.04", software([system("Ubuntu", "18.04")]))
example(
    "EP-08",
    "gap",
    "Windows Server 2012 R2",
    software([system("Microsoft Windows Server 2012 R2 Standard", "6.3.9600")]),
)
example(
    "EP-08",
    "met",
    "Windows Server 2022",
    software([system("Microsoft Windows Server 2022 Datacenter", "10.0.20348")]),
)
example("EP-08", "met", "a minor release of Red Hat 9", software([system("Red Hat Enterprise Linux", "9.4")]))
example("EP-08", "gap", "Red Hat 7", software([system("Red Hat Enterprise Linux Server", "7.9")]))
example("EP-08", "unknown", "a system that is not in the table", software([system("Haiku", "R1")]))
example("EP-08", "unknown", "a machine that reports no system", software(instances=[instance()]))
example(
    "EP-08",
    "gap,gap,met",
    "clusters: in extension, past it, supported",
    software(eks=["1.30", "1.24", "1.34"]),
)
example(
    "EP-08",
    "gap,met",
    "databases",
    software(databases=[database("postgres", "12.22", _arn="a"), database("postgres", "17.3", _arn="b")]),
)
example(
    "EP-08", "met", "PostgreSQL 16 is not taken for 1", software(databases=[database("postgres", "16.7")])
)
example("EP-08", "gap", "MySQL 5.7 in extension", software(databases=[database("mysql", "5.7.44")]))
example(
    "EP-08", "met", "SQL Server by edition", software(databases=[database("sqlserver-se", "15.00.4410.1.v1")])
)
example(
    "EP-08", "unknown", "Oracle is not in the table", software(databases=[database("oracle-ee", "19.0.0.0")])
)
example(
    "EP-08",
    "not_applicable",
    "an Aurora instance is judged with its cluster",
    software(databases=[database("aurora-mysql", "5.7.mysql_aurora.2.11.5", DBClusterIdentifier="c")]),
)
example("EP-08", "unknown", "functions were not read", software(denied=["lambda.functions"]))
