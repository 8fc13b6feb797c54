"""Evaluations derived by hand from AWS's pages, each with the page and the step of docs/iam-evaluation.md that it shows.

The cases stand in ``cases/*.toml``.  A statement there is one line of text,

    Allow s3:GetObject | s3:ListBucket on arn:aws:s3:::b/* to 111122223333 | service:logs.amazonaws.com if Bool k = true and …

where ``all but`` turns an element into its ``Not…``; a policy is a statement, a list of statements, or a table that is
taken as it stands.  Cases of conditions become requests of a user with that one condition, as an Allow and as a Deny.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from watchword.analysis.iam.evaluate import evaluate
from watchword.analysis.iam.expression import decide
from watchword.analysis.iam.request import texts_of
from watchword.analysis.iam.simulate import policy_set, request

FILES = sorted((Path(__file__).parent / "cases").glob("*.toml"))
STEPS = {
    number.rstrip(".")
    for number in re.findall(
        r"^(?:## Step )?(\d+(?:\.\d+)?)[: ]",
        (Path(__file__).parents[3] / "docs" / "iam-evaluation.md").read_text("utf-8"),
        re.MULTILINE,
    )
}
DENIED = {"ImplicitlyDenied", "ExplicitlyDenied"}
DECISIONS = DENIED | {"Allowed", "Conditional"}


# --- the notation ----------------------------------------------------------------------------------------------------


def policy(written: Any) -> dict[str, Any]:
    """A policy document from the short notation."""
    if isinstance(written, dict) and "Statement" in written:
        return written
    statements = written if isinstance(written, list) else [written]
    return {"Version": "2012-10-17", "Statement": [statement(one) for one in statements]}


def statement(written: str) -> dict[str, Any]:
    text, _, tests = written.partition(" if ")
    text, _, principals = text.partition(" to ")
    text, _, resources = text.partition(" on ")
    effect, _, actions = text.partition(" ")
    made: dict[str, Any] = {"Effect": effect}
    for element, value in (("Action", actions), ("Resource", resources)):
        if value:
            made.update(_element(element, value))
    if principals:
        made.update(_principals(principals))
    if tests:
        made["Condition"] = conditions(tests)
    return made


def conditions(written: str) -> dict[str, dict[str, list[str]]]:
    made: dict[str, dict[str, list[str]]] = {}
    for test in written.split(" and "):
        left, _, values = test.partition(" = ")
        operator, _, key = left.partition(" ")
        assert key not in made.get(operator, {}), f"{key} stands twice under {operator}"
        made.setdefault(operator, {})[key] = values.split(" | ")
    return made


def _element(element: str, written: str) -> dict[str, list[str]]:
    spared = written.removeprefix("all but ")
    return {element if spared == written else f"Not{element}": spared.split(" | ")}


def _principals(written: str) -> dict[str, Any]:
    ((element, named),) = _element("Principal", written).items()
    if named == ["*"]:
        return {element: "*"}
    kinds: dict[str, list[str]] = {}
    names = {"service": "Service", "federated": "Federated", "canonical": "CanonicalUser", "AWS": "AWS"}
    for name in named:
        kind, _, rest = name.partition(":")
        kinds.setdefault(names.get(kind, "AWS"), []).append(rest if kind in names else name)
    return {element: kinds}


# --- the cases -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """One request with its policies (``define``), and the answer that AWS's pages promise."""

    id: str
    shows: str
    step: str
    source: str
    define: dict[str, Any]
    request: dict[str, Any]
    expect: str
    blocked_by: tuple[str, ...]
    completions: tuple[tuple[dict[str, Any], bool], ...] = ()


LAYERS = ("identity", "boundary", "session", "endpoint")


def case(found: dict[str, Any], file: dict[str, Any], name: str) -> Case:
    """A ``[[case]]`` of a file, with the file's defaults."""
    told = file.get("request", {}) | found
    asked = {key: told[key] for key in ("principal", "action", "resource")}
    asked |= {"context": told.get("context", {}), "complete": told.get("complete", True)}
    if told.get("account"):
        asked["resource_account"] = told["account"]
    return Case(
        id=f"{name}-{found['id']}",
        shows=found["shows"],
        step=found["step"],
        source=file["pages"][found["source"]],
        define=_define(found),
        request=asked,
        expect=found["expect"],
        blocked_by=tuple(found.get("blocked_by", ())),
        completions=tuple((context, allowed) for context, allowed in found.get("allowed_if", ())),
    )


def _define(found: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"identity": []}
    made |= {name: [policy(one) for one in found[name]] for name in LAYERS if name in found}
    for name in ("scps", "rcps"):
        if name in found:
            made[name] = [[policy(one) for one in level] for level in found[name]]
    if "resource_policy" in found:
        made["resource"] = policy(found["resource_policy"])
    if "restrict_public_buckets" in found:
        made["s3_public_access_block"] = {"RestrictPublicBuckets": found["restrict_public_buckets"]}
    return made


def of_conditions(file: dict[str, Any]) -> list[Case]:
    """The cases of ``[[operator]]`` and ``[[test]]`` tables."""
    rows = [row for operator in file["operator"] for row in _rows(operator)]
    rows += file["test"]
    return [made for row in rows for made in _allow_and_deny(row, file)]


def _rows(operator: dict[str, str]) -> list[dict[str, Any]]:
    name, value, fits, misfits = (operator[part] for part in ("name", "value", "fits", "misfits"))
    negated = "Not" in name
    table: list[tuple[str, str, Any, bool]] = [
        (name, "of a value that fits", fits, True),
        (name, "of a value that does not", misfits, False),
        (name, "of a missing key", None, negated),
        (f"{name}IfExists", "of a value that does not", misfits, False),
        (f"{name}IfExists", "of a missing key", None, True),
        (f"ForAllValues:{name}", "of values that do not all fit", [fits, misfits], False),
        (f"ForAllValues:{name}", "of a missing key", None, True),
        (f"ForAnyValue:{name}", "of values of which one fits", [misfits, fits], True),
        (f"ForAnyValue:{name}", "of a missing key", None, False),
        (f"ForAnyValue:{name}IfExists", "of a missing key", None, False),
    ]
    return [
        {
            "shows": f"{written} {of}",
            "step": _step(written, told),
            "source": "any_missing"
            if "Any" in written and told is None
            else "sets"
            if ":" in written
            else "operators",
            "says": f"{written} example:key = {value}",
            "context": {} if told is None else {"example:key": told},
            "holds": holds,
        }
        for written, of, told, holds in table
    ]


def _step(operator: str, told: Any) -> str:
    if ":" in operator:
        return "6.3"
    if told is None:
        return "6.2"
    return {"Str": "6.4", "Arn": "6.6"}.get(operator[:3], "6.5")


def _allow_and_deny(row: dict[str, Any], file: dict[str, Any]) -> list[Case]:
    name = re.sub(r"[^\w:*]+", "-", row["shows"]).strip("-")
    allow, deny = f"Allow * on * if {row['says']}", f"Deny * on * if {row['says']}"
    refused = {"blocked_by": ["identity"]}
    expected = [
        (
            "allow",
            [allow],
            {"expect": "Allowed"} if row["holds"] else {"expect": "ImplicitlyDenied", **refused},
        ),
        (
            "deny",
            [["Allow * on *", deny]],
            {"expect": "ExplicitlyDenied", **refused} if row["holds"] else {"expect": "Allowed"},
        ),
    ]
    return [
        case({**row, "id": f"{name}-{effect}", "identity": identity, **answer}, file, "condition")
        for effect, identity, answer in expected
    ]


def loaded() -> list[Case]:
    """All cases of all files."""
    cases: list[Case] = []
    for path in FILES:
        file = tomllib.loads(path.read_text("utf-8"))
        cases += [case(found, file, path.stem) for found in file.get("case", ())]
        if "test" in file:
            cases += of_conditions(file)
    return cases


CASES = loaded()


# --- the tests -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.id)
def test_the_answer_is_the_one_that_awss_pages_promise(case):
    answer = evaluate(request(case.request), policy_set(case.define))
    assert answer.decision == case.expect, f"{case.shows} (step {case.step}, {case.source})"
    if case.expect == "Conditional":
        assert not isinstance(answer.allowed_if, bool)
        return
    assert answer.blocked_by == case.blocked_by, f"{case.shows} (step {case.step}, {case.source})"
    assert answer.allowed_if is (case.expect == "Allowed")


@pytest.mark.parametrize(
    ("case", "told", "allowed"),
    [
        pytest.param(case, told, allowed, id=f"{case.id}-{number}")
        for case in CASES
        for number, (told, allowed) in enumerate(case.completions)
    ],
)
def test_the_expression_says_what_each_completion_of_the_context_gives(case, told, allowed):
    policies = policy_set(case.define)
    open_answer = evaluate(request(case.request), policies)
    completed = request({**case.request, "context": case.request["context"] | told, "complete": True})
    assert evaluate(completed, policies).is_allowed is allowed, f"complete, with {told}"
    known = {**completed.known, **{key.lower(): texts_of(key, value) for key, value in told.items()}}
    assert decide(open_answer.allowed_if, known) is allowed, f"the expression, with {told}"


def test_every_case_is_told_in_full():
    for one in CASES:
        assert one.shows, one.id
        assert one.source.startswith(
            ("https://docs.aws.amazon.com/", "https://aws.amazon.com/", "https://repost.aws/")
        ), one.id
        assert one.step in STEPS, f"{one.id}: there is no step {one.step}"
        assert one.expect in DECISIONS, one.id
        assert bool(one.blocked_by) == (one.expect in DENIED), one.id
        assert (len(one.completions) > 1) == (one.expect == "Conditional"), one.id


def test_no_two_cases_bear_one_name():
    names = [one.id for one in CASES]
    assert len(set(names)) == len(names), sorted({name for name in names if names.count(name) > 1})


def test_the_cases_are_as_many_as_promised_and_show_all_operators():
    file = tomllib.loads((Path(__file__).parent / "cases" / "conditions.toml").read_text("utf-8"))
    written = sum(
        len(tomllib.loads(path.read_text("utf-8")).get(kind, ()))
        for path in FILES
        for kind in ("case", "test")
    )
    assert written >= 300
    assert len(file["operator"]) + len({"Null"}) == 27


def test_the_notation_says_what_is_meant():
    written = "Deny all but s3:* | sts:* on all but arn:aws:s3:::b/* to service:a.b | 111122223333 if Bool k = true and StringLike l = x | y"
    assert statement(written) == {
        "Effect": "Deny",
        "NotAction": ["s3:*", "sts:*"],
        "NotResource": ["arn:aws:s3:::b/*"],
        "Principal": {"Service": ["a.b"], "AWS": ["111122223333"]},
        "Condition": {"Bool": {"k": ["true"]}, "StringLike": {"l": ["x", "y"]}},
    }
    assert statement("Allow sts:AssumeRole to all but *") == {
        "Effect": "Allow",
        "Action": ["sts:AssumeRole"],
        "NotPrincipal": "*",
    }
