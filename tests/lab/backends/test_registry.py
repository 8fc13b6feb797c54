"""How backends become part of moto."""

from importlib import import_module
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import xform_name
from moto import backend_index, mock_aws
from moto.core.responses import BaseResponse
from moto.guardduty import urls

from watchword.lab import backends
from watchword.lab.backends import registry

# The services of which each operation must be called by a test, with the modules that list them.
SERVICES = {
    "accessanalyzer": ("responses",),
    "config": ("queries", "counts", "status"),
    "guardduty": ("detectors", "findings", "members"),
    "inspector2": ("accounts", "members", "findings", "coverage"),
    "macie2": ("session", "members", "findings", "jobs", "buckets"),
    "securityhub": ("hub", "standards", "aggregators", "members", "findings"),
}


def test_to_install_twice_changes_nothing() -> None:
    backends.install()
    before = list(backend_index.backend_url_patterns), dict(urls.url_paths)
    backends.install()
    assert (list(backend_index.backend_url_patterns), dict(urls.url_paths)) == before
    names = [name for name, _ in backend_index.backend_url_patterns]
    assert names.count("accessanalyzer") == 1


def test_paths_are_those_of_botocore() -> None:
    assert registry.paths("guardduty", ["ListFindings", "CreateDetector", "GetDetector"]) == (
        "{0}/detector/(?P<DetectorId>[^/]+)/findings$",
        "{0}/detector$",
        "{0}/detector/(?P<DetectorId>.+)$",
    )
    assert registry.paths("config", ["SelectResourceConfig", "GetDiscoveredResourceCounts"]) == ("{0}/$",)


def test_a_label_that_ends_a_path_takes_arns_with_slashes() -> None:
    [path] = registry.paths("accessanalyzer", ["TagResource"])
    assert path == "{0}/tags/(?P<resourceArn>.+)$"


def test_an_operation_that_aws_does_not_have_is_refused() -> None:
    class Response(BaseResponse):
        def __init__(self) -> None:
            super().__init__(service_name="guardduty")

    with pytest.raises(KeyError, match="ListFinding"):
        registry.extend(Response, {}, {"ListFinding": lambda call: {}})


def test_an_operation_is_added_to_the_class_and_to_the_paths() -> None:
    class Response(BaseResponse):
        def __init__(self) -> None:
            super().__init__(service_name="guardduty")

    paths: dict[str, Any] = {}
    registry.extend(Response, paths, {"ListFindings": lambda call: {"FindingIds": []}})
    assert callable(Response.list_findings)  # type: ignore[attr-defined]
    assert list(paths) == ["{0}/detector/(?P<DetectorId>[^/]+)/findings$"]


def test_the_backends_answer_without_a_server_as_well() -> None:
    backends.install()
    with mock_aws():
        client = boto3.client("accessanalyzer", region_name="us-east-1")
        client.create_analyzer(analyzerName="a", type="ACCOUNT")
        assert len(client.list_analyzers()["analyzers"]) == 1


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_is_called_by_a_test(service: str) -> None:
    text = (Path(__file__).parent / f"test_{service}.py").read_text()
    modules = [import_module(f"watchword.lab.backends.{service}.{name}") for name in SERVICES[service]]
    operations = [operation for module in modules for operation in module.OPERATIONS]
    assert operations
    assert [operation for operation in operations if xform_name(operation) not in text] == []
