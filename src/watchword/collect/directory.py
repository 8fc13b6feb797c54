"""Answers from a directory of JSON files: for those who may not let a program into their accounts, and for replays.

The layouts are told in ``collect.layout``.  A file that is not there is a hole (absent), one that cannot be read is a
hole that names file, line and column; the rest goes on.  Nothing outside the directory is ever read: a symbolic link
that leads out of it is refused, and so is a file larger than the limit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from watchword.aws import Caller
from watchword.collect.failures import reason_of
from watchword.collect.layout import BY_KEY, KEYED_BY_RESOURCE, candidates
from watchword.collect.shapes import operation_model
from watchword.collect.source import Answer, Call, CallFailed, told_regions
from watchword.errors import SourceError
from watchword.model.evidence import HoleReason
from watchword.model.ids import GLOBAL, ORGANIZATION, AccountId, Region, region

LIMIT: Final = 256 * 1024 * 1024
"""Largest file that is read, in bytes."""

UNKNOWN_ACCOUNT: Final = AccountId("000000000000")
"""The account of answers that do not say whose they are."""
UNKNOWN_REGION: Final = Region("unknown")
"""The region of answers that do not say where they are from."""

_ACCOUNT: Final = re.compile(r"\d{12}")
_OWNER: Final = re.compile(r'"OwnerId"\s*:\s*"(\d{12})"|"arn:aws[\w-]*:[\w-]+:[\w-]*:(\d{12}):')
_PLACE: Final = re.compile(
    r'"(?:AvailabilityZone|ZoneName)"\s*:\s*"([a-z]{2}(?:-[a-z]+)+-\d)[a-z]"|"arn:aws[\w-]*:\w+:([a-z]{2}(?:-[a-z]+)+-\d):'
)


class DirectorySource:
    """Answers from a directory; see ``collect.source.Source``.  Safe for threads: nothing is kept but names.

    Raises:
        SourceError: it is no directory, or has no answers in any of the layouts.
    """

    def __init__(self, root: Path, limit: int = LIMIT) -> None:
        self._root = root.resolve()
        self._limit = limit
        if not self._root.is_dir():
            raise SourceError(f"{root} is not a directory", remedy="name the folder that holds the answers")
        self._layout = self._by_command() or self._by_key()
        if not self._layout:
            raise SourceError(
                "there are no answers in the directory",
                where=str(root),
                remedy="lay them out as <account>/<region>/<service>/<operation>.json; see docs/how-to/air-gapped.md",
            )

    @property
    def kind(self) -> str:
        """``directory`` and its path."""
        return f"directory {self._root}"

    def caller(self) -> Caller:
        """Nobody: the organisation's management account if the answers name it, else the first account."""
        try:
            found = self.first(Call(ORGANIZATION, GLOBAL, "organizations", "DescribeOrganization"))
            return Caller(AccountId(found["Organization"]["MasterAccountId"]))
        except (CallFailed, LookupError, TypeError):
            return Caller(self.alone()[0])

    def alone(self) -> tuple[AccountId, ...]:
        """Every account of which there are answers."""
        return tuple(sorted(one for one in self._layout if one != ORGANIZATION))

    def enter(self, account: AccountId) -> None:
        """Raise ``CallFailed`` where there are no answers of the account."""
        if account not in self._layout:
            raise CallFailed(HoleReason.ABSENT, "", f"there is no folder of account {account}")

    def regions(self, account: AccountId) -> tuple[tuple[Region, ...], tuple[Region, ...]]:
        """The regions of which there are answers, and those that the account's describe-regions names as enabled."""
        places = self._layout.get(account, {})
        told, others = self._told_regions(account, tuple(places))
        enabled = {one for one in (*places, *told) if one != GLOBAL}
        return tuple(sorted(enabled)), tuple(one for one in others if one not in enabled)

    def first(self, call: Call) -> Answer:
        """The answer to one call.

        Raises:
            CallFailed: there is no such file, it cannot be read, or it holds an error of AWS.
        """
        answer = self._answer(call)
        error = answer.get("Error")
        if isinstance(error, Mapping) and "Code" in error and len(answer) == 1:
            code, message = str(error["Code"]), str(error.get("Message", ""))
            raise CallFailed(reason_of(code, message, 0), code, message)
        return answer

    def pages(self, call: Call) -> Iterator[Answer]:
        """The answer, in one piece.

        Raises:
            CallFailed: as for ``first``.
        """
        yield self.first(call)

    def _answer(self, call: Call) -> dict[str, Any]:
        place = self._layout.get(call.account, {}).get(call.region)
        if place is not None and place.by_key:
            return self._keyed(place.folder, call)
        for name in candidates(call):
            found = self._file(name)
            if found is not None:
                return self._loaded(found)
        raise CallFailed(HoleReason.ABSENT, "", f"no file {next(candidates(call))}")

    def _keyed(self, folder: Path, call: Call) -> dict[str, Any]:
        stem, parameter = KEYED_BY_RESOURCE.get((call.service, call.operation), ("", ""))
        for name in [stem] if stem else _keys(call):
            found = self._file((folder / f"{name}.json").relative_to(self._root).as_posix())
            if found is None:
                continue
            answer = self._loaded(found)
            return _element(answer, stem, parameter, call) if stem else answer
        raise CallFailed(
            HoleReason.ABSENT, "", f"no file for {call.service}:{call.operation} in {folder.name}"
        )

    def _file(self, name: str) -> Path | None:
        """The file of this name below the directory, ``None`` where there is none.

        Raises:
            CallFailed: it leads out of the directory.
        """
        path = self._root / name
        try:
            real = path.resolve(strict=True)
        except (OSError, RuntimeError):
            return None
        if not real.is_relative_to(self._root):
            raise CallFailed(HoleReason.MALFORMED, "", f"{name} leads out of the directory and is not read")
        return real if real.is_file() else None

    def _loaded(self, path: Path) -> dict[str, Any]:
        shown = path.relative_to(self._root)
        try:
            if path.stat().st_size > self._limit:
                raise CallFailed(HoleReason.MALFORMED, "", f"{shown} is larger than {self._limit} bytes")
            content = path.read_bytes()
            found = json.loads(content) if content.strip() else None
        except json.JSONDecodeError as error:
            where = f"{shown} line {error.lineno} column {error.colno}"
            raise CallFailed(HoleReason.MALFORMED, "", f"{where}: {error.msg}") from error
        except (OSError, ValueError, RecursionError) as error:
            raise CallFailed(HoleReason.MALFORMED, "", f"{shown} cannot be read: {error}") from error
        if not isinstance(found, dict):
            said = "is empty; if the answer was empty, write {}" if found is None else "is no JSON object"
            raise CallFailed(HoleReason.MALFORMED, "", f"{shown} {said}")
        return found

    def _told_regions(
        self, account: AccountId, places: tuple[Region, ...]
    ) -> tuple[tuple[Region, ...], tuple[Region, ...]]:
        """What the first describe-regions among the account's answers tells; nothing where there is none."""
        for where in places:
            try:
                return told_regions(self.first(Call(account, where, "ec2", "DescribeRegions")))
            except CallFailed:
                continue
        return (), ()

    def _by_command(self) -> dict[AccountId, dict[Region, _Place]]:
        found: dict[AccountId, dict[Region, _Place]] = {}
        for folder in _folders(self._root):
            if _ACCOUNT.fullmatch(folder.name) or folder.name == ORGANIZATION:
                places = {Region(one.name): _Place(one) for one in _folders(folder) if _is_region(one.name)}
                if places:
                    found[AccountId(folder.name)] = places
        return found

    def _by_key(self) -> dict[AccountId, dict[Region, _Place]]:
        found: dict[AccountId, dict[Region, _Place]] = {}
        for account in _folders(self._root / "accounts"):
            places = {
                Region(one.name): _Place(one, by_key=True)
                for one in _folders(account)
                if _is_region(one.name)
            }
            if _ACCOUNT.fullmatch(account.name) and places:
                found[AccountId(account.name)] = places
        if not found and any(self._root.glob("[A-Z]*.json")):
            return self._nameless()
        return found

    def _nameless(self) -> dict[AccountId, dict[Region, _Place]]:
        """Files that lie in the directory itself: whose they are stands in them, or is unknown."""
        account, where = UNKNOWN_ACCOUNT, UNKNOWN_REGION
        for path in sorted(self._root.glob("[A-Z]*.json")):
            if not path.resolve().is_relative_to(self._root) or path.stat().st_size > self._limit:
                continue
            text = path.read_text(encoding="utf-8", errors="replace")
            owner, place = _OWNER.search(text), _PLACE.search(text)
            if owner and account == UNKNOWN_ACCOUNT:
                account = AccountId(owner[1] or owner[2])
            if place and where == UNKNOWN_REGION:
                where = Region(place[1] or place[2])
        return {account: {where: _Place(self._root, by_key=True)}}


@dataclass(frozen=True, slots=True)
class _Place:
    """A folder with the answers of one region."""

    folder: Path
    by_key: bool = False


def _folders(path: Path) -> list[Path]:
    return sorted(one for one in path.iterdir() if one.is_dir()) if path.is_dir() else []


def _is_region(name: str) -> bool:
    try:
        region(name)
    except ValueError:
        return False
    return True


def _keys(call: Call) -> list[str]:
    """The keys of the lists in the answer to the call: under one of them the file may lie."""
    if call.service not in BY_KEY:
        return []
    members = operation_model(call.service, call.operation).output_shape.members
    return [name for name, member in members.items() if member.type_name == "list"]


def _element(answer: dict[str, Any], stem: str, parameter: str, call: Call) -> dict[str, Any]:
    """The answer for one resource out of a file that has those of all."""
    wanted = call.params.get(parameter)
    for one in answer.get(stem, ()):
        if isinstance(one, dict) and one.get(parameter) == wanted:
            return one
    raise CallFailed(HoleReason.ABSENT, "", f"{stem}.json has nothing for {wanted}")
