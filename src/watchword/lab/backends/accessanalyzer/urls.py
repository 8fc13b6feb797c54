"""Where moto finds the service: its host names and paths."""

from collections.abc import Callable
from typing import Any

from watchword.lab.backends import registry
from watchword.lab.backends.accessanalyzer.responses import OPERATIONS, AccessAnalyzerResponse

url_bases = [r"https?://access-analyzer\.(.+)\.amazonaws\.com"]
url_paths: dict[str, Callable[..., Any]] = {}
registry.extend(AccessAnalyzerResponse, url_paths, OPERATIONS)
