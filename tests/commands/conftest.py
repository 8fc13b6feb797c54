"""The command line in this process and in one of its own, and one small organisation that was assessed twice."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from watchword.cli import run

SERVICES = "s3,kms,cloudtrail"
"""The services that are read in these tests; few, so that they are quick."""

MANAGEMENT = "111111111111"

NO_WAY_TO_AWS = {
    "AWS_ACCESS_KEY_ID": "AKIATEST",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "eu-west-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""Made-up credentials, and no way to the user's own."""


@dataclass(frozen=True)
class Ended:
    """How a command ended: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


Cli = Callable[..., Ended]


def in_process(*arguments: str | Path) -> Ended:
    """Run a command in this process, as ``watchword`` on a shell's line would."""
    out, err = io.StringIO(), io.StringIO()
    before, sys.argv = sys.argv, ["watchword", *map(str, arguments)]
    try:
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            run()
    finally:
        sys.argv = before
    return Ended(int(ended.value.code or 0), out.getvalue(), err.getvalue())


def as_process(*arguments: str | Path, folder: Path, env: Mapping[str, str] | None = None) -> Ended:
    """Run a command in a process of its own, in a folder, with made-up credentials and ``env``."""
    command = [sys.executable, "-m", "watchword", *map(str, arguments)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "WATCHWORD_"))}
    ended = subprocess.run(
        command,
        cwd=folder,
        env=kept | NO_WAY_TO_AWS | dict(env or {}),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    """The command line, in an empty folder, with made-up credentials."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "WATCHWORD_")):
            monkeypatch.delenv(name)
    for name, value in NO_WAY_TO_AWS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return in_process


@pytest.fixture
def assessed(assessed_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with an organisation of three accounts, assessed twice; before the second, the bucket was tagged."""
    return Path(shutil.copytree(assessed_once, tmp_path_factory.mktemp("copy") / "store"))


@pytest.fixture(scope="session")
def assessed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store that each test gets a copy of."""
    from watchword.lab.server import Lab

    store = tmp_path_factory.mktemp("assessed")
    with pytest.MonkeyPatch.context() as patch, Lab.in_process() as lab:
        for name, value in NO_WAY_TO_AWS.items():
            patch.setenv(name, value)
        build(lab.endpoint_url)
        target = ("--endpoint-url", lab.endpoint_url, "--regions", "eu-west-1", "--services", SERVICES)
        for settled in (False, True):
            if settled:
                settle(lab.endpoint_url)
            ended = in_process("assess", *target, "--store", store)
            assert ended.code == 0, ended.err
    return store


def build(endpoint: str) -> None:
    """An organisation with two members, a bucket and a key in the management account."""
    organizations = client(endpoint, "organizations")
    organizations.create_organization(FeatureSet="ALL")
    for name in ("prod", "dev"):
        organizations.create_account(AccountName=name, Email=f"{name}@abc.example")
    place: Any = {"LocationConstraint": "eu-west-1"}
    client(endpoint, "s3").create_bucket(Bucket="abc-papers", CreateBucketConfiguration=place)
    client(endpoint, "kms").create_key()


def settle(endpoint: str) -> None:
    """Give the bucket a classification and an owner."""
    tags = [{"Key": "data-classification", "Value": "internal"}, {"Key": "owner", "Value": "office"}]
    client(endpoint, "s3").put_bucket_tagging(Bucket="abc-papers", Tagging={"TagSet": tags})


def client(endpoint: str, service: str) -> Any:
    """A client of the lab."""
    return boto3.client(
        service,
        region_name="eu-west-1",
        endpoint_url=endpoint,
        aws_access_key_id="lab",
        aws_secret_access_key="lab",
    )
