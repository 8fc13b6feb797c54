"""Answers in a directory of an organisation with one member account: a user, a role, a bucket that is open to all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ACCOUNT, MASTER = "111122223333", "999988887777"
ANN = f"arn:aws:iam::{ACCOUNT}:user/ann"
DEPLOY = f"arn:aws:iam::{ACCOUNT}:role/deploy"
PAPER = "arn:aws:s3:::papers/q3.pdf"


def allowing(actions: Any, **more: Any) -> dict[str, Any]:
    """A policy with one Allow."""
    statement = {"Sid": "One", "Effect": "Allow", "Action": actions, "Resource": "*"} | more
    return {"Version": "2012-10-17", "Statement": [statement]}


def _identity(kind: str, name: str, policy: dict[str, Any], **more: Any) -> dict[str, Any]:
    arn = f"arn:aws:iam::{ACCOUNT}:{kind.lower()}/{name}"
    inline = [{"PolicyName": "work", "PolicyDocument": policy}]
    return {
        f"{kind}Name": name,
        f"{kind}Id": name,
        "Arn": arn,
        "Path": "/",
        f"{kind}PolicyList": inline,
        "AttachedManagedPolicies": [],
    } | more


def organisation(folder: Path) -> Path:
    """The directory."""
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    above, here = "organization/global/organizations", f"{ACCOUNT}/global"
    arn = f"arn:aws:organizations::{MASTER}"
    trust = allowing("sts:AssumeRole", Principal={"Service": "ec2.amazonaws.com"})
    del trust["Statement"][0]["Resource"]
    users = [
        _identity("User", "ann", allowing(["s3:Get*", "ec2:Describe*"]), GroupList=[]),
        _identity("User", "anna", allowing("sqs:*", Condition=mfa), GroupList=["ghosts"]),
    ]
    files: dict[str, Any] = {
        f"{above}/describe-organization": {
            "Organization": {"Id": "o-abcdefghij", "MasterAccountId": MASTER, "Arn": f"{arn}:organization/o-abcdefghij"}
        },
        f"{above}/list-accounts": {
            "Accounts": [{"Id": ACCOUNT, "Name": "prod", "Status": "ACTIVE", "Arn": f"{arn}:account/o-abcdefghij/{ACCOUNT}"}]
        },
        f"{above}/list-roots": {
            "Roots": [{"Id": "r-abcd", "Arn": f"{arn}:root/o-abcdefghij/r-abcd", "Name": "Root", "PolicyTypes": []}]
        },
        f"{here}/iam/get-account-authorization-details": {
            "UserDetailList": users,
            "GroupDetailList": [],
            "RoleDetailList": [
                _identity("Role", "deploy", allowing("s3:*", Condition=mfa), AssumeRolePolicyDocument=trust, RolePolicyList=[
                    {"PolicyName": "ship", "PolicyDocument": allowing("s3:*", Condition=mfa)}
                ])
            ],
            "Policies": [],
        },
        f"{here}/s3/list-buckets": {"Buckets": [{"Name": "papers", "BucketRegion": "eu-west-1"}]},
        f"{here}/s3/get-bucket-policy/papers": {
            "Policy": json.dumps(allowing("s3:GetObject", Principal="*", Resource="arn:aws:s3:::papers/*"))
        },
        f"{here}/s3/get-public-access-block/papers": {"PublicAccessBlockConfiguration": {}},
        f"{here}/s3control/get-public-access-block/{ACCOUNT}": {"PublicAccessBlockConfiguration": {}},
    }  # fmt: skip
    for name, found in files.items():
        file = folder / f"{name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(found))
    return folder
