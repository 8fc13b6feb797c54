"""How fast the access matrix is made: 5,000 principals times all actions, beside the limits and a naive loop.

The estate: roles of ten accounts, each with three of 200 managed policies, an inline policy of its own, one of five boundaries
(every other role) and three SCP levels; conditions, denials and ``NotAction`` among them.  Compiling the documents is
told apart; drawing them on the universe belongs to the matrix.  The naive loop asks ``evaluate`` cell by cell, on a
sample.
"""

from __future__ import annotations

import gc
import resource
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

from watchword.analysis.iam import Library, PolicySet, Request, evaluate
from watchword.analysis.iam.access import Identity, IdentityKind
from watchword.analysis.iam.matrix import GIVEN, Matrix
from watchword.analysis.iam.matrix_difference import difference
from watchword.analysis.iam.universe import default
from watchword.model.ids import GLOBAL, AccountId
from watchword.model.resource import Resource
from watchword.store.matrix_file import write_matrix

PRINCIPALS, MANAGED, SECONDS, MEGABYTES = 5_000, 200, 1.0, 200.0
FULL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    """A policy of statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def patterns(dice: Random, count: int) -> list[str]:
    """Action patterns as people write them."""
    universe, found = default(), []
    for _ in range(count):
        service, _, name = dice.choice(universe.names).partition(":")
        verb = dice.choice(("Get*", "List*", "Describe*", "Create*", "Put*", "*", name, name, name, "*Tags"))
        found.append(f"{service}:{verb}")
    return found


def allow(dice: Random, name: str) -> dict[str, Any]:
    """An Allow: mostly of some resources, sometimes under a condition."""
    made: dict[str, Any] = {
        "Effect": "Allow",
        "Action": patterns(dice, dice.randint(1, 12)),
        "Resource": "*" if dice.random() < 0.5 else [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
    }
    if dice.random() < 0.2:
        key = dice.choice(("aws:ResourceTag/team", "aws:PrincipalTag/team", "aws:SourceVpce"))
        made["Condition"] = {"StringEquals": {key: name}}
    return made


def managed(dice: Random, index: int) -> dict[str, Any]:
    """A managed policy: one in twenty for administrators, the others of a few to many statements."""
    if index % 20 == 0:
        return document(FULL)
    statements = [allow(dice, f"team-{index}") for _ in range(dice.randint(2, 14))]
    if dice.random() < 0.3:
        statements.append({"Effect": "Deny", "Action": patterns(dice, 4), "Resource": "*"})
    return document(*statements)


def inline(dice: Random, index: int) -> dict[str, Any]:
    """A role's own policy."""
    return document(allow(dice, f"role-{index}"), allow(dice, f"role-{index}"))


def scps() -> tuple[tuple[dict[str, Any], ...], ...]:
    """Three levels with the usual guardrails."""
    regions = {
        "Effect": "Deny",
        "NotAction": ["iam:*", "organizations:*", "sts:*", "support:*"],
        "Resource": "*",
        "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}},
    }
    protected = {
        "Effect": "Deny",
        "Action": ["iam:Put*", "iam:Attach*", "iam:Delete*"],
        "Resource": "arn:aws:iam::*:role/security-*",
        "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/role-1*"}},
    }
    trail = {"Effect": "Deny", "Action": ["cloudtrail:StopLogging", "cloudtrail:Delete*"], "Resource": "*"}
    return (document(FULL), document(trail)), (document(FULL, protected),), (document(FULL, regions),)


def estate(seed: int = 7) -> list[Identity]:
    """The identities, their policies compiled."""
    dice, library = Random(seed), Library()
    policies = [library.compile(managed(dice, n), "identity", f"policy {n}") for n in range(MANAGED)]
    boundaries = [
        (library.compile(document({**FULL, "Action": patterns(dice, 300)}), "boundary", f"boundary {n}"),)
        for n in range(5)
    ]
    levels = tuple(tuple(library.compile(one, "scp") for one in level) for level in scps())
    return [
        identity(
            f"1{n % 10:011d}",
            f"role-{n}",
            PolicySet(
                identity=(
                    library.compile(inline(dice, n), "identity", f"inline of role-{n}"),
                    *dice.sample(policies, 3),
                ),
                boundary=boundaries[n % 5] if n % 2 else None,
                scps=levels,
            ),
        )
        for n in range(PRINCIPALS)
    ]


def identity(account: str, name: str, policies: PolicySet) -> Identity:
    """A role."""
    arn = f"arn:aws:iam::{account}:role/{name}"
    row = Resource(
        arn,
        {},
        account=AccountId(account),
        region=GLOBAL,
        table="iam.roles",
        kind="AWS::IAM::Role",
        arn=arn,
        name=name,
        tags={"team": "web"},
    )
    return Identity(arn, IdentityKind.ROLE, AccountId(account), name, row, policies)


def naive(identities: list[Identity], cells: int = 4_000) -> float:
    """Cells a CPU-second where each is asked of the evaluator, on the resource ``*``."""
    dice, names = Random(1), default().names
    begun = time.process_time()
    for _ in range(cells):
        one = dice.choice(identities)
        evaluate(Request.of(one.arn, dice.choice(names), complete=False), one.policies)
    return cells / (time.process_time() - begun)


def again(identities: list[Identity]) -> float:
    """CPU-seconds for the matrix once more."""
    gc.collect()
    begun = time.process_time()
    Matrix.of(identities, default())
    return time.process_time() - begun


def peak() -> float:
    """Megabytes of this process at most until now."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def line(what: str, figure: float, limit: float, unit: str) -> str:
    """A figure beside its limit."""
    told = "kept" if figure <= limit else "MISSED"
    return f"  {what:<52} {figure:>10,.3f} {unit:<3} limit {limit:,g}: {limit / figure:5.2f} x {told}"


def main() -> int:
    """Print the figures."""
    universe = default()
    begun = time.process_time()
    identities = estate()
    compiled = time.process_time() - begun
    statements = {id(p): len(p.statements) for one in identities for p in one.policies.identity}
    print(
        f"  {sum(statements.values()):,} statements of identity policies made and compiled in {compiled:.2f} s"
    )
    gc.collect()
    before, begun = peak(), time.process_time()
    matrix = Matrix.of(identities, universe)
    spent = time.process_time() - begun
    cells = len(matrix) * len(universe)
    print(line(f"CPU-seconds for {cells:,} cells, the first time", spent, SECONDS, "s"))
    print(line("resident megabytes added at the peak", max(peak() - before, 0.1), MEGABYTES, "MB"))
    spent = min(again(identities) for _ in range(3))
    print(line("the same again, conditions compiled, best of 3", spent, SECONDS, "s"))
    begun = time.process_time()
    counts = matrix.counts()
    print(
        f"  counted in {time.process_time() - begun:.3f} s: "
        + ", ".join(f"{k} {v:,}" for k, v in counts.items())
    )
    if not all(counts[answer] for answer in GIVEN):
        raise RuntimeError("an answer does not occur; the estate tells nothing")
    begun = time.process_time()
    found = matrix.who_can("iam:PassRole")
    print(f"  {len(found):,} who can iam:PassRole, in {time.process_time() - begun:.3f} s")
    other = Matrix.of(estate(8)[: PRINCIPALS // 2], universe)
    begun = time.process_time()
    changes = difference(other, matrix)
    print(f"  {len(changes):,} principals changed, in {time.process_time() - begun:.3f} s")
    rate = naive(identities)
    print(
        f"  naive loop: {rate:,.0f} cells a CPU-second; the matrix: {cells / spent:,.0f}, {cells / spent / rate:,.0f} times"
    )
    with tempfile.TemporaryDirectory() as folder:
        begun = time.process_time()
        written = write_matrix(matrix, Path(folder) / "matrix.parquet")
        megabytes = written.path.stat().st_size / 1e6
        print(
            f"  {written.rows:,} rows as Parquet in {time.process_time() - begun:.1f} s, {megabytes:.1f} MB"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
