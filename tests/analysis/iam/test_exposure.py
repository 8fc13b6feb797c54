"""Who outside may use a policy: conditions and denies count exactly where they decide."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.analysis.iam.audience import Audience, Home
from watchword.analysis.iam.exposure import Certainty, exposures, widest
from watchword.analysis.iam.policy import parse
from watchword.model.ids import AccountId

OWN, MEMBER, STRANGER = "111122223333", "444455556666", "999988887777"
ORG, OTHER_ORG = "o-abcdefghij", "o-zzzzzzzzzz"
HOME = Home(OWN, ORG, frozenset({AccountId(OWN), AccountId(MEMBER)}), frozenset({"own-canonical-id"}))
BUCKET = ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]


def allow(principal="*", condition=None, action="s3:GetObject", resource="arn:aws:s3:::b/*", **more):
    made = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource, **more}
    return {**made, "Condition": condition} if condition else made


def deny(condition=None, principal="*", action="s3:*", resource=BUCKET, **more):
    made = {"Effect": "Deny", "Principal": principal, "Action": action, "Resource": resource, **more}
    return {**made, "Condition": condition} if condition else made


def seen(*statements, home=HOME):
    """What is found, as text: audience, ``?`` where conditional, and the names outside."""
    return [
        one.audience.name
        + ("" if one.is_certain else "?")
        + "".join(f" {name}" for name in sorted(one.accounts | one.organizations))
        for one in exposures(parse({"Statement": list(statements)}), home)
    ]


def root(account):
    return {"AWS": f"arn:aws:iam::{account}:root"}


def equals(key, *values):
    return {"StringEquals": {key: list(values)}}


def like(key, *values):
    return {"StringLike": {key: list(values)}}


GITHUB = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
GITHUB_SUB = "token.actions.githubusercontent.com:sub"
EKS = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12"
COGNITO = "cognito-identity.amazonaws.com"


def trust(provider, condition=None, action="sts:AssumeRoleWithWebIdentity"):
    made = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": action}
    return {**made, "Condition": condition} if condition else made


CASES = [
    # principals
    ("everybody", [allow()], ["ANONYMOUS"]),
    ("everybody by AWS star", [allow({"AWS": "*"})], ["ANONYMOUS"]),
    ("its own account", [allow(root(OWN))], ["OWN_ACCOUNT"]),
    ("a member account", [allow(root(MEMBER))], ["ORGANIZATION"]),
    ("a stranger", [allow(root(STRANGER))], [f"NAMED_OUTSIDE {STRANGER}"]),
    ("a stranger by bare id", [allow({"AWS": STRANGER})], [f"NAMED_OUTSIDE {STRANGER}"]),
    ("a stranger's role", [allow({"AWS": f"arn:aws:iam::{STRANGER}:role/r"})], [f"NAMED_OUTSIDE {STRANGER}"]),
    ("a service", [allow({"Service": "cloudtrail.amazonaws.com"})], ["SERVICE"]),
    ("a deleted role lets nobody in", [allow({"AWS": "AROAEXAMPLEEXAMPLE12"})], []),
    ("an own canonical user", [allow({"CanonicalUser": "own-canonical-id"})], ["OWN_ACCOUNT"]),
    (
        "a canonical user of whom nothing is known",
        [allow({"CanonicalUser": "ab12"})],
        ["NAMED_OUTSIDE? ab12"],
    ),
    (
        "all but one is everybody",
        [{"Effect": "Allow", "NotPrincipal": root(OWN), "Action": "s3:*", "Resource": "*"}],
        ["ANONYMOUS"],
    ),
    ("a statement without principal", [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}], []),
    (
        "an origin access identity of CloudFront",
        [allow({"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"})],
        ["BOUND_SERVICE"],
    ),
    (
        "AWS's account of load balancer logs",
        [allow(root("156460612806"), action="s3:PutObject")],
        ["SERVICE"],
    ),
    (
        "several at once",
        [allow({"AWS": [OWN, MEMBER, STRANGER]})],
        ["OWN_ACCOUNT", "ORGANIZATION", f"NAMED_OUTSIDE {STRANGER}"],
    ),
    ("KMS answers no unsigned request", [allow(action="kms:Decrypt", resource="*")], ["ANY_ACCOUNT"]),
    ("nor does assuming a role", [allow(action="sts:AssumeRole")], ["ANY_ACCOUNT"]),
    ("nor does invoking a function", [allow(action="lambda:InvokeFunction")], ["ANY_ACCOUNT"]),
    (
        "a function's URL does",
        [allow(action="lambda:InvokeFunctionUrl", condition=equals("lambda:FunctionUrlAuthType", "NONE"))],
        ["ANONYMOUS"],
    ),
    (
        "a function's URL with IAM does not",
        [allow(action="lambda:InvokeFunctionUrl", condition=equals("lambda:FunctionUrlAuthType", "AWS_IAM"))],
        ["ANY_ACCOUNT"],
    ),
    (
        "invoking via URL gives nothing by itself",
        [allow(action="lambda:InvokeFunction", condition={"Bool": {"lambda:InvokedViaFunctionUrl": "true"}})],
        [],
    ),
    (
        "clients of a file system come from a VPC",
        [allow(action=["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"])],
        ["NETWORK"],
    ),
    # organisation and accounts
    ("own organisation", [allow(condition=equals("aws:PrincipalOrgID", ORG))], ["ORGANIZATION"]),
    (
        "own organisation in any case of the key",
        [allow(condition=equals("AWS:principalorgid", ORG))],
        ["ORGANIZATION"],
    ),
    (
        "own organisation by variable",
        [allow(condition=equals("aws:PrincipalOrgID", "${aws:ResourceOrgID}"))],
        ["ORGANIZATION"],
    ),
    (
        "a foreign organisation",
        [allow(condition=equals("aws:PrincipalOrgID", OTHER_ORG))],
        [f"NAMED_OUTSIDE {OTHER_ORG}"],
    ),
    (
        "own and a foreign organisation",
        [allow(condition=equals("aws:PrincipalOrgID", ORG, OTHER_ORG))],
        ["ORGANIZATION", f"NAMED_OUTSIDE {OTHER_ORG}"],
    ),
    (
        "any organisation is every account",
        [allow(condition=like("aws:PrincipalOrgID", "o-*"))],
        ["ANY_ACCOUNT"],
    ),
    ("StringEquals takes no wildcards", [allow(condition=equals("aws:PrincipalOrgID", "*"))], []),
    (
        "IfExists lets in whoever has none",
        [allow(condition={"StringEqualsIfExists": {"aws:PrincipalOrgID": ORG}})],
        ["ANONYMOUS"],
    ),
    (
        "ForAllValues lets in whoever has none",
        [allow(condition={"ForAllValues:StringEquals": {"aws:PrincipalOrgID": ORG}})],
        ["ANONYMOUS"],
    ),
    (
        "a negated operator in an Allow",
        [allow(condition={"StringNotEquals": {"aws:PrincipalOrgID": OTHER_ORG}})],
        ["ANONYMOUS"],
    ),
    (
        "paths of the own organisation",
        [allow(condition={"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{ORG}/r-ab/ou-cd/*"}})],
        ["ORGANIZATION"],
    ),
    (
        "paths of any organisation",
        [allow(condition={"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-*/r-ab/*"}})],
        ["ANY_ACCOUNT"],
    ),
    (
        "a stranger who must be of the organisation",
        [allow(root(STRANGER), equals("aws:PrincipalOrgID", ORG))],
        [],
    ),
    (
        "a member who must be of the organisation",
        [allow(root(MEMBER), equals("aws:PrincipalOrgID", ORG))],
        ["ORGANIZATION"],
    ),
    (
        "an account by key",
        [allow(condition=equals("aws:PrincipalAccount", STRANGER))],
        [f"NAMED_OUTSIDE {STRANGER}"],
    ),
    (
        "a principal's ARN",
        [allow(condition={"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{OWN}:role/app-*"}})],
        ["OWN_ACCOUNT"],
    ),
    (
        "a role's name in whatever account",
        [allow(condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/app"}})],
        ["ANY_ACCOUNT"],
    ),
    (
        "a principal's ARN whose wildcard spans the account",
        [allow(condition=like("aws:PrincipalArn", f"arn:*:iam::{OWN}:role/x"))],
        ["OWN_ACCOUNT?"],
    ),
    (
        "SNS's own default policy",
        [
            allow(
                {"AWS": "*"},
                equals("AWS:SourceOwner", OWN),
                "SNS:Publish",
                "arn:aws:sns:eu-west-1:111122223333:t",
            )
        ],
        ["OWN_ACCOUNT"],
    ),
    (
        "KMS's policy for a service",
        [
            allow(
                condition=equals("kms:CallerAccount", OWN) | like("kms:ViaService", "s3.*.amazonaws.com"),
                action="kms:*",
            )
        ],
        ["OWN_ACCOUNT"],
    ),
    (
        "ViaService alone does not say who",
        [allow(condition=equals("kms:ViaService", "s3.eu-west-1.amazonaws.com"), action="kms:Decrypt")],
        ["ANY_ACCOUNT"],
    ),
    (
        "a tag that everybody can give himself",
        [allow(condition=equals("aws:PrincipalTag/team", "x"))],
        ["ANY_ACCOUNT"],
    ),
    ("a second factor", [allow(condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})], ["ANY_ACCOUNT"]),
    (
        "an external id does not say who",
        [
            {
                "Effect": "Allow",
                "Principal": root(STRANGER),
                "Action": "sts:AssumeRole",
                "Condition": equals("sts:ExternalId", "x"),
            }
        ],
        [f"NAMED_OUTSIDE {STRANGER}"],
    ),
    (
        "access points of the own account",
        [allow({"AWS": "*"}, equals("s3:DataAccessPointAccount", OWN), "s3:*", BUCKET)],
        ["OWN_ACCOUNT"],
    ),
    (
        "access points of a stranger",
        [allow(condition=equals("s3:DataAccessPointAccount", STRANGER))],
        [f"NAMED_OUTSIDE {STRANGER}"],
    ),
    (
        "a stranger through an own access point",
        [allow(root(STRANGER), equals("s3:DataAccessPointAccount", OWN))],
        [f"NAMED_OUTSIDE {STRANGER}"],
    ),
    # services and their sources
    (
        "a service for its own account",
        [allow({"Service": "cloudtrail.amazonaws.com"}, equals("aws:SourceAccount", OWN))],
        ["BOUND_SERVICE"],
    ),
    (
        "a service for the organisation",
        [allow({"Service": "config.amazonaws.com"}, equals("aws:SourceOrgID", ORG))],
        ["BOUND_SERVICE"],
    ),
    (
        "a service for a stranger",
        [allow({"Service": "config.amazonaws.com"}, equals("aws:SourceAccount", STRANGER))],
        [f"SERVICE {STRANGER}"],
    ),
    (
        "a service for a named distribution",
        [
            allow(
                {"Service": "cloudfront.amazonaws.com"},
                equals("AWS:SourceArn", f"arn:aws:cloudfront::{OWN}:distribution/E1"),
            )
        ],
        ["BOUND_SERVICE"],
    ),
    (
        "a service for anyone's rule",
        [
            allow(
                {"Service": "events.amazonaws.com"},
                {"ArnLike": {"aws:SourceArn": "arn:aws:events:*:*:rule/x"}},
                "sqs:SendMessage",
            )
        ],
        ["SERVICE"],
    ),
    (
        "a queue that takes from a bucket",
        [allow({"AWS": "*"}, {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::uploads"}}, "sqs:SendMessage", "*")],
        ["BOUND_SERVICE"],
    ),
    (
        "a queue that takes from buckets of a beginning",
        [allow("*", {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::uploads-*"}}, "sqs:SendMessage", "*")],
        ["BOUND_SERVICE?"],
    ),
    (
        "a queue that takes from an own topic",
        [
            allow(
                "*",
                {"ArnEquals": {"aws:SourceArn": f"arn:aws:sns:eu-west-1:{OWN}:t"}},
                "sqs:SendMessage",
                "*",
            )
        ],
        ["BOUND_SERVICE"],
    ),
    (
        "a queue that takes from anything",
        [allow("*", {"ArnLike": {"aws:SourceArn": "*"}}, "sqs:SendMessage", "*")],
        ["ANY_ACCOUNT"],
    ),
    ("only services", [allow(condition={"Bool": {"aws:PrincipalIsAWSService": "true"}})], ["SERVICE"]),
    # network
    ("a VPC endpoint", [allow(condition=equals("aws:SourceVpce", "vpce-1a2b3c4d"))], ["NETWORK"]),
    ("any VPC endpoint", [allow(condition=like("aws:SourceVpce", "vpce-*"))], ["ANONYMOUS"]),
    (
        "a VPC endpoint if there is one",
        [allow(condition={"StringEqualsIfExists": {"aws:SourceVpce": "vpce-1"}})],
        ["ANONYMOUS"],
    ),
    ("a VPC", [allow(condition=equals("aws:SourceVpc", "vpc-1"))], ["NETWORK"]),
    (
        "an office",
        [allow(condition={"IpAddress": {"aws:SourceIp": ["198.41.128.0/28", "2606:4700::/48"]}})],
        ["NETWORK"],
    ),
    ("the whole internet", [allow(condition={"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}})], ["ANONYMOUS"]),
    (
        "the whole internet of IPv6",
        [allow(condition={"IpAddress": {"aws:SourceIp": ["198.41.128.0/28", "::/0"]}})],
        ["ANONYMOUS"],
    ),
    (
        "the whole internet in halves",
        [allow(condition={"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}})],
        ["ANONYMOUS"],
    ),
    ("a very wide range", [allow(condition={"IpAddress": {"aws:SourceIp": "17.0.0.0/8"}})], ["ANONYMOUS?"]),
    (
        "private addresses never come from the internet",
        [allow(condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})],
        ["NETWORK"],
    ),
    (
        "private addresses of whatever VPC",
        [allow(condition={"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}})],
        ["ANONYMOUS"],
    ),
    ("a range that is none", [allow(condition={"IpAddress": {"aws:SourceIp": "office"}})], ["ANONYMOUS?"]),
    (
        "everybody but a range",
        [allow(condition={"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}})],
        ["ANONYMOUS"],
    ),
    (
        "a stranger from an office is a stranger",
        [allow(root(STRANGER), {"IpAddress": {"aws:SourceIp": "198.41.128.0/28"}})],
        [f"NAMED_OUTSIDE {STRANGER}"],
    ),
    (
        "network and organisation",
        [allow(condition=equals("aws:SourceVpce", "vpce-1") | like("aws:PrincipalOrgID", ORG))],
        ["ORGANIZATION"],
    ),
    (
        "a header that anybody can send",
        [allow(condition=like("aws:Referer", "https://example.com/*"))],
        ["ANONYMOUS"],
    ),
    (
        "encryption in transit does not say who",
        [allow(condition={"Bool": {"aws:SecureTransport": "true"}})],
        ["ANONYMOUS"],
    ),
    (
        "presence of an account, which unsigned requests have too",
        [allow(condition={"Null": {"aws:PrincipalAccount": "false"}})],
        ["ANONYMOUS"],
    ),
    (
        "presence of a principal's ARN",
        [allow(condition={"Null": {"aws:PrincipalArn": "false"}})],
        ["ANY_ACCOUNT"],
    ),
    # what is not known
    ("a key that is not known", [allow(condition=equals("acme:Secret", "x"))], ["ANONYMOUS?"]),
    (
        "an operator that is not known",
        [allow(condition={"StringResembles": {"aws:PrincipalOrgID": ORG}})],
        ["ANONYMOUS?"],
    ),
    ("a time", [allow(condition={"DateLessThan": {"aws:CurrentTime": "2020-01-01"}})], ["ANONYMOUS?"]),
    ("an element that is not known", [allow(Conditions={})], ["ANONYMOUS?"]),
    (
        "a known condition beside an unknown one",
        [allow(condition=equals("acme:x", "y") | like("aws:PrincipalOrgID", ORG))],
        ["ORGANIZATION?"],
    ),
    # denies
    (
        "denied unless of the organisation",
        [allow(), deny({"StringNotEquals": {"aws:PrincipalOrgID": ORG}})],
        ["ORGANIZATION"],
    ),
    (
        "denied unless of the organisation, if it has one",
        [allow(), deny({"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG}})],
        ["ORGANIZATION"],
    ),
    (
        "denied for any value only, which the anonymous lack",
        [allow(), deny({"ForAnyValue:StringNotLike": {"aws:PrincipalOrgPaths": f"{ORG}/*"}})],
        ["ANONYMOUS"],
    ),
    (
        "denied for all values",
        [allow(), deny({"ForAllValues:StringNotLike": {"aws:PrincipalOrgPaths": f"{ORG}/*"}})],
        ["ORGANIZATION"],
    ),
    (
        "denied for plain HTTP only",
        [allow(), deny({"Bool": {"aws:SecureTransport": "false"}})],
        ["ANONYMOUS"],
    ),
    ("denied outright", [allow(), deny()], []),
    ("denied outright for another action", [allow(), deny(action="s3:PutObject")], ["ANONYMOUS"]),
    (
        "denied outright for another prefix",
        [allow(), deny(resource="arn:aws:s3:::b/private/*")],
        ["ANONYMOUS"],
    ),
    (
        "denied outright for all but another action",
        [allow(), deny(NotAction="s3:PutObject", action=None)],
        [],
    ),
    (
        "one of two actions denied",
        [allow(action=["s3:GetObject", "s3:ListBucket"], resource=BUCKET), deny(action="s3:GetObject")],
        ["ANONYMOUS"],
    ),
    (
        "each of two actions denied apart",
        [
            allow(action=["s3:GetObject", "s3:ListBucket"], resource=BUCKET),
            deny(action="s3:GetObject"),
            deny(action="s3:ListBucket"),
        ],
        [],
    ),
    (
        "objects denied, which the bucket's ARN has none of",
        [allow(resource=BUCKET), deny(resource="arn:aws:s3:::b/*")],
        [],
    ),
    (
        "data perimeter: organisation, partner, services",
        [
            allow(),
            deny(
                {
                    "StringNotEquals": {"aws:PrincipalOrgID": ORG, "aws:PrincipalAccount": STRANGER},
                    "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
                }
            ),
        ],
        ["ORGANIZATION", "SERVICE", f"NAMED_OUTSIDE {STRANGER}"],
    ),
    (
        "via a service anybody's principal comes",
        [
            allow(),
            deny(
                {
                    "StringNotEquals": {"aws:PrincipalOrgID": ORG},
                    "BoolIfExists": {"aws:ViaAWSService": "false"},
                }
            ),
        ],
        ["ORGANIZATION", "ANY_ACCOUNT"],
    ),
    (
        "denied outside the network",
        [allow(), deny({"StringNotEquals": {"aws:SourceVpce": "vpce-1"}})],
        ["NETWORK"],
    ),
    (
        "denied outside the office",
        [allow(), deny({"NotIpAddress": {"aws:SourceIp": "198.41.128.0/28"}})],
        ["NETWORK"],
    ),
    (
        "denied outside everywhere",
        [allow(), deny({"NotIpAddress": {"aws:SourceIp": "0.0.0.0/0"}})],
        ["ANONYMOUS"],
    ),
    (
        "denied to all but named ARNs",
        [allow(), deny({"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{OWN}:role/app"}})],
        ["OWN_ACCOUNT"],
    ),
    (
        "denied to all but named principals",
        [allow(), {"Effect": "Deny", "NotPrincipal": root(OWN), "Action": "*", "Resource": "*"}],
        ["OWN_ACCOUNT"],
    ),
    ("denied to a stranger", [allow(root(STRANGER)), deny(principal=root(STRANGER))], []),
    (
        "denied to a stranger's one role",
        [allow(root(STRANGER)), deny(principal={"AWS": f"arn:aws:iam::{STRANGER}:role/r"})],
        [f"NAMED_OUTSIDE {STRANGER}"],
    ),
    (
        "denied to a stranger by key",
        [allow({"AWS": [STRANGER, OWN]}), deny(equals("aws:PrincipalAccount", STRANGER))],
        ["OWN_ACCOUNT"],
    ),
    (
        "denied to who has no organisation",
        [allow(), deny({"Null": {"aws:PrincipalOrgID": "true"}})],
        ["ANY_ACCOUNT"],
    ),
    (
        "denied without a second factor",
        [allow(), deny({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}})],
        ["ANY_ACCOUNT"],
    ),
    (
        "denied without a second factor to who could have one",
        [allow(), deny({"Bool": {"aws:MultiFactorAuthPresent": "false"}})],
        ["ANONYMOUS"],
    ),
    (
        "denied by a key that is not known",
        [allow(), deny({"StringNotEquals": {"acme:x": "y"}})],
        ["ANONYMOUS?"],
    ),
    (
        "denied with weak encryption only",
        [
            allow(action="s3:PutObject"),
            deny({"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}),
        ],
        ["ANONYMOUS"],
    ),
    # trust
    (
        "a SAML provider",
        [
            trust(
                "arn:aws:iam::111122223333:saml-provider/corp",
                equals("SAML:aud", "https://signin.aws.amazon.com/saml"),
                "sts:AssumeRoleWithSAML",
            )
        ],
        ["FEDERATED"],
    ),
    (
        "GitHub without subject is everybody at GitHub",
        [trust(GITHUB, equals("token.actions.githubusercontent.com:aud", "sts.amazonaws.com"))],
        ["ANONYMOUS"],
    ),
    ("GitHub with an organisation", [trust(GITHUB, like(GITHUB_SUB, "repo:acme/*"))], ["FEDERATED"]),
    (
        "GitHub with an organisation's beginning",
        [trust(GITHUB, like(GITHUB_SUB, "repo:acme*"))],
        ["ANONYMOUS"],
    ),
    ("GitHub with any repository", [trust(GITHUB, like(GITHUB_SUB, "repo:*"))], ["ANONYMOUS"]),
    (
        "GitHub with one open alternative",
        [trust(GITHUB, like(GITHUB_SUB, "repo:acme/*", "*"))],
        ["ANONYMOUS"],
    ),
    (
        "GitHub with a subject for all values",
        [trust(GITHUB, {"ForAllValues:StringLike": {GITHUB_SUB: "repo:acme/*"}})],
        ["ANONYMOUS"],
    ),
    (
        "GitHub with an environment only",
        [trust(GITHUB, equals("token.actions.githubusercontent.com:environment", "prod"))],
        ["ANONYMOUS"],
    ),
    ("a cluster's own provider", [trust(EKS)], ["FEDERATED"]),
    (
        "Cognito without pool",
        [trust(COGNITO, {"ForAnyValue:StringLike": {f"{COGNITO}:amr": "authenticated"}})],
        ["ANONYMOUS"],
    ),
    (
        "Cognito's signed-in users",
        [
            trust(
                COGNITO,
                equals(f"{COGNITO}:aud", "eu-west-1:1")
                | {"ForAnyValue:StringLike": {f"{COGNITO}:amr": "authenticated"}},
            )
        ],
        ["FEDERATED"],
    ),
    (
        "Cognito's unknown users",
        [
            trust(
                COGNITO,
                equals(f"{COGNITO}:aud", "eu-west-1:1")
                | {"ForAnyValue:StringLike": {f"{COGNITO}:amr": "unauthenticated"}},
            )
        ],
        ["ANONYMOUS"],
    ),
    (
        "Cognito's pool, whichever it lets in",
        [trust(COGNITO, equals(f"{COGNITO}:aud", "eu-west-1:1"))],
        ["ANONYMOUS?"],
    ),
]


@pytest.mark.parametrize(("title", "statements", "expected"), CASES, ids=[title for title, *_ in CASES])
def test_audiences_are_as_stated(title, statements, expected):
    clean = [{key: value for key, value in one.items() if value is not None} for one in statements]
    assert seen(*clean) == expected


def test_a_deny_on_the_resource_itself_closes_an_allow_on_star():
    queue = "arn:aws:sqs:eu-west-1:111122223333:q"
    statements = (
        allow(action="sqs:SendMessage", resource="*"),
        deny({"StringNotEquals": {"aws:PrincipalOrgID": ORG}}, action="sqs:*", resource=queue),
    )
    assert seen(*statements) == ["ANONYMOUS"]
    assert seen(*statements, home=Home(OWN, ORG, HOME.accounts, resource=queue)) == ["ORGANIZATION"]


def test_where_the_organisation_is_not_known_nothing_about_it_is_certain():
    alone = Home(OWN)
    assert seen(allow(condition=equals("aws:PrincipalOrgID", ORG)), home=alone) == [f"NAMED_OUTSIDE? {ORG}"]
    assert seen(allow(root(STRANGER)), home=alone) == [f"NAMED_OUTSIDE? {STRANGER}"]
    assert seen(allow(), home=alone) == ["ANONYMOUS"]


def test_the_exposure_says_which_statement_and_which_conditions_decided():
    document = {
        "Statement": [allow(root(OWN)), allow(condition=equals("aws:PrincipalOrgID", ORG), Sid="Share")]
    }
    found = widest(exposures(parse(document), HOME))
    assert found is not None
    assert (found.statement, found.sid, found.certainty) == (1, "Share", Certainty.CERTAIN)
    assert found.narrowed_by == (f"StringEquals aws:PrincipalOrgID {ORG}",)
    assert "statement 'Share'" in found.sentence


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (like("aws:Referer", "https://abc.example/*"), "StringLike aws:Referer https://abc.example/*"),
        (
            {"StringEqualsIfExists": {"aws:PrincipalOrgID": ORG}},
            f"StringEqualsIfExists aws:PrincipalOrgID {ORG}",
        ),
    ],
)
def test_a_condition_that_does_not_say_who_is_told_as_such(condition, words):
    (found,) = exposures(parse({"Statement": [allow(condition=condition)]}), HOME)
    assert found.narrowed_by == ()
    assert f"({words} does not narrow who)" in found.sentence


def test_a_service_with_a_stranger_behind_it_counts_as_outside():
    document = {"Statement": [allow({"Service": "s3.amazonaws.com"}, equals("aws:SourceAccount", STRANGER))]}
    (found,) = exposures(parse(document), HOME)
    assert found.is_outside
    assert not found.is_public


# --- properties ------------------------------------------------------------------------------------------------------

ACCOUNTS = st.sampled_from([OWN, MEMBER, STRANGER])
PRINCIPALS = st.one_of(
    st.just("*"),
    ACCOUNTS.map(root),
    st.lists(ACCOUNTS, min_size=1, max_size=3).map(lambda found: {"AWS": found}),
    st.just({"Service": "sns.amazonaws.com"}),
    st.just({"Federated": GITHUB}),
)
KEYS = {
    "aws:PrincipalOrgID": [ORG, OTHER_ORG, "o-*"],
    "aws:PrincipalAccount": [OWN, MEMBER, STRANGER, "*"],
    "aws:PrincipalArn": [f"arn:aws:iam::{STRANGER}:role/x", "arn:aws:iam::*:role/x"],
    "aws:SourceAccount": [OWN, STRANGER],
    "aws:SourceArn": [f"arn:aws:sns:eu-west-1:{STRANGER}:t", "arn:aws:s3:::b", "*"],
    "aws:SourceVpce": ["vpce-1", "*"],
    "aws:PrincipalTag/x": ["y"],
    "acme:unknown": ["x"],
    "s3:prefix": ["x"],
    GITHUB_SUB: ["repo:acme/x", "repo:*"],
}


@st.composite
def conditions(draw, operators):
    key = draw(st.sampled_from(sorted(KEYS)))
    values = draw(st.lists(st.sampled_from(KEYS[key]), min_size=1, max_size=2))
    return {draw(st.sampled_from(operators)): {key: values}}


POSITIVE = [
    "StringEquals",
    "StringLike",
    "StringEqualsIfExists",
    "ForAnyValue:StringLike",
    "ForAllValues:StringEquals",
]
ANY = [
    *POSITIVE,
    "StringNotEquals",
    "StringNotLike",
    "StringNotEqualsIfExists",
    "ForAnyValue:StringNotEquals",
]


@st.composite
def statements(draw, effect):
    made = {
        "Effect": effect,
        "Principal": draw(PRINCIPALS),
        "Resource": draw(st.sampled_from(["*", "arn:aws:s3:::b/*"])),
    }
    made["Action"] = draw(st.sampled_from(["s3:GetObject", "s3:*", ["s3:GetObject", "s3:PutObject"]]))
    for one in draw(st.lists(conditions(ANY), max_size=2)):
        made.setdefault("Condition", {}).update(one)
    return made


def width(*found):
    top = widest(exposures(parse({"Statement": list(found)}), HOME))
    return int(top.audience) if top else 0


@given(
    st.lists(statements("Allow"), min_size=1, max_size=3),
    st.lists(statements("Deny"), max_size=2),
    statements("Deny"),
)
def test_to_add_a_deny_never_widens(allows, denies, another):
    assert width(*allows, *denies, another) <= width(*allows, *denies)


@given(statements("Allow"), conditions(POSITIVE), st.lists(statements("Deny"), max_size=1))
def test_to_add_a_positive_condition_never_widens(statement, another, denies):
    (operator, keys), before = next(iter(another.items())), statement.get("Condition", {})
    if operator not in before:
        narrower = {**statement, "Condition": {**before, operator: keys}}
        assert width(narrower, *denies) <= width(statement, *denies)


@given(statements("Allow"), statements("Allow"))
def test_to_add_an_allow_never_narrows(one, other):
    assert width(one, other) >= width(one)


@given(st.lists(statements("Allow"), max_size=2), st.lists(statements("Deny"), max_size=2))
def test_the_order_of_statements_does_not_matter(allows, denies):
    assert width(*allows, *denies) == width(*denies, *reversed(allows))


def test_audiences_have_words():
    assert all(audience.words for audience in Audience)
