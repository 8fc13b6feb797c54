"""Federated trust: what a role asks of the tokens and assertions that it accepts, and how long providers' keys last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from watchword.analysis.iam.admin import parsed
from watchword.analysis.iam.certificates import CertificateError, signing_certificates_end
from watchword.analysis.iam.policy import Policy
from watchword.analysis.iam.trust import Laxity, oidc_laxities, saml_laxities, trusts_of
from watchword.controls.identity.rows import days, judge_each
from watchword.controls.registry import control, gap, met, met_if, unknown
from watchword.model.evidence import EvidenceMissing
from watchword.model.finding import Judgement
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView
from watchword.model.verdict import Severity

CERTIFICATE_LEFT: Final = timedelta(days=30)
"""How long a provider's latest signing certificate must still be valid."""

_EVERYBODY: Final = "everybody may take the role with any token"


@control(
    "ID-13",
    reads=("iam.roles", "iam.oidc_providers", "iam.saml_providers"),
    about="federated trusts or SAML providers",
)
def federated_trust_is_narrow(view: AccountView) -> Iterator[Judgement]:
    """Roles pin audience and subject of what they accept; SAML providers sign with a certificate that lasts."""

    def judge_role(row: Resource) -> Judgement | None:
        policy = parsed(row, "AssumeRolePolicyDocument")
        lax = list(laxities(policy, view))
        shown = row.evidence("AssumeRolePolicyDocument")
        if lax:
            mild = all(one.within_one_source for one in lax)
            because = "; ".join(dict.fromkeys(one.what for one in lax))
            return gap(because, shown, severity=Severity.MEDIUM if mild else None)
        if not any(trust.federated for action in _ACTIONS for trust in trusts_of(policy, action)):
            return None
        return met("every federated trust of the role pins its audience and its subject", shown)

    yield from judge_each(view.rows("iam.roles"), judge_role)
    yield from judge_each(view.rows("iam.saml_providers"), lambda row: _judge_provider(row, view))


def laxities(policy: Policy, view: AccountView) -> Iterator[Laxity]:
    """What a trust policy leaves open of the tokens and assertions that it accepts.

    Raises:
        EvidenceMissing: the account's OpenID Connect providers were not read.
    """
    for action, of_provider in _ACTIONS.items():
        for trust in trusts_of(policy, action):
            if "*" in trust.aws:
                yield Laxity(f"{trust.statement.label}: {_EVERYBODY}")
            for provider in trust.federated:
                is_saml = ":saml-provider/" in provider
                if is_saml and of_provider == "saml":
                    yield from saml_laxities(trust)
                elif not is_saml and of_provider == "oidc":
                    yield from oidc_laxities(trust, provider, _client_ids(provider, view))


_ACTIONS: Final[Mapping[str, str]] = {
    "sts:AssumeRoleWithSAML": "saml",
    "sts:AssumeRoleWithWebIdentity": "oidc",
}


def _client_ids(provider: str, view: AccountView) -> tuple[str, ...]:
    """The audiences that the provider's configuration takes; none where it is no provider of the account."""
    found = view.find("iam.oidc_providers", provider)
    return found.texts("ClientIDList") if found is not None else ()


def _judge_provider(row: Resource, view: AccountView) -> Judgement:
    try:
        ends = signing_certificates_end(row.text("SAMLMetadataDocument"))
    except CertificateError as error:
        raise EvidenceMissing(f"a signing certificate of {row.where} cannot be read: {error}") from error
    shown = (row.evidence("ValidUntil"), row.evidence("SAMLMetadataDocument"))
    if not ends:
        return unknown("the provider's metadata has no signing certificate", *shown)
    until = row.time("ValidUntil", absent=None)
    last = min(max(ends), until) if until is not None else max(ends)
    left = (last - view.now).total_seconds()
    when = f"on {last:%Y-%m-%d}, {days(left)} from now" if left > 0 else f"on {last:%Y-%m-%d}"
    return met_if(
        left > CERTIFICATE_LEFT.total_seconds(),
        f"the provider's latest signing certificate ends {when}",
        f"the provider's latest signing certificate {'ends' if left > 0 else 'ended'} {when}",
        *shown,
    )
