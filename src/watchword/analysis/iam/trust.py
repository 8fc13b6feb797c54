"""What a role's trust policy asks of those who take the role: MFA, an external id, claims of an identity provider.

Looks at single Allow statements and at the Denies that guard them.  Which accounts a trust lets in is told by
``exposure``; whether a claim is narrow enough is told here, with what is known of common issuers.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from watchword.analysis.iam.policy import EVERYONE, Condition, Policy, PolicyError, Statement, parse
from watchword.model.resource import Resource

_DELETED: Final = ("AIDA", "AROA", "AGPA", "ANPA")
"""A principal that was deleted stands in the policy as its unique id, and lets nobody in.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
"""

_ROLE: Final = re.compile(r"arn:[\w-]+:(iam::\d{12}:role/|sts::\d{12}:assumed-role/).+")
_MFA, _AGE, _EXTERNAL_ID = "aws:multifactorauthpresent", "aws:multifactorauthage", "sts:externalid"

GITHUB: Final = "token.actions.githubusercontent.com"
COGNITO: Final = "cognito-identity.amazonaws.com"

_AUDIENCE_KEYS: Final = {"www.amazon.com": "app_id", "graph.facebook.com": "app_id"}
"""Issuers whose audience has another name than ``aud``."""

_NARROW: Final = {
    # One repository, and of it named branches, tags, environments or events; refs/heads/* is every branch.
    GITHUB: re.compile(r"repo:[^*?:/]+/[^*?:/]+:(?!ref:refs/(heads/|tags/)?\*)[^*?:]+(:[^*?].*)?"),
    # One project, with the kind of ref named.
    "gitlab.com": re.compile(r"project_path:[^*?:]+/[^*?:]+:ref_type:[^*?:]+:ref:[^*?].*"),
    # One workspace; plan and apply are both its phases.
    "app.terraform.io": re.compile(r"organization:[^*?:]+:project:[^*?:]+:workspace:[^*?:]+:run_phase:.+"),
}
"""Subjects with wildcards that are narrow all the same, by issuer."""

_ONE_SOURCE: Final = {
    GITHUB: (re.compile(r"repo:[^*?:/]+/[^*?:/]+:.*"), "every branch and pull request of the repository"),
    "oidc.eks": (re.compile(r"system:serviceaccount:[^*?:]+:.*"), "every service account of the namespace"),
}
"""Subjects that are broad, but within one source: what they let in, in words."""


@dataclass(frozen=True, slots=True)
class Trust:
    """An Allow of a trust policy for one way of taking the role."""

    statement: Statement

    @property
    def aws(self) -> tuple[str, ...]:
        """The AWS principals that are named and exist; ``*`` for everybody."""
        principals = self.statement.principals
        if principals is None:
            return (EVERYONE,) if self.statement.not_principals is not None else ()
        if principals.everyone:
            return (EVERYONE,)
        return tuple(one for one in principals.aws if not one.startswith(_DELETED))

    @property
    def names_aws(self) -> bool:
        """Whether any AWS principal is named (services and identity providers are none)."""
        return bool(self.aws)

    @property
    def names(self) -> tuple[str, ...]:
        """The AWS principals for people."""
        return tuple("everybody" if one == EVERYONE else one for one in self.aws)

    @property
    def names_roles_only(self) -> bool:
        """Whether all AWS principals are single roles or their sessions."""
        return all(_ROLE.fullmatch(one) for one in self.aws)

    @property
    def federated(self) -> tuple[str, ...]:
        """The identity providers that are named."""
        principals = self.statement.principals
        return principals.federated if principals is not None else ()

    @property
    def asks_for_external_id(self) -> bool:
        """Whether the caller must know an external id (which is spelt out, not a pattern of everything)."""
        return any(_pins(one) for one in _on(self.statement, _EXTERNAL_ID))


def trusts_of(policy: Policy, action: str) -> tuple[Trust, ...]:
    """The Allows of a trust policy that cover ``action`` (``sts:AssumeRole``)."""
    return tuple(Trust(statement) for statement in policy.allows if statement.covers_action(action))


def asks_for_mfa(policy: Policy, trust: Trust, age: int) -> bool:
    """Whether the role can be taken through ``trust`` only on MFA that is at most ``age`` seconds old.

    A limit on ``aws:MultiFactorAuthAge`` suffices, since the key is there only after MFA.  A Deny for everybody guards
    as well, if it also catches requests without the key (``…IfExists`` or ``Null``).
    """
    guards = [
        deny
        for deny in policy.denies
        if deny.covers_action("sts:AssumeRole") and deny.principals is not None and deny.principals.everyone
    ]
    fresh = any(_limits_age(one, age) for one in trust.statement.conditions)
    fresh_by_deny = any(_refuses_old(deny, age) for deny in guards)
    return fresh or (
        fresh_by_deny and (_present(trust.statement) or any(_refuses_absent(deny) for deny in guards))
    )


def is_workload(arn: str, roles: Mapping[str, Resource]) -> bool:
    """Whether ``arn`` is a role of ``roles`` that only AWS services may take, so that no person stands behind it."""
    row = roles.get(arn)
    if row is None:
        return False
    document = row.document("AssumeRolePolicyDocument", absent=None)
    try:
        policy = parse(document.data) if document else Policy()
    except PolicyError:
        return False
    kinds = [statement.principals for statement in policy.allows]
    return bool(kinds) and all(
        one is not None and one.service and not (one.everyone or one.aws or one.federated or one.canonical)
        for one in kinds
    )


# --- federation ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Laxity:
    """What a federated trust leaves open, in words; ``within_one_source`` where it is at least one repository's."""

    what: str
    within_one_source: bool = False


def saml_laxities(trust: Trust) -> Iterator[Laxity]:
    """What a trust in a SAML provider leaves open."""
    if not any(_pins(one) for one in _on(trust.statement, "saml:aud")):
        yield Laxity(f"{trust.statement.label} does not pin SAML:aud")


def oidc_laxities(trust: Trust, provider: str, client_ids: tuple[str, ...]) -> Iterator[Laxity]:
    """What a trust in an OpenID Connect provider leaves open.

    ``provider`` is the principal (an ARN or a host name), ``client_ids`` those that the provider's configuration takes:
    a single one pins the audience as a condition would.
    """
    issuer = issuer_of(provider)
    label = trust.statement.label
    audience = f"{issuer}:{_AUDIENCE_KEYS.get(issuer, 'aud')}"
    if len(client_ids) != 1 and not any(_pins(one) for one in _on(trust.statement, audience)):
        yield Laxity(f"{label} does not pin {audience}")
    if issuer == COGNITO:
        if not any(not one.is_negated for one in _on(trust.statement, f"{COGNITO}:amr")):
            yield Laxity(
                f"{label} does not say whether guests of the identity pool are meant ({COGNITO}:amr)"
            )
        return
    subjects = [one for one in _on(trust.statement, f"{issuer}:sub") if _is_positive(one)]
    if not subjects:
        yield Laxity(f"{label} does not pin {issuer}:sub")
    elif not any(all(_is_narrow(issuer, one, value) for value in one.values) for one in subjects):
        yield from _broad(label, issuer, subjects)


def issuer_of(provider: str) -> str:
    """The issuer as it stands in condition keys: host and path, without scheme."""
    return provider.rpartition(":oidc-provider/")[2]


def _broad(label: str, issuer: str, subjects: list[Condition]) -> Iterator[Laxity]:
    values = [value for one in subjects for value in one.values if not _is_narrow(issuer, one, value)]
    host = "oidc.eks" if issuer.startswith("oidc.eks.") else issuer
    pattern, words = _ONE_SOURCE.get(host, (None, ""))
    for value in dict.fromkeys(values):
        if pattern is not None and pattern.fullmatch(value):
            yield Laxity(f"{label} takes the subject {value}: {words}", within_one_source=True)
        else:
            yield Laxity(f"{label} takes the subject {value}, which is more than one")


def _is_narrow(issuer: str, condition: Condition, value: str) -> bool:
    if not condition.takes_wildcards or not set(value) & set("*?"):
        return bool(value)
    pattern = _NARROW.get(issuer)
    return pattern is not None and pattern.fullmatch(value) is not None


def _on(statement: Statement, key: str) -> Iterator[Condition]:
    wanted = key.lower()
    return (one for one in statement.conditions if one.name == wanted)


def _is_positive(condition: Condition) -> bool:
    """Whether the request must have the key, with a text that equals or resembles one of the values."""
    return (
        condition.operator.startswith(("String", "Arn"))
        and not condition.is_negated
        and not condition.holds_without_key
    )


def _pins(condition: Condition) -> bool:
    """Whether the condition names values, none of them with a wildcard."""
    wild = condition.takes_wildcards and any(set(value) & set("*?") for value in condition.values)
    return _is_positive(condition) and not wild and all(condition.values)


# --- MFA -------------------------------------------------------------------------------------------------------------


def _limits_age(condition: Condition, age: int) -> bool:
    return (
        condition.name == _AGE
        and condition.operator in {"NumericLessThan", "NumericLessThanEquals", "NumericEquals"}
        and not condition.holds_without_key
        and _at_most(condition.values, age)
    )


def _present(statement: Statement) -> bool:
    return any(
        one.operator == "Bool" and not one.if_exists and _says(one, "true") for one in _on(statement, _MFA)
    ) or any(one.operator == "Null" and _says(one, "false") for one in _on(statement, _AGE))


def _refuses_old(deny: Statement, age: int) -> bool:
    return _only(deny, _AGE) and all(
        one.operator in {"NumericGreaterThan", "NumericGreaterThanEquals"} and _at_most(one.values, age)
        for one in deny.conditions
    )


def _refuses_absent(deny: Statement) -> bool:
    """Whether the Deny catches a request without MFA."""
    if _only(deny, _MFA):
        return all(
            one.operator == "Bool" and one.if_exists and _says(one, "false") for one in deny.conditions
        )
    if not _only(deny, _AGE):
        return False
    return all(one.holds_without_key for one in deny.conditions)


def _only(deny: Statement, key: str) -> bool:
    return bool(deny.conditions) and all(one.name == key for one in deny.conditions)


def _says(condition: Condition, word: str) -> bool:
    return {value.lower() for value in condition.values} == {word}


def _at_most(values: Iterable[str], age: int) -> bool:
    found = list(values)
    return bool(found) and all(value.isdigit() and int(value) <= age for value in found)
