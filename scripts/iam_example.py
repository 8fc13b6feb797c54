"""The worked example of docs/iam-worked-example.md: its policies and requests, evaluated, as page and picture.

``scripts/docs.py`` writes both.  Nothing here is read from anywhere: change the policies, and page and picture follow.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from watchword.analysis.iam import PolicySet, Request, compile_policy, evaluate, words
from watchword.report.proof import proof_svg, proof_text

PRINCIPAL = "arn:aws:sts::111122223333:assumed-role/report-reader/nightly"
RESOURCE = "arn:aws:s3:::abc-finance-reports/2026/q3.parquet"
OWNER = "444455556666"
ENDPOINT = "vpce-0a1b2c3d4e5f60718"

DOCUMENTS: Mapping[str, tuple[str, str, Mapping[str, Any]]] = {
    "full": (
        "SCP at the root: `FullAWSAccess`",
        "scp",
        {
            "Version": "2012-10-17",
            "Statement": [{"Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*"}],
        },
    ),
    "regions": (
        "SCP at the account: `approved-regions`",
        "scp",
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*"},
                {
                    "Sid": "OnlyApprovedRegions",
                    "Effect": "Deny",
                    "NotAction": ["iam:*", "sts:*", "organizations:*"],
                    "Resource": "*",
                    "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-central-1", "eu-west-1"]}},
                },
            ],
        },
    ),
    "identity": (
        "Identity policy of the role: `read-reports`",
        "identity",
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "ListReports",
                    "Effect": "Allow",
                    "Action": "s3:ListBucket",
                    "Resource": "arn:aws:s3:::abc-finance-reports",
                },
                {
                    "Sid": "ReadReports",
                    "Effect": "Allow",
                    "Action": "s3:GetObject",
                    "Resource": "arn:aws:s3:::abc-finance-reports/*",
                },
            ],
        },
    ),
    "boundary": (
        "Permissions boundary: `data-readers`",
        "boundary",
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "ReadData",
                    "Effect": "Allow",
                    "Action": ["s3:Get*", "s3:List*", "athena:*"],
                    "Resource": "*",
                }
            ],
        },
    ),
    "resource": (
        "Bucket policy of `abc-finance-reports`, account 444455556666",
        "resource",
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "PartnerAudit",
                    "Effect": "Allow",
                    "Principal": {"AWS": "arn:aws:iam::777788889999:root"},
                    "Action": "s3:GetObject",
                    "Resource": "arn:aws:s3:::abc-finance-reports/*",
                },
                {
                    "Sid": "ReadThroughEndpoint",
                    "Effect": "Allow",
                    "Principal": {"AWS": "arn:aws:iam::111122223333:role/report-reader"},
                    "Action": "s3:GetObject",
                    "Resource": "arn:aws:s3:::abc-finance-reports/*",
                    "Condition": {"StringEquals": {"aws:SourceVpce": ENDPOINT}},
                },
                {
                    "Sid": "OnlyOverTLS",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": "arn:aws:s3:::abc-finance-reports/*",
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                },
            ],
        },
    ),
}

CONTEXT = {"aws:RequestedRegion": "eu-central-1", "aws:SecureTransport": True}


def policies() -> PolicySet:
    """The policies of the example."""
    made = {
        name: compile_policy(document, kind, title.partition("`")[2].partition("`")[0] or title)
        for name, (title, kind, document) in DOCUMENTS.items()
    }
    return PolicySet(
        identity=(made["identity"],),
        boundary=(made["boundary"],),
        scps=((made["full"],), (made["regions"],)),
        resource=made["resource"],
    )


def request(more: Mapping[str, str] | None = None, *, complete: bool = False) -> Request:
    """The request of the example, with more of its context."""
    told = {**CONTEXT, **(more or {})}
    return Request.of(PRINCIPAL, "s3:GetObject", RESOURCE, OWNER, told, complete=complete)


def picture() -> str:
    """The picture of the example."""
    asked = request()
    return proof_svg(evaluate(asked, policies()), asked, policies())


def page() -> str:
    """The page of the example, in Markdown."""
    known = policies()
    asked = request()
    found = evaluate(asked, known)
    through = evaluate(request({"aws:SourceVpce": ENDPOINT}, complete=True), known)
    around = evaluate(request(complete=True), known)
    elsewhere = evaluate(
        request({"aws:SourceVpce": ENDPOINT, "aws:RequestedRegion": "us-east-1"}, complete=True), known
    )
    documents = "\n".join(
        f"**{title}**\n\n```json\n{json.dumps(document, indent=2)}\n```\n"
        for title, _, document in DOCUMENTS.values()
    )
    proof = "\n".join(line.rstrip() for line in proof_text(found, asked, known))
    return f"""# How one access is decided: a worked example
Written by `make docs` from an evaluation: change `scripts/iam_example.py`, not this page. The rules, whose numbers stand in
picture and proof, are in [iam-evaluation.md](iam-evaluation.md).

A nightly job of account 111122223333 works in a session of the role `report-reader` and reads an object of a bucket that
belongs to account {OWNER}. It is known that the call goes to eu-central-1 over TLS. It is **not** known whether it goes
through a VPC endpoint. Would AWS allow it?

![Each layer as a gate: SCPs, identity policy and boundary allow, the bucket policy depends on aws:SourceVpce](pictures/iam-worked-example.svg)

The answer is **{found.decision.value}**: allowed if `{words(found.allowed_if)}`. A tool that ignores conditions would
say "allowed", one that takes unknown keys for absent would say "denied"; both are wrong for some of the job's calls.

## The proof
As `watchword iam explain` prints it:

```text
{proof}
```

How to read it: two accounts are involved, so both sides must allow (10.6). On the principal's side both SCP levels have an
Allow that matches (9.1); the Deny `OnlyApprovedRegions` does not match, since the region is known to be an approved one.
The identity policy allows by `ReadReports`, and the boundary does not limit that. On the owner's side `PartnerAudit` fails
at its principal. `ReadThroughEndpoint` names the session's role and covers the object, and asks for `aws:SourceVpce`, which
is not known: so the whole answer is the condition that is left.

## The same request, knowing more
| what is known besides | answer | blocked by |
|---|---|---|
| `aws:SourceVpce` is `{ENDPOINT}` | {through.decision.value} | {_blocked(through.blocked_by)} |
| there is no `aws:SourceVpce` | {around.decision.value} | {_blocked(around.blocked_by)} |
| through the endpoint, but to us-east-1 | {elsewhere.decision.value} | {_blocked(elsewhere.blocked_by)} |

## The policies
{documents}"""


def _blocked(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "–"
