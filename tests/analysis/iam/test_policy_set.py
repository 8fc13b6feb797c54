"""A policy set has its layers in order, shares the principal's side between resources, and knows its keys."""

from __future__ import annotations

from typing import Any

import pytest

from watchword.analysis.iam.compiled import CompiledPolicy, compile_policy
from watchword.analysis.iam.policy_set import PolicySet, PublicAccessBlock


def policy(kind: str = "identity", key: str = "aws:x", **more: Any) -> CompiledPolicy:
    written = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {key: "true"}}} | more
    return compile_policy({"Version": "2012-10-17", "Statement": written}, kind)


FULL = PolicySet(
    identity=(policy(key="k:identity"),),
    boundary=(policy("boundary", "k:boundary"),),
    session=(policy("session", "k:session"),),
    scps=((policy("scp", "k:scp0"),), (), (policy("scp", "k:scp2"), policy("scp", "k:scp3"))),
    rcps=((policy("rcp", "k:rcp"),),),
    resource=policy("resource", "k:resource", Resource="${aws:UserName}"),
    endpoint=(policy("endpoint", "k:endpoint"),),
)


def test_layers_stand_in_their_order_with_names_that_find_the_policy() -> None:
    placed = [(one.name, [where.policy for where in one.placed]) for one in FULL.layers()]
    assert placed == [
        ("identity", ["identity[0]"]),
        ("scp", ["scps[0][0]"]),
        ("scp", []),
        ("scp", ["scps[2][0]", "scps[2][1]"]),
        ("rcp", ["rcps[0][0]"]),
        ("boundary", ["boundary[0]"]),
        ("session", ["session[0]"]),
        ("resource", ["resource"]),
        ("endpoint", ["endpoint[0]"]),
    ]


def test_what_there_is_not_is_no_layer_and_what_is_empty_is_one() -> None:
    assert [one.name for one in PolicySet().layers()] == ["identity"]
    empty = PolicySet(boundary=(), session=(), scps=((),), rcps=(), endpoint=())
    assert [one.name for one in empty.layers()] == ["identity", "scp", "boundary", "session", "endpoint"]


def test_a_set_knows_every_key_that_its_policies_ask_for() -> None:
    named = ("identity", "boundary", "session", "scp0", "scp2", "scp3", "rcp", "resource", "endpoint")
    assert FULL.keys == {f"k:{one}" for one in named} | {"aws:username"}


def test_on_another_resource_the_principals_side_is_shared() -> None:
    block = PublicAccessBlock(restrict_public_buckets=True)
    other, rcps = policy("resource", "k:other"), ((policy("rcp", "k:above"),),)
    moved = FULL.on(other, rcps, block)
    assert moved.identity_layer is FULL.identity_layer
    assert moved.boundary_layer is FULL.boundary_layer
    assert moved.session_layer is FULL.session_layer
    assert moved.scp_layers is FULL.scp_layers
    assert (moved.resource, moved.rcps, moved.public_access_block) == (other, rcps, block)
    assert moved.resource_layer is not FULL.resource_layer
    assert "k:other" in moved.keys
    assert not {"k:resource", "k:rcp"} & moved.keys
    assert FULL.resource is not other
    assert FULL.on(None).resource_layer is None
    assert FULL.on(None).endpoint == FULL.endpoint


PUBLIC = policy("resource", Effect="Allow", Principal="*", Condition={})
OWN = policy("resource", Effect="Allow", Principal={"AWS": "111122223333"}, Condition={})
OF_POINT = policy(
    "resource",
    Effect="Allow",
    Principal="*",
    Condition={"StringLike": {"s3:DataAccessPointArn": "arn:aws:s3:eu-west-1:111122223333:accesspoint/*"}},
)
BUCKET, POINT = "arn:aws:s3:::b/k", "arn:aws:s3:eu-west-1:111122223333:accesspoint/p/object/k"


@pytest.mark.parametrize(
    ("resource", "block", "arn", "restricted"),
    [
        (PUBLIC, PublicAccessBlock(restrict_public_buckets=True), BUCKET, True),
        (PUBLIC, PublicAccessBlock(True, True, True, False), BUCKET, False),
        (PUBLIC, None, BUCKET, False),
        (None, PublicAccessBlock(restrict_public_buckets=True), BUCKET, False),
        (OWN, PublicAccessBlock(restrict_public_buckets=True), BUCKET, False),
        (OF_POINT, PublicAccessBlock(restrict_public_buckets=True), BUCKET, False),
        (OF_POINT, PublicAccessBlock(restrict_public_buckets=True), POINT, True),
    ],
)
def test_step_9_4_s3_restricts_what_is_public_where_that_is_switched_on(
    resource: CompiledPolicy | None, block: PublicAccessBlock | None, arn: str, restricted: bool
) -> None:
    assert PolicySet(resource=resource, public_access_block=block).restricts(arn) is restricted


def test_beside_another_set_both_sides_are_shared_and_the_answer_is_that_of_on() -> None:
    block = PublicAccessBlock(restrict_public_buckets=True)
    other, rcps = policy("resource", "k:other"), ((policy("rcp", "k:above"),),)
    side = PolicySet().on(other, rcps, block)
    moved = FULL.beside(side)
    assert moved.identity_layer is FULL.identity_layer
    assert moved.resource_layer is side.resource_layer
    assert moved.rcp_layers is side.rcp_layers
    assert moved == FULL.on(other, rcps, block)
    assert [one.name for one in moved.layers()] == [one.name for one in FULL.on(other, rcps, block).layers()]
