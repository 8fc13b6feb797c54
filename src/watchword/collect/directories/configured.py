"""Directories of people as ``[directories.NAME]`` of ``watchword.toml`` names them: checked whole before anything is asked.

::

    [directories.corp]
    kind = "ldap"
    urls = ["ldaps://ldap.example.com"]
    base_dn = "dc=example,dc=com"
    bind_dn = "cn=reader,dc=example,dc=com"
    bind_password_file = "reader.password"      # or: bind_password_env = "READER_PASSWORD"
    admit = true                                # who signs in for the first time becomes a person of ours
    assurance = { "urn:example:mfa" = 2 }       # what the directory's word on a sign-in is worth (acr)
    mfa_methods = ["mfa", "hwk"]                # its methods (amr) that stand for two factors

An unknown key is an error, since a misspelt one would be silently without effect.  **Secrets are never in the settings**: they
come from a file that only its owner can read, or from a variable of the environment.  docs/how-to/directories.md lists all keys.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from watchword.errors import ConfigError
from watchword.model.directory import DirectoryKind
from watchword.model.people import DirectoryId
from watchword.pdp.presets import Trust

if TYPE_CHECKING:
    from watchword.collect.directories.ldap_settings import LdapSettings
    from watchword.collect.directories.oidc_settings import OidcSettings
    from watchword.collect.directories.saml_settings import SamlSettings

LARGEST_SECRET: Final = 16 * 1024
"""Bytes of a file with a secret."""

LONGEST_TEXT: Final = 2_000
"""Characters of one value."""

MOST_VALUES: Final = 100
"""Values of one list or table."""

NO_TRUST: Final = Trust()
"""A directory's word is worth level 1 unless the settings say otherwise."""

Checker = Callable[[Any], Any]
"""From what stands in the settings to the value; raises ValueError with what is expected."""


@dataclass(frozen=True, slots=True)
class Configured:
    """A directory of the settings.

    ``admit``: who signs in with it for the first time becomes a person of ours; otherwise they are refused.  ``sign_in``:
    whether one can sign in with it at all.  ``trust``: what its word on a sign-in is worth.  ``options`` are the other values,
    checked, under the names of the settings; ``secrets`` those that were read from files or the environment.
    ``authoritative``: for what it answers, so that accounts may be linked by that (docs/people.md).
    """

    directory: DirectoryId
    kind: DirectoryKind
    display: str
    admit: bool = False
    sign_in: bool = False
    trust: Trust = NO_TRUST
    authoritative: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    def ldap(self) -> LdapSettings:
        """How it is read and signed in with, where it is LDAP or Active Directory.

        Raises:
            ConfigError: a value cannot be.
        """
        from watchword.collect.directories.ldap_settings import LdapSettings

        made: LdapSettings = self.made(LdapSettings)
        return made

    def oidc(self, redirect_uri: str) -> OidcSettings:
        """How one signs in with it, where it is an OpenID provider; ``redirect_uri`` is where people come back to.

        Raises:
            ConfigError: a value cannot be.
        """
        from watchword.collect.directories.oidc_settings import OidcSettings

        made: OidcSettings = self.made(OidcSettings, redirect_uri=redirect_uri)
        return made

    def saml(self, entity_id: str, acs_url: str) -> SamlSettings:
        """How one signs in with it, where it is a SAML identity provider; ``entity_id`` is our name unless the settings say so.

        Raises:
            ConfigError: a value cannot be.
            UsageError: the extra is not installed.
        """
        from watchword.collect.directories.saml_settings import SamlSettings

        named = {} if "entity_id" in self.options else {"entity_id": entity_id}
        made: SamlSettings = self.made(SamlSettings, acs_url=acs_url, **named)
        return made

    def made(self, settings: Callable[..., Any], **more: Any) -> Any:  # noqa: ANN401
        """The settings of its kind: a dataclass that is given the options by their names.

        Raises:
            ConfigError: it refuses a value.
        """
        try:
            return settings(directory=self.directory, **self.options, **self.secrets, **more)
        except ValueError as error:
            key, _, what = str(error).partition(": ")
            named = key if re.fullmatch(r"[a-z_]+", key) and what else ""
            raise _wrong(self.directory, named, what if named else str(error)) from None


def read(tables: Mapping[str, Any], environment: Mapping[str, str]) -> Mapping[DirectoryId, Configured]:
    """The directories of the settings, by their ids; files are named absolutely, or relative to the working folder.

    Raises:
        ConfigError: a key is unknown or missing, a value is wrong, or a secret cannot be read; names ``directories.NAME.key``.
    """
    found = {DirectoryId(name): _directory(name, table, environment) for name, table in tables.items()}
    _check_apart(found.values())
    return found


def below(tables: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The tables with the files that they name made absolute: they are meant relative to the settings."""
    return {
        name: {key: _absolute(key, value, folder) for key, value in table.items()}
        for name, table in tables.items()
    }


def _absolute(key: str, value: Any, folder: Path) -> Any:  # noqa: ANN401
    if not key.endswith("_file") or not isinstance(value, str) or not value:
        return value
    return str((folder / value).resolve())


def _directory(name: str, table: Mapping[str, Any], environment: Mapping[str, str]) -> Configured:
    kind = _kind(name, table)
    if name in RESERVED or (name == "local") != (kind is DirectoryKind.LOCAL):
        raise _wrong(name, "", "this name is kept for something else; choose another")
    keys, secrets = KEYS[kind], SECRETS.get(kind, {})
    for key in table:
        _check_known(name, key, kind)
    values = {key: _checked(name, key, check, table[key]) for key, check in keys.items() if key in table}
    for key in NEEDED.get(kind, ()):
        if key not in values:
            raise _wrong(name, key, "it is missing")
    common = {key: _checked(name, key, check, table[key]) for key, check in COMMON.items() if key in table}
    return Configured(
        directory=DirectoryId(name),
        kind=kind,
        display=common.get("display", name),
        admit=common.get("admit", False),
        sign_in=common.get("sign_in", True) and kind in SIGNS_IN,
        trust=Trust(common.get("assurance", {}), frozenset(common.get("mfa_methods", ()))),
        authoritative=common.get("authoritative", ()),
        options=values,
        secrets=_secrets(name, table, secrets, environment),
    )


def _kind(name: str, table: Mapping[str, Any]) -> DirectoryKind:
    try:
        return DirectoryKind(table.get("kind", ""))
    except ValueError:
        raise _wrong(name, "kind", f"one of {', '.join(DirectoryKind)} is expected") from None


def _check_known(name: str, key: str, kind: DirectoryKind) -> None:
    secrets = SECRETS.get(kind, {})
    known = ["kind", *COMMON, *KEYS[kind], *(f"{one}_{way}" for one in secrets for way in ("file", "env"))]
    if key in secrets:
        raise _wrong(
            name, key, f"secrets do not stand in the settings; name a file with {key}_file, or {key}_env"
        )
    if key not in known:
        raise _wrong(name, key, f"there is no such key of the kind {kind}; there are {', '.join(known)}")


def _checked(name: str, key: str, check: Checker, value: Any) -> Any:  # noqa: ANN401
    try:
        return check(value)
    except ValueError as error:
        raise _wrong(name, key, str(error)) from None


def _secrets(
    name: str, table: Mapping[str, Any], wanted: Mapping[str, bool], environment: Mapping[str, str]
) -> dict[str, str]:
    """The secrets of a directory by their names; ``wanted`` says which must be there."""
    found: dict[str, str] = {}
    for secret, needed in wanted.items():
        file, variable = f"{secret}_file", f"{secret}_env"
        if file in table and variable in table:
            raise _wrong(name, file, f"there is also {variable}; only one of them can be")
        if file in table:
            found[secret] = _secret_of_file(name, file, _checked(name, file, _text, table[file]))
        elif variable in table:
            found[secret] = _secret_of_variable(
                name, variable, _checked(name, variable, _variable, table[variable]), environment
            )
        elif needed:
            raise _wrong(name, file, f"it is missing, and so is {variable}")
    return found


def _secret_of_file(name: str, key: str, path: str) -> str:
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_SECRET:
                raise _wrong(name, key, f"{path} is no file with a secret")
            if status.st_mode & 0o077:
                raise _wrong(name, key, f"others can read {path}: chmod 600 {path}")
            text = file.read(LARGEST_SECRET + 1).decode("utf-8")
    except OSError as error:
        raise _wrong(name, key, f"{path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise _wrong(name, key, f"{path} cannot be read: it is no text") from None
    # Editors end a file with a line end, which is no part of the secret.
    return _held(name, key, text.removesuffix("\n").removesuffix("\r"))


def _secret_of_variable(name: str, key: str, variable: str, environment: Mapping[str, str]) -> str:
    if variable not in environment:
        raise _wrong(name, key, f"the environment has no variable {variable}")
    return _held(name, key, environment[variable])


def _held(name: str, key: str, secret: str) -> str:
    if not secret.strip():
        raise _wrong(name, key, "the secret is empty")
    return secret


def _check_apart(found: Any) -> None:  # noqa: ANN401
    """See that no two directories take the word of one identity provider for one client: a person would be two."""
    seen: dict[tuple[object, ...], str] = {}
    for one in found:
        if one.kind is DirectoryKind.OIDC:
            what: tuple[object, ...] = (one.kind, one.options["issuer"], one.options["client_id"])
        elif one.kind is DirectoryKind.SAML and "idp_entity_id" in one.options:
            what = (one.kind, one.options["idp_entity_id"])
        else:
            continue
        if what in seen:
            raise _wrong(one.directory, "kind", f"it is the same identity provider as {seen[what]}")
        seen[what] = one.directory


def _wrong(name: str, key: str, what: str) -> ConfigError:
    setting = f"directories.{name}.{key}" if key else f"directories.{name}"
    return ConfigError(
        f"setting {setting}: {what}",
        where=f"[directories.{name}]",
        remedy="correct it: docs/how-to/directories.md lists all keys",
    )


def _text(value: Any) -> str:  # noqa: ANN401
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError('text in quotes is expected: "…"')
    if len(value) > LONGEST_TEXT:
        raise ValueError(f"it has more than {LONGEST_TEXT} characters")
    return value


def _variable(value: Any) -> str:  # noqa: ANN401
    text = _text(value)
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text):
        raise ValueError("the name of a variable of the environment is expected")
    return text


def _flag(value: Any) -> bool:  # noqa: ANN401
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def _texts(value: Any) -> tuple[str, ...]:  # noqa: ANN401
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) > MOST_VALUES:
        raise ValueError(f'a list of at most {MOST_VALUES} is expected: ["…", "…"]')
    return tuple(_text(one) for one in value)


def _some_texts(value: Any) -> tuple[str, ...]:  # noqa: ANN401
    found = _texts(value)
    if not found:
        raise ValueError('at least one is needed: ["…"]')
    return found


def _words(*known: str) -> Checker:
    def checked(value: Any) -> str:  # noqa: ANN401
        if value not in known:
            raise ValueError(f"one of {', '.join(known)} is expected")
        return str(value)

    return checked


def _whole(least: int, most: int) -> Checker:
    def checked(value: Any) -> int:  # noqa: ANN401
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"a whole number from {least} to {most} is expected")
        return value

    return checked


def _number(least: float, most: float) -> Checker:
    def checked(value: Any) -> float:  # noqa: ANN401
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise ValueError(f"a number from {least:g} to {most:g} is expected")
        return float(value)

    return checked


def _url(value: Any) -> str:  # noqa: ANN401
    text = _text(value)
    parts = urlsplit(text)
    if parts.scheme not in {"https", "http"} or not parts.hostname or " " in text:
        raise ValueError("an address is expected: https://…")
    if parts.username is not None or parts.password is not None:
        raise ValueError("no user or password may stand in an address")
    return text


def _levels(value: Any) -> dict[str, int]:  # noqa: ANN401
    """What values of ``acr`` are worth.  Level 3 needs a key that proves itself to us, which nobody's word can replace."""
    if not isinstance(value, Mapping) or len(value) > MOST_VALUES:
        raise ValueError('a table is expected: { "urn:example:mfa" = 2 }')
    for level in value.values():
        if isinstance(level, bool) or level not in {1, 2}:
            raise ValueError("the levels that a directory's word can give are 1 and 2")
    return {_text(key): int(level) for key, level in value.items()}


def _mapping(value: Any) -> dict[str, str]:  # noqa: ANN401
    if not isinstance(value, Mapping) or len(value) > MOST_VALUES:
        raise ValueError('a table is expected: { user_name = "uid" }')
    return {_text(key): _text(one) for key, one in value.items()}


def _keys_of_people(value: Any) -> tuple[str, ...]:  # noqa: ANN401
    found = _texts(value)
    known = ("employee_number", "mail", "user_name")
    if not set(found) <= set(known):
        raise ValueError(f"some of {', '.join(known)} are expected")
    return found


def _region(value: Any) -> str:  # noqa: ANN401
    text = _text(value)
    if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", text):
        raise ValueError("a region is expected, such as eu-west-1")
    return text


def _pattern(pattern: str, example: str) -> Checker:
    def checked(value: Any) -> str:  # noqa: ANN401
        text = _text(value)
        if not re.fullmatch(pattern, text):
            raise ValueError(f"something like {example} is expected")
        return text

    return checked


def _digests(value: Any) -> tuple[str, ...]:  # noqa: ANN401
    found = _some_texts(value)
    if not all(re.fullmatch(r"[0-9a-f]{64}", one) for one in found):
        raise ValueError("SHA-256 digests of 64 hexadecimal digits in small letters are expected")
    return found


COMMON: Final[Mapping[str, Checker]] = {
    "display": _text,
    "admit": _flag,
    "sign_in": _flag,
    "assurance": _levels,
    "mfa_methods": _texts,
    "authoritative": _keys_of_people,
}
"""Keys that every kind has, beside ``kind``."""

SIGNS_IN: Final = frozenset({DirectoryKind.LDAP, DirectoryKind.OIDC, DirectoryKind.SAML, DirectoryKind.LOCAL})
"""Kinds with which one signs in."""

RESERVED: Final = frozenset({"acs", "back-channel", "callback", "finish"})
"""Names that would stand in the way of addresses of ours; ``local`` is our own directory's."""

KEYS: Final[Mapping[DirectoryKind, Mapping[str, Checker]]] = {
    DirectoryKind.LDAP: {
        "urls": _some_texts,
        "base_dn": _text,
        "bind_dn": _text,
        "tls": _words("ldaps", "starttls", "none"),
        "ca_file": _text,
        "user_base": _text,
        "group_base": _text,
        "user_filter": _text,
        "group_filter": _text,
        "user_name_attributes": _texts,
        "flavour": _words("auto", "openldap", "active-directory"),
        "page_size": _whole(1, 1000),
        "connect_timeout": _number(0.1, 300),
        "timeout": _number(0.1, 3600),
        "most_entries": _whole(1, 5_000_000),
        "allow_plain": _flag,
    },
    DirectoryKind.OIDC: {
        "issuer": _url,
        "client_id": _text,
        "client_key_id": _text,
        "assertion_audience": _words("issuer", "token_endpoint"),
        "scopes": _texts,
        "ask_acr": _texts,
        "max_age": _whole(0, 30 * 24 * 3600),
        "subject_claim": _text,
        "clock_skew": _whole(0, 300),
        "algorithms": _some_texts,
        "groups_claim": _text,
        "ca_file": _text,
        "allow_plain": _flag,
        "allow_private": _texts,
    },
    DirectoryKind.SAML: {
        "metadata_file": _text,
        "idp_entity_id": _text,
        "sso_url": _url,
        "certificate_file": _text,
        "entity_id": _text,
        "name_id_format": _text,
        "ask_acr": _texts,
        "attributes": _mapping,
        "clock_skew": _whole(0, 300),
        "allow_plain": _flag,
    },
    DirectoryKind.COGNITO: {
        "user_pool": _pattern(r"[\w-]+_[0-9a-zA-Z]+", "eu-west-1_AbCdEf123"),
        "region": _region,
        "account": _pattern(r"\d{12}", "111122223333"),
        "people": _words("user", "guest"),
        "most_factors": _whole(0, 100_000),
    },
    DirectoryKind.IDENTITY_CENTER: {
        "identity_store": _pattern(r"d-[0-9a-f]{10}|[0-9a-f-]{36}", "d-1234567890"),
        "region": _region,
        "account": _pattern(r"\d{12}", "111122223333"),
    },
    DirectoryKind.SCIM: {"token_sha256": _digests},
    DirectoryKind.LOCAL: {},
}
"""Keys of each kind, beside the common ones and those that name a secret's place."""

NEEDED: Final[Mapping[DirectoryKind, tuple[str, ...]]] = {
    DirectoryKind.LDAP: ("urls", "base_dn", "bind_dn"),
    DirectoryKind.OIDC: ("issuer", "client_id"),
    DirectoryKind.COGNITO: ("user_pool", "region"),
    DirectoryKind.IDENTITY_CENTER: ("identity_store", "region"),
    DirectoryKind.SCIM: ("token_sha256",),
}
"""Keys that must be there."""

SECRETS: Final[Mapping[DirectoryKind, Mapping[str, bool]]] = {
    DirectoryKind.LDAP: {"bind_password": True},
    DirectoryKind.OIDC: {"client_secret": False, "client_key": False},
    DirectoryKind.SAML: {"signing_key": False},
}
"""Secrets of each kind, and whether they must be there; each is named by ``…_file`` or ``…_env``."""
