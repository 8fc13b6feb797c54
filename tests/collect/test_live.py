"""What live AWS as a source keeps in memory."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from watchword.aws import Aws, AwsSettings
from watchword.collect import live
from watchword.collect.live import LiveSource
from watchword.collect.source import Call
from watchword.model.ids import AccountId, Region


class Answering(Aws):
    """AWS that answers everything at once with nothing."""

    def call(self, *_: Any) -> dict[str, Any]:
        return {}


def test_memory_of_the_limiter_does_not_grow_with_the_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MANY_BUCKETS", 50)
    seconds = 0.0
    waited: list[float] = []
    source = LiveSource(
        Answering(AwsSettings(), frozenset()), clock=lambda: seconds, pause=waited.append, _many=50
    )
    sizes = []
    for number in range(600):
        source.first(Call(AccountId(f"{number:012}"), Region("eu-west-1"), "kms", "ListKeys"))
        seconds += 1.0
        sizes.append(len(source._buckets))
    assert max(sizes) <= 100
    assert waited == []
    assert sys.getsizeof(source._buckets) < 20_000


def test_a_bucket_in_use_is_kept() -> None:
    seconds = 0.0
    source = LiveSource(
        Answering(AwsSettings(), frozenset()), clock=lambda: seconds, pause=lambda _: None, _many=5
    )
    busy = Call(AccountId("1" * 12), Region("eu-west-1"), "kms", "ListKeys")
    source.first(busy)
    kept = source._bucket(busy)
    for number in range(50):
        source.first(Call(AccountId(f"{number:012}"), Region("eu-west-1"), "kms", "ListKeys"))
        source.first(busy)
        seconds += 5.0
    assert source._bucket(busy) is kept
