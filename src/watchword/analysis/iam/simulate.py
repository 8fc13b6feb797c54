"""Requests and policy sets as JSON lines, answered one line for one: the format of ``watchword iam simulate``.

The format is stable; docs/iam-simulate.md describes it.  A line either defines a policy set under an id, or asks a
request against a set by id or written out.  A bad line is answered with its error and does not end the run.  Lines come
in as text, answers go out as text: nothing is read or written here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from watchword.analysis.iam.compiled import CompiledPolicy, Library, PolicyKind
from watchword.analysis.iam.evaluate import evaluate
from watchword.analysis.iam.evaluation import Decision, Evaluation, deciding_json
from watchword.analysis.iam.expression import to_json
from watchword.analysis.iam.policy import PolicyError
from watchword.analysis.iam.policy_set import PolicySet, PublicAccessBlock
from watchword.analysis.iam.principals import PrincipalError
from watchword.analysis.iam.request import Request, RequestError

LINE_LIMIT: Final = 16 * 1024 * 1024
"""Longest line that is read, in characters."""
SETS_LIMIT: Final = 100_000
"""Policy sets that one run may define."""

_DEFINITION: Final = frozenset(
    ("identity", "boundary", "session", "scps", "rcps", "resource", "endpoint", "s3_public_access_block")
)
_QUESTION: Final = frozenset(
    ("id", "policies", "principal", "action", "resource", "resource_account", "context", "complete")
)
_BLOCK: Final = {
    "BlockPublicAcls": "block_public_acls",
    "IgnorePublicAcls": "ignore_public_acls",
    "BlockPublicPolicy": "block_public_policy",
    "RestrictPublicBuckets": "restrict_public_buckets",
}


class SimulateError(ValueError):
    """A line is not of the format; the message names the place."""


def policy_set(define: Mapping[str, Any], library: Library | None = None) -> PolicySet:
    """The policy set of a definition (the object under ``define``).

    Raises:
        SimulateError: it has an unknown field, or one of another type.
        PolicyError: a policy is not of the IAM language; the message begins with the policy's place.
    """
    _refuse_unknown(define, _DEFINITION, "define")
    by = Library() if library is None else library
    return PolicySet(
        identity=_policies(define, "identity", PolicyKind.IDENTITY, by) or (),
        boundary=_policies(define, "boundary", PolicyKind.BOUNDARY, by),
        session=_policies(define, "session", PolicyKind.SESSION, by),
        scps=_levels(define, "scps", PolicyKind.SERVICE_CONTROL, by),
        rcps=_levels(define, "rcps", PolicyKind.RESOURCE_CONTROL, by),
        resource=_resource(define, by),
        endpoint=_policies(define, "endpoint", PolicyKind.ENDPOINT, by),
        public_access_block=_block(define),
    )


def request(asked: Mapping[str, Any]) -> Request:
    """The request of a line that asks.

    Raises:
        SimulateError, RequestError, PrincipalError: a field is unknown, missing or malformed.
    """
    _refuse_unknown(asked, _QUESTION, "the line")
    context, complete = asked.get("context"), asked.get("complete", True)
    if context is not None and not isinstance(context, Mapping):
        raise SimulateError(f"context: an object is expected, not {_kind(context)}")
    if not isinstance(complete, bool):
        raise SimulateError(f"complete: true or false is expected, not {_kind(complete)}")
    return Request.of(
        _text(asked, "principal"),
        _text(asked, "action"),
        _text(asked, "resource", "*"),
        _account(asked),
        context,
        complete=complete,
    )


def answer(name: object, evaluation: Evaluation, *, trace: bool = False) -> dict[str, Any]:
    """The answer to a request as JSON; ``trace`` adds every statement with its outcome."""
    conditional = evaluation.decision is Decision.CONDITIONAL
    found: dict[str, Any] = {
        "id": name,
        "decision": evaluation.decision.value,
        "blocked_by": list(evaluation.blocked_by),
        "allowed_if": to_json(evaluation.allowed_if) if conditional else None,
        "deciding": [deciding_json(one) for one in evaluation.deciding],
    }
    if trace:
        found["trace"] = [one.json() for one in evaluation.trace]
    return found


@dataclass(slots=True)
class Simulation:
    """One run over lines: what was defined so far, how many lines were bad."""

    trace: bool = False
    rcp_services: frozenset[str] | None = None
    bad: int = 0
    asked: int = 0
    _sets: dict[str, PolicySet] = field(default_factory=dict)
    _library: Library = field(default_factory=Library)

    def answers(self, lines: Iterable[str]) -> Iterator[str]:
        """One line of JSON for each line that asks, or is bad, in order; lines that define are silent, empty ones skipped."""
        for line in lines:
            if line.strip():
                told = self.answer_line(line)
                if told is not None:
                    yield told

    def answer_line(self, line: str) -> str | None:
        """The answer to one line; ``None`` for a definition."""
        name: str | float | None = None
        try:
            found = _decoded(line)
            name = _name(found)
            if "define" in found:
                self._define(found)
                return None
            told = self._answer(found)
        except (SimulateError, PolicyError, PrincipalError, RequestError) as error:
            self.bad += 1
            told = {"id": name, "error": str(error)}
        # Plain ASCII: whatever a line held, also halves of surrogate pairs, can be written anywhere.
        return json.dumps(told)

    def _define(self, found: Mapping[str, Any]) -> None:
        _refuse_unknown(found, frozenset({"id", "define"}), "the line")
        name, define = _text(found, "id"), found["define"]
        if not isinstance(define, Mapping):
            raise SimulateError(f"define: an object is expected, not {_kind(define)}")
        # A bad definition must not leave an older one of the same id to answer in its place.
        self._sets.pop(name, None)
        if len(self._sets) >= SETS_LIMIT:
            raise SimulateError(f"define: more than {SETS_LIMIT} policy sets")
        self._sets[name] = policy_set(define, self._library)

    def _answer(self, found: Mapping[str, Any]) -> dict[str, Any]:
        asked = request(found)
        self.asked += 1
        policies = self._policies(found.get("policies"))
        return answer(_name(found), evaluate(asked, policies, self.rcp_services), trace=self.trace)

    def _policies(self, told: object) -> PolicySet:
        if isinstance(told, str):
            if told not in self._sets:
                raise SimulateError(f"policies: no policy set {told!r} was defined before this line")
            return self._sets[told]
        if isinstance(told, Mapping):
            return policy_set(told)
        raise SimulateError(
            f"policies: the id of a policy set, or one written out, is expected, not {_kind(told)}"
        )


def _decoded(line: str) -> Mapping[str, Any]:
    if len(line) > LINE_LIMIT:
        raise SimulateError(f"the line has more than {LINE_LIMIT} characters")
    try:
        found = json.loads(line, object_pairs_hook=_without_twins, parse_constant=_no_constant)
    except SimulateError:
        raise
    except json.JSONDecodeError as error:
        raise SimulateError(f"not JSON: {error.msg} at character {error.pos + 1}") from error
    except (ValueError, RecursionError) as error:
        raise SimulateError(
            "not JSON that can be read: too deep, or a number of thousands of digits"
        ) from error
    if not isinstance(found, dict):
        raise SimulateError(f"a JSON object is expected, not {_kind(found)}")
    return found


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object; which of two equal names counts is nobody's to guess, least of all in a policy."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        raise SimulateError(f"the field {twin[:100]!r} stands twice in one object")
    return found


def _no_constant(name: str) -> None:
    raise SimulateError(f"not JSON: {name} is no number")


def _name(found: Mapping[str, Any]) -> str | float | None:
    """The id of a line, which its answer repeats: a text or a number."""
    name = found.get("id")
    is_number = isinstance(name, int | float) and not isinstance(name, bool) and abs(name) != math.inf
    if name is None or isinstance(name, str) or is_number:
        return name
    raise SimulateError(f"id: a text or a finite number is expected, not {_kind(name)}")


def _policies(
    define: Mapping[str, Any], field_name: str, kind: PolicyKind, by: Library
) -> tuple[CompiledPolicy, ...] | None:
    told = define.get(field_name)
    return None if told is None else _list(told, field_name, kind, by)


def _list(told: object, place: str, kind: PolicyKind, by: Library) -> tuple[CompiledPolicy, ...]:
    if not isinstance(told, list | tuple):
        raise SimulateError(f"{place}: a list of policies is expected, not {_kind(told)}")
    return tuple(_compiled(one, f"{place}[{index}]", kind, by) for index, one in enumerate(told))


def _levels(
    define: Mapping[str, Any], field_name: str, kind: PolicyKind, by: Library
) -> tuple[tuple[CompiledPolicy, ...], ...] | None:
    told = define.get(field_name)
    if told is None:
        return None
    if not isinstance(told, list | tuple):
        raise SimulateError(f"{field_name}: a list of levels is expected, not {_kind(told)}")
    return tuple(_list(level, f"{field_name}[{index}]", kind, by) for index, level in enumerate(told))


def _resource(define: Mapping[str, Any], by: Library) -> CompiledPolicy | None:
    told = define.get("resource")
    return None if told is None else _compiled(told, "resource", PolicyKind.RESOURCE, by)


def _compiled(told: object, place: str, kind: PolicyKind, by: Library) -> CompiledPolicy:
    if not isinstance(told, str | Mapping):
        raise SimulateError(f"{place}: a policy document is expected, not {_kind(told)}")
    try:
        return by.compile(told, kind)
    except PolicyError as error:
        raise PolicyError(error.pointer, error.what, where=place) from error


def _block(define: Mapping[str, Any]) -> PublicAccessBlock | None:
    told = define.get("s3_public_access_block")
    if told is None:
        return None
    place = "s3_public_access_block"
    if not isinstance(told, Mapping):
        raise SimulateError(f"{place}: an object is expected, not {_kind(told)}")
    _refuse_unknown(told, frozenset(_BLOCK), place)
    if not all(isinstance(value, bool) for value in told.values()):
        raise SimulateError(f"{place}: true or false is expected for each setting")
    return PublicAccessBlock(**{_BLOCK[name]: value for name, value in told.items()})


def _account(asked: Mapping[str, Any]) -> str:
    account = _text(asked, "resource_account", "")
    if account and not (len(account) == 12 and account.isascii() and account.isdigit()):
        raise SimulateError(f"resource_account: twelve digits are expected, not {account[:40]!r}")
    return account


def _text(found: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = found.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise SimulateError(f"{name}: a text is expected, not {_kind(value)}")
    return value


def _refuse_unknown(found: Mapping[str, Any], known: frozenset[str], place: str) -> None:
    strange = [name for name in found if name not in known]
    if strange:
        raise SimulateError(
            f"{place}: there is no field {strange[0]!r}; known are {', '.join(sorted(known))}"
        )


def _kind(value: object) -> str:
    kinds: tuple[tuple[type[Any] | tuple[type[Any], ...], str], ...] = (
        (type(None), "null"),
        (bool, "a boolean"),
        (str, "a text"),
        ((int, float), "a number"),
        ((list, tuple), "a list"),
        (Mapping, "an object"),
    )
    return next(word for kind, word in (*kinds, (object, "something else")) if isinstance(value, kind))
