"""One evaluation as a row of gates: what each layer says, by which statement, and why others do not match.

The gates stand in the order in which an access is told: SCP levels, RCP levels, endpoint, identity, boundary, session,
resource, S3's block.  Numbers are those of docs/iam-evaluation.md.  Nothing is decided here: all is read from the
evaluation.  ``proof`` writes the gates down, ``proof_picture`` draws them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from watchword.analysis.iam.evaluate import asks_for_policy
from watchword.analysis.iam.evaluation import ALWAYS, NEVER, Evaluation, deciding_json
from watchword.analysis.iam.expression import Value, both, disjunction, negated, to_json, words
from watchword.analysis.iam.global_keys import GLOBAL_KEYS
from watchword.analysis.iam.layers import Placed, Said
from watchword.analysis.iam.policy_set import Policies, PolicySet
from watchword.analysis.iam.principals import Kind, Named
from watchword.analysis.iam.request import Request
from watchword.analysis.iam.statements import Outcome, Part

S3_BLOCK: Final = "s3_public_access_block"
_ORDER: Final = tuple(Part)
_FAILED: Final = {
    Part.ACTION: "does not cover the action",
    Part.PRINCIPAL: "does not name the principal",
    Part.RESOURCE: "does not cover the resource",
    Part.CONDITION: "its condition does not hold",
}
_NAMED: Final = {
    Named.DIRECT: "naming the principal itself",
    Named.ROLE: "naming the session's role",
    Named.ACCOUNT: "naming the account",
}


class Says(StrEnum):
    """What a gate says."""

    ALLOWS = "allows"
    DENIES = "denies"
    SILENT = "silent"
    CONDITIONAL = "conditional"
    ABSENT = "not applicable"


SIGNS: Final = {
    Says.ALLOWS: "✓",
    Says.DENIES: "✗",
    Says.SILENT: "○",
    Says.CONDITIONAL: "?",
    Says.ABSENT: "–",
}


@dataclass(frozen=True, slots=True)
class Gate:
    """One layer that a request passes, or does not.

    ``step`` is its number in the specification; ``layer`` the name in ``blocked_by``; ``stands`` whether it stands in the
    way; ``placed`` the statement that decides; ``policy`` what its policy is called; ``reason`` a sentence without a stop;
    ``value`` what the gate comes to: true, false, or the expression on which it lets the request pass.
    """

    step: str
    layer: str
    name: str
    says: Says
    stands: bool
    reason: str
    value: Value = True
    placed: Placed | None = None
    policy: str = ""

    @property
    def condition(self) -> str:
        """On what it depends, in words; empty where on nothing."""
        return "" if isinstance(self.value, bool) else words(self.value)

    @property
    def statement(self) -> str:
        """The deciding statement's Sid, else its number from 1; empty where none decides."""
        if self.placed is None:
            return ""
        return self.placed.statement.statement.sid or f"statement {self.placed.index + 1}"

    @property
    def sentence(self) -> str:
        """What the gate says and by which statement, without a stop."""
        if self.placed is None:
            return self.reason
        name = self.statement if self.statement.startswith("statement ") else f"statement {self.statement}"
        return f"{name} of {self.policy} {self.reason}" if self.policy else f"{name} {self.reason}"

    def json(self) -> dict[str, Any]:
        """The gate as JSON; statements are numbered from 0, as in ``deciding``."""
        found: dict[str, Any] = {
            "step": self.step,
            "layer": self.layer,
            "name": self.name,
            "says": self.says.value,
            "in_the_way": self.stands,
            "reason": self.reason,
        }
        if self.placed is not None:
            found["statement"] = deciding_json(self.placed)
        if not isinstance(self.value, bool):
            found["if"] = to_json(self.value)
        return found


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule that combines what the gates say: its number and a sentence without a stop."""

    step: str
    text: str


def gates(evaluation: Evaluation, request: Request, policies: PolicySet | None = None) -> tuple[Gate, ...]:
    """Every layer, in order; ``policies`` gives policies the names that people know, and tells why S3's block is silent."""
    return tuple(_Gates(evaluation, request, policies).all())


def context_words(request: Request) -> list[str]:
    """The context that was told, key by key; keys that every service has are written as AWS writes them."""
    names = {key.lower(): key for key in GLOBAL_KEYS}
    return [
        f"{names.get(key, key)} = {', '.join(values) or '(absent)'}" for key, values in request.given.items()
    ]


def rule_of(evaluation: Evaluation, request: Request) -> Rule:
    """Which rule of steps 2 and 10 combines the gates."""
    if evaluation is ALWAYS:
        return Rule("2.1", "sts:GetCallerIdentity is allowed, whatever any policy says")
    if evaluation is NEVER:
        return Rule("2.2", "AWS lets nobody change what it manages itself")
    kind = request.principal.kind
    if kind is Kind.ROOT:
        return Rule("10.4", "a root user needs no policy of its own")
    if not request.principal.has_identity:
        return Rule("10.7", "services, providers and anonymous callers need the resource's policy")
    if not request.is_same_account:
        return Rule(
            "10.6", "across accounts the principal's policies and the resource's policy must both allow"
        )
    if asks_for_policy(request.action.lower(), request.resource):
        return Rule("10.5", "this service asks for the resource's policy even within the account")
    if kind is Kind.USER:
        return Rule(
            "10.1", "within an account the user's policies allow, or the resource's by naming the user"
        )
    if kind is Kind.FEDERATED_USER:
        return Rule(
            "10.3", "within an account the user's policies allow, or the resource's by naming the user"
        )
    return Rule(
        "10.2", "within an account the session's policies allow, or the resource's by naming role or session"
    )


@dataclass(frozen=True, slots=True)
class _Gates:
    """The gates of one evaluation."""

    evaluation: Evaluation
    request: Request
    policies: PolicySet | None

    def all(self) -> Iterator[Gate]:
        said, known = self.evaluation.said, self.policies
        scps = known.scps or () if known else ()
        yield from self._levels("9.1", "scp", "SCP", said.scps, scps)
        rcps = tuple(one for one in said.every if one.layer.name == "rcp")
        yield from self._levels("9.2", "rcp", "RCP", rcps, known.rcps or () if known else ())
        resource = (known.resource,) if known and known.resource else ()
        for step, layer, name, one, named in (
            ("9.3", "endpoint", "VPC endpoint", said.endpoint, known.endpoint if known else None),
            ("10", "identity", "Identity policies", said.identity, known.identity if known else None),
            ("10", "boundary", "Permissions boundary", said.boundary, known.boundary if known else None),
            ("10", "session", "Session policies", said.session, known.session if known else None),
            ("10", "resource", "Resource policy", said.resource, resource),
        ):
            yield self._gate(step, layer, name, one, named or ())
        yield self._block()

    def _levels(
        self, step: str, layer: str, name: str, levels: Sequence[Said], named: Sequence[Policies]
    ) -> Iterator[Gate]:
        if not levels:
            yield self._gate(step, layer, name, None, ())
        for index, one in enumerate(levels):
            place = "root" if index == 0 else "account" if index == len(levels) - 1 else f"unit {index}"
            called = f"{name} · {place}" if len(levels) > 1 else name
            yield self._gate(step, layer, called, one, named[index] if index < len(named) else ())

    def _gate(self, step: str, layer: str, name: str, said: Said | None, named: Policies) -> Gate:
        if said is None:
            return Gate(step, layer, name, Says.ABSENT, False, self._why_absent(layer))
        read = _Reading(said, self.request)
        policy = ""
        if read.placed is not None:
            place = (
                int(read.placed.policy.rpartition("[")[2].rstrip("]") or 0)
                if "[" in read.placed.policy
                else 0
            )
            policy = (named[place].name if place < len(named) else "") or read.placed.policy
        stands = layer in self.evaluation.blocked_by and read.says is not Says.ALLOWS
        reason = read.reason
        if read.says is Says.SILENT and not stands:
            reason += "; not needed"
        return Gate(step, layer, name, read.says, stands, reason, read.value, read.placed, policy)

    def _why_absent(self, layer: str) -> str:
        if self.evaluation is ALWAYS or self.evaluation is NEVER:
            return "is not asked"
        if layer in {"identity", "boundary", "session", "scp"} and not self.request.principal.has_identity:
            return f"does not apply to {_KINDS[self.request.principal.kind]}"
        return _ABSENT[layer]

    def _block(self) -> Gate:
        name = "S3 public access block"
        if S3_BLOCK in self.evaluation.blocked_by:
            reason = "RestrictPublicBuckets keeps a bucket with a public policy to its account"
            return Gate("9.4", S3_BLOCK, name, Says.DENIES, True, reason, False)
        block = self.policies.public_access_block if self.policies else None
        if self.request.service == "s3" and block is not None and block.restrict_public_buckets:
            return Gate("9.4", S3_BLOCK, name, Says.ALLOWS, False, "does not keep this caller out")
        absent = "asks about S3 only" if self.request.service != "s3" else _ABSENT[S3_BLOCK]
        return Gate("9.4", S3_BLOCK, name, Says.ABSENT, False, absent)


_KINDS: Final = {
    Kind.USER: "users",
    Kind.SESSION: "sessions",
    Kind.FEDERATED_USER: "federated users",
    Kind.ROOT: "the root user",
    Kind.SERVICE: "AWS services",
    Kind.PROVIDER: "identity providers",
    Kind.ANONYMOUS: "anonymous callers",
}
_ABSENT: Final = {
    "identity": "there is none",
    "scp": "none applies to the principal's account",
    "rcp": "none applies to the resource's account and service",
    "endpoint": "the request comes through no endpoint with a policy",
    "boundary": "the principal has none",
    "session": "the session has none",
    "resource": "the resource has no policy",
    S3_BLOCK: "does not keep this caller out",
}


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one layer says, in words."""

    said: Said
    request: Request

    @property
    def _only_denies(self) -> bool:
        return self.said.layer.name == "rcp"

    @property
    def _allow(self) -> Value:
        if self._only_denies:
            return True
        return disjunction((self.said.allow, self.said.by_role, self.said.by_account))

    @property
    def value(self) -> Value:
        """On what the layer lets the request pass."""
        return both(self._allow, negated(self.said.deny))

    @property
    def says(self) -> Says:
        if self.said.deny is True:
            return Says.DENIES
        if not isinstance(self.value, bool):
            return Says.CONDITIONAL
        return Says.ALLOWS if self.value else Says.SILENT

    @property
    def _found(self) -> tuple[Placed, Outcome] | None:
        """The statement that decides: of the effect that counts, the first that matches, else the first that may."""
        pairs = list(zip(self.said.layer.placed, self.said.outcomes, strict=True))
        if self.said.deny is not False:
            denying = [one for one in pairs if not one[0].statement.allows and one[1].value is not False]
            return min(denying, key=lambda one: one[1].value is not True, default=None)
        if self._only_denies:
            return None
        allowing = [one for one in pairs if one[0].statement.allows and one[1].value is not False]
        return min(
            allowing,
            key=lambda one: (one[1].value is not True, -one[1].named),
            default=None,
        )

    @property
    def placed(self) -> Placed | None:
        found = self._found
        return found[0] if found else None

    @property
    def reason(self) -> str:
        """Why it says so."""
        found = self._found
        if found is None:
            return "denies nothing" if self._only_denies else self._why_silent
        placed, outcome = found
        verb = "allows" if placed.statement.allows else "denies"
        if outcome.value is True:
            by_name = placed.statement.has_principals and self.said.layer.name == "resource"
            return f"{verb} it, {_NAMED[outcome.named]}" if by_name and verb == "allows" else f"{verb} it"
        return f"{verb} it if {words(outcome.value)}"

    @property
    def _why_silent(self) -> str:
        """Of the Allows that fail, the one that came farthest, with the first part that failed."""
        pairs = zip(self.said.layer.placed, self.said.outcomes, strict=True)
        allowing = [one for one in pairs if one[0].statement.allows]
        if not self.said.layer.placed:
            return "nothing is attached, so nothing is allowed"
        if not allowing:
            return "no statement allows anything"
        placed, outcome = max(allowing, key=lambda one: _ORDER.index(one[1].part))
        if outcome.part is Part.ACTION:
            return "no Allow covers the action"
        sid = placed.statement.statement.sid or f"statement {placed.index + 1}"
        return f"nearest: {sid} {failed(outcome)}"


def failed(outcome: Outcome) -> str:
    """The first part of a statement that does not match, in words."""
    told = _FAILED.get(outcome.part, outcome.part.value)
    return f"{told} ({outcome.detail})" if outcome.detail else told
