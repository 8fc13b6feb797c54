"""Random valid policies of every kind and requests that hit them often, for Hypothesis and for plain seeded runs.

All pools are small and shared, so that matches, near misses, denials, other accounts, missing keys and odd types all
occur often; ``test_generators.py`` measures how often. A *case* is a request and a policy set in the format of the
``simulate`` command.
"""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.analysis.iam.generated_conditions import (
    ADDED,
    cased,
    conditions,
    confining,
    context,
    context_value,
)
from tests.analysis.iam.oracle_conditions import listed, pieces, text

HOME, OTHER = "111122223333", "444455556666"
Statement = dict[str, Any]
Document = dict[str, Any]
Case = tuple[dict[str, Any], dict[str, Any]]

USERS = (
    f"arn:aws:iam::{HOME}:user/alice",
    f"arn:aws:iam::{HOME}:user/team/bob",
    f"arn:aws:iam::{OTHER}:user/carol",
)
SESSIONS = (
    f"arn:aws:sts::{HOME}:assumed-role/deploy/run-1",
    f"arn:aws:sts::{HOME}:assumed-role/deploy/run-2",
    f"arn:aws:sts::{OTHER}:assumed-role/partner/visit",
    f"arn:aws:iam::{HOME}:role/deploy",
    f"arn:aws:iam::{OTHER}:role/team/partner",
)
LINKED = (
    f"arn:aws:sts::{HOME}:assumed-role/AWSServiceRoleForSupport/s",
    f"arn:aws:iam::{HOME}:role/aws-service-role/ecs.amazonaws.com/ecs",
)
FEDERATED = (f"arn:aws:sts::{HOME}:federated-user/dora", f"arn:aws:sts::{OTHER}:federated-user/dora")
ROOTS = (f"arn:aws:iam::{HOME}:root", f"arn:aws:iam::{OTHER}:root")
SERVICES = ("service:ec2.amazonaws.com", "service:logging.s3.amazonaws.com")
PROVIDERS = (
    f"arn:aws:iam::{HOME}:saml-provider/okta",
    f"arn:aws:iam::{HOME}:oidc-provider/token.example.com/id/1",
    "federated:token.example.com/id/1",
    "federated:accounts.google.com",
)
PRINCIPALS = (
    USERS,
    USERS,
    SESSIONS,
    SESSIONS,
    SESSIONS,
    LINKED,
    FEDERATED,
    ROOTS,
    SERVICES,
    PROVIDERS,
    ("*",),
)

TARGETS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "s3:GetObject",
        ("arn:aws:s3:::reports/alice/q1", "arn:aws:s3:::reports/red/*", "arn:aws:s3:::logs/a:b"),
    ),
    ("s3:GetObject", (f"arn:aws:s3:eu-west-1:{HOME}:accesspoint/ap1/object/x",)),
    ("s3:PutObject", ("arn:aws:s3:::reports/alice/q1", "arn:aws:s3:::reports/")),
    ("s3:ListAllMyBuckets", ("*",)),
    ("s3:GetBucketPolicy", ("arn:aws:s3:::reports",)),
    ("s3:PutBucketPolicy", ("arn:aws:s3:::reports",)),
    ("s3:DeleteBucketPolicy", ("arn:aws:s3:::reports",)),
    ("sqs:SendMessage", (f"arn:aws:sqs:eu-west-1:{HOME}:orders",)),
    ("kms:Decrypt", (f"arn:aws:kms:eu-west-1:{HOME}:key/k1", f"arn:aws:kms:eu-west-1:{HOME}:alias/app")),
    ("kms:Decrypt", (f"arn:aws:kms:eu-west-1:{HOME}:key/k1",)),
    ("kms:RetireGrant", (f"arn:aws:kms:eu-west-1:{HOME}:key/k1",)),
    (
        "kms:CreateAlias",
        (f"arn:aws:kms:eu-west-1:{HOME}:alias/aws/s3", f"arn:aws:kms:eu-west-1:{HOME}:alias/app"),
    ),
    ("sts:AssumeRole", (f"arn:aws:iam::{HOME}:role/deploy", f"arn:aws:iam::{OTHER}:role/team/partner")),
    ("sts:TagSession", (f"arn:aws:iam::{HOME}:role/deploy", "*")),
    ("sts:AssumeRoleWithWebIdentity", (f"arn:aws:iam::{HOME}:role/deploy",)),
    ("sts:AssumeRoleWithSAML", (f"arn:aws:iam::{HOME}:role/deploy",)),
    ("sts:GetCallerIdentity", ("*",)),
    ("iam:DeleteRole", (f"arn:aws:iam::{HOME}:role/aws-reserved/sso", f"arn:aws:iam::{HOME}:role/deploy")),
    (
        "iam:AttachRolePolicy",
        (f"arn:aws:iam::{HOME}:role/aws-reserved/sso", f"arn:aws:iam::{HOME}:role/deploy"),
    ),
    ("iam:GetPolicy", (f"arn:aws:iam::{HOME}:policy/p", "arn:aws:iam::aws:policy/ReadOnlyAccess")),
    ("iam:DeletePolicy", ("arn:aws:iam::aws:policy/ReadOnlyAccess", f"arn:aws:iam::{HOME}:policy/p")),
    ("iam:PassRole", (f"arn:aws:iam::{HOME}:role/aws-reserved/sso", f"arn:aws:iam::{HOME}:role/deploy")),
    ("ec2:StartInstances", (f"arn:aws:ec2:eu-west-1:{HOME}:instance/i-1",)),
    ("dynamodb:GetItem", (f"arn:aws:dynamodb:eu-west-1:{HOME}:table/t",)),
)
OTHER_ACTIONS = ("s3:GetObject", "s3:GetObjectAcl", "sqs:*", "iam:Pass*", "kms:Decrypt", "ec2:Describe?")
MALFORMED_ACTIONS = ("s3:GetObject, s3:PutObject", "s3: GetObject", "s3:*,")
OTHER_RESOURCES = (
    "arn:aws:s3:::reports",
    "arn:aws:s3:::Reports/*",
    "arn:aws:sqs",
    "arn:aws:s3:::logs/*",
    f"arn:aws:kms:*:{OTHER}:*",
)
VARIABLES = (
    "${aws:username}",
    "${aws:PrincipalTag/team}",
    "${aws:RequestTag/env, 'alice'}",
    "${aws:TagKeys}",
    "${*}",
    "${}",
)
FITTING_PARTS = ("alice", "red", "q1", "reports", "x", "a:b")
"""Values of variables that make parts of the resources above."""


# --- elements --------------------------------------------------------------------------------------------------


def action_pattern(dice: Random, action: str) -> str:
    """A pattern that mostly matches an action."""
    service, _, name = action.partition(":")
    cut = dice.randint(1, len(name))
    return dice.choice(
        (
            cased(dice, action),
            cased(dice, action),
            f"{service}:*",
            "*",
            f"{service}:{name[:cut]}*",
            f"{service}:*{name[cut:]}",
            f"{service}:{name[: cut - 1]}?{name[cut:]}",
            f"{service}:{name}?",
            dice.choice(OTHER_ACTIONS),
            dice.choice(MALFORMED_ACTIONS) if dice.random() < 0.3 else "*:*",
        )
    )


def resource_pattern(dice: Random, resource: str) -> str:
    """A pattern that mostly matches a resource."""
    cut = dice.randint(1, len(resource))
    head, _, tail = resource.rpartition("/")
    return dice.choice(
        (
            resource,
            resource,
            "*",
            "*",
            resource[:cut] + "*",
            "*" + resource[cut - 1 :],
            resource[: cut - 1] + "?" + resource[cut:],
            resource.swapcase(),
            f"{head}/{dice.choice(VARIABLES)}",
            f"{head.rpartition('/')[0]}/{dice.choice(VARIABLES)}/{tail}",
            dice.choice(OTHER_RESOURCES),
            "*:" + resource.rpartition(":")[2],
        )
    )


def several(dice: Random, make: Any, subject: str) -> Any:
    """One pattern, or a list of one to three."""
    luck = dice.random()
    if luck < 0.6:
        return make(dice, subject)
    if luck < 0.61:
        return []
    return [make(dice, subject) for _ in range(dice.randint(1, 3))]


def names_of(principal: str) -> list[tuple[str, str]]:
    """The (type, value) pairs by which an element may name a principal."""
    if principal == "*":
        return [("AWS", "*")]
    if principal.startswith("service:"):
        return [("Service", principal.removeprefix("service:"))]
    if principal.startswith("federated:"):
        host = principal.removeprefix("federated:")
        return [
            ("Federated", host),
            ("Federated", host),
            ("Federated", f"arn:aws:iam::{HOME}:oidc-provider/{host}"),
        ]
    if "-provider/" in principal:
        names = [("Federated", principal)]
        return (
            [*names, ("Federated", principal.partition("-provider/")[2])] if ":oidc" in principal else names
        )
    account = principal.split(":")[4]
    names = [("AWS", account), ("AWS", f"arn:aws:iam::{account}:root")]
    if ":assumed-role/" in principal or ":role/" in principal:
        role = principal.split("/")[1] if ":assumed-role/" in principal else principal.rpartition("/")[2]
        names += [
            ("AWS", f"arn:aws:iam::{account}:role/{role}"),
            ("AWS", f"arn:aws:iam::{account}:role/team/{role}"),
        ]
    return names if principal.endswith(":root") else [*names, ("AWS", principal)]


STRANGERS = (
    ("AWS", "AIDACKCEVSQ6C2EXAMPLE"),
    ("AWS", f"arn:aws:iam::{HOME}:user/*"),
    ("AWS", f"arn:aws:iam::{HOME}:user/alice"),
    ("AWS", f"arn:aws:iam::{OTHER}:root"),
    ("AWS", "999999999999"),
    ("Service", "ec2.amazonaws.com"),
    ("Federated", "accounts.google.com"),
    ("CanonicalUser", "c0ffee"),
)


def element(pairs: list[tuple[str, str]], dice: Random) -> dict[str, Any]:
    """A ``Principal`` element of (type, value) pairs."""
    by_type: dict[str, list[str]] = {}
    for kind, value in pairs:
        by_type.setdefault(kind, []).append(value)
    return {kind: v[0] if len(v) == 1 and dice.random() < 0.7 else v for kind, v in by_type.items()}


def principal(dice: Random, who: str) -> Any:
    """A ``Principal`` element that mostly names a principal."""
    luck = dice.random()
    if luck < 0.12:
        return dice.choice(("*", {"AWS": "*"}, {"AWS": ["*"]}))
    if luck < 0.27:
        return element([dice.choice(STRANGERS)], dice)
    pairs = [dice.choice(names_of(who)) for _ in range(dice.choice((1, 1, 2)))]
    if dice.random() < 0.2:
        pairs.append(dice.choice(STRANGERS))
    return element(list(dict.fromkeys(pairs)), dice)


def not_principal(dice: Random, who: str) -> Any:
    """A ``NotPrincipal`` element: all names of a principal, or some, or strangers."""
    if dice.random() < 0.08:
        return dice.choice(("*", {"AWS": "*"}))
    names = [pair for pair in names_of(who) if dice.random() < 0.8]
    if not names or dice.random() < 0.3:
        names = [*names, dice.choice([pair for pair in STRANGERS if pair[0] != "CanonicalUser"])]
    return element(list(dict.fromkeys(names)), dice)


# --- statements and documents ----------------------------------------------------------------------------------


def statement(dice: Random, request: dict[str, Any], kind: str, deny: float = 0.15) -> Statement:
    """A statement of a policy of one kind: identity, boundary, session, scp, rcp, resource, endpoint."""
    made: Statement = {"Sid": dice.choice(("One", "Two"))} if dice.random() < 0.3 else {}
    made["Effect"] = "Deny" if dice.random() < deny else "Allow"
    if kind in ("resource", "endpoint"):
        inverted = dice.random() < (0.3 if made["Effect"] == "Deny" else 0.03)
        made["NotPrincipal" if inverted else "Principal"] = (not_principal if inverted else principal)(
            dice, request["principal"]
        )
        if kind == "endpoint" and dice.random() < 0.6:
            made.pop("NotPrincipal", None)
            made["Principal"] = "*"
    if kind == "rcp":
        made["Principal"] = "*"
    word = "NotAction" if dice.random() < 0.1 else "Action"
    made[word] = (
        several(dice, action_pattern, request["action"]) if word == "Action" else dice.choice(OTHER_ACTIONS)
    )
    if not (kind == "resource" and (request["action"].startswith("sts:") or dice.random() < 0.05)):
        word = "NotResource" if dice.random() < 0.1 else "Resource"
        made[word] = (
            several(dice, resource_pattern, request["resource"])
            if word == "Resource"
            else dice.choice(OTHER_RESOURCES)
        )
    if dice.random() < (0.75 if made["Effect"] == "Deny" else 0.4):
        made["Condition"] = conditions(dice)
    if kind == "resource" and request["action"].lower().startswith("s3:") and dice.random() < 0.3:
        made["Condition"] = confining(dice, at_access_point=":accesspoint/" in request["resource"])
    return made


def document(dice: Random, request: dict[str, Any], kind: str) -> Document:
    """A policy document of one kind, about a request."""
    statements = [statement(dice, request, kind) for _ in range(dice.choice((1, 1, 2, 2, 3)))]
    made: Document = {
        "Statement": statements[0] if len(statements) == 1 and dice.random() < 0.3 else statements
    }
    version = dice.choice(("2012-10-17",) * 8 + ("2008-10-17", None))
    return {"Version": version, **made} if version else made


def full_access(kind: str) -> Document:
    """What AWS attaches: everything allowed."""
    everything: Statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    if kind in ("rcp", "endpoint"):
        everything["Principal"] = "*"
    return {"Version": "2012-10-17", "Statement": [everything]}


def levels(dice: Random, request: dict[str, Any], kind: str) -> list[list[Document]]:
    """The policies of each level: mostly everything allowed and something denied."""
    found: list[list[Document]] = []
    for _ in range(dice.choice((1, 2, 3))):
        level = [full_access(kind)] if kind == "rcp" or dice.random() < 0.8 else []
        if kind == "rcp":
            level += [deny_only(dice, request)] if dice.random() < 0.25 else []
        elif dice.random() < 0.35:
            level.append(document(dice, request, kind))
        if kind == "scp" and dice.random() < 0.15:
            level = [full_access(kind)]
            level[0]["Statement"][0]["Condition"] = conditions(dice)
        found.append(level)
    return found


def deny_only(dice: Random, request: dict[str, Any]) -> Document:
    """A resource control policy as customers may write it."""
    return {"Version": "2012-10-17", "Statement": [statement(dice, request, "rcp", deny=1)]}


def request(dice: Random) -> dict[str, Any]:
    """A request without its context."""
    action, resources = dice.choice(TARGETS)
    made = {
        "principal": dice.choice(dice.choice(PRINCIPALS)),
        "action": cased(dice, action),
        "resource": dice.choice(resources),
        "context": {},
    }
    if dice.random() < 0.7:
        made["resource_account"] = dice.choice((HOME, HOME, HOME, OTHER))
    return made


def policy_set(dice: Random, asked: dict[str, Any]) -> dict[str, Any]:
    """The policies that apply to a request, in the format of ``define``."""

    def some(kind: str, chance: float, most: int = 2) -> list[Document] | None:
        if dice.random() >= chance:
            return None
        return [document(dice, asked, kind) for _ in range(dice.randint(1, most))]

    endpoint = some("endpoint", 0.25)
    if endpoint and dice.random() < 0.5:
        endpoint[0] = full_access("endpoint")
    return {
        "identity": some("identity", 0.9) or [],
        "boundary": some("boundary", 0.25, 1),
        "session": some("session", 0.2),
        "scps": levels(dice, asked, "scp") if dice.random() < 0.35 else None,
        "rcps": levels(dice, asked, "rcp") if dice.random() < 0.35 else None,
        "resource": document(dice, asked, "resource") if dice.random() < 0.75 else None,
        "endpoint": endpoint,
        "s3_public_access_block": {"RestrictPublicBuckets": True} if dice.random() < 0.4 else None,
    }


def all_documents(policies: dict[str, Any]) -> list[Document]:
    """Every document of a policy set."""
    found: list[Document] = []
    for layer in ("identity", "boundary", "session", "endpoint"):
        found += policies[layer] or []
    for layer in ("scps", "rcps"):
        found += [one for level in policies[layer] or [] for one in level]
    return found + ([policies["resource"]] if policies["resource"] else [])


def tests_in(policies: dict[str, Any]) -> list[tuple[str, str, Any]]:
    """Every (operator, key, values) of a policy set."""
    found = []
    for one in all_documents(policies):
        for made in listed(one["Statement"]):
            for operator, keys in made.get("Condition", {}).items():
                found += [(operator, key, wanted) for key, wanted in keys.items()]
    return found


def case(dice: Random) -> Case:
    """A complete request and the policies that apply to it."""
    asked = request(dice)
    policies = policy_set(dice, asked)
    given = context(dice, tests_in(policies))
    told = {key.lower() for key in given}
    for key in sorted(set(variable_keys(policies)) - told):
        if not key.startswith(ADDED) and dice.random() < 0.6:
            given[cased(dice, key)] = (
                dice.choice(FITTING_PARTS) if dice.random() < 0.5 else context_value(dice, key)
            )
    return {**asked, "context": given}, policies


def variable_keys(policies: dict[str, Any]) -> list[str]:
    """The keys (lower case) of all variables in a policy set."""
    found = []
    for made in (made for one in all_documents(policies) for made in listed(one["Statement"])):
        values = [*listed(made.get("Resource", [])), *listed(made.get("NotResource", []))]
        for keys in made.get("Condition", {}).values():
            values += [value for wanted in keys.values() for value in listed(wanted)]
        found += [
            what[0].lower() for value in values for kind, what in pieces(text(value)) if kind == "variable"
        ]
    return found


def incomplete_case(dice: Random) -> Case:
    """The same with some keys left out, which are unknown."""
    asked, policies = case(dice)
    kept = {key: value for key, value in asked["context"].items() if dice.random() < 0.4}
    return {**asked, "context": kept, "complete": False}, policies


# --- strategies ------------------------------------------------------------------------------------------------


def dice() -> st.SearchStrategy[Random]:
    """A seeded generator of random numbers.

    Hypothesis only draws the seed: drawing each choice would be slow, and what it shrinks is no smaller than what
    ``agreement.report`` makes of a case.
    """
    return st.integers(0, 2**48).map(Random)


def cases() -> st.SearchStrategy[Case]:
    """Complete requests with their policies."""
    return dice().map(case)


def incomplete_cases() -> st.SearchStrategy[Case]:
    """Incomplete requests with their policies."""
    return dice().map(incomplete_case)


def documents(kind: str) -> st.SearchStrategy[Document]:
    """Policy documents of one kind: identity, boundary, session, scp, rcp, resource (trust, too), endpoint."""
    if kind == "rcp":
        return dice().map(lambda one: deny_only(one, request(one)))
    return dice().map(lambda one: document(one, request(one), kind))
