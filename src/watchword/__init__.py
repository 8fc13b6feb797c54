"""watchword: a Zero Trust control plane for AWS organisations.

This module gives the package its name and version and does nothing else: importing it reads no file, opens
no connection and loads no other module, so that ``watchword --version`` answers at once.
"""

__version__ = "0.1.0"
"""Version of the package, as in ``pyproject.toml`` (a test compares the two)."""
