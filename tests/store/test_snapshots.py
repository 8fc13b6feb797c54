"""What is written is read again, account by account, with everything that is missing."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest

from tests.store.snapshots import DEV, HOME, PROD, STARTED, begun, result, row, unit
from watchword.errors import SnapshotDamaged, SnapshotLocked, SnapshotMissing, StoreError
from watchword.model.evidence import EvidenceMissing, Hole, HoleReason
from watchword.model.ids import AccountId, Region
from watchword.store.lines import pack, unpack
from watchword.store.snapshots import Snapshot, snapshot_ids, unfinished
from watchword.store.status import State
from watchword.store.writer import SnapshotWriter

CENTRAL = Region("eu-central-1")


def test_rows_come_back_as_they_were_written(tmp_path: Path) -> None:
    keys = [unit(), unit(DEV)]
    with begun(tmp_path, keys) as writer:
        writer.record([result(key, text='ü\u2028\n"', nested={"a": [1, None, True]}) for key in keys])
        writer.finish(STARTED)
    view = Snapshot.open(tmp_path).view(PROD)
    expected = [row(unit(), number, text='ü\u2028\n"', nested={"a": [1, None, True]}) for number in range(2)]
    assert list(view.rows("ec2.instances", HOME)) == expected
    assert view.account.name == "name-2"
    assert view.now == STARTED


def test_an_account_is_read_without_the_rows_of_others(tmp_path: Path) -> None:
    keys = [unit(), unit(DEV)]
    with begun(tmp_path, keys) as writer:
        writer.record([result(key) for key in keys])
    (tmp_path / "snapshots" / writer.id / "data" / f"account={DEV}" / "rows-0.ndjson.gz").write_bytes(
        b"broken"
    )
    snapshot = Snapshot.open(tmp_path)
    assert len(snapshot.view(PROD).rows("ec2.instances", HOME)) == 2
    with pytest.raises(SnapshotDamaged, match=str(DEV)):
        snapshot.view(DEV)


def test_what_was_not_reached_and_what_was_left_out_are_holes(tmp_path: Path) -> None:
    keys = [unit(), unit(region=CENTRAL)]
    with begun(tmp_path, keys) as writer:
        writer.record([result(unit())])
    view = Snapshot.open(tmp_path).view(PROD)
    found = {(hole.region, hole.service, hole.table, hole.reason) for hole in view.holes}
    assert found == {
        ("eu-central-1", "ec2", "*", HoleReason.NOT_COLLECTED),
        ("us-east-1", "ec2", "*", HoleReason.OUT_OF_SCOPE),
        ("us-east-1", "s3", "s3.access_points", HoleReason.OUT_OF_SCOPE),
        ("eu-west-1", "s3", "s3.access_points", HoleReason.OUT_OF_SCOPE),
        ("global", "s3", "s3.buckets", HoleReason.OUT_OF_SCOPE),
    }
    assert len(view.rows("ec2.instances", HOME)) == 2
    with pytest.raises(EvidenceMissing, match="not collected"):
        view.rows("ec2.instances", CENTRAL)


def test_a_table_that_was_read_and_is_empty_is_empty_and_not_missing(tmp_path: Path) -> None:
    with begun(tmp_path, [unit()]) as writer:
        writer.record([result(unit(), 0)])
    assert Snapshot.open(tmp_path).view(PROD).rows("ec2.instances", HOME) == ()


def test_holes_of_a_unit_are_replaced_when_it_is_read_again(tmp_path: Path) -> None:
    hole = Hole(PROD, HOME, "ec2", "ec2.instances", HoleReason.THROTTLED, "slow")
    with begun(tmp_path, [unit()]) as writer:
        writer.record([result(unit(), 1, [hole])])
        assert writer.pending(PROD) == [unit()]
        assert writer.pending_counts() == {PROD: 1}
        assert writer.pending_counts({"s3"}) == {}
    with SnapshotWriter.resume(writer.folder) as again:
        again.record([result(unit(), 3)])
        again.complete(PROD)
        assert again.pending(PROD) == []
    snapshot = Snapshot.open(tmp_path)
    assert snapshot.counts()[State.DONE] == 1
    assert [one.reason for one in snapshot.holes(PROD) if one.region == HOME and one.service == "ec2"] == []
    assert len(snapshot.view(PROD).rows("ec2.instances", HOME)) == 3


def test_a_complete_account_keeps_no_rows_of_units_that_were_read_twice(tmp_path: Path) -> None:
    hole = Hole(PROD, HOME, "ec2", "ec2.instances", HoleReason.THROTTLED, "slow")
    other = unit(region=CENTRAL)
    with begun(tmp_path, [unit(), other]) as writer:
        writer.record([result(unit(), 5, [hole]), result(other, 7)])
    with SnapshotWriter.resume(writer.folder) as again:
        again.record([result(unit(), 3)])
        again.complete(PROD)
    (file,) = (writer.folder / "data" / f"account={PROD}").iterdir()
    assert sorted(one.arn for _, one in unpack(file.read_bytes())) == sorted(
        one.arn for one in (*result(unit(), 3).rows, *result(other, 7).rows)
    )
    assert len(list(Snapshot.open(tmp_path).rows(PROD))) == 10


def test_bytes_beyond_the_last_unit_that_counts_are_cut_off_on_resume(tmp_path: Path) -> None:
    with begun(tmp_path, [unit(), unit(DEV), unit(region=CENTRAL)]) as writer:
        writer.record([result(unit())])
    file = writer.folder / "data" / f"account={PROD}" / "rows-0.ndjson.gz"
    whole = file.read_bytes()
    file.write_bytes(whole + b"half a member")
    stray = writer.folder / "data" / f"account={DEV}" / "rows-0.ndjson.gz"
    stray.parent.mkdir()
    stray.write_bytes(b"never counted")
    with SnapshotWriter.resume(writer.folder) as again:
        assert file.read_bytes() == whole
        assert not stray.exists()
        again.record([result(unit(DEV)), result(unit(region=CENTRAL))])
    assert len(list(Snapshot.open(tmp_path).rows(PROD))) == 4


def test_two_cannot_write_to_one_snapshot(tmp_path: Path) -> None:
    with begun(tmp_path, [unit()]) as writer:
        with pytest.raises(SnapshotLocked) as caught:
            SnapshotWriter.resume(writer.folder)
        assert writer.id in caught.value.what
        assert caught.value.remedy
    SnapshotWriter.resume(writer.folder).close()


def test_two_snapshots_begun_in_one_second_have_their_own_ids(tmp_path: Path) -> None:
    with begun(tmp_path, [unit()]) as one, begun(tmp_path, [unit(), unit(DEV)]) as other:
        one.record([result(unit(), 1)])
        other.record([result(unit(), 2)])
    assert one.id != other.id
    assert len(list(Snapshot.open(tmp_path, one.id).rows(PROD))) == 1
    assert len(list(Snapshot.open(tmp_path, other.id).rows(PROD))) == 2


def test_a_snapshot_is_readable_while_it_is_written(tmp_path: Path) -> None:
    with begun(tmp_path, [unit(), unit(DEV)]) as writer:
        writer.record([result(unit())])
        snapshot = Snapshot.open(tmp_path)
        assert len(snapshot.view(PROD).rows("ec2.instances", HOME)) == 2
        writer.record([result(unit(DEV))])
        assert len(snapshot.view(DEV).rows("ec2.instances", HOME)) == 2
        assert not snapshot.is_finished


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_finished_snapshot_is_readable_without_the_right_to_write(tmp_path: Path) -> None:
    with begun(tmp_path, [unit()]) as writer:
        writer.record([result(unit())])
    for path in (writer.folder / "status.sqlite", writer.folder):
        path.chmod(0o500)
    assert len(list(Snapshot.open(tmp_path).rows(PROD))) == 2


def test_a_closed_snapshot_leaves_no_journal_behind(tmp_path: Path) -> None:
    with begun(tmp_path, [unit()]) as writer:
        writer.record([result(unit())])
    names = {path.name for path in writer.folder.iterdir()}
    assert names == {"data", "lock", "manifest.json", "status.sqlite"}


def test_snapshots_are_found_by_id_beginning_and_age(tmp_path: Path) -> None:
    ids = []
    for days in range(3):
        with begun(tmp_path, [unit()], STARTED + timedelta(days=days)) as writer:
            ids.append(writer.id)
    assert snapshot_ids(tmp_path) == ids
    assert Snapshot.open(tmp_path).id == ids[2]
    assert Snapshot.open(tmp_path, "previous").id == ids[1]
    assert Snapshot.open(tmp_path, "20260601").id == ids[0]
    assert unfinished(tmp_path) == ids[2]
    with pytest.raises(SnapshotMissing, match="several"):
        Snapshot.open(tmp_path, "2026")


def test_a_finished_snapshot_is_not_the_unfinished_one(tmp_path: Path) -> None:
    with begun(tmp_path, [unit()]) as first, begun(tmp_path, [unit()], STARTED + timedelta(days=1)) as second:
        second.finish(STARTED)
    assert unfinished(tmp_path) == first.id


@pytest.mark.parametrize("name", ["latest", "20990101", "../outside"])
def test_a_snapshot_that_is_not_there_is_told_with_those_that_are(tmp_path: Path, name: str) -> None:
    with pytest.raises(SnapshotMissing) as caught:
        Snapshot.open(tmp_path, name)
    assert "watchword collect" in caught.value.remedy


def test_an_account_that_is_not_part_of_the_snapshot_is_told(tmp_path: Path) -> None:
    with begun(tmp_path, [unit()]):
        pass
    with pytest.raises(SnapshotMissing, match="999999999999"):
        Snapshot.open(tmp_path).view(AccountId("999999999999"))


@pytest.mark.parametrize("file", ["manifest.json", "status.sqlite"])
def test_a_broken_snapshot_is_told_with_the_file(tmp_path: Path, file: str) -> None:
    with begun(tmp_path, [unit()]) as writer:
        pass
    (writer.folder / file).write_text("{ not what it was", encoding="utf-8")
    with pytest.raises(SnapshotDamaged) as caught:
        Snapshot.open(tmp_path)
    assert file in caught.value.where


def test_a_store_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")
    with pytest.raises(StoreError) as caught:
        begun(tmp_path / "store", [unit()])
    assert "--store" in caught.value.remedy


def test_the_files_of_a_snapshot_are_for_its_owner_alone(tmp_path: Path) -> None:
    with begun(tmp_path, [unit()]) as writer:
        pass
    assert writer.folder.stat().st_mode & 0o077 == 0


def test_equal_rows_give_equal_bytes_and_any_tool_can_read_the_file(tmp_path: Path) -> None:
    key = unit()
    rows = result(key).rows
    assert pack(key, rows) == pack(key, rows)
    with begun(tmp_path, [key, unit(region=CENTRAL)]) as writer:
        writer.record([result(key)])
        writer.record([result(unit(region=CENTRAL))])
    import gzip

    file = writer.folder / "data" / f"account={PROD}" / "rows-0.ndjson.gz"
    lines = gzip.decompress(file.read_bytes()).decode().splitlines()
    assert [json.loads(line)["unit_region"] for line in lines] == ["eu-west-1"] * 2 + ["eu-central-1"] * 2


@pytest.mark.parametrize("member", [b"x", b"\x1f\x8b", pack(unit(), result(unit()).rows)[:-5]])
def test_a_member_that_is_cut_or_foreign_is_refused(member: bytes) -> None:
    with pytest.raises(ValueError, match="not a member"):
        list(unpack(member))


def test_snapshots_begun_within_a_second_are_in_the_order_in_which_they_were_begun(tmp_path: Path) -> None:
    moments = [STARTED + timedelta(milliseconds=one) for one in (900, 100, 500, 300, 700)]
    by_moment = {}
    for moment in moments:
        with begun(tmp_path, [unit()], moment) as writer:
            by_moment[moment] = writer.id
    assert snapshot_ids(tmp_path) == [by_moment[moment] for moment in sorted(moments)]
