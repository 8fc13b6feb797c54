"""The examples of every control: at least one met, one gap, one unknown each; see ``test_examples``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from watchword.model.snapshot import AccountView
from watchword.model.verdict import Verdict


@dataclass(frozen=True)
class Example:
    """A view in which ``control`` must give exactly ``verdicts`` (sorted), and why that is right."""

    control: str
    title: str
    view: AccountView
    verdicts: tuple[Verdict, ...]


EXAMPLES: list[Example] = []


def example(control: str, verdict: Verdict | str, title: str, view: AccountView) -> None:
    """Register an example whose findings are exactly the verdicts given, comma separated (``"gap,met"``)."""
    wanted = tuple(sorted(Verdict(word) for word in str(verdict).split(",")))
    EXAMPLES.append(Example(control, title, view, wanted))


Register = Callable[[str, str, str, AccountView], None]
