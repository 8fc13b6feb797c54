"""A stub of AWS, credentials that reach nothing else, and the few reads that the tests of the engine use."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.collect.stub import StubAws, stub_aws


@pytest.fixture
def stub(credentials: None) -> Iterator[StubAws]:
    """A stub of AWS with an organisation of two accounts."""
    with stub_aws() as made:
        yield made


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Made-up credentials, and no way to the user's own."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
