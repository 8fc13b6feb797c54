r"""Names of LDAP: distinguished names that can be compared, and values that may stand in a filter.  Pure.

Two DNs name one entry when their parts are equal after unescaping, whatever the case and the spaces (RFC 4514, RFC 4518):

>>> same_dn("CN=Smith\\, Ann , OU=People,DC=Abc", r"cn=smith\2C ann,ou=people,dc=abc")
True

A value from outside stands in a filter only through `escape` (RFC 4515 §3):

>>> escape("*)(uid=*")
'\\2a\\29\\28uid=\\2a'
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from hashlib import blake2b
from typing import Final

Part = frozenset[tuple[str, str]]
"""One step of a DN: its pairs of attribute type and value."""

Dn = tuple[Part, ...]
"""A DN in comparable form: its parts from the entry up."""

LONGEST_DN: Final = 8192
"""Characters; no directory has longer names."""

_INTRICATE: Final = frozenset('\\"+;')
_PLAIN: Final = re.compile(r'[^,+;\\"]*(?=[,+;]|\Z)')
_SPECIAL: Final = frozenset('"+,;<>= #\\')
_TYPE: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*|\d+(\.\d+)+")
_HEX: Final = re.compile(r"[0-9A-Fa-f]{2}")
_SPACES: Final = re.compile(r"\s+")
_NAMES_OF_OIDS: Final = {
    "2.5.4.3": "cn",
    "commonname": "cn",
    "2.5.4.11": "ou",
    "organizationalunitname": "ou",
    "2.5.4.10": "o",
    "organizationname": "o",
    "0.9.2342.19200300.100.1.1": "uid",
    "userid": "uid",
    "0.9.2342.19200300.100.1.25": "dc",
    "domaincomponent": "dc",
    "2.5.4.6": "c",
    "countryname": "c",
    "2.5.4.7": "l",
    "localityname": "l",
    "2.5.4.8": "st",
    "stateorprovincename": "st",
}
"""Short names of the types that DNs have, by their other names (RFC 4514 §3)."""


def parse_dn(text: str) -> Dn:
    """A DN in comparable form; of the empty DN none.

    Raises:
        ValueError: it is not a DN (RFC 4514); the text tells at which character.
    """
    if len(text) > LONGEST_DN:
        raise ValueError(f"a DN of more than {LONGEST_DN} characters")
    if _INTRICATE.isdisjoint(text):
        return tuple(map(_simple_part, text.split(","))) if text else ()
    return _intricate(text)


def _intricate(text: str) -> Dn:
    """A DN with escapes, quotations or parts of several pairs, character by character."""
    parts: list[Part] = []
    pairs: list[tuple[str, str]] = []
    position = 0
    while position < len(text):
        pair, position = _pair(text, position)
        pairs.append(pair)
        ended = text[position : position + 1]
        if ended != "+":
            parts.append(frozenset(pairs))
            pairs = []
        position += 1
        if ended and position >= len(text):
            raise ValueError(f"a DN that ends at character {position} with {ended!r}")
    return tuple(parts)


@lru_cache(maxsize=4096)
def _simple_part(text: str) -> Part:
    """A part without anything special in it.  Entries share the parts above their own, hence the memory."""
    pair, _ = _pair(text, 0)
    return frozenset((pair,))


def same_dn(one: str, other: str) -> bool:
    """Whether two DNs name the same entry.

    Raises:
        ValueError: one of them is no DN.
    """
    return parse_dn(one) == parse_dn(other)


def dn_key(text: str) -> bytes:
    """Sixteen bytes that are equal for equal DNs, so that many can be held in little memory.

    Raises:
        ValueError: it is no DN.
    """
    return blake2b(b"".join(map(_bytes, parse_dn(text))), digest_size=16).digest()


@lru_cache(maxsize=4096)
def _bytes(part: Part) -> bytes:
    """A part as bytes that no other part, and no row of others, has."""
    raw = bytearray()
    for words in sorted(part):
        for word in words:
            encoded = word.encode("utf-8", "surrogatepass")
            raw += len(encoded).to_bytes(4, "big") + encoded
    return bytes(raw + b"\xff\xff\xff\xff")


def escape(value: str) -> str:
    """A value as it may stand in a filter: whatever it holds, it is one value and nothing else."""
    return "".join(
        character
        if character.isascii() and (character.isalnum() or character in "-_.@=+, ")
        else "".join(f"\\{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
        for character in value
    )


def equals(attribute: str, value: str) -> str:
    """The filter that asks for entries whose attribute has this value."""
    return f"({attribute}={escape(value)})"


def escape_dn(value: str) -> str:
    """A value as it may stand in a DN (RFC 4514 §2.4)."""
    return "".join(
        "".join(f"\\{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
        if character in _SPECIAL or character < " "
        else character
        for character in value
    )


def _pair(text: str, position: int) -> tuple[tuple[str, str], int]:
    """One attribute type and value from a position; where it ends: at a separator or the end of the text."""
    equal = text.find("=", position)
    name = text[position:equal].strip().lower().removeprefix("oid.") if equal >= 0 else ""
    if not _TYPE.fullmatch(name):
        raise ValueError(f"a DN without an attribute's name at character {position + 1}")
    start = equal + 1
    while text[start : start + 1] == " ":
        start += 1
    if text[start : start + 1] == '"':
        value, end = _quoted(text, start + 1)
    else:
        value, end = _plain(text, start)
    return (_NAMES_OF_OIDS.get(name, name), _folded(value)), end


def _plain(text: str, position: int) -> tuple[str, int]:
    """An unquoted value; spaces at its end count only where they are escaped."""
    plain = _PLAIN.match(text, position)
    if plain is not None:
        return plain.group().rstrip(" "), plain.end()
    raw = bytearray()
    kept = 0
    while position < len(text) and text[position] not in ",+;":
        piece, position, escaped = _unescaped(text, position)
        raw += piece
        if escaped or piece != b" ":
            kept = len(raw)
    return _decoded(raw[:kept]), position


def _quoted(text: str, position: int) -> tuple[str, int]:
    """A quoted value, as RFC 2253 knew it, and the separator after it."""
    raw = bytearray()
    while text[position : position + 1] != '"':
        if position >= len(text):
            raise ValueError("a DN whose quotation does not end")
        piece, position, _ = _unescaped(text, position)
        raw += piece
    position += 1
    while text[position : position + 1] == " ":
        position += 1
    if position < len(text) and text[position] not in ",+;":
        raise ValueError(f"a DN with something after a quotation, at character {position + 1}")
    return _decoded(raw), position


def _unescaped(text: str, position: int) -> tuple[bytes, int, bool]:
    """The bytes of one character, where the next begins, and whether it was escaped."""
    if text[position] != "\\":
        return text[position].encode("utf-8", "surrogatepass"), position + 1, False
    if _HEX.fullmatch(text[position + 1 : position + 3]):
        return bytes.fromhex(text[position + 1 : position + 3]), position + 3, True
    if position + 1 >= len(text):
        raise ValueError("a DN that ends within an escape")
    return text[position + 1].encode("utf-8", "surrogatepass"), position + 2, True


def _decoded(raw: bytes | bytearray) -> str:
    """Text; bytes that are no UTF-8 stay distinguishable from any text."""
    return bytes(raw).decode("utf-8", "surrogateescape")


def _folded(value: str) -> str:
    """A value as it is compared: case, forms of characters and runs of spaces do not count (RFC 4518)."""
    if value.isascii() and value.isalnum():
        return value.lower()
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", value).casefold()).strip()
