"""A lab that enforces, on loopback, with clients of its users; and the policies that tests write."""

import json
from contextlib import suppress
from typing import Any

import boto3
from botocore.config import Config

from watchword.lab.server import Lab


class Enforcing:
    """An enforcing lab: clients by key, users and roles made by its administrator."""

    def __init__(self, lab: Lab) -> None:
        self.endpoint_url = lab.endpoint_url
        keys = lab.enforce()
        self.admin = (keys.access_key_id, keys.secret_access_key, None)

    def client(
        self,
        service: str,
        keys: Any = None,
        region: str = "eu-west-1",
        unchecked: bool = False,
        **headers: str,
    ) -> Any:
        """A client that signs with keys (the administrator's where none are given), with headers of the test's own."""
        key, secret, token = keys or self.admin
        config = Config(
            retries={"total_max_attempts": 1},
            s3={"addressing_style": "path"},
            parameter_validation=not unchecked,
        )
        build: Any = boto3.client
        made = build(
            service,
            endpoint_url=self.endpoint_url,
            region_name=region,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=config,
        )

        def add(request: Any, **_: Any) -> None:
            for name, value in headers.items():
                request.headers[name.replace("_", "-")] = value

        made.meta.events.register("before-sign", add)
        return made

    def anonymous(self, service: str) -> Any:
        """A client that signs nothing."""
        from botocore import UNSIGNED

        config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
        return boto3.client(service, endpoint_url=self.endpoint_url, region_name="eu-west-1", config=config)

    def user(
        self, name: str, *statements: dict[str, Any], boundary: str | None = None, iam: Any = None
    ) -> Any:
        """A user with one inline policy; the keys."""
        iam = iam or self.client("iam")
        bound = {"PermissionsBoundary": boundary} if boundary else {}
        iam.create_user(UserName=name, **bound)
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"], None

    def role(self, name: str, trust: Any, *statements: dict[str, Any], iam: Any = None, **more: Any) -> str:
        """A role with one inline policy; its ARN. `trust` is the principal, or whole statements."""
        iam = iam or self.client("iam")
        trusts = trust if isinstance(trust, list) else [trusting(trust)]
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(*trusts), **more)["Role"][
            "Arn"
        ]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
        return str(arn)

    def assume(self, role: str, keys: Any = None, **more: Any) -> Any:
        """The keys of a session of a role."""
        given = self.client("sts", keys).assume_role(RoleArn=role, RoleSessionName="test", **more)
        return session_keys(given)

    def member(self, name: str) -> tuple[str, Any]:
        """A new member account of the organisation (made where there is none yet), and keys of an administrator in it."""
        organizations = self.client("organizations")
        with suppress(organizations.exceptions.AlreadyInOrganizationException):
            organizations.create_organization(FeatureSet="ALL")
        made = organizations.create_account(Email=f"{name}@abc.example", AccountName=name)
        request = made["CreateAccountStatus"]["Id"]
        account = organizations.describe_create_account_status(CreateAccountRequestId=request)
        number = account["CreateAccountStatus"]["AccountId"]
        from moto.iam.models import iam_backends

        # As AWS's own OrganizationAccountAccessRole; the emulator's has no permissions.
        iam_backends[number]["aws"].attach_role_policy(
            "arn:aws:iam::aws:policy/AdministratorAccess", "OrganizationAccountAccessRole"
        )
        return number, self.assume(f"arn:aws:iam::{number}:role/OrganizationAccountAccessRole")


def session_keys(given: Any) -> Any:
    made = given["Credentials"]
    return made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def trusting(principal: Any, action: Any = "sts:AssumeRole", **more: Any) -> dict[str, Any]:
    named = principal if isinstance(principal, dict) else {"AWS": principal}
    return {"Effect": "Allow", "Principal": named, "Action": action, **more}
