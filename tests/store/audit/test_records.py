"""Entries: what is refused, what is hidden, and how records hang together; canonical JSON against hostile values."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.audit.logs import NOON, entry
from watchword.store.audit.canonical import DEEPEST, LARGEST, WIDEST, canonical, parse
from watchword.store.audit.faults import EntryRefused
from watchword.store.audit.merkle import leaf_hash
from watchword.store.audit.records import (
    COMMITTED,
    PERSONAL,
    Hidden,
    Record,
    commitments,
    moment,
    proves,
    seal,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-WIDEST, WIDEST) | TEXT,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(TEXT, below, max_size=4),
    max_leaves=20,
)


def salts(byte: int = 7) -> bytes:
    return bytes([byte]) * 32


def oracle(value: Any) -> str:
    """RFC 8785 by hand: recursion over the value, characters escaped one by one."""
    short = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
    if isinstance(value, str):
        return '"' + "".join(short.get(c) or (f"\\u{ord(c):04x}" if c < " " else c) for c in value) + '"'
    if isinstance(value, dict):
        units = sorted(
            value, key=lambda key: [int.from_bytes(pair) for pair in _pairs(key.encode("utf-16-be"))]
        )
        return "{" + ",".join(f"{oracle(key)}:{oracle(value[key])}" for key in units) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(oracle, value)) + "]"
    return (
        {None: "null", True: "true", False: "false"}[value]
        if value is None or isinstance(value, bool)
        else str(value)
    )


def _pairs(units: bytes) -> list[bytes]:
    return [units[at : at + 2] for at in range(0, len(units), 2)]


@given(JSON)
def test_canonical_json_is_that_of_the_rfc_and_reads_back_as_the_same_value(value: Any) -> None:
    text = canonical(value)
    assert text == oracle(value)
    assert parse(text) == value == json.loads(text)


def test_keys_stand_in_the_order_of_utf_16_rather_than_of_code_points() -> None:
    # The example of RFC 8785 §3.2.3, of which code points would put the emoji last.
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    assert list(json.loads(canonical(dict.fromkeys(keys)))) == [
        "\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33",
    ]  # fmt: skip


def deep(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (0.5, "float"),
        (float("nan"), "float"),
        (float("inf"), "float"),
        (WIDEST + 1, "whole number"),
        (-WIDEST - 1, "whole number"),
        ("\ud800", "surrogate"),
        ({"\udfff": 1}, "surrogate"),
        ({1: 1}, "key"),
        ({None: 1}, "key"),
        (b"bytes", "bytes"),
        (NOON, "datetime"),
        ({1, 2}, "set"),
        (deep(DEEPEST + 1), "deep"),
        (deep(100_000), "deep"),
        ("x" * LARGEST, "bytes"),
        ("ü" * (LARGEST // 2), "bytes"),
    ],
)
def test_values_without_a_place_in_canonical_json_are_refused(value: Any, why: str) -> None:
    with pytest.raises(EntryRefused, match=why):
        canonical(value)
    with pytest.raises(EntryRefused):
        seal(entry(after={"value": value}), salts)


def test_the_deepest_and_the_widest_are_taken() -> None:
    assert parse(canonical(deep(DEEPEST))) == deep(DEEPEST)
    assert parse(canonical([WIDEST, -WIDEST])) == [WIDEST, -WIDEST]


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":1}', '{"b":1,"a":1}', '{"a": 1}', "1.0", "1e2", "NaN", "Infinity", "-Infinity", "-0", "01", "",
        "{", '"\\ud800"', '"\\u00e4"', '"\\/"', "[" * 100_000, "9" * 10_000, "1 ", " 1", "\ufeff1", "'a'", '"\t"',
        "[" * 20_000 + "]" * 20_000, " " * (LARGEST + 1),
    ],
)  # fmt: skip
def test_texts_that_are_not_canonical_are_refused(text: str) -> None:
    with pytest.raises(EntryRefused):
        parse(text)


@given(st.text())
def test_any_text_is_parsed_or_refused(text: str) -> None:
    with suppress(EntryRefused):
        assert canonical(parse(text)) == text


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "approved"}, {"kind": "Grant.Approved"}, {"kind": "grant."}, {"kind": "grant.ä"}, {"kind": ""},
        {"kind": "a.b.c.d.e"}, {"kind": "grant.approved\n"}, {"actor": ""}, {"subject": ""}, {"actor": "a\nb"},
        {"subject": "x" * 513}, {"actor": "\ud800"}, {"request": "\x00"}, {"session": "\x7f"}, {"person": "\n"},
        {"why": "x" * 4_001}, {"why": "\ud800"}, {"at": datetime(2026, 1, 1)}, {"actor": 7},  # noqa: DTZ001
        {"after": {"x": {COMMITTED: "00"}}}, {"before": {COMMITTED: "00"}}, {"after": {"mail": 0.5}},
        {"after": {"x" * 513: {"mail": "a"}}},
    ],
)  # fmt: skip
def test_entries_that_have_no_place_in_the_log_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(EntryRefused):
        seal(entry(**changes), salts)


def test_an_entry_is_written_with_what_it_has_and_in_utc() -> None:
    east = timezone(timedelta(hours=9))
    made = seal(
        entry(at=datetime(2026, 11, 26, 21, tzinfo=east), before=None, after=None, why="", request=""), salts
    )
    assert made.text == (
        '{"actor":"principal/1","at":"2026-11-26T12:00:00.000000Z","kind":"grant.approved","subject":"grant/1"}'
    )
    assert made.values == ()
    assert moment("2026-11-26T12:00:00.000000Z") == NOON


@pytest.mark.parametrize("text", ["", "2026-11-26", "2026-11-26T12:00:00Z", None])
def test_what_is_no_time_is_refused(text: Any) -> None:
    with pytest.raises(EntryRefused, match="not a time"):
        moment(text)


@pytest.mark.parametrize(
    ("kind", "key"), [(kind, key) for kind in PERSONAL for key in sorted(PERSONAL[kind])]
)
def test_each_personal_field_is_hidden_at_any_depth(kind: str, key: str) -> None:
    first = "grant" if kind == "*" else kind
    secret = {"of": ["Jane Doe"]}
    given = entry(kind=f"{first}.changed", before={"list": [{key: secret}]}, after={key: secret, "open": 1})
    made = seal(given, salts)
    assert "Jane" not in made.text
    assert [one.field for one in made.values] == [f"/before/list/0/{key}", f"/after/{key}"]
    content = json.loads(made.text)
    assert dict(commitments(content)) == {one.field: one.commitment() for one in made.values}
    assert content["after"]["open"] == 1


def test_a_commitment_is_the_hash_of_salt_and_canonical_json() -> None:
    (kept,) = seal(entry(after={"mail": "ä@example.com"}), salts).values
    assert kept == Hidden("/after/mail", salts(), '"ä@example.com"')
    assert kept.commitment() == hashlib.sha256(b"\7" * 32 + '"ä@example.com"'.encode()).hexdigest()


def test_a_value_is_proved_at_its_place_and_with_its_salt_only() -> None:
    made = seal(entry(after={"mail": "a@example.com", "email": "b@example.com"}), salts)
    content = json.loads(made.text)
    mail, email = made.values
    assert proves(content, mail)
    assert proves(content, email)
    assert not proves(content, Hidden(mail.field, mail.salt, email.value))
    assert not proves(content, Hidden(email.field, mail.salt, mail.value))
    assert not proves(content, Hidden(mail.field, salts(8), mail.value))
    assert not proves(content, Hidden("/after/open", mail.salt, mail.value))


def test_fields_are_named_by_json_pointers() -> None:
    (kept,) = seal(entry(after={"a/b~c": {"mail": "x"}}), salts).values
    assert kept.field == "/after/a~1b~0c/mail"


def test_an_absent_value_is_not_committed_to() -> None:
    assert seal(entry(after={"mail": None}), salts).values == ()


def test_salt_of_another_length_is_refused() -> None:
    with pytest.raises(EntryRefused, match="salt"):
        seal(entry(), lambda: b"short")


def test_personal_fields_belong_to_the_subject_unless_a_person_is_named() -> None:
    assert entry().owner() == "grant/1"
    assert entry(person="person/9").owner() == "person/9"
    assert json.loads(seal(entry(person="person/9"), salts).text)["person"] == "person/9"


def test_a_records_hash_is_the_leaf_hash_of_its_canonical_json() -> None:
    made = Record.after("00" * 32, 7, seal(entry(), salts).text)
    assert made.leaf() == canonical(json.loads(made.leaf()))
    assert json.loads(made.leaf()) == {"entry": made.content(), "previous": "00" * 32, "sequence": 7}
    assert made.hash == leaf_hash(made.leaf().encode()).hex()
    assert made.sound()
    assert not Record(8, made.entry, made.previous, made.hash).sound()


def test_an_entry_that_is_no_object_has_no_content() -> None:
    with pytest.raises(EntryRefused, match="not an object"):
        Record.after("00" * 32, 1, "[]").content()


def test_times_keep_their_microseconds() -> None:
    at = datetime(2026, 11, 26, 12, 0, 0, 1, tzinfo=UTC)
    assert moment(json.loads(seal(entry(at=at), salts).text)["at"]) == at
