"""STS: sessions as AWS makes them, each written into the lab's book of sessions.

What it does: answers AssumeRole, AssumeRoleWithSAML, AssumeRoleWithWebIdentity, GetSessionToken and GetFederationToken
with credentials of their own; checks durations (the role's longest, one hour after another role, at least 900 seconds);
keeps session policies, tags, source identity and MFA, and hands transitive tags and source identity down a chain of
roles. What it does not do: judge trust policies, or verify tokens and assertions.
Reference: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from moto.iam.models import iam_backends
from moto.sts.models import STSBackend, sts_backends
from moto.sts.responses import TokenResponse
from moto.sts.urls import url_paths

from watchword.lab.backends import registry
from watchword.lab.backends.around import around
from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.sign_in import SignIn, from_assertion, from_token
from watchword.lab.backends.tables import Item
from watchword.lab.gate.clock import lab_clock
from watchword.lab.gate.sessions import CALLING, KeyRefused, Session, book, identity_of, role_of, user_of

# One hour: the default of role sessions, and the longest that a role reached through another role lasts.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
_HOUR = 3_600

# Twelve hours: the default of session and federation tokens of IAM users.
_HALF_DAY = 43_200

# AWS tells the share of the allowed size that policies and tags take, packed; the lab takes the plain characters.
_PACKED_LIMIT = 2_048


def _assume_role(call: Call) -> Item:
    given, caller = call.params, CALLING.get()
    asked = SignIn(
        name=given["RoleSessionName"],
        tags=_tags(given.get("Tags", ())),
        transitive=frozenset(given.get("TransitiveTagKeys", ())),
        source_identity=given.get("SourceIdentity"),
    )
    behind = caller.session if caller is not None else None
    chained = behind is not None and behind.kind == "AssumedRole"
    if behind is not None and chained:
        asked = _inherit(asked, behind)
    mfa = lab_clock().now() if _with_code(call) else None
    return _role_session(call, asked, chained=chained, mfa_at=mfa)


def _inherit(asked: SignIn, behind: Session) -> SignIn:
    """What a chain of roles hands down.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_role-chaining
    """
    if behind.transitive & asked.tags.keys():
        raise Refusal(
            "InvalidParameterValue",
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key "
            "from the calling session.",
        )
    if behind.source_identity and asked.source_identity not in (None, behind.source_identity):
        raise Refusal("AccessDenied", "The source identity of a session cannot be changed in a role chain.")
    handed = {key: value for key, value in behind.tags.items() if key in behind.transitive}
    return replace(
        asked,
        tags={**handed, **asked.tags},
        transitive=asked.transitive | behind.transitive,
        source_identity=behind.source_identity or asked.source_identity,
    )


def _assume_with_saml(call: Call) -> Item:
    answer = _role_session(call, from_assertion(call.params["SAMLAssertion"], call.params["PrincipalArn"]))
    answer |= {"Subject": answer["AssumedRoleUser"]["AssumedRoleId"], "SubjectType": "persistent"}
    return {
        **answer,
        "Issuer": "http://localhost:3000/",
        "Audience": "https://signin.aws.amazon.com/saml",
        "NameQualifier": "B64EncodedStringOfHashOfIssuerAccountIdAndUserId=",
    }


def _assume_with_token(call: Call) -> Item:
    signed_in = from_token(
        call.params["WebIdentityToken"], call.params["RoleArn"], call.params.get("ProviderId")
    )
    answer = _role_session(call, replace(signed_in, name=call.params["RoleSessionName"]))
    return {**answer, **{key: value for key, value in _token_members(signed_in).items() if value}}


def _token_members(signed_in: SignIn) -> Item:
    return {
        "SubjectFromWebIdentityToken": signed_in.subject,
        "Audience": signed_in.audience,
        "Provider": signed_in.provider,
    }


def _role_session(
    call: Call, asked: SignIn, *, chained: bool = False, mfa_at: datetime | None = None
) -> Item:
    role = call.params["RoleArn"]
    duration = call.params.get("DurationSeconds") or asked.duration or _HOUR
    _check_duration(role, duration, chained)
    made = _backend(call).assume_role(
        region_name=call.region,
        role_session_name=asked.name,
        role_arn=role,
        policy=call.params.get("Policy", ""),
        duration=duration,
        external_id=call.params.get("ExternalId", ""),
    )
    now = lab_clock().now()
    session = Session(
        key=made.access_key_id,
        kind="AssumedRole",
        account=made.account_id,
        principal=role,
        name=asked.name,
        issued=now,
        expires=now + timedelta(seconds=duration),
        policies=_inline(call),
        policy_arns=_managed(call),
        tags=asked.tags,
        transitive=asked.transitive,
        source_identity=asked.source_identity,
        mfa_at=mfa_at,
        chained=chained,
        provider=asked.provider,
        attributes=asked.attributes,
    )
    book().add(session)
    arn, userid = identity_of(session)
    user = {"AssumedRoleUser": {"AssumedRoleId": userid, "Arn": arn}}
    keys = _Keys(made.access_key_id, made.secret_access_key, made.session_token)
    return {**_credentials(keys, session), **user, **_packed(session), **_sourced(session)}


def _check_duration(role_arn: str, duration: int, chained: bool) -> None:
    if chained and duration > _HOUR:
        raise Refusal(
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        )
    account, name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
    role = role_of(account, name)
    longest = int(role.max_session_duration or _HOUR) if role is not None else _HALF_DAY
    if duration > longest:
        raise Refusal(
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        )


def _get_session_token(call: Call) -> Item:
    caller = CALLING.get()
    if caller is not None and caller.kind != "User":
        raise Refusal("AccessDenied", "Cannot call GetSessionToken with session credentials")
    mfa = lab_clock().now() if _with_code(call) else None
    session = _user_session(call, "User", caller.principal if caller else _somebody(call), mfa)
    return _credentials(_Keys.of(call, session.key), session)


def _get_federation_token(call: Call) -> Item:
    caller = CALLING.get()
    if caller is not None and caller.session is not None:
        raise Refusal("AccessDenied", "Cannot call GetFederationToken with session credentials")
    session = _user_session(call, "FederatedUser", caller.principal if caller else _somebody(call), None)
    arn, userid = identity_of(session)
    user = {"FederatedUser": {"FederatedUserId": userid, "Arn": arn}}
    return {**_credentials(_Keys.of(call, session.key), session), **user, **_packed(session)}


def _somebody(call: Call) -> str:
    """The user behind keys that nobody made, while nothing is enforced."""
    return f"arn:{call.partition}:iam::{call.account}:user/lab"


def _user_session(call: Call, kind: Any, principal: str, mfa_at: datetime | None) -> Session:
    now = lab_clock().now()
    session = Session(
        key=iam_backends[call.account][call.partition].create_temp_access_key().access_key_id,
        kind=kind,
        account=call.account,
        principal=principal,
        name=call.params.get("Name", ""),
        issued=now,
        expires=now + timedelta(seconds=call.params.get("DurationSeconds", _HALF_DAY)),
        policies=_inline(call),
        policy_arns=_managed(call),
        tags=_tags(call.params.get("Tags", ())),
        mfa_at=mfa_at,
    )
    book().add(session)
    return session


@dataclass(frozen=True, slots=True)
class _Keys:
    """What a client signs with."""

    key: str
    secret: str
    token: str

    @classmethod
    def of(cls, call: Call, key: str) -> "_Keys":
        made = iam_backends[call.account][call.partition].access_keys[key]
        return cls(key, made.secret_access_key, f"lab-session-token-of-{key}")


def _credentials(keys: _Keys, session: Session) -> Item:
    return {
        "Credentials": {
            "AccessKeyId": keys.key,
            "SecretAccessKey": keys.secret,
            "SessionToken": keys.token,
            "Expiration": session.expires,
        }
    }


def _packed(session: Session) -> Item:
    size = sum(map(len, (*session.policies, *session.policy_arns)))
    return {"PackedPolicySize": min(100, -(-100 * size // _PACKED_LIMIT))}


def _sourced(session: Session) -> Item:
    return {"SourceIdentity": session.source_identity} if session.source_identity else {}


def _with_code(call: Call) -> bool:
    """Whether the request brings a code of the caller's MFA device; the lab takes any six digits for right.

    Raises Refusal where the device is not the caller's or the code is none.
    """
    serial, code = call.params.get("SerialNumber"), call.params.get("TokenCode")
    if serial is None and code is None:
        return False
    caller = CALLING.get()
    user = user_of(caller.account, caller.name) if caller is not None else None
    known = caller is None or (user is not None and serial in user.mfa_devices)
    if not known or code is None or not code.isdecimal():
        raise Refusal("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code.")
    return True


def _inline(call: Call) -> tuple[str, ...]:
    policy = call.params.get("Policy")
    return (policy,) if policy else ()


def _managed(call: Call) -> tuple[str, ...]:
    return tuple(each["arn"] for each in call.params.get("PolicyArns", ()))


def _tags(given: Any) -> Mapping[str, str]:
    return {tag["Key"]: tag["Value"] for tag in given}


def _backend(call: Call) -> STSBackend:
    return sts_backends[call.account][call.partition]


def _identity(own: Any, backend: Any, access_key_id: str, region: str) -> Any:
    """GetCallerIdentity of sessions, in whichever account the call lands."""
    session = book().get(access_key_id)
    if session is None:
        return own(backend, access_key_id, region)
    try:
        arn, userid = identity_of(session)
    except KeyRefused:
        return own(backend, access_key_id, region)
    return userid, arn, session.account


OPERATIONS: Mapping[str, registry.Handler] = {
    "AssumeRole": _assume_role,
    "AssumeRoleWithSAML": _assume_with_saml,
    "AssumeRoleWithWebIdentity": _assume_with_token,
    "GetSessionToken": _get_session_token,
    "GetFederationToken": _get_federation_token,
}


def install() -> None:
    """Replace the operations in moto's STS."""
    registry.extend(TokenResponse, url_paths, OPERATIONS, invalid="ValidationError")
    around(STSBackend, "get_caller_identity", _identity)
