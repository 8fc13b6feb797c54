"""Two access matrices compared."""

from __future__ import annotations

from typing import Any

import pytest

from tests.analysis.iam.estates import FULL, UNIVERSE, access, allow, carrier, deny, identity
from tests.analysis.iam.generators import HOME
from watchword.analysis.iam.access import Identity
from watchword.analysis.iam.matrix import Matrix
from watchword.analysis.iam.matrix_difference import Change, difference
from watchword.analysis.iam.universe import Universe

ANN, BOB = f"arn:aws:iam::{HOME}:user/ann", f"arn:aws:iam::{HOME}:user/bob"
BUCKET = "arn:aws:s3:::reports"
VPCE = {"StringEquals": {"aws:SourceVpce": "vpce-1"}}


def changes(old: list[Identity], new: list[Identity]) -> tuple[Change, ...]:
    return difference(Matrix.of(old, UNIVERSE), Matrix.of(new, UNIVERSE))


def ann(*statements: dict[str, Any], **more: Any) -> Identity:
    return identity(*statements, arn=ANN, **more)


def test_what_is_the_same_is_no_change() -> None:
    assert changes([ann(FULL)], [ann(FULL)]) == ()


def test_access_that_appeared_and_disappeared_is_told_in_ranges() -> None:
    (change,) = changes([ann(allow("sqs:*", "s3:GetObject"))], [ann(allow("iam:Put*", "s3:GetObject"))])
    assert (change.arn, change.presence) == (ANN, "changed")
    assert change.ranges() == {"appeared": ("iam:Put*",), "disappeared": ("sqs:*",)}


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ([allow("s3:GetObject", Condition=VPCE)], [allow("s3:GetObject")], "widened"),
        ([allow("s3:GetObject", resource=BUCKET)], [allow("s3:GetObject")], "widened"),
        (
            [allow("s3:GetObject", Condition=VPCE)],
            [allow("s3:GetObject", resource=BUCKET)],
            "widened",
        ),
        ([allow("s3:GetObject")], [allow("s3:GetObject"), deny("s3:*", Condition=VPCE)], "narrowed"),
        ([allow("s3:GetObject")], [allow("s3:GetObject", resource=BUCKET)], "narrowed"),
        ([], [allow("s3:GetObject", Condition=VPCE)], "appeared"),
        ([allow("s3:GetObject", Condition=VPCE)], [deny("s3:*")], "disappeared"),
    ],
)
def test_each_change_of_an_answer_has_its_word(
    before: list[dict[str, Any]], after: list[dict[str, Any]], word: str
) -> None:
    (change,) = changes([ann(*before)], [ann(*after)])
    assert change.ranges() == {word: ("s3:GetObject",)}


def test_principals_that_came_and_went_are_told_in_the_order_of_arns() -> None:
    bob = identity(allow("sqs:*"), arn=BOB)
    came, went = changes([bob], [ann(allow("s3:GetObject"))])
    assert (came.arn, came.presence) == (ANN, "new")
    assert came.ranges()["appeared"] == ("s3:GetObject", "sts:GetCallerIdentity")
    assert (went.arn, went.presence) == (BOB, "gone")
    assert went.ranges()["disappeared"] == ("sqs:*", "sts:GetCallerIdentity")


def test_missing_evidence_leaves_the_change_undecided() -> None:
    (change,) = changes([ann(FULL)], [ann(missing=("a policy was not read",))])
    assert change.is_undecided
    assert change.missing == ("after: a policy was not read",)
    assert change.ranges() == {}


def test_what_a_bucket_grants_counts_too() -> None:
    grant = {**allow("s3:GetObject", resource=f"{BUCKET}/*"), "Principal": "*"}
    before = Matrix.of_access(access([ann()]), UNIVERSE)
    after = Matrix.of_access(access([ann()], [carrier(BUCKET, "s3.buckets", grant)]), UNIVERSE)
    (change,) = difference(before, after)
    assert change.ranges() == {"appeared": ("s3:GetObject",)}


def test_matrices_that_cannot_be_compared_are_refused() -> None:
    small = UNIVERSE.reference()
    other = Universe.of(
        type(small)(small.source, small.version, small.updated, small.services[:3], frozenset())
    )
    with pytest.raises(ValueError, match="universes"):
        difference(Matrix.of([], UNIVERSE), Matrix.of([], other))
    with pytest.raises(ValueError, match="for granted"):
        difference(Matrix.of([], UNIVERSE), Matrix.of([], UNIVERSE, assumed={"aws:RequestedRegion": "x"}))
