"""Attack paths, choke points and blast radius for the terminal.

The picture and the page are in ``attack_graph`` and ``attack_page``; what is found is in ``analysis.paths``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from watchword.analysis.iam.expression import words
from watchword.analysis.paths.edges import Edge, Hold, HoldKind
from watchword.report.attack_view import technique_name

if TYPE_CHECKING:
    from rich.text import Text

    from watchword.analysis.paths.blast import ChokePoints, Radius
    from watchword.analysis.paths.graph import EscalationGraph
    from watchword.analysis.paths.search import Path

SHOWN: Final = 12
"""Names of a kind that are listed; more are counted."""


def path_text(graph: EscalationGraph, number: int, path: Path, names: Mapping[str, str]) -> Text:
    """A path step by step: the technique, its target, what holds the step, and on which condition."""
    from rich.text import Text

    sure = "" if path.condition is True else "  on conditions"
    sure += "  perhaps: evidence is missing" if path.unknown else ""
    text = Text.assemble(
        (f"{number}. {_name(graph, path.start, names)}", "bold"),
        " → ",
        (_name(graph, path.goal, names), "bold red"),
        (sure, "yellow"),
        "\n",
    )
    for edge in path.edges:
        text.append_text(_step(graph, edge, names))
    return text


def choke_text(graph: EscalationGraph, cut: ChokePoints, names: Mapping[str, str]) -> Text:  # noqa: ARG001
    """Where to cut: the fewest removals, and the single ones that cut off the most."""
    from rich.text import Text

    text = Text()
    if cut.cut is None:
        text.append("No removal of statements or trusts cuts all of these paths.\n", "yellow")
    elif cut.cut:
        at_most = "" if cut.is_minimum else f" (at least {cut.at_least} are needed)"
        text.append(f"✂ {len(cut.cut)} removals cut all of them{at_most}:\n", "bold")
        for hold in cut.cut:
            text.append(f"   {hold_words(hold)}\n")
    for ranked in cut.ranking[:5]:
        text.append(f"   alone cuts off {len(ranked.starts)}: {hold_words(ranked.hold)}\n", "dim")
    return text


def reach_text(graph: EscalationGraph, told: Radius, names: Mapping[str, str]) -> Text:
    """A blast radius in a few lines."""
    from rich.text import Text

    text = Text.assemble((_name(graph, told.start, names), "bold"), "\n")
    if told.organization:
        text.append("  ✗ administers the organisation\n", "bold red")
    if told.guardrails:
        text.append("  ✗ has power over the organisation's control policies\n", "bold red")
    for line in _reached(graph, told, names):
        text.append(line)
    if told.conditional:
        text.append(f"  of these {len(told.conditional)} only on conditions\n", "yellow")
    if not (told.accounts or told.administers or told.identities or told.stores or told.perhaps):
        text.append("  ✓ reaches nothing beyond itself that is known\n", "green")
    return text


def _reached(graph: EscalationGraph, told: Radius, names: Mapping[str, str]) -> Iterator[str]:
    rows = (
        ("administers", [names.get(one, one) for one in told.administers], "accounts"),
        ("reaches", [names.get(one, one) for one in told.accounts], "accounts"),
        ("becomes", [graph.nodes[one].label for one in told.identities], "identities"),
        ("reads", [graph.nodes[one].label for one in told.stores], "sensitive stores"),
        ("perhaps reaches", [graph.nodes[one].label for one in told.perhaps], "more, over what was not read"),
    )
    for verb, found, noun in rows:
        if found:
            more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
            yield f"  {verb} {len(found)} {noun}: {', '.join(found[:SHOWN])}{more}\n"


def hold_words(hold: Hold) -> str:
    """What would be removed, in words."""
    verbs = {
        HoldKind.STATEMENT: "statement",
        HoldKind.TRUST: "trust",
        HoldKind.ATTACHMENT: "attachment",
        HoldKind.ASSIGNMENT: "assignment",
    }
    label = hold.label.replace("arn:aws:iam::", "").replace("arn:aws:", "")
    return label if label.startswith("statement") else f"{verbs[hold.kind]} {label}"


def _step(graph: EscalationGraph, edge: Edge, names: Mapping[str, str]) -> Text:
    from rich.text import Text

    text = Text.assemble("   ", (technique_name(edge), "cyan"), f" → {_name(graph, edge.target, names)}\n")
    for hold in list(dict.fromkeys(one for stage in edge.stages for one in stage))[:3]:
        text.append(f"      by {hold_words(hold)}\n", "dim")
    if edge.condition is not True:
        text.append(f"      if {words(edge.condition)}\n", "yellow")
    for what in edge.unknown:
        text.append(f"      not read: {what}\n", "yellow")
    return text


def _name(graph: EscalationGraph, node: str, names: Mapping[str, str]) -> str:
    found = graph.nodes[node]
    account = names.get(found.account, found.account)
    told = f"({account})" in found.label or found.account in found.label
    return f"{found.label} ({account})" if account and not told else found.label
