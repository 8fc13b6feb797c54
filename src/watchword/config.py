"""Settings: ``watchword.toml``, read once and checked whole.

::

    [aws]
    profile = "audit"                  # all optional; AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL stand in
    region = "eu-west-1"
    role = "SecurityAudit"             # in every account: a name, or an ARN with {account} (and {partition})
    role_arn = "arn:aws:iam::111122223333:role/watchword"      # assumed first, before any other
    external_id = "…"
    endpoint_url = "http://127.0.0.1:5000"
    connect_timeout = 5                # seconds
    read_timeout = 30

    [collect]
    threads = 16
    accounts = ["prod-*"]              # ids, names or patterns; empty: all
    regions = ["eu-west-1"]            # empty: all that are enabled
    services = ["iam", "s3"]           # empty: all
    trust_config_counts = false        # true: leave lists away of which AWS Config counts that they are empty

    [estate]                           # facts that AWS cannot know
    partners = { "121212121212" = "Auditing firm" }
    break_glass = ["arn:aws:iam::*:role/break-glass"]
    public = ["arn:aws:s3:::www.example.com"]
    labels = { "arn:aws:s3:::payroll-*" = "restricted" }
    approved_regions = ["eu-west-1"]
    guest_pools = ["arn:aws:cognito-idp:*:*:userpool/*"]
    admin_roles = ["*Admin*"]

    [controls]
    folder = "controls"                # SQL controls; relative to this file

    [audit]
    signing_key = "audit.key"          # signs the heads of the audit log; relative to this file

    [iam]
    quotas = { "service control policy" = 10240 }   # raised quotas of AWS, for `watchword iam check`

    [state]                            # WATCHWORD_DATABASE comes before it
    url = "sqlite:///state.sqlite"     # relative to this file; or postgresql://user@host/database

An unknown section or key is an error, since a misspelt one would be silently without effect.  Checking is done by hand:
a library for it would cost every command 20 MB of memory.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from watchword.aws import AwsSettings
from watchword.collect.planning import Scope
from watchword.errors import ConfigError
from watchword.model.estate import Estate
from watchword.model.ids import account_id, region
from watchword.store.state.address import DEFAULT, Address

FILE: Final = "watchword.toml"
"""The file that is read from the working folder where no other is named."""

MOST_THREADS: Final = 256
LARGEST_FILE: Final = 1024 * 1024

Checker = Callable[[Any], Any]
"""From what stands in the file to the setting; raises ValueError with what is expected."""


@dataclass(frozen=True, slots=True)
class Config:
    """All settings; ``file`` is where they come from, ``None`` where all are defaults."""

    file: Path | None = None
    aws: AwsSettings = field(default_factory=AwsSettings)
    scope: Scope = field(default_factory=Scope)
    threads: int = 16
    estate: Estate = field(default_factory=Estate)
    controls: Path | None = None
    signing_key: Path | None = None
    database: str = field(default=DEFAULT, repr=False)
    quotas: Mapping[str, int] = field(default_factory=dict)


def load(path: Path | None = None) -> Config:
    """The settings of a file; of ``watchword.toml`` here where ``path`` is ``None``, or defaults where there is none.

    Raises:
        ConfigError: the file cannot be read, is no TOML (with line), or a key is unknown or has a wrong value.
    """
    chosen = path or (Path(FILE) if Path(FILE).is_file() else None)
    if chosen is None:
        return Config()
    text = _read(chosen)
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"the settings are not TOML: {error}", where=str(chosen), remedy="correct that line"
        ) from error
    return _config(chosen, text, found)


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ConfigError(f"the settings are larger than {LARGEST_FILE} bytes", where=str(path))
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"the settings cannot be read: {error}", where=str(path), remedy="name another file with --config"
        ) from error


def _config(path: Path, text: str, found: Mapping[str, Any]) -> Config:
    sections = {name: _section(path, text, name, value) for name, value in found.items()}
    collect = sections.get("collect", {})
    threads = collect.pop("threads", 16)
    folder = sections.get("controls", {}).get("folder")
    signing_key = sections.get("audit", {}).get("signing_key")
    address = sections.get("state", {}).get("url")
    return Config(
        file=path,
        aws=AwsSettings(threads=threads, **sections.get("aws", {})),
        scope=Scope(**collect),
        threads=threads,
        estate=Estate(**sections.get("estate", {})),
        controls=(path.parent / folder).resolve() if folder else None,
        signing_key=(path.parent / signing_key).resolve() if signing_key else None,
        database=address.below(path.parent).url if address else DEFAULT,
        quotas=sections.get("iam", {}).get("quotas", {}),
    )


def _section(path: Path, text: str, name: str, found: Any) -> dict[str, Any]:  # noqa: ANN401
    keys = _KEYS.get(name)
    if keys is None or not isinstance(found, Mapping):
        raise _wrong(path, text, name, "", f"there is no section [{name}]; there are {', '.join(_KEYS)}")
    made = {}
    for key, value in found.items():
        if key not in keys:
            raise _wrong(path, text, name, key, f"there is no such key; there are {', '.join(keys)}")
        try:
            made[key] = keys[key](value)
        except ValueError as error:
            raise _wrong(path, text, name, key, str(error)) from error
    return made


def _wrong(path: Path, text: str, section: str, key: str, what: str) -> ConfigError:
    name = f"{section}.{key}" if key else section
    line = _line_of(text, section, key)
    where = f"{path}:{line}" if line else str(path)
    return ConfigError(f"setting {name}: {what}", where=where, remedy=f"correct {name} in {path.name}")


def _line_of(text: str, section: str, key: str) -> int | None:
    """The line in which a section begins or a key of it stands; ``None`` where it is written in another way."""
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[\s*([\w-]+)", line)
        if header:
            inside = header[1] == section
            if inside and (not key or re.match(rf"\s*\[\s*{section}\s*\.\s*\"?{re.escape(key)}\b", line)):
                return number
        elif inside and key and re.match(rf"\s*\"?{re.escape(key)}\"?\s*[.=]", line):
            return number
    return None


def _text(value: Any) -> str:  # noqa: ANN401
    if not isinstance(value, str):
        raise ValueError(f'{value!r} is not text; write it in quotes: "…"')
    return value


def _url(value: Any) -> str:  # noqa: ANN401
    text = _text(value)
    if not re.fullmatch(r"https?://[^\s/]+(/.*)?", text):
        raise ValueError(f"{text!r} is not an address; something like http://127.0.0.1:5000 is expected")
    return text


def _role(value: Any) -> str:  # noqa: ANN401
    text = _text(value)
    if text.startswith("arn:") and "{account}" not in text:
        raise ValueError("an ARN without {account} names the role of one account only; use role_arn for that")
    return text


def _role_arn(value: Any) -> str:  # noqa: ANN401
    text = _text(value)
    if not re.fullmatch(r"arn:aws[\w-]*:iam::\d{12}:role/.+", text):
        raise ValueError(
            f"{text!r} is not the ARN of a role: arn:aws:iam::111122223333:role/name is expected"
        )
    return text


def _region(value: Any) -> str:  # noqa: ANN401
    return region(_text(value))


def _database(value: Any) -> Address:  # noqa: ANN401
    return Address.parse(_text(value))


def _seconds(value: Any) -> float:  # noqa: ANN401
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 900:
        raise ValueError(f"{value!r} is not a number of seconds between 0 and 900")
    return float(value)


def _flag(value: Any) -> bool:  # noqa: ANN401
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def _threads(value: Any) -> int:  # noqa: ANN401
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_THREADS:
        raise ValueError(f"{value!r} is not a whole number from 1 to {MOST_THREADS}")
    return value


def _each(check: Checker) -> Checker:
    def checked(value: Any) -> tuple[Any, ...]:  # noqa: ANN401
        if not isinstance(value, list):
            raise ValueError(f'{value!r} is not a list; write ["…", "…"]')
        return tuple(check(one) for one in value)

    return checked


def _mapping(check_key: Checker) -> Checker:
    def checked(value: Any) -> dict[Any, str]:  # noqa: ANN401
        if not isinstance(value, Mapping):
            raise ValueError(f'{value!r} is not a table; write {{ "…" = "…" }}')
        return {check_key(key): _text(one) for key, one in value.items()}

    return checked


def _quotas(value: Any) -> dict[str, int]:  # noqa: ANN401
    from watchword.analysis.iam.limits import Limits

    if not isinstance(value, Mapping) or not all(type(one) is int for one in value.values()):
        raise ValueError(f'{value!r} is not a table of numbers; write {{ "managed policy" = 6144 }}')
    return dict(Limits(dict(value)).raised)


_KEYS: Final[Mapping[str, Mapping[str, Checker]]] = {
    "aws": {
        "profile": _text,
        "region": _region,
        "role": _role,
        "role_arn": _role_arn,
        "external_id": _text,
        "endpoint_url": _url,
        "connect_timeout": _seconds,
        "read_timeout": _seconds,
    },
    "collect": {
        "threads": _threads,
        "accounts": _each(_text),
        "regions": _each(_region),
        "services": _each(_text),
        "trust_config_counts": _flag,
    },
    "estate": {
        "partners": _mapping(account_id),
        "break_glass": _each(_text),
        "public": _each(_text),
        "labels": _mapping(_text),
        "approved_regions": _each(_region),
        "guest_pools": _each(_text),
        "admin_roles": _each(_text),
    },
    "controls": {"folder": _text},
    "audit": {"signing_key": _text},
    "state": {"url": _database},
    "iam": {"quotas": _quotas},
}
"""Sections and their keys, with what each value must be."""
