"""The first factor of somebody who has brought a first proof only (docs/sign-in.md, step 6).

Open only where ``settling.may_enrol`` says so, which is asked when the flow begins and again when the factor is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from watchword.errors import SignInRefused
from watchword.model.factors import Factor
from watchword.model.login import Flow, FlowKind
from watchword.model.people import Principal
from watchword.store.state import factor_store
from watchword.store.state.connection import Connection
from watchword.web.login import enrolment, under_way
from watchword.web.login.arrival import Visit
from watchword.web.login.desk import Desk
from watchword.web.login.enrolment import Answer, AppOffer, Grounds, PasskeyOffer, Purpose
from watchword.web.login.progress import Progress, Refused, Result
from watchword.web.login.settling import may_enrol, proof_of, settle


def offer_passkey(desk: Desk, flow: str, visit: Visit) -> PasskeyOffer:
    """Begin to register a passkey, in the flow of a first proof.

    Raises:
        SignInRefused: there is no such flow, or they may not enrol in it.
    """
    who, progress = _entitled(desk, flow, visit)
    grounds = Grounds(Purpose.FIRST_PROOF, progress.data())
    return enrolment.offer_passkey(desk, who, progress.user_name, grounds, visit)


def offer_totp(desk: Desk, flow: str, visit: Visit) -> AppOffer:
    """Begin to enrol an app, in the flow of a first proof.

    Raises:
        SignInRefused: there is no such flow, or they may not enrol in it.
    """
    who, progress = _entitled(desk, flow, visit)
    grounds = Grounds(Purpose.FIRST_PROOF, progress.data())
    return enrolment.offer_totp(desk, who, progress.user_name, grounds, visit)


def take_passkey(desk: Desk, answer: Answer, visit: Visit) -> Result:
    """Keep the passkey and sign in.

    Raises:
        SignInRefused: the answer is not what was asked for, or they may not enrol any more.
    """
    return enrolment.take_passkey(desk, answer, Purpose.FIRST_PROOF, visit, _Then(desk, visit))


def take_totp(desk: Desk, answer: Answer, visit: Visit) -> Result:
    """Keep the app and sign in.

    Raises:
        SignInRefused: the code is wrong, or they may not enrol any more.
    """
    return enrolment.take_totp(desk, answer, Purpose.FIRST_PROOF, visit, _Then(desk, visit))


@dataclass(frozen=True, slots=True)
class _Then:
    """What is done with the factor that was kept, in the same transaction."""

    desk: Desk
    visit: Visit

    def __call__(self, connection: Connection, flow: Flow, factor: Factor) -> Result:
        who = factor_store.principal(connection, factor.principal)
        others = [
            one for one in factor_store.of_principal(connection, factor.principal) if one.id != factor.id
        ]
        proof = proof_of(self.desk, factor)
        if who is None or proof is None or not may_enrol(self.desk, who, others, self.visit):
            raise SignInRefused("may not enrol any more", where=factor.principal)
        before = Progress.of(flow)
        result = settle(
            connection,
            self.desk,
            Progress(factor.principal, (*before.proofs, proof), before.user_name),
            self.visit,
        )
        if isinstance(result, Refused):
            raise SignInRefused(result.reason, where=factor.principal)
        return result


def _entitled(desk: Desk, flow: str, visit: Visit) -> tuple[Principal, Progress]:
    with desk.database.reading() as connection:
        found = under_way.look(connection, FlowKind.SIGN_IN, flow, visit)
        progress = Progress.of(found)
        who = factor_store.principal(connection, progress.principal)
        factors = factor_store.of_principal(connection, progress.principal)
    if who is None or not found.data.get("enrols") or not may_enrol(desk, who, factors, visit):
        raise SignInRefused("may not enrol", where=progress.principal)
    return who, progress
