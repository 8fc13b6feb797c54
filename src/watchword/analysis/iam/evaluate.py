"""Would AWS allow this?  The evaluation of a request against all policies that apply, as a numbered proof.

The steps, whose numbers are those of docs/iam-evaluation.md (which says what each part of a policy means):

2. Answers that no policy changes.
3. Which layers apply, and what each says of the request (step 4 in ``statements``, 5 in ``principals``, 6 in
   ``conditions``, 7 in ``variables``).
8. Explicit denials of any layer.
9. Gates that every request passes: SCP levels, endpoint policy, S3's block of public policies.
10. Who grants: identity, boundary and session policies, the resource's policy, by account and kind of principal.
11. The answer: allowed, denied, or conditional with the expression on which it is allowed; and what stands in the way.

What the caller must do: give the policies that apply (``PolicySet``), for every resource that a call touches (12.1:
``evaluate_all``), and for passing a role (12.2).  What is not decided here: ACLs, KMS grants, RAM shares (12.4).

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from watchword.analysis.iam.conditions import present
from watchword.analysis.iam.evaluation import (
    ALWAYS,
    BLOCKERS,
    NEVER,
    Decision,
    Evaluation,
    SaidBy,
)
from watchword.analysis.iam.expression import (
    Atom,
    Value,
    both,
    conjunction,
    disjunction,
    either,
    negated,
)
from watchword.analysis.iam.layers import Said, undone
from watchword.analysis.iam.patterns import any_of
from watchword.analysis.iam.policy_set import PolicySet
from watchword.analysis.iam.principals import Kind
from watchword.analysis.iam.request import Request, with_absent_keys
from watchword.analysis.iam.statements import Asked
from watchword.analysis.iam.universe import default

_ASKING_TRUST: Final = frozenset(
    (
        *("sts:assumerole", "sts:assumerolewithsaml", "sts:assumerolewithwebidentity"),
        *("sts:tagsession", "sts:setsourceidentity"),
    )
)
_IAM_READS: Final = ("iam:get", "iam:list", "iam:generate", "iam:simulate", "iam:passrole")
_ALIAS_WRITES: Final = frozenset({"kms:createalias", "kms:deletealias", "kms:updatealias"})
_PROTECTED: Final = any_of(["arn:*:iam::aws:policy/*", "arn:*:iam::*:role/aws-reserved/*"])
_AWS_ALIASES: Final = any_of(["arn:*:kms:*:*:alias/aws/*"])
_POLICY_OF_BUCKET: Final = frozenset({"s3:getbucketpolicy", "s3:putbucketpolicy", "s3:deletebucketpolicy"})
_VIA_ENDPOINT: Final = Atom(present("aws:SourceVpce"))


def evaluate(request: Request, policies: PolicySet, rcp_services: frozenset[str] | None = None) -> Evaluation:
    """Decide a request.

    ``rcp_services`` are the services that resource control policies apply to (lower case); by default those of the
    shipped action universe.

    >>> from watchword.analysis.iam import PolicySet, Request, compile_policy, evaluate
    >>> read = {"Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::logs/*"}}
    >>> policies = PolicySet(identity=(compile_policy(read, "identity"),))
    >>> ann = "arn:aws:iam::111122223333:user/ann"
    >>> evaluate(Request.of(ann, "s3:GetObject", "arn:aws:s3:::logs/a"), policies).decision.value
    'Allowed'
    >>> evaluate(Request.of(ann, "s3:PutObject", "arn:aws:s3:::logs/a"), policies).blocked_by
    ('identity',)
    """
    action = request.action.lower()
    # Step 2.
    if action == "sts:getcalleridentity" and request.principal.is_signed:
        return ALWAYS
    if action.startswith(("iam:", "kms:")) and _is_protected(action, request.resource):
        return NEVER
    # Step 3.
    # Only who is of no account lacks keys for certain; to gather the policies' keys for all others would cost much.
    whole = request.complete or bool(request.principal.account)
    known = request.known if whole else with_absent_keys(request, policies.keys)
    bounded = policies.boundary is not None and request.principal.has_identity
    asked = Asked(request.principal, action, _resource(request, action), known, request.missing, bounded)
    said = _said(asked, request, policies, rcp_services)
    # Step 8.
    deny = _denied(said, asked)
    # Steps 9 and 10.
    gates = _gates(said, asked, request, policies)
    grant = _grant(said, asked, request)
    # Step 11.
    return _answer(said, deny, gates, grant)


def evaluate_all(requests: Iterable[tuple[Request, PolicySet]]) -> tuple[Evaluation, ...]:
    """12.1: the evaluations of all resources that one call touches; the call is allowed if each is."""
    return tuple(evaluate(request, policies) for request, policies in requests)


def _resource(request: Request, action: str) -> str:
    """4.3: S3 asks for the list of all buckets as for a list of buckets, though it names none."""
    named = action == "s3:listallmybuckets" and request.resource == "*"
    return "arn:aws:s3:::*" if named else request.resource


def _is_protected(action: str, resource: str) -> bool:
    """2.2."""
    if action.startswith("iam:"):
        return not action.startswith(_IAM_READS) and _PROTECTED(resource)
    return action in _ALIAS_WRITES and _AWS_ALIASES(resource)


# --- step 3 ------------------------------------------------------------------------------------------------------------


def _said(asked: Asked, request: Request, policies: PolicySet, rcp_services: frozenset[str] | None) -> SaidBy:
    """3: what each layer says that applies; ``None`` for those that do not."""
    principal = request.principal
    every: list[Said] = []
    identity = boundary = session = endpoint = resource = None
    if principal.has_identity:  # 3.1
        identity = policies.identity_layer.say(asked)
        every.append(identity)
    scps: tuple[Said, ...] = ()
    if policies.scps is not None and principal.account and not principal.is_service_linked:  # 3.2
        scps = tuple([layer.say(asked) for layer in policies.scp_layers])
        every.extend(scps)
    if policies.rcps and _has_rcps(asked, request, rcp_services):  # 3.3
        every.extend([layer.say(asked) for layer in policies.rcp_layers])
    if principal.has_identity and policies.boundary_layer is not None:
        boundary = policies.boundary_layer.say(asked)
        every.append(boundary)
    if principal.has_identity and policies.session_layer is not None:
        session = policies.session_layer.say(asked)
        every.append(session)
    if policies.resource_layer is not None:  # 3.5
        resource = policies.resource_layer.say(asked)
        if principal.kind is Kind.ROOT and _may_undo(asked, request):
            resource = undone(resource)
        every.append(resource)
    if policies.endpoint_layer is not None and asked.known.get("aws:sourcevpce", asked.missing) != ():  # 3.4
        endpoint = policies.endpoint_layer.say(asked)
    return SaidBy(identity, boundary, session, resource, endpoint, scps, tuple(every))


def _has_rcps(asked: Asked, request: Request, rcp_services: frozenset[str] | None) -> bool:
    if request.principal.is_service_linked or asked.action == "kms:retiregrant":
        return False
    supported = default().rcp_services if rcp_services is None else rcp_services
    return request.service in supported


# --- step 8 ------------------------------------------------------------------------------------------------------------


def _denied(said: SaidBy, asked: Asked) -> Value:
    """8: whether a Deny of any layer matches; one of the endpoint counts where the request came through it."""
    deny: Value = False
    for one in said.every:
        if one.deny is not False:
            deny = either(deny, one.deny)
    if said.endpoint is not None and said.endpoint.deny is not False:
        deny = either(deny, both(_came_through_endpoint(asked), said.endpoint.deny))
    return deny


def _may_undo(asked: Asked, request: Request) -> bool:
    """8: whether the owner's root user undoes a bucket's policy, whose Deny does not hit it."""
    return request.is_same_account and asked.action in _POLICY_OF_BUCKET


def _came_through_endpoint(asked: Asked) -> Value:
    return True if asked.known.get("aws:sourcevpce") else _VIA_ENDPOINT


# --- step 9 ------------------------------------------------------------------------------------------------------------


class Gates(NamedTuple):
    """9: what every request must pass."""

    scp: Value
    endpoint: Value
    public: bool


def _gates(said: SaidBy, asked: Asked, request: Request, policies: PolicySet) -> Gates:
    scp: Value = True
    for level in said.scps:  # 9.1
        if level.allow is not True:
            scp = both(scp, level.allow)
    through: Value = True
    if said.endpoint is not None:  # 9.3
        through = either(negated(_came_through_endpoint(asked)), _all(said.endpoint))
    return Gates(scp, through, not _is_shut_out(asked, request, policies))


def _is_shut_out(asked: Asked, request: Request, policies: PolicySet) -> bool:
    """9.4."""
    if policies.public_access_block is None or not asked.action.startswith("s3:"):
        return False
    inside = request.is_same_account or request.principal.kind is Kind.SERVICE
    return not inside and policies.restricts(request.resource)


def _all(said: Said | None) -> Value:
    """Whether a layer allows, in whatever way it names the principal."""
    return False if said is None else disjunction((said.allow, said.by_role, said.by_account))


# --- step 10 -----------------------------------------------------------------------------------------------------------


class Grant(NamedTuple):
    """10: whether somebody grants, and what is wanting of identity (I), boundary (B), session (S), resource.

    Each is what that layer would still have to be for the grant; ``True`` where nothing is wanting.
    """

    value: Value
    identity: Value = True
    boundary: Value = True
    session: Value = True
    resource: Value = True


def _grant(said: SaidBy, asked: Asked, request: Request) -> Grant:
    principal, policy = request.principal, said.resource
    direct: Value = False if policy is None else policy.allow
    if not principal.has_identity:
        own = (
            principal.kind is Kind.ROOT
            and request.is_same_account
            and not asks_for_policy(asked.action, asked.resource)
        )
        return Grant(True) if own else Grant(direct, resource=direct)  # 10.4, 10.6 for root users, 10.7
    identity = False if said.identity is None else said.identity.allow
    boundary = True if said.boundary is None else said.boundary.allow
    session = True if said.session is None else said.session.allow
    limits = both(boundary, session)
    role: Value = False if policy is None else policy.by_role
    if not request.is_same_account:  # 10.6
        named = _all(policy)
        value = conjunction((named, identity, limits))
        return Grant(value, identity, boundary, session, named)
    if asks_for_policy(asked.action, asked.resource):  # 10.5
        account: Value = False if policy is None else policy.by_account
        value = disjunction((direct, both(role, limits), conjunction((account, identity, limits))))
        return Grant(value, either(identity, role), boundary, session, _all(policy))
    if principal.kind is not Kind.SESSION:  # 10.1, 10.3
        role = False
    value = direct if direct is True else disjunction((direct, both(either(role, identity), limits)))
    return Grant(value, either(identity, role), boundary, session)  # 10.2


def asks_for_policy(action: str, resource: str) -> bool:
    """10.5: whether the service asks for the resource's policy within an account, too; ``action`` in lower case."""
    if action in _ASKING_TRUST:
        return ":role/" in resource
    return action.startswith("kms:") and ":key/" in resource


# --- step 11 -----------------------------------------------------------------------------------------------------------


def _answer(said: SaidBy, deny: Value, gates: Gates, grant: Grant) -> Evaluation:
    if (
        deny is False
        and grant.value is True
        and gates.scp is True
        and gates.endpoint is True
        and gates.public
    ):
        return Evaluation(Decision.ALLOWED, (), True, said)
    allowed: Value
    if deny is True:
        allowed, decision = False, Decision.EXPLICITLY_DENIED
    elif grant.value is False or gates.scp is False or gates.endpoint is False or not gates.public:
        allowed, decision = False, Decision.IMPLICITLY_DENIED
    else:
        allowed = conjunction((gates.scp, gates.endpoint, grant.value, negated(deny)))
        decision = Decision.CONDITIONAL
        if isinstance(allowed, bool):
            decision = Decision.ALLOWED if allowed else Decision.IMPLICITLY_DENIED
    standing = () if allowed is True else tuple(_standing_in_the_way(said, gates, grant))
    return Evaluation(decision, standing, allowed, said)


def _standing_in_the_way(said: SaidBy, gates: Gates, grant: Grant) -> Iterator[str]:
    """The layers whose part is not true, in the order of ``BLOCKERS``."""
    silent = grant.value is not True
    wanting = {
        "identity": silent and grant.identity is not True,
        "scp": gates.scp is not True,
        "boundary": silent and grant.boundary is not True,
        "session": silent and grant.session is not True,
        "resource": silent and grant.resource is not True,
        "endpoint": gates.endpoint is not True,
        "s3_public_access_block": not gates.public,
    }
    denying = {one.layer.name for one in said.all if one.deny is not False}
    for name in BLOCKERS:
        if wanting.get(name) or name in denying:
            yield name
