"""An enforcing lab refuses what AWS refuses, and nothing else: with real clients, on loopback."""

import json
import logging
from typing import Any

import pytest

from tests.lab.gate.enforcing import Enforcing, allow, deny, document, trusting
from tests.lab.gate.refused import refused

ACCOUNT = "111111111111"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
EUROPE = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}


def test_nobody_may_anything_without_a_policy(lab: Enforcing) -> None:
    keys = lab.user("ann")
    code, message = refused(lab.client("iam", keys).create_user, UserName="bob")
    assert code == "AccessDenied"
    assert message == (
        f"User: arn:aws:iam::{ACCOUNT}:user/ann is not authorized to perform: iam:CreateUser on resource: "
        f"arn:aws:iam::{ACCOUNT}:user/bob because no identity-based policy allows the iam:CreateUser action"
    )


def test_everybody_may_ask_who_they_are(lab: Enforcing) -> None:
    keys = lab.user("ann")
    assert lab.client("sts", keys).get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/ann"


def test_an_allow_that_ended_in_2020_allows_nothing(lab: Enforcing) -> None:
    over = {"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}
    keys = lab.user("ann", allow("s3:*", Condition=over))
    assert refused(lab.client("s3", keys).list_buckets)[0] == "AccessDenied"


@pytest.mark.parametrize(
    "condition",
    [
        {"DateGreaterThan": {"aws:CurrentTime": "2999-01-01T00:00:00Z"}},
        {"DateLessThan": {"aws:TokenIssueTime": "2020-01-01T00:00:00Z"}},
        {"NotIpAddressIfExists": {"aws:SourceIp": "127.0.0.0/8"}},
        {"Bool": {"aws:SecureTransport": "false"}},
    ],
)
def test_a_deny_whose_condition_does_not_hold_denies_nothing(
    lab: Enforcing, condition: dict[str, Any]
) -> None:
    keys = lab.user("ann", allow("s3:*"), deny("*", Condition=condition))
    lab.client("s3", keys).list_buckets()


def test_a_deny_whose_condition_holds_denies(lab: Enforcing) -> None:
    now = {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}
    keys = lab.user("ann", allow("s3:*"), deny("*", Condition=now))
    code, message = refused(lab.client("s3", keys).list_buckets)
    assert (code, message.endswith("with an explicit deny in an identity-based policy")) == (
        "AccessDenied",
        True,
    )


def test_policies_of_groups_and_attached_ones_count(lab: Enforcing) -> None:
    keys = lab.user("ann")
    iam = lab.client("iam")
    iam.create_group(GroupName="readers")
    iam.attach_group_policy(GroupName="readers", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
    assert refused(lab.client("s3", keys).list_buckets)[0] == "AccessDenied"
    iam.add_user_to_group(GroupName="readers", UserName="ann")
    lab.client("s3", keys).list_buckets()
    iam.attach_user_policy(UserName="ann", PolicyArn="arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess")
    lab.client("ec2", keys).describe_vpcs()


def test_the_default_version_of_a_policy_counts(lab: Enforcing) -> None:
    iam = lab.client("iam")
    made = iam.create_policy(PolicyName="p", PolicyDocument=document(allow("s3:*")))["Policy"]["Arn"]
    keys = lab.user("ann")
    iam.attach_user_policy(UserName="ann", PolicyArn=made)
    lab.client("s3", keys).list_buckets()
    iam.create_policy_version(PolicyArn=made, PolicyDocument=document(allow("ec2:*")), SetAsDefault=True)
    assert refused(lab.client("s3", keys).list_buckets)[0] == "AccessDenied"


def test_a_boundary_limits(lab: Enforcing) -> None:
    fence = lab.client("iam").create_policy(PolicyName="fence", PolicyDocument=document(allow("s3:*")))
    keys = lab.user("ann", allow("*"), boundary=fence["Policy"]["Arn"])
    lab.client("s3", keys).list_buckets()
    code, message = refused(lab.client("ec2", keys).describe_vpcs)
    assert code == "UnauthorizedOperation"
    assert message.endswith("because no permissions boundary allows the ec2:DescribeVpcs action")


def guard(lab: Enforcing, kind: str, *statements: dict[str, Any]) -> None:
    organizations = lab.client("organizations")
    root = organizations.list_roots()["Roots"][0]["Id"]
    made = organizations.create_policy(
        Name=kind.lower(), Description="", Type=kind, Content=document(*statements)
    )
    organizations.attach_policy(PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=root)


def test_an_scp_on_the_root_binds_members_and_not_the_management_account(lab: Enforcing) -> None:
    _, member = lab.member("dev")
    lab.client("ec2", member).describe_vpcs()
    guard(lab, "SERVICE_CONTROL_POLICY", deny("ec2:*"))
    code, message = refused(lab.client("ec2", member).describe_vpcs)
    assert code == "UnauthorizedOperation"
    assert message.endswith("with an explicit deny in a service control policy")
    lab.client("s3", member).list_buckets()
    lab.client("ec2").describe_vpcs()


def test_a_level_without_an_scp_that_allows_denies(lab: Enforcing) -> None:
    account, member = lab.member("dev")
    organizations = lab.client("organizations")
    organizations.detach_policy(PolicyId="p-FullAWSAccess", TargetId=account)
    message = refused(lab.client("s3", member).list_buckets)[1]
    assert message.endswith("because no service control policy allows the s3:ListAllMyBuckets action")


def test_an_scp_spares_service_linked_roles(lab: Enforcing) -> None:
    from watchword.lab.gate.sessions import Session, book

    account, member = lab.member("dev")
    guard(lab, "SERVICE_CONTROL_POLICY", deny("ec2:*"))
    iam = lab.client("iam", member)
    role = iam.create_service_linked_role(AWSServiceName="support.amazonaws.com")["Role"]
    iam.put_role_policy(RoleName=role["RoleName"], PolicyName="own", PolicyDocument=document(allow("ec2:*")))
    from datetime import timedelta

    from watchword.lab.gate.clock import lab_clock

    now = lab_clock().now()
    arn = role["Arn"]
    book().add(Session("ASIALINKED", "AssumedRole", account, arn, "svc", now, now + timedelta(hours=1)))
    lab.client("ec2", ("ASIALINKED", "x", "y")).describe_vpcs()


def test_an_rcp_binds_outsiders_at_a_members_resource(lab: Enforcing) -> None:
    account, member = lab.member("data")
    theirs = lab.client("s3", member)
    theirs.create_bucket(Bucket="members", **EUROPE)
    shared = {**allow("s3:*", ["arn:aws:s3:::members", "arn:aws:s3:::members/*"]), "Principal": "*"}
    theirs.put_bucket_policy(Bucket="members", Policy=document(shared))
    lab.client("s3").list_objects_v2(Bucket="members")
    outside = {"StringNotEquals": {"aws:PrincipalAccount": account}}
    guard(lab, "RESOURCE_CONTROL_POLICY", {**deny("s3:*", Condition=outside), "Principal": "*"})
    message = refused(lab.client("s3").list_objects_v2, Bucket="members")[1]
    assert message.endswith("with an explicit deny in a resource control policy")
    theirs.list_objects_v2(Bucket="members")


def test_a_bucket_policys_deny_on_a_tag_hits_the_tagged_object_alone(lab: Enforcing) -> None:
    s3 = lab.client("s3")
    s3.create_bucket(Bucket="files", **EUROPE)
    s3.put_object(Bucket="files", Key="open", Body=b"1")
    s3.put_object(Bucket="files", Key="secret", Body=b"2", Tagging="classification=restricted")
    restricted = {"StringEquals": {"s3:ExistingObjectTag/classification": "restricted"}}
    closed = {**deny("s3:GetObject", "arn:aws:s3:::files/*", Condition=restricted), "Principal": "*"}
    s3.put_bucket_policy(Bucket="files", Policy=document(closed))
    assert s3.get_object(Bucket="files", Key="open")["Body"].read() == b"1"
    code, message = refused(s3.get_object, Bucket="files", Key="secret")
    assert (code, message.endswith("with an explicit deny in a resource-based policy")) == (
        "AccessDenied",
        True,
    )


def test_a_bucket_of_another_account_needs_both_sides(lab: Enforcing) -> None:
    account, member = lab.member("dev")
    lab.client("s3").create_bucket(Bucket="ours", **EUROPE)
    lab.client("s3").put_object(Bucket="ours", Key="k", Body=b"1")
    theirs = lab.client("s3", member)
    message = refused(theirs.get_object, Bucket="ours", Key="k")[1]
    assert message.endswith("because no resource-based policy allows the s3:GetObject action")
    shared = {
        **allow("s3:GetObject", "arn:aws:s3:::ours/*"),
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
    }
    lab.client("s3").put_bucket_policy(Bucket="ours", Policy=document(shared))
    assert theirs.get_object(Bucket="ours", Key="k")["Body"].read() == b"1"
    weak = lab.user("weak", allow("sqs:*"), iam=lab.client("iam", member))
    assert "no identity-based policy" in refused(lab.client("s3", weak).get_object, Bucket="ours", Key="k")[1]


def test_a_resource_policy_that_names_the_user_is_enough_in_one_account(lab: Enforcing) -> None:
    keys = lab.user("ann")
    lab.client("s3").create_bucket(Bucket="ours", **EUROPE)
    named = {
        **allow("s3:ListBucket", "arn:aws:s3:::ours"),
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/ann"},
    }
    lab.client("s3").put_bucket_policy(Bucket="ours", Policy=document(named))
    lab.client("s3", keys).list_objects_v2(Bucket="ours")


def test_anonymous_callers_get_what_is_public_and_nothing_else(lab: Enforcing) -> None:
    s3 = lab.client("s3")
    s3.create_bucket(Bucket="website", **EUROPE)
    s3.put_object(Bucket="website", Key="index.html", Body=b"hello")
    nobody = lab.anonymous("s3")
    assert refused(nobody.get_object, Bucket="website", Key="index.html") == ("AccessDenied", "Access Denied")
    public = {**allow("s3:GetObject", "arn:aws:s3:::website/*"), "Principal": "*"}
    s3.put_bucket_policy(Bucket="website", Policy=document(public))
    assert nobody.get_object(Bucket="website", Key="index.html")["Body"].read() == b"hello"
    assert refused(nobody.list_objects_v2, Bucket="website")[0] == "AccessDenied"


@pytest.mark.parametrize("of_account", [False, True])
def test_the_block_of_public_access_closes_a_public_bucket(lab: Enforcing, of_account: bool) -> None:
    s3 = lab.client("s3")
    s3.create_bucket(Bucket="website", **EUROPE)
    s3.put_object(Bucket="website", Key="k", Body=b"hello")
    public = {**allow("s3:GetObject", "arn:aws:s3:::website/*"), "Principal": "*"}
    s3.put_bucket_policy(Bucket="website", Policy=document(public))
    block = {"PublicAccessBlockConfiguration": {"RestrictPublicBuckets": True}}
    if of_account:
        from moto.s3control.models import s3control_backends

        s3control_backends[ACCOUNT]["aws"].put_public_access_block(
            ACCOUNT, block["PublicAccessBlockConfiguration"]
        )
    else:
        s3.put_public_access_block(Bucket="website", **block)
    assert refused(lab.anonymous("s3").get_object, Bucket="website", Key="k")[0] == "AccessDenied"
    s3.get_object(Bucket="website", Key="k")


def key_policy(*statements: dict[str, Any]) -> str:
    return document(
        *({**statement, "Principal": statement.get("Principal", {"AWS": ROOT})} for statement in statements)
    )


def test_a_key_is_used_by_whom_its_policy_lets(lab: Enforcing) -> None:
    kms = lab.client("kms")
    keys = lab.user("ann", allow("kms:*"))
    administrator = {"AWS": f"arn:aws:iam::{ACCOUNT}:user/lab-administrator"}
    closed = key_policy({**allow("kms:*"), "Principal": administrator})
    key = kms.create_key(Policy=closed)["KeyMetadata"]["KeyId"]
    message = refused(lab.client("kms", keys).encrypt, KeyId=key, Plaintext=b"x")[1]
    assert message.endswith("because no resource-based policy allows the kms:Encrypt action")
    opened = key_policy({**allow("kms:*"), "Principal": administrator}, allow("kms:Encrypt"))
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=opened)
    sealed = lab.client("kms", keys).encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    assert "kms:Decrypt" in refused(lab.client("kms", keys).decrypt, CiphertextBlob=sealed)[1]
    assert kms.decrypt(CiphertextBlob=sealed)["Plaintext"] == b"x"


def test_queues_topics_and_secrets_of_another_account_answer_whom_they_let(lab: Enforcing) -> None:
    account, member = lab.member("dev")
    sqs = lab.client("sqs")
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    theirs = lab.client("sqs", member)
    assert refused(theirs.send_message, QueueUrl=url, MessageBody="x")[0].startswith("AccessDenied")
    arn = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs"
    opened = {**allow("sqs:SendMessage", arn), "Principal": {"AWS": account}}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document(opened)})
    theirs.send_message(QueueUrl=url, MessageBody="hello")
    assert sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "hello"


def test_external_id_and_mfa_are_asked_by_the_trust(lab: Enforcing) -> None:
    with_id = lab.role("partner", [trusting(ROOT, Condition={"StringEquals": {"sts:ExternalId": "x9"}})])
    sts = lab.client("sts")
    assert refused(sts.assume_role, RoleArn=with_id, RoleSessionName="xx")[0] == "AccessDenied"
    assert (
        refused(sts.assume_role, RoleArn=with_id, RoleSessionName="xx", ExternalId="yy")[0] == "AccessDenied"
    )
    sts.assume_role(RoleArn=with_id, RoleSessionName="xx", ExternalId="x9")
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    with_mfa = lab.role("careful", [trusting(ROOT, Condition=mfa)])
    assert refused(sts.assume_role, RoleArn=with_mfa, RoleSessionName="xx")[0] == "AccessDenied"
    device = f"arn:aws:iam::{ACCOUNT}:mfa/lab-administrator"
    sts.assume_role(RoleArn=with_mfa, RoleSessionName="xx", SerialNumber=device, TokenCode="123456")


def test_a_role_that_does_not_exist_cannot_be_assumed(lab: Enforcing) -> None:
    role = "arn:aws:iam::222222222222:role/nowhere"
    assert refused(lab.client("sts").assume_role, RoleArn=role, RoleSessionName="xx")[0] == "AccessDenied"


def test_the_trust_alone_does_not_let_another_account_in(lab: Enforcing) -> None:
    account, member = lab.member("dev")
    role = lab.role("hub", f"arn:aws:iam::{account}:root")
    weak = lab.user("weak", iam=lab.client("iam", member))
    assert (
        refused(lab.client("sts", weak).assume_role, RoleArn=role, RoleSessionName="xx")[0] == "AccessDenied"
    )
    lab.assume(role, member)


def test_passing_a_role_takes_its_own_permission(lab: Enforcing) -> None:
    role = lab.role("power", {"Service": "lambda.amazonaws.com"}, allow("*"))
    function = {
        "FunctionName": "f",
        "Role": role,
        "Runtime": "python3.12",
        "Handler": "h.h",
        "Code": {"ZipFile": b"PK\x05\x06" + bytes(18)},
    }
    keys = lab.user("dev", allow("lambda:*"))
    code, message = refused(lab.client("lambda", keys).create_function, **function)
    assert code == "AccessDeniedException"
    assert f"iam:PassRole on resource: {role}" in message
    to = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    elsewhere = lab.user("dev2", allow("lambda:*"), allow("iam:PassRole", Condition=to))
    assert "iam:PassRole" in refused(lab.client("lambda", elsewhere).create_function, **function)[1]
    to = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    here = lab.user("dev3", allow("lambda:*"), allow("iam:PassRole", Condition=to))
    lab.client("lambda", here).create_function(**function)


def test_tags_of_a_resource_decide(lab: Enforcing) -> None:
    ec2 = lab.client("ec2")
    mine = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    ec2.create_tags(Resources=[mine], Tags=[{"Key": "team", "Value": "blue"}])
    blue = {"StringEquals": {"aws:ResourceTag/team": "blue"}}
    keys = lab.user("ann", allow("ec2:DeleteVpc", Condition=blue))
    assert refused(lab.client("ec2", keys).delete_vpc, VpcId=other)[0] == "UnauthorizedOperation"
    lab.client("ec2", keys).delete_vpc(VpcId=mine)


def test_every_resource_of_a_call_must_be_allowed(lab: Enforcing) -> None:
    ec2 = lab.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    new = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:subnet/*"
    keys = lab.user("half", allow("ec2:CreateSubnet", new))
    message = refused(lab.client("ec2", keys).create_subnet, VpcId=vpc, CidrBlock="10.0.0.0/24")[1]
    assert f"vpc/{vpc}" in message
    both = lab.user("both", allow("ec2:CreateSubnet", [new, f"arn:aws:ec2:eu-west-1:{ACCOUNT}:vpc/{vpc}"]))
    lab.client("ec2", both).create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")


def test_a_request_through_an_endpoint_passes_the_endpoints_policy(lab: Enforcing) -> None:
    ec2 = lab.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    policy = document({**allow("s3:GetObject"), "Principal": "*"})
    made = ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName="com.amazonaws.eu-west-1.s3", PolicyDocument=policy
    )["VpcEndpoint"]["VpcEndpointId"]
    inside = lab.client("s3", X_Lab_Source_Vpce=f"{made},{vpc}")
    message = refused(inside.list_buckets)[1]
    assert message.endswith("because no VPC endpoint policy allows the s3:ListAllMyBuckets action")
    only = {"StringEquals": {"aws:SourceVpce": made}}
    keys = lab.user("ann", allow("sqs:*", Condition=only))
    assert refused(lab.client("sqs", keys).list_queues)[0].startswith("AccessDenied")


def test_the_account_cannot_be_chosen_by_a_header(lab: Enforcing) -> None:
    lab.client("iam", x_moto_account_id="222222222222").create_user(UserName="bob")
    names = [user["UserName"] for user in lab.client("iam").list_users()["Users"]]
    assert "bob" in names


@pytest.mark.parametrize("path", ["/moto-api/reset", "/moto-api/data.json", "/latest/meta-data/"])
def test_the_emulators_own_paths_are_closed(lab: Enforcing, path: str) -> None:
    from http.client import HTTPConnection
    from urllib.parse import urlsplit

    connection = HTTPConnection(urlsplit(lab.endpoint_url).netloc)
    connection.request("POST" if "reset" in path else "GET", path)
    assert connection.getresponse().status == 501
    connection.close()
    lab.client("iam").list_users()


def test_what_the_lab_does_not_emulate_says_so_once_it_is_allowed(lab: Enforcing) -> None:
    assert refused(lab.client("amplify").list_apps)[0] == "NotImplemented"
    keys = lab.user("ann")
    assert refused(lab.client("amplify", keys).list_apps)[0] == "AccessDeniedException"


def test_a_refusal_is_logged_with_the_statement_that_decided(
    lab: Enforcing, caplog: pytest.LogCaptureFixture
) -> None:
    keys = lab.user("ann", allow("s3:*"), deny("s3:*", Sid="NoFiles"))
    with caplog.at_level(logging.INFO, logger="watchword.lab.gate.gate"):
        refused(lab.client("s3", keys).list_buckets)
    assert f"arn:aws:iam::{ACCOUNT}:user/ann own statement 1 NoFiles" in caplog.text


def test_the_seed_key_administers_where_the_gate_is_told_so() -> None:
    from watchword.lab.server import Lab

    with Lab.in_process() as running:
        lab = Enforcing(running)
        running.enforce(seed_key=True)
        seeder = ("lab", "lab", None)
        assert lab.client("sts", seeder).get_caller_identity()["Account"] == ACCOUNT
        lab.client("iam", seeder).create_user(UserName="bob")


def test_a_policy_that_aws_could_not_hold_is_not_judged(lab: Enforcing) -> None:
    from watchword.lab.gate.state import iam_of

    keys = lab.user("ann", allow("s3:*"))
    iam_of(ACCOUNT).users["ann"].policies["own"] = json.dumps({"Version": "1999", "Statement": []})
    code, message = refused(lab.client("s3", keys).list_buckets)
    assert (code, "cannot judge" in message) == ("AccessDenied", True)
