"""A password of our own directory, chosen by whose it is; only where the company has any."""

from __future__ import annotations

from dataclasses import replace

from watchword.errors import Forbidden
from watchword.model.factors import Factor, FactorId, FactorKind, FactorStatus, SecretId
from watchword.model.sessions import Session
from watchword.store.state import factor_store, session_store, vault
from watchword.web.login import passwords
from watchword.web.login.arrival import Visit
from watchword.web.login.desk import Desk
from watchword.web.login.enrolment import require_recent
from watchword.web.login.tokens import draw_id


def choose(desk: Desk, session: Session, password: str, user_name: str, visit: Visit) -> None:
    """Take a new password in the place of the old one, if any; other sessions of the person end.

    Raises:
        Forbidden: there are no passwords here.
        ProveAgain: identity was not proved lately.
        PasswordRefused: it is too short or easy to guess.
        SignInThrottled: too many passwords are computed at once.
    """
    if not desk.policy.passwords:
        raise Forbidden("there are no passwords here", remedy="use a passkey")
    with desk.database.reading() as connection:
        who = factor_store.principal(connection, session.principal)
        factors = factor_store.of_principal(connection, session.principal)
    require_recent(session, factors, desk.policy.preset, visit)
    words = (desk.site.name, "watchword", desk.site.rp_id, user_name, who.display_name if who else "")
    alone = desk.policy.preset.assurance < 2
    passwords.check_new(password, words, desk.blocked, has_second=not alone)
    kept = passwords.hashed(password, visit.randomness)
    act = visit.act(session.principal, "chose a password", session.id)
    made = Factor(
        id=FactorId(draw_id("f", visit.randomness)),
        principal=session.principal,
        kind=FactorKind.PASSWORD,
        status=FactorStatus.ACTIVE,
        created=visit.now,
        public={"name": "Password"},
        secret=SecretId(draw_id("s", visit.randomness)),
    )
    with desk.database.writing() as connection:
        vault.put(connection, desk.vault, SecretId(str(made.secret)), kept, visit.now)
        factor_store.add(connection, made, act)
        for one in factor_store.active(connection, session.principal, FactorKind.PASSWORD):
            if one.id != made.id:
                factor_store.move(connection, one, FactorStatus.REMOVED, act, {"secret": None})
                vault.forget(connection, SecretId(str(one.secret)))
        session_store.end_all(
            connection, session.principal, replace(act, why="chose a password"), but=session.id
        )
