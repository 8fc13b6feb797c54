"""The real evaluator answers as the naive one does, and as the meaning of policies demands.

Random cases come from ``generators``; what must hold whatever the policies say (a Deny never allows, order does not
matter, …) is tested on the real evaluator alone.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from tests.analysis.iam import generators
from tests.analysis.iam.agreement import (
    Difference,
    complete_difference,
    in_full,
    incomplete_difference,
    real,
    report,
)
from tests.analysis.iam.completions import is_told
from tests.analysis.iam.generators import Case
from tests.analysis.iam.oracle_conditions import listed

SEED = 20_260_301
"""Of the plain runs; case ``n`` of a run is drawn from ``Random(SEED + n)``."""
UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)
"""What Hypothesis shrinks is a seed; ``report`` makes the case itself small."""
QUICK = settings(max_examples=300, deadline=None, phases=UNSHRUNK)
"""Of the tests that look at what changes between two policy sets."""


def run(count: int, make: Callable[[Random], Case], difference: Difference, seed: int = SEED) -> None:
    """Compare on ``count`` cases; fail at the first that differs, with its seed and the smallest case that shows it."""
    for number in range(seed, seed + count):
        case = make(Random(number))
        if difference(case) is not None:
            pytest.fail(f"seed {number}: {report(case, difference)}", pytrace=False)


@settings(max_examples=2000, deadline=None, phases=UNSHRUNK)
@given(generators.cases())
def test_complete_requests_are_answered_as_the_specification_says(case: Case) -> None:
    assert complete_difference(case) is None, report(case, complete_difference)


@settings(max_examples=300, deadline=None, phases=UNSHRUNK)
@given(generators.incomplete_cases())
def test_an_incomplete_request_has_the_value_of_each_of_its_completions(case: Case) -> None:
    assert incomplete_difference(case) is None, report(case, incomplete_difference)


def test_a_plain_run_of_complete_requests_agrees() -> None:
    run(3_000, generators.case, complete_difference, seed=1)


@pytest.mark.heavy
def test_a_hundred_thousand_complete_requests_agree() -> None:
    run(100_000, generators.case, complete_difference)


@pytest.mark.heavy
def test_six_thousand_incomplete_requests_agree_in_all_completions() -> None:
    run(6_000, generators.incomplete_case, incomplete_difference)


# --- what must hold whatever the policies say -------------------------------------------------------------------


def outcome(case: Case) -> dict[str, Any]:
    """The answer without the statements that decide, whose places the tests below change."""
    found = in_full(case)
    return {"decision": found["decision"], "blocked_by": found["blocked_by"]}


def statements(policies: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for document in generators.all_documents(policies) for one in listed(document["Statement"])]


def changed(case: Case, change: Callable[[dict[str, Any]], None]) -> Case:
    """The case with every document changed in place, its statements being lists."""
    asked, policies = copy.deepcopy(case)
    for document in generators.all_documents(policies):
        document["Statement"] = listed(document["Statement"])
        change(document)
    return asked, policies


either_case = generators.cases() | generators.incomplete_cases()


@QUICK
@given(generators.dice())
def test_adding_a_deny_never_allows(dice: Random) -> None:
    case = generators.case(dice)
    for document in generators.all_documents(case[1]):
        kind = "resource" if document is case[1]["resource"] else "identity"
        denial = generators.statement(dice, case[0], kind, deny=1)
        assume("Principal" in denial or kind == "identity")
        more = copy.deepcopy(case)
        at = [id(one) for one in generators.all_documents(case[1])].index(id(document))
        extended = generators.all_documents(more[1])[at]
        if kind == "identity" and any(
            "rincipal" in key for one in listed(extended["Statement"]) for key in one
        ):
            denial["Principal"] = "*"
        extended["Statement"] = [*listed(extended["Statement"]), denial]
        if real(case).decision.value != "Allowed":
            assert real(more).decision.value != "Allowed"


@QUICK
@given(either_case)
def test_a_statement_about_something_else_changes_nothing(case: Case) -> None:
    def change(document: dict[str, Any]) -> None:
        other: dict[str, Any] = {"Effect": "Deny", "Action": "example:Nothing", "Resource": "*"}
        if any("rincipal" in key for one in document["Statement"] for key in one):
            other["Principal"] = {"AWS": generators.HOME}  # not everybody: that would make a bucket public
        document["Statement"] += [other, {**other, "Effect": "Allow"}]

    rcps = case[1]["rcps"]
    more = changed(case, change)
    if rcps is not None:
        more = (more[0], {**more[1], "rcps": rcps})
    assert in_full(more) == in_full(case)


def split(statement: dict[str, Any]) -> list[dict[str, Any]]:
    """One statement for each action and resource."""
    made = [statement]
    for element in ("Action", "Resource"):
        if statement.get(element):
            made = [{**one, element: value} for one in made for value in listed(statement[element])]
    return made


@QUICK
@given(either_case)
def test_splitting_a_statement_by_action_and_resource_changes_nothing(case: Case) -> None:
    def change(document: dict[str, Any]) -> None:
        document["Statement"] = [part for one in document["Statement"] for part in split(one)]

    assert outcome(changed(case, change)) == outcome(case)


@QUICK
@given(either_case, generators.dice())
def test_the_order_of_statements_and_policies_does_not_matter(case: Case, dice: Random) -> None:
    asked, policies = changed(case, lambda document: dice.shuffle(document["Statement"]))
    for layer in ("identity", "session", "endpoint"):
        if policies[layer]:
            dice.shuffle(policies[layer])
    for layer in ("scps", "rcps"):
        for level in policies[layer] or []:
            dice.shuffle(level)
    assert outcome((asked, policies)) == outcome(case)


@QUICK
@given(either_case)
def test_case_of_actions_and_keys_does_not_matter(case: Case) -> None:
    def change(document: dict[str, Any]) -> None:
        for one in document["Statement"]:
            for element in ("Action", "NotAction"):
                if element in one:
                    one[element] = [pattern.swapcase() for pattern in listed(one[element])]
            tests = one.get("Condition", {})
            one["Condition"] = {
                name: {key.swapcase(): tests[name][key] for key in tests[name]} for name in tests
            }

    asked, policies = changed(case, change)
    asked["action"] = asked["action"].swapcase()
    asked["context"] = {key.swapcase(): value for key, value in asked["context"].items()}
    assert in_full((asked, policies)) == in_full(case)


@QUICK
@given(generators.cases(), st.data())
def test_not_knowing_a_key_never_turns_a_plain_answer_into_its_opposite(
    case: Case, data: st.DataObject
) -> None:
    asked, policies = case
    assume(asked["context"])
    hidden = data.draw(st.sampled_from(sorted(asked["context"])))
    fewer = {key: value for key, value in asked["context"].items() if key != hidden}
    assume(not is_told(hidden.lower(), {**asked, "context": fewer}))
    before = in_full(case)["decision"]
    after = in_full(({**asked, "context": fewer, "complete": False}, policies))["decision"]
    assert after == "Conditional" or (after == "Allowed") == (before == "Allowed")
