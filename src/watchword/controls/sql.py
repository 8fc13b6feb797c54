"""Controls that users write in SQL: front matter in TOML, then a query over the snapshot's tables.

A file looks like this::

    +++
    id = "ACME-01"            # and the other keys of every control, see ``controls.text``
    reads = ["s3.buckets"]    # the tables that the query reads
    about = "buckets"
    +++
    SELECT arn, name, region,
           CASE WHEN tags->>'owner' IS NULL THEN 'gap' ELSE 'met' END AS verdict,
           'the owner tag is missing' AS because
    FROM s3_buckets

Each row of the result is the judgement of one subject: ``arn``, ``verdict`` and ``because`` are needed, ``name``,
``region`` and ``kind`` may be given.  This module parses the file and turns rows into judgements; running the query is
the store's business.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from watchword.controls.judge import region_subject
from watchword.controls.registry import Control, Per, Rule
from watchword.controls.text import ControlText, TextError, from_mapping
from watchword.model.finding import Judgement, Subject
from watchword.model.ids import GLOBAL, Region
from watchword.model.snapshot import AccountView
from watchword.model.verdict import Verdict

_FENCE: Final = "+++"
_NEEDED: Final = ("arn", "verdict", "because")


@dataclass(frozen=True, slots=True)
class SqlControl:
    """A parsed file: texts, the tables that the query reads, the query, and the file's name."""

    text: ControlText
    reads: tuple[str, ...]
    about: str
    query: str
    origin: str

    def over(self, rows: Iterable[Mapping[str, Any]]) -> Control:
        """The control for one account, given the rows that the query gave there."""
        kept = tuple(rows)

        def function(view: AccountView) -> Iterator[Judgement]:
            yield from (self._judgement(view, row) for row in kept)
            yield from _holes(view, self.reads)

        rule = Rule(self.text.id, Per.ACCOUNT, self.reads, function, self.about)
        return Control(rule, self.text, self.origin)

    def failed(self, because: str) -> Control:
        """The control for one account in which the query could not be run: everything is unknown."""

        def function(_view: AccountView) -> Judgement:
            return Judgement(Verdict.UNKNOWN, f"the query of {self.origin} failed: {because}")

        return Control(
            Rule(self.text.id, Per.ACCOUNT, self.reads, function, self.about), self.text, self.origin
        )

    def _judgement(self, view: AccountView, row: Mapping[str, Any]) -> Judgement:
        missing = [column for column in _NEEDED if not row.get(column)]
        if missing:
            return Judgement(Verdict.UNKNOWN, f"{self.origin} gave a row without {', '.join(missing)}")
        arn, word = str(row["arn"]), str(row["verdict"])
        name = str(row.get("name") or arn.rpartition("/")[2] or arn)
        region = Region(str(row.get("region") or GLOBAL))
        subject = Subject(view.account.id, region, arn, str(row.get("kind") or "Other"), name)
        if word not in set(Verdict):
            return Judgement(Verdict.UNKNOWN, f"{self.origin} gave the verdict {word!r}", subject=subject)
        return Judgement(Verdict(word), str(row["because"]), subject=subject)


def parse(text: str, name: str) -> SqlControl:
    """Parse a file's text; ``name`` is the file, for messages.

    Raises:
        TextError: no front matter, bad TOML (with line), a missing or unknown key, no query.
    """
    head, fence, query = text.lstrip("\ufeff").removeprefix(_FENCE).partition(f"\n{_FENCE}")
    if not text.lstrip("\ufeff").startswith(_FENCE) or not fence:
        raise TextError(f"{name}: line 1: front matter between two lines of {_FENCE} is expected")
    if not query.strip():
        raise TextError(f"{name}: no query follows the front matter")
    try:
        found = tomllib.loads(head)
    except tomllib.TOMLDecodeError as error:
        raise TextError(f"{name}: {error}") from error
    reads, about = found.pop("reads", None), found.pop("about", "")
    if not isinstance(reads, list) or not reads or not all(isinstance(one, str) for one in reads):
        raise TextError(
            f"{name}: key 'reads' must list the tables that the query reads, e.g. [\"s3.buckets\"]"
        )
    return SqlControl(from_mapping(found, name), tuple(reads), about or reads[0], query.strip(), name)


def _holes(view: AccountView, reads: tuple[str, ...]) -> Iterator[Judgement]:
    for table in reads:
        for hole in view.holes_of(table):
            yield Judgement(
                Verdict.UNKNOWN, hole.sentence(), subject=region_subject(view, hole.region, table)
            )
