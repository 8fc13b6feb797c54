"""Examples of the controls of identity: federated trust."""

from __future__ import annotations

from typing import Any

from tests.controls.builder import ACCOUNT, view
from tests.controls.examples import example
from tests.controls.iam import ROOT, SAML, SAML_ARN, WEB, Row, Rows, allow, certificate, role, trust

# --- ID-13 -------------------------------------------------------------------------------------------------

GITHUB_ARN = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
EKS = "oidc.eks.eu-west-1.amazonaws.com/id/ABC"
EKS_ARN = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{EKS}"
G = "token.actions.githubusercontent.com"
AUD = {f"{G}:aud": "sts.amazonaws.com"}


def metadata(*ends: str, use: str = ' use="signing"') -> str:
    keys = "".join(
        f"<md:KeyDescriptor{use}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n{certificate(end)}\n"
        "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        for end in ends
    )
    other = f'<md:KeyDescriptor use="encryption"><ds:X509Certificate>{certificate("400101000000Z")}</ds:X509Certificate></md:KeyDescriptor>'
    return (
        f"<md:EntityDescriptor><md:IDPSSODescriptor>{keys}{other}</md:IDPSSODescriptor></md:EntityDescriptor>"
    )


def federated(*documents: Row, clients: list[str] | None = None, saml: Rows = ()) -> Any:
    return view(
        {
            "global:iam.roles": [role(f"r{n}", one) for n, one in enumerate(documents)],
            "global:iam.oidc_providers": [{"_arn": GITHUB_ARN, "ClientIDList": clients or ["a", "b"]}],
            "global:iam.saml_providers": saml,
        }
    )


def github(sub: Any, operator: str = "StringEquals", **more: Row) -> Row:
    conditions = {"StringEquals": AUD} | {
        operator: {**(AUD if operator == "StringEquals" else {}), f"{G}:sub": sub}
    }
    return trust(allow({"Federated": GITHUB_ARN}, WEB, **conditions, **more))


example("ID-13", "met", "GitHub: one environment", federated(github("repo:abc/shop:environment:prod")))
example(
    "ID-13",
    "met",
    "GitHub: two branches of one repository",
    federated(github(["repo:abc/shop:ref:refs/heads/main", "repo:abc/shop:ref:refs/heads/next"])),
)
example(
    "ID-13",
    "met",
    "GitHub: release branches by pattern",
    federated(github("repo:abc/shop:ref:refs/heads/release/*", "StringLike")),
)
for _sub in (
    "repo:abc/*",
    "*",
    "repo:abc/shop:*",
    "repo:abc/shop:ref:refs/heads/*",
    "repo:abc/shop:ref:*",
    "repo:abc/shop*",
    "repo:abc/*:environment:prod",
):
    example("ID-13", "gap", f"GitHub: subject {_sub}", federated(github(_sub, "StringLike")))
example(
    "ID-13",
    "gap",
    "GitHub: one good subject and one for everybody",
    federated(github(["repo:abc/shop:environment:prod", "repo:*"], "StringLike")),
)
example("ID-13", "met", "a star in StringEquals is a plain character", federated(github("repo:abc/shop:*")))
example(
    "ID-13",
    "gap",
    "GitHub: no subject",
    federated(trust(allow({"Federated": GITHUB_ARN}, WEB, StringEquals=AUD))),
)
example(
    "ID-13", "gap", "GitHub: the subject is only refused", federated(github("repo:evil/x", "StringNotEquals"))
)
example(
    "ID-13",
    "gap",
    "GitHub: a subject that need not be there",
    federated(github("repo:abc/shop:environment:prod", "StringEqualsIfExists")),
)
example(
    "ID-13",
    "gap",
    "GitHub: ForAllValues holds without the claim",
    federated(github("repo:abc/shop:environment:prod", "ForAllValues:StringEquals")),
)
_no_aud = trust(
    allow({"Federated": GITHUB_ARN}, WEB, StringEquals={f"{G}:sub": "repo:abc/shop:environment:prod"})
)
example("ID-13", "gap", "no audience, and the provider takes two", federated(_no_aud))
example(
    "ID-13",
    "met",
    "no audience, but the provider takes one only",
    federated(_no_aud, clients=["sts.amazonaws.com"]),
)
_eks = {f"{EKS}:aud": "sts.amazonaws.com"}
example(
    "ID-13",
    "met",
    "EKS: one service account",
    federated(
        trust(
            allow(
                {"Federated": EKS_ARN},
                WEB,
                StringEquals={**_eks, f"{EKS}:sub": "system:serviceaccount:shop:web"},
            )
        )
    ),
)
example(
    "ID-13",
    "gap",
    "EKS: a whole namespace",
    federated(
        trust(
            allow(
                {"Federated": EKS_ARN},
                WEB,
                StringEquals=_eks,
                StringLike={f"{EKS}:sub": "system:serviceaccount:shop:*"},
            )
        )
    ),
)
_tfc = f"arn:aws:iam::{ACCOUNT}:oidc-provider/app.terraform.io"
_phase = {"app.terraform.io:sub": "organization:abc:project:net:workspace:prod:run_phase:*"}
example(
    "ID-13",
    "met",
    "HCP Terraform: both phases of one workspace",
    federated(
        trust(
            allow(
                {"Federated": _tfc},
                WEB,
                StringEquals={"app.terraform.io:aud": "aws.workload.identity"},
                StringLike=_phase,
            )
        )
    ),
)
_pool = {"cognito-identity.amazonaws.com:aud": "eu-west-1:pool"}
_amr = {"cognito-identity.amazonaws.com:amr": "authenticated"}
example(
    "ID-13",
    "met",
    "a Cognito identity pool",
    federated(
        trust(
            allow(
                {"Federated": "cognito-identity.amazonaws.com"},
                WEB,
                **{"StringEquals": _pool, "ForAnyValue:StringLike": _amr},
            )
        )
    ),
)
example(
    "ID-13",
    "gap",
    "any Cognito identity pool of the world",
    federated(
        trust(allow({"Federated": "cognito-identity.amazonaws.com"}, WEB, **{"ForAnyValue:StringLike": _amr}))
    ),
)
example(
    "ID-13",
    "gap",
    "Cognito: guests and users alike",
    federated(trust(allow({"Federated": "cognito-identity.amazonaws.com"}, WEB, StringEquals=_pool))),
)
_saml_aud = {"SAML:aud": "https://signin.aws.amazon.com/saml"}
example(
    "ID-13",
    "met",
    "SAML with its audience",
    federated(trust(allow({"Federated": SAML_ARN}, [SAML, "sts:TagSession"], StringEquals=_saml_aud))),
)
example("ID-13", "gap", "SAML without", federated(trust(allow({"Federated": SAML_ARN}, SAML))))
example(
    "ID-13",
    "gap",
    "SAML with any audience",
    federated(trust(allow({"Federated": SAML_ARN}, SAML, StringLike={"SAML:aud": "*"}))),
)
example("ID-13", "gap", "everybody with any token", federated(trust(allow("*", "sts:*"))))
example(
    "ID-13",
    "not_applicable",
    "no federated trust",
    federated(trust(allow({"Service": "ec2.amazonaws.com"}), allow({"AWS": ROOT}))),
)
example(
    "ID-13",
    "gap,met",
    "one good role and one bad",
    federated(github("repo:abc/shop:environment:prod"), github("repo:abc/*", "StringLike")),
)


def okta(*ends: str, until: str = "2126-01-01T00:00:00+00:00", **more: Any) -> Any:
    return federated(
        saml=[{"_arn": SAML_ARN, "ValidUntil": until, "SAMLMetadataDocument": metadata(*ends)} | more]
    )


example("ID-13", "met", "a certificate for another year", okta("270601000000Z"))
example("ID-13", "met", "the next certificate is there already", okta("260605000000Z", "280605000000Z"))
example(
    "ID-13",
    "met",
    "a certificate beyond 2050",
    federated(
        saml=[
            {
                "_arn": SAML_ARN,
                "SAMLMetadataDocument": metadata("270601000000Z").replace(
                    certificate("270601000000Z"), certificate("20550101000000Z", 0x18)
                ),
            }
        ]
    ),
)
example("ID-13", "gap", "a certificate for 20 days", okta("260621000000Z"))
example("ID-13", "gap", "an expired certificate", okta("250601000000Z"))
example(
    "ID-13",
    "gap",
    "a provider that ends before its certificate",
    okta("300601000000Z", until="2026-06-10T00:00:00+00:00"),
)
example(
    "ID-13",
    "unknown",
    "a certificate that is none",
    okta(
        "270601000000Z",
        SAMLMetadataDocument=metadata("270601000000Z").replace(certificate("270601000000Z"), "AAAA"),
    ),
)
example("ID-13", "unknown", "metadata without a signing certificate", okta())
example(
    "ID-13",
    "unknown",
    "metadata that was not read",
    okta("270601000000Z", SAMLMetadataDocument=None, _holes={"SAMLMetadataDocument": "denied"}),
)
example("ID-13", "unknown", "roles not read", view(denied=["global:iam.roles"]))
example(
    "ID-13",
    "unknown",
    "a trust policy that is none",
    federated({"Statement": [{"Effect": "Perhaps", "Action": "*"}]}),
)
