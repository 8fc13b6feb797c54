"""No value of a variable or script that AWS gives gets into a row."""

import base64
import json

from watchword.collect import redaction

SECRET = "Zx81-correct-horse"
USER_DATA = base64.b64encode(f"#!/bin/sh\nexport DB_PASSWORD={SECRET}\n".encode()).decode()


def _without_secret(row: object) -> None:
    text = json.dumps(row)
    assert SECRET not in text
    assert USER_DATA not in text


def test_a_functions_variables_keep_names_and_fingerprints() -> None:
    variables = {"DB_PASSWORD": SECRET, "LOG_LEVEL": "debug"}
    (row,) = redaction.function({"FunctionName": "pay", "Environment": {"Variables": variables}})
    _without_secret(row)
    assert row["FunctionName"] == "pay"
    assert {name: form["kind"] for name, form in row["Environment"]["Variables"].items()} == {
        "DB_PASSWORD": "password",
        "LOG_LEVEL": None,
    }


def test_a_function_without_variables_stays_as_it_is() -> None:
    assert list(redaction.function({"FunctionName": "pay"})) == [{"FunctionName": "pay"}]


def test_a_task_definition_keeps_no_variable_command_or_entry_point() -> None:
    container = {
        "name": "app",
        "environment": [{"name": "DB_PASSWORD", "value": SECRET}],
        "command": ["serve", f"--password={SECRET}"],
        "entryPoint": ["sh", "-c", f"TOKEN={SECRET} exec app"],
    }
    row = redaction.task_definition({"family": "shop", "containerDefinitions": [container]})
    _without_secret(row)
    (kept,) = row["containerDefinitions"]
    assert kept["environment"][0]["value"]["kind"] == "password"
    assert kept["command"]["secrets"][0]["name"] == "password"


def test_user_data_of_launch_templates_and_configurations_is_replaced() -> None:
    (template,) = redaction.launch_template(
        {"LaunchTemplateData": {"ImageId": "ami-1", "UserData": USER_DATA}}
    )
    (configuration,) = redaction.launch_configuration({"UserData": USER_DATA})
    _without_secret([template, configuration])
    assert template["LaunchTemplateData"]["ImageId"] == "ami-1"
    assert configuration["UserData"]["secrets"][0]["kind"] == "password"


def test_session_preferences_are_parsed_and_lose_their_shell_profiles() -> None:
    content = {"inputs": {"s3BucketName": "logs", "shellProfile": {"linux": f"export API_PASSWORD={SECRET}"}}}
    (row,) = redaction.session_preferences(
        {"Name": "SSM-SessionManagerRunShell", "Content": json.dumps(content)}
    )
    _without_secret(row)
    assert row["Content"]["inputs"]["s3BucketName"] == "logs"


def test_missing_user_data_stays_missing() -> None:
    assert redaction.user_data(None) is None
