"""How far somebody is in signing in: what they are told, and what is kept in the flow between two proofs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from watchword.errors import SignInRefused
from watchword.model.login import Flow
from watchword.model.people import PrincipalId
from watchword.model.sessions import Session
from watchword.pdp.presets import Proof, ProofKind


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody has signed in: the session's cookie, the session, and the new cookie of known devices."""

    token: str = field(repr=False)
    session: Session = field()
    known: str = field(repr=False, default="")


@dataclass(frozen=True, slots=True)
class Asked:
    """Something was proved and more is asked for: any one of ``kinds``.

    Of a factor that is there, or, if ``enrols``, is made now.  ``flow`` is for the form.
    """

    flow: str = field(repr=False)
    kinds: frozenset[ProofKind]
    enrols: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """``options`` (JSON) for ``navigator.credentials.get()``, ``flow`` for the form that brings the answer."""

    flow: str = field(repr=False)
    options: str


@dataclass(frozen=True, slots=True)
class Word:
    """What an identity provider says: who it is, and how it has proved that."""

    directory: str
    subject: str
    acr: str = ""
    amr: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """Whose proofs there are, and which."""

    principal: PrincipalId
    proofs: tuple[Proof, ...]
    user_name: str = ""

    @property
    def directory(self) -> str:
        """The directory that said first who it is."""
        return next((one.directory for one in self.proofs if one.directory), "")

    def data(self) -> Mapping[str, Any]:
        """As it is kept in a flow."""
        proofs = [
            {
                "kind": one.kind.value,
                "assurance": one.assurance,
                "methods": list(one.methods),
                "factor": one.factor,
                "directory": one.directory,
            }
            for one in self.proofs
        ]
        return {"proofs": proofs, "user_name": self.user_name}

    @classmethod
    def of(cls, flow: Flow) -> Progress:
        """As it was kept.

        Raises:
            SignInRefused: nothing was proved in this flow.
        """
        if flow.principal is None:
            raise SignInRefused("nothing was proved yet")
        proofs = tuple(
            Proof(
                ProofKind(one["kind"]),
                one["assurance"],
                tuple(one["methods"]),
                one["factor"],
                one["directory"],
            )
            for one in flow.data.get("proofs", ())
        )
        return cls(flow.principal, proofs, str(flow.data.get("user_name", "")))


@dataclass(frozen=True, slots=True)
class Refused:
    """Why it goes no further; made into an error when what there is to write down is written down."""

    reason: str
    principal: PrincipalId | None = None


Result = SignedIn | Asked
Settled = SignedIn | Asked | Refused
