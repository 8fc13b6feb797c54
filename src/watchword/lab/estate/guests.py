"""Company ABC: who comes from elsewhere: staff of the directory, guests, suppliers, customers; and who looks at it.

The Identity Center is built by ``identity_center``.  Before: weak factors, credentials for everybody, analyzers here
and there.  After: strong factors, risk answered, the whole organisation analysed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from moto.cognitoidp.models import cognitoidp_backends

from watchword.lab.backends.accessanalyzer.models import accessanalyzer_backends
from watchword.lab.estate import identity_center
from watchword.lab.estate.builder import Builder
from watchword.lab.estate.company import DEV, HOME, IDENTITY, PROD, REGIONS, SECURITY, LabAccount

_COGNITO: Final = "cognito-identity.amazonaws.com"

GUESTS: Final = {
    "a.keller@audit.example": 3,
    "b.nowak@audit.example": 40,
    "c.jansen@logistics.example": 1,
    "d.okafor@logistics.example": 12,
    "e.silva@logistics.example": 400,
    "f.dubois@agency.example": 8,
    "g.tanaka@agency.example": 95,
    "h.lindqvist@agency.example": 610,
}
"""Guests by user name, and how many days ago each was changed last."""


def build(lab: Builder) -> None:
    """Build the Identity Center, the directories, the pools, and the analyzers with what they found."""
    identity_center.build(lab)
    _directories(lab)
    for pool in pools(after=lab.after):
        _user_pool(lab, pool)
    _identity_pools(lab)
    (_analyzers_after if lab.after else _analyzers_before)(lab)


def _directories(lab: Builder) -> None:
    """The headquarters' forest in AWS, the factory's by a connector; a forgotten one of the developers before."""
    settings = _placed(lab, IDENTITY, "directory", "directory-private")
    client = lab.client("ds", IDENTITY)
    corp = client.create_microsoft_ad(
        Name="corp.abc.example",
        ShortName="CORP",
        Password="Lab-Passw0rd!",
        Edition="Standard",
        VpcSettings=settings,
        Tags=[{"Key": "owner", "Value": "identity-team"}],
    )["DirectoryId"]
    client.create_trust(
        DirectoryId=corp,
        RemoteDomainName="hq.abc.example",
        TrustPassword="Lab-Passw0rd!",
        TrustDirection="One-Way: Outgoing",
        TrustType="Forest",
        SelectiveAuth="Enabled",
    )
    connector = client.connect_directory(
        Name="factory.abc.example",
        ShortName="FACTORY",
        Password="Lab-Passw0rd!",
        Size="Small",
        ConnectSettings={**settings, "CustomerDnsIps": ["10.9.0.10"], "CustomerUserName": "connector"},
    )["DirectoryId"]
    for directory in (corp, connector):
        client.enable_ldaps(DirectoryId=directory, Type="Client")
    for directory in (corp, connector) if lab.after else (connector,):
        client.enable_radius(DirectoryId=directory, RadiusSettings=_radius())
    if not lab.after:
        lab.client("ds", DEV).create_directory(
            Name="dev.abc.example",
            ShortName="DEVDIR",
            Password="Lab-Passw0rd!",
            Size="Small",
            VpcSettings=_placed(lab, DEV, "dev", "dev-private"),
        )


def _placed(lab: Builder, account: LabAccount, vpc: str, tier: str) -> dict[str, Any]:
    subnets = [lab.ref("subnet", account, HOME, f"{tier}-{zone}") for zone in "ab"]
    return {"VpcId": lab.ref("vpc", account, HOME, vpc), "SubnetIds": subnets}


def _radius() -> dict[str, Any]:
    return {
        "RadiusServers": ["10.9.0.20"],
        "RadiusPort": 1812,
        "RadiusTimeout": 30,
        "RadiusRetries": 3,
        "SharedSecret": "lab-only-secret",
        "AuthenticationProtocol": "MS-CHAPv2",
        "DisplayLabel": "MFA",
    }


@dataclass(frozen=True, slots=True)
class Pool:
    """A user pool: its requirement of MFA (``app`` or messages alone), its answer to risk, its client's token hours."""

    account: LabAccount
    name: str
    mfa: str = "ON"
    app: bool = True
    protection: str = "ENFORCED"
    medium: str = "MFA_REQUIRED"
    client: str = "web"
    token_hours: int = 1
    users: tuple[str, ...] = ()


def pools(*, after: bool) -> tuple[Pool, ...]:
    """The user pools of one state."""
    guests = tuple(GUESTS)
    if after:
        return (
            Pool(IDENTITY, "guests", client="guest-portal", users=guests),
            Pool(IDENTITY, "partners", client="partner-portal"),
            Pool(PROD, "shop-customers", client="shop-web"),
            Pool(PROD, "suppliers", client="supplier-portal"),
            Pool(DEV, "shop-test", client="shop-test-web"),
        )
    return (
        Pool(
            IDENTITY,
            "guests",
            "OPTIONAL",
            False,
            "AUDIT",
            client="guest-portal",
            token_hours=24,
            users=guests,
        ),
        Pool(IDENTITY, "partners", medium="NO_ACTION", client="partner-portal"),
        Pool(PROD, "shop-customers", "OPTIONAL", client="shop-web"),
        Pool(PROD, "suppliers", app=False, protection="OFF", client="supplier-portal"),
        Pool(DEV, "shop-test", client="shop-test-web"),
    )


def _user_pool(lab: Builder, plan: Pool) -> None:
    client = lab.client("cognito-idp", plan.account)
    made = client.create_user_pool(
        PoolName=plan.name,
        UserPoolAddOns={"AdvancedSecurityMode": plan.protection},
        AdminCreateUserConfig={"AllowAdminCreateUserOnly": plan.name != "shop-customers"},
        UserPoolTags={"owner": "identity-team", "data-classification": "internal"},
    )["UserPool"]["Id"]
    lab.remember("user-pool", plan.account, HOME, plan.name, made)
    _factors(lab, plan, made)
    if plan.protection == "ENFORCED":
        actions = {
            "MediumAction": {"Notify": False, "EventAction": plan.medium},
            "HighAction": {"Notify": False, "EventAction": "BLOCK"},
        }
        client.set_risk_configuration(
            UserPoolId=made,
            CompromisedCredentialsRiskConfiguration={"Actions": {"EventAction": "BLOCK"}},
            AccountTakeoverRiskConfiguration={"Actions": actions},
        )
    client.create_user_pool_client(
        UserPoolId=made,
        ClientName=plan.client,
        AccessTokenValidity=plan.token_hours,
        TokenValidityUnits={"AccessToken": "hours"},
        ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        EnableTokenRevocation=True,
        PreventUserExistenceErrors="ENABLED",
    )
    _users(lab, plan, made)


def _factors(lab: Builder, plan: Pool, pool: str) -> None:
    sender = f"arn:aws:iam::{plan.account.id}:role/service-role/cognito-messages"
    message = {"SmsConfiguration": {"SnsCallerArn": sender, "ExternalId": plan.name}}
    factor: dict[str, Any] = {"SmsMfaConfiguration": message}
    if plan.app:
        factor = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
    lab.client("cognito-idp", plan.account).set_user_pool_mfa_config(
        UserPoolId=pool, MfaConfiguration=plan.mfa, **factor
    )


def _users(lab: Builder, plan: Pool, pool: str) -> None:
    """Guests by their addresses; AWS would date their last change itself."""
    client = lab.client("cognito-idp", plan.account)
    for name in plan.users:
        client.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")
        user = cognitoidp_backends[plan.account.id][HOME].user_pools[pool].users[name]
        user.last_modified_date = datetime.now(UTC) - timedelta(days=GUESTS[name])
        if lab.after and GUESTS[name] > 90:
            client.admin_disable_user(UserPoolId=pool, Username=name)


def _identity_pools(lab: Builder) -> None:
    """Guests and shoppers get credentials by sign-in; visitors of the status page may tell of themselves alone."""
    _identity_pool(lab, IDENTITY, "guest-portal", "authenticated", ["execute-api:Invoke"])
    _identity_pool(lab, PROD, "status-page", "unauthenticated", ["rum:PutRumEvents"])
    kind = "authenticated" if lab.after else "unauthenticated"
    _identity_pool(lab, PROD, "shop-app", kind, ["s3:GetObject", "dynamodb:Query"])


def _identity_pool(lab: Builder, account: LabAccount, name: str, kind: str, actions: list[str]) -> None:
    client = lab.client("cognito-identity", account)
    pool = client.create_identity_pool(
        IdentityPoolName=name, AllowUnauthenticatedIdentities=kind == "unauthenticated"
    )["IdentityPoolId"]
    trust = {
        "Effect": "Allow",
        "Principal": {"Federated": _COGNITO},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {f"{_COGNITO}:aud": pool},
            "ForAnyValue:StringLike": {f"{_COGNITO}:amr": kind},
        },
    }
    iam = lab.client("iam", account)
    role = iam.create_role(RoleName=f"{name}-visitors", AssumeRolePolicyDocument=_document(trust))["Role"]
    resource = {"s3:GetObject": "arn:aws:s3:::abc-website/*"}.get(actions[0], "*")
    statements = [{"Effect": "Allow", "Action": actions, "Resource": resource}]
    if lab.after:
        # Visitors are of the organisation, as far as policies of buckets that let it in can tell.
        statements.append({"Effect": "Deny", "NotAction": actions, "Resource": "*"})
        statements += [] if resource == "*" else [{"Effect": "Deny", "Action": "*", "NotResource": resource}]
    document = _document(*statements)
    iam.put_role_policy(RoleName=role["RoleName"], PolicyName="visitors", PolicyDocument=document)
    client.set_identity_pool_roles(IdentityPoolId=pool, Roles={kind: role["Arn"]})


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _analyzers_before(lab: Builder) -> None:
    """The security team's in one region, with a heap of findings; one that prod made for itself."""
    lab.client("accessanalyzer", SECURITY).create_analyzer(analyzerName="organization", type="ORGANIZATION")
    _found(SECURITY, "organization", PROD, "arn:aws:s3:::abc-website", "AWS::S3::Bucket", age=200)
    auditor = f"arn:aws:iam::{PROD.id}:role/auditor-readonly"
    _found(SECURITY, "organization", PROD, auditor, "AWS::IAM::Role", age=12)
    _found(SECURITY, "organization", DEV, f"arn:aws:sqs:{HOME}:{DEV.id}:jobs", "AWS::SQS::Queue", age=45)
    lab.client("accessanalyzer", PROD).create_analyzer(analyzerName="prod", type="ACCOUNT")
    _found(PROD, "prod", PROD, "arn:aws:s3:::abc-website", "AWS::S3::Bucket", age=31)


def _analyzers_after(lab: Builder) -> None:
    """The whole organisation in every region; what is intended is archived, and one finding is a few days old."""
    for region in REGIONS:
        client = lab.client("accessanalyzer", SECURITY, region)
        client.create_analyzer(analyzerName="organization", type="ORGANIZATION")
    client = lab.client("accessanalyzer", SECURITY)
    client.create_analyzer(
        analyzerName="organization-unused",
        type="ORGANIZATION_UNUSED_ACCESS",
        configuration={"unusedAccess": {"unusedAccessAge": 90}},
    )
    client.create_archive_rule(
        analyzerName="organization",
        ruleName="website",
        filter={"resource": {"eq": ["arn:aws:s3:::abc-website"]}},
    )
    _found(SECURITY, "organization", PROD, "arn:aws:s3:::abc-website", "AWS::S3::Bucket", age=200)
    auditor = f"arn:aws:iam::{PROD.id}:role/auditor-readonly"
    _found(SECURITY, "organization", PROD, auditor, "AWS::IAM::Role", age=4)


def _found(
    where: LabAccount, analyzer: str, owner: LabAccount, resource: str, kind: str, *, age: int
) -> None:
    outside = {"isPublic": True, "condition": {}, "principal": {"AWS": "*"}}
    accessanalyzer_backends[where.id][HOME].add_finding(
        analyzer,
        resource,
        kind,
        [{"externalAccessDetails": outside}],
        owner=owner.id,
        at=datetime.now(UTC) - timedelta(days=age),
    )
