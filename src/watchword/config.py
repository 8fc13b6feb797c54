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

    [web]                              # for `watchword serve`
    public_url = "https://watchword.example.com"    # the only origin under which browsers come
    bind = "127.0.0.1"
    port = 8440
    trusted_proxies = ["10.0.0.0/8"]   # whose forwarding headers count; empty: nobody's
    company = "Company ABC"
    largest_body = 1048576             # bytes
    body_seconds = 20
    requests_a_minute = 600            # of one address
    metrics_from_loopback = false      # true: programs on this machine read /metrics without a token
    sync_minutes = 30                  # how often directories are read
    heads_file = "head.json"           # where the signed head of the audit log is written; relative to this file
    heads_webhook = "https://…"        # and where they are posted to
    secret_key_file = "watchword.key"  # encrypts secrets of the state; relative to this file
    tls_certificate = "tls.pem"        # both or none; without them a proxy in front brings TLS
    tls_key = "tls.key"

    [login]
    preset = "aal2"                    # how long sessions last: aal1, aal2 or aal3 of NIST SP 800-63B-4
    enrolment_hours = 0                # how long new people may set up their first factor after a first proof alone
    sign_in_days = 400                 # how long events of the sign-in are kept; 0: for ever
    passwords = false                  # whether people of our own directory may have passwords
    locations_file = "ip2asn.tsv"      # addresses → country and network; empty: not known
    blocklist_file = "passwords.txt"   # passwords that are refused, one a line

    [directories.corp]                 # one table for each directory; the keys depend on its kind
    kind = "ldap"

An unknown section or key is an error, since a misspelt one would be silently without effect.  Checking is done by hand:
a library for it would cost every command 20 MB of memory.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
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
    web: Mapping[str, Any] = field(default_factory=dict)
    directories: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)


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
        web=_below(path.parent, sections.get("web", {}) | sections.get("login", {})),
        directories=_named_files(path.parent, sections.get("directories", {})),
    )


def _named_files(folder: Path, tables: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
    """Files of directories, too; which keys there are is known where those are read, and not needed by most commands."""
    if not tables:
        return {}
    from watchword.collect.directories.configured import below

    return below(tables, folder)


def _below(folder: Path, found: Mapping[str, Any]) -> dict[str, Any]:
    """Files are named relative to the settings."""
    return {
        key: (folder / value).resolve() if isinstance(value, Path) else value for key, value in found.items()
    }


def _section(path: Path, text: str, name: str, found: Any) -> dict[str, Any]:  # noqa: ANN401
    if name == "directories":
        return _directories(path, text, found)
    keys = _KEYS.get(name)
    if keys is None or not isinstance(found, Mapping):
        raise _wrong(
            path,
            text,
            name,
            "",
            f"there is no section [{name}]; there are {', '.join((*_KEYS, 'directories'))}",
        )
    made = {}
    for key, value in found.items():
        if key not in keys:
            raise _wrong(path, text, name, key, f"there is no such key; there are {', '.join(keys)}")
        try:
            made[key] = keys[key](value)
        except ValueError as error:
            raise _wrong(path, text, name, key, str(error)) from error
    return made


def _directories(path: Path, text: str, found: Any) -> dict[str, Any]:  # noqa: ANN401
    """The tables ``[directories.NAME]``; their keys are checked by what reads that kind of directory."""
    if not isinstance(found, Mapping):
        raise _wrong(path, text, "directories", "", "each directory has a table: [directories.NAME]")
    for name, table in found.items():
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", name) or not isinstance(table, Mapping):
            raise _wrong(
                path,
                text,
                "directories",
                name,
                "a directory is called by a small letter and up to 39 of a-z, 0-9, -",
            )
        if not isinstance(table.get("kind"), str):
            raise _wrong(path, text, "directories", name, 'its kind is missing, such as kind = "ldap"')
    return dict(found)


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


def _number(least: int, most: int) -> Checker:
    def checked(value: Any) -> int:  # noqa: ANN401
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"{value!r} is not a whole number from {least} to {most}")
        return value

    return checked


def origin(value: Any) -> str:  # noqa: ANN401
    """An origin as browsers name it; plain HTTP only for this machine, since elsewhere passkeys and cookies need TLS."""
    text = _text(value)
    found = re.fullmatch(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:]+\])(:\d{1,5})?", text)
    if not found:
        raise ValueError(
            f"{text!r} is not an origin: https://watchword.example.com is expected, in small letters, without a path"
        )
    if found[1] == "http" and found[2] not in {"localhost", "127.0.0.1", "[::1]"}:
        raise ValueError("plain HTTP is for localhost only; browsers elsewhere need https://")
    return text


def _network(value: Any) -> IPv4Network | IPv6Network:  # noqa: ANN401
    try:
        return ip_network(_text(value))
    except ValueError as error:
        raise ValueError(f"{value!r} is not a network: 10.0.0.0/8 is expected ({error})") from None


def _address(value: Any) -> str:  # noqa: ANN401
    try:
        return str(ip_address(_text(value)))
    except ValueError:
        raise ValueError(f"{value!r} is not an IP address of this machine, such as 127.0.0.1") from None


def _path(value: Any) -> Path:  # noqa: ANN401
    return Path(_text(value))


def _preset(value: Any) -> str:  # noqa: ANN401
    if value not in {"aal1", "aal2", "aal3"}:
        raise ValueError(f"{value!r} is none of aal1, aal2, aal3")
    return str(value)


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
    "web": {
        "public_url": origin,
        "bind": _address,
        "port": _number(1, 65535),
        "trusted_proxies": _each(_network),
        "company": _text,
        "largest_body": _number(1024, 64 * 1024 * 1024),
        "body_seconds": _seconds,
        "requests_a_minute": _number(1, 1_000_000),
        "metrics_from_loopback": _flag,
        "sync_minutes": _number(1, 24 * 60),
        "heads_file": _path,
        "heads_webhook": _url,
        "secret_key_file": _path,
        "tls_certificate": _path,
        "tls_key": _path,
    },
    "login": {
        "preset": _preset,
        "enrolment_hours": _number(0, 24 * 30),
        "sign_in_days": _number(0, 36_500),
        "passwords": _flag,
        "locations_file": _path,
        "blocklist_file": _path,
    },
}
"""Sections and their keys, with what each value must be."""
