"""``watchword iam paths`` and ``watchword iam blast-radius``: how access escalates, how far it reaches, where to cut.

Everything is computed in ``analysis.paths``; here it is printed, drawn, or written as a page.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from watchword.commands import options
from watchword.commands.iam_inputs import graph_of
from watchword.commands.output import FORMAT_HELP, OutputFormat, console, listing, note, write
from watchword.errors import UsageError

if TYPE_CHECKING:
    from watchword.analysis.paths.blast import ChokePoints
    from watchword.analysis.paths.graph import EscalationGraph
    from watchword.analysis.paths.search import Path as AttackPath

ADMIN: Final = "admin"
ANYBODY: Final = "anybody"
STORES: Final = "stores"

SNAPSHOT: Final[Any] = typer.Option("latest", "--snapshot", help="Snapshot to ask.")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("paths")(paths)
    app.command("blast-radius")(blast_radius)


def paths(
    start: str = typer.Argument(
        ANYBODY,
        metavar="FROM",
        help="Who: id, ARN or name; `internet`; `anybody`: everyone who is no administrator yet.",
    ),
    to: str = typer.Option(
        ADMIN,
        "--to",
        help="`admin` of any account, `admin:ACCOUNT`, `organization`, `stores`, or an id, ARN or name.",
    ),
    limit: int = typer.Option(20, min=1, max=1_000, help="Most paths to list."),
    unknown: bool = typer.Option(
        False, "--unknown", help="Follow steps as well of which evidence is missing."
    ),
    form: OutputFormat = typer.Option(OutputFormat.TABLE, "--format", help=FORMAT_HELP),
    output: Path | None = typer.Option(
        None,
        "-o",
        "--output",
        help="File: .svg draws the attack graph, .html a page with all steps, else as --format.",
    ),
    snapshot: str = SNAPSHOT,
    store: Path = options.Store,
    config: Path | None = options.ConfigFile,
) -> None:
    """Find the ways by which somebody gets more than was given: to administer an account, or to read a sensitive store."""
    from watchword.analysis.paths.blast import choke_points

    graph, names = graph_of(store, snapshot, config)
    starts, goals = _starts(graph, start, names), _goals(graph, to, names)
    found = _found(graph, start, starts, goals, limit, unknown=unknown)
    from_all = starts if start != ANYBODY else tuple(path.start for path in found)
    cut = choke_points(graph, from_all, goals, unknown=unknown) if found else None
    _tell_unseen(graph)
    if output is not None and output.suffix in {".svg", ".html"}:
        _draw(graph, found, cut, names, output)
        return
    if form is OutputFormat.TABLE and output is None:
        _print(graph, found, cut, names)
        return
    listing([_row(graph, number, path) for number, path in enumerate(found, 1)], form, output)


def blast_radius(
    identity: str = typer.Argument(help="Whose: id, ARN or name; `internet`."),
    as_json: bool = typer.Option(False, "--json", help="As JSON."),
    snapshot: str = SNAPSHOT,
    store: Path = options.Store,
    config: Path | None = options.ConfigFile,
) -> None:
    """Tell how far an identity reaches if it falls into wrong hands: accounts, administration, identities, sensitive stores."""
    from watchword.analysis.paths.blast import radius

    graph, names = graph_of(store, snapshot, config)
    nodes = _nodes(graph, identity, names)
    _tell_unseen(graph)
    for node in nodes:
        told = radius(graph, node)
        if as_json:
            write(json.dumps(told.json(), indent=1, ensure_ascii=False) + "\n", None)
            continue
        from watchword.report.reach import reach_text

        console().print(reach_text(graph, told, names))


def _found(
    graph: EscalationGraph,
    start: str,
    starts: tuple[str, ...],
    goals: tuple[str, ...],
    limit: int,
    *,
    unknown: bool,
) -> tuple[AttackPath, ...]:
    """The cheapest path of each start where everybody is asked about, else the cheapest paths of all kinds."""
    from watchword.analysis.paths.search import path_from, paths, reverse

    if start != ANYBODY:
        return paths(graph, starts, goals, limit, unknown=unknown)
    reaching = reverse(graph, goals, unknown=unknown)
    each = (path_from(reaching, one) for one in starts if one not in goals)
    found = sorted(
        (one for one in each if one is not None and one.cost and one.condition is not False),
        key=lambda path: (path.cost, len(path.edges), path.start),
    )
    if len(found) > limit:
        note(f"{len(found)} have a path; the {limit} cheapest are shown (--limit)")
    return tuple(found[:limit])


def _starts(graph: EscalationGraph, start: str, names: dict[str, str]) -> tuple[str, ...]:
    """``anybody``: everyone at whom an attack may begin and who administers no account already."""
    from watchword.analysis.paths.search import starts_by_kind

    if start != ANYBODY:
        return _nodes(graph, start, names)
    every = (one for several in starts_by_kind(graph).values() for one in several)
    return tuple(one for one in every if not graph.nodes[one].is_admin)


def _goals(graph: EscalationGraph, to: str, names: dict[str, str]) -> tuple[str, ...]:
    from watchword.analysis.paths.edges import NodeKind

    kind, _, account = to.partition(":")
    if kind == ADMIN:
        found = [
            node.id
            for node in graph.nodes.values()
            if node.kind is NodeKind.ACCOUNT and account in {"", node.account, names.get(node.account)}
        ]
        if not found:
            raise UsageError(
                f"there is no account {account!r}", where="--to", remedy="give its twelve digits"
            )
        return tuple(found)
    if to == STORES:
        return tuple(node.id for node in graph.nodes.values() if node.kind is NodeKind.STORE)
    return _nodes(graph, to, names)


def _nodes(graph: EscalationGraph, name: str, names: dict[str, str]) -> tuple[str, ...]:
    """The node of a name: an id, an ARN, a label, a name, or ``account/name``.

    Raises:
        UsageError: there is none, or there are several.
    """
    from difflib import get_close_matches

    found = graph.find(name)
    account, _, last = name.partition("/")
    if not found and last:
        found = tuple(node for node in graph.find(last) if account in {node.account, names.get(node.account)})
    if len(found) == 1:
        return (found[0].id,)
    if found:
        told = "; ".join(node.id for node in found[:8])
        raise UsageError(f"{len(found)} nodes are called {name!r}", remedy=f"give one of: {told}")
    known = {
        text: node.id for node in graph.nodes.values() for text in (node.label, node.id.rpartition("/")[2])
    }
    near = get_close_matches(name.rpartition("/")[2], known, n=4, cutoff=0.6)
    close = list(dict.fromkeys(known[one] for one in near))
    raise UsageError(
        f"the snapshot shows nothing called {name!r}",
        remedy=f"did you mean: {'; '.join(close)}"
        if close
        else "give an ARN or a name; `anybody` asks about all",
    )


def _print(
    graph: EscalationGraph, found: tuple[AttackPath, ...], cut: ChokePoints | None, names: dict[str, str]
) -> None:
    from watchword.report.reach import choke_text, path_text

    if not found:
        console().print("✓ no path is known")
        return
    for number, path in enumerate(found, 1):
        console().print(path_text(graph, number, path, names))
    if cut is not None:
        console().print(choke_text(graph, cut, names))


def _draw(
    graph: EscalationGraph,
    found: tuple[AttackPath, ...],
    cut: ChokePoints | None,
    names: dict[str, str],
    output: Path,
) -> None:
    from watchword.report.attack_graph import attack_graph_svg
    from watchword.report.attack_page import attack_page
    from watchword.report.attack_view import attack_graph_of, attack_page_of

    if output.suffix == ".svg":
        write(attack_graph_svg(attack_graph_of(graph, found, cut, names)), output)
    else:
        write(attack_page(attack_page_of(graph, found, cut, names)), output)
    note(f"{len(found)} paths in {output}")


def _tell_unseen(graph: EscalationGraph) -> None:
    sentences = list(dict.fromkeys(sentence for _, sentence in graph.notes))
    for sentence in sentences[:6]:
        note(sentence)
    if len(sentences) > 6:
        note(f"not seen: {len(sentences) - 6} more (docs/paths.md says what cannot be seen)")


def _row(graph: EscalationGraph, number: int, path: AttackPath) -> dict[str, Any]:
    return {
        "path": number,
        "from": graph.nodes[path.start].label,
        "to": graph.nodes[path.goal].label,
        "cost": path.cost,
        **path.json(),
    }
