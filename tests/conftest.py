"""What holds for all tests of a run."""

from __future__ import annotations

import os
from pathlib import Path

# Many tests start commands and servers as processes of their own. Where a machine forbids bytecode beside the source
# (PYTHONDONTWRITEBYTECODE), each of them would compile all modules again: a folder apart lets them be compiled once.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
os.environ.setdefault("PYTHONPYCACHEPREFIX", str(Path(__file__).resolve().parent.parent / ".dev" / "pycache"))
