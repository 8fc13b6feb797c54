"""One account, 2 regions, 8 services, 30 users, 40 roles, 21 buckets: calls, CPU, memory, and the time of --version.

The peer is a widely used scanner, measured by the project on the same estate: 1,012 API calls, 42 CPU-s, 636 MB, and
15 CPU-s for ``--version`` (the machine is another, so its seconds are an order of magnitude, not a race).  The limits are
the project's own.  The estate is made on the lab's emulated AWS in a process of its own, whose cost is not counted.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import boto3

from bench._measured import Run, line, run
from watchword.lab.server import start_detached, stop

REGIONS = ("eu-west-1", "us-east-1")
SERVICES = ("iam", "ec2", "s3", "lambda", "kms", "rds", "cloudtrail", "guardduty")
PEER = {"calls": 1012, "CPU-s": 42.0, "MB": 636.0, "--version CPU-s": 15.0}
LIMIT = {"calls": 300, "CPU-s": 5.0, "MB": 150.0, "--version s": 0.3}
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "lab", "AWS_SECRET_ACCESS_KEY": "lab", "AWS_REGION": REGIONS[0]}


def client(endpoint: str, service: str, region: str = REGIONS[0]) -> Any:  # noqa: ANN401 (a client of any service)
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id="lab",
        aws_secret_access_key="lab",
    )


def build(endpoint: str) -> None:
    """The reference estate: people, roles, buckets, and a handful of everything else."""
    iam = client(endpoint, "iam")
    trust = {
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ]
    }
    for index in range(30):
        iam.create_user(UserName=f"user-{index}")
    for index in range(40):
        iam.create_role(RoleName=f"role-{index}", AssumeRolePolicyDocument=json.dumps(trust))
    buckets = client(endpoint, "s3")
    for index in range(21):
        place = {"LocationConstraint": REGIONS[0]}
        buckets.create_bucket(
            Bucket=f"reference-{index}",
            CreateBucketConfiguration=place,
            ObjectOwnership="BucketOwnerEnforced",
        )
    for region in REGIONS:
        machines = client(endpoint, "ec2", region)
        vpc = machines.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        machines.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")
        client(endpoint, "kms", region).create_key()
        client(endpoint, "guardduty", region).create_detector(Enable=True)


def assess(endpoint: str, store: Path) -> tuple[Run, int]:
    """One assessment in a process of its own: its cost, and the calls that it made."""
    scope = ["--no-org", "--regions", ",".join(REGIONS), "--services", ",".join(SERVICES)]
    command = [
        sys.executable,
        "-m",
        "watchword",
        "assess",
        "--endpoint-url",
        endpoint,
        *scope,
        "--store",
        str(store),
    ]
    cost = run(command, ENVIRONMENT, store.parent)
    listed = run(
        [sys.executable, "-m", "watchword", "snapshots", "--format", "json", "--store", str(store)],
        {},
        store.parent,
    )
    return cost, int(json.loads(listed.output)[-1]["calls"])


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="watchword-bench-") as folder:
        lab = start_detached(Path(folder) / "lab", state=None)
        try:
            build(lab.endpoint_url)
            cost, calls = assess(lab.endpoint_url, Path(folder) / "store")
        finally:
            stop(Path(folder) / "lab")
    begun = time.perf_counter()
    version = run([sys.executable, "-m", "watchword", "--version"], {}, Path.cwd())
    seconds = time.perf_counter() - begun
    print(
        "one account, 2 regions, 8 services, 30 users, 40 roles, 21 buckets: collect, judge, write all formats"
    )
    print(line("API calls", calls, LIMIT["calls"], PEER["calls"]))
    print(line("CPU-s", cost.cpu, LIMIT["CPU-s"], PEER["CPU-s"]))
    print(line("peak MB", cost.megabytes, LIMIT["MB"], PEER["MB"]))
    print(line("--version s", seconds, LIMIT["--version s"], PEER["--version CPU-s"]))
    print(
        f"(--version: {version.cpu:.2f} CPU-s; the assessment took {cost.seconds:.1f} s; {os.cpu_count()} cores)"
    )
    assert re.match(r"watchword \d", version.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
