"""Where an address is: country and network, from a table that the company brings (iptoasn.com's form), kept small in memory.

Each line has five fields between tabs: first address, last address, number of the network (0: none), country (``None``: none),
name; IPv4 and IPv6 may stand in one file, which may be compressed (``.gz``).  Without a table, or where no line covers an
address, and for private and loopback addresses, nothing is known, and nothing is asked of anybody.
"""

from __future__ import annotations

import gzip
from array import array
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import IO, Final

from watchword.errors import ConfigError

UNKNOWN: Final = ("", 0)
LONGEST_LINE: Final = 2_000
MOST_LINES: Final = 5_000_000


@dataclass(slots=True)
class _Ranges:
    """Ranges of addresses of one version, sorted: 14 bytes each for IPv4, 38 for IPv6, in parallel arrays."""

    words: int
    first: list[array[int]] = field(default_factory=list)
    last: list[array[int]] = field(default_factory=list)
    asn: array[int] = field(default_factory=lambda: array("I"))
    country: array[int] = field(default_factory=lambda: array("H"))

    def __post_init__(self) -> None:
        """Make as many arrays as an address has words: one of 32 bits, or two of 64."""
        code = "I" if self.words == 1 else "Q"
        self.first = [array(code) for _ in range(self.words)]
        self.last = [array(code) for _ in range(self.words)]

    def put(self, first: int, last: int, asn: int, country: int) -> None:
        """Add a range after all others."""
        for target, value in ((self.first, first), (self.last, last)):
            for at, word in enumerate(self._words(value)):
                target[at].append(word)
        self.asn.append(asn)
        self.country.append(country)

    def find(self, address: int) -> tuple[int, int] | None:
        """Country's index and network of the range that has an address."""
        at = bisect_right(range(len(self.asn)), address, key=lambda index: self._value(self.first, index)) - 1
        if at < 0 or address > self._value(self.last, at):
            return None
        return self.country[at], self.asn[at]

    def ends(self) -> int:
        """The last address that any range has so far; below 0 where there is none."""
        return self._value(self.last, len(self.asn) - 1) if self.asn else -1

    def _words(self, value: int) -> tuple[int, ...]:
        return (value,) if self.words == 1 else (value >> 64, value & (2**64 - 1))

    def _value(self, arrays: list[array[int]], index: int) -> int:
        value = 0
        for one in arrays:
            value = value << 64 | one[index]
        return value


@dataclass(frozen=True, slots=True)
class Locations:
    """A table of addresses; safe for threads."""

    four: _Ranges
    six: _Ranges
    countries: tuple[str, ...]

    def find(self, address: str) -> tuple[str, int]:
        """Country (ISO 3166-1 alpha-2) and number of the network of an address; ``""`` and 0 where not known."""
        try:
            parsed: IPv4Address | IPv6Address = ip_address(address)
        except ValueError:
            return UNKNOWN
        parsed = getattr(parsed, "ipv4_mapped", None) or parsed
        if not parsed.is_global:
            return UNKNOWN
        found = (self.four if parsed.version == 4 else self.six).find(int(parsed))
        return UNKNOWN if found is None else (self.countries[found[0]], found[1])

    def __len__(self) -> int:
        return len(self.four.asn) + len(self.six.asn)


NOWHERE: Final = Locations(_Ranges(1), _Ranges(2), ("",))
"""The table of those who have none."""


def of(path: Path | None) -> Locations:
    """The table of a file, or the empty one where the company has none.

    Raises:
        ConfigError: the file cannot be read, or is no table.
    """
    return NOWHERE if path is None else load(path)


def load(path: Path) -> Locations:
    """A table from its file.

    Raises:
        ConfigError: it cannot be read, or a line has another form, lies before the one above it or overlaps it.
    """
    try:
        with (
            gzip.open(path, "rt", encoding="utf-8")
            if path.suffix == ".gz"
            else path.open(encoding="utf-8") as file
        ):
            return read(_lines(file, str(path)), str(path))
    except (OSError, EOFError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text, or is cut off"
        raise ConfigError(
            f"the table of addresses cannot be read: {why}",
            where=f"{path}: login.locations_file",
            remedy="see that the file is whole, and that you may read it",
        ) from None


def read(lines: Iterable[str], where: str) -> Locations:
    """A table from its lines.

    Raises:
        ConfigError: a line has another form, lies before the one above it or overlaps it; it is named.
    """
    four, six, countries = _Ranges(1), _Ranges(2), {"": 0}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            first, last, asn, country = _range(line)
        except ValueError as error:
            raise _broken(where, number, str(error)) from None
        ranges = four if first.version == 4 else six
        if int(first) <= ranges.ends():
            raise _broken(where, number, "the range lies before the one above it, or overlaps it")
        if asn or country:
            ranges.put(int(first), int(last), asn, countries.setdefault(country, len(countries)))
    return Locations(four, six, tuple(countries))


def _lines(file: IO[str], where: str) -> Iterable[str]:
    for number in range(1, MOST_LINES + 1):
        line = file.readline(LONGEST_LINE)
        if not line:
            return
        if len(line) == LONGEST_LINE:
            raise _broken(where, number, "the line is too long")
        yield line
    raise _broken(where, MOST_LINES, "there are too many lines")


def _range(line: str) -> tuple[IPv4Address | IPv6Address, IPv4Address | IPv6Address, int, str]:
    fields = line.rstrip("\r\n").split("\t")
    if len(fields) < 4:
        raise ValueError("there are fewer than four fields")
    first, last = ip_address(fields[0]), ip_address(fields[1])
    if first.version != last.version or int(first) > int(last):
        raise ValueError("the range ends before it begins")
    asn = int(fields[2])
    if not 0 <= asn < 2**32:
        raise ValueError("the network's number is none")
    country = "" if fields[3] in {"None", "", "-"} else fields[3]
    if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise ValueError("the country has not two letters")
    return first, last, asn, country.upper()


def _broken(where: str, number: int, why: str) -> ConfigError:
    return ConfigError(
        f"line {number}: {why}",
        where=f"{where}: login.locations_file",
        remedy="five fields between tabs: first address, last address, network, country, name",
    )
