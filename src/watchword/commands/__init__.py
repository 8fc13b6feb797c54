"""The commands, one module a noun; ``register`` adds them to the application.

Modules here import other rooms inside their functions only.
"""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add every command of the product to the application."""
    from watchword.commands import assess, collect, controls, policy, results, snapshots

    for module in (assess, collect, results, snapshots):
        module.add_to(app)
    app.add_typer(controls.app, name="controls")
    app.add_typer(policy.app, name="policy")
