"""Following the log from its first record: every fault is found at the record where it begins, and named.

1. Sequences run from 1 without a gap.
2. Each record holds the hash of the one before; the first holds the log's id.
3. Each record's hash is that of its content.
4. Where a trusted head was given: at its size, root and last hash are those that were signed.

A cut at the end is invisible without a head, and so is a log that was written anew from some record on: only heads that
are kept elsewhere show these.  Nothing here opens a file or a database; memory does not grow with the log.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from watchword.store.audit.canonical import LARGEST
from watchword.store.audit.faults import AuditDamaged
from watchword.store.audit.heads import KEY_KIND, Head, Keys
from watchword.store.audit.merkle import Growing

LONGEST_LINE: Final = LARGEST + 1024
"""Bytes of a record's line."""

_HASH_FIELD: Final = len(b',"hash":""') + 64
# Canonical JSON has no blanks around it, which json.loads would look for in half of its time.
_decode: Final = json.JSONDecoder().raw_decode
_KEY_MARK: Final = f'"kind":"{KEY_KIND}"'
_KEY_BYTES: Final = _KEY_MARK.encode()

_LOG: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and at which record it begins (0: not at a record)."""

    sequence: int
    what: str

    def sentence(self) -> str:
        """The fault in words."""
        return f"record {self.sequence}: {self.what}" if self.sequence else self.what


class Follower:
    """Follows one log; the first fault ends it: ``fault`` is set, and what comes later is ignored.

    ``heads`` are checked against what is followed at their sizes; whether their signatures are to be believed is asked by
    ``finish``, when all keys are known.
    """

    def __init__(self, heads: Iterable[Head] = (), pinned: frozenset[bytes] = frozenset()) -> None:
        self.fault: Fault | None = None
        self.log = ""
        self.last = ""
        self.tree = Growing()
        self.keys = Keys("", pinned)
        self._heads = sorted(heads, key=lambda head: head.size)
        self._due = list(self._heads)

    @property
    def size(self) -> int:
        """Records that were followed and are sound."""
        return self.tree.size

    def lines(self, lines: Sequence[bytes]) -> None:
        """Follow lines of an export, without their ends."""
        while lines and self.fault is None:
            self._begin(_previous_of(lines[0]))
            room = self._room(len(lines))
            self._run(lines[:room])
            lines = lines[room:]

    def rows(self, rows: Sequence[Any]) -> None:
        """Follow rows of the database: sequence, entry, previous, hash; kind, actor, subject, at, which repeat the entry's."""
        while rows and self.fault is None:
            self._begin(rows[0][2])
            room = self._room(len(rows))
            self._run_rows(rows[:room])
            rows = rows[room:]

    def finish(self) -> None:
        """The end: no head may be beyond it, and every head must be signed by a key that is vouched for."""
        self._meet()
        if self.fault is None and self._due:
            head = self._due[0]
            missing = f"records {self.size + 1} to {head.size} are missing"
            self.fault = Fault(
                self.size + 1, f"{missing}: cut off or rolled back since the head of {head.time}"
            )
        for head in self._heads:
            doubt = self.keys.doubt(head) if self.fault is None else ""
            if doubt:
                self.fault = Fault(0, f"the head of {head.size} records {doubt}")

    def _begin(self, log: str) -> None:
        """Take the log's id from the first record."""
        if not self.size:
            # A broken id is taken for another one: the first record then does not follow it.
            self.log = self.last = self.keys.log = log if _LOG.fullmatch(log) else "0" * 64
        self._meet()

    def _room(self, count: int) -> int:
        """How many records may be followed until the next head is to be looked at."""
        return min(count, self._due[0].size - self.size) if self._due else count

    def _meet(self) -> None:
        """Compare the heads whose size is reached."""
        while self._due and self._due[0].size == self.size and self.fault is None:
            head = self._due.pop(0)
            here = self.log or head.log, self.tree.root().hex(), self.last or head.log
            if (head.log, head.root, head.last) != here:
                why = (
                    "this is another log"
                    if head.log != here[0]
                    else "rewritten since, or rolled back and continued"
                )
                self.fault = Fault(
                    head.size, f"up to here the log is not the one that was signed on {head.time}: {why}"
                )

    def _run(self, lines: Sequence[bytes]) -> None:
        if self.fault is not None:
            return
        previous, sequence = self.last.encode(), self.size
        hashes: list[bytes] = []
        for line in lines:
            sequence += 1
            tail = b',"previous":"%b","sequence":%d}' % (previous, sequence)
            cut = len(line) - len(tail) - _HASH_FIELD
            found = sha256(b"\0" + line[:cut] + tail)
            own = found.hexdigest().encode()
            if line[cut:] != b',"hash":"' + own + b'"' + tail:
                self.fault = Fault(sequence, _named(line, previous.decode(), sequence))
                break
            if _KEY_BYTES in line and self._refused(sequence, line):
                break
            previous = own
            hashes.append(found.digest())
        self._accept(hashes)

    def _run_rows(self, rows: Sequence[Any]) -> None:
        if self.fault is not None:
            return
        previous, sequence = self.last, self.size
        hashes: list[bytes] = []
        for number, entry, before, own, kind, actor, subject, at in rows:
            sequence += 1
            leaf = f'{{"entry":{entry},"previous":"{previous}","sequence":{sequence}}}'
            found = sha256(b"\0" + leaf.encode("utf-8", "surrogatepass"))
            if number != sequence or before != previous or own != found.hexdigest():
                self.fault = Fault(sequence, _why(number, before == previous, sequence))
                break
            what = _repeats(entry, kind, actor, subject, at)
            if what:
                self.fault = Fault(sequence, what)
                break
            if _KEY_MARK in entry and self._refused(sequence, leaf.encode()):
                break
            previous = own
            hashes.append(found.digest())
        self._accept(hashes)

    def _accept(self, hashes: Sequence[bytes]) -> None:
        self.tree.add_all(hashes)
        if hashes:
            self.last = hashes[-1].hex()

    def _refused(self, sequence: int, line: bytes) -> bool:
        """Learn the key that a record announces; whether that fails."""
        try:
            content = json.loads(line)["entry"]
        except (ValueError, RecursionError, TypeError, KeyError):
            self.fault = Fault(sequence, "is not an entry")
            return True
        # The words may stand elsewhere in an entry.
        if isinstance(content, dict) and content.get("kind") == KEY_KIND:
            what = self.keys.learn(sequence, content)
            self.fault = Fault(sequence, what) if what else None
        return self.fault is not None


def heads_of_one_log(heads: Sequence[Head]) -> None:
    """See that heads can be compared with one log.

    Raises:
        AuditDamaged: they are of several.
    """
    if len({head.log for head in heads}) > 1:
        raise AuditDamaged("the heads are of different logs", remedy="check each against its own log")


def _previous_of(line: bytes) -> str:
    """What the first line gives as the log's id; anything, where it is broken: following it finds the fault."""
    mark = line.rfind(b'"previous":"')
    return line[mark + 12 : mark + 76].decode("ascii", "replace") if mark >= 0 else ""


def _repeats(entry: str, kind: str, actor: str, subject: str, at: str) -> str:
    """What is wrong with the columns beside an entry; ``""`` where they repeat it."""
    try:
        found, end = _decode(entry)
        told = found["kind"], found["actor"], found["subject"], found["at"]
    except (ValueError, RecursionError, TypeError, KeyError):
        return "is not an entry"
    if end != len(entry):
        return "is not an entry"
    return "" if told == (kind, actor, subject, at) else "the columns beside the entry were changed"


def _named(line: bytes, previous: str, sequence: int) -> str:
    """What is wrong with a line that is not the expected record."""
    try:
        found: Any = json.loads(line)
        number, before = found["sequence"], found["previous"]
    except (ValueError, RecursionError, TypeError, KeyError):
        return "is no longer a record: its text was changed, cut or joined with another"
    if set(found) != {"entry", "hash", "previous", "sequence"} or not isinstance(number, int):
        return "is no longer a record: it has other fields"
    return _why(number, before == previous, sequence)


def _why(number: int, follows: bool, sequence: int) -> str:
    """In words: number and previous hash of what stands where record ``sequence`` should."""
    if number > sequence:
        return f"missing: record {str(number)[:20]} stands in its place"
    if number < sequence:
        return f"record {str(number)[:20]} stands in its place: repeated, put in or moved"
    if not follows:
        return "does not follow the record before it: one of the two was exchanged"
    return "was changed: its hash is not that of its content"
