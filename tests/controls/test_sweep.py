"""A sweep judges every row for itself: holes stay where they are."""

from tests.controls.builder import HOME, view
from watchword.controls.registry import met
from watchword.controls.sweep import sweep
from watchword.model.verdict import Verdict


def _rule(row):
    return met("fine", row.evidence("Fine")) if row.flag("Fine") else None


def test_a_row_with_a_hole_is_unknown_and_the_next_is_judged() -> None:
    rows = [{"_name": "a", "_holes": {"Fine": "denied"}}, {"_name": "b", "Fine": True}]
    found = list(sweep(view({"ec2.things": rows}), HOME, {"ec2.things": _rule}))
    assert [(one.subject.name, one.verdict) for one in found] == [("a", Verdict.UNKNOWN), ("b", Verdict.MET)]


def test_an_unread_table_is_unknown_for_the_region_and_the_next_is_judged() -> None:
    seen = view({"ec2.things": [{"_name": "a", "Fine": True}]}, denied=["ec2.others"])
    found = list(sweep(seen, HOME, {"ec2.others": _rule, "ec2.things": _rule}))
    assert [(one.subject and one.subject.name, one.verdict) for one in found] == [
        (None, Verdict.UNKNOWN),
        ("a", Verdict.MET),
    ]


def test_a_row_outside_the_scope_is_left_out() -> None:
    assert list(sweep(view({"ec2.things": [{"Fine": False}]}), HOME, {"ec2.things": _rule})) == []
