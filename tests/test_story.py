"""The first hour with watchword, as a newcomer has it: the lab, the AWS CLI, an assessment, the demo.

Everything is a process of its own, as at a terminal; nothing may be left running.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.commands.conftest import NO_WAY_TO_AWS, as_process
from watchword.lab.estate.company import ACCOUNTS

pytestmark = pytest.mark.heavy

NOBODY = {name: value for name, value in NO_WAY_TO_AWS.items() if "CONFIG" in name or "SHARED" in name}
AWS = Path(sys.executable).parent / "aws"


def exported(told: str) -> dict[str, str]:
    """The settings that ``lab up`` tells the newcomer to export."""
    found = re.search(r"export (.*)", told)
    assert found is not None
    return dict(word.split("=") for word in found[1].split())


def aws(given: dict[str, str], endpoint: str, *arguments: str) -> Any:
    """What the AWS CLI prints."""
    command = [str(AWS), "--endpoint-url", endpoint, "--output", "json", *arguments]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    ended = subprocess.run(
        command, env=kept | NOBODY | given, capture_output=True, text=True, check=False, timeout=120
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def labs(folder: Path) -> list[str]:
    """Command lines of the processes of labs whose state lies below a folder, or that work in it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().decode().replace("\0", " ")
            place = (process / "cwd").readlink()
        except OSError:
            continue
        if "watchword.lab.server" in line and (str(folder) in line or place == folder):
            found.append(line)
    return found


@pytest.mark.skipif(not AWS.exists(), reason="the AWS CLI is not installed beside this Python")
def test_a_newcomer_starts_the_lab_talks_to_it_assesses_it_and_ends_it(tmp_path: Path) -> None:
    up = as_process("lab", "up", folder=tmp_path)
    try:
        assert up.code == 0, up.err
        endpoint = re.search(r"http://127\.0\.0\.1:\d+", up.out)
        assert endpoint is not None
        given = exported(up.out)
        listed = aws(given, endpoint[0], "organizations", "list-accounts")["Accounts"]
        assert {one["Id"] for one in listed} == {one.id for one in ACCOUNTS}
        assert aws(given, endpoint[0], "sts", "get-caller-identity")["Account"] == "111111111111"
        instances = aws(given, endpoint[0], "ec2", "describe-verified-access-instances")
        assert isinstance(instances["VerifiedAccessInstances"], list)
        assert endpoint[0] in as_process("lab", "status", folder=tmp_path).out
        again = as_process("lab", "up", folder=tmp_path)
        assert again.code == 1
        assert "running already" in again.err
        # The last line of `lab up` is the command that it suggests; here with fewer services, to be quick.
        suggested = up.out.splitlines()[-1].split()
        assert suggested[0] == "watchword"
        ended = as_process(*suggested[1:], "--services", "iam,organizations", "-o", "report", folder=tmp_path)
        assert ended.code == 0, ended.err
        assert "Report: report/report.html" in ended.out
        assert (tmp_path / "report" / "report.html").stat().st_size > 10_000
    finally:
        down = as_process("lab", "down", folder=tmp_path)
    assert (down.code, down.out) == (0, "The lab is down.\n")
    assert as_process("lab", "down", folder=tmp_path).out == "No lab was running.\n"
    assert as_process("lab", "status", folder=tmp_path).code == 1
    assert labs(tmp_path) == []


def test_the_demo_tells_its_story_and_ends_by_itself(tmp_path: Path) -> None:
    # With folders of its own for what is temporary, so that its processes can be told from others'.
    ended = as_process("lab", "demo", folder=tmp_path, env={"TMPDIR": str(tmp_path)})
    assert ended.code == 0, ended.err
    before, _, rest = ended.out.partition("Company ABC, after the programme")
    after, _, changed = rest.partition("What the programme changed")
    for told in (before, after):
        assert "9 accounts" in told
        assert "Requirements by pillars" in told
    assert "Company ABC, before the programme" in before
    assert "Worst gaps" in before
    assert "No gaps were found" in after
    assert re.search(r"✓ \d{3} fixed", changed)
    reports = re.findall(r"Report, (before|after): (\S+)", changed)
    assert [state for state, _ in reports] == ["before", "after"]
    for _, path in reports:
        assert "</html>" in (tmp_path / path).read_text(encoding="utf-8")
    assert labs(tmp_path) == []
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith("watchword-lab-")] == []
