"""Signing in: from the first proof to a session (docs/sign-in.md, step 1).

1.1 An attempt is counted before it is looked at.
1.2 A first proof says who somebody is: a password (ours or LDAP's), or an identity provider's word.  Or a passkey, which says
    who and proves it.
1.3 Whose proof it is must be somebody who may come.
1.4 What has been proved together is as strong as the company asks: a session begins.
1.5 Else one of the person's own factors is asked for that would make it so.
1.6 Else, where the person never had a factor and has lately come to be, they may enrol one now; nobody else may.
1.7 Else it is refused.

Whoever asks is told ``SignedIn``, ``Asked``, or an error with the same sentence whatever went wrong (``SAME``); the reason is in
the error's ``what`` and in the event, for the log only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from watchword.errors import SignInRefused
from watchword.model.directory import DirectoryAccount
from watchword.model.factors import Factor, FactorKind, FactorStatus
from watchword.model.login import Flow, FlowKind
from watchword.model.people import Principal, PrincipalId
from watchword.model.sessions import Session
from watchword.pdp import presets
from watchword.pdp.presets import Proof, Trust
from watchword.store.state import factor_store, throttling, vault
from watchword.store.state.connection import Connection
from watchword.store.state.factors import advance
from watchword.store.state.throttling import Gate
from watchword.web.login import passkeys, throttles, totp, under_way
from watchword.web.login.arrival import Visit
from watchword.web.login.desk import LOCAL, Desk
from watchword.web.login.progress import Asked, Offer, Progress, Refused, Result, Settled, SignedIn, Word
from watchword.web.login.settling import admit, admitted, proof_of, refuse, rotated, settle, settled
from watchword.web.login.tokens import b64, unb64

__all__ = [
    "SAME",
    "Asked",
    "Offer",
    "Result",
    "SignedIn",
    "Word",
    "again_passkey",
    "again_totp",
    "check_ldap",
    "offer_again",
    "offer_passkey",
    "prove_federated",
    "prove_passkey",
    "prove_password",
    "prove_totp",
]

SAME: Final = "That did not work. Check what you have entered, and try again."
"""What everybody is told whose sign-in is refused, whatever the reason."""


def prove_password(desk: Desk, user_name: str, password: str, visit: Visit) -> Result:
    """A first proof: name and password of our own directory.

    Raises:
        SignInThrottled, SignInRefused: it did not work.
    """
    from watchword.web.login import passwords

    typed = user_name.strip().casefold()[:256]
    with desk.database.reading() as connection:
        who = factor_store.by_user_name(connection, LOCAL, typed) if _keepable(typed) else None
        factor = _password_of(connection, who)
        kept = None if factor is None else vault.get(connection, desk.vault, factor.secret)
    gates, visit = admitted(desk, "password", who.id if who else typed, who, visit)
    # The same work is done whether there is such a name or not, and whether we have passwords or not.
    right = passwords.verify(kept if desk.policy.passwords else None, password)
    if not right or who is None or factor is None:
        raise refuse(
            desk, Refused("wrong_password" if factor else "unknown_account", who.id if who else None), visit
        )
    proof = presets.password(factor.id, LOCAL)
    outdated = kept is not None and passwords.is_outdated(kept)
    anew = passwords.hashed(password, visit.randomness) if outdated else None

    def first(connection: Connection) -> Settled:
        if not factor_store.used(connection, factor, visit.now):
            return Refused("factor_changed", who.id)
        throttling.forgive(connection, gates, visit.now)
        if anew is not None and factor.secret is not None:
            vault.replace(connection, desk.vault, factor.secret, anew, visit.now)
        return settle(connection, desk, Progress(who.id, (proof,), typed), visit)

    return settled(desk, first, visit)


def check_ldap(
    desk: Desk, directory: str, user_name: str, check: Callable[[], DirectoryAccount], visit: Visit
) -> Result:
    """A first proof: name and password of an LDAP directory, which ``check`` asks once the attempt is counted.

    Raises:
        SignInThrottled, SignInRefused: it did not work.
        DirectoryError: the directory cannot be asked.
    """
    typed = user_name.strip().casefold()[:256]
    with desk.database.reading() as connection:
        who = factor_store.by_user_name(connection, directory, typed) if _keepable(typed) else None
    gates, visit = admitted(desk, "ldap", who.id if who else f"{directory}\0{typed}", who, visit)
    try:
        account = check()
    except SignInRefused as error:
        raise refuse(desk, Refused(error.what, who.id if who else None), visit, directory) from None
    known = (account.directory, account.subject)
    return _first(desk, known, presets.ldap(directory), visit, gates=gates, user_name=typed)


def prove_federated(desk: Desk, word: Word, visit: Visit) -> Result:
    """A first proof: the word of an identity provider, whose signature the caller has verified.

    Raises:
        SignInRefused: whose account it is nobody knows, or they may not come.
    """
    trust = desk.policy.trust.get(word.directory, Trust())
    proof = presets.federated(word.directory, trust, word.acr, word.amr)
    return _first(desk, (word.directory, word.subject), proof, visit)


def _first(
    desk: Desk,
    account: tuple[str, str],
    proof: Proof,
    visit: Visit,
    *,
    gates: Sequence[Gate] = (),
    user_name: str = "",
) -> Result:
    """Go on from a first proof by a directory's account."""

    def first(connection: Connection) -> Settled:
        who = factor_store.by_open_account(connection, *account)
        if who is None:
            return Refused("unknown_account")
        throttling.forgive(connection, gates, visit.now)
        return settle(connection, desk, Progress(who.id, (proof,), user_name), visit)

    return settled(desk, first, visit, proof.directory)


def prove_totp(desk: Desk, flow: str, code: str, visit: Visit) -> Result:
    """A second proof: a code of an app, in the flow of the first proof.

    Raises:
        SignInThrottled, SignInRefused: it did not work; another code may be tried in the same flow.
    """
    with desk.database.reading() as connection:
        progress = Progress.of(under_way.look(connection, FlowKind.SIGN_IN, flow, visit))
        who = factor_store.principal(connection, progress.principal)
    gates, visit = admitted(desk, "totp", progress.principal, who, visit)

    def second(connection: Connection) -> Settled:
        found = under_way.look(connection, FlowKind.SIGN_IN, flow, visit)
        used = _used_app(connection, desk, progress.principal, code, visit)
        if isinstance(used, Refused):
            return used
        under_way.spend(connection, FlowKind.SIGN_IN, flow, visit)
        throttling.forgive(connection, gates, visit.now)
        more = replace(Progress.of(found), proofs=(*progress.proofs, presets.totp(used.id)))
        return settle(connection, desk, more, visit)

    return settled(desk, second, visit, progress.directory)


def _used_app(
    connection: Connection, desk: Desk, who: PrincipalId, code: str, visit: Visit
) -> Factor | Refused:
    """The app whose code this is; the code is taken by this call and never again."""
    replayed = False
    for app in factor_store.active(connection, who, FactorKind.TOTP):
        seed = vault.get(connection, desk.vault, app.secret)
        step = totp.step_of(seed, code, visit.now, app.counter)
        if step is not None and advance(connection, app.id, step, visit.now):
            return app
        replayed = replayed or totp.step_of(seed, code, visit.now, -1) is not None
    return Refused("replayed_code" if replayed else "wrong_code", who)


def offer_passkey(desk: Desk, visit: Visit, flow: str = "") -> Offer:
    """Begin a sign-in by passkey: of whoever comes, or of whom the flow of a first proof is.

    Raises:
        SignInRefused: there is no such flow, or the browser has no flow cookie.
    """
    challenge = visit.randomness(passkeys.CHALLENGE_BYTES)
    with desk.database.writing() as connection:
        allowed: Sequence[Factor] = ()
        data: dict[str, Any] = {"challenge": b64(challenge), "for": "sign_in"}
        principal = None
        if flow:
            progress = Progress.of(under_way.look(connection, FlowKind.SIGN_IN, flow, visit))
            principal = progress.principal
            allowed = factor_store.active(connection, principal, FactorKind.PASSKEY)
            data |= progress.data()
        begun = _challenged(connection, data, visit, principal)
    return Offer(begun.token, passkeys.request_options(desk.site, challenge, allowed))


def prove_passkey(desk: Desk, flow: str, answer: str, visit: Visit) -> Result:
    """A passkey: first and second proof in one.

    Raises:
        SignInThrottled, SignInRefused: it did not work; the flow is spent, and another must be begun.
    """
    admit(desk, throttles.signing(visit.arrival.address), visit, Refused("throttled"))
    spent = _spent(desk, flow, "sign_in", visit)
    factor, asserted = _asserted(desk, spent, answer, visit)

    def proved(connection: Connection) -> Settled:
        used = _used_passkey(connection, desk, factor, asserted, visit)
        if isinstance(used, Refused):
            return used
        throttling.forgive(connection, throttles.signing(visit.arrival.address), visit.now)
        before = Progress.of(spent).proofs if spent.principal is not None else ()
        user_name = str(spent.data.get("user_name", ""))
        return settle(connection, desk, Progress(factor.principal, (*before, used), user_name), visit)

    return settled(desk, proved, visit)


def offer_again(desk: Desk, session: Session, visit: Visit) -> Offer:
    """Begin to prove again, by a passkey, who somebody is who has signed in.

    Raises:
        SignInRefused: the browser has no flow cookie.
    """
    challenge = visit.randomness(passkeys.CHALLENGE_BYTES)
    data = {"challenge": b64(challenge), "for": "again", "session": session.id}
    with desk.database.writing() as connection:
        allowed = factor_store.active(connection, session.principal, FactorKind.PASSKEY)
        begun = _challenged(connection, data, visit, session.principal)
    return Offer(begun.token, passkeys.request_options(desk.site, challenge, allowed))


def again_passkey(desk: Desk, session: Session, flow: str, answer: str, visit: Visit) -> SignedIn:
    """Prove again by a passkey who somebody is: the session is rotated, and fresh.

    Raises:
        SignInThrottled, SignInRefused: it did not work; the session is as it was.
    """
    admit(desk, throttles.signing(visit.arrival.address), visit, Refused("throttled", session.principal))
    spent = _spent(desk, flow, "again", visit)
    if spent.data.get("session") != session.id:
        raise refuse(desk, Refused("another_session", session.principal), visit)
    factor, asserted = _asserted(desk, spent, answer, visit)

    def proved(connection: Connection) -> Settled:
        used = _used_passkey(connection, desk, factor, asserted, visit)
        if isinstance(used, Refused):
            return used
        throttling.forgive(connection, throttles.signing(visit.arrival.address), visit.now)
        return rotated(connection, session, used, visit)

    return _only_signed_in(settled(desk, proved, visit))


def again_totp(desk: Desk, session: Session, code: str, visit: Visit) -> SignedIn:
    """Prove again by a code who somebody is: the session is rotated; what needs a passkey it does not open.

    Raises:
        SignInThrottled, SignInRefused: it did not work; the session is as it was.
    """
    with desk.database.reading() as connection:
        who = factor_store.principal(connection, session.principal)
    gates, visit = admitted(desk, "totp", session.principal, who, visit)

    def proved(connection: Connection) -> Settled:
        used = _used_app(connection, desk, session.principal, code, visit)
        if isinstance(used, Refused):
            return used
        throttling.forgive(connection, gates, visit.now)
        return rotated(connection, session, presets.totp(used.id), visit)

    return _only_signed_in(settled(desk, proved, visit))


def _challenged(
    connection: Connection, data: Mapping[str, Any], visit: Visit, principal: PrincipalId | None
) -> under_way.Begun:
    lasts = timedelta(seconds=passkeys.SECONDS)
    return under_way.begin(
        connection, FlowKind.PASSKEY_SIGN_IN, visit, data, principal=principal, lasts=lasts
    )


def _spent(desk: Desk, flow: str, what_for: str, visit: Visit) -> Flow:
    """The flow that holds the challenge, spent before the answer is looked at."""
    with desk.database.writing() as connection:
        spent = under_way.spend(connection, FlowKind.PASSKEY_SIGN_IN, flow, visit)
    if spent.data.get("for") != what_for:
        raise SignInRefused("a flow for another purpose")
    return spent


def _asserted(desk: Desk, flow: Flow, answer: str, visit: Visit) -> tuple[Factor, passkeys.Asserted]:
    """The passkey that has signed the flow's challenge."""
    try:
        handle = passkeys.handle_of(answer)
        with desk.database.reading() as connection:
            factor = factor_store.by_handle(connection, handle) if _keepable(handle) else None
        if factor is None or factor.kind is not FactorKind.PASSKEY:
            raise passkeys.PasskeyRefused("unknown_passkey")
        if factor.status is not FactorStatus.ACTIVE:
            raise passkeys.PasskeyRefused("passkey_not_active", where=factor.principal)
        if flow.principal is not None and flow.principal != factor.principal:
            raise passkeys.PasskeyRefused("somebody else's passkey", where=factor.principal)
        challenge = unb64(str(flow.data["challenge"]))
        named = flow.principal is not None
        return factor, passkeys.check_assertion(desk.site, challenge, factor, answer, named=named)
    except passkeys.PasskeyRefused as error:
        whose = PrincipalId(error.where) if error.where else flow.principal
        raise refuse(desk, Refused(error.what, whose), visit) from None


def _used_passkey(
    connection: Connection, desk: Desk, factor: Factor, asserted: passkeys.Asserted, visit: Visit
) -> Proof | Refused:
    """What a passkey proves that has signed; one whose counter has fallen is suspended, for there are two of it."""
    if asserted.counter is None or not advance(connection, factor.id, asserted.counter, visit.now):
        current = factor_store.get(connection, factor.id)
        if asserted.counter is None and current is not None and current.status is FactorStatus.ACTIVE:
            act = visit.act("watchword", "its counter has fallen: there may be a copy of it")
            factor_store.move(connection, current, FactorStatus.SUSPENDED, act)
            return Refused("counter_fell", factor.principal)
        return Refused("passkey_used_elsewhere", factor.principal)
    proof = proof_of(desk, factor)
    if proof is None:
        return Refused("no_passkey", factor.principal)
    if asserted.backed_up != factor.public.get("backed_up"):
        current = factor_store.get(connection, factor.id)
        if current is not None:
            public = {**current.public, "backed_up": asserted.backed_up}
            act = visit.act(factor.principal, "is kept elsewhere, too, or no longer")
            factor_store.move(connection, current, None, act, {"public": public})
    return proof


def _password_of(connection: Connection, who: Principal | None) -> Factor | None:
    found = factor_store.active(connection, who.id, FactorKind.PASSWORD) if who else ()
    return found[0] if found else None


def _keepable(typed: str) -> bool:
    """Whether a name could be in the database at all; PostgreSQL refuses even to look for others."""
    return bool(typed) and "\0" not in typed and not any("\ud800" <= one <= "\udfff" for one in typed)


def _only_signed_in(result: Result) -> SignedIn:
    if not isinstance(result, SignedIn):
        raise SignInRefused("not signed in")
    return result
