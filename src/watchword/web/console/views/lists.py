"""Parts of pages that list many things: filters, sorting, pages.

All of it is addresses: a filter is a form that asks by GET, a page is a link.  Scripts may make it smoother and are not
needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from watchword.web.console.look.links import with_query


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter; ``number`` is how many things there would be, ``None`` where that is not counted."""

    value: str
    label: str
    number: int | None = None
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Select:
    """A filter with values to choose from; the empty value means whichever."""

    name: str
    label: str
    choices: tuple[Choice, ...]
    any_label: str = "any"

    @property
    def chosen(self) -> Choice | None:
        """The value that is chosen."""
        return next((one for one in self.choices if one.chosen), None)


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is in force, in words, and the address without it."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class FilterBar:
    """A form of filters: where it asks, the text that is searched for, the filters, and what else to send along.

    ``text_label`` is empty where there is no search by text.
    """

    action: str
    selects: tuple[Select, ...] = ()
    text: str = ""
    text_label: str = ""
    hidden: tuple[tuple[str, str], ...] = ()
    chips: tuple[Chip, ...] = ()

    @property
    def in_force(self) -> bool:
        """Whether anything is filtered."""
        return bool(self.text) or any(one.chosen for one in self.selects)


@dataclass(frozen=True, slots=True)
class Pager:
    """Where in a list one is.  Things are counted from 1; addresses are empty where there is no such page."""

    total: int
    first: int
    last: int
    page: int
    pages: int
    previous: str = ""
    next: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A heading by which a list can be sorted: the address that does it, and whether it is sorted so."""

    label: str
    href: str = ""
    sorted: bool = False
    is_number: bool = False


def pager(path: str, query: Mapping[str, str], total: int, page: int, size: int) -> Pager:
    """The place of a page among all; a page beyond the last is taken as it is, and empty."""
    pages = max(-(-total // size), 1)
    first = (page - 1) * size + 1
    back = with_query(path, {**query, "page": str(min(page - 1, pages)) if page > 2 else ""})
    return Pager(
        total,
        first if first <= total else 0,
        min(page * size, total),
        page,
        pages,
        previous=back if page > 1 else "",
        next=with_query(path, {**query, "page": str(page + 1)}) if page < pages else "",
    )


def select(
    name: str,
    label: str,
    values: Iterable[tuple[str, str]],
    chosen: str,
    *,
    numbers: Mapping[str, int] | None = None,
    any_label: str = "any",
) -> Select:
    """A filter from values with their words; a chosen value that is not among them is shown all the same."""
    listed = list(values)
    if chosen and chosen not in {value for value, _ in listed}:
        listed.append((chosen, chosen))
    counted = {value: numbers.get(value, 0) if numbers is not None else None for value, _ in listed}
    choices = tuple(Choice(value, word, counted[value], value == chosen) for value, word in listed)
    return Select(name, label, choices, any_label)


def chips(path: str, query: Mapping[str, str], selects: Iterable[Select], text: str = "") -> tuple[Chip, ...]:
    """The filters in force, each with the address that takes it away."""
    found = [(one.name, f"{one.label}: {one.chosen.label}") for one in selects if one.chosen]
    if text:
        found.append(("q", f"“{text}”"))
    return tuple(Chip(label, with_query(path, {**query, name: "", "page": ""})) for name, label in found)
