"""Who asks, and whether a policy names them: principals of requests, and ``Principal`` elements compiled.

Numbers of steps are those of docs/iam-evaluation.md.  What a principal may do is not decided here (see ``evaluate``).

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from functools import lru_cache
from typing import Final

from watchword.analysis.iam.expression import Values
from watchword.analysis.iam.policy import EVERYONE, Effect, Principals

CANONICAL_USER: Final = "principal:canonicaluser"
"""Context key (ours, lower case) of the caller's canonical user id, which S3's policies may name."""

ABSENT_FOR_ANONYMOUS: Final = (
    *("aws:principal", "aws:username", "aws:multifactorauth", "aws:tokenissuetime"),
    *("aws:federatedprovider", "aws:sourceidentity"),
)
"""Beginnings of keys that unsigned requests never have (1.3)."""

_ARN: Final = re.compile(r"arn:([^:]+):(iam|sts)::([0-9]{12}):(.+)", re.DOTALL)


class PrincipalError(ValueError):
    """A text names no principal."""


class Kind(Enum):
    """Kinds of principals; values are those of ``aws:PrincipalType`` where AWS has one."""

    USER = "User"
    SESSION = "AssumedRole"
    FEDERATED_USER = "FederatedUser"
    ROOT = "Account"
    SERVICE = "Service"
    PROVIDER = "Provider"
    """Whoever an identity provider vouches for, before a role is assumed."""
    ANONYMOUS = "Anonymous"


class Named(IntEnum):
    """How a statement names a principal (5.4); the strongest way counts."""

    NOT = 0
    ACCOUNT = 1
    ROLE = 2
    DIRECT = 3


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks.  ``account`` is empty for services, providers and anonymous callers, ``role`` the role of a session.

    ``known`` are the context keys that AWS adds for the principal (1.3); ``names`` what policies call it: the ways of
    naming it directly, its role, and its account.
    """

    text: str
    kind: Kind
    account: str = ""
    role: str = ""
    is_service_linked: bool = False
    direct: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False, compare=False, repr=False)

    has_identity: bool = field(init=False, compare=False, repr=False)
    """Whether identity policies, boundaries and session policies can apply (3.1)."""

    def __post_init__(self) -> None:
        own = self.kind in {Kind.USER, Kind.SESSION, Kind.FEDERATED_USER}
        object.__setattr__(self, "has_identity", own)

    @property
    def is_signed(self) -> bool:
        """Whether the request bears credentials of AWS, its own services' included."""
        return self.kind not in {Kind.ANONYMOUS, Kind.PROVIDER}

    @staticmethod
    def parse(text: str) -> Principal:
        """The principal that a text names (1.1).

        >>> Principal.parse("arn:aws:sts::111122223333:assumed-role/Auditor/ann").role
        'Auditor'

        Raises:
            PrincipalError: it names none.
        """
        return _parsed(text)


@lru_cache(maxsize=65_536)
def _parsed(text: str) -> Principal:
    if text == EVERYONE:
        known = {"aws:principaltype": (Kind.ANONYMOUS.value,), "aws:principalaccount": ("anonymous",)}
        return Principal(text, Kind.ANONYMOUS, known=known)
    prefix, _, rest = text.partition(":")
    if prefix == "service" and rest:
        return _service(text, rest)
    if prefix == "federated" and rest:
        return Principal(text, Kind.PROVIDER, direct=frozenset({f"federated:{rest}"}))
    arn = _ARN.fullmatch(text)
    if arn is None:
        raise PrincipalError(_NO_PRINCIPAL.format(text=text[:200]))
    partition, service, account, resource = arn.groups()
    path, _, name = resource.rpartition("/")
    kind, *names = resource.split("/")
    maker = _MAKERS.get((service, kind))
    least, most = _NAMES.get(kind, (1, None))
    if maker is None or not all(names) or len(names) < least or (most is not None and len(names) > most):
        raise PrincipalError(_NO_PRINCIPAL.format(text=text[:200]))
    return maker(_Told(text, partition, account, path, name))


_NO_PRINCIPAL: Final = (
    "{text!r} names no principal: the ARN of a user, role, session, federated user, root user or identity provider, "
    'service:<name>, federated:<provider> or "*" is expected'
)


@dataclass(frozen=True, slots=True)
class _Told:
    """A principal's ARN taken apart: ``path`` is what stands before the name (``user/team``)."""

    text: str
    partition: str
    account: str
    path: str
    name: str


def _service(text: str, name: str) -> Principal:
    known = {"aws:principalisawsservice": ("true",), "aws:principalservicename": (name,)}
    return Principal(text, Kind.SERVICE, direct=frozenset({f"service:{name}"}), known=known)


def _known(kind: Kind, told: _Told, arn: str) -> dict[str, tuple[str, ...]]:
    return {
        "aws:principalarn": (arn,),
        "aws:principalaccount": (told.account,),
        "aws:principaltype": (kind.value,),
        "aws:principalisawsservice": ("false",),
    }


def _accounts(told: _Told) -> frozenset[str]:
    return frozenset({told.account})


def _user(told: _Told) -> Principal:
    known = _known(Kind.USER, told, told.text) | {"aws:username": (told.name,)}
    direct = frozenset({told.text})
    return Principal(told.text, Kind.USER, told.account, direct=direct, accounts=_accounts(told), known=known)


def _root(told: _Told) -> Principal:
    known = _known(Kind.ROOT, told, told.text)
    return Principal(told.text, Kind.ROOT, told.account, direct=_accounts(told), known=known)


def _federated_user(told: _Told) -> Principal:
    known = _known(Kind.FEDERATED_USER, told, told.text)
    direct, accounts = frozenset({told.text}), _accounts(told)
    return Principal(
        told.text, Kind.FEDERATED_USER, told.account, direct=direct, accounts=accounts, known=known
    )


def _session(told: _Told) -> Principal:
    role = told.path.partition("/")[2]
    return _of_role(
        told, role, f"arn:{told.partition}:iam::{told.account}:role/{role}", frozenset({told.text})
    )


def _role(told: _Told) -> Principal:
    return _of_role(told, told.name, told.text, frozenset())


def _of_role(told: _Told, role: str, arn: str, direct: frozenset[str]) -> Principal:
    linked = "/aws-service-role/" in f"/{told.path}/" or role.startswith("AWSServiceRoleFor")
    return Principal(
        told.text,
        Kind.SESSION,
        told.account,
        role,
        linked,
        direct=direct,
        roles=frozenset({_role_key(told.account, role)}),
        accounts=_accounts(told),
        known=_known(Kind.SESSION, told, arn),
    )


def _provider(told: _Told) -> Principal:
    host = told.text.partition(":oidc-provider/")[2]
    names = {f"federated:{told.text}"} | ({f"federated:{host}"} if host else set())
    return Principal(told.text, Kind.PROVIDER, direct=frozenset(names))


_MAKERS: Final[dict[tuple[str, str], Callable[[_Told], Principal]]] = {
    ("iam", "user"): _user,
    ("iam", "root"): _root,
    ("iam", "role"): _role,
    ("sts", "assumed-role"): _session,
    ("sts", "federated-user"): _federated_user,
    ("iam", "saml-provider"): _provider,
    ("iam", "oidc-provider"): _provider,
}


_NAMES: Final = {"root": (0, 0), "assumed-role": (2, 2), "federated-user": (1, 1)}
"""How many names follow the kind, at least and at most; of others one, and before it the parts of its path."""


def _role_key(account: str, name: str) -> str:
    """What stands for a role whatever its path: names of roles are unique in an account."""
    return f"role:{account}:{name}"


@dataclass(frozen=True, slots=True)
class PrincipalElement:
    """A ``Principal`` or ``NotPrincipal`` element, compiled.

    ``names`` holds ARNs, ids of accounts, ``role:<account>:<name>``, ``service:<name>`` and ``federated:<provider>``.
    """

    everyone: bool
    names: frozenset[str]
    canonical: frozenset[str]
    is_exclusion: bool
    """``NotPrincipal``."""
    has_arns: bool
    effect: Effect

    @classmethod
    def of(cls, named: Principals, effect: Effect, *, excluded: bool) -> PrincipalElement:
        """The compiled element."""
        names = {_name_of(one) for one in named.aws}
        names |= {f"service:{one}" for one in named.service} | {f"federated:{one}" for one in named.federated}
        canonical = frozenset(named.canonical)
        has_arns = any(one.startswith("arn:") for one in named.aws)
        return cls(named.everyone, frozenset(names), canonical, excluded, has_arns, effect)

    @property
    def names_everybody(self) -> bool:
        """Whether it names whoever asks, directly (5.1)."""
        return self.everyone and not self.is_exclusion

    def naming(self, principal: Principal, known: Values, *, bounded: bool) -> Named:
        """How the element names the principal; ``bounded``: it has a permissions boundary (5.5)."""
        if self.is_exclusion:
            return Named.DIRECT if self._excludes(principal, known, bounded=bounded) else Named.NOT
        return self._naming(principal, known)

    def _naming(self, principal: Principal, known: Values) -> Named:
        """5.4: the strongest way in which the names name the principal."""
        if self.everyone or not self.names.isdisjoint(principal.direct):
            return Named.DIRECT
        if self.canonical and self._is_canonical(known):
            return Named.DIRECT
        if not self.names.isdisjoint(principal.roles):
            return Named.ROLE
        if not self.names.isdisjoint(principal.accounts):
            return Named.ACCOUNT
        return Named.NOT

    def _excludes(self, principal: Principal, known: Values, *, bounded: bool) -> bool:
        """5.5: whether a ``NotPrincipal`` element hits the principal."""
        if self.effect is Effect.ALLOW:
            return self._naming(principal, known) is Named.NOT
        if bounded and self.has_arns:
            return True
        return not (self._lists(principal) or (self.canonical and self._is_canonical(known)))

    def _lists(self, principal: Principal) -> bool:
        if self.everyone:
            return True
        checked = (principal.direct, principal.roles, principal.accounts)
        if principal.kind is Kind.SESSION and not principal.direct:
            return False  # a session whose name is not told is not listed by its role alone
        return any(checked) and all(not names or not self.names.isdisjoint(names) for names in checked)

    def _is_canonical(self, known: Values) -> bool:
        found = known.get(CANONICAL_USER, ())
        return len(found) == 1 and found[0] in self.canonical


def _name_of(text: str) -> str:
    """What a value of ``AWS`` names: an account by its id, a role by account and name (5.2), all else by its text."""
    arn = _ARN.fullmatch(text)
    if arn and arn[2] == "iam" and arn[4].startswith("role/"):
        return _role_key(arn[3], arn[4].rpartition("/")[2])
    if arn and arn[2] == "iam" and arn[4] == "root":
        return arn[3]
    return text
