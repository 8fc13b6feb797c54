"""Long lists: pages by cursor.

``limit`` is 1 to 500.  An answer has ``items`` and ``next``, the cursor of the next page, which also stands in the header ``Link``
(RFC 8288, ``rel="next"``).  A cursor is opaque, and signed together with the path and the filters, so it goes on with that list
only; there is no telling how long a list is.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Generic, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel

from watchword.clock import stamp
from watchword.web.control_plane import ControlPlane
from watchword.web.guard.refused import Refused
from watchword.web.login.tokens import b64, unb64

LARGEST: Final = 500
USUAL: Final = 50
PURPOSE: Final = "cursors of lists"
_TAG: Final = 16
_OWN: Final = frozenset({"limit", "cursor"})

Value = str | int | datetime
Row = TypeVar("Row")
Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """A page of a list; ``next`` is ``null`` on the last."""

    items: list[Item]
    next: str | None


@dataclass(frozen=True, slots=True)
class Paging:
    """What was asked of a list: how many, after what; and where the answer is to go."""

    plane: ControlPlane
    request: Request
    response: Response
    limit: int
    after: tuple[Value, ...]

    @property
    def most(self) -> int:
        """Rows to read: one more than asked for, which says whether there is a next page."""
        return self.limit + 1

    def page(
        self,
        rows: Sequence[Row],
        key: Callable[[Row], tuple[Value, ...]],
        shown: Callable[[Row], Item],
    ) -> Page[Item]:
        """The page of these rows, which were read with ``most``; ``key`` are the values by which they are ordered."""
        here = rows[: self.limit]
        following = key(here[-1]) if len(rows) > self.limit and here else None
        return Page(items=[shown(one) for one in here], next=self.link(following))

    def link(self, following: tuple[Value, ...] | None) -> str | None:
        """The cursor after these values, which is told in the header, too; ``None`` where there is no next page."""
        if following is None:
            return None
        cursor = write(following, _keys(self.plane)[0], subject(self.request))
        kept = [pair for pair in self.request.query_params.multi_items() if pair[0] not in _OWN]
        query = urlencode([*kept, ("limit", str(self.limit)), ("cursor", cursor)])
        base = self.plane.settings.public_url + self.request.url.path
        self.response.headers["link"] = f'<{base}?{query}>; rel="next"'
        return cursor


def paging(
    request: Request,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=LARGEST, description="Items of a page.")] = USUAL,
    cursor: Annotated[
        str, Query(max_length=2_000, description="`next` of the page before; goes on after it.")
    ] = "",
) -> Paging:
    """A dependency: what was asked of a list.

    Raises:
        Refused: 422: the cursor is not one of ours, or of another list.
    """
    plane: ControlPlane = request.app.state.plane
    after = read(cursor, _keys(plane), subject(request)) if cursor else ()
    return Paging(plane, request, response, limit, after)


Pages = Annotated[Paging, Depends(paging)]
"""The parameter of a route that answers with a page."""


def subject(request: Request) -> str:
    """What a cursor belongs to: the path and the filters."""
    filters = sorted(pair for pair in request.query_params.multi_items() if pair[0] not in _OWN)
    return json.dumps([request.url.path, filters])


def write(values: tuple[Value, ...], key: bytes, of: str) -> str:
    """A cursor."""
    plain = json.dumps([_written(one) for one in values], separators=(",", ":")).encode()
    return b64(_tag(key, of, plain) + plain)


def read(cursor: str, keys: Sequence[bytes], of: str) -> tuple[Value, ...]:
    """The values of a cursor.

    Raises:
        Refused: 422: it was not written by us for this list.
    """
    try:
        raw = unb64(cursor)
    except ValueError:
        raise _strange() from None
    tag, plain = raw[:_TAG], raw[_TAG:]
    fits = [hmac.compare_digest(_tag(key, of, plain), tag) for key in keys]
    if not any(fits):
        raise _strange()
    return tuple(_read(one) for one in json.loads(plain))


def _keys(plane: ControlPlane) -> tuple[bytes, ...]:
    return plane.vault.derived(PURPOSE)


def _tag(key: bytes, of: str, plain: bytes) -> bytes:
    told = hashlib.sha256(of.encode("utf-8", "surrogatepass")).digest()
    return hmac.new(key, told + plain, hashlib.sha256).digest()[:_TAG]


def _written(value: Value) -> Any:  # noqa: ANN401
    return {"t": stamp(value)} if isinstance(value, datetime) else value


def _read(value: Any) -> Value:  # noqa: ANN401
    return datetime.fromisoformat(value["t"]) if isinstance(value, dict) else value


def _strange() -> Refused:
    return Refused(422, "the cursor is not one of this list: begin without it")
