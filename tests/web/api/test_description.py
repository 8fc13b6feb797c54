"""The API against its own description: schemathesis draws requests from it, sound and unsound ones, and holds the answers to it."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.web.house import ORIGIN, ROLES, House, house
from watchword.store.state.database import Database

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis import GenerationMode
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_headers_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
EXAMPLES = 8
"""Requests of each operation and each caller."""


@pytest.fixture(scope="module")
def described(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Any]]:
    """A process of its own, and its description."""
    folder = tmp_path_factory.mktemp("described")
    shutil.copy(furnished, folder / "state.sqlite")
    with Database.open(f"sqlite:///{folder}/state.sqlite") as database:
        made = house(database, folder)
        with made.at_end:
            schema = schemathesis.openapi.from_dict(made.stranger().get("/api/v1/openapi.json").json())
            yield made, schema


@pytest.mark.heavy
@pytest.mark.parametrize("who", ["administrator", "stranger"])
def test_every_answer_to_whatever_is_asked_is_one_that_the_description_names(
    described: tuple[House, Any], who: str
) -> None:
    home, schema = described
    headers = home.program(who, "write").headers if who in ROLES else {}
    count = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE) if headers else (GenerationMode.POSITIVE,)
        for mode in modes:
            count += _held(home, operation.as_strategy(generation_mode=mode), headers)
    assert count > 100


def _held(home: House, strategy: Any, headers: dict[str, str]) -> int:
    """Ask what a strategy draws, and hold each answer to the description; how many there were."""
    count = 0

    @given(case=strategy)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    def hold(case: Any) -> None:
        nonlocal count
        count += 1
        sent = case.as_transport_kwargs(base_url=ORIGIN)
        kept = {key: sent[key] for key in ("method", "url", "params", "json") if key in sent}
        if sent.get("data") is not None:
            kept["content" if isinstance(sent["data"], bytes | str) else "data"] = sent["data"]
        own = {key: value for key, value in (sent.get("headers") or {}).items() if key.lower() not in headers}
        answer = home.http.request(**kept, headers={**own, **headers}, follow_redirects=False)
        case.validate_response(answer, checks=list(CHECKS))

    hold()
    return count
