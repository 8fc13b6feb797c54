"""Sessions bound to a key of the browser's device: a stolen cookie is worth minutes (docs/sign-in.md, step 12).

After W3C Device Bound Session Credentials (https://w3c.github.io/webappsec-dbsc/, editor's draft).  The browser makes a key that
it cannot give away, proves it once (``Secure-Session-Response``: a JWT whose ``jti`` is our challenge), and again each time the
short-lived cookie ``__Host-ww-device`` has run out.  That cookie is an HMAC over the session and its end, so nothing is written
down for it.  Browsers that know nothing of this leave the header be; their sessions are not bound.

The draft has moved: the public key stands in the JWT's header as ``jwk``, in older browsers in its payload as ``key``; both are
read.  Pure but for ``bind``; challenges are values of flows, and so are spent once.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from watchword.errors import SignInRefused
from watchword.model.login import FlowKind
from watchword.model.sessions import Session, SessionId, SessionState
from watchword.store.state import session_store
from watchword.store.state.vault import Vault
from watchword.web.login import under_way
from watchword.web.login.arrival import Visit
from watchword.web.login.desk import Desk
from watchword.web.login.tokens import b64

if TYPE_CHECKING:
    from joserfc.jwk import ECKey

COOKIE: Final = "__Host-ww-device"
REGISTRATION: Final = "Secure-Session-Registration"
CHALLENGE: Final = "Secure-Session-Challenge"
RESPONSE: Final = "Secure-Session-Response"
SESSION_ID: Final = "Sec-Secure-Session-Id"

LASTS: Final = timedelta(minutes=10)
"""How long the short-lived cookie lasts: what a stolen session is worth at most."""

GRACE: Final = timedelta(minutes=2)
"""How long after its end the cookie still holds, since the browser may be about to refresh it."""

LONGEST: Final = 4096
"""Characters of a proof."""

PURPOSE: Final = "sign cookies of bound devices"

_COOKIE: Final = re.compile(r"([0-9]{1,12})\.([A-Za-z0-9_-]{43})", re.ASCII)


def registration_header(challenge: str, path: str = "/device/register") -> str:
    """The value of ``Secure-Session-Registration``, sent once after a sign-in; a structured field (RFC 9651)."""
    return f'(ES256);path="{path}";challenge="{challenge}"'


def challenge_header(challenge: str, session: SessionId) -> str:
    """The value of ``Secure-Session-Challenge``, sent with 403 to a refresh without proof."""
    return f'"{challenge}";id="{public_id(session)}"'


def public_id(session: SessionId) -> str:
    """By what the browser names the session to us: derived, since the session's id has no business outside."""
    return b64(hmac.digest(b"watchword device session", session.encode(), "sha256"))[:22]


def instructions(session: SessionId, origin: str, refresh: str = "/device/refresh") -> Mapping[str, Any]:
    """What the browser is told once its key is registered (JSON)."""
    return {
        "session_identifier": public_id(session),
        "refresh_url": refresh,
        "scope": {"origin": origin, "include_site": False, "scope_specification": []},
        "credentials": [
            {"type": "cookie", "name": COOKIE, "attributes": "Path=/; Secure; HttpOnly; SameSite=Lax"}
        ],
    }


def check_registration(proof: str, challenge: str) -> str:
    """The public key that a browser has proved, as canonical JSON (a JWK of P-256).

    Raises:
        SignInRefused: the proof is none.
    """
    header, claims = _unverified(proof)
    told = header.get("jwk", claims.get("key"))
    if not isinstance(told, dict):
        raise SignInRefused("a device's proof without key")
    key = _key(told)
    _verify(proof, key, challenge)
    return json.dumps(key.as_dict(private=False), sort_keys=True, separators=(",", ":"))


def check_refresh(proof: str, challenge: str, device_key: str) -> None:
    """See that a browser still has the key to which the session is bound.

    Raises:
        SignInRefused: the proof is none, or another key's.
    """
    try:
        kept = json.loads(device_key)
    except ValueError:
        raise SignInRefused("a session whose device's key cannot be read") from None
    _verify(proof, _key(kept), challenge)


def bound_cookie(vault: Vault, session: SessionId, now: datetime) -> str:
    """The value of the short-lived cookie, for ``LASTS`` from now."""
    end = int((now + LASTS).timestamp())
    return f"{end}.{_tag(vault.derived(PURPOSE)[0], session, end)}"


def holds(vault: Vault, session: SessionId, cookie: str, now: datetime) -> bool:
    """Whether a short-lived cookie is this session's and has not run out."""
    match = _COOKIE.fullmatch(cookie)
    if match is None:
        return False
    end = int(match[1])
    ours = [hmac.compare_digest(_tag(key, session, end), match[2]) for key in vault.derived(PURPOSE)]
    left = end - now.timestamp()
    return any(ours) and -GRACE.total_seconds() < left <= LASTS.total_seconds() + 60


def challenge(desk: Desk, session: SessionId, visit: Visit) -> str:
    """A challenge for a session's device, to be answered once within minutes.

    Raises:
        SignInRefused: the browser has no flow cookie.
    """
    with desk.database.writing() as connection:
        begun = under_way.begin(connection, FlowKind.DEVICE, visit, {"session": session})
    return begun.token


def bind(desk: Desk, session: SessionId, proof: str, visit: Visit) -> None:
    """Bind a session to the key that its browser proves; one that is bound stays bound to its key.

    Raises:
        SignInRefused: the proof is none, or the session is over or bound.
        RowChanged: the session changed at the same time.
    """
    key = check_registration(proof, _answered(desk, session, proof, visit))
    with desk.database.writing() as connection:
        held = session_store.find(connection, session)
        if held is None or held.session.state is not SessionState.ACTIVE or held.session.device_key:
            raise SignInRefused("a session that cannot be bound")
        act = visit.act(held.session.principal, "bound to its device", session)
        session_store.amend(connection, held.session, act, device_key=key)


def refresh(desk: Desk, session: Session, proof: str, visit: Visit) -> str:
    """A new short-lived cookie for a bound session, on a proof of its key.

    Raises:
        SignInRefused: the proof is none, or another key's.
    """
    if not session.device_key:
        raise SignInRefused("a session that is not bound")
    check_refresh(proof, _answered(desk, session.id, proof, visit), session.device_key)
    return bound_cookie(desk.vault, session.id, visit.now)


def _answered(desk: Desk, session: SessionId, proof: str, visit: Visit) -> str:
    """The challenge that a proof answers, spent before the proof is looked at."""
    told = str(_unverified(proof)[1].get("jti", ""))
    with desk.database.writing() as connection:
        flow = under_way.spend(connection, FlowKind.DEVICE, told, visit)
    if flow.data.get("session") != session:
        raise SignInRefused("another session's challenge")
    return told


def _tag(key: bytes, session: SessionId, end: int) -> str:
    return b64(hmac.digest(key, f"{session}.{end}".encode(), "sha256"))


def _unverified(proof: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Header and claims of a proof that is not believed yet."""
    from watchword.web.login.tokens import unb64

    parts = proof.split(".")
    if len(proof) > LONGEST or len(parts) != 3:
        raise SignInRefused("a device's proof of another form")
    try:
        header, claims = (json.loads(unb64(part)) for part in parts[:2])
    except (ValueError, RecursionError):
        raise SignInRefused("a device's proof that cannot be read") from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise SignInRefused("a device's proof of another form")
    if header.get("alg") != "ES256" or header.get("typ") != "dbsc+jwt" or "crit" in header:
        raise SignInRefused("a device's proof of another kind")
    return header, claims


def _key(told: Mapping[str, Any]) -> ECKey:
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey

    if told.get("kty") != "EC" or told.get("crv") != "P-256" or "d" in told:
        raise SignInRefused("a device's key of another kind")
    try:
        key = ECKey.import_key({name: str(told.get(name, "")) for name in ("kty", "crv", "x", "y")})
        key.as_dict(private=False)
        # Only now is it seen whether the point lies on the curve.
        key.get_op_key("verify")
    except (JoseError, ValueError, TypeError):
        raise SignInRefused("a device's key that is none") from None
    return key


def _verify(proof: str, key: ECKey, expected: str) -> None:
    from joserfc import jwt
    from joserfc.errors import JoseError

    try:
        claims = jwt.decode(proof, key, algorithms=["ES256"]).claims
    except (JoseError, ValueError, TypeError):
        raise SignInRefused("a device's proof with a wrong signature") from None
    told = claims.get("jti")
    if not isinstance(told, str) or not hmac.compare_digest(told.encode(), expected.encode()):
        raise SignInRefused("a device's proof of another challenge")
