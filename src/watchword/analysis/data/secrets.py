"""Secrets in plain text: which values of variables and scripts are credentials, and what may be kept of them.

Two kinds of recognition: values that say by their form what they are (an access key id, a private key, a token with a
vendor's prefix, a password in a URL), and values whose *name* says it (``DB_PASSWORD``) unless they are a placeholder or
a reference to a store of secrets.  What is kept of a value is its kind, its length and the first eight hex digits of its
SHA-256: enough to see that it was changed or stands in two places, never the value itself.

This module asks nobody whether a credential still works, and reads no files.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import itertools
import math
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

# Scripts are read up to this many characters; user data has at most 16 KiB, and gzip may hide a bomb.
LIMIT: Final = 1_000_000

_FORMS: Final = (
    ("private key", re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----")),
    ("AWS access key", re.compile(r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b")),
    ("GitHub token", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})")),
    ("GitLab token", re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}")),
    ("Slack token", re.compile(r"\bxox[abeposr]-[A-Za-z0-9-]{10,}")),
    ("Slack webhook", re.compile(r"https://hooks\.slack\.com/services/T\w+/B\w+/\w{16,}")),
    ("Stripe key", re.compile(r"\b[sr]k_live_[A-Za-z0-9]{16,}")),
    ("Google API key", re.compile(r"\bAIza[0-9A-Za-z_-]{35}")),
    ("SendGrid key", re.compile(r"\bSG\.[\w-]{20,24}\.[\w-]{40,46}")),
    ("npm token", re.compile(r"\bnpm_[A-Za-z0-9]{36}")),
    ("PyPI token", re.compile(r"\bpypi-AgEI[\w-]{50,}")),
    ("API key", re.compile(r"\bsk-(?:[a-z0-9]+-)?[A-Za-z0-9_-]{32,}")),
    ("JSON web token", re.compile(r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}")),
    ("storage account key", re.compile(r"AccountKey=[A-Za-z0-9+/]{80,}={0,2}")),
)
"""Forms by which a credential gives itself away, most telling first."""

_URL_PASSWORD: Final = re.compile(r"\b[a-z][a-z0-9+.-]*://[^/\s:@]*:(?P<value>[^@/\s]{3,})@", re.IGNORECASE)

_NAMES: Final = (
    ("AWS secret access key", re.compile(r"aws_?secret(_?access)?_?key$")),
    ("password", re.compile(r"(^|_)(pass|passwd|password|passphrase|pwd|pw)$|password$")),
    (
        "secret key",
        re.compile(r"(^|_)(secret|access|api|private|encryption|signing|auth|account|master|hmac)_?key$"),
    ),
    ("token", re.compile(r"(^|_)(token|jwt|pat|apitoken|authtoken|bearer)$")),
    ("secret", re.compile(r"(^|_)(secret|credential|credentials|clientsecret)$")),
)
"""Names (snake case, lower) that say that the value is a credential; the whole name must end so."""

_PLACEHOLDER: Final = re.compile(
    r"x{3,}|\*+|[.\-_#?]+|<.*>|\[.*\]|change.?me.*|replace.?(me|this|with).*|(insert|enter|put|your|my)[-_ ].*"
    r"|.*example.*|dummy.*|fake.*|sample.*|placeholder.*|redacted.*|hidden|test|none|null|nil|undefined|unset|empty"
    r"|true|false|yes|no|on|off|enabled|disabled|password|passwd|secret|token|string|value|default|not.?set",
    re.IGNORECASE | re.DOTALL,
)
_REFERENCE: Final = re.compile(
    r"\$.*|`.*|%.*|\{\{.*|\{.*\}|!.*|arn:.*|(ssm|ssm-secure|secretsmanager|vault|aws-sm|kms|env|file|ref|sops)[:/].*|/.*"
    r"|[a-z]:\\.*|~/.*|https?://[^@]*",
    re.IGNORECASE | re.DOTALL,
)
_VALUE: Final = r"""\s*["']?(?P<value>[^\s"';&,})]+)"""
_ASSIGNMENTS: Final = (
    re.compile(
        r"""(?:^|[\s;,{&?"'(-])(?P<name>[A-Za-z_][\w.\-]{1,80})["']?[ \t]*(?:=>|:=|=|:[ \t])""" + _VALUE,
        re.MULTILINE,
    ),
    re.compile(r"""(?:^|\s)--(?P<name>[A-Za-z][\w\-]{1,80})[ \t]+""" + _VALUE, re.MULTILINE),
)
"""``NAME=value``, ``name: value``, ``name => value``; and ``--name value``, which alone may do without a sign."""
_WORDS: Final = re.compile(r"[-_./:@ ]")


@dataclass(frozen=True, slots=True)
class Secret:
    """A credential that was found: the name under which it stands (``""`` where none), its kind, and a fingerprint.

    ``digest`` is the first eight hex digits of the value's SHA-256, ``length`` its number of characters.
    """

    name: str
    kind: str
    digest: str
    length: int


def kind_of(name: str, value: str) -> str | None:
    """What kind of credential the variable holds; ``None`` where it is none, a placeholder or a reference."""
    if _is_no_value(value):
        return None
    return _kind_by_form(value) or _kind_by_name(name, value) or _kind_within(value)


def secrets_in(text: str) -> tuple[Secret, ...]:
    """The credentials in a script or a configuration text, each once, under the first name that it has."""
    found: dict[str, Secret] = {}
    for secret in itertools.chain(_by_assignment(text[:LIMIT]), _by_form(text[:LIMIT])):
        found.setdefault(secret.digest, secret)
    return tuple(found.values())


def redacted(variables: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """What may be kept of variables: ``{name: {"kind": kind or None, "sha256": eight hex digits, "length": n}}``."""
    return {name: _fingerprint(kind_of(name, value), value) for name, value in variables.items()}


def redacted_script(text: str) -> dict[str, Any]:
    """What may be kept of a script: its length, fingerprint, and the credentials in it (``name``, ``kind``, …)."""
    listed = [
        {"name": one.name, "kind": one.kind, "sha256": one.digest, "length": one.length}
        for one in secrets_in(text)
    ]
    return {"length": len(text), "sha256": _digest(text), "readable": True, "secrets": listed}


def redacted_user_data(encoded: str) -> dict[str, Any]:
    """What may be kept of EC2 user data (base64, perhaps gzipped); ``readable`` is false where it is no text.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html
    """
    text = _decoded(encoded)
    if text is None:
        return {"length": len(encoded), "sha256": _digest(encoded), "readable": False, "secrets": []}
    return redacted_script(text)


def entropy(text: str) -> float:
    """Shannon entropy in bits a character; 0 for the empty text."""
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values()) if text else 0.0


def snake(name: str) -> str:
    """The name in lower snake case: ``dbPassword``, ``DB-PASSWORD`` and ``db.password`` are all ``db_password``."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", apart.lower()).strip("_").rstrip("0123456789").rstrip("_")


def named_like_a_secret(name: str) -> str | None:
    """The kind of credential that the name announces; ``None`` where it announces none (``PASSWORD_FILE``)."""
    plain = snake(name)
    return next((kind for kind, pattern in _NAMES if pattern.search(plain)), None)


def _is_no_value(value: str) -> bool:
    text = value.strip().strip("\"'")
    return len(text) < 4 or bool(_PLACEHOLDER.fullmatch(text))


def _kind_by_form(value: str) -> str | None:
    for kind, pattern in _FORMS:
        match = pattern.search(value)
        if match and "EXAMPLE" not in match.group():
            return kind
    match = _URL_PASSWORD.search(value)
    return "password in a URL" if match and _is_password(match["value"]) else None


def _kind_by_name(name: str, value: str) -> str | None:
    kind = named_like_a_secret(name)
    if kind is None or _REFERENCE.fullmatch(value.strip()):
        return None
    believed = _is_password(value) if kind == "password" else _looks_random(value)
    return kind if believed else None


def _kind_within(value: str) -> str | None:
    """The kind of a credential inside a structured value: JSON, a connection string, a command line."""
    if not re.search(r"[=:]", value):
        return None
    return next((one.kind for one in _by_assignment(value[:LIMIT])), None)


def _is_password(value: str) -> bool:
    text = value.strip()
    return (
        len(text) >= 6 and not _is_no_value(text) and not _REFERENCE.fullmatch(text) and entropy(text) >= 1.5
    )


def _looks_random(value: str) -> bool:
    """Random enough to be a key: long, mixed, and not words or numbers joined by punctuation."""
    text = value.strip()
    if len(text) < 16 or entropy(text) < 3.0 or re.search(r"\s", text):
        return False
    parts = [part for part in _WORDS.split(text) if part]
    words = all(re.fullmatch(r"[A-Za-z]+\d{0,2}|\d{1,4}|[a-z]{1,3}\d{1,3}", part) for part in parts)
    return not words or (len(parts) == 1 and not re.fullmatch(r"[a-z]+\d*|[A-Z]+\d*|([A-Z]?[a-z]+)+", text))


def _by_form(text: str) -> Iterator[Secret]:
    for kind, pattern in _FORMS:
        for match in pattern.finditer(text):
            if "EXAMPLE" not in match.group():
                yield _secret("", kind, match.group())
    for match in _URL_PASSWORD.finditer(text):
        if _is_password(match["value"]):
            yield _secret("", "password in a URL", match["value"])


def _by_assignment(text: str) -> Iterator[Secret]:
    for match in itertools.chain.from_iterable(pattern.finditer(text) for pattern in _ASSIGNMENTS):
        name, value = match["name"], match["value"]
        if _is_no_value(value):
            continue
        kind = _kind_by_name(name, value)
        if kind is not None:
            yield _secret(name, kind, value)


def _secret(name: str, kind: str, value: str) -> Secret:
    return Secret(name, kind, _digest(value), len(value))


def _fingerprint(kind: str | None, value: str) -> dict[str, Any]:
    return {"kind": kind, "sha256": _digest(value), "length": len(value)}


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _decoded(encoded: str) -> str | None:
    try:
        data = base64.b64decode(encoded, validate=True)
        if data[:2] == b"\x1f\x8b":
            data = zlib.decompressobj(wbits=31).decompress(data, LIMIT)
        return data.decode()
    except (binascii.Error, zlib.error, UnicodeDecodeError):
        return None
