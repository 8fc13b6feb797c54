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
    app.command("export")(export)


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


def export(
    snapshot: str = typer.Argument("latest", help="Id of the snapshot, its beginning, or `latest`."),
    folder: Path = typer.Option(
        Path("snapshot-parquet"), "-o", "--output", help="Folder of the Parquet files."
    ),
    store: Path = options.Store,
) -> None:
    """Write a snapshot's tables as Parquet (zstd), for DuckDB, Spark, Athena or Power BI."""
    from watchword.store.parquet import write_parquet
    from watchword.store.snapshots import Snapshot

    written = list(write_parquet(Snapshot.open(store, snapshot), folder))
    tables = {one.path.parent.name for one in written}
    typer.echo(f"{sum(one.rows for one in written)} rows of {len(tables)} tables in {folder}")
