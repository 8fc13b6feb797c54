"""What becomes of variables and scripts before they enter a snapshot: fingerprints instead of values.

A snapshot travels (reports, tickets, backups), so a credential that stands in a Lambda variable must not get into it.
Recognition and form of the fingerprints are ``analysis.data.secrets``; this module knows where AWS's answers hold them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from watchword.analysis.data import secrets
from watchword.collect.reads import Row


def user_data(value: Any) -> Any:  # noqa: ANN401
    """EC2 user data (base64 text) as a fingerprint with the credentials found in it."""
    return secrets.redacted_user_data(value) if isinstance(value, str) else value


def launch_template(row: Row) -> Iterable[Row]:
    """A launch template version without its user data."""
    data = row.get("LaunchTemplateData")
    if isinstance(data, dict) and data.get("UserData"):
        row = {**row, "LaunchTemplateData": {**data, "UserData": user_data(data["UserData"])}}
    return (row,)


def launch_configuration(row: Row) -> Iterable[Row]:
    """A launch configuration of Auto Scaling without its user data."""
    return ({**row, "UserData": user_data(row["UserData"])} if row.get("UserData") else row,)


def function(row: Row) -> Iterable[Row]:
    """A Lambda function without the values of its environment variables."""
    environment = row.get("Environment")
    if isinstance(environment, dict) and isinstance(environment.get("Variables"), dict):
        variables = secrets.redacted(environment["Variables"])
        row = {**row, "Environment": {**environment, "Variables": variables}}
    return (row,)


def task_definition(answer: Any) -> Any:  # noqa: ANN401
    """An ECS task definition without the values of its containers' variables, commands and entry points."""
    containers = answer.get("containerDefinitions") or []
    return {**answer, "containerDefinitions": [_container(one) for one in containers]}


def _container(found: Row) -> Row:
    variables = {
        str(one.get("name", "")): str(one.get("value", "")) for one in found.get("environment") or []
    }
    kept = {**found, "environment": [{"name": k, "value": v} for k, v in secrets.redacted(variables).items()]}
    for key in ("command", "entryPoint"):
        if found.get(key):
            kept[key] = secrets.redacted_script(" ".join(map(str, found[key])))
    return kept


def session_preferences(row: Row) -> Iterable[Row]:
    """The Session Manager preferences with their content read, and the shell profiles as fingerprints."""
    content = json.loads(row["Content"]) if isinstance(row.get("Content"), str) else row.get("Content")
    if not isinstance(content, dict):
        return (row,)
    inputs = dict(content.get("inputs") or {})
    profiles = inputs.get("shellProfile")
    if isinstance(profiles, dict):
        inputs["shellProfile"] = {
            system: secrets.redacted_script(str(text)) for system, text in profiles.items()
        }
    return ({**row, "Content": {**content, "inputs": inputs}},)
