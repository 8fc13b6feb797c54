"""Questions of people: names, notes, and that missing evidence is never an answer (a Deny stands all the same)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.analysis.iam.company import (
    ANN,
    BUCKET,
    DEPLOY,
    FULL,
    HERE,
    OTHER,
    OUTSIDE,
    QUEUE,
    THERE,
    above,
    access,
    allow,
    bucket,
    control,
    deny,
    group,
    may,
    queue,
    role,
    seen,
    trust,
    user,
)
from tests.controls.builder import ACCOUNT
from watchword.analysis.iam.access import Access
from watchword.analysis.iam.ask import UNKNOWN, Answer, UnknownPrincipal, answer_json, ask, who_can, who_is
from watchword.analysis.iam.request import RequestError

OWN = trust(allow({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}))
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/run-7"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
STRANGER = f"arn:aws:iam::{OUTSIDE}:user/eve"


def company(**more: Any) -> Access:
    tables: dict[str, Any] = {
        "roles": [{**role("deploy", OWN, may("sqs:*")), "_arn": DEPLOY}],
        "groups": [group("admins", FULL)],
        "s3_buckets": [bucket()],
        "sqs_queues": [queue(allow("*", "sqs:SendMessage") | {"Resource": "*"})],
    }
    dev = {**user("ann"), "_arn": f"arn:aws:iam::{OTHER}:user/ann", "_name": "ann"}
    bob = user("bob", deny("s3:*"), GroupList=["admins"])
    return access(seen(user("ann", may("s3:Get*")), bob, **tables | more), seen(dev, account=THERE))


def asked(
    who: str,
    action: str = "s3:GetObject",
    resource: str = f"{BUCKET}/k",
    of: Access | None = None,
    **more: Any,
) -> Answer:
    found = company() if of is None else of
    return ask(found, who_is(found, who), action, resource, more.pop("context", None), **more)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        (ANN, ANN),
        (f"{ACCOUNT}/ann", ANN),
        ("prod/ann", ANN),
        ("bob", ANN.replace("ann", "bob")),
        ("deploy", DEPLOY),
        (DEPLOY, DEPLOY),
        (SESSION, DEPLOY),
        (ROOT, ROOT),
        ("service:sns.amazonaws.com", "service:sns.amazonaws.com"),
        ("federated:accounts.google.com", "federated:accounts.google.com"),
        ("*", "*"),
        (STRANGER, STRANGER),
    ],
)
def test_a_principal_is_named_in_every_way(name: str, label: str) -> None:
    assert who_is(company(), name).label == label


def test_a_session_is_asked_for_as_itself_with_its_roles_policies() -> None:
    who = who_is(company(), SESSION)
    assert who.principal.text == SESSION
    assert who.identity is not None
    assert who.base.identity == who.identity.policies.identity
    assert asked(SESSION, "sqs:DeleteMessage", QUEUE, complete=True).decision == "Allowed"


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("anm", (ANN, f"arn:aws:iam::{OTHER}:user/ann")),
        ("admins", ()),
        ("nobody-at-all", ()),
        (f"arn:aws:iam::{ACCOUNT}:user/bobb", (ANN.replace("ann", "bob"),)),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/gone/x", ()),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/deploy", (DEPLOY,)),
    ],
)
def test_a_principal_that_is_not_there_is_told_with_names_like_it(name: str, near: tuple[str, ...]) -> None:
    with pytest.raises(UnknownPrincipal, match="no principal is called") as error:
        who_is(company(), name)
    assert (error.value.near, error.value.several) == (near, False)
    assert error.value.unread == ()


def test_a_name_of_several_is_told_with_all() -> None:
    with pytest.raises(UnknownPrincipal, match="several principals are called 'ann'") as error:
        who_is(company(), "ann")
    assert set(error.value.near) == {ANN, f"arn:aws:iam::{OTHER}:user/ann"}
    assert error.value.several


@pytest.mark.parametrize("name", ["carl", f"arn:aws:iam::{ACCOUNT}:role/carl"])
def test_a_principal_that_may_stand_in_a_hole_is_told_with_the_hole(name: str) -> None:
    with pytest.raises(UnknownPrincipal, match=r"iam\.roles in .* not read"):
        who_is(access(seen(denied=["global:iam.roles"])), name)


def test_what_the_snapshot_tells_of_an_identity_is_part_of_the_request() -> None:
    found = access(
        seen(user("ann", may("s3:*", StringEquals={"aws:PrincipalTag/team": "red"}), _tags={"team": "red"}))
    )
    assert asked(ANN, of=found).decision == "Allowed"
    assert asked(ANN, of=found, context={"AWS:principaltag/TEAM": "blue"}).decision == "ImplicitlyDenied"


def test_keys_that_are_not_given_are_not_known_unless_the_request_is_complete() -> None:
    found = access(seen(user("ann", may("s3:*", Bool={"aws:MultiFactorAuthPresent": "true"}))))
    assert asked(ANN, of=found).decision == "Conditional"
    assert asked(ANN, of=found, complete=True).decision == "ImplicitlyDenied"
    assert asked(ANN, of=found, context={"aws:MultiFactorAuthPresent": True}).decision == "Allowed"


def test_root_is_limited_by_control_policies_alone() -> None:
    found = company(up=above([control("top", FULL), control("unit", FULL, targets=HERE.ou_ids[1:]), control("own", may("s3:*"), targets=[ACCOUNT])]))  # fmt: skip
    assert asked(ROOT, of=found).decision == "Allowed"
    denied = asked(ROOT, "ec2:RunInstances", "*", of=found)
    assert (denied.decision, denied.evaluation.blocked_by) == ("ImplicitlyDenied", ("scp",))


def test_root_whose_control_policies_were_not_read_is_unknown() -> None:
    answer = asked(ROOT, of=company(up=above(denied=["organizations.service_control_policies"])))
    assert answer.decision == UNKNOWN
    assert "organizations.service_control_policies" in answer.missing[0]


def test_whoever_is_outside_is_taken_as_let_by_his_own_policies_and_that_is_said() -> None:
    answer = asked(STRANGER, "sqs:SendMessage", QUEUE, complete=True)
    assert answer.decision == "Allowed"
    assert "outside the organisation" in answer.notes[0]
    assert asked(STRANGER, complete=True).decision == "ImplicitlyDenied"


def test_services_and_everybody_have_the_resources_policy_alone() -> None:
    for who in ("*", "service:sns.amazonaws.com"):
        assert asked(who, "sqs:SendMessage", QUEUE, complete=True).decision == "Allowed"
        assert asked(who, "sqs:DeleteMessage", QUEUE, complete=True).decision == "ImplicitlyDenied"


@pytest.mark.parametrize(
    ("resource", "account", "noted"),
    [(f"{BUCKET}/k", "", False), ("*", "", False), ("arn:aws:s3:::nowhere/k", "", True), ("arn:aws:s3:::nowhere/k", str(OTHER), False)],
)  # fmt: skip
def test_an_owner_that_is_not_known_is_taken_to_be_the_principals_account_and_that_is_said(
    resource: str, account: str, noted: bool
) -> None:
    answer = asked(ANN, resource=resource, account=account)
    assert any("does not show the resource" in one for one in answer.notes) is noted


def test_what_is_taken_to_be_of_the_own_account_is_under_its_resource_control_policies() -> None:
    keep = control("keep", deny("s3:*") | {"Principal": "*"})
    answer = asked(ANN, resource="arn:aws:s3:::nowhere/k", of=company(up=above(rcps=[keep])))
    assert (answer.decision, answer.evaluation.blocked_by) == ("ExplicitlyDenied", ("rcp",))
    unread = company(up=above(denied=["organizations.resource_control_policies"]))
    assert asked(ANN, resource="arn:aws:s3:::nowhere/k", of=unread).decision == UNKNOWN


@pytest.mark.parametrize(
    "more",
    [
        {"denied": ["s3.buckets"]},
        {"s3_buckets": [bucket(_holes={"Policy": "denied"})]},
        {"s3_buckets": [bucket(_holes={"PublicAccessBlock": "denied"})]},
        {"s3_buckets": [bucket("papers", {"Effect": "Perhaps"})]},
        {"up": above(denied=["organizations.service_control_policies"])},
        {"up": above(denied=["organizations.resource_control_policies"])},
        {"up": above(denied=["organizations.roots"])},
    ],
    ids=["buckets", "policy", "block", "language", "scps", "rcps", "roots"],
)
def test_missing_evidence_makes_unknown_but_a_deny_stands(more: dict[str, Any]) -> None:
    found = company(**more)
    answer = asked(ANN, of=found, complete=True)
    assert answer.decision == UNKNOWN
    assert answer.missing
    assert answer.is_possible
    denied = asked("bob", of=found, complete=True)
    assert denied.decision == "ExplicitlyDenied"
    assert denied.missing
    assert not denied.is_possible


def test_a_policy_of_the_identity_that_was_not_read_makes_unknown_what_is_denied_for_want_of_an_allow() -> (
    None
):
    found = access(seen(user("ann", GroupList=["ghosts"])))
    answer = asked(ANN, of=found, complete=True)
    assert (answer.decision, answer.evaluation.decision.value) == (UNKNOWN, "ImplicitlyDenied")


def test_resources_of_an_account_outside_are_unknown() -> None:
    answer = asked(ANN, "sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{OUTSIDE}:q")
    assert answer.decision == UNKNOWN
    assert answer.missing == (
        f"account {OUTSIDE} is not in the snapshot: policies of its resources were not read",
    )


def test_who_can_lists_whoever_may_and_everybody_if_so() -> None:
    found = company()
    answers = {
        one.who.label: one.decision for one in who_can(found, "s3:GetObject", f"{BUCKET}/k", complete=True)
    }
    assert answers == {ANN: "Allowed"}
    answers = {one.who.label: one.decision for one in who_can(found, "sqs:SendMessage", QUEUE, complete=True)}
    assert answers.pop("*") == "Allowed"
    assert answers[DEPLOY] == "Allowed"
    # The policy names everybody, who are allowed within an account; elsewhere their own policies must allow, too.
    assert f"arn:aws:iam::{OTHER}:user/ann" not in answers


def test_who_can_lists_what_is_unknown_or_conditional_too() -> None:
    mfa = may("s3:*", Bool={"aws:MultiFactorAuthPresent": "true"})
    found = access(seen(user("ann", GroupList=["ghosts"]), user("bob", mfa)))
    answers = {one.who.label: one.decision for one in who_can(found, "s3:GetObject", f"{BUCKET}/k")}
    assert answers == {ANN: UNKNOWN, ANN.replace("ann", "bob"): "Conditional"}


def test_a_malformed_request_is_refused() -> None:
    with pytest.raises(RequestError):
        asked(ANN, "GetObject")
    with pytest.raises(RequestError):
        list(who_can(company(), "s3:*", "*"))


def test_an_answer_as_json_has_the_words_of_simulate_and_what_is_missing() -> None:
    told = answer_json(asked(ANN, of=company(denied=["s3.buckets"]), complete=True))
    assert list(told) == [
        *("principal", "action", "resource", "decision", "blocked_by", "allowed_if", "deciding", "missing"),
        "notes",
    ]
    assert (told["principal"], told["decision"]) == (ANN, UNKNOWN)
    assert [one["policy"] for one in told["deciding"]] == [
        "identity[0]",
        *(f"scps[{level}][0]" for level in range(3)),
    ]
    assert "s3.buckets" in told["missing"][0]
