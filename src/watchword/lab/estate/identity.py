"""Company ABC: its root users, people, workloads' identities, roles, identity providers and contacts.

Kept for later areas: ``role/<account>/global/<name>``, ``policy/<account>/global/<name>`` and
``instance-profile/<account>/global/<name>`` with the ARN.  Later areas take the workload roles of ``identity_roles``
(``shop-web``, ``shop-orders``, ``etl-glue``, …) rather than make their own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from watchword.lab.backends.iam_report import date_key, date_password, date_role, date_user
from watchword.lab.backends.iam_root import RootUser, set_root
from watchword.lab.estate import identity_federation
from watchword.lab.estate.builder import Builder
from watchword.lab.estate.company import (
    ACCOUNTS,
    DATA,
    DEV,
    IDENTITY,
    LOG_ARCHIVE,
    MANAGEMENT,
    NETWORK,
    PROD,
    SANDBOX,
    SECURITY,
    LabAccount,
)
from watchword.lab.estate.identity_people import (
    GROUPS_AFTER,
    GROUPS_BEFORE,
    USERS_AFTER,
    USERS_BEFORE,
    Group,
    User,
)
from watchword.lab.estate.identity_policies import POLICIES_AFTER, POLICIES_BEFORE, TONIGHT, Inline
from watchword.lab.estate.identity_roles import ORGANIZATION_ROLE, Role, roles

_CONTACTS_BEFORE: Final = (MANAGEMENT, SECURITY, LOG_ARCHIVE, PROD)
_CODE: Final = "123456"


def build(lab: Builder) -> None:
    """Build this area of the company."""
    now = datetime.now(UTC)
    _root_users(lab, now)
    _contacts(lab)
    _policies(lab)
    identity_federation.build(lab)
    for group in GROUPS_AFTER if lab.after else GROUPS_BEFORE:
        _group(lab, group)
    for user in USERS_AFTER if lab.after else USERS_BEFORE:
        _user(lab, user, now)
    for role in roles(lab.after):
        _role(lab, role, now)
    _watch_emergencies(lab)


def _root_users(lab: Builder, now: datetime) -> None:
    gone = RootUser(password=False)
    for account, root in _roots(now).items():
        set_root(account.id, gone if lab.after and account is not MANAGEMENT else root)
    if lab.after:
        set_root(MANAGEMENT.id, RootUser(mfa="hardware", password_last_used=now - timedelta(days=200)))
    organizations = lab.client("organizations", MANAGEMENT)
    organizations.enable_aws_service_access(ServicePrincipal="iam.amazonaws.com")
    iam = lab.client("iam", MANAGEMENT)
    iam.enable_organizations_root_credentials_management()
    if lab.after:
        iam.enable_organizations_root_sessions()


def _roots(now: datetime) -> dict[LabAccount, RootUser]:
    """The root users before the programme, which has reached the newest accounts only."""

    def ago(days: int) -> datetime:
        return now - timedelta(days=days)

    return {
        MANAGEMENT: RootUser(mfa="virtual", password_last_used=ago(12)),
        SECURITY: RootUser(mfa="hardware", password_last_used=ago(400)),
        LOG_ARCHIVE: RootUser(password=False),
        IDENTITY: RootUser(password=False),
        NETWORK: RootUser(password_last_used=ago(200)),
        PROD: RootUser(
            mfa="hardware", password_last_used=ago(300), keys=(ago(1_100),), keys_last_used=ago(5)
        ),
        DATA: RootUser(mfa="virtual", password_last_used=ago(100)),
        DEV: RootUser(),
        SANDBOX: RootUser(password_last_used=ago(30)),
    }


def _contacts(lab: Builder) -> None:
    for account in ACCOUNTS if lab.after else _CONTACTS_BEFORE:
        lab.client("account", account).put_alternate_contact(
            AlternateContactType="SECURITY",
            Name="Security team",
            Title="Incident response",
            EmailAddress="security@abc.example",
            PhoneNumber="+49 30 0000000",
        )
    for account in ACCOUNTS:
        lab.client("iam", account).create_account_alias(AccountAlias=f"abc-{account.alias}")
    for account in ACCOUNTS if lab.after else (MANAGEMENT, PROD):
        length, reuse = (14, 24) if lab.after or account is MANAGEMENT else (8, 3)
        lab.client("iam", account).update_account_password_policy(
            MinimumPasswordLength=length, PasswordReusePrevention=reuse, AllowUsersToChangePassword=True
        )


def _policies(lab: Builder) -> None:
    for one in POLICIES_AFTER if lab.after else POLICIES_BEFORE:
        made = lab.client("iam", one.account).create_policy(
            PolicyName=one.policy.name, PolicyDocument=json.dumps(one.policy.document)
        )
        lab.remember("policy", one.account, "global", one.policy.name, made["Policy"]["Arn"])


def _policy_arn(lab: Builder, account: LabAccount, name: str) -> str:
    own = lab.refs.get(f"policy/{account.alias}/global/{name}")
    return own or f"arn:aws:iam::aws:policy/{name}"


def _group(lab: Builder, group: Group) -> None:
    iam = lab.client("iam", group.account)
    iam.create_group(GroupName=group.name)
    for name in group.managed:
        iam.attach_group_policy(GroupName=group.name, PolicyArn=_policy_arn(lab, group.account, name))
    _inline(group.inline, lambda **policy: iam.put_group_policy(GroupName=group.name, **policy))


def _user(lab: Builder, user: User, now: datetime) -> None:
    iam = lab.client("iam", user.account)
    tags = [{"Key": key, "Value": value} for key, value in user.tags.items()]
    iam.create_user(UserName=user.name, Tags=tags)
    date_user(user.account.id, user.name, now - timedelta(days=user.age))
    for name in user.groups:
        iam.add_user_to_group(GroupName=name, UserName=user.name)
    for name in user.managed:
        iam.attach_user_policy(UserName=user.name, PolicyArn=_policy_arn(lab, user.account, name))
    _inline(user.inline, lambda **policy: iam.put_user_policy(UserName=user.name, **policy))
    if user.boundary:
        boundary = lab.ref("policy", user.account, "global", user.boundary)
        iam.put_user_permissions_boundary(UserName=user.name, PermissionsBoundary=boundary)
    _credentials(iam, user, now)


def _credentials(iam: Any, user: User, now: datetime) -> None:
    account = user.account.id
    if user.password:
        iam.create_login_profile(UserName=user.name, Password="Abc-lab-only-1!")
        used = None if user.signed_in is None else now - timedelta(days=user.signed_in)
        date_password(account, user.name, changed=now - timedelta(days=user.age), last_used=used)
    if user.mfa:
        serial = f"arn:aws:iam::{account}:u2f/user/{user.name}/key-1"
        if user.mfa == "virtual":
            device = iam.create_virtual_mfa_device(VirtualMFADeviceName=user.name)
            serial = device["VirtualMFADevice"]["SerialNumber"]
        iam.enable_mfa_device(
            UserName=user.name, SerialNumber=serial, AuthenticationCode1=_CODE, AuthenticationCode2=_CODE
        )
    for key in user.keys:
        made = iam.create_access_key(UserName=user.name)["AccessKey"]["AccessKeyId"]
        used = None if key.used is None else now - timedelta(days=key.used)
        date_key(account, made, created=now - timedelta(days=key.age), last_used=used)
        if not key.active:
            iam.update_access_key(UserName=user.name, AccessKeyId=made, Status="Inactive")


def _role(lab: Builder, role: Role, now: datetime) -> None:
    iam = lab.client("iam", role.account)
    if role.name == ORGANIZATION_ROLE:
        iam.delete_role(RoleName=role.name)  # the emulator's own has no permissions
    document = json.dumps({"Version": "2012-10-17", "Statement": list(role.trusts)})
    more = {}
    if role.boundary:
        more["PermissionsBoundary"] = lab.ref("policy", role.account, "global", role.boundary)
    made = iam.create_role(
        RoleName=role.name,
        Path=role.path,
        AssumeRolePolicyDocument=document.replace("${org}", _organization(lab)),
        MaxSessionDuration=role.hours * 3_600,
        **more,
    )
    lab.remember("role", role.account, "global", role.name, made["Role"]["Arn"])
    for name in role.managed:
        iam.attach_role_policy(RoleName=role.name, PolicyArn=_policy_arn(lab, role.account, name))
    _inline(role.inline, lambda **policy: iam.put_role_policy(RoleName=role.name, **policy))
    used = None if role.used is None else now - timedelta(days=role.used)
    date_role(role.account.id, role.name, last_used=used, region="eu-west-1")
    if any(trust["Principal"] == {"Service": "ec2.amazonaws.com"} for trust in role.trusts):
        profile = iam.create_instance_profile(InstanceProfileName=role.name)["InstanceProfile"]["Arn"]
        iam.add_role_to_instance_profile(InstanceProfileName=role.name, RoleName=role.name)
        lab.remember("instance-profile", role.account, "global", role.name, profile)


def _inline(policies: Iterable[Inline], put: Any) -> None:
    for policy in policies:
        document = json.dumps(policy.document).replace(TONIGHT, f"{_tonight():%Y-%m-%dT%H:%M:%SZ}")
        put(PolicyName=policy.name, PolicyDocument=document)


def _tonight() -> datetime:
    """When the grant of an incident ends: late enough to be current while somebody looks at a new lab."""
    return datetime.now(UTC) + timedelta(hours=12)


def _organization(lab: Builder) -> str:
    """The organisation's id, asked for once."""
    key = ("organization", MANAGEMENT, "global", "id")
    try:
        return lab.ref(*key)
    except KeyError:
        found = lab.client("organizations", MANAGEMENT).describe_organization()["Organization"]["Id"]
        return lab.remember(*key, found)


def _watch_emergencies(lab: Builder) -> None:
    """The rule that tells the security account of emergency identities; at first it knows of one only."""
    names = ("break-glass-1", "break-glass-2") if lab.after else ("break-glass-1",)
    pattern = {
        "detail-type": ["AWS Console Sign In via CloudTrail", "AWS API Call via CloudTrail"],
        "detail": {"userIdentity": {"arn": [f"arn:aws:iam::{MANAGEMENT.id}:user/{name}" for name in names]}},
    }
    events = lab.client("events", MANAGEMENT, "us-east-1")
    events.put_rule(Name="break-glass-used", EventPattern=json.dumps(pattern), State="ENABLED")
    bus = f"arn:aws:events:eu-west-1:{SECURITY.id}:event-bus/security"
    role = f"arn:aws:iam::{MANAGEMENT.id}:role/events-to-security"
    events.put_targets(Rule="break-glass-used", Targets=[{"Id": "security", "Arn": bus, "RoleArn": role}])
