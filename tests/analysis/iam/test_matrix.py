"""The access matrix: each answer by hand, and sampled cells against the evaluator."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest

from tests.analysis.iam.estates import (
    FULL,
    ROLES,
    UNIVERSE,
    access,
    allow,
    carrier,
    deny,
    identity,
    of_policies,
    random_identity,
    resources_of,
)
from tests.analysis.iam.generators import HOME, OTHER, TARGETS
from watchword.analysis.iam import Decision, Library, Request, compile_policy, evaluate
from watchword.analysis.iam.access import Identity
from watchword.analysis.iam.actions import AccessLevel
from watchword.analysis.iam.control_policies import ControlPolicies
from watchword.analysis.iam.evaluation import NEVER
from watchword.analysis.iam.matrix import Answer, Matrix, UnknownAction

BUCKET = "arn:aws:s3:::reports"
DEPLOY = f"arn:aws:iam::{HOME}:role/deploy"
ANN = f"arn:aws:iam::{HOME}:user/ann"
LINKED = f"arn:aws:iam::{HOME}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
GET, PUT, LIST = "s3:GetObject", "s3:PutObject", "s3:ListBucket"
VPCE = {"StringEquals": {"aws:SourceVpce": "vpce-1"}}
ROOT_ONLY = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}


def answer(who: Identity, action: str = GET, **assumed: Any) -> str:
    """The answer of one cell."""
    found = Matrix.of([who], UNIVERSE, assumed={key.replace("_", ":"): v for key, v in assumed.items()})
    return found.rows[0].answer(action).value


ONE_LAYER: tuple[tuple[str, list[dict[str, Any]], str], ...] = (
    ("nothing says anything", [], "no"),
    ("an Allow everywhere", [allow("s3:Get*")], "yes"),
    ("an Allow of another action", [allow("s3:Put*")], "no"),
    ("a malformed action", [allow("s3:Get*, s3:Put*")], "no"),
    ("an Allow on one bucket", [allow(GET, resource=f"{BUCKET}/*")], "some"),
    ("an Allow under a condition", [allow(GET, Condition=VPCE)], "conditional"),
    ("an Allow on a bucket under a condition", [allow(GET, resource=BUCKET, Condition=VPCE)], "conditional"),
    ("NotAction without the action", [{**FULL, "NotAction": ["iam:*"]} | {"Action": None}], "yes"),
    ("NotAction with the action", [{**FULL, "NotAction": ["s3:*"]} | {"Action": None}], "no"),
    ("NotResource", [{"Effect": "Allow", "Action": GET, "NotResource": BUCKET}], "some"),
    ("NotResource of everything", [{"Effect": "Allow", "Action": GET, "NotResource": "*"}], "conditional"),
    ("an empty list of resources", [allow(GET, resource=[])], "no"),
    ("a Deny everywhere", [allow(GET), deny("s3:*")], "no"),
    ("a Deny of another action", [allow(GET), deny(PUT)], "yes"),
    ("a Deny on one bucket", [allow(GET), deny(GET, resource=f"{BUCKET}/*")], "some"),
    ("a Deny on all but one bucket", [allow(GET), {**deny(GET), "NotResource": BUCKET}], "conditional"),
    ("a Deny under a condition", [allow(GET), deny(GET, Condition=VPCE)], "conditional"),
    (
        "a Deny on a bucket under a condition",
        [allow(GET), deny(GET, resource=BUCKET, Condition=VPCE)],
        "some",
    ),
    (
        "Allow on one and Deny on another",
        [allow(GET, resource=BUCKET), deny(GET, resource="arn:aws:s3:::logs")],
        "conditional",
    ),
    (
        "Allow and Deny on one",
        [allow(GET, resource=BUCKET), deny(GET, resource=BUCKET)],
        "conditional",
    ),
    ("a variable that is not known", [allow(GET, resource=BUCKET + "/${aws:SourceIp}")], "conditional"),
    ("a variable with several values", [allow(GET, resource=BUCKET + "/${*}")], "some"),
    ("a Deny with a variable", [allow(GET), deny(GET, resource="${aws:SourceIp}")], "conditional"),
    ("a Deny of who is another", [allow(GET), deny(GET, Condition=ROOT_ONLY)], "yes"),
)


@pytest.mark.parametrize(("statements", "expected"), [pytest.param(*one[1:], id=one[0]) for one in ONE_LAYER])
def test_identity_policies_give_the_answer(statements: list[dict[str, Any]], expected: str) -> None:
    told = []
    for one in statements:
        made = {key: value for key, value in one.items() if value is not None}
        if "NotResource" in made:
            made.pop("Resource", None)
        told.append(made)
    assert answer(identity(*told)) == expected


@pytest.mark.parametrize("layer", ["boundary", "session"])
@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ([], "no"),
        ([allow(PUT)], "no"),
        ([FULL], "yes"),
        ([allow(GET, resource=BUCKET)], "some"),
        ([allow(GET, Condition=VPCE)], "conditional"),
        ([FULL, deny(GET)], "no"),
    ],
)
def test_a_limit_of_the_principal_must_allow_too(
    layer: str, limit: list[dict[str, Any]], expected: str
) -> None:
    assert answer(identity(FULL, **{layer: limit})) == expected


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([[FULL], [FULL]], "yes"),
        ([[FULL], []], "no"),
        ([[], [FULL]], "no"),
        ([[FULL], [allow("ec2:*")]], "no"),
        ([[FULL, deny(GET)], [FULL]], "no"),
        ([[FULL, deny(GET, Condition=VPCE)], [FULL]], "conditional"),
        ([[FULL], [allow(GET, resource=BUCKET)]], "some"),
        ([[allow(GET, resource=BUCKET)], [allow(GET, resource="arn:aws:s3:::logs")]], "conditional"),
        ([], "yes"),
    ],
)
def test_every_level_of_scps_must_allow(levels: list[list[dict[str, Any]]], expected: str) -> None:
    assert answer(identity(FULL, scps=levels)) == expected


def test_scps_do_not_limit_service_linked_roles() -> None:
    assert answer(identity(FULL, arn=LINKED, scps=[[]])) == "yes"
    assert answer(identity(FULL, scps=[[]])) == "no"


def test_two_layers_that_each_allow_something_need_not_meet() -> None:
    apart = identity(allow(GET, resource=BUCKET), boundary=[allow(GET, resource="arn:aws:s3:::logs")])
    assert answer(apart) == "conditional"


def test_rcps_take_certainty_on_the_services_that_they_support_and_never_all_access() -> None:
    guard = [[{**FULL, "Principal": "*"}, {**deny("*"), "Principal": "*"}]]
    assert answer(identity(FULL, rcps=guard)) == "conditional"
    assert answer(identity(FULL, rcps=guard), "ec2:RunInstances") == "yes"
    assert answer(identity(FULL, rcps=guard), "kms:RetireGrant") == "yes"
    assert answer(identity(FULL, arn=LINKED, rcps=guard)) == "yes"


def test_an_rcp_for_others_takes_nothing() -> None:
    other = {**deny("s3:*"), "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"}}
    assert answer(identity(FULL, rcps=[[other]])) == "yes"


def test_what_is_known_of_a_principal_decides_conditions() -> None:
    tagged = allow(GET, Condition={"StringEquals": {"aws:PrincipalTag/team": "web"}})
    assert answer(identity(tagged, tags={"team": "web"})) == "yes"
    assert answer(identity(tagged, tags={"team": "ops"})) == "no"
    assert answer(identity(tagged)) == "conditional"
    own = allow(GET, resource=BUCKET + "/${aws:username}/*")
    assert answer(identity(own, arn=ANN)) == "some"
    assert answer(identity(own)) == "conditional"


def test_principals_that_share_policies_are_told_apart_by_what_is_known_of_them() -> None:
    tagged = allow(GET, Condition={"StringEquals": {"aws:PrincipalTag/team": "web"}})
    web = identity(tagged, tags={"team": "web"})
    ops = Identity(
        ANN, web.kind, web.account, "ann", identity(arn=ANN, tags={"team": "ops"}).row, web.policies
    )
    found = Matrix.of([web, ops], UNIVERSE)
    assert [row.answer(GET).value for row in found.rows] == ["yes", "no"]


def test_an_assumed_context_is_taken_for_granted() -> None:
    regions = {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}
    who = identity(FULL, scps=[[FULL, deny("s3:*", Condition=regions)]])
    assert answer(who) == "conditional"
    assert answer(who, aws_RequestedRegion="eu-west-1") == "yes"
    assert answer(who, aws_RequestedRegion="us-east-1") == "no"


def test_step_2_1_nobody_can_take_get_caller_identity_away() -> None:
    assert answer(identity(deny("*"), scps=[[]]), "sts:GetCallerIdentity") == "yes"


def test_step_2_2_policies_of_aws_are_no_witness() -> None:
    only = identity(allow("iam:DeletePolicy", "iam:GetPolicy", resource="arn:aws:iam::aws:policy/*"))
    assert answer(only, "iam:DeletePolicy") == "conditional"
    assert answer(only, "iam:GetPolicy") == "some"


def test_missing_evidence_makes_the_whole_row_unknown() -> None:
    row = Matrix.of([identity(FULL, missing=("policy p was not read",))], UNIVERSE).rows[0]
    assert row.answer(GET) is Answer.UNKNOWN
    assert not row.is_known
    assert list(row) == []
    assert row.count(Answer.UNKNOWN) == len(UNIVERSE)
    assert row.count(Answer.YES) == row.count(Answer.NO) == 0


def test_groups_have_no_row() -> None:
    group = identity(FULL, arn=f"arn:aws:iam::{HOME}:group/admins")
    assert len(Matrix.of([group, identity(FULL)], UNIVERSE)) == 1


def test_an_action_that_does_not_exist_is_refused() -> None:
    matrix = Matrix.of([identity(FULL)], UNIVERSE)
    with pytest.raises(UnknownAction, match="s3:GetObjct"):
        matrix.who_can("s3:GetObjct")
    with pytest.raises(UnknownAction):
        matrix.rows[0].answer("s3:GetObjct")


# --- counting and reading a row ------------------------------------------------------------------------------------------


def test_a_row_counts_reads_and_lists_its_actions() -> None:
    row = Matrix.of([identity(allow("sqs:*"), allow(GET, resource=BUCKET))], UNIVERSE).rows[0]
    sqs = [name for name in UNIVERSE.names if name.startswith("sqs:")]
    caller = [("sts:GetCallerIdentity", Answer.YES)]
    assert list(row) == [(GET, Answer.SOME), *((name, Answer.YES) for name in sqs), *caller]
    assert row.count(Answer.YES) == len(sqs) + 1
    assert row.count(Answer.NO) == len(UNIVERSE) - len(sqs) - 2
    assert row.by_service() == {"s3": 1, "sqs": len(sqs), "sts": 1}
    assert sum(row.by_level().values()) == len(sqs) + 2
    assert row.by_level()[AccessLevel.LIST] == sum(
        UNIVERSE.access(number) is AccessLevel.LIST for number in UNIVERSE.matching("sqs:*")
    )
    assert row.ranges(Answer.YES) == ("sqs:*", "sts:GetCallerIdentity")


def test_ranges_cover_the_set_and_nothing_else() -> None:
    dice = Random(5)
    bits = Matrix.of([], UNIVERSE).bits
    for _ in range(50):
        services = dice.sample(UNIVERSE.services, 3)
        found = bits.of([f"{services[0]}:*", f"{services[1]}:Get*", f"{services[2]}:*s", "iam:P*"])
        found &= ~bits.of([dice.choice(UNIVERSE.names)])
        assert bits.of(bits.ranges(found)) == found
    assert bits.ranges(bits.every) == ("*",)
    assert bits.ranges(bits.of(["iam:Put*"])) == ("iam:Put*",)


def test_patterns_are_the_actions_that_the_universe_says() -> None:
    bits = Matrix.of([], UNIVERSE).bits
    for pattern in (
        "*",
        "*:*",
        "S3:getobject",
        "s3:Get*",
        "s3:*Object",
        "ec2:Describe?*",
        "nosuch:*",
        "s3:X",
    ):
        assert bits.of([pattern]) == bits.of_numbers(UNIVERSE.matching(pattern)), pattern


# --- resources' policies -------------------------------------------------------------------------------------------------

NAMED = {"AWS": DEPLOY}


def grant(*actions: str, principal: Any = "*", resource: Any = f"{BUCKET}/*", **more: Any) -> dict[str, Any]:
    """An Allow of a bucket's policy."""
    return allow(*actions, resource=resource, Principal=principal, **more)


def by_resource(who: Identity, *statements: dict[str, Any], action: str = GET) -> str:
    """What a bucket's policy alone gives."""
    found = Matrix.of_access(access([who], [carrier(BUCKET, "s3.buckets", *statements)]), UNIVERSE)
    bit = 1 << (UNIVERSE.index(action) or 0)
    layers = found.rows[0].by_resource
    return next((one.value for one in (Answer.SOME, Answer.CONDITIONAL) if layers.of(one) & bit), "no")


BY_RESOURCE: tuple[tuple[str, dict[str, Any], list[dict[str, Any]], str], ...] = (
    ("everybody", {}, [grant(GET)], "some"),
    ("its role", {}, [grant(GET, principal=NAMED)], "some"),
    ("its account only", {}, [grant(GET, principal={"AWS": HOME})], "no"),
    ("another role", {}, [grant(GET, principal={"AWS": f"{DEPLOY}er"})], "no"),
    ("a service", {}, [grant(GET, principal={"Service": "ec2.amazonaws.com"})], "no"),
    ("nobody", {}, [allow(GET)], "no"),
    ("another service's action", {}, [grant("sqs:*")], "no"),
    ("under a condition", {}, [grant(GET, Condition=VPCE)], "conditional"),
    (
        "to its organisation",
        {},
        [grant(GET, Condition={"StringEquals": {"aws:PrincipalOrgID": "o-abc"}})],
        "some",
    ),
    ("to another", {}, [grant(GET, Condition={"StringEquals": {"aws:PrincipalOrgID": "o-x"}})], "no"),
    ("a canonical user", {}, [grant(GET, principal={"CanonicalUser": "c0ffee"})], "conditional"),
    ("a Deny of the bucket", {}, [grant(GET), {**grant("s3:*"), "Effect": "Deny"}], "conditional"),
    ("resources of others", {}, [grant(GET, resource="arn:aws:s3:::logs/*")], "conditional"),
    ("its own Deny", {"own": [deny(GET)]}, [grant(GET)], "no"),
    ("its own Deny under a condition", {"own": [deny(GET, Condition=VPCE)]}, [grant(GET)], "conditional"),
    ("an SCP that is silent", {"scps": [[allow("ec2:*")]]}, [grant(GET)], "no"),
    ("a silent boundary, everybody", {"boundary": [allow("ec2:*")]}, [grant(GET)], "some"),
    ("a silent boundary, its role", {"boundary": [allow("ec2:*")]}, [grant(GET, principal=NAMED)], "no"),
    ("a boundary that denies", {"boundary": [FULL, deny(GET)]}, [grant(GET)], "no"),
)


@pytest.mark.parametrize(
    ("layers", "statements", "expected"), [pytest.param(*one[1:], id=one[0]) for one in BY_RESOURCE]
)
def test_a_bucket_of_the_account_grants_to(
    layers: dict[str, Any], statements: list[dict[str, Any]], expected: str
) -> None:
    limits = {name: found for name, found in layers.items() if name != "own"}
    assert by_resource(identity(*layers.get("own", []), **limits), *statements) == expected


def test_a_bucket_of_another_account_adds_nothing() -> None:
    other = carrier(BUCKET, "s3.buckets", grant(GET), account=OTHER)
    found = Matrix.of_access(access([identity()], [other]), UNIVERSE)
    assert found.rows[0].answer(GET) is Answer.NO


def test_a_bucket_grants_no_actions_of_other_services() -> None:
    assert by_resource(identity(), grant("*"), action="sqs:SendMessage") == "no"
    assert by_resource(identity(), grant("*"), action="s3:PutObject") == "some"


def test_a_role_that_trusts_a_user_grants_assume_role() -> None:
    trust = carrier(DEPLOY, "iam.roles", {"Effect": "Allow", "Action": "sts:*", "Principal": {"AWS": ANN}})
    found = Matrix.of_access(access([identity(arn=ANN)], [trust]), UNIVERSE)
    assert found.rows[0].answer("sts:AssumeRole") is Answer.SOME
    assert [one.by for one in found.who_can("sts:AssumeRole")] == [("resource",)]


def test_what_was_not_read_of_resources_and_rcps_is_told_with_the_row() -> None:
    unread = carrier(BUCKET, "s3.buckets", missing=("policy of reports: denied",))
    who = identity(FULL)
    control = ControlPolicies(scps=None, rcps=None, scps_missing=(), rcps_missing=("RCPs: denied",))
    holes = {HOME: {"kms.keys": ("keys: denied",), "iam.users": ("users: denied",)}}
    row = Matrix.of_access(access([who], [unread], {HOME: control}, holes), UNIVERSE).rows[0]
    assert row.unread == ("keys: denied", "policy of reports: denied", "RCPs: denied")
    assert row.answer(GET) is Answer.CONDITIONAL
    assert row.answer("ec2:RunInstances") is Answer.YES


# --- who can -------------------------------------------------------------------------------------------------------------


def test_who_can_on_any_resource_lists_all_that_may_with_their_answers() -> None:
    people = [
        identity(FULL, arn=f"arn:aws:iam::{HOME}:user/admin"),
        identity(allow(GET, resource=BUCKET), arn=ANN),
        identity(allow(PUT), arn=f"arn:aws:iam::{HOME}:user/writer"),
        identity(FULL, arn=f"arn:aws:iam::{HOME}:user/lost", missing=("a policy",)),
    ]
    found = Matrix.of(people, UNIVERSE).who_can(GET)
    assert [(one.row.name, one.answer.value, one.missing) for one in found] == [
        ("admin", "yes", ()),
        ("ann", "some", ()),
        ("lost", "unknown", ("a policy",)),
    ]


def test_who_can_on_one_resource_asks_the_evaluator() -> None:
    people = [
        identity(allow(GET, resource=f"{BUCKET}/q1"), arn=ANN),
        identity(allow(GET, resource=f"{BUCKET}/q2"), arn=f"arn:aws:iam::{HOME}:user/bob"),
        identity(arn=DEPLOY),
        identity(FULL, arn=f"arn:aws:iam::{OTHER}:user/carol"),
        identity(FULL, arn=f"arn:aws:iam::{HOME}:user/lost", missing=("a policy",)),
    ]
    bucket = carrier(BUCKET, "s3.buckets", grant(GET, principal=NAMED), grant(GET, Condition=VPCE))
    found = Matrix.of_access(access(people, [bucket]), UNIVERSE).who_can(GET, f"{BUCKET}/q1")
    assert [(one.row.name, one.answer.value, one.by) for one in found] == [
        ("ann", "yes", ("identity", "resource")),
        ("bob", "conditional", ("resource",)),
        ("deploy", "yes", ("resource",)),
        ("carol", "conditional", ("identity", "resource")),
        ("lost", "unknown", ()),
    ]


def test_who_can_on_one_resource_needs_access() -> None:
    with pytest.raises(ValueError, match="access"):
        Matrix.of([identity(FULL)], UNIVERSE).who_can(GET, BUCKET)


def test_cells_tell_principal_action_level_layer_and_source() -> None:
    bucket = carrier(BUCKET, "s3.buckets", grant(GET, LIST))
    lost = identity(FULL, arn=ANN, missing=("one", "two"))
    found = Matrix.of_access(access([identity(allow(GET)), lost], [bucket]), UNIVERSE)
    told = {"principal": DEPLOY, "account": HOME, "kind": "role"}
    caller = {"action": "sts:GetCallerIdentity", "access_level": "Read", "layer": "yes", "by": "identity"}
    assert list(found.cells()) == [
        {**told, "action": GET, "access_level": "Read", "layer": "yes", "by": "identity"},
        {**told, **caller},
        {**told, "action": GET, "access_level": "Read", "layer": "some", "by": "resource"},
        {**told, "action": LIST, "access_level": "List", "layer": "some", "by": "resource"},
        {**told, "principal": ANN, "kind": "user", "action": "*", "access_level": "*"}
        | {"layer": "unknown", "by": "one; two"},
    ]


# --- against the evaluator -----------------------------------------------------------------------------------------------


def decisions(who: Identity, action: str) -> list[Decision]:
    """What the evaluator decides, resource by resource, where the resource lets the principal's account decide."""
    delegating = compile_policy({"Statement": {**FULL, "Principal": {"AWS": who.account}}}, "resource")
    found = []
    for resource in resources_of(who.policies):
        tags = {f"aws:PrincipalTag/{key}": value for key, value in who.tags.items()}
        asked = Request.of(who.arn, action, resource, "", tags, complete=False)
        answered = evaluate(asked, who.policies.on(delegating, who.policies.rcps))
        if answered is not NEVER:
            found.append(answered.decision)
    return found


def wrong(answered: Answer, decided: list[Decision]) -> bool:
    """Whether an answer that claims something is contradicted by a decision."""
    kinds = set(decided)
    if answered is Answer.YES:
        return kinds != {Decision.ALLOWED}
    if answered is Answer.SOME:
        return Decision.ALLOWED not in kinds
    if answered is Answer.NO:
        return not kinds <= {Decision.IMPLICITLY_DENIED, Decision.EXPLICITLY_DENIED}
    return False


def is_cautious(decided: list[Decision]) -> bool:
    """Whether a conditional answer could have been told more firmly, as far as the tried resources show."""
    allowed = [one is Decision.ALLOWED for one in decided]
    return any(allowed) or Decision.CONDITIONAL not in decided


@pytest.mark.heavy
def test_ten_thousand_sampled_cells_are_as_the_evaluator_says() -> None:
    dice, library = Random(20261126), Library()
    people = [random_identity(dice, index, library) for index in range(1_250)]
    matrix = Matrix.of(people, UNIVERSE)
    asked = [
        *sorted({action for action, _ in TARGETS}),
        "ec2:DescribeVpcs",
        "iam:PassRole",
        "s3:DeleteObject",
    ]
    counted: Counter[Answer] = Counter()
    cautious = 0
    for who, row in zip(people, matrix.rows, strict=True):
        for action in dice.sample(asked, 8):
            answered, decided = row.answer(action), decisions(who, action)
            assert not wrong(answered, decided), (who.arn, action, answered, Counter(decided), who.policies)
            counted[answered] += 1
            cautious += answered is Answer.CONDITIONAL and is_cautious(decided)
    assert counted.total() == 10_000
    assert min(counted[one] for one in (Answer.YES, Answer.SOME, Answer.CONDITIONAL, Answer.NO)) > 250
    # Caution is allowed, but not as a way out.
    assert cautious < 0.5 * counted[Answer.CONDITIONAL]


@pytest.mark.heavy
def test_an_answer_by_resource_has_a_witness_and_a_no_has_none() -> None:
    dice, library = Random(77), Library()
    people = {}
    for index in range(300):
        made = random_identity(dice, index, library)
        arn = f"arn:aws:iam::{HOME}:{dice.choice(('user', 'role'))}/p{index}"
        people[arn] = of_policies(arn, made.policies, tags=made.tags)
    names: list[Any] = [{"AWS": [HOME]}, *({"AWS": dice.sample(list(people), 40)} for _ in range(30))]
    names[1] = "*"
    conditions: list[dict[str, Any]] = [{}, {}, {"Condition": VPCE}, {"Condition": ROOT_ONLY}]
    buckets = []
    for index in range(30):
        arn = f"arn:aws:s3:::b{index}"
        statements = [
            grant(
                dice.choice((GET, PUT, "s3:*", "s3:Get*")),
                principal=dice.choice(names),
                resource=dice.choice((f"{arn}/*", arn, "*", [arn, f"{arn}/x"])),
                **dice.choice(conditions),
            )
            for _ in range(3)
        ]
        statements[2]["Effect"] = dice.choice(("Allow", "Deny"))
        buckets.append(carrier(arn, "s3.buckets", *statements))
    everything = access(people.values(), buckets)
    counted: Counter[str] = Counter()
    for row in Matrix.of_access(everything, UNIVERSE).rows:
        for action in (GET, PUT, "s3:GetBucketPolicy"):
            kinds = set()
            for bucket in buckets:
                for resource in (bucket.arn, f"{bucket.arn}/*", f"{bucket.arn}/x"):
                    who = people[row.arn]
                    context = everything.context(who)
                    asked = Request.of(row.arn, action, resource, HOME, context, complete=False)
                    kinds.add(evaluate(asked, everything.policies(who, resource)).decision)
            bit = 1 << (UNIVERSE.index(action) or 0)
            if row.by_resource.some & bit:
                assert Decision.ALLOWED in kinds
                counted["some"] += 1
            if row.answer(action) is Answer.NO:
                assert kinds <= {Decision.IMPLICITLY_DENIED, Decision.EXPLICITLY_DENIED}
                counted["no"] += 1
    assert min(counted["some"], counted["no"]) > 20


def test_roles_of_the_generators_are_among_the_sampled() -> None:
    library = Library()
    found = {random_identity(Random(seed), 0, library).arn for seed in range(300)}
    assert set(ROLES) <= found


def test_the_worked_example_of_the_documentation_is_answered_as_told() -> None:
    elsewhere = {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}
    payroll = deny(GET, resource="arn:aws:s3:::payroll/*")
    reporter = identity(
        allow("s3:Get*", "s3:List*"),
        allow(PUT, resource=f"{BUCKET}/*"),
        allow("sqs:SendMessage"),
        scps=[[FULL, payroll, deny("sqs:*", Condition=elsewhere)]],
    )
    told = {LIST: "yes", GET: "some", PUT: "some", "iam:PassRole": "no", "sts:GetCallerIdentity": "yes"}
    assert {action: answer(reporter, action) for action in told} == told
    assert answer(reporter, "sqs:SendMessage") == "conditional"
    assert answer(reporter, "sqs:SendMessage", aws_RequestedRegion="eu-west-1") == "yes"
    uploads = carrier(
        "arn:aws:s3:::uploads",
        "s3.buckets",
        grant("s3:DeleteObject", principal=NAMED, resource="arn:aws:s3:::uploads/*"),
    )
    row = Matrix.of_access(access([reporter], [uploads]), UNIVERSE).rows[0]
    assert row.answer("s3:DeleteObject") is Answer.SOME
