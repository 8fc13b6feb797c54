"""Credentials in an enforcing lab: users' keys and STS sessions, as long and as wide as AWS makes them."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from tests.lab.gate.enforcing import Enforcing, allow, deny, session_keys, trusting
from tests.lab.gate.refused import refused
from watchword.lab.gate.clock import lab_clock
from watchword.lab.gate.sessions import book

ROOT = "arn:aws:iam::111111111111:root"
ANYTHING = allow("*")


def caller(lab: Enforcing, keys: Any) -> str:
    return str(lab.client("sts", keys).get_caller_identity()["Arn"])


def test_an_unknown_key_is_refused_as_each_service_words_it(lab: Enforcing) -> None:
    nobody = ("AKIANOBODY0000000000", "x", None)
    codes = {
        "iam": refused(lab.client("iam", nobody).list_users)[0],
        "ec2": refused(lab.client("ec2", nobody).describe_vpcs)[0],
        "s3": refused(lab.client("s3", nobody).list_buckets)[0],
        "dynamodb": refused(lab.client("dynamodb", nobody).list_tables)[0],
        "lambda": refused(lab.client("lambda", nobody).list_functions)[0],
    }
    assert codes == {
        "iam": "InvalidClientTokenId",
        "ec2": "AuthFailure",
        "s3": "InvalidAccessKeyId",
        "dynamodb": "UnrecognizedClientException",
        "lambda": "UnrecognizedClientException",
    }


@pytest.mark.parametrize("key", ["lab", "222222222222"])
def test_the_keys_that_the_lab_seeds_with_are_refused(lab: Enforcing, key: str) -> None:
    assert refused(lab.client("sts", (key, "x", None)).get_caller_identity)[0] == "InvalidClientTokenId"


def test_an_inactive_key_is_refused_until_it_is_active_again(lab: Enforcing) -> None:
    keys = lab.user("ann", ANYTHING)
    iam = lab.client("iam")
    iam.update_access_key(UserName="ann", AccessKeyId=keys[0], Status="Inactive")
    assert refused(lab.client("iam", keys).list_users)[0] == "InvalidClientTokenId"
    iam.update_access_key(UserName="ann", AccessKeyId=keys[0], Status="Active")
    lab.client("iam", keys).list_users()


def test_a_deleted_key_is_refused(lab: Enforcing) -> None:
    keys = lab.user("ann", ANYTHING)
    lab.client("iam").delete_access_key(UserName="ann", AccessKeyId=keys[0])
    assert refused(lab.client("iam", keys).list_users)[0] == "InvalidClientTokenId"


def test_a_session_names_role_and_session(lab: Enforcing) -> None:
    role = lab.role("deploy", ROOT, ANYTHING)
    keys = lab.assume(role)
    assert caller(lab, keys) == "arn:aws:sts::111111111111:assumed-role/deploy/test"
    assert book().get(keys[0]) is not None


def test_credentials_past_their_expiration_are_refused(lab: Enforcing) -> None:
    keys = lab.assume(lab.role("deploy", ROOT, ANYTHING), DurationSeconds=900)
    lab.client("iam", keys).list_users()
    lab_clock().advance(timedelta(seconds=901))
    assert refused(lab.client("iam", keys).list_users)[0] == "ExpiredToken"
    assert refused(lab.client("ec2", keys).describe_vpcs)[0] == "RequestExpired"
    assert refused(lab.client("dynamodb", keys).list_tables)[0] == "ExpiredTokenException"


def test_the_answer_tells_when_credentials_expire(lab: Enforcing) -> None:
    role = lab.role("deploy", ROOT)
    before = lab_clock().now()
    given = lab.client("sts").assume_role(RoleArn=role, RoleSessionName="xx", DurationSeconds=1_000)
    left = given["Credentials"]["Expiration"] - before
    assert timedelta(seconds=998) < left < timedelta(seconds=1_100)


@pytest.mark.parametrize("seconds", [899, 43_201])
def test_a_duration_that_no_role_has_is_refused(lab: Enforcing, seconds: int) -> None:
    role = lab.role("deploy", ROOT)
    code, message = refused(
        lab.client("sts", unchecked=True).assume_role,
        RoleArn=role,
        RoleSessionName="xx",
        DurationSeconds=seconds,
    )
    assert code == "ValidationError"
    assert "durationseconds" in message.lower()


def test_a_duration_beyond_the_roles_own_is_refused(lab: Enforcing) -> None:
    sts = lab.client("sts")
    short = lab.role("short", ROOT)
    code, message = refused(sts.assume_role, RoleArn=short, RoleSessionName="xx", DurationSeconds=3_601)
    assert (code, "MaxSessionDuration" in message) == ("ValidationError", True)
    long = lab.role("long", ROOT, MaxSessionDuration=7_200)
    sts.assume_role(RoleArn=long, RoleSessionName="xx", DurationSeconds=7_200)


def test_a_role_that_a_role_assumes_lasts_an_hour_at_most(lab: Enforcing) -> None:
    first = lab.role("first", ROOT, ANYTHING)
    second = lab.role("second", ROOT, ANYTHING, MaxSessionDuration=7_200)
    keys = lab.assume(first)
    code, message = refused(
        lab.client("sts", keys).assume_role, RoleArn=second, RoleSessionName="xx", DurationSeconds=3_601
    )
    assert (code, "role chaining" in message) == ("ValidationError", True)
    chained = lab.assume(second, keys)
    found = book().get(chained[0])
    assert found is not None
    assert found.chained


def test_a_session_policy_limits_the_session(lab: Enforcing) -> None:
    role = lab.role("deploy", ROOT, ANYTHING)
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow("s3:*")]})
    keys = lab.assume(role, Policy=policy)
    lab.client("s3", keys).list_buckets()
    code, message = refused(lab.client("ec2", keys).describe_vpcs)
    assert code == "UnauthorizedOperation"
    assert message.endswith("because no session policy allows the ec2:DescribeVpcs action")


def test_a_managed_session_policy_limits_the_session(lab: Enforcing) -> None:
    role = lab.role("deploy", ROOT, ANYTHING)
    arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    keys = lab.assume(role, PolicyArns=[{"arn": arn}])
    lab.client("s3", keys).list_buckets()
    assert refused(lab.client("s3", keys).create_bucket, Bucket="new-bucket")[0] == "AccessDenied"


def test_a_session_policy_grants_nothing(lab: Enforcing) -> None:
    role = lab.role("weak", ROOT, allow("s3:*"))
    policy = json.dumps({"Version": "2012-10-17", "Statement": [ANYTHING]})
    keys = lab.assume(role, Policy=policy)
    assert "no identity-based policy" in refused(lab.client("ec2", keys).describe_vpcs)[1]


def tagged(lab: Enforcing) -> str:
    trusts = [trusting(ROOT, ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"])]
    by_tag = allow("s3:*", Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}})
    return lab.role(
        "tagged",
        trusts,
        by_tag,
        allow("sts:*"),
        deny("s3:*", Condition={"Null": {"aws:SourceIdentity": "true"}}),
    )


def test_session_tags_and_source_identity_are_asked_for_and_known(lab: Enforcing) -> None:
    role = tagged(lab)
    keys = lab.assume(role, Tags=[{"Key": "team", "Value": "blue"}], SourceIdentity="ann")
    lab.client("s3", keys).list_buckets()
    red = lab.assume(role, Tags=[{"Key": "team", "Value": "red"}], SourceIdentity="ann")
    assert "no identity-based policy" in refused(lab.client("s3", red).list_buckets)[1]
    silent = lab.assume(role, Tags=[{"Key": "team", "Value": "blue"}])
    assert "explicit deny" in refused(lab.client("s3", silent).list_buckets)[1]


def test_the_answer_tells_the_source_identity(lab: Enforcing) -> None:
    given = lab.client("sts").assume_role(RoleArn=tagged(lab), RoleSessionName="xx", SourceIdentity="ann")
    assert given["SourceIdentity"] == "ann"


def test_tags_need_a_permission_of_their_own_in_the_trust(lab: Enforcing) -> None:
    role = lab.role("plain", ROOT, ANYTHING)
    tags = [{"Key": "team", "Value": "blue"}]
    code, message = refused(lab.client("sts").assume_role, RoleArn=role, RoleSessionName="xx", Tags=tags)
    assert (code, "sts:TagSession" in message) == ("AccessDenied", True)


def test_transitive_tags_and_source_identity_go_down_a_chain(lab: Enforcing) -> None:
    role = tagged(lab)
    keys = lab.assume(
        role, Tags=[{"Key": "team", "Value": "blue"}], TransitiveTagKeys=["team"], SourceIdentity="ann"
    )
    chained = lab.assume(role, keys)
    lab.client("s3", chained).list_buckets()
    found = book().get(chained[0])
    assert found is not None
    assert (found.tags, found.source_identity) == ({"team": "blue"}, "ann")


def test_what_goes_down_a_chain_cannot_be_changed(lab: Enforcing) -> None:
    role = tagged(lab)
    keys = lab.assume(
        role, Tags=[{"Key": "team", "Value": "blue"}], TransitiveTagKeys=["team"], SourceIdentity="ann"
    )
    sts = lab.client("sts", keys)
    code, message = refused(
        sts.assume_role, RoleArn=role, RoleSessionName="xx", Tags=[{"Key": "team", "Value": "red"}]
    )
    assert (code, "transitive" in message) == ("InvalidParameterValue", True)
    code, _ = refused(sts.assume_role, RoleArn=role, RoleSessionName="xx", SourceIdentity="bob")
    assert code == "AccessDenied"


def test_tags_that_are_not_transitive_end_with_the_session(lab: Enforcing) -> None:
    role = tagged(lab)
    keys = lab.assume(role, Tags=[{"Key": "team", "Value": "blue"}], SourceIdentity="ann")
    found = book().get(lab.assume(role, keys)[0])
    assert found is not None
    assert found.tags == {}


def test_a_session_token_is_the_user_with_mfa(lab: Enforcing) -> None:
    fresh = {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}}
    keys = lab.user("ann", allow("s3:*", Condition=fresh))
    iam = lab.client("iam")
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName="ann")["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(
        UserName="ann", SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="234567"
    )
    assert refused(lab.client("s3", keys).list_buckets)[0] == "AccessDenied"
    sts = lab.client("sts", keys)
    plain = session_keys(sts.get_session_token())
    assert refused(lab.client("s3", plain).list_buckets)[0] == "AccessDenied"
    with_code = session_keys(sts.get_session_token(SerialNumber=serial, TokenCode="123456"))
    lab.client("s3", with_code).list_buckets()
    assert caller(lab, with_code).endswith(":user/ann")
    lab_clock().advance(timedelta(seconds=3_601))
    assert refused(lab.client("s3", with_code).list_buckets)[0] == "AccessDenied"


def test_a_device_that_is_not_the_users_vouches_for_nothing(lab: Enforcing) -> None:
    keys = lab.user("ann", ANYTHING)
    code, message = refused(
        lab.client("sts", keys).get_session_token,
        SerialNumber="arn:aws:iam::111111111111:mfa/bob",
        TokenCode="123456",
    )
    assert (code, "MultiFactorAuthentication failed" in message) == ("AccessDenied", True)


def test_a_session_cannot_ask_for_a_session_token(lab: Enforcing) -> None:
    keys = lab.assume(lab.role("deploy", ROOT, ANYTHING))
    assert refused(lab.client("sts", keys).get_session_token)[0] == "AccessDenied"


def test_a_federated_user_can_do_what_user_and_session_policy_both_allow(lab: Enforcing) -> None:
    keys = lab.user("broker", allow(["s3:*", "sts:GetFederationToken"]))
    sts = lab.client("sts", keys)
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow(["s3:List*", "ec2:*"])]})
    federated = session_keys(sts.get_federation_token(Name="bob", Policy=policy))
    assert caller(lab, federated) == "arn:aws:sts::111111111111:federated-user/bob"
    lab.client("s3", federated).list_buckets()
    assert refused(lab.client("s3", federated).create_bucket, Bucket="new-bucket")[0] == "AccessDenied"
    assert refused(lab.client("ec2", federated).describe_vpcs)[0] == "UnauthorizedOperation"
    without = session_keys(sts.get_federation_token(Name="bob"))
    assert refused(lab.client("s3", without).list_buckets)[0] == "AccessDenied"


def jwt(**claims: Any) -> str:
    parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims, {}))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


@pytest.fixture
def by_token(lab: Enforcing) -> str:
    provider = "arn:aws:iam::111111111111:oidc-provider/token.example"
    condition = {
        "StringLike": {"token.example:sub": "repo:abc/*"},
        "StringEquals": {"token.example:aud": "sts"},
    }
    trust = trusting({"Federated": provider}, "sts:AssumeRoleWithWebIdentity", Condition=condition)
    return lab.role("ci", [trust], allow("s3:*"))


def test_a_web_identity_assumes_the_role_that_trusts_its_claims(lab: Enforcing, by_token: str) -> None:
    sts = lab.anonymous("sts")
    token = jwt(iss="https://token.example", sub="repo:abc/app", aud="sts")
    given = sts.assume_role_with_web_identity(RoleArn=by_token, RoleSessionName="job", WebIdentityToken=token)
    assert given["SubjectFromWebIdentityToken"] == "repo:abc/app"
    lab.client("s3", session_keys(given)).list_buckets()


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://token.example", "sub": "repo:evil/app", "aud": "sts"},
        {"iss": "https://other.example", "sub": "repo:abc/app", "aud": "sts"},
        {"iss": "https://token.example", "sub": "repo:abc/app", "aud": "else"},
        {},
    ],
)
def test_a_web_identity_that_the_trust_does_not_mean_is_refused(
    lab: Enforcing, by_token: str, claims: dict[str, str]
) -> None:
    code, _ = refused(
        lab.anonymous("sts").assume_role_with_web_identity,
        RoleArn=by_token,
        RoleSessionName="job",
        WebIdentityToken=jwt(**claims),
    )
    assert code == "AccessDenied"


def assertion(role: str, provider: str, **attributes: str) -> str:
    names = {"Role": f"{role},{provider}", "RoleSessionName": "ann@abc.example", **attributes}
    listed = "".join(
        f'<saml:Attribute Name="https://aws.amazon.com/SAML/Attributes/{name.replace("__", ":")}">'
        f"<saml:AttributeValue>{value}</saml:AttributeValue></saml:Attribute>"
        for name, value in names.items()
    )
    text = (
        '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" '
        'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"><saml:Assertion><saml:AttributeStatement>'
        f"{listed}</saml:AttributeStatement></saml:Assertion></samlp:Response>"
    )
    return base64.b64encode(text.encode()).decode()


def test_a_saml_sign_in_brings_its_tags(lab: Enforcing) -> None:
    provider = "arn:aws:iam::111111111111:saml-provider/idp"
    actions = ["sts:AssumeRoleWithSAML", "sts:TagSession"]
    audience = {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}
    trusts = [
        trusting({"Federated": provider}, actions[0], Condition=audience),
        trusting({"Federated": provider}, actions[1]),
    ]
    by_tag = allow("s3:*", Condition={"StringEquals": {"aws:PrincipalTag/team": "blue"}})
    role = lab.role("people", trusts, by_tag)
    sts = lab.anonymous("sts")
    given = sts.assume_role_with_saml(
        RoleArn=role,
        PrincipalArn=provider,
        SAMLAssertion=assertion(role, provider, PrincipalTag__team="blue"),
    )
    assert given["AssumedRoleUser"]["Arn"].endswith(":assumed-role/people/ann@abc.example")
    lab.client("s3", session_keys(given)).list_buckets()
    other = "arn:aws:iam::111111111111:saml-provider/other"
    code, _ = refused(
        sts.assume_role_with_saml, RoleArn=role, PrincipalArn=other, SAMLAssertion=assertion(role, other)
    )
    assert code == "AccessDenied"


def test_an_unreadable_assertion_is_refused(lab: Enforcing) -> None:
    role = lab.role("people", ROOT)
    code, _ = refused(
        lab.anonymous("sts").assume_role_with_saml,
        RoleArn=role,
        PrincipalArn="arn:aws:iam::111111111111:saml-provider/idp",
        SAMLAssertion="bm90IHhtbA==",
    )
    assert code == "InvalidIdentityToken"


def test_the_lab_that_does_not_enforce_keeps_sessions_too() -> None:
    from watchword.lab.server import Lab

    with Lab.in_process() as running:
        import boto3

        build: Any = boto3.client
        sts = build(
            "sts",
            endpoint_url=running.endpoint_url,
            region_name="eu-west-1",
            aws_access_key_id="lab",
            aws_secret_access_key="lab",
        )
        role = "arn:aws:iam::222222222222:role/nowhere"
        given = sts.assume_role(RoleArn=role, RoleSessionName="xx", SourceIdentity="ann")
        session = book().get(given["Credentials"]["AccessKeyId"])
        assert session is not None
        assert (session.account, session.source_identity, given["SourceIdentity"]) == (
            "222222222222",
            "ann",
            "ann",
        )
