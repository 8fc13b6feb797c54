"""Who asks, what AWS adds for them, and whether an element names them (steps 1.1, 1.3 and 5)."""

from __future__ import annotations

from typing import Any

import pytest

from watchword.analysis.iam.policy import Effect, parse
from watchword.analysis.iam.principals import Kind, Named, Principal, PrincipalElement, PrincipalError

A, B = "111122223333", "444455556666"
USER = f"arn:aws:iam::{A}:user/team/ann"
ROLE = f"arn:aws:iam::{A}:role/team/Auditor"
SESSION = f"arn:aws:sts::{A}:assumed-role/Auditor/ann"
FEDERATED_USER = f"arn:aws:sts::{A}:federated-user/ann"
ROOT = f"arn:aws:iam::{A}:root"
SAML = f"arn:aws:iam::{A}:saml-provider/Okta"
OIDC = f"arn:aws:iam::{A}:oidc-provider/token.actions.githubusercontent.com"
SERVICE = "service:sns.amazonaws.com"
GOOGLE = "federated:accounts.google.com"
ANYBODY = "*"
EVERY = (USER, ROLE, SESSION, FEDERATED_USER, ROOT, SAML, OIDC, SERVICE, GOOGLE, ANYBODY)


@pytest.mark.parametrize(
    ("text", "kind", "account", "role"),
    [
        (USER, Kind.USER, A, ""),
        (SESSION, Kind.SESSION, A, "Auditor"),
        (ROLE, Kind.SESSION, A, "Auditor"),
        (FEDERATED_USER, Kind.FEDERATED_USER, A, ""),
        (ROOT, Kind.ROOT, A, ""),
        (SAML, Kind.PROVIDER, "", ""),
        (OIDC, Kind.PROVIDER, "", ""),
        (SERVICE, Kind.SERVICE, "", ""),
        (GOOGLE, Kind.PROVIDER, "", ""),
        (ANYBODY, Kind.ANONYMOUS, "", ""),
        (f"arn:aws-cn:iam::{A}:user/ann", Kind.USER, A, ""),
    ],
)
def test_step_1_1_a_text_names_a_principal(text: str, kind: Kind, account: str, role: str) -> None:
    found = Principal.parse(text)
    assert (found.text, found.kind, found.account, found.role) == (text, kind, account, role)
    assert found.has_identity is (kind in {Kind.USER, Kind.SESSION, Kind.FEDERATED_USER})
    assert found.is_signed is (kind not in {Kind.ANONYMOUS, Kind.PROVIDER})


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "ann",
            A,
            "service:",
            "federated:",
            "**",
            "arn:aws:iam::1:user/ann",
            f"arn:aws:iam:{A}:user/ann",
        ),
        *(
            f"arn:aws:iam::{A}:{rest}"
            for rest in ("user", "user/", "user/team/", "user//ann", "role/", "role")
        ),
        *(
            f"arn:aws:iam::{A}:{rest}"
            for rest in ("root/x", "root/", "roots", "group/g", "policy/p", "assumed-role/R/s")
        ),
        *(f"arn:aws:sts::{A}:{rest}" for rest in ("assumed-role/R", "assumed-role/R/", "assumed-role/R/s/t")),
        *(
            f"arn:aws:sts::{A}:{rest}"
            for rest in ("federated-user/", "federated-user/a/b", "user/ann", "root")
        ),
        *(f"arn:aws:iam::{A}1:user/ann", "arn:aws:iam::11112222333x:user/ann", f" {USER}", f"{ROOT}\n"),
    ],
)
def test_step_1_1_a_text_that_names_none_is_refused_with_what_is_expected(text: str) -> None:
    with pytest.raises(PrincipalError, match="names no principal: the ARN of a user"):
        Principal.parse(text)


@pytest.mark.parametrize(
    ("text", "known"),
    [
        (USER, {"principalarn": USER, "principalaccount": A, "principaltype": "User", "username": "ann", "principalisawsservice": "false"}),
        (SESSION, {"principalarn": f"arn:aws:iam::{A}:role/Auditor", "principalaccount": A, "principaltype": "AssumedRole", "principalisawsservice": "false"}),
        (ROLE, {"principalarn": ROLE, "principalaccount": A, "principaltype": "AssumedRole", "principalisawsservice": "false"}),
        (FEDERATED_USER, {"principalarn": FEDERATED_USER, "principalaccount": A, "principaltype": "FederatedUser", "principalisawsservice": "false"}),
        (ROOT, {"principalarn": ROOT, "principalaccount": A, "principaltype": "Account", "principalisawsservice": "false"}),
        (SERVICE, {"principalisawsservice": "true", "principalservicename": "sns.amazonaws.com"}),
        (SAML, {}),
        (ANYBODY, {"principaltype": "Anonymous", "principalaccount": "anonymous"}),
    ],
)  # fmt: skip
def test_step_1_3_aws_adds_keys_of_the_principal(text: str, known: dict[str, str]) -> None:
    assert Principal.parse(text).known == {f"aws:{key}": (value,) for key, value in known.items()}


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        (f"arn:aws:iam::{A}:role/aws-service-role/sns.amazonaws.com/AWSServiceRoleForSns", True),
        (f"arn:aws:sts::{A}:assumed-role/AWSServiceRoleForSns/x", True),
        (f"arn:aws:iam::{A}:role/aws-service-role/x.amazonaws.com/Other", True),
        (f"arn:aws:iam::{A}:role/my-aws-service-role/Other", False),
        (f"arn:aws:sts::{A}:assumed-role/MyAWSServiceRoleFor/x", False),
        (f"arn:aws:sts::{A}:assumed-role/AWSServiceRoles/x", False),
        (f"arn:aws:iam::{A}:user/AWSServiceRoleForX", False),
    ],
)
def test_step_3_2_service_linked_roles_are_known_by_path_or_name(text: str, linked: bool) -> None:
    assert Principal.parse(text).is_service_linked is linked


def element(value: Any, *, effect: Effect = Effect.ALLOW, excluded: bool = False) -> PrincipalElement:
    written = {"Effect": effect.value, "Action": "*", "NotPrincipal" if excluded else "Principal": value}
    statement = parse({"Statement": written}).statements[0]
    named = statement.not_principals if excluded else statement.principals
    assert named is not None
    return PrincipalElement.of(named, effect, excluded=excluded)


def naming(value: Any, text: str, *, canonical: tuple[str, ...] = ()) -> str:
    known = {"principal:canonicaluser": canonical} if canonical else {}
    return element(value).naming(Principal.parse(text), known, bounded=False).name


NAMES: list[tuple[str, Any, dict[str, str]]] = [
    ("5.1 everybody", "*", dict.fromkeys(EVERY, "DIRECT")),
    ("5.1 everybody, as AWS", {"AWS": "*"}, dict.fromkeys(EVERY, "DIRECT")),
    ("5.2 an account by its root", {"AWS": ROOT}, {**dict.fromkeys((USER, ROLE, SESSION, FEDERATED_USER), "ACCOUNT"), ROOT: "DIRECT"}),
    ("5.2 an account by its id", {"AWS": A}, {**dict.fromkeys((USER, ROLE, SESSION, FEDERATED_USER), "ACCOUNT"), ROOT: "DIRECT"}),
    ("5.2 another account", {"AWS": [B, f"arn:aws:iam::{B}:root"]}, {}),
    ("5.2 a user", {"AWS": USER}, {USER: "DIRECT"}),
    ("5.2 a user by another path", {"AWS": f"arn:aws:iam::{A}:user/ann"}, {}),
    ("5.2 a role", {"AWS": ROLE}, {ROLE: "ROLE", SESSION: "ROLE"}),
    ("5.2 a role whose path differs", {"AWS": f"arn:aws:iam::{A}:role/Auditor"}, {ROLE: "ROLE", SESSION: "ROLE"}),
    ("5.2 a role of another name", {"AWS": f"arn:aws:iam::{A}:role/Audit"}, {}),
    ("5.2 a session", {"AWS": SESSION}, {SESSION: "DIRECT"}),
    ("5.2 another session", {"AWS": f"{SESSION}a"}, {}),
    ("5.2 a federated user", {"AWS": FEDERATED_USER}, {FEDERATED_USER: "DIRECT"}),
    ("5.2 wildcards", {"AWS": [f"arn:aws:iam::{A}:user/*", f"arn:aws:iam::{A}:role/*", "arn:aws:iam::*:root", "1*"]}, {}),
    ("5.2 deleted", {"AWS": ["AIDAEXAMPLE", "AROAEXAMPLE"]}, {}),
    ("5.3 a service", {"Service": "sns.amazonaws.com"}, {SERVICE: "DIRECT"}),
    ("5.3 a service with wildcard", {"Service": "*"}, {}),
    ("5.3 another service", {"Service": ["sqs.amazonaws.com"]}, {}),
    ("5.3 a SAML provider", {"Federated": SAML}, {SAML: "DIRECT"}),
    ("5.3 an OIDC provider by ARN", {"Federated": OIDC}, {OIDC: "DIRECT"}),
    ("5.3 an OIDC provider by host", {"Federated": "token.actions.githubusercontent.com"}, {OIDC: "DIRECT"}),
    ("5.3 a provider of AWS's own", {"Federated": "accounts.google.com"}, {GOOGLE: "DIRECT"}),
    ("5.4 the strongest way counts", {"AWS": [A, ROLE, SESSION, USER]}, {ROOT: "DIRECT", SESSION: "DIRECT", ROLE: "ROLE", USER: "DIRECT", FEDERATED_USER: "ACCOUNT"}),
    ("an empty list", {"AWS": []}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("step", "value", "named"), NAMES, ids=[row[0] for row in NAMES])
def test_step_5_an_element_names_a_principal_in_its_strongest_way(
    step: str, value: Any, named: dict[str, str]
) -> None:
    assert {text: naming(value, text) for text in EVERY} == dict.fromkeys(EVERY, "NOT") | named, step


def test_step_5_3_a_canonical_user_is_known_by_the_key_of_the_context() -> None:
    for text in (USER, SESSION, ROOT):
        assert naming({"CanonicalUser": ["ab", "cd"]}, text, canonical=("cd",)) == "DIRECT"
        assert naming({"CanonicalUser": ["ab", "cd"]}, text, canonical=("ef",)) == "NOT"
        assert naming({"CanonicalUser": ["ab", "cd"]}, text, canonical=("ab", "cd")) == "NOT"
        assert naming({"CanonicalUser": ["ab", "cd"]}, text) == "NOT"


EXCLUSIONS: list[tuple[Any, set[str]]] = [
    # who is listed by a Deny with NotPrincipal, and so spared
    ({"AWS": USER}, set()),
    ({"AWS": [USER, A]}, {USER, ROOT}),
    ({"AWS": A}, {ROOT}),
    ({"AWS": [A, ROLE]}, {ROOT}),
    ({"AWS": [A, SESSION]}, {ROOT}),
    ({"AWS": [A, ROLE, SESSION]}, {ROOT, SESSION}),
    ({"AWS": [A, FEDERATED_USER]}, {ROOT, FEDERATED_USER}),
    ({"AWS": [B, USER]}, set()),
    ({"Service": "sns.amazonaws.com"}, {SERVICE}),
    ({"Federated": SAML}, {SAML}),
    ({"AWS": "*"}, set(EVERY)),
    ("*", set(EVERY)),
]


@pytest.mark.parametrize(("value", "listed"), EXCLUSIONS, ids=[str(row[0]) for row in EXCLUSIONS])
def test_step_5_5_a_deny_spares_whom_every_name_that_aws_checks_lists(value: Any, listed: set[str]) -> None:
    found = element(value, effect=Effect.DENY, excluded=True)
    spared = {text for text in EVERY if found.naming(Principal.parse(text), {}, bounded=False) is Named.NOT}
    assert spared == listed


@pytest.mark.parametrize(
    ("value", "listed"),
    [
        ({"AWS": A}, {USER, ROLE, SESSION, FEDERATED_USER, ROOT}),
        ({"AWS": USER}, {USER}),
        ({"AWS": ROLE}, {ROLE, SESSION}),
        ({"Service": "sns.amazonaws.com"}, {SERVICE}),
    ],
)
def test_step_5_5_an_allow_passes_over_whoever_is_named_in_any_way(value: Any, listed: set[str]) -> None:
    found = element(value, excluded=True)
    passed = {text for text in EVERY if found.naming(Principal.parse(text), {}, bounded=True) is Named.NOT}
    assert passed == listed


@pytest.mark.parametrize(
    ("value", "bounded", "hit"),
    [
        ({"AWS": [USER, ROOT]}, False, False),
        ({"AWS": [USER, ROOT]}, True, True),
        ({"AWS": [USER, ROOT], "Service": "sns.amazonaws.com"}, True, True),
        ("*", True, False),
        ({"Service": "sns.amazonaws.com"}, True, True),
    ],
)
def test_step_5_5_a_deny_that_lists_arns_hits_whoever_has_a_boundary(
    value: Any, bounded: bool, hit: bool
) -> None:
    found = element(value, effect=Effect.DENY, excluded=True)
    assert (found.naming(Principal.parse(USER), {}, bounded=bounded) is Named.DIRECT) is hit


def test_step_5_5_a_canonical_user_is_listed_by_the_id() -> None:
    found = element({"CanonicalUser": "ab"}, effect=Effect.DENY, excluded=True)
    who = Principal.parse(USER)
    assert found.naming(who, {"principal:canonicaluser": ("ab",)}, bounded=False) is Named.NOT
    assert found.naming(who, {"principal:canonicaluser": ("cd",)}, bounded=False) is Named.DIRECT
