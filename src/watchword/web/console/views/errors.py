"""Pages for what went wrong: in words for people, with the request's id, and never with what is inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from watchword.web.console.look import links


@dataclass(frozen=True, slots=True)
class ErrorView:
    """What happened, what to do next, the request's id, and where to go."""

    template: ClassVar[str] = "error.html.j2"
    status: int
    title: str
    text: str
    request: str = ""
    href: str = links.OVERVIEW
    action: str = "To the overview"


_WORDS: Final[Mapping[int, tuple[str, str]]] = {
    400: (
        "That was not understood",
        "The request is incomplete or has something that cannot be. Go back and try again.",
    ),
    403: ("You may not see this", "None of your roles allows it. If you need it, ask an administrator."),
    404: ("There is nothing here", "The page does not exist, or no longer does."),
    405: ("Not like this", "The page cannot be asked in this way."),
    409: (
        "Somebody was faster",
        "What you wanted to change has been changed meanwhile. Load the page again and look.",
    ),
    413: ("That was too large", "The request is larger than what is taken."),
    421: ("The wrong address", "This server does not answer under the name by which it was asked."),
    429: ("Too many requests", "Wait a moment, then try again. Nothing was changed."),
    500: (
        "Something went wrong here",
        "It is not your fault. What you did was not carried out, or not wholly.",
    ),
    503: ("Not ready", "The database or another part does not answer at present. Try again in a moment."),
}


def error_view(status: int, request: str = "", text: str = "", *, signed_in: bool = True) -> ErrorView:
    """The page of a status; ``text`` in the place of the usual words where there is something better to say."""
    title, usual = _WORDS.get(status) or _WORDS[500 if status >= 500 else 400]
    href, action = (links.OVERVIEW, "To the overview") if signed_in else (links.SIGN_IN, "To the sign-in")
    return ErrorView(status, title, text or usual, request, href, action)
