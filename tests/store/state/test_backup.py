"""Backups: whole, of one moment, verified before anything is changed, and taken by either database."""

from __future__ import annotations

import gzip
import json
import threading
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.store.state.conftest import KINDS, New
from tests.store.state.people import ACT, NOW, add, after, person, suspend
from tests.store.state.test_transition import CASES, records
from watchword.errors import BackupUnsound, DatabaseDamaged, DatabaseError, DatabaseOccupied
from watchword.model.people import Principal, PrincipalId, PrincipalKind, PrincipalStatus
from watchword.store.state.backup import backup, restore, verify
from watchword.store.state.database import Database
from watchword.store.state.schema import METADATA
from watchword.store.state.transition import transition


def fill(database: Database) -> None:
    """Rows in every table, among them one that points to another that comes after it."""
    sponsor = person("p-z")
    guest = Principal(
        PrincipalId("p-0"), PrincipalKind.GUEST, "G", PrincipalStatus.INVITED, NOW, sponsor.id, after(9)
    )
    add(database, person(), sponsor, guest)
    with database.writing() as connection:
        for table, to_row, _, value in CASES:
            connection.execute(table.insert().values(to_row(value)))
        transition(connection, suspend(), ACT)


def content(database: Database) -> dict[str, list[tuple[object, ...]]]:
    with database.reading() as connection:
        return {
            table.name: [
                tuple(row)
                for row in connection.execute(select(table).order_by(*table.primary_key.columns)).all()
            ]
            for table in METADATA.sorted_tables
        }


@pytest.mark.parametrize("target", KINDS)
def test_a_backup_restored_into_either_database_is_what_was_there(
    new: New, tmp_path: Path, target: str
) -> None:
    with Database.open(new("from")) as source, Database.open(new("to", kind=target)) as into:
        fill(source)
        made = backup(source, tmp_path / "kept", NOW)
        assert made.rows["principals"] == 4
        assert restore(into, tmp_path / "kept") == made
        assert content(into) == content(source)
        assert records(into) == records(source)
        add(into, person("p-more"))


def test_a_backup_of_the_same_rows_has_the_same_files(new: New, tmp_path: Path) -> None:
    with Database.open(new("one")) as one, Database.open(new("two")) as two:
        fill(one)
        backup(one, tmp_path / "one", NOW)
        restore(two, tmp_path / "one")
        backup(two, tmp_path / "two", NOW)
    assert (tmp_path / "one" / "manifest.json").read_text() == (
        tmp_path / "two" / "manifest.json"
    ).read_text()


def test_a_database_with_rows_is_not_overwritten_unless_that_is_said(new: New, tmp_path: Path) -> None:
    with Database.open(new("from")) as source, Database.open(new("to")) as into:
        fill(source)
        backup(source, tmp_path / "kept", NOW)
        fill(into)
        add(into, person("p-lost"))
        before = content(into)
        with pytest.raises(DatabaseOccupied, match="principals"):
            restore(into, tmp_path / "kept")
        assert content(into) == before
        restore(into, tmp_path / "kept", force=True)
        assert content(into) == content(source)


def damage(folder: Path, how: str) -> None:
    manifest, file = folder / "manifest.json", folder / "principals.jsonl.gz"
    said = json.loads(manifest.read_text())
    if how == "no manifest":
        manifest.unlink()
    elif how == "manifest cut":
        manifest.write_text(manifest.read_text()[:-20])
    elif how == "file missing":
        file.unlink()
    elif how == "byte changed":
        raw = bytearray(file.read_bytes())
        raw[len(raw) // 2] ^= 1
        file.write_bytes(raw)
    elif how == "file cut":
        file.write_bytes(file.read_bytes()[:-1])
    elif how == "file exchanged":
        file.write_bytes(gzip.compress(b""))
    elif how == "table left out":
        del said["tables"]["principals"]
        manifest.write_text(json.dumps(said))
    elif how == "other form":
        manifest.write_text(json.dumps(said | {"form": "watchword-state-9"}))
    elif how == "other schema":
        manifest.write_text(json.dumps(said | {"revision": "0000"}))
    elif how == "manifest a list":
        manifest.write_text("[]")


@pytest.mark.parametrize(
    "how",
    [
        "no manifest", "manifest cut", "manifest a list", "file missing", "byte changed", "file cut",
        "file exchanged", "table left out", "other form", "other schema",
    ],
)  # fmt: skip
def test_a_backup_that_is_not_whole_is_refused_before_anything_is_changed(
    new: New, tmp_path: Path, how: str
) -> None:
    with Database.open(new()) as database:
        fill(database)
        backup(database, tmp_path / "kept", NOW)
        before = content(database)
        damage(tmp_path / "kept", how)
        with pytest.raises(BackupUnsound):
            verify(tmp_path / "kept")
        with pytest.raises(BackupUnsound):
            restore(database, tmp_path / "kept", force=True)
        assert content(database) == before


@pytest.mark.parametrize("line", [b"{}\n", b"[1]\n", b"not json\n", b'{"id": 1}\n', b""], ids=str)
def test_rows_that_cannot_be_loaded_leave_what_was_there(new: New, tmp_path: Path, line: bytes) -> None:
    """A manifest that was made for wrong rows: the hashes are right, the rows are not."""
    import hashlib

    with Database.open(new()) as database:
        fill(database)
        folder = tmp_path / "kept"
        backup(database, folder, NOW)
        before = content(database)
        (folder / "identities.jsonl.gz").write_bytes(gzip.compress(line))
        said = json.loads((folder / "manifest.json").read_text())
        digest = hashlib.sha256((folder / "identities.jsonl.gz").read_bytes()).hexdigest()
        said["tables"]["identities"] = {"rows": 1, "sha256": digest}
        (folder / "manifest.json").write_text(json.dumps(said))
        with pytest.raises(DatabaseError):
            restore(database, folder, force=True)
        assert content(database) == before


def test_a_folder_that_holds_something_is_not_written_into(database: Database, tmp_path: Path) -> None:
    (tmp_path / "note").touch()
    with pytest.raises(DatabaseOccupied):
        backup(database, tmp_path, NOW)
    assert [one.name for one in tmp_path.iterdir()] == ["note"]


def test_a_backup_is_of_one_moment_though_work_goes_on(database: Database, tmp_path: Path) -> None:
    """Each person is written together with a record; a backup has as many of the one as of the other."""
    stop = threading.Event()

    def working() -> None:
        number = 0
        while not stop.is_set():
            add(database, person(f"p-{number}"))
            number += 1

    worker = threading.Thread(target=working)
    worker.start()
    try:
        made = [backup(database, tmp_path / str(number), NOW) for number in range(5)]
    finally:
        stop.set()
        worker.join()
    assert made[-1].rows["principals"] > 0
    assert all(one.rows["principals"] == one.rows["audit_records"] for one in made)


def test_a_damaged_database_gives_no_backup(new: New, tmp_path: Path) -> None:
    if new.kind != "sqlite":
        pytest.skip("the pages of a server's files are the server's to check")
    url = new()
    with Database.open(url) as database:
        fill(database)
        file = database.address.file
        assert file is not None
        with database.engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
    raw = bytearray(file.read_bytes())
    raw[8192:] = b"\xff" * (len(raw) - 8192)
    file.write_bytes(raw)
    with pytest.raises(DatabaseError), Database.open(url) as database:
        backup(database, tmp_path / "kept", NOW)
    assert not (tmp_path / "kept" / "manifest.json").exists()
    with pytest.raises((BackupUnsound, DatabaseDamaged)):
        verify(tmp_path / "kept")
