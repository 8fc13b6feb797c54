"""Who is behind an access key: IAM users' keys and the sessions that STS gave out.

What it does: keeps a book of every session that the lab's own STS endpoint made (role, name, session policies, tags,
source identity, MFA, times) and names the caller of a key at an instant. What it does not do: check signatures or
session tokens; decide what a caller may do.
Reference: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp.html

Errors:
    KeyRefused              the key is not (or no longer) a credential; `code` is STS's name for why
"""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from moto.core.base_backend import BackendDict, BaseBackend
from moto.iam.models import iam_backends

Kind = Literal["User", "AssumedRole", "FederatedUser", "Root", "Anonymous"]

# The caller of unsigned requests belongs to no account.
NO_ACCOUNT: Final = ""

_INVALID: Final = "The security token included in the request is invalid."
_EXPIRED: Final = "The security token included in the request is expired"


class KeyRefused(Exception):
    """The key is not a credential: `code` is InvalidClientTokenId or ExpiredToken, and `message` AWS's text."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Session:
    """What STS gave out.

    `principal` is the ARN of the role, or of the user behind session and federation tokens; `name` the role session's or
    federated user's name; `policies` session policies as JSON text; `chained` says that another role session asked.
    `attributes` are context keys of the sign-in ("saml:aud", "accounts.example:sub"). Times are in UTC.
    """

    key: str
    kind: Kind
    account: str
    principal: str
    name: str
    issued: datetime
    expires: datetime
    policies: tuple[str, ...] = ()
    policy_arns: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    transitive: frozenset[str] = frozenset()
    source_identity: str | None = None
    mfa_at: datetime | None = None
    chained: bool = False
    provider: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_limited(self) -> bool:
        """Whether session policies were given: the session can do no more than they allow."""
        return bool(self.policies or self.policy_arns)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls.

    `arn` is the ARN that names the caller in messages and resource policies (of a role: the session's), `principal`
    the one of aws:PrincipalArn (of a role: the role's); `userid` is aws:userid; `key` the access key id.
    """

    kind: Kind
    account: str
    arn: str
    principal: str
    userid: str
    key: str = ""
    session: Session | None = None

    @property
    def name(self) -> str:
        """The name of the user or role, without its path."""
        return self.principal.rpartition("/")[2]

    @property
    def is_service_linked(self) -> bool:
        """Whether the caller is a session of a service-linked role."""
        return ":role/aws-service-role/" in self.principal


ANONYMOUS: Final = Caller("Anonymous", NO_ACCOUNT, "anonymous", "anonymous", "anonymous")

# Who asks in the request that this thread answers; None while the gate is off.
CALLING: ContextVar[Caller | None] = ContextVar("calling", default=None)


class SessionBook(BaseBackend):
    """All sessions that STS gave out, by access key id; emptied with moto's reset."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._sessions: dict[str, Session] = {}

    def add(self, session: Session) -> None:
        """Remember a session."""
        self._sessions[session.key] = session

    def get(self, key: str) -> Session | None:
        """The session of an access key id, expired or not."""
        return self._sessions.get(key)


# One book for all accounts: a key is looked up before its account is known. Kept where moto's reset finds it.
_BOOKS = BackendDict(SessionBook, "sts", use_boto3_regions=False, additional_regions=["aws"])


def book() -> SessionBook:
    """The sessions of the lab in this process."""
    return _BOOKS["000000000000"]["aws"]


def caller_of(key: str, now: datetime) -> Caller:
    """Who signs with an access key id at an instant.

    Raises:
        KeyRefused: the key is unknown, inactive, deleted or expired.
    """
    session = book().get(key)
    if session is not None:
        return _of_session(session, now)
    for account, backends in list(iam_backends.items()):
        found = backends["aws"].access_keys.get(key)
        if found is not None:
            return _of_user(account, found)
    raise KeyRefused("InvalidClientTokenId", _INVALID)


def _of_user(account: str, found: Any) -> Caller:
    user = user_of(account, found.user_name) if found.user_name else None
    if user is None or found.status != "Active":
        raise KeyRefused("InvalidClientTokenId", _INVALID)
    return Caller("User", account, user.arn, user.arn, user.id, found.access_key_id)


def _of_session(session: Session, now: datetime) -> Caller:
    if now >= session.expires:
        raise KeyRefused("ExpiredToken", _EXPIRED)
    arn, userid = identity_of(session)
    return Caller(session.kind, session.account, arn, session.principal, userid, session.key, session)


def identity_of(session: Session) -> tuple[str, str]:
    """ARN and user id of whoever holds a session, as sts:GetCallerIdentity tells them.

    Raises:
        KeyRefused: the user behind the session is gone.
    """
    name = session.principal.rpartition("/")[2]
    if session.kind == "AssumedRole":
        role = role_of(session.account, name)
        unique = role.id if role is not None else "AROALABWITHOUTROLE000"
        return (
            f"arn:aws:sts::{session.account}:assumed-role/{name}/{session.name}",
            f"{unique}:{session.name}",
        )
    if session.kind == "FederatedUser":
        arn = f"arn:aws:sts::{session.account}:federated-user/{session.name}"
        return arn, f"{session.account}:{session.name}"
    user = user_of(session.account, name)
    if user is None:
        raise KeyRefused("InvalidClientTokenId", _INVALID)
    return user.arn, user.id


def user_of(account: str, name: str) -> Any:
    """Moto's user of a name; None where there is none."""
    return iam_backends[account]["aws"].users.get(name)


def role_of(account: str, name: str) -> Any:
    """Moto's role of a name, which it finds by id; None where there is none."""
    roles = list(iam_backends[account]["aws"].roles.values())
    return next((role for role in roles if role.name == name), None)
