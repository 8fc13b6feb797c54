"""A source whose answers are written down in the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from watchword.aws import Caller
from watchword.collect.source import Answer, Call, CallFailed
from watchword.model.evidence import HoleReason
from watchword.model.ids import AccountId, Region

ACCOUNT = AccountId("111122223333")

Scripted = Mapping[str, Any] | list[Mapping[str, Any]] | CallFailed | Callable[[Call], Any]


@dataclass(slots=True)
class FakeSource:
    """Answers by operation: a page, a list of pages, a failure, or a function of the call that gives one of these."""

    answers: dict[str, Scripted]
    asked: list[Call] = field(default_factory=list)
    kind: str = "fake"

    def caller(self) -> Caller:
        return Caller(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/test")

    def alone(self) -> tuple[AccountId, ...]:
        return (ACCOUNT,)

    def enter(self, account: AccountId) -> None:
        return

    def regions(self, account: AccountId) -> tuple[tuple[Region, ...], tuple[Region, ...]]:
        return (Region("eu-west-1"),), ()

    def first(self, call: Call) -> Answer:
        return next(self.pages(call))

    def pages(self, call: Call) -> Iterator[Answer]:
        self.asked.append(call)
        found = self.answers.get(call.operation, failure(HoleReason.NOT_IMPLEMENTED, "NotImplemented"))
        if callable(found):
            found = found(call)
        if isinstance(found, CallFailed):
            raise found
        yield from found if isinstance(found, list) else [found]


def failure(reason: HoleReason, code: str, message: str = "no") -> CallFailed:
    return CallFailed(reason, code, message)


def denied() -> CallFailed:
    return failure(HoleReason.DENIED, "AccessDenied")
