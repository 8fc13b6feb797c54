"""Whatever somebody does to the log or an export is found, at the record where it begins."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.store.audit.logs import KEY, NOON, OTHER_KEY, change, checked, entry, exported, filled, signed
from watchword.store.audit import verify as module
from watchword.store.audit.faults import AuditDamaged, AuditError
from watchword.store.audit.follow import LONGEST_LINE
from watchword.store.audit.heads import Head, public_of, sign
from watchword.store.audit.journal import append, append_many
from watchword.store.audit.records import Record
from watchword.store.audit.signing import introduce, rotate, sign_head
from watchword.store.audit.verify import Verified, verify, verify_file


def of_file(path: Path, content: bytes, *heads: Head, pinned: frozenset[bytes] = frozenset()) -> Verified:
    path.write_bytes(content)
    return verify_file(path, heads, pinned)


def test_a_sound_log_verifies_in_the_database_and_as_an_export(engine: Engine, tmp_path: Path) -> None:
    head = signed(filled(engine, 600))
    lines = exported(engine, tmp_path / "log")
    with engine.begin() as connection:
        stored = verify(connection, [head]).require()
    written = verify_file(tmp_path / "log", [head]).require()
    assert stored == written
    assert (stored.size, stored.heads, stored.root, stored.last) == (601, 1, head.root, head.last)
    assert stored.keys == (head.key,)
    assert len(lines) == 601


def test_each_single_bit_and_byte_that_is_changed_in_an_export_is_found_at_its_record(
    sqlite: Engine, tmp_path: Path
) -> None:
    head = signed(filled(sqlite, 3))
    lines = exported(sqlite, tmp_path / "log")
    whole = b"".join(lines)
    of_byte = [number for number, line in enumerate(lines, 1) for _ in line]
    target = tmp_path / "changed"
    for place, was in enumerate(whole):
        for now in {was ^ 1, was ^ 0x20, was ^ 0x80, 0x0A, 0x20, 0x30} - {was}:
            found = of_file(target, whole[:place] + bytes([now]) + whole[place + 1 :])
            assert found.fault is not None, (place, now)
            # The end of a line is the beginning of what is joined to it or left over.
            assert found.fault.sequence == of_byte[place], (place, now, found.fault)
            assert found.size == of_byte[place] - 1
    assert of_file(target, whole, head).fault is None


def test_each_byte_that_is_taken_out_of_or_put_into_an_export_is_found(
    sqlite: Engine, tmp_path: Path
) -> None:
    lines = exported(filled(sqlite, 2), tmp_path / "log")
    whole = b"".join(lines)
    for place in range(len(whole)):
        expected = 1 if place < len(lines[0]) else 2
        for changed in (whole[:place] + whole[place + 1 :], whole[:place] + b"\n" + whole[place:]):
            found = of_file(tmp_path / "changed", changed).fault
            assert found is not None, place
            assert found.sequence in {expected, expected + 1}, (place, found)
    assert of_file(tmp_path / "changed", whole + b"\n").fault is not None


@pytest.mark.parametrize(
    ("order", "sequence", "what"),
    [
        ([1, 2, 4, 5], 3, "missing: record 4 stands in its place"),
        ([2, 3, 4, 5], 1, "missing"),
        ([1, 3, 2, 4, 5], 2, "missing: record 3"),
        ([1, 2, 2, 3, 4, 5], 3, "repeated, put in or moved"),
        ([1, 2, 3, 4, 5, 5], 6, "repeated, put in or moved"),
        ([5, 4, 3, 2, 1], 1, "missing"),
    ],
)
def test_lines_that_are_missing_moved_or_repeated_are_named(
    sqlite: Engine, tmp_path: Path, order: list[int], sequence: int, what: str
) -> None:
    lines = exported(filled(sqlite, 5), tmp_path / "log")
    found = of_file(tmp_path / "changed", b"".join(lines[number - 1] for number in order)).fault
    assert found is not None
    assert found.sequence == sequence
    assert what in found.what


def test_a_record_of_another_log_is_found_though_it_is_sound(
    sqlite: Engine, engine: Engine, tmp_path: Path
) -> None:
    ours = exported(filled(sqlite, 3), tmp_path / "ours")
    theirs = exported(filled(engine, 3), tmp_path / "theirs")
    found = of_file(tmp_path / "changed", ours[0] + theirs[1] + ours[2]).fault
    assert found is not None
    assert (found.sequence, found.what) == (
        2,
        "does not follow the record before it: one of the two was exchanged",
    )


def test_a_cut_is_found_against_a_head_only(engine: Engine, tmp_path: Path) -> None:
    lines = exported(filled(engine, 5), tmp_path / "log")
    head = signed(engine)
    cut = b"".join(lines[:3])
    # Without a head a shorter log is a sound log: this is said, not hidden.
    assert of_file(tmp_path / "cut", cut).fault is None
    found = of_file(tmp_path / "cut", cut, head).fault
    assert found is not None
    assert found.sequence == 4
    assert "records 4 to 6 are missing: cut off or rolled back" in found.what
    empty = of_file(tmp_path / "cut", b"", head).fault
    assert empty is not None
    assert empty.sequence == 1


def test_a_cut_in_the_middle_of_a_line_is_found_without_a_head(sqlite: Engine, tmp_path: Path) -> None:
    lines = exported(filled(sqlite, 2), tmp_path / "log")
    for end in range(1, len(lines[1])):
        found = of_file(tmp_path / "cut", lines[0] + lines[1][:end]).fault
        assert found is not None
        assert (found.sequence, found.what) == (2, "is cut off: its line does not end")


def rewritten(lines: list[bytes], sequence: int, was: bytes, becomes: bytes) -> bytes:
    """The export with one record changed and every later hash computed anew, as a forger would do it."""
    import json

    from watchword.store.audit.canonical import canonical
    from watchword.store.audit.export import line_of

    made, last = b"", ""
    for line in lines:
        found = json.loads(line)
        last = last or found["previous"]
        text = canonical(found["entry"])
        if found["sequence"] == sequence:
            text = text.replace(was.decode(), becomes.decode())
        record = Record.after(last, found["sequence"], text)
        last = record.hash
        made += line_of(record) + b"\n"
    return made


@pytest.mark.parametrize("sequence", [1, 3, 5])
def test_a_past_written_anew_is_found_against_a_head_only(
    sqlite: Engine, tmp_path: Path, sequence: int
) -> None:
    filled(sqlite, 5)
    head = signed(sqlite)
    lines = exported(sqlite, tmp_path / "log")
    forged = rewritten(lines, sequence, b"approved", b"rejected")
    assert forged != b"".join(lines)
    assert of_file(tmp_path / "forged", forged).fault is None
    found = of_file(tmp_path / "forged", forged, head).fault
    assert found is not None
    assert found.sequence == head.size
    assert "rewritten since" in found.what


def test_a_head_of_an_earlier_size_does_not_see_what_came_later(sqlite: Engine, tmp_path: Path) -> None:
    early = signed(filled(sqlite, 2))
    with sqlite.begin() as connection:
        append_many(connection, [entry(number) for number in range(3, 6)])
    late = signed(sqlite)
    lines = exported(sqlite, tmp_path / "log")
    forged = rewritten(lines, 5, b"approved", b"rejected")
    assert of_file(tmp_path / "forged", forged, early).fault is None
    found = of_file(tmp_path / "forged", forged, early, late)
    assert found.fault is not None
    assert found.fault.sequence == late.size
    assert of_file(tmp_path / "whole", b"".join(lines), early, late).require().heads == 2


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"size": 4}, "not the one that was signed"),
        ({"root": "00" * 32}, "not the one that was signed"),
        ({"last": "00" * 32}, "not the one that was signed"),
        ({"log": "00" * 32}, "another log"),
        ({"time": "2026-11-27T12:00:00.000000Z"}, "signature"),
        ({"key": "00" * 16}, "neither the log nor you vouch for"),
        ({"signature": "00" * 64}, "signature"),
        ({"size": 400}, "missing"),
    ],
)
def test_a_forged_head_is_found(sqlite: Engine, changes: dict[str, object], what: str) -> None:
    head = signed(filled(sqlite, 5))
    found = checked(sqlite, replace(head, **changes))  # type: ignore[arg-type]
    assert found is not None
    assert what in found.what


def test_a_head_by_a_strange_key_is_refused_and_by_a_pinned_one_taken(sqlite: Engine) -> None:
    head = signed(filled(sqlite, 2))
    strange = sign(head, OTHER_KEY)
    assert "vouch for" in str(checked(sqlite, strange))
    with sqlite.begin() as connection:
        assert verify(connection, [strange], frozenset({public_of(OTHER_KEY)})).fault is None
        refused = verify(connection, [head], frozenset({public_of(OTHER_KEY)})).fault
    assert refused is not None
    assert "vouch for" in refused.what


def test_a_renewed_key_is_believed_by_the_old_one_which_signs_no_more(sqlite: Engine) -> None:
    before = signed(filled(sqlite, 2))
    with sqlite.begin() as connection:
        sequence = rotate(connection, KEY, OTHER_KEY, actor="cli", at=NOON, why="each year")
        after = sign_head(connection, OTHER_KEY, NOON)
        pinned = frozenset({public_of(KEY)})
        assert verify(connection, [before, after], pinned).require().heads == 2
        # Who stole the old key cannot speak for the log any more.
        stolen = verify(connection, [sign(after, KEY)], pinned).fault
    assert sequence == 4
    assert stolen is not None
    assert "retired by record 4" in stolen.what


def test_an_announcement_that_the_old_key_did_not_sign_is_a_fault(sqlite: Engine) -> None:
    signed(filled(sqlite, 1))
    with sqlite.begin() as connection:
        rotate(connection, KEY, OTHER_KEY, actor="cli", at=NOON, why="")
        forged = {"public": public_of(KEY).hex(), "previous": "", "signature": "07" * 64}
        append(connection, entry(kind="audit.key", subject="key/x", before=None, after=forged))
        found = verify(connection).fault
    assert found is not None
    assert (found.sequence, "signature" in found.what) == (4, True)


@pytest.mark.parametrize(
    "after", [{}, {"public": 1}, {"public": "zz", "previous": "", "signature": ""}, None]
)
def test_an_announcement_in_no_form_is_a_fault(sqlite: Engine, after: object) -> None:
    with sqlite.begin() as connection:
        append(connection, entry(kind="audit.key", before=None, after=after))
        found = verify(connection).fault
    assert found is not None
    assert "form" in found.what


def test_a_lost_key_is_replaced_only_for_those_who_pin_the_new_one(sqlite: Engine) -> None:
    old = signed(filled(sqlite, 1))
    with sqlite.begin() as connection:
        introduce(connection, OTHER_KEY, actor="cli", at=NOON, lost=True)
        new = sign_head(connection, OTHER_KEY, NOON)
        assert "vouch" in str(verify(connection, [new]).fault)
        both = frozenset({public_of(KEY), public_of(OTHER_KEY)})
        assert verify(connection, [old, new], both).fault is None


@pytest.mark.parametrize(
    ("statement", "sequence", "what"),
    [
        (
            "UPDATE audit_records SET entry = replace(entry, 'approved', 'rejected') WHERE sequence = 300",
            300,
            "changed",
        ),
        ("UPDATE audit_records SET hash = previous WHERE sequence = 300", 300, "changed"),
        ("UPDATE audit_records SET previous = hash WHERE sequence = 1", 1, "changed"),
        ("UPDATE audit_records SET previous = hash WHERE sequence = 300", 300, "does not follow"),
        ("UPDATE audit_records SET kind = 'grant.denied' WHERE sequence = 300", 300, "columns"),
        ("UPDATE audit_records SET subject = 'grant/1' WHERE sequence = 300", 300, "columns"),
        ("UPDATE audit_records SET actor = 'nobody' WHERE sequence = 300", 300, "columns"),
        ("UPDATE audit_records SET at = '2020' WHERE sequence = 300", 300, "columns"),
        ("UPDATE audit_tiles SET hash = (SELECT last FROM audit_chain) WHERE number = 1", 257, "node"),
        ("DELETE FROM audit_tiles WHERE number = 0", 1, "node"),
        ("INSERT INTO audit_tiles SELECT 9, last FROM audit_chain", 0, "node"),
        ("UPDATE audit_chain SET size = 599", 0, "full subtrees"),
        ("UPDATE audit_chain SET last = log", 600, "where the log ends"),
        ("UPDATE audit_chain SET log = last", 600, "where the log ends"),
        ("DELETE FROM audit_chain", 0, "is gone"),
        ("UPDATE audit_personal SET value = '\"x\"' WHERE sequence = 300", 300, "/after/mail"),
        ("UPDATE audit_personal SET salt = 'zz' WHERE sequence = 300", 300, "/after/mail"),
        ("UPDATE audit_personal SET person = 'x' WHERE sequence = 300", 300, "/after/mail"),
        ("UPDATE audit_personal SET field = '/after/x' WHERE sequence = 300", 300, "/after/x"),
    ],
)
def test_each_change_of_the_database_is_found(
    engine: Engine, statement: str, sequence: int, what: str
) -> None:
    filled(engine, 600)
    assert checked(engine) is None
    change(engine, statement)
    found = checked(engine)
    assert found is not None
    assert (found.sequence, what in found.what) == (sequence, True), found


@pytest.mark.parametrize(
    ("where", "sequence"), [("sequence = 300", 300), ("sequence = 1", 1), ("sequence > 590", 591)]
)
def test_each_deletion_from_the_database_is_found(engine: Engine, where: str, sequence: int) -> None:
    filled(engine, 600)
    change(engine, f"DELETE FROM audit_personal WHERE {where}", f"DELETE FROM audit_records WHERE {where}")
    found = checked(engine)
    assert found is not None
    assert found.sequence == sequence
    assert "missing" in found.what


def test_two_records_that_changed_places_in_the_database_are_found(engine: Engine) -> None:
    filled(engine, 5)
    change(engine, "DELETE FROM audit_personal")
    for was, becomes in ((2, 99), (3, 2), (99, 3)):
        change(engine, f"UPDATE audit_records SET sequence = {becomes} WHERE sequence = {was}")
    found = checked(engine)
    assert found is not None
    assert (found.sequence, "does not follow" in found.what) == (2, True)


def test_a_database_put_back_to_an_older_state_is_found_against_a_head(sqlite: Engine) -> None:
    filled(sqlite, 3)
    old = signed(sqlite)
    with sqlite.begin() as connection:
        kept = verify(connection).require()
    with sqlite.begin() as connection:
        append_many(connection, [entry(4), entry(5)])
    late = signed(sqlite)
    # Back to the old state, consistent in itself, and continued with other records.
    change(
        sqlite,
        "DELETE FROM audit_personal WHERE sequence > 4",
        "DELETE FROM audit_records WHERE sequence > 4",
        f"UPDATE audit_chain SET size = 4, last = '{kept.last}', frontier = '{kept.root}'",
    )
    assert checked(sqlite, old) is None
    shorter = checked(sqlite, late)
    assert shorter is not None
    assert shorter.sequence == 5
    with sqlite.begin() as connection:
        append_many(connection, [entry(6), entry(7), entry(8)])
    assert checked(sqlite, old) is None
    continued = checked(sqlite, old, late)
    assert continued is not None
    assert continued.sequence == late.size


def test_an_empty_log_is_sound(engine: Engine, tmp_path: Path) -> None:
    assert checked(engine) is None
    assert of_file(tmp_path / "empty", b"").require().size == 0


def test_heads_of_two_logs_are_not_taken_together(sqlite: Engine) -> None:
    head = signed(filled(sqlite, 1))
    with pytest.raises(AuditDamaged, match="different logs"):
        checked(sqlite, head, replace(head, log="00" * 32))


@pytest.mark.parametrize(
    "content",
    [
        b"\n", b"\0" * 1000, b"[]\n", b"null\n", b'{"sequence":1}\n', b'{"sequence":"1","previous":1}\n', b"\xff\xfe\n",
        b"[" * 100_000 + b"\n", b'{"entry":1,"hash":"","previous":"","sequence":' + b"9" * 10_000 + b"}\n",
        b'{"entry":NaN,"hash":"","previous":"","sequence":1e999}\n', b"x" * (LONGEST_LINE + 2), b"\r\n",
        b'{"entry":{},"hash":"","previous":"\xc3\xa4","sequence":1}\n', b'{"sequence":null,"previous":null}\n',
        b'{"entry":{},"hash":"","previous":"","sequence":true}\n',
    ],
)  # fmt: skip
def test_hostile_files_are_refused_at_their_first_record(tmp_path: Path, content: bytes) -> None:
    found = of_file(tmp_path / "hostile", content).fault
    assert found is not None
    assert found.sequence == 1
    assert len(found.sentence()) < 300


def test_a_line_without_an_end_is_not_read_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "endless"
    with path.open("wb") as file:
        file.truncate(1 << 33)
    found = verify_file(path).fault
    assert found is not None
    assert "longer than a record may be" in found.what


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(AuditError, match="cannot be read"):
            verify_file(path)


def test_progress_is_told_and_a_fault_raised_with_what_is_sound(sqlite: Engine) -> None:
    filled(sqlite, 10)
    told: list[int] = []
    with sqlite.begin() as connection:
        verify(connection, tell=told.append)
    assert told == [10]
    change(sqlite, "UPDATE audit_records SET hash = previous WHERE sequence = 7")
    with sqlite.begin() as connection, pytest.raises(AuditDamaged, match="record 7: was changed") as raised:
        verify(connection).require()
    assert "the 6 records before it are sound" in raised.value.diagnosis()


def test_chunks_and_pages_do_not_hide_anything(sqlite: Engine, tmp_path: Path) -> None:
    size = module.PAGE + 2
    filled(sqlite, size)
    path = tmp_path / "log"
    exported(sqlite, path)
    assert path.stat().st_size > 2 * module.CHUNK
    with sqlite.begin() as connection:
        assert verify(connection).require() == verify_file(path).require()
    change(sqlite, f"UPDATE audit_records SET entry = entry || ' ' WHERE sequence = {size}")
    found = checked(sqlite)
    assert found is not None
    assert found.sequence == size
