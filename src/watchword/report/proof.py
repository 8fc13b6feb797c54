"""The proof of one evaluation: as lines for a terminal, as JSON, as a picture.

Steps bear the numbers of docs/iam-evaluation.md.  The proof tells what each layer says, the statement that decides, and
for those that fail the first part that did not match.  What is decided is the business of ``analysis.iam.evaluate``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from rich.text import Text

from watchword.analysis.iam.evaluation import Decision, Evaluation, deciding_json
from watchword.analysis.iam.expression import to_json, words
from watchword.analysis.iam.policy_set import PolicySet
from watchword.analysis.iam.request import Request
from watchword.analysis.iam.statements import Part
from watchword.report.gates import SIGNS, Gate, Says, context_words, failed, gates, rule_of
from watchword.report.proof_picture import picture

_STYLES: Final = {
    Says.ALLOWS: "green",
    Says.DENIES: "bold red",
    Says.SILENT: "dim",
    Says.CONDITIONAL: "yellow",
    Says.ABSENT: "dim",
}
_DECISIONS: Final = {
    Decision.ALLOWED: ("✓", "bold green"),
    Decision.CONDITIONAL: ("?", "bold yellow"),
    Decision.IMPLICITLY_DENIED: ("✗", "bold red"),
    Decision.EXPLICITLY_DENIED: ("✗", "bold red"),
}
_FAILURES: Final = 40
"""Statements that did not match of which a proof in a terminal tells; JSON has all."""


def proof_lines(evaluation: Evaluation, request: Request, policies: PolicySet | None = None) -> list[Text]:
    """The proof, line by line; ``policies`` gives policies the names that people know."""
    return list(_lines(evaluation, request, gates(evaluation, request, policies)))


def proof_text(evaluation: Evaluation, request: Request, policies: PolicySet | None = None) -> list[str]:
    """The proof as plain lines."""
    return [line.plain for line in proof_lines(evaluation, request, policies)]


def proof_json(evaluation: Evaluation, request: Request, policies: PolicySet | None = None) -> dict[str, Any]:
    """The proof as JSON: request, gates in order, the rule that combines them, decision, and every statement's outcome."""
    rule = rule_of(evaluation, request)
    conditional = evaluation.decision is Decision.CONDITIONAL
    return {
        "request": {
            "principal": request.principal.text,
            "action": request.action,
            "resource": request.resource,
            "resource_account": request.account,
            "context": {key: list(values) for key, values in sorted(request.given.items())},
            "complete": request.complete,
        },
        "gates": [one.json() for one in gates(evaluation, request, policies)],
        "rule": {"step": rule.step, "text": rule.text},
        "decision": evaluation.decision.value,
        "blocked_by": list(evaluation.blocked_by),
        "allowed_if": to_json(evaluation.allowed_if) if conditional else None,
        "deciding": [deciding_json(one) for one in evaluation.deciding],
        "trace": [one.json() for one in evaluation.trace],
    }


def proof_svg(evaluation: Evaluation, request: Request, policies: PolicySet | None = None) -> str:
    """The proof as a picture: an SVG file of its own."""
    return picture(evaluation, request, gates(evaluation, request, policies))


def _lines(evaluation: Evaluation, request: Request, row: tuple[Gate, ...]) -> Iterator[Text]:
    yield from _asked(request)
    yield Text()
    for gate in row:
        yield _gate(gate)
    yield Text()
    rule = rule_of(evaluation, request)
    yield _row(rule.step, " ", "Rule", rule.text)
    yield _decision(evaluation)
    yield from _failures(evaluation)


def _asked(request: Request) -> Iterator[Text]:
    yield _row("1.1", " ", "Principal", request.principal.text)
    yield _row("", " ", "Action", request.action)
    yield _row("", " ", "Resource", request.resource)
    whose = "unknown" if not request.account else request.account
    if request.principal.account and request.account:
        whose += ", the principal's own" if request.is_same_account else f", not {request.principal.account}"
    yield _row("1.2", " ", "Resource's account", whose)
    given = "; ".join(context_words(request))
    others = "other keys are absent" if request.complete else "other keys are not known"
    yield _row("1.3", " ", "Context", f"{given}; {others}" if given else others)


def _gate(gate: Gate) -> Text:
    told = f"{gate.sentence}  ← stands in the way" if gate.stands else gate.sentence
    return _row(gate.step, SIGNS[gate.says], gate.name, told, _STYLES[gate.says])


def _decision(evaluation: Evaluation) -> Text:
    sign, style = _DECISIONS[evaluation.decision]
    told = evaluation.decision.value
    if evaluation.decision is Decision.CONDITIONAL:
        told = f"Allowed if {words(evaluation.allowed_if)}"
    elif evaluation.blocked_by:
        told += f", blocked by {', '.join(evaluation.blocked_by)}"
    return _row("11", sign, "Decision", told, style)


def _failures(evaluation: Evaluation) -> Iterator[Text]:
    """Statements that are about the action and did not match, with the first part that failed."""
    missed = [
        one for one in evaluation.trace if one.outcome.value is False and one.outcome.part is not Part.ACTION
    ]
    if missed:
        yield Text()
        yield Text("Statements about the action that do not match, with the first part that failed:")
    for one in missed[:_FAILURES]:
        statement = one.placed.statement.statement
        sid = statement.sid or f"statement {one.placed.index + 1}"
        yield _row(
            "4", "·", f"{one.placed.policy}", f"{statement.effect.value} {sid}: {failed(one.outcome)}", "dim"
        )
    if len(missed) > _FAILURES:
        yield Text(f"  and {len(missed) - _FAILURES} more")


def _row(step: str, sign: str, name: str, told: str, style: str = "") -> Text:
    line = Text(f"{step:>4}  ", style="dim", overflow="fold")
    line.append(f"{sign} ", style=style)
    line.append(f"{name:<24}", style="bold" if name == "Decision" else "")
    line.append(told, style=style if name == "Decision" else "")
    return line
