"""A large directory: twenty thousand people are read, and what stays in memory is the index alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.collect.directories.slapd import Slapd, folders, group, needs_slapd, person
from watchword.collect.directories.ldap import LdapReader
from watchword.collect.directories.ldap_settings import LdapSettings

PEOPLE = 20_000


def megabytes() -> float:
    """Memory of this process that is in use."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


@needs_slapd
@pytest.mark.heavy
def test_memory_does_not_grow_with_what_entries_hold(tmp_path: Path) -> None:
    slapd = Slapd(tmp_path / "slapd")
    names = [f"p{number:06d}" for number in range(PEOPLE)]
    slapd.prepare(folders())
    # Two kilobytes each: forty megabytes, were they kept.
    slapd.load(person(name, displayName="x" * 1000, mail="y" * 1000) for name in names)
    slapd.load([group("all", names)])
    slapd.start()
    try:
        reader = LdapReader(LdapSettings(**slapd.settings(page_size=500)))
        found = reader.accounts()
        next(found)
        begun, most, count = megabytes(), 0.0, 1
        for _ in found:
            count += 1
            if not count % 1000:
                most = max(most, megabytes())
        assert count == PEOPLE
        assert most - begun < 12
        [everybody] = reader.groups()
        assert len(everybody.accounts) == PEOPLE
        assert reader.faults == []
    finally:
        slapd.stop()
