"""A lab that enforces, empty but for its administrator, gone after each test."""

from collections.abc import Iterator

import pytest

from tests.lab.gate.enforcing import Enforcing
from watchword.lab.server import Lab


@pytest.fixture
def lab() -> Iterator[Enforcing]:
    with Lab.in_process() as running:
        yield Enforcing(running)
