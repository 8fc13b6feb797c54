"""Questions that people ask of an organisation: may this one do that, and who can.

Puts what ``Access`` knows into requests and hands them to ``evaluate``; where evidence is missing the answer is *unknown*
and names it.  A Deny that matches stands whatever is missing: nothing that was not read could undo it.

What nobody can see from here: the policies of principals outside the organisation.  They are taken as letting their
principals do everything, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from watchword.analysis.iam.access import Access, Identity, IdentityKind
from watchword.analysis.iam.compiled import compile_policy
from watchword.analysis.iam.evaluate import evaluate
from watchword.analysis.iam.evaluation import Decision, Evaluation
from watchword.analysis.iam.policy_set import PolicySet
from watchword.analysis.iam.principals import Kind, Principal, PrincipalError
from watchword.analysis.iam.request import ContextValue, Request

UNKNOWN: Final = "Unknown"
"""The answer where evidence is missing; beside those of ``Decision``."""

_OUTSIDE: Final = compile_policy(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}},
    "identity",
    "policies of another organisation, which cannot be seen",
)
_NOTE_OUTSIDE: Final = "the principal is outside the organisation: its own policies cannot be seen and are taken as allowing everything"
_NOTE_OWNER: Final = (
    "the snapshot does not show the resource: it is taken to be of the principal's own account"
)


class UnknownPrincipal(LookupError):
    """The snapshot shows no such principal; ``near`` are names like it, ``unread`` where it may be all the same."""

    def __init__(
        self, name: str, near: tuple[str, ...] = (), several: bool = False, unread: tuple[str, ...] = ()
    ) -> None:
        told = f"{'several principals are' if several else 'no principal is'} called {name!r}"
        super().__init__("; ".join((told, *unread[:3])))
        self.near = near
        self.several = several
        self.unread = unread


@dataclass(frozen=True, slots=True)
class Who:
    """A principal as far as the snapshot knows it.

    ``identity`` is ``None`` for root users, services, anonymous callers and principals outside; ``base`` are the policies of
    its own side; ``note`` says what is taken for granted.
    """

    principal: Principal
    identity: Identity | None
    base: PolicySet
    note: str = ""
    missing: tuple[str, ...] = ()
    """What of its own side could not be read, where there is no identity that says so."""

    @property
    def label(self) -> str:
        """What people call it."""
        return self.identity.arn if self.identity else self.principal.text


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer: the evaluation, and what is missing for it (then it is *unknown*, unless it is denied for certain)."""

    who: Who
    request: Request
    evaluation: Evaluation
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What was taken for granted, for people."""
    policies: PolicySet | None = None
    """Everything that was evaluated."""

    @property
    def decision(self) -> str:
        """``Allowed``, ``ImplicitlyDenied``, ``ExplicitlyDenied``, ``Conditional`` or ``Unknown``."""
        if self.missing and self.evaluation.decision is not Decision.EXPLICITLY_DENIED:
            return UNKNOWN
        return self.evaluation.decision.value

    @property
    def is_possible(self) -> bool:
        """Whether it may be allowed: for certain, on a condition, or as far as is known."""
        return self.decision in {Decision.ALLOWED.value, Decision.CONDITIONAL.value, UNKNOWN}


def who_is(access: Access, name: str) -> Who:
    """The principal that a text names: an ARN, a session's ARN, ``account/name``, a name, ``service:…``, ``*``.

    Raises:
        UnknownPrincipal: the snapshot's accounts have none of this name, or several.
    """
    found = [one for one in access.find(name) if one.kind is not IdentityKind.GROUP]
    if len(found) > 1:
        raise UnknownPrincipal(name, tuple(one.arn for one in found), several=True)
    if found:
        return _known(found[0])
    try:
        principal = Principal.parse(name)
    except PrincipalError as error:
        raise UnknownPrincipal(name, _near(access, name), unread=access.unread_identities()) from error
    return _named(access, principal)


def ask(
    access: Access,
    who: Who,
    action: str,
    resource: str = "*",
    context: Mapping[str, ContextValue] | None = None,
    *,
    account: str = "",
    complete: bool = False,
) -> Answer:
    """Whether the principal may do the action on the resource.

    Keys of ``context`` go before what the snapshot tells; other keys are not known, or absent where ``complete``.

    Raises:
        RequestError: action, resource or context is malformed.
    """
    told: dict[str, ContextValue] = dict(access.context(who.identity)) if who.identity else {}
    given = {key.lower() for key in context or {}}
    told = {key: value for key, value in told.items() if key.lower() not in given} | dict(context or {})
    owner = access.owner(resource) or account
    request = Request.of(who.principal, action, resource, owner, told, complete=complete)
    # Where nobody tells the owner it is taken to be the principal's account, with all that limits its resources.
    above = request.account if resource != "*" else owner
    policies = access.on(who.base, resource, above)
    missing = tuple(dict.fromkeys((*who.missing, *access.missing_of(who.identity, resource, above))))
    notes = (who.note, "" if owner or resource == "*" else _NOTE_OWNER)
    told_notes = tuple(one for one in notes if one)
    return Answer(who, request, evaluate(request, policies), missing, told_notes, policies)


def who_can(
    access: Access,
    action: str,
    resource: str,
    context: Mapping[str, ContextValue] | None = None,
    *,
    account: str = "",
    complete: bool = False,
) -> Iterator[Answer]:
    """The answers for every principal of the organisation that may be allowed, and for everybody (``*``) if so.

    Raises:
        RequestError: action, resource or context is malformed.
    """
    everybody = Who(Principal.parse("*"), None, PolicySet())
    for who in (*(_known(one) for one in access.principals()), everybody):
        found = ask(access, who, action, resource, context, account=account, complete=complete)
        if found.is_possible:
            yield found


def _known(identity: Identity) -> Who:
    return Who(Principal.parse(identity.arn), identity, identity.policies)


def _named(access: Access, principal: Principal) -> Who:
    if not principal.account:
        return Who(principal, None, PolicySet())
    if principal.account not in access.accounts:
        return Who(principal, None, PolicySet(identity=(_OUTSIDE,)), _NOTE_OUTSIDE)
    if principal.kind is Kind.ROOT:
        above = access.control[principal.account]
        return Who(principal, None, PolicySet(scps=above.scps), missing=above.scps_missing)
    if principal.kind is Kind.SESSION and principal.direct:
        for one in access.find(f"{principal.account}/{principal.role}"):
            if one.kind in {IdentityKind.ROLE, IdentityKind.PERMISSION_SET}:
                return Who(principal, one, one.policies)
    unread = access.unread_identities(principal.account)
    raise UnknownPrincipal(principal.text, _near(access, principal.text), unread=unread)


def _near(access: Access, name: str) -> tuple[str, ...]:
    last = name.rpartition("/")[2]
    by_name: dict[str, list[str]] = {}
    for one in access.principals():
        by_name.setdefault(one.name, []).append(one.arn)
    close = get_close_matches(last, by_name, n=3, cutoff=0.6)
    return tuple(arn for found in close for arn in by_name[found])[:5]


def answer_json(answer: Answer) -> dict[str, Any]:
    """An answer as JSON, in the words of ``simulate``, with who, what, and what is missing."""
    from watchword.analysis.iam.simulate import answer as told

    found = told(None, answer.evaluation)
    return {
        "principal": answer.who.label,
        "action": answer.request.action,
        "resource": answer.request.resource,
        **{key: value for key, value in found.items() if key != "id"},
        "decision": answer.decision,
        "missing": list(answer.missing),
        "notes": list(answer.notes),
    }
