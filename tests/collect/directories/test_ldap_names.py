"""Names that can be compared, and values in filters: against other people's readers of the same RFCs."""

from __future__ import annotations

import doctest
import string

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from watchword.collect.directories import ldap_names
from watchword.collect.directories.ldap_names import dn_key, equals, escape, escape_dn, parse_dn, same_dn

BASE = "dc=abc,dc=example"

SAME = [
    ("uid=alice,dc=abc", "UID=Alice,DC=ABC"),
    ("uid=alice,dc=abc", "uid = alice , dc = abc"),
    ("uid=alice,dc=abc", "uid=alice;dc=abc"),
    ("cn=a  b,dc=abc", "cn=A b,dc=abc"),
    (r"cn=a\,b,dc=abc", r"cn=a\2Cb,dc=abc"),
    (r"cn=a\,b,dc=abc", 'cn="a,b",dc=abc'),
    (r"cn=\C3\A9", "cn=é"),
    ("cn=E\u0301", "cn=é"),
    ("cn=STRASSE", "cn=straße"),
    ("cn=a+sn=b,dc=abc", "SN=B+CN=A,dc=abc"),
    ("2.5.4.3=a", "cn=a"),
    ("OID.2.5.4.3=a", "commonName=a"),
    (r"cn=\20a", "cn=a"),
    ("cn=C# x", r"cn=C\23 x"),
    ("cn=a=b", r"cn=a\3Db"),
]

DIFFERENT = [
    ("uid=alice,dc=abc", "uid=alicia,dc=abc"),
    ("uid=alice,dc=abc", "uid=alice"),
    ("uid=alice,dc=abc", "cn=alice,dc=abc"),
    (r"cn=a\,dc=abc", "cn=a,dc=abc"),
    ("cn=a+sn=b", "cn=a,sn=b"),
    (r"cn=a\2Bsn=b", "cn=a+sn=b"),
    ("ou=a,ou=b", "ou=b,ou=a"),
    ("cn=ab", "cn=a b"),
    ("cn=ab", "c=nab"),
    ("cn=a+c=b", "c=bcn+a=x"),
    (r"cn=\ff", r"cn=\fe"),
]

NO_DN = [
    "alice",
    "=x",
    "cn=a,",
    "cn=a+",
    "cn=a,,dc=b",
    ",cn=a",
    'cn="a',
    'cn="a"b',
    "cn=a\\",
    "c n=a",
    "1.=a",
    "x" * 9000,
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_spellings_name_one_entry(one: str, other: str) -> None:
    assert same_dn(one, other)
    assert dn_key(one) == dn_key(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_two_entries_have_two_names(one: str, other: str) -> None:
    assert not same_dn(one, other)
    assert dn_key(one) != dn_key(other)


@pytest.mark.parametrize("text", NO_DN)
def test_what_is_no_dn_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="DN"):
        parse_dn(text)


def test_the_empty_dn_has_no_parts() -> None:
    assert parse_dn("") == ()


SHORT = {"CN": "cn", "OU": "ou", "O": "o", "DC": "dc", "UID": "uid", "L": "l", "ST": "st"}
VALUES = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\r\n\x0b\x0c", exclude_categories=["Cc", "Cs"]),
    min_size=1,
    max_size=12,
)


@given(st.lists(st.tuples(st.sampled_from(sorted(SHORT)), VALUES), min_size=1, max_size=4))
def test_it_reads_what_another_reader_of_rfc_4514_writes_and_reads(parts: list[tuple[str, str]]) -> None:
    written = ",".join(f"{name}={escape_dn(value)}" for name, value in parts)
    others = x509.Name.from_rfc4514_string(written, {"UID": x509.NameOID.USER_ID})
    # cryptography holds the parts from the root down.
    theirs = [(part.rfc4514_attribute_name, str(part.value)) for part in reversed(list(others))]
    assert theirs == parts
    assert same_dn(written, others.rfc4514_string())


@given(st.text(max_size=40))
def test_any_text_is_a_dn_or_refused(text: str) -> None:
    try:
        parsed = parse_dn(text)
    except ValueError:
        return
    assert all(part for part in parsed)


PIECES = st.lists(
    st.sampled_from(["cn", "dc", "=", "=", ",", ",", " ", "a", "B", "é", "#", "\t", "<", "\u00a0", "1.2"]),
    max_size=14,
)


@given(
    st.lists(st.tuples(st.sampled_from(sorted(SHORT)), VALUES), min_size=2, max_size=4).flatmap(
        lambda pairs: st.tuples(st.just(pairs), st.permutations(pairs))
    )
)
def test_the_order_of_pairs_within_a_part_does_not_count(
    both: tuple[list[tuple[str, str]], list[tuple[str, str]]],
) -> None:
    one, other = ("+".join(f"{name}={escape_dn(value)}" for name, value in pairs) for pairs in both)
    assert dn_key(one) == dn_key(other)


@given(PIECES.map("".join))
def test_the_short_way_through_simple_names_is_the_long_way(text: str) -> None:
    def read(how: object) -> object:
        try:
            return how(text)  # type: ignore[operator]
        except ValueError:
            return "no DN"

    assert read(parse_dn) == read(ldap_names._intricate)


@given(VALUES)
def test_a_value_in_a_dn_stays_one_value(value: str) -> None:
    parsed = parse_dn(f"cn={escape_dn(value)},{BASE}")
    assert parsed[1:] == parse_dn(BASE)
    assert len(parsed[0]) == 1


def test_an_escaped_value_holds_nothing_that_a_filter_reads() -> None:
    assert escape("a*(b)\\\0|&!<>~") == "a\\2a\\28b\\29\\5c\\00\\7c\\26\\21\\3c\\3e\\7e"
    assert escape("é") == "\\c3\\a9"


@given(st.text())
def test_an_escaped_value_says_its_bytes_and_nothing_else(value: str) -> None:
    text = escape(value)
    assert set(text) <= set(string.ascii_letters + string.digits + "-_.@=+, \\")
    raw, position = bytearray(), 0
    while position < len(text):
        if text[position] == "\\":
            raw += bytes.fromhex(text[position + 1 : position + 3])
            position += 3
        else:
            raw += text[position].encode()
            position += 1
    assert bytes(raw).decode("utf-8", "surrogatepass") == value


def test_a_filter_of_a_value() -> None:
    assert equals("uid", "*)(uid=*") == "(uid=\\2a\\29\\28uid=\\2a)"


def test_the_examples_of_the_module_hold() -> None:
    assert doctest.testmod(ldap_names).attempted == 2
    assert doctest.testmod(ldap_names).failed == 0
