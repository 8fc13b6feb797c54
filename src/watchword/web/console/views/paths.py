"""Attack paths: the picture drawn by the server, the same as data for a graph that can be moved, and every path in words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar, Final

from markupsafe import Markup

from watchword.report.attack_graph import attack_graph_fragment
from watchword.report.attack_model import AttackGraph, Choke, readable
from watchword.report.attack_page import AttackPage, PathView, Reach

NO_PICTURE: Final = Markup()


@dataclass(frozen=True, slots=True)
class PathsView:
    """The page; ``state`` is ``ready``, ``waiting`` (being computed) or ``none`` (nothing was read yet)."""

    template: ClassVar[str] = "paths.html.j2"
    state: str
    headline: str = ""
    lead: str = ""
    picture: Markup = NO_PICTURE
    graph: str = "{}"
    """JSON for the script: ``elements`` as Cytoscape takes them."""
    chokes: tuple[Choke, ...] = ()
    paths: tuple[PathView, ...] = ()
    more: int = 0
    reach: tuple[Reach, ...] = ()
    not_seen: tuple[str, ...] = ()
    fault: str = ""


def waiting() -> PathsView:
    """The page while paths are looked for."""
    return PathsView("waiting")


def nothing_read(fault: str = "") -> PathsView:
    """The page where there is no snapshot, or paths cannot be looked for."""
    return PathsView("none", fault=fault)


def paths_view(page: AttackPage) -> PathsView:
    """The page from what the report's page has."""
    return PathsView(
        "ready",
        page.graph.headline,
        page.graph.lead,
        Markup(attack_graph_fragment(page.graph)) if page.graph.nodes else NO_PICTURE,  # noqa: S704 - escaped there
        elements(page.graph),
        page.graph.chokes,
        page.paths,
        page.more,
        page.reach,
        page.not_seen,
    )


def elements(graph: AttackGraph) -> str:
    """The graph as JSON for the script: boxes and ways, cut down to what can be read."""
    shown = readable(graph)
    nodes = [
        {
            "data": {
                "id": one.id,
                "label": one.label,
                "kind": one.kind,
                "place": one.place.value,
                "account": one.account_name or one.account,
                "title": one.title or one.label,
            }
        }
        for one in shown.nodes
    ]
    edges = [
        {
            "data": {
                "id": f"e{number}",
                "source": one.source,
                "target": one.target,
                "label": one.label,
                "style": one.style.value,
                "choke": one.choke,
                "title": one.title,
            }
        }
        for number, one in enumerate(shown.edges)
    ]
    return json.dumps({"elements": {"nodes": nodes, "edges": edges}})
