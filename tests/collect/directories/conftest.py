"""One slapd for all tests of a process that only read; who changes what others see starts their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.collect.directories.slapd import SUFFIX, Slapd, group, group_dn, person


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    """A running directory with a few people and groups in it."""
    shadow = ["inetOrgPerson", "shadowAccount"]
    with Slapd.started(tmp_path_factory.mktemp("slapd") / "company") as slapd:
        slapd.add(
            person("alice", password="alice-password", employeeNumber="00123", displayName="Alice Ångström"),
            person("bob", password="bob-password", manager=f"UID=Alice, ou=People,{SUFFIX}"),
            person("locked", password="locked-password"),
            person("ended", password="ended-password", objectClass=shadow, shadowExpire="1"),
            person("open", password="open-password", objectClass=shadow, shadowExpire="99999"),
            person("resets", password="resets-password"),
            (
                f"cn=C\\23 Dev\\2C a\\3Db,ou=people,{SUFFIX}",
                {"objectClass": "inetOrgPerson", "uid": "csharp", "cn": "C# Dev, a=b", "sn": "x"},
            ),
            group("engineers", ["alice", f"cn=C\\23 Dev\\2C a\\3Db,ou=people,{SUFFIX}"]),
            group("everybody", ["bob", group_dn("engineers"), f"uid=gone,ou=people,{SUFFIX}"]),
            group("outer", [group_dn("inner")]),
            group("inner", [group_dn("outer"), group_dn("inner"), "bob"]),
            (
                group_dn("unix"),
                {
                    "objectClass": "posixGroup",
                    "cn": "unix",
                    "gidNumber": "100",
                    "memberUid": ["alice", "BOB", "nobody"],
                },
            ),
            (
                group_dn("unique"),
                {
                    "objectClass": "groupOfUniqueNames",
                    "cn": "unique",
                    "uniqueMember": f"uid=alice,ou=people,{SUFFIX}",
                },
            ),
        )
        slapd.modify(f"uid=locked,ou=people,{SUFFIX}", pwdAccountLockedTime="000001010000Z")
        slapd.modify(f"uid=resets,ou=people,{SUFFIX}", pwdReset="TRUE")
        yield slapd
