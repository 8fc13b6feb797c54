"""Progress of a collection, on standard error and only where that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from watchword.commands.output import console

if TYPE_CHECKING:
    from watchword.collect.engine import Progress


@contextmanager
def shown() -> Iterator[Callable[[Progress], None] | None]:
    """A listener that draws the progress while the block runs; ``None`` where nobody looks."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[said]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console(err=True), transient=True) as bars:
        task = bars.add_task("collecting", said="", total=None)
        yield lambda told: _draw(bars, task, told)


def _draw(bars: Any, task: Any, told: Progress) -> None:  # noqa: ANN401
    said = (
        f"{told.done}/{told.total} units · {told.accounts_done}/{told.accounts} accounts × {told.regions} regions × "
        f"{told.services} services · {told.rate:.0f} calls/s · {told.holes} holes"
    )
    bars.update(task, total=told.total, completed=told.done, said=said)
