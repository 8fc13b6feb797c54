"""Examples of the controls of paths: escalation, ways in from outside, what runs with an administrator's role."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.controls.accounts import above, account
from tests.controls.builder import ACCOUNT
from tests.controls.examples import example
from tests.controls.iam import (
    ADMIN,
    BOUND,
    EMERGENCY,
    FRESH_MFA,
    NO_IAM,
    OWN,
    PARTNER,
    SAML,
    SAML_ARN,
    SIBLING,
    STRANGER,
    WEB,
    Row,
    allow,
    attached,
    deny,
    may,
    policy,
    role,
    trust,
    user,
)
from watchword.controls.escalation import READS
from watchword.model.snapshot import AccountView

UP = may("iam:PutUserPolicy", f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}")
TAKES = may("sts:AssumeRole")
ADMINS = {"AttachedManagedPolicies": attached(ADMIN)}
EC2, LAMBDA = allow({"Service": "ec2.amazonaws.com"}), allow({"Service": "lambda.amazonaws.com"})
SSO = allow({"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/AWSSSO_x"}, SAML)
ABOVE = ("organizations.", "sso-admin.")


def admin(name: str = "admin", *statements: Row, **more: Any) -> Row:
    """A role that administers, taken by whom the statements let in."""
    return role(name, trust(*statements), **ADMINS, **more)


def those(
    *users: Row,
    roles: tuple[Row, ...] = (),
    denied: tuple[str, ...] = (),
    tables: Row | None = None,
    **more: Any,
) -> AccountView:
    """An account of an organisation, with users, roles and further tables; all that the controls read is there."""
    told = {
        "iam.users": list(users),
        "iam.roles": list(roles),
        "iam.policies": [ADMIN, BOUND],
        **(tables or {}),
    }
    named = {name: told.get(name, []) for name in (*READS, *told) if not name.startswith(ABOVE)}
    named = {name.replace(".", "__"): rows for name, rows in named.items() if name not in denied}
    return account(denied=denied, **named, **more)


def alone(found: AccountView) -> AccountView:
    """The same account, assessed by itself."""
    return replace(found, organization=None)


# --- ID-26 -------------------------------------------------------------------------------------------------

example("ID-26", "gap", "writes its own policies", those(user("alice", UP)))
example("ID-26", "gap", "one of two; the other is not told apart", those(user("alice", UP), user("bob")))
example("ID-26", "met", "may nothing of the kind", those(user("alice", may("s3:*"))))
example("ID-26", "not_applicable", "administrators alone", those(user("alice", may("*"))))
example("ID-26", "not_applicable", "nobody", those())
example(
    "ID-26",
    "gap",
    "takes an administrator's role",
    those(user("a", TAKES), roles=(admin("admin", allow(OWN)),)),
)
example(
    "ID-26",
    "gap",
    "MFA on the way does not stop who steals a session",
    those(user("a", TAKES), roles=(admin("admin", allow(OWN, **FRESH_MFA)),)),
)
example(
    "ID-26",
    "met",
    "sessions of Identity Center cannot prove MFA",
    those(roles=(role("AWSReservedSSO_x", trust(SSO), TAKES), admin("admin", allow(OWN, **FRESH_MFA)))),
)
example(
    "ID-26",
    "gap",
    "a role that AWS principals take may carry a proof of MFA",
    those(roles=(role("ops", trust(allow(OWN)), TAKES), admin("admin", allow(OWN, **FRESH_MFA)))),
)
example(
    "ID-26",
    "gap",
    "from one network only",
    those(user("alice", {**UP, "Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}})),
)
example(
    "ID-26",
    "met",
    "what has expired is no step",
    those(user("alice", {**UP, "Condition": {"DateLessThan": {"aws:CurrentTime": "2026-05-01T00:00:00Z"}}})),
)
example(
    "ID-26",
    "met",
    "a boundary that holds",
    those(user("alice", UP, PermissionsBoundary={"PermissionsBoundaryArn": BOUND["_arn"]})),
)
example("ID-26", "met", "a Deny on the step", those(user("alice", UP, deny("iam:Put*"))))
example(
    "ID-26",
    "gap",
    "passes an administrator's role to a function of its own",
    those(
        user("alice", may(["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"])),
        roles=(admin("admin", LAMBDA),),
    ),
)
example(
    "ID-26",
    "met",
    "passes only a role without rights",
    those(
        user("alice", may(["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"])),
        roles=(role("weak", trust(LAMBDA)),),
    ),
)
example(
    "ID-26",
    "gap,gap",
    "in two steps, and each of them",
    those(
        user("alice", may("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/hop")),
        roles=(role("hop", trust(allow(OWN)), TAKES), admin("admin", allow(OWN))),
    ),
)
example(
    "ID-26",
    "not_applicable",
    "an emergency identity",
    those(user("alice", UP, **EMERGENCY)),
)
example(
    "ID-26",
    "unknown",
    "a policy that was not read may deny the step",
    those(user("alice", UP, AttachedManagedPolicies=attached(policy("hidden")))),
)
example("ID-26", "unknown", "roles were not read", those(user("alice"), denied=("iam.roles",)))
example(
    "ID-26",
    "unknown",
    "control policies were not read",
    those(user("alice", UP), organization=above(denied=("organizations.service_control_policies",))),
)
example(
    "ID-26",
    "unknown",
    "builds on projects that are not collected",
    those(
        user("alice", may("codebuild:*")),
        roles=(admin("admin", allow({"Service": "codebuild.amazonaws.com"})),),
    ),
)

example(
    "ID-26",
    "unknown",
    "an account by itself: a control policy may stop the step",
    alone(those(user("alice", UP))),
)
example("ID-26", "met", "an account by itself, without any step", alone(those(user("alice", may("s3:*")))))
example(
    "ID-26",
    "met",
    "a control policy stops the step",
    those(user("alice", UP), organization=above(deny("iam:Put*"))),
)

# --- ID-51 -------------------------------------------------------------------------------------------------


def outside(*roles: Row, **more: Any) -> AccountView:
    return those(roles=roles, **more)


def of_account(number: str) -> Row:
    return {"AWS": f"arn:aws:iam::{number}:root"}


KNOWS = {"StringEquals": {"sts:ExternalId": "abc-5e1f"}}
OKTA = {"Federated": SAML_ARN}
AUDIENCE = {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}
SECRET = {
    "_arn": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:db-x",
    "_name": "db",
    "_tags": {"data-classification": "restricted"},
    "Policy": None,
}
READS_IT = may("secretsmanager:GetSecretValue")


def secrets(*statements: Row) -> Row:
    """The table of one restricted secret, with a policy."""
    return {"secretsmanager.secrets": [{**SECRET, "Policy": trust(*statements) if statements else None}]}


example("ID-51", "gap", "a stranger's administrator", outside(admin("admin", allow(of_account(STRANGER)))))
example("ID-51", "gap", "everybody's administrator", outside(admin("admin", allow("*", **KNOWS))))
example(
    "ID-51", "met", "a stranger who can look only", outside(role("look", trust(allow(of_account(STRANGER)))))
)
example(
    "ID-51",
    "gap",
    "a stranger on the second step",
    outside(role("hop", trust(allow(of_account(STRANGER))), TAKES), admin("admin", allow(OWN))),
)
example(
    "ID-51",
    "not_applicable",
    "another account of the organisation",
    outside(admin("a", allow(of_account(SIBLING)))),
)
example(
    "ID-51",
    "met",
    "a declared partner who must know an external id reads data",
    outside(role("audit", trust(allow(of_account(PARTNER), **KNOWS)), READS_IT), tables=secrets()),
)
example(
    "ID-51",
    "gap",
    "a declared partner without an external id reads data",
    outside(role("audit", trust(allow(of_account(PARTNER))), READS_IT), tables=secrets()),
)
example(
    "ID-51",
    "gap",
    "no declaration is a leave to administer",
    outside(admin("admin", allow(of_account(PARTNER), **KNOWS))),
)
example(
    "ID-51",
    "gap",
    "anybody reads a restricted secret",
    outside(tables=secrets(allow("*", "secretsmanager:GetSecretValue") | {"Resource": "*"})),
)
example("ID-51", "not_applicable", "nobody is let in", outside(role("app", trust(EC2)), tables=secrets()))
example("ID-51", "gap", "an unpinned provider's administrator", outside(admin("admin", allow(OKTA, SAML))))
example(
    "ID-51",
    "met",
    "a pinned provider's administrator",
    outside(admin("admin", allow(OKTA, SAML, **AUDIENCE))),
)
example(
    "ID-51",
    "gap",
    "visitors of a page read a restricted secret",
    outside(
        role(
            "visitors",
            trust(
                allow(
                    {"Federated": "cognito-identity.amazonaws.com"},
                    WEB,
                    StringEquals={"cognito-identity.amazonaws.com:aud": "eu-west-1:p1"},
                )
            ),
            READS_IT,
        ),
        tables={
            **secrets(),
            "cognito-identity.identity_pools": [
                {
                    "_name": "page",
                    "IdentityPoolId": "eu-west-1:p1",
                    "AllowUnauthenticatedIdentities": True,
                    "Roles": {"unauthenticated": f"arn:aws:iam::{ACCOUNT}:role/visitors"},
                }
            ],
        },
    ),
)
example(
    "ID-51",
    "unknown",
    "which accounts are the organisation's was not read",
    outside(
        admin("admin", allow(of_account(STRANGER))),
        organization=above(denied=("organizations.accounts",)),
    ),
)
example(
    "ID-51",
    "unknown",
    "what the stranger's role may do was not read",
    outside(
        role("look", trust(allow(of_account(STRANGER))), AttachedManagedPolicies=attached(policy("hidden")))
    ),
)
example("ID-51", "unknown", "groups were not read", outside(denied=("iam.groups",)))

# --- IN-06 -------------------------------------------------------------------------------------------------

PROFILE = f"arn:aws:iam::{ACCOUNT}:instance-profile/app"


def carried(made: Row) -> Row:
    """The role in an instance profile."""
    return {**made, "InstanceProfileList": [{"Arn": PROFILE, "Roles": []}]}


def machine(public: bool = False) -> Row:
    interface: Row = {
        "SubnetId": "subnet-1",
        "VpcId": "vpc-1",
        "Groups": [{"GroupId": "sg-1"}],
        "Ipv6Addresses": [],
    }
    interface |= {"Association": {"PublicIp": "198.51.100.7"}} if public else {}
    return {
        "_name": "web",
        "InstanceId": "i-1",
        "State": {"Name": "running"},
        "IamInstanceProfile": {"Arn": PROFILE},
        "NetworkInterfaces": [interface],
    }


def network(cidr: str = "0.0.0.0/0") -> Row:
    """A subnet that routes to an internet gateway, and a group that admits a range to a port."""
    opened = {
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
        "PrefixListIds": [],
        "UserIdGroupPairs": [],
    }
    opened |= {"IpRanges": [{"CidrIp": cidr}], "Ipv6Ranges": []}
    routes = [{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}]
    return {
        "ec2.route_tables": [{"VpcId": "vpc-1", "Routes": routes, "Associations": [{"Main": True}]}],
        "ec2.security_groups": [{"_name": "sg", "GroupId": "sg-1", "IpPermissions": [opened]}],
        "ec2.prefix_lists": [],
        "ec2.subnets": [],
    }


def running(made: Row, *more: Row, public: bool = True, denied: tuple[str, ...] = (), **tables: Any) -> Any:
    """A machine that runs with a role."""
    told = {key: value for key, value in network(**tables).items() if key not in denied}
    return those(
        roles=(carried(made), *more), tables={"ec2.instances": [machine(public)], **told}, denied=denied
    )


def function(**more: Any) -> Row:
    found = {"_name": "f", "Role": f"arn:aws:iam::{ACCOUNT}:role/f", "UrlConfigs": [], "Policy": None}
    return {"lambda.functions": [{**found, **more}]}


CLIMBS = role("app", trust(EC2), TAKES)
CLIMBED = admin("admin", allow(OWN))
API = trust(allow({"Service": "apigateway.amazonaws.com"}, "lambda:InvokeFunction") | {"Resource": "*"})

example("IN-06", "gap", "an administrator on the internet", running(admin("app", EC2)))
example("IN-06", "gap", "an administrator inside", running(admin("app", EC2), public=False))
example("IN-06", "gap", "on the internet, and can become one", running(CLIMBS, CLIMBED))
example("IN-06", "met", "inside, and can become one", running(CLIMBS, CLIMBED, public=False))
example("IN-06", "met", "its group admits a network alone", running(CLIMBS, CLIMBED, cidr="192.0.2.0/24"))
example("IN-06", "met", "may read one thing", running(role("app", trust(EC2), may("s3:GetObject"))))
example("IN-06", "met", "power user", running(role("app", trust(EC2), NO_IAM)))
example("IN-06", "not_applicable", "nothing runs", those(roles=(admin("app", EC2),)))
example(
    "IN-06",
    "unknown",
    "whether the internet reaches it was not read",
    running(CLIMBS, CLIMBED, denied=("ec2.security_groups",)),
)
example(
    "IN-06",
    "gap",
    "an administrator whatever the network",
    running(admin("app", EC2), denied=("ec2.security_groups",)),
)
example(
    "IN-06",
    "unknown",
    "what the role may do was not read",
    running(role("app", trust(EC2), AttachedManagedPolicies=attached(policy("hidden")))),
)
example("IN-06", "unknown", "machines were not read", those(denied=("ec2.instances",)))
example("IN-06", "gap", "a function", those(roles=(admin("f", LAMBDA),), tables=function()))
example(
    "IN-06",
    "gap",
    "a function behind an API can become one",
    those(roles=(role("f", trust(LAMBDA), TAKES), CLIMBED), tables=function(Policy=API)),
)
example(
    "IN-06",
    "gap",
    "a function with an open URL can become one",
    those(
        roles=(role("f", trust(LAMBDA), TAKES), CLIMBED), tables=function(UrlConfigs=[{"AuthType": "NONE"}])
    ),
)
example(
    "IN-06",
    "met",
    "a function that nobody outside calls can become one",
    those(roles=(role("f", trust(LAMBDA), TAKES), CLIMBED), tables=function()),
)
