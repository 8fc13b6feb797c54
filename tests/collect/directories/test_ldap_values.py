"""Values of LDAP attributes, in tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.collect.directories import ldap_values as values

TIMES = {
    "20240131120000Z": "2024-01-31T12:00:00+00:00",
    "20240131120000.0Z": "2024-01-31T12:00:00+00:00",
    "20240131120000.123456789Z": "2024-01-31T12:00:00.123456+00:00",
    "20240131120000,5Z": "2024-01-31T12:00:00.500000+00:00",
    "202401311200Z": "2024-01-31T12:00:00+00:00",
    "2024013112Z": "2024-01-31T12:00:00+00:00",
    "2024013112.25Z": "2024-01-31T12:15:00+00:00",
    "202401311200.5Z": "2024-01-31T12:00:30+00:00",
    "20240131120000+0130": "2024-01-31T10:30:00+00:00",
    "20240131120000-05": "2024-01-31T17:00:00+00:00",
    "20240229235960Z": "2024-03-01T00:00:00+00:00",
}

NO_TIMES = [
    "",
    "20240131120000",
    "20241331120000Z",
    "20240230120000Z",
    "20240131240000Z",
    "20240131126000Z",
    "00000131120000Z",
    "2024-01-31T12:00:00Z",
    "20240131120000z",
    "20240131120000Z ",
    "２０２４0131120000Z",
    "00010101000000+1200",
    "99991231235959-1200",
]


@pytest.mark.parametrize("text", sorted(TIMES))
def test_a_generalized_time_is_read_in_utc(text: str) -> None:
    assert values.generalized_time(text).isoformat() == TIMES[text]


FILETIMES = {
    "0": None,
    "9223372036854775807": None,
    "133500000000000000": "2024-01-17T21:20:00+00:00",
    "116444736000000000": "1970-01-01T00:00:00+00:00",
    "10000000": "1601-01-01T00:00:01+00:00",
}


@pytest.mark.parametrize("text", sorted(FILETIMES))
def test_a_filetime_is_an_instant_or_never(text: str) -> None:
    read = values.filetime(text)
    assert (read.isoformat() if read else None) == FILETIMES[text]


@given(st.datetimes(datetime(1601, 1, 2), datetime(9999, 12, 30)))  # noqa: DTZ001
def test_a_filetime_counts_tenths_of_microseconds(moment: datetime) -> None:
    moment = moment.replace(tzinfo=UTC)
    ticks = (moment - datetime(1601, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 10
    assert values.filetime(str(ticks)) == moment


DAYS = {"-1": None, "0": "1970-01-01", "19753": "2024-01-31"}


@pytest.mark.parametrize("text", sorted(DAYS))
def test_a_day_of_shadow_is_its_beginning(text: str) -> None:
    read = values.day(text)
    assert (read.date().isoformat() if read else None) == DAYS[text]


def test_a_guid_has_its_first_fields_turned_round() -> None:
    # The text and bytes of [MS-DTYP] §2.3.4: the first three fields are little-endian, the rest is not.
    raw = bytes.fromhex("00112233445566778899aabbccddeeff")
    assert values.guid(raw) == "33221100-5544-7766-8899-aabbccddeeff"


@given(st.uuids())
def test_a_guid_survives_its_bytes(id_: UUID) -> None:
    assert values.guid(id_.bytes_le) == str(id_)
    assert values.uuid(str(id_).upper()) == str(id_)


REFUSED: list[tuple[Callable[[str], object], str]] = [
    *((values.generalized_time, text) for text in NO_TIMES),
    (values.filetime, "-5"),
    (values.filetime, "9223372036854775806"),
    (values.filetime, "x"),
    (values.filetime, "1" * 30),
    (values.day, "99999999999"),
    (values.number, "1.5"),
    (values.number, "٣"),
    (values.number, ""),
    (values.uuid, "x"),
    (values.uuid, "{33221100-5544-7766-8899-aabbccddee}"),
    (values.boolean, "yes"),
]


@pytest.mark.parametrize(("read", "text"), REFUSED, ids=lambda value: getattr(value, "__name__", repr(value)))
def test_what_a_syntax_does_not_know_is_refused(read: Callable[[str], object], text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whichever words
        read(text)


@pytest.mark.parametrize("size", [0, 15, 17, 32])
def test_a_guid_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        values.guid(b"\0" * size)


@given(st.text(max_size=30))
def test_no_text_is_more_than_refused(text: str) -> None:
    for read in (
        values.generalized_time,
        values.filetime,
        values.day,
        values.number,
        values.uuid,
        values.boolean,
    ):
        try:
            read(text)
        except ValueError:
            continue
