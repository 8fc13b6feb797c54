"""One evaluation as a picture: the request at the left, a gate for every layer, the decision at the right.

A line leads through the gates: whole where the request passes, dashed where it depends on a condition, faint where it
was stopped.  Each gate has a sign and a word, so that nothing is told by colour alone; below stand the reasons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from watchword.analysis.iam.evaluation import Decision, Evaluation
from watchword.analysis.iam.expression import words
from watchword.analysis.iam.request import Request
from watchword.report.canvas import Canvas
from watchword.report.gates import SIGNS, Gate, Says, context_words, rule_of
from watchword.report.lettering import broken, clipped, shortened, width, wrapped

WIDTH: Final = 1280.0
_MARGIN: Final = 28.0
_ASKED: Final = 214.0
"""Width of the request's card."""
_ANSWER: Final = 150.0
_TOP: Final = 104.0
_CARD: Final = 226.0
"""The least height of the request's card, the gates and the decision."""
_KEYS: Final = 3
"""Context keys that the card shows."""
_MOST: Final = 10
"""Gates drawn at most; SCP levels between the first and the last are drawn as one where there are more."""
_COLOURS: Final = {
    Says.ALLOWS: "good",
    Says.DENIES: "bad",
    Says.SILENT: "none",
    Says.CONDITIONAL: "doubt",
    Says.ABSENT: "none",
}
_WORDS: Final = {
    Says.ALLOWS: "allows",
    Says.DENIES: "denies",
    Says.SILENT: "silent",
    Says.CONDITIONAL: "depends",
    Says.ABSENT: "none",
}
_ANSWERS: Final = {
    Decision.ALLOWED: ("✓", "good", "Allowed"),
    Decision.CONDITIONAL: ("?", "doubt", "Allowed on a condition"),
    Decision.IMPLICITLY_DENIED: ("✗", "bad", "Denied implicitly"),
    Decision.EXPLICITLY_DENIED: ("✗", "bad", "Denied explicitly"),
}


def picture(evaluation: Evaluation, request: Request, gates: Sequence[Gate]) -> str:
    """The picture as an SVG file."""
    drawn = _drawn(gates)
    canvas = Canvas()
    _, _, answer = _ANSWERS[evaluation.decision]
    title = f"{request.action}: {answer}"
    canvas.text(
        shortened(
            f"May {_who(request)} do {request.action} on {_last(request.resource)}?",
            WIDTH - 2 * _MARGIN,
            21,
            bold=True,
        ),
        _MARGIN,
        44,
        "h1",
    )
    rule = rule_of(evaluation, request)
    canvas.text(f"Rule {rule.step}: {rule.text}.", _MARGIN, 68, "lead")
    asked = _Asked.of(request)
    asked.draw(canvas)
    _row(canvas, drawn)
    _answer(canvas, evaluation, asked.height)
    bottom = _reasons(canvas, evaluation, drawn, _TOP + asked.height + 36)
    bottom = _legend(canvas, bottom + 10)
    said = "; ".join(f"{gate.name}: {gate.says.value}, {gate.reason}" for gate in gates)
    return canvas.file(WIDTH, bottom + 12, title, said)


def _drawn(gates: Sequence[Gate]) -> list[Gate]:
    """The gates, with the levels between the first and the last that only pass folded into one where there are many."""
    kept = list(gates)
    for layer in ("scp", "rcp"):
        between = [one for one in kept if one.layer == layer][1:-1]
        passing = [one for one in between if one.says is Says.ALLOWS]
        if len(kept) > _MOST and len(passing) > 1:
            place = kept.index(passing[0])
            first = passing[0]
            one = Gate(
                first.step,
                layer,
                f"{layer.upper()} · {len(passing)} levels",
                Says.ALLOWS,
                False,
                f"{len(passing)} levels between root and account: {first.reason}",
            )
            kept = [gate for gate in kept if gate not in passing]
            kept.insert(place, one)
    return kept


def _last(text: str) -> str:
    """What people call an ARN: the part after its fifth colon."""
    return text.split(":", 5)[-1] if text.startswith("arn:") else text


def _who(request: Request) -> str:
    """The principal in words."""
    text = _last(request.principal.text)
    kind, _, rest = text.partition("/")
    role, _, session = rest.rpartition("/")
    if kind == "assumed-role" and role:
        return f"session {session} of role {role}"
    if text == "*":
        return "anybody"
    return f"{kind} {rest}" if kind in {"role", "user"} and rest else text


@dataclass(frozen=True, slots=True)
class _Asked:
    """The request's card: heads with their lines, and the account beside."""

    rows: tuple[tuple[str, list[str], str], ...]

    @classmethod
    def of(cls, request: Request) -> _Asked:
        room = _ASKED - 28
        context = context_words(request)
        more = [f"and {len(context) - _KEYS} more keys"] if len(context) > _KEYS else []
        rest = "other keys: absent" if request.complete else "other keys: not known"
        known = [line for text in (*context[:_KEYS], *more, rest) for line in broken(text, room, 12, 2)]
        return cls(
            (
                ("WHO", broken(_who(request), room, 12, 3, bold=True), request.principal.account),
                ("WHAT", broken(request.action, room, 12, 2, bold=True), ""),
                ("ON", broken(_last(request.resource), room, 12, 3, bold=True), request.account),
                ("WITH", known, ""),
            )
        )

    @property
    def height(self) -> float:
        """Of the card."""
        return max(_CARD, 20 + sum(25 + 15 * len(lines) for _, lines, _ in self.rows))

    def draw(self, canvas: Canvas) -> None:
        """Put it on the canvas."""
        canvas.box(_MARGIN, _TOP, _ASKED, self.height, "box start")
        x, y = _MARGIN + 14, _TOP + 24
        for head, lines, account in self.rows:
            canvas.text(head, x, y, "head")
            if account:
                canvas.text(f"account {account}", _MARGIN + _ASKED - 14, y, "small end")
            y = canvas.lines(lines, x, y + 16, "note" if head == "WITH" else "name", 15) + 9


def _row(canvas: Canvas, gates: Sequence[Gate]) -> None:
    left, right = _MARGIN + _ASKED, WIDTH - _MARGIN - _ANSWER
    step = (right - left - 26) / len(gates)
    middle, state, x = _TOP + 112, "good", left
    for index, gate in enumerate(gates):
        centre = left + 13 + step * (index + 0.5)
        _track(canvas, x, centre, middle, state)
        x, state = centre, _after(state, gate)
    _track(canvas, x, right - 7, middle, state)
    canvas.path(f"M{right - 1:.1f} {middle}l-8 -5v10z", "tip")
    for index, gate in enumerate(gates):
        _gate(canvas, gate, left + 13 + step * index + 3, step - 6, middle)


def _after(state: str, gate: Gate) -> str:
    """How the line goes on behind a gate."""
    if not gate.stands:
        return state
    return (
        "doubt"
        if gate.says is Says.CONDITIONAL and state == "good"
        else "bad"
        if gate.says is not Says.CONDITIONAL
        else state
    )


def _track(canvas: Canvas, start: float, end: float, y: float, state: str) -> None:
    canvas.path(f"M{start:.1f} {y:.1f}H{end:.1f}", f"track {'' if state == 'good' else state}".rstrip())


def _gate(canvas: Canvas, gate: Gate, x: float, room: float, middle: float) -> None:
    colour, centre = _COLOURS[gate.says], x + room / 2
    canvas.open(f"{gate.step} {gate.name}: {gate.says.value}. {gate.reason}")
    names = broken(gate.name, room, 12, 3, bold=True)
    canvas.text(gate.step, centre, _TOP + 16, "head mid")
    canvas.lines(names, centre, _TOP + 34, "name mid", 14)
    radius = 17 if gate.says is not Says.ABSENT else 11
    canvas.disc(centre, middle, radius, f"disc {colour}")
    inked = colour if colour != "none" else "soft"
    canvas.text(
        SIGNS[gate.says], centre, middle + (7 if gate.says is not Says.ABSENT else 6), f"sign mid {inked}"
    )
    canvas.text(
        _WORDS[gate.says], centre, middle + 36, f"strong mid {inked}" if inked != "soft" else "small mid"
    )
    canvas.lines(broken(gate.statement, room, 11, 4), centre, middle + 54, "small mid", 13)
    canvas.close()


def _answer(canvas: Canvas, evaluation: Evaluation, height: float) -> None:
    sign, colour, told = _ANSWERS[evaluation.decision]
    x, room = WIDTH - _MARGIN - _ANSWER, _ANSWER - 24
    canvas.box(x, _TOP, _ANSWER, height, f"panel {colour}")
    centre = x + _ANSWER / 2
    canvas.text("11", centre, _TOP + 16, "head mid")
    canvas.text("DECISION", centre, _TOP + 34, "head mid")
    canvas.disc(centre, _TOP + 112, 17, f"disc {colour}")
    canvas.text(sign, centre, _TOP + 119, f"sign mid {colour}")
    y = canvas.lines(wrapped(told, room, 12, bold=True), centre, _TOP + 150, f"strong mid {colour}", 15)
    if evaluation.decision in {Decision.IMPLICITLY_DENIED, Decision.EXPLICITLY_DENIED}:
        blocked = f"by {', '.join(one.replace('_', ' ') for one in evaluation.blocked_by)}"
        canvas.lines(wrapped(blocked, room, 11)[:4], centre, y + 3, "small mid", 13)


def _reasons(canvas: Canvas, evaluation: Evaluation, gates: Sequence[Gate], y: float) -> float:
    """Why each gate says what it says, one after the other in two columns."""
    if evaluation.decision is Decision.CONDITIONAL:
        answer = f"Allowed if {words(evaluation.allowed_if)}"
        y = (
            canvas.lines(
                clipped(wrapped(answer, WIDTH - 2 * _MARGIN - 12, 12, bold=True), 4), _MARGIN, y, "strong", 16
            )
            + 12
        )
    canvas.path(f"M{_MARGIN} {y - 16:.1f}H{WIDTH - _MARGIN}", "rule")
    y += 6
    told = [one for one in gates if one.says is not Says.ABSENT]
    half = (len(told) + 1) // 2
    room = (WIDTH - 2 * _MARGIN - 40) / 2
    bottoms = [y]
    for column, several in enumerate((told[:half], told[half:])):
        x, at = _MARGIN + column * (room + 40), y
        for gate in several:
            at = _reason(canvas, gate, x, at, room)
        bottoms.append(at)
    return max(bottoms)


def _reason(canvas: Canvas, gate: Gate, x: float, y: float, room: float) -> float:
    colour = _COLOURS[gate.says]
    canvas.text(SIGNS[gate.says], x + 6, y, f"strong mid {colour}")
    canvas.text(gate.name, x + 20, y, "strong")
    canvas.text(gate.step, x + room, y, "small end")
    told = gate.sentence[:1].upper() + gate.sentence[1:]
    lines = clipped(wrapped(told, room - 36, 12), 4)
    return canvas.lines(lines, x + 20, y + 16, "note", 15) + 9


def _legend(canvas: Canvas, y: float) -> float:
    canvas.path(f"M{_MARGIN} {y - 14:.1f}H{WIDTH - _MARGIN}", "rule")
    x = _MARGIN
    for one, word in (
        (Says.ALLOWS, "allows, or denies nothing"),
        (Says.DENIES, "denies explicitly"),
        (Says.SILENT, "silent: no statement allows"),
        (Says.CONDITIONAL, "depends on a condition"),
        (Says.ABSENT, "does not apply"),
    ):
        text = f"{SIGNS[one]} {word}"
        canvas.text(text, x, y + 8, "small")
        x += width(text, 11) + 22
    canvas.text("Numbers are steps of docs/iam-evaluation.md.", WIDTH - _MARGIN, y + 8, "small end")
    return y + 16
