"""IAM Access Analyzer, a service that moto lacks: analyzers, their archive rules and findings.

What it does not do: analyse policies; the estate says by `AccessAnalyzerBackend.add_finding` what was found. Quotas
and the right to make an analyzer for an organisation are not checked.
"""

import sys

from watchword.lab.backends import registry
from watchword.lab.backends.accessanalyzer.models import accessanalyzer_backends

__all__ = ["accessanalyzer_backends", "install"]


def install() -> None:
    """Make the service known to moto."""
    registry.add_service(sys.modules[__name__], "accessanalyzer", "access-analyzer")
