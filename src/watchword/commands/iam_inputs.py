"""From the options of ``watchword iam`` to values: a snapshot's access, policy files, context keys, JSON lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from watchword.errors import UsageError

if TYPE_CHECKING:
    from watchword.analysis.iam import CompiledPolicy, PolicySet
    from watchword.analysis.iam.access import Access
    from watchword.analysis.iam.ask import Answer, Who
    from watchword.analysis.iam.limits import Limits
    from watchword.analysis.iam.request import ContextValue
    from watchword.analysis.paths.graph import EscalationGraph

_FILE_LIMIT: Final = 16 * 1024 * 1024
"""Largest policy file, in bytes."""


def access_of(store: Path, snapshot: str) -> Access:
    """Who there is in a snapshot's accounts, and what limits each.

    Raises:
        SnapshotMissing, SnapshotDamaged: the snapshot cannot be read.
    """
    from watchword.analysis.iam.access import Access
    from watchword.store.snapshots import Snapshot

    opened = Snapshot.open(store, snapshot)
    return Access.of(opened.view(account.id) for account in opened.accounts())


def principal_of(access: Access, name: str) -> Who:
    """The principal that the user named.

    Raises:
        UsageError: there is none of this name, or there are several.
    """
    from watchword.analysis.iam.ask import UnknownPrincipal, who_is

    try:
        return who_is(access, name)
    except UnknownPrincipal as error:
        told = "; ".join(error.near)
        remedy = f"give one of: {told}" if told else "name it by ARN, account/name or name; `*` is everybody"
        raise UsageError(str(error), remedy=remedy) from error


def context_of(told: Sequence[str]) -> dict[str, ContextValue]:
    """Context keys from ``KEY=VALUE``; a key that is repeated has several values.

    Raises:
        UsageError: one is not of this form.
    """
    found: dict[str, list[str]] = {}
    for one in told:
        key, equals, value = one.partition("=")
        if not equals or not key:
            raise UsageError(
                f"{one!r} is not KEY=VALUE", where="--context", remedy="for example -c aws:SourceIp=192.0.2.7"
            )
        found.setdefault(key, []).append(value)
    return {key: values[0] if len(values) == 1 else values for key, values in found.items()}


def lines_of(file: Path) -> Iterator[str]:
    """The lines of a file, or of standard input for ``-``, as they come; bytes that are no UTF-8 are replaced.

    Raises:
        UsageError: the file cannot be read.
    """
    if str(file) == "-":
        yield from _lines(sys.stdin.buffer)
        return
    try:
        with file.open("rb") as opened:
            yield from _lines(opened)
    except OSError as error:
        raise UsageError(
            f"cannot read {file}: {error.strerror}", remedy="name a file of JSON lines, or -"
        ) from error


def _lines(opened: IO[bytes]) -> Iterator[str]:
    from watchword.analysis.iam.simulate import LINE_LIMIT

    while line := opened.readline(LINE_LIMIT + 1):
        if len(line) > LINE_LIMIT:
            # Longer than any answer needs: the rest is passed over, and the line is refused for its length.
            while line and not line.endswith(b"\n"):
                line = opened.readline(LINE_LIMIT)
            yield "x" * (LINE_LIMIT + 1)
            continue
        # A broken text is no JSON either, or says what it says with a sign that no policy has.
        yield line.decode("utf-8", errors="replace")


@dataclass(frozen=True, slots=True)
class Files:
    """Policies in files instead of a snapshot.  A level of control policies is a comma separated list of files."""

    identity: Sequence[Path] = ()
    boundary: Sequence[Path] = ()
    session: Sequence[Path] = ()
    scps: Sequence[str] = ()
    rcps: Sequence[str] = ()
    resource: Path | None = None
    endpoint: Sequence[Path] = ()

    @property
    def given(self) -> bool:
        """Whether any was named."""
        return bool(
            self.identity
            or self.boundary
            or self.session
            or self.scps
            or self.rcps
            or self.resource
            or self.endpoint
        )

    def policies(self) -> PolicySet:
        """The policies of the files.

        Raises:
            UsageError: a file cannot be read, or is not of the IAM language; with file and place.
        """
        from watchword.analysis.iam import PolicySet

        return PolicySet(
            identity=_all(self.identity, "identity"),
            boundary=_all(self.boundary, "boundary") if self.boundary else None,
            session=_all(self.session, "session") if self.session else None,
            scps=_levels(self.scps, "scp"),
            rcps=_levels(self.rcps, "rcp"),
            resource=_policy(self.resource, "resource") if self.resource else None,
            endpoint=_all(self.endpoint, "endpoint") if self.endpoint else None,
        )

    def answer(
        self,
        principal: str,
        action: str,
        resource: str,
        context: dict[str, ContextValue],
        account: str,
        *,
        complete: bool,
    ) -> Answer:
        """The answer of the files' policies.

        Raises:
            UsageError: the principal is none, or a file is wrong.
            RequestError: action, resource or context is malformed.
        """
        from watchword.analysis.iam import Principal, PrincipalError, Request, evaluate
        from watchword.analysis.iam.ask import Answer, Who

        try:
            who = Principal.parse(principal)
        except PrincipalError as error:
            raise UsageError(str(error), remedy="with policy files, name the principal by its ARN") from error
        policies = self.policies()
        request = Request.of(who, action, resource, account, context, complete=complete)
        return Answer(Who(who, None, policies), request, evaluate(request, policies), policies=policies)


def _all(files: Sequence[Path], kind: str) -> tuple[CompiledPolicy, ...]:
    return tuple(_policy(one, kind) for one in files)


def _levels(told: Sequence[str], kind: str) -> tuple[tuple[CompiledPolicy, ...], ...] | None:
    if not told:
        return None
    return tuple(_all([Path(name) for name in level.split(",") if name], kind) for level in told)


def _policy(file: Path, kind: str) -> CompiledPolicy:
    from watchword.analysis.iam import PolicyError, compile_policy

    try:
        if file.stat().st_size > _FILE_LIMIT:
            raise UsageError(f"{file} has more than {_FILE_LIMIT} bytes", remedy="name a policy document")
        return compile_policy(file.read_text(encoding="utf-8"), kind, str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {file}: {error}", remedy="name a policy document (JSON)") from error
    except PolicyError as error:
        raise UsageError(
            f"{file}: {error.what}", where=f"{file} {error.pointer or '/'}", remedy="correct the policy"
        ) from error


def checked(file: Path, kind: str, limits: Limits) -> Iterator[dict[str, str]]:
    """What is wrong or doubtful in a policy file, a row each.

    Raises:
        UsageError: the file cannot be read, or there is no such kind of policy.
    """
    from watchword.analysis.iam.compiled import PolicyKind
    from watchword.analysis.iam.review import review
    from watchword.store.reference import universe

    if kind not in set(PolicyKind):
        raise UsageError(
            f"there is no kind of policy {kind!r}",
            where="--kind",
            remedy=f"choose from: {', '.join(one.value for one in PolicyKind)}",
        )
    try:
        policy = _policy(file, kind)
    except UsageError as error:
        place = error.where.removeprefix(f"{file} ")
        if not place:
            raise
        yield {"file": str(file), "at": place, "what": error.what, "refused": "yes"}
        return
    quota = _QUOTAS.get(kind)
    excess = limits.excess(quota, file.read_text(encoding="utf-8")) if quota else 0
    if excess:
        what = f"larger than AWS takes a {quota} by {excess} characters (limit {limits[quota or '']})"
        yield {"file": str(file), "at": "/", "what": what, "refused": "yes"}
    for problem in review(policy, universe()):
        yield {"file": str(file), "at": problem.pointer, "what": problem.what, "refused": ""}


_QUOTAS: Final = {
    "identity": "managed policy",
    "boundary": "managed policy",
    "session": "session policies",
    "scp": "service control policy",
    "rcp": "resource control policy",
    "endpoint": "vpc endpoint policy",
}
"""Which quota a policy of a kind is held to; of resources each service has its own."""


def graph_of(store: Path, snapshot: str, config: Path | None) -> tuple[EscalationGraph, dict[str, str]]:
    """The escalation graph of a snapshot, and the names of its accounts by id.

    Raises:
        SnapshotMissing, SnapshotDamaged: the snapshot cannot be read.
        ConfigError: a setting is wrong.
    """
    from dataclasses import replace

    from watchword.analysis.iam.access import Access
    from watchword.analysis.paths.graph import EscalationGraph
    from watchword.commands.inputs import settings
    from watchword.store.reference import universe
    from watchword.store.snapshots import Snapshot

    opened = Snapshot.open(store, snapshot)
    estate = settings(config).estate
    views = [replace(opened.view(account.id), estate=estate) for account in opened.accounts()]
    graph = EscalationGraph.of(Access.of(views), views, universe(), estate)
    return graph, {view.account.id: view.account.name for view in views}
