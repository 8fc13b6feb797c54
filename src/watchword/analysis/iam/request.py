"""A request as AWS authorises it: who, what, on which resource, with which context.

``Request`` holds what was told; ``known`` adds what AWS always adds (step 1.3 of docs/iam-evaluation.md).  Nothing is
decided here.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from watchword.analysis.iam.conditions import Missing
from watchword.analysis.iam.expression import Values
from watchword.analysis.iam.principals import ABSENT_FOR_ANONYMOUS, Kind, Principal

Scalar = str | bool | int | float
ContextValue = Scalar | Sequence[Scalar] | None

_LONGEST: Final = 8_192
"""Characters of an action or a resource that are taken; AWS's are far shorter."""


class RequestError(ValueError):
    """A request is not well-formed; ``field`` says where."""

    def __init__(self, field: str, what: str) -> None:
        super().__init__(f"{field}: {what}")
        self.field = field


@dataclass(frozen=True, slots=True)
class Request:
    """One action on one resource.  Make it with ``of``.

    ``account`` owns the resource (``""``: not known); ``given`` are the context keys that were told, in lower case;
    ``complete``: other keys are absent, else they are not known.
    """

    principal: Principal
    action: str
    resource: str
    account: str
    given: Values
    complete: bool = True
    known: Values = field(init=False, compare=False, repr=False)
    """Given keys, and those that AWS adds."""

    @classmethod
    def of(
        cls,
        principal: Principal | str,
        action: str,
        resource: str = "*",
        account: str = "",
        context: Mapping[str, ContextValue] | None = None,
        *,
        complete: bool = True,
    ) -> Request:
        """A request from plain values.

        ``account`` defaults to that of the resource's ARN, else (S3, ``*``) to the principal's (1.2).

        >>> Request.of("arn:aws:iam::111122223333:user/ann", "s3:GetObject", "arn:aws:s3:::b/k").account
        '111122223333'

        Raises:
            PrincipalError: the principal is none.
            RequestError: action, resource or context is malformed.
        """
        who = Principal.parse(principal) if isinstance(principal, str) else principal
        _check(action, resource)
        given = {
            key.lower(): (value,) if type(value) is str else texts_of(key, value)
            for key, value in (context or {}).items()
        }
        if context and len(given) != len(context):
            raise RequestError("context", "a key is given twice; the case of keys does not count")
        return cls(who, action, resource, account or _account_of(resource) or who.account, given, complete)

    def __post_init__(self) -> None:
        known = dict(self.principal.known)
        if self.account:
            known["aws:resourceaccount"] = (self.account,)
        known.update(self.given)
        object.__setattr__(self, "known", known)

    @property
    def missing(self) -> Missing:
        """What a key has that is not known: nothing, or that is not told."""
        return () if self.complete else None

    @property
    def is_same_account(self) -> bool:
        """Whether principal and resource are of one account."""
        return bool(self.account) and self.account == self.principal.account

    @property
    def service(self) -> str:
        """The service of the action (``s3``), in lower case."""
        return self.action.partition(":")[0].lower()


def texts_of(key: str, value: ContextValue) -> tuple[str, ...]:
    """The values of a context key; none where it is absent.

    Raises:
        RequestError: a value is neither text, number, boolean nor a list of them.
    """
    if isinstance(value, str):
        return (value,)
    if value is None:
        return ()
    if isinstance(value, list | tuple):
        return tuple(text for one in value for text in _scalar(key, one))
    return _scalar(key, value)


def _scalar(key: str, value: object) -> tuple[str, ...]:
    if isinstance(value, bool):
        return ("true",) if value else ("false",)
    if isinstance(value, str | int | float):
        return (str(value),)
    raise RequestError(f"context/{key[:100]}", "a text, number, boolean or a list of them is expected")


_ACTION: Final = re.compile(r"[^\s*?:]+:[^\s*?]+")


def _check(action: str, resource: str) -> None:
    if not _ACTION.fullmatch(action) or len(action) > _LONGEST:
        is_pattern = "*" in action or "?" in action
        what = (
            "one action is expected, not a pattern"
            if is_pattern
            else "something like s3:GetObject is expected"
        )
        raise RequestError("action", f"{what}: {action[:100]!r}")
    if not resource or len(resource) > _LONGEST:
        raise RequestError("resource", "an ARN or * is expected")


def _account_of(resource: str) -> str:
    parts = resource.split(":", 5)
    account = parts[4] if len(parts) == 6 else ""
    return account if len(account) == 12 and account.isdigit() else ""


def with_absent_keys(request: Request, keys: frozenset[str]) -> Values:
    """What is known of an incomplete request: keys among ``keys`` that its kind of principal never has are absent."""
    if request.principal.kind not in {Kind.ANONYMOUS, Kind.SERVICE, Kind.PROVIDER}:
        return request.known
    absent = {key: () for key in keys if key.startswith(ABSENT_FOR_ANONYMOUS) and key not in request.known}
    return {**request.known, **absent} if absent else request.known
