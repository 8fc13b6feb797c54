"""Trust policies: MFA, external ids, and claims that are narrow enough."""

from __future__ import annotations

from typing import Any

import pytest

from tests.controls.builder import resource
from tests.controls.iam import OWN, ROOT, WEB, allow, role, trust
from watchword.analysis.iam.policy import parse
from watchword.analysis.iam.trust import (
    COGNITO,
    GITHUB,
    Trust,
    asks_for_mfa,
    is_workload,
    issuer_of,
    oidc_laxities,
    saml_laxities,
    trusts_of,
)

GITHUB_ARN = f"arn:aws:iam::111122223333:oidc-provider/{GITHUB}"
EKS = "oidc.eks.eu-west-1.amazonaws.com/id/ABC"


def only(document: Any, action: str = "sts:AssumeRole") -> Trust:
    (found,) = trusts_of(parse(document), action)
    return found


@pytest.mark.parametrize(
    ("issuer", "subject", "narrow"),
    [
        (GITHUB, "repo:o/r:environment:prod", True),
        (GITHUB, "repo:o/r:ref:refs/heads/main", True),
        (GITHUB, "repo:o/r:ref:refs/heads/release/*", True),
        (GITHUB, "repo:o/r:ref:refs/tags/v*", True),
        (GITHUB, "repo:o/r:pull_request", True),
        (GITHUB, "repo:o/r:*", False),
        (GITHUB, "repo:o/r:ref:refs/*", False),
        (GITHUB, "repo:o/r:ref:refs/tags/*", False),
        (GITHUB, "repo:o/r:environment:*", False),
        (GITHUB, "repo:o/r?:environment:prod", False),
        (GITHUB, "repo:o*/r:environment:prod", False),
        (GITHUB, "", False),
        ("gitlab.com", "project_path:g/p:ref_type:branch:ref:main", True),
        ("gitlab.com", "project_path:g/p:ref_type:tag:ref:v*", True),
        ("gitlab.com", "project_path:g/*:ref_type:branch:ref:main", False),
        ("gitlab.com", "project_path:g/p:ref_type:*:ref:*", False),
        ("app.terraform.io", "organization:o:project:p:workspace:w:run_phase:*", True),
        ("app.terraform.io", "organization:o:project:*:workspace:w:run_phase:plan", False),
        (EKS, "system:serviceaccount:shop:web", True),
        (EKS, "system:serviceaccount:shop:*", False),
        ("login.example.com", "client-7", True),
        ("login.example.com", "client-*", False),
    ],
)
def test_a_subject_is_narrow_where_it_means_one_source(issuer: str, subject: str, narrow: bool) -> None:
    arn = f"arn:aws:iam::111122223333:oidc-provider/{issuer}"
    found = only(trust(allow({"Federated": arn}, WEB, StringLike={f"{issuer}:sub": subject})), WEB)
    assert (list(oidc_laxities(found, arn, ("one",))) == []) is narrow


@pytest.mark.parametrize(
    ("issuer", "subject", "mild"),
    [
        (GITHUB, "repo:o/r:*", True),
        (GITHUB, "repo:o/*", False),
        (EKS, "system:serviceaccount:shop:*", True),
        (EKS, "system:serviceaccount:*:*", False),
        ("login.example.com", "client-*", False),
    ],
)
def test_what_stays_within_one_source_is_told_apart(issuer: str, subject: str, mild: bool) -> None:
    arn = f"arn:aws:iam::111122223333:oidc-provider/{issuer}"
    found = only(trust(allow({"Federated": arn}, WEB, StringLike={f"{issuer}:sub": subject})), WEB)
    assert [one.within_one_source for one in oidc_laxities(found, arn, ("one",))] == [mild]


def test_another_condition_may_pin_what_one_leaves_open() -> None:
    conditions = {
        "StringLike": {f"{GITHUB}:sub": "repo:o/*"},
        "StringEquals": {f"{GITHUB}:sub": "repo:o/r:ref:x"},
    }
    found = only(trust(allow({"Federated": GITHUB_ARN}, WEB, **conditions)), WEB)
    assert list(oidc_laxities(found, GITHUB_ARN, ("one",))) == []


def test_keys_of_claims_are_compared_without_case() -> None:
    conditions = {
        "StringEquals": {f"{GITHUB.upper()}:AUD": "sts.amazonaws.com", f"{GITHUB}:Sub": "repo:o/r:x"}
    }
    found = only(trust(allow({"Federated": GITHUB_ARN}, WEB, **conditions)), WEB)
    assert list(oidc_laxities(found, GITHUB_ARN, ())) == []


@pytest.mark.parametrize(
    ("provider", "key"),
    [("www.amazon.com", "app_id"), ("graph.facebook.com", "app_id"), ("accounts.google.com", "aud")],
)
def test_every_issuer_is_asked_for_its_own_audience(provider: str, key: str) -> None:
    conditions = {"StringEquals": {f"{provider}:{key}": "mine", f"{provider}:sub": "me"}}
    found = only(trust(allow({"Federated": provider}, WEB, **conditions)), WEB)
    assert list(oidc_laxities(found, provider, ())) == []
    bare = only(trust(allow({"Federated": provider}, WEB, StringEquals={f"{provider}:sub": "me"})), WEB)
    assert [one.what for one in oidc_laxities(bare, provider, ())] == [
        f"statement 1 does not pin {provider}:{key}"
    ]


def test_users_of_an_identity_pool_have_subjects_of_their_own() -> None:
    conditions = {
        "StringEquals": {f"{COGNITO}:aud": "pool"},
        "ForAnyValue:StringLike": {f"{COGNITO}:amr": "authenticated"},
    }
    found = only(trust(allow({"Federated": COGNITO}, WEB, **conditions)), WEB)
    assert list(oidc_laxities(found, COGNITO, ())) == []


@pytest.mark.parametrize(
    "operator", ["StringNotEquals", "StringEqualsIfExists", "ForAllValues:StringEquals", "Null"]
)
def test_what_holds_without_the_claim_pins_nothing(operator: str) -> None:
    found = only(
        trust(allow({"Federated": "saml"}, "sts:AssumeRoleWithSAML", **{operator: {"SAML:aud": "true"}})),
        "sts:AssumeRoleWithSAML",
    )
    assert [one.what for one in saml_laxities(found)] == ["statement 1 does not pin SAML:aud"]


@pytest.mark.parametrize(
    ("conditions", "asks"),
    [
        ({"StringEquals": {"sts:ExternalId": "x"}}, True),
        ({"StringEquals": {"sts:externalid": ["x", "y"]}}, True),
        ({"StringLike": {"sts:ExternalId": "team-*"}}, False),
        ({"StringEquals": {"sts:ExternalId": ""}}, False),
        ({"StringNotEquals": {"sts:ExternalId": "x"}}, False),
        ({}, False),
    ],
)
def test_an_external_id_is_spelt_out(conditions: Any, asks: bool) -> None:
    assert only(trust(allow(OWN, **conditions))).asks_for_external_id is asks


@pytest.mark.parametrize(
    ("conditions", "asks"),
    [
        ({"NumericLessThan": {"aws:MultiFactorAuthAge": 3600}}, True),
        ({"NumericLessThanEquals": {"aws:multifactorauthage": "60"}}, True),
        ({"NumericLessThan": {"aws:MultiFactorAuthAge": "3601"}}, False),
        ({"NumericLessThan": {"aws:MultiFactorAuthAge": ["60", "90000"]}}, False),
        ({"NumericGreaterThan": {"aws:MultiFactorAuthAge": "60"}}, False),
        ({"NumericLessThan": {"aws:MultiFactorAuthAge": "soon"}}, False),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, False),
    ],
)
def test_mfa_must_be_fresh(conditions: Any, asks: bool) -> None:
    document = parse(trust(allow(OWN, **conditions)))
    assert asks_for_mfa(document, trusts_of(document, "sts:AssumeRole")[0], 3600) is asks


def test_only_roles_that_services_alone_may_take_are_workloads() -> None:
    service = role("a", trust(allow({"Service": "lambda.amazonaws.com"})))
    mixed = role("b", trust(allow({"Service": "ec2.amazonaws.com", "AWS": ROOT})))
    nobody = role("c", trust())
    broken = role("d", {"Statement": [{"Effect": "Perhaps"}]})
    rows = {one["_arn"]: resource("iam.roles", one) for one in (service, mixed, nobody, broken)}
    assert [arn for arn in (*rows, "arn:aws:iam::1:role/unknown") if is_workload(arn, rows)] == [
        service["_arn"]
    ]


def test_everybody_is_an_aws_principal_and_services_are_none() -> None:
    assert only(trust(allow("*"))).names == ("everybody",)
    assert only(trust(allow({"AWS": "*"}))).names_aws
    assert not only(trust(allow({"Service": "ec2.amazonaws.com"}))).names_aws
    assert not only(trust(allow({"AWS": [ROOT, "arn:aws:iam::111122223333:role/r"]}))).names_roles_only
    assert only(trust(allow({"AWS": "arn:aws:sts::111122223333:assumed-role/r/s"}))).names_roles_only


def test_an_issuer_keeps_its_path() -> None:
    assert issuer_of(f"arn:aws:iam::111122223333:oidc-provider/{EKS}") == EKS
    assert issuer_of(COGNITO) == COGNITO
