"""Where moto finds the service: its host names and paths."""

from collections.abc import Callable
from typing import Any

from watchword.lab.backends import registry
from watchword.lab.backends.rolesanywhere.responses import OPERATIONS, RolesAnywhereResponse

url_bases = [r"https?://rolesanywhere\.(.+)\.amazonaws\.com"]
url_paths: dict[str, Callable[..., Any]] = {}
registry.extend(RolesAnywhereResponse, url_paths, OPERATIONS)
