"""Exports, heads and packs as files; keys; erasure."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from tests.store.audit.logs import KEY, NOON, OTHER_KEY, change, checked, entry, exported, filled, signed
from watchword.errors import UsageError
from watchword.store.audit import keys
from watchword.store.audit.canonical import as_file
from watchword.store.audit.documents import LARGEST, document
from watchword.store.audit.erase import Held, erase, held
from watchword.store.audit.export import export, read_text, write_head, write_text
from watchword.store.audit.faults import AuditDamaged, AuditError, KeyRefused, RecordMissing
from watchword.store.audit.heads import Head, key_id, public_of, sign
from watchword.store.audit.journal import append, append_many, personal, record
from watchword.store.audit.packs import Continuity, Pack, packed
from watchword.store.audit.records import Hidden, proves
from watchword.store.audit.rotation import renew
from watchword.store.audit.signing import announced, continuity, introduce, pack, sign_head
from watchword.store.audit.verify import verify, verify_file

DOCS = Path(__file__).resolve().parents[3] / "docs" / "audit.md"


def test_an_export_is_continued_where_it_ended(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "log"
    first = exported(filled(engine, 3), path)
    with engine.begin() as connection:
        append_many(connection, [entry(4), entry(5)])
        made = export(connection, path)
    assert (made.size, made.new) == (5, 2)
    assert path.read_bytes().startswith(b"".join(first))
    assert verify_file(path).require().last == made.last


@pytest.mark.parametrize("cut", [1, 10, 500])
def test_a_line_that_a_kill_cut_off_is_written_anew(sqlite: Engine, tmp_path: Path, cut: int) -> None:
    path = tmp_path / "log"
    whole = b"".join(exported(filled(sqlite, 4), path))
    path.write_bytes(whole[:-cut])
    assert b"".join(exported(sqlite, path)) == whole


def test_a_file_that_is_not_the_logs_beginning_is_left_as_it_is(
    sqlite: Engine, engine: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "log"
    exported(filled(engine, 3), path)
    kept = path.read_bytes()
    filled(sqlite, 5)
    with sqlite.begin() as connection, pytest.raises(AuditDamaged, match="another log"):
        export(connection, path)
    assert path.read_bytes() == kept
    path.write_bytes(kept.replace(b"approved", b"rejected"))
    with engine.begin() as connection, pytest.raises(AuditDamaged, match="not a sound export"):
        export(connection, path)
    path.write_bytes(b"my own notes\n")
    with engine.begin() as connection, pytest.raises(AuditDamaged, match="not a sound export"):
        export(connection, path)
    assert path.read_bytes() == b"my own notes\n"


def test_a_longer_export_than_the_log_shows_that_it_was_rolled_back(sqlite: Engine, tmp_path: Path) -> None:
    exported(filled(sqlite, 3), tmp_path / "log")
    change(sqlite, "DELETE FROM audit_personal", "DELETE FROM audit_records WHERE sequence = 3")
    with sqlite.begin() as connection, pytest.raises(AuditDamaged, match="rolled back"):
        export(connection, tmp_path / "log")


def test_only_what_is_sound_is_exported(engine: Engine, tmp_path: Path) -> None:
    filled(engine, 5)
    change(engine, "UPDATE audit_records SET hash = previous WHERE sequence = 4")
    with engine.begin() as connection, pytest.raises(AuditDamaged, match="record 4"):
        export(connection, tmp_path / "log")
    assert verify_file(tmp_path / "log").require().size == 3
    change(engine, "DELETE FROM audit_personal", "DELETE FROM audit_records WHERE sequence > 3")
    with engine.begin() as connection, pytest.raises(AuditDamaged, match="record 4 is missing"):
        export(connection, tmp_path / "log")


def test_an_export_that_cannot_be_written_is_told(sqlite: Engine, tmp_path: Path) -> None:
    with sqlite.begin() as connection, pytest.raises(UsageError, match="cannot write"):
        export(connection, tmp_path)


def test_an_export_holds_no_personal_value(sqlite: Engine, tmp_path: Path) -> None:
    assert b"example.com" not in b"".join(exported(filled(sqlite, 3), tmp_path / "log"))


def test_a_head_is_read_back_as_it_was_written(sqlite: Engine, tmp_path: Path) -> None:
    head = signed(filled(sqlite, 3))
    write_head(tmp_path / "new" / "head.json", head)
    assert Head.parse(read_text(tmp_path / "new" / "head.json")) == head
    assert list(json.loads(head.text())) == [
        "format",
        "key",
        "last",
        "log",
        "root",
        "signature",
        "size",
        "time",
    ]
    assert [one.name for one in (tmp_path / "new").iterdir()] == ["head.json"]


def test_a_head_is_never_written_over_a_longer_or_another_one(sqlite: Engine, tmp_path: Path) -> None:
    path = tmp_path / "head.json"
    head = signed(filled(sqlite, 3))
    write_head(path, head)
    for wrong in (replace(head, size=3), replace(head, log="00" * 32)):
        with pytest.raises(AuditDamaged, match="not one that this"):
            write_head(path, wrong)
    assert Head.parse(read_text(path)) == head
    path.write_text("notes")
    with pytest.raises(AuditDamaged, match="not JSON"):
        write_head(path, head)
    with pytest.raises(UsageError, match="cannot write"):
        write_text(tmp_path / "head.json" / "below", "")


def damage(told: dict[str, Any], name: str, value: Any) -> str:
    return json.dumps(told | {name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("size", -1), ("size", 1.5), ("size", True), ("size", "3"), ("size", 2**60), ("root", "00"), ("root", None),
        ("root", "Z" * 64), ("time", "today"), ("key", ""), ("signature", "00"), ("format", "x"), ("format", None),
        ("more", 1), ("log", ["00" * 32]), ("last", "00" * 31 + "0G"),
    ],
)  # fmt: skip
def test_heads_of_another_form_are_refused(sqlite: Engine, name: str, value: Any) -> None:
    text = damage(signed(filled(sqlite, 1)).told(), name, value)
    with pytest.raises(AuditDamaged):
        Head.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        '{"a":1,"a":2}',
        '{"a":NaN}',
        '{"a":1.0}',
        "[" * 100_000,
        " " * (LARGEST + 1),
        '{"a":' + "9" * 5_000 + "}",
    ],
)
def test_documents_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(AuditDamaged):
        document(text)


@given(st.text())
def test_any_text_is_no_head(text: str) -> None:
    with pytest.raises(AuditDamaged):
        Head.parse(text)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xff")
    with pytest.raises(AuditDamaged, match="UTF-8"):
        read_text(tmp_path / "x")
    (tmp_path / "x").write_bytes(b" " * (LARGEST + 1))
    with pytest.raises(AuditDamaged, match="larger"):
        read_text(tmp_path / "x")
    with pytest.raises(AuditError, match="cannot be read"):
        read_text(tmp_path)


def packs(engine: Engine, sequence: int, size: int = 300) -> Pack:
    signed(filled(engine, size))
    with engine.begin() as connection:
        return pack(connection, sequence, KEY, NOON, opened=True)


@pytest.mark.parametrize("sequence", [1, 256, 257, 301])
def test_a_pack_proves_its_record_to_whoever_reads_it(engine: Engine, sequence: int) -> None:
    made = packs(engine, sequence)
    again = packed(document(as_file(made.told())))
    assert again == made
    again.check()
    again.check(frozenset({public_of(KEY)}))


@pytest.mark.parametrize(
    ("change_of", "step"),
    [
        (
            lambda one: replace(
                one, record=replace(one.record, entry=one.record.entry.replace("approved", "rejected"))
            ),
            3,
        ),
        (lambda one: replace(one, record=replace(one.record, sequence=one.record.sequence + 1)), 3),
        (lambda one: replace(one, path=one.path[:-1]), 3),
        (lambda one: replace(one, path=(b"\0" * 32, *one.path[1:])), 3),
        (lambda one: replace(one, head=replace(one.head, size=one.head.size + 1)), 2),
        (lambda one: replace(one, head=replace(one.head, root="00" * 32)), 2),
        (lambda one: replace(one, public=public_of(OTHER_KEY)), 2),
        (lambda one: replace(one, head=sign(one.head, OTHER_KEY)), 2),
        (lambda one: replace(one, opened=(Hidden("/after/mail", b"\0" * 32, '"x"'),)), 4),
        (lambda one: replace(one, opened=(replace(one.opened[0], value='"other@example.com"'),)), 4),
    ],
)
def test_a_pack_in_which_anything_was_changed_proves_nothing(
    sqlite: Engine, change_of: Any, step: int
) -> None:
    made = packs(sqlite, 7, 20)
    with pytest.raises(AuditDamaged, match=f"proves nothing: .*step {step}"):
        packed(document(as_file(change_of(made).told()))).check()


def test_a_pack_by_another_key_proves_nothing_to_who_knows_the_key(sqlite: Engine) -> None:
    made = packs(sqlite, 7, 20)
    forged = replace(made, head=sign(made.head, OTHER_KEY), public=public_of(OTHER_KEY))
    forged.check()
    with pytest.raises(AuditDamaged, match=r"not the one that you trust.*step 1"):
        forged.check(frozenset({public_of(KEY)}))


@pytest.mark.parametrize(
    "leaf",
    [
        "", "{}", "[]", "null", '{"entry":{},"previous":"","sequence":"1"}', '{"entry":[],"previous":"","sequence":1}',
        '{"entry":{},"previous":1,"sequence":1}', '{"entry":{},"more":1,"previous":"","sequence":1}',
        '{ "entry":{},"previous":"","sequence":1}', '{"entry":{},"previous":"","sequence":true}', "[" * 9999,
    ],
)  # fmt: skip
def test_a_leaf_that_is_no_record_is_refused(sqlite: Engine, leaf: str) -> None:
    told = packs(sqlite, 2, 5).told()
    with pytest.raises(AuditDamaged):
        packed(document(damage(told, "leaf", leaf)))


def test_what_cannot_be_proved_is_not_packed(engine: Engine) -> None:
    signed(filled(engine, 5))
    with engine.begin() as connection, pytest.raises(RecordMissing):
        pack(connection, 99, KEY, NOON, opened=False)
    change(
        engine, "UPDATE audit_records SET entry = replace(entry, 'approved', 'rejected') WHERE sequence = 3"
    )
    with engine.begin() as connection, pytest.raises(AuditDamaged):
        pack(connection, 3, KEY, NOON, opened=False)


def test_continuity_is_proved_from_any_head_to_now(engine: Engine) -> None:
    heads = []
    for number in range(1, 6):
        with engine.begin() as connection:
            append_many(connection, [entry(number)] * 90)
        heads.append(signed(engine))
    with engine.begin() as connection:
        for old in heads:
            made = continuity(connection, old, KEY, NOON)
            again = packed(document(as_file(made.told())))
            assert again == made
            again.check(frozenset({public_of(KEY)}))
            with pytest.raises(AuditDamaged, match="trust"):
                again.check(frozenset({public_of(OTHER_KEY)}))
            if old.size < made.new.size:
                with pytest.raises(AuditDamaged, match="step 3"):
                    replace(made, path=made.path[:-1]).check()


def test_a_rolled_back_log_has_no_continuity_with_its_heads(sqlite: Engine, engine: Engine) -> None:
    early, late = signed(filled(sqlite, 2)), signed(filled(engine, 5))
    with sqlite.begin() as connection:
        with pytest.raises(AuditDamaged, match="rolled back"):
            continuity(connection, sign(replace(early, size=99), KEY), KEY, NOON)
        with pytest.raises(AuditDamaged, match="step 3"):
            continuity(connection, sign(replace(early, root="00" * 32), KEY), KEY, NOON)
        with pytest.raises(AuditDamaged, match="vouch"):
            continuity(connection, sign(early, OTHER_KEY), KEY, NOON)
        with pytest.raises(AuditDamaged, match="signature"):
            continuity(connection, replace(early, root="00" * 32), KEY, NOON)
    other = Continuity(early, late, (), (public_of(KEY),))
    with pytest.raises(AuditDamaged, match="two logs"):
        other.check()


def test_the_script_in_the_documentation_verifies_packs_without_us(sqlite: Engine, tmp_path: Path) -> None:
    script = re.search(r"```python\n(#.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert script is not None
    assert len(script[1].splitlines()) <= 45
    assert "watchword" not in script[1].replace("watchword-audit", "")
    (tmp_path / "check.py").write_text(script[1], encoding="utf-8")
    made = packs(sqlite, 290)
    wrong = replace(made, record=replace(made.record, sequence=289))
    for name, one, key, code in (
        ("good", made, KEY, 0), ("pinned", made, OTHER_KEY, 1), ("wrong", wrong, KEY, 1),
        ("opened", replace(made, opened=(replace(made.opened[0], value='"x"'),)), KEY, 1),
        ("signed", replace(made, head=replace(made.head, size=302)), KEY, 1),
    ):  # fmt: skip
        (tmp_path / name).write_text(as_file(one.told()), encoding="utf-8")
        command = [
            sys.executable,
            "-I",
            str(tmp_path / "check.py"),
            str(tmp_path / name),
            public_of(key).hex(),
        ]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ended.returncode == code, (name, ended.stderr)
        assert (made.record.entry in ended.stdout) == (code == 0)


def test_erasure_takes_values_for_good_and_keeps_the_chain_valid(engine: Engine, tmp_path: Path) -> None:
    filled(engine, 5)
    with engine.begin() as connection:
        append(connection, entry(6, person="grant/2"))
    head = signed(engine)
    lines = exported(engine, tmp_path / "log")
    with engine.begin() as connection:
        before = personal(connection, 2)
        assert held(connection, "grant/2") == Held(2, 2)
        assert erase(connection, "grant/2", actor="cli", at=NOON, why="asked for") == Held(2, 2)
        assert held(connection, "grant/2") == Held(0, 0)
        assert personal(connection, 2) == personal(connection, 6) == ()
        assert len(personal(connection, 3)) == 1
        told = record(connection, 8).content()
        assert (told["kind"], told["subject"], told["after"]) == (
            "audit.erased",
            "grant/2",
            {"records": 2, "values": 2},
        )
        assert proves(record(connection, 2).content(), before[0])
        assert erase(connection, "grant/2", actor="cli", at=NOON, why="again") == Held(0, 0)
    assert checked(engine, head) is None
    assert exported(engine, tmp_path / "log")[:7] == lines


def test_erased_values_are_not_left_in_the_file_of_the_database(sqlite: Engine, tmp_path: Path) -> None:
    filled(sqlite, 3)
    with sqlite.begin() as connection:
        erase(connection, "grant/2", actor="cli", at=NOON, why="asked for")
    with sqlite.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
    content = (tmp_path / "only.db").read_bytes()
    assert b"person2@example.com" not in content
    assert b"person3@example.com" in content


def test_the_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "audit.key"
    key = keys.load_or_create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0
    assert public_of(keys.load_or_create(path)) == public_of(key)
    assert keys.public_keys([f"{path}.pub", public_of(OTHER_KEY).hex()]) == {
        public_of(key),
        public_of(OTHER_KEY),
    }
    with pytest.raises(KeyRefused, match="already"):
        keys.create(path)


def pem(key: Any) -> bytes:
    made: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made


@pytest.mark.parametrize(
    "content",
    [b"", b"secret words", b"\xff" * 99, b"x" * (keys.LARGEST + 1), pem(generate_private_key(SECP256R1()))],
)
def test_what_is_no_key_is_refused_without_being_shown(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyRefused) as raised:
        keys.load(path)
    assert "secret words" not in raised.value.diagnosis()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_that_is_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    keys.create(tmp_path / "key")
    (tmp_path / "key").chmod(mode)
    with pytest.raises(KeyRefused, match="others can read"):
        keys.load(tmp_path / "key")


def test_a_key_that_is_not_there_or_no_file_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name in ("none", ".", "pipe"):
        with pytest.raises(KeyRefused):
            keys.load(tmp_path / name)
    with pytest.raises(KeyRefused, match="cannot be written"):
        keys.create(tmp_path / "pipe" / "key")


@pytest.mark.parametrize("given_key", ["zz" * 32, "none-such", "00", "ä"])
def test_what_is_no_public_key_is_refused(given_key: str) -> None:
    with pytest.raises(AuditError):
        keys.public_keys([given_key])


def test_only_the_key_that_the_log_announced_signs(engine: Engine) -> None:
    filled(engine, 2)
    with engine.begin() as connection:
        with pytest.raises(KeyRefused, match="not one that the log announced"):
            sign_head(connection, KEY, NOON)
        assert introduce(connection, KEY, actor="cli", at=NOON)
        assert not introduce(connection, KEY, actor="cli", at=NOON)
        with pytest.raises(KeyRefused):
            introduce(connection, OTHER_KEY, actor="cli", at=NOON)
        with pytest.raises(KeyRefused):
            sign_head(connection, OTHER_KEY, NOON)
        assert list(announced(connection).known) == [key_id(public_of(KEY))]


def introduced(engine: Engine, path: Path) -> None:
    with engine.begin() as connection:
        introduce(connection, keys.create(path), actor="cli", at=NOON)


def test_a_key_is_renewed_and_the_old_one_gone(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "keys" / "key"
    introduced(filled(engine, 2), path)
    old = keys.load(path)
    identity = renew(engine.begin, path, actor="cli", at=NOON, why="each year")
    new = keys.load(path)
    assert identity == key_id(public_of(new)) != key_id(public_of(old))
    assert keys.public_keys([f"{path}.pub"]) == {public_of(new)}
    assert sorted(one.name for one in path.parent.iterdir()) == ["key", "key.pub"]
    with engine.begin() as connection:
        head = sign_head(connection, new, NOON)
        with pytest.raises(KeyRefused, match="followed by another"):
            sign_head(connection, old, NOON)
        assert verify(connection, [head], frozenset({public_of(old)})).fault is None


def test_a_renewal_that_was_killed_is_finished_by_the_next(sqlite: Engine, tmp_path: Path) -> None:
    path = tmp_path / "keys" / "key"
    introduced(filled(sqlite, 2), path)
    # Killed after the first step.
    following = keys.create(keys.next_of(path))
    with sqlite.begin() as connection:
        sign_head(connection, keys.load(path), NOON)
    assert renew(sqlite.begin, path, actor="cli", at=NOON, why="") == key_id(public_of(following))
    # Killed after the second.
    again = keys.create(keys.next_of(path))
    with sqlite.begin() as connection:
        from watchword.store.audit.signing import rotate

        rotate(connection, keys.load(path), again, actor="cli", at=NOON, why="")
    assert renew(sqlite.begin, path, actor="cli", at=NOON, why="") == key_id(public_of(again))
    assert public_of(keys.load(path)) == public_of(again)
    assert checked(sqlite, signed(sqlite, again)) is None


def test_a_lost_key_is_replaced_and_the_log_says_so(sqlite: Engine, tmp_path: Path) -> None:
    path = tmp_path / "keys" / "key"
    with pytest.raises(KeyRefused, match="announced no key"):
        renew(sqlite.begin, path, actor="cli", at=NOON, why="")
    introduced(filled(sqlite, 2), path)
    path.unlink()
    with pytest.raises(KeyRefused, match="cannot be read"):
        renew(sqlite.begin, path, actor="cli", at=NOON, why="")
    renew(sqlite.begin, path, actor="cli", at=NOON, why="", lost=True)
    with sqlite.begin() as connection:
        assert record(connection, 4).content()["why"] == "the key before is lost"
        sign_head(connection, keys.load(path), NOON)
