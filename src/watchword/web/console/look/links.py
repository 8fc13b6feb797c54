"""Where pages lie: the addresses of the console, in one place; and which addresses a page may point to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

OVERVIEW: Final = "/"
FINDINGS: Final = "/findings"
CONTROLS: Final = "/controls"
PATHS: Final = "/paths"
ESTATE: Final = "/estate"
IDENTITIES: Final = "/identities"
PEOPLE: Final = "/people"
DIRECTORIES: Final = "/directories"
RECOVERY: Final = "/recovery"
AUDIT: Final = "/audit"
SETTINGS: Final = "/settings"
ME: Final = "/me"
THEME: Final = "/theme"
SIGN_IN: Final = "/sign-in"
SIGN_OUT: Final = "/sign-out"


def at(*parts: str, **query: str) -> str:
    """An address below the first part: ``at(FINDINGS, id)``; each further part is quoted whole, ``/`` included.

    Parts of the query that are empty are left out.
    """
    first, *rest = parts
    path = "/".join((first.rstrip("/"), *(quote(part, safe="") for part in rest))) or "/"
    return with_query(path, query)


def with_query(path: str, query: Mapping[str, str]) -> str:
    """The path with a query of those values that are not empty."""
    told = urlencode({name: value for name, value in query.items() if value})
    return f"{path}?{told}" if told else path


def safe_href(address: str) -> str:
    """The address if a page may point there, else ``#``.

    Within the console (``/…`` but not ``//…``, ``?…``, ``#…``) or by https; never ``javascript:``, ``data:`` or another host
    by accident.  ``otpauth:`` opens an authenticator app.
    """
    # Browsers drop tabs and line ends within addresses and read a backslash as a slash.
    if any(letter <= " " or letter == "\\" for letter in address):
        return "#"
    inside = address.startswith(("/", "?", "#")) and not address.startswith("//")
    return address if inside or address.startswith(("https://", "otpauth://")) else "#"
