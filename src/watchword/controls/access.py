"""Who of an account may do what, for controls: the account's ``Access``, built once, and who is able to do an action.

Several controls ask of the same account one after another; each is handed a view of its own that is narrowed to its tables.
``access_of`` gives them all the same answer.  Whatever is computed here is an upper bound that names what is missing; a
verdict is for the control to give.

What is not seen here: the policies of identities of other accounts, session policies, and root users.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from watchword.analysis.iam.access import TABLES, Access, Identity, IdentityKind
from watchword.analysis.iam.ask import Answer, Who, who_is
from watchword.analysis.iam.audience import Home
from watchword.analysis.iam.compiled import CompiledPolicy, Library
from watchword.analysis.iam.credentials import is_break_glass
from watchword.analysis.iam.evaluate import evaluate
from watchword.analysis.iam.evaluation import Decision
from watchword.analysis.iam.exposure import Exposure, exposures
from watchword.analysis.iam.expression import words
from watchword.analysis.iam.layers import Placed
from watchword.analysis.iam.patterns import any_of
from watchword.analysis.iam.permission_sets import center_of
from watchword.analysis.iam.policy import PolicyError, parse
from watchword.analysis.iam.policy_set import PolicySet
from watchword.analysis.iam.principals import Principal
from watchword.analysis.iam.remembered import Remembered
from watchword.analysis.iam.request import ContextValue, Request
from watchword.model.evidence import Evidence, EvidenceMissing
from watchword.model.ids import GLOBAL
from watchword.model.snapshot import AccountView

READS: Final = tuple(dict.fromkeys(TABLES))
"""The tables that a control must name to ask for ``access_of``."""

NAMED: Final = 5
"""How many principals a sentence names."""

_Matchers = tuple[Callable[[str], bool], ...]


@dataclass(frozen=True, slots=True)
class _Side:
    """A resource's side of requests: its policies, its account, its region, and what is not known of it."""

    policies: PolicySet
    owner: str
    region: str
    missing: tuple[str, ...]


@dataclass(slots=True)
class Asking:
    """An account's ``Access``, and what has been found out about its policies.

    ``could`` is a quick test before the evaluator is asked: it is never false where the identity's policies allow.
    """

    access: Access
    _matchers: dict[tuple[int, str], _Matchers] = field(default_factory=dict)
    _own: dict[tuple[str, str], _Matchers] = field(default_factory=dict)
    _open: dict[tuple[str, str], bool] = field(default_factory=dict)
    _doors: dict[str, tuple[Exposure, ...]] = field(default_factory=dict)
    _known: dict[str, Who] = field(default_factory=dict)
    _told: dict[str, Mapping[str, ContextValue]] = field(default_factory=dict)
    _sides: dict[str, _Side] = field(default_factory=dict)

    def principals(self) -> Iterator[Identity]:
        """The principals of the account that people and workloads can be.

        Service-linked roles are left out: they are AWS's, and neither can people take them nor do SCPs limit them.
        """
        return (one for one in self.access.principals() if not Principal.parse(one.arn).is_service_linked)

    def able(
        self,
        action: str,
        resource: str,
        view: AccountView,
        context: Mapping[str, ContextValue] | None = None,
    ) -> Iterator[Able]:
        """The principals that may do it, for certain, on a condition, or as far as is known."""
        for one in self.principals():
            found = self.ask(one, action, resource, view, context)
            if found is not None:
                yield found

    def could(self, identity: Identity, action: str, resource: str) -> bool:
        """Whether a statement of its own or of the resource's allows it the action, conditions aside."""
        lowered = action.lower()
        if identity.missing or self._names_principals(lowered, resource):
            return True
        key = (identity.arn, lowered)
        known = self._own.get(key)
        if known is None:
            policies = identity.policies.identity
            known = self._own[key] = tuple(one for each in policies for one in self._allowing(each, lowered))
        return any(matcher(resource) for matcher in known)

    def ask(
        self,
        identity: Identity,
        action: str,
        resource: str,
        view: AccountView,
        context: Mapping[str, ContextValue] | None = None,
    ) -> Able | None:
        """Whether the identity may do it at the instant of the snapshot; ``None`` where it is denied for certain."""
        if not self.could(identity, action, resource):
            return None
        side = self._side(resource)
        told = {
            **self._context(identity),
            "aws:CurrentTime": f"{view.now:%Y-%m-%dT%H:%M:%SZ}",
            "aws:RequestedRegion": side.region,
            **(context or {}),
        }
        who = self._who(identity)
        request = Request.of(who.principal, action, resource, side.owner, told, complete=False)
        found = evaluate(request, who.base.beside(side.policies))
        missing = tuple(dict.fromkeys((*identity.missing, *side.missing)))
        answer = Answer(who, request, found, missing)
        return None if is_denied(answer, self.access) else Able(identity, answer)

    def doors(self, identity: Identity, view: AccountView) -> tuple[Exposure, ...]:
        """Whom a role's trust lets in; nobody where there is no trust, or none that could be read."""
        known = self._doors.get(identity.arn)
        if known is None:
            known = self._doors[identity.arn] = _doors(identity, view)
        return known

    def _who(self, identity: Identity) -> Who:
        known = self._known.get(identity.arn)
        if known is None:
            known = self._known[identity.arn] = who_is(self.access, identity.arn)
        return known

    def _context(self, identity: Identity) -> Mapping[str, ContextValue]:
        known = self._told.get(identity.arn)
        if known is None:
            known = self._told[identity.arn] = dict(self.access.context(identity))
        return known

    def _side(self, resource: str) -> _Side:
        known = self._sides.get(resource)
        if known is None:
            access = self.access
            known = self._sides[resource] = _Side(
                access.on(PolicySet(), resource),
                access.owner(resource),
                region_of(resource, access),
                access.missing_of(None, resource),
            )
        return known

    def _allowing(self, policy: CompiledPolicy, action: str) -> _Matchers:
        key = (id(policy), action)
        found = self._matchers.get(key)
        if found is None:
            found = self._matchers[key] = tuple(_matchers(policy, action))
        return found

    def _names_principals(self, action: str, resource: str) -> bool:
        """Whether the resource's policy lets principals in by name, or everybody; then no policy of theirs is needed."""
        known = self._open.get((action, resource))
        if known is None:
            known = self._open[(action, resource)] = _lets_in(self.access, action, resource)
        return known


@dataclass(frozen=True, slots=True)
class Able:
    """A principal that may do something, with the answer that says so."""

    identity: Identity
    answer: Answer

    @property
    def is_known(self) -> bool:
        """Whether nothing is missing for the answer."""
        return not self.answer.missing

    @property
    def by(self) -> Placed | None:
        """The statement that lets it: one of its own policies, else one of the resource's."""
        allowing = [one for one in self.answer.evaluation.deciding if one.statement.allows]
        own = [one for one in allowing if one.policy.startswith(("identity", "resource"))]
        return next(iter(own or allowing), None)

    @property
    def sentence(self) -> str:
        """Who, by which policy and statement, and on which condition: ``role ops (policy Admins, statement 1)``."""
        told = []
        if self.by is not None:
            origin = f"policy of {self.by.origin}" if self.by.policy == "resource" else self.by.origin
            told.append(f"{origin}, {self.by.statement.statement.label}")
        if self.answer.evaluation.decision is Decision.CONDITIONAL:
            told.append(f"if {words(self.answer.evaluation.allowed_if)}")
        who = f"{self.identity.kind.value} {self.identity.name}"
        return f"{who} ({'; '.join(told)})" if told else who

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Where the row of the identity says what it may do; a permission set has no row in IAM."""
        return shown(self.identity)


_RIGHTS: Final = ("AttachedManagedPolicies", "UserPolicyList", "RolePolicyList", "GroupList")


def shown(identity: Identity) -> tuple[Evidence, ...]:
    """The fields of an identity's row that give it permissions."""
    if identity.kind is IdentityKind.PERMISSION_SET:
        return ()
    return tuple(identity.row.evidence(path) for path in _RIGHTS if identity.row.data.get(path))


_LIBRARY: Final[Remembered[Library]] = Remembered()
_LAST: Final[list[tuple[AccountView, Asking]]] = []
"""The account that was asked for last: an assessment judges accounts one after another."""


def access_of(view: AccountView) -> Asking:
    """The access of the view's account, built once for all controls that ask for it.

    The view must name ``READS`` among its tables, where it is narrowed.
    """
    for known, asking in _LAST:
        if _is_same(known, view):
            return asking
    above = view.organization
    library = _LIBRARY.of(above, lambda _: Library()) if above is not None else Library()
    made = Asking(Access.of([view], library))
    _LAST[:] = [(view, made)]
    return made


def region_of(resource: str, access: Access) -> str:
    """The region of a request about a resource: the ARN's, the bucket's, or where global services take requests."""
    carrier = access.carrier(resource)
    told = resource.split(":", 4)[3] if resource.count(":") >= 4 else ""
    return told or (carrier.row.region if carrier and carrier.row.region != GLOBAL else "us-east-1")


def is_denied(answer: Answer, access: Access) -> bool:
    """Whether the answer is no whatever is missing: a Deny matches, or nothing allows and only limits were not read."""
    decision = answer.evaluation.decision
    if decision is Decision.EXPLICITLY_DENIED:
        return True
    if decision is not Decision.IMPLICITLY_DENIED:
        return False
    limits = {
        sentence for one in access.control.values() for sentence in (*one.scps_missing, *one.rcps_missing)
    }
    return set(answer.missing) <= limits


def unseen(view: AccountView) -> tuple[str, ...]:
    """What could not be read of who there is; where there is anything, some principals may not be known at all."""
    found = [
        hole.sentence() for table in ("iam.users", "iam.groups", "iam.roles") for hole in view.holes_of(table)
    ]
    if view.organization is not None:
        try:
            center_of(view)
        except EvidenceMissing as missing:
            found.append(missing.what)
    return tuple(dict.fromkeys(found))


def is_emergency(identity: Identity, view: AccountView) -> bool:
    """Whether it is an emergency identity: declared or tagged as one, or the role of a permission set that is."""
    if is_break_glass(identity.row, view):
        return True
    name = identity.name
    if name.startswith("AWSReservedSSO_"):
        name = name.removeprefix("AWSReservedSSO_").rpartition("_")[0]
    elif identity.kind is not IdentityKind.PERMISSION_SET:
        return False
    try:
        center = center_of(view)
    except EvidenceMissing:
        return False
    return center is not None and any(
        one.name == name and is_break_glass(one, view) for one in center.sets.values()
    )


def listed(sentences: Iterable[str], most: int = NAMED) -> str:
    """Sentences one after another, the first few of them; how many more there are is told."""
    found = list(dict.fromkeys(sentences))
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return "; ".join(found[:most]) + more


def _doors(identity: Identity, view: AccountView) -> tuple[Exposure, ...]:
    try:
        document = identity.row.document("AssumeRolePolicyDocument", absent=None)
        return exposures(parse(document.data), Home.of(view, identity.arn)) if document else ()
    except (EvidenceMissing, PolicyError):
        return ()


def _is_same(one: AccountView, other: AccountView) -> bool:
    """Whether two views are of the same account in the same snapshot, whatever they are narrowed to."""
    first, second = one.organization, other.organization
    above = first is second or (
        first is not None
        and second is not None
        and first.tables is second.tables
        and first.holes is second.holes
    )
    return above and one.account == other.account and one.tables is other.tables and one.holes is other.holes


def _matchers(policy: CompiledPolicy, action: str) -> Iterator[Callable[[str], bool]]:
    for one in policy.statements:
        if one.allows and one.covers(action):
            patterns = one.statement.resources
            if one.statement.not_resources or "*" in patterns or any("${" in each for each in patterns):
                yield _always
            else:
                yield any_of(patterns)


def _always(_: str) -> bool:
    return True


def _is_single(principal: str) -> bool:
    """Whether a value of ``AWS`` names a user, role or session rather than an account."""
    return not principal.isdigit() and not principal.endswith(":root")


def _lets_in(access: Access, action: str, resource: str) -> bool:
    carrier = access.carrier(resource)
    if carrier is None or carrier.policy is None:
        return carrier is not None and bool(carrier.missing)
    for one in carrier.policy.statements:
        if one.allows and one.covers(action):
            named = one.statement.principals
            if named is None or named.everyone or any(map(_is_single, named.aws)):
                return True
    return False
