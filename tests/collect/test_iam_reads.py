"""Answers of IAM become rows: documents parsed, reports unfolded, secrets gone."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest

from watchword.collect.aws.account import contact_rows
from watchword.collect.aws.iam import (
    READS,
    decoded_document,
    device_rows,
    policy_rows,
    principal_rows,
    provider_rows,
    report_rows,
)

DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "a+b/*"}],
}
ENCODED = quote(json.dumps(DOCUMENT))


@pytest.mark.parametrize("given", [DOCUMENT, json.dumps(DOCUMENT), ENCODED])
def test_a_document_is_parsed_however_it_comes(given: Any) -> None:
    assert decoded_document(given) == DOCUMENT


def test_a_text_that_is_no_document_is_kept() -> None:
    assert decoded_document("%7Boops") == "%7Boops"
    assert decoded_document(None) is None


def test_inline_and_trust_policies_of_a_role_are_parsed() -> None:
    (row,) = principal_rows(
        {
            "RoleName": "r",
            "AssumeRolePolicyDocument": ENCODED,
            "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": ENCODED}],
        }
    )
    assert row["AssumeRolePolicyDocument"] == DOCUMENT
    assert row["RolePolicyList"] == [{"PolicyName": "p", "PolicyDocument": DOCUMENT}]


def managed(arn: str, **counts: int) -> list[dict[str, Any]]:
    versions = [
        {"VersionId": "v1", "IsDefaultVersion": False, "Document": "old"},
        {"VersionId": "v2", "IsDefaultVersion": True, "Document": ENCODED},
    ]
    return list(policy_rows({"Arn": arn, "PolicyVersionList": versions, **counts}))


def test_of_a_policy_the_default_version_is_kept() -> None:
    (row,) = managed("arn:aws:iam::111122223333:policy/own")
    assert row["Document"] == DOCUMENT
    assert row["PolicyVersionList"] == [
        {"VersionId": "v1", "IsDefaultVersion": False},
        {"VersionId": "v2", "IsDefaultVersion": True},
    ]


@pytest.mark.parametrize(
    ("counts", "kept"), [({}, 0), ({"AttachmentCount": 1}, 1), ({"PermissionsBoundaryUsageCount": 1}, 1)]
)
def test_of_aws_own_policies_those_in_use_are_kept(counts: dict[str, int], kept: int) -> None:
    assert len(managed("arn:aws:iam::aws:policy/ReadOnlyAccess", **counts)) == kept
    assert len(managed("arn:aws-us-gov:iam::aws:policy/job-function/Billing", **counts)) == kept


REPORT = 'user,arn,mfa_active\n<root_account>,arn:aws:iam::111122223333:root,true\n"a,b",arn:x,false'


@pytest.mark.parametrize("content", [REPORT.encode(), base64.b64encode(REPORT.encode()).decode(), REPORT])
def test_a_report_gives_a_row_a_user_however_it_comes(content: Any) -> None:
    rows = list(report_rows({"Content": content, "GeneratedTime": "2026-01-01T00:00:00Z"}))
    assert [row["user"] for row in rows] == ["<root_account>", "a,b"]
    assert {row["GeneratedTime"] for row in rows} == {"2026-01-01T00:00:00Z"}


def test_seeds_and_telephone_numbers_are_not_kept() -> None:
    (device,) = device_rows({"SerialNumber": "s", "Base32StringSeed": "x", "QRCodePNG": "y"})
    assert device == {"SerialNumber": "s"}
    (contact,) = contact_rows({"EmailAddress": "a@example.com", "PhoneNumber": "1"})
    assert contact == {"EmailAddress": "a@example.com"}


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:iam::111122223333:saml-provider/Okta", "Okta"),
        (
            "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A",
            "oidc.eks.eu-west-1.amazonaws.com/id/A",
        ),
    ],
)
def test_a_provider_is_called_as_people_call_it(arn: str, name: str) -> None:
    assert [row["Name"] for row in provider_rows({"Arn": arn})] == [name]


def test_one_call_gives_users_groups_roles_and_policies() -> None:
    (read,) = [read for read in READS if read.operation == "GetAccountAuthorizationDetails"]
    assert read.tables == ("iam.users", "iam.groups", "iam.roles", "iam.policies")


def test_nothing_is_asked_user_by_user_or_role_by_role() -> None:
    assert {read.table for read in READS if read.details or read.over} == {
        "iam.saml_providers",
        "iam.oidc_providers",
    }
