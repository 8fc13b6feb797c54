"""Where addresses are: the same as looking through all lines, whatever the table; broken tables are named by line."""

from __future__ import annotations

import gzip
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.errors import ConfigError
from watchword.web.login import locations

TABLE = """\
1.0.0.0\t1.0.0.255\t13335\tUS\tCLOUDFLARENET
1.0.1.0\t1.0.3.255\t0\tNone\tNot routed
8.8.8.0\t8.8.8.255\t15169\tUS\tGOOGLE
62.52.0.0\t62.53.255.255\t6805\tDE\tTDDE-ASN1
2001:200::\t2001:200:5ff:ffff:ffff:ffff:ffff:ffff\t2500\tJP\tWIDE-BB
2a00:1450::\t2a00:1450:ffff:ffff:ffff:ffff:ffff:ffff\t15169\tIE\tGOOGLE
"""


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("1.0.0.1", ("US", 13335)),
        ("1.0.0.255", ("US", 13335)),
        ("1.0.1.0", ("", 0)),
        ("8.8.7.255", ("", 0)),
        ("8.8.9.0", ("", 0)),
        ("62.53.255.255", ("DE", 6805)),
        ("::ffff:8.8.8.8", ("US", 15169)),
        ("2001:200::1", ("JP", 2500)),
        ("2001:200:600::", ("", 0)),
        ("2a00:1450:4001::200e", ("IE", 15169)),
        ("10.0.0.1", ("", 0)),
        ("127.0.0.1", ("", 0)),
        ("::1", ("", 0)),
        ("fe80::1%eth0", ("", 0)),
        ("", ("", 0)),
        ("nonsense", ("", 0)),
        ("8.8.8.8.8", ("", 0)),
    ],
)
def test_an_address_is_where_its_line_says(address: str, found: tuple[str, int]) -> None:
    assert locations.read(TABLE.splitlines(), "t").find(address) == found


def test_without_a_table_nothing_is_known() -> None:
    assert locations.NOWHERE.find("8.8.8.8") == ("", 0)
    assert len(locations.NOWHERE) == 0
    assert locations.of(None) is locations.NOWHERE


def test_a_table_is_read_from_a_file_compressed_or_not(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.tsv", tmp_path / "a.tsv.gz"
    plain.write_text(TABLE)
    packed.write_bytes(gzip.compress(TABLE.encode()))
    assert len(locations.load(plain)) == len(locations.load(packed)) == 5
    assert len(locations.of(plain)) == 5
    assert locations.load(packed).find("8.8.8.8") == ("US", 15169)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("1.0.0.0\t1.0.0.255", "fewer"),
        ("nonsense\t1.0.0.255\t1\tUS\tx", ""),
        ("1.0.0.9\t1.0.0.1\t1\tUS\tx", "ends before"),
        ("1.0.0.0\t2001::\t1\tUS\tx", "ends before"),
        ("1.0.0.0\t1.0.0.255\tx\tUS\tx", ""),
        ("1.0.0.0\t1.0.0.255\t-1\tUS\tx", "number"),
        ("1.0.0.0\t1.0.0.255\t4294967296\tUS\tx", "number"),
        ("1.0.0.0\t1.0.0.255\t1\tUSA\tx", "two letters"),
        ("0.0.0.0\t0.0.0.255\t1\tUS\tx", "before the one above"),
        ("0.5.0.100\t0.5.1.0\t1\tUS\tx", "before the one above"),
    ],
)
def test_a_broken_line_is_named(line: str, why: str) -> None:
    good = "0.5.0.0\t0.5.0.255\t1\tUS\tx"
    with pytest.raises(ConfigError, match=f"line 3.*{why}") as refused:
        locations.read([good, "", line], "table.tsv")
    assert "table.tsv: login.locations_file" in refused.value.diagnosis()


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"x" * 5000, b"\x1f\x8b broken"])
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, content: bytes) -> None:
    for name in ("t.tsv", "t.tsv.gz"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ConfigError):
            locations.load(tmp_path / name)
    with pytest.raises(ConfigError):
        locations.load(tmp_path / "missing")


BOUNDS = {4: (int(IPv4Address("8.0.0.0")), 400), 6: (int(IPv6Address("2a00::")), 2**66)}


@given(
    st.sampled_from([4, 6]),
    st.lists(
        st.tuples(
            st.integers(0, 20), st.integers(0, 20), st.integers(0, 3), st.sampled_from(["DE", "US", "None"])
        ),
        max_size=12,
    ),
    st.lists(st.integers(0, 500), max_size=20),
)
def test_the_answer_is_that_of_looking_through_all_lines(
    version: int, ranges: list[tuple[int, int, int, str]], asked: list[int]
) -> None:
    base, unit = BOUNDS[version][0], max(1, BOUNDS[version][1] // 400)
    kind = IPv4Address if version == 4 else IPv6Address
    lines, plain, at = [], [], base
    for gap, size, asn, country in ranges:
        first = at + gap * unit
        last = first + size * unit
        lines.append(f"{kind(first)}\t{kind(last)}\t{asn}\t{country}\tname")
        plain.append((first, last, asn, "" if country == "None" else country))
        at = last + 1
    table = locations.read(lines, "t")
    for offset in asked:
        address = base + offset * unit
        expected = next(((c, a) for first, last, a, c in plain if first <= address <= last), ("", 0))
        assert table.find(str(ip_address(address))) == expected


def test_a_large_table_stays_small_in_memory() -> None:
    base = int(IPv4Address("1.0.0.0"))
    lines = (
        f"{IPv4Address(base + n * 256)}\t{IPv4Address(base + n * 256 + 255)}\t{n}\tDE\tname"
        for n in range(20_000)
    )
    table = locations.read(lines, "t")
    ranges = table.four
    size = sum(len(one) * one.itemsize for one in (*ranges.first, *ranges.last, ranges.asn, ranges.country))
    assert size == 14 * 20_000
    assert table.find("1.0.5.77") == ("DE", 5)
