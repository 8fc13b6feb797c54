"""Compares the real evaluator with the naive one on a case, and makes a case that differs small.

A *difference* is a text that says what the two answered, or None. The real evaluator is driven by the functions of the
``simulate`` command, as its users drive it.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

from tests.analysis.iam.completions import completions
from tests.analysis.iam.generators import Case
from tests.analysis.iam.oracle import RCP_SERVICES, decide
from tests.analysis.iam.oracle_conditions import texts
from watchword.analysis.iam.evaluate import evaluate
from watchword.analysis.iam.evaluation import Evaluation, deciding_json
from watchword.analysis.iam.expression import decide as value_of
from watchword.analysis.iam.simulate import policy_set, request

Difference = Callable[[Case], str | None]


def real(case: Case) -> Evaluation:
    """The real evaluator's answer."""
    asked, policies = case
    return evaluate(request(asked), policy_set(policies), rcp_services=RCP_SERVICES)


def in_full(case: Case) -> dict[str, Any]:
    """The real evaluator's answer to a complete request, as it is printed."""
    answer = real(case)
    return {
        "decision": answer.decision.value,
        "blocked_by": list(answer.blocked_by),
        "deciding": [deciding_json(placed) for placed in answer.deciding],
    }


def naive(case: Case) -> dict[str, Any]:
    """The naive evaluator's answer in the same form."""
    answer = decide(*case, rcp_services=RCP_SERVICES)
    deciding = [
        {"policy": one.policy, "statement": one.statement, "sid": one.sid, "effect": one.effect}
        for one in answer.deciding
    ]
    return {"decision": answer.decision, "blocked_by": list(answer.blocked_by), "deciding": deciding}


def complete_difference(case: Case) -> str | None:
    """Whether the two differ on a complete request: in decision, blocking layers or deciding statements."""
    found, expected = in_full(case), naive(case)
    return None if found == expected else f"answered {found}\nexpected {expected}"


def incomplete_difference(case: Case) -> str | None:
    """Whether the answer to an incomplete request is wrong for one of its completions."""
    asked, policies = {**case[0], "complete": False}, case[1]
    answer = real((asked, policies))
    known = request(asked).known
    is_plain = answer.allowed_if is True or answer.allowed_if is False
    if is_plain == (answer.decision.value == "Conditional"):
        return f"answered {answer.decision.value} with {answer.allowed_if!r}"
    for completion in completions(asked, policies):
        expected = decide(asked, policies, completion, RCP_SERVICES).decision
        values = {key.lower(): tuple(texts(value)) for key, value in completion.items()}
        if value_of(answer.allowed_if, {**known, **values}) != (expected == "Allowed"):
            return f"answered {answer.decision.value} if {answer.allowed_if!r}\nexpected {expected} for {completion}"
    return None


# --- minimal reproductions -------------------------------------------------------------------------------------


def smaller(value: Any) -> Iterator[Any]:
    """Every JSON value that is this one without one of its parts, at any depth, biggest parts first."""
    if isinstance(value, dict):
        for key in value:
            yield {other: value[other] for other in value if other != key}
        for key, inner in value.items():
            yield from ({**value, key: less} for less in smaller(inner))
    if isinstance(value, list):
        for at in range(len(value)):
            yield value[:at] + value[at + 1 :]
        for at, inner in enumerate(value):
            yield from ([*value[:at], less, *value[at + 1 :]] for less in smaller(inner))


def minimal(case: Case, difference: Difference) -> Case:
    """The case without all that the difference does not need. What one of the two refuses is not taken."""
    asked, policies = copy.deepcopy(case)
    progress = True
    while progress:
        progress = False
        for less in smaller([asked, policies]):
            if len(less) == 2 and still_differs((less[0], less[1]), difference):
                asked, policies = less
                progress = True
                break
    return asked, policies


def still_differs(case: Case, difference: Difference) -> bool:
    """Whether a smaller case is still valid and differs."""
    try:
        return difference(case) is not None
    except (KeyError, ValueError, AssertionError, TypeError, AttributeError):
        return False


def report(case: Case, difference: Difference) -> str:
    """What differs, and the smallest case found that shows it."""
    asked, policies = minimal(case, difference)
    there = {layer: documents for layer, documents in policies.items() if documents is not None}
    return f"{difference((asked, policies))}\nrequest {json.dumps(asked)}\npolicies {json.dumps(there)}"
