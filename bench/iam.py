"""How fast the evaluator decides, and how fast policies are parsed: figures beside their limits and stated peers.

Scenario of a decision: a session of a role with 40 statements, a boundary, a session policy, three SCP levels, an RCP level
and a bucket's policy; requests over 200 objects and six actions, each made anew from plain values, answered with the
full trace.  The peers' figures are those of simulators measured on the same scenario (decisions a CPU-second): one in
TypeScript 655 to 715, one in Python without a trace 4,000 to 6,000.
"""

from __future__ import annotations

import gc
import itertools
import sys
import time
from typing import Any

from watchword.analysis.iam import CompiledPolicy, PolicySet, Request, compile_policy, evaluate

ACCOUNT = "111122223333"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/Pipeline/build-4711"
FULL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def identity() -> dict[str, Any]:
    """Forty statements as people write them: many services, resources by name, some conditions, some denials."""
    services = "ec2 sqs sns dynamodb lambda kms logs ecr ecs rds iam sts ssm events athena glue".split()
    statements: list[dict[str, Any]] = [
        {
            "Sid": f"Use{service}{index}",
            "Effect": "Allow",
            "Action": [f"{service}:Describe*", f"{service}:List*", f"{service}:Get*"],
            "Resource": [f"arn:aws:{service}:eu-west-1:{ACCOUNT}:app-{index}/*"],
            "Condition": {"StringEquals": {"aws:ResourceTag/team": f"t{index}"}},
        }
        for index, service in enumerate(itertools.islice(itertools.cycle(services), 32))
    ]
    statements += [
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::build-*"},
        {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::build-eu/*"},
        {
            "Effect": "Allow",
            "Action": ["s3:PutObject", "s3:DeleteObject"],
            "Resource": "arn:aws:s3:::build-eu/${aws:PrincipalTag/team}/*",
        },
        {
            "Effect": "Deny",
            "Action": "s3:*",
            "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
        {
            "Effect": "Deny",
            "Action": "s3:Delete*",
            "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:PrincipalTag/role": "admin"}},
        },
        {
            "Effect": "Deny",
            "NotAction": ["iam:*", "sts:*"],
            "Resource": "*",
            "Condition": {"NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.0.2.0/24"]}},
        },
        {"Effect": "Deny", "Action": "s3:*", "NotResource": ["arn:aws:s3:::build-*", "arn:aws:s3:::logs-*"]},
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": f"arn:aws:iam::{ACCOUNT}:role/deploy-*"},
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def policies() -> PolicySet:
    """The whole scenario."""
    regions = {
        "Effect": "Deny",
        "NotAction": ["iam:*", "organizations:*", "sts:*"],
        "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}},
    }
    trail = {"Effect": "Deny", "Action": ["cloudtrail:StopLogging", "cloudtrail:Delete*"], "Resource": "*"}
    root = {
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}},
    }
    perimeter = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["s3:*", "kms:*"],
        "Resource": "*",
        "Condition": {
            "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-abc"},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        },
    }
    bucket = [
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": "*",
            "Condition": {"NumericLessThan": {"s3:TlsVersion": "1.2"}},
        },
        {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::build-eu/*",
        },
    ]

    def made(kind: str, *statements: dict[str, Any]) -> CompiledPolicy:
        return compile_policy({"Version": "2012-10-17", "Statement": list(statements)}, kind)

    return PolicySet(
        identity=(compile_policy(identity(), "identity"),),
        boundary=(made("boundary", {**FULL, "Action": ["s3:*", "ec2:*", "sqs:*"]}),),
        session=(made("session", {**FULL, "Action": "s3:*"}),),
        scps=(
            (made("scp", FULL), made("scp", trail)),
            (made("scp", FULL, regions),),
            (made("scp", FULL, root),),
        ),
        rcps=((made("rcp", {**FULL, "Principal": "*"}, perimeter),),),
        resource=made("resource", *bucket),
    )


ACTIONS = ("GetObject", "PutObject", "DeleteObject", "GetObjectTagging", "ListBucket", "PutObjectAcl")
CONTEXT = {
    "aws:SourceIp": "10.1.2.3",
    "aws:SecureTransport": "true",
    "aws:RequestedRegion": "eu-west-1",
    "aws:PrincipalOrgID": "o-abc",
    "aws:PrincipalTag/team": "web",
    "aws:PrincipalTag/role": "dev",
    "s3:TlsVersion": "1.3",
    "aws:CurrentTime": "2026-06-01T12:00:00Z",
}


def decisions(seconds: float = 3.0) -> float:
    """Decisions a CPU-second, each with its request made anew and its whole trace read."""
    by, rcp_services = policies(), frozenset({"s3", "kms"})
    asked = [
        (
            f"s3:{action}",
            f"arn:aws:s3:::build-eu/web/{index}.zip" if "Bucket" not in action else "arn:aws:s3:::build-eu",
        )
        for index in range(200)
        for action in ACTIONS
    ]
    statements, done, begun = 0, 0, time.process_time()
    while (spent := time.process_time() - begun) < seconds:
        for action, resource in asked:
            request = Request.of(SESSION, action, resource, ACCOUNT, CONTEXT)
            answer = evaluate(request, by, rcp_services)
            statements += sum(len(outcomes) for _, outcomes in answer.outcomes)
        done += len(asked)
    if statements < 50 * done:
        raise RuntimeError("the trace does not speak of every statement")
    return done / spent


def untraced(seconds: float = 2.0) -> float:
    """The same without reading the trace (which is kept all the same)."""
    by, rcp_services = policies(), frozenset({"s3", "kms"})
    request = Request.of(SESSION, "s3:PutObject", "arn:aws:s3:::build-eu/web/1.zip", ACCOUNT, CONTEXT)
    done, begun = 0, time.process_time()
    while (spent := time.process_time() - begun) < seconds:
        for _ in range(1_000):
            evaluate(request, by, rcp_services)
        done += 1_000
    return done / spent


def compiling(count: int = 100_000) -> float:
    """CPU-seconds for parsing and compiling ``count`` distinct statements, each asked once about one action."""
    documents = [
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": f"S{index}",
                    "Effect": "Allow",
                    "Action": [f"s3:Get{index % 40}*", "ec2:Describe*"],
                    "Resource": [f"arn:aws:s3:::bucket-{policy}-{index}/*", f"arn:aws:s3:::bucket-{policy}"],
                    "Condition": {"StringEquals": {"aws:PrincipalTag/team": f"t{policy % 50}"}},
                }
                for index in range(4)
            ],
        }
        for policy in range(count // 4)
    ]
    gc.collect()
    begun = time.process_time()
    for document in documents:
        compile_policy(document, "identity")
    return time.process_time() - begun


def line(what: str, figure: float, limit: float, *, more_is_better: bool, peer: str = "") -> str:
    """A figure beside its limit."""
    kept = figure >= limit if more_is_better else figure <= limit
    ratio = figure / limit if more_is_better else limit / figure
    return f"  {what:<46} {figure:>12,.2f}   limit {limit:,g}: {ratio:5.2f} x {'kept' if kept else 'MISSED'}   {peer}"


def main() -> int:
    """Print the figures."""
    traced = decisions()
    print(line("decisions a CPU-second, made anew, traced", traced, 40_000, more_is_better=True))
    print(
        f"    {traced / 715:,.0f} times the TypeScript simulator's 715, {traced / 6000:,.1f} times the Python peer's 6,000 (stated)"
    )
    print(line("decisions a CPU-second, trace kept, not read", untraced(), 40_000, more_is_better=True))
    print(line("CPU-seconds for 100,000 statements", compiling(), 1.5, more_is_better=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
