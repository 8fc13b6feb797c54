"""``watchword snapshots``: what has been collected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from watchword.commands import options
from watchword.commands.output import FORMAT_HELP, OutputFormat, listing


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("snapshots")(list_snapshots)


def list_snapshots(
    form: OutputFormat = typer.Option(OutputFormat.TABLE, "--format", help=FORMAT_HELP),
    store: Path = options.Store,
    output: Path | None = options.Output,
) -> None:
    """List the snapshots in the store, oldest first."""
    from watchword.store.snapshots import Snapshot, snapshot_ids

    def row(name: str) -> dict[str, Any]:
        snapshot = Snapshot.open(store, name)
        rows, calls, _ = snapshot.totals()
        manifest = snapshot.manifest
        finished = {
            "started": manifest["started"],
            "finished": manifest["finished"] or "unfinished: --resume",
        }
        size = {"accounts": len(manifest["accounts"]), "rows": rows, "calls": calls}
        return {"id": name} | finished | size | {"caller": manifest["caller"]}

    listing([row(name) for name in snapshot_ids(store)], form, output)
