"""The gate: authorises every call to the emulator, or refuses it in AWS's words.

What it does, step by step, once it enforces:

1. Who calls: the session or user behind the access key (`sessions`); unsigned calls are anonymous.
2. What is asked: every permission on every resource, in its context (`requests`).
3. What applies: the caller's policies, SCPs, RCPs, the resource's policy, the endpoint's (`policies`).
4. The evaluator of `watchword.analysis.iam` decides each; all must be allowed.
5. The call passes, in the account whose resource it is, or is refused and logged with the statements that decided.

What it does not do: check signatures; know S3's ACLs or KMS's grants. Whatever it cannot read is refused, not passed.
"""

import logging
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Final

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from watchword.analysis.iam.compiled import CompiledPolicy, Library
from watchword.analysis.iam.evaluate import evaluate
from watchword.analysis.iam.evaluation import Evaluation
from watchword.analysis.iam.policy import PolicyError
from watchword.analysis.iam.policy_set import PolicySet, PublicAccessBlock
from watchword.analysis.iam.request import Request, RequestError
from watchword.lab.backends.around import around
from watchword.lab.backends.call import Refusal as SignInRefused
from watchword.lab.gate import control, refusals
from watchword.lab.gate.clock import lab_clock
from watchword.lab.gate.context import ENDPOINT_HEADER
from watchword.lab.gate.faults import Fault, faults, refusal_of
from watchword.lab.gate.policies import (
    ADMINISTRATOR,
    Document,
    Held,
    Levels,
    of_session,
    resource_control,
    service_control,
)
from watchword.lab.gate.reading import Asked, read
from watchword.lab.gate.refusals import Refusal
from watchword.lab.gate.requests import Check, checks_of, signed_in
from watchword.lab.gate.resource_policies import (
    endpoint_policy,
    is_managed_by_aws,
    policy_of,
    restricts_public_buckets,
)
from watchword.lab.gate.sessions import ANONYMOUS, CALLING, Caller, KeyRefused, caller_of
from watchword.lab.gate.visibility import Visibility
from watchword.lab.gateway import MANAGEMENT_ACCOUNT, Application, Environ, NotEmulated, StartResponse

_LOG = logging.getLogger(__name__)

# The key that the lab itself seeds with, where a gate is told to go on taking it.
SEED_KEY: Final = "lab"
_SEEDER: Final = Caller(
    "User",
    MANAGEMENT_ACCOUNT,
    f"arn:aws:iam::{MANAGEMENT_ACCOUNT}:user/lab",
    f"arn:aws:iam::{MANAGEMENT_ACCOUNT}:user/lab",
    "AIDALABSEEDERUSER000",
    SEED_KEY,
)

# The emulator's own paths, which would let anybody past every policy.
_BACK_DOORS: Final = ("/moto-api", "/latest/")

# Services whose calls on another account's resource are answered by that account.
_ANSWERED_BY_OWNER: Final = frozenset(
    "sqs sns kms secretsmanager lambda dynamodb ecr kinesis events logs ssm stepfunctions".split()
)


class Gate:
    """WSGI middleware in front of the emulator; lets everything pass until `enforce` is called."""

    def __init__(self, app: Application) -> None:
        """`app` is the emulator."""
        self._app = app
        self._enforces = False
        self._seeds = False
        self._seen = Visibility()
        around(FakeBucket, "get_permission", _leave_to_gate)

    @property
    def enforces(self) -> bool:
        """Whether calls are authorised."""
        return self._enforces

    def enforce(self, *, seed_key: bool = False) -> None:
        """Authorise every call from now on; `seed_key` lets the key "lab" administer the management account."""
        self._seeds = seed_key
        self._enforces = True

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request. Raises NotEmulated for one that no operation of AWS fits, while it enforces."""
        if control.is_ours(environ):
            return control.answer(environ, start_response)
        if not self._enforces and faults().is_empty:
            return self._app(environ, start_response)
        asked = read(environ)
        fault = faults().take(asked.service, asked.operation) if asked is not None else None
        if asked is not None and fault is not None:
            disturbed = refusal_of(fault, asked)
            if disturbed is not None:
                return refusals.send(asked, disturbed, start_response)
            if fault.kind == "slow":
                time.sleep(fault.seconds)
        if not self._enforces:
            return self._app(environ, start_response)
        return self._guard(asked, fault, environ, start_response)

    def _guard(
        self, asked: Asked | None, fault: Fault | None, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        if asked is None or environ.get("PATH_INFO", "").startswith(_BACK_DOORS):
            raise NotEmulated("no operation of AWS has this form")
        now = lab_clock().now()
        try:
            caller = self._caller(asked, now)
        except KeyRefused as refused:
            return refusals.send(asked, refusals.unknown_key(asked, refused), start_response)
        token = CALLING.set(caller)
        try:
            refusal = self._judge(asked, environ, caller, now)
            if refusal is not None:
                return refusals.send(asked, refusal, start_response)
            if fault is not None and fault.kind == "delay":
                self._seen.freeze(_written_account(asked, caller), fault, now)
            return self._app(environ, start_response)
        finally:
            CALLING.reset(token)

    def _caller(self, asked: Asked, now: datetime) -> Caller:
        key = asked.signer.key
        if not key:
            return ANONYMOUS
        return _SEEDER if self._seeds and key == SEED_KEY else caller_of(key, now)

    def _judge(self, asked: Asked, environ: Environ, caller: Caller, now: datetime) -> Refusal | None:
        """The refusal of a call; None where it may pass, which `environ` then says in whose account."""
        account = caller.account or MANAGEMENT_ACCOUNT
        self._seen.move_on(now)
        if not _needs_none(asked, caller):
            try:
                checks = checks_of(asked, environ, caller, now)
                for check in checks:
                    refusal = self._check(asked, environ, caller, check)
                    if refusal is not None:
                        return refusal
            except SignInRefused as refused:
                return Refusal(400, refused.code, refused.message)
            except (PolicyError, RequestError) as broken:
                return _unreadable(broken)
            finally:
                self._seen.count(caller.account)
            account = _answering_account(asked, checks, account)
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = account
        return None

    def _check(self, asked: Asked, environ: Environ, caller: Caller, check: Check) -> Refusal | None:
        applied = self._applying(environ, caller, check)
        request = Request.of(
            _principal(asked, caller), check.action, check.target.arn, check.target.account, check.context
        )
        evaluation = evaluate(request, applied)
        if not check.target.is_told:
            _LOG.debug("%s: no resource told, asked for all", check.action)
        if evaluation.is_allowed:
            return None
        refusal = refusals.denied(asked, caller, check, evaluation)
        _LOG.info("refused: %s [%s]", refusal.message, _statements(applied, evaluation))
        return refusal

    def _applying(self, environ: Environ, caller: Caller, check: Check) -> PolicySet:
        endpoint = environ.get(ENDPOINT_HEADER, "").partition(",")[0]
        target = check.target
        return _policy_set(
            self._held(caller),
            service_control(caller.account),
            None if is_managed_by_aws(target) else resource_control(target.account),
            self._resource_policy(check),
            endpoint_policy(endpoint) if endpoint else None,
            restricts_public_buckets(target),
        )

    def _held(self, caller: Caller) -> Held:
        if caller is _SEEDER:
            return Held((ADMINISTRATOR,))
        see = self._seen.role if caller.kind == "AssumedRole" else self._seen.user
        own = see(caller.account, caller.name) if caller.session or caller.kind == "User" else Held()
        return replace(own, session=of_session(caller))

    def _resource_policy(self, check: Check) -> Document | None:
        arn = check.target.arn
        if check.action.startswith("sts:") and ":role/" in arn:
            before = self._seen.trust(check.target.account, arn.rpartition("/")[2])
            if before is not None:
                return Document(arn, before) if before else None
        return policy_of(check.action, check.target)


def _leave_to_gate(own: object, bucket: object, *arguments: object) -> object:
    """S3's emulator reads bucket policies without their conditions; what has passed the gate is permitted."""
    if CALLING.get() is not None:
        return PermissionResult.PERMITTED
    return own(bucket, *arguments) if callable(own) else None


def _needs_none(asked: Asked, caller: Caller) -> bool:
    """Whether an unsigned operation takes no permission: sign-ups and the like."""
    return caller is ANONYMOUS and asked.model.auth_type == "none" and asked.service != "sts"


def _principal(asked: Asked, caller: Caller) -> str:
    """The evaluator's name of a caller; whoever signs in at a provider is the provider's."""
    if caller is not ANONYMOUS:
        return caller.arn
    found = signed_in(asked) if asked.service == "sts" else None
    provider = found.provider if found is not None else None
    if provider is None:
        return "*"
    return provider if provider.startswith("arn:") else f"federated:{provider}"


def _answering_account(asked: Asked, checks: tuple[Check, ...], account: str) -> str:
    owner = checks[0].target.account if checks else ""
    return owner if owner and asked.service in _ANSWERED_BY_OWNER else account


def _written_account(asked: Asked, caller: Caller) -> str:
    """The account whose policies a write changes: of an assignment, the one it is for."""
    target = str(asked.params.get("TargetId", ""))
    return target if asked.service == "sso-admin" and target.isdecimal() else caller.account


def _unreadable(broken: PolicyError | RequestError) -> Refusal:
    _LOG.error("the gate cannot judge a call: %s", broken)
    return Refusal(403, "AccessDenied", f"The lab's gate cannot judge this call: {broken}")


def _statements(applied: PolicySet, evaluation: Evaluation) -> str:
    """The deciding statements for the log: policy, place, Sid."""
    names = {
        f"{layer}[{place}]": policy.name
        for layer, policies in (("identity", applied.identity), ("session", applied.session or ()))
        for place, policy in enumerate(policies)
    }
    return (
        "; ".join(
            f"{names.get(placed.policy, placed.policy)} statement {placed.index} {placed.statement.statement.sid or ''}".strip()
            for placed in evaluation.deciding
        )
        or f"nothing allows it: {', '.join(evaluation.blocked_by)}"
    )


_LIBRARY: Final = Library()


def _compiled(documents: Iterable[Document], kind: str) -> tuple[CompiledPolicy, ...]:
    return tuple(_LIBRARY.compile(document.text, kind, document.name) for document in documents)


def _levels(levels: Levels | None, kind: str) -> tuple[tuple[CompiledPolicy, ...], ...] | None:
    return None if levels is None else tuple(_compiled(level, kind) for level in levels)


@lru_cache(maxsize=4_096)
def _policy_set(  # noqa: PLR0917 - one argument a layer of an evaluation
    held: Held,
    scps: Levels | None,
    rcps: Levels | None,
    resource: Document | None,
    endpoint: Document | None,
    restricts: bool,
) -> PolicySet:
    """The layers compiled; the same documents give the same set, which remembers its plans."""
    return PolicySet(
        identity=_compiled(held.identity, "identity"),
        boundary=None if held.boundary is None else _compiled((held.boundary,), "boundary"),
        session=None if held.session is None else _compiled(held.session, "session"),
        scps=_levels(scps, "scp"),
        rcps=_levels(rcps, "rcp"),
        resource=None if resource is None else _compiled((resource,), "resource")[0],
        endpoint=None if endpoint is None else _compiled((endpoint,), "endpoint"),
        public_access_block=PublicAccessBlock(restrict_public_buckets=True) if restricts else None,
    )
