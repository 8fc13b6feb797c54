"""The generated cases are worth running: every decision, layer, caller and operator decides often enough."""

from __future__ import annotations

import copy
from collections import Counter
from random import Random
from typing import Any

import pytest

from tests.analysis.iam import generated_conditions, generators
from tests.analysis.iam.completions import completions, mentioned
from tests.analysis.iam.oracle import LAYERS, Answer, caller, decide
from tests.analysis.iam.oracle_conditions import listed

CASES = 5000


@pytest.fixture(scope="module")
def sample() -> list[tuple[dict[str, Any], dict[str, Any], Answer]]:
    made = [generators.case(Random(seed)) for seed in range(CASES)]
    return [(request, policies, decide(request, policies)) for request, policies in made]


def without(policies: dict[str, Any], operator: str) -> dict[str, Any]:
    """The policies without the tests of one operator (in lower case)."""
    less = copy.deepcopy(policies)
    for document in generators.all_documents(less):
        for statement in listed(document["Statement"]):
            tests = statement.get("Condition", {})
            statement["Condition"] = {name: keys for name, keys in tests.items() if name.lower() != operator}
    return less


def operators_of(policies: dict[str, Any]) -> set[str]:
    return {operator.lower() for operator, _, _ in generators.tests_in(policies)}


def bare(operator: str) -> str:
    return operator.rpartition(":")[2].removesuffix("ifexists")


def test_no_decision_is_rarer_than_one_in_twenty(sample: Any) -> None:
    counts = Counter(answer.decision for _, _, answer in sample)
    print(dict(counts))
    assert min(counts[one] for one in ("Allowed", "ImplicitlyDenied", "ExplicitlyDenied")) > CASES / 20


def test_every_layer_blocks_sometimes(sample: Any) -> None:
    counts = Counter(layer for _, _, answer in sample for layer in answer.blocked_by)
    print(dict(counts))
    assert min(counts[layer] for layer in LAYERS) >= CASES / 200


def test_every_kind_of_caller_is_allowed_and_denied(sample: Any) -> None:
    counts = Counter((caller(request["principal"]).kind, answer.decision) for request, _, answer in sample)
    print(sorted(counts.items()))
    kinds = ("user", "session", "federated", "root", "service", "provider", "anonymous")
    decisions = ("Allowed", "ImplicitlyDenied", "ExplicitlyDenied")
    assert min(counts[kind, decision] for kind in kinds for decision in decisions) >= CASES / 500


def test_every_operator_decides_sometimes_bare_with_if_exists_and_with_each_qualifier(sample: Any) -> None:
    decisive: Counter[str] = Counter()
    forms: Counter[tuple[bool, str]] = Counter()
    for request, policies, answer in sample:
        for operator in operators_of(policies):
            if decide(request, without(policies, operator)).decision != answer.decision:
                decisive[bare(operator)] += 1
                forms[operator.endswith("ifexists"), operator.rpartition(":")[0]] += 1
    print(sorted(decisive.items()), sorted(forms.items()))
    names = [name.lower() for names in generated_conditions.OPERATORS.values() for name in names]
    assert len(names) == 27
    assert min(decisive[name] for name in names) >= 3
    assert (
        min(forms[if_exists, q] for if_exists in (False, True) for q in ("", "foranyvalue", "forallvalues"))
        >= 3
    )


def test_several_values_missing_keys_and_odd_types_occur(sample: Any) -> None:
    shapes: Counter[str] = Counter()
    for request, policies, _ in sample:
        given = {key.lower() for key in request["context"]}
        shapes["missing"] += len(set(mentioned(policies)) - given)
        for value in request["context"].values():
            kind = "several" if isinstance(value, list) and len(value) > 1 else type(value).__name__
            shapes["empty" if value == [] else kind] += 1
    print(dict(shapes))
    assert (
        min(shapes[one] for one in ("missing", "several", "empty", "list", "str", "int", "float", "bool"))
        >= 20
    )


def test_completions_of_incomplete_requests_differ_in_their_answers() -> None:
    several = 0
    for seed in range(500):
        request, policies = generators.incomplete_case(Random(seed))
        answers = {decide(request, policies, one).decision for one in completions(request, policies)}
        several += len(answers) > 1
    print(several)
    assert several > 50
