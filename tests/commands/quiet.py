"""Answers in a directory about which no control of the catalogue has anything to complain, and controls in SQL."""

from __future__ import annotations

import json
from pathlib import Path

FRONT = """+++
id = "{id}"
slug = "made-up-{slug}"
title = "A made-up control"
severity = "{severity}"
pillar = "data"
requirements = ["R9"]
function = "Data.Data Inventory Management"
stage = "initial"
tenets = [1]
user_impact = "low"
effort = "low"
passes_when = "It passes."
why = "Tests need it."
references = ["https://docs.aws.amazon.com/"]
reads = ["{table}"]
about = "rows"

[fix]
console = "Nothing."
cli = "true"
terraform = "# nothing"
+++
"""


def directory(folder: Path) -> Path:
    """Answers of one account: a role of a service, and nothing else that anything judges."""
    answer = folder / "111122223333" / "eu-west-1" / "logs" / "describe-log-groups.json"
    answer.parent.mkdir(parents=True)
    arn = "arn:aws:logs:eu-west-1:111122223333:log-group:app"
    answer.write_text(
        json.dumps({"logGroups": [{"logGroupName": "app", "arn": f"{arn}:*", "logGroupArn": arn}]})
    )
    return folder


def sql(query: str, name: str = "ACME-01", severity: str = "low", table: str = "logs.log_groups") -> str:
    """A SQL control."""
    return FRONT.format(id=name, slug=name.lower(), severity=severity, table=table) + query


def settings(folder: Path, **controls: str) -> Path:
    """A ``watchword.toml`` with a folder of SQL controls, by the names of their files."""
    (folder / "controls").mkdir(parents=True, exist_ok=True)
    for name, text in controls.items():
        (folder / "controls" / f"{name}.sql").write_text(text)
    file = folder / "watchword.toml"
    file.write_text('[controls]\nfolder = "controls"\n')
    return file
