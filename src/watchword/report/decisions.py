"""A decision of the IAM evaluator for the terminal: what, why, and on which condition.

The proof in full, gate by gate, is in ``proof``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from watchword.analysis.iam.expression import words

if TYPE_CHECKING:
    from rich.text import Text

    from watchword.analysis.iam.ask import Answer
    from watchword.analysis.iam.layers import Placed

_SIGNS: Final = {
    "Allowed": ("✓", "green", "allowed"),
    "Conditional": ("?", "yellow", "allowed on a condition"),
    "ImplicitlyDenied": ("✗", "red", "denied: nothing allows it"),
    "ExplicitlyDenied": ("✗", "red", "denied explicitly"),
    "Unknown": ("?", "yellow", "unknown: evidence is missing"),
}
_BLOCKERS: Final = {
    "identity": "identity policies",
    "scp": "service control policies",
    "rcp": "resource control policies",
    "boundary": "the permissions boundary",
    "session": "session policies",
    "resource": "the resource's policy",
    "endpoint": "the VPC endpoint's policy",
    "s3_public_access_block": "S3's block of public access",
}


def decision_text(answer: Answer) -> Text:
    """The decision in a few lines: sign and words, who and what, the condition, what stands in the way, the statements."""
    from rich.text import Text

    sign, colour, said = _SIGNS[answer.decision]
    text = Text.assemble((f"{sign} {said}", f"bold {colour}"), "\n")
    text.append(f"  {answer.who.label} · {answer.request.action} · {answer.request.resource}\n")
    if answer.decision == "Conditional":
        text.append(f"  if {words(answer.evaluation.allowed_if)}\n")
    if answer.evaluation.blocked_by and answer.decision not in {"Allowed", "Conditional"}:
        told = ", ".join(_BLOCKERS[one] for one in answer.evaluation.blocked_by)
        text.append(f"  stands in the way: {told}\n")
    for placed in answer.evaluation.deciding[:12]:
        text.append(f"  {statement_words(placed)}\n")
    return text


def statement_words(placed: Placed) -> str:
    """A statement as people find it: effect, its Sid or number, the policy, and where that comes from."""
    statement = placed.statement.statement
    origin = f" ({placed.origin})" if placed.origin else ""
    return f"{statement.effect.value} by {statement.label} of {placed.policy}{origin}"
