"""Company ABC's functions, containers and clusters in each state.

Called by ``infrastructure``.  Kept for later areas: ``function/<account>/<region>/<name>`` (ARN),
``cluster/<account>/<region>/<name>`` (EKS, ARN), ``repository/<account>/<region>/<name>`` (ARN).
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, field
from typing import Any, Final

from watchword.controls.endpoints.lifecycle import lines
from watchword.lab.estate.builder import Builder
from watchword.lab.estate.company import DEV, HOME, PROD, SECURITY, STRANGER, LabAccount

_STRIPE: Final = "sk_live_" + "9fKq2LmZ7xYtB4vC8nR1wEsD"
_TOKEN: Final = "".join(("ghp_", "a1B2c3D4e5F6", "g7H8i9J0k1L2", "m3N4o5P6q7R8"))
_ACCESS_POLICY: Final = "arn:aws:eks::aws:cluster-access-policy/"


@dataclass(frozen=True, slots=True)
class Function:
    """A Lambda function: ``url`` is the authentication of its URL, ``open_to`` a statement of its policy."""

    account: LabAccount
    name: str
    role: str
    runtime: str = "python3.13"
    variables: dict[str, str] = field(default_factory=dict)
    url: str = ""
    open_to: dict[str, str] = field(default_factory=dict)


def functions(after: bool) -> tuple[Function, ...]:
    """All functions of a state."""
    return (*_GOOD_FUNCTIONS, *(_MENDED_FUNCTIONS if after else _FLAWED_FUNCTIONS))


_GOOD_FUNCTIONS: Final = (
    Function(
        PROD,
        "shop-invoices",
        "shop-invoices",
        variables={
            "LOG_LEVEL": "info",
            "DB_SECRET_ARN": f"arn:aws:secretsmanager:{HOME}:{PROD.id}:secret:shop-db-Xk29aQ",
        },
        open_to={
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": f"arn:aws:execute-api:{HOME}:{PROD.id}:a1b2c3d4e5/*/POST/invoices",
        },
    ),
    Function(SECURITY, "finding-router", "security-audit-hub", variables={"TOPIC": "security-alerts"}),
)

_FLAWED_FUNCTIONS: Final = (
    Function(
        PROD,
        "payments-webhook",
        "shop-invoices",
        variables={"STRIPE_API_KEY": _STRIPE, "LOG_LEVEL": "info"},
        url="NONE",
        open_to={"Principal": "*", "Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
    ),
    Function(PROD, "report-mailer", "shop-invoices", runtime="python3.8", open_to={"Principal": "*"}),
    Function(DEV, "preview-cleaner", "dev-lambda", runtime="nodejs16.x", url="AWS_IAM"),
)

_MENDED_FUNCTIONS: Final = (
    Function(
        PROD,
        "payments-webhook",
        "shop-invoices",
        variables={
            "STRIPE_SECRET_ARN": f"arn:aws:secretsmanager:{HOME}:{PROD.id}:secret:stripe-9aQxTz",
            "LOG_LEVEL": "info",
        },
        url="AWS_IAM",
    ),
    Function(PROD, "report-mailer", "shop-invoices"),
    Function(DEV, "preview-cleaner", "dev-lambda", url="AWS_IAM"),
)


def build(lab: Builder) -> None:
    """Make functions, repositories, task definitions and clusters."""
    for function in functions(lab.after):
        _function(lab, function)
    _repositories(lab)
    _containers(lab)
    _kubernetes(lab)


def _function(lab: Builder, function: Function) -> None:
    client = lab.client("lambda", function.account)
    made = client.create_function(
        FunctionName=function.name,
        Runtime=function.runtime,
        Role=lab.ref("role", function.account, "global", function.role),
        Handler="main.handle",
        Code={"ZipFile": _package()},
        Environment={"Variables": function.variables},
        Tags={"owner": f"{function.account.alias}-team"},
    )
    lab.remember("function", function.account, HOME, function.name, made["FunctionArn"])
    if function.url:
        client.create_function_url_config(FunctionName=function.name, AuthType=function.url)
    if function.open_to:
        statement = {"Action": "lambda:InvokeFunction", **function.open_to}
        client.add_permission(FunctionName=function.name, StatementId="invoke", **statement)


def _package() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", "def handle(event, context):\n    return event\n")
    return packed.getvalue()


def _repositories(lab: Builder) -> None:
    for account, name, immutable in (
        (PROD, "shop/frontend", True),
        (PROD, "shop/orders", True),
        (DEV, "playground", lab.after),
    ):
        client = lab.client("ecr", account)
        made = client.create_repository(
            repositoryName=name,
            imageTagMutability="IMMUTABLE" if immutable else "MUTABLE",
            imageScanningConfiguration={"scanOnPush": immutable},
            tags=[{"Key": "owner", "Value": f"{account.alias}-team"}],
        )
        lab.remember("repository", account, HOME, name, made["repository"]["repositoryArn"])
    _let_pull(lab, "shop/frontend", "PullByDev", DEV.id)
    if not lab.after:
        # The agency's deployment, of a project that has ended.
        _let_pull(lab, "shop/orders", "PullByAgency", STRANGER)


def _let_pull(lab: Builder, repository: str, sid: str, account: str) -> None:
    statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    lab.client("ecr", PROD).set_repository_policy(repositoryName=repository, policyText=policy)


def _containers(lab: Builder) -> None:
    client = lab.client("ecs", PROD)
    client.create_cluster(clusterName="shop", settings=[{"name": "containerInsights", "value": "enabled"}])
    token = [{"name": "TOKEN_ARN", "value": "arn:aws:secretsmanager:eu-west-1:666666666666:secret:ci-1bXw2P"}]
    environment = token if lab.after else [{"name": "GITHUB_TOKEN", "value": _TOKEN}]
    for family, variables in (
        ("shop-frontend", environment),
        ("shop-orders", [{"name": "TABLE", "value": "orders"}]),
    ):
        client.register_task_definition(
            family=family,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[_container(family, variables)],
            tags=[{"key": "owner", "value": "prod-team"}],
        )
        client.create_service(
            cluster="shop",
            serviceName=family,
            taskDefinition=family,
            desiredCount=2,
            launchType="FARGATE",
            networkConfiguration={
                "awsvpcConfiguration": {
                    "subnets": [lab.ref("subnet", PROD, HOME, f"app-app-{zone}") for zone in "ab"],
                    "securityGroups": [lab.ref("sg", PROD, HOME, "app-app")],
                    "assignPublicIp": "DISABLED",
                }
            },
        )


def _container(family: str, variables: list[dict[str, str]]) -> dict[str, Any]:
    image = f"{PROD.id}.dkr.ecr.{HOME}.amazonaws.com/{family.replace('-', '/')}:v12"
    return {"name": "app", "image": image, "essential": True, "environment": variables}


def _kubernetes(lab: Builder) -> None:
    """``batch`` is as it should be; ``platform`` is old, open to the world and let in by ConfigMap in ``before``."""
    newest = max(lines()["eks"].ends.items(), key=lambda pair: pair[1])[0]
    closed = {"endpointPublicAccess": False, "endpointPrivateAccess": True}
    wide = {"endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/0"]}
    office = {
        "endpointPublicAccess": True,
        "endpointPrivateAccess": True,
        "publicAccessCidrs": ["203.0.113.0/24"],
    }
    _cluster(lab, "batch", newest, office, "API")
    _admit(lab, "batch", "role/github-deploy-shop", "AmazonEKSClusterAdminPolicy")
    _admit(lab, "batch", _single_sign_on("ReadOnly_1b7a3c5d9e2f4061"), "AmazonEKSViewPolicy")
    if lab.after:
        _cluster(lab, "platform", newest, closed, "API")
        _admit(lab, "platform", "role/github-deploy-shop", "AmazonEKSClusterAdminPolicy")
    else:
        _cluster(lab, "platform", "1.24", wide, "API_AND_CONFIG_MAP")
        _cluster(lab, "shop", newest, closed, "API")
        _admit(lab, "shop", "user/ravi.patel", "AmazonEKSClusterAdminPolicy")


def _single_sign_on(name: str) -> str:
    return f"role/aws-reserved/sso.amazonaws.com/{HOME}/AWSReservedSSO_{name}"


def _cluster(lab: Builder, name: str, version: str, network: dict[str, Any], mode: str) -> None:
    made = lab.client("eks", PROD).create_cluster(
        name=name,
        version=version,
        roleArn=lab.ref("role", PROD, "global", "eks-cluster"),
        resourcesVpcConfig={
            **network,
            "subnetIds": [lab.ref("subnet", PROD, HOME, f"app-app-{zone}") for zone in "ab"],
        },
        accessConfig={"authenticationMode": mode, "bootstrapClusterCreatorAdminPermissions": False},
        tags={"owner": "prod-team"},
    )
    lab.remember("cluster", PROD, HOME, name, made["cluster"]["arn"])


def _admit(lab: Builder, cluster: str, principal: str, policy: str) -> None:
    client = lab.client("eks", PROD)
    arn = f"arn:aws:iam::{PROD.id}:{principal}"
    client.create_access_entry(clusterName=cluster, principalArn=arn)
    client.associate_access_policy(
        clusterName=cluster,
        principalArn=arn,
        policyArn=_ACCESS_POLICY + policy,
        accessScope={"type": "cluster"},
    )
