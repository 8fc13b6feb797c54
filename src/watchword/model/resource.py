"""A document as AWS gave it, read with types; and a resource of the snapshot, which is such a document with a name.

AWS's answers are JSON.  Judging code never indexes them: it asks for a field with the type that it expects, and where
the field is missing, has another type, or its detail could not be read, ``EvidenceMissing`` is raised, which becomes the
verdict *unknown*.  Where AWS documents what a missing field means, the caller says so with ``absent=``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final, TypeVar

from watchword.model.evidence import Evidence, EvidenceMissing
from watchword.model.ids import AccountId, Region

HOLES_KEY: Final = "_holes"
"""Details of a resource that could not be read: ``{"Policy": "denied: AccessDenied"}``."""

T = TypeVar("T")


class Absence(Enum):
    """Marks that a caller has not said what a missing field means."""

    UNSTATED = "unstated"


UNSTATED: Final = Absence.UNSTATED


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON object and where it stands, read field by field with types.

    ``where`` names the place for error messages, e.g. ``ec2.instances i-0abc`` .
    Paths are dotted field names (``MetadataOptions.HttpTokens``); lists are read by ``items`` and ``texts``.
    """

    where: str
    data: Mapping[str, Any]

    def text(self, path: str, absent: T | Absence = UNSTATED) -> str | T:
        """The text at ``path``; ``absent`` where there is none.

        Raises:
            EvidenceMissing: no such field and ``absent`` unstated, or it is no text, or its detail was not read.
        """
        found: str | T = self._typed(path, str, absent)
        return found

    def flag(self, path: str, absent: T | Absence = UNSTATED) -> bool | T:
        """The boolean at ``path``; the words ``true`` and ``false`` count as such (as AWS has them in attributes).

        Raises:
            EvidenceMissing: as for ``text``.
        """
        value = self._find(path)
        if isinstance(value, str) and value.lower() in {"true", "false"}:
            return value.lower() == "true"
        found: bool | T = self._typed(path, bool, absent)
        return found

    def number(self, path: str, absent: T | Absence = UNSTATED) -> float | T:
        """The number at ``path`` (texts that are numbers count).

        Raises:
            EvidenceMissing: as for ``text``.
        """
        value = self._find(path)
        if isinstance(value, str):
            try:
                return float(value)
            except ValueError as error:
                raise EvidenceMissing(f"{path} of {self.where} is not a number") from error
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        return self._absent(path, value, absent)

    def time(self, path: str, absent: T | Absence = UNSTATED) -> datetime | T:
        """The instant at ``path``, in UTC: ISO 8601 text or seconds since 1970, as AWS's protocols have them.

        Raises:
            EvidenceMissing: as for ``text``.
        """
        value = self._find(path)
        if value is None:
            return self._absent(path, value, absent)
        try:
            return instant(value)
        except ValueError as error:
            raise EvidenceMissing(f"{path} of {self.where} is not a time") from error

    def document(self, path: str, absent: T | Absence = UNSTATED) -> Document | T:
        """The object at ``path``; a text that holds JSON (as policies do) is read.

        Raises:
            EvidenceMissing: as for ``text``, or the text is no JSON object.
        """
        value = self._find(path)
        if isinstance(value, str):
            value = self._decoded(path, value)
        if isinstance(value, Mapping):
            return Document(f"{self.where} {path}", value)
        return self._absent(path, value, absent)

    def items(self, path: str) -> tuple[Document, ...]:
        """The objects of the list at ``path``; AWS leaves empty lists out, so a missing list is empty.

        Raises:
            EvidenceMissing: it is no list of objects, or its detail was not read.
        """
        found = self._list(path)
        if not all(isinstance(item, Mapping) for item in found):
            raise EvidenceMissing(f"{path} of {self.where} is not a list of objects")
        return tuple(Document(f"{self.where} {path}[{index}]", item) for index, item in enumerate(found))

    def texts(self, path: str) -> tuple[str, ...]:
        """The texts of the list at ``path``; a missing list is empty, a single text is a list of one.

        Raises:
            EvidenceMissing: it is no list of texts, or its detail was not read.
        """
        value = self._find(path)
        found = (value,) if isinstance(value, str) else self._list(path)
        if not all(isinstance(item, str) for item in found):
            raise EvidenceMissing(f"{path} of {self.where} is not a list of texts")
        return tuple(found)

    def has(self, path: str) -> bool:
        """Whether there is anything but null at ``path``.

        Raises:
            EvidenceMissing: the detail was not read.
        """
        return self._find(path) is not None

    def raw(self, path: str) -> Any:  # noqa: ANN401
        """Whatever JSON stands at ``path``; ``None`` where nothing does.

        Raises:
            EvidenceMissing: the detail was not read.
        """
        return self._find(path)

    def _find(self, path: str) -> Any:  # noqa: ANN401
        current: Any = self.data
        for step in path.split("."):
            if not isinstance(current, Mapping):
                return None
            holes = current.get(HOLES_KEY)
            if holes and step in holes:
                raise EvidenceMissing(f"{path} of {self.where} not read ({holes[step]})")
            current = current.get(step)
        return current

    def _typed(self, path: str, wanted: type[Any], absent: Any) -> Any:  # noqa: ANN401
        value = self._find(path)
        return value if isinstance(value, wanted) else self._absent(path, value, absent)

    def _absent(self, path: str, value: Any, absent: T | Absence) -> T:  # noqa: ANN401
        if value is not None:
            raise EvidenceMissing(f"{path} of {self.where} has an unexpected form ({type(value).__name__})")
        if isinstance(absent, Absence):
            raise EvidenceMissing(f"{path} of {self.where} is missing")
        return absent

    def _list(self, path: str) -> tuple[Any, ...]:
        value = self._find(path)
        if value is None:
            return ()
        if not isinstance(value, Iterable) or isinstance(value, str | Mapping):
            raise EvidenceMissing(f"{path} of {self.where} is not a list")
        return tuple(value)

    def _decoded(self, path: str, text: str) -> Any:  # noqa: ANN401
        try:
            return json.loads(text)
        except ValueError as error:
            raise EvidenceMissing(f"{path} of {self.where} is not JSON") from error


@dataclass(frozen=True, slots=True)
class Resource(Document):
    """One row of the snapshot.

    ``table`` is the snapshot's table (``ec2.instances``), ``kind`` the CloudFormation type where there is one
    (``AWS::EC2::Instance``), ``arn`` unique in the snapshot, ``name`` what a person calls it, ``tags`` key to value.
    """

    account: AccountId = field(kw_only=True)
    region: Region = field(kw_only=True)
    table: str = field(kw_only=True)
    kind: str = field(kw_only=True)
    arn: str = field(kw_only=True)
    name: str = field(kw_only=True)
    tags: Mapping[str, str] = field(kw_only=True, default_factory=dict)

    def evidence(self, path: str) -> Evidence:
        """Point at the field at ``path`` of this row, with its value and hash (``null`` where there is none)."""
        return Evidence.of(self.table, self.arn, path, self._find(path))


def instant(value: object) -> datetime:
    """An instant in UTC from ISO 8601 text (``2026-01-31T10:00:00Z``) or seconds since 1970.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, UTC)
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a time")
    found = datetime.fromisoformat(value)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
