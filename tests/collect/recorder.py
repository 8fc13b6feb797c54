"""Writes what a source answers into a directory, in the layout of the AWS CLI's answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from watchword.aws import Caller
from watchword.collect.layout import candidates
from watchword.collect.rows import plain
from watchword.collect.source import Answer, Call, CallFailed, For, Source
from watchword.model.ids import AccountId, Region


@dataclass(slots=True)
class Recorder:
    """A source that passes on another's answers and keeps them under ``folder``."""

    source: Source
    folder: Path
    kind: str = "recorded"
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def caller(self) -> Caller:
        return self.source.caller()

    def alone(self) -> tuple[AccountId, ...]:
        return self.source.alone()

    def enter(self, account: AccountId) -> None:
        self.source.enter(account)

    def regions(self, account: AccountId) -> tuple[tuple[Region, ...], tuple[Region, ...]]:
        enabled, others = self.source.regions(account)
        for region in enabled:
            (self.folder / account / region).mkdir(parents=True, exist_ok=True)
        return enabled, others

    def first(self, call: Call) -> Answer:
        try:
            answer = self.source.first(call)
        except CallFailed as failed:
            self._keep(call, {"Error": {"Code": failed.code, "Message": failed.message}})
            raise
        self._keep(call, answer)
        return answer

    def pages(self, call: Call) -> Iterator[Answer]:
        whole: dict[str, Any] = {}
        try:
            for page in self.source.pages(call):
                whole = joined(whole, page)
                yield page
        except CallFailed as failed:
            whole = {"Error": {"Code": failed.code, "Message": failed.message}}
            raise
        finally:
            self._keep(call, whole)

    def _keep(self, call: Call, answer: Mapping[str, Any]) -> None:
        path = self.folder / next(candidates(call))
        with self._lock:
            path.parent.mkdir(parents=True, exist_ok=True)
            kept = plain(answer)
            if call.made_for is For.BATCH and path.exists():
                kept = joined(json.loads(path.read_text()), kept)
            path.write_text(json.dumps(kept))


def joined(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Two pages as one, as the AWS CLI joins them: lists one after the other, objects key by key."""
    made = dict(one)
    for key, value in other.items():
        before = made.get(key)
        if isinstance(before, list) and isinstance(value, list):
            made[key] = before + value
        elif isinstance(before, dict) and isinstance(value, dict):
            made[key] = joined(before, value)
        else:
            made[key] = value
    return made
